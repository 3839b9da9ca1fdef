//! Hardening: a program's filter lets through what its imports need, and nothing else.
//!
//! Every function runs in a program that imports it alone (or with one that gives it something to work on), so that a
//! row which is missing in `runtime-lib/abi/src/harden.rs` ends the program by SIGSYS, whatever other functions need.
//! Calls are chosen such that they reach the system call behind them: what the runtime can answer itself proves
//! nothing.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use wasmc_tests::process::{End, Killed};

use super::attacks::place_of;
use super::case::Resolver;
use super::functions::FUNCTIONS;
use super::guest::{self, Guest, time_limit};
use super::script::Call;
use super::{host, module};

const SIGSYS: i32 = 31;

/// Calls that must all succeed, and standard input; an empty one is a regular file.
#[rustfmt::skip]
const PROGRAMS: &[(&str, &[&str], &str)] = &[
    ("args_get",                &["args_get"],                                                   ""),
    ("args_sizes_get",          &["args_sizes_get"],                                             ""),
    ("environ_get",             &["environ_get"],                                                ""),
    ("environ_sizes_get",       &["environ_sizes_get"],                                          ""),
    ("clock_res_get",           &["clock_res_get thread_cputime_id", "clock_res_get realtime"],  ""),
    // The vDSO does not know this clock.
    ("clock_time_get",          &["clock_time_get process_cputime_id 0"],                        ""),
    ("fd_advise",               &["fd_advise 0 0 0 willneed"],                                   ""),
    ("fd_allocate",             &["fd_allocate 1 0 10"],                                         ""),
    ("fd_close",                &["fd_close 0", "fd_close 3"],                                   ""),
    ("fd_datasync",             &["fd_datasync 1"],                                              ""),
    ("fd_fdstat_get",           &["fd_fdstat_get 0", "fd_fdstat_get 1", "fd_fdstat_get 3"],      "datagram"),
    ("fd_fdstat_set_flags",     &["fd_fdstat_set_flags 0 nonblock"],                             ""),
    ("fd_fdstat_set_rights",    &["fd_fdstat_set_rights 0 fd_read none"],                        "datagram"),
    ("fd_filestat_get",         &["fd_filestat_get 0", "fd_filestat_get 1"],                     "datagram"),
    ("fd_filestat_set_size",    &["fd_filestat_set_size 1 10"],                                  ""),
    ("fd_filestat_set_times",   &["fd_filestat_set_times 1 0 0 atim|mtim"],                      ""),
    ("fd_pread",                &["fd_pread 0 [4] 0"],                                           ""),
    ("fd_prestat_get",          &["fd_prestat_get 3"],                                           ""),
    ("fd_prestat_dir_name",     &["fd_prestat_dir_name 3 8"],                                    ""),
    ("fd_pwrite",               &["fd_pwrite 1 [\"x\"] 0"],                                      ""),
    ("fd_read",                 &["fd_read 0 [2 2]"],                                            ""),
    ("fd_readdir",              &["fd_readdir 3 400 0"],                                         ""),
    ("fd_renumber",             &["fd_renumber 0 1"],                                            ""),
    ("fd_seek",                 &["fd_seek 0 1 set"],                                            ""),
    ("fd_sync",                 &["fd_sync 1"],                                                  ""),
    ("fd_tell",                 &["fd_tell 0"],                                                  ""),
    ("fd_write",                &["fd_write 1 [\"x\" \"y\"]"],                                   ""),
    ("path_create_directory",   &["path_create_directory 3 \"dir/new\"",
                                  "path_create_directory 3 \"link/other\""],                     ""),
    ("path_filestat_get",       &["path_filestat_get 3 none \"file\"",
                                  "path_filestat_get 3 symlink_follow \"link/../to-file\""],     ""),
    ("path_filestat_set_times", &["path_filestat_set_times 3 none \"to-file\" 0 0 mtim_now",
                                  "path_filestat_set_times 3 symlink_follow \"to-file\" 0 0 mtim"], ""),
    ("path_link",               &["path_link 3 symlink_follow \"to-file\" 3 \"dir/hard\""],      ""),
    ("path_open",               &["path_open 3 symlink_follow \"to-file\" none fd_read none none",
                                  "path_open 3 none \"link/../dir\" directory none none none",
                                  "path_open 3 none \"dir/made\" creat|trunc fd_write none none"], ""),
    ("path_readlink",           &["path_readlink 3 \"link\" 100",
                                  "path_readlink 3 \"link/../to-file\" 100"],                    ""),
    ("path_remove_directory",   &["path_remove_directory 3 \"link/empty\""],                     ""),
    ("path_rename",             &["path_rename 3 \"file\" 3 \"link/new\""],                      ""),
    ("path_symlink",            &["path_symlink \"../file\" 3 \"link/new\""],                    ""),
    ("path_unlink_file",        &["path_unlink_file 3 \"link/../file\""],                        ""),
    ("poll_oneoff",             &["poll_oneoff [read:0 write:1 clock:realtime:1000000]",
                                  "poll_oneoff [clock:monotonic:1000000]",
                                  // More descriptors than there is room for on the stack.
                                  "poll_oneoff [read:70]"],                                      "pipe"),
    ("proc_exit",               &["proc_exit 0"],                                                ""),
    ("proc_raise",              &["proc_raise chld"],                                            ""),
    ("sched_yield",             &["sched_yield"],                                                ""),
    ("random_get",              &["random_get 100"],                                             ""),
    ("sock_accept",             &["c = sock_accept $listener none"],                             ""),
    ("sock_accept and fd_write", &["c = sock_accept $listener none", "fd_write $c [\"x\"]"],     ""),
    ("sock_accept and fd_read", &["c = sock_accept $listener none", "fd_read $c [8]"],           ""),
    ("sock_recv",               &["sock_recv 0 [4] none"],                                       "socket"),
    ("sock_send",               &["c = sock_accept $listener none", "sock_send $c [\"x\"] none"], ""),
    ("sock_shutdown",           &["c = sock_accept $listener none", "sock_shutdown $c wr"],      ""),
    ("unstable_fd_seek",           &["unstable_fd_seek 0 1 set"],                                ""),
    ("unstable_fd_filestat_get",   &["unstable_fd_filestat_get 0"],                              "datagram"),
    ("unstable_path_filestat_get", &["unstable_path_filestat_get 3 symlink_follow \"to-file\""], ""),
    ("unstable_poll_oneoff",       &["unstable_poll_oneoff [read:0 clock:realtime:1000000]",
                                     "unstable_poll_oneoff [read:70]"],                          "pipe"),
];

