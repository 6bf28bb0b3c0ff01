//! `orderaddresses` in the storefront: where an order is billed and shipped to.

use crate::engine::field::{date_time, text};
use crate::engine::relation::{to_many, to_one};
use crate::engine::resource::{Actions, Ident, Ownership, READ_ONLY, Resource, Title};
use crate::resources::system::{COUNTRY, REGION};
use crate::storefront::customer::{CUSTOMER_ADDRESS, CUSTOMER_USER_ADDRESS};
use crate::storefront::sales::ORDER;

pub static ORDER_ADDRESS: Resource = Resource::new("orderaddresses", "sales_order_address")
    .actions(Actions { list: false, ..READ_ONLY })
    .owned_by(Ownership::Part(&["billedOrders", "shippedOrders"]))
    .title(Title::Columns(&[Ident::new("street"), Ident::new("city"), Ident::new("postal_code")]))
    .about("The billing or shipping address of an order.")
    .fields(&[
        text("label").read_only(),
        text("street").read_only().not_null(),
        text("street2").read_only(),
        text("city").read_only().not_null(),
        text("postalCode").column("postal_code").read_only().not_null(),
        text("organization").column("company").read_only(),
        text("customRegion").column("custom_region").read_only(),
        text("namePrefix").column("name_prefix").read_only(),
        text("firstName").column("first_name").read_only(),
        text("middleName").column("middle_name").read_only(),
        text("lastName").column("last_name").read_only(),
        text("nameSuffix").column("name_suffix").read_only(),
        text("phone").read_only(),
        date_time("validatedAt").column("validated_at").read_only(),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(&[
        to_one("country", &COUNTRY, "country_code").read_only().not_null(),
        to_one("region", &REGION, "region_code").read_only(),
        to_one("customerAddress", &CUSTOMER_ADDRESS, "customer_address_id").read_only(),
        to_one("customerUserAddress", &CUSTOMER_USER_ADDRESS, "customer_user_address_id").read_only(),
        to_many("billedOrders", &ORDER, "billing_address_id").hidden(),
        to_many("shippedOrders", &ORDER, "shipping_address_id").hidden(),
    ]);
