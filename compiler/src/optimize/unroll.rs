//! Small loops go several rounds before they branch back.
//!
//! A processor takes one branch in two cycles or so, whatever else it could do in them: a loop of a few instructions is
//! bound by its own branch. So a small loop that is one block is followed by a copy of itself. The branch between them
//! is not taken but at the end of the loop. If the number of rounds is known, and a multiple of two or four, there are
//! as many rounds in the block, and no branches between them.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::ops::Deref;

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, Function, Inst, InstBuilder, InstructionData, Opcode, Value, ValueDef, types};

use super::linear::{Linear, constant};
use super::loops::{SelfLoop, Uses, copy_loop, leave_together, redirect, self_loops, step_of};

/// Instructions beyond which a loop is not followed by a copy, without those that are likely to be none. Loops that run
/// an unknown number of rounds are many, and most run few.
const MOST_FOLLOWED: usize = 16;
/// The same of a loop that is repeated in its block.
const MOST_REPEATED: usize = 96;
/// Blocks that are looked through for what a loop begins with.
const MOST_ENTRIES: usize = 4;

/// Follows small loops by copies of themselves.
pub fn unroll(function: &mut Function) {
    let found = ways(function);
    if found.is_empty() {
        return;
    }
    let uses = Uses::of(function);
    for (of, way) in found {
        match way {
            Way::Repeat(times) => repeat(function, of, times),
            Way::Follow => follow(function, of, &uses),
        }
    }
    function.dfg.resolve_all_aliases();
}

/// How a loop goes several rounds.
enum Way {
    /// So many in its block.
    Repeat(u32),
    /// In a copy behind it.
    Follow,
}

/// The loops for which that pays.
fn ways(function: &Function) -> Vec<(SelfLoop, Way)> {
    let graph = LazyCell::new(|| {
        let mut graph = ControlFlowGraph::new();
        graph.compute(function);
        graph
    });
    let way = |of: SelfLoop| {
        let insts = insts(function, of.block).filter(|&insts| insts <= MOST_REPEATED)?;
        match rounds(function, &graph, of) {
            Some(rounds) if rounds % 4 == 0 => Some((of, Way::Repeat(4))),
            Some(rounds) if rounds % 2 == 0 => Some((of, Way::Repeat(2))),
            _ => (insts <= MOST_FOLLOWED).then_some((of, Way::Follow)),
        }
    };
    self_loops(function).into_iter().filter_map(way).collect()
}

/// The instructions of a block that is executed often and calls nothing.
fn insts(function: &Function, block: Block) -> Option<usize> {
    let opcodes = || function.layout.block_insts(block).map(|inst| function.dfg.insts[inst].opcode());
    let is_free = |opcode: &Opcode| matches!(opcode, Opcode::Iconst | Opcode::Uextend | Opcode::Ireduce);
    let pays = !function.layout.is_cold(block) && opcodes().all(|opcode| !opcode.is_call());
    pays.then(|| opcodes().filter(|opcode| !is_free(opcode)).count())
}

/// How often a loop runs, if it counts from a constant to another.
fn rounds(function: &Function, graph: &impl Deref<Target = ControlFlowGraph>, of: SelfLoop) -> Option<u32> {
    let dfg = &function.dfg;
    let block = of.block;
    let InstructionData::Brif { arg, .. } = dfg.insts[function.layout.last_inst(block)?] else { return None };
    let mut comparison = dfg.value_def(arg).inst()?;
    if let InstructionData::Unary { opcode: Opcode::Uextend, arg } = dfg.insts[comparison] {
        comparison = dfg.value_def(arg).inst()?;
    }
    let InstructionData::IntCompare { cond, args: [next, end], .. } = dfg.insts[comparison] else { return None };
    let goes_on_while = [IntCC::Equal, IntCC::NotEqual][of.exit];
    if cond != goes_on_while || dfg.value_type(next) != types::I32 {
        return None;
    }
    let end = constant(dfg, end)? as u32;
    let next = Linear::of(dfg, next);
    let &[(counter, 1)] = &next.terms[..] else { return None };
    let ValueDef::Param(home, index) = dfg.value_def(counter) else { return None };
    if home != block || step_of(function, block, index)? != next.constant {
        return None;
    }
    let start = entered_with(function, graph, block, index)? as u32;
    let (way, step) = match next.constant as i32 {
        0 => return None,
        up @ 1.. => (end.wrapping_sub(start), up.unsigned_abs()),
        down => (start.wrapping_sub(end), down.unsigned_abs()),
    };
    (way != 0 && way % step == 0).then_some(way / step)
}

