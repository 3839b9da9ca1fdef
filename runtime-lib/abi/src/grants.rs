//! What a program may use of the host, and what else `wasmc inspect` tells: an ELF note in every executable.
//!
//! The note has the owner [`OWNER`] and the type [`NOTE_TYPE`], and is loaded: the runtime reads its descriptor through
//! [`ProgramHeader::grants`](crate::program::ProgramHeader::grants). All numbers are little-endian:
//!
//! ```text
//!    0  u32  version, VERSION
//!    4  u32  flags: SEALED, INHERIT_ENVIRONMENT, WALK
//!    8  u32  machine, as in the ELF header
//!   12  u32  CPU level
//!   16  u64  bytes that a memory may grow to
//!   24  items, each: u32 tag, u32 length, that many bytes, zeros up to a multiple of 4
//! ```
//!
//! Items of unknown tags are passed over. A reader refuses other versions.

use crate::fields::read_u32;

/// Name of the note's owner, with its NUL.
pub const OWNER: &[u8] = b"wasmc\0";
pub const NOTE_TYPE: u32 = 1;
pub const VERSION: u32 = 1;
/// Name of the section that holds the note.
pub const SECTION: &str = ".note.wasmc";

/// Flag: variables of the host's environment change nothing.
pub const SEALED: u32 = 1 << 0;
/// Flag: the guest gets the host's environment too.
pub const INHERIT_ENVIRONMENT: u32 = 1 << 1;
/// Flag, for tests: paths are walked component by component even where the kernel has `openat2`.
pub const WALK: u32 = 1 << 2;

/// Tags of items.
pub mod tag {
    /// A directory: `HOST[::GUEST][:ro]`, see [`parse_directory`](super::parse_directory).
    pub const DIRECTORY: u32 = 1;
    /// A variable of the guest's environment: `NAME=VALUE`.
    pub const VARIABLE: u32 = 2;
    /// The first argument, instead of the one that the process was started with.
    pub const ARG0: u32 = 3;
    /// Address of a socket to listen on: `IP:PORT`, or [`ACTIVATION`](super::ACTIVATION).
    pub const LISTENER: u32 = 4;
    /// An embedded tree: `FILES BYTES GUEST`, see [`embed`](crate::embed). For `wasmc inspect` only, like all that
    /// follow.
    pub const EMBEDDED: u32 = 15;
    /// An import that the host satisfies: `MODULE.NAME`.
    pub const IMPORT: u32 = 16;
    /// An export of the main module.
    pub const EXPORT: u32 = 17;
    /// A memory: `MINIMUM MAXIMUM`, in bytes.
    pub const MEMORY: u32 = 18;
    /// How many threads there may be at a time, besides the first; of programs that start threads only.
    pub const MAX_THREADS: u32 = 19;
}

/// A kind of grants that whoever starts a program can make, by the environment, and that only some functions of WASI
/// are there to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Variables,
    Directories,
    Listeners,
}

impl Use {
    /// Whether a program that imports a function has this use for it.
    pub fn is_by(self, function: &str) -> bool {
        match self {
            Use::Variables => function.starts_with("environ_"),
            Use::Directories => {
                let paths = ["path_", "unstable_path_", "fd_prestat_"];
                function == "fd_readdir" || paths.iter().any(|prefix| function.starts_with(prefix))
            }
            // A connection that was handed over needs no function of sockets.
            Use::Listeners => function == "fd_read" || function.starts_with("sock_"),
        }
    }
}

const HEADER_BYTES: usize = 24;

/// The descriptor of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    pub flags: u32,
    pub machine: u32,
    pub cpu_level: u32,
    pub max_memory: u64,
    items: &'a [u8],
}

impl<'a> Note<'a> {
    /// Reads a descriptor; `None` if it is not of this version.
    pub fn parse(descriptor: &'a [u8]) -> Option<Note<'a>> {
        if read_u32(descriptor, 0)? != VERSION {
            return None;
        }
        Some(Note {
            flags: read_u32(descriptor, 4)?,
            machine: read_u32(descriptor, 8)?,
            cpu_level: read_u32(descriptor, 12)?,
            max_memory: read_u32(descriptor, 16)? as u64 | (read_u32(descriptor, 20)? as u64) << 32,
            items: descriptor.get(HEADER_BYTES..)?,
        })
    }

    /// The items with a tag, in order.
    pub fn items(self, wanted: u32) -> impl Iterator<Item = &'a [u8]> {
        Items(self.items).filter_map(move |(tag, bytes)| (tag == wanted).then_some(bytes))
    }
}

/// Reads item after item, up to the first that does not fit.
struct Items<'a>(&'a [u8]);

impl<'a> Iterator for Items<'a> {
    type Item = (u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let tag = read_u32(self.0, 0)?;
        let length = read_u32(self.0, 4)? as usize;
        let bytes = self.0.get(8..8usize.checked_add(length)?)?;
        self.0 = self.0.get(8 + length.next_multiple_of(4)..).unwrap_or(&[]);
        Some((tag, bytes))
    }
}

/// A directory of the host that the guest sees under a name of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directory<'a> {
    pub host: &'a [u8],
    pub guest: &'a [u8],
    pub read_only: bool,
}

/// Reads `HOST[::GUEST][:ro]`: see [`parse_names`].
pub fn parse_directory(text: &[u8]) -> Option<Directory<'_>> {
    let (names, read_only) = match text.strip_suffix(b":ro") {
        Some(names) => (names, true),
        None => (text, false),
    };
    let (host, guest) = parse_names(names)?;
    Some(Directory { host, guest, read_only })
}

