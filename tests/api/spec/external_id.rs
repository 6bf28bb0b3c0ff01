//! Records named by external ids (contract 21), beyond what every resource has in common.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::server::{TestServer, config};
use crate::support::shop::{Shop, line};

fn get(client: &Client, path: &str) -> Answer {
    client.send(Method::GET, path, |request| request.header("X-Integration-Type", "ext_id"))
}

fn ids(answer: &Answer) -> Vec<String> {
    let document = answer.json();
    let records = document["data"].as_array().unwrap();
    records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

// "In the community code the only preset entity is Product -> `sku`."
#[test]
fn products_go_by_their_sku_and_nothing_else_does() {
    let shop = Shop::new();
    let product = shop.product("A-1", &[("item", 0)]);
    let record = get(shop.client(), "/admin/api/products/A-1").expect(200).json()["data"].clone();
    assert_eq!(record["attributes"]["dbId"].to_string(), product);
    assert_eq!(record["attributes"]["sku"], "A-1");
    let links = record["links"]["self"].as_str().unwrap();
    assert!(links.ends_with("/admin/api/products/A-1"), "{links}");
    get(shop.client(), &format!("/admin/api/customers/{}", shop.customer)).expect(200);
    // A SKU is told apart by its letters' case, as everywhere.
    get(shop.client(), "/admin/api/products/a-1").expect(404);
    get(shop.client(), &format!("/admin/api/products/{product}")).expect(404);
}

// "Back-office only." A misspelt value would make a SKU of digits another product's number.
#[test]
fn another_value_of_the_header_is_refused() {
    let organization = Organization::new();
    let answer = organization
        .client()
        .send(Method::GET, "/admin/api/products", |request| request.header("X-Integration-Type", "extid"));
    let error = answer.expect(400).error();
    assert_eq!(error["title"], "invalid header value exception");
    assert_eq!(error["source"]["header"], "X-Integration-Type");
    let user = organization.storefront_user();
    get(&user.client, "/api/countries").expect(200);
}

// Lists are sorted, paged and followed by external ids.
#[test]
fn order_and_pages_follow_the_external_id() {
    let shop = Shop::new();
    for sku in ["B", "D", "A", "C", "E"] {
        shop.product(sku, &[("item", 0)]);
    }
    let all = get(shop.client(), "/admin/api/products?sort=-id").expect(200);
    assert_eq!(ids(&all), ["E", "D", "C", "B", "A"]);
    assert_eq!(ids(&get(shop.client(), "/admin/api/products?filter[id]=B,D,X").expect(200)), ["B", "D"]);
    let mut page = get(shop.client(), "/admin/api/products?page[size]=2&page[after]=").expect(200);
    let mut seen = ids(&page);
    while let Some(next) = page.json()["links"]["next"].as_str() {
        let path = next.split_once("/admin").unwrap().1.to_owned();
        page = get(shop.client(), &format!("/admin{path}")).expect(200);
        seen.extend(ids(&page));
    }
    assert_eq!(seen, ["A", "B", "C", "D", "E"]);
    // A cursor of numbers is none of SKUs.
    let numbers = shop.client().get("/admin/api/products?page[size]=2&page[after]=").expect(200).json();
    let next = numbers["links"]["next"].as_str().unwrap().split_once("/admin").unwrap().1.to_owned();
    get(shop.client(), &format!("/admin{next}")).expect(400);
}

// An order that names its products by SKU.
#[test]
fn an_order_is_placed_by_sku() {
    let shop = Shop::new();
    shop.product("HAMMER 1/2", &[("item", 0)]);
    let body = shop.order(&[line("1", "HAMMER 1/2", &json!(2), "3.5")]);
    let post = |body: &Value| {
        shop.client().send(Method::POST, "/admin/api/orders?include=lineItems", |request| {
            request.header("X-Integration-Type", "ext_id").header("Content-Type", "application/json").json(body)
        })
    };
    let answer = post(&body).expect(201).json();
    assert_eq!(answer["included"][0]["relationships"]["product"]["data"]["id"], "HAMMER 1/2");
    assert_eq!(answer["included"][0]["attributes"]["productSku"], "HAMMER 1/2");
    let wrong = shop.order(&[line("1", "NAIL", &json!(2), "3.5")]);
    let error = post(&wrong).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/included/0/relationships/product/data");
    assert_eq!(error["detail"], "The entity does not exist.");
}

// A list costs the same statements as with numbers, whatever the page; a filter too.
#[test]
fn names_cost_no_statement_a_row() {
    let server = TestServer::lasting(&database::own(), "");
    let shop = Shop::of(Organization::on(server));
    let parts: Vec<Value> = (0..20)
        .map(|n| line(&n.to_string(), &shop.product(&format!("S{n:02}"), &[("item", 0)]), &json!(1), "1"))
        .collect();
    let order = shop.try_order(&parts).expect(201).id();
    let cost = |path: &str| {
        get(shop.client(), path).expect(200);
        let before = server.db.statements();
        get(shop.client(), path).expect(200);
        server.db.statements() - before
    };
    for size in [1, 20] {
        assert_eq!(cost(&format!("/admin/api/orderlineitems?page[size]={size}")), 1, "{size}");
        assert_eq!(cost(&format!("/admin/api/orderlineitems?page[size]={size}&include=product")), 2, "{size}");
        assert_eq!(cost(&format!("/admin/api/orders/{order}/lineItems?page[size]={size}&filter[product]=S03,S04")), 2);
    }
    assert_eq!(cost("/admin/api/products/S07"), 1);
}

// The settings name what cannot be an id.
#[test]
fn settings_that_name_no_unique_text_stop_the_start() {
    let url = database::shared();
    for (given, told) in [
        ("productz.sku", "There is no resource \"productz\"."),
        ("products.status", "It has these: sku."),
        ("productunits.label", "It has these: none."),
        ("customers.name", "It has these: externalId."),
    ] {
        let config = config(&format!("[api]\next_id_resources = [\"{given}\"]"));
        let db = entrepot::db::Db::connect(url, &config.database, 0).unwrap();
        let key = entrepot::auth::secret::ServerKey::parse(crate::support::server::KEY).unwrap();
        let Err(error) = entrepot::app::App::new(config, db, key) else { panic!("{given} was accepted") };
        assert!(error.to_string().contains(told), "{error}");
    }
}
