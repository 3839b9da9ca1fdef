//! Turns Markdown into HTML, with `pulldown-cmark`.

use pulldown_cmark::{Options, Parser, html};
use wasmc_bench_samples::{Random, fold, repetitions, report, text};

fn main() {
    let mut random = Random::new(5);
    let mut document = String::new();
    for section in 0..600 {
        document.push_str(&format!("## Section {section} `code` *of* text\n\n"));
        document.push_str(&text(&mut random, 400));
        document.push_str("\n\n| a | b |\n|---|--:|\n| **x** | [link](https://example.org \"t\") |\n\n");
        document.push_str("1. one\n   - nested ~~item~~\n2. two\n\n```rust\nfn main() {}\n```\n\n> quoted\n\n");
    }
    let mut checksum = 0;
    for _ in 0..repetitions() {
        let mut page = String::new();
        html::push_html(&mut page, Parser::new_ext(&document, Options::all()));
        checksum = fold(checksum, page.as_bytes());
    }
    report("markdown", checksum);
}
