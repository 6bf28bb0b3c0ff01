//! Customer addresses: who lives there, a region of the country, and one default address per type and customer.

use serde_json::{Value as Json, json};

use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::engine::write::{Batch, Node};
use crate::error::{CHOICE, Error, Errors, UNIQUE_ITEM};
use crate::resources::address::{name_errors, region_error};

pub struct CustomerAddressRules;

/// The seeded `addresstypes`.
const TYPES: [&str; 2] = ["billing", "shipping"];

impl Rules for CustomerAddressRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let mut errors = Vec::new();
        for index in nodes {
            let node = batch.node_mut(*index);
            errors.extend(name_errors(node));
            errors.extend(region_error(node));
            if let Some(Value::Json(Json::Array(given))) = node.value("types") {
                match read_types(given) {
                    Ok(types) => node.set("types", Value::Json(types)),
                    Err((place, error)) => errors.push(error.at(format!("{}/attributes/types/{place}", node.pointer))),
                }
            }
        }
        Errors::check(errors)
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        for index in nodes {
            let node = batch.node(*index);
            let Some(customer) = node.effective_one("customer").cloned() else { continue };
            let (key, defaults) = (node.key.clone(), default_types(node));
            let becomes_primary = node.value("primary") == Some(&Value::Boolean(true));
            if !defaults.is_empty() {
                take_default(batch, &customer, &key, defaults)?;
            }
            if becomes_primary {
                take_primary(batch, &customer, &key)?;
            }
        }
        Ok(())
    }
}

/// Every object in its full form; the error comes with its place in the list.
fn read_types(given: &[Json]) -> Result<Json, (String, Error)> {
    let mut seen = Vec::new();
    let mut types = Vec::new();
    for (index, item) in given.iter().enumerate() {
        let name = item.get("addressType").and_then(Json::as_str).unwrap_or_default();
        if !TYPES.contains(&name) {
            let detail =
                format!("The value you selected is not a valid choice. Expected one of: {}.", TYPES.join(", "));
            return Err((format!("{index}/addressType"), Error::new(&CHOICE, detail)));
        }
        if seen.contains(&name) {
            return Err((
                index.to_string(),
                Error::new(&UNIQUE_ITEM, "This collection should contain only unique elements."),
            ));
        }
        let default = match item.get("default") {
            None | Some(Json::Null) => false,
            Some(Json::Bool(flag)) => *flag,
            Some(_) => return Err((format!("{index}/default"), Error::form("This value is not valid."))),
        };
        seen.push(name);
        types.push(json!({"default": default, "addressType": name}));
    }
    Ok(Json::Array(types))
}

/// The types that the request makes this address the default one for.
fn default_types(node: &Node) -> Vec<String> {
    let Some(Value::Json(Json::Array(types))) = node.value("types") else { return Vec::new() };
    let defaults = types.iter().filter(|item| item.get("default") == Some(&Json::Bool(true)));
    defaults.filter_map(|item| Some(item.get("addressType")?.as_str()?.to_owned())).collect()
}

/// The customer's other addresses stop being the default ones for these types.
fn take_default(batch: &mut Batch<'_>, customer: &Key, address: &Key, types: Vec<String>) -> Result<(), Error> {
    let mut sql = Sql::new();
    sql.raw("UPDATE customer_address SET types = (SELECT jsonb_agg(CASE WHEN item->>'addressType' = ANY(")
        .bind(Value::Texts(types.clone()))
        .raw(") THEN item || '{\"default\": false}' ELSE item END ORDER BY nth) ")
        .raw("FROM jsonb_array_elements(types) WITH ORDINALITY AS list (item, nth)) WHERE EXISTS (SELECT 1 ")
        .raw("FROM jsonb_array_elements(types) AS item WHERE item->'default' = 'true' AND item->>'addressType' = ANY(")
        .bind(Value::Texts(types))
        .raw("))");
    where_others(batch, &mut sql, customer, address);
    touch_returned(batch, sql, "types")
}

fn take_primary(batch: &mut Batch<'_>, customer: &Key, address: &Key) -> Result<(), Error> {
    let mut sql = Sql::new();
    sql.raw("UPDATE customer_address SET \"primary\" = false WHERE \"primary\"");
    where_others(batch, &mut sql, customer, address);
    touch_returned(batch, sql, "primary")
}

fn where_others(batch: &Batch<'_>, sql: &mut Sql, customer: &Key, address: &Key) {
    sql.raw(" AND organization_id = ").bind(Value::Integer(batch.organization()));
    sql.raw(" AND customer_id = ").bind(Value::from(customer));
    sql.raw(" AND id <> ALL(").bind(key_array(std::slice::from_ref(address))).raw(") RETURNING id");
}

fn touch_returned(batch: &mut Batch<'_>, sql: Sql, field: &'static str) -> Result<(), Error> {
    let changed = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?;
    for id in changed.into_iter().flatten() {
        batch.touch(&super::CUSTOMER_ADDRESS, Key::Integer(id), &[field]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_completed_and_checked() {
        let types = read_types(&[json!({"addressType": "billing"})]).unwrap();
        assert_eq!(types, json!([{"default": false, "addressType": "billing"}]));
        let place = |list: &[Json]| read_types(list).unwrap_err().0;
        assert_eq!(place(&[json!({"addressType": "home"})]), "0/addressType");
        let billing = json!({"addressType": "billing", "default": true});
        assert_eq!(place(&[billing.clone(), billing]), "1");
        assert_eq!(place(&[json!({"addressType": "billing", "default": "x"})]), "0/default");
    }
}
