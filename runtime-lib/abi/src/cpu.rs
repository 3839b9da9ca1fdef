//! Instruction sets that a program may demand of the machine.

/// Declares [`Level`]: variant, number in the program header, name.
macro_rules! levels {
    ($($(#[$documentation:meta])* $level:ident = $number:literal $name:literal;)*) => {
        /// A level of an architecture: what `--cpu` names, and what the runtime checks before any compiled code runs.
        ///
        /// Those of one architecture are ordered: each has all that is in the ones before.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Level { $($(#[$documentation])* $level = $number),* }

        impl Level {
            pub const ALL: &[Level] = &[$(Level::$level),*];

            /// The name by which the psABI, Arm and compilers call it.
            pub const fn name(self) -> &'static str {
                match self { $(Level::$level => $name),* }
            }
        }
    };
}

levels! {
    /// SSE2: what every x86-64 machine has.
    X86_64 = 0 "x86-64";
    /// x86-64-v2 of the psABI: SSE3, SSSE3, SSE4.1, SSE4.2, POPCNT, CMPXCHG16B.
    X86_64V2 = 1 "x86-64-v2";
    /// x86-64-v3: AVX, AVX2, BMI1, BMI2, F16C, FMA, LZCNT, MOVBE.
    X86_64V3 = 2 "x86-64-v3";
    /// x86-64-v4: AVX512 F, BW, CD, DQ, VL.
    X86_64V4 = 3 "x86-64-v4";

    /// Armv8.0 with floating point and Advanced SIMD: what every AArch64 machine has that runs Linux.
    Armv8A = 16 "armv8-a";
    /// Armv8.1: large system extensions (atomic instructions), CRC32, rounding double multiply.
    Armv8_1A = 17 "armv8.1-a";
    /// Armv8.4: dot product.
    Armv8_4A = 18 "armv8.4-a";
    /// Armv8.6: matrix multiplication of 8-bit integers.
    Armv8_6A = 19 "armv8.6-a";
}

impl Level {
    /// The number that stands in [`ProgramHeader::cpu_level`](crate::program::ProgramHeader::cpu_level).
    pub const fn number(self) -> u32 {
        self as u32
    }

    pub fn from_number(number: u32) -> Option<Level> {
        Level::ALL.iter().copied().find(|level| level.number() == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_unique() {
        for (index, level) in Level::ALL.iter().enumerate() {
            assert_eq!(Level::from_number(level.number()), Some(*level));
            assert!(Level::ALL[..index].iter().all(|other| other.name() != level.name() && other < level));
        }
        assert_eq!(Level::from_number(4), None);
    }
}
