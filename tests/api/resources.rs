//! What is special to single resources.

mod order;
mod order_line_item;
mod order_parts;
mod product_price;
