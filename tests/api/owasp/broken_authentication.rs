//! API2: callers who are not who they say.
//!
//! Forged tokens (`alg`, `kid`, the other API) are in auth/token.rs; replayed codes, PKCE and redirects in authorize/; replayed
//! and late digests in edge/wsse.rs; guessed passwords in auth/refusal.rs.

mod enumeration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::json;

use crate::support::database;
use crate::support::organization::{Organization, token};
use crate::support::server::TestServer;

/// "The JWT" of a client has three parts, and nothing else is one.
#[test]
fn tokens_of_other_shapes() {
    let organization = Organization::new();
    let admin = &organization.admin;
    let good = token(organization.server, &admin.client_id, &admin.client_secret);
    let parts: Vec<&str> = good.split('.').collect();
    let (header, body, signature) = (parts[0], parts[1], parts[2]);
    for forged in [
        format!("{header}.{body}"),
        format!("{header}.{body}."),
        format!("{header}..{signature}"),
        format!(".{body}.{signature}"),
        format!("{good}.{signature}"),
        format!("{header}.{body}.{signature}="),
        format!("{header}.{header}.{signature}"),
        format!("{body}.{header}.{signature}"),
        format!("{header}.{body}.{}", signature.to_uppercase()),
        "..".to_owned(),
        "null".to_owned(),
    ] {
        let answer = organization.server.client().with_token(&forged).get("/admin/api/customers");
        assert_eq!((answer.status, answer.text.as_str()), (401, ""), "{forged}");
    }
}

/// Tokens in places where none is read, and headers that come twice.
#[test]
fn credentials_in_wrong_places() {
    let organization = Organization::new();
    let admin = &organization.admin;
    let text = token(organization.server, &admin.client_id, &admin.client_secret);
    let nobody = organization.server.client();
    nobody.get(&format!("/admin/api/customers?access_token={text}")).expect(401);
    let body = json!({"access_token": text, "data": {"type": "customers", "attributes": {"name": "A"}}});
    nobody.post("/admin/api/customers", &body).expect(401);
    for header in [
        format!("Basic {text}"),
        format!("bearer{text}"),
        text.clone(),
        format!("Bearer {text}x"),
        "Bearer ".to_owned(),
    ] {
        let answer =
            nobody.send(Method::GET, "/admin/api/customers", |request| request.header("Authorization", header));
        assert_eq!((answer.status, answer.text.as_str()), (401, ""));
    }
    let twice = nobody.send(Method::GET, "/admin/api/customers", |request| {
        request.header("Authorization", format!("Bearer {text}")).header("Authorization", format!("Bearer {text}"))
    });
    assert_eq!(twice.status, 401);
}

/// A token of another issuer: one that another installation has signed for a client of the same name.
#[test]
fn tokens_of_another_issuer() {
    let organization = Organization::new();
    let admin = &organization.admin;
    let elsewhere = TestServer::lasting(&database::own(), "");
    let theirs = Organization::on(elsewhere).admin;
    let token_of_theirs = token(elsewhere, &theirs.client_id, &theirs.client_secret);
    theirs.client.get("/admin/api/customers").expect(200);
    for text in [token_of_theirs.clone(), renamed(&token_of_theirs, &theirs.client_id, &admin.client_id)] {
        let answer = organization.server.client().with_token(&text).get("/admin/api/customers");
        assert_eq!((answer.status, answer.text.as_str()), (401, ""));
    }
}

/// The token with another audience under the same signature.
fn renamed(token: &str, from: &str, to: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap().replace(from, to);
    format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims), parts[2])
}
