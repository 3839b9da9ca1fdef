//! What a run of the suite found, as it is written to a file and read from it, and what follows from the figures.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::machine::Machine;
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
}

#[derive(Serialize, Deserialize)]
pub struct EngineInfo {
    pub name: String,
    pub kind: Kind,
    pub version: String,
    /// Of an empty program; wall time in seconds.
    pub startup: Option<Spread>,
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

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Spread {
    pub min: f64,
    pub median: f64,
}

impl Spread {
    /// Of at least one time.
    pub fn of(times: &[Duration]) -> Spread {
        let mut seconds: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
        seconds.sort_by(f64::total_cmp);
        Spread { min: seconds[0], median: seconds[seconds.len() / 2] }
    }

    pub fn without(self, startup: Spread) -> Spread {
        let less = |time: f64, start: f64| (time - start).max(0.0);
        Spread { min: less(self.min, startup.min), median: less(self.median, startup.median) }
    }
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
        let time = program.measured(engine)?.cpu.min;
        (base.cpu.min > 0.0 && time > 0.0).then(|| time / base.cpu.min)
    }

    /// Geometric mean of the ratios of an engine, and of how many programs. Nothing if there is none.
    pub fn geometric_mean(&self, engine: &str) -> Option<(f64, usize)> {
        let ratios: Vec<f64> = self.programs.iter().filter_map(|program| self.ratio(program, engine)).collect();
        let logarithms: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
        (!ratios.is_empty()).then(|| ((logarithms / ratios.len() as f64).exp(), ratios.len()))
    }

    /// Failures: program, engine, reason.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.programs.iter().flat_map(|program| {
            program.outcomes.iter().filter_map(|(engine, outcome)| match outcome {
                Outcome::Failed(why) => Some((program.name.as_str(), engine.as_str(), why.as_str())),
                Outcome::Measured(_) => None,
            })
        })
    }

    /// Tables for a terminal.
    pub fn report(&self) -> Report {
        let mut report = Report::new("suite");
        report.tables.push(self.table("Processor time of that of native, least", |program, engine| {
            let ratio = self.ratio(program, engine)?;
            Some(Cell::Number(ratio, 2))
        }));
        if let Some(table) = report.tables.last_mut() {
            table.rows.push(self.mean_row());
        }
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
        report.tables.push(self.table("Instructions, in millions", |program, engine| {
            program.measured(engine)?.instructions.map(|count| Cell::Integer(count / 1_000_000))
        }));
        report.tables.retain(|table| table.rows.iter().flatten().any(Cell::is_number));
        report.tables.push(self.engine_table());
        report.target("programs that failed on an engine", self.failures().count() as f64, Bound::AtMost(0.0));
        report
            .notes
            .extend(self.failures().map(|(program, engine, why)| format!("FAILED: {program}, {engine}: {why}")));
        for program in &self.programs {
            let why = |engine: &EngineInfo| program.measured(&engine.name)?.uncounted.as_ref();
            let uncounted = self.engines.iter().filter_map(|engine| Some((engine, why(engine)?)));
            report.notes.extend(
                uncounted.map(|(engine, why)| format!("Not counted: {}, {}: {why}", program.name, engine.name)),
            );
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

    fn mean_row(&self) -> Vec<Cell> {
        let means = self
            .engines
            .iter()
            .map(|engine| self.geometric_mean(&engine.name).map_or(Cell::from(""), |(mean, _)| Cell::Number(mean, 2)));
        [Cell::from("geometric mean")].into_iter().chain(means).collect()
    }

    fn engine_table(&self) -> Table {
        let columns = ["engine", "kind", "start-up in ms, least", "median", "programs", "version"];
        let rows = self.engines.iter().map(|engine| {
            let start = |time: fn(&Spread) -> f64| {
                engine.startup.as_ref().map_or(Cell::from(""), |spread| Cell::Number(time(spread) * 1e3, 2))
            };
            vec![
                Cell::Text(engine.name.clone()),
                Cell::from(engine.kind.name()),
                start(|spread| spread.min),
                start(|spread| spread.median),
                Cell::Integer(self.geometric_mean(&engine.name).map_or(0, |(_, programs)| programs as u64)),
                Cell::Text(engine.version.clone()),
            ]
        });
        let title = format!("Engines; start-up: wall time of an empty program, {} starts", self.starts);
        Table { title, columns: report::columns(columns), rows: rows.collect() }
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
    fn start_up_is_taken_off_but_nothing_is_below_zero() {
        let spread = Spread::of(&[3, 1, 2].map(Duration::from_secs));
        assert_eq!(spread, Spread { min: 1.0, median: 2.0 });
        assert_eq!(spread.without(Spread { min: 0.5, median: 5.0 }), Spread { min: 0.5, median: 0.0 });
    }
}
