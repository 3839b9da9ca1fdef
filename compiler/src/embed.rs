//! Directories of this machine → the block of read-only bytes that [`wasmc_abi::embed`] describes.
//!
//! [`Embedded::read`] walks the trees and makes the index; it reads contents only to find those that occur more than
//! once. [`Embedded::write`] reads them into the place where the executable has them. So no contents are in memory
//! twice, and most are read once. A file that changes its size in between is an error.
//!
//! The block depends on names, contents, targets of links and the one modification time that all nodes get; not on the
//! order in which a file system lists its entries, on owners, permissions, times or inodes.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher as _};
use std::io::{self, Read as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use wasmc_abi::embed::{
    CONTENTS_ALIGN, DIRECTORY, FILE, HEADER_BYTES, LINK, MAX_NAME, MAX_NODES, MOUNT_BYTES, Mount, NODE_BYTES, Node,
    Span, Tree, header,
};
use wasmc_abi::grants::{parse_names, stays_beneath};

use crate::error::{Error, Result};

/// Places in the executable are 32 bits with a sign; the rest is for code and data.
const MAX_BYTES: u64 = 1 << 31;

/// What contents are read through.
const BUFFER: usize = 64 << 10;

/// Trees to be embedded.
pub struct Embedded {
    /// All up to the contents.
    index: Vec<u8>,
    /// With their places in the block, ascending.
    contents: Vec<(PathBuf, Span)>,
    /// Bytes of the block.
    pub size: u64,
    pub trees: Vec<Facts>,
}

/// What is told of a tree.
pub struct Facts {
    /// The guest's name.
    pub guest: String,
    pub files: u64,
    /// Of all files, before equal ones are stored once.
    pub bytes: u64,
}

impl Embedded {
    /// Reads the trees that `HOST[::GUEST]`s name; `None` if there are none. All nodes get `time` as their modification
    /// time, in seconds since 1970.
    pub fn read(specifications: &[String], time: u64) -> Result<Option<Embedded>> {
        if specifications.is_empty() {
            return Ok(None);
        }
        let mut walk = Walk::default();
        for specification in specifications {
            let names = parse_names(specification.as_bytes());
            let (host, guest) = names.ok_or_else(|| Error::usage(format!("'{specification}' is not HOST[::GUEST]")))?;
            walk.tree(Path::new(OsStr::from_bytes(host)), &String::from_utf8_lossy(guest))?;
        }
        walk.finish(time).map(Some)
    }

    /// Writes the block.
    pub fn write(&self, block: &mut [u8]) -> Result<()> {
        block[..self.index.len()].copy_from_slice(&self.index);
        for (path, span) in &self.contents {
            let place = &mut block[span.offset as usize..][..span.length as usize];
            let mut file = open(path)?;
            let changed = || Error::invalid(format!("cannot embed {}: it changes while it is read", path.display()));
            file.read_exact(place).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => changed(),
                _ => cannot(path, &error),
            })?;
            if file.read(&mut [0]).map_err(|error| cannot(path, &error))? != 0 {
                return Err(changed());
            }
        }
        Ok(())
    }

    /// Whether the runtime library will read what was meant.
    fn check(&self) -> Result<()> {
        let is_right = Tree::new(&self.index).is_some_and(|tree| tree.check(self.size));
        if is_right { Ok(()) } else { Err(Error::internal("the index of the embedded files is wrong")) }
    }
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| cannot(path, &error))
}

fn cannot(path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::invalid(format!("cannot embed {}: {why}", path.display()))
}

/// What was found, node by node. Directories are walked in the order in which they were found, so that the children of
/// each get consecutive numbers.
#[derive(Default)]
struct Walk {
    nodes: Vec<Found>,
    /// The number of each root.
    roots: Vec<u32>,
    trees: Vec<Facts>,
}

struct Found {
    path: PathBuf,
    name: Vec<u8>,
    parent: u32,
    data: Data,
}

enum Data {
    /// Bytes.
    File(u64),
    /// First child and how many.
    Directory(u64, u64),
    Link(Vec<u8>),
}

