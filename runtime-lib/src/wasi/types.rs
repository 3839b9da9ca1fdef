//! Names and numbers of `wasi_snapshot_preview1.witx`, in its spelling.

use super::guest::Plain;
use crate::sys;

/// `errno`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(u16);

impl Errno {
    /// As the result of a function.
    pub const fn number(self) -> u32 {
        self.0 as u32
    }
}

macro_rules! errnos {
    ($($name:ident = $number:literal, $linux:ident;)*) => {
        #[allow(dead_code, reason = "the whole enumeration, so that it can be read beside the witx file")]
        impl Errno {
            pub const SUCCESS: Errno = Errno(0);
            $(pub const $name: Errno = Errno($number);)*
            /// Extension of WASI: the descriptor lacks the right.
            pub const NOTCAPABLE: Errno = Errno(76);
        }

        impl From<sys::Errno> for Errno {
            /// Linux' errors have the same names; what WASI does not know is `io`.
            fn from(error: sys::Errno) -> Errno {
                match error {
                    $(sys::Errno::$linux => Errno::$name,)*
                    _ => Errno::IO,
                }
            }
        }
    };
}

#[rustfmt::skip]
errnos! {
    TOOBIG         = 1,  TOOBIG;
    ACCES          = 2,  ACCESS;
    ADDRINUSE      = 3,  ADDRINUSE;
    ADDRNOTAVAIL   = 4,  ADDRNOTAVAIL;
    AFNOSUPPORT    = 5,  AFNOSUPPORT;
    AGAIN          = 6,  AGAIN;
    ALREADY        = 7,  ALREADY;
    BADF           = 8,  BADF;
    BADMSG         = 9,  BADMSG;
    BUSY           = 10, BUSY;
    CANCELED       = 11, CANCELED;
    CHILD          = 12, CHILD;
    CONNABORTED    = 13, CONNABORTED;
    CONNREFUSED    = 14, CONNREFUSED;
    CONNRESET      = 15, CONNRESET;
    DEADLK         = 16, DEADLK;
    DESTADDRREQ    = 17, DESTADDRREQ;
    DOM            = 18, DOM;
    DQUOT          = 19, DQUOT;
    EXIST          = 20, EXIST;
    FAULT          = 21, FAULT;
    FBIG           = 22, FBIG;
    HOSTUNREACH    = 23, HOSTUNREACH;
    IDRM           = 24, IDRM;
    ILSEQ          = 25, ILSEQ;
    INPROGRESS     = 26, INPROGRESS;
    INTR           = 27, INTR;
    INVAL          = 28, INVAL;
    IO             = 29, IO;
    ISCONN         = 30, ISCONN;
    ISDIR          = 31, ISDIR;
    LOOP           = 32, LOOP;
    MFILE          = 33, MFILE;
    MLINK          = 34, MLINK;
    MSGSIZE        = 35, MSGSIZE;
    MULTIHOP       = 36, MULTIHOP;
    NAMETOOLONG    = 37, NAMETOOLONG;
    NETDOWN        = 38, NETDOWN;
    NETRESET       = 39, NETRESET;
    NETUNREACH     = 40, NETUNREACH;
    NFILE          = 41, NFILE;
    NOBUFS         = 42, NOBUFS;
    NODEV          = 43, NODEV;
    NOENT          = 44, NOENT;
    NOEXEC         = 45, NOEXEC;
    NOLCK          = 46, NOLCK;
    NOLINK         = 47, NOLINK;
    NOMEM          = 48, NOMEM;
    NOMSG          = 49, NOMSG;
    NOPROTOOPT     = 50, NOPROTOOPT;
    NOSPC          = 51, NOSPC;
    NOSYS          = 52, NOSYS;
    NOTCONN        = 53, NOTCONN;
    NOTDIR         = 54, NOTDIR;
    NOTEMPTY       = 55, NOTEMPTY;
    NOTRECOVERABLE = 56, NOTRECOVERABLE;
    NOTSOCK        = 57, NOTSOCK;
    NOTSUP         = 58, NOTSUP;
    NOTTY          = 59, NOTTY;
    NXIO           = 60, NXIO;
    OVERFLOW       = 61, OVERFLOW;
    OWNERDEAD      = 62, OWNERDEAD;
    PERM           = 63, PERM;
    PIPE           = 64, PIPE;
    PROTO          = 65, PROTO;
    PROTONOSUPPORT = 66, PROTONOSUPPORT;
    PROTOTYPE      = 67, PROTOTYPE;
    RANGE          = 68, RANGE;
    ROFS           = 69, ROFS;
    SPIPE          = 70, SPIPE;
    SRCH           = 71, SRCH;
    STALE          = 72, STALE;
    TIMEDOUT       = 73, TIMEDOUT;
    TXTBSY         = 74, TXTBSY;
    XDEV           = 75, XDEV;
}

