//! Every resource of both APIs, read: lists, items, refusals, methods.

use entrepot::engine::filter::Operator;
use entrepot::engine::query::filter;
use entrepot::engine::resource::{IdKind, Ownership, Resource};
use entrepot::{resources, storefront};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::organization::{Organization, customer_user_permissions};

/// Each resource, with its API's root and the client of an administrator there.
fn each(check: impl Fn(&Client, &str, &'static Resource)) {
    let organization = Organization::new();
    for resource in resources::ALL {
        check(organization.client(), &format!("/admin/api/{}", resource.name), resource);
    }
    let user = organization.storefront_user();
    for resource in storefront::ALL {
        check(&user.client, &format!("/api/{}", resource.name), resource);
    }
}

/// The query that a list cannot do without.
fn needed(resource: &Resource) -> String {
    let filters = resource.mandatory_filters.iter().map(|name| format!("filter[{name}]=1")).collect::<Vec<_>>();
    if filters.is_empty() { String::new() } else { format!("?{}", filters.join("&")) }
}

/// An id of the right form that no record has.
fn absent(resource: &Resource) -> &'static str {
    match resource.id.kind {
        IdKind::Integer => "999999999",
        IdKind::Text => "no-such-id",
        IdKind::Uuid => "00000000-0000-4000-8000-000000000000",
        IdKind::Guid { .. } => "00000000-0000-0000-0000-000000000000-999999999",
    }
}

fn told(error: &Value) -> (&str, &str) {
    (error["title"].as_str().unwrap_or_default(), error["detail"].as_str().unwrap_or_default())
}

// A list is a JSON:API document whose records have the resource's type and string ids; each can be read by its id and
// says the same there.
#[test]
fn lists_and_items() {
    each(|client, path, resource| {
        if !resource.actions.list {
            return;
        }
        let document = client.get(&format!("{path}{}", needed(resource))).expect(200).json();
        assert_eq!(document["jsonapi"]["version"], "1.1", "{path}");
        for record in document["data"].as_array().into_iter().flatten() {
            assert_eq!(record["type"], resource.name, "{path}");
            let id = record["id"].as_str().unwrap_or_else(|| panic!("{path}: {record}"));
            for field in resource.fields.iter().filter(|field| record["attributes"].get(field.name).is_none()) {
                assert!(!field.access.is_shown(), "{path}: {}", field.name);
            }
            if resource.actions.get {
                assert_eq!(client.get(&format!("{path}/{id}")).expect(200).json()["data"], *record, "{path}/{id}");
            }
        }
    });
}

// Every filter that the descriptor declares is understood, with each of its operators; every sorter too.
#[test]
fn declared_filters_and_sorters() {
    each(|client, path, resource| {
        if !resource.actions.list {
            return;
        }
        let needed = needed(resource).replace('?', "&");
        let fields = resource.fields.iter().filter_map(|field| Some((field.name, field.filter?)));
        let relations = filter::relations(resource).map(|(relation, spec)| (relation.name, spec));
        let extra = resource.extra_filters.iter().map(|filter| (filter.name, filter.spec));
        for (name, spec) in fields.chain(relations).chain(extra).chain([("id", resource.id.filter)]) {
            for operator in spec.operators.iter() {
                let filter = format!("filter[{name}][{}]", operator.name());
                let accepted = ["1", "2020-01-01", "word", "00000000-0000-0000-0000-000000000000", absent(resource)]
                    .iter()
                    .any(|value| client.get(&format!("{path}?{filter}={value}{needed}")).status == 200);
                assert!(accepted, "{path}?{filter}");
            }
        }
        if resource.no_sorting {
            let error = client.get(&format!("{path}?sort=id{needed}")).expect(400).error();
            assert_eq!(told(&error), ("filter constraint", "The filter is not supported."), "{path}");
            return;
        }
        let fields = resource.fields.iter().filter(|field| field.sort).map(|field| field.name);
        let relations = resource.visible_relations().filter(|relation| relation.sort).map(|relation| relation.name);
        for name in fields.chain(relations).chain(["id"]) {
            for sort in [name.to_owned(), format!("-{name}")] {
                client.get(&format!("{path}?sort={sort}{needed}")).expect(200);
            }
        }
    });
}

