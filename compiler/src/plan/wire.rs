//! What each index of each instance means: imports are resolved to ids of the whole program.

use std::collections::HashMap;

use cpp_demangle::DemangleOptions;
use cranelift_entity::{EntityRef, EntitySet, PrimaryMap};
use rayon::prelude::*;
use wasmc_abi::layout::WASM_PAGE_SIZE;
use wasmc_abi::wasi;
use wasmparser::{FuncType, GlobalType, MemoryType, TableType, ValType};

use super::describe::{describe_kind, describe_memory};
use super::evaluate::{ConstValue, evaluate};
use super::ids::{FuncId, InstanceId, MemoryId};
use super::inline::Inlining;
use super::layout::{LARGEST_GROWN_32, Layout};
use super::library::{self, Names};
use super::types::Types;
use super::{
    Data, Elements, Function, FunctionSource, Global, Instance, InstantiationStep, Main, Memory, Plan, ScriptStep,
    Table, Tag,
};
use crate::error::{Error, Result};
use crate::features::{self, Features};
use crate::native::NativeImport;
use crate::options::Options;
use crate::parse::index::{BodyIndex, FuncIndex, TagIndex};
use crate::parse::uses::{Uses, find_uses};
use crate::parse::{External, Import, Module, SegmentMode};
use crate::profile::Profiling;
use crate::program::{Entry, InstanceSource, Program, Step};
use crate::suggest::did_you_mean;

/// Parses the modules and resolves all imports.
pub fn wire<'a>(program: &Program<'a>, options: &Options) -> Result<Plan<'a>> {
    let modules: Vec<Result<(Module<'a>, PrimaryMap<BodyIndex, Uses>)>> =
        program.instances.par_iter().map(|source| read(source, options.features)).collect();

    let mut plan = Plan {
        instances: PrimaryMap::new(),
        types: Types::default(),
        functions: PrimaryMap::new(),
        tables: PrimaryMap::new(),
        memories: PrimaryMap::new(),
        globals: PrimaryMap::new(),
        tags: PrimaryMap::new(),
        data: PrimaryMap::new(),
        elements: PrimaryMap::new(),
        throwing_types: EntitySet::new(),
        tail_calls: false,
        waits: false,
        thread_start: None,
        layout: Layout::default(),
        host_imports: PrimaryMap::new(),
        main: Main::Command(None),
        ends_with_trap: false,
        profile: Profiling::None,
        inlining: Inlining::default(),
    };
    let mut host_memories = HostMemories::default();
    let mut fields = Names::of_fields();
    for (index, (source, parsed)) in program.instances.iter().zip(modules).enumerate() {
        let (module, uses) = parsed?;
        // In symbols and backtraces, functions of all but the main module say where they are from.
        let is_library = index + 1 < program.instances.len();
        let host = Host {
            fields: &mut fields,
            memories: matches!(program.entry, Entry::Command | Entry::Invoke(_) | Entry::Exports)
                .then_some(&mut host_memories),
            functions: match program.entry {
                Entry::Library { .. } => HostFunctions::Given,
                _ if options.allow_unknown_imports => HostFunctions::Unknown,
                _ => HostFunctions::None,
            },
        };
        plan.add_instance(source, is_library, module, uses, options, host)
            .map_err(|error| error.in_module(&source.name))?;
    }
    check_native_imports(&plan, &options.native_imports)?;
    plan.types.number();
    Ok(plan)
}

/// Refuses what names no import, and two names for one.
fn check_native_imports(plan: &Plan<'_>, natives: &[NativeImport]) -> Result<()> {
    let imports = plan.instances.values().flat_map(|instance| &instance.module.imports);
    let functions = imports.filter(|import| matches!(import.item, External::Function(_)));
    let known: Vec<String> = functions.map(|import| format!("{}.{}", import.module, import.name)).collect();
    for (index, native) in natives.iter().enumerate() {
        let import = &native.import;
        if !known.contains(import) {
            let hint = did_you_mean(import, known.iter().map(String::as_str));
            return Err(Error::usage(format!("no module imports a function '{import}'{hint}")));
        }
        if natives[..index].iter().any(|other| other.import == *import) {
            return Err(Error::usage(format!("two symbols are named for the import '{import}'")));
        }
    }
    Ok(())
}

