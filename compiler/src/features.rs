//! The proposals of WebAssembly: their names, which of them wasmc has, and which ones a module needs.
//!
//! Which proposals a module needs is not found by looking for traces of each: the validator knows best. They are what
//! is left when one after the other is taken away, as long as the module stays valid. So a module is valid with what
//! [`needed`] gives, and with no part of it. Newer proposals are taken away first, because some contain what an older
//! one brought: a reference to a function type needs function-references, although gc would do.

use std::fmt;

use wasmparser::{Parser, Validator, WasmFeatures, WasmFeatures as F};

use crate::error::{Error, ErrorKind, Result};
use crate::suggest::did_you_mean;

/// A proposal, or one that became part of the specification.
#[derive(Debug)]
struct Proposal {
    /// As flags of other tools call it.
    name: &'static str,
    /// The name of its repository, if that is another one.
    repository: &'static str,
    /// What it makes valid. Nothing, if it is only a custom section.
    makes_valid: WasmFeatures,
    status: Status,
}

/// What wasmc does with a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// It is on, unless turned off.
    On,
    /// Its types are on, unless turned off: with recursion groups and subtypes of functions, and with references to
    /// objects, which are always null, because its instructions are refused (see `parse/uses.rs`).
    TypesOnly,
    /// Modules that need it are refused.
    Missing,
}

use Status::{Missing, On, TypesOnly};

const BRANCH_HINTING: &str = "branch-hinting";
const FUNCTION_REFERENCES: &str = "function-references";
const GC: &str = "gc";

/// Every proposal, the oldest first: name, repository if it is called otherwise, what it makes valid, status.
#[rustfmt::skip]
const PROPOSALS: &[Proposal] = &[
    // WebAssembly 2.0.
    row("mutable-global",            "",                                      F::MUTABLE_GLOBAL,            On),
    row("saturating-float-to-int",   "nontrapping-float-to-int-conversions",  F::SATURATING_FLOAT_TO_INT,   On),
    row("sign-extension",            "sign-extension-ops",                    F::SIGN_EXTENSION,            On),
    row("multi-value",               "",                                      F::MULTI_VALUE,               On),
    row("bulk-memory",               "bulk-memory-operations",                F::BULK_MEMORY,               On),
    row("reference-types",           "",                                      F::REFERENCE_TYPES,           On),
    row("simd",                      "",                                      F::SIMD,                      On),
    // WebAssembly 3.0.
    row("extended-const",            "",                                      F::EXTENDED_CONST,            On),
    row("tail-call",                 "",                                      F::TAIL_CALL,                 On),
    row("exceptions",                "exception-handling",                    F::EXCEPTIONS,                On),
    row("multi-memory",              "",                                      F::MULTI_MEMORY,              On),
    row("memory64",                  "",                                      F::MEMORY64,                  On),
    row("relaxed-simd",              "",                                      F::RELAXED_SIMD,              On),
    row(FUNCTION_REFERENCES,         "",                                      F::FUNCTION_REFERENCES,       On),
    row(GC,                          "",                                      F::GC,                        TypesOnly),
    row(BRANCH_HINTING,              "",                                      F::empty(),                   On),
    // Later ones, and one that was replaced but is still in use.
    row("legacy-exceptions",         "",                                      F::LEGACY_EXCEPTIONS,         On),
    row("threads",                   "",                                      F::THREADS,                   On),
    row("wide-arithmetic",           "",                                      F::WIDE_ARITHMETIC,           On),
    row("custom-page-sizes",         "",                                      F::CUSTOM_PAGE_SIZES,         On),
    row("compact-imports",           "compact-import-section",                F::COMPACT_IMPORTS,           On),
    row("stack-switching",           "",                                      F::STACK_SWITCHING,           Missing),
    row("memory-control",            "",                                      F::MEMORY_CONTROL,            Missing),
    row("shared-everything-threads", "",                                      F::SHARED_EVERYTHING_THREADS, Missing),
    row("acquire-release-atomics",   "",                                      F::ACQUIRE_RELEASE_ATOMICS,   Missing),
    row("custom-descriptors",        "",                                      F::CUSTOM_DESCRIPTORS,        Missing),
    row("multibyte-array-access",    "",                                      F::MULTIBYTE_ARRAY_ACCESS,    Missing),
    row("component-model",           "",                                      F::COMPONENT_MODEL,           Missing),
];

