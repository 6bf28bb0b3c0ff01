//! Every resource through the eyes of a client that knows records by external ids: each answer is the one that shows
//! numbers, with those ids in their places; every kind of write goes by them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use entrepot::engine::kind::Kind;
use entrepot::engine::query::filter;
use entrepot::engine::resource::{IdKind, Resource};
use entrepot::resources::ALL;
use reqwest::Method;
use serde_json::{Value, json};

use super::bodies::World;
use crate::support::client::{Answer, Client, JSON_API};
use crate::support::database;
use crate::support::organization::{Organization, unique};
use crate::support::server::TestServer;
use crate::support::shop::one;

/// The field by which a resource can be named: `externalId`, else `sku`, else any unique text.
fn external_field(resource: &Resource) -> Option<&'static str> {
    let unique = |name: &&str| resource.unique.iter().any(|key| key.members == [*name]);
    let texts =
        || resource.fields.iter().filter(|field| field.kind == Kind::Text).map(|field| field.name).filter(unique);
    let preferred = ["externalId", "sku"].into_iter().find_map(|wanted| texts().find(|name| *name == wanted));
    let found = preferred.or_else(|| texts().next());
    found.filter(|_| resource.id.kind == IdKind::Integer && !resource.singleton)
}

fn external() -> impl Iterator<Item = (&'static Resource, &'static str)> {
    ALL.iter().filter_map(|resource| Some((*resource, external_field(resource)?)))
}

/// A server on which every resource that can goes by an external id.
fn server() -> &'static TestServer {
    static SERVER: OnceLock<TestServer> = OnceLock::new();
    SERVER.get_or_init(|| {
        let ids: Vec<String> = external().map(|(resource, field)| format!("\"{}.{field}\"", resource.name)).collect();
        TestServer::start(database::shared(), &format!("[api]\next_id_resources = [{}]", ids.join(", ")))
    })
}

fn send(client: &Client, method: Method, path: &str, body: Option<&Value>) -> Answer {
    client.send(method, path, |request| {
        let request = request.header("X-Integration-Type", "ext_id").header("X-Include", "noHateoas");
        match body {
            Some(body) => request.header("Content-Type", JSON_API).body(body.to_string()),
            None => request,
        }
    })
}

fn get(client: &Client, path: &str) -> Answer {
    send(client, Method::GET, path, None)
}

/// The external ids of all records, by type and number; null for those that have none.
struct Names(BTreeMap<(String, String), Value>);

impl Names {
    fn of(client: &Client) -> Names {
        let mut names = BTreeMap::new();
        for (resource, field) in external() {
            let list = client.get(&format!("/admin/api/{}?page[size]=-1", resource.name)).expect(200).json();
            for record in list["data"].as_array().unwrap() {
                let key = (resource.name.to_owned(), record["id"].as_str().unwrap().to_owned());
                names.insert(key, record["attributes"][field].clone());
            }
        }
        Names(names)
    }

    /// Gives a record an external id, unless it has one.
    fn name(&mut self, client: &Client, kind: &str, id: &str) -> String {
        let (resource, field) = external().find(|(resource, _)| resource.name == kind).unwrap();
        let path = format!("/admin/api/{kind}/{id}");
        let known = client.get(&path).expect(200).json()["data"]["attributes"][field].clone();
        let name = known.as_str().map_or_else(|| unique("Ext /ü"), str::to_owned);
        if known.is_null() {
            let body = json!({"data": {"type": resource.name, "id": id, "attributes": {field: name}}});
            client.patch(&path, &body).expect(200);
        }
        self.0.insert((kind.to_owned(), id.to_owned()), json!(name));
        name
    }

