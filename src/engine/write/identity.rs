//! External ids in writes: a plan that names records by them → the same plan in declared resources and stored ids; and
//! back, for the answer. One statement per resource, whatever the number of ids. A plan without external ids passes as
//! it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::pg::PgConnection;

use super::super::field::Field;
use super::super::key::Key;
use super::super::resource::Resource;
use super::super::sql::Sql;
use super::super::sql::predicate::Conditions;
use super::super::value::{Value, key_array};
use super::lock::no_entity;
use super::plan::{Draft, DraftLinkage, Match, Operation, Reference};
use super::{Context, Node};
use crate::error::{Error, Errors, INVALID_ID};

/// The stored ids of records: fewer than were given where some do not exist.
pub(super) fn stored(
    conn: &mut PgConnection,
    context: Context<'_>,
    resource: &'static Resource,
    keys: &[Key],
) -> Result<Vec<Key>, Error> {
    if resource.external_id().is_none() {
        return Ok(keys.to_vec());
    }
    let found = look_up(conn, context, resource, keys)?;
    Ok(keys.iter().filter_map(|key| found.get(key).cloned()).collect())
}

fn look_up(
    conn: &mut PgConnection,
    context: Context<'_>,
    resource: &'static Resource,
    keys: &[Key],
) -> Result<HashMap<Key, Key>, Error> {
    let mut sql = Sql::new();
    sql.raw("SELECT ").column(0, resource.id.column).raw(", ").column(0, resource.id.referenced);
    sql.raw(" FROM ").ident(resource.table).raw(" AS t0 WHERE ");
    Conditions::new(context.caller).tenant(&mut sql, resource, 0);
    sql.raw(" AND ").column(0, resource.id.column).raw(" = ANY(").bind(key_array(keys)).raw(")");
    let kinds = (resource.id.kind, resource.declared().id.kind);
    let pairs = sql.collect(conn, |row| -> Result<_, Error> { Ok((row.key(0, kinds.0)?, row.key(1, kinds.1)?)) })?;
    Ok(pairs.into_iter().filter_map(|(shown, stored)| Some((shown?, stored?))).collect())
}

/// The id of a written record on the wire.
pub(super) fn shown(resource: &'static Resource, node: &Node) -> Result<Key, Error> {
    let Some(field) = resource.external_id() else { return Ok(node.key.clone()) };
    match node.effective(field.name) {
        Value::Text(id) => Ok(Key::Text(id.clone())),
        _ => Err(mandatory(&node.pointer)),
    }
}

fn mandatory(pointer: &str) -> Error {
    Error::new(&INVALID_ID, "The identifier is mandatory").at(format!("{pointer}/id"))
}

/// Puts drafts into declared resources and stored ids. The answer: what is wrong with some of them.
pub(super) fn settle(
    conn: &mut PgConnection,
    context: Context<'_>,
    drafts: &mut [Draft],
) -> Result<Vec<Error>, Errors> {
    let ids = Ids::find(conn, context, drafts)?;
    let mut errors = Vec::new();
    for draft in drafts {
        ids.settle_links(draft, &mut errors);
        let resource = draft.resource;
        draft.resource = resource.declared();
        if let Some(field) = resource.external_id()
            && let Err(error) = ids.settle_operation(resource, field, draft)
        {
            errors.push(error);
        }
    }
    Ok(errors)
}

