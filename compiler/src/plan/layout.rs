//! Where things lie at run time: see [`wasmc_abi::layout`] for the map.
//!
//! In an executable, addresses of the record, of memories and of tables are constants, but for memories that find no
//! slot or shall not reserve addresses. In a library only places in the record are: each instance has one, wherever
//! that is, and finds everything else through it. What is not here needs no place: constant globals, and tables that
//! never change, which are read-only data.

use cranelift_entity::SecondaryMap;
use wasmc_abi::layout::{
    FUNCREF_SIZE, GUARDED_RESERVATION, MAX_PAGE_SIZE, MAX_TABLE_ENTRIES, MEMORY_BASE_IN_DISPLACEMENT, SLOT_BASE,
    SLOT_SIZE, WASM_PAGE_SIZE, memory_record, reservation_64, table_record,
};
use wasmparser::ValType;

use super::ids::{DataId, ElemId, GlobalId, MemoryId, TableId};
use super::{Main, Memory, Plan, Table};
use crate::error::{Error, Result};
use crate::options::{BoundsChecks, Options};

/// How many records there are: of everything but the memories, whose records all share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Instances {
    /// One, at a constant address.
    #[default]
    One,
    /// One for each thread, which compiled code finds through the instance register.
    OnePerThread,
    /// As many as the host of a library makes: everything, memories included, is found through the instance register.
    Any,
}

/// Places of everything. Offsets are bytes in the record.
#[derive(Debug, Default)]
pub struct Layout {
    pub instances: Instances,
    /// Address of the record; its end is the base of memory 0.
    pub record_base: u64,
    /// Bytes; a multiple of [`MAX_PAGE_SIZE`].
    pub record_size: u64,
    /// Bytes of the record that are in use.
    pub record_used: u32,
    pub memories: SecondaryMap<MemoryId, MemoryPlace>,
    pub tables: SecondaryMap<TableId, TablePlace>,
    /// How many tables have a record.
    pub table_records: u32,
    /// Offset of the first table record.
    pub table_records_offset: u32,
    pub globals: SecondaryMap<GlobalId, GlobalPlace>,
    /// Offset of the current size (a u64, in bytes) of data segments that can be dropped.
    pub data_lengths: SecondaryMap<DataId, Option<u32>>,
    /// Offset of the current size (a u64, in entries) of element segments that can be dropped.
    pub element_lengths: SecondaryMap<ElemId, Option<u32>>,
    /// Offset of the lowest address (a u64) that the stack pointer of a function which calls may have; `None` if only
    /// the guard says where the stack ends.
    pub stack_limit: Option<u32>,
    /// Offset of the addresses that the host of a library gives: what its functions want to be called with, then those
    /// of the functions.
    pub host_imports: u32,
}

/// Where a memory lies, and how accesses are kept inside.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryPlace {
    /// Offset of its [`MemoryRecord`](wasmc_abi::layout::MemoryRecord).
    pub record: u32,
    /// Its constant address, if it has one; else the runtime places it, and writes the address into the record.
    pub base: Option<u64>,
    /// Bytes of address space behind its address that belong to it; 0 if it may move.
    pub reserved: u64,
    pub bounds: Bounds,
    /// It has 32-bit indices, is one thread's, and never reaches to the end of what they address: the sum of an index
    /// that is inside and of less than [`WASM_PAGE_SIZE`] does not wrap.
    pub has_room_behind: bool,
}

/// What keeps accesses to a memory inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bounds {
    /// Everything that a 32-bit index and a constant offset reach is reserved: no comparison.
    Reserved,
    /// The index is compared with the memory's largest size, which is a constant; the rest is done by guards.
    Guarded,
    /// Each access is compared with the current size.
    #[default]
    Compared,
}

#[derive(Clone, Copy, Debug, Default)]
pub enum TablePlace {
    /// Never changes: read-only data.
    #[default]
    ReadOnly,
    /// Changes but never grows, and is small: its entries are in the record.
    InRecord(u32),
    /// Has a slot of address space, and a [`TableRecord`](wasmc_abi::layout::TableRecord) at this offset.
    Slot { record: u32, base: u64 },
}

#[derive(Clone, Copy, Debug, Default)]
pub enum GlobalPlace {
    /// Never changes: its value is known.
    #[default]
    Constant,
    /// Offset in the record.
    Record(u32),
}

/// Tables up to this many bytes are kept in the record if they cannot grow.
const LARGEST_TABLE_IN_RECORD: u64 = 1 << 20;

/// The record must stay well above the addresses that the kernel keeps from being mapped, wherever it ends.
const LARGEST_RECORD: u64 = MEMORY_BASE_IN_DISPLACEMENT - (16 << 20);

impl Layout {
    /// Address of a byte of the record.
    pub fn record_address(&self, offset: u32) -> u64 {
        self.record_base + u64::from(offset)
    }

