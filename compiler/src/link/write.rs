//! The file.
//!
//! The buffer is allocated once, already zero, and each section's bytes are copied into it once and relocated there, in
//! parallel: the pieces of work are disjoint parts of the buffer, so that their order does not matter.

use std::ops::Range;

use cranelift_entity::PrimaryMap;
use object::LittleEndian as LE;
use object::elf::{self, Dyn64, FileHeader64, Ident, ProgramHeader64, Rela64, SectionHeader64, Sym64};
use object::pod::{Pod, bytes_of};
use object::{I64, U16, U32, U64};
use rayon::prelude::*;

use crate::object::unit::{Relocation, SectionId, Symbol, SymbolId, SymbolKind, Unit};

use super::arch::Arch;
use super::dynamic;
use super::error::LinkError;
use super::layout::{Layout, Output, OutputId, Part};
use super::relocate::{Addresses, Context};
use super::resolve::{LinkerSections, Places};
use super::{LinkOptions, Output as Kind};

/// About how many bytes of a section one piece of work has.
const PIECE: usize = 1 << 20;

pub fn write<A: Arch>(
    unit: &Unit<'_>,
    linker: &LinkerSections,
    places: &Places,
    addresses: &Addresses,
    layout: &Layout,
    roots: &[SymbolId],
    options: &LinkOptions<'_>,
) -> Result<Vec<u8>, LinkError> {
    let address_of = |place: &Option<(SectionId, u64)>| {
        place.and_then(|(section, offset)| Some(layout.sections[section]?.address.wrapping_add(offset))).unwrap_or(0)
    };
    let symbol_addresses: PrimaryMap<SymbolId, u64> = places.values().map(address_of).collect();
    let got_address = layout.address(linker.got);
    let context = Context { unit, places, symbol_addresses: &symbol_addresses, addresses, got_address };

    let headers = SectionHeaders::new(layout);
    let dynamic_symbols = match options.output {
        Kind::Executable { .. } => Vec::new(),
        Kind::Shared { .. } => dynamic_symbols(unit, layout, &headers, &symbol_addresses, roots),
    };
    let (symbols, strings) =
        if options.strip { Default::default() } else { symbol_table(unit, layout, &headers, &symbol_addresses) };
    let tail = Tail::new(layout.file_end, headers, &symbols, strings);

    let mut file = vec![0; tail.file_size()];
    write_sections::<A>(&mut file, layout, &context)?;

    let mut out = Out { file: &mut file, at: 0 };
    let entry = match (options.output, roots) {
        (Kind::Executable { .. }, &[entry]) => symbol_addresses[entry],
        _ => 0,
    };
    out.put(&file_header(layout, &tail, entry, options));
    for header in &layout.program_headers {
        out.put(&ProgramHeader64 {
            p_type: U32::new(LE, header.p_type),
            p_flags: U32::new(LE, header.p_flags),
            p_offset: U64::new(LE, header.span.offset),
            p_vaddr: U64::new(LE, header.span.address),
            p_paddr: U64::new(LE, header.span.address),
            p_filesz: U64::new(LE, header.span.file_size),
            p_memsz: U64::new(LE, header.span.size),
            p_align: U64::new(LE, header.align),
        });
    }
    write_relative::<A>(&mut out, linker, layout, &context);
    write_dynamic(&mut out, unit, linker, layout, addresses, options.output);
    if let Kind::Shared { name } = options.output {
        let tables = dynamic::Tables::new(unit, name, &dynamic_symbols);
        out.seek(layout, linker.hash);
        out.put_bytes(&tables.hash);
        out.seek(layout, linker.dynamic_symbols);
        out.put_bytes(object::pod::bytes_of_slice(&tables.symbols));
        out.seek(layout, linker.dynamic_names);
        out.put_bytes(&tables.names);
    }
    tail.write(&mut out);
    Ok(file)
}

/// Writes structures one after another.
struct Out<'a> {
    file: &'a mut [u8],
    at: usize,
}

