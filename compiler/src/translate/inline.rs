//! Bodies in place of calls.
//!
//! A call of a function that the plan wants to have inlined (see [`crate::plan::inline`]) is not made: the callee's
//! body is translated where the call is, as a block that `return` leaves. Its parameters and locals become variables,
//! its operands lie above the caller's.
//!
//! # Locations
//!
//! Cranelift takes a number of 32 bits for where an instruction comes from. For a function's own operators that is the
//! offset in the module. The bodies that are inlined get numbers of their own, behind those of the function's body, one
//! range for each: so a number tells the operator, and by which calls it came here. They depend on nothing but the
//! function, as the cache wants it.

use std::ops::Range;

use cranelift_codegen::ir::{BlockArg, InstBuilder, Value};

use super::control::FrameKind;
use super::function::{Activation, Translator};
use crate::error::Result;
use crate::plan::ids::FuncId;
use crate::plan::inline::Candidate;

/// Bodies inside of each other, beyond which calls stay calls.
const MAX_DEPTH: usize = 4;

/// How much may be inlined into a body of some weight. Cranelift takes more than twice the time for twice the function.
pub fn room(weight: u32) -> u32 {
    50 + (weight / 8).min(2000)
}

/// Where the operators of a function's code come from.
#[derive(Debug, Default)]
pub struct Origins {
    /// Ascending by location.
    inlined: Vec<Inlined>,
    /// The next location that is free.
    next: u32,
}

/// A body in place of a call.
#[derive(Debug)]
struct Inlined {
    function: FuncId,
    /// The body that the call is in; `None`: the function itself.
    caller: Option<usize>,
    /// The location of the call.
    call: u32,
    /// The location of its first byte.
    location: u32,
    /// The offset of that byte in the module.
    offset: u32,
}

impl Origins {
    /// Of a function whose body is this part of its module.
    pub fn new(body: &Range<u64>) -> Origins {
        Origins { inlined: Vec::new(), next: body.end as u32 }
    }

    /// How many bodies are in place of calls.
    pub fn len(&self) -> usize {
        self.inlined.len()
    }

    /// Adds a body, if there are locations left for it.
    fn add(&mut self, function: FuncId, caller: Option<usize>, call: u32, body: &Range<u64>) -> Option<usize> {
        let (location, offset) = (self.next, body.start as u32);
        self.next = self.next.checked_add((body.end - body.start) as u32)?;
        self.inlined.push(Inlined { function, caller, call, location, offset });
        Some(self.inlined.len() - 1)
    }

    /// The function that a body is of, and the place of the body that it is called in, which is less; `None`: it is
    /// called in the function itself.
    pub fn inlined(&self, place: usize) -> (FuncId, Option<usize>) {
        let Inlined { function, caller, .. } = self.inlined[place];
        (function, caller)
    }

    /// Those bodies that one is in, from the inside out, the body itself first.
    pub fn around(&self, place: Option<usize>) -> impl Iterator<Item = usize> {
        std::iter::successors(place, |&place| self.inlined[place].caller)
    }

    /// The offset in its module of the operator with a location, and the place of the body that it is in; `None`: the
    /// function's own.
    pub fn resolve(&self, location: u32) -> (u32, Option<usize>) {
        let place = self.inlined.partition_point(|inlined| inlined.location <= location).checked_sub(1);
        match place {
            Some(place) => (location - self.inlined[place].location + self.inlined[place].offset, Some(place)),
            None => (location, None),
        }
    }

    /// The offset of the function's own operator with a location, or of the call that it came by.
    pub fn in_function(&self, location: u32) -> u32 {
        let (offset, place) = self.resolve(location);
        match self.around(place).last() {
            Some(outermost) => self.inlined[outermost].call,
            None => offset,
        }
    }

    /// The location of an offset in a module, in a body.
    fn location(&self, inlined: Option<usize>, offset: u64) -> u32 {
        match inlined {
            Some(place) => offset as u32 - self.inlined[place].offset + self.inlined[place].location,
            None => offset as u32,
        }
    }
}

