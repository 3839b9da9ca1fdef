//! A front end of a compiler: assembles a WebAssembly text with `wat`, and validates the module with `wasmparser`.

use std::fmt::Write as _;

use wasmc_bench_samples::{Random, fold, repetitions, report};

fn main() {
    let mut random = Random::new(6);
    let mut source = String::from("(module (memory 1) (global $g (mut i64) (i64.const 0))\n");
    for function in 0..800 {
        write!(source, "(func $f{function} (param $a i32) (param $b i64) (result i64) (local $x f64)\n").unwrap();
        for _ in 0..12 {
            let (number, callee) = (random.below(1 << 16), random.below(function + 1));
            write!(
                source,
                "(if (i32.lt_u (local.get $a) (i32.const {number})) (then (global.set $g (i64.add (global.get $g) \
                 (call $f{callee} (i32.load offset={number} (local.get $a)) (i64.const {number}))))))\n\
                 (local.set $x (f64.mul (local.get $x) (f64.const 0x1.8p+{})))\n",
                number % 100
            )
            .unwrap();
        }
        source.push_str("(i64.xor (local.get $b) (i64.reinterpret_f64 (local.get $x))))\n");
    }
    source.push(')');
    let mut checksum = 0;
    for _ in 0..repetitions() {
        let module = wat::parse_str(&source).expect("a valid text");
        wasmparser::validate(&module).expect("a valid module");
        checksum = fold(checksum, &module);
    }
    report("assemble", checksum);
}
