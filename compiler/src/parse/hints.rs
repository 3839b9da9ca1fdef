//! The custom section `metadata.code.branch_hint` (<https://webassembly.github.io/branch-hinting/metadata/code/>):
//! which branches are likely taken.

use std::collections::HashMap;

use cranelift_entity::EntityRef;
use wasmparser::{BranchHintSectionReader, KnownCustom};

use super::index::FuncIndex;

/// What a module says about its branches.
#[derive(Debug, Default)]
pub struct BranchHints(HashMap<FuncIndex, Vec<BranchHint>>);

/// Whether one branch is likely taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BranchHint {
    /// Bytes from the start of the body to the instruction.
    offset: u32,
    likely: bool,
}

/// The hints for one function, ascending by offset. One that is not at a conditional branch means nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct FunctionHints<'a>(&'a [BranchHint]);

impl BranchHints {
    /// A section that is malformed is ignored as a whole, since it must not make a module invalid; so is a second one.
    pub fn read(&mut self, custom: &wasmparser::CustomSectionReader<'_>) {
        if let KnownCustom::BranchHints(section) = custom.as_known()
            && self.0.is_empty()
        {
            self.0 = read_section(section).unwrap_or_default();
        }
    }

    pub fn of(&self, function: FuncIndex) -> FunctionHints<'_> {
        FunctionHints(self.0.get(&function).map_or(&[], Vec::as_slice))
    }
}

impl FunctionHints<'_> {
    /// Whether the branch that begins so many bytes after the start of the body is likely taken, if that is known.
    pub fn at(self, offset: u64) -> Option<bool> {
        let index = self.0.binary_search_by_key(&offset, |hint| hint.offset.into()).ok()?;
        Some(self.0[index].likely)
    }
}

/// `None` if it is malformed: functions and offsets must ascend.
fn read_section(section: BranchHintSectionReader<'_>) -> Option<HashMap<FuncIndex, Vec<BranchHint>>> {
    let mut functions = HashMap::new();
    let mut last = None;
    for function in section {
        let function = function.ok()?;
        let mut hints: Vec<BranchHint> = Vec::new();
        for hint in function.hints {
            let hint = hint.ok()?;
            if hints.last().is_some_and(|last| last.offset >= hint.func_offset) {
                return None;
            }
            hints.push(BranchHint { offset: hint.func_offset, likely: hint.taken });
        }
        // The largest number is no index: entities keep it for themselves.
        if last.is_some_and(|last| last >= function.func) || function.func == u32::MAX {
            return None;
        }
        last = Some(function.func);
        functions.insert(FuncIndex::new(function.func as usize), hints);
    }
    Some(functions)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hints of a section with these contents.
    fn read(contents: &[u8]) -> BranchHints {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        let name = b"metadata.code.branch_hint";
        wasm.extend([0, (1 + name.len() + contents.len()) as u8, name.len() as u8]);
        wasm.extend(name);
        wasm.extend(contents);
        let mut hints = BranchHints::default();
        for payload in wasmparser::Parser::new(0).parse_all(&wasm) {
            if let wasmparser::Payload::CustomSection(custom) = payload.unwrap() {
                hints.read(&custom);
            }
        }
        hints
    }

    #[test]
    fn hints_are_found_by_function_and_offset() {
        let hints = read(&[2, 1, 2, 3, 1, 0, 9, 1, 1, 4, 1, 3, 1, 1]);
        let at = |function, offset| hints.of(FuncIndex::new(function)).at(offset);
        assert_eq!((at(1, 3), at(1, 9), at(4, 3)), (Some(false), Some(true), Some(true)));
        assert_eq!((at(0, 3), at(1, 4), at(1, 1 << 32 | 3)), (None, None, None));
    }

    #[test]
    fn malformed_sections_are_ignored() {
        for (contents, what) in [
            (&[][..], "empty"),
            (&[1, 0, 1, 3, 1], "cut"),
            (&[1, 0, 1, 3, 1, 2], "no such hint"),
            (&[1, 0, 1, 3, 2, 0, 0], "a hint of two bytes"),
            (&[1, 0, 1, 3, 1, 0, 0], "something behind"),
            (&[1, 0, 2, 3, 1, 0, 3, 1, 1], "an offset twice"),
            (&[1, 0, 2, 4, 1, 0, 3, 1, 1], "offsets that descend"),
            (&[2, 0, 1, 3, 1, 0, 0, 1, 4, 1, 0], "a function twice"),
            (&[1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 3, 1, 0], "no function has this index"),
            (&[0xff, 0xff, 0xff, 0xff, 0x0f], "more functions than bytes"),
        ] {
            assert!(read(contents).0.is_empty(), "{what}");
        }
    }
}
