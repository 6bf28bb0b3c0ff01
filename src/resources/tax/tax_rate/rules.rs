//! A rate is neither negative nor above 1000 %, and has at most six decimals.

use rust_decimal::Decimal;

use crate::engine::rules::Rules;
use crate::engine::write::{Batch, Node};
use crate::error::{Error, Errors, RANGE, TAX_RATE};
use crate::resources::tax::code::code_error;

pub struct TaxRules;

const DECIMALS: u32 = 6;
const GREATEST: Decimal = Decimal::TEN;

impl Rules for TaxRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let nodes = nodes.iter().map(|index| batch.node(*index));
        Errors::check(nodes.flat_map(|node| code_error(node).into_iter().chain(rate_error(node))).collect())
    }

    fn can_prepare_again(&self) -> bool {
        true
    }
}

fn rate_error(node: &Node) -> Option<Error> {
    let rate = node.value("rate")?.as_numeric()?.normalize();
    let error = if rate.is_sign_negative() && !rate.is_zero() {
        Error::new(&RANGE, "This value should be 0 or more.")
    } else if rate > GREATEST {
        Error::new(&RANGE, "This value should be 10 or less, which is 1000 %.")
    } else if rate.scale() > DECIMALS {
        Error::new(&TAX_RATE, "The tax rate should have at most 4 decimals as a percentage, 6 as a fraction.")
    } else {
        return None;
    };
    Some(node.at_attribute("rate", error))
}
