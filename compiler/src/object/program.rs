//! [`Plan`] and code → the program's [`Unit`].
//!
//! All read-only data is in one section that begins with the program header, which is also the anchor of funcrefs: so a
//! place in it is a constant, and the address of a function relative to it is an ordinary PC-relative relocation
//! wherever it stands.
//!
//! ```text
//! .rodata.wasm   header │ blobs that code names │ record │ tables │ memories │ images │
//!                script │ functions │ sites │ source places │ names │ filter
//! .text.wasm     functions in the order of the plan, then glue; or in the order of a profile
//! .wasm.image    whole pages of initial memory
//! .note.wasmc    grants
//! .eh_frame      how to unwind every function
//! .wasm.profile  zeros over which the profile is mapped, in programs that count
//! .wasm.embedded embedded files: only their size, since the executable is where their bytes are read to
//! ```

use std::borrow::Cow;
use std::collections::HashMap;
use std::mem::offset_of;

use cranelift_codegen::isa::unwind::{UnwindInfo, systemv};
use cranelift_entity::EntityRef;
use gimli::write::RelocationTarget;
use indexmap::IndexSet;
use wasmc_abi::embed::CONTENTS_ALIGN;
use wasmc_abi::exception::{ANY_TAG, Handler, HandlerSite};
use wasmc_abi::grants::Use;
use wasmc_abi::harden::REQUIRE;
use wasmc_abi::invoke::RESULTS;
use wasmc_abi::layout::{
    FUNCREF_SIZE, MAX_PAGE_SIZE, MEMORY_EXPLICIT, MEMORY_SHARED, MemoryRecord, SLOT_BYTES, TableRecord,
};
use wasmc_abi::library::area_bytes;
use wasmc_abi::profile;
use wasmc_abi::program::{
    ABI_VERSION, IMAGE_COPY, IMAGE_FIXED, IMAGE_MOVE, Image, ProgramHeader, STEP_CALL, STEP_END, STEP_MEMORY,
    STEP_START, STEP_WAIT, ScriptStep as AbiStep,
};
use wasmc_abi::source::{NO_NAME, NO_PLACES, SourcePlace};
use wasmc_abi::symbols;
use wasmc_abi::trap::{FunctionEntry, NO_SITES, NOT_WASM};
use wasmc_abi::wasi;
use wasmparser::ValType;

use super::contents::{Piece, pieces};
use super::encode::{Encode, signed, unsigned};
use super::filter::filter;
use super::machine::Machine;
use super::note;
use super::unit::{Relocation, Section, SectionId, SectionKind, Symbol, SymbolId, SymbolKind, Unit};
use super::unwind::eh_frame;
use crate::Observer;
use crate::codegen::target::Target;
use crate::codegen::{Code, InlinedSites, describe};
use crate::debug::map::FunctionCode;
use crate::debug::places::Places;
use crate::debug::{self, DebugSection};
use crate::embed::Embedded;
use crate::error::{Error, Result};
use crate::options::{Grants, Harden, Options};
use crate::plan::evaluate::ConstValue;
use crate::plan::ids::{FuncId, MemoryId};
use crate::plan::layout::{Bounds, GlobalPlace, TablePlace, table_limit};
use crate::plan::{FunctionSource, Main, Plan, ScriptStep, Table};
use crate::profile::{Counting, Profiling, Template, profile_order, template};
use crate::translate::names::{Name, RuntimeFunction, Unique};

