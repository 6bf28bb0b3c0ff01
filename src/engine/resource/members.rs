//! What a descriptor tells about itself and its members.

use super::{Ownership, Resource};
use crate::engine::field::Field;
use crate::engine::relation::{Link, Relation};

impl Resource {
    /// The descriptor as it is declared: what rules know, and what is written.
    pub fn declared(&'static self) -> &'static Resource {
        self.shows.map_or(self, |(declared, _)| declared)
    }

    /// The field whose value is the id, where records go by an external id.
    pub fn external_id(&self) -> Option<&'static Field> {
        self.shows.and_then(|(_, field)| field)
    }

    /// Whether its records are customers or customer users, one of which is the caller's own: `mine` stands for its id.
    pub fn can_be_mine(&self) -> bool {
        match self.ownership {
            Ownership::Customer { column, .. } => column == self.id.column,
            Ownership::CustomerUser { user, .. } => user == self.id.column,
            _ => false,
        }
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The relationship of that name, hidden ones included.
    pub fn relation(&self, name: &str) -> Option<&'static Relation> {
        self.relations.iter().find(|relation| relation.name == name)
    }

    /// The relationships that a [`Link::Union`] shows as one.
    pub fn branches(&self, union: &Relation) -> impl Iterator<Item = &'static Relation> + use<> {
        let name = union.name;
        let prefix = move |branch: &&Relation| branch.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        self.relations.iter().filter(prefix)
    }

    /// The relationship that holds the links to records of `target`: of a [`Link::Union`] one of its branches, else the
    /// relationship itself.
    pub fn branch(&self, relation: &'static Relation, target: &Resource) -> &'static Relation {
        match relation.link {
            Link::Union { .. } => self.branches(relation).find(|branch| branch.target == target).unwrap_or(relation),
            _ => relation,
        }
    }

    /// The relationship that shows this one among others.
    pub fn union_of(&self, branch: &Relation) -> Option<&'static Relation> {
        let name = branch.wire_name();
        self.relation(name).filter(|_| name != branch.name)
    }

    /// The relationships that the wire shows.
    pub fn visible_relations(&self) -> impl Iterator<Item = &'static Relation> + use<> {
        self.relations.iter().filter(|relation| !relation.hidden)
    }
}
