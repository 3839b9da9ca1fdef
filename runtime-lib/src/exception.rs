//! Exceptions: where they live, and how they find what catches them (see [`wasmc_abi::exception`]).
//!
//! # Throwing
//!
//! Handlers are searched for first, and nothing is touched until one is found: a report of an uncaught exception shows
//! the stack as it was. The walk follows frame pointers as that of a backtrace does, but through frames that we made
//! ourselves; it ends where the runtime called Wasm. No frame of the runtime is ever in between: its functions do not
//! call Wasm, and where a function of a library's host does, that is a call of the runtime's again, at which the walk
//! ends. A second walk gives each callee-saved register the value that the innermost frame which is left found in
//! it, so that the handler finds them as if the call had returned.
//!
//! # The store
//!
//! Most exceptions are caught once and forgotten: one that was never made an `exnref` is given back by the code that
//! catches it, and the next one takes its place. Those that were referred to stay, since an `exnref` can be in any
//! local, global or table. When there is no room, what cannot be reached any more is found by marking: from every
//! word on the Wasm stack, in callee-saved registers, the record and tables that *could* be an `exnref`, and from the
//! payloads of what is marked. (While the guest of a library waits for a function of the host, its registers are on its
//! stack: `wasmc_library_leave` puts them there.) A word that happens to look like one keeps an exception alive for
//! longer, no more.
//!
//! Each thread has a store of its own. It is a reservation of [`RESERVED`] bytes in units of 16, filled from below; a
//! bitmap behind it has a bit for each unit where an exception begins. What is freed below the top becomes a cell of a
//! free list.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use wasmc_abi::exception::{ANY_TAG, Exception, Handler, HandlerSite, REFERENCED};
use wasmc_abi::layout::SLOT_BYTES;
use wasmc_abi::program::ProgramHeader;
use wasmc_abi::trap::TrapCode;

use crate::arch::resolve;
use crate::{arch, memory, process, sites, sys, trap};

/// Bytes of address space for exceptions.
const RESERVED: u64 = 256 << 20;
const UNIT: u64 = 16;
const BITMAP_BYTES: u64 = RESERVED / UNIT / 8;
/// The store fills up to this many bytes before it is searched for garbage for the first time.
const FIRST_LIMIT: u64 = 1 << 20;

const _: () = assert!(size_of::<Exception>() as u64 == UNIT && SLOT_BYTES as u64 == UNIT);

/// Flag: it can be reached.
const MARKED: u32 = 1 << 1;

/// The exceptions of a thread.
pub struct Store {
    /// Start of the store; 0 before the first exception.
    base: AtomicU64,
    /// End of what is used.
    top: AtomicU64,
    /// Where the next search for garbage is due.
    limit: AtomicU64,
    /// The first free cell, as a [link](link_to); 0 if there is none.
    free_list: AtomicU32,
}

impl Store {
    pub const fn new() -> Store {
        Store {
            base: AtomicU64::new(0),
            top: AtomicU64::new(0),
            limit: AtomicU64::new(0),
            free_list: AtomicU32::new(0),
        }
    }

    /// Gives the store back, at the end of its thread.
    pub fn release(&self) {
        let base = self.base.swap(0, Relaxed);
        if base != 0 {
            // SAFETY: the thread's own mapping; what could refer to it is gone.
            unsafe { sys::unmap_pages(base, RESERVED + BITMAP_BYTES) };
        }
    }
}

/// That of the running thread.
fn store() -> &'static Store {
    &arch::thread().exceptions
}

/// A reference between cells: 1 + the unit.
fn link_to(address: u64) -> u32 {
    ((address - store().base.load(Relaxed)) / UNIT) as u32 + 1
}

fn linked(link: u32) -> Option<u64> {
    Some(store().base.load(Relaxed) + link.checked_sub(1)? as u64 * UNIT)
}

fn size(values: u32) -> u64 {
    UNIT + values as u64 * UNIT
}

fn read(address: u64) -> Exception {
    // SAFETY: a cell of the store, below the top.
    unsafe { *(address as *const Exception) }
}

fn write(address: u64, exception: Exception) {
    // SAFETY: a cell of the store.
    unsafe { *(address as *mut Exception) = exception }
}

/// The byte of the bitmap for a unit, and its bit.
fn bit(address: u64) -> (*mut u8, u8) {
    let unit = (address - store().base.load(Relaxed)) / UNIT;
    ((store().base.load(Relaxed) + RESERVED + unit / 8) as *mut u8, 1 << (unit % 8))
}

