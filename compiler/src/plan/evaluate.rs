//! Constant expressions are constants: a global that one may read is immutable, so its value is known here.

use cranelift_entity::PrimaryMap;

use super::Global;
use super::ids::{FuncId, GlobalId};
use crate::parse::index::{FuncIndex, GlobalIndex};
use crate::parse::{ConstExpr, ConstOp};

/// A value that the compiler knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstValue {
    /// Bits of a number or vector, zero-extended. 0 is also the null reference.
    Bits(u128),
    /// A reference to a function.
    Function(FuncId),
}

impl ConstValue {
    /// The low 64 bits of a number.
    ///
    /// # Panics
    ///
    /// If it is a function: validation keeps references out of arithmetic, addresses and sizes.
    pub fn number(self) -> u64 {
        match self {
            ConstValue::Bits(bits) => bits as u64,
            ConstValue::Function(_) => unreachable!("a validated number is not a function reference"),
        }
    }
}

/// Evaluates a validated expression of an instance whose functions and globals are given by index.
pub fn evaluate(
    expression: &ConstExpr,
    functions: &PrimaryMap<FuncIndex, FuncId>,
    global_ids: &PrimaryMap<GlobalIndex, GlobalId>,
    globals: &PrimaryMap<GlobalId, Global>,
) -> ConstValue {
    let mut stack: Vec<ConstValue> = Vec::with_capacity(2);
    for op in &expression.0 {
        let mut arithmetic = |operation: fn(u64, u64) -> u64| {
            let (right, left) = (pop(&mut stack).number(), pop(&mut stack).number());
            ConstValue::Bits(u128::from(operation(left, right)))
        };
        let value = match *op {
            ConstOp::Bits(bits) => ConstValue::Bits(bits),
            ConstOp::RefFunc(function) => ConstValue::Function(functions[function]),
            ConstOp::GlobalGet(global) => globals[global_ids[global]].initial,
            ConstOp::I32Add => arithmetic(|a, b| u64::from((a as u32).wrapping_add(b as u32))),
            ConstOp::I32Sub => arithmetic(|a, b| u64::from((a as u32).wrapping_sub(b as u32))),
            ConstOp::I32Mul => arithmetic(|a, b| u64::from((a as u32).wrapping_mul(b as u32))),
            ConstOp::I64Add => arithmetic(u64::wrapping_add),
            ConstOp::I64Sub => arithmetic(u64::wrapping_sub),
            ConstOp::I64Mul => arithmetic(u64::wrapping_mul),
        };
        stack.push(value);
    }
    pop(&mut stack)
}

fn pop(stack: &mut Vec<ConstValue>) -> ConstValue {
    stack.pop().expect("a validated constant expression leaves its operands on the stack")
}
