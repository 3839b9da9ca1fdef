//! Round trips through ELF, what is refused, and unwind tables as other readers see them.

use cranelift_codegen::ir::{AbiParam, Function, InstBuilder, Signature, UserFuncName};
use cranelift_codegen::isa::unwind::UnwindInfo;
use cranelift_codegen::isa::unwind::systemv;
use cranelift_codegen::isa::{self, CallConv, OwnedTargetIsa};
use cranelift_codegen::{Context, control::ControlPlane, ir::types, settings};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use object::elf;

use super::machine::Machine;
use super::read::{self, ReadError};
use super::unit::{Relocation, Section, SectionId, SectionKind, Symbol, SymbolId, SymbolKind, Unit};
use super::{program, unwind, write};

const MACHINES: [(Machine, &str); 2] =
    [(Machine::X86_64, "x86_64-unknown-linux"), (Machine::Aarch64, "aarch64-unknown-linux")];

/// One section of each kind, with a relocation where there are bytes.
fn everything(machine: Machine) -> Unit<'static> {
    use SectionKind::*;
    let mut unit = Unit::default();
    for (name, kind, align) in [
        (".text.wasm", Text, 64),
        (".rodata.names", ReadOnly, 1),
        (".data.rel.ro.tables", RelroData, 8),
        (".data", Data, 4),
        (".bss", Bss, 4096),
        (".wasm.image", Image, 65536),
        (".note.wasmc", Note, 4),
        (".eh_frame", EhFrame, 4),
        (".debug_info", Unloaded, 1),
    ] {
        let data = if kind == Bss { vec![] } else { vec![kind as u8; 40] };
        let size = 40;
        let section = unit.sections.push(Section {
            name: name.into(),
            kind,
            align,
            data: data.into(),
            size,
            relocations: vec![],
        });
        unit.symbols.push(Symbol {
            name: format!("symbol {name}"),
            kind: if kind == Text { SymbolKind::Function } else { SymbolKind::Data },
            global: kind == Text || kind == Data,
            exported: false,
            place: Some((section, 8)),
            size: 7,
        });
    }
    unit.section_symbol(SectionId::from_u32(1));
    unit.symbols.push(Symbol {
        name: "elsewhere".into(),
        kind: SymbolKind::Function,
        global: true,
        exported: false,
        place: None,
        size: 0,
    });
    let symbols: Vec<SymbolId> = unit.symbols.keys().collect();
    for section in unit.sections.values_mut().filter(|section| section.kind != Bss) {
        for (index, &symbol) in symbols.iter().enumerate().take(4).chain(symbols.iter().enumerate().skip(9)) {
            let r_type = machine.relative_32();
            section.relocations.push(Relocation { offset: 3 * index as u32, r_type, symbol, addend: -4 });
        }
    }
    unit
}

/// A unit as text in which the order of symbols does not matter: an ELF file has local ones first.
fn describe(unit: &Unit<'_>) -> String {
    let symbol = |id: SymbolId| {
        let Symbol { name, kind, global, place, size, .. } = &unit.symbols[id];
        let name = if *kind == SymbolKind::Section { "" } else { name };
        format!("{name:?} {kind:?} {global} {place:?} {size}")
    };
    let mut lines = Vec::new();
    for (id, section) in &unit.sections {
        let Section { name, kind, align, data, size, .. } = section;
        lines.push(format!("{id} {name} {kind:?} {align} {data:?} {size}"));
        for r in &section.relocations {
            lines.push(format!("{id} {:4} {} {:+} {}", r.offset, r.r_type, r.addend, symbol(r.symbol)));
        }
    }
    // Undefined symbols have no type in an ELF file, and sections all have a symbol.
    let mut symbols: Vec<String> =
        unit.symbols.keys().filter(|&id| unit.symbols[id].kind != SymbolKind::Section).map(symbol).collect();
    symbols.sort();
    lines.extend(symbols);
    lines.join("\n").replace("Function true None", "Data true None")
}

#[test]
fn what_is_written_is_read_again() {
    for (machine, _) in MACHINES {
        let unit = everything(machine);
        let file = write::write(machine, &unit).unwrap();
        assert_eq!(describe(&read::read(machine, &file).unwrap()), describe(&unit));
        assert_eq!(file, write::write(machine, &everything(machine)).unwrap());
    }
}

#[test]
fn other_files_are_refused() {
    let file = write::write(Machine::Aarch64, &everything(Machine::Aarch64)).unwrap();
    assert!(matches!(read::read(Machine::X86_64, &file), Err(ReadError::Unsupported(_))));
    assert!(matches!(read::read(Machine::X86_64, b"hello"), Err(ReadError::Malformed(_))));
}

#[test]
fn damaged_files_never_panic() {
    let file = write::write(Machine::X86_64, &everything(Machine::X86_64)).unwrap();
    for length in 0..file.len() {
        let _ = read::read(Machine::X86_64, &file[..length]);
    }
    // What can still be read is then linked: that must not panic either.
    for position in 0..file.len() {
        for damage in [1, 0x80, 0xff] {
            let mut damaged = file.clone();
            damaged[position] ^= damage;
            if let Ok(unit) = read::read(Machine::X86_64, &damaged) {
                let output = crate::link::Output::Executable { entry: "symbol .text.wasm" };
                let options = crate::link::LinkOptions::new(Machine::X86_64, output);
                let _ = crate::link::link(vec![unit], &options);
            }
        }
    }
}

