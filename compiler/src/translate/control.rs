//! Structured control flow (core specification, 4.4.8) → basic blocks.
//!
//! Each open Wasm block is a [`Frame`]. Values that are on the operand stack when a block is entered stay SSA values;
//! only what a branch carries becomes parameters of the destination. Code behind an unconditional branch is skipped,
//! not translated: [`Translator::unreachable`] counts the blocks opened in it.
//!
//! Branch hints make basic blocks cold, which Cranelift lays out behind all others: the side of a branch that is
//! unlikely, whatever is opened in it, and what is reached from such places only. A profile knows better, and of each
//! place by itself.

use cranelift_codegen::ir::{Block, BlockArg, BlockCall, InstBuilder, JumpTableData, Type, Value, types};
use cranelift_entity::EntityRef;
use wasmc_abi::trap::TrapCode;
use wasmparser::{BlockType, BrTable, Operator};

use super::checked::Mark;
use super::exceptions::{Clause, LegacyTry};
use super::function::Translator;
use super::traps;
use super::types::value_type;
use crate::error::Result;
use crate::parse::index::TypeIndex;

/// An open block.
pub struct Frame {
    pub kind: FrameKind,
    /// What comes after the `end`; its parameters are the results.
    next: Block,
    parameters: Vec<Type>,
    results: Vec<Type>,
    /// Operands below the block's parameters.
    pub height: usize,
    /// Comparisons before the block.
    pub checked: Mark,
    /// How `next` is reached, as far as is known.
    reached: Reached,
    /// It was opened where [`Translator::cold`] says that execution is unlikely.
    pub cold: bool,
}

/// How often control comes to a place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    Never,
    /// From cold places only.
    Rarely,
    Normally,
}

pub enum FrameKind {
    /// The body itself.
    Function,
    Block,
    Loop {
        header: Block,
    },
    /// The operands that the `else` begins with, until it does, and whether it is unlikely.
    If {
        otherwise: Option<(Block, Vec<Value>, bool)>,
    },
    TryTable {
        clauses: Vec<Clause>,
    },
    LegacyTry(LegacyTry),
    /// A legacy `try` that leaves what is thrown in it to the frames before this one.
    Delegate {
        outer: usize,
    },
}

impl Frame {
    /// Notes that control comes to the end, and gives where that is and the number of results.
    fn reach_next(&mut self, cold: bool) -> (Block, usize) {
        self.reached = self.reached.max(if cold { Reached::Rarely } else { Reached::Normally });
        (self.next, self.results.len())
    }
}

impl Translator<'_, '_> {
    pub fn push_function_frame(&mut self, results: Vec<Type>) {
        self.push_frame(FrameKind::Function, Vec::new(), results);
    }

    /// Opens a frame. Its parameters are on the stack.
    fn push_frame(&mut self, kind: FrameKind, parameters: Vec<Type>, results: Vec<Type>) {
        let next = self.create_block(&results);
        let height = self.stack.len() - parameters.len();
        let (checked, cold) = (self.env.checked.mark(), self.cold);
        self.control.push(Frame { kind, next, parameters, results, height, checked, reached: Reached::Never, cold });
    }

    /// Goes on with another basic block.
    pub fn enter(&mut self, block: Block, cold: bool) {
        self.env.builder.switch_to_block(block);
        self.cold = cold;
        if cold {
            self.env.builder.set_cold_block(block);
        }
    }

