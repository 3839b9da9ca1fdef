//! Charts as SVG: bars, dots and lines on logarithmic axes, so that a factor is as far wherever it is. Colours are
//! classes of `page.css`. What is written here has no values that are not finite or positive: those are left out.

use std::fmt::{self, Write as _};

/// Widths and heights in pixels of the drawing.
const WIDTH: f64 = 940.0;
const LABELS: f64 = 170.0;
const RIGHT: f64 = 96.0;
const ROW: f64 = 24.0;
const AXIS: f64 = 28.0;

/// A line of a chart with horizontal bars.
pub struct Bar {
    pub label: String,
    /// Of `page.css`.
    pub class: &'static str,
    pub value: f64,
    /// The value as it is written behind the bar.
    pub text: String,
}

/// A value of a row, as a circle.
pub struct Dot {
    pub label: String,
    pub class: &'static str,
    pub value: f64,
}

/// A line of a chart with dots. The last dots are drawn over the others.
pub struct Row {
    pub label: String,
    pub dots: Vec<Dot>,
    /// Written at the right end.
    pub text: String,
}

/// A line through points, from left to right.
pub struct Line {
    pub label: String,
    pub class: &'static str,
    pub points: Vec<(f64, f64)>,
}

/// A point that belongs to no line.
pub struct Single {
    pub label: String,
    pub class: &'static str,
    pub point: (f64, f64),
}

/// A quantity on an axis.
pub struct Axis {
    pub title: &'static str,
    pub tick: fn(f64) -> String,
}

/// A logarithmic scale: pixels from `start` to `end`.
struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// One that has room for these values.
    fn over(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Scale {
        let (low, high) = values
            .filter(|value| *value > 0.0 && value.is_finite())
            .fold((f64::MAX, f64::MIN_POSITIVE), |(low, high), value| (low.min(value), high.max(value)));
        // No value at all.
        let (low, high) = if low > high { (1.0, 1.0) } else { (low, high) };
        Scale { low: low / 1.3, high: high * 1.15, start, end }
    }

    fn place(&self, value: f64) -> f64 {
        let part = (value.max(self.low) / self.low).ln() / (self.high / self.low).ln();
        self.start + part.min(1.0) * (self.end - self.start)
    }

    /// Numbers that one counts in: fewer if there are many decades.
    fn ticks(&self) -> Vec<f64> {
        let decades = (self.high / self.low).log10();
        let steps: &[f64] = match decades {
            0.0..0.6 => &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0],
            0.6..1.4 => &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
            1.4..2.5 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        // Read as decimal numbers, so that they are written without an end of zeros.
        let number = |step: &f64, power: i32| format!("{step}e{power}").parse::<f64>().expect("a decimal number");
        let all = (-9..=12).flat_map(|power| steps.iter().map(move |step| number(step, power)));
        all.filter(|value| (self.low..=self.high).contains(value)).collect()
    }
}

/// Horizontal bars, one below the other, with a line at `mark`.
pub fn bars(page: &mut String, title: &str, axis: &Axis, bars: &[Bar], mark: Option<f64>) -> fmt::Result {
    let scale = Scale::over(bars.iter().map(|bar| bar.value).chain(mark), LABELS, WIDTH - RIGHT);
    let height = ROW * bars.len() as f64 + AXIS;
    open(page, title, WIDTH, height)?;
    horizontal_axis(page, axis, &scale, 0.0, height - AXIS)?;
    for (row, bar) in bars.iter().enumerate().filter(|(_, bar)| bar.value > 0.0) {
        let top = ROW * row as f64;
        let end = scale.place(bar.value);
        writeln!(
            page,
            "<text class=\"label {class}\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>\
             <rect class=\"fill {class}\" x=\"{LABELS:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"3\">\
             <title>{label}: {text}</title></rect><text class=\"value {class}\" x=\"{:.1}\" y=\"{:.1}\">{text}</text>",
            LABELS - 10.0,
            top + 16.0,
            top + 4.0,
            (end - LABELS).max(1.0),
            ROW - 8.0,
            end + 6.0,
            top + 16.0,
            class = bar.class,
            label = escape(&bar.label),
            text = escape(&bar.text),
        )?;
    }
    if let Some(mark) = mark {
        vertical_mark(page, scale.place(mark), height - AXIS)?;
    }
    close(page)
}

