//! The contents of one module, section by section.

use cranelift_entity::{EntityRef, PrimaryMap};
use indexmap::IndexMap;
use wasmparser::{
    DataKind, ElementItems, ElementKind, ExternalKind, FuncToValidate, FuncType, FunctionBody, GlobalType, MemoryType,
    Parser, Payload, SubType, TableInit, TableType, TypeRef, ValidPayload, Validator, ValidatorResources,
};

use super::constant::ConstExpr;
use super::debug::DebugSections;
use super::hints::BranchHints;
use super::index::{
    BodyIndex, DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex,
};
use super::names::Names;
use crate::error::{Error, Result};
use crate::features::Features;

/// A module whose sections are valid. Function bodies are not validated yet: see [`super::uses`].
#[derive(Debug, Default)]
pub struct Module<'a> {
    pub types: PrimaryMap<TypeIndex, SubType>,
    /// How many types are in each recursion group, in order.
    pub type_groups: Vec<usize>,
    pub imports: Vec<Import<'a>>,
    /// Types of all functions, imported ones first.
    pub functions: PrimaryMap<FuncIndex, TypeIndex>,
    pub tables: PrimaryMap<TableIndex, Table>,
    pub memories: PrimaryMap<MemoryIndex, MemoryType>,
    pub globals: PrimaryMap<GlobalIndex, Global>,
    /// Types of all tags, imported ones first.
    pub tags: PrimaryMap<TagIndex, TypeIndex>,
    pub exports: IndexMap<&'a str, External>,
    pub start: Option<FuncIndex>,
    pub elements: PrimaryMap<ElemIndex, ElementSegment>,
    pub data: PrimaryMap<DataIndex, DataSegment<'a>>,
    pub bodies: PrimaryMap<BodyIndex, Body<'a>>,
    pub names: Names<'a>,
    pub hints: BranchHints,
    pub debug: DebugSections<'a>,
}

/// What an import wants. It becomes the next index of its space.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    pub module: &'a str,
    pub name: &'a str,
    pub item: External,
}

/// Something that can be imported or exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum External {
    Function(FuncIndex),
    Table(TableIndex),
    Memory(MemoryIndex),
    Global(GlobalIndex),
    Tag(TagIndex),
}

#[derive(Debug)]
pub struct Table {
    pub ty: TableType,
    /// What entries hold at first, if not null.
    pub initial: Option<ConstExpr>,
}

#[derive(Debug)]
pub struct Global {
    pub ty: GlobalType,
    /// `None` for imports.
    pub initial: Option<ConstExpr>,
}

#[derive(Debug)]
pub struct ElementSegment {
    pub mode: SegmentMode<TableIndex>,
    pub items: Vec<ConstExpr>,
}

#[derive(Debug)]
pub struct DataSegment<'a> {
    pub mode: SegmentMode<MemoryIndex>,
    pub bytes: &'a [u8],
}

/// When a segment is used.
#[derive(Clone, Debug)]
pub enum SegmentMode<Target> {
    /// Copied during instantiation, then dropped.
    Active(Target, ConstExpr),
    /// Copied by `memory.init` or `table.init`.
    Passive,
    /// Only says that functions may be used by `ref.func`.
    Declared,
}

/// The body of a function, with what is needed to validate it on its own.
#[derive(Debug)]
pub struct Body<'a> {
    pub body: FunctionBody<'a>,
    pub validate: FuncToValidate<ValidatorResources>,
}

