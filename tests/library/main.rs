//! Libraries, as programs use them that are not ours: in C, C++, Python and Rust; static and shared; on each
//! architecture.
//!
//! | file        | what                                                                        |
//! |-------------|-----------------------------------------------------------------------------|
//! | `api.c`     | everything that an interface can have, and every way in which a call can end |
//! | `stress.c`  | a thousand instances, four threads, traps in some                           |
//! | `signals.c` | two libraries and a host with handlers of its own                           |
//! | `exceptions.c` | exceptions that are held across calls of the host                        |
//! | `wasi.c`    | what an instance may use of the host                                        |
//! | `call.py`   | a shared library, through ctypes                                            |
//! | `examples/rust` | a build script that compiles a module                                   |
//! | `native.c`  | the other way round: C in an executable                                     |
//!
//! A test that needs a tool that is missing says so; `.ci/run` installs them, and nothing is left out there.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;

use wasmc::options::Architecture;
use wasmc_tests::command::{has_tool, wasmc, wasmc_crate};
use wasmc_tests::process;
use wasmc_tests::process::End;
use wasmc_tests::{emulator, place};

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("library").join(name)
}

/// A directory for one test, in which programs for one architecture are made.
struct Place {
    place: place::Place,
    architecture: Architecture,
}

impl Deref for Place {
    type Target = place::Place;

    fn deref(&self) -> &place::Place {
        &self.place
    }
}

impl Place {
    /// One for each architecture for which there are a C compiler and a machine.
    fn all(compiler: &str) -> Vec<Place> {
        // Both say so if they leave one out.
        let can_build = |architecture: &Architecture| has_tool(&compiler_name(*architecture, compiler));
        let can_run = |architecture: &Architecture| emulator::can_run(*architecture);
        let architectures = emulator::architectures().into_iter().filter(can_run).filter(can_build);
        architectures.map(Place::new).collect()
    }

    /// One for this machine, if it has all of some tools.
    fn native(tools: &[&str]) -> Option<Place> {
        let has_all = tools.iter().filter(|tool| !has_tool(tool)).count() == 0;
        has_all.then(|| Place::new(emulator::architectures()[0]))
    }

    fn new(architecture: Architecture) -> Place {
        Place { place: place::Place::new(), architecture }
    }

    /// The standard output of a command, which must succeed.
    #[track_caller]
    fn run(&self, mut command: Command) -> String {
        let finished = self.finish(&mut command, "");
        let text = format!("{}{}", finished.stdout_text(), finished.stderr_text());
        assert_eq!(finished.end, End::Exit(0), "{command:?}: {text}");
        finished.stdout_text()
    }

    /// Compiles `name.wat`: writes `libname.a` or `libname.so`, and `name.h`.
    #[track_caller]
    fn wasmc(&self, file: &str, name: &str, kind: &str, options: &[&str]) {
        let mut command = self.command(wasmc());
        command.arg(source(file)).args(["--emit", kind, "--name", name, "--target", self.architecture.name()]);
        let extension = if kind == "staticlib" { "a" } else { "so" };
        command.args(["-o", &format!("lib{name}.{extension}"), "--header", &format!("{name}.h")]).args(options);
        self.run(command);
    }

    /// Compiles a C program, with all warnings as errors, and links it.
    #[track_caller]
    fn compile(&self, compiler: &str, flags: &[&str], file: &str, libraries: &[&str]) -> PathBuf {
        let mut command = self.command(compiler_name(self.architecture, compiler));
        command.args(["-Wall", "-Wextra", "-Werror", "-O1", "-g", "-I.", "-o", "program"]).args(flags);
        command.arg(source(file)).args(["-x", "none"]).args(libraries).args(["-lpthread"]);
        self.run(command);
        self.path("program")
    }

    /// Runs what was compiled; gives its standard output.
    #[track_caller]
    fn execute(&self, program: &Path, arguments: &[&str]) -> String {
        self.run(self.execution(program, arguments))
    }

    fn execution(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = emulator::command(self.architecture, program);
        // Debian's libraries for other architectures, for the emulator.
        command.env("QEMU_LD_PREFIX", format!("/usr/{}-linux-gnu", self.architecture.name()));
        command.args(arguments).current_dir(self.directory());
        command
    }

    /// `wasi.c`, and the directory that it grants.
    fn program_with_wasi(&self, options: &[&str]) -> PathBuf {
        self.wasmc("wasi.wat", "wasi", "staticlib", options);
        fs::create_dir(self.path("directory")).unwrap();
        fs::write(self.path("directory/file"), "in the file\n").unwrap();
        self.compile("gcc", &[], "wasi.c", &["libwasi.a"])
    }
}

