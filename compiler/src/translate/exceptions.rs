//! Exceptions: `throw`, and what catches it, in both forms: `try_table` (core specification, 4.6.11) and the legacy
//! `try`.
//!
//! # Idea
//!
//! A call inside a `try` is a `try_call`, with a list of tags and blocks: what [`Translator::handlers`] finds in the
//! open blocks, innermost first, up to what catches everything. Each clause has one such block, its *landing*, which
//! all calls share; it gets the exception's address, loads the payload, and goes on where the clause says. Nothing is
//! executed for a `try` that is not needed: the tables are looked up when something is thrown (see
//! [`wasmc_abi::exception`]).
//!
//! A `throw` that a clause of the same function catches for certain is a jump to its landing.
//!
//! # The legacy form
//!
//! The clauses of a legacy `try` follow its body, and the calls in the body need their tags. So the first `try` of a
//! function has the operators read ahead once, for the shapes of all of them. While a clause is open, its frame holds
//! the exception for `rethrow`. `delegate` makes the search for handlers go on at an outer block.

use cranelift_codegen::ir::{
    self, Block, BlockArg, BlockCall, ExceptionTableData, ExceptionTableItem, ExceptionTag, FuncRef, InstBuilder,
    SigRef, Value, types,
};
use cranelift_entity::EntityRef;
use wasmc_abi::exception::{REFERENCED, offsets};
use wasmc_abi::layout::SLOT_BYTES;
use wasmc_abi::trap::TrapCode;
use wasmparser::{BlockType, Catch, FunctionBody, Operator, TryTable};

use super::control::{Frame, FrameKind};
use super::environment::Region;
use super::function::Translator;
use super::names::{Name, RuntimeFunction};
use super::traps;
use super::types::{POINTER, native_signature, value_type};
use crate::error::Result;
use crate::parse::index::TagIndex;
use crate::plan::ids::TagId;

/// A clause that catches.
pub struct Clause {
    /// `None`: every exception.
    tag: Option<TagId>,
    /// Where it begins; its parameter is the exception.
    landing: Block,
    /// Something can come there.
    is_reached: bool,
    /// Of a `try_table`: which label it goes to, counted from outside, and whether it carries an `exnref`.
    target: Option<(u32, bool)>,
}

/// The legacy form's part of a frame.
pub struct LegacyTry {
    /// Its clauses in order; those that the translation has come to are gone.
    clauses: std::vec::IntoIter<Clause>,
    /// The translation is in the body, not yet in a clause.
    in_body: bool,
    /// The exception that the open clause has caught, if the clause can be reached.
    caught: Option<Value>,
    /// A `rethrow` refers to it.
    is_rethrown: bool,
}

/// What is read ahead of a legacy `try`.
#[derive(Default)]
pub struct Shape {
    /// `None` for `catch_all`.
    clauses: Vec<Option<TagIndex>>,
    delegate: Option<u32>,
    is_rethrown: bool,
}

/// What is called.
#[derive(Clone, Copy)]
pub enum Callee {
    Direct(FuncRef),
    Indirect(SigRef, Value),
}

