//! A price has a currency of its list and a unit of its product, and neither its value nor its quantity
//! is negative or 10^15 or more. One that is changed by hand no
//! longer follows from a rule, and others may follow from it.

use std::collections::{BTreeSet, HashMap, HashSet};

use rust_decimal::Decimal;

use crate::commerce::products::{self, Units};
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Node};
use crate::error::{self, Error, Errors};
use crate::resources::catalog::PRODUCT_UNIT_PRECISION;
use crate::resources::pricing::PRICE_LIST;
use crate::resources::pricing::following::{self, integers};

pub struct ProductPriceRules;

/// No value and no quantity reaches it.
const LIMIT: i64 = 1_000_000_000_000_000;

impl Rules for ProductPriceRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let currencies = currencies(batch, nodes)?;
        let ids: HashSet<i64> = nodes.iter().filter_map(|index| integer(batch.node(*index), "product")).collect();
        let organization = batch.organization();
        let units = products::units(batch.conn, organization, &ids.into_iter().collect::<Vec<i64>>())?;
        let written = written_units(batch);
        let mut errors = Vec::new();
        let mut foreign: Vec<(usize, i64, String)> = Vec::new();
        for index in nodes {
            let node = batch.node(*index);
            check_currency(node, &currencies, &mut errors);
            if let (Some(id), Some(Key::Text(unit))) = (integer(node, "product"), node.effective_one("unit")) {
                let has = |units: &Units| units.get(&id).is_some_and(|units| units.contains(unit));
                if !has(&units) && !has(&written) {
                    foreign.push((*index, id, unit.clone()));
                }
            }
            errors.extend(["value", "quantity"].into_iter().filter_map(|name| range_error(node, name)));
        }
        let ids: Vec<i64> = foreign.iter().map(|(_, id, _)| *id).collect();
        let products = products::load(batch.conn, organization, &ids, &[])?;
        for (index, id, unit) in foreign {
            let sku = products.by_id.get(&id).map_or_else(|| id.to_string(), |product| product.sku.clone());
            let detail = format!("The unit \"{unit}\" is not allowed for the product \"{sku}\".");
            errors.push(batch.node(index).at_relation("unit", Error::new(&error::PRICE_UNIT, detail)));
        }
        Errors::check(errors)?;
        for index in nodes {
            let node = batch.node_mut(*index);
            let states_something = !node.values.is_empty() || !node.links.is_empty();
            if states_something && !node.creates {
                node.link("priceRule", None);
            }
        }
        Ok(())
    }

    fn can_prepare_again(&self) -> bool {
        true
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let written = nodes.iter().map(|index| batch.node(*index));
        let written: Vec<&Node> = written.filter(|node| node.creates || !node.changed.is_empty()).collect();
        let before = |node: &&Node| node.stored.links.get("product").cloned().flatten();
        let lists = integers(written.iter().filter_map(|node| node.effective_one("priceList")));
        let lists: Vec<i64> = lists.into_iter().collect::<BTreeSet<i64>>().into_iter().collect();
        let mut products = integers(written.iter().filter_map(|node| node.effective_one("product")));
        products.extend(integers(&written.iter().filter_map(before).collect::<Vec<Key>>()));
        if lists.is_empty() {
            return Ok(());
        }
        following::lists_changed(batch, &lists, Some(&products))?;
        Ok(())
    }

    fn after_delete(&self, batch: &mut Batch<'_>, keys: &[Key], _parents: &[Key]) -> Result<(), Errors> {
        // What is left of a deleted price is its id, and with it the list.
        let lists: BTreeSet<i64> =
            keys.iter().filter_map(|key| if let Key::Guid(_, list) = key { Some(*list) } else { None }).collect();
        let lists: Vec<i64> = lists.into_iter().collect();
        following::lists_changed(batch, &lists, None)?;
        Ok(())
    }
}

/// Values and quantities are at least nothing and below 10^15.
pub fn range_error(node: &Node, name: &str) -> Option<Error> {
    let number = node.value(name).and_then(Value::as_numeric)?;
    let detail = if number.is_sign_negative() && !number.is_zero() {
        "This value should be greater than or equal to 0."
    } else if number >= Decimal::from(LIMIT) {
        "This value should be less than 1,000,000,000,000,000."
    } else {
        return None;
    };
    Some(node.at_attribute(name, Error::new(&error::RANGE, detail)))
}

fn check_currency(node: &Node, currencies: &HashMap<i64, HashSet<String>>, errors: &mut Vec<Error>) {
    let Some(currency) = node.effective("currency").as_text() else { return };
    let Some(allowed) = integer(node, "priceList").and_then(|list| currencies.get(&list)) else { return };
    if !allowed.contains(currency) {
        let detail = format!("The currency \"{currency}\" is none of the price list's.");
        errors.push(node.at_attribute("currency", Error::new(&error::PRICE_CURRENCY, detail)));
    }
}

/// The currencies of the price lists that the nodes name.
pub fn currencies(batch: &mut Batch<'_>, nodes: &[usize]) -> Result<HashMap<i64, HashSet<String>>, Errors> {
    let lists: BTreeSet<i64> = nodes.iter().filter_map(|index| integer(batch.node(*index), "priceList")).collect();
    let mut currencies: HashMap<i64, HashSet<String>> = HashMap::new();
    let mut sql = Sql::new();
    sql.raw("SELECT l.id, c.code FROM price_list l CROSS JOIN jsonb_array_elements_text(l.currencies) AS c (code)");
    sql.raw(" WHERE l.organization_id = ").bind(Value::Integer(batch.organization()));
    sql.raw(" AND l.id = ANY(").bind(Value::Integers(lists.into_iter().collect())).raw(")");
    sql.for_each(batch.conn, |row| -> Result<(), Errors> {
        if let (Some(list), Some(code)) = (row.integer(0)?, row.text(1)?) {
            currencies.entry(list).or_default().insert(code);
        }
        Ok(())
    })?;
    // A list of the same request: what it says is what holds.
    for node in batch.nodes.iter().filter(|node| node.resource == &PRICE_LIST) {
        if let (Key::Integer(id), Some(Value::Json(serde_json::Value::Array(codes)))) =
            (&node.key, node.value("priceListCurrencies"))
        {
            currencies.insert(*id, codes.iter().filter_map(|code| code.as_str().map(str::to_owned)).collect());
        }
    }
    Ok(currencies)
}

/// The units that the request itself gives products.
fn written_units(batch: &Batch<'_>) -> Units {
    let mut units = Units::new();
    for node in batch.nodes.iter().filter(|node| node.resource == &PRODUCT_UNIT_PRECISION) {
        if let (Some(product), Some(Key::Text(unit))) = (integer(node, "product"), node.effective_one("unit")) {
            units.entry(product).or_default().insert(unit.clone());
        }
    }
    units
}

fn integer(node: &Node, relation: &str) -> Option<i64> {
    match node.effective_one(relation)? {
        Key::Integer(id) => Some(*id),
        _ => None,
    }
}
