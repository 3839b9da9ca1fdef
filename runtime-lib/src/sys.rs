//! System calls, typed. The only file that makes any.
//!
//! A thin layer over rustix (its `linux_raw` backend: no libc, no errno variable); what rustix keeps to itself, because
//! programs with a libc must not use it, goes through [`arch::raw_syscall`].
//!
//! Calls that a signal may interrupt are retried here, so that nobody else knows of `EINTR`.

use core::ffi::c_void;
use core::sync::atomic::{AtomicBool, Ordering};

use rustix::fd::BorrowedFd;
pub use rustix::fs::{Advice, FileType, OFlags as OpenFlags, SeekFrom, Stat, Timespec, Timestamps};
pub use rustix::io::Errno;
use rustix::mm::{MapFlags, MprotectFlags, MremapFlags, ProtFlags};
pub use rustix::time::ClockId;
use wasmc_abi::harden::Instruction;

use crate::arch::{self, SignalAction, SignalHandler, number};
use crate::process;

pub type Result<T> = core::result::Result<T, Errno>;

/// A native scatter/gather element.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IoVec {
    pub base: *mut u8,
    pub length: usize,
}

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

fn unmap(base: u64, bytes: u64) {
    // SAFETY: called for mappings that were just made and that nobody knows. That it cannot fail for these is all we
    // need: a leak of address space would do no harm.
    let _ = unsafe { rustix::mm::munmap(base as *mut c_void, bytes as usize) };
}

// --- Signals --------------------------------------------------------------------------------------------

/// The set with one signal.
pub const fn signal_set(signal: i32) -> u64 {
    1 << (signal - 1)
}

const SIGNAL_SET_BYTES: usize = 8;
const SIG_UNBLOCK: usize = 1;

fn check(result: isize) -> Result<()> {
    if result < 0 { Err(Errno::from_raw_os_error(-result as i32)) } else { Ok(()) }
}

/// Installs a handler for a signal; `mask` is blocked while it runs.
///
/// # Safety
///
/// The handler must be fit to run at any instruction.
pub unsafe fn handle_signal(signal: i32, handler: SignalHandler, mask: u64) -> Result<()> {
    set_action(signal, &SignalAction::new(handler, mask))
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
    if !READY.swap(true, Ordering::Relaxed) {
        // SAFETY: the environment, and behind it the auxiliary vector, as the kernel laid them out.
        unsafe { rustix::param::init(process::environment().cast_mut().cast()) };
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
    // SAFETY: a number that is no open descriptor makes the kernel say EBADF, which callers handle; -1 is never passed.
    unsafe { BorrowedFd::borrow_raw(fd) }
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
