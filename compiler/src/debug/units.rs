//! The DWARF of a module → that of its native code, unit by unit.
//!
//! What describes code or data that the program does not have is left out, and so are types that nothing else refers
//! to. Everything is written as DWARF 5, whatever it was.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use gimli::constants as dw;
use gimli::read;
use gimli::write::{
    Address, AttributeValue, ConvertError, ConvertResult, ConvertUnit, ConvertUnitEntry, FilterUnitSection,
    LineProgram, Range as RangeEntry, RangeList, Unit, UnitEntryId,
};
use gimli::{DwTag, Encoding, Format, UnitSectionOffset};
use wasmparser::ValType;

use super::expression::{State, is_tombstone, without_addresses};
use super::lines::{self, Lines};
use super::map::{CodeMap, MappedFunction};
use super::origins::Origins;
use super::pointers::{self, HostPointers};
use super::slices::{self, Slice, Space};
use super::variables::Variable;
use super::{Input, TEXT};

/// Of all that is written.
const ENCODING: Encoding = Encoding { format: Format::Dwarf32, version: 5, address_size: 8 };

/// DWARF that is nested deeper was not made by a compiler.
const MAX_DEPTH: isize = 1000;

/// Pieces of code and of locations that ranges of Wasm code may come to, in all. Compilers write less than a tenth of
/// that for the largest programs; damaged input must not take hours.
const MAX_WORK: usize = 100_000_000;

/// What all units of an instance have in common.
pub struct Context<'a> {
    pub map: &'a CodeMap<'a>,
    pub state: &'a State,
    /// Types of the locals of a function.
    pub local_types: &'a dyn Fn(&MappedFunction<'_>) -> Vec<ValType>,
}

/// A function that was inlined.
#[derive(Debug)]
pub struct Inlined {
    /// Addresses of Wasm code.
    pub ranges: Vec<Range<u64>>,
    pub name: Option<String>,
    /// Where it was called: index in [`Lines::files`], line, column.
    pub call: Option<(u32, u32, u32)>,
    /// How deep the entry is nested: those inside of others have a larger one.
    pub depth: isize,
}

/// What reports of traps need.
#[derive(Debug, Default)]
pub struct Sources {
    pub lines: Lines,
    pub inlined: Vec<Inlined>,
}

/// Translates everything. An error means that the input is malformed.
pub fn translate(
    context: &Context<'_>,
    dwarf: &read::Dwarf<Input<'_>>,
) -> ConvertResult<(gimli::write::Dwarf, Sources)> {
    let mut left_out = HashSet::new();
    let filter = filter(context, dwarf, &mut left_out)?;
    let mut origins = Origins::new(dwarf)?;
    let mut sources = Sources::default();
    let mut work = 0;
    let mut output = gimli::write::Dwarf::new();
    let mut convert = output.convert_with_filter(filter)?;
    while let Some((unit, root)) = convert.read_unit()? {
        let mut translator = UnitTranslator {
            context,
            unit,
            left_out: &left_out,
            origins: &mut origins,
            sources: &mut sources,
            files: HashMap::new(),
            pointers: HostPointers::default(),
            slices: HashMap::new(),
            scopes: Vec::new(),
            is_c: matches!(language(&root), Some(dw::DW_LANG_C89 | dw::DW_LANG_C | dw::DW_LANG_C99 | dw::DW_LANG_C11)),
            functions: Vec::new(),
            work: &mut work,
        };
        translator.translate(root)?;
    }
    drop(convert);
    if let Some(base) = context.state.memory_location() {
        add_memory(&mut output, base);
    }
    Ok((output, sources))
}

/// Linear memory as a variable: an array of bytes without end. Pointers that a debugger cannot follow are indices in
/// it.
fn add_memory(output: &mut gimli::write::Dwarf, base: gimli::write::Expression) {
    let mut unit = Unit::new(ENCODING, LineProgram::none());
    let root = unit.root();
    let name = |output: &mut gimli::write::Dwarf, name: &str| AttributeValue::StringRef(output.strings.add(name));
    unit.get_mut(root).set(dw::DW_AT_name, name(output, "linear memory"));
    unit.get_mut(root).set(dw::DW_AT_producer, name(output, "wasmc"));
    unit.get_mut(root).set(dw::DW_AT_language, AttributeValue::Language(dw::DW_LANG_C11));
    let byte = unit.add(root, dw::DW_TAG_base_type);
    unit.get_mut(byte).set(dw::DW_AT_name, name(output, "unsigned char"));
    unit.get_mut(byte).set(dw::DW_AT_encoding, AttributeValue::Encoding(dw::DW_ATE_unsigned_char));
    unit.get_mut(byte).set(dw::DW_AT_byte_size, AttributeValue::Data1(1));
    let array = unit.add(root, dw::DW_TAG_array_type);
    unit.get_mut(array).set(dw::DW_AT_type, AttributeValue::UnitRef(byte));
    unit.add(array, dw::DW_TAG_subrange_type);
    let variable = unit.add(root, dw::DW_TAG_variable);
    unit.get_mut(variable).set(dw::DW_AT_name, name(output, "wasm_memory"));
    unit.get_mut(variable).set(dw::DW_AT_type, AttributeValue::UnitRef(array));
    unit.get_mut(variable).set(dw::DW_AT_external, AttributeValue::FlagPresent);
    unit.get_mut(variable).set(dw::DW_AT_location, AttributeValue::Exprloc(base));
    output.units.add(unit);
}

