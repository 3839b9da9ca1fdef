//! Inputs that are too large to be written down, or that no text can hold.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::Duration;

use libtest_mimic::Trial;
use wasmc::options::Architecture;
use wasmc_tests::command::wasmc;
use wasmc_tests::emulator;
use wasmc_tests::process::{self, End, Finished};

/// Some of these keep the compiler busy for a while.
fn time_limit() -> Duration {
    process::limit(120)
}

/// A test of a command that must end with a status: one for each architecture.
struct Program {
    name: &'static str,
    text: fn() -> String,
    status: i32,
}

#[rustfmt::skip]
const PROGRAMS: &[Program] = &[
    Program { name: "50 000 locals",                         text: locals,            status: 42 },
    Program { name: "1 000 calls of much that is nothing",   text: calls_of_nothing,  status: 42 },
    Program { name: "loads behind 6 000 stores",             text: loads_and_stores,  status: 42 },
    Program { name: "1 000 parameters",                      text: parameters,        status: 42 },
    Program { name: "1 000 results",                         text: results,           status: 42 },
    Program { name: "br_table with 100 000 targets",         text: branch_table,      status: 42 },
    Program { name: "blocks nested 5 000 deep",              text: nested_blocks,     status: 42 },
    Program { name: "expression nested 5 000 deep",          text: nested_expression, status: 42 },
    Program { name: "20 000 functions",                      text: functions,         status: 42 },
    Program { name: "table of 1 000 000 entries",            text: table,             status: 42 },
    Program { name: "1 000 globals",                         text: globals,           status: 42 },
    Program { name: "20 000 data segments",                  text: segments,          status: 42 },
    Program { name: "memory of 4 GiB",                       text: whole_memory,      status: 42 },
    Program { name: "memory that grows to 65535 pages",      text: grown_memory,      status: 42 },
    Program { name: "frames that could step over the guard", text: large_frames,      status: 134 },
];

pub fn trials() -> Vec<Trial> {
    let mut trials = other_trials();
    for Program { name, text, status } in PROGRAMS {
        for architecture in emulator::architectures() {
            let label = format!("large: {name} on {}", architecture.name());
            let trial = Trial::test(label, move || exits_with(&text(), *status, architecture));
            trials.push(trial.with_ignored_flag(!emulator::can_run(architecture)));
        }
    }
    trials
}

#[rustfmt::skip]
fn other_trials() -> Vec<Trial> {
    vec![
        Trial::test("bad input: an empty file",                    || is_refused(b"", "offset 0x0")),
        Trial::test("bad input: only the magic number",            || is_refused(b"\0asm", "offset 0x4")),
        Trial::test("bad input: an unknown version",               || is_refused(b"\0asm\x02\0\0\0", "offset 0x4")),
        Trial::test("bad input: not text and not a module",        || is_refused(b"\x7fELF\x02\x01\x01", "")),
        Trial::test("bad input: a section longer than the file",   || is_refused(LONG_SECTION, "offset 0x")),
        Trial::test("bad input: a type error in a function",       || is_refused(&type_error(), "in function bad, at")),
        Trial::test("a note names large functions",                noted_large_function),
        Trial::test("an output that cannot be written is an error", unwritable_output),
        Trial::test("an output that exists is replaced",           replaced_output),
        Trial::test("a failure keeps the output that exists",      kept_output),
        Trial::test("a missing input is an error",                 missing_input),
        Trial::test("the targets are listed",                      targets),
    ]
}

/// A command whose exit status is what `body`, of type i32, computes.
fn exit_with(items: &str, body: &str) -> String {
    format!(
        r#"(module
             (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
             {items}
             (func $compute (result i32) {body})
             (func (export "_start") (call $exit (call $compute))))"#
    )
}

fn compile(input: &[u8], flags: &[&str]) -> (tempfile::TempDir, Finished) {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("input.wasm");
    fs::write(&source, input).unwrap();
    let mut command = Command::new(wasmc());
    command.arg(source).arg("-o").arg(directory.path().join("out")).args(flags);
    let finished = process::run(&mut command, b"", time_limit()).unwrap();
    (directory, finished)
}

