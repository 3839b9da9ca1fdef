//! Calls a module of WebAssembly that `build.rs` compiled, through its C interface.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::rc::Rc;

/// What the header calls `primes_imports`.
#[repr(C)]
struct Imports {
    user_data: *mut c_void,
    found: extern "C" fn(*mut c_void, *mut c_void, i32),
}

/// What the header calls `primes_error`.
#[repr(C)]
struct Error {
    kind: i32,
    code: i32,
    message: [c_char; 2040],
}

unsafe extern "C" {
    fn primes_instantiate(imports: *const Imports, options: *const c_void, error: *mut Error) -> *mut c_void;
    fn primes_destroy(instance: *mut c_void);
    fn primes_search(instance: *mut c_void, limit: i32, error: *mut Error);
}

/// What the guest's host shares with the guest's caller: neither has it for itself.
type Found = Rc<RefCell<Vec<i32>>>;

/// An instance of the module, with the primes that it found.
struct Primes {
    instance: *mut c_void,
    found: Found,
}

impl Primes {
    fn new() -> Result<Primes, String> {
        let found = Found::default();
        let imports = Imports { user_data: Rc::as_ptr(&found).cast_mut().cast(), found: add };
        let mut error = Error { kind: 0, code: 0, message: [0; 2040] };
        // SAFETY: the functions are those of the header; what `add` gets lives as long as the instance.
        let instance = unsafe { primes_instantiate(&imports, ptr::null(), &mut error) };
        if instance.is_null() { Err(message(&error)) } else { Ok(Primes { instance, found }) }
    }

    /// The primes below a limit.
    fn search(&mut self, limit: i32) -> Result<Vec<i32>, String> {
        self.found.borrow_mut().clear();
        let mut error = Error { kind: 0, code: 0, message: [0; 2040] };
        // SAFETY: the instance exists, and nobody else uses it.
        unsafe { primes_search(self.instance, limit, &mut error) };
        if error.kind == 0 { Ok(self.found.take()) } else { Err(message(&error)) }
    }
}

impl Drop for Primes {
    fn drop(&mut self) {
        // SAFETY: nobody uses it any more.
        unsafe { primes_destroy(self.instance) }
    }
}

extern "C" fn add(user_data: *mut c_void, _: *mut c_void, prime: i32) {
    // SAFETY: what `Primes::new` gave, which lives as long as the instance.
    let found = unsafe { &*user_data.cast::<RefCell<Vec<i32>>>() };
    found.borrow_mut().push(prime);
}

fn message(error: &Error) -> String {
    // SAFETY: it ends with a NUL.
    unsafe { CStr::from_ptr(error.message.as_ptr()) }.to_string_lossy().into_owned()
}

fn main() -> Result<(), String> {
    let mut primes = Primes::new()?;
    println!("{:?}", primes.search(30)?);
    println!("{}", primes.search(2).unwrap_err().lines().next().unwrap_or_default());
    println!("{}", primes.search(1000)?.len());
    Ok(())
}
