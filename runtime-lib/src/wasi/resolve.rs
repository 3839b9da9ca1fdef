//! Paths of the guest's → places of the host's.
//!
//! # Problem
//!
//! A path counts from a directory that the guest was granted, and must lead to something in it, whatever links there
//! are, and whatever others do to the tree meanwhile.
//!
//! # Idea
//!
//! Nothing is ever checked first and used afterwards. A path is resolved once, by one of two means, and what comes out
//! is a descriptor, or a [`Place`]: a descriptor of a directory and one name in it, for a system call that follows no
//! link.
//!
//! - *Kernel*: `openat2` with `RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS` resolves, and refuses what would leave.
//! - *Walk*: component by component with `O_PATH | O_NOFOLLOW`; links are read and their text is put in front of the
//!   rest. `..` goes back to the descriptor that the walk came from, never through the file system's `..`, so that a
//!   directory that is moved away meanwhile cannot lead out. For kernels before 5.6, where a sandbox forbids `openat2`,
//!   for tests, and where the kernel cannot do what is wanted (a last link that an operation on names shall follow).
//!
//! [`choose`] decides once, at start. A name that is no link is opened without either: it cannot lead anywhere else.
//!
//! # What is refused
//!
//! `perm`: absolute paths, links with absolute targets, and whatever would go above the directory. `loop`: more than
//! [`MAX_LINKS`] links, and (`openat2` only; else `perm` or `noent`, since their text leads nowhere) the magic links of
//! `/proc`. Mount points inside a granted directory are part of it, and so are device files and FIFOs: who grants them,
//! grants them.
//!
//! # Invariants
//!
//! - The name of a place is one component without a slash, except that [`parent`] leaves a slash behind it: for system
//!   calls that never follow their last component, which then want a directory. `..` is never a name.

use core::ffi::CStr;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use wasmc_abi::embed::MAX_NAME;

use super::Result;
use super::guest::Memory;
use super::types::Errno;
use crate::sys::{self, MAX_PATH, OpenFlags};

/// As many as Linux follows.
pub const MAX_LINKS: u32 = 40;

/// Directories that a walk goes down before it gives up.
const MAX_DEPTH: usize = 256;

/// Whether paths are walked.
static WALKS: AtomicBool = AtomicBool::new(false);

/// Chooses how paths are resolved.
pub fn choose(walk: bool) {
    WALKS.store(walk || !sys::has_openat2(), Relaxed);
}

/// A path of the guest's: copied once, relative, without NUL, neither empty nor too long.
pub struct Path {
    bytes: [u8; MAX_PATH + 1],
    length: usize,
}

// Inlined, so that the bytes are copied once, to where they stay.
impl Path {
    #[inline(always)]
    pub fn read(memory: Memory, address: u32, length: u32) -> Result<Path> {
        let path = Path::read_text(memory, address, length)?;
        if path.text().first() == Some(&b'/') { Err(Errno::PERM) } else { Ok(path) }
    }

    /// A path that may be absolute: the target of a link.
    #[inline(always)]
    pub fn read_text(memory: Memory, address: u32, length: u32) -> Result<Path> {
        let bytes = memory.slice::<u8>(address, length)?;
        let mut path = Path { bytes: [0; MAX_PATH + 1], length: length as usize };
        if length as usize >= MAX_PATH {
            return Err(Errno::NAMETOOLONG);
        }
        if let Some(room) = path.bytes.get_mut(..length as usize) {
            bytes.copy_to(room);
        }
        match path.text() {
            [] => Err(Errno::NOENT),
            text if text.contains(&0) => Err(Errno::INVAL),
            _ => Ok(path),
        }
    }

    pub fn text(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"")
    }

    /// The length of the path up to its last component; that component; whether slashes follow it.
    fn split(&self) -> (usize, &[u8], bool) {
        let text = self.text();
        let end = text.iter().rposition(|&byte| byte != b'/').map_or(0, |at| at + 1);
        let trimmed = text.get(..end).unwrap_or(&[]);
        let start = trimmed.iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
        (start, trimmed.get(start..).unwrap_or(&[]), end < text.len())
    }

    /// The path up to its last component, which is cut off.
    fn cut(&mut self, length: usize) {
        if let Some(byte) = self.bytes.get_mut(length) {
            *byte = 0;
        }
        self.length = length;
    }

    /// Whether it is one ordinary name.
    pub fn is_name(&self) -> bool {
        let text = self.text();
        !text.contains(&b'/') && text != b"." && text != b".."
    }
}

