//! What the note of an executable or object says (see [`wasmc_abi::grants`]).

use object::LittleEndian;
use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader as _, ProgramHeader as _, SectionHeader as _};
use wasmc_abi::cpu::Level;
use wasmc_abi::grants::{INHERIT_ENVIRONMENT, NOTE_TYPE, Note, OWNER, SEALED, tag};

use super::{Fact, sizes};
use crate::error::{Error, Result};

/// Of an executable or object with a note of ours. `None` if it has none.
pub fn facts(file: &[u8]) -> Option<Result<Vec<(&'static str, Fact)>>> {
    let Some(note) = Note::parse(find_note(file)?) else {
        return Some(Err(Error::unsupported("it was made by another version of wasmc")));
    };
    let mut facts = describe(note);
    facts.extend(sizes::of_elf(file));
    Some(Ok(facts))
}

/// The descriptor of our note.
fn find_note(bytes: &[u8]) -> Option<&[u8]> {
    let header = FileHeader64::<LittleEndian>::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, bytes).ok()?.iter();
    let of_segments = segments.filter_map(|segment| segment.notes(endian, bytes).ok()?);
    // Objects have sections only, and executables that were stripped by some tools segments only.
    let sections = header.sections(endian, bytes).ok().into_iter().flat_map(|sections| sections.iter());
    let of_sections = sections.filter_map(|section| section.notes(endian, bytes).ok()?);
    let notes = of_segments.chain(of_sections).flat_map(|mut notes| std::iter::from_fn(move || notes.next().ok()?));
    let is_ours = |note: &NoteOf<'_>| note.name_bytes() == OWNER && note.n_type(endian) == NOTE_TYPE;
    notes.filter(is_ours).map(|note| note.desc()).next()
}

type NoteOf<'a> = object::read::elf::Note<'a, FileHeader64<LittleEndian>>;

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
