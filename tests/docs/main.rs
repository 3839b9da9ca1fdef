//! The examples of `docs/`: they are run as they stand there, and give what stands there.
//!
//! A block of code with a file's name behind its language is that file. One of the language `console` has commands,
//! behind `$ `, for a shell; the lines below each are what it prints, on both streams. `…` in them stands for any text
//! within the line. All examples of a page share a directory, which is empty at first.
//!
//! `WASMC_BLESS=1` writes into the page what was printed, where that is different.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use wasmc_tests::command::{has_tool, wasmc};
use wasmc_tests::golden::is_blessing;
use wasmc_tests::process;

fn time_limit() -> Duration {
    process::limit(60)
}

fn page(name: &str) -> (PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    (path, text)
}

/// What a shell prints when it runs a command with `wasmc` in its path.
fn run(command: &str, directory: &Path) -> String {
    let path = env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", wasmc().parent().unwrap().display());
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("exec 2>&1; {command}")).env("PATH", path).env("LC_ALL", "C");
    shell.env("XDG_CACHE_HOME", directory.join(".cache")).current_dir(directory);
    process::run(&mut shell, b"", time_limit()).unwrap_or_else(|error| panic!("{command}: {error}")).stdout_text()
}

/// Whether a text is `pattern`, in which `…` stands for any text within a line. Spaces around lines do not count.
fn matches(text: &str, pattern: &[&str]) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let is_line = |line: &str, pattern: &str| {
        let (line, pattern) = (line.trim(), pattern.trim());
        let Some((first, more)) = pattern.split_once('…') else { return line == pattern };
        let Some(mut rest) = line.strip_prefix(first) else { return false };
        let (middle, last) = more.rsplit_once('…').unwrap_or(("", more));
        for piece in middle.split('…') {
            let Some(at) = rest.find(piece) else { return false };
            rest = &rest[at + piece.len()..];
        }
        rest.ends_with(last)
    };
    lines.len() == pattern.len() && lines.iter().zip(pattern).all(|(line, pattern)| is_line(line, pattern))
}

#[test]
fn examples_of_the_command_line() {
    if has_tool("gcc") {
        examples_give_what_they_say("cli.md");
    }
}

#[test]
fn examples_of_libraries() {
    if ["gcc", "python3"].iter().filter(|tool| !has_tool(tool)).count() == 0 {
        examples_give_what_they_say("libraries.md");
    }
}

fn examples_give_what_they_say(page_name: &str) {
    let (path, text) = page(page_name);
    let directory = tempfile::tempdir().unwrap();
    let mut blessed = String::new();
    let mut complaints = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        blessed += &format!("{line}\n");
        let Some(info) = line.strip_prefix("```") else { continue };
        let mut block = Vec::new();
        while let Some(line) = lines.next_if(|line| *line != "```") {
            block.push(line);
        }
        let end = lines.next().expect("a block ends");
        if info != "console" {
            if let Some((_, file)) = info.split_once(' ') {
                fs::write(directory.path().join(file), block.join("\n") + "\n").unwrap();
            }
            blessed += &block.iter().map(|line| format!("{line}\n")).collect::<String>();
        } else {
            let mut block = block.into_iter().peekable();
            while let Some(line) = block.next() {
                let command = line.strip_prefix("$ ").expect("an example begins with a command");
                let mut expected = Vec::new();
                while let Some(line) = block.next_if(|line| !line.starts_with("$ ")) {
                    expected.push(line);
                }
                let printed = run(command, directory.path());
                let is_right = matches(&printed, &expected);
                let output = if is_right { expected.join("\n") } else { printed.trim_end().to_owned() };
                blessed += &format!("{line}\n{output}{}", if output.is_empty() { "" } else { "\n" });
                if !is_right {
                    complaints.push(format!("$ {command}\n{printed}instead of\n{}", expected.join("\n")));
                }
            }
        }
        blessed += &format!("{end}\n");
    }
    if is_blessing() {
        fs::write(path, blessed).unwrap();
    } else {
        assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    }
}

/// The options of a command: each of the ways to write them.
fn options(command: &[&str]) -> BTreeSet<String> {
    let text =
        process::run(Command::new(wasmc()).args(command).arg("--help"), b"", time_limit()).unwrap().stdout_text();
    let mut options = BTreeSet::new();
    // Descriptions, which may have lines that begin with a dash, are indented by more.
    let is_option = |line: &&str| line.trim_start().starts_with('-') && matches!(line.find('-'), Some(2 | 6));
    for line in text.lines().filter(is_option) {
        // `-o, --output <OUTPUT>`
        for word in line.split_whitespace().take_while(|word| word.starts_with('-')) {
            let word = word.split(['[', '=', ',', '.']).next().unwrap();
            if word.len() > 1 {
                options.insert(word.to_owned());
            }
        }
    }
    options
}

#[test]
fn every_option_has_an_example() {
    let (_, text) = page("cli.md");
    let commands: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    let is_shown = |command: &[&str], option: &str| {
        commands.iter().any(|line| {
            let mut words = line.split(' ').skip_while(|word| *word != "wasmc").skip(1);
            let is_command = command.iter().all(|word| words.next() == Some(word));
            // `-O0`, `--timings=FILE`
            let is_option = |word: &str| {
                word == option
                    || word.strip_prefix(option).is_some_and(|rest| rest.starts_with('=') || option.len() == 2)
            };
            is_command && words.any(is_option)
        })
    };
    let mut missing = Vec::new();
    let of_all = options(&[]);
    let commands_with_options =
        [&[][..], &["run"], &["explore"], &["inspect"], &["targets"], &["completions"], &["man"], &["help"]];
    for command in commands_with_options {
        let options = options(command);
        assert!(options.contains("--help"), "{command:?}: {options:?}");
        // What `run` has in common with compiling, and all commands with each other, is shown once.
        let own = options.iter().filter(|option| command.is_empty() || !of_all.contains(*option));
        missing.extend(own.filter(|option| !is_shown(command, option)).map(|option| format!("{command:?} {option}")));
    }
    assert!(missing.is_empty(), "docs/cli.md has no example of {missing:?}");
}

#[test]
fn the_pages_are_of_this_version() {
    let (_, text) = page("cli.md");
    assert_eq!(text.lines().next(), Some(concat!("# The command line of wasmc ", env!("CARGO_PKG_VERSION"))));
    let (_, text) = page("install.md");
    assert!(text.contains(concat!("wasmc_", env!("CARGO_PKG_VERSION"), "_amd64.deb")));
    assert!(text.contains(concat!("wasmc-", env!("CARGO_PKG_VERSION"), "-x86_64-linux.tar.gz")));
}

#[test]
fn patterns() {
    assert!(matches("  1.5 ms  link\nx\n", &["… ms  link", "x"]));
    assert!(matches("", &[]));
    assert!(!matches("", &["x"]));
    assert!(!matches("1.5 ms  links", &["… ms  link"]));
    assert!(!matches("a", &["b"]));
}
