//! The binary format, as far as tests put modules together themselves.

use wasmparser::Parser;

/// The sections of a module: id and contents.
///
/// # Errors
///
/// If there is something else than sections.
pub fn sections(wasm: &[u8]) -> wasmparser::Result<Vec<(u8, &[u8])>> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        if let Some((id, range)) = payload?.as_section() {
            found.push((id, &wasm[range.start as usize..range.end as usize]));
        }
    }
    Ok(found)
}

/// A module of sections, for some of which there is other content.
pub fn with_sections(sections: &[(u8, &[u8])], mut replace: impl FnMut(u8, &[u8]) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut out = b"\0asm\x01\0\0\0".to_vec();
    for &(id, contents) in sections {
        let replaced = replace(id, contents);
        let contents = replaced.as_deref().unwrap_or(contents);
        out.push(id);
        leb(&mut out, contents.len() as u64);
        out.extend(contents);
    }
    out
}

/// Appends an unsigned LEB128 number.
pub fn leb(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed LEB128 number.
pub fn signed_leb(out: &mut Vec<u8>, mut value: i64) {
    while !(-0x40..0x40).contains(&value) {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8 & 0x7f);
}

/// A number and its length in bytes.
///
/// # Panics
///
/// If it is cut short.
pub fn read_leb(bytes: &[u8]) -> (u64, usize) {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate() {
        value |= (*byte as u64 & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return (value, index + 1);
        }
    }
    panic!("a number is cut short")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for value in [0, 1, 63, 64, 127, 128, 1000, u64::from(u32::MAX)] {
            let mut bytes = Vec::new();
            leb(&mut bytes, value);
            assert_eq!(read_leb(&bytes), (value, bytes.len()));
        }
        let mut bytes = Vec::new();
        signed_leb(&mut bytes, 1000);
        assert_eq!(bytes, [0xe8, 0x07]);
        bytes.clear();
        signed_leb(&mut bytes, 64);
        assert_eq!(bytes, [0xc0, 0x00]);
    }
}
