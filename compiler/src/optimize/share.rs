//! Accesses to neighbouring places have one address, with different offsets.
//!
//! The index `i + 8` of a 32-bit memory may wrap, and then it is far from `i`: so it has to be computed, although an
//! access could add 8 for nothing. But where there was an access at `i` before, which trapped unless `i` is inside, the
//! sum does not wrap, since the memory never reaches to the end of what indices address
//! ([`has_room_behind`](crate::plan::layout::MemoryPlace::has_room_behind)). The second access is made at the first's
//! address, and a larger offset.
//!
//! That an access was before is known inside a block, and of the only branch by which one is entered. Whatever became
//! of the earlier access, the later one stays inside the memory's reservation: what its index and offset reach is at
//! most [`MOST_BYTES`] more than what they could, and 64 KiB more are reserved.

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

/// Addresses that are remembered, of the last accesses: each may need a register.
const MOST_ADDRESSES: usize = 8;

/// An address of an access that was made.
struct Address {
    region: AliasRegion,
    value: Value,
    /// What is extended, and to what that is added.
    index: Linear,
    base: Base,
    /// The place among all of the address that is known besides, if there is one.
    earlier: Option<usize>,
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
    let entries = entries(function);
    let mut addresses: Vec<Address> = Vec::new();
    // The last address that is known at the end of a block. One that comes later has none yet.
    let mut at_end: SecondaryMap<Block, Option<usize>> = SecondaryMap::new();
    let mut next_block = function.layout.entry_block();
    while let Some(block) = next_block {
        let mut last = entries[block].only().and_then(|only| at_end[only]);
        let mut next = function.layout.first_inst(block);
        while let Some(inst) = next {
            share(function, plan, inst, &mut addresses, &mut last);
            next = function.layout.next_inst(inst);
        }
        at_end[block] = last;
        next_block = function.layout.next_block(block);
    }
}

/// From where a block is entered.
#[derive(Clone, Copy, Default)]
enum Entry {
    #[default]
    Nowhere,
    Once(Block),
    Often,
}

impl Entry {
    fn only(self) -> Option<Block> {
        match self {
            Entry::Once(block) => Some(block),
            _ => None,
        }
    }
}

fn entries(function: &Function) -> SecondaryMap<Block, Entry> {
    let dfg = &function.dfg;
    let mut entries: SecondaryMap<Block, Entry> = SecondaryMap::new();
    for block in function.layout.blocks() {
        let Some(branch) = function.layout.last_inst(block) else { continue };
        for call in dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables) {
            let entry = &mut entries[call.block(&dfg.value_lists)];
            *entry = match entry {
                Entry::Nowhere => Entry::Once(block),
                _ => Entry::Often,
            };
        }
    }
    entries
}

/// Makes an access at the address of an earlier one, or remembers its address. `last` is the last that is known.
fn share(function: &mut Function, plan: &Plan<'_>, inst: Inst, addresses: &mut Vec<Address>, last: &mut Option<usize>) {
    let Some((address, offset)) = address(function, plan, inst) else { return };
    let known = std::iter::successors(*last, |&place| addresses[place].earlier);
    for earlier in known.take(MOST_ADDRESSES).map(|place| &addresses[place]) {
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
    let earlier = last.replace(addresses.len());
    addresses.push(Address { earlier, ..address });
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
    Some((Address { region, value, index: Linear::of(dfg, index), base, earlier: None }, offset))
}
