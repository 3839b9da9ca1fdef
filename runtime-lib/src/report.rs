//! What is written to standard error when a program ends badly.
//!
//! ```text
//!   wasmc: trap: out of bounds memory access (offset 0x10000 in a memory of 65536 bytes)
//!   wasm backtrace:
//!      0: 0x1a3 - inner
//!      1: 0x1c9 - main
//! ```
//!
//! A line of the backtrace has the byte offset in the module, where it is known, and the function's name; and the place
//! in a source file, if the program has [debug information](wasmc_abi::source).
//! `WASMC_BACKTRACE=0` in the environment leaves only the first line.
//!
//! # The walk
//!
//! Compiled code keeps frame pointers: `[fp]` is the caller's, `[fp + 8]` the return address. The walk believes
//! nothing: a frame must lie, aligned, on the Wasm stack and above the one before, so that it ends after at most as
//! many steps as there are words on the stack, and reads only memory that exists. A broken chain gives a shorter
//! backtrace, no more. Return addresses outside of compiled code (host functions) and in glue are passed over.
//!
//! Deep recursion shows the innermost and the outermost frames.
//!
//! All this may run in a signal handler: it allocates nothing, and needs little stack. Names come from the guest, and
//! so control characters in them are masked: they shall not reach a terminal.

use core::sync::atomic::{AtomicBool, Ordering};

use wasmc_abi::source::{NO_NAME, SourcePlace};
use wasmc_abi::trap::{NOT_WASM, RUNTIME_ERROR_STATUS, TrapCode};

use crate::sites::{self, Place};
use crate::thread::Thread;
use crate::{arch, process, sys};

/// Frames that a backtrace shows at the inner and at the outer end.
const INNERMOST: usize = 20;
const OUTERMOST: usize = 10;

/// Inlined functions of one frame that are shown.
const MAX_INLINED: usize = 20;

/// Bytes of a name that are shown.
const MAX_NAME: usize = 500;

/// Bytes that are written at once. One size for all reports: each would have its own copy of the code.
#[cfg(not(feature = "library"))]
const REPORT_BYTES: usize = 4096;
/// In a library nothing but what ends the process.
#[cfg(feature = "library")]
const REPORT_BYTES: usize = 256;

const STDERR: i32 = 2;

/// Set when the guest closes the host's descriptor 2: what is opened then may get that number.
static STDERR_CLOSED: AtomicBool = AtomicBool::new(false);

/// Reports have nowhere to go any more.
pub fn stderr_is_closed() {
    STDERR_CLOSED.store(true, Ordering::SeqCst);
}

/// Text on its way to standard error: one write, if it fits. Or text that is kept, as far as it fits.
pub struct Text<const N: usize> {
    buffer: [u8; N],
    length: usize,
    is_kept: bool,
}

impl<const N: usize> Text<N> {
    const fn new() -> Self {
        Text { buffer: [0; N], length: 0, is_kept: false }
    }

    /// One that is never written to standard error.
    #[cfg(feature = "library")]
    pub const fn kept() -> Self {
        Text { is_kept: true, ..Text::new() }
    }

    fn flush(&mut self) {
        if !STDERR_CLOSED.load(Ordering::SeqCst) {
            sys::write_all(STDERR, self.written());
        }
        self.length = 0;
    }

    pub fn written(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or(&[])
    }

    fn byte(&mut self, byte: u8) {
        if self.length >= N && !self.is_kept {
            self.flush();
        }
        if let Some(place) = self.buffer.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    pub fn text(&mut self, text: &str) {
        for &byte in text.as_bytes() {
            self.byte(byte);
        }
    }

    /// A name of the guest's, of bounded length, without control characters, and without what is no UTF-8.
    pub fn name(&mut self, name: &[u8]) {
        let shown = name.get(..floor_of_character(name, MAX_NAME)).unwrap_or(name);
        for chunk in shown.utf8_chunks() {
            for character in chunk.valid().chars() {
                let mut bytes = [0; 4];
                self.text(if character.is_control() { "?" } else { character.encode_utf8(&mut bytes) });
            }
            if !chunk.invalid().is_empty() {
                self.text("?");
            }
        }
        if shown.len() < name.len() {
            self.text("...");
        }
    }

    pub fn decimal(&mut self, value: u64) {
        self.padded_decimal(value, 1);
    }

    /// At least `width` characters, filled up with spaces on the left.
    fn padded_decimal(&mut self, mut value: u64, width: usize) {
        let mut digits = [b' '; 20];
        let mut first = digits.len();
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (value % 10) as u8;
            value /= 10;
            first -= 1;
            if value == 0 {
                break;
            }
        }
        let start = first.min(digits.len().saturating_sub(width));
        for &digit in digits.iter().skip(start) {
            self.byte(digit);
        }
    }

