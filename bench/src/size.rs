//! What is in an executable.
//!
//! The program's part of each section is what `--emit obj` writes; the rest is the runtime library's and the linker's.
//! The read-only data of a program begins with its header, which says where its tables are.

use std::fs;
use std::mem::offset_of;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use object::{Object as _, ObjectSection as _};
use wasmc_abi::program::ProgramHeader;

use crate::programs::{Compilers, Workshop};
use crate::report::{Bound, Cell, Report, Table, columns};

#[derive(clap::Args)]
pub struct Arguments {
    /// More modules to compile and look into.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    compilers: Compilers,
}

/// Bytes.
#[derive(Default)]
struct Sizes {
    file: u64,
    input: u64,
    program_text: u64,
    runtime_text: u64,
    /// The function and site tables of traps.
    trap_tables: u64,
    /// For backtraces.
    names: u64,
    /// The program's other constants.
    program_data: u64,
    runtime_data: u64,
    image: u64,
    eh_frame: u64,
    /// Symbols and their names, which only debuggers read.
    symbols: u64,
    /// Headers and padding.
    other: u64,
}

pub fn run(arguments: &Arguments, wasmc: &Path) -> Result<Report> {
    let workshop = Workshop::new(wasmc, &arguments.compilers)?;
    let mut report = Report::new("size");
    let mut modules = vec![(".wat hello".to_owned(), workshop.wat_hello()?, Some(40 << 10))];
    match workshop.c_hello()? {
        Some(module) => modules.push(("C printf hello".to_owned(), module, Some(96 << 10))),
        None => report.notes.push("Without the C printf hello: --wasi-cc names no compiler.".to_owned()),
    }
    for file in &arguments.files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        modules.push((name, file.clone(), None));
    }

    let mut rows = Vec::new();
    for (name, module, limit) in &modules {
        let sizes = sizes(&workshop, module)?;
        if let Some(limit) = limit {
            report.target(format!("size of {name}"), sizes.file as f64, Bound::AtMost(f64::from(*limit)));
        }
        let numbers = [
            sizes.input,
            sizes.file,
            sizes.program_text,
            sizes.runtime_text,
            sizes.program_data,
            sizes.runtime_data,
            sizes.image,
            sizes.trap_tables,
            sizes.names,
            sizes.eh_frame,
            sizes.symbols,
            sizes.other,
        ];
        rows.push([Cell::Text(name.clone())].into_iter().chain(numbers.map(Cell::Integer)).collect());
    }
    report.tables.push(Table {
        title: "Bytes of executables".to_owned(),
        columns: columns([
            "program",
            "input",
            "executable",
            "= code",
            "+ runtime code",
            "+ data",
            "+ runtime data",
            "+ memory image",
            "+ trap tables",
            "+ names",
            "+ eh_frame",
            "+ symbols",
            "+ rest",
        ]),
        rows,
    });
    Ok(report)
}

fn sizes(workshop: &Workshop<'_>, module: &Path) -> Result<Sizes> {
    let read = |path: PathBuf| fs::read(&path).with_context(|| format!("cannot read {}", path.display()));
    let executable = read(workshop.compile(module, "sized", &[])?)?;
    let program = read(workshop.compile(module, "sized.o", &["--emit", "obj"])?)?;

    let mut sizes = Sizes { file: executable.len() as u64, input: fs::metadata(module)?.len(), ..Sizes::default() };
    let program = object::File::parse(&*program)?;
    let size_in = |file: &object::File<'_>, name: &str| file.section_by_name(name).map_or(0, |section| section.size());
    sizes.program_text = size_in(&program, ".text.wasm");
    sizes.image = size_in(&program, ".wasm.image");
    let constants = program.section_by_name(".rodata.wasm").context("the object has no .rodata.wasm")?.data()?;
    let place = |field: usize| -> Result<u64> {
        let bytes = constants.get(field..field + 4).context("the program header is cut off")?;
        Ok(u32::from_le_bytes(bytes.try_into()?).into())
    };
    let functions = place(offset_of!(ProgramHeader, functions))?;
    let names = place(offset_of!(ProgramHeader, names))?;
    sizes.trap_tables = names - functions;
    sizes.names = constants.len() as u64 - names;
    sizes.program_data = functions;

    let mut in_sections = 0;
    for section in object::File::parse(&*executable)?.sections() {
        let Some((_, bytes)) = section.file_range() else { continue };
        in_sections += bytes;
        match section.name()? {
            ".text" => sizes.runtime_text += bytes.saturating_sub(sizes.program_text),
            ".eh_frame" => sizes.eh_frame += bytes,
            ".symtab" | ".strtab" | ".shstrtab" => sizes.symbols += bytes,
            ".rodata" => sizes.runtime_data += bytes.saturating_sub(constants.len() as u64),
            ".data" | ".data.rel.ro" => sizes.runtime_data += bytes,
            ".wasm.image" => {}
            _ => sizes.other += bytes,
        }
    }
    sizes.other += sizes.file.saturating_sub(in_sections);
    Ok(sizes)
}
