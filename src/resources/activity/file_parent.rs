//! A file tells what it belongs to: its `parent` is the record that took it.

use crate::engine::key::Key;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::Errors;
use crate::resources::system::FILE;

/// Makes the records the parents of the files that `relation` now points at.
/// For [`crate::engine::rules::Rules::finish`].
pub fn adopt(batch: &mut Batch<'_>, nodes: &[usize], relation: &'static str) -> Result<(), Errors> {
    for index in nodes {
        let node = batch.node(*index);
        let Some(Key::Integer(file)) = node.effective_one(relation).filter(|_| node.changed.contains(relation)) else {
            continue;
        };
        let (file, kind, parent) = (*file, node.resource.name, Value::from(&node.key));
        let mut sql = Sql::new();
        sql.raw("UPDATE file SET parent_type = ").bind(Value::Text(kind.to_owned()));
        sql.raw(", parent_id = ").bind(parent);
        sql.raw(", parent_field_name = ").bind(Value::Text(relation.to_owned()));
        sql.raw(" WHERE organization_id = ").bind(Value::Integer(batch.organization()));
        sql.raw(" AND id = ").bind(Value::Integer(file));
        sql.execute(batch.conn)?;
        batch.touch(&FILE, Key::Integer(file), &["parent", "parentFieldName"]);
    }
    Ok(())
}
