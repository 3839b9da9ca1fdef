//! Descriptors: standard input, output and error.
//!
//! A guest's descriptor is an index in a table of three; the table says which descriptor of the host stands behind
//! it, and which rights are left. Other descriptors that the process may have inherited do not exist for the guest.
//!
//! # Rights
//!
//! The table holds what the guest was granted and has not given up: reading for 0, writing for 1 and 2. `fdstat`
//! shows of them those that mean something for the kind of file: seeking only for regular files, since wasi-libc
//! takes a character device without it for a terminal. That costs a system call, and so other functions ask the table
//! alone, and leave it to the kernel to say `spipe` for a pipe or `badf` for a file that was not opened for writing.
//!
//! # Reads, writes
//!
//! I/O vectors are translated in batches of [`BATCH`], on the stack: the guest's count allocates nothing. A read ends
//! with the first batch that has room (the next one might wait although there is something to deliver); a write goes
//! on until a batch is not written completely. An error after the first batch is not reported, but how much was done.
//!
//! Writing to a pipe that nobody reads ends the process by SIGPIPE, as for any native program, unless the parent
//! ignores that signal: then it is `pipe`.

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed};

use super::Result;
use super::guest::{GuestSlice, Memory};
use super::types::{Errno, Fdstat, Filestat, Iovec, advice, fdflags, filetype, fstflags, rights, whence};
use crate::report;
use crate::sys::{self, Advice, FileType, IoVec, OpenFlags, SeekFrom, Stat, Timespec, Timestamps};

/// An entry of the guest's table of descriptors.
struct Descriptor {
    /// The host's descriptor, or [`CLOSED`].
    host: AtomicI32,
    rights: AtomicU64,
}

const CLOSED: i32 = -1;

/// Rights that do not depend on the direction.
const RIGHTS: u64 = rights::FD_FDSTAT_SET_FLAGS
    | rights::FD_FILESTAT_GET
    | rights::POLL_FD_READWRITE
    | rights::FD_SYNC
    | rights::FD_DATASYNC
    | RIGHTS_TO_SEEK;
const RIGHTS_TO_SEEK: u64 = rights::FD_SEEK | rights::FD_TELL | rights::FD_ADVISE;
const RIGHTS_TO_READ: u64 = RIGHTS | rights::FD_READ;
const RIGHTS_TO_CHANGE: u64 = rights::FD_ALLOCATE | rights::FD_FILESTAT_SET_SIZE | rights::FD_FILESTAT_SET_TIMES;
const RIGHTS_TO_WRITE: u64 = RIGHTS | rights::FD_WRITE | RIGHTS_TO_CHANGE;

/// Rights that mean something for regular files only.
const RIGHTS_OF_REGULAR_FILES: u64 = RIGHTS_TO_SEEK | RIGHTS_TO_CHANGE;

static TABLE: [Descriptor; 3] = [
    Descriptor { host: AtomicI32::new(0), rights: AtomicU64::new(RIGHTS_TO_READ) },
    Descriptor { host: AtomicI32::new(1), rights: AtomicU64::new(RIGHTS_TO_WRITE) },
    Descriptor { host: AtomicI32::new(2), rights: AtomicU64::new(RIGHTS_TO_WRITE) },
];

/// The entry of an open descriptor.
fn entry(fd: u32) -> Result<&'static Descriptor> {
    let entry = TABLE.get(fd as usize).ok_or(Errno::BADF)?;
    if entry.host.load(Relaxed) == CLOSED { Err(Errno::BADF) } else { Ok(entry) }
}

/// The host's descriptor behind an open one that has `needed` rights.
fn host(fd: u32, needed: u64) -> Result<i32> {
    let entry = entry(fd)?;
    if entry.rights.load(Relaxed) & needed == needed { Ok(entry.host.load(Relaxed)) } else { Err(Errno::NOTCAPABLE) }
}

fn close_host(fd: i32) {
    if fd == 2 {
        report::stderr_is_closed();
    }
    sys::close(fd);
}

// --- Reading and writing --------------------------------------------------------------------------------

