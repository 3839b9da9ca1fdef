//! Running one process and learning what it took.
//!
//! `Command` starts a process by `posix_spawn`, which is a `vfork`: the cost does not grow with this program's memory.
//! It is awaited by `wait4`, which gives the figures of that process alone (and of its children that it awaited).
//!
//! Limit: Linux lets a spawned process inherit the high-water mark of its parent's memory. Peaks below this program's
//! own (some 3 MiB) are not measurable here.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags, Signal};
use serde::{Deserialize, Serialize};
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

/// How long a process may take that has no limit of its own: far more than any does.
const LIMIT: Duration = Duration::from_secs(3600);

/// Runs a process to its end. It has to succeed; its output goes nowhere.
fn run(command: &mut Command) -> Result<Usage> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let ended = finish(command, LIMIT)?;
    ensure!(ended.exceeded.is_none(), "{command:?}: not done after {LIMIT:?}");
    ensure!(ended.status.success(), "{command:?} failed: {}", ended.status);
    Ok(ended.usage)
}

/// What one process took, and how it ended.
struct Ended {
    usage: Usage,
    status: ExitStatus,
    exceeded: Option<Duration>,
}

/// A process that is killed, together with what it has started, unless it is waited for.
struct Running(Option<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // Nobody is left to tell: an error is on its way already.
            let _ = rustix::process::kill_process_group(Pid::from_child(child), Signal::KILL);
            let _ = child.wait();
        }
    }
}

/// Runs a process to its end, however it ends. After `limit` it is killed, together with what it has started.
fn finish(command: &mut Command, limit: Duration) -> Result<Ended> {
    Timespec::try_from(limit).context("the limit is too long")?;
    // A group of its own, so that the compilers that a compiler driver has started end with it.
    command.process_group(0);
    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    let process = Pid::from_child(&child);
    let mut running = Running(Some(child));
    let descriptor = rustix::process::pidfd_open(process, PidfdFlags::empty())?;
    let ready = rustix::io::retry_on_intr(|| {
        let rest = Timespec::try_from(limit.saturating_sub(start.elapsed())).expect("no longer than the limit");
        rustix::event::poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], Some(&rest))
    })?;
    let exceeded = (ready == 0).then_some(limit);
    if exceeded.is_some() {
        rustix::process::kill_process_group(process, Signal::KILL)?;
    }
    let result = running.0.take().context("it was not waited for")?.wait4()?;
    let wall = start.elapsed();
    let rusage = result.rusage;
    let usage = Usage { wall, cpu: rusage.utime + rusage.stime, peak_bytes: rusage.maxrss };
    Ok(Ended { usage, status: result.status, exceeded })
}

/// What one process took, and what it said.
pub struct Observed {
    pub usage: Usage,
    pub status: ExitStatus,
    /// The limit after which it was killed.
    pub exceeded: Option<Duration>,
    pub output: Vec<u8>,
    pub errors: Vec<u8>,
}

/// Runs a process to its end, however it ends. After `limit` it is killed, together with what it has started.
pub fn observed(command: &mut Command, limit: Duration) -> Result<Observed> {
    // What it says goes to files, since reading from pipes would take time from it.
    let (mut output, mut errors) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(errors.try_clone()?);
    let Ended { usage, status, exceeded } = finish(command, limit)?;
    let read = |file: &mut File| {
        let mut bytes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        io::Result::Ok(bytes)
    };
    Ok(Observed { usage, status, exceeded, output: read(&mut output)?, errors: read(&mut errors)? })
}

impl Observed {
    /// What went wrong, in a line; nothing if it succeeded in time.
    pub fn failure(&self) -> Option<String> {
        match self.exceeded {
            Some(limit) => Some(format!("not done after {limit:?}")),
            None if self.status.success() => None,
            None => Some(format!("{}: {}", self.status, first_line(&self.errors))),
        }
    }
}

/// The first line that says something: of a report of an error, what it was.
pub fn first_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().chars().take(200).collect()
}

/// Instructions that a process executes, counted by Valgrind's callgrind. It has to succeed.
pub fn instructions(command: &Command, directory: &Path, limit: Duration) -> Result<u64> {
    let file = directory.join("callgrind.out");
    let mut counted = Command::new("valgrind");
    // Without its banner, so that the first line of an error is the program's own.
    counted.args(["-q", "--tool=callgrind"]).arg(format!("--callgrind-out-file={}", file.display()));
    counted.arg(command.get_program()).args(command.get_args());
    let run = observed(&mut counted, limit)?;
    if let Some(failure) = run.failure() {
        let said = String::from_utf8_lossy(&run.errors);
        // Valgrind writes pages about an instruction that it does not know.
        ensure!(!said.contains("Unrecognised instruction"), "it has instructions that Valgrind does not know");
        bail!("under callgrind: {failure}");
    }
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
/// disturbance only adds; the distance of the median shows how much there was.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Spread {
    pub min: f64,
    pub median: f64,
}

impl Spread {
    /// Of one number of each usage. There must be one.
    pub fn of(usages: &[Usage], number: impl Fn(&Usage) -> f64) -> Spread {
        let mut numbers: Vec<f64> = usages.iter().map(number).collect();
        numbers.sort_by(f64::total_cmp);
        Spread { min: numbers[0], median: numbers[numbers.len() / 2] }
    }

    /// What is left without `part`, of which there are as many measurements, made in turns with these: a least of more
    /// would be a lower one.
    pub fn without(self, part: Spread) -> Spread {
        let less = |whole: f64, part: f64| (whole - part).max(0.0);
        Spread { min: less(self.min, part.min), median: less(self.median, part.median) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_process_that_hangs_is_killed_with_what_it_started() {
        let start = Instant::now();
        // The child of the shell would hold the file of its output for a minute.
        let run = observed(&mut shell("echo begun; sleep 60; echo done"), Duration::from_secs(2)).unwrap();
        assert!(start.elapsed() < Duration::from_secs(50));
        assert_eq!(run.output, b"begun\n");
        assert_eq!(run.failure().unwrap(), "not done after 2s");
    }

    #[test]
    fn a_part_is_taken_off_but_nothing_is_below_zero() {
        let usage = |seconds| Usage { wall: Duration::from_secs(seconds), cpu: Duration::ZERO, peak_bytes: 0 };
        let spread = Spread::of(&[3, 1, 2].map(usage), |usage| usage.wall.as_secs_f64());
        assert_eq!(spread, Spread { min: 1.0, median: 2.0 });
        assert_eq!(spread.without(Spread { min: 0.5, median: 5.0 }), Spread { min: 0.5, median: 0.0 });
    }

    #[test]
    fn a_failure_is_a_line() {
        let run = observed(&mut shell("echo >&2; echo no such thing >&2; echo more >&2; exit 3"), Duration::MAX);
        assert!(run.is_err(), "no limit is that long");
        let limit = Duration::from_secs(60);
        let run = observed(&mut shell("echo >&2; echo no such thing >&2; echo more >&2; exit 3"), limit).unwrap();
        assert_eq!(run.failure().unwrap(), "exit status: 3: no such thing");
        assert_eq!(observed(&mut shell("true"), limit).unwrap().failure(), None);
    }
}
