//! Neighbouring scalars become vectors: "superword-level parallelism" (Larsen and Amarasinghe, PLDI 2000).
//!
//! Compilers to WebAssembly unroll loops, and then have nothing to put the copies into: without the vector proposal a
//! loop over an array has the same operations on neighbouring elements one behind the other. So in a loop that is one
//! block, stores to neighbouring places are a seed; if what they store is computed by the same operations from loads of
//! neighbouring places and from what is the same for all, the whole tree is computed in the lanes of a vector.
//!
//! # What may be moved
//!
//! The loads and stores of a tree move down to its last store. What they pass must not be the same place, if one of
//! both is a store. Where the difference of two addresses is no constant, but does not change while the loop runs, it
//! is compared once, before the loop: a copy of the loop as it was runs if the places may overlap.
//!
//! A vector at the place of its first lane is where the scalars are: addresses do not wrap before they trap, since a
//! memory that may have its last page is left alone, and so is a constant address beyond what an index can reach. An
//! access that is out of bounds traps as it did, but stores before it in the same round may not have happened. Nobody
//! sees that if the trap ends the program; else all is left alone.

use std::collections::HashMap;

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::immediates::Offset32;
use cranelift_codegen::ir::{
    AliasRegion, Block, BlockArg, ConstantData, DataFlowGraph, Function, Inst, InstBuilder, InstructionData,
    MemFlagsData, Opcode, SourceLoc, Type, Value, ValueDef, types,
};
use cranelift_entity::EntitySet;

use super::linear::{self, Linear};
use super::loops::{LoopCopy, SelfLoop, Uses, copy_loop, home, leave_together, redirect, self_loops, step_of};
use crate::plan::Plan;
use crate::translate::environment::memory_of_region;

/// Loads and stores in a loop beyond which it is left alone: what is done with them takes the square.
const MOST_ACCESSES: usize = 64;
/// Comparisons before a loop.
const MOST_CHECKS: usize = 4;
/// Operations of a tree, and how deep they are.
const MOST_NODES: usize = 64;
const DEPTH: u32 = 16;

/// Replaces scalars by vectors in loops that are one block.
pub fn pack_neighbours(function: &mut Function, plan: &Plan<'_>) {
    if !plan.traps_end_the_program() {
        return;
    }
    let loops = self_loops(function);
    if loops.is_empty() {
        return;
    }
    let mut uses = None;
    for of in loops {
        let block = of.block;
        let is_store = |inst: &Inst| function.dfg.insts[*inst].opcode() == Opcode::Store;
        if function.layout.block_insts(block).filter(is_store).count() < 2 {
            continue;
        }
        let Some(accesses) = accesses(function, block, plan) else { continue };
        let seeds = seeds(function, &accesses);
        if seeds.is_empty() {
            continue;
        }
        let uses = uses.get_or_insert_with(|| Uses::of(function));
        let by_inst = accesses.iter().map(|access| (access.inst, access.place)).collect();
        let mut packer = Packer { function, uses, block, accesses: &accesses, by_inst, packs: Vec::new() };
        packer.pack_all(&seeds);
        let packs = packer.packs;
        if packs.is_empty() {
            continue;
        }
        let Some(checks) = checks(function, block, &accesses, &packs) else { continue };
        let fallback = (!checks.is_empty()).then(|| copy_loop(function, block));
        packs.iter().for_each(|pack| rewrite(function, &accesses, pack));
        if let Some(fallback) = fallback {
            function.layout.set_cold(fallback.block);
            guard(function, of, &fallback, uses, &checks);
            function.dfg.resolve_all_aliases();
        }
    }
}

/// A load or store.
struct Access {
    inst: Inst,
    /// Among the accesses of the block.
    place: usize,
    /// The value of a store.
    stored: Option<Value>,
    region: AliasRegion,
    /// In a memory of the guest's where addresses do not wrap.
    is_packable: bool,
    /// The guest's own, which is extended: it may wrap.
    index: Linear,
    /// All of it, modulo 2³².
    address: Linear,
    ty: Type,
    bytes: u32,
}

