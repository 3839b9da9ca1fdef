//! Wasm operators → Cranelift IR.
//!
//! One function at a time, reading only the [`Plan`], so that all can be translated in parallel:
//!
//! - [`function`]: the loop over a body's operators, its operand stack and locals;
//! - [`control`]: blocks and branches;
//! - [`exceptions`]: what throws and what catches;
//! - [`numeric`] and [`vector`]: tables with a row for each operator that only computes;
//! - [`atomic`]: atomic accesses, waiting and waking;
//! - [`relaxed`]: vector operators for which the specification leaves a choice;
//! - [`memory`] and [`table`]: accesses, sizes, bulk operations;
//! - [`heap`]: the only place where an address in linear memory is formed, with the help of [`checked`], which knows
//!   what was compared already;
//! - [`call`]: calls of all kinds;
//! - [`inline`]: bodies in place of calls, and where their code comes from;
//! - [`profile`]: counting, and what follows from counts;
//! - [`environment`]: what a function refers to outside itself;
//! - [`library`]: the C interface of a library;
//! - [`glue`]: the functions that no module has: instantiation, and entries for the runtime.

mod atomic;
mod call;
mod checked;
mod control;
pub mod environment;
mod exceptions;
mod function;
mod glue;
mod heap;
pub mod inline;
mod library;
mod memory;
pub mod names;
mod numeric;
mod profile;
pub mod relaxed;
mod table;
pub mod traps;
pub mod types;
mod vector;

use cranelift_codegen::ir;
use cranelift_frontend::FunctionBuilderContext;

use crate::error::Result;
use crate::plan::{FunctionSource, Plan};
use inline::Origins;
use names::Name;
use types::Conventions;

/// Makes the IR of whatever code has this name; with `debug_info`, labels say which values locals have.
///
/// # Errors
///
/// If the body uses something that is valid but not supported.
pub fn translate(
    plan: &Plan<'_>,
    name: Name,
    conventions: Conventions,
    debug_info: bool,
    context: &mut FunctionBuilderContext,
    output: &mut ir::Function,
) -> Result<Origins> {
    output.name = ir::UserFuncName::User(name.encode());
    match name {
        Name::Function(id) => match &plan.functions[id].source {
            FunctionSource::Body { instance, index, .. } => {
                function::translate_body(plan, id, conventions, debug_info, context, output)
                    .map_err(|error| error.in_function(plan.instances[*instance].module.function_name(*index)))
            }
            FunctionSource::Wasi { .. }
            | FunctionSource::Native { .. }
            | FunctionSource::Host { .. }
            | FunctionSource::Unknown { .. } => {
                glue::host_thunk(plan, id, conventions, context, output);
                Ok(Origins::default())
            }
        },
        Name::Api(id) => {
            library::translate_api(plan, id, conventions, context, output);
            Ok(Origins::default())
        }
        Name::HostCall(id) => {
            library::translate_host_call(plan, id, conventions, context, output);
            Ok(Origins::default())
        }
        other => {
            glue::translate(plan, other, conventions, context, output);
            Ok(Origins::default())
        }
    }
}

/// Everything that needs code, in the order in which it is laid out.
pub fn code_names(plan: &Plan<'_>) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for (id, function) in plan.functions.iter() {
        let needed = match function.source {
            FunctionSource::Body { .. } | FunctionSource::Host { .. } | FunctionSource::Unknown { .. } => function.live,
            // Called directly otherwise.
            FunctionSource::Wasi { .. } | FunctionSource::Native { .. } => function.live && function.referenced,
        };
        if needed {
            names.push(Name::Function(id));
        }
        if needed && let FunctionSource::Host { .. } = function.source {
            names.push(Name::HostCall(id));
        }
    }
    names.extend(glue::names(plan));
    names
}
