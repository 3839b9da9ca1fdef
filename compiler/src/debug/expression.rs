//! Locations of variables: from expressions over Wasm locals and linear memory to expressions over registers, the
//! native frame, and memory as the process sees it.
//!
//! In DWARF of Wasm modules an address means a byte of linear memory, and `DW_OP_WASM_location` pushes a local or a
//! global. Here each local has places, each in a part of the function's code only, so that what was one expression
//! becomes a list of them. Addresses become those of the process just where they are used: where the result is one, and
//! before memory is read. In between they stay what they were, so that the arithmetic on them does too.
//!
//! What has no meaning here (operands that Wasm code has on its stack, values at the entry of a function) has no place:
//! a debugger says that the variable was optimised out.

use std::collections::BTreeSet;
use std::ops::Range;

use gimli::constants as dw;
use gimli::read::{self, Operation};
use gimli::write::Expression;
use gimli::{DwOp, Register};
use wasmparser::ValType;

use super::Input;
use super::map::MappedFunction;
use crate::codegen::debug::{LocalPlace, LocalRange};

/// How an instance's state is reached from expressions.
pub struct State {
    /// Of memory 0, if there is one.
    pub memory: Option<MemoryBase>,
    /// By index.
    pub globals: Vec<GlobalPlace>,
    /// Bytes of a pointer of the program: 4, or 8 with 64-bit addresses.
    pub pointer_size: u8,
}

/// Where a memory begins in the process.
#[derive(Clone, Copy)]
pub enum MemoryBase {
    Constant(u64),
    /// The address of a word that says it.
    Stored(u64),
    /// The place of that word, relative to the value of a register.
    Relative(Register, i64),
}

/// Where a global is.
#[derive(Clone, Copy)]
pub enum GlobalPlace {
    Constant(u64),
    Address(u64),
    /// Relative to the value of a register.
    Relative(Register, i64),
}

/// Where a variable is found.
pub enum Location {
    Nowhere,
    Everywhere(Expression),
    /// In parts of the function, in bytes from the start of its code.
    Ranges(Vec<(Range<u32>, Expression)>),
}

/// What is wanted of an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Where a variable is.
    Place,
    /// The value of a variable that holds an address of linear memory: as an address of the process.
    Pointer,
    /// The two words of a slice, of which the first is an address of linear memory: that as an address of the process.
    Slice,
    /// What the offsets of a frame's variables count from.
    FrameBase,
}

/// An expression that was understood.
pub struct Parsed {
    parts: Vec<Part>,
    locals: BTreeSet<u32>,
    /// It counts from the frame base.
    pub uses_frame: bool,
}

/// A variable, or with `DW_OP_piece` some bytes of one.
struct Part {
    operations: Vec<Step>,
    kind: Kind,
    /// Bits; `None` for a whole variable.
    piece: Option<u64>,
}

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    /// Optimised out.
    Nothing,
    /// At the address that is on the stack.
    Memory,
    /// On the stack.
    Value,
    Bytes(Box<[u8]>),
}

/// An operation that means the same in 64 bits as in 32, as far as the lower half of the result goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Local(u32),
    Global(u32),
    Frame(i64),
    Constant(u64),
    Plus(u64),
    /// Reads that many bytes.
    Load(u8),
    Pick(u8),
    Plain(DwOp),
}

