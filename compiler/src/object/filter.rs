//! [`Plan`] → its seccomp filter: a program for the kernel's classic BPF machine that lets through the system calls
//! which the rows of [`wasmc_abi::harden`] name, and ends the process at any other.
//!
//! ```text
//!   architecture is ours? ── no ─→ kill
//!   number ─→ binary search ─→ leaf: equal? ── no ─→ kill
//!                                    conditions of one row hold? ─→ allow
//!                                    … of none ─→ kill
//! ```
//!
//! The kernel runs the filter for all numbers when it is installed, and remembers those that are allowed whatever their
//! arguments: these cost nothing later. So it is the search that is kept short. Numbers of the x32 ABI are ours plus a
//! bit, hence in no leaf.

use std::collections::BTreeMap;

use super::machine::Machine;
use crate::plan::{FunctionSource, Main, Plan};
use wasmc_abi::harden::{self, Allowed, Condition, Instruction, MAX_INSTRUCTIONS};

/// A filter.
#[derive(Debug, Default)]
pub struct Filter {
    pub instructions: Vec<Instruction>,
    /// Index of the instruction that compares with the number of the process.
    pub process: usize,
    /// A call that it lets through names files.
    pub takes_paths: bool,
}

/// The filter of a program.
pub fn filter(plan: &Plan<'_>, machine: Machine) -> Filter {
    build(&needed(plan), machine)
}

/// The rows that apply to a program.
fn needed(plan: &Plan<'_>) -> Vec<Allowed> {
    let mut rows = harden::CORE.to_vec();
    for (id, memory) in plan.memories.iter().filter(|(_, memory)| memory.grown) {
        let grows_in_place = memory.shared || plan.layout.memories[id].base.is_some();
        rows.extend(if grows_in_place { harden::GROWTH } else { harden::GROWTH_BY_MAPPING });
    }
    if plan.tables.values().any(|table| table.grown) {
        rows.extend(harden::GROWTH);
    }
    if !plan.tags.is_empty() {
        rows.extend(harden::EXCEPTIONS);
    }
    if matches!(plan.main, Main::Invoke(_)) {
        rows.extend(harden::INVOKE);
    }
    if plan.waits {
        rows.extend(harden::WAITING);
    }
    for function in plan.functions.values().filter(|function| function.live) {
        if let FunctionSource::Wasi { function, .. } = function.source {
            rows.extend(harden::wasi(function));
        }
    }
    rows
}

type Conditions = &'static [Condition];

/// The rows by number: alternatives, none of which implies another. No conditions: always.
fn by_number(rows: &[Allowed], machine: Machine) -> BTreeMap<u32, Vec<Conditions>> {
    let mut calls: BTreeMap<u32, Vec<Conditions>> = BTreeMap::new();
    for row in rows {
        let alternatives = calls.entry(machine.system_call(row.call)).or_default();
        if row.conditions.is_empty() {
            *alternatives = vec![row.conditions];
        } else if !alternatives.iter().any(|known| known.is_empty() || *known == row.conditions) {
            alternatives.push(row.conditions);
        }
    }
    calls
}

// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

// Codes of the machine's instructions.
const LOAD_WORD: u16 = 0x20;
const JUMP: u16 = 0x05;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_AT_LEAST: u16 = 0x35;
const RETURN: u16 = 0x06;

const ALLOW: u32 = 0x7fff_0000;
const KILL_PROCESS: u32 = 0x8000_0000;

fn instruction(code: u16, constant: u32) -> Instruction {
    Instruction { code, constant, jump_if_true: 0, jump_if_false: 0 }
}

/// Skips so many instructions if the condition holds, or if it does not.
fn branch(code: u16, constant: u32, jump_if_true: u8, jump_if_false: u8) -> Instruction {
    Instruction { code, constant, jump_if_true, jump_if_false }
}