/// The loads and stores of a block, if it has no other effects.
fn accesses(function: &Function, block: Block, plan: &Plan<'_>) -> Option<Vec<Access>> {
    let dfg = &function.dfg;
    let mut accesses = Vec::new();
    for inst in function.layout.block_insts(block) {
        let data = &dfg.insts[inst];
        let (arg, stored, offset) = match *data {
            InstructionData::Load { arg, offset, .. } => (arg, None, offset),
            InstructionData::Store { args, offset, .. } => (args[1], Some(args[0]), offset),
            _ => {
                let opcode = data.opcode();
                let is_pure = !(opcode.can_load() || opcode.can_store() || opcode.can_trap() || opcode.is_call());
                if !opcode.is_terminator() && (!is_pure || opcode.other_side_effects()) {
                    return None;
                }
                continue;
            }
        };
        let region = data.memflags_data(dfg)?.alias_region()?;
        let memory = memory_of_region(dfg.alias_regions[region].user_id);
        let index = index_of(dfg, arg);
        let offset_bytes = i64::from(i32::from(offset));
        // Where the address is a constant, the offset is in it, and may have led beyond what an index reaches.
        let is_reachable = |memory| match linear::constant(dfg, arg) {
            None => index.is_some(),
            Some(at) => plan.layout.constant_base(memory).is_some_and(|base| {
                let index = at.wrapping_add(offset_bytes).cast_unsigned().wrapping_sub(base);
                u32::try_from(index).is_ok()
            }),
        };
        let is_packable =
            memory.is_some_and(|memory| plan.layout.memories[memory].has_room_behind && is_reachable(memory));
        let index = index.unwrap_or_default();
        let mut address = Linear::of(dfg, arg);
        address.add(&Linear::constant(offset_bytes), 1);
        let ty = stored.map_or_else(|| dfg.value_type(dfg.first_result(inst)), |value| dfg.value_type(value));
        let bytes = bytes_of(data.opcode(), ty)?;
        accesses.push(Access { inst, place: accesses.len(), stored, region, is_packable, index, address, ty, bytes });
        if accesses.len() > MOST_ACCESSES {
            return None;
        }
    }
    Some(accesses)
}

/// The index that is extended to 64 bits to become an address, if there is just one.
fn index_of(dfg: &DataFlowGraph, address: Value) -> Option<Linear> {
    let mut indices = Vec::new();
    let mut rest = vec![address];
    while let Some(value) = rest.pop() {
        let Some(inst) = dfg.value_def(value).inst() else { continue };
        match dfg.insts[inst] {
            InstructionData::Binary { opcode: Opcode::Iadd, args } => rest.extend(args),
            InstructionData::Unary { opcode: Opcode::Uextend, arg } => indices.push(arg),
            _ => {}
        }
    }
    match indices[..] {
        [index] => Some(Linear::of(dfg, index)),
        _ => None,
    }
}

/// How many bytes an access touches.
fn bytes_of(opcode: Opcode, ty: Type) -> Option<u32> {
    match opcode {
        Opcode::Load | Opcode::Store => Some(ty.bytes()),
        Opcode::Uload8 | Opcode::Sload8 | Opcode::Istore8 => Some(1),
        Opcode::Uload16 | Opcode::Sload16 | Opcode::Istore16 => Some(2),
        Opcode::Uload32 | Opcode::Sload32 | Opcode::Istore32 => Some(4),
        Opcode::Uload8x8 | Opcode::Sload8x8 | Opcode::Uload16x4 => Some(8),
        Opcode::Sload16x4 | Opcode::Uload32x2 | Opcode::Sload32x2 => Some(8),
        _ => None,
    }
}

/// The vector of which a type is a lane.
fn vector_of(ty: Type) -> Option<Type> {
    match ty {
        types::F64 => Some(types::F64X2),
        types::F32 => Some(types::F32X4),
        types::I64 => Some(types::I64X2),
        types::I32 => Some(types::I32X4),
        _ => None,
    }
}

