//! Memories with 64-bit indices, and memories that are counted in bytes: accesses whose index, constant offset, or sum
//! of both is around every number that matters to `translate/heap.rs`, up to 2^64. What must come of each is computed
//! here in 128 bits, where nothing wraps: a sum that wraps, or a comparison that is left out wrongly, reads or writes
//! outside of the sandbox. Each of ten such flaws, put into the compiler, fails some of these tests.
//!
//! - *single*: one access at an index;
//! - *pair*: two accesses at sums of one value and constants, of which the first may save the second its comparison;
//! - *flow*: an access in a block, and one behind it that comes without the first, so that nothing may be saved;
//! - *bounded*: indices that operators keep small, which are not compared at all.

use std::fmt::Write as _;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use wasmc::options::{BoundsChecks, OptLevel};
use wasmc::{Entry, InstanceSource, Options, Program, Step};
use wasmc_abi::layout::{GUARD_64, reservation_64};
use wasmc_abi::trap::TrapCode;
use wasmc_tests::emulator;
use wasmc_tests::native;
use wasmc_tests::steps::Outcome;

fn time_limit() -> Duration {
    wasmc_tests::process::limit(240)
}

/// A memory under test.
#[derive(Clone, Copy)]
struct Memory {
    name: &'static str,
    /// Its type in the text format.
    ty: &'static str,
    has_64_bit_indices: bool,
    /// Pages that the test adds at first.
    added_pages: u64,
    /// Bytes by then.
    length: u64,
    /// Bytes that it can have.
    largest: u64,
}

const MEMORIES: &[Memory] = &[
    Memory {
        name: "one page",
        ty: "i64 1",
        has_64_bit_indices: true,
        added_pages: 0,
        length: 1 << 16,
        largest: 1 << 16,
    },
    Memory { name: "no page", ty: "i64 0", has_64_bit_indices: true, added_pages: 0, length: 0, largest: 0 },
    Memory {
        name: "growing to 5 GiB",
        ty: "i64 1 81920",
        has_64_bit_indices: true,
        added_pages: 81919,
        length: 5 << 30,
        largest: 5 << 30,
    },
    Memory {
        name: "growing without limit",
        ty: "i64 0",
        has_64_bit_indices: true,
        added_pages: 3,
        length: 3 << 16,
        largest: 64 << 30,
    },
    Memory {
        name: "bytes",
        ty: "i64 65549 (pagesize 1)",
        has_64_bit_indices: true,
        added_pages: 0,
        length: 65549,
        largest: 65549,
    },
    Memory {
        name: "growing bytes",
        ty: "i64 3 (pagesize 1)",
        has_64_bit_indices: true,
        added_pages: 70000,
        length: 70003,
        largest: 64 << 30,
    },
    Memory {
        name: "bytes with 32-bit indices",
        ty: "65549 (pagesize 1)",
        has_64_bit_indices: false,
        added_pages: 0,
        length: 65549,
        largest: 65549,
    },
    Memory {
        name: "growing bytes with 32-bit indices",
        ty: "3 (pagesize 1)",
        has_64_bit_indices: false,
        added_pages: 70000,
        length: 70003,
        largest: u32::MAX as u64,
    },
];

/// Bytes, store and load of each kind of access. What is stored is the low bytes of a parameter.
const ACCESSES: &[(u64, &str, &str)] = &[
    (1, "i64.store8 OFFSET (INDEX) (local.get 1)", "i64.load8_u OFFSET (INDEX)"),
    (2, "i64.store16 OFFSET (INDEX) (local.get 1)", "i64.load16_u OFFSET (INDEX)"),
    (4, "i64.store32 OFFSET (INDEX) (local.get 1)", "i64.load32_u OFFSET (INDEX)"),
    (8, "i64.store OFFSET (INDEX) (local.get 1)", "i64.load OFFSET (INDEX)"),
    (16, "v128.store OFFSET (INDEX) (i64x2.splat (local.get 1))", "i64x2.extract_lane 1 (v128.load OFFSET (INDEX))"),
];

