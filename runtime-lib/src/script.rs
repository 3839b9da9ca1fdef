//! Runs a script instead of a command: a list of calls, each of which may trap, with their results on standard output.
//!
//! This is how the specification's test suite and the differential tests drive a program (see
//! [`wasmc_abi::program::ScriptStep`]). Some scripts have threads, which perform a range of the steps each. Results are
//! collected and written in large pieces; whatever ends the process calls [`flush`] first.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize};

use wasmc_abi::layout::{MemoryRecord, SLOT_BYTES};
use wasmc_abi::program::{
    ProgramHeader, STEP_CALL, STEP_END, STEP_MEMORY, STEP_START, STEP_WAIT, ScriptStep, StepResult,
};

use crate::arch::resolve;
use crate::lock::Lock;
use crate::{arch, memory, report, sys};

type Slot = [u8; SLOT_BYTES as usize];

const STDOUT: i32 = 1;

/// Bytes of results that are held back.
const BUFFER_BYTES: usize = 64 << 10;

/// The buffer, mapped when a script starts; null in ordinary programs.
static BUFFER: AtomicPtr<u8> = AtomicPtr::new(core::ptr::null_mut());
static BUFFERED: AtomicUsize = AtomicUsize::new(0);

/// Writes the results that are held back.
pub fn flush() {
    let buffer = BUFFER.load(Relaxed);
    if !buffer.is_null() {
        // SAFETY: so many bytes were written to the buffer.
        let bytes = unsafe { core::slice::from_raw_parts(buffer, BUFFERED.swap(0, Relaxed)) };
        sys::write_all(STDOUT, bytes);
    }
}

fn emit(bytes: &[u8]) {
    if BUFFERED.load(Relaxed) + bytes.len() > BUFFER_BYTES {
        flush();
    }
    if bytes.len() > BUFFER_BYTES {
        return sys::write_all(STDOUT, bytes);
    }
    let length = BUFFERED.load(Relaxed);
    // SAFETY: there is room, and the buffer is ours alone.
    unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), BUFFER.load(Relaxed).add(length), bytes.len()) };
    BUFFERED.store(length + bytes.len(), Relaxed);
}

fn emit_result(step: usize, trap: u32, results: &[Slot]) {
    static EMITTING: Lock<()> = Lock::new(());
    let _emitting = EMITTING.lock();
    let result = StepResult { step: step as u32, trap };
    emit(&result.step.to_le_bytes());
    emit(&result.trap.to_le_bytes());
    emit(results.as_flattened());
}

