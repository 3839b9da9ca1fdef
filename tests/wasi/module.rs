//! A script → a module in the text format, which performs the calls and writes down what came of them.
//!
//! A guest imports what its script calls, and `fd_write`. After each call it writes the call's `errno` to standard
//! output, then the bytes of all [`Region`]s of the call: places of results and buffers.
//! [`transcript`](super::transcript) reads that. Every region is used by one call only, and is zero before.
//!
//! # Arguments, by kind
//!
//! | kind                       | how it is written                                                         |
//! |----------------------------|---------------------------------------------------------------------------|
//! | numbers, flags, rights     | a number; names joined by `\|`; `none`; `all` (rights); `$LABEL`: the first |
//! |                            | result of that call; `$LABEL@N`: the 64 bits at N in its buffer            |
//! | `string`                   | a text; `@ADDRESS:LENGTH`                                                 |
//! | `ciovs`, `iovs`            | a list of texts, or of sizes; an element or all may be `@ADDRESS:LENGTH`  |
//! | `buffer`, `dirents`, `random` | a size; `@ADDRESS:LENGTH`                                              |
//! | `subscriptions`            | a list of `clock:ID:[abs:]NANOSECONDS`, `read:FD`, `write:FD`, `tag:N`; or |
//! |                            | `@ADDRESS:COUNT`, with the events' address as first place                  |
//!
//! An address is a number, or `end`, where the memory ends, perhaps with `+N` or `-N` behind it.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use wasmc_abi::wasi::Type;

use super::functions::{self, Function};
use super::script::{Call, Token};

/// Where the memory ends: 16 pages.
const END: u64 = 16 << 16;
/// Where a step's `errno` is.
const ERRNO: u32 = 64;
/// The first address that regions may have.
const FIRST: u32 = 4096;

/// Guest memory that a call may write to, and whose bytes are in the transcript.
#[derive(Clone, Debug)]
pub struct Region {
    pub kind: &'static str,
    address: u32,
    pub bytes: u32,
}

pub struct Module {
    pub text: String,
    /// For each call its regions, in the order of parameters and results.
    pub regions: Vec<Vec<Region>>,
}

struct Builder {
    next: u32,
    data: String,
    code: String,
    imports: BTreeMap<&'static str, &'static Function>,
    /// Addresses of a labelled call's first result and of its buffer.
    labels: HashMap<String, (u32, u32)>,
    /// Whether results are written down.
    writes: bool,
}

/// Makes the module of a script.
pub fn build(calls: &[Call]) -> Result<Module, String> {
    make(calls, true)
}

/// A module that imports nothing but what it calls, and traps unless every call succeeds.
pub fn build_silent(calls: &[Call]) -> Result<String, String> {
    Ok(make(calls, false)?.text)
}

fn make(calls: &[Call], writes: bool) -> Result<Module, String> {
    let writer = functions::find("fd_write").filter(|_| writes);
    let mut builder = Builder {
        next: FIRST,
        data: String::new(),
        code: String::new(),
        imports: writer.into_iter().map(|function| (function.name, function)).collect(),
        labels: HashMap::new(),
        writes,
    };
    let mut regions = Vec::new();
    for call in calls {
        regions.push(builder.call(call).map_err(|why| format!("{}: {why}", call.function.name))?);
    }
    let mut text = String::from("(module\n");
    for (name, function) in &builder.imports {
        let (module, import) = function.import();
        let parameters: String = function.wasm_parameters().iter().map(|kind| format!(" {}", word_of(*kind))).collect();
        let result = if function.ends() { "" } else { "(result i32)" };
        let _ = writeln!(text, "(import {module:?} {import:?} (func ${name} (param{parameters}) {result}))");
    }
    let _ = writeln!(text, "(memory (export \"memory\") {})", END >> 16);
    text += &builder.data;
    let _ = writeln!(text, "(func (export \"_start\") (local $round i32)\n{}))", builder.code);
    Ok(Module { text, regions })
}

fn word_of(kind: Type) -> &'static str {
    match kind {
        Type::I32 => "i32",
        Type::I64 => "i64",
    }
}

impl Builder {
    fn call(&mut self, call: &Call) -> Result<Vec<Region>, String> {
        let function = call.function;
        self.imports.insert(function.name, function);
        let mut regions = Vec::new();
        let mut places = call.places.iter();
        let mut operands = Vec::new();
        for (kind, token) in function.parameters().zip(&call.arguments) {
            operands.push(match kind {
                "string" => self.string(token)?,
                "ciovs" | "iovs" => self.vectors(kind, token, &mut regions)?,
                "buffer" | "dirents" | "random" => self.buffer(kind, token, &mut regions)?,
                "subscriptions" | "unstable_subscriptions" => {
                    let place = if matches!(token, Token::Word(_)) { places.next() } else { None };
                    self.subscriptions(kind, token, place, &mut regions)?
                }
                _ => self.number(kind, token)?,
            });
        }
        let buffer = regions.first().map_or(0, |region| region.address);
        let mut result = 0;
        for kind in function.results() {
            let parts = if kind == "strings" { ["pointers", kind].to_vec() } else { vec![kind] };
            for part in parts {
                let address = match places.next() {
                    Some(place) => address_of(place)?,
                    None => self.region(part, result_bytes(part)?, &mut regions),
                };
                if result == 0 {
                    result = address;
                }
                operands.push(format!("(i32.const {address})"));
            }
        }
        if let Some(label) = &call.label {
            self.labels.insert(label.clone(), (result, buffer));
        }
        self.emit(call, &operands.join(" "), &regions);
        Ok(regions)
    }

