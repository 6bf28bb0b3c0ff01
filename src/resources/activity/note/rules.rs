//! Notes: who changed one last is written down, and a file says which note it belongs to.

use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::engine::write::{Batch, Target};
use crate::error::Errors;
use crate::resources::activity::{NOTE, file_parent};
use crate::resources::system::USER;

pub struct NoteRules;

impl Rules for NoteRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let Some(user) = batch.context.caller.user() else { return Ok(()) };
        let caller = Target { resource: &USER, key: Key::Integer(user.id), node: None };
        for index in nodes {
            let node = batch.node_mut(*index);
            if node.creates && !node.links.contains_key("updatedBy") {
                node.link("updatedBy", Some(caller.clone()));
            }
        }
        Ok(())
    }

    /// Only what did change has been changed by somebody.
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        file_parent::adopt(batch, nodes, "attachment")?;
        let organization = batch.organization();
        let Some(caller) = batch.context.caller.user().map(|user| user.id) else { return Ok(()) };
        let concerned = |index: &&usize| {
            let node = batch.node(**index);
            !node.creates && !node.changed.is_empty() && !node.links.contains_key("updatedBy")
        };
        let keys: Vec<Key> = nodes.iter().filter(concerned).map(|index| batch.node(*index).key.clone()).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let mut sql = Sql::new();
        sql.raw("UPDATE note SET updated_by_id = ").bind(Value::Integer(caller));
        sql.raw(" WHERE organization_id = ").bind(Value::Integer(organization));
        sql.raw(" AND id = ANY(").bind(key_array(&keys));
        sql.raw(") AND updated_by_id IS DISTINCT FROM ").bind(Value::Integer(caller)).raw(" RETURNING id");
        let written = sql.collect(batch.conn, |row| -> Result<_, Errors> { Ok(row.integer(0)?) })?;
        for id in written.into_iter().flatten() {
            batch.touch(&NOTE, Key::Integer(id), &["updatedBy"]);
        }
        Ok(())
    }
}
