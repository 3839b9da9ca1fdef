//! Profiles: that what an executable counts is exact, whatever way it ends; that runs add up; what is refused; and that
//! a program that is compiled with one does what it does without.
//!
//! Code that comes of a profile is in `disas/profile-use.wat`; the specification's suite runs with profiles that are
//! made up.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use wasmc::options::Architecture;
use wasmc_tests::command::wasmc;
use wasmc_tests::emulator;
use wasmc_tests::process::{self, End, Finished};
use wasmc_tests::profile::scramble;
use wasmc_tests::random::Random;

/// A directory for one test, with the program `counts.wat` in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("profile/counts.wat");
        fs::copy(program, place.path("counts.wat")).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, command: &mut Command) -> Finished {
        process::run(command.current_dir(self.0.path()), b"", process::limit(60)).unwrap()
    }

    fn wasmc(&self, arguments: &[&str]) -> Finished {
        self.run(Command::new(wasmc()).args(arguments))
    }

    fn compile(&self, arguments: &[&str]) {
        let finished = self.wasmc(arguments);
        assert_eq!(finished.end, End::Exit(0), "{arguments:?}: {}", finished.epitaph());
    }

    /// Compiles `counts.wat` for an architecture.
    fn compile_for(&self, architecture: Architecture, output: &str, flags: &[&str]) {
        self.compile(&[&["counts.wat", "-o", output, "--target", architecture.name()], flags].concat());
    }

    fn command(&self, architecture: Architecture, name: &str, arguments: &[&str]) -> Command {
        let mut command = emulator::command(architecture, &self.path(name));
        command.args(arguments).env_clear().current_dir(self.0.path());
        command
    }

    fn start(&self, name: &str, arguments: &[&str]) -> Finished {
        self.run(&mut self.command(Architecture::host().unwrap(), name, arguments))
    }

    /// What `wasmc inspect` tells of a profile: its functions by name.
    fn functions(&self, profile: &str) -> Vec<(String, Value)> {
        let finished = self.wasmc(&["inspect", "--json", profile]);
        assert_eq!(finished.end, End::Exit(0), "{}", finished.epitaph());
        let facts: Value = serde_json::from_slice(&finished.stdout).unwrap();
        let functions = facts["hottest"].as_array().unwrap().iter();
        functions.map(|function| (function["name"].as_str().unwrap().to_owned(), function.clone())).collect()
    }

    fn function(&self, profile: &str, name: &str) -> Value {
        let functions = self.functions(profile);
        functions.into_iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("no {name}")).1
    }
}

/// The architectures whose executables can be run.
fn runnable() -> impl Iterator<Item = Architecture> {
    emulator::architectures().into_iter().filter(|&architecture| emulator::can_run(architecture))
}

/// What `$work` counts in so many runs of the program.
fn work(runs: u64) -> Value {
    json!({
        "name": "work",
        "calls": runs,
        "executed": 1901 * runs,
        // Itself, its loop, and the then of its if.
        "counters": [runs, 1000 * runs, 900 * runs],
        "sites": [
            { "callee": "next", "calls": 900 * runs, "others": 0 },
            { "callee": "twice", "calls": 100 * runs, "others": 0 },
            { "callee": "next", "calls": 900 * runs, "others": 100 * runs },
        ],
    })
}

/// Whatever way it ends, there is a profile, without any grant and with hardening; and each run adds to it.
#[test]
fn counts_are_exact_and_add_up() {
    for architecture in runnable() {
        let place = Place::new();
        place.compile_for(architecture, "app", &["--profile-generate"]);
        let ways = [("r", End::Exit(0)), ("e", End::Exit(7)), ("t", End::Exit(134)), ("x", End::Exit(0))];
        for (run, (way, end)) in ways.into_iter().enumerate() {
            let finished = place.run(&mut place.command(architecture, "app", &[way]));
            assert_eq!(finished.end, end, "{way}: {}", finished.epitaph());
            assert_eq!(place.function("app.profile", "work"), work(run as u64 + 1), "{way}");
        }
        // How often it was called; the labels, but for the default; the loop.
        assert_eq!(place.function("app.profile", "pick")["counters"], json!([4, 1, 1, 1, 0, 0]));
        assert_eq!(place.function("app.profile", "never")["counters"], json!([0, 0]));
        let text = place.wasmc(&["inspect", "app.profile"]).stdout_text();
        assert!(text.starts_with("functions: 6\nran: 5\nhottest:\n      executed        calls\n"), "{text}");
    }
}