    /// The code of a call, and of writing down its results.
    fn emit(&mut self, call: &Call, operands: &str, regions: &[Region]) {
        let name = call.function.name;
        if call.function.ends() {
            let _ = writeln!(self.code, "(call ${name} {operands})");
            return;
        }
        let perform = format!("(i32.store (i32.const {ERRNO}) (call ${name} {operands}))");
        let _ = match call.repeat {
            1 => writeln!(self.code, "{perform}"),
            repeat => writeln!(
                self.code,
                "(local.set $round (i32.const {repeat})) (loop $again {perform}
                   (local.set $round (i32.sub (local.get $round) (i32.const 1)))
                   (br_if $again (i32.and (i32.ne (local.get $round) (i32.const 0))
                                          (i32.eqz (i32.load (i32.const {ERRNO}))))))"
            ),
        };
        if !self.writes {
            let _ = writeln!(self.code, "(if (i32.load (i32.const {ERRNO})) (then unreachable))");
            return;
        }
        let errno = (ERRNO, 4);
        let parts: Vec<(u32, u32)> =
            [errno].into_iter().chain(regions.iter().map(|region| (region.address, region.bytes))).collect();
        let bytes: Vec<u8> =
            parts.iter().flat_map(|(address, bytes)| [address.to_le_bytes(), bytes.to_le_bytes()].concat()).collect();
        let list = self.data(&bytes);
        let count = parts.len();
        let _ = writeln!(
            self.code,
            "(drop (call $fd_write (i32.const 1) (i32.const {list}) (i32.const {count}) (i32.const 72)))"
        );
    }

    /// Takes memory.
    fn take(&mut self, bytes: u32) -> u32 {
        let address = self.next;
        // A gap, so that nothing ends where something else begins.
        self.next = (address + bytes + 16).next_multiple_of(8);
        assert!(u64::from(self.next) < END - 4096, "the script needs too much memory");
        address
    }

    fn region(&mut self, kind: &'static str, bytes: u32, regions: &mut Vec<Region>) -> u32 {
        let address = self.take(bytes);
        regions.push(Region { kind, address, bytes });
        address
    }

    fn data(&mut self, bytes: &[u8]) -> u32 {
        let address = self.take(bytes.len() as u32);
        let text: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let _ = writeln!(self.data, "(data (i32.const {address}) \"{text}\")");
        address
    }

    fn string(&mut self, token: &Token) -> Result<String, String> {
        let (address, length) = match token {
            Token::Text(bytes) => (self.data(bytes), bytes.len() as u32),
            token => range_of(token)?,
        };
        Ok(pair(address, length))
    }

    fn buffer(&mut self, kind: &'static str, token: &Token, regions: &mut Vec<Region>) -> Result<String, String> {
        let (address, length) = match token {
            Token::Word(word) if !word.starts_with('@') => {
                let bytes = number(word)? as u32;
                (self.region(kind, bytes, regions), bytes)
            }
            token => range_of(token)?,
        };
        Ok(pair(address, length))
    }

    fn vectors(&mut self, kind: &'static str, token: &Token, regions: &mut Vec<Region>) -> Result<String, String> {
        let Token::List(elements) = token else {
            let (address, count) = range_of(token)?;
            return Ok(pair(address, count));
        };
        let mut list = Vec::new();
        for element in elements {
            let (address, length) = match element {
                Token::Text(bytes) => (self.data(bytes), bytes.len() as u32),
                Token::Word(word) if !word.starts_with('@') => {
                    let bytes = number(word)? as u32;
                    (self.region(kind, bytes, regions), bytes)
                }
                element => range_of(element)?,
            };
            list.extend([address.to_le_bytes(), length.to_le_bytes()].concat());
        }
        Ok(pair(self.data(&list), elements.len() as u32))
    }

    fn subscriptions(
        &mut self,
        kind: &str,
        token: &Token,
        place: Option<&Token>,
        regions: &mut Vec<Region>,
    ) -> Result<String, String> {
        let Token::List(elements) = token else {
            let (address, count) = range_of(token)?;
            let events = place.map_or(Ok(FIRST), address_of)?;
            return Ok(format!("(i32.const {address}) (i32.const {events}) (i32.const {count})"));
        };
        // Where the clock or the descriptor is, and where the timeout; the size of all.
        let (clock_at, timeout_at, size) = if kind == "subscriptions" { (16usize, 24usize, 48) } else { (24, 32, 56) };
        let list = self.take((size * elements.len()) as u32);
        for (index, element) in elements.iter().enumerate() {
            let Token::Word(word) = element else { return Err(format!("what is {element:?}?")) };
            let parts: Vec<&str> = word.split(':').collect();
            let at = list + (index * size) as u32;
            let mut bytes = vec![0; size];
            bytes[0] = index as u8;
            match parts[..] {
                ["clock", clock, .., timeout] => {
                    let clock = self.constant("clockid", clock)? as u32;
                    bytes[clock_at..clock_at + 4].copy_from_slice(&clock.to_le_bytes());
                    bytes[timeout_at..timeout_at + 8].copy_from_slice(&number(timeout)?.to_le_bytes());
                    bytes[timeout_at + 16] = match parts[2] {
                        "abs" => 1,
                        "badflags" => 2,
                        _ => 0,
                    };
                }
                ["read" | "write", fd] => {
                    bytes[8] = if parts[0] == "read" { 1 } else { 2 };
                    let place = at + 16;
                    let fd = self.number("fd", &Token::Word(fd.to_owned()))?;
                    let _ = writeln!(self.code, "(i32.store (i32.const {place}) {fd})");
                }
                ["tag", tag] => bytes[8] = number(tag)? as u8,
                _ => return Err(format!("what is {word}?")),
            }
            let text: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
            let _ = writeln!(self.data, "(data (i32.const {at}) \"{text}\")");
        }
        let events = self.region("events", 32 * elements.len() as u32, regions);
        Ok(format!("(i32.const {list}) (i32.const {events}) (i32.const {})", elements.len()))
    }

    /// The operand of a number.
    fn number(&self, kind: &str, token: &Token) -> Result<String, String> {
        let Token::Word(word) = token else { return Err(format!("{kind} is no {token:?}")) };
        let [wasm_type] = functions::parameter(kind) else { return Err(format!("{kind} is no number")) };
        let name = word_of(*wasm_type);
        if let Some(label) = word.strip_prefix('$') {
            let (label, offset) = match label.split_once('@') {
                Some((label, offset)) => (label, Some(number(offset)? as u32)),
                None => (label, None),
            };
            let (result, buffer) = *self.labels.get(label).ok_or(format!("there is no ${label}"))?;
            let address = offset.map_or(result, |offset| buffer + offset);
            return Ok(format!("({name}.load (i32.const {address}))"));
        }
        let value = self.constant(kind, word)?;
        Ok(match wasm_type {
            Type::I32 => format!("(i32.const {})", value as u32),
            Type::I64 => format!("(i64.const {value})"),
        })
    }

    fn constant(&self, kind: &str, word: &str) -> Result<u64, String> {
        let (names, are_bits) = functions::names(kind);
        if word == "none" && are_bits {
            return Ok(0);
        }
        if word == "all" && are_bits {
            return Ok((1 << names.len()) - 1);
        }
        let value = |word: &str| match names.iter().position(|name| *name == word) {
            Some(index) if are_bits => Ok(1 << index),
            Some(index) => Ok(index as u64),
            None => number(word),
        };
        word.split('|').try_fold(0, |all, word| Ok(all | value(word)?))
    }
}

