//! What was compiled before, on disk.
//!
//! - [`store`]: a directory of entries, safe against damage and concurrent use.
//! - The code of functions: the key is Cranelift's own, a SHA-256 of the IR that it is given and of all its settings,
//!   with what is done behind its passes. Of the rest of the program it depends only on names that relocations refer
//!   to, and they are put in afterwards. So a change of one function, or of `wasmc` itself, leaves the entries of all
//!   functions valid whose IR is the same.
//!
//! - [`programs`]: finished executables, for `wasmc run`.
//!
//! What is here never decides what the output is: only how fast it is made.

mod programs;
mod store;

use std::fs;
use std::hash::{Hash as _, Hasher};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use cranelift_codegen::CompiledCode;
use cranelift_codegen::incremental_cache::{compute_cache_key, try_finish_recompile};
use cranelift_codegen::ir::Function;
use cranelift_codegen::isa::TargetIsa;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
pub use programs::{Programs, Stamp, contents_key, identity, stamps_key};
pub use store::Key;
use store::{Store, make_private};

/// Tells backup programs what this is (<https://bford.info/cachedir/>).
const TAG: (&str, &str) = (
    "CACHEDIR.TAG",
    "Signature: 8a477f597d28d172789f06886806bc55\n# Made by wasmc. All of it can be removed at any time.\n",
);

/// A directory with what was compiled before.
#[derive(Debug)]
pub struct Cache {
    functions: Store,
    programs: Programs,
    /// How many functions were found here.
    found: AtomicUsize,
}

impl Cache {
    /// Opens or makes the cache in a directory. It will have about `limit` bytes at most.
    ///
    /// # Errors
    ///
    /// If there is no such directory and it cannot be made, or if others own it or can write there: they could put any
    /// code into programs.
    pub fn open(directory: &Path, limit: u64) -> Result<Cache> {
        let name = directory.display();
        let failed = |error: std::io::Error| Error::invalid(format!("the cache {name}: {error}"));
        make_private(directory).map_err(failed)?;
        let metadata = fs::metadata(directory).map_err(failed)?;
        let own = rustix::process::geteuid().as_raw();
        if metadata.uid() != own || metadata.mode() & 0o022 != 0 {
            return Err(Error::usage(format!("the cache {name}: it is not this user's, or others can write there")));
        }
        let (tag, contents) = TAG;
        let tag = directory.join(tag);
        // In a directory of other things, backup programs shall not pass over those.
        if fs::read_dir(directory).map_err(failed)?.next().is_none() {
            // Without it the cache is as good; it may be one that can only be read.
            let _ = fs::write(tag, contents);
        }
        let functions = directory.join("functions");
        let programs = Programs::new(directory, limit / 2);
        Ok(Cache { functions: Store::new(functions, limit / 2), programs, found: AtomicUsize::new(0) })
    }

    /// The finished executables.
    pub(crate) fn programs(&self) -> &Programs {
        &self.programs
    }

    /// How many functions were found here instead of being compiled.
    pub fn found(&self) -> usize {
        self.found.load(Ordering::Relaxed)
    }

    /// The code of a function with this key, which was translated as this IR.
    pub(crate) fn function(&self, key: &Key, function: &Function) -> Option<CompiledCode> {
        let code = try_finish_recompile(function, &self.functions.get(key)?).ok()?;
        self.found.fetch_add(1, Ordering::Relaxed);
        Some(code)
    }

    /// Keeps the code of a function, as Cranelift writes it.
    pub(crate) fn keep_function(&self, key: &Key, code: &[u8]) {
        self.functions.put(key, code);
    }
}

/// The key of a function's code: Cranelift's own, of the IR that it is given and of all its settings, and what is done
/// behind its passes. What other versions of Cranelift wrote is as good as none, and goes like everything that is not
/// used.
pub(crate) fn function_key(isa: &dyn TargetIsa, function: &Function, finish: &[u8]) -> Key {
    struct Hashing(Sha256);
    impl Hasher for Hashing {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            unreachable!("the key is the whole hash")
        }
    }
    let mut hashing = Hashing(Sha256::new().chain_update(cranelift_codegen::VERSION));
    hashing.write(finish);
    compute_cache_key(isa, function).hash(&mut hashing);
    hashing.0.finalize().into()
}
