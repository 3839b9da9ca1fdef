//! Where variables are: their locations, and the types that make debuggers follow what is in them.

use std::ops::Range;
use std::rc::Rc;

use gimli::Encoding;
use gimli::constants as dw;
use gimli::read::{self, UnitOffset};
use gimli::write::{AttributeValue, ConvertResult, ConvertUnitEntry, Location as ListEntry, LocationList, UnitEntryId};

use super::Input;
use super::expression::{Location, Wanted, intersect};
use super::origins::Place;
use super::slices::Slice;
use super::units::{UnitTranslator, code_address};

/// What the type of a variable asks for.
#[derive(Clone, Copy)]
pub enum Variable {
    Plain,
    /// It is a pointer, and is given this type.
    Pointer(UnitEntryId),
    Slice(Slice<UnitOffset>),
    /// It is a structure that slices are in.
    HasSlices,
}

impl Variable {
    /// The type that it is given, whatever the input says.
    pub fn own_type(self) -> Option<UnitEntryId> {
        match self {
            Variable::Pointer(ty) => Some(ty),
            _ => None,
        }
    }
}

impl<'u, 'a> UnitTranslator<'u, 'a> {
    /// Where a variable is, and its type, if that depends on it.
    pub fn variable_location(
        &mut self,
        entry: &ConvertUnitEntry<'u, Input<'a>>,
        value: &read::AttributeValue<Input<'a>>,
        variable: Variable,
    ) -> ConvertResult<(Location, Option<UnitEntryId>)> {
        let location = match variable {
            Variable::Plain => self.location(entry, value, Wanted::Place)?,
            Variable::Pointer(_) => self.location(entry, value, Wanted::Pointer)?,
            Variable::Slice(_) | Variable::HasSlices if self.is_memory(entry, value)? => {
                self.location(entry, value, Wanted::Place)?
            }
            Variable::Slice(slice) => return Ok((self.location(entry, value, Wanted::Slice)?, self.host_slice(slice))),
            // gdb fails an assertion if it is not in memory.
            Variable::HasSlices => Location::Nowhere,
        };
        Ok((location, None))
    }

    /// What the offsets of the innermost function's variables count from.
    pub fn translate_frame_base(
        &mut self,
        id: UnitEntryId,
        entry: &ConvertUnitEntry<'u, Input<'a>>,
    ) -> ConvertResult<()> {
        let Some((function, _)) = self.function() else { return Ok(()) };
        let Some(value) = entry.attr_value(dw::DW_AT_frame_base) else { return Ok(()) };
        let location = self.location(entry, &value, Wanted::FrameBase)?;
        let scope = self.scopes.last_mut().expect("the function's");
        scope.frame = match &location {
            Location::Nowhere => Rc::new([]),
            Location::Everywhere(_) => Rc::new([Range { start: 0, end: function.code.size }]),
            Location::Ranges(ranges) => ranges.iter().map(|(range, _)| range.clone()).collect(),
        };
        self.set_location(id, dw::DW_AT_frame_base, location);
        Ok(())
    }

    fn location(
        &mut self,
        entry: &ConvertUnitEntry<'u, Input<'a>>,
        value: &read::AttributeValue<Input<'a>>,
        wanted: Wanted,
    ) -> ConvertResult<Location> {
        let encoding = entry.read_unit.encoding();
        if let read::AttributeValue::Exprloc(expression) = value {
            return self.located(*expression, encoding, None, wanted);
        }
        let (Some(mut list), Some((function, _))) = (entry.read_unit.attr_locations(*value)?, self.function()) else {
            return Ok(Location::Nowhere);
        };
        let mut found = Vec::new();
        while let Some(item) = list.next()? {
            let native = function.native(item.range.begin..item.range.end, self.work);
            self.spend(0)?;
            if let Location::Ranges(ranges) = self.located(item.data, encoding, Some(&native), wanted)? {
                found.extend(ranges);
            }
        }
        found.sort_by_key(|(range, _)| range.start);
        found.dedup_by(|(next, next_place), (before, place)| {
            let joins = before.end == next.start && place == next_place;
            if joins {
                before.end = next.end;
            }
            joins || next.start < before.end
        });
        Ok(if found.is_empty() { Location::Nowhere } else { Location::Ranges(found) })
    }

    /// What an expression describes, in some parts of the function or all of it.
    fn located(
        &mut self,
        expression: read::Expression<Input<'a>>,
        encoding: Encoding,
        within: Option<&[Range<u32>]>,
        wanted: Wanted,
    ) -> ConvertResult<Location> {
        let state = self.context.state;
        let Some(parsed) = state.parse(expression, encoding) else { return Ok(Location::Nowhere) };
        let scope = self.function();
        let function = scope.as_ref().map(|(function, types)| (*function, &types[..]));
        self.spend(parsed.places_in(function))?;
        let location = match function {
            Some((code, _)) if parsed.uses_frame => {
                // It is nowhere where the frame base is not known.
                let frame = self.scopes.last().map_or_else(|| Rc::new([]) as Rc<[_]>, |scope| scope.frame.clone());
                let everywhere = [Range { start: 0, end: code.code.size }];
                if *frame == everywhere {
                    state.locate(&parsed, function, within, wanted)
                } else {
                    self.spend(frame.len())?;
                    let frame: Vec<_> = frame.iter().map(|range| (range.clone(), ())).collect();
                    let known = intersect(&frame, within.unwrap_or(&everywhere));
                    let known: Vec<_> = known.into_iter().map(|(range, ())| range).collect();
                    state.locate(&parsed, function, Some(&known), wanted)
                }
            }
            None if parsed.uses_frame => Location::Nowhere,
            _ => state.locate(&parsed, function, within, wanted),
        };
        match &location {
            Location::Ranges(ranges) if ranges.is_empty() => return Ok(Location::Nowhere),
            Location::Ranges(ranges) => self.spend(ranges.len())?,
            _ => {}
        }
        Ok(location)
    }

