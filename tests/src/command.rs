//! The `wasmc` command that tests run.

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Path of the command. `WASMC` in the environment names one; else it is built, in the profile and the target directory
/// of the running test, which does nothing if it is up to date.
///
/// Cargo gives a test the paths of its own package's commands only, and `cargo test` does not build the commands of
/// other packages: so we ask it to. By then it has let go of its lock.
///
/// # Panics
///
/// If the command cannot be built.
pub fn wasmc() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| match env::var_os("WASMC") {
        Some(path) => path.into(),
        None => build(),
    })
}

/// Whether a tool is installed. Says so if it is not: see [`not_tested`].
///
/// # Panics
///
/// Where all tools must be.
pub fn has_tool(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).any(|directory| directory.join(name).is_file());
    if !found {
        not_tested(&format!("{name} is missing"));
    }
    found
}

/// Says that something is not tested, since what it takes is not installed. With `WASMC_TOOLS=required`, as `.ci/run`
/// sets it, nothing may be left out.
///
/// # Panics
///
/// There.
pub fn not_tested(why: &str) {
    let required = env::var_os("WASMC_TOOLS").is_some_and(|value| value == "required");
    assert!(!required, "{why}");
    cannot_test(why);
}

/// Says that something is not tested, for a reason that no installation mends. `eprintln!` would be captured.
pub fn cannot_test(why: &str) {
    let _ = writeln!(std::io::stderr(), "not tested: {why}");
}

/// The crate's library file, for rustc's `--extern`: of the same build as [`wasmc`].
///
/// # Panics
///
/// If it cannot be built.
pub fn wasmc_crate() -> PathBuf {
    let (profile_directory, mut command) = cargo_build();
    let output = command.args(["--workspace", "--lib", "--message-format", "json"]).output();
    let output = output.expect("cargo can be started");
    let messages = String::from_utf8_lossy(&output.stdout);
    let found =
        messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()).find_map(|line| {
            let is_ours = line["reason"] == "compiler-artifact" && line["target"]["name"] == "wasmc";
            let files = line["filenames"].as_array().filter(|_| is_ours)?;
            files.iter().filter_map(|file| file.as_str()).find(|file| file.ends_with(".rlib")).map(PathBuf::from)
        });
    found.unwrap_or_else(|| panic!("no crate in {}", profile_directory.display()))
}

fn build() -> PathBuf {
    let (profile_directory, mut command) = cargo_build();
    // The whole workspace, so that features of dependencies are those of `cargo test --workspace` and nothing is built
    // twice.
    let output = command.args(["--workspace", "--bin", "wasmc"]).output().expect("cargo can be started");
    let path = profile_directory.join("wasmc");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && path.is_file(),
        "the command wasmc, which this test runs, cannot be built (set WASMC to use one that exists):\n{errors}"
    );
    path
}

/// `cargo build` in the profile and the target directory of the running test; and where its results are.
fn cargo_build() -> (PathBuf, Command) {
    // target/PROFILE/deps/NAME-HASH
    let test = env::current_exe().expect("a program knows its path");
    let profile_directory = test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps");
    let target_directory = profile_directory.parent().expect("tests lie in target/PROFILE/deps");
    let profile = match profile_directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--profile", profile, "--target-dir"]).arg(target_directory);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    (profile_directory.to_owned(), command)
}