/// Rows of dots, with a line at `mark`. The axis has room for what several charts have in common: `values`.
pub fn dots(page: &mut String, title: &str, axis: &Axis, rows: &[Row], values: &[f64], mark: f64) -> fmt::Result {
    let scale = Scale::over(values.iter().copied().chain([mark]), LABELS, WIDTH - RIGHT);
    let height = ROW * rows.len() as f64 + AXIS;
    open(page, title, WIDTH, height)?;
    horizontal_axis(page, axis, &scale, 0.0, height - AXIS)?;
    vertical_mark(page, scale.place(mark), height - AXIS)?;
    for (index, row) in rows.iter().enumerate() {
        let middle = ROW * (index as f64 + 0.5);
        let label = escape(&row.label);
        let range = Scale::over(row.dots.iter().map(|dot| dot.value), 0.0, 1.0);
        write!(
            page,
            "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>\
             <line class=\"range\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\"/>\
             <text class=\"value ours\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            LABELS - 10.0,
            middle + 4.0,
            // `over` leaves room, which is none of the range.
            scale.place(range.low * 1.3),
            scale.place(range.high / 1.15),
            WIDTH - RIGHT + 14.0,
            middle + 4.0,
            escape(&row.text),
        )?;
        for dot in row.dots.iter().filter(|dot| dot.value > 0.0) {
            write!(
                page,
                "<circle class=\"dot {}\" cx=\"{:.1}\" cy=\"{middle:.1}\" r=\"5.5\">\
                 <title>{label}, {}: {:.2}</title></circle>",
                dot.class,
                scale.place(dot.value),
                escape(&dot.label),
                dot.value
            )?;
        }
        page.push('\n');
    }
    close(page)
}

/// Lines with a dot at each point and their names at their ends, and single points beside them.
pub fn lines(page: &mut String, title: &str, axes: [&Axis; 2], lines: &[Line], singles: &[Single]) -> fmt::Result {
    const HEIGHT: f64 = 380.0;
    const LEFT: f64 = 66.0;
    const NAMES: f64 = 140.0;
    let points = || lines.iter().flat_map(|line| line.points.iter()).chain(singles.iter().map(|single| &single.point));
    let x = Scale::over(points().map(|point| point.0), LEFT, WIDTH - NAMES);
    let y = Scale::over(points().map(|point| point.1), HEIGHT - AXIS, 22.0);
    open(page, title, WIDTH, HEIGHT)?;
    horizontal_axis(page, axes[0], &x, 22.0, HEIGHT - AXIS)?;
    for value in y.ticks() {
        let place = y.place(value);
        writeln!(
            page,
            "<line class=\"grid\" x1=\"{LEFT:.1}\" x2=\"{:.1}\" y1=\"{place:.1}\" y2=\"{place:.1}\"/>\
             <text class=\"label tick\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            WIDTH - NAMES,
            LEFT - 8.0,
            place + 4.0,
            (axes[1].tick)(value)
        )?;
    }
    writeln!(page, "<text class=\"value tick\" x=\"2\" y=\"12\">{}</text>", escape(axes[1].title))?;
    let mut ends: Vec<(f64, usize)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let place = |point: &(f64, f64)| format!("{:.1},{:.1}", x.place(point.0), y.place(point.1));
        let path: Vec<String> = line.points.iter().map(place).collect();
        writeln!(page, "<polyline class=\"line {}\" points=\"{}\"/>", line.class, path.join(" "))?;
        for &(across, up) in &line.points {
            write_point(page, line.class, (x.place(across), y.place(up)), &line.label, axes, (across, up))?;
        }
        ends.extend(line.points.last().map(|last| (y.place(last.1), index)));
    }
    for single in singles {
        let (across, up) = single.point;
        write_point(page, single.class, (x.place(across), y.place(up)), &single.label, axes, single.point)?;
        if single.class.ends_with("ours") {
            writeln!(
                page,
                "<text class=\"label note\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x.place(across) - 9.0,
                y.place(up) - 7.0,
                escape(&single.label)
            )?;
        }
    }
    // Names that would lie over each other move apart.
    ends.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut free: Vec<(f64, f64)> = Vec::new();
    for (end, index) in ends {
        let line = &lines[index];
        let from = line.points.last().map_or(0.0, |last| x.place(last.0));
        let near = free.iter().filter(|(other, _)| (other - from).abs() < NAMES).map(|(_, free)| *free);
        let place = near.fold(end, f64::max);
        free.push((from, place + 15.0));
        writeln!(
            page,
            "<text class=\"value {}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            line.class,
            from + 10.0,
            place + 4.0,
            escape(&line.label)
        )?;
    }
    close(page)
}

