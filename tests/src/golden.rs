//! Texts that a test compares with. `WASMC_BLESS=1` in the environment rewrites them.

use similar::{ChangeTag, TextDiff};

/// Whether goldens shall be rewritten.
pub fn is_blessing() -> bool {
    std::env::var_os("WASMC_BLESS").is_some_and(|value| value == "1")
}

/// The lines that differ, with three lines around each.
pub fn difference(expected: &str, actual: &str) -> String {
    let diff = TextDiff::from_lines(expected, actual);
    let mut text = String::new();
    for group in diff.grouped_ops(3) {
        text += "  …\n";
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            text += &format!("  {sign} {}", change.value());
            if !change.value().ends_with('\n') {
                text.push('\n');
            }
        }
    }
    text
}
