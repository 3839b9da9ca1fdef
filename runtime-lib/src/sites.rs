//! From a code address to Wasm: the functions and the sites that the compiler recorded (see [`wasmc_abi::trap`]).

use wasmc_abi::program::ProgramHeader;
use wasmc_abi::source::{NO_PLACES, SourcePlace};
use wasmc_abi::trap::{FIRST_CODE, FunctionEntry, NO_SITES, SITE_CALL};

use crate::arch::resolve;
use crate::process;

/// What the tables say of a code address.
#[derive(Clone, Copy)]
pub struct Place {
    pub function: FunctionEntry,
    /// The function's place in [`ProgramHeader::functions`].
    pub function_index: u32,
    /// Bytes from the start of the function.
    pub offset: u32,
    /// The site of the wanted kind at exactly that address, if there is one.
    pub site: Option<Site>,
}

/// An entry of the site table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// A trap code, or [`SITE_CALL`](wasmc_abi::trap::SITE_CALL).
    pub code: u8,
    /// Byte offset in the module.
    pub wasm_offset: u32,
    /// How many sites of the function come before it.
    pub ordinal: u32,
}

/// Looks up the address of an instruction, which may be a trap site.
pub fn find(header: &'static ProgramHeader, pc: u64) -> Option<Place> {
    find_in_function_of(header, pc, pc, false)
}

/// Looks up a return address, which may be a call site. The function is that of the call: a call may be a function's
/// last instruction, and then the return address is outside.
pub fn find_return(header: &'static ProgramHeader, pc: u64) -> Option<Place> {
    find_in_function_of(header, pc.wrapping_sub(1), pc, true)
}

/// Bytes from the start of the code, if an address is in it or just behind it, as a return address may be.
pub fn code_offset(header: &'static ProgramHeader, pc: u64) -> Option<u32> {
    let code = resolve(header, header.code) as u64;
    pc.checked_sub(code).filter(|&offset| offset <= header.code_size as u64).map(|offset| offset as u32)
}

/// The place in [`ProgramHeader::functions`] of the function that made a call.
pub fn function_of_return(header: &'static ProgramHeader, pc: u64) -> Option<usize> {
    function_at(header, pc.wrapping_sub(1)).map(|(index, _)| index)
}

/// The function that an address is inside of, and its place in [`ProgramHeader::functions`].
fn function_at(header: &'static ProgramHeader, inside: u64) -> Option<(usize, FunctionEntry)> {
    let code = resolve(header, header.code) as u64;
    let offset = inside.checked_sub(code).filter(|&offset| offset < header.code_size as u64)? as u32;
    if header.function_count == 0 {
        return None;
    }
    // SAFETY: the compiler's promise about the header.
    let functions: &[FunctionEntry] = unsafe {
        core::slice::from_raw_parts(resolve(header, header.functions).cast(), header.function_count as usize)
    };
    let index = functions.partition_point(|function| function.code_offset <= offset).checked_sub(1)?;
    Some((index, *functions.get(index)?))
}

// Once, with its own copy of what reads sites: no fault is so urgent.
#[inline(never)]
fn find_in_function_of(header: &'static ProgramHeader, inside: u64, pc: u64, wants_call: bool) -> Option<Place> {
    let (index, function) = function_at(header, inside)?;
    let code = resolve(header, header.code) as u64;
    let offset = (pc - code) as u32 - function.code_offset;
    let site = if function.sites == NO_SITES {
        None
    } else {
        // SAFETY: the compiler's promise about the offset.
        unsafe {
            let sites = resolve(header, header.sites).add(function.sites as usize);
            find_site(sites, offset, |code| (code == SITE_CALL) == wants_call)
        }
    };
    Some(Place { function, function_index: index as u32, offset, site })
}