/// The stored ids of all records that a plan names by external ones.
struct Ids(HashMap<&'static str, HashMap<Key, Key>>);

impl Ids {
    fn find(conn: &mut PgConnection, context: Context<'_>, drafts: &[Draft]) -> Result<Ids, Error> {
        let mut wanted: BTreeMap<&'static str, (&'static Resource, BTreeSet<Key>)> = BTreeMap::new();
        let mut want = |resource: &'static Resource, key: &Key| {
            if resource.external_id().is_some() {
                let (_, keys) = wanted.entry(resource.name).or_insert_with(|| (resource, BTreeSet::new()));
                keys.insert(key.clone());
            }
        };
        for draft in drafts {
            if let Some(key) = named(&draft.operation) {
                want(draft.resource, key);
            }
            for reference in draft.links.values().flat_map(DraftLinkage::references) {
                if let Reference::Existing(resource, key) = reference {
                    want(resource, key);
                }
            }
        }
        let mut found = HashMap::new();
        for (name, (resource, keys)) in wanted {
            let keys: Vec<Key> = keys.into_iter().collect();
            found.insert(name, look_up(conn, context, resource, &keys)?);
        }
        Ok(Ids(found))
    }

    fn stored(&self, resource: &Resource, key: &Key) -> Option<&Key> {
        self.0.get(resource.name).and_then(|keys| keys.get(key))
    }

    /// A new record has its id in the field; one that exists is named by its stored id.
    fn settle_operation(
        &self,
        resource: &'static Resource,
        field: &'static Field,
        draft: &mut Draft,
    ) -> Result<(), Error> {
        let place = format!("{}/id", draft.pointer);
        let operation = std::mem::replace(&mut draft.operation, Operation::Create(None));
        let (operation, id) = match operation {
            Operation::Create(Some(key)) if self.stored(resource, &key).is_some() => {
                return Err(Error::conflict("The entity already exists.").at(place));
            }
            Operation::Create(Some(key)) => (Operation::Create(None), Some(key)),
            Operation::Create(None) => return Err(mandatory(&draft.pointer)),
            Operation::Update(key) => {
                (Operation::Update(self.stored(resource, &key).ok_or_else(|| no_entity(draft))?.clone()), None)
            }
            Operation::Upsert(Match::Id(key)) => (Operation::Upsert(Match::Members(vec![field.name])), Some(key)),
            Operation::Upsert(members) => {
                let id = draft.label.as_ref().filter(|_| !draft.local);
                (Operation::Upsert(members), id.map(|id| Key::Text(id.clone())))
            }
        };
        draft.operation = operation;
        let given = draft.values.get(field.name);
        let pointer = format!("{}/attributes/{}", draft.pointer, field.name);
        if given.is_some_and(Value::is_null) {
            return Err(Error::not_blank().at(pointer));
        }
        let Some(Key::Text(id)) = id else { return Ok(()) };
        if given.is_some_and(|given| given.as_text() != Some(&id)) {
            let detail = format!("The \"{}\" is the identifier, so both should have the same value.", field.name);
            return Err(Error::conflict(detail).at(pointer));
        }
        draft.values.insert(field.name, Value::Text(id));
        Ok(())
    }

    fn settle_links(&self, draft: &mut Draft, errors: &mut Vec<Error>) {
        for (name, linkage) in &mut draft.links {
            let place = format!("{}/relationships/{name}/data", draft.pointer);
            match linkage {
                DraftLinkage::One(None) => {}
                DraftLinkage::One(Some(reference)) => {
                    if !self.settle_reference(reference) {
                        errors.push(Error::no_related().at(place));
                    }
                }
                DraftLinkage::Many(list) | DraftLinkage::Add(list) => {
                    for (index, reference) in list.iter_mut().enumerate() {
                        if !self.settle_reference(reference) {
                            errors.push(Error::no_related().at(format!("{place}/{index}")));
                        }
                    }
                }
                // What does not exist is in no list.
                DraftLinkage::Remove(list) => list.retain_mut(|reference| self.settle_reference(reference)),
            }
        }
    }

    /// `false`: there is no such record.
    fn settle_reference(&self, reference: &mut Reference) -> bool {
        let Reference::Existing(resource, key) = reference else { return true };
        if resource.external_id().is_some() {
            match self.stored(resource, key) {
                Some(stored) => *key = stored.clone(),
                None => return false,
            }
        }
        *resource = resource.declared();
        true
    }
}

/// The record that an operation names by its id.
fn named(operation: &Operation) -> Option<&Key> {
    match operation {
        Operation::Create(Some(key)) | Operation::Update(key) | Operation::Upsert(Match::Id(key)) => Some(key),
        Operation::Create(None) | Operation::Upsert(Match::Members(_)) => None,
    }
}
