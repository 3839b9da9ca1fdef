//! A function body: its locals, its operand stack, and the loop over its operators.

use cranelift_codegen::ir::{self, InstBuilder, Opcode, SourceLoc, Type, Value, ValueLabel, types};
use cranelift_entity::EntityRef;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use wasmc_abi::trap::TrapCode;
use wasmparser::{FuncType, FunctionBody, Operator, ValType};

use super::control::Frame;
use super::environment::{Environment, Region};
use super::exceptions::Shape;
use super::inline::{Origins, room};
use super::names::Name;
use super::traps;
use super::types::{Conventions, REFERENCE, value_type, wasm_signature};
use crate::error::{Error, Result};
use crate::parse::index::{FuncIndex, GlobalIndex};
use crate::parse::uses::Uses;
use crate::plan::evaluate::ConstValue;
use crate::plan::ids::{FuncId, GlobalId};
use crate::plan::layout::GlobalPlace;
use crate::plan::{FunctionSource, Instance, Plan};
use crate::profile::{FunctionProfile, Places};

/// The state of a translation.
pub struct Translator<'f, 'p> {
    pub env: Environment<'f, 'p>,
    /// The function.
    pub id: FuncId,
    /// The body that is translated.
    pub code: Activation<'p>,
    /// The operand stack. Vectors may have any lane type here: see [`Translator::pop_vector`].
    pub stack: Vec<Value>,
    pub control: Vec<Frame>,
    /// In code that cannot be reached, how many blocks were opened there.
    pub unreachable: Option<u32>,
    /// What is executed here is unlikely, as far as hints tell.
    pub cold: bool,
    /// Whether the operator that is translated is a branch that is likely taken.
    pub hint: Option<bool>,
    pub origins: Origins,
    /// How much may still be inlined.
    pub room: u32,
    /// Variables of bodies that were inlined and have ended. Each variable costs memory in proportion to the function.
    pub unused_locals: Vec<(Variable, Type)>,
}

/// A body that is translated: the function's own, or one in place of a call.
pub struct Activation<'p> {
    pub instance: &'p Instance<'p>,
    pub locals: Vec<(Variable, Type)>,
    pub body: &'p FunctionBody<'p>,
    /// What it calls, and how much code it is.
    pub uses: &'p Uses,
    pub id: FuncId,
    /// Its index in its module.
    pub index: FuncIndex,
    /// Its place in the [`Origins`], if it is in place of a call.
    pub inlined: Option<usize>,
    /// The place of its frame in [`Translator::control`].
    pub outermost: usize,
    /// Bytes from the start of the body to the operator that is translated.
    pub offset: u32,
    /// What is known of earlier runs of the function.
    pub measured: Option<&'p FunctionProfile>,
    /// What is to be counted in it.
    pub counted: Option<&'p Places>,
    /// Of the legacy `try`s that are still to come, once the first has.
    pub shapes: Option<std::vec::IntoIter<Shape>>,
}

impl<'p> Activation<'p> {
    /// The body of a function, before anything of it was translated.
    pub fn new(plan: &'p Plan<'p>, id: FuncId, outermost: usize) -> Self {
        let FunctionSource::Body { instance, body, index } = plan.functions[id].source else {
            unreachable!("only bodies are translated")
        };
        let instance = &plan.instances[instance];
        Activation {
            instance,
            locals: Vec::new(),
            body: &instance.body(body).body,
            uses: &instance.uses[body],
            id,
            index,
            inlined: None,
            outermost,
            offset: 0,
            measured: plan.profile.measured(id),
            counted: plan.profile.counted(id),
            shapes: None,
        }
    }
}

/// Translates one body. Gives where its code comes from.
pub fn translate_body<'p>(
    plan: &'p Plan<'p>,
    id: FuncId,
    conventions: Conventions,
    debug_info: bool,
    context: &mut FunctionBuilderContext,
    output: &mut ir::Function,
) -> Result<Origins> {
    if debug_info {
        output.dfg.collect_debug_info();
    }
    output.signature = wasm_signature(plan.types.get(plan.functions[id].ty), conventions);
    let code = Activation::new(plan, id, 0);
    let uses = code.uses;
    let origins = Origins::new(&code.body.range());
    let builder = FunctionBuilder::new(output, context);
    let mut translator = Translator {
        env: Environment::new(plan, conventions, builder),
        id,
        code,
        stack: Vec::new(),
        control: Vec::new(),
        unreachable: None,
        cold: false,
        hint: None,
        origins,
        room: room(uses.weight),
        unused_locals: Vec::new(),
    };
    let entry = translator.env.builder.create_block();
    translator.env.builder.append_block_params_for_function_params(entry);
    translator.env.builder.switch_to_block(entry);
    translator.env.builder.seal_block(entry);
    if !uses.calls.is_empty() || !uses.calls_through_references.is_empty() {
        translator.env.check_stack();
    }
    let arguments = translator.env.builder.block_params(entry).to_vec();
    translator.translate_code(&arguments)?;
    let origins = std::mem::take(&mut translator.origins);
    translator.env.builder.finalize(conventions.frontend);
    Ok(origins)
}

