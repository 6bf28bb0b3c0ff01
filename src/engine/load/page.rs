//! The primary rows of a page: in one statement where they fit into it, else their ids first.

use diesel::pg::PgConnection;

use super::BATCH;
use super::included::{follows, note};
use super::progress::{Progress, Stage};
use super::rows::Rows;
use crate::acl::Authorized;
use crate::engine::computed::{self, Values};
use crate::engine::cursor;
use crate::engine::key::Key;
use crate::engine::plan::{Page, Position, ReadPlan};
use crate::engine::predicate::Predicate;
use crate::engine::render::{Meta, RowWriter, View};
use crate::engine::row::Row;
use crate::engine::sql::select::{self, Wanted, Window};
use crate::error::Error;

impl Progress {
    /// The primary rows, when they fit into one statement; else their ids.
    pub(super) fn start(
        &mut self,
        conn: &mut PgConnection,
        plan: &Authorized<'_, ReadPlan>,
        view: &View,
        out: &mut Vec<u8>,
    ) -> Result<Stage, Error> {
        if !plan.plan().further.is_empty() {
            return self.mixed(conn, plan);
        }
        if let Some(listed) = &self.listed {
            let resource = plan.plan().resource;
            return Ok(Stage::Rows(listed.iter().map(|key| (resource, key.clone())).collect(), 0));
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
                computed::at_one_moment(conn, &plan.plan().shape(plan.plan().resource), |conn| {
                    self.read_rows(conn, plan, view, &window, size, &mut rows)
                })?;
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

    pub(super) fn wanted(&self, read: &ReadPlan) -> Wanted {
        Wanted {
            title: read.title && !read.identifiers,
            cursor: matches!(read.page, Page::Cursor { .. }),
            version: self.frame.version,
        }
    }

    pub(super) fn write_primary(
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
        if let Page::Cursor { binding, .. } = read.page {
            let place = writer.cursor(row, &read.sort, binding)?;
            match &mut self.edges {
                Some((_, last)) => *last = place,
                None => self.edges = Some((place.clone(), place)),
            }
        }
        let cursor = self.edges.as_ref().map(|(_, last)| last.as_str());
        if read.identifiers {
            writer.write_identifier(&mut rows.bytes, &key);
        } else {
            let (found, data_id) = (&mut self.found, self.labels.get(&key).map(String::as_str));
            writer.write(
                &mut rows.bytes,
                row,
                &key,
                Meta { data_id, include_id: None, cursor, values: Some(values) },
                &mut |relation, target, key| {
                    note(found, read, None, relation, target, key);
                },
            );
        }
        rows.ranges.push(start..rows.bytes.len());
        if !read.include.is_empty() || !self.extras.is_empty() {
            self.written.insert((writer.resource().name, key));
        }
        Ok(())
    }
}
