//! Atomic operations, one after the other in one transaction.
//!
//! Neighbouring `add`s that name each other by `lid` are written together, in whichever direction they do: so a product
//! and the names it cannot be without may come in any order. Everything else is done in the order given, and what it
//! answers with is read right after it.

use std::collections::HashMap;
use std::ops::Range;

use diesel::pg::PgConnection;

use super::super::document::atomic::{Action, Name, Operation, Target};
use super::super::document::{Identifier, ResourceObject};
use super::super::key::Key;
use super::super::load;
use super::super::plan::Shape;
use super::super::render::View;
use super::super::resource::Resource;
use super::plan::{Made, Route, WritePlan};
use super::relationship::{self, on_route};
use super::{Context, Record, Written, delete, write};
use crate::acl::authorize;
use crate::error::{ACTION_NOT_ALLOWED, Error, Errors, OPERATION_NOT_ALLOWED};

/// What operations have done.
#[derive(Debug, Default)]
pub struct Done {
    /// Of each operation in its order: the record that it has written, as a GET would show it.
    pub results: Vec<Option<Vec<u8>>>,
    /// As [`Written::rights_changed`].
    pub rights_changed: bool,
}

/// Does them all, or stops at the first that fails. The caller has opened a transaction.
pub fn run(
    conn: &mut PgConnection,
    context: Context<'_>,
    view: &View,
    operations: &[Operation],
) -> Result<Done, Errors> {
    let mut run = Run { conn, context, view, made: Made::new(), done: Done::default() };
    for range in groups(operations) {
        run.group(&operations[range.clone()]).map_err(|errors| at(errors, &operations[range.start].pointer))?;
    }
    Ok(run.done)
}

/// An error without a place is about the operation as a whole.
fn at(errors: Errors, pointer: &str) -> Errors {
    let placed = |mut error: Error| {
        // The request itself was allowed.
        if error.code == &ACTION_NOT_ALLOWED {
            error.code = &OPERATION_NOT_ALLOWED;
        }
        if error.source.is_none() { error.at(pointer) } else { error }
    };
    Errors(errors.0.into_iter().map(placed).collect())
}

/// The operations that are written together.
fn groups(operations: &[Operation]) -> Vec<Range<usize>> {
    let added = |index: usize| match &operations[index].action {
        Action::Add(object) => Some(object),
        _ => None,
    };
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for index in 0..operations.len() {
        if let Some((object, lid)) = added(index).and_then(|object| Some((object, lid_of(object)?))) {
            places.entry((object.resource.name, lid)).or_insert(index);
        }
    }
    let mut groups: Vec<Range<usize>> = Vec::new();
    for index in 0..operations.len() {
        let mut group = index..index + 1;
        let named = added(index).into_iter().flat_map(named);
        for other in named.filter_map(|one| places.get(&(one.type_name.as_str(), one.id.as_str())).copied()) {
            group = group.start.min(other)..group.end.max(other + 1);
        }
        if !group.clone().all(|index| added(index).is_some()) {
            group = index..index + 1;
        }
        while let Some(before) = groups.pop_if(|before| before.end > group.start) {
            group = before.start.min(group.start)..before.end.max(group.end);
        }
        groups.push(group);
    }
    groups
}

fn lid_of(object: &ResourceObject) -> Option<&str> {
    object.id.as_deref().filter(|_| object.local)
}

/// What the relationships of an object name by `lid`.
fn named(object: &ResourceObject) -> impl Iterator<Item = &Identifier> {
    let identifiers = object.relationships.iter().flat_map(|(_, identifiers)| identifiers.as_slice());
    identifiers.filter(|identifier| identifier.local)
}

struct Run<'r> {
    conn: &'r mut PgConnection,
    context: Context<'r>,
    view: &'r View,
    /// What the operations so far have made.
    made: Made,
    done: Done,
}

