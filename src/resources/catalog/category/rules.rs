//! Categories: no circles, a default title, and their place in the tree.

use crate::commerce::{category_tree, default_text, tree};
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::write::{Batch, Node};
use crate::error::Errors;
use crate::resources::pricing::following;

pub struct CategoryRules;

impl Rules for CategoryRules {
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        default_text::require(batch, nodes, "titles")?;
        tree::check(batch, nodes, "parentCategory", "childCategories")?;
        if nodes.iter().any(|index| moves(batch.node(*index))) {
            let organization = batch.organization();
            category_tree::renumber(batch.conn, organization)?;
        }
        if nodes.iter().any(|index| batch.node(*index).links.contains_key("products")) {
            following::products_written(batch)?;
        }
        Ok(())
    }

    fn after_delete(&self, batch: &mut Batch<'_>, _keys: &[Key], _parents: &[Key]) -> Result<(), Errors> {
        let organization = batch.organization();
        Ok(category_tree::renumber(batch.conn, organization)?)
    }
}

fn moves(node: &Node) -> bool {
    node.creates || node.links.contains_key("parentCategory") || node.links.contains_key("childCategories")
}
