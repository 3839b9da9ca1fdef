//! Profiles that are made up: whatever one says, the program does the same.

use wasmc_abi::profile::{FUNCTION_BYTES, FUNCTION_CODE, HEADER_BYTES, Profile};

use crate::random::Random;

/// Numbers between which there are all thresholds.
const COUNTS: [u64; 6] = [0, 1, 99, 5_000, 1 << 40, u64::MAX];

/// The same profile with other counts, and other functions as those that are called nearly always.
///
/// # Panics
///
/// If it is none.
pub fn scramble(profile: &[u8], random: &mut Random) -> Vec<u8> {
    let mut scrambled = profile.to_vec();
    let parsed = Profile::parse(profile).expect("it is a profile");
    let words: Vec<(usize, usize)> =
        parsed.functions().map(|(_, _, words)| (words.counters().count(), words.sites().count())).collect();
    let codes: Vec<i32> = (0..words.len())
        .map(|index| {
            let at = HEADER_BYTES + index * FUNCTION_BYTES + FUNCTION_CODE;
            i32::from_le_bytes(profile[at..at + 4].try_into().expect("four bytes"))
        })
        .collect();
    let total: usize = words.iter().map(|(counters, sites)| counters + 3 * sites).sum();
    let mut at = profile.len() - 8 * total;
    let mut put = |word: u64| {
        scrambled[at..at + 8].copy_from_slice(&word.to_le_bytes());
        at += 8;
    };
    for (counters, sites) in words {
        for counter in 0..counters {
            // Of a function that never ran, nothing would be used.
            put(*random.choose(if counter == 0 { &COUNTS[2..5] } else { &COUNTS }));
        }
        for _ in 0..sites {
            put(i64::from(*random.choose(&codes)).cast_unsigned());
            put(*random.choose(&COUNTS[3..]));
            put(0);
        }
    }
    scrambled
}
