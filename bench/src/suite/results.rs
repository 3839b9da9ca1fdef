//! What a run of the suite found, as it is written to a file and read from it, and what follows from the figures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::measure::Spread;
use crate::report::{self, Bound, Cell, Report, Table};

#[derive(Serialize, Deserialize)]
pub struct Results {
    pub date: String,
    pub machine: Machine,
    /// Rounds for all engines but interpreters, and for those.
    pub rounds: u32,
    pub interpreter_rounds: u32,
    pub starts: u32,
    /// The amount of work was divided by this.
    pub divide: u32,
    /// In the order of columns.
    pub engines: Vec<EngineInfo>,
    pub missing: Vec<Missing>,
    pub programs: Vec<ProgramResult>,
    /// What compiling takes, by size.
    #[serde(default)]
    pub growth: Vec<Compiling>,
}

#[derive(Serialize, Deserialize)]
pub struct EngineInfo {
    pub name: String,
    pub kind: Kind,
    pub version: String,
    /// Of an empty program; wall time in seconds.
    pub startup: Option<Spread>,
    /// How often it was started for that.
    #[serde(default)]
    pub starts: u32,
    /// Size of what its compiler makes of an empty program.
    #[serde(default)]
    pub empty_bytes: Option<u64>,
    /// Start-up is taken off the figures.
    pub net: bool,
}

/// An engine or a program that was not measured.
#[derive(Serialize, Deserialize)]
pub struct Missing {
    pub name: String,
    pub why: String,
    pub how_to_get: String,
}

#[derive(Serialize, Deserialize)]
pub struct ProgramResult {
    pub name: String,
    pub class: Class,
    pub module_bytes: u64,
    pub arguments: Vec<String>,
    /// What it printed, natively if it ran so: everyone else has to print the same.
    pub output: String,
    /// By name of the engine.
    pub outcomes: BTreeMap<String, Outcome>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Native,
    AheadOfTime,
    JustInTime,
    Interpreter,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A loop or two, all of it under our eyes.
    Kernel,
    /// What people run: parsers, compressors, interpreters.
    System,
    /// What the standard library of a language makes of it.
    Language,
    /// Of the user.
    Given,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Measured(Measured),
    /// The compiler or the program failed, or printed something else.
    Failed(String),
}

/// Times in seconds, start-up taken off where the engine is net.
#[derive(Serialize, Deserialize)]
pub struct Measured {
    /// In user and in kernel mode, all threads.
    pub cpu: Spread,
    pub wall: Spread,
    /// Processor time of an empty program, which was taken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_off: Option<Spread>,
    pub peak_bytes: u64,
    /// Processor time of the compiler.
    pub compile: Option<f64>,
    /// Size of what the compiler made.
    pub bytes: Option<u64>,
    pub instructions: Option<u64>,
    /// Why instructions were not counted, though they should have been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncounted: Option<String>,
}

/// What compiling a module takes.
#[derive(Serialize, Deserialize)]
pub struct Compiling {
    pub name: String,
    pub shape: Shape,
    pub bytes: u64,
    /// By name of the engine.
    pub outcomes: BTreeMap<String, Compiled>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Made up, of many functions.
    Functions,
    /// Made up, of one.
    OneFunction,
    /// Of the user.
    Given,
}

/// Least times in seconds, and least peak of memory, without what an empty module takes.
#[derive(Default, Serialize, Deserialize)]
pub struct Compiled {
    pub wall: f64,
    /// In user and in kernel mode, all threads.
    pub cpu: f64,
    pub peak_bytes: u64,
    /// Why there is no figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Compiled {
    /// Takes whatever is less in another compilation. That one of them failed stays.
    pub fn lower_to(&mut self, other: Compiled) {
        self.wall = self.wall.min(other.wall);
        self.cpu = self.cpu.min(other.cpu);
        self.peak_bytes = self.peak_bytes.min(other.peak_bytes);
        self.failure = self.failure.take().or(other.failure);
    }

