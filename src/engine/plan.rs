//! What a read will do, decided and pure: which rows, in what order, which page, and what is shown of them.
//!
//! Input: a parsed query and the resource or record it is about. Output: a [`ReadPlan`] for `acl::authorize`.

use super::field::Field;
use super::key::Key;
use super::predicate::Predicate;
use super::relation::Relation;
use super::resource::{Ident, Resource};
use super::value::Value;
use crate::acl::{Needs, Permission};

/// A read of one resource's records.
#[derive(Clone, Debug)]
pub struct ReadPlan {
    pub resource: &'static Resource,
    pub filter: Predicate,
    /// Of a list of several resources: the further ones, whose records come after those of `resource`, each with its own
    /// filter.
    pub further: Vec<(&'static Resource, Predicate)>,
    pub sort: Vec<SortTerm>,
    pub page: Page,
    pub shapes: Shapes,
    /// The include paths, parents before children.
    pub include: Vec<Include>,
    /// Whether the document has a member `included` even when nothing is in it.
    pub compound: bool,
    /// Whether every resource object has `meta.title`.
    pub title: bool,
    /// Whether all matching rows are counted.
    pub total: bool,
    /// Whether the rows are shown as resource identifiers only.
    pub identifiers: bool,
    /// Whether the statement's text is one of few, worth a prepared statement.
    pub plain: bool,
}

impl Needs for ReadPlan {
    fn needs(&self) -> Vec<(&'static Resource, Permission)> {
        vec![(self.resource, Permission::View)]
    }
}

/// Which of the matching rows are wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Page {
    /// All, up to the row limit.
    All,
    /// The page of that number, from 1.
    Number { number: u64, size: u64 },
    /// The rows next to a cursor.
    /// `binding`: the hash that cursors of this list carry.
    Cursor { size: u64, position: Position, binding: u64 },
}

/// Where a page by cursor begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Position {
    Start,
    /// After the row that has these values in the sort terms, the id last.
    After(Vec<Value>),
    Before(Vec<Value>),
}

/// One term of the order. The last one is the id, so that the order is total.
#[derive(Clone, Debug, PartialEq)]
pub struct SortTerm {
    /// The relationships from the resource to the record that is compared; none for an own column.
    pub path: Vec<&'static Relation>,
    pub column: SortColumn,
    pub descending: bool,
}

/// What a sort term compares of the record at the end of its path.
#[derive(Clone, Debug, PartialEq)]
pub enum SortColumn {
    Id,
    Field(&'static Field),
}

impl SortTerm {
    /// The column of the resource's own table, if the term is one.
    pub fn own_column(&self, resource: &Resource) -> Option<Ident> {
        if !self.path.is_empty() {
            return None;
        }
        Some(match self.column {
            SortColumn::Id => resource.id.column,
            SortColumn::Field(field) => field.column,
        })
    }

    /// Whether the column may be null.
    pub fn nullable(&self) -> bool {
        match self.column {
            SortColumn::Id => !self.path.is_empty(),
            SortColumn::Field(field) => !self.path.is_empty() || field.nullable,
        }
    }
}

/// What is shown of the records of one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub resource: &'static Resource,
    pub fields: Vec<&'static Field>,
    pub relations: Vec<&'static Relation>,
}

impl Shape {
    /// Everything the wire shows.
    pub fn whole(resource: &'static Resource) -> Shape {
        Shape {
            resource,
            fields: resource.fields.iter().filter(|field| field.access.is_shown()).collect(),
            relations: resource.visible_relations().filter(|relation| relation.access.is_shown()).collect(),
        }
    }

    /// The members of those names only; unknown names are nothing.
    pub fn only(resource: &'static Resource, names: &[String]) -> Shape {
        let mut shape = Shape::whole(resource);
        shape.fields.retain(|field| names.iter().any(|name| name == field.name));
        shape.relations.retain(|relation| names.iter().any(|name| name == relation.name));
        shape
    }
}

/// The shapes that the request narrows; every other resource is shown whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shapes(pub Vec<Shape>);

impl Shapes {
    /// Narrows what is shown of a resource's records; the last word counts.
    pub fn set(&mut self, shape: Shape) {
        self.0.retain(|known| known.resource != shape.resource);
        self.0.push(shape);
    }

    pub fn of(&self, resource: &'static Resource) -> Shape {
        match self.0.iter().find(|shape| shape.resource == resource) {
            Some(shape) => shape.clone(),
            None => Shape::whole(resource),
        }
    }

    /// Whether the relationship is shown.
    pub fn shows(&self, resource: &'static Resource, relation: &'static Relation) -> bool {
        match self.0.iter().find(|shape| shape.resource == resource) {
            Some(shape) => shape.relations.contains(&relation),
            None => !relation.hidden && relation.access.is_shown(),
        }
    }
}

/// One include path: a relationship of the records at the path before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Include {
    pub owner: &'static Resource,
    pub relation: &'static Relation,
    /// The path before it, by its place in [`ReadPlan::include`]; `None` for a relationship of the primary records.
    pub parent: Option<usize>,
}

impl ReadPlan {
    /// The record of that id, shown whole and without includes.
    pub fn item(resource: &'static Resource, key: &Key) -> ReadPlan {
        ReadPlan {
            resource,
            filter: Predicate::is(resource, key),
            further: Vec::new(),
            sort: Vec::new(),
            page: Page::Number { number: 1, size: 1 },
            shapes: Shapes::default(),
            include: Vec::new(),
            compound: false,
            title: false,
            total: false,
            identifiers: false,
            plain: true,
        }
    }

    /// The shape of a resource's records in this answer.
    pub fn shape(&self, resource: &'static Resource) -> Shape {
        let listed = resource == self.resource || self.further.iter().any(|(further, _)| *further == resource);
        if self.identifiers && listed {
            return Shape { resource, fields: Vec::new(), relations: Vec::new() };
        }
        self.shapes.of(resource)
    }

    /// The include paths that start at records of `owner` found at `parent`.
    pub fn children(
        &self,
        parent: Option<usize>,
        owner: &'static Resource,
    ) -> impl Iterator<Item = (usize, &Include)> + use<'_> {
        self.include.iter().enumerate().filter(move |(_, include)| include.parent == parent && include.owner == owner)
    }
}
