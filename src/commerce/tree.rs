//! Trees of records of one table: a parent is never the record itself nor one below it.

use std::collections::HashSet;

use diesel::pg::PgConnection;

use crate::engine::key::Key;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{Ident, Resource};
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Node};
use crate::error::{Error, Errors};

/// Refuses parents that would close a circle. For [`crate::engine::rules::Rules::finish`]; `parent` is the to-one to
/// the record above, `children` its inverse.
pub fn check(batch: &mut Batch<'_>, nodes: &[usize], parent: &str, children: &str) -> Result<(), Errors> {
    let moved: Vec<usize> =
        nodes.iter().copied().filter(|index| may_close_circle(batch.node(*index), parent, children)).collect();
    let Some(first) = moved.first() else { return Ok(()) };
    let Some((resource, column)) = parent_column(batch.node(*first).resource, parent) else { return Ok(()) };
    let organization = batch.organization();
    lock(batch.conn, organization)?;
    let keys = moved.iter().map(|index| batch.node(*index).key.clone()).collect::<Vec<_>>();
    let circular = circular(batch.conn, organization, resource.table, column, &keys)?;
    let errors = moved.iter().map(|index| batch.node(*index)).filter(|node| circular.contains(&node.key)).map(|node| {
        node.at_relation(parent, Error::form("The parent cannot be the record itself nor one of those below it."))
    });
    Errors::check(errors.collect())
}

/// Whether a write can close a circle: a new record under a stored one cannot.
fn may_close_circle(node: &Node, parent: &str, children: &str) -> bool {
    let under_new = node.one(parent).flatten().is_some_and(|target| target.node.is_some());
    let moved = !node.creates && node.one(parent).flatten().is_some();
    under_new || moved || node.links.contains_key(children)
}

fn parent_column(resource: &'static Resource, parent: &str) -> Option<(&'static Resource, Ident)> {
    match resource.relation(parent) {
        Some(Relation { link: Link::ToOne { column, .. }, .. }) => Some((resource, *column)),
        _ => None,
    }
}

/// Makes changes of an organization's trees wait for each other; two moves that are each harmless could else close a
/// circle together. Inserts that refer to the organization do not wait.
pub fn lock(conn: &mut PgConnection, organization: i64) -> Result<(), Error> {
    let mut sql = Sql::new();
    sql.raw("SELECT 1 FROM organization WHERE id = ").bind(Value::Integer(organization)).raw(" FOR NO KEY UPDATE");
    sql.execute(conn)?;
    Ok(())
}

/// Those of the records that are above themselves.
fn circular(
    conn: &mut PgConnection,
    organization: i64,
    table: Ident,
    parent: Ident,
    keys: &[Key],
) -> Result<HashSet<Key>, Error> {
    let organization = Value::Integer(organization);
    let mut sql = Sql::new();
    sql.raw("WITH RECURSIVE above (start, id) AS (SELECT id, ").ident(parent).raw(" FROM ").ident(table);
    sql.raw(" WHERE organization_id = ").bind(organization.clone()).raw(" AND id = ANY(");
    sql.bind(crate::engine::value::key_array(keys)).raw(") UNION SELECT above.start, node.").ident(parent);
    sql.raw(" FROM above JOIN ").ident(table).raw(" AS node ON node.id = above.id AND node.organization_id = ");
    sql.bind(organization).raw(") SELECT DISTINCT start FROM above WHERE id = start");
    let found = sql.collect(conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?;
    Ok(found.into_iter().flatten().map(Key::Integer).collect())
}
