//! What a profile says (see [`wasmc_abi::profile`]).

use std::collections::HashMap;

use serde_json::{Value, json};
use wasmc_abi::profile::{Malformed, Profile};

use super::Fact;
use crate::error::{Error, Result};

/// What is told of a function that was profiled.
pub struct Heat {
    pub name: String,
    /// How often it was called.
    pub calls: u64,
    /// The sum of its counters: how much of it was executed.
    pub executed: u64,
    counters: Vec<u64>,
    sites: Vec<CountedSite>,
}

/// A call through a table or reference.
struct CountedSite {
    /// Who was called most, by name.
    callee: Option<String>,
    hits: u64,
    misses: u64,
}

impl Heat {
    pub fn as_json(&self) -> Value {
        let sites = self
            .sites
            .iter()
            .map(|CountedSite { callee, hits, misses }| json!({ "callee": callee, "calls": hits, "others": misses }));
        json!({
            "name": self.name,
            "calls": self.calls,
            "executed": self.executed,
            "counters": self.counters,
            "sites": sites.collect::<Value>(),
        })
    }
}

/// Of a profile: its functions, the hottest first.
pub fn facts(file: &[u8]) -> Result<Vec<(&'static str, Fact)>> {
    let profile = Profile::parse(file).map_err(|error| match error {
        Malformed::Version => Error::unsupported("it was made by another version of wasmc"),
        Malformed::Other | Malformed::Damaged => Error::invalid("the profile is damaged"),
    })?;
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let names: HashMap<i64, String> =
        profile.functions().map(|(function, name, _)| (function.code.into(), text(name))).collect();
    let mut functions: Vec<Heat> = profile
        .functions()
        .map(|(_, name, words)| Heat {
            name: text(name),
            calls: words.counters().next().unwrap_or(0),
            executed: words.counters().fold(0, |sum: u64, count| sum.saturating_add(count)),
            counters: words.counters().collect(),
            sites: words
                .sites()
                .map(|site| CountedSite {
                    callee: names.get(&site.candidate).cloned(),
                    hits: site.hits,
                    misses: site.misses,
                })
                .collect(),
        })
        .collect();
    functions.sort_by_key(|function| std::cmp::Reverse(function.executed));
    let ran = functions.iter().filter(|function| function.calls > 0).count();
    Ok(vec![
        ("functions", Fact::Number(functions.len() as u64)),
        ("ran", Fact::Number(ran as u64)),
        ("hottest", Fact::Heat(functions)),
    ])
}
