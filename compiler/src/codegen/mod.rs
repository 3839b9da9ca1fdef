//! [`Plan`] → machine code: translates and compiles functions in parallel.
//!
//! Each function is translated and compiled by one thread in one go, and only its code stays: memory is needed for as
//! many functions at a time as there are threads. The result does not depend on the number of threads.

pub mod debug;
mod exceptions;
mod sites;
pub mod target;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use cranelift_codegen::incremental_cache::serialize_compiled;
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::isa::unwind::UnwindInfo;
use cranelift_codegen::{CodegenError, CodegenResult, CompiledCode, Context, FinalizedRelocTarget, ir, settings};
use cranelift_control::ControlPlane;
use cranelift_frontend::FunctionBuilderContext;
use wasmc_abi::library::LARGEST_FRAME;

use crate::cache::{Cache, function_key};
use crate::error::{Error, Result};
use crate::optimize::{finish, finish_id, optimize};
use crate::options::Options;
use crate::plan::ids::FuncId;
use crate::plan::{FunctionSource, Main, Plan};
use crate::translate::inline::Origins;
use crate::translate::names::{Name, RuntimeFunction};
use crate::translate::{code_names, translate};
use crate::{CompiledFunction, Session};
use debug::CodeDebug;
use exceptions::{CallHandlers, call_handlers, saved_registers};
use sites::Site;
use target::Target;

/// The code of one function.
pub struct Code {
    pub name: Name,
    pub bytes: Vec<u8>,
    /// Bytes; a power of two.
    pub align: u32,
    pub relocations: Vec<CodeRelocation>,
    /// The site table, if the function can trap.
    pub sites: Option<Vec<u8>>,
    /// If there is code in it that was inlined.
    pub inlined: Option<InlinedSites>,
    /// Calls that something catches exceptions of, ascending by return address.
    pub handlers: Vec<CallHandlers>,
    /// Where it keeps its caller's registers: see [`exceptions::saved_registers`].
    pub saved: Vec<u8>,
    pub unwind: Option<UnwindInfo>,
    /// If debug information is wanted.
    pub debug: Option<CodeDebug>,
}

/// Of which functions the code at sites is.
pub struct InlinedSites {
    /// Bodies in place of calls: which function it is, and the body that it is called in, by its index here; `None`: in
    /// the function itself.
    pub bodies: Vec<(FuncId, Option<usize>)>,
    /// For each entry of the site table the body that it is in.
    pub sites: Vec<Option<usize>>,
}

/// A place in code that needs an address.
pub struct CodeRelocation {
    pub offset: u32,
    /// The ELF number.
    pub r_type: u32,
    pub target: Name,
    pub addend: i64,
}

/// The code of one function, to be looked at.
pub struct Listing {
    pub name: Name,
    /// As symbols and messages call it.
    pub title: String,
    pub bytes: Vec<u8>,
    /// What each piece of code was made from, ascending.
    pub places: Vec<CodePlace>,
    /// Offsets of relocations, ascending, and what they refer to.
    pub targets: Vec<(u32, String)>,
}

/// A piece of code, and the offset in the module of the operator that it was made from.
pub struct CodePlace {
    pub start: u32,
    pub end: u32,
    pub wasm: u32,
}

/// Bytes of a body above which only redundant loads are removed, and Cranelift's e-graph pass does not run: it keeps in
/// the frame what is the same in all of a large loop (each comparison of a variable with one of a thousand constants),
/// and register allocation takes several times the time and memory.
const LARGEST_FOR_EGRAPH: u64 = 96 << 10;

/// So many of the functions that are too large for that are named in the note about them.
const NAMED: usize = 3;

/// Bytes of a body above which one thread at a time compiles such functions, while there are others: memory is
/// proportional to the functions that are compiled at a time.
const LARGE: u64 = 32 << 10;

