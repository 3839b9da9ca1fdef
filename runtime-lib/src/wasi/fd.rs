//! What is done with descriptors. [`table`](super::table) says what they are.
//!
//! # Rights
//!
//! The table holds what the guest was granted and has not given up; every function asks it for the right of its name.
//! `fdstat` shows of them those that mean something for the kind of file: seeking only for regular files, since
//! wasi-libc takes a character device without it for a terminal. That costs a system call, and so other functions ask
//! the table alone, and leave it to the kernel to say `spipe` for a pipe or `badf` for a file that was not opened for
//! writing.
//!
//! # Reads, writes
//!
//! I/O vectors are translated in batches of [`BATCH`], on the stack: the guest's count allocates nothing. A read ends
//! with the first batch that has room (the next one might wait although there is something to deliver); a write goes
//! on until a batch is not written completely. An error after the first batch is not reported, but how much was done.
//!
//! Writing to a pipe that nobody reads ends the process by SIGPIPE, as for any native program, unless the parent
//! ignores that signal: then it is `pipe`, as it always is for sockets.
//!
//! # Directories
//!
//! A cookie is the kernel's: a place in the directory that stays where it is while entries come and go. `.` and `..`
//! are listed like everything else. An entry that does not fit is cut off, and so fills the buffer: by that the guest
//! knows that there is more.

use core::mem::MaybeUninit;

use super::Result;
use super::embed::{self, Request};
use super::grants::RIGHTS_OF_DIRECTORIES;
use super::guest::{GuestSlice, Memory};
use super::table::{self, Entry, Kind};
use super::types::{
    Dirent, Errno, Fdstat, Filestat, Iovec, Prestat, UnstableFilestat, advice, fdflags, filetype, fstflags, rights,
    whence,
};
use crate::lock::Lock;
use crate::sys::{self, Advice, FileType, IoVec, OpenFlags, SeekFrom, Stat, Timespec, Timestamps};

const RIGHTS_TO_SEEK: u64 = rights::FD_SEEK | rights::FD_TELL | rights::FD_ADVISE;
const RIGHTS_TO_CHANGE: u64 = rights::FD_ALLOCATE | rights::FD_FILESTAT_SET_SIZE | rights::FD_FILESTAT_SET_TIMES;
/// Rights that mean something for regular files only.
const RIGHTS_OF_REGULAR_FILES: u64 = RIGHTS_TO_SEEK | RIGHTS_TO_CHANGE;

// --- Reading and writing --------------------------------------------------------------------------------

/// I/O vectors that are translated at a time: 2 KiB of stack.
pub const BATCH: usize = 128;
const _: () = assert!(BATCH <= sys::MAX_IOVECS);

/// A guest's I/O vectors, translated batch by batch.
pub struct Batches {
    memory: Memory,
    vectors: GuestSlice<Iovec>,
    next: u32,
}

impl Batches {
    pub fn new(memory: Memory, iovs: u32, count: u32) -> Result<Batches> {
        Ok(Batches { memory, vectors: memory.slice(iovs, count)?, next: 0 })
    }

    /// Translates the next vectors into `native`, and gives them with their total length. Empty ones are left out, so
    /// that a batch without elements is the end.
    pub fn next<'a>(&mut self, native: &'a mut [MaybeUninit<IoVec>; BATCH]) -> Result<(&'a mut [IoVec], u64)> {
        let (mut used, mut bytes) = (0, 0);
        while let Some(place) = native.get_mut(used)
            && let Some(vector) = self.vectors.get(self.next)
        {
            let buffer = self.memory.slice::<u8>(vector.buf, vector.buf_len)?;
            self.next += 1;
            if buffer.count() != 0 {
                place.write(IoVec { base: buffer.as_mut_ptr(), length: buffer.count() as usize });
                used += 1;
                bytes += buffer.count() as u64;
            }
        }
        // SAFETY: so many were written just now.
        Ok((unsafe { core::slice::from_raw_parts_mut(native.as_mut_ptr().cast(), used) }, bytes))
    }
}

/// Room for a batch.
pub const fn batch() -> [MaybeUninit<IoVec>; BATCH] {
    [MaybeUninit::uninit(); BATCH]
}

