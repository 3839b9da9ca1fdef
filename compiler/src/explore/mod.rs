//! One HTML page that shows a program's functions as WebAssembly beside their machine code (`wasmc explore`).
//!
//! The page needs nothing else: no server, no network. It stays usable for programs of tens of megabytes, since what it
//! shows is compressed in it, and only the function that is looked at is unpacked, and only the lines in sight are
//! elements of the page.
//!
//! - [`machine`]: machine code as text; [`source`]: which line of the source each operator is from, where the module
//!   has DWARF;
//! - `page.html`: what the page does. The data follows it, one `<script type="text/plain">` each:
//!
//! ```text
//! id="index"   { title, functions: [[name, bytes of Wasm, bytes of code]…], chunks: [first function of each] }
//! id="chunk0"  [[wasm, code, source]…]: for each function three texts, of lines with columns between tabs:
//!                wasm    offset in the module (or nothing), text
//!                code    offset in the function, offset in the module (or nothing), text
//!                source  offset in the module from where on it holds, file and line, text of the line
//! ```
//!
//! Each is JSON, deflated, in base64. Names come from the module: as data they cannot become part of the page.

mod machine;
mod source;

use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::Range;

use cranelift_entity::EntityRef;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::codegen::Listing;
use crate::error::Result;
use crate::object::machine::Machine;
use crate::plan::ids::InstanceId;
use crate::plan::{FunctionSource, Plan};
use crate::print::print;
use crate::program::Program;
use crate::translate::names::Name;
use source::Lines;

const PAGE: &str = include_str!("page.html");

/// Bytes of text that are compressed together: little to unpack, and enough to be worth it.
const CHUNK_BYTES: usize = 1 << 20;

/// Bytes that a module may have as text.
const MAX_TEXT: usize = 2 << 30;

/// A function as the page shows it.
struct Shown {
    name: String,
    wasm_bytes: u64,
    code_bytes: usize,
    texts: [String; 3],
}

/// Makes the page.
pub fn page(program: &Program<'_>, plan: &Plan<'_>, machine: Machine, listings: &[Listing]) -> Result<Vec<u8>> {
    let instances = program.instances.iter().map(|instance| Ok((Text::of(instance.wasm)?, Lines::read(instance.wasm))));
    let instances: Vec<(Text, Lines)> = instances.collect::<Result<_>>()?;
    let shown: Vec<Shown> = listings
        .par_iter()
        .map(|listing| {
            let place = body(plan, listing.name);
            let [mut wasm, mut source] = [String::new(), String::new()];
            if let Some((instance, range)) = &place {
                let (lines, sources) = &instances[instance.index()];
                wasm = lines.within(range);
                source = sources.text(range);
            }
            Shown {
                name: listing.title.clone(),
                wasm_bytes: place.map_or(0, |(_, range)| range.end - range.start),
                code_bytes: listing.bytes.len(),
                texts: [wasm, machine::text(machine, listing), source],
            }
        })
        .collect();

    let mut chunks: Vec<Range<usize>> = Vec::new();
    let mut bytes = CHUNK_BYTES;
    for (index, function) in shown.iter().enumerate() {
        if bytes >= CHUNK_BYTES {
            chunks.push(index..index);
            bytes = 0;
        }
        chunks.last_mut().expect("the first function begins a chunk").end = index + 1;
        bytes += function.texts.iter().map(String::len).sum::<usize>();
    }
    let functions: Vec<Value> =
        shown.iter().map(|function| json!([function.name, function.wasm_bytes, function.code_bytes])).collect();
    let starts: Vec<usize> = chunks.iter().map(|chunk| chunk.start).collect();
    let title = program.instances.last().map_or("", |instance| &instance.name);
    let index = json!({ "title": title, "functions": functions, "chunks": starts });

    let packed: Vec<String> = chunks
        .into_par_iter()
        .map(|chunk| pack(&Value::from_iter(shown[chunk].iter().map(|function| function.texts.to_vec()))))
        .collect();
    let mut page = PAGE.to_owned();
    let mut add = |id: &str, data: &str| {
        let _ = writeln!(page, "<script type=\"text/plain\" id=\"{id}\">{data}</script>");
    };
    add("index", &pack(&index));
    packed.iter().enumerate().for_each(|(number, data)| add(&format!("chunk{number}"), data));
    Ok(page.into_bytes())
}

/// Where the body of a function is, if it has one.
fn body(plan: &Plan<'_>, name: Name) -> Option<(InstanceId, Range<u64>)> {
    let Name::Function(id) = name else { return None };
    match plan.functions[id].source {
        FunctionSource::Body { instance, body, .. } => {
            Some((instance, plan.instances[instance].body(body).body.range()))
        }
        _ => None,
    }
}

/// A line of a module as text, and the offset of what it shows.
struct Line {
    offset: Option<u64>,
    text: String,
}

/// A module as text.
struct Text {
    lines: Vec<Line>,
    /// Offsets, ascending, and the lines that have them.
    places: Vec<(u64, usize)>,
}

impl Text {
    fn of(wasm: &[u8]) -> Result<Text> {
        let printed = print(wasm, MAX_TEXT)?;
        let lines: Vec<Line> = printed
            .lines()
            .map(|line| Line { offset: line.offset, text: line.text.trim_end().replace('\t', " ") })
            .collect();
        let places = lines.iter().enumerate().filter_map(|(index, line)| Some((line.offset?, index)));
        let mut places: Vec<(u64, usize)> = places.collect();
        places.sort_unstable();
        Ok(Text { lines, places })
    }

    /// The lines of a body, which are together.
    fn within(&self, range: &Range<u64>) -> String {
        let first = self.places.partition_point(|(offset, _)| *offset < range.start);
        let Some((_, first)) = self.places.get(first) else { return String::new() };
        let is_inside = |line: &&Line| line.offset.is_none_or(|offset| range.contains(&offset));
        let mut text = String::new();
        let mut last = None;
        for line in self.lines[*first..].iter().take_while(is_inside) {
            let offset = line.offset.map(|offset| format!("{offset:x}")).unwrap_or_default();
            let _ = writeln!(text, "{offset}\t{}", line.text);
            last = line.offset.or(last);
        }
        // Of a body without operators the end shares a line with what is before it, but is an operator all the same.
        if last != Some(range.end - 1)
            && let Some(rest) = text.strip_suffix(")\n")
        {
            text = format!("{rest}\n{:x}\t  )\n", range.end - 1);
        }
        text
    }
}

/// JSON, deflated, in base64.
fn pack(value: &Value) -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(value.to_string().as_bytes()).expect("a vector takes everything");
    base64(&encoder.finish().expect("a vector takes everything"))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = (0..3).fold(0, |word, index| word << 8 | u32::from(*group.get(index).unwrap_or(&0)));
        for digit in 0..4 {
            let is_padding = digit > group.len();
            let value = (word >> (18 - 6 * digit)) as usize & 63;
            text.push(if is_padding { '=' } else { char::from(DIGITS[value]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }
}
