//! Server-Sent Events on the same positions.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::blocking::Response;
use serde_json::{Value, json};

use super::{CHANGES, PATIENCE, Reader};
use crate::support::client;
use crate::support::organization::{Organization, User};
use crate::support::shop::Shop;

/// An open stream, line by line.
pub(super) struct Stream(BufReader<Response>);

/// One event, or an id without one.
#[derive(Debug, Default)]
pub(super) struct Event {
    pub(super) id: String,
    kind: String,
    data: String,
}

impl Stream {
    /// Opens a stream with that token; `last`: the header `Last-Event-ID`.
    pub(super) fn open(address: SocketAddr, token: &str, query: &str, last: Option<&str>) -> Stream {
        Stream::try_open(address, token, query, last).unwrap_or_else(|answer| panic!("{}", answer.text().unwrap()))
    }

    /// The error is any other answer.
    pub(super) fn try_open(
        address: SocketAddr,
        token: &str,
        query: &str,
        last: Option<&str>,
    ) -> Result<Stream, Box<Response>> {
        let http = client::http().timeout(PATIENCE).build().unwrap();
        let mut request = http.get(format!("http://{address}{CHANGES}?{query}"));
        request = request.bearer_auth(token).header("Accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let answer = request.send().unwrap();
        if answer.status() != 200 {
            return Err(Box::new(answer));
        }
        assert_eq!(answer.headers()["Content-Type"], "text/event-stream");
        Ok(Stream(BufReader::new(answer)))
    }

    /// The next block that has an id; `None` at the end of the stream.
    pub(super) fn next(&mut self) -> Option<Event> {
        let mut event = Event::default();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("id", id)) => event.id = id.to_owned(),
                Some(("event", kind)) => event.kind = kind.to_owned(),
                Some(("data", data)) => event.data = data.to_owned(),
                Some(("retry" | "", _)) => {}
                None if line.trim().is_empty() && event.id.is_empty() => {}
                None if line.trim().is_empty() => return Some(event),
                _ => panic!("no field of an event: {line}"),
            }
        }
    }

    /// The next change.
    pub(super) fn change(&mut self) -> (String, Value) {
        loop {
            let event = self.next().unwrap();
            if !event.data.is_empty() {
                assert_eq!(event.kind, "change");
                return (event.id, serde_json::from_str(&event.data).unwrap());
            }
        }
    }
}

fn token(organization: &Organization) -> String {
    token_of(organization, &organization.admin)
}

pub(super) fn token_of(organization: &Organization, user: &User) -> String {
    crate::support::organization::token(organization.server, &user.client_id, &user.client_secret)
}

/// "`id:` lines are cursors, `Last-Event-ID` resumes": on the same positions as pages.
#[test]
fn a_stream_goes_on_where_it_broke_off() {
    let shop = Shop::new();
    let (server, token) = (shop.organization.server, token(&shop.organization));
    let mut stream = Stream::open(server.address, &token, "page[after]=", None);
    let (_, first) = stream.change();
    assert_eq!(first["data"]["attributes"]["resourceId"], shop.customer.as_str());
    assert_eq!(first["jsonapi"]["version"], "1.1");
    let one = shop.create("customergroups", &json!({"name": "A"}), &json!({}));
    let (after_one, change) = stream.change();
    assert_eq!(super::told(&change["data"]), format!("created customergroups {one}"));
    drop(stream);
    let two = shop.create("customergroups", &json!({"name": "B"}), &json!({}));
    // The header counts more than the parameter, which a browser sends again.
    let mut again = Stream::open(server.address, &token, "page[after]=&include=resource", Some(&after_one));
    let (_, change) = again.change();
    assert_eq!(super::told(&change["data"]), format!("created customergroups {two}"));
    assert_eq!(change["included"][0]["attributes"]["name"], "B");
    let mut page = Reader { cursor: after_one, ..Reader::from_the_oldest(shop.client()) };
    assert_eq!(page.until(1), [format!("created customergroups {two}")]);
}

/// Without a cursor a stream begins now, and says at once where that is.
#[test]
fn a_stream_begins_now() {
    let shop = Shop::new();
    let reader = Reader::from_the_opening(&shop);
    let mut stream = Stream::open(shop.organization.server.address, &token(&shop.organization), "", None);
    let begun = stream.next().unwrap();
    assert_eq!((begun.id, begun.data.as_str()), (reader.cursor, ""));
    let group = shop.create("customergroups", &json!({"name": "A"}), &json!({}));
    assert_eq!(super::told(&stream.change().1["data"]), format!("created customergroups {group}"));
}

/// "ends when the token ends or rights are revoked within 5 s"
#[test]
fn a_stream_ends_with_its_token() {
    let organization = Organization::new();
    let token = token(&organization);
    let mut stream = Stream::open(organization.server.address, &token, "", None);
    stream.next().unwrap();
    let admin = &organization.admin;
    let body = format!("token={token}&client_id={}&client_secret={}", admin.client_id, admin.client_secret);
    let revoke = organization.server.client().send(reqwest::Method::POST, "/oauth2-token/revoke", |request| {
        request.header("Content-Type", "application/x-www-form-urlencoded").body(body)
    });
    revoke.expect(200);
    let start = std::time::Instant::now();
    while stream.next().is_some() {}
    assert!(start.elapsed() < Duration::from_secs(10), "five seconds are promised");
}

/// Who may view nothing any more is not told anything more: the stream ends.
#[test]
fn a_stream_ends_with_the_rights() {
    let organization = Organization::new();
    let name = organization.role(&json!({"customergroups": {"VIEW": "organization"}}));
    let user = organization.user(organization.first.business_unit, &[&name]);
    let token = token_of(&organization, &user);
    let mut stream = Stream::open(organization.server.address, &token, "filter[type]=customergroups", None);
    stream.next().unwrap();
    let roles = organization.client().get("/admin/api/userroles?page[size]=-1").expect(200).json();
    let role =
        roles["data"].as_array().unwrap().iter().find(|role| role["attributes"]["label"] == name.as_str()).unwrap();
    let id = role["id"].as_str().unwrap();
    let body = json!({"data": {"type": "userroles", "id": id, "attributes": {"permissions": {}}}});
    organization.client().patch(&format!("/admin/api/userroles/{id}"), &body).expect(200);
    while stream.next().is_some() {}
}

/// What a stream may not be asked is refused as for a page.
#[test]
fn refusals() {
    let organization = Organization::new();
    let get = |path: &str, header: &'static str, value: &'static str| {
        let client = organization.client();
        client.send(reqwest::Method::GET, path, |request| {
            request.header("Accept", "text/event-stream").header(header, value)
        })
    };
    get(CHANGES, "Last-Event-ID", "nonsense").expect(400);
    get(&format!("{CHANGES}?filter[type]=order"), "X-Test", "").expect(400);
    get("/admin/api/customers", "X-Test", "").expect(406);
    let none = get(&format!("{CHANGES}?page[size]=0"), "X-Test", "").expect(400).error();
    assert_eq!(none["source"]["parameter"], "page[size]");
}
