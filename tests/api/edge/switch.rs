//! APIs that are switched off.

use reqwest::Method;
use serde_json::json;

use super::organization;
use crate::support::client::{Answer, Client};
use crate::support::organization::{Organization, User};

fn ask(client: &Client, user: &User) -> Answer {
    let body = json!({
        "grant_type": "client_credentials", "client_id": user.client_id, "client_secret": user.client_secret,
    });
    client.send(Method::POST, "/oauth2-token", |request| request.json(&body))
}

/// "With the feature off, every API request (OPTIONS included) answers 404 and OAuth tokens are refused
/// (`invalid_client`)."
#[test]
fn an_api_that_is_off_is_not_there() {
    let everywhere = Organization::new();
    let (admin, storefront) = (everywhere.admin.clone(), everywhere.storefront_user());
    let off = super::server("[api.admin]\nenabled = false").client();
    let token = ask(&everywhere.server.client(), &admin).expect(200).json()["access_token"].to_string();
    for client in [off.clone(), off.with_token(token.trim_matches('"'))] {
        for path in [
            "/admin/api/countries",
            "/admin/api/countries/US",
            "/admin/api/nothing",
            "/admin/api/openapi.json",
            "/admin/api/doc",
            "/.well-known/oauth-authorization-server/admin/oauth2-server",
            "/.well-known/oauth-protected-resource/admin/api",
            "/admin/oauth2-server",
        ] {
            let answer = client.get(path).expect(404);
            assert_eq!(answer.error()["title"], "not found http exception", "{path}");
        }
        client.send(Method::OPTIONS, "/admin/api/countries", |request| request).expect(404);
        client.post("/admin/api/countries", &json!({})).expect(404);
    }
    assert_eq!(ask(&off, &admin).expect(401).json()["error"], "invalid_client");
    // The other API is there as ever.
    ask(&off, &storefront).expect(200);
    off.get("/api/countries").expect(401);
    off.get("/api/openapi.json").expect(200);
}

#[test]
fn the_storefront_can_be_off_alone() {
    let here = organization("[api.storefront]\nenabled = false");
    here.client().get("/admin/api/countries?page[size]=1").expect(200);
    here.client().get("/api/countries").expect(404);
    here.server.client().get("/.well-known/oauth-authorization-server/oauth2-server").expect(404);
    let storefront = Organization::new().storefront_user();
    assert_eq!(ask(&here.server.client(), &storefront).expect(401).json()["error"], "invalid_client");
}
