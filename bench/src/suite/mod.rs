//! The suite: programs × engines, in one interleaved run.
//!
//! - `engines.rs`: the table of engines, and their commands
//! - `programs.rs`: the table of programs, and how they are built
//! - `interpret.rs`: an interpreter that is always there
//! - `results.rs`: the figures and what follows from them
//! - `page.rs`: the figures as a web page

mod engines;
pub mod interpret;
mod page;
mod programs;
mod results;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::machine::Machine;
use crate::measure::{self, Usage};
use engines::{Count, ENGINES, Engine, Found, Input};
use programs::{Builder, Built, PROGRAMS};
use results::{Class, EngineInfo, Kind, Measured, Missing, Outcome, ProgramResult, Spread};

pub use results::Results;

#[derive(clap::Args)]
pub struct Arguments {
    /// Rounds: runs of each program on each engine.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,

    /// Rounds in which interpreters take part.
    #[arg(long, default_value_t = 1, value_name = "ROUNDS")]
    interpreter_rounds: u32,

    /// Starts of an empty program on each engine.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    starts: u32,

    /// Do this part of the work: 10 is a tenth.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    divide: u32,

    /// One round with a tenth of the work, and ten starts.
    #[arg(long)]
    quick: bool,

    /// Count instructions too, of executables that need no engine, with Valgrind's callgrind.
    #[arg(long)]
    count: bool,

    /// Engines to measure [default: all that are found]. Repeatable; part of a name will do.
    #[arg(long = "engine", value_name = "NAME")]
    engines: Vec<String>,

    /// Programs to measure [default: all]. Repeatable; part of a name will do.
    #[arg(long = "program", value_name = "NAME")]
    programs: Vec<String>,

    /// Command that compiles C to WebAssembly, such as 'python3 -m ziglang cc --target=wasm32-wasi'. Without it the
    /// programs in C are left out.
    #[arg(long, env = "WASI_CC", value_name = "COMMAND")]
    wasi_cc: Option<String>,

    /// Another program: a module. Repeatable.
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file)]
    wasm: Vec<(String, PathBuf)>,

    /// The same program as a native executable. Repeatable.
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file)]
    native: Vec<(String, PathBuf)>,

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
}