    /// The document with external ids; what has none is left out of lists, and null at the end of a relationship.
    fn translate(&self, value: &Value) -> Value {
        match value {
            Value::Array(list) => list.iter().map(|item| self.translate(item)).filter(|item| !item.is_null()).collect(),
            Value::Object(members) => {
                let mut members = members.clone();
                if let (Some(kind), Some(id)) = (value["type"].as_str(), value["id"].as_str())
                    && external().any(|(resource, _)| resource.name == kind)
                {
                    match self.0.get(&(kind.to_owned(), id.to_owned())) {
                        Some(Value::String(name)) => members["id"] = json!(name),
                        _ => return Value::Null,
                    }
                    if let Some(attributes) = members.get_mut("attributes") {
                        attributes["dbId"] = json!(id.parse::<i64>().unwrap());
                    }
                }
                Value::Object(
                    members
                        .into_iter()
                        .map(|(name, value)| {
                            let value = if name == "attributes" { value } else { self.translate(&value) };
                            (name, value)
                        })
                        .collect(),
                )
            }
            other => other.clone(),
        }
    }
}

/// The records of a list by type and id, the lists in them sorted.
fn records(list: &Value) -> BTreeMap<(String, String), Value> {
    let mut records = BTreeMap::new();
    for record in list.as_array().into_iter().flatten() {
        let mut record = record.clone();
        for relationship in record["relationships"].as_object_mut().into_iter().flatten().map(|(_, value)| value) {
            if let Some(list) = relationship["data"].as_array_mut() {
                list.sort_by_key(Value::to_string);
            }
        }
        let text = |name: &str| record[name].as_str().unwrap().to_owned();
        records.insert((text("type"), text("id")), record.clone());
    }
    records
}

#[track_caller]
fn same(names: &Names, by_number: &Value, by_name: &Value, place: &str) {
    let expected = names.translate(by_number);
    for part in ["data", "included"] {
        match &expected[part] {
            Value::Array(_) => {
                let (given, mut wanted) = (records(&by_name[part]), records(&expected[part]));
                // What only a record without a name leads to is not included.
                if part == "included" && records(&expected["data"]).len() < records(&by_number["data"]).len() {
                    wanted.retain(|key, _| given.contains_key(key));
                }
                assert_eq!(given, wanted, "{place} {part}");
            }
            Value::Object(_) => {
                let (given, wanted) = (json!([by_name[part]]), json!([expected[part]]));
                assert_eq!(records(&given), records(&wanted), "{place} {part}");
            }
            _ => assert_eq!(by_name[part], expected[part], "{place} {part}"),
        }
    }
}

/// An organization on that server with a record of each kind, some of them with external ids.
fn world() -> (World, Names) {
    let world = World::of(Organization::on(server()));
    for resource in ALL.iter().filter(|resource| resource.actions.create) {
        world.record(resource);
    }
    let mut names = Names::of(world.client());
    for (resource, _) in external() {
        let ids: Vec<String> =
            names.0.keys().filter(|(kind, _)| kind == resource.name).map(|(_, id)| id.clone()).collect();
        // All but one have a name.
        for id in ids.iter().skip(usize::from(ids.len() > 1)) {
            names.name(world.client(), resource.name, id);
        }
    }
    // Those that lists cannot do without are found by it.
    for resource in ALL {
        for target in resource.mandatory_filters.iter().filter_map(|name| Some(resource.relation(name)?.target)) {
            if external_field(target).is_some() {
                names.name(world.client(), target.name, &world.record(target));
            }
        }
    }
    (world, names)
}

fn needed(resource: &Resource, names: Option<&Names>, world: &World) -> String {
    let filter = |filter: &&str| {
        let target = resource.relation(filter).unwrap().target;
        let id = world.record(target);
        let name = names.and_then(|names| names.0.get(&(target.name.to_owned(), id.clone())));
        let id = name.and_then(Value::as_str).map_or(id, str::to_owned);
        format!("&filter[{filter}]={}", path(&id))
    };
    resource.mandatory_filters.iter().map(filter).collect()
}

/// A text as a part of a URL.
fn path(text: &str) -> String {
    entrepot::engine::render::path_segment(text)
}

