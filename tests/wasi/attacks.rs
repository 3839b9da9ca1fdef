//! Attacks that need more than a script: a second process, a damaged executable, an odd compiler's environment. And the
//! list of known classes of attacks on WASI and on the process, each with its tests, whose names begin with `attack_`
//! and its number; or with the reason why there is none.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use libtest_mimic::{Failed, Trial};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use wasmc_tests::binary;
use wasmc_tests::process::{self, End};

use super::case::Resolver;
use super::guest::{self, Guest};

/// Lines of the list: section, first, last.
const LINES: &[(&str, u32, u32)] = &[("05a", 1, 16), ("05b", 17, 20), ("05d", 32, 39)];

/// Lines without tests.
const WITHOUT: &[(u32, &str)] = &[
    (14, "names of devices are special on Windows only, which is no target"),
    (35, "there is no metering"),
    (36, "there are no components"),
];

/// All trials; `others` are names of tests elsewhere.
pub fn trials(others: impl Iterator<Item = String>) -> Vec<Trial> {
    let mut names: BTreeSet<String> = others.chain(files_of_run()).collect();
    let mut trials = Vec::new();
    let mut add = |name: &str, run: Box<dyn FnOnce() -> Result<(), String> + Send>| {
        names.insert(name.to_owned());
        trials.push(Trial::test(name, move || run().map_err(Failed::from)));
    };
    for resolver in Resolver::ALL {
        let named = |name: &str| format!("{name} [{}]", resolver.name());
        add(&named("attack_05a_11_links_swapped_for_directories"), Box::new(move || race(resolver, &SWAP)));
        add(&named("attack_05a_11_links_swapped_for_files"), Box::new(move || race(resolver, &LAST)));
        add(&named("attack_05a_11_directories_moved_out"), Box::new(move || race(resolver, &MOVE)));
        add(&named("attack_05a_16_cookies_after_deletion"), Box::new(move || listing(resolver)));
    }
    add("attack_05d_33_faults_of_the_runtime_are_no_traps", Box::new(damaged_runtime));
    add("attack_05d_33_signals_of_others_are_no_traps", Box::new(signal_from_outside));
    add("attack_05d_33_inherited_signal_masks", Box::new(inherited_masks));
    add("attack_05d_38_malformed_and_monstrous_modules", Box::new(monsters));
    add("attack_05d_39_locale_and_hash_order", Box::new(locales));
    trials.push(Trial::test("coverage: every line of the list of attacks has a test or a reason", move || {
        check_lines(&names).map_err(Failed::from)
    }));
    trials
}

/// Directive tests, whose names are those of their files.
fn files_of_run() -> impl Iterator<Item = String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("run");
    let entries = fs::read_dir(directory).expect("tests/run exists");
    entries.map(|entry| entry.expect("tests/run can be read").file_name().to_string_lossy().into_owned())
}

fn check_lines(names: &BTreeSet<String>) -> Result<(), String> {
    for &(section, first, last) in LINES {
        for line in first..=last {
            let prefix = format!("attack_{section}_{line:02}_");
            let has_test = names.iter().any(|name| name.starts_with(&prefix));
            let has_reason = WITHOUT.iter().any(|(without, _)| *without == line);
            if has_test == has_reason {
                return Err(format!("line {line}: test: {has_test}, reason against one: {has_reason}"));
            }
        }
    }
    Ok(())
}

// --- Races ----------------------------------------------------------------------------------------------

/// What goes on while the guest resolves paths, and what it calls: of `$read` and `$leave`, with addresses and lengths
/// of paths.
struct Race {
    /// Renames back and forth between two states of the directory where `root` is.
    there: &'static [(&'static str, &'static str)],
    back: &'static [(&'static str, &'static str)],
    /// What is renamed gets another name first, and so stays: then it takes a single step to replace what is there.
    stays: bool,
    calls: &'static str,
}

