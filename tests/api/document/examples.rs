//! Every example of a create is posted, with its ids replaced by those of records that are there, and then the example
//! of an update sent to the new record.

use std::collections::BTreeSet;

use entrepot::openapi::{create_example, update_example};
use entrepot::resources;
use serde_json::Value;

use crate::support::client::Answer;
use crate::support::organization::unique;
use crate::support::shop::Shop;

#[test]
fn every_example_is_accepted() {
    let shop = Shop::new();
    let mut refused = Vec::new();
    for resource in resources::ALL.iter().filter(|resource| resource.actions.create) {
        match create(&shop, resource.name, 0) {
            Err(reason) => refused.push(format!("{}: {reason}", resource.name)),
            Ok(id) if resource.actions.update && !id.is_empty() => {
                let mut body = update_example(resource);
                body["data"]["id"] = id.as_str().into();
                if let Err(reason) = refer(&shop, resource.name, &mut body["data"], &BTreeSet::new(), 0) {
                    refused.push(format!("{}: {reason}", resource.name));
                }
                let answer = shop.client().patch(&format!("/admin/api/{}/{id}", resource.name), &body);
                if answer.status != 200 {
                    refused.push(format!("{}: {} {}\n  {body}", resource.name, answer.status, answer.text));
                }
            }
            Ok(_) => {}
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// Posts the example and gives the new record's id.
fn create(shop: &Shop, name: &str, depth: usize) -> Result<String, String> {
    let resource = resources::ALL.iter().find(|resource| resource.name == name).ok_or("no such type")?;
    if !resource.actions.create || depth > 5 {
        return Err(format!("there is no {name}, and none can be created"));
    }
    let mut body = create_example(resource);
    let labels: BTreeSet<(String, String)> = body["included"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| (item["type"].to_string(), item["id"].to_string()))
        .collect();
    let included = body.get_mut("included").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    let mut records = vec![body["data"].take()];
    records.extend(included);
    for record in &mut records {
        refer(shop, name, record, &labels, depth)?;
    }
    let data = records.remove(0);
    let mut body = serde_json::json!({"data": data});
    if !records.is_empty() {
        body["included"] = records.into();
    }
    // What is unique must differ from the examples that were posted as a record's target before.
    let body = if depth > 0 { distinct(body, depth) } else { body };
    let answer = shop.client().post(&format!("/admin/api/{name}"), &body);
    match answer.status {
        201 => Ok(answer.id()),
        // A part whose place is taken: the record that it was to be a part of came with one.
        400 if is_taken(&answer) && depth == 0 => Ok(String::new()),
        status => Err(format!("{status} {}\n  {body}", answer.text)),
    }
}

/// Has a record of the example name records that are there, but for those that come with it.
fn refer(
    shop: &Shop,
    name: &str,
    record: &mut Value,
    labels: &BTreeSet<(String, String)>,
    depth: usize,
) -> Result<(), String> {
    for (relation, relationship) in record.get_mut("relationships").and_then(Value::as_object_mut).into_iter().flatten()
    {
        let identifiers: Vec<&mut Value> = match &mut relationship["data"] {
            Value::Array(list) => list.iter_mut().collect(),
            one => vec![one],
        };
        for identifier in identifiers {
            if !labels.contains(&(identifier["type"].to_string(), identifier["id"].to_string())) {
                let target = identifier["type"].as_str().unwrap_or_default().to_owned();
                let example = identifier["id"].as_str().unwrap_or_default();
                identifier["id"] = match end(shop, name, relation) {
                    Some(id) => id.into(),
                    None => existing(shop, &target, example, depth)?.into(),
                };
            }
        }
    }
    Ok(())
}

/// A product of its own for the end of a link that does not lead from a product to itself.
fn end(shop: &Shop, name: &str, relation: &str) -> Option<String> {
    match (name, relation) {
        ("relatedproducts", "relatedItem") => Some(shop.product(&unique("sku"), &[("item", 0)])),
        ("productvariantlinks", "parentProduct") => Some(shop.configurable(&["size"])),
        _ => None,
    }
}

/// Whether the only thing wrong is that there is such a record already.
fn is_taken(answer: &Answer) -> bool {
    answer.json()["errors"].as_array().is_some_and(|errors| errors.iter().all(|error| error["code"] == "not-unique"))
}

/// The example's own record when it is there, else any, else a new one.
fn existing(shop: &Shop, name: &str, example: &str, depth: usize) -> Result<String, String> {
    let client = shop.client();
    if example != "1" && client.get(&format!("/admin/api/{name}/{example}")).status == 200 {
        return Ok(example.to_owned());
    }
    let list = client.get(&format!("/admin/api/{name}?page[size]=1"));
    if list.status == 200
        && let Some(id) = list.json()["data"][0]["id"].as_str()
    {
        return Ok(id.to_owned());
    }
    create(shop, name, depth + 1)
}

fn distinct(mut body: Value, depth: usize) -> Value {
    if let Some(attributes) = body["data"].get_mut("attributes").and_then(Value::as_object_mut) {
        for value in attributes.values_mut() {
            if let Value::String(text) = value
                && text.starts_with("Example")
            {
                text.push_str(&format!(" {depth}"));
            }
        }
    }
    body
}
