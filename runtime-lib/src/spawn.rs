//! Threads of the guest's: how one begins and ends (wasi-threads).
//!
//! # The area
//!
//! Everything that a thread needs is one mapping, and so one system call makes it and one takes it away:
//!
//! ```text
//!   base → guard │ stack │ guard │ signal stack │ Thread │ record
//! ```
//!
//! Tables that can grow, and the store of exceptions, are mappings of their own.
//!
//! # The end
//!
//! A thread whose function returns unmaps its area, on which it stands, from assembly that uses no stack: nobody has to
//! wait for it, and nothing is kept for threads that are gone. All signals are blocked by then. A trap, `proc_exit` and
//! the first thread's return end the process, whatever the others do
//! ([`begin_to_end`](crate::process::begin_to_end)).

use core::sync::atomic::Ordering::Relaxed;

use wasmc_abi::harden::CLONE_THREAD;
use wasmc_abi::layout::MAX_PAGE_SIZE;
use wasmc_abi::program::{MAX_THREADS, ProgramHeader};

use crate::lock::Lock;
use crate::start::{STACK_GUARD_BYTES, signal_stack_bytes, stack_bytes};
use crate::thread::{self, Thread, are_several};
use crate::{arch, memory, report, script, sys, wasi};

// --- Numbers --------------------------------------------------------------------------------------------

const WORDS: usize = (MAX_THREADS as usize + 1) / 64;

/// The numbers of threads that run: below 2^16, and so in the range that wasi-threads allows. Given out in turns, so
/// that one does not come back soon.
struct Numbers {
    used: [u64; WORDS],
    count: u32,
    last: u32,
}

static NUMBERS: Lock<Numbers> = Lock::new(Numbers { used: [0; WORDS], count: 0, last: 0 });

impl Numbers {
    fn take(&mut self, limit: u32) -> Option<u32> {
        if self.count >= limit.min(MAX_THREADS) {
            return None;
        }
        loop {
            // There is a free one, since fewer than all are used.
            self.last = self.last % MAX_THREADS + 1;
            let (word, bit) = (&mut self.used[self.last as usize / 64 % WORDS], 1 << (self.last % 64));
            if *word & bit == 0 {
                *word |= bit;
                self.count += 1;
                return Some(self.last);
            }
        }
    }

    fn give_back(&mut self, number: u32) {
        self.used[number as usize / 64 % WORDS] &= !(1 << (number % 64));
        self.count -= 1;
    }
}

// --- Beginning ------------------------------------------------------------------------------------------

/// What `thread-spawn` gives if there can be no further thread.
const FAILED: i32 = -1;

/// `wasi.thread-spawn`: starts a thread that calls `wasi_thread_start(number, argument)` in an instance of its own, and
/// gives its number, or a negative one if it could not be started.
pub fn spawn(argument: u32) -> i32 {
    let header = arch::program();
    if !are_several() && prepare().is_err() {
        return FAILED;
    }
    start(header, Body::Program, argument).map_or(FAILED, |number| number as i32)
}

/// What a thread does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    /// What threads of the program begin with, in an instance of its own.
    Program,
    /// Steps of a script, in the program's only instance.
    Script,
}

/// See [`symbols::SCRIPT_THREAD`](wasmc_abi::symbols::SCRIPT_THREAD).
#[unsafe(no_mangle)]
extern "C" fn wasmc_script_thread(step: u32) -> bool {
    (are_several() || prepare().is_ok()) && start(arch::program(), Body::Script, step).is_some()
}

/// Before there is a second thread.
fn prepare() -> sys::Result<()> {
    // What is initialised by its first use is used once.
    let _ = sys::clock_time(sys::ClockId::Monotonic);
    wasi::prepare_for_threads()?;
    thread::become_several();
    Ok(())
}

/// Where the parts of an area lie, as offsets.
struct Plan {
    stack: u64,
    stack_end: u64,
    signal_stack: u64,
    thread: u64,
    record: u64,
    end: u64,
}

fn plan(header: &ProgramHeader) -> Plan {
    let stack = STACK_GUARD_BYTES;
    let stack_end = stack + stack_bytes(header);
    let signal_stack = stack_end + MAX_PAGE_SIZE;
    let thread = signal_stack + signal_stack_bytes();
    let record = (thread + size_of::<Thread>() as u64).next_multiple_of(MAX_PAGE_SIZE);
    Plan { stack, stack_end, signal_stack, thread, record, end: record + header.record_size }
}

/// Starts a thread, and gives its number.
fn start(header: &'static ProgramHeader, body: Body, argument: u32) -> Option<u32> {
    let number = NUMBERS.lock().take(header.max_threads)?;
    if place(header, body, number, argument).is_none() {
        NUMBERS.lock().give_back(number);
        return None;
    }
    Some(number)
}

