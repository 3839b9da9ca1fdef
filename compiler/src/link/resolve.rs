//! Units → one unit; names → definitions.

use std::borrow::Cow;
use std::collections::HashMap;

use cranelift_entity::{EntityRef, PrimaryMap};
use object::elf;
use wasmc_abi::symbols;

use crate::object::unit::{Section, SectionId, SectionKind, Symbol, SymbolId, SymbolKind, Unit};

use super::Output;
use super::dynamic;
use super::eh_frame;
use super::error::{LinkError, Site};
use super::relocate::Addresses;

/// Where a symbol is, by [`SymbolId`]: its own place, or that of the definition in another unit. `None` if there is
/// none.
pub type Places = PrimaryMap<SymbolId, Option<(SectionId, u64)>>;

/// Concatenates the units, and checks all that later phases rely on: that indices are in range, sizes and alignments
/// are sane, and relocations are in order.
pub fn merge(units: Vec<Unit<'_>>) -> Result<Unit<'_>, LinkError> {
    let mut merged = Unit::default();
    for unit in units {
        let first_section = merged.sections.len();
        let first_symbol = merged.symbols.len();
        let symbol_count = unit.symbols.len();
        let section_count = unit.sections.len();

        for (_, mut section) in unit.sections {
            check(&section)?;
            let mut previous = 0;
            for index in 0..section.relocations.len() {
                let relocation = &mut section.relocations[index];
                let in_order = previous <= relocation.offset && u64::from(relocation.offset) < section.size;
                if !in_order || relocation.symbol.index() >= symbol_count {
                    return malformed(&section, "a relocation that is out of order or place, or without symbol");
                }
                previous = relocation.offset;
                relocation.symbol = SymbolId::new(first_symbol + relocation.symbol.index());
            }
            merged.sections.push(section);
        }
        for (_, mut symbol) in unit.symbols {
            if let Some((section, _)) = &mut symbol.place {
                if section.index() >= section_count {
                    return Err(LinkError::Malformed { section: symbol.name, what: "a symbol outside all sections" });
                }
                *section = SectionId::new(first_section + section.index());
            }
            merged.symbols.push(symbol);
        }
    }
    Ok(merged)
}

fn check(section: &Section<'_>) -> Result<(), LinkError> {
    // Far above what is meant, and low enough that no sum of ours overflows.
    const MAX_ALIGN: u64 = 1 << 24;
    const MAX_SIZE: u64 = 1 << 40;
    if !section.align.is_power_of_two() || section.align > MAX_ALIGN || section.size > MAX_SIZE {
        return malformed(section, "its size or alignment");
    }
    let bytes_in_file = match section.kind {
        SectionKind::Bss => 0,
        // Only room for them.
        SectionKind::Embedded if section.data.is_empty() => 0,
        _ => section.size,
    };
    if section.data.len() as u64 != bytes_in_file {
        return malformed(section, "its size is not that of its contents");
    }
    Ok(())
}

#[cold]
fn malformed<T>(section: &Section<'_>, what: &'static str) -> Result<T, LinkError> {
    Err(LinkError::Malformed { section: section.name.clone().into_owned(), what })
}

/// Finds for each symbol where it is.
pub fn resolve(unit: &Unit<'_>) -> Result<Places, LinkError> {
    let mut definitions: HashMap<&str, (SectionId, u64)> = HashMap::new();
    for symbol in unit.symbols.values().filter(|symbol| symbol.global) {
        let Some(place) = symbol.place else { continue };
        if let Some(first) = definitions.insert(&symbol.name, place) {
            let sections = [first, place].map(|(section, _)| unit.sections[section].name.clone().into_owned());
            return Err(LinkError::Duplicate { symbol: symbol.name.clone(), sections });
        }
    }
    let place = |symbol: &Symbol| symbol.place.or_else(|| definitions.get(symbol.name.as_str()).copied());
    Ok(unit.symbols.values().map(place).collect())
}

/// The symbol where the process starts.
pub fn entry(unit: &Unit<'_>, name: &str) -> Result<SymbolId, LinkError> {
    let found = unit.symbols.iter().find(|(_, s)| s.global && s.place.is_some() && s.name == name);
    found.map(|(id, _)| id).ok_or_else(|| LinkError::NoEntry { symbol: name.to_owned() })
}

/// The symbols that are seen from outside, ascending by name.
pub fn exported(unit: &Unit<'_>) -> Vec<SymbolId> {
    let mut exported: Vec<SymbolId> =
        unit.symbols.iter().filter(|(_, symbol)| symbol.exported && symbol.place.is_some()).map(|(id, _)| id).collect();
    exported.sort_by(|&a, &b| unit.symbols[a].name.cmp(&unit.symbols[b].name));
    exported
}

/// Describes a place in the input to a person.
#[cold]
pub fn site(unit: &Unit<'_>, section: SectionId, offset: u64) -> Site {
    let function = unit.symbols.values().find(|symbol| {
        symbol.kind == SymbolKind::Function
            && symbol.place.is_some_and(|(s, start)| s == section && offset.wrapping_sub(start) < symbol.size)
    });
    Site {
        section: unit.sections[section].name.clone().into_owned(),
        function: function.map(|symbol| symbol.name.clone()),
        offset,
    }
}

/// Names a symbol to a person: sections stand for themselves.
#[cold]
pub fn symbol_name(unit: &Unit<'_>, symbol: SymbolId) -> String {
    let symbol = &unit.symbols[symbol];
    match symbol.place {
        Some((section, offset)) if symbol.name.is_empty() => format!("{}+{offset:#x}", unit.sections[section].name),
        _ => symbol.name.clone(),
    }
}

/// The sections that the linker itself makes.
pub struct LinkerSections {
    /// ELF header and program headers; [`lay_out`](super::layout::lay_out) knows their size.
    pub headers: SectionId,
    /// Relocations to apply at start.
    pub relative: SectionId,
    /// Of no size, behind `relative`.
    pub relative_end: SectionId,
    pub dynamic: SectionId,
    pub got: SectionId,
    /// The zero that ends `.eh_frame`.
    pub eh_frame_end: SectionId,
    /// Of a shared library; empty in an executable.
    pub hash: SectionId,
    pub dynamic_symbols: SectionId,
    pub dynamic_names: SectionId,
    pub is_shared: bool,
}

impl LinkerSections {
    /// Adds the sections, and the symbols that the runtime knows them by.
    pub fn define(unit: &mut Unit<'_>, output: Output<'_>) -> LinkerSections {
        let tables = match output {
            Output::Executable { .. } => Default::default(),
            Output::Shared { name } => dynamic::sizes(unit, name),
        };
        let mut section = |name, kind, align, size| {
            let data = Cow::Owned(vec![0; size as usize]);
            unit.sections.push(Section { name: Cow::Borrowed(name), kind, align, size, data, relocations: Vec::new() })
        };
        let sections = LinkerSections {
            headers: section("headers", SectionKind::ReadOnly, 8, 0),
            relative: section(".rela.dyn", SectionKind::ReadOnly, 8, 0),
            relative_end: section(".rela.dyn", SectionKind::ReadOnly, 8, 0),
            dynamic: section(".dynamic", SectionKind::ReadOnly, 8, 0),
            got: section(".got", SectionKind::RelroData, 8, 0),
            eh_frame_end: section(".eh_frame", SectionKind::EhFrame, eh_frame::ALIGN, 4),
            hash: section(".hash", SectionKind::ReadOnly, 8, 0),
            dynamic_symbols: section(".dynsym", SectionKind::ReadOnly, 8, 0),
            dynamic_names: section(".dynstr", SectionKind::ReadOnly, 1, 0),
            is_shared: matches!(output, Output::Shared { .. }),
        };
        unit.sections[sections.hash].size = tables.hash;
        unit.sections[sections.dynamic_symbols].size = tables.symbols;
        unit.sections[sections.dynamic_names].size = tables.names;
        for (name, section) in [
            (symbols::EHDR_START, sections.headers),
            (symbols::RELA_START, sections.relative),
            (symbols::RELA_END, sections.relative_end),
            ("_DYNAMIC", sections.dynamic),
        ] {
            unit.symbols.push(Symbol {
                name: name.to_owned(),
                kind: SymbolKind::Data,
                global: true,
                exported: false,
                place: Some((section, 0)),
                size: 0,
            });
        }
        sections
    }

    pub fn set_sizes(&self, unit: &mut Unit<'_>, addresses: &Addresses) {
        let relative = addresses.relative_count() as u64;
        unit.sections[self.relative].size = relative * size_of::<elf::Rela64<object::LittleEndian>>() as u64;
        unit.sections[self.got].size = addresses.got_slots.len() as u64 * 8;
        let entries = dynamic::entry_count(self.is_shared, relative != 0);
        unit.sections[self.dynamic].size = entries * size_of::<elf::Dyn64<object::LittleEndian>>() as u64;
    }

    /// All but the end of `.eh_frame`, which is live if another part of it is.
    pub fn always_live(&self) -> [SectionId; 8] {
        let LinkerSections { headers, relative, relative_end, dynamic, got, .. } = *self;
        [headers, relative, relative_end, dynamic, got, self.hash, self.dynamic_symbols, self.dynamic_names]
    }

    /// Whether a section is one of these.
    pub fn contains(&self, section: SectionId) -> bool {
        section == self.eh_frame_end || self.always_live().contains(&section)
    }
}