/// What `wasi.c` writes.
const OUTPUT_OF_WASI: &str = "\
    program\0first\0A=B\0in the file\n\
    wasmc: a variable must be NAME=VALUE, not =x\n\
    wasmc: this directory cannot be granted, since it cannot be opened: /does/not/exist\n";

/// Debian's name for a compiler that compiles for an architecture.
fn compiler_name(architecture: Architecture, compiler: &str) -> String {
    match emulator::is_native(architecture) {
        true => compiler.to_owned(),
        false => format!("{}-linux-gnu-{compiler}", architecture.name()),
    }
}

/// A stack that is soon exhausted.
const SMALL_STACK: &[&str] = &["--stack-size", "1M"];

#[test]
fn everything_in_c() {
    for place in Place::all("gcc") {
        for (kind, library, options) in [
            ("staticlib", "libapi.a", &[][..]),
            ("staticlib", "libapi.a", &["--stack-size", "1M", "--bounds-checks", "explicit", "-O0"]),
            ("staticlib", "libapi.a", &["--stack-size", "1M", "--deterministic", "-g", "-Os"]),
            ("cdylib", "libapi.so", SMALL_STACK),
        ] {
            place.wasmc("api.wat", "api", kind, options);
            let program = place.compile("gcc", &["-std=c11", "-Wl,-rpath,."], "api.c", &[library]);
            assert_eq!(place.execute(&program, &[]), "everything is as it should be\n", "{kind} {options:?}");
        }
    }
}

#[test]
fn the_header_is_cxx_too() {
    let Some(place) = Place::native(&["g++"]) else { return };
    place.wasmc("api.wat", "api", "staticlib", SMALL_STACK);
    let program = place.compile("g++", &["-std=c++11", "-x", "c++"], "api.c", &["libapi.a"]);
    assert_eq!(place.execute(&program, &[]), "everything is as it should be\n");
}

#[test]
fn a_thousand_instances_in_four_threads() {
    for place in Place::all("gcc") {
        // An emulator has fewer addresses to give.
        let count = if emulator::is_native(place.architecture) { "1000" } else { "40" };
        place.wasmc("stress.wat", "stress", "staticlib", &[]);
        let program = place.compile("gcc", &[], "stress.c", &["libstress.a"]);
        assert_eq!(place.execute(&program, &[count]), format!("{count} instances in 4 threads\n"));
    }
}

#[test]
fn valgrind_finds_nothing() {
    let Some(place) = Place::native(&["gcc", "valgrind"]) else { return };
    // A trap by a guard is an access that valgrind complains of.
    let options = ["--bounds-checks", "explicit", "--stack-size", "256K"];
    place.wasmc("stress.wat", "stress", "staticlib", &options);
    let program = place.compile("gcc", &[], "stress.c", &["libstress.a"]);
    // Where many instances are, the end of the stack of one is so near to a thread's stack that valgrind takes a jump
    // from there for a return.
    for (count, options) in [("100", &[][..]), ("1000", &["stacks are not exhausted"])] {
        let mut command = place.command("valgrind");
        // Where a division traps is told exactly then.
        command.arg("--vex-iropt-register-updates=allregs-at-each-insn");
        command.args(["-q", "--error-exitcode=99", "--leak-check=full"]).arg(&program).arg(count).args(options);
        assert_eq!(place.run(command), format!("{count} instances in 4 threads\n"));
    }
}

#[test]
fn each_signal_reaches_its_handler() {
    for place in Place::all("gcc") {
        place.wasmc("stress.wat", "one", "staticlib", &[]);
        place.wasmc("stress.wat", "two", "staticlib", &["-O0"]);
        let program = place.compile("gcc", &[], "signals.c", &["libone.a", "libtwo.a"]);
        assert_eq!(place.execute(&program, &[]), "each signal reached its handler\n");
    }
}

#[test]
fn exceptions_stay_in_the_guest() {
    for place in Place::all("gcc") {
        for level in ["-O2", "-O0"] {
            place.wasmc("exceptions.wat", "exceptions", "staticlib", &[level]);
            let program = place.compile("gcc", &[], "exceptions.c", &["libexceptions.a"]);
            assert_eq!(place.execute(&program, &[]), "exceptions stay where they belong\n");
        }
    }
}

#[test]
fn what_an_instance_may_use() {
    for place in Place::all("gcc") {
        let program = place.program_with_wasi(&[]);
        assert_eq!(place.execute(&program, &["directory"]), OUTPUT_OF_WASI);
    }
}

