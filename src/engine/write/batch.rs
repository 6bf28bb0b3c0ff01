//! The records of one request in its transaction, as rules see and change them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::pg::PgConnection;

use super::super::key::Key;
use super::super::resource::Resource;
use super::super::value::Value;
use super::Context;
use super::moves::Former;
use super::per_resource::PerResource;
use super::plan::Role;
use super::sieve::{Sieve, begin_again, keep, moved};
use crate::error::{Error, Errors};

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
    /// Joined to the list that is stored.
    Add(Vec<Target>),
    /// Taken out of the list that is stored.
    Remove(Vec<Target>),
}

impl Linkage {
    /// Every target named.
    pub fn targets(&self) -> &[Target] {
        match self {
            Linkage::One(target) => target.as_slice(),
            Linkage::Many(targets) | Linkage::Add(targets) | Linkage::Remove(targets) => targets,
        }
    }

    fn targets_mut(&mut self) -> &mut [Target] {
        match self {
            Linkage::One(target) => target.as_mut_slice(),
            Linkage::Many(targets) | Linkage::Add(targets) | Linkage::Remove(targets) => targets,
        }
    }
}

/// What the database holds of a record that is updated.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    pub values: HashMap<&'static str, Value>,
    /// The ids behind the to-one relationships.
    pub links: HashMap<&'static str, Option<Key>>,
}

/// One record being written. Ids are drawn before writing, so that nodes can point at each other.
#[derive(Debug)]
pub struct Node {
    pub resource: &'static Resource,
    pub role: Role,
    /// Whether the record is created; otherwise it exists and is updated.
    pub creates: bool,
    pub key: Key,
    /// The place of the resource object in the body: `/data`, `/included/3`.
    pub pointer: String,
    /// The id or lid it was sent under.
    pub label: Option<String>,
    /// Attributes by field name: what the request says, and what rules set.
    pub values: BTreeMap<&'static str, Value>,
    /// Relationships by name: what the request says, and what rules set. An inverse link (`names` of a product)
    /// also appears at the other end (`product` of each name).
    pub links: BTreeMap<&'static str, Linkage>,
    /// The record as it was; empty for one that is created.
    pub stored: Stored,
    /// The members that the request asked to find it by, to be updated if it exists; none of them: by its id.
    pub upserts: Option<Vec<&'static str>>,
    /// Where it stands in the plan. `None`: it follows from the request though nobody sent it, and no right of its own is
    /// asked for.
    pub sent: Option<usize>,
    /// The members whose stored value this request changed. Filled while writing.
    pub changed: BTreeSet<&'static str>,
}

impl Node {
    /// The value that the request or a rule gives a field; `None` when it is left as it is.
    pub fn value(&self, field: &str) -> Option<&Value> {
        self.values.get(field)
    }

    /// The value a field will have: the given one, else the stored one, else null.
    pub fn effective(&self, field: &str) -> &Value {
        self.values.get(field).or_else(|| self.stored.values.get(field)).unwrap_or(&Value::Null)
    }

    /// Sets a field, read-only ones included.
    pub fn set(&mut self, field: &'static str, value: Value) {
        self.values.insert(field, value);
    }

    /// The id a to-one is set to. The outer `None`: the request says nothing of it; the inner: it is cleared.
    pub fn one(&self, relation: &str) -> Option<Option<&Target>> {
        self.links.get(relation).map(|linkage| linkage.targets().first())
    }

    /// The id a to-one will have: the given one, else the stored one.
    pub fn effective_one(&self, relation: &str) -> Option<&Key> {
        match self.one(relation) {
            Some(target) => target.map(|target| &target.key),
            None => self.stored.links.get(relation).and_then(Option::as_ref),
        }
    }

    /// The targets a to-many is set to as a whole; `None` when the request says nothing of it.
    pub fn many(&self, relation: &str) -> Option<&[Target]> {
        match self.links.get(relation)? {
            Linkage::Many(targets) => Some(targets),
            Linkage::One(target) => Some(target.as_slice()),
            Linkage::Add(_) | Linkage::Remove(_) => None,
        }
    }

    /// Points a to-one at a record.
    pub fn link(&mut self, relation: &'static str, target: Option<Target>) {
        self.links.insert(relation, Linkage::One(target));
    }

    /// The error, placed at an attribute.
    pub fn at_attribute(&self, name: &str, error: Error) -> Error {
        error.at(format!("{}/attributes/{name}", self.pointer))
    }

    /// The error, placed at a relationship: at the whole, where it is one of several that are shown as one.
    pub fn at_relation(&self, name: &str, error: Error) -> Error {
        let name = name.split('.').next().unwrap_or(name);
        error.at(format!("{}/relationships/{name}/data", self.pointer))
    }

    /// The error, placed at the member, whichever it is.
    pub fn at_member(&self, name: &str, error: Error) -> Error {
        if self.resource.relation(name).is_some() {
            self.at_relation(name, error)
        } else {
            self.at_attribute(name, error)
        }
    }

    /// The error, placed at the record where it is one of several in `data`.
    pub fn at_record(&self, error: Error) -> Error {
        if self.role == Role::Member { error.at(&self.pointer) } else { error }
    }

    /// This node as the target of a link.
    pub fn target(&self, index: usize) -> Target {
        Target { resource: self.resource, key: self.key.clone(), node: Some(index) }
    }
}

