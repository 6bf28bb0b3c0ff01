//! Which columns a row has, and where.

use crate::engine::plan::Shape;
use crate::engine::relation::{Link, Relation};
use crate::engine::resource::{IdKind, Resource};

/// Which columns a row has, beyond those of its shape.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    pub title: bool,
    /// The values of the sort terms, for cursors.
    pub cursor: bool,
    /// What the record's version is made of.
    pub version: bool,
}

/// The places of a row's columns.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Of the first field; the others follow.
    pub fields: usize,
    /// Of each relationship.
    pub relations: Vec<usize>,
    pub title: usize,
    /// Of the first sort value; the others follow.
    pub cursor: usize,
    /// Of all that makes the record's state, whatever is shown of it.
    pub state: Vec<usize>,
}

impl Layout {
    pub fn of(shape: &Shape, wanted: Wanted, terms: usize) -> Layout {
        let fields = if matches!(shape.resource.id.kind, IdKind::Guid { .. }) { 2 } else { 1 };
        let mut next = fields + shape.fields.len();
        let mut relations = Vec::with_capacity(shape.relations.len());
        for relation in &shape.relations {
            relations.push(next);
            next += width(relation);
        }
        let title = next;
        let cursor = title + usize::from(wanted.title);
        let mut next = cursor + if wanted.cursor { terms } else { 0 };
        let mut columns = Vec::new();
        if wanted.version {
            let mut add = |shown: Option<usize>, width: usize| {
                let first = shown.unwrap_or(next);
                next = next.max(first + width);
                columns.extend(first..first + width);
            };
            let state = state(shape.resource);
            for field in &state.fields {
                add(shape.fields.iter().position(|shown| shown == field).map(|place| fields + place), 1);
            }
            for relation in &state.relations {
                let place = shape.relations.iter().position(|shown| shown == relation);
                add(place.map(|place| relations[place]), width(relation));
            }
        }
        Layout { fields, relations, title, cursor, state: columns }
    }
}

/// How many columns the linkage of a relationship takes.
fn width(relation: &Relation) -> usize {
    match relation.link {
        Link::Polymorphic { .. } => 2,
        Link::Union { targets, .. } => targets.len(),
        _ => 1,
    }
}

/// The members whose change is a change of the record: all that it stores and shows, but for what changes without it.
pub(super) fn state(resource: &'static Resource) -> Shape {
    let mut state = Shape::whole(resource);
    state.fields.retain(|field| !field.volatile && !field.computed);
    state
}