/// Stores to neighbouring places, as many as a vector has lanes, in the order of their addresses.
fn seeds(function: &Function, accesses: &[Access]) -> Vec<Vec<usize>> {
    let is_whole = |access: &&Access| function.dfg.insts[access.inst].opcode() == Opcode::Store;
    let stores = accesses.iter().filter(|access| access.is_packable && access.stored.is_some()).filter(is_whole);
    let mut stores: Vec<&Access> = stores.filter(|access| vector_of(access.ty).is_some()).collect();
    stores.sort_by(|a, b| {
        let kind = |access: &Access| (access.region, access.ty.bytes(), access.ty.is_float());
        kind(a).cmp(&kind(b)).then_with(|| a.address.terms.cmp(&b.address.terms)).then_with(|| {
            let from = |access: &Access| access.address.constant as i32;
            from(a).cmp(&from(b)).then(a.place.cmp(&b.place))
        })
    });
    let mut seeds = Vec::new();
    let mut rest = &stores[..];
    while let Some(first) = rest.first() {
        let lanes = vector_of(first.ty).map_or(1, Type::lane_count) as usize;
        let is_row = rest.get(..lanes).is_some_and(|row| row.windows(2).all(|pair| follows(pair[0], pair[1])));
        let taken = if is_row { lanes } else { 1 };
        if is_row {
            seeds.push(rest[..lanes].iter().map(|store| store.place).collect());
        }
        rest = &rest[taken..];
    }
    seeds
}

/// Whether an access is to the place right behind another of the same kind, or traps if that one does.
///
/// An index may wrap when it is computed, but not when an offset is added to it. So it must not go down: then the
/// second would be out of bounds where the vector is not. If it goes up and wraps, the first is at the end of the
/// addresses, which no memory has.
fn follows(first: &Access, second: &Access) -> bool {
    let bytes = Linear::constant(first.bytes.into());
    let up = second.index.difference(&first.index);
    first.is_packable
        && second.is_packable
        && first.region == second.region
        && first.ty == second.ty
        && second.address.difference(&first.address) == bytes
        && up.terms.is_empty()
        && up.constant <= first.bytes
}

/// What becomes one vector.
enum Node {
    /// The same in all lanes.
    Splat(Value),
    /// Constants.
    Constants(Vec<Value>),
    /// Loads from neighbouring places, of which this is the first.
    Load(usize),
    /// The same operation in all lanes; its vector operands, and a scalar one of all lanes.
    Operation { opcode: Opcode, operands: Vec<usize>, scalar: Option<Value> },
}

/// A tree of vectors that ends in a store.
struct Pack {
    vector: Type,
    nodes: Vec<Node>,
    root: usize,
    loads: Vec<usize>,
    /// Scalars that nobody needs any more.
    gone: EntitySet<Value>,
    /// In the order of addresses.
    stores: Vec<usize>,
    /// The store where it happens.
    end: usize,
}

struct Packer<'f, 'a> {
    function: &'f Function,
    uses: &'f Uses,
    block: Block,
    accesses: &'a [Access],
    by_inst: HashMap<Inst, usize>,
    packs: Vec<Pack>,
}

/// A tree while it grows.
#[derive(Default)]
struct Tree {
    nodes: Vec<Node>,
    /// What was built from these scalars.
    known: HashMap<Vec<Value>, usize>,
    loads: Vec<usize>,
    /// What is computed in lanes.
    scalars: EntitySet<Value>,
}

impl Packer<'_, '_> {
    fn pack_all(&mut self, seeds: &[Vec<usize>]) {
        for seed in seeds {
            let stores: Vec<&Access> = seed.iter().map(|&place| &self.accesses[place]).collect();
            let Some(vector) = vector_of(stores[0].ty) else { continue };
            let values: Vec<Value> = stores.iter().filter_map(|store| store.stored).collect();
            let mut tree = Tree::default();
            let Some(root) = self.build(&mut tree, &values, DEPTH) else { continue };
            let gone = self.gone(&tree, values);
            let Tree { nodes, mut loads, .. } = tree;
            let vectors = nodes.iter().filter(|node| self.costs(node)).count() + 1;
            if gone.iter().count() + stores.len() <= vectors {
                continue;
            }
            loads.sort_unstable();
            loads.dedup();
            let end = seed.iter().copied().max().unwrap_or_default();
            self.packs.push(Pack { vector, nodes, root, loads, gone, stores: seed.clone(), end });
        }
    }

