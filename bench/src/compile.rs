//! Time and memory that compiling takes, beside Wasmtime with the same number of threads.
//!
//! Wasmtime may be a library inside an interpreter that takes its own time to start. So both compilers also compile an
//! empty module, and what that takes is taken off: 'net' figures. Ratios are of net figures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::measure::{self, Spread, Usage};
use crate::programs;
use crate::report::{Bound, Cell, Report, Table, columns};

/// How many times faster two threads have to be than one.
const TARGET_SPEEDUP: f64 = 1.7;

#[derive(clap::Args)]
pub struct Arguments {
    /// Modules to compile.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Shell command by which Wasmtime compiles the file "$1" to the file "$2". RAYON_NUM_THREADS says on how many
    /// threads.
    #[arg(long, value_name = "COMMAND", default_value = r#"wasmtime compile "$1" -o "$2""#)]
    wasmtime: String,

    /// Numbers of threads.
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    threads: Vec<usize>,

    /// Compilations of each kind.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// More options for wasmc.
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    wasmc_option: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Engine {
    Wasmc,
    Wasmtime,
}

/// One engine on some threads.
#[derive(Clone, Copy)]
struct Contender {
    engine: Engine,
    threads: usize,
}

/// Seconds and MiB.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    cpu: f64,
    peak: f64,
}

pub fn run(arguments: &Arguments, wasmc: &Path) -> Result<Report> {
    let directory = TempDir::new()?;
    let empty = directory.path().join("empty.wasm");
    fs::write(&empty, programs::EMPTY_MODULE)?;
    let output = directory.path().join("output");
    let contenders: Vec<Contender> = arguments
        .threads
        .iter()
        .flat_map(|&threads| [Engine::Wasmc, Engine::Wasmtime].map(|engine| Contender { engine, threads }))
        .collect();
    let processes = |module: &Path| -> Vec<Command> {
        contenders.iter().map(|contender| contender.command(arguments, wasmc, module, &output)).collect()
    };

    let mut idle = processes(&empty);
    // The first run of an interpreter writes caches.
    measure::in_turns(&mut idle, 1)?;
    let idle = costs(&measure::in_turns(&mut idle, arguments.runs as usize)?);

    let mut report = Report::new("compile");
    for file in &arguments.files {
        let file = file.canonicalize().with_context(|| format!("cannot find {}", file.display()))?;
        let usages = measure::in_turns(&mut processes(&file), arguments.runs as usize)?;
        let full = costs(&usages);
        let net: Vec<Cost> = full.iter().zip(&idle).map(|(full, idle)| full.without(*idle)).collect();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        add_targets(&mut report, &name, &contenders, &net);
        report.tables.push(table(&name, fs::metadata(&file)?.len(), &contenders, &full, &net, &usages));
    }
    report.notes.push("CPU time is that of all threads. 'Net' is without what an empty module takes.".to_owned());
    Ok(report)
}

impl Contender {
    fn command(&self, arguments: &Arguments, wasmc: &Path, module: &Path, output: &Path) -> Command {
        match self.engine {
            Engine::Wasmc => {
                let mut command = Command::new(wasmc);
                command.arg("-j").arg(self.threads.to_string()).args(&arguments.wasmc_option);
                command.arg(module).arg("-o").arg(output);
                command
            }
            Engine::Wasmtime => {
                let mut command = Command::new("/bin/sh");
                // Replaces the shell, so that its memory and time are not counted, but for a millisecond.
                command.arg("-c").arg(format!("exec {}", arguments.wasmtime)).args(["sh".as_ref(), module, output]);
                command.env("RAYON_NUM_THREADS", self.threads.to_string());
                command
            }
        }
    }

    fn name(&self) -> String {
        let engine = match self.engine {
            Engine::Wasmc => "wasmc",
            Engine::Wasmtime => "Wasmtime",
        };
        let plural = if self.threads == 1 { "" } else { "s" };
        format!("{engine}, {} thread{plural}", self.threads)
    }
}

/// The least times, and the median of the peaks.
fn costs(usages: &[Vec<Usage>]) -> Vec<Cost> {
    let cost = |usages: &Vec<Usage>| Cost {
        wall: Spread::of(usages, |usage| usage.wall.as_secs_f64()).min,
        cpu: Spread::of(usages, |usage| usage.cpu.as_secs_f64()).min,
        peak: Spread::of(usages, |usage| usage.peak_bytes as f64 / f64::from(1 << 20)).median,
    };
    usages.iter().map(cost).collect()
}

impl Cost {
    fn without(self, idle: Cost) -> Cost {
        Cost {
            wall: (self.wall - idle.wall).max(0.0),
            cpu: (self.cpu - idle.cpu).max(0.0),
            peak: (self.peak - idle.peak).max(0.0),
        }
    }
}

fn table(
    name: &str,
    bytes: u64,
    contenders: &[Contender],
    full: &[Cost],
    net: &[Cost],
    usages: &[Vec<Usage>],
) -> Table {
    let mut rows = Vec::new();
    for (index, contender) in contenders.iter().enumerate() {
        let ratio = |number: fn(&Cost) -> f64| {
            let peer = find(contenders, Engine::Wasmtime, contender.threads);
            Cell::Number(number(&net[index]) / number(&net[peer]), 2)
        };
        rows.push(vec![
            Cell::Text(contender.name()),
            Cell::Number(full[index].wall, 2),
            Cell::Number(Spread::of(&usages[index], |usage| usage.wall.as_secs_f64()).median, 2),
            Cell::Number(full[index].cpu, 2),
            Cell::Number(full[index].peak, 0),
            Cell::Number(net[index].wall, 2),
            Cell::Number(net[index].cpu, 2),
            Cell::Number(net[index].peak, 0),
            ratio(|cost| cost.wall),
            ratio(|cost| cost.cpu),
            ratio(|cost| cost.peak),
        ]);
    }
    Table {
        title: format!("{name}, {bytes} bytes: {} compilations each, in turns", usages[0].len()),
        columns: columns([
            "compiler",
            "wall s, min",
            "median",
            "CPU s, min",
            "peak MiB",
            "net wall",
            "net CPU",
            "net peak",
            "wall, ratio",
            "CPU, ratio",
            "peak, ratio",
        ]),
        rows,
    }
}

fn add_targets(report: &mut Report, name: &str, contenders: &[Contender], net: &[Cost]) {
    for (index, contender) in contenders.iter().enumerate() {
        if contender.engine != Engine::Wasmc {
            continue;
        }
        let peer = net[find(contenders, Engine::Wasmtime, contender.threads)];
        let threads = contender.threads;
        let mut target = |figure: &str, ours: f64, theirs: f64| {
            let what = format!("{name}: {figure} on {threads} of Wasmtime's on {threads}");
            report.target(what, ours / theirs, Bound::AtMost(1.0));
        };
        target("time", net[index].wall, peer.wall);
        target("peak memory", net[index].peak, peer.peak);
    }
    let of = |threads: usize| contenders.iter().position(|it| it.engine == Engine::Wasmc && it.threads == threads);
    if let (Some(one), Some(two)) = (of(1), of(2)) {
        report.target(
            format!("{name}: speed-up by a second thread"),
            net[one].wall / net[two].wall,
            Bound::AtLeast(TARGET_SPEEDUP),
        );
    }
}

fn find(contenders: &[Contender], engine: Engine, threads: usize) -> usize {
    contenders
        .iter()
        .position(|contender| contender.engine == engine && contender.threads == threads)
        .expect("each engine runs with each number of threads")
}
