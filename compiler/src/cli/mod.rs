//! The command line: arguments, diagnostics, progress. Nothing else prints.

mod arguments;
mod help;
mod inspect;
mod output;
mod progress;
mod run;
mod snippet;
mod targets;

use std::io::{Read as _, Write as _};
use std::panic;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::{ArgMatches, FromArgMatches};

use crate::debug::text::{self, TextPlace};
use crate::error::{Error, ErrorKind, Result};
use crate::program::{Entry, InstanceSource, Program};
use crate::{Artifact, Cache, Emit, Options, Session, compiler, image, suggest};
use arguments::{
    Arguments, CommonArguments, CompletionsArguments, EmitKind, ExploreArguments, HelpArguments, InspectArguments,
    ManArguments, RunArguments,
};
use progress::{Progress, Times};
use snippet::Place;

/// The whole command. Gives the exit status: see [`ErrorKind::exit_status`](crate::ErrorKind::exit_status).
pub fn main() -> ExitCode {
    let matches = help::command().get_matches();
    let command: Box<dyn FnOnce() -> Result<(), Failure> + panic::UnwindSafe> = match matches.subcommand() {
        Some(("run", matches)) => {
            let arguments: RunArguments = parsed(matches);
            Box::new(move || run::run(&arguments))
        }
        Some(("explore", matches)) => {
            let arguments: ExploreArguments = parsed(matches);
            Box::new(move || explore(&arguments))
        }
        Some(("inspect", matches)) => {
            let arguments: InspectArguments = parsed(matches);
            Box::new(move || Ok(inspect::inspect(&arguments.file, arguments.json)?))
        }
        Some(("targets", _)) => Box::new(|| Ok(targets::list()?)),
        Some(("completions", matches)) => {
            let arguments: CompletionsArguments = parsed(matches);
            Box::new(move || Ok(help::completions(arguments.shell)?))
        }
        Some(("man", matches)) => {
            let arguments: ManArguments = parsed(matches);
            Box::new(move || Ok(help::manual(arguments.command.as_deref(), arguments.dir.as_deref())?))
        }
        Some(("help", matches)) => {
            let arguments: HelpArguments = parsed(matches);
            Box::new(move || Ok(help::help(arguments.topic.as_deref())?))
        }
        _ => {
            let arguments: Arguments = parsed(&matches);
            Box::new(move || compile(&arguments))
        }
    };
    // A panic is a bug of ours, and is reported like one.
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(command).unwrap_or_else(|payload| {
        let message = payload.downcast_ref::<String>().map(String::as_str);
        Err(Error::internal(message.or(payload.downcast_ref::<&str>().copied()).unwrap_or("panic")).into())
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report(&failure);
            ExitCode::from(failure.error.kind().exit_status())
        }
    }
}

/// What was matched, as the type that it was matched for.
fn parsed<T: FromArgMatches>(matches: &ArgMatches) -> T {
    T::from_arg_matches(matches).unwrap_or_else(|error| error.exit())
}

/// An error, and the place in the input that it is about.
struct Failure {
    error: Error,
    /// With the name of the file.
    place: Option<(String, Place)>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { error, place: None }
    }
}

fn compile(arguments: &Arguments) -> Result<(), Failure> {
    let common = &arguments.common;
    let options = arguments.options()?;
    let library = match arguments.emit {
        EmitKind::Staticlib => Some(PathBuf::from(format!("lib{}.a", library_name(arguments)?))),
        EmitKind::Cdylib => Some(PathBuf::from(format!("lib{}.so", library_name(arguments)?))),
        _ => None,
    };
    let output = arguments.output.as_deref().or(library.as_deref());
    let output = output_path(&arguments.input, output, arguments.emit.extension())?;
    let linked = common.linked()?;
    let trace = arguments.timings.as_ref().and_then(Option::as_deref);
    let others = [arguments.header.as_deref(), common.debug_text.as_deref(), trace];
    check_outputs(others.into_iter().flatten().chain([&*output]), inputs(&linked, &arguments.input))?;
    let cache = common.cache.as_deref().map(|directory| Cache::open(directory, common.cache_size)).transpose()?;

    let mut sources = Source::read_all(&linked, &arguments.input)?;
    add_text_lines(&mut sources, common)?;
    let entry = match arguments.is_library() {
        true => Entry::Library { name: library_name(arguments)? },
        false => common.entry(),
    };
    let program = Program { instances: instances(&linked, &sources), entry };

    let progress = Progress::new(arguments.timings.is_some());
    let session = Session { observer: &progress, cache: cache.as_ref() };
    let result = on_threads(common, || match arguments.emit {
        EmitKind::Oci => {
            compile_image(&program, &options, &output, session).map(|bytes| Artifact { bytes, header: None })
        }
        emit => crate::make(&program, &options[0], emit.emit(), session),
    });
    let times = progress.finish();
    tell_notes(&times);
    let Artifact { bytes, header } = result.map_err(|error| locate(error, &sources))?;
    if let (Some(path), Some(header)) = (&arguments.header, header) {
        output::write(path, header.as_bytes(), false)?;
    }
    output::write(&output, &bytes, arguments.emit == EmitKind::Exe)?;
    if let Some(trace) = &arguments.timings {
        tell(&mask(&times.table()));
        if let Some(trace) = trace {
            output::write(trace, times.trace().as_bytes(), false)?;
        }
    }
    if arguments.verbose {
        let size = bytes.len();
        tell(&mask(&format!("{}{size:>9} bytes  {}\n", times.report(), output.display())));
        if let Some(cache) = &cache {
            tell(&format!("{:>9} functions from the cache\n", cache.found()));
        }
    }
    Ok(())
}

