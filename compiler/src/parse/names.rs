//! The custom section `name` (core specification, appendix 7.4): names of functions and tags, for symbols and reports.

use std::collections::HashMap;
use std::hash::Hash;

use cranelift_entity::EntityRef;
use wasmparser::{KnownCustom, Name, NameMap, NameSectionReader};

use super::index::{FuncIndex, TagIndex};

/// Names of functions and tags, as far as the module gives them.
#[derive(Debug, Default)]
pub struct Names<'a> {
    functions: HashMap<FuncIndex, &'a str>,
    tags: HashMap<TagIndex, &'a str>,
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
            match subsection? {
                Name::Function(map) => read_map(map, &mut self.functions)?,
                Name::Tag(map) => read_map(map, &mut self.tags)?,
                _ => {}
            }
        }
        Ok(())
    }

    pub fn function(&self, function: FuncIndex) -> Option<&'a str> {
        self.functions.get(&function).copied()
    }

    pub fn tag(&self, tag: TagIndex) -> Option<&'a str> {
        self.tags.get(&tag).copied()
    }
}

fn read_map<'a, Index: EntityRef + Hash>(
    map: NameMap<'a>,
    names: &mut HashMap<Index, &'a str>,
) -> wasmparser::Result<()> {
    for naming in map {
        let naming = naming?;
        // The largest number is no index: entities keep it for themselves.
        if naming.index != u32::MAX {
            names.insert(Index::new(naming.index as usize), naming.name);
        }
    }
    Ok(())
}
