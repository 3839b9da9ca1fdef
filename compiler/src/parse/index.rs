//! Index spaces of a module (core specification, 2.5.1), each with a type of its own.

use cranelift_entity::entity_impl;

macro_rules! index_space {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(u32);
            entity_impl!($name, $prefix);
        )*
    };
}

index_space! {
    /// Index of a type.
    TypeIndex, "type";
    /// Index of a function; imports come first.
    FuncIndex, "func";
    /// Index of a table; imports come first.
    TableIndex, "table";
    /// Index of a memory; imports come first.
    MemoryIndex, "memory";
    /// Index of a global; imports come first.
    GlobalIndex, "global";
    /// Index of a tag; imports come first.
    TagIndex, "tag";
    /// Index of a data segment.
    DataIndex, "data";
    /// Index of an element segment.
    ElemIndex, "elem";
    /// Index of a function body, that is, of a function that is not imported.
    BodyIndex, "body";
}
