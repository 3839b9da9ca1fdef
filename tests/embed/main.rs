//! Embedded trees: that a program sees in one what it sees in a read-only grant of the same directory, what becomes of
//! it on the way into the executable, and what is refused.
//!
//! `probe.wasm` is made from `probe.c`, which says what it does, by the C compiler of the PyPI package ziglang 0.17.0:
//! `python3 -m ziglang cc -Os -s -std=c11 -Wall -Wextra -Werror --target=wasm32-wasi probe.c -o probe.wasm`

use std::fs;
use std::ops::Deref;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use object::read::elf::{ElfFile64, ProgramHeader as _};
use object::{LittleEndian as LE, Object as _, ObjectSection as _, elf};
use wasmc_tests::command::wasmc;
use wasmc_tests::place;
use wasmc_tests::process::{End, Finished};

/// A program that does nothing.
const EMPTY: &str = "(module (memory (export \"memory\") 1) (func (export \"_start\")))";

fn probe() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("embed/probe.wasm")
}

/// A directory for one test, with trees.
struct Place(place::Place);

impl Deref for Place {
    type Target = place::Place;

    fn deref(&self) -> &place::Place {
        &self.0
    }
}

impl Place {
    fn new() -> Place {
        Place(place::Place::new())
    }

    fn link(&self, name: &str, target: &str) {
        symlink(target, self.path(name)).unwrap();
    }

    /// The tree that the probe knows.
    fn write_tree(&self) {
        self.write("t/a.txt", (0..3000).map(|i| b'a' + (i * i / 7 % 26) as u8).collect::<Vec<u8>>());
        self.write("t/empty", "");
        self.write("t/d/e/f.txt", "inner\n");
        for (name, target) in [
            ("to-file", "a.txt"),
            ("to-dir", "d"),
            ("chain", "to-file"),
            ("slash", "d/"),
            ("up", "d/e/../up"),
            ("dangling", "nowhere"),
            ("loop", "loop"),
            ("d/up", "../a.txt"),
            ("d/e/up", "../up"),
            ("d/e/top", "../../a.txt"),
        ] {
            self.link(&format!("t/{name}"), target);
        }
    }

    fn compile_with(&self, input: &Path, output: &str, change: impl FnOnce(&mut Command)) -> Finished {
        let mut command = self.command(wasmc());
        command.env_clear().arg(input).arg("-o").arg(output).arg("-O0");
        change(&mut command);
        self.finish(&mut command, "")
    }

    /// Compiles, which must succeed; gives the executable.
    fn compile(&self, input: &Path, output: &str, flags: &[&str]) -> Vec<u8> {
        let finished = self.compile_with(input, output, |command| {
            command.args(flags);
        });
        assert_eq!((finished.end, finished.stderr_text().as_str()), (End::Exit(0), ""), "{flags:?}");
        fs::read(self.path(output)).unwrap()
    }

    /// A program that does nothing, with trees; gives the executable.
    fn compile_empty(&self, output: &str, flags: &[&str]) -> Vec<u8> {
        self.write("empty.wat", EMPTY);
        self.compile(&self.path("empty.wat"), output, flags)
    }

    /// What a program prints that has no environment.
    fn printed(&self, name: &str) -> String {
        let finished = self.finish(self.command(self.path(name)).env_clear(), "");
        assert_eq!((finished.end, finished.stderr_text().as_str()), (End::Exit(0), ""), "{name}");
        finished.stdout_text()
    }
}

fn assert_same_lines(one: &str, other: &str) {
    for (number, (one, other)) in one.lines().zip(other.lines()).enumerate() {
        assert_eq!(one, other, "line {}", number + 1);
    }
    assert_eq!(one.lines().count(), other.lines().count());
}

#[test]
fn a_tree_is_like_a_read_only_grant() {
    let place = Place::new();
    place.write_tree();
    place.write("o/mine", "mine\n");
    let compile = |name: &str, flags: &[&str]| place.compile(&probe(), name, &[&["--dir=o::/o"], flags].concat());
    compile("granted", &["--dir=t::/t:ro"]);
    compile("walked", &["--dir=t::/t:ro", "--walk-paths"]);
    compile("embedded", &["--embed=t::/t"]);

    let granted = place.printed("granted");
    assert!(granted.lines().count() > 8000, "the probe has asked too little");
    assert_same_lines(&granted, &place.printed("walked"));
    // It must not be the directory itself that is seen.
    fs::rename(place.path("t"), place.path("gone")).unwrap();
    assert_same_lines(&granted, &place.printed("embedded"));
    assert_eq!(fs::read_dir(place.path("o")).unwrap().count(), 1, "nothing came to the other directory");
}

