//! Authorized read plans carried out: statements, rows, and the document they become.
//!
//! One statement for the primary rows and one per include path and target type, whatever the page size. Up to
//! [`BATCH`] rows a document is built whole; a larger one first reads the ids, then batches of rows, and can be given
//! away piece by piece, the connection returned between the pieces ([`Progress::next`]).

mod documents;
mod frame;
mod included;
mod page;
mod progress;
mod rows;

use diesel::pg::PgConnection;

pub use documents::documents;
pub use frame::{Frame, page_link, write_links};
pub use progress::Progress;

use super::computed;
use super::key::Key;
use super::plan::{ReadPlan, Shape};
use super::render::{Meta, RowWriter, View};
use super::resource::Resource;
use super::sql::select::{self, Wanted};
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

/// A record that a request has written, under the label it had there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub key: Key,
    pub data_id: Option<String>,
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
    let writer = RowWriter::new(shape.clone(), wanted, 0, view, |_| false);
    computed::at_one_moment(conn, &shape, |conn| {
        let values = computed::values(conn, caller, &shape, keys)?;
        sql.collect(conn, |row| {
            let (key, mut object) = (writer.key(row)?, Vec::new());
            let meta = Meta { values: Some(&values), ..Meta::default() };
            writer.write(&mut object, row, &key, meta, &mut |_, _, _| ());
            Ok((key, object))
        })
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

/// Builds the list of those records, in their order. One that the caller may not view is shown by its id alone.
pub fn list(
    conn: &mut PgConnection,
    plan: &Authorized<'_, ReadPlan>,
    view: &View,
    frame: Frame,
    listed: &[Listed],
    extras: &[Extra],
) -> Result<Vec<u8>, Error> {
    let mut progress = Progress::of(frame, listed, extras);
    let mut body = Vec::with_capacity(4096);
    while progress.next(conn, plan, view, &mut body)? {}
    Ok(body)
}
