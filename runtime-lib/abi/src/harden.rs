//! Which system calls a running program can need: the one table behind its seccomp filter.
//!
//! The compiler knows what a program imports, and whether it grows memories, throws or waits. So it takes the rows that
//! apply ([`CORE`], [`GROWTH`] or [`GROWTH_BY_MAPPING`], [`EXCEPTIONS`], [`WAITING`], [`wasi`]), makes a filter of
//! them, and puts that into the executable's read-only data as an array of [`Instruction`]s. The runtime installs it as
//! the last thing before the program runs; what start-up needs is therefore in no row. A system call that is not in
//! the filter ends the process by SIGSYS: it is either an escape from the sandbox or a missing row, and neither should
//! go on.
//!
//! # Arguments
//!
//! Some rows admit a call with some values of one argument only. A filter sees numbers, not what pointers refer to,
//! so conditions are on commands, protections and flags. They look at the low half of the argument: that is all that
//! the kernel looks at, or else a high half that is not zero makes the call fail.

/// One instruction of a filter: the kernel's `struct sock_filter`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instruction {
    pub code: u16,
    /// Instructions to skip if the condition holds, and if it does not.
    pub jump_if_true: u8,
    pub jump_if_false: u8,
    pub constant: u32,
}

/// [`ProgramHeader::harden_flags`](crate::program::ProgramHeader::harden_flags): without it, what the kernel lacks is
/// left out.
pub const REQUIRE: u32 = 1;

/// Most instructions of a filter: all rows together are shorter.
pub const MAX_INSTRUCTIONS: usize = 512;

/// Numbers of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    pub x86_64: u32,
    pub aarch64: u32,
}

/// Declares [`Call`]: variant, number on x86-64, number on aarch64, whether Landlock restricts it.
macro_rules! calls {
    ($($name:ident $x86_64:literal $aarch64:literal $path:ident)*) => {
        /// A system call of Linux.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Call { $($name),* }

        impl Call {
            pub const ALL: &[Call] = &[$(Call::$name),*];

            pub const fn numbers(self) -> Numbers {
                match self { $(Call::$name => Numbers { x86_64: $x86_64, aarch64: $aarch64 }),* }
            }

            /// Whether it reaches or makes files by name, and Landlock restricts it. (Landlock lets everybody look:
            /// `stat`, `readlink`.)
            pub const fn takes_path(self) -> bool {
                match self { $(Call::$name => calls!(@$path)),* }
            }
        }
    };
    (@path) => { true };
    (@none) => { false };
}

#[rustfmt::skip]
calls! {
    // name           x86-64 aarch64
    Accept4              288     242  none
    ClockGetres          229     114  none
    ClockGettime         228     113  none
    Clone                 56     220  none
    Close                  3      57  none
    Exit                  60      93  none
    ExitGroup            231      94  none
    Fadvise64            221     223  none
    Fallocate            285      47  none
    Fcntl                 72      25  none
    Fdatasync             75      83  none
    Fstat                  5      80  none
    Fsync                 74      82  none
    Ftruncate             77      46  none
    Futex                202      98  none
    Getdents64           217      61  none
    Getpid                39     172  none
    Getrandom            318     278  none
    Getsockopt            55     209  none
    Gettid               186     178  none
    Ioctl                 16      29  none
    Linkat               265      37  path
    Lseek                  8      62  none
    Mkdirat              258      34  path
    Mmap                   9     222  none
    Mprotect              10     226  none
    Mremap                25     216  none
    Munmap                11     215  none
    Newfstatat           262      79  none
    Openat               257      56  path
    Openat2              437     437  path
    Ppoll                271      73  none
    Preadv               295      69  none
    Pwritev              296      70  none
    Readlinkat           267      78  none
    Readv                 19      65  none
    Recvmsg               47     212  none
    Renameat             264      38  path
    Renameat2            316     276  path
    RestartSyscall       219     128  none
    RtSigaction           13     134  none
    RtSigprocmask         14     135  none
    RtSigreturn           15     139  none
    SchedYield            24     124  none
    Sendmsg               46     211  none
    Shutdown              48     210  none
    Sigaltstack          131     132  none
    Symlinkat            266      36  path
    Tgkill               234     131  none
    Unlinkat             263      35  path
    Utimensat            280      88  none
    Write                  1      64  none
    Writev                20      66  none
}

/// What the argument of an index must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Its low 32 bits are one of these.
    OneOf(u8, &'static [u32]),
    /// It is a null pointer.
    Null(u8),
    /// It is the number of this process, which the runtime fills in.
    OwnProcess(u8),
}

/// A row: a call, and what must hold for its arguments. Several rows of one call add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    pub call: Call,
    pub conditions: &'static [Condition],
}

const fn any(call: Call) -> Allowed {
    Allowed { call, conditions: &[] }
}

const fn when(call: Call, conditions: &'static [Condition]) -> Allowed {
    Allowed { call, conditions }
}

use Condition::{Null, OneOf, OwnProcess};

