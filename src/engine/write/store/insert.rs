//! New rows: one INSERT for all rows of a level with the same columns.

use std::collections::BTreeMap;

use super::{Levels, guard_secrets};
use crate::engine::resource::{Ident, Resource};
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::rows::{Cell, columns, link_cells, storage_of};
use crate::engine::write::{Batch, Node, failure};
use crate::error::{Error, Errors};

/// What the rows of one INSERT have in common: level, resource and columns.
type Shape = (usize, &'static str, Vec<Ident>);

/// Some nodes and their rows.
#[derive(Default)]
struct Rows {
    nodes: Vec<usize>,
    rows: Vec<Vec<Cell>>,
}

pub(super) fn all(batch: &mut Batch<'_>, levels: &Levels) -> Result<(), Errors> {
    let mut groups: BTreeMap<Shape, Rows> = BTreeMap::new();
    for (index, node) in batch.nodes.iter_mut().enumerate().filter(|(_, node)| node.creates) {
        let row = row(node, index, levels)?;
        let names = row.iter().map(|cell| cell.column).collect();
        let group = groups.entry((levels.of[index], node.resource.name, names)).or_default();
        group.nodes.push(index);
        group.rows.push(row);
    }
    for ((_, _, names), Rows { nodes, rows }) in groups {
        let Some(first) = nodes.first() else { continue };
        let resource = batch.node(*first).resource;
        insert(batch, resource, &names, rows, &nodes)?;
    }
    Ok(())
}

fn insert(
    batch: &mut Batch<'_>,
    resource: &'static Resource,
    names: &[Ident],
    rows: Vec<Vec<Cell>>,
    nodes: &[usize],
) -> Result<(), Errors> {
    let mut sql = Sql::new();
    sql.bounded();
    sql.raw("INSERT INTO ").ident(resource.table).raw(" (");
    for (place, name) in resource.tenant.iter().chain(names).enumerate() {
        sql.raw(if place > 0 { ", " } else { "" }).ident(*name);
    }
    sql.raw(") SELECT ");
    if resource.tenant.is_some() {
        sql.bind(Value::Integer(batch.organization())).raw(", ");
    }
    sql.raw("* FROM ").rows(columns(rows)?);
    sql.execute(batch.conn).map_err(|error| failure::explain(batch, nodes, error))?;
    Ok(())
}

/// The columns of a new row but the organization's, in the order of the descriptor, with the names of the members it
/// sets as changed.
fn row(node: &mut Node, index: usize, levels: &Levels) -> Result<Vec<Cell>, Error> {
    let resource = node.resource;
    let mut row = Vec::with_capacity(node.values.len() + node.links.len() + 1);
    if Some(resource.id.column) != resource.tenant {
        row.push(Cell::new(resource.id.column, storage_of(resource.id.kind), Value::from(&node.key)));
    }
    for field in resource.fields {
        if let Some(value) = node.values.get(field.name) {
            guard_secrets(field.kind, value)?;
            row.push(Cell::new(field.column, field.kind.storage(), value.clone()));
            node.changed.insert(field.name);
        }
    }
    for relation in resource.relations {
        if levels.deferred.contains(&(index, relation.name)) {
            continue;
        }
        for cell in link_cells(node, relation) {
            if Some(cell.column) != resource.tenant {
                row.push(cell);
            }
            node.changed.insert(relation.name);
        }
    }
    row.dedup_by_key(|cell| cell.column);
    Ok(row)
}
