//! What is done with paths. [`resolve`](super::resolve) says where they lead.
//!
//! # Rights
//!
//! Each function asks the directory for the right of its name. [`path_open`] gives a descriptor those rights that are
//! asked for and that the directory lets inherit: most programs ask for whatever there is. Only for reading and
//! writing, which decide how the file is opened, it is an error to ask for what cannot be had.
//!
//! A read-only grant is a directory without the rights to change anything, base and inheriting: so there is no second
//! check that could be forgotten, and `fdstat` tells the truth.

use wasmc_abi::grants::stays_beneath;

use super::Result;
use super::embed::{self, Request};
use super::fd::{filestat, flags_to_keep, times_to_set, unstable_filestat};
use super::grants::{RIGHTS_OF_DIRECTORIES, RIGHTS_OF_FILES};
use super::guest::Memory;
use super::resolve::{self, Path};
use super::table::{self, Entry, Kind};
use super::types::{Errno, Filestat, UnstableFilestat, fdflags, lookupflags, oflags, rights};
use crate::sys::{self, FileType, OpenFlags};

/// Whether the last component is followed, if it is a link.
fn follows(flags: u32) -> Result<bool> {
    if flags & !lookupflags::SYMLINK_FOLLOW != 0 {
        return Err(Errno::INVAL);
    }
    Ok(flags & lookupflags::SYMLINK_FOLLOW != 0)
}

#[expect(clippy::too_many_arguments, reason = "a function of WASI")]
pub fn path_open(
    memory: Memory,
    fd: u32,
    dirflags: u32,
    path: u32,
    path_len: u32,
    oflags: u32,
    base: u64,
    inheriting: u64,
    fdflags: u32,
    opened: u32,
) -> Result {
    let opened = memory.pointer::<u32>(opened)?;
    let follow = follows(dirflags)?;
    let native = open_flags(oflags, base, fdflags)?;
    let directory = table::directory(fd, rights_to_open(oflags))?;
    if rights_to_inherit(base, fdflags) & !directory.inheriting != 0 {
        return Err(Errno::NOTCAPABLE);
    }
    let path = Path::read(memory, path, path_len)?;

    let (host, kind) = match directory.embedded() {
        Some(node) => {
            let (mut kind, wants_directory) = (Kind::File, native.contains(OpenFlags::DIRECTORY));
            let path = path.text();
            let found = embed::call(Request::Open { node, path, follow, wants_directory, kind: &mut kind })?;
            (!(found as i32), kind)
        }
        None => open_on_host(directory.host, &path, follow, native)?,
    };
    let (possible, inheriting) = match kind {
        Kind::Directory => (RIGHTS_OF_DIRECTORIES, inheriting & directory.inheriting),
        _ => (RIGHTS_OF_FILES, 0),
    };
    let base = base & directory.inheriting & possible;
    let entry = Entry { flags: flags_to_keep(fdflags as u16), ..Entry::new(host, kind, base, inheriting) };
    match table::insert(entry) {
        Ok(fd) => {
            opened.write(fd);
            Ok(())
        }
        Err(error) => {
            table::close(&entry);
            Err(error)
        }
    }
}

fn open_on_host(directory: i32, path: &Path, follow: bool, flags: OpenFlags) -> Result<(i32, Kind)> {
    let host = resolve::open(directory, path, follow, flags)?;
    match kind_of(host, flags) {
        Ok(kind) => Ok((host, kind)),
        Err(error) => {
            sys::close(host);
            Err(error)
        }
    }
}

/// How a file is opened.
fn open_flags(oflags: u32, base: u64, fdflags: u32) -> Result<OpenFlags> {
    let fdflags = u16::try_from(fdflags).map_err(|_| Errno::INVAL)?;
    if oflags & !oflags::ALL != 0 || fdflags & !fdflags::ALL != 0 {
        return Err(Errno::INVAL);
    }
    let reads = base & rights::FD_READ != 0;
    let writes = base & rights::FD_WRITE != 0;
    let mut flags = match (reads, writes) {
        (true, true) => OpenFlags::RDWR,
        (false, true) => OpenFlags::WRONLY,
        (_, false) => OpenFlags::RDONLY,
    };
    // Linux is of two minds about creating directories this way.
    if oflags & oflags::DIRECTORY != 0 && oflags & (oflags::CREAT | oflags::EXCL | oflags::TRUNC) != 0 {
        return Err(Errno::INVAL);
    }
    flags.set(OpenFlags::DIRECTORY, oflags & oflags::DIRECTORY != 0);
    flags.set(OpenFlags::CREATE, oflags & oflags::CREAT != 0);
    flags.set(OpenFlags::EXCL, oflags & oflags::EXCL != 0);
    flags.set(OpenFlags::TRUNC, oflags & oflags::TRUNC != 0);
    flags.set(OpenFlags::APPEND, fdflags & fdflags::APPEND != 0);
    flags.set(sys::O_DSYNC, fdflags & fdflags::DSYNC != 0);
    flags.set(OpenFlags::NONBLOCK, fdflags & fdflags::NONBLOCK != 0);
    if fdflags & (fdflags::SYNC | fdflags::RSYNC) != 0 {
        flags |= OpenFlags::SYNC;
    }
    Ok(flags)
}

