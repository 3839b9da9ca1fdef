//! Memory that compiled code and the runtime share.
//!
//! ```text
//!   fixed address model
//!
//!   0x0000_0000 ┬ never mapped: an address that was wrongly sign-extended ends here or at a
//!               │ negative one
//!   record base ┼ the record: globals, memory and table records, small mutable tables (rounded up to 64 KiB)
//!   memory base ┼ memory 0, readable and writable up to its current size, PROT_NONE behind it
//!               ┼ + GUARDED_RESERVATION, or more with 64-bit indices
//!               │ unmapped
//! 0x4_0000_0000 ┼ SLOT_BASE: slots of SLOT_SIZE each. The first that memory 0 leaves free has the growable
//!               │ tables; each further memory takes the next, or as many as it reserves
//!               │
//!               ┴ the executable, its stacks, the vDSO: wherever the kernel puts them
//! ```
//!
//! The record is the only thing of ours that lies within 2 GiB below a memory's base.
//!
//! # Threads
//!
//! Where a program starts threads, each of them has an instance of its own of everything but the shared memories: its
//! own copy of the record and of growable tables. Compiled code finds that copy through the *instance register*, which
//! it never changes (r15 on x86-64, x21 on AArch64; callee-saved in the C convention, so that the runtime keeps it).
//! Only the records of memories, which all threads share, are used in the record at its constant address, which is the
//! first thread's. In programs without threads that record is the only one, and the register means nothing.

/// Address of memory 0 where an instruction has room for a displacement of 32 bits (x86-64): below 2 GiB, so that the
/// base is a part of the access.
pub const MEMORY_BASE_IN_DISPLACEMENT: u64 = 0x1000_0000;

/// Address of memory 0 where the base takes a register (AArch64): one instruction makes this constant, and another one
/// the base of the record below it.
pub const MEMORY_BASE_IN_REGISTER: u64 = 1 << 32;

/// Bytes of address space behind the base of a guarded memory with 32-bit indices: index + 32-bit offset + access size
/// stay inside, so that no access needs a bounds check.
pub const GUARDED_RESERVATION: u64 = (8 << 30) + (64 << 10);

/// Bytes behind the largest size of a memory with 64-bit indices that belong to it and are never accessible: an access
/// whose index is at most that size, and whose constant offset is smaller than this, stays inside the reservation. So
/// the index is compared with a constant, and the offset is left to the guard.
pub const GUARD_64: u64 = GUARDED_RESERVATION - (4 << 30);

/// Bytes of address space that a memory with 64-bit indices reserves which can grow to `largest` bytes.
///
/// Never less than for 32-bit indices, so that an index which was one needs no comparison.
pub const fn reservation_64(largest: u64) -> u64 {
    let covered = if largest < 4 << 30 { 4 << 30 } else { largest };
    covered.saturating_add(GUARD_64)
}

/// Address of the first slot. It has all tables that can grow or do not fit in the record, one after the other.
pub const SLOT_BASE: u64 = 0x4_0000_0000;

/// Distance between two slots, in bytes.
pub const SLOT_SIZE: u64 = 0x4_0000_0000;

/// Slots that a program may use where addresses have 47 bits or more: 16 TiB, well below where Linux puts a
/// position-independent executable.
pub const MAX_SLOTS_47_BIT: u64 = 1024;

/// The same where kernels may give a process 39 bits (AArch64): Linux puts the executable at two thirds of that, at
/// 341 GiB.
pub const MAX_SLOTS_39_BIT: u64 = 20;

/// The unit in which addresses of the layout are aligned: the largest page size of the supported kernels.
pub const MAX_PAGE_SIZE: u64 = 64 << 10;

/// Bytes of Wasm stack that a host function may use without looking: if there are less, calling it is a trap. The
/// largest buffers are of directory entries (8 KiB), of paths that are walked (5 KiB) or passed on (4 KiB), and a batch
/// of I/O vectors (2 KiB).
pub const HOST_HEADROOM: u64 = 64 << 10;

/// Bytes of a page of linear memory (Wasm 2.0 core specification, 4.2.8).
pub const WASM_PAGE_SIZE: u64 = 64 << 10;

/// Most entries that a table may grow to: an implementation limit (core specification, 7.2), the one that the engines
/// of the web agree on.
pub const MAX_TABLE_ENTRIES: u64 = 10_000_000;

