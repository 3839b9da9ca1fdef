//! Profiles: what an executable counts while it runs (`--profile-generate`), as the file that a later compilation reads
//! (`--profile-use`).
//!
//! The compiler lays the file out, and reserves a section of zeros as large; [`Program`] refers to both. At start the
//! runtime opens the file, or makes it, and maps it over the section, shared. So a counter of the program is a word of
//! the file: it is there however the process ends, and the runs of an executable add up. All numbers are little-endian:
//!
//! ```text
//!    0  MAGIC
//!    8  u32  VERSION
//!   12  u32  count of functions
//!   16  u32  bytes of names
//!   20  u32  count of words
//!   24  u64  checksum of what lies before the words
//!   32  functions, each FUNCTION_BYTES:  u64 hash, i32 code, u32 counters, u32 sites, u32 name, u32 bytes of the name,
//!                                        u32 0
//!       names
//!       zeros, up to a multiple of 8
//!       words, u64 each: of each function its counters, then SITE_WORDS for each of its sites
//! ```
//!
//! A *counter* says how often control came to a place. The first is that of the function itself; which places the
//! others belong to follows from the function's body, of which `hash` is a hash (`compiler/src/profile/`).
//!
//! A *site* is a call through a table or a reference. Its words are a *candidate*, the code offset that a funcref holds
//! ([`Function::code`] tells whose it is), how often that was called, and how often another one since the candidate was
//! chosen. If others are called more often, the last of them becomes the candidate. So one that is called nearly
//! always is found, and its count is not too high.
//!
//! Threads count without locks: increments may be lost.

use crate::fields::{put, read_u32, read_u64};
use crate::program::Rel32;

/// What a profile begins with.
pub const MAGIC: [u8; 8] = *b"\x7fwasmcP\n";

/// Raised with every change of the format, and of what is counted.
pub const VERSION: u32 = 1;

pub const HEADER_BYTES: usize = 32;
pub const FUNCTION_BYTES: usize = 32;

/// Words of a site.
pub const SITE_WORDS: u32 = 3;

/// Places of the words of a site.
pub const SITE_CANDIDATE: u32 = 0;
pub const SITE_HITS: u32 = 1;
pub const SITE_MISSES: u32 = 2;

/// Byte offset of the checksum in a profile.
pub const CHECKSUM: usize = 24;

/// What the runtime must know of a program that counts.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Program {
    /// [`symbols::PROFILE`](crate::symbols::PROFILE).
    pub begin: Rel32,
    /// The file up to its words, but for the checksum; a multiple of 8 bytes.
    pub template: Rel32,
    pub template_bytes: u32,
    /// Where the file is mapped: at a multiple of [`MAX_PAGE_SIZE`](crate::layout::MAX_PAGE_SIZE) from the executable's
    /// start.
    pub file: Rel32,
    pub file_bytes: u32,
    /// The name of the file, without a NUL; none if it is made from that of the executable.
    pub path: Rel32,
    pub path_bytes: u32,
}

/// What is behind the executable's name if a profile has no other.
pub const EXTENSION: &str = ".profile";

/// Why bytes are no profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// They are something else.
    Other,
    /// It was made by another version of wasmc.
    Version,
    /// It begins like one.
    Damaged,
}

/// Of a function: what is in the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Function {
    pub hash: u64,
    /// The code offset that funcrefs of this function hold.
    pub code: i32,
    pub counters: u32,
    pub sites: u32,
    /// Offset in the names, and length in bytes.
    pub name: u32,
    pub name_bytes: u32,
}

/// Byte offset of [`Function::code`] in what [`Function::encode`] gives.
pub const FUNCTION_CODE: usize = 8;