/// Reads once. An empty request reads nothing, but lets the kernel judge the descriptor.
pub fn read(
    memory: Memory,
    iovs: u32,
    count: u32,
    nread: u32,
    call: impl FnOnce(&mut [IoVec]) -> sys::Result<usize>,
) -> Result {
    let mut batches = Batches::new(memory, iovs, count)?;
    let nread = memory.pointer::<u32>(nread)?;
    let mut native = batch();
    let (vectors, _) = batches.next(&mut native)?;
    // Linux transfers less than 2^31 bytes at a time.
    nread.write(call(vectors)? as u32);
    Ok(())
}

/// Writes until a batch is not written completely. `call` is told how many bytes were written before.
pub fn write(
    memory: Memory,
    iovs: u32,
    count: u32,
    nwritten: u32,
    mut call: impl FnMut(&[IoVec], u64) -> sys::Result<usize>,
) -> Result {
    let mut batches = Batches::new(memory, iovs, count)?;
    let nwritten = memory.pointer::<u32>(nwritten)?;
    let mut native = batch();
    let mut total = 0u64;
    loop {
        let done = batches.next(&mut native).and_then(|(vectors, bytes)| {
            // The last batch may be empty, but not the only one: the kernel shall judge the descriptor.
            if total > 0 && (vectors.is_empty() || total + bytes > u32::MAX as u64) {
                return Ok((0, true));
            }
            let written = call(vectors, total)? as u64;
            Ok((written, written < bytes || vectors.is_empty()))
        });
        match done {
            Ok((written, is_last)) => {
                total += written;
                if is_last {
                    break;
                }
            }
            Err(_) if total > 0 => break,
            Err(error) => return Err(error),
        }
    }
    nwritten.write(total as u32);
    Ok(())
}

pub fn fd_read(memory: Memory, fd: u32, iovs: u32, iovs_len: u32, nread: u32) -> Result {
    let entry = table::with_rights(fd, rights::FD_READ)?;
    if let Some(node) = entry.embedded() {
        return read_embedded(memory, iovs, iovs_len, nread, |vectors| Request::ReadOn { fd, node, memory, vectors });
    }
    // SAFETY: the batches hold checked ranges.
    read(memory, iovs, iovs_len, nread, |vectors| unsafe { sys::readv(entry.host, vectors) })
}

fn read_embedded(
    memory: Memory,
    iovs: u32,
    count: u32,
    nread: u32,
    request: impl FnOnce(GuestSlice<Iovec>) -> Request<'static>,
) -> Result {
    let vectors = memory.slice(iovs, count)?;
    let nread = memory.pointer::<u32>(nread)?;
    // All files together have less than 2^31 bytes.
    nread.write(embed::call(request(vectors))? as u32);
    Ok(())
}

pub fn fd_write(memory: Memory, fd: u32, iovs: u32, iovs_len: u32, nwritten: u32) -> Result {
    let entry = table::with_rights(fd, rights::FD_WRITE)?;
    write(memory, iovs, iovs_len, nwritten, |vectors, _| {
        // SAFETY: as above.
        unsafe {
            if entry.kind == Kind::Socket { sys::send(entry.host, vectors) } else { sys::writev(entry.host, vectors) }
        }
    })
}

/// A `filesize` that the kernel can take as an offset.
pub fn offset(offset: u64) -> Result<u64> {
    if offset > i64::MAX as u64 { Err(Errno::INVAL) } else { Ok(offset) }
}

pub fn fd_pread(memory: Memory, fd: u32, iovs: u32, iovs_len: u32, from: u64, nread: u32) -> Result {
    let entry = table::with_rights(fd, rights::FD_READ | rights::FD_SEEK)?;
    let from = offset(from)?;
    if let Some(node) = entry.embedded() {
        return read_embedded(memory, iovs, iovs_len, nread, |vectors| Request::Read { node, from, memory, vectors });
    }
    // SAFETY: as above.
    read(memory, iovs, iovs_len, nread, |vectors| unsafe { sys::preadv(entry.host, vectors, from) })
}

pub fn fd_pwrite(memory: Memory, fd: u32, iovs: u32, iovs_len: u32, to: u64, nwritten: u32) -> Result {
    let entry = table::with_rights(fd, rights::FD_WRITE | rights::FD_SEEK)?;
    let to = offset(to)?;
    write(memory, iovs, iovs_len, nwritten, |vectors, before| {
        let to = to.checked_add(before).filter(|&to| to <= i64::MAX as u64).ok_or(sys::Errno::FBIG)?;
        // SAFETY: as above.
        unsafe { sys::pwritev(entry.host, vectors, to) }
    })
}

