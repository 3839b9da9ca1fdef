//! System calls, typed. The only file that makes any.
//!
//! A thin layer over rustix (its `linux_raw` backend: no libc, no errno variable); what rustix keeps to itself, because
//! programs with a libc must not use it, goes through [`arch::raw_syscall`].
//!
//! Calls that a signal may interrupt are retried here, so that nobody else knows of `EINTR`.

use core::ffi::{CStr, c_void};
use core::mem::MaybeUninit;
use core::net::SocketAddr;
use core::num::NonZeroU32;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rustix::fd::{AsRawFd as _, BorrowedFd, IntoRawFd as _, OwnedFd};
pub use rustix::fs::{Advice, FileType, OFlags as OpenFlags, SeekFrom, Stat, Timespec, Timestamps};
use rustix::fs::{AtFlags, Mode, RawDir, ResolveFlags};
pub use rustix::io::Errno;
use rustix::mm::{MapFlags, MprotectFlags, MremapFlags, ProtFlags};
pub use rustix::net::Shutdown;
use rustix::thread::futex;
pub use rustix::time::ClockId;
use wasmc_abi::harden::Instruction;

use crate::arch::{self, SignalAction, SignalHandler, number};
use crate::process;

pub type Result<T> = core::result::Result<T, Errno>;

/// `O_DSYNC`, the same on all architectures. rustix' `OFlags::DSYNC` is `O_SYNC`, which includes this bit.
pub const O_DSYNC: OpenFlags = OpenFlags::from_bits_retain(0x1000);

/// A native scatter/gather element.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IoVec {
    pub base: *mut u8,
    pub length: usize,
}

/// Bytes of a path that the kernel takes, with its NUL (`PATH_MAX`).
pub const MAX_PATH: usize = 4096;

/// Most elements that the kernel takes in one call (`UIO_MAXIOV`).
pub const MAX_IOVECS: usize = 1024;

// --- Address space --------------------------------------------------------------------------------------

/// Reserves exactly `[base, base + bytes)`, which must be unused: private, anonymous, no access.
pub fn reserve_at(base: u64, bytes: u64) -> Result<()> {
    let flags = MapFlags::PRIVATE | MapFlags::FIXED_NOREPLACE | MapFlags::NORESERVE;
    // SAFETY: nothing that exists is replaced.
    let got = unsafe { rustix::mm::mmap_anonymous(base as *mut c_void, bytes as usize, ProtFlags::empty(), flags)? };
    if got as u64 == base {
        return Ok(());
    }
    // Kernels before 4.17 take the address as a hint.
    unmap(got as u64, bytes);
    Err(Errno::EXIST)
}

/// Maps `bytes` zero bytes wherever there is room: readable and writable, or reserved only.
pub fn map_anywhere(bytes: u64, accessible: bool) -> Result<u64> {
    let protection = if accessible { ProtFlags::READ | ProtFlags::WRITE } else { ProtFlags::empty() };
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
    // SAFETY: a mapping at a place of the kernel's choice.
    let got = unsafe { rustix::mm::mmap_anonymous(core::ptr::null_mut(), bytes as usize, protection, flags)? };
    Ok(got as u64)
}

/// Reserves `bytes` at a multiple of `align`, a power of two.
#[cfg(feature = "library")]
pub fn map_aligned(bytes: u64, align: u64) -> Result<u64> {
    let whole = bytes.checked_add(align).ok_or(Errno::NOMEM)?;
    let got = map_anywhere(whole, false)?;
    let base = got.next_multiple_of(align);
    for (from, to) in [(got, base), (base + bytes, got + whole)] {
        if from < to {
            unmap(from, to - from);
        }
    }
    Ok(base)
}

/// Makes pages readable and writable.
///
/// # Safety
///
/// The pages must be ours, and nothing may rely on them being protected.
pub unsafe fn make_accessible(base: u64, bytes: u64) -> Result<()> {
    // SAFETY: by the caller.
    unsafe { rustix::mm::mprotect(base as *mut c_void, bytes as usize, MprotectFlags::READ | MprotectFlags::WRITE) }
}

/// Makes pages read-only.
///
/// # Safety
///
/// The pages must be ours, and nobody may write to them later.
pub unsafe fn make_read_only(base: u64, bytes: u64) -> Result<()> {
    // SAFETY: by the caller.
    unsafe { rustix::mm::mprotect(base as *mut c_void, bytes as usize, MprotectFlags::READ) }
}

