//! The runtime library, as `build.rs` built and reduced it: one relocatable object for each architecture.

use crate::error::{Error, Result};
use crate::options::Architecture;

/// Name of the architecture, and the object.
const OBJECTS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/runtime_objects.rs"));

/// The runtime library's object for an architecture.
///
/// # Errors
///
/// If this `wasmc` was built without it; says what to do about that.
pub fn runtime_object(architecture: Architecture) -> Result<&'static [u8]> {
    let name = architecture.name();
    let object = OBJECTS.iter().find(|(architecture, _)| *architecture == name).map(|(_, object)| *object);
    object.ok_or_else(|| {
        Error::unsupported(format!(
            "this wasmc was built without the runtime library for {name}; \
             run `rustup target add {name}-unknown-linux-musl` and build wasmc again"
        ))
    })
}
