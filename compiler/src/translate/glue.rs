//! Functions that no module has: instantiation, the command, and entries through which the runtime calls Wasm.

use cranelift_codegen::ir::{self, InstBuilder, Value, types};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use wasmc_abi::layout::{SLOT_BYTES, memory_record, table_record};
use wasmc_abi::trap::TrapCode;

use super::environment::{Environment, Region};
use super::names::{Name, RuntimeFunction, Unique};
use super::traps;
use super::types::{Conventions, POINTER, native_signature, value_type, wasm_signature};
use crate::plan::ids::{FuncId, InstanceId};
use crate::plan::layout::TablePlace;
use crate::plan::library::ApiItem;
use crate::plan::{FunctionSource, InstantiationStep, Main, Plan, ScriptStep};

/// The glue that a program needs.
pub fn names(plan: &Plan<'_>) -> Vec<Name> {
    let mut names = Vec::new();
    match &plan.main {
        Main::Command(_) | Main::Exports(_) => names.push(Name::Main(Unique)),
        Main::Invoke(function) => names.extend([Name::ArrayCall(*function), Name::Main(Unique)]),
        Main::Script(steps) => {
            names.extend(steps.iter().filter_map(|step| match step {
                ScriptStep::Instantiate(instance) => Some(Name::Instantiate(*instance)),
                ScriptStep::Invoke { function, .. } => Some(Name::ArrayCall(*function)),
                ScriptStep::GlobalGet(global) => Some(Name::GlobalGetter(*global)),
                ScriptStep::Memory(_) | ScriptStep::Start(_) | ScriptStep::End | ScriptStep::Wait(_) => None,
            }));
            names.sort_unstable();
            names.dedup();
        }
        Main::Library(library) => {
            names.push(Name::Main(Unique));
            for (id, function) in library.functions.iter() {
                if let ApiItem::Call(function) = function.item {
                    names.push(Name::ArrayCall(function));
                }
                names.push(Name::Api(id));
            }
            // One function may have several names.
            names.sort_unstable();
            names.dedup();
        }
    }
    names.extend(plan.thread_start.map(|_| Name::ThreadStart(Unique)));
    names
}

/// Which thread an instantiation is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Thread {
    First,
    Other,
}

/// Makes one of [`names`].
pub fn translate(
    plan: &Plan<'_>,
    name: Name,
    conventions: Conventions,
    context: &mut FunctionBuilderContext,
    output: &mut ir::Function,
) {
    output.signature = match name {
        Name::Main(_) => native_signature(&[], &[]),
        Name::ThreadStart(_) => native_signature(&[types::I32; 2], &[]),
        _ => native_signature(&[POINTER], &[]),
    };
    let (mut env, parameters) = begin(plan, conventions, context, output);
    match name {
        Name::Main(_) => {
            for instance in plan.instances.keys() {
                env.instantiate(instance, Thread::First);
            }
            match plan.main {
                Main::Command(Some(start)) => {
                    env.call_function(start, &[]);
                }
                Main::Invoke(function) => {
                    let [entry, signature] =
                        [Name::ArrayCall(function), Name::Signature(function)].map(|name| env.data_address(name));
                    env.call_runtime(RuntimeFunction::Invoke, &[entry, signature], &[]);
                }
                // Somebody else calls what is to be called.
                Main::Command(None) | Main::Exports(_) | Main::Script(_) | Main::Library(_) => {}
            }
        }
        Name::ThreadStart(_) => {
            for instance in plan.instances.keys() {
                env.instantiate(instance, Thread::Other);
            }
            let start = plan.thread_start.expect("the program starts threads");
            env.call_function(start, &parameters);
        }
        Name::Instantiate(instance) => env.instantiate(instance, Thread::First),
        Name::ArrayCall(function) => {
            env.check_stack();
            env.array_call(function, parameters[0]);
        }
        Name::GlobalGetter(global) => {
            let value = env.global_get(global);
            let flags = env.trusted(Region::Slots);
            env.ins().store(flags, value, parameters[0], 0);
        }
        other => unreachable!("{other:?} is not glue"),
    }
    env.ins().return_(&[]);
    env.builder.finalize(conventions.frontend);
}

