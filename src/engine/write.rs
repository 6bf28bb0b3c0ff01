//! Writes: the records of one request as a batch of nodes, and their way into the database.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

use super::key::Key;
use super::resource::Resource;
use super::value::Value;
use crate::acl::Caller;
use crate::error::Error;

/// What a relationship of a node points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub resource: &'static Resource,
    pub key: Key,
    /// The node of this batch that is the target, when it is written in the same request.
    pub node: Option<usize>,
}

/// The linkage of a relationship as the request states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linkage {
    One(Option<Target>),
    /// The whole list, in the order given.
    Many(Vec<Target>),
}

/// One record being written. Ids are drawn before writing, so that nodes can point at each other.
#[derive(Debug)]
pub struct Node {
    pub resource: &'static Resource,
    /// Whether the record is created; otherwise it exists and is updated.
    pub creates: bool,
    pub key: Key,
    /// The place of the resource object in the body: `/data`, `/included/3`.
    pub pointer: String,
    /// Attributes by field name: what the request says, and what rules set.
    pub values: BTreeMap<&'static str, Value>,
    /// Relationships by name: what the request says, and what rules set. An inverse link (`names` of a product)
    /// also appears at the other end (`product` of each name).
    pub links: BTreeMap<&'static str, Linkage>,
}

impl Node {
    /// The value that the request or a rule gives a field; `None` when it is left as it is.
    pub fn value(&self, field: &str) -> Option<&Value> {
        self.values.get(field)
    }

    /// Sets a field, read-only ones included.
    pub fn set(&mut self, field: &'static str, value: Value) {
        self.values.insert(field, value);
    }

    /// The id a to-one is set to. The outer `None`: the request says nothing of it; the inner: it is cleared.
    pub fn one(&self, relation: &str) -> Option<Option<&Target>> {
        match self.links.get(relation)? {
            Linkage::One(target) => Some(target.as_ref()),
            Linkage::Many(targets) => Some(targets.first()),
        }
    }

    /// The targets a to-many is set to; `None` when the request says nothing of it.
    pub fn many(&self, relation: &str) -> Option<&[Target]> {
        match self.links.get(relation)? {
            Linkage::Many(targets) => Some(targets),
            Linkage::One(target) => Some(target.as_slice()),
        }
    }

    /// The error, placed at an attribute.
    pub fn at_attribute(&self, name: &str, error: Error) -> Error {
        error.at(format!("{}/attributes/{name}", self.pointer))
    }

    /// The error, placed at a relationship.
    pub fn at_relation(&self, name: &str, error: Error) -> Error {
        error.at(format!("{}/relationships/{name}/data", self.pointer))
    }
}

/// All records of one request, in its transaction.
pub struct Batch<'a> {
    pub conn: &'a mut PgConnection,
    pub caller: &'a Caller,
    /// The moment of the request: every time stamp it writes.
    pub now: DateTime<Utc>,
    /// The configuration's switches that are on, such as `orders.external_status_management`.
    pub switches: &'a BTreeSet<&'static str>,
    pub nodes: Vec<Node>,
}

impl Batch<'_> {
    pub fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    pub fn node_mut(&mut self, index: usize) -> &mut Node {
        &mut self.nodes[index]
    }
}
