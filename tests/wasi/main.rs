//! Runs the public WASI test suite (WebAssembly/wasi-testsuite, branch `prod/testsuite-base`), which is not part of
//! this repository: the environment variable `WASI_TESTSUITE` names a directory with its `tests`. Without it, there is
//! nothing to run.
//!
//! Every module of preview 1 is compiled with the grants that the JSON file beside it asks for, and run twice: with
//! paths resolved by the kernel, and by the walk.

#![expect(clippy::print_stderr, reason = "says what is not run")]

mod json;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use json::Json;
use libtest_mimic::{Arguments, Failed, Trial};
use wasmc::options::Architecture;
use wasmc_tests::command::wasmc;
use wasmc_tests::emulator;
use wasmc_tests::process::{self, End};

const TIME_LIMIT: Duration = Duration::from_secs(60);

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    match env::var_os("WASI_TESTSUITE") {
        Some(suite) => {
            for module in modules(Path::new(&suite)) {
                let name = module.file_stem().unwrap().to_string_lossy().into_owned();
                for architecture in emulator::architectures() {
                    // The emulator has no openat2, so that the runtime takes the other way by itself.
                    let is_native = emulator::is_native(architecture);
                    for resolver in if is_native { &["openat2", "walk"][..] } else { &["no openat2"] } {
                        let label = format!("{name} [{resolver}] on {}", architecture.name());
                        let module = module.clone();
                        let test = move || run(&module, architecture, *resolver == "walk").map_err(Failed::from);
                        trials.push(Trial::test(label, test).with_ignored_flag(!emulator::can_run(architecture)));
                    }
                }
            }
            assert!(!trials.is_empty(), "WASI_TESTSUITE has no modules of preview 1");
        }
        None => eprintln!("WASI_TESTSUITE is not set: the public WASI test suite is not run"),
    }
    libtest_mimic::run(&arguments, trials).exit()
}

/// All modules of preview 1: `LANGUAGE/testsuite/wasm32-wasip1/*.wasm`, with or without `tests` before it.
fn modules(suite: &Path) -> Vec<PathBuf> {
    let tests = suite.join("tests");
    let tests = if tests.is_dir() { tests } else { suite.to_owned() };
    let list = |directory: &Path| -> Vec<PathBuf> {
        fs::read_dir(directory).map(|entries| entries.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default()
    };
    let languages = list(&tests).into_iter().map(|language| language.join("testsuite/wasm32-wasip1"));
    let mut modules: Vec<PathBuf> = languages.flat_map(|directory| list(&directory)).collect();
    modules.retain(|file| file.extension().is_some_and(|extension| extension == "wasm"));
    modules.sort();
    modules
}

fn run(module: &Path, architecture: Architecture, walk: bool) -> Result<(), String> {
    let text = fs::read_to_string(module.with_extension("json")).unwrap_or_else(|_| "{}".to_string());
    let settings = json::parse(&text).ok_or("the JSON file cannot be read")?;
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;

    let executable = directory.path().join("out");
    let mut compile = Command::new(wasmc());
    compile.arg(module).arg("-o").arg(&executable).args(["-O0", "--target", architecture.name()]);
    if walk {
        compile.arg("--walk-paths");
    }
    if let Some(root) = settings.get("root").and_then(Json::text) {
        copy(&module.with_file_name(root), &directory.path().join("root"))?;
        compile.arg("--dir").arg("root::/");
    }
    for (name, value) in settings.get("env").map(Json::members).unwrap_or_default() {
        compile.arg("--env").arg(format!("{name}={}", value.text().unwrap_or_default()));
    }
    let compiled = process::run(&mut compile, b"", TIME_LIMIT).map_err(|error| error.to_string())?;
    if compiled.end != End::Exit(0) {
        return Err(format!("wasmc: {}\n{}", compiled.end, compiled.stderr_text()));
    }

    let mut command = emulator::command(architecture, &executable);
    command.current_dir(directory.path()).env_clear();
    command.args(settings.get("args").map(Json::items).unwrap_or_default().iter().filter_map(Json::text));
    let finished = process::run(&mut command, b"", TIME_LIMIT).map_err(|error| error.to_string())?;
    let streams = format!("stdout:\n{}\nstderr:\n{}", finished.stdout_text(), finished.stderr_text());
    let status = settings.get("exit_code").and_then(Json::number).unwrap_or(0);
    if finished.end != End::Exit(status) {
        return Err(format!("{} instead of exit status {status}\n{streams}", finished.end));
    }
    match settings.get("stdout").and_then(Json::text) {
        Some(stdout) if stdout != finished.stdout_text() => Err(format!("stdout is not {stdout:?}\n{streams}")),
        _ => Ok(()),
    }
}

/// Copies a directory, but for what a test of an earlier run left there.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", from.display());
    fs::create_dir(to).map_err(fail)?;
    for entry in fs::read_dir(from).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).map_err(fail)?;
        }
    }
    Ok(())
}
