//! Atomic instructions (threads proposal): sequentially consistent, and only at addresses that are multiples of their
//! size.

use cranelift_codegen::ir::{AtomicRmwOp, InstBuilder, Type, Value, types};
use wasmc_abi::trap::TrapCode;
use wasmparser::{MemArg, Operator};

use super::function::Translator;
use super::names::RuntimeFunction;
use super::traps;

/// Expands the rows to a `match`: operator, kind of access, the type in memory, and the type on the operand stack.
macro_rules! atomics {
    ($self:ident, $operator:ident; $($name:ident => $kind:ident $memory:ident $value:ident $($op:ident)?;)*) => {
        match $operator {
            $(Operator::$name { memarg } => $self.$kind(memarg, types::$memory, types::$value $(, AtomicRmwOp::$op)?),)*
            _ => return $self.translate_waiting($operator),
        }
    };
}

impl Translator<'_, '_> {
    #[rustfmt::skip]
    pub fn translate_atomic(&mut self, operator: &Operator<'_>) -> bool {
        atomics! { self, operator;
            I32AtomicLoad    => load  I32 I32;       I64AtomicLoad    => load  I64 I64;
            I32AtomicLoad8U  => load  I8  I32;       I64AtomicLoad8U  => load  I8  I64;
            I32AtomicLoad16U => load  I16 I32;       I64AtomicLoad16U => load  I16 I64;
                                                     I64AtomicLoad32U => load  I32 I64;

            I32AtomicStore   => store I32 I32;       I64AtomicStore   => store I64 I64;
            I32AtomicStore8  => store I8  I32;       I64AtomicStore8  => store I8  I64;
            I32AtomicStore16 => store I16 I32;       I64AtomicStore16 => store I16 I64;
                                                     I64AtomicStore32 => store I32 I64;

            I32AtomicRmwAdd     => modify I32 I32 Add;  I64AtomicRmwAdd     => modify I64 I64 Add;
            I32AtomicRmw8AddU   => modify I8  I32 Add;  I64AtomicRmw8AddU   => modify I8  I64 Add;
            I32AtomicRmw16AddU  => modify I16 I32 Add;  I64AtomicRmw16AddU  => modify I16 I64 Add;
                                                        I64AtomicRmw32AddU  => modify I32 I64 Add;
            I32AtomicRmwSub     => modify I32 I32 Sub;  I64AtomicRmwSub     => modify I64 I64 Sub;
            I32AtomicRmw8SubU   => modify I8  I32 Sub;  I64AtomicRmw8SubU   => modify I8  I64 Sub;
            I32AtomicRmw16SubU  => modify I16 I32 Sub;  I64AtomicRmw16SubU  => modify I16 I64 Sub;
                                                        I64AtomicRmw32SubU  => modify I32 I64 Sub;
            I32AtomicRmwAnd     => modify I32 I32 And;  I64AtomicRmwAnd     => modify I64 I64 And;
            I32AtomicRmw8AndU   => modify I8  I32 And;  I64AtomicRmw8AndU   => modify I8  I64 And;
            I32AtomicRmw16AndU  => modify I16 I32 And;  I64AtomicRmw16AndU  => modify I16 I64 And;
                                                        I64AtomicRmw32AndU  => modify I32 I64 And;
            I32AtomicRmwOr      => modify I32 I32 Or;   I64AtomicRmwOr      => modify I64 I64 Or;
            I32AtomicRmw8OrU    => modify I8  I32 Or;   I64AtomicRmw8OrU    => modify I8  I64 Or;
            I32AtomicRmw16OrU   => modify I16 I32 Or;   I64AtomicRmw16OrU   => modify I16 I64 Or;
                                                        I64AtomicRmw32OrU   => modify I32 I64 Or;
            I32AtomicRmwXor     => modify I32 I32 Xor;  I64AtomicRmwXor     => modify I64 I64 Xor;
            I32AtomicRmw8XorU   => modify I8  I32 Xor;  I64AtomicRmw8XorU   => modify I8  I64 Xor;
            I32AtomicRmw16XorU  => modify I16 I32 Xor;  I64AtomicRmw16XorU  => modify I16 I64 Xor;
                                                        I64AtomicRmw32XorU  => modify I32 I64 Xor;
            I32AtomicRmwXchg    => modify I32 I32 Xchg; I64AtomicRmwXchg    => modify I64 I64 Xchg;
            I32AtomicRmw8XchgU  => modify I8  I32 Xchg; I64AtomicRmw8XchgU  => modify I8  I64 Xchg;
            I32AtomicRmw16XchgU => modify I16 I32 Xchg; I64AtomicRmw16XchgU => modify I16 I64 Xchg;
                                                        I64AtomicRmw32XchgU => modify I32 I64 Xchg;

            I32AtomicRmwCmpxchg    => exchange I32 I32; I64AtomicRmwCmpxchg    => exchange I64 I64;
            I32AtomicRmw8CmpxchgU  => exchange I8  I32; I64AtomicRmw8CmpxchgU  => exchange I8  I64;
            I32AtomicRmw16CmpxchgU => exchange I16 I32; I64AtomicRmw16CmpxchgU => exchange I16 I64;
                                                        I64AtomicRmw32CmpxchgU => exchange I32 I64;
        }
        true
    }

