//! Damages modules, in ways that go past the first check of a decoder.

use crate::random::Random;

/// One to four changes to `original`. `other` gives bytes that look like those of a module.
pub fn mutate(original: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..1 + random.below(4) {
        change(&mut bytes, other, random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    if bytes.is_empty() {
        bytes.extend(random.bytes(8));
        return;
    }
    let at = random.below(bytes.len());
    let length = 1 + random.below((bytes.len() - at).min(32));
    match random.below(9) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.number() as u8,
        // Bytes that mean something in many places: end, i32, funcref, the ends of LEB128 numbers.
        2 => bytes[at] = *random.choose(&[0x00, 0x01, 0x0b, 0x40, 0x60, 0x70, 0x7f, 0x80, 0xff, 0xfd, 0xfe]),
        3 => bytes.truncate(at),
        4 => drop(bytes.drain(at..at + length)),
        5 => {
            let copy = bytes[at..at + length].to_vec();
            bytes.splice(at..at, copy);
        }
        // A large number.
        6 => drop(bytes.splice(at..=at, [0xff, 0xff, 0xff, 0xff, 0x0f])),
        7 => {
            let inserted = random.bytes(length);
            bytes.splice(at..at, inserted);
        }
        _ if other.is_empty() => bytes[at] = 0,
        _ => {
            let from = random.below(other.len());
            let copy = other[from..other.len().min(from + length)].to_vec();
            bytes.splice(at..at + length, copy);
        }
    }
}