/// Shared memories that no instance exports, by the names under which they are imported. There is nobody who could give
/// them to an executable, and toolchains make all threaded programs import theirs, so the program defines them.
type HostMemories<'a> = HashMap<(&'a str, &'a str), MemoryId>;

fn read<'a>(source: &InstanceSource<'a>, features: Features) -> Result<(Module<'a>, PrimaryMap<BodyIndex, Uses>)> {
    let read = || {
        let module = Module::parse(source.wasm, features)?;
        let uses = find_uses(&module)?;
        Ok((module, uses))
    };
    read().map_err(|error| features::explain(source.wasm, features, error).in_module(&source.name))
}

impl<'a> Plan<'a> {
    fn add_instance(
        &mut self,
        source: &InstanceSource<'a>,
        is_library: bool,
        module: Module<'a>,
        uses: PrimaryMap<BodyIndex, Uses>,
        options: &Options,
        host: Host<'a, '_>,
    ) -> Result<()> {
        let mut instance = Instance {
            name: source.name.clone(),
            types: self.types.intern(&module)?,
            functions: PrimaryMap::new(),
            tables: PrimaryMap::new(),
            memories: PrimaryMap::new(),
            globals: PrimaryMap::new(),
            tags: PrimaryMap::new(),
            data: PrimaryMap::new(),
            elements: PrimaryMap::new(),
            steps: Vec::new(),
            uses,
            module,
        };
        self.resolve_imports(source, &mut instance, options, host)?;
        self.define_items(&mut instance, is_library)?;
        self.instances.push(instance);
        Ok(())
    }

    fn resolve_imports(
        &mut self,
        source: &InstanceSource<'_>,
        instance: &mut Instance<'a>,
        options: &Options,
        mut host: Host<'a, '_>,
    ) -> Result<()> {
        let mut host_functions = Vec::new();
        // All that one module misses is reported together.
        let mut missing = Vec::new();
        for import in &instance.module.imports.clone() {
            let exporter = source.wiring.iter().find(|(name, _)| name == import.module);
            if let Some((_, exporter)) = exporter {
                match self.link(instance, InstanceId::new(*exporter), import)? {
                    Linked::Yes => continue,
                    Linked::NoSuchExport => {}
                }
            } else if let External::Function(function) = import.item
                && let Some(source) = self.find_host_function(options, instance, import, function)?
            {
                let name = match source {
                    FunctionSource::Wasi { .. } => import.name.to_owned(),
                    _ => format!("{}.{}", import.module, import.name),
                };
                host_functions.push(self.import_function(instance, function, source, name));
                continue;
            } else if let External::Memory(memory) = import.item
                && instance.module.memories[memory].shared
                && let Some(known) = host.memories.as_deref_mut()
            {
                let wanted = instance.module.memories[memory];
                let id = match known.get(&(import.module, import.name)) {
                    Some(&id) => id,
                    None => self.define_memory(wanted, options)?,
                };
                known.insert((import.module, import.name), id);
                if !self.link_memory(instance, id, wanted) {
                    let message = "as different modules import it, the memory is of different types";
                    return Err(Error::link(format!("'{}.{}': {message}", import.module, import.name)));
                }
                continue;
            }
            match import.item {
                External::Function(function) if host.functions != HostFunctions::None => {
                    let name = format!("{}.{}", import.module, import.name);
                    let source = match host.functions {
                        HostFunctions::Given => {
                            let id = self.functions.next_key();
                            let names = (import.module, import.name);
                            let number = library::add_import(&mut self.host_imports, host.fields, names, id);
                            FunctionSource::Host { import: name.clone(), number }
                        }
                        _ => FunctionSource::Unknown { import: name.clone() },
                    };
                    self.import_function(instance, function, source, name);
                }
                _ => missing.push(self.types.describe_import(instance, import)),
            }
        }
        if !missing.is_empty() {
            missing.sort();
            missing.dedup();
            return Err(Error::link(format!("nothing satisfies these imports:\n  {}", missing.join("\n  "))));
        }
        self.define_memories(instance, options)?;
        // WASI works on the memory that the caller exports as `memory`, or else on its first one.
        let memory = match instance.module.exports.get("memory") {
            Some(External::Memory(index)) => Some(instance.memories[*index]),
            _ => instance.memories.values().next().copied(),
        };
        for id in host_functions {
            if let FunctionSource::Wasi { memory: slot, .. } | FunctionSource::Native { memory: slot, .. } =
                &mut self.functions[id].source
            {
                *slot = memory;
            }
        }
        Ok(())
    }