/// What a step must give.
#[derive(Clone, Copy)]
enum Expected {
    Anything,
    Value(u64),
    Nothing,
    Trap,
}

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for architecture in emulator::architectures() {
        let default = Options { architecture, ..Options::default() };
        // The memory of the last instance has the best place, those of others are in slots.
        let ways = [
            ("guard", false, default.clone()),
            ("guard, in a slot", true, default.clone()),
            ("explicit", false, Options { bounds_checks: BoundsChecks::Explicit, ..default.clone() }),
            ("unoptimized", false, Options { opt_level: OptLevel::None, ..default }),
        ];
        for memory in MEMORIES {
            for (way, in_slot, options) in &ways {
                let label = format!("wide: {}, {way} on {}", memory.name, architecture.name());
                let (options, in_slot) = (options.clone(), *in_slot);
                let trial = Trial::test(label, move || memory.check(&options, in_slot));
                trials.push(trial.with_ignored_flag(!emulator::can_run(architecture)));
            }
        }
        for (way, in_slot, options) in ways {
            let label = format!("wide: contents of bytes, {way} on {}", architecture.name());
            let trial = Trial::test(label, move || contents(&options, in_slot));
            trials.push(trial.with_ignored_flag(!emulator::can_run(architecture)));
        }
    }
    trials
}

/// A memory whose last page is neither whole nor nearly empty, so that it would be mapped if it were: the bytes behind
/// its end are those of no segment.
fn contents(options: &Options, in_slot: bool) -> Result<(), Failed> {
    let memory = |ty| Memory { name: "", ty, has_64_bit_indices: false, added_pages: 0, length: 0, largest: 0 };
    for (ty, bytes) in [("105536 200000 (pagesize 1)", 105_536), ("131071 200000 (pagesize 1)", 131_071)] {
        let mut suite = Suite::new(memory(ty));
        let end = bytes as u64;
        let bytes = "\\07".repeat(bytes);
        let _ = writeln!(suite.text, "(data (i32.const 0) \"{bytes}\")");
        suite.function("load", "(param i32) (result i64)", "(i64.load8_u (local.get 0))");
        suite.function("grow", "(param i32) (result i32)", "(memory.grow (local.get 0))");
        for (index, expected) in [(0, 7), (65535, 7), (65536, 7), (end - 1, 7)] {
            suite.call("load", &[index], Expected::Value(expected));
        }
        suite.call("load", &[end], Expected::Trap);
        suite.call("grow", &[5000], Expected::Anything);
        for (index, expected) in [(end - 1, 7), (end, 0), (end + 4999, 0)] {
            suite.call("load", &[index], Expected::Value(expected));
        }
        suite.call("load", &[end + 5000], Expected::Trap);
        suite.perform(options, in_slot)?;
    }
    Ok(())
}

impl Memory {
    fn last_index(self) -> u64 {
        if self.has_64_bit_indices { u64::MAX } else { u32::MAX.into() }
    }

    /// Whether `size` bytes at the sum are inside.
    fn holds(self, index: u64, offset: u64, size: u64) -> bool {
        u128::from(index) + u128::from(offset) + u128::from(size) <= u128::from(self.length)
    }

    /// Numbers at which something changes, and their neighbours.
    fn edges(self) -> Vec<u64> {
        let reserved = reservation_64(self.largest);
        let edges = [
            0,
            self.length,
            self.largest,
            reserved,
            reserved - self.largest,
            GUARD_64,
            1 << 31,
            1 << 32,
            1 << 47,
            1 << 63,
        ];
        let mut numbers: Vec<u64> = Vec::new();
        for edge in edges {
            numbers.extend([-17_i64, -16, -9, -8, -1, 0, 1].map(|distance| edge.wrapping_add_signed(distance)));
        }
        numbers.retain(|&number| number <= self.last_index());
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn index_type(self) -> &'static str {
        if self.has_64_bit_indices { "i64" } else { "i32" }
    }

