//! User roles: a technical name from the label; nobody makes or edits a role above their own permissions, nor takes away
//! the last administrator's.

use diesel::pg::PgConnection;

use crate::acl::{Caller, Level};
use crate::commerce::memberships::{belonging, numbers};
use crate::commerce::organization::ADMINISTRATOR;
use crate::commerce::{memberships, rights, role_name};
use crate::engine::key::Key;
use crate::engine::resource::Ident;
use crate::engine::rules::Rules;
use crate::engine::sql::Sql;
use crate::engine::value::{Value, key_array};
use crate::engine::write::{Batch, Linkage, Node};
use crate::error::{ACCESS_DENIED, Error, Errors};
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
                let checked = rights::check_permissions(permissions, &Level::ALL.map(Level::name), known)
                    .and_then(|()| rights::check_within(caller, permissions));
                errors.extend(checked.err().map(|error| node.at_attribute("permissions", error)));
            }
            let stored = node.stored.values.get("role").and_then(Value::as_text);
            if stored == Some(ADMINISTRATOR) && node.effective("role").as_text() != stored {
                let error = Error::new(&ACCESS_DENIED, format!("The role {ADMINISTRATOR} keeps its name."));
                errors.push(node.at_attribute("role", error));
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

    /// With all links stored: nobody has become more powerful than the caller by a role that changed, or changed hands.
    fn finish(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        check_users(batch, nodes, &[])?;
        let caller = batch.context.caller;
        let updated = || nodes.iter().map(|index| batch.node(*index)).filter(|node| !node.creates);
        let permissions = |node: &Node| match (&node.key, node.effective("permissions")) {
            (Key::Integer(role), Value::Json(permissions)) => Some((*role, permissions.clone())),
            _ => None,
        };
        let changed: Vec<_> =
            updated().filter(|node| node.changed.contains("permissions")).filter_map(permissions).collect();
        let loses = updated().any(|node| node.changed.contains("permissions") || node.changed.contains("users"));
        rights::check_holders(batch.conn, caller, &changed)?;
        if loses {
            rights::check_administrator_stays(batch.conn, caller)?;
        }
        Ok(())
    }

    fn changes_rights(&self) -> bool {
        true
    }

    fn before_delete(&self, conn: &mut PgConnection, caller: &Caller, keys: &[Key]) -> Result<(), Error> {
        rights::check_roles(conn, caller, keys)?;
        refuse_needed(conn, caller.organization, keys)
    }
}

/// The administrator's role stays, and so does every role that somebody holds.
fn refuse_needed(conn: &mut PgConnection, organization: i64, roles: &[Key]) -> Result<(), Error> {
    let mut sql = Sql::new();
    sql.raw("SELECT role FROM user_role WHERE organization_id = ").bind(Value::Integer(organization));
    sql.raw(" AND id = ANY(").bind(key_array(roles)).raw(") AND role = ").bind(Value::Text(ADMINISTRATOR.to_owned()));
    if !sql.collect(conn, |row| -> Result<_, Error> { Ok(row.text(0)?) })?.is_empty() {
        return Err(Error::new(&ACCESS_DENIED, format!("{ADMINISTRATOR} is the role that gives all others")));
    }
    let holders = belonging(memberships::holders(conn, organization, &numbers(roles))?);
    if let Some(first) = holders.first() {
        let who = match holders.len() {
            1 => format!("the user {first} holds the role"),
            count => format!("{count} users hold the role, the user {first} among them"),
        };
        return Err(Error::new(&ACCESS_DENIED, who));
    }
    Ok(())
}

/// The users named in the links of roles, and those who hold a role whose list of users is replaced as a whole.
fn check_users(batch: &mut Batch<'_>, nodes: &[usize], updated: &[Key]) -> Result<(), Errors> {
    let caller = batch.context.caller;
    let (mut users, mut replaced): (Vec<Key>, Vec<Key>) = (Vec::new(), Vec::new());
    for index in nodes {
        let node = batch.node(*index);
        let Some(linkage) = node.links.get("users") else { continue };
        users.extend(linkage.targets().iter().filter(|target| target.node.is_none()).map(|target| target.key.clone()));
        if matches!(linkage, Linkage::Many(_)) && updated.contains(&node.key) {
            replaced.push(node.key.clone());
        }
    }
    let holders = belonging(memberships::holders(batch.conn, caller.organization, &numbers(&replaced))?);
    users.extend(holders.into_iter().map(Key::Integer));
    rights::check_users(batch.conn, caller, &users)?;
    Ok(())
}
