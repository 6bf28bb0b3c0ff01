//! Sales taxes of the states the customers live in, one of them with a county's on top.

use serde_json::{Value as Json, json};

use super::data::{Demo, one};
use crate::error::Errors;

/// Code, description, rate, region, postal codes.
type Tax = (&'static str, &'static str, f64, &'static str, Option<(&'static str, &'static str)>);

const TAXES: &[Tax] = &[
    ("MA-STATE", "Massachusetts sales tax", 0.0625, "US-MA", None),
    ("ME-STATE", "Maine sales tax", 0.055, "US-ME", None),
    ("FL-STATE", "Florida sales tax", 0.06, "US-FL", None),
    ("CO-STATE", "Colorado sales tax", 0.029, "US-CO", None),
    ("NY-STATE", "New York sales tax", 0.04, "US-NY", None),
    ("NY-ALBANY", "Albany County sales tax", 0.04, "US-NY", Some(("12201", "12288"))),
];

/// Loads them for products and customers of these tax codes.
pub fn load(demo: &mut Demo<'_>, product_code: &str, customer_code: &str) -> Result<(), Errors> {
    for (code, description, rate, region, range) in TAXES {
        let tax = json!({"code": code, "description": description, "rate": rate});
        let tax = demo.create("taxes", tax, json!({}))?;
        let zip_codes: Vec<Json> = range.iter().map(|(from, to)| json!({"from": from, "to": to})).collect();
        let place = json!({"country": one("countries", "US"), "region": one("regions", region)});
        let jurisdiction = demo.create("taxjurisdictions", json!({"code": code, "zipCodes": zip_codes}), place)?;
        let relationships = json!({
            "productTaxCode": one("producttaxcodes", product_code),
            "customerTaxCode": one("customertaxcodes", customer_code),
            "tax": one("taxes", tax),
            "taxJurisdiction": one("taxjurisdictions", jurisdiction),
        });
        demo.create("taxrules", json!({"description": description}), relationships)?;
    }
    Ok(())
}
