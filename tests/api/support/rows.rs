//! Records put straight into the database, for tests of reading.

use diesel::prelude::*;
use serde_json::Value;

use crate::support::client::{Answer, Client};
use crate::support::organization::Organization;

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    id: i64,
}

/// Runs an INSERT for the organization (`$1`) and returns the ids.
pub fn insert(organization: &Organization, sql: &str) -> Vec<i64> {
    let sql = format!("{sql} RETURNING id");
    organization.write(|conn| {
        let query = diesel::sql_query(&sql).bind::<diesel::sql_types::BigInt, _>(organization.id());
        Ok(query.load::<Id>(conn)?.into_iter().map(|row| row.id).collect())
    })
}

/// Runs any other statement for the organization (`$1`).
pub fn execute(organization: &Organization, sql: &str) {
    organization.write(|conn| {
        Ok(diesel::sql_query(sql).bind::<diesel::sql_types::BigInt, _>(organization.id()).execute(conn)?)
    });
}

/// The number that a SELECT for the organization (`$1`) gives as `id`.
pub fn number(organization: &Organization, sql: &str) -> i64 {
    organization.write(|conn| {
        let query = diesel::sql_query(sql).bind::<diesel::sql_types::BigInt, _>(organization.id());
        Ok(query.get_result::<Id>(conn)?.id)
    })
}

/// Customer groups of these names.
pub fn groups(organization: &Organization, names: &[&str]) -> Vec<i64> {
    let rows: Vec<String> = names.iter().map(|name| format!("($1, '{name}')")).collect();
    insert(organization, &format!("INSERT INTO customer_group (organization_id, name) VALUES {}", rows.join(", ")))
}

/// Customers of these names.
pub fn customers(organization: &Organization, names: &[&str]) -> Vec<i64> {
    let rows: Vec<String> = names.iter().map(|name| format!("($1, '{name}')")).collect();
    insert(organization, &format!("INSERT INTO customer (organization_id, name) VALUES {}", rows.join(", ")))
}

/// The value of an attribute of each record, in the order of the answer.
#[track_caller]
pub fn attribute(answer: &Answer, name: &str) -> Vec<String> {
    let json = answer.json();
    let Some(list) = json["data"].as_array() else { panic!("no list in {}", answer.text) };
    list.iter()
        .map(|item| match &item["attributes"][name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect()
}

/// The names of the records that a GET finds, in order.
#[track_caller]
pub fn names(client: &Client, path: &str) -> Vec<String> {
    attribute(&client.get(path).expect(200), "name")
}

/// The ids of a list of resource identifiers.
#[track_caller]
pub fn ids(list: &Value) -> Vec<i64> {
    let Some(list) = list.as_array() else { panic!("no list: {list}") };
    list.iter().filter_map(|item| item["id"].as_str()?.parse().ok()).collect()
}

/// Fails unless the answer is the contract's `filter constraint` with this detail at this parameter.
#[track_caller]
pub fn refused(client: &Client, path: &str, detail: &str, parameter: &str) {
    let answer = client.get(path).expect(400);
    let error = answer.error();
    assert_eq!(error["title"], "filter constraint", "{path}");
    assert_eq!(error["detail"], detail, "{path}");
    assert_eq!(error["source"]["parameter"], parameter, "{path}");
}

/// Entries of indexes and rows of whole tables that the transaction has read so far.
pub fn rows_read(conn: &mut PgConnection) -> QueryResult<i64> {
    let read = "SELECT sum(pg_stat_get_xact_tuples_returned(oid))::bigint AS id FROM pg_class \
                WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace";
    Ok(diesel::sql_query(read).get_result::<Id>(conn)?.id)
}
