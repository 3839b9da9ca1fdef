//! Compresses and decompresses a text, with `miniz_oxide`.

use wasmc_bench_samples::{Random, fold, repetitions, report, text};

fn main() {
    let text = text(&mut Random::new(3), 1 << 20);
    let mut checksum = 0;
    for repetition in 0..repetitions() {
        let level = [1, 6, 9][repetition as usize % 3];
        let small = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), level);
        let again = miniz_oxide::inflate::decompress_to_vec(&small).expect("this is what was compressed");
        assert!(again == text.as_bytes());
        checksum = fold(checksum, &small);
    }
    report("deflate", checksum);
}
