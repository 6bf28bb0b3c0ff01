//! Business units: no circles; a unit that is moved, or gets users, gives nobody more than the caller holds.

use crate::commerce::{joining, rights, tree};
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::write::{Batch, Linkage};
use crate::error::Errors;
use crate::resources::belongs_to_users;

pub struct BusinessUnitRules;

impl Rules for BusinessUnitRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let caller = batch.context.caller;
        for index in nodes {
            let node = batch.node(*index);
            let users =
                node.links.get("users").filter(|linkage| !node.creates && !matches!(linkage, Linkage::Remove(_)));
            let existing =
                users.map(Linkage::targets).unwrap_or_default().iter().filter(|target| target.node.is_none());
            let users: Vec<Key> = existing.map(|target| target.key.clone()).collect();
            let unit = node.key.clone();
            joining::check(batch.conn, caller, &users, &unit, belongs_to_users)
                .map_err(|error| batch.node(*index).at_relation("users", error))?;
        }
        Ok(())
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
        for unit in placed {
            rights::check_place(batch.conn, caller, &unit)?;
        }
        Ok(())
    }

    fn changes_rights(&self) -> bool {
        true
    }
}
