//! What a dynamic linker reads of a shared library: its name, its functions, and the table by which they are found.
//!
//! The table is that of the ABI (`DT_HASH`; gABI, "Hash Table"), which every dynamic linker knows. Nothing is imported:
//! all symbols are definitions, and all relocations relative.

use object::LittleEndian as LE;
use object::elf::{self, Sym64};
use object::{U16, U32, U64};

use super::layout::Layout;
use super::resolve::{LinkerSections, exported};
use crate::object::unit::{SymbolId, Unit};

/// Bytes of the tables.
#[derive(Clone, Copy, Default)]
pub struct Sizes {
    pub hash: u64,
    pub symbols: u64,
    pub names: u64,
}

/// A function that is found by its name.
pub struct Exported {
    pub symbol: SymbolId,
    /// Index of the header of its section.
    pub header: u16,
    pub address: u64,
}

/// How large the tables will be.
pub fn sizes(unit: &Unit<'_>, name: &str) -> Sizes {
    let exported = exported(unit);
    let names = exported.iter().map(|&id| unit.symbols[id].name.len() as u64 + 1).sum::<u64>();
    let symbols = exported.len() as u64 + 1;
    Sizes {
        hash: 4 * (2 + buckets(exported.len()) as u64 + symbols),
        symbols: symbols * size_of::<Sym64<LE>>() as u64,
        names: 1 + names + name.len() as u64 + 1,
    }
}

/// One for each symbol: it is a small table.
fn buckets(symbols: usize) -> usize {
    symbols.max(1)
}

/// The tables.
pub struct Tables {
    pub hash: Vec<u8>,
    pub symbols: Vec<Sym64<LE>>,
    pub names: Vec<u8>,
}

impl Tables {
    /// `exported` as [`exported`] orders them.
    pub fn new(unit: &Unit<'_>, name: &str, exported: &[Exported]) -> Tables {
        let symbol = |st_name: usize, st_info, st_shndx, st_value, st_size| Sym64 {
            st_name: U32::new(LE, st_name as u32),
            st_info,
            st_other: elf::STV_DEFAULT,
            st_shndx: U16::new(LE, st_shndx),
            st_value: U64::new(LE, st_value),
            st_size: U64::new(LE, st_size),
        };
        let mut names = own_name(name);
        let mut symbols = vec![symbol(0, 0, 0, 0, 0)];
        let bucket_count = buckets(exported.len());
        let mut first = vec![0u32; bucket_count];
        let mut next = vec![0u32; exported.len() + 1];
        for (index, Exported { symbol: id, header, address }) in (1u32..).zip(exported) {
            let found = &unit.symbols[*id];
            let info = elf::STB_GLOBAL << 4 | elf::STT_FUNC;
            symbols.push(symbol(names.len(), info, *header, *address, found.size));
            names.extend_from_slice(found.name.as_bytes());
            names.push(0);
            let bucket = &mut first[elf::hash(found.name.as_bytes()) as usize % bucket_count];
            next[index as usize] = std::mem::replace(bucket, index);
        }
        let counts = [bucket_count as u32, symbols.len() as u32];
        let hash = counts.iter().chain(&first).chain(&next).flat_map(|word| word.to_le_bytes()).collect();
        Tables { hash, symbols, names }
    }
}

/// The library's own name is the first.
fn own_name(name: &str) -> Vec<u8> {
    let mut names = vec![0];
    names.extend_from_slice(name.as_bytes());
    names.push(0);
    names
}

/// Entries of `.dynamic` that an executable does not have.
pub fn entries(unit: &Unit<'_>, linker: &LinkerSections, layout: &Layout) -> Vec<(i64, u64)> {
    vec![
        (elf::DT_SONAME, 1),
        (elf::DT_HASH, layout.address(linker.hash)),
        (elf::DT_STRTAB, layout.address(linker.dynamic_names)),
        (elf::DT_SYMTAB, layout.address(linker.dynamic_symbols)),
        (elf::DT_STRSZ, unit.sections[linker.dynamic_names].size),
        (elf::DT_SYMENT, size_of::<Sym64<LE>>() as u64),
    ]
}

/// How many entries `.dynamic` has.
pub fn entry_count(is_shared: bool, has_relocations: bool) -> u64 {
    2 + if is_shared { 6 } else { 0 } + if has_relocations { 4 } else { 0 }
}
