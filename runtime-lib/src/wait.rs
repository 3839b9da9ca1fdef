//! `memory.atomic.wait` and `memory.atomic.notify` (threads proposal, "Wait and Notify operators").
//!
//! # Idea
//!
//! A parking lot. Who waits is in a queue of the runtime's, found by the address, and sleeps on a futex of its own: so
//! both widths wait in the same way, those who wait longest are woken first, `notify` knows exactly whom it has woken,
//! and nobody is ever woken for another reason (a futex on the guest's own word gives none of these, and is 32 bits
//! wide). The queues are in [`BUCKETS`] lists, each with its lock.
//!
//! A waiter is a node on its own stack. It is linked in while the lock is held under which the value was compared, and
//! unlinked, under the same lock, by who wakes it or by itself when its time is over. From the moment when
//! [`Waiter::woken`] is set it may be gone: the wake that follows is of an address at which there may be anything by
//! then, so all who sleep on futexes here look again when they wake up.

use core::cell::Cell;
use core::ptr::null;
use core::sync::atomic::Ordering::{Acquire, Release, SeqCst};
use core::sync::atomic::{AtomicU32, AtomicU64};

use crate::lock::Lock;
use crate::sys::{self, ClockId, Timespec};
use crate::trap;

const WOKEN: u32 = 0;
const NOT_EQUAL: u32 = 1;
const TIMED_OUT: u32 = 2;

/// Lists that addresses are distributed over.
const BUCKETS: usize = 256;

/// Who waits for one of the addresses of a bucket, first come first.
struct Queue {
    first: *const Waiter,
    last: *const Waiter,
}

// SAFETY: the nodes live until they are unlinked, and are reached under the lock of their bucket only.
unsafe impl Send for Queue {}

struct Waiter {
    address: u64,
    /// 1 once it is woken, and unlinked. Its futex.
    woken: AtomicU32,
    next: Cell<*const Waiter>,
    previous: Cell<*const Waiter>,
}

static QUEUES: [Lock<Queue>; BUCKETS] = [const { Lock::new(Queue { first: null(), last: null() }) }; BUCKETS];

/// The list of an address: neighbouring words are in different ones.
fn queue(address: u64) -> &'static Lock<Queue> {
    let mixed = (address >> 2).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    &QUEUES[(mixed >> 56) as usize % BUCKETS]
}

impl Queue {
    fn append(&mut self, waiter: &Waiter) {
        waiter.previous.set(self.last);
        // SAFETY: linked nodes live.
        match unsafe { self.last.as_ref() } {
            Some(last) => last.next.set(waiter),
            None => self.first = waiter,
        }
        self.last = waiter;
    }

    fn remove(&mut self, waiter: &Waiter) {
        let (previous, next) = (waiter.previous.get(), waiter.next.get());
        // SAFETY: linked nodes live.
        unsafe {
            match previous.as_ref() {
                Some(node) => node.next.set(next),
                None => self.first = next,
            }
            match next.as_ref() {
                Some(node) => node.previous.set(previous),
                None => self.last = previous,
            }
        }
    }
}

/// Waits at an address until somebody wakes it, unless `is_expected` says otherwise.
fn wait(address: u64, is_expected: impl FnOnce() -> bool, timeout: i64) -> u32 {
    trap::check_headroom();
    // Before the value is compared: what takes time is a part of the wait.
    let deadline = deadline(timeout);
    let waiter = Waiter { address, woken: AtomicU32::new(0), next: Cell::new(null()), previous: Cell::new(null()) };
    let mut queue = queue(address).lock();
    if !is_expected() {
        return NOT_EQUAL;
    }
    queue.append(&waiter);
    drop(queue);
    while waiter.woken.load(Acquire) == 0 {
        if sys::futex_wait_until(&waiter.woken, 0, deadline.as_ref()) == Err(sys::Errno::TIMEDOUT) {
            let mut queue = self::queue(address).lock();
            if waiter.woken.load(Acquire) != 0 {
                break;
            }
            queue.remove(&waiter);
            return TIMED_OUT;
        }
    }
    WOKEN
}

/// When a timeout in nanoseconds is over, on the monotonic clock; `None` if never.
fn deadline(timeout: i64) -> Option<Timespec> {
    const SECOND: i64 = 1_000_000_000;
    let timeout = u64::try_from(timeout).ok()? as i64;
    let now = sys::clock_time(ClockId::Monotonic).ok()?;
    let nanoseconds = now.tv_nsec as i64 + timeout % SECOND;
    let seconds = now.tv_sec.checked_add(timeout / SECOND)?.checked_add(nanoseconds / SECOND)?;
    Some(Timespec { tv_sec: seconds, tv_nsec: (nanoseconds % SECOND) as _ })
}

