//! The guest's table of descriptors.
//!
//! A guest's descriptor is an index; the entry says which descriptor of the host stands behind it, what kind of thing
//! that is, and which rights are left. What is not in the table does not exist for the guest, so descriptors that the
//! process inherited beyond 2 are out of its reach.
//!
//! # Size
//!
//! A program that only uses its standard streams has a static table of three. The first descriptor beyond them reserves
//! the whole table of [`LIMIT`] entries, of which the kernel provides the pages that are used: the guest can make it
//! 3 MiB, not more, and no entry ever moves behind anybody's back (entries are copied in and out).
//!
//! # Threads
//!
//! The table has a lock, which is held for as long as it takes to copy an entry. Whoever uses an entry ([`Open`])
//! counts as a user of the host's descriptor while there are several threads. What is closed while others use it is
//! gone for the guest at once, and for the host when the last of them is done: a read that waits goes on, as it does
//! natively, and no call ever reaches a descriptor that was opened after the guest's number was looked up.
//!
//! # Invariants
//!
//! - All entries below [`Table::lowest`] are open, so that the lowest free one is found without starting over.
//! - A host descriptor stands in at most one entry. Whoever takes an entry out closes it or puts it elsewhere.
//! - What is [embedded](super::embed) has no descriptor of the host. Who uses that of an entry asked first whether it
//!   is embedded, or for a right that nothing embedded has.

use core::ops::Deref;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering::AcqRel, Ordering::Relaxed};

use super::Result;
use super::types::{Errno, rights};
use crate::lock::Lock;
use crate::{process, report, sys, thread};

/// Most descriptors that a guest can have.
pub const LIMIT: u32 = 64 << 10;

/// What stands behind a descriptor, as far as functions differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A file, pipe, terminal or other device.
    File,
    Directory,
    Socket,
}

#[derive(Clone, Copy)]
pub struct Entry {
    /// The host's descriptor; below 0, the complement of the number of an embedded node.
    pub host: i32,
    /// `fdflags` of directories, which nobody else has opened, and of what is embedded; the kernel has those of others.
    pub flags: u16,
    pub kind: Kind,
    /// What may be done with it.
    pub base: u64,
    /// What may be done with what is opened through it.
    pub inheriting: u64,
    /// The guest's name for a preopened directory.
    pub preopen: Option<&'static [u8]>,
    /// Where an embedded file is read next; the kernel knows it of others.
    pub position: u64,
}

impl Entry {
    pub const fn new(host: i32, kind: Kind, base: u64, inheriting: u64) -> Entry {
        Entry { host, flags: 0, kind, base, inheriting, preopen: None, position: 0 }
    }

    /// The number of the node, if it is embedded.
    pub fn embedded(&self) -> Option<u32> {
        if self.host < 0 { Some(!self.host as u32) } else { None }
    }
}

/// Rights that do not depend on the direction.
const FILE: u64 = rights::FD_FDSTAT_SET_FLAGS
    | rights::FD_FILESTAT_GET
    | rights::POLL_FD_READWRITE
    | rights::FD_SYNC
    | rights::FD_DATASYNC
    | rights::FD_SEEK
    | rights::FD_TELL
    | rights::FD_ADVISE;
const CHANGE: u64 = rights::FD_ALLOCATE | rights::FD_FILESTAT_SET_SIZE | rights::FD_FILESTAT_SET_TIMES;
pub const RIGHTS_TO_READ: u64 = FILE | rights::FD_READ;
pub const RIGHTS_TO_WRITE: u64 = FILE | rights::FD_WRITE | CHANGE;

/// What `None` in a cell is: closed.
type Cell = Option<Entry>;

struct Table {
    /// All there is, until the whole table is reserved.
    first: [Cell; 3],
    /// The whole table, once it is reserved; null before.
    whole: *mut Cell,
    /// No entry is free below.
    lowest: u32,
    /// No entry is open from here on.
    highest: u32,
}

// SAFETY: the mapping is the table's alone.
unsafe impl Send for Table {}

const fn stream(host: i32, base: u64) -> Cell {
    Some(Entry::new(host, Kind::File, base, 0))
}

/// The descriptors of a guest.
pub struct Descriptors(Lock<Table>);

impl Descriptors {
    /// The standard streams.
    pub const fn new() -> Descriptors {
        Descriptors(Lock::new(Table {
            first: [stream(0, RIGHTS_TO_READ), stream(1, RIGHTS_TO_WRITE), stream(2, RIGHTS_TO_WRITE)],
            whole: core::ptr::null_mut(),
            lowest: 3,
            highest: 3,
        }))
    }

    /// Gives a descriptor the lowest free number.
    #[cfg(feature = "library")]
    pub fn insert(&self, entry: Entry) -> Result<u32> {
        self.0.lock().insert(entry)
    }

