//! Headers by which browsers protect those who use them, on every answer.
//!
//! HTTPS is to be used again; types are not guessed; addresses are not told to other sites; a page without a policy of
//! its own loads nothing and is shown in no other page.

use actix_web::HttpRequest;
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};

use super::origin::secure;
use crate::app::App;

/// What the answer to a request gets; told before the request is given away.
#[derive(Clone, Debug, Default)]
pub struct Protection {
    hsts: Option<HeaderValue>,
}

impl Protection {
    pub fn of(request: &HttpRequest, app: &App) -> Protection {
        let seconds = app.config.http.hsts_max_age.as_secs();
        let hsts = (seconds > 0 && secure(request, app)).then(|| format!("max-age={seconds}"));
        Protection { hsts: hsts.and_then(|text| HeaderValue::from_str(&text).ok()) }
    }

    /// A handler's own choice stays.
    pub fn apply(self, headers: &mut HeaderMap) {
        if let Some(value) = self.hsts {
            headers.insert(STRICT_TRANSPORT_SECURITY, value);
        }
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if !headers.contains_key(REFERRER_POLICY) {
            headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        }
        let page = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if page && !headers.contains_key(CONTENT_SECURITY_POLICY) {
            let policy = "default-src 'none'; frame-ancestors 'none'";
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        }
    }
}
