//! Who is calling: credentials in, [`Caller`] out.
//!
//! Clients get tokens from the token endpoint ([`oauth2`], [`grant`]); requests carry them. Each scheme of [`SCHEMES`]
//! knows one way to tell the caller of a request. What callers may do is decided in [`crate::acl`].

pub mod account;
pub mod api_keys;
pub mod authorize;
pub mod bearer;
pub mod brake;
pub mod callers;
pub mod clients;
pub mod code;
pub mod command;
pub mod consent;
pub mod customer_users;
pub mod demo;
pub mod grant;
pub mod introspect;
pub mod issue;
pub mod keys;
pub mod oauth2;
pub mod password;
pub mod redirect;
pub mod revoke;
pub mod secret;
pub mod session;
pub mod subject;
pub mod token;
pub mod users;
pub mod wsse;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use diesel::pg::PgConnection;

use crate::acl::Caller;
use crate::config;
use crate::db::Db;
use crate::error::Error;
use brake::Brake;
use callers::CallerCache;
use keys::Keys;
use password::{Checker, Cost};
use secret::ServerKey;
use token::{Claims, Invalid};

/// One of the two APIs. A client, and every token of it, belongs to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    Admin,
    Storefront,
}

impl Api {
    pub const ALL: [Api; 2] = [Api::Admin, Api::Storefront];

    /// The word in clients and tokens, which is the registry's name.
    pub const fn name(self) -> &'static str {
        match self {
            Api::Admin => "admin",
            Api::Storefront => "storefront",
        }
    }

    pub fn parse(name: &str) -> Option<Api> {
        Api::ALL.into_iter().find(|api| api.name() == name)
    }
}

/// What a request shows of its caller.
pub struct Presented<'a> {
    pub api: Api,
    /// The rest of the header `Authorization` after the scheme's name.
    pub credentials: &'a str,
    /// The header `X-WSSE`.
    pub wsse: Option<&'a str>,
}

/// The headers that a caller may be told by.
#[derive(Clone, Copy, Default)]
pub struct Headers<'a> {
    pub authorization: Option<&'a str>,
    pub wsse: Option<&'a str>,
}

/// What a scheme knows of a caller without the database.
pub enum Outcome {
    Caller(Arc<Caller>),
    /// The reason is for the log; the client learns none.
    Refused(&'static str),
    /// The database has to be asked.
    Ask,
}

/// One way to tell the caller of a request.
pub trait Scheme: Sync {
    /// The first word of `Authorization`.
    fn name(&self) -> &'static str;

    /// `WWW-Authenticate` of a refusal.
    fn challenge(&self) -> &'static str {
        CHALLENGE
    }

    /// Whether [`Scheme::ask`] writes to the database.
    fn writes(&self) -> bool {
        false
    }

    /// Decides what needs no database.
    fn recall(&self, auth: &Auth, presented: &Presented<'_>) -> Outcome;

    /// Decides with the database.
    fn ask(
        &self,
        auth: &Auth,
        conn: &mut PgConnection,
        presented: &Presented<'_>,
    ) -> Result<Option<Arc<Caller>>, AccessError>;
}

/// Every scheme that requests may use.
pub static SCHEMES: &[&dyn Scheme] = &[&bearer::Bearer, &wsse::Wsse];

/// The value of `WWW-Authenticate` of a 401, where no other scheme was tried.
pub const CHALLENGE: &str = "Bearer realm=\"entrepot\"";

/// The scheme that a request tries, and its part of `Authorization`.
fn tried<'h>(headers: Headers<'h>) -> Option<(&'static dyn Scheme, &'h str)> {
    let (word, credentials) = match headers.authorization.map(str::trim) {
        Some(header) => header.split_once(' ').unwrap_or((header, "")),
        // Some old clients send their own header alone.
        None => (wsse::Wsse.name(), headers.wsse.map(|_| "")?),
    };
    let scheme = SCHEMES.iter().find(|scheme| scheme.name().eq_ignore_ascii_case(word))?;
    Some((*scheme, credentials.trim()))
}

