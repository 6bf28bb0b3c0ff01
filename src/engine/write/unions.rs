//! Relationships that several others hold: what a request says of the one it knows, said to those that store it.

use super::super::relation::{Link, Relation};
use super::{Batch, Linkage, Node, Target};

/// Gives each branch of a [`Link::Union`] its part of the linkage.
pub(super) fn spread(batch: &mut Batch<'_>) {
    for node in &mut batch.nodes {
        let resource = node.resource;
        for union in resource.relations.iter().filter(|relation| matches!(relation.link, Link::Union { .. })) {
            let Some(linkage) = node.links.get(union.name).cloned() else { continue };
            for branch in resource.branches(union) {
                node.links.insert(branch.name, part(&linkage, branch));
            }
        }
    }
}

fn part(linkage: &Linkage, branch: &Relation) -> Linkage {
    let own = |targets: &[Target]| targets.iter().filter(|target| target.resource == branch.target).cloned().collect();
    match linkage {
        Linkage::One(target) => Linkage::One(target.clone().filter(|target| target.resource == branch.target)),
        Linkage::Many(targets) => Linkage::Many(own(targets)),
        Linkage::Add(targets) => Linkage::Add(own(targets)),
        Linkage::Remove(targets) => Linkage::Remove(own(targets)),
    }
}

/// Points a to-one at a record; where it is a branch, the others point at nothing.
pub(super) fn point(node: &mut Node, relation: &'static str, target: Target) {
    let resource = node.resource;
    let union = resource.relation(relation).and_then(|branch| resource.union_of(branch));
    for sibling in union.into_iter().flat_map(|union| resource.branches(union)) {
        node.link(sibling.name, None);
    }
    node.link(relation, Some(target));
}

/// How many records a union will point at, as far as the request says; `None` when it says nothing of it.
pub(super) fn count(node: &Node, union: &Relation) -> Option<usize> {
    let mut stated = node.resource.branches(union).filter_map(|branch| node.links.get(branch.name)).peekable();
    stated.peek()?;
    Some(stated.map(|linkage| linkage.targets().len()).sum())
}