/// Puts a program together.
pub fn assemble(
    plan: &Plan<'_>,
    codes: Vec<Code>,
    target: &Target,
    options: &Options,
    embedded: Option<&Embedded>,
    observer: &dyn Observer,
) -> Result<Unit<'static>> {
    let mut assembler = Assembler {
        plan,
        machine: target.machine,
        unit: Unit::default(),
        symbols: HashMap::new(),
        rodata: Rodata { relative_32: target.machine.relative_32(), bytes: Vec::new(), relocations: Vec::new() },
        image: Vec::new(),
        images: Vec::new(),
    };
    let [rodata, text, image, note] = assembler.add_sections();
    let codes = in_order(plan, codes)?;
    let mut functions = assembler.add_code(text, codes)?;

    let mut header = ProgramHeader {
        abi_version: ABI_VERSION,
        cpu_level: target.level.number(),
        record_base: plan.layout.record_base,
        record_size: plan.layout.record_size,
        stack_size: options.stack_size,
        memories: 0,
        memory_count: plan.memories.len() as u32,
        tables: plan.layout.table_records_offset,
        table_count: plan.layout.table_records,
        function_count: functions.entries.len() as u32,
        code_size: functions.code_size,
        max_threads: options.max_threads,
        stack_limit: plan.layout.stack_limit.unwrap_or_default(),
        imports: plan.layout.host_imports,
        import_count: if plan.host_imports.is_empty() { 0 } else { 1 + plan.host_imports.len() as u32 },
        area_align: match plan.main {
            Main::Library(_) => area_bytes(plan.layout.record_size, options.stack_size).next_power_of_two(),
            _ => 0,
        },
        ..ProgramHeader::default()
    };
    assembler.rodata.bytes.resize(size_of::<ProgramHeader>(), 0);
    assembler.define(Name::FuncrefAnchor(Unique), rodata, 0);
    assembler.add_blobs(rodata, &functions.names);
    assembler.add_record();
    assembler.add_tables();
    assembler.add_memories(image);

    header.image_count = assembler.images.len() as u32;
    header.images = assembler.rodata.add_all(&std::mem::take(&mut assembler.images)) as i32;
    assembler.add_entry(&mut header);
    header.functions = assembler.rodata.add_all(&functions.entries) as i32;
    header.sites = assembler.rodata.add(&functions.sites, 1) as i32;
    assembler.add_exceptions(&mut header, &mut functions);
    let mut debug = if options.debug_info {
        observer.phase("translate debug information");
        debug::translate(plan, &functions.debug, target.machine)
    } else {
        debug::Debug::default()
    };
    for (entry, inlined) in &functions.inlined {
        debug.places.add_inlined(plan, *entry, inlined);
    }
    debug.notes.iter().for_each(|note| observer.note(note));
    assembler.add_places(&mut header, &mut functions, &debug.places);
    header.names = assembler.rodata.add(&functions.function_names, 1) as i32;
    assembler.rodata.relative(offset_of!(ProgramHeader, code), functions.text_symbol, 0);
    if let Profiling::Generate(counting) = &plan.profile {
        assembler.add_profile(&mut header, counting)?;
    }
    header.grants_size = assembler.add_note(note, target, options, embedded);
    if let Some(embedded) = embedded {
        assembler.add_embedded(&mut header, embedded);
    }
    if !matches!(plan.main, Main::Library(_)) {
        assembler.add_preparations(&mut header, &options.grants, embedded.is_some());
    }
    // The process of a library is its host's.
    if options.harden != Harden::Off && !matches!(plan.main, Main::Script(_) | Main::Library(_)) {
        assembler.add_hardening(&mut header, options.harden);
    }
    for sections in debug.instances {
        assembler.add_debug(functions.text_symbol, sections);
    }
    assembler.finish([rodata, text, image], &header, functions)
}

/// The functions as they are laid out: as a profile says, if there is one. What is no function of a module stays behind
/// those that ran.
fn in_order(plan: &Plan<'_>, mut codes: Vec<Code>) -> Result<Vec<Code>> {
    let bytes: HashMap<FuncId, u64> = codes
        .iter()
        .filter_map(|code| match code.name {
            Name::Function(id) => Some((id, code.bytes.len() as u64)),
            _ => None,
        })
        .collect();
    if let Some(order) = profile_order(plan, |id| bytes.get(&id).copied().unwrap_or(0))? {
        codes.sort_by_key(|code| match code.name {
            Name::Function(id) => order.rank(id),
            _ => order.rank_of_unknown(),
        });
    }
    Ok(codes)
}

/// The numbers of the sites of a function: see [`wasmc_abi::source`] for their form.
fn encode_numbers(bytes: &mut Vec<u8>, numbers: &[u32]) {
    let mut previous = 0;
    for same in numbers.chunk_by(|one, next| one == next) {
        let (mut delta, mut count) = (i64::from(same[0]) - i64::from(previous), same.len() as u64);
        if delta != 0 {
            signed(bytes, delta);
            (delta, count) = (0, count - 1);
        }
        if count > 0 {
            signed(bytes, delta);
            unsigned(bytes, count);
        }
        previous = same[0];
    }
}

/// The size of all code, if it is not too large.
pub(super) fn check_code_size(bytes: usize, machine: Machine) -> Result<u32> {
    let limit = machine.max_code_size();
    if bytes > limit {
        let mebibytes = limit.div_ceil(1 << 20);
        return Err(Error::unsupported(format!("the program has more than {mebibytes} MiB of code")));
    }
    Ok(bytes as u32)
}

struct Assembler<'p> {
    plan: &'p Plan<'p>,
    machine: Machine,
    unit: Unit<'static>,
    symbols: HashMap<Name, SymbolId>,
    rodata: Rodata,
    /// Contents of the image section.
    image: Vec<u8>,
    images: Vec<Image>,
}

/// What comes of the code.
struct Functions {
    text: Vec<u8>,
    relocations: Vec<Relocation>,
    text_symbol: SymbolId,
    code_size: u32,
    entries: Vec<FunctionEntry>,
    sites: Vec<u8>,
    handler_sites: Vec<HandlerSite>,
    handlers: Vec<Handler>,
    /// Each way to save registers once, and which one each function has.
    frames: IndexSet<Vec<u8>>,
    function_frames: Vec<u16>,
    function_names: Vec<u8>,
    unwind: Vec<(u32, systemv::UnwindInfo)>,
    /// What debug information needs, if it is wanted.
    debug: Vec<FunctionCode>,
    /// Functions that others were inlined into, by their place in `entries`.
    inlined: Vec<(usize, InlinedSites)>,
    /// Data that code refers to, in the order of first use.
    names: Vec<Name>,
}

/// Bytes of the read-only section under construction.
struct Rodata {
    /// The relocation that makes a word relative.
    relative_32: u32,
    bytes: Vec<u8>,
    relocations: Vec<Relocation>,
}

