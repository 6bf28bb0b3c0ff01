//! What follows from a change of an order or of its parts: the prices of its kits, its discounts, its totals.
//!
//! A request may change an order, its lines, kit items and discounts at once; all of it is priced together, by the
//! rules of whichever of these resources comes first in the request.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::commerce::kits;
use crate::commerce::tax;
use crate::commerce::totals::{self, Totalled};
use crate::engine::column::Column;
use crate::engine::key::Key;
use crate::engine::relation::Link;
use crate::engine::resource::Resource;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Linkage, Node};
use crate::error::{self, Error, Errors};
use crate::resources::sales::{ORDER, ORDER_ADDRESS, ORDER_DISCOUNT, ORDER_KIT_ITEM_LINE_ITEM, ORDER_LINE_ITEM};

/// The checksum of a kit between the rules before and after the write: it tells kits from other lines.
pub const UNPRICED_KIT: &str = "unpriced";

/// What pricing a kit changes of its line.
const KIT_FIELDS: &[&str] = &["value", "checksum"];

/// After all records of a request are written.
pub fn finish(batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
    let first = batch.nodes.iter().position(|node| is_priced(node.resource));
    if !first.is_some_and(|index| nodes.contains(&index)) {
        return Ok(());
    }
    let mut orders = BTreeSet::new();
    price_kits(batch, &mut orders)?;
    orders.extend(moved_orders(batch)?);
    for node in &batch.nodes {
        let order = if node.resource == &ORDER {
            Some(&node.key)
        } else if node.resource == &ORDER_LINE_ITEM {
            node.effective_one("orders")
        } else if node.resource == &ORDER_DISCOUNT {
            node.effective_one("order")
        } else {
            None
        };
        orders.extend(order.and_then(integer));
    }
    let orders: Vec<i64> = orders.into_iter().collect();
    let totalled = total(batch, &orders)?.into_iter();
    let mixed: Vec<i64> = totalled.filter(|totalled| totalled.mixed).map(|totalled| totalled.order).collect();
    other_currencies(batch, &mixed)
}

/// Line items or discounts of these orders were deleted.
pub fn order_parts_deleted(batch: &mut Batch<'_>, orders: &[Key]) -> Result<(), Errors> {
    let orders: Vec<i64> = orders.iter().filter_map(integer).collect();
    total(batch, &orders).map(drop)
}

/// Kit items of these lines were deleted.
pub fn kit_items_deleted(batch: &mut Batch<'_>, lines: &[Key]) -> Result<(), Errors> {
    let lines: Vec<i64> = lines.iter().filter_map(integer).collect();
    let organization = batch.organization();
    let mut orders = Vec::new();
    for kit in kits::price(batch.conn, organization, &lines, &[])? {
        if let Some(label) = kit.missing {
            return Err(Error::delete_forbidden(&format!("the kit needs a product for \"{label}\"")).into());
        }
        if kit.changed {
            batch.touch(&ORDER_LINE_ITEM, Key::Integer(kit.line), KIT_FIELDS);
        }
        orders.push(kit.order);
    }
    total(batch, &orders).map(drop)
}

/// The orders of addresses that the request moves to where other taxes may apply.
fn moved_orders(batch: &mut Batch<'_>) -> Result<Vec<i64>, Errors> {
    let decisive = ["country", "region", "customRegion", "postalCode"];
    let moved = |node: &&Node| {
        node.resource == &ORDER_ADDRESS && !node.creates && decisive.iter().any(|member| node.changed.contains(member))
    };
    let addresses: Vec<i64> = batch.nodes.iter().filter(moved).filter_map(|node| integer(&node.key)).collect();
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    let addresses = || Value::Integers(addresses.clone());
    let mut sql = Sql::new();
    sql.raw("SELECT id FROM sales_order WHERE organization_id = ").bind(Value::Integer(batch.organization()));
    sql.raw(" AND (billing_address_id = ANY(").bind(addresses()).raw(") OR shipping_address_id = ANY(");
    sql.bind(addresses()).raw("))");
    let orders = sql.collect(batch.conn, |row| -> Result<_, Errors> { Ok(row.integer(0)?) })?;
    Ok(orders.into_iter().flatten().collect())
}

/// Computes totals, and records whose changed.
fn total(batch: &mut Batch<'_>, orders: &[i64]) -> Result<Vec<Totalled>, Errors> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let organization = batch.organization();
    // A new order is seen by nobody else yet.
    let new = batch.nodes.iter().filter(|node| node.creates && node.resource == &ORDER);
    let new: HashSet<i64> = new.filter_map(|node| integer(&node.key)).collect();
    let known: Vec<i64> = orders.iter().copied().filter(|order| !new.contains(order)).collect();
    if !known.is_empty() {
        totals::lock(batch.conn, organization, &known)?;
    }
    let totalled = totals::recompute(batch.conn, organization, orders, batch.context.now)?;
    for order in &totalled {
        if order.changed {
            batch.touch(&ORDER, Key::Integer(order.order), totals::FIELDS);
        }
        for line in &order.taxed {
            batch.touch(&ORDER_LINE_ITEM, Key::Integer(*line), tax::LINE_FIELDS);
        }
    }
    Ok(totalled)
}

