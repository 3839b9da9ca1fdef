//! Names through which the program and the runtime library refer to each other.

/// Defined by the program: its [`ProgramHeader`](crate::program::ProgramHeader).
pub const PROGRAM: &str = "wasmc_program";

/// Defined by the program: what the code offset of a funcref counts from.
pub const FUNCREF_ANCHOR: &str = "wasmc_funcref_anchor";

/// Defined by the runtime: where the kernel starts the process.
pub const ENTRY: &str = "wasmc_entry";

/// `extern "C" fn(memory: *mut MemoryRecord, delta_pages: u64) -> i64`: the previous size in pages, or -1.
pub const MEMORY_GROW: &str = "wasmc_memory_grow";

/// `extern "C" fn(table: *mut TableRecord, delta: u64, fill: u64) -> i64`: the previous size in entries, or -1.
pub const TABLE_GROW: &str = "wasmc_table_grow";

/// `extern "C" fn(destination: *mut u8, source: *const u8, bytes: usize)`: the regions may overlap, and were checked.
pub const MEMMOVE: &str = "wasmc_memmove";

/// `extern "C" fn(destination: *mut u8, byte: u32, bytes: usize)`: the region was checked.
pub const MEMSET: &str = "wasmc_memset";

/// `extern "C" fn(destination: *mut u64, word: u64, count: usize)`: for `table.fill`; the region was checked.
pub const FILL_WORDS: &str = "wasmc_fill_words";

/// `extern "C" fn(name: *const u8) -> !`: traps with [`UnknownImport`](crate::trap::TrapCode::UnknownImport); `name` is
/// a NUL-terminated string with both names of the import.
pub const UNKNOWN_IMPORT: &str = "wasmc_unknown_import";

/// `extern "C" fn(tag: u32, values: u32) -> *mut Exception`: a new exception, whose payload the caller fills in.
pub const EXCEPTION_NEW: &str = "wasmc_exception_new";

/// `extern "C" fn(exception: *mut Exception)`: says that an exception was caught and is not needed any more, unless
/// there are references to it.
pub const EXCEPTION_DONE: &str = "wasmc_exception_done";

/// `extern "C" fn(exception: *mut Exception) -> !`: throws; traps if it is null, or nothing catches it.
pub const THROW: &str = "wasmc_throw";

/// `extern "C" fn(address: *const u32, expected: u32, timeout: i64) -> u32`: waits in a shared memory until it is woken
/// (0), unless another value than the expected one is found there (1), or so many nanoseconds have passed (2; never, if
/// they are negative). The address was checked.
pub const ATOMIC_WAIT_32: &str = "wasmc_atomic_wait_32";

/// The same for a u64.
pub const ATOMIC_WAIT_64: &str = "wasmc_atomic_wait_64";

/// `extern "C" fn(address: *const u32, count: u32) -> u32`: wakes so many of those who wait at an address of a shared
/// memory; gives how many these were.
pub const ATOMIC_NOTIFY: &str = "wasmc_atomic_notify";

/// `unsafe extern "C" fn(header: *const ProgramHeader)`: installs the filter; the last thing that start-up does. Only
/// programs that are hardened link it.
pub const HARDEN: &str = "wasmc_harden";

/// `extern "C" fn() -> bool`: takes away every file that is not granted; false if the kernel cannot. Only programs that
/// can name files link it.
pub const CONFINE_FILES: &str = "wasmc_confine_files";

/// `extern "C" fn()`: performs the program's script. Only scripts link it.
pub const SCRIPT: &str = "wasmc_script";

/// `extern "C" fn()`: refuses a variable of the guest's environment that is none; a
/// [preparation](crate::program::ProgramHeader::preparations), like those that follow. Only programs that can read
/// their environment link it.
pub const CHECK_VARIABLES: &str = "wasmc_check_variables";

/// `extern "C" fn()`: opens the directories of the host that are granted. Only programs that are granted some, or could
/// use what whoever starts them grants, link it.
pub const OPEN_DIRECTORIES: &str = "wasmc_open_directories";

/// `extern "C" fn()`: grants the embedded trees. Only programs that have some link it.
pub const MOUNT_EMBEDDED: &str = "wasmc_mount_embedded";

/// `extern "C" fn()`: opens the listeners that are granted. Linked as [`OPEN_DIRECTORIES`] is.
pub const OPEN_LISTENERS: &str = "wasmc_open_listeners";

