//! `entrepot queue probe`: sends jobs that do next to nothing through the queue, and tells how long that took.

use std::error::Error;
use std::time::{Duration, Instant};

use clap::Args;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double};

use super::{Job, Options, Priority, enqueue_all};
use crate::jobs::probe::{Probe, ProbeAlone};

type Failure = Box<dyn Error + Send + Sync>;

/// `queue probe`
#[derive(Debug, Args)]
pub struct ProbeArguments {
    /// How many jobs, all at once.
    #[arg(long, default_value_t = 1_000)]
    jobs: u32,
    /// How many more one by one, each when the one before is done, for the time from commit to start.
    #[arg(long, default_value_t = 20)]
    single: u32,
    /// Each job in a transaction of its own.
    #[arg(long)]
    alone: bool,
    /// Seconds to wait for workers.
    #[arg(long, default_value_t = 60)]
    patience: u64,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Seconds {
    #[diesel(sql_type = Double)]
    seconds: f64,
}

/// Probes, in transactions of its own; the answer is the text to print. What the jobs leave is removed.
pub fn probe(conn: &mut PgConnection, asked: &ProbeArguments) -> Result<String, Failure> {
    let next = "SELECT nextval('job_probe_batch_seq') AS number";
    let batch = diesel::sql_query(next).get_result::<Number>(conn)?.number;
    let told = run(conn, batch, asked);
    diesel::sql_query("DELETE FROM job_probe WHERE batch = $1").bind::<BigInt, _>(batch).execute(conn)?;
    told
}

fn run(conn: &mut PgConnection, batch: i64, asked: &ProbeArguments) -> Result<String, Failure> {
    let jobs = i32::try_from(asked.jobs)?;
    let mut text = String::new();
    if jobs > 0 {
        conn.transaction(|conn| send(conn, batch, 0..jobs, asked.alone))?;
        let start = Instant::now();
        wait(conn, batch, i64::from(jobs), asked.patience)?;
        let took = start.elapsed().as_secs_f64();
        let kind = if asked.alone { "each alone" } else { "in groups" };
        text += &format!("{jobs} jobs, {kind}: {took:.2} s, {:.0} a second\n", f64::from(jobs) / took);
    }
    let mut waits = Vec::new();
    for number in (jobs..).take(asked.single as usize) {
        // Workers have gone to rest by then.
        std::thread::sleep(Duration::from_millis(rand::random_range(30..80)));
        let sent: Seconds = conn.transaction::<_, Failure, _>(|conn| {
            send(conn, batch, number..number + 1, asked.alone)?;
            Ok(diesel::sql_query("SELECT extract(epoch FROM clock_timestamp())::float8 AS seconds").get_result(conn)?)
        })?;
        wait(conn, batch, i64::from(number) + 1, asked.patience)?;
        let started: Seconds = diesel::sql_query(
            "SELECT extract(epoch FROM max(started_at))::float8 AS seconds FROM job_probe WHERE batch = $1",
        )
        .bind::<BigInt, _>(batch)
        .get_result(conn)?;
        waits.push(1_000.0 * (started.seconds - sent.seconds));
    }
    waits.sort_by(f64::total_cmp);
    if let (Some(longest), Some(median)) = (waits.last(), waits.get(waits.len() / 2)) {
        let p95 = waits[(waits.len() * 95).div_ceil(100) - 1];
        text += &format!(
            "{} jobs one by one, from commit to start: median {median:.1} ms, p95 {p95:.1} ms, longest {longest:.1} ms\n",
            waits.len()
        );
    }
    Ok(text)
}

fn send(conn: &mut PgConnection, batch: i64, numbers: std::ops::Range<i32>, alone: bool) -> Result<(), Failure> {
    if alone {
        send_all(conn, numbers.map(|number| ProbeAlone { batch, number, pause: 0 }).collect())?;
    } else {
        send_all(conn, numbers.map(|number| Probe { batch, number }).collect())?;
    }
    Ok(conn.batch_execute("NOTIFY entrepot_job")?)
}

fn send_all<J: Job>(conn: &mut PgConnection, jobs: Vec<J>) -> Result<(), Failure> {
    let options = Options { priority: Priority::VeryHigh, ..Options::default() };
    for jobs in jobs.chunks(5_000) {
        enqueue_all(conn, None, jobs, &options)?;
    }
    Ok(())
}

fn wait(conn: &mut PgConnection, batch: i64, done: i64, patience: u64) -> Result<(), Failure> {
    let end = Instant::now() + Duration::from_secs(patience);
    loop {
        let query = "SELECT count(*) AS number FROM job_probe WHERE batch = $1";
        let rows = diesel::sql_query(query).bind::<BigInt, _>(batch).get_result::<Number>(conn)?.number;
        if rows >= done {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(format!(
                "Of {done} jobs, {rows} were done in {patience} s: see `entrepot queue stats` for who works."
            )
            .into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