impl Translator<'_, '_> {
    pub fn translate_exceptions(&mut self, operator: &Operator<'_>) -> Result<bool> {
        match operator {
            Operator::TryTable { try_table } => self.open_try_table(try_table),
            Operator::Try { blockty } => self.open_legacy_try(*blockty)?,
            Operator::Catch { .. } | Operator::CatchAll => self.begin_catch(),
            Operator::Delegate { .. } => self.close(),
            Operator::Throw { tag_index } => self.throw(TagIndex::new(*tag_index as usize)),
            Operator::ThrowRef => {
                let exception = self.pop();
                self.throw_reference(exception);
            }
            Operator::Rethrow { relative_depth } => {
                let index = self.control.len() - 1 - *relative_depth as usize;
                let FrameKind::LegacyTry(frame) = &self.control[index].kind else {
                    unreachable!("the body is validated")
                };
                let exception = frame.caught.expect("the body is validated");
                self.throw_reference(exception);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Calls something that may throw, and gives its results.
    pub fn call_throwing(&mut self, callee: Callee, arguments: &[Value]) -> Vec<Value> {
        self.env.before_call();
        let handlers = self.handlers();
        if handlers.is_empty() {
            let call = match callee {
                Callee::Direct(function) => self.env.ins().call(function, arguments),
                Callee::Indirect(signature, address) => self.env.ins().call_indirect(signature, address, arguments),
            };
            return self.env.builder.inst_results(call).to_vec();
        }
        let function = &mut self.env.builder.func;
        let signature = match callee {
            Callee::Direct(callee) => function.dfg.ext_funcs[callee].signature,
            Callee::Indirect(signature, _) => signature,
        };
        let results: Vec<ir::Type> = function.dfg.signatures[signature].returns.iter().map(|r| r.value_type).collect();
        let next = self.create_block(&results);
        let pool = &mut self.env.builder.func.dfg.value_lists;
        let returned = (0..results.len()).map(|index| BlockArg::TryCallRet(index as u32));
        let normal = BlockCall::new(next, returned, pool);
        let items: Vec<ExceptionTableItem> = handlers
            .into_iter()
            .map(|(tag, landing)| {
                let call = BlockCall::new(landing, [BlockArg::TryCallExn(0)], pool);
                match tag {
                    Some(tag) => ExceptionTableItem::Tag(ExceptionTag::with_number(tag.index() as u32).unwrap(), call),
                    None => ExceptionTableItem::Default(call),
                }
            })
            .collect();
        let table = ExceptionTableData::new(signature, normal, items);
        let table = self.env.builder.func.dfg.exception_tables.push(table);
        match callee {
            Callee::Direct(function) => self.env.ins().try_call(function, arguments, table),
            Callee::Indirect(_, address) => self.env.ins().try_call_indirect(address, arguments, table),
        };
        self.env.builder.seal_block(next);
        self.enter(next, self.cold);
        self.env.builder.block_params(next).to_vec()
    }

    /// What catches an exception that is thrown here, innermost first, up to what catches all of them.
    fn handlers(&mut self) -> Vec<(Option<TagId>, Block)> {
        let mut found: Vec<(Option<TagId>, Block)> = Vec::new();
        let mut end = self.control.len();
        while let Some(index) = end.checked_sub(1) {
            end = index;
            let clauses = match &mut self.control[index].kind {
                FrameKind::TryTable { clauses } => clauses.iter_mut(),
                FrameKind::LegacyTry(frame) if frame.in_body => frame.clauses.as_mut_slice().iter_mut(),
                FrameKind::Delegate { outer } => {
                    end = *outer;
                    continue;
                }
                _ => continue,
            };
            for clause in clauses {
                if found.iter().all(|(tag, _)| *tag != clause.tag) {
                    clause.is_reached = true;
                    found.push((clause.tag, clause.landing));
                }
                if clause.tag.is_none() {
                    return found;
                }
            }
        }
        found
    }

    fn clause(&mut self, tag: Option<TagIndex>, target: Option<(u32, bool)>) -> Clause {
        let landing = self.create_block(&[POINTER]);
        Clause { tag: tag.map(|tag| self.code.instance.tags[tag]), landing, is_reached: false, target }
    }

    fn open_try_table(&mut self, try_table: &TryTable) {
        let clauses = try_table.catches.iter().map(|catch| {
            let tag = |tag: u32| Some(TagIndex::new(tag as usize));
            let (tag, label, carries_reference) = match *catch {
                Catch::One { tag: index, label } => (tag(index), label, false),
                Catch::OneRef { tag: index, label } => (tag(index), label, true),
                Catch::All { label } => (None, label, false),
                Catch::AllRef { label } => (None, label, true),
            };
            self.clause(tag, Some((label, carries_reference)))
        });
        let clauses = clauses.collect();
        self.open(try_table.ty, FrameKind::TryTable { clauses });
    }

    /// The end of a `try_table`, whose frame is closed: its landings carry what they caught to their labels.
    pub fn land(&mut self, clauses: Vec<Clause>, cold: bool) {
        for clause in clauses {
            self.env.builder.seal_block(clause.landing);
            let Some((label, carries_reference)) = clause.target.filter(|_| clause.is_reached) else { continue };
            let (exception, mut values) = self.begin_landing(&clause, carries_reference, cold);
            if carries_reference {
                values.push(exception);
            }
            let (destination, _) = self.destination(label, cold);
            let arguments: Vec<BlockArg> = values.into_iter().map(BlockArg::from).collect();
            self.env.ins().jump(destination, &arguments);
        }
    }

    /// Goes to a landing; gives the exception and its payload. Unless it is kept, the exception is not valid any more.
    fn begin_landing(&mut self, clause: &Clause, keep: bool, cold: bool) -> (Value, Vec<Value>) {
        self.enter(clause.landing, cold);
        let exception = self.env.builder.block_params(clause.landing)[0];
        let flags = self.env.trusted(Region::Exception);
        let mut payload = Vec::new();
        if let Some(tag) = clause.tag {
            let ty = self.env.plan.types.get(self.env.plan.tags[tag].ty);
            for (index, &ty) in ty.params().iter().enumerate() {
                payload.push(self.env.ins().load(value_type(ty), flags, exception, payload_offset(index)));
            }
        }
        if keep {
            let referenced = self.env.iconst(types::I32, REFERENCED.into());
            self.env.ins().store(flags, referenced, exception, offsets::FLAGS as i32);
        } else {
            self.env.call_runtime(RuntimeFunction::ExceptionDone, &[exception], &[]);
        }
        (exception, payload)
    }

    fn throw(&mut self, tag: TagIndex) {
        let tag = self.code.instance.tags[tag];
        let ty = self.env.plan.tags[tag].ty;
        let payload = self.pop_arguments(ty);
        let numbers = [tag.index() as u64, payload.len() as u64].map(|number| self.env.iconst(types::I32, number));
        let exception = self.env.call_runtime(RuntimeFunction::ExceptionNew, &numbers, &[POINTER])[0];
        let flags = self.env.trusted(Region::Exception);
        for (index, value) in payload.into_iter().enumerate() {
            self.env.ins().store(flags, value, exception, payload_offset(index));
        }
        let handlers = self.handlers();
        match handlers.into_iter().find(|(handled, _)| handled.is_none_or(|handled| handled == tag)) {
            Some((_, landing)) => {
                self.env.ins().jump(landing, &[BlockArg::from(exception)]);
                self.unreachable = Some(0);
            }
            None => self.throw_reference(exception),
        }
    }

    /// Throws an exception, or traps if it is null.
    fn throw_reference(&mut self, exception: Value) {
        let signature = || native_signature(&[POINTER], &[]);
        let throw = self.env.function(Name::Runtime(RuntimeFunction::Throw), signature);
        self.call_throwing(Callee::Direct(throw), &[exception]);
        // Not reached: the runtime does not return.
        self.env.ins().trap(traps::to_clif(TrapCode::Unreachable));
        self.unreachable = Some(0);
    }

    // --- The legacy form --------------------------------------------------------------------------------

    fn open_legacy_try(&mut self, ty: BlockType) -> Result<()> {
        let shape = self.next_shape()?;
        let kind = match shape.delegate {
            // Labels count from outside the `try`, whose frame is not there yet.
            Some(depth) => FrameKind::Delegate { outer: self.control.len() - depth as usize },
            None => {
                let clauses: Vec<Clause> = shape.clauses.iter().map(|&tag| self.clause(tag, None)).collect();
                let clauses = clauses.into_iter();
                FrameKind::LegacyTry(LegacyTry { clauses, in_body: true, caught: None, is_rethrown: shape.is_rethrown })
            }
        };
        self.open(ty, kind);
        Ok(())
    }

    /// `catch` or `catch_all`: what came before goes to the end, and the next clause begins.
    pub fn begin_catch(&mut self) {
        self.fall_through();
        let frame = self.control.last_mut().expect("the body is validated");
        self.stack.truncate(frame.height);
        let cold = frame.cold;
        self.env.checked.cut(frame.checked);
        let FrameKind::LegacyTry(frame) = &mut frame.kind else { unreachable!("the body is validated") };
        let clause = frame.clauses.next().expect("the clauses were counted");
        frame.in_body = false;
        let is_rethrown = frame.is_rethrown;
        self.env.builder.seal_block(clause.landing);
        if !clause.is_reached {
            self.unreachable = Some(0);
            return;
        }
        self.unreachable = None;
        let (exception, payload) = self.begin_landing(&clause, is_rethrown, self.next_is_cold(cold));
        self.stack.extend(payload);
        if let Some(Frame { kind: FrameKind::LegacyTry(frame), .. }) = self.control.last_mut() {
            frame.caught = Some(exception);
        }
    }

    /// The shape of the legacy `try` that the translation has come to, reachable or not.
    pub fn next_shape(&mut self) -> Result<Shape> {
        if self.code.shapes.is_none() {
            self.code.shapes = Some(read_shapes(self.code.body)?.into_iter());
        }
        let shape = self.code.shapes.as_mut().and_then(Iterator::next);
        Ok(shape.expect("every `try` was read"))
    }
}

fn payload_offset(index: usize) -> i32 {
    (offsets::PAYLOAD as usize + index * SLOT_BYTES as usize) as i32
}

/// Reads ahead: every legacy `try` of a body, in order.
fn read_shapes(body: &FunctionBody<'_>) -> Result<Vec<Shape>> {
    let mut shapes: Vec<Shape> = Vec::new();
    // The open blocks: which of them are legacy `try`s. The outermost is the body.
    let mut open: Vec<Option<usize>> = vec![None];
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let innermost = open.last().copied().flatten();
        match operators.read()? {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } | Operator::TryTable { .. } => {
                open.push(None);
            }
            Operator::Try { .. } => {
                open.push(Some(shapes.len()));
                shapes.push(Shape::default());
            }
            Operator::Catch { tag_index } => {
                if let Some(index) = innermost {
                    shapes[index].clauses.push(Some(TagIndex::new(tag_index as usize)));
                }
            }
            Operator::CatchAll => {
                if let Some(index) = innermost {
                    shapes[index].clauses.push(None);
                }
            }
            Operator::Delegate { relative_depth } => {
                if let Some(index) = innermost {
                    shapes[index].delegate = Some(relative_depth);
                }
                open.pop();
            }
            Operator::Rethrow { relative_depth } => {
                let place = open.len().checked_sub(1 + relative_depth as usize);
                if let Some(index) = place.and_then(|place| open[place]) {
                    shapes[index].is_rethrown = true;
                }
            }
            Operator::End => {
                open.pop();
            }
            _ => {}
        }
    }
    Ok(shapes)
}
