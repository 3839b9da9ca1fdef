//! Golden code: each `*.wat` in this directory ends with the machine code of its functions, as comments.
//!
//! ```text
//!   ;;! targets = "x86_64 aarch64"
//!   ;;! flags = "--bounds-checks=explicit -O1"
//!
//!   ;; A sentence on which lines matter.
//!   (module …)
//!
//!   ;; function load on x86_64:
//!   ;;   pushq %rbp
//!
//!   ;; function load on aarch64:
//!   ;;   stp fp, lr, [sp, #-16]!
//! ```
//!
//! `targets` are the architectures. `flags` (optional) are among `-O0`, `-O1`, `-O2`, `-Os`, `--deterministic`,
//! `--bounds-checks=explicit`, `--cpu=LEVEL`, `--disable-pass=NAME`, `--profile-generate` and `--profile-use`, which
//! stands for the profile of a run on this machine. The program calls `_start`, if that is exported, or all exported
//! functions; those with a name (not only an export) are shown, in the order of the file, but for those that `inlined`
//! names: they have no code, since they are inlined wherever they are called. Lines that become no instruction are left
//! out.
//!
//! `WASMC_BLESS=1 cargo test --test disas` rewrites the code. Read the difference before you commit it: that is what
//! these tests are for.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};
use wasmc::options::{Architecture, BoundsChecks, Cpu, OptLevel, Profile, ProfileFile};
use wasmc::{Emit, Entry, InstanceSource, Options, Program, Step};
use wasmc_abi::cpu::Level;
use wasmc_tests::golden;
use wasmc_tests::native;
use wasmc_tests::steps::{Export, Exports};

/// Where the golden part of a file begins.
const GOLDEN: &str = "\n;; function ";

/// The flag for a profile, which takes a run.
const PROFILE_USE: &str = "--profile-use";

const TIME_LIMIT: Duration = Duration::from_secs(60);

fn main() {
    let arguments = Arguments::from_args();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("disas");
    let mut files: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "wat"));
    files.sort();
    let trials = files.into_iter().map(|file| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        Trial::test(name, move || Ok(check(&file)?))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit()
}

fn check(file: &Path) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let source = text.find(GOLDEN).map_or(text.as_str(), |at| &text[..at]).trim_end();
    let actual = format!("{source}\n\n{}", code(source)?);
    if actual == text {
        return Ok(());
    }
    if golden::is_blessing() {
        return fs::write(file, actual).map_err(|error| error.to_string());
    }
    Err(format!("the code has changed (WASMC_BLESS=1 accepts it):\n{}", golden::difference(&text, &actual)))
}

/// The golden part that belongs to a source.
fn code(source: &str) -> Result<String, String> {
    let wasm = wat::parse_str(source).map_err(|error| error.to_string())?;
    let (architectures, options) = options(source)?;
    let mut assemblies = Vec::new();
    let options = if uses_profile(source) { with_profile(&wasm, options)? } else { options };
    for architecture in architectures {
        assemblies.push((architecture, assembly(&wasm, &Options { architecture, ..options.clone() })?));
    }

    let mut golden = String::new();
    for name in names(source) {
        for (architecture, assembly) in &assemblies {
            let lines = assembly.lines().skip_while(|line| *line != format!(";; {name}")).skip(1);
            let lines: Vec<&str> = lines.take_while(|line| !line.starts_with(";; ")).collect();
            if lines.is_empty() != inlined(source).any(|inlined| inlined == name) {
                return Err(format!("the function {name} has code, or has none, against what is said:\n{assembly}"));
            }
            if lines.is_empty() {
                continue;
            }
            let blank = if golden.is_empty() { "" } else { "\n" };
            golden += &format!("{blank};; function {name} on {}:\n", architecture.name());
            for (index, line) in lines.iter().enumerate() {
                if !is_noise(line, lines.get(index + 1)) {
                    golden += &format!(";; {line}\n");
                }
            }
        }
    }
    Ok(golden)
}

fn uses_profile(source: &str) -> bool {
    source.lines().any(|line| line.starts_with(";;! flags") && line.contains(PROFILE_USE))
}

/// The options with the profile of a run.
fn with_profile(wasm: &[u8], options: Options) -> Result<Options, String> {
    let program = program(wasm)?;
    let bytes = native::profile(&program, &options, TIME_LIMIT).map_err(|error| error.to_string())?;
    let profile = Profile::Use(vec![ProfileFile { name: "profile".into(), bytes }]);
    Ok(Options { profile, ..options })
}

