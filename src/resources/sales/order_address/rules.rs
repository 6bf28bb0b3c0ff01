//! An order address is either its own data or the copy of an address of the customer or of a customer user.

use std::collections::{BTreeMap, HashMap};

use crate::engine::key::Key;
use crate::engine::resource::Resource;
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Target};
use crate::error::{self, Error, Errors};
use crate::resources::address::{name_errors, region_error};
use crate::resources::sales::pricing;
use crate::resources::system::{COUNTRY, REGION};

pub struct OrderAddressRules;

/// What is copied from a customer's address; the columns of [`SELECT`], in its order.
const COPIED: &[&str] = &[
    "label",
    "street",
    "street2",
    "city",
    "postalCode",
    "organization",
    "customRegion",
    "namePrefix",
    "firstName",
    "middleName",
    "lastName",
    "nameSuffix",
    "phone",
];
const SELECT: &str = "SELECT id, country_code, region_code, label, street, street2, city, postal_code, company, custom_region, \
    name_prefix, first_name, middle_name, last_name, name_suffix, phone FROM ";

/// The relationships to what is copied. An order address is the copy of one of them at most.
const SOURCES: [&str; 2] = ["customerAddress", "customerUserAddress"];

/// Members beside the copied ones that a copy may not carry either.
const OTHERS: &[&str] = &["country", "region"];

impl Rules for OrderAddressRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let mut errors = Vec::new();
        let mut copies = PerSource::new();
        for index in nodes {
            let given: Vec<(&'static str, Target)> =
                SOURCES.into_iter().filter_map(|name| Some((name, batch.node(*index).one(name)??.clone()))).collect();
            let Some((source, target)) = given.first() else { continue };
            if given.len() > 1 || carries_data(batch, *index) {
                let detail = format!("Only the {source} {} or the order's own address data can be sent.", target.key);
                let pointer = batch.node(*index).pointer.clone();
                errors.push(Error::new(&error::ORDER_ADDRESS, detail).at(pointer));
            } else if let Key::Integer(id) = target.key {
                copies.entry(*source).or_insert((target.resource, Vec::new())).1.push((*index, id));
            }
        }
        Errors::check(errors)?;
        for (source, (resource, copies)) in copies {
            copy(batch, resource, &copies)?;
            for (index, _) in copies {
                let node = batch.node_mut(index);
                SOURCES.into_iter().filter(|name| *name != source).for_each(|name| node.link(name, None));
            }
        }
        let mut errors = Vec::new();
        for index in nodes {
            let node = batch.node(*index);
            errors.extend(name_errors(node));
            errors.extend(region_error(node));
        }
        Errors::check(errors)
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        pricing::finish(batch, nodes)
    }
}

/// By relationship: the resource at its other end, and each node with the id of the record that it copies.
type PerSource = BTreeMap<&'static str, (&'static Resource, Vec<(usize, i64)>)>;

fn carries_data(batch: &Batch<'_>, index: usize) -> bool {
    let node = batch.node(index);
    let value = |name: &&str| node.value(name).is_some_and(|value| !value.is_null());
    let link = |name: &&str| node.one(name).flatten().is_some();
    COPIED.iter().any(value) || OTHERS.iter().any(link)
}

/// Copies addresses of a resource into the nodes, all with one statement.
fn copy(batch: &mut Batch<'_>, from: &'static Resource, copies: &[(usize, i64)]) -> Result<(), Errors> {
    let ids = copies.iter().map(|(_, id)| *id).collect();
    let mut sql = Sql::new();
    sql.raw(SELECT)
        .ident(from.table)
        .raw(" WHERE organization_id = ")
        .bind(Value::Integer(batch.organization()))
        .raw(" AND id = ANY(")
        .bind(Value::Integers(ids))
        .raw(")");
    let mut addresses: HashMap<i64, Vec<Option<String>>> = HashMap::new();
    sql.for_each(batch.conn, |row| -> Result<(), Errors> {
        let Some(id) = row.integer(0)? else { return Ok(()) };
        let texts: Result<Vec<_>, _> = (1..COPIED.len() + 3).map(|column| row.text(column)).collect();
        addresses.insert(id, texts?);
        Ok(())
    })?;
    for (index, id) in copies {
        let Some(texts) = addresses.get(id) else { continue };
        let node = batch.node_mut(*index);
        let place = |resource, text: Option<&Option<String>>| {
            text.cloned().flatten().map(|id| Target { resource, key: Key::Text(id), node: None })
        };
        node.link("country", place(&COUNTRY, texts.first()));
        node.link("region", place(&REGION, texts.get(1)));
        for (name, text) in COPIED.iter().zip(texts.iter().skip(2)) {
            node.set(name, text.clone().map_or(Value::Null, Value::Text));
        }
    }
    Ok(())
}
