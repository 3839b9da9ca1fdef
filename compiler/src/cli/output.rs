//! Writing the result: whole or not at all.
//!
//! A signal that ends the process while it writes leaves the temporary file behind, whose name begins with `.wasmc-`.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::error::{Error, Result};

/// Writes to standard output, all of it.
pub fn print(bytes: &[u8]) -> Result<()> {
    let mut output = std::io::stdout().lock();
    // What is left in the buffer at the end of the process is written without anyone who could say that it failed.
    output
        .write_all(bytes)
        .and_then(|()| output.flush())
        .map_err(|error| Error::invalid(format!("cannot write to standard output: {error}")))
}

/// Writes a file by way of a temporary one beside it, so that an existing file is replaced in one step or left alone.
/// What is not a regular file (a device, a pipe) is written to directly.
pub fn write(path: &Path, bytes: &[u8], executable: bool) -> Result<()> {
    let failed = |error: std::io::Error| Error::invalid(format!("cannot write {}: {error}", path.display()));
    if path.as_os_str() == "-" {
        return print(bytes);
    }
    let existing = fs::metadata(path);
    match &existing {
        Ok(metadata) if metadata.is_dir() => {
            return Err(Error::usage(format!("{} is a directory: name the output with -o", path.display())));
        }
        Ok(metadata) if !metadata.is_file() => return fs::write(path, bytes).map_err(failed),
        _ => {}
    }
    // A link to a file stays, and the file is replaced. One that leads nowhere is replaced itself, but what is there
    // without a name (an open file that was removed, by way of /dev/stdout) can only be written to.
    let path = match fs::canonicalize(path) {
        Ok(path) => path,
        Err(_) if existing.is_ok() => return fs::write(path, bytes).map_err(failed),
        Err(_) => path.to_owned(),
    };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mode = if executable { 0o777 } else { 0o666 };
    let mut file = tempfile::Builder::new()
        .prefix(".wasmc-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(directory)
        .map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}
