//! User roles: a technical name from the label; nobody makes or edits a role above their own permissions.

use diesel::pg::PgConnection;

use crate::acl::Caller;
use crate::commerce::{rights, role_name};
use crate::engine::key::Key;
use crate::engine::resource::Ident;
use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::{Batch, Linkage};
use crate::error::{Error, Errors};
use crate::resources;

pub struct UserRoleRules;

impl Rules for UserRoleRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        role_name::fill(batch, nodes, Ident::new("user_role"), "ROLE_", 30)?;
        let known = |name: &str| resources::ALL.iter().any(|resource| resource.name == name);
        let caller = batch.context.caller;
        let mut errors = Vec::new();
        for index in nodes {
            let node = batch.node(*index);
            if let Some(Value::Json(permissions)) = node.value("permissions") {
                let checked = rights::check_permissions(permissions, known)
                    .and_then(|()| rights::check_within(caller, permissions));
                errors.extend(checked.err().map(|error| node.at_attribute("permissions", error)));
            }
        }
        Errors::check(errors)?;
        let updated: Vec<Key> = nodes
            .iter()
            .map(|index| batch.node(*index))
            .filter(|node| !node.creates)
            .map(|node| node.key.clone())
            .collect();
        rights::check_roles(batch.conn, caller, &updated)?;
        check_users(batch, nodes, &updated)
    }

    /// With all links stored: nobody has become more powerful than the caller by a role that changed hands.
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        check_users(batch, nodes, &[])
    }

    fn changes_rights(&self) -> bool {
        true
    }

    fn before_delete(&self, conn: &mut PgConnection, caller: &Caller, keys: &[Key]) -> Result<(), Error> {
        rights::check_roles(conn, caller, keys)
    }
}

/// The users named in the links of roles, and those who hold a role whose list of users is replaced as a whole.
fn check_users(batch: &mut Batch<'_>, nodes: &[usize], updated: &[Key]) -> Result<(), Errors> {
    let caller = batch.context.caller;
    let mut users: Vec<Key> = Vec::new();
    for index in nodes {
        let node = batch.node(*index);
        let Some(linkage) = node.links.get("users") else { continue };
        users.extend(linkage.targets().iter().filter(|target| target.node.is_none()).map(|target| target.key.clone()));
        if matches!(linkage, Linkage::Many(_)) && updated.contains(&node.key) {
            let role = node.key.clone();
            users.extend(rights::holders(batch.conn, caller.organization, &[role])?);
        }
    }
    rights::check_users(batch.conn, caller, &users)?;
    Ok(())
}
