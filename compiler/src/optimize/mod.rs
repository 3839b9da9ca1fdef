//! Cranelift IR → better Cranelift IR: what WebAssembly gives occasion for and Cranelift does not do itself.
//!
//! Each pass is a file, says what it relies on, and keeps the function valid.

mod widen;

use cranelift_codegen::ir::Function;

use crate::options::{Architecture, OptLevel, Options};

/// Runs the passes that the options ask for.
pub fn optimize(function: &mut Function, options: &Options) {
    if options.opt_level == OptLevel::None {
        return;
    }
    // AArch64 extends an index as part of the access.
    if options.architecture == Architecture::X86_64 {
        widen::widen_addresses(function);
    }
}