    /// The scalars of a tree that nobody needs if what is in `unused` is used once less.
    fn gone(&self, tree: &Tree, mut unused: Vec<Value>) -> EntitySet<Value> {
        let dfg = &self.function.dfg;
        let mut left: HashMap<Value, u32> = HashMap::new();
        // What vectors are made of is needed besides.
        for node in &tree.nodes {
            if let Node::Splat(value) | Node::Operation { scalar: Some(value), .. } = node {
                *left.entry(*value).or_insert(self.uses.counts[*value]) += 1;
            }
        }
        let mut gone = EntitySet::new();
        while let Some(value) = unused.pop() {
            let uses = left.entry(value).or_insert(self.uses.counts[value]);
            *uses -= 1;
            if *uses == 0 && tree.scalars.contains(value) {
                gone.insert(value);
                let inst = dfg.value_def(value).inst().expect("parameters are no scalars of a tree");
                unused.extend(dfg.inst_args(inst));
            }
        }
        gone
    }

    /// Whether it takes an instruction in the loop.
    fn costs(&self, node: &Node) -> bool {
        match node {
            Node::Splat(value) => self.is_inside(*value) && linear::constant(&self.function.dfg, *value).is_none(),
            Node::Constants(_) => false,
            Node::Load(_) | Node::Operation { .. } => true,
        }
    }

    fn is_inside(&self, value: Value) -> bool {
        home(self.function, value) == Some(self.block)
    }

    /// Makes a node of what the lanes are. Gives its number.
    fn build(&self, tree: &mut Tree, lanes: &[Value], depth: u32) -> Option<usize> {
        if let Some(&node) = tree.known.get(lanes) {
            return Some(node);
        }
        if depth == 0 || tree.nodes.len() >= MOST_NODES {
            return None;
        }
        let node = self.node(tree, lanes, depth)?;
        let number = tree.nodes.len();
        if matches!(node, Node::Load(_) | Node::Operation { .. }) {
            for &lane in lanes {
                tree.scalars.insert(lane);
            }
        }
        tree.nodes.push(node);
        tree.known.insert(lanes.to_vec(), number);
        Some(number)
    }

    fn node(&self, tree: &mut Tree, lanes: &[Value], depth: u32) -> Option<Node> {
        let dfg = &self.function.dfg;
        let first = *lanes.first()?;
        if lanes.iter().all(|&lane| lane == first || is_same_constant(self.function, lane, first)) {
            return Some(Node::Splat(first));
        }
        if lanes.iter().all(|&lane| constant_bytes(self.function, lane).is_some()) {
            return Some(Node::Constants(lanes.to_vec()));
        }
        let insts: Option<Vec<Inst>> =
            lanes.iter().map(|&lane| dfg.value_def(lane).inst().filter(|_| self.is_inside(lane))).collect();
        let insts = insts?;
        let opcode = dfg.insts[insts[0]].opcode();
        if insts.iter().any(|&inst| dfg.insts[inst].opcode() != opcode) {
            return None;
        }
        if opcode == Opcode::Load {
            let loads: Vec<usize> = insts.iter().filter_map(|inst| self.by_inst.get(inst).copied()).collect();
            let is_row = |pair: &[usize]| follows(&self.accesses[pair[0]], &self.accesses[pair[1]]);
            if loads.len() != lanes.len() || !loads.windows(2).all(is_row) {
                return None;
            }
            tree.loads.extend(&loads);
            return Some(Node::Load(loads[0]));
        }
        let ty = dfg.value_type(first);
        match kind(opcode, ty)? {
            Kind::Unary => {
                let operands: Vec<Value> = insts.iter().map(|&inst| dfg.inst_args(inst)[0]).collect();
                let operand = self.build(tree, &operands, depth - 1)?;
                Some(Node::Operation { opcode, operands: vec![operand], scalar: None })
            }
            Kind::Shift => {
                let count = dfg.inst_args(insts[0])[1];
                let is_same = |&inst: &Inst| {
                    let other = dfg.inst_args(inst)[1];
                    other == count || is_same_constant(self.function, other, count)
                };
                if !insts.iter().all(is_same) {
                    return None;
                }
                let operands: Vec<Value> = insts.iter().map(|&inst| dfg.inst_args(inst)[0]).collect();
                let operand = self.build(tree, &operands, depth - 1)?;
                Some(Node::Operation { opcode, operands: vec![operand], scalar: Some(count) })
            }
            Kind::Binary { commutes } => {
                let pairs = insts.iter().map(|&inst| (dfg.inst_args(inst)[0], dfg.inst_args(inst)[1]));
                let model = dfg.inst_args(insts[0])[0];
                // The copies of a loop's body may have their operands in another order.
                let ordered = pairs.map(|(left, right)| {
                    let fits = |value| self.looks_like(value, model);
                    if commutes && !fits(left) && fits(right) { (right, left) } else { (left, right) }
                });
                let (left, right): (Vec<Value>, Vec<Value>) = ordered.unzip();
                let left = self.build(tree, &left, depth - 1)?;
                let right = self.build(tree, &right, depth - 1)?;
                Some(Node::Operation { opcode, operands: vec![left, right], scalar: None })
            }
        }
    }

