//! Tests of the command: each `*.wat` in this directory says in comments what is done with it and what must come of it.
//!
//! A directive stands at the start of a line, after `;; `. Each `RUN` begins a case; directives before the first one
//! hold for all.
//!
//! | directive              | meaning                                                                              |
//! |------------------------|--------------------------------------------------------------------------------------|
//! | `RUN: wasmc FLAGS`     | compiles: `wasmc FILE -o %t/out FLAGS`; with `%s` in FLAGS, these are the whole line |
//! | `LINK: NAME=FILE`      | one more flag, `--link NAME=FILE`; the file lies beside the test                     |
//! | `COMPILE-FAIL: STATUS` | the compiler ends so, leaves no file, and `STDOUT` and `STDERR` are its own          |
//! | `COMPILE-STDIN: FILE`  | the compiler's standard input, a file beside the test                                |
//! | `OUTPUT: NAME`         | the only file that the compiler makes in `%t`, instead of `out`                      |
//! | `CONTENT: TEXT`        | a line that must occur in that file, which is then not run; several: in this order   |
//! | `ARGS: WORD…`          | arguments of the program                                                             |
//! | `ENV: NAME=VALUE`      | a variable of its environment, which has no others                                   |
//! | `STDIN: LINE`          | a line of its standard input                                                         |
//! | `STDOUT: LINE`         | a line of its standard output; these are all lines, and there are no others          |
//! | `STDERR: LINE`         | a line that must occur on standard error; several: in this order; none: it is empty  |
//! | `STDERR-NOT: TEXT`     | what must not occur on standard error                                                |
//! | `EXIT: STATUS`         | its exit status, instead of 0                                                        |
//! | `ADDRESS-SPACE: KIB`   | runs under `ulimit -v`                                                               |
//! | `QEMU-CPU: NAME`       | runs on a machine with this CPU, in QEMU only                                        |
//!
//! A case whose program is run is one for each architecture, unless its flags choose a target or a CPU.
//!
//! In flags, `%s` is the test's file, `%d` its directory and `%t` an empty directory in which the compiler runs. In
//! `STDOUT`, `STDERR` and `CONTENT`, `{{.*}}` stands for any text within the line, and spaces at the ends do not count.
//!
//! Files in subdirectories are for tests to refer to. Inputs that are too large to be written down are in [`large`],
//! [`offsets`], [`slp`] and [`wide`]; [`proposals`] has a module for each proposal.

mod large;
mod offsets;
mod proposals;
mod slp;
mod wide;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use libtest_mimic::{Arguments, Failed, Trial};
use wasmc::Options;
use wasmc::options::Architecture;
use wasmc_tests::command::wasmc;
use wasmc_tests::emulator;
use wasmc_tests::process::{self, End, Finished};

fn time_limit() -> Duration {
    process::limit(60)
}

fn main() {
    let arguments = Arguments::from_args();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("run");
    let mut files: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "wat"));
    files.sort();

    let mut trials = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap();
        match parse(&text) {
            Ok(cases) => trials.extend(cases.into_iter().flat_map(Case::for_each_architecture).map(|case| {
                let file = file.clone();
                let run = case.run.join(" ");
                let label = if run.is_empty() { name.clone() } else { format!("{name} [{run}]") };
                let can_run = emulator::can_run(case.architecture())
                    && (case.qemu_cpu.is_none() || !emulator::is_native(case.architecture()));
                Trial::test(label, move || Ok(case.perform(&file)?)).with_ignored_flag(!can_run)
            })),
            Err(why) => trials.push(Trial::test(name, move || Err(Failed::from(why)))),
        }
    }
    trials.extend(large::trials());
    trials.extend(offsets::trials());
    trials.extend(proposals::trials());
    trials.extend(slp::trials());
    trials.extend(wide::trials());
    libtest_mimic::run(&arguments, trials).exit()
}

/// One `RUN` and what belongs to it.
#[derive(Clone, Debug, Default)]
struct Case {
    run: Vec<String>,
    compile_fail: Option<i32>,
    compile_stdin: Option<String>,
    output: Option<String>,
    content: Vec<String>,
    args: Vec<String>,
    env: Vec<(String, String)>,
    stdin: String,
    stdout: Vec<String>,
    stderr: Vec<String>,
    stderr_not: Vec<String>,
    exit: i32,
    address_space: Option<u64>,
    qemu_cpu: Option<String>,
}

