//! wasmc: an ahead-of-time compiler from WebAssembly to small, static, native executables, and to libraries for C.
//!
//! [`Compiler`] is what most need:
//!
//! ```
//! let hello = br#"(module
//!     (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
//!     (memory (export "memory") 1)
//!     (func (export "_start") (call $exit (i32.const 7))))"#;
//! let executable = wasmc::Compiler::new().executable(hello)?;
//! # assert!(executable.starts_with(b"\x7fELF"));
//! # Ok::<(), wasmc::Error>(())
//! ```
//!
//! [`compile`] and [`make`] do the same for any [`Program`], and can be [observed](Observer). The command is [`cli`].

mod cache;
pub mod cli;
mod codegen;
pub mod compiler;
mod debug;
mod embed;
pub mod error;
mod explore;
pub mod features;
mod header;
pub mod image;
mod link;
pub mod native;
mod object;
mod optimize;
pub mod options;
mod parse;
mod plan;
mod print;
mod profile;
pub mod program;
mod runtime;
mod suggest;
mod translate;

use std::time::Instant;

pub use cache::Cache;
use codegen::Job;
use codegen::target::Target;
pub use compiler::{Compiler, Library};
use embed::Embedded;
pub use error::{Error, ErrorKind, Result};
pub use features::Features;
use link::LinkError;
pub use options::Options;
use plan::Plan;
pub use program::{Entry, InstanceSource, Program, Step};

/// Is told how a compilation goes on. Called from several threads.
pub trait Observer: Sync {
    /// A phase begins.
    fn phase(&self, _name: &'static str) {}
    /// Something was left out that the program can do without, or done otherwise than was asked for: a sentence.
    fn note(&self, _text: &str) {}
    /// A function is compiled, by the thread that calls this.
    fn compiled_function(&self, _function: &CompiledFunction<'_>) {}
}

/// What an [`Observer`] is told of a function.
pub struct CompiledFunction<'a> {
    /// Makes its name, which takes memory: for those who want it.
    pub name: &'a dyn Fn() -> String,
    /// When its translation began.
    pub begin: Instant,
    /// Functions that there are to compile, with those that turn out to be inlined wherever they are called.
    pub total: usize,
}

/// Does not care.
impl Observer for () {}

/// What surrounds a compilation. None of it decides what comes of it.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    pub observer: &'a dyn Observer,
    /// Where the code of functions is kept from one compilation to the next.
    pub cache: Option<&'a Cache>,
}

/// What [`compile`] makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emit {
    /// A static executable.
    Executable,
    /// A relocatable object: of an executable, to be linked with the runtime library; or a whole
    /// [library](Entry::Library).
    Object,
    /// A [library](Entry::Library) as an archive with one object.
    StaticLibrary,
    /// A [library](Entry::Library) for dynamic linkers and `dlopen`.
    SharedLibrary,
    /// Cranelift IR, as text.
    Clif,
    /// Machine code, as text.
    Assembly,
}

/// Compiles a program.
///
/// Runs in the rayon pool of the caller; the result does not depend on its size.
///
/// # Errors
///
/// [`ErrorKind`] tells whose fault it is. The error says where in the input it was found.
pub fn compile(program: &Program<'_>, options: &Options, emit: Emit) -> Result<Vec<u8>> {
    compile_in(program, options, emit, Session { observer: &(), cache: None })
}

/// [`compile`], telling an observer how it goes on, and with what was compiled before.
///
/// # Errors
///
/// As [`compile`].
pub fn compile_in(program: &Program<'_>, options: &Options, emit: Emit, session: Session<'_>) -> Result<Vec<u8>> {
    make(program, options, emit, session).map(|artifact| artifact.bytes)
}

/// What came of a compilation.
#[derive(Clone, Debug)]
pub struct Artifact {
    pub bytes: Vec<u8>,
    /// Of a library: its C header.
    pub header: Option<String>,
}

/// [`compile_in`], with everything that there is.
///
/// # Errors
///
/// As [`compile`].
pub fn make(program: &Program<'_>, options: &Options, emit: Emit, session: Session<'_>) -> Result<Artifact> {
    let observer = session.observer;
    check_purpose(program, options, emit)?;
    let grants = &options.grants;
    grants.check()?;
    if !grants.embedded.is_empty() {
        observer.phase("find embedded files");
    }
    let embedded = Embedded::read(&grants.embedded, grants.embedded_time)?;

    observer.phase("parse, validate and plan");
    let plan = Plan::new(program, options)?;
    plan.profile.notes().for_each(|note| observer.note(note));
    let target = Target::new(options, plan.layout.instances)?;
    let header = header::header(&plan);

    observer.phase("translate and compile");
    let job = Job { plan: &plan, target: &target, options, session };
    if matches!(emit, Emit::Clif | Emit::Assembly) {
        let text = job.print(emit == Emit::Assembly)?;
        return Ok(Artifact { bytes: text.into_bytes(), header });
    }
    let codes = job.compile()?;

    observer.phase("assemble");
    let mut unit = object::program::assemble(&plan, codes, &target, options, embedded.as_ref(), observer)?;
    drop(plan);

    if let Entry::Library { name } = &program.entry {
        observer.phase("link");
        let bytes = link_library(unit, name, emit, &target, options)?;
        return Ok(Artifact { bytes, header });
    }
    if emit == Emit::Object {
        observer.phase("write");
        if let Some(embedded) = &embedded {
            object::program::fill_embedded(&mut unit, embedded)?;
        }
        return Ok(Artifact { bytes: write_object(&unit, &target)?, header });
    }
    observer.phase("link");
    let mut executable = link_executable(unit, &target, options)?;

    if let Some(embedded) = &embedded {
        observer.phase("embed");
        embedded.write(embedded_block(&mut executable)?)?;
    }
    Ok(Artifact { bytes: executable, header })
}

