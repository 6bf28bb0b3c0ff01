//! The addresses that customers and their users keep: who lives there, a region of the country, and of one owner's
//! addresses one that is the default for a type and one that is the primary one.

use serde_json::{Value as Json, json};

use super::{name_errors, region_error};
use crate::engine::field::{Field, boolean, date_time, objects, text};
use crate::engine::filter::{EQUALITY, FilterSpec};
use crate::engine::key::Key;
use crate::engine::resource::{ExtraFilter, FilterTarget, Ident, Resource};
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::engine::write::{Batch, Node};
use crate::error::{CHOICE, Error, Errors, UNIQUE_ITEM};

/// What such an address says, whoever keeps it.
pub static FIELDS: &[Field] = &[
    date_time("createdAt").column("created_at").read_only().not_null(),
    date_time("updatedAt").column("updated_at").read_only().not_null(),
    text("customRegion").column("custom_region").filter().about("The region's name where it is none of `regions`."),
    objects("types", &["default", "addressType"])
        .not_null()
        .about("`[{\"default\": true, \"addressType\": \"billing\"}]`"),
    text("label").max(255),
    text("street").required().max(500),
    text("street2").max(500),
    text("city").required().max(255),
    text("postalCode").column("postal_code").required().max(255),
    text("organization").column("company").max(255).about("The company at this address."),
    text("namePrefix").column("name_prefix").max(255),
    text("firstName").column("first_name").max(255).example("John"),
    text("middleName").column("middle_name").max(255),
    text("lastName").column("last_name").max(255).example("Doe"),
    text("nameSuffix").column("name_suffix").max(255),
    boolean("primary"),
    date_time("validatedAt").column("validated_at"),
    text("phone").max(255),
];

/// `filter[addressType]=billing`: what the address is for, be it the default or not.
pub static FILTERS: &[ExtraFilter] = &[ExtraFilter {
    name: "addressType",
    target: FilterTarget::JsonMember { column: Ident::new("types"), member: "addressType" },
    spec: FilterSpec::new(EQUALITY).lists(),
}];

/// The rules of one resource of addresses.
pub struct AddressBook {
    pub resource: &'static Resource,
    /// The relationship to whoever keeps the address, and its column.
    pub owner: (&'static str, Ident),
}

/// The seeded `addresstypes`.
const TYPES: [&str; 2] = ["billing", "shipping"];

impl Rules for AddressBook {
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
            let Some(owner) = node.effective_one(self.owner.0).cloned() else { continue };
            let (key, defaults) = (node.key.clone(), default_types(node));
            let becomes_primary = node.value("primary") == Some(&Value::Boolean(true));
            if !defaults.is_empty() {
                self.take_default(batch, &owner, &key, defaults)?;
            }
            if becomes_primary {
                self.take_primary(batch, &owner, &key)?;
            }
        }
        Ok(())
    }
}

impl AddressBook {
    /// The owner's other addresses stop being the default ones for these types.
    fn take_default(&self, batch: &mut Batch<'_>, owner: &Key, address: &Key, types: Vec<String>) -> Result<(), Error> {
        let mut sql = Sql::new();
        sql.raw("UPDATE ").ident(self.resource.table);
        sql.raw(" SET types = (SELECT jsonb_agg(CASE WHEN item->>'addressType' = ANY(")
            .bind(Value::Texts(types.clone()))
            .raw(") THEN item || '{\"default\": false}' ELSE item END ORDER BY nth) ")
            .raw("FROM jsonb_array_elements(types) WITH ORDINALITY AS list (item, nth)) WHERE EXISTS (SELECT 1 ")
            .raw("FROM jsonb_array_elements(types) AS item WHERE item->'default' = 'true' AND item->>'addressType' = ANY(")
            .bind(Value::Texts(types))
            .raw("))");
        self.run(batch, sql, owner, address, "types")
    }

    fn take_primary(&self, batch: &mut Batch<'_>, owner: &Key, address: &Key) -> Result<(), Error> {
        let mut sql = Sql::new();
        sql.raw("UPDATE ").ident(self.resource.table).raw(" SET \"primary\" = false WHERE \"primary\"");
        self.run(batch, sql, owner, address, "primary")
    }

    /// Ends a statement that changes a field of the owner's other addresses, and runs it.
    fn run(
        &self,
        batch: &mut Batch<'_>,
        mut sql: Sql,
        owner: &Key,
        address: &Key,
        field: &'static str,
    ) -> Result<(), Error> {
        sql.raw(" AND organization_id = ").bind(Value::Integer(batch.organization()));
        sql.raw(" AND ").ident(self.owner.1).raw(" = ").bind(Value::from(owner));
        sql.raw(" AND id <> ALL(").bind(key_array(std::slice::from_ref(address))).raw(") RETURNING id");
        let changed = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?;
        for id in changed.into_iter().flatten() {
            batch.touch(self.resource, Key::Integer(id), &[field]);
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
