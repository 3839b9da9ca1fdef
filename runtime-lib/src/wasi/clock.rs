//! Clocks: the four of preview 1, in nanoseconds.

use super::Result;
use super::guest::Memory;
use super::types::{Errno, clockid};
use crate::sys::{self, ClockId, Timespec};

fn clock(id: u32) -> Result<ClockId> {
    match id {
        clockid::REALTIME => Ok(ClockId::Realtime),
        clockid::MONOTONIC => Ok(ClockId::Monotonic),
        clockid::PROCESS_CPUTIME_ID => Ok(ClockId::ProcessCPUTime),
        clockid::THREAD_CPUTIME_ID => Ok(ClockId::ThreadCPUTime),
        _ => Err(Errno::INVAL),
    }
}

/// A `timestamp`; `overflow` for times before 1970 and after 2554.
fn timestamp(time: Timespec) -> Result<u64> {
    let seconds = u64::try_from(time.tv_sec).ok();
    let nanoseconds = u64::try_from(time.tv_nsec).ok();
    seconds.and_then(|seconds| seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds?)).ok_or(Errno::OVERFLOW)
}

pub fn clock_res_get(memory: Memory, id: u32, resolution: u32) -> Result {
    let resolution = memory.pointer::<u64>(resolution)?;
    resolution.write(timestamp(sys::clock_resolution(clock(id)?))?);
    Ok(())
}

/// The precision is a hint, which nothing here can make use of.
pub fn clock_time_get(memory: Memory, id: u32, _precision: u64, time: u32) -> Result {
    let time = memory.pointer::<u64>(time)?;
    time.write(timestamp(sys::clock_time(clock(id)?)?)?);
    Ok(())
}
