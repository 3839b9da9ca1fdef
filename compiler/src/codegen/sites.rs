//! The site table of a function: see [`wasmc_abi::trap`] for its form.

use cranelift_codegen::CompiledCode;
use cranelift_codegen::ir::SourceLoc;
use wasmc_abi::trap::SITE_CALL;

use crate::object::encode::{signed, unsigned};
use crate::translate::traps;

/// Encodes where a function can trap and, if `calls`, the return addresses of its calls; `None` if there is nothing.
///
/// Calls of the runtime that never return, as for a throw, have a trap of the same Wasm instruction behind them: their
/// return addresses are always there, so that a report says where they are.
pub fn encode(code: &CompiledCode, calls: bool) -> Option<Vec<u8>> {
    let sites = sites(code, calls);
    if sites.is_empty() {
        return None;
    }

    let first = code.buffer.get_srclocs_sorted().iter().map(|range| range.loc).find(|loc| !loc.is_default());
    let mut wasm = first.map_or(0, SourceLoc::bits);
    let mut bytes = Vec::with_capacity(4 + 3 * sites.len());
    unsigned(&mut bytes, sites.len() as u64);
    unsigned(&mut bytes, wasm.into());
    let mut pc = 0;
    for (site, kind) in sites {
        let here = wasm_offset(code, site, kind).unwrap_or(wasm);
        unsigned(&mut bytes, (site - pc).into());
        bytes.push(kind);
        signed(&mut bytes, i64::from(here) - i64::from(wasm));
        (pc, wasm) = (site, here);
    }
    Some(bytes)
}

/// The byte offset in the module of each site that [`encode`] writes with calls.
pub fn wasm_offsets(code: &CompiledCode) -> Vec<Option<u32>> {
    sites(code, true).into_iter().map(|(site, kind)| wasm_offset(code, site, kind)).collect()
}

/// Code offset and kind of each site, in order.
fn sites(code: &CompiledCode, calls: bool) -> Vec<(u32, u8)> {
    let trap_sites = code.buffer.traps().iter().filter_map(|trap| {
        let kind = traps::from_clif(trap.code)?;
        Some((trap.offset, kind as u8))
    });
    let mut sites: Vec<(u32, u8)> = trap_sites.collect();
    sites.sort_unstable();
    let trap_count = sites.len();
    for call in code.buffer.call_sites() {
        let site = call.ret_addr;
        let never_returns = || {
            let trap = sites[..trap_count].binary_search_by_key(&site, |&(trap, _)| trap);
            let place = trap.ok().and_then(|index| wasm_offset(code, site, sites[index].1));
            place.is_some() && place == wasm_offset(code, site, SITE_CALL)
        };
        if calls || never_returns() {
            sites.push((site, SITE_CALL));
        }
    }
    sites.sort_unstable();
    sites
}

/// The byte offset in the module that the instruction of a site was made from.
fn wasm_offset(code: &CompiledCode, site: u32, kind: u8) -> Option<u32> {
    // A return address belongs to the instruction before it.
    let pc = if kind == SITE_CALL { site - 1 } else { site };
    let ranges = code.buffer.get_srclocs_sorted();
    let after = ranges.partition_point(|range| range.start <= pc);
    let range = &ranges[after.checked_sub(1)?];
    (pc < range.end && !range.loc.is_default()).then(|| range.loc.bits())
}