// "for every entity in `oro_api.ext_id_entities` the resource `id` becomes the configured field everywhere (URLs,
// relationships, filters, includes) and a read-only attribute `dbId` carries the numeric id." Records without one are
// not there.
#[test]
fn lists_items_includes_and_linkage_show_external_ids() {
    let (world, names) = world();
    let client = world.client();
    for resource in ALL.iter().filter(|resource| resource.actions.list) {
        let include: Vec<&str> = resource.visible_relations().map(|relation| relation.name).collect();
        let query = |names: Option<&Names>| {
            let needed = needed(resource, names, &world);
            let size = if resource.no_paging { "" } else { "&page[size]=-1" };
            format!("/admin/api/{}?include={}{size}{needed}", resource.name, include.join(","))
        };
        let by_number = client
            .send(Method::GET, &query(None), |request| request.header("X-Include", "noHateoas"))
            .expect(200)
            .json();
        let by_name = get(client, &query(Some(&names))).expect(200).json();
        same(&names, &by_number, &by_name, resource.name);
        for record in by_number["data"].as_array().unwrap() {
            let shown = names.translate(record);
            if !resource.actions.get || shown.is_null() {
                continue;
            }
            let item = format!("/admin/api/{}/{}", resource.name, path(shown["id"].as_str().unwrap()));
            assert_eq!(
                records(&json!([get(client, &item).expect(200).json()["data"]])),
                records(&json!([shown])),
                "{item}"
            );
        }
    }
}

// The same on the routes below a record: sub-resources, relationships, and links back from other resources.
#[test]
fn routes_below_a_record_go_by_external_ids() {
    let (world, names) = world();
    let client = world.client();
    for (resource, _) in external().filter(|(resource, _)| resource.actions.get) {
        let named = names.0.iter().find(|((kind, _), name)| kind == resource.name && name.is_string());
        let ((_, number), name) = named.unwrap_or_else(|| panic!("no {} has a name", resource.name));
        let by_number = format!("/admin/api/{}/{number}", resource.name);
        let by_name = format!("/admin/api/{}/{}", resource.name, path(name.as_str().unwrap()));
        for relation in resource.visible_relations().filter(|relation| relation.routes) {
            for route in [relation.name.to_owned(), format!("relationships/{}", relation.name)] {
                let expected = client
                    .send(Method::GET, &format!("{by_number}/{route}"), |request| {
                        request.header("X-Include", "noHateoas")
                    })
                    .expect(200)
                    .json();
                let given = get(client, &format!("{by_name}/{route}")).expect(200).json();
                same(&names, &expected, &given, &format!("{by_name}/{route}"));
            }
        }
        // The number names nothing, and so does the number of a record without an external id.
        get(client, &by_number).expect(404);
        get(client, &format!("{by_number}/relationships/organization")).expect(404);
    }
    for ((kind, number), name) in &names.0 {
        if name.is_null() {
            get(client, &format!("/admin/api/{kind}/{number}")).expect(404);
        }
    }
}

// "`filter[id]`, filters by association": each filter by an id of such a record takes its external id.
#[test]
fn filters_take_external_ids() {
    let (world, names) = world();
    let client = world.client();
    for resource in ALL.iter().filter(|resource| resource.actions.list && resource.mandatory_filters.is_empty()) {
        let associations = filter::relations(resource).map(|(relation, _)| (relation.name, relation.target));
        let filters = associations.chain([("id", *resource)]);
        for (filter, target) in filters.filter(|(_, target)| external_field(target).is_some()) {
            let named: Vec<(&String, &str)> = names
                .0
                .iter()
                .filter(|((kind, _), _)| kind == target.name)
                .filter_map(|((_, number), name)| Some((number, name.as_str()?)))
                .collect();
            let (numbers, texts): (Vec<&String>, Vec<&str>) = named.into_iter().unzip();
            let all = |ids: Vec<String>| ids.join(",");
            for operator in ["eq", "neq", "neq_or_null"] {
                let size = if resource.no_paging { "" } else { "&page[size]=-1" };
                let list =
                    |ids: String| format!("/admin/api/{}?filter[{filter}][{operator}]={ids}{size}", resource.name);
                let by_number = list(all(numbers.iter().map(|id| (*id).clone()).collect()));
                let by_name = list(all(texts.iter().map(|id| path(id)).collect()));
                let expected = client
                    .send(Method::GET, &by_number, |request| request.header("X-Include", "noHateoas"))
                    .expect(200)
                    .json();
                let expected = match (operator, filter) {
                    // A record without an external id is none, and is at no other end.
                    ("neq", name) if name != "id" => continue,
                    _ => expected,
                };
                same(&names, &expected, &get(client, &by_name).expect(200).json(), &by_name);
            }
        }
    }
}

