//! What the programs have in common: the amount of work as an argument, made-up input, and one line of output with a
//! checksum that has to be the same on every engine.

/// The first argument: how often the work is done. Once, if there is none.
pub fn repetitions() -> u32 {
    std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// The program's name and a checksum of its results.
pub fn report(name: &str, checksum: u64) {
    println!("{name} {checksum:016x}");
}

/// FNV-1a.
pub fn fold(checksum: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(checksum ^ 0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Xorshift: the same numbers everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 11) % limit
    }
}

const WORDS: [&str; 24] = [
    "memory",
    "table",
    "of",
    "the",
    "a",
    "import",
    "function",
    "Zürich",
    "loop",
    "branch",
    "value",
    "in",
    "stack",
    "is",
    "to",
    "and",
    "module",
    "2024-05-17",
    "trap",
    "global",
    "https://example.org/path?q=1",
    "element",
    "naïve",
    "0x1f",
];

/// Sentences, about `bytes` long.
pub fn text(random: &mut Random, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 64);
    while text.len() < bytes {
        text.push_str(WORDS[random.below(WORDS.len() as u64) as usize]);
        text.push_str(match random.below(12) {
            0 => ".\n",
            1 => ", ",
            _ => " ",
        });
    }
    text
}
