//! Grants: what the guest may use beyond standard streams, arguments, clocks and random numbers.
//!
//! They stand in the executable's note ([`wasmc_abi::grants`]). Unless that says *sealed*, or the process is privileged
//! ([`process::host_variable`]), variables of the host's environment replace them, each one its whole list:
//!
//! | variable            | replaces        | value                                       |
//! |---------------------|-----------------|---------------------------------------------|
//! | `WASMC_DIR`         | `--dir`         | lines, each `HOST[::GUEST][:ro]`            |
//! | `WASMC_ENV`         | `--env`         | lines, each `NAME=VALUE`                    |
//! | `WASMC_INHERIT_ENV` | `--inherit-env` | `1` or `0`                                  |
//! | `WASMC_ARG0`        | `--arg0`        | the name                                    |
//! | `WASMC_TCPLISTEN`   | `--tcplisten`   | lines, each `IP:PORT` or `activation`       |
//! | `WASMC_MAX_MEMORY`  | `--max-memory`  | bytes, or with a unit: `64M`                |
//!
//! Directories become the descriptors from 3 on, in their order, then embedded trees, then listeners. All are opened
//! before the guest runs; the first that cannot be ends the process with one sentence and status 2. Embedded trees are
//! part of the program, so that no variable takes them away. A program that was granted nothing of a kind when it was
//! compiled, and imports no function to use it with, does not contain the code that opens it, and passes over its
//! variable ([`wasmc_abi::grants::Use`]).
//!
//! The guest never sees variables of the host whose names begin with `WASMC_`: they are the runtime's.

#[cfg(not(feature = "library"))]
use core::net::SocketAddr;

#[cfg(not(feature = "library"))]
use wasmc_abi::grants::{ACTIVATION, INHERIT_ENVIRONMENT, SEALED, is_variable, parse_number, parse_size, tag};
use wasmc_abi::grants::{Note, WALK, parse_directory};

use super::resolve;
use super::table::{self, Entry, Kind, RIGHTS_TO_READ, RIGHTS_TO_WRITE};
use super::types::rights;
#[cfg(not(feature = "library"))]
use super::{embed, sock};
use crate::{arch, sys};
#[cfg(not(feature = "library"))]
use crate::{memory, process, report};

/// Rights that change nothing.
const DIRECTORY_READ: u64 = rights::FD_FDSTAT_SET_FLAGS
    | rights::FD_SYNC
    | rights::FD_DATASYNC
    | rights::FD_ADVISE
    | rights::FD_READDIR
    | rights::FD_FILESTAT_GET
    | rights::PATH_OPEN
    | rights::PATH_READLINK
    | rights::PATH_FILESTAT_GET;
const DIRECTORY_CHANGE: u64 = rights::FD_FILESTAT_SET_TIMES
    | rights::PATH_CREATE_DIRECTORY
    | rights::PATH_CREATE_FILE
    | rights::PATH_LINK_SOURCE
    | rights::PATH_LINK_TARGET
    | rights::PATH_RENAME_SOURCE
    | rights::PATH_RENAME_TARGET
    | rights::PATH_FILESTAT_SET_SIZE
    | rights::PATH_FILESTAT_SET_TIMES
    | rights::PATH_SYMLINK
    | rights::PATH_REMOVE_DIRECTORY
    | rights::PATH_UNLINK_FILE;

/// All rights that a directory can have.
pub const RIGHTS_OF_DIRECTORIES: u64 = DIRECTORY_READ | DIRECTORY_CHANGE;
/// All rights that a file can have.
pub const RIGHTS_OF_FILES: u64 = RIGHTS_TO_READ | RIGHTS_TO_WRITE;

/// The note of this executable, if it has one.
fn note() -> Option<Note<'static>> {
    let header = arch::program();
    if header.grants == 0 {
        return None;
    }
    let place = arch::resolve(header, header.grants);
    // SAFETY: the compiler's promise about the header.
    let bytes = unsafe { core::slice::from_raw_parts(place, header.grants_size as usize) };
    Note::parse(bytes)
}

