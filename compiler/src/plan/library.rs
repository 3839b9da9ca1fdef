//! The C interface of a library: which functions it has, what they are called, and how values pass.
//!
//! Decided here once; [`translate`](crate::translate) makes the functions, and [`header`](crate::header) writes down
//! for C what they are.
//!
//! Every name begins with that of the library. Names of imports and exports become identifiers: what cannot be part of
//! one is an underscore, and a number behind it tells apart what would be equal then. Vectors and several results pass
//! through memory; everything else is a C scalar, which both sides pass in the same way without knowing the rules for
//! structures.

use std::collections::HashSet;

use cranelift_entity::{PrimaryMap, entity_impl};
use wasmc_abi::trap::TrapCode;
use wasmparser::{AbstractHeapType, FuncType, HeapType, ValType};

use super::ids::{FuncId, GlobalId, MemoryId, TableId};
use super::{FunctionSource, Main, Plan};
use crate::error::{Error, Result};
use crate::parse::External;

/// Index of a function of the interface.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiId(u32);
entity_impl!(ApiId, "api");

/// Index of an import that the host of the library satisfies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostImportId(u32);
entity_impl!(HostImportId, "hostimport");

/// What a library is to the program around it.
#[derive(Debug, Default)]
pub struct Library {
    /// What all of its names begin with.
    pub name: String,
    pub functions: PrimaryMap<ApiId, ApiFunction>,
    /// Exports that C cannot use, and why.
    pub left_out: Vec<(String, &'static str)>,
}

/// A function of the interface.
#[derive(Debug)]
pub struct ApiFunction {
    pub symbol: String,
    /// The name in the module, of what is exported.
    pub export: Option<String>,
    pub item: ApiItem,
}

/// What a function of the interface does.
#[derive(Clone, Copy, Debug)]
pub enum ApiItem {
    Instantiate,
    Destroy,
    Raise,
    Call(FuncId),
    MemoryData(MemoryId),
    MemorySize(MemoryId),
    MemoryGrow(MemoryId),
    GlobalGet(GlobalId),
    GlobalSet(GlobalId),
    TableSize(TableId),
    TableGet(TableId),
}

/// An import that a C function satisfies.
#[derive(Debug)]
pub struct HostImport {
    /// Name of the field in the structure of imports.
    pub field: String,
    pub module: String,
    pub name: String,
    pub function: FuncId,
}

/// A type of values in C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CType {
    I32,
    I64,
    F32,
    F64,
    /// A structure of 16 bytes, aligned to 8.
    V128,
    Funcref,
    Externref,
}

impl CType {
    /// The type in which values of a Wasm type pass, if C can have them: a host could not know what other references
    /// refer to.
    pub fn of(ty: ValType) -> Option<CType> {
        let abstract_type = |ty: HeapType| match ty {
            HeapType::Abstract { shared: false, ty } => Some(ty),
            _ => None,
        };
        Some(match ty {
            ValType::I32 => CType::I32,
            ValType::I64 => CType::I64,
            ValType::F32 => CType::F32,
            ValType::F64 => CType::F64,
            ValType::V128 => CType::V128,
            ValType::Ref(ty) if ty.is_nullable() => match abstract_type(ty.heap_type())? {
                AbstractHeapType::Func => CType::Funcref,
                AbstractHeapType::Extern => CType::Externref,
                _ => return None,
            },
            ValType::Ref(_) => return None,
        })
    }

    /// Bytes in a structure, which is also what their offset is a multiple of, up to 8.
    pub fn size(self) -> u32 {
        match self {
            CType::I32 | CType::F32 => 4,
            CType::V128 => 16,
            _ => 8,
        }
    }
}

/// How a function is called from C, or a C function by the guest.
#[derive(Clone, Debug)]
pub struct CSignature {
    pub params: Vec<CType>,
    pub results: Vec<CType>,
}

impl CSignature {
    /// That of a Wasm function, if C can have it.
    pub fn of(ty: &FuncType) -> Option<CSignature> {
        let all = |types: &[ValType]| types.iter().map(|&ty| CType::of(ty)).collect::<Option<Vec<_>>>();
        Some(CSignature { params: all(ty.params())?, results: all(ty.results())? })
    }

    /// What the C function itself returns; otherwise results are written to a structure.
    pub fn returned(&self) -> Option<CType> {
        match self.results[..] {
            [CType::V128] => None,
            [single] => Some(single),
            _ => None,
        }
    }

    /// Whether the caller gives a place for results.
    pub fn has_result_place(&self) -> bool {
        !self.results.is_empty() && self.returned().is_none()
    }

