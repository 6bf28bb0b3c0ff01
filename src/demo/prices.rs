//! Price lists: one for everybody, a sale with an end, one for a group of customers, one for a single customer, and one
//! whose prices follow from another by a rule.

use chrono::Duration;
use serde_json::json;

use super::catalog::{Catalog, KIT, PRODUCTS};
use super::customers::Customers;
use super::data::{Demo, one};
use crate::error::{Error, Errors};

/// SKU, unit, quantity, value.
type Offer = (&'static str, &'static str, u32, &'static str);

const SALE: &[Offer] = &[("DRL-018", "item", 1, "119.0000"), ("BIT-019", "set", 1, "26.5000")];

const CONTRACTORS: &[Offer] = &[
    ("DRL-H20", "item", 1, "92.0000"),
    ("DRL-H20", "item", 5, "86.5000"),
    ("BLT-M08", "piece", 100, "0.1500"),
    ("BLT-M08", "piece", 1000, "0.1200"),
];

const ATLAS: &[Offer] = &[("HLM-WHT", "item", 1, "17.5000"), ("DRL-H20", "item", 5, "84.0000")];

pub fn load(demo: &mut Demo<'_>, customers: &Customers, catalog: &Catalog) -> Result<(), Errors> {
    let everybody: Vec<Offer> =
        PRODUCTS.iter().map(|item| (item.0, item.4, 1, item.5)).chain([(KIT, "set", 1, "15")]).collect();
    let default = list(demo, catalog, "Default", &everybody)?;
    let sale = list(demo, catalog, "Sale", SALE)?;
    let contractors = list(demo, catalog, "Contractors", CONTRACTORS)?;
    let atlas = list(demo, catalog, "Atlas", ATLAS)?;

    let (start, end) = (demo.now - Duration::days(1), demo.now + Duration::days(30));
    demo.create(
        "pricelistschedules",
        json!({"activeAt": start.to_rfc3339(), "deactivateAt": end.to_rfc3339()}),
        json!({"priceList": one("pricelists", &sale)}),
    )?;
    for (place, list) in [&sale, &default].into_iter().enumerate() {
        demo.create("pricelisttowebsites", json!({"sortOrder": place}), json!({"priceList": one("pricelists", list)}))?;
    }
    let group = one("customergroups", &customers.groups["Contractors"]);
    retailers(demo, customers, catalog, &default)?;
    let customer = one("customers", &customers.ids["atlas"]);
    demo.create(
        "pricelisttocustomergroups",
        json!({"sortOrder": 0}),
        json!({"priceList": one("pricelists", &contractors), "customerGroup": group}),
    )?;
    demo.create(
        "pricelisttocustomers",
        json!({"sortOrder": 0}),
        json!({"priceList": one("pricelists", &atlas), "customer": customer}),
    )?;
    demo.create("pricelistcustomergroupfallbacks", json!({"fallback": 0}), json!({"customerGroup": group}))?;
    demo.create("pricelistcustomerfallbacks", json!({"fallback": 0}), json!({"customer": customer}))?;
    Ok(())
}

/// Retailers buy small parts for a tenth less.
fn retailers(demo: &mut Demo<'_>, customers: &Customers, catalog: &Catalog, source: &str) -> Result<(), Errors> {
    let list = list(demo, catalog, "Retailers", &[])?;
    let assignment = "product.sku matches 'BLT-%' or product.sku matches 'NUT-%' or product.sku matches 'WSH-%'";
    let id = list.parse().map_err(Error::internal)?;
    demo.patch("pricelists", id, json!({"productAssignmentRule": assignment}))?;
    demo.create(
        "pricerules",
        json!({
            "rule": format!("pricelist[{source}].prices.value * 0.9"),
            "quantityExpression": format!("pricelist[{source}].prices.quantity"),
            "productUnitExpression": format!("pricelist[{source}].prices.unit"),
            "currency": "USD",
            "priority": 1,
        }),
        json!({"priceList": one("pricelists", &list)}),
    )?;
    demo.create(
        "pricelisttocustomergroups",
        json!({"sortOrder": 0}),
        json!({
            "priceList": one("pricelists", &list),
            "customerGroup": one("customergroups", &customers.groups["Retailers"]),
        }),
    )?;
    Ok(())
}

fn list(demo: &mut Demo<'_>, catalog: &Catalog, name: &str, offers: &[Offer]) -> Result<String, Errors> {
    let list = demo.create("pricelists", json!({"name": name, "priceListCurrencies": ["USD", "EUR"]}), json!({}))?;
    for (sku, unit, quantity, value) in offers {
        demo.create(
            "productprices",
            json!({"quantity": quantity, "value": value, "currency": "USD"}),
            json!({
                "priceList": one("pricelists", &list),
                "product": one("products", &catalog.products[sku]),
                "unit": one("productunits", unit),
            }),
        )?;
    }
    Ok(list)
}