    pub fn without(self, idle: Compiled) -> Compiled {
        Compiled {
            wall: (self.wall - idle.wall).max(0.0),
            cpu: (self.cpu - idle.cpu).max(0.0),
            peak_bytes: self.peak_bytes.saturating_sub(idle.peak_bytes),
            failure: self.failure.or(idle.failure),
        }
    }
}

impl Measured {
    /// Whether start-up was so much of it that what is left is mostly the noise of that.
    pub fn is_too_short(&self) -> bool {
        self.taken_off.is_some_and(|start| self.cpu.min < start.min / 4.0)
    }

    /// Least processor time, if ratios can be made of it.
    fn time(&self) -> Option<f64> {
        (self.cpu.min > 0.0 && !self.is_too_short()).then_some(self.cpu.min)
    }
}

/// The engine that this is all about.
pub const OURS: &str = "wasmc";

/// A ratio to native code that is worth a compiler engineer's time.
const SLOWER: f64 = 1.15;

/// Linear, but for what caches do to large data.
const LINEAR: f64 = 1.1;

/// Modules that it takes to say how compiling grows.
const POINTS: usize = 3;

/// Geometric mean, and of how many. Nothing of none.
fn mean(ratios: impl Iterator<Item = f64>) -> Option<(f64, usize)> {
    let (sum, count) = ratios.fold((0.0, 0), |(sum, count), ratio| (sum + ratio.ln(), count + 1));
    (count > 0).then(|| ((sum / count as f64).exp(), count))
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Native => "native",
            Kind::AheadOfTime => "ahead of time",
            Kind::JustInTime => "just in time",
            Kind::Interpreter => "interpreter",
        }
    }
}

impl ProgramResult {
    pub fn measured(&self, engine: &str) -> Option<&Measured> {
        match self.outcomes.get(engine)? {
            Outcome::Measured(measured) => Some(measured),
            Outcome::Failed(_) => None,
        }
    }
}

