//! wasmc: an ahead-of-time compiler from WebAssembly to small, static, native executables.

mod cache;
pub mod cli;
mod codegen;
mod embed;
pub mod error;
mod explore;
pub mod features;
pub mod image;
pub mod link;
pub mod object;
mod optimize;
pub mod options;
mod parse;
mod plan;
pub mod program;
mod runtime;
mod suggest;
mod translate;

use std::time::Instant;

pub use cache::Cache;
use codegen::target::Target;
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
    /// A function is compiled, by the thread that calls this.
    fn compiled_function(&self, _function: &CompiledFunction<'_>) {}
}

/// What an [`Observer`] is told of a function.
pub struct CompiledFunction<'a> {
    /// Makes its name, which takes memory: for those who want it.
    pub name: &'a dyn Fn() -> String,
    /// When its translation began.
    pub begin: Instant,
    /// Functions that there are to compile.
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
    /// A relocatable object, to be linked with the runtime library.
    Object,
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
    let observer = session.observer;
    observer.phase("parse, validate and plan");
    let plan = Plan::new(program, options)?;
    let target = Target::new(options, plan.layout.instances)?;

    observer.phase("translate and compile");
    if matches!(emit, Emit::Clif | Emit::Assembly) {
        return Ok(codegen::print(&plan, &target, options, emit == Emit::Assembly, observer)?.into_bytes());
    }
    let codes = codegen::compile(&plan, &target, options, session)?;

    let grants = &options.grants;
    if !grants.embedded.is_empty() {
        observer.phase("find embedded files");
    }
    let embedded = Embedded::read(&grants.embedded, grants.embedded_time)?;

    observer.phase("assemble");
    let mut unit = object::program::assemble(&plan, codes, &target, options, embedded.as_ref())?;
    drop(plan);

    if emit == Emit::Object {
        observer.phase("write");
        if let Some(embedded) = &embedded {
            object::program::fill_embedded(&mut unit, embedded)?;
        }
        return object::write::write(target.machine, &unit)
            .map_err(|error| Error::internal(format!("object: {error}")));
    }
    observer.phase("link");
    let mut executable = link_executable(unit, &target, options)?;

    if let Some(embedded) = &embedded {
        observer.phase("embed");
        embedded.write(embedded_block(&mut executable)?)?;
    }
    Ok(executable)
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
    let listings = codegen::list(&plan, &target, options, session)?;

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
    let name = options.architecture.name();
    let runtime = runtime::runtime_object(options.architecture)?;
    let runtime = object::read::read(target.machine, runtime)
        .map_err(|error| Error::internal(format!("the runtime library for {name}: {error}")))?;
    let link_options = link::LinkOptions::new(target.machine, wasmc_abi::symbols::ENTRY);
    link::link(vec![program, runtime], &link_options).map_err(|error| match error {
        // Between parts of one executable, nothing else can be too far away.
        LinkError::TooLarge | LinkError::Overflow { .. } => {
            Error::unsupported(format!("more than 2 GiB of code and data: {error}"))
        }
        error => Error::internal(format!("link: {error}")),
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
