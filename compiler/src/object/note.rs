//! The note that records what a program may use of the host (see [`wasmc_abi::grants`]).

use wasmc_abi::grants::{INHERIT_ENVIRONMENT, NOTE_TYPE, OWNER, SEALED, VERSION, WALK, tag};

use crate::codegen::target::Target;
use crate::embed::Embedded;
use crate::options::Options;
use crate::parse::External;
use crate::plan::{FunctionSource, Plan};

/// The bytes of the section.
pub struct Note {
    pub bytes: Vec<u8>,
    /// Where in it the descriptor begins, which goes on to its end.
    pub descriptor: usize,
}

pub fn note(plan: &Plan<'_>, target: &Target, options: &Options, embedded: Option<&Embedded>) -> Note {
    let descriptor = descriptor(plan, target, options, embedded);
    let mut bytes = Vec::new();
    for word in [OWNER.len() as u32, descriptor.len() as u32, NOTE_TYPE] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes.extend_from_slice(OWNER);
    pad(&mut bytes);
    let start = bytes.len();
    bytes.extend_from_slice(&descriptor);
    Note { bytes, descriptor: start }
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

fn descriptor(plan: &Plan<'_>, target: &Target, options: &Options, embedded: Option<&Embedded>) -> Vec<u8> {
    let grants = &options.grants;
    let flag = |is_set: bool, flag: u32| if is_set { flag } else { 0 };
    let flags = flag(grants.sealed, SEALED)
        | flag(grants.inherit_environment, INHERIT_ENVIRONMENT)
        | flag(grants.walk_paths, WALK);
    let mut bytes = Vec::new();
    for word in [VERSION, flags, target.machine.elf_number().into(), target.level.number()] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    let has_64_bit_indices = plan.memories.values().any(|memory| memory.has_64_bit_indices);
    bytes.extend_from_slice(&options.memory_limit(has_64_bit_indices).to_le_bytes());

    let mut add = |tag: u32, text: &str| {
        bytes.extend_from_slice(&tag.to_le_bytes());
        bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
        pad(&mut bytes);
    };
    let lists =
        [(tag::DIRECTORY, &grants.directories), (tag::VARIABLE, &grants.variables), (tag::LISTENER, &grants.listeners)];
    for (tag, list) in lists {
        list.iter().for_each(|text| add(tag, text));
    }
    if let Some(arg0) = &grants.arg0 {
        add(tag::ARG0, arg0);
    }
    for tree in embedded.iter().flat_map(|embedded| &embedded.trees) {
        add(tag::EMBEDDED, &format!("{} {} {}", tree.files, tree.bytes, tree.guest));
    }
    for import in host_imports(plan) {
        add(tag::IMPORT, &import);
    }
    if let Some(main) = plan.instances.values().next_back() {
        main.module.exports.keys().for_each(|name| add(tag::EXPORT, name));
    }
    for memory in plan.memories.values() {
        let maximum = memory.limit.min(options.memory_limit(memory.has_64_bit_indices));
        add(tag::MEMORY, &format!("{} {maximum}", memory.minimum));
    }
    if plan.thread_start.is_some() {
        add(tag::MAX_THREADS, &options.max_threads.to_string());
    }
    bytes
}

/// Both names of each import that the host satisfies or that traps when called; each once, sorted.
fn host_imports(plan: &Plan<'_>) -> Vec<String> {
    let mut imports = Vec::new();
    for instance in plan.instances.values() {
        for import in &instance.module.imports {
            if let External::Function(function) = import.item
                && let FunctionSource::Wasi { .. } | FunctionSource::Native { .. } | FunctionSource::Unknown { .. } =
                    plan.functions[instance.functions[function]].source
            {
                imports.push(format!("{}.{}", import.module, import.name));
            }
        }
    }
    imports.sort();
    imports.dedup();
    imports
}
