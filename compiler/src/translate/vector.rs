//! Vector operators (core specification, 4.3.5 and 4.4.3): one row each.
//!
//! Wasm has one vector type, Cranelift one for each lane type. An operand is reinterpreted when it is popped, which
//! costs nothing on the machine; locals, blocks and calls use `i8x16`.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::V128Imm;
use cranelift_codegen::ir::types::{F32, F32X4, F64, F64X2, I8, I8X16, I16, I16X8, I32, I32X4, I64, I64X2};
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Type, Value};
use wasmparser::Operator;

use super::function::Translator;

/// Expands the rows to a `match`. The word says how operands and results go; types name the lanes of the operands.
macro_rules! operators {
    ($self:ident, $operator:ident; $($name:ident => $kind:ident $($argument:ident)*;)*) => {
        match $operator {
            $(Operator::$name => operators!(@ $self $kind $($argument)*),)*
            _ => return false,
        }
    };
    (@ $self:ident unary $ty:ident $instruction:ident) => {{
        let operand = $self.pop_vector($ty);
        let result = $self.env.ins().$instruction(operand);
        $self.push(result);
    }};
    (@ $self:ident binary $ty:ident $instruction:ident) => {{
        let (left, right) = $self.pop_vectors($ty);
        let result = $self.env.ins().$instruction(left, right);
        $self.push(result);
    }};
    (@ $self:ident compare $ty:ident $condition:ident) => {{
        let (left, right) = $self.pop_vectors($ty);
        let result = $self.env.ins().icmp(IntCC::$condition, left, right);
        $self.push(result);
    }};
    (@ $self:ident fcmp $ty:ident $condition:ident) => {{
        let (left, right) = $self.pop_vectors($ty);
        let result = $self.env.ins().fcmp(FloatCC::$condition, left, right);
        $self.push(result);
    }};
    // The count is taken modulo the lane width, in Cranelift as in Wasm.
    (@ $self:ident shift $ty:ident $instruction:ident) => {{
        let count = $self.pop();
        let operand = $self.pop_vector($ty);
        let result = $self.env.ins().$instruction(operand, count);
        $self.push(result);
    }};
    (@ $self:ident test $ty:ident $instruction:ident) => {{
        let operand = $self.pop_vector($ty);
        let result = $self.env.ins().$instruction(operand);
        $self.push_bool(result);
    }};
    (@ $self:ident bitmask $ty:ident) => {{
        let operand = $self.pop_vector($ty);
        let result = $self.env.ins().vhigh_bits(I32, operand);
        $self.push(result);
    }};
    (@ $self:ident convert $from:ident $instruction:ident $to:ident) => {{
        let operand = $self.pop_vector($from);
        let result = $self.env.ins().$instruction($to, operand);
        $self.push(result);
    }};
    // Lanes narrower than i32 come from the low bits of one.
    (@ $self:ident splat $ty:ident) => {{
        let lane = $self.pop();
        let lane = $self.narrow(lane, $ty.lane_type());
        let result = $self.env.ins().splat($ty, lane);
        $self.push(result);
    }};
    (@ $self:ident extmul $ty:ident $widen:ident) => {{
        let (left, right) = $self.pop_vectors($ty);
        let left = $self.env.ins().$widen(left);
        let right = $self.env.ins().$widen(right);
        let result = $self.env.ins().imul(left, right);
        $self.push(result);
    }};
    (@ $self:ident extadd $ty:ident $low:ident $high:ident) => {{
        let operand = $self.pop_vector($ty);
        let low = $self.env.ins().$low(operand);
        let high = $self.env.ins().$high(operand);
        let result = $self.env.ins().iadd_pairwise(low, high);
        $self.push(result);
    }};
    // `b < a ? b : a`, which differs from `fmin` in zeros and NaNs (4.3.3, fpmin).
    (@ $self:ident pmin $ty:ident) => {{
        let (left, right) = $self.pop_vectors($ty);
        let less = $self.env.ins().fcmp(FloatCC::LessThan, right, left);
        let result = $self.selected(less, right, left);
        $self.push(result);
    }};
    (@ $self:ident pmax $ty:ident) => {{
        let (left, right) = $self.pop_vectors($ty);
        let less = $self.env.ins().fcmp(FloatCC::LessThan, left, right);
        let result = $self.selected(less, right, left);
        $self.push(result);
    }};
}

