//! `Idempotency-Key`, as the project's page of extensions has it: "the first execution's status, headers and body are
//! stored in the same transaction as its effect and replayed for 24 h".

mod concurrent;
mod crash;
mod owner;
mod refusal;
mod replay;
mod reuse;
mod rights;
mod stored;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, Client, JSON_API};
use crate::support::organization::{Organization, unique};

const GROUPS: &str = "/admin/api/customergroups";

/// A request with a key.
fn send(client: &Client, method: Method, path: &str, key: &str, body: &Value) -> Answer {
    client.send(method, path, |request| {
        let request = request.header("Idempotency-Key", key);
        if body.is_null() { request } else { request.header("Content-Type", JSON_API).body(body.to_string()) }
    })
}

/// A customer group to be created.
fn group(name: &str) -> Value {
    json!({"data": {"type": "customergroups", "attributes": {"name": name}}})
}

/// How many groups have the name.
fn groups(client: &Client, name: &str) -> usize {
    let list = client.get(&format!("{GROUPS}?filter[name]={name}")).expect(200).json();
    list["data"].as_array().unwrap().len()
}

/// Whether the answer is an earlier request's.
fn is_replay(answer: &Answer) -> bool {
    answer.header("Idempotency-Replayed") == "true"
}

/// How many change rows the organization has.
fn changes(organization: &Organization) -> i64 {
    use diesel::prelude::*;
    use diesel::sql_types::BigInt;
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let id = organization.id();
    let query = "SELECT count(*) AS count FROM change WHERE organization_id = $1";
    organization.write(|conn| Ok(diesel::sql_query(query).bind::<BigInt, _>(id).get_result::<Count>(conn)?)).count
}

/// A key that no other test uses.
fn key() -> String {
    unique("key")
}
