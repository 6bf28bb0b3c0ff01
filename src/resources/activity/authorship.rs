//! The rules of notes and comments: who changed one last is written down in its `updatedBy` (the caller, unless the request
//! says who), and a file says which of them it belongs to.

use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::engine::write::{Batch, Target};
use crate::error::Errors;
use crate::resources::activity::file_parent;
use crate::resources::system::USER;

const UPDATED_BY: &str = "updatedBy";

pub struct AuthoredRules;

impl Rules for AuthoredRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        sign_new(batch, nodes);
        Ok(())
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        file_parent::adopt(batch, nodes, "attachment")?;
        sign_changed(batch, nodes)
    }
}

fn sign_new(batch: &mut Batch<'_>, nodes: &[usize]) {
    let Some(user) = batch.context.caller.user() else { return };
    let caller = Target { resource: &USER, key: Key::Integer(user.id), node: None };
    for index in nodes {
        let node = batch.node_mut(*index);
        if node.creates && !node.links.contains_key(UPDATED_BY) {
            node.link(UPDATED_BY, Some(caller.clone()));
        }
    }
}

fn sign_changed(batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
    let organization = batch.organization();
    let Some(caller) = batch.context.caller.user().map(|user| user.id) else { return Ok(()) };
    let concerned = |index: &&usize| {
        let node = batch.node(**index);
        !node.creates && !node.changed.is_empty() && !node.links.contains_key(UPDATED_BY)
    };
    let keys: Vec<Key> = nodes.iter().filter(concerned).map(|index| batch.node(*index).key.clone()).collect();
    let Some(resource) = nodes.first().map(|index| batch.node(*index).resource).filter(|_| !keys.is_empty()) else {
        return Ok(());
    };
    let mut sql = Sql::new();
    sql.raw("UPDATE ").ident(resource.table).raw(" SET updated_by_id = ").bind(Value::Integer(caller));
    sql.raw(" WHERE organization_id = ").bind(Value::Integer(organization));
    sql.raw(" AND id = ANY(").bind(key_array(&keys));
    sql.raw(") AND updated_by_id IS DISTINCT FROM ").bind(Value::Integer(caller)).raw(" RETURNING id");
    let written = sql.collect(batch.conn, |row| -> Result<_, Errors> { Ok(row.integer(0)?) })?;
    for id in written.into_iter().flatten() {
        batch.touch(resource, Key::Integer(id), &[UPDATED_BY]);
    }
    Ok(())
}
