//! Addresses that go from block to block are kept in 64 bits.
//!
//! An address in a 32-bit memory is an i32, and each access extends it. If it was just computed, that costs nothing:
//! instructions of x86-64 that write 32 bits of a register clear the others. But of what comes from another block, and
//! of what was loaded and is needed as an i32 as well, the code generator does not know that, and copies it before each
//! access. Loops over lists and pointers pay for that in every round.
//!
//! So a parameter of a block that is extended somewhere becomes an i64, which is extended where the block is entered,
//! and a load whose result is extended loads an i64. What uses them as i32 gets the lower half, for nothing.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::{
    Block, BlockArg, Function, Inst, InstBuilder, InstructionData, Opcode, Value, ValueDef, types,
};
use cranelift_entity::packed_option::PackedOption;
use cranelift_entity::{EntitySet, SecondaryMap};

/// Widens parameters of blocks and results of loads that are extended to i64.
pub fn widen_addresses(function: &mut Function) {
    let extensions = find_extensions(function);
    if extensions.is_empty() {
        return;
    }
    let mut widener = Widener { function, wide: SecondaryMap::new(), parameters: SecondaryMap::new() };
    let chosen = widener.choose(&extensions);
    for &value in &chosen {
        widener.widen_parameter(value);
    }
    for (extension, value) in extensions {
        widener.replace_extension(extension, value);
    }
    widener.extend_arguments();
}

struct Widener<'f> {
    function: &'f mut Function,
    /// The i64 of which an i32 is the lower half.
    wide: SecondaryMap<Value, PackedOption<Value>>,
    /// The places of the widened parameters of each block.
    parameters: SecondaryMap<Block, Vec<usize>>,
}

/// All instructions that extend an i32 to i64, and what they extend.
fn find_extensions(function: &Function) -> Vec<(Inst, Value)> {
    let dfg = &function.dfg;
    let instructions = function.layout.blocks().flat_map(|block| function.layout.block_insts(block));
    let extensions = instructions.filter_map(|inst| match dfg.insts[inst] {
        InstructionData::Unary { opcode: Opcode::Uextend, arg } => {
            let widens = dfg.value_type(arg) == types::I32 && dfg.value_type(dfg.first_result(inst)) == types::I64;
            widens.then_some((inst, arg))
        }
        _ => None,
    });
    extensions.collect()
}

