//! The file of a program that counts, as it is before the program runs: see [`wasmc_abi::profile`].

use wasmc_abi::profile::{FUNCTION_BYTES, FUNCTION_CODE, Function, HEADER_BYTES, header};

use super::Counting;
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::ids::FuncId;

/// A file without its words.
pub struct Template {
    pub bytes: Vec<u8>,
    /// The functions, and where in the bytes [`Function::code`] belongs, which the linker knows.
    pub codes: Vec<(FuncId, usize)>,
    /// The functions, and where in the file their words begin.
    pub words: Vec<(FuncId, u64)>,
    /// Bytes of the whole file.
    pub file_bytes: u32,
}

/// Lays out the file.
///
/// # Errors
///
/// If it would be too large.
pub fn template(plan: &Plan<'_>, counting: &Counting) -> Result<Template> {
    let too_large = || Error::unsupported("the program has too much code for a profile");
    let (mut table, mut names) = (Vec::new(), Vec::new());
    let (mut codes, mut words, mut total) = (Vec::new(), Vec::new(), 0u32);
    for (id, places) in counting.functions.iter().filter_map(|(id, places)| Some((id, places.as_ref()?))) {
        let name = &plan.functions[id].name;
        let function = Function {
            hash: places.hash,
            code: 0,
            counters: places.counters,
            sites: places.sites,
            name: u32::try_from(names.len()).map_err(|_| too_large())?,
            name_bytes: name.len() as u32,
        };
        codes.push((id, HEADER_BYTES + codes.len() * FUNCTION_BYTES + FUNCTION_CODE));
        words.push((id, u64::from(total) * 8));
        total = function.words().and_then(|words| total.checked_add(words)).ok_or_else(too_large)?;
        table.extend_from_slice(&function.encode());
        names.extend_from_slice(name.as_bytes());
    }
    let mut bytes = header(codes.len() as u32, names.len() as u32, total).to_vec();
    bytes.extend(table);
    bytes.extend(names);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let begin = bytes.len() as u64;
    words.iter_mut().for_each(|(_, place)| *place += begin);
    let file_bytes = i32::try_from(begin + u64::from(total) * 8).map_err(|_| too_large())?.cast_unsigned();
    Ok(Template { bytes, codes, words, file_bytes })
}
