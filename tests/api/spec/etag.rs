//! Entity tags of items, and HEAD, this server's additions.

use reqwest::Method;

use crate::support::organization::Organization;
use crate::support::rows::{customers, execute};

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

fn version(tag: &str) -> String {
    tag.split('-').next().unwrap_or_default().to_owned()
}

// "`If-Match` on PATCH/DELETE → 412 when the record has changed": its lists are the record too, also where no time stamp
// tells of them, and also when the other end was written.
#[test]
fn a_changed_list_is_a_changed_record() {
    let organization = Organization::new();
    let client = organization.client();
    let [parent, child] = customers(&organization, &["Parent", "Child"])[..] else { panic!("two were made") };
    let path = format!("/admin/api/customers/{parent}");
    let tag = client.get(&path).expect(200).header("ETag").to_owned();
    execute(
        &organization,
        &format!("UPDATE customer SET parent_id = {parent} WHERE organization_id = $1 AND id = {child}"),
    );
    assert_ne!(version(client.get(&path).expect(200).header("ETag")), version(&tag));
    let body =
        serde_json::json!({"data": {"type": "customers", "id": parent.to_string(), "attributes": {"name": "P"}}});
    let change = |tag: &str| {
        client.send(Method::PATCH, &path, |request| {
            let request = request.header("If-Match", tag).header("Content-Type", "application/vnd.api+json");
            request.body(body.to_string())
        })
    };
    change(&tag).expect(412);
    // What `fields` leaves out belongs to the record all the same.
    let narrow = client.get(&format!("{path}?fields[customers]=")).expect(200).header("ETag").to_owned();
    assert_eq!(version(&narrow), version(client.get(&path).expect(200).header("ETag")));
    change(&narrow).expect(200);
}

// Who logs in has not changed the user.
#[test]
fn a_login_is_no_change_of_the_user() {
    let organization = Organization::new();
    let path = format!("/admin/api/users/{}", organization.admin.id);
    let tag = || version(organization.client().get(&path).expect(200).header("ETag"));
    let before = tag();
    execute(
        &organization,
        "UPDATE app_user SET login_count = login_count + 1, last_login = now() WHERE organization_id = $1",
    );
    assert_eq!(tag(), before);
    execute(&organization, "UPDATE app_user SET title = 'Dr.' WHERE organization_id = $1");
    assert_ne!(tag(), before);
}

// RFC 9110, 13.1.1: If-Match compares strongly, so that a weak tag matches nothing.
#[test]
fn a_weak_tag_does_not_let_a_write_through() {
    let organization = Organization::new();
    let id = customers(&organization, &["A"])[0];
    let path = format!("/admin/api/customers/{id}");
    let tag = organization.client().get(&path).expect(200).header("ETag").to_owned();
    let delete =
        |tag: &str| organization.client().send(Method::DELETE, &path, |request| request.header("If-Match", tag));
    delete(&format!("W/{tag}")).expect(412);
    delete(&format!("W/{tag}, {tag}")).expect(204);
}