fn rights_to_open(oflags: u32) -> u64 {
    let mut needed = rights::PATH_OPEN;
    if oflags & oflags::CREAT != 0 {
        needed |= rights::PATH_CREATE_FILE;
    }
    if oflags & oflags::TRUNC != 0 {
        needed |= rights::PATH_FILESTAT_SET_SIZE;
    }
    needed
}

fn rights_to_inherit(base: u64, fdflags: u32) -> u64 {
    let fdflags = fdflags as u16;
    let mut needed = base & (rights::FD_READ | rights::FD_WRITE);
    if fdflags & fdflags::DSYNC != 0 {
        needed |= rights::FD_DATASYNC;
    }
    if fdflags & (fdflags::SYNC | fdflags::RSYNC) != 0 {
        needed |= rights::FD_SYNC;
    }
    needed
}

/// What was opened. Nothing that is open for writing is a directory: that saves the system call.
fn kind_of(host: i32, flags: OpenFlags) -> Result<Kind> {
    if flags.intersects(OpenFlags::WRONLY | OpenFlags::RDWR | OpenFlags::TRUNC) {
        return Ok(Kind::File);
    }
    if flags.contains(OpenFlags::DIRECTORY) {
        return Ok(Kind::Directory);
    }
    match FileType::from_raw_mode(sys::stat(host)?.st_mode) {
        FileType::Directory => Ok(Kind::Directory),
        _ => Ok(Kind::File),
    }
}

pub fn path_create_directory(memory: Memory, fd: u32, path: u32, path_len: u32) -> Result {
    let directory = table::directory(fd, rights::PATH_CREATE_DIRECTORY)?;
    let place = resolve::parent(directory.host, Path::read(memory, path, path_len)?)?;
    Ok(sys::create_directory_at(place.directory, place.name())?)
}

pub fn path_remove_directory(memory: Memory, fd: u32, path: u32, path_len: u32) -> Result {
    let directory = table::directory(fd, rights::PATH_REMOVE_DIRECTORY)?;
    let place = resolve::parent(directory.host, Path::read(memory, path, path_len)?)?;
    Ok(sys::remove_directory_at(place.directory, place.name())?)
}

pub fn path_unlink_file(memory: Memory, fd: u32, path: u32, path_len: u32) -> Result {
    let directory = table::directory(fd, rights::PATH_UNLINK_FILE)?;
    let place = resolve::parent(directory.host, Path::read(memory, path, path_len)?)?;
    Ok(sys::unlink_at(place.directory, place.name())?)
}

/// One name that is no link, which is the common case, takes one system call. Everything else is opened as a path, and
/// asked then.
fn filestat_of(memory: Memory, fd: u32, flags: u32, path: u32, path_len: u32) -> Result<Filestat> {
    let follow = follows(flags)?;
    let directory = table::directory(fd, rights::PATH_FILESTAT_GET)?;
    let path = Path::read(memory, path, path_len)?;
    if let Some(node) = directory.embedded() {
        let mut stat = Filestat::default();
        embed::call(Request::Describe { node, path: path.text(), follow, stat: &mut stat })?;
        return Ok(stat);
    }
    if path.is_name() {
        let stat = sys::stat_at(directory.host, path.as_c_str())?;
        if !follow || FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
            return Ok(filestat(None, &stat));
        }
    }
    let host = resolve::open(directory.host, &path, follow, OpenFlags::PATH)?;
    let stat = sys::stat(host);
    sys::close(host);
    Ok(filestat(None, &stat?))
}