impl Parsed {
    /// How many places its locals have in a function.
    pub fn places_in(&self, function: Option<(&MappedFunction<'_>, &[ValType])>) -> usize {
        let Some((function, _)) = function else { return 0 };
        self.locals.iter().map(|&local| ranges_of(&function.code.debug.locals, local).len()).sum()
    }

    /// It is an address in linear memory, and nothing else.
    pub fn is_memory(&self) -> bool {
        matches!(&self.parts[..], [Part { kind: Kind::Memory, piece: None, .. }])
    }
}

impl State {
    /// Reads an expression; `None` if something in it has no meaning here.
    pub fn parse(&self, expression: read::Expression<Input<'_>>, encoding: gimli::Encoding) -> Option<Parsed> {
        // More than any compiler writes, and few enough that nothing takes long.
        const MAX_OPERATIONS: usize = 256;
        let mut parsed = Parsed { parts: Vec::new(), locals: BTreeSet::new(), uses_frame: false };
        let (mut steps, mut kind) = (Vec::new(), Kind::Memory);
        let mut operations = expression.operations(encoding);
        let mut count = 0;
        while let Some(operation) = operations.next().ok()? {
            count += 1;
            if count > MAX_OPERATIONS {
                return None;
            }
            // Behind the end of a part there can be a new one only.
            if kind != Kind::Memory && !matches!(operation, Operation::Piece { .. }) {
                return None;
            }
            steps.push(match operation {
                Operation::WasmLocal { index } => {
                    parsed.locals.insert(index);
                    Step::Local(index)
                }
                Operation::WasmGlobal { index } => {
                    self.globals.get(index as usize)?;
                    Step::Global(index)
                }
                Operation::FrameOffset { offset } => {
                    parsed.uses_frame = true;
                    Step::Frame(offset)
                }
                Operation::Address { address } if !is_tombstone(address, encoding.address_size) => {
                    Step::Constant(address)
                }
                Operation::UnsignedConstant { value } => Step::Constant(value),
                Operation::SignedConstant { value } => Step::Constant(value as u64),
                Operation::PlusConstant { value } => Step::Plus(value),
                Operation::Deref { base_type, size, space: false } if base_type.0 == 0 => Step::Load(size),
                Operation::Pick { index: 0 } => Step::Plain(dw::DW_OP_dup),
                Operation::Pick { index } => Step::Pick(index),
                Operation::Plus => Step::Plain(dw::DW_OP_plus),
                Operation::Minus => Step::Plain(dw::DW_OP_minus),
                Operation::Mul => Step::Plain(dw::DW_OP_mul),
                Operation::And => Step::Plain(dw::DW_OP_and),
                Operation::Or => Step::Plain(dw::DW_OP_or),
                Operation::Xor => Step::Plain(dw::DW_OP_xor),
                Operation::Not => Step::Plain(dw::DW_OP_not),
                Operation::Neg => Step::Plain(dw::DW_OP_neg),
                Operation::Shl => Step::Plain(dw::DW_OP_shl),
                Operation::Swap => Step::Plain(dw::DW_OP_swap),
                Operation::Rot => Step::Plain(dw::DW_OP_rot),
                Operation::Drop => Step::Plain(dw::DW_OP_drop),
                Operation::Nop => continue,
                Operation::StackValue => {
                    kind = Kind::Value;
                    continue;
                }
                Operation::ImplicitValue { data } => {
                    kind = Kind::Bytes(data.slice().into());
                    continue;
                }
                Operation::Piece { size_in_bits, bit_offset: None } => {
                    let operations = std::mem::take(&mut steps);
                    let kind = std::mem::replace(&mut kind, Kind::Memory);
                    let kind = if kind == Kind::Memory && operations.is_empty() { Kind::Nothing } else { kind };
                    parsed.parts.push(Part { operations, kind, piece: Some(size_in_bits) });
                    continue;
                }
                _ => return None,
            });
        }
        match (steps.is_empty() && kind == Kind::Memory, parsed.parts.is_empty()) {
            // An empty expression says that there is nothing; behind pieces nothing is left.
            (true, true) => return None,
            (true, false) => {}
            (false, true) => parsed.parts.push(Part { operations: steps, kind, piece: None }),
            (false, false) => return None,
        }
        let is_memory = |part: &Part| {
            let loads = part.operations.iter().any(|step| matches!(step, Step::Load(_) | Step::Frame(_)));
            loads || part.kind == Kind::Memory
        };
        (self.memory.is_some() || !parsed.parts.iter().any(is_memory)).then_some(parsed)
    }

