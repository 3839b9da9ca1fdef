//! What is done with a module, and what wasmi says that comes of it.

use wasmc::{Entry, InstanceSource, Options, Program, Step};
use wasmc_abi::trap::TrapCode;
use wasmparser::{RefType, ValType};

use super::deterministic::without_choices;
use super::generate::{self, Group, REFUEL, Terms};
use super::{Difference, Failure, wasmtime};
use crate::random::Random;
use crate::reference::Reference;
use crate::steps::{Export, Exports, Outcome, StepTypes};

/// Argument lists for each exported function.
const CALLS: usize = 3;

/// Steps for one module, as instance 0, with the outcomes that wasmi had.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub wasm: Vec<u8>,
    pub steps: Vec<(Step, Outcome)>,
    /// wasmi could not go on; what it did until then is compared.
    pub is_cut_short: bool,
    pub terms: Terms,
    exports: Exports,
}

impl Plan {
    /// Makes a module and runs it in wasmi.
    pub fn make(group: Group, seed: u64) -> Plan {
        if group.needs_wasmtime() {
            return Plan::in_wasmtime(generate::module(group, seed), seed);
        }
        Plan::of(generate::module(group, seed), seed, group.terms())
    }

    /// Runs a module in wasmi. The seed decides the arguments.
    ///
    /// # Panics
    ///
    /// If the module is not valid.
    pub fn of(wasm: Vec<u8>, seed: u64, terms: Terms) -> Plan {
        let exports = Exports::of(&wasm).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let calls = calls(&exports, &mut Random::new(seed));
        Plan::with_calls(wasm, seed, terms, &calls)
    }

    /// Runs a module in Wasmtime. It is told all steps at once, so what comes after the end is cut off here.
    fn in_wasmtime(wasm: Vec<u8>, seed: u64) -> Plan {
        let exports = Exports::of(&wasm).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        // References to exceptions cannot be passed by the host, or looked at.
        let is_passable =
            |ty: &ValType| !matches!(ty, ValType::Ref(ty) if *ty != RefType::FUNCREF && *ty != RefType::EXTERNREF);
        let mut visible = exports.clone();
        visible.0.retain(|(_, export)| match export {
            Export::Function { parameters, results } => parameters.iter().chain(results).all(is_passable),
            Export::Global(ty) => is_passable(ty),
            Export::Memory | Export::Other => true,
        });
        let calls = calls(&visible, &mut Random::new(seed));
        let steps = all_steps(&visible, &calls);
        let outcomes = wasmtime::perform(&wasm, &steps);
        let is_end = |(index, outcome): (usize, &Outcome)| match outcome {
            Outcome::Lost(_) | Outcome::Trapped(TrapCode::StackOverflow) => Some((index, true)),
            Outcome::Trapped(_) if index == 0 => Some((1, false)),
            _ => None,
        };
        let end = outcomes.iter().enumerate().find_map(is_end);
        let (length, is_cut_short) = end.unwrap_or((steps.len(), false));
        let steps = steps.into_iter().zip(outcomes).take(length).collect();
        Plan { seed, wasm, steps, is_cut_short, terms: Terms::default(), exports }.made_comparable()
    }

    /// The plan for another module, or other calls.
    pub fn change(&self, wasm: Vec<u8>, calls: &[Step]) -> Plan {
        Plan::with_calls(wasm, self.seed, self.terms, calls)
    }

    /// Runs a module in wasmi with these calls.
    ///
    /// # Panics
    ///
    /// If the module is not valid.
    pub fn with_calls(wasm: Vec<u8>, seed: u64, terms: Terms, calls: &[Step]) -> Plan {
        let exports = Exports::of(&wasm).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let (steps, is_cut_short) = match terms.is_deterministic {
            true => perform(&without_choices(&wasm), &exports, calls, terms),
            false => perform(&wasm, &exports, calls, terms),
        };
        Plan { seed, wasm, steps, is_cut_short, terms, exports }.made_comparable()
    }

    /// The calls among the steps, but for those that fill up fuel.
    pub fn calls(&self) -> Vec<Step> {
        let steps = self.steps.iter().map(|(step, _)| step);
        steps.filter(|step| matches!(step, Step::Invoke { export, .. } if export != REFUEL)).cloned().collect()
    }

    pub(super) fn failure(&self, options: &Options, what: String) -> Difference {
        Difference::Real(Box::new(Failure { seed: self.seed, wasm: self.wasm.clone(), options: options.clone(), what }))
    }

    fn made_comparable(mut self) -> Plan {
        for index in 0..self.steps.len() {
            self.steps[index].1 = self.comparable(index, &self.steps[index].1);
        }
        self
    }

    /// An outcome of a step without what cannot be compared: which function a reference is for.
    pub fn comparable(&self, index: usize, outcome: &Outcome) -> Outcome {
        let Outcome::Returned(slots) = outcome else { return outcome.clone() };
        let types = StepTypes::of(&self.steps[index].0, std::slice::from_ref(&self.exports));
        let Ok(StepTypes::Values(types)) = types else { return outcome.clone() };
        let slot = |(&slot, ty): (&u128, &ValType)| if *ty == ValType::FUNCREF { u128::from(slot != 0) } else { slot };
        Outcome::Returned(slots.iter().zip(&types).map(slot).collect())
    }
}

/// Calls of each exported function.
fn calls(exports: &Exports, random: &mut Random) -> Vec<Step> {
    let mut calls = Vec::new();
    for (name, export) in &exports.0 {
        let Export::Function { parameters, .. } = export else { continue };
        if name == REFUEL {
            continue;
        }
        for _ in 0..if parameters.is_empty() { 1 } else { CALLS } {
            let arguments = parameters.iter().map(|parameter| argument(*parameter, random)).collect();
            calls.push(Step::Invoke { instance: 0, export: name.clone(), arguments });
        }
    }
    calls
}