/// The machine code of a program.
fn assembly(wasm: &[u8], options: &Options) -> Result<String, String> {
    let program = program(wasm)?;
    let assembly = native::compile(&program, options, Emit::Assembly).map_err(|error| error.to_string())?;
    String::from_utf8(assembly).map_err(|error| error.to_string())
}

/// A module that is a command, or of which all exported functions are called.
fn program(wasm: &[u8]) -> Result<Program<'_>, String> {
    let exports = Exports::of(wasm)?.0;
    let is_command = exports.iter().any(|(name, _)| name == "_start");
    let mut steps = vec![Step::Instantiate(0)];
    for (export, kind) in exports {
        if let Export::Function { parameters, .. } = kind {
            steps.push(Step::Invoke { instance: 0, export, arguments: vec![0; parameters.len()] });
        }
    }
    let instances = vec![InstanceSource { name: "module".into(), wasm, wiring: Vec::new() }];
    Ok(Program { instances, entry: if is_command { Entry::Command } else { Entry::Script(steps) } })
}

/// Lines that become no instruction: unwind information, definitions of registers, jumps to what follows.
fn is_noise(line: &str, next: Option<&&str>) -> bool {
    let (line, next) = (line.trim(), next.map_or("", |next| next.trim()));
    let goes_on = line.strip_prefix("jmp").or_else(|| line.strip_prefix("b ")).is_some_and(|label| {
        let label = label.trim().strip_prefix("label");
        label.is_some() && label == next.strip_prefix("block").and_then(|next| next.strip_suffix(':'))
    });
    line.is_empty() || line.starts_with("unwind ") || line.starts_with("uninit ") || goes_on
}

/// The names of the functions that a module defines, in its order.
fn names(source: &str) -> Vec<&str> {
    let definitions = source.lines().filter_map(|line| line.trim_start().strip_prefix("(func $"));
    definitions.filter_map(|rest| rest.split([' ', ')']).next()).collect()
}

const INLINED: &str = "inlined";

/// The functions that are to have no code.
fn inlined(source: &str) -> impl Iterator<Item = &str> {
    let lines = source.lines().filter_map(|line| line.strip_prefix(";;! ")?.strip_prefix(INLINED));
    lines.flat_map(|value| value.trim_matches(['=', '"', ' ']).split_whitespace())
}

/// The architectures, and the options but for these.
fn options(source: &str) -> Result<(Vec<Architecture>, Options), String> {
    let mut options = Options::default();
    let mut architectures = Vec::new();
    for line in source.lines().filter_map(|line| line.strip_prefix(";;! ")) {
        let (key, value) = line.split_once('=').ok_or_else(|| format!("not `key = \"value\"`: {line}"))?;
        let words = value.trim().trim_matches('"').split_whitespace();
        match key.trim() {
            "targets" => {
                for name in words {
                    architectures.push(Architecture::parse(name).ok_or_else(|| format!("no architecture {name}"))?);
                }
            }
            "flags" => words.into_iter().try_for_each(|flag| set_flag(&mut options, flag))?,
            INLINED => {}
            key => return Err(format!("no key {key}")),
        }
    }
    if architectures.is_empty() {
        return Err("there is no `;;! targets = \"…\"`".to_string());
    }
    Ok((architectures, options))
}

const DISABLE_PASS: &str = "--disable-pass=";

fn set_flag(options: &mut Options, flag: &str) -> Result<(), String> {
    match flag {
        "-O0" => options.opt_level = OptLevel::None,
        "-O1" => options.opt_level = OptLevel::Less,
        "-O2" => options.opt_level = OptLevel::Speed,
        "-Os" => options.opt_level = OptLevel::Size,
        "--profile-generate" => options.profile = Profile::Generate(None),
        PROFILE_USE => {}
        "--deterministic" => options.deterministic = true,
        "--bounds-checks=explicit" => options.bounds_checks = BoundsChecks::Explicit,
        _ if flag.starts_with(DISABLE_PASS) => options.disabled_passes.push(flag[DISABLE_PASS.len()..].to_owned()),
        _ => {
            let level =
                flag.strip_prefix("--cpu=").and_then(|name| Level::ALL.iter().find(|level| level.name() == name));
            options.cpu = Cpu::Level(*level.ok_or_else(|| format!("no flag {flag}"))?);
        }
    }
    Ok(())
}
