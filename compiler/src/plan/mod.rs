//! [`Program`](crate::Program) → [`Plan`]: everything that can be decided before code is made.
//!
//! The plan is computed once and then only read. Its parts, in the order in which they are found:
//!
//! - [`wire`]: which function, table, memory or global each index of each instance means;
//! - [`evaluate`]: values of constant expressions;
//! - [`liveness`]: which functions can run, and so which globals, tables and memories can change;
//! - [`library`]: the C interface, if there is one;
//! - [`throws`]: which of them can throw;
//! - [`inline`]: which are translated in place of their calls;
//! - [`layout`]: where memories, tables and globals lie;
//! - [`instantiate`]: what of the instantiation is initial data, and which steps are left for run time.

mod describe;
pub mod evaluate;
pub mod ids;
pub mod inline;
pub mod instantiate;
pub mod layout;
pub mod library;
pub mod liveness;
mod throws;
pub mod types;
pub mod wire;

use cranelift_entity::{EntitySet, PrimaryMap};
use wasmc_abi::trap::TrapCode;
use wasmparser::{RefType, ValType};

use crate::error::Result;
use crate::options::Options;
use crate::parse::index::{
    BodyIndex, DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TagIndex, TypeIndex,
};
use crate::parse::uses::Uses;
use crate::parse::{Body, External, Module};
use crate::profile::Profiling;
use crate::program::{Entry, Program};
use evaluate::ConstValue;
use ids::{DataId, ElemId, FuncId, GlobalId, InstanceId, MemoryId, TableId, TagId, TypeId};
use inline::Inlining;
use layout::Layout;
use library::{HostImport, HostImportId, Library};
use types::Types;

/// All that translation needs to know of the program.
#[derive(Debug)]
pub struct Plan<'a> {
    pub instances: PrimaryMap<InstanceId, Instance<'a>>,
    pub types: Types,
    pub functions: PrimaryMap<FuncId, Function>,
    pub tables: PrimaryMap<TableId, Table>,
    pub memories: PrimaryMap<MemoryId, Memory>,
    pub globals: PrimaryMap<GlobalId, Global>,
    pub tags: PrimaryMap<TagId, Tag>,
    pub data: PrimaryMap<DataId, Data<'a>>,
    pub elements: PrimaryMap<ElemId, Elements>,
    /// Types of the functions that can throw and be called through tables and references.
    pub throwing_types: EntitySet<TypeId>,
    /// Some function that can run calls another in place of itself.
    pub tail_calls: bool,
    /// Some function that can run waits in a shared memory, or wakes who does.
    pub waits: bool,
    /// What threads begin with, if some function that can run starts any: see [`wire::find_thread_start`].
    pub thread_start: Option<FuncId>,
    pub layout: Layout,
    /// Imports that the program around a library satisfies.
    pub host_imports: PrimaryMap<HostImportId, HostImport>,
    pub main: Main,
    /// See [`Options::ends_with_trap`].
    pub ends_with_trap: bool,
    pub profile: Profiling,
    pub inlining: Inlining,
}

/// One instance: what its module's indices mean.
#[derive(Debug)]
pub struct Instance<'a> {
    pub name: String,
    pub module: Module<'a>,
    /// By body.
    pub uses: PrimaryMap<BodyIndex, Uses>,
    pub types: PrimaryMap<TypeIndex, TypeId>,
    pub functions: PrimaryMap<FuncIndex, FuncId>,
    pub tables: PrimaryMap<TableIndex, TableId>,
    pub memories: PrimaryMap<MemoryIndex, MemoryId>,
    pub globals: PrimaryMap<GlobalIndex, GlobalId>,
    pub tags: PrimaryMap<TagIndex, TagId>,
    pub data: PrimaryMap<DataIndex, DataId>,
    pub elements: PrimaryMap<ElemIndex, ElemId>,
    /// What instantiation has to do at run time, in order.
    pub steps: Vec<InstantiationStep>,
}

impl<'a> Instance<'a> {
    /// The function with this export name.
    pub fn exported_function(&self, name: &str) -> Option<FuncId> {
        match self.module.exports.get(name) {
            Some(External::Function(index)) => Some(self.functions[*index]),
            _ => None,
        }
    }

    /// The body of one of its functions.
    pub fn body(&self, body: BodyIndex) -> &Body<'a> {
        &self.module.bodies[body]
    }
}

/// Something that instantiation does at run time (core specification, 4.5.4).
#[derive(Clone, Copy, Debug)]
pub enum InstantiationStep {
    /// Traps unless an imported memory has at least this many bytes by now.
    RequireMemory(MemoryId, u64),
    /// Traps unless an imported table has at least this many entries by now.
    RequireTable(TableId, u64),
    /// Copies a whole active segment, or traps.
    CopyElements { elements: ElemId, table: TableId, offset: u64 },
    /// Copies a whole active segment, or traps.
    CopyData { data: DataId, memory: MemoryId, offset: u64 },
    /// An active segment that is known not to fit.
    Trap(TrapCode),
    /// The start function.
    Call(FuncId),
    /// `_initialize`.
    Initialize(FuncId),
}

impl InstantiationStep {
    /// Whether it applies a segment, or fails to.
    pub fn is_segment(&self) -> bool {
        use InstantiationStep::{CopyData, CopyElements, Trap};
        matches!(self, CopyElements { .. } | CopyData { .. } | Trap(_))
    }
}