/// `extern "C" fn(step: u32) -> bool`: starts a thread that performs a script from this step on. Only scripts with
/// threads link it.
pub const SCRIPT_THREAD: &str = "wasmc_script_thread";

/// `extern "C" fn(entry: extern "C" fn(slots), signature: *const u8)`: calls an array call with the arguments of the
/// process and prints its results: see [`invoke`](crate::invoke). Only programs that are made for that link it.
pub const INVOKE: &str = "wasmc_invoke";

/// Answers what is asked of embedded trees; a function of the runtime library for itself. Only programs that have such
/// trees link it.
pub const EMBED: &str = "wasmc_embed";

/// `unsafe extern "C" fn(header: *const ProgramHeader, program: *const profile::Program)`: maps the profile, so that
/// the program counts there. Only programs that are [profiled](crate::profile) link it.
pub const PROFILE: &str = "wasmc_profile";

/// Only in libraries. `extern "C" fn(imports: *const u64, options: *const Options, failure: *mut Failure) -> *mut
/// Instance`: makes an [instance](crate::library), or gives null.
pub const LIBRARY_INSTANTIATE: &str = "wasmc_library_instantiate";

/// Only in libraries. `extern "C" fn(instance: *mut Instance)`: gives everything back that it has.
pub const LIBRARY_DESTROY: &str = "wasmc_library_destroy";

/// Only in libraries. `extern "C" fn(entry, slots, instance) -> u32`: calls an array call on the instance's stack;
/// gives 0, or the number of the trap code with which it trapped, [`CODE_EXIT`](crate::library::CODE_EXIT) or
/// [`CODE_RAISED`](crate::library::CODE_RAISED). Called on the host's stack.
pub const LIBRARY_ENTER: &str = "wasmc_library_enter";

/// Only in libraries. `extern "C" fn(entry, slots) -> u32`: calls `entry(slots, instance)` on the host's stack; gives
/// whether the host asked for a trap. Called on the instance's stack.
pub const LIBRARY_LEAVE: &str = "wasmc_library_leave";

/// Only in libraries. `extern "C" fn(instance: *mut Instance, code: u32, failure: *mut Failure)`: says why a call did
/// not return. `failure` may be null.
pub const LIBRARY_FAIL: &str = "wasmc_library_fail";

/// Only in libraries. `extern "C" fn(instance: *mut Instance, message: *const u8)`: asks for a trap when the function
/// of the host that runs returns.
pub const LIBRARY_RAISE: &str = "wasmc_library_raise";

/// Only in libraries. `extern "C" fn() -> !`: the trap that the host asked for.
pub const LIBRARY_RAISED: &str = "wasmc_library_raised";

/// Prefix of the symbols of WASI functions: `extern "C" fn(memory: *mut MemoryRecord, arguments…) -> result`.
pub const WASI_PREFIX: &str = "wasmc_wasi_";

/// Instructions that Cranelift leaves to a library on CPUs without SSE4.1, SSSE3 or FMA: rounding
/// (`extern "C" fn(f32) -> f32`), fused multiply-add, and `pshufb` on two vectors.
pub mod libcalls {
    pub const CEIL_F32: &str = "wasmc_ceil_f32";
    pub const CEIL_F64: &str = "wasmc_ceil_f64";
    pub const FLOOR_F32: &str = "wasmc_floor_f32";
    pub const FLOOR_F64: &str = "wasmc_floor_f64";
    pub const TRUNC_F32: &str = "wasmc_trunc_f32";
    pub const TRUNC_F64: &str = "wasmc_trunc_f64";
    pub const NEAREST_F32: &str = "wasmc_nearest_f32";
    pub const NEAREST_F64: &str = "wasmc_nearest_f64";
    pub const FMA_F32: &str = "wasmc_fma_f32";
    pub const FMA_F64: &str = "wasmc_fma_f64";
    pub const X86_PSHUFB: &str = "wasmc_x86_pshufb";
}

/// Defined by the linker (ours, and `ld` for those it knows): the start of the ELF header, where the file is mapped.
pub const EHDR_START: &str = "__ehdr_start";
/// Defined by the linker: start and end of the `Elf64_Rela` entries to apply at start, all of the relative kind.
pub const RELA_START: &str = "__rela_iplt_start";
pub const RELA_END: &str = "__rela_iplt_end";
