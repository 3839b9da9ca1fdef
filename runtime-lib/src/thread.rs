//! Threads: what each has for itself. How one begins and ends is in [`spawn`](crate::spawn).
//!
//! # What belongs to whom
//!
//! | each thread                                          | the process                                             |
//! |------------------------------------------------------|---------------------------------------------------------|
//! | stacks, for Wasm and for signals                     | shared memories and their records                       |
//! | instance: globals, tables, which segments are dropped | descriptors, grants, arguments                          |
//! | catch frame                                          | who waits for whom ([`wait`](crate::wait))              |
//! | exceptions                                           | which numbers threads have                              |
//!
//! An exception can be referred to from its own thread's stack, globals and tables only, and so its store is the
//! thread's too: throwing takes no lock.
//!
//! The running thread is found by the processor's thread register ([`arch::thread`]), which also leads signal handlers
//! to the right one. In a program without threads it leads to [`FIRST`].

use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize};

#[cfg(not(feature = "library"))]
use crate::arch;
use crate::exception::Store;

/// What a thread has for itself. Atomics only to be plain safe Rust: nobody else reads it, but who starts it.
#[repr(C)]
pub struct Thread {
    /// Its own address: what the thread register leads to, where that cannot be read.
    pub this: AtomicU64,
    /// Address of its instance's record. What the instance register holds while compiled code runs.
    pub instance: AtomicU64,
    /// The innermost catch frame: see [`arch::call_catching`]; 0 if nothing catches.
    pub catch_frame: AtomicUsize,
    /// `guard..low` has no access, `low..high` is the stack.
    stack_guard: AtomicU64,
    stack_low: AtomicU64,
    stack_high: AtomicU64,
    /// wasi-threads' number; 0 for the first thread.
    pub number: AtomicU32,
    pub argument: AtomicU32,
    /// The mapping of which it is a part.
    pub area: AtomicU64,
    pub area_bytes: AtomicU64,
    pub signal_stack: AtomicU64,
    pub exceptions: Store,
}

impl Thread {
    pub const fn new() -> Thread {
        Thread {
            this: AtomicU64::new(0),
            instance: AtomicU64::new(0),
            catch_frame: AtomicUsize::new(0),
            stack_guard: AtomicU64::new(0),
            stack_low: AtomicU64::new(0),
            stack_high: AtomicU64::new(0),
            number: AtomicU32::new(0),
            argument: AtomicU32::new(0),
            area: AtomicU64::new(0),
            area_bytes: AtomicU64::new(0),
            signal_stack: AtomicU64::new(0),
            exceptions: Store::new(),
        }
    }

    /// The innermost catch frame, if a trap would come back to one.
    #[cfg(not(feature = "library"))]
    pub fn catch_frame(&self) -> Option<usize> {
        Some(self.catch_frame.load(Relaxed)).filter(|&frame| frame != 0)
    }

    pub fn instance(&self) -> u64 {
        self.instance.load(Relaxed)
    }

    /// wasi-threads' number of it; 0 for the first thread.
    pub fn number(&self) -> u32 {
        self.number.load(Relaxed)
    }

    /// Lowest address and end of its stack.
    pub fn stack(&self) -> (u64, u64) {
        (self.stack_low.load(Relaxed), self.stack_high.load(Relaxed))
    }

    /// Tells where its stack is.
    pub fn set_stack(&self, guard: u64, low: u64, high: u64) {
        self.stack_guard.store(guard, Relaxed);
        self.stack_low.store(low, Relaxed);
        self.stack_high.store(high, Relaxed);
    }

    /// Whether an address lies in the guard of its stack.
    pub fn is_in_stack_guard(&self, address: u64) -> bool {
        self.stack_guard.load(Relaxed) <= address && address < self.stack_low.load(Relaxed)
    }
}

/// The thread that the kernel started.
#[cfg(not(feature = "library"))]
static FIRST: Thread = Thread::new();

/// Makes the thread that the kernel started the running one.
#[cfg(not(feature = "library"))]
pub fn begin(header: &wasmc_abi::program::ProgramHeader) {
    FIRST.this.store(&raw const FIRST as u64, Relaxed);
    FIRST.instance.store(header.record_base, Relaxed);
    arch::set_thread(&FIRST);
}

/// Whether there has ever been more than one thread.
static SEVERAL: AtomicBool = AtomicBool::new(false);

/// Says that there will be more than one.
#[cfg(not(feature = "library"))]
pub fn become_several() {
    SEVERAL.store(true, Relaxed);
}

/// Whether another thread may be running.
#[inline(always)]
pub fn are_several() -> bool {
    SEVERAL.load(Relaxed)
}