/// A function of the program.
#[derive(Debug)]
pub struct Function {
    pub ty: TypeId,
    pub source: FunctionSource,
    /// For symbols and backtraces, demangled.
    pub name: String,
    /// It can be called, so it needs code.
    pub live: bool,
    /// It can become a value, so it needs a code address that follows the Wasm calling convention.
    pub referenced: bool,
    /// An exception can leave it.
    pub throws: bool,
}

/// Where a function's code comes from.
#[derive(Clone, Debug)]
pub enum FunctionSource {
    /// Compiled from a body.
    Body { instance: InstanceId, body: BodyIndex, index: FuncIndex },
    /// A function of WASI preview 1, by its place in [`wasmc_abi::wasi::FUNCTIONS`]. It works on this memory.
    Wasi { function: usize, memory: Option<MemoryId> },
    /// A C function of a native object. It is told of this memory.
    Native { symbol: String, memory: Option<MemoryId> },
    /// An import that the program around a library satisfies.
    Host { import: String, number: HostImportId },
    /// An import that nothing satisfies; traps with its name.
    Unknown { import: String },
}

#[derive(Debug)]
pub struct Table {
    pub element_type: RefType,
    /// Its indices are i64, not i32.
    pub has_64_bit_indices: bool,
    /// Entries.
    pub minimum: u64,
    pub maximum: Option<u64>,
    /// What entries hold before segments are applied.
    pub initial: ConstValue,
    /// Its entries can change after instantiation.
    pub written: bool,
    pub grown: bool,
    /// Entries after the static part of instantiation; shorter than `minimum` if the rest is `initial`.
    pub entries: Vec<ConstValue>,
}

impl Table {
    /// What the entries of the table hold at first, as many as there are then.
    pub fn initial_entries(&self) -> impl Iterator<Item = ConstValue> {
        let listed = self.entries.iter().copied().take(self.minimum as usize);
        let rest = self.minimum.saturating_sub(self.entries.len() as u64);
        listed.chain(std::iter::repeat_n(self.initial, rest as usize))
    }
}

#[derive(Debug)]
pub struct Memory {
    /// Its indices are i64, not i32.
    pub has_64_bit_indices: bool,
    /// Bytes.
    pub minimum: u64,
    /// Bytes, if declared.
    pub maximum: Option<u64>,
    /// Bytes that it may have at most: what is declared, what its indices reach, and with 64-bit indices what the
    /// options allow.
    pub limit: u64,
    pub page_size_log2: u32,
    pub shared: bool,
    /// Who defines it; of one that the program imports from nobody, who does so first.
    pub owner: InstanceId,
    pub grown: bool,
    /// The active segments that are part of the initial contents: where, and what.
    pub contents: Vec<(u64, DataId)>,
}

#[derive(Debug)]
pub struct Global {
    pub ty: ValType,
    pub mutable: bool,
    pub initial: ConstValue,
    /// A live function assigns it.
    pub written: bool,
}

/// What exceptions are told apart by: each is an identity of its own.
#[derive(Debug)]
pub struct Tag {
    /// Its parameters are the payload.
    pub ty: TypeId,
    /// For reports.
    pub name: String,
}

/// A data segment.
#[derive(Debug)]
pub struct Data<'a> {
    pub bytes: &'a [u8],
    /// It is gone once its instance is instantiated.
    pub active: bool,
    /// Code that runs needs its bytes.
    pub read: bool,
    /// `data.drop` may be applied, so that its size is a variable.
    pub dropped: bool,
}

/// An element segment.
#[derive(Debug)]
pub struct Elements {
    pub items: Vec<ConstValue>,
    /// It is gone once its instance is instantiated (or at once, if it is declarative).
    pub active: bool,
    pub read: bool,
    pub dropped: bool,
}

/// What the executable does.
#[derive(Debug)]
pub enum Main {
    /// Instantiates all instances in order, then calls a function.
    Command(Option<FuncId>),
    /// Instantiates all instances in order, then calls a function with the arguments of the process.
    Invoke(FuncId),
    /// Instantiates all instances in order; these functions have code, and nobody calls them.
    Exports(Vec<FuncId>),
    Script(Vec<ScriptStep>),
    /// Instantiates all instances in order, whenever the program around it wants that.
    Library(Library),
}

impl Plan<'_> {
    /// Whether nobody sees memories and globals after a trap.
    pub fn traps_end_the_program(&self) -> bool {
        self.ends_with_trap || matches!(self.main, Main::Command(_) | Main::Invoke(_) | Main::Exports(_))
    }
}

/// A step of a script with its names resolved.
#[derive(Debug)]
pub enum ScriptStep {
    Instantiate(InstanceId),
    Invoke {
        function: FuncId,
        arguments: Vec<u128>,
    },
    GlobalGet(GlobalId),
    Memory(MemoryId),
    /// With the index of the step that ends the thread; likewise for `Wait`.
    Start(usize),
    End,
    Wait(usize),
}

impl<'a> Plan<'a> {
    /// Decides everything about a program.
    ///
    /// # Errors
    ///
    /// If a module is not valid, or they do not fit together.
    pub fn new(program: &Program<'a>, options: &Options) -> Result<Plan<'a>> {
        let mut plan = wire::wire(program, options)?;
        plan.main = wire::resolve_entry(&plan, &program.entry)?;

        liveness::find_live(&mut plan)?;
        throws::find_throwing(&mut plan);
        library::check(&plan)?;
        instantiate::split_instantiation(&mut plan, !matches!(program.entry, Entry::Script(_)))?;
        plan.layout = layout::lay_out(&plan, options)?;
        plan.ends_with_trap = options.ends_with_trap;
        plan.profile = Profiling::new(&plan, &options.profile)?;
        plan.inlining = Inlining::new(&plan, options);
        Ok(plan)
    }
}