impl Out<'_> {
    fn put(&mut self, value: &impl Pod) {
        self.put_bytes(bytes_of(value));
    }

    fn put_bytes(&mut self, bytes: &[u8]) {
        self.file[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    /// Goes on with the contents of one of the linker's own sections.
    fn seek(&mut self, layout: &Layout, section: SectionId) {
        self.at = layout.sections[section].map_or(0, |placed| placed.offset as usize);
    }
}

/// A part of a section with its place in the file.
struct Piece<'a> {
    section: SectionId,
    /// In the section.
    bytes: Range<usize>,
    relocations: &'a [Relocation],
    /// In memory, of the section.
    address: u64,
    /// In the file, of the piece.
    offset: usize,
}

fn write_sections<A: Arch>(file: &mut [u8], layout: &Layout, context: &Context<'_>) -> Result<(), LinkError> {
    let unit = context.unit;
    let mut pieces = Vec::new();
    // Without data: zeros, and what the linker itself writes.
    for (id, section) in unit.sections.iter().filter(|(_, section)| !section.data.is_empty()) {
        let Some(placed) = layout.sections[id] else { continue };
        for (bytes, relocations) in split(section.data.len(), &section.relocations) {
            let offset = placed.offset as usize + bytes.start;
            pieces.push(Piece { section: id, bytes, relocations, address: placed.address, offset });
        }
    }
    pieces.sort_by_key(|piece| piece.offset);

    let mut rest = file;
    let mut at = 0;
    let mut work = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let (target, behind) =
            std::mem::take(&mut rest).split_at_mut(piece.offset - at).1.split_at_mut(piece.bytes.len());
        at = piece.offset + piece.bytes.len();
        rest = behind;
        work.push((piece, target));
    }

    let failed = work.into_par_iter().find_map_first(|(piece, target)| {
        target.copy_from_slice(&unit.sections[piece.section].data[piece.bytes.clone()]);
        context.apply::<A>(piece.section, piece.address, piece.bytes.start, target, piece.relocations).err()
    });
    failed.map_or(Ok(()), Err)
}

/// Splits a section of `size` bytes into pieces such that all that a relocation reads and writes is in the same piece.
fn split(size: usize, relocations: &[Relocation]) -> Vec<(Range<usize>, &[Relocation])> {
    /// The widest field, and what precedes the field in an instruction that is rewritten.
    const FIELD: usize = 8;
    const INSTRUCTION: usize = 3;

    let mut pieces = Vec::new();
    let (mut start, mut first) = (0, 0);
    while start < size {
        let (mut end, mut next) = (start + PIECE, first);
        while let Some(relocation) = relocations.get(next).filter(|r| (r.offset as usize) < end + INSTRUCTION) {
            end = end.max(relocation.offset as usize + FIELD);
            next += 1;
        }
        if end >= size {
            // With whatever is misplaced behind the end, which is found when it is applied.
            (end, next) = (size, relocations.len());
        }
        pieces.push((start..end, &relocations[first..next]));
        (start, first) = (end, next);
    }
    pieces
}

fn file_header(layout: &Layout, tail: &Tail, entry: u64, options: &LinkOptions<'_>) -> FileHeader64<LE> {
    FileHeader64 {
        e_ident: Ident {
            magic: elf::ELFMAG,
            class: elf::ELFCLASS64,
            data: elf::ELFDATA2LSB,
            version: elf::EV_CURRENT,
            os_abi: elf::ELFOSABI_NONE,
            abi_version: 0,
            padding: [0; 7],
        },
        e_type: U16::new(LE, elf::ET_DYN),
        e_machine: U16::new(LE, options.machine.elf_number()),
        e_version: U32::new(LE, elf::EV_CURRENT.into()),
        e_entry: U64::new(LE, entry),
        e_phoff: U64::new(LE, size_of::<FileHeader64<LE>>() as u64),
        e_shoff: U64::new(LE, tail.headers_offset),
        e_flags: U32::new(LE, 0),
        e_ehsize: U16::new(LE, size_of::<FileHeader64<LE>>() as u16),
        e_phentsize: U16::new(LE, size_of::<ProgramHeader64<LE>>() as u16),
        e_phnum: U16::new(LE, layout.program_headers.len() as u16),
        e_shentsize: U16::new(LE, size_of::<SectionHeader64<LE>>() as u16),
        e_shnum: U16::new(LE, tail.headers.len() as u16),
        e_shstrndx: U16::new(LE, tail.headers.len() as u16 - 1),
    }
}

