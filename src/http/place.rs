//! What the path of a resource request means, and which methods it has there (contract 1). Pure.
//!
//! Paths: `/{type}`, `/{type}/{id}`, `/{type}/{id}/{association}`, `/{type}/{id}/relationships/{association}`, and
//! `/{type}` alone for a resource without an id in its URL; `/operations`, `/changes`.

use actix_web::http::Method;
use percent_encoding::percent_decode_str;

use super::async_operation::Part;
use crate::acl::Caller;
use crate::engine::command::Command;
use crate::engine::key::Key;
use crate::engine::registry::Registry;
use crate::engine::relation::Relation;
use crate::engine::resource::{Ownership, Resource};
use crate::error::{Error, NOT_ACCESSIBLE, NOT_FOUND};

/// What a path means.
#[derive(Clone, Debug)]
pub enum Place {
    Collection(&'static Resource),
    /// The caller's own record of a resource without an id in its URL.
    Singleton(&'static Resource),
    Item(&'static Resource, Key),
    SubResource(&'static Resource, Key, &'static Relation),
    Relationship(&'static Resource, Key, &'static Relation),
    /// Where a command on a record is given.
    Command(&'static Resource, Key, &'static Command),
    /// What there is to see of an asynchronous operation.
    BelowOperation(Key, Part),
    /// Where atomic operations go.
    Operations,
    /// The changes of all resources.
    Changes,
}

/// Finds what a path means. `check_ids`: OPTIONS does not look at the id.
pub fn route(registry: &Registry, path: &str, check_ids: bool) -> Result<Place, Error> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let decoded: Option<Vec<String>> = path
        .split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8().ok().map(|text| text.into_owned()))
        .collect();
    let no_route = || Error::new(&NOT_FOUND, format!("No route found for \"{}/{path}\".", registry.root));
    let segments = decoded.ok_or_else(no_route)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (name, rest) = segments.split_first().ok_or_else(no_route)?;
    if name.is_empty() || *name == "rest" {
        return Err(no_route());
    }
    if *name == "operations" && rest.is_empty() {
        return Ok(Place::Operations);
    }
    if *name == "changes" && rest.is_empty() && registry.changes {
        return Ok(Place::Changes);
    }
    let resource = registry.get(name).ok_or_else(|| match rest {
        _ if registry.is_nested(name) => not_accessible(),
        [] | [_] => Error::unknown_type(name),
        _ => Error::unknown_parent_type(name),
    })?;
    let key = |id: &str| match Key::parse(resource.id.kind, id) {
        Ok(key) => Ok(key),
        Err(_) if !check_ids || (id == MINE && resource.can_be_mine()) => Ok(Key::Text(id.to_owned())),
        Err(error) => Err(error),
    };
    let relation = |name: &str| {
        resource
            .relation(name)
            .filter(|relation| relation.routes && !relation.hidden)
            .ok_or_else(Error::unsupported_subresource)
    };
    match rest {
        [] if resource.singleton => Ok(Place::Singleton(resource)),
        [] => Ok(Place::Collection(resource)),
        _ if resource.singleton || rest.iter().any(|segment| segment.is_empty()) => Err(no_route()),
        [id] => Ok(Place::Item(resource, key(id)?)),
        [id, "relationships", name] => Ok(Place::Relationship(resource, key(id)?, relation(name)?)),
        [id, name] => match (Part::below(resource, name), resource.commands.iter().find(|one| one.name == *name)) {
            (Some(part), _) => Ok(Place::BelowOperation(key(id)?, part)),
            (None, Some(command)) => Ok(Place::Command(resource, key(id)?, command)),
            (None, None) => Ok(Place::SubResource(resource, key(id)?, relation(name)?)),
        },
        _ => Err(no_route()),
    }
}

/// In the storefront, the id of the caller's own customer and customer user.
pub const MINE: &str = "mine";

impl Place {
    /// The place with the caller's own id in place of [`MINE`].
    pub fn of_caller(self, caller: &Caller) -> Result<Place, Error> {
        let own = |resource: &Resource, key: Key| match key {
            Key::Text(word) if word == MINE && resource.can_be_mine() => {
                let user = caller.customer_user().ok_or_else(Error::no_access_to_type)?;
                Ok::<_, Error>(Key::Integer(match resource.ownership {
                    Ownership::Customer { .. } => user.customer,
                    _ => user.id,
                }))
            }
            key => Ok(key),
        };
        Ok(match self {
            Place::Item(resource, key) => Place::Item(resource, own(resource, key)?),
            Place::Command(resource, key, command) => Place::Command(resource, own(resource, key)?, command),
            Place::SubResource(resource, key, relation) => Place::SubResource(resource, own(resource, key)?, relation),
            Place::Relationship(resource, key, relation) => {
                Place::Relationship(resource, own(resource, key)?, relation)
            }
            place => place,
        })
    }
}

/// The methods of a place, in the order of the contract's `Allow`.
pub fn methods(registry: &Registry, place: &Place) -> Vec<Method> {
    let of = |list: &[(bool, Method)]| list.iter().filter(|(on, _)| *on).map(|(_, method)| method.clone()).collect();
    match place {
        Place::Collection(resource) => of(&[
            (resource.actions.list, Method::GET),
            (registry.takes_batches(resource), Method::PATCH),
            (resource.actions.create, Method::POST),
            (resource.actions.delete_list, Method::DELETE),
        ]),
        Place::Singleton(resource) => of(&[(resource.actions.get, Method::GET)]),
        Place::Item(resource, _) => of(&[
            (resource.actions.get, Method::GET),
            (resource.actions.update, Method::PATCH),
            (resource.actions.delete, Method::DELETE),
        ]),
        Place::SubResource(..) | Place::BelowOperation(..) => vec![Method::GET],
        Place::Command(..) | Place::Operations => vec![Method::POST],
        Place::Changes => vec![Method::GET],
        Place::Relationship(resource, _, relation) => {
            let writes = relation.relationship_writes && resource.actions.update;
            let many = writes && relation.is_many();
            of(&[(true, Method::GET), (writes, Method::PATCH), (many, Method::POST), (many, Method::DELETE)])
        }
    }
}

pub fn allow(methods: &[Method]) -> String {
    std::iter::once("OPTIONS").chain(methods.iter().map(Method::as_str)).collect::<Vec<_>>().join(", ")
}

pub fn not_allowed(methods: &[Method]) -> Error {
    if methods.is_empty() {
        return not_accessible();
    }
    Error::method_not_allowed(allow(methods))
}

fn not_accessible() -> Error {
    Error::new(&NOT_ACCESSIBLE, "The resource is not accessible.")
}
