//! The sequencer: gives committed change rows their positions. Of all server processes one does it at a time.
//!
//! It is elected by the row of `change_sequencer`: who holds the row renews it, who finds it expired takes it, and so a
//! killed process is replaced within [`LEASE`]. The lease only decides who tries. That no two number at once follows
//! from the row's lock: each transaction that numbers holds it until its commit, and first looks whether the row still
//! names this process. Its statement begins after that, so it sees everything that was numbered before.

use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Uuid as SqlUuid};
use uuid::Uuid;

use super::scan::{Mark, Scan};

/// How long the row is held without being renewed.
pub const LEASE: Duration = Duration::from_secs(2);
/// The most rows that one transaction numbers.
pub const GROUP: i64 = 5_000;

/// One process's part in the election, and the work of the one that is elected.
pub struct Sequencer {
    me: Uuid,
    scan: Scan,
    /// When the lease was begun or renewed.
    held: Instant,
}

/// How far an organization's feed goes after some of its rows were numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Advance {
    #[diesel(sql_type = BigInt)]
    pub organization_id: i64,
    /// The last position.
    #[diesel(sql_type = BigInt)]
    pub position: i64,
    /// How many rows were numbered.
    #[diesel(sql_type = BigInt)]
    pub rows: i64,
}

/// What became of an attempt to number.
#[derive(Debug, PartialEq, Eq)]
pub enum Numbered {
    /// The feeds that went on, and what [`Sequencer::committed`] wants to know.
    Rows(Vec<Advance>, Mark),
    /// Another process holds the row.
    Deposed,
}

impl Default for Sequencer {
    fn default() -> Sequencer {
        Sequencer { me: Uuid::new_v4(), scan: Scan::new(), held: Instant::now() }
    }
}

impl Sequencer {
    /// Takes the row, if nobody holds it: whether this process is elected. In a transaction of its own.
    pub fn stand(&mut self, conn: &mut PgConnection) -> QueryResult<bool> {
        let taken = diesel::sql_query(
            "UPDATE change_sequencer SET holder = $1, expires_at = clock_timestamp() + make_interval(secs => $2) \
             WHERE id = (SELECT id FROM change_sequencer WHERE expires_at < clock_timestamp() FOR UPDATE SKIP LOCKED)",
        );
        let taken = taken.bind::<SqlUuid, _>(self.me).bind::<Double, _>(LEASE.as_secs_f64()).execute(conn)?;
        (self.scan, self.held) = (Scan::new(), Instant::now());
        Ok(taken > 0)
    }

    /// Whether there is something to number.
    pub fn pending(&mut self, conn: &mut PgConnection) -> QueryResult<bool> {
        self.scan.pending(conn)
    }

    /// Renews the lease and numbers up to [`GROUP`] rows. In a transaction of its own, at the isolation READ COMMITTED or
    /// above.
    pub fn number(&self, conn: &mut PgConnection) -> QueryResult<Numbered> {
        // The sequence is read before this transaction writes: [`Scan`] relies on it.
        let reached: Number = diesel::sql_query(PREPARE).get_result(conn)?;
        let held = diesel::sql_query(
            "UPDATE change_sequencer SET expires_at = clock_timestamp() + make_interval(secs => $2) WHERE holder = $1 \
             RETURNING pg_current_xact_id()::text::bigint AS number",
        );
        let held = held.bind::<SqlUuid, _>(self.me).bind::<Double, _>(LEASE.as_secs_f64());
        let Some(Number { number: transaction }) = held.get_result(conn).optional()? else {
            return Ok(Numbered::Deposed);
        };
        let advances = diesel::sql_query(NUMBER).bind::<BigInt, _>(self.scan.floor()).bind::<BigInt, _>(GROUP);
        Ok(Numbered::Rows(advances.load(conn)?, Mark { id: reached.number, transaction }))
    }

    /// To be called when [`Sequencer::number`], begun at `start`, is committed.
    pub fn committed(&mut self, start: Instant, advances: &[Advance], mark: Mark) {
        self.held = start;
        if !advances.is_empty() {
            self.scan.numbered(mark);
        }
    }

    /// When the lease was begun or renewed.
    pub fn held(&self) -> Instant {
        self.held
    }

    /// Gives the row back, so that another process can take it at once.
    pub fn resign(&self, conn: &mut PgConnection) -> QueryResult<()> {
        let resigned = diesel::sql_query("UPDATE change_sequencer SET expires_at = '-infinity' WHERE holder = $1");
        resigned.bind::<SqlUuid, _>(self.me).execute(conn).map(drop)
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// A process that is stopped amid its work must not hold the row for long; and rows are found by their keys, however many
/// Postgres believes there to be. Answers the last id drawn.
const PREPARE: &str = "
SELECT last_value AS number FROM change_id_seq, LATERAL (
    SELECT count(set_config(name, value, true)) FROM (VALUES
        ('idle_in_transaction_session_timeout', '5s'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'),
        ('enable_seqscan', 'off'), ('jit', 'off')
    ) AS setting (name, value)
) AS done";

/// The counters of the organizations go up by as many as there are rows, and the rows get the numbers in between.
const NUMBER: &str = "
WITH fresh AS MATERIALIZED (
    SELECT organization_id, id FROM change WHERE position IS NULL AND id > $1 ORDER BY id LIMIT $2
), counted AS MATERIALIZED (
    SELECT organization_id, count(*) AS rows FROM fresh GROUP BY organization_id ORDER BY organization_id
), feed AS (
    INSERT INTO change_feed AS feed (organization_id, position) SELECT organization_id, rows FROM counted
    ON CONFLICT (organization_id) DO UPDATE SET position = feed.position + excluded.position
    RETURNING feed.organization_id, feed.position
), advance AS MATERIALIZED (
    SELECT organization_id, feed.position, counted.rows FROM feed JOIN counted USING (organization_id)
), numbered AS (
    UPDATE change SET position = fresh.position
    FROM (
        SELECT organization_id, fresh.id, advance.position - advance.rows
            + row_number() OVER (PARTITION BY organization_id ORDER BY fresh.id) AS position
        FROM fresh JOIN advance USING (organization_id)
    ) AS fresh
    WHERE change.organization_id = fresh.organization_id AND change.id = fresh.id
)
SELECT * FROM advance";
