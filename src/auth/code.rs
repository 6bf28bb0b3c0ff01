//! Authorization codes: given to a client by way of the user's browser, and exchanged once for a pair of tokens.

use aws_lc_rs::constant_time;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::authorize::{Application, Challenge, ChallengeMethod, Target, is_verifier};
use super::clients::Client;
use super::grant::NotGranted;
use super::issue::revoke_family;
use super::oauth2::{Refusal, TokenRequest};
use super::secret::{random, random_text, sha256};
use super::subject::{Subject, Subjects};
use super::{AccessError, Auth};
use crate::schema::oauth_code;

/// How long a code is good for.
pub const LIFETIME: TimeDelta = TimeDelta::seconds(600);
const CODE: &str = "authorization-code";

/// A new code. `subject`: who agreed; `None`: a visitor, who is made when the code is exchanged.
pub fn issue(
    conn: &mut PgConnection,
    auth: &Auth,
    application: &Application,
    target: &Target,
    challenge: Option<&Challenge>,
    subject: Option<Subject>,
) -> Result<String, AccessError> {
    let (code, now) = (random_text()?, Utc::now());
    let (user, buyer, _) = subject.map(Subject::columns).unwrap_or_default();
    diesel::insert_into(oauth_code::table)
        .values((
            oauth_code::hash.eq(auth.server.mac(CODE, &code)),
            oauth_code::organization_id.eq(application.organization),
            oauth_code::client_id.eq(&application.id),
            oauth_code::user_id.eq(user),
            oauth_code::customer_user_id.eq(buyer),
            oauth_code::redirect_uri.eq(&target.uri),
            oauth_code::redirect_given.eq(target.given),
            oauth_code::challenge.eq(challenge.map(|challenge| challenge.text.as_str())),
            oauth_code::challenge_method.eq(challenge.map(|challenge| challenge.method.name())),
            oauth_code::family.eq(Uuid::from_bytes(random()?)),
            oauth_code::issued_at.eq(now),
            oauth_code::expires_at.eq(now + LIFETIME),
        ))
        .execute(conn)?;
    // One that comes a little too late is told so.
    sweep(conn, now - LIFETIME)?;
    Ok(code)
}

/// What a code was given for.
pub struct Redeemed {
    /// Who agreed; `None`: a visitor.
    pub subject: Option<Subject>,
    /// Of the tokens to be made.
    pub family: Uuid,
}

#[derive(Queryable)]
struct Row {
    organization: i64,
    client: String,
    user: Option<i64>,
    buyer: Option<i64>,
    redirect_uri: String,
    redirect_given: bool,
    challenge: Option<String>,
    method: Option<String>,
    family: Uuid,
    expires: DateTime<Utc>,
    used: Option<DateTime<Utc>>,
}

/// Takes the code of a request. The inner refusal comes with changes that must be committed: a second use revokes what
/// was made of the first.
pub fn redeem(
    conn: &mut PgConnection,
    auth: &Auth,
    client: &Client,
    request: &TokenRequest,
) -> Result<Result<Redeemed, Box<Refusal>>, NotGranted> {
    let now = Utc::now();
    let hash = auth.server.mac(CODE, request.require("code")?);
    let row: Option<Row> = oauth_code::table
        .find(&hash)
        .select((
            oauth_code::organization_id,
            oauth_code::client_id,
            oauth_code::user_id,
            oauth_code::customer_user_id,
            oauth_code::redirect_uri,
            oauth_code::redirect_given,
            oauth_code::challenge,
            oauth_code::challenge_method,
            oauth_code::family,
            oauth_code::expires_at,
            oauth_code::used_at,
        ))
        .for_update()
        .first(conn)
        .optional()?;
    let row = row.ok_or_else(|| Refusal::code("Cannot decrypt the authorization code"))?;
    if (row.organization, &row.client) != (client.organization, &client.id) {
        return Err(Refusal::code("Authorization code was not issued to this client").into());
    }
    if row.used.is_some() {
        tracing::warn!(client = client.id, "an authorization code was used a second time; its tokens are revoked");
        let ended = revoke_family(conn, row.family, now)?;
        return Ok(Err(Refusal::code("Authorization code has been revoked").ending(ended)));
    }
    if row.expires <= now {
        return Err(Refusal::code("Authorization code has expired").into());
    }
    match request.get("redirect_uri") {
        Some(given) if given != row.redirect_uri => return Err(Refusal::code("Invalid redirect URI").into()),
        None if row.redirect_given => return Err(Refusal::check("redirect_uri").into()),
        _ => {}
    }
    prove(row.challenge.as_deref(), row.method.as_deref(), request.get("code_verifier"))?;
    // Now it tells a second use, for as long as what it gave may live.
    let kept_until = now + auth.refresh_lifetime();
    let used = (oauth_code::used_at.eq(now), oauth_code::expires_at.eq(kept_until));
    diesel::update(oauth_code::table.find(&hash)).set(used).execute(conn)?;
    Ok(Ok(Redeemed { subject: Subject::of((row.user, row.buyer, None)), family: row.family }))
}

