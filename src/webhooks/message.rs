//! The body of a message (contract 25): topic, the record as it was then, when, and the message's id. Pure.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::engine::key::Key;
use crate::engine::resource::Resource;

/// `document`: the record as a GET shows it; without one, its type and id are all that is told.
pub fn body(
    topic: &str,
    (resource, key): (&Resource, &Key),
    document: Option<&[u8]>,
    at: DateTime<Utc>,
    id: Uuid,
) -> String {
    let identity = || json!({"data": {"type": resource.name, "id": key.to_string()}}).to_string();
    // What the server renders is UTF-8; if ever it were not, the identity is told.
    let document = document.and_then(|document| std::str::from_utf8(document).ok()).map(str::to_owned);
    let (event, topic) = (document.unwrap_or_else(identity), json!(topic));
    format!(r#"{{"topic":{topic},"eventData":{event},"timestamp":{},"messageId":"{id}"}}"#, at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::sales::ORDER;
    use serde_json::Value;

    #[test]
    fn a_body_has_the_four_members_of_the_contract() {
        let (at, id) = (DateTime::from_timestamp(1_700_000_000, 5).unwrap(), Uuid::from_u128(7));
        let document = br#"{"data":{"type":"orders","id":"42","attributes":{"poNumber":"1"}}}"#;
        let told = |document| body("order.updated.42", (&ORDER, &Key::Integer(42)), document, at, id);
        let whole: Value = serde_json::from_str(&told(Some(document))).unwrap();
        let expected = json!({
            "topic": "order.updated.42",
            "eventData": {"data": {"type": "orders", "id": "42", "attributes": {"poNumber": "1"}}},
            "timestamp": 1_700_000_000,
            "messageId": "00000000-0000-0000-0000-000000000007",
        });
        assert_eq!(whole, expected);
        let thin: Value = serde_json::from_str(&told(None)).unwrap();
        assert_eq!(thin["eventData"], json!({"data": {"type": "orders", "id": "42"}}));
    }
}
