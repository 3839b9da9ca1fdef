//! The suite: programs × engines, in one interleaved run.
//!
//! - `engines.rs`: the table of engines, and their commands
//! - `programs.rs`: the table of programs, and how they are built
//! - `growth.rs`: what compiling takes as modules grow; `generate.rs` makes the modules
//! - `interpret.rs`: an interpreter that is always there
//! - `results.rs`: the figures and what follows from them
//! - `page.rs`: the figures as a web page, with the charts of `chart.rs`

mod chart;
mod engines;
pub mod generate;
mod growth;
pub mod interpret;
mod page;
mod programs;
mod results;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::machine::Machine;
use crate::measure::{self, Spread, Usage, first_line};
use engines::{Count, ENGINES, Engine, Found, Input};
use programs::{Builder, Built, PROGRAMS};
use results::{Class, EngineInfo, Kind, Measured, Missing, Outcome, ProgramResult};

pub use results::Results;

#[derive(clap::Args)]
pub struct Arguments {
    /// Rounds: runs of each program on each engine.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// Rounds in which interpreters take part.
    #[arg(long, default_value_t = 1, value_name = "ROUNDS")]
    interpreter_rounds: u32,

    /// Starts of an empty program on each engine, as long as these take less than 20 seconds.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    starts: u32,

    /// Do this part of the work: 10 is a tenth.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    divide: u32,

    /// One round with a tenth of the work, ten starts, and large modules of a megabyte at most.
    #[arg(long)]
    quick: bool,

    /// Kill what takes longer: a compiler, or a run of a program.
    #[arg(long, default_value_t = 300, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    /// Count instructions too, of a tenth of the work, in executables that need no engine, with Valgrind's callgrind.
    #[arg(long)]
    count: bool,

    /// Do not measure what compiling large modules takes.
    #[arg(long)]
    no_growth: bool,

    /// Measure what compiling this module takes, beside the large ones that are made up. Repeatable.
    #[arg(long = "module", value_name = "FILE")]
    modules: Vec<PathBuf>,

    /// Engines to measure [default: all that are found]. Repeatable; part of a name will do.
    #[arg(long = "engine", value_name = "NAME")]
    engines: Vec<String>,

    /// Programs to measure [default: all, and those of `--wasm`]. Repeatable; part of a name will do.
    #[arg(long = "program", value_name = "NAME")]
    programs: Vec<String>,

    /// Command that compiles C to WebAssembly, such as 'python3 -m ziglang cc --target=wasm32-wasi'. Without it the
    /// programs in C are left out.
    #[arg(long, env = "WASI_CC", value_name = "COMMAND")]
    wasi_cc: Option<String>,

    /// Another program: a module with WASI. Repeatable.
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file)]
    wasm: Vec<(String, PathBuf)>,

    /// The same program as a native executable. Repeatable.
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file)]
    native: Vec<(String, PathBuf)>,

    /// Lines of output that contain this need not be the same, such as those with times. Repeatable.
    #[arg(long, value_name = "TEXT")]
    ignore: Vec<String>,

    /// Where programs are built [default: `suite` beside this program].
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,

    /// Write a web page to a file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Arguments of the programs that `--wasm` gives.
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

#[derive(clap::Args)]
pub struct PageArguments {
    /// What `suite --json` wrote.
    file: PathBuf,

    /// Print the tables that `suite` prints instead.
    #[arg(long)]
    tables: bool,
}

/// The directory of this benchmark in the repository.
fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of results as a web page.
pub fn page(arguments: &PageArguments) -> Result<String> {
    let text = fs::read_to_string(&arguments.file).with_context(|| format!("no {}", arguments.file.display()))?;
    let results: Results = serde_json::from_str(&text).context("these are no results of `suite --json`")?;
    if arguments.tables {
        let mut report = results.report();
        report.machine = Some(results.machine);
        return Ok(report.to_string());
    }
    Ok(page::render(&results))
}

