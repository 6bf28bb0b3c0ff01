//! A weight or size is more than nothing, and says in which unit it is.

use rust_decimal::Decimal;

use crate::engine::rules::Rules;
use crate::engine::write::{Batch, Node};
use crate::error::{Error, Errors, GREATER_THAN_ZERO};

pub struct ProductShippingOptionsRules;

const WEIGHT: &[&str] = &["weightValue"];
const DIMENSIONS: &[&str] = &["dimensionsLength", "dimensionsWidth", "dimensionsHeight"];

impl Rules for ProductShippingOptionsRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let mut errors = Vec::new();
        for index in nodes {
            let node = batch.node(*index);
            errors.extend(measure_errors(node, WEIGHT, "weightUnit"));
            errors.extend(measure_errors(node, DIMENSIONS, "dimensionsUnit"));
        }
        Errors::check(errors)
    }

    fn can_prepare_again(&self) -> bool {
        true
    }
}

fn measure_errors(node: &Node, values: &[&str], unit: &str) -> Vec<Error> {
    let given = |name: &&str| node.effective(name).as_numeric().is_some();
    let not_positive = |name: &&&str| node.effective(name).as_numeric().is_some_and(|value| value <= Decimal::ZERO);
    let error = || Error::new(&GREATER_THAN_ZERO, "This value should be greater than 0.");
    let mut errors: Vec<Error> =
        values.iter().filter(not_positive).map(|name| node.at_attribute(name, error())).collect();
    if values.iter().any(given) && node.effective_one(unit).is_none() {
        errors.push(node.at_relation(unit, Error::not_blank()));
    }
    errors
}
