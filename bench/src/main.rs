//! Measures wasmc beside its peers. `BENCHMARKING.md` has the rules and the recipe.
//!
//! - `measure.rs`: one process: time, processor time, memory
//! - `machine.rs`: what it ran on
//! - `programs.rs`: the programs that are measured, built from source
//! - `startup.rs`, `size.rs`, `memory.rs`, `memory64.rs`, `io.rs`, `calls.rs`, `compile.rs`: one benchmark each
//! - `suite/`: programs × engines
//! - `report.rs`: tables, targets, JSON

mod calls;
mod compile;
mod io;
mod machine;
mod measure;
mod memory;
mod memory64;
mod programs;
mod report;
mod size;
mod startup;
mod suite;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};

use machine::Machine;
use report::Report;

/// Measures wasmc beside its peers.
#[derive(Parser)]
#[command(name = "wasmc-bench", max_term_width = 100)]
struct Arguments {
    /// [default: suite]
    #[command(subcommand)]
    benchmark: Option<Benchmark>,

    /// The compiler to measure [default: the one beside this program].
    #[arg(long, global = true, value_name = "PATH")]
    wasmc: Option<PathBuf>,

    /// Print JSON instead of tables.
    #[arg(long, global = true)]
    json: bool,

    /// Fail (exit status 1) if a target is missed.
    #[arg(long, global = true)]
    check: bool,
}

#[derive(Subcommand)]
enum Benchmark {
    /// How long programs take on all engines of the machine.
    Suite(suite::Arguments),
    /// Makes a web page of what `suite --json` wrote.
    Page(suite::PageArguments),
    /// Runs a module in the interpreter that `suite` measures.
    #[command(hide = true)]
    Interpret(suite::interpret::Arguments),
    /// How long a hello world takes, from fork to exit.
    Startup(startup::Arguments),
    /// What is in a hello world.
    Size(size::Arguments),
    /// Memory that a running hello world takes.
    Memory(memory::Arguments),
    /// What 64-bit addresses cost, in loops over memory.
    Memory64(memory64::Arguments),
    /// What reads, writes and opens cost.
    Io(io::Arguments),
    /// What calls between a program and a library cost.
    Calls(calls::Arguments),
    /// Time and memory that compiling takes.
    Compile(compile::Arguments),
}

#[expect(clippy::print_stdout, reason = "the report is what this program is for")]
fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let benchmark = match arguments.benchmark {
        Some(benchmark) => benchmark,
        None => Arguments::parse_from([env!("CARGO_PKG_NAME"), "suite"]).benchmark.context("a benchmark")?,
    };
    // These two measure nothing.
    match &benchmark {
        Benchmark::Page(options) => {
            print!("{}", suite::page(options)?);
            return Ok(ExitCode::SUCCESS);
        }
        Benchmark::Interpret(options) => return suite::interpret::run(options),
        _ => (),
    }

    let wasmc = wasmc_path(arguments.wasmc)?;
    let mut machine = Machine::describe();
    let mut report = match &benchmark {
        Benchmark::Suite(options) => {
            let results = suite::run(options, &wasmc)?;
            let report = results.report();
            if arguments.json {
                // The figures themselves, of which `page` makes a web page.
                println!("{}", serde_json::to_string_pretty(&results)?);
                return Ok(status(&report, arguments.check));
            }
            report
        }
        Benchmark::Startup(options) => startup::run(options, &wasmc)?,
        Benchmark::Size(options) => size::run(options, &wasmc)?,
        Benchmark::Memory(options) => memory::run(options, &wasmc)?,
        Benchmark::Memory64(options) => memory64::run(options, &wasmc)?,
        Benchmark::Io(options) => io::run(options, &wasmc)?,
        Benchmark::Calls(options) => calls::run(options, &wasmc)?,
        Benchmark::Compile(options) => compile::run(options, &wasmc)?,
        Benchmark::Page(_) | Benchmark::Interpret(_) => unreachable!("these are done"),
    };
    machine.finish();
    report.machine = Some(machine);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(status(&report, arguments.check))
}

fn status(report: &Report, check: bool) -> ExitCode {
    if check && !report.all_targets_hold() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The compiler's command, as an absolute path.
fn wasmc_path(given: Option<PathBuf>) -> Result<PathBuf> {
    let path = match given {
        Some(path) => path,
        None => std::env::current_exe()?.with_file_name("wasmc"),
    };
    ensure!(path.is_file(), "there is no {}: run `cargo build --release -p wasmc`, or give --wasmc", path.display());
    path.canonicalize().with_context(|| format!("cannot resolve {}", path.display()))
}