fn pair(address: u32, length: u32) -> String {
    format!("(i32.const {address}) (i32.const {length})")
}

fn number(word: &str) -> Result<u64, String> {
    let bad = |_| format!("'{word}' is no number");
    match (word.strip_prefix("0x"), word.strip_prefix('-')) {
        (Some(digits), _) => u64::from_str_radix(digits, 16).map_err(bad),
        (None, Some(digits)) => digits.parse::<u64>().map(u64::wrapping_neg).map_err(bad),
        (None, None) => word.parse().map_err(bad),
    }
}

/// `@ADDRESS`.
fn address_of(token: &Token) -> Result<u32, String> {
    match token {
        Token::Word(word) => address(word.strip_prefix('@').ok_or(format!("'{word}' is no address"))?),
        token => Err(format!("{token:?} is no address")),
    }
}

fn address(word: &str) -> Result<u32, String> {
    let value = match word.strip_prefix("end") {
        Some("") => END,
        Some(more) if more.starts_with('+') => END + number(&more[1..])?,
        Some(less) => END.wrapping_add(number(less)?),
        None => number(word)?,
    };
    Ok(value as u32)
}

/// `@ADDRESS:LENGTH`.
fn range_of(token: &Token) -> Result<(u32, u32), String> {
    let Token::Word(word) = token else { return Err(format!("{token:?} is no range")) };
    let parts = word.strip_prefix('@').and_then(|word| word.split_once(':'));
    let (from, length) = parts.ok_or(format!("'{word}' is no range"))?;
    Ok((address(from)?, number(length)? as u32))
}

/// Bytes of a result.
fn result_bytes(kind: &str) -> Result<u32, String> {
    Ok(match kind {
        "size" | "fd" => 4,
        "filesize" | "time" | "duration" | "prestat" => 8,
        "roflags" => 2,
        "fdstat" => 24,
        "filestat" => 64,
        "unstable_filestat" => 56,
        "pointers" => 4 * 64,
        "strings" => 4096,
        _ => return Err(format!("how large is a {kind}?")),
    })
}