impl Function {
    pub fn encode(&self) -> [u8; FUNCTION_BYTES] {
        let mut bytes = [0; FUNCTION_BYTES];
        put(&mut bytes, 0, &self.hash.to_le_bytes());
        put(&mut bytes, FUNCTION_CODE, &self.code.to_le_bytes());
        put(&mut bytes, 12, &self.counters.to_le_bytes());
        put(&mut bytes, 16, &self.sites.to_le_bytes());
        put(&mut bytes, 20, &self.name.to_le_bytes());
        put(&mut bytes, 24, &self.name_bytes.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Function> {
        Some(Function {
            hash: read_u64(bytes, 0)?,
            code: read_u32(bytes, FUNCTION_CODE)?.cast_signed(),
            counters: read_u32(bytes, 12)?,
            sites: read_u32(bytes, 16)?,
            name: read_u32(bytes, 20)?,
            name_bytes: read_u32(bytes, 24)?,
        })
    }

    /// Words of the function, if it is possible that there are so many.
    pub fn words(&self) -> Option<u32> {
        self.sites.checked_mul(SITE_WORDS)?.checked_add(self.counters)
    }
}

/// What a profile begins with, without the checksum.
pub fn header(functions: u32, name_bytes: u32, words: u32) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    put(&mut bytes, 0, &MAGIC);
    put(&mut bytes, 8, &VERSION.to_le_bytes());
    put(&mut bytes, 12, &functions.to_le_bytes());
    put(&mut bytes, 16, &name_bytes.to_le_bytes());
    put(&mut bytes, 20, &words.to_le_bytes());
    bytes
}

/// The checksum of what a profile has before its words: FNV-1a over 64 bits at a time, without the checksum itself.
pub fn checksum(template: &[u8]) -> u64 {
    let words = template.as_chunks().0.iter().enumerate().filter(|(index, _)| *index != CHECKSUM / 8);
    let words = words.map(|(_, word)| word);
    words.fold(0xcbf2_9ce4_8422_2325, |hash, word| (hash ^ u64::from_le_bytes(*word)).wrapping_mul(0x100_0000_01b3))
}

/// A profile, to be read.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    functions: &'a [u8],
    names: &'a [u8],
    words: &'a [u8],
}

impl<'a> Profile<'a> {
    /// Reads a whole file. What [`Profile::functions`] gives later was checked here.
    ///
    /// # Errors
    ///
    /// If it is none, or its parts are not as the header says.
    pub fn parse(file: &'a [u8]) -> Result<Profile<'a>, Malformed> {
        let Some(rest) = file.strip_prefix(&MAGIC) else { return Err(Malformed::Other) };
        if read_u32(rest, 0).ok_or(Malformed::Damaged)? != VERSION {
            return Err(Malformed::Version);
        }
        Self::parse_parts(file).filter(Profile::is_consistent).ok_or(Malformed::Damaged)
    }

    fn parse_parts(file: &'a [u8]) -> Option<Profile<'a>> {
        let [functions, names, words] = [12, 16, 20].map(|at| read_u32(file, at).unwrap_or(u32::MAX) as usize);
        let names_at = HEADER_BYTES.checked_add(functions.checked_mul(FUNCTION_BYTES)?)?;
        let names_end = names_at.checked_add(names)?;
        let words_at = names_end.checked_next_multiple_of(8)?;
        if file.len() != words_at.checked_add(words.checked_mul(8)?)?
            || read_u64(file, CHECKSUM)? != checksum(file.get(..words_at)?)
        {
            return None;
        }
        Some(Profile {
            functions: file.get(HEADER_BYTES..names_at)?,
            names: file.get(names_at..names_end)?,
            words: file.get(words_at..)?,
        })
    }

    /// Whether the functions have all words, and names.
    fn is_consistent(&self) -> bool {
        let mut words = Some(0u32);
        let mut names_are_right = true;
        for function in self.table() {
            words = words.and_then(|words| words.checked_add(function.words()?));
            names_are_right &= function.counters > 0 && self.name(function).is_some();
        }
        names_are_right && words.is_some_and(|words| words as usize * 8 == self.words.len())
    }

    fn table(&self) -> impl Iterator<Item = Function> + use<'a> {
        self.functions.as_chunks::<FUNCTION_BYTES>().0.iter().filter_map(|bytes| Function::decode(bytes))
    }

    fn name(&self, function: Function) -> Option<&'a [u8]> {
        let start = function.name as usize;
        self.names.get(start..start.checked_add(function.name_bytes as usize)?)
    }

    /// The functions, their names and their words.
    pub fn functions(self) -> impl Iterator<Item = (Function, &'a [u8], Words<'a>)> {
        let mut rest = self.words;
        self.table().map(move |function| {
            let bytes = function.words().unwrap_or(0) as usize * 8;
            let (words, following) = rest.split_at_checked(bytes).unwrap_or((&[], &[]));
            rest = following;
            (function, self.name(function).unwrap_or(&[]), Words { words, counters: function.counters })
        })
    }
}

/// The words of a function.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    words: &'a [u8],
    counters: u32,
}

