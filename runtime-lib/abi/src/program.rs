//! How a program describes itself to the runtime library.
//!
//! The compiler defines one symbol, [`symbols::PROGRAM`](crate::symbols::PROGRAM), with a [`ProgramHeader`]. Places in
//! the executable are given as [`Rel32`], so that none of it needs a relocation at start-up and all of it is read-only.

/// A place in the executable: its address minus the address of the program header. 0 means 'none'.
pub type Rel32 = i32;

/// Must equal in both objects; raised with every change of this crate's layouts.
pub const ABI_VERSION: u32 = 8;

/// What the runtime must know of the program.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ProgramHeader {
    /// [`ABI_VERSION`].
    pub abi_version: u32,
    /// The [`cpu::Level`](crate::cpu::Level) that the code was compiled for, by [number](crate::cpu::Level::number).
    pub cpu_level: u32,

    /// Address and size in bytes of the record; both multiples of [`MAX_PAGE_SIZE`](crate::layout::MAX_PAGE_SIZE). In a
    /// library each instance has a record of its own, somewhere, and the address is 0: what [`Image::destination`]
    /// counts from.
    pub record_base: u64,
    pub record_size: u64,
    /// Bytes of the Wasm stack of each thread, without its guard.
    pub stack_size: u64,

    /// Byte offset in the record, and count, of the [`MemoryRecord`](crate::layout::MemoryRecord)s.
    pub memories: u32,
    pub memory_count: u32,
    /// Byte offset in the record, and count, of the [`TableRecord`](crate::layout::TableRecord)s.
    pub tables: u32,
    pub table_count: u32,

    /// Initial contents of the record and of the memories.
    pub images: Rel32,
    pub image_count: u32,

    /// `extern "C" fn()`: instantiates every instance, then runs the command. Returns when the command does. In a
    /// library it only instantiates, what `_initialize` does included, and an instance is entered for it. For a script
    /// it is [`symbols::SCRIPT`](crate::symbols::SCRIPT).
    pub main: Rel32,
    /// First [`ScriptStep`].
    pub script: Rel32,
    pub script_count: u32,
    /// 16-byte slots with the arguments of the script's calls.
    pub script_slots: Rel32,

    /// All machine code that was compiled from Wasm: start, and size in bytes.
    pub code: Rel32,
    pub code_size: u32,
    /// [`FunctionEntry`](crate::trap::FunctionEntry)s, ascending by `code_offset`.
    pub functions: Rel32,
    pub function_count: u32,
    /// Bytes in which [`FunctionEntry::sites`](crate::trap::FunctionEntry::sites) and
    /// [`FunctionEntry::name`](crate::trap::FunctionEntry::name) are offsets.
    pub sites: Rel32,
    pub names: Rel32,

    /// [`HandlerSite`](crate::exception::HandlerSite)s, ascending by return address, and their
    /// [`Handler`](crate::exception::Handler)s.
    pub handler_sites: Rel32,
    pub handler_site_count: u32,
    pub handlers: Rel32,
    /// For each function the number of its row, a `u16`; and the rows: see [`saved`](crate::exception::saved).
    pub function_frames: Rel32,
    pub frames: Rel32,
    /// For each tag, an offset in the names.
    pub tag_names: Rel32,

    /// Descriptor of the note that [`grants`](crate::grants) describes, and its size in bytes.
    pub grants: Rel32,
    pub grants_size: u32,
    /// What start-up does for those programs only that need it: places of `extern "C" fn()`s, called in their order.
    pub preparations: Rel32,
    pub preparation_count: u32,

    /// [`symbols::HARDEN`](crate::symbols::HARDEN), or none.
    pub harden: Rel32,
    /// [`symbols::CONFINE_FILES`](crate::symbols::CONFINE_FILES), or none: nothing that the filter lets through names a
    /// file.
    pub confine_files: Rel32,
    /// The filter's [`Instruction`](crate::harden::Instruction)s.
    pub filter: Rel32,
    pub filter_count: u32,
    /// Index of the instruction whose constant has to become the number of the process.
    pub filter_process: u32,
    /// [`REQUIRE`](crate::harden::REQUIRE) or 0.
    pub harden_flags: u32,

    /// The block that [`embed`](crate::embed) describes, or none, and its size in bytes.
    pub embedded_size: u64,
    pub embedded: Rel32,
    /// [`symbols::EMBED`](crate::symbols::EMBED), or none.
    pub embed: Rel32,

    /// `extern "C" fn(thread: u32, argument: u32)`: instantiates every instance for a new thread, then calls what
    /// threads begin with. None if the program starts no threads.
    pub thread_start: Rel32,
    /// Threads that there may be at a time, besides the first.
    pub max_threads: u32,
    /// [`symbols::SCRIPT_THREAD`](crate::symbols::SCRIPT_THREAD), or none: the script has one thread.
    pub script_thread: Rel32,

    /// For each function an offset in `site_places`, or [`NO_PLACES`](crate::source::NO_PLACES). None without `-g`.
    pub function_places: Rel32,
    /// Bytes that [`source`](crate::source) describes, and its [`SourcePlace`](crate::source::SourcePlace)s.
    pub site_places: Rel32,
    pub source_places: Rel32,
    pub source_place_count: u32,

    /// In a library: byte offset in the record of the stack's limit (a u64).
    pub stack_limit: u32,
    /// In a library: byte offset in the record, and count, of the addresses of what the host satisfies imports with.
    /// The first is not a function, but what it wants to be called with.
    pub imports: u32,
    pub import_count: u32,
    /// A [`profile::Program`](crate::profile::Program), or none: nothing is counted.
    pub profile: Rel32,
    pub reserved: u32,
    /// In a library: what the start of an instance's area is a multiple of.
    pub area_align: u64,
}

