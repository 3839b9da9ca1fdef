//! Performs a script and judges each of its directives.

use std::time::Duration;

use wasmc::features::{self, Features};
use wasmc::{Entry, ErrorKind, InstanceSource, Options, Program, Step};
use wasmc_abi::trap::TrapCode;
use wasmparser::{Validator, WasmFeatures};

use super::pattern::Pattern;
use super::script::{Check, Expected, Script, Source};
use super::{Engine, Way};
use crate::steps::{Exports, Outcome};
use crate::{native, reference};

/// How long a script's executable may run.
fn time_limit() -> Duration {
    crate::process::limit(60)
}

/// Whether what a directive says holds.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub line: usize,
    pub is_assertion: bool,
    pub result: Result<(), String>,
    /// The proposals that its module needs, or one that this imports from, and that the compiler lacks.
    pub lacks: Features,
}

/// Performs a script, which knows these proposals, and judges each of its directives, in order.
pub fn judge(script: &Script, features: WasmFeatures, engine: Engine) -> Vec<Verdict> {
    let performance = perform(script, engine);
    let judge = |check: &Check| match check {
        Check::Outcome(step, expected) => {
            let (outcome, step) = (&performance.outcomes[*step], &script.steps[*step]);
            let nans = if engine.is_deterministic() && !keeps_nans(step) { Nans::Positive } else { Nans::Any };
            compare(outcome, expected, engine, nans).map_err(|why| describe(step, &why))
        }
        Check::Rejected(None) => Ok(()),
        Check::Rejected(Some(wasm)) if engine == Engine::Reference => match Exports::of(wasm) {
            Ok(_) if is_valid(wasm, features) => Err("an invalid module was accepted".into()),
            _ => Ok(()),
        },
        Check::Rejected(Some(wasm)) => rejected(wasm, features),
        Check::Unlinkable(earlier, source) => {
            // Later modules would tell the compiler more than is known at that point.
            let alive: Vec<_> = performance.alive.iter().filter(|(index, _)| index < earlier).cloned().collect();
            unlinkable(&alive, source, engine)
        }
        Check::Untranslatable(why) => Err(why.clone()),
    };
    let lacks = |check: &Check| match check {
        Check::Outcome(step, _) => {
            instance_of(&script.steps[*step]).map_or(Features::NONE, |instance| lacking(script, instance))
        }
        Check::Rejected(Some(wasm)) => lacking_alone(wasm),
        Check::Unlinkable(_, source) => lacking_with_imports(script, source),
        Check::Rejected(None) | Check::Untranslatable(_) => Features::NONE,
    };
    let directives = script.directives.iter();
    directives
        .map(|directive| {
            let result = judge(&directive.check);
            let lacks = if result.is_ok() { Features::NONE } else { lacks(&directive.check) };
            Verdict { line: directive.line, is_assertion: directive.is_assertion, result, lacks }
        })
        .collect()
}

/// The proposals that a source needs, or one that it imports from, and that the compiler lacks.
fn lacking(script: &Script, source: usize) -> Features {
    lacking_with_imports(script, &script.sources[source])
}

fn lacking_with_imports(script: &Script, source: &Source) -> Features {
    let providers = source.wiring.iter().map(|&(_, provider)| provider).filter(|&at| imports_from(source, at));
    providers.fold(lacking_alone(&source.wasm), |lacks, provider| lacks.union(lacking(script, provider)))
}

fn lacking_alone(wasm: &[u8]) -> Features {
    features::needed(wasm).map_or(Features::NONE, |needed| needed.without(Features::complete()))
}

struct Performance {
    outcomes: Vec<Outcome>,
    /// Those sources that could be compiled, with their index in the script.
    alive: Vec<(usize, Source)>,
}

/// Performs the steps. Modules that do not compile are taken out until the rest does, so that one of them does not
/// spoil all: their steps, and those of instances that import from them, are lost.
fn perform(script: &Script, engine: Engine) -> Performance {
    let mut alive: Vec<(usize, Source)> = script.sources.iter().cloned().enumerate().collect();
    let mut complaints: Vec<Option<String>> = vec![None; script.sources.len()];
    loop {
        let new_index = |old: usize| alive.iter().position(|&(index, _)| index == old);
        let kept: Vec<(usize, Step)> = script
            .steps
            .iter()
            .enumerate()
            .filter_map(|(index, step)| Some((index, move_step(step, new_index)?)))
            .collect();
        let steps = kept.iter().map(|(_, step)| step.clone()).collect();
        let program = program(&alive, alive.len(), Entry::Script(steps));
        let error = match run(&program, engine) {
            Ok(outcomes) => {
                let mut all: Vec<Outcome> = script.steps.iter().map(|step| lost(step, &complaints)).collect();
                for ((index, _), outcome) in kept.into_iter().zip(outcomes) {
                    all[index] = outcome;
                }
                return Performance { outcomes: all, alive };
            }
            Err(error) => error,
        };
        if alive.is_empty() {
            let outcomes = script.steps.iter().map(|step| lost(step, &complaints)).collect();
            return Performance { outcomes, alive };
        }
        let culprit = find_culprit(&alive, engine);
        bury(&mut alive, &mut complaints, culprit, format!("does not compile: {error}"));
    }
}

