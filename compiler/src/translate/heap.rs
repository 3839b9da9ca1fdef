//! The only place where an address in linear memory is formed; passes may make the constant offset of an access larger,
//! as [`crate::optimize`] says. **The sandbox stands or falls with this file.**
//!
//! An access of `size` bytes at `index + offset` must trap unless `index + offset + size <= length`, computed without
//! wrapping (core specification, 4.4.7). `index` comes from the guest and is an i32 or an i64, as the memory says;
//! `offset` is a constant of the guest's, up to 2³² − 1 or 2⁶⁴ − 1; `size` is 1 to 16. Their sum is the *reach* of the
//! access: the bytes that it needs from `index` on. There are three ways ([`Bounds`]):
//!
//! *Reserved.* `index` is 32 bits wide and zero-extended, `offset` is at most 2³² − 1, and
//! [`GUARDED_RESERVATION`](wasmc_abi::layout::GUARDED_RESERVATION) bytes behind the base belong to the memory and are
//! inaccessible beyond `length`. So `base + index + offset` is inside the reservation whatever the guest computes, and
//! the hardware does the comparison. The access keeps its trap code; its address is a site of the trap table.
//!
//! *Guarded.* `index` is 64 bits wide. The memory never has more than `largest` bytes, and
//! `reserved = max(largest, 2³²) + GUARD_64` bytes behind the base belong to it (rounded up to whole pages),
//! inaccessible beyond `length`. Both are constants, and the code traps if
//!
//! ```text
//!   index > min(largest, reserved − reach)
//! ```
//!
//! - *It traps in time:* behind the comparison `index + reach <= reserved`, which does not wrap, and so the access is
//!   inside the reservation, where the hardware finds what is beyond `length`.
//! - *It does not trap too early:* an index above `largest` is not inside, nor, since `largest < reserved`, is an
//!   access that ends behind `reserved`.
//! - If `reach` is above `reserved`, or itself above 2⁶⁴ − 1, no index is inside: the code always traps.
//!
//! A reach up to `GUARD_64` makes the constant `largest`, whatever the offset is: so accesses to the fields of a record
//! make the same comparison. An index of which it is known that `index + reach <= reserved` needs none.
//!
//! *Compared.* Everything else: the length may be any number, or nothing is reserved. The code traps if
//!
//! ```text
//!   index > length − reach      where reach <= minimum, so that no subtraction wraps: a memory never shrinks
//!   index + reach > length      otherwise; an overflow of the sum traps too
//! ```
//!
//! Behind that the access cannot fault, and is marked so. A memory that never grows has its minimum as a constant
//! length, and then the second form always traps.
//!
//! [`checked`](super::checked) knows which comparisons can be left out: those that an earlier one implies.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::immediates::Offset32;
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Value};
use wasmc_abi::layout::memory_record;
use wasmc_abi::trap::TrapCode;

use super::environment::{Environment, Region};
use super::traps;
use super::types::POINTER;
use crate::plan::ids::MemoryId;
use crate::plan::layout::{Bounds, largest_size};

/// A place in linear memory that may be accessed with these flags.
pub struct HeapAddress {
    pub base: Value,
    pub offset: Offset32,
    pub flags: MemFlagsData,
}

