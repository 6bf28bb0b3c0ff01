//! Entity tags of items, and HEAD, this server's additions.

use reqwest::Method;

use super::rows::{customers, execute};
use crate::support::organization::Organization;

// An item has an ETag; sent back as If-None-Match it is answered with 304 and no body, until something shown changes.
#[test]
fn if_none_match() {
    let organization = Organization::new();
    let id = customers(&organization, &["A"])[0];
    let client = organization.client();
    let path = format!("/admin/api/customers/{id}?include=organization");
    let tag = client.get(&path).expect(200).header("ETag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    let again = |tag: &str| client.send(Method::GET, &path, |request| request.header("If-None-Match", tag));
    for given in [tag.clone(), format!("\"x\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
        let answer = again(&given).expect(304);
        assert_eq!((answer.text.as_str(), answer.header("ETag")), ("", tag.as_str()), "{given}");
    }
    again("\"other\"").expect(200);
    execute(&organization, "UPDATE organization SET description = 'changed' WHERE id = $1");
    let changed = again(&tag).expect(200);
    // The record itself is the same: the part that If-Match looks at is, too.
    let version = |tag: &str| tag.split('-').next().map(str::to_owned);
    assert_eq!(version(changed.header("ETag")), version(&tag));
    execute(&organization, &format!("UPDATE customer SET name = 'B' WHERE organization_id = $1 AND id = {id}"));
    assert_ne!(version(again(&tag).expect(200).header("ETag")), version(&tag));
}

// HEAD is GET without the body.
#[test]
fn head() {
    let organization = Organization::new();
    let id = customers(&organization, &["A"])[0];
    let client = organization.client();
    for path in ["/admin/api/customers".to_owned(), format!("/admin/api/customers/{id}")] {
        let get = client.get(&path).expect(200);
        let head = client.send(Method::HEAD, &path, |request| request).expect(200);
        assert_eq!(head.text, "");
        assert_eq!(head.header("Content-Type"), get.header("Content-Type"));
        assert_eq!(head.header("ETag"), get.header("ETag"));
    }
    client.send(Method::HEAD, "/admin/api/customers/0", |request| request).expect(404);
}

// What an answer depends on.
#[test]
fn vary() {
    let organization = Organization::new();
    for path in ["/admin/api/customers", "/admin/api/nothings"] {
        assert_eq!(organization.client().get(path).header("Vary"), "Accept, Accept-Encoding, Origin");
    }
}