/// The numbers of `whence` in the first snapshot were others.
pub fn unstable_fd_seek(memory: Memory, fd: u32, delta: u64, from: u32, newoffset: u32) -> Result {
    let from = match from {
        whence::UNSTABLE_CUR => whence::CUR,
        whence::UNSTABLE_END => whence::END,
        whence::UNSTABLE_SET => whence::SET,
        _ => return Err(Errno::INVAL),
    };
    fd_seek(memory, fd, delta, from, newoffset)
}

pub fn fd_seek(memory: Memory, fd: u32, delta: u64, from: u32, newoffset: u32) -> Result {
    let delta = delta as i64;
    let (needed, to) = match from {
        whence::SET => (rights::FD_SEEK, SeekFrom::Start(u64::try_from(delta).map_err(|_| Errno::INVAL)?)),
        // Asking where one is needs the lesser right.
        whence::CUR if delta == 0 => (rights::FD_TELL, SeekFrom::Current(0)),
        whence::CUR => (rights::FD_SEEK, SeekFrom::Current(delta)),
        whence::END => (rights::FD_SEEK, SeekFrom::End(delta)),
        _ => return Err(Errno::INVAL),
    };
    let entry = table::with_rights(fd, needed)?;
    let newoffset = memory.pointer::<u64>(newoffset)?;
    newoffset.write(match entry.embedded() {
        Some(node) => embed::call(Request::Seek { fd, node, to })?,
        None => sys::seek(entry.host, to)?,
    });
    Ok(())
}

pub fn fd_tell(memory: Memory, fd: u32, offset: u32) -> Result {
    let entry = table::with_rights(fd, rights::FD_TELL)?;
    let offset = memory.pointer::<u64>(offset)?;
    offset.write(match entry.embedded() {
        Some(_) => entry.position,
        None => sys::seek(entry.host, SeekFrom::Current(0))?,
    });
    Ok(())
}

pub fn fd_advise(_: Memory, fd: u32, from: u64, len: u64, advice: u32) -> Result {
    let entry = table::with_rights(fd, rights::FD_ADVISE)?;
    let advice = match advice {
        advice::NORMAL => Advice::Normal,
        advice::SEQUENTIAL => Advice::Sequential,
        advice::RANDOM => Advice::Random,
        advice::WILLNEED => Advice::WillNeed,
        advice::DONTNEED => Advice::DontNeed,
        advice::NOREUSE => Advice::NoReuse,
        _ => return Err(Errno::INVAL),
    };
    let (from, len) = (offset(from)?, offset(len)?);
    if entry.embedded().is_some() { Ok(()) } else { Ok(sys::advise(entry.host, from, len, advice)?) }
}

pub fn fd_allocate(_: Memory, fd: u32, from: u64, len: u64) -> Result {
    let entry = table::with_rights(fd, rights::FD_ALLOCATE)?;
    Ok(sys::allocate(entry.host, offset(from)?, offset(len)?)?)
}

pub fn fd_sync(_: Memory, fd: u32) -> Result {
    let entry = table::with_rights(fd, rights::FD_SYNC)?;
    if entry.embedded().is_some() { Ok(()) } else { Ok(sys::sync(entry.host)?) }
}

pub fn fd_datasync(_: Memory, fd: u32) -> Result {
    let entry = table::with_rights(fd, rights::FD_DATASYNC)?;
    if entry.embedded().is_some() { Ok(()) } else { Ok(sys::sync_data(entry.host)?) }
}

// --- What a descriptor is -------------------------------------------------------------------------------

fn filetype(host: i32, stat: &Stat) -> u8 {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Socket if sys::is_datagram_socket(host) => filetype::SOCKET_DGRAM,
        file_type => name_of(file_type),
    }
}

fn name_of(file_type: FileType) -> u8 {
    match file_type {
        FileType::RegularFile => filetype::REGULAR_FILE,
        FileType::Directory => filetype::DIRECTORY,
        FileType::CharacterDevice => filetype::CHARACTER_DEVICE,
        FileType::BlockDevice => filetype::BLOCK_DEVICE,
        FileType::Symlink => filetype::SYMBOLIC_LINK,
        FileType::Socket => filetype::SOCKET_STREAM,
        // Pipes: WASI has no name for them.
        _ => filetype::UNKNOWN,
    }
}

fn filetype_of(entry: &Entry) -> Result<u8> {
    match entry.embedded() {
        _ if entry.kind == Kind::Directory => Ok(filetype::DIRECTORY),
        Some(_) => Ok(filetype::REGULAR_FILE),
        None => Ok(filetype(entry.host, &sys::stat(entry.host)?)),
    }
}

