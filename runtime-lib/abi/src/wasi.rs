//! The functions of WASI preview 1 (`wasi_snapshot_preview1`, phases/snapshot/witx in WebAssembly/WASI).
//!
//! One table: the compiler takes from it which imports exist and their types, the runtime its entry points. The symbol
//! of a function is [`symbols::WASI_PREFIX`](crate::symbols::WASI_PREFIX) and its name.

/// Module names under which the functions are imported.
pub const MODULE: &str = "wasi_snapshot_preview1";
/// The name before the snapshot; layouts of `filestat` and `subscription`, and the numbers of `whence`, differ.
pub const UNSTABLE_MODULE: &str = "wasi_unstable";
/// Module and name of the one function of wasi-threads.
pub const THREADS_MODULE: &str = "wasi";
pub const THREAD_SPAWN_NAME: &str = "thread-spawn";

/// Type of a parameter or result as Wasm sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    I32,
    I64,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    pub name: &'static str,
    pub parameters: &'static [Type],
    /// `errno`; of `thread_spawn`, a number or a negative error; of `proc_exit`, which does not return, nothing.
    pub result: Option<Type>,
}

/// Calls `$callback! { (name, (parameters…), result) … }` with every function, in the order of the witx file, then
/// those of `wasi_unstable` that differ, then that of wasi-threads.
/// Results: `errno` and `number` are i32, `none` means that the function does not return.
#[macro_export]
macro_rules! for_each_wasi_function {
    ($callback:ident) => {
        $callback! {
            (args_get,                (i32 i32),                             errno)
            (args_sizes_get,          (i32 i32),                             errno)
            (environ_get,             (i32 i32),                             errno)
            (environ_sizes_get,       (i32 i32),                             errno)
            (clock_res_get,           (i32 i32),                             errno)
            (clock_time_get,          (i32 i64 i32),                         errno)
            (fd_advise,               (i32 i64 i64 i32),                     errno)
            (fd_allocate,             (i32 i64 i64),                         errno)
            (fd_close,                (i32),                                 errno)
            (fd_datasync,             (i32),                                 errno)
            (fd_fdstat_get,           (i32 i32),                             errno)
            (fd_fdstat_set_flags,     (i32 i32),                             errno)
            (fd_fdstat_set_rights,    (i32 i64 i64),                         errno)
            (fd_filestat_get,         (i32 i32),                             errno)
            (fd_filestat_set_size,    (i32 i64),                             errno)
            (fd_filestat_set_times,   (i32 i64 i64 i32),                     errno)
            (fd_pread,                (i32 i32 i32 i64 i32),                 errno)
            (fd_prestat_get,          (i32 i32),                             errno)
            (fd_prestat_dir_name,     (i32 i32 i32),                         errno)
            (fd_pwrite,               (i32 i32 i32 i64 i32),                 errno)
            (fd_read,                 (i32 i32 i32 i32),                     errno)
            (fd_readdir,              (i32 i32 i32 i64 i32),                 errno)
            (fd_renumber,             (i32 i32),                             errno)
            (fd_seek,                 (i32 i64 i32 i32),                     errno)
            (fd_sync,                 (i32),                                 errno)
            (fd_tell,                 (i32 i32),                             errno)
            (fd_write,                (i32 i32 i32 i32),                     errno)
            (path_create_directory,   (i32 i32 i32),                         errno)
            (path_filestat_get,       (i32 i32 i32 i32 i32),                 errno)
            (path_filestat_set_times, (i32 i32 i32 i32 i64 i64 i32),         errno)
            (path_link,               (i32 i32 i32 i32 i32 i32 i32),         errno)
            (path_open,               (i32 i32 i32 i32 i32 i64 i64 i32 i32), errno)
            (path_readlink,           (i32 i32 i32 i32 i32 i32),             errno)
            (path_remove_directory,   (i32 i32 i32),                         errno)
            (path_rename,             (i32 i32 i32 i32 i32 i32),             errno)
            (path_symlink,            (i32 i32 i32 i32 i32),                 errno)
            (path_unlink_file,        (i32 i32 i32),                         errno)
            (poll_oneoff,             (i32 i32 i32 i32),                     errno)
            (proc_exit,               (i32),                                 none)
            (proc_raise,              (i32),                                 errno)
            (sched_yield,             (),                                    errno)
            (random_get,              (i32 i32),                             errno)
            (sock_accept,             (i32 i32 i32),                         errno)
            (sock_recv,               (i32 i32 i32 i32 i32 i32),             errno)
            (sock_send,               (i32 i32 i32 i32 i32),                 errno)
            (sock_shutdown,           (i32 i32),                             errno)
            (unstable_fd_seek,           (i32 i64 i32 i32),                  errno)
            (unstable_fd_filestat_get,   (i32 i32),                          errno)
            (unstable_path_filestat_get, (i32 i32 i32 i32 i32),              errno)
            (unstable_poll_oneoff,       (i32 i32 i32 i32),                  errno)
            (thread_spawn,               (i32),                              number)
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
    (number) => {
        Some(Type::I32)
    };
    (none) => {
        None
    };
}

macro_rules! define_table {
    ($(($name:ident, ($($parameter:ident)*), $result:ident))*) => {
        /// Every function, in the order of the witx file.
        pub const FUNCTIONS: &[Function] = &[$(Function {
            name: stringify!($name),
            parameters: &[$(wasi_type!($parameter)),*],
            result: wasi_result!($result),
        }),*];
    };
}

for_each_wasi_function!(define_table);

/// Index in [`FUNCTIONS`] of the function of wasi-threads.
pub const THREAD_SPAWN: usize = FUNCTIONS.len() - 1;

/// Prefix of the functions of `wasi_unstable` that are not those of the snapshot.
const UNSTABLE: &str = "unstable_";

/// Index in [`FUNCTIONS`] of a function of the snapshot, if it exists.
pub fn find(name: &str) -> Option<usize> {
    let found = FUNCTIONS.iter().position(|function| function.name == name && !name.starts_with(UNSTABLE));
    found.filter(|&index| index != THREAD_SPAWN)
}

/// Index in [`FUNCTIONS`] of a function of `wasi_unstable`, if it exists.
pub fn find_unstable(name: &str) -> Option<usize> {
    let is_own = |function: &Function| function.name.strip_prefix(UNSTABLE) == Some(name);
    FUNCTIONS.iter().position(is_own).or_else(|| find(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thread_spawn_is_no_function_of_the_snapshot() {
        assert_eq!(FUNCTIONS[THREAD_SPAWN].name, "thread_spawn");
        assert_eq!(find("thread_spawn"), None);
        assert_eq!(find_unstable("thread_spawn"), None);
        assert!(find("fd_read").is_some());
    }
}