const fn row(name: &'static str, repository: &'static str, makes_valid: WasmFeatures, status: Status) -> Proposal {
    Proposal { name, repository, makes_valid, status }
}

/// What validation asks for but is no proposal: version 1.0 has floating-point numbers, and references to what the host
/// has came with reference-types.
const ALWAYS: WasmFeatures = WasmFeatures::FLOATS.union(WasmFeatures::GC_TYPES);

/// A set of proposals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Features(u64);

const _: () = assert!(PROPOSALS.len() <= u64::BITS as usize, "a proposal is one bit of `Features`");

/// What wasmc compiles: every proposal that it has, or has the types of.
impl Default for Features {
    fn default() -> Features {
        Features::all().filter(|proposal| proposal.status != Missing)
    }
}

impl Features {
    /// WebAssembly 1.0.
    pub const NONE: Features = Features(0);

    /// The proposals of which wasmc has everything.
    pub fn complete() -> Features {
        Features::all().filter(|proposal| proposal.status == On)
    }

    /// Every proposal that has a name, whether wasmc has it or not.
    fn all() -> Features {
        Features((1 << PROPOSALS.len()) - 1)
    }

    /// Reads what `--wasm-features` says: names with commas between them, with `-` before those to turn off, and
    /// perhaps `+` before those to turn on. `all` stands for every proposal that wasmc has. What comes later counts,
    /// and what is not mentioned is on.
    ///
    /// # Errors
    ///
    /// If there is no such proposal, or one is to be turned on that wasmc lacks.
    pub fn parse(list: &str) -> Result<Features> {
        list.split(',').try_fold(Features::default(), Features::change)
    }

    fn change(self, item: &str) -> Result<Features> {
        let (on, name) = match item.strip_prefix('-') {
            Some(name) => (false, name),
            None => (true, item.strip_prefix('+').unwrap_or(item)),
        };
        if name == "all" {
            return Ok(if on { Features::default() } else { Features::NONE });
        }
        let named = |proposal: &&Proposal| !name.is_empty() && [proposal.name, proposal.repository].contains(&name);
        let Some(proposal) = PROPOSALS.iter().find(named) else {
            let names = Features::all();
            let hint = did_you_mean(name, names.names());
            return Err(Error::usage(format!(
                "--wasm-features: there is no proposal '{name}', but: all, {names}{hint}"
            )));
        };
        match (on, proposal.status) {
            (true, Missing | TypesOnly) => Err(Error::unsupported(format!("the proposal '{}'", proposal.name))),
            (true, On) => Ok(self.union(Features::of(proposal))),
            // What function-references brought, gc would let through.
            (false, _) if proposal.name == FUNCTION_REFERENCES => {
                Ok(self.filter(|other| ![FUNCTION_REFERENCES, GC].contains(&other.name)))
            }
            (false, _) => Ok(self.without(Features::of(proposal))),
        }
    }

    fn of(proposal: &Proposal) -> Features {
        Features::all().filter(|other| other.name == proposal.name)
    }

    fn filter(self, keep: impl Fn(&Proposal) -> bool) -> Features {
        let bits = PROPOSALS.iter().enumerate().filter(|(_, proposal)| keep(proposal)).map(|(index, _)| 1 << index);
        Features(self.0 & bits.fold(0, |set, bit: u64| set | bit))
    }

    /// What is in this set or in the other.
    #[must_use]
    pub fn union(self, other: Features) -> Features {
        Features(self.0 | other.0)
    }

    /// What is in this set but not in the other.
    #[must_use]
    pub fn without(self, other: Features) -> Features {
        Features(self.0 & !other.0)
    }

