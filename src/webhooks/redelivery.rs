//! Deliveries sent once more on demand.

use chrono::{DateTime, TimeDelta, Utc};
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

/// How long what was sent once more is tried: as long as the longest that the settings allow by default.
const PATIENCE: TimeDelta = TimeDelta::days(3);

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
    let mut sql = Sql::new();
    again(&mut sql, now);
    sql.raw(" WHERE organization_id = ").bind(Value::Integer(organization)).raw(" AND webhook_id = ");
    sql.bind(Value::from(webhook)).raw(" AND owner_id = (SELECT owner_id FROM webhook AS w WHERE w.organization_id = ");
    sql.bind(Value::Integer(organization))
        .raw(" AND w.id = ")
        .bind(Value::from(webhook))
        .raw(") AND created_at >= ")
        .bind(Value::DateTime(range.from));
    sql.raw(" AND created_at <= ").bind(Value::DateTime(range.to));
    sql.raw(" AND status <> 'pending' AND status = ANY(").bind(Value::Texts(range.statuses.clone())).raw(")");
    Ok(sql.execute(conn)?)
}

/// Makes one delivery pending again; the answer is its message's id. One that is pending is tried at once.
pub fn of_delivery(batch: &mut Batch<'_>, delivery: &Key) -> Result<Uuid, Errors> {
    let organization = batch.organization();
    if webhook_of(batch.conn, organization, delivery)?.is_none() {
        let detail =
            "The webhook of this delivery does not exist any more, or has another owner now: it cannot be sent.";
        return Err(Error::new(&CONFLICT, detail).into());
    }
    let mut sql = Sql::new();
    again(&mut sql, batch.context.now);
    sql.raw(" WHERE organization_id = ").bind(Value::Integer(organization)).raw(" AND id = ");
    sql.bind(Value::from(delivery)).raw(" AND claim IS NULL");
    sql.execute(batch.conn)?;
    let mut sql = Sql::new();
    sql.raw("SELECT message_id FROM webhook_delivery WHERE organization_id = ").bind(Value::Integer(organization));
    sql.raw(" AND id = ").bind(Value::from(delivery));
    let found = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.get::<st::Uuid, Uuid>(0)?) })?;
    Ok(found.into_iter().flatten().next().ok_or_else(Error::not_found)?)
}

fn again(sql: &mut Sql, now: DateTime<Utc>) {
    sql.raw("UPDATE webhook_delivery SET status = 'pending', tries = 0, claim = NULL, due_at = now(), updated_at = ");
    sql.bind(Value::DateTime(now)).raw(", give_up_at = ").bind(Value::DateTime(now + PATIENCE));
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