// Every relationship can be included, and its fields narrowed.
#[test]
fn includes_and_fields() {
    each(|client, path, resource| {
        if !resource.actions.list {
            return;
        }
        let needed = needed(resource).replace('?', "&");
        for relation in resource.visible_relations() {
            let query = format!("include={}&fields[{}]=", relation.name, relation.target.name);
            client.get(&format!("{path}?{query}{needed}")).expect(200);
        }
        if !resource.no_meta && !resource.no_title {
            client.get(&format!("{path}?meta=title{needed}")).expect(200);
        }
    });
}

// Unknown filters, sorters, ids and members of the path are refused in the contract's words.
#[test]
fn refusals() {
    each(|client, path, resource| {
        if resource.actions.list {
            let error = client.get(&format!("{path}?filter[qqqqqqqq]=1")).expect(400).error();
            assert_eq!(told(&error), ("filter constraint", "The filter is not supported."), "{path}");
        }
        if resource.singleton || !resource.actions.get {
            return;
        }
        let missing = client.get(&format!("{path}/{}", absent(resource))).expect(404).error();
        let text = "An entity with the requested identifier does not exist.";
        assert_eq!(told(&missing), ("not found http exception", text), "{path}");
        if resource.id.kind != IdKind::Text {
            let wrong = client.get(&format!("{path}/abc")).expect(400).error();
            assert_eq!(wrong["title"], "entity identifier constraint", "{path}");
        }
        let unknown = client.get(&format!("{path}/{}/qqqqqqqq", absent(resource))).expect(404).error();
        assert_eq!(told(&unknown), ("relationship constraint", "Unsupported subresource."), "{path}");
        for relation in resource.visible_relations().filter(|relation| relation.routes) {
            for route in [relation.name.to_owned(), format!("relationships/{}", relation.name)] {
                let error = client.get(&format!("{path}/{}/{route}", absent(resource))).expect(404).error();
                assert_eq!(told(&error).1, "The parent entity does not exist.", "{path} {route}");
            }
        }
    });
}

// OPTIONS needs no caller and tells the methods; a method that is not among them is 405 with the same list and no body,
// whatever else is wrong with the request.
#[test]
fn methods() {
    each(|client, path, resource| {
        let nobody = client.with_token("nobody");
        let item = format!("{path}/{}", absent(resource));
        let mut places = vec![path.to_owned()];
        if !resource.singleton {
            places.push(item.clone());
            places.extend(resource.visible_relations().filter(|relation| relation.routes).flat_map(|relation| {
                [format!("{item}/{}", relation.name), format!("{item}/relationships/{}", relation.name)]
            }));
        }
        for place in places {
            let answer = nobody.send(Method::OPTIONS, &place, |request| request);
            if answer.status == 404 {
                // Nothing is left of a route without a method.
                client.get(&place).expect(404);
                continue;
            }
            let answer = answer.expect(200);
            assert_eq!(answer.text, "", "{place}");
            let allow = answer.header("Allow").to_owned();
            let order = ["OPTIONS", "GET", "PATCH", "POST", "DELETE"];
            let listed: Vec<&str> = allow.split(", ").collect();
            let expected: Vec<&str> = order.into_iter().filter(|method| listed.contains(method)).collect();
            assert_eq!(listed, expected, "{place}");
            for method in order.into_iter().filter(|method| !listed.contains(method)).chain(["PUT"]) {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let refused = client.send(method, &place, |request| {
                    request.header("X-Localization-ID", "none").header("X-Currency", "none").body("{}")
                });
                let refused = refused.expect(405);
                assert_eq!((refused.text.as_str(), refused.header("Allow")), ("", allow.as_str()), "{place}");
            }
        }
    });
}

