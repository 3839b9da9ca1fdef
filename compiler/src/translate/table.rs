//! Instructions of tables (core specification, 4.4.6). An entry is one word: see [`wasmc_abi::layout::FUNCREF_SIZE`].

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};
use cranelift_entity::EntityRef;
use wasmc_abi::layout::{FUNCREF_SIZE, table_record};
use wasmc_abi::trap::TrapCode;
use wasmparser::Operator;

use super::environment::{Environment, Region};
use super::function::Translator;
use super::names::{Name, RuntimeFunction};
use super::traps;
use super::types::{POINTER, REFERENCE};
use crate::parse::index::{ElemIndex, TableIndex};
use crate::plan::ids::{ElemId, TableId};
use crate::plan::layout::{Instances, TablePlace};

impl Translator<'_, '_> {
    pub fn table(&self, index: u32) -> TableId {
        self.code.instance.tables[TableIndex::new(index as usize)]
    }

    fn elements(&self, index: u32) -> ElemId {
        self.code.instance.elements[ElemIndex::new(index as usize)]
    }

    pub fn translate_table(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::TableGet { table } => {
                let index = self.pop();
                let table = self.table(table);
                let address = self.env.table_entry(table, index, TrapCode::TableOutOfBounds);
                let flags = self.env.table_flags(table);
                let entry = self.env.ins().load(REFERENCE, flags, address, 0);
                self.push(entry);
            }
            Operator::TableSet { table } => {
                let (index, entry) = self.pop2();
                let table = self.table(table);
                let address = self.env.table_entry(table, index, TrapCode::TableOutOfBounds);
                let flags = self.env.table_flags(table);
                self.env.ins().store(flags, entry, address, 0);
            }
            Operator::TableSize { table } => {
                let length = self.env.table_length(self.table(table));
                self.push(length);
            }
            Operator::TableGrow { table } => {
                let (entry, delta) = self.pop2();
                let table = self.table(table);
                let TablePlace::Slot { record, .. } = self.env.plan.layout.tables[table] else {
                    unreachable!("a table that live code grows has a slot");
                };
                let record = self.env.record_address(record);
                let delta = self.env.widen(delta);
                let previous =
                    self.env.call_runtime(RuntimeFunction::TableGrow, &[record, delta, entry], &[types::I64])[0];
                self.push_index(previous, self.env.plan.tables[table].has_64_bit_indices);
            }
            Operator::TableFill { table } => {
                let (start, entry, count) = self.pop3();
                let (start, count) = (self.env.widen(start), self.env.widen(count));
                let address = self.env.table_region(self.table(table), start, count);
                self.env.call_runtime(RuntimeFunction::FillWords, &[address, entry, count], &[]);
            }
            Operator::TableCopy { dst_table, src_table } => {
                let (destination, source, count) = self.pop3_wide();
                let destination = self.env.table_region(self.table(dst_table), destination, count);
                let source = self.env.table_region(self.table(src_table), source, count);
                self.env.copy_entries(destination, source, count);
            }
            Operator::TableInit { elem_index, table } => {
                let (destination, source, count) = self.pop3_wide();
                self.env.table_init(self.table(table), self.elements(elem_index), destination, source, count);
            }
            Operator::ElemDrop { elem_index } => {
                if let Some(length) = self.env.plan.layout.element_lengths[self.elements(elem_index)] {
                    let zero = self.env.iconst(types::I64, 0);
                    self.env.store_record(zero, length, Region::Segments);
                }
            }
            _ => return self.translate_bulk_memory(operator),
        }
        true
    }
}

impl Environment<'_, '_> {
    /// Flags for an access to a table's entries.
    pub fn table_flags(&mut self, table: TableId) -> MemFlagsData {
        match self.plan.layout.tables[table] {
            TablePlace::ReadOnly => MemFlagsData::trusted().with_readonly(),
            _ => self.trusted(Region::Table(table)),
        }
    }