fn flags() -> u32 {
    note().map_or(0, |note| note.flags)
}

/// A variable of the host that replaces what was chosen when the program was compiled.
#[cfg(not(feature = "library"))]
pub fn replacement(name: &[u8]) -> Option<&'static [u8]> {
    if flags() & SEALED != 0 { None } else { process::host_variable(name) }
}

/// A list: that of the variable if it is set, or that of the note.
#[cfg(not(feature = "library"))]
fn list(tag: u32, variable: &[u8]) -> impl Iterator<Item = &'static [u8]> {
    let replacement = replacement(variable);
    let lines = replacement.unwrap_or(&[]).split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let items = note().filter(|_| replacement.is_none()).into_iter().flat_map(move |note| note.items(tag));
    lines.chain(items)
}

/// What replaces the first argument.
#[cfg(not(feature = "library"))]
pub fn arg0() -> Option<&'static [u8]> {
    replacement(b"WASMC_ARG0=").or_else(|| note()?.items(tag::ARG0).next())
}

#[cfg(not(feature = "library"))]
fn variables() -> impl Iterator<Item = &'static [u8]> {
    list(tag::VARIABLE, b"WASMC_ENV=")
}

/// A variable with its `=`, but without its value.
#[cfg(not(feature = "library"))]
fn name(variable: &[u8]) -> &[u8] {
    variable.split_inclusive(|&byte| byte == b'=').next().unwrap_or(&[])
}

/// The guest's environment: what is granted, then what is inherited and not granted otherwise.
#[cfg(not(feature = "library"))]
pub fn environment() -> impl Iterator<Item = &'static [u8]> {
    let inherits = match replacement(b"WASMC_INHERIT_ENV=") {
        Some(value) => value == b"1",
        None => flags() & INHERIT_ENVIRONMENT != 0,
    };
    let inherited = process::host_environment().filter(move |variable| {
        inherits && !variable.starts_with(b"WASMC_") && !variables().any(|granted| name(granted) == name(variable))
    });
    variables().chain(inherited)
}

/// Bytes that a memory may grow to, by the note.
pub fn granted_memory() -> u64 {
    note().map_or(u64::MAX, |note| note.max_memory)
}

/// Whether the guest of a library has the streams of the host.
#[cfg(feature = "library")]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    Inherited,
    Closed,
}

/// Opens what a host grants to an instance. Gives, if something cannot be had, a sentence without full stop and the
/// name that belongs behind it.
#[cfg(feature = "library")]
pub fn open_in_library(
    descriptors: &table::Descriptors,
    streams: Streams,
    directories: impl Iterator<Item = &'static [u8]>,
) -> core::result::Result<(), (&'static str, &'static [u8])> {
    let is_open = [0, 1, 2].map(sys::is_open);
    let mut has_any = false;
    for text in directories {
        if !has_any {
            resolve::choose(flags() & WALK != 0);
        }
        has_any = true;
        let grant = parse_directory(text).ok_or(("a directory must be HOST[::GUEST][:ro], not ", text))?;
        let mut buffer = [0; sys::MAX_PATH + 1];
        let host = sys::path(grant.host, &mut buffer).and_then(sys::open_directory);
        let host = host.map_err(|_| ("this directory cannot be granted, since it cannot be opened: ", grant.host))?;
        let entry = directory(host, grant.read_only, grant.guest);
        if descriptors.insert(entry).is_err() {
            sys::close(host);
            return Err(("there are too many directories for this one: ", grant.host));
        }
    }
    // Last, so that directories have the numbers from 3 on.
    for (fd, is_open) in (0..).zip(is_open) {
        if streams == Streams::Closed || !is_open {
            let _ = descriptors.take(fd);
        }
    }
    Ok(())
}

/// Sets what memories may grow to. Called once, before the guest runs.
#[cfg(not(feature = "library"))]
pub fn limit_memories() {
    memory::set_limit(match replacement(b"WASMC_MAX_MEMORY=") {
        Some(text) => parse_size(text)
            .unwrap_or_else(|| report::refuse("WASMC_MAX_MEMORY must be a size such as 64M, not '", text, "'")),
        None => granted_memory(),
    });
}

