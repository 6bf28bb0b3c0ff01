//! Relationships of a resource: where the link is stored, and what a client may do with it.

use std::ops::Deref;
use std::sync::OnceLock;

use super::field::Access;
use super::filter::{COLLECTION, COMPARISON, EQUALITY, FilterSpec};
use super::resource::{Ident, Resource};

/// Where a relationship's link is stored.
#[derive(Clone, Copy, Debug)]
pub enum Link {
    /// A foreign key column of this resource's table. `listed`: the wire shows a list of at most one
    /// (an order line item's `orders`).
    ToOne { column: Ident, listed: bool },
    /// The inverse: a foreign key column of the target's table.
    ToMany { column: Ident },
    /// A join table with a column for each side and, where several relationships share the table,
    /// `slot` = (column, value) that tells them apart.
    Through { table: Ident, own: Ident, target: Ident, slot: Option<(Ident, &'static str)> },
    /// Any of several resources: a column with the resource type, one with the id. Nothing in the database keeps it to
    /// records that exist; what clients set is a [`Link::Union`].
    Polymorphic { type_column: Ident, id_column: Ident, targets: &'static [&'static Resource] },
    /// Several relationships seen as one: for each target the resource has a hidden relationship named
    /// `<this one>.<type>`, a to-one (`many`: a join table), which holds the link. See [`Resource::branch`].
    Union { targets: &'static [&'static Resource], many: bool },
}

/// One relationship.
#[derive(Clone, Copy)]
pub struct Relation {
    pub name: &'static str,
    /// The resource pointed at; for a polymorphic link the first of its targets.
    /// A builder may store it but never read it: statics name each other in cycles.
    pub target: &'static Resource,
    pub link: Link,
    pub access: Access,
    /// On create: at least this many (one for a to-one). A to-many may never fall below.
    pub required: u32,
    /// The targets are parts of this resource: they are deleted with it, and when they leave the list.
    pub cascade: bool,
    /// The targets are deleted with it, though they are no parts of it (attachments).
    pub along: bool,
    /// What it names need not be a record: the rules say what it may name.
    pub open: bool,
    /// The nullable edge of a cycle of foreign keys; set by a second UPDATE in the same transaction.
    pub late: bool,
    /// Whether the foreign key column may be null.
    pub nullable: bool,
    /// `None`: not filterable. The operators follow from the link and the target's id unless overridden.
    pub filter: Filtering,
    pub sort: bool,
    /// Never shown and without routes; used for rights and rules.
    pub hidden: bool,
    /// Whether sub-resource and relationship routes exist.
    pub routes: bool,
    /// Whether PATCH, POST and DELETE on the relationship route exist.
    pub relationship_writes: bool,
    /// The greatest number of ids shown; the relationship then has a `next` link. Oro's default is 1,000.
    pub limit: Option<u32>,
    pub about: &'static str,
    /// Whether the examples of the API document state it even where it is optional.
    pub example: bool,
}

/// The relationships of a resource.
#[derive(Clone, Copy)]
pub enum Relations {
    Fixed(&'static [Relation]),
    /// Of resources that are made while the server starts: they name each other in cycles, so their relationships come
    /// after them.
    Late(&'static OnceLock<&'static [Relation]>),
}

impl Relations {
    pub fn as_slice(self) -> &'static [Relation] {
        match self {
            Relations::Fixed(list) => list,
            Relations::Late(cell) => cell.get().copied().unwrap_or_default(),
        }
    }

    pub fn iter(self) -> std::slice::Iter<'static, Relation> {
        self.as_slice().iter()
    }
}

impl Deref for Relations {
    type Target = [Relation];

    fn deref(&self) -> &[Relation] {
        self.as_slice()
    }
}

