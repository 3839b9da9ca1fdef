//! The figures as one web page that needs nothing else. Colours are those of the reader's light or dark scheme, and of
//! the kind of engine: wasmc has one of its own.

use std::fmt::{self, Write as _};

use super::chart::{self, Axis, Bar, Dot, Line, Row, Single, escape};
use super::results::{Class, Compiled, EngineInfo, Kind, OURS, Outcome, ProgramResult, Results, Shape};
use crate::report::Table;

const STYLE: &str = include_str!("page.css");

const TIMES: Axis = Axis { title: "× native", tick: |value| format!("{value}") };
const SECONDS: Axis = Axis { title: "processor time", tick: time };
const BYTES: Axis = Axis { title: "", tick: size };
const MEMORY: Axis = Axis { title: "peak memory", tick: size };
const MODULE: Axis = Axis { title: "size of the module", tick: size };

pub fn render(results: &Results) -> String {
    let mut page = String::new();
    write_page(&mut page, results).expect("a string takes all text");
    page
}

fn write_page(page: &mut String, results: &Results) -> fmt::Result {
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>wasmc beside its peers</title>\n\
         <style>\n{STYLE}</style>\n<header><h1>wasmc beside its peers</h1>\n\
         <p>An ahead-of-time compiler from WebAssembly to standalone executables, measured with other engines in one \
         interleaved run.</p>\n<p class=\"soft\">{}. {}.</p></header>\n",
        escape(&results.date),
        escape(&results.machine.to_string()),
    )?;
    headline(page, results)?;

    page.push_str("<h2>Speed: all programs</h2>\n");
    write!(
        page,
        "<p>Processor time of whole processes, as a ratio to the same program compiled natively with full \
         optimisation: less is better. The geometric mean of what each engine could run, of the least of {} runs ({} \
         on interpreters), in turns",
        results.rounds, results.interpreter_rounds,
    )?;
    if results.divide > 1 {
        write!(page, ", with 1/{} of the work", results.divide)?;
    }
    page.push_str(". Every program prints a checksum that has to be the one of native code.</p>\n");
    key(page, &[Kind::Native, Kind::AheadOfTime, Kind::JustInTime, Kind::Interpreter])?;
    means(page, results)?;

    page.push_str("<h2>Speed: each program</h2>\n");
    page.push_str(
        "<p class=\"key\"><span class=\"swatch ours\"></span>wasmc, with its figure at the right \
         <span class=\"swatch wasmtime\"></span>Wasmtime <span class=\"swatch other\"></span>other compilers; point at \
         one to read its name. Dashes: native code.</p>\n",
    );
    for class in [Class::Given, Class::Kernel, Class::System, Class::Language] {
        programs(page, results, class)?;
    }
    if results.programs.iter().any(|program| results.instruction_ratio(program, OURS).is_some()) {
        page.push_str(
            "<h2>Instructions</h2>\n<p>Executed instructions, as a ratio to native code. These are exact.</p>\n",
        );
        instructions(page, results)?;
    }
    page.push_str("<h2>Speed: all figures</h2>\n<p>Ratios to native code.</p>\n");
    heat(page, results)?;

    page.push_str("<h2>Start-up</h2>\n<p>Wall time of an empty program, from fork to exit; median. ");
    page.push_str("A library takes the start of the interpreter that it is in.</p>\n");
    let start = |engine: &EngineInfo| Some(engine.startup?.median);
    engine_bars(page, results, "Start-up", &Axis { title: "wall time", tick: time }, start)?;
    page.push_str("<h2>Size</h2>\n<p>What a compiler makes of an empty program. ");
    page.push_str("Executables stand alone or need a libc; the others need their runtime beside them.</p>\n");
    let bytes = |engine: &EngineInfo| Some(engine.empty_bytes? as f64);
    engine_bars(page, results, "Size of an empty program", &BYTES, bytes)?;
    if !results.growth.is_empty() {
        growth(page, results)?;
    }

    page.push_str("<h2>Tables</h2>\n");
    let report = results.report();
    for table in &report.tables {
        write_table(page, table)?;
    }
    for target in &report.targets {
        writeln!(page, "<p>{}.</p>", escape(&target.to_string()))?;
    }
    if !report.notes.is_empty() {
        page.push_str("<h2>Failures, and what was not measured</h2>\n<ul>\n");
        for note in &report.notes {
            writeln!(page, "<li>{}</li>", escape(note))?;
        }
        page.push_str("</ul>\n");
    }
    page.push_str("</html>\n");
    Ok(())
}

