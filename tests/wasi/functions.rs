//! What the functions of preview 1 take, give and fail with: written after `wasi_snapshot_preview1.witx`, apart from
//! the table that compiler and runtime share, so that one is a check of the other.
//!
//! A row's second column are the parameters in the order of the witx file, then, behind an arrow, the results besides
//! `errno`, which a guest receives through pointers. The words are the kinds of [`module`](super::module) and
//! [`transcript`](super::transcript). The third column are the errors that the function is seen to give in `cases/`,
//! neither more nor less: those of which WASI, or the system call behind it, says that they mean something for it.
//!
//! Not provoked by any case: `io`, `nospc` but on `/dev/full`, `dquot`, `stale`, `mlink`, `rofs`, `txtbsy`,
//! `nomem`, `nobufs`, `fbig` (need a broken, full or special file system or machine; how limits are counted differs),
//! `nfile` (needs 65,536 host descriptors, which a limit may forbid), `overflow` (2^32 bytes of arguments, or a clock
//! before 1970), `connaborted` and `timedout` (a network).

use wasmc_abi::wasi::Type;

/// A row of the table.
pub struct Function {
    pub name: &'static str,
    signature: &'static str,
    errors: &'static str,
}

const fn row(name: &'static str, signature: &'static str, errors: &'static str) -> Function {
    Function { name, signature, errors }
}

impl Function {
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.signature.split("->").next().unwrap_or_default().split_whitespace()
    }

    pub fn results(&self) -> impl Iterator<Item = &'static str> {
        self.signature.split("->").nth(1).unwrap_or_default().split_whitespace()
    }

    pub fn errors(&self) -> impl Iterator<Item = &'static str> {
        self.errors.split_whitespace()
    }

    /// Whether it never returns.
    pub fn ends(&self) -> bool {
        self.name == "proc_exit"
    }

    /// Module and name under which a guest imports it.
    pub fn import(&self) -> (&'static str, &'static str) {
        match self.name.strip_prefix("unstable_") {
            Some(name) => ("wasi_unstable", name),
            None => ("wasi_snapshot_preview1", self.name),
        }
    }

    /// Its parameters as Wasm sees them.
    pub fn wasm_parameters(&self) -> Vec<Type> {
        let results = self.results().flat_map(|kind| if kind == "strings" { parameter(kind) } else { &[Type::I32] });
        self.parameters().flat_map(parameter).chain(results).copied().collect()
    }
}

/// How Wasm sees a parameter; of results it sees addresses.
pub fn parameter(kind: &str) -> &'static [Type] {
    use Type::{I32, I64};
    match kind {
        "filesize" | "filedelta" | "timestamp" | "cookie" | "rights" => &[I64],
        // An address and a length or count; for `strings` an address of pointers and one of bytes.
        "string" | "ciovs" | "iovs" | "buffer" | "random" | "dirents" | "strings" => &[I32, I32],
        // Subscriptions, events, how many.
        "subscriptions" | "unstable_subscriptions" => &[I32, I32, I32],
        _ => &[I32],
    }
}

pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// What stands behind a path: every function that takes one fails like this.
macro_rules! path_errors {
    ($($more:literal)?) => {
        concat!("badf notdir notcapable fault perm noent inval nametoolong loop acces ", $($more)?)
    };
}

