//! Units by hand → executables, which are run where the machine allows, and taken apart again.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use object::LittleEndian as LE;
use object::elf::{self, ProgramHeader64};
use object::read::elf::{ElfFile64, ProgramHeader};
use object::{Object, ObjectSection, ObjectSymbol};

use super::*;
use crate::object::unit::{Relocation, Section, SectionId, SectionKind, Symbol, SymbolId, SymbolKind};
use crate::object::{read, write};

const ENTRY: &str = "wasmc_entry";
const NATIVE: bool = cfg!(all(target_arch = "x86_64", target_os = "linux"));

fn to_executable(machine: Machine, entry: &str) -> LinkOptions<'_> {
    LinkOptions::new(machine, super::Output::Executable { entry })
}

/// Shorthands for making units.
impl<'data> Unit<'data> {
    fn section(&mut self, name: &'static str, kind: SectionKind, data: impl Into<Cow<'data, [u8]>>) -> SectionId {
        let data = data.into();
        let size = data.len() as u64;
        self.sections.push(Section { name: name.into(), kind, align: 8, data, size, relocations: Vec::new() })
    }

    fn symbol(&mut self, name: &str, kind: SymbolKind, place: Option<(SectionId, u64)>) -> SymbolId {
        let size = place.map_or(0, |(section, offset)| self.sections[section].size - offset);
        self.symbols.push(Symbol { name: name.into(), kind, global: true, exported: false, place, size })
    }

    fn function(&mut self, name: &str, code: &[u8]) -> (SectionId, SymbolId) {
        let section = self.section(".text", SectionKind::Text, code.to_vec());
        (section, self.symbol(name, SymbolKind::Function, Some((section, 0))))
    }

    fn relocate(&mut self, section: SectionId, offset: u32, r_type: u32, symbol: SymbolId, addend: i64) {
        self.sections[section].relocations.push(Relocation { offset, r_type, symbol, addend });
    }

    /// Makes a section keep `symbol` alive, by a field behind its contents.
    fn refer(&mut self, section: SectionId, machine: Machine, symbol: SymbolId) {
        let data = self.sections[section].data.to_mut();
        let offset = data.len().next_multiple_of(4);
        data.resize(offset + 4, 0);
        self.sections[section].size = data.len() as u64;
        self.relocate(section, offset as u32, machine.relative_32(), symbol, 0);
    }
}

/// Writes a message and exits with 0. The address of the message is at offset 8 in the code.
const HELLO: &[u8] = &[
    0xbf, 1, 0, 0, 0, // mov edi, 1
    0x48, 0x8d, 0x35, 0, 0, 0, 0, // lea rsi, [rip + message]
    0xba, 6, 0, 0, 0, // mov edx, 6
    0xb8, 1, 0, 0, 0, // mov eax, write
    0x0f, 0x05, // syscall
    0x31, 0xff, // xor edi, edi
    0xb8, 60, 0, 0, 0, // mov eax, exit
    0x0f, 0x05, // syscall
];

/// In two units: the entry point, and the message.
fn hello() -> Vec<Unit<'static>> {
    let mut code = Unit::default();
    let (text, _) = code.function(ENTRY, HELLO);
    let message = code.symbol("message", SymbolKind::Data, None);
    code.relocate(text, 8, elf::R_X86_64_PC32, message, -4);

    let mut data = Unit::default();
    let section = data.section(".rodata", SectionKind::ReadOnly, b"unused hello\n".as_slice());
    data.symbol("message", SymbolKind::Data, Some((section, 7)));
    vec![code, data]
}

/// Code that loads the address of `message` in a way that asks for the GOT, with `instruction` up to the displacement.
fn hello_by(instruction: [u8; 3], r_type: u32) -> Vec<Unit<'static>> {
    let mut units = hello();
    units[0].sections[SectionId::from_u32(0)].data.to_mut()[5..8].copy_from_slice(&instruction);
    units[0].sections[SectionId::from_u32(0)].relocations[0].r_type = r_type;
    units
}

fn link_x86_64(units: Vec<Unit<'_>>) -> Result<Vec<u8>, LinkError> {
    link(units, &to_executable(Machine::X86_64, ENTRY))
}

fn save(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn run(executable: &[u8]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let path = save(directory.path(), "a.out", executable);
    loop {
        match Command::new(&path).output() {
            // Another test's child may not yet have closed what it inherited of the file just written.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            result => return result.unwrap(),
        }
    }
}

/// Says what is not tested, which is an error where everything must be.
#[track_caller]
fn skipped(why: &str) {
    assert!(std::env::var_os("WASMC_TOOLS").is_none_or(|tools| tools != "required"), "{why}");
    println!("skipped: {why}");
}

/// Runs an executable for AArch64, where there is an emulator or it is native.
fn run_aarch64(executable: &[u8]) -> Option<Output> {
    if cfg!(all(target_arch = "aarch64", target_os = "linux")) {
        return Some(run(executable));
    }
    let directory = tempfile::tempdir().unwrap();
    let path = save(directory.path(), "a.out", executable);
    let result =
        ["qemu-aarch64-static", "qemu-aarch64"].iter().find_map(|qemu| Command::new(qemu).arg(&path).output().ok());
    if result.is_none() {
        skipped("no qemu-aarch64");
    }
    result
}

#[track_caller]
fn assert_says_hello(executable: &[u8]) {
    if NATIVE {
        let output = run(executable);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "hello\n", "{output:?}");
        assert!(output.status.success(), "{output:?}");
    }
}