    /// Takes an open descriptor out.
    #[cfg(feature = "library")]
    pub fn take(&self, fd: u32) -> Result<Entry> {
        self.0.lock().take(fd)
    }

    /// Closes all that are open, and gives the table back.
    #[cfg(feature = "library")]
    pub fn release(&self) {
        let mut table = self.0.lock();
        for cell in table.cells() {
            if let Some(entry) = cell.take() {
                close(&entry);
            }
        }
        table.highest = 0;
        if !table.whole.is_null() {
            // SAFETY: the table's own mapping, and nobody has a pointer into it: entries are copied.
            unsafe { sys::unmap_pages(table.whole as u64, WHOLE_BYTES) };
            table.whole = core::ptr::null_mut();
        }
    }
}

/// Bytes of the whole table.
const WHOLE_BYTES: u64 = LIMIT as u64 * size_of::<Cell>() as u64;

#[cfg(not(feature = "library"))]
static TABLE: Descriptors = Descriptors::new();

/// That of the guest which runs.
fn table() -> &'static Lock<Table> {
    #[cfg(not(feature = "library"))]
    return &TABLE.0;
    #[cfg(feature = "library")]
    &crate::library::descriptors().0
}

impl Table {
    /// The entries that are or were open.
    fn cells(&mut self) -> &mut [Cell] {
        if self.whole.is_null() {
            let count = (self.highest as usize).min(self.first.len());
            return self.first.get_mut(..count).unwrap_or_default();
        }
        // SAFETY: mapped; so many were written.
        unsafe { core::slice::from_raw_parts_mut(self.whole, self.highest as usize) }
    }

    fn entry(&mut self, fd: u32) -> Result<&mut Entry> {
        self.cells().get_mut(fd as usize).and_then(Option::as_mut).ok_or(Errno::BADF)
    }

    fn insert(&mut self, entry: Entry) -> Result<u32> {
        let lowest = self.lowest as usize;
        let free = self.cells().iter().skip(lowest).position(Option::is_none);
        let fd = free.map_or(self.highest, |distance| (lowest + distance) as u32);
        if fd >= LIMIT || entry.host >= HOST_LIMIT {
            return Err(Errno::NFILE);
        }
        if fd >= self.highest {
            self.reserve()?;
            // SAFETY: room for it, in the mapping. What is behind the highest was never written, or is closed.
            unsafe { self.whole.add(fd as usize).write(None) };
            self.highest = fd + 1;
        }
        if let Some(cell) = self.cells().get_mut(fd as usize) {
            *cell = Some(entry);
        }
        self.lowest = fd + 1;
        Ok(fd)
    }

    /// Reserves the whole table, unless it is there.
    fn reserve(&mut self) -> Result {
        if self.whole.is_null() {
            let whole = sys::map_anywhere(WHOLE_BYTES, true)? as *mut Cell;
            // SAFETY: room for them, just mapped.
            unsafe { core::ptr::copy_nonoverlapping(self.first.as_ptr(), whole, self.first.len()) };
            self.whole = whole;
        }
        Ok(())
    }

    fn take(&mut self, fd: u32) -> Result<Entry> {
        let entry = self.cells().get_mut(fd as usize).and_then(Option::take).ok_or(Errno::BADF)?;
        self.lowest = fd.min(self.lowest);
        Ok(entry)
    }
}

/// An open descriptor, which the caller uses: until this is dropped, the host's descriptor stays what it is.
pub struct Open {
    entry: Entry,
    is_counted: bool,
}

impl Deref for Open {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        &self.entry
    }
}

impl Open {
    /// The host's descriptor, in use until [`end_kept`].
    pub fn keep(self) -> i32 {
        core::mem::ManuallyDrop::new(self).entry.host
    }
}

/// Ends the use of what was [kept](Open::keep).
pub fn end_kept(host: i32) {
    if thread::are_several() {
        end_use(host);
    }
}

impl Drop for Open {
    #[inline]
    fn drop(&mut self) {
        if self.is_counted {
            end_use(self.entry.host);
        }
    }
}

/// An open descriptor.
pub fn get(fd: u32) -> Result<Open> {
    let mut table = table().lock();
    let entry = *table.entry(fd)?;
    let is_counted = thread::are_several() && entry.embedded().is_none();
    if is_counted && let Some(uses) = uses(entry.host) {
        uses.fetch_add(1, Relaxed);
    }
    Ok(Open { entry, is_counted })
}

/// An open descriptor that has all of some rights.
pub fn with_rights(fd: u32, needed: u64) -> Result<Open> {
    let entry = get(fd)?;
    if entry.base & needed == needed { Ok(entry) } else { Err(Errno::NOTCAPABLE) }
}