/// `wasmc explore`.
fn explore(arguments: &ExploreArguments) -> Result<(), Failure> {
    let common = &arguments.common;
    let options = arguments.options()?;
    let output = output_path(&arguments.input, arguments.output.as_deref(), "html")?;
    let linked = common.linked()?;
    check_outputs(common.debug_text.as_deref().into_iter().chain([&*output]), inputs(&linked, &arguments.input))?;
    let cache = common.cache.as_deref().map(|directory| Cache::open(directory, common.cache_size)).transpose()?;
    let mut sources = Source::read_all(&linked, &arguments.input)?;
    add_text_lines(&mut sources, common)?;
    let entry = match common.entry() {
        Entry::Command => Entry::Exports,
        entry => entry,
    };
    let program = Program { instances: instances(&linked, &sources), entry };

    let progress = Progress::new(false);
    let session = Session { observer: &progress, cache: cache.as_ref() };
    let result = on_threads(common, || crate::explore(&program, &options, session));
    tell_notes(&progress.finish());
    let page = result.map_err(|error| locate(error, &sources))?;
    Ok(output::write(&output, &page, false)?)
}

/// The files that are read as modules.
fn inputs<'a>(linked: &[(&'a str, &'a Path)], input: &'a Path) -> impl Iterator<Item = &'a Path> {
    linked.iter().map(|(_, path)| *path).chain([input])
}

/// Does work that compiles on as many threads as the arguments say.
fn on_threads<T: Send>(arguments: &CommonArguments, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    compiler::threads(arguments.jobs)?.install(work)
}

/// An instance of each source: of the linked ones, which have names, and of the input, which is the last.
fn instances<'a>(linked: &[(&str, &Path)], sources: &'a [Source]) -> Vec<InstanceSource<'a>> {
    let instances = sources.iter().enumerate().map(|(index, source)| InstanceSource {
        name: source.name.clone(),
        wasm: &source.wasm,
        wiring: linked.iter().take(index).enumerate().map(|(at, (name, _))| ((*name).to_owned(), at)).collect(),
    });
    instances.collect()
}

/// An image of the program for each of the targets.
fn compile_image(program: &Program<'_>, targets: &[Options], output: &Path, session: Session<'_>) -> Result<Vec<u8>> {
    let compile = |options: &Options| {
        let executable = crate::compile_in(program, options, Emit::Executable, session)?;
        Ok((options.architecture, executable))
    };
    let executables = targets.iter().map(compile).collect::<Result<Vec<_>>>()?;
    session.observer.phase("image");
    let name = output.file_stem().unwrap_or_default().to_string_lossy();
    image::image(&image::image_name(&name), &executables)
}

/// Adds what may have been meant if there is no such file, and its name looks like that of a command.
fn mistaken_command(input: &Path, error: Error) -> Error {
    let commands = help::subcommands();
    let word = input.to_str().filter(|word| !word.contains(['.', '/']) && *word != "-");
    match word.and_then(|word| suggest::closest(word, commands.iter().map(String::as_str))) {
        Some(command) => {
            let message = format!("{}; did you mean the command '{command}'?", error.message());
            error.rephrase(ErrorKind::Invalid, message)
        }
        None => error,
    }
}

/// A module as it was given.
struct Source {
    /// See [`InstanceSource::name`].
    name: String,
    path: PathBuf,
    wasm: Vec<u8>,
    /// What it was before, if that was text.
    text: Option<String>,
}

impl Source {
    /// The linked modules and the input.
    fn read_all(linked: &[(&str, &Path)], input: &Path) -> Result<Vec<Source>> {
        let mut sources = Vec::with_capacity(linked.len() + 1);
        for (name, path) in linked {
            sources.push(Source::read((*name).to_owned(), path)?);
        }
        let input = Source::read(input.display().to_string(), input).map_err(|error| mistaken_command(input, error))?;
        sources.push(input);
        Ok(sources)
    }

    fn read(name: String, path: &Path) -> Result<Source> {
        let bytes = read_file(path)?;
        if bytes.starts_with(b"\0asm") || looks_binary(&bytes) {
            return Ok(Source { name, path: path.to_owned(), wasm: bytes, text: None });
        }
        let wasm = parse_text(path, &bytes)?;
        Ok(Source { name, path: path.to_owned(), wasm, text: String::from_utf8(bytes).ok() })
    }

