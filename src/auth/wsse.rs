//! The scheme `WSSE`, for old clients: a user name and a digest over an API key, a nonce and the time.
//!
//! `Authorization: WSSE profile="UsernameToken"` and
//! `X-WSSE: UsernameToken Username="u", PasswordDigest="d", Nonce="n", Created="t"`, where `n` is base64, `t` ISO 8601
//! with any offset and `d = base64(sha1(base64decode(n) ++ t ++ key))`. The second header alone will do. A nonce works
//! once, across all processes; the time may differ from the server's by the lifetime of a nonce.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use chrono::{DateTime, SecondsFormat, Utc};
use diesel::pg::PgConnection;

use super::secret::random;
use super::{AccessError, Api, Auth, Outcome, Presented, Scheme, api_keys, callers};
use crate::acl::Caller;

/// The value of `WWW-Authenticate` when this scheme was tried.
pub const CHALLENGE: &str = "WSSE realm=\"entrepot\", profile=\"UsernameToken\"";

/// Longer headers are none of ours.
const LONGEST: usize = 2048;

pub struct Wsse;

impl Scheme for Wsse {
    fn name(&self) -> &'static str {
        "WSSE"
    }

    fn challenge(&self) -> &'static str {
        CHALLENGE
    }

    fn writes(&self) -> bool {
        true
    }

    fn recall(&self, auth: &Auth, presented: &Presented<'_>) -> Outcome {
        match Token::of(presented).map(|token| token.is_of_now(auth, Utc::now())) {
            None => Outcome::Refused("the header X-WSSE is missing or cannot be read"),
            Some(false) => Outcome::Refused("Created is too far from the server's time"),
            Some(true) if presented.api != Api::Admin => Outcome::Refused("API keys are for the back office's API"),
            Some(true) => Outcome::Ask,
        }
    }

    fn ask(
        &self,
        auth: &Auth,
        conn: &mut PgConnection,
        presented: &Presented<'_>,
    ) -> Result<Option<Arc<Caller>>, AccessError> {
        let Some(token) = Token::of(presented) else { return Ok(None) };
        for key in api_keys::of_user(conn, token.username)? {
            let secret = match key.open(&auth.server) {
                Ok(secret) => secret,
                Err(error) => {
                    tracing::warn!(key = key.id, %error, "an API key cannot be read");
                    continue;
                }
            };
            let right = digest(&token.nonce, token.created, &secret);
            if verify_slices_are_equal(&right, &token.digest).is_err() {
                continue;
            }
            // Only a right digest leaves a trace, so that nobody else can fill the table.
            if !api_keys::use_nonce(conn, &key, &token.nonce, token.time + auth.nonce_lifetime())? {
                tracing::warn!(key = key.id, "a nonce was used a second time");
                return Ok(None);
            }
            return Ok(callers::load_user(conn, &key)?.map(Arc::new));
        }
        Ok(None)
    }
}

/// What the header says.
struct Token<'h> {
    username: &'h str,
    digest: Vec<u8>,
    nonce: Vec<u8>,
    /// The text that the digest is over.
    created: &'h str,
    time: DateTime<Utc>,
}

impl<'h> Token<'h> {
    /// `None` when the headers are not what the scheme asks for.
    fn of(presented: &Presented<'h>) -> Option<Token<'h>> {
        let profile = presented.credentials;
        if !profile.is_empty() {
            let (name, value) = profile.split_once('=')?;
            let known =
                name.trim().eq_ignore_ascii_case("profile") && value.trim().trim_matches('"') == "UsernameToken";
            known.then_some(())?;
        }
        Token::read(presented.wsse?)
    }

    fn read(header: &'h str) -> Option<Token<'h>> {
        let (kind, rest) = header.trim().split_once(' ')?;
        if header.len() > LONGEST || kind != "UsernameToken" {
            return None;
        }
        let (mut username, mut digest, mut nonce, mut created) = (None, None, None, None);
        let mut rest = rest.trim();
        while !rest.is_empty() {
            let (name, value) = rest.split_once('=')?;
            let (value, after) = value.trim_start().strip_prefix('"')?.split_once('"')?;
            let slot = match name.trim() {
                "Username" => &mut username,
                "PasswordDigest" => &mut digest,
                "Nonce" => &mut nonce,
                "Created" => &mut created,
                _ => return None,
            };
            // Said twice, it could be read as one by a proxy and as the other here.
            if slot.replace(value).is_some() {
                return None;
            }
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(more) => more.trim_start(),
                None if after.is_empty() => after,
                None => return None,
            };
        }
        let created = created?;
        Some(Token {
            username: username?,
            digest: base64(digest?)?,
            nonce: base64(nonce?).filter(|nonce| !nonce.is_empty())?,
            created,
            time: time(created)?,
        })
    }

    fn is_of_now(&self, auth: &Auth, now: DateTime<Utc>) -> bool {
        (now - self.time).abs() <= auth.nonce_lifetime()
    }
}

fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()
}

