//! The lines of the source that operators are from, by the DWARF that toolchains put into custom sections
//! (<https://yurydelendik.github.io/webassembly-dwarf/>).

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use gimli::{Dwarf, EndianSlice, LittleEndian, SectionId, Unit};
use wasmparser::{Parser, Payload};

type Input<'a> = EndianSlice<'a, LittleEndian>;

/// From where on operators are from which line.
#[derive(Default)]
pub struct Lines {
    /// Ascending by offset in the module: file and line, or none.
    rows: Vec<(u64, Option<(usize, u64)>)>,
    files: Vec<File>,
    /// Of files by their names.
    indices: HashMap<String, usize>,
}

struct File {
    name: String,
    /// If it can be read here.
    lines: Vec<String>,
}

impl Lines {
    /// What a module tells. One without DWARF, or with a kind that is not understood, tells nothing, or less.
    pub fn read(wasm: &[u8]) -> Lines {
        let mut sections = HashMap::new();
        // Addresses count from the contents of the code section.
        let mut code = 0;
        for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
            match payload {
                Payload::CodeSectionStart { unchecked_range, .. } => code = unchecked_range.start,
                Payload::CustomSection(custom) => {
                    sections.insert(custom.name(), custom.data());
                }
                _ => {}
            }
        }
        let section = |id: SectionId| {
            Ok::<_, gimli::Error>(Input::new(sections.get(id.name()).copied().unwrap_or(&[]), LittleEndian))
        };
        let mut lines = Lines::default();
        if let Ok(dwarf) = Dwarf::load(section) {
            let mut units = dwarf.units();
            while let Ok(Some(header)) = units.next() {
                if let Ok(unit) = dwarf.unit(header) {
                    let _ = lines.read_unit(&dwarf, &unit, code);
                }
            }
        }
        // Where one sequence ends another may begin: the end comes first.
        lines.rows.sort_by_key(|(offset, place)| (*offset, place.is_some()));
        lines
    }

    fn read_unit(&mut self, dwarf: &Dwarf<Input<'_>>, unit: &Unit<Input<'_>>, code: u64) -> gimli::Result<()> {
        let Some(program) = unit.line_program.clone() else { return Ok(()) };
        let mut known = HashMap::new();
        let mut rows = program.rows();
        let mut sequence: Vec<(u64, Option<(usize, u64)>)> = Vec::new();
        while let Some((header, row)) = rows.next_row()? {
            let mut place = None;
            if let Some(line) = row.line().filter(|_| !row.end_sequence()) {
                let file = match known.get(&row.file_index()) {
                    Some(&file) => file,
                    None => {
                        let file = self.add_file(&file_path(dwarf, unit, header, row.file_index())?);
                        known.insert(row.file_index(), file);
                        file
                    }
                };
                place = Some((file, line.get()));
            }
            sequence.push((row.address(), place));
            if row.end_sequence() {
                // Code that was removed begins at address 0, or at the largest one.
                if sequence.first().is_some_and(|(start, _)| (1..u64::from(u32::MAX)).contains(start)) {
                    self.rows.extend(sequence.iter().map(|(address, place)| (code.saturating_add(*address), *place)));
                }
                sequence.clear();
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path) -> usize {
        let name = path.display().to_string();
        if let Some(&index) = self.indices.get(&name) {
            return index;
        }
        let text = if is_shown(path) { fs::read_to_string(path).unwrap_or_default() } else { String::new() };
        self.files.push(File { name: name.clone(), lines: text.lines().map(str::to_owned).collect() });
        self.indices.insert(name, self.files.len() - 1);
        self.files.len() - 1
    }

    /// What there is to tell of a function: see [`super`].
    pub fn text(&self, range: &Range<u64>) -> String {
        // The first row may be before the first operator, where the size of the body and its locals are.
        let first = self.rows.partition_point(|(offset, _)| *offset <= range.start).saturating_sub(1);
        let mut text = String::new();
        let mut last = None;
        for (offset, place) in self.rows[first..].iter().take_while(|(offset, _)| *offset < range.end) {
            let offset = offset.max(&range.start);
            let Some((file, line)) = place.filter(|_| *place != last) else { continue };
            last = *place;
            let file = &self.files[file];
            let shown = usize::try_from(line).ok().and_then(|line| file.lines.get(line.checked_sub(1)?));
            let shown = shown.map_or("", |line| line.trim()).replace('\t', " ");
            let _ = writeln!(text, "{offset:x}\t{}:{line}\t{shown}", file.name.replace(['\t', '\n'], " "));
        }
        text
    }
}

/// Bytes of a file of source text beyond which it is none.
const MOST_BYTES: u64 = 16 << 20;

/// Whether the lines of a file may be part of the page. It is the module that names the file, and the page may be
/// passed on: so the file must be one of those where the user works, and no device.
fn is_shown(path: &Path) -> bool {
    let here = || {
        let (path, here) = (path.canonicalize().ok()?, std::env::current_dir().ok()?.canonicalize().ok()?);
        Some(path.starts_with(here))
    };
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= MOST_BYTES) && here().unwrap_or(false)
}

/// The path of a file, which may be relative to the directory of the unit.
fn file_path(
    dwarf: &Dwarf<Input<'_>>,
    unit: &Unit<Input<'_>>,
    header: &gimli::LineProgramHeader<Input<'_>>,
    index: u64,
) -> gimli::Result<PathBuf> {
    let mut path = PathBuf::new();
    if let Some(directory) = &unit.comp_dir {
        path.push(&*directory.to_string_lossy());
    }
    if let Some(file) = header.file(index) {
        if let Some(directory) = file.directory(header) {
            path.push(&*dwarf.attr_string(unit, directory)?.to_string_lossy());
        }
        path.push(&*dwarf.attr_string(unit, file.path_name())?.to_string_lossy());
    }
    Ok(path)
}
