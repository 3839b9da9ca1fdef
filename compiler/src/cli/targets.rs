//! `wasmc targets`: a line for each architecture that this `wasmc` can compile for.
//!
//! ```text
//!   x86_64-unknown-linux   x86-64 x86-64-v2 (default) x86-64-v3 x86-64-v4
//!   aarch64-unknown-linux  armv8-a (default) armv8.1-a armv8.4-a armv8.6-a
//! ```

use std::fmt::Write as _;

use super::output;
use crate::error::Result;
use crate::options::Architecture;
use crate::runtime;

/// Prints the list.
pub fn list() -> Result<()> {
    let mut text = String::new();
    for &architecture in Architecture::ALL {
        let _ = write!(text, "{:<22}", format!("{}-unknown-linux", architecture.name()));
        for &level in architecture.levels() {
            let mark = if level == architecture.default_level() { " (default)" } else { "" };
            let _ = write!(text, " {}{mark}", level.name());
        }
        text += "\n";
        if let Err(error) = runtime::runtime_object(architecture, runtime::Flavour::Program) {
            let _ = writeln!(text, "  not available: {}", error.message());
        }
    }
    output::print(text.as_bytes())
}
