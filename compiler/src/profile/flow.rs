//! Where control goes in a function body: which places have to be counted, and what follows from their counts.
//!
//! One [`Walk`] through the operators answers both, since what follows is decided where something is counted. Control
//! is structured, so that one number is carried along: how often control is *here*. It changes where ways part, and
//! there one of them is counted:
//!
//! | operator                       | counted                                     | follows                          |
//! |--------------------------------|---------------------------------------------|----------------------------------|
//! | the body's start, `loop`       | how often control is behind it              |                                  |
//! | `if`                           | the same                                    | `else` is the rest               |
//! | `br_if`, `br_on_…`             | the same: how often it does not branch      | branching is the rest            |
//! | … the only branch to a `loop`  | nothing                                     | `loop`, less how often it began  |
//! | `br_table`                     | each label but that of the default          | the default is the rest          |
//! | `catch`, and `end` of a block  | how often control is behind it              |                                  |
//! | that exceptions lead to        |                                             |                                  |
//! | `end`                          | nothing                                     | the sum of all ways              |
//!
//! A call that does not return, and increments that threads lose, make sums that do not fit: then a rest is 0.

use wasmparser::{Catch, FunctionBody, Operator};

use crate::error::Result;

/// The places of a body at which something is counted, ascending by offset.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// A hash of the function's name and of the body's operators. What they refer to by number is not in it, nor are
    /// constants: so it stays when other functions, types and data come and go.
    pub hash: u64,
    places: Vec<Place>,
    pub counters: u32,
    pub sites: u32,
}

#[derive(Clone, Debug)]
struct Place {
    offset: u32,
    counted: Counted,
}

/// What is counted behind, or at, an operator.
#[derive(Clone, Debug)]
pub enum Counted {
    /// How often control is behind the operator, in this counter.
    Next(u32),
    /// How often a `br_table` goes to a label, by its depth, in this counter.
    Labels(Vec<(u32, u32)>),
    /// Which function is called, at this site.
    Callee(u32),
}

impl Places {
    /// What is counted at an operator, given by its offset from the start of the body. That of the body is 0.
    pub fn at(&self, offset: u32) -> Option<&Counted> {
        let index = self.places.binary_search_by_key(&offset, |place| place.offset).ok()?;
        Some(&self.places[index].counted)
    }
}

/// How often control came where.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// How often the function was called.
    pub entries: u64,
    /// How often control was behind operators, ascending by offset: where it comes from elsewhere, or goes elsewhere.
    next: Vec<(u32, u64)>,
    /// How often it went the other way: to the `else`, or to where a branch leads.
    other: Vec<(u32, u64)>,
    /// How often calls were executed.
    calls: Vec<(u32, u64)>,
    /// The largest of all these.
    pub most: u64,
    /// The sum of what is in `next`.
    pub total: u64,
}

impl Flow {
    /// How often control was behind an operator, given by its offset from the start of the body.
    pub fn next(&self, offset: u32) -> Option<u64> {
        find(&self.next, offset)
    }

    /// How often a conditional branch branched, or an `if` went to its `else`.
    pub fn other(&self, offset: u32) -> Option<u64> {
        find(&self.other, offset)
    }

    /// How often a call was executed.
    pub fn calls(&self, offset: u32) -> Option<u64> {
        find(&self.calls, offset)
    }

    /// All calls that were executed, by offset.
    pub fn all_calls(&self) -> &[(u32, u64)] {
        &self.calls
    }
}

fn find(list: &[(u32, u64)], offset: u32) -> Option<u64> {
    let index = list.binary_search_by_key(&offset, |&(at, _)| at).ok()?;
    Some(list[index].1)
}

