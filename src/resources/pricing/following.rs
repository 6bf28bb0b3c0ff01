//! What follows from a change of products, prices and price lists: the prices that rules make of them.

use crate::commerce::price_rule::recalculate::{self, Author};
use crate::engine::key::Key;
use crate::engine::write::{Batch, Context};
use crate::error::Errors;
use crate::resources::catalog::PRODUCT;

/// The caller as the author of what follows.
pub(super) fn author(context: Context<'_>) -> Author<'_> {
    let caller = context.caller;
    Author {
        organization: caller.organization,
        user: caller.user().map(|user| user.id),
        customer_user: caller.customer_user().map(|user| user.id),
        client: &caller.client,
        now: context.now,
    }
}

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

/// After what belongs to these products was changed.
pub fn products_changed(batch: &mut Batch<'_>, products: &[i64]) -> Result<(), Errors> {
    if !products.is_empty() {
        recalculate::products(batch.conn, author(batch.context), products)?;
    }
    Ok(())
}
