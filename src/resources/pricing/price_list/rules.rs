//! A price list's currencies are ISO 4217 codes, each once; its assignment rule can be read. Its prices follow from its
//! rules, and no other list may need it when it goes.

use std::collections::HashSet;

use diesel::pg::PgConnection;

use crate::acl::Caller;
use crate::commerce::price_rule::{Expression, Type, rules};
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Node};
use crate::error::{self, Error, Errors};
use crate::resources::pricing::following::{self, integers};
use crate::resources::pricing::price_list_schedule::rules::settle;

pub struct PriceListRules;

impl Rules for PriceListRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let mut errors = Vec::new();
        for index in nodes {
            let node = batch.node(*index);
            errors.extend(assignment_error(node));
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
        let decisive = |node: &&Node| {
            !node.creates
                && (node.links.contains_key("priceRules")
                    || ["priceListCurrencies", "productAssignmentRule"].iter().any(|name| node.changed.contains(name)))
        };
        let lists = integers(nodes.iter().map(|index| batch.node(*index)).filter(decisive).map(|node| &node.key));
        if !lists.is_empty() {
            following::lists_changed(batch, &lists, None)?;
        }
        let nodes = nodes.iter().map(|index| batch.node(*index));
        let lists: Vec<_> =
            nodes.filter(|node| node.links.contains_key("schedules")).map(|node| node.key.clone()).collect();
        if lists.is_empty() { Ok(()) } else { settle(batch, lists) }
    }

    fn before_delete(&self, conn: &mut PgConnection, caller: &Caller, keys: &[Key]) -> Result<(), Error> {
        rules::hold_alone(conn, caller.organization)?;
        let graph = rules::load(conn, caller.organization)?;
        let gone = integers(keys);
        let needed = graph.lists.iter().find_map(|(id, list)| {
            let source = list.sources.iter().find(|source| gone.contains(source))?;
            (!gone.contains(id)).then_some((id, source))
        });
        match needed {
            Some((list, source)) => {
                let detail = format!("price rules of the price list {list} use the prices of {source}");
                Err(Error::new(&error::ACCESS_DENIED, detail))
            }
            None => Ok(()),
        }
    }
}

fn assignment_error(node: &Node) -> Option<Error> {
    let text = node.value("productAssignmentRule").and_then(Value::as_text)?;
    let detail = match Expression::parse(text, Type::Boolean) {
        Err(fault) => fault.to_string(),
        Ok(rule) if !rule.prices().is_empty() => {
            "Products are assigned by their own members, not by prices.".to_owned()
        }
        Ok(_) => return None,
    };
    Some(node.at_attribute("productAssignmentRule", Error::new(&error::EXPRESSION, detail)))
}
