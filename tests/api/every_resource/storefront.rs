//! Every resource of the storefront that customer users write: by who may, by who may not, and by users of another customer.
//!
//! The bodies are the API document's examples with the ids of the buyer's records.

use std::cell::RefCell;
use std::collections::HashMap;

use entrepot::engine::field::{Access, Field};
use entrepot::engine::kind::Kind;
use entrepot::engine::relation::Relation;
use entrepot::engine::resource::Resource;
use entrepot::openapi::examples;
use entrepot::storefront::ALL;
use reqwest::Method;
use serde_json::{Value, json};

use super::bodies::no_id;
use crate::spec::atomic::ATOMIC;
use crate::support::client::{Answer, Client, JSON_API};
use crate::support::organization::{Organization, User, customer_user_permissions, unique};
use crate::support::shop;

/// An organization with a customer's user, who may do whatever can be permitted, and their records.
struct Store {
    organization: Organization,
    customer: i64,
    buyer: User,
    role: String,
    /// Records that were made for a test, by type.
    known: RefCell<HashMap<&'static str, String>>,
}

impl Store {
    fn new() -> Store {
        let organization = Organization::new();
        let customer = organization.customer(None);
        let buyer = organization.customer_user(customer, &customer_user_permissions("division"));
        let label = json!({"label": unique("Role"), "public": true});
        let role = shop::try_create(organization.client(), "customeruserroles", &label, &json!({})).expect(201).id();
        Store { organization, customer, buyer, role, known: RefCell::default() }
    }

    fn client(&self) -> &Client {
        &self.buyer.client
    }

    /// Someone who may do everything at another customer.
    fn stranger(&self) -> Client {
        self.organization.storefront_user().client
    }

    /// The body of the smallest create, different at every call.
    fn create_body(&self, resource: &'static Resource) -> Value {
        let mut body = examples::create(resource);
        let parts = body.get("included").and_then(Value::as_array).cloned().unwrap_or_default();
        body["data"] = self.adjusted(body["data"].clone());
        if !parts.is_empty() {
            body["included"] = parts.into_iter().map(|part| self.adjusted(part)).collect();
        }
        body
    }

    fn adjusted(&self, mut record: Value) -> Value {
        for relationship in record["relationships"].as_object_mut().into_iter().flatten().map(|(_, value)| value) {
            match &mut relationship["data"] {
                Value::Array(list) => list.iter_mut().for_each(|one| self.repoint(one)),
                one => self.repoint(one),
            }
        }
        let kind = record["type"].as_str().unwrap_or_default().to_owned();
        let attributes = &mut record["attributes"];
        if attributes.get("email").is_some() {
            attributes["email"] = json!(format!("{}@example.org", unique("buyer")));
        }
        if kind.ends_with("addresses") {
            attributes["organization"] = json!("Company");
        }
        record
    }

    /// Points an example at a record that the buyer has.
    fn repoint(&self, identifier: &mut Value) {
        let kind = identifier["type"].as_str().unwrap_or_default().to_owned();
        let resource = ALL.iter().copied().find(|resource| resource.name == kind).unwrap();
        if identifier["id"] != json!(resource.example_id) || resource.id.kind.is_assigned() {
            return;
        }
        identifier["id"] = json!(match kind.as_str() {
            "customers" => self.customer.to_string(),
            "customerusers" => self.buyer.id.to_string(),
            "customeruserroles" => self.role.clone(),
            _ => self.record(resource),
        });
    }

    /// The id of a record that may be changed.
    fn record(&self, resource: &'static Resource) -> String {
        if let Some(id) = self.known.borrow().get(resource.name) {
            return id.clone();
        }
        let id = self.client().post(&path(resource), &self.create_body(resource)).expect(201).id();
        self.known.borrow_mut().insert(resource.name, id.clone());
        id
    }
}

fn path(resource: &Resource) -> String {
    format!("/api/{}", resource.name)
}

fn creatable() -> impl Iterator<Item = &'static Resource> {
    ALL.iter().copied().filter(|resource| resource.actions.create)
}

fn updatable() -> impl Iterator<Item = &'static Resource> {
    creatable().filter(|resource| resource.actions.update)
}