impl<'f, 'p> Translator<'f, 'p> {
    /// Translates the body of [`Self::code`].
    pub fn translate_code(&mut self, arguments: &[Value]) -> Result<()> {
        let plan = self.env.plan;
        let hints = self.code.instance.module.hints.of(self.code.index);
        let start = self.code.body.range().start;
        let mut reader = self.code.body.get_binary_reader();
        self.begin(plan.types.get(plan.functions[self.code.id].ty), arguments, &mut reader)?;
        self.count_next();
        let mut operators = wasmparser::OperatorsReader::new(reader);
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            self.env.builder.set_srcloc(SourceLoc::new(self.location(offset)));
            self.hint = hints.at(offset - start);
            self.code.offset = (offset - start) as u32;
            self.translate(&operator).map_err(|error| error.at(offset))?;
            self.count_next();
        }
        Ok(())
    }

    /// Opens the body: parameters and locals become variables, the body a block whose end is the return.
    fn begin(&mut self, ty: &FuncType, arguments: &[Value], reader: &mut wasmparser::BinaryReader<'_>) -> Result<()> {
        for (index, (&ty, &value)) in ty.params().iter().zip(arguments).enumerate() {
            let variable = self.declare_local(value_type(ty));
            self.env.builder.def_var(variable, value);
            self.label(index as u32, value);
        }
        let mut zeros: Vec<(ValType, Value)> = Vec::new();
        for _ in 0..reader.read_var_u32()? {
            let count = reader.read_var_u32()?;
            let ty: ValType = reader.read()?;
            let zero = match zeros.iter().find(|(seen, _)| *seen == ty) {
                Some((_, zero)) => *zero,
                None => {
                    let zero = self.zero(ty);
                    zeros.push((ty, zero));
                    zero
                }
            };
            for _ in 0..count {
                let variable = self.declare_local(value_type(ty));
                self.env.builder.def_var(variable, zero);
            }
        }
        let results = ty.results().iter().map(|&ty| value_type(ty)).collect();
        self.push_function_frame(results);
        Ok(())
    }

    fn declare_local(&mut self, ty: Type) -> Variable {
        let unused = self.unused_locals.iter().rposition(|&(_, other)| other == ty);
        let variable = match unused {
            Some(place) => self.unused_locals.swap_remove(place).0,
            None => self.env.builder.declare_var(ty),
        };
        self.code.locals.push((variable, ty));
        variable
    }

    /// The value that locals have at first.
    fn zero(&mut self, ty: ValType) -> Value {
        match ty {
            ValType::F32 => self.env.ins().f32const(0.0),
            ValType::F64 => self.env.ins().f64const(0.0),
            ValType::V128 => self.vector_constant(&[0; 16]),
            _ => self.env.iconst(value_type(ty), 0),
        }
    }

    pub fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    pub fn pop(&mut self) -> Value {
        self.stack.pop().expect("the body is validated")
    }

    /// Pops two operands, the first pushed first.
    pub fn pop2(&mut self) -> (Value, Value) {
        let second = self.pop();
        (self.pop(), second)
    }

    pub fn pop3(&mut self) -> (Value, Value, Value) {
        let third = self.pop();
        let (first, second) = self.pop2();
        (first, second, third)
    }

    pub fn type_of(&self, value: Value) -> Type {
        self.env.builder.func.dfg.value_type(value)
    }

    fn translate(&mut self, operator: &Operator<'_>) -> Result<()> {
        if self.unreachable.is_some() {
            return self.skip_unreachable(operator);
        }
        if self.translate_numeric(operator)
            || self.translate_memory(operator)
            || self.translate_control(operator)
            || self.translate_call(operator)?
            || self.translate_variable(operator)
            || self.translate_table(operator)
            || self.translate_vector(operator)
            || self.translate_relaxed(operator)
            || self.translate_exceptions(operator)?
            || self.translate_atomic(operator)
        {
            return Ok(());
        }
        Err(Error::unsupported(format!("the operator {operator:?}")))
    }

    /// Locals, globals, constants of reference type, and operators that only move operands.
    fn translate_variable(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::LocalGet { local_index } => {
                let value = self.env.builder.use_var(self.code.locals[local_index as usize].0);
                // Also where ways meet that gave the local different values.
                self.label(local_index, value);
                self.push(value);
            }
            Operator::LocalSet { local_index } => {
                let value = self.pop();
                self.set_local(local_index, value);
            }
            Operator::LocalTee { local_index } => {
                let value = *self.stack.last().expect("the body is validated");
                self.set_local(local_index, value);
            }
            Operator::GlobalGet { global_index } => {
                let value = self.env.global_get(self.code.instance.globals[GlobalIndex::new(global_index as usize)]);
                self.push(value);
            }
            Operator::GlobalSet { global_index } => {
                let value = self.pop();
                let value = self.canonical(value);
                self.env.global_set(self.code.instance.globals[GlobalIndex::new(global_index as usize)], value);
            }
            Operator::Drop => {
                self.pop();
            }
            Operator::Select | Operator::TypedSelect { .. } => {
                let (mut first, mut second, condition) = self.pop3();
                if self.type_of(first) != self.type_of(second) {
                    (first, second) = (self.canonical(first), self.canonical(second));
                }
                let value = self.env.ins().select(condition, first, second);
                self.push(value);
            }
            Operator::RefNull { .. } => {
                let null = self.env.iconst(REFERENCE, 0);
                self.push(null);
            }
            Operator::RefIsNull => {
                let reference = self.pop();
                let null = self.env.iconst(REFERENCE, 0);
                let is_null = self.env.ins().icmp(ir::condcodes::IntCC::Equal, reference, null);
                let is_null = self.env.ins().uextend(types::I32, is_null);
                self.push(is_null);
            }
            Operator::RefAsNonNull => {
                let reference = *self.stack.last().expect("the body is validated");
                self.env.ins().trapz(reference, traps::to_clif(TrapCode::NullReference));
            }
            Operator::RefFunc { function_index } => {
                let function = self.code.instance.functions[FuncIndex::new(function_index as usize)];
                let value = self.env.constant(ConstValue::Function(function), REFERENCE);
                self.push(value);
            }
            Operator::Nop => {}
            _ => return false,
        }
        true
    }

    fn set_local(&mut self, local: u32, value: Value) {
        let (variable, _) = self.code.locals[local as usize];
        let value = self.canonical(value);
        self.env.builder.def_var(variable, value);
        self.label(local, value);
    }

    /// For debug information: from here on, this is the value of a local. Says nothing if none is collected.
    ///
    /// A constant gets no label. The code generator makes it anew wherever it is needed, also for other purposes, and
    /// with the label each of these would be the local.
    fn label(&mut self, local: u32, value: Value) {
        let dfg = &self.env.builder.func.dfg;
        let is_constant = dfg.value_def(value).inst().is_some_and(|inst| {
            matches!(dfg.insts[inst].opcode(), Opcode::Iconst | Opcode::F32const | Opcode::F64const | Opcode::Vconst)
        });
        if !is_constant {
            self.env.builder.set_val_label(value, ValueLabel::from_u32(local));
        }
    }
}

