//! Profiles: an executable counts what runs (`--profile-generate`), and a later compilation knows it (`--profile-use`).
//!
//! - [`flow`]: where control goes in a body: what has to be counted, and what follows from the counts. Both depend on
//!   the body alone, not on options, architecture or Cranelift.
//! - [`order`]: how functions are laid out, so that those that run together stand together.
//! - [`template`]: the file before the program runs; [`wasmc_abi::profile`] describes it.
//!
//! A function is known again by its *identity*: the hash of its operators and its name, and how many functions before
//! it have the same. So a profile survives changes of other functions, and a function that was changed has none.
//!
//! Nothing that a profile says decides what a program does: whatever a file claims, the code is right.

mod flow;
mod order;
mod template;

use std::collections::HashMap;

use cranelift_entity::PrimaryMap;
use rayon::prelude::*;
use wasmc_abi::profile::{Malformed, Profile, Site};

use crate::error::{Error, Result};
use crate::options::{self, ProfileFile};
use crate::plan::ids::FuncId;
use crate::plan::{FunctionSource, Plan};
use flow::Flow;
pub use flow::{Counted, Places};
pub use order::order as profile_order;
pub use template::{Template, template};

/// What is executed less often than the most frequent place of its function by this factor is cold.
const RARE: u64 = 1000;

/// A call through a table or reference has a guard if one function is called in so many of a hundred cases.
const LIKELY_PERCENT: u64 = 80;

/// Calls below which nothing is known of a site.
const FEWEST_CALLS: u64 = 100;

/// What the plan knows of profiles.
#[derive(Debug, Default)]
pub enum Profiling {
    #[default]
    None,
    Generate(Counting),
    Use(Measured),
}

/// What a program counts.
#[derive(Debug)]
pub struct Counting {
    /// The name of the file, unless it is made from that of the executable.
    pub path: Option<String>,
    /// Of functions with code of their own.
    pub functions: PrimaryMap<FuncId, Option<Places>>,
}

/// What is known of the functions of a program.
#[derive(Debug)]
pub struct Measured {
    functions: PrimaryMap<FuncId, Option<FunctionProfile>>,
    /// What was not found: a sentence.
    note: Option<String>,
}

/// What is known of a function. Offsets count from the start of its body.
#[derive(Debug)]
pub struct FunctionProfile {
    flow: Flow,
    /// By offset of the call: who is called nearly always.
    callees: Vec<(u32, Callee)>,
}

/// Who is called nearly always.
#[derive(Clone, Copy, Debug)]
pub struct Callee {
    pub function: FuncId,
    /// Others are called less often by the factor [`RARE`].
    pub others_are_rare: bool,
}

impl Profiling {
    /// What the options ask for.
    ///
    /// # Errors
    ///
    /// If a file is no profile.
    pub fn new(plan: &Plan<'_>, options: &options::Profile) -> Result<Profiling> {
        match options {
            options::Profile::None => Ok(Profiling::None),
            options::Profile::Generate(path) => {
                Ok(Profiling::Generate(Counting { path: path.clone(), functions: identify(plan)? }))
            }
            options::Profile::Use(files) => Measured::read(plan, files).map(Profiling::Use),
        }
    }

    /// What a profile lacks: sentences.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        let note = match self {
            Profiling::Use(measured) => measured.note.as_deref(),
            _ => None,
        };
        note.into_iter()
    }

    /// What is counted in a function, if anything is.
    pub fn counted(&self, function: FuncId) -> Option<&Places> {
        match self {
            Profiling::Generate(counting) => counting.functions[function].as_ref(),
            _ => None,
        }
    }

    /// What is known of a function, if it ran.
    pub fn measured(&self, function: FuncId) -> Option<&FunctionProfile> {
        self.known(function).filter(|profile| profile.flow.entries > 0)
    }

    /// What is known of a function; it may be that it never ran.
    fn known(&self, function: FuncId) -> Option<&FunctionProfile> {
        match self {
            Profiling::Use(measured) => measured.functions[function].as_ref(),
            _ => None,
        }
    }
}

impl FunctionProfile {
    /// Whether what is behind an operator is executed rarely; `None` for operators behind which control just goes on.
    pub fn next_is_cold(&self, offset: u32) -> Option<bool> {
        self.flow.next(offset).map(|count| self.is_cold(count))
    }

    /// The same of the `else`, or of the way that a branch takes.
    pub fn other_is_cold(&self, offset: u32) -> Option<bool> {
        self.flow.other(offset).map(|count| self.is_cold(count))
    }

    fn is_cold(&self, count: u64) -> bool {
        count.saturating_mul(RARE) < self.flow.most
    }

    /// Whether the call at an offset was executed often.
    pub fn is_frequent_call(&self, offset: u32) -> bool {
        self.calls(offset).is_some_and(|count| count > 0 && !self.is_cold(count))
    }

    /// How often the call at an offset was executed, directly or through a table or reference.
    pub fn calls(&self, offset: u32) -> Option<u64> {
        self.flow.calls(offset)
    }

    /// The function that the call through a table or reference at an offset goes to nearly always.
    pub fn callee(&self, offset: u32) -> Option<Callee> {
        let index = self.callees.binary_search_by_key(&offset, |&(at, _)| at).ok()?;
        Some(self.callees[index].1)
    }
}

/// Finds what can be counted in all functions that have code.
fn identify(plan: &Plan<'_>) -> Result<PrimaryMap<FuncId, Option<Places>>> {
    let functions: Vec<FuncId> = plan.functions.keys().collect();
    let found: Vec<Result<Option<Places>>> = functions
        .into_par_iter()
        .map(|id| match plan.functions[id].source {
            FunctionSource::Body { instance, body, index } if plan.functions[id].live => {
                let instance = &plan.instances[instance];
                let name = instance.module.names.function(index).unwrap_or_default();
                flow::find_places(&instance.body(body).body, name).map(Some)
            }
            _ => Ok(None),
        })
        .collect();
    found.into_iter().collect()
}

