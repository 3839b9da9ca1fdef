//! Bytes → [`Module`]: sections, names, validation.
//!
//! Reading a module is cheap: function bodies and segments stay where they are in the input. Bodies are validated
//! afterwards, in parallel, by [`uses`], which reads them anyway.

mod constant;
pub mod debug;
pub mod hints;
pub mod index;
mod module;
mod names;
pub mod uses;

pub use constant::ConstExpr;
pub use constant::ConstOp;
pub use module::*;
