//! The files in `cases/`: scripts of WASI calls, and what must come of them.
//!
//! ```text
//! == NAME OF A CASE
//! # Why.
//! grant --dir root::/
//! host dir root
//! > f = path_open 3 none "new" creat fd_write none none
//! success 4
//! > fd_write $f ["text"]
//! success 4
//! = + root/new file "text"
//! ```
//!
//! | line               | meaning                                                                                    |
//! |--------------------|--------------------------------------------------------------------------------------------|
//! | `grant FLAGS`      | flags of `wasmc`; `%p` is a free port                                                      |
//! | `host …`           | something in the directory where the guest runs, see [`host::set_up`]                      |
//! | `stdin …`          | its standard input, see [`host::input`]; `null` if nothing is said                         |
//! | `arg TEXT`         | an argument                                                                                |
//! | `env NAME=VALUE`   | a variable of its environment, which has no others                                         |
//! | `shell COMMAND`    | a shell does this before it becomes the guest                                              |
//! | `peer TEXT`        | somebody connects to the free port, and sends this                                         |
//! | `unprivileged`     | the guest does not run as root                                                             |
//! | `> CALL`           | see [`script`](super::script)                                                              |
//! | any other          | what the call before gives, see [`transcript`](super::transcript)                          |
//! | `= …`              | what is seen afterwards: `exit status N` or `signal N`, `stderr LINE`, what a peer got,  |
//! |                    | and changes in the directory. Nothing of it: 0, nothing, no change                          |
//!
//! Every case runs twice, with paths resolved by `openat2` and by the walk. Where they may differ, a line of a result
//! begins with `[openat2]` or `[walk]`. `WASMC_BLESS=1` rewrites results; whoever does that compares the difference
//! with the witx file and POSIX.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use wasmc::options::Architecture;
use wasmc_tests::command::wasmc;
use wasmc_tests::emulator;
use wasmc_tests::process::{self, End};

use super::script::{Call, Token, quote, tokens};
use super::{host, module, transcript};

fn time_limit() -> Duration {
    process::limit(60)
}
/// Somebody who owns nothing.
const NOBODY: u32 = 65534;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolver {
    Openat2,
    Walk,
    /// An executable for another architecture, in QEMU, which has no `openat2`: so it walks without being told.
    Foreign(Architecture),
}

impl Resolver {
    /// Those of this machine.
    pub const ALL: [Resolver; 2] = [Resolver::Openat2, Resolver::Walk];

    pub fn on_all_architectures() -> impl Iterator<Item = Resolver> {
        Resolver::ALL.into_iter().chain(emulator::foreign().map(Resolver::Foreign))
    }

    /// Whether there is what it takes. A test that cannot run is ignored.
    pub fn can_run(self) -> bool {
        match self {
            Resolver::Openat2 | Resolver::Walk => true,
            Resolver::Foreign(architecture) => emulator::can_run(architecture),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Resolver::Openat2 => "openat2",
            Resolver::Walk => "walk",
            Resolver::Foreign(architecture) => architecture.name(),
        }
    }

    /// Flags of `wasmc`.
    pub fn flags(self) -> &'static [&'static str] {
        match self {
            Resolver::Openat2 => &[],
            Resolver::Walk => &["--walk-paths"],
            Resolver::Foreign(Architecture::X86_64) => &["--target", "x86_64"],
            Resolver::Foreign(Architecture::Aarch64) => &["--target", "aarch64"],
        }
    }

    /// What runs an executable.
    pub fn command(self, executable: &Path) -> Command {
        match self {
            Resolver::Openat2 | Resolver::Walk => Command::new(executable),
            Resolver::Foreign(architecture) => emulator::command(architecture, executable),
        }
    }

    /// The resolver whose lines hold for it.
    fn expected_as(self) -> Resolver {
        match self {
            Resolver::Foreign(_) => Resolver::Walk,
            own => own,
        }
    }
}

/// A call as it stands in the file, with the comments before it.
#[derive(Clone)]
pub struct Step {
    before: Vec<String>,
    pub call: String,
    results: Vec<String>,
}

#[derive(Clone, Default)]
pub struct Case {
    pub name: String,
    /// Comments and directives.
    head: Vec<String>,
    pub steps: Vec<Step>,
    closing: Vec<String>,
}

/// The comments of a file, and its cases.
pub fn parse(text: &str) -> Result<(Vec<String>, Vec<Case>), String> {
    let mut preface = Vec::new();
    let mut cases: Vec<Case> = Vec::new();
    let mut before = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("== ") {
            cases.push(Case { name: name.to_owned(), ..Case::default() });
            continue;
        }
        let Some(case) = cases.last_mut() else {
            preface.push(line.to_owned());
            continue;
        };
        match (line.strip_prefix("> "), line.strip_prefix("= "), case.steps.last_mut()) {
            (Some(call), ..) => {
                case.steps.push(Step {
                    before: std::mem::take(&mut before),
                    call: call.to_owned(),
                    results: Vec::new(),
                });
            }
            (_, Some(closing), _) => case.closing.push(closing.to_owned()),
            _ if line.is_empty() => {}
            (.., None) => case.head.push(line.to_owned()),
            (.., Some(_)) if line.starts_with('#') => before.push(line.to_owned()),
            (.., Some(step)) => step.results.push(line.to_owned()),
        }
    }
    match cases.iter().find(|case| case.name.is_empty()) {
        Some(_) => Err("a case has no name".to_owned()),
        None => Ok((preface, cases)),
    }
}

