//! The rows of the table `idempotency_key`.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text, Timestamptz};

use super::sealed::Sealed;
use super::{Claim, LIFETIME, in_use};
use crate::db::is_lock_timeout;
use crate::error::Error;
use crate::schema::idempotency_key::dsl;

/// Milliseconds that a request waits for the first one with its key: most are done by then, and it gets their answer.
const PATIENCE: &str = "100";

/// A key that has an answer.
pub(super) struct Stored {
    pub fingerprint: Vec<u8>,
    pub answer: Sealed,
}

/// Takes the key for this transaction. `false`: it has an answer. 409 while another transaction holds it.
///
/// One statement: its condition sets the short timeout before the row is tried, what it returns sets the usual one again.
pub(super) fn claim(conn: &mut PgConnection, claim: &Claim, now: DateTime<Utc>) -> Result<bool, Error> {
    let usual = claim.app.config.database.lock_timeout.as_millis().to_string();
    let taken = diesel::sql_query(
        "INSERT INTO idempotency_key AS own (organization_id, client, principal, key, fingerprint, claimed_at) \
         SELECT $1, $2, $3, $4, $5, $6 WHERE set_config('lock_timeout', $7, true) IS NOT NULL \
         ON CONFLICT (organization_id, client, principal, key) DO UPDATE \
         SET fingerprint = excluded.fingerprint, claimed_at = excluded.claimed_at, status = NULL, headers = NULL, body = NULL \
         WHERE own.claimed_at <= $8 RETURNING set_config('lock_timeout', $9, true)",
    )
    .bind::<BigInt, _>(claim.caller.organization)
    .bind::<Text, _>(&claim.caller.client)
    .bind::<Text, _>(claim.principal())
    .bind::<Text, _>(&claim.key.0)
    .bind::<Binary, _>(&claim.fingerprint)
    .bind::<Timestamptz, _>(now)
    .bind::<Text, _>(PATIENCE)
    .bind::<Timestamptz, _>(now - LIFETIME)
    .bind::<Text, _>(usual)
    .execute(conn);
    match taken {
        Err(error) if is_lock_timeout(&error) => Err(in_use()),
        taken => Ok(taken? > 0),
    }
}

/// What is stored under the key.
pub(super) fn find(conn: &mut PgConnection, claim: &Claim) -> QueryResult<Option<Stored>> {
    type Row = (Vec<u8>, Option<i16>, Option<serde_json::Value>, Option<Vec<u8>>);
    let own = dsl::idempotency_key.find(id(claim));
    let row: Option<Row> =
        own.select((dsl::fingerprint, dsl::status, dsl::headers, dsl::body)).first(conn).optional()?;
    Ok(row.and_then(|(fingerprint, status, headers, body)| {
        Some(Stored { fingerprint, answer: Sealed { status: status?, headers: headers?, body: body? } })
    }))
}

/// Stores the answer under the key that this transaction has claimed.
pub(super) fn keep(conn: &mut PgConnection, claim: &Claim, answer: Sealed) -> QueryResult<()> {
    diesel::update(dsl::idempotency_key.find(id(claim)))
        .set((dsl::status.eq(answer.status), dsl::headers.eq(answer.headers), dsl::body.eq(answer.body)))
        .execute(conn)
        .map(drop)
}

/// Removes up to `limit` keys whose day is over, in the caller's transaction; says how many there were. Called until
/// there are fewer than the limit.
pub fn sweep(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM idempotency_key AS own USING ( \
             SELECT organization_id, client, principal, key FROM idempotency_key \
             WHERE claimed_at <= $1 ORDER BY claimed_at LIMIT $2 FOR UPDATE SKIP LOCKED \
         ) AS old \
         WHERE own.organization_id = old.organization_id AND own.client = old.client \
         AND own.principal = old.principal AND own.key = old.key",
    )
    .bind::<Timestamptz, _>(now - LIFETIME)
    .bind::<BigInt, _>(limit)
    .execute(conn)
}

fn id(claim: &Claim) -> (i64, String, String, String) {
    (claim.caller.organization, claim.caller.client.clone(), claim.principal(), claim.key.0.clone())
}
