//! WASI preview 1.
//!
//! The table in [`wasmc_abi::wasi`] decides what exists: from its rows come the entry points, `wasmc_wasi_NAME`,
//! which compiled code calls directly. An entry looks for room on the Wasm stack, calls the function of that name in
//! one of the modules below, and gives its `errno` as a number.
//!
//! | module     | functions                                                |
//! |------------|----------------------------------------------------------|
//! | [`args`]   | `args_*`, `environ_*`                                    |
//! | [`clock`]  | `clock_*`                                                |
//! | [`random`] | `random_get`                                             |
//! | [`proc`]   | `proc_*`, `sched_yield`                                  |
//! | [`fd`]     | `fd_*`                                                   |
//! | [`path`]   | `path_*`                                                 |
//! | [`poll`]   | `poll_oneoff`                                            |
//! | [`sock`]   | `sock_*`                                                 |
//! | [`grants`] | what the guest may use                                   |
//! | [`table`]  | descriptors: what they are, and the rights to use them   |
//! | [`resolve`] | paths: where they lead                                  |
//! | [`embed`]  | directories that lie in the executable                   |
//! | [`guest`]  | pointers into the guest's memory: checked there, nowhere else |
//! | [`types`]  | names and numbers of the witx files                      |
//!
//! # Capabilities
//!
//! The guest gets its arguments, the clocks, random numbers, and descriptors 0, 1 and 2; everything else must be
//! granted.
//!
//! # The first snapshot
//!
//! Functions of `wasi_unstable` whose numbers or layouts were others are in the table with the prefix `unstable_`.

mod args;
mod clock;
mod embed;
mod fd;
mod grants;
mod guest;
mod path;
mod poll;
mod proc;
mod random;
mod resolve;
mod sock;
mod table;
mod types;

use types::Errno;

#[cfg(not(feature = "library"))]
use crate::spawn::spawn as thread_spawn;
use args::{args_get, args_sizes_get, environ_get, environ_sizes_get};
use clock::{clock_res_get, clock_time_get};
use fd::{
    fd_advise, fd_allocate, fd_close, fd_datasync, fd_fdstat_get, fd_fdstat_set_flags, fd_fdstat_set_rights,
    fd_filestat_get, fd_filestat_set_size, fd_filestat_set_times, fd_pread, fd_prestat_dir_name, fd_prestat_get,
    fd_pwrite, fd_read, fd_readdir, fd_renumber, fd_seek, fd_sync, fd_tell, fd_write, unstable_fd_filestat_get,
    unstable_fd_seek,
};
#[cfg(not(feature = "library"))]
pub use grants::{GrantedDirectory, granted_directories, limit_memories, replacement};
#[cfg(feature = "library")]
pub use grants::{Streams, granted_memory, open_in_library};
use path::{
    path_create_directory, path_filestat_get, path_filestat_set_times, path_link, path_open, path_readlink,
    path_remove_directory, path_rename, path_symlink, path_unlink_file, unstable_path_filestat_get,
};
use poll::{poll_oneoff, unstable_poll_oneoff};
use proc::{proc_exit, proc_raise, sched_yield};
use random::random_get;
use sock::{sock_accept, sock_recv, sock_send, sock_shutdown};
#[cfg(feature = "library")]
pub use table::Descriptors;
#[cfg(not(feature = "library"))]
pub use table::prepare_for_threads;

/// What a WASI function gives: `success` or an error.
type Result<T = ()> = core::result::Result<T, Errno>;

/// The compiler refuses a library that starts threads: never called.
#[cfg(feature = "library")]
fn thread_spawn(_: u32) -> i32 {
    -1
}

/// The Rust type of a parameter.
macro_rules! parameter_type {
    (i32) => {
        u32
    };
    (i64) => {
        u64
    };
}

/// Defines the entry point of one row. The parameters have types only; the middle rules give them names from a list.
macro_rules! entry_point {
    ($name:ident ($($type:ident)*) $result:ident) => {
        entry_point!(@name $name $result () ($($type)*) (a0 a1 a2 a3 a4 a5 a6 a7 a8));
    };
    (@name $name:ident $result:ident
     ($($named:tt)*) ($type:ident $($types:ident)*) ($next:ident $($rest:ident)*)) => {
        entry_point!(@name $name $result ($($named)* ($next $type)) ($($types)*) ($($rest)*));
    };
    (@name $name:ident $result:ident ($($named:tt)*) () ($($rest:ident)*)) => {
        entry_point!(@define $name $result $($named)*);
    };
    (@define $name:ident errno $(($parameter:ident $type:ident))*) => {
        #[unsafe(export_name = concat!("wasmc_wasi_", stringify!($name)))]
        unsafe extern "C" fn $name(
            memory: *mut wasmc_abi::layout::MemoryRecord $(, $parameter: parameter_type!($type))*
        ) -> u32 {
            crate::trap::check_headroom();
            // SAFETY: compiled code passes the record of the instance's memory.
            let memory = unsafe { super::guest::Memory::new(memory) };
            match super::$name(memory $(, $parameter)*) {
                Ok(()) => Errno::SUCCESS.number(),
                Err(error) => error.number(),
            }
        }
    };
    (@define $name:ident number $(($parameter:ident $type:ident))*) => {
        #[unsafe(export_name = concat!("wasmc_wasi_", stringify!($name)))]
        extern "C" fn $name(_: *mut wasmc_abi::layout::MemoryRecord $(, $parameter: parameter_type!($type))*) -> i32 {
            crate::trap::check_headroom();
            super::$name($($parameter),*)
        }
    };
    (@define $name:ident none $(($parameter:ident $type:ident))*) => {
        #[unsafe(export_name = concat!("wasmc_wasi_", stringify!($name)))]
        extern "C" fn $name(_: *mut wasmc_abi::layout::MemoryRecord $(, $parameter: parameter_type!($type))*) -> ! {
            super::$name($($parameter),*)
        }
    };
}

macro_rules! entry_points {
    ($(($name:ident, ($($type:ident)*), $result:ident))*) => {
        /// The functions that compiled code calls.
        mod entries {
            use super::types::Errno;
            $(entry_point!($name ($($type)*) $result);)*
        }
    };
}

wasmc_abi::for_each_wasi_function!(entry_points);