/// What ends it without asking loses nothing either.
#[test]
fn a_program_that_is_killed_has_a_profile() {
    let place = Place::new();
    place.compile(&["counts.wat", "-o", "app", "--profile-generate"]);
    let host = Architecture::host().unwrap();
    let mut child = process::spawn(&mut place.command(host, "app", &["l"])).unwrap();
    let deadline = std::time::Instant::now() + process::limit(60);
    let is_in_the_loop = || {
        place.path("app.profile").metadata().is_ok_and(|file| file.len() > 0)
            && place.function("app.profile", "pick")["counters"][4] != json!(0)
    };
    while !is_in_the_loop() {
        assert!(std::time::Instant::now() < deadline, "it never comes to its loop");
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert_eq!(place.function("app.profile", "work"), work(1));
}

#[test]
fn the_file_can_be_named() {
    let place = Place::new();
    fs::create_dir(place.path("d")).unwrap();
    place.compile(&["counts.wat", "-o", "app", "--profile-generate=d/named"]);
    assert_eq!(place.start("app", &["r"]).end, End::Exit(0));
    assert_eq!(place.function("d/named", "work"), work(1));
    let host = Architecture::host().unwrap();
    let finished = place.run(place.command(host, "app", &["r"]).env("WASMC_PROFILE", "d/other"));
    assert_eq!(finished.end, End::Exit(0), "{}", finished.epitaph());
    assert_eq!((place.function("d/named", "work"), place.function("d/other", "work")), (work(1), work(1)));

    place.compile(&["counts.wat", "-o", "sealed", "--profile-generate", "--sealed", "--harden=auto"]);
    let finished = place.run(place.command(host, "sealed", &["r"]).env("WASMC_PROFILE", "ignored"));
    assert_eq!(finished.end, End::Exit(0), "{}", finished.epitaph());
    assert!(!place.path("ignored").exists());
    assert_eq!(place.function("sealed.profile", "work"), work(1));
}

/// Whatever was to be written, the program does not run if that cannot be.
#[test]
fn what_cannot_be_written_is_refused() {
    let place = Place::new();
    place.compile(&["counts.wat", "-o", "app", "--profile-generate"]);
    place.compile(&["counts.wat", "-o", "other", "--profile-generate", "-O0"]);
    assert_eq!(place.start("other", &["r"]).end, End::Exit(0));
    let whole = fs::read(place.path("other.profile")).unwrap();
    fs::write(place.path("short"), &whole[..whole.len() - 8]).unwrap();
    fs::write(place.path("text"), "This is no profile.\n").unwrap();
    fs::create_dir(place.path("directory")).unwrap();
    let host = Architecture::host().unwrap();
    for (name, why) in [
        ("other.profile", "is that of another executable, or damaged: remove it"),
        ("short", "is that of another executable, or damaged: remove it"),
        ("text", "is that of another executable, or damaged: remove it"),
        ("directory", "cannot be written: it is a directory"),
        ("missing/file", "cannot be written: its directory does not exist"),
        ("/dev/null", "cannot be written: it is not a regular file"),
        ("", "cannot be written: its directory does not exist"),
    ] {
        let before = fs::read(place.path(name)).ok();
        let finished = place.run(place.command(host, "app", &["e"]).env("WASMC_PROFILE", name));
        assert_eq!(finished.end, End::Exit(2), "{name}: {}", finished.epitaph());
        assert_eq!(finished.stderr_text(), format!("wasmc: the profile '{name}' {why}\n"));
        assert_eq!(fs::read(place.path(name)).ok(), before, "{name} was changed");
    }
}

/// A report of why there is no profile does not become part of the file, if that has the number of standard error.
#[test]
fn closed_streams_are_not_mistaken() {
    let place = Place::new();
    place.compile(&["counts.wat", "-o", "app", "--profile-generate"]);
    fs::write(place.path("text"), "This is no profile.\n").unwrap();
    let shell = |line: &str| place.run(Command::new("sh").args(["-c", line]));
    assert_eq!(shell("WASMC_PROFILE=text ./app r 0<&- 1>&- 2>&-").end, End::Exit(2));
    assert_eq!(fs::read(place.path("text")).unwrap(), b"This is no profile.\n");
    assert_eq!(shell("./app t 0<&- 1>&- 2>&-").end, End::Exit(134));
    assert_eq!(place.function("app.profile", "work"), work(1));
}

/// Processes that begin at the same time make one file.
#[test]
fn processes_share_a_file() {
    let place = Place::new();
    place.compile(&["counts.wat", "-o", "app", "--profile-generate"]);
    thread::scope(|scope| {
        let runs: Vec<_> = (0..8).map(|_| scope.spawn(|| place.start("app", &["r"]).end)).collect();
        for run in runs {
            assert_eq!(run.join().unwrap(), End::Exit(0));
        }
    });
    // Increments may be lost, but not made up.
    let calls = place.function("app.profile", "work")["counters"][1].as_u64().unwrap();
    assert!((1000..=8000).contains(&calls), "{calls}");
}

/// Threads count in the same file.
#[test]
fn threads_count() {
    let place = Place::new();
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("threads/parallel.wasm");
    let module = module.to_str().unwrap();
    for architecture in runnable() {
        let target = architecture.name();
        let profile = format!("{target}.profile");
        place.compile(&[module, "-o", target, "--target", target, "--profile-generate"]);
        place.compile(&[module, "-o", "plain", "--target", target]);
        let counted = place.run(&mut place.command(architecture, target, &[]));
        let plain = place.run(&mut place.command(architecture, "plain", &[]));
        assert_eq!((counted.end, &counted.stdout), (plain.end, &plain.stdout), "{}", counted.epitaph());
        let started = place.functions(&profile).into_iter().find(|(name, _)| name.contains("wasi_thread_start"));
        assert!(started.unwrap().1["calls"].as_u64().unwrap() > 0);
        place.compile(&[module, "-o", "used", "--target", target, "--profile-use", &profile]);
        let used = place.run(&mut place.command(architecture, "used", &[]));
        assert_eq!((used.end, used.stdout), (plain.end, plain.stdout));
    }
}

/// What is compiled with a profile, its own, one of another architecture, one that is made up, or several, does what is
/// done without.
#[test]
fn nothing_changes_but_speed() {
    let place = Place::new();
    let host = Architecture::host().unwrap();
    place.compile(&["counts.wat", "-o", "app", "--profile-generate"]);
    assert_eq!(place.start("app", &["t"]).end, End::Exit(134));
    let profile = fs::read(place.path("app.profile")).unwrap();
    let mut profiles = vec![vec!["--profile-use".to_owned(), "app.profile".to_owned()]];
    for seed in 0..4 {
        let name = format!("made-up-{seed}");
        fs::write(place.path(&name), scramble(&profile, &mut Random::new(seed))).unwrap();
        profiles.push(vec!["--profile-use".to_owned(), name]);
    }
    profiles.push(profiles.concat());
    for architecture in runnable() {
        place.compile_for(architecture, "plain", &[]);
        for flags in &profiles {
            let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
            place.compile_for(architecture, "used", &flags);
            for way in ["r", "e", "t"] {
                let plain = place.run(&mut place.command(architecture, "plain", &[way]));
                let used = place.run(&mut place.command(architecture, "used", &[way]));
                assert_eq!((plain.end, plain.stderr_text()), (used.end, used.stderr_text()), "{flags:?} {way}");
            }
        }
    }
    // The result does not depend on the number of threads, and the profile is in the key of the cache.
    let compile = |output: &str, flags: &[&str]| {
        place.compile(&[&["counts.wat", "-o", output, "--target", host.name()], flags].concat());
        fs::read(place.path(output)).unwrap()
    };
    let plain = compile("plain", &["--cache", "cache"]);
    let used = compile("used", &["--cache", "cache", "--profile-use", "app.profile"]);
    assert_ne!(plain, used);
    assert_eq!(used, compile("one", &["-j1", "--profile-use", "app.profile"]));
    assert_eq!(used, compile("cached", &["--cache", "cache", "--profile-use", "app.profile"]));
    assert_eq!(plain, compile("again", &["--cache", "cache"]));
}

/// A function that was changed has no profile, the others keep theirs.
#[test]
fn a_profile_survives_changes_of_other_functions() {
    let place = Place::new();
    place.compile(&["counts.wat", "-o", "app", "--profile-generate"]);
    assert_eq!(place.start("app", &["r"]).end, End::Exit(0));
    let text = fs::read_to_string(place.path("counts.wat")).unwrap();
    let unchanged = place.wasmc(&["counts.wat", "-o", "used", "--profile-use", "app.profile"]);
    assert_eq!((unchanged.end, unchanged.stderr_text()), (End::Exit(0), String::new()));
    // What is called has numbers that depend on all of the program.
    let is_numbered = |line: &&str| line.contains("userextname");
    let asm: &[&str] = &["-o", "-", "--emit", "asm", "--disable-pass", "inline"];
    let work = |input: &str| {
        let finished = place.wasmc(&[&[input, "--profile-use", "app.profile"][..], asm].concat());
        let text = finished.stdout_text();
        let body = text.split(";; work\n").nth(1).unwrap().split("\n;; ").next().unwrap();
        let (calls, others): (Vec<&str>, Vec<&str>) = body.lines().partition(is_numbered);
        (calls.len(), others.join("\n"), finished.stderr_text())
    };
    let changed = text
        .replace("(func $twice", "(func $new)\n(func $twice")
        .replace("(else (call $never))", "(else (call $new) (call $never))");
    fs::write(place.path("changed.wat"), changed).unwrap();
    let (before, after) = (work("counts.wat"), work("changed.wat"));
    assert_eq!((&before.0, &before.1), (&after.0, &after.1));
    let note = "note: the profile has nothing about 2 of 7 functions: they are new, or were changed\n";
    assert_eq!((before.2.as_str(), after.2.as_str()), ("", note));
    let plain = place.wasmc(&[&["counts.wat"][..], asm].concat()).stdout_text();
    assert!(!plain.contains(&before.1), "the profile changes nothing");
}

#[test]
fn what_is_no_profile_is_an_error() {
    let place = Place::new();
    fs::write(place.path("text"), "This is no profile.\n").unwrap();
    for (flags, status, message) in [
        (&["--profile-use", "text"][..], 1, "error: text: it is not a profile\n"),
        (&["--profile-use", "missing"][..], 1, "error: cannot read missing: No such file or directory (os error 2)\n"),
        (&["--profile-generate="][..], 2, "error: --profile-generate wants the name of a file\n"),
        (
            &["--profile-generate", "--emit", "staticlib"],
            2,
            "error: only executables can be profiled, libraries cannot\n",
        ),
    ] {
        let finished = place.wasmc(&[&["counts.wat", "-o", "out"], flags].concat());
        assert_eq!((finished.end, finished.stderr_text().as_str()), (End::Exit(status), message), "{flags:?}");
        assert!(!place.path("out").exists());
    }
}

/// A profile of which bytes are damaged is refused, or does no harm.
#[test]
fn damage_does_no_harm() {
    let place = Place::new();
    place.compile(&["counts.wat", "-o", "app", "--profile-generate"]);
    assert_eq!(place.start("app", &["r"]).end, End::Exit(0));
    let whole = fs::read(place.path("app.profile")).unwrap();
    let mut random = Random::new(7);
    let mut refused = 0;
    for round in 0..60 {
        let mut damaged = whole.clone();
        match round % 3 {
            0 => damaged.truncate(random.below(whole.len())),
            1 => damaged[random.below(whole.len())] ^= 1 << random.below(8),
            _ => {
                let at = random.below(whole.len() - 8);
                damaged[at..at + 8].copy_from_slice(&random.number().to_le_bytes());
            }
        }
        fs::write(place.path("damaged"), damaged).unwrap();
        let finished = place.wasmc(&["counts.wat", "-o", "used", "--profile-use", "damaged"]);
        let inspected = place.wasmc(&["inspect", "damaged"]).end;
        match finished.end {
            End::Exit(0) => {
                assert_eq!(inspected, End::Exit(0));
                assert_eq!(place.start("used", &["e"]).end, End::Exit(7));
            }
            End::Exit(1 | 3) => {
                refused += 1;
                assert_eq!(inspected, finished.end);
                assert_eq!(finished.stderr_text().lines().count(), 1, "{}", finished.epitaph());
            }
            other => panic!("{other}: {}", finished.epitaph()),
        }
    }
    assert!(refused >= 20, "{refused}");
}

/// Nothing of it is in an executable that does not count, and no zeros are in the file of one that does.
#[test]
fn it_costs_only_those_who_ask() {
    let place = Place::new();
    place.compile(&["counts.wat", "-o", "plain"]);
    place.compile(&["counts.wat", "-o", "app", "--profile-generate"]);
    let has = |name: &str, text: &str| {
        fs::read(place.path(name)).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    };
    for text in ["WASMC_PROFILE=", "cannot map files"] {
        assert_eq!((has("plain", text), has("app", text)), (false, true), "{text}");
    }
    let size = |name: &str| fs::metadata(place.path(name)).unwrap().len();
    assert!(size("app") < size("plain") + (16 << 10), "{} and {}", size("plain"), size("app"));
    let mode = fs::metadata(place.path("app")).unwrap().permissions().mode();
    assert_eq!(mode & 0o100, 0o100);
}
