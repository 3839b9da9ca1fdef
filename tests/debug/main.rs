//! Debug information: what gdb makes of it, whether it is well-formed, and what reports of traps say.
//!
//! Each file in `sessions/` is a session: `$ wasmc FLAGS` compiles, `$ gdb FILE…` starts the debugger, which then gets
//! the commands behind `(gdb) `; the lines below each are what it prints, on both streams. `%t` stands for an empty
//! directory, and `…` for what differs from machine to machine. Sources are found, since gdb runs in this directory.
//! `WASMC_BLESS=1` rewrites sessions that are different.
//!
//! The fixtures are made by `build.sh`. gdb, LLVM's and binutils' readers and perf are Debian's. A test that needs one
//! that is missing says so; `.ci/run` installs them, and sets `WASMC_TOOLS=required`, so that there nothing is left
//! out.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use object::{Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget};
use wasmc::options::{Architecture, OptLevel};
use wasmc::{Emit, Entry, InstanceSource, Options, Program};
use wasmc_tests::command::{cannot_test, has_tool, wasmc};
use wasmc_tests::golden::{difference, is_blessing};
use wasmc_tests::process::{self, End, Finished};
use wasmc_tests::{emulator, native};

fn time_limit() -> Duration {
    process::limit(120)
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("debug")
}

/// The fixtures, by name.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let read = |name: &str| (name.to_owned(), fs::read(directory().join(name)).unwrap());
    ["list.wasm", "list-optimized.wasm", "shapes.wasm"].map(read).to_vec()
}

fn run(command: &mut Command) -> Finished {
    process::run(command, b"", time_limit()).unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn program(wasm: &[u8]) -> Program<'_> {
    let instances = vec![InstanceSource { name: "input".into(), wasm, wiring: Vec::new() }];
    Program { instances, entry: Entry::Command }
}

fn options(architecture: Architecture, opt_level: OptLevel, debug_info: bool) -> Options {
    Options { architecture, opt_level, debug_info, ..Options::default() }
}

/// A part of a session: a command for a shell or for gdb, and what it printed.
struct Exchange {
    is_gdb: bool,
    command: String,
    output: Vec<String>,
}

fn parse(text: &str) -> (String, Vec<Exchange>) {
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut head = String::new();
    for line in text.lines() {
        let exchange = |is_gdb, command: &str| Exchange { is_gdb, command: command.to_owned(), output: Vec::new() };
        if let Some(command) = line.strip_prefix("$ ") {
            exchanges.push(exchange(false, command));
        } else if let Some(command) = line.strip_prefix("(gdb) ") {
            exchanges.push(exchange(true, command));
        } else if let Some(last) = exchanges.last_mut() {
            last.output.push(line.to_owned());
        } else {
            head += &format!("{line}\n");
        }
    }
    (head, exchanges)
}

/// What a machine prints, without what is different on another one: addresses of code, and numbers of processes.
fn mask(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("0x") {
        masked += &rest[..at];
        let digits = rest[at + 2..].bytes().take_while(u8::is_ascii_hexdigit).count();
        let end = at + 2 + digits;
        let is_code = rest[end..].starts_with(" in ") || rest[..at].ends_with(" at ") && rest[end..].starts_with(": ");
        masked += if is_code { "…" } else { &rest[at..end] };
        rest = &rest[end..];
    }
    masked += rest;
    for (before, behind) in [("(process ", ")"), ("[New LWP ", "]"), ("core.", "'")] {
        if let Some(at) = masked.find(before).map(|at| at + before.len())
            && let Some(length) = masked[at..].find(behind)
        {
            masked.replace_range(at..at + length, "…");
        }
    }
    masked
}

/// Whether a line says something of the program. Which pages of a process cannot be read is up to the kernel.
fn is_ours(line: &str) -> bool {
    !line.is_empty() && !line.starts_with("warning: Memory read failed for corefile section")
}

const MARK_LINE: &str = "@@@\n";

