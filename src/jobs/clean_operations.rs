//! Operations that make no progress are given up; old ones are removed, with all that belongs to them.

use chrono::{TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::write_operation_chunk::QUEUE;
use crate::app::App;
use crate::error::{ASYNC_OPERATION, Error};
use crate::operation::{Operation, body, cleaning, ending};
use crate::queue::{Failed, Job, Run};

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CleanOperations {}

impl Job for CleanOperations {
    const NAME: &'static str = "operation.clean";
    const QUEUE: &'static str = QUEUE;

    fn run(&self, app: &App, run: &Run<'_>) -> Result<(), Failed> {
        let (now, settings) = (Utc::now(), &app.config.batch);
        let stale_since = now - time(settings.stale_after);
        for (organization, id) in app.db.run_now(|conn| cleaning::stale(conn, stale_since))? {
            let minutes = settings.stale_after.as_secs() / 60;
            let text = format!("The operation made no progress for {minutes} minutes, and was given up.");
            let reason = Error::new(&ASYNC_OPERATION, text);
            let given_up = run.step(|conn| match Operation::load(conn, organization, id)? {
                Some(operation) => {
                    let given_up = ending::fail(conn, &operation, &reason, now)?;
                    ending::forget_unwritten(conn, &operation)?;
                    Ok(given_up)
                }
                None => Ok(false),
            })?;
            if given_up {
                tracing::error!(operation = id, "an operation was given up: {}", reason.detail);
            }
        }
        let mut removed = 0;
        let old = now - time(settings.retention);
        while !run.is_stopping() && run.step(|conn| Ok(cleaning::remove_one(conn, old)?))? {
            removed += 1;
        }
        let bodies = run.step(|conn| Ok(body::sweep(conn, now)?))?;
        if removed + bodies > 0 {
            tracing::info!(operations = removed, bodies, "old operations removed");
        }
        Ok(())
    }
}

fn time(duration: std::time::Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
