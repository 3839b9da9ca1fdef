//! Running one process and learning what it took.
//!
//! A process is started by `posix_spawn`, which is a `vfork`: the cost does not grow with this program's memory. It is
//! awaited by `wait4`, which gives the figures of that process alone (and of its children that it awaited).
//!
//! Limit: Linux lets a spawned process inherit the high-water mark of its parent's memory. Peaks below this program's own
//! (some 3 MiB) are not measurable here.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::ptr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

/// A command line, ready to be started many times. Its output goes nowhere.
pub struct Process {
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

/// What one process took.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Usage {
    /// From before it was started until it was gone.
    pub wall: Duration,
    /// In user and in kernel mode, all threads.
    pub cpu: Duration,
    pub peak_kib: u64,
    /// Page faults that needed no reading from disk.
    pub minor_faults: u64,
}

impl Process {
    /// `arguments` begin with the path of the program.
    pub fn new<T: AsRef<OsStr>>(arguments: impl IntoIterator<Item = T>) -> Result<Process> {
        let variables = std::env::vars_os().map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat());
        Ok(Process {
            arguments: arguments
                .into_iter()
                .map(|argument| CString::new(argument.as_ref().as_bytes()))
                .collect::<Result<_, _>>()?,
            environment: variables.map(CString::new).collect::<Result<_, _>>()?,
        })
    }

    /// Adds a variable to the environment, before those of the same name.
    pub fn env(mut self, name: &str, value: &str) -> Result<Process> {
        let prefix = format!("{name}=");
        self.environment.retain(|variable| !variable.as_bytes().starts_with(prefix.as_bytes()));
        self.environment.push(CString::new(prefix + value)?);
        Ok(self)
    }

    /// Runs it to its end. It has to succeed.
    pub fn run(&self) -> Result<Usage> {
        let name = || self.arguments[0].to_string_lossy().into_owned();
        let null = Redirection::to_null()?;
        let arguments = pointers(&self.arguments);
        let environment = pointers(&self.environment);
        let mut pid = 0;
        // SAFETY: zeroes are a valid value; it is written to below.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        let mut status = 0;

        let start = Instant::now();
        // SAFETY: strings and arrays that end in NUL and outlive the call.
        let error = unsafe {
            libc::posix_spawn(
                &mut pid,
                arguments[0],
                &null.0,
                ptr::null(),
                arguments.as_ptr().cast(),
                environment.as_ptr().cast(),
            )
        };
        if error != 0 {
            return Err(io::Error::from_raw_os_error(error)).with_context(|| format!("cannot start {}", name()));
        }
        // SAFETY: our child, and two places to write to.
        if unsafe { libc::wait4(pid, &mut status, 0, &mut usage) } != pid {
            return Err(io::Error::last_os_error()).context("wait4");
        }
        let wall = start.elapsed();

        if !libc::WIFEXITED(status) || libc::WEXITSTATUS(status) != 0 {
            let arguments: Vec<_> = self.arguments.iter().map(|argument| argument.to_string_lossy()).collect();
            bail!("{} failed (wait status {status:#x})", arguments.join(" "));
        }
        Ok(Usage {
            wall,
            cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
            peak_kib: usage.ru_maxrss as u64,
            minor_faults: usage.ru_minflt as u64,
        })
    }
}

/// Standard output to the null device. Standard error stays: a failure should be seen.
struct Redirection(libc::posix_spawn_file_actions_t);

impl Redirection {
    fn to_null() -> Result<Redirection> {
        // SAFETY: the structure is initialised before anything else is done with it.
        unsafe {
            let mut actions = std::mem::zeroed();
            let initialised = libc::posix_spawn_file_actions_init(&mut actions);
            let opened = libc::posix_spawn_file_actions_addopen(
                &mut actions,
                libc::STDOUT_FILENO,
                c"/dev/null".as_ptr(),
                libc::O_WRONLY,
                0,
            );
            if initialised != 0 || opened != 0 {
                bail!("posix_spawn_file_actions failed");
            }
            Ok(Redirection(actions))
        }
    }
}

impl Drop for Redirection {
    fn drop(&mut self) {
        // SAFETY: initialised, and never used again.
        unsafe { libc::posix_spawn_file_actions_destroy(&mut self.0) };
    }
}

/// Pointers to strings, then a null pointer.
fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
}

fn duration(time: libc::timeval) -> Duration {
    Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000)
}

/// Runs processes in turns, so that a slow spell of the machine falls on all of them alike. Gives the usages of each.
pub fn in_turns(processes: &[Process], rounds: usize) -> Result<Vec<Vec<Usage>>> {
    let mut usages = vec![Vec::with_capacity(rounds); processes.len()];
    for round in 0..rounds {
        for turn in 0..processes.len() {
            // Another one begins each round, so that none always runs after the same one.
            let index = (round + turn) % processes.len();
            usages[index].push(processes[index].run()?);
        }
    }
    Ok(usages)
}

/// What is said of many measurements of the same thing. The minimum is closest to what the work takes, as all disturbance
/// only adds; median and mean show how much there was.
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
