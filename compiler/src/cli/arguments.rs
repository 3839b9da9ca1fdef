//! What can be said on the command line.

use std::collections::HashSet;
use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum, ValueHint};
use wasmc_abi::grants;
use wasmc_abi::layout::HOST_HEADROOM;
use wasmc_abi::program::MAX_THREADS;

use crate::Emit;
use crate::error::{Error, Result};
use crate::features::Features;
use crate::native::{NativeFile, NativeImport};
use crate::optimize::pass_names;
use crate::options::{
    Architecture, BoundsChecks, Cpu, DEFAULT_MAX_THREADS, Grants, Harden, OptLevel, Options, Profile, ProfileFile,
};
use crate::program::Entry;
use crate::suggest::did_you_mean;

// Each heading is a topic of `wasmc help`: see `help.rs`.
pub const FILES: &str = "Input and output";
pub const CODE: &str = "What the code is like";
pub const LIMITS: &str = "Limits of the program";
pub const GRANTS: &str = "What the program may use";
pub const WORK: &str = "How wasmc works";

/// Compiles a WebAssembly program to a small, static Linux executable that needs nothing else.
///
/// `wasmc hello.wasm -o hello` writes `hello`, which runs on any Linux: no libc, no runtime, no files beside it.
/// The program sees the world through WASI preview 1; it gets its arguments, standard input and output, clocks and
/// random numbers, and whatever else is granted.
#[derive(Debug, Parser)]
#[command(
    name = "wasmc",
    version,
    max_term_width = 100,
    override_usage = "wasmc [OPTIONS] <INPUT>\n       wasmc <COMMAND> …",
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    propagate_version = true
)]
pub struct Arguments {
    /// The module to compile: a binary (.wasm) or text (.wat) file, or `-` for standard input.
    #[arg(value_name = "INPUT", value_hint = ValueHint::FilePath)]
    pub input: PathBuf,

    /// Where to write; `-` is standard output [default: the input's name without its extension, in this directory].
    #[arg(short, long, value_name = "OUTPUT", value_hint = ValueHint::FilePath, help_heading = FILES)]
    pub output: Option<PathBuf>,

    /// What to write.
    #[arg(long, value_enum, default_value_t = EmitKind::Exe, value_name = "KIND", help_heading = FILES)]
    pub emit: EmitKind,

    /// Write the C header of a library into this file. With `--emit obj`, makes that one object a whole library.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = FILES)]
    pub header: Option<PathBuf>,

    /// What the names of a library begin with, as an identifier of C [default: the input's name].
    #[arg(long, value_name = "NAME", help_heading = FILES)]
    pub name: Option<String>,

    /// Architecture to compile for, as a name or a Linux target triple; `wasmc targets` lists them [default: that of
    /// this machine]. Repeatable for an image, which then is one for each of them.
    #[arg(long = "target", value_name = "TARGET", help_heading = CODE)]
    pub targets: Vec<String>,

    /// Print a table of what took how long: the phases, and the slowest functions. With `=FILE`, write all of it there
    /// too, as a trace that chrome://tracing and ui.perfetto.dev show.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, value_hint = ValueHint::FilePath,
          help_heading = WORK)]
    pub timings: Option<Option<PathBuf>>,

    /// Say how long each phase takes.
    #[arg(short, long, help_heading = WORK)]
    pub verbose: bool,

    #[command(flatten)]
    pub common: CommonArguments,
}

/// What can be said of every compilation for one machine.
#[derive(Debug, clap::Args)]
pub struct CommonArguments {
    /// Instructions that the code may use: `native`, or a level that `wasmc targets` lists. The executable refuses, in
    /// one sentence, to start on a machine that lacks them [default: x86-64-v2 or armv8-a].
    #[arg(long, value_name = "CPU", help_heading = CODE)]
    pub cpu: Option<String>,