/// Finds what is needed: functions that have code, data that exists, and what these refer to. Also which entries are
/// left out in spite of that.
fn filter<'a>(
    context: &Context<'_>,
    dwarf: &'a read::Dwarf<Input<'a>>,
    left_out: &mut HashSet<UnitSectionOffset>,
) -> ConvertResult<FilterUnitSection<'a, Input<'a>>> {
    let mut filter = FilterUnitSection::new(dwarf)?;
    while let Some(mut unit) = filter.read_unit()? {
        let read_unit = unit.read_unit;
        left_out.insert(read_unit.header.root_offset().to_unit_section_offset(&read_unit));
        let mut call_site: Option<isize> = None;
        let mut entry = unit.null_entry();
        while unit.read_entry(&mut entry)? {
            if entry.depth() > MAX_DEPTH {
                return Err(ConvertError::UnsupportedAttributeValue);
            }
            call_site = call_site.filter(|&depth| entry.depth() > depth);
            if is_call_site(entry.tag()) || call_site.is_some() {
                call_site.get_or_insert(entry.depth());
                left_out.insert(entry.offset().to_unit_section_offset(&read_unit));
                continue;
            }
            let is_needed = match entry.tag() {
                dw::DW_TAG_subprogram => {
                    first_address(&read_unit, &entry)?.is_some_and(|at| context.map.function_at(at).is_some())
                }
                dw::DW_TAG_variable => {
                    let is_global = !matches!(
                        entry.parent_tag,
                        Some(dw::DW_TAG_subprogram | dw::DW_TAG_lexical_block | dw::DW_TAG_inlined_subroutine)
                    );
                    is_global && has_address(&entry, read_unit.encoding())
                }
                _ => false,
            };
            if is_needed {
                unit.require_entry(entry.offset());
            }
        }
    }
    Ok(filter)
}

/// Their addresses are those of instructions, which have no counterpart that could be told.
fn is_call_site(tag: DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_call_site
            | dw::DW_TAG_call_site_parameter
            | dw::DW_TAG_GNU_call_site
            | dw::DW_TAG_GNU_call_site_parameter
    )
}

fn language(root: &read::DebuggingInformationEntry<Input<'_>>) -> Option<gimli::DwLang> {
    match root.attr_value(dw::DW_AT_language)? {
        read::AttributeValue::Language(language) => Some(language),
        _ => None,
    }
}

/// Where an entry's code begins.
fn first_address<'a>(
    unit: &read::UnitRef<'_, Input<'a>>,
    entry: &read::DebuggingInformationEntry<Input<'a>>,
) -> ConvertResult<Option<u64>> {
    let mut ranges = unit.die_ranges(entry)?;
    Ok(ranges.next()?.map(|range| range.begin))
}

/// Whether a variable is at a constant address.
fn has_address(entry: &read::DebuggingInformationEntry<Input<'_>>, encoding: Encoding) -> bool {
    let Some(read::AttributeValue::Exprloc(expression)) = entry.attr_value(dw::DW_AT_location) else { return false };
    let first = expression.operations(encoding).next();
    match first {
        Ok(Some(read::Operation::Address { address })) => !is_tombstone(address, encoding.address_size),
        _ => false,
    }
}

/// What an entry is inside of.
pub(super) struct Scope<'a> {
    depth: isize,
    pub(super) function: Option<(&'a MappedFunction<'a>, Rc<[ValType]>)>,
    /// Where in the function its frame base is known, in bytes from the start of its code.
    pub(super) frame: Rc<[Range<u32>]>,
}

