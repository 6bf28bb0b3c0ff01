//! The included records of a document: one statement for each include path and target type.

use std::collections::BTreeSet;

use diesel::pg::PgConnection;

use super::BATCH;
use super::progress::{Progress, Stage};
use crate::acl::Authorized;
use crate::engine::computed;
use crate::engine::key::Key;
use crate::engine::plan::ReadPlan;
use crate::engine::relation::Relation;
use crate::engine::render::{Meta, RowWriter, View};
use crate::engine::resource::Resource;
use crate::engine::sql::Sql;
use crate::engine::sql::select::{self, Wanted};
use crate::error::Error;

impl Progress {
    /// The next records of one include path; the stage moves on when the path is done.
    pub(super) fn includes(
        &mut self,
        conn: &mut PgConnection,
        plan: &Authorized<'_, ReadPlan>,
        view: &View,
        out: &mut Vec<u8>,
        index: usize,
    ) -> Result<(), Error> {
        let Some((resource, mut keys)) = self.found.get_mut(index).and_then(Vec::pop) else {
            self.stage = Stage::Includes(index + 1);
            return Ok(());
        };
        self.stage = Stage::Includes(index);
        if plan.plan().children(Some(index), resource).next().is_none() {
            keys.retain(|key| !self.written.contains(&(resource.name, key.clone())));
        }
        let keys: Vec<Key> = keys.into_iter().collect();
        for keys in keys.chunks(10 * BATCH as usize) {
            self.write_included(conn, plan, view, out, Some(index), resource, keys)?;
        }
        Ok(())
    }

    pub(super) fn remaining_extras(
        &mut self,
        conn: &mut PgConnection,
        plan: &Authorized<'_, ReadPlan>,
        view: &View,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let mut groups: Vec<(&'static Resource, Vec<Key>)> = Vec::new();
        for ((name, key), (resource, _)) in &self.extras {
            if self.written.contains(&(*name, key.clone())) {
                continue;
            }
            match groups.iter_mut().find(|(known, _)| known == resource) {
                Some((_, keys)) => keys.push(key.clone()),
                None => groups.push((resource, vec![key.clone()])),
            }
        }
        groups.sort_by_key(|(resource, _)| resource.name);
        for (resource, keys) in groups {
            self.write_included(conn, plan, view, out, None, resource, &keys)?;
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the state of a piece: where it comes from and where it goes")]
    fn write_included(
        &mut self,
        conn: &mut PgConnection,
        plan: &Authorized<'_, ReadPlan>,
        view: &View,
        out: &mut Vec<u8>,
        path: Option<usize>,
        resource: &'static Resource,
        keys: &[Key],
    ) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let read = plan.plan();
        let shape = read.shapes.of(resource);
        let wanted = Wanted { title: read.title, ..Wanted::default() };
        let whole = read.shapes.0.iter().all(|narrowed| narrowed.resource != resource);
        let sql: Sql = select::by_keys(plan.caller(), &shape, wanted, &[], keys, whole && !read.title);
        let follow = |relation: &'static Relation| path.is_some() && follows(read, path, relation);
        let writer = RowWriter::new(shape.clone(), wanted, 0, view, follow);
        let mut scratch = Vec::new();
        computed::at_one_moment(conn, &shape, |conn| {
            let values = computed::values(conn, plan.caller(), &shape, keys)?;
            sql.for_each(conn, |row| -> Result<(), Error> {
                let key = writer.key(row)?;
                let label = self.extras.get(&(resource.name, key.clone())).map(|(_, label)| label.as_str());
                let found = &mut self.found;
                scratch.clear();
                writer.write(
                    &mut scratch,
                    row,
                    &key,
                    Meta { data_id: None, include_id: label, cursor: None, values: Some(&values) },
                    &mut |relation, target, key| {
                        note(found, read, path, relation, target, key);
                    },
                );
                if self.written.insert((resource.name, key)) {
                    out.extend_from_slice(if self.included { b"," } else { b",\"included\":[" });
                    out.extend_from_slice(&scratch);
                    self.included = true;
                }
                Ok(())
            })
        })
    }
}

pub(super) fn follows(plan: &ReadPlan, parent: Option<usize>, relation: &'static Relation) -> bool {
    plan.include.iter().any(|include| include.parent == parent && include.relation == relation)
}

/// Remembers an id found through a relationship for the include path that follows it.
pub(super) fn note(
    found: &mut [Vec<(&'static Resource, BTreeSet<Key>)>],
    plan: &ReadPlan,
    parent: Option<usize>,
    relation: &'static Relation,
    target: &'static Resource,
    key: Key,
) {
    let place = plan.include.iter().position(|include| include.parent == parent && include.relation == relation);
    let Some(slot) = place.and_then(|place| found.get_mut(place)) else { return };
    match slot.iter_mut().find(|(known, _)| *known == target) {
        Some((_, keys)) => {
            keys.insert(key);
        }
        None => slot.push((target, BTreeSet::from([key]))),
    }
}