// "In ext-id mode `id` becomes assignable, so upsert by id works": create, refuse a second one, upsert, rename, delete.
#[test]
fn writes_go_by_external_ids() {
    let (world, mut names) = world();
    let client = world.client();
    for (resource, field) in external().filter(|(resource, _)| resource.actions.create) {
        let root = format!("/admin/api/{}", resource.name);
        let mut body = world.create_body(resource);
        refer_by_name(&mut names, client, &mut body);
        // The codes of taxes are words.
        let words = if resource.name.starts_with("tax") { "new-id" } else { "new id" };
        let id = unique(words).to_uppercase();
        if let Some(attributes) = body["data"]["attributes"].as_object_mut() {
            attributes.remove(field);
        }
        let missing = send(client, Method::POST, &root, Some(&body)).expect(400).error();
        assert_eq!(
            (missing["title"].as_str(), missing["detail"].as_str(), missing["source"]["pointer"].as_str()),
            (Some("entity identifier constraint"), Some("The identifier is mandatory"), Some("/data/id")),
            "{root}"
        );
        body["data"]["id"] = json!(id);
        let created = send(client, Method::POST, &root, Some(&body)).expect(201);
        let item = format!("{root}/{}", path(&id));
        assert!(created.header("Location").ends_with(&item), "{root}: {}", created.header("Location"));
        let record = created.json()["data"].clone();
        assert_eq!((record["id"].as_str(), record["attributes"][field].as_str()), (Some(&*id), Some(&*id)), "{root}");
        let number = record["attributes"]["dbId"].as_i64().unwrap();
        assert_eq!(client.get(&format!("{root}/{number}")).expect(200).json()["data"]["attributes"][field], json!(id));

        let again = send(client, Method::POST, &root, Some(&body)).expect(409).error();
        assert_eq!(
            (again["title"].as_str(), again["detail"].as_str()),
            (Some("conflict constraint"), Some("The entity already exists."))
        );
        let mut other = body.clone();
        other["data"]["attributes"][field] = json!("another");
        other["data"]["id"] = json!(unique("x"));
        send(client, Method::POST, &root, Some(&other)).expect(409);

        if resource.actions.update {
            let mut upsert = json!({"data": {"type": resource.name, "id": id, "meta": {"upsert": true}}});
            send(client, Method::POST, &root, Some(&upsert)).expect(200);
            send(client, Method::PATCH, &item, Some(&upsert)).expect(200);
            upsert = body.clone();
            upsert["data"]["id"] = json!(unique("upserted"));
            upsert["data"]["meta"] = json!({"upsert": true});
            for (name, value) in world.create_body(resource)["data"]["attributes"].as_object().into_iter().flatten() {
                if name != field {
                    upsert["data"]["attributes"][name] = value.clone();
                }
            }
            send(client, Method::POST, &root, Some(&upsert)).expect(201);

            let renamed = unique("renamed");
            let rename = json!({"data": {"type": resource.name, "id": id, "attributes": {field: renamed, "dbId": 1}}});
            let answer = send(client, Method::PATCH, &item, Some(&rename)).expect(200).json();
            assert_eq!(
                (answer["data"]["id"].as_str(), answer["data"]["attributes"]["dbId"].as_i64()),
                (Some(&*renamed), Some(number))
            );
            send(client, Method::PATCH, &item, Some(&rename)).expect(404);
            let nameless = json!({"data": {"type": resource.name, "id": renamed, "attributes": {field: null}}});
            let item = format!("{root}/{}", path(&renamed));
            send(client, Method::PATCH, &item, Some(&nameless)).expect(400);
            linkage_is_written(resource, client, &item);
            deleted(resource, client, &item, number);
        } else {
            deleted(resource, client, &item, number);
        }
    }
}