/// An open directory that has all of some rights.
pub fn directory(fd: u32, needed: u64) -> Result<Open> {
    let entry = get(fd)?;
    if entry.kind != Kind::Directory {
        return Err(Errno::NOTDIR);
    }
    if entry.base & needed == needed { Ok(entry) } else { Err(Errno::NOTCAPABLE) }
}

/// Takes rights away from an open descriptor: all but these.
pub fn reduce_rights(fd: u32, base: u64, inheriting: u64) {
    if let Ok(entry) = table().lock().entry(fd) {
        entry.base &= base;
        entry.inheriting &= inheriting;
    }
}

/// Replaces the flags of an open descriptor.
pub fn set_flags(fd: u32, flags: u16) {
    if let Ok(entry) = table().lock().entry(fd) {
        entry.flags = flags;
    }
}

/// Held while an embedded file is read: what two threads read from one descriptor follows one after the other.
static READING: Lock<()> = Lock::new(());

/// Reads from an open embedded file, or moves in it: `change` gets the position, and gives it as it is to be. Whoever
/// does the same waits meanwhile; the table can be used.
pub fn move_position(fd: u32, node: u32, change: impl FnOnce(u64) -> Result<u64>) -> Result<u64> {
    // Another thread may have put something else there.
    fn position(table: &mut Table, fd: u32, node: u32) -> Result<&mut u64> {
        let entry = table.entry(fd)?;
        if entry.embedded() == Some(node) { Ok(&mut entry.position) } else { Err(Errno::BADF) }
    }
    let _reading = READING.lock();
    let from = *position(&mut table().lock(), fd, node)?;
    let to = change(from)?;
    *position(&mut table().lock(), fd, node)? = to;
    Ok(to)
}

/// Gives a descriptor the lowest free number.
pub fn insert(entry: Entry) -> Result<u32> {
    table().lock().insert(entry)
}

/// Takes an open descriptor out of the table.
pub fn take(fd: u32) -> Result<Entry> {
    table().lock().take(fd)
}

/// Moves an open descriptor onto another open one, and gives what that was.
pub fn replace(fd: u32, to: u32) -> Result<Entry> {
    let mut table = table().lock();
    let target = *table.entry(to)?;
    let entry = table.take(fd)?;
    *table.entry(to)? = entry;
    Ok(target)
}

/// Numbers from here on are not open.
pub fn end() -> u32 {
    table().lock().highest
}

// --- Descriptors of the host ----------------------------------------------------------------------------

/// The host's numbers are below: what Linux lets a process have at most, unless its administrator decides otherwise.
const HOST_LIMIT: i32 = 1 << 20;

/// In the count of uses: it is closed when the last one ends.
const IS_CLOSED: u32 = 1 << 31;

/// For each descriptor of the host, how many calls use it. Mapped before there is a second thread.
static USES: AtomicPtr<AtomicU32> = AtomicPtr::new(core::ptr::null_mut());

/// Makes ready for several threads, before there is a second one.
#[cfg(not(feature = "library"))]
pub fn prepare_for_threads() -> sys::Result<()> {
    let uses = sys::map_anywhere(HOST_LIMIT as u64 * size_of::<AtomicU32>() as u64, true)?;
    USES.store(uses as *mut AtomicU32, Relaxed);
    Ok(())
}

fn uses(host: i32) -> Option<&'static AtomicU32> {
    let uses = USES.load(Relaxed);
    if uses.is_null() || !(0..HOST_LIMIT).contains(&host) {
        return None;
    }
    // SAFETY: an element of the mapping, which stays.
    Some(unsafe { &*uses.add(host as usize) })
}

#[cold]
fn end_use(host: i32) {
    if let Some(uses) = uses(host)
        && uses.fetch_sub(1, AcqRel) == IS_CLOSED | 1
    {
        uses.store(0, Relaxed);
        close_now(host);
    }
}

/// Closes the host's descriptor of an entry that was taken out, as soon as nobody uses it: else its number could be
/// something else's before another thread's call gets to the kernel.
pub fn close(entry: &Entry) {
    if entry.embedded().is_some() {
        return;
    }
    if let Some(uses) = uses(entry.host) {
        if uses.fetch_or(IS_CLOSED, AcqRel) != 0 {
            return;
        }
        uses.store(0, Relaxed);
    }
    close_now(entry.host);
}

fn close_now(host: i32) {
    // The host's own streams: nothing that is opened here has such a number.
    if cfg!(feature = "library") && host <= 2 {
        return;
    }
    if host == 2 {
        report::stderr_is_closed();
        // What is opened next may get that number, and a report shall not go there.
        if process::is_ending() {
            sys::sleep_forever();
        }
    }
    sys::close(host);
}

#[cfg(test)]
pub fn put(fd: u32, entry: Option<Entry>) {
    if let Some(cell) = table().lock().cells().get_mut(fd as usize) {
        *cell = entry;
    }
}
