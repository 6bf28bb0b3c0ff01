//! "A repetition needs the rights that the request needs, at the time of the repetition, and shows of each record what the
//! caller may view then" (docs/api.md).

use std::time::{Duration, Instant};

use diesel::prelude::*;
use entrepot::auth::clients;
use entrepot::schema::oauth_client;
use reqwest::Method;
use serde_json::{Value, json};

use super::{GROUPS, group, is_replay, key, send};
use crate::support::client::{Answer, Client, JSON_API};
use crate::support::organization::{Organization, User, unique};
use crate::support::shop::one;

const CUSTOMERS: &str = "/admin/api/customers";

/// A user with a role of that name's permissions.
fn user_of(organization: &Organization, permissions: &Value) -> (User, String) {
    let role = organization.role(permissions);
    (organization.user(organization.first.business_unit, &[&role]), role)
}

/// Edits the role.
fn regrant(organization: &Organization, role: &str, permissions: &Value) {
    let roles = organization.client().get("/admin/api/userroles?page[size]=-1").expect(200).json();
    let found = roles["data"].as_array().unwrap().iter().find(|one| one["attributes"]["role"] == role).unwrap();
    let id = found["id"].as_str().unwrap();
    let body = json!({"data": {"type": "userroles", "id": id, "attributes": {"permissions": permissions}}});
    organization.client().patch(&format!("/admin/api/userroles/{id}"), &body).expect(200);
}

fn customer(name: &str) -> Value {
    json!({"data": {"type": "customers", "attributes": {"name": name}}})
}

/// Gives a record to the administrator.
fn take_away(organization: &Organization, kind: &str, id: &str) {
    let owner = json!({"owner": one("users", &organization.admin.id.to_string())});
    let body = json!({"data": {"type": kind, "id": id, "relationships": owner}});
    organization.client().patch(&format!("/admin/api/{kind}/{id}"), &body).expect(200);
}

/// Fails unless the replay names the record and shows nothing of it.
#[track_caller]
fn is_bare(answer: &Answer, object: &Value, id: &str) {
    assert!(is_replay(answer), "not a replay: {}", answer.text);
    let names: Vec<&String> = object.as_object().unwrap().keys().collect();
    assert_eq!(names, ["type", "id"], "{}", answer.text);
    assert_eq!(object["id"], id);
    assert_eq!(answer.header("ETag"), "");
}

#[test]
fn a_right_that_a_role_has_lost_is_missing_for_the_replay_too() {
    let organization = Organization::new();
    let all =
        json!({"VIEW": "organization", "CREATE": "organization", "EDIT": "organization", "DELETE": "organization"});
    let (user, role) = user_of(&organization, &json!({"customergroups": all}));
    let name = unique("Lost");
    let (create, update, remove, add) = (key(), key(), key(), key());
    let requests = |id: &str| {
        let renamed = json!({"data": {"type": "customergroups", "id": id, "attributes": {"name": format!("{name}!")}}});
        let adds = json!({"atomic:operations": [{"op": "add", "data": group(&format!("{name}?"))["data"]}]});
        [
            ("CREATE", send(&user.client, Method::POST, GROUPS, &create, &group(&name))),
            ("EDIT", send(&user.client, Method::PATCH, &format!("{GROUPS}/{id}"), &update, &renamed)),
            ("CREATE", atomic(&user.client, &add, &adds)),
            ("DELETE", send(&user.client, Method::DELETE, &format!("{GROUPS}/{id}"), &remove, &Value::Null)),
        ]
    };
    let id = send(&user.client, Method::POST, GROUPS, &create, &group(&name)).expect(201).id();
    assert!(requests(&id).iter().all(|(_, answer)| answer.status < 300));
    assert!(requests(&id).iter().all(|(_, answer)| is_replay(answer)));
    for permission in ["CREATE", "EDIT", "DELETE"] {
        let mut fewer = all.clone();
        fewer.as_object_mut().unwrap().remove(permission);
        regrant(&organization, &role, &json!({"customergroups": fewer}));
        for (needed, answer) in requests(&id) {
            if needed == permission {
                let answer = answer.expect(403);
                assert_eq!(answer.error()["title"], "access denied exception", "{permission}");
                assert!(!answer.text.contains(&name), "{}", answer.text);
            } else {
                assert!(is_replay(&answer), "{permission}: {}", answer.text);
            }
        }
    }
    // What is given back is good again: the stored answer was not lost by the refusals.
    regrant(&organization, &role, &json!({"customergroups": all}));
    assert!(requests(&id).iter().all(|(_, answer)| is_replay(answer)));
}

