//! Instances in a library: made, called, and destroyed by a program that is not ours (see [`wasmc_abi::library`]).
//!
//! Only this file, and what it needs, is different from an executable: there is no start, many instances instead of
//! one, and a trap goes back to whoever called. The process is the host's: its thread register, stacks, descriptors and
//! signal mask are left alone, and nothing ends it.
//!
//! # Two stacks
//!
//! The guest runs on the stack of its instance, the host on that of its thread, and so neither can exhaust the other's.
//! [`enter`](crate::arch::wasmc_library_enter) switches one way, [`leave`](crate::arch::wasmc_library_leave) the other:
//!
//! ```text
//!   host's stack      … host ─ enter ┐              ┌ function of the host ─ enter ┐
//!   instance's stack                 └ guest ─ leave ┘                             └ guest …
//! ```
//!
//! The catch frame of [`call_catching`](crate::arch::call_catching) is on the host's stack; it remembers where the
//! instance's stack was left. Each nested call takes at least
//! [`NESTING_BYTES`](wasmc_abi::library::NESTING_BYTES) of it: what ends calls without end is the instance's stack.
//! `thread()` is derived from the stack pointer, so that only code which runs on an
//! instance's stack may ask for it; the functions in this file that the host calls are given the instance.
//!
//! # Signals
//!
//! The handlers are the process's and installed once, by the first instance. A fault is the guest's if the pc is a trap
//! site of this library's code; then the instance register, which compiled code never changes, tells the instance.
//! Every other signal goes to the handler that was there before, as if ours were not: so several libraries, and a
//! host's own handler, live in one process. A host that installs its handlers later must pass on what is not its own.

use core::cell::Cell;
use core::mem::offset_of;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize};

use wasmc_abi::cpu::Level;
use wasmc_abi::grants::is_variable;
use wasmc_abi::library::{
    CODE_EXIT, CODE_RAISED, EXITED, Failure, HEAD_BYTES, LARGEST_FRAME, MARGIN, NO_STREAMS, NONE, Options, REFUSED,
    TRAPPED, area_bytes, stack_offset,
};
use wasmc_abi::program::ProgramHeader;
use wasmc_abi::trap::TrapCode;

use crate::arch::resolve;
use crate::arch::{self, Context, SignalInfo};
use crate::lock::Lock;
use crate::report::{self, Fault, Frame, Text};
use crate::thread::Thread;
use crate::trap::{self, SIGNALS, Verdict};
use crate::wasi::{self, Streams};
use crate::{memory, process, sites, sys};

/// The start of an area. Atomics and cells only to be plain safe Rust: an instance is used by one thread at a time.
#[repr(C)]
pub struct Instance {
    pub thread: Thread,
    /// Where the next call of the guest begins on its stack.
    pub guest_stack: AtomicU64,
    /// The innermost function of the host that runs asked for a trap, with the text in `note`: 1, or 0. Those around it
    /// have theirs in the frames of [`leave`](crate::arch::wasmc_library_leave).
    pub is_raised: AtomicU64,
    exit_status: AtomicU32,
    /// What is known of the last trap.
    trap: Cell<Trap>,
    /// Text of the host's for the last trap that it asked for.
    note: Cell<[u8; NOTE_BYTES]>,
    /// Copies of the strings that the host gave, and the bytes of the mapping.
    strings: AtomicU64,
    strings_bytes: AtomicU64,
    arguments: AtomicU64,
    arguments_bytes: AtomicU64,
    variables: AtomicU64,
    variables_bytes: AtomicU64,
    pub descriptors: wasi::Descriptors,
}

// Compiled code finds the record behind the head, and `running` the instance where the thread is.
const _: () = assert!(size_of::<Instance>() as u64 <= HEAD_BYTES && offset_of!(Instance, thread) == 0);

/// Bytes of a message of the host's that are kept.
const NOTE_BYTES: usize = 256;

