//! What a subscription has beside its record: its endpoint, its deliveries, its secrets.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::sql_types::Timestamptz;

use crate::commerce::rights;
use crate::engine::key::Key;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::engine::write::Batch;
use crate::error::{Error, Errors};

/// What the secrets of a subscription are sealed for.
pub fn purpose(organization: i64, webhook: &Key) -> String {
    format!("webhook:{organization}:{webhook}")
}

/// Gives subscriptions the endpoint of their URL, and sends there what is still to be sent. The endpoint's row is held, so
/// that it is not swept away meanwhile.
pub fn connect(conn: &mut PgConnection, organization: i64, webhooks: &[Key]) -> Result<(), Error> {
    if webhooks.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new();
    sql.raw("INSERT INTO webhook_endpoint (organization_id, url) SELECT DISTINCT organization_id, notification_url FROM webhook");
    of_webhooks(&mut sql, "id", organization, webhooks).raw(" ORDER BY notification_url");
    sql.raw(" ON CONFLICT (organization_id, url) DO UPDATE SET url = excluded.url");
    sql.execute(conn)?;
    let mut sql = Sql::new();
    sql.raw("UPDATE webhook SET endpoint_id = (SELECT endpoint.id FROM webhook_endpoint endpoint WHERE endpoint.organization_id = webhook.organization_id AND endpoint.url = webhook.notification_url)");
    of_webhooks(&mut sql, "id", organization, webhooks);
    sql.execute(conn)?;
    let mut sql = Sql::new();
    sql.raw(
        "UPDATE webhook_delivery d SET endpoint_id = w.endpoint_id, notification_url = w.notification_url FROM webhook w \
         WHERE w.organization_id = d.organization_id AND w.id = d.webhook_id AND d.status = 'pending' AND d.organization_id = ",
    );
    sql.bind(Value::Integer(organization)).raw(" AND d.webhook_id = ANY(").bind(key_array(webhooks)).raw(")");
    sql.execute(conn)?;
    Ok(())
}

/// Whether one of the subscriptions belongs to the system.
pub fn any_of_the_system(conn: &mut PgConnection, organization: i64, webhooks: &[Key]) -> Result<bool, Error> {
    let mut sql = Sql::new();
    sql.raw("SELECT 1::bigint FROM webhook");
    of_webhooks(&mut sql, "id", organization, webhooks).raw(" AND system LIMIT 1");
    Ok(!sql.collect(conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?.is_empty())
}

/// Parts deliveries from subscriptions that go: what is still to be sent is dropped, what came of the others stays.
pub fn detach(conn: &mut PgConnection, organization: i64, webhooks: &[Key]) -> Result<(), Error> {
    let mut sql = Sql::new();
    sql.raw(
        "UPDATE webhook_delivery SET webhook_id = NULL, body = '', claim = NULL, due_at = NULL, updated_at = now(), \
         error = CASE status WHEN 'pending' THEN 'The webhook was deleted.' ELSE error END, \
         status = CASE status WHEN 'pending' THEN 'dropped' ELSE status END",
    );
    of_webhooks(&mut sql, "webhook_id", organization, webhooks);
    sql.execute(conn)?;
    Ok(())
}

/// Removes what is left of deliveries to subscriptions that users had, before they are deleted.
pub fn forget_users(conn: &mut PgConnection, organization: i64, users: &[i64]) -> Result<(), Error> {
    let mut sql = Sql::new();
    sql.raw("DELETE FROM webhook_delivery WHERE organization_id = ").bind(Value::Integer(organization));
    sql.raw(" AND owner_id = ANY(").bind(Value::Integers(users.to_vec())).raw(") AND status <> 'pending'");
    sql.execute(conn)?;
    Ok(())
}

/// Puts a sealed secret in the place of the former one, which stays good until then, if at all. The answer: until when it
/// does, if there was one.
pub fn rotate(
    conn: &mut PgConnection,
    organization: i64,
    webhook: &Key,
    sealed: String,
    until: Option<DateTime<Utc>>,
) -> Result<Option<DateTime<Utc>>, Error> {
    let mut sql = Sql::new();
    sql.raw("UPDATE webhook SET previous_secret_until = CASE WHEN secret IS NOT NULL THEN ");
    sql.bind(until.map_or(Value::Null, Value::DateTime)).raw("::timestamptz END, previous_secret = ");
    sql.raw(if until.is_some() { "secret" } else { "NULL" }).raw(", secret = ").bind(Value::Text(sealed));
    of_webhooks(&mut sql, "id", organization, std::slice::from_ref(webhook)).raw(" RETURNING previous_secret_until");
    let stored = sql.collect(conn, |row| -> Result<_, Error> { Ok(row.get::<Timestamptz, DateTime<Utc>>(0)?) })?;
    Ok(stored.into_iter().next().flatten())
}

/// Refuses a subscription whose owner may do more than the caller.
pub fn check_owner(batch: &mut Batch<'_>, webhook: &Key) -> Result<(), Errors> {
    let organization = batch.organization();
    let mut sql = Sql::new();
    sql.raw("SELECT owner_id FROM webhook");
    of_webhooks(&mut sql, "id", organization, std::slice::from_ref(webhook));
    let owners = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?;
    let caller = batch.context.caller;
    let own = caller.user().map(|user| user.id);
    let others: Vec<Key> = owners.into_iter().flatten().filter(|id| Some(*id) != own).map(Key::Integer).collect();
    Ok(rights::check_users(batch.conn, caller, &others)?)
}

/// ` WHERE organization_id = $1 AND <column> = ANY($2)`
fn of_webhooks<'s>(sql: &'s mut Sql, column: &'static str, organization: i64, webhooks: &[Key]) -> &'s mut Sql {
    sql.raw(" WHERE organization_id = ").bind(Value::Integer(organization)).raw(" AND ").raw(column);
    sql.raw(" = ANY(").bind(key_array(webhooks)).raw(")")
}
