//! The scheme WSSE, over HTTP: what is accepted, and every way of being refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use diesel::prelude::*;
use entrepot::auth::secret::ServerKey;
use entrepot::auth::{api_keys, wsse};
use entrepot::schema::{api_key, api_key_nonce, app_user};
use reqwest::Method;

use super::organization;
use crate::support::client::{Answer, Client};
use crate::support::database;
use crate::support::organization::{Organization, User};
use crate::support::rows::{execute, rows_read};
use crate::support::server::{KEY, TestServer};

const PROBE: &str = "/admin/api/businessunits";
const AUTHORIZATION: &str = "WSSE profile=\"UsernameToken\"";

fn key(organization: &Organization, user: &User) -> (i64, String) {
    let server = ServerKey::parse(KEY).unwrap();
    organization.write(|conn| api_keys::create(conn, &server, organization.id(), user.id))
}

/// `X-WSSE`, computed here by the letter of the scheme.
fn header(username: &str, key: &str, nonce: &[u8], created: &str) -> String {
    use aws_lc_rs::digest;
    let digest =
        digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &[nonce, created.as_bytes(), key.as_bytes()].concat());
    let (digest, nonce) = (STANDARD.encode(digest.as_ref()), STANDARD.encode(nonce));
    format!(
        "UsernameToken Username=\"{username}\", PasswordDigest=\"{digest}\", Nonce=\"{nonce}\", Created=\"{created}\""
    )
}

fn now() -> String {
    Utc::now().to_rfc3339()
}

fn send(client: &Client, path: &str, x_wsse: &str) -> Answer {
    client.send(Method::GET, path, |request| request.header("Authorization", AUTHORIZATION).header("X-WSSE", x_wsse))
}

/// "every refusal is 401 with `WWW-Authenticate: WSSE realm="...", profile="UsernameToken"` and an empty body"
#[track_caller]
fn refused(answer: &Answer) {
    assert_eq!((answer.status, answer.text.as_str()), (401, ""), "{answer:?}");
    assert_eq!(answer.header("www-authenticate"), "WSSE realm=\"entrepot\", profile=\"UsernameToken\"");
}

#[test]
fn a_key_is_for_its_user_with_the_users_rights() {
    let organization = Organization::new();
    let user = organization.user_who_may(&serde_json::json!({"businessunits": {"VIEW": "organization"}}));
    let (_, key) = key(&organization, &user);
    let client = organization.server.client();
    let answer = send(&client, PROBE, &header(&user.username, &key, b"1", &now())).expect(200);
    assert_eq!(answer.json()["data"].as_array().map(Vec::len), Some(1), "the units of its organization alone");
    assert!(answer.header("ratelimit").starts_with("\"client\";r="));
    send(&client, "/admin/api/products", &header(&user.username, &key, b"2", &now())).expect(403);
    // The second header alone will do, and the name's letter case does not matter.
    let x_wsse = header(&user.username.to_uppercase(), &key, b"3", &now());
    client.send(Method::GET, PROBE, |request| request.header("X-WSSE", x_wsse)).expect(200);
    // Writes work as reads do.
    let x_wsse = header(&user.username, &key, b"4", &now());
    let body = serde_json::json!({"data": {"type": "businessunits", "attributes": {"name": "x"}}});
    let answer = client.send(Method::POST, PROBE, |request| {
        request.header("Authorization", AUTHORIZATION).header("X-WSSE", x_wsse).json(&body)
    });
    answer.expect(403);
}

#[test]
fn created_may_have_any_offset_within_the_lifetime() {
    let organization = organization("[auth]\nwsse_nonce_lifetime = 60");
    let (_, key) = key(&organization, &organization.admin);
    let client = organization.server.client();
    let at = |seconds: i64, east: i32| {
        let time: DateTime<FixedOffset> =
            (Utc::now() + TimeDelta::seconds(seconds)).with_timezone(&FixedOffset::east_opt(east * 3600).unwrap());
        header(&organization.admin.username, &key, format!("{seconds}/{east}").as_bytes(), &time.to_rfc3339())
    };
    for (seconds, east) in [(0, 0), (-50, 2), (50, -11), (-50, 14)] {
        assert_eq!(send(&client, PROBE, &at(seconds, east)).status, 200, "{seconds} s, {east} h");
    }
    for (seconds, east) in [(-70, 0), (70, 0), (-3600, 1), (86_400, 0), (-70, 14)] {
        refused(&send(&client, PROBE, &at(seconds, east)));
    }
}

