//! Many who wait: how many may, what they cost, and that each of them is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::{Value, json};

use super::events::{Stream, token_of};
use super::{CHANGES, PATIENCE, Reader};
use crate::support::client::Client;
use crate::support::database;
use crate::support::organization::{Organization, User, unique};
use crate::support::served::Served;
use crate::support::server::TestServer;

const WAITING: &str = "entrepot_changes_waiting";

/// Waits until a server's metric is that.
#[track_caller]
fn until(served: &Served, metric: &str, wanted: u64) {
    let end = Instant::now() + 4 * PATIENCE;
    loop {
        let found = served.metric(metric);
        if found == wanted {
            return;
        }
        assert!(Instant::now() < end, "{metric} is {found} and not {wanted}");
        std::thread::yield_now();
    }
}

/// An organization on a database of its own, made by a server that only makes it.
fn organization(url: &str) -> Organization {
    Organization::on(TestServer::lasting(url, "[database]\npool_size = 2"))
}

/// A request for changes that nobody has answered yet, on a connection of its own.
struct Waiting(BufReader<TcpStream>);

impl Waiting {
    fn send(address: SocketAddr, token: &str, query: &str, accept: &str) -> Waiting {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(4 * PATIENCE)).unwrap();
        let request = format!(
            "GET {CHANGES}?{query} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nAccept: {accept}\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).unwrap();
        Waiting(BufReader::new(socket))
    }

    fn poll(address: SocketAddr, token: &str, cursor: &str, wait: u32) -> Waiting {
        let query = format!("filter%5Btype%5D=customergroups&page%5Bafter%5D={cursor}&wait={wait}");
        Waiting::send(address, token, &query, "application/vnd.api+json")
    }

    fn stream(address: SocketAddr, token: &str) -> Waiting {
        Waiting::send(address, token, "filter%5Btype%5D=customergroups", "text/event-stream")
    }

    /// Waits until a stream has said where it begins.
    fn begun(mut self) -> Waiting {
        let mut line = String::new();
        while !line.starts_with("id: ") {
            line.clear();
            self.0.read_line(&mut line).unwrap();
        }
        self
    }

