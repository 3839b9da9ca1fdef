//! The runtime library, as `build.rs` built and reduced it: one relocatable object for each architecture and
//! flavour.

use crate::error::{Error, Result};
use crate::options::Architecture;

/// Which of its two forms: the one for executables, or the one for libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    Program,
    Library,
}

/// Name of the architecture, and the objects for executables and for libraries.
const OBJECTS: &[(&str, &[u8], &[u8])] = include!(concat!(env!("OUT_DIR"), "/runtime_objects.rs"));

/// The runtime library's object for an architecture.
///
/// # Errors
///
/// If this `wasmc` was built without it; says what to do about that.
pub fn runtime_object(architecture: Architecture, flavour: Flavour) -> Result<&'static [u8]> {
    let name = architecture.name();
    let objects = OBJECTS.iter().find(|(architecture, ..)| *architecture == name);
    let object = objects.map(|&(_, program, library)| match flavour {
        Flavour::Program => program,
        Flavour::Library => library,
    });
    object.ok_or_else(|| {
        Error::unsupported(format!(
            "this wasmc was built without the runtime library for {name}; \
             run `rustup target add {name}-unknown-linux-musl` and build wasmc again"
        ))
    })
}