/// The relocations to apply at start, ascending by address; and the GOT, which holds the same addresses as the linker
/// knows them.
fn write_relative<A: Arch>(out: &mut Out<'_>, linker: &LinkerSections, layout: &Layout, context: &Context<'_>) {
    let mut entries = Vec::with_capacity(context.addresses.relative_count());
    for &(section, index) in &context.addresses.in_data {
        let relocation = &context.unit.sections[section].relocations[index];
        let target = context.symbol_addresses[relocation.symbol].wrapping_add_signed(relocation.addend);
        entries.push((layout.address(section) + u64::from(relocation.offset), target));
    }
    out.seek(layout, linker.got);
    for (slot, &(section, offset)) in context.addresses.got_slots.iter().enumerate() {
        let target = layout.address(section).wrapping_add(offset);
        out.put(&U64::new(LE, target));
        entries.push((context.got_address + 8 * slot as u64, target));
    }

    entries.sort_unstable();
    out.seek(layout, linker.relative);
    for (address, target) in entries {
        out.put(&Rela64 {
            r_offset: U64::new(LE, address),
            r_info: U64::new(LE, A::RELATIVE.into()),
            r_addend: I64::new(LE, target as i64),
        });
    }
}

/// The functions of a shared library: symbol, section header, address, size. Ascending by name.
fn dynamic_symbols(
    unit: &Unit<'_>,
    layout: &Layout,
    headers: &SectionHeaders,
    addresses: &PrimaryMap<SymbolId, u64>,
    roots: &[SymbolId],
) -> Vec<dynamic::Exported> {
    let exported = |&id: &SymbolId| {
        let (section, _) = unit.symbols[id].place?;
        let header = headers.indices[layout.sections[section]?.output]?;
        Some(dynamic::Exported { symbol: id, header, address: addresses[id] })
    };
    roots.iter().filter_map(exported).collect()
}

/// Says what this is, and where its relocations are. Of an executable nothing reads it but tools, and start-up code
/// that was not written for this linker.
fn write_dynamic(
    out: &mut Out<'_>,
    unit: &Unit<'_>,
    linker: &LinkerSections,
    layout: &Layout,
    addresses: &Addresses,
    output: Kind<'_>,
) {
    let count = addresses.relative_count() as u64;
    let relocations = [
        (elf::DT_RELA, layout.address(linker.relative)),
        (elf::DT_RELASZ, unit.sections[linker.relative].size),
        (elf::DT_RELAENT, size_of::<Rela64<LE>>() as u64),
        (elf::DT_RELACOUNT, count),
    ];
    let (of_shared, flags) = match output {
        Kind::Executable { .. } => (Vec::new(), elf::DF_1_PIE | elf::DF_1_NOW),
        // Its signal handlers stay when nobody calls it any more, and so it stays itself.
        Kind::Shared { .. } => (dynamic::entries(unit, linker, layout), elf::DF_1_NODELETE | elf::DF_1_NOW),
    };
    let always = [(elf::DT_FLAGS_1, flags.into()), (elf::DT_NULL, 0)];
    out.seek(layout, linker.dynamic);
    let relocations = relocations.into_iter().filter(|_| count != 0);
    for (tag, value) in of_shared.into_iter().chain(relocations).chain(always) {
        out.put(&Dyn64 { d_tag: I64::new(LE, tag), d_val: U64::new(LE, value) });
    }
}

