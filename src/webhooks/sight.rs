//! Whether the owner of a webhook may still view what a message tells.
//!
//! Messages are written with the rights of that moment and sent later, after days where a receiver is away. What is kept
//! with each says what its owner might view then; before it is sent, this is held against what the owner may view now.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::pg::PgConnection;
use serde::Deserialize;

use super::dispatcher::claim::Claimed;
use super::topic::Entity;
use crate::acl::{self, Caller, Permission};
use crate::auth::callers;
use crate::engine::key::Key;
use crate::engine::predicate::Predicate;
use crate::engine::resource::Resource;
use crate::error::Error;

/// What the owner may view of all that messages about an entity show, as a text to compare; `None`: everything.
pub fn of(owner: &Caller, entity: &Entity) -> Option<String> {
    let scope = |resource: &'static Resource| (resource.name, acl::scope(resource, Permission::View, owner));
    let scopes: Vec<_> = entity.shown().into_iter().map(scope).collect();
    let everything = scopes.iter().all(|(_, scope)| *scope == Some(Predicate::True));
    (!everything).then(|| STANDARD.encode(digest(&SHA256, format!("{scopes:?}").as_bytes())))
}

/// Messages, parted.
#[derive(Default)]
pub struct Parted {
    pub permitted: Vec<Claimed>,
    pub withheld: Vec<Claimed>,
}

/// Parts what may be sent from what the owners of the webhooks may not view any more. Who may view everything costs one
/// statement; others cost one or two more for each type of record.
pub fn part(conn: &mut PgConnection, claimed: Vec<Claimed>) -> Result<Parted, Error> {
    let mut by_owner: BTreeMap<(i64, i64), Vec<Claimed>> = BTreeMap::new();
    for one in claimed {
        by_owner.entry((one.organization, one.owner)).or_default().push(one);
    }
    let mut parted = Parted::default();
    for ((organization, owner), messages) in by_owner {
        match callers::user(conn, organization, owner, "webhooks").map_err(Error::from)? {
            Some(owner) => part_of_owner(conn, &owner, messages, &mut parted)?,
            None => parted.withheld.extend(messages),
        }
    }
    Ok(parted)
}

/// What a message shows.
struct Message {
    claimed: Claimed,
    /// Whether the owner's rights are those with which it was written.
    unchanged: bool,
    /// The records to look at; `None`: it cannot be read.
    shown: Option<Vec<(&'static Resource, Key)>>,
}

fn part_of_owner(
    conn: &mut PgConnection,
    owner: &Caller,
    messages: Vec<Claimed>,
    parted: &mut Parted,
) -> Result<(), Error> {
    let mut limited = Vec::new();
    for claimed in messages {
        match Entity::named(&claimed.resource).map(|entity| (entity, of(owner, entity))) {
            Some((_, None)) => parted.permitted.push(claimed),
            Some((entity, now)) => {
                let unchanged = now == claimed.sight;
                limited.push(Message { shown: shown(&claimed, entity, unchanged), unchanged, claimed });
            }
            None => parted.withheld.push(claimed),
        }
    }
    let mut keys: BTreeMap<&str, (&'static Resource, BTreeSet<Key>)> = BTreeMap::new();
    for (resource, key) in limited.iter().flat_map(|message| message.shown.iter().flatten()) {
        keys.entry(resource.name).or_insert_with(|| (*resource, BTreeSet::new())).1.insert(key.clone());
    }
    let (mut viewable, mut present) = (HashSet::new(), HashSet::new());
    for (name, (resource, keys)) in keys {
        let keys: Vec<Key> = keys.into_iter().collect();
        let found = acl::allowed_keys(conn, owner, resource, Permission::View, &keys)?;
        if found.len() < keys.len() {
            present.extend(acl::existing_keys(conn, owner, resource, &keys)?.into_iter().map(|key| (name, key)));
        }
        viewable.extend(found.into_iter().map(|key| (name, key)));
    }
    for Message { claimed, unchanged, shown } in limited {
        // Whose a record was that is gone, nobody knows any more: then what counts is that the rights are the same.
        let may_view = |(resource, key): &(&'static Resource, Key)| {
            let record = (resource.name, key.clone());
            viewable.contains(&record) || (unchanged && !present.contains(&record))
        };
        match shown.is_some_and(|shown| shown.iter().all(may_view)) {
            true => parted.permitted.push(claimed),
            false => parted.withheld.push(claimed),
        }
    }
    Ok(())
}

/// The record that a message is about and, unless the rights are the same, whatever it includes.
fn shown(claimed: &Claimed, entity: &Entity, unchanged: bool) -> Option<Vec<(&'static Resource, Key)>> {
    let of = |resource: &'static Resource, id: &str| Some((resource, Key::parse(resource.id.kind, id).ok()?));
    let mut shown = vec![of(entity.resource, &claimed.record)?];
    if !unchanged {
        let resources = entity.shown();
        let body: Body = serde_json::from_str(&claimed.body).ok()?;
        for Identity { kind, id } in body.event.included {
            let resource = resources.iter().find(|resource| resource.name == kind)?;
            shown.push(of(resource, &id)?);
        }
    }
    Some(shown)
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "eventData")]
    event: Event,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    included: Vec<Identity>,
}

#[derive(Deserialize)]
struct Identity {
    #[serde(rename = "type")]
    kind: String,
    id: String,
}
