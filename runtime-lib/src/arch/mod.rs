//! What depends on the processor: assembly, register names, layouts of signal frames.
//!
//! Every architecture has a file with the same small list of items, in this order:
//!
//! | item                                        | what for                                                       |
//! |---------------------------------------------|----------------------------------------------------------------|
//! | `wasmc_entry` (symbol)                      | where the kernel starts the process; relocates it              |
//! | `program`, `image_base`                     | addresses of symbols that another object defines               |
//! | `number`, `raw_syscall`                     | for the calls that rustix keeps to itself                      |
//! | `restorer`                                  | what the kernel lets a signal handler return to                |
//! | `Context`                                   | pc, fp and return address of an interrupted computation        |
//! | `stack_pointer`, `frame_pointer`            | of the caller                                                  |
//! | `SavedRegisters`, `callee_saved_registers`  | what a function of the C convention leaves as it was           |
//! | `wasmc_throw` (symbol), `resume_at_handler` | from the throw of an exception, and to what catches it         |
//! | `run_on_stack`                              | calls a function on another stack                              |
//! | `call_guest`                                | calls Wasm in an instance                                      |
//! | `call_catching`, `throw`                    | the same, such that a trap comes back as a value; in a library |
//! |                                             | also `wasmc_library_enter`: on the instance's stack            |
//! | `wasmc_library_leave` (symbol)              | in a library, from the instance's stack to the host's          |
//! | `thread`, `set_thread`                      | the running thread, through the thread register                |
//! | `start_thread`, `unmap_and_exit`            | beginning and end of a thread                                  |
//! | `has_level`                                 | whether the CPU has the instructions that the program needs    |
//! | `wasmc_memmove`, `wasmc_memset` … (symbols) | bulk memory; also `memcpy` and its kin for the Rust code here  |
//!
//! and, if its code generator makes calls that others do not make, the functions for these.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
pub use aarch64::*;
#[cfg(target_arch = "x86_64")]
pub use x86_64::*;

use wasmc_abi::program::{ProgramHeader, Rel32};

/// An entry through which the runtime calls Wasm: see [`SLOT_BYTES`](wasmc_abi::layout::SLOT_BYTES).
#[cfg(feature = "library")]
pub type ArrayCall = unsafe extern "C" fn(*mut [u8; 16]);

/// The running thread: that of the instance on whose stack this is called. See [`wasmc_abi::library`].
#[cfg(all(feature = "library", not(test)))]
#[inline(always)]
pub fn thread() -> &'static crate::thread::Thread {
    let area = stack_pointer() & !(program().area_align - 1);
    // SAFETY: the stack is part of an area that is aligned so, and begins with a thread.
    unsafe { &*(area as *const crate::thread::Thread) }
}

/// The running thread. In tests the thread register is that of libc.
#[cfg(test)]
pub fn thread() -> &'static crate::thread::Thread {
    std::thread_local! {
        static THREAD: &'static crate::thread::Thread = Box::leak(Box::new(crate::thread::Thread::new()));
    }
    THREAD.with(|thread| *thread)
}

/// The header of the program; an empty one in tests.
#[cfg(test)]
pub fn program() -> &'static ProgramHeader {
    static EMPTY: std::sync::OnceLock<ProgramHeader> = std::sync::OnceLock::new();
    EMPTY.get_or_init(ProgramHeader::default)
}

/// Where the executable's ELF header is mapped; null in tests.
#[cfg(test)]
pub fn image_base() -> *const u8 {
    core::ptr::null()
}

/// The address of a place in the executable, or null.
pub fn resolve(header: &'static ProgramHeader, place: Rel32) -> *const u8 {
    if place == 0 {
        return core::ptr::null();
    }
    (&raw const *header).cast::<u8>().wrapping_offset(place as isize)
}

// --- Signals: the kernel's structures, which are the same on all of our architectures ---------------------

/// The start of `siginfo_t`, for signals that a fault raised.
#[repr(C)]
pub struct SignalInfo {
    pub number: i32,
    pub errno: i32,
    /// Positive if the kernel raised the signal, 0 or negative if a process sent it.
    pub code: i32,
    padding: i32,
    /// The address whose access faulted; 0 if the hardware does not tell (x86-64: an address that is not canonical).
    pub address: u64,
}

/// What a signal handler gets: signal number, `siginfo_t`, `ucontext_t`.
pub type SignalHandler = unsafe extern "C" fn(i32, *const SignalInfo, *mut Context);

/// The kernel's `struct sigaction`.
#[repr(C)]
pub struct SignalAction {
    handler: usize,
    flags: usize,
    restorer: usize,
    mask: u64,
}

/// In place of a handler: what the kernel does with a signal that nobody handles.
pub const SIG_DFL: usize = 0;
/// In place of a handler: the signal is ignored.
#[cfg(feature = "library")]
pub const SIG_IGN: usize = 1;

pub const SA_SIGINFO: usize = 0x4;
/// The handler is there for one signal only.
#[cfg(feature = "library")]
pub const SA_RESETHAND: usize = 0x8000_0000;
/// A system call that the signal interrupts goes on when the handler returns.
#[cfg(feature = "library")]
const SA_RESTART: usize = 0x1000_0000;
#[cfg(feature = "library")]
const SA_NODEFER: usize = 0x4000_0000;
const SA_ONSTACK: usize = 0x0800_0000;

