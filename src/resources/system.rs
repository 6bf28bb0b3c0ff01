//! Organizations, users, languages, places and files.

pub mod address_type;
pub mod business_unit;
pub mod country;
pub mod entity_field_fallback_value;
pub mod file;
pub mod localization;
pub mod localized_fallback_value;
pub mod organization;
pub mod region;
pub mod user;
pub mod user_profile;
pub mod user_role;
