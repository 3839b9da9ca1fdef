//! Hashes a buffer, with `blake3` and with `sha2`, both without instructions made for it.

use sha2::{Digest as _, Sha512};
use wasmc_bench_samples::{Random, fold, repetitions, report};

fn main() {
    let mut random = Random::new(7);
    let mut buffer: Vec<u8> = (0..1 << 20).map(|_| random.next() as u8).collect();
    let mut checksum = 0;
    for _ in 0..repetitions() {
        let hash = blake3::hash(&buffer);
        buffer[..32].copy_from_slice(hash.as_bytes());
        let digest = Sha512::digest(&buffer);
        buffer[32..96].copy_from_slice(&digest);
        checksum = fold(checksum, &digest);
    }
    report("hashes", checksum);
}
