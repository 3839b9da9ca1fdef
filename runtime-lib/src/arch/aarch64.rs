//! AArch64: see the table in the module above.

use core::arch::{asm, naked_asm};
use core::mem::offset_of;

use wasmc_abi::cpu::Level;
#[cfg(feature = "library")]
use wasmc_abi::library::{HEAD_BYTES, NESTING_BYTES};
#[cfg(not(test))]
use wasmc_abi::program::ProgramHeader;
use wasmc_abi::trap::TrapCode;

#[cfg(feature = "library")]
use crate::library::Instance;
use crate::process;
use crate::thread::Thread;

/// Where the kernel starts the process.
///
/// Relocates the executable, then calls [`start`](crate::start::start) with the initial stack pointer. The relocation
/// is here, in assembly, because until it is done no Rust code may run: any constant might be an address. All entries
/// are of the relative kind (`*(base + offset) = base + addend`); the linker has resolved everything else.
///
/// # Safety
///
/// For the kernel only.
#[cfg(not(any(test, feature = "library")))]
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmc_entry() -> ! {
    naked_asm!(
        "mov  x29, #0", // the end of the chain of frames
        "mov  x30, #0",
        "mov  x0, sp",
        "adrp x1, __ehdr_start",
        "add  x1, x1, :lo12:__ehdr_start",
        "adrp x2, __rela_iplt_start",
        "add  x2, x2, :lo12:__rela_iplt_start",
        "adrp x3, __rela_iplt_end",
        "add  x3, x3, :lo12:__rela_iplt_end",
        "2:",
        "cmp  x2, x3",
        "b.hs 3f",
        "ldr  x4, [x2]",      // r_offset
        "ldr  x5, [x2, #16]", // r_addend
        "add  x5, x5, x1",
        "str  x5, [x1, x4]",
        "add  x2, x2, #24",
        "b    2b",
        "3:",
        "bl   {start}",
        "udf  #0",
        start = sym crate::start::start,
    )
}

/// The header of the program that this runtime is linked to.
#[cfg(not(test))]
pub fn program() -> &'static ProgramHeader {
    let header: *const ProgramHeader;
    // In assembly because rustc would load the address of another object's symbol from a global offset table.
    // SAFETY: computes an address; the compiler defines the symbol with a valid header.
    unsafe {
        asm!(
            "adrp {0}, wasmc_program",
            "add  {0}, {0}, :lo12:wasmc_program",
            out(reg) header,
            options(pure, nomem, nostack, preserves_flags)
        );
        &*header
    }
}

