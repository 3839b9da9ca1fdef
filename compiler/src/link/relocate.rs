//! Which addresses are only known at start; and fields of instructions and data.
//!
//! Distances within the executable are fixed now. Addresses are not: an address in data becomes a *relative*
//! relocation, 'load address + addend', that the runtime applies before anything else. It is the only kind there is.

use cranelift_entity::{EntitySet, PrimaryMap};
use indexmap::IndexSet;

use crate::object::unit::{Relocation, SectionId, SectionKind, SymbolId, Unit};

use super::arch::{Arch, Fault, Need, Values};
use super::error::LinkError;
use super::resolve::{Places, site, symbol_name};

/// Fields that are relocated at start.
#[derive(Default)]
pub struct Addresses {
    /// In data: section, and index of the relocation in it.
    pub in_data: Vec<(SectionId, usize)>,
    /// GOT slots, by what they point to.
    pub got_slots: IndexSet<(SectionId, u64)>,
}

impl Addresses {
    pub fn relative_count(&self) -> usize {
        self.in_data.len() + self.got_slots.len()
    }
}

/// Finds what must be relocated at start, and checks that everything that is referred to exists.
pub fn scan<A: Arch>(unit: &Unit<'_>, places: &Places, live: &EntitySet<SectionId>) -> Result<Addresses, LinkError> {
    let mut addresses = Addresses::default();
    for (id, section) in unit.sections.iter().filter(|&(id, _)| live.contains(id)) {
        for (index, relocation) in section.relocations.iter().enumerate() {
            let symbol = || symbol_name(unit, relocation.symbol);
            let site = || site(unit, id, relocation.offset.into());
            let Some(target) = places[relocation.symbol] else {
                return Err(LinkError::Undefined { symbol: symbol(), site: site() });
            };
            if !live.contains(target.0) {
                let what = "loaded code or data refers to it";
                return Err(LinkError::Malformed { section: unit.sections[target.0].name.clone().into_owned(), what });
            }
            let need = A::need(relocation.r_type, relocation.addend, &section.data, relocation.offset as usize);
            match need.map_err(|fault| error(unit, id, relocation, fault))? {
                Need::Nothing => {}
                Need::GotSlot => {
                    addresses.got_slots.insert(target);
                }
                Need::LoadAddress { bytes: 8 }
                    if matches!(section.kind, SectionKind::RelroData | SectionKind::Data) =>
                {
                    addresses.in_data.push((id, index));
                }
                Need::LoadAddress { .. } => {
                    let r_type = relocation.r_type;
                    return Err(LinkError::AbsoluteAddress { r_type, symbol: symbol(), site: site() });
                }
            }
        }
    }
    Ok(addresses)
}

/// All that the fields of a section depend on.
pub struct Context<'a> {
    pub unit: &'a Unit<'a>,
    pub places: &'a Places,
    /// Of each symbol; 0 if it is not in the executable.
    pub symbol_addresses: &'a PrimaryMap<SymbolId, u64>,
    pub addresses: &'a Addresses,
    pub got_address: u64,
}

impl Context<'_> {
    /// Applies `relocations` of the section `id` to its bytes from offset `start` on. The section is placed at
    /// `address`.
    pub fn apply<A: Arch>(
        &self,
        id: SectionId,
        address: u64,
        start: usize,
        bytes: &mut [u8],
        relocations: &[Relocation],
    ) -> Result<(), LinkError> {
        for relocation in relocations {
            let apply = |bytes: &mut [u8]| {
                let at = (relocation.offset as usize).checked_sub(start).ok_or(Fault::Misplaced)?;
                let values = Values {
                    symbol: self.symbol_addresses[relocation.symbol],
                    addend: relocation.addend,
                    place: address + u64::from(relocation.offset),
                    got_slot: match A::need(relocation.r_type, relocation.addend, bytes, at)? {
                        Need::GotSlot => self.got_slot(relocation.symbol),
                        _ => None,
                    },
                };
                A::apply(relocation.r_type, bytes, at, &values)
            };
            apply(bytes).map_err(|fault| error(self.unit, id, relocation, fault))?;
        }
        Ok(())
    }

    fn got_slot(&self, symbol: SymbolId) -> Option<u64> {
        let index = self.addresses.got_slots.get_index_of(&self.places[symbol]?)?;
        Some(self.got_address + 8 * index as u64)
    }
}

#[cold]
fn error(unit: &Unit<'_>, section: SectionId, relocation: &Relocation, fault: Fault) -> LinkError {
    let r_type = relocation.r_type;
    let symbol = symbol_name(unit, relocation.symbol);
    let site = site(unit, section, relocation.offset.into());
    match fault {
        Fault::UnknownType => LinkError::UnknownRelocation { r_type, symbol, site },
        Fault::Overflow => LinkError::Overflow { r_type, symbol, site },
        Fault::Misplaced => {
            LinkError::Malformed { section: site.section, what: "a relocation does not fit what it is applied to" }
        }
    }
}
