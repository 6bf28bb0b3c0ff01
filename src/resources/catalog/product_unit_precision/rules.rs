//! A new unit precision has its stock: an inventory level with quantity 0. Prices by rule follow a product's units.

use rust_decimal::Decimal;

use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Node, Target};
use crate::error::Errors;
use crate::resources::inventory::INVENTORY_LEVEL;
use crate::resources::pricing::following::{self, integers};

pub struct ProductUnitPrecisionRules;

impl Rules for ProductUnitPrecisionRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let level = |index: &usize| {
            let precision = batch.node(*index);
            // Without a product the precision itself is refused.
            let product = precision.one("product").flatten().filter(|_| precision.creates)?;
            Some((product.clone(), precision.target(*index), precision.pointer.clone()))
        };
        let new: Vec<(Target, Target, String)> = nodes.iter().filter_map(level).collect();
        let pointers = new.iter().map(|(_, _, pointer)| pointer.clone()).collect();
        let levels = batch.create(&INVENTORY_LEVEL, pointers)?;
        for (level, (product, precision, _)) in levels.into_iter().zip(new) {
            let level = batch.node_mut(level);
            level.set("quantity", Value::Numeric(Decimal::ZERO));
            level.link("product", Some(product));
            level.link("productUnitPrecision", Some(precision));
        }
        Ok(())
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        // A new product has its prices when it is written itself.
        let of_new = |node: &Node| {
            let parent = node.one("product").flatten().and_then(|target| target.node);
            parent.is_some_and(|parent| batch.node(parent).creates)
        };
        let written = nodes.iter().map(|index| batch.node(*index)).filter(|node| {
            let decides = node.creates || node.changed.contains("unit") || node.changed.contains("product");
            decides && !of_new(node)
        });
        let products = integers(written.filter_map(|node| node.effective_one("product")));
        following::products_changed(batch, &products)
    }

    fn after_delete(&self, batch: &mut Batch<'_>, _keys: &[Key], parents: &[Key]) -> Result<(), Errors> {
        following::products_changed(batch, &integers(parents))
    }
}
