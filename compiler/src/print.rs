//! Modules as text, and where what a line shows is in the binary format.

use std::io;

use wasmprinter::{Config, Print};

use crate::error::{Error, Result};

/// A module as text.
pub struct Printed {
    pub text: String,
    /// Where each line begins, and what offset in the module it shows.
    starts: Vec<(usize, Option<u64>)>,
}

/// A line of the text.
pub struct Line<'a> {
    /// Bytes of the text before it.
    pub start: usize,
    /// With its end of line.
    pub text: &'a str,
    /// In the module. Lines of white space, parentheses and the like have none.
    pub offset: Option<u64>,
}

/// Prints a module.
///
/// # Errors
///
/// If it has no such form, or if the text would have more than `limit` bytes: some have a thousand for each of theirs,
/// as locals are counted in the binary format and listed in text.
pub fn print(wasm: &[u8], limit: usize) -> Result<Printed> {
    let mut printer = Printer { limit, printed: Printed { text: String::new(), starts: Vec::new() } };
    let printed = Config::new().print(wasm, &mut printer);
    printed.map_err(|error| Error::unsupported(format!("the module cannot be printed: {error}")))?;
    Ok(printer.printed)
}

impl Printed {
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let ends = self.starts.iter().skip(1).map(|(start, _)| *start).chain([self.text.len()]);
        self.starts.iter().zip(ends).map(|(&(start, offset), end)| Line { start, text: &self.text[start..end], offset })
    }
}

struct Printer {
    limit: usize,
    printed: Printed,
}

impl Print for Printer {
    fn write_str(&mut self, text: &str) -> io::Result<()> {
        if self.printed.text.len() + text.len() > self.limit {
            return Err(io::Error::other(format!("as text it has more than {} MiB", self.limit >> 20)));
        }
        self.printed.text.push_str(text);
        Ok(())
    }

    fn start_line(&mut self, offset: Option<u64>) {
        self.printed.starts.push((self.printed.text.len(), offset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_text() {
        let wasm = wat::parse_str("(func (result i32) (local i32 i64) i32.const 7)").unwrap();
        let printed = print(&wasm, 1 << 10).unwrap();
        assert_eq!(printed.lines().map(|line| line.text).collect::<String>(), printed.text);
        let constant = printed.lines().find(|line| line.text.contains("i32.const 7")).unwrap();
        assert_eq!(wasm[constant.offset.unwrap() as usize], 0x41);
        assert!(printed.text[constant.start..].trim_start().starts_with("i32.const"));
    }

    #[test]
    fn a_small_module_with_a_long_text_is_refused() {
        // 200 functions, each with 50,000 locals in a few bytes.
        let body = b"\x06\x01\xd0\x86\x03\x7f\x0b";
        let bodies = [&b"\xc8\x01"[..], &body.repeat(200)].concat();
        let functions = [&b"\xc8\x01"[..], &[0; 200]].concat();
        let mut wasm = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0".to_vec();
        for (id, contents) in [(3, functions), (10, bodies)] {
            // Two bytes of LEB128.
            wasm.extend([id, contents.len() as u8 | 0x80, (contents.len() >> 7) as u8]);
            wasm.extend(contents);
        }
        assert!(wasmparser::validate(&wasm).is_ok());
        let error = print(&wasm, 1 << 20).err().expect("it is longer").to_string();
        assert!(error.contains("more than 1 MiB"), "{error}");
    }
}
