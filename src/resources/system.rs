//! Organizations, users, languages, places and files.

pub mod address_type;
pub mod async_operation;
pub mod async_operation_error;
pub mod async_operation_result;
pub mod business_unit;
pub mod country;
pub mod entity_field_fallback_value;
pub mod file;
pub mod localization;
pub mod localized_fallback_value;
pub mod organization;
pub mod region;
pub mod user;
pub mod user_auth_status;
pub mod user_group;
pub mod user_profile;
pub mod user_role;
pub mod website;

pub use self::address_type::ADDRESS_TYPE;
pub use self::async_operation::ASYNC_OPERATION;
pub use self::async_operation_error::{ASYNC_OPERATION_ERROR, BELOW_ANOTHER};
pub use self::async_operation_result::ASYNC_OPERATION_RESULT;
pub use self::business_unit::BUSINESS_UNIT;
pub use self::country::COUNTRY;
pub use self::entity_field_fallback_value::ENTITY_FIELD_FALLBACK_VALUE;
pub use self::file::FILE;
pub use self::localization::LOCALIZATION;
pub use self::localized_fallback_value::LOCALIZED_FALLBACK_VALUE;
pub use self::organization::ORGANIZATION;
pub use self::region::REGION;
pub use self::user::USER;
pub use self::user_auth_status::USER_AUTH_STATUS;
pub use self::user_group::USER_GROUP;
pub use self::user_profile::USER_PROFILE;
pub use self::user_role::USER_ROLE;
pub use self::website::WEBSITE;
