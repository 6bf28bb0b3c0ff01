//! GET on `/changes`: the change feed by page, by long polling, and as an event stream.

mod asked;
mod descriptor;
mod document;
mod events;
mod follower;

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use actix_web::{HttpRequest, HttpResponse};
use tokio::time::Instant;

use asked::Asked;
pub use asked::MOST;
pub use descriptor::{ACTIONS, CHANGE, is_told};
use document::Shown;
use follower::{Follower, Woken};

use super::call::Call;
use super::media_type;
use crate::engine::load::page_link;
use crate::engine::query::Parameter;
use crate::engine::render::View;
use crate::error::{Error, Errors, NOT_ACCEPTABLE};
use crate::feed::cursor;
use crate::feed::page::Place;

static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How long a request may wait whose caller cannot be told again meanwhile.
const UNRENEWED_WAIT: Duration = Duration::from_secs(4);

/// Answers a request for changes.
pub async fn read(request: &HttpRequest, call: Call) -> Result<HttpResponse, Errors> {
    let organization = call.caller.organization;
    let asked =
        Asked::parse(&call.registry, &call.app.config, organization, call.profile.strict, request.query_string())?;
    // Refused before anybody waits.
    asked.of_caller(&call.registry, &call.caller)?;
    if media_type::wants_events(request) {
        let place = resumed(request, organization)?.or(asked.place).unwrap_or(Place::End);
        let asked = asked.for_stream()?;
        let mut follower = Follower::new(request, call, asked, place);
        if !follower.is_renewable() {
            let text = "An event stream needs a bearer token: other credentials are good for one request.";
            return Err(Error::new(&NOT_ACCEPTABLE, text).header("Accept").into());
        }
        follower.take_place()?;
        let first = follower.look().await?;
        return Ok(events::answer(follower, first));
    }
    let (view, links, media_type) = (call.view.clone(), call.view.links, call.profile.media_type());
    let place = asked.place.unwrap_or(Place::Oldest);
    let mut follower = Follower::new(request, call, asked, place);
    let shown = wait_and_look(&mut follower).await?;
    let asked = &follower.asked;
    let next = cursor::encode(organization, shown.page.position);
    let last = cursor::encode(organization, shown.page.head);
    let links = if links { page_links(&view, asked, &next, &last) } else { Vec::new() };
    let body = shown.document(asked.include, &links, &next);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body))
}

/// Looks until there is something to show, or the time that the request gives is over.
async fn wait_and_look(follower: &mut Follower) -> Result<Shown, Errors> {
    let longest = if follower.is_renewable() { Duration::MAX } else { UNRENEWED_WAIT };
    let wait = follower.asked.wait.min(longest);
    if wait.is_zero() || follower.asked.size == 0 {
        return follower.look().await;
    }
    let deadline = Instant::now() + wait;
    follower.take_place()?;
    loop {
        let shown = follower.look().await?;
        // Where there is more to be looked at, the client comes again: one request does not walk through a whole feed.
        if !shown.page.changes.is_empty() || shown.page.has_more() || Instant::now() >= deadline {
            return Ok(shown);
        }
        if follower.wait(shown.page.head, deadline).await != Woken::Change {
            return Ok(shown);
        }
    }
}

/// Where an event stream goes on that broke off.
fn resumed(request: &HttpRequest, organization: i64) -> Result<Option<Place>, Error> {
    let Some(given) = request.headers().get(&LAST_EVENT_ID) else { return Ok(None) };
    let given = given.to_str().unwrap_or("\u{fffd}").to_owned();
    if given.is_empty() {
        return Ok(None);
    }
    let parameter = Parameter::new("Last-Event-ID".to_owned(), given);
    asked::place(organization, &parameter)
        .map(Some)
        .map_err(|error| Error { source: None, ..error }.header("Last-Event-ID"))
}

/// `next` is always there: a poller goes on from it. `last` is where the feed ends now.
fn page_links(view: &View, asked: &Asked, next: &str, last: &str) -> Vec<(&'static str, String)> {
    let base = format!("{}/changes", view.base);
    let after = |cursor: &str| page_link(&base, &asked.parameters, Some(("page[after]", cursor)));
    vec![("self", base.clone()), ("first", after("")), ("next", after(next)), ("last", after(last))]
}