const STDERR: u32 = 2;
const SIGILL: u32 = 4;
const SIGBUS: u32 = 7;
const SIGFPE: u32 = 8;
const SIGSEGV: u32 = 11;
const PROT_NONE: u32 = 0;
const PROT_READ_WRITE: u32 = 3;
const MAP_PRIVATE_ANONYMOUS_NORESERVE: u32 = 0x4022;
const MREMAP_MAYMOVE: u32 = 1;
const F_GETFL: u32 = 3;
const F_SETFL: u32 = 4;
const SOL_SOCKET: u32 = 1;
const FIONREAD: u32 = 0x541b;

/// What every program needs: its end, its report, and handlers of signals, which may have been sent by other processes
/// (then the signal is raised again). `RestartSyscall` is the kernel's own, after SIGSTOP and SIGCONT.
pub const CORE: &[Allowed] = &[
    any(Call::ExitGroup),
    when(Call::Write, &[OneOf(0, &[STDERR])]),
    any(Call::RtSigreturn),
    when(Call::RtSigaction, &[OneOf(0, &[SIGILL, SIGBUS, SIGFPE, SIGSEGV])]),
    any(Call::Getpid),
    any(Call::Gettid),
    when(Call::Tgkill, &[OwnProcess(0)]),
    any(Call::RestartSyscall),
];

/// What growing a memory or a table inside its reservation needs. Nothing ever becomes executable.
pub const GROWTH: &[Allowed] = &[when(Call::Mprotect, &[OneOf(2, &[PROT_READ_WRITE])])];

const MAP: Allowed = when(Call::Mmap, &[OneOf(2, &[PROT_READ_WRITE]), OneOf(3, &[MAP_PRIVATE_ANONYMOUS_NORESERVE])]);

/// What growing a memory with explicit bounds needs, which is a mapping of its own.
pub const GROWTH_BY_MAPPING: &[Allowed] = &[MAP, when(Call::Mremap, &[OneOf(3, &[MREMAP_MAYMOVE])])];

/// What throwing needs: a place for exceptions.
pub const EXCEPTIONS: &[Allowed] = &[MAP];

const SIG_SETMASK: u32 = 2;
const FUTEX_WAIT_PRIVATE: u32 = 128;
const FUTEX_WAKE_PRIVATE: u32 = 1 | 128;
const FUTEX_WAIT_BITSET_PRIVATE: u32 = 9 | 128;

/// What waiting in a shared memory needs. (The clock is nearly always answered by the vDSO.)
pub const WAITING: &[Allowed] = &[
    when(Call::Futex, &[OneOf(1, &[FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE, FUTEX_WAIT_BITSET_PRIVATE])]),
    any(Call::ClockGettime),
];

/// Flags of `clone` for a thread of this process: it shares everything. Filters let through no other use of that call.
pub const CLONE_THREAD: u32 = 0x100 // CLONE_VM
    | 0x200 // CLONE_FS
    | 0x400 // CLONE_FILES
    | 0x800 // CLONE_SIGHAND
    | 0x1_0000 // CLONE_THREAD
    | 0x4_0000 // CLONE_SYSVSEM
    | 0x8_0000; // CLONE_SETTLS

/// Starting and ending threads: their stacks, and the program's end while others run.
const THREADS: &[Allowed] = &[
    when(Call::Clone, &[OneOf(0, &[CLONE_THREAD])]),
    when(Call::Mmap, &[OneOf(2, &[PROT_NONE, PROT_READ_WRITE]), OneOf(3, &[MAP_PRIVATE_ANONYMOUS_NORESERVE])]),
    when(Call::Mprotect, &[OneOf(2, &[PROT_READ_WRITE])]),
    any(Call::Munmap),
    any(Call::Sigaltstack),
    when(Call::RtSigprocmask, &[OneOf(0, &[SIG_SETMASK])]),
    any(Call::Exit),
];

/// Looking at a descriptor's kind and flags.
const DESCRIBE: &[Allowed] =
    &[any(Call::Fstat), when(Call::Fcntl, &[OneOf(1, &[F_GETFL])]), when(Call::Getsockopt, &[OneOf(1, &[SOL_SOCKET])])];

const IS_SOCKET: &[Allowed] = &[when(Call::Getsockopt, &[OneOf(1, &[SOL_SOCKET])])];

/// Waiting. Many descriptors need memory for a list of them.
const POLL: &[Allowed] =
    &[any(Call::Ppoll), any(Call::ClockGettime), when(Call::Ioctl, &[OneOf(1, &[FIONREAD])]), MAP, any(Call::Munmap)];

/// Resolving a path, with `openat2` or step by step.
const RESOLVE: &[Allowed] = &[
    any(Call::Openat2),
    any(Call::Openat),
    any(Call::Readlinkat),
    any(Call::Newfstatat),
    any(Call::Fstat),
    any(Call::Close),
];

