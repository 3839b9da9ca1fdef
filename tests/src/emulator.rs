//! Runs executables for any architecture: those for another than this machine's in QEMU's user mode.
//!
//! What QEMU (7.2) does not emulate, and what stands in for it:
//!
//! | not emulated           | seen as                        | tested by                                            |
//! |------------------------|--------------------------------|------------------------------------------------------|
//! | seccomp, Landlock      | calls that do not exist, so    | `object/filter.rs`, which runs the filters of both   |
//! |                        | that `--harden=auto` goes on   | machines                                             |
//! | `openat2`              | the same: all paths are walked | natively; the runtime's code names no architecture   |
//! | pages of 16 and 64 KiB | always 4 KiB                   | the layout of segments, in `link/tests.rs`           |

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use wasmc::options::{Architecture, Cpu};

use crate::command::not_tested;

/// All architectures, this machine's first.
pub fn architectures() -> Vec<Architecture> {
    let mut architectures = Architecture::ALL.to_vec();
    architectures.sort_by_key(|&architecture| !is_native(architecture));
    architectures
}

/// The architectures that need an emulator here.
pub fn foreign() -> impl Iterator<Item = Architecture> {
    Architecture::ALL.iter().copied().filter(|&architecture| !is_native(architecture))
}

pub fn is_native(architecture: Architecture) -> bool {
    Architecture::host() == Some(architecture)
}

/// Whether executables for an architecture can be run here; says so if they cannot. Tests that need to are ignored
/// then, so that the summary counts them.
///
/// # Panics
///
/// Where all tools must be: see [`not_tested`].
pub fn can_run(architecture: Architecture) -> bool {
    is_native(architecture) || emulator(architecture).is_some()
}

/// The CPU with the most instructions that can be run here: QEMU emulates everything that we can ask for.
pub fn best_cpu(architecture: Architecture) -> Cpu {
    let highest = architecture.levels().last().copied().map_or(Cpu::Default, Cpu::Level);
    if is_native(architecture) { Cpu::Native } else { highest }
}

/// A command that runs an executable. Arguments that are added are the executable's.
///
/// # Panics
///
/// If there is no emulator: see [`can_run`].
pub fn command(architecture: Architecture, executable: &Path) -> Command {
    if is_native(architecture) {
        return Command::new(executable);
    }
    let emulator = emulator(architecture).unwrap_or_else(|| panic!("no QEMU for {}", architecture.name()));
    let mut command = Command::new(emulator);
    command.arg(executable);
    command
}

/// QEMU for an architecture: Debian's name for the static one, or everybody's.
fn emulator(architecture: Architecture) -> Option<PathBuf> {
    static FOUND: OnceLock<Vec<(Architecture, PathBuf)>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let find = |architecture: Architecture| {
            let name = architecture.name();
            let names = [format!("qemu-{name}-static"), format!("qemu-{name}")];
            let directories: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
            let mut paths = names.iter().flat_map(|name| directories.iter().map(move |directory| directory.join(name)));
            let found = paths.find(|path| path.is_file());
            if found.is_none() {
                not_tested(&format!("programs for {name}, which take {}", names[0]));
            }
            Some((architecture, found?))
        };
        foreign().filter_map(find).collect()
    });
    found.iter().find(|(of, _)| *of == architecture).map(|(_, path)| path.clone())
}