    /// The constant address of a memory, as far as code may rely on it.
    pub fn constant_base(&self, memory: MemoryId) -> Option<u64> {
        self.memories[memory].base.filter(|_| self.instances != Instances::Any)
    }
}

/// Entries that a table can ever have.
pub fn table_limit(table: &Table) -> u64 {
    if table.grown { table.maximum.unwrap_or(MAX_TABLE_ENTRIES).min(MAX_TABLE_ENTRIES) } else { table.minimum }
}

/// Bytes that a memory with 32-bit indices may grow to.
pub const LARGEST_GROWN_32: u64 = (1 << 32) - WASM_PAGE_SIZE;

/// Bytes that a memory can ever have.
pub fn largest_size(memory: &Memory) -> u64 {
    if memory.grown { memory.limit } else { memory.minimum }
}

/// Gives everything its place.
pub fn lay_out(plan: &Plan<'_>, options: &Options) -> Result<Layout> {
    let mut layout = Layout::default();
    let is_library = matches!(plan.main, Main::Library(_));
    if is_library || options.instance_register {
        layout.instances = Instances::Any;
    }
    if is_library && plan.thread_start.is_some() {
        return Err(Error::unsupported("a library that starts threads"));
    }
    if plan.thread_start.is_some() {
        layout.instances = Instances::OnePerThread;
        if plan.memories.values().any(|memory| !memory.shared) {
            return Err(Error::unsupported("a program that starts threads, with a memory that is not shared"));
        }
    }
    let mut record = Bump::default();

    let mut slots = place_memories(plan, options, &mut layout, &mut record);
    place_tables(plan, &mut layout, &mut record, &mut slots)?;
    for (id, global) in plan.globals.iter() {
        layout.globals[id] = if global.mutable && global.written {
            let size = if global.ty == ValType::V128 { 16 } else { 8 };
            GlobalPlace::Record(record.take(size, size))
        } else {
            GlobalPlace::Constant
        };
    }
    for (id, data) in plan.data.iter() {
        layout.data_lengths[id] = (data.dropped && !data.active).then(|| record.take(8, 8));
    }
    for (id, elements) in plan.elements.iter() {
        layout.element_lengths[id] = (elements.dropped && !elements.active).then(|| record.take(8, 8));
    }
    layout.stack_limit = (layout.instances == Instances::Any).then(|| record.take(8, 8));
    if is_library {
        layout.host_imports = record.take(8 * (1 + plan.host_imports.len() as u64), 8);
    }

    if record.used > LARGEST_RECORD {
        return Err(Error::unsupported("the tables and globals of the program are too large together"));
    }
    layout.record_used = record.used as u32;
    layout.record_size = record.used.next_multiple_of(MAX_PAGE_SIZE);
    // Where the record of a library is, is not known: what counts from there are offsets.
    layout.record_base = if is_library { 0 } else { options.architecture.memory_base() - layout.record_size };
    Ok(layout)
}

/// All memory records come first, one after the other, then all table records: the runtime walks over them. Gives the
/// slots that are left.
fn place_memories(plan: &Plan<'_>, options: &Options, layout: &mut Layout, record: &mut Bump) -> Slots {
    let wish = |memory: &Memory| match options.bounds_checks {
        BoundsChecks::Guard => how_to_bound(memory),
        BoundsChecks::Explicit => (Bounds::Compared, None),
    };
    // The best place, where the base folds into the access, is for the memory that the main module uses first.
    let is_library = matches!(plan.main, Main::Library(_));
    let best = options.architecture.memory_base();
    let main = plan.instances.values().next_back().and_then(|instance| instance.memories.values().next());
    let main_end = main.and_then(|&main| wish(&plan.memories[main]).1).and_then(|reserved| best.checked_add(reserved));
    let count = options.architecture.max_slots();
    let main_end = main_end.filter(|&end| end <= Slots::start_of(count - 1));
    let mut slots = Slots::behind(main_end.unwrap_or(SLOT_BASE), count);
    for (id, memory) in plan.memories.iter() {
        let (bounds, reserved) = wish(memory);
        let place = reserved.and_then(|reserved| {
            let has_room_behind =
                bounds == Bounds::Reserved && !memory.shared && largest_size(memory) <= LARGEST_GROWN_32;
            if is_library {
                return Some(MemoryPlace { record: 0, base: None, reserved, bounds, has_room_behind });
            }
            let base = if Some(&id) == main { main_end.map(|_| best) } else { slots.take_for_memory(reserved) };
            base.map(|base| MemoryPlace { record: 0, base: Some(base), reserved, bounds, has_room_behind })
        });
        // Accesses to what does not fit any more are compared.
        let place = place.unwrap_or_default();
        layout.memories[id] = MemoryPlace { record: record.take(memory_record::SIZE.into(), 8), ..place };
    }
    slots
}

