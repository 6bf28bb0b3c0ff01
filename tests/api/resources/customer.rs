//! Customers: the tree of parents, addresses, users and roles.

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::shop::{Shop, many, one};

fn address(attributes: &Value, country: &str, region: Option<&str>) -> Value {
    let mut relationships = json!({"country": one("countries", country)});
    if let Some(region) = region {
        relationships["region"] = one("regions", region);
    }
    let mut all = json!({"street": "1 Main Street", "city": "Albany", "postalCode": "12207", "organization": "Atlas"});
    for (name, value) in attributes.as_object().unwrap() {
        all[name] = value.clone();
    }
    json!({"type": "customeraddresses", "id": "address", "attributes": all, "relationships": relationships})
}

fn post_address(shop: &Shop, mut address: Value) -> Answer {
    address["relationships"]["customer"] = one("customers", &shop.customer);
    shop.try_create("customeraddresses", &address["attributes"], &address["relationships"])
}

#[test]
fn a_customer_is_never_above_itself() {
    let shop = Shop::new();
    let parent = shop.create("customers", &json!({"name": "Parent"}), &json!({}));
    let relationships = json!({"parent": one("customers", &parent)});
    let child = shop.create("customers", &json!({"name": "Child"}), &relationships);
    let patch = |id: &str, relationships: Value| {
        let body = json!({"data": {"type": "customers", "id": id, "relationships": relationships}});
        shop.client().patch(&format!("/admin/api/customers/{id}"), &body)
    };
    let error = patch(&parent, json!({"parent": one("customers", &child)})).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/data/relationships/parent/data");
    patch(&parent, json!({"parent": one("customers", &parent)})).expect(400);
    patch(&child, json!({"children": many("customers", &[&parent])})).expect(400);
    patch(&child, json!({"parent": one("customers", &shop.customer)})).expect(200);
}

#[test]
fn one_address_is_the_default_for_a_type() {
    let shop = Shop::new();
    let billing =
        json!({"types": [{"addressType": "billing", "default": true}, {"addressType": "shipping"}], "primary": true});
    let first = post_address(&shop, address(&billing, "US", Some("US-NY"))).expect(201);
    let types = &first.json()["data"]["attributes"]["types"];
    assert_eq!(
        *types,
        json!([{"default": true, "addressType": "billing"}, {"default": false, "addressType": "shipping"}])
    );
    let second = post_address(&shop, address(&billing, "DE", None)).expect(201);
    let first = shop.attributes("customeraddresses", &first.id());
    assert_eq!(first["types"][0], json!({"default": false, "addressType": "billing"}));
    assert_eq!(first["primary"], false);
    assert_eq!(shop.attributes("customeraddresses", &second.id())["primary"], true);

    let found = |query: &str| {
        let list = shop.client().get(&format!("/admin/api/customeraddresses?{query}")).expect(200).json();
        list["data"].as_array().unwrap().len()
    };
    assert_eq!(found("filter[addressType]=billing"), 2);
    assert_eq!(found("filter[addressType]=billing&filter[country]=DE,FR"), 1);
}

#[test]
fn an_address_says_what_is_wrong_with_it() {
    let shop = Shop::new();
    let wrong = address(&json!({"organization": null, "types": [{"addressType": "home"}]}), "DE", Some("US-NY"));
    let answer = post_address(&shop, wrong).expect(400).json();
    let seen: Vec<[&str; 2]> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| [error["title"].as_str().unwrap(), error["source"]["pointer"].as_str().unwrap()])
        .collect();
    let named = "name or organization constraint";
    for expected in [
        [named, "/data/attributes/organization"],
        [named, "/data/attributes/firstName"],
        [named, "/data/attributes/lastName"],
        ["form constraint", "/data/relationships/region/data"],
        ["choice constraint", "/data/attributes/types/0/addressType"],
    ] {
        assert!(seen.contains(&expected), "{expected:?} in {seen:?}");
    }
}

#[test]
fn a_customer_brings_its_addresses_and_takes_them_along() {
    let shop = Shop::new();
    let body = json!({
        "data": {
            "type": "customers",
            "meta": {"upsert": ["externalId"]},
            "attributes": {"name": "Orion", "externalId": "ORION"},
            "relationships": {"addresses": many("customeraddresses", &["address"])},
        },
        "included": [address(&json!({}), "US", Some("US-NY"))],
    });
    let customer = shop.client().post("/admin/api/customers?include=addresses", &body).expect(201);
    let address = customer.json()["included"][0]["id"].as_str().unwrap().to_owned();
    shop.client().delete(&format!("/admin/api/customers/{}", customer.id())).expect(204);
    shop.client().get(&format!("/admin/api/customeraddresses/{address}")).expect(404);
}

#[test]
fn a_group_in_use_is_not_deleted() {
    let shop = Shop::new();
    let group = shop.create("customergroups", &json!({"name": "Retail"}), &json!({}));
    shop.create("customers", &json!({"name": "Orion"}), &json!({"group": one("customergroups", &group)}));
    let error = shop.client().delete(&format!("/admin/api/customergroups/{group}")).expect(403).error();
    assert!(error["detail"].as_str().unwrap().contains("still used by customer"), "{error}");
    let again = shop.try_create("customergroups", &json!({"name": "Retail"}), &json!({})).expect(400).error();
    assert_eq!(again["title"], "unique entity constraint");
    assert_eq!(again["source"]["pointer"], "/data/attributes/name");
}

#[test]
fn a_customer_user_has_a_role_and_never_shows_a_password() {
    let shop = Shop::new();
    let roles = shop.client().get("/admin/api/customeruserroles?filter[role]=ROLE_FRONTEND_BUYER").expect(200).json();
    let buyer = roles["data"][0]["id"].as_str().unwrap();
    let post = |email: &str, roles: &[&str]| {
        let attributes = json!({"email": email, "firstName": "Ada", "lastName": "King", "password": "a long secret"});
        let relationships =
            json!({"customer": one("customers", &shop.customer), "userRoles": many("customeruserroles", roles)});
        shop.try_create("customerusers", &attributes, &relationships)
    };
    let user = post("ada@example.org", &[buyer]).expect(201);
    let attributes = user.json()["data"]["attributes"].clone();
    assert!(attributes.get("password").is_none());
    assert_ne!(attributes["passwordChangedAt"], Value::Null);
    assert!(!user.text.contains("argon2") && !user.text.contains("a long secret"));

    let error = post("ADA@example.org", &[buyer]).expect(400).error();
    assert_eq!(error["title"], "unique entity constraint", "letter case does not make another address");
    let error = post("eve@example.org", &[]).expect(400).error();
    assert_eq!(error["source"]["pointer"], "/data/relationships/userRoles/data");
}

#[test]
fn a_role_gets_its_name_from_its_label() {
    let shop = Shop::new();
    let made = |kind: &str, label: &str| {
        let id = shop.create(kind, &json!({"label": label}), &json!({}));
        shop.attributes(kind, &id)["role"].as_str().unwrap().to_owned()
    };
    assert_eq!(made("customeruserroles", "Big buyer"), "ROLE_FRONTEND_BIG_BUYER");
    assert_eq!(made("customeruserroles", "Big buyer"), "ROLE_FRONTEND_BIG_BUYER_2");
    assert_eq!(made("userroles", "Sales (EU)"), "ROLE_SALES_EU");
}
