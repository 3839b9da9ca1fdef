//! Loops of which the pass `slp` makes vectors, with every distance between the places that they read and write from
//! one far apart to the same. What each program writes, all of its memory, must be what it writes without the pass.

use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use wasmc::options::Architecture;
use wasmc::{Emit, Entry, InstanceSource, Options, Program};
use wasmc_tests::process::{self, End, Finished};
use wasmc_tests::{emulator, native};

fn time_limit() -> Duration {
    process::limit(60)
}

/// A loop. In its body, `LANE` stands for the offset of an element, from 0 on; `C` and `B` for a written and a read
/// place; `K` for a constant of the element's own; `ELEMENT` for a load, which the first lane keeps in `$shared`.
struct Shape {
    name: &'static str,
    /// Type of the elements, which are as many as a vector has.
    ty: &'static str,
    /// The statement for each element.
    body: &'static str,
    /// Both pointers move on in each round, besides what is added to them.
    moves_pointers: bool,
    /// Whether vectors are made of it.
    packs: bool,
}

const C: &str = "(i32.add (local.get $c) (local.get $i))";
const B: &str = "(i32.add (local.get $b) (local.get $i))";

#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    shape("axpy", "f64", "(f64.store offset=LANE C
        (f64.add (f64.mul (f64.const 1.5) (f64.load offset=LANE B)) (f64.load offset=LANE C)))"),
    shape("singles", "f32", "(f32.store offset=LANE C
        (f32.sub (f32.mul (f32.load offset=LANE B) (f32.load offset=LANE B)) (f32.neg (f32.load offset=LANE C))))"),
    shape("longs", "i64", "(i64.store offset=LANE C
        (i64.xor (i64.shl (i64.load offset=LANE B) (i64.const 3)) (i64.and (i64.load offset=LANE C) (i64.const -9))))"),
    shape("words", "i32", "(i32.store offset=LANE C
        (i32.add (i32.or (i32.shr_s (i32.load offset=LANE B) (local.get $n)) (i32.const 257))
                 (i32.load offset=LANE C)))"),
    shape("constants of each lane", "i32", "(i32.store offset=LANE C
        (i32.add (i32.load offset=LANE B) (i32.const K)))"),
    shape("a load is shared", "f64", "(f64.store offset=LANE C
        (f64.add (f64.load offset=LANE B) (f64.load offset=NEXT B)))"),
    shape("operands in another order", "i64", "(i64.store offset=LANE C SWAP)"),
    shape("an element is a factor of all", "f32", "(f32.store offset=LANE C
        (f32.mul ELEMENT (local.get $shared)))"),
    shape("an element is the count of all", "i32", "(i32.store offset=LANE C
        (i32.shl ELEMENT (local.get $shared)))"),
    shape("copies", "i64", "(i64.store offset=LANE C (i64.load offset=LANE B))"),
    shape("constants", "f32", "(f32.store offset=LANE C (f32.const K))"),
    shape("the index is added to", "f64", "(f64.store (i32.add C (i32.const LANE))
        (f64.sqrt (f64.abs (f64.load (i32.add B (i32.const LANE))))))"),
    shape("what was read is used behind", "i64", "(i64.store offset=LANE C
        (local.tee $last (i64.add (i64.load offset=LANE B) (local.get $seen))))"),
    Shape { moves_pointers: true, ..shape("pointers", "f64", "(f64.store offset=LANE (local.get $c)
        (f64.sub (f64.load offset=LANE (local.get $b)) (f64.const 0.25)))") },
    Shape { packs: false, ..shape("what the lane before wrote is read", "f64", "(f64.store offset=NEXT C
        (f64.add (f64.load offset=LANE C) (f64.load offset=LANE B)))") },
    Shape { packs: false, ..shape("a sum", "f64", "(f64.store offset=LANE C
        (local.tee $sum (f64.add (local.get $sum) (f64.load offset=LANE B))))") },
    Shape { packs: false, ..shape("every second", "i64", "(i64.store offset=TWICE C (i64.load offset=LANE B))") },
    // An index that goes down wraps where the offset goes on.
    Shape { packs: false, ..shape("down and up", "f64", "(f64.store offset=LANE C
        (f64.load offset=TWICE (i32.sub B (i32.const LANE))))") },
];

const fn shape(name: &'static str, ty: &'static str, body: &'static str) -> Shape {
    Shape { name, ty, body, moves_pointers: false, packs: true }
}

impl Shape {
    fn bytes(&self) -> usize {
        if self.ty.ends_with("64") { 8 } else { 4 }
    }

    /// A program that goes through all distances and writes the memory after each.
    fn module(&self) -> Vec<u8> {
        let bytes = self.bytes();
        let statement = |lane: usize| {
            let swapped = ["(i64.add B' C')", "(i64.add C' B')"][lane % 2];
            let swapped = swapped.replace("B'", "(i64.load offset=LANE B)").replace("C'", "(i64.load offset=LANE C)");
            let text = self.body.replace("SWAP", &swapped);
            // The first one is kept for all.
            let element = format!("({}.load offset=LANE B)", self.ty);
            let element = if lane == 0 { format!("(local.tee $shared {element})") } else { element };
            let text = text.replace("ELEMENT", &element);
            let text = text.replace("LANE", &(bytes * lane).to_string());
            let text = text.replace("NEXT", &(bytes * (lane + 1)).to_string());
            let text = text.replace("TWICE", &(bytes * lane * 2).to_string());
            text.replace(" K)", &format!(" {})", lane * lane + 1))
                .replace(" C", &format!(" {C}"))
                .replace(" B", &format!(" {B}"))
        };
        let body: String = (0..16 / bytes).map(statement).collect();
        let step = match self.moves_pointers {
            true => {
                "(local.set $c (i32.add (local.get $c) (i32.const 16)))
                     (local.set $b (i32.add (local.get $b) (i32.const 16)))"
            }
            false => "",
        };
        let ty = self.ty;
        let text = format!(
            r#"(module
              (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
              (memory (export "memory") 1)
              (func $kernel (param $c i32) (param $b i32) (param $n i32) (param $seen i64) (result i64)
                (local $i i32) (local $last i64) (local $sum f64) (local $shared {ty})
                (loop $next
                  {body}
                  {step}
                  (local.set $i (i32.add (local.get $i) (i32.const 16)))
                  (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
                ;; Everything is used behind the loop.
                (i64.add (i64.extend_i32_u (i32.add (local.get $i) (i32.add (local.get $c) (local.get $b))))
                  (i64.add (local.get $last) (i64.reinterpret_f64 (local.get $sum)))))
              (func $try (param $c i32) (param $b i32)
                (local $i i32) (local $random i32)
                (local.set $random (i32.const 12345))
                ;; Numbers, whatever the alignment.
                (loop $fill
                  (i32.store8 (i32.add (local.get $i) (i32.const 1024)) (i32.and (i32.const 63)
                    (i32.shr_u (local.tee $random
                      (i32.add (i32.mul (local.get $random) (i32.const 1103515245)) (i32.const 12345)))
                      (i32.const 16))))
                  (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1024))))
                (i64.store (i32.const 1016)
                  (call $kernel (local.get $c) (local.get $b) (i32.const 192) (i64.const 77)))
                (i32.store (i32.const 0) (i32.const 1016))
                (i32.store (i32.const 4) (i32.const 1032))
                (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
              (func (export "_start")
                (local $distance i32)
                (local.set $distance (i32.const -317))
                (loop $next
                  (call $try (i32.const 1400) (i32.add (i32.const 1400) (local.get $distance)))
                  (br_if $next (i32.le_s
                    (local.tee $distance (i32.add (local.get $distance)
                      ;; All near ones, and some of the others.
                      (select (i32.const 1) (i32.const 23)
                        (i32.lt_u (i32.add (local.get $distance) (i32.const 41)) (i32.const 80)))))
                    (i32.const 300))))
                ;; And beyond the end.
                (call $try (i32.const 65448) (i32.const 1024))))"#
        );
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn check(&self, architecture: Architecture) -> Result<(), Failed> {
        let wasm = self.module();
        let run = |options: &Options| -> Result<(Vec<u8>, Finished), Failed> {
            let instance = InstanceSource { name: "test".to_string(), wasm: &wasm, wiring: Vec::new() };
            let program = Program { instances: vec![instance], entry: Entry::Command };
            let executable = native::compile(&program, options, Emit::Executable)?;
            let directory = tempfile::tempdir()?;
            let path = directory.path().join("test");
            native::write_executable(&path, &executable);
            let mut command = emulator::command(architecture, &path);
            Ok((executable, process::run(&mut command, b"", time_limit())?))
        };
        let with = Options { architecture, ..Options::default() };
        let without = Options { disabled_passes: vec!["slp".to_string()], ..with.clone() };
        let ((packed, finished), (plain, expected)) = (run(&with)?, run(&without)?);
        if (packed != plain) != self.packs {
            return Err(format!("the pass should {}make vectors of it", if self.packs { "" } else { "not " }).into());
        }
        let is_trap = |finished: &Finished| {
            finished.end == End::Exit(134)
                && finished.stderr_text().starts_with("wasmc: trap: out of bounds memory access")
        };
        if !is_trap(&finished) || !is_trap(&expected) {
            return Err(format!("{}\n{}", finished.epitaph(), expected.epitaph()).into());
        }
        if expected.stdout.len() < 100 * 1032 {
            return Err(format!("it writes {} bytes only", expected.stdout.len()).into());
        }
        let pairs = finished.stdout.chunks(1032).zip(expected.stdout.chunks(1032));
        match pairs.enumerate().find(|(_, (found, wanted))| found != wanted) {
            None if finished.stdout.len() == expected.stdout.len() => Ok(()),
            None => Err("it does not write as much".into()),
            Some((index, (found, wanted))) => {
                let place = found.iter().zip(wanted).position(|(found, wanted)| found != wanted);
                Err(format!("the memory differs after try {index}, at {place:?}").into())
            }
        }
    }
}

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for architecture in emulator::architectures() {
        for shape in SHAPES {
            let label = format!("slp: {} on {}", shape.name, architecture.name());
            let trial = Trial::test(label, move || shape.check(architecture));
            trials.push(trial.with_ignored_flag(!emulator::can_run(architecture)));
        }
    }
    trials
}
