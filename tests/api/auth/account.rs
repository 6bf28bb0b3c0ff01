//! The states of a user's account.

use serde_json::json;

use super::{PROBE, ask, log_in, member, password_client, refresh};
use crate::support::client::Answer;
use crate::support::organization::{Organization, User};

fn set_status(organization: &Organization, user: &User, status: &str) -> Answer {
    let body = json!({"data": {
        "type": "users",
        "id": user.id.to_string(),
        "relationships": {"auth_status": {"data": {"type": "userauthstatuses", "id": status}}},
    }});
    organization.client().patch(&format!("/admin/api/users/{}", user.id), &body)
}

/// "`invalid_grant` (400, `The user credentials were incorrect.`; disabled/locked account: hint `Account is disabled.` /
/// `Account is locked.`)"
#[test]
fn only_the_user_of_an_active_account_is_let_in() {
    let organization = Organization::new();
    let login = password_client(&organization);
    let user = organization.user_who_may(&json!({"businessunits": {"VIEW": "organization"}}));
    let tokens = log_in(&organization, &login, &user).expect(200);
    let bearer = organization.server.client().with_token(&member(&tokens, "access_token"));
    for status in ["locked", "reset"] {
        bearer.get(PROBE).expect(200);
        set_status(&organization, &user, status).expect(200);
        let refused = log_in(&organization, &login, &user).expect(400).json();
        assert_eq!(refused["error"], "invalid_grant");
        assert_eq!(refused["error_description"], "The user credentials were incorrect.");
        assert_eq!(refused["hint"], "Account is locked.");
        let refused = refresh(&organization, &login, &member(&tokens, "refresh_token")).expect(400).json();
        assert_eq!((&refused["error"], &refused["hint"]), (&json!("invalid_grant"), &json!("Account is locked.")));
        // What was given before is of no use either, nor is what acts as the user.
        bearer.get(PROBE).expect(401);
        user.client.get(PROBE).expect(401);
        let (id, secret) = (user.client_id.as_str(), user.client_secret.as_str());
        let full = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        ask(&organization.server.client(), &full).expect(401);
        set_status(&organization, &user, "active").expect(200);
    }
    refresh(&organization, &login, &member(&tokens, "refresh_token")).expect(200);
    user.client.get(PROBE).expect(200);
}

/// That an account is locked is told only to who has its password; a disabled one is disabled, whatever its state.
#[test]
fn a_locked_account_tells_no_stranger() {
    let organization = Organization::new();
    let (id, secret) = password_client(&organization);
    let user = organization.user_who_may(&json!({}));
    set_status(&organization, &user, "locked").expect(200);
    let wrong = [
        ("grant_type", "password"),
        ("client_id", &id),
        ("client_secret", &secret),
        ("username", &user.username),
        ("password", "not the password"),
    ];
    let refused = ask(&organization.server.client(), &wrong).expect(400).json();
    assert_eq!((&refused["error"], refused.get("hint")), (&json!("invalid_grant"), None));
    let disable = json!({"data": {"type": "users", "id": user.id.to_string(), "attributes": {"enabled": false}}});
    organization.client().patch(&format!("/admin/api/users/{}", user.id), &disable).expect(200);
    assert_eq!(log_in(&organization, &(id, secret), &user).expect(400).json()["hint"], "Account is disabled.");
}

#[test]
fn the_last_administrator_is_not_locked() {
    let organization = Organization::new();
    let admin = organization.admin.clone();
    let refused = set_status(&organization, &admin, "locked").expect(403);
    assert_eq!(refused.error()["title"], "access denied exception");
    organization.client().get(PROBE).expect(200);
}

/// A new user is `active`; the filter takes a list; null is refused.
#[test]
fn accounts_are_active_unless_told_otherwise() {
    let organization = Organization::new();
    let client = organization.client();
    let user = organization.user_who_may(&json!({}));
    let path = format!("/admin/api/users/{}", user.id);
    let shown = client.get(&format!("{path}?include=auth_status")).expect(200).json();
    assert_eq!(shown["data"]["relationships"]["auth_status"]["data"]["id"], "active");
    assert_eq!(shown["included"][0]["attributes"]["name"], "Active");
    set_status(&organization, &user, "locked").expect(200);
    let count = |filter: &str| {
        let list = client.get(&format!("/admin/api/users?filter[auth_status]={filter}")).expect(200).json();
        list["data"].as_array().unwrap().len()
    };
    assert_eq!((count("locked"), count("locked,reset"), count("active")), (1, 1, 1));
    let none = json!({"data": {
        "type": "users", "id": user.id.to_string(), "relationships": {"auth_status": {"data": null}},
    }});
    let error = client.patch(&path, &none).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/data/relationships/auth_status/data");
}
