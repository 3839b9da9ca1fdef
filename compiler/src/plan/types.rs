//! Function types, numbered over the whole program so that a signature check is one comparison of constants.

use std::collections::HashMap;

use cranelift_entity::{EntityRef, PrimaryMap};
use wasmparser::FuncType;

use super::ids::TypeId;

/// Every function type of the program, once.
#[derive(Debug, Default)]
pub struct Types {
    types: PrimaryMap<TypeId, FuncType>,
    ids: HashMap<FuncType, TypeId>,
}

impl Types {
    /// The id of a type, new if the type is.
    pub fn intern(&mut self, ty: &FuncType) -> TypeId {
        if let Some(&id) = self.ids.get(ty) {
            return id;
        }
        let id = self.types.push(ty.clone());
        self.ids.insert(ty.clone(), id);
        id
    }

    pub fn get(&self, id: TypeId) -> &FuncType {
        &self.types[id]
    }
}

/// The number that stands for a type at run time: 1-based, because 0 in a funcref is null.
pub fn runtime_type_id(id: TypeId) -> u32 {
    id.index() as u32 + 1
}
