//! code, data, trap table, unwind and debug information → a relocatable object.

mod contents;
mod encode;
pub mod program;
pub mod unit;
