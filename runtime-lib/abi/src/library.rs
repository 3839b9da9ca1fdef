//! Libraries: what compiled code, the runtime, and the C program around them agree on.
//!
//! An instance is one mapping, its *area*, which begins at a multiple of a power of two that is not smaller than it. So
//! whatever runs on the instance's stack finds the instance from the stack pointer alone; nothing of it is a thread's,
//! and any thread may call it, one at a time.
//!
//! ```text
//!   area → what the runtime knows │ record │ guard │ margin │ largest frame │ stack
//!          HEAD_BYTES               ↑ the instance register       stack limit ↑
//! ```
//!
//! The stack ends by comparison, not by a fault in the guard: a thread of the host need not have an alternate signal
//! stack, and then a handler could not run. A function that calls others compares its stack pointer with the *limit*
//! when it has its frame. So whoever is called has room for [`LARGEST_FRAME`], more than which no function may need,
//! and behind that for the [`MARGIN`]: signal handlers, ours and the host's, and functions of the runtime.

use crate::layout::MAX_PAGE_SIZE;
use crate::trap::TrapCode;

/// Bytes from the start of an area to its record.
pub const HEAD_BYTES: u64 = MAX_PAGE_SIZE;

/// Bytes of the guard of an instance's stack.
pub const GUARD_BYTES: u64 = 1 << 20;

/// Bytes that are left for signal handlers and the runtime when the limit is reached.
pub const MARGIN: u64 = 128 << 10;

/// Bytes that the frame of a function may have.
pub const LARGEST_FRAME: u64 = 256 << 10;

/// Bytes of an instance's stack that stay unused below a call of the host, from where the host may call the instance
/// again. So guest and host that call each other without end come to the limit of the instance's stack (what is entered
/// compares at once) after a number of levels that is known, and not to the end of the host's.
pub const NESTING_BYTES: u64 = 4 << 10;

/// Bytes from the start of an area to the end of the guard.
pub const fn stack_offset(record_size: u64) -> u64 {
    HEAD_BYTES + record_size + GUARD_BYTES
}

/// Bytes of an area. `stack_size` is what the guest may use.
pub const fn area_bytes(record_size: u64, stack_size: u64) -> u64 {
    let stack = (MARGIN + LARGEST_FRAME).saturating_add(stack_size);
    stack_offset(record_size).saturating_add(stack).saturating_add(MAX_PAGE_SIZE - 1) / MAX_PAGE_SIZE * MAX_PAGE_SIZE
}

/// What the program asks for when it makes an instance: `NAME_options` of the header. Pointers may be null.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// `const char *const *`: arguments, and a null behind them.
    pub arguments: u64,
    /// The same for variables, `NAME=VALUE`.
    pub variables: u64,
    /// The same for directories, `HOST[::GUEST][:ro]`.
    pub directories: u64,
    /// Bytes that a memory may grow to; 0 means that only the module and the compiler say so.
    pub max_memory: u64,
    /// [`NO_STREAMS`].
    pub flags: u32,
    pub reserved: u32,
}

/// [`Options::flags`]: descriptors 0, 1 and 2 are closed for the guest.
pub const NO_STREAMS: u32 = 1;

/// Why a call did not return: `NAME_error` of the header.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// [`NONE`], [`TRAPPED`], [`EXITED`] or [`REFUSED`].
    pub kind: i32,
    /// The number of the [`TrapCode`] or [`CODE_RAISED`], or the exit status.
    pub code: i32,
    /// NUL-terminated text.
    pub message: [u8; MESSAGE_BYTES],
}

/// Bytes of a message, with its NUL: one line, and up to thirty of a backtrace. What does not fit is cut.
pub const MESSAGE_BYTES: usize = 2040;

/// [`Failure::kind`]: the call returned.
pub const NONE: i32 = 0;
/// [`Failure::kind`]: the guest trapped.
pub const TRAPPED: i32 = 1;
/// [`Failure::kind`]: the guest called `proc_exit`.
pub const EXITED: i32 = 2;
/// [`Failure::kind`]: there is no instance, since something that it needs cannot be had.
pub const REFUSED: i32 = 3;

/// In place of the number of a trap code: the guest exited.
pub const CODE_EXIT: u32 = 254;
/// In place of the number of a trap code: a function of the host asked for a trap.
pub const CODE_RAISED: u32 = 255;

const _: () = {
    assert!(size_of::<Failure>() == 2048 && size_of::<Options>() == 40);
    assert!(TrapCode::from_number(CODE_EXIT as u8).is_none() && TrapCode::from_number(CODE_RAISED as u8).is_none());
    assert!(HEAD_BYTES.is_multiple_of(MAX_PAGE_SIZE) && GUARD_BYTES.is_multiple_of(MAX_PAGE_SIZE));
    assert!(LARGEST_FRAME >= crate::layout::HOST_HEADROOM + NESTING_BYTES);
    // The stack pointer stays aligned, and AArch64 has it as an immediate operand.
    assert!(NESTING_BYTES.is_multiple_of(16) && NESTING_BYTES <= 4 << 10);
};
