//! x86-64 (System V psABI, 4.4).
//!
//! Code that was compiled without knowing where a symbol will be loads its address from the GOT. Here it is known,
//! relative to the code, and the instruction computes it instead (psABI, B.2); what remains in the GOT are instructions
//! that have no such form.
//!
//! ```text
//!   8b /r  mov reg, [rip + slot]  →  8d /r  lea reg, [rip + symbol]
//!   ff 15  call [rip + slot]      →  67 e8  addr32 call symbol
//!   ff 25  jmp [rip + slot]       →  e9 … 90  jmp symbol; nop
//! ```

use object::elf::*;

use super::{Arch, Fault, Need, Values, put, put_i32, put_u32, put_u64};

pub struct X86_64;

impl Arch for X86_64 {
    const RELATIVE: u32 = R_X86_64_RELATIVE;

    #[rustfmt::skip]
    fn need(r_type: u32, addend: i64, bytes: &[u8], at: usize) -> Result<Need, Fault> {
        Ok(match r_type {
            R_X86_64_PC32 | R_X86_64_PLT32 | R_X86_64_PC64          => Need::Nothing,
            R_X86_64_GOTPCREL                                       => Need::GotSlot,
            R_X86_64_GOTPCRELX | R_X86_64_REX_GOTPCRELX             => match direct_form(addend, bytes, at) {
                Some(_)                                             => Need::Nothing,
                None                                                => Need::GotSlot,
            },
            R_X86_64_64                                             => Need::LoadAddress { bytes: 8 },
            R_X86_64_32 | R_X86_64_32S                              => Need::LoadAddress { bytes: 4 },
            _                                                       => return Err(Fault::UnknownType),
        })
    }

    #[rustfmt::skip]
    fn apply(r_type: u32, bytes: &mut [u8], at: usize, values: &Values) -> Result<(), Fault> {
        match r_type {
            R_X86_64_PC32 | R_X86_64_PLT32 => put_i32(bytes, at, values.distance()),
            R_X86_64_PC64                  => put_u64(bytes, at, values.distance() as u64),
            R_X86_64_64                    => put_u64(bytes, at, values.target()),
            R_X86_64_32                    => put_u32(bytes, at, values.target()),
            R_X86_64_32S                   => put_i32(bytes, at, values.target() as i64),
            R_X86_64_GOTPCREL | R_X86_64_GOTPCRELX | R_X86_64_REX_GOTPCRELX => match values.got_slot {
                Some(symbol) => put_i32(bytes, at, Values { symbol, ..*values }.distance()),
                None         => make_direct(bytes, at, values),
            },
            _ => Err(Fault::UnknownType),
        }
    }
}

/// Instructions with a GOT slot as operand that have a form without.
#[derive(Clone, Copy)]
enum DirectForm {
    Lea,
    Call,
    Jump,
}

/// The form without GOT slot of the instruction whose displacement is at `bytes[at..]`, if there is one.
fn direct_form(addend: i64, bytes: &[u8], at: usize) -> Option<DirectForm> {
    let [opcode, mod_rm] = *bytes.get(at.checked_sub(2)?..)?.first_chunk()?;
    let rip_relative = mod_rm & 0o307 == 0o005;
    match (opcode, mod_rm) {
        // The displacement counts from the end of the instruction, 4 bytes on.
        _ if addend != -4 => None,
        (0x8b, _) if rip_relative => Some(DirectForm::Lea),
        (0xff, 0x15) => Some(DirectForm::Call),
        (0xff, 0x25) => Some(DirectForm::Jump),
        _ => None,
    }
}

fn make_direct(bytes: &mut [u8], at: usize, values: &Values) -> Result<(), Fault> {
    match direct_form(values.addend, bytes, at).ok_or(Fault::Misplaced)? {
        DirectForm::Lea => {
            put(bytes, at - 2, [0x8d])?;
            put_i32(bytes, at, values.distance())
        }
        DirectForm::Call => {
            put(bytes, at - 2, [0x67, 0xe8])?;
            put_i32(bytes, at, values.distance())
        }
        DirectForm::Jump => {
            put(bytes, at - 2, [0xe9])?;
            // The displacement is one byte earlier, and so is the end it counts from.
            put_i32(bytes, at - 1, values.distance().wrapping_add(1))?;
            put(bytes, at + 3, [0x90])
        }
    }
}
