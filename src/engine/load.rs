//! Authorized read plans carried out: statements, rows, and the document they become.
//!
//! One statement for the primary rows and one per include path and target type, whatever the page size. Up to
//! [`BATCH`] rows a document is built whole; a larger one first reads the ids, then batches of rows, and can be given
//! away piece by piece, the connection returned between the pieces ([`Progress::next`]).

mod frame;
mod included;
mod rows;

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::pg::PgConnection;

pub use frame::{Frame, page_link};
use included::{follows, note};
use rows::Rows;

use super::computed::{self, Values};
use super::key::Key;
use super::plan::{Page, Position, ReadPlan, Shape};
use super::predicate::Predicate;
use super::render::{Meta, RowWriter, View};
use super::resource::Resource;
use super::row::Row;
use super::sql::select::{self, Wanted, Window};
use super::{cursor, decode};
use crate::acl::{Authorized, Caller};
use crate::error::Error;

/// The greatest number of rows in one statement of a large answer, and in an answer that is built whole.
pub const BATCH: u64 = 1000;

/// A record that is shown among the included ones in any case, under the label it had in the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    pub resource: &'static Resource,
    pub key: Key,
    pub include_id: String,
}

/// What is known of a document besides its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Facts {
    /// The number of primary records shown so far.
    pub rows: u64,
    /// The number of all matching rows, when the plan asks for it.
    pub total: Option<i64>,
    pub version: Option<u64>,
}

/// A whole document.
#[derive(Debug)]
pub struct Document {
    pub body: Vec<u8>,
    pub facts: Facts,
}

/// The ids of the first `limit` records that a plan finds.
pub fn keys(conn: &mut PgConnection, plan: &Authorized<'_, ReadPlan>, limit: u64) -> Result<Vec<Key>, Error> {
    let kind = plan.plan().resource.id.kind;
    let found =
        select::keys(plan, &rows::first(limit)).collect(conn, |row| -> Result<_, Error> { Ok(row.key(0, kind)?) })?;
    Ok(found.into_iter().flatten().collect())
}

