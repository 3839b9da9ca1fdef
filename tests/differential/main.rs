//! Random modules, natively and in wasmi: see [`wasmc_tests::differential`].
//!
//! For longer: `cargo run --release -p wasmc-tests -- diff --group later --count 100000 --seed 1 --out DIRECTORY`. What
//! it finds, reduced, goes to `cases/`, whose modules run always.

#![expect(clippy::print_stdout, reason = "sums, and what is skipped")]

use std::fs;
use std::path::Path;

use wasmc::Options;
use wasmc::options::{Architecture, BoundsChecks, OptLevel};
use wasmc_tests::differential::{self, Difference, generate::Group, generate::Terms, plan::Plan};
use wasmc_tests::emulator;

/// Modules of each group, with seeds from 0 on; half of them have several memories or 64-bit indices. 2 000 take about
/// ten seconds; `WASMC_DIFF_COUNT` changes the number.
fn count() -> usize {
    std::env::var("WASMC_DIFF_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(2000)
}

#[test]
fn random_modules_do_the_same() {
    for &group in Group::ALL {
        compare_random_modules(group, Options::default().architecture, count());
    }
}

/// Fewer, since the emulator takes its time.
#[test]
fn random_modules_do_the_same_on_other_architectures() {
    for architecture in emulator::foreign() {
        if emulator::can_run(architecture) {
            for &group in Group::ALL {
                compare_random_modules(group, architecture, count() / 2);
            }
        } else {
            println!("skipped: no QEMU for {}", architecture.name());
        }
    }
}

fn compare_random_modules(group: Group, architecture: Architecture, count: usize) {
    let totals = differential::run(group, architecture, 0, count, |_| {});
    println!("{} on {}: {totals}", group.name(), architecture.name());
    let failures: Vec<String> = totals
        .failures
        .iter()
        .take(10)
        .map(|failure| format!("seed {} ({:?}): {}\n", failure.seed, failure.options, failure.what))
        .collect();
    assert!(failures.is_empty(), "{totals}; the first:\n{}", failures.join("\n"));
    assert!(totals.inconclusive * 50 < totals.modules, "too many are inconclusive: {totals}");
}

#[test]
fn cases_do_the_same() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("differential/cases");
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "wat"));
    files.sort();
    assert!(!files.is_empty());
    let default = Options::default();
    let mut ways = vec![
        default.clone(),
        Options { bounds_checks: BoundsChecks::Explicit, ..default.clone() },
        Options { opt_level: OptLevel::None, ..default.clone() },
    ];
    let foreign = emulator::foreign().filter(|&architecture| emulator::can_run(architecture));
    ways.extend(foreign.map(|architecture| Options { architecture, ..default.clone() }));
    for file in files {
        let wasm = wat::parse_file(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let plan = Plan::of(wasm, 0, Terms::default());
        assert!(!plan.is_cut_short, "{}: wasmi cannot run it", file.display());
        for options in &ways {
            if let Some(difference) = differential::compare(std::slice::from_ref(&plan), options).pop() {
                let what = match difference {
                    Difference::Real(failure) => failure.what,
                    Difference::StackOnly => "the native stack is exhausted".to_string(),
                };
                panic!("{} ({options:?}): {what}", file.display());
            }
        }
    }
}
