//! Performs the steps of a script by compiling the program and running the executable.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use wasmc::options::{Profile, ProfileFile};
use wasmc::{Emit, Entry, Error, Options, Program};
use wasmc_abi::trap::TrapCode;

use crate::emulator;
use crate::process::{self, Finished};
use crate::profile::scramble;
use crate::random::Random;
use crate::steps::{Outcome, StepTypes, program_exports};

/// `wasmc::compile`, with a panic made into an internal error: one bad input shall not end a whole test run.
///
/// # Errors
///
/// As `compile`.
pub fn compile(program: &Program<'_>, options: &Options, emit: Emit) -> wasmc::Result<Vec<u8>> {
    catch(|| wasmc::compile(program, options, emit))
}

/// `wasmc::check`, likewise.
///
/// # Errors
///
/// As `check`.
pub fn check(program: &Program<'_>, options: &Options) -> wasmc::Result<()> {
    catch(|| wasmc::check(program, options))
}

/// The message of an error that came of a panic starts with this.
pub const PANICKED: &str = "panicked: ";

/// Threads with a stack as large as those of the command: the largest functions need it.
fn pool() -> &'static rayon::ThreadPool {
    static POOL: OnceLock<rayon::ThreadPool> = OnceLock::new();
    let build = || rayon::ThreadPoolBuilder::new().stack_size(64 << 20).build().expect("threads can be started");
    POOL.get_or_init(build)
}

fn catch<T: Send>(call: impl FnOnce() -> wasmc::Result<T> + Send) -> wasmc::Result<T> {
    catch_unwind(AssertUnwindSafe(|| pool().install(call))).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("(no message)");
        Err(Error::internal(format!("{PANICKED}{text}")))
    })
}

/// Compiles a program with [`Entry::Script`], and runs it: one outcome for each step.
///
/// # Errors
///
/// If the program does not compile.
pub fn perform(program: &Program<'_>, options: &Options, limit: Duration) -> wasmc::Result<Vec<Outcome>> {
    let Entry::Script(steps) = &program.entry else { panic!("not a script") };
    let executable = compile(program, options, Emit::Executable)?;
    let exports = program_exports(program).map_err(Error::invalid)?;
    let types = steps.iter().map(|step| StepTypes::of(step, &exports)).collect::<Result<Vec<_>, _>>();
    let types = types.map_err(Error::invalid)?;
    Ok(decode(&run(&executable, options, limit), &types))
}

/// [`perform`], by an executable that is compiled with a profile: that of a first run, whose counts are then made up.
///
/// # Errors
///
/// If the program does not compile.
pub fn perform_profiled(program: &Program<'_>, options: &Options, limit: Duration) -> wasmc::Result<Vec<Outcome>> {
    let profile = profile(program, options, limit)?;
    let bytes = scramble(&profile, &mut Random::new(profile.len() as u64));
    let profile = Profile::Use(vec![ProfileFile { name: "made up".into(), bytes }]);
    perform(program, &Options { profile, ..options.clone() }, limit)
}

/// The profile of one run of a program, whatever comes of that.
///
/// # Errors
///
/// If the program does not compile, or writes none.
pub fn profile(program: &Program<'_>, options: &Options, limit: Duration) -> wasmc::Result<Vec<u8>> {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let file = directory.path().join("profile").to_string_lossy().into_owned();
    let options = Options { profile: Profile::Generate(Some(file.clone())), ..options.clone() };
    let finished = run(&compile(program, &options, Emit::Executable)?, &options, limit);
    fs::read(&file).map_err(|error| Error::internal(format!("the profile: {error} ({})", finished.epitaph())))
}

fn run(executable: &[u8], options: &Options, limit: Duration) -> Finished {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let path = directory.path().join("script");
    write_executable(&path, executable);
    let mut command = emulator::command(options.architecture, &path);
    process::run(&mut command, b"", limit).expect("the executable can be started")
}

/// Writes an executable file.
///
/// # Panics
///
/// If it cannot be written.
pub fn write_executable(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("the executable can be written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the executable can be made executable");
}

