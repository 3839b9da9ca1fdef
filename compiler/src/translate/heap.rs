//! The only place where an address in linear memory is formed. **The sandbox stands or falls with this file.**
//!
//! An access of `size` bytes at `index + offset` must trap unless `index + offset + size <= length`, computed without
//! wrapping (core specification, 4.4.7). There are two ways:
//!
//! *Guarded.* `index` is 32 bits wide and zero-extended, `offset` is at most 2³² − 1, and
//! [`GUARDED_RESERVATION`](wasmc_abi::layout::GUARDED_RESERVATION) bytes behind the base belong to the memory and are
//! inaccessible beyond `length`. So `base + index + offset` is inside the reservation whatever the guest computes, and
//! the hardware does the comparison. The access keeps its trap code; its address is a site of the trap table.
//!
//! *Explicit.* Everything else: `index + (offset + size)` is computed in 64 bits, where it cannot wrap because both
//! terms are below 2³³, and is compared with the current length. The access itself then cannot fault and is marked so.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::immediates::Offset32;
use cranelift_codegen::ir::{Endianness, InstBuilder, InstructionData, MemFlagsData, Opcode, Value, types};
use wasmc_abi::layout::memory_record;
use wasmc_abi::trap::TrapCode;

use super::environment::{Environment, Region};
use super::traps;
use super::types::POINTER;
use crate::plan::ids::MemoryId;

/// A place in linear memory that may be accessed with these flags.
pub struct HeapAddress {
    pub base: Value,
    pub offset: Offset32,
    pub flags: MemFlagsData,
}

impl Environment<'_, '_> {
    /// The place of an access of `size` bytes at a guest's `index` (an i32) plus a constant `offset`.
    pub fn heap_address(&mut self, memory: MemoryId, index: Value, offset: u64, size: u8) -> HeapAddress {
        let region = self.region(Region::Memory(memory));
        let flags = MemFlagsData::new().with_endianness(Endianness::Little).with_alias_region(Some(region));
        match self.plan.layout.memories[memory].guarded_base {
            Some(base) => {
                let (base, offset) = self.guarded(base, index, offset);
                HeapAddress { base, offset, flags }
            }
            None => {
                let base = self.explicit(memory, index, offset, size);
                HeapAddress { base, offset: 0.into(), flags: flags.with_trap_code(None) }
            }
        }
    }

    /// The address of an atomic access, which traps unless it is a multiple of `size` (threads proposal, "Alignment").
    /// A memory begins at a whole page, so that the guest's own index and offset decide.
    pub fn atomic_address(&mut self, memory: MemoryId, index: Value, offset: u64, size: u8) -> (Value, MemFlagsData) {
        self.check_alignment(index, offset, size);
        let address = self.heap_address(memory, index, offset, size);
        let offset = i64::from(i32::from(address.offset));
        let whole = if offset == 0 { address.base } else { self.ins().iadd_imm_s(address.base, offset) };
        (whole, address.flags)
    }

    /// The address of an atomic access that the runtime makes: compared with the size in any memory, since a fault in
    /// the runtime is no trap.
    pub fn checked_atomic_address(&mut self, memory: MemoryId, index: Value, offset: u64, size: u8) -> Value {
        self.check_alignment(index, offset, size);
        let index = self.ins().uextend(POINTER, index);
        let offset = self.iconst(POINTER, offset);
        let start = self.ins().iadd(index, offset);
        let size = self.iconst(POINTER, size.into());
        self.heap_region(memory, start, size)
    }

    fn check_alignment(&mut self, index: Value, offset: u64, size: u8) {
        let mask = i64::from(size) - 1;
        if mask == 0 {
            return;
        }
        let low_offset = offset as i64 & mask;
        let address = if low_offset == 0 { index } else { self.ins().iadd_imm_s(index, low_offset) };
        let misaligned = self.ins().band_imm_s(address, mask);
        self.ins().trapnz(misaligned, traps::to_clif(TrapCode::UnalignedAtomic));
    }

