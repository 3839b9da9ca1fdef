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
//! # Invariants
//!
//! - All entries below [`LOWEST`] are open, so that the lowest free one is found without starting over.
//! - A host descriptor stands in at most one entry. Whoever takes an entry out closes it or puts it elsewhere.
//! - What is [embedded](super::embed) has no descriptor of the host. Who uses that of an entry asked first whether it
//!   is embedded, or for a right that nothing embedded has.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering::Relaxed};

use super::Result;
use super::types::{Errno, rights};
use crate::{report, sys};

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

struct First(UnsafeCell<[Cell; 3]>);

// SAFETY: the process has one thread.
unsafe impl Sync for First {}

const fn stream(host: i32, base: u64) -> Cell {
    Some(Entry::new(host, Kind::File, base, 0))
}

static FIRST: First =
    First(UnsafeCell::new([stream(0, RIGHTS_TO_READ), stream(1, RIGHTS_TO_WRITE), stream(2, RIGHTS_TO_WRITE)]));

/// The whole table, once it is reserved.
static WHOLE: AtomicPtr<Cell> = AtomicPtr::new(core::ptr::null_mut());
/// No entry is free below.
static LOWEST: AtomicU32 = AtomicU32::new(3);
/// No entry is open from here on.
static HIGHEST: AtomicU32 = AtomicU32::new(3);

/// The place of an entry that is or was open.
fn cell(fd: u32) -> Option<*mut Cell> {
    if fd >= HIGHEST.load(Relaxed) {
        return None;
    }
    let whole = WHOLE.load(Relaxed);
    let table = if whole.is_null() { FIRST.0.get().cast() } else { whole };
    Some(table.wrapping_add(fd as usize))
}

fn read(fd: u32) -> Cell {
    // SAFETY: a place inside the table that was written; nobody keeps a reference.
    cell(fd).and_then(|cell| unsafe { *cell })
}

fn write(fd: u32, entry: Cell) {
    if let Some(cell) = cell(fd) {
        // SAFETY: as above.
        unsafe { *cell = entry }
    }
}

/// An open descriptor.
pub fn get(fd: u32) -> Result<Entry> {
    read(fd).ok_or(Errno::BADF)
}

/// An open descriptor that has all of some rights.
pub fn with_rights(fd: u32, needed: u64) -> Result<Entry> {
    let entry = get(fd)?;
    if entry.base & needed == needed { Ok(entry) } else { Err(Errno::NOTCAPABLE) }
}

/// An open directory that has all of some rights.
pub fn directory(fd: u32, needed: u64) -> Result<Entry> {
    if get(fd)?.kind != Kind::Directory {
        return Err(Errno::NOTDIR);
    }
    with_rights(fd, needed)
}

/// Replaces the rights of an open descriptor.
pub fn set_rights(fd: u32, base: u64, inheriting: u64) {
    if let Some(entry) = read(fd) {
        write(fd, Some(Entry { base, inheriting, ..entry }));
    }
}

/// Replaces the flags of an open embedded descriptor.
pub fn set_flags(fd: u32, flags: u16) {
    if let Some(entry) = read(fd) {
        write(fd, Some(Entry { flags, ..entry }));
    }
}

/// Replaces the position of an open embedded file.
pub fn set_position(fd: u32, position: u64) {
    if let Some(entry) = read(fd) {
        write(fd, Some(Entry { position, ..entry }));
    }
}

/// Gives a descriptor the lowest free number.
pub fn insert(entry: Entry) -> Result<u32> {
    let mut fd = LOWEST.load(Relaxed);
    while read(fd).is_some() {
        fd += 1;
    }
    if fd >= LIMIT {
        return Err(Errno::NFILE);
    }
    if fd >= HIGHEST.load(Relaxed) {
        reserve()?;
        HIGHEST.store(fd + 1, Relaxed);
    }
    write(fd, Some(entry));
    LOWEST.store(fd + 1, Relaxed);
    Ok(fd)
}

/// Reserves the whole table, unless it is there.
fn reserve() -> Result {
    if WHOLE.load(Relaxed).is_null() {
        let bytes = LIMIT as usize * size_of::<Cell>();
        let whole = sys::map_anywhere(bytes as u64, true)? as *mut Cell;
        // SAFETY: room for them, just mapped; what is behind them is written before it is read.
        unsafe { core::ptr::copy_nonoverlapping(FIRST.0.get().cast::<Cell>(), whole, 3) };
        WHOLE.store(whole, Relaxed);
    }
    Ok(())
}

/// Takes an open descriptor out of the table.
pub fn take(fd: u32) -> Result<Entry> {
    let entry = get(fd)?;
    write(fd, None);
    LOWEST.store(fd.min(LOWEST.load(Relaxed)), Relaxed);
    Ok(entry)
}

/// Moves an open descriptor onto another open one, and gives what that was.
pub fn replace(fd: u32, to: u32) -> Result<Entry> {
    let target = get(to)?;
    let entry = take(fd)?;
    write(to, Some(entry));
    Ok(target)
}

/// Closes the host's descriptor of an entry that was taken out.
pub fn close(entry: &Entry) {
    if entry.embedded().is_some() {
        return;
    }
    if entry.host == 2 {
        report::stderr_is_closed();
    }
    sys::close(entry.host);
}

/// Numbers from here on are not open.
pub fn end() -> u32 {
    HIGHEST.load(Relaxed)
}

#[cfg(test)]
pub fn put(fd: u32, entry: Cell) {
    write(fd, entry);
}
