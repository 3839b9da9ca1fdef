//! The interpreter wasmi, as an engine: runs a command of WASI preview 1 that computes and prints.
//!
//! What such a program needs of WASI is here; everything else gives `ENOSYS`. Nothing of the host can be reached but
//! standard output and error.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, anyhow};
use wasmi::{Caller, Engine, ExternType, Func, Linker, Memory, Module, Store, Val};

#[derive(clap::Args)]
pub struct Arguments {
    /// The module.
    file: PathBuf,

    /// The program's own arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// The arguments that the program gets, each with a NUL at its end, and the state of its random numbers.
struct Host {
    arguments: Vec<Vec<u8>>,
    random: u64,
}

const WASI: &str = "wasi_snapshot_preview1";

/// Numbers of errors: preview 1, `errno`.
const SUCCESS: i32 = 0;
const BADF: i32 = 8;
const FAULT: i32 = 21;
const IO: i32 = 29;
const NOSYS: i32 = 52;

pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let bytes = fs::read(&arguments.file).with_context(|| format!("cannot read {}", arguments.file.display()))?;
    let mut config = wasmi::Config::default();
    // Recursion as deep as that of the other engines.
    config.set_max_recursion_depth(1 << 20).set_max_stack_height(512 << 20);
    let engine = Engine::new(&config);
    let module = Module::new(&engine, &bytes)?;
    let name = arguments.file.to_string_lossy().into_owned();
    let words = [name].into_iter().chain(arguments.arguments.iter().cloned());
    let host =
        Host { arguments: words.map(|word| (word + "\0").into_bytes()).collect(), random: 0x9e37_79b9_7f4a_7c15 };
    let mut store = Store::new(&engine, host);
    let mut linker = Linker::new(&engine);
    // What is defined after these takes their place.
    linker.allow_shadowing(true);
    for import in module.imports() {
        let ExternType::Func(signature) = import.ty() else { continue };
        let function = Func::new(&mut store, signature.clone(), |_, _, results| {
            if let [result] = results {
                *result = Val::I32(NOSYS);
            }
            Ok(())
        });
        linker.define(import.module(), import.name(), function)?;
    }
    define(&mut linker)?;
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    let start = instance.get_typed_func::<(), ()>(&store, "_start")?;
    match start.call(&mut store, ()) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => match error.i32_exit_status() {
            Some(status) => Ok(ExitCode::from(u8::try_from(status & 0xff)?)),
            None => Err(anyhow!("{error}")),
        },
    }
}

fn define(linker: &mut Linker<Host>) -> Result<()> {
    linker.func_wrap(WASI, "args_sizes_get", |mut caller: Caller<'_, Host>, count: u32, size: u32| {
        let words = &caller.data().arguments;
        let numbers = [words.len(), words.iter().map(Vec::len).sum()];
        write_words(&mut caller, &[(count, numbers[0]), (size, numbers[1])])
    })?;
    linker.func_wrap(WASI, "args_get", |mut caller: Caller<'_, Host>, pointers: u32, mut text: u32| {
        let words = caller.data().arguments.clone();
        for (pointer, word) in (pointers..).step_by(4).zip(&words) {
            if write_words(&mut caller, &[(pointer, text as usize)]) != SUCCESS
                || write(&mut caller, text, word) != SUCCESS
            {
                return FAULT;
            }
            text = text.wrapping_add(word.len() as u32);
        }
        SUCCESS
    })?;
    linker.func_wrap(WASI, "environ_sizes_get", |mut caller: Caller<'_, Host>, count: u32, size: u32| {
        write_words(&mut caller, &[(count, 0), (size, 0)])
    })?;
    linker.func_wrap(WASI, "environ_get", |_: Caller<'_, Host>, _: u32, _: u32| SUCCESS)?;
    linker.func_wrap(WASI, "fd_write", fd_write)?;
    // A character device with all rights, so that output is buffered by lines as it is elsewhere.
    linker.func_wrap(WASI, "fd_fdstat_get", |mut caller: Caller<'_, Host>, fd: i32, result: u32| {
        if !(0..=2).contains(&fd) {
            return BADF;
        }
        let mut fdstat = [0xff; 24];
        fdstat[..8].copy_from_slice(&[2, 0, 0, 0, 0, 0, 0, 0]);
        write(&mut caller, result, &fdstat)
    })?;
    linker.func_wrap(WASI, "fd_prestat_get", |_: Caller<'_, Host>, _: i32, _: u32| BADF)?;
    linker.func_wrap(WASI, "fd_close", |_: Caller<'_, Host>, _: i32| SUCCESS)?;
    linker.func_wrap(WASI, "clock_time_get", |mut caller: Caller<'_, Host>, _: i32, _: u64, result: u32| {
        let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
        write(&mut caller, result, &nanoseconds.to_le_bytes())
    })?;
    // The same numbers in each run: runs shall take the same time.
    linker.func_wrap(WASI, "random_get", |mut caller: Caller<'_, Host>, start: u32, length: u32| {
        for address in (u64::from(start)..).take(length as usize) {
            let host = caller.data_mut();
            host.random = host.random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            let byte = (host.random >> 56) as u8;
            let Ok(address) = u32::try_from(address) else { return FAULT };
            if write(&mut caller, address, &[byte]) != SUCCESS {
                return FAULT;
            }
        }
        SUCCESS
    })?;
    linker.func_wrap(WASI, "sched_yield", |_: Caller<'_, Host>| SUCCESS)?;
    linker.func_wrap(WASI, "proc_exit", |_: Caller<'_, Host>, status: i32| -> Result<(), wasmi::Error> {
        Err(wasmi::Error::i32_exit(status))
    })?;
    Ok(())
}

fn fd_write(mut caller: Caller<'_, Host>, fd: i32, vectors: u32, count: u32, result: u32) -> i32 {
    let Some(memory) = memory(&caller) else { return FAULT };
    let mut output = Vec::new();
    {
        let bytes = memory.data(&caller);
        let word =
            |address: usize| Some(u32::from_le_bytes(bytes.get(address..address + 4)?.try_into().ok()?) as usize);
        for vector in (vectors as usize..).step_by(8).take(count as usize) {
            let part = word(vector).zip(word(vector + 4)).and_then(|(start, length)| bytes.get(start..start + length));
            let Some(part) = part else { return FAULT };
            output.extend_from_slice(part);
        }
    }
    let written = match fd {
        1 => io::stdout().write_all(&output).and_then(|()| io::stdout().flush()),
        2 => io::stderr().write_all(&output),
        _ => return BADF,
    };
    if written.is_err() {
        return IO;
    }
    write_words(&mut caller, &[(result, output.len())])
}

fn memory(caller: &Caller<'_, Host>) -> Option<Memory> {
    caller.get_export("memory")?.into_memory()
}

fn write(caller: &mut Caller<'_, Host>, address: u32, bytes: &[u8]) -> i32 {
    let written = memory(caller).map(|memory| memory.write(caller, address as usize, bytes));
    if matches!(written, Some(Ok(()))) { SUCCESS } else { FAULT }
}

fn write_words(caller: &mut Caller<'_, Host>, words: &[(u32, usize)]) -> i32 {
    let all = words.iter().all(|&(address, word)| write(caller, address, &(word as u32).to_le_bytes()) == SUCCESS);
    if all { SUCCESS } else { FAULT }
}
