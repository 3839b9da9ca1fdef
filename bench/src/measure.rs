//! Running one process and learning what it took.
//!
//! `Command` starts a process by `posix_spawn`, which is a `vfork`: the cost does not grow with this program's memory.
//! It is awaited by `wait4`, which gives the figures of that process alone (and of its children that it awaited).
//!
//! Limit: Linux lets a spawned process inherit the high-water mark of its parent's memory. Peaks below this program's
//! own (some 3 MiB) are not measurable here.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use wait4::Wait4 as _;

/// What one process took.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Usage {
    /// From before it was started until it was gone.
    pub wall: Duration,
    /// In user and in kernel mode, all threads.
    pub cpu: Duration,
    pub peak_bytes: u64,
}

/// Runs a process to its end. It has to succeed; its output goes nowhere.
fn run(command: &mut Command) -> Result<Usage> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    let result = child.wait4()?;
    let wall = start.elapsed();
    ensure!(result.status.success(), "{command:?} failed: {}", result.status);
    let usage = result.rusage;
    Ok(Usage { wall, cpu: usage.utime + usage.stime, peak_bytes: usage.maxrss })
}

/// What one process took, and what it said.
pub struct Observed {
    pub usage: Usage,
    pub status: ExitStatus,
    pub output: Vec<u8>,
    pub errors: Vec<u8>,
}

/// Runs a process to its end, however it ends.
pub fn observed(command: &mut Command) -> Result<Observed> {
    // What it says goes to files, since reading from pipes would take time from it.
    let (mut output, mut errors) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(errors.try_clone()?);
    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    let result = child.wait4()?;
    let wall = start.elapsed();
    let rusage = result.rusage;
    let usage = Usage { wall, cpu: rusage.utime + rusage.stime, peak_bytes: rusage.maxrss };
    let read = |file: &mut File| {
        let mut bytes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        io::Result::Ok(bytes)
    };
    Ok(Observed { usage, status: result.status, output: read(&mut output)?, errors: read(&mut errors)? })
}

/// Instructions that a process executes, counted by Valgrind's callgrind. It has to succeed.
pub fn instructions(command: &Command, directory: &Path) -> Result<u64> {
    let file = directory.join("callgrind.out");
    let run = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null())
        .output()
        .context("cannot run valgrind")?;
    ensure!(run.status.success(), "callgrind failed: {}", String::from_utf8_lossy(&run.stderr));
    let text = fs::read_to_string(&file)?;
    let totals = text.lines().find_map(|line| line.strip_prefix("totals: ")).context("callgrind gives no totals")?;
    Ok(totals.trim().parse()?)
}

/// Runs processes in turns, so that a slow spell of the machine falls on all of them alike. Gives the usages of each.
pub fn in_turns(processes: &mut [Command], rounds: usize) -> Result<Vec<Vec<Usage>>> {
    let mut usages = vec![Vec::with_capacity(rounds); processes.len()];
    for round in 0..rounds {
        for turn in 0..processes.len() {
            // Another one begins each round, so that none always runs after the same one.
            let index = (round + turn) % processes.len();
            usages[index].push(run(&mut processes[index])?);
        }
    }
    Ok(usages)
}

/// What is said of many measurements of the same thing. The minimum is closest to what the work takes, as all
/// disturbance only adds; median and mean show how much there was.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Summary {
    pub min: f64,
    pub median: f64,
    pub mean: f64,
}

impl Summary {
    /// Of one number of each usage. There must be one.
    pub fn of(usages: &[Usage], number: impl Fn(&Usage) -> f64) -> Summary {
        let mut numbers: Vec<f64> = usages.iter().map(number).collect();
        numbers.sort_by(f64::total_cmp);
        Summary {
            min: numbers[0],
            median: numbers[numbers.len() / 2],
            mean: numbers.iter().sum::<f64>() / numbers.len() as f64,
        }
    }
}
