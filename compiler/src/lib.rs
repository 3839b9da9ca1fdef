//! wasmc: an ahead-of-time compiler from WebAssembly to small, static, native executables.

pub mod cli;
mod codegen;
pub mod error;
pub mod link;
pub mod object;
pub mod options;
mod parse;
mod plan;
pub mod program;
mod runtime;
mod translate;

use codegen::target::Target;
pub use error::{Error, ErrorKind, Result};
use link::LinkError;
pub use options::Options;
use plan::Plan;
pub use program::{Entry, InstanceSource, Program, Step};

/// Is told how a compilation goes on. Called from several threads.
pub trait Observer: Sync {
    /// A phase begins.
    fn phase(&self, _name: &'static str) {}
    /// One of `total` functions is compiled.
    fn compiled_function(&self, _total: usize) {}
}

/// Does not care.
impl Observer for () {}

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
    compile_observed(program, options, emit, &())
}

/// [`compile`], telling an observer how it goes on.
///
/// # Errors
///
/// As [`compile`].
pub fn compile_observed(
    program: &Program<'_>,
    options: &Options,
    emit: Emit,
    observer: &dyn Observer,
) -> Result<Vec<u8>> {
    let target = Target::new(options)?;

    observer.phase("parse, validate and plan");
    let plan = Plan::new(program, options)?;

    observer.phase("translate and compile");
    if matches!(emit, Emit::Clif | Emit::Assembly) {
        return Ok(codegen::print(&plan, &target, emit == Emit::Assembly, observer)?.into_bytes());
    }
    let codes = codegen::compile(&plan, &target, options, observer)?;

    observer.phase("assemble");
    let unit = object::program::assemble(&plan, codes, &target, options)?;
    drop(plan);

    if emit == Emit::Object {
        observer.phase("write");
        return object::write::write(target.machine, &unit)
            .map_err(|error| Error::internal(format!("object: {error}")));
    }
    observer.phase("link");
    link_executable(unit, &target, options)
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
    let runtime = runtime::runtime_object(options.architecture)
        .ok_or_else(|| Error::unsupported(format!("this wasmc was built without the runtime library for {name}")))?;
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
