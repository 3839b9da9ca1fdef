//! Calls (core specification, 4.4.8): direct ones are direct, indirect ones check the index and the type, and those
//! through references of a known type only that they are not null. Where a profile knows who is called nearly always,
//! and that is small, its body is there behind a [`Guard`].

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, Block, BlockArg, FuncRef, InstBuilder, Type, Value, types};
use cranelift_entity::EntityRef;
use wasmc_abi::layout::FUNCREF_TYPE_ID;
use wasmc_abi::trap::TrapCode;
use wasmparser::Operator;

use super::environment::Environment;
use super::exceptions::Callee;
use super::function::Translator;
use super::names::{Name, Unique, WasiFunction};
use super::traps;
use super::types::{POINTER, REFERENCE, native_signature, value_type, wasm_signature};
use crate::error::Result;
use crate::parse::index::{FuncIndex, TypeIndex};
use crate::plan::FunctionSource;
use crate::plan::evaluate::ConstValue;
use crate::plan::ids::{FuncId, MemoryId, TableId, TypeId};
use crate::plan::layout::TablePlace;

/// What leads to a function that is not named.
#[derive(Clone, Copy)]
enum Through {
    /// A table, and an index in it.
    Table(TableId, Value),
    Reference(Value),
}

/// A branch on whether a function is called that nearly always is.
struct Guard {
    callee: FuncId,
    /// Its parameters are the arguments, as those of `fails` are.
    holds: Block,
    fails: Block,
    fails_rarely: bool,
}