fn settable(resource: &'static Resource) -> impl Iterator<Item = &'static Relation> {
    resource.visible_relations().filter(|relation| relation.access == Access::Writable)
}

fn change(resource: &Resource, id: &str, attributes: &Value) -> Value {
    json!({"data": {"type": resource.name, "id": id, "attributes": attributes}})
}

fn operate(client: &Client, operation: &Value) -> Answer {
    client.send(Method::POST, "/api/operations", |request| {
        let document = json!({"atomic:operations": [operation]}).to_string();
        request.header("Content-Type", ATOMIC).header("Accept", ATOMIC).body(document)
    })
}

/// A value that the field does not have by default.
fn other(field: &Field) -> Option<Value> {
    match field.kind {
        Kind::Text | Kind::LongText if !field.email => Some(json!("changed")),
        Kind::Date => Some(json!("2025-06-07")),
        _ => None,
    }
}

#[test]
fn the_smallest_create_is_read_back_and_deleted() {
    let store = Store::new();
    let mut written = 0;
    for resource in creatable() {
        let created = store.client().post(&path(resource), &store.create_body(resource)).expect(201);
        let item = format!("{}/{}", path(resource), created.id());
        assert!(created.header("Location").ends_with(&item), "{}", created.header("Location"));
        let read = store.client().get(&item).expect(200);
        assert_eq!(read.json()["data"], created.json()["data"], "a GET shows what the POST showed");
        if resource.actions.list {
            let list =
                store.client().get(&format!("{}?filter[id]={}", path(resource), created.id())).expect(200).json();
            assert_eq!(list["data"][0]["id"], json!(created.id()), "{item}");
        }
        if resource.actions.delete {
            assert_eq!(store.client().delete(&item).expect(204).text, "");
            assert!([403, 404].contains(&store.client().get(&item).status), "{item}");
        } else {
            store.client().delete(&item).expect(405);
        }
        written += 1;
    }
    assert!(written >= 3, "{written}");
}

#[test]
fn a_patch_changes_what_it_names_and_nothing_else() {
    let store = Store::new();
    for resource in updatable() {
        let id = store.record(resource);
        let item = format!("{}/{id}", path(resource));
        let mut expected = store.client().get(&item).expect(200).json()["data"].clone();
        for field in resource.fields.iter().filter(|field| field.access == Access::Writable) {
            let Some(value) = other(field) else { continue };
            let change = change(resource, &id, &json!({field.name: value}));
            let answer = store.client().patch(&item, &change).expect(200).json();
            expected["attributes"][field.name] = value;
            for document in [answer, store.client().get(&item).expect(200).json()] {
                let mut shown = document["data"].clone();
                shown["attributes"]["updatedAt"] = expected["attributes"]["updatedAt"].clone();
                assert_eq!(shown, expected, "{item}: {}", field.name);
            }
        }
    }
}

/// "Unknown members are rejected", a value of another type is 400 at its place, and neither changes anything.
#[test]
fn what_does_not_fit_is_refused_at_its_place() {
    let store = Store::new();
    for resource in updatable() {
        let id = store.record(resource);
        let item = format!("{}/{id}", path(resource));
        let before = store.client().get(&item).expect(200).json();
        for part in ["attributes", "relationships"] {
            let mut body = change(resource, &id, &json!({}));
            body["data"][part] = json!({"noSuchThing": {"data": null}});
            assert_eq!(store.client().patch(&item, &body).expect(400).error()["title"], "extra fields constraint");
            let mut body = store.create_body(resource);
            body["data"][part]["noSuchThing"] = json!({"data": null});
            let refused = store.client().post(&path(resource), &body).expect(400);
            assert_eq!(refused.error()["title"], "extra fields constraint");
        }
        for field in resource.fields.iter().filter(|field| field.access == Access::Writable) {
            let body = change(resource, &id, &json!({field.name: {"no": ["such", "value"]}}));
            let error = store.client().patch(&item, &body).expect(400).error();
            let pointer = error["source"]["pointer"].as_str().unwrap_or_default().to_owned();
            assert!(pointer.starts_with(&format!("/data/attributes/{}", field.name)), "{item}: {error}");
        }
        for relation in settable(resource) {
            let one = json!({"type": relation.target.name, "id": no_id(relation.target)});
            let mut body = change(resource, &id, &json!({}));
            let data = if relation.is_many() { json!([one]) } else { one };
            body["data"]["relationships"] = json!({relation.name: {"data": data}});
            let error = store.client().patch(&item, &body).expect(400).error();
            assert_eq!(error["detail"], "The entity does not exist.", "{item}: {}", relation.name);
        }
        assert_eq!(store.client().get(&item).expect(200).json()["data"], before["data"], "{item}");
    }
}

/// "Read-only known members are silently ignored", whatever is sent for them.
#[test]
fn read_only_members_are_ignored() {
    let store = Store::new();
    for resource in updatable() {
        let id = store.record(resource);
        let item = format!("{}/{id}", path(resource));
        let before = store.client().get(&item).expect(200).json();
        let mut body = change(resource, &id, &json!({}));
        let kept = |access: Access| matches!(access, Access::ReadOnly | Access::CreateOnly);
        for field in resource.fields.iter().filter(|field| kept(field.access)) {
            body["data"]["attributes"][field.name] = json!({"no": ["such", "value"]});
        }
        for relation in resource.visible_relations().filter(|relation| kept(relation.access)) {
            let one = json!({"type": relation.target.name, "id": no_id(relation.target)});
            let data = if relation.is_many() { json!([one]) } else { one };
            body["data"]["relationships"][relation.name] = json!({"data": data});
        }
        let answer = store.client().patch(&item, &body).expect(200).json();
        assert_eq!(answer["data"], before["data"], "{item}");
    }
}

/// Each kind of write of a record, as that client sends it.
fn writes(store: &Store, client: &Client, resource: &'static Resource, id: &str) -> Vec<(&'static str, Answer)> {
    let item = format!("{}/{id}", path(resource));
    let reference = json!({"type": resource.name, "id": id});
    let mut answers = Vec::new();
    if resource.actions.update {
        answers.push(("PATCH", client.patch(&item, &change(resource, id, &json!({})))));
        let data = change(resource, id, &json!({}))["data"].clone();
        answers.push(("an update", operate(client, &json!({"op": "update", "data": data}))));
        for relation in settable(resource).filter(|relation| relation.relationship_writes) {
            let target = match relation.target.name {
                "customers" => store.customer.to_string(),
                "customeruserroles" => store.role.clone(),
                _ => no_id(relation.target).to_owned(),
            };
            let one = json!({"type": relation.target.name, "id": target});
            let data = json!({"data": if relation.is_many() { json!([one]) } else { one }});
            answers.push(("a link", client.patch(&format!("{item}/relationships/{}", relation.name), &data)));
        }
    }
    if resource.actions.delete {
        answers.push(("DELETE", client.delete(&item)));
        answers.push(("a removal", operate(client, &json!({"op": "remove", "ref": reference}))));
    }
    answers
}

/// Without a token 401 with an empty body; without a right 403.
#[test]
fn nobody_writes_without_a_right() {
    let store = Store::new();
    let nobody = store.organization.server.client();
    let view = json!({"*": {"VIEW": "division"}});
    let viewer = store.organization.customer_user(store.customer, &view).client;
    for resource in creatable() {
        let id = store.record(resource);
        let mut asked = writes(&store, &nobody, resource, &id);
        asked.push(("POST", nobody.post(&path(resource), &store.create_body(resource))));
        for (what, answer) in asked {
            assert_eq!((answer.status, answer.text.as_str()), (401, ""), "{what} {}", resource.name);
        }
        let mut asked = writes(&store, &viewer, resource, &id);
        asked.push(("POST", viewer.post(&path(resource), &store.create_body(resource))));
        for (what, answer) in asked {
            assert_eq!(answer.status, 403, "{what} {}: {}", resource.name, answer.text);
            assert_eq!(answer.error()["title"], "access denied exception", "{what} {}", resource.name);
        }
        store.client().get(&format!("{}/{id}", path(resource))).expect(200);
    }
}

/// "Nothing of another customer is visible", nor can it be changed, removed or linked with, by whoever may do everything at
/// another one.
#[test]
fn users_of_another_customer_write_nothing() {
    let store = Store::new();
    let stranger = store.stranger();
    for resource in creatable() {
        let id = store.record(resource);
        let item = format!("{}/{id}", path(resource));
        let before = store.client().get(&item).expect(200).json();
        for (what, answer) in writes(&store, &stranger, resource, &id) {
            assert_eq!(answer.status, 403, "{what} {item}: {}", answer.text);
            assert!(!answer.text.contains("Customer-"), "{what} {item}: {}", answer.text);
        }
        if resource.actions.delete_list {
            stranger.delete(&format!("{}?filter[id]={id}", path(resource))).expect(204);
        }
        // The example's body points at the buyer's customer or user.
        let body = store.create_body(resource);
        let linked = body["data"]["relationships"].as_object().is_some_and(|all| {
            let own = |one: &Value| one["type"] == "customers" || one["type"] == "customerusers";
            all.values().any(|linkage| own(&linkage["data"]))
        });
        if linked {
            let refused = stranger.post(&path(resource), &body);
            assert_eq!(refused.status, 403, "POST {}: {}", resource.name, refused.text);
            let add = json!({"op": "add", "data": body["data"]});
            assert_eq!(operate(&stranger, &add).status, 403, "{}", resource.name);
        }
        assert_eq!(store.client().get(&item).expect(200).json()["data"], before["data"], "{item}");
    }
}

/// Atomic operations are in the storefront too: each record is added, updated and removed by one.
#[test]
fn records_are_written_by_atomic_operations() {
    let store = Store::new();
    for resource in updatable() {
        let body = store.create_body(resource);
        if body.get("included").is_some() {
            continue;
        }
        let added = operate(store.client(), &json!({"op": "add", "data": body["data"]})).expect(200).json();
        let id = added["atomic:results"][0]["data"]["id"].as_str().unwrap().to_owned();
        let field = resource.fields.iter().find(|field| field.access == Access::Writable && other(field).is_some());
        let name = field.map(|field| field.name).unwrap();
        let data = change(resource, &id, &json!({name: "changed"}))["data"].clone();
        let updated = operate(store.client(), &json!({"op": "update", "data": data})).expect(200).json();
        assert_eq!(updated["atomic:results"][0]["data"]["attributes"][name], "changed", "{}", resource.name);
        if resource.actions.delete {
            let reference = json!({"type": resource.name, "id": id});
            let removed = operate(store.client(), &json!({"op": "remove", "ref": reference}));
            assert!(removed.status < 300, "{}: {}", resource.name, removed.text);
            assert!(store.client().get(&format!("{}/{id}", path(resource))).status >= 403);
        }
    }
}

/// Batches are for the back office alone.
#[test]
fn collections_take_no_batches() {
    let store = Store::new();
    for resource in ALL.iter().filter(|resource| resource.actions.list) {
        for mode in ["sync", "async"] {
            let answer = store.client().send(Method::PATCH, &path(resource), |request| {
                request.header("Content-Type", JSON_API).header("X-Mode", mode).body("{\"data\":[]}")
            });
            assert_eq!((answer.expect(405).text.as_str(), mode), ("", mode), "{}", resource.name);
        }
    }
}

/// What the API document requires of a create, the server requires, and nothing else of what the example states.
#[test]
fn the_document_requires_what_the_server_requires() {
    let store = Store::new();
    let document = store.organization.server.client().get("/api/openapi.json").expect(200).json();
    for resource in creatable() {
        let schema = &document["components"]["schemas"][format!("{}_create", resource.name)]["properties"]["data"];
        for part in ["attributes", "relationships"] {
            let required = schema["properties"][part]["required"].as_array().cloned().unwrap_or_default();
            let stated = store.create_body(resource)["data"][part].as_object().cloned().unwrap_or_default();
            for name in stated.keys() {
                let mut body = store.create_body(resource);
                body["data"][part].as_object_mut().unwrap().remove(name);
                let answer = store.client().post(&path(resource), &body);
                let expected = if required.contains(&json!(name)) { 400 } else { 201 };
                assert_eq!(answer.status, expected, "{} without {name}: {}", resource.name, answer.text);
            }
        }
    }
}
