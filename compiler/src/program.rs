//! What is compiled: a closed world of instances and how they are wired.

/// One or more instances of Wasm modules, and what the executable does with them.
#[derive(Clone, Debug)]
pub struct Program<'a> {
    /// In the order of instantiation: an instance imports from earlier ones only.
    pub instances: Vec<InstanceSource<'a>>,
    pub entry: Entry,
}

/// A module to be instantiated once.
#[derive(Clone, Debug)]
pub struct InstanceSource<'a> {
    /// For messages: the file, or the name that others import it by.
    pub name: String,
    /// The binary format.
    pub wasm: &'a [u8],
    /// Module names of imports, and the earlier instance (by index in the program) that satisfies them. Names that are
    /// not here are the host's.
    pub wiring: Vec<(String, usize)>,
}

/// What the executable does.
#[derive(Clone, Debug)]
pub enum Entry {
    /// Instantiates all instances, then calls the export `_start` of the last one, if it has one.
    Command,
    /// Instantiates all instances, then calls this export of the last one with the arguments of the process, and prints
    /// its results.
    Invoke(String),
    /// Instantiates all instances whenever the program around the library asks for it; the exports of the last one are
    /// functions of C, whose names begin with this. What imports nothing else satisfies are C functions too.
    Library { name: String },
    /// As [`Command`](Entry::Command); or, if there is no `_start`, instantiates all instances and has the code of what
    /// the last one exports: to be looked at.
    Exports,
    /// Performs the steps and writes what came of them: see [`wasmc_abi::program::ScriptStep`]. For tests.
    Script(Vec<Step>),
}

/// One step of a script.
#[derive(Clone, Debug)]
pub enum Step {
    /// Instantiates the instance with this index: segments, then the start function. No results.
    Instantiate(usize),
    /// Calls an exported function. Arguments and results are 16-byte slots, little-endian. The bytes above a
    /// narrower result mean nothing.
    ///
    /// In a slot a null reference is 0, and an external reference made by the host is any other number.
    Invoke { instance: usize, export: String, arguments: Vec<u128> },
    /// Gives the value of an exported global as one slot.
    GlobalGet { instance: usize, export: String },
    /// Gives one slot for an exported memory: its size in bytes in the low half, its hash in the high half.
    Memory { instance: usize, export: String },
    /// Starts a thread for the steps that follow, up to its [`Step::End`]; what comes behind that is performed at the
    /// same time. Threads are counted from 0, and start none themselves.
    Start,
    /// The thread is done.
    End,
    /// Waits until the thread with this number is done.
    Wait(usize),
}
