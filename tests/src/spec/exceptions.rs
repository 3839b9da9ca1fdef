//! `wast/EXCEPTIONS`: the public list of what does not hold.

use super::Report;
use super::judge::Verdict;

const TEXT: &str = include_str!("../../wast/EXCEPTIONS");

/// Something that is allowed to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exception<'a> {
    /// `SET/SCRIPT.wast`.
    pub script: &'a str,
    pub what: What<'a>,
    pub reason: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// The directive on this line.
    Line(usize),
    /// The directives whose modules need a proposal that wasmc lacks.
    Proposal(&'a str),
}

impl Exception<'_> {
    fn is_about(&self, verdict: &Verdict) -> bool {
        match self.what {
            What::Line(line) => verdict.line == line,
            What::Proposal(name) => verdict.lacks.names().any(|lacking| lacking == name),
        }
    }
}

/// Every exception.
///
/// # Panics
///
/// If a line of the file has not the form that the file's head says.
pub fn all() -> impl Iterator<Item = Exception<'static>> {
    read(TEXT)
}

fn read(text: &str) -> impl Iterator<Item = Exception<'_>> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| {
        read_line(line).unwrap_or_else(|| panic!("tests/wast/EXCEPTIONS: not of the form that its head says: {line}"))
    })
}

fn read_line(line: &str) -> Option<Exception<'_>> {
    let (place, rest) = line.split_once(' ')?;
    let (script, what, reason) = match place.rsplit_once(':') {
        Some((script, number)) => (script, What::Line(number.parse().ok()?), rest),
        None => {
            let (name, reason) = rest.trim_start().strip_prefix("needs ")?.split_once(':')?;
            (place, What::Proposal(name), reason)
        }
    };
    let reason = reason.trim();
    (!reason.is_empty()).then_some(Exception { script, what, reason })
}

/// Counts verdicts. An exception that is not needed is a failure: the list is never longer than the truth.
pub fn apply(script: &str, verdicts: &[Verdict]) -> Report {
    let exceptions: Vec<Exception<'_>> = all().filter(|exception| exception.script == script).collect();
    apply_list(&exceptions, verdicts)
}

fn apply_list(exceptions: &[Exception<'_>], verdicts: &[Verdict]) -> Report {
    let mut report = Report::default();
    let mut used = vec![false; exceptions.len()];
    for verdict in verdicts {
        let Err(what) = &verdict.result else {
            report.passed += verdict.is_assertion as usize;
            continue;
        };
        let about = (0..exceptions.len()).filter(|&index| exceptions[index].is_about(verdict));
        if about.map(|index| used[index] = true).count() > 0 {
            report.excepted += 1;
        } else {
            report.failures.push((verdict.line, what.clone()));
        }
    }
    for (exception, _) in exceptions.iter().zip(used).filter(|(_, used)| !used) {
        let line = if let What::Line(line) = exception.what { line } else { 0 };
        let what = format!("{:?} is in the list of exceptions, but nothing there fails: take it out", exception.what);
        report.failures.push((line, what));
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmc::Features;

    #[test]
    fn the_list_can_be_read() {
        all().for_each(drop);
        let list: Vec<Exception<'_>> = read("# head\n\n a/b.wast:3 why\na/c.wast needs gc: structs\n").collect();
        let line = Exception { script: "a/b.wast", what: What::Line(3), reason: "why" };
        let proposal = Exception { script: "a/c.wast", what: What::Proposal("gc"), reason: "structs" };
        assert_eq!(list, [line, proposal]);
        for bad in
            ["a/b.wast", "a/b.wast:x why", "a/b.wast:3", "a/b.wast:3  ", "a/b.wast gc: why", "a/b.wast needs gc:"]
        {
            assert_eq!(read_line(bad), None, "{bad}");
        }
    }

    #[test]
    fn exceptions_are_needed_or_fail() {
        let verdict = |line, result: Result<(), &str>, lacks| Verdict {
            line,
            is_assertion: true,
            result: result.map_err(String::from),
            lacks,
        };
        let (none, simd) = (Features::NONE, Features::parse("-all,simd").unwrap());
        let verdicts = [
            verdict(1, Ok(()), none),
            verdict(2, Err("no"), none),
            verdict(3, Err("no"), none),
            verdict(4, Err("no"), simd),
        ];
        let exception = |what| Exception { script: "s", what, reason: "r" };
        let list = [What::Line(1), What::Line(2), What::Proposal("simd"), What::Proposal("gc")].map(exception);
        let report = apply_list(&list, &verdicts);
        assert_eq!((report.passed, report.excepted), (1, 2));
        assert_eq!(report.failures.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 1, 0]);
    }
}
