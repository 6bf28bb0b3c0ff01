//! What a kit item's line copies from the kit item and its product; after the write, the prices that follow.

use std::collections::{HashMap, HashSet};

use rust_decimal::Decimal;

use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Node};
use crate::error::{self, Error, Errors};
use crate::resources::sales::line_product::{LineProducts, is_concerned};
use crate::resources::sales::pricing;

pub struct OrderKitItemRules;

impl Rules for OrderKitItemRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let nodes: Vec<usize> = nodes.iter().copied().filter(|index| is_concerned(batch.node(*index))).collect();
        let products = LineProducts::find(batch, &nodes)?;
        let kit_items = KitItem::load(batch, &nodes)?;
        let mut errors = Vec::new();
        for index in nodes {
            let node = batch.node_mut(index);
            products.link(node);
            if let Some(Key::Integer(id)) = node.effective_one("kitItem")
                && let Some(item) = kit_items.get(id)
            {
                fill_kit_item(node, item, &mut errors);
            }
            fill_product(node, &products, &mut errors);
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
        pricing::kit_items_deleted(batch, parents)
    }
}

/// An item of a kit, as its line on an order copies it.
#[derive(Default)]
struct KitItem {
    label: Option<String>,
    optional: bool,
    minimum: Option<Decimal>,
    maximum: Option<Decimal>,
    products: HashSet<i64>,
}

impl KitItem {
    fn load(batch: &mut Batch<'_>, nodes: &[usize]) -> Result<HashMap<i64, KitItem>, Errors> {
        let ids: Vec<i64> = nodes
            .iter()
            .filter_map(|index| match batch.node(*index).effective_one("kitItem")? {
                Key::Integer(id) => Some(*id),
                _ => None,
            })
            .collect();
        let mut items: HashMap<i64, KitItem> = HashMap::new();
        if ids.is_empty() {
            return Ok(items);
        }
        let mut sql = Sql::new();
        sql.raw(
            "SELECT k.id, k.optional, k.minimum_quantity, k.maximum_quantity, p.product_id, (
                SELECT n.string FROM product_kit_item_label n
                WHERE n.organization_id = k.organization_id AND n.kit_item_id = k.id AND n.localization_id IS NULL
                ORDER BY n.id LIMIT 1)
            FROM product_kit_item k
            LEFT JOIN product_kit_item_product p ON p.organization_id = k.organization_id AND p.kit_item_id = k.id
            WHERE k.organization_id = ",
        );
        sql.bind(Value::Integer(batch.organization())).raw(" AND k.id = ANY(").bind(Value::Integers(ids)).raw(")");
        sql.for_each(batch.conn, |row| -> Result<(), Errors> {
            let Some(id) = row.integer(0)? else { return Ok(()) };
            let item = items.entry(id).or_default();
            item.optional = row.boolean(1)?.unwrap_or_default();
            item.minimum = row.numeric(2)?;
            item.maximum = row.numeric(3)?;
            item.products.extend(row.integer(4)?);
            item.label = row.text(5)?;
            Ok(())
        })?;
        Ok(items)
    }
}

fn fill_kit_item(node: &mut Node, item: &KitItem, errors: &mut Vec<Error>) {
    node.set("kitItemLabel", item.label.clone().map_or(Value::Null, Value::Text));
    node.set("optional", Value::Boolean(item.optional));
    node.set("minimumQuantity", item.minimum.map_or(Value::Null, Value::Numeric));
    node.set("maximumQuantity", item.maximum.map_or(Value::Null, Value::Numeric));
    if let Some(Key::Integer(product)) = node.effective_one("product")
        && !item.products.contains(product)
    {
        let error = Error::new(&error::LINE_ITEM, "The product is none of the products of the kit item.");
        errors.push(node.at_relation("product", error));
    }
    let Some(quantity) = node.effective("quantity").as_numeric() else { return };
    let low = item.minimum.is_some_and(|minimum| quantity < minimum);
    if low || item.maximum.is_some_and(|maximum| quantity > maximum) {
        let text =
            |bound: Option<Decimal>| bound.map_or_else(|| "any".to_owned(), |bound| bound.normalize().to_string());
        let detail = format!("The quantity should be between {} and {}.", text(item.minimum), text(item.maximum));
        errors.push(node.at_attribute("quantity", Error::new(&error::RANGE, detail)));
    }
}

fn fill_product(node: &mut Node, products: &LineProducts, errors: &mut Vec<Error>) {
    let unit = node.effective_one("productUnit").map(Key::to_string);
    if let Some(unit) = &unit {
        node.set("productUnitCode", Value::Text(unit.clone()));
    }
    let Some(product) = products.of(node) else {
        if node.creates {
            errors.push(node.at_relation("product", Error::not_blank()));
        }
        return;
    };
    node.set("productSku", Value::Text(product.sku.clone()));
    node.set("productName", product.name.clone().map_or(Value::Null, Value::Text));
    let Some(unit) = unit else { return };
    let Some(precision) = product.units.get(&unit) else {
        let detail = format!("The unit \"{unit}\" is not available for the product \"{}\".", product.sku);
        errors.push(node.at_relation("productUnit", Error::new(&error::KIT_ITEM_UNIT, detail)));
        return;
    };
    node.set("productUnitPrecision", Value::Integer((*precision).into()));
    let scale = node.effective("quantity").as_numeric().map_or(0, |quantity| quantity.normalize().scale());
    if i64::from(scale) > i64::from(*precision) {
        let detail = format!("The quantity for the unit \"{unit}\" may have at most {precision} decimals.");
        errors.push(node.at_attribute("quantity", Error::new(&error::UNIT_PRECISION, detail)));
    }
}
