//! Real programs: each `NAME.wasm` here, and in `threads/`, is compiled by the command and run.
//!
//! | file          | what it is                                                     |
//! |---------------|----------------------------------------------------------------|
//! | `NAME.wasm`   | the program; `build.sh` says where it comes from                |
//! | `NAME.stdout` | what it must write, byte for byte                              |
//! | `NAME.args`   | its arguments: words (optional)                                |
//! | `NAME.stdin`  | its standard input (optional)                                  |
//! | `NAME.status` | its exit status, if it is not 0                                |
//! | `NAME.stderr` | what it must write to standard error, if anything              |
//!
//! Its environment is empty.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};
use wasmc::options::Architecture;
use wasmc_tests::command::wasmc;
use wasmc_tests::emulator;
use wasmc_tests::process::{self, End};

fn time_limit() -> Duration {
    process::limit(120)
}

/// Ways to compile.
const WAYS: &[&[&str]] = &[&[], &["--bounds-checks=explicit"], &["-O0"], &["-Os", "--cpu=native"]];

fn main() {
    let arguments = Arguments::from_args();
    let directories = ["programs", "threads"].map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
    let files = directories.iter().flat_map(|directory| fs::read_dir(directory).unwrap());
    let mut programs: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    programs.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    programs.sort();
    let mut trials = Vec::new();
    for program in programs {
        let name = program.file_stem().unwrap().to_string_lossy().into_owned();
        for architecture in emulator::architectures() {
            // In an emulator everything takes long: a way less, and not the one for this machine's CPU.
            let ways = if emulator::is_native(architecture) { WAYS } else { &WAYS[..3] };
            for &flags in ways {
                let program = program.clone();
                let label = format!("{name} [{}] on {}", flags.join(" "), architecture.name());
                let trial = Trial::test(label, move || Ok(run(&program, flags, architecture)?));
                trials.push(trial.with_ignored_flag(!emulator::can_run(architecture)));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}

fn run(program: &Path, flags: &[&str], architecture: Architecture) -> Result<(), String> {
    let beside = |extension: &str| fs::read(program.with_extension(extension)).ok();
    let text = |extension: &str| beside(extension).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let expected = beside("stdout").ok_or("there is no .stdout")?;
    let status = text("status").map_or(Ok(0), |status| status.trim().parse()).map_err(|_| "a bad .status")?;
    let arguments = text("args").unwrap_or_default();

    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let executable = directory.path().join("program");
    let mut compiler = Command::new(wasmc());
    compiler.arg(program).arg("-o").arg(&executable).args(flags).args(["--target", architecture.name()]);
    let compiled = process::run(&mut compiler, b"", time_limit());
    let compiled = compiled.map_err(|error| error.to_string())?;
    if compiled.end != End::Exit(0) || !compiled.stderr.is_empty() {
        return Err(format!("the compiler: {}", compiled.epitaph()));
    }

    let mut command = emulator::command(architecture, &executable);
    command.args(arguments.split_whitespace()).env_clear();
    let stdin = beside("stdin").unwrap_or_default();
    let finished = process::run(&mut command, &stdin, time_limit()).map_err(|error| error.to_string())?;
    if finished.end != End::Exit(status) || finished.stderr != beside("stderr").unwrap_or_default() {
        return Err(format!("expected exit status {status}: {}", finished.epitaph()));
    }
    if finished.stdout != expected {
        return Err(format!("expected:\n{}\ngot:\n{}", String::from_utf8_lossy(&expected), finished.stdout_text()));
    }
    Ok(())
}
