//! What the roots reach: a section is live if a live section refers to it.
//!
//! Roots are the entry point or the functions of a library, notes and the linker's own sections. Unwind and debug
//! information are not part of this: they describe what is live and do not keep it alive. Undefined symbols are found
//! later, so that only live sections need definitions.

use cranelift_entity::EntitySet;

use crate::object::unit::{SectionId, SectionKind, SymbolId, Unit};

use super::eh_frame::Frames;
use super::resolve::{LinkerSections, Places};

/// Marks the loaded sections that are live, but for `.eh_frame`.
pub fn mark(
    unit: &Unit<'_>,
    linker: &LinkerSections,
    places: &Places,
    frames: &Frames,
    roots: &[SymbolId],
) -> EntitySet<SectionId> {
    let mut marker = Marker { unit, live: EntitySet::with_capacity(unit.sections.len()), pending: Vec::new() };
    for (id, section) in &unit.sections {
        if section.kind == SectionKind::Note {
            marker.mark(id);
        }
    }
    linker.always_live().into_iter().for_each(|id| marker.mark(id));
    roots.iter().filter_map(|&root| places[root]).for_each(|(id, _)| marker.mark(id));

    while let Some(id) = marker.pending.pop() {
        for relocation in &unit.sections[id].relocations {
            if let Some((target, _)) = places[relocation.symbol] {
                marker.mark(target);
            }
        }
        frames.needed_by(id).iter().for_each(|&target| marker.mark(target));
    }
    marker.live
}

struct Marker<'a> {
    unit: &'a Unit<'a>,
    live: EntitySet<SectionId>,
    pending: Vec<SectionId>,
}

impl Marker<'_> {
    fn mark(&mut self, section: SectionId) {
        let reaches = !matches!(self.unit.sections[section].kind, SectionKind::EhFrame | SectionKind::Unloaded);
        if reaches && self.live.insert(section) {
            self.pending.push(section);
        }
    }
}