fn segments(file: &[u8]) -> Vec<ProgramHeader64<LE>> {
    ElfFile64::<LE>::parse(file).unwrap().elf_program_headers().to_vec()
}

fn sections(file: &[u8]) -> Vec<String> {
    ElfFile64::<LE>::parse(file).unwrap().sections().map(|section| section.name().unwrap().to_owned()).collect()
}

/// Bytes of an output section.
fn contents<'a>(file: &'a [u8], name: &str) -> (u64, &'a [u8]) {
    let file = ElfFile64::<LE>::parse(file).unwrap();
    let section = file.section_by_name(name).unwrap_or_else(|| panic!("no section {name}"));
    (section.address(), section.data().unwrap())
}

/// Pairs of address and value that are relocated at start.
fn relative(file: &[u8], r_type: u32) -> Vec<(u64, u64)> {
    let (_, data) = contents(file, ".rela.dyn");
    let entries = object::pod::slice_from_all_bytes::<elf::Rela64<LE>>(data).unwrap();
    let entry = |entry: &elf::Rela64<LE>| {
        assert_eq!(entry.r_info.get(LE), u64::from(r_type));
        (entry.r_offset.get(LE), entry.r_addend.get(LE) as u64)
    };
    entries.iter().map(entry).collect()
}

/// All that must hold of every executable.
#[track_caller]
fn check(file: &[u8], page: u64) {
    let segments = segments(file);
    let of_type = |p_type| segments.iter().filter(move |segment| segment.p_type(LE) == p_type);
    assert_eq!(of_type(elf::PT_INTERP).count(), 0);
    assert_eq!(of_type(elf::PT_GNU_STACK).next().unwrap().p_flags(LE), elf::PF_R | elf::PF_W);

    let mut end_of_pages = 0;
    for load in of_type(elf::PT_LOAD) {
        let (address, offset, flags) = (load.p_vaddr(LE), load.p_offset(LE), load.p_flags(LE));
        assert_ne!(flags & (elf::PF_W | elf::PF_X), elf::PF_W | elf::PF_X, "writable and executable");
        assert_eq!(address % page, offset % page, "not congruent");
        assert_eq!(load.p_align(LE), page);
        assert!(address / page * page >= end_of_pages, "segments share a page of memory");
        assert!(load.p_filesz(LE) <= load.p_memsz(LE));
        assert!(offset + load.p_filesz(LE) <= file.len() as u64);
        end_of_pages = (address + load.p_memsz(LE)).next_multiple_of(page);
    }
    let relro = of_type(elf::PT_GNU_RELRO).next().expect("always there");
    let (start, end) = (relro.p_vaddr(LE), relro.p_vaddr(LE) + relro.p_memsz(LE));
    let around =
        of_type(elf::PT_LOAD).find(|load| load.p_vaddr(LE) <= start && end <= load.p_vaddr(LE) + load.p_memsz(LE));
    let around = around.expect("relro is loaded");
    if around.p_flags(LE) & elf::PF_W != 0 {
        assert_eq!(end % page, 0, "relro ends in the middle of a page");
        assert_eq!((start, relro.p_memsz(LE)), (around.p_vaddr(LE), around.p_memsz(LE)), "relro shares its segment");
    }
}

#[test]
fn an_executable_runs() {
    let file = link_x86_64(hello()).unwrap();
    check(&file, 4096);
    assert_says_hello(&file);
    // Nothing is relocated at start, so nothing is there for it.
    assert_eq!(sections(&file), [".dynamic", ".rodata", ".text", ".symtab", ".strtab", ".shstrtab"]);
    assert!(file.len() < 2048, "{} bytes", file.len());
}

#[test]
fn symbols_are_for_debuggers_and_can_be_stripped() {
    let file = link_x86_64(hello()).unwrap();
    let parsed = ElfFile64::<LE>::parse(&*file).unwrap();
    let entry = parsed.symbols().find(|symbol| symbol.name() == Ok(ENTRY)).unwrap();
    assert_eq!(entry.kind(), object::SymbolKind::Text);
    assert_eq!((entry.address(), entry.size()), (parsed.entry(), HELLO.len() as u64));

    let stripped = link(hello(), &LinkOptions { strip: true, ..to_executable(Machine::X86_64, ENTRY) }).unwrap();
    assert_eq!(sections(&stripped), [".dynamic", ".rodata", ".text", ".shstrtab"]);
    assert_says_hello(&stripped);
}

