//! The grants: what a client proves, what it gets, and how refresh tokens turn into new pairs.
//!
//! Each function is one step in the database; [`crate::http::token`] puts them in order, with the password check
//! between two of them. A refresh token works once. One that comes back a second time has been stolen from the client or by it,
//! so its whole family, access tokens included, is revoked.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use uuid::Uuid;

use super::account::Account;
use super::clients::{Client, Grant};
use super::issue::{Holder, REFRESH, issue, revoke_access_tokens, revoke_family};
use super::oauth2::{Issued, Refusal, TokenRequest};
use super::secret::random;
use super::subject::{Columns, Subject};
use super::{AccessError, Api, Auth, clients, code, customer_users};
use crate::schema::{app_user, oauth_refresh_token};

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

/// The client of a request, proven and bound to the grant that it asks with (`refresh_token` goes with `password` and
/// `authorization_code`).
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

/// A token for the user or customer user that owns the client.
pub fn client_credentials(conn: &mut PgConnection, auth: &Auth, client: &Client) -> Result<Issued, NotGranted> {
    let owner = client.owner.ok_or_else(Refusal::invalid_client)?;
    // A client of the storefront does not act as a user of the back office, nor the other way.
    let usable = match (owner, Api::parse(&client.api)) {
        (Subject::User(id), Some(Api::Admin)) => {
            let user = app_user::table.find((client.organization, id)).select(app_user::active);
            user.first(conn).optional()? == Some(true)
        }
        (Subject::CustomerUser(id), Some(Api::Storefront)) => {
            customer_users::account(conn, client.organization, id)?.is_some_and(|(_, account)| account == Account::Open)
        }
        _ => false,
    };
    if !usable {
        return Err(Refusal::invalid_client().into());
    }
    let holder = Holder { subject: owner, name: String::new(), family: None };
    Ok(issue(conn, auth, client, holder, Utc::now())?)
}

/// A user or customer user as a login needs it.
#[derive(Clone, Debug)]
pub struct Login {
    pub subject: Subject,
    /// The user name, or the customer user's e-mail address.
    pub name: String,
    pub password_hash: Option<String>,
}

/// Who has that name in the organization: in the back office a user, by user name or e-mail address; in the storefront a
/// customer user, by e-mail address.
pub fn login(conn: &mut PgConnection, api: Api, organization: i64, name: &str) -> QueryResult<Option<Login>> {
    if api == Api::Storefront {
        return customer_users::login(conn, organization, name);
    }
    let found: Option<(i64, String, Option<String>)> = app_user::table
        .filter(app_user::organization_id.eq(organization))
        .filter(lower(app_user::username).eq(lower(name)).or(lower(app_user::email).eq(lower(name))))
        .order((lower(app_user::username).eq(lower(name)).desc(), app_user::id))
        .select((app_user::id, app_user::username, app_user::password_hash))
        .first(conn)
        .optional()?;
    Ok(found.map(|(id, name, password_hash)| Login { subject: Subject::User(id), name, password_hash }))
}

/// What failures to log in are counted for: whoever has that name in another organization, or in the other API, is someone
/// else.
pub fn account(api: Api, organization: i64, name: &str) -> String {
    format!("{}/{organization}/{name}", api.name())
}

/// A pair of tokens for someone whose password has been checked.
pub fn password(conn: &mut PgConnection, auth: &Auth, client: &Client, login: &Login) -> Result<Issued, NotGranted> {
    let now = Utc::now();
    logged_in(conn, client.organization, login, now)?;
    let family = Uuid::from_bytes(random()?);
    pair(conn, auth, client, login.subject, login.name.clone(), family, now)
}

/// Counts the login of someone whose password has been checked, and refuses one who may not log in.
pub fn logged_in(
    conn: &mut PgConnection,
    organization: i64,
    login: &Login,
    now: DateTime<Utc>,
) -> Result<(), NotGranted> {
    // Asked again: the account may have been disabled, or the password changed, while it was being checked.
    let still = match login.subject {
        Subject::User(id) => user_logged_in(conn, organization, id, login, now)?,
        Subject::CustomerUser(id) => customer_users::logged_in(conn, organization, id, login, now)?,
        Subject::Visitor(_) => None,
    };
    match still {
        None => Err(Refusal::wrong_credentials().into()),
        Some(account) => account.hint().map_or(Ok(()), |hint| Err(Refusal::account(hint).into())),
    }
}

fn user_logged_in(
    conn: &mut PgConnection,
    organization: i64,
    user: i64,
    login: &Login,
    now: DateTime<Utc>,
) -> QueryResult<Option<Account>> {
    let found = diesel::update(app_user::table.find((organization, user)))
        .filter(app_user::password_hash.is_not_distinct_from(&login.password_hash))
        .set((app_user::login_count.eq(app_user::login_count + 1), app_user::last_login.eq(now)))
        .returning((app_user::enabled, app_user::active))
        .get_result::<(bool, bool)>(conn)
        .optional()?;
    Ok(found.map(|(enabled, active)| Account::of(enabled, active, true)))
}

/// A pair of tokens for a new visitor of the storefront.
pub fn visitor(conn: &mut PgConnection, auth: &Auth, client: &Client) -> Result<Issued, NotGranted> {
    let family = Uuid::from_bytes(random()?);
    visitor_of(conn, auth, client, family, Utc::now())
}

