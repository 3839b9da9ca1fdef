//! The C interface of a library: functions that C calls, and calls of C functions in place of imports.
//!
//! Both go through slots in memory, as array calls do: arguments are stored, the runtime changes the stack and the
//! instance register, and the other side loads them. So nothing but this file knows that there are two conventions, and
//! the code between them is the same few instructions for every type.
//!
//! Functions that C calls run on the host's stack, and outside of the instance: they are given its address.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    self, Endianness, InstBuilder, MemFlagsData, StackSlotData, StackSlotKind, Type, Value, types,
};
use cranelift_frontend::FunctionBuilderContext;
use wasmc_abi::layout::SLOT_BYTES;
use wasmc_abi::library::{Failure, HEAD_BYTES, NONE};
use wasmc_abi::trap::TrapCode;

use super::environment::{Environment, Region};
use super::glue::begin;
use super::names::{Name, RuntimeFunction};
use super::traps;
use super::types::{Conventions, POINTER, REFERENCE, native_signature, value_type};
use crate::plan::ids::{FuncId, TableId};
use crate::plan::library::{ApiId, ApiItem, CSignature, CType};
use crate::plan::{FunctionSource, Main, Plan};

/// The type in which C passes a value: vectors by address.
fn passed(ty: CType) -> Type {
    match ty {
        CType::I32 => types::I32,
        CType::I64 => types::I64,
        CType::F32 => types::F32,
        CType::F64 => types::F64,
        CType::V128 => POINTER,
        CType::Funcref | CType::Externref => REFERENCE,
    }
}

/// The type of the value itself.
fn held(ty: CType) -> Type {
    if ty == CType::V128 { types::I8X16 } else { passed(ty) }
}

/// For memory of the host's.
fn host_flags() -> MemFlagsData {
    MemFlagsData::new().with_notrap().with_endianness(Endianness::Little)
}

fn slot_offset(index: usize) -> i32 {
    (index * SLOT_BYTES as usize) as i32
}

/// Makes a function that C calls.
pub fn translate_api(
    plan: &Plan<'_>,
    id: ApiId,
    conventions: Conventions,
    context: &mut FunctionBuilderContext,
    output: &mut ir::Function,
) {
    let Main::Library(library) = &plan.main else { unreachable!("only libraries have an interface") };
    let item = library.functions[id].item;
    let global = |id| CType::of(plan.globals[id].ty).expect("other globals are left out");
    output.signature = match item {
        ApiItem::Instantiate => native_signature(&[POINTER; 3], &[POINTER]),
        ApiItem::Destroy => native_signature(&[POINTER], &[]),
        ApiItem::Raise => native_signature(&[POINTER; 2], &[]),
        ApiItem::Call(id) => call_signature(&signature_of(plan, id)),
        ApiItem::MemoryData(_) | ApiItem::MemorySize(_) | ApiItem::TableSize(_) => {
            native_signature(&[POINTER], &[POINTER])
        }
        ApiItem::MemoryGrow(_) => native_signature(&[POINTER, types::I64], &[types::I64]),
        ApiItem::GlobalGet(id) if global(id) == CType::V128 => native_signature(&[POINTER; 2], &[]),
        ApiItem::GlobalGet(id) => native_signature(&[POINTER], &[passed(global(id))]),
        ApiItem::GlobalSet(id) => native_signature(&[POINTER, passed(global(id))], &[]),
        ApiItem::TableGet(_) => native_signature(&[POINTER, types::I64], &[REFERENCE]),
    };
    let (mut env, parameters) = begin(plan, conventions, context, output);
    let instance = parameters[0];
    if !matches!(item, ApiItem::Instantiate | ApiItem::Destroy | ApiItem::Raise) {
        env.given_record = Some(env.ins().iadd_imm_s(instance, HEAD_BYTES as i64));
    }
    let results: Vec<Value> = match item {
        ApiItem::Instantiate => env.call_runtime(RuntimeFunction::LibraryInstantiate, &parameters, &[POINTER]),
        ApiItem::Destroy => env.call_runtime(RuntimeFunction::LibraryDestroy, &parameters, &[]),
        ApiItem::Raise => env.call_runtime(RuntimeFunction::LibraryRaise, &parameters, &[]),
        ApiItem::Call(id) => return env.call_from_host(id, &parameters, conventions),
        ApiItem::MemoryData(id) => vec![env.memory_base(id)],
        ApiItem::MemorySize(id) => vec![env.memory_length(id)],
        ApiItem::MemoryGrow(id) => {
            let record = env.memory_record_address(plan.layout.memories[id].record);
            if plan.memories[id].grown {
                env.call_runtime(RuntimeFunction::MemoryGrow, &[record, parameters[1]], &[types::I64])
            } else {
                // By nothing it grows all the same.
                let pages = plan.memories[id].minimum >> plan.memories[id].page_size_log2;
                let [pages, never] = [pages, u64::MAX].map(|number| env.iconst(types::I64, number));
                let is_nothing = env.ins().icmp_imm_u(IntCC::Equal, parameters[1], 0);
                vec![env.ins().select(is_nothing, pages, never)]
            }
        }
        ApiItem::GlobalGet(id) => {
            let value = env.global_get(id);
            if global(id) == CType::V128 {
                env.ins().store(host_flags(), value, parameters[1], 0);
                Vec::new()
            } else {
                vec![value]
            }
        }
        ApiItem::GlobalSet(id) => {
            let value = match global(id) {
                CType::V128 => env.ins().load(types::I8X16, host_flags(), parameters[1], 0),
                _ => parameters[1],
            };
            env.global_set(id, value);
            Vec::new()
        }
        ApiItem::TableSize(id) => {
            let length = env.table_length(id);
            vec![env.widen(length)]
        }
        ApiItem::TableGet(id) => vec![env.entry_or_null(id, parameters[1])],
    };
    env.ins().return_(&results);
    env.builder.finalize(conventions.frontend);
}

