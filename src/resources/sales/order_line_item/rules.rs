//! A line's product, unit and computed members; after the write, the prices of kits and the totals of orders.

use rust_decimal::Decimal;

use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Node};
use crate::error::{self, Error, Errors};
use crate::resources::sales::line_product::{LineProducts, is_concerned};
use crate::resources::sales::pricing;

pub struct OrderLineRules;

impl Rules for OrderLineRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let mut errors = Vec::new();
        pricing::check_parts_stay(batch, nodes, "kitItemLineItems", &mut errors)?;
        let nodes: Vec<usize> = nodes.iter().copied().filter(|index| is_concerned(batch.node(*index))).collect();
        let products = LineProducts::find(batch, &nodes)?;
        for index in nodes {
            fill(batch.node_mut(index), &products, &mut errors);
        }
        Errors::check(errors)
    }

    fn can_prepare_again(&self) -> bool {
        true
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        pricing::finish(batch, nodes)
    }

    fn after_delete(&self, batch: &mut Batch<'_>, _keys: &[Key], parents: &[Key]) -> Result<(), Errors> {
        pricing::order_parts_deleted(batch, parents)
    }
}

fn fill(node: &mut Node, products: &LineProducts, errors: &mut Vec<Error>) {
    products.link(node);
    if let Some(unit) = node.one("productUnit").flatten().map(|unit| unit.key.to_string()) {
        node.set("productUnitCode", Value::Text(unit));
    }
    if let Some(product) = products.of(node) {
        if product.is_kit {
            node.set("checksum", Value::Text(pricing::UNPRICED_KIT.to_owned()));
        } else if !node.creates {
            node.set("checksum", Value::Text(String::new()));
        }
        if node.creates || node.links.contains_key("product") {
            node.set("productSku", Value::Text(product.sku.clone()));
            node.set("productName", product.name.clone().map_or(Value::Null, Value::Text));
        }
        if let Some(unit) = node.effective_one("productUnit").map(Key::to_string) {
            match product.units.get(&unit) {
                Some(precision) => errors.extend(too_precise(node, *precision, &unit)),
                None => errors.push(node.at_relation("productUnit", Error::no_such_unit(&unit, &product.sku))),
            }
        }
    } else if node.effective_one("product").is_none() {
        if node.links.contains_key("product") {
            node.set("productName", Value::Null);
        }
        if node.effective("freeFormProduct").is_null() {
            errors.push(no_product(node));
        }
    }
    errors.extend(too_much(node));
}

fn no_product(node: &Node) -> Error {
    match node.value("productSku").and_then(Value::as_text) {
        Some(sku) => {
            let detail = format!("There is no product with the SKU \"{sku}\".");
            node.at_attribute("productSku", Error::new(&error::LINE_ITEM, detail))
        }
        None => {
            let detail = "A product, the SKU of a product or a free-form product is required.";
            node.at_relation("product", Error::new(&error::LINE_ITEM, detail))
        }
    }
}

/// The quantity has more decimals than the unit allows.
fn too_precise(node: &Node, precision: i32, unit: &str) -> Option<Error> {
    let quantity = node.effective("quantity").as_numeric()?.normalize();
    let allowed = u32::try_from(precision).unwrap_or_default();
    (quantity.scale() > allowed).then(|| {
        let detail = format!("The quantity for the unit \"{unit}\" may have at most {allowed} decimals.");
        node.at_attribute("quantity", Error::new(&error::UNIT_PRECISION, detail))
    })
}

/// Quantity below zero, or a row total that no column holds.
fn too_much(node: &Node) -> Option<Error> {
    let quantity = node.effective("quantity").as_numeric()?;
    if quantity.is_sign_negative() && !quantity.is_zero() {
        let detail = "This value should be greater than or equal to 0.";
        return Some(node.at_attribute("quantity", Error::new(&error::RANGE, detail)));
    }
    let value = node.effective("value").as_numeric()?;
    let total = quantity.checked_mul(value);
    let limit = Decimal::from(1_000_000_000_000_000_i64);
    total.is_none_or(|total| total.abs() >= limit).then(|| {
        let detail = "Quantity times value must stay below 1000000000000000.";
        node.at_attribute("quantity", Error::new(&error::RANGE, detail))
    })
}
