use std::time::{Duration, Instant};

use chrono::Utc;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Jsonb, Text};
use entrepot::http::idempotency::{LIFETIME, sweep};
use reqwest::Method;
use serde_json::{Value, json};

use super::{GROUPS, group, key, send};
use crate::support::database;
use crate::support::organization::{Organization, unique};
use crate::support::rows::execute;
use crate::support::served::Served;
use crate::support::server::TestServer;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Binary)]
    fingerprint: Vec<u8>,
    #[diesel(sql_type = Jsonb)]
    headers: Value,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
}

fn rows(organization: &Organization) -> Vec<Row> {
    let id = organization.id();
    organization.write(|conn| {
        let query = "SELECT key, fingerprint, headers, body FROM idempotency_key WHERE organization_id = $1 ORDER BY claimed_at";
        Ok(diesel::sql_query(query).bind::<diesel::sql_types::BigInt, _>(id).load(conn)?)
    })
}

/// "secrets are never stored": neither what is sent nor what is answered can be read in the table.
#[test]
fn the_table_shows_nothing_of_request_and_answer() {
    let organization = Organization::new();
    let username = unique("hidden").to_lowercase();
    let unit = organization.first.business_unit.to_string();
    let body = json!({"data": {
        "type": "users",
        "attributes": {
            "username": username, "email": format!("{username}@example.org"), "firstName": "A", "lastName": "B",
            "password": "a password that nobody may read",
        },
        "relationships": {"owner": {"data": {"type": "businessunits", "id": unit}}},
    }});
    send(organization.client(), Method::POST, "/admin/api/users", &key(), &body).expect(201);
    let rows = rows(&organization);
    assert_eq!(rows.len(), 1);
    let stored = [&rows[0].fingerprint, &rows[0].body, &rows[0].headers.to_string().into_bytes()];
    for text in ["password", username.as_str()] {
        assert!(
            stored.iter().all(|bytes| !bytes.windows(text.len()).any(|window| window == text.as_bytes())),
            "{text}"
        );
    }
    // Nor could it be guessed from the fingerprint: that takes the server's key.
    let plain = entrepot::auth::secret::sha256(body.to_string().as_bytes());
    assert_ne!(rows[0].fingerprint, plain);
}

/// "Cleaning after 24 h by the queue's recurring job": it comes when a server starts, and then every hour.
#[test]
fn a_server_cleans_by_itself() {
    let url = database::own();
    let server = TestServer::lasting(&url, "");
    let organization = Organization::on(server);
    let (old, young) = (key(), key());
    for key in [&old, &young] {
        send(organization.client(), Method::POST, GROUPS, key, &group(&unique("Clean"))).expect(201);
    }
    let age = format!(
        "UPDATE idempotency_key SET claimed_at = now() - interval '25 hours' WHERE organization_id = $1 AND key = '{old}'"
    );
    execute(&organization, &age);
    let _served = Served::on(&url, &[]);
    let end = Instant::now() + Duration::from_secs(60);
    while rows(&organization).len() > 1 {
        assert!(Instant::now() < end, "nothing was cleaned");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(rows(&organization)[0].key, young);
}

/// Cleaning takes what is older than a day, no more at once than it is told, and nothing else.
#[test]
fn cleaning_takes_what_is_over() {
    let server = TestServer::lasting(&database::own(), "");
    let organization = Organization::on(server);
    let keys: Vec<String> = (0..5).map(|_| key()).collect();
    for key in &keys {
        send(organization.client(), Method::POST, GROUPS, key, &group(&unique("Clean"))).expect(201);
    }
    let old = format!("key IN ('{}')", keys[..3].join("', '"));
    execute(
        &organization,
        &format!(
            "UPDATE idempotency_key SET claimed_at = now() - interval '25 hours' WHERE organization_id = $1 AND {old}"
        ),
    );
    let sweep = |limit| organization.write(|conn| Ok(sweep(conn, Utc::now(), limit)?));
    assert_eq!((sweep(2), sweep(2), sweep(2)), (2, 1, 0));
    let left: Vec<String> = rows(&organization).into_iter().map(|row| row.key).collect();
    assert_eq!(left, keys[3..]);
    assert_eq!(LIFETIME.num_hours(), 24);
}
