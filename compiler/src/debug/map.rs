//! From addresses of Wasm code, as DWARF has them, to native code.
//!
//! An address of Wasm code is a byte offset in the contents of the code section. What was made of the operators between
//! two addresses may be anywhere in the function, in several pieces: the code generator moves code, drops it, and puts
//! blocks in another order.

use std::ops::Range;

use cranelift_entity::EntityRef;

use crate::codegen::debug::{CodeDebug, SourceRange};
use crate::plan::ids::{FuncId, InstanceId};
use crate::plan::{FunctionSource, Plan};

/// A function that has code.
pub struct FunctionCode {
    pub id: FuncId,
    /// Where its code begins, in bytes from the start of all code.
    pub start: u32,
    /// Bytes.
    pub size: u32,
    /// Its index in the table of functions.
    pub entry: usize,
    pub debug: CodeDebug,
}

/// The code of one instance.
pub struct CodeMap<'a> {
    /// Of each body: where it ends, and its code, if it has any.
    bodies: Vec<(u64, Option<MappedFunction<'a>>)>,
}

/// The code of a function, by the addresses of its operators.
pub struct MappedFunction<'a> {
    pub code: &'a FunctionCode,
    /// Addresses of its operators, and of the declarations of its locals.
    pub body: Range<u64>,
    /// What addresses count from, in bytes of the module.
    code_start: u64,
    /// In the order of native code. Code that was made from no operator belongs to the operator before it.
    pub pieces: Vec<Piece>,
    /// Indices of `pieces` in the order of Wasm code.
    by_address: Vec<u32>,
}

/// Native code that was made from one operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Bytes from the start of the function's code.
    pub start: u32,
    pub end: u32,
    /// Of the operator.
    pub address: u64,
}

impl<'a> CodeMap<'a> {
    /// `functions` are those of the whole program.
    pub fn new(plan: &Plan<'_>, id: InstanceId, functions: &'a [FunctionCode]) -> CodeMap<'a> {
        let instance = &plan.instances[id];
        let code_start = instance.module.debug.code_start;
        let mut bodies: Vec<(u64, Option<MappedFunction<'a>>)> = instance
            .module
            .bodies
            .values()
            .map(|body| (body.body.range().end.saturating_sub(code_start), None))
            .collect();
        for code in functions {
            let FunctionSource::Body { instance: owner, body, .. } = plan.functions[code.id].source else { continue };
            if owner == id {
                let index = body.index();
                bodies[index].1 = Some(MappedFunction::new(instance.body(body).body.range(), code, code_start));
            }
        }
        CodeMap { bodies }
    }

    /// The function with code that an address is in: in its body, or in the size before it, where some say that a
    /// function begins. What was removed by a linker has addresses outside of all functions.
    pub fn function_at(&self, address: u64) -> Option<&MappedFunction<'a>> {
        let index = self.bodies.partition_point(|(end, _)| *end <= address);
        let function = self.bodies.get(index)?.1.as_ref()?;
        // A size has five bytes at most.
        (address != 0 && address + 5 >= function.body.start).then_some(function)
    }

    /// All functions with code, in the order of the module.
    pub fn functions(&self) -> impl Iterator<Item = &MappedFunction<'a>> {
        self.bodies.iter().filter_map(|(_, function)| function.as_ref())
    }

    /// The functions with code that are in a range of addresses, in the order of the module.
    pub fn functions_in(&self, addresses: Range<u64>) -> Vec<&MappedFunction<'a>> {
        // What was removed by a linker may begin at 0, where nothing else does.
        if addresses.start == 0 {
            return Vec::new();
        }
        let first = self.bodies.partition_point(|(end, _)| *end <= addresses.start);
        let inside = self.bodies[first..].iter().filter_map(|(_, function)| function.as_ref());
        inside.take_while(|function| function.body.start < addresses.end).collect()
    }
}

