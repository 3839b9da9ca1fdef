//! Instruction sets that a program may demand of the machine.

/// A level of an architecture: what `--cpu` names, and what the runtime checks before any compiled code runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Whatever every machine of the architecture has (x86-64: SSE2).
    Baseline,
    /// x86-64-v2 of the psABI: SSE3, SSSE3, SSE4.1, SSE4.2, POPCNT, CMPXCHG16B.
    X86_64V2,
    /// x86-64-v3: AVX, AVX2, BMI1, BMI2, F16C, FMA, LZCNT, MOVBE.
    X86_64V3,
    /// x86-64-v4: AVX512 F, BW, CD, DQ, VL.
    X86_64V4,
}

impl Level {
    pub const ALL: &[Level] = &[Level::Baseline, Level::X86_64V2, Level::X86_64V3, Level::X86_64V4];

    /// The number that stands in [`ProgramHeader::cpu_level`](crate::program::ProgramHeader::cpu_level).
    pub const fn number(self) -> u32 {
        self as u32
    }

    pub const fn from_number(number: u32) -> Option<Level> {
        match number {
            0 => Some(Level::Baseline),
            1 => Some(Level::X86_64V2),
            2 => Some(Level::X86_64V3),
            3 => Some(Level::X86_64V4),
            _ => None,
        }
    }

    /// The name by which the psABI and compilers call it.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Baseline => "baseline",
            Level::X86_64V2 => "x86-64-v2",
            Level::X86_64V3 => "x86-64-v3",
            Level::X86_64V4 => "x86-64-v4",
        }
    }
}