/// Maps a file over pages, readable and writable, so that what is written there is in the file.
///
/// # Safety
///
/// The pages must be ours; pointers to what was there are dead. Whoever cuts the file makes accesses fault.
pub unsafe fn map_file_over(base: u64, bytes: u64, fd: i32) -> Result<()> {
    let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED | MapFlags::FIXED);
    // SAFETY: by the caller.
    unsafe { rustix::mm::mmap(base as *mut c_void, bytes as usize, protection, flags, borrow(fd), 0)? };
    Ok(())
}

/// Moves pages to `to`, where they replace what is mapped.
///
/// # Safety
///
/// Both ranges must be ours; pointers to the old pages and into what is replaced are dead.
pub unsafe fn move_pages(from: u64, bytes: u64, to: u64) -> Result<()> {
    let bytes = bytes as usize;
    // SAFETY: by the caller.
    unsafe {
        rustix::mm::mremap_fixed(from as *mut c_void, bytes, bytes, MremapFlags::MAYMOVE, to as *mut c_void)?;
    }
    Ok(())
}

/// Changes the size of a mapping, moving it if it must; gives its new address.
///
/// # Safety
///
/// The mapping must be ours; pointers into it are dead.
pub unsafe fn resize_mapping(base: u64, old_bytes: u64, new_bytes: u64) -> Result<u64> {
    // SAFETY: by the caller.
    let got = unsafe {
        rustix::mm::mremap(base as *mut c_void, old_bytes as usize, new_bytes as usize, MremapFlags::MAYMOVE)?
    };
    Ok(got as u64)
}

/// Unmaps what was just mapped, and nobody knows.
fn unmap(base: u64, bytes: u64) {
    // SAFETY: as above.
    unsafe { unmap_pages(base, bytes) }
}

/// Unmaps pages. A failure leaks them, which does no harm.
///
/// # Safety
///
/// The pages must be ours; pointers into them are dead.
pub unsafe fn unmap_pages(base: u64, bytes: u64) {
    // SAFETY: by the caller.
    let _ = unsafe { rustix::mm::munmap(base as *mut c_void, bytes as usize) };
}

// --- Signals --------------------------------------------------------------------------------------------

/// The set with one signal.
pub const fn signal_set(signal: i32) -> u64 {
    1 << (signal - 1)
}

const SIGNAL_SET_BYTES: usize = 8;
const SIG_UNBLOCK: usize = 1;
const SIG_SETMASK: usize = 2;

fn check(result: isize) -> Result<()> {
    // The kernel gives no other numbers. That is said, or a panic would be compiled for each caller.
    if result < 0 { Err(Errno::from_raw_os_error(result.wrapping_neg().clamp(1, 4095) as i32)) } else { Ok(()) }
}

/// Installs a handler for a signal; `mask` is blocked while it runs.
///
/// # Safety
///
/// The handler must be fit to run at any instruction.
pub unsafe fn handle_signal(signal: i32, handler: SignalHandler, mask: u64) -> Result<()> {
    set_action(signal, &SignalAction::new(handler, mask))
}

/// What is done with a signal.
#[cfg(feature = "library")]
pub fn signal_action(signal: i32) -> Result<SignalAction> {
    let mut action = SignalAction::DEFAULT;
    let place = &raw mut action as usize;
    // SAFETY: the structure is the kernel's; it is only written.
    check(unsafe { arch::raw_syscall(number::RT_SIGACTION, [signal as usize, 0, place, SIGNAL_SET_BYTES]) })?;
    Ok(action)
}

/// Installs a handler that runs in place of another one: with what that wants to be blocked.
///
/// # Safety
///
/// As for [`handle_signal`].
#[cfg(feature = "library")]
pub unsafe fn handle_signal_instead(signal: i32, handler: SignalHandler, before: &SignalAction) -> Result<()> {
    set_action(signal, &before.replaced_by(handler))
}

/// Restores what the kernel does with a signal that nobody handles.
pub fn default_signal(signal: i32) -> Result<()> {
    set_action(signal, &SignalAction::DEFAULT)
}

fn set_action(signal: i32, action: &SignalAction) -> Result<()> {
    let action = &raw const *action as usize;
    // SAFETY: the structure is the kernel's; it is only read.
    check(unsafe { arch::raw_syscall(number::RT_SIGACTION, [signal as usize, action, 0, SIGNAL_SET_BYTES]) })
}

