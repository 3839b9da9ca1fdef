//! The source holds DESIGN.md to its word: layering, where `unsafe` may be, and the form of files.

use std::fs;
use std::path::{Path, PathBuf};

/// The text files of the project, with their paths from its root.
fn sources() -> Vec<(String, String)> {
    let root = root();
    let mut found = Vec::new();
    for directory in ["compiler", "runtime-lib", "tests", "bench", "examples", "docs"] {
        collect(&root.join(directory), &mut found);
    }
    for entry in fs::read_dir(&root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    let read = |path: PathBuf| {
        let is_text =
            ["rs", "toml", "md", "wat", "c", "sh", "yml"].iter().any(|e| path.extension().is_some_and(|x| x == *e));
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        is_text.then(|| (name, fs::read_to_string(&path).unwrap()))
    };
    found.into_iter().filter_map(read).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display())) {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

/// Lines of code: without comments, and without modules for tests.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    // `mod tests;` is another file.
    let is_block = |(at, found): &(usize, &str)| text[at + found.len()..].lines().next().unwrap_or("").ends_with('{');
    let tests = text.match_indices("#[cfg(test)]\nmod ").find(is_block).map_or(text.len(), |(at, _)| at);
    let lines = text[..tests].lines().enumerate().map(|(index, line)| (index + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//")).map(|(number, line)| match line.find(" // ") {
        Some(at) => (number, &line[..at]),
        None => (number, line),
    })
}

/// Whether a word stands in a line of code, not in a string.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let in_string = before.matches('"').count() % 2 == 1;
        !in_string && !is_part(before.chars().next_back()) && !is_part(after.chars().next())
    })
}

fn assert_none(complaints: &[String], advice: &str) {
    assert!(complaints.is_empty(), "{advice}:\n  {}", complaints.join("\n  "));
}

/// Lines of files chosen by path on which `is_wrong`.
fn find(chosen: impl Fn(&str) -> bool, is_wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut sources = sources();
    sources.retain(|(name, _)| name.ends_with(".rs") && chosen(name));
    assert!(!sources.is_empty(), "no file is chosen");
    for (name, text) in &sources {
        found.extend(code(text).filter(|(_, line)| is_wrong(line)).map(|(number, _)| format!("{name}:{number}")));
    }
    found
}

#[test]
fn cranelift_begins_with_translation() {
    let is_before = |name: &str| name.starts_with("compiler/src/parse/") || name.starts_with("compiler/src/plan/");
    let found = find(is_before, |line| line.contains("cranelift_codegen") || line.contains("cranelift_frontend"));
    assert_none(
        &found,
        "parse and plan know no Cranelift IR: put this into translate/ (indices come from cranelift_entity)",
    );
}

#[test]
fn architectures_have_their_places() {
    let is_elsewhere = |name: &str| {
        let is_ours = name.starts_with("compiler/src/") || name.starts_with("runtime-lib/src/");
        let is_place = name.contains("/arch/")
            || name.starts_with("compiler/src/codegen/")
            || name.starts_with("compiler/src/cli/")
            || name.ends_with("/options.rs")
            || name.ends_with("/machine.rs")
            || name.ends_with("/tests.rs")
            // Which library belongs to which target, and the types that ELF and DWARF have for each.
            || name == "compiler/src/runtime.rs"
            || name.starts_with("compiler/src/object/");
        is_ours && !is_place
    };
    let found = find(is_elsewhere, |line| {
        let line = line.to_ascii_lowercase();
        ["x86_64", "x86-64", "aarch64", "riscv64"].iter().any(|name| line.contains(name))
    });
    assert_none(
        &found,
        "names of architectures belong into arch/, codegen/, options.rs and the machine files of object/ and link/",
    );
}

#[test]
fn the_runtime_library_has_no_std() {
    let is_runtime = |name: &str| name.starts_with("runtime-lib/") && !name.contains("/tests/");
    let mut found = find(is_runtime, |line| line.contains("std::") || has_word(line, "extern crate std"));
    found.retain(|place| !is_for_tests(place));
    assert_none(&found, "the runtime library is no_std: use core, or a #[cfg(test)] module");
}