// Without a token, or with one of the other API: 401, an empty body, and how to do better.
#[test]
fn callers() {
    let organization = Organization::new();
    let storefront = organization.storefront_user();
    for resource in resources::ALL {
        let path = format!("/admin/api/{}", resource.name);
        for client in [&organization.server.client(), &storefront.client] {
            let answer = client.get(&path).expect(401);
            assert_eq!(answer.text, "", "{path}");
            assert!(answer.header("WWW-Authenticate").starts_with("Bearer"), "{path}");
        }
    }
    for resource in storefront::ALL {
        let path = format!("/api/{}", resource.name);
        for client in [&organization.server.client(), organization.client()] {
            assert_eq!(client.get(&path).expect(401).text, "", "{path}");
        }
    }
}

// Without the permission VIEW: 403 for everything but reference data and the caller's own profile.
#[test]
fn rights() {
    let client = Organization::new().user_who_may(&json!({})).client;
    for resource in resources::ALL.iter().filter(|resource| resource.actions.list) {
        let answer = client.get(&format!("/admin/api/{}{}", resource.name, needed(resource)));
        match resource.ownership {
            Ownership::Reference => drop(answer.expect(200)),
            _ => {
                let error = answer.expect(403).error();
                let text = "No access to this type of entities.";
                assert_eq!(told(&error), ("access denied exception", text), "{}", resource.name);
            }
        }
    }
}

// In the storefront too: the catalogue is open to everybody who has logged in, and what belongs to customers is not.
#[test]
fn rights_of_customer_users() {
    let organization = Organization::new();
    let client = organization.customer_user(organization.customer(None), &json!({})).client;
    for resource in storefront::ALL.iter().filter(|resource| resource.actions.list) {
        let answer = client.get(&format!("/api/{}{}", resource.name, needed(resource)));
        if is_open(resource) {
            answer.expect(200);
        } else {
            let text = "No access to this type of entities.";
            assert_eq!(told(&answer.expect(403).error()), ("access denied exception", text), "{}", resource.name);
        }
    }
}

/// Whether every caller may read some of it: reference data, and parts of it.
fn is_open(resource: &Resource) -> bool {
    match resource.ownership {
        Ownership::Reference => true,
        Ownership::Part(parents) => {
            parents.iter().filter_map(|name| resource.relation(name)).any(|parent| is_open(parent.target))
        }
        _ => false,
    }
}

// A caller who may view a part of the records gets that part, whatever the level, the filter and the order.
#[test]
fn partial_rights() {
    let organization = Organization::new();
    for level in ["user", "department", "division"] {
        let permissions = customer_user_permissions(level);
        let client = organization.customer_user(organization.customer(None), &permissions).client;
        storefront::ALL.iter().for_each(|resource| reads_in_parts(&client, "/api", resource));
    }
    for level in ["user", "business-unit", "division"] {
        let view = json!({ "VIEW": level });
        let permissions = resources::ALL.iter().map(|resource| (resource.name.to_owned(), view.clone()));
        let client = organization.user_who_may(&Value::Object(permissions.collect())).client;
        resources::ALL.iter().for_each(|resource| reads_in_parts(&client, "/admin/api", resource));
    }
}

/// Reads a list with each include, each order and each question whether there is something.
fn reads_in_parts(client: &Client, root: &str, resource: &'static Resource) {
    let separator = if resource.mandatory_filters.is_empty() { '?' } else { '&' };
    let path = format!("{root}/{}{}{separator}page[size]=2", resource.name, needed(resource));
    let path = if resource.no_paging { path.replace("page[size]=2", "") } else { path };
    // What belongs to the organization as a whole is reached by its own level only.
    if !resource.actions.list || client.get(&path).status == 403 {
        return;
    }
    for relation in resource.visible_relations() {
        client.get(&format!("{path}&include={}", relation.name)).expect(200);
        if relation.sort && !resource.no_sorting {
            client.get(&format!("{path}&sort={}", relation.name)).expect(200);
        }
    }
    for (relation, spec) in filter::relations(resource) {
        for state in ["true", "false"].iter().filter(|_| spec.operators.has(Operator::Exists)) {
            client.get(&format!("{path}&filter[{}][exists]={state}", relation.name)).expect(200);
        }
    }
}
