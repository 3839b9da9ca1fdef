//! Sums of values times constants, modulo 2³².
//!
//! Addresses in a memory with 32-bit indices are such sums; what is known of their differences is what passes need to
//! tell accesses apart. Extending an i32, and taking the lower half of an i64, change nothing modulo 2³².

use cranelift_codegen::cursor::FuncCursor;
use cranelift_codegen::ir::{DataFlowGraph, InstBuilder, InstructionData, Opcode, Value, ValueDef, types};

/// Instructions that are looked through.
const MOST_INSTS: u32 = 64;

/// A sum of values times constants, and a constant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linear {
    /// In the order of values, none of which occurs twice, nor with the factor 0.
    pub terms: Vec<(Value, u32)>,
    pub constant: u32,
}

impl Linear {
    pub fn constant(constant: i64) -> Linear {
        Linear { terms: Vec::new(), constant: constant as u32 }
    }

    /// An i32 or i64 as the sum that it is.
    pub fn of(dfg: &DataFlowGraph, value: Value) -> Linear {
        let mut sum = Linear::default();
        sum.add_value(dfg, value, 1, &mut { MOST_INSTS });
        sum
    }

    fn add_value(&mut self, dfg: &DataFlowGraph, value: Value, factor: u32, budget: &mut u32) {
        if let ValueDef::Result(inst, 0) = dfg.value_def(value)
            && *budget > 0
        {
            *budget -= 1;
            match dfg.insts[inst] {
                InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => {
                    self.constant = self.constant.wrapping_add(factor.wrapping_mul(imm.bits() as u32));
                    return;
                }
                InstructionData::Unary { opcode: Opcode::Uextend | Opcode::Sextend | Opcode::Ireduce, arg }
                    if matches!(dfg.value_type(arg), types::I32 | types::I64) =>
                {
                    return self.add_value(dfg, arg, factor, budget);
                }
                InstructionData::Binary { opcode: Opcode::Iadd, args } => {
                    self.add_value(dfg, args[0], factor, budget);
                    return self.add_value(dfg, args[1], factor, budget);
                }
                InstructionData::Binary { opcode: Opcode::Isub, args } => {
                    self.add_value(dfg, args[0], factor, budget);
                    return self.add_value(dfg, args[1], factor.wrapping_neg(), budget);
                }
                InstructionData::Binary { opcode: Opcode::Ishl, args } => {
                    if let Some(count) = constant(dfg, args[1]) {
                        let count = count as u32 & (dfg.value_type(value).bits() - 1);
                        let factor = 1u32.checked_shl(count).map_or(0, |power| factor.wrapping_mul(power));
                        return self.add_value(dfg, args[0], factor, budget);
                    }
                }
                InstructionData::Binary { opcode: Opcode::Imul, args } => {
                    if let Some(times) = constant(dfg, args[1]) {
                        return self.add_value(dfg, args[0], factor.wrapping_mul(times as u32), budget);
                    }
                }
                _ => {}
            }
        }
        self.add_term(value, factor);
    }

    fn add_term(&mut self, value: Value, factor: u32) {
        match self.terms.binary_search_by_key(&value, |&(value, _)| value) {
            Ok(place) => {
                let sum = self.terms[place].1.wrapping_add(factor);
                if sum == 0 {
                    self.terms.remove(place);
                } else {
                    self.terms[place].1 = sum;
                }
            }
            Err(place) if factor != 0 => self.terms.insert(place, (value, factor)),
            Err(_) => {}
        }
    }

    pub fn add(&mut self, other: &Linear, factor: u32) {
        other.terms.iter().for_each(|&(value, times)| self.add_term(value, times.wrapping_mul(factor)));
        self.constant = self.constant.wrapping_add(other.constant.wrapping_mul(factor));
    }

    pub fn difference(&self, other: &Linear) -> Linear {
        let mut difference = self.clone();
        difference.add(other, u32::MAX);
        difference
    }

    /// Computes the sum as an i32, with other values in place of its own.
    pub fn compute(&self, cursor: &mut FuncCursor<'_>, replacement: impl Fn(Value) -> Value) -> Value {
        let mut sum = cursor.ins().iconst(types::I32, i64::from(self.constant as i32));
        for &(value, factor) in &self.terms {
            let mut value = replacement(value);
            if cursor.func.dfg.value_type(value) == types::I64 {
                value = cursor.ins().ireduce(types::I32, value);
            }
            sum = match factor {
                1 => cursor.ins().iadd(sum, value),
                u32::MAX => cursor.ins().isub(sum, value),
                _ => {
                    let factor = cursor.ins().iconst(types::I32, i64::from(factor as i32));
                    let product = cursor.ins().imul(value, factor);
                    cursor.ins().iadd(sum, product)
                }
            };
        }
        sum
    }
}

/// The integer constant that a value is.
pub fn constant(dfg: &DataFlowGraph, value: Value) -> Option<i64> {
    let ValueDef::Result(inst, _) = dfg.value_def(value) else { return None };
    match dfg.insts[inst] {
        InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => Some(imm.bits()),
        _ => None,
    }
}
