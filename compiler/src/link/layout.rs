//! Sections → file offsets and addresses.
//!
//! Input sections of the same [`Part`] become one output section, parts become segments. Every address is congruent to
//! its file offset modulo the page size, which is what `mmap` needs. A segment of other protection begins on a fresh
//! page in memory but directly behind the previous one in the file, at the offset in the page that the file happens to
//! have:
//!
//! ```text
//!   file     ├──── read ────┼───── execute ─────┼ relro ┼ write ┤
//!   memory   ├──── read ────┤·pad·
//!                     ·page·┼───── execute ─────┤·pad·
//!                                         ·page·┼ relro ┤·pad·  …
//! ```
//!
//! So the file has no padding, and a page that holds the end of one segment and the beginning of the next is mapped
//! twice. Two kinds of segment differ: a segment without bytes in the file begins at a page boundary, since old kernels
//! do not map the beginning of its page; and images share no page with anything, since the runtime moves their pages
//! elsewhere.

use cranelift_entity::{EntitySet, PrimaryMap, SecondaryMap};
use indexmap::IndexMap;
use object::LittleEndian as LE;
use object::elf::{self, FileHeader64, ProgramHeader64};
use wasmc_abi::layout::MAX_PAGE_SIZE;

use crate::object::unit::{SectionId, SectionKind, Unit};

use super::LinkOptions;
use super::error::LinkError;
use super::resolve::LinkerSections;

/// What output sections are made of, in the order in which they are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    Headers,
    Note,
    Hash,
    DynamicSymbols,
    DynamicNames,
    Relative,
    Dynamic,
    ReadOnly,
    EhFrame,
    Text,
    RelroData,
    /// [`Part::Dynamic`] of a shared library: some dynamic linkers write there.
    SharedDynamic,
    Got,
    Data,
    Bss,
    Image,
    Embedded,
    Unloaded,
}

/// What the kernel maps as one, in the order of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    Read,
    Execute,
    Relro,
    Write,
    Image,
    Embedded,
}

impl Part {
    fn of(id: SectionId, kind: SectionKind, linker: &LinkerSections) -> Part {
        match kind {
            _ if id == linker.headers => Part::Headers,
            _ if id == linker.relative || id == linker.relative_end => Part::Relative,
            _ if id == linker.dynamic && linker.is_shared => Part::SharedDynamic,
            _ if id == linker.dynamic => Part::Dynamic,
            _ if id == linker.hash => Part::Hash,
            _ if id == linker.dynamic_symbols => Part::DynamicSymbols,
            _ if id == linker.dynamic_names => Part::DynamicNames,
            _ if id == linker.got => Part::Got,
            SectionKind::Text => Part::Text,
            SectionKind::ReadOnly => Part::ReadOnly,
            SectionKind::RelroData => Part::RelroData,
            SectionKind::Data => Part::Data,
            SectionKind::Bss => Part::Bss,
            SectionKind::Image => Part::Image,
            SectionKind::Embedded => Part::Embedded,
            SectionKind::Note => Part::Note,
            SectionKind::EhFrame => Part::EhFrame,
            SectionKind::Unloaded => Part::Unloaded,
        }
    }

