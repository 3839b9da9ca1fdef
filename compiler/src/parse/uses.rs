//! What each function body uses of its module: found in the same pass that validates it.
//!
//! The plan needs it to know what lives, which tables never change and which memories never grow, before any function
//! is translated.

use cranelift_entity::{EntityRef, PrimaryMap};
use rayon::prelude::*;
use wasmparser::{FuncToValidate, FuncValidatorAllocations, Operator, OperatorsReader};

use super::index::{BodyIndex, DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TypeIndex};
use super::module::{Body, Module};
use crate::error::{Error, Result};

/// What one function body refers to. Lists are sorted and, but for the first, without duplicates.
#[derive(Debug, Default)]
pub struct Uses {
    /// Functions that are called directly, once for each call.
    pub calls: Vec<FuncIndex>,
    /// Types of the functions that are called through tables and references.
    pub calls_through_references: Vec<TypeIndex>,
    /// Functions that become values.
    pub ref_funcs: Vec<FuncIndex>,
    /// Tables whose entries may change.
    pub tables_written: Vec<TableIndex>,
    pub tables_grown: Vec<TableIndex>,
    pub memories_grown: Vec<MemoryIndex>,
    pub globals_written: Vec<GlobalIndex>,
    /// Segments that `memory.init` and `table.init` read, and those that are dropped.
    pub data_read: Vec<DataIndex>,
    pub data_dropped: Vec<DataIndex>,
    pub elements_read: Vec<ElemIndex>,
    pub elements_dropped: Vec<ElemIndex>,
    /// It calls in place of itself.
    pub tail_calls: bool,
    /// It waits for other threads, or wakes them.
    pub waits: bool,
    /// It throws, by itself.
    pub throws: bool,
    /// How much it is to compile once more, as a number of operators that become instructions.
    pub weight: u32,
}

/// Validates every body of a module, in parallel, and gives what each one uses.
///
/// # Errors
///
/// The error of the first invalid function, whatever the number of threads.
pub fn find_uses(module: &Module<'_>) -> Result<PrimaryMap<BodyIndex, Uses>> {
    let bodies: Vec<(BodyIndex, &Body<'_>)> = module.bodies.iter().collect();
    let results: Vec<Result<Uses>> = bodies
        .into_par_iter()
        .map_init(FuncValidatorAllocations::default, |allocations, (index, body)| {
            validate(body, allocations).map_err(|error| {
                error.in_function(module.function_name(FuncIndex::new(module.imported_functions() + index.index())))
            })
        })
        .collect();
    results.into_iter().collect()
}

fn validate(body: &Body<'_>, allocations: &mut FuncValidatorAllocations) -> Result<Uses> {
    let FuncToValidate { resources, index, ty, features } = &body.validate;
    let validate = FuncToValidate { resources: resources.clone(), index: *index, ty: *ty, features: *features };
    let mut validator = validate.into_validator(std::mem::take(allocations));
    let mut uses = Uses::default();
    let mut reader = body.body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    reader.set_features(*features);
    let mut operators = OperatorsReader::new(reader);
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset()?;
        validator.op(offset, &operator)?;
        refuse_objects(&operator).map_err(|error| error.at(offset))?;
        uses.note(&operator);
    }
    operators.finish()?;
    let locals = validator.len_locals();
    *allocations = validator.into_allocations();
    // What becomes no instruction takes time and memory too, if there is a lot of it.
    let bytes = body.body.range().end - body.body.range().start;
    uses.weight = uses.weight.max(bytes as u32 / 16).max(locals / 4).max(1);
    uses.finish();
    Ok(uses)
}

