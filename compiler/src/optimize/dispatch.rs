//! Each case of an interpreter's loop goes to the next one by itself.
//!
//! A loop around a switch has one indirect jump, which all its cases come back to: the processor has one place to
//! remember where it went, for all of them. If each case has its own copy, there is one for each, and what follows
//! what is learnt ("The Structure and Performance of Efficient Interpreters", Ertl and Gregg, JILP 2003). Native
//! compilers do this late; compilers to WebAssembly cannot, since there is one place for each `br_table`.
//!
//! So a small block that ends in a `br_table` is put in place of the jumps to it, and so is a small block on the way.
//!
//! Where a jump says by a constant which case is next, it goes there at once. State machines do that, and all loops of
//! Go: a goroutine can be suspended at each call, so that a function is one loop around a switch over the places at
//! which it can be resumed, and goes from block to block through it.

use std::collections::HashMap;

use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{
    Block, BlockCall, Function, Inst, InstructionData, JumpTableData, Opcode, Value, ValueDef,
};

use super::linear::constant;
use super::ssa::{self, Definitions};

/// Instructions that are copied, without the branch.
const MOST_INSTS: usize = 16;
/// Entries of a table below which a jump is well predicted anyway, or soon compares.
const FEWEST_ENTRIES: usize = 8;
/// Copies below which it is no loop around a switch.
const FEWEST_COPIES: usize = 4;
/// Entries of all tables that a function may get: each is a word of code and an edge for the register allocator.
/// Beyond, nothing is gained any more, and soon much is lost (RATIONALE.md).
const MOST_ENTRIES: usize = 2048;
/// Dispatching blocks of a function to which jumps are looked at: each takes a pass over the function.
const MOST_THREADED: usize = 16;
/// Entries of a table times values that are passed to its block, which may become arguments of each entry.
const MOST_ARGUMENTS: usize = 1 << 18;

/// Copies dispatching blocks to where they are jumped to from.
pub fn copy_dispatches(function: &mut Function) {
    let dispatches: Vec<(Block, usize)> =
        function.layout.blocks().filter_map(|block| Some((block, entries(function, block)?))).collect();
    let mut budget = MOST_ENTRIES;
    let mut graph = ControlFlowGraph::new();
    if !dispatches.is_empty() {
        graph.compute(function);
    }
    for (block, entries) in dispatches {
        let jumps = jumps(function, &graph, block);
        let ways: Vec<Block> = jumps
            .iter()
            .filter_map(|&jump| function.layout.inst_block(jump))
            .filter(|&way| is_small(function, way) && self::jumps(function, &graph, way).len() >= FEWEST_COPIES)
            .collect();
        let more: usize = ways.iter().map(|&way| self::jumps(function, &graph, way).len()).sum();
        let copies = jumps.len() + more;
        if copies < FEWEST_COPIES || copies * entries > budget {
            continue;
        }
        budget -= copies * entries;
        for &way in &ways {
            copy_to_jumps(function, way, &self::jumps(function, &graph, way));
            graph.compute(function);
        }
        copy_to_jumps(function, block, &self::jumps(function, &graph, block));
        graph.compute(function);
    }
}

/// Takes jumps to a dispatching block that know their case to that case.
pub fn thread_jumps(function: &mut Function) {
    let blocks = function.layout.blocks().filter(|&block| dispatched_parameter(function, block).is_some());
    for block in blocks.take(MOST_THREADED).collect::<Vec<_>>() {
        let mut graph = ControlFlowGraph::new();
        graph.compute(function);
        let jumps = jumps_to_known_cases(function, &graph, block);
        if !jumps.is_empty() {
            copy_to_jumps(function, block, &jumps);
        }
    }
}

/// The unconditional jumps to a dispatching block whose index is a constant.
fn jumps_to_known_cases(function: &Function, graph: &ControlFlowGraph, block: Block) -> Vec<Inst> {
    let Some(parameter) = dispatched_parameter(function, block) else { return Vec::new() };
    let dfg = &function.dfg;
    let is_known = |jump: &Inst| {
        let InstructionData::Jump { destination, .. } = dfg.insts[*jump] else { return false };
        let argument = destination.args(&dfg.value_lists).nth(parameter).and_then(|argument| argument.as_value());
        argument.is_some_and(|value| constant(dfg, value).is_some())
    };
    let mut jumps: Vec<Inst> = graph.pred_iter(block).map(|edge| edge.inst).filter(is_known).collect();
    jumps.sort_unstable();
    jumps
}

