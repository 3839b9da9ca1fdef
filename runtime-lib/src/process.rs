//! What the kernel handed over, set once at start and read from everywhere; and who ends the process.
//!
//! A library is handed nothing. It reads the auxiliary vector from a file, and has neither arguments nor environment:
//! these are the host's.

use core::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

use crate::{arch, sys};

#[cfg(not(feature = "library"))]
static ARGUMENT_COUNT: AtomicUsize = AtomicUsize::new(0);
#[cfg(not(feature = "library"))]
static ARGUMENTS: AtomicPtr<*const u8> = AtomicPtr::new(core::ptr::null_mut());
static ENVIRONMENT: AtomicPtr<*const u8> = AtomicPtr::new(core::ptr::null_mut());
static AUXILIARY_VECTOR: AtomicPtr<usize> = AtomicPtr::new(core::ptr::null_mut());
static PAGE_SIZE: AtomicU64 = AtomicU64::new(4096);
// For kernels that do not say: the frame of the supported architectures without optional register files.
#[cfg(not(feature = "library"))]
static SIGNAL_FRAME_BYTES: AtomicU64 = AtomicU64::new(5120);

const AT_PAGESZ: usize = 6;
#[cfg(not(feature = "library"))]
const AT_SECURE: usize = 23;
#[cfg(not(feature = "library"))]
const AT_MINSIGSTKSZ: usize = 51;

/// Reads what lies at the initial stack pointer.
///
/// ```text
///   argc │ argv[0] … argv[argc - 1] │ 0 │ envp[0] … │ 0 │ (tag, value) … │ (0, 0)
/// ```
///
/// # Safety
///
/// `stack` must be the stack pointer with which the kernel started the process, and nobody may have written above it.
#[cfg(not(feature = "library"))]
pub unsafe fn read_initial_stack(stack: *const usize) {
    // SAFETY: the layout above, by the psABI.
    unsafe {
        let count = *stack;
        let arguments = stack.add(1);
        let environment = arguments.add(count + 1);
        ARGUMENT_COUNT.store(count, Relaxed);
        ARGUMENTS.store(arguments.cast_mut().cast(), Relaxed);
        ENVIRONMENT.store(environment.cast_mut().cast(), Relaxed);

        let mut word = environment;
        while *word != 0 {
            word = word.add(1);
        }
        AUXILIARY_VECTOR.store(word.add(1).cast_mut(), Relaxed);
    }
    if let Some(bytes) = auxiliary_value(AT_PAGESZ) {
        PAGE_SIZE.store(bytes as u64, Relaxed);
    }
    if let Some(bytes) = auxiliary_value(AT_MINSIGSTKSZ) {
        SIGNAL_FRAME_BYTES.store(bytes as u64, Relaxed);
    }
}

/// Words that a library has room for: the kernel gives some twenty pairs.
#[cfg(feature = "library")]
const VECTOR_WORDS: usize = 128;

/// What a library reads in place of the initial stack: the end of an environment without variables, and behind it the
/// auxiliary vector, whose last pair stays 0.
#[cfg(feature = "library")]
static VECTOR: [AtomicUsize; 1 + VECTOR_WORDS + 2] = [const { AtomicUsize::new(0) }; 1 + VECTOR_WORDS + 2];

/// Reads the auxiliary vector of a process that is not ours, unless that was done. If it fails, nothing is known. For
/// one thread at a time.
#[cfg(feature = "library")]
pub fn read_auxiliary_vector() {
    if auxiliary_value(AT_PAGESZ).is_some() {
        return;
    }
    let mut bytes = [0; VECTOR_WORDS * size_of::<usize>()];
    let Ok(length) = sys::read_file(c"/proc/self/auxv", &mut bytes) else { return };
    let (words, _) = bytes.as_chunks();
    for (place, word) in VECTOR.iter().skip(1).zip(words.iter().take(length / size_of::<usize>())) {
        place.store(usize::from_ne_bytes(*word), Relaxed);
    }
    let environment = VECTOR.as_ptr().cast_mut();
    AUXILIARY_VECTOR.store(environment.wrapping_add(1).cast(), Relaxed);
    ENVIRONMENT.store(environment.cast(), Relaxed);
}

/// What the kernel says under a tag of the auxiliary vector; `None` before the start, too.
pub fn auxiliary_value(tag: usize) -> Option<usize> {
    let mut entry = AUXILIARY_VECTOR.load(Relaxed).cast_const();
    // SAFETY: the kernel's array of pairs that ends with a tag of 0, which nobody changes; null before the start only.
    unsafe {
        while !entry.is_null() && *entry != 0 {
            if *entry == tag {
                return Some(*entry.add(1));
            }
            entry = entry.add(2);
        }
    }
    None
}