impl Walk {
    fn tree(&mut self, host: &Path, guest: &str) -> Result<()> {
        let metadata = fs::metadata(host).map_err(|error| cannot(host, &error))?;
        if !metadata.is_dir() {
            return Err(cannot(host, &"it is not a directory"));
        }
        let root = self.nodes.len();
        self.roots.push(root as u32);
        let path = host.to_owned();
        self.nodes.push(Found { path, name: Vec::new(), parent: root as u32, data: Data::Directory(0, 0) });
        let mut next = root;
        while next < self.nodes.len() {
            if matches!(self.nodes[next].data, Data::Directory(..)) {
                self.directory(next, host)?;
            }
            next += 1;
        }
        let sizes = self.nodes[root..].iter().filter_map(|node| match node.data {
            Data::File(size) => Some(size),
            _ => None,
        });
        let (files, bytes) = sizes.fold((0, 0), |(files, bytes), size| (files + 1, bytes + size));
        self.trees.push(Facts { guest: guest.to_owned(), files, bytes });
        Ok(())
    }

    /// Adds the entries of a directory.
    fn directory(&mut self, number: usize, root: &Path) -> Result<()> {
        let path = self.nodes[number].path.clone();
        let entries = fs::read_dir(&path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.map_err(|error| cannot(&path, &error))?;
        let mut names: Vec<Vec<u8>> = entries.into_iter().map(|entry| entry.file_name().into_vec()).collect();
        names.sort();
        self.nodes[number].data = Data::Directory(self.nodes.len() as u64, names.len() as u64);
        for name in names {
            let path = path.join(OsStr::from_bytes(&name));
            let data = data(&path, root)?;
            if name.len() > MAX_NAME {
                return Err(cannot(&path, &"its name is too long"));
            }
            self.nodes.push(Found { path, name, parent: number as u32, data });
        }
        if self.nodes.len() > MAX_NODES {
            return Err(Error::unsupported("more than 2147483647 embedded files"));
        }
        Ok(())
    }

    fn finish(self, time: u64) -> Result<Embedded> {
        let mut text = Text {
            start: (HEADER_BYTES + self.roots.len() * MOUNT_BYTES + self.nodes.len() * NODE_BYTES) as u64,
            bytes: Vec::new(),
        };
        let names: Vec<Span> = self.nodes.iter().map(|node| text.add(&node.name)).collect();
        let guests: Vec<Span> = self.trees.iter().map(|facts| text.add(facts.guest.as_bytes())).collect();
        let links: Vec<Span> = self
            .nodes
            .iter()
            .map(|node| if let Data::Link(target) = &node.data { text.add(target) } else { Span::default() })
            .collect();
        let mut store =
            Store::new(&self.nodes, (text.start + text.bytes.len() as u64).next_multiple_of(CONTENTS_ALIGN));

        let mut index = Vec::new();
        index.extend(header(self.roots.len() as u32, self.nodes.len() as u32, time));
        for (&root, &name) in self.roots.iter().zip(&guests) {
            index.extend(Mount { root, name }.encode());
        }
        for (number, node) in self.nodes.iter().enumerate() {
            let (kind, data) = match node.data {
                Data::File(size) => (FILE, store.add(&node.path, size)?),
                Data::Directory(offset, length) => (DIRECTORY, Span { offset, length }),
                Data::Link(_) => (LINK, links[number]),
            };
            index.extend(Node { kind, parent: node.parent, name: names[number], data }.encode());
        }
        index.extend(text.bytes);
        let embedded = Embedded { index, contents: store.contents, size: store.end, trees: self.trees };
        embedded.check()?;
        Ok(embedded)
    }
}

/// What an entry of a tree is.
fn data(path: &Path, root: &Path) -> Result<Data> {
    let metadata = fs::symlink_metadata(path).map_err(|error| cannot(path, &error))?;
    let kind = metadata.file_type();
    if kind.is_file() {
        return Ok(Data::File(metadata.len()));
    }
    if kind.is_dir() {
        return Ok(Data::Directory(0, 0));
    }
    if kind.is_symlink() {
        let target = fs::read_link(path).map_err(|error| cannot(path, &error))?.into_os_string().into_vec();
        let place = path.strip_prefix(root).unwrap_or(path);
        if !stays_beneath(place.as_os_str().as_bytes(), &target) {
            let target = String::from_utf8_lossy(&target).into_owned();
            return Err(cannot(path, &format!("it is a link that leads out of the tree, to {target}")));
        }
        return Ok(Data::Link(target));
    }
    let what = if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    Err(cannot(path, &format!("it is {what}")))
}

/// Names and targets, one after the other.
struct Text {
    /// Its place in the block.
    start: u64,
    bytes: Vec<u8>,
}

impl Text {
    fn add(&mut self, text: &[u8]) -> Span {
        let offset = self.start + self.bytes.len() as u64;
        self.bytes.extend_from_slice(text);
        Span { offset, length: text.len() as u64 }
    }
}

/// Gives contents their places; equal ones the same.
struct Store {
    contents: Vec<(PathBuf, Span)>,
    end: u64,
    /// How many files have a size: one that no other has needs not be compared.
    sizes: HashMap<u64, u64>,
    /// By size and hash: indices of `contents` that may be equal.
    known: HashMap<(u64, u64), Vec<usize>>,
}

impl Store {
    fn new(nodes: &[Found], start: u64) -> Store {
        let mut sizes = HashMap::new();
        for node in nodes {
            if let Data::File(size) = node.data {
                *sizes.entry(size).or_default() += 1;
            }
        }
        Store { contents: Vec::new(), end: start, sizes, known: HashMap::new() }
    }

