//! Trees of files inside the executable (`--embed`): their index, and where contents are.
//!
//! The compiler writes one block of read-only bytes, in a segment of its own; the program refers to it through
//! [`ProgramHeader::embedded`](crate::program::ProgramHeader::embedded). Offsets count from the block's start, so that
//! nothing in it is relocated. All numbers are little-endian:
//!
//! ```text
//!    0  u32  count of mounts
//!    4  u32  count of nodes
//!    8  u64  modification time of all nodes, in seconds since 1970
//!   16  mounts, each MOUNT_BYTES:  u32 root node, u32 length of the guest's name, u64 its offset
//!       nodes,  each NODE_BYTES:   u32 kind, u32 parent, u32 length of the name, u32 0, u64 offset of the name,
//!                                  u64 data, u64 length
//!       names and targets of links
//!       zeros, up to a multiple of CONTENTS_ALIGN
//!       contents of files, each stored once
//! ```
//!
//! What `data` and `length` are depends on the kind:
//!
//! | kind          | `data`                      | `length`                |
//! |---------------|-----------------------------|-------------------------|
//! | [`FILE`]      | offset of the contents      | bytes                   |
//! | [`DIRECTORY`] | number of the first child   | how many there are      |
//! | [`LINK`]      | offset of the target's text | bytes                   |
//!
//! Children of a directory are numbered one after the other, ascending by the bytes of their names: a name is found by
//! binary search, and the place of a child among them is what a listing goes on from. A root is its own parent and has
//! no name.
//!
//! Contents begin on a page of their own: finding a file touches the index only, and contents are read from disk when
//! the guest reads them.
//!
//! # Trust
//!
//! The compiler checks what it wrote with [`Tree::check`]. A reader checks every offset nevertheless, because a file on
//! disk can be damaged: then a node does not exist, and nothing worse.

use crate::fields::{put, read_u32, read_u64};

/// Name of the section that holds the block.
pub const SECTION: &str = ".wasm.embedded";

/// Contents begin at a multiple of this, the smallest page of the machines that we know.
pub const CONTENTS_ALIGN: u64 = 4096;

pub const HEADER_BYTES: usize = 16;
pub const MOUNT_BYTES: usize = 16;
pub const NODE_BYTES: usize = 40;

/// Most nodes of all trees: the runtime has one bit for another purpose.
pub const MAX_NODES: usize = i32::MAX as usize;

/// Longest name, as on all file systems of Linux.
pub const MAX_NAME: usize = 255;

/// Kinds of nodes.
pub const FILE: u32 = 0;
pub const DIRECTORY: u32 = 1;
pub const LINK: u32 = 2;

/// Bytes of the block that are named by offset and length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub offset: u64,
    pub length: u64,
}

/// A tree and the guest's name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mount {
    pub root: u32,
    /// Shorter than 4 GiB.
    pub name: Span,
}