fn atomic(client: &Client, key: &str, operations: &Value) -> Answer {
    let media_type = "application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\"";
    client.send(Method::POST, "/admin/api/operations", |request| {
        request.header("Idempotency-Key", key).header("Content-Type", media_type).body(operations.to_string())
    })
}

/// A record that went to another owner, or is gone, is named and not shown: by every kind of answer with documents.
#[test]
fn a_record_that_was_taken_away_is_not_shown_any_more() {
    let organization = Organization::new();
    let own = json!({"VIEW": "user", "CREATE": "user", "EDIT": "user"});
    let (user, _) = user_of(&organization, &json!({"customers": own, "customergroups": own, "asyncoperations": own}));
    let (name, other) = (unique("Taken"), unique("Taken"));
    let (create, update, add, batch) = (key(), key(), key(), key());
    let post = || send(&user.client, Method::POST, CUSTOMERS, &create, &customer(&name));
    let id = post().expect(201).id();
    let renamed = json!({"data": {"type": "customers", "id": id, "attributes": {"name": other}}});
    let patch = || send(&user.client, Method::PATCH, &format!("{CUSTOMERS}/{id}"), &update, &renamed);
    patch().expect(200);
    let adds = json!({"atomic:operations": [{"op": "add", "data": customer(&other)["data"]}]});
    let added = atomic(&user.client, &add, &adds).expect(200).json()["atomic:results"][0]["data"]["id"].clone();
    let many = json!({"data": [customer(&name)["data"], customer(&other)["data"]]});
    let sync = || {
        user.client.send(Method::PATCH, CUSTOMERS, |request| {
            let request = request.header("Idempotency-Key", &batch).header("X-Mode", "sync");
            request.header("Content-Type", JSON_API).body(many.to_string())
        })
    };
    let listed = sync().expect(200).json();
    let second = listed["data"][1]["id"].as_str().unwrap();
    for whole in [post(), patch(), sync()] {
        assert!(is_replay(&whole) && whole.text.contains("\"name\""), "{}", whole.text);
    }
    take_away(&organization, "customers", &id);
    take_away(&organization, "customers", added.as_str().unwrap());
    take_away(&organization, "customers", second);
    let (posted, patched) = (post().expect(201), patch().expect(200));
    is_bare(&posted, &posted.json()["data"], &id);
    is_bare(&patched, &patched.json()["data"], &id);
    assert!(posted.header("Location").ends_with(&id));
    let done = atomic(&user.client, &add, &adds).expect(200);
    is_bare(&done, &done.json()["atomic:results"][0]["data"], added.as_str().unwrap());
    let list = sync().expect(200);
    assert_eq!(list.json()["data"][0]["attributes"]["name"], name, "the first is still the caller's");
    is_bare(&list, &list.json()["data"][1], second);
    // Whoever has it deletes it: nobody may see it then.
    organization.client().delete(&format!("{CUSTOMERS}/{id}")).expect(204);
    is_bare(&post().expect(201), &post().json()["data"], &id);
}

/// Included records are looked at one by one.
#[test]
fn an_included_record_that_was_taken_away_is_left_out() {
    let organization = Organization::new();
    let own = json!({"VIEW": "user", "CREATE": "user", "EDIT": "user"});
    let (user, _) = user_of(&organization, &json!({"customers": own}));
    let parent = user.client.post(CUSTOMERS, &customer(&unique("Parent"))).expect(201).id();
    let mut child = customer(&unique("Child"));
    child["data"]["relationships"] = json!({"parent": one("customers", &parent)});
    let key = key();
    let post = || send(&user.client, Method::POST, &format!("{CUSTOMERS}?include=parent"), &key, &child);
    let first = post().expect(201).json();
    assert_eq!((&first, &first["included"][0]["id"]), (&post().json(), &json!(parent)));
    take_away(&organization, "customers", &parent);
    let again = post().expect(201).json();
    assert_eq!((&again["data"], &again["included"]), (&first["data"], &json!([])));
}

