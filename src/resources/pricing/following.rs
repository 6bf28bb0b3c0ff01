//! What follows from a change of products, prices and price lists: the prices that rules make of them.

use crate::commerce::price_rule::recalculate::{self, Recalculated};
use crate::commerce::price_rule::rules::{self, Graph};
use crate::engine::key::Key;
use crate::engine::write::Batch;
use crate::error::Errors;
use crate::resources::catalog::PRODUCT;
use crate::resources::pricing::PRODUCT_PRICE;

pub fn integers<'k>(keys: impl IntoIterator<Item = &'k Key>) -> Vec<i64> {
    keys.into_iter().filter_map(|key| if let Key::Integer(id) = key { Some(*id) } else { None }).collect()
}

/// After products were written, by themselves or along with a category: their prices by rule.
pub fn products_written(batch: &mut Batch<'_>) -> Result<(), Errors> {
    let written =
        batch.nodes.iter().filter(|node| node.resource == &PRODUCT && (node.creates || !node.changed.is_empty()));
    let touched = batch.touched.iter().filter(|(_, touched)| touched.resource == &PRODUCT);
    let products = integers(written.map(|node| &node.key).chain(touched.map(|((_, key), _)| key)));
    products_changed(batch, &products)
}

/// After these products, or what belongs to them, were changed: their prices in every list with rules.
pub fn products_changed(batch: &mut Batch<'_>, products: &[i64]) -> Result<(), Errors> {
    if products.is_empty() {
        return Ok(());
    }
    let graph = held(batch)?;
    let all: Vec<i64> = graph.lists.keys().copied().collect();
    lists_follow(batch, &graph, &all, Some(products))
}

/// After the assignment, the currencies or the prices of these lists changed: their prices by rule, and those of all
/// lists that follow from them. `products`: only of these.
pub(super) fn lists_changed(batch: &mut Batch<'_>, changed: &[i64], products: Option<&[i64]>) -> Result<(), Errors> {
    let graph = held(batch)?;
    lists_follow(batch, &graph, changed, products)
}

/// The same with rules that were read already, and are held.
pub(super) fn lists_follow(
    batch: &mut Batch<'_>,
    graph: &Graph,
    changed: &[i64],
    products: Option<&[i64]>,
) -> Result<(), Errors> {
    let organization = batch.organization();
    for list in recalculate::following(batch.conn, organization, graph, changed)? {
        let Recalculated { added, changed, obsolete } =
            recalculate::list(batch.conn, organization, graph, list, products)?;
        let price = |id| Key::Guid(id, list);
        let added: Vec<Key> = added.into_iter().map(price).collect();
        batch.made(&PRODUCT_PRICE, &added, &["currency", "quantity", "value"])?;
        for id in changed {
            batch.touch(&PRODUCT_PRICE, price(id), &["value"]);
        }
        let obsolete: Vec<Key> = obsolete.into_iter().map(price).collect();
        batch.remove(&PRODUCT_PRICE, &obsolete)?;
    }
    Ok(())
}

fn held(batch: &mut Batch<'_>) -> Result<Graph, Errors> {
    let organization = batch.organization();
    rules::hold(batch.conn, organization)?;
    Ok(rules::load(batch.conn, organization)?)
}
