//! Notes about customers and orders, a comment on one, and a file attached to an order.

use serde_json::json;

use super::customers::Customers;
use super::data::{Demo, one};
use crate::error::Errors;

pub fn load(demo: &mut Demo<'_>, customers: &Customers, orders: &[String]) -> Result<(), Errors> {
    let customer = |name: &str| json!({"type": "customers", "id": customers.ids[name]});
    let order = |place: usize| orders.get(place).map(|id| json!({"type": "orders", "id": id}));
    let notes = [
        ("Prefers deliveries before 9 in the morning.", vec![customer("atlas")]),
        (
            "Asked for a discount on the damaged box; granted.",
            order(1).into_iter().chain([customer("birch")]).collect(),
        ),
        ("Moves to a larger shop in spring.", vec![customer("corner")]),
    ];
    let mut last = None;
    for (message, targets) in notes {
        last =
            Some(demo.create("notes", json!({"message": message}), json!({"activityTargets": {"data": targets}}))?);
    }
    if let Some(note) = last {
        let message = json!({"message": "Offered to deliver the first order for free."});
        demo.create("comments", message, json!({"target": one("notes", &note)}))?;
    }
    let Some(order) = order(0) else { return Ok(()) };
    let data = json!({
        "type": "attachments",
        "attributes": {"comment": "As signed by the customer"},
        "relationships": {"target": {"data": order}, "file": one("files", "note")},
    });
    // "Received in good order."
    let file = json!({
        "type": "files",
        "id": "note",
        "attributes": {
            "content": "UmVjZWl2ZWQgaW4gZ29vZCBvcmRlci4K",
            "originalFilename": "delivery-note.txt",
            "mimeType": "text/plain",
        },
    });
    demo.post(data, json!([file])).map(drop)
}