fn signature_of(plan: &Plan<'_>, id: FuncId) -> CSignature {
    CSignature::of(plan.types.get(plan.functions[id].ty)).expect("other functions are left out, or refused")
}

/// `result f(instance, parameters…, [place for results], error)`.
fn call_signature(signature: &CSignature) -> ir::Signature {
    let mut params = vec![POINTER];
    params.extend(signature.params.iter().map(|&ty| passed(ty)));
    params.extend(signature.has_result_place().then_some(POINTER));
    params.push(POINTER);
    let results: Vec<Type> = signature.returned().map(passed).into_iter().collect();
    native_signature(&params, &results)
}

/// Makes the function that calls a C function in place of an import: `result f(user data, instance, parameters…,
/// [place for results])`.
pub fn translate_host_call(
    plan: &Plan<'_>,
    id: FuncId,
    conventions: Conventions,
    context: &mut FunctionBuilderContext,
    output: &mut ir::Function,
) {
    let FunctionSource::Host { number, .. } = plan.functions[id].source else {
        unreachable!("only imports are called so")
    };
    output.signature = native_signature(&[POINTER; 2], &[]);
    let (mut env, parameters) = begin(plan, conventions, context, output);
    let [slots, instance] = parameters[..] else { unreachable!("two parameters") };
    let signature = signature_of(plan, id);
    env.given_record = Some(env.ins().iadd_imm_s(instance, HEAD_BYTES as i64));
    let at = |index: u32| plan.layout.host_imports + 8 * index;
    let user_data = env.load_constant_of_record(POINTER, at(0), Region::HostImports);
    let callee = env.load_constant_of_record(POINTER, at(1 + number.as_u32()), Region::HostImports);

    let mut types = vec![POINTER; 2];
    let mut arguments = vec![user_data, instance];
    for (index, &ty) in signature.params.iter().enumerate() {
        types.push(passed(ty));
        arguments.push(match ty {
            // It lies in the slot as C wants it.
            CType::V128 => env.ins().iadd_imm_s(slots, i64::from(slot_offset(index))),
            _ => env.ins().load(held(ty), host_flags(), slots, slot_offset(index)),
        });
    }
    let offsets = signature.result_offsets();
    let place = signature.has_result_place().then(|| {
        let bytes = signature.results.iter().zip(&offsets).map(|(ty, offset)| offset + ty.size()).max();
        env.stack_bytes(bytes.unwrap_or_default())
    });
    types.extend(place.map(|_| POINTER));
    arguments.extend(place);
    let results: Vec<Type> = signature.returned().map(passed).into_iter().collect();
    let callee_signature = env.builder.import_signature(native_signature(&types, &results));
    let call = env.ins().call_indirect(callee_signature, callee, &arguments);
    let results = env.builder.inst_results(call).to_vec();
    match place {
        Some(place) => {
            for (index, (&ty, &offset)) in signature.results.iter().zip(&offsets).enumerate() {
                let value = env.ins().load(held(ty), host_flags(), place, offset as i32);
                env.ins().store(host_flags(), value, slots, slot_offset(index));
            }
        }
        None => {
            for value in results {
                env.ins().store(host_flags(), value, slots, 0);
            }
        }
    }
    env.ins().return_(&[]);
    env.builder.finalize(conventions.frontend);
}

