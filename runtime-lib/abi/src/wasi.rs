//! The functions of WASI preview 1 (`wasi_snapshot_preview1`, phases/snapshot/witx in WebAssembly/WASI).
//!
//! One table: the compiler takes from it which imports exist and their types, the runtime its entry points. The symbol
//! of a
//! function is [`symbols::WASI_PREFIX`](crate::symbols::WASI_PREFIX) and its name.

/// Module names under which the functions are imported.
pub const MODULE: &str = "wasi_snapshot_preview1";
/// The name before the snapshot; layouts of `filestat` and `subscription`, and the numbers of `whence`, differ.
pub const UNSTABLE_MODULE: &str = "wasi_unstable";

/// Type of a parameter or result as Wasm sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    I32,
    I64,
}

/// How far a function is implemented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Complete.
    Done,
    /// Complete on standard input, output and error; other descriptors do not exist yet.
    Stdio,
    /// Links, and returns `nosys`.
    NoSys,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    pub name: &'static str,
    pub parameters: &'static [Type],
    /// `errno`, but for `proc_exit`, which does not return.
    pub result: Option<Type>,
    pub status: Status,
}

/// Calls `$callback! { (name, (parameters…), result, status) … }` with every function, in the order of the witx file.
/// Results: `errno` is an i32, `none` means that the function does not return.
#[macro_export]
macro_rules! for_each_wasi_function {
    ($callback:ident) => {
        $callback! {
            (args_get,                (i32 i32),                             errno, Done)
            (args_sizes_get,          (i32 i32),                             errno, Done)
            (environ_get,             (i32 i32),                             errno, Done)
            (environ_sizes_get,       (i32 i32),                             errno, Done)
            (clock_res_get,           (i32 i32),                             errno, Done)
            (clock_time_get,          (i32 i64 i32),                         errno, Done)
            (fd_advise,               (i32 i64 i64 i32),                     errno, Stdio)
            (fd_allocate,             (i32 i64 i64),                         errno, Stdio)
            (fd_close,                (i32),                                 errno, Stdio)
            (fd_datasync,             (i32),                                 errno, Stdio)
            (fd_fdstat_get,           (i32 i32),                             errno, Stdio)
            (fd_fdstat_set_flags,     (i32 i32),                             errno, Stdio)
            (fd_fdstat_set_rights,    (i32 i64 i64),                         errno, Stdio)
            (fd_filestat_get,         (i32 i32),                             errno, Stdio)
            (fd_filestat_set_size,    (i32 i64),                             errno, Stdio)
            (fd_filestat_set_times,   (i32 i64 i64 i32),                     errno, Stdio)
            (fd_pread,                (i32 i32 i32 i64 i32),                 errno, Stdio)
            (fd_prestat_get,          (i32 i32),                             errno, Stdio)
            (fd_prestat_dir_name,     (i32 i32 i32),                         errno, Stdio)
            (fd_pwrite,               (i32 i32 i32 i64 i32),                 errno, Stdio)
            (fd_read,                 (i32 i32 i32 i32),                     errno, Stdio)
            (fd_readdir,              (i32 i32 i32 i64 i32),                 errno, Stdio)
            (fd_renumber,             (i32 i32),                             errno, Stdio)
            (fd_seek,                 (i32 i64 i32 i32),                     errno, Stdio)
            (fd_sync,                 (i32),                                 errno, Stdio)
            (fd_tell,                 (i32 i32),                             errno, Stdio)
            (fd_write,                (i32 i32 i32 i32),                     errno, Stdio)
            (path_create_directory,   (i32 i32 i32),                         errno, NoSys)
            (path_filestat_get,       (i32 i32 i32 i32 i32),                 errno, NoSys)
            (path_filestat_set_times, (i32 i32 i32 i32 i64 i64 i32),         errno, NoSys)
            (path_link,               (i32 i32 i32 i32 i32 i32 i32),         errno, NoSys)
            (path_open,               (i32 i32 i32 i32 i32 i64 i64 i32 i32), errno, NoSys)
            (path_readlink,           (i32 i32 i32 i32 i32 i32),             errno, NoSys)
            (path_remove_directory,   (i32 i32 i32),                         errno, NoSys)
            (path_rename,             (i32 i32 i32 i32 i32 i32),             errno, NoSys)
            (path_symlink,            (i32 i32 i32 i32 i32),                 errno, NoSys)
            (path_unlink_file,        (i32 i32 i32),                         errno, NoSys)
            (poll_oneoff,             (i32 i32 i32 i32),                     errno, NoSys)
            (proc_exit,               (i32),                                 none,  Done)
            (proc_raise,              (i32),                                 errno, Done)
            (sched_yield,             (),                                    errno, Done)
            (random_get,              (i32 i32),                             errno, Done)
            (sock_accept,             (i32 i32 i32),                         errno, NoSys)
            (sock_recv,               (i32 i32 i32 i32 i32 i32),             errno, NoSys)
            (sock_send,               (i32 i32 i32 i32 i32),                 errno, NoSys)
            (sock_shutdown,           (i32 i32),                             errno, NoSys)
        }
    };
}

macro_rules! wasi_type {
    (i32) => {
        Type::I32
    };
    (i64) => {
        Type::I64
    };
}

macro_rules! wasi_result {
    (errno) => {
        Some(Type::I32)
    };
    (none) => {
        None
    };
}

macro_rules! define_table {
    ($(($name:ident, ($($parameter:ident)*), $result:ident, $status:ident))*) => {
        /// Every function, in the order of the witx file.
        pub const FUNCTIONS: &[Function] = &[$(Function {
            name: stringify!($name),
            parameters: &[$(wasi_type!($parameter)),*],
            result: wasi_result!($result),
            status: Status::$status,
        }),*];
    };
}

for_each_wasi_function!(define_table);

/// Index of a function in [`FUNCTIONS`], if it exists.
pub fn find(name: &str) -> Option<usize> {
    FUNCTIONS.iter().position(|function| function.name == name)
}