/// Where and how a guest trapped.
#[derive(Clone, Copy)]
struct Trap {
    first: Frame,
    fault: Option<Fault>,
    name: Option<&'static [u8]>,
}

const NO_TRAP: Trap = Trap { first: Frame { pc: 0, fp: 0, caller: None }, fault: None, name: None };

/// The instance on whose stack this runs.
fn running() -> &'static Instance {
    // SAFETY: a thread is the start of an instance.
    unsafe { &*(&raw const *arch::thread()).cast::<Instance>() }
}

/// That of [`running`].
pub fn descriptors() -> &'static wasi::Descriptors {
    &running().descriptors
}

// --- Making and destroying ------------------------------------------------------------------------------

/// Why there is no instance: a sentence without full stop, and a name that belongs behind it.
struct Refusal(&'static str, &'static [u8]);

impl From<&'static str> for Refusal {
    fn from(message: &'static str) -> Refusal {
        Refusal(message, &[])
    }
}

/// See [`symbols::LIBRARY_INSTANTIATE`](wasmc_abi::symbols::LIBRARY_INSTANTIATE).
///
/// # Safety
///
/// `imports` must have an address for each import of the program, `options` be null or valid, as what it points to, and
/// `failure` null or valid for writes.
#[unsafe(no_mangle)]
unsafe extern "C" fn wasmc_library_instantiate(
    imports: *const u64,
    options: *const Options,
    failure: *mut Failure,
) -> *const Instance {
    let header = arch::program();
    // SAFETY: by the caller.
    let options = unsafe { if options.is_null() { Options::default() } else { *options } };
    let refuse = |Refusal(message, name): Refusal| {
        let mut text = Text::kept();
        text.text("wasmc: ");
        text.text(message);
        text.name(name);
        text.text("\n");
        // SAFETY: by the caller.
        unsafe { tell(failure, REFUSED, 0, &text) }
        core::ptr::null()
    };
    if let Err(message) = prepare(header) {
        return refuse(message.into());
    }
    let Some(instance) = map_area(header) else {
        return refuse("the stack of an instance could not be mapped".into());
    };
    // SAFETY: by the caller.
    if let Err(refusal) = unsafe { furnish(header, instance, imports, &options) } {
        // It may name a string of the instance's.
        let nothing = refuse(refusal);
        take_back(header, instance);
        return nothing;
    }
    // SAFETY: an entry without arguments; the instance is complete, and nobody else knows it.
    let code = unsafe {
        let main = core::mem::transmute::<*const u8, arch::ArrayCall>(resolve(header, header.main));
        arch::call_catching(main, core::ptr::null_mut(), &instance.thread)
    };
    if code != 0 {
        // SAFETY: as above.
        unsafe { wasmc_library_fail(instance, code, failure) };
        take_back(header, instance);
        return core::ptr::null();
    }
    // SAFETY: as above.
    if let Some(failure) = unsafe { failure.as_mut() } {
        failure.kind = NONE;
    }
    instance
}

/// What is done once for all instances, unless it was done: sees what machine this is, and installs signal handlers.
fn prepare(header: &ProgramHeader) -> Result<(), &'static str> {
    static READY: AtomicBool = AtomicBool::new(false);
    static PREPARING: Lock<()> = Lock::new(());
    if READY.load(Acquire) {
        return Ok(());
    }
    let _preparing = PREPARING.lock();
    if READY.load(Acquire) {
        return Ok(());
    }
    process::read_auxiliary_vector();
    // What is initialised by its first use is used once.
    let _ = sys::clock_time(sys::ClockId::Monotonic);
    if !Level::from_number(header.cpu_level).is_some_and(arch::has_level) {
        return Err("this CPU lacks instructions that the library was compiled for");
    }
    install_handlers().map_err(|_| "the signal handlers could not be installed")?;
    READY.store(true, Release);
    Ok(())
}

