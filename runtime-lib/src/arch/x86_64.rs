//! x86-64: see the table in the module above.

use core::arch::x86_64::{__cpuid, __cpuid_count, __m128i};
use core::arch::{asm, naked_asm};
use core::mem::offset_of;
use core::sync::atomic::AtomicU8;

use wasmc_abi::cpu::Level;
#[cfg(feature = "library")]
use wasmc_abi::library::{HEAD_BYTES, NESTING_BYTES};
#[cfg(not(test))]
use wasmc_abi::program::ProgramHeader;
use wasmc_abi::trap::TrapCode;

#[cfg(feature = "library")]
use crate::library::Instance;
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
        "xor  ebp, ebp", // the end of the chain of frames
        "mov  rdi, rsp",
        "lea  rsi, [rip + __ehdr_start]",
        "lea  rdx, [rip + __rela_iplt_start]",
        "lea  rcx, [rip + __rela_iplt_end]",
        "2:",
        "cmp  rdx, rcx",
        "jae  3f",
        "mov  rax, [rdx]",      // r_offset
        "mov  r8, [rdx + 16]",  // r_addend
        "add  r8, rsi",
        "mov  [rsi + rax], r8",
        "add  rdx, 24",
        "jmp  2b",
        "3:",
        "and  rsp, -16",
        "call {start}",
        "ud2",
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
        asm!("lea {}, [rip + wasmc_program]", out(reg) header, options(pure, nomem, nostack, preserves_flags));
        &*header
    }
}

/// Where the executable's ELF header is mapped.
#[cfg(not(any(test, feature = "library")))]
pub fn image_base() -> *const u8 {
    let base: *const u8;
    // SAFETY: computes an address.
    unsafe {
        asm!("lea {}, [rip + __ehdr_start]", out(reg) base, options(pure, nomem, nostack, preserves_flags));
    }
    base
}

/// System calls that rustix does not offer.
#[cfg_attr(feature = "library", allow(dead_code))]
pub mod number {
    pub const RT_SIGACTION: usize = 13;
    pub const RT_SIGPROCMASK: usize = 14;
    pub const SENDMSG: usize = 46;
    pub const RECVMSG: usize = 47;
    pub const SIGALTSTACK: usize = 131;
    pub const ARCH_PRCTL: usize = 158;
    pub const FUTEX: usize = 202;
    pub const EXIT_GROUP: usize = 231;
    pub const TGKILL: usize = 234;
    pub const PPOLL: usize = 271;
    pub const SECCOMP: usize = 317;
}

/// Makes a system call; a result in `-4095..0` is a negated error number.
///
/// # Safety
///
/// The arguments must be right for the call; it may do anything that the kernel can do to the process.
pub unsafe fn raw_syscall(number: usize, arguments: [usize; 4]) -> isize {
    let result: isize;
    // SAFETY: by the caller; the kernel clobbers rcx and r11 only.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") arguments[0],
            in("rsi") arguments[1],
            in("rdx") arguments[2],
            in("r10") arguments[3],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack, preserves_flags)
        );
    }
    result
}

/// Where the kernel lets signal handlers return to: the flag which says so, and the address.
pub fn restorer() -> (usize, usize) {
    const SA_RESTORER: usize = 0x0400_0000;
    (SA_RESTORER, signal_return as *const () as usize)
}

/// Where a signal handler returns to. gdb recognises a signal frame by exactly these two instructions.
#[unsafe(naked)]
unsafe extern "C" fn signal_return() {
    naked_asm!("mov rax, 15", "syscall") // rt_sigreturn
}

/// `ucontext_t`: the registers of what the signal interrupted.
#[repr(C)]
pub struct Context {
    /// uc_flags, uc_link, uc_stack.
    head: [u64; 5],
    /// r8 … r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip.
    registers: [u64; 17],
}

#[cfg(feature = "library")]
const INSTANCE: usize = 7; // r15
const RBP: usize = 10;
const RAX: usize = 13;
const RSP: usize = 15;
const RIP: usize = 16;

const _: () = assert!(core::mem::offset_of!(Context, registers) + RIP * 8 == 168);

impl Context {
    pub fn pc(&self) -> u64 {
        self.registers[RIP]
    }