/// Directories that are granted: so many that a list of all descriptors does not fit on the runtime's stack.
const DIRECTORIES: u32 = 70;

pub fn trials() -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("harden: every function has a program of its own", || complete().map_err(Failed::from)),
        Trial::test("harden: a filter is in force, and privileges cannot be gained", || status().map_err(Failed::from)),
        Trial::test("harden: what is not in the filter ends the process", || forbidden().map_err(Failed::from)),
        Trial::test("harden: files that are not granted are out of reach even of an escaped program", || {
            landlock().map_err(Failed::from)
        }),
        Trial::test("harden: without hardening there is no filter", || unhardened().map_err(Failed::from)),
        Trial::test("harden: what is required is there, or the program does not start", || {
            required().map_err(Failed::from)
        }),
    ];
    for &(name, calls, stdin) in PROGRAMS {
        for resolver in Resolver::ALL {
            let label = format!("harden: {name} [{}]", resolver.name());
            trials.push(Trial::test(label, move || run(calls, stdin, resolver).map_err(Failed::from)));
        }
    }
    trials
}

fn complete() -> Result<(), String> {
    let has_program = |name: &str| PROGRAMS.iter().any(|(program, ..)| *program == name);
    match FUNCTIONS.iter().find(|function| !has_program(function.name)) {
        Some(function) => Err(format!("{} has none", function.name)),
        None => Ok(()),
    }
}