    fn hexadecimal(&mut self, value: u64) {
        self.text("0x");
        let digits = (64 - value.leading_zeros()).div_ceil(4).max(1);
        for index in (0..digits).rev() {
            let digit = (value >> (index * 4)) as u8 & 15;
            self.byte(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit });
        }
    }
}

/// Where a text is cut that may have `most` bytes: not inside of a character.
pub fn floor_of_character(text: &[u8], most: usize) -> usize {
    let is_inside = |at: usize| text.get(at).is_some_and(|&byte| byte & 0xc0 == 0x80);
    let floor = (most.saturating_sub(3)..=most).rev().find(|&at| !is_inside(at));
    // What has more bytes is no character.
    floor.unwrap_or(most).min(text.len())
}

/// Writes what the process has held back, then its last words, and ends it with `status`.
fn finish<const N: usize>(mut text: Text<N>, status: u8) -> ! {
    #[cfg(not(feature = "library"))]
    crate::script::flush();
    text.flush();
    sys::exit(status as i32)
}

/// Ends the process before the program has run, or because the runtime has a bug. `message` is one sentence without
/// full stop.
#[cold]
pub fn fatal(message: &str) -> ! {
    process::begin_to_end();
    let mut text = Text::<REPORT_BYTES>::new();
    text.text("wasmc: ");
    text.text(message);
    text.text("\n");
    finish(text, RUNTIME_ERROR_STATUS)
}

/// Exit status of a program that is started in a wrong way.
#[cfg(not(feature = "library"))]
const USAGE_STATUS: u8 = 2;

/// Ends the process because it was started in a wrong way, or cannot get what it is granted: `before`, a text of the
/// user's, `behind`. The program has not begun, but for its instantiation, which may have started threads.
#[cfg(not(feature = "library"))]
#[cold]
pub fn refuse(before: &str, subject: &[u8], behind: &str) -> ! {
    process::begin_to_end();
    let mut text = Text::<REPORT_BYTES>::new();
    text.text("wasmc: ");
    text.text(before);
    text.name(subject);
    text.text(behind);
    text.text("\n");
    finish(text, USAGE_STATUS)
}

/// Where an access went wrong.
#[derive(Clone, Copy)]
pub struct Fault {
    /// Byte offset of the access in the memory or table.
    pub offset: u64,
    /// Size of the memory or table.
    pub bytes: u64,
}

/// Where a backtrace starts.
#[derive(Clone, Copy)]
pub struct Frame {
    /// The instruction that faulted; 0 if runtime code asks, whose callers only are of interest.
    pub pc: u64,
    pub fp: u64,
    /// The return address, if the function at `pc` has no frame yet and `fp` is its caller's.
    pub caller: Option<u64>,
}

/// Reports a trap that nobody catches, and ends the process.
#[cfg(not(feature = "library"))]
#[cold]
pub fn trap(code: TrapCode, fault: Option<Fault>, name: Option<&[u8]>, first: Frame) -> ! {
    process::begin_to_end();
    let mut text = Text::<REPORT_BYTES>::new();
    describe(&mut text, code, fault, name);
    if process::host_variable(b"WASMC_BACKTRACE=") != Some(b"0") {
        backtrace(&mut text, first, arch::thread());
    }
    finish(text, wasmc_abi::trap::TRAP_EXIT_STATUS)
}