fn write_point(
    page: &mut String,
    class: &str,
    place: (f64, f64),
    label: &str,
    axes: [&Axis; 2],
    point: (f64, f64),
) -> fmt::Result {
    writeln!(
        page,
        "<circle class=\"dot {class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"><title>{}: {}, {}</title></circle>",
        place.0,
        place.1,
        escape(label),
        (axes[0].tick)(point.0),
        (axes[1].tick)(point.1)
    )
}

/// Grid lines from `top` to `bottom`, with numbers below.
fn horizontal_axis(page: &mut String, axis: &Axis, scale: &Scale, top: f64, bottom: f64) -> fmt::Result {
    for value in scale.ticks() {
        let place = scale.place(value);
        writeln!(
            page,
            "<line class=\"grid\" x1=\"{place:.1}\" x2=\"{place:.1}\" y1=\"{top:.1}\" y2=\"{bottom:.1}\"/>\
             <text class=\"tick\" x=\"{place:.1}\" y=\"{:.1}\">{}</text>",
            bottom + 18.0,
            (axis.tick)(value)
        )?;
    }
    writeln!(page, "<text class=\"label tick\" x=\"{:.1}\" y=\"{:.1}\">{}</text>", WIDTH, bottom + 18.0, axis.title)
}

fn vertical_mark(page: &mut String, place: f64, bottom: f64) -> fmt::Result {
    writeln!(page, "<line class=\"mark\" x1=\"{place:.1}\" x2=\"{place:.1}\" y1=\"0\" y2=\"{bottom:.1}\"/>")
}

fn open(page: &mut String, title: &str, width: f64, height: f64) -> fmt::Result {
    let title = escape(title);
    writeln!(page, "<svg class=\"chart\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">")
}

fn close(page: &mut String) -> fmt::Result {
    page.write_str("</svg>\n")
}

/// Text as HTML, between tags or in an attribute.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_is_as_far_wherever_it_is() {
        let scale = Scale { low: 0.5, high: 8.0, start: 100.0, end: 900.0 };
        let distance = |from: f64, to: f64| scale.place(to) - scale.place(from);
        assert!((distance(0.5, 1.0) - distance(4.0, 8.0)).abs() < 1e-9);
        assert_eq!(scale.place(8.0), 900.0);
        assert_eq!(scale.place(0.1), 100.0);
        assert_eq!(scale.ticks(), [0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0]);
    }

    #[test]
    fn there_is_a_scale_for_anything() {
        for values in [&[][..], &[0.0], &[f64::NAN], &[f64::INFINITY], &[3.0], &[1e-6, 1e9]] {
            let scale = Scale::over(values.iter().copied(), 0.0, 1.0);
            assert!(scale.low > 0.0 && scale.low < scale.high && scale.high.is_finite());
            assert!(scale.ticks().len() < 30);
        }
        assert!(
            Scale::over([1e-6, 1e9].into_iter(), 0.0, 1.0).ticks().iter().all(|tick| tick.log10().fract().abs() < 1e-6)
        );
    }
}
