//! `--cache`: what comes out is what comes out without it, whatever others do to the cache.

use std::fs;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use wasmc_tests::command::wasmc;
use wasmc_tests::place;
use wasmc_tests::process::{self, End};
use wasmc_tests::random::Random;

/// A program with exceptions, SIMD, tables, memories and traps: all that the code of functions comes with.
const PROGRAM: &str = r#"(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1 10)
  (table funcref (elem $load $vector))
  (tag $tag (param i32))
  (global $depth (mut i32) (i32.const 0))
  (func $load (param i32) (result i32) (i32.load (local.get 0)))
  (func $vector (param i32) (result i32)
    (i32x4.extract_lane 1 (i32x4.add (i32x4.splat (local.get 0)) (v128.const i32x4 1 2 3 4))))
  (func $throw (param i32) (throw $tag (local.get 0)))
  (func $catch (param i32) (result i32)
    (block $caught (result i32)
      (try_table (catch $tag $caught) (call $throw (local.get 0)))
      (i32.const -1)))
  (func $grow (result i32) (memory.grow (i32.const 1)))
  (func (export "_start") (local $sum i32)
    (local.set $sum (call_indirect (param i32) (result i32) (i32.const 100) (i32.const 0)))
    (local.set $sum (i32.add (local.get $sum) (call_indirect (param i32) (result i32) (i32.const 7) (i32.const 1))))
    (local.set $sum (i32.add (local.get $sum) (call $catch (i32.const 20))))
    (local.set $sum (i32.add (local.get $sum) (call $grow)))
    (call $exit (local.get $sum))))"#;

/// What it ends with: 0 + (7 + 2) + 20 + 1.
const STATUS: i32 = 30;

/// A directory for one test, with a cache.
struct Place(place::Place);

impl Deref for Place {
    type Target = place::Place;

    fn deref(&self) -> &place::Place {
        &self.0
    }
}

impl Place {
    /// With `app.wat` in it, and nothing in its cache.
    fn new() -> Place {
        let place = Place(place::Place::new());
        place.write("app.wat", PROGRAM);
        place
    }

    /// Compiles, and gives the executable and how many functions were in the cache.
    fn compile(&self, input: &str, flags: &[&str]) -> (Vec<u8>, usize) {
        let finished = self.run(wasmc(), &[&[input, "-o", "out", "-v"], flags].concat());
        let text = finished.succeeded().stderr_text();
        let found = text.lines().find_map(|line| line.strip_suffix(" functions from the cache"));
        (fs::read(self.path("out")).unwrap(), found.map_or(0, |number| number.trim().parse().unwrap()))
    }

    /// All entries of the cache, which need not be there yet, and may go meanwhile.
    fn entries(&self) -> Vec<PathBuf> {
        let mut directories = vec![self.path("cache")];
        let mut entries = Vec::new();
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    directories.push(path);
                } else if path.extension().is_none() {
                    entries.push(path);
                }
            }
        }
        entries.sort();
        entries
    }
}

#[test]
fn the_same_with_and_without() {
    let rust_std = concat!(env!("CARGO_MANIFEST_DIR"), "/programs/rust-std.wasm");
    let place = Place::new();
    for input in ["app.wat", rust_std] {
        // Of each, the code is another one.
        let ways = [
            "-O0",
            "-g",
            "--target=aarch64",
            "--bounds-checks=explicit",
            "--disable-pass=inline",
            "--disable-pass=copy-constants",
        ];
        for flags in [&[][..]].into_iter().chain(ways.chunks(1)) {
            let (expected, _) = place.compile(input, flags);
            let cached = &[flags, &["--cache=cache"]].concat();
            let (cold, _) = place.compile(input, cached);
            let (warm, found) = place.compile(input, cached);
            assert!(cold == expected && warm == expected, "{input} {flags:?}");
            // What was inlined wherever it is called is not compiled.
            let is_whole = flags.iter().any(|flag| ["-O0", "-g", "--disable-pass=inline"].contains(flag));
            let least = if input == rust_std {
                101
            } else if is_whole {
                7
            } else {
                4
            };
            assert!(found >= least, "{input} {flags:?}: {found}");
        }
    }
    place.compile("app.wat", &["--cache=cache"]);
    assert_eq!(place.run(place.path("out"), &[]).end, End::Exit(STATUS));
}

