//! Pointers.
//!
//! A pointer of the program has 4 bytes, and counts from where linear memory begins. What a debugger shows and follows
//! are addresses of the process. DWARF has no word for the difference, so there are two kinds of pointer types:
//!
//! - The type of a *variable* that is a pointer is a native pointer, of 8 bytes: its location is an expression whose
//!   value is the address in the process. So a debugger follows it, and shows strings.
//! - A pointer *in memory* (a member, an element) keeps its 4 bytes, and its value is shown as the program sees it. If
//!   it points to a structure, the type of that is a copy whose data is elsewhere (`DW_AT_data_location`): at the
//!   address plus the base of memory. So `a->next->value` can be followed to the end.

use std::collections::HashMap;

use gimli::constants as dw;
use gimli::write::{AttributeValue, DebuggingInformationEntry, Unit, UnitEntryId};

use super::expression::State;
use super::units::{Origins, Place};

/// The types of variables that are pointers.
#[derive(Default)]
pub struct HostPointers {
    /// What is known of types.
    known: HashMap<Place, Option<Pointer>>,
    made: HashMap<Place, UnitEntryId>,
}

/// A type that is a pointer to data, maybe under another name.
#[derive(Clone, Copy)]
pub struct Pointer {
    pub place: Place,
    /// `None` for `void *`.
    pub target: Option<Place>,
}

impl HostPointers {
    /// What pointer a type is.
    pub fn find(&mut self, origins: &Origins<'_>, ty: Place) -> Option<Pointer> {
        if let Some(known) = self.known.get(&ty) {
            return *known;
        }
        let found = find_pointer(origins, ty);
        self.known.insert(ty, found);
        found
    }

    pub fn made(&self, place: Place) -> Option<UnitEntryId> {
        self.made.get(&place).copied()
    }

    pub fn add(&mut self, place: Place, id: UnitEntryId) {
        self.made.insert(place, id);
    }
}

/// Names and qualifiers of a type, behind which is the type itself.
fn is_transparent(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_typedef
            | dw::DW_TAG_const_type
            | dw::DW_TAG_volatile_type
            | dw::DW_TAG_restrict_type
            | dw::DW_TAG_atomic_type
    )
}

fn is_pointer(tag: gimli::DwTag) -> bool {
    matches!(tag, dw::DW_TAG_pointer_type | dw::DW_TAG_reference_type | dw::DW_TAG_rvalue_reference_type)
}

fn find_pointer(origins: &Origins<'_>, ty: Place) -> Option<Pointer> {
    let (place, entry) = behind_names(origins, ty)?;
    if !is_pointer(entry.tag()) {
        return None;
    }
    let Some(value) = entry.attr_value(dw::DW_AT_type) else { return Some(Pointer { place, target: None }) };
    let target = origins.target(place.0, &value)?;
    // A pointer to a function is an index in a table.
    let (_, pointee) = behind_names(origins, target)?;
    (pointee.tag() != dw::DW_TAG_subroutine_type).then_some(Pointer { place, target: Some(target) })
}

fn behind_names<'a>(
    origins: &Origins<'a>,
    ty: Place,
) -> Option<(Place, gimli::read::DebuggingInformationEntry<super::Input<'a>>)> {
    let mut place = ty;
    for _ in 0..32 {
        let entry = origins.read(place)?;
        match entry.attr_value(dw::DW_AT_type) {
            Some(value) if is_transparent(entry.tag()) => place = origins.target(place.0, &value)?,
            _ => return Some((place, entry)),
        }
    }
    None
}

