//! Wasm types → Cranelift types and signatures.

use cranelift_codegen::ir::{AbiParam, Signature, Type, types};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
use wasmparser::{FuncType, ValType};

use super::relaxed::RelaxedForms;

/// The type in which a Wasm value is passed and kept in locals. Vectors are `i8x16` wherever blocks or functions meet.
pub fn value_type(ty: ValType) -> Type {
    match ty {
        ValType::I32 => types::I32,
        ValType::I64 => types::I64,
        ValType::F32 => types::F32,
        ValType::F64 => types::F64,
        ValType::V128 => types::I8X16,
        ValType::Ref(_) => REFERENCE,
    }
}

/// References are words: see [`wasmc_abi::layout::FUNCREF_SIZE`].
pub const REFERENCE: Type = types::I64;

/// All supported targets have 64-bit pointers.
pub const POINTER: Type = types::I64;

/// What translation has to know of the target.
#[derive(Clone, Copy)]
pub struct Conventions {
    /// How Wasm functions call each other.
    pub wasm: CallConv,
    pub frontend: TargetFrontendConfig,
    pub relaxed: RelaxedForms,
}

/// The signature of Wasm functions of a type.
pub fn wasm_signature(ty: &FuncType, conventions: Conventions) -> Signature {
    let mut signature = Signature::new(conventions.wasm);
    signature.params.extend(ty.params().iter().map(|&ty| AbiParam::new(value_type(ty))));
    signature.returns.extend(ty.results().iter().map(|&ty| AbiParam::new(value_type(ty))));
    signature
}

/// How runtime functions are called, and how the runtime calls the program.
pub fn native_signature(params: &[Type], returns: &[Type]) -> Signature {
    let mut signature = Signature::new(CallConv::SystemV);
    signature.params.extend(params.iter().map(|&ty| AbiParam::new(ty)));
    signature.returns.extend(returns.iter().map(|&ty| AbiParam::new(ty)));
    signature
}