    /// How much work goes into the code: 0 compiles fastest, 1 does not optimise but allocates registers well, 2 makes
    /// fast code, s makes small code.
    #[arg(short = 'O', value_name = "LEVEL", default_value = "2", value_parser = ["0", "1", "2", "s"],
          help_heading = CODE)]
    pub opt_level: String,

    /// Leave out an optimisation, to measure what it brings.
    #[arg(long, value_name = "NAME", hide = true,
          value_parser = clap::builder::PossibleValuesParser::new(pass_names()))]
    pub disable_pass: Vec<String>,

    /// Compute the same on every machine: NaNs that arithmetic makes are the canonical one, and relaxed vector
    /// operators do what the specification's deterministic profile says. Costs speed where floats are computed.
    #[arg(long, help_heading = CODE)]
    pub deterministic: bool,

    /// Proposals of WebAssembly that the input may use: names with commas between them, `-` before those that it may
    /// not. `all` stands for every one; what is not mentioned is on. A module that needs another one is refused.
    #[arg(
        long,
        value_name = "[-]NAME,…",
        default_value = "all",
        hide_default_value = true,
        allow_hyphen_values = true, help_heading = CODE)]
    pub wasm_features: String,

    /// Make debug information for gdb: the module's own (DWARF), as lines, functions and variables of native code; or
    /// the lines of INPUT, if that is text. Backtraces get files and lines, and an offset in every line. Calls
    /// and loops stay what they are; else the code is the same. `-O1` keeps the most variables.
    #[arg(short = 'g', help_heading = CODE)]
    pub debug_info: bool,

    /// Write the module as text, and make that the source that a debugger shows, whatever else the module says. Means
    /// `-g`.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = CODE)]
    pub debug_text: Option<PathBuf>,

    /// Make an executable that counts what runs, and writes a profile: into this file, or one that is named like the
    /// executable, with `.profile`, where it is started. WASMC_PROFILE names another. Several runs add up.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, value_hint = ValueHint::FilePath,
          conflicts_with = "profile_use", help_heading = CODE)]
    pub profile_generate: Option<Option<String>>,

    /// Compile for what such an executable did: what did not run is out of the way, what runs together is together, and
    /// small functions that are called nearly always are inlined, also behind pointers. A function that was changed
    /// since has no profile. Repeatable.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = CODE)]
    pub profile_use: Vec<PathBuf>,

    /// Add an instance of another module, from which INPUT (and later ones) can import under NAME. Repeatable, in
    /// order.
    #[arg(long = "link", value_name = "NAME=FILE", value_hint = ValueHint::FilePath, help_heading = FILES)]
    pub links: Vec<String>,

    /// Call this export with the arguments of the executable, and print its results, instead of running `_start`.
    #[arg(long, value_name = "NAME", help_heading = FILES)]
    pub invoke: Option<String>,

    /// Satisfy an import by a function of a native object (--link-obj), in C: `RESULT SYMBOL(memory, parameters…)`.
    /// There, `memory` points to the address and the size of the memory that the module exports as `memory`, or its
    /// first. Such a function is not in the sandbox. Repeatable.
    #[arg(long = "import-fn", value_name = "MODULE.NAME=SYMBOL", help_heading = FILES)]
    pub import_fns: Vec<String>,

    /// Link with a native object or archive, which can use no libc. Repeatable.
    #[arg(long = "link-obj", value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = FILES)]
    pub link_objs: Vec<PathBuf>,

    /// Compile even if nothing satisfies an import of a function: calling it traps with its name.
    #[arg(long, help_heading = FILES)]
    pub allow_unknown_imports: bool,

    /// How memory accesses are kept inside: `guard` reserves addresses for each memory, 8 GiB, and costs nothing (with
    /// 64-bit addresses, a comparison); `explicit` compares, for machines where addresses are scarce (`ulimit -v`).
    #[arg(long, value_enum, default_value_t = BoundsKind::Guard, value_name = "HOW", help_heading = CODE)]
    pub bounds_checks: BoundsKind,

    /// Size of the stack (of each thread), in bytes or with K, M or G: from 128K to 1024G.
    #[arg(long, value_name = "SIZE", default_value = "8M", value_parser = parse_stack_size, help_heading = LIMITS)]
    pub stack_size: u64,

    /// Size that a memory may grow to, in bytes or with K, M or G [default: 4G; with 64-bit addresses, 64G].
    #[arg(long, value_name = "SIZE", value_parser = parse_size, help_heading = LIMITS)]
    pub max_memory: Option<u64>,

    /// Threads that the program may have at a time, besides its first: up to 65535. Starting another one fails.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_THREADS,
          value_parser = clap::value_parser!(u32).range(..=MAX_THREADS as i64), help_heading = LIMITS)]
    pub max_threads: u32,

    /// Let the program use a directory, which it sees as GUEST (or by the same name); `:ro` lets it read only. A
    /// relative HOST counts from where the program is started. Repeatable.
    #[arg(long = "dir", value_name = "HOST[::GUEST][:ro]", value_hint = ValueHint::DirPath, help_heading = GRANTS)]
    pub directories: Vec<String>,

    /// Copy a directory into the executable, where the program finds it read-only as GUEST (or by the same name): no
    /// file is needed beside it. All files get one modification time, SOURCE_DATE_EPOCH or 1980-01-01. Repeatable.
    #[arg(long = "embed", value_name = "HOST[::GUEST]", value_hint = ValueHint::DirPath, help_heading = GRANTS)]
    pub embedded: Vec<String>,

    /// Set a variable of the program's environment, which is empty otherwise. Repeatable.
    #[arg(long = "env", value_name = "NAME=VALUE", help_heading = GRANTS)]
    pub variables: Vec<String>,

    /// Let the program see the environment that it is started with.
    #[arg(long, help_heading = GRANTS)]
    pub inherit_env: bool,

    /// What the program sees as its own name, instead of what it was started as.
    #[arg(long, value_name = "NAME", help_heading = GRANTS)]
    pub arg0: Option<String>,

    /// Listen on an address, and let the program accept connections; `activation` stands for the sockets that a
    /// service manager hands over (LISTEN_FDS). Repeatable.
    #[arg(long = "tcplisten", value_name = "IP:PORT", help_heading = GRANTS)]
    pub listeners: Vec<String>,

    /// Do not let WASMC_DIR, WASMC_ENV and so on change any of this at run time.
    #[arg(long, help_heading = GRANTS)]
    pub sealed: bool,

    /// For tests: resolve paths as on kernels without openat2.
    #[arg(long, hide = true)]
    pub walk_paths: bool,

    /// Whether the executable, before the program runs, gives up the system calls and files that the program cannot
    /// need (seccomp, Landlock): `auto`, as far as the kernel can; `require`, or it does not start; `off`.
    #[arg(long, value_enum, default_value_t = HardenKind::Auto, value_name = "WHEN", help_heading = GRANTS)]
    pub harden: HardenKind,

    /// The same as `--harden=off`.
    #[arg(long, conflicts_with = "harden", help_heading = GRANTS)]
    pub no_harden: bool,

    /// Threads to compile with [default: one for each processor].
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = WORK)]
    pub jobs: Option<u16>,

    /// Keep the code of functions in this directory, which is made if it is missing, and take from there what is the
    /// same as in an earlier compilation.
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath, help_heading = WORK)]
    pub cache: Option<PathBuf>,

    /// Size that the cache may have, more or less: what was not used for longest is removed.
    #[arg(long, value_name = "SIZE", default_value = "2G", value_parser = parse_size, help_heading = WORK)]
    pub cache_size: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EmitKind {
    /// A static executable.
    Exe,
    /// A relocatable object, to be linked with the runtime library.
    Obj,
    /// Cranelift IR before optimisation, as text.
    Clif,
    /// Machine code, as text.
    Asm,
    /// A library for C and for all that can call C, as an archive: see `--header`.
    Staticlib,
    /// The same as a shared library.
    Cdylib,
    /// An image for containers with nothing in it but the executable: an archive for podman, docker, skopeo and so on.
    Oci,
}

