//! The keys that sign access tokens: made, stored encrypted, rotated, published as JWKS.
//!
//! One key signs at a time. A retired key signs nothing more; its public half is accepted and published until the last
//! token it can have signed has expired. Other processes learn of a rotation within [`RELOAD_SECONDS`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};

use super::AccessError;
use super::secret::{ServerKey, random};
use crate::schema::signing_key;

/// How long a process may go on signing with a key that another process has retired.
pub const RELOAD_SECONDS: u64 = 30;

/// Signing and public keys as the database had them at one moment.
pub struct Keys {
    /// The id and the private half of the key in force.
    active: (String, EncodingKey),
    public: HashMap<String, DecodingKey>,
    jwks: Value,
    loaded: Instant,
}

impl Keys {
    /// The id and private half of the key that signs.
    pub fn signing(&self) -> (&str, &EncodingKey) {
        (&self.active.0, &self.active.1)
    }

    /// The public key of that id, if tokens signed with it are still accepted.
    pub fn public(&self, kid: &str) -> Option<&DecodingKey> {
        self.public.get(kid)
    }

    /// The JWK set (RFC 7517).
    pub fn jwks(&self) -> &Value {
        &self.jwks
    }

    pub fn age(&self) -> Duration {
        self.loaded.elapsed()
    }

    /// Whether they should be read again before use.
    pub fn is_stale(&self) -> bool {
        self.age() >= Duration::from_secs(RELOAD_SECONDS)
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({} signs)", self.active.0)
    }
}

/// Reads the keys. `lifetime` is that of an access token.
pub fn load(conn: &mut PgConnection, server: &ServerKey, lifetime: TimeDelta) -> Result<Arc<Keys>, AccessError> {
    let keys = read(conn, server, lifetime)?;
    keys.map(Arc::new).ok_or_else(|| AccessError::broken("there is no signing key; `entrepot keys rotate` makes one"))
}

/// Makes the first key where there is none; writes.
pub fn ensure(conn: &mut PgConnection, server: &ServerKey) -> Result<(), AccessError> {
    let some = diesel::select(diesel::dsl::exists(signing_key::table.filter(signing_key::retired_at.is_null())));
    if !some.get_result::<bool>(conn)? {
        insert(conn, server, Utc::now())?;
    }
    Ok(())
}

/// Retires the key in force and puts a new one in its place; the answer is the new key's id.
pub fn rotate(conn: &mut PgConnection, server: &ServerKey) -> Result<String, AccessError> {
    conn.transaction(|conn| {
        let now = Utc::now();
        diesel::update(signing_key::table.filter(signing_key::retired_at.is_null()))
            .set(signing_key::retired_at.eq(now))
            .execute(conn)?;
        insert(conn, server, now)?
            .ok_or_else(|| AccessError::refused("another process rotated the keys at the same moment"))
    })
}

/// Makes and stores a key; `None` when another one is in force already.
fn insert(conn: &mut PgConnection, server: &ServerKey, now: DateTime<Utc>) -> Result<Option<String>, AccessError> {
    let kid = URL_SAFE_NO_PAD.encode(random::<12>()?);
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| AccessError::broken("no RSA key could be generated"))?;
    let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| AccessError::broken("the RSA key has no PKCS#8 form"))?;
    let stored = diesel::insert_into(signing_key::table)
        .values((
            signing_key::kid.eq(&kid),
            signing_key::public_jwk.eq(jwk(&kid, &pair)),
            signing_key::private_key.eq(server.seal(&purpose(&kid), private.as_ref())?),
            signing_key::private_key_id.eq(server.id()),
            signing_key::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok((stored == 1).then_some(kid))
}

fn read(conn: &mut PgConnection, server: &ServerKey, lifetime: TimeDelta) -> Result<Option<Keys>, AccessError> {
    let accepted_after = Utc::now() - lifetime - TimeDelta::seconds(2 * RELOAD_SECONDS as i64);
    type Row = (String, Value, Vec<u8>, String, Option<DateTime<Utc>>);
    let rows: Vec<Row> = signing_key::table
        .filter(signing_key::retired_at.is_null().or(signing_key::retired_at.gt(accepted_after)))
        .order(signing_key::created_at.desc())
        .select((
            signing_key::kid,
            signing_key::public_jwk,
            signing_key::private_key,
            signing_key::private_key_id,
            signing_key::retired_at,
        ))
        .load(conn)?;
    let (mut active, mut public, mut set) = (None, HashMap::new(), Vec::new());
    for (kid, jwk, private, key_id, retired) in rows {
        public.insert(kid.clone(), decoding_key(&kid, &jwk)?);
        if retired.is_none() {
            let der = server.open(&purpose(&kid), &key_id, &private)?;
            let key = encoding_key(&kid, &der)?;
            active = Some((kid, key));
        }
        set.push(jwk);
    }
    Ok(active.map(|active| Keys { active, public, jwks: json!({ "keys": set }), loaded: Instant::now() }))
}

/// What a stored private key is sealed for.
fn purpose(kid: &str) -> String {
    format!("signing-key:{kid}")
}

/// The public half as a JWK (RFC 7517, 7518).
fn jwk(kid: &str, pair: &KeyPair) -> Value {
    let public = pair.public_key();
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": kid,
        "n": number(public.modulus().big_endian_without_leading_zero()),
        "e": number(public.exponent().big_endian_without_leading_zero()),
    })
}

fn decoding_key(kid: &str, jwk: &Value) -> Result<DecodingKey, AccessError> {
    let part = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
    DecodingKey::from_rsa_components(part("n"), part("e"))
        .map_err(|_| AccessError::broken(format!("the public half of signing key {kid} cannot be read")))
}

/// jsonwebtoken reads private RSA keys as PKCS#1, or from a PEM text.
fn encoding_key(kid: &str, pkcs8: &[u8]) -> Result<EncodingKey, AccessError> {
    let body = STANDARD.encode(pkcs8);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    EncodingKey::from_rsa_pem(pem.as_bytes())
        .map_err(|_| AccessError::broken(format!("the private half of signing key {kid} cannot be read")))
}