impl Mount {
    pub fn encode(self) -> [u8; MOUNT_BYTES] {
        let mut bytes = [0; MOUNT_BYTES];
        put(&mut bytes, 0, &self.root.to_le_bytes());
        put(&mut bytes, 4, &(self.name.length as u32).to_le_bytes());
        put(&mut bytes, 8, &self.name.offset.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Mount> {
        let name = Span { length: read_u32(bytes, 4)?.into(), offset: read_u64(bytes, 8)? };
        Some(Mount { root: read_u32(bytes, 0)?, name })
    }
}

/// A file, directory or link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// [`FILE`], [`DIRECTORY`] or [`LINK`].
    pub kind: u32,
    pub parent: u32,
    /// Not longer than [`MAX_NAME`].
    pub name: Span,
    /// Contents or target; for a directory, its children.
    pub data: Span,
}

impl Node {
    pub fn encode(self) -> [u8; NODE_BYTES] {
        let mut bytes = [0; NODE_BYTES];
        put(&mut bytes, 0, &self.kind.to_le_bytes());
        put(&mut bytes, 4, &self.parent.to_le_bytes());
        put(&mut bytes, 8, &(self.name.length as u32).to_le_bytes());
        put(&mut bytes, 16, &self.name.offset.to_le_bytes());
        put(&mut bytes, 24, &self.data.offset.to_le_bytes());
        put(&mut bytes, 32, &self.data.length.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Node> {
        Some(Node {
            kind: read_u32(bytes, 0)?,
            parent: read_u32(bytes, 4)?,
            name: Span { length: read_u32(bytes, 8)?.into(), offset: read_u64(bytes, 16)? },
            data: Span { offset: read_u64(bytes, 24)?, length: read_u64(bytes, 32)? },
        })
    }
}

/// What the block begins with.
pub fn header(mounts: u32, nodes: u32, time: u64) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    put(&mut bytes, 0, &mounts.to_le_bytes());
    put(&mut bytes, 4, &nodes.to_le_bytes());
    put(&mut bytes, 8, &time.to_le_bytes());
    bytes
}

/// A block, to be read.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a> {
    block: &'a [u8],
    mounts: u32,
    nodes: u32,
    /// Modification time of all nodes, in seconds since 1970.
    pub time: u64,
}

impl<'a> Tree<'a> {
    /// `None` if there is no header.
    pub fn new(block: &'a [u8]) -> Option<Tree<'a>> {
        Some(Tree { block, mounts: read_u32(block, 0)?, nodes: read_u32(block, 4)?, time: read_u64(block, 8)? })
    }

    /// The bytes that a span names.
    pub fn bytes(&self, span: Span) -> Option<&'a [u8]> {
        self.block.get(usize::try_from(span.offset).ok()?..usize::try_from(span.offset.checked_add(span.length)?).ok()?)
    }

    /// The trees, in the order of the command line.
    pub fn mounts(self) -> impl Iterator<Item = Mount> + use<'a> {
        (0..self.mounts as usize).map_while(move |index| {
            Mount::decode(self.block.get(HEADER_BYTES.checked_add(index.checked_mul(MOUNT_BYTES)?)?..)?)
        })
    }

    pub fn node(&self, number: u32) -> Option<Node> {
        if number >= self.nodes {
            return None;
        }
        let nodes = HEADER_BYTES.checked_add((self.mounts as usize).checked_mul(MOUNT_BYTES)?)?;
        Node::decode(self.block.get(nodes.checked_add((number as usize).checked_mul(NODE_BYTES)?)?..)?)
    }

    /// The number of a directory's child by its place among them.
    pub fn child(&self, directory: Node, index: u64) -> Option<u32> {
        if directory.kind != DIRECTORY || index >= directory.data.length {
            return None;
        }
        u32::try_from(directory.data.offset.checked_add(index)?).ok()
    }