/// The number of all records that a plan finds, whatever its page.
pub fn count(conn: &mut PgConnection, plan: &Authorized<'_, ReadPlan>) -> Result<Option<i64>, Error> {
    let mut total = None;
    for part in rows::parts(plan) {
        let counts = select::count(&part).collect(conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?;
        total = total.into_iter().chain(counts.into_iter().flatten()).reduce(|sum, count| sum + count);
    }
    Ok(total)
}

/// The resource objects of those of the records that the caller may view.
pub fn objects(
    conn: &mut PgConnection,
    caller: &Caller,
    shape: Shape,
    keys: &[Key],
    view: &View,
) -> Result<Vec<(Key, Vec<u8>)>, Error> {
    let wanted = Wanted::default();
    let whole = shape == Shape::whole(shape.resource);
    let sql = select::by_keys(caller, &shape, wanted, &[], keys, whole);
    let values = computed::values(conn, caller, &shape, keys)?;
    let writer = RowWriter::new(shape, wanted, 0, view, |_| false);
    sql.collect(conn, |row| {
        let (key, mut object) = (writer.key(row)?, Vec::new());
        let meta = Meta { values: Some(&values), ..Meta::default() };
        writer.write(&mut object, row, &key, meta, &mut |_, _, _| ())?;
        Ok((key, object))
    })
}

/// Builds a document in one go.
pub fn document(
    conn: &mut PgConnection,
    plan: &Authorized<'_, ReadPlan>,
    view: &View,
    frame: Frame,
    extras: &[Extra],
) -> Result<Document, Error> {
    let mut progress = Progress::new(frame, extras);
    let mut body = Vec::with_capacity(4096);
    while progress.next(conn, plan, view, &mut body)? {}
    Ok(Document { body, facts: progress.facts })
}

/// A document under way.
pub struct Progress {
    frame: Frame,
    extras: HashMap<(&'static str, Key), (&'static Resource, String)>,
    stage: Stage,
    pub facts: Facts,
    /// The records written so far, when there is something to include.
    written: HashSet<(&'static str, Key)>,
    /// For each include path, the ids found at its end.
    found: Vec<Vec<(&'static Resource, BTreeSet<Key>)>>,
    included: bool,
    more: bool,
    /// The cursors of the first and last row shown.
    edges: Option<(String, String)>,
}

enum Stage {
    Start,
    /// The ids of a large answer or of several resources, and how many of them are done.
    Rows(Vec<(&'static Resource, Key)>, usize),
    /// The include path whose records come next.
    Includes(usize),
    Extras,
    End,
    Done,
}

impl Progress {
    pub fn new(frame: Frame, extras: &[Extra]) -> Progress {
        Progress {
            frame,
            extras: extras
                .iter()
                .map(|extra| ((extra.resource.name, extra.key.clone()), (extra.resource, extra.include_id.clone())))
                .collect(),
            stage: Stage::Start,
            facts: Facts::default(),
            written: HashSet::new(),
            found: Vec::new(),
            included: false,
            more: false,
            edges: None,
        }
    }

    /// Whether more than a batch of rows is still to come, so that the document is better given away piece by piece.
    pub fn is_large(&self) -> bool {
        matches!(&self.stage, Stage::Rows(keys, done) if keys.len() - done > 0 && keys.len() as u64 > BATCH)
    }

    /// Appends the next piece; `false` when the document is complete. Between two calls the connection may change.
    pub fn next(
        &mut self,
        conn: &mut PgConnection,
        plan: &Authorized<'_, ReadPlan>,
        view: &View,
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Start => {
                self.found = plan.plan().include.iter().map(|_| Vec::new()).collect();
                if plan.plan().total {
                    self.facts.total = count(conn, plan)?;
                }
                out.extend_from_slice(b"{\"jsonapi\":{\"version\":\"1.1\"},\"data\":");
                out.extend_from_slice(if self.frame.many { b"[" } else { b"" });
                self.stage = self.start(conn, plan, view, out)?;
                if !matches!(self.stage, Stage::Rows(..)) {
                    self.close_data(out);
                }
                Ok(true)
            }
            Stage::Rows(keys, done) => {
                let end = keys.len().min(done + BATCH as usize);
                self.batch(conn, plan, view, out, &keys[done..end])?;
                if end < keys.len() {
                    self.stage = Stage::Rows(keys, end);
                } else {
                    self.close_data(out);
                    self.stage = Stage::Includes(0);
                }
                Ok(true)
            }
            Stage::Includes(index) if index < plan.plan().include.len() => {
                self.includes(conn, plan, view, out, index)?;
                Ok(true)
            }
            Stage::Includes(_) => {
                self.stage = Stage::Extras;
                Ok(true)
            }
            Stage::Extras => {
                self.remaining_extras(conn, plan, view, out)?;
                self.stage = Stage::End;
                Ok(true)
            }
            Stage::End => {
                self.end(plan, view, out);
                Ok(false)
            }
            Stage::Done => Ok(false),
        }
    }

    /// The primary rows, when they fit into one statement; else their ids.
    fn start(
        &mut self,
        conn: &mut PgConnection,
        plan: &Authorized<'_, ReadPlan>,
        view: &View,
        out: &mut Vec<u8>,
    ) -> Result<Stage, Error> {
        if !plan.plan().further.is_empty() {
            return self.mixed(conn, plan);
        }
        let (size, offset, position) = match &plan.plan().page {
            Page::All => (None, 0, None),
            Page::Number { size: 0, .. } | Page::Cursor { size: 0, .. } => return Ok(Stage::Includes(0)),
            Page::Number { number, size } => (Some(*size), (number - 1).saturating_mul(*size), None),
            Page::Cursor { size, position, .. } => (Some(*size), 0, Some(position)),
        };
        let backwards = matches!(position, Some(Position::Before(_)));
        let segments = match position {
            Some(Position::After(values) | Position::Before(values)) => {
                cursor::segments(plan.plan().resource, &plan.plan().sort, values, backwards)
            }
            _ => vec![Predicate::True],
        };
        // What has no pages is computed rather than stored: its rows are not asked for a second time by their ids.
        let whole = plan.plan().resource.no_paging.then_some(self.frame.row_limit);
        if let Some(size) = size.or(whole).filter(|size| *size <= BATCH || whole.is_some()) {
            // One row more than wanted tells whether there is a next page. A single record needs no such look.
            let mut left = if self.frame.many { size + 1 } else { size };
            let mut rows = Rows::default();
            for segment in segments {
                let limit = self.frame.many.then_some(left);
                let window = Window { segment, reversed: backwards, limit, offset };
                let before = rows.ranges.len() as u64;
                self.read_rows(conn, plan, view, &window, size, &mut rows)?;
                left -= rows.ranges.len() as u64 - before + u64::from(self.more);
                if left == 0 {
                    break;
                }
            }
            if backwards {
                rows.ranges.reverse();
                self.edges = self.edges.take().map(|(first, last)| (last, first));
            }
            if whole.is_some() && self.more {
                return Err(Error::too_many_rows_at_once(self.frame.row_limit));
            }
            self.facts.rows = rows.ranges.len() as u64;
            rows.append_to(out);
            return Ok(Stage::Includes(0));
        }
        let wanted = size.unwrap_or(self.frame.row_limit);
        let mut keys = Vec::new();
        for segment in segments {
            let window = Window { segment, reversed: backwards, limit: Some(wanted + 1 - keys.len() as u64), offset };
            let kind = plan.plan().resource.id.kind;
            let found =
                select::keys(plan, &window).collect(conn, |row| -> Result<_, Error> { Ok(row.key(0, kind)?) })?;
            keys.extend(found.into_iter().flatten());
            if keys.len() as u64 > wanted {
                break;
            }
        }
        if keys.len() as u64 > wanted {
            if size.is_none() {
                return Err(Error::too_many_rows(self.frame.row_limit));
            }
            self.more = true;
            keys.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        }
        if backwards {
            keys.reverse();
        }
        let resource = plan.plan().resource;
        let keys: Vec<_> = keys.into_iter().map(|key| (resource, key)).collect();
        Ok(if keys.is_empty() { Stage::Includes(0) } else { Stage::Rows(keys, 0) })
    }

    /// Reads the rows of a window and writes the first `size` of all; one more sets `more`.
    fn read_rows(
        &mut self,
        conn: &mut PgConnection,
        plan: &Authorized<'_, ReadPlan>,
        view: &View,
        window: &Window,
        size: u64,
        rows: &mut Rows,
    ) -> Result<(), Error> {
        let read = plan.plan();
        let shape = read.shape(read.resource);
        let wanted = self.wanted(read);
        let values = if !read.identifiers && shape.fields.iter().any(|field| field.computed) {
            let kind = read.resource.id.kind;
            let found =
                select::keys(plan, window).collect(conn, |row| -> Result<_, Error> { Ok(row.key(0, kind)?) })?;
            let keys: Vec<Key> =
                found.into_iter().flatten().take(usize::try_from(size).unwrap_or(usize::MAX)).collect();
            computed::values(conn, plan.caller(), &shape, &keys)?
        } else {
            Values::default()
        };
        let sql = select::rows(plan, &shape, wanted, window);
        let writer = RowWriter::new(shape, wanted, read.sort.len(), view, |relation| follows(read, None, relation));
        sql.for_each(conn, |row| {
            if rows.ranges.len() as u64 >= size {
                self.more = true;
                return Ok(());
            }
            self.facts.version = writer.version(row);
            self.write_primary(plan, &writer, &values, row, rows)?;
            if rows.ranges.len() == 1 {
                rows.expect(size);
            }
            Ok(())
        })
    }

    fn wanted(&self, read: &ReadPlan) -> Wanted {
        Wanted {
            title: read.title && !read.identifiers,
            cursor: matches!(read.page, Page::Cursor { .. }),
            version: self.frame.version,
        }
    }

    fn write_primary(
        &mut self,
        plan: &Authorized<'_, ReadPlan>,
        writer: &RowWriter,
        values: &Values,
        row: &Row<'_>,
        rows: &mut Rows,
    ) -> Result<(), Error> {
        let read = plan.plan();
        let key = writer.key(row)?;
        let start = rows.bytes.len();
        let cursor = match read.page {
            Page::Cursor { binding, .. } => {
                let place = writer.cursor(row, &read.sort, binding)?;
                match &mut self.edges {
                    Some((_, last)) => *last = place,
                    None => self.edges = Some((place.clone(), place)),
                }
                Some((read.sort.as_slice(), binding))
            }
            _ => None,
        };
        if read.identifiers {
            writer.write_identifier(&mut rows.bytes, &key);
        } else {
            let found = &mut self.found;
            writer.write(
                &mut rows.bytes,
                row,
                &key,
                Meta { include_id: None, cursor, values: Some(values) },
                &mut |relation, target, key| {
                    note(found, read, None, relation, target, key);
                },
            )?;
        }
        rows.ranges.push(start..rows.bytes.len());
        if !read.include.is_empty() || !self.extras.is_empty() {
            self.written.insert((writer.resource().name, key));
        }
        Ok(())
    }

    fn close_data(&mut self, out: &mut Vec<u8>) {
        if self.frame.many {
            out.push(b']');
        } else if self.facts.rows == 0 {
            out.extend_from_slice(b"null");
        }
    }

    /// Whatever follows the data: the end of `included`, links and meta.
    fn end(&mut self, plan: &Authorized<'_, ReadPlan>, view: &View, out: &mut Vec<u8>) {
        if self.included {
            out.push(b']');
        } else if plan.plan().compound {
            out.extend_from_slice(b",\"included\":[]");
        }
        if view.links {
            let mut links = self.frame.links.clone();
            links.extend(self.page_links(plan.plan()));
            for (index, (name, url)) in links.iter().enumerate() {
                out.extend_from_slice(if index == 0 { b",\"links\":{\"" } else { b",\"" });
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b"\":\"");
                decode::escape(out, url.as_bytes());
                out.push(b'"');
            }
            if !links.is_empty() {
                out.push(b'}');
            }
        }
        if let Some(total) = self.facts.total {
            out.extend_from_slice(b",\"meta\":{\"page\":{\"total\":");
            decode::number(out, total);
            out.extend_from_slice(b"}}");
        }
        out.push(b'}');
    }
}
