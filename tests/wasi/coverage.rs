//! Holds the table of functions together with the cases, and with the table that compiler and runtime share.

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::{Failed, Trial};
use wasmc_abi::wasi::Type;
use wasmc_tests::process::End;

use super::case::Case;
use super::functions::{FUNCTIONS, Function};
use super::guest::{self, Guest};

/// Results that the cases expect of each function.
type Expected = BTreeMap<&'static str, BTreeSet<String>>;

pub fn trials<'a>(cases: impl Iterator<Item = &'a Case>) -> Vec<Trial> {
    let mut expected = Expected::new();
    let mut broken = Vec::new();
    for case in cases {
        for step in &case.steps {
            match super::script::Call::parse(&step.call) {
                Ok(call) => {
                    let results = Case::expected(step).map(str::to_owned);
                    expected.entry(call.function.name).or_default().extend(results);
                }
                Err(why) => broken.push(format!("{}: {}: {why}", case.name, step.call)),
            }
        }
    }
    vec![
        Trial::test("coverage: every line can be read", move || complain(&broken)),
        Trial::test("coverage: the table is that of compiler and runtime", || complain(&differences())),
        Trial::test("coverage: both modules have every function", || both_modules().map_err(Failed::from)),
        Trial::test("coverage: every function succeeds and gives each of its errors", move || {
            complain(&missing(&expected))
        }),
    ]
}

fn complain(complaints: &[String]) -> Result<(), Failed> {
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n").into()) }
}

fn differences() -> Vec<String> {
    let mut complaints = Vec::new();
    // The last one is wasi-threads', and no function of preview 1.
    let shared = &wasmc_abi::wasi::FUNCTIONS[..wasmc_abi::wasi::THREAD_SPAWN];
    if shared.len() != FUNCTIONS.len() {
        complaints.push(format!("{} functions there, {} here", shared.len(), FUNCTIONS.len()));
    }
    for (theirs, ours) in shared.iter().zip(FUNCTIONS) {
        if theirs.name != ours.name || theirs.parameters != ours.wasm_parameters() {
            complaints.push(format!(
                "{} {:?}, but {} {:?}",
                theirs.name,
                theirs.parameters,
                ours.name,
                ours.wasm_parameters()
            ));
        }
        if theirs.result.is_none() != ours.ends() {
            complaints.push(format!("does {} return?", ours.name));
        }
    }
    complaints
}

/// A module that imports every function under both names of the module compiles; no name of ours can be imported.
fn both_modules() -> Result<(), String> {
    let import = |module: &str, name: &str, function: &Function| {
        let parameters: Vec<&str> =
            function.wasm_parameters().iter().map(|kind| if *kind == Type::I32 { "i32" } else { "i64" }).collect();
        let result = if function.ends() { "" } else { "(result i32)" };
        format!("(import \"{module}\" \"{name}\" (func (param {}) {result}))", parameters.join(" "))
    };
    let (of_unstable, common): (Vec<&Function>, Vec<&Function>) =
        FUNCTIONS.iter().partition(|function| function.import().0 == "wasi_unstable");
    let mut imports = String::new();
    for function in &common {
        imports += &import("wasi_snapshot_preview1", function.name, function);
        let has_own = of_unstable.iter().any(|other| other.import().1 == function.name);
        if !has_own {
            imports += &import("wasi_unstable", function.name, function);
        }
    }
    for function in &of_unstable {
        imports += &import("wasi_unstable", function.import().1, function);
    }
    let module =
        |imports: &str| format!("(module {imports} (memory (export \"memory\") 1) (func (export \"_start\")))");
    let guest = Guest::compile(module(&imports), &["--harden=off"])?;
    guest::expect(&guest.run()?, End::Exit(0))?;
    for name in ["wasi_snapshot_preview1", "wasi_unstable"] {
        let imports = import(name, of_unstable[0].name, of_unstable[0]);
        if Guest::compile(module(&imports), &[]).is_ok() {
            return Err(format!("{name} has {}", of_unstable[0].name));
        }
    }
    Ok(())
}

fn missing(expected: &Expected) -> Vec<String> {
    let mut complaints = Vec::new();
    for function in FUNCTIONS {
        let Some(seen) = expected.get(function.name) else {
            complaints.push(format!("{} is never called", function.name));
            continue;
        };
        let success = if function.ends() { None } else { Some("success") };
        let wanted: BTreeSet<&str> = function.errors().chain(success).collect();
        let seen: BTreeSet<&str> = seen.iter().map(String::as_str).collect();
        let lacking: Vec<_> = wanted.difference(&seen).collect();
        let unlisted: Vec<_> = seen.difference(&wanted).collect();
        if !lacking.is_empty() || !unlisted.is_empty() {
            complaints.push(format!("{}: never {lacking:?}; not in the table {unlisted:?}", function.name));
        }
    }
    complaints
}
