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
use super::fd::Listing;
use super::grants;
use super::guest::{GuestSlice, Memory};
use super::resolve::MAX_LINKS;
use super::table::Kind;
use super::types::{Dirent, Errno, Filestat, Iovec, filetype};
use crate::{arch, start};

/// What is asked of embedded trees. A `node` comes from [`Entry::embedded`](super::table::Entry::embedded).
pub enum Request<'a> {
    /// Puts the trees into the table of descriptors.
    Mount,
    /// Gives the node that a path leads to, and the kind of descriptor for it. A link has none.
    Open { node: u32, path: &'a [u8], follow: bool, wants_directory: bool, kind: &'a mut Kind },
    /// Describes the node that a path leads to; of an empty path, the node itself.
    Describe { node: u32, path: &'a [u8], follow: bool, stat: &'a mut Filestat },
    /// Finds the target of the link that a path leads to.
    ReadLink { node: u32, path: &'a [u8], target: &'a mut &'static [u8] },
    /// Copies from a place in a file into the guest's vectors, and gives how many bytes that were.
    Read { node: u32, from: u64, memory: Memory, vectors: GuestSlice<Iovec> },
    /// Lists entries from a cookie on.
    List { node: u32, cookie: u64, listing: &'a mut Listing },
}

/// Sends a request to the code that answers, if the program has it.
pub fn call(request: Request<'_>) -> Result<u64> {
    let header = arch::program();
    let function = start::resolve(header, header.embed);
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
    let block = start::resolve(header, header.embedded);
    // SAFETY: the compiler's promise about the header; nobody writes there.
    let block = unsafe { core::slice::from_raw_parts(block, header.embedded_size as usize) };
    answer(Tree::new(block).ok_or(Errno::IO)?, request)
}

/// Number of the device of embedded files.
const DEVICE: u64 = i64::MAX as u64;

fn answer(tree: Tree<'static>, request: Request<'_>) -> Result<u64> {
    match request {
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
        Request::Read { node, from, memory, vectors } => {
            let file = get(tree, node)?;
            let contents = tree.bytes(file.data).ok_or(Errno::IO)?;
            let rest = usize::try_from(from).ok().and_then(|from| contents.get(from..)).unwrap_or(&[]);
            read(memory, vectors, rest)
        }
        Request::List { node, cookie, listing } => {
            list(tree, node, cookie, listing)?;
            Ok(0)
        }
    }
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
