//! The same module in wasmi and as an executable: everything that can be seen from outside must be equal. (By hand,
//! modules with exceptions or atomic instructions are compared with Wasmtime instead: see [`wasmtime`].)
//!
//! [`generate`] makes a module from a seed. [`plan`] runs it in wasmi: instantiates it, calls each exported function
//! with a few argument lists, and looks at the exported globals and memories after each call. What wasmi does decides
//! the steps: after a trap at instantiation there are none. [`compare`] then performs the same steps natively, many
//! modules in one executable, and compares outcome by outcome. [`reduce`] makes a failing module small.
//!
//! # What is not compared
//!
//! - How deep a recursion goes before the stack is exhausted: if either side says so, the rest of the module's steps is
//!   left out, and the module counts as [inconclusive](Totals::inconclusive). With [`generate::FUEL`] per call this is
//!   rare.
//! - Which function a reference is for.
//! - [`coarse`] traps: wasmi does not tell `call_indirect` beyond the end of a table from `table.get` there.
//! - Bits of NaNs that arithmetic makes, but for the group of the [`deterministic`] profile: [`generate`] has them made
//!   canonical by the module itself.

pub mod deterministic;
pub mod generate;
mod loops;
pub mod plan;
pub mod reduce;
pub mod wasmtime;

use std::fmt;
use std::time::Duration;

use wasmc::options::{Architecture, BoundsChecks, OptLevel};
use wasmc::{Entry, InstanceSource, Options, Program, Step};
use wasmc_abi::trap::TrapCode;

use crate::reference::coarse;
use crate::steps::Outcome;
use crate::{emulator, native, parallel};
use generate::{Group, Terms};
use plan::Plan;

/// How long an executable may run.
fn time_limit() -> Duration {
    crate::process::limit(60)
}

/// Modules in each of some executables, in turn. Most have one: only the first memory of a program is at the fixed
/// address.
const BATCHES: &[usize] = &[1, 1, 1, 1, 1, 1, 4, 16];

/// Sums over a run.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    pub modules: usize,
    /// Modules whose comparison ended early, because a stack or wasmi's fuel was exhausted.
    pub inconclusive: usize,
    pub calls: usize,
    pub calls_returned: usize,
    pub failures: Vec<Failure>,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { modules, inconclusive, calls, calls_returned, failures } = self;
        let trapped = calls - calls_returned;
        write!(f, "{modules} modules: {calls_returned} calls returned, {trapped} trapped; ")?;
        write!(f, "{inconclusive} modules inconclusive, {} failed", failures.len())
    }
}

/// A module whose two sides differ.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Of [`generate`], or of the arguments for a module from a file.
    pub seed: u64,
    pub wasm: Vec<u8>,
    pub options: Options,
    pub what: String,
}

/// The options that a seed selects: each way of compiling gets its share.
pub fn options(architecture: Architecture, seed: u64) -> Options {
    let options = Options { architecture, ..Options::default() };
    let best = emulator::best_cpu(architecture);
    match seed % 8 {
        0..=2 => options,
        3 | 4 => Options { bounds_checks: BoundsChecks::Explicit, ..options },
        5 => Options { opt_level: OptLevel::None, ..options },
        6 => Options { opt_level: OptLevel::Size, cpu: best, ..options },
        _ => Options { cpu: best, ..options },
    }
}

/// Compares `count` modules of a group, with seeds from `seed` on, compiled for an architecture. `each` sees the sums
/// from time to time.
pub fn run(group: Group, architecture: Architecture, seed: u64, count: usize, each: impl Fn(&Totals) + Sync) -> Totals {
    let sums = std::sync::Mutex::new(Totals::default());
    let mut batches = Vec::new();
    let mut next = seed;
    while next < seed + count as u64 {
        let length = BATCHES[batches.len() % BATCHES.len()] as u64;
        let end = (next + length).min(seed + count as u64);
        batches.push(next..end);
        next = end;
    }
    parallel::map(&batches, |seeds| {
        let options = options(architecture, seeds.start);
        let plans: Vec<Plan> = seeds.clone().map(|seed| Plan::make(group, seed)).collect();
        let failures = compare(&plans, &options);
        let mut sums = sums.lock().unwrap();
        sums.modules += plans.len();
        sums.inconclusive += plans.iter().filter(|plan| plan.is_cut_short).count();
        for (step, outcome) in plans.iter().flat_map(|plan| &plan.steps) {
            if matches!(step, Step::Invoke { .. }) {
                sums.calls += 1;
                sums.calls_returned += matches!(outcome, Outcome::Returned(_)) as usize;
            }
        }
        for failure in failures {
            match failure {
                Difference::Real(failure) => sums.failures.push(*failure),
                Difference::StackOnly => sums.inconclusive += 1,
            }
        }
        each(&sums);
    });
    sums.into_inner().unwrap()
}