/// All records of one request, in its transaction.
pub struct Batch<'a> {
    pub conn: &'a mut PgConnection,
    pub context: Context<'a>,
    pub nodes: Vec<Node>,
    /// Records outside the batch that were changed along with it, by resource name: a rule's totals, a parent's
    /// time stamp, a part that left its list. Each becomes a change row.
    pub touched: BTreeMap<(&'static str, Key), Touched>,
    /// The nodes by their records, as far as they were looked up.
    places: HashMap<(&'static str, Key), usize>,
    placed: usize,
    /// Records that get another owner, by resource name: whose they were.
    pub(super) former: BTreeMap<(&'static str, Key), (&'static Resource, Former)>,
}

/// A record that a write changed without being asked to by name.
#[derive(Debug)]
pub struct Touched {
    pub resource: &'static Resource,
    pub fields: BTreeSet<&'static str>,
}

impl<'a> Batch<'a> {
    pub fn new(conn: &'a mut PgConnection, context: Context<'a>) -> Batch<'a> {
        Batch {
            conn,
            context,
            nodes: Vec::new(),
            touched: BTreeMap::new(),
            places: HashMap::new(),
            placed: 0,
            former: BTreeMap::new(),
        }
    }

    pub fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    pub fn node_mut(&mut self, index: usize) -> &mut Node {
        &mut self.nodes[index]
    }

    /// Whether several records are written that have nothing to do with each other, each by itself if need be.
    pub fn is_chunk(&self) -> bool {
        self.nodes.first().is_some_and(|node| node.role == Role::Member)
    }

    /// The organization every statement of the batch is bound to.
    pub fn organization(&self) -> i64 {
        self.context.caller.organization
    }

    /// The node of a record. Once rows are being written, when every id is known.
    pub fn find(&mut self, resource: &'static Resource, key: &Key) -> Option<usize> {
        for (index, node) in self.nodes.iter().enumerate().skip(self.placed) {
            self.places.entry((node.resource.name, node.key.clone())).or_insert(index);
        }
        self.placed = self.nodes.len();
        self.places.get(&(resource.name, key.clone())).copied()
    }

    /// Adds records that follow from the request though nobody sent them, such as the stock of new unit precisions. The
    /// errors of each point at its place in `pointers`. The answer is the index of each.
    pub fn create(&mut self, resource: &'static Resource, pointers: Vec<String>) -> Result<Vec<usize>, Errors> {
        if pointers.is_empty() {
            return Ok(Vec::new());
        }
        let keys = super::resolve::draw_keys(self.conn, resource, pointers.len())?;
        if keys.len() < pointers.len() {
            return Err(Error::internal("a sequence gave too few ids").into());
        }
        let first = self.nodes.len();
        self.nodes.extend(keys.into_iter().zip(pointers).map(|(key, pointer)| Node {
            resource,
            role: Role::Included,
            creates: true,
            key,
            pointer,
            label: None,
            values: BTreeMap::new(),
            links: BTreeMap::new(),
            stored: Stored::default(),
            upserts: None,
            sent: None,
            changed: BTreeSet::new(),
        }));
        let created: Vec<usize> = (first..self.nodes.len()).collect();
        created.iter().for_each(|index| super::check::fill_node(self, *index));
        Ok(created)
    }

    /// Takes out the records that the sieve takes out, and what follows from them.
    pub(super) fn sift(&mut self, sieve: &mut dyn Sieve, errors: Vec<Error>) -> Result<(), Errors> {
        if errors.is_empty() {
            return Ok(());
        }
        let places: Vec<usize> = self.nodes.iter().filter_map(|node| node.sent).collect();
        let mut of_sent = sieve.sift(errors, &places)?.into_iter();
        let mut stay: Vec<bool> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let mut targets = node.links.values().flat_map(Linkage::targets).filter_map(|target| target.node);
            stay.push(match node.sent {
                Some(_) => of_sent.next().unwrap_or(false),
                None => targets.all(|target| stay.get(target) == Some(&true)),
            });
        }
        keep(&mut self.nodes, &stay);
        let moved = moved(&stay);
        for target in self.nodes.iter_mut().flat_map(|node| node.links.values_mut()).flat_map(Linkage::targets_mut) {
            if let Some(node) = &mut target.node {
                *node = moved.get(*node).copied().flatten().ok_or_else(begin_again)?;
            }
        }
        self.places.clear();
        self.placed = 0;
        Ok(())
    }

    /// Records that a statement of a rule changed these fields of a record.
    pub fn touch(&mut self, resource: &'static Resource, key: Key, fields: &[&'static str]) {
        if let Some(node) = self.find(resource, &key) {
            self.nodes[node].changed.extend(fields);
            return;
        }
        let touched =
            self.touched.entry((resource.name, key)).or_insert_with(|| Touched { resource, fields: BTreeSet::new() });
        touched.fields.extend(fields);
    }

    /// Records that a statement of a rule made these records, with these fields.
    pub fn made(&mut self, resource: &'static Resource, keys: &[Key], fields: &[&'static str]) -> Result<(), Errors> {
        super::change::record_made(self, resource, keys, fields)
    }

    /// Removes records that a rule does not want any more, with their parts. No right of its own is asked for.
    pub fn remove(&mut self, resource: &'static Resource, keys: &[Key]) -> Result<(), Errors> {
        super::delete::remove(self, resource, keys)
    }

    /// The nodes of a resource that were sent.
    pub(super) fn sent_of(&self, resource: &'static Resource) -> Vec<usize> {
        let nodes = self.nodes.iter().enumerate();
        let sent = nodes.filter(|(_, node)| node.resource == resource && node.sent.is_some());
        sent.map(|(index, _)| index).collect()
    }

    /// The nodes of each resource, resources in the order of their first node.
    pub fn by_resource(&self) -> Vec<(&'static Resource, Vec<usize>)> {
        let mut groups = PerResource::new();
        for (index, node) in self.nodes.iter().enumerate() {
            groups.add(node.resource, index);
        }
        groups.into_vec()
    }
}
