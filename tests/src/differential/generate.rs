//! Modules from seeds.

use arbitrary::Unstructured;
use wasm_smith::{Config, Module};
use wasmparser::{Operator, Parser, Payload};

use super::loops;
use crate::binary::{leb, read_leb, sections, signed_leb, with_sections};
use crate::random::Random;

/// Function calls and loop iterations that a call of an export may make: keeps recursion within what both stacks bear.
pub const FUEL: u32 = 1000;

/// Export that fills up the fuel.
pub const REFUEL: &str = "wasmc refuel";

/// What modules are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// WebAssembly 2.0 and extended constant expressions. NaNs are made canonical by the module itself.
    Version2,
    /// The same with tail calls and wide arithmetic, which have no choices either.
    Later,
    /// Integers, references, exceptions and tail calls, compared with Wasmtime by hand.
    Exceptions,
    /// Integers, references and atomic instructions on shared memories, in one thread, compared with Wasmtime by hand.
    Threads,
    /// Version 2 with relaxed vector operators, for the deterministic profile: nothing is made canonical.
    Deterministic,
    /// Loops over neighbouring elements: see [`loops`].
    Loops,
}

/// How modules are run and compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// In the deterministic profile.
    pub is_deterministic: bool,
    /// A trap is the end: what is in memories and globals then is not compared.
    pub ends_with_trap: bool,
}

impl Group {
    /// Those that are compared with wasmi, always.
    pub const ALL: &[Group] = &[Group::Version2, Group::Later, Group::Deterministic, Group::Loops];

    pub fn name(self) -> &'static str {
        match self {
            Group::Version2 => "version-2",
            Group::Later => "later",
            Group::Deterministic => "deterministic",
            Group::Loops => "loops",
            Group::Exceptions => "exceptions",
            Group::Threads => "threads",
        }
    }

    pub fn terms(self) -> Terms {
        Terms { is_deterministic: self == Group::Deterministic, ends_with_trap: self == Group::Loops }
    }

    /// Whether wasmi lacks what it has.
    pub fn needs_wasmtime(self) -> bool {
        matches!(self, Group::Exceptions | Group::Threads)
    }

    pub fn parse(name: &str) -> Option<Group> {
        Group::ALL.iter().copied().chain([Group::Exceptions, Group::Threads]).find(|group| group.name() == name)
    }
}

/// The module of a seed. It exports everything, imports nothing, and every call ends. Some of its branches have hints.
/// All but those of [`Group::Loops`] have [`REFUEL`].
pub fn module(group: Group, seed: u64) -> Vec<u8> {
    if group == Group::Loops {
        return loops::module(seed);
    }
    let mut random = Random::new(seed);
    // Now and then a module lacks the functions that it should have had.
    loop {
        let length = 1024 << random.below(5);
        let bytes = random.bytes(length);
        let config = config(group, &mut random);
        let Ok(mut module) = Module::new(config, &mut Unstructured::new(&bytes)) else { continue };
        let Ok(global) = module.ensure_termination(FUEL) else { continue };
        if group == Group::Threads && waits(&module.to_bytes()) {
            continue;
        }
        if let Some(wasm) = add_refuel(&module.to_bytes(), global) {
            return add_hints(&wasm, &mut random);
        }
    }
}

fn config(group: Group, random: &mut Random) -> Config {
    // wasm-smith makes no vectors where nothing may trap.
    let is_deterministic = group == Group::Deterministic;
    let has_exceptions = group == Group::Exceptions;
    let is_by_hand = group.needs_wasmtime();
    let has_new_memories = random.one_in(2) && !is_by_hand;
    Config {
        // Half of the modules: an access that traps ends a function too early for what comes after it to be tested.
        disallow_traps: random.one_in(2) && !is_deterministic,
        canonicalize_nans: !is_deterministic,
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
        simd_enabled: (!random.one_in(4) || is_deterministic) && !is_by_hand,
        allow_floats: !is_by_hand,
        exceptions_enabled: has_exceptions,
        relaxed_simd_enabled: is_deterministic,
        tail_call_enabled: group == Group::Later || has_exceptions,
        wide_arithmetic_enabled: group == Group::Later,

        compact_imports_enabled: false,
        custom_page_sizes_enabled: has_new_memories && random.one_in(2),
        gc_enabled: false,
        memory64_enabled: has_new_memories,
        threads_enabled: group == Group::Threads,
        ..Config::default()
    }
}