/// I/O vectors that are translated at a time: 2 KiB of stack.
const BATCH: usize = 128;
const _: () = assert!(BATCH <= sys::MAX_IOVECS);

/// A guest's I/O vectors, translated batch by batch.
struct Batches {
    memory: Memory,
    vectors: GuestSlice<Iovec>,
    next: u32,
}

impl Batches {
    fn new(memory: Memory, iovs: u32, count: u32) -> Result<Batches> {
        Ok(Batches { memory, vectors: memory.slice(iovs, count)?, next: 0 })
    }

    /// Translates the next vectors into `native`, and gives them with their total length. Empty ones are left out, so
    /// that a batch without elements is the end.
    fn next<'a>(&mut self, native: &'a mut [MaybeUninit<IoVec>; BATCH]) -> Result<(&'a mut [IoVec], u64)> {
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
const fn batch() -> [MaybeUninit<IoVec>; BATCH] {
    [MaybeUninit::uninit(); BATCH]
}

/// Reads once. An empty request reads nothing, but lets the kernel judge the descriptor.
fn read(
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
fn write(
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
    let host = host(fd, rights::FD_READ)?;
    // SAFETY: the batches hold checked ranges.
    read(memory, iovs, iovs_len, nread, |vectors| unsafe { sys::readv(host, vectors) })
}

pub fn fd_write(memory: Memory, fd: u32, iovs: u32, iovs_len: u32, nwritten: u32) -> Result {
    let host = host(fd, rights::FD_WRITE)?;
    // SAFETY: as above.
    write(memory, iovs, iovs_len, nwritten, |vectors, _| unsafe { sys::writev(host, vectors) })
}

/// A `filesize` that the kernel can take as an offset.
fn offset(offset: u64) -> Result<u64> {
    if offset > i64::MAX as u64 { Err(Errno::INVAL) } else { Ok(offset) }
}

pub fn fd_pread(memory: Memory, fd: u32, iovs: u32, iovs_len: u32, from: u64, nread: u32) -> Result {
    let host = host(fd, rights::FD_READ | rights::FD_SEEK)?;
    let from = offset(from)?;
    // SAFETY: as above.
    read(memory, iovs, iovs_len, nread, |vectors| unsafe { sys::preadv(host, vectors, from) })
}

pub fn fd_pwrite(memory: Memory, fd: u32, iovs: u32, iovs_len: u32, to: u64, nwritten: u32) -> Result {
    let host = host(fd, rights::FD_WRITE | rights::FD_SEEK)?;
    let to = offset(to)?;
    write(memory, iovs, iovs_len, nwritten, |vectors, before| {
        let to = to.checked_add(before).filter(|&to| to <= i64::MAX as u64).ok_or(sys::Errno::FBIG)?;
        // SAFETY: as above.
        unsafe { sys::pwritev(host, vectors, to) }
    })
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
    let host = host(fd, needed)?;
    let newoffset = memory.pointer::<u64>(newoffset)?;
    newoffset.write(sys::seek(host, to)?);
    Ok(())
}

pub fn fd_tell(memory: Memory, fd: u32, offset: u32) -> Result {
    let host = host(fd, rights::FD_TELL)?;
    let offset = memory.pointer::<u64>(offset)?;
    offset.write(sys::seek(host, SeekFrom::Current(0))?);
    Ok(())
}

pub fn fd_advise(_: Memory, fd: u32, from: u64, len: u64, advice: u32) -> Result {
    let host = host(fd, rights::FD_ADVISE)?;
    let advice = match advice {
        advice::NORMAL => Advice::Normal,
        advice::SEQUENTIAL => Advice::Sequential,
        advice::RANDOM => Advice::Random,
        advice::WILLNEED => Advice::WillNeed,
        advice::DONTNEED => Advice::DontNeed,
        advice::NOREUSE => Advice::NoReuse,
        _ => return Err(Errno::INVAL),
    };
    Ok(sys::advise(host, offset(from)?, offset(len)?, advice)?)
}

pub fn fd_allocate(_: Memory, fd: u32, from: u64, len: u64) -> Result {
    let host = host(fd, rights::FD_ALLOCATE)?;
    Ok(sys::allocate(host, offset(from)?, offset(len)?)?)
}

pub fn fd_sync(_: Memory, fd: u32) -> Result {
    Ok(sys::sync(host(fd, rights::FD_SYNC)?)?)
}

pub fn fd_datasync(_: Memory, fd: u32) -> Result {
    Ok(sys::sync_data(host(fd, rights::FD_DATASYNC)?)?)
}

// --- What a descriptor is -------------------------------------------------------------------------------

fn filetype(host: i32, stat: &Stat) -> u8 {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => filetype::REGULAR_FILE,
        FileType::Directory => filetype::DIRECTORY,
        FileType::CharacterDevice => filetype::CHARACTER_DEVICE,
        FileType::BlockDevice => filetype::BLOCK_DEVICE,
        FileType::Symlink => filetype::SYMBOLIC_LINK,
        FileType::Socket if sys::is_datagram_socket(host) => filetype::SOCKET_DGRAM,
        FileType::Socket => filetype::SOCKET_STREAM,
        // Pipes: WASI has no name for them.
        _ => filetype::UNKNOWN,
    }
}

/// The rights of a descriptor that mean something for its kind of file.
fn effective_rights(entry: &Descriptor, filetype: u8) -> u64 {
    let rights = entry.rights.load(Relaxed);
    if filetype == filetype::REGULAR_FILE { rights } else { rights & !RIGHTS_OF_REGULAR_FILES }
}

pub fn fd_fdstat_get(memory: Memory, fd: u32, stat: u32) -> Result {
    let entry = entry(fd)?;
    let stat = memory.pointer::<Fdstat>(stat)?;
    let host = entry.host.load(Relaxed);
    let filetype = filetype(host, &sys::stat(host)?);
    let flags = sys::open_flags(host)?;
    let mut fs_flags = 0;
    // O_SYNC includes the bit of O_DSYNC.
    for (flag, wasi) in [
        (OpenFlags::APPEND, fdflags::APPEND),
        (OpenFlags::DSYNC, fdflags::DSYNC),
        (OpenFlags::NONBLOCK, fdflags::NONBLOCK),
        (OpenFlags::SYNC, fdflags::SYNC | fdflags::RSYNC),
    ] {
        if flags.contains(flag) {
            fs_flags |= wasi;
        }
    }
    stat.write(Fdstat {
        fs_filetype: filetype,
        fs_flags,
        fs_rights_base: effective_rights(entry, filetype),
        fs_rights_inheriting: 0,
        ..Fdstat::default()
    });
    Ok(())
}

/// Linux can change `append` and `nonblock` only. The synchronising flags must be asked for as they are.
pub fn fd_fdstat_set_flags(_: Memory, fd: u32, flags: u32) -> Result {
    let host = host(fd, rights::FD_FDSTAT_SET_FLAGS)?;
    let Some(flags) = u16::try_from(flags).ok().filter(|flags| flags & !fdflags::ALL == 0) else {
        return Err(Errno::INVAL);
    };
    let mut native = sys::open_flags(host)?;
    let synchronises = flags & (fdflags::DSYNC | fdflags::RSYNC | fdflags::SYNC) != 0;
    if synchronises && !native.contains(OpenFlags::DSYNC) {
        return Err(Errno::NOTSUP);
    }
    native.set(OpenFlags::APPEND, flags & fdflags::APPEND != 0);
    native.set(OpenFlags::NONBLOCK, flags & fdflags::NONBLOCK != 0);
    Ok(sys::set_open_flags(host, native)?)
}

/// Rights can be given up, never gained.
pub fn fd_fdstat_set_rights(_: Memory, fd: u32, base: u64, inheriting: u64) -> Result {
    let entry = entry(fd)?;
    let host = entry.host.load(Relaxed);
    let rights = effective_rights(entry, filetype(host, &sys::stat(host)?));
    if base & !rights != 0 || inheriting != 0 {
        return Err(Errno::NOTCAPABLE);
    }
    entry.rights.store(base, Relaxed);
    Ok(())
}

/// A `timestamp`: 0 for times before 1970, the greatest for those that do not fit.
fn timestamp(seconds: i64, nanoseconds: u64) -> u64 {
    match u64::try_from(seconds) {
        Ok(seconds) => seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds),
        Err(_) => 0,
    }
}

