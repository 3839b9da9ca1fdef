//! The figures as one web page that needs nothing else: tables, and charts as SVG. Colours are those of the reader's
//! light or dark scheme.

use std::fmt::{self, Write as _};

use super::results::{Class, Kind, Results};
use crate::report::Table;

const STYLE: &str = include_str!("page.css");

/// Widths and heights of charts, in pixels of the drawing.
const WIDTH: f64 = 920.0;
const LABELS: f64 = 150.0;
const RIGHT: f64 = 70.0;
const ROW: f64 = 22.0;
const AXIS: f64 = 26.0;

pub fn render(results: &Results) -> String {
    let mut page = String::new();
    write_page(&mut page, results).expect("a string takes all text");
    page
}

fn write_page(page: &mut String, results: &Results) -> fmt::Result {
    let machine = escape(&results.machine.to_string());
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>wasmc beside its peers</title>\n\
         <style>\n{STYLE}</style>\n<h1>wasmc beside its peers</h1>\n<p>{}. {machine}.</p>\n\
         <p>Processor time of whole processes; each program ran {} times on each engine ({} on interpreters), in turns",
        escape(&results.date),
        results.rounds,
        results.interpreter_rounds,
    )?;
    if results.divide > 1 {
        write!(page, ", with 1/{} of the work", results.divide)?;
    }
    page.push_str(". Ratios are of the least times, to the same program compiled natively: less is better.</p>\n");

    page.push_str("<h2>All programs: geometric mean</h2>\n");
    means(page, results)?;
    page.push_str("<h2>Start-up: an empty program</h2>\n");
    starts(page, results)?;
    page.push_str("<h2>Each program</h2>\n");
    legend(page, results)?;
    for class in [Class::Given, Class::Kernel, Class::System, Class::Language] {
        dots(page, results, class)?;
    }

    page.push_str("<h2>Figures</h2>\n");
    let report = results.report();
    for table in &report.tables {
        write_table(page, table)?;
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

/// A bar for each engine: ratio to native.
fn means(page: &mut String, results: &Results) -> fmt::Result {
    let bars = results.engines.iter().enumerate().filter_map(|(index, engine)| {
        let (mean, programs) = results.geometric_mean(&engine.name)?;
        let of = if programs == results.programs.len() { String::new() } else { format!(" of {programs}") };
        Some(Bar { label: &engine.name, index, kind: engine.kind, value: mean, text: format!("{mean:.2}{of}") })
    });
    write_bars(page, &bars.collect::<Vec<_>>(), Some(1.0))
}

/// A bar for each engine: median time to start, in milliseconds.
fn starts(page: &mut String, results: &Results) -> fmt::Result {
    let bars = results.engines.iter().enumerate().filter_map(|(index, engine)| {
        let value = engine.startup?.median * 1e3;
        Some(Bar { label: &engine.name, index, kind: engine.kind, value, text: format!("{value:.2} ms") })
    });
    write_bars(page, &bars.collect::<Vec<_>>(), None)
}

struct Bar<'a> {
    label: &'a str,
    /// Of the engine, which decides on the colour.
    index: usize,
    kind: Kind,
    value: f64,
    text: String,
}

