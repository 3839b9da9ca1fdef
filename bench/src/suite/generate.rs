//! Makes modules of any size. Their functions are like those that compilers make of programs: arithmetic on locals,
//! loads and stores, branches, loops, switches, calls. They are there to be compiled, not to be run.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, Ieee64, ImportSection, Instruction, InstructionSink, MemArg, MemArgTarget, MemorySection,
    MemoryType, Module, RefType, TableSection, TableType, TypeSection, ValType,
};

#[derive(clap::Args)]
pub struct Arguments {
    /// The module.
    file: PathBuf,

    /// Size of its code in bytes.
    #[arg(long)]
    bytes: usize,

    /// All of it is one function.
    #[arg(long)]
    one_function: bool,
}

/// Size of a function's body, if there are many: about what they have in programs of C and Rust.
const BODY: usize = 700;
/// Calls through the table are of its first functions.
const TABLE: u32 = 16;

pub fn run(arguments: &Arguments) -> Result<()> {
    let body = if arguments.one_function { arguments.bytes } else { BODY };
    let module = make(arguments.bytes, body);
    fs::write(&arguments.file, module).with_context(|| format!("cannot write {}", arguments.file.display()))
}

/// A command that does nothing. Not every engine takes one that imports nothing or has no memory.
pub fn nothing() -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().function([ValType::I32], []);
    let mut imports = ImportSection::new();
    imports.import("wasi_snapshot_preview1", "proc_exit", EntityType::Function(1));
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0).export("_start", ExportKind::Func, 1);
    let mut start = Function::new([]);
    start.instructions().end();
    let mut code = CodeSection::new();
    code.function(&start);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&memories).section(&exports).section(&code);
    module.finish()
}

/// The index of the first function that is like others, behind an import and the start.
const FIRST: u32 = 2;

/// A module whose code has about `bytes`, in functions that have `body` each, more or less.
fn make(bytes: usize, body: usize) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function(PARAMETERS, [ValType::I32]);
    types.ty().function([], []);
    types.ty().function([ValType::I32], []);
    let mut imports = ImportSection::new();
    imports.import("wasi_snapshot_preview1", "proc_exit", EntityType::Function(2));
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    // The start comes first, and calls the first of the others.
    functions.function(1);
    let mut start = Function::new([]);
    start.instructions().i32_const(0).i32_const(0).i64_const(0).f64_const(Ieee64::from(0.0)).call(FIRST).call(0).end();
    code.function(&start);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    while code.byte_len() < bytes {
        let left = bytes - code.byte_len();
        // From half of it to one and a half; the last one fills what is left.
        let size = if left <= body { left } else { body / 2 + random.below(body as u64) as usize };
        functions.function(0);
        code.function(&Body::new(&mut random, functions.len() - 1).of(size));
    }
    // All of them are in the table, so that a compiler has to keep them.
    let all: Vec<u32> = (FIRST..=functions.len()).collect();
    let (minimum, element_type) = ((all.len() as u64).max(TABLE.into()), RefType::FUNCREF);
    let mut tables = TableSection::new();
    tables.table(TableType { element_type, table64: false, minimum, maximum: Some(minimum), shared: false });
    let mut elements = ElementSection::new();
    elements.active(Some(0), &ConstExpr::i32_const(0), Elements::Functions(all.into()));
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0).export("_start", ExportKind::Func, FIRST - 1);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&tables).section(&memories).section(&exports);
    module.section(&elements).section(&code);
    module.finish()
}

const PARAMETERS: [ValType; 4] = [ValType::I32, ValType::I32, ValType::I64, ValType::F64];

/// Locals of each type: parameters and others.
const I32: [u32; 6] = [0, 1, 4, 5, 6, 7];
const I64: [u32; 3] = [2, 8, 9];
const F64: [u32; 3] = [3, 10, 11];
/// Of loops, by how deep in them there may be others. Nothing else sets them: behind a loop that provably has no end
/// a compiler drops all that follows, which in a large function is nearly all of it.
const COUNTERS: [u32; 3] = [12, 13, 14];

