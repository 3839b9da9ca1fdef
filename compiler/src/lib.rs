pub mod object;
pub mod runtime;
