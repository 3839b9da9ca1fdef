//! Why a program stops, and how a code address is mapped back to Wasm.
//!
//! # The site table
//!
//! Compiled code traps by executing an instruction that faults: `ud2`, a division, or an access to a guard page. The
//! runtime's signal handler looks up the faulting address among the *sites* of the function it lies in. A fault at an
//! address that is not a site is a bug of ours, and is reported as such, never as a trap of the guest.
//!
//! Functions are found by binary search in [`FunctionEntry`]s. The sites of one function are a byte string:
//!
//! ```text
//!   count        ULEB128   number of sites
//!   wasm start   ULEB128   byte offset in the module that the first delta counts from
//!   count times:
//!     pc delta   ULEB128   code bytes since the previous site (since the function's start for the first), times two;
//!                          and one more if there is a code
//!     code       u8        a TrapCode, or SITE_CALL, if it is another than before; before the first it is FIRST_CODE
//!     wasm delta SLEB128   module bytes since the previous site
//! ```
//!
//! A trap site's pc is the address of the faulting instruction; a call site's ([`SITE_CALL`]) is the return address.
//! Sites are ascending by pc. Two have the same one where the instruction behind a call traps: who looks one up knows
//! which of them is wanted. In code that was inlined, all return addresses are sites; elsewhere those that a report
//! says more of than the function. An empty string (offset [`NO_SITES`]) means that the function has none.

/// A range of machine code that belongs to one Wasm function (or to glue that the compiler made). It ends where the
/// next entry, or the code, ends.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct FunctionEntry {
    /// Bytes from the start of the code.
    pub code_offset: u32,
    /// Offset in the names: a NUL-terminated string.
    pub name: u32,
    /// Offset in the sites, or [`NO_SITES`].
    pub sites: u32,
    /// Index in the module's function index space, or [`NOT_WASM`] for glue, which a backtrace leaves out.
    pub index: u32,
}

/// [`FunctionEntry::sites`]: the function cannot trap.
pub const NO_SITES: u32 = u32::MAX;
/// [`FunctionEntry::index`]: the code was not compiled from a Wasm function.
pub const NOT_WASM: u32 = u32::MAX;
/// In place of a trap code: the site is the return address of a call.
pub const SITE_CALL: u8 = 0;

/// That of nearly all sites.
pub const FIRST_CODE: u8 = TrapCode::MemoryOutOfBounds as u8;

macro_rules! trap_codes {
    ($($(#[$doc:meta])* $name:ident = $value:literal, $message:literal;)*) => {
        /// Why execution of Wasm stopped. The messages are those that the specification's test suite expects.
        #[repr(u8)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum TrapCode { $($(#[$doc])* $name = $value,)* }

        impl TrapCode {
            /// Every code, ascending.
            pub const ALL: &[TrapCode] = &[$(TrapCode::$name,)*];

            /// The code with this number, if there is one.
            pub const fn from_number(number: u8) -> Option<TrapCode> {
                match number { $($value => Some(TrapCode::$name),)* _ => None }
            }

            /// One phrase for the report, without full stop.
            pub fn message(self) -> &'static str {
                let end = |code: usize| MESSAGE_ENDS.get(code).copied().unwrap_or(0).into();
                MESSAGES.get(end(self as usize - 1)..end(self as usize)).unwrap_or_default()
            }
        }

        /// All messages one behind the other: a table of their addresses would have to be relocated at start.
        const MESSAGES: &str = concat!($($message),*);

        /// Where in them that of a code ends, and before the first one, where that begins.
        const MESSAGE_ENDS: &[u16] = &{
            let lengths = [0, $($message.len()),*];
            let mut ends = [0; 1 + TrapCode::ALL.len()];
            let mut code = 1;
            while code < ends.len() {
                assert!(TrapCode::ALL[code - 1] as usize == code, "codes are numbered from 1 on");
                ends[code] = ends[code - 1] + lengths[code] as u16;
                code += 1;
            }
            ends
        };
    };
}

trap_codes! {
    /// `unreachable` was executed.
    Unreachable                 = 1,  "wasm `unreachable` instruction executed";
    /// An access to linear memory, or an active data segment, reached beyond its end.
    MemoryOutOfBounds           = 2,  "out of bounds memory access";
    /// An access to a table, or an active element segment, reached beyond its end.
    TableOutOfBounds            = 3,  "out of bounds table access";
    /// `call_indirect` met a null entry.
    IndirectCallToNull          = 4,  "uninitialized element";
    /// `call_indirect` met a function of another type.
    BadSignature                = 5,  "indirect call type mismatch";
    /// A signed division or a float conversion overflowed.
    IntegerOverflow             = 6,  "integer overflow";
    IntegerDivideByZero         = 7,  "integer divide by zero";
    /// A NaN was converted to an integer.
    BadConversionToInteger      = 8,  "invalid conversion to integer";
    /// The Wasm stack's guard was hit.
    StackOverflow               = 9,  "call stack exhausted";
    /// A function that `--allow-unknown-imports` let pass was called.
    UnknownImport               = 10, "unknown import called";
    /// `call_indirect` beyond the end of its table.
    UndefinedElement            = 11, "undefined element";
    /// A null reference where a value is needed.
    NullReference               = 12, "null reference";
    /// Nothing caught an exception.
    UncaughtException           = 13, "uncaught exception";
    /// There are too many exceptions that are still referred to.
    TooManyExceptions           = 14, "too many live exceptions";
    /// An atomic access at an address that is no multiple of its size.
    UnalignedAtomic             = 15, "unaligned atomic";
    /// `memory.atomic.wait` on a memory that nobody else can change.
    UnsharedWait                = 16, "expected shared memory";
}

/// Exit status of a program that trapped: what a shell shows for SIGABRT.
pub const TRAP_EXIT_STATUS: u8 = 134;

/// Exit status of a program that the runtime refused to start, or that met a fault which is no trap.
pub const RUNTIME_ERROR_STATUS: u8 = 70;