/// Finds what has to be counted in a body that is valid, of a function with this name or an empty one.
pub fn find_places(body: &FunctionBody<'_>, name: &str) -> Result<Places> {
    let mut walk = Walk::default();
    walk.hash.add(name.as_bytes());
    walk.run(body)?;
    let mut places = Places { hash: walk.hash.0, ..Places::default() };
    for (offset, found) in walk.found.into_iter().filter_map(|(offset, found)| Some((offset, found?))) {
        let mut counter = || {
            places.counters += 1;
            places.counters - 1
        };
        let counted = match found {
            Found::Next => Counted::Next(counter()),
            Found::Labels(labels) => Counted::Labels(labels.into_iter().map(|depth| (depth, counter())).collect()),
            Found::Callee => {
                places.sites += 1;
                Counted::Callee(places.sites - 1)
            }
        };
        places.places.push(Place { offset, counted });
    }
    Ok(places)
}

/// What follows from the counters of a body.
pub fn flow(body: &FunctionBody<'_>, places: &Places, counters: &[u64]) -> Result<Flow> {
    let mut walk = Walk { known: Some((places, counters)), ..Walk::default() };
    walk.run(body)?;
    let mut flow = walk.flow;
    flow.most = flow.next.iter().chain(&flow.other).map(|&(_, count)| count).max().unwrap_or(0);
    flow.total = flow.next.iter().fold(0, |sum: u64, &(_, count)| sum.saturating_add(count));
    Ok(flow)
}

/// FNV-1a.
struct Hash(u64);

impl Hash {
    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

impl Default for Hash {
    fn default() -> Hash {
        Hash(0xcbf2_9ce4_8422_2325)
    }
}

/// An open block.
struct Frame {
    kind: FrameKind,
    /// How often control came to the end, if it does.
    end: Option<u64>,
    /// Exceptions lead to the end.
    catches: bool,
}

enum FrameKind {
    Block,
    /// How often it began, and how often control was at its start; how many branches lead there; and the place of a
    /// conditional one.
    Loop {
        begun: u64,
        rounds: u64,
        branches: u32,
        conditional: Option<usize>,
    },
    /// How often the `else` is executed, until it begins.
    If {
        otherwise: Option<u64>,
    },
}

/// Something to count, of which it may turn out later that it need not be.
enum Found {
    Next,
    /// Depths of labels.
    Labels(Vec<u32>),
    Callee,
}

#[derive(Default)]
struct Walk<'a> {
    /// What was counted, when that is known; else all counts are 0.
    known: Option<(&'a Places, &'a [u64])>,
    found: Vec<(u32, Option<Found>)>,
    flow: Flow,
    hash: Hash,
    frames: Vec<Frame>,
    /// How often control is here, if it can be.
    here: Option<u64>,
    /// In code that cannot be reached, how many blocks were opened there.
    skipped: u32,
}