    /// What of this machine's satisfies an import of a function, once the memory that it works on is known.
    fn find_host_function(
        &mut self,
        options: &Options,
        instance: &Instance<'a>,
        import: &Import<'a>,
        function: FuncIndex,
    ) -> Result<Option<FunctionSource>> {
        if let Some(symbol) = find_native(options, import) {
            let ty = instance.types[instance.module.functions[function]];
            check_native_type(self.types.get(ty), import, || self.types.describe_function(ty))?;
            return Ok(Some(FunctionSource::Native { symbol: symbol.to_owned(), memory: None }));
        }
        let Some(found) = find_wasi(import.module, import.name) else { return Ok(None) };
        self.check_wasi_type(found, import, instance.module.function_type(function))?;
        Ok(Some(FunctionSource::Wasi { function: found, memory: None }))
    }

    /// Gives an instance its next function, which no module defines.
    fn import_function(
        &mut self,
        instance: &mut Instance<'a>,
        function: FuncIndex,
        source: FunctionSource,
        name: String,
    ) -> FuncId {
        let ty = instance.types[instance.module.functions[function]];
        let id = self.functions.push(Function { ty, source, name, live: false, referenced: false, throws: false });
        instance.functions.push(id);
        id
    }

    /// Connects an import with the export of the same name of an earlier instance.
    fn link(&mut self, instance: &mut Instance<'a>, exporter: InstanceId, import: &Import<'a>) -> Result<Linked> {
        let exporter = &self.instances[exporter];
        let Some(export) = exporter.module.exports.get(import.name) else {
            return Ok(Linked::NoSuchExport);
        };
        let mismatch = |wanted: String, found: String| {
            Err(Error::link(format!(
                "incompatible import type: '{}.{}' is imported as {wanted}, but {} exports {found}",
                import.module, import.name, exporter.name,
            )))
        };
        match (import.item, *export) {
            (External::Function(wanted), External::Function(found)) => {
                let found = exporter.functions[found];
                let wanted = instance.types[instance.module.functions[wanted]];
                if !self.types.is_subtype(self.functions[found].ty, wanted) {
                    let found = self.functions[found].ty;
                    return mismatch(self.types.describe_function(wanted), self.types.describe_function(found));
                }
                instance.functions.push(found);
            }
            (External::Table(wanted), External::Table(found)) => {
                let id = exporter.tables[found];
                let table = &self.tables[id];
                let wanted = instance.module.tables[wanted].ty;
                let element_type = Types::resolve_reference(wanted.element_type, &instance.types);
                let wanted = TableType { element_type, ..wanted };
                let growable = table.maximum != Some(table.minimum);
                let fits = table.element_type == wanted.element_type
                    && table.has_64_bit_indices == wanted.table64
                    && (wanted.initial <= table.minimum || growable)
                    && maximum_fits(wanted.maximum, table.maximum)
                    && table.maximum.is_none_or(|maximum| wanted.initial <= maximum);
                if !fits || (wanted.initial > table.minimum && !self.is_table_grown(id)) {
                    let found = TableType { element_type: table.element_type, ..exporter.module.tables[found].ty };
                    return mismatch(self.types.describe_table(wanted), self.types.describe_table(found));
                }
                if wanted.initial > table.minimum {
                    instance.steps.push(InstantiationStep::RequireTable(id, wanted.initial));
                }
                instance.tables.push(id);
            }
            (External::Memory(wanted), External::Memory(found)) => {
                let wanted = instance.module.memories[wanted];
                if !self.link_memory(instance, exporter.memories[found], wanted) {
                    let found = exporter.module.memories[found];
                    return mismatch(describe_memory(wanted), describe_memory(found));
                }
            }
            (External::Global(wanted), External::Global(found)) => {
                let id = exporter.globals[found];
                let wanted = instance.module.globals[wanted].ty;
                let wanted =
                    GlobalType { content_type: Types::resolve(wanted.content_type, &instance.types), ..wanted };
                let global = &self.globals[id];
                let found = GlobalType { content_type: global.ty, ..exporter.module.globals[found].ty };
                // What both sides can write must be of the same type, what is only read of a subtype.
                let fits = match wanted.mutable {
                    true => found.content_type == wanted.content_type,
                    false => self.types.matches(found.content_type, wanted.content_type),
                };
                if !fits || wanted.mutable != found.mutable {
                    return mismatch(self.types.describe_global(wanted), self.types.describe_global(found));
                }
                instance.globals.push(id);
            }
            (External::Tag(wanted), External::Tag(found)) => {
                let found = exporter.tags[found];
                let wanted = instance.types[instance.module.tags[wanted]];
                if wanted != self.tags[found].ty {
                    let found = self.tags[found].ty;
                    return mismatch(self.types.describe_tag(wanted), self.types.describe_tag(found));
                }
                instance.tags.push(found);
            }
            (wanted, found) => {
                return mismatch(describe_kind(wanted).to_owned(), describe_kind(found).to_owned());
            }
        }
        Ok(Linked::Yes)
    }

