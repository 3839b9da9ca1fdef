//! In which order functions are laid out.
//!
//! Functions that call each other often shall be on the same pages, and those that never run on none that are needed.
//! This is call-chain clustering ("Optimizing Function Placement for Large-Scale Data-Center Applications", Ottoni and
//! Maher, CGO 2017): from the hottest function to the coldest, each is put behind the one that calls it most, together
//! with all that stands with it by then, as long as that does not get too large. The clusters are laid out by heat per
//! byte. Behind them is what nothing is known of, then what never ran, both in the order of the plan.

use std::collections::HashMap;

use cranelift_entity::EntitySet;
use wasmparser::Operator;

use super::Profiling;
use crate::error::Result;
use crate::parse::index::FuncIndex;
use crate::plan::ids::FuncId;
use crate::plan::{FunctionSource, Plan};

/// Bytes beyond which a cluster does not grow: what an entry of the TLB covers, many times over.
const LARGEST_CLUSTER: u64 = 64 << 10;

/// A function that ran.
struct Node {
    bytes: u64,
    /// How much of it was executed.
    heat: u64,
    /// Who calls it most, and how often.
    caller: Option<(usize, u64)>,
}

/// An order of functions.
pub struct Order {
    /// Of those that ran.
    ranks: HashMap<FuncId, u32>,
    never_ran: EntitySet<FuncId>,
}

impl Order {
    /// Functions of the same rank stay in the order of the plan.
    pub fn rank(&self, id: FuncId) -> u32 {
        let unknown = self.rank_of_unknown();
        *self.ranks.get(&id).unwrap_or(if self.never_ran.contains(id) { &u32::MAX } else { &unknown })
    }

    /// The rank of functions of which nothing is known.
    pub fn rank_of_unknown(&self) -> u32 {
        u32::MAX - 1
    }
}

/// The order that a profile suggests, if there is one. `bytes` gives the size of a function's code.
pub fn order(plan: &Plan<'_>, bytes: impl Fn(FuncId) -> u64) -> Result<Option<Order>> {
    let Profiling::Use(measured) = &plan.profile else { return Ok(None) };
    let ran: Vec<FuncId> = measured.functions.keys().filter(|&id| plan.profile.measured(id).is_some()).collect();
    let places: HashMap<FuncId, usize> = ran.iter().enumerate().map(|(place, &id)| (id, place)).collect();
    let heat = |id: FuncId| plan.profile.measured(id).map_or(0, |profile| profile.flow.total);
    let mut nodes: Vec<Node> =
        ran.iter().map(|&id| Node { bytes: bytes(id).max(1), heat: heat(id), caller: None }).collect();
    let mut calls: HashMap<(usize, usize), u64> = HashMap::new();
    for (caller, &id) in ran.iter().enumerate() {
        for (callee, count) in calls_of(plan, id)? {
            if let Some(&callee) = places.get(&callee) {
                let sum = calls.entry((callee, caller)).or_default();
                *sum = sum.saturating_add(count);
            }
        }
    }
    let mut calls: Vec<((usize, usize), u64)> = calls.into_iter().collect();
    calls.sort_unstable();
    for ((callee, caller), count) in calls {
        let node = &mut nodes[callee];
        if callee != caller && count > node.caller.map_or(0, |(_, most)| most) {
            node.caller = Some((caller, count));
        }
    }

    let ranks: HashMap<FuncId, u32> =
        cluster(&nodes).into_iter().enumerate().map(|(rank, place)| (ran[place], rank as u32)).collect();
    let mut order = Order { never_ran: EntitySet::new(), ranks };
    for id in measured.functions.keys().filter(|id| !order.ranks.contains_key(id)) {
        if measured.functions[id].is_some() {
            order.never_ran.insert(id);
        }
    }
    Ok(Some(order))
}

/// Direct calls of a function, and those that nearly always go to one, with how often they were executed.
fn calls_of(plan: &Plan<'_>, id: FuncId) -> Result<Vec<(FuncId, u64)>> {
    let FunctionSource::Body { instance, body, .. } = plan.functions[id].source else { return Ok(Vec::new()) };
    let Some(profile) = plan.profile.measured(id) else { return Ok(Vec::new()) };
    let instance = &plan.instances[instance];
    let body = &instance.body(body).body;
    let mut found = Vec::new();
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset()?;
        let offset = (offset - body.range().start) as u32;
        let callee = match operator {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                Some(instance.functions[FuncIndex::from_u32(function_index)])
            }
            _ => profile.callee(offset).map(|callee| callee.function),
        };
        if let (Some(callee), Some(count)) = (callee, profile.calls(offset)) {
            found.push((callee, count));
        }
    }
    Ok(found)
}

/// The places of the nodes, in the order in which they are laid out.
fn cluster(nodes: &[Node]) -> Vec<usize> {
    // The cluster that each node is in, by number; and of each number the members, their bytes and heat.
    let mut cluster_of: Vec<usize> = (0..nodes.len()).collect();
    let mut clusters: Vec<(Vec<usize>, u64, u64)> =
        nodes.iter().enumerate().map(|(place, node)| (vec![place], node.bytes, node.heat)).collect();
    let density = |heat: u64, bytes: u64| heat as f64 / bytes as f64;
    let by_density = |list: &mut Vec<usize>, of: &dyn Fn(usize) -> f64| {
        list.sort_by(|&a, &b| of(b).total_cmp(&of(a)).then(a.cmp(&b)));
    };
    let mut hottest: Vec<usize> = (0..nodes.len()).collect();
    by_density(&mut hottest, &|place| density(nodes[place].heat, nodes[place].bytes));
    for place in hottest {
        let Some((caller, _)) = nodes[place].caller else { continue };
        let (from, to) = (cluster_of[place], cluster_of[caller]);
        // Only the first of a cluster can stand behind its caller.
        if from == to || clusters[from].0[0] != place || clusters[from].1 + clusters[to].1 > LARGEST_CLUSTER {
            continue;
        }
        let (members, bytes, heat) = std::mem::take(&mut clusters[from]);
        members.iter().for_each(|&member| cluster_of[member] = to);
        clusters[to].0.extend(members);
        clusters[to].1 += bytes;
        clusters[to].2 = clusters[to].2.saturating_add(heat);
    }
    let mut left: Vec<usize> = (0..clusters.len()).filter(|&number| !clusters[number].0.is_empty()).collect();
    by_density(&mut left, &|number| density(clusters[number].2, clusters[number].1));
    left.into_iter().flat_map(|number| clusters[number].0.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callees_stand_behind_their_callers() {
        let node = |bytes, heat, caller| Node { bytes, heat, caller };
        // 0 calls 2 often; 1 is hot, and called by nobody; 3 is called by 2.
        let nodes =
            [node(100, 1000, None), node(100, 5000, None), node(100, 2000, Some((0, 10))), node(100, 10, Some((2, 1)))];
        assert_eq!(cluster(&nodes), [1, 0, 2, 3]);
        let large = [node(LARGEST_CLUSTER, 1000, None), node(100, 2000, Some((0, 10)))];
        assert_eq!(cluster(&large), [1, 0]);
    }
}
