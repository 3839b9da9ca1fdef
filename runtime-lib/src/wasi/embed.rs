//! Embedded trees: directories that lie in the executable (`--embed`), as [`wasmc_abi::embed`] describes.
//!
//! # Idea
//!
//! An embedded directory is a read-only grant: its entry in the [table](super::table) has the rights of one, so the
//! functions that change something refuse it before they ask what stands behind it, with the same error. The others
//! ask [`Entry::embedded`], and send a [`Request`] here instead of a system call to the kernel. Nothing here makes any.
//!
//! Only programs with trees contain the code that answers: they refer to it through their header, as to
//! [`harden`](crate::harden). What a file's descriptor remembers (position, flags) is in the table.
//!
//! # Paths
//!
//! They lead where [`resolve`](super::resolve) would lead in a directory of the host: `..` is `perm` at the directory
//! that the path counts from, a link may stand anywhere and is followed as far as [`MAX_LINKS`], a slash at the end
//! wants a directory. What is left of the path and of links in it is a stack of texts, which lie in the executable and
//! in the caller's path; no text is ever put together, so its length has no limit of its own.
//!
//! # Numbers
//!
//! An inode is the node's number plus 1, on a device that no machine has. All times are the one in the index. A
//! directory's size is 0 and its count of links 1, which programs take for 'not counted'. The cookies of a listing are
//! 0 for `.`, 1 for `..`, then the places of the children plus 2.

use wasmc_abi::embed::{DIRECTORY, FILE, LINK, MAX_NAME, Node, Tree};

use super::Result;
use super::fd::{Listing, offset};
#[cfg(not(feature = "library"))]
use super::grants;
use super::guest::{GuestSlice, Memory};
use super::resolve::MAX_LINKS;
use super::table::{self, Kind};
use super::types::{Dirent, Errno, Filestat, Iovec, filetype};
use crate::arch;
use crate::sys::SeekFrom;

