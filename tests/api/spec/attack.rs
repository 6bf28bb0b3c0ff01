//! Hostile requests: each is answered with a documented status, and never with a fault of the server.

use std::io::{Read, Write};
use std::net::TcpStream;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, JSON_API};
use crate::support::organization::{Organization, token};
use crate::support::shop::{Shop, one};

/// What a client may be told of its own faults.
const REFUSALS: &[u16] = &[400, 401, 403, 404, 405, 406, 409, 412, 413, 414, 415, 422, 431];

#[track_caller]
fn survived(answer: &Answer, what: &str) {
    let fine = answer.status < 300 || REFUSALS.contains(&answer.status);
    assert!(fine, "{what}: {} {}", answer.status, answer.text);
    if answer.header("Content-Type").starts_with(JSON_API) {
        answer.json();
    }
}

fn raw(organization: &Organization, method: Method, path: &str, body: Vec<u8>) -> Answer {
    organization.client().send(method, path, |request| request.header("Content-Type", JSON_API).body(body))
}

/// The body of a customer with that text, as written, for the value of an attribute.
fn with_attribute(name: &str, text: &str) -> Vec<u8> {
    format!(r#"{{"data":{{"type":"customers","attributes":{{"name":"A","{name}":{text}}}}}}}"#).into_bytes()
}

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

/// "Body depth limits with clear errors": 400 that names the limit, however deep.
#[test]
fn deep_nesting() {
    let organization = Organization::new();
    for depth in [100, 10_000, 200_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let answer =
                raw(&organization, Method::POST, "/admin/api/customers", with_attribute("name", &nested)).expect(400);
            assert!(
                answer.error()["detail"].as_str().unwrap().contains("nested deeper than 64 levels"),
                "{}",
                answer.text
            );
        }
        let open = "[".repeat(depth).into_bytes();
        raw(&organization, Method::POST, "/admin/api/customers", open).expect(400);
    }
}

/// "Request and body limits with clear errors": 413, with a length that is told or not.
#[test]
fn bodies_over_the_limit() {
    let organization = Organization::new();
    let server =
        crate::support::server::TestServer::start(crate::support::database::shared(), "[http]\nbody_limit = 2048");
    let admin = &organization.admin;
    let client = server.client().with_token(&token(&server, &admin.client_id, &admin.client_secret));
    let send = |size: usize| {
        let body = with_attribute("externalId", &format!("\"{}\"", "x".repeat(size)));
        client.send(Method::POST, "/admin/api/customers", |request| request.header("Content-Type", JSON_API).body(body))
    };
    send(1900).expect(400);
    let error = send(4000).expect(413).error();
    assert!(error["detail"].as_str().unwrap().contains("2048 bytes"), "{error}");
    // Without credentials a body is not read: 401 whatever its size.
    let nobody =
        server.client().send(Method::POST, "/admin/api/customers", |request| request.body(vec![b'x'; 100_000]));
    assert_eq!(nobody.status, 401);
}

