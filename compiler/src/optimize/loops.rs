//! Loops that are one block: what they are, and how they are copied.

use std::collections::HashMap;

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::{Block, BlockArg, Function, Inst, InstBuilder, InstructionData, Value, ValueDef};
use cranelift_entity::{EntitySet, SecondaryMap};

use super::linear::Linear;

/// A block whose own end leads to itself or elsewhere.
#[derive(Clone, Copy)]
pub struct SelfLoop {
    pub block: Block,
    /// The number of the destination elsewhere.
    pub exit: usize,
}

/// All of a function.
pub fn self_loops(function: &Function) -> Vec<SelfLoop> {
    let dfg = &function.dfg;
    let find = |block| {
        let InstructionData::Brif { blocks, .. } = dfg.insts[function.layout.last_inst(block)?] else { return None };
        match blocks.map(|call| call.block(&dfg.value_lists) == block) {
            [true, false] => Some(SelfLoop { block, exit: 1 }),
            [false, true] => Some(SelfLoop { block, exit: 0 }),
            _ => None,
        }
    };
    function.layout.blocks().filter_map(find).collect()
}

/// What is used where.
pub struct Uses {
    pub counts: SecondaryMap<Value, u32>,
    /// Used in a block that is not the one of its definition.
    pub elsewhere: EntitySet<Value>,
}

impl Uses {
    pub fn of(function: &Function) -> Uses {
        let mut uses = Uses { counts: SecondaryMap::new(), elsewhere: EntitySet::new() };
        for block in function.layout.blocks() {
            for inst in function.layout.block_insts(block) {
                for value in function.dfg.inst_values(inst) {
                    uses.counts[value] += 1;
                    if home(function, value) != Some(block) {
                        uses.elsewhere.insert(value);
                    }
                }
            }
        }
        uses
    }
}

/// The block in which a value is defined.
pub fn home(function: &Function, value: Value) -> Option<Block> {
    match function.dfg.value_def(value) {
        ValueDef::Result(inst, _) => function.layout.inst_block(inst),
        ValueDef::Param(block, _) => Some(block),
        ValueDef::Union(..) => None,
    }
}

/// What is added to a parameter of a loop in each round.
pub fn step_of(function: &Function, block: Block, index: usize) -> Option<u32> {
    let dfg = &function.dfg;
    let InstructionData::Brif { blocks, .. } = dfg.insts[function.layout.last_inst(block)?] else { return None };
    let back = blocks.iter().find(|call| call.block(&dfg.value_lists) == block)?;
    let argument = back.args(&dfg.value_lists).nth(index)?.as_value()?;
    let step = Linear::of(dfg, argument).difference(&Linear::of(dfg, dfg.block_params(block)[index]));
    step.terms.is_empty().then_some(step.constant)
}

/// A copy of a loop that is one block, and what is what there.
pub struct LoopCopy {
    pub block: Block,
    pub copies: HashMap<Value, Value>,
}

/// Copies a loop that is one block.
pub fn copy_loop(function: &mut Function, block: Block) -> LoopCopy {
    let copy = function.dfg.make_block();
    function.layout.insert_block_after(copy, block);
    let mut copies: HashMap<Value, Value> = HashMap::new();
    for parameter in function.dfg.block_params(block).to_vec() {
        let ty = function.dfg.value_type(parameter);
        copies.insert(parameter, function.dfg.append_block_param(copy, ty));
    }
    let insts: Vec<Inst> = function.layout.block_insts(block).collect();
    for inst in insts {
        let new = function.dfg.clone_inst(inst);
        function.dfg.map_inst_values(new, |value| copies.get(&value).copied().unwrap_or(value));
        let dfg = &function.dfg;
        copies.extend(dfg.inst_results(inst).iter().copied().zip(dfg.inst_results(new).iter().copied()));
        function.layout.append_inst(new, copy);
        let location = function.srcloc(inst);
        function.set_srcloc(new, location);
        redirect(function, new, block, copy);
    }
    LoopCopy { block: copy, copies }
}

/// Makes a loop and its copy end in one block, from which it goes on. What was defined in the loop and is used behind
/// it is a parameter there; its old name is an alias of that.
pub fn leave_together(function: &mut Function, of: SelfLoop, copy: &LoopCopy, uses: &Uses) {
    let SelfLoop { block, exit } = of;
    let landing = function.dfg.make_block();
    function.layout.insert_block_after(landing, copy.block);
    let branch = function.layout.last_inst(block).expect("a loop ends in a branch");
    let (dfg, layout) = (&mut function.stencil.dfg, &function.stencil.layout);
    let call = dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables)[exit];
    let target = call.block(&dfg.value_lists);
    let arguments: Vec<Value> = call.args(&dfg.value_lists).filter_map(|argument| argument.as_value()).collect();
    let results = layout.block_insts(block).flat_map(|inst| dfg.inst_results(inst));
    let defined = dfg.block_params(block).iter().chain(results).copied();
    let is_passed = |value: &Value| uses.elsewhere.contains(*value) || arguments.contains(value);
    let passed: Vec<Value> = defined.filter(is_passed).collect();

    // Inside, they get new names; the old ones are the parameters of the landing.
    let mut inside: HashMap<Value, Value> = HashMap::new();
    let mut landed: HashMap<Value, Value> = HashMap::new();
    for &value in &passed {
        let ty = dfg.value_type(value);
        let new = match dfg.value_def(value) {
            ValueDef::Param(..) => dfg.replace_block_param(value, ty),
            _ => dfg.replace_result(value, ty),
        };
        inside.insert(value, new);
        landed.insert(value, dfg.append_block_param(landing, ty));
    }
    for inst in layout.block_insts(block) {
        dfg.map_inst_values(inst, |value| inside.get(&value).copied().unwrap_or(value));
    }
    for (loop_block, names) in [(block, &inside), (copy.block, &copy.copies)] {
        let branch = layout.last_inst(loop_block).expect("a loop ends in a branch");
        let own: Vec<BlockArg> = passed.iter().map(|value| BlockArg::Value(names[value])).collect();
        let call = dfg.block_call(landing, &own);
        dfg.insts[branch].branch_destination_mut(&mut dfg.jump_tables, &mut dfg.exception_tables)[exit] = call;
    }
    let arguments: Vec<BlockArg> =
        arguments.iter().map(|value| BlockArg::Value(landed.get(value).copied().unwrap_or(*value))).collect();
    for (&value, &parameter) in &landed {
        dfg.change_to_alias(value, parameter);
    }
    FuncCursor::new(function).at_bottom(landing).ins().jump(target, &arguments);
}

/// Makes what a branch leads to from one block another, with the same arguments.
pub fn redirect(function: &mut Function, branch: Inst, from: Block, to: Block) {
    let dfg = &mut function.dfg;
    for call in dfg.insts[branch].branch_destination_mut(&mut dfg.jump_tables, &mut dfg.exception_tables) {
        if call.block(&dfg.value_lists) == from {
            call.set_block(to, &mut dfg.value_lists);
        }
    }
}