fn run(calls: &[&str], stdin: &str, resolver: Resolver) -> Result<(), String> {
    let listener = (3 + DIRECTORIES).to_string();
    let calls: Vec<Call> =
        calls.iter().map(|call| Call::parse(&call.replace("$listener", &listener))).collect::<Result<_, _>>()?;
    let port = host::free_port();
    let address = format!("127.0.0.1:{port}");
    let grants: Vec<&str> =
        (0..DIRECTORIES).flat_map(|_| ["--dir", "root::/"]).chain(["--tcplisten", &address]).collect();
    let guest = Guest::compile(module::build_silent(&calls)?, &[&grants, resolver.flags()].concat())?;
    for directive in [
        "dir root/dir/empty",
        "file root/file text",
        "link root/link dir",
        "link root/to-file dir/../file",
        "file out x",
    ] {
        host::set_up(guest.place(), directive)?;
    }
    let io = |error: std::io::Error| error.to_string();
    let input = host::input(&format!("{} \"text\"", if stdin.is_empty() { "file" } else { stdin }))?;
    let output = fs::File::create(guest.place().join("out")).map_err(io)?;
    let accepts = calls.iter().any(|call| call.function.name == "sock_accept");
    let peer = accepts.then(|| host::peer(port, b"text".to_vec(), time_limit()));
    let finished = guest.command().stdin(input.stdin).stdout(output).output().map_err(io)?;
    if let Some(peer) = peer {
        peer.join().map_err(|_| "the peer panicked")??;
    }
    if finished.status.success() && finished.stderr.is_empty() {
        return Ok(());
    }
    Err(format!("{}: {}", finished.status, String::from_utf8_lossy(&finished.stderr)))
}

