//! The site table of a function: see [`wasmc_abi::trap`] for its form.

use cranelift_codegen::CompiledCode;
use wasmc_abi::trap::{FIRST_CODE, SITE_CALL};

use crate::object::encode::{signed, unsigned};
use crate::translate::inline::Origins;
use crate::translate::traps;

/// A place in code that a report may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Bytes from the start of the function's code: of an instruction that can trap, or the return address of a call.
    pub pc: u32,
    /// A trap code, or [`SITE_CALL`].
    pub kind: u8,
    /// Byte offset in the module of the operator that it was made from, if that is known.
    pub wasm: Option<u32>,
    /// The body that this operator is in: an index in [`Origins::inlined`], or the function's own.
    pub inlined: Option<usize>,
}

/// Finds where a function can trap, in order, and the return addresses of its calls if `calls`.
///
/// Return addresses in inlined bodies are always there, since only they tell which function the call is in. Likewise
/// those of calls that never return, as for a throw, so that a report says where they are: the runtime's functions that
/// do not return have a trap of the same Wasm instruction behind them.
pub fn find(code: &CompiledCode, origins: &Origins, calls: bool) -> Vec<Site> {
    let site = |pc, kind| {
        let (wasm, inlined) = match location(code, pc, kind) {
            Some(location) => {
                let (wasm, inlined) = origins.resolve(location);
                (Some(wasm), inlined)
            }
            None => (None, None),
        };
        Site { pc, kind, wasm, inlined }
    };
    let traps = code.buffer.traps().iter();
    let mut sites: Vec<Site> =
        traps.filter_map(|trap| Some(site(trap.offset, traps::from_clif(trap.code)? as u8))).collect();
    sites.sort_unstable_by_key(|site| (site.pc, site.kind));
    let trap_count = sites.len();
    for call in code.buffer.call_sites() {
        let call = site(call.ret_addr, SITE_CALL);
        let never_returns = || {
            let trap = sites[..trap_count].binary_search_by_key(&call.pc, |trap| trap.pc);
            trap.is_ok_and(|index| call.wasm.is_some() && sites[index].wasm == call.wasm)
        };
        if calls || call.inlined.is_some() || never_returns() {
            sites.push(call);
        }
    }
    sites.sort_unstable_by_key(|site| (site.pc, site.kind));
    sites
}

/// The bytes of a site table; `None` if there are no sites.
pub fn encode(sites: &[Site]) -> Option<Vec<u8>> {
    if sites.is_empty() {
        return None;
    }
    let mut wasm = sites.iter().find_map(|site| site.wasm).unwrap_or_default();
    let mut bytes = Vec::with_capacity(4 + 3 * sites.len());
    unsigned(&mut bytes, sites.len() as u64);
    unsigned(&mut bytes, wasm.into());
    let (mut pc, mut kind) = (0, FIRST_CODE);
    for site in sites {
        let here = site.wasm.unwrap_or(wasm);
        let is_other = site.kind != kind;
        unsigned(&mut bytes, u64::from(site.pc - pc) * 2 + u64::from(is_other));
        if is_other {
            bytes.push(site.kind);
        }
        signed(&mut bytes, i64::from(here) - i64::from(wasm));
        (pc, kind, wasm) = (site.pc, site.kind, here);
    }
    Some(bytes)
}

/// The location of the instruction of a site: see [`Origins`].
fn location(code: &CompiledCode, site: u32, kind: u8) -> Option<u32> {
    // A return address belongs to the instruction before it.
    let pc = if kind == SITE_CALL { site - 1 } else { site };
    let ranges = code.buffer.get_srclocs_sorted();
    let after = ranges.partition_point(|range| range.start <= pc);
    let range = &ranges[after.checked_sub(1)?];
    (pc < range.end && !range.loc.is_default()).then(|| range.loc.bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes are those that the runtime's tests read.
    #[test]
    fn codes_are_there_where_they_change() {
        let site = |(pc, kind, wasm)| Site { pc, kind, wasm: Some(wasm), inlined: None };
        let sites =
            [(5, 2, 310), (205, SITE_CALL, 290), (206, 7, 8482), (215, SITE_CALL, 8483), (215, 1, 8484)].map(site);
        let first = [5, 0xb6, 0x02, 10, 0, 0x91, 0x03, 0, 0x6c];
        let others = [3, 7, 0x80, 0xc0, 0x00, 19, 0, 1, 1, 1, 1];
        assert_eq!(encode(&sites), Some([&first[..], &others].concat()));
        assert_eq!(encode(&[]), None);
    }
}
