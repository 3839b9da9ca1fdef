//! Why units cannot be linked. Each message names the symbol or section.

use std::fmt;

/// Somewhere in the input: the function or section, and the offset in the section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    pub section: String,
    pub function: Option<String>,
    pub offset: u64,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(function) = &self.function {
            write!(f, "`{function}` ")?;
        }
        write!(f, "({}+{:#x})", self.section, self.offset)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// The entry point is not defined.
    NoEntry { symbol: String },
    /// No unit defines the symbol.
    Undefined { symbol: String, site: Site },
    /// More than one unit defines the symbol.
    Duplicate { symbol: String, sections: [String; 2] },
    /// A relocation type that no unit of ours contains.
    UnknownRelocation { r_type: u32, symbol: String, site: Site },
    /// The symbol is too far away, or not aligned as the instruction wants it.
    Overflow { r_type: u32, symbol: String, site: Site },
    /// A place that is not relocated at start holds an address.
    AbsoluteAddress { r_type: u32, symbol: String, site: Site },
    /// A section that contradicts itself.
    Malformed { section: String, what: &'static str },
    /// The file or its address space exceeds what the format can express.
    TooLarge,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::NoEntry { symbol } => write!(f, "entry point `{symbol}` is not defined"),
            LinkError::Undefined { symbol, site } => write!(f, "`{symbol}` is not defined; {site} refers to it"),
            LinkError::Duplicate { symbol, sections: [first, second] } => {
                write!(f, "`{symbol}` is defined twice, in {first} and in {second}")
            }
            LinkError::UnknownRelocation { r_type, symbol, site } => {
                write!(f, "{site} refers to `{symbol}` by an unknown relocation type {r_type}")
            }
            LinkError::Overflow { r_type, symbol, site } => {
                write!(f, "{site} cannot reach `{symbol}` (relocation type {r_type})")
            }
            LinkError::AbsoluteAddress { r_type, symbol, site } => {
                write!(
                    f,
                    "{site} holds the address of `{symbol}`, which is not known before start (relocation type {r_type})"
                )
            }
            LinkError::Malformed { section, what } => write!(f, "malformed section {section}: {what}"),
            LinkError::TooLarge => write!(f, "the executable is too large"),
        }
    }
}

impl std::error::Error for LinkError {}