    /// Makes a memory the next one of an instance, unless it is not what the instance wants.
    fn link_memory(&self, instance: &mut Instance<'a>, id: MemoryId, wanted: MemoryType) -> bool {
        let memory = &self.memories[id];
        let bytes = |pages: u64| pages.saturating_mul(1 << memory.page_size_log2);
        let fits = wanted.page_size_log2.unwrap_or(WASM_PAGE_SIZE.ilog2()) == memory.page_size_log2
            && wanted.shared == memory.shared
            && wanted.memory64 == memory.has_64_bit_indices
            && maximum_fits(wanted.maximum.map(bytes), memory.maximum)
            && memory.maximum.is_none_or(|maximum| bytes(wanted.initial) <= maximum);
        if !fits || (bytes(wanted.initial) > memory.minimum && !self.is_memory_grown(id)) {
            return false;
        }
        if bytes(wanted.initial) > memory.minimum {
            instance.steps.push(InstantiationStep::RequireMemory(id, bytes(wanted.initial)));
        }
        instance.memories.push(id);
        true
    }

    fn check_wasi_type(&self, found: usize, import: &Import<'_>, wanted: &FuncType) -> Result<()> {
        let found = &wasi::FUNCTIONS[found];
        let convert = |ty: &wasi::Type| match ty {
            wasi::Type::I32 => ValType::I32,
            wasi::Type::I64 => ValType::I64,
        };
        let ty = FuncType::new(found.parameters.iter().map(convert), found.result.iter().map(convert));
        if *wanted == ty {
            return Ok(());
        }
        let describe = |ty| format!("function {}", self.types.describe_signature(ty));
        Err(Error::link(format!(
            "incompatible import type: '{}.{}' is imported as {}, but WASI defines {}",
            import.module,
            import.name,
            describe(wanted),
            describe(&ty)
        )))
    }