/// Where the executable's ELF header is mapped.
#[cfg(not(any(test, feature = "library")))]
pub fn image_base() -> *const u8 {
    let base: *const u8;
    // SAFETY: computes an address.
    unsafe {
        asm!(
            "adrp {0}, __ehdr_start",
            "add  {0}, {0}, :lo12:__ehdr_start",
            out(reg) base,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    base
}

/// System calls that rustix does not offer.
#[cfg_attr(feature = "library", allow(dead_code))]
pub mod number {
    pub const PPOLL: usize = 73;
    pub const EXIT_GROUP: usize = 94;
    pub const FUTEX: usize = 98;
    pub const TGKILL: usize = 131;
    pub const SIGALTSTACK: usize = 132;
    pub const RT_SIGACTION: usize = 134;
    pub const RT_SIGPROCMASK: usize = 135;
    pub const SENDMSG: usize = 211;
    pub const RECVMSG: usize = 212;
    pub const SECCOMP: usize = 277;
}

/// Makes a system call; a result in `-4095..0` is a negated error number.
///
/// # Safety
///
/// The arguments must be right for the call; it may do anything that the kernel can do to the process.
pub unsafe fn raw_syscall(number: usize, arguments: [usize; 4]) -> isize {
    let result: isize;
    // SAFETY: by the caller; the kernel clobbers nothing but x0.
    unsafe {
        asm!(
            "svc #0",
            in("x8") number,
            inlateout("x0") arguments[0] as isize => result,
            in("x1") arguments[1],
            in("x2") arguments[2],
            in("x3") arguments[3],
            options(nostack, preserves_flags)
        );
    }
    result
}

/// Where the kernel lets signal handlers return to, if that is for us to say: to code in the vDSO, which debuggers
/// recognise.
pub fn restorer() -> (usize, usize) {
    (0, 0)
}

/// `ucontext_t`: the registers of what the signal interrupted.
#[repr(C)]
pub struct Context {
    /// uc_flags, uc_link, uc_stack; uc_sigmask, with room for 1024 signals; padding; fault_address.
    head: [u64; 23],
    /// x0 … x30.
    registers: [u64; 31],
    sp: u64,
    pc: u64,
}

#[cfg(feature = "library")]
const INSTANCE: usize = 21;
const FP: usize = 29;
const LR: usize = 30;

const _: () = assert!(core::mem::offset_of!(Context, pc) == 440);

impl Context {
    pub fn pc(&self) -> u64 {
        self.pc
    }

    pub fn fp(&self) -> u64 {
        self.registers[FP]
    }

    /// What the instance register holds while compiled code runs.
    #[cfg(feature = "library")]
    pub fn instance_register(&self) -> u64 {
        self.registers[INSTANCE]
    }

    /// The return address of a function that was interrupted `offset` bytes from its start, if it has not set up its
    /// frame yet: in the link register, until the first instruction has stored the caller's frame pointer. (The second,
    /// `mov x29, sp`, cannot fault.)
    ///
    /// # Safety
    ///
    /// `stack`, given by its ends, must be readable. (This architecture does not read it.)
    pub unsafe fn return_address_before_frame(&self, offset: u32, _stack: (u64, u64)) -> Option<u64> {
        (offset == 0).then(|| self.registers[LR])
    }

    /// Makes the interrupted computation go on as if the innermost [`call_catching`] had returned `code`.
    pub fn resume_at_catch(&mut self, code: TrapCode, catch_frame: usize) {
        self.pc = landing as *const () as u64;
        self.sp = catch_frame as u64;
        self.registers[0] = code as u64;
    }
}

/// The stack pointer of the caller.
#[inline(always)]
pub fn stack_pointer() -> u64 {
    let sp: u64;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, sp", out(reg) sp, options(nomem, nostack, preserves_flags)) };
    sp
}

/// The frame pointer of the function that this is inlined into.
#[inline(always)]
pub fn frame_pointer() -> u64 {
    let fp: u64;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, x29", out(reg) fp, options(nomem, nostack, preserves_flags)) };
    fp
}

/// The registers that a function of the C convention leaves as they were, in the order of
/// [`saved::AARCH64`](wasmc_abi::exception::saved::AARCH64).
pub type SavedRegisters = [u64; wasmc_abi::exception::saved::AARCH64];

/// The values of [`SavedRegisters`] here.
/// Those of vectors are 0: none ever holds a reference.
#[inline(always)]
pub fn callee_saved_registers() -> SavedRegisters {
    let mut registers = SavedRegisters::default();
    // SAFETY: writes the array only.
    unsafe {
        asm!(
            "stp x19, x20, [{0}]",
            "stp x21, x22, [{0}, #16]",
            "stp x23, x24, [{0}, #32]",
            "stp x25, x26, [{0}, #48]",
            "stp x27, x28, [{0}, #64]",
            in(reg) &raw mut registers,
            options(nostack, preserves_flags)
        );
    }
    registers
}

/// See [`symbols::THROW`](wasmc_abi::symbols::THROW): notes the caller's registers, then calls
/// [`throw`](crate::exception::throw).
///
/// # Safety
///
/// For compiled code only, with an exception or 0.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmc_throw(exception: u64) -> ! {
    naked_asm!(
        "stp x29, x30, [sp, #-16]!",
        "mov x29, sp",
        "sub sp, sp, #144",
        "stp x19, x20, [sp]",
        "stp x21, x22, [sp, #16]",
        "stp x23, x24, [sp, #32]",
        "stp x25, x26, [sp, #48]",
        "stp x27, x28, [sp, #64]",
        "stp d8, d9, [sp, #80]",
        "stp d10, d11, [sp, #96]",
        "stp d12, d13, [sp, #112]",
        "stp d14, d15, [sp, #128]",
        "mov x1, sp",
        "mov x2, x29",
        "bl {throw}",
        "udf #0",
        throw = sym crate::exception::throw,
    )
}

/// Goes on at a handler, with the exception in the first payload register.
///
/// # Safety
///
/// `pc` must be a handler in a function whose frame is at `fp`, `sp` be the stack pointer of its calls, and `registers`
/// what its code expects. The frames that are abandoned must not have anything to drop.
pub unsafe fn resume_at_handler(pc: u64, sp: u64, fp: u64, exception: u64, registers: &SavedRegisters) -> ! {
    // SAFETY: by the caller. The registers are read before the stack that they are on is given up.
    unsafe {
        asm!(
            "ldp x19, x20, [x5]",
            "ldp x21, x22, [x5, #16]",
            "ldp x23, x24, [x5, #32]",
            "ldp x25, x26, [x5, #48]",
            "ldp x27, x28, [x5, #64]",
            "ldp d8, d9, [x5, #80]",
            "ldp d10, d11, [x5, #96]",
            "ldp d12, d13, [x5, #112]",
            "ldp d14, d15, [x5, #128]",
            "mov sp, x2",
            "mov x29, x3",
            "br x4",
            in("x5") registers,
            in("x4") pc,
            in("x2") sp,
            in("x3") fp,
            in("x0") exception,
            in("x1") 0,
            options(noreturn)
        )
    }
}

/// Calls `function` on the stack that ends at `top`, and returns when it does.
///
/// The callee's frame links to the caller's on the old stack: a walk that is bounded by the new stack ends there.
///
/// # Safety
///
/// `top` must be aligned to 16 and be the end of a mapped stack with room for what `function` does.
#[cfg(not(feature = "library"))]
#[unsafe(naked)]
pub unsafe extern "C" fn run_on_stack(top: u64, function: extern "C" fn()) {
    naked_asm!(
        "stp x29, x30, [sp, #-16]!",
        "mov x29, sp",
        "mov sp, x0",
        "blr x1",
        "mov sp, x29",
        "ldp x29, x30, [sp], #16",
        "ret",
    )
}

/// Calls compiled code: `function(a, b)` in the instance whose record is at `instance`.
///
/// # Safety
///
/// `function` must be C code that the compiler made, with at most these parameters, and `instance` the record of an
/// instance of this program.
#[cfg(not(feature = "library"))]
#[unsafe(naked)]
pub unsafe extern "C" fn call_guest(function: *const u8, instance: u64, a: u64, b: u32) {
    naked_asm!(
        "stp x29, x30, [sp, #-32]!",
        "mov x29, sp",
        "str x21, [sp, #16]",
        "mov x9, x0",
        "mov x21, x1",
        "mov x0, x2",
        "mov w1, w3",
        "blr x9",
        "ldr x21, [sp, #16]",
        "ldp x29, x30, [sp], #32",
        "ret",
    )
}

/// Calls a Wasm function through its array-call entry. Returns 0, or the number of the [`TrapCode`] with which it
/// trapped.
///
/// ```text
///   catch frame:  sp → x29 │ x30 │ x19 … x28 │ d8 … d15 │ previous catch frame │ thread │
///                 where the instance's stack was left (unused but in a library) │ (8 bytes unused)
/// ```
///
/// A trap abandons all frames between: [`throw`] or the signal handler sets sp to the catch frame and goes on at
/// [`landing`], which restores the callee-saved registers and the previous catch frame. So frames nest, and the
/// frames in between must be Wasm's, or Rust's without anything to drop.
///
/// In a library the catch frame is on the host's stack, and the function runs on that of the instance; between here and
/// there the host has nothing on its own.
///
/// # Safety
///
/// `entry` must be an array-call entry and `slots` have room for its arguments and its results. `thread` must be the
/// running one or, in a library, that of an instance which no other thread uses.
#[unsafe(naked)]
#[cfg_attr(feature = "library", unsafe(export_name = "wasmc_library_enter"))]
pub unsafe extern "C" fn call_catching(
    entry: unsafe extern "C" fn(*mut [u8; 16]),
    slots: *mut [u8; 16],
    thread: &Thread,
) -> u32 {
    naked_asm!(
        "stp  x29, x30, [sp, #-192]!",
        "mov  x29, sp",
        "stp  x19, x20, [sp, #16]",
        "stp  x21, x22, [sp, #32]",
        "stp  x23, x24, [sp, #48]",
        "stp  x25, x26, [sp, #64]",
        "stp  x27, x28, [sp, #80]",
        "stp  d8, d9, [sp, #96]",
        "stp  d10, d11, [sp, #112]",
        "stp  d12, d13, [sp, #128]",
        "stp  d14, d15, [sp, #144]",
        "ldr  x10, [x2, #{frame}]",
        "stp  x10, x2, [sp, #160]",
        #[cfg(feature = "library")]
        "ldr  x11, [x2, #{stack}]",
        #[cfg(feature = "library")]
        "str  x11, [sp, #176]",
        "mov  x10, sp",
        "str  x10, [x2, #{frame}]",
        "ldr  x21, [x2, #{instance}]",
        #[cfg(feature = "library")]
        "mov  sp, x11",
        "mov  x9, x0",
        "mov  x0, x1",
        "blr  x9",
        #[cfg(feature = "library")]
        "sub  x9, x21, #{head}",
        #[cfg(feature = "library")]
        "ldr  x9, [x9, #{frame}]",
        #[cfg(feature = "library")]
        "mov  sp, x9",
        "mov  w0, #0",
        "b    {landing}",
        #[cfg(feature = "library")]
        stack = const offset_of!(Instance, guest_stack),
        frame = const offset_of!(Thread, catch_frame),
        instance = const offset_of!(Thread, instance),
        #[cfg(feature = "library")]
        head = const HEAD_BYTES,
        landing = sym landing,
    )
}

/// The end of [`call_catching`], with sp at a catch frame and the result in w0.
#[unsafe(naked)]
unsafe extern "C" fn landing() {
    naked_asm!(
        "ldp  x10, x9, [sp, #160]",
        "str  x10, [x9, #{frame}]",
        #[cfg(feature = "library")]
        "ldr  x10, [sp, #176]",
        #[cfg(feature = "library")]
        "str  x10, [x9, #{stack}]",
        "ldp  d14, d15, [sp, #144]",
        "ldp  d12, d13, [sp, #128]",
        "ldp  d10, d11, [sp, #112]",
        "ldp  d8, d9, [sp, #96]",
        "ldp  x27, x28, [sp, #80]",
        "ldp  x25, x26, [sp, #64]",
        "ldp  x23, x24, [sp, #48]",
        "ldp  x21, x22, [sp, #32]",
        "ldp  x19, x20, [sp, #16]",
        "ldp  x29, x30, [sp], #192",
        "ret",
        #[cfg(feature = "library")]
        stack = const offset_of!(Instance, guest_stack),
        frame = const offset_of!(Thread, catch_frame),
    )
}

/// Makes the [`call_catching`] whose catch frame this is return `code`.
///
/// # Safety
///
/// It must be the innermost one of the running thread, and the frames that are abandoned must not have anything to
/// drop.
#[unsafe(naked)]
pub unsafe extern "C" fn throw(code: u32, catch_frame: usize) -> ! {
    naked_asm!(
        "mov  sp, x1",
        "b    {landing}",
        landing = sym landing,
    )
}

/// Calls `entry(slots, instance)` on the host's stack, where the innermost catch frame is; gives whether the host asked
/// for a trap, in this call and not in one around it. What the guest has on the instance's stack stays, and further
/// calls begin [`NESTING_BYTES`] below it.
///
/// # Safety
///
/// For compiled code only. `entry` must be a function of the C convention that leaves the instance register as it is.
#[cfg(feature = "library")]
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmc_library_leave(entry: *const u8, slots: *mut [u8; 16]) -> u32 {
    naked_asm!(
        "stp  x29, x30, [sp, #-112]!",
        "mov  x29, sp",
        // Only to be found there, by the search for exceptions that are referred to: the host saves them elsewhere.
        "stp  x19, x20, [sp, #32]",
        "stp  x21, x22, [sp, #48]",
        "stp  x23, x24, [sp, #64]",
        "stp  x25, x26, [sp, #80]",
        "stp  x27, x28, [sp, #96]",
        "mov  x9, x0",
        "mov  x0, x1",
        "sub  x1, x21, #{head}",
        "ldr  x10, [x1, #{stack}]",
        "ldr  x11, [x1, #{raised}]",
        "stp  x10, x11, [sp, #16]",
        "sub  x10, sp, #{nesting}",
        "str  x10, [x1, #{stack}]",
        "str  xzr, [x1, #{raised}]",
        "ldr  x10, [x1, #{frame}]",
        "mov  sp, x10",
        "blr  x9",
        "sub  x1, x21, #{head}",
        "ldr  x10, [x1, #{stack}]",
        "add  sp, x10, #{nesting}",
        "ldp  x10, x11, [sp, #16]",
        "ldr  x0, [x1, #{raised}]",
        "str  x10, [x1, #{stack}]",
        "str  x11, [x1, #{raised}]",
        "ldp  x29, x30, [sp], #112",
        "ret",
        stack = const offset_of!(Instance, guest_stack),
        frame = const offset_of!(Thread, catch_frame),
        raised = const offset_of!(Instance, is_raised),
        nesting = const NESTING_BYTES,
        head = const HEAD_BYTES,
    )
}

/// The running thread.
#[cfg(not(any(test, feature = "library")))]
#[inline(always)]
pub fn thread() -> &'static Thread {
    let thread: *const Thread;
    // SAFETY: the register is what start-up or `clone` has set it to: a thread, which lives as long as it runs.
    unsafe {
        asm!("mrs {}, tpidr_el0", out(reg) thread, options(pure, nomem, nostack, preserves_flags));
        &*thread
    }
}

