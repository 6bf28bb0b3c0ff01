//! The product of an order line or kit item: sent as `product`, or found by `productSku`.

use std::collections::HashMap;

use crate::commerce::products::{self, Product};
use crate::engine::key::Key;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Node, Target};
use crate::error::Errors;
use crate::resources::catalog::{PRODUCT, PRODUCT_NAME, PRODUCT_UNIT_PRECISION};

/// Every product that some nodes name.
pub struct LineProducts {
    by_id: HashMap<i64, Product>,
    by_sku: HashMap<String, i64>,
}

impl LineProducts {
    /// Looks up the products of all these nodes at once.
    pub fn find(batch: &mut Batch<'_>, nodes: &[usize]) -> Result<LineProducts, Errors> {
        let (mut ids, mut skus) = (Vec::new(), Vec::new());
        for node in nodes.iter().map(|index| batch.node(*index)) {
            match sku_to_find(node) {
                Some(sku) => skus.push(sku),
                None => ids.extend(product_id(node)),
            }
        }
        ids.sort_unstable();
        ids.dedup();
        skus.sort_unstable();
        skus.dedup();
        let organization = batch.organization();
        let found = products::load(batch.conn, organization, &ids, &skus)?;
        let mut products = LineProducts { by_id: found.by_id, by_sku: found.by_sku };
        products.add_written(batch);
        Ok(products)
    }

    /// Points `product` at what `productSku` names, where `product` itself is not sent.
    pub fn link(&self, node: &mut Node) {
        let found = sku_to_find(node).and_then(|sku| self.by_sku.get(&sku).copied());
        if let Some(id) = found {
            node.link("product", Some(Target { resource: &PRODUCT, key: Key::Integer(id), node: None }));
        }
    }

    /// The product a node will have.
    pub fn of(&self, node: &Node) -> Option<&Product> {
        self.by_id.get(&product_id(node)?)
    }

    /// Products and units that this request itself writes.
    fn add_written(&mut self, batch: &Batch<'_>) {
        for node in &batch.nodes {
            if node.resource == &PRODUCT
                && let Key::Integer(id) = node.key
                && (node.creates || self.by_id.contains_key(&id))
            {
                let product = self.by_id.entry(id).or_default();
                if let Some(sku) = node.value("sku").and_then(Value::as_text) {
                    sku.clone_into(&mut product.sku);
                    self.by_sku.insert(sku.to_lowercase(), id);
                }
                if let Some(kind) = node.value("productType").and_then(Value::as_text) {
                    product.is_kit = kind == "kit";
                }
            }
        }
        for node in &batch.nodes {
            let Some(product) = product_id(node).and_then(|id| self.by_id.get_mut(&id)) else { continue };
            if node.resource == &PRODUCT_UNIT_PRECISION {
                let precision = node.effective("precision").as_integer().and_then(|number| i32::try_from(number).ok());
                if let (Some(Key::Text(unit)), Some(precision)) = (node.effective_one("unit"), precision) {
                    product.units.insert(unit.clone(), precision);
                }
            } else if node.resource == &PRODUCT_NAME && node.effective_one("localization").is_none() {
                product.name = node.effective("string").as_text().map(str::to_owned);
            }
        }
    }
}

/// Whether the members that decide about product, unit or price are sent.
pub fn is_concerned(node: &Node) -> bool {
    let values = ["productSku", "freeFormProduct", "quantity", "value"];
    let links = ["product", "productUnit", "kitItem"];
    node.creates
        || values.iter().any(|name| node.values.contains_key(name))
        || links.iter().any(|name| node.links.contains_key(name))
}

/// The SKU in lower case, where it and no product is sent.
fn sku_to_find(node: &Node) -> Option<String> {
    match node.one("product") {
        Some(Some(_)) => None,
        _ => node.value("productSku")?.as_text().map(str::to_lowercase),
    }
}

fn product_id(node: &Node) -> Option<i64> {
    match node.effective_one("product")? {
        Key::Integer(id) => Some(*id),
        _ => None,
    }
}
