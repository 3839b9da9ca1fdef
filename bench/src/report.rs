//! What a benchmark found: tables for people, JSON for programs, and whether targets hold.

use std::fmt;

use serde::Serialize;

use crate::machine::Machine;

#[derive(Serialize)]
pub struct Report {
    pub benchmark: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    pub tables: Vec<Table>,
    pub targets: Vec<Target>,
    pub notes: Vec<String>,
}

/// The first column names the row, the others are numbers.
#[derive(Serialize)]
pub struct Table {
    pub title: String,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub enum Cell {
    Text(String),
    Integer(u64),
    /// A number and how many of its decimals are shown.
    Number(f64, #[serde(skip)] usize),
}

/// A figure and what it may be.
#[derive(Serialize)]
pub struct Target {
    pub what: String,
    pub value: f64,
    pub bound: Bound,
    pub holds: bool,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Report {
    pub fn new(benchmark: &'static str) -> Report {
        Report { benchmark, machine: None, tables: Vec::new(), targets: Vec::new(), notes: Vec::new() }
    }

    pub fn target(&mut self, what: impl Into<String>, value: f64, bound: Bound) {
        let holds = match bound {
            Bound::AtMost(limit) => value <= limit,
            Bound::AtLeast(limit) => value >= limit,
        };
        self.targets.push(Target { what: what.into(), value, bound, holds });
    }

    pub fn all_targets_hold(&self) -> bool {
        self.targets.iter().all(|target| target.holds)
    }
}

/// Markdown.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(machine) = &self.machine {
            writeln!(f, "{machine}")?;
        }
        for table in &self.tables {
            write!(f, "\n{table}")?;
        }
        if !self.targets.is_empty() {
            writeln!(f)?;
        }
        for target in &self.targets {
            writeln!(f, "- {target}")?;
        }
        for note in &self.notes {
            writeln!(f, "\n{note}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        let width = |column: usize| {
            let cells = texts.iter().map(|row| row[column].chars().count());
            cells.chain([self.columns[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let line = |f: &mut fmt::Formatter<'_>, cells: &mut dyn Iterator<Item = &str>| {
            for (column, (cell, &width)) in cells.zip(&widths).enumerate() {
                match column {
                    0 => write!(f, "| {cell:<width$} |")?,
                    _ => write!(f, " {cell:>width$} |")?,
                }
            }
            writeln!(f)
        };
        writeln!(f, "{}\n", self.title)?;
        line(f, &mut self.columns.iter().map(String::as_str))?;
        for (column, &width) in widths.iter().enumerate() {
            match column {
                0 => write!(f, "|{:-<width$}--|", "")?,
                _ => write!(f, "{:-<width$}-:|", "")?,
            }
        }
        writeln!(f)?;
        texts.iter().try_for_each(|row| line(f, &mut row.iter().map(String::as_str)))
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Text(text) => f.write_str(text),
            Cell::Integer(number) => write!(f, "{number}"),
            Cell::Number(number, decimals) => write!(f, "{number:.decimals$}"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, limit) = match self.bound {
            Bound::AtMost(limit) => ("at most", limit),
            Bound::AtLeast(limit) => ("at least", limit),
        };
        let verdict = if self.holds { "holds" } else { "MISSED" };
        // Sizes are whole numbers, ratios are not.
        let decimals = if limit.fract() == 0.0 && limit > 100.0 { 0 } else { 2 };
        write!(f, "{verdict}: {} is {:.decimals$}, {word} {limit:.decimals$}", self.what, self.value)
    }
}

impl Cell {
    pub fn is_number(&self) -> bool {
        !matches!(self, Cell::Text(_))
    }
}

/// Titles of columns.
pub fn columns<'a>(titles: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    titles.into_iter().map(str::to_owned).collect()
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}