#[rustfmt::skip]
pub const FUNCTIONS: &[Function] = &[
    row("args_get",                "-> strings",                                          "fault"),
    row("args_sizes_get",          "-> size size",                                        "fault"),
    row("environ_get",             "-> strings",                                          "fault"),
    row("environ_sizes_get",       "-> size size",                                        "fault"),
    row("clock_res_get",           "clockid -> duration",                                 "fault inval"),
    row("clock_time_get",          "clockid timestamp -> time",                           "fault inval"),
    row("fd_advise",               "fd filesize filesize advice",
                                       "badf notcapable inval spipe"),
    row("fd_allocate",             "fd filesize filesize",
                                       "badf notcapable inval spipe nodev"),
    row("fd_close",                "fd",                                                  "badf"),
    row("fd_datasync",             "fd",                                                  "badf notcapable inval"),
    row("fd_fdstat_get",           "fd -> fdstat",                                        "badf fault"),
    row("fd_fdstat_set_flags",     "fd fdflags",
                                       "badf notcapable inval notsup"),
    row("fd_fdstat_set_rights",    "fd rights rights",                                    "badf notcapable"),
    row("fd_filestat_get",         "fd -> filestat",                                      "badf notcapable fault"),
    row("fd_filestat_set_size",    "fd filesize",                                         "badf notcapable inval"),
    row("fd_filestat_set_times",   "fd timestamp timestamp fstflags",                     "badf notcapable inval"),
    row("fd_pread",                "fd iovs filesize -> size",
                                       "badf notcapable fault inval spipe"),
    row("fd_prestat_get",          "fd -> prestat",                                       "badf fault"),
    row("fd_prestat_dir_name",     "fd buffer",                                           "badf fault nametoolong"),
    row("fd_pwrite",               "fd ciovs filesize -> size",
                                       "badf notcapable fault inval spipe"),
    row("fd_read",                 "fd iovs -> size",
                                       "badf notcapable fault again"),
    row("fd_readdir",              "fd dirents cookie -> size",
                                       "badf notdir notcapable fault inval noent"),
    row("fd_renumber",             "fd fd",                                               "badf"),
    row("fd_seek",                 "fd filedelta whence -> filesize",
                                       "badf notcapable fault inval spipe"),
    row("fd_sync",                 "fd",                                                  "badf notcapable inval"),
    row("fd_tell",                 "fd -> filesize",
                                       "badf notcapable fault spipe"),
    row("fd_write",                "fd ciovs -> size",
                                       "badf notcapable fault again pipe nospc"),
    row("path_create_directory",   "fd string",                                           path_errors!("exist")),
    row("path_filestat_get",       "fd lookupflags string -> filestat",                   path_errors!()),
    row("path_filestat_set_times", "fd lookupflags string timestamp timestamp fstflags",  path_errors!()),
    row("path_link",               "fd lookupflags string fd string",                     path_errors!("exist")),
    row("path_open",               "fd lookupflags string oflags rights rights fdflags -> fd",
                                       path_errors!("exist isdir mfile nxio")),
    row("path_readlink",           "fd string buffer -> size",                            path_errors!()),
    row("path_remove_directory",   "fd string",                                           path_errors!("notempty")),
    row("path_rename",             "fd string fd string",
                                       path_errors!("notempty isdir busy")),
    row("path_symlink",            "string fd string",                                    path_errors!("exist")),
    row("path_unlink_file",        "fd string",                                           path_errors!("isdir")),
    row("poll_oneoff",             "subscriptions -> size",                               "fault inval"),
    row("proc_exit",               "exitcode",                                            ""),
    row("proc_raise",              "signal",                                              "inval"),
    row("sched_yield",             "",                                                    ""),
    row("random_get",              "random",                                              "fault"),
    row("sock_accept",             "fd fdflags -> fd",
                                       "badf notsock notcapable fault inval again"),
    row("sock_recv",               "fd iovs riflags -> size roflags",
                                       "badf notsock notcapable fault inval again"),
    row("sock_send",               "fd ciovs siflags -> size",
                                       "badf notsock notcapable fault inval pipe"),
    row("sock_shutdown",           "fd sdflags",
                                       "badf notsock notcapable inval notconn"),
    row("unstable_fd_seek",           "fd filedelta unstable_whence -> filesize",
                                       "badf notcapable fault inval spipe"),
    row("unstable_fd_filestat_get",   "fd -> unstable_filestat",                          "badf notcapable fault"),
    row("unstable_path_filestat_get", "fd lookupflags string -> unstable_filestat",       path_errors!()),
    row("unstable_poll_oneoff",       "unstable_subscriptions -> size",                   "fault inval"),
];

