//! `wasmc run`: compiles a program, unless it is in the cache, and becomes it.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::MemfdFlags;

use super::arguments::{CommonArguments, RunArguments};
use super::progress::Progress;
use super::{Failure, Source, add_text_lines, inputs, instances, locate, on_threads, tell_notes};
use crate::cache::{Cache, Key, Programs, Stamp, contents_key, identity, stamps_key};
use crate::error::{Error, Result};
use crate::options::{Architecture, Options};
use crate::program::Program;
use crate::{Emit, Session};

/// Runs the program; comes back only if that fails.
pub fn run(arguments: &RunArguments) -> Result<(), Failure> {
    let common = &arguments.common;
    let (input, words) = arguments.program.split_first().expect("it is required");
    let input = Path::new(input);
    let host =
        Architecture::host().ok_or_else(|| Error::usage("this machine is no target, so nothing can run here"))?;
    let options = common.options(host)?;
    let linked = common.linked()?;
    let cache = open_cache(common, arguments.no_cache)?;
    let start = |program: &Path| {
        let error = Command::new(program).arg0(input).args(words).exec();
        Error::invalid(format!("cannot start {}: {error}", input.display()))
    };

    // What embedded files hold is not in the keys, and without /proc it is not known which wasmc this is.
    let own = identity(Path::new("/proc/self/exe"));
    let has_keys = own.is_some() && options.grants.embedded.is_empty();
    let programs = cache.as_ref().filter(|_| has_keys).map(Cache::programs);
    let settings = settings(common, &options, input, own)?;
    let paths = || inputs(&linked, input);
    // Text is written each time, and what is not a file has no stamp.
    let has_stamps = common.debug_text.is_none() && paths().all(|path| path.as_os_str() != "-");
    let quick = programs.filter(|_| has_stamps).and_then(|_| stamps_key(&settings, paths()));
    if let Some(program) = find(programs, quick.as_ref()) {
        // If it is gone by now, or may not be executed where it lies, there are other ways.
        start(&program);
    }

    let mut sources = Source::read_all(&linked, input)?;
    // A name may lead to another file by now: then what was read has other stamps, or had.
    let quick = quick.filter(|key| stamps_key(&settings, paths()).as_ref() == Some(key));
    add_text_lines(&mut sources, common)?;
    let key = contents_key(&settings, sources.iter().map(|source| &source.wasm[..]));
    if let Some(program) = find(programs, Some(&key)) {
        if let (Some(programs), Some(quick)) = (programs, quick) {
            programs.link(&key, &quick);
        }
        start(&program);
    }

    let program = Program { instances: instances(&linked, &sources), entry: common.entry() };
    let progress = Progress::new(false);
    let session = Session { observer: &progress, cache: cache.as_ref() };
    let result = on_threads(common, || crate::compile_in(&program, &options, Emit::Executable, session));
    tell_notes(&progress.finish());
    let executable = result.map_err(|error| locate(error, &sources))?;
    if let Some(programs) = programs
        && let Ok(program) = programs.keep(&key, process_name(input), &executable)
    {
        if let Some(quick) = quick {
            programs.link(&key, &quick);
        }
        start(&program);
    }
    let (_file, program) = in_memory(process_name(input), &executable)
        .map_err(|error| Error::invalid(format!("cannot start {}: {error}", input.display())))?;
    Err(start(&program).into())
}

fn find(programs: Option<&Programs>, key: Option<&Key>) -> Option<PathBuf> {
    programs?.find(key?)
}

/// The cache that was asked for, or that of the user, if there can be one.
fn open_cache(arguments: &CommonArguments, is_unwanted: bool) -> Result<Option<Cache>> {
    if is_unwanted {
        return Ok(None);
    }
    if let Some(directory) = &arguments.cache {
        return Cache::open(directory, arguments.cache_size).map(Some);
    }
    // <https://specifications.freedesktop.org/basedir-spec/>: a relative path counts as none.
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let directory = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    // Without one every start compiles, which is slower and no error.
    Ok(directory.and_then(|directory| Cache::open(&directory.join("wasmc"), arguments.cache_size).ok()))
}

/// Everything but the modules that decides what the executable is: options, names, which machine `native` is, and which
/// `wasmc` this is.
fn settings(arguments: &CommonArguments, options: &Options, input: &Path, own: Option<Stamp>) -> Result<String> {
    let level = crate::codegen::target::level(options)?;
    let entry = arguments.entry();
    // Debug information has the path of a text.
    let name = if options.debug_info { input.as_os_str() } else { process_name(input) };
    let mut settings = format!("{} {level:?} {entry:?} {options:?} {name:?}", env!("CARGO_PKG_VERSION"));
    // Another build of the same version is another file.
    let _ = write!(settings, " {own:?} {:?}", arguments.linked()?);
    Ok(settings)
}

/// What the process is called in lists of processes, as if the input were an executable.
fn process_name(input: &Path) -> &OsStr {
    input.file_stem().unwrap_or(OsStr::new("wasm"))
}

/// A file in memory that can be executed as long as it is open, and a path to it.
fn in_memory(name: &OsStr, executable: &[u8]) -> io::Result<(File, PathBuf)> {
    // Closed by `execve`, which has opened the program by then.
    let mut file = File::from(rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC)?);
    file.write_all(executable)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    Ok((file, path))
}
