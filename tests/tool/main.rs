//! What is around the compiler: help, manual pages, completions, colours, times; images, in `images.rs`; `wasmc run`,
//! in `run.rs`; `wasmc explore`, in `explore.rs`.
//!
//! Shells and the tools that read images are Debian's. A test that needs a tool that is missing says so; `.ci/run`
//! installs them, and sets `WASMC_TOOLS=required`, so that there nothing is left out.

mod explore;
mod images;
mod package;
mod run;

use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use serde_json::Value;
use wasmc_tests::command::{has_tool, wasmc};
use wasmc_tests::place;
use wasmc_tests::process::End;

/// A program with a few functions.
const PROGRAM: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "\10\00\00\00\03\00\00\00hi\0a")
  (func $say (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0))))
  (func (export "_start") (call $say)))"#;

/// A module with an error.
const INVALID: &str = "(module (func $f (result i32)\n i64.const 1))";

/// A directory for one test, with a program.
struct Place(place::Place);

impl Deref for Place {
    type Target = place::Place;

    fn deref(&self) -> &place::Place {
        &self.0
    }
}

impl Place {
    /// With `app.wat` in it.
    fn new() -> Place {
        let place = Place(place::Place::new());
        place.write("app.wat", PROGRAM);
        place
    }

    /// A shell, or what starts one, that reads nobody's set-up: it has an environment and a home of its own.
    fn shell(&self, program: &str) -> Command {
        let mut command = self.command(program);
        let path = env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("HOME", self.directory());
        command.env("TERM", "xterm").env("LC_ALL", "C.UTF-8").env("SHELL", "/bin/sh");
        command
    }
}

#[test]
fn help_by_topic() {
    let place = Place::new();
    let all = place.wasmc(&["--help"]);
    assert_eq!(place.wasmc(&["help"]), all, "both explain everything");
    let topics = all.lines().find_map(|line| line.strip_prefix("Topics of `wasmc help TOPIC`: ")).expect("topics");
    let topics: Vec<&str> = topics.trim_end_matches('.').split(", ").collect();
    assert!(topics.contains(&"grants") && topics.contains(&"status"), "{topics:?}");
    let mut options = 0;
    for topic in topics {
        let text = place.wasmc(&["help", topic]);
        let title = text.lines().next().unwrap();
        assert!(title.ends_with(':') && text.lines().count() > 2, "{text}");
        // Options that are explained there are in the whole, and no others are there.
        let is_option = |line: &&str| line.trim_start().starts_with('-') && line.starts_with("  ");
        for option in text.lines().filter(is_option) {
            assert!(all.contains(option), "{option}");
            options += 1;
        }
    }
    let in_all = all.lines().filter(|line| line.starts_with("  ") && line.trim_start().starts_with('-')).count();
    // Those of no topic are --help and --version; the values of some are lists too.
    assert_eq!(options, in_all - 2);
    assert!(place.wasmc(&["help", "inspect"]).contains("--json"));

    let unknown = place.run(wasmc(), &["help", "grant"]);
    assert_eq!(unknown.end, End::Exit(2));
    assert!(unknown.stderr_text().contains("did you mean 'grants'?"), "{}", unknown.stderr_text());
}

