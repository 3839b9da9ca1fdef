//! Object + runtime library → executable, shared library, or one object for other linkers.
//!
//! This is an image writer rather than a general linker: every input is an object of ours, everything is known when it
//! runs, and the result is one self-contained file. So there are no symbols of others, no versions, no thunks, no
//! thread-local storage, no linker scripts. What it writes is a static position-independent executable, which the
//! kernel starts without an interpreter, or a shared library, which any dynamic linker loads:
//!
//! ```text
//!   segment  contents                                                     protection
//!   ───────  ───────────────────────────────────────────────────────────  ──────────────────────────
//!   read     headers, notes, relative relocations, constants, .eh_frame   R
//!   execute  machine code                                                 R X
//!   relro    constants with addresses, .got                               R W, then R once relocated
//!   write    data, then zeros                                             R W
//!   image    initial Wasm memories, whole pages                           R W
//!   embedded files of the guest's                                         R
//!   (none)   debug information, symbols, section headers
//! ```
//!
//! - `arch/`: the relocation types of each architecture
//! - `resolve.rs`: units → one unit; names → definitions
//! - `gc.rs`: what the entry point reaches
//! - `eh_frame.rs`: unwind entries live and die with their functions
//! - `relocate.rs`: which addresses are only known at start; fields of instructions and data
//! - `layout.rs`: sections → file offsets and addresses
//! - `dynamic.rs`: what a dynamic linker reads of a shared library
//! - `write.rs`: the file
//! - `partial.rs`: instead of the last four, one unit with what is live, for other linkers; `archive.rs`: its archive
//!
//! The units are merged into one before all else, so that a section or a symbol has one index everywhere. What the
//! linker itself contributes (headers, relocations, GOT) are sections of that unit like any other.
//!
//! Invariants: the same units and options give the same bytes; no segment is writable and executable, and nothing but a
//! `RelroData` or `Data` section may hold an absolute address; odd input gives a [`LinkError`] and never a panic.

mod arch;
pub mod archive;
mod dynamic;
mod eh_frame;
mod error;
mod gc;
mod layout;
mod partial;
mod relocate;
mod resolve;
mod write;

#[cfg(test)]
mod tests;

pub use error::LinkError;

use crate::object::machine::Machine;
use crate::object::unit::Unit;

use arch::Arch;

#[derive(Clone, Copy, Debug)]
pub struct LinkOptions<'a> {
    pub machine: Machine,
    pub output: Output<'a>,
    /// Leave out symbols and debug information.
    pub strip: bool,
    /// Distance in bytes between segments of different protection; a power of two. No kernel that runs the executable
    /// may have larger pages.
    pub max_page_size: u64,
}

/// What to make.
#[derive(Clone, Copy, Debug)]
pub enum Output<'a> {
    /// An executable, and the symbol where the kernel starts the process.
    Executable { entry: &'a str },
    /// A shared library, and the name that programs which are linked with it look for. Its functions are the symbols
    /// that are exported.
    Shared { name: &'a str },
}

impl<'a> LinkOptions<'a> {
    pub fn new(machine: Machine, output: Output<'a>) -> Self {
        LinkOptions { machine, output, strip: false, max_page_size: machine.max_page_size() }
    }
}

/// Makes an executable or a shared library of `units`, whose sections are laid out in the order given.
pub fn link(units: Vec<Unit<'_>>, options: &LinkOptions<'_>) -> Result<Vec<u8>, LinkError> {
    arch::for_machine!(options.machine, A => link_for::<A>(units, options))
}

/// Makes one unit of `units`, with what its exported symbols reach: nothing else of it can be seen from outside.
pub fn link_partially<'data>(units: Vec<Unit<'data>>, machine: Machine) -> Result<Unit<'data>, LinkError> {
    arch::for_machine!(machine, A => partial::link::<A>(units))
}

fn link_for<A: Arch>(units: Vec<Unit<'_>>, options: &LinkOptions<'_>) -> Result<Vec<u8>, LinkError> {
    let mut unit = resolve::merge(units)?;
    let linker = resolve::LinkerSections::define(&mut unit, options.output);
    let places = resolve::resolve(&unit)?;

    let roots = match options.output {
        Output::Executable { entry } => vec![resolve::entry(&unit, entry)?],
        Output::Shared { .. } => resolve::exported(&unit),
    };
    let frames = eh_frame::parse(&unit, &linker, &places)?;
    let mut live = gc::mark(&unit, &linker, &places, &frames, &roots);
    eh_frame::prune(&mut unit, &linker, &frames, &mut live);

    let addresses = relocate::scan::<A>(&unit, &places, &live)?;
    linker.set_sizes(&mut unit, &addresses);
    let layout = layout::lay_out(&unit, &linker, &live, options)?;

    write::write::<A>(&unit, &linker, &places, &addresses, &layout, &roots, options)
}
