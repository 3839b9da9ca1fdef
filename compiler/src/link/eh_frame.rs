//! Unwind entries live and die with their functions.
//!
//! `.eh_frame` is a list of records: common parts (CIEs), and for each function an FDE that refers back to its CIE by
//! distance. One section describes the functions of many, so that it can be neither kept nor dropped as a whole:
//! records of dead functions are cut out, and the distances mended.
//!
//! ```text
//!   CIE  length:u32  0:u32         …                 may refer to a personality function
//!   FDE  length:u32  distance:u32  function:i32 …    may refer to a table of landing pads
//!   end  0:u32
//! ```

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use cranelift_entity::{EntityRef, EntitySet, SecondaryMap};

use crate::object::unit::{Relocation, Section, SectionId, SectionKind, Unit};

use super::error::LinkError;
use super::resolve::{LinkerSections, Places};

/// Of all records, in bytes. Sections that are made of them follow each other without padding, which would read as the
/// end.
pub const ALIGN: u64 = 4;

/// From the start of an FDE to the address of its function, in bytes.
const FUNCTION_FIELD: usize = 8;

/// The records of all `.eh_frame` sections.
pub struct Frames {
    sections: Vec<(SectionId, Vec<Record>)>,
    /// By the section of a function: what its unwind entries refer to beside it.
    needs: SecondaryMap<SectionId, Vec<SectionId>>,
}

struct Record {
    bytes: Range<usize>,
    /// Indices into the section's relocations.
    relocations: Range<usize>,
    kind: RecordKind,
}

#[derive(Clone, Copy)]
enum RecordKind {
    Cie,
    /// `cie` is an index into the section's records. Without `function`, it describes nothing that is left.
    Fde {
        cie: usize,
        function: Option<SectionId>,
    },
}

impl Frames {
    /// Sections that must be live if `function` is.
    pub fn needed_by(&self, function: SectionId) -> &[SectionId] {
        &self.needs[function]
    }
}

pub fn parse(unit: &Unit<'_>, linker: &LinkerSections, places: &Places) -> Result<Frames, LinkError> {
    let mut frames = Frames { sections: Vec::new(), needs: SecondaryMap::new() };
    for (id, section) in &unit.sections {
        if section.kind != SectionKind::EhFrame || id == linker.eh_frame_end {
            continue;
        }
        let records = parse_section(section, places)
            .map_err(|what| LinkError::Malformed { section: section.name.clone().into_owned(), what })?;
        for record in &records {
            let RecordKind::Fde { cie, function: Some(function) } = record.kind else { continue };
            let of_cie = &section.relocations[records[cie].relocations.clone()];
            // The first one is the function itself.
            let of_fde = &section.relocations[record.relocations.clone()][1..];
            let needed = of_cie.iter().chain(of_fde).filter_map(|relocation| places[relocation.symbol]);
            for (target, _) in needed {
                frames.needs[function].push(target);
            }
        }
        frames.sections.push((id, records));
    }
    Ok(frames)
}

fn parse_section(section: &Section<'_>, places: &Places) -> Result<Vec<Record>, &'static str> {
    let word = |offset: usize| {
        let bytes = section.data.get(offset..offset + 4).ok_or("an unwind entry is cut off")?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    };
    let mut records: Vec<Record> = Vec::new();
    let mut cies = HashMap::new();
    let mut start = 0;
    let mut relocation = 0;
    while start < section.data.len() {
        let length = word(start)?;
        if length == 0 {
            break;
        }
        // 0xffff_ffff stands for a 64-bit length, which no compiler writes here.
        let end = start + 4 + length;
        if length < 4 || length % ALIGN as usize != 0 || end > section.data.len() {
            return Err("the length of an unwind entry");
        }
        let first = relocation;
        while section.relocations.get(relocation).is_some_and(|r| (r.offset as usize) < end) {
            relocation += 1;
        }

        let distance = word(start + 4)?;
        let kind = if distance == 0 {
            cies.insert(start, records.len());
            RecordKind::Cie
        } else {
            let cie = (start + 4).checked_sub(distance).and_then(|cie| cies.get(&cie));
            let function = section.relocations[first..relocation]
                .first()
                .filter(|r| r.offset as usize == start + FUNCTION_FIELD)
                .and_then(|r| places[r.symbol]);
            RecordKind::Fde {
                cie: *cie.ok_or("an unwind entry without common part")?,
                function: function.map(|(section, _)| section),
            }
        };
        records.push(Record { bytes: start..end, relocations: first..relocation, kind });
        start = end;
    }
    Ok(records)
}

/// Cuts out the records of functions that are not `live`, and makes live what remains.
pub fn prune(unit: &mut Unit<'_>, linker: &LinkerSections, frames: &Frames, live: &mut EntitySet<SectionId>) {
    for (id, records) in &frames.sections {
        let mut keep: EntitySet<RecordIndex> = EntitySet::with_capacity(records.len());
        let mut kept_bytes = 0;
        for (index, record) in records.iter().enumerate() {
            if let RecordKind::Fde { cie, function: Some(function) } = record.kind
                && live.contains(function)
            {
                for index in [cie, index] {
                    if keep.insert(RecordIndex::new(index)) {
                        kept_bytes += records[index].bytes.len();
                    }
                }
            }
        }
        if kept_bytes == 0 {
            continue;
        }
        live.insert(*id);
        live.insert(linker.eh_frame_end);
        let section = &mut unit.sections[*id];
        section.align = ALIGN;
        if kept_bytes != section.data.len() {
            cut(section, records, &keep);
        }
    }
}

/// Rewrites the section with nothing but the records to `keep`.
fn cut(section: &mut Section<'_>, records: &[Record], keep: &EntitySet<RecordIndex>) {
    let mut data: Vec<u8> = Vec::with_capacity(section.data.len());
    let mut relocations = Vec::new();
    let mut moved_to = vec![0; records.len()];
    for (index, record) in records.iter().enumerate() {
        if !keep.contains(RecordIndex::new(index)) {
            continue;
        }
        let start = data.len();
        moved_to[index] = start;
        data.extend_from_slice(&section.data[record.bytes.clone()]);
        if let RecordKind::Fde { cie, .. } = record.kind {
            let distance = (start + 4 - moved_to[cie]) as u32;
            data[start + 4..start + 8].copy_from_slice(&distance.to_le_bytes());
        }
        for relocation in &section.relocations[record.relocations.clone()] {
            let offset = relocation.offset - record.bytes.start as u32 + start as u32;
            relocations.push(Relocation { offset, ..*relocation });
        }
    }
    section.size = data.len() as u64;
    section.data = Cow::Owned(data);
    section.relocations = relocations;
}

/// Index of a record in its section.
#[derive(Clone, Copy, PartialEq, Eq)]
struct RecordIndex(u32);
cranelift_entity::entity_impl!(RecordIndex);