/// The rights of a descriptor that mean something for its kind of file.
fn effective_rights(entry: &Entry, filetype: u8) -> u64 {
    match filetype {
        filetype::REGULAR_FILE => entry.base,
        filetype::DIRECTORY => entry.base & RIGHTS_OF_DIRECTORIES,
        _ => entry.base & !RIGHTS_OF_REGULAR_FILES,
    }
}

pub fn fd_fdstat_get(memory: Memory, fd: u32, stat: u32) -> Result {
    let entry = table::get(fd)?;
    let stat = memory.pointer::<Fdstat>(stat)?;
    let filetype = filetype_of(&entry)?;
    stat.write(Fdstat {
        fs_filetype: filetype,
        fs_flags: flags_of(&entry)?,
        fs_rights_base: effective_rights(&entry, filetype),
        fs_rights_inheriting: entry.inheriting,
        ..Fdstat::default()
    });
    Ok(())
}

/// The `fdflags` of a descriptor.
fn flags_of(entry: &Entry) -> Result<u16> {
    // wasi-libc asks for those of the directory before it opens something in it.
    if entry.embedded().is_some() || entry.kind == Kind::Directory {
        return Ok(entry.flags);
    }
    let flags = sys::open_flags(entry.host)?;
    let mut fs_flags = 0;
    for (flag, wasi) in [
        (OpenFlags::APPEND, fdflags::APPEND),
        (sys::O_DSYNC, fdflags::DSYNC),
        (OpenFlags::NONBLOCK, fdflags::NONBLOCK),
        (OpenFlags::SYNC, fdflags::SYNC | fdflags::RSYNC),
    ] {
        if flags.contains(flag) {
            fs_flags |= wasi;
        }
    }
    Ok(fs_flags)
}

/// The `fdflags` that the kernel would tell of what was opened with some.
pub fn flags_to_keep(flags: u16) -> u16 {
    let synchronises = flags & (fdflags::SYNC | fdflags::RSYNC) != 0;
    if synchronises { flags | fdflags::SYNC | fdflags::RSYNC | fdflags::DSYNC } else { flags }
}

/// Linux can change `append` and `nonblock` only. The synchronising flags must be asked for as they are.
pub fn fd_fdstat_set_flags(_: Memory, fd: u32, flags: u32) -> Result {
    let entry = table::with_rights(fd, rights::FD_FDSTAT_SET_FLAGS)?;
    let Some(flags) = u16::try_from(flags).ok().filter(|flags| flags & !fdflags::ALL == 0) else {
        return Err(Errno::INVAL);
    };
    let synchronises = flags & (fdflags::DSYNC | fdflags::RSYNC | fdflags::SYNC) != 0;
    if entry.embedded().is_some() {
        if synchronises && entry.flags & fdflags::DSYNC == 0 {
            return Err(Errno::NOTSUP);
        }
    } else {
        let mut native = sys::open_flags(entry.host)?;
        if synchronises && !native.contains(sys::O_DSYNC) {
            return Err(Errno::NOTSUP);
        }
        native.set(OpenFlags::APPEND, flags & fdflags::APPEND != 0);
        native.set(OpenFlags::NONBLOCK, flags & fdflags::NONBLOCK != 0);
        sys::set_open_flags(entry.host, native)?;
    }
    let changeable = fdflags::APPEND | fdflags::NONBLOCK;
    table::set_flags(fd, entry.flags & !changeable | flags & changeable);
    Ok(())
}

/// Rights can be given up, never gained.
pub fn fd_fdstat_set_rights(_: Memory, fd: u32, base: u64, inheriting: u64) -> Result {
    let entry = table::get(fd)?;
    let rights = effective_rights(&entry, filetype_of(&entry)?);
    if base & !rights != 0 || inheriting & !entry.inheriting != 0 {
        return Err(Errno::NOTCAPABLE);
    }
    table::reduce_rights(fd, base, inheriting);
    Ok(())
}

/// A `timestamp`: 0 for times before 1970, the greatest for those that do not fit.
fn timestamp(seconds: i64, nanoseconds: u64) -> u64 {
    match u64::try_from(seconds) {
        Ok(seconds) => seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds),
        Err(_) => 0,
    }
}

