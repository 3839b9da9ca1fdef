//! A run of the suite from its command to its web page, with programs that need no compiler and the engine that is
//! always there.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Prints a line by WASI.
const ANSWER: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\03\00\00\00")
    (data (i32.const 16) "42\n")
    (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

const ENDLESS: &str = r#"(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#;

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wasmc-bench")).args(arguments).output().expect("the benchmark runs")
}

/// Runs one program in wasmi: the JSON.
fn suite(directory: &Path, name: &str, text: &str, more: &[&str]) -> serde_json::Value {
    let module = directory.join(format!("{name}.wasm"));
    fs::write(&module, wat::parse_str(text).expect("a valid text")).unwrap();
    let given = format!("{name}={}", module.display());
    let work = directory.join("work");
    // No other program is called so; wasmc is not among the engines.
    let mut arguments = vec!["suite", "--program", "no other", "--engine", "wasmi", "--wasmc", "/bin/true"];
    arguments.extend(["--rounds", "1", "--starts", "2", "--no-growth", "--json", "--wasm", &given]);
    arguments.extend(["--directory", work.to_str().unwrap()]);
    let output = bench(&[&arguments, more].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_run_becomes_json_and_a_page() {
    let directory = tempfile::tempdir().unwrap();
    let results = suite(directory.path(), "answer", ANSWER, &[]);
    let program = &results["programs"][0];
    assert_eq!(program["output"], "42\n");
    assert!(program["outcomes"]["wasmi"]["measured"]["cpu"]["min"].as_f64().unwrap() > 0.0);
    assert_eq!(results["engines"][0]["starts"], 2);

    let file = directory.path().join("results.json");
    fs::write(&file, results.to_string()).unwrap();
    let page = bench(&["page", file.to_str().unwrap()]);
    let page = String::from_utf8(page.stdout).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("answer"), "{page}");
    let tables = bench(&["page", "--tables", file.to_str().unwrap()]);
    let tables = String::from_utf8(tables.stdout).unwrap();
    assert!(tables.contains("| answer") && tables.contains("Processor time in s, least"), "{tables}");
}

#[test]
fn an_engine_that_hangs_has_failed() {
    let directory = tempfile::tempdir().unwrap();
    let results = suite(directory.path(), "endless", ENDLESS, &["--limit", "1"]);
    assert_eq!(results["programs"][0]["outcomes"]["wasmi"]["failed"], "not done after 1s");
}

#[test]
fn a_module_of_any_size_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("made.wasm");
    let output = bench(&["generate", "--bytes", "100000", file.to_str().unwrap()]);
    assert!(output.status.success());
    let size = fs::metadata(&file).unwrap().len();
    assert!((90_000..120_000).contains(&size), "{size}");
}

/// The page of the results that are committed, as a browser draws it.
#[test]
fn the_page_is_drawn() {
    if Command::new("chromium").arg("--version").output().is_err() {
        assert!(std::env::var_os("WASMC_TOOLS").is_none_or(|tools| tools != "required"), "there is no chromium");
        println!("skipped: no chromium");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/amd-epyc-zen4-2vcpu.json");
    let page = bench(&["page", results.to_str().unwrap()]);
    assert!(page.status.success(), "{}", String::from_utf8_lossy(&page.stderr));
    fs::write(directory.path().join("page.html"), page.stdout).unwrap();
    let open = |flags: &[&str]| {
        let mut command = Command::new("chromium");
        command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,900"]);
        command.arg(format!("--user-data-dir={}", directory.path().join("profile").display())).args(flags);
        let output = command.arg(directory.path().join("page.html")).env("HOME", directory.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let text = open(&["--dump-dom"]);
    assert!(text.contains("matmul") && text.contains("</svg>"), "{text}");
    // A page without anything on it takes a few kilobytes.
    let picture = directory.path().join("page.png");
    open(&[&format!("--screenshot={}", picture.display())]);
    let size = fs::metadata(&picture).unwrap().len();
    assert!(size > 30_000, "a picture of {size} bytes");
}
