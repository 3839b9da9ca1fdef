//! `--wasm-features` and `wasmc inspect`: a module for each proposal, which is refused without it, compiled with what
//! it needs and nothing else, and said to need just that.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use arbitrary::Unstructured;
use libtest_mimic::{Failed, Trial};
use wasm_smith::{Config, Module};
use wasmc::features;
use wasmc_tests::command::wasmc;
use wasmc_tests::golden;
use wasmc_tests::process::{self, End, Finished};
use wasmc_tests::random::Random;
use wasmparser::{Validator, WasmFeatures};

fn time_limit() -> Duration {
    process::limit(60)
}

/// A proposal, which others its module needs, whether its use is inside the function `use`, and the module.
#[rustfmt::skip]
const USES: &[(&str, &str, Place, &str)] = &[
    ("mutable-global",          "",     Outside, r#"(global (export "g") (mut i32) (i32.const 0))"#),
    ("saturating-float-to-int", "",     Inside,  "(func $use (drop (i32.trunc_sat_f32_s (f32.const 0))))"),
    ("sign-extension",          "",     Inside,  "(func $use (drop (i32.extend8_s (i32.const 0))))"),
    ("multi-value",             "",     Outside, "(func $use (result i32 i32) i32.const 0 i32.const 0)"),
    ("bulk-memory",             "",     Outside, "(data $d \"\") (func $use data.drop $d)"),
    ("reference-types",         "",     Inside,  "(func $use (drop (ref.null extern)))"),
    ("simd",                    "",     Inside,  "(func $use (drop (v128.const i64x2 0 0)))"),
    ("extended-const",          "",     Outside, "(global i32 (i32.add (i32.const 1) (i32.const 2)))"),
    ("tail-call",               "",     Inside,  "(func $use (return_call $use))"),
    ("exceptions",              "",     Inside,  "(func $use (block $b (try_table (catch_all $b))))"),
    ("relaxed-simd",            "simd", Inside,  "(func $use v128.const i64x2 0 0 i32x4.relaxed_trunc_f32x4_s drop)"),
    ("multi-memory",            "",     Outside, "(memory 1) (memory 1) (func $use)"),
    ("memory64",                "",     Outside, "(memory i64 1) (func $use)"),
    ("threads",                 "",     Inside,  "(func $use atomic.fence)"),
    ("custom-page-sizes",       "",     Outside, "(memory 1 (pagesize 1)) (func $use)"),
    ("function-references",     "reference-types", Inside, "(type $f (func)) (func $use ref.null $f call_ref $f)"),
    ("legacy-exceptions",       "",     Inside,  "(func $use try catch_all end)"),
    ("wide-arithmetic",         "",     Inside,  "(func $use i64.const 0 i64.const 0 i64.mul_wide_u drop drop)"),
    ("compact-imports",         "",     Outside, r#"(import "wasi_unstable" (item "proc_exit" (func (param i32))))"#),
];

/// Proposals that wasmc lacks, and a module for each.
#[rustfmt::skip]
const MISSING: &[(&str, &str)] = &[
    ("gc",                        "(type $s (struct)) (func (drop (struct.new $s)))"),
    ("stack-switching",           "(type $f (func)) (type (cont $f))"),
    ("shared-everything-threads", "(global (shared i32) (i32.const 0))"),
    ("component-model",           ""),
];

/// Where the use of a proposal is found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Inside,
    Outside,
}

use Place::{Inside, Outside};

const EVERYTHING: &str = r#"(module
  (import "env" "f" (func (param i32)))
  (import "env" "m" (memory 1 2))
  (memory i64 1)
  (memory 3 (pagesize 1))
  (table 1 2 funcref)
  (table i64 0 externref)
  (tag (export "t \u{1b}") (param i32 v128))
  (type (struct))
  (func (export "_start")))"#;

const TEXT: &str = "\
proposals:
  reference-types
  simd
  exceptions
  multi-memory
  memory64
  gc
  custom-page-sizes
memories:
  65536 131072
  i64 65536
  3
tables:
  1 2 funcref
  i64 0 externref
tags:
  (i32 v128)
imports:
  env.f
  env.m
exports:
  t �
  _start
sections: 8 with 73 bytes
          15 type
          19 import
           2 function
           8 table
           6 memory
           3 tag
          16 export
           4 code
functions: 1 with 2 bytes
           2 _start
";

const JSON: &str = r#"{
  "proposals": [
    "multi-value"
  ],
  "memories": [],
  "tables": [],
  "tags": [],
  "imports": [],
  "exports": [
    "f"
  ],
  "sections": [
    {
      "name": "type",
      "bytes": 6
    },
    {
      "name": "function",
      "bytes": 2
    },
    {
      "name": "export",
      "bytes": 5
    },
    {
      "name": "code",
      "bytes": 5
    }
  ],
  "functions": [
    {
      "name": "f",
      "bytes": 3
    }
  ]
}
"#;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for &(name, others, place, fields) in USES {
        trials.push(Trial::test(format!("proposals: {name}"), move || Ok(is_a_choice(name, others, place, fields)?)));
    }
    for &(name, fields) in MISSING {
        trials.push(Trial::test(format!("proposals: {name} (missing)"), move || Ok(is_missing(name, fields)?)));
    }
    trials.push(Trial::test("inspect a module: text", || inspects_as(EVERYTHING, &[], TEXT).map_err(Failed::from)));
    trials.push(Trial::test("inspect a module: JSON", || {
        let module = r#"(module (func (export "f") (result i32 i32) unreachable))"#;
        inspects_as(module, &["--json"], JSON).map_err(Failed::from)
    }));
    trials.push(Trial::test("inspect a module: errors", || Ok(inspection_fails()?)));
    trials.push(Trial::test("proposals: what random modules need", random_modules));
    trials
}

