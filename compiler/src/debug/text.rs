//! The lines of a module's text as its debug information, for modules that have none of their own: DWARF of Wasm code
//! like any compiler's, which is then translated like any other.

use std::collections::HashMap;

use gimli::constants as dw;
use gimli::write::{
    Address, AttributeValue, DwarfUnit, EndianVec, Expression, FileId, LineProgram, LineString, Sections, UnitEntryId,
};
use gimli::{DW_ATE_float, DW_ATE_signed, DwAte, Encoding, Format, LineEncoding, LittleEndian};
use wasmparser::{IndirectNaming, KnownCustom, Name, Parser, Payload, ValType};

use crate::features::Features;
use crate::parse::Module;
use crate::parse::index::FuncIndex;
use crate::plan::wire::symbol_name;

/// Where an operator stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextPlace {
    /// Byte offset in the module.
    pub offset: u64,
    /// 1-based.
    pub line: u32,
    /// 1-based; 0 if it is not known.
    pub column: u32,
}

/// A copy of the module with debug information that leads to a text in `file`; `None` if it cannot be read, of which
/// the compiler will say more. `places` ascend.
pub fn with_lines(wasm: &[u8], file: &str, places: &[TextPlace]) -> Option<Vec<u8>> {
    let module = Module::parse(wasm, Features::default()).ok()?;
    let locals = local_names(wasm);
    let encoding = Encoding { format: Format::Dwarf32, version: 5, address_size: 4 };
    let mut dwarf = DwarfUnit::new(encoding);
    // A relative name counts from where the debugger runs: the output does not depend on where the compiler did.
    let strings = [".", file].map(|text| LineString::StringRef(dwarf.strings.add(text.replace('\0', ""))));
    let [directory_name, file_name] = strings.clone();
    let program = LineProgram::new(encoding, LineEncoding::default(), directory_name, None, file_name, None);
    dwarf.unit.line_program = program;
    let [directory_name, file_name] = strings;
    let directory_id = dwarf.unit.line_program.default_directory();
    let file_id = dwarf.unit.line_program.add_file(file_name.clone(), directory_id, None);
    let root = dwarf.unit.root();
    for (name, value) in [(dw::DW_AT_comp_dir, directory_name), (dw::DW_AT_name, file_name)] {
        if let LineString::StringRef(id) = value {
            dwarf.unit.get_mut(root).set(name, AttributeValue::StringRef(id));
        }
    }
    let producer = concat!("wasmc ", env!("CARGO_PKG_VERSION")).as_bytes().to_vec();
    dwarf.unit.get_mut(root).set(dw::DW_AT_producer, AttributeValue::String(producer));
    // Debuggers want one that they know; the expressions that they take are those of C.
    dwarf.unit.get_mut(root).set(dw::DW_AT_language, AttributeValue::Language(dw::DW_LANG_C11));

    let mut types = Types::default();
    for (body, code) in module.bodies.iter() {
        let range = code.body.range();
        let first = places.partition_point(|place| place.offset < range.start);
        let own = &places[first..];
        let own = &own[..own.partition_point(|place| place.offset < range.end)];
        let Some(head) = own.first() else { continue };
        let address = |offset: u64| offset.saturating_sub(module.debug.code_start);
        let start = address(range.start);
        write_rows(&mut dwarf.unit.line_program, file_id, start, address(range.end), own, address);

        let index =
            FuncIndex::from_u32((module.imported_functions() + cranelift_entity::EntityRef::index(body)) as u32);
        let function = dwarf.unit.add(root, dw::DW_TAG_subprogram);
        let name = dwarf.strings.add(symbol_name(&module, index).replace('\0', ""));
        let entry = dwarf.unit.get_mut(function);
        entry.set(dw::DW_AT_name, AttributeValue::StringRef(name));
        entry.set(dw::DW_AT_low_pc, AttributeValue::Address(Address::Constant(start)));
        entry.set(dw::DW_AT_high_pc, AttributeValue::Udata(address(range.end) - start));
        entry.set(dw::DW_AT_decl_file, AttributeValue::FileIndex(Some(file_id)));
        entry.set(dw::DW_AT_decl_line, AttributeValue::Udata(head.line.into()));

        let parameters = module.function_type(index).params();
        let declared = code.body.get_locals_reader().ok()?;
        let mut all: Vec<ValType> = parameters.to_vec();
        for (count, ty) in declared.into_iter().map_while(Result::ok) {
            all.extend(std::iter::repeat_n(ty, count as usize));
        }
        for (local, ty) in all.into_iter().enumerate() {
            let Some(ty) = types.of(&mut dwarf, ty) else { continue };
            let is_parameter = local < parameters.len();
            let tag = if is_parameter { dw::DW_TAG_formal_parameter } else { dw::DW_TAG_variable };
            let named = locals.get(&(index.as_u32(), local as u32));
            let name = named.map_or_else(|| format!("local{local}"), |name| name.replace('\0', ""));
            let name = dwarf.strings.add(name);
            let mut place = Expression::new();
            place.op_wasm_local(local as u32);
            place.op(dw::DW_OP_stack_value);
            let entry = dwarf.unit.add(function, tag);
            let entry = dwarf.unit.get_mut(entry);
            entry.set(dw::DW_AT_name, AttributeValue::StringRef(name));
            entry.set(dw::DW_AT_type, AttributeValue::UnitRef(ty));
            entry.set(dw::DW_AT_location, AttributeValue::Exprloc(place));
        }
    }
    let mut sections = Sections::new(EndianVec::new(LittleEndian));
    dwarf.write(&mut sections).ok()?;
    let mut output = wasm.to_vec();
    let _ = sections.for_each(|id, section| {
        if !section.slice().is_empty() {
            append_custom(&mut output, id.name(), section.slice());
        }
        Ok::<(), std::convert::Infallible>(())
    });
    Some(output)
}

