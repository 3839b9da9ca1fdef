//! Which function a call through a table leads to, where only one can be meant.
//!
//! A table that never changes is known, and a call through it traps unless it finds a function of its type. If one
//! entry only holds such a function, then the call is one of that function, or a trap.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use cranelift_entity::EntitySet;

use super::evaluate::ConstValue;
use super::ids::{FuncId, TableId, TypeId};
use super::layout::TablePlace;
use super::{Plan, Table};
use crate::options::{OptLevel, Options};

/// In [`Options::disabled_passes`].
pub const NAME: &str = "devirtualize";

/// Of each table that never changes, the functions that are alone with their type.
#[derive(Debug, Default)]
pub struct Callees {
    /// Those tables.
    tables: EntitySet<TableId>,
    /// By the number of the type; `None`: several entries have functions of that type.
    by_type: HashMap<(TableId, u32), Option<(u64, FuncId)>>,
}

impl Callees {
    /// Reads the tables, whose places are known.
    pub fn new(plan: &Plan<'_>, options: &Options) -> Callees {
        let mut callees = Callees::default();
        if options.opt_level == OptLevel::None || options.is_disabled(NAME) {
            return callees;
        }
        for (id, table) in plan.tables.iter() {
            if !matches!(plan.layout.tables[id], TablePlace::ReadOnly) {
                continue;
            }
            callees.tables.insert(id);
            // What is beyond them is all the same: null, or one function in more than one place.
            let listed = table.entries.len() as u64;
            let is_filled = matches!(table.initial, ConstValue::Function(_)) && table.minimum > listed;
            let rest = is_filled.then_some([(listed, table.initial), (listed + 1, table.initial)]);
            let entries = table.entries.iter().copied().take(table.minimum as usize).enumerate();
            let entries = entries.map(|(index, value)| (index as u64, value)).chain(rest.into_iter().flatten());
            for (index, value) in entries {
                let ConstValue::Function(function) = value else { continue };
                match callees.by_type.entry((id, number(plan, function))) {
                    Entry::Vacant(entry) => drop(entry.insert(Some((index, function)))),
                    Entry::Occupied(mut entry) => drop(entry.insert(None)),
                }
            }
        }
        callees
    }

    /// The function that a table's entry holds, if the table never changes and the function has this type.
    pub fn at(&self, plan: &Plan<'_>, table: TableId, index: u64, ty: TypeId) -> Option<FuncId> {
        if !self.tables.contains(table) || index >= plan.tables[table].minimum {
            return None;
        }
        let Table { entries, initial, .. } = &plan.tables[table];
        let ConstValue::Function(function) = *entries.get(index as usize).unwrap_or(initial) else { return None };
        let number = number(plan, function);
        plan.types.runtime_numbers(ty).contains(&number).then_some(function)
    }

    /// The only entry of a table whose function has a type, and that function.
    pub fn only(&self, plan: &Plan<'_>, table: TableId, ty: TypeId) -> Option<(u64, FuncId)> {
        let mut numbers = plan.types.runtime_numbers(ty);
        let number = numbers.next()?;
        // Subtypes have numbers of their own.
        if numbers.next().is_some() {
            return None;
        }
        self.by_type.get(&(table, number)).copied().flatten()
    }
}

fn number(plan: &Plan<'_>, function: FuncId) -> u32 {
    plan.types.runtime_numbers(plan.functions[function].ty).start
}
