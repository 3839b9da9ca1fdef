//! C programs, in `programs/`, that use files and sockets as real ones do. `programs/build.sh` says how they are made.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use libtest_mimic::{Failed, Trial};
use wasmc_tests::process::{End, Killed};

use super::case::Resolver;
use super::guest::{self, Guest, time_limit};
use super::host;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for resolver in Resolver::on_all_architectures() {
        let mut add = |name: &str, test: fn(Resolver) -> Result<(), String>| {
            let name = format!("programs: {name} [{}]", resolver.name());
            let trial = Trial::test(name, move || test(resolver).map_err(Failed::from));
            trials.push(trial.with_ignored_flag(!resolver.can_run()));
        };
        add("a tree of 10,000 files is copied", copy_tree);
        add("threads share descriptors", share_descriptors);
        // Paths have no part in these.
        if resolver != Resolver::Walk {
            add("100 connections one after the other", one_by_one);
            add("100 connections at once", together);
        }
    }
    trials
}

fn fixture(name: &str) -> Result<Vec<u8>, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("wasi/programs").join(name);
    fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}

// --- Files ----------------------------------------------------------------------------------------------

/// 100 directories, four deep at most, of 100 files each, and a link in each.
fn copy_tree(resolver: Resolver) -> Result<(), String> {
    const DIRECTORIES: u64 = 100;
    const FILES: u64 = 100;
    let guest = Guest::compile_for(resolver, fixture("copy-tree.wasm")?, &["--dir", ".::/"])?;
    let root = guest.place().join("from");
    let io = |error: std::io::Error| error.to_string();
    fs::create_dir(&root).map_err(io)?;
    let mut paths = vec![root];
    let mut bytes = 0;
    for number in 0..DIRECTORIES {
        // Each directory has up to four others.
        let path = paths[number as usize / 4].join(format!("directory {number}"));
        fs::create_dir(&path).map_err(io)?;
        for file in 0..FILES {
            let size = (number * FILES + file) % 997 * if file == 50 { 100 } else { 1 };
            let text: Vec<u8> = (0..size).map(|at| (at * 31 + number + file) as u8).collect();
            bytes += size;
            let name = path.join(format!("file-{file}-ä"));
            fs::write(&name, text).map_err(io)?;
            if file == 7 {
                let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + number);
                let opened = fs::File::options().write(true).open(&name).map_err(io)?;
                opened.set_modified(time).map_err(io)?;
            }
        }
        std::os::unix::fs::symlink("file-1-ä", path.join("link")).map_err(io)?;
        paths.push(path);
    }
    let finished = guest::run(guest.command().args(["/from", "/to"]))?;
    guest::expect(&finished, End::Exit(0))?;
    let said = finished.stdout_text();
    let expected =
        format!("{} directories, {} files, {DIRECTORIES} links, {bytes} bytes\n", DIRECTORIES + 1, DIRECTORIES * FILES);
    if said != expected {
        return Err(format!("{said:?} instead of {expected:?}"));
    }
    let trees = ["from", "to"].map(|name| host::tree(&guest.place().join(name)));
    if trees[0] != trees[1] || trees[0].len() as u64 != DIRECTORIES * (FILES + 2) {
        return Err(host::changes(&trees[0], &trees[1]).join("\n"));
    }
    // A tree shows short files only.
    for path in trees[0].iter().filter(|(_, what)| what.starts_with("file of")).map(|(path, _)| path) {
        let contents = ["from", "to"].map(|name| fs::read(guest.place().join(name).join(path)).map_err(io));
        if contents[0] != contents[1] {
            return Err(format!("{path} is another file"));
        }
    }
    Ok(())
}

/// Threads that open, close, replace, read and list what others use: `races.c` says what must hold.
fn share_descriptors(resolver: Resolver) -> Result<(), String> {
    const ENTRIES: usize = 200;
    const BYTES: usize = 4096;
    // With fewer rounds a mistake would go unnoticed; an emulator would take minutes for them.
    let rounds = if matches!(resolver, Resolver::Foreign(_)) { "200" } else { "5000" };
    let io = |error: std::io::Error| error.to_string();
    let directory = tempfile::tempdir().map_err(io)?;
    fs::create_dir(directory.path().join("many")).map_err(io)?;
    for byte in ["x", "y"] {
        fs::write(directory.path().join(byte), byte.repeat(BYTES)).map_err(io)?;
    }
    for entry in 0..ENTRIES {
        fs::write(directory.path().join("many").join(format!("file{entry}")), "").map_err(io)?;
    }
    let root = format!("{}::/", directory.path().display());
    for grant in ["--dir", "--embed"] {
        let guest = Guest::compile_for(resolver, fixture("races.wasm")?, &[grant, &root])?;
        let finished = guest::run(guest.command().arg(rounds))?;
        guest::expect(&finished, End::Exit(0))?;
        let sum = BYTES * usize::from(b'y');
        let expected = format!("wrong: 0\nwrong listings: 0\nsum of what was read: {sum}\n");
        if finished.stdout_text() != expected {
            return Err(format!("{grant}: {:?} instead of {expected:?}", finished.stdout_text()));
        }
    }
    Ok(())
}