/// Whether a module may wait, which in one thread has no end.
fn waits(wasm: &[u8]) -> bool {
    let bodies = Parser::new(0).parse_all(wasm).filter_map(|payload| match payload {
        Ok(Payload::CodeSectionEntry(body)) => Some(body),
        _ => None,
    });
    let is_wait =
        |operator| matches!(operator, Operator::MemoryAtomicWait32 { .. } | Operator::MemoryAtomicWait64 { .. });
    bodies.flat_map(|body| body.get_operators_reader().expect("wasm-smith makes valid modules")).flatten().any(is_wait)
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

/// Adds a section that says of some branches whether they are likely, at random.
fn add_hints(wasm: &[u8], random: &mut Random) -> Vec<u8> {
    let mut functions: Vec<Vec<u8>> = Vec::new();
    let bodies = Parser::new(0).parse_all(wasm).filter_map(|payload| match payload {
        Ok(Payload::CodeSectionEntry(body)) => Some(body),
        _ => None,
    });
    for (index, body) in bodies.enumerate() {
        let operators = body.get_operators_reader().expect("wasm-smith makes valid modules");
        let branches = operators.into_iter_with_offsets().filter_map(|operator| match operator {
            Ok((Operator::If { .. } | Operator::BrIf { .. }, offset)) => Some(offset - body.range().start),
            _ => None,
        });
        let hints: Vec<Vec<u8>> = branches
            .filter(|_| random.one_in(2))
            .collect::<Vec<u64>>()
            .into_iter()
            .map(|offset| {
                let mut hint = Vec::new();
                leb(&mut hint, offset);
                hint.extend([1, random.one_in(2) as u8]);
                hint
            })
            .collect();
        if !hints.is_empty() {
            let mut function = Vec::new();
            leb(&mut function, index as u64);
            function.extend(vector(&hints));
            functions.push(function);
        }
    }
    const NAME: &str = "metadata.code.branch_hint";
    let contents = [&[NAME.len() as u8], NAME.as_bytes(), &vector(&functions)].concat();
    let mut sections = sections(wasm).expect("wasm-smith makes valid modules");
    let code = sections.iter().position(|(id, _)| *id == 10).expect("there are functions");
    sections.insert(code, (0, &contents));
    with_sections(&sections, |_, _| None)
}

/// Elements behind their number.
fn vector(elements: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    leb(&mut out, elements.len() as u64);
    out.extend(elements.iter().flatten());
    out
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
    use super::*;
    use crate::steps::{Export, Exports};

    #[test]
    fn modules_are_valid_and_a_function_of_the_seed() {
        for &group in Group::ALL {
            for seed in 0..50 {
                let wasm = module(group, seed);
                assert!(wasm == module(group, seed), "seed {seed}");
                let exports = Exports::of(&wasm).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
                let has_refuel = matches!(exports.find(REFUEL), Some(Export::Function { .. }));
                assert_eq!(has_refuel, group != Group::Loops);
            }
        }
    }

    #[test]
    fn groups_have_what_they_are_for() {
        let needs = |group: Group| {
            let needs = (0..50).map(|seed| wasmc::features::needed(&module(group, seed)).unwrap());
            needs.fold(wasmc::Features::NONE, wasmc::Features::union)
        };
        let version2 = needs(Group::Version2);
        for name in ["multi-memory", "memory64", "custom-page-sizes"] {
            assert!(version2.names().any(|needed| needed == name), "{name}");
        }
        let added = |group: Group| needs(group).without(version2).to_string();
        assert_eq!(added(Group::Later), "tail-call, wide-arithmetic");
        assert_eq!(added(Group::Deterministic), "relaxed-simd");
    }
}