/// Makes `thread` the running one, for the thread that the kernel started.
#[cfg(not(feature = "library"))]
pub fn set_thread(thread: &'static Thread) {
    // SAFETY: nothing else uses that register.
    unsafe { asm!("msr tpidr_el0, {}", in(reg) &raw const *thread, options(nostack, preserves_flags)) };
}

/// Starts a thread that calls `entry(thread)` on the stack that ends at `top`; the result is `clone`'s.
///
/// # Safety
///
/// `top` must be aligned to 16 and be the end of a mapped stack that nobody else uses. `thread` must live as long as
/// the thread runs.
#[cfg(not(feature = "library"))]
#[unsafe(naked)]
pub unsafe extern "C" fn start_thread(
    flags: usize,
    top: u64,
    thread: *const Thread,
    entry: unsafe extern "C" fn(&'static Thread) -> !,
) -> isize {
    // The kernel gives both threads all registers but x0 as they are here.
    naked_asm!(
        "mov  x9, x2",
        "mov  x10, x3",
        "mov  x2, #0",
        "mov  x3, x9", // what `tpidr_el0` will be
        "mov  x4, #0",
        "mov  x8, #220", // clone
        "svc  #0",
        "cbz  x0, 2f",
        "ret",
        "2:",
        "mov  x29, #0", // the end of the chain of frames
        "mov  x30, #0",
        "mov  x0, x9",
        "blr  x10",
        "udf  #0",
    )
}

/// Unmaps pages, among them the stack that this runs on, and ends the thread.
///
/// # Safety
///
/// The pages must be this thread's alone, and all signals blocked.
#[cfg(not(feature = "library"))]
#[unsafe(naked)]
pub unsafe extern "C" fn unmap_and_exit(base: u64, bytes: u64) -> ! {
    naked_asm!(
        "mov  x8, #215", // munmap
        "svc  #0",
        "mov  x0, #0",
        "mov  x8, #93", // exit
        "svc  #0",
        "udf  #0",
    )
}

/// Whether the CPU, and the operating system with it, supports `level` and all below it: what the kernel says in the
/// auxiliary vector ([ELF hwcaps](https://docs.kernel.org/arch/arm64/elf_hwcaps.html)).
pub fn has_level(level: Level) -> bool {
    const AT_HWCAP: usize = 16;
    const AT_HWCAP2: usize = 26;
    const ARMV8_1A: usize = 1 << 7 | 1 << 8 | 1 << 12; // CRC32 ATOMICS ASIMDRDM
    const ARMV8_4A: usize = 1 << 20; // ASIMDDP
    const ARMV8_6A: usize = 1 << 13; // I8MM, in the second word

    // The kernel tells every process. A library that could not read it believes who compiled it.
    let Some(first) = process::auxiliary_value(AT_HWCAP) else { return true };
    let second = process::auxiliary_value(AT_HWCAP2).unwrap_or(0);
    let has = |word: usize, bits| word & bits == bits;
    match level {
        Level::Armv8A => true,
        Level::Armv8_1A => has(first, ARMV8_1A),
        Level::Armv8_4A => has(first, ARMV8_1A | ARMV8_4A),
        Level::Armv8_6A => has(first, ARMV8_1A | ARMV8_4A) && has(second, ARMV8_6A),
        _ => false,
    }
}

/// Copies `bytes` bytes between regions that may overlap; returns `destination`. Also `memmove` and `memcpy`.
///
/// Up to 128 bytes everything is loaded before anything is stored, so that overlap does not matter. Above, 64 bytes at
/// a time go into aligned places, from the end if the destination starts inside the source.
///
/// # Safety
///
/// As for `memmove`.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmc_memmove(destination: *mut u8, source: *const u8, bytes: usize) -> *mut u8 {
    naked_asm!(
        "add  x3, x1, x2", // the ends
        "add  x4, x0, x2",
        "cmp  x2, #16",
        "b.lo 30f",
        "cmp  x2, #32",
        "b.hi 40f",
        "ldr  q0, [x1]",
        "ldur q1, [x3, #-16]",
        "str  q0, [x0]",
        "stur q1, [x4, #-16]",
        "ret",
        // 33 … 64
        "40:",
        "cmp  x2, #128",
        "b.hi 60f",
        "ldp  q0, q1, [x1]",
        "ldp  q2, q3, [x3, #-32]",
        "cmp  x2, #64",
        "b.hi 50f",
        "stp  q0, q1, [x0]",
        "stp  q2, q3, [x4, #-32]",
        "ret",
        // 65 … 128
        "50:",
        "ldp  q4, q5, [x1, #32]",
        "ldp  q6, q7, [x3, #-64]",
        "stp  q0, q1, [x0]",
        "stp  q4, q5, [x0, #32]",
        "stp  q6, q7, [x4, #-64]",
        "stp  q2, q3, [x4, #-32]",
        "ret",
        // More: which direction? (destination - source) mod 2^64 < bytes means that the destination starts in the
        // source.
        "60:",
        "sub  x5, x0, x1",
        "cmp  x5, x2",
        "b.lo 80f",
        // Forward. q16 holds the first 16 bytes and q17 … q20 the last 64; both are stored after the loop.
        "ldr  q16, [x1]",
        "ldp  q17, q18, [x3, #-64]",
        "ldp  q19, q20, [x3, #-32]",
        "sub  x6, x4, #64",
        "add  x7, x0, #16",
        "and  x7, x7, #-16",
        "sub  x8, x7, x0",
        "add  x1, x1, x8",
        ".p2align 4",
        "62:",
        "ldp  q0, q1, [x1]",
        "ldp  q2, q3, [x1, #32]",
        "add  x1, x1, #64",
        "stp  q0, q1, [x7]",
        "stp  q2, q3, [x7, #32]",
        "add  x7, x7, #64",
        "cmp  x7, x6",
        "b.lo 62b",
        "stp  q17, q18, [x6]",
        "stp  q19, q20, [x6, #32]",
        "str  q16, [x0]",
        "ret",
        // Backward. q16 … q19 hold the first 64 bytes and q20 the last 16.
        "80:",
        "ldp  q16, q17, [x1]",
        "ldp  q18, q19, [x1, #32]",
        "ldur q20, [x3, #-16]",
        "add  x6, x0, #64",
        "sub  x7, x4, #1",
        "and  x7, x7, #-16",
        "sub  x8, x7, x0",
        "add  x1, x1, x8",
        ".p2align 4",
        "82:",
        "ldp  q0, q1, [x1, #-32]",
        "ldp  q2, q3, [x1, #-64]",
        "sub  x1, x1, #64",
        "stp  q0, q1, [x7, #-32]",
        "stp  q2, q3, [x7, #-64]",
        "sub  x7, x7, #64",
        "cmp  x7, x6",
        "b.hi 82b",
        "stp  q16, q17, [x0]",
        "stp  q18, q19, [x0, #32]",
        "stur q20, [x4, #-16]",
        "ret",
        // 0 … 15
        "30:",
        "tbz  x2, #3, 34f",
        "ldr  x5, [x1]",
        "ldur x6, [x3, #-8]",
        "str  x5, [x0]",
        "stur x6, [x4, #-8]",
        "ret",
        "34:",
        "tbz  x2, #2, 32f",
        "ldr  w5, [x1]",
        "ldur w6, [x3, #-4]",
        "str  w5, [x0]",
        "stur w6, [x4, #-4]",
        "ret",
        "32:",
        "cbz  x2, 31f",
        "lsr  x8, x2, #1",
        "ldrb w5, [x1]",
        "ldrb w7, [x1, x8]",
        "ldurb w6, [x3, #-1]",
        "strb w5, [x0]",
        "strb w7, [x0, x8]",
        "sturb w6, [x4, #-1]",
        "31:",
        "ret",
    )
}

