//! API3, in batches: the members that a single request may not set cannot be set by a document, a line or a row either.

use entrepot::engine::field::{Access, Field};
use entrepot::engine::kind::Kind;
use entrepot::engine::resource::Resource;
use entrepot::resources::ALL;
use reqwest::Method;
use serde_json::{Value, json};

use super::wanted;
use crate::every_resource::bodies::World;
use crate::support::client::{Answer, Client, JSON_API};
use crate::support::organization::{Organization, unique};

/// In which form a record is sent.
#[derive(Clone, Copy, Debug)]
enum Form {
    Document,
    Line,
    Row,
}

fn creatable() -> impl Iterator<Item = &'static Resource> {
    ALL.iter().copied().filter(|resource| resource.actions.create && resource.actions.list)
}

fn send(client: &Client, kind: &str, content_type: &str, body: String) -> Answer {
    client.send(Method::PATCH, &format!("/admin/api/{kind}"), |request| {
        request.header("Content-Type", content_type).header("X-Mode", "sync").body(body)
    })
}

/// Sends the one record of a body; `None` where the form cannot hold it, since lines and rows have nothing included.
fn send_as(client: &Client, form: Form, resource: &Resource, body: &Value) -> Option<Answer> {
    let alone = body.get("included").is_none();
    let mut whole = body.clone();
    whole["data"] = json!([body["data"]]);
    Some(match form {
        Form::Document => send(client, resource.name, JSON_API, whole.to_string()),
        Form::Line if alone => send(client, resource.name, "application/x-ndjson", body["data"].to_string()),
        Form::Row if alone => send(client, resource.name, "text/csv", row(&body["data"])),
        _ => return None,
    })
}

/// The record as a file of one row.
fn row(record: &Value) -> String {
    let mut cells: Vec<(String, String)> = Vec::new();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    cells.extend(record["id"].as_str().map(|text| ("id".to_owned(), quoted(text))));
    for (name, value) in record["attributes"].as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let words = value.as_array().filter(|list| list.iter().all(Value::is_string));
        let listed = words.map(|list| list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(";"));
        cells.push((name.clone(), quoted(&listed.unwrap_or(text))));
    }
    for (name, value) in record["relationships"].as_object().into_iter().flatten() {
        let one = |value: &Value| {
            let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
            let several = ["activityTargets", "target"].contains(&name.as_str());
            if several { format!("{}:{}", text("type"), text("id")) } else { text("id") }
        };
        let ids = match &value["data"] {
            Value::Array(list) => list.iter().map(one).collect::<Vec<_>>().join(";"),
            value => one(value),
        };
        cells.push((name.clone(), quoted(&ids)));
    }
    let (names, values): (Vec<String>, Vec<String>) = cells.into_iter().unzip();
    format!("{}\n{}\n", names.join(","), values.join(","))
}

/// "Read-only members are accepted and ignored": in a batch too, whatever its form.
#[test]
fn mass_assignment_of_what_the_server_keeps_in_batches() {
    let world = World::new();
    let mut tried = [0, 0, 0];
    for resource in creatable() {
        let kept: Vec<&Field> = resource.fields.iter().filter(|field| field.access == Access::ReadOnly).collect();
        for (index, form) in [Form::Document, Form::Line, Form::Row].into_iter().enumerate() {
            let mut body = world.create_body(resource);
            if !body["data"]["attributes"].is_object() {
                body["data"]["attributes"] = json!({});
            }
            for field in &kept {
                body["data"]["attributes"][field.name] = wanted(field);
            }
            let Some(answer) = send_as(world.client(), form, resource, &body) else { continue };
            assert_eq!(answer.status, 200, "{form:?} of {}: {}", resource.name, answer.text);
            let id = answer.json()["data"][0]["id"].as_str().unwrap().to_owned();
            let path = format!("/admin/api/{}/{id}", resource.name);
            let stored = world.client().get(&path).expect(200).json()["data"]["attributes"].clone();
            for field in &kept {
                let empty = matches!(field.kind, Kind::TextList | Kind::Array | Kind::Objects(_));
                assert!(empty || stored[field.name] != wanted(field), "{form:?}: {} of {}", field.name, resource.name);
            }
            tried[index] += 1;
        }
    }
    assert!(tried.iter().all(|count| *count > 20), "{tried:?}");
}

/// A record of a batch is made in the caller's organization, whichever it names.
#[test]
fn mass_assignment_of_the_organization_in_batches() {
    let (world, other) = (World::new(), Organization::new());
    for resource in creatable().filter(|resource| resource.tenant.is_some()) {
        for form in [Form::Document, Form::Line, Form::Row] {
            let mut body = world.create_body(resource);
            if !body["data"]["relationships"].is_object() {
                body["data"]["relationships"] = json!({});
            }
            let organization = json!({"data": {"type": "organizations", "id": other.id().to_string()}});
            body["data"]["relationships"]["organization"] = organization;
            let Some(answer) = send_as(world.client(), form, resource, &body) else { continue };
            let of = format!("{form:?} of {}: {}", resource.name, answer.text);
            if answer.status == 200 {
                let id = answer.json()["data"][0]["id"].as_str().unwrap().to_owned();
                let path = format!("/admin/api/{}/{id}", resource.name);
                world.client().get(&path).expect(200);
                // What has a text as its id may be there in both.
                assert!(other.client().get(&path).status == 404 || resource.id.kind.is_assigned(), "{of}");
            } else {
                assert_eq!(answer.status, 400, "{of}");
            }
        }
    }
}

