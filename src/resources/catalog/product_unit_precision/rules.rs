//! A new unit precision has its stock: an inventory level with quantity 0.

use rust_decimal::Decimal;

use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::Errors;
use crate::resources::inventory::INVENTORY_LEVEL;

pub struct ProductUnitPrecisionRules;

impl Rules for ProductUnitPrecisionRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        for index in nodes {
            let precision = batch.node(*index);
            // Without a product the precision itself is refused.
            let Some(Some(product)) = precision.one("product").filter(|_| precision.creates) else { continue };
            let (product, precision, pointer) = (product.clone(), precision.target(*index), precision.pointer.clone());
            let level = batch.create(&INVENTORY_LEVEL, pointer)?;
            let level = batch.node_mut(level);
            level.set("quantity", Value::Numeric(Decimal::ZERO));
            level.link("product", Some(product));
            level.link("productUnitPrecision", Some(precision));
        }
        Ok(())
    }
}
