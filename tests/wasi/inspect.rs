//! `wasmc inspect`: what it tells is what was granted, as text and as JSON.

use std::process::Command;

use libtest_mimic::{Failed, Trial};
use wasmc_tests::command::wasmc;
use wasmc_tests::golden;
use wasmc_tests::process::{self, End, Finished};

use super::guest::{Guest, TIME_LIMIT};

const MODULE: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "fd_seek" (func (param i32 i64 i32 i32) (result i32)))
  (memory (export "memory") 2 5)
  (func (export "_start"))
  (func (export "a \u{1b} \"name\"")))"#;

const GRANTS: &[&str] = &[
    "--dir",
    "here",
    "--dir",
    "/there::/b:ro",
    "--env",
    "A=1",
    "--env",
    "B=\"x\\\"",
    "--inherit-env",
    "--tcplisten",
    "[::1]:80",
    "--arg0",
    "name",
    "--sealed",
    "--max-memory",
    "1M",
    "--cpu",
    "x86-64-v3",
    "--target",
    "x86_64",
];

const TEXT: &str = r#"target: x86_64-unknown-linux
cpu: x86-64-v3
sealed: yes
directories:
  here
  /there::/b:ro
embedded: none
environment:
  A=1
  B="x\"
inherit-environment: yes
listeners:
  [::1]:80
max-memory: 1048576
arg0: name
memories:
  131072 327680
imports:
  wasi_snapshot_preview1.fd_write
  wasi_unstable.fd_seek
exports:
  memory
  _start
  a ? "name"
"#;

const JSON: &str = r#"{
  "target": "x86_64-unknown-linux",
  "cpu": "x86-64-v3",
  "sealed": true,
  "directories": [
    "here",
    "/there::/b:ro"
  ],
  "embedded": [],
  "environment": [
    "A=1",
    "B=\"x\\\""
  ],
  "inherit-environment": true,
  "listeners": [
    "[::1]:80"
  ],
  "max-memory": 1048576,
  "arg0": "name",
  "memories": [
    "131072 327680"
  ],
  "imports": [
    "wasi_snapshot_preview1.fd_write",
    "wasi_unstable.fd_seek"
  ],
  "exports": [
    "memory",
    "_start",
    "a \u001b \"name\""
  ]
}
"#;

const NOTHING_GRANTED: &str =
    "directories: none\nembedded: none\nenvironment: none\ninherit-environment: no\nlisteners: none\n";

pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test("inspect: text", || expect(MODULE, GRANTS, &[], TEXT).map_err(Failed::from)),
        Trial::test("inspect: JSON", || expect(MODULE, GRANTS, &["--json"], JSON).map_err(Failed::from)),
        Trial::test("inspect: nothing is granted by default", || by_default().map_err(Failed::from)),
        Trial::test("inspect: programs with threads say how many", || threads().map_err(Failed::from)),
        Trial::test("inspect: what wasmc did not make is refused", || refused().map_err(Failed::from)),
    ]
}

fn inspect(arguments: &[&str]) -> Result<Finished, String> {
    let mut command = Command::new(wasmc());
    process::run(command.arg("inspect").args(arguments), b"", TIME_LIMIT).map_err(|error| error.to_string())
}

fn told(module: &str, grants: &[&str], flags: &[&str]) -> Result<String, String> {
    let guest = Guest::compile(module, grants)?;
    let finished = inspect(&[&[&*guest.executable().to_string_lossy()], flags].concat())?;
    super::guest::expect(&finished, End::Exit(0))?;
    Ok(finished.stdout_text())
}

fn expect(module: &str, grants: &[&str], flags: &[&str], expected: &str) -> Result<(), String> {
    let text = told(module, grants, flags)?;
    if text == expected { Ok(()) } else { Err(golden::difference(expected, &text)) }
}

fn by_default() -> Result<(), String> {
    let text = told(MODULE, &[], &[])?;
    if text.contains(NOTHING_GRANTED) && text.contains("sealed: no\n") { Ok(()) } else { Err(text) }
}

fn threads() -> Result<(), String> {
    const WITH_THREADS: &str = r#"(module
      (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
      (memory (export "memory") 1 1 shared)
      (func (export "wasi_thread_start") (param i32 i32))
      (func (export "_start") (drop (call $spawn (i32.const 0)))))"#;
    let lines = |module, flags| Ok::<_, String>(told(module, flags, &[])?.matches("\nmax-threads: 7\n").count());
    match (lines(WITH_THREADS, &["--max-threads", "7"])?, lines(MODULE, &["--max-threads", "7"])?) {
        (1, 0) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

fn refused() -> Result<(), String> {
    for file in ["/dev/null", "/bin/sh", "/no/such/file"] {
        let finished = inspect(&[file])?;
        if finished.end != End::Exit(1) || finished.stderr_text().lines().count() != 1 || !finished.stdout.is_empty() {
            return Err(format!("{file}: {}", finished.epitaph()));
        }
    }
    let finished = inspect(&[])?;
    if finished.end == End::Exit(2) { Ok(()) } else { Err(finished.epitaph()) }
}