    fn check(self, options: &Options, in_slot: bool) -> Result<(), Failed> {
        let mut suite = Suite::new(self);
        suite.singles();
        suite.pairs();
        suite.flows();
        suite.bounded();
        suite.perform(options, in_slot)
    }
}

/// A module and what is done with it.
struct Suite {
    memory: Memory,
    text: String,
    steps: Vec<(Step, Expected)>,
}

impl Suite {
    fn new(memory: Memory) -> Suite {
        let mut suite = Suite { memory, text: format!("(module (memory {})\n", memory.ty), steps: Vec::new() };
        suite.steps.push((Step::Instantiate(0), Expected::Nothing));
        if memory.added_pages != 0 {
            let ty = memory.index_type();
            suite.function(
                "grow",
                "(result i64)",
                &match ty {
                    "i64" => format!("(memory.grow (i64.const {}))", memory.added_pages),
                    _ => format!("(i64.extend_i32_s (memory.grow (i32.const {})))", memory.added_pages),
                },
            );
            suite.call("grow", &[], Expected::Anything);
            let size = if ty == "i64" { "(memory.size)" } else { "(i64.extend_i32_u (memory.size))" };
            suite.function("size", "(result i64)", size);
            let page = if memory.ty.contains("pagesize") { 1 } else { 1 << 16 };
            suite.call("size", &[], Expected::Value(memory.length / page));
        }
        suite
    }

    fn function(&mut self, name: &str, ty: &str, body: &str) {
        let _ = writeln!(self.text, "(func (export \"{name}\") {ty} {body})");
    }

    fn call(&mut self, export: &str, arguments: &[u64], expected: Expected) {
        let arguments = arguments.iter().map(|&argument| argument.into()).collect();
        self.steps.push((Step::Invoke { instance: 0, export: export.into(), arguments }, expected));
    }

    /// One access, at every sum of two numbers that is near an end, and at some that are far away.
    fn singles(&mut self) {
        let memory = self.memory;
        let numbers = memory.edges();
        let parameters = format!("(param {} i64)", memory.index_type());
        let mut value = 0x0123_4567_89ab_cdef_u64;
        for &(size, store, load) in ACCESSES {
            for &offset in &numbers {
                let [store_name, load_name] = ["store", "load"].map(|what| format!("{what} {size} {offset}"));
                let fill =
                    |code: &str| code.replace("OFFSET", &format!("offset={offset}")).replace("INDEX", "local.get 0");
                self.function(&store_name, &parameters, &format!("({})", fill(store)));
                self.function(&load_name, &format!("{parameters} (result i64)"), &format!("({})", fill(load)));

                let reach = offset.wrapping_add(size);
                let mut indices = vec![0, memory.last_index(), memory.last_index() - 7];
                for end in [0, memory.length, memory.largest, reservation_64(memory.largest)] {
                    // The sum is at the end, or wraps to there.
                    indices.extend([-1, 0, 1].map(|more| end.wrapping_sub(reach).wrapping_add_signed(more)));
                }
                indices.retain(|&index| index <= memory.last_index());
                indices.sort_unstable();
                indices.dedup();
                for index in indices {
                    value = value.rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    let mask = if size >= 8 { u64::MAX } else { (1 << (8 * size)) - 1 };
                    let is_inside = memory.holds(index, offset, size);
                    let of = |expected| if is_inside { expected } else { Expected::Trap };
                    self.call(&store_name, &[index, value], of(Expected::Nothing));
                    self.call(&load_name, &[index, 0], of(Expected::Value(value & mask)));
                    if is_inside {
                        self.call("byte at", &[index + offset], Expected::Value(value & 0xff));
                    }
                }
            }
        }
        let index = if memory.has_64_bit_indices { "local.get 0" } else { "i32.wrap_i64 (local.get 0)" };
        self.function("byte at", "(param i64) (result i64)", &format!("(i64.load8_u ({index}))"));
    }