fn run(program: &Program<'_>, engine: Engine) -> wasmc::Result<Vec<Outcome>> {
    match engine {
        Engine::Native(variant) if variant.way == Way::Profiled => {
            native::perform_profiled(program, &variant.options(), time_limit())
        }
        Engine::Native(variant) => native::perform(program, &variant.options(), time_limit()),
        Engine::Reference => Ok(reference::perform(program)),
    }
}

fn lost(step: &Step, complaints: &[Option<String>]) -> Outcome {
    let complaint = instance_of(step).and_then(|instance| complaints[instance].clone());
    Outcome::Lost(complaint.unwrap_or_else(|| "the script does not compile".into()))
}

fn instance_of(step: &Step) -> Option<usize> {
    match step {
        Step::Instantiate(instance) => Some(*instance),
        Step::Invoke { instance, .. } | Step::GlobalGet { instance, .. } | Step::Memory { instance, .. } => {
            Some(*instance)
        }
        Step::Start | Step::End | Step::Wait(_) => None,
    }
}

fn move_step(step: &Step, new_index: impl Fn(usize) -> Option<usize>) -> Option<Step> {
    let Some(instance) = instance_of(step) else { return Some(step.clone()) };
    let instance = new_index(instance)?;
    Some(match step.clone() {
        Step::Start | Step::End | Step::Wait(_) => unreachable!("these are for no instance"),
        Step::Instantiate(_) => Step::Instantiate(instance),
        Step::Invoke { export, arguments, .. } => Step::Invoke { instance, export, arguments },
        Step::GlobalGet { export, .. } => Step::GlobalGet { instance, export },
        Step::Memory { export, .. } => Step::Memory { instance, export },
    })
}

/// The program of the first `count` sources.
fn program(alive: &[(usize, Source)], count: usize, entry: Entry) -> Program<'_> {
    let sources = alive[..count].iter().map(|(_, source)| source);
    Program { instances: sources.map(|source| instance_source(source, alive)).collect(), entry }
}

fn instance_source<'a>(source: &'a Source, alive: &[(usize, Source)]) -> InstanceSource<'a> {
    let wiring = source.wiring.iter().filter_map(|(name, old)| {
        let new = alive.iter().position(|(index, _)| index == old)?;
        Some((name.clone(), new))
    });
    InstanceSource { name: source.name.clone(), wasm: &source.wasm, wiring: wiring.collect() }
}

/// The first source that does not compile together with those before it; the last one if each seems to.
fn find_culprit(alive: &[(usize, Source)], engine: Engine) -> usize {
    let Engine::Native(variant) = engine else { return alive.len() - 1 };
    let compiles = |count: usize| {
        let steps = (0..count).map(Step::Instantiate).collect();
        let program = program(alive, count, Entry::Script(steps));
        native::compile(&program, &variant.options(), wasmc::Emit::Object).is_ok()
    };
    // Between `good` sources, which compile, and `bad` sources, which do not.
    let (mut good, mut bad) = (0, alive.len());
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if compiles(middle) { good = middle } else { bad = middle }
    }
    bad - 1
}

/// Takes out a source, and all that import from it.
fn bury(alive: &mut Vec<(usize, Source)>, complaints: &mut [Option<String>], culprit: usize, why: String) {
    let (dead, _) = alive.remove(culprit);
    complaints[dead].get_or_insert(why);
    let importers: Vec<usize> = (0..alive.len()).rev().filter(|&index| imports_from(&alive[index].1, dead)).collect();
    for importer in importers {
        let (index, _) = alive.remove(importer);
        complaints[index].get_or_insert(format!("imports from instance {dead}, which does not compile"));
    }
}

