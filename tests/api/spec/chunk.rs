//! Chunks of a batch: every good record is written, and of each bad one it is told what is wrong, at its place in the body.

mod bad;
mod cost;
mod included;
mod upserts;
mod written;

use serde_json::{Value, json};

use crate::support::shop::Shop;

fn customer(name: &str) -> Value {
    json!({"type": "customers", "attributes": {"name": name}})
}

fn keyed(external: &str, name: &str) -> Value {
    json!({
        "type": "customers", "attributes": {"name": name, "externalId": external}, "meta": {"upsert": ["externalId"]},
    })
}

fn update(kind: &str, id: &str, attributes: &Value) -> Value {
    json!({"type": kind, "id": id, "attributes": attributes, "meta": {"update": true}})
}

fn data(items: &[Value]) -> Value {
    json!({"data": items})
}

/// The names of the organization's customers, sorted.
fn names(shop: &Shop) -> Vec<String> {
    let list = shop.client().get("/admin/api/customers?sort=name&page[size]=-1").expect(200).json();
    let name = |item: &Value| item["attributes"]["name"].as_str().unwrap().to_owned();
    list["data"].as_array().unwrap().iter().map(name).filter(|name| name != "Atlas").collect()
}

fn changes(shop: &Shop) -> i64 {
    use diesel::prelude::*;
    let id = shop.organization.id();
    let count = "SELECT count(*) AS count FROM change WHERE organization_id = $1";
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    shop.organization.write(|conn| {
        let query = diesel::sql_query(count).bind::<diesel::sql_types::BigInt, _>(id);
        Ok(query.get_result::<Count>(conn)?.count)
    })
}
