//! Changes as Server-Sent Events. Each event is a document of one change; its `id` is the cursor behind it.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ContentEncoding, HeaderName};
use actix_web::web::Bytes;
use futures_util::stream;
use tokio::time::Instant;

use super::document::Shown;
use super::follower::{Follower, Woken};
use crate::error::Errors;
use crate::feed::cursor;
use crate::http::media_type::EVENTS;

/// The pause after which a silent stream says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Milliseconds after which a client comes again when the stream has ended.
const RETRY: u32 = 2000;

/// The stream, its first look done.
pub fn answer(follower: Follower, first: Shown) -> HttpResponse {
    let start = format!("retry: {RETRY}\n\n");
    let stream = Events { follower, look: Some(first), begin: start.into_bytes(), said: Instant::now() };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, EVENTS))
        .insert_header((CACHE_CONTROL, "no-store"))
        // Neither the server nor a proxy may hold events back.
        .insert_header(ContentEncoding::Identity)
        .insert_header((HeaderName::from_static("x-accel-buffering"), "no"))
        .streaming(stream::unfold(stream, |mut events| async {
            let piece = events.next().await?;
            Some((Ok::<_, Errors>(piece), events))
        }))
}

struct Events {
    follower: Follower,
    /// What was read and not said yet.
    look: Option<Shown>,
    begin: Vec<u8>,
    said: Instant,
}

impl Events {
    /// The next bytes; `None` when the stream ends: the token has, or the rights, or the server stops.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let look = match self.look.take() {
                Some(look) => look,
                None => self.read().await?,
            };
            let mut piece = std::mem::take(&mut self.begin);
            let opening = !piece.is_empty();
            self.write(&look, opening, &mut piece);
            if !piece.is_empty() {
                self.said = Instant::now();
                // The next look comes when the client has taken this one.
                self.wait_later(&look);
                return Some(Bytes::from(piece));
            }
            if let Some(beat) = self.rest(look).await? {
                return Some(beat);
            }
        }
    }

    async fn read(&mut self) -> Option<Shown> {
        if self.follower.is_ending() {
            return None;
        }
        match self.follower.look().await {
            Ok(look) => Some(look),
            Err(errors) => {
                tracing::info!(%errors, "an event stream ends");
                None
            }
        }
    }

    fn write(&self, look: &Shown, opening: bool, piece: &mut Vec<u8>) {
        let (organization, include) = (self.follower.organization(), self.follower.asked.include);
        for (place, change) in look.page.changes.iter().enumerate() {
            piece.extend_from_slice(
                format!("id: {}\nevent: change\ndata: ", cursor::encode(organization, change.position)).as_bytes(),
            );
            look.write_single(piece, place, include);
            piece.extend_from_slice(b"\n\n");
        }
        // An id without data is remembered by the client and is no event.
        if opening && look.page.changes.is_empty() {
            piece.extend_from_slice(format!("id: {}\n\n", cursor::encode(organization, look.page.position)).as_bytes());
        }
    }

    /// After something was said: what is there already is read at once.
    fn wait_later(&mut self, look: &Shown) {
        if !look.page.has_more() {
            self.look = Some(look.said());
        }
    }

    /// Waits until there may be more. Something to say is a sign of life.
    async fn rest(&mut self, look: Shown) -> Option<Option<Bytes>> {
        let position = look.page.position;
        let beat = self.said + HEARTBEAT;
        if look.page.has_more() {
            return Some((Instant::now() >= beat).then(|| self.beat(position)));
        }
        let due = beat.min(Follower::renewal_due());
        match self.follower.wait(look.page.head, due).await {
            Woken::Stop => None,
            Woken::Change => Some(None),
            Woken::Time => {
                if let Err(error) = self.follower.renew().await {
                    tracing::info!(%error, "an event stream ends");
                    return None;
                }
                self.look = Some(look);
                Some((Instant::now() >= beat).then(|| self.beat(position)))
            }
        }
    }

    /// A sign of life, and how far everything was looked at.
    fn beat(&mut self, position: i64) -> Bytes {
        self.said = Instant::now();
        let cursor = cursor::encode(self.follower.organization(), position);
        Bytes::from(format!(": still here\nid: {cursor}\n\n"))
    }
}