/// `WWW-Authenticate` for the refusal of a request with those headers.
pub fn challenge(headers: Headers<'_>) -> &'static str {
    tried(headers).map_or(CHALLENGE, |(scheme, _)| scheme.challenge())
}

/// What the process knows for telling callers and giving tokens.
pub struct Auth {
    pub server: Arc<ServerKey>,
    pub callers: CallerCache,
    pub(crate) passwords: Checker,
    pub(crate) brake: Brake,
    /// Which APIs there are tokens for.
    pub(crate) apis: config::Apis,
    settings: config::Auth,
    keys: RwLock<Option<Arc<Keys>>>,
}

impl Auth {
    pub fn new(server: ServerKey, settings: config::Auth, apis: config::Apis) -> Result<Auth, AccessError> {
        let cost = cost(&settings);
        Ok(Auth {
            server: Arc::new(server),
            callers: CallerCache::default(),
            passwords: Checker::new(cost, settings.password_checks, settings.password_queue)?,
            brake: Brake::default(),
            apis,
            settings,
            keys: RwLock::new(None),
        })
    }

    /// Reads the signing keys, and makes the first one; for the start. Fails when the server's key is not the one that
    /// the signing keys are encrypted under.
    pub fn prepare(&self, db: &Db) -> Result<(), AccessError> {
        let prepared =
            db.transaction_now(|conn| match keys::ensure(conn, &self.server).and_then(|()| self.reload_keys(conn)) {
                Err(AccessError::Database(error)) => Err(Error::from(error)),
                other => Ok(other.map(drop)),
            });
        prepared.unwrap_or_else(|error| Err(AccessError::Broken(error.to_string())))
    }

    /// The caller of a request. The error is the 401 without a body.
    pub async fn authenticate(self: &Arc<Auth>, db: &Db, api: Api, headers: Headers<'_>) -> Result<Arc<Caller>, Error> {
        let refused = |why: &str| {
            tracing::info!(why, "credentials refused");
            Error::unauthenticated()
        };
        let (scheme, credentials) = tried(headers).ok_or_else(|| refused("no credentials of a known scheme"))?;
        match scheme.recall(self, &Presented { api, credentials, wsse: headers.wsse }) {
            Outcome::Caller(caller) => Ok(caller),
            Outcome::Refused(why) => Err(refused(why)),
            Outcome::Ask => {
                let (auth, credentials) = (Arc::clone(self), credentials.to_owned());
                let wsse = headers.wsse.map(str::to_owned);
                let ask = move |conn: &mut PgConnection| {
                    let presented = Presented { api, credentials: &credentials, wsse: wsse.as_deref() };
                    scheme.ask(&auth, conn, &presented).map_err(Error::from)
                };
                let found = if scheme.writes() { db.transaction(ask).await? } else { db.run(ask).await? };
                found.ok_or_else(|| refused("the credentials, their client or their user are not good (any more)"))
            }
        }
    }

    /// The keys as last read, if that is not too long ago.
    pub fn known_keys(&self) -> Option<Arc<Keys>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.as_ref().filter(|keys| !keys.is_stale()).map(Arc::clone)
    }

    /// Reads the keys.
    pub fn reload_keys(&self, conn: &mut PgConnection) -> Result<Arc<Keys>, AccessError> {
        let keys = keys::load(conn, &self.server, self.access_lifetime())?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&keys));
        Ok(keys)
    }

    /// The keys, read anew where that is due.
    pub fn current_keys(&self, conn: &mut PgConnection) -> Result<Arc<Keys>, AccessError> {
        match self.known_keys() {
            Some(keys) => Ok(keys),
            None => self.reload_keys(conn),
        }
    }

    /// What an access token says, if one of our keys has signed it and its time has come and is not over.
    pub(crate) fn claims(&self, conn: &mut PgConnection, token: &str) -> Result<Option<Claims>, AccessError> {
        let keys = self.current_keys(conn)?;
        let verified = match token::verify(&keys, token) {
            Err(Invalid::UnknownKey) => token::verify(&*self.reload_keys(conn)?, token),
            verified => verified,
        };
        Ok(verified.ok())
    }

    /// Whether `password` is that of `hash`, which is nobody's when there is none. Failures are counted for the account's name
    /// and the caller's address; the error is how long to wait.
    pub(crate) async fn check_password(
        &self,
        account: &str,
        address: Option<IpAddr>,
        password: &str,
        hash: Option<String>,
    ) -> Result<bool, Duration> {
        // Callers whose address a proxy does not tell are held back as one.
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let wait = self.brake.wait(account, address, Instant::now());
        if wait > Duration::ZERO {
            return Err(wait);
        }
        let checked = self.passwords.check(password.to_owned(), hash).await;
        let right = checked.map_err(|_| Duration::from_secs(1))?;
        match right {
            true => self.brake.succeeded(account, address, Instant::now()),
            false => self.brake.failed(account, address, Instant::now()),
        }
        Ok(right)
    }

    pub(crate) fn access_lifetime(&self) -> TimeDelta {
        TimeDelta::seconds(self.settings.access_token_lifetime.as_secs() as i64)
    }

    /// How far the time of a WSSE header may be from the server's.
    pub(crate) fn nonce_lifetime(&self) -> TimeDelta {
        TimeDelta::seconds(self.settings.wsse_nonce_lifetime.as_secs() as i64)
    }

    pub(crate) fn refresh_lifetime(&self) -> TimeDelta {
        TimeDelta::seconds(self.settings.refresh_token_lifetime.as_secs() as i64)
    }
}

/// What hashing a password costs by the settings.
pub fn cost(settings: &config::Auth) -> Cost {
    Cost { memory_kib: settings.argon2_memory, iterations: settings.argon2_iterations }
}

/// Why something about users, clients or keys could not be done.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The request cannot be granted; the sentence is for the one who asked.
    #[error("{0}")]
    Refused(String),
    /// Stored keys or the machine are at fault; the sentence is for the operator.
    #[error("{0}")]
    Broken(String),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl AccessError {
    pub(crate) fn refused(sentence: impl Into<String>) -> AccessError {
        AccessError::Refused(sentence.into())
    }

    pub(crate) fn broken(sentence: impl Into<String>) -> AccessError {
        AccessError::Broken(sentence.into())
    }
}

impl From<AccessError> for Error {
    fn from(error: AccessError) -> Error {
        match error {
            AccessError::Database(error) => error.into(),
            other => Error::internal(other),
        }
    }
}
