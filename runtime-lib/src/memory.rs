//! Memories and tables: placing them at start, growing them, filling them.
//!
//! Where things are is decided by the compiler and stands in the records (see [`wasmc_abi::layout`]); this file makes
//! the address space agree:
//!
//! - Memories and growable tables at *fixed addresses* have a reservation without access there. Its first `length`
//!   bytes are readable and writable; growing is one `mprotect`, and nothing ever moves.
//! - *Explicit* memories are ordinary mappings anywhere. Growing is one `mremap`, which may move them: compiled code
//!   loads the base anew after each call.
//! - *Shared* memories never move: an explicit one reserves, wherever there is room, all that it may grow to.
//!
//! In an instance of a library, and in that of a thread but for memories, nothing has a fixed address: what would be at
//! one reserves as much wherever there is room.
//!
//! # Invariants
//!
//! - Bytes beyond `length` inside a reservation are never accessible, up to the page size. (Memories whose lengths are
//!   not whole pages of the machine are those that are counted in bytes: all accesses to them are compared with
//!   `length`.)
//! - `length` never shrinks, and is at most `maximum` and [`LIMIT`]. Whatever fails leaves it as it was.
//! - Pages are zero when they become accessible.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed, Ordering::SeqCst};

use wasmc_abi::layout::{MEMORY_EXPLICIT, MEMORY_SHARED, MemoryRecord, TableRecord};
#[cfg(not(feature = "library"))]
use wasmc_abi::program::IMAGE_MOVE;
use wasmc_abi::program::{IMAGE_FIXED, Image, ProgramHeader};

use crate::arch::resolve;
use crate::lock::Lock;
#[cfg(not(feature = "library"))]
use crate::report;
use crate::thread::Thread;
use crate::{arch, process, sys};

/// What a program says whose address space is too small for guards.
const NO_ADDRESS_SPACE: &str = "\
     the address space for a linear memory could not be reserved (`ulimit -v`?); \
     compile with `--bounds-checks=explicit`";
#[cfg(not(feature = "library"))]
const NO_SHARED_MEMORY: &str = "\
     the address space for a shared memory could not be reserved (`ulimit -v`?); \
     compile with a smaller `--max-memory`, or grant less by WASMC_MAX_MEMORY";
const NO_MEMORY: &str = "a memory's initial contents could not be mapped";

/// Bytes that a memory may grow to.
static LIMIT: AtomicU64 = AtomicU64::new(u64::MAX);

/// Sets the bytes that a memory may grow to, before [`place`].
#[cfg(not(feature = "library"))]
pub fn set_limit(bytes: u64) {
    LIMIT.store(bytes, Relaxed);
}

fn round_up(bytes: u64) -> Option<u64> {
    bytes.checked_next_multiple_of(process::page_size())
}

#[cfg(not(feature = "library"))]
fn or_fatal<T>(result: Result<T, sys::Errno>, message: &str) -> T {
    match result {
        Ok(value) => value,
        Err(_) => report::fatal(message),
    }
}

