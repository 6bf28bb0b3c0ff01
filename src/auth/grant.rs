//! The grants: what a client proves, what it gets, and how refresh tokens turn into new pairs.
//!
//! Each function is one step in the database; [`crate::http::token`] puts them in order, with the password check
//! between two of them. A refresh token works once. One that comes back a second time has been stolen from the client or by it,
//! so its whole family, access tokens included, is revoked.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use uuid::Uuid;

use super::clients::{Client, Grant};
use super::oauth2::{Issued, Refusal, TokenRequest};
use super::secret::{random, random_text};
use super::token::{Claims, sign};
use super::{AccessError, Api, Auth, clients};
use crate::schema::{app_user, oauth_access_token, oauth_refresh_token};

diesel::define_sql_function! { fn lower(text: Text) -> Text; }

/// A refusal, or a failure that is ours.
#[derive(Debug)]
pub enum NotGranted {
    Refused(Box<Refusal>),
    Failed(AccessError),
}

impl From<Box<Refusal>> for NotGranted {
    fn from(refusal: Box<Refusal>) -> NotGranted {
        NotGranted::Refused(refusal)
    }
}

impl From<AccessError> for NotGranted {
    fn from(error: AccessError) -> NotGranted {
        NotGranted::Failed(error)
    }
}

impl From<diesel::result::Error> for NotGranted {
    fn from(error: diesel::result::Error) -> NotGranted {
        NotGranted::Failed(error.into())
    }
}

/// The client of a request, proven and bound to the grant that it asks with (`refresh_token` goes with `password`).
pub fn client(conn: &mut PgConnection, auth: &Auth, request: &TokenRequest) -> Result<Client, NotGranted> {
    let grant = request.get("grant_type").ok_or_else(Refusal::unsupported_grant)?;
    if Grant::parse(grant).is_none() && grant != "refresh_token" {
        return Err(Refusal::unsupported_grant().into());
    }
    let client = Some(proven(conn, auth, request)?).filter(|client| client.grants.iter().any(|own| own == grant));
    client.ok_or_else(|| Refusal::invalid_client().into())
}

/// The client of a request, proven, of an API that is there.
pub fn proven(conn: &mut PgConnection, auth: &Auth, request: &TokenRequest) -> Result<Client, NotGranted> {
    let id = request.client_id()?;
    let mut secrets = request.client_secrets();
    secrets.truncate(2);
    let mut found = clients::recognise(conn, &auth.server, id, secrets.first().map(String::as_str))?;
    if let (None, Some(second)) = (&found, secrets.get(1)) {
        found = clients::recognise(conn, &auth.server, id, Some(second))?;
    }
    let client = found.filter(|client| Api::parse(&client.api).is_some_and(|api| auth.apis.enabled(api)));
    client.ok_or_else(|| Refusal::invalid_client().into())
}

/// A token for the user that owns the client.
pub fn client_credentials(conn: &mut PgConnection, auth: &Auth, client: &Client) -> Result<Issued, NotGranted> {
    let owner = client.owner.ok_or_else(Refusal::invalid_client)?;
    let active: Option<bool> =
        app_user::table.find((client.organization, owner)).select(app_user::active).first(conn).optional()?;
    if active != Some(true) {
        return Err(Refusal::invalid_client().into());
    }
    let subject = Subject { user: owner, name: String::new(), family: None };
    Ok(issue(conn, auth, client, subject, Utc::now())?)
}

/// A user as a login needs it.
#[derive(Clone, Queryable)]
pub struct Login {
    pub user: i64,
    pub username: String,
    pub enabled: bool,
    pub password_hash: Option<String>,
}

/// The user of that name or email address in the client's organization.
pub fn login(conn: &mut PgConnection, client: &Client, name: &str) -> Result<Option<Login>, NotGranted> {
    let found = app_user::table
        .filter(app_user::organization_id.eq(client.organization))
        .filter(lower(app_user::username).eq(lower(name)).or(lower(app_user::email).eq(lower(name))))
        .order((lower(app_user::username).eq(lower(name)).desc(), app_user::id))
        .select((app_user::id, app_user::username, app_user::enabled, app_user::password_hash))
        .first(conn)
        .optional()?;
    Ok(found)
}

/// A pair of tokens for a user whose password has been checked.
pub fn password(conn: &mut PgConnection, auth: &Auth, client: &Client, login: &Login) -> Result<Issued, NotGranted> {
    let now = Utc::now();
    // Asked again: the user may have been disabled, or the password changed, while it was being checked.
    let still = diesel::update(app_user::table.find((client.organization, login.user)))
        .filter(app_user::password_hash.is_not_distinct_from(&login.password_hash))
        .set((app_user::login_count.eq(app_user::login_count + 1), app_user::last_login.eq(now)))
        .returning((app_user::enabled, app_user::active))
        .get_result::<(bool, bool)>(conn)
        .optional()?;
    match still {
        None => Err(Refusal::wrong_credentials().into()),
        Some((false, _)) => Err(Refusal::disabled().into()),
        Some((true, false)) => Err(Refusal::locked().into()),
        Some((true, true)) => {
            let family = Uuid::from_bytes(random()?);
            let subject = Subject { user: login.user, name: login.username.clone(), family: Some(family) };
            Ok(issue(conn, auth, client, subject, now)?)
        }
    }
}

