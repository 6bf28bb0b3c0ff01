//! API1, in lists: what filters, paths, orders, includes, totals and cursors tell of records that the caller may not view.

use entrepot::acl::{Permission, scope};
use entrepot::engine::filter::Operator;
use entrepot::engine::query::filter;
use entrepot::engine::relation::Relation;
use entrepot::engine::resource::{Ownership, Resource};
use entrepot::resources::ALL;
use reqwest::Method;
use serde_json::{Value, json};

use super::told;
use crate::every_resource::bodies::{World, no_id};
use crate::support::chunk::caller;
use crate::support::client::{Answer, Client};

fn listed() -> impl Iterator<Item = &'static Resource> {
    ALL.iter().copied().filter(|resource| resource.actions.list && resource.tenant.is_some())
}

/// The list with its total and without links, in which the request shows.
pub(super) fn ask(client: &Client, path: &str) -> Answer {
    client.send(Method::GET, path, |request| request.header("X-Include", "totalCount;noHateoas"))
}

/// What a list of another one's records must be: empty, and counted as empty.
#[track_caller]
pub(super) fn nothing(answer: &Answer, of: &str) {
    assert_eq!(answer.status, 200, "{of}: {}", answer.text);
    assert_eq!(answer.json()["data"], json!([]), "{of}");
    assert_eq!(answer.header("X-Include-Total-Count"), "0", "{of}");
}

/// The filters that a list cannot do without, by records of that organization.
fn needed(world: &World, resource: &'static Resource) -> String {
    let filters = resource.mandatory_filters.iter().map(|name| {
        let target = resource.relation(name).unwrap().target;
        format!("&filter[{name}]={}", world.record(target))
    });
    filters.collect()
}