/// The reference from the header; see [`symbols::CHECK_VARIABLES`](wasmc_abi::symbols::CHECK_VARIABLES).
#[cfg(not(feature = "library"))]
#[unsafe(no_mangle)]
extern "C" fn wasmc_check_variables() {
    if let Some(bad) = variables().find(|text| !is_variable(text)) {
        report::refuse("the variable '", bad, "' is not granted: it must be NAME=VALUE");
    }
}

/// The reference from the header; see [`symbols::OPEN_DIRECTORIES`](wasmc_abi::symbols::OPEN_DIRECTORIES).
#[cfg(not(feature = "library"))]
#[unsafe(no_mangle)]
extern "C" fn wasmc_open_directories() {
    let mut has_any = false;
    for text in list(tag::DIRECTORY, b"WASMC_DIR=") {
        if !has_any {
            hide_closed_streams();
            resolve::choose(flags() & WALK != 0);
        }
        has_any = true;
        open_directory(text);
    }
}

/// The reference from the header; see [`symbols::MOUNT_EMBEDDED`](wasmc_abi::symbols::MOUNT_EMBEDDED).
#[cfg(not(feature = "library"))]
#[unsafe(no_mangle)]
extern "C" fn wasmc_mount_embedded() {
    // A tree that is not as the compiler makes them has nothing to mount.
    let _ = embed::call(embed::Request::Mount);
}

/// The reference from the header; see [`symbols::OPEN_LISTENERS`](wasmc_abi::symbols::OPEN_LISTENERS).
#[cfg(not(feature = "library"))]
#[unsafe(no_mangle)]
extern "C" fn wasmc_open_listeners() {
    for (index, text) in list(tag::LISTENER, b"WASMC_TCPLISTEN=").enumerate() {
        if index == 0 {
            hide_closed_streams();
        }
        open_listener(text);
    }
}

/// A standard stream that is closed does not exist for the guest: what is opened from now on may get its number.
#[cfg(not(feature = "library"))]
fn hide_closed_streams() {
    for fd in 0..3 {
        if !sys::is_open(fd) {
            let _ = table::take(fd as u32);
            if fd == 2 {
                report::stderr_is_closed();
            }
        }
    }
}

#[cfg(not(feature = "library"))]
fn insert(entry: Entry, text: &[u8]) {
    if insert_from_3(entry).is_err() {
        report::refuse("'", text, "' cannot be granted: there are too many grants");
    }
}

/// Puts an entry behind those that there are: numbers of closed streams stay free.
#[cfg(not(feature = "library"))]
fn insert_from_3(entry: Entry) -> super::Result {
    let mut skipped = [false; 3];
    for (fd, is_skipped) in skipped.iter_mut().enumerate() {
        if table::get(fd as u32).is_err() {
            *is_skipped = true;
            table::insert(entry)?;
        }
    }
    let inserted = table::insert(entry);
    for (fd, is_skipped) in skipped.iter().enumerate() {
        if *is_skipped {
            let _ = table::take(fd as u32);
        }
    }
    inserted.map(drop)
}

#[cfg(not(feature = "library"))]
fn open_directory(text: &'static [u8]) {
    let Some(grant) = parse_directory(text) else {
        report::refuse("the directory '", text, "' is not granted: it must be HOST[::GUEST][:ro]")
    };
    let mut buffer = [0; sys::MAX_PATH + 1];
    let host = sys::path(grant.host, &mut buffer).and_then(sys::open_directory);
    let host = match host {
        Ok(host) => host,
        Err(error) => {
            let why = match error {
                sys::Errno::NOENT => "' cannot be granted: it does not exist",
                sys::Errno::NOTDIR => "' cannot be granted: it is not a directory",
                sys::Errno::ACCESS => "' cannot be granted: permission denied",
                _ => "' cannot be granted: it cannot be opened",
            };
            report::refuse("the directory '", grant.host, why)
        }
    };
    insert(directory(host, grant.read_only, grant.guest), text);
}

