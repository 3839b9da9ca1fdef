//! What is known of the indices of accesses: how large they can be, and which ones were compared already.
//!
//! [`heap`](super::heap) asks before it compares. What is said here must hold for every run, or the sandbox does not:
//!
//! - [`Environment::greatest`] is a bound of a value, by the operators that made it. In doubt it is the greatest value
//!   of the type.
//! - [`Checked`] holds comparisons that every run made which comes to the current place of the translation. Wasm's
//!   control flow is structured, so these are the ones before the current place, but for those in blocks that are
//!   closed: a branch may have left such a block before. So the list is a stack, cut to what it was when a block was
//!   opened wherever the block ends or goes on with an `else` or a `catch`. An SSA value does not change between a
//!   comparison and a place that it dominates. Nor does what was inside of a memory ever come to lie outside, because
//!   memories do not shrink.

use std::collections::HashMap;

use cranelift_codegen::ir::{InstructionData, Opcode, Value, types};

use super::environment::Environment;
use crate::plan::ids::MemoryId;

/// How far back the definitions of a value are followed.
const DEPTH: u32 = 6;

/// How many comparisons of one value are remembered at once, so that looking one up takes constant time.
const REMEMBERED: usize = 8;

/// An index as a value plus a constant, modulo 2⁶⁴.
#[derive(Clone, Copy)]
struct Index {
    root: Value,
    addend: u64,
}

/// A comparison: from `root + addend` on, `room` bytes are inside. Nothing in it wraps but this sum itself.
struct Comparison {
    memory: MemoryId,
    root: Value,
    addend: u64,
    room: u64,
    /// The one before of the same memory and value.
    previous: Option<usize>,
}

/// The comparisons that were made on every way to the current place.
#[derive(Default)]
pub struct Checked {
    comparisons: Vec<Comparison>,
    last: HashMap<(MemoryId, Value), usize>,
}

/// What [`Checked`] held at some place.
#[derive(Clone, Copy)]
pub struct Mark(usize);

impl Checked {
    pub fn mark(&self) -> Mark {
        Mark(self.comparisons.len())
    }

    /// Forgets what was added since.
    pub fn cut(&mut self, mark: Mark) {
        while self.comparisons.len() > mark.0 {
            if let Some(Comparison { memory, root, previous, .. }) = self.comparisons.pop() {
                match previous {
                    Some(previous) => self.last.insert((memory, root), previous),
                    None => self.last.remove(&(memory, root)),
                };
            }
        }
    }

    fn add(&mut self, memory: MemoryId, index: Index, room: u64) {
        let Index { root, addend } = index;
        let previous = self.last.insert((memory, root), self.comparisons.len());
        self.comparisons.push(Comparison { memory, root, addend, room, previous });
    }

    /// Whether `reach` bytes from the index on are known to be inside.
    fn holds(&self, memory: MemoryId, index: Index, reach: u64) -> bool {
        let first = self.last.get(&(memory, index.root)).copied();
        let comparisons = std::iter::successors(first, |&at| self.comparisons[at].previous);
        comparisons.take(REMEMBERED).any(|at| {
            let Comparison { addend, room, .. } = self.comparisons[at];
            // From what was compared it is this far to the index. If that is less than `room`, no sum wraps on the way,
            // since the bytes up to there are inside.
            let distance = index.addend.wrapping_sub(addend);
            distance.checked_add(reach).is_some_and(|end| end <= room)
        })
    }
}

impl Environment<'_, '_> {
    /// Whether an earlier comparison tells that `reach` bytes from an index on are inside.
    pub fn is_checked(&self, memory: MemoryId, index: Value, reach: u64) -> bool {
        self.checked.holds(memory, self.split(index), reach)
    }

    /// Remembers that code behind this place runs only if `room` bytes from an index on are inside.
    pub fn remember_check(&mut self, memory: MemoryId, index: Value, room: u64) {
        let index = self.split(index);
        self.checked.add(memory, index, room);
    }

    /// Takes constants off an i64. An i32 stays as it is: its sums wrap elsewhere.
    fn split(&self, value: Value) -> Index {
        let mut index = Index { root: self.builder.func.dfg.resolve_aliases(value), addend: 0 };
        if self.builder.func.dfg.value_type(value) != types::I64 {
            return index;
        }
        for _ in 0..DEPTH {
            let Some((opcode, left, right)) = self.binary(index.root) else { break };
            let (root, addend) = match (opcode, self.known_number(left), self.known_number(right)) {
                (Opcode::Iadd, _, Some(addend)) => (left, addend),
                (Opcode::Iadd, Some(addend), _) => (right, addend),
                (Opcode::Isub, _, Some(addend)) => (left, addend.wrapping_neg()),
                _ => break,
            };
            index =
                Index { root: self.builder.func.dfg.resolve_aliases(root), addend: index.addend.wrapping_add(addend) };
        }
        index
    }

    /// A number that a value of integer type is never above, unsigned.
    pub fn greatest(&self, value: Value) -> u64 {
        self.greatest_of(value, DEPTH)
    }

    fn greatest_of(&self, value: Value, depth: u32) -> u64 {
        let dfg = &self.builder.func.dfg;
        let of_type = u64::MAX >> (64 - dfg.value_type(value).bits());
        if depth == 0 {
            return of_type;
        }
        let greatest = |value| self.greatest_of(value, depth - 1);
        let bound = match dfg.value_def(value).inst().map(|inst| dfg.insts[inst]) {
            Some(InstructionData::UnaryImm { opcode: Opcode::Iconst, imm }) => Some(imm.bits() as u64 & of_type),
            Some(InstructionData::Unary { opcode: Opcode::Uextend, arg }) => Some(greatest(arg)),
            Some(InstructionData::Load { opcode, .. }) => match opcode {
                Opcode::Uload8 => Some(u8::MAX.into()),
                Opcode::Uload16 => Some(u16::MAX.into()),
                Opcode::Uload32 => Some(u32::MAX.into()),
                _ => None,
            },
            Some(InstructionData::Binary { opcode, args: [left, right] }) => match opcode {
                Opcode::Band => Some(greatest(left).min(greatest(right))),
                // More than the type holds means that the sum may wrap.
                Opcode::Iadd => greatest(left).checked_add(greatest(right)),
                Opcode::Imul => greatest(left).checked_mul(greatest(right)),
                Opcode::Ishl => self.shift(right, of_type).and_then(|shift| greatest(left).checked_mul(1 << shift)),
                Opcode::Ushr => self.shift(right, of_type).map(|shift| greatest(left) >> shift),
                _ => None,
            },
            _ => None,
        };
        bound.filter(|&bound| bound <= of_type).unwrap_or(of_type)
    }

    /// The number of bits that a shift by a constant shifts, which is taken modulo those of the type.
    fn shift(&self, amount: Value, of_type: u64) -> Option<u64> {
        self.known_number(amount).map(|amount| amount % u64::from(of_type.count_ones()))
    }

    fn binary(&self, value: Value) -> Option<(Opcode, Value, Value)> {
        let dfg = &self.builder.func.dfg;
        match dfg.insts[dfg.value_def(value).inst()?] {
            InstructionData::Binary { opcode, args: [left, right] } => Some((opcode, left, right)),
            _ => None,
        }
    }

    /// The bits of an integer that the guest gave as a constant.
    pub fn known_number(&self, value: Value) -> Option<u64> {
        let dfg = &self.builder.func.dfg;
        match dfg.insts[dfg.value_def(value).inst()?] {
            InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => {
                Some(imm.bits() as u64 & (u64::MAX >> (64 - dfg.value_type(value).bits())))
            }
            _ => None,
        }
    }
}
