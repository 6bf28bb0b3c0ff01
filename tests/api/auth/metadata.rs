//! What programs are told of the ways in (RFC 8414, RFC 9728).

use reqwest::Method;
use serde_json::json;

use crate::support::database;
use crate::support::organization::Organization;
use crate::support::server::TestServer;

/// RFC 8414: "The `issuer` value returned MUST be identical to the authorization server's issuer identifier value into
/// which the well-known URI string was inserted".
#[test]
fn each_issuer_leads_to_its_own_document() {
    let server = TestServer::shared();
    let origin = format!("http://{}", server.address);
    for (issuer, prefix) in [("/oauth2-server", ""), ("/admin/oauth2-server", "/admin")] {
        let answer = server.client().get(&format!("/.well-known/oauth-authorization-server{issuer}")).expect(200);
        assert_eq!(answer.header("content-type"), "application/json");
        let document = answer.json();
        assert_eq!(document["issuer"], format!("{origin}{issuer}"));
        for (name, path) in [
            ("token_endpoint", "/oauth2-token"),
            ("revocation_endpoint", "/oauth2-token/revoke"),
            ("introspection_endpoint", "/oauth2-token/introspect"),
        ] {
            assert_eq!(document[name], format!("{origin}{prefix}{path}"));
            // Each is there: it refuses a request that says nothing.
            server.client().post(&format!("{prefix}{path}"), &json!({})).expect(400);
        }
        assert_eq!(document["jwks_uri"], format!("{origin}/.well-known/jwks.json"));
        assert_eq!(server.client().get(issuer).expect(200).json(), document, "at the issuer itself");
    }
    let bare = server.client().get("/.well-known/oauth-authorization-server").expect(200).json();
    assert_eq!(bare["issuer"], format!("{origin}/oauth2-server"));
    server.client().get("/.well-known/oauth-authorization-server/elsewhere").expect(404);
}

/// RFC 9728: "The `resource` value returned MUST be identical to the protected resource's resource identifier value into
/// which the well-known URI path suffix was inserted".
#[test]
fn each_api_names_its_authorization_server() {
    let server = TestServer::shared();
    let origin = format!("http://{}", server.address);
    for (root, issuer) in [("/admin/api", "/admin/oauth2-server"), ("/api", "/oauth2-server")] {
        let document = server.client().get(&format!("/.well-known/oauth-protected-resource{root}")).expect(200).json();
        assert_eq!(document["resource"], format!("{origin}{root}"));
        assert_eq!(document["authorization_servers"], json!([format!("{origin}{issuer}")]));
        assert_eq!(document["bearer_methods_supported"], json!(["header"]));
    }
    server.client().get("/.well-known/oauth-protected-resource/elsewhere").expect(404);
    for path in ["/.well-known/oauth-protected-resource/api", "/oauth2-server", "/.well-known/jwks.json"] {
        let answer = server.client().send(reqwest::Method::TRACE, path, |request| request);
        assert_eq!(answer.expect(405).header("allow"), "OPTIONS, GET", "{path}");
        server.client().send(reqwest::Method::HEAD, path, |request| request).expect(200);
    }
}

#[test]
fn the_public_url_is_the_one_that_counts() {
    let settings = "[http]\npublic_url = \"https://shop.example\"\nadmin_root = \"/office/api\"";
    let server = TestServer::start(database::shared(), settings);
    let document =
        server.client().get("/.well-known/oauth-authorization-server/office/oauth2-server").expect(200).json();
    assert_eq!(document["issuer"], "https://shop.example/office/oauth2-server");
    assert_eq!(document["token_endpoint"], "https://shop.example/office/oauth2-token");
    server.client().get("/.well-known/oauth-authorization-server/admin/oauth2-server").expect(404);
}

/// A program on a page of another origin may look where to go.
#[test]
fn pages_of_listed_origins_may_read_them() {
    let server = TestServer::start(database::shared(), "[cors.token]\nallow_origins = [\"https://page.example\"]");
    for path in ["/oauth2-server", "/admin/oauth2-server", "/.well-known/oauth-protected-resource/api"] {
        let answer = server
            .client()
            .send(reqwest::Method::GET, path, |request| request.header("Origin", "https://page.example"));
        assert_eq!(answer.expect(200).header("access-control-allow-origin"), "https://page.example", "{path}");
    }
}

/// Nothing of the server's inside is told: no client, no organization.
#[test]
fn the_documents_are_the_same_for_all() {
    let organization = Organization::new();
    let path = "/.well-known/oauth-authorization-server/admin/oauth2-server";
    let anyone = organization.server.client().get(path).expect(200);
    assert_eq!(anyone.text, organization.client().get(path).expect(200).text);
    assert_eq!(anyone.header("cache-control"), "public, max-age=60");
}

/// RFC 9728, section 5.1: "a parameter in the `WWW-Authenticate` HTTP response header field indicates the URL of the protected
/// resource metadata": of the API that was called, and it is there.
#[test]
fn a_refusal_tells_where_its_api_is_described() {
    let server = TestServer::shared();
    let origin = format!("http://{}", server.address);
    for (root, authorization) in [("/admin/api", None), ("/api", None), ("/api", Some("Bearer nonsense"))] {
        let answer = server.client().send(Method::GET, &format!("{root}/countries"), |request| match authorization {
            Some(value) => request.header("Authorization", value),
            None => request,
        });
        let challenge = answer.expect(401).header("www-authenticate").to_owned();
        let url = format!("{origin}/.well-known/oauth-protected-resource{root}");
        assert_eq!(challenge, format!("Bearer realm=\"entrepot\", resource_metadata=\"{url}\""));
        let document = server.client().get(url.strip_prefix(&origin).unwrap()).expect(200).json();
        assert_eq!(document["resource"], format!("{origin}{root}"));
    }
    // Who tries an older scheme is told of that one.
    let wsse = server.client().send(Method::GET, "/admin/api/countries", |request| {
        request.header("Authorization", "WSSE profile=\"UsernameToken\"")
    });
    assert_eq!(wsse.expect(401).header("www-authenticate"), "WSSE realm=\"entrepot\", profile=\"UsernameToken\"");
}
