//! Callers of the storefront: customer users, who log in by e-mail address and password, and visitors, who do not.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Uuid as SqlUuid};
use uuid::Uuid;

use super::AccessError;
use super::account::Account;
use super::callers::read_networks;
use super::grant::{Login, lower};
use super::secret::random;
use super::subject::Subject;
use super::token::Claims;
use crate::acl::{Caller, CustomerUser, Locale, Permissions, Principal};
use crate::schema::{customer_user, customer_visitor, oauth_access_token, oauth_refresh_token};

/// The user name and the password with which a visitor asks for a token.
pub const GUEST: &str = "guest";

/// The customer user of that e-mail address. Guests have none to log in with.
pub fn login(conn: &mut PgConnection, organization: i64, email: &str) -> QueryResult<Option<Login>> {
    let found: Option<(i64, String, Option<String>)> = customer_user::table
        .filter(customer_user::organization_id.eq(organization).and(customer_user::is_guest.eq(false)))
        .filter(lower(customer_user::email).eq(lower(email)))
        .select((customer_user::id, customer_user::email, customer_user::password_hash))
        .first(conn)
        .optional()?;
    Ok(found.map(|(id, name, password_hash)| Login { subject: Subject::CustomerUser(id), name, password_hash }))
}

/// Counts a login. `None`: the password has changed since it was read.
pub fn logged_in(
    conn: &mut PgConnection,
    organization: i64,
    user: i64,
    login: &Login,
    now: DateTime<Utc>,
) -> QueryResult<Option<Account>> {
    let found = diesel::update(customer_user::table.find((organization, user)))
        .filter(customer_user::password_hash.is_not_distinct_from(&login.password_hash))
        .filter(customer_user::is_guest.eq(false))
        .set((customer_user::login_count.eq(customer_user::login_count + 1), customer_user::last_login.eq(now)))
        .returning((customer_user::enabled, customer_user::active, customer_user::confirmed))
        .get_result::<(bool, bool, bool)>(conn)
        .optional()?;
    Ok(found.map(|(enabled, active, confirmed)| Account::of(enabled, active, confirmed)))
}

/// The e-mail address of a customer user, and whether the account can be used. Guests have none.
pub fn account(conn: &mut PgConnection, organization: i64, user: i64) -> QueryResult<Option<(String, Account)>> {
    let found: Option<(String, bool, bool, bool)> = customer_user::table
        .find((organization, user))
        .filter(customer_user::is_guest.eq(false))
        .select((customer_user::email, customer_user::enabled, customer_user::active, customer_user::confirmed))
        .first(conn)
        .optional()?;
    Ok(found.map(|(email, enabled, active, confirmed)| (email, Account::of(enabled, active, confirmed))))
}

/// A new visitor: the subject of a token and its name, `visitor:{session id}`. Each removes a few of those who have not come
/// back for the lifetime of a refresh token, so the table stays as small as its use.
pub fn new_visitor(
    conn: &mut PgConnection,
    organization: i64,
    now: DateTime<Utc>,
    gone: DateTime<Utc>,
) -> Result<(Subject, String), AccessError> {
    let session = uuid::Builder::from_random_bytes(random()?).into_uuid();
    let id = diesel::insert_into(customer_visitor::table)
        .values((
            customer_visitor::organization_id.eq(organization),
            customer_visitor::session_id.eq(session),
            customer_visitor::first_visit.eq(now),
            customer_visitor::last_visit.eq(now),
        ))
        .returning(customer_visitor::id)
        .get_result(conn)?;
    let of_token = oauth_access_token::table.filter(
        oauth_access_token::organization_id
            .eq(customer_visitor::organization_id)
            .and(oauth_access_token::visitor_id.eq(customer_visitor::id.nullable())),
    );
    let of_refresh = oauth_refresh_token::table.filter(
        oauth_refresh_token::organization_id
            .eq(customer_visitor::organization_id)
            .and(oauth_refresh_token::visitor_id.eq(customer_visitor::id.nullable())),
    );
    let old: Vec<Uuid> = customer_visitor::table
        .filter(customer_visitor::last_visit.lt(gone))
        .filter(diesel::dsl::not(diesel::dsl::exists(of_token)))
        .filter(diesel::dsl::not(diesel::dsl::exists(of_refresh)))
        .order(customer_visitor::last_visit)
        .select(customer_visitor::session_id)
        .limit(4)
        .for_update()
        .skip_locked()
        .load(conn)?;
    if !old.is_empty() {
        diesel::delete(customer_visitor::table.filter(customer_visitor::session_id.eq_any(old))).execute(conn)?;
    }
    Ok((Subject::Visitor(id), visitor_name(session)))
}

/// The name of a visitor who comes back.
pub fn visitor_returns(
    conn: &mut PgConnection,
    organization: i64,
    visitor: i64,
    now: DateTime<Utc>,
) -> QueryResult<Option<String>> {
    let session = diesel::update(customer_visitor::table.find((organization, visitor)))
        .set(customer_visitor::last_visit.eq(now))
        .returning(customer_visitor::session_id)
        .get_result(conn)
        .optional()?;
    Ok(session.map(visitor_name))
}

