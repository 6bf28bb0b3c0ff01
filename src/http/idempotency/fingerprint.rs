//! What tells a request sent again from another one with the same key: its method, path, query and body.
//!
//! It is a hash under the server's key, since a body may hold a password that could be guessed from a plain one.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::Method;

use crate::auth::secret::Mac;
use crate::http::call::Call;

/// A fingerprint under way: takes the body part by part, as it comes.
pub struct Fingerprint(Mac);

impl Fingerprint {
    /// `method`: the one that is asked for, by `X-HTTP-Method-Override` too.
    pub fn begin(request: &HttpRequest, call: &Call, method: &Method) -> Fingerprint {
        let mut mac = call.app.auth.server.begin_mac("idempotency-key");
        let uri = request.uri();
        // With external ids the same text names other records.
        let ids = if Arc::ptr_eq(&call.registry, &call.app.external) { "external" } else { "stored" };
        for part in [ids, method.as_str(), uri.path(), uri.query().unwrap_or_default()] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        Fingerprint(mac)
    }

    /// The next part of the body.
    pub fn update(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0.finish()
    }
}
