//! Calls one exported function with the arguments of the process, and prints its results, a line each (`--invoke`).
//!
//! Integers are decimal or, behind `0x`, hexadecimal, signed or not as they like; results are signed. Floats are
//! written as in Rust (`1.5`, `-1e300`, `inf`, `NaN`), and a result is the shortest text that gives the same bits,
//! but for NaNs, which are all `NaN`. Vectors are integers of 128 bits, of which lane 0 is the lowest part.
//!
//! Programs that are made without `--invoke` do not contain this file: it is the only one that formats.

use core::fmt::{self, Write as _};

use wasmc_abi::invoke::{MAX_SLOTS, RESULTS, type_name};
use wasmc_abi::layout::SLOT_BYTES;

use crate::{arch, process, report, sys};

const STDOUT: i32 = 1;

/// Calls `entry` and prints what it gives.
///
/// # Safety
///
/// `signature` must be one of [`wasmc_abi::invoke`], NUL-terminated, and `entry` an array call of that signature. For
/// compiled code only, which calls it once.
#[unsafe(no_mangle)]
unsafe extern "C" fn wasmc_invoke(entry: *const u8, signature: *const u8) {
    // SAFETY: by the caller; it is read-only data of the executable.
    let signature: &'static [u8] = unsafe { process::string_bytes(signature) };
    let mut parts = signature.split(|&letter| letter == RESULTS);
    let (parameters, results) = (parts.next().unwrap_or(&[]), parts.next().unwrap_or(&[]));

    let mut slots = [[0; SLOT_BYTES as usize]; MAX_SLOTS];
    let arguments = process::arguments().skip(1);
    if arguments.len() != parameters.len() {
        refuse_count(parameters);
    }
    for ((slot, argument), &ty) in slots.iter_mut().zip(arguments).zip(parameters) {
        match core::str::from_utf8(argument).ok().and_then(|text| parse(ty, text)) {
            Some(value) => *slot = value.to_le_bytes(),
            None => report::refuse("'", argument, Line::of(format_args!("' is no {}", type_name(ty))).text()),
        }
    }
    // Code of ours was between the program's and here, and has used the instance register.
    // SAFETY: by the caller; no signature has more slots; the instance of the running thread.
    unsafe { arch::call_guest(entry, arch::thread().instance(), slots.as_mut_ptr() as u64, 0) };
    for (slot, &ty) in slots.iter().zip(results) {
        let mut line = Line::default();
        print(&mut line, ty, u128::from_le_bytes(*slot));
        sys::write_all(STDOUT, line.bytes());
    }
}

/// Another number of arguments is wanted.
#[cold]
fn refuse_count(parameters: &[u8]) -> ! {
    if parameters.is_empty() {
        report::refuse("the function takes no arguments", b"", "");
    }
    let mut types = Line::default();
    for (index, &ty) in parameters.iter().enumerate() {
        let _ = write!(types, "{}{}", if index == 0 { "" } else { " " }, type_name(ty));
    }
    report::refuse("the function takes other arguments: ", types.bytes(), "")
}

/// The slot for an argument.
fn parse(ty: u8, text: &str) -> Option<u128> {
    match ty {
        b'i' => integer(text, 32),
        b'I' => integer(text, 64),
        b'v' => integer(text, 128),
        b'f' => text.parse::<f32>().ok().map(|value| value.to_bits().into()),
        _ => text.parse::<f64>().ok().map(|value| value.to_bits().into()),
    }
}

/// The low bits of a number from −2^(bits − 1) to 2^bits − 1.
fn integer(text: &str, bits: u32) -> Option<u128> {
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => (16, digits),
        None => (10, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value: u128 = 0;
    for digit in digits.chars() {
        value = value.checked_mul(radix.into())?.checked_add(digit.to_digit(radix)?.into())?;
    }
    let most = u128::MAX >> (128 - bits);
    match is_negative {
        true if value <= 1 << (bits - 1) => Some(value.wrapping_neg() & most),
        false if value <= most => Some(value),
        _ => None,
    }
}

/// The line for a result.
fn print(line: &mut Line, ty: u8, slot: u128) {
    let _ = match ty {
        b'i' => writeln!(line, "{}", slot as i32),
        b'I' => writeln!(line, "{}", slot as i64),
        b'v' => writeln!(line, "{slot:#034x}"),
        b'f' => writeln!(line, "{:?}", f32::from_bits(slot as u32)),
        _ => writeln!(line, "{:?}", f64::from_bits(slot as u64)),
    };
}

/// Text of bounded length.
struct Line {
    buffer: [u8; 128],
    length: usize,
}

impl Default for Line {
    fn default() -> Line {
        Line { buffer: [0; 128], length: 0 }
    }
}

impl Line {
    fn of(text: fmt::Arguments<'_>) -> Line {
        let mut line = Line::default();
        let _ = line.write_fmt(text);
        line
    }

    fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or(&[])
    }

    fn text(&self) -> &str {
        core::str::from_utf8(self.bytes()).unwrap_or_default()
    }
}

impl fmt::Write for Line {
    /// What does not fit is left out.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for (place, &byte) in self.buffer.iter_mut().skip(self.length).zip(text.as_bytes()) {
            *place = byte;
            self.length += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(ty: u8, slot: u128) -> String {
        let mut line = Line::default();
        print(&mut line, ty, slot);
        line.text().to_owned()
    }

    #[test]
    fn integers_have_both_ranges() {
        assert_eq!(integer("-1", 32), Some(0xffff_ffff));
        assert_eq!(integer("4294967295", 32), Some(0xffff_ffff));
        assert_eq!(integer("0xFFFFFFFF", 32), Some(0xffff_ffff));
        assert_eq!(integer("-2147483648", 32), Some(0x8000_0000));
        assert_eq!(integer("+7", 64), Some(7));
        assert_eq!(integer("-0", 64), Some(0));
        assert_eq!(integer("340282366920938463463374607431768211455", 128), Some(u128::MAX));
        for (text, bits) in
            [("4294967296", 32), ("-2147483649", 32), ("18446744073709551616", 64), ("-0x8000000000000001", 64)]
        {
            assert_eq!(integer(text, bits), None, "{text}");
        }
        assert_eq!(integer("340282366920938463463374607431768211456", 128), None);
        for text in ["", "-", "0x", "1.0", "ten", "1 ", "--1", "0b1", "1_000"] {
            assert_eq!(integer(text, 64), None, "{text:?}");
        }
    }

    #[test]
    fn floats_come_back() {
        for text in ["1.5", "-0.0", "1e300", "5e-324", "0.1", "inf", "-inf", "NaN"] {
            assert_eq!(printed(b'F', parse(b'F', text).unwrap()), format!("{text}\n"));
        }
        assert_eq!(printed(b'f', parse(b'f', "0.1").unwrap()), "0.1\n");
        assert_eq!(parse(b'f', "1.5x"), None);
    }

    #[test]
    fn narrow_results_ignore_what_is_above_them() {
        assert_eq!(printed(b'i', u128::MAX), "-1\n");
        assert_eq!(printed(b'I', u128::MAX), "-1\n");
        assert_eq!(printed(b'i', 0xffff_ffff_0000_0001), "1\n");
        assert_eq!(printed(b'v', 1), "0x00000000000000000000000000000001\n");
    }

    #[test]
    fn lines_are_bounded() {
        let mut line = Line::default();
        for _ in 0..100 {
            line.write_str("four").unwrap();
        }
        assert_eq!(line.bytes().len(), 128);
    }
}