#[test]
fn undefined_symbols_are_named_with_who_refers_to_them() {
    let mut units = hello();
    units.pop();
    let error = link_x86_64(units).unwrap_err();
    assert_eq!(error.to_string(), "`message` is not defined; `wasmc_entry` (.text+0x8) refers to it");

    let error = link_x86_64(vec![]).unwrap_err();
    assert_eq!(error.to_string(), "entry point `wasmc_entry` is not defined");
}

#[test]
fn duplicate_symbols_are_errors() {
    let mut units = hello();
    units.push(hello().pop().unwrap());
    let error = link_x86_64(units).unwrap_err();
    assert_eq!(error.to_string(), "`message` is defined twice, in .rodata and in .rodata");
}

#[test]
fn local_symbols_of_two_units_do_not_meet() {
    let mut units = hello();
    let mut other = Unit::default();
    let section = other.section(".rodata", SectionKind::ReadOnly, b"x".as_slice());
    let local = other.symbol("message", SymbolKind::Data, Some((section, 0)));
    other.symbols[local].global = false;
    units.insert(0, other);
    assert_says_hello(&link_x86_64(units).unwrap());
}

#[test]
fn what_the_entry_does_not_reach_is_dropped() {
    let mut units = hello();
    let mut dead = Unit::default();
    let (text, _) = dead.function("dead", &[0; 64]);
    let missing = dead.symbol("missing", SymbolKind::Function, None);
    dead.relocate(text, 0, elf::R_X86_64_PLT32, missing, -4);
    let data = dead.section(".data", SectionKind::Data, [1; 64].as_slice());
    dead.symbol("dead_data", SymbolKind::Data, Some((data, 0)));
    units.push(dead);
    assert_eq!(link_x86_64(units).unwrap(), link_x86_64(hello()).unwrap());
}

#[test]
fn addresses_in_data_are_relocated_at_start() {
    let mut units = hello();
    let unit = &mut units[0];
    let message = SymbolId::from_u32(1);
    let data = unit.section(".data", SectionKind::Data, [0; 16].as_slice());
    let relro = unit.section(".data.rel.ro", SectionKind::RelroData, [0; 16].as_slice());
    unit.relocate(data, 8, elf::R_X86_64_64, message, 3);
    unit.relocate(relro, 0, elf::R_X86_64_64, message, 0);
    for section in [data, relro] {
        let symbol = unit.symbol(if section == data { "d" } else { "r" }, SymbolKind::Data, Some((section, 0)));
        unit.refer(SectionId::from_u32(0), Machine::X86_64, symbol);
    }

    let file = link_x86_64(units).unwrap();
    check(&file, 4096);
    assert_says_hello(&file);
    let message = contents(&file, ".rodata").0 + 7;
    let (data, relro) = (contents(&file, ".data").0, contents(&file, ".data.rel.ro").0);
    assert_eq!(relative(&file, elf::R_X86_64_RELATIVE), [(relro, message), (data + 8, message + 3)]);
    assert_eq!(contents(&file, ".data").1[8..], (message + 3).to_le_bytes());
    assert!(segments(&file).iter().any(|segment| segment.p_type(LE) == elf::PT_GNU_RELRO));
}

#[test]
fn addresses_elsewhere_are_errors() {
    for (kind, r_type) in [
        (SectionKind::ReadOnly, elf::R_X86_64_64),
        (SectionKind::Text, elf::R_X86_64_32S),
        (SectionKind::Data, elf::R_X86_64_32),
        (SectionKind::Image, elf::R_X86_64_64),
    ] {
        let mut units = hello();
        let section = units[1].section(".odd", kind, [0; 8].as_slice());
        units[1].relocate(SectionId::from_u32(0), 0, elf::R_X86_64_PC32, SymbolId::from_u32(1), 0);
        let odd = units[1].symbol("odd", SymbolKind::Data, Some((section, 0)));
        units[1].relocate(section, 0, r_type, odd, 0);
        let error = link_x86_64(units).unwrap_err();
        assert!(matches!(error, LinkError::AbsoluteAddress { .. }), "{error}");
    }
}

#[test]
fn loads_from_the_got_become_addresses() {
    // mov rsi, [rip + message@GOTPCREL]
    let file = link_x86_64(hello_by([0x48, 0x8b, 0x35], elf::R_X86_64_REX_GOTPCRELX)).unwrap();
    assert!(!sections(&file).contains(&".got".to_owned()));
    assert_eq!(contents(&file, ".text").1, contents(&link_x86_64(hello()).unwrap(), ".text").1);
    assert_says_hello(&file);
}

#[test]
fn calls_and_jumps_through_the_got_become_direct() {
    for (mod_rm, expected) in [(0x15, &[0x67, 0xe8][..]), (0x25, &[0xe9][..])] {
        let mut units = hello();
        let (text, _) = units[1].function("start", &[0xff, mod_rm, 0, 0, 0, 0]);
        let entry = units[1].symbol(ENTRY, SymbolKind::Function, None);
        units[1].relocate(text, 2, elf::R_X86_64_GOTPCRELX, entry, -4);
        let file = link(units, &to_executable(Machine::X86_64, "start")).unwrap();
        let (_, code) = contents(&file, ".text");
        let at = code.len() - 6;
        assert!(code[at..].starts_with(expected), "{:x?}", &code[at..]);
        assert_says_hello(&file);
    }
}

