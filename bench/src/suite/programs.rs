//! The programs of the suite: one table, and how they are built.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, bail, ensure};

use super::engines::{Words, split};
use super::results::Class::{self, Kernel, Language, System};

pub struct Program {
    pub name: &'static str,
    pub class: Class,
    pub source: Source,
    /// The argument that makes it run for about a second natively: how often it does its work.
    pub work: u32,
}

pub enum Source {
    /// A file of `programs/suite`, and flags for the compiler to WebAssembly and for the native one.
    C { file: &'static str, both: &'static str, wasm: &'static str },
    /// A program of `samples`.
    Rust,
}

const fn c(name: &'static str, class: Class, file: &'static str, both: &'static str, work: u32) -> Program {
    Program { name, class, source: Source::C { file, both, wasm: "" }, work }
}

const fn simd(name: &'static str, file: &'static str, work: u32) -> Program {
    Program { name, class: Kernel, source: Source::C { file, both: "", wasm: "-msimd128" }, work }
}

const fn rust(name: &'static str, class: Class, work: u32) -> Program {
    Program { name, class, source: Source::Rust, work }
}

#[rustfmt::skip]
pub const PROGRAMS: &[Program] = &[
    c("gemm",        Kernel, "linear.c",   "-DKERNEL=gemm",     400),
    c("inner",       Kernel, "linear.c",   "-DKERNEL=inner",    150),
    c("atax",        Kernel, "linear.c",   "-DKERNEL=atax",     300),
    c("lu",          Kernel, "linear.c",   "-DKERNEL=lu",       250),
    c("cholesky",    Kernel, "linear.c",   "-DKERNEL=cholesky", 400),
    c("jacobi",      Kernel, "linear.c",   "-DKERNEL=jacobi",   400),
    c("seidel",      Kernel, "linear.c",   "-DKERNEL=seidel",   100),
    c("floyd",       Kernel, "linear.c",   "-DKERNEL=floyd",    100),
    c("durbin",      Kernel, "linear.c",   "-DKERNEL=durbin",   400),
    c("matmul",      Kernel, "matmul.c",   "",                  60),
    c("sieve",       Kernel, "sieve.c",    "",                  240),
    c("nbody",       Kernel, "nbody.c",    "",                  20),
    c("fannkuch",    Kernel, "fannkuch.c", "",                  10),
    c("spectral",    Kernel, "spectral.c", "",                  300),
    c("mandel",      Kernel, "mandel.c",   "",                  50),
    c("sha256",      Kernel, "sha256.c",   "",                  400),
    c("sort",        Kernel, "sort.c",     "",                  24),
    c("trees",       Kernel, "trees.c",    "",                  24),
    c("strings",     Kernel, "strings.c",  "",                  200),
    c("memops",      Kernel, "memops.c",   "",                  300),
    c("calls",       Kernel, "calls.c",    "",                  100),
    c("bits64",      Kernel, "bits64.c",   "",                  240),
    c("interp",      Kernel, "interp.c",   "",                  20),
    simd("matmul, SIMD",     "matmul.c",   60),
    simd("sieve, SIMD",      "sieve.c",    240),
    simd("sha256, SIMD",     "sha256.c",   400),
    simd("strings, SIMD",    "strings.c",  200),
    rust("json",        System,   240),
    rust("regex",       System,   27),
    rust("deflate",     System,   18),
    rust("lz4",         System,   120),
    rust("script",      System,   200),
    rust("markdown",    System,   400),
    rust("assemble",    System,   18),
    rust("hashes",      Language, 450),
    rust("collections", Language, 120),
    rust("bignum",      Language, 900),
];

/// A program that engines can run.
pub struct Built {
    pub name: String,
    pub class: Class,
    pub module: PathBuf,
    /// For native compilers: C source, and flags.
    pub source: Option<(PathBuf, Vec<OsString>)>,
    /// An executable that was compiled natively already.
    pub native: Option<PathBuf>,
    pub arguments: Vec<OsString>,
}

impl Built {
    /// What the placeholders of an engine's commands stand for.
    pub fn words(&self, output: &Path) -> Words {
        let mut words = Words::from([
            ("module", vec![self.module.clone().into()]),
            ("output", vec![output.into()]),
            ("arguments", self.arguments.clone()),
        ]);
        if let Some((source, flags)) = &self.source {
            words.insert("source", vec![source.into()]);
            words.insert("flags", flags.clone());
        }
        if let Some(native) = &self.native {
            words.insert("native", vec![native.into()]);
        }
        words
    }
}

/// What builds the programs, and where.
pub struct Builder<'a> {
    pub directory: &'a Path,
    /// Command of a C compiler to WebAssembly with WASI.
    pub wasi_cc: Option<&'a str>,
    /// The amount of work is divided by this.
    pub divide: u32,
}

