//! Pointers.
//!
//! A pointer of the program has 4 bytes, and counts from where linear memory begins. What a debugger shows and follows
//! are addresses of the process. DWARF has no word for the difference, so there are two kinds of pointer types:
//!
//! - The type of a *variable* that is a pointer is a native pointer, of 8 bytes: its location is an expression whose
//!   value is the address in the process. So a debugger follows it, and shows strings.
//! - A pointer *in memory* (a member, an element) keeps its 4 bytes, and its value is shown as the program sees it. If
//!   it points to a structure, the type of that is a copy whose data is elsewhere (`DW_AT_data_location`): at the
//!   address plus the base of memory. So `a->next->value` can be followed to the end. Only structures and arrays can be
//!   elsewhere (gdb 13 fails an assertion for others), so that a `char *` becomes a pointer to an array of characters,
//!   which is as long as the string; other pointers to scalars cannot be followed from there.

use std::collections::{HashMap, HashSet};

use gimli::constants as dw;
use gimli::write::{AttributeValue, DebuggingInformationEntry, StringTable, Unit, UnitEntryId};

use super::expression::State;
use super::origins::{Origins, Place};
use super::slices::{Slice, Space};

/// The types of variables that are pointers.
#[derive(Default)]
pub struct HostPointers {
    /// What is known of types.
    known: HashMap<Place, Option<Pointer>>,
    made: HashMap<Place, UnitEntryId>,
    /// Those that are not made of one type of the input.
    nameless: Vec<UnitEntryId>,
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

