//! What nobody asks for any more: pending deliveries whose time is over, finished ones that have been kept long enough, and
//! endpoints that nothing goes to.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::config;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::Error;

/// Rows in one statement.
pub const MANY: usize = 1000;

/// Gives up what was tried, or held back, for too long. The answer: how many, [`MANY`] at most.
pub fn give_up(conn: &mut PgConnection, settings: &config::Webhooks) -> Result<usize, Error> {
    let mut sql = Sql::new();
    sql.raw(
        "UPDATE webhook_delivery d SET status = 'failed', due_at = NULL, claim = NULL, updated_at = now(), \
         error = COALESCE(d.error || ' It was given up.', \
         CASE WHEN d.attempts = 0 THEN 'It was held back until it was too late.' ELSE 'It was given up.' END) \
         FROM (SELECT organization_id, id FROM webhook_delivery WHERE status = 'pending' \
         AND pending_since <= now() - make_interval(secs => ",
    );
    sql.bind(seconds(settings.give_up_after));
    sql.raw(") AND (claim IS NULL OR due_at <= now()) ORDER BY pending_since LIMIT ").number(MANY);
    sql.raw(" FOR UPDATE SKIP LOCKED) late WHERE d.organization_id = late.organization_id AND d.id = late.id");
    Ok(sql.execute(conn)?)
}

/// Deletes what has been kept long enough. The answer: how many, [`MANY`] at most.
pub fn clean(conn: &mut PgConnection, settings: &config::Webhooks) -> Result<usize, Error> {
    let mut sql = Sql::new();
    sql.raw(
        "DELETE FROM webhook_delivery d USING (SELECT organization_id, id FROM webhook_delivery \
         WHERE status <> 'pending' AND updated_at < now() - make_interval(secs => ",
    );
    sql.bind(seconds(settings.retention)).raw(") ORDER BY updated_at LIMIT ").number(MANY);
    sql.raw(" FOR UPDATE SKIP LOCKED) old WHERE d.organization_id = old.organization_id AND d.id = old.id");
    Ok(sql.execute(conn)?)
}

/// Deletes endpoints that no webhook and no delivery has any more. The answer: how many, [`MANY`] at most. A webhook that
/// takes one at this moment holds its row, and such a row is left.
pub fn endpoints(conn: &mut PgConnection) -> Result<usize, Error> {
    let mut sql = Sql::new();
    sql.raw(
        "DELETE FROM webhook_endpoint e USING (SELECT organization_id, id FROM webhook_endpoint one WHERE NOT EXISTS (\
         SELECT FROM webhook w WHERE w.organization_id = one.organization_id AND w.endpoint_id = one.id) AND NOT EXISTS (\
         SELECT FROM webhook_delivery d WHERE d.organization_id = one.organization_id AND d.endpoint_id = one.id) LIMIT ",
    );
    sql.number(MANY);
    sql.raw(" FOR UPDATE SKIP LOCKED) left_over WHERE e.organization_id = left_over.organization_id AND e.id = left_over.id");
    Ok(sql.execute(conn)?)
}

/// How many deliveries are pending.
pub fn pending(conn: &mut PgConnection) -> Result<i64, Error> {
    let count = sql::<BigInt>("(SELECT count(*) FROM webhook_delivery WHERE status = 'pending')");
    Ok(diesel::select(count).get_result(conn)?)
}

fn seconds(time: Duration) -> Value {
    Value::Integer(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}