/// Neither filter nor Landlock is in the way, where the kernel has them.
#[test]
fn hardening_needs_nothing_for_it() {
    let place = Place::new();
    place.write_tree();
    place.write("o/mine", "mine\n");
    place.compile(&probe(), "hardened", &["--dir=o::/o", "--embed=t::/t", "--harden=auto", "--sealed"]);
    place.compile(&probe(), "plain", &["--dir=o::/o", "--embed=t::/t", "--no-harden"]);
    assert_same_lines(&place.printed("plain"), &place.printed("hardened"));
}

/// Order of entries, times, owners, place and number of threads do not matter; names and contents do.
#[test]
fn the_same_tree_gives_the_same_bytes() {
    let place = Place::new();
    place.write_tree();
    let first = place.compile_empty("first", &["--embed=t", "-j1"]);
    assert!(first == place.compile_empty("second", &["--embed=t", "-j2"]), "threads matter");

    // The same files made in another order, at another time.
    let other = Place::new();
    for (name, target) in [("d/e/top", "../../a.txt"), ("d/e/up", "../up"), ("d/up", "../a.txt")] {
        fs::create_dir_all(other.path("t/d/e")).unwrap();
        other.link(&format!("t/{name}"), target);
    }
    for name in ["up", "slash", "loop", "dangling", "chain", "to-dir", "to-file"] {
        other.link(&format!("t/{name}"), fs::read_link(place.path("t").join(name)).unwrap().to_str().unwrap());
    }
    for name in ["d/e/f.txt", "empty", "a.txt"] {
        other.write(&format!("t/{name}"), fs::read(place.path("t").join(name)).unwrap());
        let file = fs::File::options().write(true).open(other.path("t").join(name)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)).unwrap();
    }
    assert!(first == other.compile_empty("first", &["--embed=t"]), "the file system matters");

    other.write("t/a.txt", "other");
    assert!(first != other.compile_empty("first", &["--embed=t"]), "contents do not matter");
}

#[test]
fn the_time_is_that_of_the_build() {
    let place = Place::new();
    place.write("t/f", "");
    place.write("empty.wat", EMPTY);
    let compile = |time: &str| {
        place.compile_with(&place.path("empty.wat"), "out", |command| {
            command.arg("--embed=t").env("SOURCE_DATE_EPOCH", time);
        })
    };
    assert_eq!(compile("1234567890").end, End::Exit(0));
    let executable = fs::read(place.path("out")).unwrap();
    let block = embedded(&executable);
    assert_eq!(wasmc_abi::embed::Tree::new(block).unwrap().time, 1_234_567_890);
    let refused = compile("yesterday");
    assert_eq!(refused.end, End::Exit(2));
    assert!(refused.stderr_text().contains("SOURCE_DATE_EPOCH"), "{}", refused.stderr_text());
}

/// The section of embedded files.
fn embedded(executable: &[u8]) -> &[u8] {
    let file = ElfFile64::<LE>::parse(executable).unwrap();
    file.section_by_name(wasmc_abi::embed::SECTION).expect("there are embedded files").data().unwrap()
}

fn occurrences(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).filter(|window| *window == wanted).count()
}

