//! `wasmc explore`: what the page holds, and what a browser makes of it.

use std::collections::HashSet;
use std::fs;
use std::io::Read as _;

use flate2::read::DeflateDecoder;
use serde_json::Value;
use wasmc_tests::binary::leb;
use wasmc_tests::command::wasmc;
use wasmc_tests::process::End;

use super::{Place, has_tool};

/// With a name that shall not become part of the page, and a function that is hot.
const PROGRAM: &str = r#"(module
  (memory (export "memory") 1)
  (func $"<script>document.title='broken'</script>" (param $at i32) (result i32)
    (i32.load offset=8 (local.get $at)))
  (func (export "_start")
    (drop (call $"<script>document.title='broken'</script>" (i32.const 0)))))"#;

const RUST_STD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/programs/rust-std.wasm");

/// The data in a page, by id.
fn data(page: &str, id: &str) -> Option<Value> {
    let (_, rest) = page.split_once(&format!("<script type=\"text/plain\" id=\"{id}\">"))?;
    let text = &rest[..rest.find('<').unwrap()];
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::new();
    for group in text.as_bytes().chunks(4) {
        let digits: Vec<u8> = group.iter().filter_map(|letter| digit(*letter)).collect();
        let word = (0..4).fold(0_u32, |word, at| word << 6 | u32::from(*digits.get(at).unwrap_or(&0)));
        bytes.extend(&word.to_be_bytes()[1..digits.len()]);
    }
    let mut json = String::new();
    DeflateDecoder::new(&*bytes).read_to_string(&mut json).unwrap();
    Some(serde_json::from_str(&json).unwrap())
}

/// Name, bytes of code, and the rows of WebAssembly, code and source.
type Function = (String, u64, [Vec<Vec<String>>; 3]);

fn functions(page: &str) -> Vec<Function> {
    let index = data(page, "index").unwrap();
    let mut texts = Vec::new();
    for (number, first) in index["chunks"].as_array().unwrap().iter().enumerate() {
        assert_eq!(first.as_u64(), Some(texts.len() as u64));
        texts.extend(data(page, &format!("chunk{number}")).unwrap().as_array().unwrap().iter().cloned());
    }
    let listed = index["functions"].as_array().unwrap();
    assert_eq!(listed.len(), texts.len());
    let rows = |text: &Value| -> Vec<Vec<String>> {
        text.as_str().unwrap().lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    };
    let all = listed.iter().zip(&texts).map(|(listed, texts)| {
        let name = listed[0].as_str().unwrap().to_owned();
        (name, listed[2].as_u64().unwrap(), [rows(&texts[0]), rows(&texts[1]), rows(&texts[2])])
    });
    all.collect()
}

#[test]
fn every_instruction_is_there() {
    let place = Place::new();
    for target in ["x86_64", "aarch64"] {
        place.wasmc(&["explore", RUST_STD, "-o", "page.html", "--target", target]);
        let page = fs::read_to_string(place.path("page.html")).unwrap();
        let functions = functions(&page);
        assert!(functions.len() > 150, "{}", functions.len());
        let mut linked = 0;
        for (name, bytes, [wasm, code, _]) in &functions {
            // Code is shown without a gap, so that nothing is decoded from its middle.
            let offsets: Vec<u64> = code.iter().map(|row| u64::from_str_radix(&row[0], 16).unwrap()).collect();
            assert!(offsets[0] == 0 && offsets.is_sorted() && offsets.last() < Some(bytes), "{name}");
            // What it was made from is on the other side. (Glue is made from nothing.)
            let operators: HashSet<&str> = wasm.iter().map(|row| row[0].as_str()).collect();
            for row in code.iter().filter(|row| !row[1].is_empty()) {
                assert!(operators.contains(row[1].as_str()), "{name}: {row:?}");
                linked += 1;
            }
            assert!(!wasm.is_empty() || name.starts_with("wasmc_"), "{name}");
            assert!(wasm.iter().skip(1).all(|row| !row[1].trim_start().starts_with("(func")), "{name}");
        }
        let all: usize = functions.iter().map(|(_, _, [_, code, _])| code.len()).sum();
        assert!(linked * 10 > all * 6, "{linked} of {all}");
        // Hardly anything of it is data.
        let undecoded = |row: &&Vec<String>| row[2].starts_with(".byte");
        let data: usize = functions.iter().map(|(_, _, [_, code, _])| code.iter().filter(undecoded).count()).sum();
        assert!(data * 10 < all, "{data} of {all}");
    }
}