/// What to remember, as large numbers.
fn headline(page: &mut String, results: &Results) -> fmt::Result {
    let ours = results.engines.iter().find(|engine| engine.name == OURS);
    let mut tiles = Vec::new();
    if let Some((mean, programs)) = results.geometric_mean(OURS) {
        tiles.push((format!("{mean:.2}×"), format!("the time of native code, over {programs} programs")));
    }
    if let Some((mean, programs)) = results.mean_to_wasmtime(OURS) {
        tiles.push((format!("{mean:.2}×"), format!("the time of Wasmtime, over {programs} programs")));
    }
    if let Some(startup) = ours.and_then(|engine| engine.startup) {
        tiles.push((time(startup.median), "from fork to exit of an empty program".to_owned()));
    }
    if let Some(bytes) = ours.and_then(|engine| engine.empty_bytes) {
        tiles.push((size(bytes as f64), "an executable that needs nothing, at least".to_owned()));
    }
    let rates = results.growth_of(OURS, |compiled| compiled.cpu);
    if let Some((bytes, seconds)) = rates.last().filter(|(_, seconds)| *seconds > 0.0) {
        tiles.push((format!("{}/s", size(bytes / seconds)), "of WebAssembly compiled, on one processor".to_owned()));
    }
    page.push_str("<div class=\"tiles\">\n");
    for (number, what) in tiles {
        writeln!(page, "<div><b>{}</b><span>{}</span></div>", escape(&number), escape(&what))?;
    }
    page.push_str("</div>\n");
    Ok(())
}

/// The class of an engine in `page.css`.
fn class(engine: &EngineInfo) -> &'static str {
    if engine.name == OURS { "ours" } else { kind_class(engine.kind) }
}

fn kind_class(kind: Kind) -> &'static str {
    match kind {
        Kind::Native => "native",
        Kind::AheadOfTime => "ahead",
        Kind::JustInTime => "just",
        Kind::Interpreter => "interpreter",
    }
}

/// What the colours of bars mean.
fn key(page: &mut String, kinds: &[Kind]) -> fmt::Result {
    page.push_str("<p class=\"key\"><span class=\"swatch ours\"></span>wasmc ");
    for kind in kinds {
        write!(page, "<span class=\"swatch {}\"></span>{} ", kind_class(*kind), kind.name())?;
    }
    page.push_str("</p>\n");
    Ok(())
}

/// A bar for each engine, shortest first.
fn means(page: &mut String, results: &Results) -> fmt::Result {
    let of_all = results.programs.iter().filter(|program| results.base(program).is_some()).count();
    let bar = |engine: &EngineInfo| {
        let (mean, programs) = results.geometric_mean(&engine.name)?;
        let of = if programs == of_all { String::new() } else { format!(" ({programs} of {of_all})") };
        Some(Bar { label: engine.name.clone(), class: class(engine), value: mean, text: format!("{mean:.2}{of}") })
    };
    let mut bars: Vec<Bar> = results.engines.iter().filter_map(bar).collect();
    bars.sort_by(|one, other| one.value.total_cmp(&other.value));
    chart::bars(page, "Geometric mean of the ratios to native code", &TIMES, &bars, Some(1.0))
}

