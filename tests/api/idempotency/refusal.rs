use std::time::{Duration, Instant};

use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use reqwest::Method;
use serde_json::json;

use super::{GROUPS, group, groups, is_replay, key, send};
use crate::support::client::JSON_API;
use crate::support::database;
use crate::support::organization::{Organization, unique};
use crate::support::rows::execute;
use crate::support::server::TestServer;

/// "2xx is stored with the effect, 4xx in a transaction of its own": also when it would be done by now.
#[test]
fn a_refusal_is_the_last_word_on_its_key() {
    let organization = Organization::new();
    let client = organization.client();
    let (name, key) = (unique("Taken"), key());
    let id = client.post(GROUPS, &group(&name)).expect(201).id();
    let first = send(client, Method::POST, GROUPS, &key, &group(&name)).expect(400);
    assert!(!is_replay(&first));
    client.delete(&format!("{GROUPS}/{id}")).expect(204);
    let second = send(client, Method::POST, GROUPS, &key, &group(&name)).expect(400);
    assert!(is_replay(&second));
    assert_eq!(second.text, first.text);
    assert_eq!(second.header("Content-Type"), first.header("Content-Type"));
    assert_ne!(second.header("X-Request-ID"), first.header("X-Request-ID"));
    assert_eq!(groups(client, &name), 0);
    send(client, Method::POST, GROUPS, &super::key(), &group(&name)).expect(201);
}

/// What is refused before anything is asked of the database is stored as well, whatever it is.
#[test]
fn refusals_of_every_kind_are_stored() {
    let organization = Organization::new();
    let nobody = organization.user_who_may(&json!({}));
    let admin = organization.client();
    let missing = json!({"data": {"type": "customergroups", "id": "999999999", "attributes": {"name": "X"}}});
    let cases = [
        (admin, Method::POST, GROUPS.to_owned(), "{".to_owned(), 400),
        (admin, Method::POST, format!("{GROUPS}?filter[x]=1"), group("X").to_string(), 400),
        (admin, Method::PATCH, format!("{GROUPS}/999999999"), missing.to_string(), 404),
        (admin, Method::PATCH, format!("{GROUPS}/1"), missing.to_string(), 409),
        (&nobody.client, Method::POST, GROUPS.to_owned(), group("X").to_string(), 403),
    ];
    for (client, method, path, body, status) in cases {
        let key = key();
        let attempt = || {
            client.send(method.clone(), &path, |request| {
                request.header("Idempotency-Key", &key).header("Content-Type", JSON_API).body(body.clone())
            })
        };
        let (first, second) = (attempt().expect(status), attempt().expect(status));
        assert!(!is_replay(&first) && is_replay(&second), "{method} {path}");
        assert_eq!(first.text, second.text);
    }
}

/// In the strict profile a refusal has the specification's status, stored or not.
#[test]
fn a_refusal_keeps_the_profile_it_was_made_in() {
    let organization = Organization::new();
    let client = organization.client();
    let body = json!({"data": {
        "type": "customers", "attributes": {"name": "A"},
        "relationships": {"group": {"data": {"type": "customergroups", "id": "999999999"}}},
    }});
    let key = key();
    let accept = "application/vnd.api+json; profile=\"urn:entrepot:profile:strict\", application/vnd.api+json";
    for replayed in [false, true] {
        let answer = client.send(Method::POST, "/admin/api/customers", |request| {
            let request = request.header("Idempotency-Key", &key).header("Accept", accept);
            request.header("Content-Type", JSON_API).body(body.to_string())
        });
        assert_eq!(is_replay(&answer), replayed);
        assert_eq!(answer.expect(404).error()["code"], "related-not-found");
    }
}

/// "5xx not at all": what failed is tried again.
#[test]
fn a_failure_is_not_stored() {
    let url = database::own();
    let settings = "[database]\nlock_timeout = 60\nstatement_timeout = 1";
    let organization = Organization::on(TestServer::lasting(&url, settings));
    let client = organization.client();
    client.get(GROUPS).expect(200);
    let (name, key) = (unique("Failed"), key());
    let mut lock = PgConnection::establish(&url).unwrap();
    lock.batch_execute("BEGIN; LOCK TABLE customer_group IN ACCESS EXCLUSIVE MODE").unwrap();
    let failed = send(client, Method::POST, GROUPS, &key, &group(&name)).expect(503);
    assert_eq!(failed.error()["code"], "statement-timeout");
    lock.batch_execute("COMMIT").unwrap();
    let done = send(client, Method::POST, GROUPS, &key, &group(&name)).expect(201);
    assert!(!is_replay(&done));
    assert!(is_replay(&send(client, Method::POST, GROUPS, &key, &group(&name)).expect(201)));
    assert_eq!(groups(client, &name), 1);
}

/// 429 is about the moment, and not stored either.
#[test]
fn too_many_requests_are_not_stored() {
    let server = TestServer::start(database::shared(), "[limits]\nrequest_rate = 1\nrequest_burst = 1");
    let organization = Organization::new();
    let client = organization.client().at(server.address);
    let (name, key) = (unique("Hasty"), key());
    let end = Instant::now() + Duration::from_secs(30);
    let mut met = 0;
    loop {
        let answer = send(&client, Method::POST, GROUPS, &key, &group(&name));
        match answer.status {
            429 => met += 1,
            _ if met == 0 => drop(answer.expect(201)),
            _ => {
                assert!(is_replay(&answer.expect(201)));
                break;
            }
        }
        assert!(Instant::now() < end);
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// "replayed for 24 h": afterwards the key is like new, swept or not.
#[test]
fn after_a_day_the_key_is_free() {
    let organization = Organization::new();
    let client = organization.client();
    let age = |hours: u32| {
        let own = "WHERE organization_id = $1";
        execute(
            &organization,
            &format!("UPDATE idempotency_key SET claimed_at = now() - interval '{hours} hours' {own}"),
        );
    };
    let (name, key) = (unique("Day"), key());
    let id = send(client, Method::POST, GROUPS, &key, &group(&name)).expect(201).id();
    client.delete(&format!("{GROUPS}/{id}")).expect(204);
    age(23);
    assert!(is_replay(&send(client, Method::POST, GROUPS, &key, &group(&name)).expect(201)));
    age(25);
    let anew = send(client, Method::POST, GROUPS, &key, &group(&name)).expect(201);
    assert!(!is_replay(&anew) && anew.id() != id);
    assert_eq!(groups(client, &name), 1);
    assert!(is_replay(&send(client, Method::POST, GROUPS, &key, &group(&name)).expect(201)));
}
