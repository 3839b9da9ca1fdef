//! The C header of a library: [`Library`](crate::plan::library::Library) as text, for C11 and C++.

use std::fmt::Write as _;

use wasmc_abi::library::MESSAGE_BYTES;
use wasmc_abi::trap::TrapCode;

use crate::plan::ids::FuncId;
use crate::plan::library::{ApiFunction, ApiItem, CSignature, CType, Library, constant_name};
use crate::plan::{Main, Plan};

/// The header of the library that a plan is of.
pub fn header(plan: &Plan<'_>) -> Option<String> {
    let Main::Library(library) = &plan.main else { return None };
    let writer = Writer { plan, library, name: &library.name, text: String::new() };
    Some(writer.write())
}

struct Writer<'p> {
    plan: &'p Plan<'p>,
    library: &'p Library,
    name: &'p str,
    text: String,
}

/// What is the same for every library; `NAME` and `UPPER` stand for its name, and `TRAPS` for the numbers of traps.
const COMMON: &str = r#"/* Made by wasmc: the C interface of NAME.
 *
 * An instance is made by NAME_instantiate and destroyed by NAME_destroy. There can be any number of them. One thread at
 * a time may use an instance, whichever that is; different instances may be used at the same time. An instance has a
 * stack of its own, so that it needs little of the caller's.
 *
 * Errors: each function that runs WebAssembly takes a NAME_error, or NULL, and sets its `kind`. If that is not
 * UPPER_OK, there is a `code` and a text, and the function gives 0 and leaves its results as they are. The instance can
 * be used further. Nothing has to be freed.
 *
 * Ownership: an instance owns its memories, tables and globals. Strings and structures that are passed to
 * NAME_instantiate are copied; functions of the imports and their user data must stay as long as the instance.
 *
 * Signals: traps are found by handlers for SIGSEGV, SIGBUS, SIGILL and SIGFPE, which the first instance installs. They
 * pass on what is not a trap to the handlers that were there before. Who installs handlers later must do the same.
 *
 * Functions of the host run on the stack of their thread, and must return: longjmp and exceptions of C++ do not pass
 * through WebAssembly. NAME_raise makes a trap of what they cannot do. If they call the instance again, it may call
 * them again in turn: as deep as its stack lets it, and the host's has to hold that.
 */
#ifndef UPPER_WASMC_H
#define UPPER_WASMC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An instance of the module. */
typedef struct NAME_instance NAME_instance;

/* Kinds of errors: the call returned; WebAssembly trapped, and `code` says why; it called proc_exit, and `code` is the
 * status; there is no instance, since something that it needs cannot be had. */
enum { UPPER_OK = 0, UPPER_TRAP = 1, UPPER_EXIT = 2, UPPER_REFUSED = 3 };

/* Codes of traps. UPPER_RAISED: by NAME_raise. */
enum {
TRAPS};

typedef struct NAME_error {
    int32_t kind;
    int32_t code;
    /* One line, and behind it a line for each function that was running. Ends with a NUL. */
    char message[MESSAGE_BYTES];
} NAME_error;

/* What an instance may use of the host. All zero, or NULL in place of it: the standard streams, nothing else. */
typedef struct NAME_options {
    /* Arguments, the program's name first, and a NULL behind them; or NULL. */
    const char *const *args;
    /* Environment: NAME=VALUE, and a NULL behind them; or NULL. */
    const char *const *env;
    /* Directories: HOST[::GUEST][:ro], and a NULL behind them; or NULL. */
    const char *const *dirs;
    /* Bytes that each memory may grow to; 0 for what the module says. */
    uint64_t max_memory;
    /* UPPER_NO_STREAMS, or 0. */
    uint32_t flags;
    uint32_t reserved;
} NAME_options;

/* The instance does not have the standard streams. */
enum { UPPER_NO_STREAMS = 1 };

/* A vector of 128 bits, little-endian. */
typedef struct NAME_v128 {
    uint64_t lanes[2];
} NAME_v128;

/* A reference to a function of an instance, which means nothing to another one. 0 is null. */
typedef struct NAME_funcref {
    uint64_t word;
} NAME_funcref;

/* Whatever the host likes; NULL is null. */
typedef void *NAME_externref;

"#;

const INSTANTIATE: &str = r#"/* Makes an instance: runs start functions, and `_initialize`. Gives NULL if that fails. */
NAME_instance *NAME_instantiate(const NAME_imports *imports, const NAME_options *options, NAME_error *error);

