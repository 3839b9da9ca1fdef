//! From the runtime library's archive to one small relocatable object.
//!
//! The archive has some 300 members, nearly all of them for things that we never use, and weighs 4 MB. What can be
//! reached from the roots, the symbols `wasmc_…`, through relocations is 30 KB. Sections stay apart, one per function
//! or constant, so that the linker can drop what a program does not use.
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

use object::elf::{R_X86_64_GOTPCREL, R_X86_64_GOTPCRELX, R_X86_64_PC32, R_X86_64_REX_GOTPCRELX};
use object::read::archive::ArchiveFile;
use object::read::elf::ElfFile64;
use object::write::{self, SymbolSection};
use object::{
    BinaryFormat, Object as _, ObjectSection as _, ObjectSymbol as _, RelocationFlags, RelocationTarget, SectionIndex,
    SectionKind, SymbolFlags, SymbolIndex, SymbolKind, SymbolScope,
};

/// Symbols that programs refer to.
const ROOT_PREFIX: &str = "wasmc_";

/// Symbols that the runtime refers to and others define: the program and the linker. See `wasmc_abi::symbols`.
const DEFINED_ELSEWHERE: &[&str] = &["wasmc_program", "__ehdr_start", "__rela_iplt_start", "__rela_iplt_end"];

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A section of a member of the archive: the member's index, the section's index.
type Place = (usize, usize);

/// The members of the archive, and where its global symbols are.
struct Archive<'data> {
    members: Vec<ElfFile64<'data>>,
    globals: HashMap<&'data str, (usize, SymbolIndex)>,
}

/// What a relocation refers to.
enum Target {
    /// So many bytes from a section's start.
    Section(Place, u64),
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

    fn target(&self, member: usize, target: RelocationTarget) -> Result<Target> {
        match target {
            RelocationTarget::Section(section) => Ok(Target::Section((member, section.0), 0)),
            RelocationTarget::Symbol(index) => {
                let symbol = self.members[member].symbol_by_index(index)?;
                if let Some(section) = symbol.section_index()
                    && !is_kept(&symbol)?
                {
                    return Ok(Target::Section((member, section.0), symbol.address()));
                }
                if let Some(section) = symbol.section_index() {
                    return Ok(Target::Symbol((member, section.0), member, index));
                }
                let name = symbol.name()?;
                match self.globals.get(name) {
                    Some(&(member, index)) => {
                        let section = self.members[member].symbol_by_index(index)?.section_index();
                        let section = section.ok_or_else(|| format!("`{name}` is in no section"))?;
                        Ok(Target::Symbol((member, section.0), member, index))
                    }
                    None if DEFINED_ELSEWHERE.contains(&name) => Ok(Target::Elsewhere(name.to_owned())),
                    None => Err(format!("`{name}` is not defined anywhere").into()),
                }
            }
            _ => Err("a relocation without a symbol".into()),
        }
    }

    /// The sections that can be reached from the roots.
    fn reachable(&self) -> Result<BTreeSet<Place>> {
        let mut kept = BTreeSet::new();
        let mut pending = Vec::new();
        for (_, &(member, index)) in self.globals.iter().filter(|(name, _)| name.starts_with(ROOT_PREFIX)) {
            pending.extend(
                self.members[member].symbol_by_index(index)?.section_index().map(|section| (member, section.0)),
            );
        }
        while let Some((member, index)) = pending.pop() {
            if kept.insert((member, index)) {
                for (_, relocation) in self.members[member].section_by_index(SectionIndex(index))?.relocations() {
                    match self.target(member, relocation.target())? {
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
                output.append_section_data(id, section.data()?, section.align());
            }
            sections.insert(place, id);
        }
        for (index, member) in self.members.iter().enumerate() {
            for symbol in member.symbols() {
                let Some(&id) = symbol.section_index().and_then(|section| sections.get(&(index, section.0))) else {
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

        for &(member, index) in kept {
            let id = sections[&(member, index)];
            for (offset, relocation) in self.members[member].section_by_index(SectionIndex(index))?.relocations() {
                let mut addend = relocation.addend();
                let symbol = match self.target(member, relocation.target())? {
                    Target::Section(place, label) => {
                        addend += label as i64;
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

/// A symbol's name without rustc's hash: `_ZN1a1b17h0123456789abcdefE` is `a::b`. Other names stay as they are.
fn readable(name: &str) -> String {
    let Some(mut rest) = name.strip_prefix("_ZN") else { return name.to_owned() };
    let mut parts = Vec::new();
    loop {
        let digits = rest.len() - rest.trim_start_matches(|character: char| character.is_ascii_digit()).len();
        let Some(length) = rest.get(..digits).and_then(|digits| digits.parse::<usize>().ok()) else { break };
        let Some(part) = rest.get(digits..digits + length) else { return name.to_owned() };
        parts.push(part);
        rest = &rest[digits + length..];
    }
    parts.pop_if(|last| last.len() == 17 && last.starts_with('h'));
    // What an identifier cannot hold is spelled with `$`; these occur here.
    let mut name = parts.join("::");
    for (spelling, character) in [("$LT$", "<"), ("$GT$", ">"), ("$u7b$", "{"), ("$u7d$", "}"), ("$u20$", " ")] {
        name = name.replace(spelling, character);
    }
    name
}
