//! API8: text that becomes code, requests that are none, headers that become others.
//!
//! CORS, networks, HTTPS and pages are in edge/, the log's secrets in auth/log.rs.

mod log_injection;
mod names_in_headers;

use std::io::{Read, Write};
use std::net::TcpStream;

use reqwest::Method;
use serde_json::{Value, json};

use super::survived;
use crate::support::organization::Organization;
use crate::support::shop::Shop;

/// Line breaks in paths, queries and bodies make no header of an answer.
#[test]
fn header_injection() {
    let shop = Shop::new();
    let breaks = ["%0d%0aSet-Cookie:%20a=b", "%0aSet-Cookie:%20a=b", "%E5%98%8A%E5%98%8DSet-Cookie:%20a=b"];
    for text in breaks {
        for path in [
            format!("/{text}"),
            format!("/customers/{text}"),
            format!("/customers?filter[name]={text}"),
            format!("/customers?{text}=1"),
            format!("/customers?page[size]=1&sort={text}"),
        ] {
            let answer = shop.client().get(&format!("/admin/api{path}"));
            survived(&answer, &path);
            assert_eq!(answer.header("Set-Cookie"), "", "{path}");
        }
    }
    let unit = json!({"data": {"type": "productunits", "id": "a\r\nSet-Cookie: a=b", "attributes": {
        "label": "a", "shortLabel": "b", "pluralLabel": "c", "shortPluralLabel": "d", "defaultPrecision": 0,
    }}});
    let answer = shop.client().post("/admin/api/productunits", &unit);
    survived(&answer, "an id with a line break");
    assert_eq!(answer.header("Set-Cookie"), "");
}

/// A host that is no host does not get into links.
#[test]
fn host_injection() {
    let shop = Shop::new();
    let path = format!("/admin/api/customers/{}", shop.customer);
    for host in ["evil.example/path", "a\"b", "a b", "user@evil.example", "<script>", "a,b"] {
        let answer = shop.client().send(Method::GET, &path, |request| request.header("Host", host));
        survived(&answer, host);
        if answer.status == 200 {
            let link = answer.json()["data"]["links"]["self"].to_string();
            assert!(!link.contains(host), "{host}: {link}");
        }
    }
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
        // No resource has a text that is searched by a pattern; that patterns are escaped is a unit test of the filters.
        for filter in [format!("filter[sku]={encoded}"), format!("filter[sku][eq]={encoded},no-such-sku")] {
            let found = shop.client().get(&format!("/admin/api/products?{filter}")).expect(200).json();
            let records = found["data"].as_array().unwrap();
            assert_eq!(records.len(), 1, "{filter}");
            assert_eq!(records[0]["attributes"]["sku"], sku);
        }
        let others = shop.client().get(&format!("/admin/api/products?filter[sku][neq]={encoded}")).expect(200).json();
        let others = others["data"].as_array().unwrap();
        assert_eq!(others.len(), 3, "{sku}");
        assert!(others.iter().all(|record| record["attributes"]["sku"] != sku), "{sku}");
    }
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