impl<'a> MappedFunction<'a> {
    /// `range` is that of the body, in bytes of the module.
    fn new(range: Range<u64>, code: &'a FunctionCode, code_start: u64) -> MappedFunction<'a> {
        let sources = &code.debug.ranges;
        let next_start = |index: usize| sources.get(index + 1).map_or(code.size, |next| next.start);
        let piece = |(index, source): (usize, &SourceRange)| Piece {
            start: source.start,
            end: next_start(index),
            address: u64::from(source.wasm).saturating_sub(code_start),
        };
        let pieces: Vec<Piece> = sources.iter().enumerate().map(piece).collect();
        let mut by_address: Vec<u32> = (0..pieces.len() as u32).collect();
        by_address.sort_by_key(|&index| (pieces[index as usize].address, index));
        let body = range.start.saturating_sub(code_start)..range.end.saturating_sub(code_start);
        MappedFunction { code, body, code_start, pieces, by_address }
    }

    /// The pieces that were made from operators in a range of addresses, in the order of Wasm code.
    pub fn pieces_in(&self, addresses: Range<u64>) -> impl Iterator<Item = &Piece> {
        let address = |index: &u32| self.pieces[*index as usize].address;
        let first = self.by_address.partition_point(|index| address(index) < addresses.start);
        let rest = self.by_address[first..].iter().take_while(move |index| address(index) < addresses.end);
        rest.map(|index| &self.pieces[*index as usize])
    }

    /// The native code of a range of addresses: ascending, disjoint ranges, in bytes from the start of the function's
    /// code. What is before the first operator belongs to the whole function only. Adds to `work` how many pieces were
    /// looked at.
    pub fn native(&self, addresses: Range<u64>, work: &mut usize) -> Vec<Range<u32>> {
        *work += 1;
        if addresses.start <= self.body.start && addresses.end >= self.body.end {
            return vec![Range { start: 0, end: self.code.size }];
        }
        let mut found: Vec<Range<u32>> = self.pieces_in(addresses).map(|piece| piece.start..piece.end).collect();
        *work += found.len();
        found.sort_unstable_by_key(|range| range.start);
        found.dedup_by(|next, before| {
            let joins = before.end == next.start;
            if joins {
                before.end = next.end;
            }
            joins
        });
        found
    }

    /// The address of a byte of the module.
    pub fn address(&self, module_offset: u32) -> u64 {
        u64::from(module_offset).saturating_sub(self.code_start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Operators at 12, 14, 16 and 18 of a body from 10 to 20, in another order, the last one in two places.
    fn code() -> FunctionCode {
        let source = |start, end, wasm| SourceRange { start, end, wasm };
        let ranges =
            vec![source(4, 8, 114), source(8, 12, 112), source(16, 20, 118), source(20, 24, 116), source(24, 28, 118)];
        let debug = CodeDebug { ranges, locals: Vec::new(), sites: Vec::new() };
        FunctionCode { id: FuncId::new(0), start: 64, size: 32, entry: 0, debug }
    }

    fn mapped(code: &FunctionCode) -> MappedFunction<'_> {
        MappedFunction::new(110..120, code, 100)
    }

    #[test]
    fn ranges_of_operators_are_ranges_of_code() {
        let code = code();
        let function = mapped(&code);
        let one = |start, end| vec![Range { start, end }];
        assert_eq!(function.native(12..15, &mut 0), one(4, 16), "the gap belongs to what is before it");
        assert_eq!(function.native(14..17, &mut 0), [4..8, 20..24]);
        assert_eq!(function.native(18..20, &mut 0), [16..20, 24..32]);
        assert_eq!(function.native(13..14, &mut 0), []);
        assert_eq!(function.native(10..20, &mut 0), one(0, 32), "the whole function has its beginning too");
        assert_eq!(function.address(118), 18);
    }

    #[test]
    fn functions_are_found_by_address() {
        let code = code();
        // One without code before it, and one behind it.
        let map = CodeMap { bodies: vec![(8, None), (20, Some(mapped(&code))), (30, None)] };
        let is_found = |address| map.function_at(address).is_some();
        assert!(is_found(10) && is_found(19) && is_found(9), "the size of the body is before it");
        assert!(!is_found(0) && !is_found(7) && !is_found(20) && !is_found(u32::MAX.into()));
        assert_eq!(map.functions_in(8..20).len(), 1);
        assert!(map.functions_in(0..20).is_empty() && map.functions_in(20..40).is_empty());
    }
}