#[test]
fn contents_are_stored_once_and_read_only() {
    let place = Place::new();
    let big: Vec<u8> = (0..200_000u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let mut last_differs = big.clone();
    *last_differs.last_mut().unwrap() ^= 1;
    for name in ["a/one", "a/two", "b/three", "four"] {
        place.write(&format!("t/{name}"), &big);
    }
    fs::hard_link(place.path("t/four"), place.path("t/five")).unwrap();
    place.write("u/six", &big);
    place.write("t/other", &last_differs);
    let executable = place.compile_empty("out", &["--embed=t", "--embed=u"]);
    assert_eq!(occurrences(&executable, &big[..1000]), 2);
    assert_eq!(occurrences(&executable, &big[big.len() - 1000..]), 1);

    let file = ElfFile64::<LE>::parse(&*executable).unwrap();
    let section = file.section_by_name(wasmc_abi::embed::SECTION).unwrap();
    let segments: Vec<_> = file
        .elf_program_headers()
        .iter()
        .filter(|segment| segment.p_type(LE) == elf::PT_LOAD)
        .filter(|segment| segment.p_vaddr(LE) <= section.address())
        .filter(|segment| section.address() < segment.p_vaddr(LE) + segment.p_memsz(LE))
        .collect();
    let [segment] = segments[..] else { panic!("the section is in one segment") };
    assert_eq!(segment.p_flags(LE), elf::PF_R);
    let others = file.sections().filter(|other| other.address() != section.address() && other.size() != 0);
    let end = segment.p_vaddr(LE) + segment.p_memsz(LE);
    assert!(others.into_iter().all(|other| !(segment.p_vaddr(LE)..end).contains(&other.address())));
}

#[test]
fn inspect_tells_of_trees() {
    let place = Place::new();
    place.write_tree();
    place.write("u/x", "12345");
    place.compile_empty("out", &["--embed=t::/lib", "--embed=u"]);
    let said = place.wasmc(&["inspect", "out"]);
    let expected = "embedded:\n  /lib: files: 3, bytes: 3006\n  u: files: 1, bytes: 5\n";
    assert!(said.contains(expected), "{said}");
}

/// A program without trees has neither a place for them nor the code that finds files in them.
#[test]
fn other_programs_have_none_of_it() {
    let place = Place::new();
    place.write("t/f", "");
    let code = |flags: &[&str]| {
        let executable = place.compile(&probe(), "out", flags);
        let file = ElfFile64::<LE>::parse(&*executable).unwrap();
        let has_section = file.section_by_name(wasmc_abi::embed::SECTION).is_some();
        let has_code = occurrences(&executable, wasmc_abi::symbols::EMBED.as_bytes()) > 0;
        (has_section, has_code)
    };
    assert_eq!(code(&[]), (false, false));
    assert_eq!(code(&["--dir=t"]), (false, false));
    assert_eq!(code(&["--embed=t"]), (true, true));
}

/// An object file has the contents, too, for other linkers.
#[test]
fn objects_hold_the_files() {
    let place = Place::new();
    place.write("t/f", "what the object holds");
    place.write("empty.wat", EMPTY);
    let object = place.compile(&place.path("empty.wat"), "out.o", &["--embed=t", "--emit=obj"]);
    assert_eq!(occurrences(&object, b"what the object holds"), 1);
}

fn refusal(place: &Place, flags: &[&str]) -> (End, String) {
    place.write("empty.wat", EMPTY);
    let finished = place.compile_with(&place.path("empty.wat"), "out", |command| {
        command.args(flags);
    });
    assert!(!place.path("out").exists(), "{flags:?} left an executable");
    let text = finished.stderr_text();
    assert_eq!(text.lines().count(), 1, "{text}");
    (finished.end, text)
}

#[test]
fn what_cannot_be_embedded_is_named() {
    let place = Place::new();
    place.write("file", "");
    let expect = |flag: &str, status: i32, parts: &[&str]| {
        let (end, text) = refusal(&place, &[flag]);
        assert_eq!(end, End::Exit(status), "{flag}: {text}");
        for part in parts {
            assert!(text.contains(part), "{flag}: {text}");
        }
    };
    expect("--embed=", 2, &["HOST[::GUEST]"]);
    expect("--embed=::/t", 2, &["HOST[::GUEST]"]);
    expect("--embed=t::", 2, &["HOST[::GUEST]"]);
    expect("--embed=missing::/t", 1, &["missing", "No such file"]);
    expect("--embed=file", 1, &["file", "not a directory"]);

    for (number, target) in ["/etc/passwd", "..", "../file", "d/../../file"].into_iter().enumerate() {
        place.write(&format!("absolute{number}/f"), "");
        place.link(&format!("absolute{number}/link"), target);
        let name = format!("absolute{number}/link");
        expect(&format!("--embed=absolute{number}"), 1, &[&name, "leads out of the tree", target]);
    }
    place.write("sockets/f", "");
    let _listener = UnixListener::bind(place.path("sockets/socket")).unwrap();
    expect("--embed=sockets", 1, &["sockets/socket", "a socket"]);

    fs::create_dir(place.path("fifos")).unwrap();
    let made = Command::new("mkfifo").arg(place.path("fifos/fifo")).status().unwrap();
    assert!(made.success());
    expect("--embed=fifos", 1, &["fifos/fifo", "a FIFO"]);
    expect("--embed=/dev::/dev", 1, &["/dev/"]);
}

/// The tree itself may be named by a link, and several may have files in common.
#[test]
fn trees_are_mounted_in_order_behind_granted_directories() {
    let place = Place::new();
    place.write_tree();
    place.write("o/mine", "mine\n");
    place.link("alias", "t");
    place.compile(&probe(), "one", &["--dir=o::/o", "--embed=t::/t"]);
    place.compile(&probe(), "other", &["--embed=alias::/t", "--embed=o::/x", "--embed=t::/t", "--dir=o::/o"]);
    assert_same_lines(&place.printed("one"), &place.printed("other"));
}
