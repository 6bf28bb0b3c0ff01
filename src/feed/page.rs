//! A page of the feed: the changes after a position, as far as a caller sees them, rendered.
//!
//! One statement, one snapshot: how far the feed goes, what was removed of it, and the rows. At most [`WINDOW`] rows are
//! looked at, however few of them the caller sees; the page tells how far it looked.

mod statement;

use std::ops::Range;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

use super::cursor;
use super::sight::Sight;
use crate::acl::Caller;
use crate::engine::key::Key;
use crate::engine::plan::Shape;
use crate::engine::render::{Meta, RowWriter, View};
use crate::engine::sql::select;
use crate::error::{CURSOR_GONE, Error};
use statement::statement;

/// The most rows that one page looks at.
pub const WINDOW: i64 = 10_000;

/// Which of the changes that the caller sees are wanted, and what of them.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub sight: Sight,
    /// Words of [`super::super::engine::write`]: `created`, `updated`, `deleted`. `None`: all.
    pub actions: Option<Vec<String>>,
    /// Ids of records. `None`: all.
    pub ids: Option<Vec<String>>,
    /// When: a moment, and the operator before it.
    pub moments: Vec<(&'static str, DateTime<Utc>)>,
    /// What is shown of them. Its resource has the columns of [`statement`]; its link to the record is polymorphic, and
    /// its to-ones are those who made the change.
    pub shape: Shape,
    /// Whether it is wanted which records they lead to.
    pub records: bool,
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the oldest change that is kept.
    Oldest,
    /// After the last change there is.
    End,
    /// After that position.
    After(i64),
}

/// One change.
#[derive(Clone, Debug)]
pub struct Change {
    pub position: i64,
    /// Its resource object, in [`Page::objects`].
    pub object: Range<usize>,
    /// Type and id of the record it leads to, if that is wanted and was not deleted.
    pub record: Option<(String, String)>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub changes: Vec<Change>,
    /// Resource objects as JSON, with commas between them.
    pub objects: Vec<u8>,
    /// The position up to which everything was looked at: where to go on.
    pub position: i64,
    /// The last position of the feed.
    pub head: i64,
}

impl Page {
    /// Whether there is more to be looked at already.
    pub fn has_more(&self) -> bool {
        self.position < self.head
    }
}

/// How far a feed goes, and how far of it was looked at.
#[derive(Default)]
struct Reach {
    head: i64,
    removed: i64,
    last: i64,
}

/// Reads up to `size` changes. The error is the 410 of a place that is older than what is kept, or that never was.
pub fn read(
    conn: &mut PgConnection,
    caller: &Caller,
    wanted: &Wanted,
    (place, size): (Place, i64),
    view: &View,
) -> Result<Page, Error> {
    let columns = select::Wanted::default();
    let further = select::Layout::of(&wanted.shape, columns, 0).cursor;
    let writer = RowWriter::new(wanted.shape.clone(), columns, 0, view, |_| false);
    let (mut reach, mut page) = (Reach::default(), Page::default());
    statement(caller, wanted, place, size).for_each(conn, |row| -> Result<(), Error> {
        let number = |column: usize| row.integer(further + column).map(Option::unwrap_or_default);
        reach = Reach { head: number(0)?, removed: number(1)?, last: number(2)? };
        let Some(position) = row.integer(0)? else { return Ok(()) };
        let record = match wanted.records {
            true => row.text(further + 3)?.zip(row.text(further + 4)?),
            false => None,
        };
        if !page.changes.is_empty() {
            page.objects.push(b',');
        }
        let start = page.objects.len();
        let cursor = cursor::encode(caller.organization, position);
        let meta = Meta { cursor: Some(&cursor), ..Meta::default() };
        writer.write(&mut page.objects, row, &Key::Integer(position), meta, &mut |_, _, _| ());
        page.changes.push(Change { position, object: start..page.objects.len(), record });
        Ok(())
    })?;
    match place {
        Place::After(position) if position < reach.removed => return Err(too_old()),
        Place::After(position) if position > reach.head => return Err(never_was()),
        _ => {}
    }
    let full = page.changes.len() as i64 >= size;
    let begun = match place {
        Place::Oldest => reach.removed,
        Place::End => reach.head,
        Place::After(position) => position,
    };
    let looked = if full { page.changes.last().map_or(begun, |last| last.position) } else { reach.last };
    Ok(Page { position: looked, head: reach.head, ..page })
}

fn too_old() -> Error {
    let text = "The changes after this cursor are not kept any more. Read the records anew, then follow the changes from the \
                cursor of \"links.last\" that you took before.";
    Error::new(&CURSOR_GONE, text).parameter("page[after]")
}

fn never_was() -> Error {
    let text = "The cursor lies beyond the last change: the server's data were set back since. Read the records anew, then \
                follow the changes from the cursor of \"links.last\" that you took before.";
    Error::new(&CURSOR_GONE, text).parameter("page[after]")
}