impl IntoIterator for Relations {
    type Item = &'static Relation;
    type IntoIter = std::slice::Iter<'static, Relation>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Whether and how a relationship is filtered.
#[derive(Clone, Copy, Debug)]
pub enum Filtering {
    Off,
    /// As the contract gives associations by default.
    Default,
    /// The default for the link, with a comma-separated list even where the target's ids are strings.
    List,
    Exactly(FilterSpec),
}

const fn relation(name: &'static str, target: &'static Resource, link: Link) -> Relation {
    Relation {
        name,
        target,
        link,
        access: Access::Writable,
        required: 0,
        cascade: false,
        along: false,
        open: false,
        late: false,
        nullable: true,
        filter: Filtering::Default,
        sort: true,
        hidden: false,
        routes: true,
        relationship_writes: true,
        limit: Some(1000),
        about: "",
        example: false,
    }
}

/// A link held by a foreign key column of this resource's own table.
pub const fn to_one(name: &'static str, target: &'static Resource, column: &'static str) -> Relation {
    relation(name, target, Link::ToOne { column: Ident::new(column), listed: false })
}

/// The inverse of a [`to_one`]: the column is in the target's table. Add [`Relation::through`] for a join table.
pub const fn to_many(name: &'static str, target: &'static Resource, column: &'static str) -> Relation {
    relation(name, target, Link::ToMany { column: Ident::new(column) })
}

/// A link in a join table.
pub const fn through(
    name: &'static str,
    target: &'static Resource,
    table: &'static str,
    own: &'static str,
    other: &'static str,
) -> Relation {
    relation(
        name,
        target,
        Link::Through { table: Ident::new(table), own: Ident::new(own), target: Ident::new(other), slot: None },
    )
}

/// A link to one of several resources, which may have gone. Not sorted.
pub const fn polymorphic(
    name: &'static str,
    targets: &'static [&'static Resource],
    type_column: &'static str,
    id_column: &'static str,
) -> Relation {
    let link = Link::Polymorphic { type_column: Ident::new(type_column), id_column: Ident::new(id_column), targets };
    relation(name, targets[0], link).no_sort()
}

