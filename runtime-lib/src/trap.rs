//! From a fault to a trap.
//!
//! Four signals can mean that a guest trapped. The handler decides by three questions, in this order:
//!
//! 1. Did the kernel raise the signal for a fault? If a process sent it, it does what it does to anybody: by default it
//!    ends us.
//! 2. Is the fault address in the guard of the Wasm stack? Then the stack is exhausted, wherever the pc is: compiled
//!    code may have called into the runtime.
//! 3. Is the pc a trap site? For SIGILL and SIGFPE that suffices: the instruction is there to fault. For SIGSEGV and
//!    SIGBUS the fault address must also lie behind the end of a memory or a table, inside its reservation.
//!
//! Whatever is left is a bug of ours. It is reported as such and ends the process; it is never a trap of the guest,
//! nor seen by [`call_catching`](arch::call_catching).
//!
//! A fault inside the handler finds its signal blocked, and so the kernel ends the process: no recursion.
//!
//! Where SIGFPE stands for a division by zero and for one whose quotient overflows, the site's code says which:
//! compiled code tests for one of them before it divides.

use wasmc_abi::layout::{HOST_HEADROOM, MEMORY_SHARED, MemoryRecord, TableRecord};
use wasmc_abi::program::ProgramHeader;
use wasmc_abi::trap::TrapCode;

use crate::arch::{self, Context};
use crate::report::Fault;
use crate::sites::Place;
use crate::thread::Thread;
use crate::{memory, process};
#[cfg(not(feature = "library"))]
use crate::{report, report::Frame, sites, start, sys};

const SIGILL: i32 = 4;
const SIGBUS: i32 = 7;
const SIGFPE: i32 = 8;
const SIGSEGV: i32 = 11;
pub const SIGNALS: [i32; 4] = [SIGILL, SIGBUS, SIGFPE, SIGSEGV];
#[cfg(not(feature = "library"))]
const ALL_SIGNALS: u64 =
    sys::signal_set(SIGILL) | sys::signal_set(SIGBUS) | sys::signal_set(SIGFPE) | sys::signal_set(SIGSEGV);

/// Installs the handlers, and unblocks the signals: a parent may have left us any mask.
#[cfg(not(feature = "library"))]
pub fn install_handlers() {
    for signal in SIGNALS {
        // SAFETY: the handler runs on its own stack, uses no state that it could interrupt, and returns only to
        // `arch::landing`, or to die of the signal.
        if unsafe { sys::handle_signal(signal, on_signal, ALL_SIGNALS) }.is_err() {
            report::fatal("a signal handler could not be installed");
        }
    }
    if sys::unblock_signals(ALL_SIGNALS).is_err() {
        report::fatal("signals could not be unblocked");
    }
}

/// What a signal turned out to be.
pub enum Verdict {
    Trap(TrapCode, Option<Fault>),
    /// An access behind the end of a shared memory that has grown meanwhile.
    Outdated,
    OurBug,
}

/// # Safety
///
/// For the kernel only.
#[cfg(not(feature = "library"))]
unsafe extern "C" fn on_signal(signal: i32, info: *const arch::SignalInfo, context: *mut Context) {
    // SAFETY: the kernel's structures, ours while the handler runs.
    let (info, context) = unsafe { (&*info, &mut *context) };
    if info.code <= 0 {
        // Sent by a process. The signal stays blocked until we return, and is then delivered again.
        let _ = sys::default_signal(signal);
        let _ = sys::raise(signal);
        return;
    }
    let header = arch::program();
    let place = sites::find(header, context.pc());
    let thread = arch::thread();
    let first = Frame { pc: context.pc(), fp: context.fp(), caller: caller_before_frame(context, place, thread) };
    let verdict =
        if start::is_running() { judge(header, thread, signal, info.address, place) } else { Verdict::OurBug };
    match (verdict, thread.catch_frame()) {
        (Verdict::Trap(code, _), Some(frame)) => context.resume_at_catch(code, frame),
        (Verdict::Trap(code, fault), None) => report::trap(code, fault, None, first),
        // Back to the access, which is inside by now.
        (Verdict::Outdated, _) => {}
        (Verdict::OurBug, _) => report::internal_fault(signal, info.address, first),
    }
}

