//! The contract between the compiler and the runtime library.
//!
//! An executable made by `wasmc` is two relocatable objects linked together: the *program*, which the compiler writes
//! for each Wasm input, and the *runtime library*, which was compiled once per target and is embedded in `wasmc`.
//! Everything that one side lays out and the other side reads is declared here and nowhere else:
//!
//! - [`layout`]: addresses and records in memory that compiled code and the runtime share;
//! - [`program`]: the header with which the program describes itself to the runtime;
//! - [`exception`]: exceptions, and the tables by which they are caught;
//! - [`trap`]: why a program can stop, and how a code address is mapped back to Wasm;
//! - [`source`]: which lines of source files it came from;
//! - [`grants`]: the note that records what a program may use of the host;
//! - [`embed`]: trees of files inside the executable;
//! - [`profile`]: what is counted while a program runs, for a later compilation;
//! - [`library`]: instances in a library, and what its C interface is made of;
//! - [`wasi`]: the table of WASI preview 1 functions;
//! - [`harden`]: the system calls that a program can need;
//! - [`invoke`]: the signature of a function that is called with the arguments of the process;
//! - [`symbols`]: names through which the two objects call each other;
//! - [`cpu`]: the instruction sets that a program may demand of the machine.
//!
//! All structures are `repr(C)`, little-endian, and made of fixed-size integers, so that the compiler can write them as
//! bytes on any host.
#![no_std]
#![forbid(unsafe_code)]

pub mod cpu;
pub mod embed;
pub mod exception;
mod fields;
pub mod grants;
pub mod harden;
pub mod invoke;
pub mod layout;
pub mod library;
pub mod profile;
pub mod program;
pub mod source;
pub mod symbols;
pub mod trap;
pub mod wasi;