/// The cases of a test.
fn parse(text: &str) -> Result<Vec<Case>, String> {
    let mut common = Case::default();
    let mut cases: Vec<Case> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some((directive, value)) = line.strip_prefix(";; ").and_then(|rest| rest.split_once(':')) else { continue };
        let is_directive = directive.chars().all(|c| c.is_ascii_uppercase() || c == '-') && directive.len() > 2;
        if !is_directive {
            continue;
        }
        let value = value.strip_prefix(' ').unwrap_or(value);
        if directive == "RUN" {
            let mut words = value.split_whitespace().map(String::from);
            if words.next().as_deref() != Some("wasmc") {
                return Err(format!("line {}: RUN must begin with wasmc", index + 1));
            }
            cases.push(Case { run: words.collect(), ..common.clone() });
            continue;
        }
        let case = cases.last_mut().unwrap_or(&mut common);
        case.directive(directive, value).map_err(|why| format!("line {}: {why}", index + 1))?;
    }
    if cases.is_empty() { Err("there is no RUN directive".to_string()) } else { Ok(cases) }
}

impl Case {
    fn directive(&mut self, directive: &str, value: &str) -> Result<(), String> {
        let number = || value.trim().parse::<i32>().map_err(|_| format!("not a number: {value}"));
        let trimmed = value.trim().to_string();
        match directive {
            "LINK" => {
                let (name, file) = trimmed.split_once('=').ok_or("LINK needs NAME=FILE")?;
                self.run.extend(["--link".to_string(), format!("{name}=%d/{file}")]);
            }
            "COMPILE-FAIL" => self.compile_fail = Some(number()?),
            "COMPILE-STDIN" => self.compile_stdin = Some(trimmed),
            "OUTPUT" => self.output = Some(trimmed),
            "CONTENT" => self.content.push(trimmed),
            "ARGS" => self.args = value.split_whitespace().map(String::from).collect(),
            "ENV" => {
                let (name, value) = trimmed.split_once('=').ok_or("ENV needs NAME=VALUE")?;
                self.env.push((name.to_string(), value.to_string()));
            }
            "STDIN" => self.stdin += &format!("{value}\n"),
            "STDOUT" => self.stdout.push(trimmed),
            "STDERR" => self.stderr.push(trimmed),
            "STDERR-NOT" => self.stderr_not.push(trimmed),
            "EXIT" => self.exit = number()?,
            "ADDRESS-SPACE" => self.address_space = Some(number()? as u64),
            "QEMU-CPU" => self.qemu_cpu = Some(trimmed),
            _ => return Err(format!("there is no directive {directive}")),
        }
        Ok(())
    }

    /// The architecture that the flags choose.
    fn architecture(&self) -> Architecture {
        let target = self.run.iter().skip_while(|word| *word != "--target").nth(1);
        let named = target.and_then(|target| Architecture::parse(target.split('-').next()?));
        named.unwrap_or(Options::default().architecture)
    }

    fn for_each_architecture(self) -> Vec<Case> {
        let is_run = self.compile_fail.is_none() && self.content.is_empty();
        let has_target = self.run.iter().any(|word| word == "--target" || word == "--cpu");
        let mut cases = Vec::new();
        if is_run && !has_target {
            cases.extend(emulator::foreign().map(|architecture| {
                let mut case = self.clone();
                case.run.extend(["--target", architecture.name()].map(String::from));
                case
            }));
        }
        cases.push(self);
        cases
    }

