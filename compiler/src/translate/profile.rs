//! Counting what runs, and what follows from counts of earlier runs: see [`crate::profile`].

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, Value, types};
use wasmc_abi::profile::{SITE_CANDIDATE, SITE_HITS, SITE_MISSES, SITE_WORDS};

use super::environment::Region;
use super::function::Translator;
use super::names::Name;
use crate::profile::Counted;

/// A way from a `br_table` to a label on which it is counted.
pub struct Way {
    pub depth: u32,
    pub block: Block,
    pub destination: Option<Block>,
    counter: u32,
}

impl Translator<'_, '_> {
    /// Whether what is behind the operator is cold: what was measured, or what is guessed.
    pub fn next_is_cold(&self, guess: bool) -> bool {
        self.code.measured.and_then(|measured| measured.next_is_cold(self.code.offset)).unwrap_or(guess)
    }

    /// The same of the `else`, or of the way that a branch takes.
    pub fn other_is_cold(&self, guess: bool) -> bool {
        self.code.measured.and_then(|measured| measured.other_is_cold(self.code.offset)).unwrap_or(guess)
    }

    /// Counts that control is behind the operator, if that is to be counted.
    pub fn count_next(&mut self) {
        let is_open = self.unreachable.is_none() && !self.control.is_empty();
        if let Some(Counted::Next(counter)) = self.code.counted.and_then(|places| places.at(self.code.offset))
            && is_open
        {
            self.increment(*counter);
        }
    }

    /// Ways to the labels of a `br_table` that are counted.
    pub fn ways_that_count(&mut self) -> Vec<Way> {
        let Some(Counted::Labels(labels)) = self.code.counted.and_then(|places| places.at(self.code.offset)) else {
            return Vec::new();
        };
        let way = |&(depth, counter)| Way { depth, block: self.env.builder.create_block(), destination: None, counter };
        labels.iter().map(way).collect()
    }

    /// Makes these ways, behind the `br_table`.
    pub fn count_on_ways(&mut self, ways: &[Way], arguments: &[BlockArg]) {
        for way in ways {
            let Some(destination) = way.destination else { continue };
            self.env.builder.seal_block(way.block);
            self.enter(way.block, self.cold);
            self.increment(way.counter);
            self.env.ins().jump(destination, arguments);
        }
    }

    fn increment(&mut self, counter: u32) {
        let count = self.load_counter(counter);
        let count = self.env.ins().iadd_imm_s(count, 1);
        self.store_counter(count, counter);
    }

    /// Notes which function a call through a table or reference goes to, if that is to be noted: see
    /// [`wasmc_abi::profile`]. Without branches, since a profiled program need not be fast, but small.
    pub fn count_callee(&mut self, code_offset: Value) {
        let Some(places) = self.code.counted else { return };
        let Some(Counted::Callee(site)) = places.at(self.code.offset) else { return };
        let first = places.counters + site * SITE_WORDS;
        let [candidate, hits, misses] =
            [SITE_CANDIDATE, SITE_HITS, SITE_MISSES].map(|word| self.load_counter(first + word));
        let is_candidate = self.env.ins().icmp(IntCC::Equal, candidate, code_offset);
        let is_another = self.env.ins().icmp(IntCC::NotEqual, candidate, code_offset);
        let [hit, miss] = [is_candidate, is_another].map(|is| self.env.ins().uextend(types::I64, is));
        let (hits, misses) = (self.env.ins().iadd(hits, hit), self.env.ins().iadd(misses, miss));
        let is_better = self.env.ins().icmp(IntCC::UnsignedGreaterThan, misses, hits);
        let [zero, one] = [0, 1].map(|number| self.env.iconst(types::I64, number));
        for (word, better, old) in
            [(SITE_CANDIDATE, code_offset, candidate), (SITE_HITS, one, hits), (SITE_MISSES, zero, misses)]
        {
            let value = self.env.ins().select(is_better, better, old);
            self.store_counter(value, first + word);
        }
    }

    fn counter_place(&mut self, word: u32) -> (Value, i32) {
        let base = self.env.data_address(Name::Counters(self.code.id));
        (base, i32::try_from(u64::from(word) * 8).expect("a function has fewer operators"))
    }

    fn load_counter(&mut self, word: u32) -> Value {
        let (base, offset) = self.counter_place(word);
        let flags = self.env.trusted(Region::Counters);
        self.env.ins().load(types::I64, flags, base, offset)
    }

    fn store_counter(&mut self, value: Value, word: u32) {
        let (base, offset) = self.counter_place(word);
        let flags = self.env.trusted(Region::Counters);
        self.env.ins().store(flags, value, base, offset);
    }
}
