//! "Retention configurable; a cursor too old is a clear 410."

use chrono::{TimeDelta, Utc};
use entrepot::feed::retention;
use serde_json::json;

use super::{CHANGES, Reader};
use crate::support::rows::execute;
use crate::support::shop::Shop;

#[test]
fn a_cursor_that_is_too_old() {
    let shop = Shop::new();
    let [old, kept] = ["A", "B"].map(|name| shop.create("customergroups", &json!({"name": name}), &json!({})));
    let mut reader = Reader::from_the_oldest(shop.client());
    let changes = reader.changes_until(3);
    let cursor = |index: usize| changes[index]["meta"]["page"]["cursor"].as_str().unwrap().to_owned();
    let age =
        format!("UPDATE change SET at = at - interval '40 days' WHERE organization_id = $1 AND record_id <> '{kept}'");
    execute(&shop.organization, &age);
    assert!(retention::remove(&shop.organization.server.db, Utc::now() - TimeDelta::days(30)).unwrap() >= 2);
    let refused = shop.client().get(&format!("{CHANGES}?page[after]={}", cursor(0))).expect(410);
    let error = refused.error();
    assert_eq!((error["code"].as_str(), error["status"].as_str()), (Some("cursor-gone"), Some("410")));
    assert!(error["detail"].as_str().unwrap().contains("Read the records anew"), "{error}");
    // What was read last before the removed ones is still good, and the empty cursor begins at what is kept.
    for start in [cursor(1), String::new()] {
        let mut reader = Reader { cursor: start, ..Reader::from_now(shop.client()) };
        assert_eq!(reader.until(1), [format!("created customergroups {kept}")]);
    }
    assert!(!old.is_empty());
}

/// A cursor beyond the end is of data that were set back: to go on from it would miss what comes.
#[test]
fn a_cursor_beyond_the_end() {
    let shop = Shop::new();
    let reader = Reader::from_the_opening(&shop);
    execute(&shop.organization, "UPDATE change_feed SET position = 0 WHERE organization_id = $1");
    shop.client().get(&format!("{CHANGES}?page[after]={}", reader.cursor)).expect(410);
}
