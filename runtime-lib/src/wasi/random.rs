//! Random numbers, straight from the kernel's generator into the guest's memory.

use super::Result;
use super::guest::Memory;
use crate::sys;

/// Bytes asked of the kernel at a time. It caps larger requests itself at 32 MiB, and a signal may cut short any
/// above 256.
const CHUNK: usize = 1 << 20;

pub fn random_get(memory: Memory, buf: u32, buf_len: u32) -> Result {
    let bytes = memory.slice::<u8>(buf, buf_len)?;
    let mut done = 0;
    while done < buf_len as usize {
        let wanted = (buf_len as usize - done).min(CHUNK);
        // SAFETY: inside the checked range.
        done += unsafe { sys::random(bytes.as_mut_ptr().add(done), wanted) }?;
    }
    Ok(())
}
