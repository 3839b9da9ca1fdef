//! Bad input: modules that are cut short, damaged, or noise.
//!
//! `wasmc::check` reads all of them. It must not panic, and what it refuses it must refuse as invalid or unsupported,
//! with the offset of the byte where it gave up if they are invalid. What it accepts is compiled too. Nothing may take
//! long or need much memory, whatever sizes a module asks for. A few dozen go through the command, which must say one
//! sentence and leave no file.
//!
//! `WASMC_FUZZ_COUNT` and `WASMC_FUZZ_SEED` change how many there are, and which.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use wasmc::options::OptLevel;
use wasmc::{Emit, Entry, ErrorKind, InstanceSource, Options, Program, Step};
use wasmc_tests::differential::generate::{self, Group};
use wasmc_tests::random::Random;
use wasmc_tests::{binary, command, mutate, native, parallel, process};

/// How long one input may take: far more than any does, far less than a loop without end.
fn time_limit() -> Duration {
    process::limit(20)
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// A valid module to start from.
struct Seed {
    name: String,
    wasm: Vec<u8>,
    /// It is a test of `run/` that is there to be refused, takes other modules, or starts threads, which a script of
    /// one instance does not.
    may_be_refused: bool,
}

fn named_seeds() -> Vec<Seed> {
    let of = |group: Group| {
        (0..20).map(move |seed| {
            let wasm = generate::module(group, seed);
            Seed { name: format!("{group:?}, seed {seed}"), wasm, may_be_refused: false }
        })
    };
    let mut seeds: Vec<Seed> = Group::ALL.iter().flat_map(|&group| of(group)).collect();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    for directory in ["programs", "run", "differential/cases"] {
        let mut files: Vec<_> =
            fs::read_dir(tests.join(directory)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let wasm = match file.extension().and_then(|extension| extension.to_str()) {
                // Large ones are mostly the same library.
                Some("wasm") => fs::read(&file).ok().filter(|wasm| wasm.len() < 40_000),
                Some("wat") => wat::parse_file(&file).ok(),
                _ => None,
            };
            let marks = ["COMPILE-FAIL: ", "LINK: ", "--link ", " shared"];
            let may_be_refused =
                fs::read_to_string(&file).is_ok_and(|text| marks.iter().any(|mark| text.contains(mark)));
            let name = file.display().to_string();
            seeds.extend(wasm.map(|wasm| Seed { name, wasm, may_be_refused }));
        }
    }
    seeds
}

fn seeds() -> Vec<Vec<u8>> {
    named_seeds().into_iter().map(|seed| seed.wasm).collect()
}

/// The input with a number.
fn input(seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut random = Random::new(number);
    let wasm = random.choose(seeds);
    match random.below(10) {
        0 => wasm[..random.below(wasm.len())].to_vec(),
        1 => {
            let length = random.below(200);
            let mut bytes = b"\0asm\x01\0\0\0".to_vec();
            bytes.truncate(*random.choose(&[0, 4, 8, 8]));
            bytes.extend(random.bytes(length));
            bytes
        }
        _ => {
            let other: &Vec<u8> = random.choose(seeds);
            mutate::mutate(wasm, other, &mut random)
        }
    }
}

fn program(wasm: &[u8]) -> Program<'_> {
    let instances = vec![InstanceSource { name: "input".into(), wasm, wiring: Vec::new() }];
    Program { instances, entry: Entry::Script(vec![Step::Instantiate(0)]) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Refused,
    Compiled,
}

fn feed(wasm: &[u8]) -> Result<Fate, String> {
    let options = Options { allow_unknown_imports: true, ..Options::default() };
    let program = program(wasm);
    let start = Instant::now();
    let checked = native::check(&program, &options);
    let fate = match &checked {
        Ok(()) => {
            // Whatever passes the check compiles, but for proposals that only the code generator misses.
            let emit = if wasm.len().is_multiple_of(4) { Emit::Object } else { Emit::Executable };
            match native::compile(&program, &options, emit) {
                Ok(_) => Fate::Compiled,
                Err(error) if error.kind() == ErrorKind::Unsupported => Fate::Refused,
                Err(error) => return Err(format!("passes the check, but does not compile: {error}")),
            }
        }
        Err(error) => match error.kind() {
            // Limits that the whole module exceeds have no place in it.
            ErrorKind::Invalid if error.offset().is_none() => {
                return Err(format!("refused without an offset: {error}"));
            }
            ErrorKind::Invalid | ErrorKind::Unsupported | ErrorKind::Link => Fate::Refused,
            ErrorKind::Usage | ErrorKind::Internal => {
                return Err(format!("refused as {:?}: {error}", error.kind()));
            }
        },
    };
    if start.elapsed() > time_limit() {
        return Err(format!("took {:?}", start.elapsed()));
    }
    Ok(fate)
}

#[test]
fn damaged_modules_are_refused_or_compiled() {
    let (count, seed) = (variable("WASMC_FUZZ_COUNT", 10_000), variable("WASMC_FUZZ_SEED", 0));
    let seeds = seeds();
    let numbers: Vec<u64> = (seed..seed + count).collect();
    let fates = parallel::map(&numbers, |&number| (number, feed(&input(&seeds, number))));
    let failures: Vec<String> =
        fates.iter().filter_map(|(number, fate)| Some(format!("input {number}: {}", fate.as_ref().err()?))).collect();
    let compiled = fates.iter().filter(|(_, fate)| *fate == Ok(Fate::Compiled)).count();
    println!("{count} inputs, {compiled} compiled, {} failed", failures.len());
    assert!(
        failures.is_empty(),
        "{} failed; the first:\n{}",
        failures.len(),
        failures[..failures.len().min(20)].join("\n")
    );
    assert!(
        count < 1000 || compiled as u64 * 50 > count,
        "only {compiled} compiled: the damage is too great to test much"
    );
    assert!(count < 1000 || (compiled as u64) < count / 2, "{compiled} compiled: the damage is too small");
}

/// Debug information is no part of what makes a module valid: however it is damaged, the module compiles.
#[test]
fn damaged_debug_information_is_left_out() {
    let (count, seed) = (variable("WASMC_FUZZ_COUNT", 3000), variable("WASMC_FUZZ_SEED", 0));
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("debug");
    let modules =
        ["list.wasm", "list-optimized.wasm", "shapes.wasm"].map(|name| fs::read(directory.join(name)).unwrap());
    let modules = modules.each_ref().map(|wasm| binary::sections(wasm).unwrap());
    let numbers: Vec<u64> = (seed..seed + count).collect();
    let failures = parallel::map(&numbers, |&number| {
        let mut random = Random::new(number);
        let module = random.choose(&modules);
        let mut contents: Vec<Vec<u8>> = module.iter().map(|(_, contents)| contents.to_vec()).collect();
        let is_debug = |contents: &[u8]| contents.get(1..8) == Some(b".debug_");
        let debug: Vec<usize> =
            (0..module.len()).filter(|&index| module[index].0 == 0 && is_debug(module[index].1)).collect();
        for _ in 0..1 + random.below(3) {
            let (index, other) = (*random.choose(&debug), *random.choose(&debug));
            let name = 1 + usize::from(contents[index][0]);
            let damaged = mutate::mutate(&contents[index][name..], &contents[other], &mut random);
            contents[index].splice(name.., damaged);
        }
        let mut contents = contents.into_iter();
        let wasm = binary::with_sections(module, |_, _| contents.next());
        let program = Program { entry: Entry::Command, ..program(&wasm) };
        let options = Options { debug_info: true, opt_level: OptLevel::None, verify: false, ..Options::default() };
        let start = Instant::now();
        match native::compile(&program, &options, Emit::Executable) {
            Err(error) => Some(format!("input {number}: {error}")),
            Ok(_) if start.elapsed() > time_limit() => Some(format!("input {number}: took {:?}", start.elapsed())),
            Ok(_) => None,
        }
    });
    let failures: Vec<String> = failures.into_iter().flatten().collect();
    assert!(
        failures.is_empty(),
        "{} failed; the first:\n{}",
        failures.len(),
        failures[..failures.len().min(20)].join("\n")
    );
}

/// Every prefix of a module: each is cut short, but for those that end between two sections.
#[test]
fn modules_cut_short_anywhere_are_refused_or_compiled() {
    let mut wasm = generate::module(Group::Version2, 8);
    wasm.truncate(2000);
    let lengths: Vec<usize> = (0..wasm.len()).collect();
    let fates =
        parallel::map(&lengths, |&length| Some(format!("the first {length} bytes: {}", feed(&wasm[..length]).err()?)));
    let failures: Vec<String> = fates.into_iter().flatten().collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn seeds_compile() {
    let seeds = named_seeds();
    let fates = parallel::map(&seeds, |seed| feed(&seed.wasm));
    let mut failures = Vec::new();
    for (Seed { name, may_be_refused, .. }, fate) in seeds.iter().zip(fates) {
        match fate {
            Ok(Fate::Compiled) => {}
            Ok(Fate::Refused) if *may_be_refused => {}
            Ok(Fate::Refused) => failures.push(format!("{name}: refused")),
            Err(why) => failures.push(format!("{name}: {why}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_command_refuses_in_one_sentence_and_leaves_no_file() {
    let seeds = seeds();
    let directory = tempfile::tempdir().unwrap();
    let mut refused = 0;
    for number in 0..60 {
        let wasm = input(&seeds, number);
        let program = Program { entry: Entry::Command, ..program(&wasm) };
        let error = match native::check(&program, &Options::default()) {
            Err(error) => error,
            Ok(()) => continue,
        };
        let (source, target) = (directory.path().join("input.wasm"), directory.path().join("output"));
        fs::write(&source, &wasm).unwrap();
        let mut command = Command::new(command::wasmc());
        let finished = process::run(command.arg(&source).arg("-o").arg(&target), b"", time_limit()).unwrap();
        assert_eq!(finished.end, process::End::Exit(error.kind().exit_status().into()), "input {number}: {error}");
        let stderr = finished.stderr_text();
        let mut lines = stderr.lines();
        assert!(lines.next().is_some_and(|first| first.starts_with("error: ")), "input {number}: {stderr}");
        // Below stands the line of the text at most. Programs of several modules may have more to say about what is
        // missing.
        let is_of_a_snippet = |line: &str| line.trim_start().starts_with(['-', '|']) || line.contains(" | ");
        assert!(error.kind() == ErrorKind::Link || lines.all(is_of_a_snippet), "input {number}: {stderr}");
        assert!(finished.stdout.is_empty(), "input {number}");
        let left: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["input.wasm"], "input {number}");
        refused += 1;
    }
    assert!(refused >= 24, "only {refused} were refused");
}
