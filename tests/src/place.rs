//! A directory for one test, in which commands run.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::command::wasmc;
use crate::process::{self, Finished};

/// How long a command may take, in seconds.
const TIME_LIMIT: u32 = 120;

/// It is removed at the end of the test.
pub struct Place(TempDir);

impl Place {
    /// An empty one.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    #[expect(clippy::new_without_default, reason = "it makes a directory")]
    pub fn new() -> Place {
        Place(tempfile::tempdir().expect("a temporary directory can be made"))
    }

    pub fn directory(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    /// Writes a file, and the directories that it is in.
    ///
    /// # Panics
    ///
    /// If they cannot be written.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(name);
        let written = fs::create_dir_all(path.parent().expect("a file is in a directory"));
        let written = written.and_then(|()| fs::write(&path, contents));
        written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// A command that runs here.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.directory());
        command
    }

    /// Runs a command here, with nothing to read.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[track_caller]
    pub fn run(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Finished {
        self.finish(self.command(program).args(arguments), "")
    }

    /// Runs a command, with `stdin` to read.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[track_caller]
    pub fn finish(&self, command: &mut Command, stdin: impl AsRef<[u8]>) -> Finished {
        let finished = process::run(command, stdin.as_ref(), process::limit(TIME_LIMIT));
        finished.unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    /// The standard output of `wasmc`, which must succeed.
    ///
    /// # Panics
    ///
    /// If it does not.
    #[track_caller]
    pub fn wasmc(&self, arguments: &[&str]) -> String {
        self.run(wasmc(), arguments).succeeded().stdout_text()
    }
}