/// "A nonce is used once within its lifetime across all server processes".
#[test]
fn a_replay_is_refused_by_every_process() {
    let organization = Organization::new();
    let other = TestServer::start(database::shared(), "");
    let (id, key) = key(&organization, &organization.admin);
    let header = header(&organization.admin.username, &key, b"once", &now());
    send(&organization.server.client(), PROBE, &header).expect(200);
    refused(&send(&organization.server.client(), PROBE, &header));
    refused(&send(&other.client(), PROBE, &header));
    let kept = organization.write(|conn| {
        let rows = api_key_nonce::table.filter(api_key_nonce::key_id.eq(id));
        Ok(rows.select(api_key_nonce::expires_at).load::<DateTime<Utc>>(conn)?)
    });
    assert_eq!(kept.len(), 1);
    assert!(kept[0] >= Utc::now() + TimeDelta::seconds(300), "{kept:?}");
    // Sent at once to both, one of them wins.
    let header = self::header(&organization.admin.username, &key, b"race", &now());
    let statuses = std::thread::scope(|scope| {
        let send = |client: Client| {
            let header = &header;
            scope.spawn(move || send(&client, PROBE, header).status)
        };
        let racers: Vec<_> =
            (0..6).map(|n| send(if n % 2 == 0 { organization.server.client() } else { other.client() })).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect::<Vec<u16>>()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 401)), "{statuses:?}");
}

#[test]
fn nonces_that_have_expired_are_removed() {
    let organization = Organization::new();
    let (id, key) = key(&organization, &organization.admin);
    let old = Utc::now() - TimeDelta::days(1000);
    organization.write(|conn| {
        let row = (
            api_key_nonce::organization_id.eq(organization.id()),
            api_key_nonce::key_id.eq(id),
            api_key_nonce::nonce.eq(b"old".as_slice()),
            api_key_nonce::expires_at.eq(old),
        );
        Ok(diesel::insert_into(api_key_nonce::table).values(row).execute(conn)?)
    });
    send(&organization.server.client(), PROBE, &header(&organization.admin.username, &key, b"new", &now())).expect(200);
    let left: i64 = organization.write(|conn| {
        let rows = api_key_nonce::table.filter(api_key_nonce::key_id.eq(id).and(api_key_nonce::expires_at.eq(old)));
        Ok(rows.count().get_result(conn)?)
    });
    assert_eq!(left, 0);
}

#[test]
fn whatever_is_wrong_is_refused_alike() {
    let organization = Organization::new();
    let (_, key) = key(&organization, &organization.admin);
    let client = organization.server.client();
    let name = organization.admin.username.as_str();
    let right = |nonce: &str| header(name, &key, nonce.as_bytes(), &now());
    let cases = [
        String::new(),
        "UsernameToken".to_owned(),
        header(name, "another key", b"a", &now()),
        header("nobody", &key, b"b", &now()),
        header("", &key, b"c", &now()),
        header("' OR true --", &key, b"d", &now()),
        header(name, &key, b"e", "yesterday"),
        header(name, &key, b"", &now()),
        right("f").replace("Nonce=", "nonce="),
        right("g").replace("Nonce=\"", "Nonce=\"AAAA"),
        right("h").replace("PasswordDigest=\"", "PasswordDigest=\"AAAA"),
        right("i").replace(name, &"x".repeat(4000)),
        format!("{}, Username=\"other\"", right("j")),
    ];
    for case in &cases {
        refused(&send(&client, PROBE, case));
    }
    // Nothing of that has used a nonce up: only a right digest leaves a trace.
    send(&client, PROBE, &header(name, &key, b"a", &now())).expect(200);
    let with = |authorization: &str, x_wsse: &str| {
        client
            .send(Method::GET, PROBE, |request| request.header("Authorization", authorization).header("X-WSSE", x_wsse))
    };
    refused(&with("WSSE profile=\"Other\"", &right("k")));
    refused(&client.send(Method::GET, PROBE, |request| request.header("Authorization", AUTHORIZATION)));
    refused(
        &client.send(Method::GET, PROBE, |request| request.header("X-WSSE", right("l")).header("X-WSSE", right("m"))),
    );
    // Another scheme in Authorization is that scheme, whatever X-WSSE says.
    let bearer = with("Bearer nothing", &right("n")).expect(401);
    assert!(bearer.header("www-authenticate").starts_with("Bearer realm=\"entrepot\""));
    // "Credentials of one API do not work on the other: 401."
    refused(&send(&client, "/api/countries", &right("o")));
}

