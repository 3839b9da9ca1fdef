//! Runs the public WASI test suite (WebAssembly/wasi-testsuite, branch `prod/testsuite-base`), which is not part of
//! this repository: the environment variable `WASI_TESTSUITE` names a directory with its `tests`. Without it, there is
//! nothing to run.
//!
//! Every module of preview 1 is compiled with the grants that the JSON file beside it asks for, and run with paths
//! resolved by the kernel, by the walk, and on every other architecture in QEMU.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use wasmc_tests::command::wasmc;
use wasmc_tests::process::{self, End};

use super::case::Resolver;

fn time_limit() -> Duration {
    process::limit(60)
}

/// A trial for each module and resolver; one that is shown as ignored if the suite is not there.
pub fn trials() -> Vec<Trial> {
    let Some(suite) = env::var_os("WASI_TESTSUITE") else {
        let ignored = Trial::test("suite: ignored, because WASI_TESTSUITE does not say where it is", || Ok(()));
        return vec![ignored.with_ignored_flag(true)];
    };
    let mut trials = Vec::new();
    for module in modules(Path::new(&suite)) {
        for resolver in Resolver::on_all_architectures() {
            let name = format!("suite: {} [{}]", module.file_stem().unwrap().to_string_lossy(), resolver.name());
            let module = module.clone();
            let trial = Trial::test(name, move || run(&module, resolver).map_err(Failed::from));
            trials.push(trial.with_ignored_flag(!resolver.can_run()));
        }
    }
    assert!(!trials.is_empty(), "WASI_TESTSUITE has no modules of preview 1");
    trials
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

fn run(module: &Path, resolver: Resolver) -> Result<(), String> {
    let text = fs::read_to_string(module.with_extension("json")).unwrap_or_else(|_| "{}".to_string());
    let settings: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;

    let executable = directory.path().join("out");
    let mut compile = Command::new(wasmc());
    compile.arg(module).arg("-o").arg(&executable).arg("-O0").args(resolver.flags());
    if let Some(root) = settings["root"].as_str() {
        copy(&module.with_file_name(root), &directory.path().join("root"))?;
        compile.arg("--dir").arg("root::/");
    }
    for (name, value) in settings["env"].as_object().into_iter().flatten() {
        compile.arg("--env").arg(format!("{name}={}", value.as_str().unwrap_or_default()));
    }
    let compiled = process::run(&mut compile, b"", time_limit()).map_err(|error| error.to_string())?;
    if compiled.end != End::Exit(0) {
        return Err(format!("wasmc: {}\n{}", compiled.end, compiled.stderr_text()));
    }

    let mut command = resolver.command(&executable);
    command.current_dir(directory.path()).env_clear();
    command.args(settings["args"].as_array().into_iter().flatten().filter_map(Value::as_str));
    let finished = process::run(&mut command, b"", time_limit()).map_err(|error| error.to_string())?;
    let streams = format!("stdout:\n{}\nstderr:\n{}", finished.stdout_text(), finished.stderr_text());
    let status = settings["exit_code"].as_i64().unwrap_or(0) as i32;
    if finished.end != End::Exit(status) {
        return Err(format!("{} instead of exit status {status}\n{streams}", finished.end));
    }
    match settings["stdout"].as_str() {
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