/// Of garbage collection only the types are supported.
fn refuse_objects(operator: &Operator<'_>) -> Result<()> {
    macro_rules! refuse {
        ($(@$proposal:ident $name:ident $({ $($argument:ident: $ty:ty),* })? => $visit:ident ($($arity:tt)*))*) => {
            match operator {
                $(Operator::$name { .. } => is_of_gc!($proposal),)*
                _ => false,
            }
        };
    }
    macro_rules! is_of_gc {
        (gc) => {
            true
        };
        ($other:ident) => {
            false
        };
    }
    if wasmparser::for_each_operator!(refuse) {
        let name = format!("{operator:?}");
        let name = name.split([' ', '(']).next().unwrap_or_default();
        return Err(Error::unsupported(format!("the module needs the proposal 'gc': {name}")));
    }
    Ok(())
}

/// Whether an operator only says where operands come from, or where blocks begin and end.
fn is_free(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::LocalGet { .. }
            | Operator::LocalSet { .. }
            | Operator::LocalTee { .. }
            | Operator::I32Const { .. }
            | Operator::I64Const { .. }
            | Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::End
            | Operator::Drop
            | Operator::Nop
            | Operator::Return
            | Operator::Unreachable
    )
}

impl Uses {
    fn note(&mut self, operator: &Operator<'_>) {
        if let Operator::ReturnCall { .. } | Operator::ReturnCallIndirect { .. } | Operator::ReturnCallRef { .. } =
            operator
        {
            self.tail_calls = true;
        }
        self.weight += u32::from(!is_free(operator));
        self.waits |= matches!(
            operator,
            Operator::MemoryAtomicWait32 { .. }
                | Operator::MemoryAtomicWait64 { .. }
                | Operator::MemoryAtomicNotify { .. }
        );
        match *operator {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                self.calls.push(FuncIndex::new(function_index as usize));
            }
            Operator::CallIndirect { type_index, .. }
            | Operator::ReturnCallIndirect { type_index, .. }
            | Operator::CallRef { type_index }
            | Operator::ReturnCallRef { type_index } => {
                self.calls_through_references.push(TypeIndex::new(type_index as usize));
            }
            Operator::Throw { .. } | Operator::ThrowRef | Operator::Rethrow { .. } => self.throws = true,
            Operator::RefFunc { function_index } => self.ref_funcs.push(FuncIndex::new(function_index as usize)),
            Operator::TableSet { table } | Operator::TableFill { table } => {
                self.tables_written.push(TableIndex::new(table as usize));
            }
            Operator::TableCopy { dst_table, .. } => self.tables_written.push(TableIndex::new(dst_table as usize)),
            Operator::TableInit { elem_index, table } => {
                self.tables_written.push(TableIndex::new(table as usize));
                self.elements_read.push(ElemIndex::new(elem_index as usize));
            }
            Operator::TableGrow { table } => {
                self.tables_written.push(TableIndex::new(table as usize));
                self.tables_grown.push(TableIndex::new(table as usize));
            }
            Operator::MemoryGrow { mem } => self.memories_grown.push(MemoryIndex::new(mem as usize)),
            Operator::GlobalSet { global_index } => {
                self.globals_written.push(GlobalIndex::new(global_index as usize));
            }
            Operator::MemoryInit { data_index, .. } => self.data_read.push(DataIndex::new(data_index as usize)),
            Operator::DataDrop { data_index } => self.data_dropped.push(DataIndex::new(data_index as usize)),
            Operator::ElemDrop { elem_index } => self.elements_dropped.push(ElemIndex::new(elem_index as usize)),
            _ => {}
        }
    }

    fn finish(&mut self) {
        fn tidy<T: Ord>(list: &mut Vec<T>) {
            list.sort_unstable();
            list.dedup();
            list.shrink_to_fit();
        }
        self.calls.sort_unstable();
        self.calls.shrink_to_fit();
        tidy(&mut self.calls_through_references);
        tidy(&mut self.ref_funcs);
        tidy(&mut self.tables_written);
        tidy(&mut self.tables_grown);
        tidy(&mut self.memories_grown);
        tidy(&mut self.globals_written);
        tidy(&mut self.data_read);
        tidy(&mut self.data_dropped);
        tidy(&mut self.elements_read);
        tidy(&mut self.elements_dropped);
    }
}