/// Performs a session, and gives it with what was printed.
fn perform(text: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    let place = place.path().to_str().unwrap();
    let (mut session, exchanges) = parse(text);
    let mut rest = exchanges.as_slice();
    while let Some((exchange, behind)) = rest.split_first() {
        let words: Vec<String> = exchange.command.split(' ').map(|word| word.replace("%t", place)).collect();
        let mut command = Command::new("/bin/sh");
        let program = if words[0] == "wasmc" { wasmc().display().to_string() } else { words[0].clone() };
        let count = behind.iter().take_while(|exchange| exchange.is_gdb).count();
        command.args(["-c", "exec \"$@\" 2>&1", "sh", &program]).current_dir(directory());
        // Neither gdb nor the shell by which it starts programs reads anybody's set-up.
        command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default()).env("HOME", place);
        command.env("TERM", "dumb").env("LC_ALL", "C.UTF-8").env("SHELL", "/bin/sh");
        if words[0].starts_with("gdb") {
            command.args(["-nx", "-q", "-batch", "-iex", "set width 0", "-iex", "set debuginfod enabled off"]);
            // Where sandboxes forbid to turn that off, gdb would say so.
            command.args(["-iex", "set disable-randomization off"]);
            for exchange in &behind[..count] {
                command.args(["-ex", "echo @@@\\n", "-ex", &exchange.command.replace("%t", place)]);
            }
        }
        let printed = run(command.args(&words[1..])).stdout_text().replace(place, "%t");
        let mut parts = printed.split(MARK_LINE);
        for exchange in &rest[..=count] {
            let prompt = if exchange.is_gdb { "(gdb)" } else { "$" };
            session += &format!("{prompt} {}\n", exchange.command);
            for line in parts.next().unwrap_or_default().lines().filter(|line| is_ours(line)) {
                session += &format!("{}\n", mask(line.trim_end()));
            }
        }
        rest = &behind[count..];
    }
    session
}

fn session(name: &str) {
    // Addresses are those of this architecture.
    if !emulator::is_native(Architecture::X86_64) {
        cannot_test("the sessions are those of x86-64");
        return;
    }
    if !has_tool("gdb") {
        return;
    }
    let path = directory().join("sessions").join(name);
    let text = fs::read_to_string(&path).unwrap();
    let performed = perform(&text);
    if is_blessing() {
        fs::write(&path, performed).unwrap();
    } else {
        assert!(performed == text, "{name}:\n{}", difference(&text, &performed));
    }
}

#[test]
fn session_in_c() {
    session("c.txt");
}

#[test]
fn session_in_optimized_c() {
    session("c-optimized.txt");
}

#[test]
fn session_in_rust() {
    session("rust.txt");
}

#[test]
fn session_in_text() {
    session("text.txt");
}

#[test]
fn session_with_a_core_file() {
    session("core.txt");
}

/// In QEMU, which gdb speaks to.
#[test]
fn session_on_aarch64() {
    if has_tool("gdb-multiarch") && has_tool("qemu-aarch64-static") {
        session("aarch64.txt");
    }
}

/// The code of an object, and what its relocations want.
fn code(object: &[u8]) -> (Vec<u8>, Vec<(u64, String)>) {
    let file = object::File::parse(object).unwrap();
    let section = file.section_by_name(".text.wasm").unwrap();
    let relocations = section.relocations().map(|(offset, relocation)| {
        let target = match relocation.target() {
            RelocationTarget::Symbol(symbol) => {
                let symbol = file.symbol_by_index(symbol).unwrap();
                // Data is elsewhere if other data has another size.
                let is_code = symbol.section_index() == Some(section.index());
                let address = if is_code { symbol.address() } else { 0 };
                format!("{} {address}", symbol.name().unwrap_or_default())
            }
            other => format!("{other:?}"),
        };
        (offset, format!("{:?} {target} {}", relocation.flags(), relocation.addend()))
    });
    (section.data().unwrap().to_vec(), relocations.collect())
}

#[test]
fn debug_information_changes_nothing_but_calls_and_loops() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs");
    let mut modules = fixtures();
    for name in ["sort.wasm", "simd.wasm"] {
        modules.push((name.to_owned(), fs::read(programs.join(name)).unwrap()));
    }
    for (name, wasm) in modules {
        for &architecture in Architecture::ALL {
            for level in [OptLevel::None, OptLevel::Speed] {
                let compile = |debug_info| {
                    let disabled_passes = ["inline", "unroll"].map(str::to_owned).to_vec();
                    let options = Options { disabled_passes, ..options(architecture, level, debug_info) };
                    native::compile(&program(&wasm), &options, Emit::Object).unwrap()
                };
                let (without, with) = (compile(false), compile(true));
                assert!(code(&without) == code(&with), "{name}, {architecture:?}, {level:?}");
                // Not even of what has no code.
                let file = object::File::parse(&without[..]).unwrap();
                let is_debug = |section: object::Section<'_, '_>| section.name().unwrap().starts_with(".debug");
                assert!(!file.sections().any(is_debug), "{name}, {architecture:?}, {level:?}");
            }
        }
    }
}

