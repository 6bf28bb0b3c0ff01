//! How many requests a client may send: a bucket per client, in the memory of this process. In the storefront each customer
//! user of a client has one, and each address of its visitors; so has each address that names a client to end a token, or
//! asks for a code.
//!
//! A bucket holds `limits.request_burst` requests and fills by `limits.request_rate` a second. Every answer to an
//! authenticated request tells how much is left, in the headers of the IETF draft `ratelimit-headers`; an empty bucket
//! is answered with 429.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServiceResponse;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use moka::sync::Cache;

use super::address;
use crate::acl::{Caller, Principal};
use crate::app::App;
use crate::auth::brake;
use crate::config::Limits;
use crate::error::Error;

static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static STATE: HeaderName = HeaderName::from_static("ratelimit");

/// In place of a client, all credentials that come from an address.
const CREDENTIALS: &str = "*";

/// Buckets remembered at once; a forgotten one starts with a full bucket.
const REMEMBERED: u64 = 10_000;

type Bucket = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// The buckets of all clients.
pub struct Rates(Option<Limiter>);

struct Limiter {
    quota: Quota,
    rate: u64,
    burst: u64,
    policy: HeaderValue,
    buckets: Cache<String, Arc<Bucket>>,
}

/// What is left to a client after a request.
#[derive(Clone)]
struct Left {
    policy: HeaderValue,
    requests: u64,
    /// Seconds until the bucket is full; until a request is possible again, when there is none.
    seconds: u64,
}

impl Rates {
    /// A rate or burst of 0 switches them off.
    pub fn new(limits: &Limits) -> Rates {
        let (Some(rate), Some(burst)) = (NonZeroU32::new(limits.request_rate), NonZeroU32::new(limits.request_burst))
        else {
            return Rates(None);
        };
        let fills_in = burst.get().div_ceil(rate.get());
        let policy = format!("\"client\";q={burst};w={fills_in}");
        Rates(Some(Limiter {
            quota: Quota::per_second(rate).allow_burst(burst),
            rate: rate.get().into(),
            burst: burst.get().into(),
            policy: HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("")),
            // A bucket that nobody took from for so long is full again.
            buckets: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_idle(Duration::from_secs(u64::from(fills_in) + 1))
                .build(),
        }))
    }
}

impl Limiter {
    /// Takes one request from a bucket; the flag says whether it was there.
    fn take(&self, bucket: &str) -> (bool, Left) {
        let bucket = self.buckets.get(bucket).unwrap_or_else(|| {
            let fresh = || Arc::new(RateLimiter::direct(self.quota).with_middleware::<StateInformationMiddleware>());
            self.buckets.get_with_by_ref(bucket, fresh)
        });
        let (taken, requests, seconds) = match bucket.check() {
            Ok(left) => {
                let requests = u64::from(left.remaining_burst_capacity());
                (true, requests, self.burst.saturating_sub(requests).div_ceil(self.rate))
            }
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                (false, 0, wait.as_millis().div_ceil(1000).max(1) as u64)
            }
        };
        (taken, Left { policy: self.policy.clone(), requests, seconds })
    }
}

/// Counts a request of the caller, and refuses it when there were too many.
pub fn count(request: &HttpRequest, app: &App, caller: &Caller) -> Result<(), Error> {
    take(request, app, || of_caller(caller, address::of(request, app)))
}

/// Counts a request that names a client and has not proven it.
pub fn count_named(request: &HttpRequest, app: &App, client: &str) -> Result<(), Error> {
    take(request, app, || of_address(client, address::of(request, app)))
}

/// Counts a request with credentials that are still to be looked at: for its address, and for the client that it names there.
pub fn count_unproven(request: &HttpRequest, app: &App, client: &str) -> Result<(), Error> {
    count_named(request, app, CREDENTIALS)?;
    count_named(request, app, client)
}