/// As WASI gives it. `host` is the descriptor, if there is one.
pub fn filestat(host: Option<i32>, stat: &Stat) -> Filestat {
    Filestat {
        dev: stat.st_dev,
        ino: stat.st_ino,
        filetype: match host {
            Some(host) => filetype(host, stat),
            None => name_of(FileType::from_raw_mode(stat.st_mode)),
        },
        // 32 bits wide on some architectures.
        nlink: stat.st_nlink as _,
        size: stat.st_size as u64,
        atim: timestamp(stat.st_atime, stat.st_atime_nsec),
        mtim: timestamp(stat.st_mtime, stat.st_mtime_nsec),
        ctim: timestamp(stat.st_ctime, stat.st_ctime_nsec),
        ..Filestat::default()
    }
}

/// As the first snapshot gave it.
pub fn unstable_filestat(stat: Filestat) -> UnstableFilestat {
    let Filestat { dev, ino, filetype, padding_17: _, nlink, size, atim, mtim, ctim } = stat;
    let nlink = u32::try_from(nlink).unwrap_or(u32::MAX);
    UnstableFilestat { dev, ino, filetype, padding_17: [0; 3], nlink, size, atim, mtim, ctim }
}

fn filestat_of(fd: u32) -> Result<Filestat> {
    let entry = table::with_rights(fd, rights::FD_FILESTAT_GET)?;
    match entry.embedded() {
        Some(node) => embedded_filestat(node),
        None => Ok(filestat(Some(entry.host), &sys::stat(entry.host)?)),
    }
}

fn embedded_filestat(node: u32) -> Result<Filestat> {
    let mut stat = Filestat::default();
    embed::call(Request::Describe { node, path: &[], follow: false, stat: &mut stat })?;
    Ok(stat)
}

pub fn fd_filestat_get(memory: Memory, fd: u32, buf: u32) -> Result {
    let buf = memory.pointer::<Filestat>(buf)?;
    buf.write(filestat_of(fd)?);
    Ok(())
}

pub fn unstable_fd_filestat_get(memory: Memory, fd: u32, buf: u32) -> Result {
    let buf = memory.pointer::<UnstableFilestat>(buf)?;
    buf.write(unstable_filestat(filestat_of(fd)?));
    Ok(())
}

pub fn fd_filestat_set_size(_: Memory, fd: u32, size: u64) -> Result {
    let entry = table::with_rights(fd, rights::FD_FILESTAT_SET_SIZE)?;
    Ok(sys::set_size(entry.host, offset(size)?)?)
}

/// What `utimensat` takes in place of nanoseconds.
const UTIME_NOW: i64 = 0x3fff_ffff;
const UTIME_OMIT: i64 = 0x3fff_fffe;

/// One of the two times: now, the one given, or as it is.
fn time_to_set(time: u64, is_given: bool, is_now: bool) -> Result<Timespec> {
    let (tv_sec, tv_nsec) = match (is_given, is_now) {
        (true, true) => return Err(Errno::INVAL),
        (true, false) => ((time / 1_000_000_000) as i64, (time % 1_000_000_000) as i64),
        (false, true) => (0, UTIME_NOW),
        (false, false) => (0, UTIME_OMIT),
    };
    Ok(Timespec { tv_sec, tv_nsec })
}

pub fn fd_filestat_set_times(_: Memory, fd: u32, atim: u64, mtim: u64, flags: u32) -> Result {
    let entry = table::with_rights(fd, rights::FD_FILESTAT_SET_TIMES)?;
    Ok(sys::set_times(entry.host, &times_to_set(atim, mtim, flags)?)?)
}

/// What `fstflags` choose.
pub fn times_to_set(atim: u64, mtim: u64, flags: u32) -> Result<Timestamps> {
    if flags & !fstflags::ALL != 0 {
        return Err(Errno::INVAL);
    }
    Ok(Timestamps {
        last_access: time_to_set(atim, flags & fstflags::ATIM != 0, flags & fstflags::ATIM_NOW != 0)?,
        last_modification: time_to_set(mtim, flags & fstflags::MTIM != 0, flags & fstflags::MTIM_NOW != 0)?,
    })
}

// --- Directories ----------------------------------------------------------------------------------------

/// The part of a guest's buffer that a listing has filled.
pub struct Listing {
    buffer: GuestSlice<u8>,
    used: u32,
}

impl Listing {
    /// Adds an entry, as far as there is room; tells whether there is more.
    pub fn add(&mut self, dirent: Dirent, name: &[u8]) -> bool {
        let dirent = Dirent { d_namlen: name.len() as u32, ..dirent };
        for bytes in [super::guest::bytes_of(&dirent), name] {
            let room = (self.buffer.count() - self.used) as usize;
            let part = bytes.get(..room).unwrap_or(bytes);
            self.buffer.copy_from(self.used, part);
            self.used += part.len() as u32;
        }
        self.used < self.buffer.count()
    }
}

