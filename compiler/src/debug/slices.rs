//! Slices and string slices of Rust.
//!
//! rustc describes `&str` and `&[T]` as structures of a pointer and a length, which debuggers know by their names. They
//! read what is there from the pointer, but that is an address of linear memory. So a slice becomes what it stands for:
//! an array, whose place and length are expressions that read both from where the slice is. A string slice stays the
//! structure that gdb knows, with such an array in place of the pointer.

use gimli::constants as dw;
use gimli::read::{self, UnitOffset};
use gimli::write::{AttributeValue, Expression, StringTable, Unit, UnitEntryId};

use super::Input;
use super::expression::State;

/// A slice. `Type` is how types are named.
#[derive(Clone, Copy)]
pub struct Slice<Type = UnitEntryId> {
    pub is_string: bool,
    /// Of one element.
    pub element: Type,
    /// Of the length.
    pub length: Type,
}

/// Where the address of an object that an expression gets counts from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Space {
    Process,
    LinearMemory,
}

/// What slice a structure is, if it is one.
pub fn find<'a>(
    unit: &read::UnitRef<'_, Input<'a>>,
    entry: &read::DebuggingInformationEntry<Input<'a>>,
) -> Option<Slice<UnitOffset>> {
    if entry.tag() != dw::DW_TAG_structure_type {
        return None;
    }
    let name = unit.attr_string(entry.attr_value(dw::DW_AT_name)?).ok()?;
    let name = name.to_string().ok()?;
    let is_string = matches!(name, "&str" | "&mut str");
    if !is_string && !((name.starts_with("&[") || name.starts_with("&mut [")) && name.ends_with(']')) {
        return None;
    }
    let mut entries = unit.entries_raw(Some(entry.offset())).ok()?;
    let mut child = read::DebuggingInformationEntry::null();
    entries.read_entry(&mut child).ok()?;
    let mut member = |name: &[u8]| {
        let is_entry = entries.read_entry(&mut child).ok()?;
        let found = unit.attr_string(child.attr_value(dw::DW_AT_name)?).ok()?;
        if !is_entry || child.tag() != dw::DW_TAG_member || found.slice() != name {
            return None;
        }
        reference(&child)
    };
    let pointer = member(b"data_ptr")?;
    let length = member(b"length")?;
    let element = reference(&unit.entry(pointer).ok()?)?;
    Some(Slice { is_string, element, length })
}

/// The type of something.
fn reference(entry: &read::DebuggingInformationEntry<Input<'_>>) -> Option<UnitOffset> {
    match entry.attr_value(dw::DW_AT_type)? {
        read::AttributeValue::UnitRef(offset) => Some(offset),
        _ => None,
    }
}

impl Slice {
    /// The tag of what it becomes.
    pub fn tag(self) -> gimli::DwTag {
        if self.is_string { dw::DW_TAG_structure_type } else { dw::DW_TAG_array_type }
    }

    /// Fills in an entry with that tag.
    pub fn write(self, unit: &mut Unit, strings: &mut StringTable, state: &State, id: UnitEntryId, space: Space) {
        let size = state.pointer_size.into();
        if !self.is_string {
            self.write_array(unit, state, id, space);
            return;
        }
        unit.get_mut(id).set(dw::DW_AT_byte_size, AttributeValue::Udata(2 * size));
        let array = unit.add(unit.root(), dw::DW_TAG_array_type);
        self.write_array(unit, state, array, space);
        for (name, ty, offset) in [("data_ptr", array, 0), ("length", self.length, size)] {
            let member = unit.add(id, dw::DW_TAG_member);
            let name = AttributeValue::StringRef(strings.add(name));
            unit.get_mut(member).set(dw::DW_AT_name, name);
            unit.get_mut(member).set(dw::DW_AT_type, AttributeValue::UnitRef(ty));
            unit.get_mut(member).set(dw::DW_AT_data_member_location, AttributeValue::Udata(offset));
        }
    }

    /// An array where the slice says.
    fn write_array(self, unit: &mut Unit, state: &State, id: UnitEntryId, space: Space) {
        let object = || {
            let mut output = Expression::new();
            output.op(dw::DW_OP_push_object_address);
            if space == Space::LinearMemory {
                state.convert_address(&mut output)?;
            }
            Some(output)
        };
        let (Some(mut data), Some(mut length)) = (object(), object()) else { return };
        data.op_deref_size(state.pointer_size);
        if state.convert_address(&mut data).is_none() {
            return;
        }
        length.op_plus_uconst(state.pointer_size.into());
        length.op_deref_size(state.pointer_size);
        unit.get_mut(id).set(dw::DW_AT_data_location, AttributeValue::Exprloc(data));
        unit.get_mut(id).set(dw::DW_AT_type, AttributeValue::UnitRef(self.element));
        let range = unit.add(id, dw::DW_TAG_subrange_type);
        unit.get_mut(range).set(dw::DW_AT_count, AttributeValue::Exprloc(length));
    }
}
