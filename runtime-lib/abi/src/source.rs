//! Where code comes from, for reports: as lines of source files, in programs that were compiled with `-g`, and which
//! functions were inlined.
//!
//! Each site of a function's [site table](crate::trap) has a number. In the same order they are in a byte string, until
//! all sites have theirs:
//!
//! ```text
//!   delta   SLEB128   from the number of the previous site; from 0 for the first
//!   count   ULEB128   if that is 0: how many sites in a row have this number
//! ```
//!
//! The number 0 means that nothing is known, and any other `n` the [`SourcePlace`] with the index `n - 1`.

/// A place in a source file.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SourcePlace {
    /// Offset in [`names`](crate::program::ProgramHeader::names) of the file's name; [`NO_NAME`] if it is not known.
    pub file: u32,
    /// 1-based. If the file is not known, then this is a function that wasmc inlined, and its index in the module's
    /// function index space.
    pub line: u32,
    /// 1-based; 0 if it is not known.
    pub column: u32,
    /// Offset in the names of the function that the place is in; [`NO_NAME`] for the one that the code is of, and if it
    /// is not known.
    pub function: u32,
    /// If that function was inlined: where it was called, as the number of a place. It is less than that of this place.
    /// 0 if it was not.
    pub caller: u32,
}

/// [`SourcePlace::function`] and [`SourcePlace::file`]: none.
pub const NO_NAME: u32 = u32::MAX;

/// In place of an offset in the byte strings: nothing is known of the function's sites.
pub const NO_PLACES: u32 = u32::MAX;
