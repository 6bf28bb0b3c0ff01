//! Readers of the change feed: each stores the cursor of the last page it has got, and goes on from there.

use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::Method;
use serde_json::Value;

use super::End;
use crate::client::Client;
use crate::history::Read;
use crate::stored::FOLLOWED;

/// For the feed to show what was written last.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads from the beginning until every change was read, or none comes any more.
pub fn read(client: &Client, end: &End, mut choices: StdRng) -> Vec<Read> {
    let (mut read, mut cursor) = (Vec::new(), String::new());
    let mut last = Instant::now();
    loop {
        match end.changes.get() {
            Some(changes) if read.len() >= *changes || last.elapsed() > PATIENCE => return read,
            None => last = Instant::now(),
            Some(_) => {}
        }
        let (size, wait) = (choices.random_range(1..200), choices.random_range(0..3));
        let path =
            format!("/admin/api/changes?filter[type]={FOLLOWED}&page[after]={cursor}&page[size]={size}&wait={wait}");
        let page = client.send(&Method::GET, &path, None, &Value::Null).filter(|answer| answer.status == 200);
        let Some(page) = page.map(|page| page.json()) else {
            std::thread::sleep(Duration::from_millis(choices.random_range(10..200)));
            continue;
        };
        let rows = page["data"].as_array().map_or(&[][..], Vec::as_slice);
        read.extend(rows.iter().filter_map(row));
        cursor = page["meta"]["page"]["cursor"].as_str().unwrap_or(&cursor).to_owned();
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
