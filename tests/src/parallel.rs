//! Work on several threads, for calls of the compiler.
//!
//! Not rayon's: a thread of rayon's that waits for the compiler's threads would begin another piece of work meanwhile,
//! on the same stack, and another one in that.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// `work` on each item; the results are in the order of the items.
///
/// # Panics
///
/// If `work` does.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let work = || {
                while let index = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(item) = items.get(index)
                {
                    let result = work(item);
                    results.lock().expect("no thread panics in here").push((index, result));
                }
            };
            let started = thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, work);
            started.expect("threads can be started");
        }
    });
    let mut results = results.into_inner().expect("no thread panics in here");
    results.sort_by_key(|&(index, _)| index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_are_in_order() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(super::map(&items, |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
    }
}
