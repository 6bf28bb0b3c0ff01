//! Every resource of the back office, one line each, sorted by type.

pub mod system;

use crate::engine::resource::Resource;

/// The back office's resources.
pub static ALL: &[&Resource] = &[
    &system::address_type::ADDRESS_TYPE,
    &system::business_unit::BUSINESS_UNIT,
    &system::country::COUNTRY,
    &system::entity_field_fallback_value::ENTITY_FIELD_FALLBACK_VALUE,
    &system::file::FILE,
    &system::localization::LOCALIZATION,
    &system::localized_fallback_value::LOCALIZED_FALLBACK_VALUE,
    &system::organization::ORGANIZATION,
    &system::region::REGION,
    &system::user_profile::USER_PROFILE,
    &system::user_role::USER_ROLE,
    &system::user::USER,
];
