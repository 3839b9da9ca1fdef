//! Where a program counts how often its code runs, if it was compiled for that: see [`wasmc_abi::profile`].
//!
//! The profile is opened before anything is given up, mapped over the program's counters, and closed. From then on
//! counting is all that happens: there is no end at which something would have to be written, so that a trap, an exit
//! and a signal that kills leave the same behind, hardening has nothing to let through, and the guest has no
//! descriptor to find.
//!
//! A file of another executable is refused before the program runs. One that is cut while it runs makes counting fault,
//! which ends the process: whoever can do that could as well kill it.
//!
//! The program refers to the code here through its header, as to [`harden`](crate::harden).

use wasmc_abi::profile::{CHECKSUM, EXTENSION, Program, checksum};
use wasmc_abi::program::ProgramHeader;

use crate::arch::resolve;
use crate::sys::{self, Errno, FileType};
use crate::{process, report, wasi};

/// Calls what the program refers to.
pub fn begin(header: &'static ProgramHeader) {
    let program = resolve(header, header.profile);
    if program.is_null() {
        return;
    }
    // SAFETY: the compiler's promise about the header.
    let program: &'static Program = unsafe { &*program.cast() };
    let function = resolve(header, program.begin);
    // SAFETY: the compiler's promise about the header.
    let function =
        unsafe { core::mem::transmute::<*const u8, extern "C" fn(&'static ProgramHeader, &'static Program)>(function) };
    function(header, program);
}

/// The reference from the header; see [`symbols::PROFILE`](wasmc_abi::symbols::PROFILE).
#[unsafe(no_mangle)]
extern "C" fn wasmc_profile(header: &'static ProgramHeader, program: &'static Program) {
    if process::is_privileged() {
        report::refuse("", b"", "a process with privileges that its starter lacks makes no profile");
    }
    let mut buffer = [0; sys::MAX_PATH + 1];
    let name = file_name(header, program, &mut buffer);
    let mut path = [0; sys::MAX_PATH + 1];
    let opened = sys::path(name, &mut path).and_then(sys::open_or_make);
    let mapped = opened.map_err(why_not_opened).and_then(|fd| {
        let mapped = map(header, program, fd);
        // The report of a failure shall not go there, should it have the number of standard error.
        sys::close(fd);
        mapped
    });
    if let Err(why) = mapped {
        report::refuse("the profile '", name, why);
    }
}

/// What the environment says, what the compiler was told, or the name of the executable with an extension.
fn file_name<'a>(
    header: &'static ProgramHeader,
    program: &Program,
    buffer: &'a mut [u8; sys::MAX_PATH + 1],
) -> &'a [u8] {
    if let Some(name) = wasi::replacement(b"WASMC_PROFILE=") {
        return name;
    }
    if program.path != 0 {
        // SAFETY: the compiler's promise about the header.
        return unsafe { bytes(header, program.path, program.path_bytes) };
    }
    let executable = process::arguments().next().unwrap_or(&[]);
    let executable = executable.rsplit(|&byte| byte == b'/').next().unwrap_or(&[]);
    let mut length = 0;
    for (place, &byte) in buffer.iter_mut().zip(executable.iter().chain(EXTENSION.as_bytes())) {
        *place = byte;
        length += 1;
    }
    buffer.get(..length).unwrap_or(&[])
}

fn why_not_opened(error: Errno) -> &'static str {
    match error {
        Errno::NOENT => "' cannot be written: its directory does not exist",
        Errno::ACCESS | Errno::PERM => "' cannot be written: permission denied",
        Errno::ROFS => "' cannot be written: its file system is read-only",
        Errno::ISDIR => "' cannot be written: it is a directory",
        _ => "' cannot be written: it cannot be opened",
    }
}

/// Maps the file over the program's counters, if it is a profile of this executable or empty.
fn map(header: &'static ProgramHeader, program: &'static Program, fd: i32) -> Result<(), &'static str> {
    // Another process may be making it. Where files cannot be locked, both write the same.
    let _ = sys::lock(fd);
    let bytes_of_file = u64::from(program.file_bytes);
    let stat = sys::stat(fd).map_err(|_| "' cannot be written: it cannot be opened")?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err("' cannot be written: it is not a regular file");
    }
    let is_new = stat.st_size == 0;
    if is_new {
        // Room on the disk before it is needed, since a page that cannot be written would be a fault.
        match sys::allocate(fd, 0, bytes_of_file) {
            Ok(()) => {}
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
                sys::set_size(fd, bytes_of_file).map_err(|_| "' cannot be written: there is no room for it")?;
            }
            Err(_) => return Err("' cannot be written: there is no room for it"),
        }
    }
    let another = "' is that of another executable, or damaged: remove it";
    if !is_new && stat.st_size.cast_unsigned() != bytes_of_file {
        return Err(another);
    }
    let place = resolve(header, program.file).cast_mut();
    // SAFETY: the compiler's promise about the header: nothing else is on these pages, and nobody uses them yet.
    unsafe { sys::map_file_over(place as u64, bytes_of_file, fd) }
        .map_err(|_| "' cannot be written: its file system cannot map files")?;
    // SAFETY: the compiler's promise about the header.
    let template = unsafe { bytes(header, program.template, program.template_bytes) };
    // SAFETY: just mapped, and longer than that. Nobody else uses it before the program runs.
    let file = unsafe { core::slice::from_raw_parts_mut(place, template.len()) };
    let sum = checksum(template).to_le_bytes();
    let is_sum = |index: usize| (CHECKSUM..CHECKSUM + sum.len()).contains(&index);
    let expected = |index: usize, byte: u8| match index.checked_sub(CHECKSUM) {
        Some(place) if is_sum(index) => sum.get(place).copied().unwrap_or(0),
        _ => byte,
    };
    for (index, (place, &byte)) in file.iter_mut().zip(template).enumerate() {
        let byte = expected(index, byte);
        if is_new {
            *place = byte;
        } else if *place != byte {
            return Err(another);
        }
    }
    Ok(())
}

/// Bytes of the executable.
///
/// # Safety
///
/// There must be so many, and nobody may write to them.
unsafe fn bytes(header: &'static ProgramHeader, place: i32, length: u32) -> &'static [u8] {
    // SAFETY: by the caller.
    unsafe { core::slice::from_raw_parts(resolve(header, place), length as usize) }
}