/// Maps the area of an instance: without memories and tables.
fn map_area(header: &ProgramHeader) -> Option<&'static Instance> {
    let bytes = area_bytes(header.record_size, header.stack_size);
    let base = sys::map_aligned(bytes, header.area_align).ok()?;
    let low = base + stack_offset(header.record_size);
    let high = base + bytes;
    // SAFETY: parts of what was just mapped.
    let accessible = unsafe {
        sys::make_accessible(base, HEAD_BYTES + header.record_size).and_then(|()| sys::make_accessible(low, high - low))
    };
    if accessible.is_err() {
        // SAFETY: nobody knows of it.
        unsafe { sys::unmap_pages(base, bytes) };
        return None;
    }
    let place = base as *mut Instance;
    // SAFETY: aligned, accessible and nobody's.
    let instance = unsafe {
        place.write(Instance {
            thread: Thread::new(),
            guest_stack: AtomicU64::new(high),
            is_raised: AtomicU64::new(0),
            exit_status: AtomicU32::new(0),
            trap: Cell::new(NO_TRAP),
            note: Cell::new([0; NOTE_BYTES]),
            strings: AtomicU64::new(0),
            strings_bytes: AtomicU64::new(0),
            arguments: AtomicU64::new(0),
            arguments_bytes: AtomicU64::new(0),
            variables: AtomicU64::new(0),
            variables_bytes: AtomicU64::new(0),
            descriptors: wasi::Descriptors::new(),
        });
        &*place
    };
    instance.thread.instance.store(base + HEAD_BYTES, Relaxed);
    // What is below belongs to signal handlers: host functions must not count on it.
    instance.thread.set_stack(low - wasmc_abi::library::GUARD_BYTES, low + MARGIN, high);
    Some(instance)
}

/// Gives an instance what it begins with.
///
/// # Safety
///
/// As for [`wasmc_library_instantiate`].
unsafe fn furnish(
    header: &'static ProgramHeader,
    instance: &'static Instance,
    imports: *const u64,
    options: &Options,
) -> Result<(), Refusal> {
    let record = instance.thread.instance();
    memory::instantiate(header, record).ok_or("a table could not be mapped")?;
    let limit = wasi::granted_memory().min(if options.max_memory == 0 { u64::MAX } else { options.max_memory });
    memory::place_of_instance(header, record, limit)?;
    let limit = (instance.thread.stack().0 + LARGEST_FRAME).to_le_bytes();
    // SAFETY: the compiler's promise about the header: places in the record.
    unsafe {
        ((record + header.stack_limit as u64) as *mut [u8; 8]).write(limit);
        for index in 0..header.import_count as usize {
            if imports.is_null() {
                return Err("the module has imports, and no functions for them are given".into());
            }
            let address = imports.add(index).read();
            if index != 0 && address == 0 {
                return Err("a function that the module imports is NULL".into());
            }
            ((record + header.imports as u64) as *mut u64).add(index).write(address);
        }
    }
    // SAFETY: by the caller.
    unsafe { open_grants(instance, options) }
}

/// Copies arguments and variables, and opens directories.
///
/// # Safety
///
/// As for [`wasmc_library_instantiate`].
unsafe fn open_grants(instance: &'static Instance, options: &Options) -> Result<(), Refusal> {
    let lists = [options.arguments, options.variables, options.directories];
    // SAFETY: by the caller, lists of strings.
    let sizes = unsafe { lists.map(|list| strings(list).map(|string| string.len() as u64 + 1).sum::<u64>()) };
    let bytes: u64 = sizes.iter().sum();
    let mut directories = 0;
    if bytes != 0 {
        let place = sys::map_anywhere(bytes, true).map_err(|_| "the strings of the options could not be copied")?;
        instance.strings.store(place, Relaxed);
        instance.strings_bytes.store(bytes, Relaxed);
        let mut at = place as *mut u8;
        for list in lists {
            // SAFETY: room for all of them, each with its NUL; the mapping is zero.
            unsafe {
                for string in strings(list) {
                    core::ptr::copy_nonoverlapping(string.as_ptr(), at, string.len());
                    at = at.add(string.len() + 1);
                }
            }
        }
        instance.arguments.store(place, Relaxed);
        instance.arguments_bytes.store(sizes[0], Relaxed);
        instance.variables.store(place + sizes[0], Relaxed);
        instance.variables_bytes.store(sizes[1], Relaxed);
        directories = place + sizes[0] + sizes[1];
    }
    // SAFETY: as below.
    let mut variables = unsafe { copies(instance.variables.load(Relaxed), sizes[1]) };
    if let Some(bad) = variables.find(|variable| !is_variable(variable)) {
        return Err(Refusal("a variable must be NAME=VALUE, not ", bad));
    }
    let streams = if options.flags & NO_STREAMS != 0 { Streams::Closed } else { Streams::Inherited };
    // SAFETY: the copies, which live as long as the instance.
    let directories = unsafe { copies(directories, sizes[2]) };
    wasi::open_in_library(&instance.descriptors, streams, directories).map_err(|(message, name)| Refusal(message, name))
}