    fn load(&mut self, access: &MemArg, memory_type: Type, ty: Type) {
        let index = self.pop();
        let (address, flags) =
            self.env.atomic_address(self.accessed(access), index, access.offset, memory_type.bytes() as u8);
        let value = self.env.ins().atomic_load(memory_type, flags, address);
        self.push_widened(value, ty);
    }

    fn store(&mut self, access: &MemArg, memory_type: Type, _: Type) {
        let (index, value) = self.pop2();
        let (address, flags) =
            self.env.atomic_address(self.accessed(access), index, access.offset, memory_type.bytes() as u8);
        let value = self.narrowed(value, memory_type);
        self.env.ins().atomic_store(flags, value, address);
    }

    fn modify(&mut self, access: &MemArg, memory_type: Type, ty: Type, op: AtomicRmwOp) {
        let (index, operand) = self.pop2();
        let (address, flags) =
            self.env.atomic_address(self.accessed(access), index, access.offset, memory_type.bytes() as u8);
        let operand = self.narrowed(operand, memory_type);
        let previous = self.env.ins().atomic_rmw(memory_type, flags, op, address, operand);
        self.push_widened(previous, ty);
    }

    /// A narrow access compares the low part of what is expected only.
    fn exchange(&mut self, access: &MemArg, memory_type: Type, ty: Type) {
        let (index, expected, replacement) = self.pop3();
        let (address, flags) =
            self.env.atomic_address(self.accessed(access), index, access.offset, memory_type.bytes() as u8);
        let expected = self.narrowed(expected, memory_type);
        let replacement = self.narrowed(replacement, memory_type);
        let previous = self.env.ins().atomic_cas(flags, address, expected, replacement);
        self.push_widened(previous, ty);
    }

    /// Waiting and waking, and the fence.
    fn translate_waiting(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::MemoryAtomicNotify { memarg } => {
                let (index, count) = self.pop2();
                let memory = self.accessed(memarg);
                let address = self.env.checked_atomic_address(memory, index, memarg.offset, 4);
                let woken = if self.env.plan.memories[memory].shared {
                    self.env.call_runtime(RuntimeFunction::AtomicNotify, &[address, count], &[types::I32])[0]
                } else {
                    // Nobody can wait there.
                    self.env.iconst(types::I32, 0)
                };
                self.push(woken);
            }
            Operator::MemoryAtomicWait32 { memarg } => self.wait(memarg, 4, RuntimeFunction::AtomicWait32),
            Operator::MemoryAtomicWait64 { memarg } => self.wait(memarg, 8, RuntimeFunction::AtomicWait64),
            Operator::AtomicFence { .. } => {
                self.env.ins().fence();
            }
            _ => return false,
        }
        true
    }

    fn wait(&mut self, access: &MemArg, size: u8, function: RuntimeFunction) {
        let (index, expected, timeout) = self.pop3();
        let memory = self.accessed(access);
        let address = self.env.checked_atomic_address(memory, index, access.offset, size);
        if !self.env.plan.memories[memory].shared {
            self.env.ins().trap(traps::to_clif(TrapCode::UnsharedWait));
            self.unreachable = Some(0);
            return;
        }
        let result = self.env.call_runtime(function, &[address, expected, timeout], &[types::I32])[0];
        self.push(result);
    }

    fn narrowed(&mut self, value: Value, ty: Type) -> Value {
        if self.type_of(value) == ty { value } else { self.env.ins().ireduce(ty, value) }
    }

    fn push_widened(&mut self, value: Value, ty: Type) {
        let value = if self.type_of(value) == ty { value } else { self.env.ins().uextend(ty, value) };
        self.push(value);
    }
}