#[test]
fn a_page_needs_nothing_else() {
    let place = Place::new();
    place.write("app.wat", PROGRAM);
    place.wasmc(&["explore", "app.wat"]);
    let page = fs::read_to_string(place.path("app.html")).unwrap();
    assert!(page.contains("default-src 'none'"));
    for outside in ["http:", "https:", " src=", "<link", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    let function = |page: &str, name: &str| functions(page).into_iter().find(|(found, _, _)| found.contains(name));
    // The callee stands in place of the call, from which it is then, and is no function of its own any more.
    let (_, _, [wasm, code, _]) = function(&page, "_start").unwrap();
    let call = wasm.iter().find(|row| row[1].trim().starts_with("call ")).unwrap();
    assert!(code.iter().any(|row| row[1] == call[0] && row[2].starts_with("mov")), "{code:?}");
    assert!(function(&page, "broken").is_none());
    assert!(!page.contains("broken"), "names are data");
    place.wasmc(&["explore", "app.wat", "-o", "calls.html", "--disable-pass", "inline"]);
    let calls = fs::read_to_string(place.path("calls.html")).unwrap();
    assert!(!calls.contains("broken"), "names are data");
    let (_, _, [wasm, code, _]) = function(&calls, "broken").unwrap();
    let load = wasm.iter().find(|row| row[1].trim() == "i32.load offset=8").unwrap();
    assert!(code.iter().any(|row| row[1] == load[0]), "{code:?}");
    let (_, _, [_, code, _]) = function(&calls, "_start").unwrap();
    assert!(code.iter().any(|row| row[2].contains("broken")), "calls say whom");

    // The same bytes each time.
    place.wasmc(&["explore", "app.wat", "-o", "again.html", "-j1"]);
    assert_eq!(fs::read_to_string(place.path("again.html")).unwrap(), page);

    // Errors are those of compiling.
    place.write("bad.wat", "(module (func (result i32)))");
    assert_eq!(place.run(wasmc(), &["explore", "bad.wat"]).end, End::Exit(1));
    assert!(!place.path("bad.html").exists());
}

/// The source of a function is shown where it is known: a module with DWARF as clang 14 writes it, of this text.
#[test]
fn lines_of_the_source() {
    let place = Place::new();
    place.write("lines.wasm", with_lines(place.path("").to_str().unwrap()));
    place.write("add.c", "int add(int a) {\n  return a + 1;\n}\n");
    place.wasmc(&["explore", "lines.wasm"]);
    let page = fs::read_to_string(place.path("lines.html")).unwrap();
    let functions = functions(&page);
    let (_, _, [wasm, _, source]) = &functions[0];
    let texts: Vec<&str> = source.iter().map(|row| row[2].as_str()).collect();
    assert_eq!(texts, ["int add(int a) {", "return a + 1;"]);
    assert!(source[1][1].ends_with("add.c:2"), "{source:?}");
    assert!(wasm.iter().any(|row| row[0] == source[1][0] && row[1].trim() == "i32.const 1"), "{source:?} {wasm:?}");
}

/// A module with a line table of two rows: the start of the body, and its first operator.
fn with_lines(directory: &str) -> Vec<u8> {
    let mut wasm = wat::parse_str("(module (func (export \"_start\") i32.const 1 drop))").unwrap();
    let mut custom = |name: &str, contents: &[u8]| {
        let mut section = Vec::new();
        leb(&mut section, name.len() as u64);
        section.extend(name.as_bytes());
        section.extend(contents);
        wasm.push(0);
        leb(&mut wasm, section.len() as u64);
        wasm.extend(section);
    };
    // DWARF 4: DW_TAG_compile_unit with DW_AT_comp_dir as a string and DW_AT_stmt_list.
    custom(".debug_abbrev", &[1, 0x11, 0, 0x1b, 0x08, 0x10, 0x17, 0, 0, 0]);
    let mut unit = vec![4, 0, 0, 0, 0, 0, 4, 1];
    unit.extend(directory.as_bytes());
    unit.extend([0, 0, 0, 0, 0]);
    custom(".debug_info", &[&(unit.len() as u32).to_le_bytes()[..], &unit].concat());
    let mut header = vec![1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0];
    header.extend(b"add.c\0\0\0\0\0");
    // The body begins behind the number of bodies and its own size, at 2; its first operator at 3.
    let program = [&[0, 5, 2, 2, 0, 0, 0, 1][..], &[2, 1, 3, 1, 1], &[2, 4, 0, 1, 1]].concat();
    let mut table = vec![4, 0];
    table.extend((header.len() as u32).to_le_bytes());
    table.extend(header);
    table.extend(program);
    custom(".debug_line", &[&(table.len() as u32).to_le_bytes()[..], &table].concat());
    wasm
}

#[test]
fn in_a_browser() {
    if !has_tool("chromium") {
        return;
    }
    let place = Place::new();
    place.write("app.wat", PROGRAM);
    place.wasmc(&["explore", "app.wat", "--disable-pass", "inline"]);
    // What the page looks like when nothing happens any more.
    let open = |page: &str| {
        let profile = format!("--user-data-dir={}", place.path("profile").display());
        let page = format!("file://{}{page}", place.path("").display());
        let flags = ["--headless=new", "--no-sandbox", "--disable-gpu", &profile, "--virtual-time-budget=20000"];
        let finished = place.run("chromium", &[&flags[..], &["--dump-dom", &page]].concat());
        let text = finished.succeeded().stdout_text();
        // The elements, without scripts.
        text.split("<script").map(|part| part.rsplit("</script>").next().unwrap()).collect::<String>()
    };
    let page = open("app.html");
    assert!(page.contains("<title>app.wat – wasmc explore</title>"), "{page}");
    // The largest function is shown at first, with both sides of each link in one colour.
    let colours = |page: &str, side: &str| -> HashSet<String> {
        let (_, rest) = page.split_once(&format!("id=\"{side}\"")).unwrap();
        let rest = rest.split("</section>").next().unwrap();
        rest.split("--hue: ").skip(1).map(|text| text.chars().take_while(char::is_ascii_digit).collect()).collect()
    };
    assert!(!colours(&page, "wasm").is_empty());
    assert_eq!(colours(&page, "wasm"), colours(&page, "code"));

    // A link to an operator marks it on both sides.
    let functions = functions(&fs::read_to_string(place.path("app.html")).unwrap());
    let number = functions.iter().position(|(name, _, _)| name.contains("broken")).unwrap();
    let load = functions[number].2[0].iter().find(|row| row[1].contains("i32.load")).unwrap();
    let page = open(&format!("app.html#{number},{}", load[0]));
    assert!(page.contains("i32.load offset=8") && page.contains("&lt;script&gt;document.title"), "{page}");
    assert!(page.matches("row linked active").count() >= 2, "{page}");

    // Of a large function only what is in sight is in the page.
    place.wasmc(&["explore", RUST_STD, "-o", "large.html"]);
    let functions = self::functions(&fs::read_to_string(place.path("large.html")).unwrap());
    let largest = functions.iter().max_by_key(|(_, bytes, _)| *bytes).unwrap();
    assert!(largest.2[1].len() > 1000);
    let page = open("large.html");
    assert!(page.contains(&largest.2[1][0][2]), "{page}");
    let rows = page.matches("class=\"row").count();
    assert!((50..500).contains(&rows), "{rows}");
}
