//! A link leads from a configurable product to one of its variants, and stays with the product it was made for.

use crate::commerce::variants;
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::write::{Batch, Node};
use crate::error::{Error, Errors, UNCHANGEABLE, VARIANT_LINKS};

pub struct ProductVariantLinkRules;

impl Rules for ProductVariantLinkRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let errors = nodes.iter().filter_map(|index| {
            let node = batch.node(*index);
            if moves(node) {
                let detail = "The field cannot be changed once set.";
                return Some(node.at_relation("parentProduct", Error::new(&UNCHANGEABLE, detail)));
            }
            let own = node.effective_one("product")? == node.effective_one("parentProduct")?;
            let error = || Error::new(&VARIANT_LINKS, "A product cannot be a variant of itself.");
            own.then(|| node.at_relation("product", error()))
        });
        Errors::check(errors.collect())
    }

    fn can_prepare_again(&self) -> bool {
        true
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let concerned = nodes.iter().map(|index| batch.node(*index));
        let concerned = concerned.filter(|node| node.creates || node.changed.contains("product"));
        let parents: Vec<Key> = concerned.filter_map(|node| node.effective_one("parentProduct").cloned()).collect();
        variants::check(batch, &parents)
    }
}

/// Whether the request gives a stored link another parent.
fn moves(node: &Node) -> bool {
    let Some(parent) = node.one("parentProduct").filter(|_| !node.creates) else { return false };
    let stored = node.stored.links.get("parentProduct").and_then(Option::as_ref);
    parent.map(|target| &target.key) != stored
}
