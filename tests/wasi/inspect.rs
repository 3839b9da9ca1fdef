//! `wasmc inspect`: what it tells is what was granted, as text and as JSON.

use std::process::Command;

use libtest_mimic::{Failed, Trial};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use serde_json::Value;
use wasmc_tests::command::wasmc;
use wasmc_tests::golden;
use wasmc_tests::process::{self, End, Finished};

use super::guest::{Guest, time_limit};

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
  a � "name"
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
        Trial::test("inspect: sizes", || sizes().map_err(Failed::from)),
        Trial::test("inspect: nothing is granted by default", || by_default().map_err(Failed::from)),
        Trial::test("inspect: programs with threads say how many", || threads().map_err(Failed::from)),
        Trial::test("inspect: what wasmc did not make is refused", || refused().map_err(Failed::from)),
    ]
}

fn inspect(arguments: &[&str]) -> Result<Finished, String> {
    let mut command = Command::new(wasmc());
    process::run(command.arg("inspect").args(arguments), b"", time_limit()).map_err(|error| error.to_string())
}

fn told(module: &str, grants: &[&str], flags: &[&str]) -> Result<String, String> {
    let guest = Guest::compile(module, grants)?;
    let finished = inspect(&[&[&*guest.executable().to_string_lossy()], flags].concat())?;
    super::guest::expect(&finished, End::Exit(0))?;
    Ok(finished.stdout_text())
}

fn expect(module: &str, grants: &[&str], flags: &[&str], expected: &str) -> Result<(), String> {
    // How large things are depends on the toolchain that built the runtime library: see `sizes`.
    let text = told(module, grants, flags)?;
    let sizes = [",\n  \"sections\": [", "sections: "].into_iter().find_map(|start| text.find(start));
    let facts = &text[..sizes.ok_or("no sizes")?];
    let facts = if facts.starts_with('{') { format!("{facts}\n}}\n") } else { facts.to_owned() };
    if facts == expected { Ok(()) } else { Err(golden::difference(expected, &facts)) }
}

/// The sizes of an executable are those of its sections and symbols; an object tells the same, but for the runtime.
fn sizes() -> Result<(), String> {
    let guest = Guest::compile(MODULE, &[])?;
    let file = std::fs::read(guest.executable()).map_err(|error| error.to_string())?;
    let elf = object::File::parse(&*file).map_err(|error| error.to_string())?;
    let told: Value = serde_json::from_str(&told(MODULE, &[], &["--json"])?).map_err(|error| error.to_string())?;
    let bytes = |kind: &str, name: &str| {
        let list = told[kind].as_array().into_iter().flatten();
        list.filter(|part| part["name"] == name).map(|part| part["bytes"].as_u64().unwrap_or(0)).sum::<u64>()
    };
    for section in elf.sections().filter(|section| section.size() != 0) {
        let name = section.name().map_err(|error| error.to_string())?;
        if bytes("sections", name) != section.size() {
            return Err(format!("{name} has {} bytes, not {}", section.size(), bytes("sections", name)));
        }
    }
    let start = elf.symbols().find(|symbol| symbol.name() == Ok("_start")).ok_or("no symbol _start")?;
    if bytes("functions", "_start") != start.size() {
        return Err(format!("_start has {} bytes, not {}", start.size(), bytes("functions", "_start")));
    }
    let code: u64 = told["functions"].as_array().into_iter().flatten().filter_map(|part| part["bytes"].as_u64()).sum();
    if code > bytes("sections", ".text") || code < bytes("sections", ".text") / 2 {
        return Err(format!("functions have {code} bytes of {}", bytes("sections", ".text")));
    }

    let guest = Guest::compile(MODULE, &["--emit", "obj"])?;
    let finished = inspect(&[&guest.executable().to_string_lossy()])?;
    let text = finished.stdout_text();
    let has = |line: &str| text.lines().any(|found| found.trim() == line);
    let wanted = ["sealed: no", "wasi_unstable.fd_seek", &format!("{} _start", start.size())];
    if wanted.iter().all(|line| has(line)) { Ok(()) } else { Err(finished.epitaph() + &text) }
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
