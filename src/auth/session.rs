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
    /// What the password's hash was: with another one the session is over.
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
    /// Of someone whose password has that hash.
    pub fn new(server: &ServerKey, organization: i64, subject: Subject, password_hash: Option<&str>) -> Session {
        Session { organization, subject, mark: mark(server, password_hash) }
    }

    /// The name of who has logged in, if all is as it was then: the account can be used, the password is the same.
    pub fn name(&self, conn: &mut PgConnection, auth: &Auth) -> QueryResult<Option<String>> {
        let hash = self.password_hash(conn)?;
        if mark(&auth.server, hash.as_deref()) != self.mark {
            return Ok(None);
        }
        let found = known(conn, auth, self.organization, self.subject, Utc::now())?;
        Ok(found.filter(|(_, account)| account.hint().is_none()).map(|(name, _)| name))
    }

    fn password_hash(&self, conn: &mut PgConnection) -> QueryResult<Option<String>> {
        let found: Option<Option<String>> = match self.subject {
            Subject::User(id) => {
                let user = app_user::table.find((self.organization, id));
                user.select(app_user::password_hash).first(conn).optional()?
            }
            Subject::CustomerUser(id) => {
                let user = customer_user::table.find((self.organization, id));
                user.select(customer_user::password_hash).first(conn).optional()?
            }
            Subject::Visitor(_) => None,
        };
        Ok(found.flatten())
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

fn mark(server: &ServerKey, password_hash: Option<&str>) -> String {
    let mac = server.mac("login-session-password", password_hash.unwrap_or_default());
    URL_SAFE_NO_PAD.encode(&mac[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_for_its_api_its_key_and_its_time() {
        let (one, two) = (ServerKey::parse(&"0a".repeat(32)).unwrap(), ServerKey::parse(&"0b".repeat(32)).unwrap());
        let now = Utc::now();
        let session = Session::new(&one, 7, Subject::User(5), Some("hash"));
        let text = session.seal(&one, Api::Admin, now).unwrap();
        assert_eq!(Session::open(&one, Api::Admin, &text, now), Some(session));
        assert_eq!(Session::open(&one, Api::Storefront, &text, now), None);
        assert_eq!(Session::open(&two, Api::Admin, &text, now), None);
        assert_eq!(Session::open(&one, Api::Admin, &text, now + LIFETIME), None);
        assert_eq!(Session::open(&one, Api::Admin, &text[1..], now), None);
    }
}
