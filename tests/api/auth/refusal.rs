//! What the token endpoint refuses, to the letter.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, password_client};
use crate::support::organization::{Organization, PASSWORD, unique};

const MALFORMED: &str = "The request is missing a required parameter, includes an invalid parameter value, \
    includes a parameter more than once, or is otherwise malformed.";

fn document(error: &str, message: &str, hint: Option<&str>) -> Value {
    let mut document = json!({"error": error, "error_description": message, "message": message});
    if let Some(hint) = hint {
        document["hint"] = json!(hint);
    }
    document
}

/// "Errors: 400/401 JSON `{"error","error_description","message","hint"?}`".
#[test]
fn every_refusal_has_its_document() {
    let organization = Organization::new();
    let (id, secret) = (organization.admin.client_id.as_str(), organization.admin.client_secret.as_str());
    let login = password_client(&organization);
    let (login, login_secret) = (login.0.as_str(), login.1.as_str());
    let user = organization.admin.username.as_str();
    let invalid_client = || document("invalid_client", "Client authentication failed", None);
    let check = |name: &str| document("invalid_request", MALFORMED, Some(&format!("Check the `{name}` parameter")));
    let unsupported = || {
        document(
            "unsupported_grant_type",
            "The authorization grant type is not supported by the authorization server.",
            Some("Check that all required parameters have been provided"),
        )
    };
    let wrong = || document("invalid_grant", "The user credentials were incorrect.", None);
    let unknown = unique("nobody");
    let long = "x".repeat(2000);
    type Case<'a> = (&'a [(&'a str, &'a str)], u16, Value);
    let cases: &[Case<'_>] = &[
        (&[], 400, unsupported()),
        (&[("client_id", id), ("client_secret", secret)], 400, unsupported()),
        (&[("grant_type", "session_transfer"), ("client_id", id)], 400, unsupported()),
        (&[("grant_type", "client_credentials")], 400, check("client_id")),
        (&[("grant_type", "client_credentials"), ("client_id", "")], 400, check("client_id")),
        (&[("grant_type", "client_credentials"), ("client_id", id)], 401, invalid_client()),
        (&[("grant_type", "client_credentials"), ("client_id", id), ("client_secret", "x")], 401, invalid_client()),
        (&[("grant_type", "client_credentials"), ("client_id", "no"), ("client_secret", "x")], 401, invalid_client()),
        (&[("grant_type", "password"), ("client_id", id), ("client_secret", secret)], 401, invalid_client()),
        (&[("grant_type", "refresh_token"), ("client_id", id), ("client_secret", secret)], 401, invalid_client()),
        (
            &[("grant_type", "client_credentials"), ("client_id", login), ("client_secret", login_secret)],
            401,
            invalid_client(),
        ),
        (&[("grant_type", "password"), ("client_id", login), ("client_secret", login_secret)], 400, check("username")),
        (
            &[("grant_type", "password"), ("client_id", login), ("client_secret", login_secret), ("username", user)],
            400,
            check("password"),
        ),
        (
            &[
                ("grant_type", "password"),
                ("client_id", login),
                ("client_secret", login_secret),
                ("username", user),
                ("password", "wrong"),
            ],
            400,
            wrong(),
        ),
        (
            &[
                ("grant_type", "password"),
                ("client_id", login),
                ("client_secret", login_secret),
                ("username", user),
                ("password", &long),
            ],
            400,
            wrong(),
        ),
        (
            &[
                ("grant_type", "password"),
                ("client_id", login),
                ("client_secret", login_secret),
                ("username", &unknown),
                ("password", PASSWORD),
            ],
            400,
            wrong(),
        ),
        (
            &[("grant_type", "refresh_token"), ("client_id", login), ("client_secret", login_secret)],
            400,
            check("refresh_token"),
        ),
        (
            &[
                ("grant_type", "refresh_token"),
                ("client_id", login),
                ("client_secret", login_secret),
                ("refresh_token", "never given"),
            ],
            400,
            document("invalid_grant", "The refresh token is invalid.", Some("Cannot decrypt the refresh token")),
        ),
    ];
    for (parameters, status, expected) in cases {
        let answer = ask(&organization.server.client(), parameters);
        assert_eq!((answer.status, answer.json()), (*status, expected.clone()), "{parameters:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("www-authenticate"), "", "no Basic was used");
    }
}

