//! What takes a caller's rights away, and how soon.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use entrepot::auth::account::set_password;
use entrepot::auth::clients;
use entrepot::auth::subject::Subject;
use entrepot::schema::app_user;
use serde_json::{Value, json};

use super::{PROBE, ask, log_in, member, password_client, refresh};
use crate::support::client::{Answer, Client};
use crate::support::database;
use crate::support::organization::{Organization, User};
use crate::support::server::TestServer;

/// "takes effect within five seconds in every process" (docs/security.md): a request that is sent later than that is answered by what
/// holds now, however long a busy machine takes for it.
#[track_caller]
pub(super) fn soon(request: impl Fn() -> Answer, status: u16) {
    let start = Instant::now();
    loop {
        let sent = start.elapsed();
        let answer = request();
        if answer.status == status {
            return;
        }
        assert!(sent < Duration::from_secs(5), "still {}: {}", answer.status, answer.text);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_revoked_client_is_out_soon() {
    let organization = Organization::new();
    let user = organization.user_who_may(&json!({"businessunits": {"VIEW": "organization"}}));
    user.client.get(PROBE).expect(200);
    organization.write(|conn| clients::revoke(conn, &user.client_id));
    soon(|| user.client.get(PROBE), 401);
    let (id, secret) = (user.client_id.as_str(), user.client_secret.as_str());
    let full = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    assert_eq!(ask(&organization.server.client(), &full).expect(401).json()["error"], "invalid_client");
    organization.client().get(PROBE).expect(200);
}

#[test]
fn a_disabled_user_is_out_soon() {
    let organization = Organization::new();
    let client = password_client(&organization);
    let user = organization.user_who_may(&json!({"businessunits": {"VIEW": "organization"}}));
    let login = log_in(&organization, &client, &user).expect(200);
    user.client.get(PROBE).expect(200);
    organization.write(|conn| {
        let row = app_user::table.find((organization.id(), user.id));
        Ok(diesel::update(row).set(app_user::enabled.eq(false)).execute(conn)?)
    });
    soon(|| user.client.get(PROBE), 401);
    let answer = refresh(&organization, &client, &member(&login, "refresh_token")).expect(400);
    assert_eq!(answer.json()["hint"], "Account is disabled.");
    let (id, secret) = (user.client_id.as_str(), user.client_secret.as_str());
    let full = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    ask(&organization.server.client(), &full).expect(401);
}

/// "and at once in the process that changed it through the API" (docs/security.md)
#[test]
fn what_is_changed_through_the_api_holds_at_once() {
    let organization = Organization::new();
    let user = organization.user_who_may(&json!({"businessunits": {"VIEW": "organization"}}));
    user.client.get(PROBE).expect(200);
    let path = format!("/admin/api/users/{}", user.id);
    let enabled =
        |flag: bool| json!({"data": {"type": "users", "id": user.id.to_string(), "attributes": {"enabled": flag}}});
    organization.client().patch(&path, &enabled(false)).expect(200);
    user.client.get(PROBE).expect(401);
    organization.client().patch(&path, &enabled(true)).expect(200);
    user.client.get(PROBE).expect(200);
}

#[test]
fn an_edited_role_holds_at_once() {
    let organization = Organization::new();
    let name = organization.role(&json!({"businessunits": {"VIEW": "organization"}}));
    let user = organization.user(organization.first.business_unit, &[&name]);
    user.client.get(PROBE).expect(200);
    let role = organization.client().get(&format!("/admin/api/userroles?filter[role]={name}")).expect(200);
    let id = role.json()["data"][0]["id"].as_str().unwrap().to_owned();
    let permissions = |permissions: serde_json::Value| json!({"data": {"type": "userroles", "id": id, "attributes": {"permissions": permissions}}});
    let path = format!("/admin/api/userroles/{id}");
    organization.client().patch(&path, &permissions(json!({}))).expect(200);
    user.client.get(PROBE).expect(403);
    let all = json!({"*": {"VIEW": "organization"}});
    organization.client().patch(&path, &permissions(all)).expect(200);
    user.client.get(PROBE).expect(200);
}

/// A password that changes ends what was opened with the old one.
#[test]
fn a_new_password_ends_the_sessions_of_the_old_one() {
    let organization = Organization::new();
    let client = password_client(&organization);
    let user = organization.user(organization.first.business_unit, &[]);
    let login = log_in(&organization, &client, &user).expect(200);
    let cost = entrepot::auth::password::Cost { memory_kib: 64, iterations: 1 };
    let (id, subject) = (organization.id(), Subject::User(user.id));
    organization.write(|conn| set_password(conn, cost, id, subject, "another password"));
    assert_eq!(
        refresh(&organization, &client, &member(&login, "refresh_token")).expect(400).json()["error"],
        "invalid_grant"
    );
    log_in(&organization, &client, &user).expect(400);
}

/// Another process on the same database.
fn elsewhere() -> TestServer {
    TestServer::start(database::shared(), "[database]\npool_size = 1")
}

/// The user's requests to the other process, which knows the user by now.
fn known(user: &User, server: &TestServer) -> Client {
    let client = user.client.at(server.address);
    client.get(PROBE).expect(200);
    user.client.get(PROBE).expect(200);
    client
}

fn patch(organization: &Organization, kind: &str, id: &str, attributes: &Value) {
    let body = json!({"data": {"type": kind, "id": id, "attributes": attributes}});
    organization.client().patch(&format!("/admin/api/{kind}/{id}"), &body).expect(200);
}

/// "a revoked client, a disabled user or organization, or an edited role takes effect within five seconds in every
/// process, and at once in the process that changed it through the API" (docs/security.md)
#[test]
fn a_disabled_user_is_out_everywhere() {
    let (organization, second) = (Organization::new(), elsewhere());
    let user = organization.user_who_may(&json!({"businessunits": {"VIEW": "organization"}}));
    let there = known(&user, &second);
    patch(&organization, "users", &user.id.to_string(), &json!({"enabled": false}));
    user.client.get(PROBE).expect(401);
    soon(|| there.get(PROBE), 401);
}

#[test]
fn an_edited_role_holds_everywhere() {
    let (organization, second) = (Organization::new(), elsewhere());
    let name = organization.role(&json!({"businessunits": {"VIEW": "organization"}}));
    let user = organization.user(organization.first.business_unit, &[&name]);
    let there = known(&user, &second);
    let role = organization.client().get(&format!("/admin/api/userroles?filter[role]={name}")).expect(200);
    let id = role.json()["data"][0]["id"].as_str().unwrap().to_owned();
    patch(&organization, "userroles", &id, &json!({"permissions": {}}));
    user.client.get(PROBE).expect(403);
    soon(|| there.get(PROBE), 403);
}

#[test]
fn a_revoked_client_is_out_everywhere() {
    let (organization, second) = (Organization::new(), elsewhere());
    let user = organization.user_who_may(&json!({"businessunits": {"VIEW": "organization"}}));
    let there = known(&user, &second);
    organization.write(|conn| clients::revoke(conn, &user.client_id));
    soon(|| user.client.get(PROBE), 401);
    soon(|| there.get(PROBE), 401);
}

#[test]
fn a_disabled_organization_is_out_everywhere() {
    let (organization, second) = (Organization::new(), elsewhere());
    let user = organization.user_who_may(&json!({"businessunits": {"VIEW": "organization"}}));
    let there = known(&user, &second);
    patch(&organization, "organizations", &organization.id().to_string(), &json!({"enabled": false}));
    user.client.get(PROBE).expect(401);
    organization.client().get(PROBE).expect(401);
    soon(|| there.get(PROBE), 401);
}

/// "The use revokes the access token it came with" (docs/security.md), at once.
#[test]
fn a_refreshed_token_is_out_at_once() {
    let organization = Organization::new();
    let client = password_client(&organization);
    let user = organization.user_who_may(&json!({"businessunits": {"VIEW": "organization"}}));
    let login = log_in(&organization, &client, &user).expect(200);
    let old = organization.server.client().with_token(&member(&login, "access_token"));
    old.get(PROBE).expect(200);
    let renewed = refresh(&organization, &client, &member(&login, "refresh_token")).expect(200);
    old.get(PROBE).expect(401);
    let new = organization.server.client().with_token(&member(&renewed, "access_token"));
    new.get(PROBE).expect(200);
    refresh(&organization, &client, &member(&login, "refresh_token")).expect(400);
    new.get(PROBE).expect(401);
}