/// What functions are known again by: a hash, and how many before it have the same.
type Identity = (u64, u32);

/// Gives hashes their numbers.
#[derive(Default)]
struct Identities(HashMap<u64, u32>);

impl Identities {
    fn next(&mut self, hash: u64) -> Identity {
        let seen = self.0.entry(hash).or_default();
        *seen += 1;
        (hash, *seen - 1)
    }
}

/// What a file, or several together, have of a function.
#[derive(Default)]
struct Counts {
    counters: Vec<u64>,
    sites: Vec<SiteCounts>,
}

/// What was seen at a site.
#[derive(Clone, Copy, Default)]
struct SiteCounts {
    candidate: Option<Identity>,
    hits: u64,
}

impl SiteCounts {
    /// Adds what another run saw.
    fn add(&mut self, other: SiteCounts) {
        if self.candidate == other.candidate {
            self.hits = self.hits.saturating_add(other.hits);
        } else if other.hits > self.hits {
            *self = other;
        }
    }
}

impl Measured {
    fn read(plan: &Plan<'_>, files: &[ProfileFile]) -> Result<Measured> {
        let mut counts: HashMap<Identity, Counts> = HashMap::new();
        for file in files {
            add_file(&mut counts, parse(file)?);
        }
        let identified = identify(plan)?;
        let mut identities = Identities::default();
        let identities: PrimaryMap<FuncId, Option<Identity>> =
            identified.values().map(|found| found.as_ref().map(|found| identities.next(found.hash))).collect();
        let ids: HashMap<Identity, FuncId> =
            identities.iter().filter_map(|(id, identity)| Some(((*identity)?, id))).collect();

        let all: Vec<FuncId> = identified.keys().collect();
        let functions: Vec<Result<Option<FunctionProfile>>> = all
            .into_par_iter()
            .map(|id| {
                let (Some(found), Some(identity)) = (&identified[id], identities[id]) else { return Ok(None) };
                let fits = |counts: &&Counts| {
                    counts.counters.len() == found.counters as usize && counts.sites.len() == found.sites as usize
                };
                counts.get(&identity).filter(fits).map(|counts| profile(plan, id, found, counts, &ids)).transpose()
            })
            .collect();
        let functions = functions.into_iter().collect::<Result<PrimaryMap<FuncId, _>>>()?;

        let all = identified.values().flatten().count();
        let missing = all - functions.values().flatten().count();
        let note = (missing > 0).then(|| {
            format!("the profile has nothing about {missing} of {all} functions: they are new, or were changed")
        });
        Ok(Measured { functions, note })
    }
}

fn parse(file: &ProfileFile) -> Result<Profile<'_>> {
    Profile::parse(&file.bytes).map_err(|error| {
        let name = &file.name;
        match error {
            Malformed::Other => Error::invalid(format!("{name}: it is not a profile")),
            Malformed::Version => {
                Error::unsupported(format!("{name}: the profile is that of another version of wasmc"))
            }
            Malformed::Damaged => Error::invalid(format!("{name}: the profile is damaged")),
        }
    })
}

/// Adds the counts of a file to those of others.
fn add_file(counts: &mut HashMap<Identity, Counts>, profile: Profile<'_>) {
    let mut identities = Identities::default();
    let functions: Vec<_> =
        profile.functions().map(|(function, _, words)| (function, identities.next(function.hash), words)).collect();
    let by_code: HashMap<i64, Identity> =
        functions.iter().map(|(function, identity, _)| (function.code.into(), *identity)).collect();
    for (_, identity, words) in functions {
        let candidate = |site: &Site| by_code.get(&site.candidate).copied();
        let sites = words.sites().map(|site| SiteCounts { candidate: candidate(&site), hits: site.hits });
        let new = Counts { counters: words.counters().collect(), sites: sites.collect() };
        let known = counts.entry(identity).or_default();
        if known.counters.len() != new.counters.len() || known.sites.len() != new.sites.len() {
            // The first, or a function whose hash is the same by chance.
            *known = new;
            continue;
        }
        for (sum, count) in known.counters.iter_mut().zip(new.counters) {
            *sum = sum.saturating_add(count);
        }
        for (sum, site) in known.sites.iter_mut().zip(new.sites) {
            sum.add(site);
        }
    }
}

fn profile(
    plan: &Plan<'_>,
    id: FuncId,
    places: &Places,
    counts: &Counts,
    ids: &HashMap<Identity, FuncId>,
) -> Result<FunctionProfile> {
    let FunctionSource::Body { instance, body, .. } = plan.functions[id].source else {
        unreachable!("only bodies are counted")
    };
    let flow = flow::flow(&plan.instances[instance].body(body).body, places, &counts.counters)?;
    let callee = |&(offset, total): &(u32, u64)| {
        let Counted::Callee(site) = places.at(offset)? else { return None };
        let site = counts.sites[*site as usize];
        let is_likely = total >= FEWEST_CALLS && site.hits.saturating_mul(100) >= total.saturating_mul(LIKELY_PERCENT);
        let function = *ids.get(&site.candidate.filter(|_| is_likely)?)?;
        let others_are_rare = total.saturating_sub(site.hits).saturating_mul(RARE) <= total;
        Some((offset, Callee { function, others_are_rare }))
    };
    Ok(FunctionProfile { callees: flow.all_calls().iter().filter_map(callee).collect(), flow })
}
