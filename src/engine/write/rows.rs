//! Rows on their way into a table, and the same turned into columns, as statements take them.

use super::Node;
use crate::engine::column::Column;
use crate::engine::kind::Storage;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{IdKind, Ident};
use crate::engine::value::Value;
use crate::error::Error;

/// A value of a row on its way into its column.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub column: Ident,
    pub storage: Storage,
    pub value: Value,
}

impl Cell {
    pub fn new(column: Ident, storage: Storage, value: Value) -> Cell {
        Cell { column, storage, value }
    }
}

/// How an id is stored.
pub(super) fn storage_of(kind: IdKind) -> Storage {
    match kind {
        IdKind::Integer => Storage::BigInt,
        IdKind::Text => Storage::Text,
        IdKind::Guid { .. } | IdKind::Uuid => Storage::Uuid,
    }
}

/// Rows of the same columns, as these columns.
pub(super) fn columns(rows: Vec<Vec<Cell>>) -> Result<Vec<Column>, Error> {
    let storages: Vec<Storage> = rows.first().into_iter().flatten().map(|cell| cell.storage).collect();
    let mut values: Vec<Vec<Value>> = storages.iter().map(|_| Vec::with_capacity(rows.len())).collect();
    for row in rows {
        for (cell, column) in row.into_iter().zip(&mut values) {
            column.push(cell.value);
        }
    }
    storages.into_iter().zip(values).map(|(storage, values)| Column::new(storage, values)).collect()
}

/// What a link stored in the own table sets.
pub(super) fn link_cells(node: &Node, relation: &Relation) -> Vec<Cell> {
    let Some(target) = node.one(relation.name) else { return Vec::new() };
    let id = target.map_or(Value::Null, |target| Value::from(&target.key));
    match relation.link {
        Link::ToOne { column, .. } => vec![Cell::new(column, storage_of(relation.target.id.kind), id)],
        Link::Polymorphic { type_column, id_column, .. } => {
            let name = target.map_or(Value::Null, |target| Value::Text(target.resource.name.to_owned()));
            let storage = storage_of(relation.target.id.kind);
            vec![Cell::new(type_column, Storage::Text, name), Cell::new(id_column, storage, id)]
        }
        Link::ToMany { .. } | Link::Through { .. } | Link::Union { .. } => Vec::new(),
    }
}