fn visitor_of(
    conn: &mut PgConnection,
    auth: &Auth,
    client: &Client,
    family: Uuid,
    now: DateTime<Utc>,
) -> Result<Issued, NotGranted> {
    let (subject, name) = customer_users::new_visitor(conn, client.organization, now, now - auth.refresh_lifetime())?;
    pair(conn, auth, client, subject, name, family, now)
}

/// A pair of tokens for a code. The inner refusal comes with changes that must be committed.
pub fn authorization_code(
    conn: &mut PgConnection,
    auth: &Auth,
    client: &Client,
    request: &TokenRequest,
) -> Result<Result<Issued, Box<Refusal>>, NotGranted> {
    let now = Utc::now();
    let redeemed = match code::redeem(conn, auth, client, request)? {
        Ok(redeemed) => redeemed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(subject) = redeemed.subject else {
        if !auth.apis.visitors {
            return Err(Refusal::code("There are no visitors.").into());
        }
        return visitor_of(conn, auth, client, redeemed.family, now).map(Ok);
    };
    let (name, account) =
        known(conn, auth, client.organization, subject, now)?.ok_or_else(|| Refusal::code("Account is disabled."))?;
    if let Some(hint) = account.hint() {
        return Err(Refusal::code(hint).into());
    }
    pair(conn, auth, client, subject, name, redeemed.family, now).map(Ok)
}

/// The first pair of a family.
fn pair(
    conn: &mut PgConnection,
    auth: &Auth,
    client: &Client,
    subject: Subject,
    name: String,
    family: Uuid,
    now: DateTime<Utc>,
) -> Result<Issued, NotGranted> {
    Ok(issue(conn, auth, client, Holder { subject, name, family: Some(family) }, now)?)
}

/// A new pair for a refresh token. The inner refusal comes with changes that must be committed.
pub fn refresh(
    conn: &mut PgConnection,
    auth: &Auth,
    client: &Client,
    token: &str,
) -> Result<Result<Issued, Box<Refusal>>, NotGranted> {
    type Row = (i64, String, Columns, Uuid, DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);
    let now = Utc::now();
    let hash = auth.server.mac(REFRESH, token);
    let row: Option<Row> = oauth_refresh_token::table
        .find(&hash)
        .select((
            oauth_refresh_token::organization_id,
            oauth_refresh_token::client_id,
            (oauth_refresh_token::user_id, oauth_refresh_token::customer_user_id, oauth_refresh_token::visitor_id),
            oauth_refresh_token::family,
            oauth_refresh_token::expires_at,
            oauth_refresh_token::used_at,
            oauth_refresh_token::revoked_at,
        ))
        .for_update()
        .first(conn)
        .optional()?;
    let Some((organization, owner, columns, family, expires, used, revoked)) = row else {
        return Err(Refusal::refresh_token("Cannot decrypt the refresh token").into());
    };
    if (organization, &owner) != (client.organization, &client.id) {
        return Err(Refusal::refresh_token("Token is not linked to client").into());
    }
    if expires <= now {
        return Err(Refusal::refresh_token("Token has expired").into());
    }
    if used.is_some() || revoked.is_some() {
        tracing::warn!(client = client.id, subject = ?Subject::of(columns), "a refresh token was used a second time; its family is revoked");
        let ended = revoke_family(conn, family, now)?;
        return Ok(Err(Refusal::refresh_token("Token has been revoked").ending(ended)));
    }
    let subject = Subject::of(columns).ok_or_else(|| Refusal::refresh_token("Token has been revoked"))?;
    let name = match known(conn, auth, organization, subject, now)? {
        Some((name, account)) => match account.hint() {
            Some(hint) => return Err(Refusal::refresh_token(hint).into()),
            None => name,
        },
        None => return Err(Refusal::refresh_token("Account is disabled.").into()),
    };
    diesel::update(oauth_refresh_token::table.find(&hash)).set(oauth_refresh_token::used_at.eq(now)).execute(conn)?;
    let ended = revoke_access_tokens(conn, family, now)?;
    let issued = issue(conn, auth, client, Holder { subject, name, family: Some(family) }, now)?;
    Ok(Ok(Issued { ended, ..issued }))
}

/// The name of a subject, and whether it may have tokens.
pub(super) fn known(
    conn: &mut PgConnection,
    auth: &Auth,
    organization: i64,
    subject: Subject,
    now: DateTime<Utc>,
) -> QueryResult<Option<(String, Account)>> {
    match subject {
        Subject::User(id) => {
            let user = app_user::table.find((organization, id));
            let found: Option<(String, bool, bool)> =
                user.select((app_user::username, app_user::enabled, app_user::active)).first(conn).optional()?;
            Ok(found.map(|(name, enabled, active)| (name, Account::of(enabled, active, true))))
        }
        Subject::CustomerUser(id) => customer_users::account(conn, organization, id),
        Subject::Visitor(id) if auth.apis.visitors => {
            Ok(customer_users::visitor_returns(conn, organization, id, now)?.map(|name| (name, Account::Open)))
        }
        Subject::Visitor(_) => Ok(None),
    }
}
