//! Modules that mean in every engine what they mean in the deterministic profile (core specification, appendix 7.2).
//!
//! wasmi has no such profile. So it gets another module: behind each operator that may generate a NaN, what it gives is
//! made canonical, and relaxed operators are replaced by the ones of version 2 that are their first choice (4.3.7).

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, Function, Instruction, Module, ValType};
use wasmparser::{FunctionBody, Operator, Parser, Payload};

/// The module for an engine without profiles.
///
/// # Panics
///
/// If it is not valid, or has other types than functions.
pub fn without_choices(wasm: &[u8]) -> Vec<u8> {
    let mut module = Module::new();
    let mut rewriter = Rewriter { parameters: parameters_of_bodies(wasm).into_iter() };
    rewriter.parse_core_module(&mut module, Parser::new(0), wasm).expect("a valid module can be rewritten");
    module.finish()
}

/// How many parameters each function has that is not imported.
fn parameters_of_bodies(wasm: &[u8]) -> Vec<u32> {
    let (mut types, mut functions) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("a valid module") {
            Payload::TypeSection(section) => {
                types.extend(section.into_iter_err_on_gc_types().map(|ty| ty.unwrap().params().len() as u32));
            }
            Payload::FunctionSection(section) => functions.extend(section.into_iter().map(|ty| ty.unwrap())),
            _ => {}
        }
    }
    functions.into_iter().map(|ty| types[ty as usize]).collect()
}

struct Rewriter {
    parameters: std::vec::IntoIter<u32>,
}

impl Reencode for Rewriter {
    type Error = std::convert::Infallible;

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), Error> {
        let mut locals = Vec::new();
        let mut count = self.parameters.next().expect("each body has a type");
        for group in body.get_locals_reader()? {
            let (length, ty) = group?;
            count += length;
            locals.push((length, self.val_type(ty)?));
        }
        locals.extend([(1, ValType::F32), (1, ValType::F64), (3, ValType::V128)]);
        let mut output = Output { function: Function::new(locals), scratch: count };
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            if !output.replace(&operator) {
                let float = Float::of(&operator);
                output.put(&utils::instruction(self, operator)?);
                float.into_iter().for_each(|float| output.canonicalize(float));
            }
        }
        code.function(&output.function);
        Ok(())
    }
}

/// What holds a floating-point result.
#[derive(Clone, Copy)]
enum Float {
    F32,
    F64,
    F32x4,
    F64x2,
}

impl Float {
    /// The result of an operator that may generate a NaN.
    #[rustfmt::skip]
    fn of(operator: &Operator<'_>) -> Option<Float> {
        use Operator as O;
        match operator {
            O::F32Add | O::F32Sub | O::F32Mul | O::F32Div | O::F32Min | O::F32Max | O::F32Sqrt | O::F32Ceil
            | O::F32Floor | O::F32Trunc | O::F32Nearest | O::F32DemoteF64 => Some(Float::F32),
            O::F64Add | O::F64Sub | O::F64Mul | O::F64Div | O::F64Min | O::F64Max | O::F64Sqrt | O::F64Ceil
            | O::F64Floor | O::F64Trunc | O::F64Nearest | O::F64PromoteF32 => Some(Float::F64),
            O::F32x4Add | O::F32x4Sub | O::F32x4Mul | O::F32x4Div | O::F32x4Min | O::F32x4Max | O::F32x4Sqrt
            | O::F32x4Ceil | O::F32x4Floor | O::F32x4Trunc | O::F32x4Nearest | O::F32x4DemoteF64x2Zero
                => Some(Float::F32x4),
            O::F64x2Add | O::F64x2Sub | O::F64x2Mul | O::F64x2Div | O::F64x2Min | O::F64x2Max | O::F64x2Sqrt
            | O::F64x2Ceil | O::F64x2Floor | O::F64x2Trunc | O::F64x2Nearest | O::F64x2PromoteLowF32x4
                => Some(Float::F64x2),
            _ => None,
        }
    }
}

struct Output {
    function: Function,
    /// Index of the locals that are added: an f32, an f64, three vectors.
    scratch: u32,
}

impl Output {
    fn put(&mut self, instruction: &Instruction<'_>) {
        self.function.instruction(instruction);
    }