fn engine_bars(
    page: &mut String,
    results: &Results,
    title: &str,
    axis: &Axis,
    value: impl Fn(&EngineInfo) -> Option<f64>,
) -> fmt::Result {
    let bar = |engine: &EngineInfo| {
        let value = value(engine)?;
        Some(Bar { label: engine.name.clone(), class: class(engine), value, text: (axis.tick)(value) })
    };
    let mut bars: Vec<Bar> = results.engines.iter().filter_map(bar).collect();
    bars.sort_by(|one, other| one.value.total_cmp(&other.value));
    chart::bars(page, title, axis, &bars, None)
}

/// Programs of a class, with compilers as dots: wasmc last, so that it is above the others.
fn programs(page: &mut String, results: &Results, class: Class) -> fmt::Result {
    let wasmtime = results.wasmtime().map(|engine| engine.name.as_str());
    let row = |program: &ProgramResult| {
        let compilers = results.engines.iter().filter(|engine| engine.kind != Kind::Interpreter);
        let dot = |engine: &EngineInfo| {
            let class = match engine.name.as_str() {
                OURS => "ours",
                name if Some(name) == wasmtime => "wasmtime",
                _ => "other",
            };
            Some(Dot { label: engine.name.clone(), class, value: results.ratio(program, &engine.name)? })
        };
        let mut dots: Vec<Dot> = compilers.filter_map(dot).collect();
        dots.sort_by_key(|dot| ["other", "wasmtime", "ours"].iter().position(|class| dot.class == *class));
        let text = results.ratio(program, OURS).map_or(String::new(), |ratio| format!("{ratio:.2}"));
        (!dots.is_empty()).then(|| Row { label: program.name.clone(), dots, text })
    };
    let of_class = results.programs.iter().filter(|program| program.class == class);
    let rows: Vec<Row> = of_class.filter_map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let title = match class {
        Class::Kernel => "Kernels",
        Class::System => "Programs",
        Class::Language => "Languages and their libraries",
        Class::Given => "Other programs",
    };
    writeln!(page, "<h3>{title}</h3>")?;
    let compilers = || results.engines.iter().filter(|engine| engine.kind != Kind::Interpreter);
    let all = results.programs.iter().flat_map(|it| compilers().filter_map(|engine| results.ratio(it, &engine.name)));
    chart::dots(page, title, &TIMES, &rows, &all.collect::<Vec<_>>(), 1.0)
}

fn instructions(page: &mut String, results: &Results) -> fmt::Result {
    let row = |program: &ProgramResult| {
        let dot = |engine: &EngineInfo| {
            let class = if engine.name == OURS { "ours" } else { "other" };
            Some(Dot { label: engine.name.clone(), class, value: results.instruction_ratio(program, &engine.name)? })
        };
        let mut dots: Vec<Dot> = results.engines.iter().filter_map(dot).collect();
        dots.sort_by_key(|dot| dot.class == "ours");
        let text = format!("{:.2}", results.instruction_ratio(program, OURS)?);
        Some(Row { label: program.name.clone(), dots, text })
    };
    let rows: Vec<Row> = results.programs.iter().filter_map(row).collect();
    let all: Vec<f64> = rows.iter().flat_map(|row| row.dots.iter().map(|dot| dot.value)).collect();
    chart::dots(page, "Instructions over those of native code", &TIMES, &rows, &all, 1.0)
}