/// A function that is being made.
struct Body<'a> {
    function: Function,
    random: &'a mut Random,
    /// It may call so many functions: those that are before it, and itself.
    callees: u32,
}

impl Body<'_> {
    fn new(random: &mut Random, callees: u32) -> Body<'_> {
        let function = Function::new([(4, ValType::I32), (2, ValType::I64), (2, ValType::F64), (3, ValType::I32)]);
        Body { function, random, callees }
    }

    fn of(mut self, bytes: usize) -> Function {
        while self.function.byte_len() < bytes {
            self.statement(COUNTERS.len() as u32);
        }
        self.i32(2);
        self.code().end();
        self.function
    }

    fn code(&mut self) -> InstructionSink<'_> {
        self.function.instructions()
    }

    fn statements(&mut self, depth: u32) {
        for _ in 0..=self.random.below(4) {
            self.statement(depth);
        }
    }

    /// Leaves nothing on the stack. Control flow is nested at most so deep.
    fn statement(&mut self, depth: u32) {
        let control = if depth == 0 { 0 } else { 6 };
        match self.random.below(12 + control) {
            0..=2 => {
                self.i32(3);
                let local = self.random.of(&I32);
                self.code().local_set(local);
            }
            3 | 4 => {
                self.i64(3);
                let local = self.random.of(&I64);
                self.code().local_set(local);
            }
            5 | 6 => {
                self.f64(3);
                let local = self.random.of(&F64);
                self.code().local_set(local);
            }
            7 | 8 => {
                self.address();
                self.i32(2);
                let place = self.place(2);
                self.code().i32_store(place);
            }
            9 => {
                self.address();
                self.f64(2);
                let place = self.place(3);
                self.code().f64_store(place);
            }
            10 => self.call(),
            11 => self.call_indirect(),
            12 | 13 => {
                self.i32(1);
                self.code().if_(BlockType::Empty);
                self.statements(depth - 1);
                if self.random.below(2) == 0 {
                    self.code().else_();
                    self.statements(depth - 1);
                }
                self.code().end();
            }
            14 | 15 => {
                self.code().block(BlockType::Empty);
                self.statements(depth - 1);
                self.i32(1);
                self.code().br_if(0);
                self.statements(depth - 1);
                self.code().end();
            }
            16 => {
                let (times, counter) = (self.random.of(&I32), COUNTERS[depth as usize - 1]);
                self.code().local_get(times).local_set(counter).loop_(BlockType::Empty);
                self.statements(depth - 1);
                self.code().local_get(counter).i32_const(1).i32_sub().local_tee(counter).br_if(0).end();
            }
            _ => {
                for _ in 0..4 {
                    self.code().block(BlockType::Empty);
                }
                self.i32(1);
                self.code().br_table([0, 1, 2], 3);
                for _ in 0..4 {
                    self.code().end();
                    self.statement(depth - 1);
                }
            }
        }
    }

    fn call(&mut self) {
        let callee = FIRST + self.random.below(self.callees.into()) as u32;
        self.operands();
        let local = self.random.of(&I32);
        self.code().call(callee).local_set(local);
    }

    fn call_indirect(&mut self) {
        self.operands();
        let local = self.random.of(&I32);
        self.code().local_get(local).i32_const(TABLE as i32 - 1).i32_and().call_indirect(0, 0).local_set(local);
    }

    fn operands(&mut self) {
        self.i32(1);
        self.i32(1);
        self.i64(1);
        self.f64(1);
    }

    fn address(&mut self) {
        let local = self.random.of(&I32);
        self.code().local_get(local);
    }

    fn place(&mut self, align: u32) -> MemArg {
        MemArg { offset: self.random.below(64) * 8, align, target: MemArgTarget::Memory(0), ordering: None }
    }

    /// Expressions; operators are nested at most so deep.
    fn i32(&mut self, depth: u32) {
        match self.random.below(if depth == 0 { 3 } else { 10 }) {
            0 | 1 => {
                let local = self.random.of(&I32);
                self.code().local_get(local);
            }
            2 => {
                let number = self.random.below(1000) as i32;
                self.code().i32_const(number);
            }
            3 | 4 => {
                self.address();
                let place = self.place(2);
                self.code().i32_load(place);
            }
            5 => {
                self.i64(depth - 1);
                self.code().i32_wrap_i64();
            }
            6 => {
                self.f64(depth - 1);
                self.f64(depth - 1);
                self.code().f64_lt();
            }
            _ => {
                self.i32(depth - 1);
                self.i32(depth - 1);
                match self.random.below(8) {
                    0 => self.function.instructions().i32_sub(),
                    1 => self.function.instructions().i32_mul(),
                    2 => self.function.instructions().i32_and(),
                    3 => self.function.instructions().i32_xor(),
                    4 => self.function.instructions().i32_shl(),
                    5 => self.function.instructions().i32_lt_s(),
                    _ => self.function.instructions().i32_add(),
                };
            }
        }
    }

    fn i64(&mut self, depth: u32) {
        self.wide(depth, &WIDE_INTEGERS);
    }

    fn f64(&mut self, depth: u32) {
        self.wide(depth, &WIDE_FLOATS);
    }

    fn wide(&mut self, depth: u32, wide: &Wide) {
        match self.random.below(if depth == 0 { 2 } else { 6 }) {
            0 => {
                let local = self.random.of(wide.locals);
                self.code().local_get(local);
            }
            1 => {
                let number = self.random.next();
                self.function.instruction(&(wide.constant)(number));
            }
            2 => {
                self.i32(depth - 1);
                self.function.instruction(&wide.extend);
            }
            3 => {
                self.address();
                let place = self.place(3);
                self.function.instruction(&(wide.load)(place));
            }
            _ => {
                self.wide(depth - 1, wide);
                self.wide(depth - 1, wide);
                let operator = self.random.below(wide.operators.len() as u64) as usize;
                self.function.instruction(&wide.operators[operator]);
            }
        }
    }
}

