//! Executables contain what they need.

use wasmc::options::Architecture;
use wasmc::{Emit, Entry, InstanceSource, Options, Program};

/// Bytes that the example may have, of which the program itself is some 600.
const HELLO: usize = 24 << 10;

#[test]
fn a_hello_world_is_small() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/hello.wat");
    let wasm = wat::parse_file(path).unwrap();
    let instances = vec![InstanceSource { name: "hello".into(), wasm: &wasm, wiring: Vec::new() }];
    let program = Program { instances, entry: Entry::Command };
    for &architecture in Architecture::ALL {
        let options = Options { architecture, ..Options::default() };
        let size = wasmc::compile(&program, &options, Emit::Executable).unwrap().len();
        assert!(size <= HELLO, "{size} bytes for {architecture:?}");
    }
}
