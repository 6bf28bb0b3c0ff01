//! Customer user roles: a technical name from the label.

use crate::commerce::role_name;
use crate::engine::resource::Ident;
use crate::engine::rules::Rules;
use crate::engine::write::Batch;
use crate::error::Errors;

pub struct CustomerUserRoleRules;

impl Rules for CustomerUserRoleRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        role_name::fill(batch, nodes, Ident::new("customer_user_role"), "ROLE_FRONTEND_", 255)
    }
}
