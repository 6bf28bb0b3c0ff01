//! A registry in which some resources go by external ids (contract 21): products by their SKU.
//!
//! Input: the resources of a registry, and which field of which is the id. Output: the same resources once more, as
//! descriptors that point at each other; in those that go by a field, the field's column is the id and an attribute shows
//! the number. Everything that reads descriptors (paths, filters, statements, documents) follows from that; only
//! [`mod@super::write`] goes back to what is declared, in one place.

use std::sync::OnceLock;

use super::field::{Field, integer};
use super::filter::{EQUALITY, FilterSpec};
use super::kind::Kind;
use super::relation::{Filtering, Link, Relation, Relations};
use super::resource::{IdKind, Identity, Resource};

/// That attribute in the back office.
pub const DB_ID: &str = "dbId";

/// A resource and the field that is its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalId {
    pub resource: String,
    pub field: String,
}

/// The resources with those ids, sorted as they were. They live as long as the process. `number`: the attribute that shows
/// the number of a record that goes by another id.
///
/// Errors: a sentence for each id that cannot be one.
pub fn resources(
    declared: &'static [&'static Resource],
    ids: &[ExternalId],
    number: &'static str,
) -> Result<&'static [&'static Resource], Vec<String>> {
    let problems: Vec<String> = ids.iter().filter_map(|id| field(declared, id).err()).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let id_of = |resource: &'static Resource| {
        let id = ids.iter().rfind(|id| id.resource == resource.name)?;
        field(declared, id).ok()
    };
    let made: Vec<Made> =
        reachable(declared).into_iter().map(|resource| make(resource, id_of(resource), number)).collect();
    let shown = |declared: &'static Resource| {
        made.iter().find(|made| made.resource.declared() == declared).map_or(declared, |made| made.resource)
    };
    for made in &made {
        let relations = made.resource.declared().relations.iter().map(|relation| with_targets(relation, &shown));
        // Set once: each cell is of this call.
        made.relations.get_or_init(|| Vec::leak(relations.collect()));
    }
    Ok(Vec::leak(declared.iter().map(|resource| shown(resource)).collect()))
}

/// The field that an id names.
fn field(declared: &'static [&'static Resource], id: &ExternalId) -> Result<&'static Field, String> {
    let ExternalId { resource: name, field: member } = id;
    let Some(resource) = declared.iter().find(|resource| resource.name == *name) else {
        return Err(format!("There is no resource \"{name}\"."));
    };
    candidates(resource).find(|field| field.name == member).ok_or_else(|| {
        let fields: Vec<&str> = candidates(resource).map(|field| field.name).collect();
        format!(
            "\"{member}\" cannot be the id of \"{name}\": it takes a unique text. It has these: {}.",
            if fields.is_empty() { "none".to_owned() } else { fields.join(", ") }
        )
    })
}

/// The fields that can stand for the number of a resource's records: unique texts.
pub fn candidates(resource: &'static Resource) -> impl Iterator<Item = &'static Field> {
    let numbered = resource.id.kind == IdKind::Integer && !resource.singleton;
    let unique = |name: &str| resource.unique.iter().any(|key| key.members == [name]);
    resource.fields.iter().filter(move |field| numbered && field.kind == Kind::Text && unique(field.name))
}

/// The resources and all that their relationships lead to.
fn reachable(declared: &'static [&'static Resource]) -> Vec<&'static Resource> {
    let mut found = declared.to_vec();
    let mut next = 0;
    while let Some(resource) = found.get(next).copied() {
        for target in resource.relations.iter().flat_map(|relation| relation.targets()) {
            if !found.contains(target) {
                found.push(*target);
            }
        }
        next += 1;
    }
    found
}

struct Made {
    resource: &'static Resource,
    relations: &'static OnceLock<&'static [Relation]>,
}

/// A descriptor that has no relationships yet.
fn make(declared: &'static Resource, id: Option<&'static Field>, number: &'static str) -> Made {
    let relations: &OnceLock<&[Relation]> = Box::leak(Box::default());
    let mut resource = Resource {
        shows: Some((declared, id)),
        relations: Relations::Late(relations),
        id: declared.id,
        fields: declared.fields,
        ..*declared
    };
    if let Some(field) = id {
        let number = integer(number).read_only().not_null();
        let number = Field { column: declared.id.column, ..number };
        resource.fields = Vec::leak(declared.fields.iter().copied().chain([number]).collect());
        resource.id = Identity {
            column: field.column,
            referenced: declared.id.column,
            kind: IdKind::Text,
            nullable: field.nullable,
            filter: FilterSpec::new(EQUALITY).lists(),
        };
    }
    Made { resource: Box::leak(Box::new(resource)), relations }
}

fn with_targets(relation: &Relation, shown: &impl Fn(&'static Resource) -> &'static Resource) -> Relation {
    let target = shown(relation.target);
    let link = match relation.link {
        Link::Polymorphic { type_column, id_column, targets } => {
            let targets = Vec::leak(targets.iter().map(|target| shown(target)).collect());
            Link::Polymorphic { type_column, id_column, targets }
        }
        Link::Union { targets, many } => {
            let targets = Vec::leak(targets.iter().map(|target| shown(target)).collect());
            Link::Union { targets, many }
        }
        link => link,
    };
    // What compares numbers makes no sense of texts.
    let filter = match relation.filter {
        Filtering::Off => Filtering::Off,
        _ if target.id.is_external() => Filtering::List,
        filter => filter,
    };
    Relation { target, link, filter, ..*relation }
}
