//! Customer users and visitors in the storefront: who gets a token, and how long it is good.

use diesel::prelude::*;
use entrepot::auth::Api;
use entrepot::schema::customer_user;
use serde_json::{Value, json};

use super::revocation::soon;
use super::{ask, claims, log_in, member, password_client, password_client_of, refresh};
use crate::support::client::Answer;
use crate::support::database;
use crate::support::organization::{Organization, PASSWORD, User};
use crate::support::server::TestServer;

/// What every caller of the storefront may read.
const OPEN: &str = "/api/countries/US";

fn buyer(organization: &Organization) -> (User, (String, String)) {
    let user = organization.storefront_user();
    organization.set_customer_user_password(user.id);
    (user, password_client_of(organization, Api::Storefront))
}

fn change(organization: &Organization, user: &User, attributes: &Value) -> Answer {
    let body = json!({"data": {"type": "customerusers", "id": user.id.to_string(), "attributes": attributes}});
    organization.client().patch(&format!("/admin/api/customerusers/{}", user.id), &body)
}

fn seen(organization: &Organization, user: &User) -> Value {
    let path = format!("/admin/api/customerusers/{}", user.id);
    organization.client().get(&path).expect(200).json()["data"]["attributes"].clone()
}

/// "`password` (+ refresh)"; "`sub` = user identifier"; logins are counted as those of users.
#[test]
fn a_customer_user_logs_in_by_address_and_password() {
    let organization = Organization::new();
    let (user, client) = buyer(&organization);
    let shouted = User { username: user.username.to_uppercase(), ..user.clone() };
    let first = log_in(&organization, &client, &shouted).expect(200);
    let token = member(&first, "access_token");
    assert_eq!(claims(&token)["sub"], user.username.as_str());
    assert_eq!(claims(&token)["api"], "storefront");
    let caller = organization.server.client().with_token(&token);
    let seen = seen(&organization, &user);
    assert_eq!(seen["loginCount"], 1);
    assert!(seen["lastLogin"].is_string());

    let second = refresh(&organization, &client, &member(&first, "refresh_token")).expect(200);
    assert_eq!(claims(&member(&second, "access_token"))["sub"], user.username.as_str());
    caller.get(OPEN).expect(401);
    // A refresh token that comes a second time ends the whole family.
    refresh(&organization, &client, &member(&first, "refresh_token")).expect(400);
    organization.server.client().with_token(&member(&second, "access_token")).get(OPEN).expect(401);
    let third = log_in(&organization, &client, &user).expect(200);
    organization.server.client().with_token(&member(&third, "access_token")).get(OPEN).expect(200);
}

/// "Credentials of one API do not work on the other": neither do logins.
#[test]
fn each_api_has_its_own_people() {
    let organization = Organization::new();
    let (user, storefront) = buyer(&organization);
    let admin = password_client(&organization);
    let wrong = log_in(&organization, &admin, &user).expect(400).json();
    assert_eq!(wrong["error_description"], "The user credentials were incorrect.");
    assert_eq!(log_in(&organization, &storefront, &organization.admin).expect(400).json(), wrong);
    let foreign = Organization::new();
    assert_eq!(log_in(&foreign, &password_client_of(&foreign, Api::Storefront), &user).expect(400).json(), wrong);
    let token = member(&log_in(&organization, &storefront, &user).expect(200), "access_token");
    organization.server.client().with_token(&token).get("/admin/api/countries").expect(401);
}

/// "disabled/locked account: hint `Account is disabled.`", which is told only to who has the password.
#[test]
fn only_an_open_account_logs_in() {
    let organization = Organization::new();
    let (user, client) = buyer(&organization);
    let hint = || log_in(&organization, &client, &user).expect(400).json()["hint"].clone();
    change(&organization, &user, &json!({"enabled": false})).expect(200);
    assert_eq!(hint(), "Account is disabled.");
    change(&organization, &user, &json!({"enabled": true, "confirmed": false})).expect(200);
    assert_eq!(hint(), "Account is not confirmed.");
    change(&organization, &user, &json!({"confirmed": true, "isGuest": true})).expect(200);
    assert_eq!(hint(), Value::Null);
    change(&organization, &user, &json!({"isGuest": false})).expect(200);
    log_in(&organization, &client, &user).expect(200);
}

