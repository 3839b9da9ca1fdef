//! Runs a script, with the interpreter `rhai`.

use rhai::{Engine, Scope};
use wasmc_bench_samples::{repetitions, report};

const SCRIPT: &str = r#"
    fn fibonacci(n) { if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) } }
    let sieve = [];
    sieve.pad(5001, true);
    let sum = 0;
    for i in 2..5001 {
        if sieve[i] {
            sum += i;
            let j = i * i;
            while j <= 5000 { sieve[j] = false; j += i; }
        }
    }
    let counts = #{};
    let words = "the quick brown fox jumps over the lazy dog and the cat";
    for round in 0..60 {
        for word in words.split(" ") {
            if word in counts { counts[word] += 1; } else { counts[word] = 1; }
        }
    }
    for count in counts.values() { sum = sum * 3 % 1000003 + count; }
    sum + fibonacci(17)
"#;

fn main() {
    let engine = Engine::new();
    let script = engine.compile(SCRIPT).expect("a valid script");
    let mut checksum = 0u64;
    for _ in 0..repetitions() {
        let result: i64 = engine.eval_ast_with_scope(&mut Scope::new(), &script).expect("the script gives a number");
        checksum = checksum.wrapping_mul(31).wrapping_add(result as u64);
    }
    report("script", checksum);
}