fn build(rows: &[Allowed], machine: Machine) -> Filter {
    let calls: Vec<(u32, Vec<Conditions>)> = by_number(rows, machine).into_iter().collect();
    let mut instructions = vec![
        instruction(LOAD_WORD, ARCHITECTURE),
        branch(JUMP_IF_EQUAL, machine.audit_architecture(), 1, 0),
        instruction(RETURN, KILL_PROCESS),
        instruction(LOAD_WORD, NUMBER),
    ];
    instructions.extend(search(&calls));
    assert!(instructions.len() <= MAX_INSTRUCTIONS, "the filter is too long");
    let process = instructions.iter().position(|instruction| instruction.constant == PROCESS);
    let process = process.expect("every program may send signals to itself");
    Filter { instructions, process, takes_paths: rows.iter().any(|row| row.call.takes_path()) }
}

/// Decides about numbers in a sorted list. The accumulator holds the number.
fn search(calls: &[(u32, Vec<Conditions>)]) -> Vec<Instruction> {
    match calls {
        [] => vec![instruction(RETURN, KILL_PROCESS)],
        [(number, alternatives)] => {
            let decision = decide(alternatives);
            let mut code = skip_unless_equal(*number, &decision);
            code.extend(decision);
            code.push(instruction(RETURN, KILL_PROCESS));
            code
        }
        _ => {
            let (low, high) = calls.split_at(calls.len() / 2);
            let (below, above) = (search(low), search(high));
            let mut code = match u8::try_from(below.len()) {
                Ok(distance) => vec![branch(JUMP_IF_AT_LEAST, high[0].0, distance, 0)],
                // Conditional jumps do not reach farther.
                Err(_) => vec![branch(JUMP_IF_AT_LEAST, high[0].0, 0, 1), instruction(JUMP, below.len() as u32)],
            };
            code.extend(below);
            code.extend(above);
            code
        }
    }
}

fn skip_unless_equal(constant: u32, code: &[Instruction]) -> Vec<Instruction> {
    match u8::try_from(code.len()) {
        Ok(distance) => vec![branch(JUMP_IF_EQUAL, constant, 0, distance)],
        Err(_) => vec![branch(JUMP_IF_EQUAL, constant, 1, 0), instruction(JUMP, code.len() as u32)],
    }
}

/// Allows the call if one alternative holds; else goes on behind the code.
fn decide(alternatives: &[Conditions]) -> Vec<Instruction> {
    let mut code = Vec::new();
    for conditions in alternatives {
        // From the last to the first, so that each knows how far the end is.
        let mut rest = vec![instruction(RETURN, ALLOW)];
        for condition in conditions.iter().rev() {
            let mut checked = check(*condition, rest.len());
            checked.append(&mut rest);
            rest = checked;
        }
        code.extend(rest);
    }
    code
}

/// Stands for the number of the process, which the runtime puts in its place. No process has this one, and no row
/// compares with it.
const PROCESS: u32 = u32::MAX;

