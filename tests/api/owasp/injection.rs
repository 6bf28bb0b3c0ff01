//! API8, once more: SQL in every place of every route of both APIs where text is taken, and where people log in.

use entrepot::engine::query::filter;
use entrepot::engine::resource::Resource;
use entrepot::{resources, storefront};
use reqwest::Method;
use serde_json::Value;

use super::survived;
use crate::support::client::Client;
use crate::support::organization::{Organization, PASSWORD};

const TEXTS: [&str; 5] =
    ["' OR '1'='1", "'; DROP TABLE customer; --", "1) UNION SELECT 1 --", "$1", "a' || pg_sleep(9) || '"];

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Every place of a resource's routes that takes text, with the text in it.
fn places(root: &str, resource: &'static Resource, text: &str) -> Vec<String> {
    let path = format!("{root}/{}", resource.name);
    let mut places = Vec::new();
    if resource.actions.list {
        let needed: String = resource.mandatory_filters.iter().map(|name| format!("&filter[{name}]=1")).collect();
        for name in filter::names(resource) {
            places.push(format!("{path}?filter[{name}]={text}{needed}"));
            places.push(format!("{path}?filter[{name}][{text}]=1{needed}"));
        }
        for parameter in
            ["sort", "include", "meta", "page[size]", "page[number]", "page[after]", "page[before]", "filter", "fields"]
        {
            places.push(format!("{path}?{parameter}={text}{needed}"));
        }
        places.push(format!("{path}?fields[{}]={text}{needed}", resource.name));
        places.push(format!("{path}?fields[{text}]=id{needed}"));
        places.push(format!("{path}?filter[{text}]=1{needed}"));
        places.push(format!("{path}?{text}=1{needed}"));
    }
    if resource.actions.get {
        places.push(format!("{path}/{text}"));
        for relation in resource.visible_relations().filter(|relation| relation.routes) {
            places.push(format!("{path}/{text}/{}", relation.name));
            places.push(format!("{path}/{text}/relationships/{}", relation.name));
        }
        places.push(format!("{path}/1/{text}"));
    }
    places
}

fn attack(client: &Client, root: &str, all: &[&'static Resource]) -> usize {
    let mut sent = 0;
    for resource in all {
        let count = places(root, resource, "x").len();
        for place in 0..count {
            let text = encoded(TEXTS[sent % TEXTS.len()]);
            let path = &places(root, resource, &text)[place];
            let began = std::time::Instant::now();
            survived(&client.get(path), path);
            assert!(began.elapsed().as_secs() < 9, "{path} slept");
            sent += 1;
        }
    }
    sent
}

/// Text is text wherever it stands: nothing is found by it that was not asked for, nothing is run, nothing is a fault.
#[test]
fn sql_in_every_parameter_of_every_route() {
    let organization = Organization::new();
    let buyer = organization.storefront_user().client;
    let sent = attack(organization.client(), "/admin/api", resources::ALL) + attack(&buyer, "/api", storefront::ALL);
    assert!(sent > 2000, "{sent}");
    organization.client().get("/admin/api/customers").expect(200);
}

/// The storefront's headers reach the statements that work out texts and prices.
#[test]
fn sql_in_headers_of_the_storefront() {
    let organization = Organization::new();
    let buyer = organization.storefront_user().client;
    for text in TEXTS {
        for header in ["X-Localization-ID", "X-Currency", "X-Include", "X-Request-ID", "If-None-Match", "Accept"] {
            for path in ["/api/products", "/api/customers/mine", "/api/mastercatalogcategories"] {
                let answer = buyer.send(Method::GET, path, |request| request.header(header, text));
                survived(&answer, &format!("{header}: {text}"));
            }
        }
    }
}

/// What clients and people log in with is compared, never run, and what is wrong is refused as ever.
#[test]
fn sql_in_credentials() {
    let organization = Organization::new();
    let admin = &organization.admin;
    let nobody = organization.server.client();
    for text in TEXTS {
        let good = [
            ("grant_type", "password"),
            ("client_id", admin.client_id.as_str()),
            ("client_secret", admin.client_secret.as_str()),
            ("username", admin.username.as_str()),
            ("password", PASSWORD),
            ("refresh_token", "x"),
            ("code", "x"),
            ("code_verifier", "x"),
            ("redirect_uri", "https://example.org/"),
            ("scope", "x"),
            ("token", "x"),
        ];
        for endpoint in ["", "/revoke", "/introspect"] {
            for (name, _) in good {
                for grant in ["password", "refresh_token", "authorization_code", "client_credentials"] {
                    let mut form: Vec<(&str, &str)> = good.to_vec();
                    form[0].1 = grant;
                    form.iter_mut().filter(|(key, _)| *key == name).for_each(|pair| pair.1 = text);
                    let pairs: Vec<String> =
                        form.iter().map(|(key, value)| format!("{key}={}", encoded(value))).collect();
                    let (path, body) = (format!("/oauth2-token{endpoint}"), pairs.join("&"));
                    let answer = nobody.send(Method::POST, &path, |request| {
                        request.header("Content-Type", "application/x-www-form-urlencoded").body(body)
                    });
                    assert!([200, 400, 401, 404, 429].contains(&answer.status), "{path} {name}: {}", answer.text);
                    let given = serde_json::from_str::<Value>(&answer.text).unwrap_or_default();
                    let by_itself = ["client_credentials"].contains(&grant)
                        && !["grant_type", "client_id", "client_secret"].contains(&name);
                    assert!(by_itself || given.get("access_token").is_none(), "{name}: {text}");
                }
            }
        }
    }
}