/// ISO 8601 with an offset: `Z`, `+02:00`, `+0200` or `+02`.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let basic = |format| DateTime::parse_from_str(text, format).ok();
    DateTime::parse_from_rfc3339(text)
        .ok()
        .or_else(|| basic("%Y-%m-%dT%H:%M:%S%.f%#z"))
        .or_else(|| basic("%Y%m%dT%H%M%S%#z"))
        .map(|time| time.to_utc())
}

/// `sha1(nonce ++ created ++ key)`. SHA-1 is what the clients speak; nothing rests on its collision resistance.
fn digest(nonce: &[u8], created: &str, key: &str) -> Vec<u8> {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    context.update(nonce);
    context.update(created.as_bytes());
    context.update(key.as_bytes());
    context.finish().as_ref().to_vec()
}

/// Both headers of a request, ready to be sent once.
pub fn headers(username: &str, key: &str, now: DateTime<Utc>) -> Result<String, AccessError> {
    if username.contains('"') || username.chars().any(char::is_control) {
        return Err(AccessError::refused("a user name with a quotation mark cannot stand in the header"));
    }
    let (nonce, created) = (random::<16>()?, now.to_rfc3339_opts(SecondsFormat::Secs, true));
    let (digest, nonce) = (STANDARD.encode(digest(&nonce, &created, key)), STANDARD.encode(nonce));
    Ok(format!(
        "Authorization: WSSE profile=\"UsernameToken\"\n\
         X-WSSE: UsernameToken Username=\"{username}\", PasswordDigest=\"{digest}\", Nonce=\"{nonce}\", Created=\"{created}\"\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_computed_as_other_implementations_do() {
        // printf '%s' 'd36e316282959a9ed4c89851497a717f2003-12-15T14:43:07Ztaadtaadpstcsm' | openssl sha1 -binary | base64
        let nonce = b"d36e316282959a9ed4c89851497a717f";
        let digest = digest(nonce, "2003-12-15T14:43:07Z", "taadtaadpstcsm");
        assert_eq!(STANDARD.encode(digest), "quR/EWLAV4xLf9Zqyw4pDmfV9OY=");
    }

    #[test]
    fn times_may_have_any_offset() {
        for text in [
            "2026-11-23T12:00:00Z",
            "2026-11-23T13:00:00+01:00",
            "2026-11-23T13:00:00+0100",
            "2026-11-23T07:00:00.000-05",
            "20261123T120000Z",
        ] {
            let time = time(text).map(|time| time.to_rfc3339());
            assert_eq!(time.as_deref(), Some("2026-11-23T12:00:00+00:00"), "{text}");
        }
        assert!(["", "now", "2026-11-23", "2026-11-23T12:00:00"].iter().all(|text| time(text).is_none()));
    }

    #[test]
    fn only_whole_headers_are_read() {
        let whole =
            r#"UsernameToken Username="a b, c", PasswordDigest="ZA==", Nonce="bg", Created="2026-11-23T12:00:00Z""#;
        assert_eq!(Token::read(whole).map(|token| token.username), Some("a b, c"));
        let shuffled =
            r#"UsernameToken Created="2026-11-23T12:00:00Z",Nonce="bg==",PasswordDigest="ZA==",Username="u""#;
        assert!(Token::read(shuffled).is_some());
        let cases = [
            whole.replace("UsernameToken ", ""),
            whole.replace("Nonce=\"bg\", ", ""),
            whole.replace("\"bg\"", "\"\""),
            whole.replace("\"bg\"", "\"!\""),
            whole.replace("\"bg\"", "bg"),
            format!("{whole}, Username=\"other\""),
            format!("{whole} x"),
            format!("{whole}, Other=\"x\""),
            whole.replace("12:00:00Z", "25:00:00Z"),
            whole.replace("a b", &"a".repeat(3000)),
        ];
        for case in cases {
            assert!(Token::read(&case).is_none(), "{case}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_sent_panics(header in "(UsernameToken )?((Username|Nonce|Created|PasswordDigest)?=?\"?.{0,9}\"?,?){0,5}") {
            let _ = Token::read(&header);
        }
    }
}