/// Held while the kernel's position in a directory is of interest: one listing after the other.
static LISTING: Lock<()> = Lock::new(());

pub fn fd_readdir(memory: Memory, fd: u32, buf: u32, buf_len: u32, cookie: u64, bufused: u32) -> Result {
    let directory = table::directory(fd, rights::FD_READDIR)?;
    let buffer = memory.slice::<u8>(buf, buf_len)?;
    let bufused = memory.pointer::<u32>(bufused)?;
    let cookie = offset(cookie)?;
    let mut listing = Listing { buffer, used: 0 };
    match directory.embedded() {
        Some(node) => {
            embed::call(Request::List { node, cookie, listing: &mut listing })?;
        }
        None => {
            let _listing = LISTING.lock();
            sys::read_directory(directory.host, cookie, |entry| {
                let (d_next, d_ino, d_type) = (entry.next, entry.inode, name_of(entry.file_type));
                listing.add(Dirent { d_next, d_ino, d_type, ..Dirent::default() }, entry.name)
            })?;
        }
    }
    bufused.write(listing.used);
    Ok(())
}

/// wasi-libc asks from 3 on, and stops at the first `badf`.
pub fn fd_prestat_get(memory: Memory, fd: u32, buf: u32) -> Result {
    let name = table::get(fd)?.preopen.ok_or(Errno::BADF)?;
    memory.pointer::<Prestat>(buf)?.write(Prestat { tag: 0, pr_name_len: name.len() as u32 });
    Ok(())
}

pub fn fd_prestat_dir_name(memory: Memory, fd: u32, path: u32, path_len: u32) -> Result {
    let name = table::get(fd)?.preopen.ok_or(Errno::BADF)?;
    let path = memory.slice::<u8>(path, path_len)?;
    if name.len() > path_len as usize {
        return Err(Errno::NAMETOOLONG);
    }
    path.copy_from(0, name);
    Ok(())
}

// --- The table ------------------------------------------------------------------------------------------

pub fn fd_close(_: Memory, fd: u32) -> Result {
    table::close(&table::take(fd)?);
    Ok(())
}