    /// The places of what an expression describes: everywhere in the function, or in the parts of its code that are
    /// given.
    pub fn locate(
        &self,
        parsed: &Parsed,
        function: Option<(&MappedFunction<'_>, &[ValType])>,
        within: Option<&[Range<u32>]>,
        wanted: Wanted,
    ) -> Location {
        if parsed.locals.is_empty() {
            let expression = self.emit(parsed, &|_| None, wanted);
            return match (expression, within) {
                (None, _) => Location::Nowhere,
                (Some(expression), None) => Location::Everywhere(expression),
                (Some(expression), Some(ranges)) => {
                    Location::Ranges(ranges.iter().map(|range| (range.clone(), expression.clone())).collect())
                }
            };
        }
        let Some((function, types)) = function else { return Location::Nowhere };
        let places: Vec<(u32, &[LocalRange])> =
            parsed.locals.iter().map(|&local| (local, ranges_of(&function.code.debug.locals, local))).collect();
        let mut boundaries: Vec<u32> =
            places.iter().flat_map(|(_, ranges)| ranges.iter().flat_map(|range| [range.start, range.end])).collect();
        boundaries.sort_unstable();
        boundaries.dedup();

        let mut found: Vec<(Range<u32>, Expression)> = Vec::new();
        for pair in boundaries.windows(2) {
            let (start, end) = (pair[0], pair[1]);
            let place = |local: u32| {
                let (_, ranges) = places.iter().find(|(other, _)| *other == local)?;
                let before = ranges.partition_point(|range| range.start <= start);
                let range = ranges.get(before.checked_sub(1)?).filter(|range| end <= range.end)?;
                Some((range.place, *types.get(local as usize)?))
            };
            let Some(expression) = self.emit(parsed, &place, wanted) else { continue };
            match found.last_mut() {
                Some((range, before)) if range.end == start && *before == expression => range.end = end,
                _ => found.push((start..end, expression)),
            }
        }
        if let Some(within) = within {
            found = intersect(&found, within);
        }
        if found.is_empty() { Location::Nowhere } else { Location::Ranges(found) }
    }

    /// Writes the expression for locals in certain places; `None` if nothing of the variable is to be found there.
    fn emit(
        &self,
        parsed: &Parsed,
        place: &dyn Fn(u32) -> Option<(LocalPlace, ValType)>,
        wanted: Wanted,
    ) -> Option<Expression> {
        let mut expression = Expression::new();
        let mut is_found = false;
        if wanted == Wanted::Slice {
            let word = Some(u64::from(self.pointer_size) * 8);
            let [address, length] = &parsed.parts[..] else { return None };
            if address.piece != word || length.piece != word {
                return None;
            }
            self.emit_part(address, place, Wanted::Pointer, &mut expression)?;
            expression.op_piece(8);
            self.emit_part(length, place, Wanted::Place, &mut expression)?;
            expression.op_piece(self.pointer_size.into());
            return Some(expression);
        }
        for part in &parsed.parts {
            let mut longer = expression.clone();
            let found = self.emit_part(part, place, wanted, &mut longer);
            match part.piece {
                None => return found.map(|()| longer),
                Some(_) if wanted != Wanted::Place => return None,
                Some(bits) => {
                    if found.is_some() {
                        is_found = true;
                        expression = longer;
                    }
                    if bits % 8 == 0 { expression.op_piece(bits / 8) } else { expression.op_bit_piece(bits, 0) }
                }
            }
        }
        is_found.then_some(expression)
    }

    fn emit_part(
        &self,
        part: &Part,
        place: &dyn Fn(u32) -> Option<(LocalPlace, ValType)>,
        wanted: Wanted,
        output: &mut Expression,
    ) -> Option<()> {
        match (&part.kind, part.operations.as_slice(), wanted) {
            (Kind::Nothing, ..) => return None,
            (Kind::Bytes(data), [], Wanted::Place) => {
                output.op_implicit_value(data.clone());
                return Some(());
            }
            (Kind::Bytes(_), ..) => return None,
            // What is just a local is where that is, and can be changed there.
            (Kind::Value, [Step::Local(local)], Wanted::Place) => {
                match place(*local)?.0 {
                    LocalPlace::Register(register) => output.op_reg(Register(register)),
                    LocalPlace::Frame(offset) => frame_address(output, offset),
                }
                return Some(());
            }
            // The frame base is an address of the process already.
            (Kind::Memory, [Step::Frame(offset)], Wanted::Place) => {
                output.op_fbreg(*offset);
                return Some(());
            }
            (Kind::Memory, [Step::Frame(offset)], Wanted::Pointer) => {
                output.op_fbreg(*offset);
                output.op_deref_size(self.pointer_size);
                self.convert_pointer(output)?;
                output.op(dw::DW_OP_stack_value);
                return Some(());
            }
            _ => {}
        }
        for step in &part.operations {
            self.emit_step(*step, place, output)?;
        }
        let is_simple = |step: &Step| !matches!(step, Step::Plain(_) | Step::Pick(_));
        if !part.operations.iter().all(is_simple) {
            self.truncate(output);
        }
        match (&part.kind, wanted) {
            (Kind::Memory, Wanted::Place) | (_, Wanted::FrameBase) => self.convert_address(output)?,
            (Kind::Memory, Wanted::Pointer) => {
                self.convert_address(output)?;
                output.op_deref_size(self.pointer_size);
                self.convert_pointer(output)?;
                output.op(dw::DW_OP_stack_value);
            }
            (_, Wanted::Pointer) => {
                self.convert_pointer(output)?;
                output.op(dw::DW_OP_stack_value);
            }
            (_, Wanted::Place | Wanted::Slice) => output.op(dw::DW_OP_stack_value),
        }
        Some(())
    }

    fn emit_step(
        &self,
        step: Step,
        place: &dyn Fn(u32) -> Option<(LocalPlace, ValType)>,
        output: &mut Expression,
    ) -> Option<()> {
        match step {
            Step::Local(local) => {
                let (place, ty) = place(local)?;
                let bytes = match ty {
                    ValType::I32 => 4,
                    ValType::I64 => 8,
                    _ => return None,
                };
                match place {
                    LocalPlace::Register(register) => {
                        output.op_breg(Register(register), 0);
                        // The upper half of a register with an i32 is anything.
                        if bytes == 4 {
                            truncate_32(output);
                        }
                    }
                    LocalPlace::Frame(offset) => {
                        frame_address(output, offset);
                        output.op_deref_size(bytes);
                    }
                }
            }
            Step::Global(global) => {
                match *self.globals.get(global as usize)? {
                    GlobalPlace::Constant(value) => {
                        output.op_constu(value);
                        return Some(());
                    }
                    GlobalPlace::Address(address) => output.op_constu(address),
                    GlobalPlace::Relative(register, offset) => output.op_breg(register, offset),
                }
                output.op_deref_size(self.pointer_size);
            }
            Step::Frame(offset) => {
                output.op_fbreg(offset);
                self.push_base(output)?;
                output.op(dw::DW_OP_minus);
            }
            Step::Constant(value) => output.op_constu(value),
            Step::Plus(value) => output.op_plus_uconst(value),
            Step::Load(size) => {
                self.truncate(output);
                self.convert_address(output)?;
                output.op_deref_size(size.min(8));
            }
            Step::Pick(index) => output.op_pick(index),
            Step::Plain(operation) => output.op(operation),
        }
        Some(())
    }

    /// An address of linear memory → one of the process.
    pub fn convert_address(&self, output: &mut Expression) -> Option<()> {
        match self.memory? {
            MemoryBase::Constant(base) => output.op_plus_uconst(base),
            MemoryBase::Stored(_) | MemoryBase::Relative(..) => {
                self.push_base(output)?;
                output.op(dw::DW_OP_plus);
            }
        }
        Some(())
    }

    /// The same, but null stays null.
    fn convert_pointer(&self, output: &mut Expression) -> Option<()> {
        output.op(dw::DW_OP_dup);
        output.op(dw::DW_OP_lit0);
        output.op(dw::DW_OP_ne);
        self.push_base(output)?;
        output.op(dw::DW_OP_mul);
        output.op(dw::DW_OP_plus);
        Some(())
    }

    fn push_base(&self, output: &mut Expression) -> Option<()> {
        match self.memory? {
            MemoryBase::Constant(base) => output.op_constu(base),
            MemoryBase::Stored(address) => {
                output.op_constu(address);
                output.op_deref();
            }
            MemoryBase::Relative(register, offset) => {
                output.op_breg(register, offset);
                output.op_deref();
            }
        }
        Some(())
    }

    fn truncate(&self, output: &mut Expression) {
        if self.pointer_size == 4 {
            truncate_32(output);
        }
    }

    /// Where memory 0 begins.
    pub fn memory_location(&self) -> Option<Expression> {
        let mut output = Expression::new();
        self.push_base(&mut output)?;
        Some(output)
    }

    /// Pushes the address of an object that begins where the debugger says: for `DW_AT_data_location`.
    pub fn data_location(&self) -> Option<Expression> {
        let mut output = Expression::new();
        output.op(dw::DW_OP_push_object_address);
        self.convert_address(&mut output)?;
        Some(output)
    }
}

impl State {
    /// How many bytes there are before the first NUL, from the address on where an object begins.
    pub fn string_length(&self) -> Option<Expression> {
        // A debugger shows no more by default.
        const MOST: u64 = 200;
        let mut output = Expression::new();
        output.op_constu(0);
        // The length so far: is it enough, or is there a NUL?
        let next = output.next_index();
        output.op(dw::DW_OP_dup);
        output.op_constu(MOST);
        output.op(dw::DW_OP_ge);
        let is_enough = output.op_bra();
        output.op(dw::DW_OP_dup);
        output.op(dw::DW_OP_push_object_address);
        output.op(dw::DW_OP_plus);
        self.convert_address(&mut output)?;
        output.op_deref_size(1);
        output.op(dw::DW_OP_lit0);
        output.op(dw::DW_OP_eq);
        let is_end = output.op_bra();
        output.op_plus_uconst(1);
        let again = output.op_skip();
        output.set_target(again, next);
        let end = output.next_index();
        output.set_target(is_enough, end);
        output.set_target(is_end, end);
        Some(output)
    }
}

/// An expression that has nothing to do with addresses of code or data: offsets of members, for example.
pub fn without_addresses(expression: read::Expression<Input<'_>>, encoding: gimli::Encoding) -> Option<Expression> {
    let mut output = Expression::new();
    let mut operations = expression.operations(encoding);
    while let Some(operation) = operations.next().ok()? {
        match operation {
            Operation::UnsignedConstant { value } => output.op_constu(value),
            Operation::SignedConstant { value } => output.op_consts(value),
            Operation::PlusConstant { value } => output.op_plus_uconst(value),
            Operation::Plus => output.op(dw::DW_OP_plus),
            Operation::Minus => output.op(dw::DW_OP_minus),
            _ => return None,
        }
    }
    Some(output)
}

/// What linkers write in place of the address of something that they left out.
pub fn is_tombstone(address: u64, address_size: u8) -> bool {
    let last = if address_size == 8 { u64::MAX } else { u32::MAX.into() };
    address >= last - 1
}

fn truncate_32(output: &mut Expression) {
    output.op_constu(u32::MAX.into());
    output.op(dw::DW_OP_and);
}

fn frame_address(output: &mut Expression, offset: i64) {
    output.op(dw::DW_OP_call_frame_cfa);
    output.op_consts(offset);
    output.op(dw::DW_OP_plus);
}

/// The ranges of one local.
fn ranges_of(ranges: &[LocalRange], local: u32) -> &[LocalRange] {
    let first = ranges.partition_point(|range| range.local < local);
    let count = ranges[first..].partition_point(|range| range.local == local);
    &ranges[first..first + count]
}

/// What of the places is in one of the ranges. Both ascend.
pub fn intersect<T: Clone>(places: &[(Range<u32>, T)], ranges: &[Range<u32>]) -> Vec<(Range<u32>, T)> {
    let mut found = Vec::new();
    let mut first = 0;
    for (place, expression) in places {
        first += ranges[first..].partition_point(|range| range.end <= place.start);
        for range in ranges[first..].iter().take_while(|range| range.start < place.end) {
            let common = range.start.max(place.start)..range.end.min(place.end);
            if !common.is_empty() {
                found.push((common, expression.clone()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use gimli::{Encoding, EndianSlice, Format, LittleEndian};

    use super::*;

    const ENCODING: Encoding = Encoding { format: Format::Dwarf32, version: 4, address_size: 4 };
    const BASE: u64 = 0x1000_0000;

    fn state() -> State {
        State {
            memory: Some(MemoryBase::Constant(BASE)),
            globals: vec![GlobalPlace::Address(0xfff_0028)],
            pointer_size: 4,
        }
    }

    fn parse(bytes: &[u8]) -> Option<Parsed> {
        state().parse(read::Expression(EndianSlice::new(bytes, LittleEndian)), ENCODING)
    }

    /// The expression for local 1 in a place; other locals have none.
    fn emitted(bytes: &[u8], place: LocalPlace, ty: ValType, wanted: Wanted) -> Option<Expression> {
        state().emit(&parse(bytes)?, &|local| (local == 1).then_some((place, ty)), wanted)
    }

    fn expression(fill: impl FnOnce(&mut Expression)) -> Option<Expression> {
        let mut expression = Expression::new();
        fill(&mut expression);
        Some(expression)
    }

    const WASM_LOCAL_1: [u8; 3] = [0xed, 0, 1];
    const RBX: LocalPlace = LocalPlace::Register(3);
    const SLOT: LocalPlace = LocalPlace::Frame(-40);

    #[test]
    fn a_local_is_where_it_is() {
        let value = [&WASM_LOCAL_1[..], &[0x9f]].concat();
        assert_eq!(emitted(&value, RBX, ValType::F64, Wanted::Place), expression(|output| output.op_reg(Register(3))));
        assert_eq!(emitted(&value, SLOT, ValType::I32, Wanted::Place), expression(|output| frame_address(output, -40)));
    }

    #[test]
    fn an_address_becomes_one_of_the_process() {
        // In the local, 8 bytes behind what it points to.
        let place = [&WASM_LOCAL_1[..], &[0x23, 8]].concat();
        let expected = expression(|output| {
            output.op_breg(Register(3), 0);
            truncate_32(output);
            output.op_plus_uconst(8);
            output.op_plus_uconst(BASE);
        });
        assert_eq!(emitted(&place, RBX, ValType::I32, Wanted::Place), expected);
        // Constant.
        let constant = [0x03, 0x10, 0, 0, 0];
        let expected = expression(|output| {
            output.op_constu(16);
            output.op_plus_uconst(BASE);
        });
        assert_eq!(emitted(&constant, RBX, ValType::I32, Wanted::Place), expected);
        // What the linker left out.
        assert!(parse(&[0x03, 0xff, 0xff, 0xff, 0xff]).is_none());
    }

    #[test]
    fn pointers_become_addresses_of_the_process_but_for_null() {
        let value = [&WASM_LOCAL_1[..], &[0x9f]].concat();
        let expected = expression(|output| {
            frame_address(output, -40);
            output.op_deref_size(4);
            output.op(dw::DW_OP_dup);
            output.op(dw::DW_OP_lit0);
            output.op(dw::DW_OP_ne);
            output.op_constu(BASE);
            output.op(dw::DW_OP_mul);
            output.op(dw::DW_OP_plus);
            output.op(dw::DW_OP_stack_value);
        });
        assert_eq!(emitted(&value, SLOT, ValType::I32, Wanted::Pointer), expected);
    }

    #[test]
    fn the_frame_base_is_an_address_of_the_process() {
        let value = [&WASM_LOCAL_1[..], &[0x9f]].concat();
        let expected = expression(|output| {
            output.op_breg(Register(3), 0);
            truncate_32(output);
            output.op_plus_uconst(BASE);
        });
        assert_eq!(emitted(&value, RBX, ValType::I32, Wanted::FrameBase), expected);
        let variable = parse(&[0x91, 12]).unwrap();
        assert!(variable.uses_frame && variable.is_memory());
        let expected = expression(|output| output.op_fbreg(12));
        assert_eq!(emitted(&[0x91, 12], RBX, ValType::I32, Wanted::Place), expected);
    }

    #[test]
    fn pieces_that_are_nowhere_are_left_out() {
        // Local 1 and local 2, 4 bytes each.
        let pieces = [&WASM_LOCAL_1[..], &[0x9f, 0x93, 4, 0xed, 0, 2, 0x9f, 0x93, 4]].concat();
        let expected = expression(|output| {
            output.op_reg(Register(3));
            output.op_piece(4);
            output.op_piece(4);
        });
        assert_eq!(emitted(&pieces, RBX, ValType::I32, Wanted::Place), expected);
        assert_eq!(emitted(&pieces, RBX, ValType::I32, Wanted::Slice), None);
        let other = [0xed, 0, 2, 0x9f, 0x93, 4];
        assert_eq!(emitted(&other, RBX, ValType::I32, Wanted::Place), None);
    }

    /// The operand stack, values at entry, divisions (which depend on upper halves), and nonsense.
    #[test]
    fn what_has_no_meaning_is_refused() {
        let refused: [&[u8]; 7] =
            [&[0xed, 2, 0, 0x9f], &[0xa3, 1, 0x50], &[0x31, 0x32, 0x1b], &[], &[0xed], &[0xed, 1, 7], &[0x9f, 0x31]];
        for bytes in refused {
            assert!(parse(bytes).is_none(), "{bytes:x?}");
        }
    }

    #[test]
    fn places_are_cut_to_ranges() {
        let places = [(0..10, 'a'), (12..20, 'b')];
        let ranges: [Range<u32>; 3] = [2..4, 8..14, 30..40];
        assert_eq!(intersect(&places, &ranges), [(2..4, 'a'), (8..10, 'a'), (12..14, 'b')]);
    }
}
