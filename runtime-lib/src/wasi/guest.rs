//! Pointers into the guest's memory.
//!
//! A WASI function gets numbers. The only way from a number to memory leads through [`Memory::pointer`] and
//! [`Memory::slice`], which check the whole range once, without overflow, and give `fault` if it is not inside the
//! memory. What they return can be read and written without further checks, and without being able to fail.
//!
//! Addresses have 32 bits, whatever the memory's indices have: of a memory with 64-bit indices they mean the first
//! 4 GiB, and a range that begins there may reach beyond.
//!
//! Addresses need not be aligned, and ranges may overlap: values are copied in and out, and no Rust reference to
//! guest memory is ever made: other threads may write there at any time, so that each value is read once, and what was
//! read is what is checked and used. Ranges stay valid because a memory never shrinks, and a shared one never moves.

use core::marker::PhantomData;
use core::sync::atomic::{Ordering::SeqCst, compiler_fence};

use wasmc_abi::layout::MemoryRecord;

use super::Result;
use super::types::Errno;
use crate::memory;

/// The memory of the calling instance.
#[derive(Clone, Copy)]
pub struct Memory {
    base: *mut u8,
    length: u64,
}

/// Types of which any bytes are a value.
///
/// # Safety
///
/// They must have no padding and no invalid bit pattern, and be little-endian in memory.
pub unsafe trait Plain: Copy {}

// SAFETY: integers.
unsafe impl Plain for u8 {}
// SAFETY: integers.
unsafe impl Plain for u16 {}
// SAFETY: integers.
unsafe impl Plain for u32 {}
// SAFETY: integers.
unsafe impl Plain for u64 {}

impl Memory {
    /// The memory that a record describes; an empty one for null.
    ///
    /// # Safety
    ///
    /// `record` must be null, or a record whose `length` bytes at `base` are accessible.
    pub unsafe fn new(record: *const MemoryRecord) -> Memory {
        if record.is_null() {
            return Memory { base: core::ptr::null_mut(), length: 0 };
        }
        // SAFETY: by the caller.
        let record = unsafe { &*record };
        Memory { base: record.base as *mut u8, length: memory::length(record) }
    }

    /// A pointer to one value.
    pub fn pointer<T: Plain>(self, address: u32) -> Result<GuestPtr<T>> {
        Ok(GuestPtr { pointer: self.range(address, size_of::<T>() as u64)?, value: PhantomData })
    }

    /// `count` values one after the other.
    pub fn slice<T: Plain>(self, address: u32, count: u32) -> Result<GuestSlice<T>> {
        // At most 2^32 times the size of a small structure: no overflow in 64 bits.
        let bytes = count as u64 * size_of::<T>() as u64;
        Ok(GuestSlice { pointer: self.range(address, bytes)?, count, value: PhantomData })
    }

    fn range(self, address: u32, bytes: u64) -> Result<*mut u8> {
        match (address as u64).checked_add(bytes) {
            Some(end) if end <= self.length => Ok(self.base.wrapping_add(address as usize)),
            _ => Err(Errno::FAULT),
        }
    }
}

/// The bytes of a value of the runtime's.
pub fn bytes_of<T: Plain>(value: &T) -> &[u8] {
    // SAFETY: there is no padding.
    unsafe { core::slice::from_raw_parts(core::ptr::from_ref(value).cast(), size_of::<T>()) }
}

/// A value at any address.
#[repr(C, packed)]
#[derive(Clone, Copy)]
struct Unaligned<T>(T);

/// A checked pointer to one value.
#[derive(Clone, Copy)]
pub struct GuestPtr<T> {
    pointer: *mut u8,
    value: PhantomData<T>,
}

impl<T: Plain> GuestPtr<T> {
    #[cfg(test)]
    pub fn read(self) -> T {
        // SAFETY: checked when it was made.
        unsafe { self.pointer.cast::<T>().read_unaligned() }
    }

    pub fn write(self, value: T) {
        // SAFETY: checked when it was made.
        unsafe { self.pointer.cast::<T>().write_unaligned(value) }
    }
}

/// A checked range of values.
#[derive(Clone, Copy)]
pub struct GuestSlice<T> {
    pointer: *mut u8,
    count: u32,
    value: PhantomData<T>,
}

