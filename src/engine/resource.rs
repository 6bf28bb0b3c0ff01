//! A resource's descriptor: the one declaration from which routes, SQL, documents, rights and the API document follow.
//!
//! Descriptors are `static` values built by `const fn` builders. They may name each other in cycles; a builder stores
//! a target but never reads it. What needs the target is checked by the registry test.

mod actions;
mod identity;
mod members;
mod ownership;

pub use actions::{ALL_ACTIONS, Actions, NO_DELETE, READ_AND_UPDATE, READ_ONLY};
pub use identity::{IdKind, Ident, Identity};
pub use ownership::Ownership;

use super::command::Command;
use super::computed::Computed;
use super::field::{Field, Literal};
use super::filter::FilterSpec;
use super::relation::{Relation, Relations};
use super::rules::{NoRules, Rules};

/// The text that `meta=title` shows.
#[derive(Clone, Copy, Debug)]
pub enum Title {
    /// The id.
    Id,
    /// The columns' texts, joined by a space.
    Columns(&'static [Ident]),
    /// The default value (without localization) of a to-many of localized strings.
    Localized(&'static str),
}

/// A filter that is neither the id, a field nor a relationship.
#[derive(Clone, Copy, Debug)]
pub struct ExtraFilter {
    pub name: &'static str,
    pub target: FilterTarget,
    pub spec: FilterSpec,
}

/// What an [`ExtraFilter`] compares.
#[derive(Clone, Copy, Debug)]
pub enum FilterTarget {
    /// The same as `filter[path]`; a path is `id`, a field, a relationship or a dotted path through relationships.
    Path(&'static str),
    /// The texts at `member` of the objects in a `jsonb` array column.
    JsonMember { column: Ident, member: &'static str },
    /// A boolean: `no` leaves out the records that have any of this relationship, `yes` leaves out none.
    Without(&'static str),
}

/// A combination of members that is unique in an organization.
#[derive(Clone, Copy, Debug)]
pub struct UniqueKey {
    /// The constraint's or unique index's name in Postgres; a violation is reported for `members`.
    pub constraint: &'static str,
    /// Fields and to-one relationships.
    pub members: &'static [&'static str],
    /// Whether `meta.upsert` may name it.
    pub upsert: bool,
}

/// One resource.
pub struct Resource {
    /// The type on the wire: `products`.
    pub name: &'static str,
    /// The table or view: `product`.
    pub table: Ident,
    pub id: Identity,
    /// Of a view whose ids begin with the number of another record (`7-subtotal`): the column of that number. Indexes
    /// serve it, and not the id.
    pub id_begins_with: Option<Ident>,
    /// In a registry of external ids: the descriptor that this one shows, and the field that is its id there.
    pub shows: Option<(&'static Resource, Option<&'static Field>)>,
    /// The column with the organization, the first part of the table's key. Units, countries and statuses have none.
    pub tenant: Option<Ident>,
    pub fields: &'static [Field],
    pub relations: Relations,
    pub ownership: Ownership,
    /// The records of the table that the resource is about, whoever calls: the columns have these values.
    pub only: &'static [(Ident, Literal)],
    /// Whether the storefront shows it to those who have not logged in.
    pub public: bool,
    pub actions: Actions,
    pub unique: &'static [UniqueKey],
    /// For parts without a unique key over their parent: the members by which one that is sent again is taken for one
    /// that is stored, so that it keeps its id.
    pub matched_by: &'static [&'static str],
    pub extra_filters: &'static [ExtraFilter],
    /// Lists need these filters (`priceList` on prices).
    pub mandatory_filters: &'static [&'static str],
    pub title: Title,
    /// Whether `meta=title` is refused.
    pub no_title: bool,
    /// Whether the parameter `meta` does not exist at all.
    pub no_meta: bool,
    pub no_paging: bool,
    pub no_sorting: bool,
    /// The fields that lists are ordered by where a request says nothing, before the id.
    pub order: &'static [&'static str],
    /// Whether many records cannot be sent at once, by PATCH on the collection.
    pub no_batches: bool,
    /// Records that a batch writes in one transaction, what is included with them counted, if the server's setting does not
    /// say less: for resources whose writing is slow, since a transaction holds its locks to its end.
    pub largest_chunk: usize,
    /// Without an id in the URL: `/userprofile`, which is the caller's own record.
    pub singleton: bool,
    /// Whether `meta.validate` is allowed.
    pub validatable: bool,
    /// Types that are known only as objects inside of this resource's records (the types of an address).
    pub nested: &'static [&'static str],
    /// What is done to a record beyond reading and writing it.
    pub commands: &'static [Command],
    pub rules: &'static dyn Rules,
    /// What works out the attributes that no column holds.
    pub computed: Option<&'static dyn Computed>,
    /// One or two sentences for the API document.
    pub about: &'static str,
    /// An id for the examples of the API document: one that is seeded (`each`, `USD`), else `1`.
    pub example_id: &'static str,
}

