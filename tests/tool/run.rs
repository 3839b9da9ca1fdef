//! `wasmc run`: the process becomes the program, whatever is in the cache.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use wasmc_tests::command::{cannot_test, wasmc};
use wasmc_tests::process::{self, End, Finished, Killed};

use super::Place;

/// A program that prints one line of so many letters, and ends with a status.
fn says(text: &str, status: u32) -> String {
    let length = text.len();
    format!(
        r#"(module
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\08\00\00\00\{length:02x}\00\00\00{text}")
          (func (export "_start")
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))
            (call $exit (i32.const {status}))))"#
    )
}

const RUST_STD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/programs/rust-std.wasm");

impl Place {
    /// `wasmc run` with a cache of this place.
    fn start(&self, arguments: &[&str]) -> Finished {
        self.run(wasmc(), &[&["run", "--cache=cache"], arguments].concat())
    }

    /// The executables in a cache.
    fn programs(&self, cache: &str) -> Vec<PathBuf> {
        let directories = fs::read_dir(self.path(cache).join("programs")).into_iter().flatten();
        let files = directories.flat_map(|directory| fs::read_dir(directory.unwrap().path()).unwrap());
        files.map(|file| file.unwrap().path()).collect()
    }
}

/// Until stamps are trusted.
fn rest() {
    thread::sleep(Duration::from_millis(4100));
}