fn place(header: &'static ProgramHeader, body: Body, number: u32, argument: u32) -> Option<()> {
    let plan = plan(header);
    let area = sys::map_anywhere(plan.end, false).ok()?;
    // SAFETY: parts of what was just mapped.
    let accessible = unsafe {
        sys::make_accessible(area + plan.stack, plan.stack_end - plan.stack)
            .and_then(|()| sys::make_accessible(area + plan.signal_stack, plan.end - plan.signal_stack))
    };
    let thread = (area + plan.thread) as *mut Thread;
    let is_instantiated = || body == Body::Script || memory::instantiate(header, area + plan.record).is_some();
    if accessible.is_ok() && is_instantiated() {
        // SAFETY: aligned, accessible and nobody's.
        let thread = unsafe {
            thread.write(Thread::new());
            &*thread
        };
        thread.this.store(&raw const *thread as u64, Relaxed);
        let (instance, run): (u64, unsafe extern "C" fn(&'static Thread) -> !) = match body {
            Body::Program => (area + plan.record, run),
            Body::Script => (header.record_base, run_script),
        };
        thread.instance.store(instance, Relaxed);
        thread.set_stack(area, area + plan.stack, area + plan.stack_end);
        thread.number.store(number, Relaxed);
        thread.argument.store(argument, Relaxed);
        thread.area.store(area, Relaxed);
        thread.area_bytes.store(plan.end, Relaxed);
        thread.signal_stack.store(area + plan.signal_stack, Relaxed);
        // SAFETY: the end of the new stack; the area lives until the thread itself unmaps it. `clone` orders what was
        // written before.
        let result = unsafe { arch::start_thread(CLONE_THREAD as usize, area + plan.stack_end, thread, run) };
        if result > 0 {
            return Some(());
        }
        if body == Body::Program {
            memory::release(header, area + plan.record);
        }
    }
    // SAFETY: nobody knows of it.
    unsafe { sys::unmap_pages(area, plan.end) };
    None
}

/// All of a thread of the program. On its stack.
unsafe extern "C" fn run(thread: &'static Thread) -> ! {
    let header = arch::program();
    begin_running(thread);
    let entry = arch::resolve(header, header.thread_start);
    // SAFETY: the compiler's promise about the header; the thread's own instance.
    unsafe { arch::call_guest(entry, thread.instance(), thread.number().into(), thread.argument.load(Relaxed)) };
    memory::release(header, thread.instance());
    end_running(thread)
}

/// All of a thread of a script. On its stack.
unsafe extern "C" fn run_script(thread: &'static Thread) -> ! {
    begin_running(thread);
    script::run_thread(arch::program(), thread.argument.load(Relaxed));
    end_running(thread)
}

fn begin_running(thread: &Thread) {
    // SAFETY: a part of the area that is used for nothing else.
    if unsafe { sys::set_signal_stack(thread.signal_stack.load(Relaxed), signal_stack_bytes()) }.is_err() {
        report::fatal("the signal stack of a thread could not be set");
    }
}

fn end_running(thread: &Thread) -> ! {
    thread.exceptions.release();
    let (area, bytes) = (thread.area.load(Relaxed), thread.area_bytes.load(Relaxed));
    NUMBERS.lock().give_back(thread.number());
    sys::block_signals();
    // SAFETY: the area is this thread's, and nothing in it is used any more.
    unsafe { arch::unmap_and_exit(area, bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_out_in_turns_and_never_twice() {
        let mut numbers = Numbers { used: [0; WORDS], count: 0, last: 0 };
        assert_eq!(numbers.take(2), Some(1));
        assert_eq!(numbers.take(2), Some(2));
        assert_eq!(numbers.take(2), None);
        numbers.give_back(1);
        assert_eq!(numbers.take(2), Some(3));
        numbers.give_back(3);
        for _ in 3..MAX_THREADS {
            let number = numbers.take(u32::MAX).unwrap();
            assert!((1..1 << 29).contains(&number) && number != 2);
            numbers.give_back(number);
        }
        assert_eq!(numbers.take(u32::MAX), Some(1), "2 is still used");
        for _ in 2..MAX_THREADS {
            assert_ne!(numbers.take(u32::MAX), None);
        }
        assert_eq!(numbers.take(u32::MAX), None, "all are used");
        numbers.give_back(4711);
        assert_eq!(numbers.take(u32::MAX), Some(4711));
    }

    #[test]
    fn the_parts_of_an_area_are_apart() {
        let header = ProgramHeader { stack_size: 128 << 10, record_size: MAX_PAGE_SIZE, ..ProgramHeader::default() };
        let plan = plan(&header);
        assert!(plan.stack >= STACK_GUARD_BYTES && plan.stack_end - plan.stack == 128 << 10);
        assert!(plan.signal_stack >= plan.stack_end + MAX_PAGE_SIZE);
        assert!(plan.thread >= plan.signal_stack + signal_stack_bytes() && plan.thread.is_multiple_of(16));
        assert!(plan.record >= plan.thread + size_of::<Thread>() as u64 && plan.end == plan.record + MAX_PAGE_SIZE);
    }
}