/// The `id` of a record that is created is a label: it overwrites nothing, neither one's own record nor another organization's.
#[test]
fn mass_assignment_of_the_id_in_batches() {
    let (world, other) = (World::new(), World::new());
    for resource in creatable().filter(|resource| !resource.id.kind.is_assigned()) {
        let own = world.record(resource);
        for taken in [own, other.record(resource)] {
            let holder = |world: &World| {
                let answer = world.client().get(&format!("/admin/api/{}/{taken}", resource.name));
                (answer.status, answer.json()["data"].clone())
            };
            let before = (holder(&world), holder(&other));
            let mut body = world.create_body(resource);
            body["data"]["id"] = json!(taken);
            let answer = send_as(world.client(), Form::Document, resource, &body).unwrap();
            assert_eq!(answer.status, 200, "{}: {}", resource.name, answer.text);
            let record = &answer.json()["data"][0];
            assert_ne!(record["id"], json!(taken), "{}", resource.name);
            assert_eq!(record["meta"]["dataId"], json!(taken), "{}", resource.name);
            let without_links = |(status, record): (u16, Value)| (status, record["attributes"].clone());
            let after = (holder(&world), holder(&other));
            assert_eq!(without_links(after.0), without_links(before.0), "{}", resource.name);
            assert_eq!(without_links(after.1), without_links(before.1), "{}", resource.name);
        }
    }
}

/// A role that gives everything is given by who holds it: not by a line or a row with one's own record.
#[test]
fn mass_assignment_of_roles_and_owners_in_batches() {
    let organization = Organization::new();
    let user = organization.user_who_may(&json!({
        "asyncoperations": {"VIEW": "user", "CREATE": "user"},
        "users": {"VIEW": "organization", "EDIT": "user", "CREATE": "organization"}, "userroles": {"VIEW": "organization"},
        "businessunits": {"VIEW": "organization"}, "customers": {"VIEW": "user", "CREATE": "user"},
    }));
    let roles = organization.client().get("/admin/api/userroles?filter[role]=ROLE_ADMINISTRATOR").expect(200).json();
    let role = roles["data"][0]["id"].as_str().unwrap().to_owned();
    let (id, admin) = (user.id, organization.admin.id);
    let name = unique("customer");
    let line = |kind: &str, rest: Value| {
        let mut record = json!({"type": kind});
        record.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        record.to_string()
    };
    let one = |kind: &str, id: &str| json!({"data": {"type": kind, "id": id}});
    let user_roles = json!({"userRoles": {"data": [{"type": "userroles", "id": role}]}});
    let itself = json!({"id": id.to_string(), "meta": {"update": true}, "relationships": user_roles});
    let owned = json!({"attributes": {"name": name}, "relationships": {"owner": one("users", &admin.to_string())}});
    let attempts = [
        ("users", "text/csv", format!("id,meta.update,userRoles\n{id},true,{role}\n")),
        ("users", "application/x-ndjson", line("users", itself)),
        ("customers", "text/csv", format!("name,owner\n{name},{admin}\n")),
        ("customers", "application/x-ndjson", line("customers", owned)),
    ];
    for (kind, content_type, body) in attempts {
        let refused = send(&user.client, kind, content_type, body);
        assert_eq!(refused.status, 403, "{kind} as {content_type}: {}", refused.text);
    }
    let after = organization.client().get(&format!("/admin/api/users/{id}/relationships/userRoles")).expect(200).json();
    assert!(!after["data"].as_array().unwrap().iter().any(|one| one["id"] == json!(role)), "{after}");
    let customers = organization.client().get(&format!("/admin/api/customers?filter[name]={name}")).expect(200).json();
    assert_eq!(customers["data"], json!([]));
}

/// What no client sees, no column names.
#[test]
fn columns_of_hidden_members() {
    let world = World::new();
    let mut tried = 0;
    for resource in creatable() {
        let hidden = resource.fields.iter().filter(|field| field.access == Access::Hidden).map(|field| field.name);
        let relations = resource.relations.iter().filter(|relation| relation.hidden).map(|relation| relation.name);
        for name in hidden.chain(relations).chain(["organization_id", "owner_id", "id; DROP TABLE customer"]) {
            // A member of a union is said as the union's.
            if resource.visible_relations().any(|relation| relation.name == name) {
                continue;
            }
            let answer = send(world.client(), resource.name, "text/csv", format!("{name}\n1\n"));
            assert_eq!(answer.status, 400, "{name} of {}: {}", resource.name, answer.text);
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}
