//! Tests of WASI preview 1.
//!
//! - [`case`]: the files in `cases/`: scripts of WASI calls and what must come of them, made by [`script`], [`module`],
//!   [`transcript`] and [`host`]; [`functions`] is their table of what there is, and [`coverage`] holds it together
//!   with the cases;
//! - [`attacks`]: attacks that need more than a script, and the list of all; [`guest`] compiles and runs;
//! - [`harden`]: filters of system calls, each made for one function;
//! - [`inspect`]: what `wasmc inspect` tells of grants; [`programs`]: C programs that use files and sockets much;
//! - [`suite`]: the public test suite, if it is there.

mod attacks;
mod case;
mod coverage;
mod functions;
mod guest;
mod harden;
mod host;
mod inspect;
mod module;
mod programs;
mod script;
mod suite;
mod transcript;

use std::fs;
use std::path::{Path, PathBuf};

use case::{Case, Resolver};
use libtest_mimic::{Arguments, Failed, Trial};
use wasmc_tests::golden;

/// The files of `cases/`, with their cases.
struct File {
    path: PathBuf,
    preface: Vec<String>,
    cases: Vec<Case>,
}

fn main() {
    let arguments = Arguments::from_args();
    let files = files();
    if golden::is_blessing() {
        bless(files, &arguments);
        return;
    }
    let mut trials = coverage::trials(files.iter().flat_map(|file| &file.cases));
    let names: Vec<String> = files.iter().flat_map(|file| &file.cases).map(|case| case.name.clone()).collect();
    trials.extend(attacks::trials(names.into_iter()));
    for file in files {
        let subject = file.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for case in file.cases {
            for resolver in Resolver::on_all_architectures() {
                let name = format!("{subject}: {} [{}]", case.name, resolver.name());
                let case = case.clone();
                let trial = Trial::test(name, move || case.check(resolver).map_err(Failed::from));
                trials.push(trial.with_ignored_flag(!resolver.can_run()));
            }
        }
    }
    trials.extend(harden::trials());
    trials.extend(inspect::trials());
    trials.extend(programs::trials());
    trials.extend(suite::trials());
    libtest_mimic::run(&arguments, trials).exit()
}

fn files() -> Vec<File> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("wasi/cases");
    let mut paths: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let (preface, cases) = case::parse(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        File { path, preface, cases }
    };
    paths.into_iter().map(read).collect()
}

/// Rewrites the results of the cases that the filter chooses.
fn bless(files: Vec<File>, arguments: &Arguments) {
    let mut complaints = Vec::new();
    for mut file in files {
        for case in &mut file.cases {
            let is_chosen = arguments.filter.as_ref().is_none_or(|filter| case.name.contains(filter));
            if is_chosen && let Err(why) = case.bless() {
                complaints.push(format!("{}: {}: {why}", file.path.display(), case.name));
            }
        }
        fs::write(&file.path, case::print(&file.preface, &file.cases)).unwrap();
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
