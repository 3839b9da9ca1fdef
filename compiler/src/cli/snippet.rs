//! Places in text: the line of the input that an error is about, with marks under what is meant; and the lines of all
//! operators, for debug information.
//!
//! An error knows a byte offset in the binary format. If the input was text, the instruction there is the one with the
//! same number in the same function of the text; else the line is one of the module printed as text. Whatever fails on
//! the way, there is no snippet: the error says its offset in any case.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use wasmparser::{Parser, Payload};
use wast::Wat;
use wast::core::{FuncKind, ModuleField, ModuleKind};
use wast::parser::ParseBuffer;
use wast::token::Span;

use crate::debug::text::TextPlace;

/// Printing a larger module would take longer than anyone wants to wait for an error.
const MAX_PRINTED: usize = 32 << 20;

/// A text with a place in it.
pub struct Place {
    text: String,
    /// Bytes of `text`.
    span: Range<usize>,
    /// The text was made from a binary module.
    printed: bool,
}

/// Where a function stands in a text, in bytes: itself, and its instructions in the order of the binary format.
struct FunctionText {
    head: usize,
    instructions: Vec<usize>,
}

/// The functions with bodies, in order.
fn functions_in_text(text: &str) -> Option<Vec<FunctionText>> {
    let mut buffer = ParseBuffer::new(text).ok()?;
    buffer.track_instr_spans(true);
    let mut module = wast::parser::parse::<Wat<'_>>(&buffer).ok()?;
    // Brings the functions into the form, and the order, in which they are encoded.
    module.encode().ok()?;
    let Wat::Module(module) = &module else { return None };
    let ModuleKind::Text(fields) = &module.kind else { return None };
    let functions = fields.iter().filter_map(|field| match field {
        ModuleField::Func(function) => match &function.kind {
            FuncKind::Inline { expression, .. } => Some((function.span, expression)),
            FuncKind::Import(..) => None,
        },
        _ => None,
    });
    let functions = functions.map(|(head, expression)| {
        let spans = expression.instr_spans.as_deref()?;
        Some(FunctionText { head: head.offset(), instructions: spans.iter().map(Span::offset).collect() })
    });
    functions.collect()
}

/// The place in the text that a module was made of.
pub fn in_text(text: &str, wasm: &[u8], offset: u64) -> Option<Place> {
    let (function, instruction) = instruction_at(wasm, offset)?;
    let functions = functions_in_text(text)?;
    let function = functions.get(function)?;
    // Before the first one are locals, behind the last one is the end of the function.
    let start = *instruction.and_then(|number| function.instructions.get(number)).unwrap_or(&function.head);
    let rest = text.get(start..)?;
    let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ';')).unwrap_or(rest.len());
    Some(Place { text: text.to_owned(), span: start..start + length.max(1).min(rest.len()), printed: false })
}

