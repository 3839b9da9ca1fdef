//! Instructions of linear memory (core specification, 4.4.7).

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Type, Value, types};
use cranelift_entity::EntityRef;
use wasmc_abi::trap::TrapCode;
use wasmparser::{MemArg, MemArgTarget, Operator};

use super::environment::{Environment, Region};
use super::function::Translator;
use super::names::{Name, RuntimeFunction};
use super::traps;
use super::types::native_signature;
use crate::parse::index::{DataIndex, MemoryIndex};
use crate::plan::ids::{DataId, MemoryId};

/// Expands the rows to a `match`: operator, bytes accessed, and the Cranelift instruction with the type it gives, if it
/// needs one.
macro_rules! accesses {
    ($self:ident, $operator:ident; $($name:ident => $kind:ident $size:literal $instruction:ident $($ty:ident)?;)*) => {
        match $operator {
            $(Operator::$name { memarg } => accesses!(@ $self memarg $kind $size $instruction $($ty)?),)*
            _ => return false,
        }
    };
    (@ $self:ident $memarg:ident load $size:literal $instruction:ident $($ty:ident)?) => {{
        let address = $self.pop_address($memarg, $size);
        let value = $self.env.ins().$instruction($(types::$ty,)? address.flags, address.base, address.offset);
        $self.push(value);
    }};
    (@ $self:ident $memarg:ident store $size:literal $instruction:ident) => {{
        let value = $self.pop();
        let address = $self.pop_address($memarg, $size);
        $self.env.ins().$instruction(address.flags, value, address.base, address.offset);
    }};
}

impl Translator<'_, '_> {
    #[rustfmt::skip]
    pub fn translate_memory(&mut self, operator: &Operator<'_>) -> bool {
        accesses! { self, operator;
            I32Load    => load 4 load I32;        I64Load    => load 8 load I64;
            F32Load    => load 4 load F32;        F64Load    => load 8 load F64;
            I32Load8S  => load 1 sload8 I32;      I64Load8S  => load 1 sload8 I64;
            I32Load8U  => load 1 uload8 I32;      I64Load8U  => load 1 uload8 I64;
            I32Load16S => load 2 sload16 I32;     I64Load16S => load 2 sload16 I64;
            I32Load16U => load 2 uload16 I32;     I64Load16U => load 2 uload16 I64;
            I64Load32S => load 4 sload32;         I64Load32U => load 4 uload32;

            I32Store   => store 4 store;          I64Store   => store 8 store;
            F32Store   => store 4 store;          F64Store   => store 8 store;
            I32Store8  => store 1 istore8;        I64Store8  => store 1 istore8;
            I32Store16 => store 2 istore16;       I64Store16 => store 2 istore16;
            I64Store32 => store 4 istore32;

            V128Load     => load 16 load I8X16;
            V128Load8x8S  => load 8 sload8x8;     V128Load8x8U  => load 8 uload8x8;
            V128Load16x4S => load 8 sload16x4;    V128Load16x4U => load 8 uload16x4;
            V128Load32x2S => load 8 sload32x2;    V128Load32x2U => load 8 uload32x2;
            V128Store    => store 16 store;
        }
        true
    }

    /// Pops an index and gives the place of an access there.
    pub fn pop_address(&mut self, access: &MemArg, size: u8) -> super::heap::HeapAddress {
        let index = self.pop();
        self.env.heap_address(self.accessed(access), index, access.offset, size)
    }

    /// The memory of an access.
    pub fn accessed(&self, access: &MemArg) -> MemoryId {
        let MemArgTarget::Memory(memory) = access.target else {
            unreachable!("the body is validated without the proposal for arrays of multibyte accesses");
        };
        self.memory(memory)
    }

    pub fn memory(&self, index: u32) -> MemoryId {
        self.code.instance.memories[MemoryIndex::new(index as usize)]
    }

    fn data(&self, index: u32) -> DataId {
        self.code.instance.data[DataIndex::new(index as usize)]
    }