/// Moves a descriptor onto another open one, which is closed.
pub fn fd_renumber(_: Memory, fd: u32, to: u32) -> Result {
    if fd == to {
        return table::get(fd).map(drop);
    }
    table::close(&table::replace(fd, to)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wasi::table::{RIGHTS_TO_READ, RIGHTS_TO_WRITE};
    use std::io::{Read as _, Write as _};
    use std::os::fd::{FromRawFd as _, IntoRawFd as _};

    use wasmc_abi::layout::MemoryRecord;

    const PAGE: usize = 64 << 10;

    /// A guest: its memory, and files of ours in the table of descriptors.
    struct Guest(Vec<u8>);

    impl Guest {
        fn memory(&mut self) -> Memory {
            let record =
                MemoryRecord { base: self.0.as_mut_ptr() as u64, length: self.0.len() as u64, ..Default::default() };
            // SAFETY: the vector's bytes.
            unsafe { Memory::new(&record) }
        }

        /// Writes `(buf, buf_len)` pairs at 0.
        fn vectors(&mut self, vectors: &[(u32, u32)]) -> u32 {
            for (place, (buf, buf_len)) in self.0.chunks_exact_mut(8).zip(vectors) {
                place[..4].copy_from_slice(&buf.to_le_bytes());
                place[4..].copy_from_slice(&buf_len.to_le_bytes());
            }
            vectors.len() as u32
        }

        fn u32_at(&self, address: usize) -> u32 {
            u32::from_le_bytes(self.0[address..address + 4].try_into().unwrap())
        }

        fn u64_at(&self, address: usize) -> u64 {
            u64::from_le_bytes(self.0[address..address + 8].try_into().unwrap())
        }
    }

    fn open(fd: u32, host: i32, base: u64) {
        table::put(fd, Some(Entry::new(host, Kind::File, base, 0)));
    }

    /// One test, because the table is the process's: files, then pipes, then closing and renumbering.
    #[test]
    fn descriptors() {
        const RESULT: u32 = 0x8000;
        let mut guest = Guest(vec![0; PAGE]);
        let memory = guest.memory();
        let saved: Vec<Option<Entry>> = (0..3).map(|fd| table::get(fd).ok().map(|open| *open)).collect();

        // A regular file, behind 0 for reading and behind 1 for writing.
        let path = std::env::temp_dir().join(format!("wasmc-runtime-fd-{}", std::process::id()));
        let file = std::fs::File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
        let host = file.into_raw_fd();
        open(0, host, RIGHTS_TO_READ);
        open(1, host, RIGHTS_TO_WRITE);

        guest.0[0x4000..0x4010].copy_from_slice(b"0123456789abcdef");
        // More than a batch, with empty ones among them.
        let many: Vec<(u32, u32)> = (0..300).map(|i| (0x4000 + i % 16, i % 3)).collect();
        let expected: Vec<u8> =
            many.iter().flat_map(|&(buf, len)| guest.0[buf as usize..(buf + len) as usize].to_vec()).collect();
        let count = guest.vectors(&many);
        assert_eq!(fd_write(memory, 1, 0, count, RESULT), Ok(()));
        assert_eq!(guest.u32_at(RESULT as usize), expected.len() as u32);
        assert_eq!(std::fs::read(&path).unwrap(), expected);

        assert_eq!(fd_tell(memory, 1, RESULT), Ok(()));
        assert_eq!(guest.u64_at(RESULT as usize), expected.len() as u64);
        assert_eq!(fd_seek(memory, 0, -3i64 as u64, whence::END, RESULT), Ok(()));
        assert_eq!(guest.u64_at(RESULT as usize), expected.len() as u64 - 3);
        assert_eq!(fd_seek(memory, 0, -1i64 as u64, whence::SET, RESULT), Err(Errno::INVAL));
        assert_eq!(fd_seek(memory, 0, 0, 3, RESULT), Err(Errno::INVAL));

        let count = guest.vectors(&[(0x5000, 0), (0x5000, 2), (0x6000, 100)]);
        assert_eq!(fd_read(memory, 0, 0, count, RESULT), Ok(()));
        assert_eq!(guest.u32_at(RESULT as usize), 3);
        assert_eq!(
            (&guest.0[0x5000..0x5002], guest.0[0x6000]),
            (&expected[expected.len() - 3..][..2], expected[expected.len() - 1])
        );
        assert_eq!(fd_pread(memory, 0, 0, count, 4, RESULT), Ok(()));
        assert_eq!(guest.0[0x5000..0x5002], expected[4..6]);
        assert_eq!(fd_pread(memory, 0, 0, count, u64::MAX, RESULT), Err(Errno::INVAL));

        // Directions, bad pointers.
        assert_eq!(fd_write(memory, 0, 0, count, RESULT), Err(Errno::NOTCAPABLE));
        assert_eq!(fd_read(memory, 1, 0, count, RESULT), Err(Errno::NOTCAPABLE));
        assert_eq!(fd_write(memory, 3, 0, count, RESULT), Err(Errno::BADF));
        assert_eq!(fd_write(memory, u32::MAX, 0, count, RESULT), Err(Errno::BADF));
        assert_eq!(fd_write(memory, 1, 0, u32::MAX, RESULT), Err(Errno::FAULT));
        assert_eq!(fd_write(memory, 1, 0, 0x2000_0001, RESULT), Err(Errno::FAULT));
        assert_eq!(fd_write(memory, 1, PAGE as u32 - 7, 1, RESULT), Err(Errno::FAULT));
        assert_eq!(fd_write(memory, 1, 0, count, PAGE as u32 - 3), Err(Errno::FAULT));
        let count = guest.vectors(&[(0xffff_ffff, 0xffff_ffff)]);
        assert_eq!(fd_write(memory, 1, 0, count, RESULT), Err(Errno::FAULT));

        // What it is, what is allowed.
        assert_eq!(fd_fdstat_get(memory, 1, RESULT), Ok(()));
        assert_eq!(guest.0[RESULT as usize], filetype::REGULAR_FILE);
        assert_eq!(guest.u64_at(RESULT as usize + 8), RIGHTS_TO_WRITE);
        assert_eq!(fd_filestat_set_size(memory, 1, 5), Ok(()));
        assert_eq!(fd_filestat_set_size(memory, 1, u64::MAX), Err(Errno::INVAL));
        assert_eq!(fd_filestat_set_times(memory, 1, 1_500_000_000, 7, fstflags::ATIM | fstflags::MTIM), Ok(()));
        assert_eq!(fd_filestat_set_times(memory, 1, 1, 7, fstflags::ATIM | fstflags::ATIM_NOW), Err(Errno::INVAL));
        assert_eq!(fd_filestat_get(memory, 1, RESULT), Ok(()));
        assert_eq!(guest.u64_at(RESULT as usize + 32), 5);
        assert_eq!(guest.u64_at(RESULT as usize + 40), 1_500_000_000);
        assert_eq!(guest.u64_at(RESULT as usize + 48), 7);
        assert_eq!(fd_fdstat_set_flags(memory, 1, fdflags::APPEND as u32), Ok(()));
        assert_eq!(fd_fdstat_set_flags(memory, 1, fdflags::SYNC as u32), Err(Errno::NOTSUP));
        assert_eq!(fd_fdstat_set_flags(memory, 1, 0x1_0000), Err(Errno::INVAL));
        assert_eq!(fd_fdstat_get(memory, 1, RESULT), Ok(()));
        assert_eq!(guest.0[RESULT as usize + 2] as u16, fdflags::APPEND);
        assert_eq!(fd_fdstat_set_rights(memory, 1, rights::FD_WRITE | rights::FD_READ, 0), Err(Errno::NOTCAPABLE));
        assert_eq!(fd_fdstat_set_rights(memory, 1, rights::FD_WRITE | rights::FD_TELL, 0), Ok(()));
        assert_eq!(fd_seek(memory, 1, 0, whence::SET, RESULT), Err(Errno::NOTCAPABLE));
        assert_eq!(fd_seek(memory, 1, 0, whence::CUR, RESULT), Ok(()), "asking for the position needs `fd_tell` only");
        assert_eq!(fd_fdstat_set_rights(memory, 1, rights::FD_WRITE | rights::FD_SEEK, 0), Err(Errno::NOTCAPABLE));
        assert_eq!(fd_readdir(memory, 1, 0, 0, 0, 0), Err(Errno::NOTDIR));
        assert_eq!(fd_prestat_get(memory, 3, 0), Err(Errno::BADF));

        // Pipes.
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"pipe").unwrap();
        open(0, reader.into_raw_fd(), RIGHTS_TO_READ);
        let count = guest.vectors(&[(0x5000, 64)]);
        assert_eq!(fd_read(memory, 0, 0, count, RESULT), Ok(()));
        assert_eq!((guest.u32_at(RESULT as usize), &guest.0[0x5000..0x5004]), (4, &b"pipe"[..]));
        assert_eq!(fd_seek(memory, 0, 0, whence::CUR, RESULT), Err(Errno::SPIPE));
        assert_eq!(fd_fdstat_get(memory, 0, RESULT), Ok(()));
        assert_eq!(guest.0[RESULT as usize], filetype::UNKNOWN);
        assert_eq!(guest.u64_at(RESULT as usize + 8) & (rights::FD_SEEK | rights::FD_TELL), 0);
        assert_eq!(fd_fdstat_set_flags(memory, 0, fdflags::NONBLOCK as u32), Ok(()));
        assert_eq!(fd_read(memory, 0, 0, count, RESULT), Err(Errno::AGAIN));

        // The table. What replaces a descriptor closes it: the pipe has no reader left.
        let (mut other, writing) = std::io::pipe().unwrap();
        open(2, writing.into_raw_fd(), RIGHTS_TO_WRITE);
        assert_eq!(fd_renumber(memory, 2, 2), Ok(()));
        assert_eq!(fd_renumber(memory, 2, 3), Err(Errno::BADF));
        assert_eq!(fd_renumber(memory, 2, 0), Ok(()));
        assert_eq!(fd_write(memory, 2, 0, count, RESULT), Err(Errno::BADF));
        assert_eq!(fd_write(memory, 0, 0, count, RESULT), Ok(()));
        assert_eq!(writer.write(b"x").unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
        assert_eq!(fd_close(memory, 0), Ok(()));
        assert_eq!(fd_close(memory, 0), Err(Errno::BADF));
        assert_eq!(fd_renumber(memory, 0, 1), Err(Errno::BADF));
        let mut rest = Vec::new();
        other.read_to_end(&mut rest).unwrap();
        assert_eq!(rest.len(), 64);

        for (fd, entry) in (0..).zip(saved) {
            table::put(fd, entry);
        }
        // SAFETY: nobody else has it any more.
        drop(unsafe { std::fs::File::from_raw_fd(host) });
        std::fs::remove_file(path).unwrap();
    }
}