fn is_a_choice(name: &str, others: &str, place: Place, fields: &str) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = directory.path().join("module.wasm");
    write(&file, &format!("(module {fields} (func (export \"_start\")) (export \"use\" (func 0)))"))?;
    let path = file.to_string_lossy();
    let compile = |features: &str| wasmc_with(&[&path, "-o", "-", &format!("--wasm-features={features}")]);

    let refused = compile(&format!("-{name}"))?;
    let message = refused.stderr_text();
    let is_named = message.contains(&format!("the module needs the proposal '{name}' (turned off): "));
    let is_located = message.contains("at offset 0x") && (place == Outside || message.contains("in function use"));
    if refused.end != End::Exit(3) || !is_named || !is_located || !refused.stdout.is_empty() {
        return Err(refused.epitaph());
    }
    for sufficient in [format!("-all,{others},{name}").replace(",,", ","), format!("-all,+all,{name},-gc")] {
        let compiled = compile(&sufficient)?;
        if compiled.end != End::Exit(0) {
            return Err(format!("with {sufficient}: {}", compiled.epitaph()));
        }
    }
    let inspected = wasmc_with(&["inspect", &path])?.stdout_text();
    let mut expected: Vec<&str> = others.split(',').filter(|other| !other.is_empty()).collect();
    expected.push(name);
    if inspected.starts_with(&format!("proposals:\n  {}\nmemories:", expected.join("\n  "))) {
        Ok(())
    } else {
        Err(inspected)
    }
}

fn is_missing(name: &str, fields: &str) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = directory.path().join("module.wasm");
    write(&file, &if name == "component-model" { "(component)".into() } else { format!("(module {fields})") })?;
    let path = file.to_string_lossy();
    for features in ["all", "-all", &format!("-{name}")] {
        let refused = wasmc_with(&[&path, "-o", "-", "--wasm-features", features])?;
        let message = refused.stderr_text();
        if refused.end != End::Exit(3) || !message.contains(&format!("'{name}'")) || !refused.stdout.is_empty() {
            return Err(format!("with {features}: {}", refused.epitaph()));
        }
    }
    let required = wasmc_with(&[&path, "-o", "-", "--wasm-features", name])?;
    let message = required.stderr_text();
    if required.end == End::Exit(3) && message.ends_with(&format!("not supported: the proposal '{name}'\n")) {
        Ok(())
    } else {
        Err(required.epitaph())
    }
}

fn inspects_as(module: &str, flags: &[&str], expected: &str) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let binary = directory.path().join("module.wasm");
    write(&binary, module)?;
    let text = directory.path().join("module.wat");
    std::fs::write(&text, module).map_err(|error| error.to_string())?;
    for file in [binary, text] {
        let finished = wasmc_with(&[&["inspect", &*file.to_string_lossy()], flags].concat())?;
        if finished.end != End::Exit(0) || finished.stdout_text() != expected {
            return Err(format!("{}{}", finished.epitaph(), golden::difference(expected, &finished.stdout_text())));
        }
    }
    Ok(())
}

/// Status 1 for what is no valid module, 3 for a component.
fn inspection_fails() -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let component = wat::parse_str("(component)").map_err(|error| error.to_string())?;
    let invalid = wat::parse_str("(module (func (result i32)))").map_err(|error| error.to_string())?;
    for (name, bytes, status) in [
        ("empty.wasm", &b""[..], 1),
        ("head.wasm", b"\0asm", 1),
        ("cut.wasm", b"\0asm\x01\0\0\0\x01", 1),
        ("invalid.wasm", &invalid, 1),
        ("text.wat", b"(module (func $f (call $g)))", 1),
        ("component.wasm", &component, 3),
    ] {
        let file = directory.path().join(name);
        std::fs::write(&file, bytes).map_err(|error| error.to_string())?;
        let finished = wasmc_with(&["inspect", &file.to_string_lossy()])?;
        if finished.end != End::Exit(status) || !finished.stderr_text().contains(name) || !finished.stdout.is_empty() {
            return Err(format!("{name}: {}", finished.epitaph()));
        }
    }
    Ok(())
}

/// Modules with whatever wasm-smith knows: each is valid with the proposals that it is said to need, and not without
/// any of them.
fn random_modules() -> Result<(), Failed> {
    let mut needs = std::collections::BTreeSet::new();
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let bytes = random.bytes(1024);
        let config = Config { custom_page_sizes_enabled: true, ..Config::default() };
        let Ok(module) = Module::new(config, &mut Unstructured::new(&bytes)) else { continue };
        let wasm = module.to_bytes();
        let needed = features::needed(&wasm).map_err(|error| error.to_string())?;
        let list: Vec<&str> = needed.names().collect();
        let is_valid = |features: WasmFeatures| Validator::new_with_features(features).validate_all(&wasm).is_ok();
        if !is_valid(needed.validation()) {
            return Err(format!("seed {seed} needs more than {list:?}").into());
        }
        for one in needed.each() {
            if is_valid(needed.without(one).validation()) {
                return Err(format!("seed {seed} does not need {one} of {list:?}").into());
            }
        }
        needs.extend(list);
    }
    if needs.len() > 15 { Ok(()) } else { Err(format!("the modules need too little: {needs:?}").into()) }
}

fn write(file: &Path, module: &str) -> Result<(), String> {
    let wasm = wat::parse_str(module).map_err(|error| error.to_string())?;
    std::fs::write(file, wasm).map_err(|error| error.to_string())
}

fn wasmc_with(arguments: &[&str]) -> Result<Finished, String> {
    process::run(Command::new(wasmc()).args(arguments), b"", time_limit()).map_err(|error| error.to_string())
}
