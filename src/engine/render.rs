//! Rows as resource objects, straight from Postgres's bytes into the answer.
//!
//! A [`RowWriter`] is made once per statement from the shape of its rows; what does not change from row to row (names,
//! the beginnings of links) is written out beforehand. Document shape: contract, sections 10 and 11.

use std::hash::{DefaultHasher, Hash, Hasher};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::computed::Values;
use super::decode;
use super::key::Key;
use super::plan::{Shape, SortTerm};
use super::relation::{Link, Relation};
use super::resource::{IdKind, Resource};
use super::row::Row;
use super::sql::select::{Layout, Wanted};
use super::value::Value;
use super::{cursor, key};
use crate::error::Error;

/// How documents present themselves to the client.
#[derive(Clone, Debug)]
pub struct View {
    /// The API's root as the client sees it, without a slash at the end: `https://shop.example/admin/api`.
    pub base: String,
    /// Whether links are shown (`X-Include: noHateoas` turns them off).
    pub links: bool,
}

impl View {
    /// The URL of a resource's collection.
    pub fn collection(&self, resource: &Resource) -> String {
        format!("{}/{}", self.base, resource.name)
    }

    /// The URL of a record.
    pub fn item(&self, resource: &Resource, key: &Key) -> String {
        if resource.singleton {
            return self.collection(resource);
        }
        format!("{}/{}/{}", self.base, resource.name, path_segment(&key.to_string()))
    }
}

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A text as one segment of a path, or as a name or value of a query.
pub fn path_segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// What is known of a resource object besides its row.
#[derive(Clone, Copy, Default)]
pub struct Meta<'m> {
    /// The label of the request's own `data` record, where there are several.
    pub data_id: Option<&'m str>,
    /// The label of the request's own `included` record.
    pub include_id: Option<&'m str>,
    /// What the row's cursor is bound to, when it has one.
    pub cursor: Option<(&'m [SortTerm], u64)>,
    /// What is shown in computed attributes.
    pub values: Option<&'m Values>,
}

/// Writes rows of one shape.
pub struct RowWriter {
    resource: &'static Resource,
    shape: Shape,
    layout: Layout,
    wanted: Wanted,
    identifier: Vec<u8>,
    /// `"links":{"self":"…/` without the id.
    link: Option<Vec<u8>>,
    names: Vec<Vec<u8>>,
    relations: Vec<RelationWriter>,
}

struct RelationWriter {
    name: Vec<u8>,
    /// The text before the id, between the ids, and after the last one.
    links: Option<[Vec<u8>; 3]>,
    /// `{"type":"products","id":"` for each target.
    identifiers: Vec<Vec<u8>>,
    followed: bool,
}

impl RowWriter {
    /// `followed`: whether the ids of a relationship are reported to [`RowWriter::write`]'s `found`.
    pub fn new(
        shape: Shape,
        wanted: Wanted,
        terms: usize,
        view: &View,
        followed: impl Fn(&'static Relation) -> bool,
    ) -> RowWriter {
        let resource = shape.resource;
        let collection = view.collection(resource);
        let link = (view.links && (resource.actions.get || resource.singleton))
            .then(|| format!("\"links\":{{\"self\":\"{collection}").into_bytes());
        let relations = shape.relations.iter().map(|relation| RelationWriter {
            name: format!("\"{}\":{{", relation.name).into_bytes(),
            links: (view.links && relation.routes && !resource.singleton).then(|| {
                [
                    format!("\"links\":{{\"self\":\"{collection}/").into_bytes(),
                    format!("/relationships/{}\",\"related\":\"{collection}/", relation.name).into_bytes(),
                    format!("/{}\"", relation.name).into_bytes(),
                ]
            }),
            identifiers: relation.targets().iter().map(|target| identifier(target)).collect(),
            followed: followed(relation),
        });
        RowWriter {
            resource,
            layout: Layout::of(&shape, wanted, terms),
            wanted,
            identifier: identifier(resource),
            link,
            names: shape.fields.iter().map(|field| format!("\"{}\":", field.name).into_bytes()).collect(),
            relations: relations.collect(),
            shape,
        }
    }

    /// Whose rows these are.
    pub fn resource(&self) -> &'static Resource {
        self.resource
    }

    /// The id of a row.
    pub fn key(&self, row: &Row<'_>) -> Result<Key, Error> {
        row.key(0, self.resource.id.kind)?.ok_or_else(|| Error::internal("a row without an id"))
    }