/// Each relationship accepts what it shows.
fn linkage_is_written(resource: &'static Resource, client: &Client, item: &str) {
    for relation in resource.visible_relations().filter(|relation| relation.relationship_writes) {
        let route = format!("{item}/relationships/{}", relation.name);
        let shown = get(client, &route).expect(200).json();
        let body = json!({"data": shown["data"]});
        let answer = send(client, Method::PATCH, &route, Some(&body));
        if shown["data"].is_null() && answer.status == 400 {
            continue;
        }
        answer.expect(204);
        let nothing = json!({"type": relation.target.name, "id": "no such record"});
        if external_field(relation.target).is_some() {
            let body = if relation.is_many() { json!({"data": [nothing]}) } else { json!({"data": nothing}) };
            let error = send(client, Method::PATCH, &route, Some(&body)).expect(400).error();
            let place = if relation.is_many() { "/data/0" } else { "/data" };
            assert_eq!(
                (error["detail"].as_str(), error["source"]["pointer"].as_str()),
                (Some("The entity does not exist."), Some(place)),
                "{route}"
            );
            if relation.is_many() {
                send(client, Method::DELETE, &route, Some(&body)).expect(204);
            }
        }
    }
}

fn deleted(resource: &Resource, client: &Client, item: &str, number: i64) {
    if !resource.actions.delete {
        return;
    }
    send(client, Method::DELETE, item, None).expect(204);
    send(client, Method::DELETE, item, None).expect(404);
    client.get(&format!("/admin/api/{}/{number}", resource.name)).expect(404);
}

/// Names the records that a body points at.
fn refer_by_name(names: &mut Names, client: &Client, value: &mut Value) {
    let kind = value["type"].as_str().unwrap_or_default().to_owned();
    let id = value["id"].as_str().unwrap_or_default().to_owned();
    if external().any(|(resource, _)| resource.name == kind) && id.parse::<i64>().is_ok() {
        value["id"] = json!(names.name(client, &kind, &id));
    }
    match value {
        Value::Array(list) => list.iter_mut().for_each(|item| refer_by_name(names, client, item)),
        Value::Object(members) => members.values_mut().for_each(|member| refer_by_name(names, client, member)),
        _ => {}
    }
}

// A record in `included` is named, linked and updated by its external id as well.
#[test]
fn included_records_go_by_external_ids() {
    let (world, mut names) = world();
    let client = world.client();
    let parent = json!({"type": "customers", "id": unique("parent"), "attributes": {"name": "Parent"}});
    let body = json!({
        "data": {
            "type": "customers", "id": unique("child"), "attributes": {"name": "Child"},
            "relationships": {"parent": one("customers", parent["id"].as_str().unwrap())},
        },
        "included": [parent],
    });
    let answer = send(client, Method::POST, "/admin/api/customers", Some(&body)).expect(201).json();
    let included = &answer["included"][0];
    assert_eq!((&included["id"], &included["meta"]["includeId"]), (&parent["id"], &parent["id"]));
    let mut update = body.clone();
    update["included"][0]["meta"] = json!({"update": true});
    update["included"][0]["attributes"]["name"] = json!("Mother");
    let item = format!("/admin/api/customers/{}", path(body["data"]["id"].as_str().unwrap()));
    send(client, Method::PATCH, &item, Some(&update)).expect(200);
    let number = included["attributes"]["dbId"].as_i64().unwrap();
    let name = client.get(&format!("/admin/api/customers/{number}")).expect(200).json()["data"]["attributes"].clone();
    assert_eq!(name["name"], "Mother");
    names.name(client, "customers", &number.to_string());
}