/// A function that follows the Wasm calling convention in place of one that the host implements, for use as a value.
pub fn host_thunk(
    plan: &Plan<'_>,
    id: FuncId,
    conventions: Conventions,
    context: &mut FunctionBuilderContext,
    output: &mut ir::Function,
) {
    output.signature = wasm_signature(plan.types.get(plan.functions[id].ty), conventions);
    let (mut env, parameters) = begin(plan, conventions, context, output);
    match plan.functions[id].source {
        FunctionSource::Wasi { .. } | FunctionSource::Native { .. } => {
            let call = env.call_function(id, &parameters);
            let results = env.builder.inst_results(call).to_vec();
            env.ins().return_(&results);
        }
        FunctionSource::Host { .. } => env.leave(id, &parameters),
        FunctionSource::Unknown { .. } => {
            let name = env.data_address(Name::UnknownImport(id));
            env.call_runtime(RuntimeFunction::UnknownImport, &[name], &[]);
            // Not reached: the runtime traps.
            env.ins().trap(traps::to_clif(TrapCode::UnknownImport));
        }
        FunctionSource::Body { .. } => unreachable!("a body is no host function"),
    }
    env.builder.finalize(conventions.frontend);
}

pub fn begin<'f, 'p>(
    plan: &'p Plan<'p>,
    conventions: Conventions,
    context: &'f mut FunctionBuilderContext,
    output: &'f mut ir::Function,
) -> (Environment<'f, 'p>, Vec<Value>) {
    let mut builder = FunctionBuilder::new(output, context);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    builder.seal_block(entry);
    let parameters = builder.block_params(entry).to_vec();
    (Environment::new(plan, conventions, builder), parameters)
}

impl Environment<'_, '_> {
    /// What of an instance's instantiation is left for run time.
    fn instantiate(&mut self, instance: InstanceId, thread: Thread) {
        for step in &self.plan.instances[instance].steps {
            match *step {
                // Shared memories are initialised, and programs started, once.
                InstantiationStep::CopyData { .. } | InstantiationStep::Initialize(_) if thread == Thread::Other => {}
                InstantiationStep::RequireMemory(memory, bytes) => {
                    let record = self.plan.layout.memories[memory].record + memory_record::LENGTH;
                    self.require(record, Region::MemoryRecord(memory), bytes, TrapCode::MemoryOutOfBounds);
                }
                InstantiationStep::RequireTable(table, entries) => match self.plan.layout.tables[table] {
                    TablePlace::Slot { record, .. } => {
                        let record = record + table_record::LENGTH;
                        self.require(record, Region::TableRecord(table), entries, TrapCode::TableOutOfBounds);
                    }
                    // Only dead functions grow it, so it stays too small.
                    TablePlace::InRecord(_) | TablePlace::ReadOnly => self.trap(TrapCode::TableOutOfBounds),
                },
                InstantiationStep::CopyElements { elements, table, offset } => {
                    let count = self.plan.elements[elements].items.len() as u64;
                    let [offset, count] = [offset, count].map(|number| self.iconst(POINTER, number));
                    let destination = self.table_region(table, offset, count);
                    let source = self.data_address(Name::Elements(elements));
                    self.copy_entries(destination, source, count);
                }
                InstantiationStep::CopyData { data, memory, offset } => {
                    let count = self.plan.data[data].bytes.len() as u64;
                    let [offset, count] = [offset, count].map(|number| self.iconst(POINTER, number));
                    let destination = self.heap_region(memory, offset, count);
                    let source = self.data_address(Name::Data(data));
                    self.call_runtime(RuntimeFunction::Memmove, &[destination, source, count], &[]);
                }
                InstantiationStep::Trap(code) => self.trap(code),
                InstantiationStep::Call(function) | InstantiationStep::Initialize(function) => {
                    self.call_function(function, &[]);
                }
            }
        }
    }

    /// Traps. What follows cannot be reached, but is translated all the same.
    fn trap(&mut self, code: TrapCode) {
        self.ins().trap(traps::to_clif(code));
        let rest = self.builder.create_block();
        self.builder.switch_to_block(rest);
        self.builder.seal_block(rest);
    }

    /// Traps unless the u64 at this place of the record is at least `least`.
    fn require(&mut self, offset: u32, region: Region, least: u64, trap: TrapCode) {
        let found = self.load_record(types::I64, offset, region);
        let least = self.iconst(types::I64, least);
        let too_small = self.ins().icmp(ir::condcodes::IntCC::UnsignedLessThan, found, least);
        self.ins().trapnz(too_small, traps::to_clif(trap));
    }

    /// Calls a function with arguments from slots, and puts its results there.
    fn array_call(&mut self, function: FuncId, slots: Value) {
        let ty = self.plan.types.get(self.plan.functions[function].ty);
        let flags = self.trusted(Region::Slots);
        let place = |index: usize| (index * SLOT_BYTES as usize) as i32;
        let arguments: Vec<Value> = ty
            .params()
            .iter()
            .enumerate()
            .map(|(index, &ty)| self.ins().load(value_type(ty), flags, slots, place(index)))
            .collect();
        let call = self.call_function(function, &arguments);
        let results = self.builder.inst_results(call).to_vec();
        for (index, result) in results.into_iter().enumerate() {
            self.ins().store(flags, result, slots, place(index));
        }
    }
}