/// A new pair for a refresh token. The inner refusal comes with changes that must be committed.
pub fn refresh(
    conn: &mut PgConnection,
    auth: &Auth,
    client: &Client,
    token: &str,
) -> Result<Result<Issued, Box<Refusal>>, NotGranted> {
    type Row = (i64, String, i64, Uuid, DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);
    let now = Utc::now();
    let hash = auth.server.mac(REFRESH, token);
    let row: Option<Row> = oauth_refresh_token::table
        .find(&hash)
        .select((
            oauth_refresh_token::organization_id,
            oauth_refresh_token::client_id,
            oauth_refresh_token::user_id,
            oauth_refresh_token::family,
            oauth_refresh_token::expires_at,
            oauth_refresh_token::used_at,
            oauth_refresh_token::revoked_at,
        ))
        .for_update()
        .first(conn)
        .optional()?;
    let Some((organization, owner, user, family, expires, used, revoked)) = row else {
        return Err(Refusal::refresh_token("Cannot decrypt the refresh token").into());
    };
    if (organization, &owner) != (client.organization, &client.id) {
        return Err(Refusal::refresh_token("Token is not linked to client").into());
    }
    if expires <= now {
        return Err(Refusal::refresh_token("Token has expired").into());
    }
    if used.is_some() || revoked.is_some() {
        tracing::warn!(client = client.id, user, "a refresh token was used a second time; its family is revoked");
        revoke_family(conn, family, now)?;
        return Ok(Err(Refusal::refresh_token("Token has been revoked")));
    }
    let login: Option<(String, bool, bool)> = app_user::table
        .find((organization, user))
        .select((app_user::username, app_user::enabled, app_user::active))
        .first(conn)
        .optional()?;
    let name = match login {
        Some((name, _, true)) => name,
        Some((_, true, false)) => return Err(Refusal::refresh_token("Account is locked.").into()),
        Some((_, false, false)) | None => return Err(Refusal::refresh_token("Account is disabled.").into()),
    };
    diesel::update(oauth_refresh_token::table.find(&hash)).set(oauth_refresh_token::used_at.eq(now)).execute(conn)?;
    revoke_access_tokens(conn, family, now)?;
    Ok(Ok(issue(conn, auth, client, Subject { user, name, family: Some(family) }, now)?))
}

pub(super) const REFRESH: &str = "refresh-token";

pub(super) fn revoke_family(conn: &mut PgConnection, family: Uuid, now: DateTime<Utc>) -> QueryResult<()> {
    let refresh = oauth_refresh_token::table
        .filter(oauth_refresh_token::family.eq(family).and(oauth_refresh_token::revoked_at.is_null()));
    diesel::update(refresh).set(oauth_refresh_token::revoked_at.eq(now)).execute(conn)?;
    revoke_access_tokens(conn, family, now)
}

fn revoke_access_tokens(conn: &mut PgConnection, family: Uuid, now: DateTime<Utc>) -> QueryResult<()> {
    let access = oauth_access_token::table
        .filter(oauth_access_token::family.eq(family).and(oauth_access_token::revoked_at.is_null()));
    diesel::update(access).set(oauth_access_token::revoked_at.eq(now)).execute(conn).map(drop)
}

/// Removes every token of a user: before the user is deleted, and when its password changes.
pub fn forget_user(conn: &mut PgConnection, organization: i64, user: i64) -> QueryResult<()> {
    let access = oauth_access_token::table
        .filter(oauth_access_token::organization_id.eq(organization).and(oauth_access_token::user_id.eq(user)));
    diesel::delete(access).execute(conn)?;
    let refresh = oauth_refresh_token::table
        .filter(oauth_refresh_token::organization_id.eq(organization).and(oauth_refresh_token::user_id.eq(user)));
    diesel::delete(refresh).execute(conn).map(drop)
}

/// Whom a token is for.
struct Subject {
    user: i64,
    name: String,
    /// With one, a refresh token goes with the access token.
    family: Option<Uuid>,
}

fn issue(
    conn: &mut PgConnection,
    auth: &Auth,
    client: &Client,
    subject: Subject,
    now: DateTime<Utc>,
) -> Result<Issued, AccessError> {
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
        sub: subject.name,
        scopes: Vec::new(),
        api: client.api.clone(),
    };
    let access_token = sign(&keys, &claims)?;
    diesel::insert_into(oauth_access_token::table)
        .values((
            oauth_access_token::jti.eq(jti),
            oauth_access_token::organization_id.eq(client.organization),
            oauth_access_token::client_id.eq(&client.id),
            oauth_access_token::user_id.eq(subject.user),
            oauth_access_token::family.eq(subject.family),
            oauth_access_token::issued_at.eq(now),
            oauth_access_token::expires_at.eq(expires),
        ))
        .execute(conn)?;
    let refresh_token = match subject.family {
        Some(family) => Some(issue_refresh_token(conn, auth, client, subject.user, family, now)?),
        None => None,
    };
    sweep(conn, now)?;
    Ok(Issued { access_token, refresh_token, expires_in: lifetime.to_std().unwrap_or_default() })
}

fn issue_refresh_token(
    conn: &mut PgConnection,
    auth: &Auth,
    client: &Client,
    user: i64,
    family: Uuid,
    now: DateTime<Utc>,
) -> Result<String, AccessError> {
    let token = random_text()?;
    diesel::insert_into(oauth_refresh_token::table)
        .values((
            oauth_refresh_token::hash.eq(auth.server.mac(REFRESH, &token)),
            oauth_refresh_token::organization_id.eq(client.organization),
            oauth_refresh_token::client_id.eq(&client.id),
            oauth_refresh_token::user_id.eq(user),
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