/// The first line of a report.
pub fn describe<const N: usize>(text: &mut Text<N>, code: TrapCode, fault: Option<Fault>, name: Option<&[u8]>) {
    text.text("wasmc: trap: ");
    text.text(code.message());
    if let Some(name) = name {
        text.text(": ");
        text.name(name);
    }
    if let Some(fault) = fault {
        text.text(" (offset ");
        text.hexadecimal(fault.offset);
        text.text(if code == TrapCode::TableOutOfBounds { " in a table of " } else { " in a memory of " });
        text.decimal(fault.bytes);
        text.text(" bytes)");
    }
    text.text("\n");
}

/// Reports a fault that is no trap, and ends the process.
#[cfg(not(feature = "library"))]
#[cold]
pub fn internal_fault(signal: i32, address: u64, first: Frame) -> ! {
    process::begin_to_end();
    let mut text = Text::<REPORT_BYTES>::new();
    text.text("wasmc: internal fault: signal ");
    text.decimal(signal as u64);
    text.text(" at address ");
    text.hexadecimal(address);
    text.text(", code at ");
    text.hexadecimal(first.pc.wrapping_sub(arch::image_base() as u64));
    text.text(" of the executable; this is a bug of wasmc, please report it\n");
    backtrace(&mut text, first, arch::thread());
    finish(text, RUNTIME_ERROR_STATUS)
}

/// What was running on the stack of a thread.
pub fn backtrace<const N: usize>(text: &mut Text<N>, first: Frame, thread: &Thread) {
    let mut count = 0;
    walk(first, thread, |_| count += 1);
    if count == 0 {
        return;
    }
    match thread.number() {
        0 => text.text("wasm backtrace:\n"),
        number => {
            text.text("wasm backtrace of thread ");
            text.decimal(number.into());
            text.text(":\n");
        }
    }
    let left_out = if count > INNERMOST + OUTERMOST { INNERMOST..count - OUTERMOST } else { 0..0 };
    let mut index = 0;
    walk(first, thread, |place| {
        if index == left_out.start && !left_out.is_empty() {
            text.text("      ... ");
            text.decimal(left_out.len() as u64);
            text.text(" frames left out\n");
        }
        if !left_out.contains(&index) {
            line(text, index, place);
        }
        index += 1;
    });
}

/// A function that was called and has not returned. It may have no frame, since this compiler has inlined it.
struct Called {
    name: &'static [u8],
    /// In the module's function index space.
    index: u32,
    /// Where it is, as a byte offset in the module, if that is known.
    wasm_offset: Option<u32>,
    source: Option<SourcePlace>,
}

fn line<const N: usize>(text: &mut Text<N>, index: usize, called: &Called) {
    text.padded_decimal(index as u64, 4);
    text.text(": ");
    if let Some(offset) = called.wasm_offset {
        text.hexadecimal(offset as u64);
        text.text(" - ");
    }
    let header = arch::program();
    let at = |number| sites::source_place(header, number);
    let source = visit_inlined(called.source, at, |inlined| {
        function(text, sites::name_at(header, inlined.function), called.index);
        source_line(text, Some(inlined));
        text.text("\n      inlined into ");
    });
    function(text, called.name, called.index);
    source_line(text, source);
    text.text("\n");
}

/// Visits what the module's compiler inlined, from the inside out: the first [`MAX_INLINED`]. Gives the place in the
/// function that the code is of.
fn visit_inlined(
    innermost: Option<SourcePlace>,
    at: impl Fn(u32) -> Option<SourcePlace>,
    mut visit: impl FnMut(SourcePlace),
) -> Option<SourcePlace> {
    let mut source = innermost;
    let mut count = 0;
    while let Some(inlined) = source.filter(|source| source.caller != 0) {
        if count < MAX_INLINED {
            visit(inlined);
        }
        count += 1;
        source = at(inlined.caller);
    }
    source
}

fn function<const N: usize>(text: &mut Text<N>, name: &[u8], index: u32) {
    if name.is_empty() {
        text.text("<function ");
        text.decimal(index as u64);
        text.text(">");
    } else {
        text.name(name);
    }
}

fn source_line<const N: usize>(text: &mut Text<N>, source: Option<SourcePlace>) {
    let Some(source) = source.filter(|source| source.file != NO_NAME) else { return };
    text.text(" at ");
    text.name(sites::name_at(arch::program(), source.file));
    text.text(":");
    text.decimal(source.line as u64);
    if source.column != 0 {
        text.text(":");
        text.decimal(source.column as u64);
    }
}

