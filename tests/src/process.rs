//! Runs an executable with a time limit, and without what the caller's environment says to wasmc.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::process::{CommandExt as _, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// Bytes of standard output or error after which a program counts as run wild.
const MAX_OUTPUT: u64 = 256 << 20;

/// What came of a process.
#[derive(Debug)]
pub struct Finished {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub end: End,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Exit(i32),
    Signal(i32),
    /// It was killed at the time limit.
    TimedOut,
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            End::Exit(status) => write!(f, "exit status {status}"),
            End::Signal(signal) => write!(f, "killed by signal {signal}"),
            End::TimedOut => write!(f, "killed after the time limit"),
        }
    }
}

/// How long something may take: so many seconds, times `WASMC_TIME_FACTOR` in the environment, for slow machines.
pub fn limit(seconds: u32) -> Duration {
    let factor = env::var("WASMC_TIME_FACTOR").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1);
    Duration::from_secs(seconds.into()) * factor
}

impl Finished {
    /// Itself, if it succeeded.
    ///
    /// # Panics
    ///
    /// If it did not.
    #[track_caller]
    pub fn succeeded(self) -> Finished {
        assert_eq!(self.end, End::Exit(0), "{}", self.epitaph());
        self
    }

    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// The end, and the last lines of standard error: for messages.
    pub fn epitaph(&self) -> String {
        let stderr = self.stderr_text();
        let lines: Vec<&str> = stderr.lines().collect();
        let shown = &lines[lines.len().saturating_sub(8)..];
        if shown.is_empty() { self.end.to_string() } else { format!("{}; stderr: {}", self.end, shown.join(" | ")) }
    }
}

/// Runs `command` with `stdin` as its standard input, for `limit` at most. Then it is killed, together with what it has
/// started.
///
/// # Errors
///
/// If the command cannot be started.
pub fn run(command: &mut Command, stdin: &[u8], limit: Duration) -> io::Result<Finished> {
    let deadline = Instant::now() + limit;
    let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let mut pipe = child.stdin.take().expect("stdin is a pipe");
    let stdin = stdin.to_vec();
    // A program need not read its input: that the pipe breaks is no error.
    let writer = thread::spawn(move || drop(pipe.write_all(&stdin)));
    let finished = finish(&mut child, deadline);
    writer.join().expect("the writer does not panic");
    finished
}

/// Runs `command` with the standard input that was set for it, for `limit` at most.
///
/// # Errors
///
/// If the command cannot be started.
pub fn run_as_set(command: &mut Command, limit: Duration) -> io::Result<Finished> {
    let deadline = Instant::now() + limit;
    finish(&mut spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?, deadline)
}

/// Reads what a process writes, and waits for its end.
fn finish(child: &mut Child, deadline: Instant) -> io::Result<Finished> {
    let (sender, receiver) = mpsc::channel();
    let readers = [
        reader(child.stdout.take().expect("stdout is a pipe"), sender.clone()),
        reader(child.stderr.take().expect("stderr is a pipe"), sender),
    ];

    let mut is_late = false;
    for _ in &readers {
        let rest = deadline.saturating_duration_since(Instant::now());
        // The readers report the end of their pipe. Both do when the process ends, unless it has passed them on.
        if receiver.recv_timeout(rest) == Err(RecvTimeoutError::Timeout) {
            is_late = true;
            kill_group(child);
            break;
        }
    }
    let status = wait_until(child, deadline)?;
    let [stdout, stderr] = readers.map(|reader| reader.join().expect("the reader does not panic"));

    let end = match status {
        Some(status) if !is_late => match (status.code(), status.signal()) {
            (Some(code), _) => End::Exit(code),
            (None, signal) => End::Signal(signal.unwrap_or(0)),
        },
        _ => End::TimedOut,
    };
    Ok(Finished { stdout, stderr, end })
}

/// Kills a process that has not been waited for, and what it has started: they hold its pipes.
fn kill_group(child: &Child) {
    // If it is gone, there is nothing to kill.
    let _ = rustix::process::kill_process_group(Pid::from_child(child), Signal::KILL);
}

/// A process that does not outlive the test that has started it.
pub struct Killed(pub Child);

