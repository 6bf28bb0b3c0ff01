//! "Every answer carries `RateLimit-Policy` and `RateLimit` (IETF draft names), and 429 carries `Retry-After`."

use super::organization;
use crate::support::client::Answer;

const PROBE: &str = "/admin/api/countries?page[size]=1";

/// `r` and `t` of the header `RateLimit`.
#[track_caller]
fn left(answer: &Answer) -> (u32, u32) {
    let header = answer.header("ratelimit");
    let rest = header.strip_prefix("\"client\";r=").unwrap_or_else(|| panic!("RateLimit is {header:?}"));
    let (requests, seconds) = rest.split_once(";t=").unwrap();
    (requests.parse().unwrap(), seconds.parse().unwrap())
}

#[test]
fn a_client_that_sends_too_much_is_told_when_to_go_on() {
    let organization = organization("[limits]\nrequest_rate = 1\nrequest_burst = 3");
    let other = organization.user_who_may(&serde_json::json!({}));
    let answers: Vec<Answer> = (0..3).map(|_| organization.client().get(PROBE).expect(200)).collect();
    assert_eq!(answers[0].header("ratelimit-policy"), "\"client\";q=3;w=3");
    let (first, full_in) = left(&answers[0]);
    assert_eq!((first, full_in), (2, 1));
    assert!(left(&answers[2]).0 <= 1, "{:?}", answers[2]);
    // The bucket refills while the test runs; a few more empty it for certain.
    let refused = (0..20).map(|_| organization.client().get(PROBE)).find(|answer| answer.status == 429).unwrap();
    let error = refused.error();
    assert_eq!((error["code"].as_str(), error["status"].as_str()), (Some("rate-limited"), Some("429")));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(left(&refused), (0, 1));
    // Errors tell too; another client has a bucket of its own.
    let forbidden = other.client.get("/admin/api/products").expect(403);
    assert_eq!(left(&forbidden).0, 2);
    // Who waits as told is served.
    std::thread::sleep(std::time::Duration::from_millis(1050));
    organization.client().get(PROBE).expect(200);
}

#[test]
fn without_credentials_nothing_is_counted() {
    let answer = organization("[limits]\nrequest_rate = 1\nrequest_burst = 1").server.client().get(PROBE).expect(401);
    assert_eq!((answer.header("ratelimit"), answer.header("ratelimit-policy")), ("", ""));
}

#[test]
fn it_is_on_by_default_and_can_be_switched_off() {
    let answer = organization("").client().get(PROBE).expect(200);
    assert_eq!(answer.header("ratelimit-policy"), "\"client\";q=5000;w=5");
    let answer = organization("[limits]\nrequest_rate = 0").client().get(PROBE).expect(200);
    assert_eq!(answer.header("ratelimit"), "");
}
