//! Units → one unit with what its exported symbols reach, for linkers that are not ours.
//!
//! Debug information is kept whole. All names but the exported ones become local, and whatever refers to them refers to
//! the definition: so several libraries can be in one program, each with its own copy of the runtime.

use cranelift_entity::{EntityRef, SecondaryMap};

use super::arch::Arch;
use super::error::LinkError;
use super::resolve::{LinkerSections, exported, merge, resolve};
use super::{Output, eh_frame, gc, relocate};
use crate::object::unit::{Relocation, Section, SectionId, SectionKind, Symbol, SymbolId, SymbolKind, Unit};

pub fn link<'data, A: Arch>(units: Vec<Unit<'data>>) -> Result<Unit<'data>, LinkError> {
    let mut unit = merge(units)?;
    let roots = exported(&unit);
    // What looks for the linker's own sections is not live in a library.
    let linker = LinkerSections::define(&mut unit, Output::Executable { entry: "" });
    let places = resolve(&unit)?;
    let frames = eh_frame::parse(&unit, &linker, &places)?;
    let mut live = gc::mark(&unit, &linker, &places, &frames, &roots);
    eh_frame::prune(&mut unit, &linker, &frames, &mut live);
    // For what it checks.
    relocate::scan::<A>(&unit, &places, &live)?;

    let mut output = Unit::default();
    let mut sections: SecondaryMap<SectionId, Option<SectionId>> = SecondaryMap::new();
    let is_kept = |&(id, section): &(SectionId, &Section<'_>)| {
        (live.contains(id) && !linker.contains(id)) || section.kind == SectionKind::Unloaded
    };
    for (number, (id, _)) in unit.sections.iter().filter(is_kept).enumerate() {
        sections[id] = Some(SectionId::new(number));
    }
    let mut symbols: SecondaryMap<SymbolId, Option<SymbolId>> = SecondaryMap::new();
    for (id, symbol) in &unit.symbols {
        let Some((section, offset)) = symbol.place else { continue };
        let Some(section) = sections[section] else { continue };
        let Symbol { ref name, kind, exported, size, .. } = *symbol;
        let place = Some((section, offset));
        let copy = Symbol { name: name.clone(), kind, global: exported, exported, place, size };
        symbols[id] = Some(output.symbols.push(copy));
    }
    // For each place that is named by symbols of other units: its own.
    let mut definitions = std::collections::HashMap::new();
    for (id, symbol) in &unit.symbols {
        if let (Some(place), Some(copy)) = (symbol.place, symbols[id])
            && symbol.kind != SymbolKind::Section
        {
            definitions.entry(place).or_insert(copy);
        }
    }
    for (id, section) in unit.sections {
        if sections[id].is_none() {
            continue;
        }
        let relocated = |relocation: &Relocation| {
            let found = symbols[relocation.symbol];
            let found = found.or_else(|| definitions.get(&places[relocation.symbol]?).copied());
            match found {
                Some(symbol) => Ok(Some(Relocation { symbol, ..*relocation })),
                // Debug information of what is left out stays, and leads nowhere.
                None if section.kind == SectionKind::Unloaded => Ok(None),
                None => Err(LinkError::Malformed {
                    section: section.name.clone().into_owned(),
                    what: "it refers to what is not part of a library",
                }),
            }
        };
        let relocations = section.relocations.iter().filter_map(|relocation| relocated(relocation).transpose());
        let relocations = relocations.collect::<Result<Vec<_>, LinkError>>()?;
        output.sections.push(Section { relocations, ..section });
    }
    Ok(output)
}