impl Run<'_> {
    fn group(&mut self, operations: &[Operation]) -> Result<(), Errors> {
        match operations {
            [Operation { action: Action::Update(target, object), .. }] => {
                let route = Route::Update(self.key(target)?);
                self.write(&[(object, route)])
            }
            [Operation { action: Action::Remove(target), .. }] => {
                let key = self.key(target)?;
                let deleted = delete(self.conn, self.context, target.resource, std::slice::from_ref(&key))?;
                self.made.retain(|(name, _), made| *name != target.resource.name || *made != key);
                self.nothing_to_show(deleted.rights_changed);
                Ok(())
            }
            [Operation { action: Action::Relate { target, relation, change, linkage }, pointer }] => {
                let place = format!("{pointer}/data");
                let link = (target.resource, self.key(target)?, *relation);
                let plan = relationship::plan(link, linkage, *change, &place, &self.made)?;
                let plan = authorize(plan, self.context.caller)?;
                let written =
                    write(self.conn, self.context, plan).map_err(|errors| on_route(errors, relation, &place))?;
                self.nothing_to_show(written.rights_changed);
                Ok(())
            }
            adds => {
                let objects = adds.iter().filter_map(|operation| match &operation.action {
                    Action::Add(object) => Some((object, Route::Create)),
                    _ => None,
                });
                self.write(&objects.collect::<Vec<_>>())
            }
        }
    }

    fn write(&mut self, objects: &[(&ResourceObject, Route)]) -> Result<(), Errors> {
        let again = |(object, _): &&(&ResourceObject, Route)| {
            lid_of(object).is_some_and(|lid| self.made.contains_key(&(object.resource.name, lid.to_owned())))
        };
        let adds = objects.iter().filter(|(_, route)| matches!(route, Route::Create));
        if let Some((object, _)) = adds.clone().find(again) {
            let detail = "Another record of this request has the same 'lid'.";
            return Err(Error::request_data(detail).at(format!("{}/lid", object.pointer)).into());
        }
        let plan = authorize(WritePlan::together(objects, &self.made)?, self.context.caller)?;
        let Written { records, rights_changed, .. } = write(self.conn, self.context, plan)?;
        self.done.rights_changed |= rights_changed;
        for ((object, _), record) in adds.zip(&records) {
            if let Some(lid) = lid_of(object) {
                self.made.insert((object.resource.name, lid.to_owned()), record.key.clone());
            }
        }
        self.show(&records)
    }

    /// The stored records, one statement for those of one resource.
    fn show(&mut self, records: &[Record]) -> Result<(), Errors> {
        let mut shown: HashMap<(&'static str, Key), Vec<u8>> = HashMap::new();
        let mut resources: Vec<&'static Resource> = Vec::new();
        for record in records {
            if !resources.contains(&record.resource) {
                resources.push(record.resource);
            }
        }
        for resource in resources {
            let of_resource = records.iter().filter(|record| record.resource == resource);
            let keys: Vec<Key> = of_resource.map(|record| record.key.clone()).collect();
            for (key, object) in
                load::objects(self.conn, self.context.caller, Shape::whole(resource), &keys, self.view)?
            {
                shown.insert((resource.name, key), object);
            }
        }
        for Record { resource, key, .. } in records {
            // Who may write a record but not see it learns its id.
            let identity =
                || serde_json::json!({"type": resource.name, "id": key.to_string()}).to_string().into_bytes();
            self.done.results.push(Some(shown.remove(&(resource.name, key.clone())).unwrap_or_else(identity)));
        }
        Ok(())
    }

    fn nothing_to_show(&mut self, rights_changed: bool) {
        self.done.rights_changed |= rights_changed;
        self.done.results.push(None);
    }

    fn key(&self, target: &Target) -> Result<Key, Error> {
        match &target.name {
            Name::Id(key) => Ok(key.clone()),
            Name::Lid(lid) => {
                let made = self.made.get(&(target.resource.name, lid.clone()));
                made.cloned().ok_or_else(|| Error::unknown_lid(lid))
            }
        }
    }
}