/// Fills `bytes` bytes with the low byte of `byte`; returns `destination`. Also `memset`.
///
/// # Safety
///
/// As for `memset`.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmc_memset(destination: *mut u8, byte: u32, bytes: usize) -> *mut u8 {
    naked_asm!(
        "dup  v0.16b, w1",
        "add  x4, x0, x2", // the end
        "cmp  x2, #16",
        "b.lo 30f",
        "str  q0, [x0]",
        "stur q0, [x4, #-16]",
        "cmp  x2, #32",
        "b.ls 31f",
        "str  q0, [x0, #16]",
        "stur q0, [x4, #-32]",
        "cmp  x2, #64",
        "b.ls 31f",
        "stp  q0, q0, [x4, #-64]",
        "sub  x6, x4, #64",
        "add  x7, x0, #32",
        "and  x7, x7, #-16",
        "cmp  x7, x6",
        "b.hs 31f",
        ".p2align 4",
        "62:",
        "stp  q0, q0, [x7]",
        "stp  q0, q0, [x7, #32]",
        "add  x7, x7, #64",
        "cmp  x7, x6",
        "b.lo 62b",
        "31:",
        "ret",
        // 0 … 15
        "30:",
        "fmov x5, d0",
        "tbz  x2, #3, 34f",
        "str  x5, [x0]",
        "stur x5, [x4, #-8]",
        "ret",
        "34:",
        "tbz  x2, #2, 32f",
        "str  w5, [x0]",
        "stur w5, [x4, #-4]",
        "ret",
        "32:",
        "cbz  x2, 31b",
        "lsr  x8, x2, #1",
        "strb w5, [x0]",
        "strb w5, [x0, x8]",
        "sturb w5, [x4, #-1]",
        "ret",
    )
}

