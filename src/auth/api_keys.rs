//! API keys of users, for the scheme `WSSE`: made, listed, revoked by the operator; found by user name; their nonces.
//!
//! A key belongs to a user and an organization. Digests need it in clear, so it is kept encrypted under the server's key.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::AccessError;
use super::grant::lower;
use super::secret::{ServerKey, random_text, sha256};
use crate::schema::{api_key, api_key_nonce, app_user, organization};

/// How long a used nonce is kept beyond its header's time, for processes whose clocks differ.
const KEPT_SECONDS: i64 = 60;

/// A key as it is stored.
#[derive(Queryable)]
pub struct StoredKey {
    pub organization: i64,
    pub id: i64,
    pub user: i64,
    sealed: Vec<u8>,
    sealed_key_id: String,
}

impl StoredKey {
    /// The key in clear.
    pub fn open(&self, server: &ServerKey) -> Result<String, AccessError> {
        let bytes = server.open(&purpose(self.organization, self.id), &self.sealed_key_id, &self.sealed)?;
        String::from_utf8(bytes).map_err(|_| AccessError::broken("an API key is no text"))
    }
}

/// A key as `apikey list` shows it.
#[derive(Queryable)]
pub struct KeyRow {
    pub id: i64,
    pub username: String,
    pub organization: String,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

fn purpose(organization: i64, id: i64) -> String {
    format!("api-key:{organization}:{id}")
}

/// Makes a key for a user: its id and text. The text is shown this once.
pub fn create(
    conn: &mut PgConnection,
    server: &ServerKey,
    organization: i64,
    user: i64,
) -> Result<(i64, String), AccessError> {
    let key = random_text()?;
    let id: i64 =
        diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>("nextval('api_key_id_seq')")).get_result(conn)?;
    let stored = diesel::insert_into(api_key::table)
        .values((
            api_key::organization_id.eq(organization),
            api_key::id.eq(id),
            api_key::user_id.eq(user),
            api_key::sealed.eq(server.seal(&purpose(organization, id), key.as_bytes())?),
            api_key::sealed_key_id.eq(server.id()),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    if stored == 0 {
        return Err(AccessError::refused(
            "the user has a key already; `entrepot apikey list` shows it, `entrepot apikey revoke` ends it",
        ));
    }
    Ok((id, key))
}

/// Every key of the installation, by organization and user.
pub fn list(conn: &mut PgConnection) -> Result<Vec<KeyRow>, AccessError> {
    let user = app_user::organization_id.eq(api_key::organization_id).and(app_user::id.eq(api_key::user_id));
    let rows = api_key::table
        .inner_join(app_user::table.on(user))
        .inner_join(organization::table.on(organization::id.eq(api_key::organization_id)))
        .order((organization::name, app_user::username, api_key::id))
        .select((api_key::id, app_user::username, organization::name, api_key::created_at, api_key::revoked_at))
        .load(conn)?;
    Ok(rows)
}

/// Revokes a key: it is refused from the next request on, in every process.
pub fn revoke(conn: &mut PgConnection, id: i64) -> Result<(), AccessError> {
    let revoked = diesel::update(api_key::table.filter(api_key::id.eq(id).and(api_key::revoked_at.is_null())))
        .set(api_key::revoked_at.eq(Utc::now()))
        .execute(conn)?;
    if revoked == 0 {
        return Err(AccessError::refused(format!("there is no key {id} in force; `entrepot apikey list` shows them")));
    }
    Ok(())
}

/// The keys in force of the users of that name, where the user is active and the organization enabled.
pub fn of_user(conn: &mut PgConnection, username: &str) -> Result<Vec<StoredKey>, AccessError> {
    let user = app_user::organization_id.eq(api_key::organization_id).and(app_user::id.eq(api_key::user_id));
    let keys = api_key::table
        .inner_join(app_user::table.on(user))
        .inner_join(organization::table.on(organization::id.eq(api_key::organization_id)))
        .filter(lower(app_user::username).eq(lower(username)))
        .filter(api_key::revoked_at.is_null().and(app_user::active).and(organization::enabled))
        .order(api_key::id)
        .select((api_key::organization_id, api_key::id, api_key::user_id, api_key::sealed, api_key::sealed_key_id))
        .load(conn)?;
    Ok(keys)
}

/// Marks a nonce as used, until its header has expired; false when it was used before. Removes a few that have expired.
pub fn use_nonce(
    conn: &mut PgConnection,
    key: &StoredKey,
    nonce: &[u8],
    good_until: DateTime<Utc>,
) -> Result<bool, AccessError> {
    let stored = diesel::insert_into(api_key_nonce::table)
        .values((
            api_key_nonce::organization_id.eq(key.organization),
            api_key_nonce::key_id.eq(key.id),
            api_key_nonce::nonce.eq(sha256(nonce).as_slice()),
            api_key_nonce::expires_at.eq(good_until + TimeDelta::seconds(KEPT_SECONDS)),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    let old: Vec<(i64, i64, Vec<u8>)> = api_key_nonce::table
        .filter(api_key_nonce::expires_at.lt(Utc::now()))
        .order(api_key_nonce::expires_at)
        .select((api_key_nonce::organization_id, api_key_nonce::key_id, api_key_nonce::nonce))
        .limit(4)
        .for_update()
        .skip_locked()
        .load(conn)?;
    for expired in old {
        diesel::delete(api_key_nonce::table.find(expired)).execute(conn)?;
    }
    Ok(stored == 1)
}

/// Removes the keys of a user, before the user is deleted.
pub fn forget_users(conn: &mut PgConnection, organization: i64, users: &[i64]) -> QueryResult<()> {
    let of_users = api_key::organization_id.eq(organization).and(api_key::user_id.eq_any(users));
    let ids: Vec<i64> = api_key::table.filter(of_users).select(api_key::id).load(conn)?;
    let nonces = api_key_nonce::table
        .filter(api_key_nonce::organization_id.eq(organization).and(api_key_nonce::key_id.eq_any(&ids)));
    diesel::delete(nonces).execute(conn)?;
    let keys = api_key::table.filter(api_key::organization_id.eq(organization).and(api_key::id.eq_any(&ids)));
    diesel::delete(keys).execute(conn).map(drop)
}
