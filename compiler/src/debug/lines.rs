//! Line tables.
//!
//! A native function is one sequence. Where the code of one statement is in several places, a debugger shall stop at
//! one of them only: where its first operator is. The others are marked as no statements.

use std::collections::HashMap;

use gimli::write::{
    ConvertLineProgram, ConvertLineSequenceEnd, ConvertResult, ConvertUnit, FileId, LineProgram, LineRow,
    LineStringTable, StringTable,
};
use gimli::{Encoding, LineEncoding};

use super::Input;
use super::map::{CodeMap, MappedFunction};
use super::units::code_address;

/// The lines of all units of an instance.
#[derive(Debug, Default)]
pub struct Lines {
    /// Names of files.
    pub files: Vec<String>,
    indices: HashMap<String, u32>,
    /// Ascending by address.
    rows: Vec<Row>,
    is_sorted: bool,
}

/// A row of a line table of Wasm code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    address: u64,
    /// `None` at the end of a sequence: file, line, column.
    source: Option<(u32, u32, u32)>,
}

impl Lines {
    /// The index of a file.
    pub fn file(&mut self, name: String) -> u32 {
        if let Some(&index) = self.indices.get(&name) {
            return index;
        }
        let index = self.files.len() as u32;
        self.files.push(name.clone());
        self.indices.insert(name, index);
        index
    }

    /// Where the operator at an address comes from.
    pub fn at(&mut self, address: u64) -> Option<(u32, u32, u32)> {
        if !self.is_sorted {
            // Where one sequence ends another may begin: the end comes first.
            self.rows.sort_by_key(|row| (row.address, row.source.is_some()));
            self.is_sorted = true;
        }
        let index = self.rows.partition_point(|row| row.address <= address).checked_sub(1)?;
        self.rows[index].source.filter(|(_, line, _)| *line != 0)
    }
}

/// Translates the line table of a unit.
pub fn translate(
    map: &CodeMap<'_>,
    unit: &mut ConvertUnit<'_, Input<'_>>,
    encoding: Encoding,
    lines: &mut Lines,
) -> ConvertResult<()> {
    let Some(mut program) = unit.read_line_program(Some(encoding), Some(LineEncoding::default()))? else {
        return Ok(());
    };
    let mut all_rows: Vec<(u64, Option<LineRow>)> = Vec::new();
    while let Some(sequence) = program.read_sequence()? {
        let Some(start) = sequence.start else { continue };
        let end = match sequence.end {
            ConvertLineSequenceEnd::Length(length) => start.saturating_add(length),
            ConvertLineSequenceEnd::Address(address) => address,
        };
        let mut rows: Vec<(u64, LineRow)> =
            sequence.rows.into_iter().map(|row| (start.saturating_add(row.address_offset), row)).collect();
        rows.sort_by_key(|(address, _)| *address);
        rows.retain(|(address, _)| *address < end);
        let functions = map.functions_in(start..end);
        // Of something that a linker left out.
        if functions.is_empty() {
            continue;
        }
        for function in functions {
            translate_function(function, &rows, &mut program);
        }
        all_rows.extend(rows.into_iter().map(|(address, row)| (address, Some(row))));
        all_rows.push((end, None));
    }
    let (program, files) = program.program();
    unit.set_line_program(program, files);

    let mut indices: HashMap<FileId, u32> = HashMap::new();
    lines.is_sorted = false;
    for (address, row) in all_rows {
        let source = row.map(|row| {
            let file = *indices.entry(row.file).or_insert_with(|| {
                lines.file(file_name(&unit.unit.line_program, row.file, unit.line_strings, unit.strings))
            });
            let limited = |value: u64| u32::try_from(value).unwrap_or(0);
            (file, limited(row.line), limited(row.column))
        });
        lines.rows.push(Row { address, source });
    }
    Ok(())
}

/// Writes the rows of one function. `rows` ascend by address.
fn translate_function(
    function: &MappedFunction<'_>,
    rows: &[(u64, LineRow)],
    program: &mut ConvertLineProgram<'_, Input<'_>>,
) {
    let first = rows.partition_point(|(address, _)| *address < function.body.start);
    let rows = &rows[first..];
    let rows = &rows[..rows.partition_point(|(address, _)| *address < function.body.end)];
    let Some(&(_, head)) = rows.first() else { return };
    let row_at = |address: u64| rows.partition_point(|(at, _)| *at <= address).checked_sub(1);

    // A statement begins at a row that says so, and goes on until the next one that does. It is entered at its first
    // piece of code: that of its first row may be gone.
    let mut heads: Vec<usize> = (0..rows.len()).collect();
    for row in 1..rows.len() {
        if !rows[row].1.is_statement {
            heads[row] = heads[row - 1];
        }
    }
    let line = |row: usize| (rows[row].1.file, rows[row].1.line);
    let mut entrances: Vec<Option<u32>> = vec![None; rows.len()];
    for piece in function.pieces_in(function.body.clone()) {
        if let Some(row) = row_at(piece.address)
            && line(row) == line(heads[row])
        {
            entrances[heads[row]].get_or_insert(piece.start);
        }
    }

    program.begin_sequence(Some(code_address(function.code.start)));
    // What comes before the first operator belongs to the line where the function begins.
    let mut current = None;
    if function.pieces.first().is_none_or(|piece| piece.start > 0) {
        program.generate_row(LineRow { address_offset: 0, is_statement: true, prologue_end: false, ..head });
        current = Some(0);
    }
    for piece in &function.pieces {
        let Some(row) = row_at(piece.address) else { continue };
        let head = heads[row];
        let is_entrance = entrances[head] == Some(piece.start);
        // The head was said already.
        if current == Some(row) && (!is_entrance || row == 0) {
            continue;
        }
        let (_, source) = rows[row];
        program.generate_row(LineRow {
            address_offset: piece.start.into(),
            op_index: 0,
            is_statement: rows[head].1.is_statement && is_entrance,
            prologue_end: rows[head].1.prologue_end && is_entrance,
            epilogue_begin: false,
            basic_block: false,
            discriminator: 0,
            isa: 0,
            ..source
        });
        current = Some(row);
    }
    program.end_sequence(function.code.size.into());
}

/// The name of a file, with its directory unless that is where the compiler ran.
pub fn file_name(program: &LineProgram, id: FileId, line_strings: &LineStringTable, strings: &StringTable) -> String {
    let (name, directory) = program.get_file(id);
    let name = String::from_utf8_lossy(name.get(strings, line_strings)).into_owned();
    let directory_name = program.get_directory(directory).get(strings, line_strings);
    if directory == program.default_directory() || directory_name.is_empty() || name.starts_with('/') {
        return name;
    }
    format!("{}/{name}", String::from_utf8_lossy(directory_name))
}