impl Killed {
    /// As [`spawn`].
    ///
    /// # Errors
    ///
    /// If the command cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Killed> {
        spawn(command).map(Killed)
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        // Its number may be another one's once it has been waited for.
        if let Ok(None) = self.0.try_wait() {
            kill_group(&self.0);
            let _ = self.0.wait();
        }
    }
}

/// Whether a variable of the environment means something to wasmc or to its programs. Those that are meant for the
/// tests, such as `WASMC_BLESS`, are read by the tests themselves.
fn is_for_wasmc(name: &OsStr) -> bool {
    const NAMES: [&str; 5] = ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI", "COLUMNS"];
    NAMES.iter().any(|other| name == *other) || name.as_encoded_bytes().starts_with(b"WASMC_")
}

/// Takes from the environment that a command inherits what the caller of the tests says to wasmc: only what the test
/// itself says shall count.
fn clean(command: &mut Command, inherited: impl Iterator<Item = OsString>) {
    let is_set = |name: &OsStr| command.get_envs().any(|(other, _)| other == name);
    let unwanted: Vec<OsString> = inherited.filter(|name| is_for_wasmc(name) && !is_set(name)).collect();
    for name in unwanted {
        command.env_remove(name);
    }
}

/// Starts a process: in a group of its own, and without what the caller's environment says to wasmc.
///
/// If another thread forks while this one has the executable open for writing, the child holds the file open until it
/// executes its own: starting ours fails with ETXTBSY for that moment.
///
/// # Errors
///
/// If the command cannot be started.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    clean(command, env::vars_os().map(|(name, _)| name));
    command.process_group(0);
    for _ in 0..200 {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => thread::sleep(Duration::from_millis(5)),
            result => return result,
        }
    }
    command.spawn()
}

fn reader<R: Read + Send + 'static>(pipe: R, done: mpsc::Sender<()>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // Dropping the pipe when there is too much ends the process, sooner or later, by SIGPIPE.
        let _ = pipe.take(MAX_OUTPUT).read_to_end(&mut bytes);
        let _ = done.send(());
        bytes
    })
}

/// The status of a process whose pipes are closed; kills it at the deadline.
fn wait_until(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_micros(50);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            kill_group(child);
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, stdin: &[u8], limit: Duration) -> Finished {
        run(Command::new("sh").arg("-c").arg(script), stdin, limit).unwrap()
    }

    #[test]
    fn output_and_status_are_kept_apart() {
        let finished = shell("cat; echo problem >&2; exit 3", b"input", limit(20));
        assert_eq!((finished.stdout_text().as_str(), finished.stderr_text().as_str()), ("input", "problem\n"));
        assert_eq!(finished.end, End::Exit(3));
        assert_eq!(finished.epitaph(), "exit status 3; stderr: problem");
    }

    #[test]
    fn a_signal_is_seen() {
        assert_eq!(shell("kill -SEGV $$", b"", limit(20)).end, End::Signal(11));
    }

    #[test]
    fn time_ends() {
        let start = Instant::now();
        assert_eq!(shell("exec sleep 30", b"", Duration::from_millis(50)).end, End::TimedOut);
        assert_eq!(shell("exec sleep 30 >&- 2>&-", b"", Duration::from_millis(50)).end, End::TimedOut);
        // The child of the shell holds the pipes, too.
        assert_eq!(shell("sleep 30 & wait", b"", Duration::from_millis(50)).end, End::TimedOut);
        assert_eq!(shell("sleep 30 &", b"", Duration::from_millis(50)).end, End::TimedOut);
        assert!(start.elapsed() < limit(10));
    }

    #[test]
    fn only_the_test_says_something_to_wasmc() {
        let mut command = Command::new("sh");
        command.env("CI", "1");
        let inherited = ["CI", "NO_COLOR", "WASMC_BACKTRACE", "PATH", "WASMC", "CIRCLE"].map(OsString::from);
        clean(&mut command, inherited.into_iter());
        let changes: Vec<_> = command.get_envs().map(|(name, value)| (name.to_str().unwrap(), value)).collect();
        assert_eq!(changes, [("CI", Some("1".as_ref())), ("NO_COLOR", None), ("WASMC_BACKTRACE", None)]);
    }

    #[test]
    fn unread_input_is_no_error() {
        assert_eq!(shell("exit 0", &[b'x'; 1 << 20], limit(20)).end, End::Exit(0));
    }
}