#[test]
fn a_revoked_key_and_a_disabled_user_are_out_at_once() {
    let organization = Organization::new();
    let user = organization.user_who_may(&serde_json::json!({"businessunits": {"VIEW": "organization"}}));
    let (first, (id, text)) = (key(&organization, &organization.admin), key(&organization, &user));
    let client = organization.server.client();
    send(&client, PROBE, &header(&user.username, &text, b"1", &now())).expect(200);
    // One user's key is nothing for another.
    refused(&send(&client, PROBE, &header(&user.username, &first.1, b"2", &now())));
    organization.write(|conn| api_keys::revoke(conn, id));
    refused(&send(&client, PROBE, &header(&user.username, &text, b"3", &now())));
    let (_, text) = key(&organization, &user);
    send(&client, PROBE, &header(&user.username, &text, b"4", &now())).expect(200);
    organization.write(|conn| {
        let row = app_user::table.find((organization.id(), user.id));
        Ok(diesel::update(row).set(app_user::enabled.eq(false)).execute(conn)?)
    });
    refused(&send(&client, PROBE, &header(&user.username, &text, b"5", &now())));
}

/// "keys are stored encrypted with the server's key, never in clear"
#[test]
fn the_database_does_not_show_keys() {
    let organization = Organization::new();
    let (id, key) = key(&organization, &organization.admin);
    let sealed: Vec<u8> =
        organization.write(|conn| Ok(api_key::table.filter(api_key::id.eq(id)).select(api_key::sealed).first(conn)?));
    assert!(sealed.len() > key.len() && !sealed.windows(8).any(|window| window == &key.as_bytes()[..8]));
}

#[test]
fn what_the_command_prints_is_accepted() {
    let organization = Organization::new();
    let (_, key) = key(&organization, &organization.admin);
    let printed = wsse::headers(&organization.admin.username, &key, Utc::now()).unwrap();
    let answer = organization.server.client().send(Method::GET, PROBE, |request| {
        printed
            .lines()
            .filter_map(|line| line.split_once(": "))
            .fold(request, |request, (name, value)| request.header(name, value))
    });
    answer.expect(200);
}

/// A day with many requests leaves many nonces behind: the next one removes some, and looks at no others.
#[test]
fn a_request_reads_as_much_however_many_nonces_have_expired() {
    let organization = Organization::on(TestServer::lasting(&database::own(), ""));
    let (id, _) = key(&organization, &organization.admin);
    execute(
        &organization,
        &format!(
            "INSERT INTO api_key_nonce (organization_id, key_id, nonce, expires_at) \
             SELECT $1, {id}, sha256(n::text::bytea), now() - interval '1 hour' FROM generate_series(1, 20000) AS n"
        ),
    );
    organization.write(|conn| Ok(diesel::sql_query("ANALYZE api_key_nonce").execute(conn)?));
    let stored =
        organization.write(|conn| Ok(api_keys::of_user(conn, &organization.admin.username).unwrap().pop().unwrap()));
    let read = organization.write(|conn| {
        let before = rows_read(conn)?;
        assert!(api_keys::use_nonce(conn, &stored, b"new", Utc::now()).unwrap());
        Ok(rows_read(conn)? - before)
    });
    assert!(read < 100, "{read} rows read");
}
