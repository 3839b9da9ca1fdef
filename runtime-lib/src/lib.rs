//! The runtime library: what an executable made by `wasmc` contains besides the code compiled from Wasm.
//!
//! It maps the memories, runs the program on a stack of its own, turns faults into traps with a report, and answers the
//! WASI functions that the program imports. No libc, no allocator, no formatting machinery (but for [`invoke`]): a
//! hello world links some 15 KB of it.
//!
//! In the order in which things happen:
//!
//! - [`arch`]: the entry point, and whatever else needs assembly or the name of an architecture;
//! - [`sys`]: system calls, typed; nothing else makes any;
//! - [`process`]: what the kernel handed over: arguments, environment, auxiliary vector;
//! - [`start`]: from the entry point to the program's `main`;
//! - [`harden`]: what is given up before it runs;
//! - [`profile`]: where a program counts, if it does;
//! - [`memory`]: placing and growing memories and tables, bulk operations;
//! - [`thread`]: what each thread has for itself; [`spawn`]: its beginning and end; [`lock`], [`wait`]: how they wait
//!   for another;
//! - [`exception`]: exceptions and what catches them;
//! - [`trap`], [`sites`]: from a fault to a trap; [`report`]: what is then written to standard error;
//! - [`script`]: runs a list of calls instead of `main`, for tests;
//! - [`invoke`]: calls one function instead, with the arguments of the process;
//! - `library`: in the flavour for libraries, instances made and called by a program that is not ours, in place of
//!   the start and the end;
//! - [`libcalls`]: instructions that older CPUs lack;
//! - [`wasi`]: the host functions.
//!
//! # Invariants
//!
//! - State is a thread's own, or set before there is a second one, or behind a [`lock`]: see [`thread`].
//! - Runtime code never traps by faulting: a fault inside it is a bug of ours and ends the process as one.
//! - No panic is reachable; the panic handler exists because the language wants one.
#![cfg_attr(not(test), no_std)]
// Tests have an entry point, a stack and handlers of their own.
#![cfg_attr(test, allow(dead_code))]
#![deny(unsafe_op_in_unsafe_fn)]
// Callers of `pub unsafe fn` are compiled code as often as Rust; the obligations stand in the `Safety` sections.
#![deny(clippy::missing_safety_doc, clippy::undocumented_unsafe_blocks)]

mod arch;
mod exception;
#[cfg(not(feature = "library"))]
mod harden;
#[cfg(not(feature = "library"))]
mod invoke;
mod libcalls;
#[cfg(feature = "library")]
mod library;
mod lock;
mod memory;
mod process;
#[cfg(not(feature = "library"))]
mod profile;
mod report;
#[cfg(not(feature = "library"))]
mod script;
mod sites;
#[cfg(not(feature = "library"))]
mod spawn;
#[cfg(not(feature = "library"))]
mod start;
// A layer, of which a library uses a part.
#[cfg_attr(feature = "library", allow(dead_code))]
mod sys;
mod thread;
mod trap;
#[cfg(not(feature = "library"))]
mod wait;
mod wasi;

/// Ends the process: a panic of the runtime library is a bug of ours.
///
/// It says no more than that, because message and location would bring formatting code into every executable.
#[cfg(not(test))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    report::fatal("internal error: the runtime library panicked; please report this")
}

/// Named by the unwind tables of the prebuilt core library; never called, since panics abort.
#[cfg(not(test))]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