fn exits_with(text: &str, status: i32, architecture: Architecture) -> Result<(), libtest_mimic::Failed> {
    let wasm = wat::parse_str(text)?;
    for level in ["-O2", "-O0"] {
        let flags = [level, "--target", architecture.name()];
        let (directory, compiled) = compile(&wasm, &flags);
        if compiled.end != End::Exit(0) {
            return Err(format!("wasmc {flags:?}: {}", compiled.epitaph()).into());
        }
        let finished =
            process::run(&mut emulator::command(architecture, &directory.path().join("out")), b"", time_limit())?;
        if finished.end != End::Exit(status) {
            return Err(format!("the program ({flags:?}): {}", finished.epitaph()).into());
        }
    }
    Ok(())
}

/// Status 1, one line that contains `what`, perhaps with lines of the input below it, and no output.
fn is_refused(input: &[u8], what: &str) -> Result<(), libtest_mimic::Failed> {
    let (directory, compiled) = compile(input, &[]);
    let stderr = compiled.stderr_text();
    let mut lines = stderr.lines();
    let is_named = lines.next().is_some_and(|line| line.contains(what));
    // `  --> FILE:LINE:COLUMN`, and lines with `|` between number and text.
    let is_place = |line: &str| line.contains("--> ") || line.contains('|');
    let is_right = compiled.end == End::Exit(1) && is_named && lines.all(is_place);
    if !is_right || directory.path().join("out").exists() {
        return Err(format!("expected status 1 and '{what}': {}", compiled.epitaph()).into());
    }
    Ok(())
}

/// With the settings that do without Cranelift's e-graph pass anyway there is nothing to note.
fn noted_large_function() -> Result<(), libtest_mimic::Failed> {
    let wasm = wat::parse_str(loads_and_stores())?;
    for (level, begin) in
        [("-O2", "note: functions above 96 KiB are compiled with fewer optimisations: compute ("), ("-O0", "")]
    {
        let (_directory, compiled) = compile(&wasm, &[level]);
        let stderr = compiled.stderr_text();
        let is_right = if begin.is_empty() { stderr.is_empty() } else { stderr.starts_with(begin) };
        if compiled.end != End::Exit(0) || !is_right {
            return Err(format!("{level}: {}", compiled.epitaph()).into());
        }
    }
    Ok(())
}

fn repeat(count: usize, mut item: impl FnMut(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, index| {
        let _ = write!(text, "{}", item(index));
        text
    })
}

fn calls_of_nothing() -> String {
    let locals = format!("(local {})", "i32 ".repeat(20_000));
    let blocks = "(block) ".repeat(1_000);
    let targets = "0 ".repeat(5_000);
    let calls = "(call $locals) (call $blocks) (call $targets (i32.const 1))".repeat(1_000);
    let items = format!(
        "(func $locals {locals}) (func $blocks {blocks}) (func $targets (param i32) (br_table {targets} (local.get 0)))"
    );
    exit_with(&items, &format!("{calls} (i32.const 42)"))
}

/// In one function of more than 96 KiB, with loads that see stores, parts of them, and what calls have changed.
fn loads_and_stores() -> String {
    let (mut steps, mut sum, mut words) = (String::new(), 0u32, [0u32; 8]);
    for step in 0..6_000 {
        let (stored, loaded) = (step % 8, step * 5 % 8);
        words[stored] = sum;
        write!(steps, "(i32.store offset={} (i32.const 0) (local.get 0))", 4 * stored).unwrap();
        if step % 10 == 3 {
            words[stored] = words[stored] & !0xff00 | (sum & 0xff) << 8;
            write!(steps, "(i32.store8 offset={} (i32.const 0) (local.get 0))", 4 * stored + 1).unwrap();
        }
        if step % 7 == 5 {
            words[0] = words[0].wrapping_add(3);
            steps.push_str("(call $change)");
        }
        sum = sum.wrapping_add(words[loaded]).wrapping_add(step as u32);
        let load = format!("(i32.load offset={} (i32.const 0))", 4 * loaded);
        write!(steps, "(local.set 0 (i32.add (i32.add (local.get 0) {load}) (i32.const {step})))").unwrap();
    }
    let items = "(memory 1) (func $change (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 3))))";
    exit_with(items, &format!("(local i32) {steps} (i32.add (i32.ne (local.get 0) (i32.const {sum})) (i32.const 42))"))
}