    /// Output name, or `None` for that of the input section; segment; `sh_type`; `sh_flags`.
    #[rustfmt::skip]
    fn row(self) -> (Option<&'static str>, Option<Segment>, u32, u32) {
        use elf::*;
        const A: u32 = SHF_ALLOC;
        const W: u32 = SHF_WRITE;
        const X: u32 = SHF_EXECINSTR;
        match self {
            Part::Headers   => (Some(""),             Some(Segment::Read),    SHT_NULL,     0),
            Part::Note      => (None,                 Some(Segment::Read),    SHT_NOTE,     A),
            Part::Hash      => (Some(".hash"),        Some(Segment::Read),    SHT_HASH,     A),
            Part::DynamicSymbols => (Some(".dynsym"), Some(Segment::Read),    SHT_DYNSYM,   A),
            Part::DynamicNames => (Some(".dynstr"),   Some(Segment::Read),    SHT_STRTAB,   A),
            Part::Relative  => (Some(".rela.dyn"),    Some(Segment::Read),    SHT_RELA,     A),
            Part::Dynamic   => (Some(".dynamic"),     Some(Segment::Read),    SHT_DYNAMIC,  A),
            Part::ReadOnly  => (Some(".rodata"),      Some(Segment::Read),    SHT_PROGBITS, A),
            Part::EhFrame   => (Some(".eh_frame"),    Some(Segment::Read),    SHT_PROGBITS, A),
            Part::Text      => (Some(".text"),        Some(Segment::Execute), SHT_PROGBITS, A | X),
            Part::RelroData => (Some(".data.rel.ro"), Some(Segment::Relro),   SHT_PROGBITS, A | W),
            Part::SharedDynamic => (Some(".dynamic"), Some(Segment::Relro),   SHT_DYNAMIC,  A | W),
            Part::Got       => (Some(".got"),         Some(Segment::Relro),   SHT_PROGBITS, A | W),
            Part::Data      => (Some(".data"),        Some(Segment::Write),   SHT_PROGBITS, A | W),
            Part::Bss       => (Some(".bss"),         Some(Segment::Write),   SHT_NOBITS,   A | W),
            Part::Image     => (None,                 Some(Segment::Image),   SHT_PROGBITS, A | W),
            Part::Embedded  => (None,                 Some(Segment::Embedded), SHT_PROGBITS, A),
            Part::Unloaded  => (None,                 None,                   SHT_PROGBITS, 0),
        }
    }
}

impl Segment {
    fn flags(self) -> u32 {
        match self {
            Segment::Read | Segment::Embedded => elf::PF_R,
            Segment::Execute => elf::PF_R | elf::PF_X,
            Segment::Relro | Segment::Write | Segment::Image => elf::PF_R | elf::PF_W,
        }
    }
}

/// Index of an output section.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutputId(u32);
cranelift_entity::entity_impl!(OutputId, "output");

#[derive(Clone, Debug)]
pub struct Output {
    pub name: String,
    pub part: Part,
    pub sh_type: u32,
    pub sh_flags: u64,
    pub align: u64,
    pub span: Span,
}

/// Where something is, in memory and in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// 0 for what is not loaded.
    pub address: u64,
    pub offset: u64,
    pub size: u64,
    /// Less than `size` if it ends with zeros that are not in the file.
    pub file_size: u64,
}

impl Span {
    fn end(&self) -> u64 {
        self.address + self.size
    }

    fn file_end(&self) -> u64 {
        self.offset + self.file_size
    }
}

/// Where an input section is: at `address` in memory (in its output section, if that is not loaded), at `offset` in the
/// file.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    pub output: OutputId,
    pub address: u64,
    pub offset: u64,
}

#[derive(Debug)]
pub struct ProgramHeader {
    pub p_type: u32,
    pub p_flags: u32,
    pub span: Span,
    pub align: u64,
}

pub struct Layout {
    pub outputs: PrimaryMap<OutputId, Output>,
    /// `None` for sections that are not in the executable.
    pub sections: SecondaryMap<SectionId, Option<Placed>>,
    pub program_headers: Vec<ProgramHeader>,
    /// Where the file goes on with what is not a section.
    pub file_end: u64,
}

impl Layout {
    /// Of a section that is known to be in the executable.
    pub fn address(&self, section: SectionId) -> u64 {
        self.sections[section].map_or(0, |placed| placed.address)
    }
}

