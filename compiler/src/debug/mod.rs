//! Debug information: the DWARF of modules → DWARF of the program's native code.
//!
//! A module's DWARF describes Wasm code, locals and linear memory. Here it is translated, after the code was made, to
//! what gdb understands: lines, functions and what was inlined into them ([`units`], [`lines`]), with addresses of
//! native code ([`map`]); where variables are, in registers, the native frame, and memory as the process sees it
//! ([`variables`], [`expression`]); pointers that can be followed ([`pointers`]), and what Rust has in their place
//! ([`slices`]). Reports of traps get the lines of all sites ([`places`]).
//!
//! Nothing of this has an influence on the code. DWARF that is malformed is left out, with a note: it is no part of
//! what makes a module valid.

pub mod expression;
mod lines;
pub mod map;
mod origins;
pub mod places;
mod pointers;
mod slices;
pub mod text;
mod units;
mod variables;

use gimli::read::{Dwarf, EndianSlice};
use gimli::write::{EndianVec, RelocateWriter, Relocation, Sections};
use gimli::{LittleEndian, SectionId};
use wasmparser::ValType;

use crate::object::machine::Machine;
use crate::parse::debug::DebugSections;
use crate::plan::layout::Instances;
use crate::plan::{self, Instance, Plan};
use expression::{GlobalPlace, MemoryBase, State};
use map::{CodeMap, FunctionCode, MappedFunction};
use places::Places;
use units::{Context, Sources};

/// A section of the input.
type Input<'a> = EndianSlice<'a, LittleEndian>;

/// The number by which relocations name the start of all code.
const TEXT: usize = 0;

/// A section of native DWARF.
#[derive(Clone, Debug)]
pub struct DebugSection {
    pub id: SectionId,
    pub bytes: Vec<u8>,
    /// They refer to the code (the only symbol), or to other sections of the same instance.
    pub relocations: Vec<Relocation>,
}

/// What was made of the DWARF of a program.
#[derive(Default)]
pub struct Debug {
    /// Of each instance that has some: linkers put one behind the other.
    pub instances: Vec<Vec<DebugSection>>,
    pub places: Places,
    /// Sentences about what was left out.
    pub notes: Vec<String>,
}

/// Translates the DWARF of all instances. `functions` are all that have code.
pub fn translate(plan: &Plan<'_>, functions: &[FunctionCode], machine: Machine) -> Debug {
    let mut debug = Debug::default();
    for (id, instance) in plan.instances.iter() {
        if instance.module.debug.section(".debug_info").is_empty() {
            continue;
        }
        let map = CodeMap::new(plan, id, functions);
        match translate_instance(plan, instance, &map, machine) {
            Ok((sections, sources)) => {
                debug.instances.push(sections);
                debug.places.add(&map, sources);
            }
            Err(error) => {
                let name = &instance.name;
                debug.notes.push(format!("{name}: its debug information is malformed, and left out: {error}"));
            }
        }
    }
    debug
}

fn translate_instance(
    plan: &Plan<'_>,
    instance: &Instance<'_>,
    map: &CodeMap<'_>,
    machine: Machine,
) -> gimli::write::ConvertResult<(Vec<DebugSection>, Sources)> {
    let dwarf = read(&instance.module.debug)?;
    let state = state(plan, instance, machine);
    let local_types = |function: &MappedFunction<'_>| local_types(plan, instance, function.code);
    let context = Context { map, state: &state, local_types: &local_types };
    let (mut output, sources) = units::translate(&context, &dwarf)?;

    let mut sections = Sections::new(SectionWriter { bytes: EndianVec::new(LittleEndian), relocations: Vec::new() });
    output.write(&mut sections)?;
    let mut written = Vec::new();
    let _ = sections.for_each_mut(|id, writer| {
        if !writer.relocations.is_empty() || !writer.bytes.slice().is_empty() {
            let bytes = writer.bytes.take();
            written.push(DebugSection { id, bytes, relocations: std::mem::take(&mut writer.relocations) });
        }
        Ok::<(), std::convert::Infallible>(())
    });
    Ok((written, sources))
}

fn read<'a>(sections: &DebugSections<'a>) -> gimli::read::Result<Dwarf<Input<'a>>> {
    Dwarf::load(|id: SectionId| Ok(EndianSlice::new(sections.section(id.name()), LittleEndian)))
}

/// How expressions reach memory and globals.
fn state(plan: &Plan<'_>, instance: &Instance<'_>, machine: Machine) -> State {
    let layout = &plan.layout;
    let memory = instance.memories.values().next().map(|&id| (&plan.memories[id], layout.memories[id]));
    let base = memory.map(|(_, place)| match place.base {
        Some(base) => MemoryBase::Constant(base),
        None => {
            let offset = place.record + wasmc_abi::layout::memory_record::BASE;
            match layout.instances {
                // Threads share the records of memories.
                Instances::One | Instances::OnePerThread => MemoryBase::Stored(layout.record_address(offset)),
                Instances::Any => MemoryBase::Relative(machine.instance_register(), offset.into()),
            }
        }
    });
    let globals = instance.globals.values().map(|&id| match layout.globals[id] {
        plan::layout::GlobalPlace::Constant => GlobalPlace::Constant(match plan.globals[id].initial {
            plan::evaluate::ConstValue::Bits(bits) => bits as u64,
            plan::evaluate::ConstValue::Function(_) => 0,
        }),
        plan::layout::GlobalPlace::Record(offset) => match layout.instances {
            Instances::One => GlobalPlace::Address(layout.record_address(offset)),
            Instances::OnePerThread | Instances::Any => {
                GlobalPlace::Relative(machine.instance_register(), offset.into())
            }
        },
    });
    State {
        memory: base,
        globals: globals.collect(),
        pointer_size: if memory.is_some_and(|(memory, _)| memory.has_64_bit_indices) { 8 } else { 4 },
    }
}

/// Types of a function's locals, parameters first.
fn local_types(plan: &Plan<'_>, instance: &Instance<'_>, code: &FunctionCode) -> Vec<ValType> {
    let function = &plan.functions[code.id];
    let mut types = plan.types.get(function.ty).params().to_vec();
    if let plan::FunctionSource::Body { body, .. } = function.source
        && let Ok(locals) = instance.body(body).body.get_locals_reader()
    {
        for (count, ty) in locals.into_iter().map_while(Result::ok) {
            types.extend(std::iter::repeat_n(ty, count as usize));
        }
    }
    types
}

/// Collects the bytes of a section, and its relocations.
#[derive(Clone)]
struct SectionWriter {
    bytes: EndianVec<LittleEndian>,
    relocations: Vec<Relocation>,
}

impl RelocateWriter for SectionWriter {
    type Writer = EndianVec<LittleEndian>;

    fn writer(&self) -> &EndianVec<LittleEndian> {
        &self.bytes
    }

    fn writer_mut(&mut self) -> &mut EndianVec<LittleEndian> {
        &mut self.bytes
    }

    fn relocate(&mut self, relocation: Relocation) {
        self.relocations.push(relocation);
    }
}
