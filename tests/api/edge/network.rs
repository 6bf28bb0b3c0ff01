//! Allowed networks, of an API and of a client, and the caller's address behind a proxy.

use entrepot::auth::clients::{Grant, NewClient, create};
use entrepot::auth::secret::ServerKey;
use entrepot::auth::subject::Subject;
use entrepot::network::Networks;
use reqwest::Method;

use super::{organization, server};
use crate::support::client::{Answer, Client};
use crate::support::organization::{Organization, token};
use crate::support::server::KEY;

const PROBE: &str = "/admin/api/countries?page[size]=1";

#[track_caller]
fn refused(answer: Answer) {
    let error = answer.expect(403).error();
    assert_eq!(
        (error["title"].as_str(), error["code"].as_str()),
        (Some("access denied exception"), Some("access-denied"))
    );
}

fn get(client: &Client, headers: &[(&str, &str)]) -> Answer {
    client.send(Method::GET, PROBE, |request| {
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    })
}

/// A client of the administrator that may call from those networks only.
fn restricted(organization: &Organization, networks: &[&str]) -> (String, String) {
    let key = ServerKey::parse(KEY).unwrap();
    let made = organization.write(|conn| {
        let client = NewClient {
            id: None,
            name: "At home",
            organization: organization.id(),
            grant: Grant::ClientCredentials,
            api: entrepot::auth::Api::Admin,
            owner: Some(Subject::User(organization.admin.id)),
            secret: None,
            public: false,
            networks: Networks::read(networks.iter().copied()).unwrap(),
        };
        create(conn, &key, &client)
    });
    (made.id, made.secret.unwrap())
}

fn ask(client: &Client, (id, secret): &(String, String), from: &str) -> Answer {
    let body = serde_json::json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret});
    client.send(Method::POST, "/oauth2-token", |request| request.header("X-Forwarded-For", from).json(&body))
}

/// "Checked before credentials for the global list": a caller without any is refused with 403, not 401.
#[test]
fn an_api_can_be_kept_to_its_networks() {
    let anonymous = server("[networks]\nadmin = [\"192.0.2.0/24\"]\ntrusted_proxies = [\"127.0.0.1\"]").client();
    for path in ["/admin/api/countries", "/admin/api/openapi.json", "/admin/api/doc", "/%61dmin/api/countries"] {
        refused(anonymous.get(path));
    }
    refused(anonymous.send(Method::OPTIONS, "/admin/api/countries", |request| request));
    assert_eq!(get(&anonymous, &[("X-Forwarded-For", "192.0.2.1")]).status, 401);
    anonymous.get("/api/countries").expect(401);
    anonymous.get("/health/live").expect(200);
}

/// A client's token request meets the list of the client's API too.
#[test]
fn tokens_are_given_only_where_they_may_be_used() {
    let server = server("[networks]\nadmin = [\"192.0.2.0/24\"]\ntrusted_proxies = [\"127.0.0.0/8\"]");
    let organization = Organization::new();
    let client = (organization.admin.client_id.clone(), organization.admin.client_secret.clone());
    refused(ask(&server.client(), &client, "198.51.100.1"));
    ask(&server.client(), &client, "192.0.2.1").expect(200);
    let storefront = organization.storefront_user();
    ask(&server.client(), &(storefront.client_id, storefront.client_secret), "198.51.100.1").expect(200);
}

/// "right after [credentials] for the client's", also with a token that was had elsewhere.
#[test]
fn a_client_can_be_kept_to_its_networks() {
    let organization = organization("[networks]\ntrusted_proxies = [\"127.0.0.1\"]");
    let home = restricted(&organization, &["192.0.2.0/24", "2001:db8::/32"]);
    let anonymous = organization.server.client();
    refused(ask(&anonymous, &home, "198.51.100.1"));
    assert_eq!(ask(&anonymous, &(home.0.clone(), "wrong".to_owned()), "198.51.100.1").status, 401);
    let answer = ask(&anonymous, &home, "192.0.2.1").expect(200);
    let client = anonymous.with_token(answer.json()["access_token"].as_str().unwrap());
    for from in ["192.0.2.200", "::ffff:192.0.2.200", "2001:db8:1::7", "192.0.2.200:4711", "198.51.100.1, 192.0.2.9"] {
        assert_eq!(get(&client, &[("X-Forwarded-For", from)]).status, 200, "{from}");
    }
    for from in
        ["198.51.100.1", "::ffff:198.51.100.1", "2001:db9::1", "192.0.2.1, 198.51.100.1", "unknown", "192.0.2.1.5"]
    {
        refused(get(&client, &[("X-Forwarded-For", from)]));
    }
    // Other headers that tell addresses are not those of the proxy.
    for name in ["Forwarded", "X-Real-IP", "True-Client-IP", "X-Client-IP", "X-Cluster-Client-IP"] {
        let value = if name == "Forwarded" { "for=192.0.2.1" } else { "192.0.2.1" };
        refused(get(&client, &[(name, value)]));
    }
    // A second header continues the first.
    refused(get(&client, &[("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", "198.51.100.1")]));
}

/// Only a trusted proxy is believed.
#[test]
fn without_a_trusted_proxy_the_header_is_nothing() {
    let organization = organization("[networks]\ntrusted_proxies = [\"192.0.2.1\"]");
    let away = restricted(&organization, &["198.51.100.0/24"]);
    refused(ask(&organization.server.client(), &away, "198.51.100.1"));
    let here = restricted(&organization, &["::ffff:127.0.0.0/104"]);
    let client = organization.server.client().with_token(&token(organization.server, &here.0, &here.1));
    assert_eq!(get(&client, &[("X-Forwarded-For", "198.51.100.1")]).status, 200);
}

/// The brake on guessing passwords counts callers, not the proxy that they share.
#[test]
fn guessing_is_slowed_by_the_callers_address() {
    let organization = organization("[networks]\ntrusted_proxies = [\"127.0.0.1\"]\nproxy_header = \"Forwarded\"");
    let key = ServerKey::parse(KEY).unwrap();
    let made = organization.write(|conn| {
        let client = NewClient {
            id: None,
            name: "Login",
            organization: organization.id(),
            grant: Grant::Password,
            api: entrepot::auth::Api::Admin,
            owner: None,
            secret: None,
            public: false,
            networks: Networks::default(),
        };
        create(conn, &key, &client)
    });
    let guess = |from: &str| {
        let body = serde_json::json!({
            "grant_type": "password", "client_id": made.id, "client_secret": made.secret,
            "username": organization.admin.username, "password": "wrong password",
        });
        let client = organization.server.client();
        client.send(Method::POST, "/oauth2-token", |request| request.header("Forwarded", from).json(&body)).status
    };
    let statuses: Vec<u16> = (0..6).map(|_| guess("for=198.51.100.1")).collect();
    assert_eq!(statuses, [400, 400, 400, 400, 400, 429]);
    assert_eq!(guess("for=\"[2001:db8::1]:80\""), 400);
}
