//! Relaxed vector operators (core specification, 4.3.7): what they do where the specification leaves a choice.
//!
//! The choice is one for the whole program: it depends on the target and its CPU only. Deterministic forms are those of
//! the deterministic profile (appendix 7.2), always the first of the choices. Fast forms are what the machine does in
//! one instruction or two. In the comments, R is the parameter of the specification.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::immediates::V128Imm;
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use wasmparser::Operator;

use super::function::Translator;

/// How operators are translated for which the specification leaves a choice. By default without instructions that
/// only some machines have.
#[derive(Clone, Copy, Debug, Default)]
pub struct RelaxedForms {
    /// Those of the deterministic profile.
    pub deterministic: bool,
    /// One instruction multiplies and adds, and rounds once.
    pub fused: bool,
    /// `minps` and its like, which give the second operand if either is a NaN, or both are zeros. The other machines'
    /// instructions do what `min` demands.
    pub min_of_second: bool,
    /// `cvttps2dq`, which gives the least integer for what is too large, and for NaNs.
    pub convert_to_least: bool,
    /// `pshufb`, which takes the low four bits of positive indices.
    pub shuffle_bytes: bool,
    /// `pmulhrsw`, which does not saturate.
    pub multiply_round: bool,
    /// `pmaddubsw`, which takes the bytes of one operand as unsigned.
    pub multiply_add_pairs: bool,
    /// `pblendvb`, `blendvps`, `blendvpd`, which look at the highest bit of each lane.
    pub blend: bool,
}

impl Translator<'_, '_> {
    /// Translates the operator if it is a relaxed one.
    pub fn translate_relaxed(&mut self, operator: &Operator<'_>) -> bool {
        let forms = self.env.conventions.relaxed;
        let result = match *operator {
            // R_swizzle: 0 for an index of 16 to 127, or its low bits.
            Operator::I8x16RelaxedSwizzle => {
                let (vector, lanes) = self.pop_vectors(I8X16);
                if forms.shuffle_bytes {
                    self.env.ins().x86_pshufb(vector, lanes)
                } else {
                    self.env.ins().swizzle(vector, lanes)
                }
            }
            // R_trunc_s, R_trunc_u: what is too large saturates and NaNs are 0, or not. No machine of ours has a
            // shorter form for unsigned numbers with results that the proposal allows.
            Operator::I32x4RelaxedTruncF32x4S => {
                let operand = self.pop_vector(F32X4);
                self.convert_signed(I32X4, operand)
            }
            Operator::I32x4RelaxedTruncF32x4U => {
                let operand = self.pop_vector(F32X4);
                self.env.ins().fcvt_to_uint_sat(I32X4, operand)
            }
            Operator::I32x4RelaxedTruncF64x2SZero => {
                let operand = self.pop_vector(F64X2);
                let wide = self.convert_signed(I64X2, operand);
                let zero = self.zero_vector(I64X2);
                self.env.ins().snarrow(wide, zero)
            }
            Operator::I32x4RelaxedTruncF64x2UZero => {
                let operand = self.pop_vector(F64X2);
                let wide = self.env.ins().fcvt_to_uint_sat(I64X2, operand);
                let zero = self.zero_vector(I64X2);
                self.env.ins().uunarrow(wide, zero)
            }
            Operator::F32x4RelaxedMadd => self.multiply_add(F32X4, false),
            Operator::F32x4RelaxedNmadd => self.multiply_add(F32X4, true),
            Operator::F64x2RelaxedMadd => self.multiply_add(F64X2, false),
            Operator::F64x2RelaxedNmadd => self.multiply_add(F64X2, true),
            Operator::I8x16RelaxedLaneselect => self.select_lanes(I8X16),
            Operator::I16x8RelaxedLaneselect => self.select_lanes(I16X8),
            Operator::I32x4RelaxedLaneselect => self.select_lanes(I32X4),
            Operator::I64x2RelaxedLaneselect => self.select_lanes(I64X2),
            Operator::F32x4RelaxedMin => self.relaxed_min(F32X4),
            Operator::F32x4RelaxedMax => self.relaxed_max(F32X4),
            Operator::F64x2RelaxedMin => self.relaxed_min(F64X2),
            Operator::F64x2RelaxedMax => self.relaxed_max(F64X2),
            // R_iq15mulr: the one product that is too large saturates, or not.
            Operator::I16x8RelaxedQ15mulrS => {
                let (left, right) = self.pop_vectors(I16X8);
                if forms.multiply_round {
                    self.env.ins().x86_pmulhrsw(left, right)
                } else {
                    self.env.ins().sqmul_round_sat(left, right)
                }
            }
            Operator::I16x8RelaxedDotI8x16I7x16S => {
                let (left, right) = self.pop_vectors(I8X16);
                self.dot_pairs(left, right)
            }
            Operator::I32x4RelaxedDotI8x16I7x16AddS => {
                let sum = self.pop_vector(I32X4);
                let (left, right) = self.pop_vectors(I8X16);
                self.dot_quadruples(left, right, sum)
            }
            _ => return false,
        };
        self.push(result);
        true
    }

