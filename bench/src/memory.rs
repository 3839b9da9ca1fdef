//! Memory that a running hello world takes, beside a static C program: what `/proc` says while it waits for input.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::programs::{Compilers, Workshop};
use crate::report::{Bound, Cell, Report, Table, columns};

/// KiB above the static C program.
const TARGET: f64 = 200.0;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    compilers: Compilers,
}

pub fn run(arguments: &Arguments, wasmc: &Path) -> Result<Report> {
    let workshop = Workshop::new(wasmc, &arguments.compilers)?;
    let module = workshop.waits()?.context("this benchmark takes a C compiler for WebAssembly: --wasi-cc")?;
    let programs = [("static C", workshop.native_waits()?), ("wasmc", workshop.compile(&module, "waits-wasmc", &[])?)];
    let mut rows = Vec::new();
    let mut resident = Vec::new();
    for (name, path) in &programs {
        let [rss, private, peak] = look(path)?;
        rows.push(vec![Cell::from(*name), Cell::Integer(rss), Cell::Integer(private), Cell::Integer(peak)]);
        resident.push(rss as f64);
    }
    let mut report = Report::new("memory");
    report.tables.push(Table {
        title: "Memory of a waiting process in KiB".to_owned(),
        columns: columns(["program", "resident", "of it private", "peak"]),
        rows,
    });
    let above = resident[1] - resident[0];
    report.target("KiB resident above a static C program", above, Bound::AtMost(TARGET));
    Ok(report)
}

/// KiB: resident, private, and the most that was resident.
fn look(program: &Path) -> Result<[u64; 3]> {
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().context("a pipe was asked for")?).read_line(&mut line)?;
    ensure!(line == "hello\n", "{} says '{line}'", program.display());
    let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", child.id()))?;
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    drop(child.stdin.take());
    ensure!(child.wait()?.success(), "{} failed", program.display());
    Ok([
        field(&rollup, "Rss:")?,
        field(&rollup, "Private_Clean:")? + field(&rollup, "Private_Dirty:")?,
        field(&status, "VmHWM:")?,
    ])
}

fn field(text: &str, name: &str) -> Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