impl EmitKind {
    pub fn emit(self) -> Emit {
        match self {
            EmitKind::Exe | EmitKind::Oci => Emit::Executable,
            EmitKind::Obj => Emit::Object,
            EmitKind::Staticlib => Emit::StaticLibrary,
            EmitKind::Cdylib => Emit::SharedLibrary,
            EmitKind::Clif => Emit::Clif,
            EmitKind::Asm => Emit::Assembly,
        }
    }

    /// The extension of a default output.
    pub fn extension(self) -> &'static str {
        match self {
            EmitKind::Exe => "",
            EmitKind::Obj => "o",
            EmitKind::Staticlib => "a",
            EmitKind::Cdylib => "so",
            EmitKind::Clif => "clif",
            EmitKind::Asm => "s",
            EmitKind::Oci => "tar",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BoundsKind {
    /// Guard pages.
    Guard,
    /// Comparisons.
    Explicit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HardenKind {
    /// As far as the kernel can.
    Auto,
    /// It does not start where the kernel cannot.
    Require,
    /// Not at all.
    Off,
}

impl Arguments {
    /// Whether a library is to be made.
    pub fn is_library(&self) -> bool {
        let whole_object = self.emit == EmitKind::Obj && self.header.is_some();
        whole_object || matches!(self.emit, EmitKind::Staticlib | EmitKind::Cdylib)
    }

    /// The options of the compiler, for each target.
    pub fn options(&self) -> Result<Vec<Options>> {
        let mut architectures = self.targets.iter().map(|target| parse_target(target)).collect::<Result<Vec<_>>>()?;
        if architectures.is_empty() {
            architectures.push(host()?);
        }
        if !self.is_library() && (self.header.is_some() || self.name.is_some()) {
            return Err(Error::usage("--header and --name are about libraries: --emit staticlib or cdylib"));
        }
        if architectures.len() > 1 && self.emit != EmitKind::Oci {
            return Err(Error::usage("several targets can be in an image only: --emit oci"));
        }
        let mut names = HashSet::new();
        if let Some(twice) = architectures.iter().find(|architecture| !names.insert(architecture.name())) {
            return Err(Error::usage(format!("--target names {} twice", twice.name())));
        }
        architectures.into_iter().map(|architecture| self.common.options(architecture)).collect()
    }
}

impl CommonArguments {
    /// The options of the compiler.
    pub fn options(&self, architecture: Architecture) -> Result<Options> {
        Ok(Options {
            architecture,
            cpu: self.cpu.as_deref().map_or(Ok(Cpu::Default), |name| parse_cpu(name, architecture))?,
            disabled_passes: self.disable_pass.clone(),
            deterministic: self.deterministic,
            features: Features::parse(&self.wasm_features)?,
            opt_level: match self.opt_level.as_str() {
                "0" => OptLevel::None,
                "1" => OptLevel::Less,
                "s" => OptLevel::Size,
                _ => OptLevel::Speed,
            },
            bounds_checks: match self.bounds_checks {
                BoundsKind::Guard => BoundsChecks::Guard,
                BoundsKind::Explicit => BoundsChecks::Explicit,
            },
            stack_size: self.stack_size,
            max_memory: self.max_memory,
            max_threads: self.max_threads,
            grants: self.grants()?,
            native_imports: self.native_imports()?,
            native_files: self.native_files()?,
            allow_unknown_imports: self.allow_unknown_imports,
            harden: match self.harden {
                _ if self.no_harden => Harden::Off,
                HardenKind::Auto => Harden::Auto,
                HardenKind::Require => Harden::Require,
                HardenKind::Off => Harden::Off,
            },
            debug_info: self.debug_info || self.debug_text.is_some(),
            profile: self.profile()?,
            ..Options::default()
        })
    }

    /// What the executable does.
    pub fn entry(&self) -> Entry {
        self.invoke.clone().map_or(Entry::Command, Entry::Invoke)
    }

    fn grants(&self) -> Result<Grants> {
        let grants = Grants {
            directories: self.directories.clone(),
            embedded: self.embedded.clone(),
            embedded_time: if self.embedded.is_empty() { 0 } else { embedded_time()? },
            variables: self.variables.clone(),
            listeners: self.listeners.clone(),
            inherit_environment: self.inherit_env,
            arg0: self.arg0.clone(),
            sealed: self.sealed,
            walk_paths: self.walk_paths,
        };
        grants.check()?;
        Ok(grants)
    }

    /// `--import-fn` as import and symbol.
    fn native_imports(&self) -> Result<Vec<NativeImport>> {
        let parse = |text: &String| match text.rsplit_once('=') {
            Some((import, symbol)) if import.contains('.') && !symbol.is_empty() => {
                Ok(NativeImport { import: import.to_owned(), symbol: symbol.to_owned() })
            }
            _ => Err(Error::usage(format!("--import-fn wants MODULE.NAME=SYMBOL, not '{text}'"))),
        };
        self.import_fns.iter().map(parse).collect()
    }

    fn profile(&self) -> Result<Profile> {
        if let Some(path) = &self.profile_generate {
            if path.as_ref().is_some_and(|path| path.is_empty() || path.contains('\0')) {
                return Err(Error::usage("--profile-generate wants the name of a file"));
            }
            return Ok(Profile::Generate(path.clone()));
        }
        if self.profile_use.is_empty() {
            return Ok(Profile::None);
        }
        let read = |path: &PathBuf| {
            let name = path.display().to_string();
            let bytes = std::fs::read(path).map_err(|error| Error::invalid(format!("cannot read {name}: {error}")))?;
            Ok(ProfileFile { name, bytes })
        };
        self.profile_use.iter().map(read).collect::<Result<_>>().map(Profile::Use)
    }

    fn native_files(&self) -> Result<Vec<NativeFile>> {
        let read = |path: &PathBuf| {
            let name = path.display().to_string();
            let bytes = std::fs::read(path).map_err(|error| Error::invalid(format!("cannot read {name}: {error}")))?;
            Ok(NativeFile { name, bytes })
        };
        self.link_objs.iter().map(read).collect()
    }

    /// `--link` as name and file.
    pub fn linked(&self) -> Result<Vec<(&str, &Path)>> {
        let mut linked: Vec<(&str, &Path)> = Vec::with_capacity(self.links.len());
        for link in &self.links {
            match link.split_once('=') {
                Some((name, file)) if !name.is_empty() && !file.is_empty() => linked.push((name, Path::new(file))),
                _ => return Err(Error::usage(format!("--link wants NAME=FILE, not '{link}'"))),
            }
        }
        let mut names = HashSet::new();
        match linked.iter().find(|(name, _)| !names.insert(*name)) {
            Some((name, _)) => Err(Error::usage(format!("--link gives the name '{name}' twice"))),
            None => Ok(linked),
        }
    }
}

impl ExploreArguments {
    /// The options of the compiler.
    pub fn options(&self) -> Result<Options> {
        let architecture = self.target.as_deref().map_or_else(host, parse_target)?;
        self.common.options(architecture)
    }
}

/// The architecture of this machine.
fn host() -> Result<Architecture> {
    Architecture::host().ok_or_else(|| Error::usage("this machine is no target: name one with --target"))
}

/// The modification time of embedded files: that of the build, if it has one
/// (<https://reproducible-builds.org/specs/source-date-epoch/>), or the first one that ZIP files can have, which are
/// made of such files by some programs.
fn embedded_time() -> Result<u64> {
    const START_OF_1980: u64 = 315_532_800;
    match std::env::var_os("SOURCE_DATE_EPOCH") {
        None => Ok(START_OF_1980),
        Some(text) => text.to_str().and_then(|text| text.parse().ok()).ok_or_else(|| {
            Error::usage(format!("SOURCE_DATE_EPOCH must be a number of seconds, not '{}'", text.display()))
        }),
    }
}

/// An architecture from a name or a triple; the system, if given, must be Linux.
fn parse_target(target: &str) -> Result<Architecture> {
    let mut parts = target.split('-');
    let architecture = Architecture::parse(parts.next().unwrap_or_default());
    let mut rest = parts.peekable();
    let linux = rest.peek().is_none() || rest.any(|part| part == "linux") || target == "x86-64";
    // `x86-64` is a name that looks like a triple.
    let architecture = architecture.or_else(|| Architecture::parse(target));
    match architecture {
        Some(architecture) if linux => Ok(architecture),
        _ => {
            let names: Vec<String> =
                Architecture::ALL.iter().map(|known| format!("{}-unknown-linux", known.name())).collect();
            let hint = did_you_mean(
                target,
                names.iter().map(String::as_str).chain(Architecture::ALL.iter().map(|known| known.name())),
            );
            Err(Error::unsupported(format!("the target '{target}'; there is {}{hint}", names.join(", "))))
        }
    }
}

fn parse_cpu(name: &str, architecture: Architecture) -> Result<Cpu> {
    if name == "native" {
        return Ok(Cpu::Native);
    }
    let levels = architecture.levels();
    match levels.iter().find(|level| level.name() == name) {
        Some(level) => Ok(Cpu::Level(*level)),
        None => {
            let names: Vec<&str> = levels.iter().map(|level| level.name()).collect();
            let hint = did_you_mean(name, names.iter().copied().chain(["native"]));
            let (architecture, names) = (architecture.name(), names.join(", "));
            Err(Error::usage(format!("{architecture} has no CPU '{name}'; it has native, {names}{hint}")))
        }
    }
}

/// Bytes, with an optional K, M or G for powers of 1024.
fn parse_size(text: &str) -> std::result::Result<u64, String> {
    grants::parse_size(text.as_bytes()).ok_or_else(|| "not a size such as 65536, 64K, 8M or 4G".to_owned())
}

/// A size with which host functions can be called, and for which there are addresses.
fn parse_stack_size(text: &str) -> std::result::Result<u64, String> {
    const RANGE: RangeInclusive<u64> = 2 * HOST_HEADROOM..=1 << 40;
    let size = parse_size(text)?;
    if RANGE.contains(&size) { Ok(size) } else { Err("it must be from 128K to 1024G".to_owned()) }
}

/// Compiles a program, unless that was done before, and runs it: the process becomes the program. Options of wasmc
/// stand before FILE, all that follows it belongs to the program.
#[derive(Debug, Parser)]
#[command(name = "run", max_term_width = 100)]
pub struct RunArguments {
    #[command(flatten)]
    pub common: CommonArguments,

    /// Compile without a cache, instead of with $XDG_CACHE_HOME/wasmc.
    #[arg(long, conflicts_with = "cache", help_heading = WORK)]
    pub no_cache: bool,

    /// The module, in either format, and the arguments of the program.
    #[arg(value_names = ["FILE", "ARGUMENT"], value_hint = ValueHint::FilePath, required = true, num_args = 1..,
          trailing_var_arg = true)]
    pub program: Vec<OsString>,
}

/// Writes one HTML page that shows each function of a program as WebAssembly, beside the machine code that it becomes,
/// and the lines of the source where the module has DWARF.
#[derive(Debug, Parser)]
#[command(name = "explore", max_term_width = 100)]
pub struct ExploreArguments {
    /// The module, in either format, or `-` for standard input.
    #[arg(value_name = "INPUT", value_hint = ValueHint::FilePath)]
    pub input: PathBuf,