/// Whether a module imports from an instance: being wired to it is not enough.
fn imports_from(source: &Source, instance: usize) -> bool {
    let names: Vec<&String> = source.wiring.iter().filter(|&&(_, to)| to == instance).map(|(name, _)| name).collect();
    let mut payloads = wasmparser::Parser::new(0).parse_all(&source.wasm);
    payloads.any(|payload| match payload {
        Ok(wasmparser::Payload::ImportSection(section)) => {
            section.into_imports().flatten().any(|import| names.iter().any(|name| *name == import.module))
        }
        _ => false,
    })
}

/// What an expected NaN may be that is not given with its bits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nans {
    Any,
    /// As in the deterministic profile: the positive canonical one.
    Positive,
}

/// Whether a step only changes the sign of a number, as the names of functions in the suite tell.
fn keeps_nans(step: &Step) -> bool {
    matches!(step, Step::Invoke { export, .. } if export.contains("_neg_"))
}

fn compare(outcome: &Outcome, expected: &Expected, engine: Engine, nans: Nans) -> Result<(), String> {
    let matches = match (outcome, expected) {
        (Outcome::Returned(_), Expected::ReturnedAny) => true,
        (Outcome::Returned(slots), Expected::Returned(patterns)) => {
            let matches = |(&slot, pattern): (&u128, &Pattern)| match nans {
                Nans::Any => pattern.matches(slot),
                Nans::Positive => pattern.deterministic().matches(slot),
            };
            slots.len() == patterns.len() && slots.iter().zip(patterns).all(matches)
        }
        (Outcome::Trapped(code), Expected::Trapped(message)) => {
            is_message_of(*code, message)
                || engine == Engine::Reference
                    && TrapCode::ALL
                        .iter()
                        .any(|&other| reference::coarse(other) == *code && is_message_of(other, message))
        }
        _ => false,
    };
    if matches { Ok(()) } else { Err(format!("{outcome:?}; expected: {expected:?}")) }
}

/// Whether a trap is the one that an assertion's message means.
///
/// The specification's interpreter asks that the message be a prefix of its own text for the trap. Its texts are longer
/// than ours in two cases: it says which element is not initialised, and it has several sentences for null references.
fn is_message_of(code: TrapCode, message: &str) -> bool {
    match code {
        TrapCode::Unreachable => message == "unreachable",
        TrapCode::IndirectCallToNull => {
            "uninitialized element".starts_with(message)
                || message.strip_prefix("uninitialized element ").is_some_and(|index| index.parse::<u64>().is_ok())
        }
        // The suite of version 1 says 'undefined' in a few places.
        TrapCode::UndefinedElement => "undefined element".starts_with(message),
        TrapCode::NullReference => message.starts_with("null ") && message.ends_with(" reference"),
        _ => !message.is_empty() && code.message().starts_with(message),
    }
}

/// `assert_malformed` and `assert_invalid`: wasmc refuses the module, and says that it is invalid. If a proposal that
/// came after the script has made it valid, wasmc may say something else, or take it.
fn rejected(wasm: &[u8], features: WasmFeatures) -> Result<(), String> {
    let instances = vec![InstanceSource { name: "module".into(), wasm, wiring: Vec::new() }];
    let program = Program { instances, entry: Entry::Script(Vec::new()) };
    let is_later = || !is_valid(wasm, features) && is_valid(wasm, WasmFeatures::all());
    match native::check(&program, &Options::default()) {
        Err(error) if error.kind() == ErrorKind::Invalid => Ok(()),
        _ if is_later() => Ok(()),
        Ok(()) => Err("an invalid module was accepted".into()),
        Err(error) => Err(format!("an invalid module was refused as {:?}: {error}", error.kind())),
    }
}

/// Whether a module is valid with these proposals.
pub fn is_valid(wasm: &[u8], features: WasmFeatures) -> bool {
    Validator::new_with_features(features).validate_all(wasm).is_ok()
}

/// `assert_unlinkable`: wasmc refuses the module, and says that it does not fit.
fn unlinkable(alive: &[(usize, Source)], source: &Source, engine: Engine) -> Result<(), String> {
    let mut program = program(alive, alive.len(), Entry::Script(Vec::new()));
    program.instances.push(instance_source(source, alive));
    if engine == Engine::Reference {
        program.entry = Entry::Script((0..program.instances.len()).map(Step::Instantiate).collect());
        return match reference::perform(&program).last() {
            Some(Outcome::Lost(_)) => Ok(()),
            outcome => Err(format!("a module that does not link: {outcome:?}")),
        };
    }
    match native::check(&program, &Options::default()) {
        Ok(()) => Err("a module that does not link was accepted".into()),
        Err(error) if error.kind() == ErrorKind::Link => Ok(()),
        Err(error) => Err(format!("a module that does not link was refused as {:?}: {error}", error.kind())),
    }
}