/// Most threads that a program can have at a time, besides the first.
pub const MAX_THREADS: u32 = (64 << 10) - 1;

/// One piece of initial memory contents.
///
/// If `source` and `destination` are congruent modulo the page size and the piece lies in an image section (a private,
/// writable, page-aligned segment of the executable), the runtime moves whole pages with `mremap`: nothing is copied,
/// and pages that are never touched are never read. Otherwise it copies.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Image {
    /// Where the bytes go: an absolute address for [`IMAGE_FIXED`] (in a library, an offset in the record, or what the
    /// record of a table has as its base before it is placed), else an offset in the memory.
    pub destination: u64,
    /// Bytes; a multiple of [`MAX_PAGE_SIZE`](crate::layout::MAX_PAGE_SIZE) for [`IMAGE_MOVE`].
    pub size: u64,
    /// Where the bytes are.
    pub source: Rel32,
    /// [`IMAGE_FIXED`], or the index of the memory that `destination` counts from: an explicit one, or any of a
    /// library's.
    pub memory: u32,
    /// [`IMAGE_COPY`] or [`IMAGE_MOVE`].
    pub kind: u32,
    pub reserved: u32,
}

/// [`Image::memory`]: the destination is an address.
pub const IMAGE_FIXED: u32 = u32::MAX;
/// [`Image::kind`]: copy the bytes from read-only data.
pub const IMAGE_COPY: u32 = 0;
/// [`Image::kind`]: the bytes are whole pages of an image section, which are moved where they belong.
pub const IMAGE_MOVE: u32 = 1;

/// One step of a script: the form in which the spec suite and the differential tests drive a program. The runtime
/// performs the steps in order, catches traps, and writes for each one a [`StepResult`] to standard output, followed by
/// `result_count` slots of 16 bytes if it returned.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct ScriptStep {
    /// [`STEP_CALL`], [`STEP_MEMORY`], [`STEP_START`], [`STEP_END`] or [`STEP_WAIT`].
    pub kind: u32,
    /// [`STEP_CALL`]: the array-call entry. [`STEP_MEMORY`]: the index of the memory. [`STEP_START`]: the index of the
    /// step that ends the thread. [`STEP_WAIT`]: the same, of the thread to wait for.
    pub target: i32,
    /// Index of the first argument among the script's slots.
    pub first_argument: u32,
    pub argument_count: u32,
    pub result_count: u32,
}

/// Call `target` (a [`Rel32`]) with the arguments.
pub const STEP_CALL: u32 = 0;
/// Give one result slot: the memory's length in bytes, then the FNV-1a hash (64 bit) over its 64-bit little-endian
/// words.
pub const STEP_MEMORY: u32 = 1;

/// Start a thread that performs the steps up to the one with index `target`; the script goes on behind that one.
pub const STEP_START: u32 = 2;
/// The end of a thread.
pub const STEP_END: u32 = 3;
/// Wait until a thread has performed the step with index `target`.
pub const STEP_WAIT: u32 = 4;

/// What a script writes for each step, in the order in which they end.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct StepResult {
    /// Index of the step.
    pub step: u32,
    /// 0, or the [`TrapCode`](crate::trap::TrapCode) that ended it.
    pub trap: u32,
}

const _: () = {
    assert!(size_of::<ProgramHeader>() == 232);
    assert!(size_of::<Image>() == 32);
    assert!(size_of::<ScriptStep>() == 20);
};