/* Destroys an instance, which nobody may be using. NULL is none. */
void NAME_destroy(NAME_instance *instance);

/* For functions of the host: WebAssembly traps when they return. Of the text, 255 bytes are kept. */
void NAME_raise(NAME_instance *instance, const char *message);

"#;

impl Writer<'_> {
    fn write(mut self) -> String {
        let mut traps = String::new();
        for &code in TrapCode::ALL {
            let name = constant_name(code);
            let _ = writeln!(traps, "    UPPER_TRAP_{name} = {}, /* {} */", code as u8, code.message());
        }
        let _ = writeln!(traps, "    UPPER_RAISED = {}", wasmc_abi::library::CODE_RAISED);
        let common = COMMON.replace("TRAPS", &traps).replace("MESSAGE_BYTES", &MESSAGE_BYTES.to_string());
        self.add(&common);
        self.add_imports();
        self.add(INSTANTIATE);
        for function in self.library.functions.values() {
            if let Some(export) = &function.export {
                self.add_function(function, export);
            }
        }
        for (export, why) in &self.library.left_out {
            let line = format!("/* The export {} is left out: {why}. */\n", in_comment(export));
            self.text += &line;
        }
        self.add("\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
        self.text
    }

    /// Adds text in which `NAME` stands for the name, and `UPPER` for the same in capital letters.
    fn add(&mut self, text: &str) {
        self.text += &fill(text, self.name);
    }

    fn c_type(&self, ty: CType) -> String {
        match ty {
            CType::I32 => "int32_t".to_owned(),
            CType::I64 => "int64_t".to_owned(),
            CType::F32 => "float".to_owned(),
            CType::F64 => "double".to_owned(),
            CType::V128 => format!("{}_v128", self.name),
            CType::Funcref => format!("{}_funcref", self.name),
            CType::Externref => format!("{}_externref", self.name),
        }
    }

    /// A parameter of this type.
    fn parameter(&self, ty: CType, name: &str) -> String {
        match (ty, self.c_type(ty)) {
            (CType::V128, text) => format!("const {text} *{name}"),
            (_, text) => format!("{text} {name}"),
        }
    }

    fn signature(&self, function: FuncId) -> CSignature {
        let ty = self.plan.types.get(self.plan.functions[function].ty);
        CSignature::of(ty).expect("other functions are left out, or refused")
    }

    /// The structure of several results.
    fn add_results(&mut self, name: &str, signature: &CSignature) {
        if signature.has_result_place() {
            let _ = writeln!(self.text, "typedef struct {name} {{");
            for (index, &ty) in signature.results.iter().enumerate() {
                let line = format!("    {} r{index};\n", self.c_type(ty));
                self.text += &line;
            }
            let _ = writeln!(self.text, "}} {name};");
        }
    }

    fn returned(&self, signature: &CSignature) -> String {
        signature.returned().map_or("void".to_owned(), |ty| self.c_type(ty))
    }

    fn add_imports(&mut self) {
        let (plan, name) = (self.plan, self.name);
        for import in plan.host_imports.values() {
            let signature = self.signature(import.function);
            self.add_results(&format!("{name}_imports_{}", import.field), &signature);
        }
        let none = if plan.host_imports.is_empty() { " The module has none: NULL will do." } else { "" };
        let _ = writeln!(self.text, "/* Functions for what the module imports.{none} */");
        let _ = writeln!(self.text, "typedef struct {name}_imports {{");
        self.text += "    /* What each of them is called with. */\n    void *user_data;\n";
        for import in plan.host_imports.values() {
            let signature = self.signature(import.function);
            let mut parameters = vec!["void *user_data".to_owned(), format!("{name}_instance *instance")];
            for (index, &ty) in signature.params.iter().enumerate() {
                parameters.push(self.parameter(ty, &format!("p{index}")));
            }
            if signature.has_result_place() {
                parameters.push(format!("{name}_imports_{} *results", import.field));
            }
            let (module, item) = (in_comment(&import.module), in_comment(&import.name));
            let _ = writeln!(self.text, "    /* {module} {item} */");
            let (returned, parameters) = (self.returned(&signature), parameters.join(", "));
            let _ = writeln!(self.text, "    {returned} (*{})({parameters});", import.field);
        }
        let _ = writeln!(self.text, "}} {name}_imports;\n");
    }

    fn add_function(&mut self, function: &ApiFunction, export: &str) {
        let (name, symbol) = (self.name, &function.symbol);
        let instance = format!("{name}_instance *instance");
        let export = in_comment(export);
        let line = match function.item {
            ApiItem::Instantiate | ApiItem::Destroy | ApiItem::Raise => return,
            ApiItem::Call(id) => {
                let signature = self.signature(id);
                let _ = writeln!(self.text, "/* The function {export}. */");
                self.add_results(&format!("{symbol}_results"), &signature);
                let mut parameters = vec![instance];
                for (index, &ty) in signature.params.iter().enumerate() {
                    parameters.push(self.parameter(ty, &format!("p{index}")));
                }
                if signature.has_result_place() {
                    parameters.push(format!("{symbol}_results *results"));
                }
                parameters.push(format!("{name}_error *error"));
                let returned = self.returned(&signature);
                format!("{returned} {symbol}({});", parameters.join(", "))
            }
            ApiItem::MemoryData(_) => {
                let _ = writeln!(self.text, "/* The memory {export}: its bytes, which may move when it grows. */");
                format!("uint8_t *{symbol}({instance});")
            }
            ApiItem::MemorySize(_) => {
                let _ = writeln!(self.text, "/* The memory {export}: how many bytes it has. */");
                format!("uint64_t {symbol}({instance});")
            }
            ApiItem::MemoryGrow(_) => {
                let about = "grows it; gives how many pages it had, or -1 if it cannot grow so far";
                let _ = writeln!(self.text, "/* The memory {export}: {about}. */");
                format!("int64_t {symbol}({instance}, uint64_t pages);")
            }
            ApiItem::GlobalGet(id) => {
                let ty = CType::of(self.plan.globals[id].ty).expect("other globals are left out");
                let _ = writeln!(self.text, "/* The global {export}. */");
                match (ty, self.c_type(ty)) {
                    (CType::V128, text) => format!("void {symbol}({instance}, {text} *value);"),
                    (_, text) => format!("{text} {symbol}({instance});"),
                }
            }
            ApiItem::GlobalSet(id) => {
                let ty = CType::of(self.plan.globals[id].ty).expect("other globals are left out");
                let _ = writeln!(self.text, "/* Sets the global {export}. */");
                format!("void {symbol}({instance}, {});", self.parameter(ty, "value"))
            }
            ApiItem::TableSize(_) => {
                let _ = writeln!(self.text, "/* The table {export}: how many entries it has. */");
                format!("uint64_t {symbol}({instance});")
            }
            ApiItem::TableGet(id) => {
                let ty = wasmparser::ValType::Ref(self.plan.tables[id].element_type);
                let ty = self.c_type(CType::of(ty).expect("other tables are left out"));
                let _ = writeln!(self.text, "/* The table {export}: an entry, or null behind its end. */");
                format!("{ty} {symbol}({instance}, uint64_t index);")
            }
        };
        let _ = writeln!(self.text, "{line}\n");
    }
}