    /// A base below 2 GiB and an offset stay constants beside the index if their sum is below 2 GiB too: x86-64 folds
    /// them into the displacement of the access, which is signed and 32 bits wide. A higher base takes a register,
    /// whatever the offset is; it is the same for all accesses, and the offset is left to the access. What is too large
    /// for either is added first.
    fn guarded(&mut self, base: u64, index: Value, offset: u64) -> (Value, Offset32) {
        let is_low = |address: u64| i32::try_from(address).is_ok();
        if let Some(index) = self.constant_index(index) {
            return match i32::try_from(index + offset) {
                Ok(offset) if !is_low(base) => (self.iconst(POINTER, base), offset.into()),
                _ => (self.iconst(POINTER, base + index + offset), 0.into()),
            };
        }
        let (base, offset) = match i32::try_from(offset) {
            Ok(offset) if is_low(base + offset as u64) || !is_low(base) => (base, offset),
            _ => (base + offset, 0),
        };
        let index = self.ins().uextend(POINTER, index);
        let base = self.iconst(POINTER, base);
        (self.ins().iadd(index, base), Offset32::new(offset))
    }

    /// Compares, traps, and gives the whole address.
    fn explicit(&mut self, memory: MemoryId, index: Value, offset: u64, size: u8) -> Value {
        let end_offset = offset + u64::from(size);
        let constant = self.constant_index(index);
        let index = self.ins().uextend(POINTER, index);
        // A memory never shrinks: what is inside at first always is.
        let always_inside = constant.is_some_and(|index| index + end_offset <= self.plan.memories[memory].minimum);
        if !always_inside {
            let end_offset = self.iconst(POINTER, end_offset);
            let end = self.ins().iadd(index, end_offset);
            let length = self.memory_length(memory);
            let outside = self.ins().icmp(IntCC::UnsignedGreaterThan, end, length);
            self.ins().trapnz(outside, traps::to_clif(TrapCode::MemoryOutOfBounds));
        }
        let base = self.memory_base(memory);
        let offset = self.iconst(POINTER, offset);
        let index = self.ins().iadd(index, offset);
        self.ins().iadd(base, index)
    }

    /// Checks a whole region for a bulk operation and gives its address. `start` and `count` are i64 values below 2³³.
    pub fn heap_region(&mut self, memory: MemoryId, start: Value, count: Value) -> Value {
        let end = self.ins().iadd(start, count);
        let length = self.memory_length(memory);
        let outside = self.ins().icmp(IntCC::UnsignedGreaterThan, end, length);
        self.ins().trapnz(outside, traps::to_clif(TrapCode::MemoryOutOfBounds));
        let base = self.memory_base(memory);
        self.ins().iadd(base, start)
    }

    fn memory_base(&mut self, memory: MemoryId) -> Value {
        let place = self.plan.layout.memories[memory];
        match place.guarded_base {
            Some(base) => self.iconst(POINTER, base),
            None => self.load_record(POINTER, place.record + memory_record::BASE, Region::MemoryRecord(memory)),
        }
    }

    /// The current size in bytes.
    pub fn memory_length(&mut self, memory: MemoryId) -> Value {
        if !self.plan.memories[memory].grown {
            return self.iconst(POINTER, self.plan.memories[memory].minimum);
        }
        let record = self.plan.layout.memories[memory].record;
        self.load_record(POINTER, record + memory_record::LENGTH, Region::MemoryRecord(memory))
    }

    /// [`Self::memory_length`] as `memory.size` gives it: of a shared memory what the last `memory.grow` of any thread
    /// left.
    pub fn latest_memory_length(&mut self, memory: MemoryId) -> Value {
        if !self.plan.memories[memory].shared {
            return self.memory_length(memory);
        }
        let record = self.plan.layout.memories[memory].record;
        let address = self.memory_record_address(record + memory_record::LENGTH);
        let flags = self.trusted(Region::MemoryRecord(memory));
        self.ins().atomic_load(POINTER, flags, address)
    }

    /// The value of an index that the guest gave as a constant.
    fn constant_index(&self, index: Value) -> Option<u64> {
        let dfg = &self.builder.func.dfg;
        let inst = dfg.value_def(index).inst()?;
        match dfg.insts[inst] {
            InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } if dfg.value_type(index) == types::I32 => {
                Some(u64::from(imm.bits() as u32))
            }
            _ => None,
        }
    }
}
