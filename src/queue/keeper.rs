//! What a process does for the queue beside running jobs: it says that it lives, takes over what dead processes held,
//! has delayed and recurring jobs start when they are due, and gives stale ones up.

use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, Integer, Text};

use super::claim::{Token, give_back};
use super::{Status, Stop, Workers, family, schedule};
use crate::db;
use crate::error::Errors;
use crate::schema::{job, job_worker};

/// Between two looks for jobs that are due.
const TICK: Duration = Duration::from_millis(200);

/// How many jobs one statement sees to.
const MANY: i64 = 1_000;

/// Keeps until `stop`; then whatever the process still holds is given back, and its registration ends.
pub fn keep(workers: &Workers, stop: &Stop) {
    let lease = workers.app.config.queue.lease;
    let mut next_beat = Instant::now();
    let complaint = db::Complaint::default();
    loop {
        let result = if Instant::now() >= next_beat {
            next_beat = Instant::now() + lease / 3;
            beat(workers, lease)
        } else {
            Ok(())
        };
        if let Err(error) = result.and_then(|()| start_due(workers)) {
            if complaint.is_due() {
                tracing::warn!(%error, "the queue's keeper has to wait");
            }
            next_beat = Instant::now();
            stop.sleep(Duration::from_secs(1));
        }
        if stop.sleep(TICK) {
            break;
        }
    }
    if let Err(error) = workers.app.db.transaction_now(|conn| leave(conn, workers.registration())) {
        tracing::warn!(%error, "the process could not leave the queue; its jobs are taken over when its lease ends");
    }
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
struct Left {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Integer)]
    max_attempts: i32,
}

fn beat(workers: &Workers, lease: Duration) -> Result<(), Errors> {
    let db = &workers.app.db;
    let known = workers.registration();
    let registration = db.transaction_now::<_, Errors>(|conn| prolong(conn, known, lease))?;
    if registration != known {
        workers.register(registration);
    }
    db.transaction_now::<_, Errors>(|conn| give_back_strays(conn, workers, registration))?;
    while db.transaction_now::<_, Errors>(take_over)? {}
    for id in db.run_now::<_, Errors>(stale)? {
        let given_up = |conn: &mut PgConnection| {
            Ok::<_, Errors>(family::give_up(conn, id, Status::Stale, "It took longer than such a job may.")?)
        };
        if db.transaction_now(given_up)? {
            tracing::error!(job = id, "a job took too long, and was given up as stale");
        }
    }
    schedule::enqueue_due(workers)
}

/// Prolongs the lease of the process; one that has lost its registration gets a new one.
fn prolong(conn: &mut PgConnection, registration: i64, lease: Duration) -> Result<i64, Errors> {
    let seconds = lease.as_secs_f64();
    let prolonged = "UPDATE job_worker SET leased_until = now() + $2 * interval '1 second' WHERE id = $1";
    let prolonged = diesel::sql_query(prolonged).bind::<BigInt, _>(registration).bind::<Double, _>(seconds);
    if prolonged.execute(conn)? > 0 {
        return Ok(registration);
    }
    let host = nix::unistd::gethostname().unwrap_or_default();
    let new: Id = diesel::sql_query(
        "INSERT INTO job_worker (host, process, leased_until)
         VALUES ($1, $2, now() + $3 * interval '1 second') RETURNING id",
    )
    .bind::<Text, _>(host.to_string_lossy())
    .bind::<Integer, _>(i32::try_from(std::process::id()).unwrap_or_default())
    .bind::<Double, _>(seconds)
    .get_result(conn)?;
    Ok(new.id)
}

/// What the table says the process has, and it knows nothing of: a commit whose outcome was unknown.
fn give_back_strays(conn: &mut PgConnection, workers: &Workers, registration: i64) -> Result<(), Errors> {
    let mine: Vec<(i64, i32)> =
        job::table.filter(job::worker_id.eq(registration)).select((job::id, job::attempts)).load(conn)?;
    let mine = mine.into_iter().map(|(id, attempt)| Token { id, attempt });
    let strays: Vec<Token> = mine.filter(|token| !workers.holds(*token)).collect();
    if !strays.is_empty() {
        give_back(conn, registration, &strays)?;
        db::announce();
    }
    Ok(())
}