    /// Offsets of results in their structure.
    pub fn result_offsets(&self) -> Vec<u32> {
        let mut end = 0u32;
        let place = |ty: &CType| {
            let offset = end.next_multiple_of(ty.size().min(8));
            end = offset + ty.size();
            offset
        };
        self.results.iter().map(place).collect()
    }
}

/// The exports of the last instance as functions.
pub fn interface(plan: &Plan<'_>, name: &str) -> Result<Library> {
    let is_identifier = |name: &str| name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if name != identifier(name) || !is_identifier(name) {
        return Err(Error::usage(format!("a library must be named by an identifier of C, not '{name}'")));
    }
    if name == "wasmc" || name.starts_with("wasmc_") {
        let message = "names that begin with 'wasmc' are those of the runtime library: give the library another one";
        return Err(Error::usage(message));
    }
    let mut library = Library { name: name.to_owned(), ..Library::default() };
    let mut names = Names::default();
    // Types and constants of the header.
    for used in ["instance", "imports", "options", "error", "v128", "funcref", "externref"] {
        names.take(used);
    }
    for import in plan.host_imports.values() {
        names.take(&format!("imports_{}", import.field));
    }
    if name == name.to_ascii_uppercase() {
        names.reserve_constants();
    }
    for (own, item) in [("instantiate", ApiItem::Instantiate), ("destroy", ApiItem::Destroy), ("raise", ApiItem::Raise)]
    {
        let symbol = format!("{name}_{}", names.take(own));
        library.functions.push(ApiFunction { symbol, export: None, item });
    }
    let last = plan.instances.values().next_back().ok_or_else(|| Error::usage("there is no module"))?;
    for (export, item) in &last.module.exports {
        let mut add = |suffix: &str, item| {
            let symbol = format!("{name}_{}", names.take_with_results(&format!("{}{suffix}", identifier(export))));
            library.functions.push(ApiFunction { symbol, export: Some((*export).to_owned()), item });
        };
        const NO_TYPE: &str = "C has no type for a reference in its signature";
        match *item {
            External::Function(index) => {
                let id = last.functions[index];
                match CSignature::of(plan.types.get(plan.functions[id].ty)) {
                    // `instantiate` calls it.
                    _ if *export == "_initialize" => {}
                    Some(_) => add("", ApiItem::Call(id)),
                    None => library.left_out.push(((*export).to_owned(), NO_TYPE)),
                }
            }
            External::Memory(index) => {
                let id = last.memories[index];
                add("_data", ApiItem::MemoryData(id));
                add("_size", ApiItem::MemorySize(id));
                add("_grow", ApiItem::MemoryGrow(id));
            }
            External::Global(index) => {
                let id = last.globals[index];
                if CType::of(plan.globals[id].ty).is_none() {
                    library.left_out.push(((*export).to_owned(), "C has no type for what it holds"));
                    continue;
                }
                add("_get", ApiItem::GlobalGet(id));
                if plan.globals[id].mutable {
                    add("_set", ApiItem::GlobalSet(id));
                }
            }
            External::Table(index) => {
                let id = last.tables[index];
                if CType::of(ValType::Ref(plan.tables[id].element_type)).is_none() {
                    library.left_out.push(((*export).to_owned(), "C has no type for its entries"));
                    continue;
                }
                add("_size", ApiItem::TableSize(id));
                add("_get", ApiItem::TableGet(id));
            }
            External::Tag(_) => library.left_out.push(((*export).to_owned(), "C has no exceptions")),
        }
    }
    Ok(library)
}

/// Adds an import that the host satisfies. What several modules import, or one several times, has a field for each;
/// `names` are those of the fields.
pub fn add_import(
    imports: &mut PrimaryMap<HostImportId, HostImport>,
    names: &mut Names,
    (module, name): (&str, &str),
    function: FuncId,
) -> HostImportId {
    let field = identifier(&format!("{module}_{name}"));
    let field =
        names.take(&if field.starts_with(|first: char| first.is_ascii_digit()) { format!("_{field}") } else { field });
    imports.push(HostImport { field, module: module.to_owned(), name: name.to_owned(), function })
}

/// Checks what only the whole plan tells.
///
/// # Errors
///
/// If the program needs what a library cannot have.
pub fn check(plan: &Plan<'_>) -> Result<()> {
    if !matches!(plan.main, Main::Library(_)) {
        return Ok(());
    }
    if plan.memories.values().any(|memory| memory.shared) {
        return Err(Error::unsupported("a library with a shared memory: an instance is used by one thread at a time"));
    }
    for function in plan.functions.values() {
        if let FunctionSource::Host { import, .. } = &function.source
            && CSignature::of(plan.types.get(function.ty)).is_none()
        {
            let found = plan.types.describe_function(function.ty);
            return Err(Error::unsupported(format!("'{import}' cannot be a C function: it is imported as {found}")));
        }
    }
    Ok(())
}

