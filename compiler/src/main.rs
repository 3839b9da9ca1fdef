//! The `wasmc` command. All of it is in [`wasmc::cli`].

use std::process::ExitCode;

/// Releases are linked with musl, whose own allocator takes much of the compiler's time (RATIONALE.md). The choice
/// is the program's: whoever uses the crate makes their own.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    wasmc::cli::main()
}
