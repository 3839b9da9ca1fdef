//! The host's side of a case: a directory that is set up, and what changed in it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use super::script::{Token, quote, tokens};

/// Performs a `host` directive: `dir PATH`, `file PATH [TEXT]`, `link PATH TARGET`, `hard PATH EXISTING`, `fifo PATH`,
/// `socket PATH`, `size PATH BYTES`, `mode PATH OCTAL`, `time PATH SECONDS` (since 1970, of last change).
pub fn set_up(root: &Path, directive: &str) -> Result<(), String> {
    let words: Vec<Vec<u8>> = tokens(directive)?
        .into_iter()
        .map(|token| match token {
            Token::Word(word) => word.into_bytes(),
            Token::Text(bytes) => bytes,
            Token::List(_) => Vec::new(),
        })
        .collect();
    let text = |index: usize| String::from_utf8_lossy(words.get(index).map_or(&[][..], |word| word)).into_owned();
    let number = |index: usize| text(index).parse::<i64>().map_err(|_| format!("{directive}: a number is missing"));
    // Names need not be text.
    let name: &Path = Path::new(bytes_as_name(words.get(1).ok_or("a path is missing")?));
    let path = root.join(name);
    let done = match text(0).as_str() {
        "dir" => fs::create_dir_all(&path),
        "file" => fs::write(&path, words.get(2).map_or(&[][..], |word| word)),
        "link" => std::os::unix::fs::symlink(text(2).replace("%t", &root.to_string_lossy()), &path),
        "hard" => fs::hard_link(root.join(text(2)), &path),
        "fifo" => Command::new("mkfifo").arg(&path).status().map(drop),
        "socket" => UnixListener::bind(&path).map(drop),
        "size" => File::create(&path).and_then(|file| file.set_len(number(2).unwrap_or(0) as u64)),
        "mode" => {
            let mode = u32::from_str_radix(&text(2), 8).map_err(|_| "a mode is missing")?;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))
        }
        "time" => {
            let seconds = number(2)?;
            let distance = Duration::from_secs(seconds.unsigned_abs());
            let epoch = SystemTime::UNIX_EPOCH;
            let time = if seconds < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) };
            let file = File::options().read(true).open(&path);
            file.and_then(|file| file.set_modified(time.ok_or(io::ErrorKind::InvalidInput)?))
        }
        kind => return Err(format!("what is 'host {kind}'?")),
    };
    done.map_err(|error| format!("host {directive}: {error}"))
}

fn bytes_as_name(bytes: &[u8]) -> &std::ffi::OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(bytes)
}

/// What is in a directory: names, and what they are. Times are part of it if they lie more than a day back.
pub fn tree(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    visit(root, "", &mut found);
    found
}

fn visit(directory: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
    const DAY: u64 = 24 * 3600;
    const SHOWN: usize = 64;
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let file_name = quote(std::os::unix::ffi::OsStrExt::as_bytes(entry.file_name().as_os_str()));
        let plain = file_name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        let name = format!("{prefix}{}", plain.unwrap_or(&file_name));
        let Ok(metadata) = path.symlink_metadata() else { continue };
        let kind = metadata.file_type();
        let mut what = if kind.is_dir() {
            visit(&path, &format!("{name}/"), found);
            "dir".to_owned()
        } else if kind.is_symlink() {
            format!("link {}", fs::read_link(&path).unwrap_or_default().display())
        } else if kind.is_file() {
            let mut bytes = Vec::new();
            let _ = File::open(&path).and_then(|file| file.take(SHOWN as u64 + 1).read_to_end(&mut bytes));
            if bytes.len() > SHOWN { format!("file of {}", metadata.len()) } else { format!("file {}", quote(&bytes)) }
        } else if kind.is_fifo() {
            "fifo".to_owned()
        } else if kind.is_socket() {
            "socket".to_owned()
        } else {
            "device".to_owned()
        };
        let age = SystemTime::now().duration_since(metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH));
        if age.is_ok_and(|age| age.as_secs() > DAY) {
            what += &format!(" mtime={}", metadata.mtime());
        }
        found.insert(name, what);
    }
}

/// Lines with `+`, `-` and `~` for what is new, gone and other.
pub fn changes(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, what) in before {
        match after.get(name) {
            None => lines.push(format!("- {name}")),
            Some(now) if now != what => lines.push(format!("~ {name} {now}")),
            Some(_) => {}
        }
    }
    let new = after.iter().filter(|(name, _)| !before.contains_key(*name));
    lines.extend(new.map(|(name, what)| format!("+ {name} {what}")));
    lines
}

/// A standard input, and the other end of it, which must live as long as the guest.
pub struct Input {
    pub stdin: Stdio,
    _other_end: Option<OwnedFd>,
}

/// Makes what a `stdin` directive says: `null`, `file TEXT`, `pipe TEXT` (which ends), `open-pipe TEXT` (which does
/// not), `socket TEXT` (a stream, the other end open), `closed-socket` (its other end is gone), `datagram TEXT`.
pub fn input(directive: &str) -> Result<Input, String> {
    let mut words = tokens(directive)?.into_iter();
    let Some(Token::Word(kind)) = words.next() else { return Err("stdin what?".to_owned()) };
    let text = if let Some(Token::Text(text)) = words.next() { text } else { Vec::new() };
    let made = match kind.as_str() {
        "null" => Ok((Stdio::null(), None)),
        "file" => tempfile::tempfile().and_then(|mut file| {
            file.write_all(&text)?;
            io::Seek::rewind(&mut file)?;
            Ok((file.into(), None))
        }),
        "pipe" | "open-pipe" => io::pipe().and_then(|(reader, mut writer)| {
            writer.write_all(&text)?;
            Ok((reader.into(), (kind == "open-pipe").then(|| writer.into())))
        }),
        "socket" | "closed-socket" => UnixStream::pair().and_then(|(mine, mut theirs)| {
            theirs.write_all(&text)?;
            Ok((OwnedFd::from(mine).into(), (kind == "socket").then(|| theirs.into())))
        }),
        "datagram" => UnixDatagram::pair().and_then(|(mine, theirs)| {
            theirs.send(&text)?;
            Ok((OwnedFd::from(mine).into(), Some(theirs.into())))
        }),
        kind => return Err(format!("what is 'stdin {kind}'?")),
    };
    let (stdin, other_end) = made.map_err(|error| format!("stdin {kind}: {error}"))?;
    Ok(Input { stdin, _other_end: other_end })
}

/// A port of the loopback interface that is free, or was until now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    listener.local_addr().expect("a listener has an address").port()
}

/// Connects to a guest as soon as it listens, sends, and gives what it answers.
pub fn peer(port: u16, text: Vec<u8>, limit: Duration) -> JoinHandle<Result<Vec<u8>, String>> {
    thread::spawn(move || {
        let mut stream = connect(port, limit)?;
        let mut answer = Vec::new();
        stream.set_read_timeout(Some(limit)).map_err(|error| error.to_string())?;
        stream.write_all(&text).map_err(|error| error.to_string())?;
        // Whether the guest reads everything before it closes is its affair.
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut answer);
        Ok(answer)
    })
}

/// Connects to the loopback interface, as soon as somebody listens.
pub fn connect(port: u16, limit: Duration) -> Result<TcpStream, String> {
    let deadline = Instant::now() + limit;
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Err(error) if Instant::now() > deadline => return Err(format!("nobody listens: {error}")),
            Err(_) => thread::sleep(Duration::from_millis(2)),
            Ok(stream) => return Ok(stream),
        }
    }
}