/// Unblocks signals: the mask that a process starts with is its parent's.
pub fn unblock_signals(set: u64) -> Result<()> {
    let set = &raw const set as usize;
    // SAFETY: the set is only read.
    check(unsafe { arch::raw_syscall(number::RT_SIGPROCMASK, [SIG_UNBLOCK, set, 0, SIGNAL_SET_BYTES]) })
}

/// `stack_t`.
#[repr(C)]
struct SignalStack {
    base: u64,
    flags: i32,
    bytes: u64,
}

/// Makes `[base, base + bytes)` the stack on which handlers run.
///
/// # Safety
///
/// Nothing else may use that memory while a handler runs.
pub unsafe fn set_signal_stack(base: u64, bytes: u64) -> Result<()> {
    let stack = SignalStack { base, flags: 0, bytes };
    // SAFETY: the structure is only read; what it says, by the caller.
    check(unsafe { arch::raw_syscall(number::SIGALTSTACK, [&raw const stack as usize, 0, 0, 0]) })
}

/// Sends a signal to this thread.
pub fn raise(signal: i32) -> Result<()> {
    let process = process_number() as usize;
    let thread = rustix::thread::gettid().as_raw_nonzero().get() as usize;
    // SAFETY: no pointers.
    check(unsafe { arch::raw_syscall(number::TGKILL, [process, thread, signal as usize, 0]) })
}

// --- Process --------------------------------------------------------------------------------------------

/// Sleeps while a word has a value: at most, since it may wake up for no reason.
pub fn futex_wait(word: &AtomicU32, value: u32) {
    let _ = futex::wait(word, futex::Flags::PRIVATE, value, None);
}

/// [`futex_wait`] until a time of the monotonic clock, when it gives `TIMEDOUT`.
pub fn futex_wait_until(word: &AtomicU32, value: u32, deadline: Option<&Timespec>) -> Result<()> {
    futex::wait_bitset(word, futex::Flags::PRIVATE, value, deadline, NonZeroU32::MAX)
}

/// Wakes so many of those who sleep at a word.
pub fn futex_wake(word: &AtomicU32, count: u32) {
    let _ = futex::wake(word, futex::Flags::PRIVATE, count);
}

/// Wakes one who sleeps at a word, which may be gone by now.
pub fn futex_wake_address(word: *const AtomicU32) {
    const FUTEX_WAKE_PRIVATE: usize = 1 | 128;
    // SAFETY: for futexes of one process the kernel uses the address as a number; it does not look there.
    unsafe { arch::raw_syscall(number::FUTEX, [word as usize, FUTEX_WAKE_PRIVATE, 1, 0]) };
}

/// Sleeps until the process ends.
pub fn sleep_forever() -> ! {
    let word = AtomicU32::new(0);
    loop {
        futex_wait(&word, 0);
    }
}

/// Blocks all signals that can be blocked, in this thread.
pub fn block_signals() {
    let set = u64::MAX;
    // SAFETY: the set is only read.
    let _ = unsafe { arch::raw_syscall(number::RT_SIGPROCMASK, [SIG_SETMASK, &raw const set as usize, 0, 8]) };
}

/// Ends the process; Linux keeps the low 8 bits of the status.
pub fn exit(status: i32) -> ! {
    loop {
        // SAFETY: no pointers; does not return.
        unsafe { arch::raw_syscall(number::EXIT_GROUP, [status as usize, 0, 0, 0]) };
    }
}

/// The number of the process.
pub fn process_number() -> u32 {
    rustix::process::getpid().as_raw_nonzero().get() as u32
}

pub fn yield_now() {
    rustix::thread::sched_yield();
}

/// Fills part of a buffer with random bytes; gives how many.
///
/// # Safety
///
/// `buffer` must be valid for writes of `bytes` bytes.
pub unsafe fn random(buffer: *mut u8, bytes: usize) -> Result<usize> {
    // SAFETY: by the caller; the kernel only writes.
    let buffer = unsafe { core::slice::from_raw_parts_mut(buffer.cast::<core::mem::MaybeUninit<u8>>(), bytes) };
    retry(|| {
        rustix::rand::getrandom(&mut *buffer, rustix::rand::GetRandomFlags::empty()).map(|(filled, _)| filled.len())
    })
}