/// Prices the kits among the lines of the request, and those whose items it changes.
fn price_kits(batch: &mut Batch<'_>, orders: &mut BTreeSet<i64>) -> Result<(), Errors> {
    let (mut lines, mut sent) = (BTreeSet::new(), Vec::new());
    for node in &batch.nodes {
        if node.resource == &ORDER_LINE_ITEM
            && node.effective("checksum").as_text().is_some_and(|text| !text.is_empty())
        {
            lines.extend(integer(&node.key));
            if node.values.contains_key("value") {
                sent.extend(integer(&node.key));
            }
        } else if node.resource == &ORDER_KIT_ITEM_LINE_ITEM {
            lines.extend(node.effective_one("lineItem").and_then(integer));
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    let lines: Vec<i64> = lines.into_iter().collect();
    let mut errors = Vec::new();
    let organization = batch.organization();
    for kit in kits::price(batch.conn, organization, &lines, &sent)? {
        orders.insert(kit.order);
        if kit.changed {
            batch.touch(&ORDER_LINE_ITEM, Key::Integer(kit.line), KIT_FIELDS);
        }
        let node = batch.find(&ORDER_LINE_ITEM, &Key::Integer(kit.line));
        let at_items = |error| match node {
            Some(node) => batch.node(node).at_relation("kitItemLineItems", error),
            None => error,
        };
        if kit.mixed {
            errors.push(at_items(Error::new(
                &error::CURRENCY_MATCH,
                "The items of a kit have the currency of its line.",
            )));
        }
        if kit.foreign {
            errors.push(at_items(Error::new(&error::LINE_ITEM, "An item does not belong to the kit of this line.")));
        }
        if let Some(label) = kit.missing {
            let detail = format!("A product for the required item \"{label}\" of the kit is missing.");
            errors.push(at_items(Error::new(&error::KIT_ITEM_REQUIRED, detail)));
        }
    }
    Errors::check(errors)
}

/// The parts in a list that the request states belong to no other record: their old totals would be wrong.
pub fn check_parts_stay(
    batch: &mut Batch<'_>,
    nodes: &[usize],
    list: &str,
    errors: &mut Vec<Error>,
) -> Result<(), Errors> {
    let Some(first) = nodes.first() else { return Ok(()) };
    let Some(relation) = batch.node(*first).resource.relation(list) else { return Ok(()) };
    let Link::ToMany { column } = relation.link else { return Ok(()) };
    // Each part that was there before, with the node that states it and that node's id.
    let mut known: Vec<(i64, usize, i64)> = Vec::new();
    for index in nodes {
        let node = batch.node(*index);
        let targets = match node.links.get(list) {
            Some(Linkage::Remove(_)) | None => continue,
            Some(linkage) => linkage.targets(),
        };
        let stored = targets.iter().filter(|target| !target.node.is_some_and(|part| batch.node(part).creates));
        let Some(own) = integer(&node.key) else { continue };
        known.extend(stored.filter_map(|target| Some((integer(&target.key)?, *index, own))));
    }
    if known.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new();
    sql.raw("SELECT t0.id, v.node FROM ").ident(relation.target.table).raw(" AS t0 JOIN ");
    let column_of =
        |of: fn(&(i64, usize, i64)) -> i64| Column::Integers(known.iter().map(|one| Some(of(one))).collect());
    let place = |one: &(i64, usize, i64)| i64::try_from(one.1).unwrap_or_default();
    sql.rows([column_of(|one| one.0), column_of(place), column_of(|one| one.2)]);
    sql.raw(" AS v (id, node, parent) ON t0.id = v.id WHERE t0.organization_id = ");
    sql.bind(Value::Integer(batch.organization()))
        .raw(" AND ")
        .column(0, column)
        .raw(" <> v.parent ORDER BY v.node, t0.id");
    let moved = sql.collect(batch.conn, |row| -> Result<_, Errors> { Ok((row.integer(1)?, row.integer(0)?)) })?;
    let mut told = HashSet::new();
    for (node, id) in moved {
        let (Some(node), Some(id)) = (node.and_then(|node| usize::try_from(node).ok()), id) else { continue };
        if told.insert(node) {
            let detail = format!("The entity {id} of \"{}\" belongs to another record.", relation.target.name);
            errors.push(batch.node(node).at_relation(list, Error::new(&error::LINE_ITEM, detail)));
        }
    }
    Ok(())
}

fn is_priced(resource: &Resource) -> bool {
    [&ORDER, &ORDER_LINE_ITEM, &ORDER_KIT_ITEM_LINE_ITEM, &ORDER_DISCOUNT, &ORDER_ADDRESS]
        .into_iter()
        .any(|other| other == resource)
}

/// The errors at the line items that have another currency than their orders, as far as they are in the request.
fn other_currencies(batch: &mut Batch<'_>, orders: &[i64]) -> Result<(), Errors> {
    if orders.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::new();
    sql.raw("SELECT l.id, l.order_id FROM sales_order_line_item l JOIN sales_order o ON o.organization_id = l.organization_id")
        .raw(" AND o.id = l.order_id AND o.currency <> l.currency WHERE l.organization_id = ");
    sql.bind(Value::Integer(batch.organization())).raw(" AND l.order_id = ANY(").bind(Value::Integers(orders.to_vec()));
    sql.raw(") ORDER BY l.id");
    let lines = sql.collect(batch.conn, |row| -> Result<_, Errors> { Ok((row.integer(0)?, row.integer(1)?)) })?;
    let mut errors: BTreeMap<i64, Option<Error>> = BTreeMap::new();
    let error = || Error::new(&error::CURRENCY_MATCH, "The currency of a line item must be that of the order.");
    for (line, order) in lines {
        let (Some(line), Some(order)) = (line, order) else { continue };
        let node = batch.find(&ORDER_LINE_ITEM, &Key::Integer(line));
        let place = errors.entry(order).or_default();
        if let (Some(node), None) = (node, &place) {
            *place = Some(batch.node(node).at_attribute("currency", error()));
        }
    }
    Err(Errors(errors.into_values().map(|placed| placed.unwrap_or_else(error)).collect()))
}

fn integer(key: &Key) -> Option<i64> {
    match key {
        Key::Integer(id) => Some(*id),
        _ => None,
    }
}