/// One component, NUL-terminated.
pub struct Name {
    bytes: [u8; MAX_NAME + 2],
}

impl Name {
    fn new(component: &[u8], slash: bool) -> Result<Name> {
        let mut name = Name { bytes: [0; MAX_NAME + 2] };
        if component.len() > MAX_NAME {
            return Err(Errno::NAMETOOLONG);
        }
        for (byte, &from) in name.bytes.iter_mut().zip(component.iter().chain(if slash { &b"/"[..] } else { &[] })) {
            *byte = from;
        }
        // A name of full length has no room for the slash, and then for the NUL.
        if let Some(last) = name.bytes.last_mut() {
            *last = 0;
        }
        Ok(name)
    }

    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"")
    }
}

/// A directory of the host and a name in it.
pub struct Place {
    pub directory: i32,
    /// The descriptor is closed with the place.
    owned: bool,
    pub name: Name,
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.owned {
            sys::close(self.directory);
        }
    }
}

impl Place {
    /// A directory itself.
    fn itself(directory: i32, owned: bool) -> Result<Place> {
        Ok(Place { directory, owned, name: Name::new(b".", false)? })
    }

    pub fn name(&self) -> &CStr {
        self.name.as_c_str()
    }
}

/// The place of a path's last component, which is not followed. A slash behind it stays.
pub fn parent(directory: i32, mut path: Path) -> Result<Place> {
    let (prefix, last, slash) = path.split();
    if matches!(last, b"." | b"..") {
        return Place::itself(open(directory, &path, true, OpenFlags::PATH | OpenFlags::DIRECTORY)?, true);
    }
    let name = Name::new(last, slash)?;
    if prefix == 0 {
        return Ok(Place { directory, owned: false, name });
    }
    path.cut(prefix);
    let directory = open(directory, &path, true, OpenFlags::PATH | OpenFlags::DIRECTORY)?;
    Ok(Place { directory, owned: true, name })
}

/// The place of what a path leads to. A link is followed if asked for, or if a slash is behind it.
pub fn target(directory: i32, path: Path, follow: bool) -> Result<Place> {
    let (_, last, slash) = path.split();
    if slash || matches!(last, b"." | b"..") {
        return Place::itself(open(directory, &path, true, OpenFlags::PATH | OpenFlags::DIRECTORY)?, true);
    }
    if follow { Walk::new(directory, path.text())?.run(true) } else { parent(directory, path) }
}

/// Opens what a path leads to.
pub fn open(directory: i32, path: &Path, follow: bool, flags: OpenFlags) -> Result<i32> {
    let mut flags = flags | OpenFlags::CLOEXEC | OpenFlags::NOCTTY;
    let slash = path.text().last() == Some(&b'/');
    if !follow && !slash {
        flags |= OpenFlags::NOFOLLOW;
    }
    if flags.contains(OpenFlags::PATH) {
        flags.remove(OpenFlags::NOCTTY);
    }
    // One name needs no resolution unless it is a link. `O_PATH` would open the link itself.
    if path.is_name() && !flags.contains(OpenFlags::PATH) {
        match sys::open_at(directory, path.as_c_str(), flags | OpenFlags::NOFOLLOW) {
            Err(sys::Errno::LOOP | sys::Errno::NOTDIR) if follow => {}
            result => return Ok(result?),
        }
    }
    if WALKS.load(Relaxed) {
        return walk_and_open(directory, path, follow || slash, slash, flags);
    }
    sys::open_beneath(directory, path.as_c_str(), flags).map_err(|error| match error {
        sys::Errno::XDEV => Errno::PERM,
        error => error.into(),
    })
}

fn walk_and_open(directory: i32, path: &Path, follow: bool, slash: bool, flags: OpenFlags) -> Result<i32> {
    // An exclusive creation never follows.
    let follow = follow && !flags.contains(OpenFlags::CREATE | OpenFlags::EXCL);
    if slash && flags.contains(OpenFlags::CREATE) {
        return Err(Errno::ISDIR);
    }
    let place = Walk::new(directory, path.text())?.run(follow)?;
    Ok(sys::open_at(place.directory, place.name(), flags | OpenFlags::NOFOLLOW)?)
}

/// A walk through the components of a path.
struct Walk {
    /// Where it started: `..` is refused here.
    root: i32,
    /// The directories that it went down, innermost last.
    directories: [i32; MAX_DEPTH],
    depth: usize,
    /// What is left of the path: the bytes from `start` on.
    text: [u8; MAX_PATH],
    start: usize,
    links: u32,
}