/// A library asks the machine whether it has the instructions that the code was compiled for.
#[test]
fn what_the_cpu_must_have() {
    for place in Place::all("gcc") {
        let (level, older) = match place.architecture {
            Architecture::X86_64 => ("x86-64-v2", "qemu64"),
            Architecture::Aarch64 => ("armv8.1-a", "cortex-a53"),
        };
        let program = place.program_with_wasi(&["--cpu", level]);
        assert_eq!(place.execute(&program, &["directory"]), OUTPUT_OF_WASI);
        if !emulator::is_native(place.architecture) {
            let mut command = place.execution(&program, &["directory"]);
            let finished = process::run(command.env("QEMU_CPU", older), b"", process::limit(60)).unwrap();
            let expected = "not wasmc: this CPU lacks instructions that the library was compiled for\n";
            assert_eq!((finished.end, &*finished.stdout_text()), (End::Exit(1), expected));
        }
    }
}

#[test]
fn from_python() {
    let Some(place) = Place::native(&["python3"]) else { return };
    place.wasmc("stress.wat", "stress", "cdylib", &[]);
    let mut command = place.command("python3");
    command.arg(source("call.py")).arg(place.path("libstress.so"));
    assert_eq!(place.run(command), "1 7 wasmc: trap: integer divide by zero\n");
}

/// The example's build script and program, compiled as cargo compiles them, with the crate as it was built for tests.
#[test]
fn from_rust() {
    let Some(place) = Place::native(&["rustc", "cc"]) else { return };
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/rust");
    let library = wasmc_crate();
    let mut compile = place.command("rustc");
    compile.args(["--edition", "2024", "-o", "build-script"]).arg(example.join("build.rs"));
    compile.arg("--extern").arg(format!("wasmc={}", library.display()));
    let dependencies = library.parent().unwrap();
    compile.arg("-L").arg(format!("dependency={}", dependencies.display()));
    compile.arg("-L").arg(format!("dependency={}", dependencies.join("deps").display()));
    place.run(compile);

    let mut script = place.command(place.path("build-script"));
    script.current_dir(&example).env("OUT_DIR", place.directory());
    script.env("CARGO_CFG_TARGET_ARCH", std::env::consts::ARCH);
    let printed = place.run(script);
    let mut compile = place.command("rustc");
    compile.args(["--edition", "2024", "-o", "program"]).arg(example.join("src/main.rs"));
    for line in printed.lines() {
        let (name, value) = line.strip_prefix("cargo::").unwrap().split_once('=').unwrap();
        match name {
            "rustc-link-search" => _ = compile.args(["-L", value]),
            "rustc-link-lib" => _ = compile.args(["-l", value]),
            _ => {}
        }
    }
    place.run(compile);
    let expected = "[2, 3, 5, 7, 11, 13, 17, 19, 23, 29]\nwasmc: trap: wasm `unreachable` instruction executed\n168\n";
    assert_eq!(place.execute(&place.path("program"), &[]), expected);
}

/// The other way round: an executable with imports that native objects satisfy.
#[test]
fn native_objects_in_an_executable() {
    for place in Place::all("gcc") {
        for (name, flags) in
            [("native", &["-DNATIVE"][..]), ("step", &["-DSTEP"]), ("unused", &["-DUNUSED", "-fno-pie"])]
        {
            let mut compile = place.command(compiler_name(place.architecture, "gcc"));
            compile.args(["-Wall", "-Wextra", "-Werror", "-O1", "-c", "-o", &format!("{name}.o")]).args(flags);
            place.run({
                compile.arg(source("native.c"));
                compile
            });
        }
        let mut archive = place.command("ar");
        archive.args(["rcs", "libsteps.a", "unused.o", "step.o"]);
        place.run(archive);
        let imports = ["sum=native_sum", "half=native_half", "count=native_count"].map(|name| format!("native.{name}"));
        let compile = |imports: &[String], objects: &[&str]| {
            let mut command = place.command(wasmc());
            command.arg(source("native.wat")).args(["-o", "native", "--target", place.architecture.name()]);
            command.args(imports.iter().flat_map(|import| ["--import-fn", import]));
            command.args(objects.iter().flat_map(|object| ["--link-obj", object]));
            place.finish(&mut command, "")
        };
        _ = compile(&imports, &["native.o", "libsteps.a"]).succeeded();
        let mut run = emulator::command(place.architecture, &place.path("native"));
        assert_eq!(place.finish(&mut run, "").end, End::Exit(21));

        let fails = |imports: &[String], objects: &[&str], expected: &str| {
            let finished = compile(imports, objects);
            let message = finished.stderr_text();
            assert!(finished.end == End::Exit(1) && message.contains(expected), "{message}");
        };
        fails(&imports[..2], &["native.o", "libsteps.a"], "native.count");
        fails(&imports, &["native.o"], "`step` is not defined");
        fails(&imports, &["native.o", "native.o", "libsteps.a"], "defined twice");
        fails(&imports, &["no.o"], "cannot read no.o");
        fs::write(place.path("bad.o"), "no object").unwrap();
        fails(&imports, &["bad.o"], "bad.o: malformed object file");
    }
}

