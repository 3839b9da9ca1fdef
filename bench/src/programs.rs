//! The small programs that are measured, built from source: by wasmc, and by the C compilers of the machine.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

const HELLO_WAT: &str = include_str!("../../examples/hello.wat");
const HELLO_C: &str = include_str!("../programs/hello.c");
const IO_C: &str = include_str!("../programs/io.c");
const WAITS_C: &str = include_str!("../programs/waits.c");
const WIDE_C: &str = include_str!("../programs/wide.c");
const FLOOR_C: &str = include_str!("../programs/floor.c");

/// `(module (func (export "_start")))`: the smallest command.
pub const EMPTY_MODULE: &[u8] =
    b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x0a\x01\x06_start\0\0\x0a\x04\x01\x02\0\x0b";

/// How to get the programs that wasmc does not make.
#[derive(clap::Args)]
pub struct Compilers {
    /// Command that compiles C to a static native executable.
    #[arg(long, value_name = "COMMAND", default_value = "cc")]
    cc: String,

    /// Command that compiles C to WebAssembly, such as 'python3 -m ziglang cc --target=wasm32-wasi'. Without it the C
    /// hello is left out.
    #[arg(long, env = "WASI_CC", value_name = "COMMAND")]
    wasi_cc: Option<String>,
}

impl Default for Compilers {
    fn default() -> Compilers {
        Compilers { cc: "cc".to_owned(), wasi_cc: None }
    }
}

/// A place where programs are built, and removed at the end.
pub struct Workshop<'a> {
    directory: TempDir,
    wasmc: &'a Path,
    compilers: &'a Compilers,
}

impl<'a> Workshop<'a> {
    pub fn new(wasmc: &'a Path, compilers: &'a Compilers) -> Result<Workshop<'a>> {
        Ok(Workshop { directory: TempDir::new()?, wasmc, compilers })
    }

    /// `examples/hello.wat`.
    pub fn wat_hello(&self) -> Result<PathBuf> {
        self.source("hello.wat", HELLO_WAT)
    }

    /// A program that does nothing.
    pub fn empty(&self) -> Result<PathBuf> {
        self.source("empty.wat", "(module (func (export \"_start\")))")
    }

    /// Where the programs are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// `hello.c` with `printf`, as WebAssembly; `None` if there is no compiler for it.
    pub fn c_hello(&self) -> Result<Option<PathBuf>> {
        self.wasm("hello.c", HELLO_C)
    }

    /// `io.c`, as WebAssembly.
    pub fn io(&self) -> Result<Option<PathBuf>> {
        self.wasm("io.c", IO_C)
    }

    /// `waits.c`, as WebAssembly.
    pub fn waits(&self) -> Result<Option<PathBuf>> {
        self.wasm("waits.c", WAITS_C)
    }

    /// A function of `wide.c`, for `target`: a module without a library.
    pub fn freestanding(
        &self,
        clang: &str,
        target: &str,
        name: &str,
        kernel: &str,
        definitions: &[&str],
    ) -> Result<PathBuf> {
        let source = self.source("wide.c", WIDE_C)?;
        let output = self.path(&format!("{name}.wasm"));
        let (target, kernel) = (format!("--target={target}"), format!("-DKERNEL={kernel}"));
        // A loop that copies shall stay one, and an old wasm-opt on the path cannot read 64-bit memories.
        let options = ["-O2", "-fno-builtin", "-nostdlib", "--no-wasm-opt", "-Wl,--no-entry", &target, &kernel];
        let options = options.iter().chain(definitions).map(OsStr::new);
        let arguments: Vec<&OsStr> = options.chain([source.as_ref(), OsStr::new("-o"), output.as_ref()]).collect();
        run(clang, &arguments)?;
        Ok(output)
    }

    fn wasm(&self, name: &str, text: &str) -> Result<Option<PathBuf>> {
        let Some(compiler) = &self.compilers.wasi_cc else { return Ok(None) };
        let source = self.source(name, text)?;
        let output = self.path(&format!("{name}.wasm"));
        let arguments = [OsStr::new("-O2"), OsStr::new("-s"), source.as_ref(), OsStr::new("-o"), output.as_ref()];
        run(compiler, &arguments)?;
        Ok(Some(output))
    }

    /// `hello.c`, by the native C compiler.
    pub fn native_hello(&self) -> Result<PathBuf> {
        let source = self.source("hello.c", HELLO_C)?;
        self.native(&source, "hello.native", &["-O2", "-static"])
    }

    /// `io.c`, by the native C compiler.
    pub fn native_io(&self) -> Result<PathBuf> {
        let source = self.source("io.c", IO_C)?;
        self.native(&source, "io.native", &["-O2", "-static"])
    }

    /// `waits.c`, by the native C compiler.
    pub fn native_waits(&self) -> Result<PathBuf> {
        let source = self.source("waits.c", WAITS_C)?;
        self.native(&source, "waits.native", &["-O2", "-static"])
    }

    /// `floor.c`: the least that a process can do.
    pub fn floor(&self) -> Result<PathBuf> {
        let source = self.source("floor.c", FLOOR_C)?;
        self.native(&source, "floor", &["-static", "-nostdlib", "-Wl,--build-id=none"])
    }

    /// What wasmc makes of a module.
    pub fn compile(&self, module: &Path, name: &str, options: &[&str]) -> Result<PathBuf> {
        let output = self.path(name);
        let status = Command::new(self.wasmc).args(options).arg(module).arg("-o").arg(&output).status()?;
        ensure!(status.success(), "wasmc failed on {}", module.display());
        Ok(output)
    }

    fn native(&self, source: &Path, name: &str, options: &[&str]) -> Result<PathBuf> {
        let output = self.path(name);
        let options = options.iter().map(OsStr::new);
        let arguments: Vec<&OsStr> = options.chain([source.as_ref(), OsStr::new("-o"), output.as_ref()]).collect();
        run(&self.compilers.cc, &arguments).context("a static executable takes a C compiler and a static libc")?;
        Ok(output)
    }

    fn source(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.path(name);
        fs::write(&path, text)?;
        Ok(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// Runs a command given as words, with more arguments.
fn run(command: &str, arguments: &[&OsStr]) -> Result<()> {
    let mut words = command.split_whitespace();
    let Some(program) = words.next() else { bail!("the name of a compiler is empty") };
    let output = Command::new(program)
        .args(words)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run the compiler '{program}'"))?;
    ensure!(output.status.success(), "'{command}' failed:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// What a program says. It has to succeed.
pub fn output(program: &Path) -> Result<String> {
    let output = Command::new(program).output().with_context(|| format!("cannot run {}", program.display()))?;
    ensure!(output.status.success(), "{} failed", program.display());
    Ok(String::from_utf8(output.stdout)?)
}
