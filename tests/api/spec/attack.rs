//! Values that no column takes, wherever a value may stand: each is answered with a documented status, and never with a
//! fault of the server.

use reqwest::Method;
use serde_json::{Value, json};

use crate::owasp::{raw, survived, with_attribute};
use crate::support::organization::Organization;
use crate::support::shop::{Shop, one};

#[test]
fn bodies_that_are_no_json() {
    let organization = Organization::new();
    let bodies: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"\"",
        b"nul",
        b"{\"data\":",
        b"{\"data\":{}}}",
        b"\xff\xfe",
        b"{\"data\": \"\xc3\x28\"}",
        b"\0",
        b"{'data': 1}",
        b"{\"a\":1,}",
        b"\xef\xbb\xbf{\"data\":{}}",
        b"1e999999999",
        b"-",
        b"{\"data\":\"\\ud800\"}",
        b"{\"data\":{\"type\":\"customers\",\"attributes\":{\"name\":\"\\udc00\"}}}",
    ];
    for body in bodies {
        for (method, path) in [
            (Method::POST, "/admin/api/customers"),
            (Method::PATCH, "/admin/api/customers/1"),
            (Method::PATCH, "/admin/api/customers/1/relationships/children"),
            (Method::POST, "/admin/api/customers/1/relationships/children"),
        ] {
            let answer = raw(&organization, method, path, body.to_vec());
            assert_eq!(answer.status, 400, "{body:?} to {path}: {}", answer.text);
        }
    }
    // Lists, texts and numbers are JSON, but no documents.
    for body in ["[]", "1", "\"x\"", "true", "null", "[{\"data\":{}}]"] {
        raw(&organization, Method::POST, "/admin/api/customers", body.as_bytes().to_vec()).expect(400);
    }
}

/// Every JSON type at every place of a document.
#[test]
fn wrong_types_everywhere() {
    let shop = Shop::new();
    let whole = json!({
        "data": {
            "type": "customers", "id": "self", "attributes": {"name": "A", "externalId": null},
            "relationships": {"group": one("customergroups", "g"), "children": {"data": [{"type": "customers", "id": "c"}]}},
            "meta": {"upsert": false},
        },
        "included": [
            {"type": "customergroups", "id": "g", "attributes": {"name": "G"}, "meta": {"update": false}},
            {"type": "customers", "id": "c", "attributes": {"name": "C"}},
        ],
    });
    let mut places = Vec::new();
    pointers(&whole, String::new(), &mut places);
    assert!(places.len() > 25);
    for place in places {
        for value in [
            json!(null),
            json!(true),
            json!(1),
            json!(-0.5),
            json!(""),
            json!("x"),
            json!([]),
            json!([[]]),
            json!({}),
            json!({"x": {}}),
        ] {
            let mut body = whole.clone();
            *body.pointer_mut(&place).unwrap() = value.clone();
            let answer = shop.client().post("/admin/api/customers", &body);
            survived(&answer, &format!("{value} at {place}"));
        }
    }
}

