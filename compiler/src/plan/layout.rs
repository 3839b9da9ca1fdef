//! Where things lie at run time, in the fixed address model: see [`wasmc_abi::layout`] for the map.
//!
//! Addresses of the record, of guarded memories and of tables are constants. What is not here needs no place: constant
//! globals, and tables that never change, which are read-only data of the executable.

use cranelift_entity::SecondaryMap;
use wasmc_abi::layout::{
    FUNCREF_SIZE, MAX_PAGE_SIZE, MAX_TABLE_ENTRIES, MEMORY_BASE_IN_DISPLACEMENT, SLOT_BASE, SLOT_SIZE, memory_record,
    table_record,
};
use wasmparser::ValType;

use super::ids::{DataId, ElemId, GlobalId, MemoryId, TableId};
use super::{Plan, Table};
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
}

/// Where a memory lies, and how accesses are kept inside.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryPlace {
    /// Offset of its [`MemoryRecord`](wasmc_abi::layout::MemoryRecord).
    pub record: u32,
    /// Its constant address, behind which everything is reserved; `None` if each access is compared with the size.
    pub guarded_base: Option<u64>,
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
}

/// Entries that a table can ever have.
pub fn table_limit(table: &Table) -> u64 {
    if table.grown { table.maximum.unwrap_or(MAX_TABLE_ENTRIES).min(MAX_TABLE_ENTRIES) } else { table.minimum }
}

/// Gives everything its place.
pub fn lay_out(plan: &Plan<'_>, options: &Options) -> Result<Layout> {
    let mut layout = Layout::default();
    if plan.thread_start.is_some() {
        layout.instances = Instances::OnePerThread;
        if plan.memories.values().any(|memory| !memory.shared) {
            return Err(Error::unsupported("a program that starts threads, with a memory that is not shared"));
        }
    }
    let mut record = Bump::default();
    let mut slots = Slots::new(options.architecture.max_slots());

    place_memories(plan, options, &mut layout, &mut record, &mut slots);
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

    if record.used > LARGEST_RECORD {
        return Err(Error::unsupported("the tables and globals of the program are too large together"));
    }
    layout.record_used = record.used as u32;
    layout.record_size = record.used.next_multiple_of(MAX_PAGE_SIZE);
    layout.record_base = options.architecture.memory_base() - layout.record_size;
    Ok(layout)
}

/// All memory records come first, one after the other, then all table records: the runtime walks over them.
fn place_memories(plan: &Plan<'_>, options: &Options, layout: &mut Layout, record: &mut Bump, slots: &mut Slots) {
    // The best place, where the base folds into the access, is for the memory that the main module uses first.
    let main = plan.instances.values().next_back().and_then(|instance| instance.memories.values().next());
    for (id, _) in plan.memories.iter() {
        let guarded_base = match options.bounds_checks {
            BoundsChecks::Explicit => None,
            BoundsChecks::Guard if Some(&id) == main => Some(options.architecture.memory_base()),
            // Accesses to what does not fit any more are compared.
            BoundsChecks::Guard => slots.take_for_memory(),
        };
        layout.memories[id] = MemoryPlace { record: record.take(memory_record::SIZE.into(), 8), guarded_base };
    }
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
    /// Where the next table goes, in the first slot.
    next_table: u64,
    /// Number of the slot where the next memory goes.
    next_memory: u64,
    /// How many slots there are.
    count: u64,
}

impl Slots {
    fn new(count: u64) -> Slots {
        Slots { next_table: SLOT_BASE, next_memory: 1, count }
    }

    fn take_for_memory(&mut self) -> Option<u64> {
        let base = SLOT_BASE + self.next_memory * SLOT_SIZE;
        (self.next_memory < self.count).then(|| {
            self.next_memory += 1;
            base
        })
    }

    fn take_for_table(&mut self, bytes: u64) -> Option<u64> {
        let base = self.next_table;
        let end = base + bytes.next_multiple_of(MAX_PAGE_SIZE);
        (end <= SLOT_BASE + SLOT_SIZE).then(|| {
            self.next_table = end;
            base
        })
    }
}
