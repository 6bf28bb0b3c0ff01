//! The shape of documents (contract 11) and the wire forms of values (contract 22).

use serde_json::{Value, json};

use crate::support::organization::Organization;
use crate::support::rows::{customers, execute, insert};

// Every document says its version; ids are strings; an empty to-one is null, an empty to-many an empty list.
#[test]
fn shape() {
    let organization = Organization::new();
    let id = customers(&organization, &["A"])[0];
    let answer = organization.client().get(&format!("/admin/api/customers/{id}")).expect(200);
    assert_eq!(answer.header("Content-Type"), "application/vnd.api+json");
    let document = answer.json();
    assert_eq!(document["jsonapi"], json!({"version": "1.1"}));
    let data = document["data"].as_object().unwrap();
    let members: Vec<&str> = data.keys().map(String::as_str).collect();
    assert_eq!(members, ["type", "id", "links", "attributes", "relationships"]);
    assert_eq!(data["id"], id.to_string());
    assert_eq!(data["relationships"]["group"]["data"], Value::Null);
    assert_eq!(data["relationships"]["children"]["data"], json!([]));
    let owned = &data["relationships"]["organization"]["data"];
    assert_eq!(*owned, json!({"type": "organizations", "id": organization.id().to_string()}));
}

// Money has exactly four decimals, in a string; times are UTC to the second; dates are days; floats are plain numbers.
#[test]
fn values() {
    let organization = Organization::new();
    let customer = customers(&organization, &["C"])[0];
    let user = organization.admin.id;
    let id = insert(
        &organization,
        &format!(
            "INSERT INTO sales_order (organization_id, identifier, currency, customer_id, owner_id, created_by_id,
             internal_status_id, ship_until, created_at, total_value, discount, customer_notes)
             VALUES ($1, 'values', 'EUR', {customer}, {user}, {user}, 'open', '2021-02-03',
             '2020-05-31T12:00:00.9+02:00', 12.3, 1.50, E'a\"b\\\\c\\n\u{1}é')"
        ),
    )[0];
    let document = organization.client().get(&format!("/admin/api/orders/{id}")).expect(200).json();
    let attributes = &document["data"]["attributes"];
    assert_eq!(attributes["totalValue"], "12.3000");
    assert_eq!(attributes["createdAt"], "2020-05-31T10:00:00Z");
    assert_eq!(attributes["shipUntil"], "2021-02-03");
    assert_eq!(attributes["discount"], json!(1.5));
    assert_eq!(attributes["currency"], "EUR");
    assert_eq!(attributes["external"], json!(false));
    assert_eq!(attributes["poNumber"], Value::Null);
    assert_eq!(attributes["customerNotes"], "a\"b\\c\n\u{1}é");
    assert_eq!(document["data"]["relationships"]["internalStatus"]["data"]["id"], "open");
}

// Lists of objects and other JSON come as stored.
#[test]
fn json_columns() {
    let organization = Organization::new();
    let customer = customers(&organization, &["C"])[0];
    execute(
        &organization,
        &format!(
            "INSERT INTO customer_address (organization_id, customer_id, street, city, postal_code, country_code, types)
             VALUES ($1, {customer}, 's', 'X', '1', 'DE', '[{{\"default\": true, \"addressType\": \"billing\"}}]')"
        ),
    );
    let document = organization.client().get("/admin/api/customeraddresses").expect(200).json();
    let types = &document["data"][0]["attributes"]["types"];
    assert_eq!(*types, json!([{"default": true, "addressType": "billing"}]));
}

// What is written and never shown is not among the attributes.
#[test]
fn secrets_are_not_shown() {
    let organization = Organization::new();
    let document = organization.client().get(&format!("/admin/api/users/{}", organization.admin.id)).expect(200);
    assert!(!document.text.contains("password\""), "{}", document.text);
    assert!(!document.text.contains("argon2"), "{}", document.text);
}
