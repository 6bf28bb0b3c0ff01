//! Chunks of a batch, written without HTTP.

use std::collections::BTreeSet;

use chrono::Utc;
use entrepot::acl::{Caller, Principal, User as Who};
use entrepot::auth::callers::standing;
use entrepot::auth::password::Cost;
use entrepot::auth::secret::ServerKey;
use entrepot::engine::document::item::Item;
use entrepot::engine::registry::Registry;
use entrepot::engine::resource::Resource;
use entrepot::engine::write::chunk::{Chunk, Outcome, WrittenChunk, write_all, write_chunk};
use entrepot::engine::write::{Context, Nobody, SEALED, Server, Written};
use entrepot::error::{Error, Errors, Source};
use entrepot::resources::ALL;
use serde_json::Value;

use super::organization::{Organization, User};
use super::server::KEY;

/// The user as the caller that a request with their token has.
pub fn caller(organization: &Organization, user: &User) -> Caller {
    let standing = organization.write(|conn| standing(conn, organization.id(), user.id)).unwrap();
    Caller {
        organization: organization.id(),
        principal: Principal::User(Who {
            id: user.id,
            business_unit: standing.business_unit,
            business_units: standing.business_units,
            division: standing.division,
        }),
        client: user.client_id.clone(),
        permissions: standing.permissions,
        networks: Default::default(),
        locale: Default::default(),
    }
}

/// The chunk of a whole body: `{"data": […], "included": […]}`.
pub fn chunk(kind: &str, body: &Value) -> Chunk {
    let registry = Registry::new("admin", "/admin/api", ALL);
    let resource: &'static Resource = registry.get(kind).unwrap();
    let items = |name: &str| body[name].as_array().cloned().unwrap_or_default();
    Chunk {
        primary: items("data")
            .iter()
            .enumerate()
            .map(|(index, item)| Item::primary(&registry, resource, index, item))
            .collect(),
        included: items("included")
            .iter()
            .enumerate()
            .map(|(index, item)| Item::included(&registry, index, item))
            .collect(),
        made: Default::default(),
    }
}

/// Writes a chunk as that user.
#[track_caller]
pub fn write_as(organization: &Organization, user: &User, kind: &str, body: &Value) -> WrittenChunk {
    let (caller, chunk) = (caller(organization, user), chunk(kind, body));
    let cost = Cost { memory_kib: 64, iterations: 1 };
    let work = |conn: &mut _| {
        let context = Context {
            caller: &caller,
            now: Utc::now(),
            switches: &BTreeSet::new(),
            passwords: &cost,
            server: &Lent,
            observer: &Nobody,
        };
        write_chunk(conn, context, &chunk)
    };
    organization.server.db.transaction_now::<_, Errors>(work).unwrap()
}

/// Writes a chunk as the administrator.
#[track_caller]
pub fn write(organization: &Organization, kind: &str, body: &Value) -> WrittenChunk {
    write_as(organization, &organization.admin, kind, body)
}

/// Writes all of a chunk or nothing, as the administrator.
pub fn all(organization: &Organization, kind: &str, body: &Value) -> Result<Written, Errors> {
    let (caller, chunk) = (caller(organization, &organization.admin), chunk(kind, body));
    let cost = Cost { memory_kib: 64, iterations: 1 };
    organization.server.db.transaction_now(|conn| {
        let context = Context {
            caller: &caller,
            now: Utc::now(),
            switches: &BTreeSet::new(),
            passwords: &cost,
            server: &Lent,
            observer: &Nobody,
        };
        write_all(conn, context, &chunk)
    })
}

/// What became of each record, in a word: `created`, `updated`, `unchanged`, or the places and codes of its errors.
pub fn told(outcomes: &[Outcome]) -> Vec<String> {
    outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Created(_) => "created".to_owned(),
            Outcome::Updated(_) => "updated".to_owned(),
            Outcome::Unchanged(_) => "unchanged".to_owned(),
            Outcome::Failed(Errors(errors)) => errors.iter().map(told_error).collect::<Vec<_>>().join(", "),
        })
        .collect()
}

/// `/data/1/attributes/sku not-unique`
pub fn told_error(error: &Error) -> String {
    match &error.source {
        Some(Source::Pointer(pointer)) => format!("{pointer} {}", error.code.name),
        _ => format!("nowhere {}", error.code.name),
    }
}

/// The id of a record that was written.
#[track_caller]
pub fn id(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Created(key) | Outcome::Updated(key) | Outcome::Unchanged(key) => key.to_string(),
        Outcome::Failed(errors) => panic!("{errors}"),
    }
}

/// What a server lends to writes, where there is none: any URL may be called, and secrets are kept by the tests' key.
pub struct Lent;

impl Server for Lent {
    fn seal(&self, purpose: &str, clear: &str) -> Result<String, Error> {
        let key = ServerKey::parse(KEY).unwrap();
        Ok(format!("{SEALED}{}", key.seal_text(purpose, clear)?))
    }

    fn check_url(&self, _url: &str) -> Result<(), String> {
        Ok(())
    }
}
