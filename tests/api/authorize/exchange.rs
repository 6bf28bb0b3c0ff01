//! A code at the token endpoint: once, by its client, with its verifier, to its address.

use diesel::prelude::*;
use entrepot::schema::oauth_code;
use serde_json::Value;

use super::{Application, BACK, VERIFIER, Window};
use crate::support::client::Answer;
use crate::support::organization::Organization;

const PROBE: &str = "/admin/api/businessunits";

fn code(organization: &Organization, application: &Application, changed: &[(&str, &str)]) -> String {
    let window = Window::new(organization.server);
    let path = application.path(changed);
    match window.log_in(&path, &organization.admin.username) {
        page if page.status == 200 => super::sent_back(&window.press(&path, &page, "allow").expect(303)).remove("code"),
        back => super::sent_back(&back.expect(303)).remove("code"),
    }
    .unwrap()
}

#[track_caller]
fn refused(answer: Answer, error: &str, hint: &str) {
    let document: Value = answer.json();
    assert_eq!((document["error"].as_str(), document["hint"].as_str()), (Some(error), Some(hint)), "{document}");
}

/// "codes are single-use (`hint: Authorization code has been revoked`)"; RFC 6749, 4.1.2: "If an authorization code is used
/// more than once, the authorization server MUST deny the request and SHOULD revoke (when possible) all tokens previously
/// issued based on that authorization code."
#[test]
fn a_replayed_code_revokes_what_was_made_of_it() {
    let organization = Organization::new();
    let application = Application::confidential(&organization, &[BACK]);
    let (stolen, other) = (code(&organization, &application, &[]), code(&organization, &application, &[]));
    let pair = application.exchange(organization.server, &stolen, &[]).expect(200).json();
    let kept = application.exchange(organization.server, &other, &[]).expect(200).json();
    let client = organization.server.client();
    let secret = application.secret.as_deref().unwrap();
    let refresh = |pair: &Value| {
        let token = pair["refresh_token"].as_str().unwrap();
        let parameters = [
            ("grant_type", "refresh_token"),
            ("client_id", application.id.as_str()),
            ("client_secret", secret),
            ("refresh_token", token),
        ];
        super::post(&client, "/oauth2-token", &parameters)
    };
    let next = refresh(&pair).expect(200).json();
    let replay = application.exchange(organization.server, &stolen, &[]).expect(400);
    refused(replay, "invalid_grant", "Authorization code has been revoked");
    refused(refresh(&next).expect(400), "invalid_grant", "Token has been revoked");
    for token in [&pair["access_token"], &next["access_token"]] {
        client.with_token(token.as_str().unwrap()).get(PROBE).expect(401);
    }
    client.with_token(kept["access_token"].as_str().unwrap()).get(PROBE).expect(200);
}

#[test]
fn a_code_is_good_for_one_of_several_simultaneous_exchanges() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let code = code(&organization, &application, &[]);
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let exchange = || application.exchange(organization.server, &code, &[]).status;
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(exchange)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400]);
}

/// RFC 9700, 2.1.1: "a server MUST ensure that a request without the `code_challenge` … cannot be redeemed with a
/// `code_verifier`", and the other way round.
#[test]
fn pkce_cannot_be_taken_out_or_put_in_on_the_way() {
    let organization = Organization::new();
    let application = Application::confidential(&organization, &[BACK]);
    let with = code(&organization, &application, &[]);
    let exchange = |code: &str, changed: &[(&str, &str)]| application.exchange(organization.server, code, changed);
    refused(
        exchange(&with, &[("code_verifier", "")]).expect(400),
        "invalid_request",
        "Check the `code_verifier` parameter",
    );
    let wrong = "x".repeat(43);
    refused(
        exchange(&with, &[("code_verifier", &wrong)]).expect(400),
        "invalid_grant",
        "Failed to verify `code_verifier`.",
    );
    refused(
        exchange(&with, &[("code_verifier", "short")]).expect(400),
        "invalid_request",
        "Code Verifier must follow the specifications of RFC-7636.",
    );
    // A challenge is not its own verifier.
    let seen = super::challenge(VERIFIER);
    refused(
        exchange(&with, &[("code_verifier", &seen)]).expect(400),
        "invalid_grant",
        "Failed to verify `code_verifier`.",
    );
    exchange(&with, &[]).expect(200);

    let without = code(&organization, &application, &[("code_challenge", ""), ("code_challenge_method", "")]);
    let hint = "`code_verifier` was sent, but the code was asked for without `code_challenge`";
    refused(exchange(&without, &[]).expect(400), "invalid_request", hint);
    exchange(&without, &[("code_verifier", "")]).expect(200);
}

/// RFC 6749, 4.1.3: "ensure that the `redirect_uri` parameter is present if the `redirect_uri` parameter was included in the
/// initial authorization request …, and if included ensure that their values are identical".
#[test]
fn the_redirect_uri_is_the_one_of_the_request() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK, "https://app.example/other"]);
    let code = code(&organization, &application, &[]);
    let exchange = |uri: &str| application.exchange(organization.server, &code, &[("redirect_uri", uri)]);
    refused(exchange("https://app.example/other").expect(400), "invalid_grant", "Invalid redirect URI");
    refused(exchange("").expect(400), "invalid_request", "Check the `redirect_uri` parameter");
    exchange(BACK).expect(200);
}