/// The text of a file again.
pub fn print(preface: &[String], cases: &[Case]) -> String {
    let mut lines = preface.to_vec();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    for case in cases {
        lines.extend([String::new(), format!("== {}", case.name)]);
        lines.extend(case.head.iter().cloned());
        for step in &case.steps {
            lines.extend(step.before.iter().cloned());
            lines.push(format!("> {}", step.call));
            lines.extend(step.results.iter().cloned());
        }
        lines.extend(case.closing.iter().map(|line| format!("= {line}")));
    }
    lines.join("\n") + "\n"
}

/// The lines that hold for a resolver.
fn lines_for(lines: &[String], resolver: Resolver) -> Vec<String> {
    let own = format!("[{}] ", resolver.expected_as().name());
    let is_others = |line: &str| Resolver::ALL.iter().any(|other| line.starts_with(&format!("[{}] ", other.name())));
    let mine = |line: &String| match line.strip_prefix(&own) {
        Some(line) => Some(line.to_owned()),
        None => (!is_others(line)).then(|| line.clone()),
    };
    lines.iter().filter_map(mine).collect()
}

/// What came of a case.
#[derive(PartialEq, Eq)]
pub struct Outcome {
    results: Vec<String>,
    closing: Vec<String>,
}

impl Case {
    pub fn calls(&self) -> Result<Vec<Call>, String> {
        self.steps.iter().map(|step| Call::parse(&step.call).map_err(|why| format!("{}: {why}", step.call))).collect()
    }

    /// Names of the results that the file expects of a step, whatever the resolver.
    pub fn expected(step: &Step) -> impl Iterator<Item = &str> {
        step.results.iter().filter_map(|line| line.split_whitespace().find(|word| !word.starts_with('[')))
    }

    /// The text of the case as far as it is expected, for one resolver.
    fn expectation(&self, resolver: Resolver) -> String {
        let results = self.steps.iter().map(|step| lines_for(&step.results, resolver).join("\n")).collect::<Vec<_>>();
        self.text(&results, &lines_for(&self.closing, resolver))
    }

    fn text(&self, results: &[String], closing: &[String]) -> String {
        let mut text = String::new();
        for (index, step) in self.steps.iter().enumerate() {
            let result = results.get(index).map_or("", |result| result);
            text += &format!("> {}\n{result}\n", step.call);
        }
        text + &closing.iter().map(|line| format!("= {line}\n")).collect::<String>()
    }

    /// Runs the case, and compares.
    pub fn check(&self, resolver: Resolver) -> Result<(), String> {
        let outcome = self.run(resolver)?;
        let (expected, got) = (self.expectation(resolver), self.text(&outcome.results, &outcome.closing));
        if expected == got {
            return Ok(());
        }
        Err(format!("(-) expected, (+) got:\n{}", wasmc_tests::golden::difference(&expected, &got)))
    }

    /// Puts what comes of the case in place of what was expected.
    pub fn bless(&mut self) -> Result<(), String> {
        let outcomes = [self.run(Resolver::Openat2)?, self.run(Resolver::Walk)?];
        let merge = |lists: [Vec<String>; 2]| {
            if lists[0] == lists[1] {
                return lists[0].clone();
            }
            let own = |(resolver, lines): (Resolver, &Vec<String>)| -> Vec<String> {
                lines.iter().map(|line| format!("[{}] {line}", resolver.name())).collect()
            };
            Resolver::ALL.into_iter().zip(&lists).flat_map(own).collect()
        };
        for (index, step) in self.steps.iter_mut().enumerate() {
            step.results =
                merge(outcomes.each_ref().map(|outcome| outcome.results.get(index).cloned().into_iter().collect()));
        }
        self.closing = merge(outcomes.map(|outcome| outcome.closing));
        Ok(())
    }

