//! Compresses and decompresses a text, with `lz4_flex`.

use wasmc_bench_samples::{Random, fold, repetitions, report, text};

fn main() {
    let text = text(&mut Random::new(4), 4 << 20);
    let mut checksum = 0;
    for _ in 0..repetitions() {
        let small = lz4_flex::block::compress(text.as_bytes());
        let again = lz4_flex::block::decompress(&small, text.len()).expect("this is what was compressed");
        assert!(again == text.as_bytes());
        // What is compressed depends on the width of addresses, by which the crate chooses its hash.
        assert!(small.len() < text.len() / 2);
        checksum = fold(checksum, &again);
    }
    report("lz4", checksum);
}
