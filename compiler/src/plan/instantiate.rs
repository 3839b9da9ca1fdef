//! Instantiation, as far as the compiler can do it.
//!
//! Nothing sees the memories and tables that an instance defines before its segments are applied, so segments whose
//! target the instance defines itself become initial contents. That ends at the first segment which does not fit: it
//! traps at run time, and later ones never happen. Segments for imported memories and tables are copied at run time,
//! because code of other instances ran before; they may trap too, and so whatever follows is left for run time as well:
//! the functions of an instance that was never finished can be in another one's table, and tell.

use wasmc_abi::trap::TrapCode;

use super::evaluate::evaluate;
use super::ids::InstanceId;
use super::{InstantiationStep, Plan};
use crate::error::Result;
use crate::parse::SegmentMode;

/// Divides the instantiation of every instance into initial contents and steps. `command`: libraries are initialised as
/// WASI's application ABI says, by calling `_initialize`.
pub fn split_instantiation(plan: &mut Plan<'_>, command: bool) -> Result<()> {
    for instance in plan.instances.keys() {
        plan.apply_elements(instance);
        plan.apply_data(instance);
        plan.call_start(instance, command);
    }
    Ok(())
}

impl Plan<'_> {
    fn apply_elements(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id];
        let imported_tables = count_imports(&instance.module, |item| matches!(item, crate::parse::External::Table(_)));
        for (index, segment) in instance.module.elements.iter() {
            let SegmentMode::Active(table_index, offset) = &segment.mode else { continue };
            let table_id = instance.tables[*table_index];
            let elements = instance.elements[index];
            let offset = evaluate(offset, &instance.functions, &instance.globals, &self.globals).number();
            let table = &mut self.tables[table_id];
            let items = &self.elements[elements].items;
            let end = offset.saturating_add(items.len() as u64);
            let imported = cranelift_entity::EntityRef::index(*table_index) < imported_tables;
            if imported || instance.steps.iter().any(InstantiationStep::is_segment) {
                table.written = true;
                self.elements[elements].read = true;
                instance.steps.push(InstantiationStep::CopyElements { elements, table: table_id, offset });
            } else if end > table.minimum {
                instance.steps.push(InstantiationStep::Trap(TrapCode::TableOutOfBounds));
            } else {
                if (table.entries.len() as u64) < end {
                    table.entries.resize(end as usize, table.initial);
                }
                table.entries[offset as usize..end as usize].copy_from_slice(items);
            }
        }
    }

    fn apply_data(&mut self, id: InstanceId) {
        let instance = &mut self.instances[id];
        for (index, segment) in instance.module.data.iter() {
            let SegmentMode::Active(memory_index, offset) = &segment.mode else { continue };
            let memory_id = instance.memories[*memory_index];
            let data = instance.data[index];
            let offset = evaluate(offset, &instance.functions, &instance.globals, &self.globals).number();
            let memory = &mut self.memories[memory_id];
            let end = offset.saturating_add(self.data[data].bytes.len() as u64);
            let imported = memory.owner != id;
            if imported || instance.steps.iter().any(InstantiationStep::is_segment) {
                self.data[data].read = true;
                instance.steps.push(InstantiationStep::CopyData { data, memory: memory_id, offset });
            } else if end > memory.minimum {
                instance.steps.push(InstantiationStep::Trap(TrapCode::MemoryOutOfBounds));
            } else if !self.data[data].bytes.is_empty() {
                memory.contents.push((offset, data));
            }
        }
    }

    fn call_start(&mut self, id: InstanceId, command: bool) {
        let instance = &mut self.instances[id];
        if let Some(start) = instance.module.start {
            instance.steps.push(InstantiationStep::Call(instance.functions[start]));
        }
        if command && let Some(initialize) = instance.exported_function("_initialize") {
            instance.steps.push(InstantiationStep::Initialize(initialize));
        }
    }
}

fn count_imports(module: &crate::parse::Module<'_>, kind: fn(&crate::parse::External) -> bool) -> usize {
    module.imports.iter().filter(|import| kind(&import.item)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entry, InstanceSource, Options, Program};

    #[test]
    fn what_follows_a_segment_of_run_time_is_left_for_run_time() {
        let [library, main] = [
            "(module (table (export \"table\") 1 funcref))",
            "(module
               (import \"library\" \"table\" (table 1 funcref))
               (table $own 2 funcref)
               (memory 1)
               (func $f)
               (elem (table $own) (i32.const 0) func $f)
               (elem (table 0) (i32.const 1) func $f)
               (elem (table $own) (i32.const 1) func $f)
               (data (i32.const 0) \"x\"))",
        ]
        .map(|text| wat::parse_str(text).unwrap());
        let source = |name: &str, wasm, wiring| InstanceSource { name: name.to_owned(), wasm, wiring };
        let program = Program {
            instances: vec![
                source("library", &library, Vec::new()),
                source("main", &main, vec![("library".to_owned(), 0)]),
            ],
            entry: Entry::Script(Vec::new()),
        };
        let plan = Plan::new(&program, &Options::default()).unwrap();
        let steps = &plan.instances.values().next_back().unwrap().steps;
        assert!(
            matches!(
                steps[..],
                [
                    InstantiationStep::CopyElements { offset: 1, .. },
                    InstantiationStep::CopyElements { offset: 1, .. },
                    InstantiationStep::CopyData { .. }
                ]
            ),
            "{steps:?}"
        );
        let own = plan.tables.values().next_back().unwrap();
        assert_eq!(own.entries.len(), 1, "the first segment is initial contents");
        assert!(plan.memories.values().all(|memory| memory.contents.is_empty()));
    }
}
