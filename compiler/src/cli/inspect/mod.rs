//! `wasmc inspect`: what a module needs, what an executable was granted, and what takes how much of them, and
//! what a profile says; as text or JSON.

mod executable;
mod module;
mod profile;
mod sizes;

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use wasmc_abi::profile::MAGIC;

use super::{looks_binary, mask, output, parse_text, read_file};
use crate::error::{Error, Result};
use profile::Heat;

/// Prints what there is to tell of a file.
pub fn inspect(path: &Path, json: bool) -> Result<()> {
    let name = path.display();
    let bytes = read_file(path)?;
    let facts = if bytes.starts_with(b"\0asm") {
        module::facts(&bytes)
    } else if bytes.starts_with(&MAGIC) {
        profile::facts(&bytes)
    } else if looks_binary(&bytes) || bytes.starts_with(ARCHIVE) {
        let neither =
            || Error::invalid("it is neither a WebAssembly module nor an executable, object or profile made by wasmc");
        executable::facts(&bytes).unwrap_or_else(|| Err(neither()))
    } else {
        module::facts(&parse_text(path, &bytes)?)
    };
    let facts = facts.map_err(|error| error.in_module(name.to_string()))?;
    let text = if json { as_json(&facts) } else { as_text(&facts) };
    output::print(text.as_bytes())
}

/// What archives begin with, though it is text.
const ARCHIVE: &[u8] = b"!<arch>\n";

/// What is told about a file.
enum Fact {
    Text(String),
    Number(u64),
    Flag(bool),
    List(Vec<String>),
    /// Parts, and how many bytes each has.
    Sizes(Vec<(String, u64)>),
    /// Functions, the hottest first.
    Heat(Vec<Heat>),
}

/// So many parts are told as text; JSON has all of them.
const SHOWN_PARTS: usize = 20;

/// A line for each fact, and one for each member of a list.
fn as_text(facts: &[(&str, Fact)]) -> String {
    // Names come from the module, and shall not reach a terminal as commands.
    let plain = |text: &str| mask(text).replace('\n', "\u{fffd}");
    let mut out = String::new();
    for (name, fact) in facts {
        let value = match fact {
            Fact::Text(text) => plain(text),
            Fact::Number(number) => number.to_string(),
            Fact::Flag(flag) => (if *flag { "yes" } else { "no" }).to_owned(),
            Fact::List(list) if list.is_empty() => "none".to_owned(),
            Fact::List(list) => list.iter().fold(String::new(), |text, item| text + "\n  " + &plain(item)),
            Fact::Sizes(parts) => {
                let total: u128 = parts.iter().map(|(_, bytes)| u128::from(*bytes)).sum();
                let mut text = format!("{} with {total} bytes", parts.len());
                for (name, bytes) in parts.iter().take(SHOWN_PARTS) {
                    let _ = write!(text, "\n  {bytes:>10} {}", plain(name));
                }
                if parts.len() > SHOWN_PARTS {
                    text.push_str("\n             …");
                }
                text
            }
            Fact::Heat(functions) => {
                let mut text = "\n      executed        calls".to_owned();
                for Heat { name, calls, executed, .. } in functions.iter().take(SHOWN_PARTS) {
                    let _ = write!(text, "\n  {executed:>12} {calls:>12}  {}", plain(name));
                }
                if functions.len() > SHOWN_PARTS {
                    text.push_str("\n             …");
                }
                text
            }
        };
        let space = if value.starts_with('\n') { "" } else { " " };
        let _ = writeln!(out, "{name}:{space}{value}");
    }
    out
}

fn as_json(facts: &[(&str, Fact)]) -> String {
    let members = facts.iter().map(|(name, fact)| {
        let value = match fact {
            Fact::Text(text) => Value::from(text.as_str()),
            Fact::Number(number) => Value::from(*number),
            Fact::Flag(flag) => Value::from(*flag),
            Fact::List(list) => Value::from(list.as_slice()),
            Fact::Sizes(parts) => parts.iter().map(|(name, bytes)| json!({ "name": name, "bytes": bytes })).collect(),
            Fact::Heat(functions) => functions.iter().map(Heat::as_json).collect(),
        };
        ((*name).to_owned(), value)
    });
    format!("{:#}\n", Value::Object(members.collect()))
}