pub fn lay_out(
    unit: &Unit<'_>,
    linker: &LinkerSections,
    live: &EntitySet<SectionId>,
    options: &LinkOptions<'_>,
) -> Result<Layout, LinkError> {
    let groups = group(unit, linker, live, options);

    // The number of program headers must be known before anything has an offset.
    let has = |parts: &dyn Fn(Part) -> bool| {
        groups.iter().any(|((part, _), members)| parts(*part) && members.iter().any(|&id| unit.sections[id].size != 0))
    };
    let segments = [Segment::Read, Segment::Execute, Segment::Relro, Segment::Write, Segment::Image, Segment::Embedded]
        .into_iter()
        .filter(|&segment| segment == Segment::Read || has(&|part| part.row().1 == Some(segment)))
        .count();
    let always = [elf::PT_PHDR, elf::PT_DYNAMIC, elf::PT_GNU_RELRO, elf::PT_GNU_STACK];
    let notes = usize::from(has(&|part| part == Part::Note));
    let count = always.len() + segments + notes;
    let headers_size = size_of::<FileHeader64<LE>>() + count * size_of::<ProgramHeader64<LE>>();

    let mut placer = Placer {
        page: options.max_page_size,
        address: 0,
        offset: 0,
        segment: None,
        loads: Vec::new(),
        layout: Layout {
            outputs: PrimaryMap::new(),
            sections: SecondaryMap::new(),
            program_headers: Vec::new(),
            file_end: 0,
        },
    };
    for ((part, name), members) in &groups {
        let member = |&id: &SectionId| {
            let section = &unit.sections[id];
            let size = if id == linker.headers { headers_size as u64 } else { section.size };
            let min_align = if *part == Part::Image { MAX_PAGE_SIZE.max(options.max_page_size) } else { 1 };
            Member { id, size, align: section.align.max(min_align) }
        };
        placer.place(*part, name, members.iter().map(member).collect());
    }
    placer.begin(None, true);
    let Placer { mut layout, mut loads, offset, .. } = placer;
    layout.file_end = offset;
    // No field of 32 bits could reach from one end to the other.
    if offset > u32::MAX.into() || layout.outputs.len() >= elf::SHN_LORESERVE as usize - 8 {
        return Err(LinkError::TooLarge);
    }

    layout.program_headers = program_headers(&layout, &mut loads, headers_size as u64, options);
    debug_assert_eq!(layout.program_headers.len(), count);
    Ok(layout)
}

/// The members of each output section, in the order of the file.
fn group<'a>(
    unit: &'a Unit<'_>,
    linker: &LinkerSections,
    live: &EntitySet<SectionId>,
    options: &LinkOptions<'_>,
) -> IndexMap<(Part, &'a str), Vec<SectionId>> {
    let mut groups: IndexMap<(Part, &str), Vec<SectionId>> = IndexMap::new();
    for (id, section) in &unit.sections {
        let part = Part::of(id, section.kind, linker);
        let wanted = if part == Part::Unloaded { !options.strip } else { live.contains(id) };
        if wanted {
            let name = part.row().0.unwrap_or(&section.name);
            groups.entry((part, name)).or_default().push(id);
        }
    }
    // Stable: notes, images and debug information stay in the order in which they came.
    groups.sort_by(|(a, _), _, (b, _), _| a.cmp(b));
    groups
}

struct Member {
    id: SectionId,
    size: u64,
    align: u64,
}

/// Gives out addresses and offsets in ascending order.
struct Placer {
    page: u64,
    address: u64,
    offset: u64,
    segment: Option<Segment>,
    /// The segments so far. The last one is open.
    loads: Vec<(Segment, Span)>,
    layout: Layout,
}

impl Placer {
    fn place(&mut self, part: Part, name: &str, mut members: Vec<Member>) {
        let (_, segment, sh_type, sh_flags) = part.row();
        let in_file = sh_type != elf::SHT_NOBITS;
        if members.iter().all(|member| member.size == 0) {
            // Only to have an address, wherever: no segment is begun for it.
            members.iter_mut().for_each(|member| member.align = 1);
        } else if segment != self.segment {
            self.begin(segment, in_file);
        }
        let align = members.iter().map(|member| member.align).max().unwrap_or(1);
        if segment.is_none() {
            // What is not loaded has addresses that count from the output section.
            self.offset = self.offset.next_multiple_of(align);
            self.address = 0;
        }
        self.align(align, in_file);

        let output = self.layout.outputs.next_key();
        let (address, offset) = (self.address, self.offset);
        for member in &members {
            self.align(member.align, in_file);
            self.layout.sections[member.id] = Some(Placed { output, address: self.address, offset: self.offset });
            self.skip(member.size, in_file);
        }

        let span = Span { address, offset, size: self.address - address, file_size: self.offset - offset };
        if let Some((open, load)) = self.loads.last_mut()
            && segment == Some(*open)
        {
            load.size = span.end() - load.address;
            if in_file {
                load.file_size = span.file_end() - load.offset;
            }
        }
        let sh_flags = sh_flags.into();
        self.layout.outputs.push(Output { name: name.to_owned(), part, sh_type, sh_flags, align, span });
    }