/// Section headers, and the names that they use.
struct SectionHeaders {
    headers: Vec<SectionHeader64<LE>>,
    names: Vec<u8>,
    /// Index of an output section's header. `None` for the headers themselves and for what is empty.
    indices: PrimaryMap<OutputId, Option<u16>>,
}

impl SectionHeaders {
    fn new(layout: &Layout) -> SectionHeaders {
        let mut headers = SectionHeaders { headers: Vec::new(), names: vec![0], indices: PrimaryMap::new() };
        headers.push("", elf::SHT_NULL, 0, 0, 0, 0, 0);
        for output in layout.outputs.values() {
            let index = (output.part != Part::Headers && output.span.size != 0).then(|| {
                headers.push_output(output);
                (headers.headers.len() - 1) as u16
            });
            headers.indices.push(index);
        }
        headers
    }

    fn push_output(&mut self, output: &Output) {
        let Output { name, sh_type, sh_flags, align, span, .. } = output;
        let entry_size = match *sh_type {
            elf::SHT_RELA => size_of::<Rela64<LE>>(),
            elf::SHT_DYNAMIC => size_of::<Dyn64<LE>>(),
            elf::SHT_DYNSYM => size_of::<Sym64<LE>>(),
            elf::SHT_HASH => size_of::<u32>(),
            _ => 0,
        };
        self.push(name, *sh_type, *sh_flags, span.offset, span.size, *align, entry_size);
        self.headers.last_mut().expect("just pushed").sh_addr = U64::new(LE, span.address);
    }

    #[expect(clippy::too_many_arguments, reason = "a header has that many fields")]
    fn push(&mut self, name: &str, sh_type: u32, sh_flags: u64, offset: u64, size: u64, align: u64, entry_size: usize) {
        let sh_name = if name.is_empty() { 0 } else { append_name(&mut self.names, name) };
        self.headers.push(SectionHeader64 {
            sh_name: U32::new(LE, sh_name),
            sh_type: U32::new(LE, sh_type),
            sh_flags: U64::new(LE, sh_flags),
            sh_addr: U64::new(LE, 0),
            sh_offset: U64::new(LE, offset),
            sh_size: U64::new(LE, size),
            sh_link: U32::new(LE, 0),
            sh_info: U32::new(LE, 0),
            sh_addralign: U64::new(LE, align),
            sh_entsize: U64::new(LE, entry_size as u64),
        });
    }
}

/// Appends to a string table.
fn append_name(table: &mut Vec<u8>, name: &str) -> u32 {
    let offset = table.len() as u32;
    table.extend_from_slice(name.as_bytes());
    table.push(0);
    offset
}

/// Tells of each table which one its indices are of.
fn link_headers(headers: &mut [SectionHeader64<LE>]) {
    let find = |headers: &[SectionHeader64<LE>], sh_type| {
        headers.iter().position(|header| header.sh_type.get(LE) == sh_type).map(|index| index as u32)
    };
    let symbols = find(headers, elf::SHT_DYNSYM);
    // In front of those that are not loaded. Without names, no entry of `.dynamic` is a string, but tools warn if there
    // is no table.
    let names = symbols.and_then(|_| find(headers, elf::SHT_STRTAB)).unwrap_or(headers.len() as u32 - 1);
    for header in headers {
        match header.sh_type.get(LE) {
            elf::SHT_DYNAMIC => header.sh_link = U32::new(LE, names),
            elf::SHT_HASH | elf::SHT_RELA => header.sh_link = U32::new(LE, symbols.unwrap_or(0)),
            elf::SHT_DYNSYM => {
                header.sh_link = U32::new(LE, names);
                // The index behind the last local symbol, which is the one that means nothing.
                header.sh_info = U32::new(LE, 1);
            }
            _ => {}
        }
    }
}

