//! Access tokens: JSON Web Tokens signed with RS256, and nothing else.
//!
//! A token says which client (`aud`) and user (`sub`) it was given to and for which API. It is a reference, not the
//! truth: each request checks its row, its client and its user again (see [`super::callers`]).

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::AccessError;
use super::keys::Keys;

/// Longer texts are no tokens of ours.
const LONGEST: usize = 4096;
/// Seconds by which the clocks of two servers may differ.
const LEEWAY: u64 = 5;

/// The claims of an access token. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The client's identifier.
    pub aud: String,
    pub jti: Uuid,
    pub iat: i64,
    pub nbf: i64,
    pub exp: i64,
    /// The user name; empty for `client_credentials`.
    pub sub: String,
    pub scopes: Vec<String>,
    /// The API it is for: `admin` or `storefront`.
    pub api: String,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// The key is not among the known ones: perhaps it is newer than what this process has read.
    UnknownKey,
    /// The reason, for the log.
    Refused(&'static str),
}

/// Signs the claims.
pub fn sign(keys: &Keys, claims: &Claims) -> Result<String, AccessError> {
    let (kid, key) = keys.signing();
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(kid.to_owned());
    encode(&header, claims, key).map_err(|error| AccessError::broken(format!("a token could not be signed: {error}")))
}

/// The claims of a token that one of our keys has signed and whose time it is.
pub fn verify(keys: &Keys, token: &str) -> Result<Claims, Invalid> {
    if token.len() > LONGEST {
        return Err(Invalid::Refused("longer than any token"));
    }
    let header = decode_header(token).map_err(|_| Invalid::Refused("not a JSON Web Token"))?;
    if header.alg != Algorithm::RS256 {
        return Err(Invalid::Refused("not signed with RS256"));
    }
    let kid = header.kid.ok_or(Invalid::Refused("names no key"))?;
    let key = keys.public(&kid).ok_or(Invalid::UnknownKey)?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.leeway = LEEWAY;
    validation.validate_nbf = true;
    validation.set_required_spec_claims(&["exp", "nbf", "aud", "sub"]);
    // The audience is the client; whether it exists and is the one the token was given to is asked of the database.
    validation.validate_aud = false;
    let token = decode::<Claims>(token, key, &validation).map_err(|error| match error.kind() {
        ErrorKind::ExpiredSignature => Invalid::Refused("expired"),
        ErrorKind::InvalidSignature => Invalid::Refused("the signature does not fit"),
        _ => Invalid::Refused("claims are missing or wrong"),
    })?;
    Ok(token.claims)
}