pub fn fd_filestat_get(memory: Memory, fd: u32, buf: u32) -> Result {
    let host = host(fd, rights::FD_FILESTAT_GET)?;
    let buf = memory.pointer::<Filestat>(buf)?;
    let stat = sys::stat(host)?;
    buf.write(Filestat {
        dev: stat.st_dev,
        ino: stat.st_ino,
        filetype: filetype(host, &stat),
        nlink: stat.st_nlink as u64,
        size: stat.st_size as u64,
        atim: timestamp(stat.st_atime, stat.st_atime_nsec),
        mtim: timestamp(stat.st_mtime, stat.st_mtime_nsec),
        ctim: timestamp(stat.st_ctime, stat.st_ctime_nsec),
        ..Filestat::default()
    });
    Ok(())
}

pub fn fd_filestat_set_size(_: Memory, fd: u32, size: u64) -> Result {
    let host = host(fd, rights::FD_FILESTAT_SET_SIZE)?;
    Ok(sys::set_size(host, offset(size)?)?)
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
    let host = host(fd, rights::FD_FILESTAT_SET_TIMES)?;
    if flags & !fstflags::ALL != 0 {
        return Err(Errno::INVAL);
    }
    let times = Timestamps {
        last_access: time_to_set(atim, flags & fstflags::ATIM != 0, flags & fstflags::ATIM_NOW != 0)?,
        last_modification: time_to_set(mtim, flags & fstflags::MTIM != 0, flags & fstflags::MTIM_NOW != 0)?,
    };
    Ok(sys::set_times(host, &times)?)
}

