//! What each grant gives.

use base64::Engine;
use reqwest::Method;
use serde_json::json;

use super::{ask, ask_at, claims, log_in, member, part, password_client, refresh};
use crate::support::organization::{Organization, PASSWORD};

/// "Success: `{"token_type":"Bearer","expires_in":3600,"access_token":"<JWT RS256>"}` (no refresh token for
/// client_credentials)"; "Body JSON or form; client credentials also by HTTP Basic"; "also reachable under the back-office
/// prefix".
#[test]
fn client_credentials_are_taken_from_form_json_and_basic() {
    let organization = Organization::new();
    let (id, secret) = (&organization.admin.client_id, &organization.admin.client_secret);
    let client = organization.server.client();
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}")));
    let full = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    let json = json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret});
    let answers = [
        ask(&client, &full),
        ask_at(&client, "/admin/oauth2-token", &full),
        client.send(Method::POST, "/oauth2-token", |request| request.json(&json)),
        client.send(Method::POST, "/oauth2-token", |request| {
            request
                .header("Authorization", &basic)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body("grant_type=client_credentials")
        }),
    ];
    for answer in answers {
        let answer = answer.expect(200);
        let document = answer.json();
        assert_eq!(document["token_type"], "Bearer");
        assert_eq!(document["expires_in"].to_string(), "3600");
        assert_eq!(document.as_object().unwrap().len(), 3, "{document}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("content-type"), "application/json");
    }
}

/// "JWT claims: `aud` = client id, `jti` = token id, `iat`, `nbf`, `exp`, `sub` = user identifier (username, empty for
/// client credentials), `scopes`."
#[test]
fn the_claims_tell_client_user_and_time() {
    let organization = Organization::new();
    let (id, secret) = (&organization.admin.client_id, &organization.admin.client_secret);
    let full = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    let token = member(&ask(&organization.server.client(), &full).expect(200), "access_token");
    let second = member(&ask(&organization.server.client(), &full).expect(200), "access_token");
    assert_eq!(part(&token, 0)["alg"], "RS256");
    let said = claims(&token);
    assert_eq!(said["aud"], id.as_str());
    assert_eq!(said["sub"], "");
    assert_eq!(said["scopes"], json!([]));
    assert_eq!(said["iat"], said["nbf"]);
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 3600);
    assert_ne!(said["jti"], claims(&second)["jti"]);
    let login = password_client(&organization);
    let by_password = log_in(&organization, &login, &organization.admin).expect(200);
    let said = claims(&member(&by_password, "access_token"));
    assert_eq!((&said["aud"], &said["sub"]), (&json!(login.0), &json!(organization.admin.username)));
}

#[test]
fn a_user_logs_in_by_name_or_email_in_any_letter_case() {
    let organization = Organization::new();
    let (id, secret) = password_client(&organization);
    let username = &organization.admin.username;
    for name in [username.clone(), username.to_uppercase(), format!("{username}@EXAMPLE.org")] {
        let answer = ask(
            &organization.server.client(),
            &[
                ("grant_type", "password"),
                ("client_id", &id),
                ("client_secret", &secret),
                ("username", &name),
                ("password", PASSWORD),
            ],
        );
        assert!(member(&answer.expect(200), "refresh_token").len() >= 40, "{name}");
    }
}

/// A client belongs to one organization: the users of another do not exist for it.
#[test]
fn a_user_of_another_organization_cannot_log_in() {
    let (here, there) = (Organization::new(), Organization::new());
    let client = password_client(&here);
    log_in(&here, &client, &here.admin).expect(200);
    let answer = log_in(&here, &client, &there.admin).expect(400);
    assert_eq!(answer.json()["error"], "invalid_grant");
}

/// "Refreshing revokes the old pair."
#[test]
fn a_refresh_token_gives_a_new_pair_and_ends_the_old_one() {
    let organization = Organization::new();
    let client = password_client(&organization);
    let first = log_in(&organization, &client, &organization.admin).expect(200);
    let second = refresh(&organization, &client, &member(&first, "refresh_token")).expect(200);
    assert_ne!(member(&first, "refresh_token"), member(&second, "refresh_token"));
    assert_eq!(claims(&member(&second, "access_token"))["sub"], organization.admin.username.as_str());
    let bearer = |token: &str| organization.server.client().with_token(token);
    bearer(&member(&first, "access_token")).get(super::PROBE).expect(401);
    bearer(&member(&second, "access_token")).get(super::PROBE).expect(200);
}

/// A refresh token that comes back has been stolen: everything that came of it is revoked.
#[test]
fn a_refresh_token_used_twice_revokes_its_family() {
    let organization = Organization::new();
    let client = password_client(&organization);
    let first = log_in(&organization, &client, &organization.admin).expect(200);
    let other = log_in(&organization, &client, &organization.admin).expect(200);
    let second = refresh(&organization, &client, &member(&first, "refresh_token")).expect(200);
    let replayed = refresh(&organization, &client, &member(&first, "refresh_token")).expect(400);
    assert_eq!(replayed.json()["hint"], "Token has been revoked");
    let after = refresh(&organization, &client, &member(&second, "refresh_token")).expect(400);
    assert_eq!(after.json()["hint"], "Token has been revoked");
    organization.server.client().with_token(&member(&second, "access_token")).get(super::PROBE).expect(401);
    // Another login of the same user is another family.
    refresh(&organization, &client, &member(&other, "refresh_token")).expect(200);
}

#[test]
fn a_refresh_token_works_for_its_own_client_only() {
    let organization = Organization::new();
    let (client, thief) = (password_client(&organization), password_client(&organization));
    let token = member(&log_in(&organization, &client, &organization.admin).expect(200), "refresh_token");
    assert_eq!(refresh(&organization, &thief, &token).expect(400).json()["hint"], "Token is not linked to client");
    refresh(&organization, &client, &token).expect(200);
}

/// Of two simultaneous uses one is the second.
#[test]
fn a_refresh_token_is_good_for_one_of_two_simultaneous_requests() {
    let organization = Organization::new();
    let client = password_client(&organization);
    let token = member(&log_in(&organization, &client, &organization.admin).expect(200), "refresh_token");
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| refresh(&organization, &client, &token).status)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400]);
}
