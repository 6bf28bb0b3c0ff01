//! The shape of documents.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::world::{World, customer, ids, records};
use super::{Check, check};
use crate::support::shop::{many, one};

/// One document of each sort: lists, records, sub-resources, linkage, writes, refusals.
fn documents(world: &World) -> Vec<Value> {
    let (parent, [first, second]) = (&world.parent, &world.children);
    let paths = [
        "/customers?include=group,children,parent.group".to_owned(),
        "/customers?page[size]=1&page[number]=2&meta=title".to_owned(),
        "/customers?page[after]=&page[size]=2".to_owned(),
        "/customers?filter[id]=999999999".to_owned(),
        format!("/customers/{parent}?include=children,owner"),
        format!("/customers/{second}/group"),
        format!("/customers/{first}/children"),
        format!("/customers/{parent}/children"),
        format!("/customers/{parent}/relationships/children"),
        format!("/customers/{second}/relationships/group"),
        "/products?include=names,unitPrecisions.unit,owner&meta=title".to_owned(),
        format!("/orders/{}?include=lineItems.product,orderSubtotals", world.order),
        "/productunits".to_owned(),
        "/countries?page[size]=2&include=regions".to_owned(),
        "/users".to_owned(),
        "/userprofile".to_owned(),
        "/customers/999999999".to_owned(),
        "/customers/abc".to_owned(),
        "/nope".to_owned(),
        "/customers?filter[nope]=1&sort=nope&page[size]=x".to_owned(),
    ];
    let mut documents: Vec<Value> = paths.iter().map(|path| world.get(path).json()).collect();
    let created = world.post("/customers?include=owner", &customer("New")).expect(201);
    let change = json!({"data": {"type": "customers", "id": created.id(), "attributes": {"name": "Newer"}}});
    documents.push(world.patch(&format!("/customers/{}", created.id()), &change).expect(200).json());
    documents.push(created.json());
    documents.push(world.post("/customers", &json!({"data": {"type": "products"}})).expect(409).json());
    documents.push(world.stranger().get("/admin/api/products").expect(403).json());
    documents
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}"))
}

fn check_links(links: &Value) {
    for (name, link) in object(links) {
        match link {
            Value::Null => {}
            Value::String(url) => assert!(url.starts_with("http://"), "{name}: {url}"),
            Value::Object(link) => assert!(link.get("href").is_some_and(Value::is_string), "{name}: {link:?}"),
            other => panic!("{name}: {other}"),
        }
    }
}

fn check_identity(record: &Value) {
    assert!(record["type"].is_string() && record["id"].is_string(), "{record}");
}

fn check_record(record: &Value) {
    check_identity(record);
    for name in object(record).keys() {
        assert!(["type", "id", "attributes", "relationships", "links", "meta"].contains(&name.as_str()), "{name}");
    }
    for part in ["attributes", "relationships", "meta"] {
        assert!(record.get(part).is_none_or(Value::is_object), "{part} of {record}");
    }
    record.get("links").iter().for_each(|links| check_links(links));
    let attributes = record.get("attributes").and_then(Value::as_object);
    let attributes: BTreeSet<&String> = attributes.into_iter().flat_map(Map::keys).collect();
    for (name, relationship) in record.get("relationships").and_then(Value::as_object).into_iter().flatten() {
        assert!(!attributes.contains(name), "{name} is an attribute and a relationship");
        let relationship = object(relationship);
        assert!(relationship.contains_key("data") || relationship.contains_key("links"), "{name}");
        relationship.get("links").iter().for_each(|links| check_links(links));
        match relationship.get("data") {
            None | Some(Value::Null) => {}
            Some(Value::Array(list)) => list.iter().for_each(check_identity),
            Some(one) => check_identity(one),
        }
    }
    assert!(!attributes.iter().any(|name| ["type", "id", "lid"].contains(&name.as_str())), "{record}");
}

fn is_member_name(name: &str) -> bool {
    let global = |char: char| char.is_ascii_alphanumeric() || !char.is_ascii();
    let inner = |char: char| global(char) || "-_ ".contains(char);
    name.chars().next().is_some_and(global) && name.chars().next_back().is_some_and(global) && name.chars().all(inner)
}

fn check_names(value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                assert!(is_member_name(name), "{name}");
                check_names(value);
            }
        }
        Value::Array(list) => list.iter().for_each(check_names),
        _ => {}
    }
}