/// The time of a clock, through the vDSO where that answers: 30 ns instead of 220 ns.
pub fn clock_time(clock: ClockId) -> Result<Timespec> {
    static READY: AtomicBool = AtomicBool::new(false);
    let environment = process::environment();
    // It is null in tests. (There is one thread when this is called first: see `thread::spawn`; in libraries one that
    // makes an instance, and no other has one yet.)
    if !environment.is_null() && !READY.swap(true, Ordering::Relaxed) {
        // SAFETY: the environment, and behind it the auxiliary vector, as the kernel laid them out.
        unsafe { rustix::param::init(environment.cast_mut().cast()) };
    }
    // The fallible form: the other one panics where a sandbox forbids a clock.
    rustix::time::clock_gettime_dynamic(rustix::time::DynamicClockId::Known(clock))
}

pub fn clock_resolution(clock: ClockId) -> Timespec {
    rustix::time::clock_getres(clock)
}

// --- Giving up rights -----------------------------------------------------------------------------------

/// From now on nothing that the process executes has more rights than it has itself.
pub fn forbid_new_privileges() -> Result<()> {
    rustix::thread::set_no_new_privs(true)
}

/// Installs a seccomp filter.
pub fn install_filter(instructions: &[Instruction]) -> Result<()> {
    const SECCOMP_SET_MODE_FILTER: usize = 1;
    const SECCOMP_FILTER_FLAG_SPEC_ALLOW: usize = 4;

    /// `struct sock_fprog`.
    #[repr(C)]
    struct FilterProgram {
        count: u16,
        instructions: *const Instruction,
    }
    let program = FilterProgram { count: instructions.len() as u16, instructions: instructions.as_ptr() };
    let install = |flags| {
        let program = &raw const program as usize;
        // SAFETY: the structure and what it points to are only read.
        check(unsafe { arch::raw_syscall(number::SECCOMP, [SECCOMP_SET_MODE_FILTER, flags, program, 0]) })
    };
    // Without the flag, kernels before 5.16 turn speculative store bypass off, which slows everything down.
    match install(SECCOMP_FILTER_FLAG_SPEC_ALLOW) {
        // Kernels before 4.17 do not know it.
        Err(Errno::INVAL) => install(0),
        result => result,
    }
}

/// What Landlock shall restrict: `struct landlock_ruleset_attr`. Kernels that know less of it want the rest to be zero.
#[repr(C)]
pub struct LandlockRuleset {
    pub files: u64,
    pub network: u64,
    pub scopes: u64,
}

// These have the same numbers on all architectures.
const LANDLOCK_CREATE_RULESET: usize = 444;
const LANDLOCK_ADD_RULE: usize = 445;
const LANDLOCK_RESTRICT_SELF: usize = 446;

/// The version of Landlock, from 1 on; 0 if there is none.
pub fn landlock_version() -> u32 {
    const LANDLOCK_CREATE_RULESET_VERSION: usize = 1;
    // SAFETY: no pointers.
    let version = unsafe { arch::raw_syscall(LANDLOCK_CREATE_RULESET, [0, 0, LANDLOCK_CREATE_RULESET_VERSION, 0]) };
    u32::try_from(version).unwrap_or(0)
}

/// A descriptor of a new set of rules, which allows nothing of what it restricts.
pub fn landlock_ruleset(ruleset: &LandlockRuleset) -> Result<i32> {
    let arguments = [&raw const *ruleset as usize, size_of::<LandlockRuleset>(), 0, 0];
    // SAFETY: the structure is only read.
    let result = unsafe { arch::raw_syscall(LANDLOCK_CREATE_RULESET, arguments) };
    check(result)?;
    Ok(result as i32)
}

/// Allows `rights` beneath a directory.
pub fn landlock_allow(ruleset: i32, directory: i32, rights: u64) -> Result<()> {
    const LANDLOCK_RULE_PATH_BENEATH: usize = 1;

    #[repr(C, packed)]
    struct PathBeneath {
        rights: u64,
        directory: i32,
    }
    let rule = PathBeneath { rights, directory };
    let arguments = [ruleset as usize, LANDLOCK_RULE_PATH_BENEATH, &raw const rule as usize, 0];
    // SAFETY: the structure is only read.
    check(unsafe { arch::raw_syscall(LANDLOCK_ADD_RULE, arguments) })
}

/// Puts the rules in force.
pub fn landlock_restrict(ruleset: i32) -> Result<()> {
    // SAFETY: no pointers.
    check(unsafe { arch::raw_syscall(LANDLOCK_RESTRICT_SELF, [ruleset as usize, 0, 0, 0]) })
}