/// A type of 64 bits, and what makes values of it.
struct Wide {
    locals: &'static [u32],
    constant: fn(u64) -> Instruction<'static>,
    /// From an i32.
    extend: Instruction<'static>,
    load: fn(MemArg) -> Instruction<'static>,
    operators: [Instruction<'static>; 3],
}

const WIDE_INTEGERS: Wide = Wide {
    locals: &I64,
    constant: |random| Instruction::I64Const(random as i64 >> 20),
    extend: Instruction::I64ExtendI32S,
    load: Instruction::I64Load,
    operators: [Instruction::I64Add, Instruction::I64Xor, Instruction::I64Mul],
};

const WIDE_FLOATS: Wide = Wide {
    locals: &F64,
    constant: |random| Instruction::F64Const(Ieee64::from((random % 1000) as f64 / 8.0)),
    extend: Instruction::F64ConvertI32S,
    load: Instruction::F64Load,
    operators: [Instruction::F64Add, Instruction::F64Sub, Instruction::F64Mul],
};

/// Xorshift: the same module everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 11) % limit
    }

    fn of(&mut self, locals: &[u32]) -> u32 {
        locals[self.below(locals.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_a_valid_command() {
        let module = wasmi::Module::new(&wasmi::Engine::default(), &nothing()[..]).expect("a valid module");
        assert_eq!((module.imports().len(), module.exports().count()), (1, 2));
    }

    #[test]
    fn modules_are_valid_and_have_the_size_that_was_asked_for() {
        for (bytes, body) in [(3_000, BODY), (300_000, BODY), (300_000, 300_000)] {
            let made = make(bytes, body);
            let engine = wasmi::Engine::default();
            let module = wasmi::Module::new(&engine, &made[..]).expect("a valid module");
            assert!(module.exports().any(|export| export.name() == "_start"));
            let ratio = made.len() as f64 / bytes as f64;
            assert!((0.8..1.5).contains(&ratio), "{bytes} bytes are {}", made.len());
        }
        assert!(make(300_000, 300_000).len() < make(300_000, BODY).len(), "one function has no headers of others");
    }
}
