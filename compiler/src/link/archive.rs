//! An archive (`ar`) with one object and an index of its symbols, as linkers want it for a static library.

use crate::object::unit::Unit;

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER_BYTES: usize = 60;

/// Makes the archive. Its bytes depend on the object only: there are no dates and no owners in it.
pub fn archive(unit: &Unit<'_>, object: &[u8]) -> Vec<u8> {
    let names: Vec<&str> =
        unit.symbols.values().filter(|symbol| symbol.exported).map(|symbol| symbol.name.as_str()).collect();
    let index_bytes = 4 + 4 * names.len() + names.iter().map(|name| name.len() + 1).sum::<usize>();
    let index_bytes = index_bytes.next_multiple_of(2);
    let object_offset = (MAGIC.len() + HEADER_BYTES + index_bytes) as u32;

    let mut archive = MAGIC.to_vec();
    put_header(&mut archive, "/", index_bytes);
    // Numbers of the index are big-endian.
    archive.extend((names.len() as u32).to_be_bytes());
    names.iter().for_each(|_| archive.extend(object_offset.to_be_bytes()));
    for name in names {
        archive.extend(name.as_bytes());
        archive.push(0);
    }
    archive.resize(object_offset as usize, 0);
    put_header(&mut archive, "library.o/", object.len());
    archive.extend(object);
    archive.resize(archive.len().next_multiple_of(2), b'\n');
    archive
}

/// Name, date, owner, group, mode, size.
fn put_header(archive: &mut Vec<u8>, name: &str, bytes: usize) {
    let header = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{bytes:<10}`\n", 0, 0, 0, 644);
    debug_assert_eq!(header.len(), HEADER_BYTES);
    archive.extend(header.as_bytes());
}
