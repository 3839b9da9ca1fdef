//! What a function refers to outside itself: other functions, data, the record. Declared in the IR once each.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    self, AliasRegion, AliasRegionData, Block, Endianness, ExtFuncData, ExternalName, FuncRef, GlobalValue,
    GlobalValueData, InstBuilder, MemFlagsData, SigRef, Signature, Type, Value,
};
use cranelift_entity::EntityRef;
use cranelift_frontend::FunctionBuilder;
use wasmc_abi::trap::TrapCode;

use super::checked::Checked;
use super::names::Name;
use super::traps;
use super::types::{Conventions, POINTER, wasm_signature};
use crate::plan::Plan;
use crate::plan::ids::{GlobalId, MemoryId, TableId, TypeId};
use crate::plan::layout::Instances;

/// Places in memory that no other place overlaps, so that Cranelift may keep values across accesses to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Region {
    Memory(MemoryId),
    /// Base and size of a memory.
    MemoryRecord(MemoryId),
    Table(TableId),
    TableRecord(TableId),
    Global(GlobalId),
    /// Sizes of segments.
    Segments,
    /// Arguments and results of array calls.
    Slots,
    /// Exceptions.
    Exception,
    StackLimit,
    /// What the host of a library gives.
    HostImports,
    /// What a program that is profiled counts.
    Counters,
}

impl Region {
    /// Unique over the whole program, as inlining demands.
    fn user_id(self) -> u32 {
        let (kind, index) = match self {
            Region::Memory(id) => (0, id.index()),
            Region::MemoryRecord(id) => (1, id.index()),
            Region::Table(id) => (2, id.index()),
            Region::TableRecord(id) => (3, id.index()),
            Region::Global(id) => (4, id.index()),
            Region::Segments => (5, 0),
            Region::Slots => (6, 0),
            Region::Exception => (7, 0),
            Region::StackLimit => (8, 0),
            Region::HostImports => (9, 0),
            Region::Counters => (10, 0),
        };
        kind << 28 | index as u32
    }
}

/// The memory of which a [`Region`] with this number is.
pub fn memory_of_region(user_id: u32) -> Option<MemoryId> {
    (user_id >> 28 == 0).then(|| MemoryId::new(user_id as usize))
}

/// A function under construction and what it has declared so far.
pub struct Environment<'f, 'p> {
    pub plan: &'p Plan<'p>,
    pub conventions: Conventions,
    pub builder: FunctionBuilder<'f>,
    functions: HashMap<Name, FuncRef>,
    data: HashMap<Name, GlobalValue>,
    signatures: HashMap<TypeId, SigRef>,
    regions: HashMap<Region, AliasRegion>,
    /// What was read from the instance register in this block, since the last call: with one value as the base,
    /// Cranelift sees which accesses are to the same place.
    instance: Option<(Block, Value)>,
    /// The record's address, in a function that is given the instance instead of running in it.
    pub given_record: Option<Value>,
    pub checked: Checked,
}

impl<'f, 'p> Environment<'f, 'p> {
    pub fn new(plan: &'p Plan<'p>, conventions: Conventions, builder: FunctionBuilder<'f>) -> Self {
        Environment {
            plan,
            conventions,
            builder,
            functions: HashMap::new(),
            data: HashMap::new(),
            signatures: HashMap::new(),
            regions: HashMap::new(),
            instance: None,
            given_record: None,
            checked: Checked::default(),
        }
    }

    /// The builder's next instruction.
    pub fn ins(&mut self) -> cranelift_frontend::FuncInstBuilder<'_, 'f> {
        self.builder.ins()
    }

    /// Declares a function that can be called. `signature` is used the first time.
    pub fn function(&mut self, name: Name, signature: impl FnOnce() -> Signature) -> FuncRef {
        if let Some(&function) = self.functions.get(&name) {
            return function;
        }
        let signature = self.builder.import_signature(signature());
        let reference = self.builder.func.declare_imported_user_function(name.encode());
        let function = self.builder.import_function(ExtFuncData {
            name: ExternalName::user(reference),
            signature,
            colocated: true,
            patchable: false,
        });
        self.functions.insert(name, function);
        function
    }

    /// The signature of Wasm functions of a type.
    pub fn signature(&mut self, ty: TypeId) -> SigRef {
        let Environment { plan, conventions, .. } = *self;
        let signature = || wasm_signature(plan.types.get(ty), conventions);
        *self.signatures.entry(ty).or_insert_with(|| self.builder.func.import_signature(signature()))
    }

    /// The address of read-only data.
    pub fn data_address(&mut self, name: Name) -> Value {
        let global = match self.data.get(&name) {
            Some(&global) => global,
            None => {
                let reference = self.builder.func.declare_imported_user_function(name.encode());
                let global = self.builder.create_global_value(GlobalValueData::Symbol {
                    name: ExternalName::user(reference),
                    offset: 0.into(),
                    colocated: true,
                    tls: false,
                });
                self.data.insert(name, global);
                global
            }
        };
        self.ins().symbol_value(POINTER, global)
    }

