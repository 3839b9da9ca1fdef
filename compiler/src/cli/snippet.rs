//! Places in text: the line of the input that an error is about, with marks under what is meant; and the lines of all
//! operators, for debug information.
//!
//! An error knows a byte offset in the binary format. If the input was text, the instruction there is the one with the
//! same number in the same function of the text, or the item with the same number of its kind; else the line is one of
//! the module printed as text. Whatever fails on the way, there is no snippet: the error says its offset in any case.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use wasmparser::{FromReader, Parser, Payload, SectionLimited};
use wast::Wat;
use wast::core::{FuncKind, ModuleField, ModuleKind};
use wast::parser::ParseBuffer;
use wast::token::Span;

use crate::debug::text::TextPlace;
use crate::print::{self, Line};

/// Printing more would take longer than anyone wants to wait for an error.
const MAX_PRINTED: usize = 256 << 20;

/// Bytes of text that a module may have to be debugged by it.
const MAX_DEBUGGED: usize = 2 << 30;

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

/// The sections whose items are fields of the text.
#[derive(Clone, Copy, PartialEq)]
enum Section {
    Type,
    Import,
    Function,
    Table,
    Memory,
    Tag,
    Global,
    Export,
    Element,
    Data,
}

/// Reads the fields of a module's text, in the form and the order in which they are encoded.
fn with_fields<T>(text: &str, read: impl FnOnce(&[ModuleField<'_>]) -> Option<T>) -> Option<T> {
    let mut buffer = ParseBuffer::new(text).ok()?;
    buffer.track_instr_spans(true);
    let mut module = wast::parser::parse::<Wat<'_>>(&buffer).ok()?;
    module.encode().ok()?;
    let Wat::Module(module) = &module else { return None };
    let ModuleKind::Text(fields) = &module.kind else { return None };
    read(fields)
}

/// The functions with bodies, in order.
fn functions(fields: &[ModuleField<'_>]) -> Option<Vec<FunctionText>> {
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

/// Where the items of a section begin in the text, in order.
fn heads(fields: &[ModuleField<'_>], section: Section) -> impl Iterator<Item = usize> {
    fields.iter().filter_map(move |field| {
        let (id, span) = match field {
            ModuleField::Type(item) => (Section::Type, item.span),
            ModuleField::Rec(item) => (Section::Type, item.span),
            ModuleField::Import(item) => (Section::Import, item.span),
            ModuleField::Func(item) => (Section::Function, item.span),
            ModuleField::Table(item) => (Section::Table, item.span),
            ModuleField::Memory(item) => (Section::Memory, item.span),
            ModuleField::Tag(item) => (Section::Tag, item.span),
            ModuleField::Global(item) => (Section::Global, item.span),
            ModuleField::Export(item) => (Section::Export, item.span),
            ModuleField::Elem(item) => (Section::Element, item.span),
            ModuleField::Data(item) => (Section::Data, item.span),
            ModuleField::Start(_) | ModuleField::Custom(_) => return None,
        };
        (id == section).then(|| span.offset())
    })
}

/// The place in the text that a module was made of.
pub fn in_text(text: &str, wasm: &[u8], offset: u64) -> Option<Place> {
    let start = with_fields(text, |fields| {
        let Some((function, instruction)) = instruction_at(wasm, offset) else {
            let (section, number) = item_at(wasm, offset)?;
            // Types that functions have without naming one stand nowhere.
            return heads(fields, section).nth(number).filter(|&head| head != 0);
        };
        let functions = functions(fields)?;
        let function = functions.get(function)?;
        // Before the first one are locals, behind the last one is the end of the function.
        Some(*instruction.and_then(|number| function.instructions.get(number)).unwrap_or(&function.head))
    })?;
    let rest = text.get(start..)?;
    let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ';')).unwrap_or(rest.len());
    Some(Place { text: text.to_owned(), span: start..start + length.max(1).min(rest.len()), printed: false })
}

/// The places of all operators in the text that a module was made of.
pub fn all_in_text(text: &str, wasm: &[u8]) -> Option<Vec<TextPlace>> {
    let functions = with_fields(text, functions)?;
    let line_starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let bodies = Parser::new(0).parse_all(wasm).map_while(Result::ok).filter_map(|payload| match payload {
        Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    let mut places = Vec::new();
    // Counted on from the operator before, as there are texts of one long line.
    let mut reached = (0, 0);
    for (body, function) in bodies.zip(&functions) {
        let operators = body.get_operators_reader().ok()?.into_iter_with_offsets().map_while(Result::ok);
        for ((_, offset), at) in operators.zip(&function.instructions) {
            let line = line_starts.partition_point(|start| start <= at);
            let start = line_starts[line - 1];
            let (from, characters) = if (start..=*at).contains(&reached.0) { reached } else { (start, 0) };
            let characters = characters + text.get(from..*at)?.chars().count();
            reached = (*at, characters);
            let column = characters + 1;
            places.push(TextPlace { offset, line: line as u32, column: column as u32 });
        }
    }
    Some(places)
}

/// A binary module printed as text, and the places of all operators in that.
pub fn print(wasm: &[u8]) -> Option<(String, Vec<TextPlace>)> {
    let printed = print::print(wasm, MAX_DEBUGGED).ok()?;
    let place = |(index, line): (usize, Line<'_>)| {
        let column = line.text.len() - line.text.trim_start().len() + 1;
        Some(TextPlace { offset: line.offset?, line: index as u32 + 1, column: column as u32 })
    };
    let mut places: Vec<TextPlace> = printed.lines().enumerate().filter_map(place).collect();
    places.sort_by_key(|place| place.offset);
    Some((printed.text, places))
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

/// The item of a section that an offset is in, by number.
fn item_at(wasm: &[u8], offset: u64) -> Option<(Section, usize)> {
    let sections = Parser::new(0).parse_all(wasm).map_while(Result::ok);
    let mut items = sections.filter_map(|section| match section {
        Payload::TypeSection(items) => number_at(items, offset).map(|number| (Section::Type, number)),
        Payload::ImportSection(items) => number_at(items, offset).map(|number| (Section::Import, number)),
        Payload::FunctionSection(items) => number_at(items, offset).map(|number| (Section::Function, number)),
        Payload::TableSection(items) => number_at(items, offset).map(|number| (Section::Table, number)),
        Payload::MemorySection(items) => number_at(items, offset).map(|number| (Section::Memory, number)),
        Payload::TagSection(items) => number_at(items, offset).map(|number| (Section::Tag, number)),
        Payload::GlobalSection(items) => number_at(items, offset).map(|number| (Section::Global, number)),
        Payload::ExportSection(items) => number_at(items, offset).map(|number| (Section::Export, number)),
        Payload::ElementSection(items) => number_at(items, offset).map(|number| (Section::Element, number)),
        Payload::DataSection(items) => number_at(items, offset).map(|number| (Section::Data, number)),
        _ => None,
    });
    items.next()
}

fn number_at<'a, T: FromReader<'a>>(items: SectionLimited<'a, T>, offset: u64) -> Option<usize> {
    if !items.range().contains(&offset) {
        return None;
    }
    let before = items.into_iter_with_offsets().map_while(Result::ok).take_while(|(at, _)| *at <= offset).count();
    before.checked_sub(1)
}

/// The place in a binary module printed as text.
pub fn in_binary(wasm: &[u8], offset: u64) -> Option<Place> {
    let printed = print::print(wasm, MAX_PRINTED).ok()?;
    let before = printed.lines().filter(|line| line.offset.is_some_and(|at| at <= offset));
    let Line { start, text, .. } = before.max_by_key(|line| line.offset)?;
    let indent = text.len() - text.trim_start().len();
    let span = start + indent..start + text.find(" ;;").unwrap_or(text.trim_end().len());
    Some(Place { text: printed.text, span, printed: true })
}

impl Place {
    /// The line, with its number and marks, for a terminal.
    pub fn render(&self, file: &str) -> String {
        let file = if self.printed { format!("{file} (as text)") } else { file.to_owned() };
        // Control characters that the renderer lets through, which some terminals obey; as long in UTF-8.
        let text = self.text.replace(|letter| ('\u{80}'..='\u{9f}').contains(&letter), "\u{b7}");
        let snippet = Snippet::source(text.as_str()).path(file);
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
            (
                "(import \"a\" \"b\" (func)) (global i32 (i32.const 0)) (global $g i32 (i64.const 0))",
                "global",
                "(global $g (;1;) i32 i64.const 0)",
            ),
            ("(func) (func (export \"a\")) (memory 1) (export \"b\" (func 2))", "export", "(export \"b\" (func 2))"),
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
