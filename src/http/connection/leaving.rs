//! Answers, given away part by part, so that it shows when their client takes no more.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

use super::Underway;
use super::arriving::Unread;

/// Bytes given away at once: most answers whole. A client has to take as much within `http.answer_timeout`.
const PART: usize = 256 * 1024;

/// The body of an answer; when it is gone, so is the request.
pub struct Answer {
    body: BoxBody,
    /// What is left of the body's last part.
    rest: Bytes,
    underway: Option<Underway>,
    /// Held until the answer is gone.
    _unread: Unread,
}

impl Answer {
    pub fn new(body: BoxBody, underway: Option<Underway>, unread: Unread) -> Answer {
        Answer { body, rest: Bytes::new(), underway, _unread: unread }
    }
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if let Some(underway) = &self.underway {
            underway.taken();
        }
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(context)) {
                Some(Ok(part)) => self.rest = part,
                end => return Poll::Ready(end),
            }
        }
        let part = PART.min(self.rest.len());
        Poll::Ready(Some(Ok(self.rest.split_to(part))))
    }
}
