//! The signature of a function that is called with the arguments of the process: a letter for each parameter,
//! [`RESULTS`], a letter for each result, NUL.

/// Between parameters and results.
pub const RESULTS: u8 = b'=';

/// Parameters and results that a function can have, whichever are more: what the validator lets through.
pub const MAX_SLOTS: usize = 1000;

/// What a type is called, by its letter.
pub fn type_name(letter: u8) -> &'static str {
    match letter {
        b'i' => "i32",
        b'I' => "i64",
        b'f' => "f32",
        b'F' => "f64",
        b'v' => "v128",
        _ => "?",
    }
}
