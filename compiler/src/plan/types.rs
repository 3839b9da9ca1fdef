//! Types, numbered over the whole program so that a signature check is one comparison with constants.
//!
//! Two types are the same if their recursion groups are (core specification, 3.1.4: types are equivalent
//! iso-recursively). So groups are what is looked up, in a form in which what lies inside the group is called by its
//! place there, and all other types by their number.
//!
//! Value types that the plan holds (of globals, tables and these types themselves) refer to other types by these
//! numbers: wherever wasmparser says "module index", it is a [`TypeId`].

use std::collections::HashMap;
use std::ops::Range;

use cranelift_entity::{EntityRef, PrimaryMap};
use wasmparser::{
    AbstractHeapType, CompositeInnerType, FieldType, FuncType, HeapType, PackedIndex, RefType, StorageType, SubType,
    UnpackedIndex, ValType,
};

use super::ids::TypeId;
use crate::error::{Error, Result};
use crate::parse::Module;
use crate::parse::index::TypeIndex;

/// What each type index of a module means.
pub type TypeIds = PrimaryMap<TypeIndex, TypeId>;

/// Every type of the program, once.
#[derive(Debug, Default)]
pub struct Types {
    types: PrimaryMap<TypeId, SubType>,
    /// The first type of each group.
    groups: HashMap<Vec<SubType>, TypeId>,
    /// The numbers that stand for each type and its subtypes at run time.
    numbers: PrimaryMap<TypeId, Range<u32>>,
}

impl Types {
    /// The types of a module, new ones if they are.
    ///
    /// # Errors
    ///
    /// If the program has more types than references to types can tell apart (2²⁰).
    pub fn intern(&mut self, module: &Module<'_>) -> Result<TypeIds> {
        let mut ids = TypeIds::with_capacity(module.types.len());
        let types = module.types.as_values_slice();
        for &length in &module.type_groups {
            let first = ids.len();
            let group = &types[first..first + length];
            let key = group.iter().map(|ty| {
                map_indices(ty, |index| match (index as usize).checked_sub(first) {
                    Some(place) => PackedIndex::from_rec_group_index(place as u32),
                    None => PackedIndex::from_module_index(ids[TypeIndex::new(index as usize)].index() as u32),
                })
            });
            let key = key.collect::<Result<Vec<_>>>()?;
            let base = match self.groups.get(&key) {
                Some(&base) => base,
                None => self.add_group(key)?,
            };
            ids.extend((base.index()..base.index() + length).map(TypeId::new));
        }
        Ok(ids)
    }

    fn add_group(&mut self, key: Vec<SubType>) -> Result<TypeId> {
        let base = self.types.next_key();
        for ty in &key {
            let place = |place: u32| PackedIndex::from_module_index(base.index() as u32 + place);
            let ty = map_group_indices(ty, place, PackedIndex::from_module_index)?;
            self.types.push(ty);
        }
        self.groups.insert(key, base);
        Ok(base)
    }

    /// A function type.
    ///
    /// # Panics
    ///
    /// If it is another type: validation knows what is called, thrown and entered.
    pub fn get(&self, id: TypeId) -> &FuncType {
        self.types[id].unwrap_func()
    }

    /// Any type.
    pub fn sub_type(&self, id: TypeId) -> &SubType {
        &self.types[id]
    }

    /// A type of a module with the program's numbers in it.
    pub fn resolve(ty: ValType, ids: &TypeIds) -> ValType {
        match ty {
            ValType::Ref(ty) => ValType::Ref(Types::resolve_reference(ty, ids)),
            other => other,
        }
    }

    /// A type of a module with the program's numbers in it.
    pub fn resolve_reference(ty: RefType, ids: &TypeIds) -> RefType {
        match ty.type_index().and_then(|index| index.as_module_index()) {
            Some(index) => {
                let id = ids[TypeIndex::new(index as usize)].index() as u32;
                RefType::concrete(ty.is_nullable(), PackedIndex::from_module_index(id).expect("ids were packed before"))
            }
            None => ty,
        }
    }

    // --- Subtypes (core specification, 3.3) --------------------------------------------------------------------

    fn supertype(&self, id: TypeId) -> Option<TypeId> {
        let index = self.types[id].supertype_idxs.first()?.as_module_index()?;
        Some(TypeId::new(index as usize))
    }

    /// A type, and those that it was declared below.
    pub fn supertypes(&self, id: TypeId) -> impl Iterator<Item = TypeId> {
        std::iter::successors(Some(id), |&id| self.supertype(id))
    }

    /// Whether a type is another one or was declared below it.
    pub fn is_subtype(&self, found: TypeId, wanted: TypeId) -> bool {
        self.supertypes(found).any(|id| id == wanted)
    }

    /// Whether each value of a type is one of another.
    pub fn matches(&self, found: ValType, wanted: ValType) -> bool {
        match (found, wanted) {
            (ValType::Ref(found), ValType::Ref(wanted)) => {
                (wanted.is_nullable() || !found.is_nullable())
                    && self.heap_type_matches(found.heap_type(), wanted.heap_type())
            }
            (found, wanted) => found == wanted,
        }
    }