/// `clockid`.
pub mod clockid {
    pub const REALTIME: u32 = 0;
    pub const MONOTONIC: u32 = 1;
    pub const PROCESS_CPUTIME_ID: u32 = 2;
    pub const THREAD_CPUTIME_ID: u32 = 3;
}

/// `rights`.
pub mod rights {
    pub const FD_DATASYNC: u64 = 1 << 0;
    pub const FD_READ: u64 = 1 << 1;
    pub const FD_SEEK: u64 = 1 << 2;
    pub const FD_FDSTAT_SET_FLAGS: u64 = 1 << 3;
    pub const FD_SYNC: u64 = 1 << 4;
    pub const FD_TELL: u64 = 1 << 5;
    pub const FD_WRITE: u64 = 1 << 6;
    pub const FD_ADVISE: u64 = 1 << 7;
    pub const FD_ALLOCATE: u64 = 1 << 8;
    pub const PATH_CREATE_DIRECTORY: u64 = 1 << 9;
    pub const PATH_CREATE_FILE: u64 = 1 << 10;
    pub const PATH_LINK_SOURCE: u64 = 1 << 11;
    pub const PATH_LINK_TARGET: u64 = 1 << 12;
    pub const PATH_OPEN: u64 = 1 << 13;
    pub const FD_READDIR: u64 = 1 << 14;
    pub const PATH_READLINK: u64 = 1 << 15;
    pub const PATH_RENAME_SOURCE: u64 = 1 << 16;
    pub const PATH_RENAME_TARGET: u64 = 1 << 17;
    pub const PATH_FILESTAT_GET: u64 = 1 << 18;
    pub const PATH_FILESTAT_SET_SIZE: u64 = 1 << 19;
    pub const PATH_FILESTAT_SET_TIMES: u64 = 1 << 20;
    pub const FD_FILESTAT_GET: u64 = 1 << 21;
    pub const FD_FILESTAT_SET_SIZE: u64 = 1 << 22;
    pub const FD_FILESTAT_SET_TIMES: u64 = 1 << 23;
    pub const PATH_SYMLINK: u64 = 1 << 24;
    pub const PATH_REMOVE_DIRECTORY: u64 = 1 << 25;
    pub const PATH_UNLINK_FILE: u64 = 1 << 26;
    pub const POLL_FD_READWRITE: u64 = 1 << 27;
    pub const SOCK_SHUTDOWN: u64 = 1 << 28;
    pub const SOCK_ACCEPT: u64 = 1 << 29;
}

/// `filetype`.
pub mod filetype {
    pub const UNKNOWN: u8 = 0;
    pub const BLOCK_DEVICE: u8 = 1;
    pub const CHARACTER_DEVICE: u8 = 2;
    pub const DIRECTORY: u8 = 3;
    pub const REGULAR_FILE: u8 = 4;
    pub const SOCKET_DGRAM: u8 = 5;
    pub const SOCKET_STREAM: u8 = 6;
    pub const SYMBOLIC_LINK: u8 = 7;
}

/// `fdflags`.
pub mod fdflags {
    pub const APPEND: u16 = 1 << 0;
    pub const DSYNC: u16 = 1 << 1;
    pub const NONBLOCK: u16 = 1 << 2;
    pub const RSYNC: u16 = 1 << 3;
    pub const SYNC: u16 = 1 << 4;
    pub const ALL: u16 = APPEND | DSYNC | NONBLOCK | RSYNC | SYNC;
}

/// `fstflags`.
pub mod fstflags {
    pub const ATIM: u32 = 1 << 0;
    pub const ATIM_NOW: u32 = 1 << 1;
    pub const MTIM: u32 = 1 << 2;
    pub const MTIM_NOW: u32 = 1 << 3;
    pub const ALL: u32 = ATIM | ATIM_NOW | MTIM | MTIM_NOW;
}

/// `lookupflags`.
pub mod lookupflags {
    pub const SYMLINK_FOLLOW: u32 = 1 << 0;
}

/// `oflags`.
pub mod oflags {
    pub const CREAT: u32 = 1 << 0;
    pub const DIRECTORY: u32 = 1 << 1;
    pub const EXCL: u32 = 1 << 2;
    pub const TRUNC: u32 = 1 << 3;
    pub const ALL: u32 = CREAT | DIRECTORY | EXCL | TRUNC;
}

/// `eventtype`, also the tag of a subscription.
pub mod eventtype {
    pub const CLOCK: u8 = 0;
    pub const FD_READ: u8 = 1;
    pub const FD_WRITE: u8 = 2;
}

/// `subclockflags`.
pub mod subclockflags {
    pub const ABSTIME: u16 = 1 << 0;
}