    /// Whether two values are the same, come of the same operation, or were loaded at a constant distance.
    fn looks_like(&self, value: Value, model: Value) -> bool {
        let opcode = |value: Value| {
            let inst = self.function.dfg.value_def(value).inst().filter(|_| self.is_inside(value));
            inst.map(|inst| self.function.dfg.insts[inst].opcode())
        };
        value == model
            || match (self.loaded(value), self.loaded(model)) {
                (Some(value), Some(model)) => value.address.terms == model.address.terms,
                _ => opcode(value).is_some() && opcode(value) == opcode(model),
            }
    }

    /// The load that a value comes from.
    fn loaded(&self, value: Value) -> Option<&Access> {
        let inst = self.function.dfg.value_def(value).inst()?;
        self.by_inst.get(&inst).map(|&place| &self.accesses[place])
    }
}

enum Kind {
    Unary,
    Binary { commutes: bool },
    Shift,
}

/// Operations that do in each lane what they do to a scalar, with one instruction.
fn kind(opcode: Opcode, ty: Type) -> Option<Kind> {
    match opcode {
        Opcode::Fadd | Opcode::Fmul => Some(Kind::Binary { commutes: true }),
        Opcode::Fsub | Opcode::Fdiv => Some(Kind::Binary { commutes: false }),
        Opcode::Sqrt | Opcode::Fneg | Opcode::Fabs => Some(Kind::Unary),
        Opcode::Iadd | Opcode::Band | Opcode::Bor | Opcode::Bxor => Some(Kind::Binary { commutes: true }),
        Opcode::Isub => Some(Kind::Binary { commutes: false }),
        Opcode::Ishl | Opcode::Ushr => Some(Kind::Shift),
        Opcode::Sshr if ty == types::I32 => Some(Kind::Shift),
        _ => None,
    }
}

/// The bytes of a constant lane.
fn constant_bytes(function: &Function, value: Value) -> Option<Vec<u8>> {
    let ty = function.dfg.value_type(value);
    match function.dfg.insts[function.dfg.value_def(value).inst()?] {
        InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => {
            Some(imm.bits().to_le_bytes()[..ty.bytes() as usize].to_vec())
        }
        InstructionData::UnaryIeee64 { imm, .. } => Some(imm.bits().to_le_bytes().to_vec()),
        InstructionData::UnaryIeee32 { imm, .. } => Some(imm.bits().to_le_bytes().to_vec()),
        _ => None,
    }
}

fn is_same_constant(function: &Function, value: Value, other: Value) -> bool {
    constant_bytes(function, value).is_some_and(|bytes| constant_bytes(function, other) == Some(bytes))
}

/// Places overlap if this sum, modulo 2³², is between both numbers.
struct Check {
    sum: Linear,
    least: i64,
    greatest: i64,
}

