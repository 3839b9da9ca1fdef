//! How many bytes the parts of a file take: its sections and functions.

use std::collections::{HashMap, HashSet};

use object::read::{Object as _, ObjectSection as _, ObjectSymbol as _};
use wasmparser::{Encoding, ExternalKind, KnownCustom, Name, Parser, Payload, TypeRef};

use super::Fact;

/// The sections and functions of a binary module, which is valid.
pub fn of_module(wasm: &[u8]) -> Vec<(&'static str, Fact)> {
    let mut sections = Vec::new();
    let mut bodies = Vec::new();
    let mut imported = 0;
    let mut names = HashMap::new();
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        if let Some((id, range)) = payload.as_section() {
            sections.push((section_name(id, &payload), range.end - range.start));
        }
        match payload {
            Payload::Version { encoding: Encoding::Component, .. } => break,
            Payload::ImportSection(imports) => {
                let imports = imports.into_imports().map_while(Result::ok);
                imported =
                    imports.filter(|import| matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_))).count();
            }
            // The section with names comes later, and counts more.
            Payload::ExportSection(exports) => {
                let functions =
                    exports.into_iter().map_while(Result::ok).filter(|export| export.kind == ExternalKind::Func);
                names.extend(functions.map(|export| (export.index as usize, export.name)));
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range().end - body.range().start),
            Payload::CustomSection(custom) => {
                let KnownCustom::Name(subsections) = custom.as_known() else { continue };
                for subsection in subsections.into_iter().map_while(Result::ok) {
                    let Name::Function(map) = subsection else { continue };
                    names.extend(
                        map.into_iter().map_while(Result::ok).map(|naming| (naming.index as usize, naming.name)),
                    );
                }
            }
            _ => {}
        }
    }
    let functions = bodies.into_iter().enumerate().map(|(index, bytes)| {
        let index = imported + index;
        let name = names.get(&index).map_or_else(|| format!("function[{index}]"), |name| (*name).to_owned());
        (name, bytes)
    });
    facts(sections, functions.collect())
}

/// As the specification calls it; of a custom section, its own name.
fn section_name(id: u8, payload: &Payload<'_>) -> String {
    const NAMES: [&str; 14] = [
        "custom",
        "type",
        "import",
        "function",
        "table",
        "memory",
        "global",
        "export",
        "start",
        "element",
        "code",
        "data",
        "data count",
        "tag",
    ];
    match payload {
        Payload::CustomSection(custom) => format!("custom {}", custom.name()),
        _ => NAMES.get(usize::from(id)).map_or_else(|| format!("section {id}"), |name| (*name).to_owned()),
    }
}

/// The sections and functions of an object or executable.
pub fn of_elf(bytes: &[u8]) -> Vec<(&'static str, Fact)> {
    let Ok(file) = object::read::File::parse(bytes) else { return Vec::new() };
    let sections = file.sections().map(|section| {
        // What is zeros in memory takes none in the file, and is told with what it takes there.
        (section.name().unwrap_or("?").to_owned(), section.size())
    });
    let functions = file.symbols().filter(|symbol| symbol.kind() == object::SymbolKind::Text && symbol.size() != 0);
    // A function with several names is told once.
    let mut seen = HashSet::new();
    let functions = functions.filter(|symbol| seen.insert((symbol.section_index(), symbol.address())));
    let demangled = |name: &str| format!("{:#}", rustc_demangle::demangle(name));
    let functions = functions.map(|symbol| (demangled(symbol.name().unwrap_or("?")), symbol.size())).collect();
    facts(sections.filter(|(_, bytes)| *bytes != 0).collect(), functions)
}

fn facts(sections: Vec<(String, u64)>, mut functions: Vec<(String, u64)>) -> Vec<(&'static str, Fact)> {
    functions.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    vec![("sections", Fact::Sizes(sections)), ("functions", Fact::Sizes(functions))]
}
