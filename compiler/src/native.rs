//! Native objects that an executable is linked with, for imports that they satisfy (`--import-fn`, `--link-obj`).
//!
//! Of an archive, those members are taken that define what is still missing, as linkers do it. There is no libc: an
//! object can use what other objects define, and the functions that compilers call by themselves: those of `PROVIDED`.

use std::collections::{HashMap, HashSet};

use object::read::archive::ArchiveFile;
use object::{Object as _, ObjectSymbol as _};
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

/// An object, in a file of its own or in an archive.
struct Member<'a> {
    /// For messages.
    name: String,
    bytes: &'a [u8],
}

impl<'a> Member<'a> {
    fn read(&self, machine: Machine) -> Result<Unit<'a>> {
        // The kernel puts executables at multiples of its page size, whatever they say (before Linux 6.10).
        const PAGE: u64 = 4096;
        let unit = read(machine, self.bytes).map_err(|error| Error::invalid(format!("{}: {error}", self.name)))?;
        if let Some(section) = unit.sections.values().find(|section| section.align > PAGE) {
            let message = format!("{}: the section {} is to be aligned to more than a page", self.name, section.name);
            return Err(Error::unsupported(message));
        }
        Ok(unit)
    }

    /// The names that it defines for others. It may have what cannot be linked, as long as nobody wants it.
    fn definitions(&self) -> Result<Vec<String>> {
        let malformed = |error: object::read::Error| Error::invalid(format!("{}: {error}", self.name));
        let file = object::File::parse(self.bytes).map_err(malformed)?;
        let symbols = file.symbols().filter(|symbol| symbol.is_global() && !symbol.is_undefined());
        symbols.map(|symbol| Ok(symbol.name().map_err(malformed)?.to_owned())).collect()
    }
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
    let mut members: Vec<Member<'a>> = Vec::new();
    // Which member defines a name; the first one that does.
    let mut definitions: HashMap<String, usize> = HashMap::new();
    for file in files {
        if !file.bytes.starts_with(object::archive::MAGIC.as_slice()) {
            units.push(Member { name: file.name.clone(), bytes: &file.bytes }.read(machine)?);
            continue;
        }
        let malformed = |error: object::read::Error| Error::invalid(format!("{}: {error}", file.name));
        for member in ArchiveFile::parse(&*file.bytes).map_err(malformed)?.members() {
            let member = member.map_err(malformed)?;
            let name = format!("{}({})", file.name, String::from_utf8_lossy(member.name()));
            let member = Member { name, bytes: member.data(&*file.bytes).map_err(malformed)? };
            for defined in member.definitions()? {
                definitions.entry(defined).or_insert(members.len());
            }
            members.push(member);
        }
    }
    let names = |unit: &Unit<'_>, defined: bool| -> Vec<String> {
        let global = unit.symbols.values().filter(|symbol| symbol.global && symbol.place.is_some() == defined);
        global.map(|symbol| symbol.name.clone()).collect()
    };
    let mut defined: HashSet<String> = units.iter().chain([program]).flat_map(|unit| names(unit, true)).collect();
    let mut wanted: Vec<String> = units.iter().chain([program]).flat_map(|unit| names(unit, false)).collect();
    let mut taken = HashSet::new();
    while let Some(name) = wanted.pop() {
        if defined.contains(&name) {
            continue;
        }
        if let Some(&index) = definitions.get(&name)
            && taken.insert(index)
        {
            let member = members[index].read(machine)?;
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
