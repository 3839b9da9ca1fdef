//! Digits of pi by Machin's formula, and a modular power, with `num-bigint`.

use num_bigint::BigUint;
use wasmc_bench_samples::{fold, repetitions, report};

/// `unit · arctan(1 / x)`.
fn arctan(x: u32, unit: &BigUint) -> BigUint {
    let mut power = unit / x;
    let (mut positive, mut negative) = (power.clone(), BigUint::ZERO);
    for n in (3u32..).step_by(2) {
        power /= x * x;
        if power == BigUint::ZERO {
            break;
        }
        let term = &power / n;
        if n % 4 == 1 { positive += term } else { negative += term }
    }
    positive - negative
}

fn main() {
    let mut checksum = 0;
    for repetition in 0..repetitions() {
        let unit = BigUint::from(10u32).pow(1500 + repetition % 64);
        let pi = (arctan(5, &unit) * 4u32 - arctan(239, &unit)) * 4u32;
        checksum = fold(checksum, pi.to_string().as_bytes());
        let modulus = (BigUint::from(1u32) << 607) - 1u32;
        let remainder: BigUint = &pi % &modulus;
        let power = remainder.modpow(&(&pi >> 4000u32), &modulus);
        checksum = fold(checksum, &power.to_bytes_le());
    }
    report("bignum", checksum);
}