impl<T: Plain> GuestSlice<T> {
    pub fn count(self) -> u32 {
        self.count
    }

    /// The value at an index; `None` beyond the end.
    pub fn get(self, index: u32) -> Option<T> {
        if index >= self.count {
            return None;
        }
        // Volatile: what is checked must be what is used, though another thread may write there.
        // SAFETY: the range was checked when the slice was made.
        Some(unsafe { self.pointer.cast::<Unaligned<T>>().add(index as usize).read_volatile().0 })
    }

    /// Writes the value at an index; nothing beyond the end.
    pub fn set(self, index: u32, value: T) {
        if index < self.count {
            // SAFETY: the range was checked when the slice was made.
            unsafe { self.pointer.cast::<T>().add(index as usize).write_unaligned(value) }
        }
    }
}

impl GuestSlice<u8> {
    /// Where the bytes are: for system calls, which are told how many.
    pub fn as_mut_ptr(self) -> *mut u8 {
        self.pointer
    }

    /// Copies bytes to `offset`; nothing if they do not fit.
    pub fn copy_from(self, offset: u32, bytes: &[u8]) {
        if offset as usize + bytes.len() <= self.count as usize {
            // SAFETY: inside the checked range; guest memory and the runtime's are apart.
            unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), self.pointer.add(offset as usize), bytes.len()) }
        }
    }

    /// Copies the first bytes out. What the caller sees from now on is the copy, whatever other threads write.
    pub fn copy_to(self, bytes: &mut [u8]) {
        let length = bytes.len().min(self.count as usize);
        // SAFETY: inside the checked range; guest memory and the runtime's are apart.
        unsafe { core::ptr::copy_nonoverlapping(self.pointer, bytes.as_mut_ptr(), length) }
        compiler_fence(SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_memory(length: usize, test: impl FnOnce(Memory)) {
        let mut bytes = vec![0u8; length];
        let record = MemoryRecord { base: bytes.as_mut_ptr() as u64, length: length as u64, ..MemoryRecord::default() };
        // SAFETY: the vector's bytes.
        test(unsafe { Memory::new(&record) });
    }

    #[test]
    fn ranges_end_where_the_memory_does() {
        with_memory(64, |memory| {
            assert!(memory.pointer::<u64>(56).is_ok());
            assert!(memory.pointer::<u64>(57).is_err());
            assert!(memory.pointer::<u8>(64).is_err());
            assert!(memory.pointer::<u32>(u32::MAX).is_err());
            assert!(memory.slice::<u8>(64, 0).is_ok());
            assert!(memory.slice::<u8>(65, 0).is_err());
            assert!(memory.slice::<u64>(0, 8).is_ok());
            assert!(memory.slice::<u64>(0, 9).is_err());
            assert!(memory.slice::<u64>(0, 0x2000_0000).is_err(), "count × size wraps around in 32 bits");
            assert!(memory.slice::<u8>(1, u32::MAX).is_err());
        });
    }

    #[test]
    fn a_missing_or_empty_memory_has_only_the_empty_range() {
        // SAFETY: null is allowed.
        let memory = unsafe { Memory::new(core::ptr::null()) };
        assert!(memory.slice::<u8>(0, 0).is_ok());
        assert!(memory.pointer::<u8>(0).is_err());
        with_memory(0, |memory| assert!(memory.slice::<u8>(0, 1).is_err()));
    }

    #[test]
    fn values_need_no_alignment() {
        with_memory(16, |memory| {
            let pointer = memory.pointer::<u64>(3).unwrap();
            pointer.write(0x0102_0304_0506_0708);
            assert_eq!(pointer.read(), 0x0102_0304_0506_0708);
            let slice = memory.slice::<u32>(3, 2).unwrap();
            assert_eq!((slice.get(0), slice.get(1), slice.get(2)), (Some(0x0506_0708), Some(0x0102_0304), None));
            slice.set(2, 7);
            let bytes = memory.slice::<u8>(14, 2).unwrap();
            bytes.copy_from(1, b"xy");
            assert_eq!(bytes.get(1), Some(0), "what does not fit is not written");
        });
    }
}