    /// A number that changes with the record's attributes and linkage, when the statement asked for it.
    pub fn version(&self, row: &Row<'_>) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        for column in &self.layout.state {
            row.raw(*column, |bytes| bytes.hash(&mut hasher));
        }
        self.wanted.version.then(|| hasher.finish())
    }

    /// The row's cursor.
    pub fn cursor(&self, row: &Row<'_>, terms: &[SortTerm], binding: u64) -> Result<String, Error> {
        let mut values: Vec<Value> = Vec::with_capacity(terms.len());
        for (index, term) in terms.iter().enumerate() {
            values.push(row.value(self.layout.cursor + index, cursor::term_storage(term, self.resource))?);
        }
        Ok(cursor::encode(binding, &values))
    }

    /// Appends `{"type":…,"id":…}`.
    pub fn write_identifier(&self, out: &mut Vec<u8>, key: &Key) {
        out.extend_from_slice(&self.identifier);
        decode::escape(out, key.to_string().as_bytes());
        out.extend_from_slice(b"\"}");
    }

    /// Appends the resource object and reports the ids of followed relationships to `found`.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        row: &Row<'_>,
        key: &Key,
        meta: Meta<'_>,
        found: &mut dyn FnMut(&'static Relation, &'static Resource, Key),
    ) -> Result<(), Error> {
        let id = key.to_string();
        let encoded = if matches!(key, Key::Text(_)) { path_segment(&id) } else { id.clone() };
        out.extend_from_slice(&self.identifier);
        decode::escape(out, id.as_bytes());
        out.push(b'"');
        self.write_meta(out, row, meta)?;
        if let Some(link) = &self.link {
            out.push(b',');
            out.extend_from_slice(link);
            if !self.resource.singleton {
                out.push(b'/');
                out.extend_from_slice(encoded.as_bytes());
            }
            out.extend_from_slice(b"\"}");
        }
        for (index, field) in self.shape.fields.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b",\"attributes\":{" } else { b"," });
            out.extend_from_slice(&self.names[index]);
            if field.computed {
                let value = meta.values.map_or(&serde_json::Value::Null, |values| values.get(key, field.name));
                out.extend_from_slice(value.to_string().as_bytes());
            } else {
                row.raw(self.layout.fields + index, |bytes| decode::json(out, field.kind, bytes));
            }
        }
        if !self.shape.fields.is_empty() {
            out.push(b'}');
        }
        for (index, relation) in self.shape.relations.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b",\"relationships\":{" } else { b"," });
            self.write_relation(out, row, index, relation, encoded.as_bytes(), found)?;
        }
        if !self.shape.relations.is_empty() {
            out.push(b'}');
        }
        out.push(b'}');
        Ok(())
    }

    fn write_meta(&self, out: &mut Vec<u8>, row: &Row<'_>, meta: Meta<'_>) -> Result<(), Error> {
        let mut separator: &[u8] = b",\"meta\":{";
        let mut member = |out: &mut Vec<u8>, name: &[u8]| {
            out.extend_from_slice(separator);
            out.extend_from_slice(name);
            separator = b",";
        };
        if self.wanted.title {
            member(out, b"\"title\":\"");
            row.raw(self.layout.title, |bytes| decode::escape(out, bytes.unwrap_or_default()));
            out.push(b'"');
        }
        for (name, label) in [(b"\"dataId\":\"".as_slice(), meta.data_id), (b"\"includeId\":\"", meta.include_id)] {
            if let Some(label) = label {
                member(out, name);
                decode::escape(out, label.as_bytes());
                out.push(b'"');
            }
        }
        if let Some((terms, binding)) = meta.cursor {
            member(out, b"\"page\":{\"cursor\":\"");
            out.extend_from_slice(self.cursor(row, terms, binding)?.as_bytes());
            out.extend_from_slice(b"\"}");
        }
        if separator == b"," {
            out.push(b'}');
        }
        Ok(())
    }

    fn write_relation(
        &self,
        out: &mut Vec<u8>,
        row: &Row<'_>,
        index: usize,
        relation: &'static Relation,
        id: &[u8],
        found: &mut dyn FnMut(&'static Relation, &'static Resource, Key),
    ) -> Result<(), Error> {
        let writer = &self.relations[index];
        let column = self.layout.relations[index];
        out.extend_from_slice(&writer.name);
        if let Some([before, between, after]) = &writer.links {
            for part in [before.as_slice(), id, between, id, after] {
                out.extend_from_slice(part);
            }
            if let Some(limit) = relation.limit
                && exceeds(row, column, relation, limit as usize)
            {
                out.extend_from_slice(b",\"next\":\"");
                out.extend_from_slice(&before[b"\"links\":{\"self\":\"".len()..]);
                out.extend_from_slice(id);
                out.extend_from_slice(
                    format!("/relationships/{}?page%5Bnumber%5D=2&page%5Bsize%5D={limit}\"", relation.name).as_bytes(),
                );
            }
            out.extend_from_slice(b"},");
        }
        out.extend_from_slice(b"\"data\":");
        let mut report = |target: &'static Resource, bytes: &[u8]| {
            if writer.followed
                && let Some(key) = read_key(target, bytes)
            {
                found(relation, target, key);
            }
        };
        let limit = relation.limit.map_or(usize::MAX, |limit| limit as usize);
        let brackets: [&[u8]; 2] = if relation.is_many() { [b"[", b"]"] } else { [b"", b""] };
        out.extend_from_slice(brackets[0]);
        let mut count = 0;
        let mut link = |out: &mut Vec<u8>, place: usize, bytes: &[u8]| {
            if count < limit
                && let (Some(identifier), Some(target)) = (writer.identifiers.get(place), relation.targets().get(place))
            {
                out.extend_from_slice(if count > 0 { b"," } else { b"" });
                write_linkage(out, identifier, target, bytes);
                report(target, bytes);
                count += 1;
            }
        };
        match relation.link {
            Link::ToOne { .. } => row.raw(column, |bytes| bytes.into_iter().for_each(|bytes| link(out, 0, bytes))),
            Link::ToMany { .. } | Link::Through { .. } => row.raw(column, |bytes| {
                decode::array(bytes.unwrap_or_default()).for_each(|element| link(out, 0, element));
            }),
            Link::Union { targets, many } => {
                for place in 0..targets.len() {
                    row.raw(column + place, |bytes| match bytes {
                        Some(bytes) if many => decode::array(bytes).for_each(|element| link(out, place, element)),
                        Some(bytes) => link(out, place, bytes),
                        None => {}
                    });
                }
            }
            Link::Polymorphic { targets, .. } => {
                let name = row.raw(column, |bytes| bytes.map(<[u8]>::to_vec));
                let place = targets.iter().position(|target| Some(target.name.as_bytes()) == name.as_deref());
                // Ids of different kinds come as texts.
                let as_text = !targets.iter().all(|target| target.id.is_in_foreign_keys());
                row.raw(column + 1, |bytes| {
                    let Some((place, bytes)) = place.zip(bytes) else { return };
                    if as_text && targets[place].id.kind == IdKind::Integer {
                        let number = std::str::from_utf8(bytes).ok().and_then(key::parse_integer).unwrap_or_default();
                        link(out, place, &number.to_be_bytes());
                    } else {
                        link(out, place, bytes);
                    }
                });
            }
        }
        if count == 0 && !relation.is_many() {
            out.extend_from_slice(b"null");
        }
        out.extend_from_slice(brackets[1]);
        out.push(b'}');
        Ok(())
    }
}

