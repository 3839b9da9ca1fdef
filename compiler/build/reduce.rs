//! From the runtime library's archive to one small relocatable object.
//!
//! The archive has some 300 members, nearly all of them for things that we never use, and weighs 4 MB. What can be
//! reached from the roots, the symbols `wasmc_…`, through relocations is 30 KB. Sections stay apart, one per function
//! or constant, so that the linker can drop what a program does not use; those that hold many constants, for linkers
//! that merge equal ones, are taken apart.
//!
//! On the way:
//!
//! - Only the roots stay global. `memcpy` and its kin become local, and cannot clash with anybody's.
//! - Names of sections, and the hashes in names of local functions, are dropped: they would depend on where the
//!   sources lie.
//! - References through a global offset table, which rustc makes for functions that it thinks might be elsewhere,
//!   become direct ones. So our linker needs no such table. (The psABI describes these rewritings, section B.2.)

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::ops::Range;

use object::elf::{
    R_X86_64_GOTPCREL, R_X86_64_GOTPCRELX, R_X86_64_PC32, R_X86_64_REX_GOTPCRELX, SHF_MERGE, SHF_STRINGS,
};
use object::read::archive::ArchiveFile;
use object::read::elf::ElfFile64;
use object::write::{self, SymbolSection};
use object::{
    BinaryFormat, Endianness, Object as _, ObjectSection as _, ObjectSymbol as _, Relocation, RelocationFlags,
    RelocationTarget, SectionIndex, SectionKind, SymbolFlags, SymbolIndex, SymbolKind, SymbolScope,
};

/// Symbols that programs refer to.
const ROOT_PREFIX: &str = "wasmc_";

/// Symbols that the runtime refers to and others define: the program and the linker. See `wasmc_abi::symbols`.
const DEFINED_ELSEWHERE: &[&str] = &["wasmc_program", "__ehdr_start", "__rela_iplt_start", "__rela_iplt_end"];

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A section of a member of the archive, or one of the constants that it holds: the member's index, the section's
/// index, the offset at which the constant begins.
type Place = (usize, usize, u64);

/// The members of the archive, and where its global symbols are.
struct Archive<'data> {
    members: Vec<ElfFile64<'data>>,
    globals: HashMap<&'data str, (usize, SymbolIndex)>,
}

/// What a relocation refers to.
enum Target {
    /// So many bytes from a place.
    Section(Place, i64),
    /// A symbol that is defined in a section.
    Symbol(Place, usize, SymbolIndex),
    Elsewhere(String),
}

/// Reduces an archive to the bytes of an object.
pub fn reduce(archive: &[u8]) -> Result<Vec<u8>> {
    let archive = Archive::parse(archive)?;
    let kept = archive.reachable()?;
    archive.merge(&kept)
}

impl<'data> Archive<'data> {
    fn parse(bytes: &'data [u8]) -> Result<Self> {
        let mut members = Vec::new();
        for member in ArchiveFile::parse(bytes)?.members() {
            let data = member?.data(bytes)?;
            // rustc adds a member with metadata, which is no object.
            if data.starts_with(b"\x7fELF") {
                members.push(ElfFile64::parse(data)?);
            }
        }
        let mut globals = HashMap::new();
        for weak in [false, true] {
            for (index, member) in members.iter().enumerate() {
                for symbol in member.symbols().filter(|symbol| symbol.is_global() && symbol.is_definition()) {
                    if symbol.is_weak() == weak {
                        globals.entry(symbol.name()?).or_insert((index, symbol.index()));
                    }
                }
            }
        }
        Ok(Archive { members, globals })
    }

    fn target(&self, member: usize, target: RelocationTarget, addend: i64) -> Result<Target> {
        match target {
            RelocationTarget::Symbol(index) => {
                let symbol = self.members[member].symbol_by_index(index)?;
                if let Some(section) = symbol.section_index()
                    && !is_kept(&symbol)?
                {
                    // Which constant is meant is said by the symbol; if that is the section, by the addend.
                    let is_section = symbol.kind() == SymbolKind::Section;
                    let (at, rest) = if is_section { (addend, 0) } else { (symbol.address() as i64, addend) };
                    let start = match self.constants(member, section)? {
                        None => 0,
                        Some(constants) => constants.range(u64::try_from(at)?)?.start as u64,
                    };
                    return Ok(Target::Section((member, section.0, start), at - start as i64 + rest));
                }
                if let Some(section) = symbol.section_index() {
                    return Ok(Target::Symbol((member, section.0, 0), member, index));
                }
                let name = symbol.name()?;
                match self.globals.get(name) {
                    Some(&(member, index)) => {
                        let section = self.members[member].symbol_by_index(index)?.section_index();
                        let section = section.ok_or_else(|| format!("`{name}` is in no section"))?;
                        Ok(Target::Symbol((member, section.0, 0), member, index))
                    }
                    None if DEFINED_ELSEWHERE.contains(&name) => Ok(Target::Elsewhere(name.to_owned())),
                    None => Err(format!("`{name}` is not defined anywhere").into()),
                }
            }
            _ => Err("a relocation without a symbol".into()),
        }
    }