/// A directory becomes a link to outside.
const SWAP: Race = Race {
    there: &[("root/swap", "root/kept"), ("root/link", "root/swap")],
    back: &[("root/swap", "root/link"), ("root/kept", "root/swap")],
    stays: false,
    calls: "(call $read (i32.const 0) (i32.const 9)) (call $leave (i32.const 32) (i32.const 8))",
};
/// A directory that the guest goes through is moved outside, where `..` leads elsewhere.
const MOVE: Race = Race {
    there: &[("root/a/b", "out/b")],
    back: &[("out/b", "root/a/b")],
    stays: false,
    calls: "(call $read (i32.const 64) (i32.const 14)) (call $leave (i32.const 96) (i32.const 13))",
};
/// A file becomes a link to one outside.
const LAST: Race = Race {
    there: &[("root/last-link", "root/last")],
    back: &[("root/kept-file", "root/last")],
    stays: true,
    calls: "(call $read (i32.const 128) (i32.const 6)) (call $read (i32.const 130) (i32.const 4))",
};

/// Reads what paths lead to, and tries to leave things there. Ends with status 3 if it read what it must not;
/// writes how often it could read, and how often it was refused.
const RACER: &str = r#"(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func $mkdir (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_remove_directory" (func $rmdir (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "swap/file")
  (data (i32.const 32) "swap/new")
  (data (i32.const 64) "a/b/../../file")
  (data (i32.const 96) "a/b/../../new")
  (data (i32.const 128) "./last")
  (data (i32.const 208) "\d8\00\00\00\08\00\00\00")
  (global $read (mut i32) (i32.const 0))
  (global $refused (mut i32) (i32.const 0))
  (func $read (param $path i32) (param $length i32)
    (if (call $path_open (i32.const 3) (i32.const 1) (local.get $path) (local.get $length)
                         (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 200))
      (then (global.set $refused (i32.add (global.get $refused) (i32.const 1))) (return)))
    (drop (call $fd_read (i32.load (i32.const 200)) (i32.const 208) (i32.const 1) (i32.const 224)))
    (drop (call $fd_close (i32.load (i32.const 200))))
    (if (i32.ne (i32.load8_u (i32.const 216)) (i32.const 105)) (then (call $proc_exit (i32.const 3))))
    (global.set $read (i32.add (global.get $read) (i32.const 1))))
  (func $leave (param $path i32) (param $length i32)
    (if (i32.eqz (call $path_open (i32.const 3) (i32.const 1) (local.get $path) (local.get $length)
                         (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 200)))
      (then
        (drop (call $fd_write (i32.load (i32.const 200)) (i32.const 208) (i32.const 1) (i32.const 224)))
        (drop (call $fd_close (i32.load (i32.const 200))))))
    (drop (call $unlink (i32.const 3) (local.get $path) (local.get $length)))
    (drop (call $mkdir (i32.const 3) (local.get $path) (local.get $length)))
    (drop (call $rmdir (i32.const 3) (local.get $path) (local.get $length))))
  (func (export "_start") (local $rounds i32)
    (local.set $rounds (i32.const 5000))
    (loop $again
      CALLS
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32.store (i32.const 216) (global.get $read))
    (i32.store (i32.const 220) (global.get $refused))
    (drop (call $fd_write (i32.const 1) (i32.const 208) (i32.const 1) (i32.const 224)))))"#;

