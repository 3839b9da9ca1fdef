//! Exceptions (core specification, 4.2.14 and 4.6.11): what compiled code and the runtime must agree on.
//!
//! # An exception
//!
//! It is an object of the runtime's, made by [`symbols::EXCEPTION_NEW`](crate::symbols::EXCEPTION_NEW): an
//! [`Exception`] and behind it the payload, [`SLOT_BYTES`](crate::layout::SLOT_BYTES) for each value. An `exnref` is
//! its address, or 0 for null. Tags are numbered over the whole program, so that matching is a comparison of constants.
//!
//! # Handlers
//!
//! Code that does not throw costs nothing: what catches is found in tables, by return address. Every call inside a
//! `try` has a [`HandlerSite`], which says where the stack pointer was, and which [`Handler`]s there are, innermost
//! first. The runtime walks the frame pointers from the throw outwards, and goes on at the first handler that matches:
//! frame pointer, stack pointer and callee-saved registers are those of that frame at the call, and the first payload
//! register of Cranelift's convention holds the exception. So code inside a `try` may keep values in registers as
//! anywhere else; what the frames in between have saved of them is found by [`saved`].

/// The head of an exception.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Exception {
    /// The tag's number in the program.
    pub tag: u32,
    /// Values of the payload.
    pub values: u32,
    /// [`REFERENCED`], and what the runtime notes.
    pub flags: u32,
    /// The runtime's.
    pub link: u32,
}

/// Flag of an exception, set by code that makes an `exnref` of it: it may live on when it has been caught.
pub const REFERENCED: u32 = 1;

/// Byte offsets in an [`Exception`], for code.
pub mod offsets {
    use super::Exception;
    use core::mem::offset_of;

    pub const FLAGS: u32 = offset_of!(Exception, flags) as u32;
    pub const PAYLOAD: u32 = size_of::<Exception>() as u32;
}

/// A call inside a `try`. Sites are ascending by `return_offset`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct HandlerSite {
    /// Return address of the call, from the start of the code.
    pub return_offset: u32,
    /// The frame pointer minus the stack pointer, when a handler begins.
    pub frame_bytes: u32,
    /// First handler, and how many there are.
    pub first: u32,
    pub count: u32,
}

/// How many registers a function of the C convention leaves as they were, but for stack and frame pointer. Both sides
/// number them in the order that is given here.
///
/// A row of this many bytes describes the frames of a function: for each register, in which 8-byte word below the frame
/// pointer the caller's value is, or 0 if the register is not touched.
pub mod saved {
    /// rbx, r12 to r15.
    pub const X86_64: usize = 5;
    /// x19 to x28, d8 to d15.
    pub const AARCH64: usize = 18;
}

/// A place where exceptions are caught.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Handler {
    /// The tag that it catches, or [`ANY_TAG`].
    pub tag: u32,
    /// From the start of the code.
    pub code_offset: u32,
}

/// [`Handler::tag`]: every exception is caught.
pub const ANY_TAG: u32 = u32::MAX;
