//! Modules of which the pass `slp` makes vectors, or must not, and other passes are about: loops that are one block,
//! with stores to neighbouring places, each of an expression of the same form. Compilers make such loops; wasm-smith
//! does not.
//!
//! Places overlap, addresses are constants or wrap, elements are the same for all lanes, and here and there one lane is
//! not like the others. Floating-point numbers stay small, so that there are no NaNs.

use std::fmt::Write as _;

use crate::random::Random;

/// Bytes at the end of the first page that are read and never written: numbers of at most 1.
const CONSTANTS: usize = 60_000;

/// What the elements are.
struct Element {
    ty: &'static str,
    bytes: usize,
    binary: &'static [&'static str],
    unary: &'static [&'static str],
}

const INTEGER: &[&str] = &["add", "sub", "and", "or", "xor", "mul", "shl", "shr_u", "shr_s"];
const FLOAT: &[&str] = &["add", "sub", "mul"];

const ELEMENTS: &[Element] = &[
    Element { ty: "i32", bytes: 4, binary: INTEGER, unary: &["clz"] },
    Element { ty: "i64", bytes: 8, binary: INTEGER, unary: &["popcnt"] },
    Element { ty: "f32", bytes: 4, binary: FLOAT, unary: &["neg", "abs"] },
    Element { ty: "f64", bytes: 8, binary: FLOAT, unary: &["neg", "abs"] },
];

impl Element {
    fn is_float(&self) -> bool {
        self.ty.starts_with('f')
    }

    fn lanes(&self) -> usize {
        16 / self.bytes
    }
}

/// The module of a seed: a memory and a few functions that have one loop each.
pub fn module(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let element = random.choose(ELEMENTS);
    let mut maker = Maker { random, element, text: String::new() };
    maker.module();
    wat::parse_str(&maker.text).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{}", maker.text))
}

struct Maker {
    random: Random,
    element: &'static Element,
    text: String,
}

impl Maker {
    fn module(&mut self) {
        let ty = self.element.ty;
        let _ = writeln!(self.text, "(module (memory (export \"memory\") 1 1)");
        self.data(0, 8192);
        self.data(CONSTANTS, 64);
        for number in 0..3 + self.random.below(4) {
            let _ = write!(
                self.text,
                "(func (export \"f{number}\") (param $p i32) (param $q i32) (result i64)
                   (local $i i32) (local $round i32) (local $t {ty}) (local $last {ty})\n"
            );
            // Most are near each other; what is left is far, or outside.
            for pointer in ["$p", "$q"] {
                let mask = self.element.bytes.wrapping_neg() & if self.random.one_in(16) { 0xffff_ffff } else { 0xfff };
                let _ = writeln!(self.text, "(local.set {pointer} (i32.and (local.get {pointer}) (i32.const {mask})))");
            }
            if self.random.one_in(2) {
                let distance = (self.random.below(40) as i64 - 20) * self.element.bytes as i64;
                let _ = writeln!(self.text, "(local.set $q (i32.add (local.get $p) (i32.const {distance})))");
            }
            self.text += "(loop $next\n";
            if self.random.one_in(2) {
                let load = self.load(0);
                let _ = writeln!(self.text, "(local.set $t {load})");
            }
            for _ in 0..1 + self.random.below(3) {
                self.row();
            }
            self.end();
        }
        self.text += ")";
    }

    /// Initial contents, as numbers of the element's type.
    fn data(&mut self, start: usize, bytes: usize) {
        let _ = write!(self.text, "(data (i32.const {start}) \"");
        for _ in 0..bytes / self.element.bytes {
            let small = self.random.below(9) as f64 / 4.0 - 1.0;
            let number = match self.element.ty {
                "f32" => u64::from((small as f32).to_bits()),
                "f64" => small.to_bits(),
                _ => self.random.number(),
            };
            for byte in &number.to_le_bytes()[..self.element.bytes] {
                let _ = write!(self.text, "\\{byte:02x}");
            }
        }
        self.text += "\")\n";
    }

    /// Stores to neighbouring places.
    fn row(&mut self) {
        let element = self.element;
        let depth = self.random.below(4);
        let values = self.expression(depth);
        let places = self.places();
        let mut lanes: Vec<usize> = (0..element.lanes()).collect();
        if self.random.one_in(4) {
            lanes.reverse();
        }
        for lane in lanes {
            let value = match self.random.below(24) {
                0 => self.expression(1)[lane].clone(),
                1 => format!("(local.tee $last {})", values[lane]),
                _ => values[lane].clone(),
            };
            let _ = writeln!(self.text, "({}.store {} {value})", element.ty, places[lane]);
        }
    }

