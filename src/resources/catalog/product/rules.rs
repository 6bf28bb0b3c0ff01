//! Products: the primary unit is one of the units, kits have items, configurable products have variant fields.

use std::collections::HashSet;

use crate::commerce::{default_text, variants};
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::engine::write::{Batch, Linkage, Node};
use crate::error::{COUNT, Error, Errors, PRIMARY_UNIT};
use crate::resources::pricing::following;

pub struct ProductRules;

impl Rules for ProductRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let mut errors = Vec::new();
        for index in nodes {
            adopt_primary_unit(batch, *index);
            let node = batch.node(*index);
            errors.extend(primary_unit_error(node));
            errors.extend(type_error(node));
        }
        Errors::check(errors)
    }

    fn can_prepare_again(&self) -> bool {
        true
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        default_text::require(batch, nodes, "names")?;
        check_stored_primary_units(batch, nodes)?;
        let decisive =
            |node: &&Node| !node.creates && variants::DECISIVE.iter().any(|name| node.changed.contains(name));
        let changed: Vec<Key> =
            nodes.iter().map(|index| batch.node(*index)).filter(decisive).map(|node| node.key.clone()).collect();
        variants::check(batch, &changed)?;
        following::products_written(batch)
    }
}

/// A primary unit sent along belongs to the product and its list, whether or not the request says so again.
fn adopt_primary_unit(batch: &mut Batch<'_>, index: usize) {
    let product = batch.node(index).target(index);
    let Some(primary) = batch.node(index).one("primaryUnitPrecision").flatten().cloned() else { return };
    let Some(unit) = primary.node else { return };
    if batch.node(unit).creates && batch.node(unit).one("product").flatten().is_none() {
        batch.node_mut(unit).link("product", Some(product));
    }
    if let Some(Linkage::Many(units)) = batch.node_mut(index).links.get_mut("unitPrecisions")
        && !units.iter().any(|unit| unit.key == primary.key)
    {
        units.push(primary);
    }
}

/// A stated list of units has to hold the primary one.
fn primary_unit_error(node: &Node) -> Option<Error> {
    let (units, primary) = (node.many("unitPrecisions")?, node.effective_one("primaryUnitPrecision")?);
    (!units.iter().any(|unit| unit.key == *primary)).then(|| node.at_relation("primaryUnitPrecision", not_a_unit()))
}

fn not_a_unit() -> Error {
    Error::new(&PRIMARY_UNIT, "The primary unit precision should be one of the product's unit precisions.")
}

fn type_error(node: &Node) -> Option<Error> {
    match node.effective("productType").as_text()? {
        "configurable" => {
            let empty = match node.effective("variantFields") {
                Value::Json(fields) => fields.as_array().is_none_or(Vec::is_empty),
                _ => true,
            };
            empty.then(|| node.at_attribute("variantFields", Error::not_blank()))
        }
        "kit" => {
            let empty = match node.many("kitItems") {
                Some(items) => items.is_empty(),
                None => node.creates,
            };
            let error = || Error::new(&COUNT, "This collection should contain 1 element or more.");
            empty.then(|| node.at_relation("kitItems", error()))
        }
        _ => None,
    }
}

/// A primary unit that is stored already could be another product's.
fn check_stored_primary_units(batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
    let linked: Vec<usize> = nodes
        .iter()
        .copied()
        .filter(|index| {
            batch.node(*index).one("primaryUnitPrecision").flatten().is_some_and(|unit| unit.node.is_none())
        })
        .collect();
    if linked.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = linked.iter().map(|index| batch.node(*index).key.clone()).collect();
    let mut sql = Sql::new();
    sql.raw(
        "SELECT product.id FROM product JOIN product_unit_precision AS unit \
         ON unit.organization_id = product.organization_id AND unit.id = product.primary_unit_precision_id \
         WHERE unit.product_id <> product.id AND product.organization_id = ",
    );
    sql.bind(Value::Integer(batch.organization())).raw(" AND product.id = ANY(").bind(key_array(&keys)).raw(")");
    let wrong = sql.collect(batch.conn, |row| -> Result<_, Error> { Ok(row.integer(0)?) })?;
    let wrong: HashSet<Key> = wrong.into_iter().flatten().map(Key::Integer).collect();
    let is_wrong = |node: &&Node| wrong.contains(&node.key);
    let errors = linked.iter().map(|index| batch.node(*index)).filter(is_wrong);
    Errors::check(errors.map(|node| node.at_relation("primaryUnitPrecision", not_a_unit())).collect())
}
