//! A product is related to others, to each of them once.

use std::collections::HashSet;

use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Node};
use crate::error::{Error, Errors};

pub struct RelatedProductRules;

impl Rules for RelatedProductRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let created: Vec<usize> = nodes.iter().copied().filter(|index| batch.node(*index).creates).collect();
        let (products, items) = created.iter().filter_map(|index| pair(batch.node(*index))).unzip();
        let mut sql = Sql::new();
        sql.raw("SELECT product_id, related_item_id FROM related_product WHERE organization_id = ");
        sql.bind(Value::Integer(batch.organization()))
            .raw(" AND (product_id, related_item_id) IN (SELECT * FROM unnest(");
        sql.bind(Value::Integers(products)).raw(", ").bind(Value::Integers(items)).raw("))");
        let known = sql.collect(batch.conn, |row| -> Result<_, Error> {
            Ok((row.integer(0)?.unwrap_or_default(), row.integer(1)?.unwrap_or_default()))
        })?;
        let known: HashSet<(i64, i64)> = known.into_iter().collect();
        let mut errors = Vec::new();
        for node in created.iter().map(|index| batch.node(*index)) {
            let detail = match pair(node) {
                Some((product, item)) if product == item => {
                    "It is not possible to create relations from product to itself."
                }
                Some(pair) if known.contains(&pair) => "Relation between products already exists.",
                _ => continue,
            };
            errors.push(node.at_relation("relatedItem", Error::value(detail)));
        }
        Errors::check(errors)
    }

    fn can_prepare_again(&self) -> bool {
        true
    }
}

fn pair(node: &Node) -> Option<(i64, i64)> {
    match (node.effective_one("product")?, node.effective_one("relatedItem")?) {
        (Key::Integer(product), Key::Integer(item)) => Some((*product, *item)),
        _ => None,
    }
}