fn locals() -> String {
    let body = format!("(local {}) (local.set 49999 (i32.const 42)) (local.get 49999)", "i32 ".repeat(50_000));
    exit_with("", &body)
}

fn parameters() -> String {
    let types = "i32 ".repeat(1000);
    let sum = repeat(999, |index| format!("(i32.add (local.get {})) ", index + 1));
    let items = format!("(func $sum (param {types}) (result i32) (local.get 0) {sum})");
    let arguments = repeat(1000, |index| format!("(i32.const {}) ", u32::from(index < 42)));
    exit_with(&items, &format!("(call $sum {arguments})"))
}

fn results() -> String {
    let types = "i32 ".repeat(1000);
    let values = repeat(1000, |index| format!("(i32.const {}) ", u32::from(index >= 958)));
    let items = format!("(func $many (result {types}) {values})");
    exit_with(&items, &format!("(call $many) {}", "(i32.add) ".repeat(999)))
}

fn branch_table() -> String {
    let targets = repeat(100_000, |index| format!("{} ", u32::from(index == 77_777)));
    let body = format!(
        "(block $other (block $this (br_table {targets} 0 (i32.const 77777))) (return (i32.const 1))) (i32.const 42)"
    );
    exit_with("", &body)
}

fn nested_blocks() -> String {
    let body = format!("{} (br 4999) {} (i32.const 42)", "(block ".repeat(5000), ")".repeat(5000));
    exit_with("", &body)
}

fn nested_expression() -> String {
    let open = repeat(5000, |index| format!("(i32.add (i32.const {}) ", u32::from(index < 40)));
    exit_with("", &format!("{open} (i32.const 2) {}", ")".repeat(5000)))
}

fn functions() -> String {
    let chain = repeat(20_000, |index| {
        format!("(func $f{index} (param i32) (result i32) (i32.add (local.get 0) (i32.const {})))\n", index % 2)
    });
    let entries = repeat(20_000, |index| format!("$f{index} "));
    let items = format!("{chain} (table funcref (elem {entries}))");
    let call = "(call_indirect (param i32) (result i32) (i32.const 41) (i32.const 19999))";
    exit_with(&items, call)
}

fn table() -> String {
    let items = "(table 1000000 funcref) (elem (i32.const 999999) $f) (func $f (result i32) (i32.const 42))";
    exit_with(items, "(call_indirect (result i32) (i32.const 999999))")
}

fn globals() -> String {
    let globals = repeat(1000, |index| format!("(global $g{index} (mut i32) (i32.const {})) ", u32::from(index < 42)));
    let sum = repeat(1000, |index| format!("(i32.add (global.get $g{index})) "));
    let set = "(func $set (global.set $g0 (i32.const 1)))";
    exit_with(&format!("{globals} {set}"), &format!("(call $set) (i32.const 0) {sum}"))
}

fn segments() -> String {
    let data = repeat(20_000, |index| format!("(data (i32.const {}) \"\\{:02x}\") ", index * 3, index % 256));
    let address = (19_999 - 19_999 % 256 - 256 + 42) * 3;
    exit_with(&format!("(memory 1) {data}"), &format!("(i32.load8_u (i32.const {address}))"))
}

fn whole_memory() -> String {
    let body = "(i32.store offset=0xfffffffc (i32.const 0) (i32.const 42))
        (i32.load (i32.const -4))";
    exit_with("(memory 65536)", body)
}

/// A memory grows up to the page before the last: the last word of that holds 42.
fn grown_memory() -> String {
    let body = "(if (i32.ne (memory.grow (i32.const 65535)) (i32.const -1)) (then (unreachable)))
        (if (i32.ne (memory.grow (i32.const 65534)) (i32.const 1)) (then (unreachable)))
        (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))
        (i32.store offset=0xfffefffc (i32.const 0) (i32.const 42))
        (i32.load (i32.const 0xfffefffc))";
    exit_with("(memory 1)", body)
}

