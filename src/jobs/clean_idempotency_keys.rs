//! Stored answers whose day is over are removed.

use chrono::Utc;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::http::idempotency::sweep;
use crate::queue::{Failed, Job, Run};

/// Rows of one transaction.
const AT_ONCE: usize = 5_000;

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CleanIdempotencyKeys {}

impl Job for CleanIdempotencyKeys {
    const NAME: &'static str = "idempotency-keys.clean";

    fn run(&self, _: &App, run: &Run<'_>) -> Result<(), Failed> {
        let (now, mut removed) = (Utc::now(), 0);
        while !run.is_stopping() {
            let some = run.step(|conn| Ok(sweep(conn, now, AT_ONCE as i64)?))?;
            removed += some;
            if some < AT_ONCE {
                break;
            }
        }
        if removed > 0 {
            tracing::info!(removed, "old idempotency keys removed");
        }
        Ok(())
    }
}
