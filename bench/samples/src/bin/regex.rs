//! Searches a text for a few expressions, with `regex`.

use regex::Regex;
use wasmc_bench_samples::{Random, fold, repetitions, report, text};

fn main() {
    let text = text(&mut Random::new(2), 1 << 18);
    let mut checksum = 0;
    for _ in 0..repetitions() {
        // Compiling them is part of the work.
        let expressions = [
            r"\b\d{4}-(\d\d)-(\d\d)\b",
            r"https?://[^\s/]+(/[^\s?]*)?(\?\S*)?",
            r"(memory|table|global)\s+(of|in|is)\s+\w+",
            r"\p{Lu}?[a-z]+ï[a-z]+",
            r"(?m)^(\w+)\b.*\b(stack|trap)\.$",
        ];
        for expression in expressions.map(|text| Regex::new(text).expect("a valid expression")) {
            for captures in expression.captures_iter(&text) {
                let (all, last) = (captures.get(0).expect("a match"), captures.iter().flatten().last());
                checksum = fold(checksum, &(all.start() as u64).to_le_bytes());
                checksum = fold(checksum, last.expect("at least the match").as_str().as_bytes());
            }
        }
    }
    report("regex", checksum);
}
