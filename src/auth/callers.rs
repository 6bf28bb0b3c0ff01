//! From an access token's id to the caller: the token, its client, its user and the user's roles, as they are now.
//!
//! What is read holds for [`FRESH`]; the process that changes a user, a role, a unit or a client forgets at once
//! ([`CallerCache::clear`]). So a revocation takes effect within five seconds everywhere.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Text, Uuid as SqlUuid};
use moka::sync::Cache;
use uuid::Uuid;

use super::AccessError;
use super::api_keys::StoredKey;
use super::token::Claims;
use super::{Api, customer_users};
use crate::acl::{Caller, Locale, Permissions, Principal, User};
use crate::network::Networks;

/// How long a caller is taken for unchanged: less than the five seconds promised, by the time a slow read may take.
pub const FRESH: Duration = Duration::from_secs(4);
const REMEMBERED: u64 = 2_000;

/// What a token stood for a moment ago.
#[derive(Clone)]
pub struct Known {
    /// `None`: it is revoked, or its client or user is.
    pub caller: Option<Arc<Caller>>,
    /// The API that the token is for.
    pub api: String,
    token: Uuid,
    /// When the token expires, in seconds since 1970.
    expires: i64,
    read: Instant,
    generation: u64,
}

/// Callers of the last seconds, by the token's hash.
pub struct CallerCache {
    known: Cache<[u8; 32], Known>,
    /// When tokens were ended, for as long as they might be known. Not bounded in number: ending one takes a transaction.
    ended: Cache<Uuid, Instant>,
    generation: AtomicU64,
}

impl Default for CallerCache {
    fn default() -> CallerCache {
        let known = Cache::builder().max_capacity(REMEMBERED).time_to_live(FRESH).build();
        CallerCache { known, ended: Cache::builder().time_to_live(FRESH).build(), generation: AtomicU64::new(0) }
    }
}

impl CallerCache {
    /// What the token stands for, if that was read lately and nothing has been cleared since.
    pub fn get(&self, token: &[u8; 32]) -> Option<Known> {
        let known = self.known.get(token)?;
        let fresh = known.generation == self.generation.load(Ordering::Acquire) && known.read.elapsed() < FRESH;
        let fresh = fresh && self.ended.get(&known.token).is_none_or(|ended| ended < known.read);
        (fresh && known.expires > Utc::now().timestamp()).then_some(known)
    }

    /// A mark to take before reading, for [`CallerCache::put`].
    pub fn mark(&self) -> (u64, Instant) {
        (self.generation.load(Ordering::Acquire), Instant::now())
    }

    /// Remembers what was read after the mark was taken.
    pub fn put(&self, token: [u8; 32], mark: (u64, Instant), claims: &Claims, caller: Option<Arc<Caller>>) {
        let (generation, read) = mark;
        let (api, expires) = (claims.api.clone(), claims.exp);
        self.known.insert(token, Known { caller, api, token: claims.jti, expires, read, generation });
    }

    /// Forgets tokens: to be called after the commit that ended them.
    pub fn forget(&self, tokens: &[Uuid]) {
        let now = Instant::now();
        tokens.iter().for_each(|token| self.ended.insert(*token, now));
    }

    /// Forgets everything: to be called after the commit that changed a user, role, unit or client.
    pub fn clear(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }
}

/// What a user may do, and in which units.
#[derive(Clone, Debug)]
pub struct Standing {
    pub permissions: Permissions,
    /// The unit that owns the user.
    pub business_unit: i64,
    /// The units the user belongs to, that one included.
    pub business_units: Vec<i64>,
    /// Those and the units below them.
    pub division: Vec<i64>,
}

