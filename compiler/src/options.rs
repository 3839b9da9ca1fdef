//! What the user can choose.

use std::net::SocketAddr;

use wasmc_abi::cpu::Level;
use wasmc_abi::grants::{ACTIVATION, is_variable, parse_directory, parse_names};
use wasmc_abi::layout::{MAX_SLOTS_39_BIT, MAX_SLOTS_47_BIT, MEMORY_BASE_IN_DISPLACEMENT, MEMORY_BASE_IN_REGISTER};

use crate::error::{Error, Result};
use crate::features::Features;
use crate::native::{NativeFile, NativeImport};

/// Architecture of the executable. All targets are Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Architecture {
    X86_64,
    Aarch64,
}

impl Architecture {
    pub const ALL: &[Architecture] = &[Architecture::X86_64, Architecture::Aarch64];

    /// The architecture that this compiler itself runs on, if it is one that it can compile for.
    pub fn host() -> Option<Architecture> {
        Architecture::parse(std::env::consts::ARCH)
    }

    /// From the first part of a target triple, or one of its aliases.
    pub fn parse(name: &str) -> Option<Architecture> {
        match name {
            "x86_64" | "x86-64" | "amd64" => Some(Architecture::X86_64),
            "aarch64" | "arm64" => Some(Architecture::Aarch64),
            _ => None,
        }
    }

    /// As it stands in target triples.
    pub fn name(self) -> &'static str {
        match self {
            Architecture::X86_64 => "x86_64",
            Architecture::Aarch64 => "aarch64",
        }
    }

    /// As Go calls it, and so images of containers.
    pub fn go_name(self) -> &'static str {
        match self {
            Architecture::X86_64 => "amd64",
            Architecture::Aarch64 => "arm64",
        }
    }

    /// The levels of instruction sets that can be chosen: each has what the ones before it have.
    pub fn levels(self) -> &'static [Level] {
        match self {
            Architecture::X86_64 => &[Level::X86_64, Level::X86_64V2, Level::X86_64V3, Level::X86_64V4],
            Architecture::Aarch64 => &[Level::Armv8A, Level::Armv8_1A, Level::Armv8_4A, Level::Armv8_6A],
        }
    }

    /// The level that code is for if nothing else is asked for.
    pub fn default_level(self) -> Level {
        match self {
            Architecture::X86_64 => Level::X86_64V2,
            Architecture::Aarch64 => Level::Armv8A,
        }
    }

    /// Whether the constant address of a memory is part of the accesses to it, so that no register holds it.
    pub(crate) fn has_bases_in_accesses(self) -> bool {
        self == Architecture::X86_64
    }

    /// Whether accesses extend a 32-bit index by themselves.
    pub fn extends_in_accesses(self) -> bool {
        self == Architecture::Aarch64
    }

    /// How many slots of address space a program may use. See [`wasmc_abi::layout`].
    pub fn max_slots(self) -> u64 {
        match self {
            Architecture::X86_64 => MAX_SLOTS_47_BIT,
            Architecture::Aarch64 => MAX_SLOTS_39_BIT,
        }
    }

    /// The constant address of memory 0; the record ends there. See [`wasmc_abi::layout`].
    pub fn memory_base(self) -> u64 {
        match self {
            Architecture::X86_64 => MEMORY_BASE_IN_DISPLACEMENT,
            Architecture::Aarch64 => MEMORY_BASE_IN_REGISTER,
        }
    }
}

/// The instruction set that code may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cpu {
    /// What [`Architecture::default_level`] says.
    Default,
    /// A named level.
    Level(Level),
    /// Everything that the machine that compiles has.
    Native,
}

/// How much work goes into the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptLevel {
    /// Compile fast: no optimisation, single-pass register allocation.
    None,
    /// No optimisation of the code, full register allocation.
    Less,
    /// Run fast.
    Speed,
    /// Run fast, but prefer small code.
    Size,
}

impl OptLevel {
    /// Whether Cranelift's e-graph pass runs.
    pub(crate) fn has_egraph(self) -> bool {
        matches!(self, OptLevel::Speed | OptLevel::Size)
    }

    /// The level with the same register allocation, but without Cranelift's e-graph pass.
    pub(crate) fn without_egraph(self) -> OptLevel {
        if self.has_egraph() { OptLevel::Less } else { self }
    }
}

/// How accesses to linear memory are kept inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundsChecks {
    /// What indices reach is reserved for each memory, 8 GiB; what is beyond its size faults. Of a 64-bit index one
    /// comparison is left.
    Guard,
    /// Each access is compared with the size. For small address spaces.
    Explicit,
}

/// What the program may use of the host, besides standard input and output, arguments, clocks and random numbers.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    /// `HOST[::GUEST][:ro]`.
    pub directories: Vec<String>,
    /// `NAME=VALUE`.
    pub variables: Vec<String>,
    /// `HOST[::GUEST]`: directories that are copied into the executable when it is linked.
    pub embedded: Vec<String>,
    /// Modification time of what is embedded, in seconds since 1970.
    pub embedded_time: u64,
    /// `IP:PORT`.
    pub listeners: Vec<String>,
    /// The guest gets the host's environment too.
    pub inherit_environment: bool,
    /// Replaces the first argument.
    pub arg0: Option<String>,
    /// Nothing of this can be changed by the environment at run time.
    pub sealed: bool,
    /// For tests: do without `openat2`.
    pub walk_paths: bool,
}

