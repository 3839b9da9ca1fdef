//! Bytes → [`Module`]: sections, names, validation.
//!
//! Reading a module is cheap: function bodies and segments stay where they are in the input. Bodies are validated
//! afterwards, in parallel, by [`uses`], which reads them anyway.

mod constant;
pub mod index;
mod module;
mod names;
pub mod uses;

pub use constant::ConstExpr;
pub use constant::ConstOp;
pub use module::*;

use wasmparser::{Validator, WasmFeatures};

use crate::error::{Error, ErrorKind};

/// The proposals that this compiler takes: Wasm 2.0, extended constant expressions, exceptions in both forms, tail
/// calls, threads, typed function references, several memories, memories and tables with 64-bit indices, memories that
/// are counted in bytes. Of garbage collection: its types, so recursion groups and subtypes of functions too, and
/// references to objects that are always null, because its instructions are refused (see [`uses`]).
pub fn supported_features() -> WasmFeatures {
    WasmFeatures::WASM2
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::EXCEPTIONS
        | WasmFeatures::LEGACY_EXCEPTIONS
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::THREADS
        | WasmFeatures::MULTI_MEMORY
        | WasmFeatures::MEMORY64
        | WasmFeatures::CUSTOM_PAGE_SIZES
        | WasmFeatures::FUNCTION_REFERENCES
        | WasmFeatures::GC
}

/// Says whether an invalid module is one that a later proposal would make valid, which is a different failure.
///
/// `error` is what validation with [`supported_features`] said. The module is read again, so this is for the error path
/// only.
#[cold]
pub fn explain_invalid(wasm: &[u8], error: Error) -> Error {
    if wasmparser::Parser::is_component(wasm) {
        return Error::unsupported("this is a component; wasmc compiles core modules");
    }
    if error.kind() == ErrorKind::Unsupported {
        return error;
    }
    match Validator::new_with_features(WasmFeatures::all()).validate_all(wasm) {
        Err(_) => error,
        Ok(_) => {
            let missing = first_missing_feature(wasm);
            let mut unsupported = Error::unsupported(match missing {
                Some(name) => format!("the module needs the proposal '{name}': {}", error.message()),
                None => format!("the module needs a newer Wasm proposal: {}", error.message()),
            });
            if let Some(offset) = error.offset() {
                unsupported = unsupported.at(offset);
            }
            unsupported
        }
    }
}

/// The name of a proposal without which the module is not valid, and which this compiler lacks.
fn first_missing_feature(wasm: &[u8]) -> Option<String> {
    let missing = WasmFeatures::all() - supported_features();
    let necessary = missing.iter_names().filter(|(_, feature)| {
        Validator::new_with_features(WasmFeatures::all() - *feature).validate_all(wasm).is_err()
    });
    let names: Vec<String> = necessary.map(|(name, _)| name.to_ascii_lowercase().replace('_', "-")).collect();
    if names.is_empty() { None } else { Some(names.join("', '")) }
}
