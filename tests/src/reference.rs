//! Performs the steps of a script in the interpreter wasmi.
//!
//! # Where it tells less, or something else, than the specification
//!
//! - wasmi has one trap for accesses beyond a table; `call_indirect` beyond its end is [`TrapCode::TableOutOfBounds`]
//!   here too. Compare after [`coarse`].
//! - A reference to a function is 1: only null and not null can be compared with other engines.
//! - How deep a recursion may go is each engine's own business. [`Outcome::Trapped`] with [`TrapCode::StackOverflow`]
//!   means that nothing which follows in that instance can be compared.
//! - A run that takes longer than [`FUEL`] is [`Outcome::Lost`].
//!
//! # Why not wasmi 2.0
//!
//! Version 2.0.0 miscompiles `select`: behind a comparison with 0 (`select(1, x, x == 0)` is 1 for every x:
//! `try_fuse_select` in its translator forgets what was compared), and, rarely, with a constant condition. Random
//! modules are full of both.

use wasmc::{Entry, Program, Step};
use wasmc_abi::trap::TrapCode;
use wasmi::{Engine, Extern, ExternRef, F32, F64, Instance, Module, Ref, Store, V128, Val, ValType};

use crate::steps::{Outcome, memory_slot};

/// Units of work for each step: wasmi counts about one for each instruction.
pub const FUEL: u64 = 50_000_000;

/// A program that performs one step after the other.
pub struct Reference<'a, 'p> {
    program: &'p Program<'a>,
    store: Store<()>,
    /// Those that were instantiated without a trap.
    instances: Vec<Option<Instance>>,
}

impl<'a, 'p> Reference<'a, 'p> {
    pub fn new(program: &'p Program<'a>) -> Self {
        let mut config = wasmi::Config::default();
        config.consume_fuel(true).set_max_recursion_depth(5_000);
        config.set_max_stack_height(64 << 20);
        config.wasm_wide_arithmetic(true);
        config.wasm_memory64(true).wasm_multi_memory(true).wasm_custom_page_sizes(true);
        let store = Store::new(&Engine::new(&config), ());
        Reference { program, store, instances: vec![None; program.instances.len()] }
    }

    /// Performs one step of the program.
    pub fn step(&mut self, step: &Step) -> Outcome {
        self.store.set_fuel(FUEL).expect("fuel is consumed");
        let result = match step {
            Step::Instantiate(instance) => self.instantiate(*instance),
            Step::Invoke { instance, export, arguments } => self.invoke(*instance, export, arguments),
            Step::GlobalGet { instance, export } => self.global_get(*instance, export),
            Step::Memory { instance, export } => self.memory(*instance, export),
            // One thread after the other is one of the orders in which they may run.
            Step::Start | Step::End | Step::Wait(_) => Ok(Vec::new()),
        };
        match result {
            Ok(slots) => Outcome::Returned(slots),
            Err(Failure::Trap(code)) => Outcome::Trapped(code),
            Err(Failure::Other(why)) => Outcome::Lost(format!("wasmi: {why}")),
        }
    }

    fn instantiate(&mut self, index: usize) -> Result<Vec<u128>, Failure> {
        let source = &self.program.instances[index];
        let module = Module::new(self.store.engine(), source.wasm)?;
        let mut imports = Vec::new();
        for import in module.imports() {
            let provider = source.wiring.iter().find(|(name, _)| name == import.module());
            let provider = provider.and_then(|&(_, provider)| self.instances[provider]);
            let export = provider.and_then(|provider| provider.get_export(&self.store, import.name()));
            imports.push(export.ok_or_else(|| format!("no {:?}.{:?}", import.module(), import.name()))?);
        }
        self.instances[index] = Some(Instance::new(&mut self.store, &module, &imports)?);
        Ok(Vec::new())
    }