    fn proposals(self) -> impl Iterator<Item = &'static Proposal> {
        PROPOSALS.iter().enumerate().filter(move |(index, _)| self.0 >> index & 1 == 1).map(|(_, proposal)| proposal)
    }

    /// Each of them alone, in the order of the table.
    pub fn each(self) -> impl DoubleEndedIterator<Item = Features> {
        (0..PROPOSALS.len()).map(|index| Features(1 << index)).filter(move |one| one.0 & self.0 != 0)
    }

    /// Names in the order of the table.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.proposals().map(|proposal| proposal.name)
    }

    /// Whether hints of branches decide where code is laid out.
    pub fn branch_hinting(self) -> bool {
        self.names().any(|name| name == BRANCH_HINTING)
    }

    /// What the validator is to accept.
    pub fn validation(self) -> WasmFeatures {
        self.proposals().fold(ALWAYS, |features, proposal| features | proposal.makes_valid)
    }

    fn accept(self, wasm: &[u8]) -> Result<(), wasmparser::BinaryReaderError> {
        Validator::new_with_features(self.validation()).validate_all(wasm).map(drop)
    }
}

/// Names with commas between them.
impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// The proposals that a module needs: it is valid with these, and not with fewer.
///
/// # Errors
///
/// If the module is not valid with all of them either, or it is a component.
pub fn needed(wasm: &[u8]) -> Result<Features> {
    if Parser::is_component(wasm) {
        let what = "this is a component (the proposal 'component-model'), not a core module";
        return Err(Error::unsupported(what));
    }
    if let Err(error) = Features::all().accept(wasm) {
        let offset = error.offset();
        return Err(Error::invalid(Error::from(error).message()).at(offset));
    }
    let dispensable = Features::all().filter(|proposal| proposal.makes_valid.is_empty());
    let set = Features::all().without(dispensable);
    Ok(take_away(set, set, wasm))
}

/// `set` without those of the candidates that the module does not need. Tries all at once, then halves: most modules
/// need few.
fn take_away(set: Features, candidates: Features, wasm: &[u8]) -> Features {
    let fewer = set.without(candidates);
    if candidates == Features::NONE || fewer.accept(wasm).is_ok() {
        return fewer;
    }
    let count = candidates.each().count();
    if count == 1 {
        return set;
    }
    let newer = candidates.each().rev().take(count / 2).fold(Features::NONE, Features::union);
    let set = take_away(set, newer, wasm);
    take_away(set, candidates.without(newer), wasm)
}