/// Reads what a script wrote: for each step a `StepResult`, and slots if it returned, in the order in which they ended:
/// threads may overtake each other. Steps without a result are lost, as is all behind what makes no sense.
fn decode(finished: &Finished, types: &[StepTypes]) -> Vec<Outcome> {
    let mut rest = finished.stdout.as_slice();
    let mut outcomes: Vec<Option<Outcome>> = vec![None; types.len()];
    let mut complaint = None;
    while !rest.is_empty() {
        match decode_step(&mut rest, types) {
            Ok((step, outcome)) if outcomes[step].is_none() => {
                outcomes[step] = Some(types[step].without_unused_bytes(outcome));
            }
            Ok((step, _)) => complaint = Some(format!("there are two results of step {step}")),
            Err(why) => complaint = Some(why),
        }
        if complaint.is_some() {
            break;
        }
    }
    let why = complaint.unwrap_or_else(|| "the process ended before this step did".into());
    let lost = Outcome::Lost(format!("{why} ({})", finished.epitaph()));
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| lost.clone())).collect()
}

fn decode_step(rest: &mut &[u8], types: &[StepTypes]) -> Result<(usize, Outcome), String> {
    let step = u32::from_le_bytes(take(rest).ok_or("a result is cut short")?) as usize;
    let trap = u32::from_le_bytes(take(rest).ok_or("a result is cut short")?);
    let types = types.get(step).ok_or_else(|| format!("there is a result of step {step}, which does not exist"))?;
    if trap != 0 {
        let code = u8::try_from(trap).ok().and_then(TrapCode::from_number);
        let code = code.ok_or_else(|| format!("there is no trap code {trap}"))?;
        return Ok((step, Outcome::Trapped(code)));
    }
    let slots: Option<Vec<u128>> = (0..types.count()).map(|_| Some(u128::from_le_bytes(take(rest)?))).collect();
    Ok((step, Outcome::Returned(slots.ok_or("the results are cut short")?)))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use wasmparser::ValType;

    use super::*;
    use crate::process::End;

    fn decode_bytes(bytes: &[u8], counts: &[usize]) -> Vec<Outcome> {
        let finished = Finished { stdout: bytes.to_vec(), stderr: b"oh\n".to_vec(), end: End::Signal(11) };
        let types: Vec<_> = counts.iter().map(|&count| StepTypes::Values(vec![ValType::I32; count])).collect();
        decode(&finished, &types)
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn results_and_traps() {
        let bytes = words(&[0, 0, 7, 0, 0, 0, 1, 6, 2, 0]);
        let outcomes = decode_bytes(&bytes, &[1, 3, 0]);
        let expected =
            [Outcome::Returned(vec![7]), Outcome::Trapped(TrapCode::IntegerOverflow), Outcome::Returned(vec![])];
        assert_eq!(outcomes, expected);
    }

    #[test]
    fn a_crash_loses_the_rest() {
        let outcomes = decode_bytes(&words(&[0, 0, 1]), &[0, 0, 0]);
        assert_eq!(outcomes[0], Outcome::Returned(vec![]));
        assert!(matches!(&outcomes[1], Outcome::Lost(why) if why.contains("signal 11; stderr: oh")));
        assert!(matches!(&outcomes[2], Outcome::Lost(_)));
    }

    #[test]
    fn threads_overtake_each_other() {
        let outcomes = decode_bytes(&words(&[2, 0, 0, 0, 1, 7]), &[0, 0, 0]);
        let expected =
            [Outcome::Returned(vec![]), Outcome::Trapped(TrapCode::IntegerDivideByZero), Outcome::Returned(vec![])];
        assert_eq!(outcomes, expected);
        let twice = decode_bytes(&words(&[0, 0, 0, 0]), &[0, 0]);
        assert!(matches!(&twice[..], [Outcome::Returned(_), Outcome::Lost(_)]));
    }

    #[test]
    fn nonsense_is_not_believed() {
        for nonsense in [words(&[1, 0]), words(&[0, 99])] {
            assert!(matches!(&decode_bytes(&nonsense, &[0])[..], [Outcome::Lost(_)]));
        }
    }

    #[test]
    fn panics_become_errors() {
        let error = catch::<()>(|| panic!("no {}", "way")).unwrap_err();
        assert_eq!(error.message(), "panicked: no way");
    }
}
