//! API3: members that a client may not set, sent along with those that it may; and members that it may not see.

mod batches;

use entrepot::engine::field::{Access, Field};
use entrepot::engine::filter::Operator;
use entrepot::engine::kind::Kind;
use entrepot::engine::resource::Resource;
use entrepot::resources::ALL;
use serde_json::{Value, json};

use crate::every_resource::bodies::World;
use crate::support::organization::Organization;

fn creatable() -> impl Iterator<Item = &'static Resource> {
    ALL.iter().copied().filter(|resource| resource.actions.create)
}

/// A value that an attacker would like to see there.
pub fn wanted(field: &Field) -> Value {
    match field.kind {
        Kind::DateTime => json!("2001-02-03T04:05:06Z"),
        Kind::Date => json!("2001-02-03"),
        Kind::Boolean => json!(true),
        Kind::Integer | Kind::Float => json!(424_242),
        Kind::Money | Kind::Decimal => json!("424242.0000"),
        Kind::TextList | Kind::Array | Kind::Objects(_) => json!([]),
        _ => json!("424242"),
    }
}

/// "Read-only members are accepted and ignored": totals, time stamps and everything else that the server keeps stays its own,
/// in a create as in an update.
#[test]
fn mass_assignment_of_what_the_server_keeps() {
    let world = World::new();
    for resource in creatable() {
        let kept: Vec<&Field> = resource.fields.iter().filter(|field| field.access == Access::ReadOnly).collect();
        let path = format!("/admin/api/{}", resource.name);
        let mut body = world.create_body(resource);
        if !body["data"]["attributes"].is_object() {
            body["data"]["attributes"] = json!({});
        }
        for field in &kept {
            body["data"]["attributes"][field.name] = wanted(field);
        }
        let created = world.client().post(&path, &body).expect(201);
        let item = format!("{path}/{}", created.id());
        let stored = world.client().get(&item).expect(200).json()["data"]["attributes"].clone();
        for field in &kept {
            assert_ne!(stored[field.name], wanted(field), "{} of {}", field.name, resource.name);
        }
        if !resource.actions.update {
            continue;
        }
        let attributes: Value = kept.iter().map(|field| (field.name.to_owned(), wanted(field))).collect();
        let change = json!({"data": {"type": resource.name, "id": created.id(), "attributes": attributes}});
        world.client().patch(&item, &change).expect(200);
        let again = world.client().get(&item).expect(200).json()["data"]["attributes"].clone();
        assert_eq!(again, stored, "{}", resource.name);
    }
}

/// No record is made in another organization: the request is refused, or the member is one that the server keeps.
#[test]
fn mass_assignment_of_the_organization() {
    let (world, other) = (World::new(), Organization::new());
    let organization = json!({"data": {"type": "organizations", "id": other.id().to_string()}});
    for resource in creatable().filter(|resource| resource.tenant.is_some()) {
        let path = format!("/admin/api/{}", resource.name);
        let mut body = world.create_body(resource);
        if !body["data"]["relationships"].is_object() {
            body["data"]["relationships"] = json!({});
        }
        body["data"]["relationships"]["organization"] = organization.clone();
        let answer = world.client().post(&path, &body);
        let keeps = resource.relation("organization").is_some_and(|relation| relation.access == Access::ReadOnly);
        if keeps {
            let item = format!("{path}/{}", answer.expect(201).id());
            world.client().get(&item).expect(200);
            other.client().get(&item).expect(404);
        } else {
            assert_eq!(answer.status, 400, "{}: {}", resource.name, answer.text);
        }
    }
}

