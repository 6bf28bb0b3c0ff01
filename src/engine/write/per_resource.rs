//! Things sorted by the resource they belong to, so that one statement serves all of one resource.

use super::super::resource::Resource;

/// Lists per resource, in the order in which the resources first came.
pub(super) struct PerResource<T>(Vec<(&'static Resource, Vec<T>)>);

impl<T> PerResource<T> {
    pub fn new() -> PerResource<T> {
        PerResource(Vec::new())
    }

    pub fn add(&mut self, resource: &'static Resource, item: T) {
        match self.0.iter_mut().find(|(other, _)| *other == resource) {
            Some((_, list)) => list.push(item),
            None => self.0.push((resource, vec![item])),
        }
    }

    pub fn into_vec(self) -> Vec<(&'static Resource, Vec<T>)> {
        self.0
    }
}

impl<T> IntoIterator for PerResource<T> {
    type Item = (&'static Resource, Vec<T>);
    type IntoIter = std::vec::IntoIter<(&'static Resource, Vec<T>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
