//! Which tokens are accepted: only those that a key of ours has signed with RS256, for this API, at this time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use diesel::prelude::*;
use entrepot::auth::keys::{self, Keys};
use entrepot::auth::secret::ServerKey;
use entrepot::auth::token::{Claims, sign};
use entrepot::schema::{oauth_access_token, signing_key};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;

use super::{PROBE, part};
use crate::support::client::Answer;
use crate::support::database;
use crate::support::organization::{Organization, User, token};
use crate::support::server::{KEY, TestServer};

fn probe(organization: &Organization, token: &str) -> Answer {
    organization.server.client().with_token(token).get(PROBE)
}

fn server_key() -> ServerKey {
    ServerKey::parse(KEY).unwrap()
}

fn current_keys(organization: &Organization) -> std::sync::Arc<Keys> {
    organization.write(|conn| keys::load(conn, &server_key(), chrono::TimeDelta::hours(1)))
}

fn fresh(user: &User, organization: &Organization) -> (String, Claims) {
    let token = token(organization.server, &user.client_id, &user.client_secret);
    let claims = serde_json::from_value(part(&token, 1)).unwrap();
    (token, claims)
}

/// "Failure -> 401, empty body, `WWW-Authenticate`."
#[test]
fn a_request_without_a_good_token_is_401_with_an_empty_body() {
    let organization = Organization::new();
    let (good, _) = fresh(&organization.admin, &organization);
    probe(&organization, &good).expect(200);
    let client = organization.server.client();
    let headers = ["", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Basic YTpi", &good, &format!("Token {good}")];
    for header in headers {
        let answer = client.send(reqwest::Method::GET, PROBE, |request| request.header("Authorization", header));
        assert_eq!((answer.status, answer.text.as_str()), (401, ""), "{header}");
        assert!(answer.header("www-authenticate").starts_with("Bearer realm=\"entrepot\""), "{header}");
    }
    // "in the query string it is not accepted (401)"
    let answer = client.get(&format!("{PROBE}?access_token={good}"));
    assert_eq!((answer.status, answer.text.as_str()), (401, ""));
    let twice = client.send(reqwest::Method::GET, PROBE, |request| {
        request.header("Authorization", "Bearer x").header("Authorization", format!("Bearer {good}"))
    });
    assert_eq!(twice.status, 401);
    let lower =
        client.send(reqwest::Method::GET, PROBE, |request| request.header("Authorization", format!("bearer {good}")));
    assert_eq!(lower.status, 200, "the scheme's name has no letter case");
}

#[test]
fn tokens_that_no_key_of_ours_signed_are_refused() {
    let organization = Organization::new();
    let (good, claims) = fresh(&organization.admin, &organization);
    let kid = part(&good, 0)["kid"].as_str().unwrap().to_owned();
    let mut parts = good.split('.');
    let (_, body, signature) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());

    let none = URL_SAFE_NO_PAD.encode(json!({"alg": "none", "typ": "JWT", "kid": kid}).to_string());
    probe(&organization, &format!("{none}.{body}.")).expect(401);
    probe(&organization, &format!("{none}.{body}.{signature}")).expect(401);

    // The public key taken for a shared secret.
    let jwks = organization.server.client().get("/.well-known/jwks.json").expect(200).json();
    let modulus = jwks["keys"][0]["n"].as_str().unwrap();
    for secret in [modulus.as_bytes(), &URL_SAFE_NO_PAD.decode(modulus).unwrap()] {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(kid.clone());
        let forged = encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap();
        probe(&organization, &forged).expect(401);
    }

    // A key of the attacker's own, under our key's id, under another id, and under none.
    let own = own_key();
    for id in [Some(kid.clone()), Some("other".to_owned()), None] {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = id;
        probe(&organization, &encode(&header, &claims, &own).unwrap()).expect(401);
    }

    // Our signature under other claims.
    let mut changed = claims.clone();
    changed.exp += 3600;
    let changed = URL_SAFE_NO_PAD.encode(serde_json::to_string(&changed).unwrap());
    let header = good.split('.').next().unwrap();
    probe(&organization, &format!("{header}.{changed}.{signature}")).expect(401);

    probe(&organization, &good).expect(200);
}

