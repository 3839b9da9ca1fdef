//! Builds the runtime library for each target that this toolchain can build for, and reduces each to one object.
//!
//! The compiler embeds the results (`src/runtime.rs`), so that an installed `wasmc` is one file. A target needs its
//! core library, nothing else: no C compiler, no linker. It comes from the first of these that there is:
//!
//! 1. the toolchain of this build: always for the host's architecture, for others after, for example,
//!    `rustup target add aarch64-unknown-linux-musl`;
//! 2. the source of the library in that toolchain, from which cargo builds it (`rustup component add rust-src`);
//! 3. the same two of the system's Rust (on Debian, `rustc-web` and `rust-web-src`), if it is not too old.
//!
//! A `wasmc` without an architecture says so when asked for it.
//!
//! The nested cargo is told everything that matters and shielded from the settings of the outer build: flags, wrappers,
//! profiles and target directories are those of the compiler, and none of the runtime's.

#[path = "build/reduce.rs"]
mod reduce;

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The architectures of the runtime library: name, targets that can serve (the first whose core library exists is
/// used), and flags. The targets of one row differ in nothing that the runtime uses: it has neither libc nor C
/// runtime, and so no functions for atomic operations that look at the CPU first.
const ARCHITECTURES: &[(&str, &[&str], &[&str])] = &[
    ("x86_64", &["x86_64-unknown-linux-musl", "x86_64-unknown-linux-gnu", "x86_64-unknown-none"], &[]),
    ("aarch64", &["aarch64-unknown-linux-musl", "aarch64-unknown-linux-gnu"], &["-Ctarget-feature=-outline-atomics"]),
];

/// The flavours of the runtime library: name, and features of the crate.
const FLAVOURS: [(&str, &str); 2] = [("runtime", ""), ("library", "library")];

/// Where distributions put their Rust.
const SYSTEM_RUSTC: &str = "/usr/bin/rustc";

/// Flags for every architecture.
///
/// `pie`: our own symbols are addressed directly, relative to the pc. Frame pointers: backtraces walk through host
/// functions. No unwind tables: nothing unwinds through the runtime.
const FLAGS: &[&str] = &["-Crelocation-model=pie", "-Cforce-frame-pointers=yes", "-Cforce-unwind-tables=no"];

/// Settings of the outer build that would reach the nested one: names, and prefixes of names.
const OUTER_SETTINGS: &[&str] = &[
    "CARGO_BUILD_",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "CARGO_UNSTABLE_",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

fn main() {
    if let Err(error) = build() {
        println!("cargo::error=the runtime library could not be built: {error}");
        std::process::exit(1);
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let library = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../runtime-lib");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    for input in ["Cargo.toml", "Cargo.lock", "src", "abi/Cargo.toml", "abi/src"] {
        println!("cargo::rerun-if-changed={}", library.join(input).display());
    }

    let this = Toolchain::of_this_build()?;
    // rustup's list of what is installed.
    let components = this.library_directory().join("components");
    if components.exists() {
        println!("cargo::rerun-if-changed={}", components.display());
    }
    let toolchains: Vec<Toolchain> = [Some(this), Toolchain::of_the_system()].into_iter().flatten().collect();

    let mut list = String::from("&[\n");
    for (architecture, targets, flags) in ARCHITECTURES {
        let directory = out.join(format!("runtime-{architecture}"));
        let mut objects = Vec::new();
        for (flavour, features) in FLAVOURS {
            let Some(archive) = build_archive(&toolchains, &library, targets, flags, features, &directory)? else {
                println!("cargo::warning=no core library for {architecture}: this wasmc will not compile for it");
                println!("cargo::warning=(`rustup target add {}` installs one)", targets[0]);
                break;
            };
            let object = out.join(format!("{flavour}-{architecture}.o"));
            fs::write(&object, reduce::reduce(&fs::read(&archive)?)?)?;
            objects.push(object);
        }
        if let [program, library] = &objects[..] {
            writeln!(list, "    ({architecture:?}, include_bytes!({program:?}), include_bytes!({library:?})),")?;
        }
    }
    list.push_str("]\n");
    fs::write(out.join("runtime_objects.rs"), list)?;
    Ok(())
}

/// Builds the archive for an architecture; gives its path, if there is a way.
fn build_archive(
    toolchains: &[Toolchain],
    library: &Path,
    targets: &[&str],
    flags: &[&str],
    features: &str,
    directory: &Path,
) -> Result<Option<PathBuf>, Box<dyn Error>> {
    for toolchain in toolchains {
        if let Some(target) = targets.iter().find(|target| toolchain.has_core_library(target)) {
            return toolchain.build(library, target, flags, features, directory, false).map(Some);
        }
        if toolchain.has_library_source() {
            // Cargo may want to ask a registry about the library's dependencies, and there may be none.
            match toolchain.build(library, targets[0], flags, features, directory, true) {
                Ok(archive) => return Ok(Some(archive)),
                Err(error) => println!("cargo::warning={error}"),
            }
        }
    }
    Ok(None)
}

/// The programs that build the runtime library.
struct Toolchain {
    rustc: PathBuf,
    cargo: PathBuf,
    sysroot: PathBuf,
}

impl Toolchain {
    /// Looks behind rustup's proxies: which toolchain they choose depends on the directory and on the environment.
    fn of_this_build() -> Result<Toolchain, Box<dyn Error>> {
        let rustc = PathBuf::from(env::var_os("RUSTC").ok_or("RUSTC is not set")?);
        let sysroot = PathBuf::from(output(Command::new(&rustc).args(["--print", "sysroot"]))?);
        let or = |name: &str, otherwise: PathBuf| {
            let path = sysroot.join("bin").join(name);
            if path.exists() { path } else { otherwise }
        };
        let cargo = PathBuf::from(env::var_os("CARGO").ok_or("CARGO is not set")?);
        Ok(Toolchain { rustc: or("rustc", rustc), cargo: or("cargo", cargo), sysroot })
    }

    /// The system's Rust, if it is recent enough, driven by the cargo of this build.
    fn of_the_system() -> Option<Toolchain> {
        let version = output(Command::new(SYSTEM_RUSTC).arg("--version")).ok()?;
        let parse = |version: &str| {
            let mut numbers = version.split('.').map(|number| number.parse::<u32>().ok());
            Some((numbers.next()??, numbers.next()??))
        };
        let found = parse(version.split(' ').nth(1)?)?;
        let needed = parse(&env::var("CARGO_PKG_RUST_VERSION").ok()?)?;
        let sysroot = output(Command::new(SYSTEM_RUSTC).args(["--print", "sysroot"])).ok()?;
        let cargo = Toolchain::of_this_build().ok()?.cargo;
        (found >= needed).then(|| Toolchain { rustc: SYSTEM_RUSTC.into(), cargo, sysroot: sysroot.into() })
    }

    fn library_directory(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib")
    }

    fn has_core_library(&self, target: &str) -> bool {
        let directory = output(Command::new(&self.rustc).args(["--print", "target-libdir", "--target", target]));
        let Ok(entries) = directory.and_then(|directory| Ok(fs::read_dir(directory)?)) else { return false };
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
    }

    fn has_library_source(&self) -> bool {
        self.library_directory().join("src/rust/library/core/src/lib.rs").is_file()
    }

    /// Builds the archive, and before it the core library if asked to; gives its path.
    fn build(
        &self,
        library: &Path,
        target: &str,
        flags: &[&str],
        features: &str,
        target_dir: &Path,
        with_core: bool,
    ) -> Result<PathBuf, Box<dyn Error>> {
        let mut command = Command::new(&self.cargo);
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if OUTER_SETTINGS.iter().any(|setting| name.starts_with(setting)) {
                command.env_remove(&*name);
            }
        }
        // Paths of this machine in panics of dependencies would make what programs contain depend on it.
        let remapped = cargo_home().map(|home| format!("--remap-path-prefix={}=cargo", home.display()));
        let flags: Vec<&str> = FLAGS.iter().chain(flags).copied().chain(remapped.as_deref()).collect();
        command
            .args(["build", "--release", "--locked", "--quiet", "--features", features, "--target", target])
            .arg("--target-dir")
            .arg(target_dir)
            .current_dir(library)
            .env("RUSTC", &self.rustc)
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
            // An empty wrapper overrides one from a configuration file.
            .env("RUSTC_WRAPPER", "")
            .env("RUSTC_WORKSPACE_WRAPPER", "");
        if with_core {
            // The option is not stable; what it does with these two crates has not changed for years.
            command.arg("-Zbuild-std=core,compiler_builtins").env("RUSTC_BOOTSTRAP", "1");
        }
        if !command.status()?.success() {
            return Err(format!("`cargo build --target {target}` failed in {}", library.display()).into());
        }
        Ok(target_dir.join(target).join("release/libwasmc_runtime.a"))
    }
}

/// What a program writes to standard output, without the line's end.
fn output(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed").into());
    }
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

/// Where cargo keeps the sources of dependencies (<https://doc.rust-lang.org/cargo/guide/cargo-home.html>).
fn cargo_home() -> Option<PathBuf> {
    let of_user = || Some(env::home_dir()?.join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(of_user)
}
