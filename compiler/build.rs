//! Builds the runtime library for each target that this toolchain can build for, and reduces each to one object.
//!
//! The compiler embeds the results (`src/runtime.rs`), so that an installed `wasmc` is one file. A target needs its
//! core library, nothing else: no C compiler, no linker. The host's architecture is always there; others are after,
//! for example, `rustup target add aarch64-unknown-linux-musl`. A `wasmc` without an architecture says so when asked
//! for it.
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
/// runtime.
const ARCHITECTURES: &[(&str, &[&str], &[&str])] =
    &[("x86_64", &["x86_64-unknown-linux-musl", "x86_64-unknown-linux-gnu", "x86_64-unknown-none"], &[])];

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

    let toolchain = Toolchain::of_this_build()?;
    let mut list = String::from("&[\n");
    for (architecture, targets, flags) in ARCHITECTURES {
        let Some(target) = targets.iter().find(|target| toolchain.has_core_library(target)) else {
            println!("cargo::warning=no core library for {architecture}: this wasmc will not compile for it");
            continue;
        };
        let archive = toolchain.build(&library, target, flags, &out.join("runtime"))?;
        let object = out.join(format!("runtime-{architecture}.o"));
        fs::write(&object, reduce::reduce(&fs::read(&archive)?)?)?;
        writeln!(list, "    ({architecture:?}, include_bytes!({object:?})),")?;
    }
    list.push_str("]\n");
    fs::write(out.join("runtime_objects.rs"), list)?;
    Ok(())
}

/// The programs that build this crate.
struct Toolchain {
    rustc: PathBuf,
    cargo: PathBuf,
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
        Ok(Toolchain { rustc: or("rustc", rustc), cargo: or("cargo", cargo) })
    }

    fn has_core_library(&self, target: &str) -> bool {
        let directory = output(Command::new(&self.rustc).args(["--print", "target-libdir", "--target", target]));
        let Ok(entries) = directory.and_then(|directory| Ok(fs::read_dir(directory)?)) else { return false };
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
    }

    /// Builds the archive; gives its path.
    fn build(
        &self,
        library: &Path,
        target: &str,
        flags: &[&str],
        target_dir: &Path,
    ) -> Result<PathBuf, Box<dyn Error>> {
        let mut command = Command::new(&self.cargo);
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if OUTER_SETTINGS.iter().any(|setting| name.starts_with(setting)) {
                command.env_remove(&*name);
            }
        }
        let flags: Vec<&str> = FLAGS.iter().chain(flags).copied().collect();
        command
            .args(["build", "--release", "--locked", "--quiet", "--target", target, "--target-dir"])
            .arg(target_dir)
            .current_dir(library)
            .env("RUSTC", &self.rustc)
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
            // An empty wrapper overrides one from a configuration file.
            .env("RUSTC_WRAPPER", "")
            .env("RUSTC_WORKSPACE_WRAPPER", "");
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