impl Results {
    /// The native engine that the ratios of a program are of: the first one that could run it.
    pub fn base<'a>(&'a self, program: &'a ProgramResult) -> Option<(&'a EngineInfo, &'a Measured)> {
        let native = self.engines.iter().filter(|engine| engine.kind == Kind::Native);
        native.filter_map(|engine| Some((engine, program.measured(&engine.name)?))).next()
    }

    /// Least processor time over that of the base.
    pub fn ratio(&self, program: &ProgramResult, engine: &str) -> Option<f64> {
        let (_, base) = self.base(program)?;
        Some(program.measured(engine)?.time()? / base.time()?)
    }

    /// Geometric mean of the ratios of an engine, and of how many programs. Nothing if there is none.
    pub fn geometric_mean(&self, engine: &str) -> Option<(f64, usize)> {
        mean(self.programs.iter().filter_map(|program| self.ratio(program, engine)))
    }

    /// The same, of the ratios to Wasmtime.
    pub fn mean_to_wasmtime(&self, engine: &str) -> Option<(f64, usize)> {
        mean(self.programs.iter().filter_map(|program| self.ratio_to_wasmtime(program, engine)))
    }

    /// The engine that ratios to Wasmtime are of, if it is there: its command, or its library.
    pub fn wasmtime(&self) -> Option<&EngineInfo> {
        let ran = |engine: &&EngineInfo| self.programs.iter().any(|program| program.measured(&engine.name).is_some());
        self.engines.iter().filter(|engine| engine.name.starts_with("Wasmtime")).find(ran)
    }

    /// Least processor time over that of Wasmtime.
    pub fn ratio_to_wasmtime(&self, program: &ProgramResult, engine: &str) -> Option<f64> {
        let base = program.measured(&self.wasmtime()?.name)?.time()?;
        Some(program.measured(engine)?.time()? / base)
    }

    /// Instructions over those of the base, in the same work.
    pub fn instruction_ratio(&self, program: &ProgramResult, engine: &str) -> Option<f64> {
        let base = self.base(program)?.1.instructions?;
        Some(program.measured(engine)?.instructions? as f64 / base as f64)
    }

    /// Points of an engine in the growth of made-up modules: bytes, and what it takes for them.
    pub fn growth_of(&self, engine: &str, number: impl Fn(&Compiled) -> f64) -> Vec<(f64, f64)> {
        let made = self.growth.iter().filter(|compiling| compiling.shape == Shape::Functions);
        made.filter_map(|compiling| {
            let compiled = compiling.outcomes.get(engine).filter(|compiled| compiled.failure.is_none())?;
            Some((compiling.bytes as f64, number(compiled)))
        })
        .collect()
    }

    /// The power of a module's size with which time or memory grow, from 100 kB on: 1 is linear. It is the slope of a
    /// line through the logarithms. Nothing for fewer than [`POINTS`].
    pub fn exponent(&self, engine: &str, number: impl Fn(&Compiled) -> f64) -> Option<f64> {
        let points = self.growth_of(engine, number).into_iter().filter(|&(bytes, value)| bytes >= 1e5 && value > 0.0);
        let points: Vec<(f64, f64)> = points.map(|(bytes, value)| (bytes.ln(), value.ln())).collect();
        if points.len() < POINTS {
            return None;
        }
        let count = points.len() as f64;
        let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
        let covariance: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
        let variance: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
        Some(covariance / variance)
    }

    /// Failures: program or module, engine, reason.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let programs = self.programs.iter().flat_map(|program| {
            program.outcomes.iter().filter_map(|(engine, outcome)| match outcome {
                Outcome::Failed(why) => Some((program.name.as_str(), engine.as_str(), why.as_str())),
                Outcome::Measured(_) => None,
            })
        });
        let modules = self.growth.iter().flat_map(|compiling| {
            compiling.outcomes.iter().filter_map(|(engine, compiled)| {
                Some((compiling.name.as_str(), engine.as_str(), compiled.failure.as_deref()?))
            })
        });
        programs.chain(modules)
    }

    /// Tables for a terminal.
    pub fn report(&self) -> Report {
        let mut report = Report::new("suite");
        report.tables.push(self.table("Processor time of that of native, least", |program, engine| {
            match self.ratio(program, engine) {
                Some(ratio) => Some(Cell::Number(ratio, 2)),
                None => program.measured(engine)?.is_too_short().then(|| Cell::from("too short to tell")),
            }
        }));
        if let Some(table) = report.tables.last_mut() {
            table.rows.push(self.mean_row("geometric mean", |engine| self.geometric_mean(engine)));
            if self.wasmtime().is_some() {
                table.rows.push(self.mean_row("of Wasmtime's", |engine| self.mean_to_wasmtime(engine)));
            }
        }
        report.tables.extend(self.behind());
        let seconds = |number: fn(&Measured) -> f64| {
            move |program: &ProgramResult, engine: &str| Some(Cell::Number(number(program.measured(engine)?), 3))
        };
        report.tables.push(self.table("Processor time in s, least", seconds(|measured| measured.cpu.min)));
        report.tables.push(self.table("Processor time in s, median", seconds(|measured| measured.cpu.median)));
        report.tables.push(self.table("Wall time in s, least", seconds(|measured| measured.wall.min)));
        report.tables.push(self.table("Compiling: processor time in s", |program, engine| {
            program.measured(engine)?.compile.map(|time| Cell::Number(time, 3))
        }));
        report.tables.push(self.table("Size of what was compiled, in bytes", |program, engine| {
            program.measured(engine)?.bytes.map(Cell::Integer)
        }));
        report.tables.push(self.table("Peak memory while running, in KiB", |program, engine| {
            Some(Cell::Integer(program.measured(engine)?.peak_bytes >> 10))
        }));
        report.tables.push(self.table(
            "Instructions, in millions, of a tenth of the work (of given programs: of all)",
            |program, engine| program.measured(engine)?.instructions.map(|count| Cell::Integer(count / 1_000_000)),
        ));
        report.tables.push(self.table("Instructions over those of native", |program, engine| {
            self.instruction_ratio(program, engine).map(|ratio| Cell::Number(ratio, 2))
        }));
        report.tables.retain(|table| table.rows.iter().flatten().any(Cell::is_number));
        if !self.growth.is_empty() {
            report
                .tables
                .push(self.growth_table("Compiling: wall time in s", |compiled| Cell::Number(compiled.wall, 3)));
            report
                .tables
                .push(self.growth_table("Compiling: processor time in s", |compiled| Cell::Number(compiled.cpu, 3)));
            report.tables.push(
                self.growth_table("Compiling: peak memory in MiB", |compiled| Cell::Integer(compiled.peak_bytes >> 20)),
            );
        }
        report.tables.push(self.engine_table());
        self.targets(&mut report);
        report
            .notes
            .extend(self.failures().map(|(program, engine, why)| format!("FAILED: {program}, {engine}: {why}")));
        for engine in &self.engines {
            let too_short =
                |program: &&ProgramResult| program.measured(&engine.name).is_some_and(Measured::is_too_short);
            let names: Vec<&str> = self.programs.iter().filter(too_short).map(|it| it.name.as_str()).collect();
            if !names.is_empty() {
                let names = names.join("; ");
                report.notes.push(format!("Too short to tell, beside start-up: {}, {names}.", engine.name));
            }
            let why = |program: &ProgramResult| program.measured(&engine.name)?.uncounted.clone();
            let mut programs = BTreeMap::<String, Vec<&str>>::new();
            for program in &self.programs {
                if let Some(why) = why(program) {
                    programs.entry(why).or_default().push(&program.name);
                }
            }
            let note = |(why, programs): (String, Vec<&str>)| {
                let names =
                    if programs.len() > 3 { format!("{} programs", programs.len()) } else { programs.join("; ") };
                format!("Not counted: {}, {names}: {why}.", engine.name)
            };
            report.notes.extend(programs.into_iter().map(note));
        }
        report.notes.extend(self.missing.iter().map(|missing| {
            let Missing { name, why, how_to_get } = missing;
            format!("Not measured: {name} ({why}). {how_to_get}.")
        }));
        report
    }

    /// Programs × engines.
    fn table(&self, title: &str, cell: impl Fn(&ProgramResult, &str) -> Option<Cell>) -> Table {
        let columns = ["program"].into_iter().chain(self.engines.iter().map(|engine| engine.name.as_str()));
        let rows = self.programs.iter().map(|program| {
            let cells = self.engines.iter().map(|engine| match program.outcomes.get(&engine.name) {
                Some(Outcome::Failed(_)) => Cell::from("FAILED"),
                _ => cell(program, &engine.name).unwrap_or(Cell::from("")),
            });
            [Cell::from(program.name.as_str())].into_iter().chain(cells).collect()
        });
        Table { title: title.to_owned(), columns: report::columns(columns), rows: rows.collect() }
    }

    fn mean_row(&self, title: &str, mean: impl Fn(&str) -> Option<(f64, usize)>) -> Vec<Cell> {
        let means = self
            .engines
            .iter()
            .map(|engine| mean(&engine.name).map_or(Cell::from(""), |(mean, _)| Cell::Number(mean, 2)));
        [Cell::from(title)].into_iter().chain(means).collect()
    }

    /// What holds on any machine.
    fn targets(&self, report: &mut Report) {
        // Whatever the CPU that it compiles for.
        let failed = self.failures().filter(|(_, engine, _)| engine.starts_with(OURS)).count();
        report.target("programs and modules that failed on wasmc", failed as f64, Bound::AtMost(0.0));
        let is_asked_for = !self.growth.is_empty() && self.engines.iter().any(|engine| engine.name == OURS);
        for (what, number) in [("time", (|it| it.cpu) as fn(&Compiled) -> f64), ("memory", |it| it.peak_bytes as f64)] {
            match self.exponent(OURS, number) {
                Some(exponent) => {
                    let what = format!("power of a module's size with which compile {what} grows");
                    report.target(what, exponent, Bound::AtMost(LINEAR));
                }
                None if is_asked_for => {
                    report.target(
                        format!("modules that tell how compile {what} grows"),
                        0.0,
                        Bound::AtLeast(POINTS as f64),
                    );
                }
                None => {}
            }
        }
    }

    /// Where wasmc is slower than native code by more than is fair, or than Wasmtime at all.
    fn behind(&self) -> Option<Table> {
        let number = |number: Option<f64>| number.map_or(Cell::from(""), |number| Cell::Number(number, 2));
        let mut rows = Vec::new();
        for program in &self.programs {
            let (native, wasmtime) = (self.ratio(program, OURS), self.ratio_to_wasmtime(program, OURS));
            if native.is_some_and(|ratio| ratio > SLOWER) || wasmtime.is_some_and(|ratio| ratio > 1.0) {
                let name = Cell::Text(program.name.clone());
                let instructions = self.instruction_ratio(program, OURS);
                rows.push((native, vec![name, number(native), number(wasmtime), number(instructions)]));
            }
        }
        rows.sort_by(|one, other| other.0.partial_cmp(&one.0).expect("times are numbers"));
        let title = format!("Where wasmc takes more than {SLOWER} of native code's time, or more than Wasmtime");
        let columns = report::columns(["program", "of native", "of Wasmtime", "instructions, of native"]);
        (!rows.is_empty()).then(|| Table { title, columns, rows: rows.into_iter().map(|(_, row)| row).collect() })
    }

    /// Modules × engines that compile.
    fn growth_table(&self, title: &str, cell: impl Fn(&Compiled) -> Cell) -> Table {
        let compiles = |engine: &&EngineInfo| self.growth.iter().any(|it| it.outcomes.contains_key(&engine.name));
        let engines: Vec<&EngineInfo> = self.engines.iter().filter(compiles).collect();
        let columns = ["module", "bytes"].into_iter().chain(engines.iter().map(|engine| engine.name.as_str()));
        let rows = self.growth.iter().map(|compiling| {
            let cells = engines.iter().map(|engine| match compiling.outcomes.get(&engine.name) {
                None => Cell::from(""),
                Some(compiled) if compiled.failure.is_some() => Cell::from("FAILED"),
                Some(compiled) => cell(compiled),
            });
            [Cell::from(compiling.name.as_str()), Cell::Integer(compiling.bytes)].into_iter().chain(cells).collect()
        });
        Table { title: title.to_owned(), columns: report::columns(columns), rows: rows.collect() }
    }

    fn engine_table(&self) -> Table {
        let columns =
            ["engine", "kind", "start-up in ms, least", "median", "starts", "size of nothing", "programs", "version"];
        let rows = self.engines.iter().map(|engine| {
            let start = |time: fn(&Spread) -> f64| {
                engine.startup.as_ref().map_or(Cell::from(""), |spread| Cell::Number(time(spread) * 1e3, 2))
            };
            vec![
                Cell::Text(engine.name.clone()),
                Cell::from(engine.kind.name()),
                start(|spread| spread.min),
                start(|spread| spread.median),
                Cell::Integer(engine.starts.into()),
                engine.empty_bytes.map_or(Cell::from(""), Cell::Integer),
                Cell::Integer(self.geometric_mean(&engine.name).map_or(0, |(_, programs)| programs as u64)),
                Cell::Text(engine.version.clone()),
            ]
        });
        let title =
            "Engines; start-up: wall time of an empty program; size of nothing: what it is compiled to, in bytes";
        Table { title: title.to_owned(), columns: report::columns(columns), rows: rows.collect() }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Two engines that ran two programs, one of which failed on one.
    pub fn example() -> Results {
        serde_json::from_str(include_str!("example.json")).expect("a valid file of results")
    }

    #[test]
    fn ratios_are_of_the_first_native_engine_that_has_a_figure() {
        let results = example();
        let [first, second] = &results.programs[..] else { panic!("two programs") };
        assert_eq!(results.base(first).unwrap().0.name, "clang");
        assert_eq!(results.ratio(first, "wasmc"), Some(1.5));
        assert_eq!(results.base(second).unwrap().0.name, "native");
        assert_eq!(results.ratio(second, "wasmc"), Some(6.0));
        assert_eq!(results.ratio(second, "wasmi"), None);
    }

    #[test]
    fn the_geometric_mean_is_of_what_was_measured() {
        let results = example();
        let (mean, programs) = results.geometric_mean("wasmc").unwrap();
        assert!((mean - 3.0).abs() < 1e-9, "{mean}");
        assert_eq!(programs, 2);
        let (mean, programs) = results.geometric_mean("wasmi").unwrap();
        assert!((mean - 20.0).abs() < 1e-9, "{mean}");
        assert_eq!(programs, 1);
        assert_eq!(results.geometric_mean("nobody"), None);
    }

    #[test]
    fn the_report_shows_failures_and_how_to_get_what_is_missing() {
        let text = example().report().to_string();
        assert!(text.contains("FAILED: json, wasmi: prints 'json 0'"), "{text}");
        assert!(text.contains("Not measured: Node (no node). Debian `nodejs`."), "{text}");
        assert!(text.contains("geometric mean"), "{text}");
        // Nobody counted.
        assert!(!text.contains("Instructions"), "{text}");
    }

    #[test]
    fn growth_is_a_power_of_the_size() {
        let results = example();
        // From 100 kB on.
        let exponent = results.exponent("wasmc", |compiled| compiled.cpu).unwrap();
        assert!((exponent - 1.0).abs() < 1e-9, "{exponent}");
        assert_eq!(results.exponent("nobody", |compiled| compiled.cpu), None);
        let text = results.report().to_string();
        assert!(text.contains("holds: power of a module's size with which compile time grows is 1.00"), "{text}");
        assert!(text.contains("FAILED"), "{text}");
    }

    #[test]
    fn a_target_sees_what_failed_and_what_is_missing() {
        let missed = |results: &Results| {
            let report = results.report();
            let missed = report.targets.iter().filter(|target| !target.holds).map(|target| target.what.clone());
            missed.collect::<Vec<_>>()
        };
        let mut results = example();
        // A module that is compiled as modules grow.
        assert_eq!(missed(&results), ["programs and modules that failed on wasmc"]);
        results.growth.retain(|compiling| compiling.shape == Shape::Functions);
        assert_eq!(missed(&results), [""; 0]);
        let failed = Outcome::Failed("prints 'gemm 0'".to_owned());
        results.programs[0].outcomes.insert("wasmc, this CPU".to_owned(), failed);
        results.growth.truncate(2);
        let few = ["modules that tell how compile time grows", "modules that tell how compile memory grows"];
        assert_eq!(missed(&results), [&["programs and modules that failed on wasmc"], &few[..]].concat());
        results.growth.clear();
        assert_eq!(missed(&results).len(), 1, "nobody asked for it");
    }

    #[test]
    fn what_is_short_beside_start_up_has_no_ratio() {
        let mut results = example();
        let Some(Outcome::Measured(measured)) = results.programs[0].outcomes.get_mut("wasmc") else { panic!() };
        measured.taken_off = Some(Spread { min: 6.0, median: 6.0 });
        assert_eq!(results.ratio(&results.programs[0], "wasmc"), Some(1.5));
        let Some(Outcome::Measured(measured)) = results.programs[0].outcomes.get_mut("wasmc") else { panic!() };
        measured.taken_off = Some(Spread { min: 6.1, median: 6.1 });
        assert_eq!(results.ratio(&results.programs[0], "wasmc"), None);
        let text = results.report().to_string();
        let note = "Too short to tell, beside start-up: wasmc, gemm.";
        assert!(text.contains("| too short to tell |") && text.contains(note), "{text}");
    }

    #[test]
    fn what_is_behind_is_listed_worst_first() {
        let text = example().report().to_string();
        let (_, behind) = text.split_once("Where wasmc takes more than 1.15 of native code's time").unwrap();
        assert!(behind.find("json").unwrap() < behind.find("gemm").unwrap(), "{text}");
    }
}