    fn heap_type_matches(&self, found: HeapType, wanted: HeapType) -> bool {
        use AbstractHeapType::{Any, Array, Eq, Exn, Extern, Func, I31, NoExn, NoExtern, NoFunc, None, Struct};
        if found == wanted {
            return true;
        }
        let abstract_matches = |found: AbstractHeapType, wanted: AbstractHeapType| match (found, wanted) {
            (None, I31 | Struct | Array | Eq | Any) | (I31 | Struct | Array, Eq | Any) | (Eq, Any) => true,
            (NoFunc, Func) | (NoExtern, Extern) | (NoExn, Exn) => true,
            (found, wanted) => found == wanted,
        };
        match (found, wanted) {
            (HeapType::Abstract { ty: found, .. }, HeapType::Abstract { ty: wanted, .. }) => {
                abstract_matches(found, wanted)
            }
            (HeapType::Concrete(found), HeapType::Abstract { ty: wanted, .. }) => {
                abstract_matches(self.kind(found), wanted)
            }
            (HeapType::Abstract { ty: found, .. }, HeapType::Concrete(wanted)) => match self.kind(wanted) {
                Func => found == NoFunc,
                _ => found == None,
            },
            (HeapType::Concrete(found), HeapType::Concrete(wanted)) => self.is_subtype(id(found), id(wanted)),
            _ => false,
        }
    }

    /// The abstract type above a type.
    fn kind(&self, index: UnpackedIndex) -> AbstractHeapType {
        match self.types[id(index)].composite_type.inner {
            CompositeInnerType::Func(_) => AbstractHeapType::Func,
            CompositeInnerType::Struct(_) => AbstractHeapType::Struct,
            CompositeInnerType::Array(_) => AbstractHeapType::Array,
            CompositeInnerType::Cont(_) => AbstractHeapType::Cont,
        }
    }

    // --- At run time -------------------------------------------------------------------------------------------

    /// Gives each type its number for run time, once all are known: in preorder of the trees that supertypes make, so
    /// that the subtypes of a type are a range. They begin with 1, because 0 in a funcref is null.
    pub fn number(&mut self) {
        let mut subtypes: PrimaryMap<TypeId, Vec<TypeId>> = self.types.values().map(|_| Vec::new()).collect();
        let mut pending: Vec<TypeId> = Vec::new();
        for id in self.types.keys().rev() {
            match self.supertype(id) {
                Some(supertype) => subtypes[supertype].push(id),
                None => pending.push(id),
            }
        }
        self.numbers = self.types.values().map(|_| 0..0).collect();
        // In the order in which they are visited. A supertype is declared before its subtypes.
        let mut next = 1;
        while let Some(id) = pending.pop() {
            self.numbers[id] = next..next + 1;
            next += 1;
            pending.extend(&subtypes[id]);
        }
        for id in self.types.keys().rev() {
            if let Some(supertype) = self.supertype(id) {
                self.numbers[supertype].end = self.numbers[supertype].end.max(self.numbers[id].end);
            }
        }
    }

    /// The numbers that stand for a type and its subtypes at run time; the first is the type's own.
    pub fn runtime_numbers(&self, id: TypeId) -> Range<u32> {
        self.numbers[id].clone()
    }
}

/// The type that an index means in a type of the plan.
pub fn id(index: UnpackedIndex) -> TypeId {
    let index = index.as_module_index().expect("types of the plan refer to its types");
    TypeId::new(index as usize)
}

/// A type in which each index of the module is replaced.
fn map_indices(ty: &SubType, map: impl Fn(u32) -> Option<PackedIndex>) -> Result<SubType> {
    map_group_indices(ty, PackedIndex::from_rec_group_index, map)
}

/// A type in which each index, of the recursion group and of the module, is replaced.
fn map_group_indices(
    ty: &SubType,
    in_group: impl Fn(u32) -> Option<PackedIndex>,
    in_module: impl Fn(u32) -> Option<PackedIndex>,
) -> Result<SubType> {
    let index = |index: PackedIndex| {
        let mapped = match index.unpack() {
            UnpackedIndex::Module(index) => in_module(index),
            UnpackedIndex::RecGroup(place) => in_group(place),
            UnpackedIndex::Id(_) => unreachable!("types are taken from the module as they stand there"),
        };
        mapped.ok_or_else(|| Error::unsupported("the program has more than 1048576 types"))
    };
    let value = |ty: ValType| match ty {
        ValType::Ref(reference) => Ok(match reference.type_index() {
            Some(concrete) => ValType::Ref(RefType::concrete(reference.is_nullable(), index(concrete)?)),
            None => ty,
        }),
        other => Ok(other),
    };
    let field = |field: &mut FieldType| {
        if let StorageType::Val(ty) = field.element_type {
            field.element_type = StorageType::Val(value(ty)?);
        }
        Ok::<(), Error>(())
    };
    let mut ty = ty.clone();
    for supertype in &mut ty.supertype_idxs {
        *supertype = index(*supertype)?;
    }
    match &mut ty.composite_type.inner {
        CompositeInnerType::Func(function) => {
            let map = |types: &[ValType]| types.iter().map(|&ty| value(ty)).collect::<Result<Vec<_>>>();
            *function = FuncType::new(map(function.params())?, map(function.results())?);
        }
        CompositeInnerType::Array(array) => field(&mut array.0)?,
        CompositeInnerType::Struct(structure) => structure.fields.iter_mut().try_for_each(field)?,
        CompositeInnerType::Cont(continuation) => continuation.0 = index(continuation.0)?,
    }
    Ok(ty)
}
