//! `ordershippingtrackings`: the parcels of orders.

use crate::engine::field::{Field, text};
use crate::engine::relation::{Relation, through};
use crate::engine::resource::{Ownership, Resource};
use crate::resources::sales::ORDER;

static FIELDS: &[Field] = &[
    text("method").max(255).required().about("The carrier, or any other name of the way of shipping."),
    text("number").max(255).required().about("The carrier's tracking number."),
];

static RELATIONS: &[Relation] =
    &[through("orders", &ORDER, "sales_order_tracked", "shipping_tracking_id", "order_id").required(1)];

pub static ORDER_SHIPPING_TRACKING: Resource = Resource::new("ordershippingtrackings", "sales_order_shipping_tracking")
    .fields(FIELDS)
    .relations(RELATIONS)
    .owned_by(Ownership::Part(&["orders"]))
    .no_title()
    .about("A tracking number of a parcel; one parcel may hold several orders.");