    /// Where to write; `-` is standard output [default: the input's name with the extension html, in this directory].
    #[arg(short, long, value_name = "OUTPUT", value_hint = ValueHint::FilePath, help_heading = FILES)]
    pub output: Option<PathBuf>,

    /// Architecture whose machine code is shown [default: that of this machine].
    #[arg(long, value_name = "TARGET", help_heading = CODE)]
    pub target: Option<String>,

    #[command(flatten)]
    pub common: CommonArguments,
}

/// Tells what an executable may use of the host, what it imports and which CPU it needs; which proposals of
/// WebAssembly a module needs, and what it imports and exports; or what a profile says is hot.
#[derive(Debug, Parser)]
#[command(name = "inspect", max_term_width = 100)]
pub struct InspectArguments {
    /// An executable that wasmc made, or its profile; or a module: a binary or, with the extension `wat`, in the text
    /// format.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Lists the targets, and the CPUs that `--cpu` can name for each.
#[derive(Debug, Parser)]
#[command(name = "targets", max_term_width = 100)]
pub struct TargetsArguments {}

/// Prints what a shell needs to complete the words of a `wasmc` command.
#[derive(Debug, Parser)]
#[command(name = "completions", max_term_width = 100)]
pub struct CompletionsArguments {
    /// The shell.
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: clap_complete::Shell,
}

/// Prints the manual page of `wasmc` or of one of its commands, for `man -l -`; or writes all of them.
#[derive(Debug, Parser)]
#[command(name = "man", max_term_width = 100)]
pub struct ManArguments {
    /// The command whose page it is, instead of that of `wasmc` itself.
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,

