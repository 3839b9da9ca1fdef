//! `wasmc inspect`: the note of an executable (see [`wasmc_abi::grants`]), as text or JSON.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use object::LittleEndian;
use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader as _, ProgramHeader as _};
use serde_json::Value;
use wasmc_abi::cpu::Level;
use wasmc_abi::grants::{INHERIT_ENVIRONMENT, NOTE_TYPE, Note, OWNER, SEALED, tag};

use crate::error::{Error, Result};

pub fn inspect(path: &Path, json: bool) -> Result<()> {
    let name = path.display();
    let bytes = std::fs::read(path).map_err(|error| Error::invalid(format!("cannot read {name}: {error}")))?;
    let note = find_note(&bytes).ok_or_else(|| Error::invalid(format!("{name} is not an executable made by wasmc")))?;
    let note =
        Note::parse(note).ok_or_else(|| Error::unsupported(format!("{name} was made by another version of wasmc")))?;
    let facts = facts(note);
    let text = if json { as_json(&facts) } else { as_text(&facts) };
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Error::invalid(format!("cannot write to standard output: {error}")))
}

/// The descriptor of our note.
fn find_note(bytes: &[u8]) -> Option<&[u8]> {
    let header = FileHeader64::<LittleEndian>::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    for segment in header.program_headers(endian, bytes).ok()? {
        let Ok(Some(mut notes)) = segment.notes(endian, bytes) else { continue };
        while let Ok(Some(note)) = notes.next() {
            if note.name_bytes() == OWNER && note.n_type(endian) == NOTE_TYPE {
                return Some(note.desc());
            }
        }
    }
    None
}

/// What is told about an executable.
enum Fact {
    Text(String),
    Number(u64),
    Flag(bool),
    List(Vec<String>),
}

fn facts(note: Note<'_>) -> Vec<(&'static str, Fact)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let list = |tag: u32| Fact::List(note.items(tag).map(text).collect());
    let architecture = match u16::try_from(note.machine) {
        Ok(elf::EM_X86_64) => "x86_64-unknown-linux".to_owned(),
        Ok(elf::EM_AARCH64) => "aarch64-unknown-linux".to_owned(),
        _ => format!("machine {}", note.machine),
    };
    let cpu =
        Level::from_number(note.cpu_level).map_or_else(|| note.cpu_level.to_string(), |cpu| cpu.name().to_owned());
    let mut facts = vec![
        ("target", Fact::Text(architecture)),
        ("cpu", Fact::Text(cpu)),
        ("sealed", Fact::Flag(note.flags & SEALED != 0)),
        ("directories", list(tag::DIRECTORY)),
        ("embedded", Fact::List(note.items(tag::EMBEDDED).map(embedded).collect())),
        ("environment", list(tag::VARIABLE)),
        ("inherit-environment", Fact::Flag(note.flags & INHERIT_ENVIRONMENT != 0)),
        ("listeners", list(tag::LISTENER)),
        ("max-memory", Fact::Number(note.max_memory)),
    ];
    let max_threads = note.items(tag::MAX_THREADS).next().and_then(|number| text(number).parse().ok());
    facts.extend(max_threads.map(|number| ("max-threads", Fact::Number(number))));
    if let Some(arg0) = note.items(tag::ARG0).next() {
        facts.push(("arg0", Fact::Text(text(arg0))));
    }
    facts.push(("memories", list(tag::MEMORY)));
    facts.push(("imports", list(tag::IMPORT)));
    facts.push(("exports", list(tag::EXPORT)));
    facts
}

/// `FILES BYTES GUEST` as a sentence.
fn embedded(item: &[u8]) -> String {
    let text = String::from_utf8_lossy(item);
    let mut parts = text.splitn(3, ' ');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(files), Some(bytes), Some(guest)) => format!("{guest}: files: {files}, bytes: {bytes}"),
        _ => text.into_owned(),
    }
}

/// A line for each fact, and one for each member of a list.
fn as_text(facts: &[(&str, Fact)]) -> String {
    // Names come from the module, and shall not reach a terminal as commands.
    let plain = |text: &str| text.replace(char::is_control, "?");
    let mut out = String::new();
    for (name, fact) in facts {
        let value = match fact {
            Fact::Text(text) => plain(text),
            Fact::Number(number) => number.to_string(),
            Fact::Flag(flag) => (if *flag { "yes" } else { "no" }).to_owned(),
            Fact::List(list) if list.is_empty() => "none".to_owned(),
            Fact::List(list) => list.iter().fold(String::new(), |text, item| text + "\n  " + &plain(item)),
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
        };
        ((*name).to_owned(), value)
    });
    format!("{:#}\n", Value::Object(members.collect()))
}