/// Bytes of bodies for which a thread uses the same buffers: they grow as the largest function wants, and stay so.
const MOST_REUSED: u64 = 1 << 16;

/// What is compiled, and how.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    pub plan: &'a Plan<'a>,
    pub target: &'a Target,
    pub options: &'a Options,
    pub session: Session<'a>,
}

impl<'a> Job<'a> {
    /// Compiles everything that needs code, in the order of [`code_names`].
    pub fn compile(self) -> Result<Vec<Code>> {
        self.note_large();
        self.for_each_function(|compiler, name| compiler.compile(name).map(|compiled| compiled.code))
    }

    /// Says which functions get a cheaper setting.
    fn note_large(self) {
        let of_name = |name| match name {
            Name::Function(id) if self.is_large(name) => Some((body_size(self.plan, name), id)),
            _ => None,
        };
        let mut large: Vec<(u64, FuncId)> = code_names(self.plan).into_iter().filter_map(of_name).collect();
        if large.is_empty() {
            return;
        }
        large.sort_by_key(|&(bytes, id)| (std::cmp::Reverse(bytes), id));
        let named = large.iter().take(NAMED);
        let mut list: Vec<String> =
            named.map(|&(bytes, id)| format!("{} ({} KiB)", self.plan.functions[id].name, bytes >> 10)).collect();
        if large.len() > NAMED {
            list.push(format!("{} more", large.len() - NAMED));
        }
        let limit = LARGEST_FOR_EGRAPH >> 10;
        let note = format!("functions above {limit} KiB are compiled with fewer optimisations: {}", list.join(", "));
        self.session.observer.note(&note);
    }

    /// Whether a function gets a cheaper setting.
    fn is_large(self, name: Name) -> bool {
        self.options.opt_level.has_egraph() && body_size(self.plan, name) > LARGEST_FOR_EGRAPH
    }

    /// Lists everything that needs code, in the same order.
    pub fn list(self) -> Result<Vec<Listing>> {
        self.for_each_function(FunctionCompiler::list)
    }

    /// The text of everything that needs code: Cranelift IR before optimisation, or machine code.
    pub fn print(self, machine_code: bool) -> Result<String> {
        let texts = self.for_each_function(|compiler, name| compiler.print(name, machine_code))?;
        Ok(texts.concat())
    }

    /// Does something for each function that is needed, in the order of [`code_names`]. What is needed for nothing but
    /// its calls, and may be inlined in place of them, waits until one was left.
    fn for_each_function<T: Send>(
        self,
        work: impl Fn(&mut FunctionCompiler<'a>, Name) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let names = code_names(self.plan);
        let total = names.len();
        let may_wait = |name: Name| matches!(name, Name::Function(id) if self.plan.inlining.is_only_called(id));
        let (waiting, mut round): (Vec<_>, Vec<_>) =
            names.into_iter().enumerate().partition(|&(_, name)| may_wait(name));
        let mut waiting: HashMap<Name, usize> = waiting.into_iter().map(|(index, name)| (name, index)).collect();
        let mut results: Vec<(usize, Result<T>)> = Vec::with_capacity(total);
        while !round.is_empty() {
            // Longest first, so that no thread is left with a long one at the end; but large ones on the first thread,
            // until the others have nothing else.
            round.sort_by_key(|&(index, name)| (std::cmp::Reverse(body_size(self.plan, name)), index));
            let large = round.partition_point(|&(_, name)| body_size(self.plan, name) > LARGE);
            let (large, small) = round.split_at(large);
            let lanes = [large, small].map(|functions| (functions, AtomicUsize::new(0)));
            let of_threads = rayon::broadcast(|thread| {
                let mut compiler = FunctionCompiler::new(self);
                let mut bytes = 0;
                let first = usize::from(thread.index() != 0);
                let take = || {
                    let mut lanes = [first, 1 - first].into_iter().map(|lane| &lanes[lane]);
                    lanes.find_map(|(functions, next)| functions.get(next.fetch_add(1, Ordering::Relaxed)).copied())
                };
                let compile = |(index, name)| {
                    if bytes > MOST_REUSED {
                        (compiler, bytes) = (FunctionCompiler::new(self), 0);
                    }
                    bytes += body_size(self.plan, name);
                    let begin = Instant::now();
                    let result = work(&mut compiler, name);
                    let title = || describe(self.plan, name);
                    self.session.observer.compiled_function(&CompiledFunction { name: &title, begin, total });
                    let calls: Vec<Name> = compiler.referenced().filter(|&name| may_wait(name)).collect();
                    (index, result, calls)
                };
                std::iter::from_fn(take).map(compile).collect::<Vec<_>>()
            });
            round.clear();
            for (index, result, calls) in of_threads.into_iter().flatten() {
                results.push((index, result));
                round.extend(calls.into_iter().filter_map(|name| Some((waiting.remove(&name)?, name))));
            }
        }
        results.sort_unstable_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }
}

fn body_size(plan: &Plan<'_>, name: Name) -> u64 {
    match name {
        Name::Function(id) => match plan.functions[id].source {
            FunctionSource::Body { instance, body, .. } => {
                let range = plan.instances[instance].body(body).body.range();
                range.end - range.start
            }
            _ => 0,
        },
        _ => 0,
    }
}

/// A job, and what a thread reuses from one function to the next.
struct FunctionCompiler<'a> {
    job: Job<'a>,
    builder: FunctionBuilderContext,
    context: Context,
    registers: regalloc2::Ctx,
    control: ControlPlane,
}

