//! The order in which new rows are written.

use std::collections::HashSet;

use crate::engine::relation::Relation;
use crate::engine::write::Batch;
use crate::engine::write::resolve::to_ones;

/// The INSERT in which each new node goes: after every new node it has a foreign key to.
pub(super) struct Levels {
    pub of: Vec<usize>,
    /// Links that wait for a second UPDATE because they close a cycle.
    pub deferred: HashSet<(usize, &'static str)>,
}

/// A foreign key from one new node to another.
struct Edge {
    from: usize,
    to: usize,
    relation: &'static Relation,
}

impl Levels {
    pub fn of(batch: &Batch<'_>) -> Levels {
        let (edges, deferred) = edges(batch);
        let mut levels = Levels { of: vec![0; batch.nodes.len()], deferred };
        let mut awaited = vec![0_usize; batch.nodes.len()];
        let mut awaiting: Vec<Vec<usize>> = vec![Vec::new(); batch.nodes.len()];
        for Edge { from, to, .. } in &edges {
            awaited[*from] += 1;
            awaiting[*to].push(*from);
        }
        let mut ready: Vec<usize> = (0..awaited.len()).filter(|index| awaited[*index] == 0).collect();
        let mut done = vec![false; batch.nodes.len()];
        let mut left = edges.iter().filter(|edge| edge.relation.nullable);
        loop {
            while let Some(to) = ready.pop() {
                done[to] = true;
                for from in &awaiting[to] {
                    levels.of[*from] = levels.of[*from].max(levels.of[to] + 1);
                    awaited[*from] -= 1;
                    if awaited[*from] == 0 && !done[*from] {
                        ready.push(*from);
                    }
                }
            }
            // What is left waits for itself: one of the links that may be null is set later.
            let Some(Edge { from, to, relation }) = left.find(|edge| !done[edge.from] && !done[edge.to]) else {
                return levels;
            };
            levels.deferred.insert((*from, relation.name));
            awaiting[*to].retain(|other| other != from);
            awaited[*from] -= 1;
            if awaited[*from] == 0 {
                ready.push(*from);
            }
        }
    }
}

/// The foreign keys among new nodes, and those of them that are always set later.
fn edges(batch: &Batch<'_>) -> (Vec<Edge>, HashSet<(usize, &'static str)>) {
    let (mut edges, mut deferred) = (Vec::new(), HashSet::new());
    for (from, node) in batch.nodes.iter().enumerate().filter(|(_, node)| node.creates) {
        for (relation, _) in to_ones(node.resource) {
            let Some(Some(target)) = node.one(relation.name) else { continue };
            let Some(to) = target.node.filter(|to| batch.node(*to).creates) else { continue };
            if relation.late || to == from {
                deferred.insert((from, relation.name));
            } else {
                edges.push(Edge { from, to, relation });
            }
        }
    }
    (edges, deferred)
}