/// Relationships at whose end a record of one's own organization can be named by its id.
fn ends(resource: &'static Resource) -> impl Iterator<Item = &'static Relation> {
    filter::relations(resource).filter_map(|(relation, spec)| {
        let target = relation.target;
        let named = target.tenant.is_some() && target.actions.get && !target.singleton;
        (named && spec.operators.has(Operator::Eq)).then_some(relation)
    })
}

/// `filter[lineItems.product]`: whatever lies between, a record of another organization is at no end.
#[test]
fn ids_of_another_organization_in_filters_through_paths_of_relationships() {
    let (ours, theirs) = (World::new(), World::new());
    // In the order of their types: what is made late may not be in the way of what is made first.
    super::foreign().for_each(|resource| drop(theirs.record(resource)));
    let mut tried = 0;
    for resource in listed().filter(|resource| resource.mandatory_filters.is_empty()) {
        for first in filter::relations(resource).map(|(relation, _)| relation) {
            let mut paths: Vec<(String, &'static Resource)> =
                ends(first.target).map(|second| (format!("{}.{}", first.name, second.name), second.target)).collect();
            // Of the third step one each: there are tens of thousands.
            if let Some((path, via)) = paths.get(tried % paths.len().max(1)).cloned() {
                paths.extend(ends(via).take(1).map(|third| (format!("{path}.{}", third.name), third.target)));
            }
            for (path, target) in paths {
                let of = format!("/admin/api/{}?filter[{path}]", resource.name);
                let found = ask(ours.client(), &format!("{of}={}", theirs.record(target)));
                if found.status == 200 {
                    nothing(&found, &of);
                } else {
                    let absent = ask(ours.client(), &format!("{of}={}", no_id(target)));
                    assert_eq!(told(&found), told(&absent), "{of}");
                }
                tried += usize::from(found.status == 200);
            }
        }
    }
    assert!(tried > 1000, "{tried}");
}

/// What has no route of its own is found in lists alone, by the records that it is about and by its id.
#[test]
fn ids_of_another_organization_in_resources_that_are_only_lists() {
    let (ours, theirs) = (World::new(), World::new());
    let mut tried = 0;
    for resource in listed().filter(|resource| !resource.actions.get) {
        let path = |id: &str, needed: &str| format!("/admin/api/{}?filter[id]={id}{needed}", resource.name);
        let (own, foreign) = (needed(&ours, resource), needed(&theirs, resource));
        let all = format!("/admin/api/{}?{}", resource.name, foreign.trim_start_matches('&'));
        nothing(&ask(ours.client(), &all), &all);
        let records = ask(theirs.client(), &all).expect(200).json();
        for record in records["data"].as_array().unwrap() {
            let id = record["id"].as_str().unwrap();
            for filters in [&own, &foreign] {
                let answer = ask(ours.client(), &path(id, filters));
                if answer.status == 200 {
                    nothing(&answer, &path(id, filters));
                    tried += 1;
                } else {
                    assert_eq!(told(&answer), told(&ask(ours.client(), &path(no_id(resource), filters))));
                }
            }
        }
    }
    assert!(tried > 0);
}

/// A cursor is a place in a list, not a right to it: that of another organization shows only what is one's own.
#[test]
fn cursors_of_another_organization() {
    let (ours, theirs) = (World::new(), World::new());
    theirs.organization().customer(None);
    let after = |client: &Client, path: &str, cursor: &str| client.get(&format!("{path}&page[after]={cursor}"));
    for path in ["/admin/api/customers?page[size]=1", "/admin/api/changes?page[size]=1"] {
        let own = after(ours.client(), &path.replace("=1", "=100"), "").expect(200).json();
        let own: Vec<&Value> = own["data"].as_array().unwrap().iter().collect();
        let first = after(theirs.client(), path, "").expect(200).json();
        let next = first["links"]["next"].as_str().unwrap();
        let cursor = next.split_once("page%5Bafter%5D=").unwrap().1.split('&').next().unwrap();
        let answer = after(ours.client(), &path.replace("=1", "=100"), cursor);
        if answer.status == 200 {
            let document = answer.json();
            for record in document["data"].as_array().unwrap() {
                let known =
                    own.iter().any(|own| own["id"] == record["id"] && own["attributes"] == record["attributes"]);
                assert!(known, "{path}: {record}");
            }
        } else {
            assert_eq!(answer.status, 400, "{path}: {}", answer.text);
        }
    }
}

/// The types whose permission VIEW a caller needs to see the resource.
fn deciding(resource: &'static Resource, types: &mut Vec<&'static str>) {
    match resource.ownership {
        Ownership::Part(parents) | Ownership::AllOf(parents) => {
            for parent in parents.iter().filter_map(|name| resource.relation(name)) {
                // A part of its own kind is decided by what it is a part of beside.
                if !std::ptr::eq(parent.target, resource) {
                    deciding(parent.target, types);
                }
            }
        }
        _ if !types.contains(&resource.name) => types.push(resource.name),
        _ => {}
    }
}

/// A record, a user who may view it, and a record that it is linked with and that the user may not view.
pub(super) struct Hidden<'w> {
    pub resource: &'static Resource,
    pub relation: &'static Relation,
    /// The list of the one record.
    pub list: String,
    /// The id of the hidden one.
    pub linked: String,
    pub user: &'w Client,
}

/// Calls with every relationship that leads from a visible record to a hidden one; the answer: how many there are.
pub(super) fn each_hidden(world: &World, mut look: impl FnMut(&Hidden<'_>)) -> usize {
    let organization = world.organization();
    let mut met = 0;
    for resource in listed().filter(|resource| resource.actions.get && resource.mandatory_filters.is_empty()) {
        let id = world.record(resource);
        let mut types = Vec::new();
        deciding(resource, &mut types);
        let permissions: Value =
            types.iter().map(|name| ((*name).to_owned(), json!({"VIEW": "organization"}))).collect();
        let user = organization.user_who_may(&permissions);
        let standing = caller(organization, &user);
        let whole = world.client().get(&format!("/admin/api/{}/{id}", resource.name)).expect(200).json();
        let list = format!("/admin/api/{}?filter[id]={id}", resource.name);
        ask(&user.client, &list).expect(200);
        for relation in resource.visible_relations().filter(|relation| !relation.is_polymorphic()) {
            let linked = &whole["data"]["relationships"][relation.name]["data"];
            let linked = linked.as_array().map_or(linked, |list| list.first().unwrap_or(&Value::Null));
            let target = relation.target;
            let hidden = scope(target, Permission::View, &standing).is_none();
            if let Some(linked) = linked["id"].as_str().filter(|_| hidden && target.actions.get && !target.singleton) {
                let (list, linked) = (list.clone(), linked.to_owned());
                look(&Hidden { resource, relation, list, linked, user: &user.client });
                met += 1;
            }
        }
    }
    met
}

/// "Lists, includes and to-many relationships are filtered silently": who may view a record, and not what it is linked with, learns
/// nothing of that: not that it is there, not its id, not its values, whatever the question.
#[test]
fn records_without_a_right_asked_for_through_every_relationship() {
    let world = World::new();
    let tried = each_hidden(&world, |hidden| {
        let Hidden { resource, relation, list, linked, user } = hidden;
        let target = relation.target;
        let of = format!("{} of {}", relation.name, resource.name);
        let shown = ask(user, &format!("{list}&include={}", relation.name)).expect(200).json();
        let none = if relation.is_many() { json!([]) } else { json!(null) };
        assert_eq!(shown["data"][0]["relationships"][relation.name]["data"], none, "{of}");
        assert_eq!(shown.get("included").cloned().unwrap_or(json!([])), json!([]), "{of}");
        let same = |filter: &str, known: &str, unknown: &str| {
            let asked = |value: &str| ask(user, &format!("{list}&filter[{filter}]={value}"));
            let (known, unknown) = (asked(known), asked(unknown));
            let total = |answer: &Answer| answer.header("X-Include-Total-Count").to_owned();
            assert_eq!((told(&known), total(&known)), (told(&unknown), total(&unknown)), "filter[{filter}] of {of}");
        };
        for (_, spec) in filter::relations(resource).filter(|(one, _)| one.name == relation.name) {
            for operator in spec.operators.iter().filter(|one| !matches!(one, Operator::Exists | Operator::Empty)) {
                same(&format!("{}][{}", relation.name, operator.name()), linked, no_id(target));
            }
            if spec.operators.has(Operator::Exists) {
                let asked = ask(user, &format!("{list}&filter[{}][exists]=true", relation.name));
                nothing(&asked, &format!("{} exists", relation.name));
            }
        }
    });
    assert!(tried > 50, "{tried}");
}