fn set_start(address: u64, is_start: bool) {
    let (byte, mask) = bit(address);
    // SAFETY: inside the bitmap.
    unsafe { if is_start { *byte |= mask } else { *byte &= !mask } }
}

/// Whether an exception begins at what may be any word.
fn is_start(word: u64) -> bool {
    if word < store().base.load(Relaxed) || word >= store().top.load(Relaxed) || !word.is_multiple_of(UNIT) {
        return false;
    }
    let (byte, mask) = bit(word);
    // SAFETY: inside the bitmap.
    unsafe { *byte & mask != 0 }
}

/// See [`symbols::EXCEPTION_NEW`](wasmc_abi::symbols::EXCEPTION_NEW).
#[unsafe(no_mangle)]
extern "C" fn wasmc_exception_new(tag: u32, values: u32) -> u64 {
    trap::check_headroom();
    let bytes = size(values);
    let address = allocate(bytes).or_else(|| {
        collect();
        allocate(bytes)
    });
    let Some(address) = address else { trap::raise(TrapCode::TooManyExceptions, None) };
    write(address, Exception { tag, values, flags: 0, link: 0 });
    set_start(address, true);
    address
}

fn allocate(bytes: u64) -> Option<u64> {
    if store().base.load(Relaxed) == 0 {
        let base = sys::map_anywhere(RESERVED + BITMAP_BYTES, true).ok()?;
        store().base.store(base, Relaxed);
        store().top.store(base, Relaxed);
        store().limit.store(base + FIRST_LIMIT, Relaxed);
    }
    if let Some(address) = take_free(bytes) {
        return Some(address);
    }
    let address = store().top.load(Relaxed);
    if bytes > store().limit.load(Relaxed).saturating_sub(address) {
        return None;
    }
    store().top.store(address + bytes, Relaxed);
    Some(address)
}

/// The first free cell that is large enough; what is left of it stays free.
fn take_free(bytes: u64) -> Option<u64> {
    let mut previous: Option<u64> = None;
    let mut link = store().free_list.load(Relaxed);
    while let Some(address) = linked(link) {
        let cell = read(address);
        if size(cell.values) >= bytes {
            let rest = size(cell.values) - bytes;
            let next = if rest == 0 {
                cell.link
            } else {
                let values = (rest / UNIT) as u32 - 1;
                write(address + bytes, Exception { values, ..cell });
                link_to(address + bytes)
            };
            match previous {
                Some(previous) => write(previous, Exception { link: next, ..read(previous) }),
                None => store().free_list.store(next, Relaxed),
            }
            return Some(address);
        }
        previous = Some(address);
        link = cell.link;
    }
    None
}

/// See [`symbols::EXCEPTION_DONE`](wasmc_abi::symbols::EXCEPTION_DONE).
#[unsafe(no_mangle)]
extern "C" fn wasmc_exception_done(address: u64) {
    let exception = read(address);
    if exception.flags & REFERENCED != 0 {
        return;
    }
    set_start(address, false);
    if address + size(exception.values) == store().top.load(Relaxed) {
        store().top.store(address, Relaxed);
    } else {
        write(address, Exception { flags: 0, link: store().free_list.load(Relaxed), ..exception });
        store().free_list.store(link_to(address), Relaxed);
    }
}

/// Frees what cannot be reached, and decides when to do so again.
#[cold]
fn collect() {
    let registers = arch::callee_saved_registers();
    let mut work = 0;
    registers.iter().for_each(|&word| mark(word, &mut work));
    let mut mark_range = |from: u64, to: u64| {
        for address in (from..to).step_by(size_of::<u64>()) {
            // SAFETY: the callers' ranges are mapped and aligned.
            mark(unsafe { *(address as *const u64) }, &mut work);
        }
    };
    let thread = arch::thread();
    mark_range(arch::stack_pointer(), thread.stack().1);
    let header = arch::program();
    mark_range(thread.instance(), thread.instance() + header.record_size);
    for table in memory::tables(header, thread.instance()) {
        mark_range(table.base, table.base + table.length * size_of::<u64>() as u64);
    }
    while let Some(address) = linked(work) {
        let exception = read(address);
        work = exception.link;
        for word in (address + UNIT..address + size(exception.values)).step_by(size_of::<u64>()) {
            // SAFETY: the payload.
            mark(unsafe { *(word as *const u64) }, &mut work);
        }
    }
    let live = sweep();
    let base = store().base.load(Relaxed);
    let used = store().top.load(Relaxed) - base;
    store().limit.store(base + next_limit(live, used), Relaxed);
}

