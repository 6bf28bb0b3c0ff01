//! The demonstration's data, and the example that runs on it.

use std::process::{Command, Output};

use entrepot::auth::demo::{DemoSecrets, ensure_demo_access};
use entrepot::auth::password::Cost;
use entrepot::auth::secret::ServerKey;
use entrepot::error::Error;
use entrepot::resources;
use serde_json::Value;

use crate::support::client::Client;
use crate::support::organization::token;
use crate::support::server::{KEY, TestServer};
use crate::support::{database, organization};

const SECRET: &str = "the-secret-of-the-demonstrations-clients";

/// A server with the demonstration on a database of its own.
fn server(with_data: bool) -> TestServer {
    let server = TestServer::start(&database::own(), "[queue]\nworkers = 2");
    for first in [true, false] {
        let loaded = load(&server, with_data);
        assert_eq!(loaded, first && with_data, "a second load changes nothing");
    }
    server
}

fn load(server: &TestServer, with_data: bool) -> bool {
    let key = ServerKey::parse(KEY).unwrap();
    let cost = Cost { memory_kib: 64, iterations: 1 };
    let secrets = DemoSecrets {
        admin_password: organization::PASSWORD,
        buyer_password: organization::PASSWORD,
        client_secret: SECRET,
    };
    let work = |conn: &mut diesel::PgConnection| -> Result<bool, Error> {
        let access = ensure_demo_access(conn, &key, cost, secrets)?;
        if !with_data {
            return Ok(false);
        }
        Ok(entrepot::demo::data::load(conn, access).unwrap())
    };
    server.db.transaction_now(work).unwrap()
}

fn administrator(server: &TestServer) -> Client {
    let body = serde_json::json!({
        "grant_type": "password", "client_id": "demo-password", "client_secret": SECRET,
        "username": "admin", "password": organization::PASSWORD,
    });
    let answer = server.client().send(reqwest::Method::POST, "/oauth2-token", |request| request.json(&body));
    server.client().with_token(answer.expect(200).json()["access_token"].as_str().unwrap())
}

#[test]
fn every_resource_has_a_record() {
    let server = server(true);
    let client = administrator(&server);
    let first = |path: &str| {
        let list = client.get(path).expect(200).json();
        list["data"][0]["id"].as_str().unwrap_or_else(|| panic!("{path} is empty")).to_owned()
    };
    let list = first("/admin/api/pricelists");
    let order = first("/admin/api/orders");
    let customer = first("/admin/api/customers");
    let website = first("/admin/api/websites");
    let product = first("/admin/api/products");
    for resource in resources::ALL.iter().filter(|resource| resource.actions.list && !resource.singleton) {
        // It sends nothing to anybody.
        if ["webhooks", "webhookdeliveries"].contains(&resource.name) {
            continue;
        }
        let filters = resource.mandatory_filters.iter().map(|name| {
            let id = match *name {
                "priceList" => &list,
                "order" => &order,
                "customer" => &customer,
                "website" => &website,
                "product" => &product,
                other => panic!("{} needs filter[{other}]", resource.name),
            };
            format!("filter[{name}]={id}")
        });
        let filter: Vec<String> = filters.collect();
        first(&format!("/admin/api/{}?{}", resource.name, filter.join("&")));
    }
    let kit = client.get("/admin/api/orders?filter[identifier]=demo-8").expect(200).json();
    assert_eq!(kit["data"][0]["attributes"]["subtotalValue"], "389.6000", "6 x (15 + 18.60 + 24.50) + 10 x 4.10");
    assert_eq!(kit["data"][0]["attributes"]["totalValue"], "413.4000", "and 12.50 of shipping and 2.9 % of tax");
}

#[test]
fn an_erps_day_runs_twice_and_nothing_doubles() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: examples/erp-day needs python3, which is not installed here");
        return;
    }
    let server = server(false);
    let first = day(&server);
    assert!(first.contains("20 products are new, 0 were there already"), "{first}");
    assert!(first.contains("0 are new, 20 updated; the catalogue holds 20 of them"), "{first}");
    let told = |day: &str, line: &str| day.matches(line).count();
    assert_eq!(told(&first, "20 are new, 0 were there already"), 1, "prices: {first}");
    assert_eq!(told(&first, "0 are new, 20 were there already"), 1, "stock: {first}");
    assert!(first.contains("The list holds 20 prices."), "{first}");
    assert!(first.contains("2 orders changed"), "{first}");
    assert!(first.contains("403: "), "the forbidden push: {first}");
    assert!(first.contains("400: "), "the wrong price: {first}");
    let second = day(&server);
    assert!(second.contains("0 products are new, 20 were there already"), "{second}");
    assert_eq!(told(&second, "0 are new, 20 were there already"), 2, "prices and stock: {second}");
    assert!(second.contains("was placed on an earlier run"), "{second}");

    let erp = server.client().with_token(&token(&server, "demo-erp", SECRET));
    for (kind, expected) in [("products", 20), ("customers", 3), ("customeraddresses", 3), ("orders", 2)] {
        let list = erp.get(&format!("/admin/api/{kind}?page[size]=-1")).expect(200).json();
        assert_eq!(list["data"].as_array().map(Vec::len), Some(expected), "{kind}");
    }
    let orders = erp.get("/admin/api/orders?include=shippingTrackings").expect(200).json();
    for order in orders["data"].as_array().unwrap() {
        let linked = |name: &str| order["relationships"][name]["data"]["id"].clone();
        assert_eq!([linked("status"), linked("shippingStatus")], [Value::from("shipped"), Value::from("shipped")]);
    }
}

fn day(server: &TestServer) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/erp-day/erp_day.py");
    let Output { status, stdout, stderr } = Command::new("python3")
        .args(["-B", script])
        .env("ENTREPOT_URL", format!("http://{}", server.address))
        .env("ENTREPOT_DEMO_SECRET", SECRET)
        .output()
        .unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{told}");
    told
}

/// The storefront shows something in each language: every product and category of the demonstration has a German name.
#[test]
fn the_catalogue_has_german_names() {
    let server = server(true);
    let client = administrator(&server);
    let list = |path: &str| client.get(path).expect(200).json()["data"].as_array().unwrap().clone();
    let localizations = list("/admin/api/localizations?page[size]=-1");
    let german = localizations.iter().find(|item| item["attributes"]["formattingCode"] == "de_DE").unwrap();
    let german = german["id"].as_str().unwrap();
    let names = list(&format!("/admin/api/productnames?page[size]=-1&filter[localization]={german}"));
    assert_eq!(names.len(), list("/admin/api/products?page[size]=-1&fields[products]=sku").len());
    let texts: Vec<&str> = names.iter().map(|name| name["attributes"]["string"].as_str().unwrap()).collect();
    assert!(texts.contains(&"Klauenhammer 450 g") && !texts.contains(&"Claw hammer 450 g"), "{texts:?}");
    let titles = list(&format!("/admin/api/categorytitles?page[size]=-1&filter[localization]={german}"));
    // The root has no name but its own.
    assert_eq!(titles.len() + 1, list("/admin/api/categories?page[size]=-1").len());
}
