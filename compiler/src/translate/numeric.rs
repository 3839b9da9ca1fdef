//! Numeric operators (core specification, 4.3): one row each.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};
use wasmparser::Operator;

use super::function::Translator;

/// Where an instruction goes.
type Ins<'a, 'f> = cranelift_frontend::FuncInstBuilder<'a, 'f>;

/// Expands the rows to a `match`. The word before the instruction says how operands and results go:
///
/// | word      | operands → result                                        |
/// |-----------|----------------------------------------------------------|
/// | `unary`   | one, of the result's type                                |
/// | `binary`  | two, of the result's type                                |
/// | `compare` | two integers → i32                                       |
/// | `fcmp`    | two floats → i32                                         |
/// | `test`    | compares one integer with 0 → i32                        |
/// | `convert` | one → the type that is named                             |
/// | `extend`  | takes the low bits as the first type, extends to the second |
/// | `bits`    | the same bits as another type                            |
macro_rules! operators {
    ($self:ident, $operator:ident; $($name:ident => $kind:ident $($argument:ident)*;)*) => {
        match $operator {
            $(Operator::$name => operators!(@ $self $kind $($argument)*),)*
            _ => return false,
        }
    };
    (@ $self:ident unary $instruction:ident) => {{
        let operand = $self.pop();
        let result = $self.env.ins().$instruction(operand);
        $self.push(result);
    }};
    (@ $self:ident binary $instruction:ident) => {{
        let (left, right) = $self.pop2();
        let result = $self.env.ins().$instruction(left, right);
        $self.push(result);
    }};
    (@ $self:ident compare $condition:ident) => {{
        let (left, right) = $self.pop2();
        let result = $self.env.ins().icmp(IntCC::$condition, left, right);
        $self.push_bool(result);
    }};
    (@ $self:ident fcmp $condition:ident) => {{
        let (left, right) = $self.pop2();
        let result = $self.env.ins().fcmp(FloatCC::$condition, left, right);
        $self.push_bool(result);
    }};
    (@ $self:ident test $condition:ident) => {{
        let operand = $self.pop();
        let result = $self.env.ins().icmp_imm_u(IntCC::$condition, operand, 0);
        $self.push_bool(result);
    }};
    (@ $self:ident convert $instruction:ident $to:ident) => {{
        let operand = $self.pop();
        let result = $self.env.ins().$instruction(types::$to, operand);
        $self.push(result);
    }};
    (@ $self:ident extend $from:ident $to:ident) => {{
        let operand = $self.pop();
        let narrow = $self.env.ins().ireduce(types::$from, operand);
        let result = $self.env.ins().sextend(types::$to, narrow);
        $self.push(result);
    }};
    (@ $self:ident bits $to:ident) => {{
        let operand = $self.pop();
        let result = $self.env.ins().bitcast(types::$to, MemFlagsData::new(), operand);
        $self.push(result);
    }};
}