fn directory(host: i32, read_only: bool, guest: &'static [u8]) -> Entry {
    let (base, inheriting) = if read_only {
        (DIRECTORY_READ, DIRECTORY_READ | RIGHTS_TO_READ)
    } else {
        (RIGHTS_OF_DIRECTORIES, RIGHTS_OF_DIRECTORIES | RIGHTS_OF_FILES)
    };
    Entry { preopen: Some(guest), ..Entry::new(host, Kind::Directory, base, inheriting) }
}

/// Grants an embedded directory, as if it were a read-only one of the host.
#[cfg(not(feature = "library"))]
pub fn insert_embedded(node: u32, guest: &'static [u8]) {
    insert(directory(!(node as i32), true, guest), guest);
}

/// A directory that the guest was granted.
#[cfg(not(feature = "library"))]
pub struct GrantedDirectory {
    /// A descriptor of the host.
    pub directory: i32,
    pub read_only: bool,
}

/// The host's directories that the guest was granted, once they are open.
#[cfg(not(feature = "library"))]
pub fn granted_directories() -> impl Iterator<Item = GrantedDirectory> {
    (0..table::end()).filter_map(|fd| {
        let entry = table::get(fd).ok().filter(|entry| entry.preopen.is_some() && entry.embedded().is_none())?;
        Some(GrantedDirectory { directory: entry.host, read_only: entry.base & DIRECTORY_CHANGE == 0 })
    })
}

/// The sockets that a service manager opened: descriptors from 3 on, as many as `LISTEN_FDS` says, if `LISTEN_PID` says
/// that they are meant for this process (sd_listen_fds(3)).
#[cfg(not(feature = "library"))]
fn take_handed_over() {
    const FIRST: i32 = 3;
    let number = |name: &[u8]| u32::try_from(parse_number(process::host_variable(name)?)?).ok();
    let is_ours = number(b"LISTEN_PID=") == Some(sys::process_number());
    let count = number(b"LISTEN_FDS=").filter(|&count| is_ours && 0 < count && count < table::LIMIT);
    let Some(count) = count else {
        report::refuse("the listener '", ACTIVATION, "' cannot be granted: no socket was handed over (LISTEN_FDS)")
    };
    for host in FIRST..FIRST + count as i32 {
        // A descriptor stands in one entry only: `activation` is said twice, or fewer were handed over than it says.
        if (0..table::end()).any(|fd| table::get(fd).is_ok_and(|entry| entry.host == host)) {
            report::refuse("the listener '", ACTIVATION, "' cannot be granted: what it means is granted already");
        }
        let (base, inheriting) = match sys::is_listening(host) {
            Ok(true) => (sock::RIGHTS_OF_LISTENERS, sock::RIGHTS_OF_CONNECTIONS),
            // A connection that was accepted already.
            Ok(false) => (sock::RIGHTS_OF_CONNECTIONS, 0),
            Err(_) => report::refuse("the listener '", ACTIVATION, "' cannot be granted: it is not a socket"),
        };
        insert(Entry::new(host, Kind::Socket, base, inheriting), ACTIVATION);
    }
}

#[cfg(not(feature = "library"))]
fn open_listener(text: &'static [u8]) {
    if text == ACTIVATION {
        return take_handed_over();
    }
    let address = core::str::from_utf8(text).ok().and_then(|text| text.parse::<SocketAddr>().ok());
    let Some(address) = address else {
        report::refuse("the listener '", text, "' is not granted: it must be IP:PORT or `activation`")
    };
    let Ok(host) = sys::listen(&address) else {
        report::refuse("the listener '", text, "' cannot be granted: it cannot listen there")
    };
    insert(Entry::new(host, Kind::Socket, sock::RIGHTS_OF_LISTENERS, sock::RIGHTS_OF_CONNECTIONS), text);
}
