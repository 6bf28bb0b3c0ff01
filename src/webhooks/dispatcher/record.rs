//! What attempts have come to, recorded: the deliveries, and how their endpoints are doing.
//!
//! Many at once, in one transaction. A delivery whose claim was lost meanwhile is left to whoever has it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Utc;
use diesel::pg::PgConnection;
use uuid::Uuid;

use super::claim::Claimed;
use super::outcome::{Answer, Verdict, pause};
use crate::config;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::Error;

/// An attempt that is over.
#[derive(Clone, Debug)]
pub struct Finished {
    pub claimed: Claimed,
    pub answer: Answer,
    pub took: Duration,
}

/// What becomes of a delivery: its status, and after how long it is tried again.
fn fate(finished: &Finished) -> (&'static str, Option<Duration>) {
    let asked = match finished.answer {
        Answer::Status { retry_after, .. } => retry_after,
        _ => None,
    };
    let left = (finished.claimed.give_up_at - Utc::now()).to_std().unwrap_or_default();
    match finished.answer.verdict() {
        Verdict::Delivered => ("delivered", None),
        Verdict::Gone | Verdict::Dropped => ("dropped", None),
        Verdict::Retry => match pause(finished.claimed.tries, asked, left) {
            Some(pause) => ("pending", Some(pause)),
            None => ("failed", None),
        },
    }
}

/// Records attempts. The answer: how many deliveries were given up.
pub fn all(
    conn: &mut PgConnection,
    settings: &config::Webhooks,
    claim: Uuid,
    finished: &[Finished],
) -> Result<u64, Error> {
    if finished.is_empty() {
        return Ok(0);
    }
    let given_up = deliveries(conn, claim, finished)?;
    let mut endpoints: BTreeMap<(i64, i64), (u32, u32)> = BTreeMap::new();
    for one in finished {
        let endpoint = endpoints.entry((one.claimed.organization, one.claimed.endpoint)).or_default();
        match (&one.answer, one.answer.verdict()) {
            // Nothing was learned of it.
            (Answer::Refused(_), _) => {}
            (_, Verdict::Retry) => endpoint.1 += 1,
            _ => endpoint.0 += 1,
        }
    }
    for (endpoint, counts) in endpoints {
        match counts {
            (0, 0) => {}
            (0, failures) => failed(conn, settings, endpoint, failures)?,
            _ => answered(conn, settings, endpoint)?,
        }
    }
    Ok(given_up)
}

/// What the owner reads of a delivery that is not tried any more.
const GIVEN_UP: &str = "It was given up.";

fn deliveries(conn: &mut PgConnection, claim: Uuid, finished: &[Finished]) -> Result<u64, Error> {
    let (mut organizations, mut ids, mut statuses, mut pauses) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut latencies, mut responses, mut excerpts, mut errors) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let mut given_up = 0;
    for one in finished {
        let (status, pause) = fate(one);
        organizations.push(one.claimed.organization);
        ids.push(one.claimed.id);
        statuses.push(status.to_owned());
        pauses.push(pause.map_or(0, milliseconds));
        // How long nothing was sent would tell how long the resolver of the inner network took.
        let sent = !matches!(one.answer, Answer::Nowhere(_) | Answer::Refused(_));
        latencies.push(if sent { milliseconds(one.took) } else { -1 });
        let (response, excerpt, error) = match &one.answer {
            Answer::Status { status, excerpt, .. } => (i64::from(*status), excerpt.as_str(), ""),
            Answer::None(error) | Answer::Nowhere(error) | Answer::Refused(error) => (0, "", error.as_str()),
        };
        responses.push(response);
        excerpts.push(excerpt.to_owned());
        if status == "failed" {
            given_up += 1;
            errors.push(format!("{error} {GIVEN_UP}").trim_start().to_owned());
        } else {
            errors.push(error.to_owned());
        }
    }
    let mut sql = Sql::new();
    sql.raw(
        "UPDATE webhook_delivery d SET status = f.status, claim = NULL, latency = nullif(f.latency, -1)::integer, \
         due_at = CASE f.status WHEN 'pending' THEN now() + f.pause * interval '1 millisecond' END, \
         response_status = nullif(f.response, 0)::integer, response_excerpt = nullif(f.excerpt, ''), \
         error = nullif(f.error, ''), updated_at = now() FROM unnest(",
    );
    sql.bind(Value::Integers(organizations)).raw(", ").bind(Value::Integers(ids)).raw(", ");
    sql.bind(Value::Texts(statuses)).raw(", ").bind(Value::Integers(pauses)).raw(", ");
    sql.bind(Value::Integers(latencies)).raw(", ").bind(Value::Integers(responses)).raw(", ");
    sql.bind(Value::Texts(excerpts)).raw(", ").bind(Value::Texts(errors));
    sql.raw(
        ") AS f (organization_id, id, status, pause, latency, response, excerpt, error) \
         WHERE d.organization_id = f.organization_id AND d.id = f.id AND d.status = 'pending' AND d.claim = ",
    );
    sql.bind(Value::Uuid(claim));
    sql.execute(conn)?;
    Ok(given_up)
}