/// Whether the verifier is that of the challenge. One without the other is an attack, or a fault of the client (RFC 9700,
/// 2.1.1).
fn prove(challenge: Option<&str>, method: Option<&str>, verifier: Option<&str>) -> Result<(), Box<Refusal>> {
    let (challenge, verifier) = match (challenge, verifier) {
        (None, None) => return Ok(()),
        (None, Some(_)) => {
            return Err(Refusal::malformed(
                "`code_verifier` was sent, but the code was asked for without `code_challenge`",
            ));
        }
        (Some(_), None) => return Err(Refusal::check("code_verifier")),
        (Some(challenge), Some(verifier)) => (challenge, verifier),
    };
    if !is_verifier(verifier) {
        return Err(Refusal::malformed("Code Verifier must follow the specifications of RFC-7636."));
    }
    let shown = match method.and_then(ChallengeMethod::parse) {
        Some(ChallengeMethod::Plain) => verifier.to_owned(),
        _ => URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes())),
    };
    constant_time::verify_slices_are_equal(shown.as_bytes(), challenge.as_bytes())
        .map_err(|_| Refusal::code("Failed to verify `code_verifier`."))
}

/// Forgets the codes of a user.
pub fn forget(conn: &mut PgConnection, organization: i64, subjects: &Subjects) -> QueryResult<()> {
    let of_users = oauth_code::user_id.eq_any(&subjects.users);
    let own = oauth_code::table
        .filter(oauth_code::organization_id.eq(organization))
        .filter(of_users.or(oauth_code::customer_user_id.eq_any(&subjects.customer_users)));
    diesel::delete(own).execute(conn).map(drop)
}

/// Every code given removes a few that expired before then.
fn sweep(conn: &mut PgConnection, gone: DateTime<Utc>) -> QueryResult<()> {
    let old: Vec<Vec<u8>> = oauth_code::table
        .filter(oauth_code::expires_at.lt(gone))
        .order(oauth_code::expires_at)
        .select(oauth_code::hash)
        .limit(4)
        .for_update()
        .skip_locked()
        .load(conn)?;
    if old.is_empty() {
        return Ok(());
    }
    diesel::delete(oauth_code::table.filter(oauth_code::hash.eq_any(old))).execute(conn).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn only_the_verifier_of_the_challenge_proves() {
        let hint = |challenge, method, verifier| prove(challenge, method, verifier).map_err(|refusal| refusal.hint);
        assert_eq!(hint(Some(CHALLENGE), Some("S256"), Some(VERIFIER)), Ok(()));
        assert_eq!(hint(Some(VERIFIER), Some("plain"), Some(VERIFIER)), Ok(()));
        assert_eq!(hint(None, None, None), Ok(()));
        assert!(hint(Some(CHALLENGE), Some("S256"), Some(CHALLENGE)).is_err(), "a challenge is no verifier");
        assert!(hint(Some(CHALLENGE), Some("S256"), None).is_err());
        assert!(hint(None, None, Some(VERIFIER)).is_err());
        assert!(hint(Some(CHALLENGE), Some("S256"), Some("short")).is_err());
    }
}
