//! Object + runtime library → executable.
//!
//! This is an image writer rather than a general linker: every input is an object of ours, everything is known when it
//! runs, and the result is one self-contained file. So there are no archives, no dynamic symbols, no versions, no
//! thunks, no thread-local storage, no linker scripts. What it writes is a static position-independent executable,
//! which the kernel starts without an interpreter:
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
//! - `write.rs`: the file
//!
//! The units are merged into one before all else, so that a section or a symbol has one index everywhere. What the
//! linker itself contributes (headers, relocations, GOT) are sections of that unit like any other.
//!
//! Invariants: the same units and options give the same bytes; no segment is writable and executable, and nothing but a
//! `RelroData` or `Data` section may hold an absolute address; odd input gives a [`LinkError`] and never a panic.

mod arch;
mod eh_frame;
mod error;
mod gc;
mod layout;
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
    /// Symbol where the kernel starts the process.
    pub entry: &'a str,
    /// Leave out symbols and debug information.
    pub strip: bool,
    /// Distance in bytes between segments of different protection; a power of two. No kernel that runs the executable
    /// may have larger pages.
    pub max_page_size: u64,
}

impl<'a> LinkOptions<'a> {
    pub fn new(machine: Machine, entry: &'a str) -> Self {
        LinkOptions { machine, entry, strip: false, max_page_size: machine.max_page_size() }
    }
}

/// Makes an executable of `units`, whose sections are laid out in the order given.
pub fn link(units: Vec<Unit<'_>>, options: &LinkOptions<'_>) -> Result<Vec<u8>, LinkError> {
    match options.machine {
        Machine::X86_64 => link_for::<arch::x86_64::X86_64>(units, options),
        Machine::Aarch64 => link_for::<arch::aarch64::Aarch64>(units, options),
    }
}

fn link_for<A: Arch>(units: Vec<Unit<'_>>, options: &LinkOptions<'_>) -> Result<Vec<u8>, LinkError> {
    let mut unit = resolve::merge(units)?;
    let linker = resolve::LinkerSections::define(&mut unit);
    let places = resolve::resolve(&unit)?;

    let entry = resolve::entry(&unit, options.entry)?;
    let frames = eh_frame::parse(&unit, &linker, &places)?;
    let mut live = gc::mark(&unit, &linker, &places, &frames, entry);
    eh_frame::prune(&mut unit, &linker, &frames, &mut live);

    let addresses = relocate::scan::<A>(&unit, &places, &live)?;
    linker.set_sizes(&mut unit, &addresses);
    let layout = layout::lay_out(&unit, &linker, &live, options)?;

    write::write::<A>(&unit, &linker, &places, &addresses, &layout, entry, options)
}
