//! Accesses whose constant offset is around what instructions can hold: 2^8, 2^12 (AArch64: 9 bits signed, 12 bits
//! scaled), 2^15, 2^16, 2^24 (two additions), 2^31 (x86-64: 32 bits signed) and 2^32 - 1. A code generator that makes
//! another address of such an offset reads and writes outside of the sandbox (CVE-2026-34971 was of this kind).
//!
//! One executable for each architecture and way of compiling: in a memory of 4 GiB each access is made near the end of
//! what it may reach, and in one of a page each must trap.

use std::fmt::Write as _;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use wasmc::options::{BoundsChecks, OptLevel};
use wasmc::{Entry, InstanceSource, Options, Program, Step};
use wasmc_abi::trap::TrapCode;
use wasmc_tests::emulator;
use wasmc_tests::native;
use wasmc_tests::steps::Outcome;

fn time_limit() -> Duration {
    wasmc_tests::process::limit(120)
}

/// Offsets are these, and some just below and above.
const AROUND: &[u64] = &[1 << 8, 1 << 12, 1 << 13, 1 << 15, 1 << 16, 1 << 24, 1 << 31];
const DISTANCES: &[i64] = &[-17, -16, -8, -4, -1, 0, 1, 4, 8, 16];
const LAST: u64 = u32::MAX as u64;

/// Name, bytes, store and load of each kind of access. What is stored is the low bytes of the second parameter.
const ACCESSES: &[(&str, u64, &str, &str)] = &[
    ("byte", 1, "i64.store8 offset=OFFSET (INDEX) (VALUE)", "i64.load8_u offset=OFFSET (INDEX)"),
    ("half", 2, "i64.store16 offset=OFFSET (INDEX) (VALUE)", "i64.load16_u offset=OFFSET (INDEX)"),
    ("word", 4, "i64.store32 offset=OFFSET (INDEX) (VALUE)", "i64.load32_u offset=OFFSET (INDEX)"),
    ("double", 8, "i64.store offset=OFFSET (INDEX) (VALUE)", "i64.load offset=OFFSET (INDEX)"),
    (
        "float",
        8,
        "f64.store offset=OFFSET (INDEX) (f64.reinterpret_i64 (VALUE))",
        "i64.reinterpret_f64 (f64.load offset=OFFSET (INDEX))",
    ),
    (
        "vector",
        16,
        "v128.store offset=OFFSET (INDEX) (i64x2.splat (VALUE))",
        "i64x2.extract_lane 1 (v128.load offset=OFFSET (INDEX))",
    ),
];

/// How a function gets the index: as it is, and computed by an operation that leaves its upper half to the compiler.
const INDICES: &[(&str, &str)] = &[("plain", "local.get 0"), ("sum", "i32.add (local.get 0) (local.get 2)")];

fn offsets() -> Vec<u64> {
    let near = |&around: &u64| DISTANCES.iter().map(move |&distance| around.strict_add_signed(distance));
    let mut offsets: Vec<u64> = AROUND.iter().flat_map(near).collect();
    offsets.extend([0, 1, LAST - 16, LAST - 4, LAST - 1, LAST]);
    offsets
}

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for architecture in emulator::architectures() {
        let default = Options { architecture, ..Options::default() };
        // The memory of the last instance has the best place, those of others are in slots.
        let ways = [
            ("guard", 1, default.clone()),
            ("guard, in a slot", 0, default.clone()),
            ("explicit", 1, Options { bounds_checks: BoundsChecks::Explicit, ..default.clone() }),
            ("unoptimized", 1, Options { opt_level: OptLevel::None, ..default }),
        ];
        for (way, large, options) in ways {
            let label = format!("offsets: {way} on {}", architecture.name());
            let trial = Trial::test(label, move || check(&options, large));
            trials.push(trial.with_ignored_flag(!emulator::can_run(architecture)));
        }
    }
    trials
}

