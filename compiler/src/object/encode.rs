//! Structures of `wasmc_abi` as the bytes that the runtime library reads: fields in order, little-endian; and numbers
//! of variable length.

use wasmc_abi::exception::{Handler, HandlerSite};
use wasmc_abi::harden::Instruction;
use wasmc_abi::layout::{MemoryRecord, TableRecord};
use wasmc_abi::profile;
use wasmc_abi::program::{Image, ProgramHeader, ScriptStep};
use wasmc_abi::source::SourcePlace;
use wasmc_abi::trap::FunctionEntry;

/// A structure without padding that can be written on any host.
pub trait Encode {
    fn encode(&self, bytes: &mut Vec<u8>);
}

macro_rules! encode {
    ($($ty:path { $($field:ident)* })*) => {
        $(
            impl Encode for $ty {
                fn encode(&self, bytes: &mut Vec<u8>) {
                    // Names every field, so that a new one cannot be forgotten.
                    let $ty { $($field,)* } = self;
                    let start = bytes.len();
                    $(bytes.extend_from_slice(&$field.to_le_bytes());)*
                    debug_assert_eq!(bytes.len() - start, size_of::<$ty>(), "padding in {}", stringify!($ty));
                }
            }
        )*
    };
}

encode! {
    ProgramHeader {
        abi_version cpu_level record_base record_size stack_size memories memory_count tables table_count
        images image_count main script script_count script_slots code code_size functions function_count sites names
        handler_sites handler_site_count handlers function_frames frames tag_names
        grants grants_size preparations preparation_count
        harden confine_files filter filter_count filter_process harden_flags
        embedded_size embedded embed
        thread_start max_threads script_thread
        function_places site_places source_places source_place_count
        stack_limit imports import_count profile reserved area_align
    }
    profile::Program { begin template template_bytes file file_bytes path path_bytes }
    Image { destination size source memory kind reserved }
    HandlerSite { return_offset frame_bytes first count }
    Handler { tag code_offset }
    ScriptStep { kind target first_argument argument_count result_count }
    FunctionEntry { code_offset name sites index }
    SourcePlace { file line column function caller }
    Instruction { code jump_if_true jump_if_false constant }
    MemoryRecord { base length maximum reserved flags page_size_log2 }
    TableRecord { base length maximum reserved }
}

/// ULEB128.
pub fn unsigned(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// SLEB128.
pub fn signed(bytes: &mut Vec<u8>, mut value: i64) {
    loop {
        let byte = value as u8 & 0x7f;
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            bytes.push(byte);
            return;
        }
        bytes.push(byte | 0x80);
    }
}