/// All ratios as a table whose cells are coloured.
fn heat(page: &mut String, results: &Results) -> fmt::Result {
    page.push_str("<div class=\"scroll\"><table class=\"heat\">\n<tr><th></th>");
    for engine in &results.engines {
        write!(page, "<th class=\"{}\"><span>{}</span></th>", class(engine), escape(&engine.name))?;
    }
    page.push_str("</tr>\n");
    for program in &results.programs {
        write!(page, "<tr><td>{}</td>", escape(&program.name))?;
        for engine in &results.engines {
            match (program.outcomes.get(&engine.name), results.ratio(program, &engine.name)) {
                (Some(Outcome::Failed(why)), _) => {
                    write!(page, "<td class=\"failed\" title=\"{}\">failed</td>", escape(why))
                }
                (_, Some(ratio)) => write!(page, "<td class=\"h{}\">{}</td>", warmth(ratio), short(ratio)),
                _ => write!(page, "<td></td>"),
            }?;
        }
        page.push_str("</tr>\n");
    }
    let native = |name: &str| results.geometric_mean(name);
    let wasmtime = |name: &str| results.mean_to_wasmtime(name);
    heat_means(page, results, "geometric mean", native)?;
    heat_means(page, results, "of Wasmtime’s time", wasmtime)?;
    page.push_str("</table></div>\n");
    Ok(())
}

fn heat_means(
    page: &mut String,
    results: &Results,
    title: &str,
    mean: impl Fn(&str) -> Option<(f64, usize)>,
) -> fmt::Result {
    write!(page, "<tr class=\"mean\"><td>{title}</td>")?;
    for engine in &results.engines {
        match mean(&engine.name) {
            Some((ratio, _)) => write!(page, "<td class=\"h{}\">{}</td>", warmth(ratio), short(ratio))?,
            None => page.push_str("<td></td>"),
        }
    }
    page.write_str("</tr>\n")
}

/// Ratios that begin a colour: there are so many colours, and one.
const WARMER: [f64; 8] = [0.9, 1.05, 1.15, 1.3, 1.6, 2.2, 5.0, 15.0];

fn warmth(ratio: f64) -> usize {
    WARMER.iter().filter(|step| ratio >= **step).count()
}

fn short(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.2}") } else { format!("{ratio:.0}") }
}

/// Time and memory by the size of the module.
fn growth(page: &mut String, results: &Results) -> fmt::Result {
    page.push_str(
        "<h2>Compiling, as modules grow</h2>\n<p>Modules that were made up, of many functions; beside the lines: one \
         function, and modules of others. Both axes are logarithmic, so what is linear goes up by as much as it goes \
         to the right.",
    );
    let powers = [results.exponent(OURS, |it| it.cpu), results.exponent(OURS, |it| it.peak_bytes as f64)];
    if let [Some(cpu), Some(memory)] = powers {
        write!(page, " wasmc’s time grows with the {cpu:.2}th power of the size, its memory with the {memory:.2}th.")?;
    }
    page.push_str("</p>\n");
    growth_chart(page, results, &SECONDS, |compiled| compiled.cpu)?;
    growth_chart(page, results, &MEMORY, |compiled| compiled.peak_bytes as f64)
}

fn growth_chart(page: &mut String, results: &Results, axis: &Axis, number: fn(&Compiled) -> f64) -> fmt::Result {
    const COLOURS: [&str; 6] = ["l0", "l1", "l2", "l3", "l4", "l5"];
    let compilers: Vec<&EngineInfo> = results
        .engines
        .iter()
        .filter(|engine| results.growth.iter().any(|it| it.outcomes.contains_key(&engine.name)))
        .collect();
    let mut colours = COLOURS.iter().cycle();
    let (mut lines, mut singles) = (Vec::new(), Vec::new());
    for engine in compilers {
        let class = if engine.name == OURS { "ours" } else { colours.next().expect("a cycle has no end") };
        let points: Vec<_> =
            results.growth_of(&engine.name, number).into_iter().filter(|point| point.1 > 0.0).collect();
        lines.push(Line { label: engine.name.clone(), class, points });
        for compiling in results.growth.iter().filter(|compiling| compiling.shape != Shape::Functions) {
            let compiled = compiling.outcomes.get(&engine.name).filter(|compiled| compiled.failure.is_none());
            if let Some(value) = compiled.map(number).filter(|value| *value > 0.0) {
                let label = if class == "ours" {
                    compiling.name.clone()
                } else {
                    format!("{}, {}", compiling.name, engine.name)
                };
                singles.push(Single { label, class, point: (compiling.bytes as f64, value) });
            }
        }
    }
    // Ours is drawn last, above the others.
    lines.sort_by_key(|line| line.class == "ours");
    singles.sort_by_key(|single| single.class == "ours");
    chart::lines(page, axis.title, [&MODULE, axis], &lines, &singles)
}