fn visitor_name(session: Uuid) -> String {
    format!("visitor:{session}")
}

/// What a customer user may do, and for whom.
#[derive(Clone, Debug)]
pub struct Standing {
    pub user: CustomerUser,
    pub permissions: Permissions,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    organization_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    user_id: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    customer_id: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    visitor_id: Option<i64>,
    #[diesel(sql_type = Array<BigInt>)]
    division: Vec<i64>,
    #[diesel(sql_type = Array<Jsonb>)]
    roles: Vec<serde_json::Value>,
    #[diesel(sql_type = Array<Text>)]
    networks: Vec<String>,
}

impl Row {
    fn standing(self) -> Option<Standing> {
        let mut permissions = Permissions::default();
        self.roles.iter().for_each(|role| permissions.grant_all_of_customer_users(role));
        let user = CustomerUser { id: self.user_id?, customer: self.customer_id?, division: self.division };
        Some(Standing { user, permissions })
    }
}

/// From a CTE `who (organization_id, user_id, customer_id, visitor_id, networks)` to the standing.
macro_rules! standing_of {
    ($who:literal) => {
        concat!(
            "WITH RECURSIVE who AS (",
            $who,
            "), division AS (\
                SELECT organization_id, user_id, customer_id AS id FROM who WHERE customer_id IS NOT NULL \
                UNION SELECT below.organization_id, above.user_id, below.id FROM customer below \
                    JOIN division above ON below.organization_id = above.organization_id AND below.parent_id = above.id\
            ) SELECT organization_id, user_id, customer_id, visitor_id, networks, \
                ARRAY(SELECT id FROM division WHERE division.user_id = who.user_id ORDER BY id) AS division, \
                ARRAY(SELECT role.permissions FROM customer_user_customer_user_role link JOIN customer_user_role role \
                    ON role.organization_id = link.organization_id AND role.id = link.customer_user_role_id \
                    WHERE link.organization_id = who.organization_id AND link.customer_user_id = who.user_id) AS roles \
            FROM who"
        )
    };
}

const BY_TOKEN: &str = standing_of!(
    "SELECT token.organization_id, buyer.id AS user_id, buyer.customer_id, token.visitor_id, client.networks \
    FROM oauth_access_token token \
        JOIN oauth_client client ON client.organization_id = token.organization_id AND client.id = token.client_id \
        JOIN organization ON organization.id = token.organization_id \
        LEFT JOIN customer_user buyer \
            ON buyer.organization_id = token.organization_id AND buyer.id = token.customer_user_id \
    WHERE token.jti = $1 AND token.client_id = $2 AND client.api = $3 \
        AND token.revoked_at IS NULL AND token.expires_at > now() AND client.active AND organization.enabled \
        AND (token.visitor_id IS NOT NULL AND $4 OR buyer.active AND buyer.confirmed AND NOT buyer.is_guest) \
        AND (token.family IS NOT NULL OR client.owner_customer_user_id = token.customer_user_id)"
);

const BY_USERS: &str = standing_of!(
    "SELECT organization_id, id AS user_id, customer_id, NULL::bigint AS visitor_id, '{}'::text[] AS networks \
    FROM customer_user WHERE organization_id = $1 AND id = ANY($2)"
);

/// The caller that a verified token of the storefront stands for; `None` when it is no longer good.
pub fn load(conn: &mut PgConnection, claims: &Claims, visitors: bool) -> Result<Option<Caller>, AccessError> {
    let row = diesel::sql_query(BY_TOKEN)
        .bind::<SqlUuid, Uuid>(claims.jti)
        .bind::<Text, _>(&claims.aud)
        .bind::<Text, _>(&claims.api)
        .bind::<Bool, _>(visitors)
        .get_result::<Row>(conn)
        .optional()?;
    let Some(mut row) = row else { return Ok(None) };
    let networks = read_networks(&std::mem::take(&mut row.networks))?;
    let (organization, client) = (row.organization_id, claims.aud.clone());
    let locale = Locale::default();
    let caller = |principal, permissions| Caller { organization, principal, client, permissions, networks, locale };
    Ok(match row.visitor_id {
        Some(visitor) => Some(caller(Principal::Visitor(visitor), Permissions::default())),
        None => row.standing().map(|found| caller(Principal::CustomerUser(found.user), found.permissions)),
    })
}

/// What customer users may do, whether enabled or not, by their ids. Of an id that is not there the organization has no
/// customer user.
pub fn standings(
    conn: &mut PgConnection,
    organization: i64,
    users: &[i64],
) -> Result<HashMap<i64, Standing>, AccessError> {
    let rows = diesel::sql_query(BY_USERS)
        .bind::<BigInt, _>(organization)
        .bind::<Array<BigInt>, _>(users)
        .load::<Row>(conn)?;
    Ok(rows.into_iter().filter_map(Row::standing).map(|standing| (standing.user.id, standing)).collect())
}