/// What has to be compared before the loop so that the packs may move. `None` if that cannot be known there.
fn checks(function: &Function, block: Block, accesses: &[Access], packs: &[Pack]) -> Option<Vec<Check>> {
    // What happens where, now: at the place of an access, loads first.
    let is_gone = |access: &Access, pack: &Pack| match access.stored {
        Some(_) => pack.stores.contains(&access.place),
        None => pack.gone.contains(function.dfg.first_result(access.inst)),
    };
    let is_moved = |place: &usize| packs.iter().any(|pack| is_gone(&accesses[*place], pack));
    let unmoved = accesses.iter().map(|access| access.place).filter(|place| !is_moved(place));
    let mut now: Vec<(&Access, (usize, bool))> =
        unmoved.map(|place| (&accesses[place], (place, accesses[place].stored.is_some()))).collect();
    for pack in packs {
        let moved = pack.loads.iter().chain(&pack.stores).map(|&place| &accesses[place]);
        now.extend(moved.map(|access| (access, (pack.end, access.stored.is_some()))));
    }
    let mut checks: Vec<Check> = Vec::new();
    for &(first, first_now) in &now {
        for &(second, second_now) in &now {
            let is_reversed = first.place < second.place && second_now < first_now;
            let is_ordered = first.stored.is_some() || second.stored.is_some();
            if !is_reversed || !is_ordered || first.region != second.region {
                continue;
            }
            if !first.is_packable || !second.is_packable {
                return None;
            }
            // They overlap if -bytes of the first < difference < bytes of the second.
            let mut sum = first.address.difference(&second.address);
            let (mut least, mut greatest) = (1 - i64::from(first.bytes), i64::from(second.bytes) - 1);
            if sum.terms.is_empty() {
                if (least..=greatest).contains(&i64::from(sum.constant as i32)) {
                    return None;
                }
                continue;
            }
            if sum.terms[0].1 > i32::MAX as u32 {
                let mut negated = Linear::default();
                negated.add(&sum, u32::MAX);
                sum = negated;
                (least, greatest) = (-greatest, -least);
            }
            least -= i64::from(sum.constant as i32);
            greatest -= i64::from(sum.constant as i32);
            sum.constant = 0;
            match checks.iter_mut().find(|check| check.sum == sum) {
                Some(check) => {
                    check.least = check.least.min(least);
                    check.greatest = check.greatest.max(greatest);
                }
                None => checks.push(Check { sum, least, greatest }),
            }
        }
    }
    let is_possible =
        |check: &Check| check.greatest - check.least < i64::from(i32::MAX) && is_invariant(function, block, &check.sum);
    (checks.len() <= MOST_CHECKS && checks.iter().all(is_possible)).then_some(checks)
}

/// Whether a sum is the same in each round of a loop.
fn is_invariant(function: &Function, block: Block, sum: &Linear) -> bool {
    let mut step = 0u32;
    for &(value, factor) in &sum.terms {
        match function.dfg.value_def(value) {
            ValueDef::Param(home, index) if home == block => match step_of(function, block, index) {
                Some(by) => step = step.wrapping_add(by.wrapping_mul(factor)),
                None => return false,
            },
            _ if home(function, value) == Some(block) => return false,
            _ => {}
        }
    }
    step == 0
}

/// Puts the comparisons before a loop: a copy of it runs if places may overlap.
fn guard(function: &mut Function, of: SelfLoop, fallback: &LoopCopy, uses: &Uses, checks: &[Check]) {
    let block = of.block;
    let entry = function.dfg.make_block();
    function.layout.insert_block(entry, block);
    enter_by(function, block, entry);
    let parameters = function.dfg.block_params(block).to_vec();
    let own: Vec<Value> = parameters
        .iter()
        .map(|&parameter| {
            let ty = function.dfg.value_type(parameter);
            function.dfg.append_block_param(entry, ty)
        })
        .collect();
    leave_together(function, of, fallback, uses);

    let arguments: Vec<BlockArg> = own.iter().map(|&value| BlockArg::Value(value)).collect();
    let own: HashMap<Value, Value> = parameters.into_iter().zip(own).collect();
    let mut cursor = FuncCursor::new(function).at_bottom(entry);
    let mut overlap = None;
    for check in checks {
        let sum = check.sum.compute(&mut cursor, |value| own.get(&value).copied().unwrap_or(value));
        let least = cursor.ins().iconst(types::I32, i64::from(check.least as u32));
        let distance = cursor.ins().isub(sum, least);
        let most = cursor.ins().iconst(types::I32, check.greatest - check.least);
        let is_near = cursor.ins().icmp(IntCC::UnsignedLessThanOrEqual, distance, most);
        overlap = Some(match overlap {
            Some(others) => cursor.ins().bor(others, is_near),
            None => is_near,
        });
    }
    if let Some(overlap) = overlap {
        cursor.ins().brif(overlap, fallback.block, &arguments, block, &arguments);
    }
}