/// The places of all operators in the text that a module was made of.
pub fn all_in_text(text: &str, wasm: &[u8]) -> Option<Vec<TextPlace>> {
    let functions = functions_in_text(text)?;
    let line_starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let bodies = Parser::new(0).parse_all(wasm).map_while(Result::ok).filter_map(|payload| match payload {
        Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    let mut places = Vec::new();
    for (body, function) in bodies.zip(&functions) {
        let operators = body.get_operators_reader().ok()?.into_iter_with_offsets().map_while(Result::ok);
        for ((_, offset), at) in operators.zip(&function.instructions) {
            let line = line_starts.partition_point(|start| start <= at);
            let column = text.get(line_starts[line - 1]..*at).map_or(0, |before| before.chars().count() + 1);
            places.push(TextPlace { offset, line: line as u32, column: column as u32 });
        }
    }
    Some(places)
}

/// A binary module printed as text, and the places of all operators in that.
pub fn print(wasm: &[u8]) -> Option<(String, Vec<TextPlace>)> {
    let mut text = String::new();
    let lines = wasmprinter::Config::new().offsets_and_lines(wasm, &mut text).ok()?;
    let place = |(index, (offset, line)): (usize, (Option<u64>, &str))| {
        let column = line.len() - line.trim_start().len() + 1;
        Some(TextPlace { offset: offset?, line: index as u32 + 1, column: column as u32 })
    };
    let mut places: Vec<TextPlace> = lines.enumerate().filter_map(place).collect();
    places.sort_by_key(|place| place.offset);
    Some((text, places))
}

/// The function with a body, by number, that an offset is in, and the number of its instruction, if it is in one.
fn instruction_at(wasm: &[u8], offset: u64) -> Option<(usize, Option<usize>)> {
    let bodies = Parser::new(0).parse_all(wasm).map_while(Result::ok);
    let bodies = bodies.filter_map(|payload| match payload {
        Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    let (number, body) = bodies.enumerate().find(|(_, body)| body.range().contains(&offset))?;
    let operators = body.get_operators_reader().ok()?.into_iter_with_offsets();
    let before = operators.map_while(Result::ok).take_while(|(_, at)| *at <= offset).count();
    Some((number, before.checked_sub(1)))
}

/// The place in a binary module printed as text.
pub fn in_binary(wasm: &[u8], offset: u64) -> Option<Place> {
    if wasm.len() > MAX_PRINTED {
        return None;
    }
    let mut text = String::new();
    let mut start = 0;
    let mut best: Option<(u64, Range<usize>)> = None;
    for (at, line) in wasmprinter::Config::new().offsets_and_lines(wasm, &mut text).ok()? {
        let end = start + line.find(" ;;").unwrap_or(line.trim_end().len());
        let indent = line.len() - line.trim_start().len();
        // Lines without an offset are white space, parentheses and so on.
        if let Some(at) = at.filter(|at| *at <= offset)
            && best.as_ref().is_none_or(|(before, _)| *before <= at)
        {
            best = Some((at, start + indent..end));
        }
        start += line.len();
    }
    let (_, span) = best?;
    Some(Place { text, span, printed: true })
}

impl Place {
    /// The line, with its number and marks, for a terminal.
    pub fn render(&self, file: &str) -> String {
        let file = if self.printed { format!("{file} (as text)") } else { file.to_owned() };
        let snippet = Snippet::source(self.text.as_str()).path(file);
        let snippet = snippet.annotation(AnnotationKind::Primary.span(self.span.clone()));
        Renderer::styled().render(&[Group::with_level(Level::ERROR).element(snippet)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is marked in `text` for the error that validation finds in it.
    fn marked(text: &str) -> (String, String) {
        let wasm = wat::parse_str(text).unwrap();
        let error = wasmparser::validate(&wasm).err().unwrap();
        let of = |place: Option<Place>| place.map(|place| place.text[place.span].to_owned()).unwrap_or_default();
        (of(in_text(text, &wasm, error.offset())), of(in_binary(&wasm, error.offset())))
    }

    #[test]
    fn the_instruction_is_found() {
        for (text, in_text, in_binary) in [
            ("(module (func) (func (i32.add (i64.const 1) (i32.const 2)) drop))", "i32.add", "i32.add"),
            ("(module (func) (func i64.const 1 i32.const 2\n i64.add drop))", "i64.add", "i64.add"),
            ("(func (local i32) (if (i64.const 0) (then nop)))", "if", "if"),
            ("(import \"a\" \"b\" (func)) (func $f (export \"f\") (param i32)\n call 0 local.get 0)", "func", ")"),
        ] {
            assert_eq!(marked(text), (in_text.to_owned(), in_binary.to_owned()), "{text}");
        }
    }

    #[test]
    fn there_is_no_place_outside() {
        let wasm = wat::parse_str("(func)").unwrap();
        assert!(in_text("(func)", &wasm, 1 << 40).is_none());
        assert!(in_text("not wat", &wasm, wasm.len() as u64 - 1).is_none());
        assert!(in_binary(b"\0asm\x01\0\0\0\x0a\xff", 9).is_none());
    }
}