#[test]
fn threads_do_not_matter() {
    for (name, wasm) in fixtures() {
        let compile = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let options = Options { debug_info: true, ..Options::default() };
            pool.install(|| wasmc::compile(&program(&wasm), &options, Emit::Executable)).unwrap()
        };
        let one = compile(1);
        assert!((0..3).all(|_| compile(3) == one), "{name}");
    }
}

/// Other readers find nothing to complain about.
#[test]
fn debug_information_is_well_formed() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("program");
    let verifies = has_tool("llvm-dwarfdump");
    let dumps = has_tool("readelf");
    for (name, wasm) in fixtures() {
        for &architecture in Architecture::ALL {
            for level in [OptLevel::Less, OptLevel::Speed] {
                for emit in [Emit::Executable, Emit::Object] {
                    let what = format!("{name}, {architecture:?}, {level:?}, {emit:?}");
                    let options = options(architecture, level, true);
                    fs::write(&path, native::compile(&program(&wasm), &options, emit).unwrap()).unwrap();
                    if verifies {
                        let finished = run(Command::new("llvm-dwarfdump").arg("--verify").arg(&path));
                        let text = finished.stdout_text();
                        assert!(finished.end == End::Exit(0) && text.ends_with("No errors.\n"), "{what}:\n{text}");
                    }
                    if dumps && emit == Emit::Executable {
                        let finished = run(Command::new("readelf").arg("--debug-dump").arg(&path)).succeeded();
                        assert_eq!(finished.stderr_text(), "", "{what}");
                        let text = finished.stdout_text();
                        assert!(text.contains("DW_TAG_subprogram") && !text.contains("<unknown"), "{what}");
                    }
                }
            }
        }
    }
}

/// Compiles with `-g` and runs.
fn report(name: &str, architecture: Architecture, flags: &[&str]) -> String {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("program");
    let mut command = Command::new(wasmc());
    command.current_dir(directory()).arg(name).arg("-o").arg(&path).args(["--target", architecture.name()]);
    run(command.args(flags)).succeeded();
    let finished = run(&mut emulator::command(architecture, &path));
    assert_eq!(finished.end, End::Exit(134), "{}", finished.epitaph());
    finished.stderr_text()
}

/// Offsets in the module are left out: they change whenever the fixtures are made anew.
fn without_offsets(report: &str) -> Vec<String> {
    let without = |line: &str| match line.split_once(": 0x").and_then(|(n, rest)| Some((n, rest.split_once(" - ")?.1)))
    {
        Some((number, rest)) => format!("{number}: {rest}"),
        None => line.to_owned(),
    };
    report.lines().map(without).collect()
}

#[test]
fn traps_are_reported_with_lines() {
    // `can_run` says so if one is left out.
    for architecture in emulator::architectures().into_iter().filter(|&architecture| emulator::can_run(architecture)) {
        for name in ["list.wasm", "list-optimized.wasm"] {
            for level in ["-O0", "-O1", "-O2", "-Os"] {
                let lines = without_offsets(&report(name, architecture, &["-g", level]));
                let what = format!("{name}, {architecture:?}, {level}: {lines:?}");
                assert_eq!(lines[0], "wasmc: trap: wasm `unreachable` instruction executed", "{what}");
                // The trap and the branch that leads to it can be one instruction.
                let is_line = |line: &str| line == "24:11" || line == "25:9";
                assert!(lines[2].strip_prefix("   0: checked_div at src/list.c:").is_some_and(is_line), "{what}");
                let callers = [
                    "      inlined into measure at src/list.c:51:20",
                    "   1: run at src/list.c:64:9",
                    "   2: _start at src/list.c:69:15",
                ];
                assert_eq!(lines[3..], callers, "{what}");
            }
        }
        let lines = without_offsets(&report("list.wasm", architecture, &[]));
        assert_eq!(lines[2], "   0: measure", "without -g there are none: {lines:?}");
    }
}

const TEXT: &str = r#"(module
  (func $divide (param $x i32) (result i32)
    (i32.div_u
      (i32.const 7)
      (local.get $x)))
  (func (export "_start")
    i32.const 0
    call $divide
    drop))
"#;

