//! API clients: created, listed, revoked by the operator; recognised by the token endpoint.
//!
//! A client's secret has 256 bits of its own, so it needs no slow hash: no one can try them all. It is kept as an HMAC
//! under the server's key, which costs microseconds where argon2 would cost 30 ms and 19 MiB for every token, and which
//! is worth nothing to someone who has the database but not the key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::callers::read_networks;
use super::secret::{ServerKey, random_text};
use super::subject::Subject;
use super::{AccessError, Api, redirect};
use crate::network::Networks;
use crate::schema::{app_user, customer_user, oauth_client, organization};

/// What a client may ask tokens with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Acts as the user or customer user that owns the client.
    ClientCredentials,
    /// Acts as the user or customer user who logs in; refresh tokens go with it.
    Password,
    /// Acts as the user who logs in on this server's own page and agrees; refresh tokens go with it.
    AuthorizationCode,
}

impl Grant {
    pub const ALL: [Grant; 3] = [Grant::ClientCredentials, Grant::Password, Grant::AuthorizationCode];

    pub const fn name(self) -> &'static str {
        match self {
            Grant::ClientCredentials => "client_credentials",
            Grant::Password => "password",
            Grant::AuthorizationCode => "authorization_code",
        }
    }

    pub fn parse(name: &str) -> Option<Grant> {
        Grant::ALL.into_iter().find(|grant| grant.name() == name)
    }

    fn stored(self) -> Vec<&'static str> {
        match self {
            Grant::ClientCredentials => vec!["client_credentials"],
            Grant::Password => vec!["password", "refresh_token"],
            Grant::AuthorizationCode => vec!["authorization_code", "refresh_token"],
        }
    }
}

/// A client to be made.
#[derive(Clone, Debug)]
pub struct NewClient<'a> {
    /// At most 32 characters; drawn when it is not given.
    pub id: Option<&'a str>,
    pub name: &'a str,
    pub organization: i64,
    pub grant: Grant,
    pub api: Api,
    /// Whom `client_credentials` acts as: a user in the back office, a customer user in the storefront.
    pub owner: Option<Subject>,
    /// At least 32 characters; generated when it is not given.
    pub secret: Option<&'a str>,
    /// A public client has no secret (not with `client_credentials`).
    pub public: bool,
    /// From where it may call; empty: from anywhere.
    pub networks: Networks,
}

/// What a client with the grant `authorization_code` has beside.
#[derive(Clone, Debug, Default)]
pub struct CodeSettings<'a> {
    /// Where it may be answered to; at least one.
    pub redirect_uris: Vec<&'a str>,
    /// Whether it may prove codes by the verifier itself.
    pub plain_pkce: bool,
    /// Whether users are not asked.
    pub skip_consent: bool,
}

/// A client just made. The secret is shown this once.
pub struct CreatedClient {
    pub id: String,
    pub secret: Option<String>,
}

/// A client as `client list` shows it.
#[derive(Clone, Debug, Queryable)]
pub struct ClientRow {
    pub id: String,
    pub name: String,
    pub organization: String,
    pub api: String,
    pub grants: Vec<String>,
    pub confidential: bool,
    pub active: bool,
    pub created_at: DateTime<Utc>,
    /// From where it may call; empty: from anywhere.
    pub networks: Vec<String>,
    /// The user whom it acts as.
    pub owner: Option<String>,
    /// The e-mail address of the customer user whom it acts as.
    pub buyer: Option<String>,
    /// Where users may be sent back to.
    pub redirect_uris: Vec<String>,
}

/// The shortest secret that may be chosen.
pub const SHORTEST_SECRET: usize = 32;

/// Makes a client.
pub fn create(
    conn: &mut PgConnection,
    server: &ServerKey,
    client: &NewClient<'_>,
) -> Result<CreatedClient, AccessError> {
    create_with(conn, server, client, &CodeSettings::default())
}

