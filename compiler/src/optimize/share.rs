//! Accesses to neighbouring places have one address, with different offsets.
//!
//! The index `i + 8` of a 32-bit memory may wrap, and then it is far from `i`: so it has to be computed, although an
//! access could add 8 for nothing. But where there was an access at `i` before, which trapped unless `i` is inside, the
//! sum does not wrap, since the memory never reaches to the end of what indices address
//! ([`has_room_behind`](crate::plan::layout::MemoryPlace::has_room_behind)). The second access is made at the first's
//! address, and a larger offset.
//!
//! That an access was before is known inside a block, and of the only block from which one is entered. Whatever became
//! of the earlier access, the later one stays inside the memory's reservation: what its index and offset reach is at
//! most [`MOST_BYTES`] more than what they could, and 64 KiB more are reserved.

use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::immediates::Offset32;
use cranelift_codegen::ir::{AliasRegion, Block, Function, Inst, InstructionData, Opcode, Value, types};
use cranelift_entity::SecondaryMap;
use wasmc_abi::layout::GUARDED_RESERVATION;

use super::linear::{Linear, constant};
use crate::plan::Plan;
use crate::translate::environment::memory_of_region;

/// How far the places of one address may be apart.
const MOST_BYTES: u32 = 4096;
/// Index and offset have 32 bits each, and an access at most 16 bytes.
const _: () = assert!((2 << 32) + MOST_BYTES as u64 + 16 <= GUARDED_RESERVATION);

/// Addresses that are remembered at a time: each may need a register.
const MOST_ADDRESSES: usize = 8;

/// An address of an access that was made.
#[derive(Clone)]
struct Address {
    region: AliasRegion,
    value: Value,
    /// What is extended, and to what that is added.
    index: Linear,
    base: Base,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    Constant(i64),
    Value(Value),
}

/// Makes accesses behind others at their addresses.
pub fn share_addresses(function: &mut Function, plan: &Plan<'_>) {
    if !plan.layout.memories.values().any(|place| place.has_room_behind) {
        return;
    }
    function.dfg.resolve_all_aliases();
    let mut graph = ControlFlowGraph::new();
    graph.compute(function);
    let mut at_end: SecondaryMap<Block, Vec<Address>> = SecondaryMap::new();
    for block in function.layout.blocks().collect::<Vec<_>>() {
        let mut entries = graph.pred_iter(block).map(|edge| edge.block);
        // One that comes later has no addresses yet.
        let mut addresses = match (entries.next(), entries.next()) {
            (Some(only), None) => at_end[only].clone(),
            _ => Vec::new(),
        };
        for inst in function.layout.block_insts(block).collect::<Vec<_>>() {
            share(function, plan, inst, &mut addresses);
        }
        at_end[block] = addresses;
    }
}

/// Makes an access at the address of an earlier one, or remembers its address.
fn share(function: &mut Function, plan: &Plan<'_>, inst: Inst, addresses: &mut Vec<Address>) {
    let Some((address, offset)) = address(function, plan, inst) else { return };
    for earlier in addresses.iter().rev() {
        if (earlier.region, earlier.base) != (address.region, address.base)
            || earlier.index.terms != address.index.terms
        {
            continue;
        }
        let distance = address.index.constant.wrapping_sub(earlier.index.constant);
        if distance > MOST_BYTES {
            continue;
        }
        if let Some(offset) = offset.try_add_i64(distance.into()) {
            match &mut function.dfg.insts[inst] {
                InstructionData::Load { arg, offset: own, .. } => (*arg, *own) = (earlier.value, offset),
                InstructionData::Store { args, offset: own, .. } => (args[1], *own) = (earlier.value, offset),
                _ => unreachable!("it has an address"),
            }
            return;
        }
    }
    if addresses.len() == MOST_ADDRESSES {
        addresses.remove(0);
    }
    addresses.push(address);
}

/// The address and offset of a load or store in a memory with room behind it.
fn address(function: &Function, plan: &Plan<'_>, inst: Inst) -> Option<(Address, Offset32)> {
    let dfg = &function.dfg;
    let data = &dfg.insts[inst];
    let (value, offset) = match *data {
        InstructionData::Load { arg, offset, .. } => (arg, offset),
        InstructionData::Store { args, offset, .. } => (args[1], offset),
        _ => return None,
    };
    let region = data.memflags_data(dfg)?.alias_region()?;
    let memory = memory_of_region(dfg.alias_regions[region].user_id)?;
    if !plan.layout.memories[memory].has_room_behind {
        return None;
    }
    let InstructionData::Binary { opcode: Opcode::Iadd, args: [one, other] } =
        dfg.insts[dfg.value_def(value).inst()?]
    else {
        return None;
    };
    let extended = |value: Value| match dfg.insts[dfg.value_def(value).inst()?] {
        InstructionData::Unary { opcode: Opcode::Uextend, arg } => (dfg.value_type(arg) == types::I32).then_some(arg),
        _ => None,
    };
    let (index, base) = match (extended(one), extended(other)) {
        (Some(index), None) => (index, other),
        (None, Some(index)) => (index, one),
        _ => return None,
    };
    let base = constant(dfg, base).map_or(Base::Value(base), Base::Constant);
    Some((Address { region, value, index: Linear::of(dfg, index), base }, offset))
}