/// The directory of this benchmark in the repository.
fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of results as a web page.
pub fn page(arguments: &PageArguments) -> Result<String> {
    let text = fs::read_to_string(&arguments.file).with_context(|| format!("no {}", arguments.file.display()))?;
    let results: Results = serde_json::from_str(&text).context("these are no results of `suite --json`")?;
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
    let built = build_programs(arguments, &builder, &mut missing)?;
    ensure!(!built.is_empty(), "there is no program to run: {}", missing.last().map_or("no such name", |it| &it.why));

    let starts = start_ups(&engines, &builder, plan.starts)?;
    let mut entries = Vec::new();
    for program in &built {
        entries.push(compile(program, &engines, &directory)?);
    }
    let recorded = run_rounds(&built, &engines, &mut entries, &plan)?;
    let mut programs = Vec::new();
    for ((program, entries), output) in built.iter().zip(entries).zip(recorded) {
        let mut outcomes = BTreeMap::new();
        for (entry, (found, start)) in entries.into_iter().zip(engines.iter().zip(&starts)) {
            let Some(entry) = entry else { continue };
            let mut outcome = entry.outcome(found.engine.net.then_some(*start).flatten());
            if let (true, Outcome::Measured(measured)) = (arguments.count, &mut outcome) {
                match instructions(found, program, &directory) {
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
    machine.finish();
    let engines = engines.iter().zip(&starts).map(|(found, start)| EngineInfo {
        name: found.engine.name.to_owned(),
        kind: found.engine.kind,
        version: found.version.clone(),
        startup: start.map(|start| start.wall),
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
}

impl Plan {
    fn new(arguments: &Arguments) -> Plan {
        if arguments.quick {
            return Plan { rounds: 1, interpreter_rounds: 1, starts: 10, divide: 10 };
        }
        let &Arguments { rounds, interpreter_rounds, starts, divide, .. } = arguments;
        Plan { rounds, interpreter_rounds: interpreter_rounds.min(rounds), starts, divide }
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
    cpu: Spread,
    wall: Spread,
}

/// Whether a list of parts of names, if there is one, has one for this name.
fn chosen(name: &str, parts: &[String]) -> bool {
    parts.is_empty() || parts.iter().any(|part| name.contains(part.as_str()))
}

fn find_engines(arguments: &Arguments, wasmc: &Path, missing: &mut Vec<Missing>) -> Vec<Found> {
    let mut engines = Vec::new();
    for engine in ENGINES.iter().filter(|engine| chosen(engine.name, &arguments.engines)) {
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
    // Who gives programs wants them measured, and others only if they are named.
    let all = arguments.wasm.is_empty() || !arguments.programs.is_empty();
    let selected = PROGRAMS.iter().filter(|program| all && chosen(program.name, &arguments.programs));
    let selected: Vec<_> = selected.collect();
    let samples = match selected.iter().any(|program| matches!(program.source, programs::Source::Rust)) {
        true => builder.samples().map_err(|error| error.to_string()),
        false => Err(String::new()),
    };
    let mut built = Vec::new();
    for program in selected {
        match builder.build(program, samples.as_ref().map_err(String::as_str)) {
            Ok(program) => built.push(program),
            Err(error) => missing.push(Missing {
                name: program.name.to_owned(),
                why: format!("{error:#}"),
                how_to_get: "BENCHMARKING.md says which compilers there are".to_owned(),
            }),
        }
    }
    for (name, file) in &arguments.wasm {
        let native = arguments.native.iter().find(|(other, _)| other == name);
        let resolve = |path: &Path| path.canonicalize().with_context(|| format!("no {}", path.display()));
        built.push(Built {
            name: name.clone(),
            class: Class::Given,
            module: resolve(file)?,
            source: None,
            native: native.map(|(_, file)| resolve(file)).transpose()?,
            arguments: arguments.arguments.iter().map(Into::into).collect(),
        });
    }
    for (name, _) in &arguments.native {
        ensure!(arguments.wasm.iter().any(|(other, _)| other == name), "--native {name} has no --wasm {name}");
    }
    Ok(built)
}

/// Compiles a program by each engine that takes it; `None` for the others.
fn compile(program: &Built, engines: &[Found], directory: &Path) -> Result<Vec<Option<Entry>>> {
    let mut entries = Vec::new();
    for found in engines {
        let takes = match found.engine.input {
            Input::Module => true,
            Input::Source => program.source.is_some(),
            Input::Native => program.native.is_some(),
        };
        entries.push(if takes { Some(Entry::new(program, found, directory)?) } else { None });
    }
    Ok(entries)
}

impl Entry {
    fn new(program: &Built, found: &Found, directory: &Path) -> Result<Entry> {
        let place = directory.join(programs::file_name(found.engine.name));
        fs::create_dir_all(&place)?;
        let output = place.join(programs::file_name(&program.name));
        let words = program.words(&output);
        let mut entry = Entry { compile: None, bytes: None, command: None, usages: Vec::new(), failure: None };
        for mut command in found.compile(&words)? {
            let run = measure::observed(&mut command)?;
            *entry.compile.get_or_insert(0.0) += run.usage.cpu.as_secs_f64();
            if !run.status.success() {
                entry.failure = Some(format!("its compiler gives {}: {}", run.status, first_line(&run.errors)));
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
    fn run(&mut self, expected: &mut Option<Vec<u8>>) -> Result<()> {
        let Some(command) = self.command.as_mut().filter(|_| self.failure.is_none()) else { return Ok(()) };
        let run = measure::observed(command)?;
        if !run.status.success() {
            self.failure = Some(format!("{}: {}", run.status, first_line(&run.errors)));
        } else if *expected.get_or_insert_with(|| run.output.clone()) != run.output {
            self.failure = Some(format!("prints '{}'", first_line(&run.output)));
        }
        self.usages.push(run.usage);
        Ok(())
    }

    fn outcome(&self, net: Option<Start>) -> Outcome {
        let spread = |time: fn(&Usage) -> Duration| Spread::of(&self.usages.iter().map(time).collect::<Vec<_>>());
        if let Some(failure) = &self.failure {
            return Outcome::Failed(failure.clone());
        }
        if self.usages.is_empty() {
            return Outcome::Failed("never ran".to_owned());
        }
        let (mut cpu, mut wall) = (spread(|usage| usage.cpu), spread(|usage| usage.wall));
        if let Some(start) = net {
            (cpu, wall) = (cpu.without(start.cpu), wall.without(start.wall));
        }
        let peak_bytes = self.usages.iter().map(|usage| usage.peak_bytes).max().unwrap_or(0);
        let &Entry { compile, bytes, .. } = self;
        let (instructions, uncounted) = (None, None);
        Outcome::Measured(Measured { cpu, wall, peak_bytes, compile, bytes, instructions, uncounted })
    }
}

/// What an empty program takes, in turns. `None` of engines that cannot have one.
fn start_ups(engines: &[Found], builder: &Builder<'_>, starts: u32) -> Result<Vec<Option<Start>>> {
    let mut entries = compile(&builder.empty()?, engines, builder.directory)?;
    let mut expected = Some(Vec::new());
    // The first ones bring files into the page cache; interpreters of other languages write caches.
    for round in 0..=starts as usize {
        for turn in 0..entries.len() {
            let index = (round + turn) % entries.len();
            let Some(entry) = &mut entries[index] else { continue };
            entry.run(&mut expected)?;
            if round == 0 {
                entry.usages.clear();
            }
        }
    }
    let start = |entry: Option<Entry>| match entry?.outcome(None) {
        Outcome::Measured(measured) => Some(Start { cpu: measured.cpu, wall: measured.wall }),
        Outcome::Failed(_) => None,
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
                    entry.run(expected)?;
                }
            }
        }
    }
    Ok(expected.into_iter().map(|output| String::from_utf8_lossy(&output.unwrap_or_default()).into_owned()).collect())
}

/// Instructions that a program executes, by callgrind; `None` where that cannot tell.
fn instructions(found: &Found, program: &Built, directory: &Path) -> Result<Option<u64>> {
    let place = directory.join(programs::file_name(found.engine.name));
    let mut words = program.words(&place.join(programs::file_name(&program.name)));
    match found.engine.count {
        Count::No => return Ok(None),
        Count::AsItRuns => (),
        Count::Made(command) => {
            words = program.words(&place.join("counted"));
            let run = measure::observed(&mut found.command(command, &words)?)?;
            ensure!(run.status.success(), "its compiler gives {}: {}", run.status, first_line(&run.errors));
        }
    }
    measure::instructions(&found.run(&words)?, directory).map(Some)
}

/// The first line that says something: of a report of an error, what it was.
fn first_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().chars().take(200).collect()
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