/// "The organization's administrator" is made by who is one: not by naming the role in a user's own record.
#[test]
fn mass_assignment_of_roles_and_owners() {
    let organization = Organization::new();
    let own =
        json!({"users": {"VIEW": "organization", "EDIT": "user"}, "customers": {"VIEW": "user", "CREATE": "user"}});
    let user = organization.user_who_may(&own);
    let roles = organization.client().get("/admin/api/userroles?filter[role]=ROLE_ADMINISTRATOR").expect(200).json();
    let role = json!({"type": "userroles", "id": roles["data"][0]["id"]});
    let path = format!("/admin/api/users/{}", user.id);
    let change = json!({"data": {
        "type": "users", "id": user.id.to_string(), "relationships": {"userRoles": {"data": [role]}},
    }});
    user.client.patch(&path, &change).expect(403);
    user.client.post(&format!("{path}/relationships/userRoles"), &json!({"data": [role]})).expect(403);
    let admin = json!({"data": {"type": "users", "id": organization.admin.id.to_string()}});
    let customer = json!({"data": {
        "type": "customers", "attributes": {"name": "A"}, "relationships": {"owner": admin},
    }});
    user.client.post("/admin/api/customers", &customer).expect(403);
}

/// What is written and never read shows nowhere: not in the answer to its own write, nor by a filter or a sort.
#[test]
fn secrets_in_answers() {
    let world = World::new();
    let secret = |field: &&Field| {
        matches!(field.access, Access::WriteOnly | Access::WriteOnce)
            || matches!(field.kind, Kind::Password | Kind::Secret)
    };
    let mut seen = 0;
    for resource in creatable() {
        for field in resource.fields.iter().filter(secret) {
            seen += 1;
            let path = format!("/admin/api/{}", resource.name);
            let mut body = world.create_body(resource);
            body["data"]["attributes"][field.name] = json!("correct horse battery staple");
            let created = world.client().post(&path, &body).expect(201);
            let read = world.client().get(&format!("{path}/{}?fields[{}]={}", created.id(), resource.name, field.name));
            for answer in [&created, &read] {
                assert!(!answer.text.contains("correct horse"), "{path}: {}", answer.text);
                assert!(answer.json()["data"]["attributes"].get(field.name).is_none(), "{path}: {}", answer.text);
            }
            world.client().get(&format!("{path}?filter[{}]=correct", field.name)).expect(400);
            world.client().get(&format!("{path}?sort={}", field.name)).expect(400);
        }
    }
    assert!(seen > 0);
}

/// Names under which secrets might be kept.
const KEPT: [&str; 8] =
    ["password", "passwordHash", "password_hash", "secret", "sealed", "salt", "apiKey", "clientSecret"];

/// Guessing a secret letter by letter: no operator compares it, no order is by it, of no record and at the end of no relationship;
/// not by the name of its member, nor by any that its column may have.
#[test]
fn secrets_by_comparison_and_order() {
    let organization = Organization::new();
    let secrets = |resource: &'static Resource| {
        let own = resource.fields.iter().filter(|field| {
            matches!(field.access, Access::WriteOnly | Access::WriteOnce)
                || matches!(field.kind, Kind::Password | Kind::Secret)
        });
        own.map(|field| field.name).collect::<Vec<_>>()
    };
    let mut tried = 0;
    for resource in ALL.iter().copied().filter(|resource| resource.actions.list) {
        let needed: String = resource.mandatory_filters.iter().map(|name| format!("&filter[{name}]=1")).collect();
        let own = std::iter::once((String::new(), resource));
        let ends = resource.visible_relations().filter(|relation| !relation.is_polymorphic());
        for (path, target) in own.chain(ends.map(|relation| (format!("{}.", relation.name), relation.target))) {
            let found = secrets(target);
            // Those that are none must not be there by another name.
            let named = KEPT.iter().copied().filter(|name| !found.is_empty() && target.field(name).is_none());
            for name in found.iter().copied().chain(named) {
                let refused = |query: String| {
                    let answer = organization.client().get(&format!("/admin/api/{}?{query}{needed}", resource.name));
                    assert_eq!(answer.status, 400, "{query} of {}: {}", resource.name, answer.text);
                };
                refused(format!("sort={path}{name}"));
                refused(format!("sort=-{path}{name}"));
                refused(format!("filter[{path}{name}]=a"));
                for operator in Operator::ALL {
                    refused(format!("filter[{path}{name}][{}]=a", operator.name()));
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 20, "{tried}");
}
