//! Random query strings: whatever comes, the parsers answer or refuse.

use entrepot::acl::{Level, authorize};
use entrepot::engine::query::{DELETE_LIST, IDENTIFIERS, ITEM, LIST, NOTHING, Query, Request};
use entrepot::engine::registry::Registry;
use entrepot::engine::sql::select;
use entrepot::resources;
use proptest::prelude::*;

use super::query_text::{LIMITS, caller};

/// Parameters made of the words that mean something, in any order, with anything for a value.
fn parameter() -> impl Strategy<Value = String> {
    let group = prop_oneof!["filter", "page", "sort", "include", "fields", "meta", "[a-z\\[\\]]{0,6}"];
    let word = prop_oneof![
        "id",
        "name",
        "createdAt",
        "group",
        "parent",
        "children",
        "users",
        "externalId",
        "number",
        "size",
        "after",
        "before",
        "customers",
        "eq",
        "neq",
        "exists",
        "gte",
        "neq_or_null",
        "contains",
        "\\PC{0,5}"
    ];
    let value = prop_oneof![
        "-?[0-9]{1,25}",
        "[0-9]{1,3}\\.\\.[0-9]{1,3}",
        "[0-9,]{0,9}",
        "true|no|1",
        "-?[a-z]{1,5}(\\.[a-z]{1,5}){0,3}",
        "[0-9]{4}(-[0-9]{2}){0,2}(T[0-9]{2}(:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,7})?)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?",
        "parent.children.group",
        "-name,group.name",
        "(%[0-9a-fA-Z]{2}){1,4}",
        "\\PC{0,12}",
        ".{0,8}"
    ];
    (group, proptest::collection::vec(word, 0..4), value).prop_map(|(group, words, value)| {
        let brackets: String = words.iter().map(|word| format!("[{word}]")).collect();
        format!("{group}{brackets}={value}")
    })
}

proptest! {
    #[test]
    fn nothing_panics(parameters in proptest::collection::vec(parameter(), 0..6), place in 0_usize..1000, strict: bool) {
        let registry = Registry::new("admin", "/admin/api", resources::ALL);
        let resource = resources::ALL[place % resources::ALL.len()];
        let raw = parameters.join("&");
        for route in [LIST, ITEM, IDENTIFIERS, NOTHING, DELETE_LIST] {
            let request = Request { registry: &registry, resource, mixed: &[], route, limits: LIMITS, strict, path: "/" };
            match Query::parse(request, &raw, None) {
                Err(errors) => prop_assert_eq!(errors.status(), 400),
                Ok(query) => {
                    for level in [Level::User, Level::Organization] {
                        let caller = caller(level);
                        let Ok(plan) = authorize(query.list(resource), &caller) else { continue };
                        let _ = diesel::debug_query::<diesel::pg::Pg, _>(&select::count(&plan)).to_string();
                    }
                }
            }
        }
    }

    #[test]
    fn any_text_is_answered_or_refused(raw in ".{0,60}", body in proptest::option::of(".{0,30}")) {
        let registry = Registry::new("admin", "/admin/api", resources::ALL);
        let resource = resources::ALL[0];
        let request = Request { registry: &registry, resource, mixed: &[], route: LIST, limits: LIMITS, strict: false, path: "/" };
        let body = body.map(|text| serde_json::json!({"filter": {text.clone(): {"eq": [text, 1, null]}}, "page": {"size": 2}}));
        let _ = Query::parse(request, &raw, body.as_ref());
    }
}
