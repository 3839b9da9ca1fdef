//! Which calls can throw: those of functions that throw themselves, or from which a call leads to one. All others need
//! no handlers, and code that only they could have led to is never made.

use cranelift_entity::{EntitySet, SecondaryMap};

use super::ids::{FuncId, TypeId};
use super::{FunctionSource, Plan};

/// Marks functions that can throw, and the types of those among them that can be called through a reference.
///
/// What a function catches itself is not looked at: most that catch everything throw it again.
pub fn find_throwing(plan: &mut Plan<'_>) {
    let mut callers: SecondaryMap<FuncId, Vec<FuncId>> = SecondaryMap::new();
    let mut callers_by_type: SecondaryMap<TypeId, Vec<FuncId>> = SecondaryMap::new();
    let mut work: Vec<FuncId> = Vec::new();
    for (id, function) in plan.functions.iter().filter(|(_, function)| function.live) {
        let FunctionSource::Body { instance, body, .. } = function.source else { continue };
        let instance = &plan.instances[instance];
        let uses = &instance.uses[body];
        if uses.throws {
            work.push(id);
        }
        for &callee in &uses.calls {
            callers[instance.functions[callee]].push(id);
        }
        for &ty in &uses.calls_through_references {
            callers_by_type[instance.types[ty]].push(id);
        }
    }
    let mut types = EntitySet::new();
    while let Some(id) = work.pop() {
        let function = &mut plan.functions[id];
        if std::mem::replace(&mut function.throws, true) {
            continue;
        }
        work.extend(&callers[id]);
        if function.referenced {
            for ty in plan.types.supertypes(function.ty) {
                if types.insert(ty) {
                    work.extend(&callers_by_type[ty]);
                }
            }
        }
    }
    plan.throwing_types = types;
}