impl Resource {
    /// A tenant's resource with generated numeric ids, all actions and organization ownership.
    pub const fn new(name: &'static str, table: &'static str) -> Resource {
        Resource {
            name,
            table: Ident::new(table),
            id: Identity::new("id", IdKind::Integer, FilterSpec::new(super::filter::COMPARISON).lists().ranges()),
            id_begins_with: None,
            shows: None,
            tenant: Some(Ident::new("organization_id")),
            fields: &[],
            relations: Relations::Fixed(&[]),
            ownership: Ownership::Organization,
            only: &[],
            public: false,
            actions: ALL_ACTIONS,
            unique: &[],
            matched_by: &[],
            extra_filters: &[],
            mandatory_filters: &[],
            title: Title::Id,
            no_title: false,
            no_meta: false,
            no_paging: false,
            no_sorting: false,
            no_batches: false,
            largest_chunk: usize::MAX,
            order: &[],
            singleton: false,
            validatable: false,
            nested: &[],
            commands: &[],
            rules: &NoRules,
            computed: None,
            about: "",
            example_id: "1",
        }
    }

    /// The table is shared by all organizations.
    pub const fn global(mut self) -> Resource {
        self.tenant = None;
        self
    }

    /// The column with the organization, where it is not `organization_id`.
    pub const fn tenant_column(mut self, column: &'static str) -> Resource {
        self.tenant = Some(Ident::new(column));
        self
    }

    /// Ids are texts that the client chooses.
    pub const fn text_id(mut self, column: &'static str) -> Resource {
        self.id = Identity::new(column, IdKind::Text, FilterSpec::new(super::filter::EQUALITY));
        self
    }

    /// Ids are `{uuid}-{suffix}`.
    pub const fn guid_id(mut self, suffix: &'static str) -> Resource {
        let kind = IdKind::Guid { suffix: Ident::new(suffix) };
        self.id = Identity::new("id", kind, FilterSpec::new(super::filter::EQUALITY).lists());
        self
    }

    /// Ids are uuids.
    pub const fn uuid_id(mut self) -> Resource {
        self.id = Identity::new("id", IdKind::Uuid, FilterSpec::new(super::filter::EQUALITY).lists());
        self
    }

    /// Ids begin with the number in the column.
    pub const fn id_begins_with(mut self, column: &'static str) -> Resource {
        self.id_begins_with = Some(Ident::new(column));
        self
    }

    /// `filter[id]` takes a comma-separated list even though ids are texts.
    pub const fn id_filter_list(mut self) -> Resource {
        self.id.filter = self.id.filter.lists();
        self
    }

    pub const fn fields(mut self, fields: &'static [Field]) -> Resource {
        self.fields = fields;
        self
    }

    pub const fn relations(mut self, relations: &'static [Relation]) -> Resource {
        self.relations = Relations::Fixed(relations);
        self
    }

    pub const fn owned_by(mut self, ownership: Ownership) -> Resource {
        self.ownership = ownership;
        self
    }

    /// The other records of the table do not exist for the resource.
    pub const fn only(mut self, conditions: &'static [(Ident, Literal)]) -> Resource {
        self.only = conditions;
        self
    }

    /// Visitors of the storefront may read it.
    pub const fn public(mut self) -> Resource {
        self.public = true;
        self
    }

    pub const fn actions(mut self, actions: Actions) -> Resource {
        self.actions = actions;
        self
    }

    pub const fn unique(mut self, keys: &'static [UniqueKey]) -> Resource {
        self.unique = keys;
        self
    }

    pub const fn matched_by(mut self, members: &'static [&'static str]) -> Resource {
        self.matched_by = members;
        self
    }

    pub const fn extra_filters(mut self, filters: &'static [ExtraFilter]) -> Resource {
        self.extra_filters = filters;
        self
    }

    pub const fn mandatory_filters(mut self, names: &'static [&'static str]) -> Resource {
        self.mandatory_filters = names;
        self
    }

    pub const fn title(mut self, title: Title) -> Resource {
        self.title = title;
        self
    }

    pub const fn no_title(mut self) -> Resource {
        self.no_title = true;
        self
    }

    pub const fn no_meta(mut self) -> Resource {
        self.no_meta = true;
        self
    }

    pub const fn no_paging(mut self) -> Resource {
        self.no_paging = true;
        self
    }

    pub const fn ordered_by(mut self, fields: &'static [&'static str]) -> Resource {
        self.order = fields;
        self
    }

    pub const fn no_sorting(mut self) -> Resource {
        self.no_sorting = true;
        self
    }

    pub const fn no_batches(mut self) -> Resource {
        self.no_batches = true;
        self
    }

    /// A batch writes at most so many in one transaction.
    pub const fn chunks_of(mut self, records: usize) -> Resource {
        self.largest_chunk = records;
        self
    }

    pub const fn singleton(mut self) -> Resource {
        self.singleton = true;
        self
    }

    pub const fn nested(mut self, types: &'static [&'static str]) -> Resource {
        self.nested = types;
        self
    }

    pub const fn commands(mut self, commands: &'static [Command]) -> Resource {
        self.commands = commands;
        self
    }

    pub const fn validatable(mut self) -> Resource {
        self.validatable = true;
        self
    }

    pub const fn rules(mut self, rules: &'static dyn Rules) -> Resource {
        self.rules = rules;
        self
    }

    /// Works out the computed fields.
    pub const fn computed(mut self, computed: &'static dyn Computed) -> Resource {
        self.computed = Some(computed);
        self
    }

    pub const fn about(mut self, sentences: &'static str) -> Resource {
        self.about = sentences;
        self
    }

    /// The id that examples of the API document show.
    pub const fn example_id(mut self, id: &'static str) -> Resource {
        self.example_id = id;
        self
    }
}

impl std::fmt::Debug for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Resource({})", self.name)
    }
}

/// Two descriptors are the same when they are the same `static`.
impl PartialEq for Resource {
    fn eq(&self, other: &Resource) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Resource {}