// --- Files ----------------------------------------------------------------------------------------------

fn retry<T>(mut call: impl FnMut() -> Result<T>) -> Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => continue,
            result => return result,
        }
    }
}

/// A descriptor as rustix wants it.
fn borrow(fd: i32) -> BorrowedFd<'static> {
    // Without the sign no number is -1, for which there would be a panic; none is an open descriptor that was not.
    // SAFETY: a number that is no open descriptor makes the kernel say EBADF, which callers handle.
    unsafe { BorrowedFd::borrow_raw(fd & i32::MAX) }
}

pub fn write(fd: i32, bytes: &[u8]) -> Result<usize> {
    retry(|| rustix::io::write(borrow(fd), bytes))
}

/// Writes all of `bytes`; gives up at the first error.
pub fn write_all(fd: i32, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match write(fd, bytes) {
            Ok(written) if written > 0 && written <= bytes.len() => bytes = &bytes[written..],
            _ => return,
        }
    }
}

/// # Safety
///
/// Each element must be valid for reads.
pub unsafe fn writev(fd: i32, vectors: &[IoVec]) -> Result<usize> {
    // SAFETY: the layouts are the same; by the caller.
    let vectors = unsafe { core::slice::from_raw_parts(vectors.as_ptr().cast(), vectors.len()) };
    retry(|| rustix::io::writev(borrow(fd), vectors))
}

/// # Safety
///
/// Each element must be valid for writes; elements may overlap, which the kernel does not mind.
pub unsafe fn readv(fd: i32, vectors: &mut [IoVec]) -> Result<usize> {
    // SAFETY: as above.
    let vectors = unsafe { core::slice::from_raw_parts_mut(vectors.as_mut_ptr().cast(), vectors.len()) };
    retry(|| rustix::io::readv(borrow(fd), vectors))
}

/// # Safety
///
/// As for [`writev`].
pub unsafe fn pwritev(fd: i32, vectors: &[IoVec], offset: u64) -> Result<usize> {
    // SAFETY: as above.
    let vectors = unsafe { core::slice::from_raw_parts(vectors.as_ptr().cast(), vectors.len()) };
    retry(|| rustix::io::pwritev(borrow(fd), vectors, offset))
}

/// # Safety
///
/// As for [`readv`].
pub unsafe fn preadv(fd: i32, vectors: &mut [IoVec], offset: u64) -> Result<usize> {
    // SAFETY: as above.
    let vectors = unsafe { core::slice::from_raw_parts_mut(vectors.as_mut_ptr().cast(), vectors.len()) };
    retry(|| rustix::io::preadv(borrow(fd), vectors, offset))
}

pub fn seek(fd: i32, to: SeekFrom) -> Result<u64> {
    rustix::fs::seek(borrow(fd), to)
}

pub fn stat(fd: i32) -> Result<Stat> {
    rustix::fs::fstat(borrow(fd))
}

pub fn open_flags(fd: i32) -> Result<OpenFlags> {
    rustix::fs::fcntl_getfl(borrow(fd))
}

pub fn set_open_flags(fd: i32, flags: OpenFlags) -> Result<()> {
    rustix::fs::fcntl_setfl(borrow(fd), flags)
}

/// Whether a socket is one of datagrams.
pub fn is_datagram_socket(fd: i32) -> bool {
    rustix::net::sockopt::socket_type(borrow(fd)) == Ok(rustix::net::SocketType::DGRAM)
}

pub fn is_socket(fd: i32) -> bool {
    rustix::net::sockopt::socket_type(borrow(fd)).is_ok()
}

/// Whether a socket listens.
pub fn is_listening(fd: i32) -> Result<bool> {
    rustix::net::sockopt::socket_acceptconn(borrow(fd))
}

pub fn set_size(fd: i32, bytes: u64) -> Result<()> {
    retry(|| rustix::fs::ftruncate(borrow(fd), bytes))
}

pub fn set_times(fd: i32, times: &Timestamps) -> Result<()> {
    rustix::fs::futimens(borrow(fd), times)
}

pub fn allocate(fd: i32, offset: u64, bytes: u64) -> Result<()> {
    retry(|| rustix::fs::fallocate(borrow(fd), rustix::fs::FallocateFlags::empty(), offset, bytes))
}