#[test]
fn text_has_lines_too() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    fs::write(path("text.wat"), TEXT).unwrap();
    fs::write(path("binary.wasm"), wat::parse_str(TEXT).unwrap()).unwrap();
    let trapped = |arguments: &[&str]| {
        let mut command = Command::new(wasmc());
        run(command.current_dir(place.path()).args(arguments).args(["-o", "program"])).succeeded();
        let finished = run(&mut Command::new(path("program")));
        without_offsets(&finished.stderr_text())[2..].to_vec()
    };
    let expected = ["   0: divide at text.wat:3:6", "   1: _start at text.wat:8:5"];
    assert_eq!(trapped(&["text.wat", "-g"]), expected);
    assert_eq!(trapped(&["binary.wasm", "-g"]), ["   0: divide", "   1: _start"]);
    // As it was printed.
    let lines = trapped(&["binary.wasm", "--debug-text", "printed.wat"]);
    let printed = fs::read_to_string(path("printed.wat")).unwrap();
    let line = |text: &str| printed.lines().position(|line| line.trim() == text).expect(text) + 1;
    let place = |name, text| format!("{name} at printed.wat:{}:5", line(text));
    assert_eq!(lines, [place("   0: divide", "i32.div_u"), place("   1: _start", "call $divide")]);
    // What the module itself says does not count then.
    fs::copy(directory().join("list.wasm"), path("list.wasm")).unwrap();
    let lines = trapped(&["list.wasm", "--debug-text", "list.wat"]);
    assert!(lines[0].starts_with("   0: measure at list.wat:"), "{lines:?}");
}

/// Damaged debug information is no reason not to compile.
#[test]
fn malformed_debug_information_is_left_out() {
    let place = tempfile::tempdir().unwrap();
    let mut wasm = fs::read(directory().join("list.wasm")).unwrap();
    // The name of the section is followed by the length of the first unit.
    let name = b".debug_info";
    let at = wasm.windows(name.len()).position(|window| window == name).unwrap() + name.len();
    wasm[at..at + 4].copy_from_slice(&[0xfe, 0xff, 0, 0]);
    fs::write(place.path().join("damaged.wasm"), wasm).unwrap();
    let mut command = Command::new(wasmc());
    let finished = run(command.current_dir(place.path()).args(["damaged.wasm", "-g"])).succeeded();
    let note = finished.stderr_text();
    assert!(note.starts_with("note: damaged.wasm: its debug information is malformed, and left out: "), "{note}");
    assert_eq!(note.lines().count(), 1, "{note}");
    let finished = run(&mut Command::new(place.path().join("damaged")));
    assert_eq!(without_offsets(&finished.stderr_text())[2], "   0: measure");
}

/// Profilers go by symbols: every function has one, with its size.
#[test]
fn functions_have_symbols() {
    let (_, wasm) = fixtures().remove(0);
    for &architecture in Architecture::ALL {
        for debug_info in [false, true] {
            let options = options(architecture, OptLevel::Speed, debug_info);
            let executable = native::compile(&program(&wasm), &options, Emit::Executable).unwrap();
            let file = object::File::parse(executable.as_slice()).unwrap();
            for name in ["append", "measure", "length", "_start"] {
                let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name)).expect(name);
                assert!(symbol.kind() == object::SymbolKind::Text && symbol.size() > 0, "{name}");
            }
        }
    }
}

#[test]
fn perf_shows_names_of_functions() {
    if !has_tool("perf") || !emulator::is_native(Architecture::X86_64) {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let text = r#"(module
      (func $spin_for_a_while (param i32) (loop
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if 0 (local.get 0))))
      (func (export "_start") (call $spin_for_a_while (i32.const 100000000))))"#;
    fs::write(place.path().join("spin.wat"), text).unwrap();
    let perform = |program: &str, arguments: &[&str]| {
        run(Command::new(program).current_dir(place.path()).env("HOME", place.path()).args(arguments))
    };
    perform(&wasmc().display().to_string(), &["spin.wat", "--disable-pass", "inline"]).succeeded();
    // A clock of the kernel's, since virtual machines have no counters.
    let recorded = perform("perf", &["record", "-q", "-e", "cpu-clock", "-o", "data", "./spin"]);
    if recorded.end != End::Exit(0) {
        cannot_test(&format!("perf may not record here: {}", recorded.epitaph()));
        return;
    }
    let shown = perform("perf", &["report", "-i", "data", "--stdio", "--sort", "symbol"]).succeeded().stdout_text();
    let first = shown.lines().find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    assert!(first.contains("spin_for_a_while"), "{shown}");
}