/// Stores `word` `count` times.
///
/// # Safety
///
/// `destination` must be valid for writes of `count` words.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmc_fill_words(destination: *mut u64, word: u64, count: usize) {
    naked_asm!(
        "2:",
        "subs x2, x2, #2",
        "b.lo 3f",
        "stp  x1, x1, [x0], #16",
        "b    2b",
        "3:",
        "tbz  x2, #0, 4f", // -2: none is left, -1: one
        "str  x1, [x0]",
        "4:",
        "ret",
    )
}

/// The names by which rustc's output calls for bulk memory operations. The targets' core library brings none.
#[cfg(not(test))]
mod rust_memory {
    use core::arch::naked_asm;

    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memmove(_: *mut u8, _: *const u8, _: usize) -> *mut u8 {
        naked_asm!("b {}", sym super::wasmc_memmove)
    }

    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(_: *mut u8, _: *const u8, _: usize) -> *mut u8 {
        naked_asm!("b {}", sym super::wasmc_memmove)
    }

    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memset(_: *mut u8, _: u32, _: usize) -> *mut u8 {
        naked_asm!("b {}", sym super::wasmc_memset)
    }

    /// Bytewise, in assembly: LLVM would recognise a loop in Rust and make it a call of itself. Nothing hot calls it.
    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcmp(_: *const u8, _: *const u8, _: usize) -> i32 {
        naked_asm!(
            "mov  x3, x0",
            "mov  w0, #0",
            "2:",
            "cbz  x2, 3f",
            "ldrb w0, [x3], #1",
            "ldrb w4, [x1], #1",
            "sub  x2, x2, #1",
            "subs w0, w0, w4",
            "b.eq 2b",
            "3:",
            "ret",
        )
    }

    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    unsafe extern "C" fn bcmp(_: *const u8, _: *const u8, _: usize) -> i32 {
        naked_asm!("b {}", sym memcmp)
    }

    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    unsafe extern "C" fn strlen(_: *const u8) -> usize {
        naked_asm!("mov  x1, x0", "2:", "ldrb w2, [x1], #1", "cbnz w2, 2b", "sub  x0, x1, x0", "sub  x0, x0, #1", "ret")
    }
}