    fn perform(&self, file: &Path) -> Result<(), String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let compiled = self.compile(file, directory.path())?;
        let mut made: Vec<OsString> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        made.sort();
        if let Some(status) = self.compile_fail {
            expect_end(&compiled, status)?;
            if !made.is_empty() {
                return Err(format!("the compiler failed, but left {made:?}"));
            }
            return self.check_streams(&compiled);
        }
        if compiled.end != End::Exit(0) || !compiled.stderr.is_empty() {
            return Err(format!("the compiler: {}\n{}", compiled.end, compiled.stderr_text()));
        }
        let output = self.output.as_deref().unwrap_or("out");
        if made != [output] {
            return Err(format!("the compiler made {made:?}, not {output}"));
        }
        let path = directory.path().join(output);
        if !self.content.is_empty() {
            let bytes = fs::read(&path).map_err(|error| error.to_string())?;
            return expect_in_order(&String::from_utf8_lossy(&bytes), &self.content, "the output");
        }
        let finished = self.run(&path)?;
        expect_end(&finished, self.exit)?;
        self.check_streams(&finished)
    }

    fn compile(&self, file: &Path, directory: &Path) -> Result<Finished, String> {
        let tests = file.parent().expect("a file lies in a directory");
        let mut arguments: Vec<String> = Vec::new();
        if !self.run.iter().any(|word| word.contains("%s")) {
            arguments.extend(["%s", "-o", "%t/out"].map(String::from));
        }
        arguments.extend(self.run.iter().cloned());
        let replace = |argument: String| {
            let mut argument = argument;
            for (mark, path) in [("%s", file), ("%d", tests), ("%t", directory)] {
                argument = argument.replace(mark, &path.to_string_lossy());
            }
            argument
        };
        let stdin = match &self.compile_stdin {
            Some(name) => fs::read(tests.join(name)).map_err(|error| format!("{name}: {error}"))?,
            None => Vec::new(),
        };
        let mut command = Command::new(wasmc());
        command.args(arguments.into_iter().map(replace)).current_dir(directory);
        process::run(&mut command, &stdin, time_limit()).map_err(|error| format!("wasmc: {error}"))
    }

    fn run(&self, path: &Path) -> Result<Finished, String> {
        let mut command = match self.address_space {
            None => emulator::command(self.architecture(), path),
            Some(kib) => {
                let program = emulator::command(self.architecture(), path);
                let mut shell = Command::new("/bin/sh");
                shell.arg("-c").arg(format!("ulimit -v {kib}; exec \"$0\" \"$@\"")).arg(program.get_program());
                shell.args(program.get_args());
                shell
            }
        };
        command.args(&self.args).env_clear().envs(self.qemu_cpu.iter().map(|name| ("QEMU_CPU", name)));
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        process::run(&mut command, self.stdin.as_bytes(), time_limit()).map_err(|error| format!("the program: {error}"))
    }

    fn check_streams(&self, finished: &Finished) -> Result<(), String> {
        let (stdout, stderr) = (finished.stdout_text(), finished.stderr_text());
        let lines: Vec<&str> = stdout.lines().collect();
        let is_same = lines.len() == self.stdout.len()
            && lines.iter().zip(&self.stdout).all(|(line, pattern)| matches(line, pattern));
        if !is_same {
            return Err(format!("stdout is not as expected:\n{stdout}\nstderr:\n{stderr}"));
        }
        if self.stderr.is_empty() && !stderr.is_empty() {
            return Err(format!("stderr is not empty:\n{stderr}"));
        }
        if let Some(unwanted) = self.stderr_not.iter().find(|unwanted| stderr.contains(unwanted.as_str())) {
            return Err(format!("stderr has {unwanted:?}:\n{stderr}"));
        }
        expect_in_order(&stderr, &self.stderr, "stderr")
    }
}

fn expect_end(finished: &Finished, status: i32) -> Result<(), String> {
    if finished.end == End::Exit(status) {
        return Ok(());
    }
    let (stdout, stderr) = (finished.stdout_text(), finished.stderr_text());
    Err(format!("{} instead of exit status {status}\nstdout:\n{stdout}\nstderr:\n{stderr}", finished.end))
}

/// Each pattern matches a line after the one before.
fn expect_in_order(text: &str, patterns: &[String], what: &str) -> Result<(), String> {
    let mut lines = text.lines();
    match patterns.iter().find(|pattern| !lines.any(|line| matches(line, pattern))) {
        None => Ok(()),
        Some(pattern) => Err(format!("{what} has no line '{pattern}', at least not in its place:\n{text}")),
    }
}

/// Whether a line is what a pattern says, with `{{.*}}` for any text.
fn matches(line: &str, pattern: &str) -> bool {
    let line = line.trim();
    let mut pieces = pattern.split("{{.*}}");
    let first = pieces.next().unwrap_or("");
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    for piece in middle {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