/// The records of all memories. Valid once the record is placed; not to be kept while Wasm runs. `record` is the
/// address of the record that has them.
pub fn memories(header: &'static ProgramHeader, record: u64) -> &'static [MemoryRecord] {
    // SAFETY: the compiler's promise about the header.
    unsafe { slice(memory_records(header, record), header.memory_count) }
}

/// The address of the record that has those of the memories: all threads of a program share the first one's, and an
/// instance of a library has its own.
pub fn record_of_memories(header: &ProgramHeader, thread: &Thread) -> u64 {
    if cfg!(feature = "library") { thread.instance() } else { header.record_base }
}

/// The records of all tables that have one. Valid once [`place`] has placed the record; not to be kept while Wasm runs.
/// `instance` is the address of the record of an instance.
pub fn tables(header: &'static ProgramHeader, instance: u64) -> &'static [TableRecord] {
    // SAFETY: as above.
    unsafe { slice((instance + header.tables as u64) as *const TableRecord, header.table_count) }
}

/// The current size of a memory in bytes, which another thread may just be changing.
pub fn length(memory: &MemoryRecord) -> u64 {
    // SAFETY: aligned; whoever changes it while there are several threads does so atomically.
    unsafe { AtomicU64::from_ptr((&raw const memory.length).cast_mut()) }.load(SeqCst)
}

fn memory_records(header: &ProgramHeader, record: u64) -> *mut MemoryRecord {
    (record + header.memories as u64) as *mut MemoryRecord
}

/// # Safety
///
/// There must be `count` records, unless it is 0.
unsafe fn slice<T>(records: *const T, count: u32) -> &'static [T] {
    // SAFETY: by the caller.
    if count == 0 { &[] } else { unsafe { core::slice::from_raw_parts(records, count as usize) } }
}

fn images(header: &'static ProgramHeader) -> &'static [Image] {
    // SAFETY: the compiler's promise about the header.
    unsafe { slice(resolve(header, header.images).cast(), header.image_count) }
}

/// Whether an image belongs into the record.
fn is_of_record(header: &ProgramHeader, image: &Image) -> bool {
    image.memory == IMAGE_FIXED
        && header.record_base <= image.destination
        && image.destination < header.record_base + header.record_size
}

/// Gives every memory and table its address space and its initial contents.
#[cfg(not(feature = "library"))]
pub fn place(header: &'static ProgramHeader) {
    // In ordinary programs memory 0 follows the record: then one reservation and one `mprotect` do for both.
    let adjacent = initial_first_memory(header)
        .filter(|memory| memory.flags & MEMORY_EXPLICIT == 0 && memory.base == header.record_base + header.record_size);
    let (reserved, accessible) = match adjacent {
        Some(memory) => (memory.reserved, memory.length),
        None => (0, 0),
    };
    place_at(header.record_base, header.record_size + reserved, header.record_size + accessible);
    for image in images(header).iter().filter(|image| is_of_record(header, image)) {
        fill(header, image);
    }
    if memories(header, header.record_base).iter().any(|memory| memory.length > LIMIT.load(Relaxed)) {
        report::refuse("the program starts with more memory than ", b"WASMC_MAX_MEMORY", " allows");
    }

    for index in adjacent.is_some() as usize..header.memory_count as usize {
        // SAFETY: the compiler's promise about the header; there is no other reference.
        let memory = unsafe { &mut *memory_records(header, header.record_base).add(index) };
        if memory.flags & MEMORY_EXPLICIT == 0 {
            place_at(memory.base, memory.reserved, memory.length);
        } else if memory.flags & MEMORY_SHARED != 0 {
            place_shared(memory);
        } else if let Some(bytes @ 1..) = round_up(memory.length) {
            memory.base = or_fatal(sys::map_anywhere(bytes, true), NO_MEMORY);
            memory.reserved = bytes;
        }
    }
    for table in tables(header, header.record_base) {
        place_at(table.base, table.reserved, table.length * size_of::<u64>() as u64);
    }
    for image in images(header).iter().filter(|image| !is_of_record(header, image)) {
        fill(header, image);
    }
}

/// A shared memory may not move, and so has room for all that it may become, wherever that is.
#[cfg(not(feature = "library"))]
fn place_shared(memory: &mut MemoryRecord) {
    let most = memory.maximum.min(LIMIT.load(Relaxed)).max(memory.length);
    if let Some(reserved @ 1..) = round_up(most) {
        memory.base =
            reserve_anywhere(reserved, memory.length, NO_SHARED_MEMORY).unwrap_or_else(|why| report::fatal(why));
        memory.reserved = reserved;
    }
}

/// Makes the record of an instance, for a new thread or in a library: what the first one began with (a library's image
/// says what), and tables of its own. Memory at `instance` must be zeroed, and room for the record. If there is no room
/// for a table, nothing stays but the record.
pub fn instantiate(header: &'static ProgramHeader, instance: u64) -> Option<()> {
    for image in images(header).iter().filter(|image| is_of_record(header, image)) {
        let to = (instance + (image.destination - header.record_base)) as *mut u8;
        // SAFETY: inside the new record.
        unsafe { core::ptr::copy_nonoverlapping(resolve(header, image.source), to, image.size as usize) };
    }
    for index in 0..header.table_count as usize {
        let made = place_table(header, instance, index);
        if made.is_none() {
            release_first(header, instance, index);
            for index in 0..header.table_count as usize {
                // Whoever takes the instance back shall not do so again. SAFETY: one of its records, as below.
                unsafe { (*((instance + header.tables as u64) as *mut TableRecord).add(index)).reserved = 0 };
            }
            return None;
        }
    }
    Some(())
}

/// Gives a table of a new instance its own place and contents. Its record is as the image has it: the base is that of
/// the first thread's table, or the one that the compiler gave it, by which its contents are found.
fn place_table(header: &'static ProgramHeader, instance: u64, index: usize) -> Option<()> {
    // SAFETY: one of the records of an instance that nobody else knows yet.
    let table = unsafe { &mut *((instance + header.tables as u64) as *mut TableRecord).add(index) };
    if table.reserved == 0 {
        return Some(());
    }
    let first = table.base;
    table.base = reserve_anywhere(table.reserved, table.length * size_of::<u64>() as u64, NO_MEMORY).ok()?;
    for image in images(header) {
        if image.memory == IMAGE_FIXED && image.destination == first {
            // SAFETY: the initial entries, fewer than its length.
            unsafe {
                let source = resolve(header, image.source);
                core::ptr::copy_nonoverlapping(source, table.base as *mut u8, image.size as usize);
            }
        }
    }
    Some(())
}

/// Takes back the tables of an instance that nobody uses any more.
pub fn release(header: &'static ProgramHeader, instance: u64) {
    release_first(header, instance, header.table_count as usize);
}

fn release_first(header: &'static ProgramHeader, instance: u64, count: usize) {
    for table in tables(header, instance).iter().take(count).filter(|table| table.reserved != 0) {
        // SAFETY: by the callers.
        unsafe { sys::unmap_pages(table.base, table.reserved) };
    }
}

/// Gives the memories of an instance of a library their address space and their initial contents. They may grow to
/// `limit` bytes.
#[cfg(feature = "library")]
pub fn place_of_instance(header: &'static ProgramHeader, record: u64, limit: u64) -> Result<(), &'static str> {
    for index in 0..header.memory_count as usize {
        // SAFETY: one of the records of an instance that nobody else knows yet.
        let memory = unsafe { &mut *memory_records(header, record).add(index) };
        if memory.length > limit {
            return Err("the module begins with more memory than it may have");
        }
        memory.maximum = memory.maximum.min(limit);
        let accessible = round_up(memory.length).ok_or(NO_MEMORY)?;
        if memory.flags & MEMORY_EXPLICIT == 0 {
            let reserved = memory.reserved;
            // Until it is there, there is nothing to take back.
            memory.reserved = 0;
            memory.base = reserve_anywhere(reserved, memory.length, NO_ADDRESS_SPACE)?;
            memory.reserved = reserved;
        } else if accessible != 0 {
            memory.base = sys::map_anywhere(accessible, true).map_err(|_| NO_MEMORY)?;
            memory.reserved = accessible;
        }
    }
    for image in images(header).iter().filter(|image| image.memory != IMAGE_FIXED) {
        let source = resolve(header, image.source);
        let Some(memory) = memories(header, record).get(image.memory as usize) else { continue };
        let to = (memory.base + image.destination) as *mut u8;
        // SAFETY: inside the memory's initial size, by the compiler's promise about images.
        unsafe { core::ptr::copy_nonoverlapping(source, to, image.size as usize) };
    }
    Ok(())
}

/// Takes back the memories of an instance of a library that nobody uses any more. Those that were never placed reserve
/// nothing.
#[cfg(feature = "library")]
pub fn release_memories(header: &'static ProgramHeader, record: u64) {
    for memory in memories(header, record).iter().filter(|memory| memory.base != 0 && memory.reserved != 0) {
        // SAFETY: by the callers.
        unsafe { sys::unmap_pages(memory.base, memory.reserved) };
    }
}

/// The first memory's record as it will be, read from the image that is yet to be placed.
#[cfg(not(feature = "library"))]
fn initial_first_memory(header: &'static ProgramHeader) -> Option<MemoryRecord> {
    if header.memory_count == 0 {
        return None;
    }
    let record = header.record_base + header.memories as u64;
    let image = images(header).iter().find(|image| {
        is_of_record(header, image)
            && image.destination <= record
            && record + size_of::<MemoryRecord>() as u64 <= image.destination + image.size
    })?;
    let source = resolve(header, image.source).wrapping_add((record - image.destination) as usize);
    // SAFETY: inside the image.
    Some(unsafe { source.cast::<MemoryRecord>().read_unaligned() })
}

/// Reserves `[base, base + reserved)` and makes the first `accessible` bytes readable and writable.
#[cfg(not(feature = "library"))]
fn place_at(base: u64, reserved: u64, accessible: u64) {
    if reserved == 0 {
        return;
    }
    or_fatal(sys::reserve_at(base, reserved), NO_ADDRESS_SPACE);
    or_fatal(extend(base, reserved, 0, accessible).ok_or(sys::Errno::NOMEM), NO_MEMORY);
}

/// Reserves so many bytes wherever there is room, and makes the first `accessible` ones readable and writable; gives
/// where that is. If it cannot be, nothing stays, and it says why: `no_room` or [`NO_MEMORY`].
fn reserve_anywhere(reserved: u64, accessible: u64, no_room: &'static str) -> Result<u64, &'static str> {
    let base = sys::map_anywhere(reserved, false).map_err(|_| no_room)?;
    if extend(base, reserved, 0, accessible).is_none() {
        // SAFETY: nobody knows of it.
        unsafe { sys::unmap_pages(base, reserved) };
        return Err(NO_MEMORY);
    }
    Ok(base)
}

/// Puts one piece of initial contents where it belongs.
///
/// Pages are moved only into guarded memories: a mapping of several parts could not be moved again by `mremap` when an
/// explicit memory grows.
#[cfg(not(feature = "library"))]
fn fill(header: &'static ProgramHeader, image: &Image) {
    let source = resolve(header, image.source);
    let destination = match image.memory {
        IMAGE_FIXED => image.destination,
        index => {
            let Some(memory) = memories(header, header.record_base).get(index as usize) else { return };
            memory.base + image.destination
        }
    };
    if image.kind == IMAGE_MOVE && image.memory == IMAGE_FIXED {
        // SAFETY: pages of an image section, which nobody else uses, into a memory that nobody has used yet.
        or_fatal(unsafe { sys::move_pages(source as u64, image.size, destination) }, NO_MEMORY);
    } else {
        // SAFETY: the destination was made accessible, and is not in the executable.
        unsafe { core::ptr::copy_nonoverlapping(source, destination as *mut u8, image.size as usize) };
    }
}

/// `memory.grow`: the previous size in pages, or -1.
///
/// # Safety
///
/// `memory` must be a record of the program; there must be no pointer into an explicit memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmc_memory_grow(memory: *mut MemoryRecord, delta_pages: u64) -> i64 {
    // SAFETY: by the caller.
    if unsafe { (*memory).flags } & MEMORY_SHARED != 0 {
        // SAFETY: as above.
        return grow_shared(unsafe { &*memory }, delta_pages);
    }
    // SAFETY: by the caller; a memory that is not shared has one thread.
    let memory = unsafe { &mut *memory };
    let previous = (memory.length >> memory.page_size_log2) as i64;
    if grow(memory, delta_pages).is_some() { previous } else { -1 }
}

/// One thread after the other. What is new is accessible before the length says that it is there.
fn grow_shared(memory: &MemoryRecord, delta_pages: u64) -> i64 {
    static GROWING: Lock<()> = Lock::new(());
    let _growing = GROWING.lock();
    let previous = length(memory);
    let grown = || {
        let length = previous.checked_add(delta_pages.checked_mul(1 << memory.page_size_log2)?)?;
        if length > memory.maximum || length > LIMIT.load(Relaxed) {
            return None;
        }
        extend(memory.base, memory.reserved, previous, length)?;
        Some(length)
    };
    let Some(grown) = grown() else { return -1 };
    // SAFETY: aligned; all others use it atomically.
    unsafe { AtomicU64::from_ptr((&raw const memory.length).cast_mut()) }.store(grown, SeqCst);
    (previous >> memory.page_size_log2) as i64
}

fn grow(memory: &mut MemoryRecord, delta_pages: u64) -> Option<()> {
    let delta = delta_pages.checked_mul(1 << memory.page_size_log2)?;
    let length = memory.length.checked_add(delta)?;
    if delta == 0 {
        return Some(());
    }
    if length > memory.maximum || length > LIMIT.load(Relaxed) {
        return None;
    }
    if memory.flags & MEMORY_EXPLICIT == 0 {
        extend(memory.base, memory.reserved, memory.length, length)?;
    } else {
        let bytes = round_up(length)?;
        if memory.reserved == 0 {
            memory.base = sys::map_anywhere(bytes, true).ok()?;
        } else if bytes > memory.reserved {
            // SAFETY: the memory's own mapping; by the caller of `wasmc_memory_grow` there are no pointers into it.
            memory.base = unsafe { sys::resize_mapping(memory.base, memory.reserved, bytes) }.ok()?;
        }
        memory.reserved = bytes.max(memory.reserved);
    }
    memory.length = length;
    Some(())
}

/// Makes a reservation accessible up to `new` bytes, where it was up to `old`.
fn extend(base: u64, reserved: u64, old: u64, new: u64) -> Option<()> {
    let (old, new) = (round_up(old)?, round_up(new)?);
    if new > reserved {
        return None;
    }
    if new > old {
        // SAFETY: inside the reservation, and without access so far.
        unsafe { sys::make_accessible(base + old, new - old) }.ok()?;
    }
    Some(())
}

/// `table.grow`: the previous size in entries, or -1.
///
/// # Safety
///
/// `table` must be a record of the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmc_table_grow(table: *mut TableRecord, delta: u64, fill: u64) -> i64 {
    const ENTRY: u64 = size_of::<u64>() as u64;
    // SAFETY: by the caller.
    let table = unsafe { &mut *table };
    let previous = table.length;
    if delta == 0 {
        return previous as i64;
    }
    let grown = previous.checked_add(delta).filter(|&length| length <= table.maximum).and_then(|length| {
        extend(table.base, table.reserved, previous * ENTRY, length.checked_mul(ENTRY)?)?;
        Some(length)
    });
    let Some(length) = grown else { return -1 };
    // SAFETY: the entries from the previous length to the new one, just made accessible.
    unsafe { arch::wasmc_fill_words((table.base as *mut u64).add(previous as usize), fill, delta as usize) };
    table.length = length;
    previous as i64
}
