//! What runs beside requests for the feed: the sequencer, in every process that runs services, and the lookout, in every
//! process where somebody may wait for changes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use super::sequencer::{Numbered, Sequencer};
use crate::app::App;
use crate::db::Db;
use crate::error::{Error, Errors};
use crate::queue::Stop;

/// How often the lease is renewed, and how often others look whether it was not.
const TERM: Duration = Duration::from_millis(500);
/// The pause after the database could not be asked.
const PATIENCE: Duration = Duration::from_secs(1);

/// Stands for election, and numbers what was committed while elected. Makes room for another process at the end.
pub fn sequence(app: &Arc<App>, stop: &Stop) -> Result<(), Errors> {
    let mut sequencer = Sequencer::default();
    let mut elected = false;
    let mut failing = false;
    while !stop.is_wished() {
        let pause = match turn(app, &mut sequencer, &mut elected) {
            Ok(pause) => {
                failing = false;
                pause
            }
            Err(error) => {
                if !failing {
                    tracing::warn!(%error, "changes are not numbered at the moment");
                }
                failing = true;
                PATIENCE
            }
        };
        stop.sleep(pause);
    }
    if elected {
        app.db.transaction_now(|conn| Ok::<_, Error>(sequencer.resign(conn)?))?;
    }
    Ok(())
}

/// One look; the answer is the pause before the next.
fn turn(app: &App, sequencer: &mut Sequencer, elected: &mut bool) -> Result<Duration, Error> {
    if !*elected {
        *elected = app.db.transaction_now(|conn| Ok::<_, Error>(sequencer.stand(conn)?))?;
        if !*elected {
            return Ok(TERM);
        }
        tracing::info!("this process numbers the changes");
    }
    let interval = app.config.changes.interval;
    let pending = app.db.run_now(|conn| Ok::<_, Error>(sequencer.pending(conn)?))?;
    if !pending && sequencer.held().elapsed() < TERM {
        return Ok(interval);
    }
    let start = Instant::now();
    match app.db.transaction_now(|conn| Ok::<_, Error>(sequencer.number(conn)?))? {
        Numbered::Deposed => {
            tracing::info!("another process numbers the changes");
            *elected = false;
            Ok(Duration::ZERO)
        }
        Numbered::Rows(advances, mark) => {
            sequencer.committed(start, &advances, mark);
            for advance in &advances {
                app.heads.advance(advance.organization_id, advance.position);
            }
            let rows: i64 = advances.iter().map(|advance| advance.rows).sum();
            metrics::counter!("entrepot_changes_numbered_total").increment(rows.unsigned_abs());
            Ok(if rows == 0 { interval } else { Duration::ZERO })
        }
    }
}

/// Looks how far the feeds go that somebody in this process waits for.
pub fn look_out(app: &App, stop: &Stop) {
    while !stop.is_wished() {
        let pause = match look(&app.db, app) {
            Ok(()) => app.config.changes.interval,
            Err(error) => {
                tracing::debug!(%error, "those who wait for changes wait longer");
                PATIENCE
            }
        };
        stop.sleep(pause);
    }
}

fn look(db: &Db, app: &App) -> Result<(), Error> {
    let awaited = app.heads.awaited();
    if awaited.is_empty() {
        return Ok(());
    }
    for (organization, head) in db.run_now(|conn| Ok::<_, Error>(heads(conn, &awaited)?))? {
        app.heads.advance(organization, head);
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Head {
    #[diesel(sql_type = BigInt)]
    organization_id: i64,
    #[diesel(sql_type = BigInt)]
    position: i64,
}

/// How far the feeds of these organizations go.
fn heads(conn: &mut PgConnection, organizations: &[i64]) -> QueryResult<Vec<(i64, i64)>> {
    let query = "SELECT organization_id, position FROM change_feed WHERE organization_id = ANY($1)";
    let heads: Vec<Head> = diesel::sql_query(query).bind::<Array<BigInt>, _>(organizations).load(conn)?;
    Ok(heads.into_iter().map(|head| (head.organization_id, head.position)).collect())
}