    fn put_all(&mut self, instructions: &[Instruction<'_>]) {
        instructions.iter().for_each(|instruction| self.put(instruction));
    }

    /// The `index`th scratch vector.
    fn vector(&self, index: u32) -> u32 {
        self.scratch + 2 + index
    }

    /// Replaces the top operand by the positive canonical NaN where it is not equal to itself.
    fn canonicalize(&mut self, float: Float) {
        use Instruction as I;
        const F32: u32 = 0x7fc0_0000;
        const F64: u64 = 0x7ff8_0000_0000_0000;
        let (local, nan, equal, select) = match float {
            Float::F32 => (self.scratch, I::F32Const(f32::from_bits(F32).into()), I::F32Eq, I::Select),
            Float::F64 => (self.scratch + 1, I::F64Const(f64::from_bits(F64).into()), I::F64Eq, I::Select),
            Float::F32x4 => {
                let nans = (0..4).fold(0, |lanes, _| lanes << 32 | i128::from(F32));
                (self.vector(0), I::V128Const(nans), I::F32x4Eq, I::V128Bitselect)
            }
            Float::F64x2 => {
                let nans = i128::from(F64) << 64 | i128::from(F64);
                (self.vector(0), I::V128Const(nans), I::F64x2Eq, I::V128Bitselect)
            }
        };
        self.put_all(&[I::LocalTee(local), nan, I::LocalGet(local), I::LocalGet(local), equal, select]);
    }

    /// Puts the first choice of a relaxed operator. False if it is none.
    fn replace(&mut self, operator: &Operator<'_>) -> bool {
        use Instruction as I;
        match operator {
            Operator::I8x16RelaxedSwizzle => self.put(&I::I8x16Swizzle),
            Operator::I32x4RelaxedTruncF32x4S => self.put(&I::I32x4TruncSatF32x4S),
            Operator::I32x4RelaxedTruncF32x4U => self.put(&I::I32x4TruncSatF32x4U),
            Operator::I32x4RelaxedTruncF64x2SZero => self.put(&I::I32x4TruncSatF64x2SZero),
            Operator::I32x4RelaxedTruncF64x2UZero => self.put(&I::I32x4TruncSatF64x2UZero),
            Operator::F32x4RelaxedMadd => self.multiply_add(Float::F32x4, &I::F32x4Mul, &I::F32x4Add, None),
            Operator::F64x2RelaxedMadd => self.multiply_add(Float::F64x2, &I::F64x2Mul, &I::F64x2Add, None),
            Operator::F32x4RelaxedNmadd => {
                self.multiply_add(Float::F32x4, &I::F32x4Mul, &I::F32x4Add, Some(&I::F32x4Neg));
            }
            Operator::F64x2RelaxedNmadd => {
                self.multiply_add(Float::F64x2, &I::F64x2Mul, &I::F64x2Add, Some(&I::F64x2Neg));
            }
            Operator::I8x16RelaxedLaneselect
            | Operator::I16x8RelaxedLaneselect
            | Operator::I32x4RelaxedLaneselect
            | Operator::I64x2RelaxedLaneselect => self.put(&I::V128Bitselect),
            Operator::F32x4RelaxedMin => self.canonical(Float::F32x4, &I::F32x4Min),
            Operator::F32x4RelaxedMax => self.canonical(Float::F32x4, &I::F32x4Max),
            Operator::F64x2RelaxedMin => self.canonical(Float::F64x2, &I::F64x2Min),
            Operator::F64x2RelaxedMax => self.canonical(Float::F64x2, &I::F64x2Max),
            Operator::I16x8RelaxedQ15mulrS => self.put(&I::I16x8Q15MulrSatS),
            Operator::I16x8RelaxedDotI8x16I7x16S => self.dot(),
            Operator::I32x4RelaxedDotI8x16I7x16AddS => {
                let sum = self.vector(2);
                self.put(&I::LocalSet(sum));
                self.dot();
                self.put_all(&[I::I32x4ExtAddPairwiseI16x8S, I::LocalGet(sum), I::I32x4Add]);
            }
            _ => return false,
        }
        true
    }

    fn canonical(&mut self, float: Float, instruction: &Instruction<'_>) {
        self.put(instruction);
        self.canonicalize(float);
    }

    /// `a b c` → `a * b + c`, rounded twice.
    fn multiply_add(
        &mut self,
        float: Float,
        multiply: &Instruction<'_>,
        add: &Instruction<'_>,
        negate: Option<&Instruction<'_>>,
    ) {
        use Instruction as I;
        let (addend, right) = (self.vector(1), self.vector(2));
        self.put(&I::LocalSet(addend));
        if let Some(negate) = negate {
            self.put(&I::LocalSet(right));
            self.put(negate);
            self.put(&I::LocalGet(right));
        }
        self.canonical(float, multiply);
        self.put(&I::LocalGet(addend));
        self.canonical(float, add);
    }

    /// `a b` → sums of two products of signed bytes each, which saturate.
    fn dot(&mut self) {
        use Instruction as I;
        let (left, right) = (self.vector(0), self.vector(1));
        let operands = [I::LocalGet(left), I::LocalGet(right)];
        self.put_all(&[I::LocalSet(right), I::LocalSet(left)]);
        for first in [0, 2] {
            self.put_all(&operands);
            self.put(&I::I16x8ExtMulLowI8x16S);
            self.put_all(&operands);
            self.put(&I::I16x8ExtMulHighI8x16S);
            let byte = |index: usize| (index / 2 * 4 + index % 2 + first) as u8;
            self.put(&I::I8x16Shuffle(std::array::from_fn(byte)));
        }
        self.put(&I::I16x8AddSatS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::script::translate;
    use crate::spec::{Engine, SETS, judge};

    /// wasmi does what the deterministic profile demands, once the modules of a script are rewritten.
    #[test]
    fn scripts_of_the_profile_hold() {
        let set = SETS.iter().find(|set| set.name == "deterministic").unwrap();
        for file in set.scripts() {
            let mut script = translate(file.raw()).unwrap();
            for source in &mut script.sources {
                source.wasm = without_choices(&source.wasm);
            }
            for verdict in judge::judge(&script, set.features(), Engine::Reference) {
                assert_eq!(verdict.result, Ok(()), "{}:{}", file.name(), verdict.line);
            }
        }
    }
}
