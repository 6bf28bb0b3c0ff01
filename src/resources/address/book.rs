//! The addresses that customers and their users keep: who lives there, a region of the country, and of one owner's
//! addresses one that is the default for a type and one that is the primary one.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{name_errors, region_error};
use crate::engine::column::Column;
use crate::engine::field::{Field, boolean, date_time, objects, text};
use crate::engine::filter::{EQUALITY, FilterSpec};
use crate::engine::key::Key;
use crate::engine::resource::{ExtraFilter, FilterTarget, Ident, Resource};
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
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
        // Of several in one request, the last one counts.
        let (mut defaults, mut primary) = (BTreeMap::new(), BTreeMap::new());
        for node in nodes.iter().map(|index| batch.node(*index)) {
            let (Some(Key::Integer(owner)), Key::Integer(id)) = (node.effective_one(self.owner.0), &node.key) else {
                continue;
            };
            defaults.extend(default_types(node).into_iter().map(|kind| ((*owner, kind), *id)));
            if node.value("primary") == Some(&Value::Boolean(true)) {
                primary.insert(*owner, *id);
            }
        }
        self.take_default(batch, defaults)?;
        self.take_primary(batch, primary)
    }
}

impl AddressBook {
    /// The owners' other addresses stop being the default ones. `winners`: the address by owner and type.
    fn take_default(&self, batch: &mut Batch<'_>, winners: BTreeMap<(i64, String), i64>) -> Result<(), Errors> {
        if winners.is_empty() {
            return Ok(());
        }
        let column =
            |of: fn((&(i64, String), &i64)) -> i64| Column::Integers(winners.iter().map(of).map(Some).collect());
        let kinds = Column::Texts(winners.keys().map(|(_, kind)| Some(kind.clone())).collect());
        let mut sql = Sql::new();
        sql.raw("WITH winner (owner, kind, address) AS (SELECT * FROM ");
        sql.rows([column(|((owner, _), _)| *owner), kinds, column(|(_, address)| *address)]);
        sql.raw("), loser AS (SELECT t0.id, array_agg(winner.kind) AS kinds FROM winner JOIN ")
            .ident(self.resource.table);
        sql.raw(" AS t0 ON t0.organization_id = ").bind(Value::Integer(batch.organization())).raw(" AND ");
        sql.column(0, self.owner.1).raw(" = winner.owner AND t0.id <> winner.address");
        sql.raw(" AND EXISTS (SELECT FROM jsonb_array_elements(t0.types) AS item WHERE item->'default' = 'true'");
        sql.raw(" AND item->>'addressType' = winner.kind) GROUP BY t0.id) UPDATE ").ident(self.resource.table);
        sql.raw(" AS t1 SET types = (SELECT jsonb_agg(CASE WHEN item->>'addressType' = ANY(loser.kinds) ");
        sql.raw("THEN item || '{\"default\": false}' ELSE item END ORDER BY nth) ");
        sql.raw("FROM jsonb_array_elements(t1.types) WITH ORDINALITY AS list (item, nth)) FROM loser");
        sql.raw(" WHERE t1.organization_id = ").bind(Value::Integer(batch.organization()));
        sql.raw(" AND t1.id = loser.id RETURNING t1.id");
        self.run(batch, sql, "types")
    }

    /// The owners' other addresses stop being the primary ones. `winners`: the address by owner.
    fn take_primary(&self, batch: &mut Batch<'_>, winners: BTreeMap<i64, i64>) -> Result<(), Errors> {
        if winners.is_empty() {
            return Ok(());
        }
        let owners = Column::Integers(winners.keys().copied().map(Some).collect());
        let addresses = Column::Integers(winners.values().copied().map(Some).collect());
        let mut sql = Sql::new();
        sql.raw("UPDATE ").ident(self.resource.table).raw(" AS t0 SET \"primary\" = false FROM ");
        sql.rows([owners, addresses]).raw(" AS winner (owner, address) WHERE t0.\"primary\" AND t0.organization_id = ");
        sql.bind(Value::Integer(batch.organization())).raw(" AND ").column(0, self.owner.1);
        sql.raw(" = winner.owner AND t0.id <> winner.address RETURNING t0.id");
        self.run(batch, sql, "primary")
    }

    /// Runs a statement that changes a field of addresses, and notes whose.
    fn run(&self, batch: &mut Batch<'_>, sql: Sql, field: &'static str) -> Result<(), Errors> {
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