/// "A revoked client, a disabled user, an edited role take effect … at once in the one that changed it."
#[test]
fn what_is_changed_through_the_api_holds_at_once() {
    let organization = Organization::new();
    let (user, client) = buyer(&organization);
    let login = log_in(&organization, &client, &user).expect(200);
    let caller = organization.server.client().with_token(&member(&login, "access_token"));
    let states = [
        (json!({"enabled": false}), "Account is disabled."),
        (json!({"confirmed": false}), "Account is not confirmed."),
        (json!({"isGuest": true}), "Account is disabled."),
    ];
    for (state, hint) in states {
        caller.get(OPEN).expect(200);
        change(&organization, &user, &state).expect(200);
        caller.get(OPEN).expect(401);
        let again = refresh(&organization, &client, &member(&login, "refresh_token")).expect(400).json();
        assert_eq!(again["hint"], hint, "{state}");
        change(&organization, &user, &json!({"enabled": true, "confirmed": true, "isGuest": false})).expect(200);
    }
    // A new password, set by the back office, ends what the old one has opened.
    change(&organization, &user, &json!({"password": "another long password"})).expect(200);
    caller.get(OPEN).expect(401);
    refresh(&organization, &client, &member(&login, "refresh_token")).expect(400);
    log_in(&organization, &client, &user).expect(400);
    let parameters = [
        ("grant_type", "password"),
        ("client_id", client.0.as_str()),
        ("client_secret", client.1.as_str()),
        ("username", user.username.as_str()),
        ("password", "another long password"),
    ];
    ask(&organization.server.client(), &parameters).expect(200);
}

/// "take effect within 5 s in every process": what was changed behind the server's back is seen in time.
#[test]
fn a_disabled_customer_user_is_out_soon() {
    let organization = Organization::new();
    let user = organization.storefront_user();
    user.client.get(OPEN).expect(200);
    organization.write(|conn| {
        let row = customer_user::table.find((organization.id(), user.id));
        Ok(diesel::update(row).set(customer_user::enabled.eq(false)).execute(conn)?)
    });
    soon(|| user.client.get(OPEN), 401);
}

/// A customer user whom a client acts as stays; any other goes, tokens and all.
#[test]
fn a_deleted_customer_user_leaves_no_token() {
    let organization = Organization::new();
    let (user, client) = buyer(&organization);
    let path = format!("/admin/api/customerusers/{}", user.id);
    let refused = organization.client().delete(&path).expect(403).error();
    assert!(refused["detail"].as_str().unwrap().contains(&user.client_id), "{refused}");
    let customer = organization.customer(None);
    let (id, username) = organization.add_customer_user(customer, &json!({}));
    let other = User { id, username, ..user };
    organization.set_customer_user_password(other.id);
    let login = log_in(&organization, &client, &other).expect(200);
    organization.client().delete(&format!("/admin/api/customerusers/{}", other.id)).expect(204);
    organization.server.client().with_token(&member(&login, "access_token")).get(OPEN).expect(401);
    refresh(&organization, &client, &member(&login, "refresh_token")).expect(400);
}

fn visit(organization: &Organization, client: &(String, String)) -> Answer {
    let parameters = [
        ("grant_type", "password"),
        ("client_id", client.0.as_str()),
        ("client_secret", client.1.as_str()),
        ("username", "guest"),
        ("password", "guest"),
    ];
    ask(&organization.server.client(), &parameters)
}

/// "Password grant for a visitor: `username=guest`, `password=guest` returns a visitor token (identifier in the token is
/// `visitor:{sessionId}`)."
#[test]
fn a_visitor_reads_what_is_public() {
    let server = TestServer::lasting(database::shared(), "[api.storefront]\nvisitors = true");
    let organization = Organization::on(server);
    let client = password_client_of(&organization, Api::Storefront);
    let first = visit(&organization, &client).expect(200);
    let token = member(&first, "access_token");
    assert!(claims(&token)["sub"].as_str().unwrap().starts_with("visitor:"), "{}", claims(&token));
    let caller = server.client().with_token(&token);
    caller.get(OPEN).expect(200);
    caller.post("/api/countries", &json!({})).expect(405);
    // Another visit is another visitor; the same one comes back by the refresh token.
    let other = visit(&organization, &client).expect(200);
    assert_ne!(claims(&member(&other, "access_token"))["sub"], claims(&token)["sub"]);
    let again = refresh(&organization, &client, &member(&first, "refresh_token")).expect(200);
    assert_eq!(claims(&member(&again, "access_token"))["sub"], claims(&token)["sub"]);
    // No client of the back office has visitors.
    visit(&organization, &password_client(&organization)).expect(400);

    // Another server on the same database that has no visitors knows none.
    let token = member(&again, "access_token");
    TestServer::shared().client().with_token(&token).get(OPEN).expect(401);
    let elsewhere = Organization { server: TestServer::shared(), ..organization };
    visit(&elsewhere, &client).expect(400);
    refresh(&elsewhere, &client, &member(&again, "refresh_token")).expect(400);
}

/// A guess at a password is slowed down as for users, and counts for nobody else of the same name.
#[test]
fn guesses_wait() {
    let organization = Organization::new();
    let (user, client) = buyer(&organization);
    let parameters = |password: &'static str| {
        [
            ("grant_type", "password"),
            ("client_id", client.0.as_str()),
            ("client_secret", client.1.as_str()),
            ("username", user.username.as_str()),
            ("password", password),
        ]
    };
    for _ in 0..5 {
        ask(&organization.server.client(), &parameters("a wrong password")).expect(400);
    }
    ask(&organization.server.client(), &parameters("a wrong password")).expect(429);
    ask(&organization.server.client(), &parameters(PASSWORD)).expect(429);
}