fn describe(step: &Step, why: &str) -> String {
    match step {
        Step::Instantiate(_) => format!("module: {why}"),
        Step::Start | Step::End | Step::Wait(_) => format!("thread: {why}"),
        Step::Invoke { export, arguments, .. } => {
            let arguments: Vec<String> = arguments.iter().map(|slot| format!("{slot:#x}")).collect();
            format!("invoke {export:?}({}): {why}", arguments.join(", "))
        }
        Step::GlobalGet { export, .. } => format!("get {export:?}: {why}"),
        Step::Memory { export, .. } => format!("memory {export:?}: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::script::translate;

    #[test]
    fn messages_of_traps() {
        for (code, message, expected) in [
            (TrapCode::Unreachable, "unreachable", true),
            (TrapCode::Unreachable, "", false),
            (TrapCode::IndirectCallToNull, "uninitialized element", true),
            (TrapCode::IndirectCallToNull, "uninitialized element 2", true),
            (TrapCode::IndirectCallToNull, "uninitialized element of", false),
            (TrapCode::IndirectCallToNull, "uninitialized", true),
            (TrapCode::UndefinedElement, "undefined element", true),
            (TrapCode::UndefinedElement, "out of bounds table access", false),
            (TrapCode::TableOutOfBounds, "out of bounds table access", true),
            (TrapCode::TableOutOfBounds, "undefined element", false),
            (TrapCode::MemoryOutOfBounds, "out of bounds memory access", true),
            (TrapCode::StackOverflow, "call stack exhausted", true),
            (TrapCode::BadSignature, "indirect call type mismatch", true),
            (TrapCode::BadSignature, "indirect call", true),
            (TrapCode::NullReference, "null function reference", true),
        ] {
            assert_eq!(is_message_of(code, message), expected, "{code:?} {message:?}");
        }
    }

    #[test]
    fn assertions_are_judged_by_what_happened() {
        let script = translate(
            r#"(module (func (export "f") (param i32) (result i32) (i32.div_u (i32.const 6) (local.get 0))))
               (assert_return (invoke "f" (i32.const 2)) (i32.const 3))
               (assert_return (invoke "f" (i32.const 2)) (i32.const 4))
               (assert_return (invoke "f" (i32.const 0)) (i32.const 3))
               (assert_trap (invoke "f" (i32.const 0)) "integer divide by zero")
               (assert_trap (invoke "f" (i32.const 0)) "integer overflow")
               (assert_trap (invoke "f" (i32.const 1)) "integer divide by zero")"#,
        )
        .unwrap();
        let failed: Vec<usize> = judge(&script, WasmFeatures::WASM2, Engine::Reference)
            .iter()
            .filter(|verdict| verdict.result.is_err())
            .map(|verdict| verdict.line)
            .collect();
        assert_eq!(failed, [3, 4, 6, 7]);
    }

    #[test]
    fn what_a_script_does_not_know_may_be_valid() {
        let script = translate("(assert_invalid (module (memory 0) (memory 0)) \"multiple memories\")").unwrap();
        for engine in [Engine::Reference, Engine::Native(crate::spec::Variant::all().next().unwrap())] {
            let holds = |features| judge(&script, features, engine).last().unwrap().result.is_ok();
            assert!(holds(WasmFeatures::WASM2), "{engine:?}");
            assert!(!holds(WasmFeatures::WASM2 | WasmFeatures::MULTI_MEMORY), "{engine:?}");
        }
    }

    #[test]
    fn importers_of_a_dead_instance_die_with_it() {
        let source = |text: &str, wiring: &[usize]| Source {
            name: String::new(),
            wasm: wat::parse_str(text).unwrap(),
            wiring: wiring.iter().map(|&to| (format!("m{to}"), to)).collect(),
        };
        let mut alive = vec![
            (0, source("(module)", &[])),
            (1, source("(module)", &[0])),
            (2, source(r#"(module (import "m0" "f" (func)))"#, &[0, 1])),
        ];
        let mut complaints = vec![None; 3];
        bury(&mut alive, &mut complaints, 0, "broken".into());
        assert_eq!(alive.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1]);
        assert_eq!(complaints[0].as_deref(), Some("broken"));
        assert!(complaints[2].is_some());
    }
}