/// The strings of a list that ends with a null; none if there is no list.
///
/// # Safety
///
/// The list and its strings must outlive `'a` unchanged.
unsafe fn strings<'a>(list: u64) -> impl Iterator<Item = &'a [u8]> {
    let mut next = list as *const *const u8;
    core::iter::from_fn(move || {
        // SAFETY: by the caller.
        unsafe {
            if next.is_null() || (*next).is_null() {
                return None;
            }
            let string = process::string_bytes(*next);
            next = next.add(1);
            Some(string)
        }
    })
}

/// NUL-terminated strings one after the other.
///
/// # Safety
///
/// There must be so many bytes of them, and they must outlive their use.
unsafe fn copies(at: u64, bytes: u64) -> impl Iterator<Item = &'static [u8]> + Clone {
    let (mut next, end) = (at, at + bytes);
    core::iter::from_fn(move || {
        if next >= end {
            return None;
        }
        // SAFETY: by the caller.
        let string = unsafe { process::string_bytes(next as *const u8) };
        next += string.len() as u64 + 1;
        Some(string)
    })
}

/// The guest's arguments.
pub fn arguments() -> impl Iterator<Item = &'static [u8]> {
    let instance = running();
    // SAFETY: what `open_grants` noted; the guest does not outlive its instance.
    unsafe { copies(instance.arguments.load(Relaxed), instance.arguments_bytes.load(Relaxed)) }
}

/// The guest's environment.
pub fn variables() -> impl Iterator<Item = &'static [u8]> {
    let instance = running();
    // SAFETY: as above.
    unsafe { copies(instance.variables.load(Relaxed), instance.variables_bytes.load(Relaxed)) }
}

/// See [`symbols::LIBRARY_DESTROY`](wasmc_abi::symbols::LIBRARY_DESTROY).
///
/// # Safety
///
/// `instance` must be null, or one that exists, and which nobody uses.
#[unsafe(no_mangle)]
unsafe extern "C" fn wasmc_library_destroy(instance: *const Instance) {
    // SAFETY: by the caller.
    if let Some(instance) = unsafe { instance.as_ref() } {
        take_back(arch::program(), instance);
    }
}

fn take_back(header: &'static ProgramHeader, instance: &'static Instance) {
    instance.descriptors.release();
    let record = instance.thread.instance();
    memory::release(header, record);
    memory::release_memories(header, record);
    instance.thread.exceptions.release();
    let (strings, bytes) = (instance.strings.load(Relaxed), instance.strings_bytes.load(Relaxed));
    // SAFETY: the instance's own mappings, which nobody uses any more.
    unsafe {
        if bytes != 0 {
            sys::unmap_pages(strings, bytes);
        }
        sys::unmap_pages(&raw const *instance as u64, area_bytes(header.record_size, header.stack_size));
    }
}

// --- Traps ----------------------------------------------------------------------------------------------