/// Symbols for debuggers and profilers, and their names. All are local: nothing links with an executable.
fn symbol_table(
    unit: &Unit<'_>,
    layout: &Layout,
    headers: &SectionHeaders,
    addresses: &PrimaryMap<SymbolId, u64>,
) -> (Vec<Sym64<LE>>, Vec<u8>) {
    let symbol = |st_name, st_type, st_shndx, st_value, st_size| Sym64 {
        st_name: U32::new(LE, st_name),
        st_info: elf::STB_LOCAL << 4 | st_type,
        st_other: elf::STV_DEFAULT,
        st_shndx: U16::new(LE, st_shndx),
        st_value: U64::new(LE, st_value),
        st_size: U64::new(LE, st_size),
    };
    let mut names = vec![0];
    let mut symbols = vec![symbol(0, elf::STT_NOTYPE, 0, 0, 0)];
    for (id, Symbol { name, kind, place, size, .. }) in &unit.symbols {
        let st_type = match kind {
            SymbolKind::Function => elf::STT_FUNC,
            SymbolKind::Data => elf::STT_OBJECT,
            SymbolKind::Section => continue,
        };
        let placed = place.and_then(|(section, _)| layout.sections[section]);
        let Some(header) = placed.and_then(|placed| headers.indices[placed.output]) else { continue };
        if !name.is_empty() {
            symbols.push(symbol(append_name(&mut names, name), st_type, header, addresses[id], *size));
        }
    }
    (symbols, names)
}

/// What follows the sections in the file: symbols, their names, names of sections, section headers.
struct Tail {
    headers: Vec<SectionHeader64<LE>>,
    headers_offset: u64,
    /// With their offsets in the file.
    tables: Vec<(u64, Vec<u8>)>,
}

impl Tail {
    fn new(start: u64, mut headers: SectionHeaders, symbols: &[Sym64<LE>], strings: Vec<u8>) -> Tail {
        let mut tail = Tail { headers: Vec::new(), headers_offset: 0, tables: Vec::new() };
        let mut at = start;
        let mut table = |headers: &mut SectionHeaders, name, sh_type, align, entry_size, bytes: Vec<u8>| {
            at = at.next_multiple_of(align);
            headers.push(name, sh_type, 0, at, bytes.len() as u64, align, entry_size);
            let offset = at;
            at += bytes.len() as u64;
            tail.tables.push((offset, bytes));
        };
        if !symbols.is_empty() {
            let bytes = object::pod::bytes_of_slice(symbols).to_vec();
            table(&mut headers, ".symtab", elf::SHT_SYMTAB, 8, size_of::<Sym64<LE>>(), bytes);
            let strings_index = headers.headers.len() as u32;
            let header = headers.headers.last_mut().expect("just pushed");
            header.sh_link = U32::new(LE, strings_index);
            // The index behind the last local symbol.
            header.sh_info = U32::new(LE, symbols.len() as u32);
            table(&mut headers, ".strtab", elf::SHT_STRTAB, 1, 0, strings);
        }
        // The table holds its own name.
        let mut names = std::mem::take(&mut headers.names);
        let own_name = append_name(&mut names, ".shstrtab");
        table(&mut headers, "", elf::SHT_STRTAB, 1, 0, names);
        headers.headers.last_mut().expect("just pushed").sh_name = U32::new(LE, own_name);
        link_headers(&mut headers.headers);

        tail.headers_offset = at.next_multiple_of(8);
        tail.headers = headers.headers;
        tail
    }

    fn file_size(&self) -> usize {
        self.headers_offset as usize + self.headers.len() * size_of::<SectionHeader64<LE>>()
    }

    fn write(&self, out: &mut Out<'_>) {
        for (offset, bytes) in &self.tables {
            out.at = *offset as usize;
            out.put_bytes(bytes);
        }
        out.at = self.headers_offset as usize;
        self.headers.iter().for_each(|header| out.put(header));
    }
}