    /// Whether any function so far (live or not: liveness is not known yet) grows the table.
    fn is_table_grown(&self, id: super::ids::TableId) -> bool {
        self.instances.values().any(|instance| {
            let grown = |uses: &Uses| uses.tables_grown.iter().any(|&table| instance.tables[table] == id);
            instance.uses.values().any(grown)
        })
    }

    fn is_memory_grown(&self, id: MemoryId) -> bool {
        self.instances.values().any(|instance| {
            let grown = |uses: &Uses| uses.memories_grown.iter().any(|&memory| instance.memories[memory] == id);
            instance.uses.values().any(grown)
        })
    }

    fn define_memories(&mut self, instance: &mut Instance<'a>, options: &Options) -> Result<()> {
        for (_, &ty) in instance.module.memories.iter().skip(instance.memories.len()) {
            instance.memories.push(self.define_memory(ty, options)?);
        }
        Ok(())
    }

    /// A memory that the instance which is being added owns.
    fn define_memory(&mut self, ty: MemoryType, options: &Options) -> Result<MemoryId> {
        let page_size_log2 = ty.page_size_log2.unwrap_or(WASM_PAGE_SIZE.ilog2());
        let bytes = |pages: u64| pages.saturating_mul(1 << page_size_log2);
        let (minimum, maximum) = (bytes(ty.initial), ty.maximum.map(bytes));
        let allowed = options.memory_limit(ty.memory64);
        if minimum > allowed {
            return Err(Error::unsupported(format!(
                "the module wants a memory of at least {minimum} bytes, and {allowed} are allowed"
            )));
        }
        // How many pages there are must fit the index type. Whoever starts the program may allow a memory with
        // 32-bit indices more than the options do: what its indices reach is reserved anyway. But it does not grow
        // into the last page of addresses, so that none of them wraps before it is out of bounds.
        let reached = if ty.memory64 { allowed } else { LARGEST_GROWN_32.max(minimum) };
        Ok(self.memories.push(Memory {
            has_64_bit_indices: ty.memory64,
            minimum,
            maximum,
            limit: maximum.map_or(reached, |maximum| maximum.min(reached)),
            page_size_log2,
            shared: ty.shared,
            owner: InstanceId::new(self.instances.len()),
            grown: false,
            contents: Vec::new(),
        }))
    }

    fn define_items(&mut self, instance: &mut Instance<'a>, is_library: bool) -> Result<()> {
        let id = InstanceId::new(self.instances.len());
        let imported = instance.module.imported_functions();
        for (body, _) in instance.module.bodies.iter() {
            let index = FuncIndex::new(imported + body.index());
            let name = symbol_name(&instance.module, index);
            instance.functions.push(self.functions.push(Function {
                ty: instance.types[instance.module.functions[index]],
                source: FunctionSource::Body { instance: id, body, index },
                name: if is_library { format!("{}!{name}", instance.name) } else { name },
                live: false,
                referenced: false,
                throws: false,
            }));
        }
        for (_, global) in instance.module.globals.iter().skip(instance.globals.len()) {
            let initial = global.initial.as_ref().expect("a global that is not imported has an initial value");
            let initial = evaluate(initial, &instance.functions, &instance.globals, &self.globals);
            let ty = Types::resolve(global.ty.content_type, &instance.types);
            let mutable = global.ty.mutable;
            instance.globals.push(self.globals.push(Global { ty, mutable, initial, written: false }));
        }
        for (index, &ty) in instance.module.tags.iter().skip(instance.tags.len()) {
            let name = tag_name(&instance.module, index);
            instance.tags.push(self.tags.push(Tag {
                ty: instance.types[ty],
                name: if is_library { format!("{}!{name}", instance.name) } else { name },
            }));
        }
        for (_, table) in instance.module.tables.iter().skip(instance.tables.len()) {
            if table.ty.initial > wasmc_abi::layout::MAX_TABLE_ENTRIES {
                return Err(Error::unsupported(format!(
                    "the module wants a table of {} entries, and {} are possible",
                    table.ty.initial,
                    wasmc_abi::layout::MAX_TABLE_ENTRIES
                )));
            }
            let initial = table.initial.as_ref().map_or(ConstValue::Bits(0), |expression| {
                evaluate(expression, &instance.functions, &instance.globals, &self.globals)
            });
            instance.tables.push(self.tables.push(Table {
                has_64_bit_indices: table.ty.table64,
                element_type: Types::resolve_reference(table.ty.element_type, &instance.types),
                minimum: table.ty.initial,
                maximum: table.ty.maximum,
                initial,
                written: false,
                grown: false,
                entries: Vec::new(),
            }));
        }
        for segment in instance.module.elements.values() {
            let items = segment.items.iter();
            let items =
                items.map(|item| evaluate(item, &instance.functions, &instance.globals, &self.globals)).collect();
            let active = !matches!(segment.mode, SegmentMode::Passive);
            instance.elements.push(self.elements.push(Elements { items, active, read: false, dropped: false }));
        }
        for segment in instance.module.data.values() {
            let active = !matches!(segment.mode, SegmentMode::Passive);
            let bytes = segment.bytes;
            instance.data.push(self.data.push(Data { bytes, active, read: false, dropped: false }));
        }
        Ok(())
    }
}

