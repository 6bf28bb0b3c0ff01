//! The resources: `webhooks`, `webhooktopics`, `webhookformats`.

use serde_json::json;

use super::receiver::{OK, Receiver};
use super::world::{body, shop, subscribe};
use crate::support::shop::one;
use entrepot::webhooks::topic::{ACTIONS, ENTITIES};

/// "`webhooktopics` (id, `label`) and `webhookformats` (id, `label`) are read-only lists without paging or sorting."
#[test]
fn topics_and_formats_are_listed_whole() {
    let shop = shop();
    let ids = |path: &str| -> Vec<String> {
        let list = shop.client().get(path).expect(200).json();
        list["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let mut known: Vec<String> =
        ENTITIES.iter().flat_map(|entity| ACTIONS.map(|action| entity.topic(action))).collect();
    known.sort_unstable();
    let mut listed = ids("/admin/api/webhooktopics");
    listed.sort_unstable();
    assert_eq!(listed, known, "the table and the code agree");
    assert_eq!(ids("/admin/api/webhookformats"), ["default", "thin"]);
    assert_eq!(ids("/admin/api/webhooktopics?filter[id]=order.created"), ["order.created"]);
    for refused in ["page[size]=5", "sort=id", "meta=title"] {
        let error = shop.client().get(&format!("/admin/api/webhooktopics?{refused}")).expect(400).error();
        assert_eq!(error["title"], "filter constraint", "{refused}");
    }
    let item = shop.client().get("/admin/api/webhookformats/default").expect(200).json();
    assert_eq!(item["data"]["attributes"]["label"], "Default (JSON:API)");
    shop.client().delete("/admin/api/webhooktopics/order.created").expect(405);
}

/// "attributes `notificationUrl` (required), `enabled` (default true), `secret` (write-only, **only on create**),
/// `verifySsl` (default true), `system` (read-only …)"; "topic/format have no relationship routes."
#[test]
fn a_webhook_is_as_the_contract_says() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let create = body(&receiver.url, "order.created", &json!({"secret": "test_secret_value", "system": true}));
    let made = shop.client().post("/admin/api/webhooks", &create).expect(201);
    let (id, shown) = (made.id(), made.json());
    let attributes = &shown["data"]["attributes"];
    assert_eq!(
        (&attributes["enabled"], &attributes["verifySsl"], &attributes["system"]),
        (&json!(true), &json!(true), &json!(false))
    );
    assert!(attributes.get("secret").is_none() && !made.text.contains("test_secret_value"));
    assert_eq!(
        shown["data"]["relationships"]["topic"]["data"],
        json!({"type": "webhooktopics", "id": "order.created"})
    );
    assert_eq!(shown["data"]["relationships"]["owner"]["data"]["id"], shop.organization.admin.id.to_string());
    assert!(uuid::Uuid::parse_str(&id).is_ok());
    let path = format!("/admin/api/webhooks/{id}");
    let change = shop.change("webhooks", &id, &json!({"secret": "another"})).expect(400);
    assert_eq!(change.error()["title"], "extra fields constraint");
    for route in ["relationships/topic", "topic", "relationships/format", "format"] {
        shop.client().get(&format!("{path}/{route}")).expect(404);
    }
    shop.client().get(&format!("{path}/owner")).expect(200);
    shop.client().get(&format!("{path}/rotateSecret")).expect(405);
    let stored = shop.organization.write(|conn| {
        use diesel::prelude::*;
        Ok(diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(
            "(SELECT bool_and(secret LIKE 'sealed:%') FROM webhook)",
        ))
        .get_result::<bool>(conn)?)
    });
    assert!(stored);
    shop.client().delete(&path).expect(204);
}

/// "Validation titles: `valid webhook topic constraint`, `valid webhook format constraint`."
#[test]
fn unknown_topics_and_formats_are_refused() {
    let shop = shop();
    for topic in ["order.paid", "order.created.1", "order.updated.x", "payment.created"] {
        let answer = shop.client().post("/admin/api/webhooks", &body("https://example.com/", topic, &json!({})));
        let error = answer.expect(400).error();
        assert_eq!(
            (&error["title"], &error["source"]["pointer"]),
            (&json!("valid webhook topic constraint"), &json!("/data/relationships/topic/data"))
        );
    }
    let mut other = body("https://example.com/", "order.created", &json!({}));
    other["data"]["relationships"]["format"] = one("webhookformats", "fat");
    let error = shop.client().post("/admin/api/webhooks", &other).expect(400).error();
    assert_eq!(error["title"], "valid webhook format constraint");
    for url in ["", "example.com", "ftp://example.com/", "https://user:secret@example.com/", "http://169.254.169.254/"]
    {
        shop.client().post("/admin/api/webhooks", &body(url, "order.created", &json!({}))).expect(400);
    }
}

/// "`filter[topic]` takes lists."
#[test]
fn webhooks_are_found_by_topics() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    for topic in ["order.created", "order.updated.7", "user.deleted"] {
        subscribe(shop.client(), &receiver, topic);
    }
    let found = shop.client().get("/admin/api/webhooks?filter[topic]=order.created,order.updated.7").expect(200).json();
    let topics: Vec<_> = found["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["relationships"]["topic"]["data"]["id"].clone())
        .collect();
    assert_eq!(topics.len(), 2, "{topics:?}");
    assert!(topics.contains(&json!("order.updated.7")));
    let error = shop.client().get("/admin/api/webhooks?sort=topic").expect(400).error();
    assert_eq!(error["title"], "sort constraint");
}

/// "system ones cannot be deleted".
#[test]
fn a_webhook_of_the_system_stays() {
    let shop = shop();
    let receiver = Receiver::new(|_, _| OK);
    let id = subscribe(shop.client(), &receiver, "order.created");
    let uuid = uuid::Uuid::parse_str(&id).unwrap();
    shop.organization.write(|conn| {
        use diesel::prelude::*;
        let system = "UPDATE webhook SET system = true WHERE id = $1";
        Ok(diesel::sql_query(system).bind::<diesel::sql_types::Uuid, _>(uuid).execute(conn).map(drop)?)
    });
    let error = shop.client().delete(&format!("/admin/api/webhooks/{id}")).expect(403).error();
    assert_eq!(error["detail"], "The delete operation is forbidden. Reason: the webhook belongs to the system.");
}