impl Translator<'_, '_> {
    /// Translates the operator if it has a row here.
    #[rustfmt::skip]
    pub fn translate_numeric(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::I32Const { value } => {
                let value = self.env.iconst(types::I32, u64::from(value as u32));
                self.push(value);
                return true;
            }
            Operator::I64Const { value } => {
                let value = self.env.iconst(types::I64, value as u64);
                self.push(value);
                return true;
            }
            Operator::F32Const { value } => {
                let value = self.env.ins().f32const(Ieee32::with_bits(value.bits()));
                self.push(value);
                return true;
            }
            Operator::F64Const { value } => {
                let value = self.env.ins().f64const(Ieee64::with_bits(value.bits()));
                self.push(value);
                return true;
            }
            Operator::I64Add128 => return self.wide_sum(|ins, left, right| ins.iadd(left, right)),
            Operator::I64Sub128 => return self.wide_sum(|ins, left, right| ins.isub(left, right)),
            Operator::I64MulWideS => return self.wide_product(|ins, operand| ins.sextend(types::I128, operand)),
            Operator::I64MulWideU => return self.wide_product(|ins, operand| ins.uextend(types::I128, operand)),
            _ => {}
        }
        // Shift counts are taken modulo the width, in Cranelift as in Wasm. Division, remainder and checked conversion
        // trap as Wasm demands.
        operators! { self, operator;
            I32Eqz    => test Equal;                          I64Eqz    => test Equal;
            I32Eq     => compare Equal;                       I64Eq     => compare Equal;
            I32Ne     => compare NotEqual;                    I64Ne     => compare NotEqual;
            I32LtS    => compare SignedLessThan;              I64LtS    => compare SignedLessThan;
            I32LtU    => compare UnsignedLessThan;            I64LtU    => compare UnsignedLessThan;
            I32GtS    => compare SignedGreaterThan;           I64GtS    => compare SignedGreaterThan;
            I32GtU    => compare UnsignedGreaterThan;         I64GtU    => compare UnsignedGreaterThan;
            I32LeS    => compare SignedLessThanOrEqual;       I64LeS    => compare SignedLessThanOrEqual;
            I32LeU    => compare UnsignedLessThanOrEqual;     I64LeU    => compare UnsignedLessThanOrEqual;
            I32GeS    => compare SignedGreaterThanOrEqual;    I64GeS    => compare SignedGreaterThanOrEqual;
            I32GeU    => compare UnsignedGreaterThanOrEqual;  I64GeU    => compare UnsignedGreaterThanOrEqual;

            F32Eq     => fcmp Equal;                          F64Eq     => fcmp Equal;
            F32Ne     => fcmp NotEqual;                       F64Ne     => fcmp NotEqual;
            F32Lt     => fcmp LessThan;                       F64Lt     => fcmp LessThan;
            F32Gt     => fcmp GreaterThan;                    F64Gt     => fcmp GreaterThan;
            F32Le     => fcmp LessThanOrEqual;                F64Le     => fcmp LessThanOrEqual;
            F32Ge     => fcmp GreaterThanOrEqual;             F64Ge     => fcmp GreaterThanOrEqual;

            I32Clz    => unary clz;                           I64Clz    => unary clz;
            I32Ctz    => unary ctz;                           I64Ctz    => unary ctz;
            I32Popcnt => unary popcnt;                        I64Popcnt => unary popcnt;
            I32Add    => binary iadd;                         I64Add    => binary iadd;
            I32Sub    => binary isub;                         I64Sub    => binary isub;
            I32Mul    => binary imul;                         I64Mul    => binary imul;
            I32DivS   => binary sdiv;                         I64DivS   => binary sdiv;
            I32DivU   => binary udiv;                         I64DivU   => binary udiv;
            I32RemS   => binary srem;                         I64RemS   => binary srem;
            I32RemU   => binary urem;                         I64RemU   => binary urem;
            I32And    => binary band;                         I64And    => binary band;
            I32Or     => binary bor;                          I64Or     => binary bor;
            I32Xor    => binary bxor;                         I64Xor    => binary bxor;
            I32Shl    => binary ishl;                         I64Shl    => binary ishl;
            I32ShrS   => binary sshr;                         I64ShrS   => binary sshr;
            I32ShrU   => binary ushr;                         I64ShrU   => binary ushr;
            I32Rotl   => binary rotl;                         I64Rotl   => binary rotl;
            I32Rotr   => binary rotr;                         I64Rotr   => binary rotr;

            F32Abs    => unary fabs;                          F64Abs    => unary fabs;
            F32Neg    => unary fneg;                          F64Neg    => unary fneg;
            F32Ceil   => unary ceil;                          F64Ceil   => unary ceil;
            F32Floor  => unary floor;                         F64Floor  => unary floor;
            F32Trunc  => unary trunc;                         F64Trunc  => unary trunc;
            F32Nearest  => unary nearest;                    F64Nearest  => unary nearest;
            F32Sqrt   => unary sqrt;                          F64Sqrt   => unary sqrt;
            F32Add    => binary fadd;                         F64Add    => binary fadd;
            F32Sub    => binary fsub;                         F64Sub    => binary fsub;
            F32Mul    => binary fmul;                         F64Mul    => binary fmul;
            F32Div    => binary fdiv;                         F64Div    => binary fdiv;
            F32Min    => binary fmin;                         F64Min    => binary fmin;
            F32Max    => binary fmax;                         F64Max    => binary fmax;
            F32Copysign => binary fcopysign;                  F64Copysign => binary fcopysign;

            I32WrapI64        => convert ireduce I32;                 I64ExtendI32S     => convert sextend I64;
            I64ExtendI32U     => convert uextend I64;
            I32TruncF32S      => convert fcvt_to_sint I32;            I64TruncF32S      => convert fcvt_to_sint I64;
            I32TruncF32U      => convert fcvt_to_uint I32;            I64TruncF32U      => convert fcvt_to_uint I64;
            I32TruncF64S      => convert fcvt_to_sint I32;            I64TruncF64S      => convert fcvt_to_sint I64;
            I32TruncF64U      => convert fcvt_to_uint I32;            I64TruncF64U      => convert fcvt_to_uint I64;
            I32TruncSatF32S   => convert fcvt_to_sint_sat I32;        I64TruncSatF32S   => convert fcvt_to_sint_sat I64;
            I32TruncSatF32U   => convert fcvt_to_uint_sat I32;        I64TruncSatF32U   => convert fcvt_to_uint_sat I64;
            I32TruncSatF64S   => convert fcvt_to_sint_sat I32;        I64TruncSatF64S   => convert fcvt_to_sint_sat I64;
            I32TruncSatF64U   => convert fcvt_to_uint_sat I32;        I64TruncSatF64U   => convert fcvt_to_uint_sat I64;
            F32ConvertI32S    => convert fcvt_from_sint F32;          F64ConvertI32S    => convert fcvt_from_sint F64;
            F32ConvertI32U    => convert fcvt_from_uint F32;          F64ConvertI32U    => convert fcvt_from_uint F64;
            F32ConvertI64S    => convert fcvt_from_sint F32;          F64ConvertI64S    => convert fcvt_from_sint F64;
            F32ConvertI64U    => convert fcvt_from_uint F32;          F64ConvertI64U    => convert fcvt_from_uint F64;
            F32DemoteF64      => convert fdemote F32;                 F64PromoteF32     => convert fpromote F64;

            I32ReinterpretF32 => bits I32;                            I64ReinterpretF64 => bits I64;
            F32ReinterpretI32 => bits F32;                            F64ReinterpretI64 => bits F64;
            I32Extend8S       => extend I8 I32;                       I64Extend8S       => extend I8 I64;
            I32Extend16S      => extend I16 I32;                      I64Extend16S      => extend I16 I64;
            I64Extend32S      => extend I32 I64;
        }
        true
    }

    /// Two operands in two halves each, low ones first → one result in two halves.
    fn wide_sum(&mut self, operation: impl FnOnce(Ins<'_, '_>, Value, Value) -> Value) -> bool {
        let (right_low, right_high) = self.pop2();
        let (left_low, left_high) = self.pop2();
        let left = self.env.ins().iconcat(left_low, left_high);
        let right = self.env.ins().iconcat(right_low, right_high);
        let result = operation(self.env.ins(), left, right);
        self.push_halves(result)
    }

    /// The product of what two operands are extended to, in two halves.
    fn wide_product(&mut self, extend: impl Fn(Ins<'_, '_>, Value) -> Value) -> bool {
        let (left, right) = self.pop2();
        let left = extend(self.env.ins(), left);
        let right = extend(self.env.ins(), right);
        let result = self.env.ins().imul(left, right);
        self.push_halves(result)
    }

    fn push_halves(&mut self, value: Value) -> bool {
        let (low, high) = self.env.ins().isplit(value);
        self.push(low);
        self.push(high);
        true
    }

    /// Pushes the result of a comparison as the i32 that Wasm makes of it.
    pub fn push_bool(&mut self, value: Value) {
        let value = self.env.ins().uextend(types::I32, value);
        self.push(value);
    }
}
