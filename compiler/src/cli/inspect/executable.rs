//! What the note of an executable says (see [`wasmc_abi::grants`]).

use object::LittleEndian;
use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader as _, ProgramHeader as _};
use wasmc_abi::cpu::Level;
use wasmc_abi::grants::{INHERIT_ENVIRONMENT, NOTE_TYPE, Note, OWNER, SEALED, tag};

use super::Fact;
use crate::error::{Error, Result};

/// Of an executable with a note of ours. `None` if it has none.
pub fn facts(executable: &[u8]) -> Option<Result<Vec<(&'static str, Fact)>>> {
    let note = Note::parse(find_note(executable)?);
    Some(note.map(describe).ok_or_else(|| Error::unsupported("it was made by another version of wasmc")))
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

fn describe(note: Note<'_>) -> Vec<(&'static str, Fact)> {
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