/// The constant that is passed to a parameter of a loop from outside.
fn entered_with(function: &Function, graph: &ControlFlowGraph, block: Block, index: usize) -> Option<i64> {
    let dfg = &function.dfg;
    let (mut block, mut index, mut inside) = (block, index, Some(block));
    for _ in 0..MOST_ENTRIES {
        let mut edges = graph.pred_iter(block).filter(|edge| Some(edge.block) != inside);
        let edge = edges.next()?;
        if edges.next().is_some() {
            return None;
        }
        let calls = dfg.insts[edge.inst].branch_destination(&dfg.jump_tables, &dfg.exception_tables);
        let mut calls = calls.iter().filter(|call| call.block(&dfg.value_lists) == block);
        let argument = calls.next()?.args(&dfg.value_lists).nth(index)?.as_value()?;
        if calls.next().is_some() {
            return None;
        }
        if let Some(constant) = constant(dfg, argument) {
            return Some(constant);
        }
        let ValueDef::Param(home, place) = dfg.value_def(argument) else { return None };
        (block, index, inside) = (home, place, None);
    }
    None
}

/// Puts several rounds into a loop's block.
fn repeat(function: &mut Function, of: SelfLoop, times: u32) {
    let block = of.block;
    let end = function.layout.last_inst(block).expect("a loop ends in a branch");
    let insts: Vec<Inst> = function.layout.block_insts(block).filter(|&inst| inst != end).collect();
    let dfg = &mut function.dfg;
    let parameters = dfg.block_params(block).to_vec();
    let InstructionData::Brif { blocks, .. } = dfg.insts[end] else { unreachable!("it was found by that") };
    let next: Vec<Value> =
        blocks[1 - of.exit].args(&dfg.value_lists).filter_map(|argument| argument.as_value()).collect();
    // The rounds before the last get new names.
    let mut names: HashMap<Value, Value> = HashMap::new();
    for &parameter in &parameters {
        let ty = dfg.value_type(parameter);
        names.insert(parameter, dfg.replace_block_param(parameter, ty));
    }
    for _ in 1..times {
        for &inst in &insts {
            let new = function.dfg.clone_inst(inst);
            function.dfg.map_inst_values(new, |value| names.get(&value).copied().unwrap_or(value));
            let dfg = &function.dfg;
            names.extend(dfg.inst_results(inst).iter().copied().zip(dfg.inst_results(new).iter().copied()));
            let location = function.srcloc(inst);
            function.layout.insert_inst(new, *insts.first().unwrap_or(&end));
            function.set_srcloc(new, location);
        }
        let values: Vec<Value> = next.iter().map(|value| names.get(value).copied().unwrap_or(*value)).collect();
        names.extend(parameters.iter().copied().zip(values));
    }
    for parameter in parameters {
        function.dfg.change_to_alias(parameter, names[&parameter]);
    }
}

/// Puts a copy of a loop behind it, which goes back to it.
fn follow(function: &mut Function, of: SelfLoop, uses: &Uses) {
    let SelfLoop { block, exit } = of;
    let copy = copy_loop(function, block);
    leave_together(function, of, &copy, uses);
    let branch = function.layout.last_inst(copy.block).expect("a loop ends in a branch");
    redirect(function, branch, copy.block, block);

    // The copy is entered from the loop only: it needs no parameters.
    let branch = function.layout.last_inst(block).expect("a loop ends in a branch");
    let location = function.srcloc(branch);
    let dfg = &mut function.dfg;
    let InstructionData::Brif { arg, blocks, .. } = dfg.insts[branch] else { unreachable!("it was found by that") };
    let next: Vec<Value> = blocks[1 - exit].args(&dfg.value_lists).filter_map(|argument| argument.as_value()).collect();
    let parameters = dfg.detach_block_params(copy.block);
    let parameters = parameters.as_slice(&dfg.value_lists).to_vec();
    for (parameter, value) in parameters.into_iter().zip(next) {
        dfg.change_to_alias(parameter, value);
    }

    function.layout.remove_inst(branch);
    // Cranelift lets what a branch leads to otherwise follow it.
    let leave = function.dfg.make_block();
    function.layout.insert_block_after(leave, copy.block);
    let mut cursor = FuncCursor::new(function).at_bottom(block).with_srcloc(location);
    let leaves = if exit == 0 { arg } else { negated(&mut cursor, arg) };
    cursor.ins().brif(leaves, leave, &[], copy.block, &[]);
    let landing = blocks[exit].block(&cursor.func.dfg.value_lists);
    let arguments: Vec<_> = blocks[exit].args(&cursor.func.dfg.value_lists).collect();
    cursor.goto_bottom(leave);
    cursor.ins().jump(landing, &arguments);
}

/// 1 where a condition is 0.
fn negated(cursor: &mut FuncCursor<'_>, condition: Value) -> Value {
    cursor.ins().icmp_imm_u(IntCC::Equal, condition, 0)
}
