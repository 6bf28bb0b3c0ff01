//! What nobody asks for any more: pending deliveries whose time is over, and finished ones that have been kept long enough.

use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::config;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::error::Error;

/// Rows in one statement.
const MANY: usize = 1000;

/// Gives up what was tried, or held back, for too long. The answer: whether there may be more of it.
pub fn give_up(conn: &mut PgConnection) -> Result<bool, Error> {
    let mut sql = Sql::new();
    sql.raw(
        "UPDATE webhook_delivery d SET status = 'failed', due_at = NULL, claim = NULL, updated_at = now(), \
         error = COALESCE(d.error, 'It was held back until it was too late.') FROM (SELECT organization_id, id \
         FROM webhook_delivery WHERE status = 'pending' AND give_up_at <= now() \
         AND (claim IS NULL OR due_at <= now()) ORDER BY give_up_at LIMIT ",
    );
    sql.number(MANY)
        .raw(" FOR UPDATE SKIP LOCKED) late WHERE d.organization_id = late.organization_id AND d.id = late.id");
    Ok(sql.execute(conn)? == MANY)
}

/// Deletes what has been kept long enough. The answer: whether there may be more of it.
pub fn clean(conn: &mut PgConnection, settings: &config::Webhooks) -> Result<bool, Error> {
    let seconds = i64::try_from(settings.retention.as_secs()).unwrap_or(i64::MAX);
    let mut sql = Sql::new();
    sql.raw(
        "DELETE FROM webhook_delivery d USING (SELECT organization_id, id FROM webhook_delivery \
         WHERE status <> 'pending' AND updated_at < now() - make_interval(secs => ",
    );
    sql.bind(Value::Integer(seconds)).raw(") ORDER BY updated_at LIMIT ").number(MANY);
    sql.raw(" FOR UPDATE SKIP LOCKED) old WHERE d.organization_id = old.organization_id AND d.id = old.id");
    Ok(sql.execute(conn)? == MANY)
}

/// How many deliveries are pending.
pub fn pending(conn: &mut PgConnection) -> Result<i64, Error> {
    let count = sql::<BigInt>("(SELECT count(*) FROM webhook_delivery WHERE status = 'pending')");
    Ok(diesel::select(count).get_result(conn)?)
}