    fn invoke(&mut self, instance: usize, export: &str, arguments: &[u128]) -> Result<Vec<u128>, Failure> {
        let Extern::Func(function) = self.export(instance, export)? else { return Err("not a function".into()) };
        let function_type = function.ty(&self.store);
        let arguments: Vec<Val> =
            function_type.params().iter().zip(arguments).map(|(&ty, &slot)| self.value(ty, slot)).collect();
        let mut results: Vec<Val> = function_type.results().iter().map(|&ty| Val::default(ty)).collect();
        function.call(&mut self.store, &arguments, &mut results)?;
        Ok(results.iter().map(|value| self.slot(value)).collect())
    }

    fn global_get(&mut self, instance: usize, export: &str) -> Result<Vec<u128>, Failure> {
        let Extern::Global(global) = self.export(instance, export)? else { return Err("not a global".into()) };
        Ok(vec![self.slot(&global.get(&self.store))])
    }

    fn memory(&mut self, instance: usize, export: &str) -> Result<Vec<u128>, Failure> {
        let Extern::Memory(memory) = self.export(instance, export)? else { return Err("not a memory".into()) };
        Ok(vec![memory_slot(memory.data(&self.store))])
    }

    fn export(&self, instance: usize, name: &str) -> Result<Extern, Failure> {
        let instance = self.instances[instance].ok_or("the instance does not live")?;
        instance.get_export(&self.store, name).ok_or_else(|| format!("no export {name:?}").into())
    }

    fn value(&mut self, ty: ValType, slot: u128) -> Val {
        match ty {
            ValType::I32 => Val::I32(slot as i32),
            ValType::I64 => Val::I64(slot as i64),
            ValType::F32 => Val::F32(F32::from_bits(slot as u32)),
            ValType::F64 => Val::F64(F64::from_bits(slot as u64)),
            ValType::V128 => Val::V128(V128::from(slot)),
            ValType::ExternRef if slot != 0 => Val::ExternRef(Ref::Val(ExternRef::new(&mut self.store, slot as u64))),
            ValType::ExternRef => Val::ExternRef(Ref::Null),
            // The host has no functions of its own to pass.
            ValType::FuncRef => Val::FuncRef(Ref::Null),
        }
    }

    fn slot(&self, value: &Val) -> u128 {
        match value {
            Val::I32(value) => *value as u32 as u128,
            Val::I64(value) => *value as u64 as u128,
            Val::F32(value) => value.to_bits() as u128,
            Val::F64(value) => value.to_bits() as u128,
            Val::V128(value) => value.as_u128(),
            Val::FuncRef(reference) => !reference.is_null() as u128,
            Val::ExternRef(Ref::Null) => 0,
            Val::ExternRef(Ref::Val(reference)) => {
                let number = reference.data(&self.store).downcast_ref::<u64>();
                *number.expect("only numbers are made into references") as u128
            }
        }
    }
}

/// Performs all steps of a program with [`Entry::Script`].
pub fn perform(program: &Program<'_>) -> Vec<Outcome> {
    let Entry::Script(steps) = &program.entry else { panic!("not a script") };
    let mut reference = Reference::new(program);
    steps.iter().map(|step| reference.step(step)).collect()
}

/// The trap code, with those made equal that wasmi does not tell apart.
pub fn coarse(code: TrapCode) -> TrapCode {
    if code == TrapCode::UndefinedElement { TrapCode::TableOutOfBounds } else { code }
}

enum Failure {
    Trap(TrapCode),
    Other(String),
}

