//! How much of the server a client's batches may take, and an organization's: bytes that are stored, and operations that
//! have not ended. A body that is coming in counts for both.
//!
//! What is asked for is stored first and counted then, under a lock of the organization that lasts as long as the
//! transaction: of two requests that only one has room for, one is refused. Bodies whose pieces come in at the same time may
//! refuse each other.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::metrics;
use crate::config::Batch;
use crate::error::{BODY_TOO_LARGE, Error, QUOTA_EXCEEDED};

/// Seconds after which an operation has probably ended, and after which what is stored has probably become less; the
/// latter where nothing is under way.
const SOON: u32 = 5;
const LATER: u32 = 30;
const MUCH_LATER: u32 = 3600;

/// Whose batches are counted.
#[derive(Clone, Debug)]
pub struct Owner {
    pub organization: i64,
    /// The identifier of the client, or that of the API key.
    pub client: String,
}

const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('batch quota', $1))";

const USED: &str = "
    SELECT count(*) FILTER (WHERE open) AS organization_operations,
        count(*) FILTER (WHERE open AND client = $2) AS client_operations,
        coalesce(sum(bytes), 0)::bigint AS organization_bytes,
        coalesce(sum(bytes) FILTER (WHERE client = $2), 0)::bigint AS client_bytes
    FROM (
        SELECT client, stored_bytes, ended_at IS NULL FROM async_operation
        WHERE organization_id = $1 AND (ended_at IS NULL OR stored_bytes > 0)
        UNION ALL
        SELECT client, stored_bytes, true FROM batch_body WHERE organization_id = $1 AND NOT complete
    ) AS taken (client, bytes, open)";

/// What batches take, that of the request included.
#[derive(Clone, Copy, QueryableByName)]
struct Used {
    #[diesel(sql_type = BigInt)]
    organization_operations: i64,
    #[diesel(sql_type = BigInt)]
    client_operations: i64,
    #[diesel(sql_type = BigInt)]
    organization_bytes: i64,
    #[diesel(sql_type = BigInt)]
    client_bytes: i64,
}

/// Refuses what the transaction has stored for a request, if it is too much (429). `bytes`: those of this request's body;
/// more than the limit by itself is 413.
pub fn check(conn: &mut PgConnection, owner: &Owner, settings: &Batch, bytes: i64) -> Result<(), Error> {
    let Owner { organization, client } = owner;
    diesel::sql_query(LOCK).bind::<BigInt, _>(*organization).execute(conn)?;
    let used: Used =
        diesel::sql_query(USED).bind::<BigInt, _>(*organization).bind::<Text, _>(client).get_result(conn)?;
    let of_client = format!("the client \"{client}\"");
    let of_organization = "the organization".to_owned();
    for (whose, used, limit, key) in [
        (&of_client, used.client_operations, settings.client_operations, "batch.client_operations"),
        (
            &of_organization,
            used.organization_operations,
            settings.organization_operations,
            "batch.organization_operations",
        ),
    ] {
        if exceeds(used, limit) {
            return Err(too_many(whose, used, limit, key));
        }
    }
    let wait = if used.organization_operations > 1 { LATER } else { MUCH_LATER };
    for (whose, used, limit, key) in [
        (&of_client, used.client_bytes, settings.client_bytes, "batch.client_bytes"),
        (&of_organization, used.organization_bytes, settings.organization_bytes, "batch.organization_bytes"),
    ] {
        if exceeds(bytes, limit) {
            let text = format!(
                "The body takes more than {limit} bytes packed, the limit of this server ({key}): send it in parts."
            );
            return Err(Error::new(&BODY_TOO_LARGE, text));
        }
        if exceeds(used, limit) {
            return Err(too_large(whose, used, limit, key, settings, wait));
        }
    }
    Ok(())
}

/// 0: there is no limit.
fn exceeds(used: i64, limit: u64) -> bool {
    limit > 0 && u64::try_from(used).is_ok_and(|used| used > limit)
}

fn too_many(whose: &str, used: i64, limit: u64, key: &'static str) -> Error {
    refused(
        key,
        format!(
            "With this one {whose} would have {used} operations that have not ended, and the limit is {limit} ({key}). \
             Wait until some have ended, or cancel one."
        ),
        SOON,
    )
}

fn too_large(whose: &str, used: i64, limit: u64, key: &'static str, settings: &Batch, wait: u32) -> Error {
    let days = settings.retention.as_secs() / 86_400;
    refused(
        key,
        format!(
            "With this body the batches of {whose} would take {used} bytes of storage, packed, and the limit is {limit} \
             ({key}). Wait until operations have ended: then only the records that failed are kept, for {days} days."
        ),
        wait,
    )
}

fn refused(key: &'static str, text: String, wait: u32) -> Error {
    metrics::refused(key);
    Error { retry_after: Some(wait), ..Error::new(&QUOTA_EXCEEDED, text) }
}
