//! Business units: no circles; a unit that is moved, or gets users, gives nobody more than the caller holds.

use crate::commerce::joining::{self, Joining};
use crate::commerce::memberships::numbers;
use crate::commerce::{rights, tree};
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::write::{Batch, Linkage};
use crate::error::Errors;
use crate::resources::belongs_to_users;

pub struct BusinessUnitRules;

impl Rules for BusinessUnitRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let stated = nodes.iter().filter_map(|index| {
            let node = batch.node(*index);
            let users = node.links.get("users").filter(|linkage| !matches!(linkage, Linkage::Remove(_)))?;
            let (false, Key::Integer(unit)) = (node.creates, &node.key) else { return None };
            let existing = users.targets().iter().filter(|target| target.node.is_none());
            Some((*index, Joining { users: numbers(existing.map(|target| &target.key)), unit: *unit }))
        });
        let (places, changes): (Vec<usize>, Vec<Joining>) = stated.unzip();
        let refused = joining::check(batch.conn, batch.context.caller, &changes, belongs_to_users)?;
        let errors = places.into_iter().zip(refused);
        Errors::check(
            errors.filter_map(|(index, error)| Some(batch.node(index).at_relation("users", error?))).collect(),
        )
    }

    fn can_prepare_again(&self) -> bool {
        true
    }

    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        tree::check(batch, nodes, "owner", "")?;
        let caller = batch.context.caller;
        let mut users: Vec<Key> = Vec::new();
        let mut placed: Vec<Key> = Vec::new();
        for index in nodes {
            let node = batch.node(*index);
            let linked = node.links.get("users").map(Linkage::targets).unwrap_or_default();
            users.extend(linked.iter().filter(|target| target.node.is_none()).map(|target| target.key.clone()));
            // Users of the units above reach into a unit that is moved there, and what the users of a new one own.
            let moved = !node.creates && node.changed.contains("owner");
            if moved {
                users.extend(caller.user().map(|user| Key::Integer(user.id)));
            }
            if moved || (node.creates && !linked.is_empty()) {
                placed.push(node.key.clone());
            }
        }
        rights::check_users(batch.conn, caller, &users)?;
        rights::check_places(batch.conn, caller, &numbers(&placed))?;
        Ok(())
    }

    fn changes_rights(&self) -> bool {
        true
    }
}
