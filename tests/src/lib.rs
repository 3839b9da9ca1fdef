//! What the test targets of this crate and its command share.
//!
//! - [`parallel`]: works on several threads;
//! - [`process`]: runs an executable with a time limit;
//! - [`place`]: a directory for one test, in which commands run;
//! - [`emulator`]: runs executables for another architecture;
//! - [`steps`]: the outcomes of a script's steps, whoever performed them;
//! - [`native`]: performs them by compiling the program and running the executable;
//! - [`reference`](mod@reference): performs them in the interpreter wasmi;
//! - [`spec`]: turns the scripts of the specification's test suite into programs, and judges the outcomes;
//! - [`differential`]: makes modules at random, and compares the two ways of performing steps;
//! - [`binary`]: puts modules together;
//! - [`mutate`]: damages modules;
//! - [`profile`]: makes profiles up;
//! - [`command`]: finds the `wasmc` command;
//! - [`golden`]: texts that a test compares with, and rewrites if asked to.
//!
//! None of them knows how the compiler works: they use its public interface, `wasmc::compile` and `wasmc::check`.

pub mod binary;
pub mod command;
pub mod differential;
pub mod emulator;
pub mod golden;
pub mod mutate;
pub mod native;
pub mod parallel;
pub mod place;
pub mod process;
pub mod profile;
pub mod random;
pub mod reference;
pub mod spec;
pub mod steps;
