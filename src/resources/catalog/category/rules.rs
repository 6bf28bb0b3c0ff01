//! Categories: no circles, a default title, and their place in the tree.

use crate::commerce::{category_tree, default_text, tree};
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::write::{Batch, Node};
use crate::error::Errors;

pub struct CategoryRules;

impl Rules for CategoryRules {
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        default_text::require(batch, nodes, "titles")?;
        tree::check(batch, nodes, "parentCategory", "childCategories")?;
        if nodes.iter().any(|index| moves(batch.node(*index))) {
            let organization = batch.organization();
            category_tree::renumber(batch.conn, organization)?;
        }
        Ok(())
    }

    fn after_delete(&self, batch: &mut Batch<'_>, _parents: &[Key]) -> Result<(), Errors> {
        let organization = batch.organization();
        Ok(category_tree::renumber(batch.conn, organization)?)
    }
}

fn moves(node: &Node) -> bool {
    node.creates || node.links.contains_key("parentCategory") || node.links.contains_key("childCategories")
}
