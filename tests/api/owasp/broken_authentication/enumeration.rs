//! API2, before a password is right: who has an account is told by no answer, by no count, and by no clock.

use std::time::{Duration, Instant};

use entrepot::auth::Api;
use entrepot::auth::account::set_password;
use entrepot::auth::password::Cost;
use entrepot::auth::subject::Subject;
use serde_json::json;

use crate::auth::{ask, password_client, password_client_of};
use crate::support::client::Answer;
use crate::support::database;
use crate::support::organization::{Organization, PASSWORD, unique};
use crate::support::server::TestServer;

/// A server of its own: failures count for the address, and must not slow other tests.
fn server(settings: &str) -> &'static TestServer {
    let settings = format!("{settings}\n[database]\npool_size = 2");
    TestServer::lasting(database::shared(), &settings)
}

fn guess(organization: &Organization, (id, secret): &(String, String), name: &str, password: &str) -> Answer {
    let parameters = [
        ("grant_type", "password"),
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
        ("username", name),
        ("password", password),
    ];
    ask(&organization.server.client(), &parameters)
}

/// The names of accounts of every kind, and of none, behind an API.
fn names(organization: &Organization, api: Api) -> Vec<String> {
    let absent = format!("{}@example.org", unique("nobody"));
    if api == Api::Storefront {
        let buyer = |attributes: &serde_json::Value| {
            let (id, email) = organization.add_customer_user(organization.customer(None), &json!({}));
            organization.set_customer_user_password(id);
            let body = json!({"data": {"type": "customerusers", "id": id.to_string(), "attributes": attributes}});
            organization.client().patch(&format!("/admin/api/customerusers/{id}"), &body).expect(200);
            email
        };
        let without = organization.add_customer_user(organization.customer(None), &json!({})).1;
        return vec![
            absent,
            buyer(&json!({})),
            buyer(&json!({"enabled": false})),
            buyer(&json!({"confirmed": false})),
            without,
        ];
    }
    let disabled = organization.user_who_may(&json!({}));
    let body = json!({"data": {"type": "users", "id": disabled.id.to_string(), "attributes": {"enabled": false}}});
    organization.client().patch(&format!("/admin/api/users/{}", disabled.id), &body).expect(200);
    let elsewhere = Organization::on(organization.server).admin.username;
    vec![absent, organization.admin.username.clone(), disabled.username, elsewhere]
}

/// A name that nobody has, one that somebody has, of an account that is open, closed, without a password, or of another
/// organization: the same answers, the same number of them before one has to wait, for the same time.
#[test]
fn accounts_by_the_answers_to_wrong_passwords() {
    for api in Api::ALL {
        let mut told = Vec::new();
        for place in 0.. {
            // Each has a server of its own, on which nobody else has failed.
            let organization = Organization::on(server(""));
            let names = names(&organization, api);
            let Some(name) = names.get(place) else { break };
            let client = password_client_of(&organization, api);
            let answers: Vec<(u16, String)> = (0..7)
                .map(|_| guess(&organization, &client, name, "wrong password"))
                .map(|answer| (answer.status, answer.text))
                .collect();
            told.push(answers);
        }
        assert!(told.len() >= 4);
        for answers in &told[1..] {
            let statuses = |answers: &[(u16, String)]| answers.iter().map(|(status, _)| *status).collect::<Vec<_>>();
            assert_eq!(statuses(answers), statuses(&told[0]), "{api:?}");
            assert_eq!(answers[..5], told[0][..5], "{api:?}");
        }
        assert_eq!(told[0].iter().map(|(status, _)| *status).collect::<Vec<_>>(), [400, 400, 400, 400, 400, 429, 429]);
    }
}

/// "A check costs the same whether the user exists or not": with passwords that take long to check, a wrong one takes as long for a
/// name that nobody has, and for an account without a password.
#[test]
fn accounts_by_the_time_that_a_wrong_password_takes() {
    let cost = Cost { memory_kib: 32 * 1024, iterations: 8 };
    let organization = Organization::on(server("[auth]\nargon2_memory = 32768\nargon2_iterations = 8"));
    let client = password_client(&organization);
    let users: Vec<String> = (0..4)
        .map(|_| {
            let user = organization.user_who_may(&json!({}));
            organization.write(|conn| set_password(conn, cost, organization.id(), Subject::User(user.id), PASSWORD));
            user.username
        })
        .collect();
    let quickest = |names: &[String]| -> Duration {
        let timed = names.iter().map(|name| {
            let began = Instant::now();
            guess(&organization, &client, name, "wrong password").expect(400);
            began.elapsed()
        });
        timed.min().unwrap()
    };
    let absent: Vec<String> = (0..4).map(|_| unique("nobody")).collect();
    let without: Vec<String> = (0..2)
        .map(|_| {
            let name = unique("new").to_lowercase();
            let unit = json!({"data": {"type": "businessunits", "id": organization.first.business_unit.to_string()}});
            let attributes =
                json!({"username": name, "email": format!("{name}@example.org"), "firstName": "A", "lastName": "B"});
            let body = json!({"data": {"type": "users", "attributes": attributes, "relationships": {"owner": unit}}});
            organization.client().post("/admin/api/users", &body).expect(201);
            name
        })
        .collect();
    let (known, unknown, empty) = (quickest(&users), quickest(&absent), quickest(&without));
    assert!(unknown > known / 2 && empty > known / 2, "known {known:?}, unknown {unknown:?}, without {empty:?}");
    assert!(known > Duration::from_millis(20), "too quick to be told apart: {known:?}");
}