/// `eventrwflags`.
pub mod eventrwflags {
    pub const HANGUP: u16 = 1 << 0;
}

/// `riflags`, `roflags`, `sdflags`.
pub mod sockflags {
    pub const RECV_PEEK: u32 = 1 << 0;
    pub const RECV_WAITALL: u32 = 1 << 1;
    pub const RECV_DATA_TRUNCATED: u16 = 1 << 0;
    pub const SHUT_RD: u32 = 1 << 0;
    pub const SHUT_WR: u32 = 1 << 1;
}

/// `whence`, in both snapshots.
pub mod whence {
    pub const SET: u32 = 0;
    pub const CUR: u32 = 1;
    pub const END: u32 = 2;
    pub const UNSTABLE_CUR: u32 = 0;
    pub const UNSTABLE_END: u32 = 1;
    pub const UNSTABLE_SET: u32 = 2;
}

/// `advice`.
pub mod advice {
    pub const NORMAL: u32 = 0;
    pub const SEQUENTIAL: u32 = 1;
    pub const RANDOM: u32 = 2;
    pub const WILLNEED: u32 = 3;
    pub const DONTNEED: u32 = 4;
    pub const NOREUSE: u32 = 5;
}

/// `iovec` and `ciovec`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Iovec {
    pub buf: u32,
    pub buf_len: u32,
}

/// `fdstat`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Fdstat {
    pub fs_filetype: u8,
    pub padding_1: u8,
    pub fs_flags: u16,
    pub padding_4: u32,
    pub fs_rights_base: u64,
    pub fs_rights_inheriting: u64,
}

/// `filestat`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Filestat {
    pub dev: u64,
    pub ino: u64,
    pub filetype: u8,
    pub padding_17: [u8; 7],
    pub nlink: u64,
    pub size: u64,
    pub atim: u64,
    pub mtim: u64,
    pub ctim: u64,
}

/// `filestat` of `wasi_unstable`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct UnstableFilestat {
    pub dev: u64,
    pub ino: u64,
    pub filetype: u8,
    pub padding_17: [u8; 3],
    pub nlink: u32,
    pub size: u64,
    pub atim: u64,
    pub mtim: u64,
    pub ctim: u64,
}

/// `dirent`; the name follows.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Dirent {
    pub d_next: u64,
    pub d_ino: u64,
    pub d_namlen: u32,
    pub d_type: u8,
    pub padding_21: [u8; 3],
}

/// `prestat` of a directory, the only kind there is.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Prestat {
    pub tag: u32,
    pub pr_name_len: u32,
}

/// `subscription`. What belongs to a descriptor is where the clock's `id` is.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Subscription {
    pub userdata: u64,
    pub tag: u8,
    pub padding_9: [u8; 7],
    pub id_or_fd: u32,
    pub padding_20: u32,
    pub timeout: u64,
    pub precision: u64,
    pub flags: u16,
    pub padding_42: [u8; 6],
}

/// `subscription` of `wasi_unstable`: a clock has an identifier before its `id`, where a descriptor has its number.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct UnstableSubscription {
    pub userdata: u64,
    pub tag: u8,
    pub padding_9: [u8; 7],
    pub identifier_or_fd: u64,
    pub id: u32,
    pub padding_28: u32,
    pub timeout: u64,
    pub precision: u64,
    pub flags: u16,
    pub padding_50: [u8; 6],
}

/// `event`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Event {
    pub userdata: u64,
    pub error: u16,
    pub event_type: u8,
    pub padding_11: [u8; 5],
    pub nbytes: u64,
    pub flags: u16,
    pub padding_26: [u8; 6],
}

// SAFETY: integers; padding is spelled out as fields.
unsafe impl Plain for Iovec {}
// SAFETY: as above.
unsafe impl Plain for Fdstat {}
// SAFETY: as above.
unsafe impl Plain for Filestat {}
// SAFETY: as above.
unsafe impl Plain for UnstableFilestat {}
// SAFETY: as above.
unsafe impl Plain for Dirent {}
// SAFETY: as above.
unsafe impl Plain for Prestat {}
// SAFETY: as above.
unsafe impl Plain for Subscription {}
// SAFETY: as above.
unsafe impl Plain for UnstableSubscription {}
// SAFETY: as above.
unsafe impl Plain for Event {}

const _: () = {
    assert!(size_of::<UnstableFilestat>() == 56 && size_of::<Dirent>() == 24 && size_of::<Prestat>() == 8);
    assert!(size_of::<Subscription>() == 48 && size_of::<UnstableSubscription>() == 56 && size_of::<Event>() == 32);
};
const _: () = assert!(size_of::<Iovec>() == 8 && size_of::<Fdstat>() == 24 && size_of::<Filestat>() == 64);