// --- Sockets --------------------------------------------------------------------------------------------

const CONNECTIONS: usize = 100;

/// A server that runs, until it ends by itself, or is dropped.
struct Server {
    child: Killed,
    port: u16,
    _guest: Guest,
}

impl Server {
    fn start(mode: &str, resolver: Resolver) -> Result<Server, String> {
        let port = host::free_port();
        let guest =
            Guest::compile_for(resolver, fixture("echo.wasm")?, &["--tcplisten", &format!("127.0.0.1:{port}")])?;
        let mut command = guest.command();
        command.args([mode, &CONNECTIONS.to_string()]).stdout(std::process::Stdio::piped());
        let child = Killed::spawn(&mut command).map_err(|error| error.to_string())?;
        Ok(Server { child, port, _guest: guest })
    }

    fn connect(&self) -> Result<TcpStream, String> {
        let stream = host::connect(self.port, time_limit())?;
        stream.set_read_timeout(Some(time_limit())).map_err(|error| error.to_string())?;
        Ok(stream)
    }

    /// What it said, once it has ended well.
    fn end(mut self) -> Result<String, String> {
        let mut said = String::new();
        let stdout = self.child.0.stdout.as_mut().ok_or("there is no pipe")?;
        stdout.read_to_string(&mut said).map_err(|error| error.to_string())?;
        let status = self.child.0.wait().map_err(|error| error.to_string())?;
        if status.success() { Ok(said) } else { Err(format!("the server: {status}")) }
    }
}

fn text(connection: usize, length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 + connection * 13) as u8).collect()
}

fn one_by_one(resolver: Resolver) -> Result<(), String> {
    let io = |error: std::io::Error| error.to_string();
    let server = Server::start("one-by-one", resolver)?;
    for connection in 0..CONNECTIONS {
        let mut stream = server.connect()?;
        let sent = text(connection, 10 * connection);
        stream.write_all(&sent).map_err(io)?;
        stream.shutdown(Shutdown::Write).map_err(io)?;
        let mut received = Vec::new();
        stream.read_to_end(&mut received).map_err(io)?;
        if received != sent {
            return Err(format!("connection {connection}: {} bytes of {}", received.len(), sent.len()));
        }
    }
    server.end().map(drop)
}

/// All connections are open before the first one sends; they take turns; then one sends much while the others are idle.
fn together(resolver: Resolver) -> Result<(), String> {
    const ROUNDS: usize = 5;
    const MUCH: usize = 4 << 20;
    let io = |error: std::io::Error| error.to_string();
    let server = Server::start("together", resolver)?;
    let mut streams: Vec<TcpStream> = (0..CONNECTIONS).map(|_| server.connect()).collect::<Result<_, _>>()?;
    for round in 0..ROUNDS {
        for (connection, stream) in streams.iter_mut().enumerate() {
            stream.write_all(&text(connection + round, 1000)).map_err(io)?;
        }
        for (connection, stream) in streams.iter_mut().enumerate().rev() {
            let mut received = vec![0; 1000];
            stream.read_exact(&mut received).map_err(io)?;
            if received != text(connection + round, 1000) {
                return Err(format!("round {round}, connection {connection}: other bytes"));
            }
        }
    }
    let mut writer = streams[0].try_clone().map_err(io)?;
    let sender = thread::spawn(move || writer.write_all(&text(0, MUCH)));
    let mut received = vec![0; MUCH];
    streams[0].read_exact(&mut received).map_err(io)?;
    sender.join().map_err(|_| "the sender panicked")?.map_err(io)?;
    if received != text(0, MUCH) {
        return Err("other bytes".to_owned());
    }
    for stream in &mut streams {
        stream.shutdown(Shutdown::Write).map_err(io)?;
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).map_err(io)?;
        if !rest.is_empty() {
            return Err(format!("{} bytes that nobody sent", rest.len()));
        }
    }
    let said = server.end()?;
    if said == format!("{CONNECTIONS} at once\n") { Ok(()) } else { Err(said) }
}
