//! Changes as Server-Sent Events. Each event is a document of one change; its `id` is the cursor behind it.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ContentEncoding, HeaderName};
use actix_web::web::Bytes;
use futures_util::stream;
use tokio::time::Instant;

use super::follower::{Follower, Look, Woken};
use crate::error::Errors;
use crate::feed::cursor;
use crate::http::media_type::EVENTS;

/// The pause after which a silent stream says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Milliseconds after which a client comes again when the stream has ended.
const RETRY: u32 = 2000;

/// The stream, its first look done.
pub fn answer(follower: Follower, first: Look) -> HttpResponse {
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
    look: Option<Look>,
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
                self.wait_later(look);
                return Some(Bytes::from(piece));
            }
            if let Some(beat) = self.rest(look).await? {
                return Some(beat);
            }
        }
    }

    async fn read(&mut self) -> Option<Look> {
        let renewed = self.follower.renew().await;
        if let Err(error) = renewed {
            tracing::info!(%error, "an event stream ends with its caller's rights");
            return None;
        }
        match self.follower.look().await {
            Ok(look) => Some(look),
            Err(errors) => {
                tracing::info!(%errors, "an event stream broke off");
                None
            }
        }
    }

    fn write(&self, look: &Look, opening: bool, piece: &mut Vec<u8>) {
        let (organization, include) = (self.follower.organization(), self.follower.asked.include);
        for (place, item) in look.shown.changes.iter().enumerate() {
            piece.extend_from_slice(
                format!("id: {}\nevent: change\ndata: ", cursor::encode(organization, item.position)).as_bytes(),
            );
            piece.extend_from_slice(&look.shown.single(place, include));
            piece.extend_from_slice(b"\n\n");
        }
        // An id without data is remembered by the client and is no event.
        if opening && look.shown.changes.is_empty() {
            piece.extend_from_slice(format!("id: {}\n\n", cursor::encode(organization, look.position)).as_bytes());
        }
    }

    /// After something was said: what is there already is read at once.
    fn wait_later(&mut self, look: Look) {
        if look.position >= look.head {
            self.look = Some(Look { shown: Default::default(), ..look });
        }
    }

    /// Waits until there may be more. Something to say is a sign of life.
    async fn rest(&mut self, look: Look) -> Option<Option<Bytes>> {
        if look.position < look.head {
            return Some(None);
        }
        let beat = self.said + HEARTBEAT;
        let due = beat.min(self.follower.renewal_due());
        match self.follower.wait(look.head, due).await {
            Woken::Stop => None,
            Woken::Change => Some(None),
            Woken::Time => {
                if let Err(error) = self.follower.renew().await {
                    tracing::info!(%error, "an event stream ends with its caller's rights");
                    return None;
                }
                let position = look.position;
                self.look = Some(look);
                if Instant::now() < beat {
                    return Some(None);
                }
                self.said = Instant::now();
                let cursor = cursor::encode(self.follower.organization(), position);
                Some(Some(Bytes::from(format!(": still here\nid: {cursor}\n\n"))))
            }
        }
    }
}
