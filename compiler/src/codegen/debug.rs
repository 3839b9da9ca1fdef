//! What debug information needs to know of a function's code, in terms of Wasm: see [`crate::debug`].

use std::collections::HashSet;

use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::{CompiledCode, LabelValueLoc};

use super::sites::Site;

/// Where each part of the code came from, and where values are while it runs.
pub struct CodeDebug {
    /// Ascending and disjoint; what is in between was made by the code generator itself.
    pub ranges: Vec<SourceRange>,
    /// By local, then ascending.
    pub locals: Vec<LocalRange>,
    /// For each entry of the site table the byte offset in the module, if it is known.
    pub sites: Vec<Option<u32>>,
}

/// Code that was made from one operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceRange {
    /// Bytes from the start of the function's code.
    pub start: u32,
    pub end: u32,
    /// Byte offset of the operator in the module.
    pub wasm: u32,
}

/// A part of the code in which a local has a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalRange {
    /// Its index in the function.
    pub local: u32,
    /// Bytes from the start of the function's code.
    pub start: u32,
    pub end: u32,
    pub place: LocalPlace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LocalPlace {
    /// A register, by its number in DWARF.
    Register(u16),
    /// Memory at this distance from the canonical frame address.
    Frame(i64),
}

/// Reads it off compiled code.
pub fn collect(code: &CompiledCode, sites: &[Site], isa: &dyn TargetIsa) -> CodeDebug {
    let ranges = code.buffer.get_srclocs_sorted().iter().filter(|range| !range.loc.is_default());
    let ranges = ranges.map(|range| SourceRange { start: range.start, end: range.end, wasm: range.loc.bits() });
    let returns: HashSet<u32> = code.buffer.call_sites().map(|call| call.ret_addr).collect();
    let mut locals = Vec::new();
    for (label, places) in &code.value_labels_ranges {
        for place in places {
            let (local, start, end) = (label.as_u32(), place.start, place.end);
            match place.loc {
                LabelValueLoc::CFAOffset(offset) => {
                    locals.push(LocalRange { local, start, end, place: LocalPlace::Frame(offset) });
                }
                LabelValueLoc::Reg(register) => {
                    let Ok(register) = isa.map_regalloc_reg_to_dwarf(register) else { continue };
                    let place = LocalPlace::Register(register);
                    // What is dead after a call may be in a register that the call changes. Debuggers look a caller's
                    // variables up at the byte before the return address: there it is gone.
                    let end = if returns.contains(&end) { end - 1 } else { end };
                    locals.push(LocalRange { local, start, end, place });
                }
            }
        }
    }
    locals.retain(|range| range.start < range.end);
    locals.sort_unstable();
    CodeDebug { ranges: ranges.collect(), locals, sites: sites.iter().map(|site| site.wasm).collect() }
}
