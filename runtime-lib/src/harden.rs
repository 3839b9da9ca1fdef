//! Gives up, before the program runs, what it cannot need: a second wall behind the compiler's and the runtime's
//! checks.
//!
//! Three things, in this order, and as the last of start-up, which has done by then what they forbid:
//!
//! 1. `no_new_privs`: without it the others are for privileged processes only.
//! 2. [Landlock](https://docs.kernel.org/userspace-api/landlock.html): no file but those beneath granted directories,
//!    no TCP. Only for programs whose filter lets calls through that name files: for others it has nothing to forbid.
//! 3. The seccomp filter that the compiler made (see [`wasmc_abi::harden`]). It does not let through what this file
//!    calls.
//!
//! What the kernel does not have, or an outer sandbox forbids, is left out without a word, unless it is required. The
//! program refers to these functions through its header, so that one without hardening does not contain them.

use core::mem::MaybeUninit;

use wasmc_abi::harden::{Instruction, MAX_INSTRUCTIONS, REQUIRE};
use wasmc_abi::program::ProgramHeader;

use crate::arch::resolve;
use crate::report;
use crate::sys::{self, LandlockRuleset};
use crate::wasi::{self, GrantedDirectory};

/// Calls what the program refers to.
pub fn harden(header: &'static ProgramHeader) {
    let function = resolve(header, header.harden);
    if !function.is_null() {
        // SAFETY: the compiler's promise about the header.
        let function = unsafe { core::mem::transmute::<*const u8, extern "C" fn(&'static ProgramHeader)>(function) };
        function(header);
    }
}

/// The reference from the header; see [`symbols::HARDEN`](wasmc_abi::symbols::HARDEN).
#[unsafe(no_mangle)]
extern "C" fn wasmc_harden(header: &'static ProgramHeader) {
    let is_required = header.harden_flags & REQUIRE != 0;
    if sys::forbid_new_privileges().is_err() && is_required {
        report::fatal("the kernel cannot forbid new privileges, and this program was compiled with `--harden=require`");
    }
    let confine_files = resolve(header, header.confine_files);
    if !confine_files.is_null() {
        // SAFETY: the compiler's promise about the header.
        let confine_files = unsafe { core::mem::transmute::<*const u8, extern "C" fn() -> bool>(confine_files) };
        if !confine_files() && is_required {
            report::fatal("the kernel has no Landlock, and this program was compiled with `--harden=require`");
        }
    }
    if filter_system_calls(header).is_err() && is_required {
        report::fatal("the kernel cannot filter system calls, and this program was compiled with `--harden=require`");
    }
}

fn filter_system_calls(header: &'static ProgramHeader) -> sys::Result<()> {
    let mut copy = [const { MaybeUninit::<Instruction>::uninit() }; MAX_INSTRUCTIONS];
    // SAFETY: the compiler's promise about the header.
    let filter: &[Instruction] =
        unsafe { core::slice::from_raw_parts(resolve(header, header.filter).cast(), header.filter_count as usize) };
    let Some(copy) = copy.get_mut(..filter.len()) else { return Err(sys::Errno::INVAL) };
    let copy = copy.write_copy_of_slice(filter);
    if let Some(instruction) = copy.get_mut(header.filter_process as usize) {
        instruction.constant = sys::process_number();
    }
    sys::install_filter(copy)
}

// --- Files ----------------------------------------------------------------------------------------------

/// Rights of Landlock.
mod rights {
    pub const EXECUTE: u64 = 1 << 0;
    pub const READ_FILE: u64 = 1 << 2;
    pub const READ_DIR: u64 = 1 << 3;
    pub const REFER: u64 = 1 << 13;
    pub const TRUNCATE: u64 = 1 << 14;
    pub const IOCTL_DEV: u64 = 1 << 15;
    /// All of version 2: up to [`REFER`].
    pub const OF_VERSION_2: u64 = (REFER << 1) - 1;

    pub const BIND_AND_CONNECT_TCP: u64 = 3;
    pub const SCOPE_UNIX_SOCKETS_AND_SIGNALS: u64 = 3;
}

/// The first version that can allow renaming from one directory to another. The one before forbids that to whoever it
/// restricts, and so breaks what a program may do with a directory that it was granted.
const FIRST_USABLE_VERSION: u32 = 2;

/// The reference from the header; see [`symbols::CONFINE_FILES`](wasmc_abi::symbols::CONFINE_FILES).
#[unsafe(no_mangle)]
extern "C" fn wasmc_confine_files() -> bool {
    confine(sys::landlock_version(), wasi::granted_directories()).is_ok()
}

/// What a version can restrict.
fn restrictable(version: u32) -> LandlockRuleset {
    let since = |first: u32, rights: u64| if version >= first { rights } else { 0 };
    LandlockRuleset {
        files: rights::OF_VERSION_2 | since(3, rights::TRUNCATE) | since(5, rights::IOCTL_DEV),
        // A listener is bound by now.
        network: since(4, rights::BIND_AND_CONNECT_TCP),
        scopes: since(6, rights::SCOPE_UNIX_SOCKETS_AND_SIGNALS),
    }
}

/// What a program may do in a directory, of what is restricted. Executing nothing, in no case. Making devices and the
/// like is in: moving them needs it, and the filter lets no call through that makes them.
fn allowed(files: u64, read_only: bool) -> u64 {
    let reading = rights::READ_FILE | rights::READ_DIR;
    files & if read_only { reading } else { !(rights::EXECUTE | rights::IOCTL_DEV) }
}

fn confine(version: u32, grants: impl Iterator<Item = GrantedDirectory>) -> sys::Result<()> {
    if version < FIRST_USABLE_VERSION {
        return Err(sys::Errno::NOSYS);
    }
    let restricted = restrictable(version);
    let ruleset = sys::landlock_ruleset(&restricted)?;
    let mut result = Ok(());
    for grant in grants {
        let rights = allowed(restricted.files, grant.read_only);
        result = result.and_then(|()| sys::landlock_allow(ruleset, grant.directory, rights));
    }
    result = result.and_then(|()| sys::landlock_restrict(ruleset));
    sys::close(ruleset);
    result
}