#[test]
fn manual_pages() {
    let place = Place::new();
    fs::create_dir(place.path("man1")).unwrap();
    place.wasmc(&["man", "--dir", "man1"]);
    let mut pages: Vec<String> = fs::read_dir(place.path("man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    assert!(pages.contains(&"wasmc.1".to_owned()) && pages.contains(&"wasmc-inspect.1".to_owned()), "{pages:?}");
    assert_eq!(fs::read_to_string(place.path("man1/wasmc.1")).unwrap(), place.wasmc(&["man"]));
    assert_eq!(fs::read_to_string(place.path("man1/wasmc-inspect.1")).unwrap(), place.wasmc(&["man", "inspect"]));
    assert_eq!(place.run(wasmc(), &["man", "inspekt"]).end, End::Exit(2));
    if !has_tool("man") {
        return;
    }
    for page in pages {
        let page = format!("man1/{page}");
        let mut man = place.shell("man");
        man.args(["--warnings", "-l", page.as_str()]).env("MANWIDTH", "100");
        let shown = place.finish(&mut man, "").succeeded();
        assert_eq!(shown.stderr_text(), "", "{page}");
        let text = shown.stdout_text();
        assert!(["NAME", "SYNOPSIS", "DESCRIPTION"].iter().all(|section| text.contains(section)), "{page}:\n{text}");
        if page == "man1/wasmc.1" {
            assert!(["--embed", "EXIT STATUS", "ENVIRONMENT", "NO_COLOR"].iter().all(|w| text.contains(w)), "{text}");
        }
    }
}

/// Each shell reads its script, and then completes words.
#[test]
fn completions() {
    let place = Place::new();
    let cases = [
        ("bash", "source s; COMP_WORDS=(wasmc --em); COMP_CWORD=1; _wasmc wasmc --em wasmc; echo ${COMPREPLY[@]}"),
        ("bash", "source s; COMP_WORDS=(wasmc --emit a); COMP_CWORD=2; _wasmc wasmc a --emit; echo ${COMPREPLY[@]}"),
        ("bash", "source s; COMP_WORDS=(wasmc ins); COMP_CWORD=1; _wasmc wasmc ins wasmc; echo ${COMPREPLY[@]}"),
        ("fish", "source s; complete -C 'wasmc --em' | cut -f1 | sort -r | tr '\\n' ' '"),
        ("fish", "source s; complete -C 'wasmc --emit a' | cut -f1 | tr '\\n' ' '"),
        ("fish", "source s; complete -C 'wasmc ins' | cut -f1 | tr '\\n' ' '"),
        ("fish", "source s; complete -C 'wasmc app' | cut -f1 | tr '\\n' ' '"),
        ("fish", "source s; complete -C 'wasmc app.wat --ti' | cut -f1 | tr '\\n' ' '"),
        ("fish", "source s; complete -C 'wasmc inspect app.wat --j' | cut -f1 | tr '\\n' ' '"),
    ];
    let expected =
        ["--emit --embed", "asm", "inspect", "--emit --embed", "asm", "inspect", "app.wat", "--timings", "--json"];
    for ((shell, script), expected) in cases.into_iter().zip(expected) {
        if !has_tool(shell) {
            continue;
        }
        fs::write(place.path("s"), place.wasmc(&["completions", shell])).unwrap();
        let finished = place.finish(place.shell(shell).args(["-c", script]), "").succeeded();
        let mut words: Vec<String> = finished.stdout_text().split_whitespace().map(String::from).collect();
        words.sort();
        let mut expected: Vec<&str> = expected.split(' ').collect();
        expected.sort_unstable();
        assert_eq!(words, expected, "{shell}: {}", finished.epitaph());
    }
    if has_tool("zsh") {
        place.write("s", place.wasmc(&["completions", "zsh"]));
        let offered = |line: &str| {
            let mut zsh = place.shell("zsh");
            zsh.args(["-f", concat!(env!("CARGO_MANIFEST_DIR"), "/tool/complete.zsh"), line]);
            let text = place.finish(&mut zsh, "").succeeded().stdout_text();
            text.split_whitespace().map(String::from).collect::<BTreeSet<_>>()
        };
        let first = offered("wasmc ");
        assert!(["run", "inspect", "app.wat"].iter().all(|word| first.contains(*word)), "{first:?}");
        let kinds = offered("wasmc --emit ");
        assert!(kinds.contains("asm") && kinds.contains("oci") && !kinds.contains("app.wat"), "{kinds:?}");
        assert_eq!(Vec::from_iter(offered("wasmc --em")), ["--embed", "--emit"]);
        assert_eq!(Vec::from_iter(offered("wasmc ins")), ["inspect"]);
        assert_eq!(Vec::from_iter(offered("wasmc inspect app.wat --j")), ["--json"]);
    }
    for shell in ["elvish", "powershell"] {
        assert!(place.wasmc(&["completions", shell]).contains("--emit"), "{shell}");
    }
    assert_eq!(place.run(wasmc(), &["completions", "tcsh"]).end, End::Exit(2));
}

/// Escape sequences are for terminals, and only if nobody minds (<https://no-color.org>).
#[test]
fn colours_are_for_terminals() {
    let place = Place::new();
    fs::write(place.path("bad.wat"), INVALID).unwrap();
    let piped = place.run(wasmc(), &["bad.wat"]);
    assert_eq!(piped.end, End::Exit(1));
    let text = piped.stderr_text();
    assert!(!text.contains('\x1b') && text.contains(" --> bad.wat:1:10"), "{text}");

    if !has_tool("script") {
        return;
    }
    let line = r#""$WASMC" bad.wat"#;
    let on_terminal = |env: &[(&str, &str)]| {
        let mut script = place.shell("script");
        script.args(["-qec", line, "/dev/null"]).env("WASMC", wasmc()).envs(env.iter().copied());
        let finished = place.finish(&mut script, "");
        assert_eq!(finished.end, End::Exit(1), "{}", finished.epitaph());
        finished.stdout_text()
    };
    let coloured = on_terminal(&[]);
    assert!(coloured.contains("\x1b[1m\x1b[31merror:\x1b[0m"), "{coloured:?}");
    assert!(!on_terminal(&[("NO_COLOR", "1")]).contains('\x1b'));
    assert!(!on_terminal(&[("TERM", "dumb")]).contains('\x1b'));
}

/// What the input is called, and what is in it, cannot command the terminal.
#[test]
fn snippets_are_masked() {
    let place = Place::new();
    let name = "a\x1b[31m.wat";
    // Behind what shows that it is text.
    let text = format!("{}(func (result i32) (; \x1b]0;owned\x07 ;) i64.const 1)", " ".repeat(64));
    fs::write(place.path(name), text).unwrap();
    let finished = place.run(wasmc(), &[name]);
    assert_eq!(finished.end, End::Exit(1));
    let text = finished.stderr_text();
    assert!(text.contains("owned") && !text.contains('\x1b') && !text.contains('\x07'), "{text:?}");
}

/// The line of a binary module is one of its text.
#[test]
fn binary_modules_have_lines_too() {
    let place = Place::new();
    fs::write(place.path("bad.wasm"), wat::parse_str("(func (drop (i32.add (i64.const 1) (i32.const 2))))").unwrap())
        .unwrap();
    let text = place.run(wasmc(), &["bad.wasm"]).stderr_text();
    assert!(text.contains(" --> bad.wasm (as text):") && text.contains("|     i32.add"), "{text}");
}

#[test]
fn times_as_a_table_and_as_a_trace() {
    let place = Place::new();
    let finished =
        place.run(wasmc(), &["app.wat", "--timings=trace.json", "-j", "2", "--disable-pass=inline"]).succeeded();
    let table = finished.stderr_text();
    for row in ["parse, validate and plan", "translate and compile", "link", "total", "say", "_start"] {
        assert!(table.lines().any(|line| line.contains(" ms ") && line.ends_with(&format!("%  {row}"))), "{table}");
    }
    let trace: Value = serde_json::from_slice(&fs::read(place.path("trace.json")).unwrap()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let span = |name: &str| {
        let event = events.iter().find(|event| event["name"] == name && event["ph"] == "X").expect(name);
        let begin = event["ts"].as_f64().unwrap();
        (begin, begin + event["dur"].as_f64().unwrap())
    };
    let (parse, compile, link) = (span("parse, validate and plan"), span("translate and compile"), span("link"));
    // Sums of microseconds are rounded.
    let not_after = |earlier: f64, later: f64| earlier <= later + 0.001;
    let are_in_order = parse.0 >= 0.0 && not_after(parse.1, compile.0) && not_after(compile.1, link.0);
    assert!(are_in_order, "phases follow each other: {trace:#}");
    let say = span("say");
    let is_inside = not_after(compile.0, say.0) && not_after(say.1, compile.1);
    assert!(is_inside, "functions are compiled in their phase: {trace:#}");
    assert!(events.iter().all(|event| event["ph"] == "M" || event["tid"].is_u64()));

    let quiet = place.run(wasmc(), &["app.wat"]).succeeded();
    assert_eq!(quiet.stderr_text(), "", "nothing is said unless it is asked for");
}

/// Reads a file of an archive, or of a directory.
fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