pub fn run(arguments: &Arguments, wasmc: &Path) -> Result<Results> {
    let mut machine = Machine::describe();
    let directory = match &arguments.directory {
        Some(directory) => directory.clone(),
        None => std::env::current_exe()?.with_file_name("suite"),
    };
    fs::create_dir_all(&directory)?;
    let directory = directory.canonicalize()?;
    let plan = Plan::new(arguments);
    let mut missing = Vec::new();

    let engines = find_engines(arguments, wasmc, &mut missing);
    ensure!(!engines.is_empty(), "there is no engine of such a name on this machine");
    let builder = Builder { directory: &directory, wasi_cc: arguments.wasi_cc.as_deref(), divide: plan.divide };
    let mut built = build_programs(arguments, &builder, &mut missing)?;
    ensure!(!built.is_empty(), "there is no program to run: {}", missing.last().map_or("no such name", |it| &it.why));
    // What start-up takes that is taken off, as often and at the same times as the programs.
    built.push(builder.empty()?);

    let starts = start_ups(&engines, &builder, &plan)?;
    let mut entries = Vec::new();
    for program in &built {
        entries.push(compile(program, &engines, &directory, plan.limit)?);
    }
    let recorded = run_rounds(&built, &engines, &mut entries, &plan)?;
    let empty = entries.pop().context("the empty program is the last one")?;
    built.pop();
    let mut programs = Vec::new();
    for ((program, entries), output) in built.iter().zip(entries).zip(recorded) {
        let mut outcomes = BTreeMap::new();
        for (entry, (found, empty)) in entries.into_iter().zip(engines.iter().zip(&empty)) {
            let Some(entry) = entry else { continue };
            let mut outcome = if found.engine.net { entry.net(empty.as_ref()) } else { entry.outcome() };
            if let (true, Outcome::Measured(measured)) = (arguments.count, &mut outcome) {
                match instructions(found, program, &directory, plan.limit) {
                    Ok(count) => measured.instructions = count,
                    Err(error) => measured.uncounted = Some(format!("{error:#}")),
                }
            }
            outcomes.insert(found.engine.name.to_owned(), outcome);
        }
        programs.push(ProgramResult {
            name: program.name.clone(),
            class: program.class,
            module_bytes: fs::metadata(&program.module)?.len(),
            arguments: program.arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
            output,
            outcomes,
        });
    }
    let growth = match arguments.no_growth {
        true => Vec::new(),
        false => growth::measure(&engines, &builder, &plan, &arguments.modules)?,
    };
    machine.finish();
    let engines = engines.iter().zip(&starts).map(|(found, start)| EngineInfo {
        name: found.engine.name.to_owned(),
        kind: found.engine.kind,
        version: found.version.clone(),
        startup: start.map(|start| start.wall),
        starts: start.map_or(0, |start| start.times),
        empty_bytes: start.and_then(|start| start.bytes),
        net: found.engine.net,
    });
    let results = Results {
        date: date()?,
        machine,
        rounds: plan.rounds,
        interpreter_rounds: plan.interpreter_rounds,
        starts: plan.starts,
        divide: plan.divide,
        engines: engines.collect(),
        missing,
        programs,
        growth,
    };
    if let Some(file) = &arguments.html {
        fs::write(file, page::render(&results)).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(results)
}

/// How much is run.
struct Plan {
    rounds: u32,
    interpreter_rounds: u32,
    starts: u32,
    divide: u32,
    /// Of one process.
    limit: Duration,
    /// Of modules that are made up, in bytes.
    largest: u64,
    /// Lines of output with one of these are not compared.
    ignore: Vec<String>,
}

impl Plan {
    fn new(arguments: &Arguments) -> Plan {
        let limit = Duration::from_secs(arguments.limit.into());
        let ignore = arguments.ignore.clone();
        if arguments.quick {
            let largest = 1_000_000;
            return Plan { rounds: 1, interpreter_rounds: 1, starts: 10, divide: 10, limit, largest, ignore };
        }
        let &Arguments { rounds, interpreter_rounds, starts, divide, .. } = arguments;
        let interpreter_rounds = interpreter_rounds.min(rounds);
        Plan { rounds, interpreter_rounds, starts, divide, limit, largest: u64::MAX, ignore }
    }

    /// What has to be the same on all engines.
    fn compared(&self, output: &[u8]) -> Vec<u8> {
        let lines = output.split_inclusive(|&byte| byte == b'\n');
        let ignored = |line: &[u8]| {
            let line = String::from_utf8_lossy(line);
            self.ignore.iter().any(|text| line.contains(text.as_str()))
        };
        lines.filter(|line| !ignored(line)).flatten().copied().collect()
    }

    fn takes_part(&self, engine: &Engine, round: u32) -> bool {
        engine.kind != Kind::Interpreter || round < self.interpreter_rounds
    }
}

/// A program on an engine.
struct Entry {
    /// Processor time that compiling took, and the size of what it made.
    compile: Option<f64>,
    bytes: Option<u64>,
    command: Option<Command>,
    usages: Vec<Usage>,
    failure: Option<String>,
}

/// What starting takes.
#[derive(Clone, Copy)]
struct Start {
    wall: Spread,
    times: u32,
    /// Size of what was compiled.
    bytes: Option<u64>,
}

/// Those of `names` that are asked for: by their whole name, or, if none is called so, by a part of it. All, if nothing
/// is asked for.
fn chosen(names: &[&'static str], asked: &[String]) -> BTreeSet<&'static str> {
    let matching = |part: &String| {
        let exact: Vec<&str> = names.iter().copied().filter(|name| name == part).collect();
        match exact.is_empty() {
            true => names.iter().copied().filter(|name| name.contains(part.as_str())).collect(),
            false => exact,
        }
    };
    if asked.is_empty() { names.iter().copied().collect() } else { asked.iter().flat_map(matching).collect() }
}

fn find_engines(arguments: &Arguments, wasmc: &Path, missing: &mut Vec<Missing>) -> Vec<Found> {
    let names: Vec<_> = ENGINES.iter().map(|engine| engine.name).collect();
    let chosen = chosen(&names, &arguments.engines);
    let mut engines = Vec::new();
    for engine in ENGINES.iter().filter(|engine| chosen.contains(engine.name)) {
        match engine.find(wasmc) {
            Ok(found) => engines.push(found),
            Err(error) => missing.push(Missing {
                name: engine.name.to_owned(),
                why: error.to_string(),
                how_to_get: engine.how_to_get.to_owned(),
            }),
        }
    }
    engines
}

/// The programs that were chosen and can be built, then those of the user.
fn build_programs(arguments: &Arguments, builder: &Builder<'_>, missing: &mut Vec<Missing>) -> Result<Vec<Built>> {
    let given = |name: &str| arguments.wasm.iter().any(|(other, _)| other == name);
    let names: Vec<_> = PROGRAMS.iter().map(|program| program.name).collect();
    let chosen = chosen(&names, &arguments.programs);
    let selected = PROGRAMS.iter().filter(|program| !given(program.name) && chosen.contains(program.name));
    let selected: Vec<_> = selected.collect();
    let shared = builder.shared(&selected);
    let mut built = Vec::new();
    for program in selected {
        match builder.build(program, &shared) {
            Ok(program) => built.push(program),
            Err(error) => missing.push(Missing {
                name: program.name.to_owned(),
                why: format!("{error:#}"),
                how_to_get: program.how_to_get().to_owned(),
            }),
        }
    }
    for (name, file) in &arguments.wasm {
        let native = arguments.native.iter().find(|(other, _)| other == name);
        let resolve = |path: &Path| path.canonicalize().with_context(|| format!("no {}", path.display()));
        built.push(Built {
            name: name.clone(),
            class: PROGRAMS.iter().find(|program| program.name == name).map_or(Class::Given, |program| program.class),
            module: resolve(file)?,
            source: None,
            native: native.map(|(_, file)| resolve(file)).transpose()?,
            arguments: arguments.arguments.iter().map(Into::into).collect(),
            fewer: arguments.arguments.iter().map(Into::into).collect(),
        });
    }
    for (name, _) in &arguments.native {
        ensure!(arguments.wasm.iter().any(|(other, _)| other == name), "--native {name} has no --wasm {name}");
    }
    Ok(built)
}

/// Compiles a program by each engine that takes it; `None` for the others.
fn compile(program: &Built, engines: &[Found], directory: &Path, limit: Duration) -> Result<Vec<Option<Entry>>> {
    let mut entries = Vec::new();
    for found in engines {
        let takes = match found.engine.input {
            Input::Module => true,
            Input::Source => program.source.is_some(),
            Input::Native => program.native.is_some(),
        };
        entries.push(if takes { Some(Entry::new(program, found, directory, limit)?) } else { None });
    }
    Ok(entries)
}

impl Entry {
    fn new(program: &Built, found: &Found, directory: &Path, limit: Duration) -> Result<Entry> {
        let place = directory.join(programs::file_name(found.engine.name));
        fs::create_dir_all(&place)?;
        let output = place.join(programs::file_name(&program.name));
        let words = program.words(&output, &program.arguments);
        let mut entry = Entry { compile: None, bytes: None, command: None, usages: Vec::new(), failure: None };
        for mut command in found.compile(&words)? {
            let run = measure::observed(&mut command, limit)?;
            *entry.compile.get_or_insert(0.0) += run.usage.cpu.as_secs_f64();
            if let Some(failure) = run.failure() {
                entry.failure = Some(format!("its compiler: {failure}"));
                return Ok(entry);
            }
        }
        let made = if found.engine.compile.is_empty() { program.native.as_deref() } else { Some(output.as_path()) };
        if found.engine.input == Input::Native || !found.engine.compile.is_empty() {
            let made = made.context("an engine compiles or is given something compiled")?;
            entry.bytes = Some(fs::metadata(made).with_context(|| format!("no {}", made.display()))?.len());
        }
        entry.command = Some(found.run(&words)?);
        Ok(entry)
    }

    /// Runs it once. What it prints has to be `expected`, which the first to run decides.
    fn run(&mut self, expected: &mut Option<Vec<u8>>, plan: &Plan) -> Result<()> {
        let Some(command) = self.command.as_mut().filter(|_| self.failure.is_none()) else { return Ok(()) };
        let run = measure::observed(command, plan.limit)?;
        let output = plan.compared(&run.output);
        self.failure = run.failure();
        if self.failure.is_none() && *expected.get_or_insert_with(|| output.clone()) != output {
            self.failure = Some(format!("prints '{}'", first_line(&output)));
        }
        self.usages.push(run.usage);
        Ok(())
    }

    /// Its figures without those of an empty program.
    fn net(&self, empty: Option<&Entry>) -> Outcome {
        let outcome = self.outcome();
        match (outcome, empty.map(Entry::outcome)) {
            (Outcome::Measured(measured), Some(Outcome::Measured(start))) => Outcome::Measured(Measured {
                cpu: measured.cpu.without(start.cpu),
                wall: measured.wall.without(start.wall),
                taken_off: Some(start.cpu),
                ..measured
            }),
            (Outcome::Measured(_), Some(Outcome::Failed(why))) => Outcome::Failed(format!("an empty program: {why}")),
            (Outcome::Measured(_), None) => Outcome::Failed("it takes no empty program".to_owned()),
            (failed, _) => failed,
        }
    }

    fn outcome(&self) -> Outcome {
        if let Some(failure) = &self.failure {
            return Outcome::Failed(failure.clone());
        }
        if self.usages.is_empty() {
            return Outcome::Failed("never ran".to_owned());
        }
        let cpu = Spread::of(&self.usages, |usage| usage.cpu.as_secs_f64());
        let wall = Spread::of(&self.usages, |usage| usage.wall.as_secs_f64());
        let peak_bytes = self.usages.iter().map(|usage| usage.peak_bytes).max().unwrap_or(0);
        let &Entry { compile, bytes, .. } = self;
        let (instructions, uncounted) = (None, None);
        Outcome::Measured(Measured { cpu, wall, taken_off: None, peak_bytes, compile, bytes, instructions, uncounted })
    }
}

/// How long the starts of one engine may take together.
const ALL_STARTS: Duration = Duration::from_secs(20);

/// What an empty program takes, in turns. `None` of engines that cannot have one.
fn start_ups(engines: &[Found], builder: &Builder<'_>, plan: &Plan) -> Result<Vec<Option<Start>>> {
    let mut entries = compile(&builder.empty()?, engines, builder.directory, plan.limit)?;
    let mut expected = Some(Vec::new());
    // The first ones bring files into the page cache; interpreters of other languages write caches.
    for round in 0..=plan.starts as usize {
        for turn in 0..entries.len() {
            let index = (round + turn) % entries.len();
            let Some(entry) = &mut entries[index] else { continue };
            if entry.usages.iter().map(|usage| usage.wall).sum::<Duration>() < ALL_STARTS {
                entry.run(&mut expected, plan)?;
            }
            if round == 0 {
                entry.usages.clear();
            }
        }
    }
    let start = |entry: Option<Entry>| {
        let entry = entry?;
        let times = entry.usages.len().try_into().expect("as many as there are rounds");
        match entry.outcome() {
            Outcome::Measured(Measured { wall, bytes, .. }) => Some(Start { wall, times, bytes }),
            Outcome::Failed(_) => None,
        }
    };
    Ok(entries.into_iter().map(start).collect())
}

/// Runs everything in turns: in each round every program, on every engine once. Gives what programs print.
fn run_rounds(
    built: &[Built],
    engines: &[Found],
    entries: &mut [Vec<Option<Entry>>],
    plan: &Plan,
) -> Result<Vec<String>> {
    let mut expected = vec![None; built.len()];
    for round in 0..plan.rounds {
        for (entries, expected) in entries.iter_mut().zip(&mut expected) {
            for turn in 0..engines.len() {
                // Another one begins each round; the first round begins with the first native one, whose output is
                // what the others have to print.
                let index = (round as usize + turn) % engines.len();
                let Some(entry) = &mut entries[index] else { continue };
                if plan.takes_part(engines[index].engine, round) {
                    entry.run(expected, plan)?;
                }
            }
        }
    }
    Ok(expected.into_iter().map(|output| String::from_utf8_lossy(&output.unwrap_or_default()).into_owned()).collect())
}

/// Instructions that a program executes, by callgrind; `None` where that cannot tell.
fn instructions(found: &Found, program: &Built, directory: &Path, limit: Duration) -> Result<Option<u64>> {
    let place = directory.join(programs::file_name(found.engine.name));
    let mut words = program.words(&place.join(programs::file_name(&program.name)), &program.fewer);
    match found.engine.count {
        Count::No => return Ok(None),
        Count::AsItRuns => (),
        Count::Made(command) => {
            words = program.words(&place.join("counted"), &program.fewer);
            let run = measure::observed(&mut found.command(command, &words)?, limit)?;
            if let Some(failure) = run.failure() {
                bail!("its compiler: {failure}");
            }
        }
    }
    measure::instructions(&found.run(&words)?, directory, limit).map(Some)
}

/// Year, month, day, in UTC.
fn date() -> Result<String> {
    let output = Command::new("date").args(["-u", "+%F"]).output().context("cannot run date")?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn named_file(text: &str) -> Result<(String, PathBuf)> {
    let (name, file) = text.split_once('=').context("takes NAME=FILE")?;
    ensure!(!name.is_empty() && !file.is_empty(), "takes NAME=FILE");
    Ok((name.to_owned(), file.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_name_goes_before_a_part_of_one() {
        let choose = |asked: &[&str]| {
            let asked: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
            Vec::from_iter(chosen(&["gcc", "wasm2c + gcc", "wasmc", "wasmc, this CPU"], &asked))
        };
        assert_eq!(choose(&["gcc"]), ["gcc"]);
        assert_eq!(choose(&["wasm2c", "this"]), ["wasm2c + gcc", "wasmc, this CPU"]);
        assert_eq!(choose(&["nothing"]), [""; 0]);
        assert_eq!(choose(&[]).len(), 4);
    }

    #[test]
    fn lines_with_times_can_be_left_out_of_the_comparison() {
        let ignore = vec!["ticks".to_owned()];
        let limit = Duration::from_secs(1);
        let plan = Plan { rounds: 1, interpreter_rounds: 1, starts: 1, divide: 1, limit, largest: 1, ignore };
        assert_eq!(plan.compared(b"crc 1\nticks 23\nend"), b"crc 1\nend");
    }
}