/// Infinite recursion with 24 000 bytes of locals that all live across the call.
fn large_frames() -> String {
    let count = 3000;
    let loads =
        repeat(count, |index| format!("(local.set {} (i64.load offset={} (i32.const 0)))", index + 1, index * 8));
    let uses = repeat(count, |index| format!("(i64.xor (local.get {}))", index + 1));
    let call = "(call $recurse (i64.add (local.get 0) (i64.const 1)))";
    let locals = "i64 ".repeat(count);
    let items = format!("(memory 1) (func $recurse (param i64) (result i64) (local {locals}) {loads} {call} {uses})");
    exit_with(&items, "(i32.wrap_i64 (call $recurse (i64.const 0)))")
}

fn type_error() -> Vec<u8> {
    wat::parse_str(r#"(module (func $good) (func $bad (result i32) (i64.const 0)) (export "_start" (func $good)))"#)
        .unwrap()
}

/// A type section of 127 bytes, of which there are none.
const LONG_SECTION: &[u8] = b"\0asm\x01\0\0\0\x01\x7f";

const EMPTY: &str = r#"(module (func (export "_start")))"#;

fn unwritable_output() -> Result<(), libtest_mimic::Failed> {
    let directory = tempfile::tempdir()?;
    let source = directory.path().join("input.wat");
    fs::write(&source, EMPTY)?;
    let target = directory.path().join("missing/out");
    let finished = process::run(Command::new(wasmc()).arg(source).arg("-o").arg(&target), b"", time_limit())?;
    let stderr = finished.stderr_text();
    if finished.end != End::Exit(1) || stderr.lines().count() != 1 || !stderr.contains("missing/out") {
        return Err(finished.epitaph().into());
    }
    Ok(())
}

/// Even one that may not be written: it is another file that takes its name.
fn replaced_output() -> Result<(), libtest_mimic::Failed> {
    let directory = tempfile::tempdir()?;
    let (source, target) = (directory.path().join("input.wat"), directory.path().join("out"));
    fs::write(&source, EMPTY)?;
    fs::write(&target, "something else")?;
    let link = directory.path().join("second name of the old output");
    fs::hard_link(&target, &link)?;
    let compiled = process::run(Command::new(wasmc()).arg(source).arg("-o").arg(&target), b"", time_limit())?;
    if compiled.end != End::Exit(0) {
        return Err(compiled.epitaph().into());
    }
    let finished = process::run(&mut Command::new(&target), b"", time_limit())?;
    if finished.end != End::Exit(0) || fs::read(&link)? != b"something else" {
        return Err("the output was not replaced in one step".into());
    }
    Ok(())
}

fn kept_output() -> Result<(), libtest_mimic::Failed> {
    let directory = tempfile::tempdir()?;
    let (source, target) = (directory.path().join("input.wasm"), directory.path().join("out"));
    fs::write(&source, b"\0asm\x01\0\0\0\xff")?;
    fs::write(&target, "something else")?;
    let finished = process::run(Command::new(wasmc()).arg(source).arg("-o").arg(&target), b"", time_limit())?;
    if finished.end != End::Exit(1) || fs::read(&target)? != b"something else" {
        return Err(finished.epitaph().into());
    }
    Ok(())
}

/// All of them are in a `wasmc` that is tested.
fn targets() -> Result<(), libtest_mimic::Failed> {
    let finished = process::run(Command::new(wasmc()).arg("targets"), b"", time_limit())?;
    let lines = "x86_64-unknown-linux   x86-64 x86-64-v2 (default) x86-64-v3 x86-64-v4\n\
                 aarch64-unknown-linux  armv8-a (default) armv8.1-a armv8.4-a armv8.6-a\n";
    if finished.end != End::Exit(0) || finished.stdout_text() != lines {
        return Err(format!("{}\n{}", finished.epitaph(), finished.stdout_text()).into());
    }
    Ok(())
}

fn missing_input() -> Result<(), libtest_mimic::Failed> {
    let finished = process::run(Command::new(wasmc()).arg("/nonexistent/input.wasm"), b"", time_limit())?;
    let stderr = finished.stderr_text();
    if finished.end != End::Exit(1) || stderr.lines().count() != 1 || !stderr.contains("/nonexistent/input.wasm") {
        return Err(finished.epitaph().into());
    }
    Ok(())
}
