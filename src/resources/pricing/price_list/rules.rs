//! A price list's currencies are ISO 4217 codes, each once.

use std::collections::HashSet;

use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::{self, Error, Errors};
use crate::resources::pricing::price_list_schedule::rules::settle;

pub struct PriceListRules;

impl Rules for PriceListRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let mut errors = Vec::new();
        for index in nodes {
            let node = batch.node(*index);
            let Some(Value::Json(serde_json::Value::Array(currencies))) = node.value("priceListCurrencies") else {
                continue;
            };
            if currencies.is_empty() {
                errors.push(node.at_attribute("priceListCurrencies", Error::not_blank()));
            }
            let mut seen = HashSet::new();
            for currency in currencies {
                let code = currency.as_str().unwrap_or_default();
                let is_code = code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase());
                if !is_code {
                    let detail = format!("\"{code}\" is not a currency code of three capital letters.");
                    errors.push(node.at_attribute("priceListCurrencies", Error::new(&error::CHOICE, detail)));
                } else if !seen.insert(code) {
                    let detail = format!("The currency \"{code}\" is listed twice.");
                    errors.push(node.at_attribute("priceListCurrencies", Error::new(&error::UNIQUE_ITEM, detail)));
                }
            }
        }
        Errors::check(errors)
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let nodes = nodes.iter().map(|index| batch.node(*index));
        let lists: Vec<_> =
            nodes.filter(|node| node.links.contains_key("schedules")).map(|node| node.key.clone()).collect();
        if lists.is_empty() { Ok(()) } else { settle(batch, lists) }
    }
}