/// Whether a row has more ids of a to-many than are shown: one more than that was asked for.
fn exceeds(row: &Row<'_>, column: usize, relation: &Relation, limit: usize) -> bool {
    let count = |column| row.raw(column, |bytes| decode::array(bytes.unwrap_or_default()).count());
    match relation.link {
        Link::ToMany { .. } | Link::Through { .. } => count(column) > limit,
        Link::Union { targets, many: true } => (column..column + targets.len()).map(count).sum::<usize>() > limit,
        _ => false,
    }
}

/// `{"type":"products","id":"`
fn identifier(resource: &Resource) -> Vec<u8> {
    format!("{{\"type\":\"{}\",\"id\":\"", resource.name).into_bytes()
}

fn write_linkage(out: &mut Vec<u8>, identifier: &[u8], target: &Resource, bytes: &[u8]) {
    out.extend_from_slice(identifier);
    match target.id.kind {
        IdKind::Integer => decode::number(out, decode::integer_value(bytes).unwrap_or_default()),
        IdKind::Text | IdKind::Guid { .. } => decode::escape(out, bytes),
        IdKind::Uuid => {
            decode::uuid(out, bytes);
        }
    }
    out.extend_from_slice(b"\"}");
}

/// A related id as the primary statement gives it: a number, or the wire's text.
fn read_key(target: &Resource, bytes: &[u8]) -> Option<Key> {
    match target.id.kind {
        IdKind::Integer => decode::integer_value(bytes).map(Key::Integer),
        IdKind::Uuid => uuid::Uuid::from_slice(bytes).ok().map(Key::Uuid),
        IdKind::Text | IdKind::Guid { .. } => key::Key::parse(target.id.kind, std::str::from_utf8(bytes).ok()?).ok(),
    }
}
