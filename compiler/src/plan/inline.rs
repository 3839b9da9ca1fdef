//! Which functions are translated in place of their calls: see [`crate::translate::inline`].
//!
//! Compilers to Wasm inline by themselves, so that what is left pays little: what is smaller than the call of it, what
//! is called in one place only, and in loops what is somewhat larger, because LLVM does not know the function (of
//! another file, or of a library) or was told not to inline.

use cranelift_entity::PrimaryMap;

use super::ids::FuncId;
use super::{FunctionSource, Main, Plan};
use crate::options::{OptLevel, Options};
use crate::profile::Profiling;

/// In [`Options::disabled_passes`].
pub const NAME: &str = "inline";

/// The weight (see [`Uses::weight`](crate::parse::uses::Uses::weight)) of bodies that are about as large as a call.
const TINY: u32 = 8;

/// The weight up to which a body is inlined where it is called often.
const SMALL: u32 = 20;

/// The same where it is the only call.
const SINGLE: u32 = 200;

/// The weight up to which a body takes in others that call. There are many small ones of those in large functions, next
/// to checks that rarely fail; and each call in code that was inlined has a site, which names the functions around it.
const SMALL_CALLER: u32 = 60;

/// A function that may be inlined.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// How much code it brings.
    pub weight: u32,
    /// It pays wherever the function is called, not only where that happens often.
    pub everywhere: bool,
    /// The weight up to which bodies take it in.
    pub largest_caller: u32,
    /// The function needs code for nothing but the calls that are not inlined.
    only_called: bool,
}

/// What may be inlined.
#[derive(Debug, Default)]
pub struct Inlining {
    candidates: PrimaryMap<FuncId, Option<Candidate>>,
}

impl Inlining {
    /// Nothing with debug information, which says that code is of one function and of what its compiler inlined; and
    /// nothing in a program that counts, since it counts by function.
    pub fn new(plan: &Plan<'_>, options: &Options) -> Inlining {
        let is_wanted = options.opt_level == OptLevel::Speed && !options.debug_info && !options.is_disabled(NAME);
        if !is_wanted || matches!(plan.profile, Profiling::Generate(_)) {
            return Inlining::default();
        }
        let mut calls: PrimaryMap<FuncId, u32> = plan.functions.keys().map(|_| 0).collect();
        for function in plan.functions.values().filter(|function| function.live) {
            let FunctionSource::Body { instance, body, .. } = function.source else { continue };
            let instance = &plan.instances[instance];
            instance.uses[body].calls.iter().for_each(|&callee| calls[instance.functions[callee]] += 1);
        }

        let mut inlining = Inlining::default();
        for (id, function) in plan.functions.iter() {
            let is_kept = match &plan.main {
                Main::Exports(functions) => functions.contains(&id),
                _ => false,
            } || function.referenced;
            let candidate = match function.source {
                FunctionSource::Body { instance, body, .. } => {
                    let uses = &plan.instances[instance].uses[body];
                    let is_single = calls[id] == 1 && !is_kept;
                    let limit = if is_single { SINGLE } else { SMALL };
                    // What is called in place of the callee would be called by the caller, inside of its handlers.
                    let is_possible = !uses.tail_calls && uses.weight <= limit;
                    let calls_none = uses.calls.is_empty() && uses.calls_through_references.is_empty();
                    is_possible.then_some(Candidate {
                        weight: uses.weight,
                        everywhere: is_single || uses.weight <= TINY,
                        largest_caller: if is_single || calls_none { u32::MAX } else { SMALL_CALLER },
                        only_called: !is_kept,
                    })
                }
                _ => None,
            };
            inlining.candidates.push(candidate);
        }
        inlining
    }

    /// What inlining a function brings, if that is possible.
    pub fn candidate(&self, function: FuncId) -> Option<Candidate> {
        self.candidates.get(function).copied().flatten()
    }

    /// Whether a function needs code for nothing but the calls that are not inlined.
    pub fn is_only_called(&self, function: FuncId) -> bool {
        self.candidate(function).is_some_and(|candidate| candidate.only_called)
    }
}
