//! code, data, trap table, unwind and debug information → a relocatable object.

pub mod unit;
