//! Source places of all sites, for reports of traps: by debug information, or by what was inlined.

use cranelift_entity::EntityRef;
use indexmap::IndexSet;

use super::map::CodeMap;
use super::units::Sources;
use crate::codegen::InlinedSites;
use crate::plan::{FunctionSource, Plan};

/// A place in a source file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// `None`: it is not known; then the line is the index of the function that was inlined.
    pub file: Option<String>,
    pub line: u32,
    pub column: u32,
    /// The inlined function that it is in.
    pub function: Option<String>,
    /// Where that was called: an index in [`Places::places`].
    pub caller: Option<usize>,
}

/// The places of the sites of all functions.
#[derive(Debug, Default)]
pub struct Places {
    /// A caller comes before what is called there.
    pub places: IndexSet<Place>,
    /// For some functions, by their index in the table of functions, the place of each site, in order.
    pub sites: Vec<(usize, Vec<Option<usize>>)>,
}

/// Functions inlined into each other that a report can show; more are not looked for.
const MAX_ACTIVE: usize = 64;

impl Places {
    /// Finds those of one instance. `functions` are all that have code.
    pub fn add(&mut self, map: &CodeMap<'_>, mut sources: Sources) {
        // All sites by address, so that what was inlined around each is found in one pass.
        let mut sites: Vec<(u64, usize, usize)> = Vec::new();
        let first = self.sites.len();
        for (index, function) in map.functions().enumerate() {
            let offsets = &function.code.debug.sites;
            self.sites.push((function.code.entry, vec![None; offsets.len()]));
            let known = offsets.iter().enumerate().filter_map(|(site, offset)| Some((site, (*offset)?)));
            sites.extend(known.map(|(site, offset)| (function.address(offset), first + index, site)));
        }
        sites.sort_unstable();
        let mut ranges: Vec<(u64, u64, usize)> = Vec::new();
        for (index, inlined) in sources.inlined.iter().enumerate() {
            ranges.extend(inlined.ranges.iter().map(|range| (range.start, range.end, index)));
        }
        ranges.sort_unstable();

        let mut next = ranges.iter().peekable();
        let mut active: Vec<(u64, usize)> = Vec::new();
        for (address, function, site) in sites {
            while let Some(&(_, end, index)) = next.next_if(|(start, ..)| *start <= address) {
                active.retain(|(end, _)| *end > address);
                if active.len() < MAX_ACTIVE && end > address {
                    active.push((end, index));
                    active.sort_by_key(|(_, index)| sources.inlined[*index].depth);
                }
            }
            active.retain(|(end, _)| *end > address);
            self.sites[function].1[site] = self.place(&mut sources, &active, address);
        }
    }

    /// Adds what is known of a function without debug information: which functions were inlined.
    pub fn add_inlined(&mut self, plan: &Plan<'_>, entry: usize, inlined: &InlinedSites) {
        let place = |line, function, caller| Place { file: None, line, column: 0, function, caller };
        let outermost = self.places.insert_full(place(0, None, None)).0;
        let mut bodies: Vec<usize> = Vec::with_capacity(inlined.bodies.len());
        for &(function, caller) in &inlined.bodies {
            let caller = caller.map_or(outermost, |caller| bodies[caller]);
            let index = match plan.functions[function].source {
                FunctionSource::Body { index, .. } => index.index() as u32,
                _ => unreachable!("only bodies are inlined"),
            };
            let name = plan.functions[function].name.clone();
            bodies.push(self.places.insert_full(place(index, Some(name), Some(caller))).0);
        }
        let sites = inlined.sites.iter().map(|site| site.map(|body| bodies[body])).collect();
        self.sites.push((entry, sites));
    }

    fn place(&mut self, sources: &mut Sources, active: &[(u64, usize)], address: u64) -> Option<usize> {
        let innermost = sources.lines.at(address)?;
        let (mut function, mut caller) = (None, None);
        for (_, index) in active {
            let inlined = &sources.inlined[*index];
            // Without both there is nothing to say.
            let (Some(call), Some(name)) = (inlined.call, &inlined.name) else { continue };
            let name = name.clone();
            caller = Some(self.intern(sources, call, function, caller));
            function = Some(name);
        }
        Some(self.intern(sources, innermost, function, caller))
    }

    fn intern(
        &mut self,
        sources: &Sources,
        (file, line, column): (u32, u32, u32),
        function: Option<String>,
        caller: Option<usize>,
    ) -> usize {
        let file = Some(sources.lines.files[file as usize].clone());
        self.places.insert_full(Place { file, line, column, function, caller }).0
    }
}