impl Standing {
    fn caller(self, organization: i64, id: i64, client: String, networks: Networks) -> Caller {
        let Standing { permissions, business_unit, business_units, division } = self;
        let principal = Principal::User(User { id, business_unit, business_units, division });
        Caller { organization, principal, client, permissions, networks, locale: Locale::default() }
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    organization_id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    owner_id: i64,
    #[diesel(sql_type = Array<BigInt>)]
    units: Vec<i64>,
    #[diesel(sql_type = Array<BigInt>)]
    division: Vec<i64>,
    #[diesel(sql_type = Array<Jsonb>)]
    roles: Vec<serde_json::Value>,
    #[diesel(sql_type = Array<Text>)]
    networks: Vec<String>,
}

impl Row {
    fn standing(self) -> Standing {
        let mut permissions = Permissions::default();
        self.roles.iter().for_each(|role| permissions.grant_all(role));
        Standing { permissions, business_unit: self.owner_id, business_units: self.units, division: self.division }
    }
}

/// From the users of a CTE `who (organization_id, user_id, owner_id, networks)` to their standing.
macro_rules! standing_of {
    ($who:literal) => {
        concat!(
            "WITH RECURSIVE who AS (",
            $who,
            "), unit AS (\
                SELECT organization_id, user_id, owner_id AS id FROM who \
                UNION SELECT organization_id, user_id, business_unit_id FROM who JOIN app_user_business_unit \
                    USING (organization_id, user_id)\
            ), division AS (\
                SELECT organization_id, user_id, id FROM unit \
                UNION SELECT below.organization_id, above.user_id, below.id FROM business_unit below \
                    JOIN division above ON below.organization_id = above.organization_id AND below.owner_id = above.id\
            ) SELECT organization_id, user_id, owner_id, networks, \
                ARRAY(SELECT id FROM unit WHERE unit.user_id = who.user_id ORDER BY id) AS units, \
                ARRAY(SELECT id FROM division WHERE division.user_id = who.user_id ORDER BY id) AS division, \
                ARRAY(SELECT role.permissions FROM app_user_held_role link JOIN user_role role \
                    ON role.organization_id = link.organization_id AND role.id = link.role_id \
                    WHERE link.organization_id = who.organization_id AND link.user_id = who.user_id) AS roles \
            FROM who"
        )
    };
}

const BY_TOKEN: &str = standing_of!(
    "SELECT token.organization_id, token.user_id, app_user.owner_id, client.networks FROM oauth_access_token token \
        JOIN oauth_client client ON client.organization_id = token.organization_id AND client.id = token.client_id \
        JOIN organization ON organization.id = token.organization_id \
        JOIN app_user ON app_user.organization_id = token.organization_id AND app_user.id = token.user_id \
    WHERE token.jti = $1 AND token.client_id = $2 AND client.api = $3 \
        AND token.revoked_at IS NULL AND token.expires_at > now() \
        AND client.active AND organization.enabled AND app_user.active \
        AND (token.family IS NOT NULL OR client.owner_user_id = token.user_id)"
);

const BY_USERS: &str = standing_of!(
    "SELECT organization_id, id AS user_id, owner_id, '{}'::text[] AS networks FROM app_user WHERE organization_id = $1 AND id = ANY($2)"
);

const BY_CLIENT: &str = standing_of!(
    "SELECT app_user.organization_id, app_user.id AS user_id, app_user.owner_id, '{}'::text[] AS networks FROM app_user \
        JOIN organization ON organization.id = app_user.organization_id \
    WHERE app_user.organization_id = $1 AND app_user.id = $2 AND app_user.active AND organization.enabled AND (\
        EXISTS (SELECT FROM oauth_client client WHERE client.organization_id = $1 AND client.id = $3 AND client.active) \
        OR EXISTS (SELECT FROM api_key WHERE api_key.organization_id = $1 AND 'apikey-' || api_key.id = $3 \
            AND api_key.user_id = $2 AND api_key.revoked_at IS NULL))"
);

/// The caller that a verified token stands for; `None` when the token, its client or its principal is no longer good.
/// `visitors`: whether there may be any.
pub fn load(conn: &mut PgConnection, claims: &Claims, visitors: bool) -> Result<Option<Caller>, AccessError> {
    if claims.api == Api::Storefront.name() {
        return customer_users::load(conn, claims, visitors);
    }
    let row = diesel::sql_query(BY_TOKEN)
        .bind::<SqlUuid, Uuid>(claims.jti)
        .bind::<Text, _>(&claims.aud)
        .bind::<Text, _>(&claims.api)
        .get_result::<Row>(conn)
        .optional()?;
    row.map(|mut row| {
        let (organization, user) = (row.organization_id, row.user_id);
        let networks = read_networks(&std::mem::take(&mut row.networks))?;
        Ok(row.standing().caller(organization, user, claims.aud.clone(), networks))
    })
    .transpose()
}

/// The caller that an API key stands for. The user was found active; its rights are as they are now.
pub fn load_user(conn: &mut PgConnection, key: &StoredKey) -> Result<Option<Caller>, AccessError> {
    user(conn, key.organization, key.user, &format!("apikey-{}", key.id))
}

/// The caller that a user is, under a client's name that is none of a client; `None` when the organization has no such user.
pub fn user(
    conn: &mut PgConnection,
    organization: i64,
    user: i64,
    client: &str,
) -> Result<Option<Caller>, AccessError> {
    let standing = standing(conn, organization, user)?;
    Ok(standing.map(|standing| standing.caller(organization, user, client.to_owned(), Networks::default())))
}

/// A user who acts through a client or API key later than the request that asked for it, with the rights as they are now;
/// `None` when the user, the client or the organization is not good any more.
pub fn load_acting(
    conn: &mut PgConnection,
    organization: i64,
    user: i64,
    client: &str,
) -> Result<Option<Caller>, AccessError> {
    let row = diesel::sql_query(BY_CLIENT)
        .bind::<BigInt, _>(organization)
        .bind::<BigInt, _>(user)
        .bind::<Text, _>(client)
        .get_result::<Row>(conn)
        .optional()?;
    Ok(row.map(|row| row.standing().caller(organization, user, client.to_owned(), Networks::default())))
}

/// The networks of a client as they are stored.
pub(super) fn read_networks(stored: &[String]) -> Result<Networks, AccessError> {
    Networks::read(stored.iter().map(String::as_str))
        .map_err(|error| AccessError::broken(format!("the allowed networks of a client: {error}")))
}

/// What a user may do, whether let in or not; `None` when the organization has no such user.
pub fn standing(conn: &mut PgConnection, organization: i64, user: i64) -> Result<Option<Standing>, AccessError> {
    Ok(standings(conn, organization, &[user])?.remove(&user))
}

/// What users may do, whether let in or not, by their ids. Of an id that is not there the organization has no user.
pub fn standings(
    conn: &mut PgConnection,
    organization: i64,
    users: &[i64],
) -> Result<HashMap<i64, Standing>, AccessError> {
    let rows = diesel::sql_query(BY_USERS)
        .bind::<BigInt, _>(organization)
        .bind::<Array<BigInt>, _>(users)
        .load::<Row>(conn)?;
    Ok(rows.into_iter().map(|row| (row.user_id, row.standing())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(exp: i64) -> Claims {
        let (aud, sub, api) = ("erp".to_owned(), String::new(), "admin".to_owned());
        Claims { aud, jti: Uuid::nil(), iat: 0, nbf: 0, exp, sub, scopes: Vec::new(), api }
    }

    #[test]
    fn what_was_read_before_a_change_is_not_remembered_after_it() {
        let (cache, later) = (CallerCache::default(), Utc::now().timestamp() + 60);
        let mark = cache.mark();
        cache.clear();
        cache.put([1; 32], mark, &claims(later), None);
        assert!(cache.get(&[1; 32]).is_none());
        cache.put([1; 32], cache.mark(), &claims(later), None);
        assert!(cache.get(&[1; 32]).is_some());
        cache.clear();
        assert!(cache.get(&[1; 32]).is_none());
    }

    #[test]
    fn a_token_that_was_ended_is_forgotten_and_no_other() {
        let (cache, later) = (CallerCache::default(), Utc::now().timestamp() + 60);
        let of = |jti| Claims { jti, ..claims(later) };
        let (ended, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let early = cache.mark();
        cache.put([1; 32], early, &of(ended), None);
        cache.put([2; 32], early, &of(other), None);
        cache.forget(&[ended]);
        assert!(cache.get(&[1; 32]).is_none() && cache.get(&[2; 32]).is_some());
        // What was read before the end comes late.
        cache.put([1; 32], early, &of(ended), None);
        assert!(cache.get(&[1; 32]).is_none());
        cache.put([1; 32], cache.mark(), &of(ended), None);
        assert!(cache.get(&[1; 32]).is_some());
    }

    /// "within five seconds in every process": a second is left for a slow read.
    #[test]
    fn a_caller_is_read_again_after_four_seconds() {
        assert!(FRESH <= Duration::from_secs(4));
        let (cache, later) = (CallerCache::default(), Utc::now().timestamp() + 60);
        let (generation, now) = cache.mark();
        cache.put([1; 32], (generation, now - FRESH), &claims(later), None);
        assert!(cache.get(&[1; 32]).is_none());
    }

    #[test]
    fn an_expired_token_is_not_remembered() {
        let cache = CallerCache::default();
        cache.put([1; 32], cache.mark(), &claims(Utc::now().timestamp()), None);
        assert!(cache.get(&[1; 32]).is_none());
    }
}