#[test]
fn other_uses_of_the_got_get_a_slot() {
    // add rsi, [rip + message@GOTPCREL] has no other form, and GOTPCREL does not say what the instruction is.
    for (instruction, r_type) in
        [([0x48, 0x03, 0x35], elf::R_X86_64_REX_GOTPCRELX), ([0x48, 0x8b, 0x35], elf::R_X86_64_GOTPCREL)]
    {
        let file = link_x86_64(hello_by(instruction, r_type)).unwrap();
        check(&file, 4096);
        let (got, slots) = contents(&file, ".got");
        let message = contents(&file, ".rodata").0 + 7;
        assert_eq!(slots, message.to_le_bytes());
        assert_eq!(relative(&file, elf::R_X86_64_RELATIVE), [(got, message)]);
        let (text, code) = contents(&file, ".text");
        let displacement = i32::from_le_bytes(code[8..12].try_into().unwrap());
        assert_eq!((text + 12).wrapping_add_signed(displacement.into()), got);
    }
}

#[test]
fn symbols_out_of_reach_are_errors() {
    let mut units = hello();
    let relocation = &mut units[0].sections[SectionId::from_u32(0)].relocations[0];
    relocation.addend = 1 << 32;
    let error = link_x86_64(units).unwrap_err();
    assert_eq!(error.to_string(), "`wasmc_entry` (.text+0x8) cannot reach `message` (relocation type 2)");
}

#[test]
fn malformed_units_are_errors() {
    type Damage = fn(&mut Section<'_>);
    let damages: [Damage; 7] = [
        |section| section.align = 3,
        |section| section.align = 1 << 60,
        |section| section.size += 1,
        |section| section.relocations[0].offset = section.size as u32 - 3,
        |section| section.relocations[0].offset = u32::MAX,
        |section| section.relocations[0].symbol = SymbolId::from_u32(99),
        |section| {
            let first = Relocation { offset: 9, ..section.relocations[0] };
            section.relocations.insert(0, first);
        },
    ];
    for (index, damage) in damages.into_iter().enumerate() {
        let mut units = hello();
        damage(&mut units[0].sections[SectionId::from_u32(0)]);
        let error = link_x86_64(units).unwrap_err();
        assert!(matches!(error, LinkError::Malformed { .. }), "{index}: {error}");
    }

    let mut units = hello();
    units[0].sections[SectionId::from_u32(0)].relocations[0].r_type = 12345;
    assert!(matches!(link_x86_64(units).unwrap_err(), LinkError::UnknownRelocation { r_type: 12345, .. }));

    let mut units = hello();
    units[1].symbols[SymbolId::from_u32(0)].place = Some((SectionId::from_u32(7), 0));
    assert!(matches!(link_x86_64(units).unwrap_err(), LinkError::Malformed { .. }));
}

/// Every kind of section, all reachable.
fn everything(machine: Machine) -> Vec<Unit<'static>> {
    use SectionKind::*;
    let mut units = hello();
    let unit = &mut units[0];
    let text = SectionId::from_u32(0);
    if machine == Machine::Aarch64 {
        unit.sections[text].relocations[0].r_type = elf::R_AARCH64_PREL32;
    }
    for (name, kind, size) in [
        (".note.wasmc", Note, 20),
        (".rodata", ReadOnly, 100),
        (".data.rel.ro", RelroData, 16),
        (".data", Data, 5),
        (".bss", Bss, 100_000),
        (".wasm.image", Image, 3 << 16),
        (".debug_info", Unloaded, 32),
    ] {
        let data = if kind == Bss { vec![] } else { vec![kind as u8; size] };
        let section = unit.section(name, kind, data);
        unit.sections[section].size = size as u64;
        if kind == Unloaded {
            let entry = SymbolId::from_u32(0);
            unit.relocate(section, 8, machine.absolute_64(), entry, 0);
        } else {
            let symbol = unit.symbol(&name[1..], SymbolKind::Data, Some((section, 0)));
            unit.refer(text, machine, symbol);
            if kind == RelroData {
                unit.relocate(section, 8, machine.absolute_64(), symbol, 0);
            }
        }
    }
    units
}

