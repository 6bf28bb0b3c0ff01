//! Long polling: a request that waits for the next change.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Reader;
use crate::support::shop::Shop;

/// "Long polling (`wait=30`)": the answer comes with the change.
#[test]
fn an_answer_comes_with_the_change() {
    let shop = Shop::new();
    let mut reader = Reader::from_the_oldest(shop.client());
    reader.until(1);
    reader.query = "&wait=60".to_owned();
    let waiting = std::thread::spawn(move || (reader.read(), Instant::now()));
    let group = shop.create("customergroups", &json!({"name": "A"}), &json!({}));
    let (page, _) = waiting.join().unwrap();
    assert_eq!(super::told(&page["data"][0]), format!("created customergroups {group}"));
}

/// When nothing happens, the page is empty and says where to go on.
#[test]
fn a_wait_ends() {
    let shop = Shop::new();
    let mut reader = Reader::from_the_oldest(shop.client());
    reader.until(1);
    reader.query = "&wait=1".to_owned();
    let (cursor, start) = (reader.cursor.clone(), Instant::now());
    assert_eq!(reader.read()["data"], json!([]));
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(reader.cursor, cursor);
}