fn pointers(value: &Value, at: String, found: &mut Vec<String>) {
    found.push(at.clone());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| pointers(value, format!("{at}/{name}"), found));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| pointers(value, format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

/// NUL is no text that Postgres keeps: 400, wherever it comes.
#[test]
fn nul() {
    let shop = Shop::new();
    let organization = &shop.organization;
    raw(organization, Method::POST, "/admin/api/customers", with_attribute("externalId", r#""a\u0000b""#)).expect(400);
    raw(
        organization,
        Method::POST,
        "/admin/api/userroles",
        br#"{"data":{"type":"userroles","attributes":{"label":"A","permissions":{"a\u0000":{}}}}}"#.to_vec(),
    )
    .expect(400);
    let body = json!({"data": {"type": "productunits", "id": "a\0b", "attributes": {}}});
    shop.client().post("/admin/api/productunits", &body).expect(400);
    let linked = json!({"data": {"type": "customers", "attributes": {"name": "A"}, "relationships": {"group": one("customergroups", "1\0")}}});
    shop.client().post("/admin/api/customers", &linked).expect(400);
    for path in [
        "/productunits/a%00b",
        "/customers/%00",
        "/%00",
        "/customers?filter[name]=%00",
        "/customers?filter[%00]=1",
        "/customers?sort=%00",
        "/customers?include=%00",
        "/customers?fields[%00]=a",
        "/customers?page[after]=%00",
        "/productunits?filter[id]=a%00",
        "/countries/%00",
        "/customers/1/%00",
        "/customers/1/relationships/%00",
        "/countries?filter[name]=%00",
    ] {
        let answer = shop.client().get(&format!("/admin/api{path}"));
        survived(&answer, path);
        assert!([400, 404].contains(&answer.status) || path.contains("include"), "{path}: {}", answer.status);
    }
}

/// Numbers that no column holds: as values, ids, filters and pages.
#[test]
fn huge_numbers() {
    let shop = Shop::new();
    let product = shop.product("A", &[("item", 0)]);
    let precision = shop.client().get(&format!("/admin/api/products/{product}/unitPrecisions")).expect(200).json();
    let precision = precision["data"][0]["id"].as_str().unwrap().to_owned();
    let level = shop.client().get(&format!("/admin/api/inventorylevels?filter[product]={product}")).expect(200).json();
    let level = level["data"][0]["id"].as_str().unwrap().to_owned();
    let order = shop.try_order(&[crate::support::shop::line("1", &product, &json!(1), "1")]).expect(201).id();
    let digits = "9".repeat(5000);
    let texts = [
        "1e400",
        "-1e400",
        "1e-400",
        "99999999999999999999999999",
        "-99999999999999999999999999",
        "9223372036854775808",
        "2147483648",
        "0.00000000000000000000000000000000000001",
        "1e308",
        "\"1e400\"",
        "\"NaN\"",
        "\"Infinity\"",
        "\"-0\"",
        &digits,
    ];
    for text in texts {
        for (kind, id, member) in [
            ("productunitprecisions", &precision, "precision"),
            ("productunitprecisions", &precision, "conversionRate"),
            ("inventorylevels", &level, "quantity"),
            ("orders", &order, "overriddenShippingCostAmount"),
            ("orders", &order, "sourceEntityId"),
            ("products", &product, "category_sort_order"),
            ("customers", &shop.customer, "name"),
        ] {
            let body = format!(r#"{{"data":{{"type":"{kind}","id":"{id}","attributes":{{"{member}":{text}}}}}}}"#);
            let answer = raw(&shop.organization, Method::PATCH, &format!("/admin/api/{kind}/{id}"), body.into_bytes());
            survived(&answer, &format!("{member} = {:.40}", text));
            shop.client().get(&format!("/admin/api/{kind}/{id}")).expect(200);
        }
    }
    for id in [
        "99999999999999999999",
        "-1",
        "0",
        "1e3",
        "1.0",
        "+1",
        "%2B1",
        "0x1",
        "٣",
        "9223372036854775807",
        &digits[..1000],
    ] {
        for path in [
            format!("/customers/{id}"),
            format!("/customers?filter[id]={id}"),
            format!("/customers?filter[id]=1..{id}"),
            format!("/customers?page[number]={id}"),
            format!("/customers?page[size]={id}"),
            format!("/productprices/{id}"),
            format!("/customers?filter[createdAt][gt]={id}"),
            format!("/products?filter[featured]={id}"),
        ] {
            survived(&shop.client().get(&format!("/admin/api{path}")), &format!("{path:.80}"));
        }
    }
}

#[test]
fn dates_that_are_none() {
    let organization = Organization::new();
    for date in [
        "0000-00-00",
        "2020-02-30",
        "99999-01-01",
        "-2020-01-01",
        "2020-13",
        "2020-01-01T25:00:00Z",
        "2020-01-01T00:00:60Z",
        "262143-12-31",
        "2020-01-01T00:00:00+99:99",
        "2020-1-1",
        "0001",
        "9999",
        "9999-12-31T23:59:59.999999999Z",
        "2020-W01",
        "x",
        "",
    ] {
        for operator in ["eq", "gt", "neq", "lte"] {
            let path = format!("/admin/api/customers?filter[createdAt][{operator}]={}", date.replace('+', "%2B"));
            survived(&organization.client().get(&path), &path);
        }
        let body = json!({"data": {"type": "orders", "attributes": {"shipUntil": date, "createdAt": date}}});
        assert_eq!(organization.client().post("/admin/api/orders", &body).status, 400);
    }
}