fn race(resolver: Resolver, race: &'static Race) -> Result<(), String> {
    /// Runs after which the race must have been lost and won at least once.
    const RUNS: u32 = 20;
    /// Landlock would hold what resolution lets out.
    const FLAGS: &[&str] = &["--dir", "root::/", "--no-harden"];
    let guest = Guest::compile(RACER.replace("CALLS", race.calls), &[FLAGS, resolver.flags()].concat())?;
    let place = guest.place().to_owned();
    let io = |error: std::io::Error| error.to_string();
    for directory in ["root/swap", "root/a/b", "out"] {
        fs::create_dir_all(place.join(directory)).map_err(io)?;
    }
    for (file, text) in [
        ("root/swap/file", "inside"),
        ("root/file", "inside"),
        ("root/kept-file", "inside"),
        ("out/file", "secret"),
        ("file", "secret"),
    ] {
        fs::write(place.join(file), text).map_err(io)?;
    }
    for (link, target) in [("root/link", "../out"), ("root/last-link", "../out/file")] {
        std::os::unix::fs::symlink(target, place.join(link)).map_err(io)?;
    }

    let is_over = AtomicBool::new(false);
    let swaps = AtomicU32::new(0);
    let counts: Result<(u64, u64), String> = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                for (from, to) in race.there.iter().chain(race.back) {
                    let (mut from, to) = (place.join(from), place.join(to));
                    let other = place.join("root/other-name");
                    if race.stays && fs::hard_link(&from, &other).is_ok() {
                        from = other;
                    }
                    // The guest may have put something in the way.
                    let _ = fs::rename(from, to);
                }
                swaps.fetch_add(1, Ordering::Relaxed);
            }
        });
        let counts = (0..RUNS).try_fold((0, 0), |(read, refused), _| {
            if read > 0 && refused > 0 {
                return Ok((read, refused));
            }
            let finished = guest.run()?;
            guest::expect(&finished, End::Exit(0))?;
            let count = |at: usize| finished.stdout.get(at..at + 4).map_or(0, binary_number);
            Ok((read + count(0), refused + count(4)))
        });
        is_over.store(true, Ordering::Relaxed);
        counts
    });
    let (read, refused) = counts?;
    if read == 0 || refused == 0 {
        return Err(format!("there was no race: read {read} times, refused {refused} times, {swaps:?} swaps"));
    }
    let secrets = ["out/file", "file"].map(|file| fs::read_to_string(place.join(file)).unwrap_or_default());
    let names: Vec<String> = super::host::tree(&place).into_keys().collect();
    let is_outside =
        |name: &&String| !name.starts_with("root") && !["out", "out/file", "file", "out/b"].contains(&name.as_str());
    match names.iter().find(is_outside) {
        Some(name) => Err(format!("the guest left '{name}'")),
        None if secrets != ["secret", "secret"] => Err(format!("the guest wrote: {secrets:?}")),
        None => Ok(()),
    }
}

fn binary_number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

// --- Listing --------------------------------------------------------------------------------------------

/// Lists a directory through a buffer for a single entry, writes each name, and removes it.
const LISTER: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_readdir" (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $cookie i64) (local $length i32)
    (loop $again
      (if (call $fd_readdir (i32.const 3) (i32.const 64) (i32.const 40) (local.get $cookie) (i32.const 0))
        (then unreachable))
      (if (i32.lt_u (i32.load (i32.const 0)) (i32.const 24)) (then (return)))
      (local.set $cookie (i64.load (i32.const 64)))
      (local.set $length (i32.load (i32.const 80)))
      (drop (call $unlink (i32.const 3) (i32.const 88) (local.get $length)))
      (i32.store8 (i32.add (i32.const 88) (local.get $length)) (i32.const 10))
      (i32.store (i32.const 8) (i32.const 88))
      (i32.store (i32.const 12) (i32.add (local.get $length) (i32.const 1)))
      (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))
      (br $again))))"#;

/// Everything is listed once, although it goes while it is.
fn listing(resolver: Resolver) -> Result<(), String> {
    const FILES: u32 = 1000;
    let guest = Guest::compile(LISTER, &[&["--dir", "root::/"], resolver.flags()].concat())?;
    let root = guest.place().join("root");
    fs::create_dir(&root).map_err(|error| error.to_string())?;
    let mut expected: Vec<String> = (0..FILES).map(|number| format!("file-{number}")).collect();
    for name in &expected {
        fs::write(root.join(name), "").map_err(|error| error.to_string())?;
    }
    expected.extend([".", ".."].map(String::from));
    let finished = guest.run()?;
    guest::expect(&finished, End::Exit(0))?;
    let stdout = finished.stdout_text();
    let mut listed: Vec<&str> = stdout.lines().collect();
    listed.sort_unstable();
    expected.sort_unstable();
    let left = fs::read_dir(&root).map_err(|error| error.to_string())?.count();
    if listed != expected || left != 0 {
        return Err(format!("{} names listed, {left} files left", listed.len()));
    }
    Ok(())
}

