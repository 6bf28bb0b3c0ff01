//! Chunks of every resource: as many statements for many records as for few.

use std::collections::BTreeSet;

use chrono::Utc;
use entrepot::acl::EVERY_RESOURCE;
use entrepot::auth::password::Cost;
use entrepot::db::Db;
use entrepot::engine::field::Access;
use entrepot::engine::kind::Kind;
use entrepot::engine::resource::Resource;
use entrepot::engine::write::chunk::{Outcome, WrittenChunk, write_chunk};
use entrepot::engine::write::{Context, Nobody};
use entrepot::error::Errors;
use entrepot::resources::ALL;
use serde_json::{Value, json};

use super::bodies::World;
use crate::support::chunk::{Lent, caller, chunk, id, told};
use crate::support::database;
use crate::support::organization::{Organization, User, unique};
use crate::support::server::{self, TestServer};
use crate::support::shop::many;

/// A world with connections that nobody else uses.
struct Measured {
    world: World,
    db: Db,
}

impl Measured {
    fn new() -> Measured {
        let url = database::own();
        let server = TestServer::lasting(&url, "");
        let db = Db::connect(&url, &server::config("").database, 0).unwrap();
        Measured { world: World::of(Organization::on(server)), db }
    }

    /// Writes a chunk as that user: what became of it, and how many statements that took.
    fn write(&self, user: &User, resource: &Resource, body: &Value) -> (WrittenChunk, u64) {
        let (caller, chunk) = (caller(self.world.organization(), user), chunk(resource.name, body));
        let cost = Cost { memory_kib: 64, iterations: 1 };
        let before = self.db.statements();
        let work = |conn: &mut _| {
            let switches = BTreeSet::new();
            let (now, switches, passwords) = (Utc::now(), &switches, &cost);
            let context = Context { caller: &caller, now, switches, passwords, server: &Lent, observer: &Nobody };
            write_chunk(conn, context, &chunk)
        };
        let written = self.db.transaction_now::<_, Errors>(work).unwrap();
        (written, self.db.statements() - before)
    }

    /// So many creates, each with parts of its own.
    fn creates(&self, resource: &'static Resource, count: usize) -> Value {
        let (mut data, mut included) = (Vec::new(), Vec::new());
        for n in 0..count {
            let body = self.world.create_body(resource);
            let parts = body["included"].as_array().cloned().unwrap_or_default();
            let labels: Vec<(String, String)> = parts
                .iter()
                .map(|part| (part["type"].as_str().unwrap().to_owned(), part["id"].as_str().unwrap().to_owned()))
                .collect();
            let mut record = body["data"].clone();
            relabel(&mut record, &labels, n);
            data.push(record);
            for mut part in parts {
                part["id"] = json!(format!("{}-{n}", part["id"].as_str().unwrap()));
                relabel(&mut part, &labels, n);
                included.push(part);
            }
        }
        json!({"data": data, "included": included})
    }
}

/// Points links to parts of the `n`th record at what these are called in the chunk.
fn relabel(record: &mut Value, labels: &[(String, String)], n: usize) {
    let relabel_one = |one: &mut Value| {
        let is = |(kind, label): &&(String, String)| one["type"] == json!(kind) && one["id"] == json!(label);
        if let Some((_, label)) = labels.iter().find(is) {
            one["id"] = json!(format!("{label}-{n}"));
        }
    };
    let Some(relationships) = record.get_mut("relationships").and_then(Value::as_object_mut) else { return };
    for relationship in relationships.values_mut() {
        match &mut relationship["data"] {
            Value::Array(list) => list.iter_mut().for_each(relabel_one),
            one => relabel_one(one),
        }
    }
}

/// A webhook is made by a running server only, which tells where it may send.
const BY_SERVERS: &[&str] = &["webhooks"];

