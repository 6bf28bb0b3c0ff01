//! Prices, totals, trees: commerce rules in typed Diesel and SQL, without HTTP.
