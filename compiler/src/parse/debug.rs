//! The custom sections with DWARF (<https://github.com/WebAssembly/tool-conventions/blob/main/Debugging.md>): found
//! here, read by [`crate::debug`].

/// Where a module's DWARF is, if it has any.
#[derive(Debug, Default)]
pub struct DebugSections<'a> {
    /// By name, for example `.debug_info`.
    sections: Vec<(&'a str, &'a [u8])>,
    /// Where the contents of the code section begin, in bytes of the module: what addresses of code count from.
    pub code_start: u64,
}

impl<'a> DebugSections<'a> {
    /// Keeps the contents of a section of DWARF. Of several with the same name the last counts.
    pub fn read(&mut self, custom: &wasmparser::CustomSectionReader<'a>) {
        if custom.name().starts_with(".debug_") {
            self.sections.push((custom.name(), custom.data()));
        }
    }

    /// The contents of a section; empty if there is none.
    pub fn section(&self, name: &str) -> &'a [u8] {
        self.sections.iter().rev().find(|(found, _)| *found == name).map_or(&[], |(_, data)| data)
    }
}