/// A program that does not end by itself, and the path that it was executed from, once it is running.
fn start_endless(place: &Place, flags: &[&str], env: &[(&str, &str)]) -> (Killed, PathBuf) {
    place.write("endless.wat", r#"(module (func (export "_start") (loop (br 0))))"#);
    let mut command = place.command(wasmc());
    command.arg("run").args(flags).arg("endless.wat").envs(env.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = Killed::spawn(&mut command).unwrap();
    let end = Instant::now() + process::limit(60);
    loop {
        let executable = fs::read_link(format!("/proc/{}/exe", child.0.id()));
        let executable = executable.expect("the program is running");
        if executable != fs::canonicalize(wasmc()).unwrap() {
            return (child, executable);
        }
        assert!(Instant::now() < end, "it does not start");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_a_process_is_given_and_gives_back() {
    let place = Place::new();
    let read = |name: &str| fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("programs").join(name)).unwrap();
    // As `cargo run` and `cargo test` call a runner: the absolute path, then the arguments, which may look like
    // options.
    for _ in 0..2 {
        let mut command = place.command(wasmc());
        command.args(["run", "--cache=cache", RUST_STD]).args(["one", "two", "three"]);
        let finished = place.finish(&mut command, read("rust-std.stdin"));
        assert_eq!(finished.stdout_text(), String::from_utf8(read("rust-std.stdout")).unwrap());
        assert_eq!(finished.stderr, read("rust-std.stderr"));
        let status: i32 = String::from_utf8(read("rust-std.status")).unwrap().trim().parse().unwrap();
        assert_eq!(finished.end, End::Exit(status));
    }

    place.write("trap.wat", r#"(module (func (export "_start") unreachable))"#);
    let trap = place.start(&["trap.wat"]);
    assert_eq!(trap.end, End::Exit(134));
    assert!(trap.stderr_text().contains("wasm `unreachable` instruction executed"), "{}", trap.epitaph());

    let invalid = place.start(&["absent.wat"]);
    assert_eq!(invalid.end, End::Exit(1));
    assert!(invalid.stderr_text().starts_with("error: cannot read absent.wat"), "{}", invalid.epitaph());
}

#[test]
fn arguments_and_grants_are_the_programs() {
    let place = Place::new();
    // Prints arguments, a line each, then variables.
    place.write(
        "show.wat",
        r#"(module
          (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (func $show (param $bytes i32)
            (i32.store (i32.const 8) (i32.const 1024))
            (i32.store (i32.const 12) (local.get $bytes))
            (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16))))
          (func (export "_start")
            (drop (call $args_sizes (i32.const 0) (i32.const 4)))
            (drop (call $args (i32.const 32) (i32.const 1024)))
            (call $show (i32.load (i32.const 4)))
            (drop (call $env_sizes (i32.const 0) (i32.const 4)))
            (drop (call $env (i32.const 32) (i32.const 1024)))
            (call $show (i32.load (i32.const 4)))))"#,
    );
    let shown = |arguments: &[&str]| place.start(arguments).succeeded().stdout_text().replace('\0', "\n");
    for _ in 0..2 {
        assert_eq!(shown(&["./show.wat", "--dir", "-x", "--", ""]), "./show.wat\n--dir\n-x\n--\n\n");
        assert_eq!(shown(&["--env=A=1", "--arg0=me", "show.wat", "--env=B=2"]), "me\n--env=B=2\nA=1\n");
        assert_eq!(shown(&["--env=A=2", "show.wat"]), "show.wat\nA=2\n");
    }
}

#[test]
fn the_process_is_the_program() {
    let place = Place::new();
    for _ in 0..2 {
        let (mut child, executable) = start_endless(&place, &["--cache=cache"], &[]);
        assert!(executable.starts_with(fs::canonicalize(place.path("cache")).unwrap()), "{}", executable.display());
        let name = fs::read_to_string(format!("/proc/{}/comm", child.0.id())).unwrap();
        assert_eq!(name.trim(), "endless");
        rustix::process::kill_process(Pid::from_child(&child.0), Signal::TERM).unwrap();
        assert_eq!(child.0.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));
    }
}

#[test]
fn where_the_cache_is() {
    let place = Place::new();
    let directory = place.path("user").display().to_string();
    let nowhere = [("XDG_CACHE_HOME", "/dev/null/x"), ("HOME", "/dev/null/x")];
    let (_child, executable) = start_endless(&place, &[], &[("XDG_CACHE_HOME", &directory)]);
    assert!(executable.starts_with(fs::canonicalize(place.path("user/wasmc/programs")).unwrap()));
    assert_eq!(fs::metadata(place.path("user/wasmc")).unwrap().permissions().mode() & 0o777, 0o700);
    let (_child, executable) = start_endless(&place, &[], &[("XDG_CACHE_HOME", ""), ("HOME", &directory)]);
    assert!(executable.starts_with(fs::canonicalize(place.path("user/.cache/wasmc/programs")).unwrap()));

    // Without one the executable is a file in memory.
    let flags: [&[&str]; 2] = [&["--no-cache"], &[]];
    for flags in flags {
        let (_child, executable) = start_endless(&place, flags, &nowhere);
        assert_eq!(executable, Path::new("/memfd:endless (deleted)"));
    }
    assert_eq!(place.programs("user/wasmc").len(), 1);
}

#[test]
fn a_changed_module_is_another_program() {
    let place = Place::new();
    // Of the same size, and so soon that clocks hardly tick.
    for round in 0..20 {
        let text = format!("round {}", char::from(b'a' + round));
        place.write("app.wat", says(&text, round.into()));
        let finished = place.start(&["app.wat"]);
        assert_eq!((finished.stdout_text(), finished.end), (text, End::Exit(round.into())));
    }
    rest();
    // Found by contents, then by stamp.
    for _ in 0..3 {
        assert_eq!(place.start(&["app.wat"]).stdout_text(), "round t");
    }
    place.write("app.wat", says("round x", 0));
    assert_eq!(place.start(&["app.wat"]).stdout_text(), "round x");
    assert_eq!(place.programs("cache").len(), 21);

    // A file that takes the place of another, with its times.
    place.write("other.wat", says("round y", 0));
    let times = fs::metadata(place.path("app.wat")).unwrap();
    let times = fs::FileTimes::new().set_modified(times.modified().unwrap()).set_accessed(times.accessed().unwrap());
    fs::File::options().write(true).open(place.path("other.wat")).unwrap().set_times(times).unwrap();
    fs::rename(place.path("other.wat"), place.path("app.wat")).unwrap();
    assert_eq!(place.start(&["app.wat"]).stdout_text(), "round y");
}

#[test]
fn linked_modules_and_embedded_files_count_too() {
    let place = Place::new();
    place.write(
        "app.wat",
        r#"(module (import "lib" "status" (func $status (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1)
          (func (export "_start") (call $exit (call $status))))"#,
    );
    for status in [3, 4] {
        place.write("lib.wat", format!(r#"(module (func (export "status") (result i32) (i32.const {status})))"#));
        for _ in 0..2 {
            assert_eq!(place.start(&["--link=lib=lib.wat", "app.wat"]).end, End::Exit(status));
        }
    }
    fs::create_dir(place.path("files")).unwrap();
    place.write("show.wat", says("x", 0));
    for text in ["one", "two"] {
        place.write("files/text", text);
        assert_eq!(place.start(&["--embed=files::/files", "show.wat"]).stdout_text(), "x");
    }
    // Two for the libraries; none that would hold old files.
    assert_eq!(place.programs("cache").len(), 2);
}

#[test]
fn damaged_programs_are_made_anew() {
    let place = Place::new();
    place.write("app.wat", says("whole", 0));
    let run = || place.start(&["app.wat"]).succeeded().stdout_text();
    assert_eq!(run(), "whole");
    rest();
    let damages: [fn(&mut Vec<u8>); 3] = [
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x10;
        },
        |bytes| bytes.clear(),
    ];
    for damage in damages {
        // Trusted by its stamp.
        assert_eq!((run(), run()), ("whole".to_owned(), "whole".to_owned()));
        for program in place.programs("cache") {
            let mut bytes = fs::read(&program).unwrap();
            damage(&mut bytes);
            fs::write(&program, bytes).unwrap();
        }
        assert_eq!(run(), "whole");
    }
    // Records.
    let mut directories = vec![place.path("cache/runs")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let mut bytes = fs::read(&path).unwrap();
                bytes[40] ^= 1;
                fs::write(&path, bytes).unwrap();
            }
        }
    }
    assert_eq!(run(), "whole");
    // What is gone, or may not be executed.
    fs::remove_dir_all(place.path("cache/programs")).unwrap();
    assert_eq!(run(), "whole");
    for program in place.programs("cache") {
        fs::set_permissions(program, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert_eq!(run(), "whole");
}

#[test]
fn many_runs_at_once() {
    let place = Place::new();
    place.write("app.wat", says("many", 7));
    // With the second size every program is removed as soon as it is there.
    for size in ["--cache-size=2G", "--cache-size=1"] {
        let start = |_| {
            let mut command = place.command(wasmc());
            command.args(["run", "--cache=cache", size, "app.wat"]);
            process::spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped())).unwrap()
        };
        for child in (0..12).map(start).collect::<Vec<_>>() {
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.stdout, b"many");
        }
    }
}