/// The translation of one unit. Where its variables are is found in [`variables`](super::variables).
pub(super) struct UnitTranslator<'u, 'a> {
    pub(super) context: &'u Context<'u>,
    pub(super) unit: ConvertUnit<'u, Input<'a>>,
    left_out: &'u HashSet<UnitSectionOffset>,
    pub(super) origins: &'u mut Origins<'a>,
    sources: &'u mut Sources,
    /// Indices in [`Lines::files`].
    files: HashMap<u64, u32>,
    pub(super) pointers: HostPointers,
    slices: HashMap<UnitEntryId, Slice>,
    pub(super) scopes: Vec<Scope<'u>>,
    /// The source is in C.
    is_c: bool,
    /// Code of the functions of this unit.
    functions: Vec<Range<u32>>,
    pub(super) work: &'u mut usize,
}

impl<'u, 'a> UnitTranslator<'u, 'a> {
    fn translate(&mut self, root: ConvertUnitEntry<'u, Input<'a>>) -> ConvertResult<()> {
        self.unit.unit.set_encoding(ENCODING);
        lines::translate(self.context.map, &mut self.unit, ENCODING, &mut self.sources.lines)?;
        let root_id = self.unit.unit.root();
        self.translate_attributes(root_id, &root)?;
        let mut entry = root;
        let mut skipped: Option<isize> = None;
        let mut count = 0;
        while let Some(id) = self.unit.read_entry(&mut entry)? {
            let depth = entry.depth();
            skipped = skipped.filter(|&outer| depth > outer);
            if skipped.is_some() || is_call_site(entry.tag()) {
                skipped.get_or_insert(depth);
                continue;
            }
            while self.scopes.last().is_some_and(|scope| scope.depth >= depth) {
                self.scopes.pop();
            }
            let Some(id) = id else { continue };
            count += 1;
            if let Some(slice) = self.slice(&entry) {
                let parent = entry.parent.unwrap_or(root_id);
                self.unit.unit.add_reserved(id, parent, slice.tag());
                if let Some(name) = entry.attr(dw::DW_AT_name) {
                    self.translate_attribute(id, &entry, name);
                }
                slice.write(self.unit.unit, self.unit.strings, self.context.state, id, Space::Process);
                self.slices.insert(id, slice);
                skipped = Some(depth);
                continue;
            }
            self.unit.add_entry(Some(id), &entry);
            self.translate_code(id, &entry)?;
            self.translate_attributes(id, &entry)?;
        }
        if count == 0 && self.unit.unit.line_program.is_empty() {
            self.unit.skip();
            return Ok(());
        }
        let (strings, state) = (&mut *self.unit.strings, self.context.state);
        pointers::translate_guest_pointers(self.unit.unit, strings, state, &self.pointers, &self.slices);
        self.functions.sort_unstable_by_key(|range| range.start);
        let functions = std::mem::take(&mut self.functions);
        self.set_ranges(root_id, 0, &functions);
        Ok(())
    }

    fn slice(&self, entry: &ConvertUnitEntry<'u, Input<'a>>) -> Option<Slice> {
        self.context.state.memory?;
        let found = slices::find(&self.unit.read_unit, entry)?;
        let convert = |offset| self.unit.convert_unit_ref(offset).ok();
        let (element, length) = (convert(found.element)?, convert(found.length)?);
        Some(Slice { is_string: found.is_string, element, length })
    }

    /// The index of this unit in [`Origins`].
    pub(super) fn index(&self) -> usize {
        let start = self.unit.read_unit.header.debug_info_offset();
        self.origins.units.partition_point(|unit| unit.header.debug_info_offset() < start)
    }

    pub(super) fn function(&self) -> Option<(&'u MappedFunction<'u>, Rc<[ValType]>)> {
        self.scopes.last()?.function.clone()
    }

    pub(super) fn spend(&mut self, work: usize) -> ConvertResult<()> {
        *self.work += work;
        if *self.work > MAX_WORK { Err(ConvertError::UnsupportedAttributeValue) } else { Ok(()) }
    }