    /// Adds debug information that says where each operator stands in a file.
    fn set_lines(&mut self, path: &Path, places: &[TextPlace]) {
        if let Some(wasm) = text::with_lines(&self.wasm, &path.to_string_lossy(), places) {
            self.wasm = wasm;
        }
    }
}

/// Gives the lines of their text to modules that shall be debugged, and have no debug information of their own.
fn add_text_lines(sources: &mut [Source], arguments: &CommonArguments) -> Result<()> {
    if let Some(path) = &arguments.debug_text {
        let source = sources.last_mut().expect("there is the input");
        // What cannot be printed is not valid either.
        if let Some((text, places)) = snippet::print(&source.wasm) {
            output::write(path, text.as_bytes(), false)?;
            source.set_lines(path, &places);
        }
    } else if arguments.debug_info {
        for source in sources {
            if let Some(text) = &source.text
                && let Some(places) = snippet::all_in_text(text, &source.wasm)
            {
                let path = source.path.clone();
                source.set_lines(&path, &places);
            }
        }
    }
    Ok(())
}

/// Finds the place of an error in the module that it is in.
fn locate(error: Error, sources: &[Source]) -> Failure {
    let source = match (error.module(), sources) {
        (Some(name), _) => sources.iter().rev().find(|source| source.name == name),
        (None, [source]) => Some(source),
        (None, _) => None,
    };
    let (Some(source), Some(offset)) = (source, error.offset()) else { return error.into() };
    let place = match &source.text {
        Some(text) => snippet::in_text(text, &source.wasm, offset),
        None => snippet::in_binary(&source.wasm, offset),
    };
    Failure { error, place: place.map(|place| (source.path.display().to_string(), place)) }
}

/// The contents of a file, or of standard input.
fn read_file(path: &Path) -> Result<Vec<u8>> {
    if path.as_os_str() != "-" {
        return std::fs::read(path).map_err(|error| Error::invalid(format!("cannot read {}: {error}", path.display())));
    }
    let mut bytes = Vec::new();
    match std::io::stdin().read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Error::invalid(format!("standard input: {error}"))),
    }
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

/// Where to write.
fn output_path(input: &Path, output: Option<&Path>, extension: &str) -> Result<PathBuf> {
    let output = match output {
        Some(output) => output.to_owned(),
        None if input.as_os_str() == "-" => PathBuf::from("a.out"),
        None => {
            let stem = input.file_stem().ok_or_else(|| Error::usage(format!("{} is not a file", input.display())))?;
            let mut name = stem.to_owned();
            if !extension.is_empty() {
                name.push(".");
                name.push(extension);
            }
            PathBuf::from(name)
        }
    };
    Ok(output)
}

/// Refuses outputs that would replace an input, or each other.
fn check_outputs<'a>(outputs: impl Iterator<Item = &'a Path>, inputs: impl Iterator<Item = &'a Path>) -> Result<()> {
    // What is no regular file is not replaced.
    let file = |path: &Path| path.canonicalize().ok().filter(|path| path.as_os_str() != "-" && path.is_file());
    let inputs: Vec<PathBuf> = inputs.filter_map(file).collect();
    let mut named: Vec<&Path> = Vec::new();
    for output in outputs.filter(|output| output.as_os_str() != "-") {
        if file(output).is_some_and(|output| inputs.contains(&output)) {
            let name = output.display();
            return Err(Error::usage(format!("the output would replace the input {name}: name another file")));
        }
        if named.contains(&output) {
            return Err(Error::usage(format!("two outputs are named {}", output.display())));
        }
        named.push(output);
    }
    Ok(())
}

/// What the names of a library begin with: what is said, or the input's name as an identifier.
fn library_name(arguments: &Arguments) -> Result<String> {
    if let Some(name) = &arguments.name {
        return Ok(name.clone());
    }
    let stem = arguments.input.file_stem().unwrap_or_default().to_string_lossy();
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let name: String = stem.chars().map(letter).collect();
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Ok(name);
    }
    Err(Error::usage(format!("no identifier of C can be made of '{stem}': give the library a name with --name")))
}

/// Writes to standard error. If that is closed or full, there is nowhere to say so.
fn tell(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

fn tell_notes(times: &Times) {
    times.notes.iter().for_each(|note| tell(&mask(&format!("note: {note}\n"))));
}

fn report(failure: &Failure) {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let error = mask(&failure.error.to_string());
    tell(&format!("{style}error:{style:#} {error}\n"));
    if let Some((file, place)) = &failure.place {
        tell(&format!("{}\n", place.render(&mask(file))));
    }
}

/// Names come from the input: nothing in them shall reach a terminal as a command.
fn mask(text: &str) -> String {
    let mask = |letter: char| if letter.is_control() && letter != '\n' { char::REPLACEMENT_CHARACTER } else { letter };
    text.chars().map(mask).collect()
}