// --- Faults and signals ---------------------------------------------------------------------------------

/// Calls a WASI function; then loads from far outside of its memory, if it comes to that.
const YIELDER: &str = r#"(module
  (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (drop (call $sched_yield)) (drop (i32.load (i32.const 0x10000000)))))"#;

/// A runtime that faults, even in the guest's guard pages, is broken: status 70. It is broken here by overwriting the
/// start of a WASI function, with an instruction that does not exist, and with a load from the reservation of memory 0.
fn damaged_runtime() -> Result<(), String> {
    const STATUS_OF_A_BUG: i32 = 70;
    let guest = Guest::compile(YIELDER, &["--target", "x86_64"])?;
    if !cfg!(target_arch = "x86_64") {
        return Err("this test knows instructions of x86-64 only".to_owned());
    }
    guest::expect_trap(&guest.run()?, "out of bounds memory access")?;
    let path = guest.executable();
    let original = fs::read(&path).map_err(|error| error.to_string())?;
    let place = place_of(&original, "wasmc_wasi_sched_yield").ok_or("the executable has no such symbol")?;
    // ud2; mov eax, [0x20000000].
    for damage in [&[0x0f, 0x0b][..], &[0x8b, 0x04, 0x25, 0, 0, 0, 0x20]] {
        let mut bytes = original.clone();
        bytes[place..place + damage.len()].copy_from_slice(damage);
        fs::write(&path, bytes).map_err(|error| error.to_string())?;
        let finished = guest.run()?;
        if finished.end != End::Exit(STATUS_OF_A_BUG) || finished.stderr_text().contains("trap:") {
            return Err(format!("with {damage:02x?}: {}", finished.epitaph()));
        }
    }
    Ok(())
}

/// Where in a file the code of a function is.
pub fn place_of(executable: &[u8], name: &str) -> Option<usize> {
    let file = object::File::parse(executable).ok()?;
    let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name))?;
    let section = file.section_by_index(symbol.section_index()?).ok()?;
    let (offset, _) = section.file_range()?;
    Some((symbol.address() - section.address() + offset) as usize)
}

/// Waits, for a minute, in the kernel; or runs without end.
const WAITERS: [&str; 2] = [
    r#"(module
      (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 24) "\00\00\00\00\10\00\00\00")
      (func (export "_start") (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#,
    r#"(module (memory (export "memory") 1)
      (func (export "_start") (loop $again (i32.store (i32.const 0) (i32.const 1)) (br $again))))"#,
];