    /// The document of a long poll.
    fn page(self) -> Value {
        let mut reader = self.0;
        let (mut line, mut length) = (String::new(), 0);
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// The next change that a stream tells.
    fn change(self) -> Value {
        let lines = self.0.lines().map(Result::unwrap);
        let data = lines.into_iter().find_map(|line| line.strip_prefix("data: ").map(str::to_owned));
        serde_json::from_str::<Value>(&data.unwrap()).unwrap()["data"].clone()
    }
}

/// Each connection is a file, here and in the server, which has the limits of its parent.
fn allow_files(count: u64) {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    if soft < count {
        setrlimit(Resource::RLIMIT_NOFILE, count.min(hard), hard).unwrap();
    }
}

/// "Waiting readers hold no connection." A thousand of them, half as requests and half as streams, on four connections
/// to the database: others are served meanwhile, one commit wakes all, and each of them costs little.
#[test]
fn a_thousand_wait_on_a_few_connections() {
    const EACH: u64 = 500;
    allow_files(6 * EACH);
    let url = database::own();
    let organization = organization(&url);
    let served = Served::on(
        &url,
        &[
            ("ENTREPOT_CHANGES_WAITERS_PER_CLIENT", "1000"),
            ("ENTREPOT_CHANGES_LONGEST_WAIT", "600"),
            ("ENTREPOT_HTTP_CONNECTIONS_PER_ADDRESS", "0"),
            ("ENTREPOT_HTTP_CONNECTIONS", "10000"),
        ],
    );
    let token = token_of(&organization, &organization.admin);
    let client = organization.client().at(served.address);
    let mut reader = Reader::from_now(&client);
    let before = served.memory();
    let polls: Vec<_> = (0..EACH).map(|_| Waiting::poll(served.address, &token, &reader.cursor, 600)).collect();
    let streams: Vec<_> = (0..EACH).map(|_| Waiting::stream(served.address, &token)).collect();
    let streams: Vec<_> = streams.into_iter().map(Waiting::begun).collect();
    until(&served, WAITING, 2 * EACH);
    no_connection_is_held(&url);
    let each = served.memory().saturating_sub(before) / (2 * EACH);
    assert!(each < 100, "{each} KiB for each of those who wait");
    let group = create_group(&client);
    for waiting in polls {
        let page = waiting.page();
        assert_eq!(super::told(&page["data"][0]), format!("created customergroups {group}"));
    }
    for waiting in streams {
        assert_eq!(super::told(&waiting.change()), format!("created customergroups {group}"));
    }
    // Who has gone waits no more.
    until(&served, WAITING, 0);
    assert_eq!(reader.until(1), [format!("created customergroups {group}")]);
}

/// Waits until all connections to the database have worked on something else, or nothing, a moment ago.
fn no_connection_is_held(url: &str) {
    #[derive(QueryableByName)]
    struct Held {
        #[diesel(sql_type = BigInt)]
        held: i64,
    }
    let held = "SELECT count(*) AS held FROM pg_stat_activity WHERE datname = current_database() \
                AND state <> 'idle' AND clock_timestamp() - state_change > interval '1 s'";
    let (mut conn, end) = (PgConnection::establish(url).unwrap(), Instant::now() + PATIENCE);
    while diesel::sql_query(held).get_result::<Held>(&mut conn).unwrap().held > 0 {
        assert!(Instant::now() < end, "connections are held");
    }
}

fn create_group(client: &Client) -> String {
    let body = json!({"data": {"type": "customergroups", "attributes": {"name": unique("Group")}}});
    client.post("/admin/api/customergroups", &body).expect(201).id()
}

/// One client cannot take all places, nor can one organization: the answer names the limit and its setting. Who leaves
/// gives the place back.
#[test]
fn places_are_shared() {
    let url = database::own();
    let organization = organization(&url);
    let served = Served::on(
        &url,
        &[
            ("ENTREPOT_CHANGES_WAITERS", "4"),
            ("ENTREPOT_CHANGES_WAITERS_PER_ORGANIZATION", "3"),
            ("ENTREPOT_CHANGES_WAITERS_PER_CLIENT", "2"),
        ],
    );
    let other = organization.user_who_may(&json!({"customergroups": {"VIEW": "organization"}}));
    let stranger = Organization::on(organization.server);
    let open = |organization: &Organization, user: &User| {
        Stream::try_open(served.address, &token_of(organization, user), "", None)
    };
    let admin = &organization.admin;
    let reader = Reader::from_now(&admin.client.at(served.address));
    // A request that waits and a stream take a place each.
    let poll = Waiting::poll(served.address, &token_of(&organization, admin), &reader.cursor, 60);
    until(&served, WAITING, 1);
    let _stream = open(&organization, admin).unwrap_or_else(|_| panic!("a second place"));
    let refused = |organization: &Organization, user: &User, setting: &str, limit: usize| {
        let waits = format!("{CHANGES}?page[after]=&filter[id]=none&wait=30");
        let poll = user.client.at(served.address).get(&waits).expect(429);
        assert!(!poll.header("Retry-After").is_empty());
        let error = poll.error();
        assert_eq!(error["code"], "rate-limited");
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("\"{setting}\"")) && detail.contains(&format!(" {limit} ")), "{detail}");
        let stream = open(organization, user).err().unwrap();
        assert_eq!(stream.status(), 429);
        assert!(stream.headers().contains_key("Retry-After"));
        assert!(stream.text().unwrap().contains(setting));
    };
    refused(&organization, admin, "changes.waiters_per_client", 2);
    let third = Waiting::stream(served.address, &token_of(&organization, &other));
    until(&served, WAITING, 3);
    refused(&organization, &other, "changes.waiters_per_organization", 3);
    let _fourth = open(&stranger, &stranger.admin).unwrap_or_else(|_| panic!("a place of another organization"));
    refused(&stranger, &stranger.admin, "changes.waiters", 4);
    // Without waiting everybody is served.
    admin.client.at(served.address).get(CHANGES).expect(200);
    // Noticed soon, and not when the time to wait is over.
    let start = Instant::now();
    drop(third);
    until(&served, WAITING, 3);
    drop(poll);
    until(&served, WAITING, 2);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(open(&organization, admin).is_ok());
}