fn write_rows(
    program: &mut LineProgram,
    file: FileId,
    start: u64,
    end: u64,
    places: &[TextPlace],
    address: impl Fn(u64) -> u64,
) {
    program.begin_sequence(Some(Address::Constant(start)));
    let mut line = None;
    for (index, place) in places.iter().enumerate() {
        let row = program.row();
        // The declarations of locals belong to the first line too.
        row.address_offset = if index == 0 { 0 } else { address(place.offset) - start };
        row.file = file;
        row.line = place.line.into();
        row.column = place.column.into();
        row.is_statement = line != Some(place.line);
        line = Some(place.line);
        program.generate_row();
    }
    program.end_sequence(end - start);
}

/// The types of numbers, as far as they are used.
#[derive(Default)]
struct Types([Option<UnitEntryId>; 4]);

impl Types {
    /// `None` for what no debugger knows.
    fn of(&mut self, dwarf: &mut DwarfUnit, ty: ValType) -> Option<UnitEntryId> {
        let (index, name, encoding, size): (usize, &str, DwAte, u8) = match ty {
            ValType::I32 => (0, "i32", DW_ATE_signed, 4),
            ValType::I64 => (1, "i64", DW_ATE_signed, 8),
            ValType::F32 => (2, "f32", DW_ATE_float, 4),
            ValType::F64 => (3, "f64", DW_ATE_float, 8),
            _ => return None,
        };
        if self.0[index].is_none() {
            let id = dwarf.unit.add(dwarf.unit.root(), dw::DW_TAG_base_type);
            let name = dwarf.strings.add(name);
            let entry = dwarf.unit.get_mut(id);
            entry.set(dw::DW_AT_name, AttributeValue::StringRef(name));
            entry.set(dw::DW_AT_encoding, AttributeValue::Encoding(encoding));
            entry.set(dw::DW_AT_byte_size, AttributeValue::Data1(size));
            self.0[index] = Some(id);
        }
        self.0[index]
    }
}

/// The names of locals, by function and local, as far as the section is well-formed.
fn local_names(wasm: &[u8]) -> HashMap<(u32, u32), &str> {
    let mut found = HashMap::new();
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        let Payload::CustomSection(custom) = payload else { continue };
        let KnownCustom::Name(section) = custom.as_known() else { continue };
        for subsection in section.into_iter().map_while(Result::ok) {
            let Name::Local(functions) = subsection else { continue };
            for IndirectNaming { index, names } in functions.into_iter().map_while(Result::ok) {
                let names = names.into_iter().map_while(Result::ok);
                found.extend(names.map(|naming| ((index, naming.index), naming.name)));
            }
        }
    }
    found
}

/// Appends a custom section to a module (core specification, 5.5.3).
fn append_custom(module: &mut Vec<u8>, name: &str, contents: &[u8]) {
    let mut section = Vec::with_capacity(contents.len() + 20);
    crate::object::encode::unsigned(&mut section, name.len() as u64);
    section.extend_from_slice(name.as_bytes());
    section.extend_from_slice(contents);
    module.push(0);
    crate::object::encode::unsigned(module, section.len() as u64);
    module.extend_from_slice(&section);
}