    /// Two accesses of 8 bytes at sums of one value.
    fn pairs(&mut self) {
        let memory = self.memory;
        let ty = memory.index_type();
        let room = reservation_64(memory.largest) - memory.largest;
        let bits = |number: u64| if memory.has_64_bit_indices { number } else { u64::from(number as u32) };
        let addends = [0, 8, 0_u64.wrapping_sub(8), memory.length, 1 << 31, 1 << 32, room, 1 << 63].map(bits);
        let addends = std::collections::BTreeSet::from(addends);
        let offsets = [0, 8, 1 << 31, room - 8, room, room + 8, u64::MAX - 7];
        for (first, first_offset) in addends.iter().flat_map(|&addend| offsets.map(|offset| (addend, offset))) {
            for (second, second_offset) in addends.iter().flat_map(|&addend| offsets.map(|offset| (addend, offset))) {
                let offsets = [first_offset, second_offset];
                if offsets.iter().any(|&offset| offset > memory.last_index()) {
                    continue;
                }
                let name = format!("pair {first} {first_offset} {second} {second_offset}");
                let load = |addend: u64, offset: u64| {
                    format!("(i64.load offset={offset} ({ty}.add (local.get 0) ({ty}.const {addend})))")
                };
                let body = format!("(drop {}) (drop {})", load(first, first_offset), load(second, second_offset));
                self.function(&name, &format!("(param {ty})"), &body);
                let ends = [0, memory.length.wrapping_sub(8), memory.largest, room, memory.last_index()];
                for end in ends {
                    // The first or the second is at an end.
                    for index in [end.wrapping_sub(first), end.wrapping_sub(second)].map(bits) {
                        let is_inside = [(first, first_offset), (second, second_offset)]
                            .iter()
                            .all(|&(addend, offset)| memory.holds(bits(index.wrapping_add(addend)), offset, 8));
                        let expected = if is_inside { Expected::Nothing } else { Expected::Trap };
                        self.call(&name, &[index], expected);
                    }
                }
            }
        }
    }