    pub fn translate_control(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::Unreachable => {
                self.env.ins().trap(traps::to_clif(TrapCode::Unreachable));
                self.unreachable = Some(0);
            }
            Operator::Block { blockty } => self.open(*blockty, FrameKind::Block),
            Operator::Loop { blockty } => self.open_loop(*blockty),
            Operator::If { blockty } => self.open_if(*blockty),
            Operator::Else => self.begin_else(),
            Operator::End => self.close(),
            Operator::Br { relative_depth } => {
                let (block, arguments) = self.branch(*relative_depth);
                self.env.ins().jump(block, &arguments);
                self.unreachable = Some(0);
            }
            Operator::BrIf { relative_depth } => self.branch_if(*relative_depth),
            Operator::BrTable { targets } => self.branch_table(targets),
            Operator::BrOnNull { relative_depth } => self.branch_on_null(*relative_depth),
            Operator::BrOnNonNull { relative_depth } => self.branch_on_non_null(*relative_depth),
            Operator::Return => {
                let count = self.control[self.code.outermost].results.len();
                let results = self.canonical_top(count);
                self.return_values(&results);
            }
            _ => return false,
        }
        true
    }

    /// Code that cannot be reached has no operands; only its nesting matters.
    pub fn skip_unreachable(&mut self, operator: &Operator<'_>) -> Result<()> {
        let depth = self.unreachable.as_mut().expect("called in unreachable code");
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } | Operator::TryTable { .. } => {
                *depth += 1;
            }
            Operator::Try { .. } => {
                *depth += 1;
                self.next_shape()?;
            }
            Operator::End | Operator::Delegate { .. } if *depth > 0 => *depth -= 1,
            Operator::End | Operator::Delegate { .. } => self.close(),
            Operator::Else if *depth == 0 => self.begin_else(),
            Operator::Catch { .. } | Operator::CatchAll if *depth == 0 => self.begin_catch(),
            _ => {}
        }
        Ok(())
    }

    pub fn create_block(&mut self, parameters: &[Type]) -> Block {
        let block = self.env.builder.create_block();
        for &ty in parameters {
            self.env.builder.append_block_param(block, ty);
        }
        block
    }

    /// Types of a block's parameters and results.
    fn block_types(&self, ty: BlockType) -> (Vec<Type>, Vec<Type>) {
        match ty {
            BlockType::Empty => (Vec::new(), Vec::new()),
            BlockType::Type(result) => (Vec::new(), vec![value_type(result)]),
            BlockType::FuncType(index) => {
                let ty = self.code.instance.module.types[TypeIndex::new(index as usize)].unwrap_func();
                let convert = |types: &[wasmparser::ValType]| types.iter().map(|&ty| value_type(ty)).collect();
                (convert(ty.params()), convert(ty.results()))
            }
        }
    }

    /// Opens a block that branches leave at its end.
    pub fn open(&mut self, ty: BlockType, kind: FrameKind) {
        let (parameters, results) = self.block_types(ty);
        self.push_frame(kind, parameters, results);
    }

    fn open_loop(&mut self, ty: BlockType) {
        let (parameters, results) = self.block_types(ty);
        let header = self.create_block(&parameters);
        let height = self.stack.len() - parameters.len();
        let arguments = self.arguments(parameters.len());
        self.env.ins().jump(header, &arguments);
        self.enter(header, self.next_is_cold(self.cold));
        self.stack.truncate(height);
        self.stack.extend_from_slice(self.env.builder.block_params(header));
        self.push_frame(FrameKind::Loop { header }, parameters, results);
    }

    fn open_if(&mut self, ty: BlockType) {
        let condition = self.pop();
        let (parameters, results) = self.block_types(ty);
        let then = self.env.builder.create_block();
        let otherwise = self.env.builder.create_block();
        self.env.ins().brif(condition, then, &[], otherwise, &[]);
        self.env.builder.seal_block(then);
        self.env.builder.seal_block(otherwise);
        let operands = self.stack[self.stack.len() - parameters.len()..].to_vec();
        let otherwise = (otherwise, operands, self.other_is_cold(self.cold || self.hint == Some(true)));
        self.push_frame(FrameKind::If { otherwise: Some(otherwise) }, parameters, results);
        self.enter(then, self.next_is_cold(self.cold || self.hint == Some(false)));
    }

    fn begin_else(&mut self) {
        self.fall_through();
        let frame = self.control.last_mut().expect("the body is validated");
        let FrameKind::If { otherwise } = &mut frame.kind else { unreachable!("the body is validated") };
        let (block, operands, cold) = otherwise.take().expect("an if has one else");
        self.stack.truncate(frame.height);
        self.stack.extend(operands);
        self.env.checked.cut(frame.checked);
        self.enter(block, cold);
        self.unreachable = None;
    }

    /// `end`: joins what falls out of the block with what branched to its end.
    pub fn close(&mut self) {
        if let Some(Frame { kind: FrameKind::If { otherwise: Some(_) }, .. }) = self.control.last() {
            // No else: its operands are the results.
            self.begin_else();
        }
        self.fall_through();
        let frame = self.control.pop().expect("the body is validated");
        self.env.checked.cut(frame.checked);
        match frame.kind {
            FrameKind::Loop { header } => self.env.builder.seal_block(header),
            FrameKind::TryTable { clauses } => self.land(clauses, frame.cold),
            _ => {}
        }
        self.env.builder.seal_block(frame.next);
        self.stack.truncate(frame.height);
        if frame.reached == Reached::Never {
            self.unreachable = Some(0);
            return;
        }
        self.unreachable = None;
        // What the profile of an inlined function says of its end is in relation to loops of that function.
        let is_inlined = self.code.inlined.is_some() && self.control.len() == self.code.outermost;
        let cold = if is_inlined { frame.cold } else { self.next_is_cold(frame.reached == Reached::Rarely) };
        self.enter(frame.next, cold);
        self.stack.extend_from_slice(self.env.builder.block_params(frame.next));
        if self.control.is_empty() {
            let results = std::mem::take(&mut self.stack);
            self.env.ins().return_(&results);
        }
    }

    /// Goes from the current place to the end of the innermost block, if the place can be reached.
    pub fn fall_through(&mut self) {
        if self.unreachable.is_some() {
            return;
        }
        let cold = self.cold;
        let frame = self.control.last_mut().expect("the body is validated");
        let (next, count) = frame.reach_next(cold);
        let arguments = self.arguments(count);
        self.env.ins().jump(next, &arguments);
    }

    /// Destination of a branch, and the operands that it carries, which stay on the stack.
    fn branch(&mut self, depth: u32) -> (Block, Vec<BlockArg>) {
        let (block, count) = self.destination(depth, self.cold);
        let arguments = self.arguments(count);
        (block, arguments)
    }

    /// Where a branch leads, and how many operands it carries. `cold`: it is unlikely.
    pub fn destination(&mut self, depth: u32, cold: bool) -> (Block, usize) {
        let index = self.control.len() - 1 - depth as usize;
        let frame = &mut self.control[index];
        match frame.kind {
            FrameKind::Loop { header } => (header, frame.parameters.len()),
            _ => frame.reach_next(cold),
        }
    }

    fn branch_if(&mut self, depth: u32) {
        let condition = self.pop();
        let is_unlikely = self.other_is_cold(self.hint == Some(false));
        let (block, count) = self.destination(depth, self.cold || is_unlikely);
        let arguments = self.arguments(count);
        let fall_through = self.env.builder.create_block();
        let fall_through_is_cold = self.next_is_cold(self.cold || self.hint == Some(true));
        if is_unlikely {
            // What the destination's parameters need is done on the way, in a place of its own.
            let way = self.env.builder.create_block();
            self.env.ins().brif(condition, way, &[], fall_through, &[]);
            self.env.builder.seal_block(way);
            self.enter(way, true);
            self.env.ins().jump(block, &arguments);
        } else {
            self.env.ins().brif(condition, block, &arguments, fall_through, &[]);
        }
        self.env.builder.seal_block(fall_through);
        self.enter(fall_through, fall_through_is_cold);
    }

    /// Branches without the reference, or goes on with it.
    fn branch_on_null(&mut self, depth: u32) {
        let reference = self.pop();
        let (block, arguments) = self.branch(depth);
        let fall_through = self.env.builder.create_block();
        self.env.ins().brif(reference, fall_through, &[], block, &arguments);
        self.env.builder.seal_block(fall_through);
        self.enter(fall_through, self.next_is_cold(self.cold));
        self.push(reference);
    }

    /// Branches with the reference, or goes on without it.
    fn branch_on_non_null(&mut self, depth: u32) {
        let reference = *self.stack.last().expect("the body is validated");
        let (block, arguments) = self.branch(depth);
        let fall_through = self.env.builder.create_block();
        self.env.ins().brif(reference, block, &arguments, fall_through, &[]);
        self.env.builder.seal_block(fall_through);
        self.enter(fall_through, self.next_is_cold(self.cold));
        self.pop();
    }

    fn branch_table(&mut self, targets: &BrTable<'_>) {
        let index = self.pop();
        let (default, arguments) = self.branch(targets.default());
        let default = self.block_call(default, &arguments);
        let mut entries = Vec::with_capacity(targets.len() as usize);
        let mut ways = self.ways_that_count();
        for depth in targets.targets() {
            let depth = depth.expect("the body is validated");
            let (block, _) = self.destination(depth, self.cold);
            entries.push(match ways.iter_mut().find(|way| way.depth == depth) {
                Some(way) => {
                    way.destination = Some(block);
                    self.block_call(way.block, &[])
                }
                None => self.block_call(block, &arguments),
            });
        }
        let table = self.env.builder.create_jump_table(JumpTableData::new(default, &entries));
        self.env.ins().br_table(index, table);
        self.count_on_ways(&ways, &arguments);
        self.unreachable = Some(0);
    }

    fn block_call(&mut self, block: Block, arguments: &[BlockArg]) -> BlockCall {
        let pool = &mut self.env.builder.func.dfg.value_lists;
        BlockCall::new(block, arguments.iter().copied(), pool)
    }

    /// The top operands as they are passed to a block.
    fn arguments(&mut self, count: usize) -> Vec<BlockArg> {
        self.canonical_top(count).into_iter().map(BlockArg::from).collect()
    }

    /// The top operands, with vectors in the type that blocks and functions take.
    pub fn canonical_top(&mut self, count: usize) -> Vec<Value> {
        let start = self.stack.len() - count;
        (start..self.stack.len()).map(|index| self.canonical(self.stack[index])).collect()
    }

    /// The value, if it is a vector as `i8x16`.
    pub fn canonical(&mut self, value: Value) -> Value {
        let ty = self.type_of(value);
        if ty.is_vector() { self.as_vector(value, types::I8X16) } else { value }
    }
}
