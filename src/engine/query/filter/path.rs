//! What a filter's path leads to: `customer.name` is the field of a resource, behind a relationship.

use crate::engine::field::Field;
use crate::engine::filter::{FilterSpec, Operators};
use crate::engine::kind::{Kind, Storage};
use crate::engine::query::value::Sort;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{FilterTarget, Ident, Resource};

/// What a filter's path leads to.
pub(super) struct Filter {
    /// The relationships passed on the way.
    pub path: Vec<&'static Relation>,
    pub end: End,
    pub spec: FilterSpec,
}

/// What stands at the end of a path.
pub(super) enum End {
    Id(&'static Resource),
    Field(&'static Field),
    Relation(&'static Relation),
    /// A polymorphic relationship, and the target meant.
    OneOf(&'static Relation, &'static Resource),
    JsonMember {
        column: Ident,
        member: &'static str,
    },
    /// A relationship; whether records that have any of it are to be there.
    Without(&'static Relation),
}

impl End {
    pub(super) fn sort(&self) -> Sort {
        match self {
            End::Id(resource) | End::OneOf(_, resource) => Sort::Id(resource.id.kind),
            End::Field(field) => Sort::Kind(field.kind),
            End::Relation(relation) => Sort::Id(relation.target.id.kind),
            End::JsonMember { .. } => Sort::Kind(Kind::Text),
            End::Without(_) => Sort::Kind(Kind::Boolean),
        }
    }

    pub(super) fn storage(&self) -> Storage {
        match self.sort() {
            Sort::Id(kind) => kind.storage(),
            Sort::Kind(kind) => kind.storage(),
        }
    }
}

/// Finds what a path leads to. `internal`: a descriptor's own path may pass hidden relationships.
pub(super) fn resolve(resource: &'static Resource, path: &[&str], depth: usize, internal: bool) -> Option<Filter> {
    let joined = path.join(".");
    if let Some(extra) = resource.extra_filters.iter().find(|extra| extra.name == joined)
        && !internal
    {
        let filter = match extra.target {
            FilterTarget::Path(path) => resolve(resource, &path.split('.').collect::<Vec<_>>(), depth, true)?,
            FilterTarget::JsonMember { column, member } => {
                Filter { path: Vec::new(), end: End::JsonMember { column, member }, spec: extra.spec }
            }
            FilterTarget::Without(name) => {
                Filter { path: Vec::new(), end: End::Without(resource.relation(name)?), spec: extra.spec }
            }
        };
        return Some(Filter { spec: extra.spec, ..filter });
    }
    let (head, rest) = path.split_first()?;
    if rest.is_empty() {
        if *head == "id" {
            return Some(Filter { path: Vec::new(), end: End::Id(resource), spec: resource.id.filter });
        }
        if let Some(field) = resource.field(head) {
            let spec = if internal { field.filter.or(Some(NO_OPERATORS)) } else { field.filter };
            return Some(Filter { path: Vec::new(), end: End::Field(field), spec: spec? });
        }
    }
    let relation = resource.relation(head).filter(|relation| internal || !relation.hidden)?;
    if rest.is_empty() {
        if relation.is_polymorphic() {
            return None;
        }
        let spec = if internal { relation.filter_spec().or(Some(NO_OPERATORS)) } else { relation.filter_spec() };
        return Some(Filter { path: Vec::new(), end: End::Relation(relation), spec: spec? });
    }
    if let Link::Polymorphic { .. } = relation.link {
        let [name] = rest else { return None };
        let target = relation.targets().iter().copied().find(|target| target.name == *name)?;
        return Some(Filter { path: Vec::new(), end: End::OneOf(relation, target), spec: relation.filter_spec()? });
    }
    // The part after the dot is the resource type, and what is behind the type is that resource's.
    let (relation, rest) = match (&relation.link, rest) {
        (Link::Union { .. }, [name, rest @ ..]) => {
            let target = relation.targets().iter().copied().find(|target| target.name == *name)?;
            let branch = resource.branch(relation, target);
            if rest.is_empty() {
                let spec = relation.filter_spec_for(branch)?;
                return Some(Filter { path: Vec::new(), end: End::Relation(branch), spec });
            }
            (branch, rest)
        }
        _ => (relation, rest),
    };
    if depth == 0 {
        return None;
    }
    let mut filter = resolve(relation.target, rest, depth - 1, internal)?;
    filter.path.insert(0, relation);
    Some(filter)
}

/// Stands in until an extra filter's own specification replaces it.
const NO_OPERATORS: FilterSpec = FilterSpec::new(Operators::of(&[]));