/// Counts a request that names nobody, for the address that it comes from.
pub fn count_unknown(request: &HttpRequest, app: &App) -> Result<(), Error> {
    count_named(request, app, "")
}

/// Who shares a bucket with the caller.
fn of_caller(caller: &Caller, address: Option<IpAddr>) -> String {
    match &caller.principal {
        Principal::User(_) => caller.client.clone(),
        Principal::CustomerUser(user) => format!("{}/{}", caller.client, user.id),
        Principal::Visitor(_) => of_address(&caller.client, address),
    }
}

/// No client's identifier begins with `@`, or is longer than that.
fn of_address(client: &str, address: Option<IpAddr>) -> String {
    let place = address.map_or_else(String::new, |address| brake::network(address).to_string());
    format!("@{place} {client:.32}")
}

fn take(request: &HttpRequest, app: &App, bucket: impl Fn() -> String) -> Result<(), Error> {
    let Some(limiter) = &app.rates.0 else { return Ok(()) };
    let (taken, left) = limiter.take(&bucket());
    let seconds = left.seconds;
    request.extensions_mut().insert(left);
    if taken { Ok(()) } else { Err(Error::rate_limited(limiter.rate, limiter.burst, seconds)) }
}

/// Tells in the answer what is left, where the request was counted.
pub fn tell<B>(response: &mut ServiceResponse<B>) {
    let Some(left) = response.request().extensions().get::<Left>().cloned() else { return };
    let headers = response.headers_mut();
    headers.insert(POLICY.clone(), left.policy);
    if let Ok(state) = HeaderValue::from_str(&format!("\"client\";r={};t={}", left.requests, left.seconds)) {
        headers.insert(STATE.clone(), state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::CustomerUser;

    fn limiter(request_rate: u32, request_burst: u32) -> Option<Limiter> {
        let limits = Limits { request_rate, request_burst, ..crate::config::Config::default().limits };
        Rates::new(&limits).0
    }

    #[test]
    fn a_bucket_is_as_large_as_the_burst_and_each_client_has_one() {
        let limiter = limiter(1, 3).unwrap();
        let taken: Vec<(bool, u64)> = (0..4).map(|_| limiter.take("a")).map(|(ok, left)| (ok, left.requests)).collect();
        assert_eq!(taken, [(true, 2), (true, 1), (true, 0), (false, 0)]);
        assert_eq!(limiter.take("a").1.seconds, 1);
        assert!(limiter.take("b").0);
        assert_eq!(limiter.policy, "\"client\";q=3;w=3");
    }

    #[test]
    fn people_of_a_storefront_do_not_share_a_bucket() {
        let bucket = |principal: Principal, address: [u8; 4]| {
            let (client, networks) = ("shop".to_owned(), Default::default());
            let (permissions, locale) = Default::default();
            let caller = Caller { organization: 1, principal, client, permissions, networks, locale };
            of_caller(&caller, Some(IpAddr::from(address)))
        };
        let buyer = |id| Principal::CustomerUser(CustomerUser { id, customer: 1, division: vec![1] });
        let (home, away) = ([192, 0, 2, 1], [192, 0, 2, 2]);
        assert_eq!(bucket(buyer(1), home), bucket(buyer(1), away));
        assert_ne!(bucket(buyer(1), home), bucket(buyer(2), home));
        assert_eq!(bucket(Principal::Visitor(1), home), bucket(Principal::Visitor(2), home));
        assert_ne!(bucket(Principal::Visitor(1), home), bucket(Principal::Visitor(1), away));
        assert_eq!(of_address("shop", Some(IpAddr::from(home))), bucket(Principal::Visitor(1), home));
    }

    #[test]
    fn zero_switches_it_off() {
        assert!(limiter(0, 5).is_none() && limiter(5, 0).is_none());
        assert_eq!(limiter(1000, 5000).unwrap().policy, "\"client\";q=5000;w=5");
        assert_eq!(limiter(1000, 10).unwrap().policy, "\"client\";q=10;w=1");
    }
}
