//! Query parameters: fieldsets, sorting, filtering, and what is none of them.

use serde_json::{Value, json};

use super::world::{World, ids};
use super::{Check, check};
use crate::support::organization::unique;

fn members(record: &Value, part: &str) -> Vec<String> {
    record.get(part).and_then(Value::as_object).into_iter().flat_map(|members| members.keys().cloned()).collect()
}

/// The parameters of every operation of the API document.
fn documented(world: &World) -> Vec<String> {
    let document = world.client().get("/admin/api/openapi.json").expect(200).json();
    let shared = document["components"]["parameters"].as_object().unwrap().values();
    let paths = document["paths"].as_object().unwrap().values();
    let own = paths
        .flat_map(|path| path.as_object().unwrap().values())
        .flat_map(|operation| operation["parameters"].as_array().into_iter().flatten());
    shared
        .chain(own)
        .filter(|parameter| parameter["in"] == "query")
        .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
        .collect()
}

fn refused(world: &World, parameter: &str, key: &str) {
    let error = world.get(&format!("/customers?{parameter}")).expect(400).error();
    assert_eq!(error["source"]["parameter"], json!(key), "{error}");
}

pub const CHECKS: &[Check] = &[
    check("SF-01", "fields limits what is shown of a type, in data and in included", |world| {
        let path = "/customers?fields[customers]=name,group&include=group&fields[customergroups]=name";
        let document = world.get(path).expect(200).json();
        for record in document["data"].as_array().unwrap() {
            assert_eq!(members(record, "attributes"), ["name"]);
            assert_eq!(members(record, "relationships"), ["group"]);
        }
        for record in document["included"].as_array().unwrap() {
            assert_eq!(members(record, "attributes"), ["name"]);
            assert!(members(record, "relationships").is_empty());
        }
    }),
    check("SF-02", "an empty list of fields leaves type and id", |world| {
        let document = world.get("/customers?fields[customers]=").expect(200).json();
        for record in document["data"].as_array().unwrap() {
            assert!(members(record, "attributes").is_empty() && members(record, "relationships").is_empty());
        }
    }),
    check("SF-03", "an unknown field is ignored everywhere", |world| {
        let document = world.get("/customers?fields[customers]=nope,name").expect(200).json();
        assert_eq!(members(&document["data"][0], "attributes"), ["name"]);
    }),
    check("SF-04", "fields holds for the answers of writes", |world| {
        let body = json!({"data": {"type": "customers", "attributes": {"name": "New"}}});
        let created = world.post("/customers?fields[customers]=name", &body).expect(201).json();
        assert_eq!(members(&created["data"], "attributes"), ["name"]);
        assert!(members(&created["data"], "relationships").is_empty());
    }),
    check("SO-01", "sort orders ascending, with a minus descending", |world| {
        let names = |path: &str| -> Vec<String> {
            let document = world.get(path).expect(200).json();
            let records = document["data"].as_array().unwrap().clone();
            records.iter().map(|record| record["attributes"]["sku"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names("/products?sort=sku"), ["A", "B", "C", "D", "E"]);
        assert_eq!(names("/products?sort=-sku"), ["E", "D", "C", "B", "A"]);
    }),
    check("SO-02", "several sorts hold in their order", |world| {
        let document = world.get("/products?sort=featured,-id").expect(200).json();
        let mut wanted: Vec<&String> = world.products.iter().collect();
        wanted.reverse();
        assert_eq!(ids(&document), wanted);
    }),
    check("SO-03", "a sort that is none is 400", |world| refused(world, "sort=nope", "sort")),
    check("SO-04", "a sort may go through a relationship", |world| {
        world.get("/orders?sort=customer.name,-id").expect(200);
    }),
    check("FI-01", "filters, lists and paths through relationships find their rows", |world| {
        let document = world.get("/products?filter[sku]=A,B").expect(200).json();
        assert_eq!(ids(&document), world.products[..2]);
        let document = world.get("/orders?filter[customer.name]=Atlas").expect(200).json();
        assert_eq!(ids(&document), [&world.order]);
    }),
    check("FI-02", "an unknown filter is 400", |world| refused(world, "filter[nope]=1", "filter[nope]")),
    check("FI-03", "brackets are the same encoded and not", |world| {
        let raw = world.get("/products?filter[sku]=A").expect(200).text;
        assert_eq!(raw, world.get("/products?filter%5Bsku%5D=A").expect(200).text);
    }),
    check("QP-01", "an unknown parameter is 400 and named", |world| refused(world, "foo=1", "foo")),
    check("QP-02 QP-06", "parameters are the specification's families; none belongs to an extension", |world| {
        let names = documented(world);
        assert!(names.len() > 100);
        // What says how long to wait asks for no data: `wait` of the change feed has the name that such parameters have.
        for name in names.into_iter().filter(|name| name != "wait") {
            let base = name.split('[').next().unwrap();
            assert!(["filter", "sort", "page", "include", "fields", "meta"].contains(&base), "{name}");
        }
    }),
    check("QP-03", "an unknown member of a family is 400", |world| {
        refused(world, "page[bogus]=1", "page[bogus]");
        refused(world, "sort[]=name", "sort[]");
        refused(world, "camelCase=1", "camelCase");
    }),
    check("QP-04", "a member of a family with an impossible name is 400", |world| {
        refused(world, "filter[_]=1", "filter[_]");
        refused(world, "page[%20]=1", "page[ ]");
    }),
    check("QP-05", "in the strict profile a + is a space", |world| {
        let name = unique("Plus Minus");
        world.post("/customers", &super::world::customer(&name)).expect(201);
        let plus = format!("/customers?filter[name]={}", name.replace(' ', "+"));
        assert_eq!(world.strict(&plus).expect(200).json()["data"].as_array().unwrap().len(), 1);
        assert_eq!(world.get(&plus).expect(200).json()["data"].as_array().unwrap().len(), 0);
        let encoded = format!("/customers?filter[name]={}", name.replace(' ', "%20"));
        assert_eq!(world.get(&encoded).expect(200).json()["data"].as_array().unwrap().len(), 1);
    }),
];
