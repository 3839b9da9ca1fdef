//! Native objects that an executable is linked with, for imports that they satisfy (`--import-fn`, `--link-obj`).
//!
//! Of an archive, those members are taken that define what is still missing, as linkers do it. There is no libc: an
//! object can use what other objects define, and the functions that compilers call by themselves: those of `PROVIDED`.

use std::collections::HashSet;

use object::read::archive::ArchiveFile;
use wasmc_abi::symbols;

use crate::error::{Error, Result};
use crate::object::machine::Machine;
use crate::object::read::read;
use crate::object::unit::{SymbolKind, Unit};

/// An object file or an archive.
#[derive(Clone, Debug)]
pub struct NativeFile {
    /// For messages.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// An import of a function, and the symbol that satisfies it.
#[derive(Clone, Debug)]
pub struct NativeImport {
    /// `MODULE.NAME`.
    pub import: String,
    pub symbol: String,
}

/// What the runtime library has under other names.
const PROVIDED: [(&str, &str); 3] =
    [("memcpy", symbols::MEMMOVE), ("memmove", symbols::MEMMOVE), ("memset", symbols::MEMSET)];

/// The units of the files that the program needs, besides itself. The runtime gets further names for what they may
/// call.
///
/// # Errors
///
/// If a file is none that could be linked.
pub fn units<'a>(
    files: &'a [NativeFile],
    machine: Machine,
    program: &Unit<'_>,
    runtime: &mut Unit<'_>,
) -> Result<Vec<Unit<'a>>> {
    let mut units = Vec::new();
    let mut members: Vec<Unit<'a>> = Vec::new();
    for file in files {
        let parse =
            |bytes: &'a [u8]| read(machine, bytes).map_err(|error| Error::invalid(format!("{}: {error}", file.name)));
        if !file.bytes.starts_with(object::archive::MAGIC.as_slice()) {
            units.push(parse(&file.bytes)?);
            continue;
        }
        let malformed = |error: object::read::Error| Error::invalid(format!("{}: {error}", file.name));
        for member in ArchiveFile::parse(&*file.bytes).map_err(malformed)?.members() {
            members.push(parse(member.map_err(malformed)?.data(&*file.bytes).map_err(malformed)?)?);
        }
    }
    let names = |unit: &Unit<'_>, defined: bool| -> Vec<String> {
        let global = unit.symbols.values().filter(|symbol| symbol.global && symbol.place.is_some() == defined);
        global.map(|symbol| symbol.name.clone()).collect()
    };
    let mut defined: HashSet<String> = units.iter().chain([program]).flat_map(|unit| names(unit, true)).collect();
    let mut wanted: Vec<String> = units.iter().chain([program]).flat_map(|unit| names(unit, false)).collect();
    while let Some(name) = wanted.pop() {
        if defined.contains(&name) {
            continue;
        }
        if let Some(index) = members.iter().position(|member| names(member, true).contains(&name)) {
            let member = members.remove(index);
            defined.extend(names(&member, true));
            wanted.extend(names(&member, false));
            units.push(member);
        }
    }
    for (name, other) in PROVIDED.iter().filter(|(name, _)| !defined.contains(*name)) {
        let found = runtime.symbols.values().find(|symbol| symbol.name == *other && symbol.place.is_some());
        if let Some((place, size)) = found.map(|symbol| (symbol.place, symbol.size)) {
            let (name, kind) = ((*name).to_owned(), SymbolKind::Function);
            let (global, exported) = (true, false);
            runtime.symbols.push(crate::object::unit::Symbol { name, kind, global, exported, place, size });
        }
    }
    Ok(units)
}
