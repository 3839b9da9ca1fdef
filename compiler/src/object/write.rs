//! [`Unit`] → ELF relocatable file, for `--emit obj` and for linkers other than ours.

use object::write::{self, Object, SectionId as ElfSectionId, SymbolSection};
use object::{BinaryFormat, Endianness, SectionFlags, SymbolFlags, SymbolScope, elf};

use cranelift_entity::PrimaryMap;

use super::machine::Machine;
use super::unit::{Section, SectionId, SectionKind, Symbol, SymbolId, SymbolKind, Unit};

/// Writes `unit` as a file. The bytes depend on nothing else. Fails only if an address or name does not fit the format.
pub fn write(machine: Machine, unit: &Unit<'_>) -> Result<Vec<u8>, write::Error> {
    let mut file = Object::new(BinaryFormat::Elf, machine.architecture(), Endianness::Little);

    let sections: PrimaryMap<SectionId, ElfSectionId> =
        unit.sections.values().map(|section| add_section(&mut file, section)).collect();
    let symbols: PrimaryMap<SymbolId, write::SymbolId> =
        unit.symbols.values().map(|symbol| add_symbol(&mut file, &sections, symbol)).collect();

    for (id, section) in &unit.sections {
        for relocation in &section.relocations {
            file.add_relocation(
                sections[id],
                write::Relocation {
                    offset: relocation.offset.into(),
                    symbol: symbols[relocation.symbol],
                    addend: relocation.addend,
                    flags: object::RelocationFlags::Elf { r_type: relocation.r_type },
                },
            )?;
        }
    }

    // Without it, GNU ld makes the stack of the whole executable executable.
    file.add_section(Vec::new(), b".note.GNU-stack".to_vec(), object::SectionKind::Other);
    file.write()
}

fn add_section<'data>(file: &mut Object<'data>, section: &'data Section<'_>) -> ElfSectionId {
    use object::SectionKind as Elf;
    let (kind, flags) = match section.kind {
        SectionKind::Text => (Elf::Text, elf::SHF_ALLOC | elf::SHF_EXECINSTR),
        SectionKind::ReadOnly | SectionKind::EhFrame | SectionKind::Embedded => (Elf::ReadOnlyData, elf::SHF_ALLOC),
        SectionKind::RelroData => (Elf::ReadOnlyDataWithRel, elf::SHF_ALLOC | elf::SHF_WRITE),
        SectionKind::Data | SectionKind::Image => (Elf::Data, elf::SHF_ALLOC | elf::SHF_WRITE),
        SectionKind::Bss => (Elf::UninitializedData, elf::SHF_ALLOC | elf::SHF_WRITE),
        SectionKind::Note => (Elf::Note, elf::SHF_ALLOC),
        SectionKind::Unloaded => (Elf::Debug, 0),
    };
    let id = file.add_section(Vec::new(), section.name.as_bytes().to_vec(), kind);
    file.section_mut(id).flags = SectionFlags::Elf { sh_flags: flags.into() };
    if section.kind == SectionKind::Bss {
        file.append_section_bss(id, section.size, section.align);
    } else {
        file.set_section_data(id, &*section.data, section.align);
    }
    id
}

fn add_symbol(
    file: &mut Object<'_>,
    sections: &PrimaryMap<SectionId, ElfSectionId>,
    symbol: &Symbol,
) -> write::SymbolId {
    if let (SymbolKind::Section, Some((section, _))) = (symbol.kind, symbol.place) {
        return file.section_symbol(sections[section]);
    }
    let (section, value) = match symbol.place {
        Some((section, offset)) => (SymbolSection::Section(sections[section]), offset),
        None => (SymbolSection::Undefined, 0),
    };
    file.add_symbol(write::Symbol {
        name: symbol.name.clone().into_bytes(),
        value,
        size: symbol.size,
        kind: match symbol.kind {
            SymbolKind::Function => object::SymbolKind::Text,
            SymbolKind::Data | SymbolKind::Section => object::SymbolKind::Data,
        },
        // A definition is for the other objects of the same executable only: hidden.
        scope: match (symbol.global, symbol.place) {
            (_, None) => SymbolScope::Unknown,
            (_, Some(_)) if symbol.exported => SymbolScope::Dynamic,
            (true, Some(_)) => SymbolScope::Linkage,
            (false, Some(_)) => SymbolScope::Compilation,
        },
        weak: false,
        section,
        flags: SymbolFlags::None,
    })
}