fn target(name: &str) -> OwnedTargetIsa {
    let flags = settings::Flags::new(settings::builder());
    isa::lookup_by_name(name).unwrap().finish(flags).unwrap()
}

/// Unwind information of a function that calls another.
fn unwind_info(isa: &OwnedTargetIsa) -> systemv::UnwindInfo {
    let mut signature = Signature::new(CallConv::SystemV);
    signature.params.push(AbiParam::new(types::I64));
    let mut function = Function::with_name_signature(UserFuncName::default(), signature.clone());
    let mut builder_context = FunctionBuilderContext::new();
    let mut builder = FunctionBuilder::new(&mut function, &mut builder_context);
    let block = builder.create_block();
    builder.append_block_params_for_function_params(block);
    builder.switch_to_block(block);
    let callee = builder.block_params(block)[0];
    let signature = builder.import_signature(signature);
    builder.ins().call_indirect(signature, callee, &[callee]);
    builder.ins().return_(&[]);
    builder.seal_all_blocks();
    builder.finalize(isa.frontend_config());

    let mut context = Context::for_function(function);
    let compiled = context.compile(&**isa, &mut ControlPlane::default()).unwrap();
    match compiled.create_unwind_info(&**isa).unwrap() {
        Some(UnwindInfo::SystemV(info)) => info,
        other => panic!("{other:?}"),
    }
}

#[test]
fn unwind_entries_share_their_common_part() {
    for (machine, name) in MACHINES {
        let info = unwind_info(&target(name));
        let functions = [(SymbolId::from_u32(3), 0, &info), (SymbolId::from_u32(4), 100, &info)];
        let section = unwind::eh_frame(machine, functions);
        assert_eq!(section.size % section.align, 0);

        let word = |at: usize| u32::from_le_bytes(section.data[at..at + 4].try_into().unwrap()) as usize;
        let first = word(0) + 4;
        let second = first + word(first) + 4;
        assert_eq!(second + word(second) + 4, section.data.len(), "one common part, two functions");
        assert_eq!((word(first + 4), word(second + 4)), (first + 4, second + 4));
        let relocations: Vec<_> = section.relocations.iter().map(|r| (r.offset, r.symbol, r.addend)).collect();
        assert_eq!(
            relocations,
            [(first as u32 + 8, SymbolId::from_u32(3), 0), (second as u32 + 8, SymbolId::from_u32(4), 100)]
        );
        assert!(section.relocations.iter().all(|r| r.r_type == machine.relative_32()));
        assert!(second - first <= 32, "{} bytes", second - first);
    }
}

/// Our CIE is Cranelift's but for the encoding of addresses and the padding.
#[test]
fn the_common_part_is_that_of_the_code_generator() {
    use gimli::write::{Address, EhFrame, EndianVec, FrameTable};
    for (machine, name) in MACHINES {
        let isa = target(name);
        let mut cie = isa.create_systemv_cie().unwrap();
        cie.fde_address_encoding = gimli::DwEhPe(gimli::DW_EH_PE_pcrel.0 | gimli::DW_EH_PE_sdata4.0);
        let mut table = FrameTable::default();
        let cie = table.add_cie(cie);
        let info = unwind_info(&isa);
        table.add_fde(cie, info.to_fde(Address::Constant(0)));
        let mut theirs = EhFrame::from(EndianVec::new(gimli::LittleEndian));
        table.write_eh_frame(&mut theirs).unwrap();
        let ours = unwind::eh_frame(machine, [(SymbolId::from_u32(0), 0, &info)]);

        // Without the length in front and the padding, which is of instructions 0, behind.
        let trimmed = |data: &[u8]| {
            let end = 4 + u32::from_le_bytes(data[..4].try_into().unwrap()) as usize;
            let used = data[4..end].iter().rposition(|&byte| byte != 0).unwrap();
            data[4..4 + used + 1].to_vec()
        };
        assert_eq!(trimmed(&ours.data), trimmed(theirs.slice()));
    }
}

/// Prints how long a large program takes: `cargo test --release -p wasmc --lib speed -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn speed() {
    const FUNCTIONS: u32 = 50_000;
    let info = unwind_info(&target(MACHINES[0].1));
    let start = std::time::Instant::now();
    let section = unwind::eh_frame(Machine::X86_64, (0..FUNCTIONS).map(|i| (SymbolId::from_u32(0), i * 800, &info)));
    println!("{FUNCTIONS} unwind entries, {} bytes: {:?}", section.size, start.elapsed());
    assert_eq!(section.relocations[0].r_type, elf::R_X86_64_PC32);
}

/// A direct call must reach from any place of the code to any other. (What the linker would say: see
/// `an_aarch64_call_reaches_128_mib` in `link/tests.rs`.)
#[test]
fn code_that_calls_cannot_span_is_refused() {
    for (machine, limit) in [(Machine::X86_64, i32::MAX as usize), (Machine::Aarch64, 127 << 20)] {
        assert_eq!(program::check_code_size(limit, machine).ok(), Some(limit as u32));
        let error = program::check_code_size(limit + 1, machine).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Unsupported);
    }
}
