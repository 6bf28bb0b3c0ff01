//! The records that parts belong to. They are locked before their parts, whichever of them a request names, so that a
//! change of an order and a change of one of its lines wait for each other instead of deadlocking.

use diesel::pg::PgConnection;

use super::super::key::Key;
use super::super::relation::{Link, Relation};
use super::super::resource::{Ownership, Resource};
use super::super::sql::Sql;
use super::super::sql::predicate::Conditions;
use super::super::value::key_array;
use super::Context;
use crate::error::Error;

/// The to-one that leads from a part to its parent.
pub(super) fn parent_relation(resource: &'static Resource) -> Option<&'static Relation> {
    let Ownership::Part(names) = resource.ownership else { return None };
    names.iter().filter_map(|name| resource.relation(name)).find(|relation| matches!(relation.link, Link::ToOne { .. }))
}

/// How many parents there are above a resource's records.
pub(super) fn depth(resource: &'static Resource) -> usize {
    std::iter::successors(parent_relation(resource), |relation| parent_relation(relation.target)).take(8).count()
}

/// The ids of the parents of some parts, as they are stored.
pub(super) fn parents(
    conn: &mut PgConnection,
    context: Context<'_>,
    resource: &'static Resource,
    keys: &[Key],
) -> Result<Vec<Key>, Error> {
    let Some(relation) = parent_relation(resource) else { return Ok(Vec::new()) };
    let Link::ToOne { column, .. } = relation.link else { return Ok(Vec::new()) };
    let mut sql = Sql::new();
    sql.raw("SELECT DISTINCT ").column(0, column).raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    Conditions::new(context.caller).tenant(&mut sql, resource, 0);
    sql.raw(" AND ").column(0, resource.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
    let kind = relation.target.id.kind;
    let rows = sql.collect(conn, |row| -> Result<_, Error> { Ok(row.key(0, kind)?) })?;
    Ok(rows.into_iter().flatten().collect())
}

/// Locks everything above some records, the topmost first.
pub(super) fn lock(
    conn: &mut PgConnection,
    context: Context<'_>,
    resource: &'static Resource,
    keys: &[Key],
) -> Result<(), Error> {
    let Some(relation) = parent_relation(resource) else { return Ok(()) };
    let above = parents(conn, context, resource, keys)?;
    if above.is_empty() {
        return Ok(());
    }
    let parent = relation.target;
    lock(conn, context, parent, &above)?;
    let mut sql = Sql::new();
    sql.raw("SELECT 1 FROM ").ident(parent.table).raw(" AS t0 WHERE ");
    Conditions::new(context.caller).tenant(&mut sql, parent, 0);
    sql.raw(" AND ").column(0, parent.id.column).raw(" = ANY(").bind(key_array(&above)).raw(")");
    sql.raw(" ORDER BY t0.").ident(parent.id.column).raw(" FOR UPDATE OF t0");
    sql.execute(conn)?;
    Ok(())
}
