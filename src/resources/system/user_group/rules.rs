//! Groups of users: their roles are their members' too, so nobody gives or takes roles of a group that they could not give
//! or take one by one.

use diesel::pg::PgConnection;

use crate::acl::Caller;
use crate::commerce::rights;
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::write::Batch;
use crate::error::{ACCESS_DENIED, Error, Errors};

pub struct UserGroupRules;

impl Rules for UserGroupRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let caller = batch.context.caller;
        for index in nodes {
            let node = batch.node(*index);
            let Some(linkage) = node.links.get("roles") else { continue };
            let given = linkage.targets().iter().filter(|target| target.node.is_none());
            let mut roles: Vec<Key> = given.map(|target| target.key.clone()).collect();
            let group = node.key.clone();
            if !node.creates {
                roles.extend(rights::roles_of_group(batch.conn, caller.organization, &group)?);
                let members = rights::members_of_group(batch.conn, caller.organization, &group)?;
                rights::check_users(batch.conn, caller, &members)?;
            }
            rights::check_roles(batch.conn, caller, &roles)
                .map_err(|error| batch.node(*index).at_relation("roles", error))?;
        }
        Ok(())
    }

    /// With all links stored: roles that came with the request, or were given to a member meanwhile.
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let caller = batch.context.caller;
        let changed = nodes.iter().map(|index| batch.node(*index));
        let changed: Vec<Key> = changed
            .filter(|node| !node.creates && node.changed.contains("roles"))
            .map(|node| node.key.clone())
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        for group in &changed {
            let members = rights::members_of_group(batch.conn, caller.organization, group)?;
            rights::check_users(batch.conn, caller, &members)?;
        }
        rights::check_administrator_stays(batch.conn, caller)?;
        Ok(())
    }

    fn changes_rights(&self) -> bool {
        true
    }

    fn before_delete(&self, conn: &mut PgConnection, caller: &Caller, keys: &[Key]) -> Result<(), Error> {
        for group in keys {
            let members = rights::members_of_group(conn, caller.organization, group)?;
            let who = match members.as_slice() {
                [] => continue,
                [one] => format!("the user {one} belongs to the group"),
                [first, ..] => format!("{} users belong to the group, the user {first} among them", members.len()),
            };
            return Err(Error::new(&ACCESS_DENIED, who));
        }
        Ok(())
    }
}