/// The program's steps.
fn steps(header: &'static ProgramHeader) -> &'static [ScriptStep] {
    // SAFETY: the compiler's promise about the header.
    unsafe { core::slice::from_raw_parts(resolve(header, header.script).cast(), header.script_count as usize) }
}

/// Words of a script: for each step, 1 if it ended a thread, which others may wait for.
static ENDED: AtomicPtr<AtomicU32> = AtomicPtr::new(core::ptr::null_mut());

fn ended(header: &'static ProgramHeader, step: i32) -> &'static AtomicU32 {
    if step as u32 >= header.script_count {
        report::fatal("the script names a step that does not exist")
    }
    // SAFETY: there is a word for each step.
    unsafe { &*ENDED.load(Relaxed).add(step as usize) }
}

/// Performs the program's script: see [`symbols::SCRIPT`](wasmc_abi::symbols::SCRIPT).
#[unsafe(no_mangle)]
extern "C" fn wasmc_script() {
    let header = arch::program();
    let bytes = BUFFER_BYTES + steps(header).len() * size_of::<AtomicU32>();
    let Ok(base) = sys::map_anywhere(bytes as u64, true) else {
        report::fatal("there is no memory for the script's results")
    };
    BUFFER.store(base as *mut u8, Relaxed);
    ENDED.store((base as *mut u8).wrapping_add(BUFFER_BYTES).cast(), Relaxed);
    perform(header, 0);
    flush();
}

/// Performs the steps of a thread.
pub fn run_thread(header: &'static ProgramHeader, first: u32) {
    perform(header, first as usize);
}

/// Performs steps, up to the end of the thread that they are for.
fn perform(header: &'static ProgramHeader, first: usize) {
    let steps = steps(header);
    let arguments: *const Slot = resolve(header, header.script_slots).cast();
    let slots_of = |step: &ScriptStep| step.argument_count.max(step.result_count) as usize;
    let slot_count = steps.iter().map(slots_of).max().unwrap_or(0).max(1);
    let Ok(base) = sys::map_anywhere((slot_count * size_of::<Slot>()) as u64, true) else {
        report::fatal("there is no memory for the script's results")
    };
    // SAFETY: just mapped, zeroed, for us alone.
    let slots = unsafe { core::slice::from_raw_parts_mut(base as *mut Slot, slot_count) };

    let mut index = first;
    while let Some(step) = steps.get(index) {
        let current = index;
        index += 1;
        match step.kind {
            STEP_CALL => {
                let count = step.argument_count as usize;
                if count != 0 {
                    // SAFETY: the compiler's promise about the step; there are enough slots.
                    unsafe {
                        let first = arguments.add(step.first_argument as usize);
                        core::ptr::copy_nonoverlapping(first, slots.as_mut_ptr(), count);
                    }
                }
                let entry = resolve(header, step.target);
                // SAFETY: an array-call entry with as many slots as it needs.
                let trap = unsafe {
                    let entry = core::mem::transmute::<*const u8, unsafe extern "C" fn(*mut Slot)>(entry);
                    arch::call_catching(entry, slots.as_mut_ptr(), arch::thread())
                };
                let results = if trap == 0 { step.result_count as usize } else { 0 };
                emit_result(current, trap, slots.get(..results).unwrap_or(&[]));
            }
            STEP_MEMORY => {
                let Some(memory) = memory::memories(header, header.record_base).get(step.target as usize) else {
                    report::fatal("the script names a memory that does not exist")
                };
                let mut slot = [0; SLOT_BYTES as usize];
                let (low, high) = slot.split_at_mut(8);
                low.copy_from_slice(&memory.length.to_le_bytes());
                high.copy_from_slice(&hash(memory).to_le_bytes());
                emit_result(current, 0, &[slot]);
            }
            STEP_START => {
                emit_result(current, 0, &[]);
                start_thread(header, index as u32);
                index = step.target as usize + 1;
            }
            STEP_END => {
                emit_result(current, 0, &[]);
                let word = ended(header, current as i32);
                word.store(1, Release);
                sys::futex_wake(word, u32::MAX >> 1);
                break;
            }
            STEP_WAIT => {
                let word = ended(header, step.target);
                while word.load(Acquire) == 0 {
                    sys::futex_wait(word, 0);
                }
                emit_result(current, 0, &[]);
            }
            _ => report::fatal("the script has a step of unknown kind"),
        }
    }
}

/// Calls what scripts with threads refer to.
fn start_thread(header: &'static ProgramHeader, first: u32) {
    let function = resolve(header, header.script_thread);
    // SAFETY: the compiler's promise about the header.
    let function = unsafe { core::mem::transmute::<*const u8, Option<extern "C" fn(u32) -> bool>>(function) };
    if !function.is_some_and(|function| function(first)) {
        report::fatal("a thread of the script could not be started");
    }
}

/// FNV-1a over the memory's words; a last piece of a word (custom page sizes) counts as if followed by zeros.
fn hash(memory: &MemoryRecord) -> u64 {
    let bytes: &[u8] = if memory.length == 0 {
        &[]
    } else {
        // SAFETY: the memory's accessible bytes, while no Wasm runs.
        unsafe { core::slice::from_raw_parts(memory.base as *const u8, memory.length as usize) }
    };
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut mix = |word: u64| hash = (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        mix(u64::from_le_bytes(*word));
    }
    if !rest.is_empty() {
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(rest) {
            *to = *from;
        }
        mix(u64::from_le_bytes(word));
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a_over_words() {
        let record = |bytes: &[u8]| MemoryRecord {
            base: bytes.as_ptr() as u64,
            length: bytes.len() as u64,
            ..MemoryRecord::default()
        };
        assert_eq!(hash(&record(&[])), 0xcbf2_9ce4_8422_2325);
        let step = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x100_0000_01b3);
        let one = step(0xcbf2_9ce4_8422_2325, 0x0807_0605_0403_0201);
        assert_eq!(hash(&record(&[1, 2, 3, 4, 5, 6, 7, 8])), one);
        assert_eq!(hash(&record(&[1, 2, 3, 4, 5, 6, 7, 8, 9])), step(one, 9));
    }
}
