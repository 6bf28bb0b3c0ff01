//! What users and customer users have in common: with an old password ends what was opened with it, and with an account
//! that is closed what browsers keep of its logins.

use crate::auth::account::end_logins;
use crate::auth::issue::forget;
use crate::auth::subject::Subject;
use crate::engine::key::Key;
use crate::engine::write::{Batch, Node};
use crate::error::{Error, Errors};

/// The members that open and close an account.
const GATES: [&str; 3] = ["enabled", "auth_status", "confirmed"];

/// To be called when records are written. `subject`: what an id is the id of.
pub fn end_old_logins(batch: &mut Batch<'_>, nodes: &[usize], subject: fn(i64) -> Subject) -> Result<(), Errors> {
    let organization = batch.context.caller.organization;
    let those = |is: fn(&Node) -> bool| -> Vec<Subject> {
        let nodes = nodes.iter().map(|index| batch.node(*index)).filter(|node| !node.creates && is(node));
        nodes.filter_map(|node| if let Key::Integer(id) = node.key { Some(subject(id)) } else { None }).collect()
    };
    let moved = those(|node| GATES.iter().any(|gate| node.changed.contains(gate)));
    let renewed = those(|node| node.value("password").is_some());
    end_logins(batch.conn, organization, &moved).map_err(Error::from)?;
    forget(batch.conn, organization, &renewed).map_err(Error::from)?;
    Ok(())
}
