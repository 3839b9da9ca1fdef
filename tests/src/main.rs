//! The tests that are worth running for longer, or in other ways, than `cargo test` does.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command of ours, for people")]

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

use wasmc::Options;
use wasmc::options::Architecture;
use wasmc_tests::differential::generate::{Group, Terms};
use wasmc_tests::differential::{self, Difference, Totals, plan::Plan, reduce};
use wasmc_tests::parallel;
use wasmc_tests::spec::{self, Engine, Report, SETS, Status, Variant};
use wasmc_tests::steps;

const USAGE: &str = "\
usage: cargo run --release -p wasmc-tests -- COMMAND

  diff [--group GROUP] [--count N] [--seed S] [--out DIR] [--target ARCHITECTURE]
        Compares N random modules with wasmi, from seed S on. Writes those that differ to DIR, reduced. Groups:
        version-2, later, deterministic, loops; and exceptions and threads, which are compared with Wasmtime (Python's
        package `wasmtime`).
  module GROUP SEED
        Prints the module of a seed as text.
  compare [--deterministic | --loops] FILE
        Compares one module with wasmi. The calls are those that reduced modules name in comments, or made from a seed.
  wast [--set NAME] [--script PART] [--engine NAME] [--all] [FILE...]
        Runs the specification's test suite, or other scripts, and prints a table. Engines: guard, explicit,
        unoptimized, these with an architecture (aarch64-guard), wasmi. --all: the sets that are not supported, too.
";

