//! Prices, totals, trees: commerce rules in typed Diesel and SQL, without HTTP.

pub mod organization;
pub mod reference;
