//! Who has logged in on the login page: kept by the browser in a sealed value, for a short time, and asked of the
//! database again with every request.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::grant::known;
use super::secret::ServerKey;
use super::subject::Subject;
use super::{AccessError, Api, Auth};
use crate::schema::{app_user, customer_user};

/// How long a login is good for further requests of codes.
pub const LIFETIME: TimeDelta = TimeDelta::seconds(600);

/// Someone who has logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub organization: i64,
    pub subject: Subject,
    /// What the [`State`] was: with another one the session is over.
    mark: String,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    organization: i64,
    user: Option<i64>,
    customer_user: Option<i64>,
    mark: String,
    expires: i64,
}

impl Session {
    /// Of someone who has just logged in; `None`: the account is gone.
    pub fn begin(
        conn: &mut PgConnection,
        server: &ServerKey,
        organization: i64,
        subject: Subject,
    ) -> QueryResult<Option<Session>> {
        let now = state(conn, organization, subject)?;
        Ok(now.map(|now| Session { organization, subject, mark: now.mark(server) }))
    }

    /// The name of who has logged in, if all is as it was then: the account can be used and always could, the password is
    /// the same.
    pub fn name(&self, conn: &mut PgConnection, auth: &Auth) -> QueryResult<Option<String>> {
        let now = state(conn, self.organization, self.subject)?;
        if now.is_none_or(|now| now.mark(&auth.server) != self.mark) {
            return Ok(None);
        }
        let found = known(conn, auth, self.organization, self.subject, Utc::now())?;
        Ok(found.filter(|(_, account)| account.hint().is_none()).map(|(name, _)| name))
    }

    /// The text for the browser.
    pub fn seal(&self, server: &ServerKey, api: Api, now: DateTime<Utc>) -> Result<String, AccessError> {
        let (user, customer_user, _) = self.subject.columns();
        let expires = (now + LIFETIME).timestamp();
        let sealed = Sealed { organization: self.organization, user, customer_user, mark: self.mark.clone(), expires };
        let text = serde_json::to_vec(&sealed).map_err(|error| AccessError::broken(error.to_string()))?;
        Ok(URL_SAFE_NO_PAD.encode(server.seal(purpose(api), &text)?))
    }

    /// What [`Session::seal`] made for the same API, if its time is not over.
    pub fn open(server: &ServerKey, api: Api, text: &str, now: DateTime<Utc>) -> Option<Session> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let plain = server.open(purpose(api), server.id(), &bytes).ok()?;
        let sealed: Sealed = serde_json::from_slice(&plain).ok()?;
        let subject = Subject::of((sealed.user, sealed.customer_user, None))?;
        let session = Session { organization: sealed.organization, subject, mark: sealed.mark };
        (sealed.expires > now.timestamp()).then_some(session)
    }
}

fn purpose(api: Api) -> &'static str {
    match api {
        Api::Admin => "login-session:admin",
        Api::Storefront => "login-session:storefront",
    }
}

/// What ends the sessions of an account when it changes.
struct State {
    password_hash: Option<String>,
    /// Counts how often the account was taken from its owner.
    epoch: i32,
}

impl State {
    /// Tells nobody the hash.
    fn mark(&self, server: &ServerKey) -> String {
        let text = format!("{}:{}", self.epoch, self.password_hash.as_deref().unwrap_or_default());
        URL_SAFE_NO_PAD.encode(&server.mac("login-session", &text)[..16])
    }
}

fn state(conn: &mut PgConnection, organization: i64, subject: Subject) -> QueryResult<Option<State>> {
    let found: Option<(Option<String>, i32)> = match subject {
        Subject::User(id) => {
            let user = app_user::table.find((organization, id));
            user.select((app_user::password_hash, app_user::login_epoch)).first(conn).optional()?
        }
        Subject::CustomerUser(id) => {
            let user = customer_user::table.find((organization, id));
            user.select((customer_user::password_hash, customer_user::login_epoch)).first(conn).optional()?
        }
        Subject::Visitor(_) => None,
    };
    Ok(found.map(|(password_hash, epoch)| State { password_hash, epoch }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_for_its_api_its_key_and_its_time() {
        let (one, two) = (ServerKey::parse(&"0a".repeat(32)).unwrap(), ServerKey::parse(&"0b".repeat(32)).unwrap());
        let now = Utc::now();
        let state = State { password_hash: Some("hash".to_owned()), epoch: 0 };
        let session = Session { organization: 7, subject: Subject::User(5), mark: state.mark(&one) };
        let text = session.seal(&one, Api::Admin, now).unwrap();
        assert_eq!(Session::open(&one, Api::Admin, &text, now), Some(session));
        assert_eq!(Session::open(&one, Api::Storefront, &text, now), None);
        assert_eq!(Session::open(&two, Api::Admin, &text, now), None);
        assert_eq!(Session::open(&one, Api::Admin, &text, now + LIFETIME), None);
        assert_eq!(Session::open(&one, Api::Admin, &text[1..], now), None);
    }

    #[test]
    fn another_password_and_another_epoch_are_another_mark() {
        let key = ServerKey::parse(&"0a".repeat(32)).unwrap();
        let mark = |hash: &str, epoch| State { password_hash: Some(hash.to_owned()), epoch }.mark(&key);
        assert_eq!(mark("hash", 1), mark("hash", 1));
        assert_ne!(mark("hash", 1), mark("hash", 2));
        assert_ne!(mark("hash", 1), mark("other", 1));
    }
}