/// Reads `HOST[::GUEST]`. The guest's name is the host's if none is given; with several `::`, it follows the last.
/// `None` if one of the names is empty.
pub fn parse_names(names: &[u8]) -> Option<(&[u8], &[u8])> {
    let (host, guest) = match names.windows(2).rposition(|window| window == b"::") {
        Some(at) => (names.get(..at)?, names.get(at + 2..)?),
        None => (names, names),
    };
    if host.is_empty() || guest.is_empty() { None } else { Some((host, guest)) }
}

/// Whether the text of a link at `path` leads to something beneath the directory that `path` counts from.
pub fn stays_beneath(path: &[u8], target: &[u8]) -> bool {
    if target.first() == Some(&b'/') {
        return false;
    }
    let is_component = |component: &&[u8]| !component.is_empty() && *component != b".";
    let step = |component: &[u8]| if component == b".." { -1i32 } else { 1 };
    let mut depth = path.split(|&byte| byte == b'/').filter(is_component).map(step).sum::<i32>() - 1;
    target.split(|&byte| byte == b'/').filter(is_component).all(|component| {
        depth += step(component);
        depth >= 0
    })
}

/// Value of [`tag::LISTENER`]: not an address, but the sockets of socket activation.
pub const ACTIVATION: &[u8] = b"activation";

/// Reads a number of bytes: digits and perhaps a unit (`K`, `M`, `G`; `KiB` and `KB` mean the same). `None` if it is
/// none, or too large.
pub fn parse_size(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, unit) = text.split_at_checked(digits)?;
    let (shift, rest) = match unit.split_first() {
        None => (0, unit),
        Some((b'K' | b'k', rest)) => (10, rest),
        Some((b'M' | b'm', rest)) => (20, rest),
        Some((b'G' | b'g', rest)) => (30, rest),
        Some(_) => return None,
    };
    if !matches!(rest, b"" | b"B" | b"iB") {
        return None;
    }
    parse_number(digits)?.checked_mul(1 << shift)
}

/// Reads a decimal number: digits only, at least one. (The core library's checks for UTF-8 first, and is much larger.)
pub fn parse_number(digits: &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for &byte in digits {
        let digit = if byte.is_ascii_digit() { byte - b'0' } else { return None };
        number = number.checked_mul(10)?.checked_add(digit.into())?;
    }
    if digits.is_empty() { None } else { Some(number) }
}

/// Whether `NAME=VALUE` has a name.
pub fn is_variable(text: &[u8]) -> bool {
    text.iter().position(|&byte| byte == b'=').is_some_and(|at| at > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories() {
        let directory = |host: &'static str, guest: &'static str, read_only| {
            Some(Directory { host: host.as_bytes(), guest: guest.as_bytes(), read_only })
        };
        assert_eq!(parse_directory(b"/srv"), directory("/srv", "/srv", false));
        assert_eq!(parse_directory(b".:ro"), directory(".", ".", true));
        assert_eq!(parse_directory(b"a::/b"), directory("a", "/b", false));
        assert_eq!(parse_directory(b"a::/b:ro"), directory("a", "/b", true));
        assert_eq!(parse_directory(b"a::b::c"), directory("a::b", "c", false));
        for bad in [&b""[..], b":ro", b"::", b"a::", b"::b", b"a:::ro"] {
            assert_eq!(parse_directory(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn links_that_climb_out_are_seen() {
        for (path, target) in [("l", "a"), ("l", "./a/../b"), ("d/l", "../a"), ("d/e/l", "../../a"), ("./l", "a//b")] {
            assert!(stays_beneath(path.as_bytes(), target.as_bytes()), "{path} -> {target}");
        }
        for (path, target) in [("l", "/a"), ("l", ".."), ("l", "a/../../b"), ("d/l", "../../a"), ("d/../l", "../a")] {
            assert!(!stays_beneath(path.as_bytes(), target.as_bytes()), "{path} -> {target}");
        }
    }

    #[test]
    fn sizes() {
        for (text, size) in [("65536", 65536), ("8M", 8 << 20), ("4GiB", 4 << 30), ("1kB", 1 << 10), ("0", 0)] {
            assert_eq!(parse_size(text.as_bytes()), Some(size), "{text}");
        }
        for bad in ["", "M", "4T", "4MM", "1 K", "-1", "+1", "99999999999G", "99999999999999999999"] {
            assert_eq!(parse_size(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn notes_are_read_up_to_what_is_broken() {
        let mut bytes = [0u8; 64];
        bytes[0] = VERSION as u8;
        bytes[16..24].copy_from_slice(&(5u64 << 32 | 1).to_le_bytes());
        bytes[24] = tag::ARG0 as u8;
        bytes[28] = 3;
        bytes[32..35].copy_from_slice(b"abc");
        bytes[36] = 99;
        bytes[44] = tag::ARG0 as u8;
        bytes[48] = 200;
        let note = Note::parse(&bytes).unwrap();
        assert_eq!(note.max_memory, 5 << 32 | 1);
        assert!(note.items(tag::ARG0).eq([&b"abc"[..]]));
        assert_eq!(note.items(99).count(), 1);
        assert!(Note::parse(&bytes[..20]).is_none());
        bytes[0] = 2;
        assert!(Note::parse(&bytes).is_none());
    }
}
