//! Which functions can run, and what they can change.
//!
//! A function is live if it is a root (what the executable calls, start functions, whatever an element segment or a
//! global refers to) or is named by a live function. The rest gets no code. What only dead functions change is
//! constant.

use cranelift_entity::EntityRef;
use wasmc_abi::wasi;

use super::evaluate::ConstValue;
use super::ids::{FuncId, GlobalId};
use super::{FunctionSource, Main, Plan, ScriptStep, library, wire};
use crate::error::Result;

/// Marks live functions, and what they read and write.
///
/// # Errors
///
/// If threads are started, and there is nothing that they could begin with.
pub fn find_live(plan: &mut Plan<'_>) -> Result<()> {
    let mut work = Vec::new();
    mark_roots(plan, &mut work);
    while let Some(function) = work.pop() {
        let (instance, body) = match plan.functions[function].source {
            FunctionSource::Body { instance, body, .. } => (instance, body),
            FunctionSource::Wasi { function, .. } if function == wasi::THREAD_SPAWN => {
                let start = *plan.thread_start.get_or_insert(wire::find_thread_start(plan)?);
                mark(&mut plan.functions[start].live, start, &mut work);
                continue;
            }
            FunctionSource::Wasi { .. }
            | FunctionSource::Native { .. }
            | FunctionSource::Host { .. }
            | FunctionSource::Unknown { .. } => continue,
        };
        let instance = &plan.instances[instance];
        let uses = &instance.uses[body];
        plan.tail_calls |= uses.tail_calls;
        plan.waits |= uses.waits;
        for &callee in &uses.calls {
            mark(&mut plan.functions[instance.functions[callee]].live, instance.functions[callee], &mut work);
        }
        for &value in &uses.ref_funcs {
            let id = instance.functions[value];
            plan.functions[id].referenced = true;
            mark(&mut plan.functions[id].live, id, &mut work);
        }
        for &table in &uses.tables_written {
            plan.tables[instance.tables[table]].written = true;
        }
        for &table in &uses.tables_grown {
            plan.tables[instance.tables[table]].grown = true;
        }
        for &memory in &uses.memories_grown {
            plan.memories[instance.memories[memory]].grown = true;
        }
        for &global in &uses.globals_written {
            plan.globals[instance.globals[global]].written = true;
        }
        for &data in &uses.data_read {
            plan.data[instance.data[data]].read = true;
        }
        for &data in &uses.data_dropped {
            plan.data[instance.data[data]].dropped = true;
        }
        for &elements in &uses.elements_read {
            plan.elements[instance.elements[elements]].read = true;
        }
        for &elements in &uses.elements_dropped {
            plan.elements[instance.elements[elements]].dropped = true;
        }
    }
    Ok(())
}

fn mark(live: &mut bool, function: FuncId, work: &mut Vec<FuncId>) {
    if !std::mem::replace(live, true) {
        work.push(function);
    }
}

fn mark_roots(plan: &mut Plan<'_>, work: &mut Vec<FuncId>) {
    let mut called = Vec::new();
    let mut values = Vec::new();
    match &plan.main {
        Main::Command(start) => called.extend(*start),
        Main::Invoke(function) => called.push(*function),
        Main::Exports(functions) => called.extend(functions),
        Main::Script(steps) => {
            for step in steps {
                if let ScriptStep::Invoke { function, .. } = step {
                    called.push(*function);
                }
            }
        }
        Main::Library(_) => library::mark(plan, &mut called),
    }
    for instance in plan.instances.values() {
        called.extend(instance.module.start.map(|start| instance.functions[start]));
        called.extend(instance.exported_function("_initialize"));
    }
    let global_values = (0..plan.globals.len()).map(|index| plan.globals[GlobalId::new(index)].initial);
    let element_values = plan.elements.values().flat_map(|elements| elements.items.iter().copied());
    let table_values = plan.tables.values().map(|table| table.initial);
    for value in global_values.chain(element_values).chain(table_values) {
        if let ConstValue::Function(function) = value {
            values.push(function);
        }
    }
    for &function in &values {
        plan.functions[function].referenced = true;
    }
    for function in called.into_iter().chain(values) {
        mark(&mut plan.functions[function].live, function, work);
    }
}
