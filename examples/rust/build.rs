//! Compiles `src/primes.wat` to a static library, with which the program is linked.

use std::path::Path;
use std::{env, fs};

use wasmc::Compiler;
use wasmc::options::{Architecture, Options};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=src/primes.wat");
    let out = env::var("OUT_DIR")?;
    // The machine that the program is for, which need not be the one that this runs on.
    let name = env::var("CARGO_CFG_TARGET_ARCH")?;
    let architecture = Architecture::parse(&name).ok_or_else(|| format!("wasmc does not compile for {name}"))?;
    let compiler = Compiler::with_options(Options { architecture, ..Options::default() });
    let library = compiler.static_library("primes", &fs::read("src/primes.wat")?)?;
    fs::write(Path::new(&out).join("libprimes.a"), library.bytes)?;
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rustc-link-lib=static=primes");
    Ok(())
}
