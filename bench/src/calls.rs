//! What a call between a program and a library costs, beside wasm2c, whose guest runs on the host's stack.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::programs::output;
use crate::report::{Bound, Cell, Report, Table, columns};

const CALLS_WAT: &str = include_str!("../programs/calls.wat");
const CALLS_C: &str = include_str!("../programs/calls.c");

/// Nanoseconds of a call of the guest, or of the host.
const TARGET: f64 = 15.0;

#[derive(clap::Args)]
pub struct Arguments {
    /// Command that compiles C.
    #[arg(long, value_name = "COMMAND", default_value = "cc")]
    cc: String,

    /// Directory with the sources of wasm2c's runtime. Without wasm2c, wat2wasm and this, they are left out.
    #[arg(long, value_name = "DIRECTORY", default_value = "/usr/share/wabt/wasm2c")]
    wasm2c_runtime: PathBuf,

    /// A flag for wasmc, such as `--bounds-checks=explicit`. Repeatable.
    #[arg(long = "wasmc-option", value_name = "FLAG")]
    wasmc_options: Vec<String>,
}

pub fn run(arguments: &Arguments, wasmc: &Path) -> Result<Report> {
    let directory = TempDir::new()?;
    let place = directory.path();
    fs::write(place.join("calls.wat"), CALLS_WAT)?;
    fs::write(place.join("calls.c"), CALLS_C)?;
    let run = |program: &str, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).current_dir(place).status();
        let status = status.with_context(|| format!("cannot run {program}"))?;
        ensure!(status.success(), "{program} {arguments:?} failed");
        Ok(())
    };

    let mut compile = vec!["calls.wat", "--emit", "staticlib", "--header", "calls.h"];
    compile.extend(arguments.wasmc_options.iter().map(String::as_str));
    run(&wasmc.display().to_string(), &compile)?;
    run(&arguments.cc, &["-O2", "-o", "ours", "calls.c", "libcalls.a"])?;
    let ours = times(&place.join("ours"))?;

    let mut report = Report::new("calls");
    let mut columns = columns(["ns a call", "wasmc"]);
    let mut theirs = Vec::new();
    if arguments.wasm2c_runtime.join("wasm-rt-impl.c").is_file() {
        run("wat2wasm", &["calls.wat", "-o", "calls.wasm"])?;
        run("wasm2c", &["calls.wasm", "-n", "calls", "-o", "calls-w2c.c"])?;
        let runtime = arguments.wasm2c_runtime.join("wasm-rt-impl.c").display().to_string();
        let include = format!("-I{}", arguments.wasm2c_runtime.display());
        let sources = ["calls.c", "calls-w2c.c", &runtime];
        for (column, flag) in [("wasm2c", "-DPLAIN"), ("wasm2c, traps caught", "-DCATCH")] {
            let flags = ["-O2", "-DWASM2C", flag, &include, "-I.", "-o", "theirs"];
            run(&arguments.cc, &[&flags[..], &sources[..], &["-lm"][..]].concat())?;
            theirs.push(times(&place.join("theirs"))?);
            columns.push(column.to_owned());
        }
    } else {
        report.notes.push("wasm2c's runtime is missing: it is left out.".to_owned());
    }
    let names = ["host → guest", "host → guest → host → guest", "guest → host"];
    let rows = names.iter().enumerate().map(|(index, name)| {
        let mut row = vec![Cell::from(*name), Cell::Number(ours[index], 1)];
        row.extend(theirs.iter().map(|times| Cell::Number(times[index], 1)));
        row
    });
    report.tables.push(Table {
        title: "Calls and their returns, least of 300 batches".to_owned(),
        columns,
        rows: rows.collect(),
    });
    for (name, time) in names.iter().zip(ours) {
        report.target(format!("{name}, ns"), time, Bound::AtMost(TARGET));
    }
    Ok(report)
}

fn times(program: &Path) -> Result<[f64; 3]> {
    let text = output(program)?;
    let times = text.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    times.try_into().map_err(|_| anyhow::anyhow!("the program says '{text}'"))
}