    /// Where the code of an entry is; opens a scope if it is a function.
    fn translate_code(&mut self, id: UnitEntryId, entry: &ConvertUnitEntry<'u, Input<'a>>) -> ConvertResult<()> {
        let read_unit = self.unit.read_unit;
        if entry.tag() == dw::DW_TAG_subprogram {
            let at = first_address(&read_unit, entry)?;
            let function = at.and_then(|at| self.context.map.function_at(at));
            if let Some(function) = function {
                let code = function.code.start..function.code.start + function.code.size;
                self.functions.push(code.clone());
                self.set_ranges(id, 0, &[code]);
            }
            let function = function.map(|function| (function, (self.context.local_types)(function).into()));
            self.scopes.push(Scope { depth: entry.depth(), function, frame: Rc::new([]) });
            self.translate_frame_base(id, entry)?;
            return Ok(());
        }
        let has_code = [dw::DW_AT_low_pc, dw::DW_AT_ranges].iter().any(|name| entry.attr_value(*name).is_some());
        if !has_code {
            return Ok(());
        }
        let Some((function, _)) = self.function() else { return Ok(()) };
        if entry.attr_value(dw::DW_AT_high_pc).is_none() && entry.attr_value(dw::DW_AT_ranges).is_none() {
            // A single place: a label.
            if let Some(value) = entry.attr_value(dw::DW_AT_low_pc)
                && let Some(address) = read_unit.attr_address(value)?
                && let Some(piece) = function.pieces_in(address..function.body.end).next()
            {
                let address = code_address(function.code.start + piece.start);
                self.unit.unit.get_mut(id).set(dw::DW_AT_low_pc, AttributeValue::Address(address));
            }
            return Ok(());
        }
        let mut wasm = Vec::new();
        let mut native = Vec::new();
        let mut ranges = read_unit.die_ranges(entry)?;
        while let Some(range) = ranges.next()? {
            native.extend(function.native(range.begin..range.end, self.work));
            self.spend(1)?;
            wasm.push(range.begin..range.end);
        }
        native.sort_unstable_by_key(|range| range.start);
        merge(&mut native);
        self.set_ranges(id, function.code.start, &native);
        if entry.tag() == dw::DW_TAG_inlined_subroutine {
            let index = self.index();
            let name = self.origins.name(index, entry);
            let number = |name| entry.attr(name).and_then(read::Attribute::udata_value).unwrap_or(0);
            let file = self.file(number(dw::DW_AT_call_file));
            let call = file.map(|file| {
                let limited = |value: u64| u32::try_from(value).unwrap_or(0);
                (file, limited(number(dw::DW_AT_call_line)), limited(number(dw::DW_AT_call_column)))
            });
            self.sources.inlined.push(Inlined { ranges: wasm, name, call, depth: entry.depth() });
        }
        Ok(())
    }

    /// The index in [`Lines::files`] of a file of this unit.
    fn file(&mut self, index: u64) -> Option<u32> {
        if let Some(&file) = self.files.get(&index) {
            return Some(file);
        }
        let id = self.unit.convert_file_index(self.unit.read_unit, index).ok()??;
        let name = lines::file_name(&self.unit.unit.line_program, id, self.unit.line_strings, self.unit.strings);
        let file = self.sources.lines.file(name);
        self.files.insert(index, file);
        Some(file)
    }

    /// Says that the code of an entry is in these ranges, which count from `base`: ascending and disjoint.
    fn set_ranges(&mut self, id: UnitEntryId, base: u32, ranges: &[Range<u32>]) {
        let unit = &mut *self.unit.unit;
        match ranges {
            // Nothing is left of it; without a range it would count as a part of what it is in.
            [] | [_] => {
                let range = ranges.first().cloned().unwrap_or(0..0);
                let entry = unit.get_mut(id);
                entry.set(dw::DW_AT_low_pc, AttributeValue::Address(code_address(base + range.start)));
                entry.set(dw::DW_AT_high_pc, AttributeValue::Udata((range.end - range.start).into()));
            }
            _ => {
                let list = ranges
                    .iter()
                    .map(|range| RangeEntry::OffsetPair { begin: range.start.into(), end: range.end.into() });
                let begin = RangeEntry::BaseAddress { address: code_address(base) };
                let list = unit.ranges.add(RangeList(std::iter::once(begin).chain(list).collect()));
                unit.get_mut(id).set(dw::DW_AT_ranges, AttributeValue::RangeListRef(list));
                if id == unit.root() {
                    // What offsets in lists count from that say nothing else.
                    let base = AttributeValue::Address(code_address(0));
                    unit.get_mut(id).set(dw::DW_AT_low_pc, base);
                }
            }
        }
    }

