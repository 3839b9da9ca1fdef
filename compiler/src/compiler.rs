//! The front door of the crate: [`Compiler`].

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::options::Options;
use crate::program::{Entry, InstanceSource, Program};
use crate::{Artifact, Emit, Session, check, make};

/// Bytes of the stack of a thread that compiles. The largest functions that validation lets pass need a part of it.
const THREAD_STACK: usize = 64 << 20;

/// Threads that can compile every function: as many as there are processors, or so many.
///
/// # Errors
///
/// If the system does not give them.
pub fn threads(count: Option<u16>) -> Result<rayon::ThreadPool> {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let count = count.map_or_else(processors, usize::from);
    let builder = rayon::ThreadPoolBuilder::new().num_threads(count).stack_size(THREAD_STACK);
    builder.build().map_err(|error| Error::internal(format!("cannot start threads: {error}")))
}

/// Compiles modules of WebAssembly, with the same [`Options`].
///
/// Modules are in the binary or in the text format. The result depends on nothing but them and the options: not on the
/// number of threads, the time, or the machine, unless that is asked for.
///
/// ```
/// let module = r#"(module (func (export "add") (param i32 i32) (result i32)
///     (i32.add (local.get 0) (local.get 1))))"#;
/// let library = wasmc::Compiler::new().static_library("sum", module.as_bytes())?;
/// assert!(library.bytes.starts_with(b"!<arch>\n"));
/// assert!(library.header.contains("int32_t sum_add(sum_instance *instance, int32_t p0, int32_t p1"));
/// # Ok::<(), wasmc::Error>(())
/// ```
///
/// An error says whose fault it is, and where in the input:
///
/// ```
/// let error = wasmc::Compiler::new().check(b"(module (func (result i32) i64.const 1))").unwrap_err();
/// assert_eq!(error.kind(), wasmc::ErrorKind::Invalid);
/// assert_eq!(error.kind().exit_status(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Compiler {
    options: Options,
    linked: Vec<(String, Vec<u8>)>,
    jobs: Option<u16>,
}

/// A library for C, and for all that can call C.
#[derive(Clone, Debug)]
pub struct Library {
    /// The file: an archive, or a shared library.
    pub bytes: Vec<u8>,
    /// Its C header.
    pub header: String,
}

impl Compiler {
    /// A compiler for this machine's architecture, with the [default options](Options::default).
    pub fn new() -> Compiler {
        Compiler::default()
    }

    /// A compiler with other options.
    ///
    /// ```
    /// use wasmc::options::{Architecture, OptLevel, Options};
    ///
    /// let options = Options { architecture: Architecture::X86_64, opt_level: OptLevel::Size, ..Options::default() };
    /// let executable = wasmc::Compiler::with_options(options).executable(br#"(module (func (export "_start")))"#)?;
    /// assert!(executable.starts_with(b"\x7fELF"));
    /// # Ok::<(), wasmc::Error>(())
    /// ```
    pub fn with_options(options: Options) -> Compiler {
        Compiler { options, ..Compiler::default() }
    }

    /// Compiles with so many threads, instead of one for each processor.
    #[must_use]
    pub fn jobs(self, count: u16) -> Compiler {
        Compiler { jobs: Some(count), ..self }
    }

    /// Adds an instance of another module, from which later ones, and what is compiled, import under `name`.
    ///
    /// ```
    /// let library = br#"(module (global (export "answer") i32 (i32.const 42)))"#;
    /// let main = br#"(module (import "deep" "answer" (global i32)) (func (export "_start") (drop (global.get 0))))"#;
    /// let executable = wasmc::Compiler::new().link("deep", library)?.executable(main)?;
    /// # assert!(executable.starts_with(b"\x7fELF"));
    /// # Ok::<(), wasmc::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the module is text with a mistake in it.
    pub fn link(mut self, name: &str, module: &[u8]) -> Result<Compiler> {
        self.linked.push((name.to_owned(), binary(module)?.into_owned()));
        Ok(self)
    }

    /// Makes a static Linux executable of a WASI command.
    ///
    /// # Errors
    ///
    /// [`ErrorKind`](crate::ErrorKind) tells whose fault it is.
    pub fn executable(&self, module: &[u8]) -> Result<Vec<u8>> {
        self.make(module, Entry::Command, Emit::Executable).map(|artifact| artifact.bytes)
    }

    /// Makes an archive with one object, for linkers, and its C header. All names begin with `name`, which must be an
    /// identifier of C.
    ///
    /// # Errors
    ///
    /// As for [`executable`](Compiler::executable).
    pub fn static_library(&self, name: &str, module: &[u8]) -> Result<Library> {
        self.library(name, module, Emit::StaticLibrary)
    }

    /// Makes a shared library, for `dlopen` and dynamic linkers, and its C header. Programs that are linked with it
    /// look for `libNAME.so`.
    ///
    /// # Errors
    ///
    /// As for [`executable`](Compiler::executable).
    pub fn shared_library(&self, name: &str, module: &[u8]) -> Result<Library> {
        self.library(name, module, Emit::SharedLibrary)
    }

    /// Checks whether a module is valid, and fits together with those that are linked, as
    /// [`executable`](Compiler::executable) does, but that it need not have anything to run: what is left are limits of
    /// the code that is made.
    ///
    /// # Errors
    ///
    /// As for [`executable`](Compiler::executable).
    pub fn check(&self, module: &[u8]) -> Result<()> {
        self.with_program(module, Entry::Exports, |program| check(program, &self.options))
    }

    fn library(&self, name: &str, module: &[u8], emit: Emit) -> Result<Library> {
        let Artifact { bytes, header } = self.make(module, Entry::Library { name: name.to_owned() }, emit)?;
        Ok(Library { bytes, header: header.unwrap_or_default() })
    }

    fn make(&self, module: &[u8], entry: Entry, emit: Emit) -> Result<Artifact> {
        self.with_program(module, entry, |program| {
            make(program, &self.options, emit, Session { observer: &(), cache: None })
        })
    }

    fn with_program<T: Send>(
        &self,
        module: &[u8],
        entry: Entry,
        work: impl FnOnce(&Program<'_>) -> Result<T> + Send,
    ) -> Result<T> {
        let module = binary(module)?;
        let names = self.linked.iter().map(|(name, _)| name.as_str()).chain(["main"]);
        let modules = self.linked.iter().map(|(_, module)| module.as_slice()).chain([&*module]);
        let wiring =
            |count: usize| self.linked.iter().take(count).enumerate().map(|(at, (name, _))| (name.clone(), at));
        let instances = names.zip(modules).enumerate().map(|(index, (name, wasm))| InstanceSource {
            name: name.to_owned(),
            wasm,
            wiring: wiring(index).collect(),
        });
        let program = Program { instances: instances.collect(), entry };
        threads(self.jobs)?.install(|| work(&program))
    }
}

/// The binary form of a module.
fn binary(module: &[u8]) -> Result<Cow<'_, [u8]>> {
    if module.starts_with(b"\0asm") {
        return Ok(Cow::Borrowed(module));
    }
    wat::parse_bytes(module).map_err(|error| Error::invalid(error.to_string()))
}
