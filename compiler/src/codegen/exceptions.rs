//! What unwinding has to know of the code of a function: see [`wasmc_abi::exception`].

use cranelift_codegen::isa::unwind::UnwindInst;
use cranelift_codegen::{CompiledCode, FinalizedMachExceptionHandler, RealReg, RegClass};
use cranelift_entity::EntityRef;
use wasmc_abi::exception::saved;

use crate::object::machine::Machine;
use crate::plan::ids::TagId;

/// What catches the exceptions of a call. All offsets are from the start of the function.
pub struct CallHandlers {
    pub return_offset: u32,
    /// The frame pointer minus the stack pointer.
    pub frame_bytes: u32,
    /// Tags and where their handlers begin, in the order in which they are tried; `None` catches everything.
    pub handlers: Vec<(Option<TagId>, u32)>,
}

/// All calls of a function that something catches exceptions of, ascending by return address.
pub fn call_handlers(code: &CompiledCode) -> Vec<CallHandlers> {
    let calls = code.buffer.call_sites().filter(|call| !call.exception_handlers.is_empty());
    let mut calls: Vec<CallHandlers> = calls
        .map(|call| CallHandlers {
            return_offset: call.ret_addr,
            frame_bytes: call.frame_offset.expect("both architectures tell the size of frames"),
            handlers: call
                .exception_handlers
                .iter()
                .map(|handler| match *handler {
                    FinalizedMachExceptionHandler::Tag(tag, offset) => {
                        (Some(TagId::new(tag.as_u32() as usize)), offset)
                    }
                    FinalizedMachExceptionHandler::Default(offset) => (None, offset),
                    FinalizedMachExceptionHandler::Context(_) => unreachable!("no handler is given a context"),
                })
                .collect(),
        })
        .collect();
    calls.sort_by_key(|call| call.return_offset);
    calls
}

/// Where a function keeps its caller's registers: for each of the architecture's [`saved`] registers, in which word
/// below the frame pointer; 0 if the function does not touch it.
pub fn saved_registers(code: &CompiledCode, machine: Machine) -> Vec<u8> {
    let mut words = vec![0; registers(machine)];
    let mut clobbers = 0;
    for (_, instruction) in &code.buffer.unwind_info {
        match *instruction {
            UnwindInst::DefineNewFrame { offset_downward_to_clobbers, .. } => clobbers = offset_downward_to_clobbers,
            UnwindInst::SaveReg { clobber_offset, reg } => {
                let word = (clobbers - clobber_offset) / 8;
                words[number(machine, reg)] =
                    u8::try_from(word).expect("registers are saved next to the frame pointer");
            }
            _ => {}
        }
    }
    words
}

fn registers(machine: Machine) -> usize {
    match machine {
        Machine::X86_64 => saved::X86_64,
        Machine::Aarch64 => saved::AARCH64,
    }
}

/// The place of a register among the architecture's [`saved`] ones.
fn number(machine: Machine, register: RealReg) -> usize {
    let encoding = register.hw_enc();
    let number = match (machine, register.class(), encoding) {
        (Machine::X86_64, RegClass::Int, 3) => 0,
        (Machine::X86_64, RegClass::Int, 12..=15) => encoding - 11,
        (Machine::Aarch64, RegClass::Int, 19..=28) => encoding - 19,
        (Machine::Aarch64, RegClass::Float, 8..=15) => encoding + 2,
        other => unreachable!("no convention of ours saves {other:?}"),
    };
    number.into()
}
