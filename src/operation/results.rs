//! What became of the records of a chunk: told in arrays beside the chunk, as errors, and in the operation's counts.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use serde_json::Value as Json;

use super::errors::{self, Fault};
use super::{Operation, chunk, failed};
use crate::app::App;
use crate::engine::input::{is_storable, without_nul};
use crate::engine::split::Chunk;
use crate::engine::write::chunk::Outcome;
use crate::error::{Error, Errors, Source};
use crate::schema::async_operation_chunk::{self, dsl};

/// What a record was sent as.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// The id that it was sent under.
    pub id: Option<String>,
    pub external_key: Option<Json>,
}

/// What became of the records of a chunk, in their order.
#[derive(Debug, Default)]
pub struct Results {
    indexes: Vec<i64>,
    sent_ids: Vec<Option<String>>,
    external_keys: Vec<Option<Json>>,
    record_ids: Vec<Option<String>>,
    outcomes: Vec<&'static str>,
    faults: Vec<Fault>,
    /// Where in `faults` an error at an included record is told: it is one error, though many records fail by it.
    told: HashMap<(String, String), usize>,
}

/// How many records a chunk has of each outcome, and how many errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub failed: i64,
    pub errors: i64,
}

impl Results {
    /// Adds what became of the next record. `index`: its place in the body.
    pub fn push(&mut self, index: usize, sent: Sent, outcome: &Outcome) {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        let (word, key) = match outcome {
            Outcome::Created(key) => ("created", Some(key)),
            Outcome::Updated(key) => ("updated", Some(key)),
            Outcome::Unchanged(key) => ("unchanged", Some(key)),
            Outcome::Failed(errors) => {
                self.fail(index, errors);
                ("failed", None)
            }
        };
        self.indexes.push(index);
        self.sent_ids.push(sent.id.as_deref().map(without_nul));
        self.external_keys.push(sent.external_key.filter(is_storable));
        self.record_ids.push(key.map(ToString::to_string));
        self.outcomes.push(word);
    }

    fn fail(&mut self, index: i64, errors: &Errors) {
        for error in &errors.0 {
            if let Some(Source::Pointer(pointer)) = &error.source
                && pointer.starts_with("/included/")
            {
                let place = *self.told.entry((pointer.clone(), error.detail.clone())).or_insert(self.faults.len());
                if let Some(fault) = self.faults.get_mut(place) {
                    fault.records.push(index);
                    continue;
                }
            }
            self.faults.push(Fault::of(error, vec![index]));
        }
    }

    /// The places in the body of the records that failed.
    fn failed(&self) -> HashSet<usize> {
        let failed = self.indexes.iter().zip(&self.outcomes).filter(|(_, outcome)| **outcome == "failed");
        failed.filter_map(|(index, _)| usize::try_from(*index).ok()).collect()
    }

    pub fn counts(&self) -> Counts {
        let of = |word| self.outcomes.iter().filter(|outcome| **outcome == word).count() as i64;
        Counts {
            created: of("created"),
            updated: of("updated"),
            unchanged: of("unchanged"),
            failed: of("failed"),
            errors: self.faults.len() as i64,
        }
    }
}

/// Every record of a chunk failed for the same reason, which is none of its own.
pub fn all_failed(chunk: &Chunk, error: &Error) -> Results {
    let mut results = Results::default();
    for item in &chunk.data {
        let error = error.clone().at(format!("/data/{}", item.index));
        results.push(item.index, Sent::default(), &Outcome::Failed(error.into()));
    }
    results
}

const COUNT: &str = "
    UPDATE async_operation SET chunks_done = chunks_done + 1, read_count = read_count + $3,
        create_count = create_count + $4, update_count = update_count + $5, error_count = error_count + $6,
        aggregate_time = aggregate_time + $7, updated_at = $8
    WHERE organization_id = $1 AND id = $2 RETURNING error_count AS value";

#[derive(QueryableByName)]
struct Total {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// A chunk whose records were tried.
#[derive(Clone, Copy, Debug)]
pub struct Tried<'a> {
    pub number: i32,
    pub chunk: &'a Chunk,
    pub results: &'a Results,
}

/// Marks a chunk as done, with what became of its records; of the records it keeps those that failed. Chunks of one operation
/// that end at the same time take turns here, up to their commits: so its counts are right. Not more than
/// `batch.kept_errors` errors are stored of an operation; all are counted.
pub fn settle(
    conn: &mut PgConnection,
    app: &App,
    operation: &Operation,
    tried: Tried<'_>,
    (now, took): (DateTime<Utc>, Duration),
) -> Result<(), Error> {
    let Tried { number, chunk, results } = tried;
    let counts = results.counts();
    let body = match results.failed() {
        failed if failed.is_empty() => None,
        failed => {
            let kept = failed::kept(conn, operation, chunk, &failed)?;
            Some(chunk::seal(&app.auth.server, operation, number, &kept)?)
        }
    };
    let chunk = async_operation_chunk::table.find((operation.organization, operation.id, number));
    let done = (
        dsl::done_at.eq(now),
        dsl::failed.eq(i32::try_from(counts.failed).unwrap_or(i32::MAX)),
        dsl::record_indexes.eq(&results.indexes),
        dsl::sent_ids.eq(&results.sent_ids),
        dsl::external_keys.eq(&results.external_keys),
        dsl::record_ids.eq(&results.record_ids),
        dsl::outcomes.eq(&results.outcomes),
    );
    diesel::update(chunk).set((done, dsl::body.eq(body))).execute(conn)?;
    let total: Total = diesel::sql_query(COUNT)
        .bind::<BigInt, _>(operation.organization)
        .bind::<BigInt, _>(operation.id)
        .bind::<BigInt, _>(results.outcomes.len() as i64)
        .bind::<BigInt, _>(counts.created)
        .bind::<BigInt, _>(counts.updated + counts.unchanged)
        .bind::<BigInt, _>(counts.errors)
        .bind::<BigInt, _>(i64::try_from(took.as_millis()).unwrap_or(i64::MAX))
        .bind::<Timestamptz, _>(now)
        .get_result(conn)?;
    let before = usize::try_from(total.value - counts.errors).unwrap_or(usize::MAX);
    let room = app.config.batch.kept_errors.saturating_sub(before).min(results.faults.len());
    errors::store(conn, operation, number, 1, &results.faults[..room])
}