    fn add(&mut self, path: &Path, size: u64) -> Result<Span> {
        if size == 0 {
            return Ok(Span { offset: self.end, length: 0 });
        }
        if self.sizes[&size] > 1 {
            let same = self.known.entry((size, hash(path)?)).or_default();
            for &index in &*same {
                if is_equal(path, &self.contents[index].0)? {
                    return Ok(self.contents[index].1);
                }
            }
            same.push(self.contents.len());
        }
        let span = Span { offset: self.end, length: size };
        self.end = self.end.saturating_add(size);
        if self.end > MAX_BYTES {
            return Err(Error::unsupported("more than 2 GiB of embedded files"));
        }
        self.contents.push((path.to_owned(), span));
        Ok(span)
    }
}

fn hash(path: &Path) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    let mut file = open(path)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        match fill(path, &mut file, &mut buffer)? {
            [] => return Ok(hasher.finish()),
            bytes => hasher.write(bytes),
        }
    }
}

fn is_equal(one: &Path, other: &Path) -> Result<bool> {
    let (mut one_file, mut other_file) = (open(one)?, open(other)?);
    let (mut a, mut b) = (vec![0; BUFFER], vec![0; BUFFER]);
    loop {
        let (a, b) = (fill(one, &mut one_file, &mut a)?, fill(other, &mut other_file, &mut b)?);
        if a != b || a.is_empty() {
            return Ok(a == b);
        }
    }
}

/// Reads as much as there is room for; less only at the end.
fn fill<'a>(path: &Path, file: &mut File, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
    let mut used = 0;
    while used < buffer.len() {
        match file.read(&mut buffer[used..]) {
            Ok(0) => break,
            Ok(count) => used += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(cannot(path, &error)),
        }
    }
    Ok(&buffer[..used])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_change_meanwhile_are_errors() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("f");
        for (before, after) in [("12345", "1234"), ("12345", "123456"), ("12345", "54321")] {
            fs::write(&file, before).unwrap();
            let name = format!("{}::/t", directory.path().display());
            let embedded = Embedded::read(&[name], 0).unwrap().unwrap();
            fs::write(&file, after).unwrap();
            let mut block = vec![0; embedded.size as usize];
            let written = embedded.write(&mut block);
            if before.len() == after.len() {
                assert!(written.is_ok() && block.ends_with(after.as_bytes()));
            } else {
                let message = written.unwrap_err().to_string();
                assert!(message.ends_with("f: it changes while it is read"), "{message}");
            }
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("d/e")).unwrap();
        let big = vec![7; 2 * BUFFER + 3];
        for name in ["one", "d/two", "d/e/three"] {
            fs::write(directory.path().join(name), &big).unwrap();
        }
        let name = format!("{}::/t", directory.path().display());
        let embedded = Embedded::read(&[name], 9).unwrap().unwrap();
        assert_eq!((embedded.trees[0].files, embedded.trees[0].bytes), (3, 3 * big.len() as u64));
        let mut block = vec![0; embedded.size as usize];
        embedded.write(&mut block).unwrap();
        let tree = Tree::new(&block).unwrap();
        let root = tree.node(tree.mounts().next().unwrap().root).unwrap();
        let one = tree.node(tree.find(root, b"one").unwrap()).unwrap();
        let d = tree.node(tree.find(root, b"d").unwrap()).unwrap();
        let two = tree.node(tree.find(d, b"two").unwrap()).unwrap();
        assert_eq!(one.data, two.data);
        assert_eq!(one.data.offset % CONTENTS_ALIGN, 0);
        assert_eq!(tree.bytes(two.data), Some(&*big));
    }
}