/// Decides what a fault means that was raised while a thread ran.
pub fn judge(
    header: &'static ProgramHeader,
    thread: &Thread,
    signal: i32,
    address: u64,
    place: Option<Place>,
) -> Verdict {
    let is_access = signal == SIGSEGV || signal == SIGBUS;
    if is_access && thread.is_in_stack_guard(address) {
        return Verdict::Trap(TrapCode::StackOverflow, None);
    }
    let site = place.and_then(|place| place.site);
    let Some(code) = site.and_then(|site| TrapCode::from_number(site.code)) else {
        return Verdict::OurBug;
    };
    if !is_access {
        return Verdict::Trap(code, None);
    }
    let is_code_of_access = matches!(code, TrapCode::MemoryOutOfBounds | TrapCode::TableOutOfBounds);
    match find_fault(header, thread, address) {
        Some(fault) if is_code_of_access => Verdict::Trap(code, Some(fault)),
        None if signal == SIGSEGV
            && code == TrapCode::MemoryOutOfBounds
            && is_in_shared_memory(header, thread, address) =>
        {
            Verdict::Outdated
        }
        _ => Verdict::OurBug,
    }
}

/// Whether an address is inside a shared memory: whoever grows it makes the pages accessible before its length says so,
/// so that an access there cannot fault again.
fn is_in_shared_memory(header: &'static ProgramHeader, thread: &Thread, address: u64) -> bool {
    let is_inside = |memory: &MemoryRecord| {
        let offset = address.wrapping_sub(memory.base);
        memory.flags & MEMORY_SHARED != 0 && offset < memory::length(memory)
    };
    memory::memories(header, memory::record_of_memories(header, thread)).iter().any(is_inside)
}

/// The memory or table behind whose end, but inside whose reservation, an address lies.
fn find_fault(header: &'static ProgramHeader, thread: &Thread, address: u64) -> Option<Fault> {
    let fault = |base: u64, bytes: u64, reserved: u64| {
        let offset = address.checked_sub(base).filter(|&offset| bytes <= offset && offset < reserved)?;
        Some(Fault { offset, bytes })
    };
    let of_memory = |memory: &MemoryRecord| fault(memory.base, memory::length(memory), memory.reserved);
    let of_table = |table: &TableRecord| fault(table.base, table.length * size_of::<u64>() as u64, table.reserved);
    let memories = memory::memories(header, memory::record_of_memories(header, thread));
    let in_memory = memories.iter().find_map(of_memory);
    in_memory.or_else(|| memory::tables(header, thread.instance()).iter().find_map(of_table))
}

/// The return address of a function that has not set up its frame yet, as when saving the frame pointer hits the guard.
/// Without it the backtrace would miss a frame: the caller's.
pub fn caller_before_frame(context: &Context, place: Option<Place>, thread: &Thread) -> Option<u64> {
    // SAFETY: the Wasm stack, which is mapped.
    unsafe { context.return_address_before_frame(place?.offset, thread.stack()) }
}

/// Traps, from runtime code that was called by Wasm. `name` is that of the import, for [`TrapCode::UnknownImport`], or
/// of the tag, for [`TrapCode::UncaughtException`].
#[inline(never)]
pub fn raise(code: TrapCode, name: Option<&'static [u8]>) -> ! {
    #[cfg(feature = "library")]
    crate::library::raise(code, name);
    #[cfg(not(feature = "library"))]
    raise_in_program(code, name)
}

#[cfg(not(feature = "library"))]
#[inline(always)]
fn raise_in_program(code: TrapCode, name: Option<&'static [u8]>) -> ! {
    if let Some(frame) = arch::thread().catch_frame() {
        // SAFETY: this thread's innermost; no frame of the runtime between here and there has anything to drop.
        unsafe { arch::throw(code as u32, frame) }
    }
    report::trap(code, None, name, Frame { pc: 0, fp: arch::frame_pointer(), caller: None })
}

/// Traps with 'call stack exhausted' unless a host function has room on the Wasm stack.
#[inline(always)]
pub fn check_headroom() {
    if arch::stack_pointer() < arch::thread().stack().0 + HOST_HEADROOM {
        raise(TrapCode::StackOverflow, None);
    }
}

/// Traps because an import was called that does not exist. `name` holds both of its names.
///
/// # Safety
///
/// `name` must be NUL-terminated and constant.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmc_unknown_import(name: *const u8) -> ! {
    // SAFETY: by the caller.
    raise(TrapCode::UnknownImport, Some(unsafe { process::string_bytes(name) }))
}