    pub fn fp(&self) -> u64 {
        self.registers[RBP]
    }

    /// What the instance register holds while compiled code runs.
    #[cfg(feature = "library")]
    pub fn instance_register(&self) -> u64 {
        self.registers[INSTANCE]
    }

    /// The return address of a function that was interrupted `offset` bytes from its start, if it has not set up its
    /// frame yet: on top of the stack, until the first instruction has pushed the caller's frame pointer. (The second,
    /// `mov rbp, rsp`, cannot fault.)
    ///
    /// # Safety
    ///
    /// `stack`, given by its ends, must be readable.
    pub unsafe fn return_address_before_frame(&self, offset: u32, stack: (u64, u64)) -> Option<u64> {
        let sp = self.registers[RSP];
        if offset != 0 || sp < stack.0 || sp > stack.1 - 8 || !sp.is_multiple_of(8) {
            return None;
        }
        // SAFETY: a word on that stack.
        Some(unsafe { *(sp as *const u64) })
    }

    /// Makes the interrupted computation go on as if the innermost [`call_catching`] had returned `code`.
    pub fn resume_at_catch(&mut self, code: TrapCode, catch_frame: usize) {
        self.registers[RIP] = landing as *const () as u64;
        self.registers[RSP] = catch_frame as u64;
        self.registers[RAX] = code as u64;
    }
}

/// The stack pointer of the caller.
#[inline(always)]
pub fn stack_pointer() -> u64 {
    let sp: u64;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, rsp", out(reg) sp, options(nomem, nostack, preserves_flags)) };
    sp
}

/// The frame pointer of the function that this is inlined into.
#[inline(always)]
pub fn frame_pointer() -> u64 {
    let fp: u64;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, rbp", out(reg) fp, options(nomem, nostack, preserves_flags)) };
    fp
}

/// The registers that a function of the C convention leaves as they were, in the order of
/// [`saved::X86_64`](wasmc_abi::exception::saved::X86_64).
pub type SavedRegisters = [u64; wasmc_abi::exception::saved::X86_64];

/// The values of [`SavedRegisters`] here.
#[inline(always)]
pub fn callee_saved_registers() -> SavedRegisters {
    let mut registers = SavedRegisters::default();
    // SAFETY: writes the array only.
    unsafe {
        asm!(
            "mov [{0}], rbx",
            "mov [{0} + 8], r12",
            "mov [{0} + 16], r13",
            "mov [{0} + 24], r14",
            "mov [{0} + 32], r15",
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
        "push rbp",
        "mov  rbp, rsp",
        "push r15",
        "push r14",
        "push r13",
        "push r12",
        "push rbx",
        "mov  rsi, rsp",
        "mov  rdx, rbp",
        "sub  rsp, 8",
        "call {throw}",
        "ud2",
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
            "mov rbx, [r8]",
            "mov r12, [r8 + 8]",
            "mov r13, [r8 + 16]",
            "mov r14, [r8 + 24]",
            "mov r15, [r8 + 32]",
            "mov rsp, rcx",
            "mov rbp, rsi",
            "jmp rdi",
            in("rdi") pc,
            in("rcx") sp,
            in("rsi") fp,
            in("r8") registers,
            in("rax") exception,
            in("rdx") 0,
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
    naked_asm!("push rbp", "mov rbp, rsp", "mov rsp, rdi", "call rsi", "leave", "ret")
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
        "push rbp",
        "mov  rbp, rsp",
        "push r15",
        "push r15", // keeps the stack aligned
        "mov  r15, rsi",
        "mov  rax, rdi",
        "mov  rdi, rdx",
        "mov  esi, ecx",
        "call rax",
        "pop  r15",
        "pop  r15",
        "pop  rbp",
        "ret",
    )
}

/// Calls a Wasm function through its array-call entry. Returns 0, or the number of the [`TrapCode`] with which it
/// trapped.
///
/// ```text
///   catch frame:  rsp → thread │ previous catch frame │ where the instance's stack was left │ r15 │ r14 │ r13 │ r12 │
///                 rbx │ rbp │ return address            (unused but in a library)
/// ```
///
/// A trap abandons all frames between: [`throw`] or the signal handler sets rsp to the catch frame and goes on at
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
        "push rbp",
        "mov  rbp, rsp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        #[cfg(feature = "library")]
        "push qword ptr [rdx + {stack}]",
        #[cfg(not(feature = "library"))]
        "push rbx", // keeps the stack aligned
        "push qword ptr [rdx + {frame}]",
        "push rdx",
        "mov  [rdx + {frame}], rsp",
        "mov  r15, [rdx + {instance}]",
        #[cfg(feature = "library")]
        "mov  rsp, [rdx + {stack}]",
        "mov  rax, rdi",
        "mov  rdi, rsi",
        "call rax",
        #[cfg(feature = "library")]
        "mov  rsp, [r15 - {head} + {frame}]",
        "xor  eax, eax",
        "jmp  {landing}",
        #[cfg(feature = "library")]
        stack = const offset_of!(Instance, guest_stack),
        frame = const offset_of!(Thread, catch_frame),
        instance = const offset_of!(Thread, instance),
        #[cfg(feature = "library")]
        head = const HEAD_BYTES,
        landing = sym landing,
    )
}

