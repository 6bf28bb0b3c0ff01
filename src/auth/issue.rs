//! Tokens made, ended and forgotten.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::clients::Client;
use super::oauth2::Issued;
use super::secret::{random, random_text};
use super::subject::{Subject, Subjects};
use super::token::{Claims, sign};
use super::{AccessError, Auth, code, consent};
use crate::schema::{oauth_access_token, oauth_refresh_token};

/// What refresh tokens are hashed for.
pub(super) const REFRESH: &str = "refresh-token";

/// Ends every token that came of one login. A refresh that is under way is waited for, and what it has given is seen by the
/// next statement only: so it goes on until there is nothing left to end. The access tokens that it has ended.
pub(super) fn revoke_family(conn: &mut PgConnection, family: Uuid, now: DateTime<Utc>) -> QueryResult<Vec<Uuid>> {
    loop {
        let refresh = oauth_refresh_token::table
            .filter(oauth_refresh_token::family.eq(family).and(oauth_refresh_token::revoked_at.is_null()));
        if diesel::update(refresh).set(oauth_refresh_token::revoked_at.eq(now)).execute(conn)? == 0 {
            break;
        }
    }
    revoke_access_tokens(conn, family, now)
}

/// Ends the access tokens of a login, and tells which they were.
pub(super) fn revoke_access_tokens(
    conn: &mut PgConnection,
    family: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Uuid>> {
    let access = oauth_access_token::table
        .filter(oauth_access_token::family.eq(family).and(oauth_access_token::revoked_at.is_null()));
    diesel::update(access)
        .set(oauth_access_token::revoked_at.eq(now))
        .returning(oauth_access_token::jti)
        .get_results(conn)
}

/// Removes every token and code of users and customer users, and what they have agreed to: before they are deleted, and when
/// their passwords change.
///
/// What is exchanged for tokens goes before the tokens: an exchange under way is waited for, and then what it gave is seen.
pub fn forget(conn: &mut PgConnection, organization: i64, subjects: &[Subject]) -> QueryResult<()> {
    if subjects.is_empty() {
        return Ok(());
    }
    let subjects = Subjects::of(subjects);
    code::forget(conn, organization, &subjects)?;
    let Subjects { users, customer_users, visitors } = &subjects;
    loop {
        let refresh = oauth_refresh_token::table.filter(oauth_refresh_token::organization_id.eq(organization)).filter(
            oauth_refresh_token::user_id
                .eq_any(users)
                .or(oauth_refresh_token::customer_user_id.eq_any(customer_users))
                .or(oauth_refresh_token::visitor_id.eq_any(visitors)),
        );
        if diesel::delete(refresh).execute(conn)? == 0 {
            break;
        }
    }
    let access = oauth_access_token::table.filter(oauth_access_token::organization_id.eq(organization)).filter(
        oauth_access_token::user_id
            .eq_any(users)
            .or(oauth_access_token::customer_user_id.eq_any(customer_users))
            .or(oauth_access_token::visitor_id.eq_any(visitors)),
    );
    diesel::delete(access).execute(conn)?;
    consent::forget(conn, organization, &subjects)
}

/// Whom a token is for.
pub(super) struct Holder {
    pub subject: Subject,
    /// The claim `sub`.
    pub name: String,
    /// With one, a refresh token goes with the access token.
    pub family: Option<Uuid>,
}

/// Signs an access token, notes it, and draws the refresh token that goes with it.
pub(super) fn issue(
    conn: &mut PgConnection,
    auth: &Auth,
    client: &Client,
    holder: Holder,
    now: DateTime<Utc>,
) -> Result<Issued, AccessError> {
    let (user, buyer, visitor) = holder.subject.columns();
    let keys = auth.current_keys(conn)?;
    let lifetime = auth.access_lifetime();
    let expires = now + lifetime;
    let jti = uuid::Builder::from_random_bytes(random()?).into_uuid();
    let claims = Claims {
        aud: client.id.clone(),
        jti,
        iat: now.timestamp(),
        nbf: now.timestamp(),
        exp: expires.timestamp(),
        sub: holder.name,
        scopes: Vec::new(),
        api: client.api.clone(),
    };
    let access_token = sign(&keys, &claims)?;
    diesel::insert_into(oauth_access_token::table)
        .values((
            oauth_access_token::jti.eq(jti),
            oauth_access_token::organization_id.eq(client.organization),
            oauth_access_token::client_id.eq(&client.id),
            oauth_access_token::user_id.eq(user),
            oauth_access_token::customer_user_id.eq(buyer),
            oauth_access_token::visitor_id.eq(visitor),
            oauth_access_token::family.eq(holder.family),
            oauth_access_token::issued_at.eq(now),
            oauth_access_token::expires_at.eq(expires),
        ))
        .execute(conn)?;
    let refresh_token = match holder.family {
        Some(family) => Some(issue_refresh_token(conn, auth, client, holder.subject, family, now)?),
        None => None,
    };
    sweep(conn, now)?;
    let expires_in = lifetime.to_std().unwrap_or_default();
    Ok(Issued { access_token, refresh_token, expires_in, ended: Vec::new() })
}

fn issue_refresh_token(
    conn: &mut PgConnection,
    auth: &Auth,
    client: &Client,
    subject: Subject,
    family: Uuid,
    now: DateTime<Utc>,
) -> Result<String, AccessError> {
    let (user, buyer, visitor) = subject.columns();
    let token = random_text()?;
    diesel::insert_into(oauth_refresh_token::table)
        .values((
            oauth_refresh_token::hash.eq(auth.server.mac(REFRESH, &token)),
            oauth_refresh_token::organization_id.eq(client.organization),
            oauth_refresh_token::client_id.eq(&client.id),
            oauth_refresh_token::user_id.eq(user),
            oauth_refresh_token::customer_user_id.eq(buyer),
            oauth_refresh_token::visitor_id.eq(visitor),
            oauth_refresh_token::family.eq(family),
            oauth_refresh_token::issued_at.eq(now),
            oauth_refresh_token::expires_at.eq(now + auth.refresh_lifetime()),
        ))
        .execute(conn)?;
    Ok(token)
}

/// Every token given removes a few that have expired, so the tables stay as small as their use. Used refresh tokens are
/// kept until they expire: they tell a second use.
fn sweep(conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<()> {
    let old: Vec<Uuid> = oauth_access_token::table
        .filter(oauth_access_token::expires_at.lt(now))
        .order(oauth_access_token::expires_at)
        .select(oauth_access_token::jti)
        .limit(4)
        .for_update()
        .skip_locked()
        .load(conn)?;
    if !old.is_empty() {
        diesel::delete(oauth_access_token::table.filter(oauth_access_token::jti.eq_any(old))).execute(conn)?;
    }
    let old: Vec<Vec<u8>> = oauth_refresh_token::table
        .filter(oauth_refresh_token::expires_at.lt(now))
        .order(oauth_refresh_token::expires_at)
        .select(oauth_refresh_token::hash)
        .limit(4)
        .for_update()
        .skip_locked()
        .load(conn)?;
    if !old.is_empty() {
        diesel::delete(oauth_refresh_token::table.filter(oauth_refresh_token::hash.eq_any(old))).execute(conn)?;
    }
    Ok(())
}
