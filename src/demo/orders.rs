//! Orders in various states: new, discounted, with a kit, shipped with a tracking number, closed, cancelled.

use chrono::{Duration, SecondsFormat};
use serde_json::{Value as Json, json};

use super::catalog::{self, Catalog, KIT};
use super::customers::Customers;
use super::data::{Demo, many, one};
use crate::error::Errors;

/// Customer, age in days, status, shipping status, lines (SKU, quantity).
type Order = (&'static str, i64, &'static str, &'static str, &'static [(&'static str, u32)]);

const ORDERS: &[Order] = &[
    ("atlas", 40, "closed", "shipped", &[("DRL-018", 4), ("BAT-184", 8), ("BIT-019", 4)]),
    ("birch", 33, "closed", "shipped", &[("HAM-450", 20), ("SCR-PH2", 40)]),
    ("atlas-north", 21, "cancelled", "not_shipped", &[("GRD-125", 2)]),
    ("corner", 18, "shipped", "shipped", &[("TAP-005", 24), ("KNF-018", 36), ("LVL-060", 6)]),
    ("atlas-south", 12, "shipped", "partially_shipped", &[("BLT-M08", 2000), ("NUT-M08", 2000), ("WSH-M08", 4000)]),
    ("atlas", 9, "processing", "not_shipped", &[("HLM-WHT", 15), ("GLV-009", 50), ("GLS-CLR", 30)]),
    ("birch", 6, "processing", "not_shipped", &[("SAW-550", 10), ("PLI-180", 12)]),
    ("corner", 3, "open", "not_shipped", &[(KIT, 6), ("GLV-009", 10)]),
    ("atlas-north", 1, "open", "not_shipped", &[("DRL-H20", 2), ("EAR-027", 4)]),
    ("atlas-south", 0, "open", "not_shipped", &[("MSK-FP2", 500)]),
];

/// Answers the ids of the orders.
pub fn load(demo: &mut Demo<'_>, customers: &Customers, catalog: &Catalog) -> Result<Vec<String>, Errors> {
    let mut ids = Vec::new();
    for (place, order) in ORDERS.iter().enumerate() {
        let (customer, age, status, shipping_status, lines) = order;
        let mut included = lines_of(lines, catalog);
        let items: Vec<Json> = included
            .iter()
            .filter(|part| part["type"] == "orderlineitems")
            .map(|part| json!({"type": "orderlineitems", "id": part["id"]}))
            .collect();
        for address in ["billing", "shipping"] {
            included.push(json!({
                "type": "orderaddresses",
                "id": address,
                "relationships": {"customerAddress": one("customeraddresses", &customers.addresses[customer])},
            }));
        }
        let created_at = (demo.now - Duration::days(*age)).to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut data = json!({
            "type": "orders",
            "attributes": {
                "identifier": format!("DEMO-{}", place + 1),
                "poNumber": format!("PO-{:04}", place + 1001),
                "currency": "USD",
                "createdAt": created_at,
                "estimatedShippingCostAmount": "12.5",
                "shippingMethod": "flat_rate",
                "shippingMethodType": "primary",
            },
            "relationships": {
                "customer": one("customers", &customers.ids[customer]),
                "customerUser": one("customerusers", &customers.users[customer]),
                "paymentTerm": one("paymentterms", &customers.terms["net 30"]),
                "lineItems": {"data": items},
                "billingAddress": one("orderaddresses", "billing"),
                "shippingAddress": one("orderaddresses", "shipping"),
                "status": one("orderstatuses", status),
                "shippingStatus": one("ordershippingstatuses", shipping_status),
            },
        });
        if place < 2 {
            data["relationships"]["discounts"] = many("orderdiscounts", ["discount"]);
            included.push(discount(place));
        }
        let id = demo.post(data, Json::Array(included))?;
        if *shipping_status != "not_shipped" {
            let parcel = json!({"method": "UPS", "number": format!("1Z999AA10123456{:03}", place + 1)});
            demo.create("ordershippingtrackings", parcel, json!({"orders": many("orders", [&id])}))?;
        }
        ids.push(id);
    }
    Ok(ids)
}

fn discount(place: usize) -> Json {
    let attributes = if place == 0 {
        json!({
            "orderDiscountType": "oro_order_discount_item_type_percent", "percent": 0.05, "description": "Loyal customer",
        })
    } else {
        json!({
            "orderDiscountType": "oro_order_discount_item_type_amount", "amount": "25", "description": "Damaged box",
        })
    };
    json!({"type": "orderdiscounts", "id": "discount", "attributes": attributes})
}

fn lines_of(lines: &[(&str, u32)], catalog: &Catalog) -> Vec<Json> {
    let mut included = Vec::new();
    for (place, (sku, quantity)) in lines.iter().enumerate() {
        let (price, unit) = catalog::offer(sku).unwrap_or(("0", "set"));
        let mut line = json!({
            "type": "orderlineitems",
            "id": format!("line-{place}"),
            "attributes": {"quantity": quantity, "value": price, "currency": "USD"},
            "relationships": {
                "product": one("products", &catalog.products[sku]),
                "productUnit": one("productunits", unit),
            },
        });
        if *sku == KIT {
            line["relationships"]["kitItemLineItems"] = many("orderproductkititemlineitems", ["hammer", "drivers"]);
            for (item, (label, sku)) in [("hammer", "HAM-450"), ("drivers", "SCR-SET")].into_iter().enumerate() {
                let (price, unit) = catalog::offer(sku).unwrap_or(("0", "item"));
                included.push(json!({
                    "type": "orderproductkititemlineitems",
                    "id": label,
                    "attributes": {"quantity": 1, "value": price, "currency": "USD", "sortOrder": item + 1},
                    "relationships": {
                        "kitItem": one("productkititems", &catalog.kit_items[item]),
                        "product": one("products", &catalog.products[sku]),
                        "productUnit": one("productunits", unit),
                    },
                }));
            }
        }
        included.push(line);
    }
    included
}