#[test]
fn each_kind_of_section_gets_its_segment() {
    for machine in [Machine::X86_64, Machine::Aarch64] {
        let page = machine.max_page_size();
        let file = link(everything(machine), &to_executable(machine, ENTRY)).unwrap();
        check(&file, page);
        if machine == Machine::X86_64 {
            assert_says_hello(&file);
        }
        let (read, write, execute) = (elf::PF_R, elf::PF_R | elf::PF_W, elf::PF_R | elf::PF_X);
        let loads: Vec<_> = segments(&file).into_iter().filter(|segment| segment.p_type(LE) == elf::PT_LOAD).collect();
        let flags: Vec<_> = loads.iter().map(|load| load.p_flags(LE)).collect();
        assert_eq!(flags, [read, execute, write, write, write]);

        let (image, data) = contents(&file, ".wasm.image");
        assert_eq!(image % (64 << 10), 0);
        assert_eq!(data, [SectionKind::Image as u8; 3 << 16]);
        assert_eq!((loads[4].p_vaddr(LE), loads[4].p_memsz(LE)), (image, 3 << 16));
        assert_eq!(loads[4].p_offset(LE) % page, 0);
        // Zeros take no room.
        assert_eq!(loads[3].p_filesz(LE), 5);
        assert!(loads[3].p_memsz(LE) > 100_000);

        let entry = ElfFile64::<LE>::parse(&*file).unwrap().entry();
        assert_eq!(contents(&file, ".debug_info").1[8..16], entry.to_le_bytes());
    }
}

#[test]
fn only_zeros_begin_at_a_page() {
    let mut units = hello();
    let bss = units[1].section(".bss", SectionKind::Bss, vec![]);
    units[1].sections[bss].size = 10;
    let zeros = units[1].symbol("zeros", SymbolKind::Data, Some((bss, 0)));
    units[1].relocate(SectionId::from_u32(0), 0, elf::R_X86_64_PC32, zeros, 0);
    let file = link_x86_64(units).unwrap();
    check(&file, 4096);
    let last = segments(&file).into_iter().rfind(|segment| segment.p_type(LE) == elf::PT_LOAD).unwrap();
    assert_eq!((last.p_vaddr(LE) % 4096, last.p_filesz(LE), last.p_memsz(LE)), (0, 0, 10));
    assert_says_hello(&file);
}

#[test]
fn the_runtime_finds_headers_and_relocations() {
    let mut units = everything(Machine::X86_64);
    let unit = &mut units[0];
    let table = unit.section(".rodata", SectionKind::ReadOnly, vec![0; 16]);
    for (index, name) in ["__ehdr_start", "__rela_iplt_start", "__rela_iplt_end", "_DYNAMIC"].into_iter().enumerate() {
        let symbol = unit.symbol(name, SymbolKind::Data, None);
        unit.relocate(table, 4 * index as u32, elf::R_X86_64_PC32, symbol, 4 * index as i64);
    }
    unit.symbol("table", SymbolKind::Data, Some((table, 0)));
    let table = unit.symbol("", SymbolKind::Section, Some((table, 0)));
    unit.refer(SectionId::from_u32(0), Machine::X86_64, table);

    let file = link_x86_64(units).unwrap();
    let parsed = ElfFile64::<LE>::parse(&*file).unwrap();
    let address = parsed.symbols().find(|symbol| symbol.name() == Ok("table")).unwrap().address();
    let (rodata, bytes) = contents(&file, ".rodata");
    let table = &bytes[(address - rodata) as usize..];
    let value = |index: usize| {
        let distance = i32::from_le_bytes(table[4 * index..4 * index + 4].try_into().unwrap());
        address.wrapping_add_signed(distance.into())
    };
    let (relative, entries) = contents(&file, ".rela.dyn");
    assert_eq!(entries.len(), 24);
    let expected = [0, relative, relative + 24, contents(&file, ".dynamic").0];
    assert_eq!([value(0), value(1), value(2), value(3)], expected);
}

#[test]
fn same_input_same_bytes() {
    let threads = |count| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap();
        pool.install(|| link_x86_64(everything(Machine::X86_64)).unwrap())
    };
    assert_eq!(threads(1), threads(3));
}

/// A CIE and FDEs of `functions`, as an assembler makes them.
fn unwind_section(unit: &mut Unit<'_>, functions: &[SymbolId]) {
    let mut data = vec![12, 0, 0, 0, 0, 0, 0, 0, 1, b'z', b'R', 0, 1, 0x78, 16, 0];
    let mut offsets = Vec::new();
    for _ in functions {
        let start = data.len() as u32;
        data.extend(12u32.to_le_bytes());
        data.extend((start + 4).to_le_bytes());
        data.extend([0, 0, 0, 0, 1, 0, 0, 0]);
        offsets.push(start + 8);
    }
    data.extend([0; 4]);
    let section = unit.section(".eh_frame", SectionKind::EhFrame, data);
    for (&function, offset) in functions.iter().zip(offsets) {
        unit.relocate(section, offset, elf::R_X86_64_PC32, function, 0);
    }
}