/// Goes on if a condition holds; else skips the `rest` instructions that follow.
fn check(condition: Condition, rest: usize) -> Vec<Instruction> {
    // The low half of a little-endian word.
    let load = |argument: u8| instruction(LOAD_WORD, ARGUMENTS + 8 * u32::from(argument));
    let distance = |length: usize| u8::try_from(length).expect("conditions are short");
    match condition {
        Condition::OneOf(argument, values) => {
            let mut code = vec![load(argument)];
            for (index, value) in values.iter().enumerate() {
                let following = values.len() - 1 - index;
                let otherwise = if following == 0 { distance(rest) } else { 0 };
                code.push(branch(JUMP_IF_EQUAL, *value, distance(following), otherwise));
            }
            code
        }
        Condition::Null(argument) => {
            let high = instruction(LOAD_WORD, ARGUMENTS + 8 * u32::from(argument) + 4);
            let (far, near) = (distance(rest + 2), distance(rest));
            vec![load(argument), branch(JUMP_IF_EQUAL, 0, 0, far), high, branch(JUMP_IF_EQUAL, 0, 0, near)]
        }
        Condition::OwnProcess(argument) => {
            vec![load(argument), branch(JUMP_IF_EQUAL, PROCESS, 0, distance(rest))]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmc_abi::harden::Call;
    use wasmc_abi::wasi;

    const MACHINES: [Machine; 2] = [Machine::X86_64, Machine::Aarch64];
    const OWN_PROCESS: u32 = 4711;

    /// Runs a filter as the kernel does, on a call with these low halves of arguments; whether it is let through.
    fn allows(filter: &Filter, architecture: u32, number: u32, arguments: [u32; 6]) -> bool {
        let word = |offset: u32| match offset {
            NUMBER => number,
            ARCHITECTURE => architecture,
            _ if offset.is_multiple_of(8) => arguments[((offset - ARGUMENTS) / 8) as usize],
            _ => 0,
        };
        let (mut at, mut accumulator) = (0, 0);
        loop {
            let instruction = filter.instructions[at];
            let constant = if at == filter.process { OWN_PROCESS } else { instruction.constant };
            let holds = match instruction.code {
                LOAD_WORD => {
                    accumulator = word(constant);
                    at += 1;
                    continue;
                }
                JUMP => {
                    at += 1 + constant as usize;
                    continue;
                }
                RETURN => return constant == ALLOW,
                JUMP_IF_EQUAL => accumulator == constant,
                JUMP_IF_AT_LEAST => accumulator >= constant,
                code => panic!("instruction {code:#x}"),
            };
            at += 1 + usize::from(if holds { instruction.jump_if_true } else { instruction.jump_if_false });
        }
    }

    /// What the rows say, of a call whose arguments are all equal.
    fn expected(rows: &[Allowed], call: Call, argument: u32) -> bool {
        let holds = |condition: &Condition| match condition {
            Condition::OneOf(_, values) => values.contains(&argument),
            Condition::Null(_) => argument == 0,
            Condition::OwnProcess(_) => argument == OWN_PROCESS,
        };
        rows.iter().any(|row| row.call == call && row.conditions.iter().all(holds))
    }

    /// All rows together, and those of each WASI function alone, on each machine.
    #[test]
    fn a_filter_lets_through_what_its_rows_say() {
        let all = harden::GROWTH.iter().chain(harden::GROWTH_BY_MAPPING).chain(harden::WAITING).copied();
        let all: Vec<Allowed> = all.chain((0..wasi::FUNCTIONS.len()).flat_map(harden::wasi)).collect();
        let alone = (0..wasi::FUNCTIONS.len()).map(|function| harden::wasi(function).collect());
        for rows in std::iter::once(all).chain(alone) {
            let rows: Vec<Allowed> = harden::CORE.iter().copied().chain(rows).collect();
            for machine in MACHINES {
                let filter = build(&rows, machine);
                let ours = machine.audit_architecture();
                for number in 0..600 {
                    let call = Call::ALL.iter().find(|&&call| machine.system_call(call) == number);
                    for argument in [
                        0,
                        1,
                        2,
                        3,
                        4,
                        7,
                        8,
                        9,
                        11,
                        0x541b,
                        0x4022,
                        129,
                        137,
                        harden::CLONE_THREAD,
                        OWN_PROCESS,
                        u32::MAX,
                    ] {
                        let is_allowed = allows(&filter, ours, number, [argument; 6]);
                        let expected = call.is_some_and(|&call| expected(&rows, call, argument));
                        assert_eq!(is_allowed, expected, "{machine:?}, call {number} with {argument:#x}");
                    }
                    for other in MACHINES.map(Machine::audit_architecture).into_iter().filter(|&other| other != ours) {
                        assert!(!allows(&filter, other, number, [0; 6]));
                    }
                    assert!(!allows(&filter, ours, number | 0x4000_0000, [0; 6]), "the x32 ABI");
                }
            }
        }
    }
}
