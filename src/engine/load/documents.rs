//! The documents of many records, each as a GET of that record would show it: one statement for the records, and one for
//! each include path and target, whatever their number.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::pg::PgConnection;

use super::{BATCH, write_links};
use crate::acl::{Authorized, Caller};
use crate::engine::computed;
use crate::engine::key::Key;
use crate::engine::plan::{Include, ReadPlan, Shape};
use crate::engine::render::{Meta, RowWriter, View};
use crate::engine::resource::Resource;
use crate::engine::sql::select::{self, Wanted};
use crate::error::Error;

type Place = (&'static str, Key);

/// A record as it is shown, and where its include paths lead.
struct Shown {
    object: Vec<u8>,
    /// The include path followed, by its place in the plan, and the record at its end.
    links: Vec<(usize, &'static Resource, Key)>,
}

/// The documents of those of the records that the caller may view. The plan says what is shown of them and what is
/// included; its filter and page are not looked at.
pub fn documents(
    conn: &mut PgConnection,
    plan: &Authorized<'_, ReadPlan>,
    keys: &[Key],
    view: &View,
) -> Result<Vec<(Key, Vec<u8>)>, Error> {
    let mut documents = Vec::with_capacity(keys.len());
    for keys in keys.chunks(BATCH as usize) {
        let mut loader = Loader { plan, view, shown: HashMap::new() };
        let primary = loader.load(conn, None, plan.plan().resource, keys)?;
        loader.load_included(conn)?;
        documents.extend(primary.into_iter().map(|key| (key.clone(), loader.document(key))));
    }
    Ok(documents)
}

struct Loader<'l> {
    plan: &'l Authorized<'l, ReadPlan>,
    view: &'l View,
    /// By the include path under which a record was read (one may come under several, with other paths below), type and id.
    shown: HashMap<(Option<usize>, Place), Shown>,
}

impl Loader<'_> {
    fn caller(&self) -> &Caller {
        self.plan.caller()
    }

    fn include(&self) -> &[Include] {
        &self.plan.plan().include
    }

    /// Reads records at the end of an include path; the answer: those that the caller may view.
    fn load(
        &mut self,
        conn: &mut PgConnection,
        path: Option<usize>,
        resource: &'static Resource,
        keys: &[Key],
    ) -> Result<Vec<Key>, Error> {
        let shape = self.plan.plan().shapes.of(resource);
        let whole = shape == Shape::whole(resource);
        let wanted = Wanted::default();
        let sql = select::by_keys(self.caller(), &shape, wanted, &[], keys, whole);
        let place =
            |relation| self.include().iter().position(|include| include.parent == path && include.relation == relation);
        let writer = RowWriter::new(shape.clone(), wanted, 0, self.view, |relation| place(relation).is_some());
        let mut rows = Vec::new();
        computed::at_one_moment(conn, &shape, |conn| {
            let values = computed::values(conn, self.caller(), &shape, keys)?;
            sql.for_each(conn, |row| -> Result<(), Error> {
                let key = writer.key(row)?;
                let (mut object, mut links) = (Vec::new(), Vec::new());
                let meta = Meta { values: Some(&values), ..Meta::default() };
                writer.write(&mut object, row, &key, meta, &mut |relation, target, key| {
                    links.extend(place(relation).map(|place| (place, target, key)));
                });
                rows.push((key, Shown { object, links }));
                Ok(())
            })
        })?;
        let keys = rows.iter().map(|(key, _)| key.clone()).collect();
        self.shown.extend(rows.into_iter().map(|(key, shown)| ((path, (resource.name, key)), shown)));
        Ok(keys)
    }

    /// Paths come after those they begin with, so that what they start from has been read.
    fn load_included(&mut self, conn: &mut PgConnection) -> Result<(), Error> {
        for path in 0..self.include().len() {
            let mut found: Vec<(&'static Resource, BTreeSet<Key>)> = Vec::new();
            let links = self.shown.values().flat_map(|shown| &shown.links).filter(|(at, ..)| *at == path);
            for (_, resource, key) in links {
                match found.iter_mut().find(|(known, _)| known == resource) {
                    Some((_, keys)) => drop(keys.insert(key.clone())),
                    None => found.push((resource, BTreeSet::from([key.clone()]))),
                }
            }
            for (resource, keys) in found {
                let keys: Vec<Key> = keys.into_iter().collect();
                for keys in keys.chunks(10 * BATCH as usize) {
                    self.load(conn, Some(path), resource, keys)?;
                }
            }
        }
        Ok(())
    }

    /// The record and what it leads to, each once.
    fn document(&self, key: Key) -> Vec<u8> {
        let resource = self.plan.plan().resource;
        let mut document = b"{\"jsonapi\":{\"version\":\"1.1\"},\"data\":".to_vec();
        let primary = (resource.name, key);
        let mut written = HashSet::from([primary.clone()]);
        let mut next = vec![(None, primary)];
        while let Some(place) = next.pop() {
            let Some(shown) = self.shown.get(&place) else { continue };
            let (path, of) = place;
            if path.is_none() {
                document.extend_from_slice(&shown.object);
            } else if written.insert(of) {
                document.extend_from_slice(if written.len() == 2 { b",\"included\":[" } else { b"," });
                document.extend_from_slice(&shown.object);
            }
            let links = shown.links.iter().rev();
            next.extend(links.map(|(path, target, key)| (Some(*path), (target.name, key.clone()))));
        }
        document.extend_from_slice(if written.len() > 1 { b"]" } else { b"" });
        if self.view.links && resource.actions.list {
            write_links(&mut document, &[("self", self.view.collection(resource))]);
        }
        document.push(b'}');
        document
    }
}
