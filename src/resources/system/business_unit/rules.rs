//! Business units: no circles; a unit that is moved, or gets users, gives nobody more than the caller holds.

use crate::commerce::{rights, tree};
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::write::{Batch, Linkage};
use crate::error::Errors;

pub struct BusinessUnitRules;

impl Rules for BusinessUnitRules {
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