impl From<wasmi::Error> for Failure {
    fn from(error: wasmi::Error) -> Failure {
        use wasmi::TrapCode as Wasmi;
        use wasmi::errors::{ErrorKind, InstantiationError, TableError};
        if matches!(
            error.kind(),
            ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. })
                | ErrorKind::Table(TableError::CopyOutOfBounds)
        ) {
            return Failure::Trap(TrapCode::TableOutOfBounds);
        }
        Failure::Trap(match error.as_trap_code() {
            Some(Wasmi::UnreachableCodeReached) => TrapCode::Unreachable,
            Some(Wasmi::MemoryOutOfBounds) => TrapCode::MemoryOutOfBounds,
            Some(Wasmi::TableOutOfBounds) => TrapCode::TableOutOfBounds,
            Some(Wasmi::IndirectCallToNull) => TrapCode::IndirectCallToNull,
            Some(Wasmi::IntegerDivisionByZero) => TrapCode::IntegerDivideByZero,
            Some(Wasmi::IntegerOverflow) => TrapCode::IntegerOverflow,
            Some(Wasmi::BadConversionToInteger) => TrapCode::BadConversionToInteger,
            Some(Wasmi::StackOverflow) => TrapCode::StackOverflow,
            Some(Wasmi::BadSignature) => TrapCode::BadSignature,
            Some(Wasmi::OutOfFuel | Wasmi::GrowthOperationLimited) | None => {
                return Failure::Other(error.to_string());
            }
        })
    }
}

impl From<String> for Failure {
    fn from(why: String) -> Failure {
        Failure::Other(why)
    }
}

impl From<&str> for Failure {
    fn from(why: &str) -> Failure {
        Failure::Other(why.to_string())
    }
}

#[cfg(test)]
mod tests {
    use wasmc::InstanceSource;

    use super::*;

    #[test]
    fn select_behind_a_comparison_is_right() {
        let text = r#"(module (func (export "f") (param i32) (result i32)
            (select (i32.const 1) (local.get 0) (i32.eqz (local.get 0)))))"#;
        let wasm = wat::parse_str(text).unwrap();
        let instances = vec![InstanceSource { name: String::new(), wasm: &wasm, wiring: Vec::new() }];
        let invoke = |argument| Step::Invoke { instance: 0, export: "f".into(), arguments: vec![argument] };
        let entry = Entry::Script(vec![Step::Instantiate(0), invoke(0), invoke(7)]);
        let outcomes = perform(&Program { instances, entry });
        assert_eq!(outcomes[1..], [Outcome::Returned(vec![1]), Outcome::Returned(vec![7])]);
    }

    #[test]
    fn instances_are_wired_and_traps_are_seen() {
        let first = wat::parse_str(
            r#"(module (memory (export "m") 1) (global (export "g") (mut i64) (i64.const -1))
                 (func (export "store") (param i32) (i32.store (local.get 0) (i32.const 7))))"#,
        )
        .unwrap();
        let second = wat::parse_str(
            r#"(module (import "a" "store" (func (param i32))) (export "again" (func 0))
                 (func (export "same") (param externref) (result externref) local.get 0))"#,
        )
        .unwrap();
        let source = |wasm, wiring| InstanceSource { name: String::new(), wasm, wiring };
        let invoke = |instance, export: &str, arguments| Step::Invoke { instance, export: export.into(), arguments };
        let steps = vec![
            Step::Instantiate(0),
            Step::Instantiate(1),
            invoke(1, "again", vec![65532]),
            Step::Memory { instance: 0, export: "m".into() },
            invoke(1, "again", vec![65533]),
            Step::GlobalGet { instance: 0, export: "g".into() },
            invoke(1, "same", vec![5]),
        ];
        let program = Program {
            instances: vec![source(&first, vec![]), source(&second, vec![("a".into(), 0)])],
            entry: Entry::Script(steps),
        };
        let mut memory = vec![0; 65536];
        memory[65532] = 7;
        let expected = [
            Outcome::Returned(vec![]),
            Outcome::Returned(vec![]),
            Outcome::Returned(vec![]),
            Outcome::Returned(vec![memory_slot(&memory)]),
            Outcome::Trapped(TrapCode::MemoryOutOfBounds),
            Outcome::Returned(vec![u64::MAX as u128]),
            Outcome::Returned(vec![5]),
        ];
        assert_eq!(perform(&program), expected);
    }
}
