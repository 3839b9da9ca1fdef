//! The process: its end, signals to itself, the scheduler.

use super::Result;
use super::guest::Memory;
use super::types::Errno;
use crate::sys;
#[cfg(not(feature = "library"))]
use crate::{process, script};

/// Ends the process. Linux keeps the low 8 bits of the status: 256 is seen as 0, and -1 as 255. Statuses from 126 on
/// are the guest's to use, though a shell gives some of them meanings of its own.
pub fn proc_exit(rval: u32) -> ! {
    #[cfg(feature = "library")]
    crate::library::exit(rval);
    #[cfg(not(feature = "library"))]
    exit_process(rval)
}

#[cfg(not(feature = "library"))]
fn exit_process(rval: u32) -> ! {
    process::begin_to_end();
    script::flush();
    sys::exit(rval as i32)
}

/// Sends a signal to the process itself. Signals that a guest cannot handle do what they do by default.
///
/// WASI numbers signals as Linux does up to `term` (15), and leaves out Linux' 16 (SIGSTKFLT).
#[cfg(not(feature = "library"))]
pub fn proc_raise(_: Memory, signal: u32) -> Result {
    let signal = match signal {
        0 => return Ok(()),
        1..=15 => signal,
        16..=30 => signal + 1,
        _ => return Err(Errno::INVAL),
    };
    script::flush();
    Ok(sys::raise(signal as i32)?)
}

/// The process is somebody else's.
#[cfg(feature = "library")]
pub fn proc_raise(_: Memory, _: u32) -> Result {
    Err(Errno::NOSYS)
}

pub fn sched_yield(_: Memory) -> Result {
    sys::yield_now();
    Ok(())
}
