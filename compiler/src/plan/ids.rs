//! Ids of everything in the program, whatever instance it belongs to.

use cranelift_entity::entity_impl;

macro_rules! program_ids {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(u32);
            entity_impl!($name, $prefix);
        )*
    };
}

program_ids! {
    /// An instance of a module.
    InstanceId, "instance";
    /// A function: a body of some instance, or an import that the host satisfies.
    FuncId, "fn";
    TableId, "tbl";
    MemoryId, "mem";
    GlobalId, "glob";
    /// A tag of exceptions.
    TagId, "tag";
    /// A data segment.
    DataId, "dataseg";
    /// An element segment.
    ElemId, "elemseg";
    /// A function type, canonical over the whole program: equal types have equal ids.
    TypeId, "ty";
}
