//! A directory of entries, which any number of processes share without a lock.
//!
//! An entry is written under another name and then renamed: who looks for it finds all of it or nothing, and of two
//! that write the same one the last wins, with the same contents. It begins with a hash of its key and its contents:
//! one that is damaged, or lies under a wrong name, is as good as none, and is replaced.
//!
//! ```text
//! ab/cdef…   SHA-256 of what follows it and the key │ contents
//! ```
//!
//! Nothing counts what there is. Keys are hashes, so entries are spread evenly over the shards, and one in
//! [`LOOK_INTERVAL`] has a key that asks for a look at its shard when it is written. If the shard has more than its
//! share of the limit, what was not used for longest goes. When something was used the kernel knows (the time of
//! access, to the day; on file systems that are mounted with `noatime` it is the time of writing).

use std::fs::{self, DirBuilder, Metadata};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// A hash of everything that the contents depend on.
pub type Key = [u8; 32];

const SHARDS: u64 = 256;

/// How many entries are written, on the average, until a shard is looked at.
const LOOK_INTERVAL: u8 = 64;

/// Bytes of the hash that an entry begins with.
const HASH_BYTES: usize = 32;

/// A directory of entries.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    /// Bytes on disk that it may have, more or less.
    limit: u64,
}

impl Store {
    /// The directory is made when there is something to write.
    pub fn new(directory: PathBuf, limit: u64) -> Store {
        Store { directory, limit }
    }

    /// The contents for a key, if they are here and whole.
    pub fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.path(key)).ok()?;
        let (hash, contents) = bytes.split_at_checked(HASH_BYTES)?;
        if hash != entry_hash(key, contents) {
            return None;
        }
        bytes.drain(..HASH_BYTES);
        Some(bytes)
    }

    /// Keeps contents. That this fails is no error: then they are not here.
    pub fn put(&self, key: &Key, contents: &[u8]) {
        if self.write(key, contents).is_ok() && key[1].is_multiple_of(LOOK_INTERVAL) {
            let shard = self.shard(key);
            evict(files(&shard), self.limit / SHARDS);
        }
    }

    fn write(&self, key: &Key, contents: &[u8]) -> io::Result<()> {
        let shard = self.shard(key);
        let new = || tempfile::Builder::new().prefix(".new-").tempfile_in(&shard);
        let mut file = match new() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_private(&shard)?;
                new()?
            }
            other => other?,
        };
        // One call for both: most entries are small.
        let mut bytes = Vec::with_capacity(HASH_BYTES + contents.len());
        bytes.extend(entry_hash(key, contents));
        bytes.extend(contents);
        file.write_all(&bytes)?;
        file.persist(self.path(key))?;
        Ok(())
    }

    fn shard(&self, key: &Key) -> PathBuf {
        self.directory.join(hex(&key[..1]))
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.shard(key).join(hex(&key[1..]))
    }
}

fn entry_hash(key: &Key, contents: &[u8]) -> [u8; HASH_BYTES] {
    Sha256::new().chain_update(contents).chain_update(key).finalize().into()
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from_digit(digit.into(), 16).unwrap())
        .collect()
}

/// Makes a directory, and those above it, for this user alone.
pub fn make_private(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// A file that may be removed.
pub struct File {
    path: PathBuf,
    metadata: Metadata,
}

impl File {
    /// Bytes on disk.
    fn size(&self) -> u64 {
        512 * self.metadata.blocks()
    }

    /// Seconds and nanoseconds since 1970.
    fn last_use(&self) -> (i64, i64) {
        let of = &self.metadata;
        (of.atime(), of.atime_nsec()).max((of.mtime(), of.mtime_nsec()))
    }
}

/// All files in a directory.
pub fn files(directory: &Path) -> Vec<File> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| Some(File { path: entry.path(), metadata: entry.metadata().ok()? }));
    files.filter(|file| file.metadata.is_file()).collect()
}

