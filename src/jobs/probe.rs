//! A job that does next to nothing, for `entrepot queue probe` and for measuring: it leaves a row.

use std::time::Duration;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::queue::{Failed, Job, Run};

/// Run in groups.
#[derive(Serialize, Deserialize)]
pub struct Probe {
    pub batch: i64,
    pub number: i32,
}

impl Job for Probe {
    const NAME: &'static str = "queue.probe";
    const QUEUE: &'static str = "probe";
    const GROUPED: bool = true;

    fn run(&self, _: &App, run: &Run<'_>) -> Result<(), Failed> {
        run.complete(|conn| leave(conn, self.batch, self.number))
    }
}

/// Run by itself, after a pause.
#[derive(Serialize, Deserialize)]
pub struct ProbeAlone {
    pub batch: i64,
    pub number: i32,
    /// Milliseconds.
    pub pause: u64,
}

impl Job for ProbeAlone {
    const NAME: &'static str = "queue.probe-alone";
    const QUEUE: &'static str = "probe";

    fn run(&self, _: &App, run: &Run<'_>) -> Result<(), Failed> {
        std::thread::sleep(Duration::from_millis(self.pause));
        run.complete(|conn| leave(conn, self.batch, self.number))
    }
}

fn leave(conn: &mut PgConnection, batch: i64, number: i32) -> Result<(), Failed> {
    diesel::sql_query("INSERT INTO job_probe (batch, number, started_at) VALUES ($1, $2, clock_timestamp())")
        .bind::<BigInt, _>(batch)
        .bind::<Integer, _>(number)
        .execute(conn)?;
    Ok(())
}