/// "disabled account: hint `Account is disabled.`"; told only to who has the right password.
#[test]
fn a_disabled_account_is_told_to_its_user_only() {
    use diesel::prelude::*;
    use entrepot::schema::app_user;
    let organization = Organization::new();
    let client = password_client(&organization);
    let user = organization.user(organization.first.business_unit, &[]);
    organization.write(|conn| {
        let row = app_user::table.find((organization.id(), user.id));
        Ok(diesel::update(row).set(app_user::enabled.eq(false)).execute(conn)?)
    });
    let answer = super::log_in(&organization, &client, &user).expect(400);
    let message = "The user credentials were incorrect.";
    assert_eq!(answer.json(), document("invalid_grant", message, Some("Account is disabled.")));
    let parameters = [
        ("grant_type", "password"),
        ("client_id", client.0.as_str()),
        ("client_secret", client.1.as_str()),
        ("username", user.username.as_str()),
        ("password", "wrong password"),
    ];
    let answer = ask(&organization.server.client(), &parameters).expect(400);
    assert_eq!(answer.json(), document("invalid_grant", message, None));
}

/// "`invalid_client` carries `WWW-Authenticate: Basic realm="OAuth"` when Basic was used."
#[test]
fn a_wrong_secret_by_basic_is_challenged() {
    let organization = Organization::new();
    let answer = organization.server.client().send(Method::POST, "/oauth2-token", |request| {
        request
            .basic_auth(&organization.admin.client_id, Some("wrong"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
    });
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("www-authenticate"), "Basic realm=\"OAuth\"");
}

#[test]
fn bodies_of_other_kinds_are_told_what_would_work() {
    let organization = Organization::new();
    let send = |content_type: &str, body: String| {
        organization
            .server
            .client()
            .send(Method::POST, "/oauth2-token", |request| request.header("Content-Type", content_type).body(body))
    };
    let cases = [
        ("multipart/form-data; boundary=x", "--x--".to_owned(), 400, "application/x-www-form-urlencoded"),
        ("application/json", "{\"grant_type\"".to_owned(), 400, "JSON object"),
        ("application/json", "[".repeat(10_000), 400, "JSON object"),
        ("application/json", json!({"client_id": 7}).to_string(), 400, "`client_id`"),
        ("application/x-www-form-urlencoded", "client_id=a&client_id=b".to_owned(), 400, "`client_id`"),
        ("application/x-www-form-urlencoded", "a=".repeat(20_000), 413, "16384 bytes"),
    ];
    for (content_type, body, status, hint) in cases {
        let answer = send(content_type, body).expect(status);
        assert_eq!(answer.json()["error"], "invalid_request");
        assert!(answer.json()["hint"].as_str().unwrap_or_default().contains(hint), "{}", answer.text);
    }
}

/// "`OPTIONS /oauth2-token` -> `Allow: OPTIONS, POST`."
#[test]
fn other_methods_are_told_which_work() {
    let organization = Organization::new();
    let options = organization.server.client().send(Method::OPTIONS, "/oauth2-token", |request| request).expect(200);
    assert_eq!((options.header("allow"), options.text.as_str()), ("OPTIONS, POST", ""));
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = organization.server.client().send(method, "/oauth2-token", |request| request).expect(405);
        assert_eq!((answer.header("allow"), answer.text.as_str()), ("OPTIONS, POST", ""));
    }
}

/// Guessing is slowed per account and address; another user is not held back, nor one who logs in to
/// another organization by the same name.
#[test]
fn guessing_passwords_is_slowed() {
    let organization = Organization::new();
    let client = password_client(&organization);
    let user = organization.user(organization.first.business_unit, &[]);
    let guess = |password: &str| {
        let parameters = [
            ("grant_type", "password"),
            ("client_id", client.0.as_str()),
            ("client_secret", client.1.as_str()),
            ("username", user.username.as_str()),
            ("password", password),
        ];
        ask(&organization.server.client(), &parameters)
    };
    let statuses: Vec<u16> = (0..6).map(|_| guess("wrong password").status).collect();
    assert_eq!(statuses, [400, 400, 400, 400, 400, 429]);
    let slowed = guess(PASSWORD).expect(429);
    assert!(slowed.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds >= 1), "{slowed:?}");
    assert_eq!(slowed.json()["error"], "temporarily_unavailable");
    super::log_in(&organization, &client, &organization.admin).expect(200);
    let other = Organization::new();
    let mut namesake = other.user(other.first.business_unit, &[]);
    other.write(|conn| {
        use diesel::prelude::*;
        use entrepot::schema::app_user;
        let row = app_user::table.find((other.id(), namesake.id));
        Ok(diesel::update(row).set(app_user::email.eq(&user.username)).execute(conn)?)
    });
    namesake.username.clone_from(&user.username);
    super::log_in(&other, &password_client(&other), &namesake).expect(200);
}
