//! The entries of the input, and what they refer to.

use std::collections::HashMap;

use gimli::DebugInfoOffset;
use gimli::constants as dw;
use gimli::read::{self, UnitOffset};
use gimli::write::ConvertResult;

use super::slices::{self, Slice};
use super::{Input, pointers};

/// Follows references from one entry to another, over all units.
pub struct Origins<'a> {
    pub dwarf: &'a read::Dwarf<Input<'a>>,
    /// Ascending by offset.
    pub units: Vec<read::Unit<Input<'a>>>,
    /// What is known of slices in types: see [`Origins::slices`].
    slices: HashMap<Place, Option<Option<Slice<UnitOffset>>>>,
}

/// A unit, by index, and an entry of it.
pub type Place = (usize, UnitOffset);

impl<'a> Origins<'a> {
    pub fn new(dwarf: &'a read::Dwarf<Input<'a>>) -> ConvertResult<Origins<'a>> {
        let mut units = Vec::new();
        let mut headers = dwarf.units();
        while let Some(header) = headers.next()? {
            units.push(dwarf.unit(header)?);
        }
        Ok(Origins { dwarf, units, slices: HashMap::new() })
    }

    fn find(&self, offset: DebugInfoOffset) -> Option<Place> {
        let starts =
            |unit: &read::Unit<Input<'a>>| unit.header.debug_info_offset().is_some_and(|start| start <= offset);
        let index = self.units.partition_point(starts).checked_sub(1)?;
        Some((index, offset.to_unit_offset(&self.units[index])?))
    }

    pub fn read(&self, place: Place) -> Option<read::DebuggingInformationEntry<Input<'a>>> {
        self.units[place.0].entry(place.1).ok()
    }

    /// What an attribute of an entry in this unit refers to.
    pub fn target(&self, unit: usize, value: &read::AttributeValue<Input<'a>>) -> Option<Place> {
        match *value {
            read::AttributeValue::UnitRef(offset) => Some((unit, offset)),
            read::AttributeValue::DebugInfoRef(offset) => self.find(offset),
            _ => None,
        }
    }

    /// Where a place is in the section.
    pub fn offset(&self, place: Place) -> Option<DebugInfoOffset> {
        place.1.to_debug_info_offset(&self.units[place.0].header)
    }

    /// An attribute of an entry, or of the one that it is an instance or a definition of; and the unit it was found in.
    pub fn attribute(
        &self,
        unit: usize,
        entry: &read::DebuggingInformationEntry<Input<'a>>,
        names: &[gimli::DwAt],
    ) -> Option<(usize, read::AttributeValue<Input<'a>>)> {
        let (mut unit, mut current) = (unit, None);
        for _ in 0..8 {
            let entry = current.as_ref().unwrap_or(entry);
            if let Some(value) = names.iter().find_map(|name| entry.attr_value(*name)) {
                return Some((unit, value));
            }
            let origin = entry.attr_value(dw::DW_AT_abstract_origin).or(entry.attr_value(dw::DW_AT_specification))?;
            let place = self.target(unit, &origin)?;
            unit = place.0;
            current = Some(self.read(place)?);
        }
        None
    }

    /// Whether there are slices in a type, in the outer option; and the slice that it is.
    pub fn slices(&mut self, ty: Place, depth: usize) -> Option<Option<Slice<UnitOffset>>> {
        if let Some(known) = self.slices.get(&ty) {
            return *known;
        }
        let found = self.find_slices(ty, depth);
        self.slices.insert(ty, found);
        found
    }

    fn find_slices(&mut self, ty: Place, depth: usize) -> Option<Option<Slice<UnitOffset>>> {
        let (place, entry) = pointers::behind_names(self, ty)?;
        let unit = self.units[place.0].unit_ref(self.dwarf);
        if let Some(slice) = slices::find(&unit, &entry) {
            return Some(Some(slice));
        }
        let is_structure =
            matches!(entry.tag(), dw::DW_TAG_structure_type | dw::DW_TAG_union_type | dw::DW_TAG_class_type);
        // Structures inside of each other have an end, unless the input is damaged.
        if !is_structure || depth > 16 {
            return None;
        }
        let mut members = Vec::new();
        let mut entries = unit.entries_raw(Some(place.1)).ok()?;
        let mut child = read::DebuggingInformationEntry::null();
        let top = entries.next_depth();
        entries.read_entry(&mut child).ok()?;
        while !entries.is_empty() && entries.next_depth() > top {
            if entries.read_entry(&mut child).ok()? && child.tag() == dw::DW_TAG_member {
                members.extend(child.attr_value(dw::DW_AT_type).and_then(|value| self.target(place.0, &value)));
            }
        }
        members.into_iter().any(|member| self.slices(member, depth + 1).is_some()).then_some(None)
    }

    /// The name of a function, as reports show it.
    pub fn name(&self, unit: usize, entry: &read::DebuggingInformationEntry<Input<'a>>) -> Option<String> {
        const NAMES: &[gimli::DwAt] = &[dw::DW_AT_linkage_name, dw::DW_AT_MIPS_linkage_name];
        let (unit, value) =
            self.attribute(unit, entry, NAMES).or_else(|| self.attribute(unit, entry, &[dw::DW_AT_name]))?;
        let name = self.dwarf.attr_string(&self.units[unit], value).ok()?;
        Some(crate::plan::wire::demangle(&name.to_string_lossy()))
    }
}