/// Makes everyone else who enters a loop enter another block instead.
fn enter_by(function: &mut Function, block: Block, entry: Block) {
    let outside = function.layout.blocks().filter(|&from| from != block);
    let branches: Vec<Inst> = outside.filter_map(|from| function.layout.last_inst(from)).collect();
    for branch in branches {
        redirect(function, branch, block, entry);
    }
}

/// Puts the vectors of a pack in place of its scalars.
fn rewrite(function: &mut Function, accesses: &[Access], pack: &Pack) {
    let end = accesses[pack.end].inst;
    let mut vectors: Vec<Value> = Vec::new();
    for node in &pack.nodes {
        let location = match node {
            Node::Load(place) => function.srcloc(accesses[*place].inst),
            _ => function.srcloc(end),
        };
        let vector = emit(function, accesses, pack, node, &vectors, location);
        vectors.push(vector);
    }
    let (flags, address, offset) = place_of(function, accesses[pack.stores[0]].inst);
    let location = function.srcloc(accesses[pack.stores[0]].inst);
    let mut cursor = FuncCursor::new(function).at_inst(end).with_srcloc(location);
    cursor.ins().store(flags, vectors[pack.root], address, offset);
    let stores = pack.stores.iter().map(|&place| accesses[place].inst);
    let scalars = pack.gone.iter().filter_map(|value| function.dfg.value_def(value).inst());
    let gone: Vec<Inst> = stores.chain(scalars).collect();
    gone.into_iter().for_each(|inst| function.layout.remove_inst(inst));
}

fn emit(
    function: &mut Function,
    accesses: &[Access],
    pack: &Pack,
    node: &Node,
    vectors: &[Value],
    location: SourceLoc,
) -> Value {
    let end = accesses[pack.end].inst;
    let constants = match node {
        Node::Constants(lanes) => {
            let bytes: Vec<u8> = lanes.iter().filter_map(|&lane| constant_bytes(function, lane)).flatten().collect();
            Some(function.dfg.constants.insert(ConstantData::from(bytes)))
        }
        _ => None,
    };
    let from = match node {
        Node::Load(place) => Some(place_of(function, accesses[*place].inst)),
        _ => None,
    };
    let mut cursor = FuncCursor::new(function).at_inst(end).with_srcloc(location);
    match (node, constants, from) {
        (_, Some(constants), _) => cursor.ins().vconst(pack.vector, constants),
        (_, _, Some((flags, address, offset))) => cursor.ins().load(pack.vector, flags, address, offset),
        (Node::Splat(value), ..) => cursor.ins().splat(pack.vector, *value),
        (Node::Operation { opcode, operands, scalar }, ..) => {
            let operands: Vec<Value> = operands.iter().map(|&operand| vectors[operand]).chain(*scalar).collect();
            let (inst, dfg) = match operands[..] {
                [operand] => cursor.ins().Unary(*opcode, pack.vector, operand),
                [left, right] => cursor.ins().Binary(*opcode, pack.vector, left, right),
                _ => unreachable!("operations have one operand or two"),
            };
            dfg.first_result(inst)
        }
        _ => unreachable!("all nodes are above"),
    }
}

/// Where an access is.
fn place_of(function: &Function, inst: Inst) -> (MemFlagsData, Value, Offset32) {
    let data = &function.dfg.insts[inst];
    let flags = data.memflags_data(&function.dfg).expect("accesses have flags");
    match *data {
        InstructionData::Load { arg, offset, .. } => (flags, arg, offset),
        InstructionData::Store { args, offset, .. } => (flags, args[1], offset),
        _ => unreachable!("accesses are loads and stores"),
    }
}
