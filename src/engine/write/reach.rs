//! Whether the records of a request hang together.

use std::collections::HashMap;

use super::super::document::{Identifiers, ResourceObject};
use crate::error::Error;

/// Every included record has to be linked with the primary one, in either direction, through others or not. A link that
/// the record's own rules leave as it is counts too.
pub(super) fn unreachable(objects: &[&ResourceObject], labels: &HashMap<(&'static str, &str), usize>) -> Vec<Error> {
    let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); objects.len()];
    for (index, object) in objects.iter().enumerate() {
        let named = object.relationships.iter().flat_map(|(_, identifiers)| match identifiers {
            Identifiers::One(one) => one.as_slice(),
            Identifiers::Many(list) => list,
        });
        for other in named.filter_map(|one| label_of(labels, &one.type_name, &one.id)) {
            neighbours[index].push(other);
            neighbours[other].push(index);
        }
    }
    let mut reached = vec![false; objects.len()];
    let mut waiting = vec![0];
    while let Some(index) = waiting.pop() {
        if !std::mem::replace(&mut reached[index], true) {
            waiting.extend(&neighbours[index]);
        }
    }
    let detail = "The entity should have a relationship with the primary entity and this should be explicitly specified in the request";
    objects
        .iter()
        .zip(reached)
        .filter(|(_, reached)| !reached)
        .map(|(object, _)| Error::request_data(detail).at(&object.pointer))
        .collect()
}

/// The object of the request that has the type and label.
fn label_of<'l>(labels: &HashMap<(&'l str, &'l str), usize>, type_name: &'l str, id: &'l str) -> Option<usize> {
    labels.get(&(type_name, id)).copied()
}
