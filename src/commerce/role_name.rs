//! The technical names of roles, made from their labels where the client gives none.

use std::collections::HashSet;

use crate::engine::resource::Ident;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::{Error, Errors};

/// Fills the attribute `role` of new records from their `label`: `ROLE_SALES_MANAGER`, with a number at the end where
/// the organization has that name already. For [`crate::engine::rules::Rules::prepare`].
pub fn fill(
    batch: &mut Batch<'_>,
    nodes: &[usize],
    table: Ident,
    prefix: &'static str,
    longest: usize,
) -> Result<(), Errors> {
    let unnamed = |index: &usize| {
        let node = batch.node(*index);
        let unnamed = node.creates && node.value("role").is_none_or(Value::is_null);
        let label = node.value("label").and_then(Value::as_text).filter(|_| unnamed)?;
        Some((*index, stem(prefix, label, longest)))
    };
    let unnamed: Vec<(usize, String)> = nodes.iter().filter_map(unnamed).collect();
    if unnamed.is_empty() {
        return Ok(());
    }
    let mut taken = taken(batch, table, unnamed.iter().map(|(_, stem)| stem.clone()).collect())?;
    for (index, stem) in unnamed {
        let name = free(&stem, &taken);
        taken.insert(name.clone());
        batch.node_mut(index).set("role", Value::Text(name));
    }
    Ok(())
}

/// Room for a number after the name.
const NUMBER: usize = 5;

fn stem(prefix: &str, label: &str, longest: usize) -> String {
    let words = label.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { ' ' });
    let words = words.collect::<String>().split_whitespace().collect::<Vec<_>>().join("_");
    let mut stem = format!("{prefix}{words}");
    stem.truncate(longest - NUMBER);
    stem
}

fn free(stem: &str, taken: &HashSet<String>) -> String {
    let numbered = (2..).map(|number: u32| format!("{stem}_{number}"));
    std::iter::once(stem.to_owned()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default()
}

/// The names in use that begin with one of the stems.
fn taken(batch: &mut Batch<'_>, table: Ident, stems: Vec<String>) -> Result<HashSet<String>, Error> {
    let mut sql = Sql::new();
    sql.raw("SELECT role FROM ").ident(table).raw(" WHERE organization_id = ");
    sql.bind(Value::Integer(batch.organization())).raw(" AND EXISTS (SELECT FROM unnest(");
    sql.bind(Value::Texts(stems)).raw(") AS stem WHERE starts_with(role, stem))");
    let found = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.text(0)?) })?;
    Ok(found.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_becomes_a_name_that_is_free() {
        assert_eq!(stem("ROLE_", "Sales  manager (EU)", 30), "ROLE_SALES_MANAGER_EU");
        assert_eq!(free("ROLE_A", &HashSet::from(["ROLE_A".to_owned(), "ROLE_A_2".to_owned()])), "ROLE_A_3");
    }

    #[test]
    fn a_name_leaves_room_for_a_number() {
        assert_eq!(stem("ROLE_", &"x".repeat(60), 30).len(), 25);
    }
}
