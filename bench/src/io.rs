//! What WASI's layer costs: reads, writes and opens, beside the same C program compiled natively.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::measure::{self, Spread};
use crate::programs::{Compilers, Workshop};
use crate::report::{Bound, Cell, Report, Table, columns};

/// What is done, how often, and the bound of its time in native time.
const KINDS: &[(&str, u32, f64)] = &[
    ("write65536", 40_000, 1.1),
    ("read65536", 40_000, 1.1),
    ("write1", 1_000_000, 1.5),
    ("read1", 1_000_000, 1.5),
    ("open", 200_000, 1.5),
];

#[derive(clap::Args)]
pub struct Arguments {
    /// Runs of each program.
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    #[command(flatten)]
    compilers: Compilers,
}

pub fn run(arguments: &Arguments, wasmc: &Path) -> Result<Report> {
    let workshop = Workshop::new(wasmc, &arguments.compilers)?;
    let module = workshop.io()?.context("this benchmark takes a C compiler for WebAssembly: --wasi-cc")?;
    let grant = ["--dir", "."];
    let programs = [
        ("native", workshop.native_io()?),
        ("wasmc", workshop.compile(&module, "io-hardened", &grant)?),
        ("wasmc --no-harden", workshop.compile(&module, "io-plain", &["--dir", ".", "--no-harden"])?),
        ("wasmc, paths walked", workshop.compile(&module, "io-walks", &["--dir", ".", "--walk-paths"])?),
    ];
    fs::write(workshop.directory().join("io.data"), vec![0; 1 << 20])?;

    let mut report = Report::new("io");
    let mut rows = Vec::new();
    for &(kind, count, bound) in KINDS {
        let mut processes: Vec<Command> = programs
            .iter()
            .map(|(_, path)| {
                let mut command = Command::new(path);
                command.args([kind, &count.to_string()]).current_dir(workshop.directory());
                command
            })
            .collect();
        measure::in_turns(&mut processes, 1)?;
        let usages = measure::in_turns(&mut processes, arguments.runs as usize)?;
        let times: Vec<Spread> = usages
            .iter()
            .map(|usages| Spread::of(usages, |usage| usage.wall.as_secs_f64() * 1e9 / f64::from(count)))
            .collect();
        for ((name, _), time) in programs.iter().zip(&times) {
            rows.push(vec![
                Cell::Text(format!("{kind}, {name}")),
                Cell::Number(time.min, 0),
                Cell::Number(time.median, 0),
                Cell::Number(time.min / times[0].min, 2),
                Cell::Number(time.median / times[0].median, 2),
            ]);
        }
        report.target(
            format!("{kind}: time, of that of the same program compiled natively,"),
            times[1].min / times[0].min,
            Bound::AtMost(bound),
        );
    }
    report.tables.push(Table {
        title: format!("Wall time of a call in ns, {} runs each, in turns", arguments.runs),
        columns: columns(["call, program", "min", "median", "min, ratio", "median, ratio"]),
        rows,
    });
    Ok(report)
}
