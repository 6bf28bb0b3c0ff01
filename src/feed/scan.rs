//! Where the search for rows without a position may begin.
//!
//! Numbered rows leave dead entries in the index of the unnumbered, which stay while some long transaction might still
//! see them; to walk over them every time would make numbering slower and slower. Ids are drawn by transactions that
//! have written before (they hold the record's lock). So once every transaction that had written when the sequence stood
//! at an id is over, and nothing is unnumbered, no row up to this id can come. Transactions that only read do not matter.

use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

/// From time to time everything is looked through, so that nothing depends on the reasoning above.
const WHOLE: Duration = Duration::from_secs(10);

/// The beginning of the search.
pub struct Scan {
    floor: i64,
    mark: Option<Mark>,
    since: Instant,
}

/// An id that the sequence had reached, and a transaction that began to write after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub id: i64,
    pub transaction: i64,
}

#[derive(QueryableByName)]
struct Look {
    #[diesel(sql_type = Bool)]
    pending: bool,
    #[diesel(sql_type = BigInt)]
    oldest: i64,
}

impl Scan {
    pub fn new() -> Scan {
        Scan { floor: 0, mark: None, since: Instant::now() }
    }

    /// Only rows with a greater id have to be looked at.
    pub fn floor(&self) -> i64 {
        self.floor
    }

    /// Rows were numbered, by the transaction of the mark.
    pub fn numbered(&mut self, mark: Mark) {
        self.mark.get_or_insert(mark);
    }

    /// Whether there are committed rows without a position.
    pub fn pending(&mut self, conn: &mut PgConnection) -> QueryResult<bool> {
        if self.since.elapsed() > WHOLE {
            *self = Scan::new();
        }
        let look: Look = diesel::sql_query(
            "SELECT (SELECT id FROM change WHERE position IS NULL AND id > $1 ORDER BY id LIMIT 1) IS NOT NULL AS pending, \
             pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest",
        )
        .bind::<BigInt, _>(self.floor)
        .get_result(conn)?;
        if !look.pending
            && let Some(mark) = self.mark.take_if(|mark| look.oldest >= mark.transaction)
        {
            self.floor = mark.id;
        }
        Ok(look.pending)
    }
}
