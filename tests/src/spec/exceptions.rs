//! `wast/EXCEPTIONS`: the public list of assertions that do not hold.

use std::collections::BTreeMap;

use super::Report;
use super::judge::Verdict;

const TEXT: &str = include_str!("../../wast/EXCEPTIONS");

/// The lines of a script that are excepted, each with the reason.
pub fn of(script: &str) -> BTreeMap<usize, &'static str> {
    all().filter(|(name, _, _)| *name == script).map(|(_, line, reason)| (line, reason)).collect()
}

/// Every exception: script, line, reason.
///
/// # Panics
///
/// If a line of the file has not the form that the file's head says.
pub fn all() -> impl Iterator<Item = (&'static str, usize, &'static str)> {
    TEXT.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| {
        let parsed = line.split_once(' ').and_then(|(place, reason)| {
            let (script, number) = place.rsplit_once(':')?;
            Some((script, number.parse().ok()?, reason.trim())).filter(|(_, _, reason)| !reason.is_empty())
        });
        parsed.unwrap_or_else(|| panic!("tests/wast/EXCEPTIONS: not `set/script.wast:line reason`: {line}"))
    })
}

/// Counts verdicts. An exception that is not needed is a failure: the list is never longer than the truth.
pub fn apply(script: &str, verdicts: &[Verdict]) -> Report {
    apply_list(&of(script), verdicts)
}

fn apply_list(excepted: &BTreeMap<usize, &str>, verdicts: &[Verdict]) -> Report {
    let mut report = Report::default();
    let mut unused = excepted.clone();
    for verdict in verdicts {
        match (&verdict.result, excepted.contains_key(&verdict.line)) {
            (Ok(()), _) => report.passed += verdict.is_assertion as usize,
            (Err(_), true) => {
                unused.remove(&verdict.line);
                report.excepted += 1;
            }
            (Err(what), false) => report.failures.push((verdict.line, what.clone())),
        }
    }
    for (line, _) in unused {
        report.failures.push((line, "is in the list of exceptions, but nothing there fails: take it out".into()));
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_read() {
        all().for_each(drop);
    }

    #[test]
    fn exceptions_are_needed_or_fail() {
        let verdict =
            |line, result: Result<(), &str>| Verdict { line, is_assertion: true, result: result.map_err(String::from) };
        let verdicts = [verdict(1, Ok(())), verdict(2, Err("no")), verdict(3, Err("no"))];
        let report = apply_list(&BTreeMap::from([(1, "r"), (2, "r")]), &verdicts);
        assert_eq!((report.passed, report.excepted), (1, 1));
        assert_eq!(report.failures.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 1]);
    }
}