impl Grants {
    /// Whether there is anything that a program does not have anyway.
    pub fn is_any(&self) -> bool {
        let lists = [&self.directories, &self.variables, &self.embedded, &self.listeners];
        lists.iter().any(|list| !list.is_empty()) || self.inherit_environment || self.sealed || self.arg0.is_some()
    }

    /// Checks the form of everything.
    ///
    /// # Errors
    ///
    /// If something has another form than its field says, or a NUL in it.
    pub fn check(&self) -> Result<()> {
        type Check<'a> = (&'a [String], &'a str, fn(&str) -> bool);
        let checks: [Check<'_>; 5] = [
            (&self.directories, "a granted directory is HOST[::GUEST][:ro]", |text| {
                parse_directory(text.as_bytes()).is_some()
            }),
            (&self.embedded, "an embedded directory is HOST[::GUEST]", |text| parse_names(text.as_bytes()).is_some()),
            (&self.variables, "a variable is NAME=VALUE", |text| is_variable(text.as_bytes())),
            (&self.listeners, "a listener is IP:PORT or `activation`", |text| {
                text.as_bytes() == ACTIVATION || text.parse::<SocketAddr>().is_ok()
            }),
            (self.arg0.as_slice(), "the first argument is text", |_| true),
        ];
        for (list, form, has_form) in checks {
            if let Some(bad) = list.iter().find(|text| text.contains('\0') || !has_form(text)) {
                return Err(Error::usage(format!("{form}, not '{bad}'")));
            }
        }
        Ok(())
    }
}

/// Whether the executable gives up, before the program runs, the system calls and files that the program cannot need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harden {
    /// As far as the kernel can.
    Auto,
    /// It does not run where the kernel cannot.
    Require,
    Off,
}

/// Threads that a program may have at a time if nothing else is said: far more than a machine has processors, and far
/// fewer than would exhaust it.
pub const DEFAULT_MAX_THREADS: u32 = 4096;

/// What is done about profiles.
#[derive(Clone, Debug, Default)]
pub enum Profile {
    #[default]
    None,
    /// The executable counts what runs, in this file, or in one that is named like the executable.
    Generate(Option<String>),
    /// It is known what ran, by one or more files that executables of the program wrote.
    Use(Vec<ProfileFile>),
}

/// A file that an executable wrote.
#[derive(Clone, Debug)]
pub struct ProfileFile {
    /// For messages.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Everything that decides what the output is, but for the input.
#[derive(Clone, Debug)]
pub struct Options {
    pub architecture: Architecture,
    pub cpu: Cpu,
    pub opt_level: OptLevel,
    /// Optimisations of ours to leave out, to measure what they bring.
    pub disabled_passes: Vec<String>,
    /// Results are those of the deterministic profile of the specification (appendix 7.2), on every machine: what
    /// arithmetic gives as a NaN is the positive canonical one, and relaxed operators have one meaning.
    pub deterministic: bool,
    /// The proposals that modules may use.
    pub features: Features,
    pub bounds_checks: BoundsChecks,
    /// Bytes of the Wasm stack.
    pub stack_size: u64,
    /// Bytes that a memory may grow to, if not what [`Options::memory_limit`] says.
    pub max_memory: Option<u64>,
    /// Threads that the program may have at a time, besides the first.
    pub max_threads: u32,
    pub grants: Grants,
    /// Imports that functions of native objects satisfy, and these objects.
    pub native_imports: Vec<NativeImport>,
    pub native_files: Vec<NativeFile>,
    /// Imports that nothing satisfies trap when called, instead of being errors.
    pub allow_unknown_imports: bool,
    pub harden: Harden,
    /// Translate the DWARF of the modules, and record the Wasm offset of calls too, so that each line of a backtrace
    /// has one.
    pub debug_info: bool,
    pub profile: Profile,
    /// For tests: nobody looks at memories and globals after a trap, as if it ended the program.
    pub ends_with_trap: bool,
    /// For tests: an executable finds everything through the instance register, as libraries do.
    pub instance_register: bool,
    /// Let Cranelift check its input and output (costs 40 % of the compile time).
    pub verify: bool,
}

impl Options {
    /// Whether an optimisation is to be left out.
    pub fn is_disabled(&self, pass: &str) -> bool {
        self.disabled_passes.iter().any(|name| name == pass)
    }

    /// Bytes that a memory may grow to. With 64-bit indices so many addresses are reserved, and what reserving takes is
    /// little, so that the default is more than most machines have.
    pub fn memory_limit(&self, has_64_bit_indices: bool) -> u64 {
        self.max_memory.unwrap_or(if has_64_bit_indices { 64 << 30 } else { 4 << 30 })
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            architecture: Architecture::host().unwrap_or(Architecture::X86_64),
            cpu: Cpu::Default,
            opt_level: OptLevel::Speed,
            disabled_passes: Vec::new(),
            deterministic: false,
            features: Features::default(),
            bounds_checks: BoundsChecks::Guard,
            stack_size: 8 << 20,
            max_memory: None,
            max_threads: DEFAULT_MAX_THREADS,
            grants: Grants::default(),
            native_imports: Vec::new(),
            native_files: Vec::new(),
            allow_unknown_imports: false,
            harden: Harden::Auto,
            debug_info: false,
            ends_with_trap: false,
            profile: Profile::None,
            instance_register: false,
            verify: cfg!(debug_assertions),
        }
    }
}