/// Waits for a minute.
const WAITER: &str = r#"(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 24) "\00\00\00\00\10\00\00\00")
  (func (export "_start") (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#;

/// A line of `/proc/PID/status` of a program that has started, as soon as it is what it shall be.
fn wait_for(flags: &[&str], wanted: &[&str]) -> Result<(), String> {
    let guest = Guest::compile(WAITER, flags)?;
    let child = Killed::spawn(guest.command().stdout(Stdio::null())).map_err(|error| error.to_string())?;
    let deadline = Instant::now() + time_limit();
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.0.id())).map_err(|error| error.to_string())?;
        if wanted.iter().all(|wanted| status.lines().any(|line| line == *wanted)) {
            return Ok(());
        }
        if Instant::now() > deadline {
            let lines = status.lines().filter(|line| line.starts_with("NoNew") || line.starts_with("Seccomp"));
            return Err(format!("{wanted:?}, but {:?}", lines.collect::<Vec<_>>()));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn status() -> Result<(), String> {
    wait_for(&[], &["NoNewPrivs:\t1", "Seccomp:\t2"])?;
    wait_for(&["--dir", "."], &["NoNewPrivs:\t1", "Seccomp:\t2"])
}

/// Calls what is overwritten.
const YIELDER: &str = r#"(module
  (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
  (func (export "_start") (drop (call $sched_yield))))"#;

/// Puts instructions in place of the start of a function, as if somebody had got out of the sandbox there.
fn overwrite(guest: &Guest, function: &str, code: &[u8]) -> Result<(), String> {
    if !cfg!(target_arch = "x86_64") {
        return Err("this test knows instructions of x86-64 only".to_owned());
    }
    let mut bytes = fs::read(guest.executable()).map_err(|error| error.to_string())?;
    let place = place_of(&bytes, function).ok_or("the executable has no such symbol")?;
    bytes[place..place + code.len()].copy_from_slice(code);
    fs::write(guest.executable(), bytes).map_err(|error| error.to_string())
}

/// What becomes of a program that makes a system call which no program makes: getppid.
fn damaged(flags: &[&str]) -> Result<End, String> {
    let guest = Guest::compile(YIELDER, flags)?;
    guest::expect(&guest.run()?, End::Exit(0))?;
    // mov eax, 110; syscall; xor eax, eax; ret.
    overwrite(&guest, "wasmc_wasi_sched_yield", &[0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0x31, 0xc0, 0xc3])?;
    Ok(guest.run()?.end)
}

fn forbidden() -> Result<(), String> {
    match damaged(&[])? {
        End::Signal(SIGSYS) => Ok(()),
        end => Err(format!("{end} instead of SIGSYS")),
    }
}

/// Ends with what `path_open` gives.
const OPENER: &str = r#"(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "PATH\00")
  (func (export "_start") (call $proc_exit (call $path_open
    (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 1)
    (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)))))"#;

/// The filter must let `openat` through, so another wall is needed. Here `path_open` is replaced by that call, with an
/// absolute path from the guest's memory; the status is its result: a descriptor, or an error.
fn landlock() -> Result<(), String> {
    /// `-EACCES`.
    const DENIED: u8 = 13u8.wrapping_neg();
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (granted, other) = (directory.path().join("granted"), directory.path().join("other"));
    for path in [&granted, &other] {
        fs::create_dir(path).map_err(|error| error.to_string())?;
        fs::write(path.join("file"), "text").map_err(|error| error.to_string())?;
    }
    let grant = granted.to_string_lossy();
    let has_landlock = {
        let guest = Guest::compile(OPENER, &["--harden=require", "--dir", &grant])?;
        guest.run()?.end != End::Exit(70)
    };
    for (path, flags, is_denied) in [
        (&granted, &[][..], false),
        (&other, &[], has_landlock),
        (&other, &["--no-harden"], false),
        (&granted, &["--no-harden"], false),
    ] {
        let path = path.join("file");
        let guest =
            Guest::compile(OPENER.replace("PATH", &path.to_string_lossy()), &[&["--dir", &grant], flags].concat())?;
        // mov eax, 257; mov edi, -100; mov esi, the path; xor edx, edx; syscall; ret.
        let address = (wasmc_abi::layout::MEMORY_BASE_IN_DISPLACEMENT as u32 + 64).to_le_bytes();
        let code =
            [&[0xb8, 1, 1, 0, 0, 0xbf, 0x9c, 0xff, 0xff, 0xff, 0xbe][..], &address, &[0x31, 0xd2, 0x0f, 0x05, 0xc3]];
        overwrite(&guest, "wasmc_wasi_path_open", &code.concat())?;
        let end = guest.run()?.end;
        if matches!(end, End::Exit(status) if (status == i32::from(DENIED)) == is_denied && (is_denied || status < 100))
        {
            continue;
        }
        return Err(format!("{} {flags:?}: {end}", path.display()));
    }
    Ok(())
}

fn unhardened() -> Result<(), String> {
    for flags in [&["--no-harden"], &["--harden=off"]] {
        let end = damaged(flags)?;
        if end != End::Exit(0) {
            return Err(format!("{flags:?}: {end}"));
        }
        wait_for(flags, &["NoNewPrivs:\t0", "Seccomp:\t0"])?;
    }
    Ok(())
}

/// Whether there is Landlock, the program finds out: then it runs. Everything else is in all kernels that we support.
fn required() -> Result<(), String> {
    let calls = [Call::parse("path_open 3 none \"file\" none fd_read none none")?];
    for (flags, may_lack) in [(&["--harden=require"][..], false), (&["--harden=require", "--dir", ".::/"], true)] {
        let module = if may_lack { module::build_silent(&calls)? } else { YIELDER.to_owned() };
        let guest = Guest::compile(module, flags)?;
        fs::write(guest.place().join("file"), "text").map_err(|error| error.to_string())?;
        let finished = guest::run(&mut guest.command())?;
        let lacks = "the kernel has no Landlock, and this program was compiled with `--harden=require`";
        if may_lack && finished.end == End::Exit(70) && finished.stderr_text().contains(lacks) {
            continue;
        }
        guest::expect(&finished, End::Exit(0))?;
    }
    Ok(())
}
