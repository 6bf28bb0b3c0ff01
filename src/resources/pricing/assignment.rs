//! What the three resources have in common that assign price lists: to customers, customer groups and websites.

use crate::commerce::website;
use crate::engine::field::{Field, Literal, boolean, integer};
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::write::{Batch, Target};
use crate::error::Errors;
use crate::resources::system::WEBSITE;

pub(super) static FIELDS: &[Field] = &[
    integer("sortOrder").column("sort_order").required().about("Lists with smaller numbers come first."),
    boolean("mergeAllowed")
        .column("merge_allowed")
        .default(Literal::Boolean(true))
        .about("Whether the list's prices may stand beside those of other lists for the same product."),
];

/// Fills in the default website where a create names none.
pub struct OnDefaultWebsite;

impl Rules for OnDefaultWebsite {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        fill_website(batch, nodes)
    }
}

pub(super) fn fill_website(batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
    let nodes: Vec<usize> = nodes
        .iter()
        .copied()
        .filter(|index| batch.node(*index).creates && batch.node(*index).one("website").is_none())
        .collect();
    if nodes.is_empty() {
        return Ok(());
    }
    let organization = batch.organization();
    let id = website::default_website(batch.conn, organization)?;
    for index in nodes {
        batch.node_mut(index).link("website", Some(Target { resource: &WEBSITE, key: Key::Integer(id), node: None }));
    }
    Ok(())
}