/// What came of a function.
struct Compiled {
    code: Code,
    /// All that Cranelift tells of it.
    details: CompiledCode,
    origins: Origins,
}

impl<'a> FunctionCompiler<'a> {
    fn new(job: Job<'a>) -> FunctionCompiler<'a> {
        FunctionCompiler {
            job,
            builder: FunctionBuilderContext::new(),
            context: Context::new(),
            registers: regalloc2::Ctx::default(),
            control: ControlPlane::default(),
        }
    }

    fn translate(&mut self, name: Name) -> Result<Origins> {
        let Job { plan, target, options, .. } = self.job;
        self.context.clear();
        // These it leaves, and they would be part of the key of the cache.
        self.context.func.dfg.exception_tables.clear();
        let conventions = target.conventions(plan);
        translate(plan, name, conventions, options.debug_info, &mut self.builder, &mut self.context.func)
    }

    fn compile(&mut self, name: Name) -> Result<Compiled> {
        let Job { plan, target, options, session } = self.job;
        let origins = self.translate(name)?;
        let details = self.run_cranelift(name, session.cache)?;
        check_frame(plan, name, &details)?;
        let sites = sites::find(&details, &origins, options.debug_info);
        let relocations = details.buffer.relocs().iter().map(|relocation| {
            Ok(CodeRelocation {
                offset: relocation.offset,
                r_type: target.elf_relocation(relocation.kind)?,
                target: relocation_target(&self.context.func, &relocation.target)?,
                addend: relocation.addend,
            })
        });
        let relocations = relocations.collect::<Result<Vec<_>>>()?;
        let unwind = details
            .create_unwind_info(&*target.isa)
            .map_err(|error| internal(plan, name, format!("unwind information: {error}")))?;
        let code = Code {
            name,
            bytes: details.code_buffer().to_vec(),
            align: details.buffer.alignment.max(target.isa.function_alignment().preferred),
            relocations,
            sites: sites::encode(&sites),
            inlined: inlined_sites(&origins, &sites),
            handlers: call_handlers(&details),
            saved: saved_registers(&details, target.machine),
            unwind,
            debug: options.debug_info.then(|| debug::collect(&details, &sites, &*target.isa)),
        };
        Ok(Compiled { code, details, origins })
    }

    /// What the function that was translated last refers to.
    fn referenced(&self) -> impl Iterator<Item = Name> {
        self.context.func.params.user_named_funcs().values().map(Name::decode)
    }

    fn list(&mut self, name: Name) -> Result<Listing> {
        let plan = self.job.plan;
        let Compiled { code, details, origins } = self.compile(name)?;
        let places = details.buffer.get_srclocs_sorted().iter().filter(|range| !range.loc.is_default());
        let places = places.map(|range| {
            let wasm = origins.in_function(range.loc.bits());
            CodePlace { start: range.start, end: range.end, wasm }
        });
        let mut targets: Vec<(u32, String)> =
            code.relocations.iter().map(|relocation| (relocation.offset, describe(plan, relocation.target))).collect();
        targets.sort();
        Ok(Listing { name, title: describe(plan, name), bytes: code.bytes, places: places.collect(), targets })
    }

    fn print(&mut self, name: Name, machine_code: bool) -> Result<String> {
        self.translate(name)?;
        let title = describe(self.job.plan, name);
        if !machine_code {
            return Ok(format!(";; {title}\n{}\n", self.context.func.display()));
        }
        self.context.set_disasm(true);
        // What is in a cache has no text.
        let code = self.run_cranelift(name, None)?;
        let text = code.vcode.as_deref().unwrap_or_default();
        Ok(format!(";; {title}\n{text}\n"))
    }

    /// What is left for a large function of the e-graph pass, which does that too.
    fn remove_redundant_loads(&mut self) -> CodegenResult<()> {
        let context = &mut self.context;
        context.compute_cfg();
        context.compute_domtree();
        context.eliminate_unreachable_code(&*self.job.target.isa)?;
        context.replace_redundant_loads()
    }

    /// Compiles what was translated, or finds it.
    fn run_cranelift(&mut self, name: Name, cache: Option<&Cache>) -> Result<CompiledCode> {
        let Job { plan, target, options, .. } = self.job;
        optimize(&mut self.context.func, plan, options);
        let is_large = self.job.is_large(name);
        if is_large {
            self.remove_redundant_loads().map_err(|error| self.failure(name, error))?;
        }
        let isa: &dyn TargetIsa = if is_large { &*target.isa_for_large } else { &*target.isa };
        let key = cache.map(|cache| (cache, function_key(isa, &self.context.func, finish_id(options))));
        if let Some((cache, key)) = &key
            && let Some(code) = cache.function(key, &self.context.func)
        {
            return Ok(code);
        }
        self.run_passes(isa).map_err(|error| self.failure(name, error))?;
        let context = &self.context;
        let (function, text) = (&context.func, context.want_disasm);
        let code = isa.compile_function(function, &context.domtree, &mut self.registers, text, &mut self.control);
        let mut code = code.map_err(|error| self.failure(name, error))?;
        if let Some((cache, key)) = &key {
            let bytes;
            (code, bytes) = serialize_compiled(code);
            bytes.iter().for_each(|bytes| cache.keep_function(key, bytes));
        }
        Ok(code.apply_params(&self.context.func.params))
    }

    /// Cranelift's passes, and ours behind them. What `Context::compile` does then is to compile the function.
    fn run_passes(&mut self, isa: &dyn TargetIsa) -> CodegenResult<()> {
        let context = &mut self.context;
        context.verify_if(isa)?;
        context.optimize(isa, &mut self.control)?;
        if isa.flags().opt_level() != settings::OptLevel::None {
            finish(&mut context.func, self.job.options);
            context.verify_if(isa)?;
        }
        Ok(())
    }

    fn failure(&self, name: Name, error: CodegenError) -> Error {
        let plan = self.job.plan;
        let message = match error {
            CodegenError::CodeTooLarge | CodegenError::ImplLimitExceeded => {
                let error = Error::unsupported("the function is too large to compile");
                return error.in_function(describe(plan, name));
            }
            CodegenError::Verifier(errors) => {
                cranelift_codegen::print_errors::pretty_verifier_error(&self.context.func, None, errors)
            }
            other => other.to_string(),
        };
        internal(plan, name, message)
    }
}

/// Where a comparison says where the stack ends, it is made by the callers of a function: for frames of a limited size.
fn check_frame(plan: &Plan<'_>, name: Name, code: &CompiledCode) -> Result<()> {
    if plan.layout.stack_limit.is_none() {
        return Ok(());
    }
    let Some(layout) = code.buffer.frame_layout() else {
        return Err(internal(plan, name, "it is not known how large its frame is".to_owned()));
    };
    // The frame pointer and the return address are above.
    let frame = u64::from(layout.frame_to_fp_offset) + 16;
    if frame <= LARGEST_FRAME {
        return Ok(());
    }
    let message = format!("the function needs {frame} bytes of stack, and {LARGEST_FRAME} are possible in a library");
    Err(Error::unsupported(message).in_function(describe(plan, name)))
}

fn inlined_sites(origins: &Origins, sites: &[Site]) -> Option<InlinedSites> {
    let bodies = (0..origins.len()).map(|place| origins.inlined(place)).collect();
    let sites: Vec<Option<usize>> = sites.iter().map(|site| site.inlined).collect();
    sites.iter().any(Option::is_some).then_some(InlinedSites { bodies, sites })
}

fn internal(plan: &Plan<'_>, name: Name, message: String) -> Error {
    Error::internal(message).in_function(describe(plan, name))
}

/// What a relocation of Cranelift's refers to.
fn relocation_target(function: &ir::Function, target: &FinalizedRelocTarget) -> Result<Name> {
    match target {
        FinalizedRelocTarget::ExternalName(ir::ExternalName::User(reference)) => {
            Ok(Name::decode(&function.params.user_named_funcs()[*reference]))
        }
        FinalizedRelocTarget::ExternalName(ir::ExternalName::LibCall(call)) => {
            use ir::LibCall;
            Ok(Name::Runtime(match call {
                LibCall::CeilF32 => RuntimeFunction::CeilF32,
                LibCall::CeilF64 => RuntimeFunction::CeilF64,
                LibCall::FloorF32 => RuntimeFunction::FloorF32,
                LibCall::FloorF64 => RuntimeFunction::FloorF64,
                LibCall::TruncF32 => RuntimeFunction::TruncF32,
                LibCall::TruncF64 => RuntimeFunction::TruncF64,
                LibCall::NearestF32 => RuntimeFunction::NearestF32,
                LibCall::NearestF64 => RuntimeFunction::NearestF64,
                LibCall::FmaF32 => RuntimeFunction::FmaF32,
                LibCall::FmaF64 => RuntimeFunction::FmaF64,
                LibCall::X86Pshufb => RuntimeFunction::X86Pshufb,
                other => return Err(Error::internal(format!("unexpected library call {other}"))),
            }))
        }
        other => Err(Error::internal(format!("unexpected relocation target {other:?}"))),
    }
}

/// How symbols and messages call a piece of code.
pub fn describe(plan: &Plan<'_>, name: Name) -> String {
    match name {
        Name::Function(id) => plan.functions[id].name.clone(),
        Name::ArrayCall(id) => format!("array call of {}", plan.functions[id].name),
        Name::GlobalGetter(id) => format!("getter of {id:?}"),
        Name::Instantiate(id) => format!("instantiate {}", plan.instances[id].name),
        Name::Main(_) => "wasmc_main".to_owned(),
        Name::ThreadStart(_) => "wasmc_thread_start".to_owned(),
        Name::Api(id) => match &plan.main {
            Main::Library(library) => library.functions[id].symbol.clone(),
            _ => format!("{name:?}"),
        },
        Name::HostCall(id) => format!("call of {}", plan.functions[id].name),
        other => format!("{other:?}"),
    }
}
