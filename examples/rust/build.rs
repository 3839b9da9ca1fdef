//! Compiles `src/primes.wat` to a static library, with which the program is linked.

use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=src/primes.wat");
    let out = env::var("OUT_DIR")?;
    let library = wasmc::Compiler::new().static_library("primes", &fs::read("src/primes.wat")?)?;
    fs::write(Path::new(&out).join("libprimes.a"), library.bytes)?;
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rustc-link-lib=static=primes");
    Ok(())
}