    pub fn add_nameless(&mut self, id: UnitEntryId) {
        self.nameless.push(id);
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

pub fn is_pointer(tag: gimli::DwTag) -> bool {
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

/// What a type is, if other names and qualifiers are not counted.
pub fn behind_names<'a>(
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

/// Gives pointers of the program their size, and lets those to structures and strings be followed.
pub fn translate_guest_pointers(
    unit: &mut Unit,
    strings: &mut StringTable,
    state: &State,
    host: &HostPointers,
    slices: &HashMap<UnitEntryId, Slice>,
) {
    let is_host: HashSet<UnitEntryId> = host.made.values().chain(&host.nameless).copied().collect();
    let mut pointers = Vec::new();
    let mut pending = vec![unit.root()];
    while let Some(id) = pending.pop() {
        let entry = unit.get(id);
        pending.extend(entry.children());
        if is_pointer(entry.tag()) && !is_host.contains(&id) {
            pointers.push(id);
        }
    }
    let mut views = Views {
        unit,
        strings,
        state,
        slices,
        of: HashMap::new(),
        parts: HashMap::new(),
        with_slices: HashMap::new(),
        void: None,
    };
    for id in pointers {
        if views.unit.get(id).get(dw::DW_AT_byte_size).is_none() {
            let size = AttributeValue::Udata(state.pointer_size.into());
            views.unit.get_mut(id).set(dw::DW_AT_byte_size, size);
        }
        let target = match views.unit.get(id).get(dw::DW_AT_type) {
            Some(&AttributeValue::UnitRef(target)) => Some(target),
            // In another unit: its views are there.
            Some(_) => continue,
            None => None,
        };
        let view = match target {
            Some(target) => views.view(target),
            None => views.void(),
        };
        views.unit.get_mut(id).set(dw::DW_AT_type, AttributeValue::UnitRef(view));
    }
}

/// What pointers in memory point to: types beside the ones of the input, for objects whose address is one of the
/// program's.
///
/// They are others in any case, if only by a name before them: gdb knows one pointer type for each type that is pointed
/// to, and so one size.
struct Views<'u> {
    unit: &'u mut Unit,
    strings: &'u mut StringTable,
    state: &'u State,
    slices: &'u HashMap<UnitEntryId, Slice>,
    of: HashMap<UnitEntryId, UnitEntryId>,
    /// Types of members, where the object has an address of the program's.
    parts: HashMap<UnitEntryId, UnitEntryId>,
    /// Structures with slices in them, and those without.
    with_slices: HashMap<UnitEntryId, bool>,
    void: Option<UnitEntryId>,
}

impl Views<'_> {
    fn view(&mut self, target: UnitEntryId) -> UnitEntryId {
        if let Some(&view) = self.of.get(&target) {
            return view;
        }
        // The names, from the outermost to the type itself.
        let mut chain = vec![target];
        let mut ty = target;
        while is_transparent(self.unit.get(ty).tag())
            && chain.len() < 32
            && let Some(&AttributeValue::UnitRef(next)) = self.unit.get(ty).get(dw::DW_AT_type)
        {
            chain.push(next);
            ty = next;
        }
        let view = if self.unit.get(ty).tag() == dw::DW_TAG_subroutine_type {
            target
        } else if self.slices.contains_key(&ty) {
            self.part(ty, 0)
        } else if is_character(self.unit.get(ty)) {
            self.string(target)
        } else if self.is_structure(ty) {
            self.structure(&chain)
        } else {
            self.name_before(target)
        };
        self.of.insert(target, view);
        view
    }

    /// The type itself, under its name.
    fn name_before(&mut self, target: UnitEntryId) -> UnitEntryId {
        let name = self.unit.get(target).get(dw::DW_AT_name).cloned();
        let view = self.unit.add(self.unit.root(), dw::DW_TAG_typedef);
        let name = name.unwrap_or_else(|| AttributeValue::StringRef(self.strings.add("pointer")));
        self.unit.get_mut(view).set(dw::DW_AT_name, name);
        self.unit.get_mut(view).set(dw::DW_AT_type, AttributeValue::UnitRef(target));
        view
    }

    fn void(&mut self) -> UnitEntryId {
        if let Some(void) = self.void {
            return void;
        }
        let void = self.unit.add(self.unit.root(), dw::DW_TAG_unspecified_type);
        let name = AttributeValue::StringRef(self.strings.add("void"));
        self.unit.get_mut(void).set(dw::DW_AT_name, name);
        self.void = Some(void);
        void
    }

    /// Characters up to a NUL. As an array, since only structures and arrays can be elsewhere.
    fn string(&mut self, character: UnitEntryId) -> UnitEntryId {
        let (Some(location), Some(length)) = (self.state.data_location(), self.state.string_length()) else {
            return self.name_before(character);
        };
        let array = self.unit.add(self.unit.root(), dw::DW_TAG_array_type);
        self.unit.get_mut(array).set(dw::DW_AT_type, AttributeValue::UnitRef(character));
        self.unit.get_mut(array).set(dw::DW_AT_data_location, AttributeValue::Exprloc(location));
        let range = self.unit.add(array, dw::DW_TAG_subrange_type);
        self.unit.get_mut(range).set(dw::DW_AT_count, AttributeValue::Exprloc(length));
        array
    }

    /// Whether a type is a structure that can be elsewhere: gdb insists on members.
    fn is_structure(&self, ty: UnitEntryId) -> bool {
        let entry = self.unit.get(ty);
        matches!(entry.tag(), dw::DW_TAG_structure_type | dw::DW_TAG_union_type | dw::DW_TAG_class_type)
            && entry.get(dw::DW_AT_declaration).is_none()
            && entry
                .children()
                .any(|&child| matches!(self.unit.get(child).tag(), dw::DW_TAG_member | dw::DW_TAG_variant_part))
    }

    /// A copy of the structure at the end of a chain, behind copies of the names before it.
    fn structure(&mut self, chain: &[UnitEntryId]) -> UnitEntryId {
        let (&structure, names) = chain.split_last().expect("a chain has at least its end");
        let mut view = match self.of.get(&structure) {
            Some(&view) => view,
            None => self.copy_structure(structure),
        };
        self.of.insert(structure, view);
        for &name in names.iter().rev() {
            view = match self.of.get(&name) {
                Some(&view) => view,
                None => {
                    let copy = copy_entry(self.unit, name, self.unit.root());
                    self.unit.get_mut(copy).set(dw::DW_AT_type, AttributeValue::UnitRef(view));
                    copy
                }
            };
            self.of.insert(name, view);
        }
        view
    }

    fn copy_structure(&mut self, structure: UnitEntryId) -> UnitEntryId {
        let Some(location) = self.state.data_location() else { return self.name_before(structure) };
        let copy = self.copy_members(structure, 0);
        self.unit.get_mut(copy).set(dw::DW_AT_data_location, AttributeValue::Exprloc(location));
        copy
    }

    /// The type of a member of a structure whose address is one of the program's: another one if there are slices in
    /// it, which have to know that.
    fn part(&mut self, ty: UnitEntryId, depth: usize) -> UnitEntryId {
        if let Some(&part) = self.parts.get(&ty) {
            return part;
        }
        let part = match self.slices.get(&ty) {
            Some(&slice) => {
                let root = self.unit.root();
                let part = self.unit.add(root, slice.tag());
                if let Some(name) = self.unit.get(ty).get(dw::DW_AT_name).cloned() {
                    self.unit.get_mut(part).set(dw::DW_AT_name, name);
                }
                slice.write(self.unit, self.strings, self.state, part, Space::LinearMemory);
                part
            }
            // Structures inside of each other have an end, unless the input is damaged.
            None if depth <= 16 && self.has_slices(ty) => self.copy_members(ty, depth),
            None => ty,
        };
        self.parts.insert(ty, part);
        part
    }

    /// Whether a structure has slices in it, in a variant too.
    fn has_slices(&mut self, ty: UnitEntryId) -> bool {
        if let Some(&known) = self.with_slices.get(&ty) {
            return known;
        }
        // Of a structure that has itself as a part, which only damaged input has, nothing more is to be learnt there.
        self.with_slices.insert(ty, false);
        let mut found = false;
        let mut pending = if self.is_structure(ty) { vec![ty] } else { Vec::new() };
        while let Some(parent) = pending.pop() {
            for child in self.unit.get(parent).children().copied().collect::<Vec<_>>() {
                let entry = self.unit.get(child);
                match (entry.tag(), entry.get(dw::DW_AT_type)) {
                    (dw::DW_TAG_variant_part | dw::DW_TAG_variant, _) => pending.push(child),
                    (dw::DW_TAG_member, Some(&AttributeValue::UnitRef(ty))) => {
                        found |= self.slices.contains_key(&ty) || self.has_slices(ty);
                    }
                    _ => {}
                }
            }
        }
        self.with_slices.insert(ty, found);
        found
    }

    /// A copy of a structure, whose address is one of the program's.
    fn copy_members(&mut self, structure: UnitEntryId, depth: usize) -> UnitEntryId {
        let parent = self.unit.get(structure).parent().unwrap_or(self.unit.root());
        let copy = copy_entry(self.unit, structure, parent);
        let mut pending = vec![(structure, copy)];
        while let Some((from, to)) = pending.pop() {
            for child in self.unit.get(from).children().copied().collect::<Vec<_>>() {
                let is_part = matches!(
                    self.unit.get(child).tag(),
                    dw::DW_TAG_member
                        | dw::DW_TAG_inheritance
                        | dw::DW_TAG_variant_part
                        | dw::DW_TAG_variant
                        | dw::DW_TAG_template_type_parameter
                        | dw::DW_TAG_template_value_parameter
                );
                if is_part {
                    let copied = copy_entry(self.unit, child, to);
                    if self.unit.get(child).tag() == dw::DW_TAG_member
                        && let Some(&AttributeValue::UnitRef(ty)) = self.unit.get(child).get(dw::DW_AT_type)
                    {
                        let part = self.part(ty, depth + 1);
                        self.unit.get_mut(copied).set(dw::DW_AT_type, AttributeValue::UnitRef(part));
                    }
                    pending.push((child, copied));
                }
            }
        }
        copy
    }
}

/// Whether it is a `char` of C or C++, many of which are a string.
fn is_character(entry: &DebuggingInformationEntry) -> bool {
    let encoding = match entry.get(dw::DW_AT_encoding) {
        Some(&AttributeValue::Encoding(encoding)) => encoding,
        _ => return false,
    };
    let size = match entry.get(dw::DW_AT_byte_size) {
        Some(&AttributeValue::Udata(size)) => size,
        Some(&AttributeValue::Data1(size)) => size.into(),
        _ => return false,
    };
    size == 1 && matches!(encoding, dw::DW_ATE_signed_char | dw::DW_ATE_unsigned_char)
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