    fn translate_attributes(&mut self, id: UnitEntryId, entry: &ConvertUnitEntry<'u, Input<'a>>) -> ConvertResult<()> {
        let is_variable = matches!(entry.tag(), dw::DW_TAG_variable | dw::DW_TAG_formal_parameter);
        let variable = if is_variable { self.variable(entry) } else { Variable::Plain };
        let mut own_type = variable.own_type();
        for attr in entry.attrs() {
            let name = attr.name();
            match name {
                // Done above, or made anew.
                dw::DW_AT_low_pc
                | dw::DW_AT_high_pc
                | dw::DW_AT_ranges
                | dw::DW_AT_entry_pc
                | dw::DW_AT_stmt_list
                | dw::DW_AT_frame_base => {}
                // In sections that are not translated, or about calls.
                dw::DW_AT_macros
                | dw::DW_AT_macro_info
                | dw::DW_AT_GNU_macros
                | dw::DW_AT_GNU_locviews
                | dw::DW_AT_GNU_pubnames
                | dw::DW_AT_GNU_all_call_sites
                | dw::DW_AT_GNU_all_tail_call_sites
                | dw::DW_AT_call_all_calls
                | dw::DW_AT_call_all_tail_calls
                | dw::DW_AT_call_return_pc
                | dw::DW_AT_call_pc => {}
                dw::DW_AT_location => {
                    let (location, ty) = self.variable_location(entry, &attr.value(), variable)?;
                    own_type = ty.or(own_type);
                    self.set_location(id, name, location);
                }
                dw::DW_AT_type if own_type.is_some() => {}
                // `main` is `__main_argc_argv` to the linker; nothing else of C has another name there.
                dw::DW_AT_linkage_name if self.is_c => {}
                dw::DW_AT_decl_file | dw::DW_AT_call_file => {
                    let index = attr.udata_value().unwrap_or(0);
                    if let Ok(file) = self.unit.convert_file_index(entry.read_unit, index) {
                        self.unit.unit.get_mut(id).set(name, AttributeValue::FileIndex(file));
                    }
                }
                _ => self.translate_attribute(id, entry, attr),
            }
        }
        if entry.tag() == dw::DW_TAG_subprogram && self.returns_structure(entry) {
            // It is in linear memory, wherever the caller said; debuggers would look for it in registers.
            let convention = AttributeValue::CallingConvention(dw::DW_CC_nocall);
            self.unit.unit.get_mut(id).set(dw::DW_AT_calling_convention, convention);
        }
        if let Some(ty) = own_type {
            self.unit.unit.get_mut(id).set(dw::DW_AT_type, AttributeValue::UnitRef(ty));
        }
        Ok(())
    }

    fn returns_structure(&self, entry: &ConvertUnitEntry<'u, Input<'a>>) -> bool {
        let value = self.origins.attribute(self.index(), entry, &[dw::DW_AT_type]);
        let place = value.and_then(|(unit, value)| self.origins.target(unit, &value));
        let ty = place.and_then(|place| pointers::behind_names(self.origins, place));
        ty.is_some_and(|(_, ty)| {
            !matches!(ty.tag(), dw::DW_TAG_base_type | dw::DW_TAG_enumeration_type | dw::DW_TAG_subroutine_type)
                && !pointers::is_pointer(ty.tag())
        })
    }

    /// An attribute that means the same in native code. What cannot be said is left out.
    fn translate_attribute(
        &mut self,
        id: UnitEntryId,
        entry: &ConvertUnitEntry<'u, Input<'a>>,
        attr: &read::Attribute<Input<'a>>,
    ) {
        let value = match attr.value() {
            read::AttributeValue::Exprloc(expression) => {
                without_addresses(expression, entry.read_unit.encoding()).map(AttributeValue::Exprloc)
            }
            read::AttributeValue::LocationListsRef(_)
            | read::AttributeValue::DebugLocListsIndex(_)
            | read::AttributeValue::RangeListsRef(_)
            | read::AttributeValue::DebugRngListsIndex(_)
            | read::AttributeValue::Addr(_)
            | read::AttributeValue::DebugAddrIndex(_) => None,
            value if self.is_left_out(&value) => None,
            _ => self.unit.convert_attribute_value(entry.read_unit, attr, &|_| None).ok(),
        };
        if let Some(value) = value {
            self.unit.unit.get_mut(id).set(attr.name(), value);
        }
    }

    /// Whether a value refers to something that has no counterpart.
    pub(super) fn is_left_out(&self, value: &read::AttributeValue<Input<'a>>) -> bool {
        let offset = match value {
            read::AttributeValue::UnitRef(offset) => Some(offset.to_unit_section_offset(&self.unit.read_unit)),
            read::AttributeValue::DebugInfoRef(offset) => offset.to_unit_section_offset(&self.unit.read_unit),
            _ => return false,
        };
        offset.is_none_or(|offset| self.left_out.contains(&offset))
    }
}

/// An address of code, in bytes from the start of all code.
pub fn code_address(offset: u32) -> Address {
    Address::Symbol { symbol: TEXT, addend: offset.into() }
}

/// Makes one of ranges that touch. They ascend.
fn merge(ranges: &mut Vec<Range<u32>>) {
    ranges.dedup_by(|next, before| {
        let joins = next.start <= before.end;
        if joins {
            before.end = before.end.max(next.end);
        }
        joins
    });
}
