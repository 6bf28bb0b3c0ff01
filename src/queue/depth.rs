//! How many jobs there are, and who works: for operators and for `/metrics`.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Integer, Text};
use serde::Serialize;

/// The jobs of one kind.
#[derive(Clone, Debug, Default, QueryableByName, Serialize)]
pub struct Depth {
    #[diesel(sql_type = Text)]
    pub queue: String,
    #[diesel(sql_type = Text)]
    pub job: String,
    /// To be started by the next worker that is free.
    #[diesel(sql_type = BigInt)]
    pub ready: i64,
    /// To be started later.
    #[diesel(sql_type = BigInt)]
    pub delayed: i64,
    #[diesel(sql_type = BigInt)]
    pub running: i64,
    /// Dead letters.
    #[diesel(sql_type = BigInt)]
    pub dead: i64,
    /// Seconds since the oldest ready one was enqueued.
    #[diesel(sql_type = Double)]
    pub oldest: f64,
}

/// A process that runs jobs.
#[derive(Clone, Debug, QueryableByName, Serialize)]
pub struct Process {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub host: String,
    #[diesel(sql_type = Integer)]
    pub process: i32,
    #[diesel(sql_type = BigInt)]
    pub running: i64,
    /// Seconds since its start.
    #[diesel(sql_type = Double)]
    pub up: f64,
    /// Seconds until its lease ends; negative: it gives no sign of life, and others take over its jobs.
    #[diesel(sql_type = Double)]
    pub lease: f64,
}

/// Jobs that have not ended with success, by kind.
pub fn depths(conn: &mut PgConnection) -> QueryResult<Vec<Depth>> {
    diesel::sql_query(
        "SELECT queue, name AS job, count(*) FILTER (WHERE ready) AS ready,
                count(*) FILTER (WHERE delayed_until IS NOT NULL) AS delayed,
                count(*) FILTER (WHERE status = 'running') AS running,
                count(*) FILTER (WHERE status IN ('failed', 'stale') AND last_error IS NOT NULL) AS dead,
                coalesce(extract(epoch FROM now() - min(created_at) FILTER (WHERE ready)), 0)::float8 AS oldest
         FROM (SELECT *, status IN ('new', 'failed_redelivered') AND delayed_until IS NULL AS ready FROM job) AS job
         WHERE status NOT IN ('success', 'cancelled') GROUP BY queue, name ORDER BY queue, name",
    )
    .load(conn)
}

/// The processes that run jobs, and those that did until lately.
pub fn processes(conn: &mut PgConnection) -> QueryResult<Vec<Process>> {
    diesel::sql_query(
        "SELECT id, host, process, (SELECT count(*) FROM job WHERE worker_id = job_worker.id) AS running,
                extract(epoch FROM now() - started_at)::float8 AS up,
                extract(epoch FROM leased_until - now())::float8 AS lease
         FROM job_worker ORDER BY id",
    )
    .load(conn)
}
