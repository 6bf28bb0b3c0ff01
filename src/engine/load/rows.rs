//! Primary records by their ids: the batches of a large answer, and lists of several resources.

use std::collections::HashMap;
use std::ops::Range;

use diesel::pg::PgConnection;

use super::included::follows;
use super::progress::{Progress, Stage};
use crate::acl::{self, Authorized};
use crate::engine::computed;
use crate::engine::key::Key;
use crate::engine::plan::{Page, ReadPlan};
use crate::engine::predicate::Predicate;
use crate::engine::render::{RowWriter, View};
use crate::engine::resource::Resource;
use crate::engine::sql::select::{self, Window};
use crate::error::Error;

/// Resource objects one after the other, and where each begins and ends.
#[derive(Default)]
pub(super) struct Rows {
    pub bytes: Vec<u8>,
    pub ranges: Vec<Range<usize>>,
}

/// Records for which room is made at once; a page that asks for more may find far fewer.
const EXPECTED: usize = 100;

impl Rows {
    /// Makes room for a page of `size` records like the first one.
    pub fn expect(&mut self, size: u64) {
        let more = usize::try_from(size).unwrap_or(EXPECTED).min(EXPECTED).saturating_sub(1);
        // Records differ; an eighth more spares most of them a second look.
        self.bytes.reserve(more * (self.bytes.len() + self.bytes.len() / 8));
    }

    pub fn append_to(&self, out: &mut Vec<u8>) {
        out.reserve(self.bytes.len() + self.ranges.len());
        for (index, range) in self.ranges.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&self.bytes[range.clone()]);
        }
    }
}

/// A plan for each resource of a list: the plan itself, unless there are further ones.
pub(super) fn parts<'c>(plan: &Authorized<'c, ReadPlan>) -> Vec<Authorized<'c, ReadPlan>> {
    let read = plan.plan();
    let part = |(resource, filter): (&'static Resource, Predicate)| {
        let part = ReadPlan { resource, filter, further: Vec::new(), ..read.clone() };
        acl::authorize_linkage(part, plan.caller())
    };
    std::iter::once((read.resource, read.filter.clone())).chain(read.further.iter().cloned()).map(part).collect()
}

impl Progress {
    /// The ids of the page of a list of several resources: those of the first, then those of the next.
    pub(super) fn mixed(&mut self, conn: &mut PgConnection, plan: &Authorized<'_, ReadPlan>) -> Result<Stage, Error> {
        let (offset, size) = match plan.plan().page {
            Page::All | Page::Cursor { .. } => (0, None),
            Page::Number { number, size } => ((number - 1).saturating_mul(size), Some(size)),
        };
        let wanted = size.unwrap_or(self.frame.row_limit);
        // One more than the page tells whether there is a next one.
        let last = offset.saturating_add(wanted).saturating_add(1);
        let mut keys: Vec<(&'static Resource, Key)> = Vec::new();
        for part in parts(plan) {
            let left = last.saturating_sub(keys.len() as u64);
            let resource = part.plan().resource;
            keys.extend(super::keys(conn, &part, left)?.into_iter().map(|key| (resource, key)));
        }
        let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(keys.len());
        self.more = place(offset.saturating_add(wanted)) < keys.len();
        if self.more && size.is_none() {
            return Err(Error::too_many_rows(self.frame.row_limit));
        }
        let shown = place(offset)..place(offset.saturating_add(wanted));
        let keys = keys.drain(shown).collect::<Vec<_>>();
        Ok(if keys.is_empty() { Stage::Includes(0) } else { Stage::Rows(keys, 0) })
    }

    /// The records of the next ids, in their order.
    pub(super) fn batch(
        &mut self,
        conn: &mut PgConnection,
        plan: &Authorized<'_, ReadPlan>,
        view: &View,
        out: &mut Vec<u8>,
        keys: &[(&'static Resource, Key)],
    ) -> Result<(), Error> {
        let read = plan.plan();
        let wanted = self.wanted(read);
        let mut rows = Rows::default();
        let mut places: HashMap<(&'static str, Key), usize> = HashMap::with_capacity(keys.len());
        let mut resources: Vec<&'static Resource> = Vec::new();
        for (resource, _) in keys {
            if !resources.contains(resource) {
                resources.push(resource);
            }
        }
        for resource in resources {
            let of_resource: Vec<Key> =
                keys.iter().filter(|(its, _)| *its == resource).map(|(_, key)| key.clone()).collect();
            let shape = read.shape(resource);
            computed::at_one_moment(conn, &shape.clone(), |conn| {
                let values = computed::values(conn, plan.caller(), &shape, &of_resource)?;
                let sql = select::by_keys(plan.caller(), &shape, wanted, &read.sort, &of_resource, false);
                let follow = |relation| follows(read, None, relation);
                let writer = RowWriter::new(shape, wanted, read.sort.len(), view, follow);
                sql.for_each(conn, |row| -> Result<(), Error> {
                    places.insert((resource.name, writer.key(row)?), rows.ranges.len());
                    self.write_primary(plan, &writer, &values, row, &mut rows)
                })
            })?;
        }
        for (resource, key) in keys.iter().filter(|_| self.listed.is_some()) {
            let start = rows.bytes.len();
            places.entry((resource.name, key.clone())).or_insert_with(|| {
                let identity = serde_json::json!({"type": resource.name, "id": key.to_string()});
                rows.bytes.extend_from_slice(identity.to_string().as_bytes());
                rows.ranges.push(start..rows.bytes.len());
                rows.ranges.len() - 1
            });
        }
        let place = |(resource, key): &(&'static Resource, Key)| places.get(&(resource.name, key.clone())).copied();
        let ordered: Vec<_> = keys.iter().filter_map(|key| rows.ranges.get(place(key)?).cloned()).collect();
        rows.ranges = ordered;
        if self.facts.rows > 0 && !rows.ranges.is_empty() {
            out.push(b',');
        }
        self.facts.rows += rows.ranges.len() as u64;
        rows.append_to(out);
        Ok(())
    }
}

/// The first rows of a plan.
pub(super) fn first(limit: u64) -> Window {
    Window { segment: Predicate::True, reversed: false, limit: Some(limit), offset: 0 }
}