/// Drops deliveries that were claimed and that nothing is sent of, since the owner of their webhook may not view any more
/// what they tell.
pub fn withhold(conn: &mut PgConnection, withheld: &[Claimed]) -> Result<(), Error> {
    if withheld.is_empty() {
        return Ok(());
    }
    let column = |number: fn(&Claimed) -> i64| Value::Integers(withheld.iter().map(number).collect());
    let mut sql = Sql::new();
    sql.raw(
        "UPDATE webhook_delivery d SET status = 'dropped', claim = NULL, due_at = NULL, updated_at = now(), \
         attempts = attempts - 1, tries = tries - 1, \
         first_attempt_at = CASE WHEN attempts > 1 THEN first_attempt_at END, \
         last_attempt_at = CASE WHEN attempts > 1 THEN last_attempt_at END, \
         error = 'The owner of the webhook may not view this record any more.' FROM unnest(",
    );
    sql.bind(column(|one| one.organization)).raw(", ").bind(column(|one| one.id));
    sql.raw(") AS w (organization_id, id) WHERE d.organization_id = w.organization_id AND d.id = w.id");
    sql.execute(conn)?;
    Ok(())
}

/// An endpoint that answers is not paused any more, and what waits for its next attempt need not wait.
fn answered(
    conn: &mut PgConnection,
    settings: &config::Webhooks,
    (organization, endpoint): (i64, i64),
) -> Result<(), Error> {
    let mut sql = Sql::new();
    sql.raw(
        "WITH ailing AS (SELECT organization_id, id, failures FROM webhook_endpoint \
         WHERE failures > 0 AND organization_id = ",
    );
    sql.bind(Value::Integer(organization)).raw(" AND id = ").bind(Value::Integer(endpoint));
    sql.raw(
        " FOR UPDATE), well AS (UPDATE webhook_endpoint e SET failures = 0, pauses = 0, paused_until = NULL FROM ailing \
         WHERE e.organization_id = ailing.organization_id AND e.id = ailing.id) \
         UPDATE webhook_delivery d SET due_at = now() FROM ailing WHERE d.organization_id = ailing.organization_id \
         AND d.endpoint_id = ailing.id AND d.status = 'pending' AND d.claim IS NULL AND d.due_at > now() \
         AND ailing.failures >= ",
    );
    sql.bind(Value::Integer(settings.circuit_failures.into()));
    sql.execute(conn)?;
    Ok(())
}

/// An endpoint that fails again and again is paused, each time twice as long.
fn failed(
    conn: &mut PgConnection,
    settings: &config::Webhooks,
    (organization, endpoint): (i64, i64),
    failures: u32,
) -> Result<(), Error> {
    let seconds = |time: Duration| Value::Integer(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    let count = || Value::Integer(failures.into());
    let mut sql = Sql::new();
    sql.raw("WITH state AS (SELECT organization_id, id, failures + ").bind(count()).raw(" >= ");
    sql.bind(Value::Integer(settings.circuit_failures.into()));
    sql.raw(
        " AND (paused_until IS NULL OR paused_until <= now()) AS opens FROM webhook_endpoint \
         WHERE organization_id = ",
    );
    sql.bind(Value::Integer(organization)).raw(" AND id = ").bind(Value::Integer(endpoint));
    sql.raw(" FOR UPDATE) UPDATE webhook_endpoint e SET failures = LEAST(e.failures + ").bind(count());
    sql.raw(", 1000000), pauses = CASE WHEN opens THEN LEAST(e.pauses + 1, 20) ELSE e.pauses END, ");
    sql.raw("paused_until = CASE WHEN opens THEN now() + make_interval(secs => LEAST(");
    sql.bind(seconds(LONGEST_PAUSE)).raw(", ").bind(seconds(settings.circuit_pause));
    sql.raw(
        " * power(2, e.pauses)::bigint)) ELSE e.paused_until END FROM state \
         WHERE e.organization_id = state.organization_id AND e.id = state.id",
    );
    sql.execute(conn)?;
    Ok(())
}

const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