/// Of a small block that ends in a table, which of its parameters is the index.
fn dispatched_parameter(function: &Function, block: Block) -> Option<usize> {
    let dfg = &function.dfg;
    let InstructionData::BranchTable { arg, table, .. } = dfg.insts[function.layout.last_inst(block)?] else {
        return None;
    };
    let ValueDef::Param(home, index) = dfg.value_def(arg) else { return None };
    let arguments = dfg.jump_tables[table].as_slice().len() * dfg.block_params(block).len();
    (home == block && arguments <= MOST_ARGUMENTS && is_small(function, block)).then_some(index)
}

/// Of a small block that ends in a table, how many entries that has.
fn entries(function: &Function, block: Block) -> Option<usize> {
    let InstructionData::BranchTable { table, .. } = function.dfg.insts[function.layout.last_inst(block)?] else {
        return None;
    };
    let entries = function.dfg.jump_tables[table].as_slice().len();
    (entries >= FEWEST_ENTRIES && is_small(function, block)).then_some(entries)
}

/// Whether a block can be copied for little.
fn is_small(function: &Function, block: Block) -> bool {
    let is_plain = |inst: Inst| {
        let opcode = function.dfg.insts[inst].opcode();
        !opcode.is_call() && !opcode.other_side_effects()
    };
    let insts: Vec<Inst> = function.layout.block_insts(block).take(MOST_INSTS + 2).collect();
    insts.len() <= MOST_INSTS + 1 && insts.split_last().is_some_and(|(_, rest)| rest.iter().copied().all(is_plain))
}

/// The unconditional jumps to a block from others that are executed often.
fn jumps(function: &Function, graph: &ControlFlowGraph, block: Block) -> Vec<Inst> {
    let edges = graph.pred_iter(block).filter(|edge| edge.block != block && !function.layout.is_cold(edge.block));
    let jumps = edges.map(|edge| edge.inst).filter(|&inst| function.dfg.insts[inst].opcode() == Opcode::Jump);
    let mut jumps: Vec<Inst> = jumps.collect();
    jumps.sort_unstable();
    jumps
}

/// Puts copies of a block in place of these jumps to it.
fn copy_to_jumps(function: &mut Function, block: Block, jumps: &[Inst]) {
    let insts: Vec<Inst> = function.layout.block_insts(block).collect();
    let parameters = function.dfg.block_params(block).to_vec();
    let results = insts.iter().flat_map(|&inst| function.dfg.inst_results(inst));
    let defined: Vec<Value> = parameters.iter().chain(results).copied().collect();
    let values = defined.iter().map(|&value| (value, HashMap::from([(block, value)]))).collect();
    let mut definitions = Definitions { home: block, values };
    for &jump in jumps {
        let Some(from) = function.layout.inst_block(jump) else { continue };
        let dfg = &function.dfg;
        let calls = dfg.insts[jump].branch_destination(&dfg.jump_tables, &dfg.exception_tables);
        let arguments = calls[0].args(&dfg.value_lists).filter_map(|argument| argument.as_value());
        let mut copies: HashMap<Value, Value> = parameters.iter().copied().zip(arguments).collect();
        function.layout.remove_inst(jump);
        for &inst in &insts {
            let new = function.dfg.clone_inst(inst);
            own_table(function, new);
            function.dfg.map_inst_values(new, |value| copies.get(&value).copied().unwrap_or(value));
            let dfg = &function.dfg;
            copies.extend(dfg.inst_results(inst).iter().copied().zip(dfg.inst_results(new).iter().copied()));
            function.layout.append_inst(new, from);
            let location = function.srcloc(inst);
            function.set_srcloc(new, location);
            fold_table(function, new);
        }
        for value in &defined {
            definitions.values.entry(*value).or_default().insert(from, copies[value]);
        }
    }
    ssa::restore(function, &definitions);
}

/// Gives a copied branch a table of its own, since its arguments will differ.
fn own_table(function: &mut Function, branch: Inst) {
    let dfg = &mut function.stencil.dfg;
    let InstructionData::BranchTable { table, .. } = &mut dfg.insts[branch] else { return };
    let calls: Vec<BlockCall> =
        dfg.jump_tables[*table].all_branches().iter().map(|call| call.deep_clone(&mut dfg.value_lists)).collect();
    let (default, entries) = calls.split_first().expect("a table has a default");
    *table = dfg.jump_tables.push(JumpTableData::new(*default, entries));
}

/// Makes a branch whose index is known a jump.
fn fold_table(function: &mut Function, branch: Inst) {
    let InstructionData::BranchTable { arg, table, .. } = function.dfg.insts[branch] else { return };
    let Some(index) = constant(&function.dfg, arg) else { return };
    let table = &function.dfg.jump_tables[table];
    let destination = table.as_slice().get(index as u32 as usize).copied().unwrap_or(table.default_block());
    function.dfg.insts[branch] = InstructionData::Jump { opcode: Opcode::Jump, destination };
}
