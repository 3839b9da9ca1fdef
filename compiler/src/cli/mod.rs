//! The command line: arguments, diagnostics, progress. Nothing else prints.

mod arguments;
mod inspect;
mod output;
mod progress;
mod targets;

use std::io::{Read as _, Write as _};
use std::panic;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::Parser as _;

use crate::error::{Error, Result};
use crate::program::{Entry, InstanceSource, Program};
use arguments::{Arguments, EmitKind, InspectArguments, TargetsArguments};
use progress::Progress;

/// Bytes of the stack of a thread that compiles. The largest functions that validation lets pass need a part of it.
const THREAD_STACK: usize = 64 << 20;

/// The whole command. Gives the exit status: see [`ErrorKind::exit_status`](crate::ErrorKind::exit_status).
pub fn main() -> ExitCode {
    let subcommand = std::env::args_os().nth(1);
    let command: Box<dyn Fn() -> Result<()> + panic::UnwindSafe> =
        match subcommand.as_ref().and_then(|word| word.to_str()) {
            Some("inspect") => {
                let arguments = InspectArguments::parse_from(std::env::args_os().skip(1));
                Box::new(move || inspect::inspect(&arguments.file, arguments.json))
            }
            Some("targets") => {
                TargetsArguments::parse_from(std::env::args_os().skip(1));
                Box::new(targets::list)
            }
            _ => {
                let arguments = Arguments::parse();
                Box::new(move || run(&arguments))
            }
        };
    // A panic is a bug of ours, and is reported like one.
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(command).unwrap_or_else(|payload| {
        let message = payload.downcast_ref::<String>().map(String::as_str);
        Err(Error::internal(message.or(payload.downcast_ref::<&str>().copied()).unwrap_or("panic")))
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(error.kind().exit_status())
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let options = arguments.options()?;
    let output = output_path(arguments)?;
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.jobs.map_or(0, usize::from))
        .stack_size(THREAD_STACK)
        .build()
        .map_err(|error| Error::internal(format!("cannot start threads: {error}")))?;

    let linked = arguments.linked()?;
    let mut sources = Vec::with_capacity(linked.len() + 1);
    for (name, path) in &linked {
        sources.push(((*name).to_owned(), read_module(path)?));
    }
    sources.push((arguments.input.display().to_string(), read_module(&arguments.input)?));
    let instances = sources.iter().enumerate().map(|(index, (name, wasm))| InstanceSource {
        name: name.clone(),
        wasm,
        wiring: linked.iter().take(index).enumerate().map(|(at, (name, _))| ((*name).to_owned(), at)).collect(),
    });
    let program = Program { instances: instances.collect(), entry: Entry::Command };

    let progress = Progress::new();
    let emit = arguments.emit.emit();
    let result = threads.install(|| crate::compile_observed(&program, &options, emit, &progress));
    progress.finish();
    let bytes = result?;
    output::write(&output, &bytes, arguments.emit == EmitKind::Exe)?;
    if arguments.verbose {
        let size = bytes.len();
        anstream::eprint!("{}{size:>9} bytes  {}\n", progress.report(), output.display());
    }
    Ok(())
}

/// The binary form of a file in either format.
fn read_module(path: &Path) -> Result<Vec<u8>> {
    let name = path.display();
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut bytes).map_err(|error| Error::invalid(format!("standard input: {error}")))?;
    } else {
        bytes = std::fs::read(path).map_err(|error| Error::invalid(format!("cannot read {name}: {error}")))?;
    }
    if bytes.starts_with(b"\0asm") || looks_binary(&bytes) {
        return Ok(bytes);
    }
    parse_text(path, &bytes)
}

fn is_text_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "wat")
}

/// The binary form of a module in the text format.
fn parse_text(path: &Path, text: &[u8]) -> Result<Vec<u8>> {
    match wat::Parser::new().parse_bytes(Some(path), text) {
        Ok(wasm) => Ok(wasm.into_owned()),
        Err(error) => Err(Error::invalid(error.to_string())),
    }
}

/// Text has no control characters but white space; whatever else this is, the binary parser says what is wrong with it.
fn looks_binary(bytes: &[u8]) -> bool {
    bytes.is_empty() || bytes.iter().take(64).any(|&byte| byte < b' ' && !byte.is_ascii_whitespace())
}

/// Where to write, if it would not be over the input.
fn output_path(arguments: &Arguments) -> Result<PathBuf> {
    let input = &arguments.input;
    let output = match &arguments.output {
        Some(output) => output.clone(),
        None if input.as_os_str() == "-" => PathBuf::from("a.out"),
        None => {
            let stem = input.file_stem().ok_or_else(|| Error::usage(format!("{} is not a file", input.display())))?;
            PathBuf::from(stem).with_extension(arguments.emit.extension())
        }
    };
    let same = |a: &Path, b: &Path| matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b);
    if output.as_os_str() != "-" && same(&output, input) && output.is_file() {
        return Err(Error::usage(format!(
            "the output would replace the input {}: name another with -o",
            input.display()
        )));
    }
    Ok(output)
}

fn report(error: &Error) {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    // Names in it come from the input: nothing in them shall reach a terminal as a command.
    let mask = |letter: char| if letter.is_control() && letter != '\n' { char::REPLACEMENT_CHARACTER } else { letter };
    let error: String = error.to_string().chars().map(mask).collect();
    // Nowhere to say it if standard error is closed.
    let _ = writeln!(anstream::stderr(), "{style}error:{style:#} {error}");
}