impl Walk<'_> {
    fn run(&mut self, body: &FunctionBody<'_>) -> Result<()> {
        let (start, bytes) = (body.range().start, body.as_bytes());
        let entries = self.count(0);
        self.flow.entries = entries;
        self.here = Some(entries);
        self.flow.next.push((0, entries));
        self.open(FrameKind::Block);
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            let end = operators.original_position() - start;
            let offset = offset - start;
            self.note(&operator, &bytes[offset as usize..end as usize]);
            match self.here {
                Some(here) => self.step(&operator, offset as u32, here),
                None => self.skip(&operator, offset as u32),
            }
        }
        Ok(())
    }

    /// Adds an operator to the hash.
    fn note(&mut self, operator: &Operator<'_>, bytes: &[u8]) {
        let is_branch = matches!(
            operator,
            Operator::Br { .. }
                | Operator::BrIf { .. }
                | Operator::BrTable { .. }
                | Operator::BrOnNull { .. }
                | Operator::BrOnNonNull { .. }
        );
        // The number behind a prefix is in LEB128.
        let opcode = match bytes {
            [0xfb..=0xfe, rest @ ..] => 2 + rest.iter().take_while(|&&byte| byte >= 0x80).count(),
            _ => 1,
        };
        self.hash.add(if is_branch { bytes } else { bytes.get(..opcode).unwrap_or(bytes) });
    }

    fn open(&mut self, kind: FrameKind) {
        self.frames.push(Frame { kind, end: None, catches: false });
    }

    /// Counts how often control is behind the operator at an offset.
    fn count(&mut self, offset: u32) -> u64 {
        self.found.push((offset, Some(Found::Next)));
        match self.known.and_then(|(places, counters)| Some((places.at(offset)?, counters))) {
            Some((Counted::Next(counter), counters)) => counters[*counter as usize],
            _ => 0,
        }
    }

    /// Goes on behind an operator, where control comes so often.
    fn go_on(&mut self, offset: u32, here: u64) {
        self.here = Some(here);
        self.flow.next.push((offset, here));
    }

    /// An operator in code that cannot be reached: only its nesting matters.
    fn skip(&mut self, operator: &Operator<'_>, offset: u32) {
        match operator {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. }
            | Operator::Try { .. } => self.skipped += 1,
            Operator::End | Operator::Delegate { .. } if self.skipped > 0 => self.skipped -= 1,
            Operator::End | Operator::Delegate { .. } => self.close(offset),
            Operator::Else if self.skipped == 0 => self.begin_else(offset),
            Operator::Catch { .. } | Operator::CatchAll if self.skipped == 0 => self.begin_catch(offset),
            _ => {}
        }
    }

    fn step(&mut self, operator: &Operator<'_>, offset: u32, here: u64) {
        match operator {
            Operator::Block { .. } | Operator::Try { .. } => self.open(FrameKind::Block),
            Operator::TryTable { try_table } => {
                for catch in &try_table.catches {
                    let (Catch::One { label, .. }
                    | Catch::OneRef { label, .. }
                    | Catch::All { label }
                    | Catch::AllRef { label }) = *catch;
                    // Where to and how often is not known here.
                    self.branch(label, 0);
                    self.frame(label).catches = true;
                }
                self.open(FrameKind::Block);
            }
            Operator::Loop { .. } => {
                let rounds = self.count(offset);
                self.go_on(offset, rounds);
                self.open(FrameKind::Loop { begun: here, rounds, branches: 0, conditional: None });
            }
            Operator::If { .. } => {
                let then = self.count(offset);
                let otherwise = here.saturating_sub(then);
                self.flow.other.push((offset, otherwise));
                self.go_on(offset, then);
                self.open(FrameKind::If { otherwise: Some(otherwise) });
            }
            Operator::Else => self.begin_else(offset),
            Operator::Catch { .. } | Operator::CatchAll => self.begin_catch(offset),
            Operator::End | Operator::Delegate { .. } => self.close(offset),
            Operator::Br { relative_depth } => {
                self.branch(*relative_depth, here);
                self.here = None;
            }
            Operator::BrIf { relative_depth }
            | Operator::BrOnNull { relative_depth }
            | Operator::BrOnNonNull { relative_depth } => self.branch_or_not(*relative_depth, offset, here),
            Operator::BrTable { targets } => {
                let mut labels: Vec<u32> = targets.targets().filter_map(Result::ok).collect();
                labels.sort_unstable();
                labels.dedup();
                labels.retain(|&depth| depth != targets.default());
                self.branch_table(&labels, targets.default(), offset, here);
                self.here = None;
            }
            Operator::Call { .. } => self.flow.calls.push((offset, here)),
            Operator::CallIndirect { .. } | Operator::CallRef { .. } => self.call_through_reference(offset, here),
            Operator::ReturnCall { .. } => {
                self.flow.calls.push((offset, here));
                self.here = None;
            }
            Operator::ReturnCallIndirect { .. } | Operator::ReturnCallRef { .. } => {
                self.call_through_reference(offset, here);
                self.here = None;
            }
            Operator::Unreachable
            | Operator::Return
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Rethrow { .. } => self.here = None,
            _ => {}
        }
    }

    fn frame(&mut self, depth: u32) -> &mut Frame {
        let index = self.frames.len() - 1 - depth as usize;
        &mut self.frames[index]
    }

    /// A branch to a label that is taken so often.
    fn branch(&mut self, depth: u32, count: u64) {
        let frame = self.frame(depth);
        match &mut frame.kind {
            FrameKind::Loop { branches, .. } => *branches += 1,
            _ => frame.end = Some(frame.end.unwrap_or(0).saturating_add(count)),
        }
    }

    fn branch_or_not(&mut self, depth: u32, offset: u32, here: u64) {
        let place = self.found.len();
        let mut next = self.count(offset);
        let is_counted = self.known.is_none_or(|(places, _)| places.at(offset).is_some());
        if let FrameKind::Loop { begun, rounds, conditional, .. } = &mut self.frame(depth).kind {
            *conditional = Some(place);
            if !is_counted {
                next = here.saturating_sub(rounds.saturating_sub(*begun));
            }
        }
        let taken = here.saturating_sub(next);
        self.branch(depth, taken);
        self.flow.other.push((offset, taken));
        self.go_on(offset, next);
    }

    fn branch_table(&mut self, labels: &[u32], default: u32, offset: u32, here: u64) {
        let counts: Vec<u64> = match self.known.and_then(|(places, counters)| Some((places.at(offset)?, counters))) {
            Some((Counted::Labels(known), counters)) => {
                known.iter().map(|&(_, counter)| counters[counter as usize]).collect()
            }
            _ => vec![0; labels.len()],
        };
        let sum = counts.iter().fold(0, |sum: u64, &count| sum.saturating_add(count));
        for (&depth, count) in labels.iter().zip(counts) {
            self.branch(depth, count);
        }
        self.branch(default, here.saturating_sub(sum));
        if !labels.is_empty() {
            self.found.push((offset, Some(Found::Labels(labels.to_vec()))));
        }
    }

    fn call_through_reference(&mut self, offset: u32, here: u64) {
        self.found.push((offset, Some(Found::Callee)));
        self.flow.calls.push((offset, here));
    }

    fn begin_else(&mut self, offset: u32) {
        self.fall_through();
        let FrameKind::If { otherwise } = &mut self.frame(0).kind else { unreachable!("the body is validated") };
        let otherwise = otherwise.take().expect("an if has one else");
        self.go_on(offset, otherwise);
    }

    fn begin_catch(&mut self, offset: u32) {
        self.fall_through();
        let caught = self.count(offset);
        self.go_on(offset, caught);
    }

    /// Goes to the end of the innermost block, if control is here.
    fn fall_through(&mut self) {
        if let Some(here) = self.here {
            let frame = self.frame(0);
            frame.end = Some(frame.end.unwrap_or(0).saturating_add(here));
        }
    }

    fn close(&mut self, offset: u32) {
        if let FrameKind::If { otherwise: Some(otherwise) } = self.frame(0).kind {
            self.fall_through();
            self.here = Some(otherwise);
        }
        self.fall_through();
        let Some(frame) = self.frames.pop() else { return };
        if let FrameKind::Loop { branches: 1, conditional: Some(place), .. } = frame.kind {
            self.found[place].1 = None;
        }
        self.here = None;
        if let Some(mut end) = frame.end {
            if frame.catches && !self.frames.is_empty() {
                end = self.count(offset);
            }
            self.go_on(offset, end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body of the first function of a module.
    fn with_body<T>(text: &str, work: impl FnOnce(&FunctionBody<'_>) -> T) -> T {
        let wasm = wat::parse_str(text).unwrap();
        for payload in wasmparser::Parser::new(0).parse_all(&wasm) {
            if let wasmparser::Payload::CodeSectionEntry(body) = payload.unwrap() {
                return work(&body);
            }
        }
        panic!("the module has no body");
    }

    /// What follows from these counters: of `next` and `other` only the numbers, in the order of the operators.
    fn follow(text: &str, counters: &[u64]) -> (Vec<u64>, Vec<u64>) {
        with_body(text, |body| {
            let places = find_places(body, "").unwrap();
            assert_eq!(places.counters as usize, counters.len(), "{places:?}");
            let flow = flow(body, &places, counters).unwrap();
            let counts = |list: &[(u32, u64)]| list.iter().map(|&(_, count)| count).collect();
            (counts(&flow.next), counts(&flow.other))
        })
    }

    #[test]
    fn the_else_is_the_rest() {
        let text = "(module (func (param i32) (if (local.get 0) (then nop) (else nop))))";
        // Entry; then, else, end of both, end of the body.
        assert_eq!(follow(text, &[10, 7]), (vec![10, 7, 3, 10, 10], vec![3]));
        assert_eq!(follow(text, &[10, 11]), (vec![10, 11, 0, 11, 11], vec![0]), "increments were lost");
    }

    #[test]
    fn the_only_branch_to_a_loop_is_not_counted() {
        let text = "(module (func (param i32) (loop (br_if 0 (local.get 0)))))";
        // Entry; rounds of the loop, behind the branch, ends of the loop and the body.
        assert_eq!(follow(text, &[10, 100]), (vec![10, 100, 10, 10, 10], vec![90]));
        let text = "(module (func (param i32) (loop (br_if 0 (local.get 0)) (br_if 0 (local.get 0)))))";
        assert_eq!(follow(text, &[10, 100, 40, 10]), (vec![10, 100, 40, 10, 10, 10], vec![60, 30]));
    }

    #[test]
    fn a_table_has_a_rest_too() {
        let text = "(module (func (param i32)
            (block (block (block (br_table 0 1 0 2 (local.get 0))) nop) nop) nop))";
        // Labels 0 and 1 are counted; ends of the three blocks and of the body.
        assert_eq!(follow(text, &[10, 4, 5]), (vec![10, 4, 9, 10, 10], vec![]));
        let text = "(module (func (param i32) (block (br_table 0 0 (local.get 0)))))";
        assert_eq!(follow(text, &[10]), (vec![10, 10, 10], vec![]));
    }

    #[test]
    fn what_cannot_be_reached_is_not_counted() {
        let text = "(module (func (param i32) (block (br 0) (if (local.get 0) (then nop)) (loop (br_if 0)))
            (unreachable)))"
            .replace("(br_if 0)", "(br_if 0 (i32.const 1))");
        assert_eq!(follow(&text, &[10]), (vec![10, 10], vec![]));
    }

    #[test]
    fn where_exceptions_lead_is_counted() {
        let text = "(module (tag $t) (func
            (block $caught (try_table (catch $t $caught) (throw $t)) (unreachable))
            nop))";
        assert_eq!(follow(text, &[10, 8]), (vec![10, 8, 8], vec![]));
    }

    /// What is defined elsewhere may move, what the body does may not change.
    #[test]
    fn the_hash_is_that_of_the_operators() {
        let hash = |text: &str| with_body(text, |body| find_places(body, "").unwrap().hash);
        let one = hash("(module (func (result i32) (call 1) (i32.const 5)) (func))");
        let moved = hash("(module (func (result i32) (call 2) (i32.const 500)) (func) (func))");
        let other = hash("(module (func (result i32) (call 1) (i32.const 5) (drop) (i32.const 5)) (func))");
        assert!(one == moved && one != other);
        let branch =
            |depth: u32| hash(&format!("(module (func (param i32) (block (block (br_if {depth} (local.get 0))))))"));
        assert_ne!(branch(0), branch(1));
        let (add, sub) = ("i8x16.add", "i8x16.sub");
        let vector = |operator: &str| {
            hash(&format!("(module (func (param v128) (drop ({operator} (local.get 0) (local.get 0)))))"))
        };
        assert_ne!(vector(add), vector(sub));
    }
}
