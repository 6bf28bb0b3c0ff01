//! Jobs that come again and again, such as daily cleaning: enqueued by one process, whichever comes first.

use std::time::Duration;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Double, Text};

use super::{Job, Once, Options, Priority, Workers, enqueue};
use crate::error::{Error, Errors};

/// A job and how often it comes.
#[derive(Clone, Copy)]
pub struct Recurring {
    name: &'static str,
    period: Duration,
    enqueue: fn(&mut PgConnection) -> Result<(), Error>,
}

/// Has the system's job `J` run each `period`, and once at the beginning; for [`crate::jobs::RECURRING`]. It has a low
/// priority, and is left out while the last one has not ended. Periods are kept to about ten seconds.
pub const fn every<J: Job + Default>(period: Duration) -> Recurring {
    Recurring { name: J::NAME, period, enqueue: recur::<J> }
}

/// So many hours, for [`every`].
pub const fn hours(count: u64) -> Duration {
    Duration::from_secs(3600 * count)
}

fn recur<J: Job + Default>(conn: &mut PgConnection) -> Result<(), Error> {
    let options = Options { priority: Priority::Low, once: Once::WhileActive("recurring"), ..Options::default() };
    enqueue(conn, None, &J::default(), &options).map(|_| ())
}

#[derive(QueryableByName)]
struct Next {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Double)]
    seconds: f64,
}

/// Enqueues what is due of the jobs that this process knows.
pub(super) fn enqueue_due(workers: &Workers) -> Result<(), Errors> {
    let db = &workers.app.db;
    let waiting: Vec<Next> = db.run_now::<_, Errors>(|conn| {
        let query = "SELECT name, extract(epoch FROM next_at - now())::float8 AS seconds FROM job_schedule";
        Ok(diesel::sql_query(query).load(conn)?)
    })?;
    // A time that is farther away than the period is that of a longer one, before an upgrade.
    let waits = |job: &Recurring| {
        let left = waiting.iter().find(|next| next.name == job.name).map(|next| next.seconds);
        left.is_some_and(|left| left > 0.0 && left <= job.period.as_secs_f64())
    };
    let known = |job: &Recurring| workers.app.jobs.get(job.name).is_some();
    for job in workers.app.recurring.iter().filter(|job| known(job) && !waits(job)) {
        db.transaction_now::<_, Errors>(|conn| Ok(enqueue_once(conn, job)?))?;
    }
    Ok(())
}

/// Of several processes the first one enqueues; the others find the next time in the row.
fn enqueue_once(conn: &mut PgConnection, job: &Recurring) -> Result<(), Error> {
    let due = diesel::sql_query(
        "INSERT INTO job_schedule (name, next_at) VALUES ($1, now() + $2 * interval '1 second')
         ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at
         WHERE job_schedule.next_at <= now() OR job_schedule.next_at > excluded.next_at",
    )
    .bind::<Text, _>(job.name)
    .bind::<Double, _>(job.period.as_secs_f64())
    .execute(conn)?;
    if due > 0 { (job.enqueue)(conn) } else { Ok(()) }
}