impl Translator<'_, '_> {
    pub fn translate_call(&mut self, operator: &Operator<'_>) -> Result<bool> {
        match *operator {
            Operator::Call { function_index } => {
                let callee = self.code.instance.functions[FuncIndex::new(function_index as usize)];
                self.call(callee)?;
            }
            Operator::ReturnCall { function_index } => {
                let callee = self.code.instance.functions[FuncIndex::new(function_index as usize)];
                let function = &self.env.plan.functions[callee];
                let arguments = self.pop_arguments(function.ty);
                if let FunctionSource::Wasi { .. } | FunctionSource::Native { .. } = function.source {
                    let call = self.env.call_function(callee, &arguments);
                    let results = self.env.builder.inst_results(call).to_vec();
                    self.env.ins().return_(&results);
                } else {
                    let function = self.env.wasm_function(callee);
                    self.env.ins().return_call(function, &arguments);
                }
                self.unreachable = Some(0);
            }
            Operator::CallIndirect { type_index, table_index } => {
                let through = Through::Table(self.table(table_index), self.pop());
                self.call_through(through, type_index)?;
            }
            Operator::ReturnCallIndirect { type_index, table_index } => {
                let through = Through::Table(self.table(table_index), self.pop());
                self.return_call_through(through, type_index);
            }
            Operator::CallRef { type_index } => {
                let through = Through::Reference(self.pop());
                self.call_through(through, type_index)?;
            }
            Operator::ReturnCallRef { type_index } => {
                let through = Through::Reference(self.pop());
                self.return_call_through(through, type_index);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub fn pop_arguments(&mut self, ty: TypeId) -> Vec<Value> {
        let count = self.env.plan.types.get(ty).params().len();
        self.pop_canonical(count)
    }

    /// Pops as many operands, the first pushed first.
    fn pop_canonical(&mut self, count: usize) -> Vec<Value> {
        let values = self.canonical_top(count);
        self.stack.truncate(self.stack.len() - count);
        values
    }

    /// Calls a function, whose arguments are on the stack, or does what it does.
    fn call(&mut self, callee: FuncId) -> Result<()> {
        if self.inline_call(callee)? {
            return Ok(());
        }
        let arguments = self.pop_arguments(self.env.plan.functions[callee].ty);
        let results = self.call_function(callee, &arguments);
        self.stack.extend(results);
        Ok(())
    }

    /// Calls a function of the program or of the host.
    fn call_function(&mut self, callee: FuncId, arguments: &[Value]) -> Vec<Value> {
        if !self.env.plan.functions[callee].throws {
            let call = self.env.call_function(callee, arguments);
            return self.env.builder.inst_results(call).to_vec();
        }
        let function = self.env.wasm_function(callee);
        self.call_throwing(Callee::Direct(function), arguments)
    }

    fn call_through(&mut self, through: Through, type_index: u32) -> Result<()> {
        let ty = self.code.instance.types[TypeIndex::new(type_index as usize)];
        let arguments = self.pop_arguments(ty);
        let Some(guard) = self.guard(through, ty, &arguments) else {
            let callee = self.callee(through, ty);
            let results = self.call_address(ty, callee, &arguments);
            self.stack.extend(results);
            return Ok(());
        };
        let plan = self.env.plan;
        let results: Vec<Type> = plan.types.get(ty).results().iter().map(|&ty| value_type(ty)).collect();
        let (next, cold) = (self.create_block(&results), self.cold);
        for (block, is_guarded) in [(guard.holds, true), (guard.fails, false)] {
            self.enter(block, cold || (guard.fails_rarely && !is_guarded));
            let arguments = self.env.builder.block_params(block).to_vec();
            if is_guarded {
                self.stack.extend(arguments);
                self.call(guard.callee)?;
                // A body may have no way to its end.
                if self.unreachable.take().is_some() {
                    continue;
                }
            } else {
                let callee = self.callee(through, ty);
                let results = self.call_address(ty, callee, &arguments);
                self.stack.extend(results);
            }
            let results: Vec<BlockArg> = self.pop_canonical(results.len()).into_iter().map(BlockArg::from).collect();
            self.env.ins().jump(next, &results);
        }
        self.env.builder.seal_block(next);
        self.enter(next, cold);
        self.stack.extend_from_slice(self.env.builder.block_params(next));
        Ok(())
    }

    fn return_call_through(&mut self, through: Through, type_index: u32) {
        let ty = self.code.instance.types[TypeIndex::new(type_index as usize)];
        let arguments = self.pop_arguments(ty);
        let callee = self.callee(through, ty);
        let signature = self.env.signature(ty);
        self.env.ins().return_call_indirect(signature, callee, &arguments);
        self.unreachable = Some(0);
    }

    /// The code address of what is called, or a trap.
    fn callee(&mut self, through: Through, ty: TypeId) -> Value {
        let code_offset = match through {
            Through::Table(table, index) => self.env.indirect_callee(table, ty, index),
            Through::Reference(reference) => self.env.callee_of_reference(reference),
        };
        self.count_callee(code_offset);
        self.env.code_address(code_offset)
    }

    /// If a profile says that a call nearly always goes to one function, whose body can be here: branches on whether
    /// it does so now. Where it does not, there are all the checks that there would be without a guard; here there is
    /// one at most, of the index of a table that changes.
    fn guard(&mut self, through: Through, ty: TypeId, arguments: &[Value]) -> Option<Guard> {
        let plan = self.env.plan;
        let likely = self.code.measured?.callee(self.code.offset)?;
        let function = &plan.functions[likely.function];
        let type_id = plan.types.runtime_numbers(function.ty).start;
        let can_be_called = function.referenced && plan.types.runtime_numbers(ty).contains(&type_id);
        if !can_be_called || !self.is_frequent() || !self.is_inlined(likely.function) {
            return None;
        }
        let differs = match through {
            Through::Table(table, index) => self.env.entry_differs(table, index, likely.function)?,
            Through::Reference(reference) => {
                let expected = self.env.constant(ConstValue::Function(likely.function), REFERENCE);
                self.env.ins().icmp(IntCC::NotEqual, reference, expected)
            }
        };
        let types: Vec<Type> = arguments.iter().map(|&argument| self.type_of(argument)).collect();
        let [fails, holds] = [(); 2].map(|()| self.create_block(&types));
        // What the arguments need is computed before the branch, and not once on each way and again behind them.
        let arguments: Vec<BlockArg> = arguments.iter().copied().map(BlockArg::from).collect();
        // Of the two, Cranelift lays out the second first.
        self.env.ins().brif(differs, fails, &arguments, holds, &arguments);
        self.env.builder.seal_block(fails);
        self.env.builder.seal_block(holds);
        Some(Guard { callee: likely.function, holds, fails, fails_rarely: likely.others_are_rare })
    }

    /// Calls a function of a type at a code address.
    fn call_address(&mut self, ty: TypeId, address: Value, arguments: &[Value]) -> Vec<Value> {
        let signature = self.env.signature(ty);
        if !self.env.plan.throwing_types.contains(ty) {
            self.env.before_call();
            let call = self.env.ins().call_indirect(signature, address, arguments);
            return self.env.builder.inst_results(call).to_vec();
        }
        self.call_throwing(Callee::Indirect(signature, address), arguments)
    }
}

impl Environment<'_, '_> {
    /// Calls a function of the program, or of the host.
    pub fn call_function(&mut self, callee: FuncId, arguments: &[Value]) -> ir::Inst {
        let plan = self.plan;
        let function = &plan.functions[callee];
        match function.source {
            FunctionSource::Wasi { function, memory } => {
                let name = Name::Wasi(WasiFunction(function as u32));
                self.call_c(name, memory, plan.functions[callee].ty, arguments)
            }
            FunctionSource::Native { memory, .. } => self.call_c(Name::Native(callee), memory, function.ty, arguments),
            FunctionSource::Body { .. } | FunctionSource::Host { .. } | FunctionSource::Unknown { .. } => {
                let function = self.wasm_function(callee);
                self.before_call();
                self.ins().call(function, arguments)
            }
        }
    }

    /// A function with the Wasm calling convention.
    fn wasm_function(&mut self, callee: FuncId) -> FuncRef {
        let (plan, conventions) = (self.plan, self.conventions);
        let signature = || wasm_signature(plan.types.get(plan.functions[callee].ty), conventions);
        self.function(Name::Function(callee), signature)
    }

    /// WASI functions, and native ones, are those of the C calling convention, with the record of the caller's memory
    /// before the arguments.
    fn call_c(&mut self, name: Name, memory: Option<MemoryId>, ty: TypeId, arguments: &[Value]) -> ir::Inst {
        let plan = self.plan;
        let record = match memory {
            Some(memory) => self.memory_record_address(plan.layout.memories[memory].record),
            None => self.iconst(POINTER, 0),
        };
        let ty = plan.types.get(ty);
        let params: Vec<Type> = [POINTER].into_iter().chain(ty.params().iter().map(|&ty| value_type(ty))).collect();
        let results: Vec<Type> = ty.results().iter().map(|&ty| value_type(ty)).collect();
        let arguments: Vec<Value> = [record].into_iter().chain(arguments.iter().copied()).collect();
        self.call(name, || native_signature(&params, &results), &arguments)
    }

    /// The code offset of a table's entry, which must be a function of this type.
    fn indirect_callee(&mut self, table: TableId, ty: TypeId, index: Value) -> Value {
        let entry = self.table_entry(table, index, TrapCode::UndefinedElement);
        let flags = self.table_flags(table);
        let found = self.ins().load(types::I32, flags, entry, FUNCREF_TYPE_ID as i32);
        // Null has type id 0, which no function has: one comparison serves both, and only its failure tells them apart.
        let numbers = self.plan.types.runtime_numbers(ty);
        let first = self.iconst(types::I32, numbers.start.into());
        let matches = match numbers.len() {
            1 => self.ins().icmp(IntCC::Equal, found, first),
            count => {
                let place = self.ins().isub(found, first);
                let count = self.iconst(types::I32, count as u64);
                self.ins().icmp(IntCC::UnsignedLessThan, place, count)
            }
        };
        let [fits, differs] = [(); 2].map(|()| self.builder.create_block());
        self.builder.set_cold_block(differs);
        if self.builder.current_block().is_some_and(|block| self.builder.func.layout.is_cold(block)) {
            self.builder.set_cold_block(fits);
        }
        self.ins().brif(matches, fits, &[], differs, &[]);
        self.builder.seal_block(fits);
        self.builder.seal_block(differs);
        self.builder.switch_to_block(differs);
        self.ins().trapz(found, traps::to_clif(TrapCode::IndirectCallToNull));
        self.ins().trap(traps::to_clif(TrapCode::BadSignature));
        self.builder.switch_to_block(fits);

        self.ins().sload32(flags, entry, 0)
    }

    /// Whether an index is not that of an entry with a function; `None` if that cannot be said without more than a
    /// comparison. Of a table that never changes the index says it. An entry that can change is compared itself, if
    /// there is one.
    fn entry_differs(&mut self, table: TableId, index: Value, function: FuncId) -> Option<Value> {
        let TablePlace::ReadOnly = self.plan.layout.tables[table] else {
            return Some(self.changing_entry_differs(table, index, function));
        };
        let is_function = |&(_, entry): &(u64, ConstValue)| entry == ConstValue::Function(function);
        let mut places = (0..).zip(self.plan.tables[table].initial_entries()).filter(is_function);
        let (place, _) = places.next().filter(|_| places.next().is_none())?;
        let place = self.iconst(self.builder.func.dfg.value_type(index), place);
        Some(self.ins().icmp(IntCC::NotEqual, index, place))
    }

    fn changing_entry_differs(&mut self, table: TableId, index: Value, function: FuncId) -> Value {
        let entry = self.table_entry(table, index, TrapCode::UndefinedElement);
        let flags = self.table_flags(table);
        let found = self.ins().load(REFERENCE, flags, entry, 0);
        let expected = self.constant(ConstValue::Function(function), REFERENCE);
        self.ins().icmp(IntCC::NotEqual, found, expected)
    }

    /// The code offset of the function that a reference means, whose type is known, or a trap if it is null.
    fn callee_of_reference(&mut self, reference: Value) -> Value {
        self.ins().trapz(reference, traps::to_clif(TrapCode::NullReference));
        let code_offset = self.ins().ireduce(types::I32, reference);
        self.ins().sextend(POINTER, code_offset)
    }

    fn code_address(&mut self, code_offset: Value) -> Value {
        let anchor = self.data_address(Name::FuncrefAnchor(Unique));
        self.ins().iadd(anchor, code_offset)
    }
}
