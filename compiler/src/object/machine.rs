//! The facts about an architecture that object files are made of.

use object::elf;
use wasmc_abi::harden::Call;

/// An architecture that objects and executables can be written for. All are 64-bit and little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    X86_64,
    Aarch64,
}

impl Machine {
    /// `e_machine` of the ELF header.
    pub fn elf_number(self) -> u16 {
        match self {
            Machine::X86_64 => elf::EM_X86_64,
            Machine::Aarch64 => elf::EM_AARCH64,
        }
    }

    pub(super) fn architecture(self) -> object::Architecture {
        match self {
            Machine::X86_64 => object::Architecture::X86_64,
            Machine::Aarch64 => object::Architecture::Aarch64,
        }
    }

    /// The relocation type of a 32-bit field that holds symbol + addend - its own address.
    pub fn relative_32(self) -> u32 {
        match self {
            Machine::X86_64 => elf::R_X86_64_PC32,
            Machine::Aarch64 => elf::R_AARCH64_PREL32,
        }
    }

    /// The relocation type of a 64-bit field that holds symbol + addend.
    pub fn absolute_64(self) -> u32 {
        match self {
            Machine::X86_64 => elf::R_X86_64_64,
            Machine::Aarch64 => elf::R_AARCH64_ABS64,
        }
    }

    /// The relocation type of a 32-bit field that holds symbol + addend.
    pub fn absolute_32(self) -> u32 {
        match self {
            Machine::X86_64 => elf::R_X86_64_32,
            Machine::Aarch64 => elf::R_AARCH64_ABS32,
        }
    }

    /// The register that holds the running thread's instance, by its number in DWARF: r15, x21.
    pub fn instance_register(self) -> gimli::Register {
        match self {
            Machine::X86_64 => gimli::X86_64::R15,
            Machine::Aarch64 => gimli::AArch64::X21,
        }
    }

    /// What lies between functions: instructions that trap, so that a jump into the gaps is caught (`int3`, `udf #0`).
    pub fn filler(self) -> u8 {
        match self {
            Machine::X86_64 => 0xcc,
            Machine::Aarch64 => 0,
        }
    }

    /// Bytes of code that a program may have: as far as a call reaches, and on AArch64 (26 bits, in words) the runtime
    /// library must be within reach of all of it. Veneers would lift that limit; no program is known that needs them.
    pub fn max_code_size(self) -> usize {
        match self {
            Machine::X86_64 => (2 << 30) - 1,
            Machine::Aarch64 => 127 << 20,
        }
    }

    /// The largest page size of its Linux kernels: segments that differ in protection are this far apart.
    pub fn max_page_size(self) -> u64 {
        match self {
            Machine::X86_64 => 4 << 10,
            Machine::Aarch64 => 64 << 10,
        }
    }

    /// The number of a system call.
    pub fn system_call(self, call: Call) -> u32 {
        match self {
            Machine::X86_64 => call.numbers().x86_64,
            Machine::Aarch64 => call.numbers().aarch64,
        }
    }

    /// What a seccomp filter sees as the architecture of a system call: the machine, 64 bits, little-endian.
    pub fn audit_architecture(self) -> u32 {
        0xc000_0000 | u32::from(self.elf_number())
    }
}
