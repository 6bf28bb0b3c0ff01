//! "Every answer carries `RateLimit-Policy` and `RateLimit` (IETF draft names), and 429 carries `Retry-After`."

use std::time::{Duration, Instant};

use entrepot::schema::oauth_client;
use reqwest::Method;

use super::organization;
use crate::support::client::{Answer, Client};

const PROBE: &str = "/admin/api/countries?page[size]=1";

/// `r` and `t` of the header `RateLimit`.
#[track_caller]
fn left(answer: &Answer) -> (u32, u32) {
    let header = answer.header("ratelimit");
    let rest = header.strip_prefix("\"client\";r=").unwrap_or_else(|| panic!("RateLimit is {header:?}"));
    let (requests, seconds) = rest.split_once(";t=").unwrap();
    (requests.parse().unwrap(), seconds.parse().unwrap())
}

/// The first refusal, when several send at once and faster than any bucket fills.
pub fn beyond(send: &(dyn Fn() -> Answer + Sync)) -> Answer {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        if let Some(refused) = answers.into_iter().find(|answer| answer.status == 429) {
            return refused;
        }
    }
    panic!("nothing was refused");
}

#[test]
fn a_client_that_sends_too_much_is_told_when_to_go_on() {
    let organization = organization("[limits]\nrequest_rate = 1\nrequest_burst = 3");
    let other = organization.user_who_may(&serde_json::json!({}));
    let answers: Vec<Answer> = (0..3).map(|_| organization.client().get(PROBE).expect(200)).collect();
    assert_eq!(answers[0].header("ratelimit-policy"), "\"client\";q=3;w=3");
    let (first, full_in) = left(&answers[0]);
    assert_eq!((first, full_in), (2, 1));
    let refused = beyond(&|| organization.client().get(PROBE));
    let error = refused.error();
    assert_eq!((error["code"].as_str(), error["status"].as_str()), (Some("rate-limited"), Some("429")));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(left(&refused), (0, 1));
    // Errors tell too; another client has a bucket of its own.
    let forbidden = other.client.get("/admin/api/products").expect(403);
    assert_eq!(left(&forbidden).0, 2);
    // Who waits as told is served.
    let start = Instant::now();
    while organization.client().get(PROBE).status == 429 {
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A client's identifier is no secret: whoever names it is counted too, apart from the client.
#[test]
fn who_names_a_client_to_end_tokens_or_to_log_in_is_counted() {
    let organization = organization("[limits]\nrequest_rate = 1\nrequest_burst = 3");
    let client: Client = organization.server.client();
    let revoke = || {
        client.send(Method::POST, "/oauth2-token/revoke", |request| {
            request.header("Content-Type", "application/x-www-form-urlencoded").body("client_id=any&token=none")
        })
    };
    assert_eq!(beyond(&revoke).error()["code"], "rate-limited");
    beyond(&|| client.get("/admin/oauth2-token/authorize?client_id=another"));
    let id = &organization.admin.client_id;
    beyond(&|| client.get(&format!("/admin/oauth2-token/authorize?client_id={id}")));
    assert_eq!(left(&organization.client().get(PROBE).expect(200)).0, 2);
}

/// Who may not call takes nothing from who may.
#[test]
fn a_request_from_elsewhere_takes_nothing_from_a_client() {
    use diesel::prelude::*;
    let organization = organization("[limits]\nrequest_rate = 1\nrequest_burst = 3");
    organization.write(|conn| {
        let row = oauth_client::table.filter(oauth_client::id.eq(&organization.admin.client_id));
        Ok(diesel::update(row).set(oauth_client::networks.eq(vec!["192.0.2.0/24"])).execute(conn)?)
    });
    // The address is counted instead.
    let client = organization.client();
    beyond(&|| client.get(PROBE));
    organization.write(|conn| {
        let row = oauth_client::table.filter(oauth_client::id.eq(&organization.admin.client_id));
        Ok(diesel::update(row).set(oauth_client::networks.eq(Vec::<&str>::new())).execute(conn)?)
    });
    let start = Instant::now();
    let answer = loop {
        let answer = client.get(PROBE);
        if answer.status == 200 {
            break answer;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{}", answer.text);
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(left(&answer).0, 2);
}

/// "Every answer carries `RateLimit-Policy` and `RateLimit`": who names nobody is counted by address, apart from every client.
#[test]
fn without_credentials_the_address_is_counted() {
    let organization = organization("[limits]\nrequest_rate = 1\nrequest_burst = 3");
    let nobody = organization.server.client();
    assert_eq!(left(&nobody.get(PROBE).expect(401)).0, 2);
    let options = nobody.send(Method::OPTIONS, PROBE, |request| request).expect(200);
    assert_eq!(options.header("ratelimit-policy"), "\"client\";q=3;w=3");
    beyond(&|| nobody.get(PROBE));
    assert_eq!(left(&organization.client().get(PROBE).expect(200)).0, 2);
}

/// "On any request … 429 carries `Retry-After`": a client that asks for token after token is counted too.
#[test]
fn requests_for_tokens_are_counted() {
    let organization = organization("[limits]\nrequest_rate = 1\nrequest_burst = 3");
    let nobody = organization.server.client();
    let ask = || {
        nobody.send(Method::POST, "/oauth2-token", |request| {
            request
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body("grant_type=client_credentials&client_id=greedy&client_secret=none")
        })
    };
    assert_eq!(left(&ask().expect(401)).0, 2);
    let refused = beyond(&ask);
    assert_eq!((refused.error()["code"].as_str(), refused.header("retry-after")), (Some("rate-limited"), "1"));
}

/// Whoever names one client after the other takes from the bucket of the address, and from nobody's own.
#[test]
fn names_of_clients_are_no_way_around_the_count() {
    let organization = organization("[limits]\nrequest_rate = 1\nrequest_burst = 3");
    let nobody = organization.server.client();
    let number = std::sync::atomic::AtomicU32::new(0);
    let refused = beyond(&|| {
        let name = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let body = format!("grant_type=client_credentials&client_id=name-{name}&client_secret=none");
        nobody.send(Method::POST, "/oauth2-token", |request| {
            request.header("Content-Type", "application/x-www-form-urlencoded").body(body)
        })
    });
    assert_eq!((refused.error()["code"].as_str(), refused.header("retry-after")), (Some("rate-limited"), "1"));
    assert_eq!(left(&organization.client().get(PROBE).expect(200)).0, 2);
}

#[test]
fn it_is_on_by_default_and_can_be_switched_off() {
    let answer = organization("").client().get(PROBE).expect(200);
    assert_eq!(answer.header("ratelimit-policy"), "\"client\";q=5000;w=5");
    let answer = organization("[limits]\nrequest_rate = 0").client().get(PROBE).expect(200);
    assert_eq!(answer.header("ratelimit"), "");
}
