//! What 64-bit addresses cost: loops over memory, compiled from one source for 32-bit and for 64-bit addresses, once
//! with a memory of constant size and once with one that grows.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::measure::{self, Spread};
use crate::programs::{Compilers, Workshop, output};
use crate::report::{Bound, Cell, Report, Table, columns};

/// The functions of `wide.c`.
const KERNELS: &[&str] = &["matrix", "copy", "sort", "hash", "sieve", "crc", "tree", "blur"];

/// Time with 64-bit addresses of that with 32-bit ones.
const TARGET: f64 = 1.35;

#[derive(clap::Args)]
pub struct Arguments {
    /// Runs of each program.
    #[arg(long, default_value_t = 15)]
    rounds: usize,

    /// Command that compiles C for `--target=wasm32` and `--target=wasm64`, without a library.
    #[arg(long, value_name = "COMMAND", default_value = "clang-22")]
    clang: String,

    /// Count instructions too, with Valgrind's callgrind.
    #[arg(long)]
    callgrind: bool,

    /// A flag for wasmc, such as `--cpu=native`. Repeatable.
    #[arg(long = "wasmc-option", value_name = "FLAG")]
    wasmc_options: Vec<String>,
}

pub fn run(arguments: &Arguments, wasmc: &Path) -> Result<Report> {
    ensure!(arguments.rounds > 0, "without a run there is nothing to say");
    let compilers = Compilers::default();
    let workshop = Workshop::new(wasmc, &compilers)?;
    let mut report = Report::new("memory64");
    for (title, definitions) in [("of constant size", &[][..]), ("that grows", &["-DGROWS"][..])] {
        let mut rows = Vec::new();
        for kernel in KERNELS {
            let programs = ["wasm32", "wasm64"].map(|target| build(arguments, &workshop, kernel, target, definitions));
            let [narrow, wide] = programs;
            let (narrow, wide) = (narrow?, wide?);
            ensure!(output(&narrow)? == output(&wide)?, "{kernel} says something else with 64-bit addresses");

            let mut commands = [&narrow, &wide].map(Command::new);
            let usages = measure::in_turns(&mut commands, arguments.rounds)?;
            let [narrow_time, wide_time] =
                [0, 1].map(|index| Spread::of(&usages[index], |usage| usage.cpu.as_secs_f64() * 1e3).min);
            let ratio = wide_time / narrow_time;
            let time = |milliseconds| Cell::Number(milliseconds, 0);
            let mut row = vec![Cell::from(*kernel), time(narrow_time), time(wide_time), Cell::Number(ratio, 2)];
            if arguments.callgrind {
                let count = |target| instructions(arguments, &workshop, kernel, target, definitions);
                let counts = [count("wasm32")?, count("wasm64")?];
                row.extend(counts.map(|count| Cell::Integer(count / 1_000_000)));
                row.push(Cell::Number(counts[1] as f64 / counts[0] as f64, 2));
            }
            rows.push(row);
            report.target(
                format!("{kernel}, memory {title}: 64-bit time of 32-bit time"),
                ratio,
                Bound::AtMost(TARGET),
            );
        }
        let mut titles = vec!["program", "ms, 32 bits", "64 bits", "ratio"];
        if arguments.callgrind {
            titles.extend(["10⁶ instructions, 32 bits", "64 bits", "ratio"]);
        }
        let title = format!("Processor time with a memory {title}, least of {}", arguments.rounds);
        report.tables.push(Table { title, columns: columns(titles), rows });
    }
    Ok(report)
}

fn build(
    arguments: &Arguments,
    workshop: &Workshop<'_>,
    kernel: &str,
    target: &str,
    definitions: &[&str],
) -> Result<PathBuf> {
    let name = format!("{kernel}-{target}{}", definitions.concat());
    let module = workshop.freestanding(&arguments.clang, target, &name, kernel, definitions)?;
    workshop.compile(&module, &name, &options(arguments))
}

fn options(arguments: &Arguments) -> Vec<&str> {
    arguments.wasmc_options.iter().map(String::as_str).collect()
}

/// Instructions that a program executes.
///
/// Valgrind itself lies where the memory of the main module is. So the program is a library here, whose memory is in a
/// slot, linked with an empty main module: a base that takes a register, with either size of addresses. Nor can it
/// reserve 64 GiB; that the limit is lower changes no instruction.
fn instructions(
    arguments: &Arguments,
    workshop: &Workshop<'_>,
    kernel: &str,
    target: &str,
    definitions: &[&str],
) -> Result<u64> {
    let name = format!("{kernel}-{target}{}-library", definitions.concat());
    let definitions: Vec<&str> = definitions.iter().copied().chain(["-DLIBRARY"]).collect();
    let library = workshop.freestanding(&arguments.clang, target, &name, kernel, &definitions)?;
    let link = format!("--link=library={}", library.display());
    let options: Vec<&str> = options(arguments).into_iter().chain([link.as_str(), "--max-memory=4G"]).collect();
    let program = workshop.compile(&workshop.empty()?, &name, &options)?;
    measure::instructions(&Command::new(program), workshop.directory(), Duration::from_secs(3600))
}