    /// The number of the child with a name.
    pub fn find(&self, directory: Node, name: &[u8]) -> Option<u32> {
        let (mut low, mut high) = (0, directory.data.length);
        while low < high {
            let middle = low + (high - low) / 2;
            let number = self.child(directory, middle)?;
            match self.bytes(self.node(number)?.name)?.cmp(name) {
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Equal => return Some(number),
                core::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Whether all is as it must be: every name possible and in its place, every child known to its parent, no link
    /// absolute, all contents inside a block of `size` bytes, of which this one may be the part before them.
    pub fn check(&self, size: u64) -> bool {
        let mounts_are_right = self.mounts().count() == self.mounts as usize
            && self.mounts().all(|mount| {
                let root = self.node(mount.root);
                let is_root = root.is_some_and(|root| root.kind == DIRECTORY && root.parent == mount.root);
                is_root && self.bytes(mount.name).is_some_and(|name| !name.is_empty() && !name.contains(&0))
            });
        mounts_are_right && (0..self.nodes).all(|number| self.is_right(number, size).unwrap_or(false))
    }

    fn is_right(&self, number: u32, size: u64) -> Option<bool> {
        let node = self.node(number)?;
        let data_is_right = match node.kind {
            FILE => node.data.offset.checked_add(node.data.length)? <= size,
            LINK => !matches!(self.bytes(node.data)?, [] | [b'/', ..]),
            DIRECTORY => {
                let mut previous: Option<&[u8]> = None;
                let child_is_right = |index| {
                    let child = self.node(self.child(node, index)?)?;
                    let name = self.bytes(child.name)?;
                    let ascends = previous.is_none_or(|previous| previous < name);
                    previous = Some(name);
                    Some(ascends && child.parent == number && is_name(name))
                };
                (0..node.data.length).map(child_is_right).all(|right| right == Some(true))
            }
            _ => false,
        };
        let parent = self.node(node.parent)?;
        let is_child =
            (parent.data.offset..parent.data.offset.saturating_add(parent.data.length)).contains(&u64::from(number));
        Some(data_is_right && if node.parent == number { node.name.length == 0 } else { is_child })
    }
}

/// Whether a directory can have an entry of this name.
pub fn is_name(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && name.len() <= MAX_NAME && !name.contains(&b'/') && !name.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `/t`: a file `a`, a directory `b` with a link `c`.
    fn block() -> [u8; 256] {
        let mut block = [0; 256];
        let names = HEADER_BYTES + MOUNT_BYTES + 4 * NODE_BYTES;
        let text = |at: usize, length: usize| Span { offset: (names + at) as u64, length: length as u64 };
        let children = |offset: u64, length: u64| Span { offset, length };
        put(&mut block, 0, &header(1, 4, 7));
        put(&mut block, 16, &Mount { root: 0, name: text(0, 2) }.encode());
        let nodes = [
            Node { kind: DIRECTORY, parent: 0, name: Span::default(), data: children(1, 2) },
            Node { kind: FILE, parent: 0, name: text(2, 1), data: text(5, 5) },
            Node { kind: DIRECTORY, parent: 0, name: text(3, 1), data: children(3, 1) },
            Node { kind: LINK, parent: 2, name: text(4, 1), data: text(10, 4) },
        ];
        for (index, node) in nodes.into_iter().enumerate() {
            put(&mut block, HEADER_BYTES + MOUNT_BYTES + index * NODE_BYTES, &node.encode());
        }
        put(&mut block, names, b"/tabchello../a");
        block
    }

    #[test]
    fn nodes_are_found_by_name() {
        let block = block();
        let tree = Tree::new(&block).unwrap();
        assert!(tree.check(256));
        assert!(!tree.check(100), "the file is behind the end");
        assert_eq!(tree.time, 7);
        let root = tree.node(tree.mounts().next().unwrap().root).unwrap();
        assert_eq!(tree.find(root, b"a"), Some(1));
        assert_eq!(tree.bytes(tree.node(1).unwrap().data), Some(&b"hello"[..]));
        let b = tree.node(tree.find(root, b"b").unwrap()).unwrap();
        assert_eq!(tree.bytes(tree.node(tree.find(b, b"c").unwrap()).unwrap().data), Some(&b"../a"[..]));
        for missing in [&b""[..], b"A", b"aa", b"c", b"b/c"] {
            assert_eq!(tree.find(root, missing), None, "{}", missing.escape_ascii());
        }
        assert_eq!((tree.child(root, 1), tree.child(root, 2)), (Some(2), None));
    }

    /// Whatever byte is damaged: either the check sees it, or what is read is still inside the block.
    #[test]
    fn damage_does_no_harm() {
        let whole = block();
        let mut seen = 0;
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut block = whole;
                block[at] = value;
                let Some(tree) = Tree::new(&block) else { continue };
                seen += u32::from(!tree.check(256));
                for number in (0..8).chain([u32::MAX]) {
                    let Some(node) = tree.node(number) else { continue };
                    let _ = (tree.bytes(node.data), tree.bytes(node.name), tree.find(node, b"a"));
                    let _ = tree.child(node, u64::MAX);
                }
            }
        }
        assert!(seen > 200, "{seen}");
        assert!(Tree::new(&whole[..15]).is_none());
    }
}