impl Environment<'_, '_> {
    pub fn global_get(&mut self, id: GlobalId) -> Value {
        let global = &self.plan.globals[id];
        let ty = value_type(global.ty);
        match self.plan.layout.globals[id] {
            GlobalPlace::Constant => self.constant(global.initial, ty),
            GlobalPlace::Record(offset) => self.load_record(ty, offset, Region::Global(id)),
        }
    }

    pub fn global_set(&mut self, id: GlobalId, value: Value) {
        match self.plan.layout.globals[id] {
            GlobalPlace::Constant => unreachable!("a global that live code writes has a place"),
            GlobalPlace::Record(offset) => self.store_record(value, offset, Region::Global(id)),
        }
    }

    /// A value that the plan knows.
    pub fn constant(&mut self, value: ConstValue, ty: Type) -> Value {
        match value {
            ConstValue::Bits(bits) => match ty {
                types::F32 => self.ins().f32const(ir::immediates::Ieee32::with_bits(bits as u32)),
                types::F64 => self.ins().f64const(ir::immediates::Ieee64::with_bits(bits as u64)),
                types::I8X16 => {
                    let constant = self.builder.func.dfg.constants.insert(bits.to_le_bytes().to_vec().into());
                    self.ins().vconst(ty, constant)
                }
                _ => self.iconst(ty, bits as u64),
            },
            ConstValue::Function(function) => {
                let address = self.data_address(Name::Funcref(function));
                let flags = ir::MemFlagsData::trusted().with_readonly().with_can_move();
                self.ins().load(REFERENCE, flags, address, 0)
            }
        }
    }
}
