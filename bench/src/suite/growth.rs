//! What compiling takes as modules grow: made-up modules from 10 kB to 30 MB, one function of 5 MB, and modules of the
//! user.
//!
//! An engine of which a module took more processor time than a tenth of the limit gets no larger one: the next one is
//! about three times as large, and not every compiler is linear.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::Plan;
use super::engines::{Found, Input, Words};
use super::programs::{Builder, file_name};
use super::results::{Compiled, Compiling, OURS, Shape};
use crate::measure;

const SIZES: [u64; 8] = [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000];

/// Of a module that is one function, in bytes. What validators take is 7.6 MB.
const FUNCTION: u64 = 5_000_000;

/// Compilations of modules up to this size are repeated so often.
const SMALL: u64 = 1_000_000;
const REPETITIONS: u32 = 3;

struct Task {
    name: String,
    file: PathBuf,
    bytes: u64,
    shape: Shape,
}

/// Compiles modules of all sizes, by each engine that compiles modules.
pub fn measure(engines: &[Found], builder: &Builder<'_>, plan: &Plan, given: &[PathBuf]) -> Result<Vec<Compiling>> {
    // One row of ours: other options for the processor compile in the same way.
    let ours = |found: &&Found| found.engine.name == OURS || !found.engine.name.starts_with(OURS);
    let compiles = |found: &&Found| found.engine.input == Input::Module && !found.engine.compile.is_empty();
    let compilers: Vec<&Found> = engines.iter().filter(compiles).filter(ours).collect();
    let directory = builder.directory.join("growth");
    fs::create_dir_all(&directory)?;
    // What a library takes to start inside an interpreter of another language.
    let empty = builder.empty()?;
    let mut idle = Vec::new();
    for found in &compilers {
        let least = match found.engine.net {
            true => compile(found, &empty.module, &directory, plan, REPETITIONS)?,
            false => Compiled::default(),
        };
        idle.push(least);
    }
    let mut left_out = vec![false; compilers.len()];
    let mut measured = Vec::new();
    for task in tasks(plan, given, &directory)? {
        let mut outcomes = BTreeMap::new();
        let times = if task.bytes <= SMALL { REPETITIONS } else { 1 };
        for (index, found) in compilers.iter().enumerate() {
            if left_out[index] {
                continue;
            }
            let compiled = compile(found, &task.file, &directory, plan, times)?;
            left_out[index] |= compiled.failure.is_some() || compiled.cpu * 10.0 > plan.limit.as_secs_f64();
            outcomes.insert(found.engine.name.to_owned(), compiled.without(&idle[index]));
        }
        measured.push(Compiling { name: task.name, shape: task.shape, bytes: task.bytes, outcomes });
    }
    Ok(measured)
}

/// The modules, in the order of their sizes.
fn tasks(plan: &Plan, given: &[PathBuf], directory: &Path) -> Result<Vec<Task>> {
    let mut tasks = Vec::new();
    for bytes in SIZES.into_iter().filter(|&bytes| bytes <= plan.largest) {
        tasks.push(made(bytes, Shape::Functions, directory)?);
    }
    if FUNCTION <= plan.largest {
        tasks.push(made(FUNCTION, Shape::OneFunction, directory)?);
    }
    for file in given {
        let file = file.canonicalize().with_context(|| format!("no {}", file.display()))?;
        let name = file.file_name().context("a module has a name")?.to_string_lossy().into_owned();
        tasks.push(Task { name, bytes: fs::metadata(&file)?.len(), file, shape: Shape::Given });
    }
    Ok(tasks)
}

/// Another process makes the module: what this one had ever in memory would count as that of the compilers.
fn made(bytes: u64, shape: Shape, directory: &Path) -> Result<Task> {
    let name = match shape {
        Shape::OneFunction => "one function".to_owned(),
        _ => "functions".to_owned(),
    };
    let file = directory.join(format!("{}-{bytes}.wasm", file_name(&name)));
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("generate").arg("--bytes").arg(bytes.to_string()).arg(&file);
    command.args((shape == Shape::OneFunction).then_some("--one-function"));
    ensure!(command.status()?.success(), "cannot make {}", file.display());
    Ok(Task { name, bytes: fs::metadata(&file)?.len(), file, shape })
}

/// The least of several compilations. An engine may need several commands for one.
fn compile(found: &Found, module: &Path, directory: &Path, plan: &Plan, times: u32) -> Result<Compiled> {
    let output = directory.join(file_name(found.engine.name));
    let words = Words::from([("module", vec![module.into()]), ("output", vec![output.into()])]);
    let mut least = Compiled { wall: f64::MAX, cpu: f64::MAX, peak_bytes: u64::MAX, failure: None };
    for _ in 0..times {
        let mut all = Compiled::default();
        for mut command in found.compile(&words)? {
            let run = measure::observed(&mut command, plan.limit)?;
            all.wall += run.usage.wall.as_secs_f64();
            all.cpu += run.usage.cpu.as_secs_f64();
            all.peak_bytes = all.peak_bytes.max(run.usage.peak_bytes);
            all.failure = run.failure();
            if all.failure.is_some() {
                return Ok(all);
            }
        }
        least.wall = least.wall.min(all.wall);
        least.cpu = least.cpu.min(all.cpu);
        least.peak_bytes = least.peak_bytes.min(all.peak_bytes);
    }
    Ok(least)
}
