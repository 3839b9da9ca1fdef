//! Branches with few destinations compare.
//!
//! Cranelift makes any `br_table` a bounded load from a table and an indirect jump, and compilers to WebAssembly leave
//! the choice to us. Neighbouring entries that lead to one place are one comparison, so what counts is how often the
//! destination changes.
//!
//! Functions of Go begin with a table that says where a goroutine goes on. Nearly always that is the beginning, to
//! which the first entries lead: they are compared before the table is asked.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    BlockCall, Function, Inst, InstBuilder, InstructionData, JumpTableData, Opcode, Value, ValueDef,
};

/// Comparisons that are not more than a jump through a table.
const MOST_COMPARISONS: usize = 3;

/// Makes branches by tables comparisons where that is less.
pub fn compare_cases(function: &mut Function) {
    let mut graph = ControlFlowGraph::new();
    for block in function.layout.blocks().collect::<Vec<_>>() {
        let Some(branch) = function.layout.last_inst(block) else { continue };
        let InstructionData::BranchTable { arg, table, .. } = function.dfg.insts[branch] else { continue };
        let runs = runs(function, &function.dfg.jump_tables[table]);
        if runs.len() <= MOST_COMPARISONS {
            compare(function, branch, arg, &runs);
            let default = function.dfg.jump_tables[table].default_block();
            function.dfg.insts[branch] = InstructionData::Jump { opcode: Opcode::Jump, destination: default };
        } else if runs[0].end > 1 && is_parameter(function, &mut graph, arg) {
            compare(function, branch, arg, &runs[..1]);
        }
    }
}

/// Neighbouring entries of a table that lead to the same place with the same values.
struct Run {
    /// The first index behind them.
    end: usize,
    destination: BlockCall,
}

/// The entries of a table, without those at its end that lead where other indices do.
fn runs(function: &Function, table: &JumpTableData) -> Vec<Run> {
    let lists = &function.dfg.value_lists;
    let is_same = |one: BlockCall, other: BlockCall| {
        one.block(lists) == other.block(lists) && one.args(lists).eq(other.args(lists))
    };
    let mut runs: Vec<Run> = Vec::new();
    for (index, &destination) in table.as_slice().iter().enumerate() {
        match runs.last_mut() {
            Some(run) if is_same(run.destination, destination) => run.end = index + 1,
            _ => runs.push(Run { end: index + 1, destination }),
        }
    }
    runs.pop_if(|run| is_same(run.destination, table.default_block()));
    runs
}

/// Whether a value is what the function was called with, or that passed on by the only jump to a block: a guess at
/// what is likely, for which the graph may be that of before some branches were compared.
fn is_parameter(function: &Function, graph: &mut ControlFlowGraph, value: Value) -> bool {
    if !graph.is_valid() {
        graph.compute(function);
    }
    let dfg = &function.dfg;
    let ValueDef::Param(block, index) = dfg.value_def(value) else { return false };
    let mut edges = graph.pred_iter(block);
    let passed = match (edges.next(), edges.next()) {
        (None, _) => Some(value),
        (Some(edge), None) => match dfg.insts[edge.inst] {
            InstructionData::Jump { destination, .. } => {
                destination.args(&dfg.value_lists).nth(index).and_then(|argument| argument.as_value())
            }
            _ => None,
        },
        _ => None,
    };
    let home = passed.map(|passed| dfg.value_def(passed));
    matches!(home, Some(ValueDef::Param(block, _)) if Some(block) == function.layout.entry_block())
}

/// Branches to the destinations of these runs, and comes to the branch only with other indices.
fn compare(function: &mut Function, branch: Inst, index: Value, runs: &[Run]) {
    let location = function.srcloc(branch);
    let mut block = function.layout.inst_block(branch).expect("a branch is in a block");
    for run in runs {
        let rest = function.dfg.make_block();
        let lists = &function.dfg.value_lists;
        let (destination, arguments) = (run.destination.block(lists), run.destination.args(lists).collect::<Vec<_>>());
        let mut cursor = FuncCursor::new(function).at_inst(branch).with_srcloc(location);
        let is_before_end = cursor.ins().icmp_imm_u(IntCC::UnsignedLessThan, index, run.end as i64);
        cursor.ins().brif(is_before_end, destination, &arguments, rest, &[]);
        function.layout.split_block(rest, branch);
        if function.layout.is_cold(block) {
            function.layout.set_cold(rest);
        }
        block = rest;
    }
}