/// The function's name; empty if it has none.
pub fn name(header: &'static ProgramHeader, function: &FunctionEntry) -> &'static [u8] {
    name_at(header, function.name)
}

/// The site at `offset` with a wanted code, in a function whose sites start at `bytes`.
///
/// # Safety
///
/// `bytes` must point to a well-formed list of sites.
unsafe fn find_site(bytes: *const u8, offset: u32, is_wanted: impl Fn(u8) -> bool) -> Option<Site> {
    let mut cursor = Cursor(bytes);
    // SAFETY: by the caller; the cursor reads what the format says.
    unsafe {
        let count = cursor.unsigned();
        let mut wasm_offset = cursor.unsigned();
        let (mut pc, mut code) = (0u32, FIRST_CODE);
        for ordinal in 0..count {
            let delta = cursor.unsigned();
            pc = pc.wrapping_add(delta >> 1);
            if delta & 1 != 0 {
                code = cursor.byte();
            }
            wasm_offset = wasm_offset.wrapping_add(cursor.signed() as u32);
            if pc == offset && is_wanted(code) {
                return Some(Site { code, wasm_offset, ordinal });
            }
            if pc > offset {
                break;
            }
        }
    }
    None
}

/// The place in a source file that a site comes from.
pub fn source(header: &'static ProgramHeader, place: &Place) -> Option<SourcePlace> {
    let site = place.site?;
    if header.function_places == 0 {
        return None;
    }
    // SAFETY: the compiler's promise about the header: an offset for each function, a number for each site.
    let number = unsafe {
        let offset = *resolve(header, header.function_places).cast::<u32>().add(place.function_index as usize);
        if offset == NO_PLACES {
            return None;
        }
        find_number(resolve(header, header.site_places).add(offset as usize), site.ordinal)
    };
    source_place(header, number)
}

/// The place with a number.
pub fn source_place(header: &'static ProgramHeader, number: u32) -> Option<SourcePlace> {
    let index = number.checked_sub(1).filter(|&index| index < header.source_place_count)?;
    // SAFETY: the compiler's promise about the header.
    Some(unsafe { *resolve(header, header.source_places).cast::<SourcePlace>().add(index as usize) })
}

/// The number of a site in a list.
///
/// # Safety
///
/// `bytes` must point to a well-formed list of more than `ordinal` numbers.
unsafe fn find_number(bytes: *const u8, ordinal: u32) -> u32 {
    let mut cursor = Cursor(bytes);
    let (mut number, mut passed) = (0u32, 0u32);
    while passed <= ordinal {
        // SAFETY: by the caller; the cursor reads what the format says.
        let (delta, count) = unsafe {
            match cursor.signed() {
                0 => (0, cursor.unsigned()),
                delta => (delta as u32, 1),
            }
        };
        number = number.wrapping_add(delta);
        passed = passed.wrapping_add(count);
    }
    number
}

/// A name: of a function, a file, or a tag.
pub fn name_at(header: &'static ProgramHeader, offset: u32) -> &'static [u8] {
    if header.names == 0 {
        return &[];
    }
    // SAFETY: the compiler's promise: an offset of a NUL-terminated string.
    unsafe { process::string_bytes(resolve(header, header.names).add(offset as usize)) }
}

/// Reads the bytes of a list of sites.
struct Cursor(*const u8);

impl Cursor {
    /// # Safety
    ///
    /// There must be another byte.
    unsafe fn byte(&mut self) -> u8 {
        // SAFETY: by the caller.
        unsafe {
            let byte = *self.0;
            self.0 = self.0.add(1);
            byte
        }
    }

    /// An LEB128 of at most 32 bits: its value, the bits it has, and its last byte.
    ///
    /// # Safety
    ///
    /// There must be a well-formed number.
    #[inline(never)]
    unsafe fn leb(&mut self) -> (u32, u32, u8) {
        let (mut value, mut shift) = (0, 0);
        loop {
            // SAFETY: by the caller.
            let byte = unsafe { self.byte() };
            value |= ((byte & 0x7f) as u32).checked_shl(shift).unwrap_or(0);
            shift += 7;
            if byte & 0x80 == 0 {
                return (value, shift, byte);
            }
        }
    }

    /// # Safety
    ///
    /// As for [`Cursor::leb`].
    unsafe fn unsigned(&mut self) -> u32 {
        // SAFETY: by the caller.
        unsafe { self.leb().0 }
    }

    /// # Safety
    ///
    /// As for [`Cursor::leb`].
    unsafe fn signed(&mut self) -> i32 {
        // SAFETY: by the caller.
        let (value, bits, last) = unsafe { self.leb() };
        if last & 0x40 != 0 && bits < 32 { (value | (u32::MAX << bits)) as i32 } else { value as i32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_found_by_exact_offset() {
        // Four sites from module offset 300: +5 trap 2 at 310, +200 call at 290, +1 trap 7 at 290 + 8192, behind it a
        // call that returns where the next instruction traps: +9 call at 8483, +0 trap 1 at 8484.
        let bytes = [5, 0xac, 0x02, 10, 10, 0x91, 0x03, 0, 0x6c, 3, 7, 0x80, 0xc0, 0x00, 19, 0, 1, 1, 1, 1];
        // SAFETY: well-formed.
        let find_code = |offset, wanted| unsafe { find_site(bytes.as_ptr(), offset, |code| code == wanted) };
        let find = |offset| [0, 1, 2, 7].into_iter().find_map(|wanted| find_code(offset, wanted));
        assert_eq!(find(5), Some(Site { code: 2, wasm_offset: 310, ordinal: 0 }));
        assert_eq!(find(205), Some(Site { code: 0, wasm_offset: 290, ordinal: 1 }));
        assert_eq!(find(206), Some(Site { code: 7, wasm_offset: 290 + 8192, ordinal: 2 }));
        assert_eq!(find_code(215, SITE_CALL), Some(Site { code: 0, wasm_offset: 8483, ordinal: 3 }));
        assert_eq!(find_code(215, 1), Some(Site { code: 1, wasm_offset: 8484, ordinal: 4 }));
        assert_eq!(find_code(5, SITE_CALL), None);
        for absent in [0, 4, 6, 204, 207, u32::MAX] {
            assert_eq!(find(absent), None);
        }
    }

    #[test]
    fn numbers_of_sites_add_up() {
        // 0, 0, 1, 3, 3, 3, 0, 200.
        let bytes = [0, 2, 1, 2, 0, 2, 0x7d, 0xc8, 0x01];
        // SAFETY: well-formed, and of eight numbers.
        let found = [0, 1, 2, 3, 4, 5, 6, 7].map(|ordinal| unsafe { find_number(bytes.as_ptr(), ordinal) });
        assert_eq!(found, [0, 0, 1, 3, 3, 3, 0, 200]);
    }

    #[test]
    fn numbers_of_every_length() {
        let read = |bytes: &[u8]| {
            // SAFETY: well-formed.
            unsafe { (Cursor(bytes.as_ptr()).unsigned(), Cursor(bytes.as_ptr()).signed()) }
        };
        assert_eq!(read(&[0x3f]), (0x3f, 0x3f));
        assert_eq!(read(&[0x40]), (0x40, -0x40));
        assert_eq!(read(&[0xff, 0xff, 0xff, 0xff, 0x0f]), (u32::MAX, -1));
        assert_eq!(read(&[0x80, 0x80, 0x80, 0x80, 0x78]).1, i32::MIN);
    }
}
