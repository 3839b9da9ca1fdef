//! Finished executables, to be started from here.
//!
//! ```text
//! programs/SHA-256/NAME   an executable, by its own hash, under the name that it shall have as a process
//! runs/                   a store: key of a program → which executable it is
//! ```
//!
//! There are two keys for a program: one of the contents of what it is made from, and one of its *stamps*, what `stat`
//! tells of the files. The second makes the start of a program independent of its size: nothing is read but the record.
//! An executable is trusted by its stamp too, once it was read and compared with its hash.
//!
//! A file that is changed gets another time of change (`ctime`), which no one can set. But clocks tick, so a file that
//! was changed a moment ago could be changed once more without a trace. It is read each time until it has
//! [rested](REST).

use std::ffi::OsStr;
use std::fs::{self, Metadata, Permissions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use super::store::{Key, Store, evict, files, hex, make_private};

/// How long a file must be unchanged to be trusted by its stamp: more than the steps of any file system's times.
const REST: Duration = Duration::from_secs(2);

/// What tells a file, as it is now, from every other file and from itself before and after: device, inode, size, times
/// of modification and change.
pub type Stamp = [u8; 56];

const HASH_BYTES: usize = 32;
const NO_STAMP: Stamp = [0; 56];

/// What tells a file from others, rested or not: for a `wasmc` that is running.
pub fn identity(path: &Path) -> Option<Stamp> {
    fs::metadata(path).ok().map(|metadata| stamp(&metadata))
}

/// The key of a program by the contents of its modules.
pub fn contents_key<'a>(settings: &str, modules: impl Iterator<Item = &'a [u8]>) -> Key {
    let mut hash = begin_key("contents", settings);
    for module in modules {
        hash.update((module.len() as u64).to_le_bytes());
        hash.update(module);
    }
    hash.finalize().into()
}

/// The key of a program by the stamps of its modules, if all of them have rested.
pub fn stamps_key<'a>(settings: &str, modules: impl Iterator<Item = &'a Path>) -> Option<Key> {
    let mut hash = begin_key("stamps", settings);
    for module in modules {
        hash.update(rested_stamp(&fs::metadata(module).ok()?)?);
    }
    Some(hash.finalize().into())
}

fn begin_key(kind: &str, settings: &str) -> Sha256 {
    Sha256::new().chain_update(kind).chain_update((settings.len() as u64).to_le_bytes()).chain_update(settings)
}

/// The stamp of a regular file that has rested.
fn rested_stamp(metadata: &Metadata) -> Option<Stamp> {
    let latest = u64::try_from(metadata.ctime().max(metadata.mtime())).ok()?;
    // Times are cut to seconds, so that one more may have passed.
    let rested = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(latest.checked_add(1)?))?.checked_add(REST)?;
    (metadata.is_file() && rested < SystemTime::now()).then(|| stamp(metadata))
}

fn stamp(metadata: &Metadata) -> Stamp {
    let numbers = [
        metadata.dev(),
        metadata.ino(),
        metadata.size(),
        metadata.mtime().cast_unsigned(),
        metadata.mtime_nsec().cast_unsigned(),
        metadata.ctime().cast_unsigned(),
        metadata.ctime_nsec().cast_unsigned(),
    ];
    let mut stamp = NO_STAMP;
    for (place, number) in stamp.as_chunks_mut().0.iter_mut().zip(numbers) {
        *place = number.to_le_bytes();
    }
    stamp
}

/// Finished executables.
#[derive(Debug)]
pub struct Programs {
    directory: PathBuf,
    /// Bytes that they may have together.
    limit: u64,
    runs: Store,
}

/// Which executable a program is.
struct Record {
    hash: [u8; HASH_BYTES],
    /// Of the executable when it was found to be whole, or [`NO_STAMP`].
    stamp: Stamp,
    /// A plain file name.
    name: Vec<u8>,
}

impl Record {
    fn parse(bytes: &[u8]) -> Option<Record> {
        let (hash, rest) = bytes.split_first_chunk()?;
        let (stamp, name) = rest.split_first_chunk()?;
        Some(Record { hash: *hash, stamp: *stamp, name: name.to_vec() })
    }

    fn bytes(&self) -> Vec<u8> {
        [&self.hash[..], &self.stamp, &self.name].concat()
    }
}

impl Programs {
    pub fn new(cache: &Path, limit: u64) -> Programs {
        // Records are small: their share is what file systems round up.
        Programs { directory: cache.join("programs"), limit, runs: Store::new(cache.join("runs"), limit / 16) }
    }

    /// The executable of the program with this key, if it is here and whole.
    pub fn find(&self, key: &Key) -> Option<PathBuf> {
        let record = Record::parse(&self.runs.get(key)?)?;
        let path = self.path(&record);
        let now = rested_stamp(&fs::metadata(&path).ok()?);
        if now == Some(record.stamp) {
            return Some(path);
        }
        if Sha256::digest(fs::read(&path).ok()?).as_slice() != record.hash {
            return None;
        }
        if let Some(stamp) = now {
            self.runs.put(key, &Record { stamp, ..record }.bytes());
        }
        Some(path)
    }

    /// Lets a second key lead to the same executable as the first.
    pub fn link(&self, key: &Key, second: &Key) {
        if let Some(record) = self.runs.get(key) {
            self.runs.put(second, &record);
        }
    }

    /// Keeps an executable, and gives its path. The process will have this name.
    pub fn keep(&self, key: &Key, name: &OsStr, executable: &[u8]) -> io::Result<PathBuf> {
        let record =
            Record { hash: Sha256::digest(executable).into(), stamp: NO_STAMP, name: name.as_bytes().to_vec() };
        let path = self.path(&record);
        let directory = path.parent().expect("it is in the cache");
        make_private(directory)?;
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .permissions(Permissions::from_mode(0o700))
            .tempfile_in(directory)?;
        file.write_all(executable)?;
        // What is still open for writing cannot be executed.
        file.into_temp_path().persist(&path)?;
        self.runs.put(key, &record.bytes());
        self.evict();
        Ok(path)
    }

    fn evict(&self) {
        let directories = fs::read_dir(&self.directory).into_iter().flatten().flatten();
        let directories: Vec<PathBuf> = directories.map(|entry| entry.path()).collect();
        evict(directories.iter().flat_map(|directory| files(directory)).collect(), self.limit);
        for directory in directories {
            // Fails for those that are not empty.
            let _ = fs::remove_dir(directory);
        }
    }

    fn path(&self, record: &Record) -> PathBuf {
        self.directory.join(hex(&record.hash)).join(OsStr::from_bytes(&record.name))
    }
}