/// What code outside of the program calls and changes.
pub fn mark(plan: &mut Plan<'_>, called: &mut Vec<FuncId>) {
    let Main::Library(library) = &plan.main else { return };
    for function in library.functions.values() {
        match function.item {
            ApiItem::Call(id) => called.push(id),
            ApiItem::GlobalSet(id) => plan.globals[id].written = true,
            ApiItem::MemoryGrow(id) => {
                let memory = &mut plan.memories[id];
                memory.grown |= memory.limit > memory.minimum;
            }
            _ => {}
        }
    }
}

/// Words with an underscore that C or C++ keep for themselves.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "_Alignas", "_Alignof", "_Atomic", "_BitInt", "_Bool", "_Complex", "_Generic", "_Imaginary", "_Noreturn",
    "_Static_assert", "_Thread_local", "and_eq", "char16_t", "char32_t", "char8_t", "co_await", "co_return", "co_yield",
    "const_cast", "dynamic_cast", "not_eq", "or_eq", "reinterpret_cast", "static_assert", "static_cast",
    "thread_local", "typeof_unqual", "wchar_t", "xor_eq",
];

/// Names that are taken.
#[derive(Default)]
pub struct Names(HashSet<String>);

impl Names {
    /// For the fields of a structure with functions.
    pub fn of_fields() -> Names {
        let mut names = Names::default();
        KEYWORDS.iter().chain(&["user_data"]).for_each(|word| drop(names.take(word)));
        names
    }

    /// Those of the header's constants.
    fn reserve_constants(&mut self) {
        for used in ["OK", "TRAP", "EXIT", "REFUSED", "RAISED", "NO_STREAMS", "WASMC_H"] {
            self.take(used);
        }
        for code in TrapCode::ALL {
            self.take(&format!("TRAP_{}", constant_name(*code)));
        }
    }

    /// A name as [`take`](Self::take) gives it, so that with `_results` behind it, it is not taken either.
    fn take_with_results(&mut self, wanted: &str) -> String {
        let mut name = self.take(wanted);
        while !self.0.insert(format!("{name}_results")) {
            name = self.take(wanted);
        }
        name
    }

    /// A name, or what makes it one that is not taken.
    fn take(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        for number in 2.. {
            if self.0.insert(name.clone()) {
                break;
            }
            name = format!("{wanted}_{number}");
        }
        name
    }
}

/// `MemoryOutOfBounds` → `MEMORY_OUT_OF_BOUNDS`.
pub fn constant_name(code: TrapCode) -> String {
    let mut constant = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() && !constant.is_empty() {
            constant.push('_');
        }
        constant.push(letter.to_ascii_uppercase());
    }
    constant
}

/// Letters, digits and underscores.
fn identifier(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let mut names = Names::default();
        assert_eq!(["a", "a", "a_2", "a"].map(|name| names.take(name)), ["a", "a_2", "a_2_2", "a_3"]);
        assert_eq!(identifier("wasi:cli/run#ü"), "wasi_cli_run__");
        let mut names = Names::default();
        assert_eq!(
            ["f", "f_results", "g_results", "g"].map(|name| names.take_with_results(name)),
            ["f", "f_results_2", "g_results", "g_2"]
        );
        assert_eq!(constant_name(TrapCode::MemoryOutOfBounds), "MEMORY_OUT_OF_BOUNDS");
    }

    #[test]
    fn fields_are_identifiers() {
        let mut imports = PrimaryMap::new();
        let mut names = Names::of_fields();
        let mut field = |module, name| {
            let id = add_import(&mut imports, &mut names, (module, name), FuncId::from_u32(0));
            imports[id].field.clone()
        };
        assert_eq!(field("and", "eq"), "and_eq_2");
        assert_eq!(field("0", "f"), "_0_f");
        assert_eq!(field("user", "data"), "user_data_2");
        assert_eq!([field("a-b", "c"), field("a", "b-c")], ["a_b_c", "a_b_c_2"]);
    }

    #[test]
    fn results_lie_as_c_lays_them_out() {
        use CType::{F32, F64, I32, V128};
        let signature = CSignature { params: Vec::new(), results: vec![I32, F64, F32, I32, I32, V128] };
        assert_eq!(signature.result_offsets(), [0, 8, 16, 20, 24, 32]);
        assert!(signature.has_result_place() && signature.returned().is_none());
        let single = CSignature { params: Vec::new(), results: vec![I32] };
        assert!(!single.has_result_place() && single.returned() == Some(I32));
    }
}
