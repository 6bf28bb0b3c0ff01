//! Rows as resource objects, straight from Postgres's bytes into the answer.
//!
//! A [`RowWriter`] is made once per statement from the shape of its rows; what does not change from row to row (names,
//! the beginnings of links) is written out beforehand, into one text. Document shape: contract, sections 10 and 11.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

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
    /// The row's cursor, when it has one.
    pub cursor: Option<&'m str>,
    /// What is shown in computed attributes.
    pub values: Option<&'m Values>,
}

/// Writes rows of one shape.
pub struct RowWriter {
    resource: &'static Resource,
    shape: Shape,
    layout: Layout,
    wanted: Wanted,
    /// Whether the records have a link of their own.
    linked: bool,
    /// The URL of the collection.
    collection: String,
    /// What the parts below stand in.
    text: FixedText,
    /// `"name":` of each field.
    names: Vec<Part>,
    relations: Vec<RelationWriter>,
}

struct RelationWriter {
    /// `"name":{`, with links as far as the first id.
    before: Part,
    /// The links between the ids, and after the last one.
    links: Option<[Part; 2]>,
    followed: bool,
}

/// Where a part of a [`FixedText`] stands.
type Part = Range<usize>;

/// What is the same in every row, in one piece of memory.
struct FixedText(Vec<u8>);

impl FixedText {
    fn add<const N: usize>(&mut self, pieces: [&str; N]) -> Part {
        let start = self.0.len();
        pieces.into_iter().for_each(|piece| self.0.extend_from_slice(piece.as_bytes()));
        start..self.0.len()
    }

    fn part(&self, part: &Part) -> &[u8] {
        self.0.get(part.clone()).unwrap_or_default()
    }
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
        let mut text = FixedText(Vec::with_capacity(
            24 * shape.fields.len() + (2 * collection.len() + 120) * shape.relations.len(),
        ));
        let names = shape.fields.iter().map(|field| text.add(["\"", field.name, "\":"])).collect();
        let relations = shape.relations.iter().map(|relation| {
            let name = relation.name;
            let followed = followed(relation);
            if !view.links || !relation.routes || resource.singleton {
                return RelationWriter { before: text.add(["\"", name, "\":{"]), links: None, followed };
            }
            RelationWriter {
                before: text.add(["\"", name, "\":{\"links\":{\"self\":\"", &collection, "/"]),
                links: Some([
                    text.add(["/relationships/", name, "\",\"related\":\"", &collection, "/"]),
                    text.add(["/", name, "\""]),
                ]),
                followed,
            }
        });
        RowWriter {
            resource,
            layout: Layout::of(&shape, wanted, terms),
            wanted,
            linked: view.links && (resource.actions.get || resource.singleton),
            relations: relations.collect(),
            names,
            text,
            collection,
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
        begin_identifier(out, self.resource);
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
    ) {
        let id = key.to_string();
        let encoded = if matches!(key, Key::Text(_)) { path_segment(&id) } else { id.clone() };
        begin_identifier(out, self.resource);
        decode::escape(out, id.as_bytes());
        out.push(b'"');
        self.write_meta(out, row, meta);
        if self.linked {
            out.extend_from_slice(b",\"links\":{\"self\":\"");
            out.extend_from_slice(self.collection.as_bytes());
            if !self.resource.singleton {
                out.push(b'/');
                out.extend_from_slice(encoded.as_bytes());
            }
            out.extend_from_slice(b"\"}");
        }
        for (index, field) in self.shape.fields.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b",\"attributes\":{" } else { b"," });
            out.extend_from_slice(self.text.part(&self.names[index]));
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
            self.write_relation(out, row, index, relation, encoded.as_bytes(), found);
        }
        if !self.shape.relations.is_empty() {
            out.push(b'}');
        }
        out.push(b'}');
    }

    fn write_meta(&self, out: &mut Vec<u8>, row: &Row<'_>, meta: Meta<'_>) {
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
        if let Some(cursor) = meta.cursor {
            member(out, b"\"page\":{\"cursor\":\"");
            out.extend_from_slice(cursor.as_bytes());
            out.extend_from_slice(b"\"}");
        }
        if separator == b"," {
            out.push(b'}');
        }
    }

    fn write_relation(
        &self,
        out: &mut Vec<u8>,
        row: &Row<'_>,
        index: usize,
        relation: &'static Relation,
        id: &[u8],
        found: &mut dyn FnMut(&'static Relation, &'static Resource, Key),
    ) {
        let writer = &self.relations[index];
        let column = self.layout.relations[index];
        out.extend_from_slice(self.text.part(&writer.before));
        if let Some([between, after]) = &writer.links {
            for part in [id, self.text.part(between), id, self.text.part(after)] {
                out.extend_from_slice(part);
            }
            if let Some(limit) = relation.limit
                && exceeds(row, column, relation, limit as usize)
            {
                let page = format!("/relationships/{}?page%5Bnumber%5D=2&page%5Bsize%5D={limit}\"", relation.name);
                for part in [b",\"next\":\"", self.collection.as_bytes(), b"/", id, page.as_bytes()] {
                    out.extend_from_slice(part);
                }
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
                && let Some(target) = relation.targets().get(place)
            {
                out.extend_from_slice(if count > 0 { b"," } else { b"" });
                write_linkage(out, target, bytes);
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
                    let read = std::str::from_utf8(bytes).ok().filter(|_| as_text);
                    match (targets[place].id.kind, read) {
                        (IdKind::Integer, Some(text)) => {
                            link(out, place, &key::parse_integer(text).unwrap_or_default().to_be_bytes());
                        }
                        (IdKind::Uuid, Some(text)) => {
                            link(out, place, uuid::Uuid::try_parse(text).unwrap_or_default().as_bytes());
                        }
                        _ => link(out, place, bytes),
                    }
                });
            }
        }
        if count == 0 && !relation.is_many() {
            out.extend_from_slice(b"null");
        }
        out.extend_from_slice(brackets[1]);
        out.push(b'}');
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
fn begin_identifier(out: &mut Vec<u8>, resource: &Resource) {
    for part in [b"{\"type\":\"", resource.name.as_bytes(), b"\",\"id\":\""] {
        out.extend_from_slice(part);
    }
}

fn write_linkage(out: &mut Vec<u8>, target: &Resource, bytes: &[u8]) {
    begin_identifier(out, target);
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