#[test]
fn unwind_entries_of_dead_functions_are_cut_out() {
    let mut units = hello();
    let (_, dead) = units[0].function("dead", &[0xc3]);
    let (live_section, live) = units[0].function("live", &[0xc3]);
    units[0].refer(SectionId::from_u32(0), Machine::X86_64, live);
    unwind_section(&mut units[0], &[dead, SymbolId::from_u32(0), dead, live]);
    unwind_section(&mut units[1], &[]);
    assert_eq!(live_section, SectionId::from_u32(2));

    let file = link_x86_64(units).unwrap();
    let (address, data) = contents(&file, ".eh_frame");
    let word = |at: usize| u32::from_le_bytes(data[at..at + 4].try_into().unwrap());
    assert_eq!(data.len(), 3 * 16 + 4);
    assert_eq!([word(20), word(36), word(48)], [20, 36, 0]);
    let text = contents(&file, ".text").0;
    let function = |at: usize| (address + at as u64).wrapping_add_signed((word(at) as i32).into());
    assert_eq!(function(24), text);
    let live = ElfFile64::<LE>::parse(&*file).unwrap().symbols().find(|s| s.name() == Ok("live")).unwrap().address();
    assert_eq!(function(40), live);
}

#[test]
fn malformed_unwind_sections_are_errors() {
    for data in [vec![200, 0, 0, 0, 0, 0, 0, 0], vec![4, 0, 0], vec![4, 0, 0, 0, 9, 9, 9, 9], vec![0xff; 32]] {
        let mut units = hello();
        units[0].section(".eh_frame", SectionKind::EhFrame, data);
        assert!(matches!(link_x86_64(units).unwrap_err(), LinkError::Malformed { .. }));
    }
}

/// A section that is written in several pieces, with relocations wherever a piece might end.
#[test]
fn large_sections_are_relocated_as_a_whole() {
    const SIZE: usize = 5 << 20;
    let mut units = hello();
    let unit = &mut units[0];
    let table = unit.section(".rodata", SectionKind::ReadOnly, vec![0xaa; SIZE]);
    let symbol = unit.symbol("", SymbolKind::Section, Some((table, 0)));
    unit.refer(SectionId::from_u32(0), Machine::X86_64, symbol);
    // Dense for the first three megabytes, so that there are no gaps, then none, then one at the very end.
    let mut offsets: Vec<u32> = (0..3 << 20).step_by(8).collect();
    offsets.extend((3 << 20..SIZE as u32 - 8).step_by(700_001));
    offsets.push(SIZE as u32 - 8);
    for &offset in &offsets {
        unit.relocate(table, offset, elf::R_X86_64_PC64, symbol, 0);
    }
    let file = link_x86_64(units).unwrap();
    assert_says_hello(&file);

    let (_, data) = contents(&file, ".rodata");
    let mut expected = vec![0xaa; SIZE];
    for offset in offsets {
        let distance = -i64::from(offset);
        expected[offset as usize..offset as usize + 8].copy_from_slice(&distance.to_le_bytes());
    }
    assert!(data[..SIZE] == expected);
}

#[test]
fn aarch64_fields() {
    let mut unit = Unit::default();
    let code: Vec<u8> = [
        0x9400_0000u32, // bl target
        0x9000_0000,    // adrp x0, message
        0x9100_0000,    // add x0, x0, :lo12:message
        0xf940_0001,    // ldr x1, [x0, :lo12:message]
        0x9000_0002,    // adrp x2, :got:message
        0xf940_0042,    // ldr x2, [x2, :got_lo12:message]
        0x5400_0000,    // b.eq target
        0x3600_0000,    // tbz w0, #0, target
        0x1000_0000,    // adr x0, target
        0xd65f_03c0,    // target: ret
    ]
    .into_iter()
    .flat_map(u32::to_le_bytes)
    .collect();
    let (text, entry) = unit.function(ENTRY, &code);
    let rodata = unit.section(".rodata", SectionKind::ReadOnly, [0; 64].as_slice());
    let message = unit.symbol("message", SymbolKind::Data, Some((rodata, 40)));
    for (offset, r_type, symbol, addend) in [
        (0, elf::R_AARCH64_CALL26, entry, 36),
        (4, elf::R_AARCH64_ADR_PREL_PG_HI21, message, 0),
        (8, elf::R_AARCH64_ADD_ABS_LO12_NC, message, 0),
        (12, elf::R_AARCH64_LDST64_ABS_LO12_NC, message, 0),
        (16, elf::R_AARCH64_ADR_GOT_PAGE, message, 0),
        (20, elf::R_AARCH64_LD64_GOT_LO12_NC, message, 0),
        (24, elf::R_AARCH64_CONDBR19, entry, 36),
        (28, elf::R_AARCH64_TSTBR14, entry, 36),
        (32, elf::R_AARCH64_ADR_PREL_LO21, entry, 36),
    ] {
        unit.relocate(text, offset, r_type, symbol, addend);
    }
    let options = to_executable(Machine::Aarch64, ENTRY);
    let file = link(vec![unit], &options).unwrap();
    check(&file, 64 << 10);

    let (text, code) = contents(&file, ".text");
    let message = contents(&file, ".rodata").0 + 40;
    let word = |index: usize| u32::from_le_bytes(code[4 * index..4 * index + 4].try_into().unwrap());
    let pages = ((message >> 12) as u32).wrapping_sub((text >> 12) as u32);
    let adrp = |register: u32| 0x9000_0000 | (pages & 3) << 29 | (pages >> 2 & 0x7_ffff) << 5 | register;
    let low = (message & 0xfff) as u32;
    assert_eq!(word(0), 0x9400_0009);
    assert_eq!(word(1), adrp(0));
    assert_eq!(word(2), 0x9100_0000 | low << 10);
    assert_eq!(word(3), 0xf940_0001 | (low >> 3) << 10);
    assert_eq!(word(4), adrp(2));
    assert_eq!(word(5), 0x9100_0042 | low << 10);
    assert_eq!(word(6), 0x5400_0000 | 3 << 5);
    assert_eq!(word(7), 0x3600_0000 | 2 << 5);
    assert_eq!(word(8), 0x1000_0000 | 1 << 5);
}