    /// Sizes and bulk operations.
    pub fn translate_bulk_memory(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::MemorySize { mem } => {
                let memory = self.memory(mem);
                let length = self.env.latest_memory_length(memory);
                let shift = i64::from(self.env.plan.memories[memory].page_size_log2);
                let pages = self.env.ins().ushr_imm_u(length, shift);
                self.push_index(pages, self.env.plan.memories[memory].has_64_bit_indices);
            }
            Operator::MemoryGrow { mem } => {
                let delta = self.pop();
                let delta = self.env.widen(delta);
                let memory = self.memory(mem);
                let record = self.env.plan.layout.memories[memory].record;
                let record = self.env.memory_record_address(record);
                let previous = self.env.call_runtime(RuntimeFunction::MemoryGrow, &[record, delta], &[types::I64])[0];
                self.push_index(previous, self.env.plan.memories[memory].has_64_bit_indices);
            }
            Operator::MemoryFill { mem } => {
                let (start, byte, count) = self.pop3();
                let (start, count) = (self.env.widen(start), self.env.widen(count));
                let address = self.env.heap_region(self.memory(mem), start, count);
                self.env.call_runtime(RuntimeFunction::Memset, &[address, byte, count], &[]);
            }
            Operator::MemoryCopy { dst_mem, src_mem } => {
                let (destination, source, count) = self.pop3_wide();
                let destination = self.env.heap_region(self.memory(dst_mem), destination, count);
                let source = self.env.heap_region(self.memory(src_mem), source, count);
                self.env.call_runtime(RuntimeFunction::Memmove, &[destination, source, count], &[]);
            }
            Operator::MemoryInit { data_index, mem } => {
                let (destination, source, count) = self.pop3_wide();
                self.env.memory_init(self.memory(mem), self.data(data_index), destination, source, count);
            }
            Operator::DataDrop { data_index } => {
                if let Some(length) = self.env.plan.layout.data_lengths[self.data(data_index)] {
                    let zero = self.env.iconst(types::I64, 0);
                    self.env.store_record(zero, length, Region::Segments);
                }
            }
            _ => return false,
        }
        true
    }

    /// Pops three operands as 64-bit numbers.
    pub fn pop3_wide(&mut self) -> (Value, Value, Value) {
        let (first, second, third) = self.pop3();
        (self.env.widen(first), self.env.widen(second), self.env.widen(third))
    }

    /// Pushes a size, or -1, in the type of the indices.
    pub fn push_index(&mut self, value: Value, has_64_bit_indices: bool) {
        let value = if has_64_bit_indices { value } else { self.env.ins().ireduce(types::I32, value) };
        self.push(value);
    }
}

impl Environment<'_, '_> {
    /// Calls the runtime library.
    pub fn call_runtime(&mut self, function: RuntimeFunction, arguments: &[Value], results: &[Type]) -> Vec<Value> {
        let params: Vec<Type> = arguments.iter().map(|&value| self.builder.func.dfg.value_type(value)).collect();
        let call = self.call(Name::Runtime(function), || native_signature(&params, results), arguments);
        self.builder.inst_results(call).to_vec()
    }

    /// Copies part of a data segment, or traps. Operands are i64; `source` and `count` were i32.
    pub fn memory_init(&mut self, memory: MemoryId, data: DataId, destination: Value, source: Value, count: Value) {
        let end = self.ins().iadd(source, count);
        let length = self.data_length(data);
        let outside = self.ins().icmp(IntCC::UnsignedGreaterThan, end, length);
        self.ins().trapnz(outside, traps::to_clif(TrapCode::MemoryOutOfBounds));
        let destination = self.heap_region(memory, destination, count);
        let bytes = self.data_address(Name::Data(data));
        let source = self.ins().iadd(bytes, source);
        self.call_runtime(RuntimeFunction::Memmove, &[destination, source, count], &[]);
    }

    /// The current size of a segment in bytes; that of an active one is 0 once the module's code runs.
    fn data_length(&mut self, data: DataId) -> Value {
        match self.plan.layout.data_lengths[data] {
            Some(offset) => self.load_record(types::I64, offset, Region::Segments),
            None if self.plan.data[data].active => self.iconst(types::I64, 0),
            None => self.iconst(types::I64, self.plan.data[data].bytes.len() as u64),
        }
    }
}