    /// The current number of entries, in the type of the indices.
    pub fn table_length(&mut self, table: TableId) -> Value {
        let ty = if self.plan.tables[table].has_64_bit_indices { types::I64 } else { types::I32 };
        match self.plan.layout.tables[table] {
            TablePlace::Slot { record, .. } if self.plan.tables[table].grown => {
                // As i32, the low half of the u64: a table has less than 2³² entries.
                self.load_record(ty, record + table_record::LENGTH, Region::TableRecord(table))
            }
            _ => self.iconst(ty, self.plan.tables[table].minimum),
        }
    }

    /// Address of the entry at a guest's index, or a trap.
    pub fn table_entry(&mut self, table: TableId, index: Value, trap: TrapCode) -> Value {
        let length = self.table_length(table);
        let outside = self.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, index, length);
        self.ins().trapnz(outside, traps::to_clif(trap));
        let index = self.widen(index);
        self.entry_address(table, index)
    }

    /// Address of entries that a bulk operation is about to use, or a trap. `start` and `count` are i64, below 2³² if
    /// the table has 32-bit indices.
    pub fn table_region(&mut self, table: TableId, start: Value, count: Value) -> Value {
        let can_wrap = self.plan.tables[table].has_64_bit_indices;
        let end = self.end(start, count, can_wrap, TrapCode::TableOutOfBounds);
        let length = self.table_length(table);
        let length = self.widen(length);
        let outside = self.ins().icmp(IntCC::UnsignedGreaterThan, end, length);
        self.ins().trapnz(outside, traps::to_clif(TrapCode::TableOutOfBounds));
        self.entry_address(table, start)
    }

    pub fn entry_address(&mut self, table: TableId, index: Value) -> Value {
        let base = match self.plan.layout.tables[table] {
            TablePlace::ReadOnly => self.data_address(Name::Table(table)),
            TablePlace::InRecord(offset) => self.record_address(offset),
            TablePlace::Slot { base, .. } if self.plan.layout.instances == Instances::One => self.iconst(POINTER, base),
            TablePlace::Slot { record, .. } => {
                self.load_record(POINTER, record + table_record::BASE, Region::TableRecord(table))
            }
        };
        let offset = self.bytes_of_entries(index);
        self.ins().iadd(base, offset)
    }

    fn bytes_of_entries(&mut self, count: Value) -> Value {
        self.ins().ishl_imm_u(count, i64::from(FUNCREF_SIZE.ilog2()))
    }

    pub fn copy_entries(&mut self, destination: Value, source: Value, count: Value) {
        let bytes = self.bytes_of_entries(count);
        self.call_runtime(RuntimeFunction::Memmove, &[destination, source, bytes], &[]);
    }

    /// Copies part of an element segment, or traps. Operands are i64; `source` and `count` were i32.
    pub fn table_init(&mut self, table: TableId, elements: ElemId, destination: Value, source: Value, count: Value) {
        let end = self.ins().iadd(source, count);
        let length = self.elements_length(elements);
        let outside = self.ins().icmp(IntCC::UnsignedGreaterThan, end, length);
        self.ins().trapnz(outside, traps::to_clif(TrapCode::TableOutOfBounds));
        let destination = self.table_region(table, destination, count);
        let items = self.data_address(Name::Elements(elements));
        let source = self.bytes_of_entries(source);
        let source = self.ins().iadd(items, source);
        self.copy_entries(destination, source, count);
    }

    /// The current size of a segment; that of an active or declared one is 0 once the module's code runs.
    fn elements_length(&mut self, elements: ElemId) -> Value {
        match self.plan.layout.element_lengths[elements] {
            Some(offset) => self.load_record(types::I64, offset, Region::Segments),
            None if self.plan.elements[elements].active => self.iconst(types::I64, 0),
            None => self.iconst(types::I64, self.plan.elements[elements].items.len() as u64),
        }
    }
}