impl Translator<'_, '_> {
    /// Translates the operator if it is one of vectors.
    #[rustfmt::skip]
    pub fn translate_vector(&mut self, operator: &Operator<'_>) -> bool {
        if self.translate_vector_lanes(operator) || self.translate_vector_special(operator) {
            return true;
        }
        operators! { self, operator;
            I8x16Splat => splat I8X16;  I16x8Splat => splat I16X8;  I32x4Splat => splat I32X4;
            I64x2Splat => splat I64X2;  F32x4Splat => splat F32X4;  F64x2Splat => splat F64X2;

            I8x16Eq  => compare I8X16 Equal;                      I16x8Eq  => compare I16X8 Equal;
            I8x16Ne  => compare I8X16 NotEqual;                   I16x8Ne  => compare I16X8 NotEqual;
            I8x16LtS => compare I8X16 SignedLessThan;             I16x8LtS => compare I16X8 SignedLessThan;
            I8x16LtU => compare I8X16 UnsignedLessThan;           I16x8LtU => compare I16X8 UnsignedLessThan;
            I8x16GtS => compare I8X16 SignedGreaterThan;          I16x8GtS => compare I16X8 SignedGreaterThan;
            I8x16GtU => compare I8X16 UnsignedGreaterThan;        I16x8GtU => compare I16X8 UnsignedGreaterThan;
            I8x16LeS => compare I8X16 SignedLessThanOrEqual;      I16x8LeS => compare I16X8 SignedLessThanOrEqual;
            I8x16LeU => compare I8X16 UnsignedLessThanOrEqual;    I16x8LeU => compare I16X8 UnsignedLessThanOrEqual;
            I8x16GeS => compare I8X16 SignedGreaterThanOrEqual;   I16x8GeS => compare I16X8 SignedGreaterThanOrEqual;
            I8x16GeU => compare I8X16 UnsignedGreaterThanOrEqual; I16x8GeU => compare I16X8 UnsignedGreaterThanOrEqual;

            I32x4Eq  => compare I32X4 Equal;                      I64x2Eq  => compare I64X2 Equal;
            I32x4Ne  => compare I32X4 NotEqual;                   I64x2Ne  => compare I64X2 NotEqual;
            I32x4LtS => compare I32X4 SignedLessThan;             I64x2LtS => compare I64X2 SignedLessThan;
            I32x4LtU => compare I32X4 UnsignedLessThan;
            I32x4GtS => compare I32X4 SignedGreaterThan;          I64x2GtS => compare I64X2 SignedGreaterThan;
            I32x4GtU => compare I32X4 UnsignedGreaterThan;
            I32x4LeS => compare I32X4 SignedLessThanOrEqual;      I64x2LeS => compare I64X2 SignedLessThanOrEqual;
            I32x4LeU => compare I32X4 UnsignedLessThanOrEqual;
            I32x4GeS => compare I32X4 SignedGreaterThanOrEqual;   I64x2GeS => compare I64X2 SignedGreaterThanOrEqual;
            I32x4GeU => compare I32X4 UnsignedGreaterThanOrEqual;

            F32x4Eq => fcmp F32X4 Equal;                            F64x2Eq => fcmp F64X2 Equal;
            F32x4Ne => fcmp F32X4 NotEqual;                         F64x2Ne => fcmp F64X2 NotEqual;
            F32x4Lt => fcmp F32X4 LessThan;                         F64x2Lt => fcmp F64X2 LessThan;
            F32x4Gt => fcmp F32X4 GreaterThan;                      F64x2Gt => fcmp F64X2 GreaterThan;
            F32x4Le => fcmp F32X4 LessThanOrEqual;                  F64x2Le => fcmp F64X2 LessThanOrEqual;
            F32x4Ge => fcmp F32X4 GreaterThanOrEqual;               F64x2Ge => fcmp F64X2 GreaterThanOrEqual;

            V128Not     => unary I8X16 bnot;
            V128And     => binary I8X16 band;
            V128Or      => binary I8X16 bor;
            V128Xor     => binary I8X16 bxor;
            V128AnyTrue => test I8X16 vany_true;

            I8x16Abs    => unary I8X16 iabs;                        I16x8Abs    => unary I16X8 iabs;
            I32x4Abs    => unary I32X4 iabs;                        I64x2Abs    => unary I64X2 iabs;
            I8x16Neg    => unary I8X16 ineg;                        I16x8Neg    => unary I16X8 ineg;
            I32x4Neg    => unary I32X4 ineg;                        I64x2Neg    => unary I64X2 ineg;
            I8x16Popcnt => unary I8X16 popcnt;
            I8x16AllTrue => test I8X16 vall_true;                   I16x8AllTrue => test I16X8 vall_true;
            I32x4AllTrue => test I32X4 vall_true;                   I64x2AllTrue => test I64X2 vall_true;
            I8x16Bitmask => bitmask I8X16;                          I16x8Bitmask => bitmask I16X8;
            I32x4Bitmask => bitmask I32X4;                          I64x2Bitmask => bitmask I64X2;

            I8x16Shl  => shift I8X16 ishl;                          I16x8Shl  => shift I16X8 ishl;
            I8x16ShrS => shift I8X16 sshr;                          I16x8ShrS => shift I16X8 sshr;
            I8x16ShrU => shift I8X16 ushr;                          I16x8ShrU => shift I16X8 ushr;
            I32x4Shl  => shift I32X4 ishl;                          I64x2Shl  => shift I64X2 ishl;
            I32x4ShrS => shift I32X4 sshr;                          I64x2ShrS => shift I64X2 sshr;
            I32x4ShrU => shift I32X4 ushr;                          I64x2ShrU => shift I64X2 ushr;

            I8x16Add     => binary I8X16 iadd;                      I16x8Add     => binary I16X8 iadd;
            I8x16AddSatS => binary I8X16 sadd_sat;                  I16x8AddSatS => binary I16X8 sadd_sat;
            I8x16AddSatU => binary I8X16 uadd_sat;                  I16x8AddSatU => binary I16X8 uadd_sat;
            I8x16Sub     => binary I8X16 isub;                      I16x8Sub     => binary I16X8 isub;
            I8x16SubSatS => binary I8X16 ssub_sat;                  I16x8SubSatS => binary I16X8 ssub_sat;
            I8x16SubSatU => binary I8X16 usub_sat;                  I16x8SubSatU => binary I16X8 usub_sat;
            I8x16MinS    => binary I8X16 smin;                      I16x8MinS    => binary I16X8 smin;
            I8x16MinU    => binary I8X16 umin;                      I16x8MinU    => binary I16X8 umin;
            I8x16MaxS    => binary I8X16 smax;                      I16x8MaxS    => binary I16X8 smax;
            I8x16MaxU    => binary I8X16 umax;                      I16x8MaxU    => binary I16X8 umax;
            I8x16AvgrU   => binary I8X16 avg_round;                 I16x8AvgrU   => binary I16X8 avg_round;
            I16x8Mul     => binary I16X8 imul;                      I16x8Q15MulrSatS => binary I16X8 sqmul_round_sat;
            I32x4Add     => binary I32X4 iadd;                      I64x2Add     => binary I64X2 iadd;
            I32x4Sub     => binary I32X4 isub;                      I64x2Sub     => binary I64X2 isub;
            I32x4Mul     => binary I32X4 imul;                      I64x2Mul     => binary I64X2 imul;
            I32x4MinS    => binary I32X4 smin;                      I32x4MaxS    => binary I32X4 smax;
            I32x4MinU    => binary I32X4 umin;                      I32x4MaxU    => binary I32X4 umax;

            I8x16NarrowI16x8S => binary I16X8 snarrow;              I8x16NarrowI16x8U => binary I16X8 unarrow;
            I16x8NarrowI32x4S => binary I32X4 snarrow;              I16x8NarrowI32x4U => binary I32X4 unarrow;
            I16x8ExtendLowI8x16S  => unary I8X16 swiden_low;        I16x8ExtendLowI8x16U  => unary I8X16 uwiden_low;
            I16x8ExtendHighI8x16S => unary I8X16 swiden_high;       I16x8ExtendHighI8x16U => unary I8X16 uwiden_high;
            I32x4ExtendLowI16x8S  => unary I16X8 swiden_low;        I32x4ExtendLowI16x8U  => unary I16X8 uwiden_low;
            I32x4ExtendHighI16x8S => unary I16X8 swiden_high;       I32x4ExtendHighI16x8U => unary I16X8 uwiden_high;
            I64x2ExtendLowI32x4S  => unary I32X4 swiden_low;        I64x2ExtendLowI32x4U  => unary I32X4 uwiden_low;
            I64x2ExtendHighI32x4S => unary I32X4 swiden_high;       I64x2ExtendHighI32x4U => unary I32X4 uwiden_high;
            I16x8ExtMulLowI8x16S  => extmul I8X16 swiden_low;       I16x8ExtMulLowI8x16U  => extmul I8X16 uwiden_low;
            I16x8ExtMulHighI8x16S => extmul I8X16 swiden_high;      I16x8ExtMulHighI8x16U => extmul I8X16 uwiden_high;
            I32x4ExtMulLowI16x8S  => extmul I16X8 swiden_low;       I32x4ExtMulLowI16x8U  => extmul I16X8 uwiden_low;
            I32x4ExtMulHighI16x8S => extmul I16X8 swiden_high;      I32x4ExtMulHighI16x8U => extmul I16X8 uwiden_high;
            I64x2ExtMulLowI32x4S  => extmul I32X4 swiden_low;       I64x2ExtMulLowI32x4U  => extmul I32X4 uwiden_low;
            I64x2ExtMulHighI32x4S => extmul I32X4 swiden_high;      I64x2ExtMulHighI32x4U => extmul I32X4 uwiden_high;
            I16x8ExtAddPairwiseI8x16S => extadd I8X16 swiden_low swiden_high;
            I16x8ExtAddPairwiseI8x16U => extadd I8X16 uwiden_low uwiden_high;
            I32x4ExtAddPairwiseI16x8S => extadd I16X8 swiden_low swiden_high;
            I32x4ExtAddPairwiseI16x8U => extadd I16X8 uwiden_low uwiden_high;

            F32x4Abs     => unary F32X4 fabs;                       F64x2Abs     => unary F64X2 fabs;
            F32x4Neg     => unary F32X4 fneg;                       F64x2Neg     => unary F64X2 fneg;
            F32x4Sqrt    => unary F32X4 sqrt;                       F64x2Sqrt    => unary F64X2 sqrt;
            F32x4Ceil    => unary F32X4 ceil;                       F64x2Ceil    => unary F64X2 ceil;
            F32x4Floor   => unary F32X4 floor;                      F64x2Floor   => unary F64X2 floor;
            F32x4Trunc   => unary F32X4 trunc;                      F64x2Trunc   => unary F64X2 trunc;
            F32x4Nearest => unary F32X4 nearest;                    F64x2Nearest => unary F64X2 nearest;
            F32x4Add     => binary F32X4 fadd;                      F64x2Add     => binary F64X2 fadd;
            F32x4Sub     => binary F32X4 fsub;                      F64x2Sub     => binary F64X2 fsub;
            F32x4Mul     => binary F32X4 fmul;                      F64x2Mul     => binary F64X2 fmul;
            F32x4Div     => binary F32X4 fdiv;                      F64x2Div     => binary F64X2 fdiv;
            F32x4Min     => binary F32X4 fmin;                      F64x2Min     => binary F64X2 fmin;
            F32x4Max     => binary F32X4 fmax;                      F64x2Max     => binary F64X2 fmax;
            F32x4PMin    => pmin F32X4;                             F64x2PMin    => pmin F64X2;
            F32x4PMax    => pmax F32X4;                             F64x2PMax    => pmax F64X2;

            I32x4TruncSatF32x4S  => convert F32X4 fcvt_to_sint_sat I32X4;
            I32x4TruncSatF32x4U  => convert F32X4 fcvt_to_uint_sat I32X4;
            F32x4ConvertI32x4S   => convert I32X4 fcvt_from_sint F32X4;
            F32x4ConvertI32x4U   => convert I32X4 fcvt_from_uint F32X4;
            F32x4DemoteF64x2Zero => unary F64X2 fvdemote;
            F64x2PromoteLowF32x4 => unary F32X4 fvpromote_low;
        }
        true
    }

