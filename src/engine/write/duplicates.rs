//! Values that may be there only once, looked for before the records of a chunk are written: among themselves and in the
//! table, by one statement for each unique key. A single request leaves it to the unique index.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Batch;
use super::resolve::to_ones;
use super::rows::{Cell, columns, storage_of};
use super::{Node, failure};
use crate::engine::resource::{Ident, Resource, UniqueKey};
use crate::engine::sql::Sql;
use crate::engine::sql::predicate::Conditions;
use crate::engine::value::Value;
use crate::error::Error;

/// The errors of records whose values another record has. Of several in the chunk, the first has them.
pub(super) fn check(batch: &mut Batch<'_>) -> Result<Vec<Error>, Error> {
    if !batch.is_chunk() {
        return Ok(Vec::new());
    }
    let mut errors = Vec::new();
    for (resource, nodes) in batch.by_resource() {
        for key in resource.unique {
            errors.extend(check_key(batch, resource, &nodes, key)?);
        }
    }
    Ok(errors)
}

fn check_key(
    batch: &mut Batch<'_>,
    resource: &'static Resource,
    nodes: &[usize],
    key: &'static UniqueKey,
) -> Result<Vec<Error>, Error> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let (mut asked, mut rows, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for index in nodes {
        let node = batch.node(*index);
        let Some(mut values) = values(node, key) else { continue };
        match first.entry(text(&values)) {
            Entry::Occupied(_) => errors.push(failure::taken(node, key)),
            // What belongs to a record that is only being created is in no table yet.
            Entry::Vacant(place) if is_of_new(batch, node, key) => {
                place.insert(*index);
            }
            Entry::Vacant(place) => {
                place.insert(*index);
                values.push(Cell::new(resource.id.column, storage_of(resource.id.kind), Value::from(&node.key)));
                asked.push(*index);
                rows.push(values);
            }
        }
    }
    let Some(names) = rows.first().map(|row| row.iter().map(|cell| cell.column).collect::<Vec<Ident>>()) else {
        return Ok(errors);
    };
    let mut sql = Sql::new();
    sql.raw("SELECT v.place FROM ").rows(columns(rows)?).raw(" WITH ORDINALITY AS v (");
    for name in names.iter().take(names.len() - 1) {
        sql.ident(*name).raw(", ");
    }
    sql.raw("own, place) JOIN ").ident(resource.table).raw(" AS t0 ON ");
    Conditions::new(batch.context.caller).tenant(&mut sql, resource, 0);
    for name in names.iter().take(names.len() - 1) {
        sql.raw(" AND ").column(0, *name).raw(" = v.").ident(*name);
    }
    sql.raw(" AND ").column(0, resource.id.column).raw(" <> v.own");
    let found = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?;
    let places = found.into_iter().flatten().filter_map(|place| usize::try_from(place).ok()?.checked_sub(1));
    errors.extend(places.filter_map(|place| asked.get(place)).map(|index| failure::taken(batch.node(*index), key)));
    Ok(errors)
}

/// The values of a key that a record gets; `None` where it has no whole key, keeps the one it has, or was looked for by it.
fn values(node: &Node, key: &UniqueKey) -> Option<Vec<Cell>> {
    let changes = node.creates || key.members.iter().any(|member| is_given(node, member));
    if !changes || node.upserts.as_deref() == Some(key.members) {
        return None;
    }
    key.members.iter().map(|member| value(node, member)).collect()
}

/// Whether a member of the key points at a record that the chunk creates.
fn is_of_new(batch: &Batch<'_>, node: &Node, key: &UniqueKey) -> bool {
    let target = |member: &&str| node.one(member).flatten().and_then(|target| target.node);
    key.members.iter().filter_map(target).any(|target| batch.node(target).creates)
}

fn is_given(node: &Node, member: &str) -> bool {
    node.value(member).is_some_and(|value| node.stored.values.get(member) != Some(value))
        || node.links.contains_key(member) && super::check::is_new_link(node, member)
}

fn value(node: &Node, member: &str) -> Option<Cell> {
    if let Some(field) = node.resource.field(member) {
        let value = node.effective(member);
        return (!value.is_null()).then(|| Cell::new(field.column, field.kind.storage(), value.clone()));
    }
    let (relation, column) = to_ones(node.resource).find(|(relation, _)| relation.name == member)?;
    let key = node.effective_one(member)?;
    Some(Cell::new(column, storage_of(relation.target.id.kind), Value::from(key)))
}

/// The same for values that are the same to Postgres.
fn text(values: &[Cell]) -> String {
    let values = values.iter().map(|cell| match &cell.value {
        Value::Numeric(number) => format!("{}", number.normalize()),
        other => format!("{other:?}"),
    });
    values.collect::<Vec<_>>().join(" ")
}
