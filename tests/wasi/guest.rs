//! A guest in the text format, compiled, and a directory where it runs: for tests that are no scripts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use wasmc_tests::command::wasmc;
use wasmc_tests::process::{self, End, Finished};

use super::case::Resolver;

pub fn time_limit() -> Duration {
    process::limit(60)
}

pub struct Guest {
    resolver: Resolver,
    executable: TempDir,
    place: TempDir,
}

impl Guest {
    /// Compiles a module, in the text or binary format.
    pub fn compile(module: impl AsRef<[u8]>, flags: &[&str]) -> Result<Guest, String> {
        Guest::compile_for(Resolver::Openat2, module, flags)
    }

    /// The same with another resolver.
    pub fn compile_for(resolver: Resolver, module: impl AsRef<[u8]>, flags: &[&str]) -> Result<Guest, String> {
        let directory = || tempfile::tempdir().map_err(|error| error.to_string());
        let guest = Guest { resolver, executable: directory()?, place: directory()? };
        let compiled = compile(module.as_ref(), &guest.executable(), &[flags, resolver.flags()].concat())?;
        if compiled.end != End::Exit(0) || !compiled.stderr.is_empty() {
            return Err(format!("wasmc: {}", compiled.epitaph()));
        }
        Ok(guest)
    }

    pub fn executable(&self) -> PathBuf {
        self.executable.path().join("guest")
    }

    /// Where it runs.
    pub fn place(&self) -> &Path {
        self.place.path()
    }

    /// What starts it: without environment, and with nothing to read.
    pub fn command(&self) -> Command {
        self.started_by(&mut self.resolver.command(&self.executable()))
    }

    /// The same by a program that becomes the guest, whose path is its last argument.
    pub fn command_by(&self, program: &str, arguments: &[&str]) -> Command {
        self.started_by(Command::new(program).args(arguments).arg(self.executable()))
    }

    fn started_by(&self, command: &mut Command) -> Command {
        let mut own = Command::new(command.get_program());
        own.args(command.get_args()).current_dir(self.place()).env_clear().stdin(Stdio::null());
        own
    }

    pub fn run(&self) -> Result<Finished, String> {
        run(&mut self.command())
    }
}

pub fn run(command: &mut Command) -> Result<Finished, String> {
    process::run_as_set(command, time_limit()).map_err(|error| error.to_string())
}

/// Compiles a module into an executable.
pub fn compile(module: &[u8], executable: &Path, flags: &[&str]) -> Result<Finished, String> {
    let mut command = Command::new(wasmc());
    command.arg("-").arg("-o").arg(executable).args(flags);
    process::run(&mut command, module, time_limit()).map_err(|error| error.to_string())
}

/// An error unless a process ended as expected, and wrote nothing to standard error.
pub fn expect(finished: &Finished, end: End) -> Result<(), String> {
    if finished.end == end && finished.stderr.is_empty() {
        return Ok(());
    }
    Err(format!("{end} was expected, not {}", finished.epitaph()))
}

/// An error unless a process ended by a trap that is told so.
pub fn expect_trap(finished: &Finished, what: &str) -> Result<(), String> {
    const STATUS_OF_A_TRAP: i32 = 134;
    let is_told = finished.stderr_text().starts_with(&format!("wasmc: trap: {what}"));
    if finished.end == End::Exit(STATUS_OF_A_TRAP) && is_told {
        return Ok(());
    }
    Err(format!("the trap '{what}' was expected, not {}", finished.epitaph()))
}