/// Traps, from runtime code that was called by Wasm.
pub fn raise(code: TrapCode, name: Option<&'static [u8]>) -> ! {
    let first = Frame { pc: 0, fp: arch::frame_pointer(), caller: None };
    throw(code as u32, Trap { first, name, fault: None })
}

/// `proc_exit`.
pub fn exit(status: u32) -> ! {
    running().exit_status.store(status, Relaxed);
    throw(CODE_EXIT, NO_TRAP)
}

/// See [`symbols::LIBRARY_RAISED`](wasmc_abi::symbols::LIBRARY_RAISED).
#[unsafe(no_mangle)]
extern "C" fn wasmc_library_raised() -> ! {
    let first = Frame { pc: 0, fp: arch::frame_pointer(), caller: None };
    throw(CODE_RAISED, Trap { first, ..NO_TRAP })
}

fn throw(code: u32, trap: Trap) -> ! {
    let instance = running();
    instance.trap.set(trap);
    let frame = instance.thread.catch_frame.load(Relaxed);
    // SAFETY: this instance's innermost: the guest runs only where something catches; no frame of the runtime between
    // here and there has anything to drop.
    unsafe { arch::throw(code, frame) }
}

/// See [`symbols::LIBRARY_RAISE`](wasmc_abi::symbols::LIBRARY_RAISE).
///
/// # Safety
///
/// `instance` must be one that runs a function of the host, and `message` null or NUL-terminated.
#[unsafe(no_mangle)]
unsafe extern "C" fn wasmc_library_raise(instance: &Instance, message: *const u8) {
    // SAFETY: by the caller.
    let message = unsafe { if message.is_null() { &[][..] } else { process::string_bytes(message) } };
    let mut note = [0; NOTE_BYTES];
    // The last byte stays NUL.
    let length = report::floor_of_character(message, NOTE_BYTES - 1);
    for (place, &byte) in note.iter_mut().zip(message.iter().take(length)) {
        *place = byte;
    }
    instance.note.set(note);
    instance.is_raised.store(1, Relaxed);
}

/// See [`symbols::LIBRARY_FAIL`](wasmc_abi::symbols::LIBRARY_FAIL).
///
/// # Safety
///
/// `instance` must be one whose call has just ended with `code`, and `failure` null or valid for writes.
#[unsafe(no_mangle)]
unsafe extern "C" fn wasmc_library_fail(instance: &Instance, code: u32, failure: *mut Failure) {
    if failure.is_null() {
        return;
    }
    let trap = instance.trap.get();
    let mut text = Text::kept();
    if code == CODE_EXIT {
        let status = instance.exit_status.load(Relaxed);
        text.text("wasmc: exit with status ");
        text.decimal(status.into());
        text.text("\n");
        // SAFETY: by the caller.
        return unsafe { tell(failure, EXITED, status as i32, &text) };
    }
    let note = instance.note.get();
    match u8::try_from(code).ok().and_then(TrapCode::from_number) {
        Some(code) => report::describe(&mut text, code, trap.fault, trap.name),
        None => {
            text.text("wasmc: trap: ");
            let end = note.iter().position(|&byte| byte == 0).unwrap_or(NOTE_BYTES);
            text.name(note.get(..end).unwrap_or_default());
            text.text("\n");
        }
    }
    // The dead frames are as they were: nothing has run on that stack since.
    report::backtrace(&mut text, trap.first, &instance.thread);
    // SAFETY: by the caller.
    unsafe { tell(failure, TRAPPED, code as i32, &text) }
}

/// # Safety
///
/// `failure` must be null or valid for writes.
unsafe fn tell(failure: *mut Failure, kind: i32, code: i32, text: &Text<{ wasmc_abi::library::MESSAGE_BYTES }>) {
    // SAFETY: by the caller.
    let Some(failure) = (unsafe { failure.as_mut() }) else { return };
    (failure.kind, failure.code) = (kind, code);
    let written = text.written();
    // Without the last end of a line, and with a NUL in its place.
    let length = report::floor_of_character(written, written.len().saturating_sub(1));
    for (place, &byte) in failure.message.iter_mut().zip(written.iter().take(length)) {
        *place = byte;
    }
    if let Some(end) = failure.message.get_mut(length) {
        *end = 0;
    }
}

