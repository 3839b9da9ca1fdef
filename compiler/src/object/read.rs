//! ELF relocatable file → [`Unit`], for the runtime library.
//!
//! Section contents are borrowed. What has no meaning for our executables is dropped: sections that are not loaded, but
//! for debug information; groups (there is nothing to choose between); `.note.GNU-stack` and `.note.gnu.property`. What
//! would have a meaning that the linker does not know (thread-local storage, constructors, common symbols) is an error,
//! never dropped. Weak symbols count as ordinary ones.

use std::borrow::Cow;

use object::elf;
use object::read::elf::{ElfFile64, ElfSection64, FileHeader, SectionHeader};
use object::{
    LittleEndian as LE, Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SymbolSection,
};

use super::machine::Machine;
use super::unit::{Relocation, Section, SectionId, SectionKind, Symbol, SymbolId, SymbolKind, Unit};

/// Sections whose name begins so are of [`SectionKind::Image`].
pub const IMAGE_PREFIX: &str = ".wasm.image";

#[derive(Debug)]
pub enum ReadError {
    /// Not a well-formed ELF file.
    Malformed(object::read::Error),
    /// Well-formed, but not what we can take: a sentence that names the section or symbol.
    Unsupported(String),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadError::Malformed(error) => write!(f, "malformed object file: {error}"),
            ReadError::Unsupported(what) => write!(f, "unsupported object file: {what}"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<object::read::Error> for ReadError {
    fn from(error: object::read::Error) -> Self {
        ReadError::Malformed(error)
    }
}

#[cold]
fn unsupported<T>(what: impl Into<String>) -> Result<T, ReadError> {
    Err(ReadError::Unsupported(what.into()))
}

/// Reads one relocatable file for `machine`.
pub fn read(machine: Machine, bytes: &[u8]) -> Result<Unit<'_>, ReadError> {
    let file = ElfFile64::<LE>::parse(bytes)?;
    let header = file.elf_header();
    if header.e_type(LE) != elf::ET_REL {
        return unsupported("it is not relocatable");
    }
    if header.e_machine(LE) != machine.elf_number() {
        return unsupported(format!("it is for machine {}, not {machine:?}", header.e_machine(LE)));
    }

    let mut unit = Unit::default();
    let mut sections: Vec<Option<SectionId>> = Vec::new();
    for section in file.sections() {
        let index = section.index().0;
        sections.resize(sections.len().max(index + 1), None);
        if let Some(kind) = classify(&section)? {
            sections[index] = Some(unit.sections.push(Section {
                name: Cow::Borrowed(section.name()?),
                kind,
                align: section.align().max(1),
                data: Cow::Borrowed(section.data()?),
                size: section.size(),
                relocations: Vec::new(),
            }));
        }
    }

    let mut symbols: Vec<Option<SymbolId>> = Vec::new();
    for symbol in file.symbols() {
        let index = symbol.index().0;
        symbols.resize(symbols.len().max(index + 1), None);
        let place = match symbol.section() {
            SymbolSection::Undefined => None,
            SymbolSection::Section(section) => match sections.get(section.0) {
                Some(&Some(section)) => Some((section, symbol.address())),
                // In a section that was dropped.
                _ => continue,
            },
            SymbolSection::Common => return unsupported(format!("common symbol `{}`", symbol.name()?)),
            // File names and absolute values: an error only if a relocation names them.
            _ => continue,
        };
        let kind = match symbol.kind() {
            object::SymbolKind::Text => SymbolKind::Function,
            object::SymbolKind::Section => SymbolKind::Section,
            object::SymbolKind::Tls => return unsupported(format!("thread-local `{}`", symbol.name()?)),
            _ => SymbolKind::Data,
        };
        symbols[index] = Some(unit.symbols.push(Symbol {
            name: symbol.name()?.to_owned(),
            kind,
            global: symbol.is_global(),
            exported: false,
            place,
            size: symbol.size(),
        }));
    }

    for section in file.sections() {
        if let Some(id) = sections[section.index().0] {
            unit.sections[id].relocations = relocations(&section, &symbols)?;
        }
    }
    Ok(unit)
}

/// What a section is for, or `None` if it is dropped.
fn classify(section: &ElfSection64<'_, '_, LE>) -> Result<Option<SectionKind>, ReadError> {
    let name = section.name()?;
    let header = section.elf_section_header();
    let flags = header.sh_flags(LE);
    let has = |flag: u32| flags & u64::from(flag) != 0;

    if !has(elf::SHF_ALLOC) {
        let keep = name.starts_with(".debug") && matches!(header.sh_type(LE), elf::SHT_PROGBITS);
        if keep && has(elf::SHF_COMPRESSED) {
            return unsupported(format!("compressed section `{name}`"));
        }
        return Ok(keep.then_some(SectionKind::Unloaded));
    }
    if has(elf::SHF_TLS) {
        return unsupported(format!("thread-local section `{name}`"));
    }
    Ok(Some(match header.sh_type(LE) {
        elf::SHT_NOTE if name == ".note.gnu.property" || name == ".note.GNU-stack" => return Ok(None),
        elf::SHT_NOTE => SectionKind::Note,
        elf::SHT_NOBITS if has(elf::SHF_WRITE) => SectionKind::Bss,
        elf::SHT_PROGBITS | elf::SHT_X86_64_UNWIND => match (has(elf::SHF_EXECINSTR), has(elf::SHF_WRITE)) {
            (true, true) => return unsupported(format!("section `{name}` is both writable and executable")),
            (true, false) => SectionKind::Text,
            (false, true) if name.starts_with(".data.rel.ro") => SectionKind::RelroData,
            (false, true) if name.starts_with(IMAGE_PREFIX) => SectionKind::Image,
            (false, true) => SectionKind::Data,
            (false, false) if name == ".eh_frame" => SectionKind::EhFrame,
            (false, false) => SectionKind::ReadOnly,
        },
        sh_type => return unsupported(format!("section `{name}` of type {sh_type:#x}")),
    }))
}

fn relocations(section: &ElfSection64<'_, '_, LE>, symbols: &[Option<SymbolId>]) -> Result<Vec<Relocation>, ReadError> {
    let mut relocations = Vec::new();
    for (offset, relocation) in section.relocations() {
        let name = section.name()?;
        let RelocationFlags::Elf { r_type } = relocation.flags() else {
            return unsupported(format!("a relocation of `{name}`"));
        };
        // Type 0 is R_*_NONE everywhere.
        if r_type == 0 {
            continue;
        }
        if relocation.has_implicit_addend() {
            return unsupported(format!("relocations of `{name}` without addends"));
        }
        let RelocationTarget::Symbol(symbol) = relocation.target() else {
            return unsupported(format!("a relocation of `{name}` without symbol"));
        };
        let Some(&Some(symbol)) = symbols.get(symbol.0) else {
            return unsupported(format!("`{name}` refers to a symbol that has no place, at {offset:#x}"));
        };
        let Ok(offset) = u32::try_from(offset) else {
            return unsupported(format!("`{name}` is larger than 4 GiB"));
        };
        relocations.push(Relocation { offset, r_type, symbol, addend: relocation.addend() });
    }
    // Compilers nearly always write them so, but nothing says they must.
    relocations.sort_by_key(|relocation| relocation.offset);
    Ok(relocations)
}