impl<'p> Translator<'_, 'p> {
    /// The location of an offset in the body that is translated.
    pub fn location(&self, offset: u64) -> u32 {
        self.origins.location(self.code.inlined, offset)
    }

    /// What a callee brings, if its body is to replace a call here.
    fn candidate(&self, callee: FuncId) -> Option<Candidate> {
        let candidate = self.env.plan.inlining.candidate(callee)?;
        let pays = !self.cold
            && (candidate.everywhere || self.is_frequent())
            && self.code.uses.weight <= candidate.largest_caller;
        let mut around = self.origins.around(self.code.inlined);
        let is_recursive = callee == self.id || around.any(|place| self.origins.inlined[place].function == callee);
        let depth = self.origins.around(self.code.inlined).count();
        (pays && !is_recursive && depth < MAX_DEPTH && candidate.weight <= self.room).then_some(candidate)
    }

    /// Whether the body of a callee would replace a call here.
    pub fn is_inlined(&self, callee: FuncId) -> bool {
        self.candidate(callee).is_some()
    }

    /// Whether the operator that is translated is executed often: in a loop, or as it was measured.
    pub fn is_frequent(&self) -> bool {
        match self.code.measured {
            Some(measured) => measured.is_frequent_call(self.code.offset),
            None => self.control.iter().any(|frame| matches!(frame.kind, FrameKind::Loop { .. })),
        }
    }

    /// Translates the body of a function in place of a call, whose arguments are on the stack, if that is wanted.
    pub fn inline_call(&mut self, callee: FuncId) -> Result<bool> {
        let Some(Candidate { weight, .. }) = self.candidate(callee) else { return Ok(false) };
        let function = &self.env.plan.functions[callee];
        let code = Activation::new(self.env.plan, callee, self.control.len());
        let call = self.location(self.code.body.range().start + u64::from(self.code.offset));
        let place = self.origins.add(callee, self.code.inlined, call, &code.body.range());
        if place.is_none() {
            return Ok(false);
        }
        self.room -= weight;

        let arguments = self.pop_arguments(function.ty);
        let caller = std::mem::replace(&mut self.code, Activation { inlined: place, ..code });
        let hint = self.hint;
        self.translate_code(&arguments)
            .map_err(|error| error.in_function(self.code.instance.module.function_name(self.code.index)))?;
        // Whoever uses them next sets them first.
        let callee = std::mem::replace(&mut self.code, caller);
        self.unused_locals.extend(callee.locals);
        self.hint = hint;
        Ok(true)
    }

    /// Leaves the function with these results, or the body in place of a call.
    pub fn return_values(&mut self, results: &[Value]) {
        if self.code.inlined.is_none() {
            self.env.ins().return_(results);
        } else {
            let depth = self.control.len() - 1 - self.code.outermost;
            let (block, _) = self.destination(depth as u32, self.cold);
            let arguments: Vec<BlockArg> = results.iter().copied().map(BlockArg::from).collect();
            self.env.ins().jump(block, &arguments);
        }
        self.unreachable = Some(0);
    }
}

#[cfg(test)]
mod tests {
    use cranelift_entity::EntityRef;

    use super::*;

    #[test]
    fn locations_tell_bodies_and_operators() {
        let function = FuncId::new;
        // A body from 100 to 150 calls at 120 what lies from 10 to 30, which calls at 15 what lies from 200 to 205.
        let mut origins = Origins::new(&(100..150));
        let outer = origins.add(function(1), None, 120, &(10..30)).unwrap();
        let call = origins.location(Some(outer), 15);
        let inner = origins.add(function(2), Some(outer), call, &(200..205)).unwrap();
        let again = origins.add(function(1), None, 140, &(10..30)).unwrap();

        assert_eq!(origins.resolve(149), (149, None));
        for (body, offset) in [(outer, 10), (outer, 29), (inner, 200), (inner, 204), (again, 10)] {
            let location = origins.location(Some(body), offset.into());
            assert!(location >= 150);
            assert_eq!(origins.resolve(location), (offset, Some(body)));
        }
        assert_eq!(
            [outer, inner, again].map(|body| origins.inlined(body)),
            [(function(1), None), (function(2), Some(outer)), (function(1), None),]
        );
        assert_eq!(origins.around(Some(inner)).collect::<Vec<_>>(), [inner, outer]);
        let in_function = |body, offset| origins.in_function(origins.location(body, offset));
        assert_eq!(in_function(Some(inner), 203), 120);
        assert_eq!(in_function(Some(again), 12), 140);
        assert_eq!(in_function(None, 147), 147);
    }

    #[test]
    fn locations_end() {
        let mut origins = Origins::new(&(0..u64::from(u32::MAX) - 20));
        assert!(origins.add(FuncId::new(1), None, 5, &(10..25)).is_some());
        assert!(origins.add(FuncId::new(1), None, 6, &(10..25)).is_none());
        assert_eq!(origins.len(), 1);
    }
}
