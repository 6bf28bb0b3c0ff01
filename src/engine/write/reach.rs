//! Whether the records of a request hang together.

use super::plan::Role;
use crate::engine::document::ResourceObject;
use crate::error::Error;

/// Every included record has to be linked with a primary one, in either direction, through others or not.
pub(super) fn unreachable(objects: &[(&ResourceObject, Role)], neighbours: &[Vec<usize>]) -> Vec<Error> {
    let primary = (0..objects.len()).filter(|index| objects[*index].1 != Role::Included).collect();
    let reached = reached(objects.len(), primary, |index| neighbours[index].iter().copied());
    let detail = match objects.first() {
        Some((_, Role::Primary)) => {
            "The entity should have a relationship with the primary entity and this should be explicitly specified in the request"
        }
        _ => {
            "The entity should have a relationship with at least one primary entity and this should be explicitly specified in the request"
        }
    };
    let lost = objects.iter().zip(reached).filter(|(_, reached)| !reached);
    lost.map(|((object, _), _)| Error::request_data(detail).at(&object.pointer)).collect()
}

/// Which of `count` objects one comes to from some of them, by way of `next`.
pub(super) fn reached<I: IntoIterator<Item = usize>>(
    count: usize,
    from: Vec<usize>,
    next: impl Fn(usize) -> I,
) -> Vec<bool> {
    let mut reached = vec![false; count];
    let mut waiting = from;
    while let Some(index) = waiting.pop() {
        if !std::mem::replace(&mut reached[index], true) {
            waiting.extend(next(index));
        }
    }
    reached
}
