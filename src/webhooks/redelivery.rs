//! Deliveries sent once more on demand.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::sql_types as st;
use uuid::Uuid;

use crate::engine::key::Key;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::{CONFLICT, Error, Errors};

/// What can be sent once more.
pub const FINISHED: [&str; 3] = ["delivered", "dropped", "failed"];

/// Which deliveries of a webhook.
pub struct Range {
    /// When they were noted: from this moment on.
    pub from: DateTime<Utc>,
    /// And not after this one.
    pub to: DateTime<Utc>,
    pub statuses: Vec<String>,
}

/// Makes deliveries of a webhook pending again, those of its present owner; the answer is their number.
pub fn of_webhook(
    conn: &mut PgConnection,
    organization: i64,
    webhook: &Key,
    range: &Range,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let mut sql = again(organization, now);
    sql.raw(" AND w.id = ").bind(Value::from(webhook)).raw(" AND d.created_at >= ").bind(Value::DateTime(range.from));
    sql.raw(" AND d.created_at <= ").bind(Value::DateTime(range.to));
    sql.raw(" AND d.status <> 'pending' AND d.status = ANY(").bind(Value::Texts(range.statuses.clone())).raw(")");
    let count = sql.execute(conn)?;
    let mut sql = resume(organization);
    sql.raw(" AND w.id = ").bind(Value::from(webhook));
    sql.execute(conn)?;
    Ok(count)
}

/// Makes one delivery pending again; the answer is its message's id. One that is pending is tried at once.
pub fn of_delivery(batch: &mut Batch<'_>, delivery: &Key) -> Result<Uuid, Errors> {
    let organization = batch.organization();
    if webhook_of(batch.conn, organization, delivery)?.is_none() {
        let detail =
            "The webhook of this delivery does not exist any more, or has another owner now: it cannot be sent.";
        return Err(Error::new(&CONFLICT, detail).into());
    }
    let mut sql = again(organization, batch.context.now);
    sql.raw(" AND d.id = ").bind(Value::from(delivery)).raw(" AND d.claim IS NULL");
    sql.execute(batch.conn)?;
    let mut sql = resume(organization);
    sql.raw(" AND w.id = (SELECT d.webhook_id FROM webhook_delivery d WHERE d.organization_id = w.organization_id AND d.id = ");
    sql.bind(Value::from(delivery)).raw(")");
    sql.execute(batch.conn)?;
    let mut sql = Sql::new();
    sql.raw("SELECT message_id FROM webhook_delivery WHERE organization_id = ").bind(Value::Integer(organization));
    sql.raw(" AND id = ").bind(Value::from(delivery));
    let found = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.get::<st::Uuid, Uuid>(0)?) })?;
    Ok(found.into_iter().flatten().next().ok_or_else(Error::not_found)?)
}

/// Deliveries `d` of webhooks `w` are pending from now on, to where the webhook goes now.
fn again(organization: i64, now: DateTime<Utc>) -> Sql {
    let mut sql = Sql::new();
    sql.raw(
        "UPDATE webhook_delivery d SET status = 'pending', tries = 0, claim = NULL, due_at = now(), \
         pending_since = now(), endpoint_id = w.endpoint_id, notification_url = w.notification_url, updated_at = ",
    );
    sql.bind(Value::DateTime(now));
    sql.raw(
        " FROM webhook w WHERE w.organization_id = d.organization_id AND w.id = d.webhook_id \
         AND w.owner_id = d.owner_id AND d.organization_id = ",
    );
    sql.bind(Value::Integer(organization));
    sql
}

/// An endpoint of webhooks `w` that is paused is tried at once: whoever sends something again believes that it is back.
fn resume(organization: i64) -> Sql {
    let mut sql = Sql::new();
    sql.raw(
        "UPDATE webhook_endpoint e SET paused_until = NULL FROM webhook w WHERE w.organization_id = e.organization_id \
         AND w.endpoint_id = e.id AND e.paused_until IS NOT NULL AND e.organization_id = ",
    );
    sql.bind(Value::Integer(organization));
    sql
}

/// The webhook that would send it.
fn webhook_of(conn: &mut PgConnection, organization: i64, delivery: &Key) -> Result<Option<Uuid>, Error> {
    let mut sql = Sql::new();
    sql.raw("SELECT w.id FROM webhook_delivery d JOIN webhook w ON w.organization_id = d.organization_id ");
    sql.raw("AND w.id = d.webhook_id AND w.owner_id = d.owner_id WHERE d.organization_id = ");
    sql.bind(Value::Integer(organization)).raw(" AND d.id = ").bind(Value::from(delivery));
    let found = sql.collect(conn, |row| -> Result<_, Error> { Ok(row.get::<st::Uuid, Uuid>(0)?) })?;
    Ok(found.into_iter().flatten().next())
}