    /// Write all pages into this directory, which must exist.
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath, conflicts_with = "command")]
    pub dir: Option<PathBuf>,
}

/// Explains a topic, a command, or everything.
#[derive(Debug, Parser)]
#[command(name = "help", max_term_width = 100)]
pub struct HelpArguments {
    /// A topic or a command [default: all options].
    #[arg(value_name = "TOPIC")]
    pub topic: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_have_limits() {
        assert_eq!(parse_stack_size("128K"), Ok(128 << 10));
        assert_eq!(parse_stack_size("1024G"), Ok(1 << 40));
        for size in ["0", "127K", "1025G", "18446744073709551615"] {
            assert!(parse_stack_size(size).is_err(), "{size}");
        }
    }

    #[test]
    fn targets_are_names_or_linux_triples() {
        for target in ["x86_64", "x86-64", "amd64", "x86_64-unknown-linux-gnu", "x86_64-linux-musl"] {
            assert_eq!(parse_target(target).ok(), Some(Architecture::X86_64), "{target}");
        }
        for target in ["aarch64", "arm64", "aarch64-unknown-linux-gnu", "aarch64-unknown-linux-musl"] {
            assert_eq!(parse_target(target).ok(), Some(Architecture::Aarch64), "{target}");
        }
        for target in ["x86_64-pc-windows-msvc", "mips", "", "x86_64-apple-darwin", "arm64-apple-darwin"] {
            assert!(parse_target(target).is_err(), "{target}");
        }
    }
}
