//! The `wasmc` command. All of it is in [`wasmc::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    wasmc::cli::main()
}