impl Widener<'_> {
    /// The parameters that are worth it: no more arguments cost an instruction than extensions are saved.
    fn choose(&self, extensions: &[(Inst, Value)]) -> Vec<Value> {
        let function = &*self.function;
        let dfg = &function.dfg;
        let mut balance: SecondaryMap<Value, i32> = SecondaryMap::new();
        let mut candidates: Vec<Value> = Vec::new();
        let mut is_candidate = EntitySet::new();
        let excluded = blocks_entered_by_calls(function);
        for &(_, value) in extensions {
            if let ValueDef::Param(block, _) = dfg.value_def(value)
                && !excluded.contains(block)
                && function.layout.entry_block() != Some(block)
            {
                balance[value] += 1;
                if is_candidate.insert(value) {
                    candidates.push(value);
                }
            }
        }
        for branch in branches(function) {
            for call in dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables) {
                let parameters = dfg.block_params(call.block(&dfg.value_lists));
                for (&parameter, argument) in parameters.iter().zip(call.args(&dfg.value_lists)) {
                    if !is_candidate.contains(parameter) {
                        continue;
                    }
                    let argument = argument.as_value().expect("only calls give something else");
                    if !is_candidate.contains(argument) && !self.is_free(argument) {
                        balance[parameter] -= 1;
                    }
                }
            }
        }
        candidates.retain(|&value| balance[value] >= 0);
        candidates
    }

    /// Whether the code generator knows that the upper half is zero, or can be made to know.
    fn is_free(&self, value: Value) -> bool {
        let dfg = &self.function.dfg;
        let ValueDef::Result(inst, _) = dfg.value_def(value) else { return false };
        matches!(
            dfg.insts[inst].opcode(),
            Opcode::Iconst
                | Opcode::Iadd
                | Opcode::Isub
                | Opcode::Imul
                | Opcode::Band
                | Opcode::Bor
                | Opcode::Bxor
                | Opcode::Ishl
                | Opcode::Ushr
                | Opcode::Load
                | Opcode::Uload8
                | Opcode::Uload16
        )
    }

    fn widen_parameter(&mut self, parameter: Value) {
        let ValueDef::Param(block, index) = self.function.dfg.value_def(parameter) else {
            unreachable!("parameters were chosen")
        };
        let wide = self.function.dfg.replace_block_param(parameter, types::I64);
        let mut cursor = FuncCursor::new(self.function).at_first_insertion_point(block);
        let narrow = cursor.ins().ireduce(types::I32, wide);
        cursor.func.dfg.change_to_alias(parameter, narrow);
        self.move_labels(parameter, wide);
        self.wide[narrow] = wide.into();
        self.parameters[block].push(index);
    }

    /// The i64 of which a value is the lower half, if there is one. What is loaded is loaded as one.
    fn wide(&mut self, value: Value) -> Option<Value> {
        let value = self.function.dfg.resolve_aliases(value);
        if let Some(wide) = self.wide[value].expand() {
            return Some(wide);
        }
        let dfg = &mut self.function.dfg;
        let ValueDef::Result(inst, _) = dfg.value_def(value) else { return None };
        let InstructionData::Load { opcode, arg, flags, offset } = dfg.insts[inst] else { return None };
        let opcode = match opcode {
            Opcode::Load => Opcode::Uload32,
            Opcode::Uload8 | Opcode::Uload16 => opcode,
            _ => return None,
        };
        dfg.clear_results(inst);
        dfg.insts[inst] = InstructionData::Load { opcode, arg, flags, offset };
        dfg.make_inst_results(inst, types::I64);
        let wide = dfg.first_result(inst);
        let mut cursor = FuncCursor::new(self.function).after_inst(inst);
        let narrow = cursor.ins().ireduce(types::I32, wide);
        cursor.func.dfg.change_to_alias(value, narrow);
        self.move_labels(value, wide);
        self.wide[narrow] = wide.into();
        Some(wide)
    }

    /// What is known for debuggers about a value, is so about its wide form: they look at the lower half only.
    fn move_labels(&mut self, value: Value, wide: Value) {
        if let Some(labels) = &mut self.function.dfg.values_labels
            && let Some(label) = labels.remove(&value)
        {
            labels.insert(wide, label);
        }
    }

    fn replace_extension(&mut self, extension: Inst, value: Value) {
        let Some(wide) = self.wide(value) else { return };
        let result = self.function.dfg.first_result(extension);
        self.function.dfg.clear_results(extension);
        self.function.layout.remove_inst(extension);
        self.function.dfg.change_to_alias(result, wide);
    }

    /// Gives the widened parameters of each block what they want.
    fn extend_arguments(&mut self) {
        for branch in branches(self.function).collect::<Vec<_>>() {
            let dfg = &self.function.dfg;
            let destinations = dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables).len();
            for destination in 0..destinations {
                let dfg = &self.function.dfg;
                let call = dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables)[destination];
                let target = call.block(&dfg.value_lists);
                if self.parameters[target].is_empty() {
                    continue;
                }
                let places = std::mem::take(&mut self.parameters[target]);
                let mut arguments: Vec<BlockArg> = call.args(&dfg.value_lists).collect();
                for &place in &places {
                    let argument = arguments[place].as_value().expect("only calls give something else");
                    let wide = match self.wide(argument) {
                        Some(wide) => wide,
                        None => FuncCursor::new(self.function).at_inst(branch).ins().uextend(types::I64, argument),
                    };
                    arguments[place] = BlockArg::Value(wide);
                }
                let dfg = &mut self.function.dfg;
                let mut arguments = arguments.into_iter();
                let calls = dfg.insts[branch].branch_destination_mut(&mut dfg.jump_tables, &mut dfg.exception_tables);
                calls[destination].update_args(&mut dfg.value_lists, |_| arguments.next().expect("as many as before"));
                self.parameters[target] = places;
            }
        }
    }
}

fn branches(function: &Function) -> impl Iterator<Item = Inst> {
    function.layout.blocks().filter_map(|block| function.layout.last_inst(block))
}

/// What goes to these blocks may be the result of a call, of which there is nothing to extend before the call.
fn blocks_entered_by_calls(function: &Function) -> EntitySet<Block> {
    let dfg = &function.dfg;
    let mut blocks = EntitySet::new();
    for table in branches(function).filter_map(|branch| dfg.insts[branch].exception_table()) {
        for branch in dfg.exception_tables[table].all_branches() {
            blocks.insert(branch.block(&dfg.value_lists));
        }
    }
    blocks
}