/// What was seen at a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// A code offset, sign-extended; it may be that of no function of the table.
    pub candidate: i64,
    pub hits: u64,
    pub misses: u64,
}

impl<'a> Words<'a> {
    fn all(&self) -> impl Iterator<Item = u64> + use<'a> {
        self.words.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word))
    }

    pub fn counters(&self) -> impl Iterator<Item = u64> + use<'a> {
        self.all().take(self.counters as usize)
    }

    pub fn sites(&self) -> impl Iterator<Item = Site> + use<'a> {
        let words = self.words.get(self.counters as usize * 8..).unwrap_or(&[]);
        let site = |bytes: &[u8; 8 * SITE_WORDS as usize]| {
            let word = |index: u32| read_u64(bytes, index as usize * 8).unwrap_or(0);
            let candidate = word(SITE_CANDIDATE).cast_signed();
            Site { candidate, hits: word(SITE_HITS), misses: word(SITE_MISSES) }
        };
        words.as_chunks().0.iter().map(site)
    }
}

const _: () = assert!(size_of::<Program>() == 28);

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: usize = HEADER_BYTES + 2 * FUNCTION_BYTES;
    const BYTES: usize = NAMES + 8 + 8 * 6;

    /// Two functions: `f` with two counters, `gh` with one and a site.
    fn file() -> [u8; BYTES] {
        let mut file = [0; BYTES];
        put(&mut file, 0, &header(2, 3, 6));
        let f = Function { hash: 1, code: -8, counters: 2, sites: 0, name: 0, name_bytes: 1 };
        let g = Function { hash: 2, code: 64, counters: 1, sites: 1, name: 1, name_bytes: 2 };
        put(&mut file, HEADER_BYTES, &f.encode());
        put(&mut file, HEADER_BYTES + FUNCTION_BYTES, &g.encode());
        put(&mut file, NAMES, b"fgh");
        for (index, word) in [10u64, 11, 12, (-8i64).cast_unsigned(), 7, 3].into_iter().enumerate() {
            put(&mut file, NAMES + 8 + 8 * index, &word.to_le_bytes());
        }
        let sum = checksum(&file[..NAMES + 8]);
        put(&mut file, CHECKSUM, &sum.to_le_bytes());
        file
    }

    #[test]
    fn what_is_written_is_read() {
        let file = file();
        let profile = Profile::parse(&file).unwrap();
        let mut functions = profile.functions();
        let (f, name, words) = functions.next().unwrap();
        assert_eq!((f.hash, f.code, name), (1, -8, &b"f"[..]));
        assert!(words.counters().eq([10, 11]));
        assert_eq!(words.sites().count(), 0);
        let (g, name, words) = functions.next().unwrap();
        assert_eq!((g.hash, g.code, name), (2, 64, &b"gh"[..]));
        assert!(words.counters().eq([12]));
        assert!(words.sites().eq([Site { candidate: -8, hits: 7, misses: 3 }]));
        assert!(functions.next().is_none());
    }

    /// Whatever byte in front of the words is damaged, it is noticed; and so is a file that is cut, or too long.
    #[test]
    fn damage_is_noticed() {
        let whole = file();
        for at in 0..NAMES + 8 {
            for flip in [1, 0x80, 0xff] {
                let mut file = whole;
                file[at] ^= flip;
                let expected = match at {
                    0..8 => Malformed::Other,
                    8..12 => Malformed::Version,
                    _ => Malformed::Damaged,
                };
                assert_eq!(Profile::parse(&file).err(), Some(expected), "{at}");
            }
        }
        for length in 0..BYTES {
            assert!(Profile::parse(&whole[..length]).is_err(), "{length}");
        }
        let mut longer = [0; BYTES + 8];
        longer[..BYTES].copy_from_slice(&whole);
        assert_eq!(Profile::parse(&longer).err(), Some(Malformed::Damaged));
    }

    /// A checksum that is right makes no table right.
    #[test]
    fn sizes_are_checked() {
        for (at, value) in [(12, u32::MAX), (16, 9), (20, 7), (HEADER_BYTES + 12, 3), (HEADER_BYTES + 16, u32::MAX)] {
            let mut file = file();
            put(&mut file, at, &value.to_le_bytes());
            let sum = checksum(&file[..NAMES + 8]);
            put(&mut file, CHECKSUM, &sum.to_le_bytes());
            assert_eq!(Profile::parse(&file).err(), Some(Malformed::Damaged), "{at}");
        }
    }
}