fn own_key() -> EncodingKey {
    use aws_lc_rs::encoding::AsDer;
    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let body = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    EncodingKey::from_rsa_pem(format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n").as_bytes())
        .unwrap()
}

/// Signed by us, but not given to anyone, given to another client, or past or before its time.
#[test]
fn tokens_are_good_for_their_client_and_time_only() {
    let organization = Organization::new();
    let keys = current_keys(&organization);
    let (_, claims) = fresh(&organization.admin, &organization);
    let signed = |change: fn(&mut Claims)| {
        let mut claims = claims.clone();
        change(&mut claims);
        sign(&keys, &claims).unwrap()
    };
    probe(&organization, &signed(|_| {})).expect(200);
    probe(&organization, &signed(|claims| claims.jti = uuid::Uuid::new_v4())).expect(401);
    probe(&organization, &signed(|claims| claims.aud = "another".to_owned())).expect(401);
    probe(&organization, &signed(|claims| claims.api = "storefront".to_owned())).expect(401);
    probe(&organization, &signed(|claims| claims.exp = Utc::now().timestamp() - 6)).expect(401);
    probe(&organization, &signed(|claims| claims.nbf = Utc::now().timestamp() + 60)).expect(401);
    // The token's row says when it ends, too.
    let later = signed(|claims| claims.exp += 7200);
    organization.write(|conn| {
        let row = oauth_access_token::table.find(claims.jti);
        Ok(diesel::update(row).set(oauth_access_token::expires_at.eq(Utc::now())).execute(conn)?)
    });
    probe(&organization, &later).expect(401);
}

/// "Credentials of one API do not work on the other: 401."
#[test]
fn a_token_of_one_api_is_refused_by_the_other() {
    let organization = Organization::new();
    let storefront = organization.storefront_user();
    storefront.client.get("/api/countries").expect(200);
    assert_eq!(storefront.client.get(PROBE).expect(401).text, "");
    organization.client().get(PROBE).expect(200);
    organization.client().get("/api/countries").expect(401);
    // Also while the token is remembered from the API that it is good for.
    storefront.client.get("/api/countries").expect(200);
    storefront.client.get("/admin/api/countries").expect(401);
}

/// An old public key stays in JWKS for one token lifetime; the new one signs at once.
#[test]
fn tokens_outlive_the_rotation_of_their_key() {
    let url = database::own();
    let server = TestServer::lasting(&url, "");
    let organization = Organization::on(server);
    let (old, _) = fresh(&organization.admin, &organization);
    let new_kid = organization.write(|conn| keys::rotate(conn, &server_key()));
    assert_ne!(part(&old, 0)["kid"], new_kid.as_str());

    // Another process knows the new key; this one learns it from the first token that names it.
    let other = TestServer::lasting(&url, "");
    let new = token(other, &organization.admin.client_id, &organization.admin.client_secret);
    assert_eq!(part(&new, 0)["kid"], new_kid.as_str());
    for server in [server, other] {
        server.client().with_token(&old).get(PROBE).expect(200);
    }
    let kids = |server: &TestServer| -> Vec<String> {
        let keys = server.client().get("/.well-known/jwks.json").expect(200).json();
        keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let old_kid = part(&old, 0)["kid"].as_str().unwrap().to_owned();
    assert_eq!(kids(other), [new_kid.clone(), old_kid.clone()]);

    // Once its last token has expired, the old key is gone.
    organization.write(|conn| {
        let row = signing_key::table.find(&old_kid);
        Ok(diesel::update(row)
            .set(signing_key::retired_at.eq(Utc::now() - chrono::TimeDelta::hours(2)))
            .execute(conn)?)
    });
    let third = TestServer::lasting(&url, "");
    assert_eq!(kids(third), [new_kid]);
    third.client().with_token(&old).get(PROBE).expect(401);
    third.client().with_token(&new).get(PROBE).expect(200);
}

/// The private halves are of no use to who has the database alone.
#[test]
fn signing_keys_lie_encrypted_in_the_database() {
    let organization = Organization::new();
    let (private, key_id): (Vec<u8>, String) = organization.write(|conn| {
        Ok(signing_key::table
            .filter(signing_key::retired_at.is_null())
            .select((signing_key::private_key, signing_key::private_key_id))
            .first(conn)?)
    });
    assert_eq!(key_id, server_key().id());
    assert!(aws_lc_rs::rsa::KeyPair::from_pkcs8(&private).is_err());
    let other = ServerKey::parse(&"0b".repeat(32)).unwrap();
    let refused = organization.write(|conn| Ok(keys::load(conn, &other, chrono::TimeDelta::hours(1)).map(drop)));
    let sentence = refused.unwrap_err().to_string();
    assert!(sentence.contains(server_key().id()) && sentence.contains("configured"), "{sentence}");
}
