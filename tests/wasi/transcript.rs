//! What a guest wrote down → one line for each call.
//!
//! A line is the name of the `errno`, and after `success` the results. What another machine, file system or moment
//! would give otherwise is not in it: device and inode numbers, sizes and link counts of directories, and times, of
//! which only those are shown that were set long ago (others are `now`).

use std::time::{SystemTime, UNIX_EPOCH};

use super::functions::{ERRNOS, FDFLAGS, FILETYPES, RIGHTS};
use super::module::Region;
use super::script::{Call, quote};

/// A region, and what was in it after the call.
type Filled<'a> = (&'a Region, &'a [u8]);

/// Lines of all calls that wrote their results; the rest of `stdout` if it is something else.
pub fn lines<'a>(calls: &[Call], regions: &[Vec<Region>], mut stdout: &'a [u8]) -> (Vec<String>, &'a [u8]) {
    let mut lines = Vec::new();
    for (call, regions) in calls.iter().zip(regions) {
        let size = 4 + regions.iter().map(|region| region.bytes as usize).sum::<usize>();
        if call.function.ends() || stdout.len() < size {
            break;
        }
        let (step, rest) = stdout.split_at(size);
        stdout = rest;
        let (errno, mut bytes) = step.split_at(4);
        let mut filled = Vec::new();
        for region in regions {
            let (mine, rest) = bytes.split_at(region.bytes as usize);
            filled.push((region, mine));
            bytes = rest;
        }
        let errno = number(errno, 0, 4);
        let name = ERRNOS.get(errno as usize).map_or_else(|| errno.to_string(), |name| (*name).to_owned());
        lines.push(if errno == 0 { name + &results(&filled) } else { name });
    }
    (lines, stdout)
}