/// A link to one record of any of these resources. The resource also has a hidden [`to_one`] for each of them, named
/// `<name>.<type>`, and the table a check that no two are set.
pub const fn one_of(name: &'static str, targets: &'static [&'static Resource]) -> Relation {
    relation(name, targets[0], Link::Union { targets, many: false }).no_sort()
}

/// Links to records of all of these resources. The resource also has a hidden [`through`] for each of them, named
/// `<name>.<type>`.
pub const fn any_of(name: &'static str, targets: &'static [&'static Resource]) -> Relation {
    relation(name, targets[0], Link::Union { targets, many: true }).no_sort()
}

impl Relation {
    /// The join table is shared; this relationship's rows have the value in the column.
    pub const fn slot(mut self, column: &'static str, value: &'static str) -> Relation {
        if let Link::Through { table, own, target, .. } = self.link {
            self.link = Link::Through { table, own, target, slot: Some((Ident::new(column), value)) };
        }
        self
    }

    /// A to-one that the wire shows as a list of at most one.
    pub const fn listed(mut self) -> Relation {
        if let Link::ToOne { column, .. } = self.link {
            self.link = Link::ToOne { column, listed: true };
        }
        self
    }

    /// At least `count` on create; the foreign key of a to-one is then never null.
    pub const fn required(mut self, count: u32) -> Relation {
        self.required = count;
        self.nullable = false;
        self
    }

    /// The foreign key column is never null, but the server fills it when the client does not (owner, organization).
    pub const fn not_null(mut self) -> Relation {
        self.nullable = false;
        self
    }

    pub const fn cascade(mut self) -> Relation {
        self.cascade = true;
        self
    }

    /// The targets go when this record goes, and not before.
    pub const fn along(mut self) -> Relation {
        self.along = true;
        self
    }

    /// The rules check what it names, in place of the engine and of a foreign key.
    pub const fn open(mut self) -> Relation {
        self.open = true;
        self
    }

    pub const fn late(mut self) -> Relation {
        self.late = true;
        self.nullable = true;
        self
    }

    pub const fn read_only(mut self) -> Relation {
        self.access = Access::ReadOnly;
        self.relationship_writes = false;
        self
    }

    pub const fn create_only(mut self) -> Relation {
        self.access = Access::CreateOnly;
        self.relationship_writes = false;
        self
    }

    /// GET on the relationship route only; the relationship can still be set with the resource.
    pub const fn no_relationship_writes(mut self) -> Relation {
        self.relationship_writes = false;
        self
    }

    pub const fn no_routes(mut self) -> Relation {
        self.routes = false;
        self.relationship_writes = false;
        self
    }

    /// Never shown; for rights ([`super::resource::Ownership::Part`]) and rules.
    pub const fn hidden(mut self) -> Relation {
        self.hidden = true;
        self.access = Access::ReadOnly;
        self.filter = Filtering::Off;
        self.sort = false;
        self.no_routes()
    }

    pub const fn no_filter(mut self) -> Relation {
        self.filter = Filtering::Off;
        self
    }

    pub const fn filter_list(mut self) -> Relation {
        self.filter = Filtering::List;
        self
    }

    pub const fn filter(mut self, spec: FilterSpec) -> Relation {
        self.filter = Filtering::Exactly(spec);
        self
    }

    pub const fn no_sort(mut self) -> Relation {
        self.sort = false;
        self
    }

    pub const fn unlimited(mut self) -> Relation {
        self.limit = None;
        self
    }

    pub const fn about(mut self, sentence: &'static str) -> Relation {
        self.about = sentence;
        self
    }

    /// The examples of the API document state it, though it is optional.
    pub const fn example(mut self) -> Relation {
        self.example = true;
        self
    }

    /// Whether the wire shows a list.
    pub fn is_many(&self) -> bool {
        match self.link {
            Link::ToOne { listed, .. } => listed,
            Link::ToMany { .. } | Link::Through { .. } => true,
            Link::Polymorphic { .. } => false,
            Link::Union { many, .. } => many,
        }
    }

    /// Whether it may point at records of several resources.
    pub fn is_polymorphic(&self) -> bool {
        matches!(self.link, Link::Polymorphic { .. } | Link::Union { .. })
    }

    /// The resources it may point at.
    pub fn targets(&self) -> &[&'static Resource] {
        match &self.link {
            Link::Polymorphic { targets, .. } | Link::Union { targets, .. } => targets,
            _ => std::slice::from_ref(&self.target),
        }
    }

    /// The name on the wire: of a branch of a [`Link::Union`] that of the whole.
    pub fn wire_name(&self) -> &'static str {
        wire_name(self.name)
    }

    /// What `filter[name]` accepts.
    pub fn filter_spec(&self) -> Option<FilterSpec> {
        self.filter_spec_for(self)
    }

    /// What `filter[name.type]` accepts, where the branch of that type may have ids of another kind.
    pub fn filter_spec_for(&self, branch: &Relation) -> Option<FilterSpec> {
        let spec = branch.usual_spec();
        match self.filter {
            Filtering::Off => None,
            Filtering::Default if branch.target.id.is_external() => Some(spec.lists()),
            Filtering::Default => Some(spec),
            Filtering::List => Some(spec.lists()),
            Filtering::Exactly(spec) => Some(spec),
        }
    }

    /// What the contract gives associations by default.
    fn usual_spec(&self) -> FilterSpec {
        let numeric = self.target.id.kind.is_numeric();
        match (self.is_many(), numeric) {
            (true, true) => FilterSpec::new(COLLECTION).lists().ranges(),
            (true, false) => FilterSpec::new(COLLECTION),
            (false, true) => FilterSpec::new(COMPARISON).lists().ranges(),
            (false, false) => FilterSpec::new(EQUALITY),
        }
    }
}

/// The name on the wire of a relationship of that name.
pub fn wire_name(name: &'static str) -> &'static str {
    name.split_once('.').map_or(name, |(whole, _)| whole)
}

impl std::fmt::Debug for Relation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Relation({} -> {})", self.name, self.target.name)
    }
}

/// Two relationships are the same when they are the same part of a `static`.
impl PartialEq for Relation {
    fn eq(&self, other: &Relation) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Relation {}
