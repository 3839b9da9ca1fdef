//! How long a hello world takes, from fork to exit, beside a static C program and beside the least that a process can
//! do.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::measure::{self, Spread, Usage};
use crate::programs::{self, Compilers, Workshop};
use crate::report::{Bound, Cell, Report, Table, columns};

/// Of the static C hello's time.
const TARGET: f64 = 1.5;

#[derive(clap::Args)]
pub struct Arguments {
    /// Starts of each program.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    #[command(flatten)]
    compilers: Compilers,
}

pub fn run(arguments: &Arguments, wasmc: &Path) -> Result<Report> {
    let workshop = Workshop::new(wasmc, &arguments.compilers)?;
    let mut programs = vec![
        ("static C hello", workshop.native_hello()?),
        ("least possible", workshop.floor()?),
        ("wasmc, .wat hello", workshop.compile(&workshop.wat_hello()?, "wat-hello", &[])?),
        ("wasmc --no-harden, .wat hello", workshop.compile(&workshop.wat_hello()?, "wat-plain", &["--no-harden"])?),
    ];
    let mut report = Report::new("startup");
    match workshop.c_hello()? {
        Some(module) => programs.push(("wasmc, C printf hello", workshop.compile(&module, "c-hello", &[])?)),
        None => report.notes.push("Without the C printf hello: --wasi-cc names no compiler.".to_owned()),
    }
    for (name, path) in &programs {
        let output = programs::output(path)?;
        ensure!(output.to_lowercase().starts_with("hello"), "{name} says '{output}'");
    }

    let mut processes: Vec<Command> = programs.iter().map(|(_, path)| Command::new(path)).collect();
    // Files come into the page cache, the processor wakes up.
    measure::in_turns(&mut processes, 20)?;
    let usages = measure::in_turns(&mut processes, arguments.runs as usize)?;

    let microseconds: Vec<Spread> =
        usages.iter().map(|usages| Spread::of(usages, |usage| usage.wall.as_secs_f64() * 1e6)).collect();
    let mean = |usages: &Vec<Usage>| {
        usages.iter().map(|usage| usage.wall.as_secs_f64() * 1e6).sum::<f64>() / usages.len() as f64
    };
    let base = microseconds[0];
    let mut rows = Vec::new();
    for (((name, _), time), usages) in programs.iter().zip(&microseconds).zip(&usages) {
        rows.push(vec![
            Cell::from(*name),
            Cell::Number(time.min, 0),
            Cell::Number(time.median, 0),
            Cell::Number(mean(usages), 0),
            Cell::Number(time.min / base.min, 2),
            Cell::Number(time.median / base.median, 2),
        ]);
        if name.starts_with("wasmc,") {
            let what = format!("median time of {name}, of that of a static C hello,");
            report.target(what, time.median / base.median, Bound::AtMost(TARGET));
        }
    }
    report.tables.push(Table {
        title: format!("Wall time of a process in µs, {} starts each, in turns", arguments.runs),
        columns: columns(["program", "min", "median", "mean", "min, ratio", "median, ratio"]),
        rows,
    });
    Ok(report)
}