fn write_bars(page: &mut String, bars: &[Bar<'_>], mark: Option<f64>) -> fmt::Result {
    let scale = Scale::over(bars.iter().map(|bar| bar.value).chain(mark));
    let height = ROW * bars.len() as f64 + AXIS;
    open_chart(page, height)?;
    scale.write_axis(page, height)?;
    for (row, bar) in bars.iter().enumerate() {
        let top = ROW * row as f64;
        let (left, end) = (scale.place(scale.low), scale.place(bar.value));
        writeln!(
            page,
            "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>\
             <rect class=\"fill e{}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\">\
             <title>{label}, {}: {text}</title></rect>\
             <text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{text}</text>",
            LABELS - 8.0,
            top + 15.0,
            bar.index % COLOURS,
            top + 3.0,
            (end - left).max(1.0),
            ROW - 6.0,
            bar.kind.name(),
            end + 5.0,
            top + 15.0,
            label = escape(bar.label),
            text = bar.text,
        )?;
    }
    if let Some(mark) = mark {
        write_mark(page, scale.place(mark), height)?;
    }
    page.push_str("</svg>\n");
    Ok(())
}

/// A row for each program of a class, in which each engine is a dot.
fn dots(page: &mut String, results: &Results, class: Class) -> fmt::Result {
    let programs: Vec<_> = results.programs.iter().filter(|program| program.class == class).collect();
    let all = programs
        .iter()
        .flat_map(|program| results.engines.iter().filter_map(|engine| results.ratio(program, &engine.name)));
    let all: Vec<f64> = all.collect();
    if all.is_empty() {
        return Ok(());
    }
    let title = match class {
        Class::Kernel => "Kernels",
        Class::System => "Programs",
        Class::Language => "A language and its library",
        Class::Given => "Other programs",
    };
    let scale = Scale::over(all.into_iter().chain([1.0]));
    let height = ROW * programs.len() as f64 + AXIS;
    writeln!(page, "<h3>{title}</h3>")?;
    open_chart(page, height)?;
    scale.write_axis(page, height)?;
    write_mark(page, scale.place(1.0), height)?;
    for (row, program) in programs.iter().enumerate() {
        let middle = ROW * (row as f64 + 0.5);
        let name = escape(&program.name);
        write!(
            page,
            "<line class=\"grid\" x1=\"{LABELS:.1}\" x2=\"{:.1}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\"/>\
             <text class=\"label\" x=\"{:.1}\" y=\"{:.1}\">{name}</text>",
            WIDTH - RIGHT,
            LABELS - 8.0,
            middle + 4.0
        )?;
        for (index, engine) in results.engines.iter().enumerate() {
            let Some(ratio) = results.ratio(program, &engine.name) else { continue };
            write!(
                page,
                "<circle class=\"fill e{}\" cx=\"{:.1}\" cy=\"{middle:.1}\" r=\"5\">\
                 <title>{name}, {}: {ratio:.2}</title></circle>",
                index % COLOURS,
                scale.place(ratio),
                escape(&engine.name)
            )?;
        }
        page.push('\n');
    }
    page.push_str("</svg>\n");
    Ok(())
}

fn legend(page: &mut String, results: &Results) -> fmt::Result {
    page.push_str("<p class=\"legend\">");
    for (index, engine) in results.engines.iter().enumerate() {
        let name = escape(&engine.name);
        write!(
            page,
            "<span><svg width=\"12\" height=\"12\" aria-hidden=\"true\"><circle class=\"fill e{}\" cx=\"6\" cy=\"6\" \
             r=\"5\"/></svg> {name}</span> ",
            index % COLOURS
        )?;
    }
    page.push_str("</p>\n");
    Ok(())
}

/// How many colours `page.css` has.
const COLOURS: usize = 15;

fn open_chart(page: &mut String, height: f64) -> fmt::Result {
    writeln!(page, "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">")
}

/// The line of native code.
fn write_mark(page: &mut String, place: f64, height: f64) -> fmt::Result {
    let bottom = height - AXIS;
    writeln!(page, "<line class=\"mark\" x1=\"{place:.1}\" x2=\"{place:.1}\" y1=\"0\" y2=\"{bottom:.1}\"/>")
}

/// A logarithmic axis: as far to the left is as many times faster as as far to the right is slower.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// One that has room for these values and for at least a factor of two.
    fn over(values: impl Iterator<Item = f64>) -> Scale {
        let (low, high) = values
            .filter(|value| *value > 0.0)
            .fold((f64::MAX, f64::MIN_POSITIVE), |(low, high), value| (low.min(value), high.max(value)));
        // No value at all.
        if low > high {
            return Scale { low: 0.5, high: 2.0 };
        }
        Scale { low: low / 1.5, high: high * 1.2 }
    }

    fn place(&self, value: f64) -> f64 {
        let part = (value.max(self.low) / self.low).ln() / (self.high / self.low).ln();
        LABELS + part.min(1.0) * (WIDTH - LABELS - RIGHT)
    }

    fn write_axis(&self, page: &mut String, height: f64) -> fmt::Result {
        let bottom = height - AXIS;
        for exponent in -6..=6 {
            for step in [1.0, 2.0, 5.0] {
                let value: f64 = step * 10f64.powi(exponent);
                if value < self.low || value > self.high {
                    continue;
                }
                let place = self.place(value);
                writeln!(
                    page,
                    "<line class=\"grid\" x1=\"{place:.1}\" x2=\"{place:.1}\" y1=\"0\" y2=\"{bottom:.1}\"/>\
                     <text class=\"tick\" x=\"{place:.1}\" y=\"{:.1}\">{value}</text>",
                    height - 9.0
                )?;
            }
        }
        Ok(())
    }
}

fn write_table(page: &mut String, table: &Table) -> fmt::Result {
    write!(page, "<details><summary>{}</summary>\n<div><table>\n<tr>", escape(&table.title))?;
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

/// Text as HTML, between tags or in an attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::engines::ENGINES;
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
        for tag in ["svg", "table", "tr", "td", "details", "text", "title", "ul", "span"] {
            let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }

    #[test]
    fn a_factor_is_as_far_wherever_it_is() {
        let scale = Scale { low: 0.5, high: 8.0 };
        let distance = |from: f64, to: f64| scale.place(to) - scale.place(from);
        assert!((distance(0.5, 1.0) - distance(4.0, 8.0)).abs() < 1e-9);
        assert_eq!(scale.place(8.0), WIDTH - RIGHT);
        assert_eq!(scale.place(0.1), LABELS);
        let none = Scale::over([].into_iter());
        assert!(none.low < none.high);
    }

    #[test]
    fn every_engine_has_a_colour_of_its_own() {
        assert!(ENGINES.len() <= COLOURS);
        for index in 0..COLOURS {
            assert_eq!(STYLE.matches(&format!(".e{index} {{")).count(), 1, "{index}");
        }
    }
}
