//! Organizations: whoever is of a disabled one is let in no more.

use crate::engine::rules::Rules;

pub struct OrganizationRules;

impl Rules for OrganizationRules {
    fn changes_rights(&self) -> bool {
        true
    }
}