    /// What a section holds, if that is many constants.
    fn constants(&self, member: usize, section: SectionIndex) -> Result<Option<Constants<'data>>> {
        let section = self.members[member].section_by_index(section)?;
        let header = section.elf_section_header();
        let flags = header.sh_flags.get(Endianness::Little) as u32;
        let size = header.sh_entsize.get(Endianness::Little);
        let data = section.data()?;
        Ok(match (flags & SHF_MERGE != 0, flags & SHF_STRINGS != 0, size) {
            (true, true, 1) => Some(Constants::Strings(data)),
            (true, false, 1..) => Some(Constants::OfSize(data, size as usize)),
            _ => None,
        })
    }

    /// The contents of a place.
    fn data(&self, (member, index, start): Place) -> Result<&'data [u8]> {
        let index = SectionIndex(index);
        match self.constants(member, index)? {
            None => Ok(self.members[member].section_by_index(index)?.data()?),
            Some(constants) => Ok(&constants.data()[constants.range(start)?]),
        }
    }

    /// The relocations of a place.
    fn relocations(&self, (member, index, _): Place) -> Result<Vec<(u64, Relocation)>> {
        // Constants that linkers may merge have none.
        let index = SectionIndex(index);
        Ok(match self.constants(member, index)? {
            None => self.members[member].section_by_index(index)?.relocations().collect(),
            Some(_) => Vec::new(),
        })
    }

    /// The places that can be reached from the roots.
    fn reachable(&self) -> Result<BTreeSet<Place>> {
        let mut kept = BTreeSet::new();
        let mut pending = Vec::new();
        for (_, &(member, index)) in self.globals.iter().filter(|(name, _)| name.starts_with(ROOT_PREFIX)) {
            pending.extend(
                self.members[member].symbol_by_index(index)?.section_index().map(|section| (member, section.0, 0)),
            );
        }
        while let Some(place) = pending.pop() {
            if kept.insert(place) {
                for (_, relocation) in self.relocations(place)? {
                    match self.target(place.0, relocation.target(), relocation.addend())? {
                        Target::Section(place, _) | Target::Symbol(place, ..) => pending.push(place),
                        Target::Elsewhere(_) => {}
                    }
                }
            }
        }
        Ok(kept)
    }

    /// Writes an object with the kept sections.
    fn merge(&self, kept: &BTreeSet<Place>) -> Result<Vec<u8>> {
        let first = self.members.first().ok_or("the archive has no objects")?;
        let mut output = write::Object::new(BinaryFormat::Elf, first.architecture(), first.endianness());
        let mut symbols = HashMap::new();

        // Sections and their symbols first: relocations refer to both.
        let mut sections = HashMap::new();
        for &place in kept {
            let section = self.members[place.0].section_by_index(SectionIndex(place.1))?;
            let (name, kind) = match section.kind() {
                SectionKind::Text => (".text", SectionKind::Text),
                SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => (".rodata", SectionKind::ReadOnlyData),
                SectionKind::ReadOnlyDataWithRel => (".data.rel.ro", SectionKind::ReadOnlyDataWithRel),
                SectionKind::Data => (".data", SectionKind::Data),
                SectionKind::UninitializedData => (".bss", SectionKind::UninitializedData),
                kind => return Err(format!("section `{}` is of the unexpected kind {kind:?}", section.name()?).into()),
            };
            let id = output.add_section(Vec::new(), name.into(), kind);
            if kind == SectionKind::UninitializedData {
                output.append_section_bss(id, section.size(), section.align());
            } else {
                output.append_section_data(id, self.data(place)?, section.align());
            }
            sections.insert(place, id);
        }
        for (index, member) in self.members.iter().enumerate() {
            for symbol in member.symbols() {
                let Some(&id) = symbol.section_index().and_then(|section| sections.get(&(index, section.0, 0))) else {
                    continue;
                };
                if !is_kept(&symbol)? {
                    continue;
                }
                let name = symbol.name()?;
                let is_root = symbol.is_global() && name.starts_with(ROOT_PREFIX);
                let symbol_id = output.add_symbol(write::Symbol {
                    name: readable(name).into_bytes(),
                    value: symbol.address(),
                    size: symbol.size(),
                    kind: symbol.kind(),
                    scope: if is_root { SymbolScope::Linkage } else { SymbolScope::Compilation },
                    weak: false,
                    section: SymbolSection::Section(id),
                    flags: SymbolFlags::None,
                });
                symbols.insert((index, symbol.index()), symbol_id);
            }
        }
        let elsewhere: HashMap<&str, write::SymbolId> = DEFINED_ELSEWHERE
            .iter()
            .map(|&name| {
                let symbol = write::Symbol {
                    name: name.into(),
                    value: 0,
                    size: 0,
                    kind: SymbolKind::Unknown,
                    scope: SymbolScope::Unknown,
                    weak: false,
                    section: SymbolSection::Undefined,
                    flags: SymbolFlags::None,
                };
                (name, output.add_symbol(symbol))
            })
            .collect();

        for &place in kept {
            let id = sections[&place];
            for (offset, relocation) in self.relocations(place)? {
                let mut addend = relocation.addend();
                let symbol = match self.target(place.0, relocation.target(), addend)? {
                    Target::Section(place, distance) => {
                        addend = distance;
                        output.section_symbol(sections[&place])
                    }
                    Target::Symbol(_, member, index) => {
                        *symbols.get(&(member, index)).ok_or("a relocation refers to a symbol of unexpected kind")?
                    }
                    Target::Elsewhere(name) => elsewhere[name.as_str()],
                };
                let RelocationFlags::Elf { r_type } = relocation.flags() else {
                    return Err("a relocation is not an ELF relocation".into());
                };
                let r_type = match r_type {
                    R_X86_64_GOTPCREL | R_X86_64_GOTPCRELX | R_X86_64_REX_GOTPCRELX
                        if first.architecture() == object::Architecture::X86_64 =>
                    {
                        make_direct(output.section_mut(id).data_mut(), offset as usize)?;
                        R_X86_64_PC32
                    }
                    other => other,
                };
                output.add_relocation(
                    id,
                    write::Relocation { offset, symbol, addend, flags: RelocationFlags::Elf { r_type } },
                )?;
            }
        }
        Ok(output.write()?)
    }
}