impl Rodata {
    /// Appends bytes and gives their offset.
    fn add(&mut self, bytes: &[u8], align: usize) -> usize {
        let offset = self.bytes.len().next_multiple_of(align);
        self.bytes.resize(offset, 0);
        self.bytes.extend_from_slice(bytes);
        offset
    }

    /// Appends structures and gives the offset of the first.
    fn add_all(&mut self, items: &[impl Encode]) -> usize {
        let offset = self.add(&[], 16);
        for item in items {
            item.encode(&mut self.bytes);
        }
        offset
    }

    /// Makes the word at `offset` the place of a symbol relative to the section's start.
    fn relative(&mut self, offset: usize, symbol: SymbolId, addend: u64) {
        self.relocations.push(Relocation {
            offset: offset as u32,
            r_type: self.relative_32,
            symbol,
            // The relocation counts from the place itself.
            addend: (offset as u64 + addend) as i64,
        });
    }
}

impl Assembler<'_> {
    fn add_sections(&mut self) -> [SectionId; 4] {
        let mut section = |name: &'static str, kind, align| {
            let (data, relocations) = (Cow::Borrowed(&[][..]), Vec::new());
            self.unit.sections.push(Section { name: Cow::Borrowed(name), kind, align, data, size: 0, relocations })
        };
        let rodata = section(".rodata.wasm", SectionKind::ReadOnly, 64);
        let text = section(".text.wasm", SectionKind::Text, 64);
        let image = section(".wasm.image", SectionKind::Image, MAX_PAGE_SIZE);
        let note = section(wasmc_abi::grants::SECTION, SectionKind::Note, 4);
        for name in [symbols::PROGRAM, symbols::FUNCREF_ANCHOR] {
            self.unit.symbols.push(Symbol {
                name: name.to_owned(),
                kind: SymbolKind::Data,
                global: true,
                exported: false,
                place: Some((rodata, 0)),
                size: 0,
            });
        }
        [rodata, text, image, note]
    }

    fn symbol(&mut self, name: Name) -> SymbolId {
        if let Some(&symbol) = self.symbols.get(&name) {
            return symbol;
        }
        let runtime = match name {
            Name::Runtime(function) => Some(function.symbol().to_owned()),
            Name::Native(id) => match &self.plan.functions[id].source {
                FunctionSource::Native { symbol, .. } => Some(symbol.clone()),
                _ => None,
            },
            Name::Wasi(index) => Some(format!("{}{}", symbols::WASI_PREFIX, wasi::FUNCTIONS[index.index()].name)),
            _ => None,
        };
        let kind = match name {
            Name::Data(_)
            | Name::Elements(_)
            | Name::Table(_)
            | Name::Funcref(_)
            | Name::UnknownImport(_)
            | Name::Signature(_)
            | Name::FuncrefAnchor(_)
            | Name::Counters(_) => SymbolKind::Data,
            _ => SymbolKind::Function,
        };
        let global = runtime.is_some();
        let exported = matches!(name, Name::Api(_));
        let symbol = self.unit.symbols.push(Symbol {
            name: runtime.unwrap_or_default(),
            kind,
            global: global || exported,
            exported,
            place: None,
            size: 0,
        });
        self.symbols.insert(name, symbol);
        symbol
    }

    fn define(&mut self, name: Name, section: SectionId, offset: u64) {
        let symbol = self.symbol(name);
        self.unit.symbols[symbol].place = Some((section, offset));
    }

    /// Lays the functions out one after the other.
    fn add_code(&mut self, section: SectionId, codes: Vec<Code>) -> Result<Functions> {
        let text_symbol = self.unit.section_symbol(section);
        let total: usize = codes.iter().map(|code| code.bytes.len() + code.align as usize).sum();
        let mut functions = Functions {
            text: Vec::with_capacity(total),
            relocations: Vec::with_capacity(codes.iter().map(|code| code.relocations.len()).sum()),
            text_symbol,
            code_size: 0,
            entries: Vec::with_capacity(codes.len()),
            sites: Vec::new(),
            handler_sites: Vec::new(),
            handlers: Vec::new(),
            frames: IndexSet::new(),
            function_frames: Vec::with_capacity(codes.len()),
            function_names: Vec::new(),
            unwind: Vec::with_capacity(codes.len()),
            debug: Vec::new(),
            inlined: Vec::new(),
            names: Vec::new(),
        };
        for code in codes {
            let padded = functions.text.len().next_multiple_of(code.align as usize);
            functions.text.resize(padded, self.machine.filler());
            let start = check_code_size(padded + code.bytes.len(), self.machine)? - code.bytes.len() as u32;
            let size = code.bytes.len() as u64;
            // A NUL would end the name, in the symbol table as in the blob.
            let title = describe(self.plan, code.name).replace('\0', "");
            self.define(code.name, section, start.into());
            let symbol = self.symbol(code.name);
            self.unit.symbols[symbol].size = size;
            let index = match code.name {
                Name::Function(id) => match self.plan.functions[id].source {
                    FunctionSource::Body { index, .. } => index.index() as u32,
                    _ => NOT_WASM,
                },
                _ => NOT_WASM,
            };
            functions.entries.push(FunctionEntry {
                code_offset: start,
                name: functions.function_names.len() as u32,
                sites: code.sites.map_or(NO_SITES, |sites| {
                    let offset = functions.sites.len() as u32;
                    functions.sites.extend(sites);
                    offset
                }),
                index,
            });
            if let Some(inlined) = code.inlined {
                functions.inlined.push((functions.entries.len() - 1, inlined));
            }
            let (frame, _) = functions.frames.insert_full(code.saved);
            functions.function_frames.push(frame as u16);
            for call in code.handlers {
                functions.handler_sites.push(HandlerSite {
                    return_offset: start + call.return_offset,
                    frame_bytes: call.frame_bytes,
                    first: functions.handlers.len() as u32,
                    count: call.handlers.len() as u32,
                });
                functions.handlers.extend(call.handlers.into_iter().map(|(tag, offset)| Handler {
                    tag: tag.map_or(ANY_TAG, |tag| tag.index() as u32),
                    code_offset: start + offset,
                }));
            }
            functions.function_names.extend_from_slice(title.as_bytes());
            functions.function_names.push(0);
            self.unit.symbols[symbol].name = title;

            functions.text.extend_from_slice(&code.bytes);
            for relocation in code.relocations {
                if !self.symbols.contains_key(&relocation.target) {
                    functions.names.push(relocation.target);
                }
                functions.relocations.push(Relocation {
                    offset: start + relocation.offset,
                    r_type: relocation.r_type,
                    symbol: self.symbol(relocation.target),
                    addend: relocation.addend,
                });
            }
            if let Some(UnwindInfo::SystemV(unwind)) = code.unwind {
                functions.unwind.push((start, unwind));
            }
            if let (Name::Function(id), Some(debug)) = (code.name, code.debug) {
                functions.debug.push(FunctionCode {
                    id,
                    start,
                    size: size as u32,
                    entry: functions.entries.len() - 1,
                    debug,
                });
            }
        }
        functions.code_size = functions.text.len() as u32;
        Ok(functions)
    }

    /// What catches what, and the names of tags, which go behind those of functions.
    fn add_exceptions(&mut self, header: &mut ProgramHeader, functions: &mut Functions) {
        if self.plan.tags.is_empty() {
            return;
        }
        let names = &mut functions.function_names;
        let mut tag_names = Vec::new();
        for tag in self.plan.tags.values() {
            tag_names.extend_from_slice(&(names.len() as u32).to_le_bytes());
            names.extend_from_slice(tag.name.replace('\0', "").as_bytes());
            names.push(0);
        }
        header.tag_names = self.rodata.add(&tag_names, 4) as i32;
        header.handler_sites = self.rodata.add_all(&functions.handler_sites) as i32;
        header.handler_site_count = functions.handler_sites.len() as u32;
        header.handlers = self.rodata.add_all(&functions.handlers) as i32;
        header.frames = self.rodata.add(&functions.frames.iter().flatten().copied().collect::<Vec<u8>>(), 1) as i32;
        let function_frames: Vec<u8> = functions.function_frames.iter().flat_map(|frame| frame.to_le_bytes()).collect();
        header.function_frames = self.rodata.add(&function_frames, 2) as i32;
    }

    /// Which lines the sites come from. The names of files and of inlined functions go behind those of functions.
    fn add_places(&mut self, header: &mut ProgramHeader, functions: &mut Functions, places: &Places) {
        if places.places.is_empty() {
            return;
        }
        let names = &mut functions.function_names;
        let mut offsets: HashMap<&str, u32> = HashMap::new();
        let number = |index: &Option<usize>| index.map_or(0, |index| index as u32 + 1);
        let mut encoded = Vec::with_capacity(places.places.len());
        for place in &places.places {
            let mut name = |name| {
                *offsets.entry(name).or_insert_with(|| {
                    let offset = names.len() as u32;
                    names.extend(name.bytes().filter(|&byte| byte != 0).chain([0]));
                    offset
                })
            };
            encoded.push(SourcePlace {
                file: place.file.as_deref().map_or(NO_NAME, &mut name),
                line: place.line,
                column: place.column,
                function: place.function.as_deref().map_or(NO_NAME, &mut name),
                caller: number(&place.caller),
            });
        }

        let mut function_places = vec![NO_PLACES; functions.entries.len()];
        let mut site_places = Vec::new();
        for (function, sites) in &places.sites {
            function_places[*function] = site_places.len() as u32;
            let numbers: Vec<u32> = sites.iter().map(number).collect();
            encode_numbers(&mut site_places, &numbers);
        }
        let function_places: Vec<u8> = function_places.iter().flat_map(|offset| offset.to_le_bytes()).collect();
        header.function_places = self.rodata.add(&function_places, 4) as i32;
        header.site_places = self.rodata.add(&site_places, 1) as i32;
        header.source_places = self.rodata.add_all(&encoded) as i32;
        header.source_place_count = encoded.len() as u32;
    }

    /// The data that code refers to.
    fn add_blobs(&mut self, section: SectionId, names: &[Name]) {
        for &name in names {
            let offset = match name {
                Name::Data(id) => self.rodata.add(self.plan.data[id].bytes, 16),
                Name::Elements(id) => self.add_funcrefs(&self.plan.elements[id].items),
                Name::Table(id) => {
                    let table = &self.plan.tables[id];
                    let entries: Vec<ConstValue> = table.initial_entries().collect();
                    self.add_funcrefs(&entries)
                }
                Name::Funcref(id) => self.add_funcrefs(&[ConstValue::Function(id)]),
                Name::UnknownImport(id) => match &self.plan.functions[id].source {
                    FunctionSource::Unknown { import } => {
                        let bytes: Vec<u8> = import.bytes().filter(|&byte| byte != 0).chain([0]).collect();
                        self.rodata.add(&bytes, 1)
                    }
                    _ => unreachable!("only unknown imports report their name"),
                },
                Name::Signature(id) => {
                    let signature = self.signature(id);
                    self.rodata.add(&signature, 1)
                }
                _ => continue,
            };
            self.define(name, section, offset as u64);
        }
    }

    /// The signature of a function that is invoked, as the runtime reads it.
    fn signature(&self, id: FuncId) -> Vec<u8> {
        let letter = |ty: &ValType| match ty {
            ValType::I32 => b'i',
            ValType::I64 => b'I',
            ValType::F32 => b'f',
            ValType::F64 => b'F',
            ValType::V128 => b'v',
            ValType::Ref(_) => unreachable!("functions with references are not invoked"),
        };
        let ty = self.plan.types.get(self.plan.functions[id].ty);
        let (parameters, results) = (ty.params().iter().map(letter), ty.results().iter().map(letter));
        parameters.chain([RESULTS]).chain(results).chain([0]).collect()
    }

    /// Appends references as words.
    fn add_funcrefs(&mut self, values: &[ConstValue]) -> usize {
        let offset = self.rodata.add(&[], 16);
        self.rodata.bytes.resize(offset + values.len() * FUNCREF_SIZE as usize, 0);
        for (index, &value) in values.iter().enumerate() {
            self.put_reference(offset + index * FUNCREF_SIZE as usize, value);
        }
        offset
    }

    /// Writes one reference into the section.
    fn put_reference(&mut self, offset: usize, value: ConstValue) {
        match value {
            ConstValue::Bits(bits) => {
                self.rodata.bytes[offset..offset + 8].copy_from_slice(&(bits as u64).to_le_bytes());
            }
            ConstValue::Function(function) => self.put_funcref(offset, function),
        }
    }

    fn put_funcref(&mut self, offset: usize, function: FuncId) {
        let symbol = self.symbol(Name::Function(function));
        self.rodata.relative(offset, symbol, 0);
        let type_id = self.plan.types.runtime_numbers(self.plan.functions[function].ty).start;
        self.rodata.bytes[offset + 4..offset + 8].copy_from_slice(&type_id.to_le_bytes());
    }

    /// The initial contents of the record.
    fn add_record(&mut self) {
        let plan = self.plan;
        let start = self.rodata.add(&[], 64);
        self.rodata.bytes.resize(start + plan.layout.record_used as usize, 0);
        let put = |rodata: &mut Rodata, offset: u32, item: &[u8]| {
            let at = start + offset as usize;
            rodata.bytes[at..at + item.len()].copy_from_slice(item);
        };
        for (id, memory) in plan.memories.iter() {
            let place = plan.layout.memories[id];
            let mut bytes = Vec::new();
            MemoryRecord {
                base: place.base.unwrap_or(0),
                length: memory.minimum,
                maximum: memory.limit,
                reserved: place.reserved,
                flags: if place.base.is_some() || place.reserved != 0 { 0 } else { MEMORY_EXPLICIT }
                    | if memory.shared { MEMORY_SHARED } else { 0 },
                page_size_log2: memory.page_size_log2,
            }
            .encode(&mut bytes);
            put(&mut self.rodata, place.record, &bytes);
        }
        for (id, table) in plan.tables.iter() {
            match plan.layout.tables[id] {
                TablePlace::ReadOnly => {}
                TablePlace::InRecord(offset) => {
                    for (index, value) in table.initial_entries().enumerate() {
                        self.put_reference(start + offset as usize + index * FUNCREF_SIZE as usize, value);
                    }
                }
                TablePlace::Slot { record, base } => {
                    let maximum = table_limit(table);
                    let reserved = (maximum * u64::from(FUNCREF_SIZE)).next_multiple_of(MAX_PAGE_SIZE);
                    let mut bytes = Vec::new();
                    TableRecord { base, length: table.minimum, maximum, reserved }.encode(&mut bytes);
                    put(&mut self.rodata, record, &bytes);
                }
            }
        }
        for (id, global) in plan.globals.iter() {
            if let GlobalPlace::Record(offset) = plan.layout.globals[id] {
                match global.initial {
                    // Narrower values have zeros above.
                    ConstValue::Bits(bits) if global.ty == ValType::V128 => {
                        put(&mut self.rodata, offset, &bits.to_le_bytes());
                    }
                    value => self.put_reference(start + offset as usize, value),
                }
            }
        }
        for (id, data) in plan.data.iter() {
            if let Some(offset) = plan.layout.data_lengths[id] {
                put(&mut self.rodata, offset, &(data.bytes.len() as u64).to_le_bytes());
            }
        }
        for (id, elements) in plan.elements.iter() {
            if let Some(offset) = plan.layout.element_lengths[id] {
                put(&mut self.rodata, offset, &(elements.items.len() as u64).to_le_bytes());
            }
        }
        if plan.layout.record_used > 0 {
            self.images.push(Image {
                destination: plan.layout.record_base,
                size: plan.layout.record_used.into(),
                source: start as i32,
                memory: IMAGE_FIXED,
                kind: IMAGE_COPY,
                reserved: 0,
            });
        }
    }

    /// Initial entries of tables that have a slot.
    fn add_tables(&mut self) {
        let plan = self.plan;
        for (id, table) in plan.tables.iter() {
            let TablePlace::Slot { base, .. } = plan.layout.tables[id] else { continue };
            let entries = slot_entries(table);
            if !entries.is_empty() {
                let source = self.add_funcrefs(&entries) as i32;
                let size = entries.len() as u64 * u64::from(FUNCREF_SIZE);
                let (memory, kind) = (IMAGE_FIXED, IMAGE_COPY);
                self.images.push(Image { destination: base, size, source, memory, kind, reserved: 0 });
            }
        }
    }

    fn add_memories(&mut self, image: SectionId) {
        let plan = self.plan;
        let image_symbol = self.unit.section_symbol(image);
        let mut moved: Vec<(usize, u64)> = Vec::new();
        for (id, memory) in plan.memories.iter() {
            let contents = memory.contents.iter().map(|&(offset, data)| (offset, plan.data[data].bytes));
            let place = plan.layout.memories[id];
            let memory_number = place.base.map_or(MemoryId::index(id) as u32, |_| IMAGE_FIXED);
            let base = place.base.unwrap_or(0);
            // Whole pages may be mapped where the memory has whole pages, and where it stays.
            let is_mapped = place.base.is_some() && place.bounds != Bounds::Compared;
            for piece in pieces(contents) {
                let (offset, bytes, kind) = match &piece {
                    Piece::Pages(offset, bytes) if is_mapped => (*offset, &bytes[..], IMAGE_MOVE),
                    Piece::Pages(offset, bytes) | Piece::Copy(offset, bytes) => {
                        // The last page of a memory that is counted in bytes ends behind it.
                        let inside = (memory.minimum - offset).min(bytes.len() as u64);
                        (*offset, &bytes[..inside as usize], IMAGE_COPY)
                    }
                };
                let source = if kind == IMAGE_MOVE {
                    moved.push((self.images.len(), self.image.len() as u64));
                    self.image.extend_from_slice(bytes);
                    0
                } else {
                    self.rodata.add(bytes, 16) as i32
                };
                let (destination, size) = (base + offset, bytes.len() as u64);
                self.images.push(Image { destination, size, source, memory: memory_number, kind, reserved: 0 });
            }
        }
        // Where a moved image lies is known when the sections are placed.
        let images_start = self.rodata.bytes.len().next_multiple_of(16);
        for (index, offset) in moved {
            let field = images_start + index * size_of::<Image>() + std::mem::offset_of!(Image, source);
            self.rodata.relative(field, image_symbol, offset);
        }
    }

    /// The note with the grants. Gives the size of its descriptor.
    fn add_note(&mut self, section: SectionId, target: &Target, options: &Options, embedded: Option<&Embedded>) -> u32 {
        let symbol = self.unit.section_symbol(section);
        let note = note::note(self.plan, target, options, embedded);
        self.rodata.relative(offset_of!(ProgramHeader, grants), symbol, note.descriptor as u64);
        let size = note.bytes.len() - note.descriptor;
        let section = &mut self.unit.sections[section];
        section.size = note.bytes.len() as u64;
        section.data = Cow::Owned(note.bytes);
        size as u32
    }

    /// What the executable does.
    fn add_entry(&mut self, header: &mut ProgramHeader) {
        let plan = self.plan;
        if plan.thread_start.is_some() {
            let start = self.symbol(Name::ThreadStart(Unique));
            self.rodata.relative(offset_of!(ProgramHeader, thread_start), start, 0);
        }
        let main = match &plan.main {
            Main::Command(_) | Main::Invoke(_) | Main::Exports(_) | Main::Library(_) => Name::Main(Unique),
            Main::Script(_) => Name::Runtime(RuntimeFunction::Script),
        };
        let main = self.symbol(main);
        self.rodata.relative(offset_of!(ProgramHeader, main), main, 0);
        let Main::Script(steps) = &plan.main else { return };
        let mut slots: Vec<u8> = Vec::new();
        let mut encoded = Vec::new();
        let mut targets = Vec::new();
        for step in steps {
            let first_argument = slots.len() as u32 / SLOT_BYTES;
            let mut encode = AbiStep { kind: STEP_CALL, first_argument, ..AbiStep::default() };
            match step {
                ScriptStep::Instantiate(instance) => targets.push((encoded.len(), Name::Instantiate(*instance))),
                ScriptStep::Invoke { function, arguments } => {
                    slots.extend(arguments.iter().flat_map(|argument| argument.to_le_bytes()));
                    encode.argument_count = arguments.len() as u32;
                    encode.result_count = plan.types.get(plan.functions[*function].ty).results().len() as u32;
                    targets.push((encoded.len(), Name::ArrayCall(*function)));
                }
                ScriptStep::GlobalGet(global) => {
                    encode.result_count = 1;
                    targets.push((encoded.len(), Name::GlobalGetter(*global)));
                }
                ScriptStep::Memory(memory) => {
                    encode.kind = STEP_MEMORY;
                    encode.target = memory.index() as i32;
                    encode.result_count = 1;
                }
                ScriptStep::Start(end) => (encode.kind, encode.target) = (STEP_START, *end as i32),
                ScriptStep::End => encode.kind = STEP_END,
                ScriptStep::Wait(end) => (encode.kind, encode.target) = (STEP_WAIT, *end as i32),
            }
            encoded.push(encode);
        }
        if steps.iter().any(|step| matches!(step, ScriptStep::Start(_))) {
            let symbol = self.symbol(Name::Runtime(RuntimeFunction::ScriptThread));
            self.rodata.relative(offset_of!(ProgramHeader, script_thread), symbol, 0);
        }
        header.script_count = encoded.len() as u32;
        header.script_slots = self.rodata.add(&slots, 16) as i32;
        header.script = self.rodata.add_all(&encoded) as i32;
        for (index, name) in targets {
            let symbol = self.symbol(name);
            let field = header.script as usize + index * size_of::<AbiStep>() + std::mem::offset_of!(AbiStep, target);
            self.rodata.relative(field, symbol, 0);
        }
    }

    /// The debug information of one instance. Each has its own sections, which linkers put one behind the other.
    fn add_debug(&mut self, text: SymbolId, sections: Vec<DebugSection>) {
        let mut symbols = HashMap::new();
        for section in &sections {
            let id = self.unit.sections.push(Section {
                name: Cow::Borrowed(section.id.name()),
                kind: SectionKind::Unloaded,
                align: 1,
                data: Cow::Borrowed(&[]),
                size: section.bytes.len() as u64,
                relocations: Vec::new(),
            });
            symbols.insert(section.id, (id, self.unit.section_symbol(id)));
        }
        for section in sections {
            let mut relocations: Vec<Relocation> = section
                .relocations
                .into_iter()
                .map(|relocation| Relocation {
                    offset: relocation.offset as u32,
                    r_type: match relocation.size {
                        8 => self.machine.absolute_64(),
                        _ => self.machine.absolute_32(),
                    },
                    symbol: match relocation.target {
                        RelocationTarget::Symbol(_) => text,
                        RelocationTarget::Section(target) => symbols[&target].1,
                    },
                    addend: relocation.addend,
                })
                .collect();
            relocations.sort_unstable_by_key(|relocation| relocation.offset);
            let target = &mut self.unit.sections[symbols[&section.id].0];
            target.data = Cow::Owned(section.bytes);
            target.relocations = relocations;
        }
    }

    /// What the runtime has to know of the profile, and its place in memory.
    fn add_profile(&mut self, header: &mut ProgramHeader, counting: &Counting) -> Result<()> {
        let Template { bytes, codes, words, file_bytes } = template(self.plan, counting)?;
        let path = counting.path.as_ref();
        let program = profile::Program {
            template: self.rodata.add(&bytes, 8) as i32,
            template_bytes: bytes.len() as u32,
            file_bytes,
            path: path.map_or(0, |path| self.rodata.add(path.as_bytes(), 1) as i32),
            path_bytes: path.map_or(0, |path| path.len() as u32),
            ..profile::Program::default()
        };
        header.profile = self.rodata.add_all(&[program]) as i32;

        let section = self.unit.sections.push(Section {
            name: Cow::Borrowed(".wasm.profile"),
            kind: SectionKind::Bss,
            align: MAX_PAGE_SIZE,
            data: Cow::Borrowed(&[]),
            // Nothing else may be on its pages.
            size: u64::from(file_bytes).next_multiple_of(MAX_PAGE_SIZE),
            relocations: Vec::new(),
        });
        for (id, offset) in words {
            self.define(Name::Counters(id), section, offset);
        }
        for (id, offset) in codes {
            let function = self.symbol(Name::Function(id));
            self.rodata.relative(program.template as usize + offset, function, 0);
        }
        let place = |field| header.profile as usize + field;
        let file = self.unit.section_symbol(section);
        self.rodata.relative(place(std::mem::offset_of!(profile::Program, file)), file, 0);
        let begin = self.symbol(Name::Runtime(RuntimeFunction::Profile));
        self.rodata.relative(place(std::mem::offset_of!(profile::Program, begin)), begin, 0);
        Ok(())
    }

    /// Room for embedded files, and the code that finds them.
    fn add_embedded(&mut self, header: &mut ProgramHeader, embedded: &Embedded) {
        header.embedded_size = embedded.size;
        let section = self.unit.sections.push(Section {
            name: Cow::Borrowed(wasmc_abi::embed::SECTION),
            kind: SectionKind::Embedded,
            align: CONTENTS_ALIGN,
            data: Cow::Borrowed(&[]),
            size: embedded.size,
            relocations: Vec::new(),
        });
        let symbol = self.unit.section_symbol(section);
        self.rodata.relative(offset_of!(ProgramHeader, embedded), symbol, 0);
        let symbol = self.symbol(Name::Runtime(RuntimeFunction::Embed));
        self.rodata.relative(offset_of!(ProgramHeader, embed), symbol, 0);
    }

    /// What start-up does to grant what is granted, or may be by the environment.
    fn add_preparations(&mut self, header: &mut ProgramHeader, grants: &Grants, has_embedded: bool) {
        let plan = self.plan;
        let is_used = |kind: Use| {
            plan.functions.values().filter(|function| function.live).any(|function| match function.source {
                FunctionSource::Wasi { function, .. } => kind.is_by(wasi::FUNCTIONS[function].name),
                _ => false,
            })
        };
        let needs = |granted: &[String], kind| !granted.is_empty() || (!grants.sealed && is_used(kind));
        let functions = [
            (needs(&grants.variables, Use::Variables), RuntimeFunction::CheckVariables),
            (needs(&grants.directories, Use::Directories), RuntimeFunction::OpenDirectories),
            (has_embedded, RuntimeFunction::MountEmbedded),
            (needs(&grants.listeners, Use::Listeners), RuntimeFunction::OpenListeners),
        ];
        header.preparations = self.rodata.add(&[], 4) as i32;
        for function in functions.into_iter().filter_map(|(is_needed, function)| is_needed.then_some(function)) {
            let place = self.rodata.add(&[0; 4], 4);
            let symbol = self.symbol(Name::Runtime(function));
            self.rodata.relative(place, symbol, 0);
            header.preparation_count += 1;
        }
    }

    /// What the program gives up before it runs. Scripts do not: they are for tests, and need system calls of their
    /// own.
    fn add_hardening(&mut self, header: &mut ProgramHeader, harden: Harden) {
        let filter = filter(self.plan, self.machine);
        header.filter = self.rodata.add_all(&filter.instructions) as i32;
        header.filter_count = filter.instructions.len() as u32;
        header.filter_process = filter.process as u32;
        header.harden_flags = if harden == Harden::Require { REQUIRE } else { 0 };
        let symbol = self.symbol(Name::Runtime(RuntimeFunction::Harden));
        self.rodata.relative(offset_of!(ProgramHeader, harden), symbol, 0);
        if filter.takes_paths {
            let symbol = self.symbol(Name::Runtime(RuntimeFunction::ConfineFiles));
            self.rodata.relative(offset_of!(ProgramHeader, confine_files), symbol, 0);
        }
    }

    fn finish(
        mut self,
        [rodata, text, image]: [SectionId; 3],
        header: &ProgramHeader,
        functions: Functions,
    ) -> Result<Unit<'static>> {
        let mut bytes = Vec::with_capacity(size_of::<ProgramHeader>());
        header.encode(&mut bytes);
        self.rodata.bytes[..bytes.len()].copy_from_slice(&bytes);
        if i32::try_from(self.rodata.bytes.len()).is_err() {
            return Err(Error::unsupported("the program has more than 2 GiB of constant data"));
        }
        self.rodata.relocations.sort_unstable_by_key(|relocation| relocation.offset);
        let mut fill = |id: SectionId, data: Vec<u8>, relocations| {
            let section = &mut self.unit.sections[id];
            section.size = data.len() as u64;
            section.data = Cow::Owned(data);
            section.relocations = relocations;
        };
        fill(rodata, self.rodata.bytes, self.rodata.relocations);
        fill(text, functions.text, functions.relocations);
        fill(image, self.image, Vec::new());
        let text = functions.text_symbol;
        let frames = functions.unwind.iter().map(|(offset, unwind)| (text, *offset, unwind));
        self.unit.sections.push(eh_frame(self.machine, frames));
        Ok(self.unit)
    }
}