pub fn path_filestat_get(memory: Memory, fd: u32, flags: u32, path: u32, path_len: u32, buf: u32) -> Result {
    let buf = memory.pointer::<Filestat>(buf)?;
    buf.write(filestat_of(memory, fd, flags, path, path_len)?);
    Ok(())
}

pub fn unstable_path_filestat_get(memory: Memory, fd: u32, flags: u32, path: u32, path_len: u32, buf: u32) -> Result {
    let buf = memory.pointer::<UnstableFilestat>(buf)?;
    buf.write(unstable_filestat(filestat_of(memory, fd, flags, path, path_len)?));
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "a function of WASI")]
pub fn path_filestat_set_times(
    memory: Memory,
    fd: u32,
    flags: u32,
    path: u32,
    path_len: u32,
    atim: u64,
    mtim: u64,
    fst_flags: u32,
) -> Result {
    let follow = follows(flags)?;
    let times = times_to_set(atim, mtim, fst_flags)?;
    let directory = table::directory(fd, rights::PATH_FILESTAT_SET_TIMES)?;
    let place = resolve::target(directory.host, Path::read(memory, path, path_len)?, follow)?;
    Ok(sys::set_times_at(place.directory, place.name(), &times)?)
}

#[expect(clippy::too_many_arguments, reason = "a function of WASI")]
pub fn path_link(
    memory: Memory,
    old_fd: u32,
    old_flags: u32,
    old_path: u32,
    old_path_len: u32,
    new_fd: u32,
    new_path: u32,
    new_path_len: u32,
) -> Result {
    let follow = follows(old_flags)?;
    let old_directory = table::directory(old_fd, rights::PATH_LINK_SOURCE)?;
    let new_directory = table::directory(new_fd, rights::PATH_LINK_TARGET)?;
    let old = resolve::target(old_directory.host, Path::read(memory, old_path, old_path_len)?, follow)?;
    let new = resolve::parent(new_directory.host, Path::read(memory, new_path, new_path_len)?)?;
    Ok(sys::link_at(old.directory, old.name(), new.directory, new.name())?)
}

pub fn path_rename(
    memory: Memory,
    fd: u32,
    old_path: u32,
    old_path_len: u32,
    new_fd: u32,
    new_path: u32,
    new_path_len: u32,
) -> Result {
    let old_directory = table::directory(fd, rights::PATH_RENAME_SOURCE)?;
    let new_directory = table::directory(new_fd, rights::PATH_RENAME_TARGET)?;
    let old = resolve::parent(old_directory.host, Path::read(memory, old_path, old_path_len)?)?;
    let new = resolve::parent(new_directory.host, Path::read(memory, new_path, new_path_len)?)?;
    Ok(sys::rename_at(old.directory, old.name(), new.directory, new.name())?)
}

/// Our resolution never leaves a directory, whatever a link says; that of other programs does. So a guest cannot make
/// links that would lead them out: neither absolute ones nor such that climb, by their text, above the directory.
pub fn path_symlink(memory: Memory, target: u32, target_len: u32, fd: u32, path: u32, path_len: u32) -> Result {
    let directory = table::directory(fd, rights::PATH_SYMLINK)?;
    let target = Path::read_text(memory, target, target_len)?;
    let path = Path::read(memory, path, path_len)?;
    if !stays_beneath(path.text(), target.text()) {
        return Err(Errno::PERM);
    }
    let place = resolve::parent(directory.host, path)?;
    Ok(sys::symlink_at(target.as_c_str(), place.directory, place.name())?)
}

pub fn path_readlink(
    memory: Memory,
    fd: u32,
    path: u32,
    path_len: u32,
    buf: u32,
    buf_len: u32,
    bufused: u32,
) -> Result {
    let directory = table::directory(fd, rights::PATH_READLINK)?;
    let buf = memory.slice::<u8>(buf, buf_len)?;
    let bufused = memory.pointer::<u32>(bufused)?;
    let path = Path::read(memory, path, path_len)?;
    let mut buffer = [0; sys::MAX_PATH];
    let target = match directory.embedded() {
        Some(node) => {
            let mut target = &[][..];
            embed::call(Request::ReadLink { node, path: path.text(), target: &mut target })?;
            target
        }
        None => {
            let place = resolve::target(directory.host, path, false)?;
            sys::read_link(place.directory, place.name(), &mut buffer)?
        }
    };
    let part = target.get(..buf_len as usize).unwrap_or(target);
    buf.copy_from(0, part);
    bufused.write(part.len() as u32);
    Ok(())
}