    /// An integer constant, given by its bits.
    pub fn iconst(&mut self, ty: Type, bits: u64) -> Value {
        let narrowed = if ty.bits() == 64 { bits as i64 } else { (bits & ((1 << ty.bits()) - 1)) as i64 };
        self.ins().iconst(ty, narrowed)
    }

    /// A guest's i32 or i64 operand as the 64-bit number it stands for.
    pub fn widen(&mut self, value: Value) -> Value {
        if self.builder.func.dfg.value_type(value) == POINTER { value } else { self.ins().uextend(POINTER, value) }
    }

    /// Flags for an access inside a region that neither traps nor is misaligned.
    pub fn trusted(&mut self, region: Region) -> MemFlagsData {
        let region = self.region(region);
        MemFlagsData::trusted().with_endianness(Endianness::Little).with_alias_region(Some(region))
    }

    /// The alias region of a place.
    pub fn region(&mut self, region: Region) -> AliasRegion {
        let regions = &mut self.builder.func.dfg.alias_regions;
        *self.regions.entry(region).or_insert_with(|| {
            regions.insert(AliasRegionData { user_id: region.user_id(), description: format!("{region:?}").into() })
        })
    }

    /// Loads from the record.
    pub fn load_record(&mut self, ty: Type, offset: u32, region: Region) -> Value {
        let (base, offset) = self.record_place(offset, region);
        let flags = self.trusted(region);
        self.ins().load(ty, flags, base, offset)
    }

    /// [`Self::load_record`] of what never changes while an instance exists.
    pub fn load_constant_of_record(&mut self, ty: Type, offset: u32, region: Region) -> Value {
        let (base, offset) = self.record_place(offset, region);
        let flags = self.trusted(region).with_readonly().with_can_move();
        self.ins().load(ty, flags, base, offset)
    }

    /// Stores to the record.
    pub fn store_record(&mut self, value: Value, offset: u32, region: Region) {
        let (base, offset) = self.record_place(offset, region);
        let flags = self.trusted(region);
        self.ins().store(flags, value, base, offset);
    }

    /// The address of a byte of the record: of whatever each instance of the program has for itself.
    pub fn record_address(&mut self, offset: u32) -> Value {
        match self.plan.layout.instances {
            Instances::One => self.iconst(POINTER, self.plan.layout.record_address(offset)),
            Instances::OnePerThread | Instances::Any => {
                let base = self.instance_base();
                self.ins().iadd_imm_s(base, i64::from(offset))
            }
        }
    }

    /// The address of a byte of a memory's record, which threads share.
    pub fn memory_record_address(&mut self, offset: u32) -> Value {
        match self.plan.layout.instances {
            Instances::One | Instances::OnePerThread => self.iconst(POINTER, self.plan.layout.record_address(offset)),
            Instances::Any => self.record_address(offset),
        }
    }

    /// The record's base is one constant for all accesses of a function: cheaper than an address for each.
    fn record_place(&mut self, offset: u32, region: Region) -> (Value, i32) {
        let base = match region {
            Region::MemoryRecord(_) if self.plan.layout.instances != Instances::Any => {
                self.iconst(POINTER, self.plan.layout.record_base)
            }
            _ => self.instance_base(),
        };
        (base, i32::try_from(offset).expect("the record is smaller than 2 GiB"))
    }

    /// The address of the running instance's record.
    fn instance_base(&mut self) -> Value {
        if let Some(record) = self.given_record {
            return record;
        }
        match self.plan.layout.instances {
            Instances::One => self.iconst(POINTER, self.plan.layout.record_base),
            Instances::OnePerThread | Instances::Any => {
                let block = self.builder.current_block();
                if let Some((known, base)) = self.instance
                    && Some(known) == block
                {
                    return base;
                }
                let base = self.ins().get_pinned_reg(POINTER);
                self.instance = block.map(|block| (block, base));
                base
            }
        }
    }

    /// Traps if the stack has no room for what this function calls, where that is for code to find out: see
    /// [`Layout::stack_limit`](crate::plan::layout::Layout::stack_limit).
    pub fn check_stack(&mut self) {
        let Some(limit) = self.plan.layout.stack_limit else { return };
        let limit = self.load_record(POINTER, limit, Region::StackLimit);
        let pointer = self.ins().get_stack_pointer(POINTER);
        let exhausted = self.ins().icmp(IntCC::UnsignedLessThan, pointer, limit);
        self.ins().trapnz(exhausted, traps::to_clif(TrapCode::StackOverflow));
    }

    /// Says that a call follows. It leaves the instance as it is, but to keep its address across the call would cost
    /// more than to read the register again.
    pub fn before_call(&mut self) {
        self.instance = None;
    }

    /// Calls a function by name and gives its results.
    pub fn call(&mut self, name: Name, signature: impl FnOnce() -> Signature, arguments: &[Value]) -> ir::Inst {
        let function = self.function(name, signature);
        self.before_call();
        self.ins().call(function, arguments)
    }
}
