//! Bodies of batches in the database: written in sealed pieces while they stream in, read by whoever splits them.
//!
//! A body has the id of the operation that it is for. A [`Writer`] holds one piece in memory, whatever the size of the body,
//! and a [`Reader`] a few. What a request leaves behind that is not completed is removed by it, or later by [`sweep`].

mod reader;
mod unpack;
mod writer;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;

pub use reader::Reader;
pub use unpack::{Encoding, unpacked};
pub use writer::{Stored, Writer};

use crate::error::Error;
use crate::schema::{batch_body, batch_body_piece};

/// Bytes of a piece, unpacked.
const PIECE: usize = 1 << 18;

/// After which a body without a new piece has no request any more. The slowest client needs a quarter of a minute for a piece.
const ABANDONED: TimeDelta = TimeDelta::minutes(15);

/// Removes the body of an operation, if it is there.
pub fn delete(conn: &mut PgConnection, organization: i64, id: i64) -> Result<(), Error> {
    let pieces = batch_body_piece::table
        .filter(batch_body_piece::organization_id.eq(organization))
        .filter(batch_body_piece::body_id.eq(id));
    diesel::delete(pieces).execute(conn)?;
    diesel::delete(batch_body::table.find((organization, id))).execute(conn)?;
    Ok(())
}

/// Removes bodies whose request ended without a trace, as when its process was killed. The answer is how many.
pub fn sweep(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<usize, Error> {
    let abandoned = batch_body::table
        .filter(batch_body::complete.eq(false))
        .filter(batch_body::touched_at.lt(now - ABANDONED))
        .select((batch_body::organization_id, batch_body::id))
        .for_update()
        .skip_locked();
    let found: Vec<(i64, i64)> = abandoned.load(conn)?;
    for (organization, id) in &found {
        delete(conn, *organization, *id)?;
    }
    Ok(found.len())
}