/// One linear memory, inside the record.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryRecord {
    /// Address of byte 0. Written by the compiler for guarded memories, by the runtime at start for explicit ones, and
    /// for all memories of an instance of a library.
    pub base: u64,
    /// Current size in bytes.
    pub length: u64,
    /// Size in bytes that the memory may grow to: its declared maximum, or a limit of its index type or of ours.
    pub maximum: u64,
    /// Bytes of address space reserved behind `base`; 0 for [`MEMORY_EXPLICIT`] until the runtime has placed the
    /// memory.
    pub reserved: u64,
    /// [`MEMORY_EXPLICIT`], [`MEMORY_SHARED`].
    pub flags: u32,
    /// log2 of the page size in bytes: 16 but for custom page sizes.
    pub page_size_log2: u32,
}

/// [`MemoryRecord::flags`]: compiled code compares each access with `length`; the runtime chooses `base` and may move
/// the memory when it grows.
pub const MEMORY_EXPLICIT: u32 = 1;

/// [`MemoryRecord::flags`]: threads share the memory. It never moves, and `length` is accessed atomically.
pub const MEMORY_SHARED: u32 = 2;

/// Byte offsets of the fields that compiled code reads.
pub mod memory_record {
    use super::MemoryRecord;
    use core::mem::offset_of;
    pub const BASE: u32 = offset_of!(MemoryRecord, base) as u32;
    pub const LENGTH: u32 = offset_of!(MemoryRecord, length) as u32;
    pub const SIZE: u32 = size_of::<MemoryRecord>() as u32;
}

/// One table whose size or address is not known to the compiler, inside the record.
///
/// An entry is 8 bytes. For a table of functions it is a [funcref](FUNCREF_SIZE); for `externref` an opaque word; 0 is
/// null in both.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct TableRecord {
    /// Address of entry 0.
    pub base: u64,
    /// Current size in entries.
    pub length: u64,
    /// Size in entries that the table may grow to.
    pub maximum: u64,
    /// Bytes of address space at `base` which the runtime reserves at start; 0 for a table inside the record, which
    /// cannot grow.
    pub reserved: u64,
}

/// Byte offsets of the fields that compiled code reads.
pub mod table_record {
    use super::TableRecord;
    use core::mem::offset_of;
    pub const BASE: u32 = offset_of!(TableRecord, base) as u32;
    pub const LENGTH: u32 = offset_of!(TableRecord, length) as u32;
    pub const SIZE: u32 = size_of::<TableRecord>() as u32;
}

/// Bytes of a reference, and so of a table entry.
///
/// A funcref packs all that a call needs into one word, so that tables are read-only data without relocations and two
/// references are equal exactly when their words are:
///
/// ```text
///    63          32 31           0
///   ┌──────────────┬──────────────┐   code offset: signed, from the symbol `wasmc_funcref_anchor`
///   │   type id    │ code offset  │   type id: dense, 1-based, canonical over the whole program
///   └──────────────┴──────────────┘   0 is null
/// ```
pub const FUNCREF_SIZE: u32 = 8;

/// Byte offset of the type id inside a funcref in memory.
pub const FUNCREF_TYPE_ID: u32 = 4;

/// Bytes of an argument or result slot of an *array call*: `extern "C" fn(slots: *mut [u8; 16])`, the form in which the
/// runtime calls Wasm functions of any type. Arguments are in slots 0.. on entry, results in slots 0.. on return.
pub const SLOT_BYTES: u32 = 16;

const _: () = {
    assert!(MEMORY_BASE_IN_DISPLACEMENT < MEMORY_BASE_IN_REGISTER);
    assert!(MEMORY_BASE_IN_REGISTER + GUARDED_RESERVATION <= SLOT_BASE);
    assert!(GUARDED_RESERVATION <= SLOT_SIZE);
    assert!(GUARD_64.is_multiple_of(MAX_PAGE_SIZE) && reservation_64(0) == GUARDED_RESERVATION);
    assert!(MAX_TABLE_ENTRIES * FUNCREF_SIZE as u64 <= SLOT_SIZE);
    assert!(SLOT_BASE + MAX_SLOTS_39_BIT * SLOT_SIZE <= (1 << 39) / 3 * 2);
    assert!(MEMORY_BASE_IN_DISPLACEMENT < 1 << 31 && MEMORY_BASE_IN_DISPLACEMENT.is_multiple_of(MAX_PAGE_SIZE));
    assert!(size_of::<MemoryRecord>() == 40 && size_of::<TableRecord>() == 32);
};