/// The end of [`call_catching`], with rsp at a catch frame and the result in eax.
#[unsafe(naked)]
unsafe extern "C" fn landing() {
    naked_asm!(
        "pop  rdx",
        "pop  qword ptr [rdx + {frame}]",
        #[cfg(feature = "library")]
        "pop  qword ptr [rdx + {stack}]",
        #[cfg(not(feature = "library"))]
        "pop  rbx",
        "pop  r15",
        "pop  r14",
        "pop  r13",
        "pop  r12",
        "pop  rbx",
        "pop  rbp",
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
        "mov eax, edi",
        "mov rsp, rsi",
        "jmp {landing}",
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
        "push rbp",
        "mov  rbp, rsp",
        // Only to be found there, by the search for exceptions that are referred to: the host saves them elsewhere.
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push qword ptr [r15 - {head} + {raised}]",
        "push qword ptr [r15 - {head} + {stack}]",
        "mov  qword ptr [r15 - {head} + {raised}], 0",
        "lea  rax, [rsp - {nesting}]",
        "mov  [r15 - {head} + {stack}], rax",
        "mov  rsp, [r15 - {head} + {frame}]",
        "mov  rax, rdi",
        "mov  rdi, rsi",
        "lea  rsi, [r15 - {head}]",
        "call rax",
        "mov  rsp, [r15 - {head} + {stack}]",
        "add  rsp, {nesting}",
        "pop  qword ptr [r15 - {head} + {stack}]",
        "mov  rax, [r15 - {head} + {raised}]",
        "pop  qword ptr [r15 - {head} + {raised}]",
        "leave",
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
    // SAFETY: `fs` is the base that start-up or `clone` has set, to a thread, whose first word is its address; that
    // lives as long as the thread.
    unsafe {
        asm!("mov {}, fs:[0]", out(reg) thread, options(pure, readonly, nostack, preserves_flags));
        &*thread
    }
}

/// Makes `thread` the running one, for the thread that the kernel started.
#[cfg(not(feature = "library"))]
pub fn set_thread(thread: &'static Thread) {
    const ARCH_SET_FS: usize = 0x1002;
    // SAFETY: nothing else uses that register. The call cannot fail for an address of user space.
    unsafe { raw_syscall(number::ARCH_PRCTL, [ARCH_SET_FS, &raw const *thread as usize, 0, 0]) };
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
    // The kernel gives both threads all registers but rax, rcx and r11 as they are here.
    naked_asm!(
        "mov  r8, rdx", // what `fs` will be
        "mov  r9, rcx",
        "xor  edx, edx",
        "xor  r10d, r10d",
        "mov  eax, 56", // clone
        "syscall",
        "test rax, rax",
        "jz   2f",
        "ret",
        "2:",
        "xor  ebp, ebp", // the end of the chain of frames
        "mov  rdi, r8",
        "call r9",
        "ud2",
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
        "mov  eax, 11", // munmap
        "syscall",
        "mov  eax, 60", // exit
        "xor  edi, edi",
        "syscall",
        "ud2",
    )
}

/// Whether the CPU, and the operating system with it, supports `level` and all below it (psABI, table 3.1).
pub fn has_level(level: Level) -> bool {
    const V2: u32 = 1 << 0 | 1 << 9 | 1 << 13 | 1 << 19 | 1 << 20 | 1 << 23; // SSE3 SSSE3 CX16 SSE4.1 SSE4.2 POPCNT
    const V3: u32 = 1 << 12 | 1 << 22 | 1 << 27 | 1 << 28 | 1 << 29; // FMA MOVBE OSXSAVE AVX F16C
    const V3_LEAF_7: u32 = 1 << 3 | 1 << 5 | 1 << 8; // BMI1 AVX2 BMI2
    const V3_EXTENDED: u32 = 1 << 5; // LZCNT
    const V4_LEAF_7: u32 = 1 << 16 | 1 << 17 | 1 << 28 | 1 << 30 | 1 << 31; // AVX512 F DQ CD BW VL
    const YMM_STATE: u32 = 0x6; // the operating system saves xmm and ymm
    const ZMM_STATE: u32 = 0xe6; // … and opmask and zmm

    if level == Level::X86_64 {
        return true;
    }
    let features = __cpuid(1).ecx;
    if features & V2 != V2 {
        return false;
    }
    if level == Level::X86_64V2 {
        return true;
    }
    if features & V3 != V3 || __cpuid(0).eax < 7 {
        return false;
    }
    let leaf_7 = __cpuid_count(7, 0).ebx;
    let extended = __cpuid(0x8000_0001).ecx;
    let saved: u32;
    // SAFETY: OSXSAVE, checked above as a part of V3, says that the instruction exists.
    unsafe { asm!("xgetbv", in("ecx") 0, out("eax") saved, out("edx") _, options(nomem, nostack)) };
    if leaf_7 & V3_LEAF_7 != V3_LEAF_7 || extended & V3_EXTENDED == 0 || saved & YMM_STATE != YMM_STATE {
        return false;
    }
    if level == Level::X86_64V3 {
        return true;
    }
    level == Level::X86_64V4 && leaf_7 & V4_LEAF_7 == V4_LEAF_7 && saved & ZMM_STATE == ZMM_STATE
}

/// What the CPU has for bulk operations: 0 if it was not asked yet, else [`ASKED`] and bits. Asked for by the first
/// large operation, since `cpuid` costs microseconds in a virtual machine.
static BULK_FEATURES: AtomicU8 = AtomicU8::new(0);
const ASKED: u32 = 1 << 0;
/// `rep movsb` and `rep stosb` are fast (ERMS).
const FAST_STRINGS: u32 = 1 << 1;
/// AVX, and the operating system saves its registers.
const WIDE_VECTORS: u32 = 1 << 2;

/// Sets [`BULK_FEATURES`], which are returned in ecx, and changes nothing else but r8–r11 and flags.
#[unsafe(naked)]
unsafe extern "C" fn ask_for_bulk_features() {
    naked_asm!(
        "push rax",
        "push rbx",
        "push rdx",
        "mov  r8d, {asked}",
        "xor  eax, eax",
        "cpuid",
        "mov  r9d, eax", // the highest leaf
        "mov  eax, 1",
        "cpuid",
        "not  ecx",
        "test ecx, 0x18000000", // OSXSAVE, AVX
        "jnz  2f",
        "xor  ecx, ecx",
        "xgetbv",
        "not  eax",
        "test eax, 6", // the state of xmm and ymm
        "jnz  2f",
        "or   r8d, {wide_vectors}",
        "2:",
        "cmp  r9d, 7",
        "jb   3f",
        "mov  eax, 7",
        "xor  ecx, ecx",
        "cpuid",
        "test ebx, 0x200", // ERMS
        "jz   3f",
        "or   r8d, {fast_strings}",
        "3:",
        "mov  [rip + {features}], r8b",
        "mov  ecx, r8d",
        "pop  rdx",
        "pop  rbx",
        "pop  rax",
        "ret",
        features = sym BULK_FEATURES,
        asked = const ASKED,
        fast_strings = const FAST_STRINGS,
        wide_vectors = const WIDE_VECTORS,
    )
}

/// Bytes from which it pays to look at what the CPU has.
const LARGE: usize = 512;
/// Bytes from which `rep movsb` and `rep stosb` pay for their start-up.
const STRING: usize = 2048;
/// Bytes from which a copy leaves the caches.
const HUGE: usize = 4 << 20;

/// Copies `bytes` bytes between regions that may overlap; returns `destination`. Also `memmove` and `memcpy`.
///
/// Up to 128 bytes everything is loaded before anything is stored, so that overlap does not matter. Above, vectors go
/// into aligned places, from the end if the destination starts inside the source: 16 bytes wide, from [`LARGE`] on 32
/// where the CPU can.
///
/// `rep movsb` is best where both regions have the same alignment to a cache line (110 GB/s in L1 against 60 and 100
/// of the loops, on an AMD EPYC), and several times slower where they do not (20 GB/s), or where the source starts a
/// little behind the destination. From [`HUGE`] on it is best again, since it does not fetch the lines that it
/// overwrites.
///
/// # Safety
///
/// As for `memmove`.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmc_memmove(destination: *mut u8, source: *const u8, bytes: usize) -> *mut u8 {
    naked_asm!(
        "mov    rax, rdi",
        "cmp    rdx, 16",
        "jb     30f",
        "movups xmm0, [rsi]",
        "movups xmm1, [rsi + rdx - 16]",
        "cmp    rdx, 32",
        "ja     40f",
        "movups [rdi], xmm0",
        "movups [rdi + rdx - 16], xmm1",
        "ret",
        // 33 … 64
        "40:",
        "movups xmm2, [rsi + 16]",
        "movups xmm3, [rsi + rdx - 32]",
        "cmp    rdx, 64",
        "ja     50f",
        "movups [rdi], xmm0",
        "movups [rdi + 16], xmm2",
        "movups [rdi + rdx - 32], xmm3",
        "movups [rdi + rdx - 16], xmm1",
        "ret",
        // 65 … 128
        "50:",
        "movups xmm4, [rsi + 32]",
        "movups xmm5, [rsi + 48]",
        "movups xmm6, [rsi + rdx - 64]",
        "movups xmm7, [rsi + rdx - 48]",
        "cmp    rdx, 128",
        "ja     60f",
        "movups [rdi], xmm0",
        "movups [rdi + 16], xmm2",
        "movups [rdi + 32], xmm4",
        "movups [rdi + 48], xmm5",
        "movups [rdi + rdx - 64], xmm6",
        "movups [rdi + rdx - 48], xmm7",
        "movups [rdi + rdx - 32], xmm3",
        "movups [rdi + rdx - 16], xmm1",
        "ret",
        // More: which direction? (destination - source) mod 2^64 < bytes means that the destination starts in the
        // source.
        "60:",
        "mov    rcx, rdi",
        "sub    rcx, rsi",
        "cmp    rcx, rdx",
        "jb     80f",
        "cmp    rdx, {large}",
        "jae    70f",
        // Forward. xmm0 holds the first 16 bytes and xmm6, 7, 3, 1 the last 64; both are stored after the loop.
        "61:",
        "mov    r8, rdi",
        "lea    r9, [rdi + rdx - 64]",
        "add    rdi, 16",
        "and    rdi, -16",
        "mov    rcx, rdi",
        "sub    rcx, r8",
        "add    rsi, rcx",
        ".p2align 4",
        "62:",
        "movups xmm2, [rsi]",
        "movups xmm4, [rsi + 16]",
        "movups xmm5, [rsi + 32]",
        "movups xmm8, [rsi + 48]",
        "add    rsi, 64",
        "movaps [rdi], xmm2",
        "movaps [rdi + 16], xmm4",
        "movaps [rdi + 32], xmm5",
        "movaps [rdi + 48], xmm8",
        "add    rdi, 64",
        "cmp    rdi, r9",
        "jb     62b",
        "movups [r9], xmm6",
        "movups [r9 + 16], xmm7",
        "movups [r9 + 32], xmm3",
        "movups [r9 + 48], xmm1",
        "movups [r8], xmm0",
        "ret",
        // Large, forward. 75 if the regions overlap.
        "70:",
        "movzx  ecx, byte ptr [rip + {features}]",
        "test   ecx, ecx",
        "jnz    71f",
        "call   {ask}",
        "71:",
        "mov    r8, rsi",
        "sub    r8, rdi",
        "cmp    r8, rdx",
        "jb     75f",
        "cmp    rdx, {string}",
        "jb     75f",
        "test   ecx, {fast_strings}",
        "jz     75f",
        "test   r8d, 63",
        "jz     72f",
        "cmp    rdx, {huge}",
        "jb     75f",
        "72:",
        "mov    rcx, rdx",
        "rep    movsb",
        "ret",
        "75:",
        "test   ecx, {wide_vectors}",
        "jz     61b",
        // As 61, with ymm0 for the first 32 bytes and ymm4 … 7 for the last 128.
        "vmovdqu ymm0, [rsi]",
        "vmovdqu ymm4, [rsi + rdx - 128]",
        "vmovdqu ymm5, [rsi + rdx - 96]",
        "vmovdqu ymm6, [rsi + rdx - 64]",
        "vmovdqu ymm7, [rsi + rdx - 32]",
        "mov    r8, rdi",
        "lea    r9, [rdi + rdx - 128]",
        "add    rdi, 32",
        "and    rdi, -32",
        "mov    rcx, rdi",
        "sub    rcx, r8",
        "add    rsi, rcx",
        ".p2align 4",
        "76:",
        "vmovdqu ymm1, [rsi]",
        "vmovdqu ymm2, [rsi + 32]",
        "vmovdqu ymm3, [rsi + 64]",
        "vmovdqu ymm8, [rsi + 96]",
        "sub    rsi, -128",
        "vmovdqa [rdi], ymm1",
        "vmovdqa [rdi + 32], ymm2",
        "vmovdqa [rdi + 64], ymm3",
        "vmovdqa [rdi + 96], ymm8",
        "sub    rdi, -128",
        "cmp    rdi, r9",
        "jb     76b",
        "vmovdqu [r9], ymm4",
        "vmovdqu [r9 + 32], ymm5",
        "vmovdqu [r9 + 64], ymm6",
        "vmovdqu [r9 + 96], ymm7",
        "vmovdqu [r8], ymm0",
        "vzeroupper",
        "ret",
        // Backward. xmm0, 2, 4, 5 hold the first 64 bytes and xmm1 the last 16.
        "80:",
        "cmp    rdx, {large}",
        "jae    90f",
        "82:",
        "lea    r8, [rdi + rdx - 16]",
        "lea    r9, [rdi + 64]",
        "lea    rcx, [rdi + rdx - 1]",
        "and    rcx, -16",
        "sub    rsi, rdi",
        "add    rsi, rcx",
        ".p2align 4",
        "81:",
        "movups xmm3, [rsi - 16]",
        "movups xmm6, [rsi - 32]",
        "movups xmm7, [rsi - 48]",
        "movups xmm8, [rsi - 64]",
        "sub    rsi, 64",
        "movaps [rcx - 16], xmm3",
        "movaps [rcx - 32], xmm6",
        "movaps [rcx - 48], xmm7",
        "movaps [rcx - 64], xmm8",
        "sub    rcx, 64",
        "cmp    rcx, r9",
        "ja     81b",
        "movups [rdi], xmm0",
        "movups [rdi + 16], xmm2",
        "movups [rdi + 32], xmm4",
        "movups [rdi + 48], xmm5",
        "movups [r8], xmm1",
        "ret",
        // Large, backward. As 82, with ymm4 … 7 for the first 128 bytes and ymm0 for the last 32.
        "90:",
        "movzx  ecx, byte ptr [rip + {features}]",
        "test   ecx, ecx",
        "jnz    91f",
        "call   {ask}",
        "91:",
        "test   ecx, {wide_vectors}",
        "jz     82b",
        "vmovdqu ymm0, [rsi + rdx - 32]",
        "vmovdqu ymm4, [rsi]",
        "vmovdqu ymm5, [rsi + 32]",
        "vmovdqu ymm6, [rsi + 64]",
        "vmovdqu ymm7, [rsi + 96]",
        "lea    r8, [rdi + rdx - 32]",
        "lea    r9, [rdi + 128]",
        "lea    rcx, [rdi + rdx - 1]",
        "and    rcx, -32",
        "sub    rsi, rdi",
        "add    rsi, rcx",
        ".p2align 4",
        "92:",
        "vmovdqu ymm1, [rsi - 32]",
        "vmovdqu ymm2, [rsi - 64]",
        "vmovdqu ymm3, [rsi - 96]",
        "vmovdqu ymm8, [rsi - 128]",
        "add    rsi, -128",
        "vmovdqa [rcx - 32], ymm1",
        "vmovdqa [rcx - 64], ymm2",
        "vmovdqa [rcx - 96], ymm3",
        "vmovdqa [rcx - 128], ymm8",
        "add    rcx, -128",
        "cmp    rcx, r9",
        "ja     92b",
        "vmovdqu [rdi], ymm4",
        "vmovdqu [rdi + 32], ymm5",
        "vmovdqu [rdi + 64], ymm6",
        "vmovdqu [rdi + 96], ymm7",
        "vmovdqu [r8], ymm0",
        "vzeroupper",
        "ret",
        // 0 … 15
        "30:",
        "cmp    edx, 8",
        "jae    38f",
        "cmp    edx, 4",
        "jae    34f",
        "cmp    edx, 2",
        "jae    32f",
        "test   edx, edx",
        "jz     31f",
        "movzx  ecx, byte ptr [rsi]",
        "mov    [rdi], cl",
        "31:",
        "ret",
        "32:",
        "movzx  ecx, word ptr [rsi]",
        "movzx  esi, word ptr [rsi + rdx - 2]",
        "mov    [rdi], cx",
        "mov    [rdi + rdx - 2], si",
        "ret",
        "34:",
        "mov    ecx, [rsi]",
        "mov    esi, [rsi + rdx - 4]",
        "mov    [rdi], ecx",
        "mov    [rdi + rdx - 4], esi",
        "ret",
        "38:",
        "mov    rcx, [rsi]",
        "mov    rsi, [rsi + rdx - 8]",
        "mov    [rdi], rcx",
        "mov    [rdi + rdx - 8], rsi",
        "ret",
        features = sym BULK_FEATURES,
        ask = sym ask_for_bulk_features,
        fast_strings = const FAST_STRINGS,
        wide_vectors = const WIDE_VECTORS,
        large = const LARGE,
        string = const STRING,
        huge = const HUGE,
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
        "mov    rax, rdi",
        "movzx  esi, sil",
        "mov    rcx, 0x0101010101010101",
        "imul   rcx, rsi",
        "cmp    rdx, 16",
        "jb     30f",
        "movq   xmm0, rcx",
        "punpcklqdq xmm0, xmm0",
        "movups [rdi], xmm0",
        "movups [rdi + rdx - 16], xmm0",
        "cmp    rdx, 32",
        "jbe    31f",
        "movups [rdi + 16], xmm0",
        "movups [rdi + rdx - 32], xmm0",
        "cmp    rdx, 64",
        "jbe    31f",
        "movups [rdi + rdx - 64], xmm0",
        "movups [rdi + rdx - 48], xmm0",
        "cmp    rdx, {string}",
        "jae    70f",
        "61:",
        "lea    r9, [rdi + rdx - 64]",
        "add    rdi, 16",
        "and    rdi, -16",
        "cmp    rdi, r9",
        "jae    31f",
        ".p2align 4",
        "62:",
        "movaps [rdi], xmm0",
        "movaps [rdi + 16], xmm0",
        "movaps [rdi + 32], xmm0",
        "movaps [rdi + 48], xmm0",
        "add    rdi, 64",
        "cmp    rdi, r9",
        "jb     62b",
        "31:",
        "ret",
        "70:",
        "movzx  ecx, byte ptr [rip + {features}]",
        "test   ecx, ecx",
        "jnz    71f",
        "call   {ask}",
        "71:",
        "test   ecx, {fast_strings}",
        "jz     61b",
        "mov    r8, rax",
        "mov    eax, esi",
        "mov    rcx, rdx",
        "rep    stosb",
        "mov    rax, r8",
        "ret",
        // 0 … 15
        "30:",
        "cmp    edx, 8",
        "jae    38f",
        "cmp    edx, 4",
        "jae    34f",
        "test   edx, edx",
        "jz     31b",
        "mov    [rdi], cl",
        "mov    [rdi + rdx - 1], cl",
        "shr    edx, 1",
        "mov    [rdi + rdx], cl",
        "ret",
        "34:",
        "mov    [rdi], ecx",
        "mov    [rdi + rdx - 4], ecx",
        "ret",
        "38:",
        "mov    [rdi], rcx",
        "mov    [rdi + rdx - 8], rcx",
        "ret",
        features = sym BULK_FEATURES,
        ask = sym ask_for_bulk_features,
        fast_strings = const FAST_STRINGS,
        string = const STRING,
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
    naked_asm!("mov rax, rsi", "mov rcx, rdx", "rep stosq", "ret")
}

/// The names by which rustc's output calls for bulk memory operations. The targets' core library brings none.
#[cfg(not(test))]
mod rust_memory {
    use core::arch::naked_asm;

    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memmove(_: *mut u8, _: *const u8, _: usize) -> *mut u8 {
        naked_asm!("jmp {}", sym super::wasmc_memmove)
    }

    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(_: *mut u8, _: *const u8, _: usize) -> *mut u8 {
        naked_asm!("jmp {}", sym super::wasmc_memmove)
    }

    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memset(_: *mut u8, _: u32, _: usize) -> *mut u8 {
        naked_asm!("jmp {}", sym super::wasmc_memset)
    }

    /// Bytewise, in assembly: LLVM would recognise a loop in Rust and make it a call of itself. Nothing hot calls it.
    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcmp(_: *const u8, _: *const u8, _: usize) -> i32 {
        naked_asm!(
            "xor   eax, eax",
            "xor   ecx, ecx",
            "2:",
            "cmp   rcx, rdx",
            "je    3f",
            "movzx eax, byte ptr [rdi + rcx]",
            "movzx r8d, byte ptr [rsi + rcx]",
            "inc   rcx",
            "sub   eax, r8d",
            "jz    2b",
            "3:",
            "ret",
        )
    }

    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    unsafe extern "C" fn bcmp(_: *const u8, _: *const u8, _: usize) -> i32 {
        naked_asm!("jmp {}", sym memcmp)
    }

    #[unsafe(naked)]
    #[unsafe(no_mangle)]
    unsafe extern "C" fn strlen(_: *const u8) -> usize {
        naked_asm!("xor eax, eax", "2:", "cmp byte ptr [rdi + rax], 0", "je 3f", "inc rax", "jmp 2b", "3:", "ret")
    }
}

/// SSSE3's `pshufb` for machines without it: byte `i` of the result is byte `mask[i] & 15` of `vector`, or 0 where
/// the top bit of `mask[i]` is set.
#[unsafe(export_name = "wasmc_x86_pshufb")]
#[expect(improper_ctypes_definitions, reason = "the psABI passes a vector in xmm, and so does rustc")]
pub extern "C" fn pshufb(vector: __m128i, mask: __m128i) -> __m128i {
    // SAFETY: vectors and byte arrays have the same size, and any bytes are valid for both.
    let [bytes, mask] = unsafe { core::mem::transmute::<[__m128i; 2], [[u8; 16]; 2]>([vector, mask]) };
    let mut result = [0; 16];
    for (byte, selector) in result.iter_mut().zip(mask) {
        if selector & 0x80 == 0 {
            *byte = bytes[(selector & 15) as usize];
        }
    }
    // SAFETY: as above.
    unsafe { core::mem::transmute::<[u8; 16], __m128i>(result) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pshufb_selects_and_clears() {
        let bytes: [u8; 16] = core::array::from_fn(|i| i as u8 * 3);
        let mask = [0, 15, 0x80, 0x1f, 7, 0xff, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11];
        // SAFETY: plain bytes.
        let result: [u8; 16] = unsafe {
            core::mem::transmute(pshufb(
                core::mem::transmute::<[u8; 16], core::arch::x86_64::__m128i>(bytes),
                core::mem::transmute::<[u8; 16], core::arch::x86_64::__m128i>(mask),
            ))
        };
        assert_eq!(result, [0, 45, 0, 45, 21, 0, 3, 6, 9, 12, 15, 18, 24, 27, 30, 33]);
    }
}
