//! Settings of Cranelift for each target, CPU and optimisation level; relocations of Cranelift as those of ELF.

use std::sync::Arc;

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir::types;
use cranelift_codegen::isa::{self, CallConv, OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use object::elf;
use target_lexicon::Triple;
use wasmc_abi::cpu::Level;

use crate::error::{Error, Result};
use crate::object::machine::Machine;
use crate::options::{Architecture, Cpu, OptLevel, Options};
use crate::plan::Plan;
use crate::plan::layout::Instances;
use crate::translate::relaxed::RelaxedForms;
use crate::translate::types::Conventions;

/// A machine to compile for.
pub struct Target {
    pub isa: Arc<dyn TargetIsa>,
    /// The same, for functions that are too large for Cranelift's e-graph pass.
    pub isa_for_large: Arc<dyn TargetIsa>,
    pub machine: Machine,
    /// What the executable has to find on the machine that it runs on.
    pub level: Level,
    relaxed: RelaxedForms,
}

/// The level that the options ask for.
///
/// # Errors
///
/// If the architecture does not have it, or this machine is asked about and not of that architecture.
pub fn level(options: &Options) -> Result<Level> {
    let level = match options.cpu {
        Cpu::Default => options.architecture.default_level(),
        Cpu::Level(level) => level,
        Cpu::Native => native_level(options.architecture)?,
    };
    if options.architecture.levels().contains(&level) {
        return Ok(level);
    }
    let (level, name) = (level.name(), options.architecture.name());
    Err(Error::usage(format!("the CPU {level} is none of {name}")))
}

/// How far a frame may reach below the stack pointer without touching the stack: less than the guard of the Wasm stack,
/// which the runtime makes 1 MiB.
const PROBE_INTERVAL_LOG2: &str = "19";

impl Target {
    pub fn new(options: &Options, instances: Instances) -> Result<Target> {
        let triple: Triple = match options.architecture {
            Architecture::X86_64 => "x86_64-unknown-linux-gnu",
            Architecture::Aarch64 => "aarch64-unknown-linux-gnu",
        }
        .parse()
        .expect("a known triple");
        let level = level(options)?;
        let isa = |opt_level| -> Result<OwnedTargetIsa> {
            let mut builder = isa::lookup(triple.clone())
                .map_err(|error| Error::internal(format!("no code generator for the target: {error}")))?;
            for feature in level_features(options.architecture, level) {
                builder.enable(feature).map_err(|error| Error::internal(format!("CPU feature {feature}: {error}")))?;
            }
            builder
                .finish(flags(options, opt_level, instances))
                .map_err(|error| Error::internal(format!("code generator: {error}")))
        };
        let isa_for_large = isa(options.opt_level.without_egraph())?;
        let isa = isa(options.opt_level)?;
        let machine = match options.architecture {
            Architecture::X86_64 => Machine::X86_64,
            Architecture::Aarch64 => Machine::Aarch64,
        };
        let relaxed = relaxed_forms(&*isa, machine, options);
        Ok(Target { isa, isa_for_large, machine, level, relaxed })
    }

    /// How functions are called and what else translation has to know.
    pub fn conventions(&self, plan: &Plan<'_>) -> Conventions {
        let wasm = match self.machine {
            // Only with `Tail` are calls replaced by others.
            _ if plan.tail_calls => CallConv::Tail,
            // Of `Tail` Cranelift thinks that nothing is restored when an exception is caught: no register would keep
            // its value across a call inside a `try`, whether something is thrown or not.
            Machine::X86_64 if !plan.tags.is_empty() => CallConv::SystemV,
            // Eight registers for results of each kind instead of two, and as many for arguments.
            Machine::X86_64 => CallConv::Tail,
            // `Tail` keeps x0 and x1 for itself.
            Machine::Aarch64 => CallConv::SystemV,
        };
        Conventions { wasm, frontend: self.isa.frontend_config(), relaxed: self.relaxed }
    }

    /// The ELF relocation that does what Cranelift asks for.
    pub fn elf_relocation(&self, kind: Reloc) -> Result<u32> {
        Ok(match kind {
            Reloc::Abs8 => self.machine.absolute_64(),
            Reloc::X86PCRel4 => elf::R_X86_64_PC32,
            Reloc::X86CallPCRel4 | Reloc::X86CallPLTRel4 => elf::R_X86_64_PLT32,
            Reloc::X86GOTPCRel4 => elf::R_X86_64_GOTPCREL,
            Reloc::Arm64Call => elf::R_AARCH64_CALL26,
            Reloc::Aarch64AdrPrelPgHi21 => elf::R_AARCH64_ADR_PREL_PG_HI21,
            Reloc::Aarch64AddAbsLo12Nc => elf::R_AARCH64_ADD_ABS_LO12_NC,
            other => return Err(Error::internal(format!("unexpected relocation {other}"))),
        })
    }
}

/// The fastest forms that the machine has, or the deterministic ones.
fn relaxed_forms(isa: &dyn TargetIsa, machine: Machine, options: &Options) -> RelaxedForms {
    if options.deterministic {
        return RelaxedForms { deterministic: true, ..RelaxedForms::default() };
    }
    RelaxedForms {
        deterministic: false,
        fused: isa.has_native_fma(),
        min_of_second: machine == Machine::X86_64,
        convert_to_least: machine == Machine::X86_64,
        shuffle_bytes: isa.has_x86_pshufb_lowering(),
        multiply_round: isa.has_x86_pmulhrsw_lowering(),
        multiply_add_pairs: isa.has_x86_pmaddubsw_lowering(),
        blend: isa.has_blendv_lowering(types::I8X16),
    }
}

/// The settings that do not depend on the CPU.
fn flags(options: &Options, opt_level: OptLevel, instances: Instances) -> settings::Flags {
    let (opt_level, allocator) = match opt_level {
        OptLevel::None => ("none", "single_pass"),
        OptLevel::Less => ("none", "backtracking"),
        OptLevel::Speed => ("speed", "backtracking"),
        OptLevel::Size => ("speed_and_size", "backtracking"),
    };
    let boolean = |value: bool| if value { "true" } else { "false" };
    let settings = [
        ("opt_level", opt_level),
        ("regalloc_algorithm", allocator),
        ("enable_verifier", boolean(options.verify)),
        ("enable_nan_canonicalization", boolean(options.deterministic)),
        // All symbols are colocated, so that everything is relative to the program counter and there is no GOT.
        ("is_pic", "false"),
        ("use_colocated_libcalls", "true"),
        // Backtraces walk frame pointers.
        ("preserve_frame_pointers", "true"),
        ("unwind_info", "true"),
        // A large frame must not step over the guard of the stack.
        ("enable_probestack", "true"),
        ("probestack_strategy", "inline"),
        ("probestack_size_log2", PROBE_INTERVAL_LOG2),
        // Holds the address of the running instance's record.
        ("enable_pinned_reg", boolean(instances != Instances::One)),
        // Functions with more results than there are registers.
        ("enable_multi_ret_implicit_sret", "true"),
    ];
    let mut builder = settings::builder();
    for (name, value) in settings {
        builder.set(name, value).expect("a setting that Cranelift has");
    }
    settings::Flags::new(builder)
}

/// What a level adds to the one below, in Cranelift's names. (Its presets of the same names leave out AVX and AVX512F.)
fn added_features(level: Level) -> &'static [&'static str] {
    match level {
        Level::X86_64 | Level::Armv8A => &[],
        Level::X86_64V2 => &["has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt", "has_cmpxchg16b"],
        Level::X86_64V3 => &["has_avx", "has_avx2", "has_bmi1", "has_bmi2", "has_fma", "has_lzcnt"],
        Level::X86_64V4 => &["has_avx512f", "has_avx512dq", "has_avx512vl"],
        Level::Armv8_1A => &["has_lse"],
        Level::Armv8_4A => &["has_dotprod"],
        Level::Armv8_6A => &["has_i8mm"],
    }
}

/// All that a level has above the architecture's first.
fn level_features(architecture: Architecture, level: Level) -> impl Iterator<Item = &'static str> {
    let included = architecture.levels().iter().filter(move |&&added| added <= level);
    included.flat_map(|&added| added_features(added).iter().copied())
}

/// The highest level that this machine has.
fn native_level(architecture: Architecture) -> Result<Level> {
    if Architecture::host() != Some(architecture) {
        return Err(Error::usage(format!("--cpu native: this machine is not {}", architecture.name())));
    }
    let host = cranelift_native::builder()
        .and_then(|builder| {
            builder.finish(settings::Flags::new(settings::builder())).map_err(|_| "the CPU is not known")
        })
        .map_err(|error| Error::usage(format!("--cpu native: {error}")))?;
    let flags = host.isa_flags();
    let has = |name: &str| flags.iter().any(|flag| flag.name == name && flag.as_bool() == Some(true));
    let complete = |level: &&Level| level_features(architecture, **level).all(has);
    Ok(*architecture.levels().iter().rev().find(complete).expect("the first level asks for nothing"))
}
