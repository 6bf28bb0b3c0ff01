//! The documents in which changes stand, with the records they lead to.

use std::collections::BTreeMap;

use diesel::pg::PgConnection;

use super::asked::Asked;
use crate::acl::Caller;
use crate::engine::key::Key;
use crate::engine::load::{self, write_links};
use crate::engine::registry::Registry;
use crate::engine::render::View;
use crate::engine::resource::Resource;
use crate::error::Error;
use crate::feed::page::{self, Page, Place};

/// The type and the id of a record.
type Record = (&'static str, Key);

/// A page of changes, and the records that go with them.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    pub page: Page,
    /// Where each change leads to, and what is there.
    leads: Vec<Option<Record>>,
    records: BTreeMap<Record, Vec<u8>>,
}

/// Reads a page for a caller, and the records as they are now where they are wanted.
pub fn show(
    conn: &mut PgConnection,
    caller: &Caller,
    (registry, view): (&Registry, &View),
    asked: &Asked,
    place: Place,
) -> Result<Shown, Error> {
    let wanted = asked.of_caller(registry, caller)?;
    let page = page::read(conn, caller, &wanted, (place, asked.size), view)?;
    let lead = |(name, id): &(String, String)| {
        let resource = registry.get(name)?;
        Some((resource, Key::parse(resource.id.kind, id).ok()?))
    };
    let leads: Vec<_> = page.changes.iter().map(|change| change.record.as_ref().and_then(lead)).collect();
    let records = records(conn, caller, view, asked, &leads)?;
    let leads = leads.into_iter().map(|lead| lead.map(|(resource, key)| (resource.name, key))).collect();
    Ok(Shown { page, leads, records })
}

/// The records as they are now: one statement for each type.
fn records(
    conn: &mut PgConnection,
    caller: &Caller,
    view: &View,
    asked: &Asked,
    leads: &[Option<(&'static Resource, Key)>],
) -> Result<BTreeMap<Record, Vec<u8>>, Error> {
    let mut wanted: BTreeMap<&str, (&'static Resource, Vec<Key>)> = BTreeMap::new();
    for (resource, key) in leads.iter().flatten() {
        wanted.entry(resource.name).or_insert((resource, Vec::new())).1.push(key.clone());
    }
    let mut records = BTreeMap::new();
    for (resource, mut keys) in wanted.into_values() {
        keys.sort_unstable();
        keys.dedup();
        let objects = load::objects(conn, caller, asked.shapes.of(resource), &keys, view)?;
        records.extend(objects.into_iter().map(|(key, object)| ((resource.name, key), object)));
    }
    Ok(records)
}

impl Shown {
    /// The same place, its changes said.
    pub fn said(&self) -> Shown {
        let page = Page { position: self.page.position, head: self.page.head, ..Page::default() };
        Shown { page, ..Shown::default() }
    }

    /// The document of the page. `cursor`: where to go on.
    pub fn document(&self, include: bool, links: &[(&str, String)], cursor: &str) -> Vec<u8> {
        let included: usize = self.records.values().map(|record| record.len() + 1).sum();
        let mut body = Vec::with_capacity(self.page.objects.len() + included + 2048);
        body.extend_from_slice(b"{\"jsonapi\":{\"version\":\"1.1\"},\"data\":[");
        body.extend_from_slice(&self.page.objects);
        body.push(b']');
        if include {
            write_included(&mut body, self.records.values());
        }
        write_links(&mut body, links);
        body.extend_from_slice(b",\"meta\":{\"page\":{\"cursor\":\"");
        body.extend_from_slice(cursor.as_bytes());
        body.extend_from_slice(b"\",\"more\":");
        body.extend_from_slice(if self.page.has_more() { b"true}}}" } else { b"false}}}" });
        body
    }

    /// Appends the document of one change.
    pub fn write_single(&self, body: &mut Vec<u8>, place: usize, include: bool) {
        let Some(change) = self.page.changes.get(place) else { return };
        body.extend_from_slice(b"{\"jsonapi\":{\"version\":\"1.1\"},\"data\":");
        body.extend_from_slice(&self.page.objects[change.object.clone()]);
        if include {
            let record = self.leads.get(place).and_then(Option::as_ref).and_then(|lead| self.records.get(lead));
            write_included(body, record.into_iter());
        }
        body.push(b'}');
    }
}

fn write_included<'o>(body: &mut Vec<u8>, objects: impl Iterator<Item = &'o Vec<u8>>) {
    body.extend_from_slice(b",\"included\":[");
    for (index, object) in objects.enumerate() {
        body.extend_from_slice(if index > 0 { b"," } else { b"" });
        body.extend_from_slice(object);
    }
    body.push(b']');
}
