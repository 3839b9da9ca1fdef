//! Constants where they are used.
//!
//! Cranelift's e-graph pass makes one of all equal constants, and computes it anew in each block that wants it, since
//! that costs less than a register. But where a constant is needed in places of which none leads to the other, such as
//! two loops, it makes copies, and takes these for any other value (`egraph/elaborate.rs`: a clone is not in
//! `remat_values`): they are computed once, in front of the outermost loop, and wait in registers, or in the frame, for
//! the arguments of blocks that they are.
//!
//! The pass runs behind that one. It keeps the order of everything else, and its copies are before the first branch of
//! a block, as Cranelift wants them.

use cranelift_codegen::ir::{Block, Function, Inst, Opcode, Value};

/// Gives each block copies of its own of the constants that it uses.
pub fn copy_constants(function: &mut Function) {
    let mut values: Vec<Value> = Vec::new();
    // Of the block: a constant of another one, and its copy. There are few.
    let mut copies: Vec<(Value, Value)> = Vec::new();
    let mut next_block = function.layout.entry_block();
    while let Some(block) = next_block {
        next_block = function.layout.next_block(block);
        copies.clear();
        let mut first_branch = None;
        let mut next = function.layout.first_inst(block);
        while let Some(inst) = next {
            next = function.layout.next_inst(inst);
            if first_branch.is_none() && function.dfg.insts[inst].opcode().is_branch() {
                first_branch = Some(inst);
            }
            if !function.dfg.inst_values(inst).any(|value| constant_of_other(function, value, block).is_some()) {
                continue;
            }
            values.extend(function.dfg.inst_values(inst));
            for value in &mut values {
                let Some(constant) = constant_of_other(function, *value, block) else { continue };
                let known = copies.iter().find(|(original, _)| original == value);
                let copy = known.map(|&(_, copy)| copy).unwrap_or_else(|| {
                    let copy = function.dfg.clone_inst(constant);
                    function.layout.insert_inst(copy, first_branch.unwrap_or(inst));
                    function.dfg.first_result(copy)
                });
                if known.is_none() {
                    copies.push((*value, copy));
                }
                *value = copy;
            }
            function.dfg.overwrite_inst_values(inst, values.drain(..));
        }
    }
}

/// The instruction that makes a value, if that is a constant, and in another block.
fn constant_of_other(function: &Function, value: Value, block: Block) -> Option<Inst> {
    let inst = function.dfg.value_def(value).inst()?;
    let is_constant = matches!(function.dfg.insts[inst].opcode(), Opcode::Iconst | Opcode::F32const | Opcode::F64const);
    (is_constant && function.layout.inst_block(inst) != Some(block)).then_some(inst)
}