/// See [`symbols::ATOMIC_WAIT_32`](wasmc_abi::symbols::ATOMIC_WAIT_32).
#[unsafe(no_mangle)]
extern "C" fn wasmc_atomic_wait_32(address: u64, expected: u32, timeout: i64) -> u32 {
    // SAFETY: compiled code has checked that the word is in a shared memory, and aligned.
    let word = unsafe { AtomicU32::from_ptr(address as *mut u32) };
    wait(address, || word.load(SeqCst) == expected, timeout)
}

/// See [`symbols::ATOMIC_WAIT_64`](wasmc_abi::symbols::ATOMIC_WAIT_64).
#[unsafe(no_mangle)]
extern "C" fn wasmc_atomic_wait_64(address: u64, expected: u64, timeout: i64) -> u32 {
    // SAFETY: as above.
    let word = unsafe { AtomicU64::from_ptr(address as *mut u64) };
    wait(address, || word.load(SeqCst) == expected, timeout)
}

impl Queue {
    /// Unlinks waiters of an address, up to as many as there is room for, and gives how many.
    fn take(&mut self, address: u64, futexes: &mut [*const AtomicU32]) -> usize {
        let mut room = futexes.iter_mut();
        let mut taken = 0;
        let mut node = self.first;
        // SAFETY: linked nodes live.
        while let Some(waiter) = unsafe { node.as_ref() } {
            node = waiter.next.get();
            if waiter.address == address {
                let Some(futex) = room.next() else { break };
                *futex = &raw const waiter.woken;
                taken += 1;
                self.remove(waiter);
                waiter.woken.store(1, Release);
            }
        }
        taken
    }
}

/// See [`symbols::ATOMIC_NOTIFY`](wasmc_abi::symbols::ATOMIC_NOTIFY).
#[unsafe(no_mangle)]
extern "C" fn wasmc_atomic_notify(address: u64, count: u32) -> u32 {
    /// Waiters that are unlinked at a time.
    const BATCH: usize = 64;
    trap::check_headroom();
    let mut woken = 0;
    loop {
        let mut futexes = [null(); BATCH];
        let wanted = BATCH.min((count - woken) as usize);
        let taken = queue(address).lock().take(address, futexes.get_mut(..wanted).unwrap_or_default());
        // Without the lock: whoever is awake next often wants it.
        futexes.iter().take(taken).for_each(|&futex| sys::futex_wake_address(futex));
        woken += taken as u32;
        if taken < BATCH || woken == count {
            return woken;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    /// Waits until so many wait at an address.
    fn until_waiting(address: u64, count: usize) {
        loop {
            let queue = queue(address).lock();
            let mut found = 0;
            let mut node = queue.first;
            // SAFETY: under the lock, linked nodes live.
            while let Some(waiter) = unsafe { node.as_ref() } {
                found += (waiter.address == address) as usize;
                node = waiter.next.get();
            }
            drop(queue);
            if found == count {
                return;
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn counts_are_exact_and_the_first_comes_first() {
        let words = [AtomicU64::new(0), AtomicU64::new(0)];
        let [address, other] = [&words[0], &words[1]].map(|word| word.as_ptr() as u64);
        let order = std::sync::Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for index in 0..4 {
                let order = &order;
                scope.spawn(move || {
                    // Both widths wait in one queue.
                    let result = if index % 2 == 0 {
                        wasmc_atomic_wait_32(address, 0, -1)
                    } else {
                        wasmc_atomic_wait_64(address, 0, 60_000_000_000)
                    };
                    assert_eq!(result, WOKEN);
                    order.lock().unwrap().push(index);
                });
                until_waiting(address, index + 1);
            }
            assert_eq!(wasmc_atomic_notify(other, u32::MAX), 0);
            for left in (2..4).rev() {
                assert_eq!(wasmc_atomic_notify(address, 1), 1);
                until_waiting(address, left);
                while order.lock().unwrap().len() < 4 - left {
                    std::thread::yield_now();
                }
            }
            assert_eq!(wasmc_atomic_notify(address, 0), 0);
            assert_eq!(wasmc_atomic_notify(address, u32::MAX), 2);
        });
        assert_eq!(order.lock().unwrap()[..2], [0, 1]);
        assert_eq!(wasmc_atomic_notify(address, u32::MAX), 0);
    }

    #[test]
    fn waits_end() {
        let word = AtomicU64::new(7);
        let address = word.as_ptr() as u64;
        assert_eq!(wasmc_atomic_wait_64(address, 8, -1), NOT_EQUAL);
        assert_eq!(wasmc_atomic_wait_32(address, 8, 0), NOT_EQUAL);
        assert_eq!(wasmc_atomic_wait_64(address, 7, 0), TIMED_OUT);
        let start = Instant::now();
        assert_eq!(wasmc_atomic_wait_32(address, 7, 20_000_000), TIMED_OUT);
        assert!(start.elapsed() >= Duration::from_millis(20));
        assert_eq!(wasmc_atomic_notify(address, 1), 0, "nobody is left in the queue");
        assert!(deadline(i64::MAX).is_some_and(|deadline| deadline.tv_sec > 9_000_000_000));
        assert!(deadline(-1).is_none() && deadline(i64::MIN).is_none());
    }
}