/// The answer of a command is no document: it takes EDIT on the record as it is now.
#[test]
fn the_answer_of_a_command_needs_the_record() {
    let organization = Organization::new();
    let own = json!({"VIEW": "user", "CREATE": "user", "EDIT": "user"});
    let (user, role) = user_of(&organization, &json!({"webhooks": own, "orders": {"VIEW": "user"}}));
    let body = json!({"data": {
        "type": "webhooks",
        "attributes": {"notificationUrl": "https://hooks.example/", "secret": "old"},
        "relationships": {"topic": one("webhooktopics", "order.created"), "format": one("webhookformats", "default")},
    }});
    let id = user.client.post("/admin/api/webhooks", &body).expect(201).id();
    let (path, key) = (format!("/admin/api/webhooks/{id}/rotateSecret"), key());
    let rotate = || send(&user.client, Method::POST, &path, &key, &json!({"meta": {"secret": "new"}}));
    let first = rotate().expect(200);
    assert_eq!((is_replay(&rotate()), rotate().text), (true, first.text));
    regrant(&organization, &role, &json!({"webhooks": {"VIEW": "user"}}));
    rotate().expect(403);
    regrant(&organization, &role, &json!({"webhooks": own}));
    assert!(is_replay(&rotate().expect(200)));
    organization.client().delete(&format!("/admin/api/webhooks/{id}")).expect(204);
    rotate().expect(404);
}

/// A customer user is moved to another customer.
#[test]
fn in_the_storefront_what_another_customer_has_is_not_shown() {
    let organization = Organization::new();
    let (here, there) = (organization.customer(None), organization.customer(None));
    let level = json!({"VIEW": "department", "CREATE": "department", "EDIT": "department"});
    let buyer = organization.customer_user(here, &json!({"customers": level, "customeraddresses": level}));
    let street = unique("Street");
    let address = json!({
        "data": {
            "type": "customeraddresses",
            "attributes": {"street": street, "city": "Rochester", "postalCode": "14608", "organization": "Acme"},
            "relationships": {
                "customer": one("customers", &here.to_string()),
                "country": one("countries", "US"),
                "region": one("regions", "US-NY"),
            },
        },
    });
    let key = key();
    let post = || send(&buyer.client, Method::POST, "/api/customeraddresses", &key, &address);
    let id = post().expect(201).id();
    assert!(post().text.contains(&street));
    let moved = json!({"data": {
        "type": "customerusers", "id": buyer.id.to_string(),
        "relationships": {"customer": one("customers", &there.to_string())},
    }});
    organization.client().patch(&format!("/admin/api/customerusers/{}", buyer.id), &moved).expect(200);
    let answer = post().expect(201);
    is_bare(&answer, &answer.json()["data"], &id);
}

/// A revoked client, and one that may call from elsewhere only: as any request of theirs.
#[test]
fn who_may_not_come_in_gets_no_replay() {
    let organization = Organization::new();
    let all = json!({"*": {"VIEW": "organization", "CREATE": "organization"}});
    let (revoked, confined) = (organization.user_who_may(&all), organization.user_who_may(&all));
    let key = key();
    let post = |user: &User| send(&user.client, Method::POST, GROUPS, &key, &group(&format!("in-{}", user.username)));
    for user in [&revoked, &confined] {
        post(user).expect(201);
        assert!(is_replay(&post(user)));
    }
    organization.write(|conn| clients::revoke(conn, &revoked.client_id));
    organization.write(|conn| {
        let own = oauth_client::table.filter(oauth_client::id.eq(&confined.client_id));
        Ok(diesel::update(own).set(oauth_client::networks.eq(vec!["192.0.2.0/24"])).execute(conn)?)
    });
    // "take effect within 5 s in every process"
    let end = Instant::now() + Duration::from_secs(30);
    for (user, status) in [(&revoked, 401), (&confined, 403)] {
        loop {
            let answer = post(user);
            if answer.status == status {
                break;
            }
            assert!(is_replay(&answer) && Instant::now() < end, "{}", answer.text);
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(!post(user).text.contains(&user.username));
    }
}
