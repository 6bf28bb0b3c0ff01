//! Prices, totals, trees: commerce rules in typed Diesel and SQL, without HTTP.

pub mod category_tree;
pub mod default_text;
pub mod kit_units;
pub mod organization;
pub mod reference;
pub mod rights;
pub mod role_name;
pub mod tree;