impl Environment<'_, '_> {
    /// The address of so many bytes of this function's frame.
    fn stack_bytes(&mut self, bytes: u32) -> Value {
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes.max(1), 4);
        let slot = self.builder.create_sized_stack_slot(data);
        self.ins().stack_addr(POINTER, slot, 0)
    }

    /// All of a function that C calls for an exported one.
    fn call_from_host(mut self, id: FuncId, parameters: &[Value], conventions: Conventions) {
        let signature = signature_of(self.plan, id);
        let error = *parameters.last().expect("the last parameter is the place of errors");
        let count = signature.params.len().max(signature.results.len());
        let slots = self.stack_bytes(count as u32 * SLOT_BYTES);
        for (index, &ty) in signature.params.iter().enumerate() {
            let value = match ty {
                CType::V128 => self.ins().load(types::I8X16, host_flags(), parameters[1 + index], 0),
                _ => parameters[1 + index],
            };
            self.ins().store(host_flags(), value, slots, slot_offset(index));
        }
        let entry = self.data_address(Name::ArrayCall(id));
        let enter = [entry, slots, parameters[0]];
        let code = self.call_runtime(RuntimeFunction::LibraryEnter, &enter, &[types::I32])[0];

        let [returned, trapped, told, done] = [(); 4].map(|()| self.builder.create_block());
        self.builder.set_cold_block(trapped);
        self.ins().brif(code, trapped, &[], returned, &[]);

        self.switch_to(trapped);
        self.call_runtime(RuntimeFunction::LibraryFail, &[parameters[0], code, error], &[]);
        let nothing = signature.returned().map(|ty| self.nothing(passed(ty)));
        self.ins().return_(nothing.as_slice());

        self.switch_to(returned);
        self.ins().brif(error, told, &[], done, &[]);
        self.switch_to(told);
        let none = self.iconst(types::I32, NONE as u64);
        self.ins().store(host_flags(), none, error, std::mem::offset_of!(Failure, kind) as i32);
        self.ins().jump(done, &[]);

        self.switch_to(done);
        if signature.has_result_place() {
            let place = parameters[1 + signature.params.len()];
            for (index, (&ty, offset)) in signature.results.iter().zip(signature.result_offsets()).enumerate() {
                let value = self.ins().load(held(ty), host_flags(), slots, slot_offset(index));
                self.ins().store(host_flags(), value, place, offset as i32);
            }
        }
        let result = signature.returned().map(|ty| self.ins().load(held(ty), host_flags(), slots, 0));
        self.ins().return_(result.as_slice());
        self.builder.seal_all_blocks();
        self.builder.finalize(conventions.frontend);
    }

    fn switch_to(&mut self, block: ir::Block) {
        self.builder.switch_to_block(block);
    }

    /// Zero of any type that C returns.
    fn nothing(&mut self, ty: Type) -> Value {
        match ty {
            types::F32 => self.ins().f32const(0.0),
            types::F64 => self.ins().f64const(0.0),
            _ => self.iconst(ty, 0),
        }
    }

    /// All of the function that the guest calls for an import which C satisfies.
    pub fn leave(&mut self, id: FuncId, parameters: &[Value]) {
        self.check_stack();
        let ty = self.plan.types.get(self.plan.functions[id].ty);
        let count = ty.params().len().max(ty.results().len());
        let slots = self.stack_bytes(count as u32 * SLOT_BYTES);
        for (index, &value) in parameters.iter().enumerate() {
            self.ins().store(host_flags(), value, slots, slot_offset(index));
        }
        let entry = self.data_address(Name::HostCall(id));
        let raised = self.call_runtime(RuntimeFunction::LibraryLeave, &[entry, slots], &[types::I32])[0];
        let [goes_on, traps] = [(); 2].map(|()| self.builder.create_block());
        self.builder.set_cold_block(traps);
        self.ins().brif(raised, traps, &[], goes_on, &[]);
        self.switch_to(traps);
        self.call_runtime(RuntimeFunction::LibraryRaised, &[], &[]);
        // Not reached: the runtime traps.
        self.ins().trap(traps::to_clif(TrapCode::UnknownImport));
        self.switch_to(goes_on);
        let results: Vec<Value> = ty
            .results()
            .iter()
            .enumerate()
            .map(|(index, &ty)| self.ins().load(value_type(ty), host_flags(), slots, slot_offset(index)))
            .collect();
        self.ins().return_(&results);
        self.builder.seal_all_blocks();
    }

    /// An entry of a table, or null behind its end.
    fn entry_or_null(&mut self, table: TableId, index: Value) -> Value {
        let [inside, done] = [(); 2].map(|()| self.builder.create_block());
        self.builder.append_block_param(done, REFERENCE);
        let length = self.table_length(table);
        let length = self.widen(length);
        let is_inside = self.ins().icmp(IntCC::UnsignedLessThan, index, length);
        let null = self.iconst(REFERENCE, 0);
        self.ins().brif(is_inside, inside, &[], done, &[null.into()]);
        self.switch_to(inside);
        let address = self.entry_address(table, index);
        let flags = self.table_flags(table);
        let entry = self.ins().load(REFERENCE, flags, address, 0);
        self.ins().jump(done, &[entry.into()]);
        self.switch_to(done);
        self.builder.seal_all_blocks();
        self.builder.block_params(done)[0]
    }
}
