//! Single records: whether they exist, whether the caller may view them, where they point.

use diesel::pg::PgConnection;

use super::key::Key;
use super::relation::{Link, Relation};
use super::resource::Resource;
use super::sql::Sql;
use super::sql::predicate::Conditions;
use super::value::Value;
use crate::acl::{self, Caller, Permission};
use crate::error::Error;

/// Why a record was not found among those the caller may view: it is missing (404) or hidden (403).
pub fn why_not_found(
    conn: &mut PgConnection,
    caller: &Caller,
    resource: &'static Resource,
    key: &Key,
) -> Result<Error, Error> {
    let exists = !acl::existing_keys(conn, caller, resource, std::slice::from_ref(key))?.is_empty();
    Ok(if exists { Error::no_access() } else { Error::not_found() })
}

/// Refuses what lies below a record that is missing or that the caller may not view.
pub fn check_parent(
    conn: &mut PgConnection,
    caller: &Caller,
    resource: &'static Resource,
    key: &Key,
) -> Result<(), Error> {
    if acl::scope(resource, Permission::View, caller).is_none() {
        return Err(Error::no_access_to_parent_type());
    }
    let keys = std::slice::from_ref(key);
    if acl::allowed_keys(conn, caller, resource, Permission::View, keys)?.contains(key) {
        return Ok(());
    }
    let exists = !acl::existing_keys(conn, caller, resource, keys)?.is_empty();
    Err(if exists { Error::no_access_to_parent() } else { Error::no_parent() })
}

/// The resource that a polymorphic relationship of a record points at; `None` when it points at nothing. For any other
/// relationship its one target.
pub fn target(
    conn: &mut PgConnection,
    caller: &Caller,
    (resource, key): (&'static Resource, &Key),
    relation: &'static Relation,
) -> Result<Option<&'static Resource>, Error> {
    let mut sql = Sql::new();
    sql.raw("SELECT ");
    match relation.link {
        Link::Polymorphic { type_column, .. } => {
            sql.column(0, type_column);
        }
        Link::Union { many: false, .. } => {
            sql.raw("CASE");
            for branch in resource.branches(relation) {
                let Link::ToOne { column, .. } = branch.link else { continue };
                sql.raw(" WHEN ").column(0, column).raw(" IS NOT NULL THEN ");
                sql.bind(Value::Text(branch.target.name.to_owned()));
            }
            sql.raw(" END");
        }
        _ => return Ok(Some(relation.target)),
    }
    sql.raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    Conditions::new(caller).viewable(&mut sql, resource, 0);
    sql.raw(" AND ").column(0, resource.id.column).raw(" = ").bind(Value::from(key));
    let names = sql.collect(conn, |row| -> Result<_, Error> { Ok(row.text(0)?) })?;
    let name = names.into_iter().next().flatten();
    Ok(relation.targets().iter().copied().find(|target| Some(target.name) == name.as_deref()))
}
