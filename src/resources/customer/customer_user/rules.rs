//! Customer users: passwords are hashed.

use crate::engine::rules::Rules;
use crate::engine::write::Batch;
use crate::error::Errors;
use crate::resources::password;

pub struct CustomerUserRules;

impl Rules for CustomerUserRules {
    fn prepare(&self, batch: &mut Batch<'_>, nodes: &[usize]) -> Result<(), Errors> {
        nodes.iter().try_for_each(|index| password::hash(batch, *index))
    }
}
