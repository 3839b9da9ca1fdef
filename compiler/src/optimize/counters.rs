//! Loops end by what their counter becomes, not by what it was.
//!
//! A loop that counts `next = i + 8` until `next == 4096` needs one register: `i` is dead when `next` is there.
//! Cranelift makes the end `i == 4088`, since that needs no addition; but the addition is made anyway, now both are
//! alive at the branch, and what goes back to the beginning of the loop has to be moved there, in a block of its own:
//! two branches are taken in each round instead of one.
//!
//! Equality is the same for the numbers extended to 64 bits, and there Cranelift does not look through. On x86-64
//! extending a sum costs nothing, on AArch64 it is less than the move and the branch.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, Function, Inst, InstBuilder, InstructionData, Opcode, Value, types};

use super::linear::{Linear, constant};

/// Makes branches back to a loop compare the next value of a counter in 64 bits, where they compare it with a constant.
pub fn compare_next(function: &mut Function) {
    for block in function.layout.blocks().collect::<Vec<_>>() {
        let Some((comparison, next, end)) = counted(function, block) else { continue };
        let InstructionData::IntCompare { opcode, cond, .. } = function.dfg.insts[comparison] else { continue };
        let mut cursor = FuncCursor::new(function).at_inst(comparison);
        cursor.set_srcloc(cursor.func.srcloc(comparison));
        let next = cursor.ins().uextend(types::I64, next);
        let end = cursor.ins().iconst(types::I64, i64::from(end));
        function.dfg.insts[comparison] = InstructionData::IntCompare { opcode, cond, args: [next, end] };
    }
}

/// The comparison that a block's branch depends on, of the next value of a counter and a constant.
fn counted(function: &Function, block: Block) -> Option<(Inst, Value, u32)> {
    let dfg = &function.dfg;
    let InstructionData::Brif { arg, blocks, .. } = dfg.insts[function.layout.last_inst(block)?] else { return None };
    let comparison = dfg.value_def(arg).inst()?;
    // What a comparison gives is an i32 in WebAssembly.
    let comparison = match dfg.insts[comparison] {
        InstructionData::Unary { opcode: Opcode::Uextend, arg } => dfg.value_def(arg).inst()?,
        _ => comparison,
    };
    let InstructionData::IntCompare { cond: IntCC::Equal | IntCC::NotEqual, args, .. } = dfg.insts[comparison] else {
        return None;
    };
    let [next, end] = args;
    let end = constant(dfg, end).filter(|_| dfg.value_type(next) == types::I32)? as u32;
    let next_is = Linear::of(dfg, next);
    let &[(counter, 1)] = &next_is.terms[..] else { return None };
    let goes_round = blocks.iter().any(|call| {
        let parameters = dfg.block_params(call.block(&dfg.value_lists));
        let arguments = call.args(&dfg.value_lists).filter_map(|argument| argument.as_value());
        parameters.iter().zip(arguments).any(|pair| pair == (&counter, next))
    });
    goes_round.then_some((comparison, next, end))
}