    fn directives<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.head.iter().filter_map(move |line| {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            (word == name).then_some(rest)
        })
    }

    fn check_directives(&self) -> Result<(), String> {
        const KNOWN: &[&str] = &["#", "grant", "host", "stdin", "arg", "env", "shell", "peer", "unprivileged"];
        let word = |line: &String| line.split(' ').next().unwrap_or_default().to_owned();
        match self.head.iter().map(word).find(|word| !KNOWN.contains(&word.as_str())) {
            Some(word) => Err(format!("there is no directive '{word}'")),
            None => Ok(()),
        }
    }

    pub fn run(&self, resolver: Resolver) -> Result<Outcome, String> {
        let fail = |error: std::io::Error| error.to_string();
        self.check_directives()?;
        let calls = self.calls()?;
        let module = module::build(&calls)?;

        let built = tempfile::tempdir().map_err(fail)?;
        let place = tempfile::tempdir().map_err(fail)?;
        let port = host::free_port();
        let executable = built.path().join("guest");
        self.compile(&module.text, &executable, resolver, port)?;
        for directive in self.directives("host") {
            host::set_up(place.path(), directive)?;
        }

        let mut command = self.command(resolver.command(&executable))?;
        command.current_dir(place.path()).env_clear();
        for variable in self.directives("env") {
            let (name, value) = variable.split_once('=').ok_or("env needs NAME=VALUE")?;
            command.env(name, value.replace("\\n", "\n").replace("\\x1b", "\x1b"));
        }
        let input = host::input(self.directives("stdin").next().unwrap_or("null"))?;
        command.stdin(input.stdin);
        if self.directives("unprivileged").next().is_some() && place.path().metadata().map_err(fail)?.uid() == 0 {
            for directory in [built.path(), place.path()] {
                fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).map_err(fail)?;
            }
            give_to_nobody(place.path()).map_err(fail)?;
            command.uid(NOBODY).gid(NOBODY);
        }
        let peers: Vec<_> = self
            .directives("peer")
            .map(|text| match tokens(text).as_deref() {
                Ok([Token::Text(text)]) => Ok(host::peer(port, text.clone(), time_limit())),
                _ => Err(format!("peer {text}")),
            })
            .collect::<Result<_, _>>()?;

        let before = host::tree(place.path());
        let finished = process::run_as_set(&mut command, time_limit()).map_err(fail)?;
        let after = host::tree(place.path());

        let (results, rest) = transcript::lines(&calls, &module.regions, &finished.stdout);
        let mut closing = Vec::new();
        match finished.end {
            End::Exit(0) => {}
            End::Exit(status) => closing.push(format!("exit status {status}")),
            End::Signal(signal) => closing.push(format!("signal {signal}")),
            End::TimedOut => closing.push("timed out".to_owned()),
        }
        if !rest.is_empty() {
            closing.push(format!("stdout {}", quote(rest)));
        }
        let stderr = finished.stderr_text().replace(&port.to_string(), "%p");
        closing.extend(stderr.lines().map(|line| format!("stderr {line}")));
        for peer in peers {
            let received = peer.join().map_err(|_| "the peer panicked")??;
            closing.push(format!("received {}", quote(&received)));
        }
        closing.extend(host::changes(&before, &after));
        Ok(Outcome { results, closing })
    }

    fn compile(&self, text: &str, executable: &Path, resolver: Resolver, port: u16) -> Result<(), String> {
        let input = executable.with_extension("wat");
        fs::write(&input, text).map_err(|error| error.to_string())?;
        let mut command = Command::new(wasmc());
        command.arg(&input).arg("-o").arg(executable).arg("-O0").args(resolver.flags());
        for flags in self.directives("grant") {
            let word = |token| match token {
                Token::Word(word) => word.replace("%p", &port.to_string()),
                Token::Text(text) => String::from_utf8_lossy(&text).into_owned(),
                Token::List(_) => String::new(),
            };
            command.args(tokens(flags)?.into_iter().map(word));
        }
        let compiled = process::run(&mut command, b"", time_limit()).map_err(|error| error.to_string())?;
        if compiled.end == End::Exit(0) && compiled.stderr.is_empty() {
            return Ok(());
        }
        Err(format!("wasmc: {}\n{text}", compiled.epitaph()))
    }

    /// The guest, perhaps by a shell that prepares what Rust cannot.
    fn command(&self, mut command: Command) -> Result<Command, String> {
        let preparation: String = self.directives("shell").map(|text| format!("{text} && ")).collect();
        if !preparation.is_empty() {
            let mut shell = Command::new("/bin/sh");
            shell.arg("-c").arg(format!("{preparation}exec \"$0\" \"$@\""));
            shell.arg(command.get_program()).args(command.get_args());
            command = shell;
        }
        for argument in self.directives("arg") {
            match tokens(argument)?.first() {
                Some(Token::Text(text)) => command.arg(String::from_utf8_lossy(text).into_owned()),
                _ => command.arg(argument),
            };
        }
        command.stdout(Stdio::piped());
        Ok(command)
    }
}

fn give_to_nobody(path: &Path) -> std::io::Result<()> {
    std::os::unix::fs::lchown(path, Some(NOBODY), Some(NOBODY))?;
    if path.symlink_metadata()?.is_dir() {
        for entry in fs::read_dir(path)? {
            give_to_nobody(&entry?.path())?;
        }
    }
    Ok(())
}
