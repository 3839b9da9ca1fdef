//! code, data, trap table, unwind and debug information → a relocatable object.
//!
//! - `program.rs`: a plan and its code → `Unit`, with `contents.rs` for initial memory and `encode.rs` for structures
//! - `note.rs`: the note with the grants
//! - `unit.rs`: the object in memory, shared with `link`
//! - `machine.rs`: what ELF says about each architecture
//! - `unwind.rs`: the code generator's unwind information → `.eh_frame`
//! - `read.rs`: ELF relocatable file → `Unit`
//! - `write.rs`: `Unit` → ELF relocatable file

mod contents;
pub mod encode;
mod filter;
pub mod machine;
mod note;
pub mod program;
pub mod read;
pub mod unit;
pub mod unwind;
pub mod write;

#[cfg(test)]
mod tests;
