//! Groups of users: their roles are their members' too, so nobody gives or takes roles of a group that they could not give
//! or take one by one.

use diesel::pg::PgConnection;

use crate::acl::Caller;
use crate::commerce::memberships::numbers;
use crate::commerce::{memberships, rights};
use crate::engine::key::Key;
use crate::engine::rules::Rules;
use crate::engine::write::{Batch, Linkage};
use crate::error::{ACCESS_DENIED, Error, Errors};

pub struct UserGroupRules;

impl Rules for UserGroupRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let stated = nodes.iter().copied().filter(|index| batch.node(*index).links.contains_key("roles"));
        let stated: Vec<usize> = stated.collect();
        let updated: Vec<usize> = stated.iter().copied().filter(|index| !batch.node(*index).creates).collect();
        check_members(batch, &updated)?;
        let (organization, groups) = (batch.organization(), groups(batch, &updated));
        let held = memberships::roles_of_groups(batch.conn, organization, &groups)?;
        let roles = stated.into_iter().map(|index| {
            let node = batch.node(index);
            let given = node.links.get("roles").map(Linkage::targets).unwrap_or_default().iter();
            let given = given.filter(|target| target.node.is_none()).map(|target| target.key.clone());
            let held = held.iter().filter(|(group, _)| node.key == Key::Integer(*group));
            (index, given.chain(held.map(|(_, role)| Key::Integer(*role))).collect())
        });
        let roles: Vec<(usize, Vec<Key>)> = roles.collect();
        Errors::check(rights::given_roles(batch, "roles", &roles)?)
    }

    fn can_prepare_again(&self) -> bool {
        true
    }

    /// With all links stored: roles that came with the request, or were given to a member meanwhile.
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        let changed = nodes.iter().copied().filter(|index| {
            let node = batch.node(*index);
            !node.creates && node.changed.contains("roles")
        });
        let changed: Vec<usize> = changed.collect();
        if changed.is_empty() {
            return Ok(());
        }
        check_members(batch, &changed)?;
        rights::check_administrator_stays(batch.conn, batch.context.caller)?;
        Ok(())
    }

    fn changes_rights(&self) -> bool {
        true
    }

    fn before_delete(&self, conn: &mut PgConnection, caller: &Caller, keys: &[Key]) -> Result<(), Error> {
        let members = memberships::members_of_groups(conn, caller.organization, &numbers(keys))?;
        let Some((group, first)) = members.first() else { return Ok(()) };
        let who = match members.iter().filter(|(other, _)| other == group).count() {
            1 => format!("the user {first} belongs to the group"),
            count => format!("{count} users belong to the group, the user {first} among them"),
        };
        Err(Error::new(&ACCESS_DENIED, who))
    }
}

/// The ids of groups.
fn groups(batch: &Batch<'_>, nodes: &[usize]) -> Vec<i64> {
    numbers(nodes.iter().map(|index| &batch.node(*index).key))
}

/// The members of groups: none of them may do more than the caller.
fn check_members(batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
    let (organization, groups) = (batch.organization(), groups(batch, nodes));
    let members = memberships::members_of_groups(batch.conn, organization, &groups)?;
    let of_node = |index: &usize| {
        let of_group = members.iter().filter(|(group, _)| batch.node(*index).key == Key::Integer(*group));
        (*index, of_group.map(|(_, user)| Key::Integer(*user)).collect())
    };
    let concerned: Vec<(usize, Vec<Key>)> = nodes.iter().map(of_node).collect();
    Errors::check(rights::concerned_users(batch, &concerned)?)
}
