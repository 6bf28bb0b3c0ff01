//! Every resource of the back office, one line each, sorted by type.

pub mod customer;
pub mod system;

use crate::engine::resource::Resource;

/// The back office's resources.
pub static ALL: &[&Resource] = &[
    &system::ADDRESS_TYPE,
    &system::BUSINESS_UNIT,
    &system::COUNTRY,
    &customer::CUSTOMER_ADDRESS,
    &customer::CUSTOMER_GROUP,
    &customer::CUSTOMER,
    &customer::CUSTOMER_TAX_CODE,
    &customer::CUSTOMER_USER_ROLE,
    &customer::CUSTOMER_USER,
    &system::ENTITY_FIELD_FALLBACK_VALUE,
    &system::FILE,
    &system::LOCALIZATION,
    &system::LOCALIZED_FALLBACK_VALUE,
    &system::ORGANIZATION,
    &customer::PAYMENT_TERM,
    &system::REGION,
    &system::USER_PROFILE,
    &system::USER_ROLE,
    &system::USER,
];