    fn convert_signed(&mut self, ty: Type, operand: Value) -> Value {
        if self.env.conventions.relaxed.convert_to_least {
            self.env.ins().x86_cvtt2dq(ty, operand)
        } else {
            self.env.ins().fcvt_to_sint_sat(ty, operand)
        }
    }

    /// R_fmadd: rounds twice, or once.
    fn multiply_add(&mut self, ty: Type, negate: bool) -> Value {
        let addend = self.pop_vector(ty);
        let (mut left, right) = self.pop_vectors(ty);
        if negate {
            left = self.env.ins().fneg(left);
        }
        if self.env.conventions.relaxed.fused {
            return self.env.ins().fma(left, right, addend);
        }
        let product = self.env.ins().fmul(left, right);
        self.env.ins().fadd(product, addend)
    }

    /// R_laneselect: bit by bit, or by the highest bit of each lane of the mask. There is no instruction that does the
    /// latter for 16 bits.
    fn select_lanes(&mut self, ty: Type) -> Value {
        let mask = self.pop_vector(ty);
        let (ones, zeros) = self.pop_vectors(ty);
        if self.env.conventions.relaxed.blend && ty != I16X8 {
            self.env.ins().blendv(mask, ones, zeros)
        } else {
            self.env.ins().bitselect(mask, ones, zeros)
        }
    }

    /// R_fmin: as `min`; or what comparing and selecting gives, which is one instruction where it is chosen.
    fn relaxed_min(&mut self, ty: Type) -> Value {
        let (left, right) = self.pop_vectors(ty);
        if !self.env.conventions.relaxed.min_of_second {
            return self.env.ins().fmin(left, right);
        }
        let less = self.env.ins().fcmp(FloatCC::LessThan, left, right);
        self.selected(less, left, right)
    }

    fn relaxed_max(&mut self, ty: Type) -> Value {
        let (left, right) = self.pop_vectors(ty);
        if !self.env.conventions.relaxed.min_of_second {
            return self.env.ins().fmax(left, right);
        }
        let less = self.env.ins().fcmp(FloatCC::LessThan, right, left);
        self.selected(less, left, right)
    }

    /// R_idot: bytes of the second operand are signed, or unsigned; sums of two products saturate.
    ///
    /// The fast form where there is no instruction adds without saturating: the only sum that it gets wrong is that of
    /// four bytes of -128, which the operator's name excludes.
    fn dot_pairs(&mut self, left: Value, right: Value) -> Value {
        let forms = self.env.conventions.relaxed;
        if forms.multiply_add_pairs {
            return self.env.ins().x86_pmaddubsw(left, right);
        }
        let (low, high) = self.products(left, right);
        if !forms.deterministic {
            return self.env.ins().iadd_pairwise(low, high);
        }
        let even = self.lanes_of_16_bits(low, high, 0);
        let odd = self.lanes_of_16_bits(low, high, 1);
        self.env.ins().sadd_sat(even, odd)
    }

    /// Sums of four products, with what is to be added to them. They are exact in the fast form, of which Cranelift
    /// makes one instruction where there is one.
    fn dot_quadruples(&mut self, left: Value, right: Value, sum: Value) -> Value {
        let forms = self.env.conventions.relaxed;
        let dot = if forms.multiply_add_pairs || forms.deterministic {
            let pairs = self.dot_pairs(left, right);
            let low = self.env.ins().swiden_low(pairs);
            let high = self.env.ins().swiden_high(pairs);
            self.env.ins().iadd_pairwise(low, high)
        } else {
            let (low, high) = self.products(left, right);
            let [low, high] = [low, high].map(|products| {
                let first = self.env.ins().swiden_low(products);
                let second = self.env.ins().swiden_high(products);
                self.env.ins().iadd_pairwise(first, second)
            });
            self.env.ins().iadd_pairwise(low, high)
        };
        self.env.ins().iadd(dot, sum)
    }

    /// The products of bytes, as 16 bits, of the low and of the high halves.
    fn products(&mut self, left: Value, right: Value) -> (Value, Value) {
        let [left_low, right_low] = [left, right].map(|value| self.env.ins().swiden_low(value));
        let [left_high, right_high] = [left, right].map(|value| self.env.ins().swiden_high(value));
        (self.env.ins().imul(left_low, right_low), self.env.ins().imul(left_high, right_high))
    }

    /// Every second lane of two vectors, from the first (0) or second (1) lane on.
    fn lanes_of_16_bits(&mut self, low: Value, high: Value, first: u8) -> Value {
        let bytes: [u8; 16] = std::array::from_fn(|index| {
            let lane = index as u8 / 2 * 2 + first;
            lane * 2 + index as u8 % 2
        });
        let lanes = self.env.builder.func.dfg.immediates.push(V128Imm(bytes).0.to_vec().into());
        let [low, high] = [low, high].map(|value| self.as_vector(value, I8X16));
        let shuffled = self.env.ins().shuffle(low, high, lanes);
        self.as_vector(shuffled, I16X8)
    }
}
