//! Wasmtime as the reference, for exceptions and threads, which wasmi lacks. By hand only: it is Python's package
//! `wasmtime`, which `differential/in_wasmtime.py` drives.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use wasmc::Step;
use wasmc_abi::trap::TrapCode;

use crate::process;
use crate::steps::Outcome;

fn time_limit() -> Duration {
    process::limit(60)
}

/// Performs all steps on one module.
///
/// # Panics
///
/// If Python or its package is missing.
pub fn perform(wasm: &[u8], steps: &[Step]) -> Vec<Outcome> {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    file.write_all(wasm).expect("a temporary file can be written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("differential/in_wasmtime.py");
    let input = steps.iter().fold(String::new(), |text, step| text + &line(step) + "\n");
    let mut command = Command::new("python3");
    command.arg(script).arg(file.path());
    let finished = process::run(&mut command, input.as_bytes(), time_limit()).expect("python3 can be started");
    let outcomes: Vec<Outcome> = finished.stdout_text().lines().filter_map(outcome).collect();
    assert!(outcomes.len() == steps.len(), "in_wasmtime.py: {}", finished.epitaph());
    outcomes
}

fn line(step: &Step) -> String {
    let name = |name: &str| serde_json::Value::from(name).to_string();
    match step {
        Step::Instantiate(_) => "instantiate".into(),
        Step::GlobalGet { export, .. } => format!("global {}", name(export)),
        Step::Memory { export, .. } => format!("memory {}", name(export)),
        Step::Invoke { export, arguments, .. } => {
            arguments.iter().fold(format!("invoke {}", name(export)), |mut text, argument| {
                let _ = write!(text, " {argument}");
                text
            })
        }
        Step::Start | Step::End | Step::Wait(_) => unreachable!("plans of these tests have one thread"),
    }
}

fn outcome(line: &str) -> Option<Outcome> {
    let (what, rest) = line.split_once(' ').unwrap_or((line, ""));
    match what {
        "returned" => {
            rest.split_whitespace().map(|slot| slot.parse().ok()).collect::<Option<_>>().map(Outcome::Returned)
        }
        "trapped" => Some(trap(rest).map_or_else(|| Outcome::Lost(rest.into()), Outcome::Trapped)),
        _ => Some(Outcome::Lost(format!("wasmtime: {rest}"))),
    }
}

/// Wasmtime's name of a trap.
fn trap(name: &str) -> Option<TrapCode> {
    Some(match name {
        "UNREACHABLE" => TrapCode::Unreachable,
        "MEMORY_OUT_OF_BOUNDS" => TrapCode::MemoryOutOfBounds,
        "TABLE_OUT_OF_BOUNDS" => TrapCode::TableOutOfBounds,
        "INDIRECT_CALL_TO_NULL" => TrapCode::IndirectCallToNull,
        "BAD_SIGNATURE" => TrapCode::BadSignature,
        "INTEGER_OVERFLOW" => TrapCode::IntegerOverflow,
        "INTEGER_DIVISION_BY_ZERO" => TrapCode::IntegerDivideByZero,
        "BAD_CONVERSION_TO_INTEGER" => TrapCode::BadConversionToInteger,
        "NULL_REFERENCE" => TrapCode::NullReference,
        "STACK_OVERFLOW" => TrapCode::StackOverflow,
        "UNCAUGHT_EXCEPTION" => TrapCode::UncaughtException,
        "HEAP_MISALIGNED" => TrapCode::UnalignedAtomic,
        "ATOMIC_WAIT_NON_SHARED_MEMORY" => TrapCode::UnsharedWait,
        _ => return None,
    })
}