/// How far the store may be filled before the next search, if `live` bytes of the first `used` are. It is never less
/// than what is used, however little of that lives, nor more than there is; and there is room behind what is used, as
/// the holes in it may be too small.
fn next_limit(live: u64, used: u64) -> u64 {
    (2 * live).max(used + FIRST_LIMIT).min(RESERVED)
}

/// Marks what a word refers to, if it may be an `exnref`, and puts it on the list of what is to be searched.
fn mark(word: u64, work: &mut u32) {
    if is_start(word) {
        let exception = read(word);
        if exception.flags & MARKED == 0 {
            write(word, Exception { flags: exception.flags | MARKED, link: *work, ..exception });
            *work = link_to(word);
        }
    }
}

/// Makes one free cell of neighbours that are not marked, or lowers the top. Gives the bytes that live.
fn sweep() -> u64 {
    store().free_list.store(0, Relaxed);
    let (base, top) = (store().base.load(Relaxed), store().top.load(Relaxed));
    let mut free: Option<u64> = None;
    let mut address = base;
    let mut live = 0;
    let close = |free: &mut Option<u64>, end: u64| {
        if let Some(start) = free.take() {
            let values = ((end - start) / UNIT) as u32 - 1;
            write(start, Exception { tag: 0, values, flags: 0, link: store().free_list.load(Relaxed) });
            store().free_list.store(link_to(start), Relaxed);
        }
    };
    while address < top {
        let exception = read(address);
        let next = address + size(exception.values);
        if exception.flags & MARKED != 0 {
            close(&mut free, address);
            write(address, Exception { flags: exception.flags & !MARKED, ..exception });
            live += next - address;
        } else {
            set_start(address, false);
            free.get_or_insert(address);
        }
        address = next;
    }
    store().top.store(free.unwrap_or(top), Relaxed);
    live
}

/// The end of [`symbols::THROW`](wasmc_abi::symbols::THROW), whose frame is at `frame`, with the caller's registers.
pub extern "C" fn throw(exception: u64, registers: &mut arch::SavedRegisters, frame: u64) -> ! {
    if exception == 0 {
        trap::raise(TrapCode::NullReference, None);
    }
    let header = arch::program();
    let tag = read(exception).tag;
    let mut walk = Walk { frame };
    loop {
        let (caller, return_address) = walk.step();
        match sites::code_offset(header, return_address) {
            None => trap::raise(TrapCode::UncaughtException, Some(tag_name(header, tag))),
            Some(offset) => {
                if let Some((frame_bytes, handler)) = find_handler(header, offset, tag) {
                    let pc = resolve(header, header.code) as u64 + handler as u64;
                    restore_registers(header, registers, frame, caller);
                    // SAFETY: what the tables say of a frame that exists. Only frames of compiled code are left behind,
                    // and those of the runtime's throwing, which have nothing to drop.
                    unsafe { arch::resume_at_handler(pc, caller - frame_bytes as u64, caller, exception, registers) }
                }
            }
        }
    }
}

/// From a frame outwards.
struct Walk {
    frame: u64,
}

impl Walk {
    /// The frame pointer of the caller, and the return address of its call.
    fn step(&mut self) -> (u64, u64) {
        let frame = self.frame as *const u64;
        // SAFETY: a frame of the runtime's or of compiled code, both of which keep frame pointers; the walks end at the
        // runtime's call of compiled code.
        let (caller, return_address) = unsafe { (*frame, *frame.add(1)) };
        self.frame = caller;
        (caller, return_address)
    }
}

/// Undoes what the frames from `innermost`'s caller on did to callee-saved registers, up to the frame at `handler`,
/// which stays.
fn restore_registers(
    header: &'static ProgramHeader,
    registers: &mut arch::SavedRegisters,
    innermost: u64,
    handler: u64,
) {
    let mut walk = Walk { frame: innermost };
    // Recursion has the same return address again and again.
    let mut known: (u64, &[u8]) = (0, &[]);
    loop {
        let (frame, return_address) = walk.step();
        if frame == handler {
            return;
        }
        if known.0 != return_address {
            let function = sites::function_of_return(header, return_address);
            known = (return_address, function.map_or(&[], |function| saved_words(header, function)));
        }
        for (register, &word) in registers.iter_mut().zip(known.1) {
            if word != 0 {
                // SAFETY: the compiler's promise about frames of this function.
                *register = unsafe { *(frame as *const u64).sub(word as usize) };
            }
        }
    }
}

