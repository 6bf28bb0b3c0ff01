//! Users: nobody gives a role above their own permissions, nor edits a user who holds more.

use diesel::pg::PgConnection;

use crate::acl::Caller;
use crate::commerce::rights;
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Linkage};
use crate::error::{ACCESS_DENIED, Error, Errors};

pub struct UserRules;

impl Rules for UserRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let caller = batch.context.caller;
        let now = Value::DateTime(batch.context.now);
        let mut updated = Vec::new();
        for index in nodes {
            let node = batch.node_mut(*index);
            if node.value("password").is_some() {
                node.set("passwordChangedAt", now.clone());
            }
            if !node.creates {
                updated.push(node.key.clone());
            } else if !node.links.contains_key("businessUnits")
                && let Some(owner) = node.one("owner").flatten().cloned()
            {
                node.links.insert("businessUnits", Linkage::Many(vec![owner]));
            }
            let given: Vec<Key> = node
                .links
                .get("userRoles")
                .map(Linkage::targets)
                .unwrap_or_default()
                .iter()
                .filter(|target| target.node.is_none())
                .map(|target| target.key.clone())
                .collect();
            rights::check_roles(batch.conn, caller, &given)
                .map_err(|error| batch.node(*index).at_relation("userRoles", error))?;
        }
        rights::check_users(batch.conn, caller, &updated)?;
        Ok(())
    }

    fn changes_rights(&self) -> bool {
        true
    }

    fn before_delete(&self, conn: &mut PgConnection, caller: &Caller, keys: &[Key]) -> Result<(), Error> {
        if keys.contains(&Key::Integer(caller.user)) {
            return Err(Error::new(&ACCESS_DENIED, "nobody deletes their own user"));
        }
        rights::check_users(conn, caller, keys)
    }
}