/// What the host has for imports that nothing else satisfies.
struct Host<'a, 'm> {
    /// In the structure of functions that a library is given.
    fields: &'m mut Names,
    memories: Option<&'m mut HostMemories<'a>>,
    functions: HostFunctions,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum HostFunctions {
    None,
    /// Something that traps.
    Unknown,
    /// C functions, which a library is given.
    Given,
}

enum Linked {
    Yes,
    NoSuchExport,
}

/// The names of what the executable does → ids.
pub fn resolve_entry(plan: &Plan<'_>, entry: &Entry) -> Result<Main> {
    let steps = match entry {
        Entry::Command => return Ok(Main::Command(find_command(plan)?)),
        Entry::Exports => {
            let last = last_instance(plan)?;
            if last.exported_function("_start").is_some() {
                return Ok(Main::Command(find_command(plan)?));
            }
            check_initializers(plan)?;
            let functions = last.module.exports.values().filter_map(|item| match item {
                External::Function(function) => Some(last.functions[*function]),
                _ => None,
            });
            return Ok(Main::Exports(functions.collect()));
        }
        Entry::Invoke(name) => return Ok(Main::Invoke(find_invoked(plan, name)?)),
        Entry::Library { name } => {
            check_initializers(plan)?;
            return Ok(Main::Library(library::interface(plan, name)?));
        }
        Entry::Script(steps) => steps,
    };
    let export = |instance: usize, name: &str| {
        let instance = &plan.instances[InstanceId::new(instance)];
        let item = instance.module.exports.get(name);
        item.map(|item| (instance, *item))
            .ok_or_else(|| Error::link(format!("{} has no export '{name}'", instance.name)))
    };
    let wrong_kind = |name: &str| Error::link(format!("the export '{name}' is of another kind"));
    let ends: Vec<usize> = (0..steps.len()).filter(|&index| matches!(steps[index], Step::End)).collect();
    let end_behind = |start: usize| {
        let end = ends.iter().find(|&&end| end > start).copied();
        end.ok_or_else(|| Error::usage("a thread of the script has no end"))
    };
    let resolved = steps.iter().enumerate().map(|(index, step)| {
        Ok(match step {
            Step::Instantiate(instance) => ScriptStep::Instantiate(InstanceId::new(*instance)),
            Step::Invoke { instance, export: name, arguments } => match export(*instance, name)? {
                (instance, External::Function(function)) => {
                    let function = instance.functions[function];
                    let parameters = plan.types.get(plan.functions[function].ty).params().len();
                    if parameters != arguments.len() {
                        return Err(Error::link(format!("'{name}' takes {parameters} arguments")));
                    }
                    ScriptStep::Invoke { function, arguments: arguments.clone() }
                }
                _ => return Err(wrong_kind(name)),
            },
            Step::GlobalGet { instance, export: name } => match export(*instance, name)? {
                (instance, External::Global(global)) => ScriptStep::GlobalGet(instance.globals[global]),
                _ => return Err(wrong_kind(name)),
            },
            Step::Memory { instance, export: name } => match export(*instance, name)? {
                (instance, External::Memory(memory)) => ScriptStep::Memory(instance.memories[memory]),
                _ => return Err(wrong_kind(name)),
            },
            Step::Start => ScriptStep::Start(end_behind(index)?),
            Step::End => ScriptStep::End,
            Step::Wait(thread) => ScriptStep::Wait(
                *ends.get(*thread).ok_or_else(|| Error::usage(format!("the script has no thread {thread}")))?,
            ),
        })
    });
    Ok(Main::Script(resolved.collect::<Result<_>>()?))
}

/// `_start` of the last instance. A module whose start function does all the work needs none.
fn find_command(plan: &Plan<'_>) -> Result<Option<FuncId>> {
    let last = last_instance(plan)?;
    check_initializers(plan)?;
    if let Some(start) = last.exported_function("_start") {
        check_entry(plan, "_start", start).map_err(|error| error.in_module(&last.name))?;
        return Ok(Some(start));
    }
    if last.module.start.is_some() || last.exported_function("_initialize").is_some() {
        return Ok(None);
    }
    Err(Error::link("the module exports no function '_start', so there is nothing to run").in_module(&last.name))
}

/// An exported function of the last instance whose parameters and results can be written as text.
fn find_invoked(plan: &Plan<'_>, name: &str) -> Result<FuncId> {
    let last = last_instance(plan)?;
    check_initializers(plan)?;
    let failed = |message: String| Err(Error::link(message).in_module(&last.name));
    let Some(function) = last.exported_function(name) else {
        let exports = last.module.exports.iter().filter(|(_, item)| matches!(item, External::Function(_)));
        let hint = did_you_mean(name, exports.map(|(name, _)| *name));
        return failed(format!("the module exports no function '{name}'{hint}"));
    };
    let id = plan.functions[function].ty;
    let ty = plan.types.get(id);
    if ty.params().iter().chain(ty.results()).any(|ty| matches!(ty, ValType::Ref(_))) {
        let found = plan.types.describe_function(id);
        return failed(format!("'{name}' cannot be invoked, since references cannot be written: it is {found}"));
    }
    Ok(function)
}

fn last_instance<'p, 'a>(plan: &'p Plan<'a>) -> Result<&'p Instance<'a>> {
    plan.instances.values().next_back().ok_or_else(|| Error::usage("there is no module"))
}

fn check_initializers(plan: &Plan<'_>) -> Result<()> {
    for instance in plan.instances.values() {
        if let Some(initialize) = instance.exported_function("_initialize") {
            check_entry(plan, "_initialize", initialize).map_err(|error| error.in_module(&instance.name))?;
        }
    }
    Ok(())
}

/// What a thread begins with: `wasi_thread_start` of the last instance.
///
/// # Errors
///
/// If there is none, or it has another type than wasi-threads defines.
pub fn find_thread_start(plan: &Plan<'_>) -> Result<FuncId> {
    const NAME: &str = "wasi_thread_start";
    let last = last_instance(plan)?;
    let Some(start) = last.exported_function(NAME) else {
        let message = format!("the program starts threads, but exports no function '{NAME}' for them");
        return Err(Error::link(message).in_module(&last.name));
    };
    let (wanted, found) = (FuncType::new([ValType::I32; 2], []), plan.types.get(plan.functions[start].ty));
    if *found != wanted {
        let (wanted, found) = (plan.types.describe_signature(&wanted), plan.types.describe_signature(found));
        let message = format!("'{NAME}' must be a function {wanted}, not function {found}");
        return Err(Error::link(message).in_module(&last.name));
    }
    Ok(start)
}

/// An entry point of WASI's application ABI has no parameters and no results.
fn check_entry(plan: &Plan<'_>, name: &str, function: FuncId) -> Result<()> {
    let id = plan.functions[function].ty;
    let ty = plan.types.get(id);
    if ty.params().is_empty() && ty.results().is_empty() {
        return Ok(());
    }
    let found = plan.types.describe_function(id);
    Err(Error::link(format!("'{name}' must be a function without parameters and results, not {found}")))
}

/// The function of WASI that an import names.
fn find_wasi(module: &str, name: &str) -> Option<usize> {
    match module {
        wasi::MODULE => wasi::find(name),
        wasi::UNSTABLE_MODULE => wasi::find_unstable(name),
        wasi::THREADS_MODULE => (name == wasi::THREAD_SPAWN_NAME).then_some(wasi::THREAD_SPAWN),
        _ => None,
    }
}

/// The symbol that the options name for an import.
fn find_native<'o>(options: &'o Options, import: &Import<'_>) -> Option<&'o str> {
    let is_named = |native: &&NativeImport| {
        native.import.strip_prefix(import.module).and_then(|rest| rest.strip_prefix('.')) == Some(import.name)
    };
    options.native_imports.iter().find(is_named).map(|native| native.symbol.as_str())
}

/// Scalars pass between C and Wasm as they are.
fn check_native_type(ty: &FuncType, import: &Import<'_>, describe: impl Fn() -> String) -> Result<()> {
    let is_scalar = |ty: &ValType| matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64);
    if ty.params().iter().all(is_scalar) && ty.results().iter().all(is_scalar) && ty.results().len() <= 1 {
        return Ok(());
    }
    let (module, name) = (import.module, import.name);
    Err(Error::unsupported(format!("'{module}.{name}' cannot be a native function: it is imported as {}", describe())))
}

