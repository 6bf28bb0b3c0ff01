//! Prices, totals, trees: commerce rules in typed Diesel and SQL, without HTTP.
//!
//! Functions take the connection of a transaction and sets of ids: the number of statements does not grow with the
//! number of records.

pub mod category_tree;
pub mod customer_rights;
pub mod default_text;
pub mod joining;
pub mod kit_units;
pub mod kits;
pub mod locale;
pub mod memberships;
pub mod organization;
pub mod price_rule;
pub mod pricing;
pub mod products;
pub mod reference;
pub mod rights;
pub mod role_name;
pub mod tax;
pub mod totals;
pub mod tree;
pub mod variants;
pub mod website;
