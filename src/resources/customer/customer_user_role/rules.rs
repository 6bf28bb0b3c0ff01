//! Customer user roles: a technical name from the label, and permissions that the storefront knows.

use crate::acl::Level;
use crate::commerce::{rights, role_name};
use crate::engine::resource::Ident;
use crate::engine::rules::Rules;
use crate::engine::value::Value;
use crate::engine::write::Batch;
use crate::error::Errors;
use crate::storefront;

pub struct CustomerUserRoleRules;

impl Rules for CustomerUserRoleRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        role_name::fill(batch, nodes, Ident::new("customer_user_role"), "ROLE_FRONTEND_", 255)?;
        let known = |name: &str| storefront::ALL.iter().any(|resource| resource.name == name);
        let words = Level::OF_CUSTOMER_USERS.map(|(word, _)| word);
        let errors = nodes.iter().filter_map(|index| {
            let node = batch.node(*index);
            let Some(Value::Json(permissions)) = node.value("permissions") else { return None };
            let checked = rights::check_permissions(permissions, &words, known);
            checked.err().map(|error| node.at_attribute("permissions", error))
        });
        Errors::check(errors.collect())
    }

    fn changes_rights(&self) -> bool {
        true
    }
}
