//! The code generator's unwind information → `.eh_frame`, from which debuggers and profilers walk the stack.
//!
//! One CIE serves all functions of a program: what differs between them is in their FDEs, which are 28 bytes for an
//! ordinary function. Code addresses are 32-bit and relative, so that the section is read-only and needs no relocation
//! at start-up.

use std::borrow::Cow;

use cranelift_codegen::isa::unwind::systemv::UnwindInfo;
use gimli::write::{Address, CallFrameInstruction, CommonInformationEntry, EhFrame, FrameTable, Result, Writer};
use gimli::{DW_EH_PE_pcrel, DW_EH_PE_sdata4, DwEhPe, Encoding, Format, LittleEndian, Register, X86_64};

use super::machine::Machine;
use super::unit::{Relocation, Section, SectionKind, SymbolId};

/// Of all entries, in bytes. Assemblers pad them to 8, but readers go by their lengths.
const ALIGN: u8 = 4;

/// Makes the section. `functions` gives for each one where it begins, as symbol + offset, and its unwind information,
/// in the order in which the entries are written.
pub fn eh_frame<'a>(
    machine: Machine,
    functions: impl IntoIterator<Item = (SymbolId, u32, &'a UnwindInfo)>,
) -> Section<'static> {
    let mut table = FrameTable::default();
    let cie = table.add_cie(cie(machine));
    let mut places = Vec::new();
    for (symbol, offset, unwind) in functions {
        let address = Address::Symbol { symbol: places.len(), addend: 0 };
        places.push((symbol, offset));
        table.add_fde(cie, unwind.to_fde(address));
    }

    let mut section = EhFrame::from(SectionWriter {
        machine,
        data: Vec::with_capacity(places.len() * 32),
        relocations: Vec::with_capacity(places.len()),
        places,
    });
    table.write_eh_frame(&mut section).expect("code generators give ascending, aligned offsets");
    let SectionWriter { data, relocations, .. } = section.0;
    Section {
        name: Cow::Borrowed(".eh_frame"),
        kind: SectionKind::EhFrame,
        align: ALIGN.into(),
        size: data.len() as u64,
        data: Cow::Owned(data),
        relocations,
    }
}

/// The state of the frame where every function begins. It is what Cranelift's `create_systemv_cie` says (a test
/// compares), but for the encoding of addresses and the alignment, which that does not leave to the caller.
fn cie(machine: Machine) -> CommonInformationEntry {
    let (code_align, return_address, initial): (u8, Register, &[CallFrameInstruction]) = match machine {
        Machine::X86_64 => {
            (1, X86_64::RA, &[CallFrameInstruction::Cfa(X86_64::RSP, 8), CallFrameInstruction::Offset(X86_64::RA, -8)])
        }
        Machine::Aarch64 => (4, gimli::AArch64::X30, &[CallFrameInstruction::Cfa(gimli::AArch64::SP, 0)]),
    };
    // In a CIE of version 1, the address size only decides the padding.
    let encoding = Encoding { format: Format::Dwarf32, version: 1, address_size: ALIGN };
    let mut cie = CommonInformationEntry::new(encoding, code_align, -8, return_address);
    cie.fde_address_encoding = DwEhPe(DW_EH_PE_pcrel.0 | DW_EH_PE_sdata4.0);
    for instruction in initial {
        cie.add_instruction(instruction.clone());
    }
    cie
}

/// Collects the bytes, and a relocation wherever gimli writes the address of `places[symbol]`.
struct SectionWriter {
    machine: Machine,
    places: Vec<(SymbolId, u32)>,
    data: Vec<u8>,
    relocations: Vec<Relocation>,
}

impl Writer for SectionWriter {
    type Endian = LittleEndian;

    fn endian(&self) -> LittleEndian {
        LittleEndian
    }

    fn len(&self) -> usize {
        self.data.len()
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.data.extend_from_slice(bytes);
        Ok(())
    }

    fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<()> {
        self.data[offset..offset + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn write_eh_pointer(&mut self, address: Address, _: DwEhPe, _: u8) -> Result<()> {
        let Address::Symbol { symbol, .. } = address else { unreachable!("every address is given as a symbol") };
        let (symbol, offset) = self.places[symbol];
        self.relocations.push(Relocation {
            offset: self.data.len() as u32,
            r_type: self.machine.relative_32(),
            symbol,
            addend: offset.into(),
        });
        self.write(&[0; 4])
    }
}