/// SQL in every place where text is taken is text: nothing is found, nothing is broken, everything is still there.
#[test]
fn sql() {
    let shop = Shop::new();
    let texts = [
        "' OR '1'='1",
        "'; DROP TABLE customer; --",
        "\" OR 1=1 --",
        "1); DELETE FROM customer; --",
        "$1",
        "%27%20OR%201=1",
        "\\'; SELECT pg_sleep(9); --",
        "*/ UNION SELECT * FROM app_user /*",
        "{{7*7}}",
        "../../etc/passwd",
        "${jndi:ldap://x}",
        "a' || pg_sleep(9) || '",
        "%' OR name LIKE '%",
    ];
    for text in texts {
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for path in [
            format!("/customers/{encoded}"),
            format!("/{encoded}"),
            format!("/customers/1/{encoded}"),
            format!("/customers/1/relationships/{encoded}"),
            format!("/productunits/{encoded}"),
            format!("/customers?filter[name]={encoded}"),
            format!("/customers?filter[{encoded}]=1"),
            format!("/customers?filter[name][{encoded}]=1"),
            format!("/customers?filter[id]={encoded}"),
            format!("/customers?filter[group]={encoded}"),
            format!("/customers?filter[createdAt]={encoded}"),
            format!("/customers?sort={encoded}"),
            format!("/customers?include={encoded}"),
            format!("/customers?fields[{encoded}]=name"),
            format!("/customers?fields[customers]={encoded}"),
            format!("/customers?page[size]={encoded}"),
            format!("/customers?page[number]={encoded}"),
            format!("/customers?page[after]={encoded}"),
            format!("/customers?meta={encoded}"),
            format!("/customers?{encoded}=1"),
            format!("/products?filter[sku][neq]={encoded}"),
            format!("/orders?filter[identifier]={encoded}"),
            format!("/orders?filter[customer.name]={encoded}"),
            format!("/customeraddresses?filter[addressType]={encoded}"),
        ] {
            let answer = shop.client().get(&format!("/admin/api{path}"));
            survived(&answer, &path);
            let rows =
                serde_json::from_str::<Value>(&answer.text).unwrap_or_default()["data"].as_array().map_or(0, Vec::len);
            let ignored = path.contains("include") || path.contains("fields[customers]") || path.contains("[neq]");
            assert!(rows == 0 || ignored, "{path} found {rows}");
        }
        let id = shop.create("customers", &json!({"name": text}), &json!({}));
        assert_eq!(shop.attributes("customers", &id)["name"], text);
        let found = shop.client().get(&format!("/admin/api/customers?filter[name]={encoded}")).expect(200).json();
        assert_eq!(found["data"].as_array().unwrap().len(), 1, "{text}");
        let upsert = json!({"data": {"type": "customers", "attributes": {"name": "A", "externalId": text}, "meta": {"upsert": ["externalId"]}}});
        survived(&shop.client().post("/admin/api/customers", &upsert), text);
        survived(&shop.client().delete(&format!("/admin/api/customers?filter[externalId]={encoded}")), text);
        let upsert = json!({"data": {"type": "customers", "attributes": {}, "meta": {"upsert": [text]}}});
        survived(&shop.client().post("/admin/api/customers", &upsert), text);
        for header in [
            "X-Include",
            "If-Match",
            "If-None-Match",
            "X-Request-ID",
            "X-HTTP-Method-Override",
            "Accept",
            "Host",
            "Range",
        ] {
            let path = format!("/admin/api/customers/{}", shop.customer);
            let answer = shop.client().send(Method::GET, &path, |request| request.header(header, text));
            survived(&answer, &format!("{header}: {text}"));
        }
    }
    assert_eq!(shop.attributes("customers", &shop.customer)["name"], "Atlas");
}

/// LIKE's own signs are ordinary characters in a filter.
#[test]
fn patterns_are_text() {
    let shop = Shop::new();
    for sku in ["a%b", "a_b", "a\\b", "axb"] {
        shop.product(sku, &[("item", 0)]);
    }
    for (sku, encoded) in [("a%b", "a%25b"), ("a_b", "a_b"), ("a\\b", "a%5Cb")] {
        for operator in ["eq", "contains", "starts_with"] {
            let answer = shop.client().get(&format!("/admin/api/products?filter[sku][{operator}]={encoded}"));
            if answer.status == 400 {
                continue;
            }
            let found = answer.json();
            let records = found["data"].as_array().unwrap();
            assert_eq!(records.len(), 1, "{operator} {sku}");
            assert_eq!(records[0]["attributes"]["sku"], sku);
        }
    }
}

/// Long URLs, long lists, many parameters, deep paths.
#[test]
fn too_much() {
    let organization = Organization::new();
    let get = |path: &str| organization.client().get(&format!("/admin/api{path}"));
    for size in [10_000, 60_000] {
        let long = "x".repeat(size);
        for path in [
            format!("/{long}"),
            format!("/customers/{long}"),
            format!("/customers?filter[name]={long}"),
            format!("/customers?{long}=1"),
            format!("/customers?sort={long}"),
            format!("/customers?include={long}"),
            format!("/customers?page[after]={long}"),
            format!("/customers?fields[{long}]=a"),
            format!("/customers?filter[name][{long}]=a"),
        ] {
            survived(&get(&path), &format!("{size} characters"));
        }
    }
    let list: Vec<String> = (0..5000).map(|number| number.to_string()).collect();
    assert_eq!(get(&format!("/customers?filter[id]={}", list.join(","))).status, 400);
    let labels =
        json!({"label": "a", "shortLabel": "b", "pluralLabel": "c", "shortPluralLabel": "d", "defaultPrecision": 0});
    let unit = json!({"data": {"type": "productunits", "id": "x".repeat(20_000), "attributes": labels}});
    assert_eq!(organization.client().post("/admin/api/productunits", &unit).status, 400);
    let filters: Vec<String> = (0..200).map(|number| format!("filter[id]={number}")).collect();
    survived(&get(&format!("/customers?{}", filters.join("&"))), "200 filters");
    let path = vec!["parent"; 60].join(".");
    assert_eq!(get(&format!("/customers?include={path}")).status, 400);
    assert_eq!(get(&format!("/customers?filter[{path}.name]=a")).status, 400);
    assert_eq!(get(&format!("/customers?sort={path}.name")).status, 400);
    let paths: Vec<&str> = vec!["parent", "children", "group", "owner"].into_iter().cycle().take(400).collect();
    survived(&get(&format!("/customers?include={}", paths.join(","))), "400 paths");
    survived(&get(&format!("/customers?filter{}=1", "[a]".repeat(3000))), "brackets");
    survived(&get(&format!("/customers?filter{}=1", "[".repeat(9000))), "open brackets");
    survived(&get(&format!("/customers{}", "/a".repeat(5000))), "segments");
}

