//! The technical names of roles, made from their labels where the client gives none.

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
    let mut given: Vec<String> = Vec::new();
    for index in nodes {
        let node = batch.node(*index);
        if !node.creates || node.value("role").is_some_and(|role| !role.is_null()) {
            continue;
        }
        let Some(label) = node.value("label").and_then(Value::as_text) else { continue };
        let stem = stem(prefix, label, longest);
        let mut taken = taken(batch, table, &stem)?;
        taken.append(&mut given.clone());
        let name = free(&stem, &taken);
        given.push(name.clone());
        batch.node_mut(*index).set("role", Value::Text(name));
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

fn free(stem: &str, taken: &[String]) -> String {
    let numbered = (2..).map(|number: u32| format!("{stem}_{number}"));
    std::iter::once(stem.to_owned()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default()
}

fn taken(batch: &mut Batch<'_>, table: Ident, stem: &str) -> Result<Vec<String>, Error> {
    let mut sql = Sql::new();
    sql.raw("SELECT role FROM ").ident(table).raw(" WHERE organization_id = ");
    sql.bind(Value::Integer(batch.organization())).raw(" AND starts_with(role, ");
    sql.bind(Value::Text(stem.to_owned())).raw(")");
    let found = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.text(0)?) })?;
    Ok(found.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_becomes_a_name_that_is_free() {
        assert_eq!(stem("ROLE_", "Sales  manager (EU)", 30), "ROLE_SALES_MANAGER_EU");
        assert_eq!(free("ROLE_A", &["ROLE_A".to_owned(), "ROLE_A_2".to_owned()]), "ROLE_A_3");
    }

    #[test]
    fn a_name_leaves_room_for_a_number() {
        assert_eq!(stem("ROLE_", &"x".repeat(60), 30).len(), 25);
    }
}