impl<'a> Module<'a> {
    /// Reads and validates everything but function bodies.
    pub fn parse(wasm: &'a [u8], features: Features) -> Result<Module<'a>> {
        let mut module = Module::default();
        let mut validator = Validator::new_with_features(features.validation());
        let mut parser = Parser::new(0);
        parser.set_features(features.validation());
        for payload in parser.parse_all(wasm) {
            let payload = payload?;
            match validator.payload(&payload)? {
                ValidPayload::Func(validate, body) => {
                    module.bodies.push(Body { body, validate });
                }
                ValidPayload::Ok | ValidPayload::End(_) => module.read_section(payload, features)?,
                ValidPayload::Parser(_) => return Err(Error::unsupported("nested modules")),
            }
        }
        Ok(module)
    }

    fn read_section(&mut self, payload: Payload<'a>, features: Features) -> Result<()> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    let group = group?;
                    self.type_groups.push(group.types().len());
                    self.types.extend(group.into_types());
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.read_import(import?)?;
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.functions.push(TypeIndex::new(ty? as usize));
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let table = table?;
                    let initial = match &table.init {
                        TableInit::RefNull => None,
                        TableInit::Expr(expression) => Some(ConstExpr::parse(expression)?),
                    };
                    self.tables.push(Table { ty: table.ty, initial });
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    self.memories.push(memory?);
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global?;
                    let initial = Some(ConstExpr::parse(&global.init_expr)?);
                    self.globals.push(Global { ty: global.ty, initial });
                }
            }
            Payload::TagSection(section) => {
                for tag in section {
                    self.tags.push(TypeIndex::new(tag?.func_type_idx as usize));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    let index = export.index as usize;
                    let item = match export.kind {
                        ExternalKind::Func | ExternalKind::FuncExact => External::Function(FuncIndex::new(index)),
                        ExternalKind::Table => External::Table(TableIndex::new(index)),
                        ExternalKind::Memory => External::Memory(MemoryIndex::new(index)),
                        ExternalKind::Global => External::Global(GlobalIndex::new(index)),
                        ExternalKind::Tag => External::Tag(TagIndex::new(index)),
                    };
                    self.exports.insert(export.name, item);
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(FuncIndex::new(func as usize)),
            Payload::ElementSection(section) => {
                for element in section {
                    self.read_element(element?)?;
                }
            }
            Payload::DataSection(section) => {
                for data in section {
                    let data = data?;
                    let mode = match &data.kind {
                        DataKind::Passive => SegmentMode::Passive,
                        DataKind::Active { memory_index, offset_expr } => SegmentMode::Active(
                            MemoryIndex::new(*memory_index as usize),
                            ConstExpr::parse(offset_expr)?,
                        ),
                    };
                    self.data.push(DataSegment { mode, bytes: data.data });
                }
            }
            Payload::CodeSectionStart { unchecked_range, .. } => self.debug.code_start = unchecked_range.start,
            Payload::CustomSection(custom) => {
                self.names.read(&custom);
                self.debug.read(&custom);
                // Behind the code they count for nothing.
                if features.branch_hinting() && self.bodies.is_empty() {
                    self.hints.read(&custom);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn read_import(&mut self, import: wasmparser::Import<'a>) -> Result<()> {
        let item = match import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                External::Function(self.functions.push(TypeIndex::new(ty as usize)))
            }
            TypeRef::Table(ty) => External::Table(self.tables.push(Table { ty, initial: None })),
            TypeRef::Memory(ty) => External::Memory(self.memories.push(ty)),
            TypeRef::Global(ty) => External::Global(self.globals.push(Global { ty, initial: None })),
            TypeRef::Tag(ty) => External::Tag(self.tags.push(TypeIndex::new(ty.func_type_idx as usize))),
        };
        self.imports.push(Import { module: import.module, name: import.name, item });
        Ok(())
    }

    fn read_element(&mut self, element: wasmparser::Element<'a>) -> Result<()> {
        let mode = match &element.kind {
            ElementKind::Passive => SegmentMode::Passive,
            ElementKind::Declared => SegmentMode::Declared,
            ElementKind::Active { table_index, offset_expr } => {
                SegmentMode::Active(TableIndex::new(table_index.unwrap_or(0) as usize), ConstExpr::parse(offset_expr)?)
            }
        };
        let items = match element.items {
            ElementItems::Functions(functions) => {
                let items = functions.into_iter().map(|f| Ok(ConstExpr::ref_func(FuncIndex::new(f? as usize))));
                items.collect::<Result<Vec<_>>>()?
            }
            ElementItems::Expressions(_, expressions) => {
                expressions.into_iter().map(|e| ConstExpr::parse(&e?)).collect::<Result<Vec<_>>>()?
            }
        };
        self.elements.push(ElementSegment { mode, items });
        Ok(())
    }

    /// How many functions are imported: body `i` belongs to function `imported_functions() + i`.
    pub fn imported_functions(&self) -> usize {
        self.functions.len() - self.bodies.len()
    }

    /// The type of a function.
    pub fn function_type(&self, function: FuncIndex) -> &FuncType {
        self.types[self.functions[function]].unwrap_func()
    }

    /// How messages call a function: by its name, or `#` and its index.
    pub fn function_name(&self, function: FuncIndex) -> String {
        match self.names.function(function) {
            Some(name) => name.to_owned(),
            None => format!("#{}", function.index()),
        }
    }
}