    /// The second access is never made with what the first has compared, which is in a block that was left or not
    /// entered.
    fn flows(&mut self) {
        let memory = self.memory;
        let ty = memory.index_type();
        let _ = writeln!(self.text, "(tag $tag)");
        let _ = writeln!(self.text, "(func $throw (param i32) (if (local.get 0) (then (throw $tag))))");
        let first = "(drop (i64.load8_u (local.get 0)))";
        let second = "(drop (i64.load8_u (local.get 0)))";
        let flows = [
            ("then", format!("(if (local.get 1) (then {first})) {second}")),
            ("else", format!("(if (local.get 1) (then {first}) (else {second}))")),
            ("after else", format!("(if (i32.eqz (local.get 1)) (then) (else {first})) {second}")),
            ("block", format!("(block (br_if 0 (i32.eqz (local.get 1))) {first}) {second}")),
            ("table", format!("(block (block (br_table 1 0 (local.get 1))) {first}) {second}")),
            ("loop", format!("(block (loop (br_if 1 (i32.eqz (local.get 1))) {first} (br 1))) {second}")),
            (
                "try_table",
                format!(
                    "(block $caught (try_table (catch $tag $caught)
                       (call $throw (i32.eqz (local.get 1))) {first})) {second}"
                ),
            ),
        ];
        for (name, body) in flows {
            let name = format!("flow {name}");
            self.function(&name, &format!("(param {ty} i32)"), &body);
            for index in [memory.length, memory.last_index(), (1 << 46) & memory.last_index(), 1 << 31] {
                let expected = if memory.holds(index, 0, 1) { Expected::Nothing } else { Expected::Trap };
                for arm in [0, 1] {
                    self.call(&name, &[index, arm], expected);
                }
            }
        }
    }

    /// Indices of which the compiler can tell that they are small, or could seem to be.
    fn bounded(&mut self) {
        let memory = self.memory;
        if !memory.has_64_bit_indices {
            return;
        }
        let shift = |value: u64, by: u64| value << (by % 64);
        type Compute = Box<dyn Fn(u64) -> u64>;
        let indices: [(&str, Compute); 9] = [
            ("(i64.extend_i32_u (i32.wrap_i64 (local.get 0)))", Box::new(|x| u64::from(x as u32))),
            ("(i64.extend_i32_s (i32.wrap_i64 (local.get 0)))", Box::new(|x| i64::from(x as i32) as u64)),
            ("(i64.and (local.get 0) (i64.const 0xffff))", Box::new(|x| x & 0xffff)),
            ("(i64.and (local.get 0) (i64.const -8))", Box::new(|x| x & 0_u64.wrapping_sub(8))),
            ("(i64.shr_u (local.get 0) (i64.const 32))", Box::new(|x| x >> 32)),
            ("(i64.shr_u (local.get 0) (i64.const 64))", Box::new(|x| x)),
            ("(i64.shl (i64.shr_u (local.get 0) (i64.const 32)) (i64.const 3))", Box::new(move |x| shift(x >> 32, 3))),
            (
                "(i64.mul (i64.shr_u (local.get 0) (i64.const 30)) (i64.shr_u (local.get 0) (i64.const 30)))",
                Box::new(|x| (x >> 30).wrapping_mul(x >> 30)),
            ),
            (
                "(i64.add (i64.and (local.get 0) (i64.const 0xffffffff)) (i64.const -1))",
                Box::new(|x| (x & 0xffff_ffff).wrapping_sub(1)),
            ),
        ];
        let room = reservation_64(memory.largest) - u64::from(u32::MAX);
        for (number, (index, compute)) in indices.iter().enumerate() {
            for offset in [0, 1, GUARD_64, room - 8, room - 7, u64::MAX - 7, u64::MAX] {
                let name = format!("bounded {number} {offset}");
                let body = format!("(drop (i64.load offset={offset} {index}))");
                self.function(&name, "(param i64)", &body);
                for value in self.memory.edges() {
                    let is_inside = memory.holds(compute(value), offset, 8);
                    self.call(&name, &[value], if is_inside { Expected::Nothing } else { Expected::Trap });
                }
            }
        }
    }

    fn perform(mut self, options: &Options, in_slot: bool) -> Result<(), Failed> {
        self.text += ")";
        let wasm = wat::parse_str(&self.text).map_err(|error| error.to_string())?;
        let other = wat::parse_str("(module (memory 1))")?;
        let instance = |wasm| InstanceSource { name: "memory".into(), wasm, wiring: Vec::new() };
        let instances = if in_slot { vec![instance(&wasm), instance(&other)] } else { vec![instance(&wasm)] };
        let steps = self.steps.iter().map(|(step, _)| step.clone()).collect();
        let program = Program { instances, entry: Entry::Script(steps) };
        let outcomes = native::perform(&program, options, time_limit())?;
        for ((step, expected), outcome) in self.steps.iter().zip(&outcomes) {
            let is_right = match (expected, outcome) {
                (Expected::Anything, Outcome::Returned(_)) => true,
                (Expected::Nothing, Outcome::Returned(slots)) => slots.is_empty(),
                (Expected::Value(value), Outcome::Returned(slots)) => slots == &[u128::from(*value)],
                (Expected::Trap, Outcome::Trapped(code)) => *code == TrapCode::MemoryOutOfBounds,
                _ => false,
            };
            if !is_right {
                return Err(format!("{step:x?}: {outcome:?}").into());
            }
        }
        Ok(())
    }
}