/// All names of a static library are its own, but for those of the header, so that several can be in one program.
#[test]
fn other_names_are_hidden() {
    use object::read::archive::ArchiveFile;
    use object::{Object as _, ObjectSymbol as _};
    for architecture in Architecture::ALL {
        let place = Place::new(*architecture);
        place.wasmc("stress.wat", "stress", "staticlib", &[]);
        let bytes = fs::read(place.path("libstress.a")).unwrap();
        let archive = ArchiveFile::parse(&*bytes).unwrap();
        let mut indexed: Vec<String> = archive
            .symbols()
            .unwrap()
            .unwrap()
            .map(|symbol| String::from_utf8(symbol.unwrap().name().to_vec()).unwrap())
            .collect();
        indexed.sort();
        let member = archive.members().next().unwrap().unwrap();
        let object = object::File::parse(member.data(&*bytes).unwrap()).unwrap();
        let mut global: Vec<String> = object
            .symbols()
            .filter(object::ObjectSymbol::is_global)
            .map(|symbol| symbol.name().unwrap().to_owned())
            .collect();
        global.sort();
        assert_eq!(indexed, global);
        assert!(global.iter().all(|name| name.starts_with("stress_")), "{global:?}");
        let header = fs::read_to_string(place.path("stress.h")).unwrap();
        assert!(global.iter().all(|name| header.contains(&format!("{name}("))), "{global:?}");
    }
}

/// What a library cannot have is refused in one sentence.
#[test]
fn what_is_refused() {
    let place = Place::new(Architecture::X86_64);
    for (text, options, status, expected) in [
        ("(module (memory 1 1 shared))", &[][..], 3, "shared memory"),
        ("(module (import \"a\" \"b\" (memory 1)))", &[], 1, "nothing satisfies"),
        (
            "(module (type $t (func)) (import \"a\" \"b\" (func (param (ref null $t)))))",
            &[],
            3,
            "cannot be a C function",
        ),
        ("(module)", &["--name", "a-b"], 2, "identifier of C"),
        ("(module)", &["--dir", "/"], 2, "whoever makes an instance"),
        ("(module)", &["--harden=require"], 2, "the process is its host's"),
        ("(module)", &["--embed", "/tmp"], 2, "whoever makes an instance"),
        (
            "(module (import \"wasi\" \"thread-spawn\" (func (param i32) (result i32)))
               (func (export \"wasi_thread_start\") (param i32 i32))
               (func (export \"f\") (drop (call 0 (i32.const 0)))))",
            &[],
            3,
            "starts threads",
        ),
    ] {
        fs::write(place.path("bad.wat"), text).unwrap();
        let mut command = place.command(wasmc());
        command.args(["bad.wat", "--emit", "staticlib", "--header", "bad.h"]).args(options);
        let finished = place.finish(&mut command, "");
        let message = finished.stderr_text();
        assert_eq!(finished.end, End::Exit(status), "{text}: {message}");
        assert!(message.contains(expected), "{text}: {message}");
        assert!(!place.path("libbad.a").exists() && !place.path("bad.h").exists());
    }
}

/// A frame that does not fit what is left below the limit of the stack cannot be.
#[test]
fn a_function_whose_frame_is_too_large() {
    let place = Place::new(Architecture::X86_64);
    let values = 17_500;
    let one = "(func $f (result v128) v128.const i64x2 0 0)";
    let mut text = format!("(module {one} (func (export \"f\") (result v128)\n");
    text += &"call $f\n".repeat(values);
    text += &"i8x16.add\n".repeat(values - 1);
    text += "))";
    fs::write(place.path("large.wat"), text).unwrap();
    let mut command = place.command(wasmc());
    command.args(["large.wat", "--emit", "staticlib", "-O0"]);
    let finished = place.finish(&mut command, "");
    let message = finished.stderr_text();
    assert_eq!(finished.end, End::Exit(3), "{message}");
    assert!(message.contains("bytes of stack, and 262144 are possible in a library"), "{message}");
}
