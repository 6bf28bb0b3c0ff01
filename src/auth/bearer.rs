//! The scheme `Bearer`: an access token of the token endpoint in the header `Authorization`.

use std::sync::Arc;
use std::time::Duration;

use diesel::pg::PgConnection;

use super::secret::sha256;
use super::token::{Invalid, verify};
use super::{AccessError, Auth, Outcome, Presented, Scheme, callers};
use crate::acl::Caller;

/// Keys are read again for an unknown key id, but not more often than this.
const RELOAD_PAUSE: Duration = Duration::from_secs(1);

pub struct Bearer;

impl Scheme for Bearer {
    fn name(&self) -> &'static str {
        "Bearer"
    }

    fn recall(&self, auth: &Auth, presented: &Presented<'_>) -> Outcome {
        let hash = sha256(presented.credentials.as_bytes());
        if let Some(known) = auth.callers.get(&hash) {
            return match known.caller {
                Some(caller) if known.api == presented.api.name() => Outcome::Caller(caller),
                _ => Outcome::Refused("the token is revoked, or for the other API"),
            };
        }
        // What no key of ours has signed must not cost a database connection.
        match auth.known_keys().map(|keys| (verify(&keys, presented.credentials), keys.age())) {
            Some((Err(Invalid::Refused(why)), _)) => Outcome::Refused(why),
            Some((Err(Invalid::UnknownKey), age)) if age < RELOAD_PAUSE => Outcome::Refused("signed by an unknown key"),
            Some((Ok(claims), _)) if claims.api != presented.api.name() => Outcome::Refused("for the other API"),
            _ => Outcome::Ask,
        }
    }

    fn ask(
        &self,
        auth: &Auth,
        conn: &mut PgConnection,
        presented: &Presented<'_>,
    ) -> Result<Option<Arc<Caller>>, AccessError> {
        let mark = auth.callers.mark();
        let keys = match auth.known_keys() {
            Some(keys) if !matches!(verify(&keys, presented.credentials), Err(Invalid::UnknownKey)) => keys,
            _ => auth.reload_keys(conn)?,
        };
        let Ok(claims) = verify(&keys, presented.credentials) else { return Ok(None) };
        let caller = callers::load(conn, &claims, auth.apis.visitors)?.map(Arc::new);
        auth.callers.put(sha256(presented.credentials.as_bytes()), mark, &claims, caller.clone());
        Ok(caller.filter(|_| claims.api == presented.api.name()))
    }
}