/// The constants of a section, which linkers may merge with equal ones, and so may also leave out.
enum Constants<'data> {
    /// Each ends with a NUL.
    Strings(&'data [u8]),
    /// Each has so many bytes.
    OfSize(&'data [u8], usize),
}

impl<'data> Constants<'data> {
    fn data(&self) -> &'data [u8] {
        match self {
            Constants::Strings(data) | Constants::OfSize(data, _) => data,
        }
    }

    /// Where the constant is that has a byte at `offset`.
    fn range(&self, offset: u64) -> Result<Range<usize>> {
        let offset = usize::try_from(offset)?;
        let (before, behind) = self.data().split_at_checked(offset).ok_or("a constant is outside of its section")?;
        match self {
            Constants::Strings(_) => {
                let start = before.iter().rposition(|&byte| byte == 0).map_or(0, |end| end + 1);
                let length = behind.iter().position(|&byte| byte == 0).ok_or("a string has no end")?;
                Ok(start..offset + length + 1)
            }
            Constants::OfSize(data, size) => {
                let start = offset - offset % size;
                Ok(start..(start + size).min(data.len()))
            }
        }
    }
}

/// Whether a symbol that is defined in a section stays one: functions, for debuggers and profilers. Others serve
/// relocations only, which can do with the section.
fn is_kept<'data>(symbol: &impl object::ObjectSymbol<'data>) -> Result<bool> {
    Ok(symbol.kind() == SymbolKind::Text || (symbol.is_global() && symbol.name()?.starts_with(ROOT_PREFIX)))
}

/// Rewrites the x86-64 instruction whose 32-bit displacement is at `offset`, so that it uses the address of the
/// symbol instead of loading it from a table.
fn make_direct(code: &mut [u8], offset: usize) -> Result<()> {
    let [opcode, mod_rm] = code.get_mut(offset - 2..offset).ok_or("a relocation is outside of its section")? else {
        return Err("a relocation is outside of its section".into());
    };
    match (*opcode, *mod_rm) {
        (0x8b, _) => *opcode = 0x8d, // mov reg, [rip + x]  →  lea reg, [rip + x]
        (0xff, 0x15) => (*opcode, *mod_rm) = (0x67, 0xe8), // call [rip + x]      →  addr32 call x
        (0xff, 0x25) => (*opcode, *mod_rm) = (0x67, 0xe9), // jmp [rip + x]       →  addr32 jmp x
        other => return Err(format!("the instruction {other:x?} uses the global offset table").into()),
    }
    Ok(())
}

/// A symbol's name as in the source, without rustc's hash. Other names stay as they are.
fn readable(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}