pub fn advise(fd: i32, offset: u64, bytes: u64, advice: Advice) -> Result<()> {
    rustix::fs::fadvise(borrow(fd), offset, core::num::NonZeroU64::new(bytes), advice)
}

pub fn sync(fd: i32) -> Result<()> {
    retry(|| rustix::fs::fsync(borrow(fd)))
}

pub fn sync_data(fd: i32) -> Result<()> {
    retry(|| rustix::fs::fdatasync(borrow(fd)))
}

pub fn close(fd: i32) {
    // SAFETY: the caller forgets the descriptor. Linux closes it whatever the result.
    unsafe { rustix::io::close(fd) };
}

/// Reads the start of a file of the host's, as much as there is room for; gives the number of bytes.
#[cfg(feature = "library")]
pub fn read_file(path: &CStr, buffer: &mut [u8]) -> Result<usize> {
    let flags = OpenFlags::RDONLY | OpenFlags::CLOEXEC;
    let file = retry(|| rustix::fs::openat(rustix::fs::CWD, path, flags, Mode::empty()))?;
    let mut length = 0;
    while let Some(room @ [_, ..]) = buffer.get_mut(length..) {
        match retry(|| rustix::io::read(&file, &mut *room))? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

/// Whether a descriptor is open.
pub fn is_open(fd: i32) -> bool {
    rustix::io::fcntl_getfd(borrow(fd)).is_ok()
}

// --- Paths ----------------------------------------------------------------------------------------------
//
// Names given to functions that end in `_at` must be single components; none of these functions follows a link there,
// unless it says so.

/// A path of the host's as the kernel wants it.
pub fn path<'a>(bytes: &[u8], buffer: &'a mut [u8; MAX_PATH + 1]) -> Result<&'a CStr> {
    match buffer.get_mut(..bytes.len()) {
        Some(room) if bytes.len() < MAX_PATH => room.copy_from_slice(bytes),
        _ => return Err(Errno::NAMETOOLONG),
    }
    if let Some(end) = buffer.get_mut(bytes.len()) {
        *end = 0;
    }
    CStr::from_bytes_until_nul(buffer).map_err(|_| Errno::INVAL)
}

/// What the caller keeps of a descriptor that was just opened. In a library it is none of the standard streams, which
/// are the host's, even while it has closed them: what it opens itself later could be taken for ours.
fn keep(fd: OwnedFd) -> Result<i32> {
    const FIRST: i32 = 3;
    if cfg!(feature = "library") && fd.as_raw_fd() < FIRST {
        return rustix::io::fcntl_dupfd_cloexec(&fd, FIRST).map(OwnedFd::into_raw_fd);
    }
    Ok(fd.into_raw_fd())
}

/// Opens a directory of the host's, by a path that the user gave: links are followed, whereever they lead.
pub fn open_directory(path: &CStr) -> Result<i32> {
    let flags = OpenFlags::DIRECTORY | OpenFlags::CLOEXEC;
    let opened = retry(|| rustix::fs::openat(rustix::fs::CWD, path, flags, Mode::empty()));
    // A directory that may be gone through, but not listed.
    let opened = match opened {
        Err(Errno::ACCESS) => rustix::fs::openat(rustix::fs::CWD, path, flags | OpenFlags::PATH, Mode::empty()),
        opened => opened,
    };
    opened.and_then(keep)
}

/// Opens a file of the host's for reading and writing, by a path that the user gave, or makes it.
pub fn open_or_make(path: &CStr) -> Result<i32> {
    let flags = OpenFlags::RDWR | OpenFlags::CREATE | OpenFlags::CLOEXEC | OpenFlags::NOCTTY | OpenFlags::NONBLOCK;
    retry(|| rustix::fs::openat(rustix::fs::CWD, path, flags, mode(flags))).map(|fd| fd.into_raw_fd())
}

/// Waits until no other process has the file locked, and locks it until it is closed. Not all file systems can.
pub fn lock(fd: i32) -> Result<()> {
    retry(|| rustix::fs::flock(borrow(fd), rustix::fs::FlockOperation::LockExclusive))
}

/// The permissions of what is created, before the process's mask.
fn mode(flags: OpenFlags) -> Mode {
    if flags.contains(OpenFlags::CREATE) { Mode::from_raw_mode(0o666) } else { Mode::empty() }
}