pub const CHECKS: &[Check] = &[
    check("DS-01 DS-02 DS-03 DS-04 DS-05 DS-10 DS-11", "the top level of every document", |world| {
        for document in documents(world) {
            let top = object(&document);
            for name in top.keys() {
                let known = ["data", "errors", "meta", "jsonapi", "links", "included"].contains(&name.as_str());
                assert!(known, "{name} in {document}");
            }
            assert!(top.contains_key("data") != top.contains_key("errors"), "{document}");
            assert!(top.contains_key("data") || !top.contains_key("included"), "{document}");
            assert_eq!(top["jsonapi"], json!({"version": "1.1"}));
            assert!(top.get("meta").is_none_or(Value::is_object));
            top.get("links").iter().for_each(|links| check_links(links));
        }
    }),
    check("DS-06 DS-07", "one record is an object, a list an array even of one or none", |world| {
        assert!(world.get(&world.parent_path()).expect(200).json()["data"].is_object());
        let single = world.get(&format!("/customers?filter[id]={}", world.parent)).expect(200).json();
        assert_eq!(ids(&single), [&world.parent]);
        assert_eq!(world.get("/customers?filter[id]=999999999").expect(200).json()["data"], json!([]));
    }),
    check("DS-08", "members that the specification does not define are ignored at the top level", |world| {
        let mut body = customer("New");
        body["foo"] = json!(1);
        world.post("/customers", &body).expect(201);
    }),
    check(
        "DS-12 DS-15 DS-18 DS-19 DS-20 DS-22 DS-23",
        "resource objects, identifiers, relationships, links",
        |world| {
            for document in documents(world) {
                records(&document).into_iter().for_each(check_record);
            }
        },
    ),
    check("DS-13 CD-03", "a document holds each record once", |world| {
        for document in documents(world) {
            let records = records(&document);
            let different: BTreeSet<String> =
                records.iter().map(|record| format!("{}/{}", record["type"], record["id"])).collect();
            assert_eq!(different.len(), records.len(), "{document}");
        }
    }),
    check("DS-14 DS-25", "types and member names are made of allowed characters", |world| {
        for document in documents(world) {
            check_names(&document);
            for record in records(&document) {
                assert!(is_member_name(record["type"].as_str().unwrap()));
            }
        }
    }),
    check("DS-16 DS-17", "fields share one namespace, and no attribute repeats a relationship's key", |_| {
        for resource in entrepot::resources::ALL {
            let mut names: Vec<&str> = resource.fields.iter().map(|field| field.name).collect();
            names.extend(resource.visible_relations().map(|relation| relation.name));
            let different: BTreeSet<&str> = names.iter().copied().collect();
            assert_eq!(different.len(), names.len(), "{}", resource.name);
            assert!(!names.iter().any(|name| ["type", "id", "lid"].contains(name)), "{}", resource.name);
            for field in resource.fields.iter().filter(|field| field.access.is_shown()) {
                let of = field.name.strip_suffix("_id").and_then(|name| resource.relation(name));
                assert!(of.is_none(), "{} of {}", field.name, resource.name);
            }
        }
    }),
    check("DS-21 FE-03 RL-02", "an empty relationship keeps its URLs: null or an empty list", |world| {
        let [first, second] = &world.children;
        let empty = world.get(&format!("/customers/{second}")).expect(200).json();
        let links = &empty["data"]["relationships"]["group"]["links"];
        for link in [&links["related"], &links["self"]] {
            assert_eq!(world.follow(link.as_str().unwrap()).expect(200).json()["data"], Value::Null);
        }
        for path in [format!("/customers/{first}/children"), format!("/customers/{first}/relationships/children")] {
            assert_eq!(world.get(&path).expect(200).json()["data"], json!([]));
        }
    }),
    check("DS-24", "a record's own link leads to it", |world| {
        for record in records(&world.get("/customers?include=group").expect(200).json()) {
            let found = world.follow(record["links"]["self"].as_str().unwrap()).expect(200).json();
            assert_eq!((&found["data"]["type"], &found["data"]["id"]), (&record["type"], &record["id"]));
        }
    }),
    check("DS-26", "members that begin with @ are ignored in requests", |world| {
        let mut body = customer("New");
        body["data"]["attributes"]["@x"] = json!(1);
        body["data"]["relationships"] = json!({"@y": 1});
        body["data"]["@z"] = json!({});
        let created = world.post("/customers", &body).expect(201).json();
        assert!(created["data"]["attributes"].get("@x").is_none());
    }),
    check("DS-27", "attributes are of their JSON types", |world| {
        let product = world.get(&format!("/products/{}", world.products[0])).expect(200).json();
        let attributes = &product["data"]["attributes"];
        assert!(attributes["sku"].is_string() && attributes["featured"].is_boolean(), "{attributes}");
        let line = world.get(&format!("/orders/{}/lineItems", world.order)).expect(200).json();
        assert_eq!(line["data"][0]["attributes"]["quantity"], json!(2));
        assert!(line["data"][0]["attributes"]["createdAt"].as_str().is_some_and(|time| time.ends_with('Z')));
    }),
    check("DS-28", "lid names a record of the request wherever it is referred to", |world| {
        let body = json!({
            "data": {
                "type": "customers", "lid": "new", "attributes": {"name": "New"},
                "relationships": {"children": {"data": [{"type": "customers", "lid": "below"}]}},
            },
            "included": [{
                "type": "customers", "lid": "below", "attributes": {"name": "Below"},
                "relationships": {"parent": {"data": {"type": "customers", "lid": "new"}}},
            }],
        });
        let created = world.post("/customers", &body).expect(201).json();
        let below = &created["included"][0];
        assert_eq!(created["data"]["relationships"]["children"]["data"][0]["id"], below["id"]);
        assert_eq!(below["relationships"]["parent"]["data"]["id"], created["data"]["id"]);
    }),
    check("CD-01 CD-02 CD-04", "included records are reached by linkage, with those on the way", |world| {
        let path = format!("/customers/{}?include=parent.group", world.children[1]);
        let document = world.get(&path).expect(200).json();
        let included = document["included"].as_array().unwrap();
        let found: BTreeSet<(&str, &str)> =
            included.iter().map(|record| (record["type"].as_str().unwrap(), record["id"].as_str().unwrap())).collect();
        let wanted = [("customers", world.parent.as_str()), ("customergroups", world.group.as_str())];
        assert_eq!(found, BTreeSet::from(wanted));
        assert_eq!(document["data"]["relationships"]["parent"], {
            let mut expected = one("customers", &world.parent);
            expected["links"] = document["data"]["relationships"]["parent"]["links"].clone();
            expected
        });
        let parent = included.iter().find(|record| record["type"] == "customers").unwrap();
        assert_eq!(parent["relationships"]["group"]["data"]["id"], json!(world.group));
    }),
    check("CD-05", "included is there, empty, when nothing was found to include", |world| {
        let document = world.get(&format!("/customers/{}?include=children", world.children[0])).expect(200).json();
        assert_eq!(document["included"], json!([]));
    }),
    check("CD-06", "nothing is included that was not asked for", |world| {
        let document = world.get("/customers?include=group").expect(200).json();
        for record in document["included"].as_array().unwrap() {
            assert_eq!(record["type"], "customergroups");
        }
        assert!(world.get("/customers").expect(200).json().get("included").is_none());
    }),
    check("CD-07", "an empty include includes nothing", |world| {
        let document = world.get(&format!("{}?include=", world.parent_path())).expect(200).json();
        assert!(document.get("included").is_none_or(|included| *included == json!([])));
    }),
    check("CD-08", "an unknown include path is 400 in the strict profile", |world| {
        for path in ["nope", "group.nope"] {
            let error = world.strict(&format!("/customers?include={path}")).expect(400).error();
            assert_eq!(error["source"]["parameter"], "include");
            world.get(&format!("/customers?include={path}")).expect(200);
        }
    }),
    check("CD-09 CD-10", "where nothing can be included, include is 400; on writes it can", |world| {
        let path = format!("{}/relationships/children?include=children", world.parent_path());
        assert_eq!(world.get(&path).expect(400).error()["source"]["parameter"], "include");
        let created = world.post("/customers?include=owner", &customer("New")).expect(201).json();
        assert_eq!(created["included"][0]["type"], "users");
        let body = json!({"data": {
            "type": "customers", "id": world.parent, "relationships": {"children": many("customers", &[&world.children[0], &world.children[1]])},
        }});
        let changed = world.patch(&format!("{}?include=children", world.parent_path()), &body).expect(200).json();
        assert_eq!(changed["included"].as_array().unwrap().len(), 2);
    }),
];
