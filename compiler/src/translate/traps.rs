//! Trap codes of Wasm ↔ those of Cranelift.

use cranelift_codegen::ir::TrapCode as ClifCode;
use wasmc_abi::trap::TrapCode;

/// The code for an explicit trap. Cranelift keeps the highest numbers for itself; ours are low.
pub fn to_clif(code: TrapCode) -> ClifCode {
    match code {
        TrapCode::MemoryOutOfBounds => ClifCode::HEAP_OUT_OF_BOUNDS,
        TrapCode::IntegerOverflow => ClifCode::INTEGER_OVERFLOW,
        TrapCode::IntegerDivideByZero => ClifCode::INTEGER_DIVISION_BY_ZERO,
        TrapCode::BadConversionToInteger => ClifCode::BAD_CONVERSION_TO_INTEGER,
        TrapCode::StackOverflow => ClifCode::STACK_OVERFLOW,
        other => ClifCode::unwrap_user(other as u8),
    }
}

/// What a trap site of compiled code means.
pub fn from_clif(code: ClifCode) -> Option<TrapCode> {
    Some(match code {
        ClifCode::HEAP_OUT_OF_BOUNDS => TrapCode::MemoryOutOfBounds,
        ClifCode::INTEGER_OVERFLOW => TrapCode::IntegerOverflow,
        ClifCode::INTEGER_DIVISION_BY_ZERO => TrapCode::IntegerDivideByZero,
        ClifCode::BAD_CONVERSION_TO_INTEGER => TrapCode::BadConversionToInteger,
        ClifCode::STACK_OVERFLOW => TrapCode::StackOverflow,
        user => TrapCode::from_number(user.as_raw().get())?,
    })
}
