//! What compiling takes as modules grow: made-up modules from 10 kB to 30 MB, modules that are one function of up to
//! 5 MB, and modules of the user.
//!
//! The modules are compiled from the smallest to the largest, by all engines in turns, and an empty one beside each:
//! what that takes is taken off of every compiler alike. An engine of which a module took more processor time than a
//! tenth of the limit gets no larger one of that kind: the next one is about three times as large, and not every
//! compiler is linear.

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

/// Of modules that are one function. What validators take is 7.6 MB. Time and memory of some compilers grow with the
/// square: so there are steps, for them to leave before memory is exhausted.
const ONE_FUNCTION: [u64; 4] = [200_000, 1_000_000, 2_000_000, 5_000_000];

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
    let empty = builder.empty()?.module;
    // The engines for which larger modules of a shape would take too long.
    let mut too_slow: Vec<(usize, Shape)> = Vec::new();
    let mut measured = Vec::new();
    for task in tasks(plan, given, &directory)? {
        let repetitions = if task.bytes <= SMALL { REPETITIONS } else { 1 };
        let takes_part = |index: &usize| !too_slow.contains(&(*index, task.shape));
        let chosen: Vec<usize> = (0..compilers.len()).filter(takes_part).collect();
        let mut least: Vec<[Compiled; 2]> = Vec::new();
        for round in 0..repetitions as usize {
            for turn in 0..chosen.len() {
                // The first round goes through them in order, so that each has its place in `least`.
                let place = (round + turn) % chosen.len();
                let found = compilers[chosen[place]];
                let both = [compile(found, &empty, &directory, plan)?, compile(found, &task.file, &directory, plan)?];
                match least.get_mut(place) {
                    Some(least) => least.iter_mut().zip(both).for_each(|(least, other)| least.lower_to(other)),
                    None => least.push(both),
                }
            }
        }
        let mut outcomes = BTreeMap::new();
        for (&index, [idle, full]) in chosen.iter().zip(least) {
            if full.cpu * 10.0 > plan.limit.as_secs_f64() {
                too_slow.push((index, task.shape));
            }
            outcomes.insert(compilers[index].engine.name.to_owned(), full.without(idle));
        }
        measured.push(Compiling { name: task.name, shape: task.shape, bytes: task.bytes, outcomes });
    }
    Ok(measured)
}

/// The modules, in the order of their sizes.
fn tasks(plan: &Plan, given: &[PathBuf], directory: &Path) -> Result<Vec<Task>> {
    let mut tasks = Vec::new();
    let functions = SIZES.into_iter().map(|bytes| (bytes, Shape::Functions));
    let all = functions.chain(ONE_FUNCTION.into_iter().map(|bytes| (bytes, Shape::OneFunction)));
    for (bytes, shape) in all.filter(|&(bytes, _)| bytes <= plan.largest) {
        tasks.push(made(bytes, shape, directory)?);
    }
    for file in given {
        let file = file.canonicalize().with_context(|| format!("no {}", file.display()))?;
        let name = file.file_name().context("a module has a name")?.to_string_lossy().into_owned();
        tasks.push(Task { name, bytes: fs::metadata(&file)?.len(), file, shape: Shape::Given });
    }
    tasks.sort_by_key(|task| task.bytes);
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

/// One compilation, for which an engine may need several commands.
fn compile(found: &Found, module: &Path, directory: &Path, plan: &Plan) -> Result<Compiled> {
    let output = directory.join(file_name(found.engine.name));
    let words = Words::from([("module", vec![module.into()]), ("output", vec![output.into()])]);
    let mut all = Compiled::default();
    for mut command in found.compile(&words)? {
        let run = measure::observed(&mut command, plan.limit)?;
        all.wall += run.usage.wall.as_secs_f64();
        all.cpu += run.usage.cpu.as_secs_f64();
        all.peak_bytes = all.peak_bytes.max(run.usage.peak_bytes);
        all.failure = run.failure();
        if all.failure.is_some() {
            break;
        }
    }
    Ok(all)
}