    pub fn set_location(&mut self, id: UnitEntryId, name: gimli::DwAt, location: Location) {
        let unit = &mut *self.unit.unit;
        let value = match location {
            Location::Nowhere => return,
            Location::Everywhere(expression) => AttributeValue::Exprloc(expression),
            Location::Ranges(ranges) => {
                let Some(base) = self.scopes.last().and_then(|scope| Some(scope.function.as_ref()?.0.code.start))
                else {
                    return;
                };
                let entry = |(range, data): (Range<u32>, _)| ListEntry::OffsetPair {
                    begin: range.start.into(),
                    end: range.end.into(),
                    data,
                };
                let begin = ListEntry::BaseAddress { address: code_address(base) };
                let list = std::iter::once(begin).chain(ranges.into_iter().map(entry)).collect();
                AttributeValue::LocationListRef(unit.locations.add(LocationList(list)))
            }
        };
        unit.get_mut(id).set(name, value);
    }

    /// What the type of a variable asks for.
    pub fn variable(&mut self, entry: &ConvertUnitEntry<'u, Input<'a>>) -> Variable {
        let place = self.context.state.memory.and_then(|_| {
            let (unit, value) = self.origins.attribute(self.index(), entry, &[dw::DW_AT_type])?;
            self.origins.target(unit, &value)
        });
        let Some(place) = place else { return Variable::Plain };
        if let Some(ty) = self.host_pointer(place) {
            return Variable::Pointer(ty);
        }
        match self.origins.slices(place, 0) {
            Some(Some(slice)) if place.0 == self.index() => Variable::Slice(slice),
            Some(_) => Variable::HasSlices,
            None => Variable::Plain,
        }
    }

    /// Whether a variable is in linear memory wherever it is.
    fn is_memory(
        &self,
        entry: &ConvertUnitEntry<'u, Input<'a>>,
        value: &read::AttributeValue<Input<'a>>,
    ) -> ConvertResult<bool> {
        let (state, encoding) = (self.context.state, entry.read_unit.encoding());
        let is_memory = |expression| state.parse(expression, encoding).is_none_or(|parsed| parsed.is_memory());
        if let read::AttributeValue::Exprloc(expression) = value {
            return Ok(is_memory(*expression));
        }
        let Some(mut list) = entry.read_unit.attr_locations(*value)? else { return Ok(true) };
        while let Some(item) = list.next()? {
            if !is_memory(item.data) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The type of a slice that is not in memory: with an address of the process.
    fn host_slice(&mut self, slice: Slice<UnitOffset>) -> Option<UnitEntryId> {
        let convert = |offset| self.unit.convert_unit_ref(offset).ok();
        let (element, length) = (convert(slice.element)?, convert(slice.length)?);
        let name = if slice.is_string { "&str" } else { "&[]" };
        let unit = &mut *self.unit.unit;
        let pointer = unit.add(unit.root(), dw::DW_TAG_pointer_type);
        unit.get_mut(pointer).set(dw::DW_AT_type, AttributeValue::UnitRef(element));
        unit.get_mut(pointer).set(dw::DW_AT_byte_size, AttributeValue::Udata(8));
        self.pointers.add_nameless(pointer);
        let structure = unit.add(unit.root(), dw::DW_TAG_structure_type);
        let name = AttributeValue::StringRef(self.unit.strings.add(name));
        unit.get_mut(structure).set(dw::DW_AT_name, name);
        let size = 8 + u64::from(self.context.state.pointer_size);
        unit.get_mut(structure).set(dw::DW_AT_byte_size, AttributeValue::Udata(size));
        for (name, ty, offset) in [("data_ptr", pointer, 0), ("length", length, 8)] {
            let member = unit.add(structure, dw::DW_TAG_member);
            let name = AttributeValue::StringRef(self.unit.strings.add(name));
            unit.get_mut(member).set(dw::DW_AT_name, name);
            unit.get_mut(member).set(dw::DW_AT_type, AttributeValue::UnitRef(ty));
            unit.get_mut(member).set(dw::DW_AT_data_member_location, AttributeValue::Udata(offset));
        }
        Some(structure)
    }

    /// If a type is an address of data: a type for it as an address of the process.
    fn host_pointer(&mut self, place: Place) -> Option<UnitEntryId> {
        let pointer = self.pointers.find(self.origins, place)?;
        if let Some(id) = self.pointers.made(pointer.place) {
            return Some(id);
        }
        let source = self.origins.read(pointer.place)?;
        let id = self.unit.unit.add(self.unit.unit.root(), source.tag());
        let name = source.attr_value(dw::DW_AT_name);
        let name =
            name.and_then(|name| self.origins.dwarf.attr_string(&self.origins.units[pointer.place.0], name).ok());
        if let Some(name) = name {
            let name = AttributeValue::StringRef(self.unit.strings.add(name.slice()));
            self.unit.unit.get_mut(id).set(dw::DW_AT_name, name);
        }
        let target = pointer.target.and_then(|target| {
            let offset = self.origins.offset(target)?;
            let value = read::AttributeValue::DebugInfoRef(offset);
            if self.is_left_out(&value) {
                return None;
            }
            self.unit.convert_debug_info_ref(offset).ok()
        });
        let entry = self.unit.unit.get_mut(id);
        if let Some(target) = target {
            entry.set(dw::DW_AT_type, AttributeValue::DebugInfoRef(target));
        }
        entry.set(dw::DW_AT_byte_size, AttributeValue::Udata(8));
        self.pointers.add(pointer.place, id);
        Some(id)
    }
}