/// `errno`, from 0 on.
pub const ERRNOS: &[&str] = &[
    "success",
    "toobig",
    "acces",
    "addrinuse",
    "addrnotavail",
    "afnosupport",
    "again",
    "already",
    "badf",
    "badmsg",
    "busy",
    "canceled",
    "child",
    "connaborted",
    "connrefused",
    "connreset",
    "deadlk",
    "destaddrreq",
    "dom",
    "dquot",
    "exist",
    "fault",
    "fbig",
    "hostunreach",
    "idrm",
    "ilseq",
    "inprogress",
    "intr",
    "inval",
    "io",
    "isconn",
    "isdir",
    "loop",
    "mfile",
    "mlink",
    "msgsize",
    "multihop",
    "nametoolong",
    "netdown",
    "netreset",
    "netunreach",
    "nfile",
    "nobufs",
    "nodev",
    "noent",
    "noexec",
    "nolck",
    "nolink",
    "nomem",
    "nomsg",
    "noprotoopt",
    "nospc",
    "nosys",
    "notconn",
    "notdir",
    "notempty",
    "notrecoverable",
    "notsock",
    "notsup",
    "notty",
    "nxio",
    "overflow",
    "ownerdead",
    "perm",
    "pipe",
    "proto",
    "protonosupport",
    "prototype",
    "range",
    "rofs",
    "spipe",
    "srch",
    "stale",
    "timedout",
    "txtbsy",
    "xdev",
    "notcapable",
];

pub const FILETYPES: &[&str] = &[
    "unknown",
    "block_device",
    "character_device",
    "directory",
    "regular_file",
    "socket_dgram",
    "socket_stream",
    "symbolic_link",
];

/// `rights`, from bit 0 on.
pub const RIGHTS: &[&str] = &[
    "fd_datasync",
    "fd_read",
    "fd_seek",
    "fd_fdstat_set_flags",
    "fd_sync",
    "fd_tell",
    "fd_write",
    "fd_advise",
    "fd_allocate",
    "path_create_directory",
    "path_create_file",
    "path_link_source",
    "path_link_target",
    "path_open",
    "fd_readdir",
    "path_readlink",
    "path_rename_source",
    "path_rename_target",
    "path_filestat_get",
    "path_filestat_set_size",
    "path_filestat_set_times",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "path_symlink",
    "path_remove_directory",
    "path_unlink_file",
    "poll_fd_readwrite",
    "sock_shutdown",
    "sock_accept",
];

pub const FDFLAGS: &[&str] = &["append", "dsync", "nonblock", "rsync", "sync"];

/// Names of a kind, and whether they are bits (else numbers from 0 on).
pub fn names(kind: &str) -> (&'static [&'static str], bool) {
    match kind {
        "clockid" => (&["realtime", "monotonic", "process_cputime_id", "thread_cputime_id"], false),
        "whence" => (&["set", "cur", "end"], false),
        "unstable_whence" => (&["cur", "end", "set"], false),
        "advice" => (&["normal", "sequential", "random", "willneed", "dontneed", "noreuse"], false),
        "rights" => (RIGHTS, true),
        "fdflags" => (FDFLAGS, true),
        "lookupflags" => (&["symlink_follow"], true),
        "oflags" => (&["creat", "directory", "excl", "trunc"], true),
        "fstflags" => (&["atim", "atim_now", "mtim", "mtim_now"], true),
        "riflags" => (&["recv_peek", "recv_waitall"], true),
        "siflags" => (&[], true),
        "sdflags" => (&["rd", "wr"], true),
        "signal" => (
            &[
                "none", "hup", "int", "quit", "ill", "trap", "abrt", "bus", "fpe", "kill", "usr1", "segv", "usr2",
                "pipe", "alrm", "term", "chld", "cont", "stop", "tstp", "ttin", "ttou", "urg", "xcpu", "xfsz",
                "vtalrm", "prof", "winch", "poll", "pwr", "sys",
            ],
            false,
        ),
        _ => (&[], false),
    }
}