#[test]
fn invoke() {
    let place = Place::new();
    place.write(
        "math.wat",
        r#"(module
          (memory (export "memory") 1)
          (global $ready (mut i32) (i32.const 0))
          (func (export "_initialize") (global.set $ready (i32.const 1)))
          (func (export "ready") (result i32) (global.get $ready))
          (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
          (func (export "swap") (param i64 f32 f64 v128) (result v128 f64 f32 i64)
            (local.get 3) (local.get 2) (local.get 1) (local.get 0))
          (func (export "load") (param i32) (result i64) (i64.load (local.get 0)))
          (func (export "none"))
          (func (export "reference") (param externref)))"#,
    );
    let invoke = |words: &[&str]| place.start(&[&["--invoke", words[0], "math.wat"], &words[1..]].concat());
    let all = ["swap", "-9223372036854775808", "0.1", "-1e300", "0x0f0e0d0c0b0a09080706050403020100"];
    for (words, printed) in [
        (&["add", "1", "-2"][..], "-1\n"),
        (&["add", "0xffffffff", "2147483648"], "2147483647\n"),
        (&all, "0x0f0e0d0c0b0a09080706050403020100\n-1e300\n0.1\n-9223372036854775808\n"),
        (&["swap", "0", "nan", "inf", "1"], "0x00000000000000000000000000000001\ninf\nNaN\n0\n"),
        (&["ready"], "1\n"),
        (&["none"], ""),
    ] {
        let finished = invoke(words);
        assert_eq!((finished.stdout_text().as_str(), finished.end), (printed, End::Exit(0)), "{words:?}");
    }
    for (words, status, message) in [
        (&["add", "1"][..], 2, "wasmc: the function takes other arguments: i32 i32"),
        (&["add", "1", "x"], 2, "wasmc: 'x' is no i32"),
        (&["add", "1", "4294967296"], 2, "wasmc: '4294967296' is no i32"),
        (&["none", "1"], 2, "wasmc: the function takes no arguments"),
        (&["load", "65529"], 134, "wasmc: trap: out of bounds memory access"),
        (&["reference", "1"], 1, "references cannot be written"),
        (&["ad"], 1, "exports no function 'ad'; did you mean 'add'?"),
        (&["memory"], 1, "exports no function 'memory'"),
    ] {
        let finished = invoke(words);
        assert_eq!(finished.end, End::Exit(status), "{words:?}: {}", finished.epitaph());
        assert!(finished.stderr_text().contains(message), "{words:?}: {}", finished.epitaph());
        assert_eq!(finished.stdout, b"", "{words:?}");
    }
}