/// Visits the Wasm functions from the innermost outwards.
fn walk(first: Frame, thread: &Thread, mut visit: impl FnMut(&Called)) {
    let header = arch::program();
    let (low, high) = thread.stack();
    let mut visit = |place: Option<Place>| {
        let Some(place) = place.filter(|place| place.function.index != NOT_WASM) else { return };
        let mut source = sites::source(header, &place);
        let mut wasm_offset = place.site.map(|site| site.wasm_offset);
        while let Some(inlined) = source.filter(|source| source.caller != 0 && source.file == NO_NAME) {
            let name = sites::name_at(header, inlined.function);
            visit(&Called { name, index: inlined.line, wasm_offset: wasm_offset.take(), source: None });
            source = sites::source_place(header, inlined.caller);
        }
        let name = sites::name(header, &place.function);
        visit(&Called { name, index: place.function.index, wasm_offset, source });
    };

    visit(sites::find(header, first.pc));
    if let Some(caller) = first.caller {
        visit(sites::find_return(header, caller));
    }
    let mut fp = first.fp;
    while fp.is_multiple_of(8) && fp >= low && fp < high.saturating_sub(15) {
        // SAFETY: two words on the Wasm stack, all of which is mapped and readable.
        let (next, return_address) = unsafe { (*(fp as *const u64), *((fp + 8) as *const u64)) };
        visit(sites::find_return(header, return_address));
        if next <= fp {
            break;
        }
        fp = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fill: impl FnOnce(&mut Text<700>)) -> String {
        let mut text = Text::new();
        fill(&mut text);
        String::from_utf8(text.written().to_vec()).unwrap()
    }

    #[test]
    fn numbers() {
        assert_eq!(written(|text| text.decimal(0)), "0");
        assert_eq!(written(|text| text.decimal(u64::MAX)), "18446744073709551615");
        assert_eq!(written(|text| text.padded_decimal(7, 4)), "   7");
        assert_eq!(written(|text| text.padded_decimal(12345, 4)), "12345");
        assert_eq!(written(|text| text.hexadecimal(0)), "0x0");
        assert_eq!(written(|text| text.hexadecimal(0x1a3)), "0x1a3");
        assert_eq!(written(|text| text.hexadecimal(u64::MAX)), "0xffffffffffffffff");
    }

    #[test]
    fn names_are_masked_and_bounded() {
        assert_eq!(written(|text| text.name(b"a\x1b[31m\n\x7fz")), "a?[31m??z");
        assert_eq!(written(|text| text.name("\u{9b}31m".as_bytes())), "?31m");
        assert_eq!(written(|text| text.name(b"a\xff\xe2\x82z\xc2")), "a??z?");
        // Cut before the character that does not fit.
        for before in MAX_NAME - 5..=MAX_NAME {
            let name = format!("{}\u{20ac}\u{20ac}", "x".repeat(before));
            let shown = &name[..before + (MAX_NAME - before) / 3 * 3];
            assert_eq!(written(|text| text.name(name.as_bytes())), format!("{shown}..."));
        }
        assert_eq!(written(|text| text.name("\u{a0}é\u{65b}".as_bytes())), "\u{a0}é\u{65b}");
        assert_eq!(written(|text| text.name(&[b'x'; 600])).len(), MAX_NAME + 3);
    }

    #[test]
    fn however_much_is_inlined_the_last_place_is_the_functions() {
        let place = |number: u32| SourcePlace { line: number, caller: number - 1, ..SourcePlace::default() };
        for depth in [1, 2, MAX_INLINED as u32 + 1, 64] {
            let mut lines = Vec::new();
            let at = |number| Some(place(number));
            let outermost = visit_inlined(Some(place(depth)), at, |inlined| lines.push(inlined.line));
            assert_eq!(outermost.unwrap().line, 1);
            assert!(lines.into_iter().eq((2..=depth).rev().take(MAX_INLINED)));
        }
    }

    #[test]
    fn a_frame_outside_of_the_stack_ends_the_walk() {
        for fp in [0, 1, 8, u64::MAX, u64::MAX - 7] {
            walk(Frame { pc: 0, fp, caller: None }, arch::thread(), |_| panic!("there is no code"));
        }
    }
}