#[test]
fn a_code_is_for_its_client_alone() {
    let organization = Organization::new();
    let (application, thief) =
        (Application::public(&organization, &[BACK]), Application::public(&organization, &[BACK]));
    let code = code(&organization, &application, &[]);
    let stolen = thief.exchange(organization.server, &code, &[]).expect(400);
    refused(stolen, "invalid_grant", "Authorization code was not issued to this client");
    let elsewhere = Organization::new();
    Application::public(&elsewhere, &[BACK]).exchange(organization.server, &code, &[]).expect(400);
    application.exchange(organization.server, &code, &[]).expect(200);
}

/// A confidential client proves who it is; one of another grant gets nothing for a code.
#[test]
fn the_client_authenticates() {
    let organization = Organization::new();
    let application = Application::confidential(&organization, &[BACK]);
    let code = code(&organization, &application, &[]);
    let exchange = |changed: &[(&str, &str)]| application.exchange(organization.server, &code, changed);
    assert_eq!(exchange(&[("client_secret", "")]).expect(401).json()["error"], "invalid_client");
    assert_eq!(exchange(&[("client_secret", "wrong")]).expect(401).json()["error"], "invalid_client");
    let admin = &organization.admin;
    let other = [("client_id", admin.client_id.as_str()), ("client_secret", admin.client_secret.as_str())];
    assert_eq!(exchange(&other).expect(401).json()["error"], "invalid_client");
    refused(exchange(&[("code", "")]).expect(400), "invalid_request", "Check the `code` parameter");
    refused(exchange(&[("code", "unknown")]).expect(400), "invalid_grant", "Cannot decrypt the authorization code");
    exchange(&[]).expect(200);
}

/// "code 600 s".
#[test]
fn a_code_expires() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let code = code(&organization, &application, &[]);
    let own = || oauth_code::table.filter(oauth_code::client_id.eq(&application.id));
    organization.write(|conn| {
        let (issued, expires): (chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::Utc>) =
            own().select((oauth_code::issued_at, oauth_code::expires_at)).first(conn)?;
        assert_eq!((expires - issued).num_seconds(), 600);
        diesel::update(own()).set(oauth_code::expires_at.eq(issued)).execute(conn)?;
        Ok(())
    });
    let late = application.exchange(organization.server, &code, &[]).expect(400);
    refused(late, "invalid_grant", "Authorization code has expired");
}

/// Anyone can ask for codes of visitors: those that nobody exchanges do not pile up. A used one stays: it tells a second use.
#[test]
fn a_code_that_nobody_exchanges_is_swept() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let used = code(&organization, &application, &[]);
    application.exchange(organization.server, &used, &[]).expect(200);
    let own = || oauth_code::table.filter(oauth_code::client_id.eq(&application.id));
    code(&organization, &application, &[]);
    organization.write(|conn| {
        let ago = |days| chrono::Utc::now() - chrono::TimeDelta::days(days);
        let unused = own().filter(oauth_code::used_at.is_null());
        diesel::update(unused).set(oauth_code::expires_at.eq(ago(29))).execute(conn)?;
        let kept = own().filter(oauth_code::used_at.is_not_null()).filter(oauth_code::expires_at.gt(ago(-29)));
        assert_eq!(kept.count().get_result::<i64>(conn)?, 1);
        Ok(())
    });
    code(&organization, &application, &[]);
    let left = |conn: &mut PgConnection| Ok(own().count().get_result::<i64>(conn)?);
    assert_eq!(organization.write(left), 2, "the used one and the last");
}

/// The code itself is known to the client alone.
#[test]
fn codes_are_stored_hashed() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    let code = code(&organization, &application, &[]);
    let stored: Vec<u8> = organization.write(|conn| {
        Ok(oauth_code::table.filter(oauth_code::client_id.eq(&application.id)).select(oauth_code::hash).first(conn)?)
    });
    assert_eq!(stored.len(), 32);
    assert!(!stored.windows(8).any(|part| code.as_bytes().windows(8).any(|own| own == part)));
}

/// A user who is disabled, or whose password is changed, between agreement and exchange has agreed to nothing.
#[test]
fn what_happens_to_the_user_meanwhile_counts() {
    let organization = Organization::new();
    let application = Application::public(&organization, &[BACK]);
    for attributes in [serde_json::json!({"enabled": false}), serde_json::json!({"password": "another password"})] {
        let user = organization.user_who_may(&serde_json::json!({}));
        let (window, path) = (Window::new(organization.server), application.path(&[]));
        let code = window.code(&path, &user.username);
        let body = serde_json::json!({"data": {"type": "users", "id": user.id.to_string(), "attributes": attributes}});
        organization.client().patch(&format!("/admin/api/users/{}", user.id), &body).expect(200);
        assert_eq!(application.exchange(organization.server, &code, &[]).expect(400).json()["error"], "invalid_grant");
        // The login is over too.
        assert!(window.get(&path).expect(200).text.contains("name=\"password\""));
    }
}