impl Drop for Walk {
    fn drop(&mut self) {
        while let Some(directory) = self.pop() {
            sys::close(directory);
        }
    }
}

impl Walk {
    fn new(root: i32, path: &[u8]) -> Result<Walk> {
        let text = [0; MAX_PATH];
        let mut walk = Walk { root, directories: [-1; MAX_DEPTH], depth: 0, start: text.len(), text, links: 0 };
        walk.prepend(path)?;
        Ok(walk)
    }

    fn prepend(&mut self, text: &[u8]) -> Result {
        let start = self.start.checked_sub(text.len()).ok_or(Errno::NAMETOOLONG)?;
        if let Some(room) = self.text.get_mut(start..self.start) {
            room.copy_from_slice(text);
        }
        self.start = start;
        Ok(())
    }

    fn current(&self) -> i32 {
        self.depth.checked_sub(1).and_then(|top| self.directories.get(top)).copied().unwrap_or(self.root)
    }

    fn pop(&mut self) -> Option<i32> {
        self.depth = self.depth.checked_sub(1)?;
        self.directories.get(self.depth).copied()
    }

    fn push(&mut self, directory: i32) -> Result {
        let Some(place) = self.directories.get_mut(self.depth) else {
            sys::close(directory);
            return Err(Errno::NAMETOOLONG);
        };
        *place = directory;
        self.depth += 1;
        Ok(())
    }

    /// Takes the next component; tells whether it is the last.
    fn next(&mut self) -> Result<(Name, bool)> {
        let rest = self.text.get(self.start..).unwrap_or(&[]);
        let begin = rest.iter().position(|&byte| byte != b'/').unwrap_or(rest.len());
        let component = rest.get(begin..).unwrap_or(&[]);
        let length = component.iter().position(|&byte| byte == b'/').unwrap_or(component.len());
        let behind = component.get(length..).unwrap_or(&[]);
        let name = Name::new(component.get(..length).unwrap_or(&[]), false)?;
        // A slash is followed by an empty component, so that what is before it is gone through like any directory.
        let is_last = behind.is_empty();
        self.start += begin + length;
        Ok((name, is_last))
    }

    /// Puts the target of a link in front of the rest; tells whether there was a link.
    fn follow(&mut self, name: &Name) -> Result<bool> {
        let mut buffer = [0; MAX_PATH];
        match sys::read_link(self.current(), name.as_c_str(), &mut buffer) {
            Ok(target) => {
                self.links += 1;
                if self.links > MAX_LINKS {
                    return Err(Errno::LOOP);
                }
                match target {
                    [] => return Err(Errno::NOENT),
                    [b'/', ..] => return Err(Errno::PERM),
                    // The rest begins with a slash, if there is any.
                    target => self.prepend(target)?,
                }
                Ok(true)
            }
            Err(sys::Errno::INVAL) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn run(mut self, follow: bool) -> Result<Place> {
        loop {
            let (name, is_last) = self.next()?;
            match name.as_c_str().to_bytes() {
                b"" | b"." => {}
                b".." => match self.pop() {
                    Some(directory) => sys::close(directory),
                    None => return Err(Errno::PERM),
                },
                _ if is_last => {
                    let is_link = follow
                        && match self.follow(&name) {
                            Err(Errno::NOENT) => false,
                            result => result?,
                        };
                    if is_link {
                        continue;
                    }
                    return Ok(self.place(name));
                }
                _ => match sys::open_at(self.current(), name.as_c_str(), STEP) {
                    Ok(directory) => self.push(directory)?,
                    Err(sys::Errno::NOTDIR | sys::Errno::LOOP) => {
                        if !self.follow(&name)? {
                            return Err(Errno::NOTDIR);
                        }
                    }
                    Err(error) => return Err(error.into()),
                },
            }
            if is_last {
                return Ok(self.place(Name::new(b".", false)?));
            }
        }
    }

    /// A name in the directory where the walk is, whose descriptor it hands over.
    fn place(&mut self, name: Name) -> Place {
        match self.pop() {
            Some(directory) => Place { directory, owned: true, name },
            None => Place { directory: self.root, owned: false, name },
        }
    }
}

/// How a walk opens a directory on its way.
const STEP: OpenFlags =
    OpenFlags::PATH.union(OpenFlags::DIRECTORY).union(OpenFlags::NOFOLLOW).union(OpenFlags::CLOEXEC);
