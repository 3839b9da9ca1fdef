//! The steps of a script, and what comes of them.

use std::fmt;

use wasmc::{Features, Program, Step};
use wasmc_abi::trap::TrapCode;
use wasmparser::types::EntityType;
use wasmparser::{ValType, Validator, WasmFeatures};

/// What came of a step.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It ended in order. The slots have the form that [`Step`] describes.
    Returned(Vec<u128>),
    Trapped(TrapCode),
    /// Nothing is known, because of what the text says: the process ended before the step did, mostly.
    Lost(String),
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Returned(slots) => {
                let slots: Vec<String> = slots.iter().map(|slot| format!("{slot:#x}")).collect();
                write!(f, "returned [{}]", slots.join(", "))
            }
            Outcome::Trapped(code) => write!(f, "trapped: {}", code.message()),
            Outcome::Lost(why) => write!(f, "no result: {why}"),
        }
    }
}

/// What the tests' own validation accepts: what the compiler does.
pub fn features() -> WasmFeatures {
    Features::default().validation()
}

/// Names and types of what a module exports.
#[derive(Clone, Debug, Default)]
pub struct Exports(pub Vec<(String, Export)>);

/// The type of an export, as far as steps need it.
#[derive(Clone, Debug)]
pub enum Export {
    Function { parameters: Vec<ValType>, results: Vec<ValType> },
    Global(ValType),
    Memory,
    Other,
}

impl Exports {
    /// Validates a module, with the proposals that the compiler takes, and lists its exports.
    ///
    /// # Errors
    ///
    /// If the module is not valid.
    pub fn of(wasm: &[u8]) -> Result<Exports, String> {
        let types = Validator::new_with_features(features()).validate_all(wasm).map_err(|e| e.to_string())?;
        let types = types.as_ref();
        let exports = types.core_exports().ok_or("a component, not a module")?;
        Ok(Exports(
            exports
                .map(|(name, entity)| {
                    let export = match entity {
                        EntityType::Func(id) | EntityType::FuncExact(id) => {
                            let function = types[id].unwrap_func();
                            let (parameters, results) = (function.params().to_vec(), function.results().to_vec());
                            Export::Function { parameters, results }
                        }
                        EntityType::Global(global) => Export::Global(global.content_type),
                        EntityType::Memory(_) => Export::Memory,
                        EntityType::Table(_) | EntityType::Tag(_) => Export::Other,
                    };
                    (name.to_string(), export)
                })
                .collect(),
        ))
    }

    pub fn find(&self, name: &str) -> Option<&Export> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, export)| export)
    }
}

/// What is in the slots that a step gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepTypes {
    Values(Vec<ValType>),
    /// Size and hash of a memory.
    Memory,
}

impl StepTypes {
    pub fn count(&self) -> usize {
        match self {
            StepTypes::Values(types) => types.len(),
            StepTypes::Memory => 1,
        }
    }

    /// Clears the bytes of slots that are not part of the value: compiled code may leave there what was before.
    pub fn without_unused_bytes(&self, outcome: Outcome) -> Outcome {
        let (Outcome::Returned(slots), StepTypes::Values(types)) = (&outcome, self) else { return outcome };
        let clear = |(slot, ty): (&u128, &ValType)| match ty {
            ValType::I32 | ValType::F32 => *slot as u32 as u128,
            ValType::I64 | ValType::F64 | ValType::Ref(_) => *slot as u64 as u128,
            ValType::V128 => *slot,
        };
        Outcome::Returned(slots.iter().zip(types).map(clear).collect())
    }

    /// Of a step that an instance with these exports can perform.
    ///
    /// # Errors
    ///
    /// If the instance has no such export.
    pub fn of(step: &Step, exports: &[Exports]) -> Result<StepTypes, String> {
        let (instance, name) = match step {
            Step::Instantiate(_) | Step::Start | Step::End | Step::Wait(_) => {
                return Ok(StepTypes::Values(Vec::new()));
            }
            Step::Invoke { instance, export, .. }
            | Step::GlobalGet { instance, export }
            | Step::Memory { instance, export } => (*instance, export),
        };
        match (step, exports.get(instance).and_then(|exports| exports.find(name))) {
            (Step::Invoke { .. }, Some(Export::Function { results, .. })) => Ok(StepTypes::Values(results.clone())),
            (Step::GlobalGet { .. }, Some(Export::Global(value))) => Ok(StepTypes::Values(vec![*value])),
            (Step::Memory { .. }, Some(Export::Memory)) => Ok(StepTypes::Memory),
            _ => Err(format!("instance {instance} has no such export as {step:?} needs")),
        }
    }
}

/// The exports of each instance of a program.
///
/// # Errors
///
/// If a module is not valid.
pub fn program_exports(program: &Program<'_>) -> Result<Vec<Exports>, String> {
    program.instances.iter().map(|instance| Exports::of(instance.wasm)).collect()
}

/// The hash of [`Step::Memory`]: FNV-1a over 64-bit little-endian words.
pub fn memory_slot(memory: &[u8]) -> u128 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for word in memory.chunks(8) {
        let mut bytes = [0; 8];
        bytes[..word.len()].copy_from_slice(word);
        hash = (hash ^ u64::from_le_bytes(bytes)).wrapping_mul(0x0100_0000_01b3);
    }
    memory.len() as u128 | (hash as u128) << 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_steps() {
        let wasm = wat::parse_str(
            r#"(module (import "a" "b" (func (param i32) (result i64 f32))) (export "f" (func 0))
                 (memory (export "m") 1) (global (export "g") f64 (f64.const 0)))"#,
        )
        .unwrap();
        let exports = [Exports::of(&wasm).unwrap()];
        let invoke = |export: &str| Step::Invoke { instance: 0, export: export.into(), arguments: vec![0] };
        let values = StepTypes::Values(vec![ValType::I64, ValType::F32]);
        assert_eq!(StepTypes::of(&invoke("f"), &exports).unwrap(), values);
        assert!(StepTypes::of(&invoke("g"), &exports).is_err());
        assert!(StepTypes::of(&invoke("x"), &exports).is_err());
        let global = Step::GlobalGet { instance: 0, export: "g".into() };
        assert_eq!(StepTypes::of(&global, &exports).unwrap(), StepTypes::Values(vec![ValType::F64]));
        let memory = Step::Memory { instance: 0, export: "m".into() };
        assert_eq!(StepTypes::of(&memory, &exports).unwrap(), StepTypes::Memory);
    }
}
