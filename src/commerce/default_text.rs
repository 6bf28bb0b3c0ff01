//! Lists of localized texts need a default one: a text without a localization.

use std::collections::HashSet;

use crate::engine::key::Key;
use crate::engine::relation::Link;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::engine::write::Batch;
use crate::error::{Error, Errors, NOT_BLANK};

/// Refuses records whose list `texts`, when the request states it, has no default text. For
/// [`crate::engine::rules::Rules::finish`].
pub fn require(batch: &mut Batch<'_>, nodes: &[usize], texts: &str) -> Result<(), Errors> {
    let stated: Vec<usize> =
        nodes.iter().copied().filter(|index| batch.node(*index).links.contains_key(texts)).collect();
    let Some(first) = stated.first() else { return Ok(()) };
    let Some(relation) = batch.node(*first).resource.relation(texts) else { return Ok(()) };
    let keys: Vec<Key> = stated.iter().map(|index| batch.node(*index).key.clone()).collect();
    let mut sql = Sql::new();
    match relation.link {
        Link::ToMany { column } => {
            sql.raw("SELECT DISTINCT ").column(0, column).raw(" FROM ").ident(relation.target.table).raw(" AS t0");
            sql.raw(" WHERE ").column(0, column).raw(" = ANY(").bind(key_array(&keys)).raw(")");
            sql.raw(" AND t0.localization_id IS NULL");
        }
        Link::Through { table, own, target, slot } => {
            sql.raw("SELECT DISTINCT ").column(0, own).raw(" FROM ").ident(table).raw(" AS t0 JOIN ");
            sql.ident(relation.target.table).raw(" AS t1 ON t1.organization_id = t0.organization_id AND t1.id = ");
            sql.column(0, target).raw(" WHERE ").column(0, own).raw(" = ANY(").bind(key_array(&keys)).raw(")");
            sql.raw(" AND t1.localization_id IS NULL");
            if let Some((column, word)) = slot {
                sql.raw(" AND ").column(0, column).raw(" = ").bind(Value::Text(word.to_owned()));
            }
        }
        Link::ToOne { .. } | Link::Polymorphic { .. } | Link::Union { .. } => return Ok(()),
    }
    sql.raw(" AND t0.organization_id = ").bind(Value::Integer(batch.organization()));
    let found = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?;
    let complete: HashSet<Key> = found.into_iter().flatten().map(Key::Integer).collect();
    let errors =
        stated.iter().map(|index| batch.node(*index)).filter(|node| !complete.contains(&node.key)).map(|node| {
            let detail = "The default value, the one without a localization, should not be blank.";
            node.at_relation(relation.name, Error::new(&NOT_BLANK, detail))
        });
    Errors::check(errors.collect())
}
