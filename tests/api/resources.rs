//! What is special to single resources.

mod attachment;
mod category;
mod comment;
mod customer;
mod customer_user_address;
mod note;
mod order;
mod order_deletion;
mod order_line_item;
mod order_parts;
mod order_tax;
mod price_chain;
mod price_list;
mod price_rule;
mod product;
mod product_price;
mod product_variant;
mod reference;
mod related_product;
mod shipping;
mod tax;
mod user;
mod website;