/// A name of the module's: no end of a comment, and no line break.
fn in_comment(name: &str) -> String {
    let text: String = name.chars().flat_map(char::escape_debug).collect();
    format!("\"{}\"", text.replace("*/", "*\\/").replace("\\'", "'"))
}

/// Puts a name in place of `NAME`, and the same in capital letters in place of `UPPER`; nothing in what was put there
/// is looked at again. Where it is part of `NAME=VALUE`, it is not meant.
fn fill(text: &str, name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    let filled =
        |part: &str| part.split("UPPER").map(|part| part.replace("NAME", name)).collect::<Vec<_>>().join(&upper);
    text.split("NAME=VALUE").map(filled).collect::<Vec<_>>().join("NAME=VALUE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_comment() {
        assert_eq!(in_comment("a*/ int x; /*\n"), "\"a*\\/ int x; /*\\n\"");
    }

    #[test]
    fn names_may_be_those_that_they_replace() {
        for (name, filled) in [
            ("add", "add_t ADD_MAX NAME=VALUE"),
            ("to_UPPER", "to_UPPER_t TO_UPPER_MAX NAME=VALUE"),
            ("my_name", "my_name_t MY_NAME_MAX NAME=VALUE"),
            ("NAME", "NAME_t NAME_MAX NAME=VALUE"),
        ] {
            assert_eq!(fill("NAME_t UPPER_MAX NAME=VALUE", name), filled);
        }
    }
}