/// Takes jobs over from processes whose lease has ended. The answer: whether there may be more.
fn take_over(conn: &mut PgConnection) -> Result<bool, Errors> {
    let left: Vec<Left> = diesel::sql_query(
        "SELECT id, attempts, max_attempts FROM job
         WHERE worker_id IS NOT NULL AND NOT EXISTS (
             SELECT FROM job_worker AS w WHERE w.id = job.worker_id AND w.leased_until > now()
         ) LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind::<BigInt, _>(MANY)
    .load(conn)?;
    const DIED: &str = "The process that ran it gave no sign of life any more.";
    let (again, dead): (Vec<&Left>, Vec<&Left>) = left.iter().partition(|job| job.attempts < job.max_attempts);
    let ids = |jobs: Vec<&Left>| -> Vec<i64> { jobs.into_iter().map(|job| job.id).collect() };
    if !again.is_empty() {
        tracing::warn!(jobs = again.len(), "jobs of a dead process are taken over");
        diesel::sql_query(
            "UPDATE job SET status = 'failed_redelivered', worker_id = NULL, waiting_key = NULL, last_error = $2
             WHERE id = ANY($1)",
        )
        .bind::<Array<BigInt>, _>(ids(again))
        .bind::<Text, _>(DIED)
        .execute(conn)?;
        db::announce();
    }
    if !dead.is_empty() {
        tracing::error!(jobs = dead.len(), "jobs failed for good with the death of a process");
        family::end(conn, &ids(dead), Some((Status::Failed, DIED)))?;
    }
    diesel::sql_query("DELETE FROM job_worker WHERE leased_until < now() - interval '1 hour'").execute(conn)?;
    Ok(left.len() as i64 == MANY)
}

fn stale(conn: &mut PgConnection) -> Result<Vec<i64>, Errors> {
    let stale: Vec<Id> = diesel::sql_query(
        "SELECT id FROM job
         WHERE stale_after IS NOT NULL AND ended_at IS NULL AND status = 'running'
           AND started_at < now() - stale_after * interval '1 second'
         ORDER BY id LIMIT $1",
    )
    .bind::<BigInt, _>(MANY)
    .load(conn)?;
    Ok(stale.into_iter().map(|job| job.id).collect())
}

/// Delayed jobs whose time has come are ready from now on.
fn start_due(workers: &Workers) -> Result<(), Errors> {
    let due = |conn: &mut PgConnection| {
        let started = diesel::sql_query(
            "UPDATE job SET delayed_until = NULL WHERE id = ANY (ARRAY(
                 SELECT id FROM job WHERE delayed_until <= now() ORDER BY delayed_until LIMIT $1
                 FOR NO KEY UPDATE SKIP LOCKED
             ))",
        )
        .bind::<BigInt, _>(MANY)
        .execute(conn)?;
        if started > 0 {
            db::announce();
        }
        Ok::<_, Errors>(started as i64 == MANY)
    };
    while workers.app.db.transaction_now(due)? {}
    Ok(())
}

/// Gives back what the process still has, so that others need not wait for the end of its lease. What hangs in its
/// effects keeps its job locked: without a registration it is taken over as soon as they are rolled back.
fn leave(conn: &mut PgConnection, registration: i64) -> Result<(), Errors> {
    let free: Vec<(i64, i32)> = job::table
        .filter(job::worker_id.eq(registration))
        .select((job::id, job::attempts))
        .for_no_key_update()
        .skip_locked()
        .load(conn)?;
    let free: Vec<Token> = free.into_iter().map(|(id, attempt)| Token { id, attempt }).collect();
    give_back(conn, registration, &free)?;
    db::announce();
    diesel::delete(job_worker::table.find(registration)).execute(conn)?;
    Ok(())
}