/// What is asked of embedded trees. A `node` comes from [`Entry::embedded`](super::table::Entry::embedded).
pub enum Request<'a> {
    /// Puts the trees into the table of descriptors.
    #[cfg(not(feature = "library"))]
    Mount,
    /// Gives the node that a path leads to, and the kind of descriptor for it. A link has none.
    Open { node: u32, path: &'a [u8], follow: bool, wants_directory: bool, kind: &'a mut Kind },
    /// Describes the node that a path leads to; of an empty path, the node itself.
    Describe { node: u32, path: &'a [u8], follow: bool, stat: &'a mut Filestat },
    /// Finds the target of the link that a path leads to.
    ReadLink { node: u32, path: &'a [u8], target: &'a mut &'static [u8] },
    /// Copies from a place in a file into the guest's vectors, and gives how many bytes that were.
    Read { node: u32, from: u64, memory: Memory, vectors: GuestSlice<Iovec> },
    /// The same, from where the guest's descriptor is, which moves on.
    ReadOn { fd: u32, node: u32, memory: Memory, vectors: GuestSlice<Iovec> },
    /// Moves the guest's descriptor in a file, and gives where it is then.
    Seek { fd: u32, node: u32, to: SeekFrom },
    /// Lists entries from a cookie on.
    List { node: u32, cookie: u64, listing: &'a mut Listing },
}

/// Sends a request to the code that answers, if the program has it.
pub fn call(request: Request<'_>) -> Result<u64> {
    let header = arch::program();
    let function = arch::resolve(header, header.embed);
    if function.is_null() {
        return Err(Errno::NOSYS);
    }
    // SAFETY: the compiler's promise about the header; the function below, compiled with this caller.
    let function = unsafe { core::mem::transmute::<*const u8, fn(Request<'_>) -> Result<u64>>(function) };
    function(request)
}

/// The reference from the header; see [`symbols::EMBED`](wasmc_abi::symbols::EMBED).
#[unsafe(no_mangle)]
fn wasmc_embed(request: Request<'_>) -> Result<u64> {
    let header = arch::program();
    let block = arch::resolve(header, header.embedded);
    // SAFETY: the compiler's promise about the header; nobody writes there.
    let block = unsafe { core::slice::from_raw_parts(block, header.embedded_size as usize) };
    answer(Tree::new(block).ok_or(Errno::IO)?, request)
}

/// Number of the device of embedded files.
const DEVICE: u64 = i64::MAX as u64;

fn answer(tree: Tree<'static>, request: Request<'_>) -> Result<u64> {
    match request {
        #[cfg(not(feature = "library"))]
        Request::Mount => {
            for mount in tree.mounts() {
                grants::insert_embedded(mount.root, tree.bytes(mount.name).ok_or(Errno::IO)?);
            }
            Ok(0)
        }
        Request::Open { node, path, follow, wants_directory, kind } => {
            let found = resolve(tree, node, path, follow)?;
            *kind = match get(tree, found)?.kind {
                DIRECTORY => Kind::Directory,
                _ if wants_directory => return Err(Errno::NOTDIR),
                FILE => Kind::File,
                _ => return Err(Errno::LOOP),
            };
            Ok(found.into())
        }
        Request::Describe { node, path, follow, stat } => {
            let found = if path.is_empty() { node } else { resolve(tree, node, path, follow)? };
            *stat = describe(tree, found)?;
            Ok(0)
        }
        Request::ReadLink { node, path, target } => {
            let found = get(tree, resolve(tree, node, path, false)?)?;
            if found.kind != LINK {
                return Err(Errno::INVAL);
            }
            *target = tree.bytes(found.data).ok_or(Errno::IO)?;
            Ok(0)
        }
        Request::Read { node, from, memory, vectors } => read_from(tree, node, from, memory, vectors),
        Request::ReadOn { fd, node, memory, vectors } => {
            let mut done = 0;
            table::move_position(fd, node, |position| {
                done = read_from(tree, node, position, memory, vectors)?;
                Ok(position + done)
            })?;
            Ok(done)
        }
        Request::Seek { fd, node, to } => table::move_position(fd, node, |position| {
            let position = match to {
                SeekFrom::Start(position) => Some(position),
                SeekFrom::Current(delta) => position.checked_add_signed(delta),
                SeekFrom::End(delta) => describe(tree, node)?.size.checked_add_signed(delta),
                _ => None,
            };
            offset(position.ok_or(Errno::INVAL)?)
        }),
        Request::List { node, cookie, listing } => {
            list(tree, node, cookie, listing)?;
            Ok(0)
        }
    }
}

/// Copies from a place in a file into the guest's vectors.
fn read_from(tree: Tree<'static>, node: u32, from: u64, memory: Memory, vectors: GuestSlice<Iovec>) -> Result<u64> {
    let file = get(tree, node)?;
    let contents = tree.bytes(file.data).ok_or(Errno::IO)?;
    let rest = usize::try_from(from).ok().and_then(|from| contents.get(from..)).unwrap_or(&[]);
    read(memory, vectors, rest)
}

/// A node that must exist.
fn get(tree: Tree<'_>, number: u32) -> Result<Node> {
    tree.node(number).ok_or(Errno::IO)
}

fn filetype_of(node: Node) -> u8 {
    match node.kind {
        FILE => filetype::REGULAR_FILE,
        DIRECTORY => filetype::DIRECTORY,
        LINK => filetype::SYMBOLIC_LINK,
        _ => filetype::UNKNOWN,
    }
}

fn inode(number: u32) -> u64 {
    u64::from(number) + 1
}

fn describe(tree: Tree<'_>, number: u32) -> Result<Filestat> {
    let node = get(tree, number)?;
    let time = tree.time.saturating_mul(1_000_000_000);
    Ok(Filestat {
        dev: DEVICE,
        ino: inode(number),
        filetype: filetype_of(node),
        nlink: 1,
        size: if node.kind == DIRECTORY { 0 } else { node.data.length },
        atim: time,
        mtim: time,
        ctim: time,
        ..Filestat::default()
    })
}

/// What is left of a path, as texts: the last one comes first. None of them has been gone through completely, so that
/// a component is the path's last one if no text is left behind it.
struct Rest<'a> {
    texts: [&'a [u8]; MAX_LINKS as usize + 1],
    count: usize,
}

impl<'a> Rest<'a> {
    fn push(&mut self, text: &'a [u8]) -> Result {
        *self.texts.get_mut(self.count).ok_or(Errno::LOOP)? = text;
        self.count += 1;
        Ok(())
    }

    /// The next component, which is empty between and behind slashes.
    fn next(&mut self) -> Option<&'a [u8]> {
        let last = self.count.checked_sub(1)?;
        let text = self.texts.get_mut(last)?;
        match text.iter().position(|&byte| byte == b'/') {
            Some(slash) => {
                let component = text.get(..slash)?;
                *text = text.get(slash + 1..)?;
                Some(component)
            }
            None => {
                self.count = last;
                Some(*text)
            }
        }
    }
}

/// The node that a path leads to, counting from a directory.
fn resolve(tree: Tree<'static>, directory: u32, path: &[u8], follow: bool) -> Result<u32> {
    let mut rest = Rest { texts: [&[]; MAX_LINKS as usize + 1], count: 0 };
    rest.push(path)?;
    let mut links = 0;
    let mut number = directory;
    while let Some(component) = rest.next() {
        let node = get(tree, number)?;
        if node.kind != DIRECTORY {
            return Err(Errno::NOTDIR);
        }
        match component {
            b"" | b"." => {}
            b".." if number == directory => return Err(Errno::PERM),
            b".." => number = node.parent,
            name if name.len() > MAX_NAME => return Err(Errno::NAMETOOLONG),
            name => {
                let child = tree.find(node, name).ok_or(Errno::NOENT)?;
                let found = get(tree, child)?;
                if found.kind == LINK && (follow || rest.count > 0) {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(Errno::LOOP);
                    }
                    rest.push(tree.bytes(found.data).ok_or(Errno::IO)?)?;
                } else {
                    number = child;
                }
            }
        }
    }
    Ok(number)
}

/// Fills the guest's vectors, which are all checked before. (A guest may read over its own vectors; what they say then
/// is checked, too.)
fn read(memory: Memory, vectors: GuestSlice<Iovec>, contents: &[u8]) -> Result<u64> {
    let buffers = || (0..vectors.count()).filter_map(|index| vectors.get(index));
    for vector in buffers() {
        memory.slice::<u8>(vector.buf, vector.buf_len)?;
    }
    let mut rest = contents;
    for vector in buffers() {
        let buffer = memory.slice::<u8>(vector.buf, vector.buf_len)?;
        let Some((part, behind)) = rest.split_at_checked(rest.len().min(buffer.count() as usize)) else { break };
        buffer.copy_from(0, part);
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    Ok((contents.len() - rest.len()) as u64)
}

fn list(tree: Tree<'_>, number: u32, cookie: u64, listing: &mut Listing) -> Result {
    let directory = get(tree, number)?;
    for place in cookie.. {
        let (name, entry) = match place {
            0 => (&b"."[..], number),
            1 => (&b".."[..], directory.parent),
            _ => {
                let Some(child) = tree.child(directory, place - 2) else { break };
                (tree.bytes(get(tree, child)?.name).ok_or(Errno::IO)?, child)
            }
        };
        let d_type = filetype_of(get(tree, entry)?);
        let dirent = Dirent { d_next: place + 1, d_ino: inode(entry), d_type, ..Dirent::default() };
        if !listing.add(dirent, name) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmc_abi::embed::{Mount, NODE_BYTES, Span, header};
    use wasmc_abi::layout::MemoryRecord;

    /// Directories, with the numbers of their first children and how many; links with targets; files with contents.
    const NODES: &[(u32, &str, u32, u64, u64, &str)] = &[
        (DIRECTORY, "", 0, 1, 5, ""),
        (DIRECTORY, "d", 0, 6, 3, ""),
        (FILE, "f", 0, 0, 0, "0123456789"),
        (LINK, "loop", 0, 0, 0, "loop"),
        (LINK, "to-d", 0, 0, 0, "./d/"),
        (LINK, "to-f", 0, 0, 0, "to-d/../to-d/up"),
        (DIRECTORY, "e", 1, 9, 0, ""),
        (LINK, "out", 1, 0, 0, "../../f"),
        (LINK, "up", 1, 0, 0, "../f"),
    ];

    fn tree() -> Tree<'static> {
        let texts = 16 + 16 + NODES.len() * NODE_BYTES;
        let mut block = header(1, NODES.len() as u32, 1_000).to_vec();
        let mut text = b"/t".to_vec();
        block.extend(Mount { root: 0, name: Span { offset: texts as u64, length: 2 } }.encode());
        for &(kind, name, parent, first, count, data) in NODES {
            let mut span = |bytes: &str| {
                text.extend_from_slice(bytes.as_bytes());
                Span { offset: (texts + text.len() - bytes.len()) as u64, length: bytes.len() as u64 }
            };
            let name = span(name);
            let data = if kind == DIRECTORY { Span { offset: first, length: count } } else { span(data) };
            block.extend(Node { kind, parent, name, data }.encode());
        }
        block.extend(text);
        let tree = Tree::new(block.leak()).unwrap();
        assert!(tree.check(u64::MAX));
        tree
    }

    #[test]
    fn paths_lead_where_the_kernel_would_go() {
        let tree = tree();
        for (path, node) in [
            (".", 0),
            ("f", 2),
            ("d/", 1),
            ("d/./e/../../f", 2),
            ("to-d", 1),
            ("to-d/up", 2),
            ("to-f", 2),
            ("to-d//e/", 6),
            ("d/..", 0),
        ] {
            assert_eq!(resolve(tree, 0, path.as_bytes(), true), Ok(node), "{path}");
        }
        for (path, error) in [
            ("..", Errno::PERM),
            ("d/../..", Errno::PERM),
            ("d/out", Errno::PERM),
            ("missing", Errno::NOENT),
            ("missing/..", Errno::NOENT),
            ("f/", Errno::NOTDIR),
            ("f/.", Errno::NOTDIR),
            ("f/..", Errno::NOTDIR),
            ("to-f/", Errno::NOTDIR),
            ("loop", Errno::LOOP),
            ("loop/f", Errno::LOOP),
        ] {
            assert_eq!(resolve(tree, 0, path.as_bytes(), true), Err(error), "{path}");
        }
        // Counting from a directory inside, the tree's other parts are out of reach.
        assert_eq!(resolve(tree, 1, b"up", true), Err(Errno::PERM));
        assert_eq!(resolve(tree, 1, b"e/..", true), Ok(1));
        // The last link is not followed unless asked for.
        assert_eq!(resolve(tree, 0, b"loop", false), Ok(3));
        assert_eq!(resolve(tree, 0, b"to-d/up", false), Ok(8));
        assert_eq!(resolve(tree, 0, b"to-d/", false), Ok(1));
        assert_eq!(resolve(tree, 0, &[b'x'; 256], true), Err(Errno::NAMETOOLONG));
        assert_eq!(resolve(tree, 0, &[b'x'; 255], true), Err(Errno::NOENT));
    }

    #[test]
    fn reading_stays_in_the_file_and_in_the_memory() {
        let mut bytes = vec![0u8; 256];
        for (at, word) in [(0, 100), (4, 3), (8, 0), (12, 0), (16, 200), (20, 50), (24, 250), (28, 7)] {
            bytes[at..at + 4].copy_from_slice(&u32::to_le_bytes(word));
        }
        let record =
            MemoryRecord { base: bytes.as_mut_ptr() as u64, length: bytes.len() as u64, ..MemoryRecord::default() };
        // SAFETY: the vector's bytes.
        let memory = unsafe { Memory::new(&record) };
        let read = |from: u64, count: u32| {
            answer(tree(), Request::Read { node: 2, from, memory, vectors: memory.slice(0, count).unwrap() })
        };
        assert_eq!(read(1, 3), Ok(9));
        assert_eq!((&bytes[100..104], &bytes[200..207]), (&b"123\0"[..], &b"456789\0"[..]));
        assert_eq!(read(0, 1), Ok(3));
        assert_eq!((read(10, 3), read(11, 3), read(u64::MAX, 3)), (Ok(0), Ok(0), Ok(0)));
        bytes[100] = b'x';
        assert_eq!(read(0, 4), Err(Errno::FAULT), "the last vector ends outside");
        assert_eq!(bytes[100], b'x', "and nothing was read before");
    }

    #[test]
    fn nodes_that_do_not_exist_are_errors() {
        let mut stat = Filestat::default();
        let mut kind = Kind::File;
        let request = Request::Describe { node: 99, path: b"", follow: false, stat: &mut stat };
        assert_eq!(answer(tree(), request), Err(Errno::IO));
        let request = Request::Open { node: 99, path: b"f", follow: true, wants_directory: false, kind: &mut kind };
        assert_eq!(answer(tree(), request), Err(Errno::IO));
        // A program without trees.
        assert_eq!(call(Request::Mount), Err(Errno::NOSYS));
    }
}