/// Bytes of a page of the machine.
pub fn page_size() -> u64 {
    // A library is not told. The largest is right wherever a smaller one is.
    if cfg!(feature = "library") { wasmc_abi::layout::MAX_PAGE_SIZE } else { PAGE_SIZE.load(Relaxed) }
}

/// Bytes that the kernel needs on the alternate stack to deliver a signal.
#[cfg(not(feature = "library"))]
pub fn signal_frame_bytes() -> u64 {
    SIGNAL_FRAME_BYTES.load(Relaxed)
}

/// `envp`, behind which the auxiliary vector lies.
pub fn environment() -> *const *const u8 {
    ENVIRONMENT.load(Relaxed)
}

/// Length of a string without its NUL.
///
/// # Safety
///
/// `string` must be NUL-terminated.
pub unsafe fn string_length(string: *const u8) -> usize {
    // SAFETY: by the caller.
    unsafe { core::ffi::CStr::from_ptr(string.cast()) }.count_bytes()
}

/// The bytes of a string, without its NUL.
///
/// # Safety
///
/// `string` must be NUL-terminated and outlive `'a` unchanged.
pub unsafe fn string_bytes<'a>(string: *const u8) -> &'a [u8] {
    // SAFETY: by the caller.
    unsafe { core::slice::from_raw_parts(string, string_length(string)) }
}

/// The arguments, the program's name first.
#[cfg(not(feature = "library"))]
pub fn arguments() -> impl ExactSizeIterator<Item = &'static [u8]> {
    let arguments = ARGUMENTS.load(Relaxed);
    // SAFETY: the kernel's array of that many strings, which nobody changes.
    (0..ARGUMENT_COUNT.load(Relaxed)).map(move |index| unsafe { string_bytes(*arguments.add(index)) })
}

/// The host's environment.
#[cfg(not(feature = "library"))]
pub fn host_environment() -> impl Iterator<Item = &'static [u8]> {
    let mut variable = environment();
    core::iter::from_fn(move || {
        // SAFETY: the kernel's null-terminated array of strings, which nobody changes; null before the start only.
        unsafe {
            if variable.is_null() || (*variable).is_null() {
                return None;
            }
            let text = string_bytes(*variable);
            variable = variable.add(1);
            Some(text)
        }
    })
}

/// Whether the process has rights that its parent lacks, as by a set-user-ID file.
#[cfg(not(feature = "library"))]
pub fn is_privileged() -> bool {
    auxiliary_value(AT_SECURE).is_some_and(|is_privileged| is_privileged != 0)
}

/// The value of an environment variable of the host, whose name is given with its `=`.
///
/// For the runtime's own settings; the guest's environment is something else. There are none if the process is
/// privileged: whoever starts it shall not hand out what is not theirs.
#[cfg(not(feature = "library"))]
pub fn host_variable(name: &[u8]) -> Option<&'static [u8]> {
    if is_privileged() {
        return None;
    }
    host_environment().find_map(|variable| variable.strip_prefix(name))
}

/// The thread that ends the process, by its address; 0 as long as none does.
static ENDING: AtomicU64 = AtomicU64::new(0);

/// Says that this thread is about to end the process. If another one does so already, it never returns: the process has
/// one report and one status.
pub fn begin_to_end() {
    let this = &raw const *arch::thread() as u64;
    match ENDING.compare_exchange(0, this, SeqCst, SeqCst) {
        // A report that fails is reported.
        Err(other) if other != this => sys::sleep_forever(),
        _ => {}
    }
}

/// Whether some thread is about to end the process.
pub fn is_ending() -> bool {
    ENDING.load(SeqCst) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The only test that changes these variables.
    #[test]
    fn a_privileged_process_has_no_settings() {
        let start_with = |is_privileged: usize| {
            let variable = c"WASMC_DIR=/".as_ptr().addr();
            let stack = vec![0, 0, variable, 0, AT_SECURE, is_privileged, AT_PAGESZ, 4096, 0, 0];
            // SAFETY: laid out as the kernel does it, and never freed.
            unsafe { read_initial_stack(stack.leak().as_ptr()) };
        };
        start_with(0);
        assert_eq!(host_variable(b"WASMC_DIR="), Some(&b"/"[..]));
        start_with(1);
        assert_eq!(host_variable(b"WASMC_DIR="), None);
        assert_eq!(host_environment().count(), 1, "the guest's environment is something else");
        start_with(0);
    }
}