/// Makes a client of any grant.
pub fn create_with(
    conn: &mut PgConnection,
    server: &ServerKey,
    client: &NewClient<'_>,
    code: &CodeSettings<'_>,
) -> Result<CreatedClient, AccessError> {
    let id = match client.id {
        Some(id) => id.to_owned(),
        None => random_text()?[..32].to_owned(),
    };
    check(&id, client)?;
    check_code(client, code)?;
    let secret = match (client.public, client.secret) {
        (true, _) => None,
        (false, Some(secret)) => Some(secret.to_owned()),
        (false, None) => Some(random_text()?),
    };
    let (user, buyer, _) = client.owner.map(Subject::columns).unwrap_or_default();
    let stored = diesel::insert_into(oauth_client::table)
        .values((
            oauth_client::id.eq(&id),
            oauth_client::organization_id.eq(client.organization),
            oauth_client::name.eq(client.name),
            oauth_client::secret_hash.eq(secret.as_deref().map(|secret| hash(server, &id, secret))),
            oauth_client::grants.eq(client.grant.stored()),
            oauth_client::owner_user_id.eq(user),
            oauth_client::owner_customer_user_id.eq(buyer),
            oauth_client::api.eq(client.api.name()),
            oauth_client::confidential.eq(!client.public),
            oauth_client::networks.eq(client.networks.texts()),
            oauth_client::redirect_uris.eq(&code.redirect_uris),
            oauth_client::plain_pkce.eq(code.plain_pkce),
            oauth_client::skip_consent.eq(code.skip_consent),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    if stored == 0 {
        return Err(AccessError::refused(format!("a client with the identifier \"{id}\" exists already")));
    }
    Ok(CreatedClient { id, secret })
}

fn check(id: &str, client: &NewClient<'_>) -> Result<(), AccessError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    if id.is_empty() || id.len() > 32 || !id.bytes().all(allowed) {
        return Err(AccessError::refused(
            "a client's identifier has 1 to 32 characters: letters, digits, dot, underscore, tilde and dash",
        ));
    }
    if client.name.trim().is_empty() {
        return Err(AccessError::refused("a client needs a name"));
    }
    if client.secret.is_some_and(|secret| secret.chars().count() < SHORTEST_SECRET) {
        return Err(AccessError::refused(format!("a client's secret must have at least {SHORTEST_SECRET} characters")));
    }
    match client.grant {
        Grant::ClientCredentials if client.owner.is_none() => {
            Err(AccessError::refused("a client with the grant client_credentials needs a user to act as"))
        }
        Grant::ClientCredentials if client.public => {
            Err(AccessError::refused("a client with the grant client_credentials cannot be public: it needs a secret"))
        }
        Grant::ClientCredentials => match (client.api, client.owner) {
            (Api::Admin, Some(Subject::User(_))) | (Api::Storefront, Some(Subject::CustomerUser(_))) => Ok(()),
            (Api::Admin, _) => Err(AccessError::refused("a client of the back office's API acts as a user")),
            (Api::Storefront, _) => {
                Err(AccessError::refused("a client of the storefront's API acts as a customer user"))
            }
        },
        _ => Ok(()),
    }
}

fn check_code(client: &NewClient<'_>, code: &CodeSettings<'_>) -> Result<(), AccessError> {
    let codes = client.grant == Grant::AuthorizationCode;
    match (codes, code.redirect_uris.is_empty()) {
        (true, true) => Err(AccessError::refused("a client with the grant authorization_code needs a redirect URI")),
        (false, _) if !code.redirect_uris.is_empty() || code.plain_pkce || code.skip_consent => {
            Err(AccessError::refused("redirect URIs, PKCE and consent belong to the grant authorization_code"))
        }
        _ => code.redirect_uris.iter().try_for_each(|uri| redirect::check(uri, client.public)),
    }
}

/// Every client of the installation, by organization and name.
pub fn list(conn: &mut PgConnection) -> Result<Vec<ClientRow>, AccessError> {
    let rows = oauth_client::table
        .inner_join(organization::table.on(organization::id.eq(oauth_client::organization_id)))
        .left_join(
            app_user::table.on(app_user::organization_id
                .eq(oauth_client::organization_id)
                .and(oauth_client::owner_user_id.eq(app_user::id.nullable()))),
        )
        .left_join(
            customer_user::table.on(customer_user::organization_id
                .eq(oauth_client::organization_id)
                .and(oauth_client::owner_customer_user_id.eq(customer_user::id.nullable()))),
        )
        .order((organization::name, oauth_client::name, oauth_client::id))
        .select((
            oauth_client::id,
            oauth_client::name,
            organization::name,
            oauth_client::api,
            oauth_client::grants,
            oauth_client::confidential,
            oauth_client::active,
            oauth_client::created_at,
            oauth_client::networks,
            app_user::username.nullable(),
            customer_user::email.nullable(),
            oauth_client::redirect_uris,
        ))
        .load(conn)?;
    Ok(rows)
}

/// Revokes a client: its tokens are refused within five seconds in every process, and it gets no new ones.
pub fn revoke(conn: &mut PgConnection, id: &str) -> Result<(), AccessError> {
    let revoked = diesel::update(oauth_client::table.find(id))
        .set((oauth_client::active.eq(false), oauth_client::revoked_at.eq(Utc::now())))
        .execute(conn)?;
    if revoked == 0 {
        return Err(AccessError::refused(format!("there is no client \"{id}\"; `entrepot client list` shows them")));
    }
    Ok(())
}

/// A client that proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub id: String,
    pub organization: i64,
    pub api: String,
    pub grants: Vec<String>,
    /// Whom it acts as.
    pub owner: Option<Subject>,
    /// Whether it proved itself by a secret; a public client has none.
    pub confidential: bool,
    /// From where it may call; empty: from anywhere.
    pub networks: Networks,
}