/// More records than one request may bring are refused with the limit.
#[test]
fn too_many_included() {
    let organization = Organization::new();
    let included: Vec<Value> = (0..1001)
        .map(|index| json!({"type": "customers", "id": index.to_string(), "attributes": {"name": "A"}}))
        .collect();
    let body = json!({"data": {"type": "customers", "attributes": {"name": "A"}}, "included": included});
    let error = organization.client().post("/admin/api/customers", &body).expect(400).error();
    assert!(error["detail"].as_str().unwrap().contains("At most 1000"), "{error}");
}

#[test]
fn unknown_methods() {
    let organization = Organization::new();
    for method in ["PUT", "TRACE", "CONNECT", "COPY", "PROPFIND", "FOO", "get"] {
        for path in
            ["/admin/api/customers", "/admin/api/customers/1", "/admin/api/customers/1/group", "/admin/api/nope"]
        {
            let named = Method::from_bytes(method.as_bytes()).unwrap();
            if method == "CONNECT" {
                continue;
            }
            let answer = organization.client().send(named, path, |request| request);
            assert!([400, 404, 405].contains(&answer.status), "{method} {path}: {}", answer.status);
        }
    }
    for method in ["FOO", "CONNECT", "", "a b"] {
        let answer = organization
            .client()
            .send(Method::POST, "/admin/api/customers", |request| request.header("X-HTTP-Method-Override", method));
        assert_eq!(answer.status, 400, "{method}");
    }
}

/// What is no HTTP is refused or dropped, and the next request is served.
#[test]
fn broken_requests() {
    let organization = Organization::new();
    let address = organization.server.address;
    let requests: &[&[u8]] = &[
        b"GARBAGE\r\n\r\n",
        b"GET /admin/api/customers HTTP/9.9\r\n\r\n",
        b"GET /admin/api/customers HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /admin/api/customers HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"POST /admin/api/customers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n\r\n",
        b"GET /admin/api/customers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n",
        b"GET /admin/api/\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /admin/api/customers?filter[name]=\xff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ];
    for request in requests {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
        stream.write_all(request).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        // A connection that is dropped is an answer too.
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split(' ').nth(1).unwrap_or("400");
        assert!(status.starts_with('4'), "{request:?}: {answer}");
    }
    organization.client().get("/admin/api/customers").expect(200);
}

/// Tokens in places where none is read, and headers that come twice.
#[test]
fn credentials_in_wrong_places() {
    let organization = Organization::new();
    let admin = &organization.admin;
    let text = token(organization.server, &admin.client_id, &admin.client_secret);
    let nobody = organization.server.client();
    nobody.get(&format!("/admin/api/customers?access_token={text}")).expect(401);
    let body = json!({"access_token": text, "data": {"type": "customers", "attributes": {"name": "A"}}});
    nobody.post("/admin/api/customers", &body).expect(401);
    for header in [
        format!("Basic {text}"),
        format!("bearer{text}"),
        text.clone(),
        format!("Bearer {text}x"),
        "Bearer ".to_owned(),
    ] {
        let answer =
            nobody.send(Method::GET, "/admin/api/customers", |request| request.header("Authorization", header));
        assert_eq!((answer.status, answer.text.as_str()), (401, ""));
    }
    let twice = nobody.send(Method::GET, "/admin/api/customers", |request| {
        request.header("Authorization", format!("Bearer {text}")).header("Authorization", format!("Bearer {text}"))
    });
    assert_eq!(twice.status, 401);
}