#[test]
fn settings_have_entries_of_their_own() {
    let place = Place::new();
    let all = [
        "-O0",
        "-O1",
        "-O2",
        "-Os",
        "--target=aarch64",
        "--cpu=x86-64-v3",
        "--deterministic",
        "--disable-pass=copy-constants",
    ];
    for flag in all {
        let (_, found) = place.compile("app.wat", &["--cache=cache", flag]);
        assert_eq!(found, 0, "{flag}");
    }
}

#[test]
fn a_change_of_one_function_compiles_that_one() {
    let place = Place::new();
    // What is inlined changes its callers.
    let cached = &["--cache=cache", "--disable-pass=inline"];
    let (_, cold) = place.compile("app.wat", cached);
    let (_, all) = place.compile("app.wat", cached);
    assert!(cold == 0 && all > 6, "{cold} {all}");

    // One operator more: whatever comes behind lies elsewhere, in the module and in memory.
    let longer = PROGRAM.replace("(i32.load (local.get 0))", "(i32.load (i32.shl (local.get 0) (i32.const 1)))");
    place.write("app.wat", longer);
    let (executable, found) = place.compile("app.wat", cached);
    assert_eq!(found, all - 1);
    assert!(executable == place.compile("app.wat", &["--disable-pass=inline"]).0);

    // A function in front of all others: each gets another number, so that calls lead elsewhere.
    let more = PROGRAM.replace("(func $load", "(func (export \"more\") (result i64) (i64.const 5))\n  (func $load");
    place.write("app.wat", more);
    let (executable, found) = place.compile("app.wat", cached);
    assert!(found >= all - 1, "{found} of {all}");
    assert!(executable == place.compile("app.wat", &["--disable-pass=inline"]).0);
    assert_eq!(place.run(place.path("out"), &[]).end, End::Exit(STATUS));
}

#[test]
fn damage_is_compiled_anew() {
    let place = Place::new();
    let (expected, _) = place.compile("app.wat", &["--cache=cache"]);
    let (_, all) = place.compile("app.wat", &["--cache=cache"]);
    let entries = place.entries();
    assert_eq!(entries.len(), all);
    let damages: [fn(&mut Vec<u8>, &mut Random); 4] = [
        |bytes, random| bytes.truncate(random.below(bytes.len())),
        |bytes, random| {
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
        },
        |bytes, _| bytes.push(0),
        |bytes, _| bytes.clear(),
    ];
    let mut random = Random::new(7);
    for damage in damages {
        for entry in &entries {
            let mut bytes = fs::read(entry).unwrap();
            damage(&mut bytes, &mut random);
            fs::write(entry, bytes).unwrap();
        }
        let (executable, found) = place.compile("app.wat", &["--cache=cache"]);
        assert!(executable == expected);
        assert_eq!(found, 0);
        // And is whole again.
        assert_eq!(place.compile("app.wat", &["--cache=cache"]).1, all);
    }
    // One entry in place of another.
    fs::copy(&entries[0], &entries[1]).unwrap();
    let (executable, found) = place.compile("app.wat", &["--cache=cache"]);
    assert!(executable == expected);
    assert_eq!(found, all - 1);
}

#[test]
fn many_at_once() {
    let place = Place::new();
    let (expected, _) = place.compile("app.wat", &[]);
    // A limit that nothing fits in: each process removes what others write and read.
    for size in ["--cache-size=2G", "--cache-size=1"] {
        let mut children: Vec<_> = (0..8)
            .map(|number| {
                let mut command = place.command(wasmc());
                command.args(["app.wat", "--cache=cache", size, "-o", &format!("out{number}")]);
                process::spawn(command.stderr(Stdio::piped())).unwrap()
            })
            .collect();
        // Meanwhile one damages what it finds.
        for _ in 0..20 {
            for entry in place.entries() {
                let _ = fs::File::options().write(true).open(entry).and_then(|file| file.set_len(40));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        for (number, child) in children.drain(..).enumerate() {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert!(fs::read(place.path(&format!("out{number}"))).unwrap() == expected);
        }
    }
}

#[test]
fn where_others_can_write_is_no_cache() {
    let place = Place::new();
    fs::create_dir(place.path("open")).unwrap();
    for mode in [0o777, 0o770, 0o707] {
        fs::set_permissions(place.path("open"), fs::Permissions::from_mode(mode)).unwrap();
        let finished = place.run(wasmc(), &["app.wat", "--cache=open"]);
        assert_eq!(finished.end, End::Exit(2));
        assert!(finished.stderr_text().contains("others can write there"), "{}", finished.epitaph());
    }

    let finished = place.run(wasmc(), &["app.wat", "--cache=app.wat"]);
    assert_eq!(finished.end, End::Exit(1), "{}", finished.epitaph());
}