/// What others send ends the process as that signal does; it is neither a trap nor a bug.
fn signal_from_outside() -> Result<(), String> {
    for waiter in WAITERS {
        let guest = Guest::compile(waiter, &[])?;
        for (name, number) in [("SEGV", 11), ("BUS", 7), ("ILL", 4), ("FPE", 8), ("TERM", 15)] {
            let script = format!(r#""$0" & sleep 0.2; kill -{name} $!; wait $!; exit $?"#);
            let finished = guest::run(&mut guest.command_by("/bin/sh", &["-c", &script]))?;
            if finished.end != End::Exit(128 + number) || finished.stderr_text().contains("wasmc") {
                return Err(format!("SIG{name}: {}", finished.epitaph()));
            }
        }
    }
    Ok(())
}

/// Traps are told whatever the parent blocks or ignores.
fn inherited_masks() -> Result<(), String> {
    let guest = Guest::compile(YIELDER, &[])?;
    let blocks = ["--block-signal=SEGV,BUS,ILL,FPE"];
    let ignores = ["-c", "trap '' SEGV BUS ILL FPE; exec \"$0\""];
    for mut command in [guest.command_by("/usr/bin/env", &blocks), guest.command_by("/bin/sh", &ignores)] {
        guest::expect_trap(&guest::run(&mut command)?, "out of bounds memory access")?;
    }
    Ok(())
}

// --- The compiler ---------------------------------------------------------------------------------------

/// A module of one function `_start` of type `[] -> []`.
fn module_of(body: &[u8]) -> Vec<u8> {
    let mut code = vec![1];
    binary::leb(&mut code, body.len() as u64);
    code.extend(body);
    let sections: &[(u8, &[u8])] =
        &[(1, b"\x01\x60\0\0"), (3, b"\x01\0"), (7, b"\x01\x06_start\0\0"), (10, code.as_slice())];
    binary::with_sections(sections, |_, _| None)
}

/// What is too large is refused in a sentence, as is what is broken. (The target `fuzz` damages many more modules.)
fn monsters() -> Result<(), String> {
    const END: u8 = 0x0b;
    let mut locals = vec![1];
    binary::leb(&mut locals, 50_001);
    locals.extend([0x7f, END]);
    let long = [vec![0; 1], vec![0x01; 7_654_321], vec![END]].concat();
    let deep = [vec![0; 1], [0x02, 0x40].repeat(100_000), vec![END; 100_001]].concat();
    let whole = module_of(&[0, END]);
    let cut = whole[..whole.len() - 1].to_vec();
    let more = [&whole[..], &[0]].concat();
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let out = directory.path().join("out");
    for (what, module, statuses) in [
        ("50,001 locals", module_of(&locals), &[1][..]),
        ("a body of 7.6 MB", module_of(&long), &[1]),
        // A stack of blocks costs memory, but nothing forbids it.
        ("100,000 blocks", module_of(&deep), &[0, 1]),
        ("a module that is cut short", cut, &[1]),
        ("a module with a byte too much", more, &[1]),
        (
            "many locals by many groups",
            module_of(&[&[0xff, 0xff, 0x7f][..], &[1, 0x7f].repeat(1000), &[END]].concat()),
            &[1],
        ),
        ("nothing wrong", whole.clone(), &[0]),
    ] {
        let finished = guest::compile(&module, &out, &[])?;
        if !matches!(finished.end, End::Exit(status) if statuses.contains(&status)) {
            return Err(format!("{what}: {}", finished.epitaph()));
        }
    }
    Ok(())
}

/// The same bytes and sentences in any locale, and with any seed of a hash (each process has its own).
fn locales() -> Result<(), String> {
    let functions: String = (0..200).map(|number| format!("(func $f{number} (export \"e{number}\"))")).collect();
    let module = format!("(module {functions} (func (export \"_start\")) (global f64 (f64.const 1234567.5)))");
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut seen = BTreeSet::new();
    for locale in ["C", "de_DE.UTF-8", "tr_TR.UTF-8", "no-such-locale"] {
        let out = directory.path().join(locale);
        let compile = |input: &str| {
            let mut command = Command::new(wasmc_tests::command::wasmc());
            command.arg("-").arg("-o").arg(&out).env("LC_ALL", locale).env("LANG", locale).env("LANGUAGE", "tr");
            process::run(&mut command, input.as_bytes(), guest::time_limit()).map_err(|error| error.to_string())
        };
        let good = compile(&module)?;
        let bytes = fs::read(&out).map_err(|error| format!("{locale}: {error}: {}", good.epitaph()))?;
        let bad = compile("(module (func (result i32)))")?;
        let mut run = Command::new(&out);
        let ran = guest::run(run.env("LC_ALL", locale).env("LC_NUMERIC", locale))?;
        seen.insert((bytes, bad.stderr_text(), ran.end == End::Exit(0)));
    }
    if seen.len() == 1 { Ok(()) } else { Err(format!("{} different results", seen.len())) }
}