/// Refuses what belongs to executables only, or to libraries only.
fn check_purpose(program: &Program<'_>, options: &Options, emit: Emit) -> Result<()> {
    let is_library = matches!(program.entry, Entry::Library { .. });
    let has_natives = !options.native_files.is_empty() || !options.native_imports.is_empty();
    if has_natives && (is_library || emit == Emit::Object) {
        return Err(Error::usage("native objects can be linked with executables only"));
    }
    if !is_library {
        return match emit {
            Emit::StaticLibrary | Emit::SharedLibrary => Err(Error::usage("a library needs a name")),
            _ => Ok(()),
        };
    }
    if emit == Emit::Executable {
        return Err(Error::usage("a library is no executable"));
    }
    if options.harden == options::Harden::Require {
        return Err(Error::usage("a library gives up nothing: the process is its host's"));
    }
    if let options::Profile::Generate(_) = options.profile {
        return Err(Error::usage("only executables can be profiled, libraries cannot"));
    }
    if options.grants.is_any() {
        return Err(Error::usage(
            "a library is granted nothing when it is compiled: whoever makes an instance says what it may use",
        ));
    }
    Ok(())
}

fn write_object(unit: &object::unit::Unit<'_>, target: &Target) -> Result<Vec<u8>> {
    object::write::write(target.machine, unit).map_err(|error| Error::internal(format!("object: {error}")))
}

/// The program and the runtime library as a library.
fn link_library(
    program: object::unit::Unit<'_>,
    name: &str,
    emit: Emit,
    target: &Target,
    options: &Options,
) -> Result<Vec<u8>> {
    let units = vec![program, read_runtime(runtime::Flavour::Library, target, options)?];
    if emit == Emit::SharedLibrary {
        let name = format!("lib{name}.so");
        let link_options = link::LinkOptions::new(target.machine, link::Output::Shared { name: &name });
        return link::link(units, &link_options).map_err(link_failure);
    }
    let unit = link::link_partially(units, target.machine).map_err(link_failure)?;
    let object = write_object(&unit, target)?;
    Ok(if emit == Emit::StaticLibrary { link::archive::archive(&unit, &object) } else { object })
}

fn read_runtime(flavour: runtime::Flavour, target: &Target, options: &Options) -> Result<object::unit::Unit<'static>> {
    let name = options.architecture.name();
    let runtime = runtime::runtime_object(options.architecture, flavour)?;
    object::read::read(target.machine, runtime)
        .map_err(|error| Error::internal(format!("the runtime library for {name}: {error}")))
}

fn link_failure(error: LinkError) -> Error {
    match error {
        // Between parts of one file, nothing else can be too far away.
        LinkError::TooLarge | LinkError::Overflow { .. } => {
            Error::unsupported(format!("more than 2 GiB of code and data: {error}"))
        }
        error => Error::internal(format!("link: {error}")),
    }
}

/// One HTML page that shows the program's functions beside their machine code.
///
/// # Errors
///
/// As [`compile`].
pub fn explore(program: &Program<'_>, options: &Options, session: Session<'_>) -> Result<Vec<u8>> {
    session.observer.phase("parse, validate and plan");
    let plan = Plan::new(program, options)?;
    let target = Target::new(options, plan.layout.instances)?;

    session.observer.phase("translate and compile");
    let listings = Job { plan: &plan, target: &target, options, session }.list()?;

    session.observer.phase("write the page");
    explore::page(program, &plan, target.machine, &listings)
}

/// Checks what [`compile`] would refuse before it makes code: that each module is valid, and that they fit together.
///
/// # Errors
///
/// As [`compile`].
pub fn check(program: &Program<'_>, options: &Options) -> Result<()> {
    Plan::new(program, options).map(drop)
}

/// The program and the runtime library as one executable.
fn link_executable(program: object::unit::Unit<'_>, target: &Target, options: &Options) -> Result<Vec<u8>> {
    let mut runtime = read_runtime(runtime::Flavour::Program, target, options)?;
    let natives = native::units(&options.native_files, target.machine, &program, &mut runtime)?;
    let units = [program, runtime].into_iter().chain(natives).collect();
    let output = link::Output::Executable { entry: wasmc_abi::symbols::ENTRY };
    link::link(units, &link::LinkOptions::new(target.machine, output)).map_err(|error| match error {
        LinkError::TooLarge => link_failure(error),
        // What others give us may not fit together.
        error if !options.native_files.is_empty() => Error::link(format!("native objects: {error}")),
        error => link_failure(error),
    })
}

/// The place of embedded files in an executable: zeros so far, so that contents are read to where they belong.
fn embedded_block(executable: &mut [u8]) -> Result<&mut [u8]> {
    use ::object::LittleEndian as LE;
    use ::object::elf::FileHeader64;
    use ::object::read::elf::{FileHeader as _, SectionHeader as _};
    let find = |file: &[u8]| {
        let sections = FileHeader64::<LE>::parse(file).ok()?.sections(LE, file).ok()?;
        let (_, section) = sections.section_by_name(LE, wasmc_abi::embed::SECTION.as_bytes())?;
        let (offset, size) = section.file_range(LE)?;
        Some(offset as usize..(offset + size) as usize)
    };
    let range = find(executable);
    let block = range.and_then(|range| executable.get_mut(range));
    block.ok_or_else(|| Error::internal("the executable has no place for embedded files"))
}