/// If the files are larger together than the limit, removes those that were not used for longest, until three quarters
/// of it are left.
pub fn evict(mut files: Vec<File>, limit: u64) {
    let mut total: u64 = files.iter().map(File::size).sum();
    if total <= limit {
        return;
    }
    files.sort_by_key(File::last_use);
    for file in files {
        if total <= limit / 4 * 3 {
            break;
        }
        // Another process may have removed it.
        let _ = fs::remove_file(&file.path);
        total -= file.size();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn key(number: u64) -> Key {
        Sha256::digest(number.to_le_bytes()).into()
    }

    #[test]
    fn what_was_put_is_there_and_whole() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path().join("new"), 1 << 20);
        assert_eq!(store.get(&key(0)), None);
        for contents in [&b""[..], b"x", &[7; 100_000]] {
            store.put(&key(0), contents);
            assert_eq!(store.get(&key(0)).as_deref(), Some(contents));
        }
        assert_eq!(store.get(&key(1)), None);
        // Nobody else may look.
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o077;
        assert_eq!(mode(&directory.path().join("new")), 0);
        assert_eq!(mode(&store.path(&key(0))), 0);
    }

    #[test]
    fn damaged_entries_are_none() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path().to_owned(), 1 << 20);
        store.put(&key(0), b"contents");
        let path = store.path(&key(0));
        let good = fs::read(&path).unwrap();
        for bit in 0..8 * good.len() {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, bad).unwrap();
            assert_eq!(store.get(&key(0)), None, "bit {bit}");
        }
        for length in 0..good.len() {
            fs::write(&path, &good[..length]).unwrap();
            assert_eq!(store.get(&key(0)), None, "length {length}");
        }
        fs::write(&path, [&good[..], b"x"].concat()).unwrap();
        assert_eq!(store.get(&key(0)), None);
        // Under the name of another.
        fs::create_dir_all(store.shard(&key(1))).unwrap();
        fs::write(store.path(&key(1)), &good).unwrap();
        assert_eq!(store.get(&key(1)), None);
        store.put(&key(0), b"contents");
        assert_eq!(store.get(&key(0)).as_deref(), Some(&b"contents"[..]));
    }

    #[test]
    fn a_place_that_cannot_be_written_is_empty() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let store = Store::new(file, 1 << 20);
        store.put(&key(0), b"contents");
        assert_eq!(store.get(&key(0)), None);
    }

    #[test]
    fn what_was_not_used_for_longest_goes() {
        let directory = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        for number in 0..8_u64 {
            let path = directory.path().join(number.to_string());
            fs::write(&path, [1; 4096]).unwrap();
            // 3 was written first, and used last.
            let hours = |hours: u64| now - Duration::from_secs(3600 * hours);
            let (modified, used) = if number == 3 { (hours(20), hours(1)) } else { (hours(19 - number), hours(50)) };
            let times = fs::FileTimes::new().set_modified(modified).set_accessed(used);
            fs::File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
        }
        let names = || {
            let mut names: Vec<_> =
                files(directory.path()).iter().map(|file| file.path.file_name().unwrap().to_owned()).collect();
            names.sort();
            names
        };
        let size = files(directory.path())[0].size();
        evict(files(directory.path()), 8 * size);
        assert_eq!(names().len(), 8);
        evict(files(directory.path()), 4 * size);
        assert_eq!(names(), ["3", "6", "7"]);
    }

    #[test]
    fn a_store_stays_near_its_limit() {
        let directory = tempfile::tempdir().unwrap();
        let limit = 2 << 20;
        let store = Store::new(directory.path().to_owned(), limit);
        for number in 0..4096 {
            store.put(&key(number), &[0; 4000]);
        }
        let shards = fs::read_dir(directory.path()).unwrap().flatten();
        let size: u64 = shards.flat_map(|shard| files(&shard.path())).map(|file| file.size()).sum();
        // Each shard may have grown since it was looked at last.
        assert!(size <= limit + SHARDS * u64::from(LOOK_INTERVAL) * 4096 / 2, "{size}");
        assert!(store.get(&key(4095)).is_some());
    }
}