// --- The table ------------------------------------------------------------------------------------------

pub fn fd_close(_: Memory, fd: u32) -> Result {
    close_host(entry(fd)?.host.swap(CLOSED, Relaxed));
    Ok(())
}

/// Moves a descriptor onto another open one, which is closed.
pub fn fd_renumber(_: Memory, fd: u32, to: u32) -> Result {
    let (from, target) = (entry(fd)?, entry(to)?);
    if fd == to {
        return Ok(());
    }
    close_host(target.host.swap(from.host.swap(CLOSED, Relaxed), Relaxed));
    target.rights.store(from.rights.load(Relaxed), Relaxed);
    Ok(())
}

/// No descriptor is a directory.
pub fn fd_readdir(_: Memory, fd: u32, _buf: u32, _buf_len: u32, _cookie: u64, _bufused: u32) -> Result {
    entry(fd)?;
    Err(Errno::NOTDIR)
}

/// There are no preopened directories: wasi-libc asks from 3 on, and stops at the first `badf`.
pub fn fd_prestat_get(_: Memory, _fd: u32, _buf: u32) -> Result {
    Err(Errno::BADF)
}

pub fn fd_prestat_dir_name(_: Memory, _fd: u32, _path: u32, _path_len: u32) -> Result {
    Err(Errno::BADF)
}

#[cfg(test)]
mod tests {
    use super::*;
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

    fn open(fd: usize, host: i32, rights: u64) {
        TABLE[fd].host.store(host, Relaxed);
        TABLE[fd].rights.store(rights, Relaxed);
    }

    /// One test, because the table is the process's: files, then pipes, then closing and renumbering.
    #[test]
    fn descriptors() {
        const RESULT: u32 = 0x8000;
        let mut guest = Guest(vec![0; PAGE]);
        let memory = guest.memory();
        let saved: Vec<i32> = TABLE.iter().map(|entry| entry.host.load(Relaxed)).collect();

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

        for (entry, host) in TABLE.iter().zip(saved) {
            entry.host.store(host, Relaxed);
        }
        // SAFETY: nobody else has it any more.
        drop(unsafe { std::fs::File::from_raw_fd(host) });
        std::fs::remove_file(path).unwrap();
    }
}
