//! Machine code as text.

use std::fmt::{Display, Write as _};

use yaxpeax_arch::{AddressBase, AddressDiff, Arch, Decoder, LengthedInstruction, U8Reader};

use crate::codegen::Listing;
use crate::object::machine::Machine;

/// How an architecture writes code.
struct Form {
    /// Bytes that are shown of what does not decode: constants and jump tables lie behind the code that uses them.
    unit: usize,
    /// Branches count from the end of the instruction, not from its start.
    counts_from_end: bool,
}

/// The lines of a function: see [`super`].
pub fn text(machine: Machine, listing: &Listing) -> String {
    match machine {
        Machine::X86_64 => lines::<yaxpeax_x86::long_mode::Arch>(listing, &Form { unit: 1, counts_from_end: true }),
        Machine::Aarch64 => lines::<yaxpeax_arm::armv8::a64::ARMv8>(listing, &Form { unit: 4, counts_from_end: false }),
    }
}

fn lines<A>(listing: &Listing, form: &Form) -> String
where
    A: Arch<Address = u64>,
    A::Instruction: Display + LengthedInstruction<Unit = AddressDiff<u64>>,
    for<'a> U8Reader<'a>: yaxpeax_arch::Reader<u64, A::Word>,
{
    let decoder = A::Decoder::default();
    let mut text = String::new();
    let mut at = 0;
    let mut places = listing.places.iter().peekable();
    let mut names = listing.targets.iter().peekable();
    while at < listing.bytes.len() {
        let rest = &listing.bytes[at..];
        let decoded = decoder.decode(&mut U8Reader::new(rest)).ok().map(|instruction| {
            let length = 0u64.wrapping_offset(instruction.len()) as usize;
            (instruction.to_string(), length)
        });
        let (shown, length) = match decoded {
            Some((shown, length)) if length != 0 && length <= rest.len() => (shown, length),
            _ => {
                let bytes: String = rest.iter().take(form.unit).map(|byte| format!(" {byte:02x}")).collect();
                (format!(".byte{bytes}"), form.unit.min(rest.len()))
            }
        };
        while places.next_if(|place| (place.end as usize) <= at).is_some() {}
        let wasm = places.peek().filter(|place| place.start as usize <= at);
        let wasm = wasm.map(|place| format!("{:x}", place.wasm)).unwrap_or_default();
        let base = if form.counts_from_end { at + length } else { at };
        let _ = write!(text, "{at:x}\t{wasm}\t{}", with_target(&shown, base));
        at += length;
        while let Some((_, name)) = names.next_if(|(offset, _)| (*offset as usize) < at) {
            let _ = write!(text, "  ; {}", name.replace(['\t', '\n'], " "));
        }
        text.push('\n');
    }
    text
}

/// An instruction with the place in the function that it branches to, for one that counts from `base`: `$+0x10`.
fn with_target(instruction: &str, base: usize) -> String {
    let target = || {
        let (before, distance) = instruction.split_once('$')?;
        let (sign, digits) = distance.split_at_checked(1)?;
        let distance = usize::from_str_radix(digits.strip_prefix("0x")?, 16).ok()?;
        let target = if sign == "-" { base.checked_sub(distance)? } else { base.checked_add(distance)? };
        Some(format!("{before}{target:x}"))
    };
    target().unwrap_or_else(|| instruction.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codegen::CodePlace;
    use crate::translate::names::{Name, Unique};

    fn listing(bytes: &[u8], targets: Vec<(u32, String)>) -> Listing {
        let places = vec![CodePlace { start: 0, end: 3, wasm: 0x20 }, CodePlace { start: 5, end: 7, wasm: 0x24 }];
        Listing { name: Name::Main(Unique), title: String::new(), bytes: bytes.to_vec(), places, targets }
    }

    #[test]
    fn instructions_know_where_they_are_from_and_lead() {
        let code = [0x48, 0x89, 0xe5, 0x74, 0x02, 0xeb, 0xf9, 0xe8, 0, 0, 0, 0, 0x06];
        let text = text(Machine::X86_64, &listing(&code, vec![(8, "callee".to_owned())]));
        let expected = "0\t20\tmov rbp, rsp\n3\t\tjz 7\n5\t24\tjmp 0\n7\t\tcall c  ; callee\nc\t\t.byte 06\n";
        assert_eq!(text, expected);
        let code = [0xfd, 0x7b, 0xbf, 0xa9, 0xe0, 0xff, 0xff, 0x54, 0, 0, 0, 0x94, 0xff, 0xff, 0xff, 0xff];
        let text = super::text(Machine::Aarch64, &listing(&code, vec![(8, "callee".to_owned())]));
        let lines: Vec<&str> = text.lines().map(|line| line.rsplit('\t').next().unwrap()).collect();
        assert_eq!(lines, ["stp x29, x30, [sp, #-0x10]!", "b.eq 0", "bl 8  ; callee", ".byte ff ff ff ff"]);
    }
}