    fn begin(&mut self, segment: Option<Segment>, in_file: bool) {
        if self.segment == Some(Segment::Image) {
            self.offset = self.offset.next_multiple_of(self.page);
        }
        self.segment = segment;
        let Some(segment) = segment else { return };
        self.address = self.address.next_multiple_of(self.page);
        match segment {
            Segment::Image => {
                self.address = self.address.next_multiple_of(MAX_PAGE_SIZE);
                self.offset = self.offset.next_multiple_of(self.page);
            }
            _ if !self.loads.is_empty() && in_file => self.address += self.offset % self.page,
            _ => {}
        }
        let offset = if in_file { self.offset } else { self.offset / self.page * self.page };
        self.loads.push((segment, Span { address: self.address, offset, size: 0, file_size: 0 }));
    }

    /// Moves address and offset by the same number of bytes, so that they stay congruent.
    fn align(&mut self, align: u64, in_file: bool) {
        self.skip(self.address.next_multiple_of(align) - self.address, in_file);
    }

    fn skip(&mut self, bytes: u64, in_file: bool) {
        self.address += bytes;
        if in_file {
            self.offset += bytes;
        }
    }
}

fn program_headers(
    layout: &Layout,
    loads: &mut [(Segment, Span)],
    headers_size: u64,
    options: &LinkOptions<'_>,
) -> Vec<ProgramHeader> {
    let page = options.max_page_size;
    let header = |p_type, p_flags, span, align| ProgramHeader { p_type, p_flags, span, align };
    let mut headers = Vec::new();

    let table = size_of::<FileHeader64<LE>>() as u64;
    let size = headers_size - table;
    let span = Span { address: table, offset: table, size, file_size: size };
    headers.push(header(elf::PT_PHDR, elf::PF_R, span, 8));

    for (segment, span) in loads.iter_mut() {
        if *segment == Segment::Relro {
            // Protected page by page, so the last page must not end before its time.
            span.size = span.end().next_multiple_of(page) - span.address;
        }
        headers.push(header(elf::PT_LOAD, segment.flags(), *span, page));
    }

    let mut relro = loads.iter().find(|(segment, _)| *segment == Segment::Relro).map(|(_, span)| *span);
    let is_dynamic = |output: &&Output| matches!(output.part, Part::Dynamic | Part::SharedDynamic);
    for output in layout.outputs.values().filter(is_dynamic) {
        let flags = if output.part == Part::Dynamic { elf::PF_R } else { elf::PF_R | elf::PF_W };
        headers.push(header(elf::PT_DYNAMIC, flags, output.span, output.align));
        // Without addresses in data there is nothing to relocate: then this, which is never writable, is all that tools
        // look for under this name.
        relro.get_or_insert(output.span);
    }
    headers.extend(relro.map(|span| header(elf::PT_GNU_RELRO, elf::PF_R, span, 1)));
    let mut notes = layout.outputs.values().filter(|output| output.part == Part::Note && output.span.size != 0);
    if let Some(first) = notes.next() {
        let last = notes.next_back().unwrap_or(first);
        let size = last.span.end() - first.span.address;
        headers.push(header(elf::PT_NOTE, elf::PF_R, Span { size, file_size: size, ..first.span }, first.align));
    }
    headers.push(header(elf::PT_GNU_STACK, elf::PF_R | elf::PF_W, Span::default(), 16));
    headers
}
