//! Constant expressions (core specification, 3.3.10), with the operators of the extended-const proposal.

use cranelift_entity::EntityRef;
use wasmparser::Operator;

use super::index::{FuncIndex, GlobalIndex};
use crate::error::{Error, Result};

/// One instruction of a constant expression, which is a program for a stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ConstOp {
    /// Bits of a number or vector, or 0 for a null reference.
    Bits(u128),
    RefFunc(FuncIndex),
    GlobalGet(GlobalIndex),
    I32Add,
    I32Sub,
    I32Mul,
    I64Add,
    I64Sub,
    I64Mul,
}

/// A validated constant expression.
#[derive(Clone, Debug)]
pub struct ConstExpr(pub Vec<ConstOp>);

impl ConstExpr {
    pub fn parse(expression: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr> {
        let mut ops = Vec::with_capacity(1);
        for operator in expression.get_operators_reader().into_iter_with_offsets() {
            let (operator, offset) = operator?;
            ops.push(match operator {
                Operator::I32Const { value } => ConstOp::Bits(u128::from(value as u32)),
                Operator::I64Const { value } => ConstOp::Bits(u128::from(value as u64)),
                Operator::F32Const { value } => ConstOp::Bits(u128::from(value.bits())),
                Operator::F64Const { value } => ConstOp::Bits(u128::from(value.bits())),
                Operator::V128Const { value } => ConstOp::Bits(u128::from_le_bytes(*value.bytes())),
                Operator::RefNull { .. } => ConstOp::Bits(0),
                Operator::RefFunc { function_index } => ConstOp::RefFunc(FuncIndex::new(function_index as usize)),
                Operator::GlobalGet { global_index } => ConstOp::GlobalGet(GlobalIndex::new(global_index as usize)),
                Operator::I32Add => ConstOp::I32Add,
                Operator::I32Sub => ConstOp::I32Sub,
                Operator::I32Mul => ConstOp::I32Mul,
                Operator::I64Add => ConstOp::I64Add,
                Operator::I64Sub => ConstOp::I64Sub,
                Operator::I64Mul => ConstOp::I64Mul,
                Operator::End => break,
                other => {
                    return Err(Error::unsupported(format!("{other:?} in a constant expression")).at(offset));
                }
            });
        }
        Ok(ConstExpr(ops))
    }

    /// The expression that is one `ref.func`, as in element segments that list functions.
    pub fn ref_func(function: FuncIndex) -> ConstExpr {
        ConstExpr(vec![ConstOp::RefFunc(function)])
    }
}