/// Reads embedded files into the unit, for an object file.
pub fn fill_embedded(unit: &mut Unit<'_>, embedded: &Embedded) -> Result<()> {
    let section = unit.sections.values_mut().find(|section| section.kind == SectionKind::Embedded);
    let section = section.ok_or_else(|| Error::internal("the object has no place for embedded files"))?;
    let mut block = vec![0; embedded.size as usize];
    embedded.write(&mut block)?;
    section.data = Cow::Owned(block);
    Ok(())
}

/// Entries that a table with a slot begins with, without nulls at the end.
fn slot_entries(table: &Table) -> Vec<ConstValue> {
    const NULL: ConstValue = ConstValue::Bits(0);
    let count = if table.initial == NULL { table.entries.len() as u64 } else { table.minimum };
    let mut entries: Vec<ConstValue> = table.initial_entries().take(count as usize).collect();
    let used = entries.iter().rposition(|&entry| entry != NULL).map_or(0, |last| last + 1);
    entries.truncate(used);
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes are those that the runtime's tests read.
    #[test]
    fn equal_numbers_are_counted() {
        let mut bytes = Vec::new();
        encode_numbers(&mut bytes, &[0, 0, 1, 3, 3, 3, 0, 200]);
        assert_eq!(bytes, [0, 2, 1, 2, 0, 2, 0x7d, 0xc8, 0x01]);
    }
}
