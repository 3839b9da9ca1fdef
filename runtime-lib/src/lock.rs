//! Mutual exclusion for state of the process that threads share.
//!
//! A word: free, held, or held while others may be waiting ("Futexes Are Tricky", Drepper, mutex 3). Who finds it free
//! makes no system call, so that a program of one thread, whose filter forbids that call, never does.
//!
//! # Invariants
//!
//! - Nothing that may wait for another thread, or for long, happens under a lock. (Listing a directory and reading an
//!   embedded file do, which makes others wait that do the same, and nobody else.)
//! - No signal handler takes one, and no frame that holds one is ever abandoned by a trap.

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::sys;

const FREE: u32 = 0;
const HELD: u32 = 1;
const AWAITED: u32 = 2;

/// Something that one thread at a time may use.
pub struct Lock<T> {
    state: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by who holds the lock only.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub const fn new(value: T) -> Lock<T> {
        Lock { state: AtomicU32::new(FREE), value: UnsafeCell::new(value) }
    }

    /// Waits until nobody else has it.
    #[inline]
    pub fn lock(&self) -> Guard<'_, T> {
        if self.state.compare_exchange(FREE, HELD, Acquire, Relaxed).is_err() {
            wait(&self.state);
        }
        Guard(self)
    }
}

// These are functions of their own, so that they are there once: there are as many copies of `lock` as callers.

#[cold]
#[inline(never)]
fn wait(state: &AtomicU32) {
    while state.swap(AWAITED, Acquire) != FREE {
        sys::futex_wait(state, AWAITED);
    }
}

#[cold]
#[inline(never)]
fn wake(state: &AtomicU32) {
    sys::futex_wake(state, 1);
}

/// Access to what a lock protects, until it is dropped.
pub struct Guard<'a, T>(&'a Lock<T>);

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this thread holds the lock.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.0.state.swap(FREE, Release) == AWAITED {
            wake(&self.0.state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        static COUNT: Lock<u64> = Lock::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..50_000).for_each(|_| *COUNT.lock() += 1));
            }
        });
        assert_eq!(*COUNT.lock(), 200_000);
        assert_eq!(COUNT.state.load(Relaxed), FREE);
    }
}
