//! What nothing refers to any more, since all calls of it were inlined.

use std::collections::HashMap;

use super::Code;
use crate::plan::Plan;
use crate::translate::names::Name;

/// Leaves out the functions that were inlined wherever they are called.
pub fn drop_inlined(plan: &Plan<'_>, mut codes: Vec<Code>) -> Vec<Code> {
    let may_be_unused = |name: Name| matches!(name, Name::Function(id) if plan.inlining.is_only_called(id));
    let callees: HashMap<Name, usize> = codes
        .iter()
        .enumerate()
        .filter_map(|(place, code)| may_be_unused(code.name).then_some((code.name, place)))
        .collect();
    let mut is_used: Vec<bool> = codes.iter().map(|code| !callees.contains_key(&code.name)).collect();
    let mut work: Vec<usize> = (0..codes.len()).filter(|&place| is_used[place]).collect();
    while let Some(place) = work.pop() {
        for relocation in &codes[place].relocations {
            if let Some(&callee) = callees.get(&relocation.target)
                && !std::mem::replace(&mut is_used[callee], true)
            {
                work.push(callee);
            }
        }
    }
    let mut is_used = is_used.into_iter();
    codes.retain(|_| is_used.next() == Some(true));
    codes
}