/// Exports a store and a load for each access, index and offset: `(index, value, addend)`, where the sum of index and
/// addend counts for one of the kinds of index.
fn module(pages: u64) -> Vec<u8> {
    let mut text = format!("(module (memory {pages} {pages})\n");
    for (access, _, store, load) in ACCESSES {
        for (kind, index) in INDICES {
            for offset in offsets() {
                let fill = |code: &str| {
                    code.replace("OFFSET", &offset.to_string()).replace("INDEX", index).replace("VALUE", "local.get 1")
                };
                let (store, load) = (fill(store), fill(load));
                let parameters = "(param i32 i64 i32)";
                let _ = writeln!(text, "(func (export \"store {access} {kind} {offset}\") {parameters} ({store}))");
                let _ = writeln!(
                    text,
                    "(func (export \"load {access} {kind} {offset}\") {parameters} (result i64) ({load}))"
                );
            }
        }
    }
    // What is where, without an offset.
    text += "(func (export \"byte at\") (param i32) (result i32) (i32.load8_u (local.get 0))))";
    wat::parse_str(text).expect("the module is well-formed")
}

/// What a step must give.
enum Expected {
    Nothing,
    Value(u128),
    Trap,
}

/// `large` is which instance has 4 GiB; the other one has a page.
fn check(options: &Options, large: usize) -> Result<(), Failed> {
    let small = 1 - large;
    let mut steps = vec![(Step::Instantiate(0), Expected::Nothing), (Step::Instantiate(1), Expected::Nothing)];
    let mut value = 0x0123_4567_89ab_cdef_u64;
    for (access, bytes, _, _) in ACCESSES {
        for (kind, _) in INDICES {
            for offset in offsets() {
                value = value.rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let mut invoke = |instance: usize, what: &str, index: u64, expected: Expected| {
                    // The addend is large, so that the sum wraps.
                    let (index, addend) = match *kind {
                        "sum" => ((index as u32).wrapping_sub(0xfedc_ba98), 0xfedc_ba98),
                        _ => (index as u32, 0),
                    };
                    let arguments = vec![index.into(), value.into(), addend];
                    let export = format!("{what} {access} {kind} {offset}");
                    steps.push((Step::Invoke { instance, export, arguments }, expected));
                };
                let mask = if *bytes >= 8 { u64::MAX } else { (1 << (8 * bytes)) - 1 };
                // The highest index with which the access is inside: with it the sum is about 2^32.
                if let Some(highest) = (1u64 << 32).checked_sub(offset + bytes) {
                    for index in [0, highest] {
                        let index = index.min(LAST);
                        invoke(large, "store", index, Expected::Nothing);
                        invoke(large, "load", index, Expected::Value((value & mask).into()));
                    }
                }
                // One byte beyond the end, and as far beyond as it goes.
                let first_outside = ((1u64 << 32) + 1).saturating_sub(offset + bytes);
                for index in [first_outside, LAST].into_iter().filter(|&index| index <= LAST) {
                    if index + offset + bytes > 1 << 32 {
                        invoke(large, "load", index, Expected::Trap);
                        invoke(large, "store", index, Expected::Trap);
                    }
                }
                if offset >= 1 << 16 {
                    invoke(small, "load", 0, Expected::Trap);
                    invoke(small, "store", LAST, Expected::Trap);
                }
                if let Some(place) = (1u64 << 32).checked_sub(*bytes).filter(|place| *place >= offset) {
                    let step =
                        Step::Invoke { instance: large, export: "byte at".into(), arguments: vec![place.into()] };
                    steps.push((step, Expected::Value((value & 0xff).into())));
                }
            }
        }
    }
    let modules = [0, 1].map(|index| module(if index == large { 1 << 16 } else { 1 }));
    let instance = |wasm| InstanceSource { name: "memory".into(), wasm, wiring: Vec::new() };
    let program = Program {
        instances: modules.iter().map(|wasm| instance(wasm)).collect(),
        entry: Entry::Script(steps.iter().map(|(step, _)| step.clone()).collect()),
    };
    let outcomes = native::perform(&program, options, time_limit())?;
    for ((step, expected), outcome) in steps.iter().zip(&outcomes) {
        let is_right = match (expected, outcome) {
            (Expected::Nothing, Outcome::Returned(slots)) => slots.is_empty(),
            (Expected::Value(value), Outcome::Returned(slots)) => slots == &[*value],
            (Expected::Trap, Outcome::Trapped(code)) => *code == TrapCode::MemoryOutOfBounds,
            _ => false,
        };
        if !is_right {
            return Err(format!("{step:x?}: {outcome:?}").into());
        }
    }
    Ok(())
}
