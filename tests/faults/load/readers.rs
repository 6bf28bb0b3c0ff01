//! Readers of the change feed, by pages and as event streams: each stores the cursor of what it has got last, and goes on
//! from there.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::Method;
use serde_json::Value;

use super::End;
use crate::client::Client;
use crate::history::{Read, Reader, Sight};
use crate::stored::FOLLOWED;

/// For the feed to show what was written last.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads pages from the beginning until every change was read, or none comes any more.
pub fn read_pages(client: &Client, sight: Sight, end: &End, mut choices: StdRng) -> Reader {
    let mut reader = Reader { sight, reads: Vec::new() };
    let (mut cursor, mut last) = (String::new(), Instant::now());
    while !is_through(&reader, end, &mut last) {
        let (size, wait) = (choices.random_range(1..200), choices.random_range(0..3));
        let path = format!("{}&page[after]={cursor}&page[size]={size}&wait={wait}", feed(sight));
        let page = client.send(&Method::GET, &path, None, &Value::Null).filter(|answer| answer.status == 200);
        let Some(page) = page.map(|page| page.json()) else {
            std::thread::sleep(Duration::from_millis(choices.random_range(10..200)));
            continue;
        };
        let rows = page["data"].as_array().map_or(&[][..], Vec::as_slice);
        reader.reads.extend(rows.iter().filter_map(row));
        cursor = page["meta"]["page"]["cursor"].as_str().unwrap_or(&cursor).to_owned();
    }
    reader
}

/// Follows the stream of events; whenever it breaks off, it goes on behind the last one that it has got whole.
pub fn follow_events(client: &Client, sight: Sight, end: &End, mut choices: StdRng) -> Reader {
    let mut reader = Reader { sight, reads: Vec::new() };
    let (mut cursor, mut last) = (String::new(), Instant::now());
    while !is_through(&reader, end, &mut last) {
        let accept = ("Accept", "text/event-stream");
        // Some clients have enough of a stream after a while.
        let most = if choices.random_ratio(1, 2) { choices.random_range(1..500) } else { usize::MAX };
        let (path, headers) = match cursor.as_str() {
            "" => (format!("{}&page[after]=", feed(sight)), vec![accept]),
            last => (feed(sight), vec![accept, ("Last-Event-ID", last)]),
        };
        let stream = client.ask(&Method::GET, &path, &headers, None).filter(|stream| stream.status() == 200);
        let Some(stream) = stream else {
            std::thread::sleep(Duration::from_millis(choices.random_range(10..200)));
            continue;
        };
        let (mut id, mut data, mut events) = (None, None, 0);
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if let Some(text) = line.strip_prefix("id: ") {
                id = Some(text.to_owned());
            } else if let Some(text) = line.strip_prefix("data: ") {
                data = Some(text.to_owned());
            } else if line.is_empty() {
                let told: Option<Value> = data.take().map(|data| serde_json::from_str(&data).unwrap());
                reader.reads.extend(told.and_then(|told| row(&told["data"])));
                cursor = id.take().unwrap_or(cursor);
                events += 1;
            }
            if events >= most || is_through(&reader, end, &mut last) {
                break;
            }
        }
    }
    reader
}

fn feed(sight: Sight) -> String {
    let followed = match sight {
        Sight::Everything => FOLLOWED,
        Sight::Own => "customers",
    };
    format!("/admin/api/changes?filter[type]={followed}")
}

/// Whether the reader has got all there is, or has waited long enough since the last write.
fn is_through(reader: &Reader, end: &End, last: &mut Instant) -> bool {
    match end.changes.get() {
        Some(changes) => reader.reads.len() >= changes.to(reader.sight) || last.elapsed() > PATIENCE,
        None => {
            *last = Instant::now();
            false
        }
    }
}

fn row(object: &Value) -> Option<Read> {
    let text = |name: &str| Some(object["attributes"][name].as_str()?.to_owned());
    Some(Read {
        position: object["id"].as_str()?.parse().ok()?,
        resource: text("resourceType")?,
        record: text("resourceId")?,
        action: text("action")?,
    })
}