/// Opens a path that must stay beneath a directory, or `XDEV`.
pub fn open_beneath(directory: i32, path: &CStr, flags: OpenFlags) -> Result<i32> {
    /// `openat2` asks to try again if something was renamed while it followed a `..`.
    const TRIES: u32 = 256;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let mut tries = 0;
    loop {
        match rustix::fs::openat2(borrow(directory), path, flags, mode(flags), resolve) {
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) if tries < TRIES => tries += 1,
            result => return result.and_then(keep),
        }
    }
}

/// Whether [`open_beneath`] can be used.
pub fn has_openat2() -> bool {
    let flags = OpenFlags::PATH | OpenFlags::CLOEXEC;
    match rustix::fs::openat2(rustix::fs::CWD, c".", flags, Mode::empty(), ResolveFlags::BENEATH) {
        // Sandboxes that do not know the call forbid it.
        Err(Errno::NOSYS | Errno::PERM) => false,
        _ => true,
    }
}

/// Opens a name. Follows a link unless the flags say otherwise.
pub fn open_at(directory: i32, name: &CStr, flags: OpenFlags) -> Result<i32> {
    retry(|| rustix::fs::openat(borrow(directory), name, flags, mode(flags))).and_then(keep)
}

pub fn stat_at(directory: i32, name: &CStr) -> Result<Stat> {
    rustix::fs::statat(borrow(directory), name, AtFlags::SYMLINK_NOFOLLOW)
}

/// The target of a link, as much of it as there is room for.
pub fn read_link<'a>(directory: i32, name: &CStr, buffer: &'a mut [u8; MAX_PATH]) -> Result<&'a [u8]> {
    let length = rustix::fs::readlinkat_raw(borrow(directory), name, &mut buffer[..])?;
    Ok(buffer.get(..length).unwrap_or(&[]))
}

pub fn set_times_at(directory: i32, name: &CStr, times: &Timestamps) -> Result<()> {
    rustix::fs::utimensat(borrow(directory), name, times, AtFlags::SYMLINK_NOFOLLOW)
}

pub fn create_directory_at(directory: i32, name: &CStr) -> Result<()> {
    rustix::fs::mkdirat(borrow(directory), name, Mode::from_raw_mode(0o777))
}

pub fn remove_directory_at(directory: i32, name: &CStr) -> Result<()> {
    rustix::fs::unlinkat(borrow(directory), name, AtFlags::REMOVEDIR)
}

pub fn unlink_at(directory: i32, name: &CStr) -> Result<()> {
    rustix::fs::unlinkat(borrow(directory), name, AtFlags::empty())
}

pub fn rename_at(from: i32, from_name: &CStr, to: i32, to_name: &CStr) -> Result<()> {
    rustix::fs::renameat(borrow(from), from_name, borrow(to), to_name)
}

pub fn link_at(from: i32, from_name: &CStr, to: i32, to_name: &CStr) -> Result<()> {
    rustix::fs::linkat(borrow(from), from_name, borrow(to), to_name, AtFlags::empty())
}

pub fn symlink_at(target: &CStr, directory: i32, name: &CStr) -> Result<()> {
    rustix::fs::symlinkat(target, borrow(directory), name)
}

/// An entry of a directory.
pub struct DirectoryEntry<'a> {
    /// Where the next one is read.
    pub next: u64,
    pub inode: u64,
    pub file_type: FileType,
    pub name: &'a [u8],
}

/// Bytes of entries that are read at a time.
const DIRECTORY_BUFFER: usize = 8 << 10;

/// Visits entries from a place on, until there are none or the visitor has enough (gives `false`).
pub fn read_directory(fd: i32, from: u64, mut visit: impl FnMut(&DirectoryEntry<'_>) -> bool) -> Result<()> {
    seek(fd, SeekFrom::Start(from))?;
    let mut buffer = [MaybeUninit::uninit(); DIRECTORY_BUFFER];
    let mut entries = RawDir::new(borrow(fd), &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let goes_on = visit(&DirectoryEntry {
            next: entry.next_entry_cookie(),
            inode: entry.ino(),
            file_type: entry.file_type(),
            name: entry.file_name().to_bytes(),
        });
        if !goes_on {
            break;
        }
    }
    Ok(())
}

// --- Waiting --------------------------------------------------------------------------------------------

/// `struct pollfd`. A negative descriptor is passed over.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PollFd {
    pub fd: i32,
    pub events: u16,
    pub returned: u16,
}