impl SignalAction {
    /// What the kernel does with a signal that nobody handles.
    pub const DEFAULT: SignalAction = SignalAction { handler: SIG_DFL, flags: 0, restorer: 0, mask: 0 };

    /// `handler` on the alternate stack, with the signals of `mask` blocked.
    pub fn new(handler: SignalHandler, mask: u64) -> SignalAction {
        let (flag, restorer) = restorer();
        SignalAction { handler: handler as usize, flags: SA_SIGINFO | SA_ONSTACK | flag, restorer, mask }
    }

    /// `handler` in place of this one: with the same signals blocked, and the same system calls going on.
    #[cfg(feature = "library")]
    pub fn replaced_by(&self, handler: SignalHandler) -> SignalAction {
        let new = SignalAction::new(handler, self.mask);
        // What is ignored interrupts nothing.
        let restart = if self.handler == SIG_IGN { SA_RESTART } else { self.flags & SA_RESTART };
        SignalAction { flags: new.flags | self.flags & SA_NODEFER | restart, ..new }
    }

    /// The address of the function, [`SIG_DFL`] or [`SIG_IGN`].
    #[cfg(feature = "library")]
    pub fn handler(&self) -> usize {
        self.handler
    }

    /// Among them [`SA_SIGINFO`] and [`SA_RESETHAND`].
    #[cfg(feature = "library")]
    pub fn flags(&self) -> usize {
        self.flags
    }
}

#[cfg(test)]
mod tests {
    use wasmc_abi::trap::TrapCode;

    use super::*;

    /// Every size around the thresholds, with regions apart and overlapping by any small distance, against
    /// `copy_within`.
    #[test]
    fn memmove_agrees_with_the_model() {
        let sizes = (0..300).chain([511, 512, 513, 2047, 2048, 2049, 4096, 5001]);
        for bytes in sizes {
            for (from, to) in (0..20)
                .flat_map(|i| [(100, 100 + i), (100 + i, 100), (100 + i, 130), (100, 6000 + i), (6000 + i, 100)])
                // A multiple of 64 apart, as strings of the processor want it.
                .chain([(100, 6052), (6052, 100)])
            {
                let mut data: Vec<u8> = (0..12000u32).map(|i| (i * 7 + (i >> 8)) as u8).collect();
                let mut model = data.clone();
                model.copy_within(from..from + bytes, to);
                let base = data.as_mut_ptr();
                // SAFETY: both regions lie in `data`.
                let result = unsafe { wasmc_memmove(base.add(to), base.add(from), bytes) };
                assert_eq!(result as usize, base as usize + to);
                assert!(data == model, "{bytes} bytes from {from} to {to}");
            }
        }
    }

    #[test]
    fn what_leaves_the_caches_arrives() {
        let bytes = (4 << 20) + 1;
        let mut data: Vec<u8> = (0..2 * bytes as u32 + 100).map(|i| (i * 7 + (i >> 8)) as u8).collect();
        let mut model = data.clone();
        model.copy_within(bytes + 41..2 * bytes + 41, 3);
        let base = data.as_mut_ptr();
        // SAFETY: both regions lie in `data`.
        unsafe { wasmc_memmove(base.add(3), base.add(bytes + 41), bytes) };
        assert!(data == model);
    }

    #[test]
    fn memset_agrees_with_the_model() {
        for bytes in (0..300).chain([2047, 2048, 2049, 5001]) {
            for start in 60..80 {
                let mut data = vec![1u8; 6000];
                let mut model = data.clone();
                model[start..start + bytes].fill(0xa5);
                // SAFETY: the region lies in `data`.
                unsafe { wasmc_memset(data.as_mut_ptr().add(start), 0xffa5, bytes) };
                assert!(data == model, "{bytes} bytes at {start}");
            }
        }
    }

    #[test]
    fn fill_words_writes_exactly_its_range() {
        let mut words = [1u64; 9];
        // SAFETY: within the array.
        unsafe { wasmc_fill_words(words.as_mut_ptr().add(1), 7, 7) };
        assert_eq!(words, [1, 7, 7, 7, 7, 7, 7, 7, 1]);
    }

    #[test]
    fn a_call_that_does_not_trap_gives_zero() {
        unsafe extern "C" fn double(slots: *mut [u8; 16]) {
            // SAFETY: one slot is given below.
            unsafe { (*slots)[0] *= 2 };
        }
        unsafe extern "C" fn trap(_: *mut [u8; 16]) {
            let mut inner = [[21; 16]; 1];
            // SAFETY: `double` is an array-call entry of one slot; then: we are being caught.
            unsafe {
                assert_eq!(call_catching(double, inner.as_mut_ptr(), thread()), 0);
                assert_eq!(inner[0][0], 42);
                throw(TrapCode::BadSignature as u32, thread().catch_frame().unwrap())
            }
        }
        let mut slots = [[21; 16]; 1];
        // SAFETY: both take one slot.
        unsafe {
            assert_eq!(call_catching(double, slots.as_mut_ptr(), thread()), 0);
            assert_eq!(slots[0][0], 42);
            assert_eq!(call_catching(trap, slots.as_mut_ptr(), thread()), TrapCode::BadSignature as u32);
        }
        assert_eq!(thread().catch_frame(), None);
    }
}