/// What each WASI function needs: several lists, to be added up. In the order of
/// [`wasi::FUNCTIONS`](crate::wasi::FUNCTIONS).
#[rustfmt::skip]
const WASI: &[(&str, &[&[Allowed]])] = &[
    ("args_get",                &[]),
    ("args_sizes_get",          &[]),
    ("environ_get",             &[]),
    ("environ_sizes_get",       &[]),
    // Nearly always answered by the vDSO, which makes the system call where it cannot.
    ("clock_res_get",           &[&[any(Call::ClockGetres)]]),
    ("clock_time_get",          &[&[any(Call::ClockGettime)]]),
    ("fd_advise",               &[&[any(Call::Fadvise64)]]),
    ("fd_allocate",             &[&[any(Call::Fallocate)]]),
    ("fd_close",                &[&[any(Call::Close)]]),
    ("fd_datasync",             &[&[any(Call::Fdatasync)]]),
    ("fd_fdstat_get",           &[DESCRIBE]),
    ("fd_fdstat_set_flags",     &[&[when(Call::Fcntl, &[OneOf(1, &[F_GETFL, F_SETFL])])]]),
    ("fd_fdstat_set_rights",    &[DESCRIBE]),
    ("fd_filestat_get",         &[DESCRIBE]),
    ("fd_filestat_set_size",    &[&[any(Call::Ftruncate)]]),
    ("fd_filestat_set_times",   &[&[when(Call::Utimensat, &[Null(1)])]]),
    ("fd_pread",                &[&[any(Call::Preadv)]]),
    ("fd_prestat_get",          &[]),
    ("fd_prestat_dir_name",     &[]),
    ("fd_pwrite",               &[&[any(Call::Pwritev)]]),
    ("fd_read",                 &[&[any(Call::Readv)]]),
    ("fd_readdir",              &[&[any(Call::Getdents64), any(Call::Lseek)]]),
    ("fd_renumber",             &[&[any(Call::Close)]]),
    ("fd_seek",                 &[&[any(Call::Lseek)]]),
    ("fd_sync",                 &[&[any(Call::Fsync)]]),
    ("fd_tell",                 &[&[any(Call::Lseek)]]),
    ("fd_write",                &[&[any(Call::Writev)]]),
    ("path_create_directory",   &[RESOLVE, &[any(Call::Mkdirat)]]),
    ("path_filestat_get",       &[RESOLVE]),
    ("path_filestat_set_times", &[RESOLVE, &[any(Call::Utimensat)]]),
    ("path_link",               &[RESOLVE, &[any(Call::Linkat)]]),
    ("path_open",               &[RESOLVE]),
    ("path_readlink",           &[RESOLVE]),
    ("path_remove_directory",   &[RESOLVE, &[any(Call::Unlinkat)]]),
    ("path_rename",             &[RESOLVE, &[any(Call::Renameat), any(Call::Renameat2)]]),
    ("path_symlink",            &[RESOLVE, &[any(Call::Symlinkat)]]),
    ("path_unlink_file",        &[RESOLVE, &[any(Call::Unlinkat)]]),
    ("poll_oneoff",             &[POLL]),
    ("proc_exit",               &[]),
    // To this process only, which [`CORE`] allows.
    ("proc_raise",              &[]),
    ("sched_yield",             &[&[any(Call::SchedYield)]]),
    ("random_get",              &[&[any(Call::Getrandom)]]),
    // `fd_write` sends to what it accepts, so that a connection which is gone gives no signal.
    ("sock_accept",             &[&[any(Call::Accept4), any(Call::Sendmsg), any(Call::Close)], IS_SOCKET]),
    ("sock_recv",               &[&[any(Call::Recvmsg)], IS_SOCKET]),
    ("sock_send",               &[&[any(Call::Sendmsg)], IS_SOCKET]),
    ("sock_shutdown",           &[&[any(Call::Shutdown)], IS_SOCKET]),
    ("unstable_fd_seek",           &[&[any(Call::Lseek)]]),
    ("unstable_fd_filestat_get",   &[DESCRIBE]),
    ("unstable_path_filestat_get", &[RESOLVE]),
    ("unstable_poll_oneoff",       &[POLL]),
    ("thread_spawn",               &[THREADS, WAITING]),
];

/// What a WASI function needs, by its place in [`wasi::FUNCTIONS`](crate::wasi::FUNCTIONS).
pub fn wasi(function: usize) -> impl Iterator<Item = Allowed> {
    let lists = WASI.get(function).map_or(&[][..], |(_, lists)| lists);
    lists.iter().flat_map(|list| list.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wasi_function_has_a_row() {
        assert!(crate::wasi::FUNCTIONS.iter().map(|function| function.name).eq(WASI.iter().map(|(name, _)| *name)));
    }

    #[test]
    fn no_two_calls_have_one_number() {
        for (index, one) in Call::ALL.iter().enumerate() {
            for other in &Call::ALL[..index] {
                assert_ne!(one.numbers().x86_64, other.numbers().x86_64, "{one:?} {other:?}");
                assert_ne!(one.numbers().aarch64, other.numbers().aarch64, "{one:?} {other:?}");
            }
        }
    }
}
