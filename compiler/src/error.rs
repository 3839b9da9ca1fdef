//! Why a program could not be compiled.

use std::fmt;

/// What sort of failure it is: decides the exit status of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The input cannot be read, is malformed, or does not validate.
    Invalid,
    /// The modules do not fit together: an import without an export, or of another type.
    Link,
    /// The options contradict each other or the input.
    Usage,
    /// The input is valid, but needs something that this compiler does not do.
    Unsupported,
    /// A bug of the compiler.
    Internal,
}

impl ErrorKind {
    /// Exit status of the command for a failure of this kind.
    pub fn exit_status(self) -> u8 {
        match self {
            ErrorKind::Invalid | ErrorKind::Link => 1,
            ErrorKind::Usage => 2,
            ErrorKind::Unsupported => 3,
            ErrorKind::Internal => 70,
        }
    }
}

/// An error with the places it was found at, as far as they are known.
#[derive(Clone, Debug)]
pub struct Error(Box<ErrorParts>);

#[derive(Clone, Debug)]
struct ErrorParts {
    kind: ErrorKind,
    message: String,
    /// File or instance name of the module.
    module: Option<String>,
    /// Name or index of the function.
    function: Option<String>,
    /// Bytes from the start of the module.
    offset: Option<u64>,
}

/// Results of the compiler.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(ErrorParts { kind, message: message.into(), module: None, function: None, offset: None }))
    }

    #[cold]
    pub fn invalid(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Invalid, message)
    }

    #[cold]
    pub fn link(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Link, message)
    }

    #[cold]
    pub fn usage(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Usage, message)
    }

    #[cold]
    pub fn unsupported(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Unsupported, message)
    }

    #[cold]
    pub fn internal(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Internal, message)
    }

    /// Adds where in the module it happened, unless that is known already.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Error {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// Adds the function that it happened in, unless that is known already.
    #[must_use]
    pub fn in_function(mut self, function: impl Into<String>) -> Error {
        self.0.function.get_or_insert_with(|| function.into());
        self
    }

    /// Adds the module that it happened in, unless that is known already.
    #[must_use]
    pub fn in_module(mut self, module: impl Into<String>) -> Error {
        self.0.module.get_or_insert_with(|| module.into());
        self
    }

    /// Another failure at the same places.
    #[must_use]
    pub fn rephrase(mut self, kind: ErrorKind, message: String) -> Error {
        (self.0.kind, self.0.message) = (kind, message);
        self
    }

    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message alone, without places.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The module, if it is known: see [`InstanceSource::name`](crate::InstanceSource::name).
    pub fn module(&self) -> Option<&str> {
        self.0.module.as_deref()
    }

    /// Bytes from the start of the module.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ErrorParts { kind, message, module, function, offset } = &*self.0;
        if let Some(module) = module {
            write!(f, "{module}: ")?;
        }
        match kind {
            ErrorKind::Unsupported => write!(f, "not supported: ")?,
            ErrorKind::Internal => write!(f, "internal error (please report it): ")?,
            ErrorKind::Invalid | ErrorKind::Link | ErrorKind::Usage => {}
        }
        write!(f, "{message}")?;
        match (function, offset) {
            (Some(function), Some(offset)) => write!(f, " (in function {function}, at offset {offset:#x})"),
            (Some(function), None) => write!(f, " (in function {function})"),
            (None, Some(offset)) => write!(f, " (at offset {offset:#x})"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<wasmparser::BinaryReaderError> for Error {
    fn from(error: wasmparser::BinaryReaderError) -> Error {
        let kind = if error.missing_wasm_feature().is_some() { ErrorKind::Unsupported } else { ErrorKind::Invalid };
        // Some messages print a list over several lines; ours are one.
        let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        Error::new(kind, message).at(error.offset())
    }
}
