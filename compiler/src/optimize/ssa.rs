//! Static single assignment, restored: what was defined once is defined in several blocks now.
//!
//! Each use finds the definition that reaches it by going up the control flow; where several come together, there is a
//! new parameter ("Simple and Efficient Construction of Static Single Assignment Form", Braun et al., CC 2013). Those
//! that turn out to be always the same are removed by Cranelift.

use std::collections::{HashMap, VecDeque};

use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{Block, BlockArg, Function, Inst, Value};
use cranelift_entity::EntitySet;

/// What values of one block, their home, are at the end of others that define them too, which used to follow it or come
/// before it. If that is itself a value of the home, it means what that is at the start of the other block.
pub struct Definitions {
    pub home: Block,
    pub values: HashMap<Value, HashMap<Block, Value>>,
}

/// Makes all uses outside of the home those of the definition that reaches the start of the block.
pub fn restore(function: &mut Function, definitions: &Definitions) {
    let mut graph = ControlFlowGraph::new();
    graph.compute(function);
    let mut finder = Finder { graph: &graph, definitions, starts: HashMap::new(), open: VecDeque::new() };
    let others = function.layout.blocks().filter(|&block| block != definitions.home);
    for block in others.collect::<Vec<_>>() {
        for inst in function.layout.block_insts(block).collect::<Vec<_>>() {
            let used = function.dfg.inst_values(inst).filter(|value| definitions.values.contains_key(value));
            let mut reaching: HashMap<Value, Value> = HashMap::new();
            for value in used.collect::<Vec<_>>() {
                reaching.insert(value, finder.at_start(function, value, block));
            }
            if !reaching.is_empty() {
                function.dfg.map_inst_values(inst, |value| reaching.get(&value).copied().unwrap_or(value));
            }
        }
    }
    finder.fill(function);
}

struct Finder<'a> {
    graph: &'a ControlFlowGraph,
    definitions: &'a Definitions,
    /// What a value is at the start of a block.
    starts: HashMap<(Value, Block), Value>,
    /// Blocks with a new parameter, for which branches have no argument yet; the order of those of a block is that of
    /// its parameters.
    open: VecDeque<(Value, Block)>,
}

impl Finder<'_> {
    /// What a value is at the end of a block, if that defines it.
    fn defined(&mut self, function: &mut Function, value: Value, block: Block) -> Option<Value> {
        let &found = self.definitions.values[&value].get(&block)?;
        let is_of_home = block != self.definitions.home && self.definitions.values.contains_key(&found);
        Some(if is_of_home { self.at_start(function, found, block) } else { found })
    }

    fn at_start(&mut self, function: &mut Function, value: Value, block: Block) -> Value {
        // Up, as long as there is one way.
        let mut passed = Vec::new();
        let mut seen = EntitySet::new();
        let mut place = block;
        let found = loop {
            if let Some(&found) = self.starts.get(&(value, place)) {
                break found;
            }
            passed.push(place);
            seen.insert(place);
            let mut from = self.graph.pred_iter(place).map(|edge| edge.block);
            let only = from.next().filter(|&first| from.all(|other| other == first));
            let Some(only) = only.filter(|&only| !seen.contains(only)) else {
                let ty = function.dfg.value_type(value);
                self.open.push_back((value, place));
                break function.dfg.append_block_param(place, ty);
            };
            if let Some(found) = self.defined(function, value, only) {
                break found;
            }
            place = only;
        };
        self.starts.extend(passed.into_iter().map(|place| ((value, place), found)));
        found
    }

    /// Gives all new parameters their arguments, which may take others.
    fn fill(&mut self, function: &mut Function) {
        while let Some((value, block)) = self.open.pop_front() {
            let mut branches: Vec<(Block, Inst)> =
                self.graph.pred_iter(block).map(|edge| (edge.block, edge.inst)).collect();
            branches.sort_unstable();
            branches.dedup();
            for (from, branch) in branches {
                let argument = match self.defined(function, value, from) {
                    Some(found) => found,
                    None => self.at_start(function, value, from),
                };
                let dfg = &mut function.stencil.dfg;
                let calls = dfg.insts[branch].branch_destination_mut(&mut dfg.jump_tables, &mut dfg.exception_tables);
                for call in calls {
                    if call.block(&dfg.value_lists) == block {
                        call.append_argument(BlockArg::Value(argument), &mut dfg.value_lists);
                    }
                }
            }
        }
    }
}
