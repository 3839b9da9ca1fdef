//! The relocation types of each architecture: one file for each, with nothing in it but what a field means and how it
//! is encoded. That a symbol exists, where it is, and whether its address is known, is decided in `relocate.rs`.

pub mod aarch64;
pub mod x86_64;

/// An expression in which `$arch` is the [`Arch`] of a machine.
macro_rules! for_machine {
    ($machine:expr, $arch:ident => $result:expr) => {
        match $machine {
            $crate::object::machine::Machine::X86_64 => {
                type $arch = $crate::link::arch::x86_64::X86_64;
                $result
            }
            $crate::object::machine::Machine::Aarch64 => {
                type $arch = $crate::link::arch::aarch64::Aarch64;
                $result
            }
        }
    };
}
pub(crate) use for_machine;

/// What a relocation needs beside the addresses of the place and the symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Nothing,
    /// A GOT slot that holds the symbol's address.
    GotSlot,
    /// The address where the executable will be loaded: at start if it is a field of 8 bytes, never if it is smaller.
    LoadAddress {
        bytes: u8,
    },
}

/// Addresses for one relocation.
#[derive(Clone, Copy)]
pub struct Values {
    pub symbol: u64,
    pub addend: i64,
    /// Of the field.
    pub place: u64,
    /// If [`Arch::need`] asked for one.
    pub got_slot: Option<u64>,
}

impl Values {
    /// The address that is meant.
    fn target(&self) -> u64 {
        self.symbol.wrapping_add_signed(self.addend)
    }

    /// Distance from the field to what is meant.
    fn distance(&self) -> i64 {
        self.target().wrapping_sub(self.place) as i64
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    UnknownType,
    Overflow,
    /// The field lies outside the section, or is not of an instruction that the relocation is for.
    Misplaced,
}

pub trait Arch {
    /// Type of the dynamic relocation 'load address + addend'.
    const RELATIVE: u32;

    /// What a relocation of the field at `bytes[at..]` needs. The same bytes are later given to [`apply`](Self::apply).
    fn need(r_type: u32, addend: i64, bytes: &[u8], at: usize) -> Result<Need, Fault>;

    /// Writes the field at `bytes[at..]`.
    fn apply(r_type: u32, bytes: &mut [u8], at: usize, values: &Values) -> Result<(), Fault>;
}

/// Writes an integer field.
fn put<const N: usize>(bytes: &mut [u8], at: usize, field: [u8; N]) -> Result<(), Fault> {
    let place = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()).ok_or(Fault::Misplaced)?;
    *place = field;
    Ok(())
}

fn put_i32(bytes: &mut [u8], at: usize, value: i64) -> Result<(), Fault> {
    put(bytes, at, i32::try_from(value).map_err(|_| Fault::Overflow)?.to_le_bytes())
}

fn put_u32(bytes: &mut [u8], at: usize, value: u64) -> Result<(), Fault> {
    put(bytes, at, u32::try_from(value).map_err(|_| Fault::Overflow)?.to_le_bytes())
}

fn put_u64(bytes: &mut [u8], at: usize, value: u64) -> Result<(), Fault> {
    put(bytes, at, value.to_le_bytes())
}