/// Whether a line, as `file:line`, is the item or in the block, indented by more, behind the attribute `#[cfg(test)]`.
fn is_for_tests(place: &str) -> bool {
    let (file, number) = place.rsplit_once(':').unwrap();
    let text = fs::read_to_string(root().join(file)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let number: usize = number.parse().unwrap();
    let before = lines[..number - 1].iter().rposition(|line| line.trim() == "#[cfg(test)]");
    before.is_some_and(|at| {
        let between = &lines[at + 1..number - 1];
        between.is_empty() || between[1..].iter().all(|line| line.is_empty() || indent(line) > indent(lines[at]))
    })
}

/// The files that DESIGN.md names under `## Unsafe`: list items in backticks.
fn unsafe_files() -> Vec<String> {
    let design = fs::read_to_string(root().join("DESIGN.md")).unwrap();
    let section =
        design.split("\n## ").find(|section| section.starts_with("Unsafe")).expect("DESIGN.md has a section 'Unsafe'");
    let item = |line: &str| line.trim().strip_prefix("- `")?.split('`').next().map(String::from);
    section.lines().filter_map(item).collect()
}

#[test]
fn unsafe_is_where_design_says() {
    let listed = unsafe_files();
    let mut complaints = Vec::new();
    for (name, text) in sources() {
        if !name.ends_with(".rs") || name.starts_with("tests/") {
            continue;
        }
        // Words of attributes and lints are no use of it.
        let is_use = |line: &str| has_word(line, "unsafe") && !line.contains("#![");
        let used = code(&text).find(|(_, line)| is_use(line)).map(|(number, _)| number);
        match (used, listed.contains(&name)) {
            (Some(number), false) => complaints.push(format!("{name}:{number} is not in the list")),
            (None, true) => complaints.push(format!("{name} is in the list, but has no unsafe code")),
            _ => {}
        }
    }
    let is_gone = |name: &&String| !root().join(name).is_file();
    complaints.extend(listed.iter().filter(is_gone).map(|name| format!("{name} is in the list, but does not exist")));
    assert_none(&complaints, "DESIGN.md lists all files with unsafe code under '## Unsafe', and no others");
}

#[test]
fn every_unsafe_block_says_why_it_is_safe() {
    let mut complaints = Vec::new();
    for (name, text) in sources().iter().filter(|(name, _)| name.ends_with(".rs") && !name.starts_with("tests/")) {
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in code(text) {
            let opens = has_word(line, "unsafe") && line.contains("unsafe {");
            let before = &lines[number.saturating_sub(16)..number];
            // An item before or around it may give the reason for several.
            if opens && !before.iter().any(|line| line.contains("SAFETY") || line.contains("# Safety")) {
                complaints.push(format!("{name}:{number}"));
            }
        }
    }
    assert_none(&complaints, "an unsafe block needs a comment `// SAFETY: …` shortly before it");
}

#[test]
fn files_have_a_common_form() {
    let mut complaints = Vec::new();
    for (name, text) in sources() {
        if !text.ends_with('\n') || text.ends_with("\n\n") {
            complaints.push(format!("{name} must end with one line break"));
        }
        for (index, line) in text.lines().enumerate() {
            let place = format!("{name}:{}", index + 1);
            if name.ends_with(".rs") && line.chars().count() > 120 {
                complaints.push(format!("{place} has {} columns; 120 are enough", line.chars().count()));
            }
            if line.ends_with([' ', '\t']) && !name.ends_with(".md") {
                complaints.push(format!("{place} ends with white space"));
            }
            if line.contains('\r') || line.contains('\t') && name.ends_with(".rs") {
                complaints.push(format!("{place} has a tab or carriage return"));
            }
        }
    }
    assert_none(&complaints, "the form of files");
}

#[test]
fn words_are_found_in_code_only() {
    assert!(has_word("let x = unsafe { f() };", "unsafe"));
    assert!(!has_word("let unsafe_files = 1;", "unsafe"));
    assert!(!has_word("\"unsafe\"", "unsafe"));
    assert_eq!(code("a\n// b\nc // d\n#[cfg(test)]\nmod tests {").collect::<Vec<_>>(), [(1, "a"), (3, "c")]);
    assert_eq!(code("#[cfg(test)]\nmod tests;\na\n#[cfg(test)]\nmod b {").last(), Some((3, "a")));
}
