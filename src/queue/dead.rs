//! Dead letters: found, replayed, purged.

use chrono::{DateTime, Utc};
use clap::Args;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, Integer, Jsonb, Nullable, Text, Timestamptz};
use serde::Serialize;
use serde_json::Value;

use super::family;

/// Which dead letters; all conditions have to hold.
#[derive(Debug, Default, Args)]
pub struct Which {
    /// Those of these ids.
    pub ids: Vec<i64>,
    /// Those of this queue.
    #[arg(long)]
    pub queue: Option<String>,
    /// Those of this kind of job.
    #[arg(long)]
    pub job: Option<String>,
    /// Those of this organization, by its id.
    #[arg(long, value_name = "ID")]
    pub organization: Option<i64>,
    /// Those whose error has this text in it.
    #[arg(long, value_name = "TEXT")]
    pub error: Option<String>,
    /// Those that died so many hours ago, or earlier.
    #[arg(long, value_name = "HOURS")]
    pub older: Option<f64>,
}

/// A job, as an operator sees it.
#[derive(Debug, QueryableByName, Serialize)]
pub struct Letter {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub organization: Option<i64>,
    #[diesel(sql_type = Text)]
    pub queue: String,
    #[diesel(sql_type = Text)]
    pub job: String,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = Integer)]
    pub max_attempts: i32,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub root: Option<i64>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub started_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub ended_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    pub error: Option<String>,
    #[diesel(sql_type = Jsonb)]
    pub payload: Value,
}

/// What a letter is made of.
const LETTER: &str = "id, organization_id AS organization, queue, name AS job, status, attempts, max_attempts,
    root_id AS root, created_at, started_at, ended_at, last_error AS error, payload";

/// Jobs that were given up; not roots that have failed by their children alone.
const DEAD: &str = "status IN ('failed', 'stale') AND last_error IS NOT NULL
    AND (cardinality($1) = 0 OR id = ANY ($1)) AND ($2 IS NULL OR queue = $2) AND ($3 IS NULL OR name = $3)
    AND ($4 IS NULL OR organization_id = $4) AND ($5 IS NULL OR strpos(last_error, $5) > 0)
    AND ($6 IS NULL OR ended_at <= now() - $6 * interval '1 hour')";

macro_rules! bind {
    ($query:expr, $which:expr) => {
        diesel::sql_query($query)
            .bind::<Array<BigInt>, _>(&$which.ids)
            .bind::<Nullable<Text>, _>(&$which.queue)
            .bind::<Nullable<Text>, _>(&$which.job)
            .bind::<Nullable<BigInt>, _>($which.organization)
            .bind::<Nullable<Text>, _>(&$which.error)
            .bind::<Nullable<Double>, _>($which.older)
    };
}

impl Which {
    /// Whether there is no condition.
    pub fn is_all(&self) -> bool {
        let texts = [&self.queue, &self.job, &self.error];
        self.ids.is_empty()
            && texts.iter().all(|text| text.is_none())
            && self.organization.is_none()
            && self.older.is_none()
    }
}

/// The newest dead letters.
pub fn list(conn: &mut PgConnection, which: &Which, limit: i64) -> QueryResult<Vec<Letter>> {
    let query = format!("SELECT {LETTER} FROM job WHERE {DEAD} ORDER BY ended_at DESC, id DESC LIMIT $7");
    bind!(query, which).bind::<BigInt, _>(limit).load(conn)
}

/// A job of any status.
pub fn show(conn: &mut PgConnection, id: i64) -> QueryResult<Option<Letter>> {
    diesel::sql_query(format!("SELECT {LETTER} FROM job WHERE id = $1"))
        .bind::<BigInt, _>(id)
        .get_result(conn)
        .optional()
}

/// Has dead letters start again, as if they had not been started yet; the root of each runs again. One is left as it is
/// while another job of its key is waiting or running; of several of one key the last starts. The answer: how many start.
pub fn retry(conn: &mut PgConnection, which: &Which) -> QueryResult<usize> {
    let again = format!(
        "UPDATE job SET status = 'new', attempts = 0, ended_at = NULL, waiting_key = NULL, last_error = NULL
         WHERE id = ANY (ARRAY(
             SELECT id FROM job WHERE status IN ('failed', 'stale') AND id IN (
                 SELECT id FROM (
                     SELECT id, active_key,
                            row_number() OVER (PARTITION BY organization_id, name, active_key ORDER BY id DESC) AS place
                     FROM job AS dead WHERE {DEAD} AND (active_key IS NULL OR NOT EXISTS (
                         SELECT FROM job AS active WHERE active.active_key = dead.active_key AND active.name = dead.name
                         AND active.organization_id IS NOT DISTINCT FROM dead.organization_id
                         AND active.status IN ('new', 'failed_redelivered', 'running')))
                 ) AS ranked WHERE active_key IS NULL OR place = 1
             ) ORDER BY id FOR NO KEY UPDATE
         )) RETURNING root_id"
    );
    #[derive(QueryableByName)]
    struct Again {
        #[diesel(sql_type = Nullable<BigInt>)]
        root_id: Option<i64>,
    }
    let again: Vec<Again> = bind!(again, which).load(conn)?;
    let roots: Vec<i64> = again.iter().filter_map(|job| job.root_id).collect();
    family::revive(conn, &roots)?;
    conn.batch_execute("NOTIFY entrepot_job")?;
    Ok(again.len())
}

/// Removes dead letters. The answer: how many.
pub fn purge(conn: &mut PgConnection, which: &Which) -> QueryResult<usize> {
    bind!(format!("DELETE FROM job WHERE {DEAD}"), which).execute(conn)
}