/// The client of that identifier and secret, if it is active. A public client proves nothing and has no secret.
pub fn recognise(
    conn: &mut PgConnection,
    server: &ServerKey,
    id: &str,
    secret: Option<&str>,
) -> Result<Option<Client>, AccessError> {
    type Row = (i64, Option<String>, Vec<String>, Option<i64>, Option<i64>, String, bool, Vec<String>);
    let row: Option<Row> = oauth_client::table
        .inner_join(organization::table.on(organization::id.eq(oauth_client::organization_id)))
        .filter(oauth_client::id.eq(id))
        .filter(oauth_client::active.and(organization::enabled))
        .select((
            oauth_client::organization_id,
            oauth_client::secret_hash,
            oauth_client::grants,
            oauth_client::owner_user_id,
            oauth_client::owner_customer_user_id,
            oauth_client::api,
            oauth_client::confidential,
            oauth_client::networks,
        ))
        .first(conn)
        .optional()?;
    let Some((organization, stored, grants, user, buyer, api, confidential, networks)) = row else { return Ok(None) };
    let proven = match (confidential, stored, secret) {
        (false, _, _) => true,
        (true, Some(stored), Some(secret)) => hash_matches(server, id, secret, &stored),
        _ => false,
    };
    if !proven {
        return Ok(None);
    }
    let networks = read_networks(&networks)?;
    let owner = Subject::of((user, buyer, None));
    Ok(Some(Client { id: id.to_owned(), organization, api, grants, owner, confidential, networks }))
}

const ALGORITHM: &str = "hmac-sha256";

/// `hmac-sha256$<server key id>$<base64>`; bound to the client, so that a hash copied to another client fits nothing.
pub(super) fn hash(server: &ServerKey, id: &str, secret: &str) -> String {
    format!("{ALGORITHM}${}${}", server.id(), STANDARD.encode(server.mac(&purpose(id), secret)))
}

fn hash_matches(server: &ServerKey, id: &str, secret: &str, stored: &str) -> bool {
    let mut parts = stored.splitn(3, '$');
    let (algorithm, key, mac) = (parts.next(), parts.next(), parts.next());
    if algorithm != Some(ALGORITHM) || key != Some(server.id()) {
        tracing::warn!(client = id, "the client's secret was stored under another server key; it can match nothing");
        return false;
    }
    let mac = STANDARD.decode(mac.unwrap_or_default()).unwrap_or_default();
    server.mac_matches(&purpose(id), secret, &mac)
}

fn purpose(id: &str) -> String {
    format!("client-secret:{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_fits_its_client_secret_and_key_only() {
        let (one, two) = (ServerKey::parse(&"0a".repeat(32)).unwrap(), ServerKey::parse(&"0b".repeat(32)).unwrap());
        let stored = hash(&one, "erp", "secret");
        assert!(hash_matches(&one, "erp", "secret", &stored));
        assert!(!hash_matches(&one, "shop", "secret", &stored));
        assert!(!hash_matches(&one, "erp", "Secret", &stored));
        assert!(!hash_matches(&two, "erp", "secret", &stored));
        assert!(!hash_matches(&one, "erp", "secret", ""));
        assert!(!hash_matches(&one, "erp", "", &format!("{ALGORITHM}${}$", one.id())));
    }
}