fn number(bytes: &[u8], at: usize, size: usize) -> u64 {
    bytes[at..at + size].iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn results(filled: &[Filled<'_>]) -> String {
    let size = filled.iter().find(|(region, _)| region.kind == "size").map(|(_, bytes)| number(bytes, 0, 4) as usize);
    let mut left = size;
    let mut texts = Vec::new();
    for (region, bytes) in filled {
        let text = match region.kind {
            "iovs" | "buffer" => {
                let used = left.map_or_else(|| trimmed(bytes), |left| left.min(bytes.len()));
                left = left.map(|left| left - used);
                let beyond = if bytes[used..].iter().all(|byte| *byte == 0) { "" } else { " and written beyond" };
                quote(&bytes[..used]) + beyond
            }
            "dirents" => dirents(&bytes[..size.unwrap_or(0).min(bytes.len())]),
            "events" => bytes.chunks(32).take(size.unwrap_or(0)).map(event).collect::<Vec<_>>().join(", "),
            "random" if bytes.len() < 16 => format!("{} bytes", bytes.len()),
            "random" => if trimmed(bytes) + 16 > bytes.len() { "random" } else { "not random" }.to_owned(),
            "pointers" => continue,
            "strings" => strings(filled),
            "size" | "fd" | "filesize" => number(bytes, 0, bytes.len()).to_string(),
            "duration" => if number(bytes, 0, 8) == 0 { "0" } else { "positive" }.to_owned(),
            "time" => time(number(bytes, 0, 8)),
            "prestat" => format!("tag={} pr_name_len={}", bytes[0], number(bytes, 4, 4)),
            "roflags" => if number(bytes, 0, 2) == 1 { "data_truncated" } else { "" }.to_owned(),
            "fdstat" => fdstat(bytes),
            "filestat" => filestat(bytes, 8),
            "unstable_filestat" => filestat(bytes, 4),
            kind => format!("({kind})"),
        };
        texts.push(text);
    }
    texts.retain(|text| !text.is_empty());
    texts.iter().map(|text| format!(" {text}")).collect()
}

/// The length without zeros at the end.
fn trimmed(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

/// Times of the last hours cannot be told exactly; a monotonic clock's are small.
fn time(nanoseconds: u64) -> String {
    const HOUR: u64 = 3600;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let seconds = nanoseconds / 1_000_000_000;
    match nanoseconds {
        0 => "0".to_owned(),
        _ if now.abs_diff(seconds) < HOUR => "now".to_owned(),
        _ => "positive".to_owned(),
    }
}

fn timestamp(nanoseconds: u64) -> String {
    match time(nanoseconds).as_str() {
        "now" => "now".to_owned(),
        _ => nanoseconds.to_string(),
    }
}

fn set(bits: u64, names: &[&str]) -> String {
    let all = (0..64).filter(|bit| bits >> bit & 1 != 0);
    let text: Vec<&str> = all.map(|bit| names.get(bit as usize).copied().unwrap_or("?")).collect();
    if text.is_empty() { "none".to_owned() } else { text.join("|") }
}

fn filetype(byte: u8) -> &'static str {
    FILETYPES.get(usize::from(byte)).copied().unwrap_or("?")
}

fn fdstat(bytes: &[u8]) -> String {
    format!(
        "{} fs_flags={} fs_rights_base={} fs_rights_inheriting={}",
        filetype(bytes[0]),
        set(number(bytes, 2, 2), FDFLAGS),
        set(number(bytes, 8, 8), RIGHTS),
        set(number(bytes, 16, 8), RIGHTS)
    )
}

/// `nlink` has 4 bytes in the first snapshot, 8 in the second.
fn filestat(bytes: &[u8], nlink_bytes: usize) -> String {
    let kind = filetype(bytes[16]);
    let nlink_at = if nlink_bytes == 8 { 24 } else { 20 };
    let more = |index: usize| number(bytes, nlink_at + nlink_bytes + 8 * index, 8);
    let times = [("atim", 1), ("mtim", 2), ("ctim", 3)].map(|(name, at)| format!(" {name}={}", timestamp(more(at))));
    let inode = if number(bytes, 8, 8) == 0 { " ino=0" } else { "" };
    if kind == "directory" {
        return format!("{kind}{inode}{}", times.concat());
    }
    format!("{kind}{inode} nlink={} size={}{}", number(bytes, nlink_at, nlink_bytes), more(0), times.concat())
}

/// Names and types, in the order of the names; what is cut off is `...`.
fn dirents(mut bytes: &[u8]) -> String {
    let mut entries = Vec::new();
    while bytes.len() >= 24 {
        let length = number(bytes, 16, 4) as usize;
        let Some(name) = bytes.get(24..24 + length) else { break };
        entries.push(format!("{}:{}", quote(name), filetype(bytes[20])));
        bytes = &bytes[24 + length..];
    }
    entries.sort();
    if !bytes.is_empty() {
        entries.push("...".to_owned());
    }
    format!("[{}]", entries.join(" "))
}

fn event(bytes: &[u8]) -> String {
    let kind = ["clock", "read", "write"].get(usize::from(bytes[10])).copied().unwrap_or("?");
    let mut text = format!("{kind}#{}", number(bytes, 0, 8));
    let error = number(bytes, 8, 2) as usize;
    if error != 0 {
        return format!("{text} {}", ERRNOS.get(error).copied().unwrap_or("?"));
    }
    if kind == "read" {
        text += &format!(" nbytes={}", number(bytes, 16, 8));
    }
    text + if bytes[24] & 1 != 0 { " hangup" } else { "" }
}

/// What the pointers point to: they lie before the region of the strings, which begins where the first one points.
fn strings(filled: &[Filled<'_>]) -> String {
    let find = |kind| filled.iter().find(|(region, _)| region.kind == kind).map_or(&[][..], |(_, bytes)| bytes);
    let (pointers, bytes) = (find("pointers"), find("strings"));
    let pointers: Vec<u64> = pointers.chunks(4).map(|bytes| number(bytes, 0, 4)).take_while(|at| *at != 0).collect();
    let text = |pointer: &u64| {
        let rest = bytes.get((pointer - pointers[0]) as usize..).unwrap_or(&[]);
        quote(rest.split(|byte| *byte == 0).next().unwrap_or(&[]))
    };
    format!("[{}]", pointers.iter().map(text).collect::<Vec<_>>().join(" "))
}
