//! A relocatable object in memory: what the compiler makes of a program, and what the linker takes.
//!
//! It says no more than an ELF relocatable file does (and is written as one by `--emit obj`, read from one for the
//! runtime library), but needs no encoding and decoding on the way from the compiler to the linker.

use std::borrow::Cow;

use cranelift_entity::{PrimaryMap, entity_impl};

/// Index of a section in a [`Unit`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionId(u32);
entity_impl!(SectionId, "section");

/// Index of a symbol in a [`Unit`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(u32);
entity_impl!(SymbolId, "symbol");

/// A relocatable object. `'data` is the lifetime of borrowed section contents (the embedded runtime library, the
/// input).
#[derive(Debug, Default)]
pub struct Unit<'data> {
    pub sections: PrimaryMap<SectionId, Section<'data>>,
    pub symbols: PrimaryMap<SymbolId, Symbol>,
}

impl Unit<'_> {
    /// A symbol for the start of a section, for relocations.
    pub fn section_symbol(&mut self, section: SectionId) -> SymbolId {
        let place = Some((section, 0));
        self.symbols.push(Symbol {
            name: String::new(),
            kind: SymbolKind::Section,
            global: false,
            exported: false,
            place,
            size: 0,
        })
    }
}

/// What a section's bytes are for: decides in which segment they end up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SectionKind {
    /// Machine code.
    Text,
    /// Constant data without absolute addresses.
    ReadOnly,
    /// Data that is constant once the absolute addresses in it are relocated at start.
    RelroData,
    /// Writable data.
    Data,
    /// Writable, zero at start; no bytes in the file.
    Bss,
    /// Initial contents of Wasm memories: private writable pages, aligned to the largest page size, which the runtime
    /// moves.
    Image,
    /// Embedded files: read-only, in a segment of their own. For our linker only room, which is filled in its output.
    Embedded,
    /// An ELF note, loaded.
    Note,
    /// `.eh_frame`: loaded, read-only.
    EhFrame,
    /// Not loaded: debug information and the like.
    Unloaded,
}

#[derive(Debug)]
pub struct Section<'data> {
    /// ELF name, for example `.text.wasm`.
    pub name: Cow<'data, str>,
    pub kind: SectionKind,
    /// In bytes; a power of two.
    pub align: u64,
    /// The contents; empty for [`SectionKind::Bss`] and, in most cases, for [`SectionKind::Embedded`].
    pub data: Cow<'data, [u8]>,
    /// In bytes: `data.len()`, but for those.
    pub size: u64,
    /// Ascending by offset.
    pub relocations: Vec<Relocation>,
}

#[derive(Clone, Copy, Debug)]
pub struct Relocation {
    /// Byte offset in the section.
    pub offset: u32,
    /// The ELF number of the relocation for the unit's architecture, for example `R_X86_64_PC32`.
    pub r_type: u32,
    pub symbol: SymbolId,
    pub addend: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    Function,
    Data,
    /// Stands for a section.
    Section,
}

#[derive(Debug)]
pub struct Symbol {
    /// Need not be unique for local symbols; may be empty for those that only relocations name.
    pub name: String,
    pub kind: SymbolKind,
    /// Seen by other units. Undefined symbols are always global.
    pub global: bool,
    /// Seen by the program around a library too.
    pub exported: bool,
    /// Where it is, or `None` if another unit must define it.
    pub place: Option<(SectionId, u64)>,
    /// In bytes, 0 if unknown.
    pub size: u64,
}