/// Of cargo itself, where the standard library for WASI is installed; how it calls a runner is in the first test too.
#[test]
fn as_the_runner_of_cargo() {
    let libraries = Command::new("rustc").args(["--print", "target-libdir", "--target", "wasm32-wasip1"]).output();
    let libraries = libraries.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    if !Path::new(libraries.trim()).join("self-contained/crt1-command.o").is_file() {
        // Not every Rust can get it.
        cannot_test("Rust's standard library for wasm32-wasip1 is missing");
        return;
    }
    let place = Place::new();
    fs::create_dir(place.path("src")).unwrap();
    place.write("Cargo.toml", "[package]\nname = \"guest\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n");
    place.write(
        "src/main.rs",
        "fn main() { println!(\"{:?}\", std::env::args().skip(1).collect::<Vec<_>>()); std::process::exit(9) }
         #[test] fn works() { assert_eq!(2 + 2, 4) }
         #[test] #[ignore] fn fails() { panic!() }",
    );
    let runner = format!("{} run --cache=cache", wasmc().display());
    let cargo = |arguments: &[&str]| {
        let arguments = [arguments, &["--offline", "--quiet", "--target", "wasm32-wasip1"]].concat();
        let (command, behind): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|word| !word.starts_with("=="));
        let behind = behind.iter().map(|word| &word[2..]);
        let arguments: Vec<&str> = command.into_iter().chain(["--"]).chain(behind).collect();
        place.finish(place.command("cargo").args(arguments).env("CARGO_TARGET_WASM32_WASIP1_RUNNER", &runner), "")
    };
    let run = cargo(&["run", "==a", "==--b"]);
    assert_eq!((run.stdout_text().as_str(), run.end), ("[\"a\", \"--b\"]\n", End::Exit(9)), "{}", run.epitaph());
    let test = cargo(&["test"]);
    assert!(test.stdout_text().contains("test result: ok. 1 passed"), "{} {}", test.stdout_text(), test.epitaph());
    let ignored = cargo(&["test", "==--ignored"]);
    assert_ne!(ignored.end, End::Exit(0), "{}", ignored.stdout_text());
}