    fn end(&mut self) {
        let ty = self.element.ty;
        for (local, one_in) in [("$p", 4), ("$q", 4), ("$i", 1)] {
            if self.random.one_in(one_in) {
                let step = if self.random.one_in(4) { -16 } else { 16 };
                let _ = writeln!(self.text, "(local.set {local} (i32.add (local.get {local}) (i32.const {step})))");
            }
        }
        // Counted up or down, to a number of rounds that is known or not.
        let rounds = 1 + self.random.below(12);
        let next = "(local.tee $round (i32.add (local.get $round) (i32.const 1)))";
        let goes_on = match self.random.below(6) {
            0 | 1 => format!("(i32.lt_u {next} (i32.const {rounds}))"),
            2 => format!("(i32.ne {next} (i32.const {rounds}))"),
            3 => format!("(i32.eqz (i32.eq {next} (i32.const {rounds})))"),
            4 => format!("(i32.ne {next} (i32.add (i32.const 1) (i32.and (local.get $p) (i32.const 7))))"),
            _ => {
                let step = 1 + self.random.below(5);
                let down = format!("(local.tee $round (i32.sub (local.get $round) (i32.const {step})))");
                format!("(i32.ne {down} (i32.const {}))", -((rounds * step) as i64))
            }
        };
        let bits = match ty {
            "f32" => "(i64.extend_i32_u (i32.reinterpret_f32 (local.get $last)))",
            "f64" => "(i64.reinterpret_f64 (local.get $last))",
            "i32" => "(i64.extend_i32_u (local.get $last))",
            _ => "(local.get $last)",
        };
        let _ = writeln!(
            self.text,
            "(br_if $next {goes_on}))
             (i64.add (i64.mul {bits} (i64.extend_i32_u (local.get $round)))
               (i64.extend_i32_u (i32.add (local.get $i) (i32.add (local.get $p) (local.get $q))))))"
        );
    }

    /// Neighbouring places, in order: an offset and an address for each.
    fn places(&mut self) -> Vec<String> {
        let bytes = self.element.bytes;
        let pointer = *self.random.choose(&["$p", "$q"]);
        let start = self.random.below(24) * bytes;
        let (base, offset) = match self.random.below(12) {
            0..=3 => (format!("(local.get {pointer})"), start),
            4..=7 => (format!("(i32.add (local.get {pointer}) (local.get $i))"), start),
            8 => (format!("(i32.sub (local.get {pointer}) (local.get $i))"), start + 80),
            9 => return self.constant_places(),
            10 => ("(local.get $i)".to_string(), start),
            // At the end of the memory, or of the addresses.
            _ => (format!("(i32.const {})", *self.random.choose(&[65_536, 0]) - 16 - (start as i64)), start),
        };
        let way = self.random.below(6);
        let odd = self.random.below(40);
        let place = |lane: usize| {
            let at = lane * bytes;
            if lane == odd {
                return format!("offset={} {base}", offset + 64);
            }
            match way {
                0 => format!("offset={offset} (i32.add {base} (i32.const {at}))"),
                // As much of it is in the index as wraps.
                1 => format!("offset={} (i32.sub {base} (i32.const {at}))", offset + 2 * at),
                _ => format!("offset={} {base}", offset + at),
            }
        };
        (0..self.element.lanes()).map(place).collect()
    }

    /// Places whose addresses are all constants. One of them may be beyond what an index reaches, where the same index
    /// modulo 2³² is not.
    fn constant_places(&mut self) -> Vec<String> {
        let start = self.random.below(512) * self.element.bytes;
        let wrapped = self.random.below(16 * self.element.lanes());
        let place = |lane: usize| {
            let at = start + lane * self.element.bytes;
            match lane == wrapped {
                true => format!("offset={} (i32.const -5)", at + 5),
                false => format!("offset={} (i32.const {})", at % 64, at - at % 64),
            }
        };
        (0..self.element.lanes()).map(place).collect()
    }

    fn load(&mut self, lane: usize) -> String {
        let place = self.places().swap_remove(lane);
        format!("({}.load {place})", self.element.ty)
    }

    /// The same for all lanes, and no more than 1 if it is a floating-point number.
    fn factor(&mut self) -> String {
        let Element { ty, bytes, .. } = *self.element;
        match self.random.below(3) {
            0 => format!("({ty}.load (i32.const {}))", CONSTANTS + self.random.below(64 / bytes) * bytes),
            _ => format!("({ty}.const {})", if self.element.is_float() { "0.5" } else { "3" }),
        }
    }

    /// An expression for each lane.
    fn expression(&mut self, depth: usize) -> Vec<String> {
        let element = self.element;
        let ty = element.ty;
        let all = |text: String| vec![text; element.lanes()];
        if depth == 0 {
            return match self.random.below(8) {
                0..=3 => self.places().iter().map(|place| format!("({ty}.load {place})")).collect(),
                4 => all(self.load(0)),
                5 => all(self.factor()),
                6 => (0..element.lanes()).map(|lane| format!("({ty}.const {})", lane * lane + 1)).collect(),
                _ => all("(local.get $t)".to_string()),
            };
        }
        if self.random.one_in(6) {
            let operator = *self.random.choose(element.unary);
            let operands = self.expression(depth - 1);
            return operands.iter().map(|operand| format!("({ty}.{operator} {operand})")).collect();
        }
        let operator = *self.random.choose(element.binary);
        let mut left = self.expression(depth - 1);
        let is_bounded = operator == "mul" && element.is_float();
        let is_count = operator.starts_with("sh") && !self.random.one_in(4);
        // One of the elements is the other operand of all.
        let is_shared = self.random.one_in(4);
        if is_shared {
            left = self.places().iter().map(|place| format!("({ty}.load {place})")).collect();
            left[0] = format!("(local.tee $t {})", left[0]);
        }
        let right = match is_bounded || is_count {
            _ if is_shared && !is_bounded => all("(local.get $t)".to_string()),
            true if is_count && self.random.one_in(2) => all(self.load(0)),
            true => all(self.factor()),
            false => self.expression(depth - 1),
        };
        let commutes = !(operator == "sub" || operator.starts_with("sh"));
        let swaps = commutes && self.random.one_in(4);
        let pairs = left.iter().zip(&right).enumerate();
        pairs
            .map(|(lane, (left, right))| {
                let (left, right) = if swaps && lane % 2 == 1 { (right, left) } else { (left, right) };
                format!("({ty}.{operator} {left} {right})")
            })
            .collect()
    }
}
