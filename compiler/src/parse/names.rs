//! The custom section `name` (core specification, appendix 7.4): names of functions, for symbols and backtraces.

use std::collections::HashMap;

use cranelift_entity::EntityRef;
use wasmparser::{KnownCustom, Name, NameSectionReader};

use super::index::FuncIndex;

/// Names of functions, as far as the module gives them.
#[derive(Debug, Default)]
pub struct Names<'a> {
    functions: HashMap<FuncIndex, &'a str>,
}

impl<'a> Names<'a> {
    /// A custom section that is malformed is ignored from there on: it must not make a module invalid.
    pub fn read(&mut self, custom: &wasmparser::CustomSectionReader<'a>) {
        if let KnownCustom::Name(section) = custom.as_known() {
            let _ = self.read_section(section);
        }
    }

    fn read_section(&mut self, section: NameSectionReader<'a>) -> wasmparser::Result<()> {
        for subsection in section {
            if let Name::Function(map) = subsection? {
                for naming in map {
                    let naming = naming?;
                    // The largest number is no index: entities keep it for themselves.
                    if naming.index != u32::MAX {
                        self.functions.insert(FuncIndex::new(naming.index as usize), naming.name);
                    }
                }
            }
        }
        Ok(())
    }

    pub fn function(&self, function: FuncIndex) -> Option<&'a str> {
        self.functions.get(&function).copied()
    }
}
