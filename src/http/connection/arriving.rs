//! Bodies of requests, which have to arrive in time.

use std::cell::RefCell;
use std::io;
use std::mem::replace;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;
use tokio::time::{Sleep, sleep};

/// Bytes that win a second more.
const BYTES_A_SECOND: u64 = 16 * 1024;

/// What nobody read of a body. Of a body that is dropped with unknown length the framework reads on, however much
/// comes; it closes the connection after the answer while somebody still holds the body.
#[derive(Clone, Default)]
pub struct Unread(Rc<RefCell<Option<Payload>>>);

/// The body; reading it fails with [`io::ErrorKind::TimedOut`] when it takes longer than `timeout` and a second for
/// each 16 KiB. What is not read of it goes to `unread`.
pub fn bounded(body: Payload, timeout: Duration, unread: Unread) -> Payload {
    match body {
        Payload::None => Payload::None,
        inner => Payload::Stream { payload: Box::pin(Arriving { inner, unread, timeout, begun: None, bytes: 0 }) },
    }
}

struct Arriving {
    inner: Payload,
    unread: Unread,
    timeout: Duration,
    /// Set by the first look that found nothing.
    begun: Option<(Instant, Pin<Box<Sleep>>)>,
    bytes: u64,
}

impl Stream for Arriving {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let own = &mut *self;
        if let Poll::Ready(part) = Pin::new(&mut own.inner).poll_next(context) {
            own.bytes += part.as_ref().and_then(|part| part.as_ref().ok()).map_or(0, |part| part.len() as u64);
            return Poll::Ready(part);
        }
        let (begun, alarm) = own.begun.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(own.timeout))));
        loop {
            ready!(alarm.as_mut().poll(context));
            let end = *begun + own.timeout + Duration::from_secs(own.bytes / BYTES_A_SECOND);
            if end <= Instant::now() {
                return Poll::Ready(Some(Err(PayloadError::Io(io::ErrorKind::TimedOut.into()))));
            }
            alarm.as_mut().reset(end.into());
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.unread.0.replace(Some(replace(&mut self.inner, Payload::None)));
    }
}
