//! Sockets: connections that a granted listener accepts. A guest can make no others.

use super::Result;
use super::fd::{Batches, batch, write};
use super::guest::Memory;
use super::table::{self, Entry, Kind, Open};
use super::types::{Errno, fdflags, rights, sockflags};
use crate::sys::{self, Shutdown};

#[cfg(not(feature = "library"))]
const RIGHTS: u64 = rights::FD_FDSTAT_SET_FLAGS | rights::FD_FILESTAT_GET | rights::POLL_FD_READWRITE;
#[cfg(not(feature = "library"))]
pub const RIGHTS_OF_LISTENERS: u64 = RIGHTS | rights::SOCK_ACCEPT;
#[cfg(not(feature = "library"))]
pub const RIGHTS_OF_CONNECTIONS: u64 = RIGHTS | rights::FD_READ | rights::FD_WRITE | rights::SOCK_SHUTDOWN;

/// An open socket that has a right. What a process was started with may be a socket, too.
fn socket(fd: u32, needed: u64) -> Result<Open> {
    let entry = table::get(fd)?;
    if entry.kind == Kind::Directory || entry.embedded().is_some() {
        return Err(Errno::NOTSOCK);
    }
    if entry.kind == Kind::File && !sys::is_socket(entry.host) {
        return Err(Errno::NOTSOCK);
    }
    if entry.base & needed == needed { Ok(entry) } else { Err(Errno::NOTCAPABLE) }
}

pub fn sock_accept(memory: Memory, fd: u32, flags: u32, accepted: u32) -> Result {
    let accepted = memory.pointer::<u32>(accepted)?;
    let listener = socket(fd, rights::SOCK_ACCEPT)?;
    if flags & !u32::from(fdflags::NONBLOCK) != 0 {
        return Err(Errno::INVAL);
    }
    let host = sys::accept(listener.host, flags != 0)?;
    match table::insert(Entry::new(host, Kind::Socket, listener.inheriting, 0)) {
        Ok(fd) => {
            accepted.write(fd);
            Ok(())
        }
        Err(error) => {
            sys::close(host);
            Err(error)
        }
    }
}

pub fn sock_recv(
    memory: Memory,
    fd: u32,
    ri_data: u32,
    ri_data_len: u32,
    ri_flags: u32,
    ro_datalen: u32,
    ro_flags: u32,
) -> Result {
    let socket = socket(fd, rights::FD_READ)?;
    if ri_flags & !(sockflags::RECV_PEEK | sockflags::RECV_WAITALL) != 0 {
        return Err(Errno::INVAL);
    }
    let mut flags = 0;
    if ri_flags & sockflags::RECV_PEEK != 0 {
        flags |= sys::MSG_PEEK;
    }
    if ri_flags & sockflags::RECV_WAITALL != 0 {
        flags |= sys::MSG_WAITALL;
    }
    let mut batches = Batches::new(memory, ri_data, ri_data_len)?;
    let ro_datalen = memory.pointer::<u32>(ro_datalen)?;
    let ro_flags = memory.pointer::<u16>(ro_flags)?;
    let mut native = batch();
    let (vectors, _) = batches.next(&mut native)?;
    // SAFETY: the batches hold checked ranges.
    let (bytes, flags) = unsafe { sys::receive(socket.host, vectors, flags) }?;
    ro_datalen.write(bytes as u32);
    ro_flags.write(if flags & sys::MSG_TRUNC != 0 { sockflags::RECV_DATA_TRUNCATED } else { 0 });
    Ok(())
}

/// There are no flags.
pub fn sock_send(memory: Memory, fd: u32, si_data: u32, si_data_len: u32, si_flags: u32, so_datalen: u32) -> Result {
    let socket = socket(fd, rights::FD_WRITE)?;
    if si_flags != 0 {
        return Err(Errno::INVAL);
    }
    // SAFETY: as above.
    write(memory, si_data, si_data_len, so_datalen, |vectors, _| unsafe { sys::send(socket.host, vectors) })
}

pub fn sock_shutdown(_: Memory, fd: u32, how: u32) -> Result {
    let socket = socket(fd, rights::SOCK_SHUTDOWN)?;
    let how = match how {
        sockflags::SHUT_RD => Shutdown::Read,
        sockflags::SHUT_WR => Shutdown::Write,
        how if how == sockflags::SHUT_RD | sockflags::SHUT_WR => Shutdown::Both,
        _ => return Err(Errno::INVAL),
    };
    Ok(sys::shutdown(socket.host, how)?)
}