fn write_table(page: &mut String, table: &Table) -> fmt::Result {
    write!(page, "<details><summary>{}</summary>\n<div class=\"scroll\"><table>\n<tr>", escape(&table.title))?;
    for column in &table.columns {
        write!(page, "<th>{}</th>", escape(column))?;
    }
    page.push_str("</tr>\n");
    for row in &table.rows {
        page.push_str("<tr>");
        for cell in row {
            write!(page, "<td>{}</td>", escape(&cell.to_string()))?;
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table></div></details>\n");
    Ok(())
}

/// Seconds with a unit.
fn time(seconds: f64) -> String {
    match seconds {
        0.0..0.001 => format!("{} µs", digits(seconds * 1e6)),
        0.001..1.0 => format!("{} ms", digits(seconds * 1e3)),
        _ => format!("{} s", digits(seconds)),
    }
}

/// Bytes with a unit.
fn size(bytes: f64) -> String {
    match bytes {
        0.0..1e3 => format!("{} B", digits(bytes)),
        1e3..1e6 => format!("{} kB", digits(bytes / 1e3)),
        1e6..1e9 => format!("{} MB", digits(bytes / 1e6)),
        _ => format!("{} GB", digits(bytes / 1e9)),
    }
}

/// Three digits, without zeros behind the point.
fn digits(number: f64) -> String {
    let decimals = match number {
        0.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::example;
    use super::*;

    #[test]
    fn a_page_needs_nothing_else_and_escapes_what_it_shows() {
        let page = render(&example());
        assert!(page.contains("A &lt;fast&gt; processor"));
        assert!(page.contains("<title>gemm, wasmc: 1.50</title>"));
        assert!(page.contains("FAILED: json, wasmi"));
        for outside in ["src=", "href=", "http", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(!page.contains("NaN") && !page.contains("inf\""));
    }

    #[test]
    fn tags_are_closed() {
        let page = render(&example());
        for tag in ["svg", "table", "tr", "td", "details", "text", "title", "ul", "span", "div", "p", "header"] {
            let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }

    #[test]
    fn what_compiling_takes_is_a_line_for_each_compiler() {
        let page = render(&example());
        assert!(page.contains("<polyline class=\"line ours\""), "{page}");
        assert!(page.contains("<title>wasmc: 100 kB, 20 ms</title>"), "{page}");
        assert!(page.contains("<title>one function: 5 MB, 30 s</title>"), "{page}");
        // What failed has no point.
        assert!(!page.contains("<title>large.wasm"), "{page}");
        assert!(page.contains("wasmc’s time grows with the 1.00th power"), "{page}");
    }

    #[test]
    fn every_class_has_a_colour() {
        for class in ["ours", "native", "ahead", "just", "interpreter", "wasmtime", "other", "l0", "l5"] {
            assert!(STYLE.contains(&format!(".{class} {{")), "{class}");
        }
        for step in 0..=WARMER.len() {
            assert!(STYLE.contains(&format!(".h{step} {{")), "{step}");
        }
        assert_eq!(warmth(f64::MAX), WARMER.len());
    }

    #[test]
    fn numbers_have_units_and_three_digits() {
        assert_eq!([time(0.000_357), time(0.0645), time(2.0), time(123.4)], ["357 µs", "64.5 ms", "2 s", "123 s"]);
        assert_eq!([size(35_123.0), size(2e6), size(1.5e9), size(100.0)], ["35.1 kB", "2 MB", "1.5 GB", "100 B"]);
    }
}
