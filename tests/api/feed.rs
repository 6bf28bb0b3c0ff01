//! The change feed: every committed change, once and in order, for those who may view its record.

mod attacks;
mod bounded;
mod events;
mod leaving;
mod page;
mod query;
mod retention;
mod rights;
mod sequencer;
mod stop;
mod stress;
mod wait;
mod waiters;
mod work;

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::client::Client;
use crate::support::shop::Shop;

const CHANGES: &str = "/admin/api/changes";

/// Longer than any change takes to be numbered, on any machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A poller: a client and the cursor it has stored.
struct Reader {
    client: Client,
    cursor: String,
    /// More parameters of each request, each with a `&` before it.
    query: String,
}

impl Reader {
    /// Begins with what comes from now on.
    fn from_now(client: &Client) -> Reader {
        let last = client.get(&format!("{CHANGES}?page[size]=0")).expect(200).json()["links"]["last"].clone();
        Reader { client: client.clone(), cursor: cursor_of(&last), query: String::new() }
    }

    /// Begins with the oldest change.
    fn from_the_oldest(client: &Client) -> Reader {
        Reader { client: client.clone(), cursor: String::new(), query: String::new() }
    }

    /// Begins after what made the shop.
    #[track_caller]
    fn from_the_opening(shop: &Shop) -> Reader {
        let mut reader = Reader::from_the_oldest(shop.client());
        reader.until(1);
        reader
    }

    fn with(self, query: &str) -> Reader {
        Reader { query: query.to_owned(), ..self }
    }

    /// One request: the document.
    #[track_caller]
    fn read(&mut self) -> Value {
        let path = format!("{CHANGES}?page[after]={}{}", self.cursor, self.query);
        let document = self.client.get(&path).expect(200).json();
        self.cursor = cursor_of(&document["links"]["next"]);
        document
    }

    /// Reads until there are so many changes, and shows them: action, type and id.
    #[track_caller]
    fn until(&mut self, count: usize) -> Vec<String> {
        self.changes_until(count).iter().map(told).collect()
    }

    /// The same with all that is told of them.
    #[track_caller]
    fn changes_until(&mut self, count: usize) -> Vec<Value> {
        let (mut found, end) = (Vec::new(), Instant::now() + PATIENCE);
        while found.len() < count {
            assert!(Instant::now() < end, "{count} changes wanted, found {found:#?}");
            found.extend(self.read()["data"].as_array().unwrap().iter().cloned());
        }
        assert_eq!(found.len(), count, "{found:#?}");
        found
    }
}

/// `updated orders 7`
fn told(change: &Value) -> String {
    let text = |name: &str| change["attributes"][name].as_str().unwrap().to_owned();
    format!("{} {} {}", text("action"), text("resourceType"), text("resourceId"))
}

/// The cursor in a link.
#[track_caller]
fn cursor_of(link: &Value) -> String {
    let link = link.as_str().unwrap();
    let (_, rest) = link.split_once("page%5Bafter%5D=").unwrap();
    rest.split('&').next().unwrap().to_owned()
}