/// The row of a function: see [`saved`](wasmc_abi::exception::saved).
fn saved_words(header: &'static ProgramHeader, function: usize) -> &'static [u8] {
    // SAFETY: the compiler's promise: a number for each function, and a row for each number.
    unsafe {
        let row = *resolve(header, header.function_frames).cast::<u16>().add(function) as usize;
        let count = size_of::<arch::SavedRegisters>() / size_of::<u64>();
        core::slice::from_raw_parts(resolve(header, header.frames).add(row * count), count)
    }
}

/// What catches `tag` at the call with this return address: the size of the frame and the handler's offset in the code.
fn find_handler(header: &'static ProgramHeader, return_offset: u32, tag: u32) -> Option<(u32, u32)> {
    if header.handler_site_count == 0 {
        return None;
    }
    // SAFETY: the compiler's promise about the header.
    let sites: &[HandlerSite] = unsafe {
        core::slice::from_raw_parts(resolve(header, header.handler_sites).cast(), header.handler_site_count as usize)
    };
    let index = sites.binary_search_by_key(&return_offset, |site| site.return_offset).ok()?;
    let site = sites.get(index)?;
    // SAFETY: the compiler's promise about the site.
    let handlers: &[Handler] = unsafe {
        let first = resolve(header, header.handlers).cast::<Handler>().add(site.first as usize);
        core::slice::from_raw_parts(first, site.count as usize)
    };
    let handler = handlers.iter().find(|handler| handler.tag == tag || handler.tag == ANY_TAG)?;
    Some((site.frame_bytes, handler.code_offset))
}

fn tag_name(header: &'static ProgramHeader, tag: u32) -> &'static [u8] {
    // SAFETY: the compiler's promise: an offset of a NUL-terminated string for each tag.
    unsafe {
        let name = *resolve(header, header.tag_names).cast::<u32>().add(tag as usize);
        process::string_bytes(resolve(header, header.names).add(name as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, because the store is the process's.
    #[test]
    fn exceptions_come_and_go() {
        let first = allocate(size(1)).unwrap();
        write(first, Exception { values: 1, ..Exception::default() });
        set_start(first, true);
        assert!(is_start(first) && !is_start(first + 8) && !is_start(first + 16));
        wasmc_exception_done(first);
        assert_eq!(allocate(size(1)), Some(first), "the last one is given back at once");
        write(first, Exception { values: 1, flags: REFERENCED, ..Exception::default() });
        set_start(first, true);
        let make = |values: u32, flags: u32, payload: u64| {
            let address = allocate(size(values)).unwrap();
            write(address, Exception { values, flags, ..Exception::default() });
            set_start(address, true);
            if values > 0 {
                // SAFETY: its payload.
                unsafe { *((address + UNIT) as *mut u64) = payload };
            }
            address
        };
        let second = make(0, 0, 0);
        let third = make(1, REFERENCED, first);
        wasmc_exception_done(first);
        assert!(is_start(first), "what is referred to stays");
        wasmc_exception_done(second);
        assert!(!is_start(second));
        assert_eq!(make(0, 0, 0), second, "a free cell is used again");

        let mut work = 0;
        mark(third, &mut work);
        mark(third + 1, &mut work);
        assert_eq!(linked(work), Some(third));
        assert_eq!(read(third).link, 0, "marked once");
        let mut inner = 0;
        mark(first, &mut inner);
        let fourth = make(3, REFERENCED, 0);
        assert_eq!(sweep(), 4 * UNIT);
        assert!(is_start(first) && is_start(third) && !is_start(second) && !is_start(fourth));
        assert_eq!(store().top.load(Relaxed), fourth);
        assert_eq!(take_free(size(1)), None, "the hole has room for an exception without payload");
        assert_eq!(take_free(size(0)), Some(second));
        assert_eq!(take_free(size(0)), None);
    }

    #[test]
    fn the_limit_is_behind_what_is_used_and_inside_the_store() {
        for used in [0, UNIT, FIRST_LIMIT, 20 << 20, RESERVED - FIRST_LIMIT, RESERVED - UNIT, RESERVED] {
            for live in [0, UNIT, used / 2, used] {
                let limit = next_limit(live, used);
                assert!(used <= limit && limit <= RESERVED, "{live} of {used}: {limit}");
                assert!(limit > used || used == RESERVED, "{live} of {used}: no room for what fits no hole");
            }
        }
    }
}
