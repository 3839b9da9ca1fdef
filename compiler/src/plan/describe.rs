//! How messages show what is imported and exported.

use wasmparser::{CompositeInnerType, FuncType, GlobalType, HeapType, MemoryType, TableType, ValType};

use super::Instance;
use super::ids::TypeId;
use super::types::{self, Types};
use crate::parse::{External, Import};

impl Types {
    /// An import of an instance, and its type.
    pub fn describe_import(&self, instance: &Instance<'_>, import: &Import<'_>) -> String {
        let module = &instance.module;
        let ty = match import.item {
            External::Function(function) => self.describe_function(instance.types[module.functions[function]]),
            External::Table(table) => {
                let ty = module.tables[table].ty;
                let element_type = Types::resolve_reference(ty.element_type, &instance.types);
                self.describe_table(TableType { element_type, ..ty })
            }
            External::Memory(memory) => describe_memory(module.memories[memory]),
            External::Global(global) => {
                let ty = module.globals[global].ty;
                let content_type = Types::resolve(ty.content_type, &instance.types);
                self.describe_global(GlobalType { content_type, ..ty })
            }
            External::Tag(tag) => self.describe_tag(instance.types[module.tags[tag]]),
        };
        format!("{}.{}: {ty}", import.module, import.name)
    }

    pub fn describe_function(&self, ty: TypeId) -> String {
        format!("function {}", self.describe_signature(self.get(ty)))
    }

    /// `[parameters] -> [results]`.
    pub fn describe_signature(&self, ty: &FuncType) -> String {
        format!("[{}] -> [{}]", self.describe_list(ty.params()), self.describe_list(ty.results()))
    }

    pub fn describe_tag(&self, ty: TypeId) -> String {
        format!("tag [{}]", self.describe_list(self.get(ty).params()))
    }

    /// Of a table whose type refers to types of the program.
    pub fn describe_table(&self, ty: TableType) -> String {
        let (index, limits) = (describe_index_type(ty.table64), describe_limits(ty.initial, ty.maximum));
        format!("table {index}{limits} of {}", self.describe_value(ValType::Ref(ty.element_type)))
    }

    /// Of a global whose type refers to types of the program.
    pub fn describe_global(&self, ty: GlobalType) -> String {
        format!("{}global {}", if ty.mutable { "mutable " } else { "" }, self.describe_value(ty.content_type))
    }

    fn describe_list(&self, types: &[ValType]) -> String {
        types.iter().map(|&ty| self.describe_value(ty)).collect::<Vec<_>>().join(" ")
    }

    fn describe_value(&self, ty: ValType) -> String {
        let ValType::Ref(reference) = ty else { return ty.to_string() };
        let HeapType::Concrete(index) = reference.heap_type() else { return ty.to_string() };
        let null = if reference.is_nullable() { "null " } else { "" };
        format!("(ref {null}{})", self.describe_type(types::id(index)))
    }

    /// Types have no names here. One that refers to others, perhaps to itself, is not spelt out.
    fn describe_type(&self, ty: TypeId) -> String {
        let refers = |ty: &ValType| matches!(ty, ValType::Ref(ty) if ty.is_concrete_type_ref());
        match &self.sub_type(ty).composite_type.inner {
            CompositeInnerType::Func(ty) if ty.params().iter().chain(ty.results()).any(refers) => "function".into(),
            CompositeInnerType::Func(ty) => format!("function {}", self.describe_signature(ty)),
            CompositeInnerType::Struct(_) => "struct".into(),
            CompositeInnerType::Array(_) => "array".into(),
            CompositeInnerType::Cont(_) => "continuation".into(),
        }
    }
}

pub fn describe_kind(item: External) -> &'static str {
    match item {
        External::Function(_) => "a function",
        External::Table(_) => "a table",
        External::Memory(_) => "a memory",
        External::Global(_) => "a global",
        External::Tag(_) => "a tag",
    }
}

pub fn describe_memory(ty: MemoryType) -> String {
    let shared = if ty.shared { "shared " } else { "" };
    let (index, limits) = (describe_index_type(ty.memory64), describe_limits(ty.initial, ty.maximum));
    let pages = if ty.page_size_log2 == Some(0) { "bytes" } else { "pages" };
    format!("{shared}memory {index}of {limits} {pages}")
}

/// i32 is not mentioned, as in the text format.
fn describe_index_type(has_64_bit_indices: bool) -> &'static str {
    if has_64_bit_indices { "i64 " } else { "" }
}

fn describe_limits(minimum: u64, maximum: Option<u64>) -> String {
    maximum.map_or_else(|| format!("{minimum}.."), |maximum| format!("{minimum}..={maximum}"))
}
