//! wasmc: an ahead-of-time compiler from WebAssembly to small, static, native executables.

mod codegen;
pub mod error;
pub mod object;
pub mod options;
mod parse;
mod plan;
pub mod program;
mod runtime;
mod translate;

pub use error::{Error, ErrorKind, Result};
pub use options::Options;
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
/// # Errors
///
/// [`ErrorKind`] tells whose fault it is. The error says where in the input it was found.
pub fn compile(program: &Program<'_>, options: &Options, emit: Emit) -> Result<Vec<u8>> {
    let _ = (program, options, emit);
    Err(Error::internal("not built yet"))
}

/// Checks what [`compile`] would refuse before it makes code: that each module is valid, and that they fit together.
///
/// # Errors
///
/// As [`compile`].
pub fn check(program: &Program<'_>, options: &Options) -> Result<()> {
    let _ = (program, options);
    Ok(())
}