/// What is best for a memory, and the bytes of address space that it takes, if there are enough.
fn how_to_bound(memory: &Memory) -> (Bounds, Option<u64>) {
    let largest = largest_size(memory);
    let (bounds, reserved) = if memory.page_size_log2 != WASM_PAGE_SIZE.ilog2() {
        // No guard begins in the middle of a page.
        (Bounds::Compared, largest)
    } else if memory.has_64_bit_indices {
        (Bounds::Guarded, reservation_64(largest))
    } else {
        (Bounds::Reserved, GUARDED_RESERVATION)
    };
    (bounds, reserved.checked_next_multiple_of(MAX_PAGE_SIZE))
}

fn place_tables(plan: &Plan<'_>, layout: &mut Layout, record: &mut Bump, slots: &mut Slots) -> Result<()> {
    let bytes = |table: &Table| table_limit(table) * u64::from(FUNCREF_SIZE);
    let needs_slot = |table: &Table| table.grown || (table.written && bytes(table) > LARGEST_TABLE_IN_RECORD);
    for (id, table) in plan.tables.iter().filter(|(_, table)| needs_slot(table)) {
        let base = slots.take_for_table(bytes(table)).ok_or_else(|| Error::unsupported("too many large tables"))?;
        let offset = record.take(table_record::SIZE.into(), 8);
        if layout.table_records == 0 {
            layout.table_records_offset = offset;
        }
        layout.table_records += 1;
        layout.tables[id] = TablePlace::Slot { record: offset, base };
    }
    for (id, table) in plan.tables.iter().filter(|(_, table)| !needs_slot(table)) {
        layout.tables[id] =
            if table.written { TablePlace::InRecord(record.take(bytes(table), 8)) } else { TablePlace::ReadOnly };
    }
    Ok(())
}

/// Hands out ascending offsets of the record.
#[derive(Default)]
struct Bump {
    used: u64,
}

impl Bump {
    /// The offset saturates: a record that is too large is refused at the end.
    fn take(&mut self, size: u64, align: u64) -> u32 {
        let offset = self.used.next_multiple_of(align);
        self.used = offset + size;
        u32::try_from(offset).unwrap_or(u32::MAX)
    }
}

/// Hands out address space in slots.
struct Slots {
    /// Where the next table goes, and the end of the slot that the tables share.
    next_table: u64,
    tables_end: u64,
    /// Where the next memory goes.
    next_memory: u64,
    /// Where the last slot ends.
    end: u64,
}

impl Slots {
    /// Address of a slot.
    fn start_of(number: u64) -> u64 {
        SLOT_BASE + number * SLOT_SIZE
    }

    /// The slots, of `count`, that lie behind an address: there must be one at least.
    fn behind(address: u64, count: u64) -> Slots {
        let first = address.saturating_sub(SLOT_BASE).div_ceil(SLOT_SIZE);
        let tables_end = Slots::start_of(first + 1);
        Slots { next_table: Slots::start_of(first), tables_end, next_memory: tables_end, end: Slots::start_of(count) }
    }

    fn take_for_memory(&mut self, bytes: u64) -> Option<u64> {
        let base = self.next_memory;
        let end = bytes.checked_next_multiple_of(SLOT_SIZE).and_then(|bytes| base.checked_add(bytes));
        self.next_memory = end.filter(|&end| end <= self.end)?;
        Some(base)
    }

    fn take_for_table(&mut self, bytes: u64) -> Option<u64> {
        let base = self.next_table;
        self.next_table = Some(base + bytes.next_multiple_of(MAX_PAGE_SIZE)).filter(|&end| end <= self.tables_end)?;
        Some(base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_for_the_slots_gets_none() {
        let mut slots = Slots::behind(SLOT_BASE, 4);
        assert_eq!(slots.take_for_table(1), Some(SLOT_BASE));
        assert_eq!(slots.take_for_table(SLOT_SIZE), None);
        assert_eq!(slots.take_for_memory(SLOT_SIZE + 1), Some(SLOT_BASE + SLOT_SIZE));
        assert_eq!(slots.take_for_memory(1), Some(SLOT_BASE + 3 * SLOT_SIZE));
        assert_eq!(slots.take_for_memory(1), None);
        for bytes in [4 * SLOT_SIZE, u64::MAX - SLOT_SIZE, u64::MAX] {
            assert_eq!(Slots::behind(SLOT_BASE, 4).take_for_memory(bytes), None);
        }
    }

    #[test]
    fn slots_are_behind_the_first_memory() {
        assert_eq!(Slots::behind(1 << 32, 4).next_table, SLOT_BASE);
        assert_eq!(Slots::behind(SLOT_BASE, 4).next_table, SLOT_BASE);
        let mut slots = Slots::behind(SLOT_BASE + 2 * SLOT_SIZE + 1, 4);
        assert_eq!(slots.take_for_table(SLOT_SIZE), Some(SLOT_BASE + 3 * SLOT_SIZE));
        assert_eq!(slots.take_for_memory(1), None);
    }
}
