//! Arguments and environment: two lists of strings, given to the guest in the same form.
//!
//! The arguments are the process's, unchanged: they belong to the guest; only the first one can be replaced (`--arg0`).
//! The environment is empty but for what is granted: the host's may hold secrets.

use super::Result;
#[cfg(not(feature = "library"))]
use super::grants;
use super::guest::Memory;
use super::types::Errno;
#[cfg(feature = "library")]
use crate::library::{arguments, variables};
#[cfg(not(feature = "library"))]
use crate::process;
#[cfg(not(feature = "library"))]
use grants::environment as variables;

#[cfg(not(feature = "library"))]
fn arguments() -> impl Iterator<Item = &'static [u8]> {
    let arg0 = grants::arg0();
    arg0.into_iter().chain(process::arguments().skip(arg0.is_some() as usize))
}

/// Writes how many strings there are, and the bytes they take with their NULs.
fn sizes(strings: impl Iterator<Item = &'static [u8]>, memory: Memory, count_at: u32, bytes_at: u32) -> Result {
    let count_at = memory.pointer::<u32>(count_at)?;
    let bytes_at = memory.pointer::<u32>(bytes_at)?;
    let (mut count, mut bytes) = (0u64, 0u64);
    for string in strings {
        count += 1;
        bytes += string.len() as u64 + 1;
    }
    count_at.write(u32::try_from(count).map_err(|_| Errno::OVERFLOW)?);
    bytes_at.write(u32::try_from(bytes).map_err(|_| Errno::OVERFLOW)?);
    Ok(())
}

/// Writes the strings one after the other at `bytes_at`, and their addresses at `pointers_at`.
fn get(strings: impl Iterator<Item = &'static [u8]>, memory: Memory, pointers_at: u32, bytes_at: u32) -> Result {
    let (mut pointer_at, mut address) = (pointers_at, bytes_at);
    for string in strings {
        let length = u32::try_from(string.len() + 1).map_err(|_| Errno::OVERFLOW)?;
        let bytes = memory.slice::<u8>(address, length)?;
        memory.pointer::<u32>(pointer_at)?.write(address);
        bytes.copy_from(0, string);
        bytes.set(length - 1, 0);
        // Both were checked to end inside the memory, of at most 2^32 bytes: wrapping to 0 is the worst, and checked
        // again.
        address = address.wrapping_add(length);
        pointer_at = pointer_at.wrapping_add(size_of::<u32>() as u32);
    }
    Ok(())
}

pub fn args_sizes_get(memory: Memory, argc: u32, argv_buf_size: u32) -> Result {
    sizes(arguments(), memory, argc, argv_buf_size)
}

pub fn args_get(memory: Memory, argv: u32, argv_buf: u32) -> Result {
    get(arguments(), memory, argv, argv_buf)
}

pub fn environ_sizes_get(memory: Memory, environc: u32, environ_buf_size: u32) -> Result {
    sizes(variables(), memory, environc, environ_buf_size)
}

pub fn environ_get(memory: Memory, environ: u32, environ_buf: u32) -> Result {
    get(variables(), memory, environ, environ_buf)
}
