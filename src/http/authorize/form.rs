//! What ties a posted form to the page that it comes from: a token over the browser's cookie, the request in the query,
//! whom the page was shown to, and the time. Another site can neither read the token nor make one.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};

use crate::auth::secret::{ServerKey, random_text};
use crate::auth::{AccessError, Api};

/// How long a page may stay open before its form is sent.
const PATIENCE: TimeDelta = TimeDelta::seconds(3600);
const PURPOSE: &str = "authorize-form";

/// The browser's side: a random value in a cookie.
pub struct Browser {
    nonce: String,
    secure: bool,
    known: bool,
}

impl Browser {
    /// The browser of the request; one that has no value yet gets one.
    pub fn of(request: &HttpRequest, secure: bool) -> Result<Browser, AccessError> {
        let known = request.cookie(&name("entrepot-form", secure)).map(|cookie| cookie.value().to_owned());
        let sound = |text: &String| {
            text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        Ok(match known.filter(sound) {
            Some(nonce) => Browser { nonce, secure, known: true },
            None => Browser { nonce: random_text()?, secure, known: false },
        })
    }

    /// The cookie, where the browser has none yet.
    pub fn cookie(&self) -> Option<Cookie<'static>> {
        (!self.known).then(|| cookie("entrepot-form", self.nonce.clone(), self.secure, None))
    }

    /// The token of a form. `page`: which one it is, and for whom.
    pub fn token(&self, server: &ServerKey, query: &str, page: &str, now: DateTime<Utc>) -> String {
        let expires = (now + PATIENCE).timestamp();
        format!("{expires}.{}", URL_SAFE_NO_PAD.encode(server.mac(PURPOSE, &self.text(query, page, expires))))
    }

    /// Whether the token is of such a form, shown to this browser not long ago.
    pub fn knows(&self, server: &ServerKey, query: &str, page: &str, token: &str, now: DateTime<Utc>) -> bool {
        let Some((expires, mac)) = token.split_once('.') else { return false };
        let (Ok(expires), Ok(mac)) = (expires.parse::<i64>(), URL_SAFE_NO_PAD.decode(mac)) else { return false };
        self.known && expires > now.timestamp() && server.mac_matches(PURPOSE, &self.text(query, page, expires), &mac)
    }

    fn text(&self, query: &str, page: &str, expires: i64) -> String {
        format!("{}\n{expires}\n{page}\n{query}", self.nonce)
    }
}

/// The text of the session's cookie.
pub fn session(request: &HttpRequest, api: Api, secure: bool) -> Option<String> {
    request.cookie(&name(session_name(api), secure)).map(|cookie| cookie.value().to_owned())
}

/// The session's cookie; without a text the browser forgets it.
pub fn session_cookie(api: Api, text: Option<String>, secure: bool) -> Cookie<'static> {
    let lifetime = text.as_ref().map_or(0, |_| crate::auth::session::LIFETIME.num_seconds());
    cookie(session_name(api), text.unwrap_or_default(), secure, Some(Duration::seconds(lifetime)))
}

fn session_name(api: Api) -> &'static str {
    match api {
        Api::Admin => "entrepot-login-admin",
        Api::Storefront => "entrepot-login-storefront",
    }
}

/// With the prefix `__Host-` a browser takes the cookie from this host alone, not from one below the same domain.
fn name(base: &str, secure: bool) -> String {
    if secure { format!("__Host-{base}") } else { base.to_owned() }
}

/// Sent along when another site leads here, which is how every login begins, but not with its forms.
fn cookie(base: &str, value: String, secure: bool, lifetime: Option<Duration>) -> Cookie<'static> {
    let mut cookie = Cookie::new(name(base, secure), value);
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_secure(secure);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_max_age(lifetime);
    cookie
}