// --- Signals --------------------------------------------------------------------------------------------

/// What handled a signal before us.
struct Previous {
    handler: AtomicUsize,
    flags: AtomicUsize,
}

static PREVIOUS: [Previous; SIGNALS.len()] =
    [const { Previous { handler: AtomicUsize::new(0), flags: AtomicUsize::new(0) } }; SIGNALS.len()];

/// Installs the handlers. They run as those before them would: with the same signals blocked.
fn install_handlers() -> sys::Result<()> {
    for (&signal, previous) in SIGNALS.iter().zip(&PREVIOUS) {
        let before = sys::signal_action(signal)?;
        // It is there already: a later one could not be installed, and another instance tries again.
        if before.handler() == on_signal as *const () as usize {
            continue;
        }
        previous.flags.store(before.flags(), Relaxed);
        previous.handler.store(before.handler(), Release);
        // SAFETY: the handler uses no state that it could interrupt, and returns only to what it interrupted, to
        // `arch::landing`, or as the handler before it does.
        unsafe { sys::handle_signal_instead(signal, on_signal, &before)? };
    }
    Ok(())
}

/// # Safety
///
/// For the kernel only, or for a handler that passes the signal on.
unsafe extern "C" fn on_signal(signal: i32, info: *const SignalInfo, context: *mut Context) {
    // SAFETY: the kernel's structures, ours while the handler runs.
    let (fault, registers) = unsafe { (&*info, &mut *context) };
    let header = arch::program();
    let place = if fault.code > 0 { sites::find(header, registers.pc()) } else { None };
    if let Some(place) = place
        && place.site.is_some()
    {
        // SAFETY: code with sites runs in an instance, and the register holds its record.
        let instance = unsafe { &*((registers.instance_register() - HEAD_BYTES) as *const Instance) };
        if let Verdict::Trap(code, at) = trap::judge(header, &instance.thread, signal, fault.address, Some(place)) {
            let caller = trap::caller_before_frame(registers, Some(place), &instance.thread);
            let first = Frame { pc: registers.pc(), fp: registers.fp(), caller };
            instance.trap.set(Trap { first, fault: at, name: None });
            return registers.resume_at_catch(code, instance.thread.catch_frame.load(Relaxed));
        }
    }
    // SAFETY: the kernel's arguments, unchanged.
    unsafe { pass_on(signal, info, context) }
}

/// Does what would be done without us.
///
/// # Safety
///
/// As for [`on_signal`].
unsafe fn pass_on(signal: i32, info: *const SignalInfo, context: *mut Context) {
    let Some(previous) = SIGNALS.iter().position(|&known| known == signal).and_then(|index| PREVIOUS.get(index)) else {
        return;
    };
    let flags = previous.flags.load(Relaxed);
    let handler = previous.handler.load(Acquire);
    if flags & arch::SA_RESETHAND != 0 {
        previous.handler.store(arch::SIG_DFL, Release);
    }
    // SAFETY: the kernel's structure.
    let is_sent = unsafe { (*info).code <= 0 };
    match handler {
        arch::SIG_IGN if is_sent => {}
        // A fault that is ignored ends the process as well. It happens again when we return; what was sent does not.
        arch::SIG_DFL | arch::SIG_IGN => {
            let _ = sys::default_signal(signal);
            if is_sent {
                let _ = sys::raise(signal);
            }
        }
        // SAFETY: what the host installed, called as the kernel would.
        _ => unsafe {
            if flags & arch::SA_SIGINFO != 0 {
                core::mem::transmute::<usize, arch::SignalHandler>(handler)(signal, info, context);
            } else {
                core::mem::transmute::<usize, unsafe extern "C" fn(i32)>(handler)(signal);
            }
        },
    }
}