/// Says which proposals a refused module needs but does not get, if that is what is wrong with it.
///
/// `error` is what validation with `features` said, or what this compiler lacks. The module is validated again, several
/// times: this is for the error path only.
#[cold]
pub fn explain(wasm: &[u8], features: Features, error: Error) -> Error {
    let lacking = match needed(wasm) {
        // It is invalid anyway: `error` says so with more places, unless it found a proposal that is off before that.
        Err(other) if [error.kind(), other.kind()].contains(&ErrorKind::Unsupported) => return other,
        Err(_) => return error,
        Ok(needed) => needed.without(features),
    };
    if lacking == Features::NONE {
        return error;
    }
    let reasons: Vec<String> = lacking
        .proposals()
        .map(|proposal| match proposal.status {
            On | TypesOnly => format!("'{}' (turned off)", proposal.name),
            Missing => format!("'{}'", proposal.name),
        })
        .collect();
    let reasons = reasons.join(" and ");
    let message = format!("the module needs the proposal {reasons}: {}", error.message());
    error.rephrase(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(list: &str) -> String {
        Features::parse(list).unwrap().to_string()
    }

    fn needs(text: &str) -> String {
        needed(&wat::parse_str(text).unwrap()).unwrap().to_string()
    }

    #[test]
    fn names_are_unique_and_bits_are_disjoint() {
        let mut names: Vec<&str> = PROPOSALS.iter().flat_map(|proposal| [proposal.name, proposal.repository]).collect();
        names.retain(|name| !name.is_empty());
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for (index, proposal) in PROPOSALS.iter().enumerate() {
            let earlier = PROPOSALS[..index].iter().fold(ALWAYS, |bits, other| bits | other.makes_valid);
            assert!((earlier & proposal.makes_valid).is_empty(), "{}", proposal.name);
        }
    }

    #[test]
    fn the_table_has_all_that_the_validator_knows() {
        let named = Features::all().validation();
        let unnamed = WasmFeatures::all().iter_names().filter(|(_, feature)| !named.contains(*feature));
        // Parts of the component model.
        let unnamed: Vec<&str> = unnamed.map(|(name, _)| name).filter(|name| !name.starts_with("CM")).collect();
        assert!(unnamed.is_empty(), "{unnamed:?}");
    }

    #[test]
    fn lists_are_read_from_left_to_right() {
        let all = Features::default().to_string();
        assert_eq!(features("all"), all);
        assert_eq!(features("-all,+simd,multi-value"), "multi-value, simd");
        assert_eq!(features("-all,sign-extension-ops"), "sign-extension");
        assert_eq!(features("-all,all,-custom-descriptors"), all);
        assert_eq!(features("-function-references"), all.replace(" function-references, gc,", ""));
        assert_eq!(features("-simd"), all.replace(" simd,", ""));
        for (list, kind) in [
            ("", ErrorKind::Usage),
            ("simd,", ErrorKind::Usage),
            ("--simd", ErrorKind::Usage),
            ("-", ErrorKind::Usage),
            ("SIMD", ErrorKind::Usage),
            ("stack-switching", ErrorKind::Unsupported),
            ("gc", ErrorKind::Unsupported),
        ] {
            assert_eq!(Features::parse(list).unwrap_err().kind(), kind, "{list}");
        }
    }

    #[test]
    fn modules_need_what_is_in_them() {
        for (text, expected) in [
            ("(module)", ""),
            ("(module (func (result i32) i32.const 1 i32.extend8_s))", "sign-extension"),
            ("(module (func (param f32) (result i32) (i32.trunc_sat_f32_s (local.get 0))))", "saturating-float-to-int"),
            ("(module (func (result i32 i32) i32.const 1 i32.const 2))", "multi-value"),
            ("(module (global (export \"g\") (mut i32) (i32.const 0)))", "mutable-global"),
            ("(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))", "bulk-memory"),
            ("(module (memory 1) (data \"\"))", "bulk-memory"),
            ("(module (table 1 externref))", "reference-types"),
            ("(module (table 1 funcref) (table 1 funcref))", "reference-types"),
            ("(module (func (param v128)))", "simd"),
            (
                "(module (func (param v128) (drop (f32x4.relaxed_min (local.get 0) (local.get 0)))))",
                "simd, relaxed-simd",
            ),
            ("(module (global i32 (i32.add (i32.const 1) (i32.const 2))))", "extended-const"),
            ("(module (func $f (return_call $f)))", "tail-call"),
            ("(module (tag))", "exceptions"),
            ("(module (func try catch_all end))", "legacy-exceptions"),
            ("(module (memory 1) (memory 1))", "multi-memory"),
            ("(module (memory i64 1))", "memory64"),
            ("(module (table i64 1 funcref))", "memory64"),
            ("(module (type $f (func)) (func (param (ref null $f))))", "reference-types, function-references"),
            ("(module (type (struct)))", "gc"),
            ("(module (memory 1 1 shared))", "threads"),
            ("(module (func atomic.fence))", "threads"),
            (
                "(module (func (result i64 i64) (i64.mul_wide_u (i64.const 1) (i64.const 2))))",
                "multi-value, wide-arithmetic",
            ),
            ("(module (memory 1 (pagesize 1)))", "custom-page-sizes"),
            ("(module (type $f (func)) (type (cont $f)))", "stack-switching"),
            ("(module (func (param i32) (@metadata.code.branch_hint \"\\00\") (if (local.get 0) (then))))", ""),
        ] {
            assert_eq!(needs(text), expected, "{text}");
        }
    }
}