fn argument(ty: ValType, random: &mut Random) -> u128 {
    match ty {
        ValType::I32 => integer(random) as u32 as u128,
        ValType::I64 => integer(random) as u128,
        ValType::F32 => float32(random) as u128,
        ValType::F64 => float64(random) as u128,
        ValType::V128 if random.one_in(2) => (random.number() as u128) << 64 | random.number() as u128,
        ValType::V128 => (0..4).fold(0, |lanes, _| lanes << 32 | float32(random) as u128),
        // The host cannot make references to functions.
        ValType::Ref(reference) if reference.is_extern_ref() => random.below(4) as u128,
        ValType::Ref(_) => 0,
    }
}

fn integer(random: &mut Random) -> u64 {
    let edges =
        [0, 1, 2, 7, 8, 31, 32, 63, 64, 255, 256, 65535, 65536, i32::MAX as i64, i32::MIN as i64, i64::MAX, i64::MIN];
    match random.below(4) {
        0 => random.number(),
        1 => random.below(200) as u64,
        _ => (*random.choose(&edges) as u64).wrapping_add(*random.choose(&[0, 0, 1, u64::MAX])),
    }
}

fn float32(random: &mut Random) -> u32 {
    let edges =
        [0.0, -0.0, 1.0, -1.5, f32::MIN_POSITIVE, f32::MAX, f32::INFINITY, f32::NEG_INFINITY, 2147483648.0, 1e10];
    match random.below(6) {
        0 => random.number() as u32,
        1 => 0x7fc0_0000 | (random.number() as u32 & 0x803f_ffff),
        2 => 0x7fa0_0001,
        _ => random.choose(&edges).to_bits(),
    }
}

fn float64(random: &mut Random) -> u64 {
    let edges =
        [0.0, -0.0, 1.0, -1.5, f64::MIN_POSITIVE, f64::MAX, f64::INFINITY, 2147483648.0, -9223372036854775808.0, 1e300];
    match random.below(6) {
        0 => random.number(),
        1 => 0x7ff8_0000_0000_0000 | (random.number() & 0x8007_ffff_ffff_ffff),
        2 => 0x7ff4_0000_0000_0001,
        _ => random.choose(&edges).to_bits(),
    }
}

/// Performs all steps in wasmi, up to the first behind which nothing can be compared: then it is cut short.
fn perform(wasm: &[u8], exports: &Exports, calls: &[Step], terms: Terms) -> (Vec<(Step, Outcome)>, bool) {
    let instance = InstanceSource { name: "module".into(), wasm, wiring: Vec::new() };
    let program = Program { instances: vec![instance], entry: Entry::Script(Vec::new()) };
    let mut wasmi = Reference::new(&program);
    let mut steps = Vec::new();
    for step in all_steps(exports, calls) {
        let outcome = wasmi.step(&step);
        if matches!(outcome, Outcome::Lost(_) | Outcome::Trapped(TrapCode::StackOverflow)) {
            return (steps, true);
        }
        // Without an instance there is nothing to do.
        let is_last = matches!(step, Step::Instantiate(_)) || terms.ends_with_trap;
        let is_end = is_last && !matches!(outcome, Outcome::Returned(_));
        steps.push((step, outcome));
        if is_end {
            break;
        }
    }
    (steps, false)
}

/// Instantiates, and makes the calls with fresh fuel each; looks at everything in between.
fn all_steps(exports: &Exports, calls: &[Step]) -> Vec<Step> {
    let looks: Vec<Step> = exports.0.iter().filter_map(|(name, export)| look(name, export)).collect();
    let refuel = Step::Invoke { instance: 0, export: REFUEL.into(), arguments: Vec::new() };
    let refuel = exports.find(REFUEL).map(|_| refuel);
    let mut steps = vec![Step::Instantiate(0)];
    steps.extend(looks.iter().cloned());
    for call in calls {
        steps.extend(refuel.clone());
        steps.push(call.clone());
        steps.extend(looks.iter().cloned());
    }
    steps
}

fn look(name: &str, export: &Export) -> Option<Step> {
    let export_name = name.to_string();
    match export {
        Export::Global(_) => Some(Step::GlobalGet { instance: 0, export: export_name }),
        Export::Memory => Some(Step::Memory { instance: 0, export: export_name }),
        Export::Function { .. } | Export::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_do_something() {
        for &group in Group::ALL {
            do_something(group);
        }
    }

    fn do_something(group: Group) {
        let plans: Vec<Plan> = (0..100).map(|seed| Plan::make(group, seed)).collect();
        let calls: Vec<&Outcome> = plans
            .iter()
            .flat_map(|plan| &plan.steps)
            .filter(|(step, _)| matches!(step, Step::Invoke { export, .. } if export != REFUEL))
            .map(|(_, outcome)| outcome)
            .collect();
        let returned = calls.iter().filter(|outcome| matches!(outcome, Outcome::Returned(_))).count();
        let cut_short = plans.iter().filter(|plan| plan.is_cut_short).count();
        // Where the first trap is the end, there are fewer.
        let expected = if group.terms().ends_with_trap { 250 } else { 500 };
        assert!(calls.len() > expected, "{} calls", calls.len());
        assert!(returned * 4 > calls.len() && returned < calls.len(), "{returned} of {} calls returned", calls.len());
        assert!(cut_short < 5, "{cut_short} cut short");
    }
}
