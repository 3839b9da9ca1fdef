//! What code refers to by name: functions, runtime entry points and read-only data.
//!
//! Cranelift carries a name as two numbers (`UserExternalName`); [`Name`] is what they mean.

use cranelift_codegen::ir::UserExternalName;
use cranelift_entity::EntityRef;

use crate::plan::ids::{DataId, ElemId, FuncId, GlobalId, InstanceId, TableId};
use crate::plan::library::ApiId;

macro_rules! names {
    ($($(#[$doc:meta])* $variant:ident($index:ty) = $namespace:literal,)*) => {
        /// Something that has a symbol in the object.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Name { $($(#[$doc])* $variant($index),)* }

        impl Name {
            /// The two numbers that Cranelift carries.
            pub fn encode(self) -> UserExternalName {
                match self {$(
                    Name::$variant(index) => {
                        UserExternalName { namespace: $namespace, index: index.index() as u32 }
                    }
                )*}
            }

            /// The inverse of [`Name::encode`].
            pub fn decode(name: &UserExternalName) -> Name {
                match name.namespace {
                    $($namespace => Name::$variant(EntityRef::new(name.index as usize)),)*
                    other => unreachable!("namespace {other} is never encoded"),
                }
            }
        }
    };
}

names! {
    /// Code of a function, to be called by the Wasm calling convention.
    Function(FuncId) = 0,
    /// `extern "C" fn(slots)` that calls a function: see [`wasmc_abi::layout::SLOT_BYTES`].
    ArrayCall(FuncId) = 1,
    /// `extern "C" fn(slots)` that gives the value of a global.
    GlobalGetter(GlobalId) = 2,
    /// `extern "C" fn(slots)` that instantiates an instance.
    Instantiate(InstanceId) = 3,
    /// `extern "C" fn()`: the whole command.
    Main(Unique) = 4,
    /// A function of the runtime library.
    Runtime(RuntimeFunction) = 5,
    /// A function of WASI, by its place in the table.
    Wasi(WasiFunction) = 6,
    /// Bytes of a data segment.
    Data(DataId) = 7,
    /// Entries of an element segment.
    Elements(ElemId) = 8,
    /// Entries of a table that never changes.
    Table(TableId) = 9,
    /// One funcref, in read-only data.
    Funcref(FuncId) = 10,
    /// NUL-terminated name of an unknown import.
    UnknownImport(FuncId) = 11,
    /// What the code offset of a funcref counts from.
    FuncrefAnchor(Unique) = 12,
    /// `extern "C" fn(thread, argument)`: a new thread, from its instantiation on.
    ThreadStart(Unique) = 13,
    /// The signature of the function that is called with the arguments of the process: see [`wasmc_abi::invoke`].
    Signature(FuncId) = 14,
    /// A function of the C interface of a library.
    Api(ApiId) = 15,
    /// `extern "C" fn(slots, instance)` that calls a C function in place of an import.
    HostCall(FuncId) = 16,
    /// A C function of a native object.
    Native(FuncId) = 17,
    /// What is counted in a function: see [`wasmc_abi::profile`].
    Counters(FuncId) = 18,
}

/// The index of names that exist once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unique;

impl EntityRef for Unique {
    fn new(_: usize) -> Unique {
        Unique
    }
    fn index(self) -> usize {
        0
    }
}

/// An index in [`wasmc_abi::wasi::FUNCTIONS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WasiFunction(pub u32);

impl EntityRef for WasiFunction {
    fn new(index: usize) -> WasiFunction {
        WasiFunction(index as u32)
    }
    fn index(self) -> usize {
        self.0 as usize
    }
}

macro_rules! runtime_functions {
    ($($variant:ident = $symbol:expr,)*) => {
        /// A function of the runtime library that the program refers to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RuntimeFunction { $($variant,)* }

        impl RuntimeFunction {
            const ALL: &[RuntimeFunction] = &[$(RuntimeFunction::$variant,)*];

            pub fn symbol(self) -> &'static str {
                match self { $(RuntimeFunction::$variant => $symbol,)* }
            }
        }
    };
}

use wasmc_abi::symbols::{self, libcalls};

runtime_functions! {
    MemoryGrow    = symbols::MEMORY_GROW,
    TableGrow     = symbols::TABLE_GROW,
    Memmove       = symbols::MEMMOVE,
    Memset        = symbols::MEMSET,
    FillWords     = symbols::FILL_WORDS,
    UnknownImport = symbols::UNKNOWN_IMPORT,
    ExceptionNew  = symbols::EXCEPTION_NEW,
    ExceptionDone = symbols::EXCEPTION_DONE,
    Throw         = symbols::THROW,
    AtomicWait32  = symbols::ATOMIC_WAIT_32,
    AtomicWait64  = symbols::ATOMIC_WAIT_64,
    AtomicNotify  = symbols::ATOMIC_NOTIFY,
    Script        = symbols::SCRIPT,
    ScriptThread  = symbols::SCRIPT_THREAD,
    CheckVariables = symbols::CHECK_VARIABLES,
    OpenDirectories = symbols::OPEN_DIRECTORIES,
    MountEmbedded = symbols::MOUNT_EMBEDDED,
    OpenListeners = symbols::OPEN_LISTENERS,
    Harden        = symbols::HARDEN,
    ConfineFiles  = symbols::CONFINE_FILES,
    Embed         = symbols::EMBED,
    Invoke        = symbols::INVOKE,
    Profile       = symbols::PROFILE,
    LibraryInstantiate = symbols::LIBRARY_INSTANTIATE,
    LibraryDestroy = symbols::LIBRARY_DESTROY,
    LibraryEnter  = symbols::LIBRARY_ENTER,
    LibraryLeave  = symbols::LIBRARY_LEAVE,
    LibraryFail   = symbols::LIBRARY_FAIL,
    LibraryRaise  = symbols::LIBRARY_RAISE,
    LibraryRaised = symbols::LIBRARY_RAISED,
    CeilF32       = libcalls::CEIL_F32,
    CeilF64       = libcalls::CEIL_F64,
    FloorF32      = libcalls::FLOOR_F32,
    FloorF64      = libcalls::FLOOR_F64,
    TruncF32      = libcalls::TRUNC_F32,
    TruncF64      = libcalls::TRUNC_F64,
    NearestF32    = libcalls::NEAREST_F32,
    NearestF64    = libcalls::NEAREST_F64,
    FmaF32        = libcalls::FMA_F32,
    FmaF64        = libcalls::FMA_F64,
    X86Pshufb     = libcalls::X86_PSHUFB,
}

impl EntityRef for RuntimeFunction {
    fn new(index: usize) -> RuntimeFunction {
        RuntimeFunction::ALL[index]
    }
    fn index(self) -> usize {
        self as usize
    }
}