/// The samples, built for WebAssembly and for this machine.
pub struct Samples {
    wasm: PathBuf,
    native: PathBuf,
}

impl Builder<'_> {
    pub fn samples(&self) -> Result<Samples> {
        let host = host()?;
        let directory = self.directory.join("samples");
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([
                "build",
                "--release",
                "--locked",
                "--quiet",
                "--bins",
                "--target",
                "wasm32-wasip1",
                "--target",
                &host,
            ])
            .arg("--manifest-path")
            .arg(super::repository().join("samples/Cargo.toml"))
            .arg("--target-dir")
            .arg(&directory)
            .status()
            .context("cannot run cargo")?;
        ensure!(status.success(), "cargo cannot build the samples (`rustup target add wasm32-wasip1`)");
        let place = |target: &str| directory.join(target).join("release");
        Ok(Samples { wasm: place("wasm32-wasip1"), native: place(&host) })
    }

    pub fn build(&self, program: &Program, samples: Result<&Samples, &str>) -> Result<Built> {
        let (module, source, native) = match program.source {
            Source::Rust => {
                let samples = samples.map_err(|why| anyhow!("{why}"))?;
                let module = samples.wasm.join(format!("{}.wasm", program.name));
                (module, None, Some(samples.native.join(program.name)))
            }
            Source::C { file, both, wasm } => {
                let Some(compiler) = self.wasi_cc else { bail!("takes a C compiler for WebAssembly: --wasi-cc") };
                let source = super::repository().join("programs/suite").join(file);
                let module = self.directory.join(file_name(program.name)).with_extension("wasm");
                let mut words = split(compiler);
                words.extend(["-O3", "-s", "-ffp-contract=off"].map(OsString::from));
                words.extend(split(both).into_iter().chain(split(wasm)));
                words.extend([source.clone().into(), "-lm".into(), "-o".into(), module.clone().into()]);
                run(&words)?;
                (module, Some((source, split(both))), None)
            }
        };
        let work = (program.work / self.divide).max(1);
        let name = program.name.to_owned();
        let arguments = vec![work.to_string().into()];
        Ok(Built { name, class: program.class, module, source, native, arguments })
    }

    /// A program that does nothing, of which start-up is all there is.
    pub fn empty(&self) -> Result<Built> {
        let (module, source) = (self.directory.join("empty.wasm"), self.directory.join("empty.c"));
        fs::write(&module, crate::programs::EMPTY_MODULE)?;
        fs::write(&source, "int main(void) { return 0; }\n")?;
        let (source, arguments) = (Some((source, Vec::new())), Vec::new());
        Ok(Built { name: "empty".into(), class: Kernel, module, source, native: None, arguments })
    }
}

/// A name of a program or an engine as that of a file.
pub fn file_name(name: &str) -> String {
    name.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '-' }).collect()
}

/// Runs a command that has to succeed.
fn run(words: &[OsString]) -> Result<()> {
    let (program, arguments) = words.split_first().context("the name of a compiler is empty")?;
    let output = Command::new(program).args(arguments).output();
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} failed: {said}", words.join(OsStr::new(" ")).display());
    Ok(())
}

/// The target of this machine's Rust compiler.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot run rustc")?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not say its host")?;
    Ok(host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_programs_of_all_classes_with_names_and_sources_of_their_own() {
        assert!(PROGRAMS.len() >= 30);
        for class in [Kernel, System, Language] {
            assert!(PROGRAMS.iter().any(|program| program.class == class));
        }
        for (index, program) in PROGRAMS.iter().enumerate() {
            assert!(PROGRAMS[..index].iter().all(|other| other.name != program.name), "{}", program.name);
            let path = match program.source {
                Source::C { file, .. } => format!("programs/suite/{file}"),
                Source::Rust => format!("samples/src/bin/{}.rs", program.name),
            };
            assert!(super::super::repository().join(&path).is_file(), "no {path}");
        }
    }
}