impl PollFd {
    pub const READ: u16 = 0x1;
    pub const WRITE: u16 = 0x4;
    pub const ERROR: u16 = 0x8;
    pub const HANGUP: u16 = 0x10;
    pub const INVALID: u16 = 0x20;
}

/// Memory that is unmapped again.
pub struct Scratch {
    base: u64,
    bytes: u64,
}

impl Scratch {
    pub fn map(bytes: usize) -> Result<Scratch> {
        let bytes = (bytes as u64).next_multiple_of(process::page_size());
        Ok(Scratch { base: map_anywhere(bytes, true)?, bytes })
    }

    /// The memory as an array, of as many as fit.
    pub fn poll_fds(&mut self, count: usize) -> &mut [PollFd] {
        let count = count.min(self.bytes as usize / size_of::<PollFd>());
        // SAFETY: mapped, zeroed and ours alone; any bytes are a value.
        unsafe { core::slice::from_raw_parts_mut(self.base as *mut PollFd, count) }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        unmap(self.base, self.bytes);
    }
}

/// Waits until a descriptor is ready, or a time has passed, or a signal arrives (`INTR`).
pub fn poll(fds: &mut [PollFd], timeout: Option<Timespec>) -> Result<()> {
    let timeout = timeout.as_ref().map_or(core::ptr::null(), core::ptr::from_ref);
    // SAFETY: the structures are the kernel's; it writes to the first argument only.
    check(unsafe { arch::raw_syscall(number::PPOLL, [fds.as_mut_ptr() as usize, fds.len(), timeout as usize, 0]) })
}

/// Bytes that can be read at once.
pub fn readable_bytes(fd: i32) -> Result<u64> {
    // The kernel's int, which is negative behind the end of a file.
    let bytes = rustix::io::ioctl_fionread(borrow(fd))?;
    Ok(if bytes > i32::MAX as u64 { 0 } else { bytes })
}

// --- Sockets --------------------------------------------------------------------------------------------

/// A socket that listens.
pub fn listen(address: &SocketAddr) -> Result<i32> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt};
    const BACKLOG: i32 = 128;
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    bind(&socket, address)?;
    listen(&socket, BACKLOG)?;
    Ok(socket.into_raw_fd())
}

pub fn accept(fd: i32, nonblocking: bool) -> Result<i32> {
    use rustix::net::SocketFlags;
    let mut flags = SocketFlags::CLOEXEC;
    flags.set(SocketFlags::NONBLOCK, nonblocking);
    retry(|| rustix::net::accept_with(borrow(fd), flags)).and_then(keep)
}

pub fn shutdown(fd: i32, how: Shutdown) -> Result<()> {
    rustix::net::shutdown(borrow(fd), how)
}

/// `struct msghdr`.
#[repr(C)]
struct Message {
    name: usize,
    name_length: u32,
    vectors: *const IoVec,
    vector_count: usize,
    control: usize,
    control_length: usize,
    flags: i32,
}

pub const MSG_PEEK: u32 = 0x2;
pub const MSG_TRUNC: u32 = 0x20;
pub const MSG_WAITALL: u32 = 0x100;
const MSG_NOSIGNAL: u32 = 0x4000;

fn message(number: usize, fd: i32, vectors: &[IoVec], flags: u32) -> Result<(usize, u32)> {
    let (count, vectors) = (vectors.len(), vectors.as_ptr());
    retry(|| {
        let mut message =
            Message { name: 0, name_length: 0, vectors, vector_count: count, control: 0, control_length: 0, flags: 0 };
        let arguments = [fd as usize, &raw mut message as usize, flags as usize, 0];
        // SAFETY: the structure is the kernel's; what the elements are good for, by the callers.
        let result = unsafe { arch::raw_syscall(number, arguments) };
        check(result)?;
        Ok((result as usize, message.flags as u32))
    })
}

/// Sends without a signal if nobody is there to receive.
///
/// # Safety
///
/// As for [`writev`].
pub unsafe fn send(fd: i32, vectors: &[IoVec]) -> Result<usize> {
    Ok(message(number::SENDMSG, fd, vectors, MSG_NOSIGNAL)?.0)
}

/// Receives; gives the flags that the kernel sets, too.
///
/// # Safety
///
/// As for [`readv`].
pub unsafe fn receive(fd: i32, vectors: &mut [IoVec], flags: u32) -> Result<(usize, u32)> {
    message(number::RECVMSG, fd, vectors, flags)
}