/// "relationships resolved for the whole chunk in a few queries": as many statements for nine records as for two.
#[test]
fn statements_do_not_grow_with_the_records() {
    let measured = Measured::new();
    let growing = growing(&measured, &measured.world.organization().admin, |_| true);
    assert!(growing.is_empty(), "{growing:#?}");
}

/// What is compared with the rights of a caller who may not do everything: roles, groups, units, users, what they own.
#[test]
fn statements_do_not_grow_for_who_may_less() {
    let measured = Measured::new();
    let all = json!({"VIEW": "organization", "CREATE": "organization", "EDIT": "organization", "DELETE": "organization",
        "ASSIGN": "division"});
    let organization = measured.world.organization();
    let unit = organization.unit(None);
    let who = organization.user(unit, &[&organization.role(&json!({EVERY_RESOURCE: all}))]);
    let compared =
        ["users", "userroles", "usergroups", "businessunits", "customerusers", "customeruserroles", "customers"];
    let growing = growing(&measured, &who, |resource| compared.contains(&resource.name));
    assert!(growing.is_empty(), "{growing:#?}");
}

/// The resources whose chunks take more statements for nine records than for two.
fn growing(measured: &Measured, user: &User, looked_at: impl Fn(&Resource) -> bool) -> Vec<String> {
    let mut growing = Vec::new();
    let creatable = ALL
        .iter()
        .copied()
        .filter(|resource| resource.actions.create && looked_at(resource) && !BY_SERVERS.contains(&resource.name));
    for resource in creatable {
        // What is read once a process, or once an organization, is read now.
        measured.write(user, resource, &measured.creates(resource, 1));
        let (few, cost_of_few) = measured.write(user, resource, &measured.creates(resource, 2));
        let (many, cost_of_many) = measured.write(user, resource, &measured.creates(resource, 9));
        let outcomes = told(&few.primary).into_iter().chain(told(&many.primary)).collect::<BTreeSet<String>>();
        if outcomes != BTreeSet::from(["created".to_owned()]) {
            growing.push(format!("{} is not created: {outcomes:?}", resource.name));
            continue;
        }
        if cost_of_many > cost_of_few {
            growing.push(format!("{}: {cost_of_few} → {cost_of_many} statements to create", resource.name));
        }
        if resource.actions.update {
            let cost = |outcomes: &[Outcome]| {
                let body =
                    json!({"data": outcomes.iter().map(|one| changed(measured, resource, one)).collect::<Vec<_>>()});
                measured.write(user, resource, &body).1
            };
            let (cost_of_few, cost_of_many) = (cost(&many.primary[..2]), cost(&many.primary));
            if cost_of_many > cost_of_few {
                growing.push(format!("{}: {cost_of_few} → {cost_of_many} statements to update", resource.name));
            }
        }
    }
    growing
}

/// An update that changes whatever text, password or date may be changed, and states what lists hold of others.
fn changed(measured: &Measured, resource: &'static Resource, outcome: &Outcome) -> Value {
    let changeable = resource.fields.iter().filter(|field| {
        let is_key = resource.unique.iter().any(|key| key.members.contains(&field.name));
        matches!(field.access, Access::Writable | Access::WriteOnly)
            && !is_key
            && !measured.world.is_ruled(resource, field.name)
    });
    let mut attributes = json!({});
    for field in changeable {
        attributes[field.name] = match field.kind {
            Kind::Text | Kind::LongText if !field.email => json!(unique("changed")),
            Kind::Password => json!(unique("A changed password 1")),
            Kind::Date => json!("2025-06-07"),
            _ => continue,
        };
    }
    let roles =
        ["userRoles", "groups", "roles", "businessUnits"].into_iter().filter_map(|name| resource.relation(name));
    let mut relationships = json!({});
    for relation in roles.filter(|relation| !relation.hidden && relation.access == Access::Writable) {
        relationships[relation.name] = many(relation.target.name, &[&measured.world.record(relation.target)]);
    }
    json!({
        "type": resource.name, "id": id(outcome), "attributes": attributes, "relationships": relationships,
        "meta": {"update": true},
    })
}