#[test]
fn an_aarch64_call_reaches_128_mib() {
    const REACH: i64 = 128 << 20;
    for (addend, fits) in [(REACH - 4, true), (REACH, false), (-REACH, true), (-REACH - 4, false), (2, false)] {
        let mut unit = Unit::default();
        let (text, entry) = unit.function(ENTRY, &0x9400_0000u32.to_le_bytes());
        unit.relocate(text, 0, elf::R_AARCH64_CALL26, entry, addend);
        let linked = link(vec![unit], &to_executable(Machine::Aarch64, ENTRY));
        assert_eq!(linked.is_ok(), fits, "{addend:#x}");
        assert!(fits || matches!(linked, Err(LinkError::Overflow { .. })), "{addend:#x}");
    }
}

#[test]
fn an_aarch64_executable_runs() {
    let code: Vec<u8> = [
        0xd280_0020u32, // mov x0, #1
        0x9000_0001,    // adrp x1, :got:message
        0xf940_0021,    // ldr x1, [x1, :got_lo12:message]
        0xd280_00c2,    // mov x2, #6
        0xd280_0808,    // mov x8, #64 (write)
        0xd400_0001,    // svc #0
        0xd280_0000,    // mov x0, #0
        0xd280_0ba8,    // mov x8, #93 (exit)
        0xd400_0001,    // svc #0
    ]
    .into_iter()
    .flat_map(u32::to_le_bytes)
    .collect();
    let mut units = everything(Machine::Aarch64);
    let text = &mut units[0].sections[SectionId::from_u32(0)];
    text.data.to_mut()[..HELLO.len()].fill(0);
    text.data.to_mut().splice(..36, code);
    let message = text.relocations.remove(0).symbol;
    let field = |offset, r_type| Relocation { offset, r_type, symbol: message, addend: 0 };
    text.relocations.insert(0, field(4, elf::R_AARCH64_ADR_GOT_PAGE));
    text.relocations.insert(1, field(8, elf::R_AARCH64_LD64_GOT_LO12_NC));
    let file = link(units, &to_executable(Machine::Aarch64, ENTRY)).unwrap();
    check(&file, 64 << 10);
    if let Some(output) = run_aarch64(&file) {
        assert_eq!(String::from_utf8_lossy(&output.stdout), "hello\n", "{output:?}");
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
fn aarch64_faults() {
    for (r_type, addend, code) in [
        (elf::R_AARCH64_CALL26, 1 << 28, 0x9400_0000u32),
        (elf::R_AARCH64_CALL26, 2, 0x9400_0000),
        (elf::R_AARCH64_CONDBR19, 1 << 20, 0x5400_0000),
        (elf::R_AARCH64_TSTBR14, 1 << 15, 0x3600_0000),
        (elf::R_AARCH64_ADR_PREL_LO21, 1 << 20, 0x1000_0000),
        (elf::R_AARCH64_ADR_PREL_PG_HI21, 1 << 33, 0x9000_0000),
        (elf::R_AARCH64_LDST64_ABS_LO12_NC, 4, 0xf940_0000),
        (elf::R_AARCH64_PREL32, 1 << 32, 0),
    ] {
        let mut unit = Unit::default();
        let (text, entry) = unit.function(ENTRY, &code.to_le_bytes());
        unit.relocate(text, 0, r_type, entry, addend);
        let error = link(vec![unit], &to_executable(Machine::Aarch64, ENTRY)).unwrap_err();
        assert!(matches!(error, LinkError::Overflow { .. }), "{r_type}: {error}");
    }
}

/// Other linkers take the same objects.
#[test]
fn other_linkers_agree() {
    let directory = tempfile::tempdir().unwrap();
    let objects: Vec<PathBuf> = hello()
        .iter()
        .zip(["code.o", "data.o"])
        .map(|(unit, name)| save(directory.path(), name, &write::write(Machine::X86_64, unit).unwrap()))
        .collect();

    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output();
    let rust_lld = sysroot.ok().map(|output| {
        let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        sysroot.join("lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld")
    });
    let linkers = [(PathBuf::from("ld"), &[][..]), (rust_lld.unwrap_or_default(), &["-flavor", "gnu"][..])];
    for (linker, arguments) in linkers {
        let executable = directory.path().join("linked");
        let result = Command::new(&linker)
            .args(arguments)
            .args(["-pie", "--no-dynamic-linker", "-z", "text", "-e", ENTRY, "-o"])
            .arg(&executable)
            .args(&objects)
            .output();
        match result {
            Err(error) => skipped(&format!("{}: {error}", linker.display())),
            Ok(output) => {
                assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
                assert_says_hello(&std::fs::read(executable).unwrap());
            }
        }
    }
}

/// What a C compiler makes of code that relocates itself, uses every kind of data, and is partly dead.
#[test]
fn compiled_objects_run() {
    const SOURCE: &str = r#"
        typedef unsigned long u64;
        extern const char __ehdr_start[] __attribute__((visibility("hidden")));
        typedef struct { u64 place, info, value; } Rela;
        extern const Rela __rela_iplt_start[], __rela_iplt_end[];
        static long call(long n, long a, long b, long c) {
            long result;
            __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
            return result;
        }
        extern int elsewhere;
        int elsewhere_too(int);
        static const char *const words[] = { "hello", "\n" };
        static const char *const *volatile indirect = words;
        char zeros[100000];
        int missing(void);
        int dead(void) { return missing() + elsewhere; }
        __attribute__((force_align_arg_pointer)) void wasmc_entry(void) {
            for (const Rela *rela = __rela_iplt_start; rela != __rela_iplt_end; rela++)
                *(u64 *)(__ehdr_start + rela->place) = (u64)__ehdr_start + rela->value;
            call(1, 1, (long)indirect[0], 5);
            call(1, 1, (long)indirect[1], 1);
            for (int i = 0; i < sizeof zeros; i++) elsewhere += zeros[i];
            call(60, elsewhere_too(elsewhere), 0, 0);
        }
    "#;
    const OTHER: &str = "int elsewhere = 42; int elsewhere_too(int n) { return n - 42; }";

    let directory = tempfile::tempdir().unwrap();
    for level in ["-O0", "-O2"] {
        let mut objects = Vec::new();
        for (name, source) in [("a", SOURCE), ("b", OTHER)] {
            let input = save(directory.path(), &format!("{name}.c"), source.as_bytes());
            let output = directory.path().join(format!("{name}.o"));
            let flags = ["-c", "-g", "-fPIE", "-ffreestanding", "-ffunction-sections", "-fno-stack-protector", level];
            let result = Command::new("cc").args(flags).arg(input).arg("-o").arg(&output).output();
            match result {
                _ if !NATIVE => return println!("skipped: not x86-64 Linux"),
                Err(error) => return println!("skipped: no C compiler: {error}"),
                Ok(output) => assert!(output.status.success(), "{output:?}"),
            }
            objects.push(std::fs::read(output).unwrap());
        }
        let units = || objects.iter().map(|bytes| read::read(Machine::X86_64, bytes).unwrap());
        let file = link_x86_64(units().collect()).unwrap();
        check(&file, 4096);
        assert_says_hello(&file);

        // The same once more through our own object files.
        let written: Vec<_> = units().map(|unit| write::write(Machine::X86_64, &unit).unwrap()).collect();
        let units = written.iter().map(|bytes| read::read(Machine::X86_64, bytes).unwrap());
        assert!(link_x86_64(units.collect()).unwrap() == file, "object files do not keep everything");
    }
}

/// Prints how long a large program takes: `cargo test --release -p wasmc --lib speed -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn speed() {
    const FUNCTIONS: u64 = 50_000;
    const FUNCTION_SIZE: u64 = 800;
    const CALLS: u64 = 20;
    let mut unit = Unit::default();
    let text = unit.section(".text", SectionKind::Text, vec![0x90; (FUNCTIONS * FUNCTION_SIZE) as usize]);
    for index in 0..FUNCTIONS {
        let name =
            if index == 0 { ENTRY.to_owned() } else { format!("a_function_with_a_name::of_usual_length_{index}") };
        let id = unit.symbol(&name, SymbolKind::Function, Some((text, index * FUNCTION_SIZE)));
        unit.symbols[id].size = FUNCTION_SIZE;
        unit.symbols[id].global = index == 0;
    }
    for index in 0..FUNCTIONS * CALLS {
        let offset = index * FUNCTION_SIZE / CALLS + 8;
        let symbol = SymbolId::from_u32((index * 7919 % FUNCTIONS) as u32);
        unit.relocate(text, offset as u32, elf::R_X86_64_PLT32, symbol, -4);
    }
    let start = std::time::Instant::now();
    let object = write::write(Machine::X86_64, &unit).unwrap();
    println!("as an object, {} bytes: {:?}", object.len(), start.elapsed());
    let start = std::time::Instant::now();
    let file = link_x86_64(vec![unit]).unwrap();
    println!("{} functions, {} relocations, {} bytes: {:?}", FUNCTIONS, FUNCTIONS * CALLS, file.len(), start.elapsed());
}