    /// Operators that have a shape of their own.
    fn translate_vector_special(&mut self, operator: &Operator<'_>) -> bool {
        let result = match *operator {
            Operator::V128Const { value } => self.vector_constant(value.bytes()),
            Operator::I8x16Shuffle { lanes } => {
                let (left, right) = self.pop_vectors(I8X16);
                let lanes = self.env.builder.func.dfg.immediates.push(V128Imm(lanes).0.to_vec().into());
                self.env.ins().shuffle(left, right, lanes)
            }
            Operator::I8x16Swizzle => {
                let (vector, lanes) = self.pop_vectors(I8X16);
                self.env.ins().swizzle(vector, lanes)
            }
            Operator::V128AndNot => {
                let (left, right) = self.pop_vectors(I8X16);
                let right = self.env.ins().bnot(right);
                self.env.ins().band(left, right)
            }
            Operator::V128Bitselect => {
                let mask = self.pop_vector(I8X16);
                let (ones, zeros) = self.pop_vectors(I8X16);
                self.env.ins().bitselect(mask, ones, zeros)
            }
            Operator::I32x4DotI16x8S => {
                let (left, right) = self.pop_vectors(I16X8);
                let [left_low, right_low] = [left, right].map(|value| self.env.ins().swiden_low(value));
                let [left_high, right_high] = [left, right].map(|value| self.env.ins().swiden_high(value));
                let low = self.env.ins().imul(left_low, right_low);
                let high = self.env.ins().imul(left_high, right_high);
                self.env.ins().iadd_pairwise(low, high)
            }
            Operator::I32x4TruncSatF64x2SZero => {
                let operand = self.pop_vector(F64X2);
                let wide = self.env.ins().fcvt_to_sint_sat(I64X2, operand);
                let zero = self.zero_vector(I64X2);
                self.env.ins().snarrow(wide, zero)
            }
            Operator::I32x4TruncSatF64x2UZero => {
                let operand = self.pop_vector(F64X2);
                let wide = self.env.ins().fcvt_to_uint_sat(I64X2, operand);
                let zero = self.zero_vector(I64X2);
                self.env.ins().uunarrow(wide, zero)
            }
            Operator::F64x2ConvertLowI32x4S => {
                let operand = self.pop_vector(I32X4);
                let wide = self.env.ins().swiden_low(operand);
                self.env.ins().fcvt_from_sint(F64X2, wide)
            }
            Operator::F64x2ConvertLowI32x4U => {
                let operand = self.pop_vector(I32X4);
                let wide = self.env.ins().uwiden_low(operand);
                self.env.ins().fcvt_from_uint(F64X2, wide)
            }
            _ => return false,
        };
        self.push(result);
        true
    }