/// Below so many functions, one without a name gets that of an export: the search is linear.
const FEW_BODIES: usize = 64;

/// Name for symbols and backtraces: demangled, or made from the index.
pub fn symbol_name(module: &Module<'_>, function: FuncIndex) -> String {
    match module.names.function(function) {
        Some(name) => demangle(name),
        None => {
            let is_it = |(_, item): &(&&str, &External)| **item == External::Function(function);
            let export = if module.bodies.len() < FEW_BODIES { module.exports.iter().find(is_it) } else { None };
            export.map_or_else(|| format!("function[{}]", function.index()), |(name, _)| (*name).to_owned())
        }
    }
}

/// Name for reports: the module's own, that of an export, or made from the index.
fn tag_name(module: &Module<'_>, tag: TagIndex) -> String {
    let exported = || module.exports.iter().find(|(_, item)| **item == External::Tag(tag)).map(|(name, _)| *name);
    match module.names.tag(tag).or_else(exported) {
        Some(name) => name.to_owned(),
        None => format!("tag[{}]", tag.index()),
    }
}

/// What a name means that a compiler of C++ or Rust made.
pub fn demangle(name: &str) -> String {
    if let Ok(demangled) = rustc_demangle::try_demangle(name) {
        return format!("{demangled:#}");
    }
    if name.starts_with("_Z")
        && let Ok(symbol) = cpp_demangle::Symbol::new(name)
        && let mut demangled = (Bounded { text: String::new(), left: LONGEST_NAME })
        && symbol.structured_demangle(&mut demangled, &DemangleOptions::new()).is_ok()
    {
        return demangled.text;
    }
    name.to_owned()
}

/// Bytes of a demangled name: each level of a short one can be several times as long as the one below.
const LONGEST_NAME: usize = 16 << 10;

struct Bounded {
    text: String,
    left: usize,
}

impl std::fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.left = self.left.checked_sub(text.len()).ok_or(std::fmt::Error)?;
        self.text.push_str(text);
        Ok(())
    }
}

fn maximum_fits(wanted: Option<u64>, found: Option<u64>) -> bool {
    match (wanted, found) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wanted), Some(found)) => found <= wanted,
    }
}