impl Environment<'_, '_> {
    /// The place of an access of `size` bytes at a guest's `index` plus a constant `offset`.
    pub fn heap_address(&mut self, memory: MemoryId, index: Value, offset: u64, size: u8) -> HeapAddress {
        let place = self.plan.layout.memories[memory];
        let reach = offset.checked_add(size.into());
        let can_be_inside = match place.bounds {
            Bounds::Reserved => true,
            Bounds::Guarded => self.check_with_guard(memory, index, reach),
            Bounds::Compared => self.check_with_length(memory, index, reach),
        };
        let region = self.region(Region::Memory(memory));
        let flags = MemFlagsData::new().with_endianness(Endianness::Little).with_alias_region(Some(region));
        let flags = if place.bounds == Bounds::Compared { flags.with_trap_code(None) } else { flags };
        let (base, offset) = match self.plan.layout.constant_base(memory) {
            // Not reached.
            _ if !can_be_inside => (self.memory_base(memory), 0.into()),
            Some(base) => self.at_fixed_base(base, index, offset),
            None => {
                let base = self.memory_base(memory);
                self.at_loaded_base(base, index, offset)
            }
        };
        HeapAddress { base, offset, flags }
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
        let index = self.widen(index);
        let offset = self.iconst(POINTER, offset);
        let can_wrap = self.plan.memories[memory].has_64_bit_indices;
        let start = self.end(index, offset, can_wrap, TrapCode::MemoryOutOfBounds);
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
    ///
    /// The sum of base and offset wraps for accesses only that have trapped by now.
    fn at_fixed_base(&mut self, base: u64, index: Value, offset: u64) -> (Value, Offset32) {
        let is_low = |address: u64| i32::try_from(address).is_ok();
        if let Some(index) = self.known_number(index) {
            let offset = index.wrapping_add(offset);
            return match i32::try_from(offset) {
                Ok(offset) if !is_low(base) => (self.iconst(POINTER, base), offset.into()),
                _ => (self.iconst(POINTER, base.wrapping_add(offset)), 0.into()),
            };
        }
        let (base, offset) = match i32::try_from(offset) {
            Ok(offset) if is_low(base + offset as u64) || !is_low(base) => (base, offset),
            _ => (base.wrapping_add(offset), 0),
        };
        let index = self.widen(index);
        let base = self.iconst(POINTER, base);
        (self.ins().iadd(index, base), Offset32::new(offset))
    }

    /// An offset of 31 bits is left to the access; a larger one is added first. Neither sum wraps but for accesses that
    /// have trapped by now.
    fn at_loaded_base(&mut self, base: Value, index: Value, offset: u64) -> (Value, Offset32) {
        let index = self.widen(index);
        match i32::try_from(offset) {
            Ok(offset) => (self.ins().iadd(base, index), offset.into()),
            Err(_) => {
                let offset = self.iconst(POINTER, offset);
                let index = self.ins().iadd(index, offset);
                (self.ins().iadd(base, index), 0.into())
            }
        }
    }

    /// Traps unless the access is inside the reservation. Gives false if it always traps.
    fn check_with_guard(&mut self, memory: MemoryId, index: Value, reach: Option<u64>) -> bool {
        let reserved = self.plan.layout.memories[memory].reserved;
        let Some((reach, last)) = reach.and_then(|reach| Some((reach, reserved.checked_sub(reach)?))) else {
            self.always_trap();
            return false;
        };
        if self.greatest(index) <= last || self.is_checked(memory, index, reach) {
            return true;
        }
        let last = last.min(largest_size(&self.plan.memories[memory]));
        let limit = self.iconst(POINTER, last);
        self.trap_if_above(index, limit);
        self.remember_check(memory, index, reserved - last);
        true
    }

    /// Traps unless the access is inside the memory. Gives false if it always traps.
    fn check_with_length(&mut self, memory: MemoryId, index: Value, reach: Option<u64>) -> bool {
        let &crate::plan::Memory { minimum, grown, has_64_bit_indices, .. } = &self.plan.memories[memory];
        let Some(reach) = reach.filter(|&reach| grown || reach <= minimum) else {
            self.always_trap();
            return false;
        };
        let is_inside_minimum = self.greatest(index).checked_add(reach).is_some_and(|end| end <= minimum);
        if is_inside_minimum || self.is_checked(memory, index, reach) {
            return true;
        }
        let wide = self.widen(index);
        if !grown {
            let last = self.iconst(POINTER, minimum - reach);
            self.trap_if_above(wide, last);
        } else if has_64_bit_indices && reach <= minimum {
            let length = self.memory_length(memory);
            let reach = self.iconst(POINTER, reach);
            let last = self.ins().isub(length, reach);
            self.trap_if_above(wide, last);
        } else {
            // With 32-bit indices both terms are below 2³³.
            let reach = self.iconst(POINTER, reach);
            let end = self.end(wide, reach, has_64_bit_indices, TrapCode::MemoryOutOfBounds);
            let length = self.memory_length(memory);
            self.trap_if_above(end, length);
        }
        self.remember_check(memory, index, reach);
        true
    }

    fn trap_if_above(&mut self, value: Value, limit: Value) {
        let outside = self.ins().icmp(IntCC::UnsignedGreaterThan, value, limit);
        self.ins().trapnz(outside, traps::to_clif(TrapCode::MemoryOutOfBounds));
    }

    /// Not a terminator, so that the block can go on.
    fn always_trap(&mut self) {
        let always = self.iconst(POINTER, 1);
        self.ins().trapnz(always, traps::to_clif(TrapCode::MemoryOutOfBounds));
    }

    /// `start + count`, which traps if it wraps; it cannot unless these are 64-bit operands of the guest's.
    pub fn end(&mut self, start: Value, count: Value, can_wrap: bool, trap: TrapCode) -> Value {
        if can_wrap {
            self.ins().uadd_overflow_trap(start, count, traps::to_clif(trap))
        } else {
            self.ins().iadd(start, count)
        }
    }

    /// Checks a whole region for a bulk operation and gives its address. `start` and `count` are what [`Self::widen`]
    /// gave, both below 2³² if the memory has 32-bit indices.
    pub fn heap_region(&mut self, memory: MemoryId, start: Value, count: Value) -> Value {
        let can_wrap = self.plan.memories[memory].has_64_bit_indices;
        let end = self.end(start, count, can_wrap, TrapCode::MemoryOutOfBounds);
        let length = self.memory_length(memory);
        self.trap_if_above(end, length);
        let base = self.memory_base(memory);
        self.ins().iadd(base, start)
    }

    pub fn memory_base(&mut self, memory: MemoryId) -> Value {
        if let Some(base) = self.plan.layout.constant_base(memory) {
            return self.iconst(POINTER, base);
        }
        let place = self.plan.layout.memories[memory];
        let (at, region) = (place.record + memory_record::BASE, Region::MemoryRecord(memory));
        // What has a reservation never moves.
        if place.reserved != 0 {
            self.load_constant_of_record(POINTER, at, region)
        } else {
            self.load_record(POINTER, at, region)
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
}
