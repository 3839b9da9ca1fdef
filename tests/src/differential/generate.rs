//! Modules from seeds.

use arbitrary::Unstructured;
use wasm_smith::{Config, Module};

use crate::binary::{leb, read_leb, sections, signed_leb, with_sections};
use crate::random::Random;

/// Function calls and loop iterations that a call of an export may make: keeps recursion within what both stacks bear.
pub const FUEL: u32 = 1000;

/// Export that fills up the fuel.
pub const REFUEL: &str = "wasmc refuel";

/// The module of a seed. It exports everything, imports nothing, and every call ends.
pub fn module(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    // Now and then a module lacks the functions that it should have had.
    loop {
        let length = 1024 << random.below(5);
        let bytes = random.bytes(length);
        let config = config(&mut random);
        let Ok(mut module) = Module::new(config, &mut Unstructured::new(&bytes)) else { continue };
        let Ok(global) = module.ensure_termination(FUEL) else { continue };
        if let Some(wasm) = add_refuel(&module.to_bytes(), global) {
            return wasm;
        }
    }
}

/// WebAssembly 2.0 and extended constant expressions; in half of the modules also several memories, 64-bit indices, and
/// memories that are counted in bytes.
fn config(random: &mut Random) -> Config {
    let has_new_memories = random.one_in(2);
    Config {
        // Half of the modules: an access that traps ends a function too early for what comes after it to be tested.
        disallow_traps: random.one_in(2),
        canonicalize_nans: true,
        export_everything: true,
        max_imports: 0,
        min_funcs: 1 + random.below(8),
        max_funcs: 12,
        max_globals: 12,
        max_data_segments: 8,
        max_element_segments: 8,
        max_instructions: 25 << random.below(6),
        max_nesting_depth: 12,
        max_type_size: 200,
        max_types: 16,
        max_memories: if has_new_memories { 4 } else { 1 },
        max_tables: 4,
        min_memories: !random.one_in(4) as u32,
        // Each look at a memory hashes it.
        max_memory32_bytes: 8 << 16,
        max_memory64_bytes: 8 << 16,
        memory_max_size_required: true,
        max_table_elements: 200,
        table_max_size_required: true,

        bulk_memory_enabled: true,
        extended_const_enabled: true,
        multi_value_enabled: true,
        reference_types_enabled: true,
        saturating_float_to_int_enabled: true,
        sign_extension_ops_enabled: true,
        simd_enabled: !random.one_in(4),

        compact_imports_enabled: false,
        custom_page_sizes_enabled: has_new_memories && random.one_in(2),
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: has_new_memories,
        relaxed_simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    }
}

/// Adds the function [`REFUEL`], which sets the global to [`FUEL`]. Everything is added behind what is there, so that
/// no index changes. `None` if the module has no functions.
fn add_refuel(wasm: &[u8], global: u32) -> Option<Vec<u8>> {
    let mut body = vec![0x00, 0x41];
    signed_leb(&mut body, FUEL.into());
    body.push(0x24);
    leb(&mut body, global.into());
    body.push(0x0b);
    let mut sized_body = Vec::new();
    leb(&mut sized_body, body.len() as u64);
    sized_body.extend(body);

    let sections = sections(wasm).expect("wasm-smith makes valid modules");
    let count =
        |id: u8| sections.iter().find(|(other, _)| *other == id).map_or(0, |(_, contents)| read_leb(contents).0);
    let mut export = Vec::new();
    leb(&mut export, REFUEL.len() as u64);
    export.extend(REFUEL.as_bytes());
    export.push(0);
    leb(&mut export, count(3));
    let mut function_type = Vec::new();
    leb(&mut function_type, count(1));
    let additions: [(u8, Vec<u8>); 4] = [(1, vec![0x60, 0, 0]), (3, function_type), (7, export), (10, sized_body)];

    let out = with_sections(&sections, |id, contents| {
        let (_, addition) = additions.iter().find(|(other, _)| *other == id)?;
        Some(extend_vector(contents, addition))
    });
    additions.iter().all(|(id, _)| sections.iter().any(|(other, _)| other == id)).then_some(out)
}

fn extend_vector(contents: &[u8], element: &[u8]) -> Vec<u8> {
    let (count, after) = read_leb(contents);
    let mut out = Vec::new();
    leb(&mut out, count + 1);
    out.extend(&contents[after..]);
    out.extend(element);
    out
}

#[cfg(test)]
mod tests {
    use wasmparser::WasmFeatures;

    use super::*;
    use crate::spec::judge::is_valid;
    use crate::steps::{Export, Exports, FEATURES};

    #[test]
    fn modules_are_valid_and_a_function_of_the_seed() {
        for seed in 0..50 {
            let wasm = module(seed);
            assert!(wasm == module(seed), "seed {seed}");
            let exports = Exports::of(&wasm).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert!(matches!(exports.find(REFUEL), Some(Export::Function { .. })));
        }
    }

    #[test]
    fn proposals_are_used() {
        let modules: Vec<Vec<u8>> = (0..200).map(module).collect();
        for feature in [WasmFeatures::MULTI_MEMORY, WasmFeatures::MEMORY64, WasmFeatures::CUSTOM_PAGE_SIZES] {
            let count = modules.iter().filter(|wasm| !is_valid(wasm, FEATURES - feature)).count();
            assert!(count > 10, "{count} of 200 modules need {feature:?}");
        }
    }
}
