//! The runtime library, as `build.rs` built and reduced it: one relocatable object for each architecture.

use crate::options::Architecture;

/// Name of the architecture, and the object.
const OBJECTS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/runtime_objects.rs"));

/// The runtime library's object for an architecture, if this `wasmc` was built with it.
pub fn runtime_object(architecture: Architecture) -> Option<&'static [u8]> {
    let name = architecture.name();
    OBJECTS.iter().find(|(architecture, _)| *architecture == name).map(|(_, object)| *object)
}
