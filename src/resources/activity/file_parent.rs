//! A file tells what it belongs to: its `parent` is the record that took it.

use crate::engine::column::Column;
use crate::engine::key::Key;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::Errors;
use crate::resources::system::FILE;

/// Makes the records the parents of the files that `relation` now points at.
/// For [`crate::engine::rules::Rules::finish`].
pub fn adopt(batch: &mut Batch<'_>, nodes: &[usize], relation: &'static str) -> Result<(), Errors> {
    let adopted = |index: &usize| {
        let node = batch.node(*index);
        match (node.effective_one(relation).filter(|_| node.changed.contains(relation)), &node.key) {
            (Some(Key::Integer(file)), Key::Integer(parent)) => Some((*file, *parent)),
            _ => None,
        }
    };
    let adopted: Vec<(i64, i64)> = nodes.iter().filter_map(adopted).collect();
    let Some(kind) = nodes.first().map(|index| batch.node(*index).resource.name).filter(|_| !adopted.is_empty()) else {
        return Ok(());
    };
    let mut sql = Sql::new();
    sql.raw("UPDATE file SET parent_type = ").bind(Value::Text(kind.to_owned()));
    sql.raw(", parent_id = v.parent, parent_field_name = ").bind(Value::Text(relation.to_owned()));
    let files = Column::Integers(adopted.iter().map(|(file, _)| Some(*file)).collect());
    let parents = Column::Integers(adopted.iter().map(|(_, parent)| Some(*parent)).collect());
    sql.raw(" FROM ").rows([files, parents]).raw(" AS v (file, parent) WHERE file.organization_id = ");
    sql.bind(Value::Integer(batch.organization())).raw(" AND file.id = v.file");
    sql.execute(batch.conn)?;
    for (file, _) in adopted {
        batch.touch(&FILE, Key::Integer(file), &["parent", "parentFieldName"]);
    }
    Ok(())
}
