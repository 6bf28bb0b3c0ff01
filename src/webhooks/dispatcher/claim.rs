//! The deliveries that are due, claimed for a while.
//!
//! Of a record and an endpoint only the earliest pending one is due. Each endpoint gives no more than it may have under
//! way, a failing one a single one: the probe. Who has least under way comes first. A claim is a lease: who does not
//! record the outcome in time loses it. What was written with the rights of an owner is not sent for the next one, who may
//! not be permitted to view it.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::config;
use crate::engine::key::Key;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::Error;
use crate::webhooks::signature::Scheme;
use crate::webhooks::subscription;

/// A delivery and all that an attempt needs.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub organization: i64,
    pub id: i64,
    pub endpoint: i64,
    pub webhook: Uuid,
    /// The user who owns the webhook.
    pub owner: i64,
    pub message: Uuid,
    pub topic: String,
    /// The record it tells of: its type and id.
    pub resource: String,
    pub record: String,
    pub body: String,
    /// What the owner might view when the body was written, as [`crate::webhooks::sight`] has it.
    pub sight: Option<String>,
    pub url: String,
    pub verify: bool,
    pub scheme: Scheme,
    /// Sealed; the newest first.
    pub secrets: Vec<String>,
    /// Attempts since it was written or sent again on demand, this one included.
    pub tries: u32,
    pub first: bool,
    pub noted: DateTime<Utc>,
    pub give_up_at: DateTime<Utc>,
}

impl Claimed {
    pub fn purpose(&self) -> String {
        subscription::purpose(self.organization, &Key::Uuid(self.webhook))
    }
}

/// Claims up to `free` deliveries. `running`: how many each endpoint has under way here.
pub fn due(
    conn: &mut PgConnection,
    settings: &config::Webhooks,
    claim: Uuid,
    running: &HashMap<i64, usize>,
    free: usize,
) -> Result<Vec<Claimed>, Error> {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let seconds = |time: Duration| Value::Integer(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    let mut sql = Sql::new();
    sql.raw("WITH busy AS (SELECT * FROM unnest(").bind(Value::Integers(running.keys().copied().collect())).raw(", ");
    sql.bind(Value::Integers(running.values().copied().map(number).collect()));
    sql.raw(
        ") AS busy (endpoint, running)), \
         due AS (SELECT one.organization_id, one.id FROM webhook_endpoint e LEFT JOIN busy ON busy.endpoint = e.id \
         CROSS JOIN LATERAL (SELECT d.organization_id, d.id, d.due_at FROM webhook_delivery d \
         JOIN webhook w ON w.organization_id = d.organization_id AND w.id = d.webhook_id AND w.enabled \
         AND w.owner_id = d.owner_id \
         JOIN app_user u ON u.organization_id = w.organization_id AND u.id = w.owner_id AND u.active \
         JOIN organization o ON o.id = w.organization_id AND o.enabled \
         WHERE d.organization_id = e.organization_id AND d.endpoint_id = e.id AND d.status = 'pending' \
         AND d.due_at <= now() AND d.pending_since > now() - make_interval(secs => ",
    );
    sql.bind(seconds(settings.give_up_after));
    sql.raw(
        ") AND NOT EXISTS (SELECT FROM webhook_delivery p \
         JOIN webhook pw ON pw.organization_id = p.organization_id AND pw.id = p.webhook_id AND pw.enabled \
         AND pw.owner_id = p.owner_id \
         WHERE p.organization_id = d.organization_id AND p.endpoint_id = d.endpoint_id AND p.resource = d.resource \
         AND p.record_id = d.record_id AND p.id < d.id AND p.status = 'pending') \
         ORDER BY d.due_at, d.id LIMIT GREATEST(0, CASE WHEN e.failures > 0 THEN 1 ELSE ",
    );
    sql.bind(Value::Integer(number(settings.concurrency_per_endpoint)));
    sql.raw(
        " END - COALESCE(busy.running, 0)) FOR UPDATE OF d SKIP LOCKED) AS one \
         WHERE e.paused_until IS NULL OR e.paused_until <= now() \
         ORDER BY COALESCE(busy.running, 0) + row_number() OVER (PARTITION BY e.organization_id, e.id \
         ORDER BY one.due_at, one.id), one.due_at, one.id LIMIT ",
    );
    sql.bind(Value::Integer(number(free))).raw(") UPDATE webhook_delivery d SET claim = ").bind(Value::Uuid(claim));
    sql.raw(", due_at = now() + make_interval(secs => ").bind(seconds(settings.timeout + settings.grace));
    sql.raw(
        "), attempts = d.attempts + 1, tries = d.tries + 1, last_attempt_at = clock_timestamp(), \
         first_attempt_at = COALESCE(d.first_attempt_at, clock_timestamp()) FROM due, webhook w \
         WHERE d.organization_id = due.organization_id AND d.id = due.id \
         AND w.organization_id = d.organization_id AND w.id = d.webhook_id \
         RETURNING d.organization_id, d.id, d.endpoint_id, w.owner_id, d.tries::bigint, d.message_id, w.id, d.topic, d.body, \
         w.notification_url, w.signature, w.secret, \
         CASE WHEN w.previous_secret_until > now() THEN w.previous_secret END, w.verify_ssl, d.attempts = 1, \
         d.created_at, d.pending_since, d.resource, d.record_id, d.sight",
    );
    let patience = TimeDelta::from_std(settings.give_up_after).unwrap_or(TimeDelta::MAX);
    sql.collect(conn, |row| {
        let number = |place| -> Result<i64, Error> { Ok(row.integer(place)?.unwrap_or_default()) };
        let text = |place| -> Result<String, Error> { Ok(row.text(place)?.unwrap_or_default()) };
        let uuid = |place| -> Result<Uuid, Error> { Ok(row.get::<st::Uuid, Uuid>(place)?.unwrap_or_default()) };
        let moment = |place| -> Result<DateTime<Utc>, Error> {
            Ok(row.get::<st::Timestamptz, DateTime<Utc>>(place)?.unwrap_or_default())
        };
        Ok(Claimed {
            organization: number(0)?,
            id: number(1)?,
            endpoint: number(2)?,
            owner: number(3)?,
            tries: u32::try_from(number(4)?).unwrap_or_default(),
            message: uuid(5)?,
            webhook: uuid(6)?,
            topic: text(7)?,
            body: text(8)?,
            url: text(9)?,
            scheme: if text(10)? == "standard" { Scheme::Standard } else { Scheme::Oro },
            secrets: [row.text(11)?, row.text(12)?].into_iter().flatten().collect(),
            verify: row.boolean(13)?.unwrap_or(true),
            first: row.boolean(14)?.unwrap_or_default(),
            noted: moment(15)?,
            give_up_at: moment(16)?.checked_add_signed(patience).unwrap_or(DateTime::<Utc>::MAX_UTC),
            resource: text(17)?,
            record: text(18)?,
            sight: row.text(19)?,
        })
    })
}

/// Gives back what was claimed and is not finished.
pub fn release(conn: &mut PgConnection, claim: Uuid) -> Result<(), Error> {
    let mut sql = Sql::new();
    sql.raw("UPDATE webhook_delivery SET claim = NULL, due_at = now() WHERE status = 'pending' AND claim = ");
    sql.bind(Value::Uuid(claim));
    sql.execute(conn)?;
    Ok(())
}
