//! How many requests a client may send: a bucket per client, in the memory of this process.
//!
//! A bucket holds `limits.request_burst` requests and fills by `limits.request_rate` a second. Every answer to an
//! authenticated request tells how much is left, in the headers of the IETF draft `ratelimit-headers`; an empty bucket
//! is answered with 429.

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

use crate::app::App;
use crate::config::Limits;
use crate::error::Error;

static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
static STATE: HeaderName = HeaderName::from_static("ratelimit");

/// Clients remembered at once; a forgotten one starts with a full bucket.
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
    /// Takes one request from a client's bucket; the flag says whether it was there.
    fn take(&self, client: &str) -> (bool, Left) {
        let bucket = self.buckets.get(client).unwrap_or_else(|| {
            let fresh = || Arc::new(RateLimiter::direct(self.quota).with_middleware::<StateInformationMiddleware>());
            self.buckets.get_with_by_ref(client, fresh)
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

/// Counts a request of the client, and refuses it when there were too many.
pub fn count(request: &HttpRequest, app: &App, client: &str) -> Result<(), Error> {
    let Some(limiter) = &app.rates.0 else { return Ok(()) };
    let (taken, left) = limiter.take(client);
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
    fn zero_switches_it_off() {
        assert!(limiter(0, 5).is_none() && limiter(5, 0).is_none());
        assert_eq!(limiter(1000, 5000).unwrap().policy, "\"client\";q=5000;w=5");
        assert_eq!(limiter(1000, 10).unwrap().policy, "\"client\";q=10;w=1");
    }
}