/// How the two sides of a module differ.
pub enum Difference {
    Real(Box<Failure>),
    /// The native stack was exhausted, wasmi's was not.
    StackOnly,
}

/// Performs plans natively, in one executable, and says which modules differ. All are on the same terms.
pub fn compare(plans: &[Plan], options: &Options) -> Vec<Difference> {
    let Terms { is_deterministic, ends_with_trap } = plans[0].terms;
    let options = &Options { deterministic: is_deterministic, ends_with_trap, ..options.clone() };
    match perform(plans, options) {
        Ok(outcomes) if !outcomes.iter().flatten().any(|outcome| matches!(outcome, Outcome::Lost(_))) => {
            plans.iter().zip(outcomes).filter_map(|(plan, outcomes)| judge(plan, &outcomes, options)).collect()
        }
        // One of the modules has spoiled it for all: which?
        _ if plans.len() > 1 => {
            let alone: Vec<Difference> =
                plans.iter().flat_map(|plan| compare(std::slice::from_ref(plan), options)).collect();
            if alone.is_empty() { vec![only_together(plans, options)] } else { alone }
        }
        Ok(outcomes) => judge(&plans[0], &outcomes[0], options).into_iter().collect(),
        Err(error) => vec![plans[0].failure(options, format!("does not compile ({:?}): {error}", error.kind()))],
    }
}

fn only_together(plans: &[Plan], options: &Options) -> Difference {
    let seeds: Vec<u64> = plans.iter().map(|plan| plan.seed).collect();
    plans[0]
        .failure(options, format!("the modules with the seeds {seeds:?} fail in one program, but each passes alone"))
}

fn perform(plans: &[Plan], options: &Options) -> wasmc::Result<Vec<Vec<Outcome>>> {
    let instances = plans.iter().map(|plan| InstanceSource {
        name: format!("seed {}", plan.seed),
        wasm: &plan.wasm,
        wiring: Vec::new(),
    });
    let steps = plans
        .iter()
        .enumerate()
        .flat_map(|(index, plan)| plan.steps.iter().map(move |(step, _)| for_instance(step, index)));
    let program = Program { instances: instances.collect(), entry: Entry::Script(steps.collect()) };
    let mut outcomes = native::perform(&program, options, time_limit())?.into_iter();
    Ok(plans.iter().map(|plan| outcomes.by_ref().take(plan.steps.len()).collect()).collect())
}

fn for_instance(step: &Step, instance: usize) -> Step {
    match step.clone() {
        Step::Instantiate(_) => Step::Instantiate(instance),
        Step::Invoke { export, arguments, .. } => Step::Invoke { instance, export, arguments },
        Step::GlobalGet { export, .. } => Step::GlobalGet { instance, export },
        Step::Memory { export, .. } => Step::Memory { instance, export },
        Step::Start | Step::End | Step::Wait(_) => unreachable!("the plans have one thread"),
    }
}

/// The first difference.
fn judge(plan: &Plan, outcomes: &[Outcome], options: &Options) -> Option<Difference> {
    for (index, ((step, expected), actual)) in plan.steps.iter().zip(outcomes).enumerate() {
        let is_equal = match (expected, actual) {
            (Outcome::Returned(_), Outcome::Returned(_)) => *expected == plan.comparable(index, actual),
            (Outcome::Trapped(expected), Outcome::Trapped(actual)) => coarse(*expected) == coarse(*actual),
            _ => false,
        };
        if is_equal {
            continue;
        }
        if *actual == Outcome::Trapped(TrapCode::StackOverflow) {
            return Some(Difference::StackOnly);
        }
        let what = format!("step {index}, {step:x?}:\n    reference: {expected:?}\n    native:    {actual:?}");
        return Some(plan.failure(options, what));
    }
    None
}
