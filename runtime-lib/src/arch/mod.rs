//! What depends on the processor: assembly, register names, layouts of signal frames.
//!
//! Every architecture has a file with the same small list of functions:
//!
//! | function                                    | what for                                                       |
//! |---------------------------------------------|----------------------------------------------------------------|
//! | `wasmc_entry` (symbol)                      | where the kernel starts the process; relocates it              |
//! | `program`, `image_base`                     | addresses of symbols that another object defines               |
//! | `raw_syscall`                               | for the calls that rustix keeps to itself                      |
//! | `SignalAction`                              | the kernel's `struct sigaction` with the return trampoline     |
//! | `Context`                                   | pc, fp and return address of an interrupted computation        |
//! | `stack_pointer`, `frame_pointer`            | of the caller                                                  |
//! | `run_on_stack`                              | calls a function on another stack                              |
//! | `call_guest`                                | calls Wasm in an instance                                      |
//! | `call_catching`, `throw`                    | the same, such that a trap comes back as a value               |
//! | `wasmc_library_enter`, `…_leave` (symbols)  | in a library, from the host's stack to an instance's, and back |
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

/// An entry through which the runtime calls Wasm: see [`SLOT_BYTES`](wasmc_abi::layout::SLOT_BYTES).
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