/// Gives pointers of the program their size, and lets those to structures be followed.
pub fn translate_guest_pointers(unit: &mut Unit, state: &State, host: &HostPointers) {
    let is_host: std::collections::HashSet<UnitEntryId> = host.made.values().copied().collect();
    let mut pointers = Vec::new();
    let mut pending = vec![unit.root()];
    while let Some(id) = pending.pop() {
        let entry = unit.get(id);
        pending.extend(entry.children());
        if is_pointer(entry.tag()) && !is_host.contains(&id) {
            pointers.push(id);
        }
    }
    // In the order of the input.
    pointers.reverse();
    let mut views: HashMap<UnitEntryId, Option<UnitEntryId>> = HashMap::new();
    for id in pointers {
        if unit.get(id).get(dw::DW_AT_byte_size).is_none() {
            unit.get_mut(id).set(dw::DW_AT_byte_size, AttributeValue::Udata(state.pointer_size.into()));
        }
        let Some(&AttributeValue::UnitRef(target)) = unit.get(id).get(dw::DW_AT_type) else { continue };
        if let Some(view) = view(unit, state, &mut views, target) {
            unit.get_mut(id).set(dw::DW_AT_type, AttributeValue::UnitRef(view));
        }
    }
}

/// A copy of a structure type, with the names before it, for objects whose address is one of the program's.
fn view(
    unit: &mut Unit,
    state: &State,
    views: &mut HashMap<UnitEntryId, Option<UnitEntryId>>,
    target: UnitEntryId,
) -> Option<UnitEntryId> {
    if let Some(view) = views.get(&target) {
        return *view;
    }
    // The names, from the outermost to the structure.
    let mut chain = vec![target];
    while let Some(&last) = chain.last()
        && is_transparent(unit.get(last).tag())
    {
        match unit.get(last).get(dw::DW_AT_type) {
            Some(&AttributeValue::UnitRef(next)) if chain.len() < 32 => chain.push(next),
            _ => break,
        }
    }
    let structure = chain.pop()?;
    let mut made = match views.get(&structure) {
        Some(view) => *view,
        None => {
            let view = copy_structure(unit, state, structure);
            views.insert(structure, view);
            view
        }
    };
    for name in chain.into_iter().rev() {
        made = match (views.get(&name), made) {
            (Some(view), _) => *view,
            (None, None) => None,
            (None, Some(behind)) => {
                let copy = copy_entry(unit, name, unit.root());
                unit.get_mut(copy).set(dw::DW_AT_type, AttributeValue::UnitRef(behind));
                Some(copy)
            }
        };
        views.insert(name, made);
    }
    made
}

fn copy_structure(unit: &mut Unit, state: &State, structure: UnitEntryId) -> Option<UnitEntryId> {
    let entry = unit.get(structure);
    let is_structure =
        matches!(entry.tag(), dw::DW_TAG_structure_type | dw::DW_TAG_union_type | dw::DW_TAG_class_type);
    // gdb insists on members.
    let has_members = entry.children().any(|&child| unit.get(child).tag() == dw::DW_TAG_member);
    if !is_structure || !has_members || entry.get(dw::DW_AT_declaration).is_some() {
        return None;
    }
    let location = state.data_location()?;
    let parent = entry.parent().unwrap_or(unit.root());
    let copy = copy_entry(unit, structure, parent);
    unit.get_mut(copy).set(dw::DW_AT_data_location, AttributeValue::Exprloc(location));
    let mut pending = vec![(structure, copy)];
    while let Some((from, to)) = pending.pop() {
        for child in unit.get(from).children().copied().collect::<Vec<_>>() {
            let is_part = matches!(
                unit.get(child).tag(),
                dw::DW_TAG_member
                    | dw::DW_TAG_inheritance
                    | dw::DW_TAG_variant_part
                    | dw::DW_TAG_variant
                    | dw::DW_TAG_template_type_parameter
                    | dw::DW_TAG_template_value_parameter
            );
            if is_part {
                let copied = copy_entry(unit, child, to);
                pending.push((child, copied));
            }
        }
    }
    Some(copy)
}

fn copy_entry(unit: &mut Unit, from: UnitEntryId, parent: UnitEntryId) -> UnitEntryId {
    let source: &DebuggingInformationEntry = unit.get(from);
    let tag = source.tag();
    let attributes: Vec<_> = source.attrs().map(|attr| (attr.name(), attr.get().clone())).collect();
    let copy = unit.add(parent, tag);
    for (name, value) in attributes {
        unit.get_mut(copy).set(name, value);
    }
    copy
}