fn main() -> ExitCode {
    let mut arguments: VecDeque<String> = env::args().skip(1).collect();
    let command = arguments.pop_front();
    let result = match command.as_deref() {
        Some("diff") => diff(arguments),
        Some("module") => module(arguments),
        Some("compare") => compare(arguments),
        Some("wast") => wast(arguments),
        _ => Err(USAGE.to_string()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

/// The value after an option.
fn value(arguments: &mut VecDeque<String>, option: &str) -> Result<String, String> {
    arguments.pop_front().ok_or_else(|| format!("{option} needs a value\n{USAGE}"))
}

fn parse_group(name: &str) -> Result<Group, String> {
    Group::parse(name).ok_or_else(|| format!("no group {name}"))
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("not a number: {text}"))
}

fn diff(mut arguments: VecDeque<String>) -> Result<bool, String> {
    let (mut group, mut count, mut seed, mut out) = (Group::Version2, 10_000, 0, None);
    let mut architecture = Options::default().architecture;
    while let Some(option) = arguments.pop_front() {
        match option.as_str() {
            "--group" => group = parse_group(&value(&mut arguments, &option)?)?,
            "--count" => count = number(&value(&mut arguments, &option)?)?,
            "--seed" => seed = number(&value(&mut arguments, &option)?)?,
            "--target" => {
                let name = value(&mut arguments, &option)?;
                architecture = Architecture::parse(&name).ok_or_else(|| format!("no architecture {name}"))?;
            }
            "--out" => out = Some(PathBuf::from(value(&mut arguments, &option)?)),
            _ => return Err(USAGE.to_string()),
        }
    }
    let totals = differential::run(group, architecture, seed, count as usize, |totals: &Totals| {
        if totals.modules % 1000 < 4 {
            eprintln!("{totals}");
        }
    });
    for failure in &totals.failures {
        println!("seed {} ({:?}): {}", failure.seed, failure.options, failure.what);
        let Some(directory) = &out else { continue };
        let written = || -> std::io::Result<()> {
            fs::create_dir_all(directory)?;
            fs::write(directory.join(format!("{}.wasm", failure.seed)), &failure.wasm)?;
            if group.needs_wasmtime() {
                return Ok(());
            }
            let plan = Plan::of(failure.wasm.clone(), failure.seed, group.terms());
            let reduced = reduce::reduce(&plan, &failure.options);
            let text = reduce::describe(&reduced, &failure.what);
            fs::write(directory.join(format!("{}.reduced.wat", failure.seed)), text)
        };
        written().map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    println!("{totals}");
    Ok(totals.failures.is_empty())
}

fn module(mut arguments: VecDeque<String>) -> Result<bool, String> {
    let group = parse_group(&value(&mut arguments, "module")?)?;
    let seed = number(&value(&mut arguments, "module")?)?;
    let plan = Plan::make(group, seed);
    print!("{}", reduce::describe(&plan, &format!("seed {seed}")));
    for (step, outcome) in &plan.steps {
        println!(";; {step:x?}: {outcome:?}");
    }
    Ok(true)
}

fn compare(mut arguments: VecDeque<String>) -> Result<bool, String> {
    let terms = match arguments.front().map(String::as_str) {
        Some("--deterministic") => Group::Deterministic.terms(),
        Some("--loops") => Group::Loops.terms(),
        _ => Terms::default(),
    };
    if terms != Terms::default() {
        arguments.pop_front();
    }
    let file = value(&mut arguments, "compare")?;
    let wasm = wat::parse_file(&file).map_err(|error| error.to_string())?;
    let calls = reduce::calls(&fs::read(&file).unwrap_or_default());
    let plan = match &calls[..] {
        [] => Plan::of(wasm, 0, terms),
        calls => Plan::with_calls(wasm, 0, terms, calls),
    };
    for (step, outcome) in &plan.steps {
        println!("{step:x?}: {outcome:?}");
    }
    let mut is_equal = true;
    for seed in [0, 3, 5, 6, 7] {
        let options = differential::options(Options::default().architecture, seed);
        for difference in differential::compare(std::slice::from_ref(&plan), &options) {
            let what = match difference {
                Difference::Real(failure) => failure.what,
                Difference::StackOnly => "the native stack is exhausted".to_string(),
            };
            println!("{options:?}: {what}");
            is_equal = false;
        }
    }
    Ok(is_equal)
}

fn wast(mut arguments: VecDeque<String>) -> Result<bool, String> {
    let native = Variant::all().next().map_or(Engine::Reference, Engine::Native);
    let (mut set_name, mut part, mut engine, mut all) = (None, String::new(), native, false);
    let mut paths: Vec<String> = Vec::new();
    while let Some(option) = arguments.pop_front() {
        match option.as_str() {
            "--set" => set_name = Some(value(&mut arguments, &option)?),
            "--script" => part = value(&mut arguments, &option)?,
            "--all" => all = true,
            "--engine" => {
                let name = value(&mut arguments, &option)?;
                let mut engines = Variant::all().map(Engine::Native).chain([Engine::Reference]);
                engine = engines.find(|engine| engine.name() == name).ok_or_else(|| USAGE.to_string())?;
            }
            _ if option.starts_with('-') => return Err(USAGE.to_string()),
            _ => paths.push(option),
        }
    }
    if !paths.is_empty() {
        let texts = paths.into_iter().map(|path| match fs::read_to_string(&path) {
            Ok(text) => Ok((path, text)),
            Err(error) => Err(format!("{path}: {error}")),
        });
        let texts: Vec<(String, String)> = texts.collect::<Result<_, _>>()?;
        let run =
            |(path, text): &(String, String)| (path.clone(), spec::run_text(path, text, steps::features(), engine));
        return Ok(show(&parallel::map(&texts, run)));
    }
    let chosen = SETS.iter().filter(|set| match &set_name {
        Some(name) => set.name == name,
        None => all || set.status == Status::Supported,
    });
    let files = chosen.flat_map(|set| set.scripts().into_iter().map(move |file| (set, file)));
    let files: Vec<_> = files.filter(|(_, file)| file.name().contains(&part)).collect();
    Ok(show(&parallel::map(&files, |(set, file)| {
        (format!("{}/{}", set.name, file.name()), spec::run(set, file, engine))
    })))
}

/// Prints what came of scripts, and says whether all passed.
fn show(rows: &[(String, Report)]) -> bool {
    for (name, report) in rows.iter().filter(|(_, report)| !report.failures.is_empty()) {
        println!("{name}: {}", report.describe());
    }
    print!("{}", spec::table(rows));
    rows.iter().all(|(_, report)| report.failures.is_empty())
}
