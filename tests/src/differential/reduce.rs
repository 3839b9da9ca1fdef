//! Makes a module that fails smaller, as long as it fails.
//!
//! First calls are left out, then function bodies are replaced by `unreachable`. With the feature `shrink`, wasm-shrink
//! then works inside the functions; it is slow, and by then there is little left.

use wasmc::{Options, Step};

use super::compare;
use super::plan::Plan;
use crate::binary;
use crate::steps::Exports;

/// A smaller plan that fails, though perhaps for another reason.
pub fn reduce(plan: &Plan, options: &Options) -> Plan {
    let mut best = plan.clone();
    reduce_calls(&mut best, options);
    reduce_bodies(&mut best, options);
    #[cfg(feature = "shrink")]
    shrink(&mut best, options);
    reduce_calls(&mut best, options);
    best
}

fn fails(plan: &Plan, options: &Options) -> bool {
    !compare(std::slice::from_ref(plan), options).is_empty()
}

/// Leaves out calls: halves of them, quarters, down to one at a time.
fn reduce_calls(best: &mut Plan, options: &Options) {
    let mut length = best.calls().len().div_ceil(2);
    while length > 0 {
        let mut at = 0;
        while at < best.calls().len() {
            let mut calls = best.calls();
            calls.drain(at..calls.len().min(at + length));
            let plan = best.change(best.wasm.clone(), &calls);
            if fails(&plan, options) { *best = plan } else { at += length }
        }
        length /= 2;
    }
}

/// Replaces function bodies by `unreachable`.
fn reduce_bodies(best: &mut Plan, options: &Options) {
    let mut index = 0;
    while let Some(wasm) = without_body(&best.wasm, index) {
        let plan = best.change(wasm, &best.calls());
        if plan.wasm.len() < best.wasm.len() && fails(&plan, options) {
            *best = plan;
        }
        index += 1;
    }
}

/// The module with the body of its `index`th own function replaced; `None` if there is none. Custom sections go too:
/// hints would be for branches that are not there.
fn without_body(wasm: &[u8], index: usize) -> Option<Vec<u8>> {
    let mut sections = binary::sections(wasm).ok()?;
    sections.retain(|&(id, _)| id != 0);
    let wasm = binary::with_sections(&sections, |_, _| None);
    let mut bodies = wasmparser::Parser::new(0).parse_all(&wasm).filter_map(|payload| match payload {
        Ok(wasmparser::Payload::CodeSectionEntry(body)) => Some(body.range()),
        _ => None,
    });
    let body = bodies.nth(index)?;
    // The size of the body has as many bytes as before, padded if need be, and so have all others: the section's size
    // is made right by nops.
    let mut out = wasm.clone();
    let contents = &mut out[body.start as usize..body.end as usize];
    contents.fill(0x01);
    contents[0] = 0x00;
    *contents.get_mut(1)? = 0x00;
    *contents.last_mut()? = 0x0b;
    (contents.len() >= 3).then(|| drop_nops(&out)).flatten()
}

/// Removes `nop`s that follow `unreachable` at the start of bodies, by way of the text format.
fn drop_nops(wasm: &[u8]) -> Option<Vec<u8>> {
    let text = wasmprinter::print_bytes(wasm).ok()?;
    let kept: Vec<&str> = text.lines().filter(|line| line.trim() != "nop").collect();
    wat::parse_str(kept.join("\n")).ok().filter(|wasm| Exports::of(wasm).is_ok())
}

#[cfg(feature = "shrink")]
fn shrink(best: &mut Plan, options: &Options) {
    let (base, calls) = (best.clone(), best.calls());
    let plan = |wasm: &[u8]| {
        let exports = Exports::of(wasm).ok()?;
        let is_there = |call: &Step| crate::steps::StepTypes::of(call, std::slice::from_ref(&exports)).is_ok();
        calls.iter().all(is_there).then(|| base.change(wasm.to_vec(), &calls))
    };
    let result = wasm_shrink::WasmShrink::default()
        .attempts(2000)
        .run(best.wasm.clone(), |wasm: &[u8]| Ok(plan(wasm).is_some_and(|plan| fails(&plan, options))));
    if let Some(smaller) = result.ok().and_then(|info| plan(&info.output)) {
        *best = smaller;
    }
}

/// The plan as a text: the module, and what was called.
pub fn describe(plan: &Plan, what: &str) -> String {
    let mut text = String::new();
    for line in what.lines() {
        text += &format!(";; {line}\n");
    }
    for call in plan.calls() {
        if let Step::Invoke { export, arguments, .. } = call {
            text += &format!(";; call {export:?} {arguments:x?}\n");
        }
    }
    text + &wasmprinter::print_bytes(&plan.wasm).unwrap_or_else(|error| format!(";; cannot be printed: {error}\n"))
}

/// The calls in the text of [`describe`].
pub fn calls(text: &[u8]) -> Vec<Step> {
    let text = String::from_utf8_lossy(text);
    let parse = |line: &str| {
        let (export, arguments) = line.strip_prefix(";; call \"")?.split_once("\" [")?;
        let arguments = arguments.strip_suffix(']')?.split(", ").filter(|argument| !argument.is_empty());
        let arguments = arguments.map(|argument| u128::from_str_radix(argument, 16).ok()).collect::<Option<_>>()?;
        Some(Step::Invoke { instance: 0, export: export.to_string(), arguments })
    };
    text.lines().filter_map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::differential::generate;

    #[test]
    fn bodies_can_be_replaced() {
        let wasm = generate::module(generate::Group::Version2, 3);
        let mut count = 0;
        while let Some(smaller) = without_body(&wasm, count) {
            assert!(Exports::of(&smaller).is_ok());
            count += 1;
        }
        assert!(count > 0);
    }
}
