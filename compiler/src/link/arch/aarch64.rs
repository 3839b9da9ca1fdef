//! AArch64 (ELF for the Arm 64-bit Architecture, 5.7).
//!
//! There is no GOT: an address that code would load from it is always within reach of the code, so the pair
//!
//! ```text
//!   adrp x, page of slot           →  adrp x, page of symbol
//!   ldr  y, [x, offset in page]    →  add  y, x, offset in page
//! ```
//!
//! computes it. Each half is rewritten on its own, wherever the other is: a register that holds the page of one
//! symbol's slot serves that symbol only.

use object::elf::*;

use super::{Arch, Fault, Need, Values, put, put_i32, put_u64};

pub struct Aarch64;

impl Arch for Aarch64 {
    const RELATIVE: u32 = R_AARCH64_RELATIVE;

    fn need(r_type: u32, _: i64, _: &[u8], _: usize) -> Result<Need, Fault> {
        match r_type {
            R_AARCH64_ABS64 => Ok(Need::LoadAddress { bytes: 8 }),
            R_AARCH64_ABS32 => Ok(Need::LoadAddress { bytes: 4 }),
            R_AARCH64_PREL64 | R_AARCH64_PREL32 => Ok(Need::Nothing),
            _ => field(r_type).map(|_| Need::Nothing).ok_or(Fault::UnknownType),
        }
    }

    fn apply(r_type: u32, bytes: &mut [u8], at: usize, values: &Values) -> Result<(), Fault> {
        match r_type {
            R_AARCH64_ABS64 => return put_u64(bytes, at, values.target()),
            R_AARCH64_ABS32 => {
                return put(bytes, at, u32::try_from(values.target()).map_err(|_| Fault::Overflow)?.to_le_bytes());
            }
            R_AARCH64_PREL64 => return put_u64(bytes, at, values.distance() as u64),
            R_AARCH64_PREL32 => return put_i32(bytes, at, values.distance()),
            _ => {}
        }
        let field = field(r_type).ok_or(Fault::UnknownType)?;
        let old = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Fault::Misplaced)?;
        put(bytes, at, field.encode(u32::from_le_bytes(*old), values)?.to_le_bytes())
    }
}

/// An immediate operand of an instruction.
#[derive(Clone, Copy)]
enum Field {
    /// Distance in units of 4 bytes: `bits` wide, from bit `shift` on.
    Branch { bits: u32, shift: u32 },
    /// Distance in bytes, or from page to page: 21 bits, the low two at bit 29, the others at bit 5.
    Adr { pages: bool },
    /// Offset in the page, in units of `1 << log2` bytes: 12 bits at bit 10.
    Low12 { log2: u32 },
    /// The same, of a load that becomes an addition.
    Low12OfLoad,
}

#[rustfmt::skip]
fn field(r_type: u32) -> Option<Field> {
    Some(match r_type {
        R_AARCH64_CALL26 | R_AARCH64_JUMP26      => Field::Branch { bits: 26, shift: 0 },
        R_AARCH64_CONDBR19 | R_AARCH64_LD_PREL_LO19 => Field::Branch { bits: 19, shift: 5 },
        R_AARCH64_TSTBR14                        => Field::Branch { bits: 14, shift: 5 },
        R_AARCH64_ADR_PREL_LO21                  => Field::Adr { pages: false },
        R_AARCH64_ADR_PREL_PG_HI21               => Field::Adr { pages: true },
        R_AARCH64_ADR_GOT_PAGE                   => Field::Adr { pages: true },
        R_AARCH64_ADD_ABS_LO12_NC                => Field::Low12 { log2: 0 },
        R_AARCH64_LDST8_ABS_LO12_NC              => Field::Low12 { log2: 0 },
        R_AARCH64_LDST16_ABS_LO12_NC             => Field::Low12 { log2: 1 },
        R_AARCH64_LDST32_ABS_LO12_NC             => Field::Low12 { log2: 2 },
        R_AARCH64_LDST64_ABS_LO12_NC             => Field::Low12 { log2: 3 },
        R_AARCH64_LDST128_ABS_LO12_NC            => Field::Low12 { log2: 4 },
        R_AARCH64_LD64_GOT_LO12_NC               => Field::Low12OfLoad,
        _ => return None,
    })
}

impl Field {
    /// The instruction `old` with this operand.
    fn encode(self, old: u32, values: &Values) -> Result<u32, Fault> {
        match self {
            Field::Branch { bits, shift } => {
                let distance = values.distance();
                if distance & 3 != 0 {
                    return Err(Fault::Overflow);
                }
                Ok(insert(old, signed(distance >> 2, bits)?, bits, shift))
            }
            Field::Adr { pages } => {
                let distance =
                    if pages { page_number(values.target()) - page_number(values.place) } else { values.distance() };
                let value = signed(distance, 21)?;
                Ok(insert(insert(old, value, 2, 29), value >> 2, 19, 5))
            }
            Field::Low12 { log2 } => {
                let offset = values.target() as u32 & 0xfff;
                if offset & ((1 << log2) - 1) != 0 {
                    return Err(Fault::Overflow);
                }
                Ok(insert(old, offset >> log2, 12, 10))
            }
            Field::Low12OfLoad => {
                // ldr Xt, [Xn, #imm] → add Xd, Xn, #imm
                const LDR: u32 = 0xf940_0000;
                const ADD: u32 = 0x9100_0000;
                const OPCODE: u32 = 0xffc0_0000;
                if old & OPCODE != LDR {
                    return Err(Fault::Misplaced);
                }
                Ok(insert(old & !OPCODE | ADD, values.target() as u32 & 0xfff, 12, 10))
            }
        }
    }
}

fn page_number(address: u64) -> i64 {
    (address >> 12) as i64
}

/// The low bits of `value`, if it fits in `bits` with sign.
fn signed(value: i64, bits: u32) -> Result<u32, Fault> {
    let limit = 1 << (bits - 1);
    if (-limit..limit).contains(&value) { Ok(value as u32) } else { Err(Fault::Overflow) }
}

/// Replaces `bits` bits from bit `shift` on.
fn insert(instruction: u32, value: u32, bits: u32, shift: u32) -> u32 {
    let mask = ((1 << bits) - 1) << shift;
    instruction & !mask | value << shift & mask
}
