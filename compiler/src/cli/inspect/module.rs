//! What a module needs, has and imports, whether wasmc can compile it or not.

use wasmparser::types::TypesRef;
use wasmparser::{MemoryType, TableType, Validator, WasmFeatures};

use super::{Fact, sizes};
use crate::error::Result;
use crate::features;

/// Of a binary module.
pub fn facts(wasm: &[u8]) -> Result<Vec<(&'static str, Fact)>> {
    let proposals = features::needed(wasm)?;
    let types = Validator::new_with_features(WasmFeatures::all()).validate_all(wasm)?;
    let types = types.as_ref();
    let imports = types.core_imports().into_iter().flatten();
    let exports = types.core_exports().into_iter().flatten();
    let each = |count: u32, describe: &dyn Fn(u32) -> String| Fact::List((0..count).map(describe).collect());
    let mut facts = vec![
        ("proposals", Fact::List(proposals.names().map(str::to_owned).collect())),
        ("memories", each(types.memory_count(), &|index| memory(types.memory_at(index)))),
        ("tables", each(types.table_count(), &|index| table(types.table_at(index)))),
        ("tags", each(types.tag_count(), &|index| tag(types, index))),
        ("imports", Fact::List(imports.map(|(module, name, _)| format!("{module}.{name}")).collect())),
        ("exports", Fact::List(exports.map(|(name, _)| name.to_owned()).collect())),
    ];
    facts.extend(sizes::of_module(wasm));
    Ok(facts)
}

/// Least and greatest size in bytes, as for executables.
fn memory(ty: MemoryType) -> String {
    let bytes = |pages: u64| u128::from(pages) << ty.page_size_log2.unwrap_or(16);
    let shared = if ty.shared { " shared" } else { "" };
    format!("{}{}{shared}", index_type(ty.memory64), limits(bytes(ty.initial), ty.maximum.map(bytes)))
}

/// Least and greatest number of entries, and their type.
fn table(ty: TableType) -> String {
    let limits = limits(u128::from(ty.initial), ty.maximum.map(u128::from));
    format!("{}{limits} {}", index_type(ty.table64), ty.element_type)
}

fn index_type(is_64: bool) -> &'static str {
    if is_64 { "i64 " } else { "" }
}

fn limits(minimum: u128, maximum: Option<u128>) -> String {
    match maximum {
        Some(maximum) => format!("{minimum} {maximum}"),
        None => minimum.to_string(),
    }
}

/// The types of what is thrown.
fn tag(types: TypesRef<'_>, index: u32) -> String {
    let parameters = types[types.tag_at(index)].unwrap_func().params();
    let parameters: Vec<String> = parameters.iter().map(ToString::to_string).collect();
    format!("({})", parameters.join(" "))
}
