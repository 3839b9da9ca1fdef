//! From the entry point to the program.
//!
//! ```text
//! entry (arch) → start: check │ profile │ preparations │ memories │ handlers │ stack │ read-only │ harden
//!              ─→ run, on the Wasm stack → exit 0
//! ```
//!
//! # Stacks
//!
//! Wasm, and the host functions it calls, run on a stack of our own (that of further threads is in
//! [`thread`](crate::thread)): a reservation of guard and stack. The guard is at
//! least 1 MiB, and compiled code probes each page of a larger frame, so that nothing steps over it.
//!
//! The stack that the kernel gave us is unused from then on, and so it serves as the alternate signal stack: some
//! pages below the point where we left it. The kernel maps them when the first signal is delivered, and keeps its own
//! guard gap below. That saves a mapping, its guard and its page faults in every process that never traps.

use core::sync::atomic::{AtomicBool, Ordering};

use wasmc_abi::cpu::Level;
use wasmc_abi::layout::MAX_PAGE_SIZE;
use wasmc_abi::program::{ABI_VERSION, ProgramHeader, Rel32};

use crate::{arch, harden, memory, process, profile, report, sys, thread, trap, wasi};

/// Bytes of the guard below the Wasm stack. Larger than any frame of the runtime library, which has no probes.
pub const STACK_GUARD_BYTES: u64 = 1 << 20;

/// Bytes of the kernel's stack that are left to what runs before the switch and to the first frames of a handler's
/// callees.
const KEPT_OF_KERNEL_STACK: u64 = 16 << 10;

/// Bytes that a signal handler of ours may use, besides what the kernel writes there.
const HANDLER_BYTES: u64 = 32 << 10;

/// Starts the process. `stack` is the initial stack pointer.
///
/// # Safety
///
/// For [`arch::wasmc_entry`] only, which calls it once.
pub unsafe extern "C" fn start(stack: *const usize) -> ! {
    // SAFETY: by the entry point.
    unsafe { process::read_initial_stack(stack) };
    let header = arch::program();
    thread::begin(header);
    check(header);
    profile::begin(header);
    wasi::limit_memories();
    prepare(header);
    memory::place(header);
    trap::install_handlers();
    let top = place_stacks(header);
    protect_relocated();
    harden::harden(header);
    // SAFETY: the end of the stack that was just mapped, aligned to pages.
    unsafe { arch::run_on_stack(top, run) };
    process::begin_to_end();
    sys::exit(0)
}

/// Refuses what this runtime or this machine cannot run.
fn check(header: &ProgramHeader) {
    if header.abi_version != ABI_VERSION {
        report::fatal("this executable's program and runtime library do not belong together");
    }
    let supported = Level::from_number(header.cpu_level).is_some_and(arch::has_level);
    if !supported {
        report::fatal("this CPU lacks instructions that the program was compiled for; compile with a lower `--cpu`");
    }
}

/// Calls what this program refers to.
fn prepare(header: &'static ProgramHeader) {
    let places: *const Rel32 = arch::resolve(header, header.preparations).cast();
    for index in 0..header.preparation_count as usize {
        // SAFETY: the compiler's promise about the header.
        unsafe {
            let function = arch::resolve(header, *places.add(index));
            core::mem::transmute::<*const u8, extern "C" fn()>(function)();
        }
    }
}

/// Of the Wasm stack of each thread, without its guard.
pub fn stack_bytes(header: &ProgramHeader) -> u64 {
    header.stack_size.next_multiple_of(MAX_PAGE_SIZE)
}

/// What a signal handler has to run on: the kernel's frame, and its own.
pub fn signal_stack_bytes() -> u64 {
    (process::signal_frame_bytes() + HANDLER_BYTES).next_multiple_of(16)
}

/// Maps the Wasm stack, declares the kernel's as signal stack; gives the end of the former.
fn place_stacks(header: &ProgramHeader) -> u64 {
    let stack_bytes = stack_bytes(header);
    let Ok(guard) = sys::map_anywhere(STACK_GUARD_BYTES + stack_bytes, false) else {
        report::fatal("the Wasm stack could not be reserved; compile with a smaller `--stack-size`")
    };
    let low = guard + STACK_GUARD_BYTES;
    let high = low + stack_bytes;
    // SAFETY: just mapped.
    if unsafe { sys::make_accessible(low, stack_bytes) }.is_err() {
        report::fatal("the Wasm stack could not be mapped; compile with a smaller `--stack-size`");
    }
    arch::thread().set_stack(guard, low, high);

    let bytes = signal_stack_bytes();
    let base = (arch::stack_pointer() - KEPT_OF_KERNEL_STACK - bytes) & !15;
    // SAFETY: below every frame that exists on the kernel's stack, which is left for good in a moment.
    if unsafe { sys::set_signal_stack(base, bytes) }.is_err() {
        report::fatal("the signal stack could not be set");
    }
    high
}

/// Makes read-only what had to be writable for relocation: the range that the executable's PT_GNU_RELRO names.
fn protect_relocated() {
    const PT_GNU_RELRO: u32 = 0x6474_e552;
    const E_PHOFF: usize = 32;
    const E_PHNUM: usize = 56;
    const PHDR_BYTES: usize = 56;
    const P_VADDR: usize = 16;
    const P_MEMSZ: usize = 40;

    let base = arch::image_base();
    // SAFETY: the ELF header and the program headers of this very file, which the linker puts in the first segment.
    unsafe {
        let headers = base.add(base.add(E_PHOFF).cast::<u64>().read() as usize);
        for index in 0..base.add(E_PHNUM).cast::<u16>().read() as usize {
            let header = headers.add(index * PHDR_BYTES);
            if header.cast::<u32>().read() == PT_GNU_RELRO {
                let page = process::page_size();
                let start = base as u64 + header.add(P_VADDR).cast::<u64>().read();
                let end = (start + header.add(P_MEMSZ).cast::<u64>().read()) & !(page - 1);
                let start = start & !(page - 1);
                // A failure leaves the program as it is: this only hardens.
                if start < end {
                    let _ = sys::make_read_only(start, end - start);
                }
            }
        }
    }
}

/// Whether the program has left the start-up code.
static RUNNING: AtomicBool = AtomicBool::new(false);

/// Whether a fault could be the guest's.
pub fn is_running() -> bool {
    RUNNING.load(Ordering::Relaxed)
}

/// Runs the program. On the Wasm stack.
extern "C" fn run() {
    RUNNING.store(true, Ordering::Relaxed);
    let header = arch::program();
    let main = arch::resolve(header, header.main);
    // SAFETY: the compiler's promise about `main`.
    unsafe { arch::call_guest(main, arch::thread().instance(), 0, 0) };
}
