//! Headers by which browsers protect those who use them.

use reqwest::Method;

use super::tls::Secure;
use crate::support::client::Client;
use crate::support::database;
use crate::support::organization::{Organization, token};
use crate::support::server::TestServer;

const HSTS: &str = "Strict-Transport-Security";

fn hsts(client: &Client, headers: &[(&str, &str)]) -> String {
    let answer = client.send(Method::GET, "/admin/api/nothing-here", |request| {
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    });
    answer.header(HSTS).to_owned()
}

#[test]
fn answers_over_https_ask_for_https() {
    let secure = Secure::start("");
    for path in ["/health/live", "/metrics", "/admin/api/countries", "/admin/api/doc", "/nothing-here", "/oauth2-token"]
    {
        assert_eq!(secure.client().get(path).header(HSTS), "max-age=31536000", "{path}");
        assert_eq!(secure.server.client().get(path).header(HSTS), "", "{path} over plain HTTP");
    }
    assert_eq!(hsts(&Secure::start("hsts_max_age = 60").client(), &[]), "max-age=60");
    assert_eq!(hsts(&Secure::start("hsts_max_age = 0").client(), &[]), "");
}

/// A server behind a trusted proxy that writes that header.
fn proxied(header: &str) -> TestServer {
    let networks = format!("[networks]\ntrusted_proxies = [\"127.0.0.1\"]\nproxy_header = \"{header}\"");
    TestServer::start(database::shared(), &format!("{networks}\n[database]\npool_size = 1"))
}

#[test]
fn a_trusted_proxy_says_whether_its_client_spoke_https() {
    let server = proxied("X-Forwarded-For");
    let client = server.client();
    assert_eq!(hsts(&client, &[("X-Forwarded-Proto", "https")]), "max-age=31536000");
    assert_eq!(hsts(&client, &[("X-Forwarded-Proto", "http, HTTPS")]), "max-age=31536000");
    assert_eq!(hsts(&client, &[("X-Forwarded-Proto", "https, http")]), "", "the nearest proxy's word counts");
    assert_eq!(hsts(&client, &[("Forwarded", "proto=https")]), "", "the other header is not the proxy's");
    let server = proxied("Forwarded");
    let client = server.client();
    assert_eq!(hsts(&client, &[("Forwarded", "for=192.0.2.1; Proto=\"https\"")]), "max-age=31536000");
    assert_eq!(hsts(&client, &[("Forwarded", "for=192.0.2.1;proto=https, for=192.0.2.2")]), "");
    let direct = TestServer::shared().client();
    assert_eq!(hsts(&direct, &[("X-Forwarded-Proto", "https"), ("Forwarded", "proto=https")]), "");
}

#[test]
fn links_follow_what_a_trusted_proxy_says() {
    let (server, organization) = (proxied("X-Forwarded-For"), Organization::new());
    let token = token(&server, &organization.admin.client_id, &organization.admin.client_secret);
    let client = server.client().with_token(&token);
    let link = |proto: &str| {
        let answer = client.send(Method::GET, "/admin/api/organizations", |request| {
            request.header("X-Forwarded-Proto", proto).header("Host", "shop.example")
        });
        answer.expect(200).json()["data"][0]["links"]["self"].clone()
    };
    let path = format!("shop.example/admin/api/organizations/{}", organization.id());
    assert_eq!(link("https"), format!("https://{path}"));
    assert_eq!(link("http"), format!("http://{path}"));
}

#[test]
fn every_answer_forbids_guessing_its_type_and_telling_its_address() {
    let client = TestServer::shared().client();
    for path in ["/health/live", "/metrics", "/admin/api/countries", "/admin/api/doc", "/admin/api/openapi.json", "/no"]
    {
        let answer = client.get(path);
        assert_eq!(answer.header("X-Content-Type-Options"), "nosniff", "{path}");
        assert_eq!(answer.header("Referrer-Policy"), "no-referrer", "{path}");
    }
}

#[test]
fn pages_are_shown_in_no_other_page_and_load_nothing_from_elsewhere() {
    let client = TestServer::shared().client();
    for path in ["/admin/api/doc", "/api/doc", "/admin/api/doc/index.html"] {
        let answer = client.get(path).expect(200);
        let policy = answer.header("Content-Security-Policy");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'self'"), "{path}: {policy}");
    }
}