    /// Operators on one lane, in a register or in memory.
    fn translate_vector_lanes(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::I8x16ExtractLaneS { lane } => self.extract_lane(I8X16, lane, Some(true)),
            Operator::I8x16ExtractLaneU { lane } => self.extract_lane(I8X16, lane, Some(false)),
            Operator::I16x8ExtractLaneS { lane } => self.extract_lane(I16X8, lane, Some(true)),
            Operator::I16x8ExtractLaneU { lane } => self.extract_lane(I16X8, lane, Some(false)),
            Operator::I32x4ExtractLane { lane } => self.extract_lane(I32X4, lane, None),
            Operator::I64x2ExtractLane { lane } => self.extract_lane(I64X2, lane, None),
            Operator::F32x4ExtractLane { lane } => self.extract_lane(F32X4, lane, None),
            Operator::F64x2ExtractLane { lane } => self.extract_lane(F64X2, lane, None),
            Operator::I8x16ReplaceLane { lane } => self.replace_lane(I8X16, lane),
            Operator::I16x8ReplaceLane { lane } => self.replace_lane(I16X8, lane),
            Operator::I32x4ReplaceLane { lane } => self.replace_lane(I32X4, lane),
            Operator::I64x2ReplaceLane { lane } => self.replace_lane(I64X2, lane),
            Operator::F32x4ReplaceLane { lane } => self.replace_lane(F32X4, lane),
            Operator::F64x2ReplaceLane { lane } => self.replace_lane(F64X2, lane),
            Operator::V128Load8Splat { memarg } => self.load_splat(&memarg, I8X16),
            Operator::V128Load16Splat { memarg } => self.load_splat(&memarg, I16X8),
            Operator::V128Load32Splat { memarg } => self.load_splat(&memarg, I32X4),
            Operator::V128Load64Splat { memarg } => self.load_splat(&memarg, I64X2),
            Operator::V128Load32Zero { memarg } => self.load_zero(&memarg, I32X4),
            Operator::V128Load64Zero { memarg } => self.load_zero(&memarg, I64X2),
            Operator::V128Load8Lane { memarg, lane } => self.load_lane(&memarg, I8X16, lane),
            Operator::V128Load16Lane { memarg, lane } => self.load_lane(&memarg, I16X8, lane),
            Operator::V128Load32Lane { memarg, lane } => self.load_lane(&memarg, I32X4, lane),
            Operator::V128Load64Lane { memarg, lane } => self.load_lane(&memarg, I64X2, lane),
            Operator::V128Store8Lane { memarg, lane } => self.store_lane(&memarg, I8X16, lane),
            Operator::V128Store16Lane { memarg, lane } => self.store_lane(&memarg, I16X8, lane),
            Operator::V128Store32Lane { memarg, lane } => self.store_lane(&memarg, I32X4, lane),
            Operator::V128Store64Lane { memarg, lane } => self.store_lane(&memarg, I64X2, lane),
            _ => return false,
        }
        true
    }

    /// `signed`: how a lane narrower than i32 is extended.
    fn extract_lane(&mut self, ty: Type, lane: u8, signed: Option<bool>) {
        let vector = self.pop_vector(ty);
        let lane = self.env.ins().extractlane(vector, lane);
        let value = match signed {
            None => lane,
            Some(true) => self.env.ins().sextend(I32, lane),
            Some(false) => self.env.ins().uextend(I32, lane),
        };
        self.push(value);
    }

    fn replace_lane(&mut self, ty: Type, lane: u8) {
        let value = self.pop();
        let value = self.narrow(value, ty.lane_type());
        let vector = self.pop_vector(ty);
        let result = self.env.ins().insertlane(vector, value, lane);
        self.push(result);
    }

    fn load_scalar(&mut self, access: &wasmparser::MemArg, lane: Type) -> Value {
        let address = self.pop_address(access, lane.bytes() as u8);
        self.env.ins().load(lane, address.flags, address.base, address.offset)
    }

    fn load_splat(&mut self, access: &wasmparser::MemArg, ty: Type) {
        let lane = self.load_scalar(access, ty.lane_type());
        let result = self.env.ins().splat(ty, lane);
        self.push(result);
    }

    fn load_zero(&mut self, access: &wasmparser::MemArg, ty: Type) {
        let lane = self.load_scalar(access, ty.lane_type());
        let result = self.env.ins().scalar_to_vector(ty, lane);
        self.push(result);
    }

    fn load_lane(&mut self, access: &wasmparser::MemArg, ty: Type, lane: u8) {
        let vector = self.pop_vector(ty);
        let value = self.load_scalar(access, ty.lane_type());
        let result = self.env.ins().insertlane(vector, value, lane);
        self.push(result);
    }

    fn store_lane(&mut self, access: &wasmparser::MemArg, ty: Type, lane: u8) {
        let vector = self.pop_vector(ty);
        let value = self.env.ins().extractlane(vector, lane);
        let address = self.pop_address(access, ty.lane_type().bytes() as u8);
        self.env.ins().store(address.flags, value, address.base, address.offset);
    }

    /// An operand as one lane of this type: i8 and i16 come from the low bits of an i32.
    fn narrow(&mut self, value: Value, lane: Type) -> Value {
        match lane {
            I8 | I16 => self.env.ins().ireduce(lane, value),
            _ => {
                debug_assert!([I32, I64, F32, F64].contains(&lane));
                value
            }
        }
    }

    /// Lane by lane, one of two vectors by a mask of whole lanes.
    pub fn selected(&mut self, mask: Value, ones: Value, zeros: Value) -> Value {
        let ty = self.type_of(ones);
        let mask = self.as_vector(mask, ty);
        self.env.ins().bitselect(mask, ones, zeros)
    }

    pub fn pop_vector(&mut self, ty: Type) -> Value {
        let value = self.pop();
        self.as_vector(value, ty)
    }

    pub fn pop_vectors(&mut self, ty: Type) -> (Value, Value) {
        let right = self.pop_vector(ty);
        (self.pop_vector(ty), right)
    }

    /// The same bits with lanes of another type.
    pub fn as_vector(&mut self, value: Value, ty: Type) -> Value {
        if self.type_of(value) == ty {
            return value;
        }
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        self.env.ins().bitcast(ty, flags, value)
    }

    pub fn vector_constant(&mut self, bytes: &[u8; 16]) -> Value {
        let constant = self.env.builder.func.dfg.constants.insert(bytes.to_vec().into());
        self.env.ins().vconst(I8X16, constant)
    }

    pub fn zero_vector(&mut self, ty: Type) -> Value {
        let constant = self.env.builder.func.dfg.constants.insert(vec![0; 16].into());
        self.env.ins().vconst(ty, constant)
    }
}
